//! Operators with their classes and families, casts, collations and conversions.

use super::Statement;
use super::attributes::{is_none, operands};
use super::data_type::{data_type, data_types};
use super::extension::signature;
use super::quote::{list, name, operator_name, qualified, quote_identifier, quote_literal};
use crate::catalog::{
    Cast, CastContext, CastMethod, Collation, Conversion, Identity, Object, Operator, OperatorClass, OperatorClassItem, OperatorFamily,
};

pub(super) fn operator(identity: &Identity, object: &Object, operator: &Operator) -> Vec<Statement> {
    let Operator { function, commutator, negator, restrict, join, hashes, merges } = operator;
    let mut lines = vec![format!("    FUNCTION = {}", name(function))];
    for (word, operand) in ["LEFTARG", "RIGHTARG"].into_iter().zip(&identity.arguments) {
        if !is_none(operand) {
            lines.push(format!("    {word} = {}", data_type(operand)));
        }
    }
    for (word, other) in [("COMMUTATOR", commutator), ("NEGATOR", negator)] {
        lines.extend(other.as_ref().map(|other| format!("    {word} = OPERATOR({})", qualified_operator(other))));
    }
    for (word, estimator) in [("RESTRICT", restrict), ("JOIN", join)] {
        lines.extend(estimator.as_ref().map(|estimator| format!("    {word} = {}", name(estimator))));
    }
    for (word, said) in [("HASHES", hashes), ("MERGES", merges)] {
        if *said {
            lines.push(format!("    {word}"));
        }
    }
    let sql = format!("CREATE OPERATOR {} (\n{}\n);", operator_name(&identity.qualified_name()), lines.join(",\n"));
    vec![Statement::creating(identity, object, sql)]
}

pub(super) fn qualified_operator(operator: &crate::catalog::QualifiedName) -> String {
    format!("{}.{}", quote_identifier(&operator.schema), operator.name)
}

pub(super) fn family(identity: &Identity, object: &Object, family: &OperatorFamily) -> Vec<Statement> {
    let OperatorFamily { items } = family;
    let own = format!("{} USING {}", qualified(&identity.schema, &identity.name), quote_identifier(&identity.parent));
    let mut create = Statement::creating(identity, object, format!("CREATE OPERATOR FAMILY {own};"));
    if items.is_empty() {
        return vec![create];
    }
    let lines: Vec<String> = items.iter().map(|it| format!("    {}", item(it))).collect();
    let mut add = Statement::creating(identity, object, format!("ALTER OPERATOR FAMILY {own} ADD\n{};", lines.join(",\n")));
    add.needs.insert(identity.clone());
    // A class of the family may come before the loose members, which may need what the class brings.
    add.creates.clear();
    create.needs.retain(|need| need.schema.is_empty());
    vec![create, add]
}

pub(super) fn class(identity: &Identity, object: &Object, class: &OperatorClass) -> Vec<Statement> {
    let OperatorClass { default, data_type: of, family, items, storage } = class;
    let default = if *default { "DEFAULT " } else { "" };
    let own = qualified(&identity.schema, &identity.name);
    let mut lines: Vec<String> = items.iter().map(|it| format!("    {}", item(it))).collect();
    lines.extend(storage.as_ref().map(|storage| format!("    STORAGE {}", data_type(storage))));
    if lines.is_empty() {
        // The grammar wants something to stand there, and storing what is indexed is what happens anyway.
        lines.push(format!("    STORAGE {}", data_type(of)));
    }
    let sql = format!(
        "CREATE OPERATOR CLASS {own}\n    {default}FOR TYPE {} USING {} FAMILY {} AS\n{};",
        data_type(of),
        quote_identifier(&identity.parent),
        name(family),
        lines.join(",\n")
    );
    vec![Statement::creating(identity, object, sql)]
}

/// A member of a class or family.
pub(super) fn item(item: &OperatorClassItem) -> String {
    match item {
        OperatorClassItem::Operator { number, operator, operands: types, order_by } => {
            let types = if types.is_empty() { String::new() } else { format!(" ({})", operands(types)) };
            let order = order_by.as_ref().map_or_else(String::new, |family| format!(" FOR ORDER BY {}", name(family)));
            format!("OPERATOR {number} {}{types}{order}", operator_name(operator))
        }
        OperatorClassItem::Function { number, operands, function } => {
            let types = if operands.is_empty() { String::new() } else { format!(" ({})", data_types(operands)) };
            format!("FUNCTION {number}{types} {}", signature(function))
        }
    }
}

pub(super) fn cast(identity: &Identity, object: &Object, cast: &Cast) -> Vec<Statement> {
    let Cast { method, context } = cast;
    let method = match method {
        CastMethod::Function(function) => format!("WITH FUNCTION {}", signature(function)),
        CastMethod::InOut => "WITH INOUT".to_owned(),
        CastMethod::Binary => "WITHOUT FUNCTION".to_owned(),
    };
    let context = match context {
        CastContext::Explicit => "",
        CastContext::Assignment => " AS ASSIGNMENT",
        CastContext::Implicit => " AS IMPLICIT",
    };
    let types: Vec<String> = identity.arguments.iter().map(data_type).collect();
    vec![Statement::creating(identity, object, format!("CREATE CAST ({}) {method}{context};", types.join(" AS ")))]
}

pub(super) fn collation(identity: &Identity, object: &Object, collation: &Collation) -> Vec<Statement> {
    let Collation { provider, collate, ctype, locale, rules, deterministic } = collation;
    let mut options = vec![format!("PROVIDER = {}", quote_identifier(provider))];
    for (word, value) in [("LOCALE", locale), ("LC_COLLATE", collate), ("LC_CTYPE", ctype), ("RULES", rules)] {
        options.extend(value.as_ref().map(|value| format!("{word} = {}", quote_literal(value))));
    }
    if !deterministic {
        options.push("DETERMINISTIC = false".to_owned());
    }
    let own = qualified(&identity.schema, &identity.name);
    vec![Statement::creating(identity, object, format!("CREATE COLLATION {own} ({});", list(options, |option| option)))]
}

pub(super) fn conversion(identity: &Identity, object: &Object, conversion: &Conversion) -> Vec<Statement> {
    let Conversion { default, source, target, function } = conversion;
    let default = if *default { "DEFAULT " } else { "" };
    let own = qualified(&identity.schema, &identity.name);
    let (source, target) = (quote_literal(source), quote_literal(target));
    let sql = format!("CREATE {default}CONVERSION {own} FOR {source} TO {target} FROM {};", name(function));
    vec![Statement::creating(identity, object, sql)]
}
