//! Sequences.

use super::{Alteration, Altered};
use crate::catalog::{Column, Definition, Identity, Kind, Object, Persistence, Sequence, SequenceOptions, SequenceOwner};
use crate::ddl::data_type::data_type;
use crate::ddl::quote::{name, qualified, quote_identifier, quote_literal};
use crate::ddl::sequence::bounds;
use crate::ddl::{Statement, Writer};

pub(super) fn sequence(it: &Altered<'_, '_>, old: &Sequence, new: &Sequence) -> Alteration {
    let Sequence { options, owner, unlogged } = new;
    let of_column = |owner: &Option<SequenceOwner>| owner.as_ref().is_some_and(|owner| owner.identity);
    if of_column(owner) != of_column(&old.owner) {
        return Alteration::Replace("an identity column makes and drops its own sequence");
    }
    if of_column(owner) && *owner != old.owner {
        return Alteration::Replace("the sequence of an identity column can't be given away");
    }
    let own = qualified(&it.identity.schema, &it.identity.name);
    let retyped = owner.as_ref().filter(|owner| owner.identity).is_some_and(|owner| follows_column(it, owner));
    let mut statements = counting(it, &old.options, options, retyped);
    if *owner != old.owner {
        let column =
            owner.as_ref().map(|SequenceOwner { table, column, identity: _ }| format!("{}.{}", name(table), quote_identifier(column)));
        let mut give = it.naming(format!("ALTER SEQUENCE {own} OWNED BY {};", column.unwrap_or_else(|| "NONE".to_owned())));
        if let Some(owner) = owner {
            give.needs.extend(tables(it.to, owner));
        }
        statements.push(give);
    }
    // A sequence of a column follows its table (`ALTER TABLE … SET LOGGED`, from PostgreSQL 15 on).
    let follows_table = owner.as_ref().is_some_and(|owner| persistence(it.from, owner) != persistence(it.to, owner));
    if *unlogged != old.unlogged && !follows_table && !of_column(owner) {
        statements.push(it.statement(format!("ALTER SEQUENCE {own} SET {};", if *unlogged { "UNLOGGED" } else { "LOGGED" })));
    }
    Alteration::Statements(statements)
}

/// `ALTER SEQUENCE` with what differs. `START` says where a `RESTART` would start, and restarts nothing.
fn counting(it: &Altered<'_, '_>, old: &SequenceOptions, new: &SequenceOptions, follows_column: bool) -> Vec<Statement> {
    let SequenceOptions { data_type: counter, start, increment, min, max, cache, cycle } = new;
    let own = qualified(&it.identity.schema, &it.identity.name);
    let mut clauses = Vec::new();
    let (mut min_before, mut max_before) = (old.min, old.max);
    if *counter != old.data_type {
        if !follows_column {
            clauses.push(format!("AS {}", data_type(counter)));
        }
        // A bound that was the old type's becomes the new type's (`src/backend/commands/sequence.c`, `init_params`).
        let ((least, most), (new_least, new_most)) = (bounds(&old.data_type), bounds(counter));
        min_before = if min_before == least { new_least } else { min_before };
        max_before = if max_before == most { new_most } else { max_before };
    }
    let numbers = [
        ("START WITH", old.start, *start),
        ("INCREMENT BY", old.increment, *increment),
        ("MINVALUE", min_before, *min),
        ("MAXVALUE", max_before, *max),
        ("CACHE", old.cache, *cache),
    ];
    clauses.extend(numbers.iter().filter(|(_, before, after)| before != after).map(|(words, _, after)| format!("{words} {after}")));
    if *cycle != old.cycle {
        clauses.push(if *cycle { "CYCLE" } else { "NO CYCLE" }.to_owned());
    }
    if clauses.is_empty() {
        return Vec::new();
    }
    let mut statements = Vec::new();
    // The server refuses bounds that leave out where the sequence stands: it goes on at the bound then, and stays where
    // it is else. Where no number is within both bounds it can only begin anew.
    let overlap = *min <= old.max && old.min <= *max;
    if !overlap {
        clauses.push("RESTART".to_owned());
    } else {
        let sequence = quote_literal(&own);
        let first_end = |is_min: bool| is_min == (*increment > 0);
        for (is_needed, operator, bound, is_min) in [(*min > old.min, '<', min, true), (*max < old.max, '>', max, false)] {
            if is_needed {
                let called = !first_end(is_min);
                let sql =
                    format!("SELECT pg_catalog.setval({sequence}, {bound}, {called}) FROM {own} WHERE last_value {operator} {bound};");
                statements.push(it.statement(sql));
            }
        }
    }
    statements.push(it.statement(format!("ALTER SEQUENCE {own} {};", clauses.join(" "))));
    statements
}

/// Whether the column of an identity gets another type: its sequence gets it then, too (`transformAlterTableStmt`).
fn follows_column(it: &Altered<'_, '_>, owner: &SequenceOwner) -> bool {
    let of = |writer: &Writer<'_>| column(writer, owner).map(|column| column.data_type.clone());
    of(it.from) != of(it.to)
}

fn column<'a>(writer: &Writer<'a>, owner: &SequenceOwner) -> Option<&'a Column> {
    let (_, object) = writer.relation(&owner.table)?;
    object.definition.columns()?.iter().find(|column| column.name == owner.column)
}

fn tables(writer: &Writer<'_>, owner: &SequenceOwner) -> Vec<Identity> {
    writer.find(&[Kind::Table, Kind::ForeignTable], &owner.table).map(|(identity, _)| identity.clone()).into_iter().collect()
}

fn persistence(writer: &Writer<'_>, owner: &SequenceOwner) -> Option<Persistence> {
    match writer.relation(&owner.table)? {
        (_, Object { definition: Definition::Table(table), .. }) => Some(table.persistence),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::DataType;

    #[test]
    fn types_have_bounds() {
        assert_eq!(bounds(&DataType::builtin("int2")), (-32_768, 32_767));
        assert_eq!(bounds(&DataType::builtin("int8")), (i64::MIN, i64::MAX));
    }
}
