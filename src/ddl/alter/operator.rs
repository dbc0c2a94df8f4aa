//! Operators, their families and classes, casts, collations and conversions.

use super::{Alteration, Altered};
use crate::catalog::{Cast, Collation, Conversion, DataType, Operator, OperatorClass, OperatorClassItem, OperatorFamily};
use crate::ddl::attributes::operands;
use crate::ddl::operator::item;
use crate::ddl::quote::name;

pub(super) fn collation(_: &Altered<'_, '_>, old: &Collation, new: &Collation) -> Alteration {
    let Collation { provider, collate, ctype, locale, rules, deterministic } = new;
    let before = (&old.provider, &old.collate, &old.ctype, &old.locale, &old.rules, &old.deterministic);
    match (provider, collate, ctype, locale, rules, deterministic) == before {
        true => Alteration::one(None),
        false => Alteration::Replace("a collation can't be altered"),
    }
}

/// `ALTER OPERATOR … SET` knows more than the estimators from PostgreSQL 17 on, and only what was not said before
/// (documentation, ALTER OPERATOR).
pub(super) fn operator(it: &Altered<'_, '_>, old: &Operator, new: &Operator) -> Alteration {
    let Operator { function, commutator, negator, restrict, join, hashes, merges } = new;
    if *function != old.function {
        return Alteration::Replace("the function of an operator can't be altered");
    }
    let mut settings = Vec::new();
    for (word, before, after) in [("RESTRICT", &old.restrict, restrict), ("JOIN", &old.join, join)] {
        if before != after {
            settings.push(format!("{word} = {}", after.as_ref().map_or_else(|| "NONE".to_owned(), name)));
        }
    }
    for (word, before, after) in [("COMMUTATOR", &old.commutator, commutator), ("NEGATOR", &old.negator, negator)] {
        match (before, after) {
            (before, after) if before == after => {}
            (None, Some(other)) if it.to.major >= 17 => {
                settings.push(format!("{word} = OPERATOR({})", crate::ddl::operator::qualified_operator(other)));
            }
            _ => return Alteration::Replace("the commutator or negator of an operator can't be altered"),
        }
    }
    for (word, before, after) in [("HASHES", old.hashes, *hashes), ("MERGES", old.merges, *merges)] {
        match (before, after) {
            (before, after) if before == after => {}
            (false, true) if it.to.major >= 17 => settings.push(word.to_owned()),
            _ => return Alteration::Replace("whether an operator can hash or merge can't be altered"),
        }
    }
    let sql = format!("ALTER {} SET ({});", it.address(), settings.join(", "));
    Alteration::one((!settings.is_empty()).then(|| it.naming(sql)))
}

pub(super) fn family(it: &Altered<'_, '_>, old: &OperatorFamily, new: &OperatorFamily) -> Alteration {
    let OperatorFamily { items } = new;
    let gone: Vec<String> = old.items.iter().filter(|it| !items.contains(it)).map(|it| format!("    {}", place(it))).collect();
    let added: Vec<String> = items.iter().filter(|it| !old.items.contains(it)).map(|it| format!("    {}", item(it))).collect();
    let alter = |word: &str, lines: &[String]| {
        let sql = format!("ALTER {} {word}\n{};", it.address(), lines.join(",\n"));
        (!lines.is_empty()).then(|| it.naming(sql))
    };
    Alteration::Statements([alter("DROP", &gone), alter("ADD", &added)].into_iter().flatten().collect())
}

/// Which place of a family a member has: its number and the types that it is for.
fn place(item: &OperatorClassItem) -> String {
    match item {
        OperatorClassItem::Operator { number, operator: _, operands: types, order_by: _ } => {
            format!("OPERATOR {number} ({})", operands(types))
        }
        OperatorClassItem::Function { number, operands: types, function } => {
            // A function that doesn't say its types is for those of its arguments (`src/backend/commands/opclasscmds.c`).
            let own: &[DataType] = if types.is_empty() { function.arguments.get(..2).unwrap_or(&function.arguments) } else { types };
            format!("FUNCTION {number} ({})", operands(own))
        }
    }
}

pub(super) fn class(_: &Altered<'_, '_>, old: &OperatorClass, new: &OperatorClass) -> Alteration {
    let OperatorClass { default, data_type, family, items, storage } = new;
    match (default, data_type, family, items, storage) == (&old.default, &old.data_type, &old.family, &old.items, &old.storage) {
        true => Alteration::one(None),
        false => Alteration::Replace("an operator class can't be altered"),
    }
}

pub(super) fn cast(_: &Altered<'_, '_>, old: &Cast, new: &Cast) -> Alteration {
    let Cast { method, context } = new;
    match (method, context) == (&old.method, &old.context) {
        true => Alteration::one(None),
        false => Alteration::Replace("a cast can't be altered"),
    }
}

pub(super) fn conversion(_: &Altered<'_, '_>, old: &Conversion, new: &Conversion) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("a conversion") }
}
