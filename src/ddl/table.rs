//! Tables and foreign tables, with their columns.

use std::collections::{BTreeMap, BTreeSet};

use super::attributes::{column_comment, column_grants, column_security_label};
use super::data_type::data_type;
use super::foreign;
use super::quote::{default_expression, identifiers, list, name, parenthesised, qualified, quote_identifier, quote_literal};
use super::types::collate;
use super::{Statement, Writer, index, sequence};
use crate::catalog::{
    Column, ColumnIdentity, Definition, Expression, ForeignTable, Generated, GeneratedKind, Identity, IdentityGeneration, Kind, Object,
    PartitionBound, PartitionKey, PartitionOf, PartitionStrategy, Persistence, QualifiedName, ReplicaIdentity, RowSecurity, Table,
};

pub(super) fn table(writer: &Writer<'_>, identity: &Identity, object: &Object, table: &Table) -> Vec<Statement> {
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
    } = table;
    let own = qualified(&identity.schema, &identity.name);
    let words = match persistence {
        Persistence::Permanent => "CREATE TABLE",
        Persistence::Unlogged => "CREATE UNLOGGED TABLE",
    };
    let mut tail = String::new();
    if let Some(key) = partition_key {
        tail.push_str(&format!("\nPARTITION BY {}", spread(key)));
    }
    if let Some(method) = access_method {
        tail.push_str(&format!("\nUSING {}", quote_identifier(method)));
    }
    tail.push_str(&with(storage_parameters, "\n"));
    if let Some(tablespace) = tablespace {
        tail.push_str(&format!("\nTABLESPACE {}", quote_identifier(tablespace)));
    }
    let shape = Shape { words, columns, of_type: of_type.as_ref(), inherits, partition_of: partition_of.as_ref(), tail };
    let mut statements = relation(writer, identity, object, &shape);

    for column in columns {
        let Some(ColumnIdentity { generation: _, sequence }) = &column.identity else { continue };
        statements[0].creates.push(Identity::new(Kind::Sequence, identity.schema.clone(), sequence.clone()));
        statements.extend(retyped_sequence(writer, identity, column, sequence));
        statements.extend(persistence_of_sequence(writer, identity, table, sequence));
    }
    match replica_identity {
        ReplicaIdentity::Default => {}
        ReplicaIdentity::Full => statements.push(Statement::after(identity, format!("ALTER TABLE {own} REPLICA IDENTITY FULL;"))),
        ReplicaIdentity::Nothing => statements.push(Statement::after(identity, format!("ALTER TABLE {own} REPLICA IDENTITY NOTHING;"))),
        ReplicaIdentity::Index(index) => {
            let sql = format!("ALTER TABLE {own} REPLICA IDENTITY USING INDEX {};", quote_identifier(index));
            statements.push(Statement::after(identity, sql).needing(index_names(identity, index)));
        }
    }
    let RowSecurity { enabled, forced } = row_security;
    if *enabled {
        statements.push(Statement::after(identity, format!("ALTER TABLE {own} ENABLE ROW LEVEL SECURITY;")));
    }
    if *forced {
        statements.push(Statement::after(identity, format!("ALTER TABLE {own} FORCE ROW LEVEL SECURITY;")));
    }
    if let Some(index) = cluster_on {
        let sql = format!("ALTER TABLE {own} CLUSTER ON {};", quote_identifier(index));
        statements.push(Statement::after(identity, sql).needing(index_names(identity, index)));
    }
    statements
}

pub(super) fn foreign_table(writer: &Writer<'_>, identity: &Identity, object: &Object, table: &ForeignTable) -> Vec<Statement> {
    let ForeignTable { columns, inherits, partition_of, server, options } = table;
    let tail = format!("\nSERVER {}{}", quote_identifier(server), foreign::options(options));
    let shape = Shape { words: "CREATE FOREIGN TABLE", columns, of_type: None, inherits, partition_of: partition_of.as_ref(), tail };
    relation(writer, identity, object, &shape)
}

/// The partitioned table of a partition.
pub(super) fn partition_of(object: &Object) -> Option<&PartitionOf> {
    match &object.definition {
        Definition::Table(table) => table.partition_of.as_ref(),
        Definition::ForeignTable(table) => table.partition_of.as_ref(),
        _ => None,
    }
}

/// Whether two partitions may want the same rows. Where that can't be told from their texts, they may.
pub(super) fn may_overlap(one: &PartitionBound, other: &PartitionBound) -> bool {
    use PartitionBound::{Default, Hash, List, Range};
    // Numbers, and texts of one length, as dates are, are in the order of what they say.
    let before = |one: &Expression, other: &Expression| match (one.0.parse::<f64>(), other.0.parse::<f64>()) {
        (Ok(one), Ok(other)) => Some(one <= other),
        _ if one.0.starts_with('\'') && other.0.starts_with('\'') && one.0.len() == other.0.len() => Some(one.0 <= other.0),
        _ => None,
    };
    match (one, other) {
        (Default, Default) => true,
        (Default, _) | (_, Default) => false,
        (List(one), List(other)) => one.iter().any(|it| other.contains(it)),
        (Range { from, to }, Range { from: other_from, to: other_to }) => {
            match (from.as_slice(), to.as_slice(), other_from.as_slice(), other_to.as_slice()) {
                ([from], [to], [other_from], [other_to]) => before(to, other_from) != Some(true) && before(other_to, from) != Some(true),
                _ => true,
            }
        }
        (Hash { .. }, Hash { .. }) => true,
        _ => true,
    }
}

/// The tables that a table inherits from, or is a partition of.
pub(super) fn parents(object: &Object) -> Vec<&QualifiedName> {
    match &object.definition {
        Definition::Table(table) => table.inherits.iter().chain(table.partition_of.as_ref().map(|it| &it.parent)).collect(),
        Definition::ForeignTable(table) => table.inherits.iter().chain(table.partition_of.as_ref().map(|it| &it.parent)).collect(),
        _ => Vec::new(),
    }
}

/// What a table says of an index of its own, to be said again of one that is made anew.
pub(super) fn marks(writer: &Writer<'_>, relation: &QualifiedName, index: &Identity) -> Vec<Statement> {
    let (Some((table, after)), Some(base)) = (writer.relation(relation), writer.base) else { return Vec::new() };
    let Some(before) = base.get(table).filter(|_| base.contains(index) && writer.is_in_base(table)) else { return Vec::new() };
    let mut actions = Vec::new();
    let clustered = |object: &Object| match &object.definition {
        Definition::Table(table) => table.cluster_on.as_ref() == Some(&index.name),
        Definition::MaterializedView(view) => view.cluster_on.as_ref() == Some(&index.name),
        _ => false,
    };
    if clustered(before) && clustered(after) {
        actions.push(format!("CLUSTER ON {}", quote_identifier(&index.name)));
    }
    let identifies = |object: &Object| matches!(&object.definition, Definition::Table(Table { replica_identity: ReplicaIdentity::Index(name), .. }) if *name == index.name);
    if identifies(before) && identifies(after) {
        actions.push(format!("REPLICA IDENTITY USING INDEX {}", quote_identifier(&index.name)));
    }
    let alter = format!("ALTER {} {}", super::spelling(table.kind).keyword, name(relation));
    actions.into_iter().map(|action| Statement::after(index, format!("{alter} {action};"))).collect()
}

/// The objects that an index of a table can be: itself, or the constraint that made it.
pub(super) fn index_names(table: &Identity, index: &str) -> [Identity; 2] {
    [Identity::new(Kind::Index, table.schema.clone(), index), Identity::within(Kind::Constraint, &table.qualified_name(), index)]
}

/// What tables and foreign tables have in common.
struct Shape<'a> {
    words: &'static str,
    columns: &'a [Column],
    of_type: Option<&'a QualifiedName>,
    inherits: &'a [QualifiedName],
    partition_of: Option<&'a PartitionOf>,
    /// What follows columns and parents, each clause on a line of its own.
    tail: String,
}

fn relation(writer: &Writer<'_>, identity: &Identity, object: &Object, shape: &Shape<'_>) -> Vec<Statement> {
    let Shape { words, columns, of_type, inherits, partition_of, tail } = shape;
    let own = qualified(&identity.schema, &identity.name);
    let parent = partition_of.and_then(|partition| Some((partition, columns_of(writer, &partition.parent)?)));
    // A partition that a table gets which is there has its own indexes and checks before it is attached: the server then
    // takes those, and makes none under names of its own.
    let joins =
        partition_of.is_some_and(|partition| writer.relation(&partition.parent).is_some_and(|(parent, _)| writer.is_in_base(parent)));
    let in_place = parent.filter(|(_, parent)| !joins && is_same_shape(columns, parent));
    // In a cycle, defaults come once everything that they may call is there. Generated columns have no "later".
    let defaults_later = writer.cycle(identity).is_some() && columns.iter().all(|column| column.generated.is_none());
    let column = |column: &Column, declared: Declared| spell_column(writer, identity, column, declared, defaults_later);

    let mut sql = format!("{words} {own}");
    if let Some((partition, parent)) = in_place {
        let differing: Vec<String> =
            columns.iter().zip(parent).filter_map(|(own, parent)| column(&own_part(own, parent)?, Declared::Elsewhere)).collect();
        sql.push_str(&format!(" PARTITION OF {}", name(&partition.parent)));
        if !differing.is_empty() {
            sql.push_str(&format!(" (\n{}\n)", differing.join(",\n")));
        }
        sql.push_str(&format!("\n{}", bound(&partition.bound)));
    } else if let Some(of_type) = of_type {
        let differing: Vec<String> = columns.iter().filter_map(|it| column(it, Declared::Elsewhere)).collect();
        sql.push_str(&format!(" OF {}", name(of_type)));
        if !differing.is_empty() {
            sql.push_str(&format!(" (\n{}\n)", differing.join(",\n")));
        }
    } else {
        let declared = columns.iter().filter(|column| column.local || partition_of.is_some());
        let lines: Vec<String> = declared.filter_map(|it| column(it, Declared::Here)).collect();
        sql.push_str(&if lines.is_empty() { " ()".to_owned() } else { format!(" (\n{}\n)", lines.join(",\n")) });
        if !inherits.is_empty() {
            sql.push_str(&format!("\nINHERITS ({})", list(*inherits, name)));
        }
    }
    sql.push_str(tail);
    sql.push(';');
    let mut statements = vec![Statement::creating(identity, object, sql)];
    let above = partition_of.and_then(|it| writer.relation(&it.parent)).map(|(parent, _)| parent.clone());
    if in_place.is_some() {
        statements[0].joins.extend(above.clone());
    }

    if defaults_later {
        begin(&mut statements[0], columns, inherits, partition_of.map(|partition| &partition.parent), *of_type);
        let defaults = columns.iter().filter_map(|column| Some((column, column.default.as_ref()?)));
        for (column, default) in defaults {
            let sql = format!("ALTER TABLE ONLY {own} ALTER COLUMN {} SET DEFAULT {};", quote_identifier(&column.name), default.0);
            let mut set = Statement::creating(identity, object, sql);
            set.creates.clear();
            set.needs.insert(identity.clone());
            statements.push(set);
        }
        // The last one completes the table; without any, it always was.
        if let [first, .., last] = statements.as_mut_slice() {
            last.creates = std::mem::take(&mut first.creates);
            first.begins.push(identity.clone());
        }
    }
    if let (Some(partition), None) = (partition_of, in_place) {
        let sql = format!("ALTER TABLE ONLY {} ATTACH PARTITION {own} {};", name(&partition.parent), bound(&partition.bound));
        let mut attach = Statement::creating(identity, object, sql);
        attach.needs.insert(identity.clone());
        attach.joins.extend(above);
        if joins {
            attach.needs.extend(own_indexes(writer, identity));
            // One that lacks those of its partitions is none that the server takes.
            attach.needs.extend(indexes_within(writer, identity));
        }
        for earlier in &mut statements {
            if !earlier.creates.is_empty() {
                earlier.begins.append(&mut earlier.creates);
            }
        }
        statements.push(attach);
    }
    for it in columns.iter().filter(|column| !column.local && partition_of.is_none()) {
        statements.extend(inherited_column(writer, identity, object, inherits, it));
    }
    for column in *columns {
        statements.extend(column_settings(identity, column));
    }
    statements
}

/// The indexes and constraints of a partition, which are there before it is attached.
pub(super) fn own_indexes(writer: &Writer<'_>, table: &Identity) -> Vec<Identity> {
    let indexes = writer.catalog.of_kind(Kind::Index).filter(|(identity, object)| match &object.definition {
        Definition::Index(index) => {
            identity.schema == table.schema
                && index.table == table.name
                && index.partition_of.as_ref().is_some_and(|above| writer.keeps_index(above))
        }
        _ => false,
    });
    let constraints =
        writer.catalog.within(Kind::Constraint, &table.qualified_name()).filter(|(identity, object)| match &object.definition {
            Definition::Constraint(constraint) => super::constraint::joins_base(writer, identity, constraint),
            _ => false,
        });
    indexes.chain(constraints).map(|(identity, _)| identity.clone()).collect()
}

/// The indexes of the partitions of a table that are part of its own.
fn indexes_within(writer: &Writer<'_>, table: &Identity) -> Vec<Identity> {
    let mut found = Vec::new();
    for partition in writer.partitions(&table.qualified_name()) {
        let is_part = |(identity, object): &(&Identity, &Object)| match &object.definition {
            Definition::Index(index) => {
                identity.schema == partition.schema && index.table == partition.name && index.partition_of.is_some()
            }
            _ => false,
        };
        found.extend(writer.catalog.of_kind(Kind::Index).filter(is_part).map(|(identity, _)| identity.clone()));
        found.extend(indexes_within(writer, &partition));
    }
    found
}

/// What the first statement of a table in a cycle needs: only what its columns are made of.
fn begin(
    statement: &mut Statement,
    columns: &[Column],
    inherits: &[QualifiedName],
    partitioned: Option<&QualifiedName>,
    of_type: Option<&QualifiedName>,
) {
    let mut named: BTreeSet<QualifiedName> = inherits.iter().chain(partitioned).chain(of_type).cloned().collect();
    named.extend(columns.iter().map(|column| column.data_type.name.clone()));
    named.extend(columns.iter().filter_map(|column| column.collation.clone()));
    statement.needs.retain(|need| need.schema.is_empty() || (need.arguments.is_empty() && named.contains(&need.qualified_name())));
}

/// Whether the columns of a partition come as `PARTITION OF` makes them.
fn is_same_shape(own: &[Column], parent: &[Column]) -> bool {
    let same = |(own, parent): (&Column, &Column)| {
        own.name == parent.name
            && own.data_type == parent.data_type
            && own.collation == parent.collation
            && own.generated == parent.generated
            && own.identity.is_none()
            && own.foreign_options.is_empty()
            && own.compression == parent.compression
            && own.storage == parent.storage
    };
    own.len() == parent.len() && own.iter().zip(parent).all(same)
}

/// What a partition's column says that its parent's doesn't.
fn own_part(own: &Column, parent: &Column) -> Option<Column> {
    let mut part = own.clone();
    part.generated = None;
    part.not_null = own.not_null && !parent.not_null;
    if own.default == parent.default {
        part.default = None;
        return part.not_null.then_some(part);
    }
    part.default.get_or_insert_with(|| crate::catalog::Expression("NULL".to_owned()));
    Some(part)
}

fn columns_of<'a>(writer: &Writer<'a>, relation: &QualifiedName) -> Option<&'a [Column]> {
    writer.relation(relation)?.1.definition.columns()
}

/// Whether a column's type is said where the column is spelled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Declared {
    Here,
    /// By the type or the table that the columns come from.
    Elsewhere,
}

/// A line of `CREATE TABLE`; none for a column that has nothing to say.
pub(super) fn spell_column(
    writer: &Writer<'_>,
    table: &Identity,
    column: &Column,
    declared: Declared,
    defaults_later: bool,
) -> Option<String> {
    let Column {
        name: own,
        data_type: of,
        collation,
        not_null,
        default,
        identity,
        generated,
        storage: _,
        compression: _,
        statistics_target: _,
        options: _,
        foreign_options,
        inherited: _,
        local: _,
        comment: _,
        grants: _,
        security_labels: _,
    } = column;
    let mut sql = String::new();
    if declared == Declared::Here {
        sql.push_str(&format!(" {}{}{}", data_type(of), foreign::options(foreign_options), collate(collation.as_ref())));
    }
    if let (Some(default), false) = (default, defaults_later) {
        sql.push_str(&format!(" DEFAULT {}", default_expression(default)));
    }
    if let Some(Generated { expression, kind }) = generated {
        let kind = match kind {
            GeneratedKind::Stored => "STORED",
            GeneratedKind::Virtual => "VIRTUAL",
        };
        sql.push_str(&format!(" GENERATED ALWAYS AS {} {kind}", parenthesised(expression)));
    }
    if let Some(identity) = identity {
        sql.push_str(&spell_identity(writer, table, own, identity));
    }
    if *not_null {
        sql.push_str(&spell_not_null(writer, table, own));
    }
    if sql.is_empty() {
        return None;
    }
    let with_options = if declared == Declared::Elsewhere { " WITH OPTIONS" } else { "" };
    Some(format!("    {}{with_options}{sql}", quote_identifier(own)))
}

pub(super) fn spell_identity(writer: &Writer<'_>, table: &Identity, column: &str, identity: &ColumnIdentity) -> String {
    let ColumnIdentity { generation, sequence } = identity;
    let generation = match generation {
        IdentityGeneration::Always => "ALWAYS",
        IdentityGeneration::ByDefault => "BY DEFAULT",
    };
    let mut options = Vec::new();
    if *sequence != format!("{}_{column}_seq", table.name) {
        options.push(format!("SEQUENCE NAME {}", qualified(&table.schema, sequence)));
    }
    let found = writer.find(&[Kind::Sequence], &QualifiedName::new(table.schema.clone(), sequence.clone()));
    if let Some((_, Object { definition: Definition::Sequence(sequence), .. })) = found {
        // The sequence's type is always the column's, and can't be said here.
        let mut counting = sequence.options.clone();
        let own_type = std::mem::replace(&mut counting.data_type, crate::catalog::DataType::builtin("int8"));
        let said = sequence::options(&crate::catalog::SequenceOptions { data_type: own_type.clone(), ..counting });
        let said = said.strip_prefix(&format!(" AS {}", data_type(&own_type))).unwrap_or(&said).trim_start().to_owned();
        if !said.is_empty() {
            options.push(said);
        }
    }
    let options = if options.is_empty() { String::new() } else { format!(" ({})", options.join(" ")) };
    format!(" GENERATED {generation} AS IDENTITY{options}")
}

/// The type of an identity's sequence, where it is another than the column's: `LIKE … INCLUDING IDENTITY` makes such ones.
fn retyped_sequence(writer: &Writer<'_>, table: &Identity, column: &Column, sequence: &str) -> Option<Statement> {
    let own = QualifiedName::new(table.schema.clone(), sequence.to_owned());
    let (_, object) = writer.find(&[Kind::Sequence], &own)?;
    let Definition::Sequence(found) = &object.definition else { return None };
    let crate::catalog::SequenceOptions { data_type: of, min, max, .. } = &found.options;
    // A domain's sequence is of the domain's base type, which is no matter of ours.
    let is_other = *of != column.data_type && column.data_type.name.is_builtin();
    let sql = format!("ALTER SEQUENCE {} AS {} MINVALUE {min} MAXVALUE {max};", name(&own), data_type(of));
    is_other.then(|| Statement::after(table, sql))
}

/// The sequence of an identity is kept as its table is, unless it was told otherwise (PostgreSQL 15).
fn persistence_of_sequence(writer: &Writer<'_>, identity: &Identity, table: &Table, sequence: &str) -> Option<Statement> {
    let own = QualifiedName::new(identity.schema.clone(), sequence.to_owned());
    let (_, object) = writer.find(&[Kind::Sequence], &own)?;
    let Definition::Sequence(found) = &object.definition else { return None };
    let is_other = found.unlogged != (table.persistence == Persistence::Unlogged);
    let word = if found.unlogged { "UNLOGGED" } else { "LOGGED" };
    is_other.then(|| Statement::after(identity, format!("ALTER SEQUENCE {} SET {word};", name(&own))))
}

/// `NOT NULL`, with the name and the rest of a constraint that is an object. One that isn't valid can't be said here.
fn spell_not_null(writer: &Writer<'_>, table: &Identity, column: &str) -> String {
    match super::not_null::of_column(writer.catalog, &table.qualified_name(), column) {
        None => " NOT NULL".to_owned(),
        Some((identity, constraint)) if constraint.validated => {
            let no_inherit = if constraint.no_inherit { " NO INHERIT" } else { "" };
            format!(" CONSTRAINT {} NOT NULL{no_inherit}", quote_identifier(&identity.name))
        }
        Some(_) => String::new(),
    }
}

/// Whether the column refuses NULL in a table or in one that it inherits from.
fn refuses_null<'a>(writer: &Writer<'a>, table: &QualifiedName, column: &str, seen: &mut Vec<QualifiedName>) -> bool {
    if seen.contains(table) {
        return false;
    }
    seen.push(table.clone());
    let Some((_, object)) = writer.relation(table) else { return false };
    object.definition.columns().is_some_and(|columns| columns.iter().any(|it| it.name == column && it.not_null))
        || parents(object).into_iter().any(|parent| refuses_null(writer, parent, column, seen))
}

/// What a child says of a column that it only inherits.
fn inherited_column(
    writer: &Writer<'_>,
    identity: &Identity,
    object: &Object,
    inherits: &[QualifiedName],
    column: &Column,
) -> Vec<Statement> {
    let own = qualified(&identity.schema, &identity.name);
    let parents: Vec<&Column> =
        inherits.iter().filter_map(|parent| columns_of(writer, parent)?.iter().find(|inherited| inherited.name == column.name)).collect();
    let mut sql = Vec::new();
    if parents.first().is_some_and(|parent| parent.default != column.default) && column.generated.is_none() {
        sql.push(match &column.default {
            Some(default) => format!("SET DEFAULT {}", default.0),
            None => "DROP DEFAULT".to_owned(),
        });
    }
    if column.not_null && !parents.is_empty() && parents.iter().all(|parent| !parent.not_null) {
        sql.push("SET NOT NULL".to_owned());
    }
    // It may have come with a table above those, too, before that took NULL (servers before 18).
    if !column.not_null && inherits.iter().any(|parent| refuses_null(writer, parent, &column.name, &mut vec![])) {
        sql.push("DROP NOT NULL".to_owned());
    }
    let alter = |action: String| {
        let mut statement = Statement::creating(
            identity,
            object,
            format!("ALTER TABLE ONLY {own} ALTER COLUMN {} {action};", quote_identifier(&column.name)),
        );
        statement.creates.clear();
        statement.needs.insert(identity.clone());
        statement
    };
    sql.into_iter().map(alter).collect()
}

/// What can be said of a column only once it exists, or only then on every supported version.
pub(super) fn column_settings(identity: &Identity, column: &Column) -> Vec<Statement> {
    let table = qualified(&identity.schema, &identity.name);
    let own = quote_identifier(&column.name);
    let alter = |action: String| Statement::after(identity, format!("ALTER TABLE ONLY {table} ALTER COLUMN {own} {action};"));
    let mut statements = Vec::new();
    if let Some(storage) = &column.storage {
        statements.push(alter(format!("SET STORAGE {}", storage.to_uppercase())));
    }
    if let Some(compression) = &column.compression {
        statements.push(alter(format!("SET COMPRESSION {}", quote_identifier(compression))));
    }
    if let Some(target) = column.statistics_target {
        statements.push(alter(format!("SET STATISTICS {target}")));
    }
    if !column.options.is_empty() {
        statements.push(alter(format!("SET ({})", parameters(&column.options))));
    }
    if !column.local && !column.foreign_options.is_empty() {
        let options = list(&column.foreign_options, |(name, value)| format!("ADD {} {}", quote_identifier(name), quote_literal(value)));
        let sql = format!("ALTER FOREIGN TABLE ONLY {table} ALTER COLUMN {own} OPTIONS ({options});");
        statements.push(Statement::after(identity, sql));
    }
    if let Some(comment) = &column.comment {
        statements.push(column_comment(identity, &column.name, comment));
    }
    statements
        .extend(column.security_labels.iter().map(|(provider, label)| column_security_label(identity, &column.name, provider, label)));
    statements.extend(column_grants(identity, &column.name, &column.grants));
    statements
}

/// `RANGE (a, lower(b))`.
fn spread(key: &PartitionKey) -> String {
    let PartitionKey { strategy, keys } = key;
    let strategy = match strategy {
        PartitionStrategy::Range => "RANGE",
        PartitionStrategy::List => "LIST",
        PartitionStrategy::Hash => "HASH",
    };
    format!("{strategy} ({})", list(keys, index::key))
}

/// `FOR VALUES …` or `DEFAULT`.
pub(super) fn bound(bound: &PartitionBound) -> String {
    let values = |values: &[crate::catalog::Expression]| list(values, |value| value.0.clone());
    match bound {
        PartitionBound::Range { from, to } => format!("FOR VALUES FROM ({}) TO ({})", values(from), values(to)),
        PartitionBound::List(of) => format!("FOR VALUES IN ({})", values(of)),
        PartitionBound::Hash { modulus, remainder } => format!("FOR VALUES WITH (MODULUS {modulus}, REMAINDER {remainder})"),
        PartitionBound::Default => "DEFAULT".to_owned(),
    }
}

/// `WITH (…)` after a separator, or nothing.
pub(super) fn with(options: &BTreeMap<String, String>, separator: &str) -> String {
    if options.is_empty() { String::new() } else { format!("{separator}WITH ({})", parameters(options)) }
}

/// Storage parameters: `fillfactor = 70, toast.autovacuum_enabled = false`.
pub(super) fn parameters(options: &BTreeMap<String, String>) -> String {
    list(options, |(name, value)| {
        let name = name.split('.').map(quote_identifier).collect::<Vec<_>>().join(".");
        let is_plain = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) || value == "true" || value == "false";
        format!("{name} = {}", if is_plain { value.clone() } else { quote_literal(value) })
    })
}

/// `INCLUDE (…)` after a space, or nothing.
pub(super) fn include(columns: &[String]) -> String {
    if columns.is_empty() { String::new() } else { format!(" INCLUDE ({})", identifiers(columns)) }
}
