//! Sequences.

use super::Statement;
use super::data_type::data_type;
use super::quote::{name, qualified, quote_identifier};
use crate::catalog::{DataType, Identity, Kind, Object, Sequence, SequenceOptions, SequenceOwner};

pub(super) fn sequence(identity: &Identity, object: &Object, sequence: &Sequence) -> Vec<Statement> {
    let Sequence { options: counting, owner, unlogged } = sequence;
    if owner.as_ref().is_some_and(|owner| owner.identity) {
        return Vec::new();
    }
    let unlogged = if *unlogged { "UNLOGGED " } else { "" };
    let own = qualified(&identity.schema, &identity.name);
    let mut create = Statement::creating(identity, object, format!("CREATE {unlogged}SEQUENCE {own}{};", options(counting)));
    let Some(SequenceOwner { table, column, identity: _ }) = owner else { return vec![create] };
    // The table may draw its default from the sequence, so ownership comes after both.
    let owners = [Kind::Table, Kind::ForeignTable].map(|kind| Identity::new(kind, table.schema.clone(), table.name.clone()));
    create.needs.retain(|need| !owners.contains(need));
    let give = format!("ALTER SEQUENCE {own} OWNED BY {}.{};", name(table), quote_identifier(column));
    vec![create, Statement::after(identity, give).needing(owners)]
}

/// What a sequence says that isn't the server's default, each with a space before it.
pub(super) fn options(options: &SequenceOptions) -> String {
    let SequenceOptions { data_type: counter, start, increment, min, max, cache, cycle } = options;
    let (least, most) = bounds(counter);
    let (default_min, default_max) = if *increment < 0 { (least, -1) } else { (1, most) };
    let mut sql = String::new();
    if counter.name.name != "int8" {
        sql.push_str(&format!(" AS {}", data_type(counter)));
    }
    let default_start = if *increment < 0 { *max } else { *min };
    let numbers = [
        ("START WITH", *start, default_start),
        ("INCREMENT BY", *increment, 1),
        ("MINVALUE", *min, default_min),
        ("MAXVALUE", *max, default_max),
        ("CACHE", *cache, 1),
    ];
    for (words, value, default) in numbers {
        if value != default {
            sql.push_str(&format!(" {words} {value}"));
        }
    }
    if *cycle {
        sql.push_str(" CYCLE");
    }
    sql
}

/// The least and the greatest number of a sequence's type.
pub(super) fn bounds(counter: &DataType) -> (i64, i64) {
    match counter.name.name.as_str() {
        "int2" => (i64::from(i16::MIN), i64::from(i16::MAX)),
        "int4" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    }
}
