//! Indexes and extended statistics.

use super::table::settings;
use super::{Alteration, Altered};
use crate::catalog::{Definition, Identity, Index, Kind, QualifiedName, StatisticsObject};
use crate::ddl::Writer;
use crate::ddl::quote::{name, qualified, quote_identifier};
use crate::ddl::table::partition_of;

pub(super) fn index(it: &Altered<'_, '_>, old: &Index, new: &Index) -> Alteration {
    let Index {
        table,
        unique,
        method,
        keys,
        include,
        nulls_not_distinct,
        predicate,
        storage_parameters,
        tablespace,
        partition_of,
        only,
        statistics_targets,
    } = new;
    let demand = (table, unique, method, keys, include, nulls_not_distinct, predicate);
    let before = (&old.table, &old.unique, &old.method, &old.keys, &old.include, &old.nulls_not_distinct, &old.predicate);
    if demand != before {
        return Alteration::Replace("what an index is made of can't be altered");
    }
    if *only && !old.only {
        return Alteration::Replace("an index that all partitions have can't be made one that they don't");
    }
    let table = QualifiedName::new(it.identity.schema.clone(), table.clone());
    let own = qualified(&it.identity.schema, &it.identity.name);
    let mut statements = Vec::new();
    if *partition_of != old.partition_of {
        // A partition that leaves its table keeps the index, as its own; else what it was attached to took it along.
        if old.partition_of.is_some() && partition(it.from, &table) == partition(it.to, &table) {
            return Alteration::Replace("an index of a partition can't be detached");
        }
        if let Some(above) = partition_of {
            let index = Identity::new(Kind::Index, above.schema.clone(), above.name.clone());
            statements.push(it.statement(format!("ALTER INDEX {} ATTACH PARTITION {own};", name(above))).needing([index]));
        }
    }
    let parameters = settings(&old.storage_parameters, storage_parameters);
    if !parameters.is_empty() && it.to.is_partitioned(&table) {
        return Alteration::Replace("storage parameters of a partitioned index can't be altered");
    }
    statements.extend(parameters.into_iter().map(|action| it.statement(format!("ALTER INDEX {own} {action};"))));
    if *tablespace != old.tablespace {
        let tablespace = quote_identifier(tablespace.as_deref().unwrap_or("pg_default"));
        statements.push(it.statement(format!("ALTER INDEX {own} SET TABLESPACE {tablespace};")));
    }
    let gone = old.statistics_targets.keys().filter(|position| !statistics_targets.contains_key(*position)).map(|position| (position, -1));
    let changed = statistics_targets.iter().filter(|(position, target)| old.statistics_targets.get(*position) != Some(*target));
    for (position, target) in gone.chain(changed.map(|(position, target)| (position, *target))) {
        statements.push(it.statement(format!("ALTER INDEX {own} ALTER COLUMN {position} SET STATISTICS {target};")));
    }
    Alteration::Statements(statements)
}

/// An index of a partition can leave the one above it only when that goes.
pub(super) fn forces<'a>(from: &Writer<'a>, to: &Writer<'_>, identity: &Identity) -> Vec<(&'a Identity, &'static str)> {
    let index = |writer: &Writer<'a>, identity: &Identity| match writer.catalog().get_key_value(identity) {
        Some((identity, object)) => match &object.definition {
            Definition::Index(index) => Some((identity, index)),
            _ => None,
        },
        None => None,
    };
    let Some(Definition::Index(new)) = to.catalog().get(identity).map(|it| &it.definition) else { return Vec::new() };
    let Some((_, old)) = index(from, identity) else { return Vec::new() };
    let table = QualifiedName::new(identity.schema.clone(), new.table.clone());
    if old.partition_of == new.partition_of || old.table != new.table || partition(from, &table) != partition(to, &table) {
        return Vec::new();
    }
    let mut above = old;
    let mut top = None;
    while let Some((identity, index)) =
        above.partition_of.as_ref().and_then(|it| index(from, &Identity::new(Kind::Index, it.schema.clone(), it.name.clone())))
    {
        top = Some(identity);
        above = index;
    }
    top.into_iter().map(|top| (top, "a partition's index leaves it")).collect()
}

/// The table that a table is a partition of.
fn partition<'a>(writer: &Writer<'a>, table: &QualifiedName) -> Option<&'a QualifiedName> {
    partition_of(writer.relation(table)?.1).map(|partition| &partition.parent)
}

pub(super) fn statistics(it: &Altered<'_, '_>, old: &StatisticsObject, new: &StatisticsObject) -> Alteration {
    let StatisticsObject { table, kinds, keys, target } = new;
    if (table, kinds, keys) != (&old.table, &old.kinds, &old.keys) {
        return Alteration::Replace("what statistics are of can't be altered");
    }
    let own = qualified(&it.identity.schema, &it.identity.name);
    let sql = format!("ALTER STATISTICS {own} SET STATISTICS {};", target.unwrap_or(-1));
    Alteration::one((*target != old.target).then(|| it.statement(sql)))
}
