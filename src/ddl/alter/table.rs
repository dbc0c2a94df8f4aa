//! Tables and foreign tables as wholes: parents, partitions, storage, row security. Their columns are [`column`]'s.

use std::collections::BTreeMap;

use super::{Alteration, Altered, Dependent, column};
use crate::catalog::{
    Column, Constraint, ConstraintKind, Definition, ForeignTable, Identity, Kind, Object, PartitionOf, Persistence, QualifiedName,
    ReplicaIdentity, RowSecurity, Table,
};
use crate::ddl::quote::{list, name, qualified, quote_identifier};
use crate::ddl::table::{bound, index_names, own_indexes, parameters};
use crate::ddl::{Statement, Thing, Writer};

/// The words of a table and its name, with and without `ONLY`.
pub(super) struct Target {
    /// `ALTER TABLE a.b`.
    pub(super) whole: String,
    /// `ALTER TABLE ONLY a.b`.
    pub(super) only: String,
}

impl Target {
    pub(super) fn of(identity: &Identity) -> Self {
        let word = crate::ddl::spelling(identity.kind).keyword;
        let own = qualified(&identity.schema, &identity.name);
        Self { whole: format!("ALTER {word} {own}"), only: format!("ALTER {word} ONLY {own}") }
    }
}

pub(super) fn table(it: &Altered<'_, '_>, old: &Table, new: &Table) -> Alteration {
    let Table {
        columns,
        persistence,
        of_type,
        inherits,
        partition_key,
        partition_of,
        access_method,
        tablespace,
        storage_parameters,
        replica_identity,
        row_security,
        cluster_on,
    } = new;
    if *partition_key != old.partition_key {
        return Alteration::Replace("how a table is partitioned can't be altered");
    }
    if *access_method != old.access_method && it.to.major < 15 {
        return Alteration::Replace("the access method of a table can't be altered before PostgreSQL 15");
    }
    let target = Target::of(it.identity);
    let whole = |action: String| it.statement(format!("{} {action};", target.whole));
    let mut statements = Vec::new();
    if *of_type != old.of_type && old.of_type.is_some() {
        statements.push(whole("NOT OF".to_owned()));
    }
    let attach = parents(it, (&old.inherits, old.partition_of.as_ref()), (inherits, partition_of.as_ref()), &mut statements);
    // Columns of the index that tells rows apart must refuse NULL as long as it does.
    let leaves_index = matches!(old.replica_identity, ReplicaIdentity::Index(_)) && !matches!(replica_identity, ReplicaIdentity::Index(_));
    if *replica_identity != old.replica_identity && leaves_index {
        statements.extend(identify_rows(it, replica_identity));
    }
    let columns = column::columns(it, &old.columns, columns);
    statements.extend(columns.kept);
    statements.extend(attach);
    if let Some(of_type) = of_type.as_ref().filter(|_| *of_type != old.of_type) {
        statements.push(whole(format!("OF {}", name(of_type))));
    }
    if *persistence != old.persistence {
        statements.push(persist(it, persistence));
    }
    if *access_method != old.access_method {
        statements.push(whole(format!("SET ACCESS METHOD {}", quote_identifier(access_method.as_deref().unwrap_or("heap")))));
    }
    if *tablespace != old.tablespace {
        statements.push(whole(format!("SET TABLESPACE {}", quote_identifier(tablespace.as_deref().unwrap_or("pg_default")))));
    }
    statements.extend(settings(&old.storage_parameters, storage_parameters).into_iter().map(whole));
    if *replica_identity != old.replica_identity && !leaves_index {
        statements.extend(identify_rows(it, replica_identity));
    }
    let RowSecurity { enabled, forced } = row_security;
    if *enabled != old.row_security.enabled {
        statements.push(whole(format!("{} ROW LEVEL SECURITY", if *enabled { "ENABLE" } else { "DISABLE" })));
    }
    if *forced != old.row_security.forced {
        statements.push(whole(format!("{} ROW LEVEL SECURITY", if *forced { "FORCE" } else { "NO FORCE" })));
    }
    if *cluster_on != old.cluster_on {
        statements.push(match cluster_on {
            Some(index) => whole(format!("CLUSTER ON {}", quote_identifier(index))).needing(index_names(it.identity, index)),
            None => whole("SET WITHOUT CLUSTER".to_owned()),
        });
    }
    statements.extend(columns.dropped);
    Alteration::Statements(statements)
}

/// `SET LOGGED`, `SET UNLOGGED`. No permanent table may refer to an unlogged one: who refers goes first there, and comes last back.
fn persist(it: &Altered<'_, '_>, persistence: &Persistence) -> Statement {
    let references = |writer: &Writer<'_>| -> Vec<(Identity, Identity)> {
        let keys = writer.catalog().of_kind(Kind::Constraint).filter_map(|(identity, object)| match &object.definition {
            Definition::Constraint(Constraint { kind: ConstraintKind::ForeignKey(key), .. }) => {
                Some((writer.relation(&identity.parent_name())?.0.clone(), writer.relation(&key.references)?.0.clone()))
            }
            _ => None,
        });
        keys.filter(|(one, other)| one != other).collect()
    };
    let all = references(it.to);
    let referred = all.iter().filter(|(from, _)| from == it.identity).map(|(_, on)| on);
    let referring = all.iter().filter(|(_, on)| on == it.identity).map(|(from, _)| from);
    let (words, first, last): (_, Vec<&Identity>, Vec<&Identity>) = match persistence {
        Persistence::Permanent => ("SET LOGGED", referred.collect(), referring.collect()),
        Persistence::Unlogged => ("SET UNLOGGED", referring.collect(), referred.collect()),
    };
    let mut statement = it.statement(format!("{} {words};", Target::of(it.identity).whole));
    statement.parted.extend(first.into_iter().map(|first| (first.clone(), it.identity.clone())));
    statement.releases.extend(last.into_iter().cloned());
    statement
}

/// `REPLICA IDENTITY`.
fn identify_rows(it: &Altered<'_, '_>, by: &ReplicaIdentity) -> Option<Statement> {
    let say = |words: &str| it.statement(format!("{} REPLICA IDENTITY {words};", Target::of(it.identity).whole));
    Some(match by {
        ReplicaIdentity::Default => say("DEFAULT"),
        ReplicaIdentity::Full => say("FULL"),
        ReplicaIdentity::Nothing => say("NOTHING"),
        ReplicaIdentity::Index(index) => say(&format!("USING INDEX {}", quote_identifier(index))).needing(index_names(it.identity, index)),
    })
}

pub(super) fn foreign_table(it: &Altered<'_, '_>, old: &ForeignTable, new: &ForeignTable) -> Alteration {
    let ForeignTable { columns, inherits, partition_of, server, options } = new;
    if *server != old.server {
        return Alteration::Replace("the server of a foreign table can't be altered");
    }
    let target = Target::of(it.identity);
    let mut statements = Vec::new();
    let attach = parents(it, (&old.inherits, old.partition_of.as_ref()), (inherits, partition_of.as_ref()), &mut statements);
    let columns = column::columns(it, &old.columns, columns);
    statements.extend(columns.kept);
    statements.extend(attach);
    let changed = super::foreign::option_changes(&old.options, options);
    statements.extend(changed.map(|options| it.statement(format!("{} {options};", target.whole))));
    statements.extend(columns.dropped);
    Alteration::Statements(statements)
}

/// What comes of parents: those that are left go first (into `leave`), those that are joined come after the columns
/// are as theirs.
fn parents(
    it: &Altered<'_, '_>,
    (old_inherits, old_partition): (&[QualifiedName], Option<&PartitionOf>),
    (inherits, partition): (&[QualifiedName], Option<&PartitionOf>),
    leave: &mut Vec<Statement>,
) -> Vec<Statement> {
    let target = Target::of(it.identity);
    let own = qualified(&it.identity.schema, &it.identity.name);
    // The parent itself may go once it is left.
    let leaving = |sql: String, parent: &QualifiedName| {
        let mut statement = it.statement(sql);
        let above = it.from.relation(parent).map(|(parent, _)| parent.clone());
        statement.releases.extend(above.clone());
        statement.leaves.extend(above);
        statement
    };
    for parent in old_inherits.iter().filter(|parent| !inherits.contains(parent)) {
        leave.push(leaving(format!("{} NO INHERIT {};", target.whole, name(parent)), parent));
    }
    // What the parent has must be there before; what it is given is handed down once the table has come.
    let joining = |sql: String, parent: &QualifiedName| {
        let mut statement = it.statement(sql).needing(own_indexes(it.to, it.identity));
        let above = it.to.relation(parent).map(|(parent, _)| parent.clone());
        statement.releases.extend(above.clone());
        statement.joins.extend(above);
        // An index that is to go would become part of the parent's.
        statement.without.extend(indexes_below(it.from, it.identity));
        statement
    };
    let mut join = Vec::new();
    if let (Some(PartitionOf { parent: left, .. }), Some(PartitionOf { parent, bound: rows })) = (old_partition, partition)
        && old_partition != partition
        && left == parent
        && !is_key_retyped(it, parent)
    {
        // Only its bound is another: it is away for as short as can be, and what is done to the parent comes down to it as ever.
        leave.push(leaving(format!("ALTER TABLE {} DETACH PARTITION {own};", name(parent)), parent));
        let mut attach = it.statement(format!("ALTER TABLE {} ATTACH PARTITION {own} {};", name(parent), bound(rows)));
        let above = it.to.relation(parent).map(|(parent, _)| parent.clone());
        attach.releases.extend(above.clone());
        attach.joins.extend(above);
        leave.push(attach);
    } else if old_partition != partition {
        if let Some(PartitionOf { parent, bound: _ }) = old_partition {
            leave.push(leaving(format!("ALTER TABLE {} DETACH PARTITION {own};", name(parent)), parent));
        }
        if let Some(PartitionOf { parent, bound: rows }) = partition {
            join.push(joining(format!("ALTER TABLE {} ATTACH PARTITION {own} {};", name(parent), bound(rows)), parent));
        }
    }
    for parent in inherits.iter().filter(|parent| !old_inherits.contains(parent)) {
        join.push(joining(format!("{} INHERIT {};", target.whole, name(parent)), parent));
    }
    join
}

/// Whether a column by which a table is partitioned gets another type.
fn is_key_retyped(it: &Altered<'_, '_>, table: &QualifiedName) -> bool {
    let columns = |writer: &Writer<'_>| -> Vec<Column> {
        writer.relation(table).and_then(|(_, object)| object.definition.columns()).map(<[Column]>::to_vec).unwrap_or_default()
    };
    let key = match it.to.relation(table).map(|(_, object)| &object.definition) {
        Some(Definition::Table(Table { partition_key: Some(key), .. })) => key.keys.iter().filter_map(|it| it.column.clone()).collect(),
        _ => Vec::new(),
    };
    let (old, new) = (columns(it.from), columns(it.to));
    let of = |columns: &[Column], name: &String| columns.iter().find(|it| it.name == *name).map(|it| it.data_type.clone());
    key.iter().any(|name| of(&old, name) != of(&new, name))
}

/// The indexes of a table that are part of those of its parents.
fn indexes_below(writer: &Writer<'_>, table: &Identity) -> Vec<Identity> {
    let is_one =
        |object: &Object| matches!(&object.definition, Definition::Index(it) if it.table == table.name && it.partition_of.is_some());
    let indexes = writer.catalog().of_kind(Kind::Index).filter(|(identity, object)| identity.schema == table.schema && is_one(object));
    indexes.map(|(identity, _)| identity.clone()).collect()
}

/// `SET (…)` and `RESET (…)` that lead from some parameters to others.
pub(super) fn settings(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<String> {
    let changed: BTreeMap<String, String> =
        new.iter().filter(|(key, value)| old.get(*key) != Some(value)).map(|(key, value)| (key.clone(), value.clone())).collect();
    let gone: Vec<&String> = old.keys().filter(|key| !new.contains_key(*key)).collect();
    let mut actions = Vec::new();
    if !changed.is_empty() {
        actions.push(format!("SET ({})", parameters(&changed)));
    }
    if !gone.is_empty() {
        let spell = |key: &&String| key.split('.').map(quote_identifier).collect::<Vec<_>>().join(".");
        actions.push(format!("RESET ({})", list(&gone, spell)));
    }
    actions
}

/// How a table lives through the absence of something that it depends on.
pub(super) fn ease(
    writers: (&Writer<'_>, &Writer<'_>),
    identity: &Identity,
    before: &Object,
    columns: &[Column],
    thing: &Thing<'_>,
) -> Dependent {
    if thing.column.is_some() {
        // Of its parent: what is done there comes down to it.
        return Dependent::Survives;
    }
    if matches!(thing.object.kind, crate::catalog::Kind::Table | crate::catalog::Kind::ForeignTable | crate::catalog::Kind::ForeignServer) {
        return Dependent::Remade;
    }
    let Some(old) = before.definition.columns() else { return Dependent::Remade };
    match super::ease::ease(writers, identity, old, columns, thing) {
        Some(statements) => Dependent::Eased(statements),
        None => Dependent::Remade,
    }
}
