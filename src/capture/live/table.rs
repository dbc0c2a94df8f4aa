//! Tables and foreign tables, the columns of all relations, and constraints.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, PartitionCmd};
use serde::Deserialize;

use crate::capture::expression::Scope;
use crate::capture::script::base_type::storage_word;
use crate::capture::script::column::{columns_mut, deferral};
use crate::capture::script::constraint::{Planned, action, key_constraint};
use crate::capture::script::names::is_made_for_not_null;
use crate::capture::script::state::State;
use crate::capture::script::{Problem, canonical, dependency, options, table as statement};
use crate::catalog::{
    Column, Constraint, ConstraintKind, Definition, Dependency, ForeignKey, ForeignTable, Generated, GeneratedKind, Identity,
    KeyConstraint, Kind, MatchType, MaterializedView, Object, PartitionBound, PartitionOf, Persistence, QualifiedName, Query,
    ReplicaIdentity, RowSecurity, Table, View, ViewColumn,
};

use super::known::Oid;
use super::rows::{Answers, Row};
use super::{Builder, CaptureError, access, expression, foreign, parse_expression, parse_statement, types};

#[derive(Deserialize)]
pub(super) struct RelationRow {
    oid: Oid,
    schema: String,
    name: String,
    kind: String,
    owner: String,
    acl: Option<Vec<String>>,
    unlogged: bool,
    options: Option<Vec<String>>,
    toast_options: Option<Vec<String>>,
    method: Option<String>,
    tablespace: Option<String>,
    replica_identity: String,
    row_security: bool,
    force_row_security: bool,
    of_type: Oid,
    populated: bool,
    is_partition: bool,
    bound: Option<String>,
    partition_key: Option<String>,
    parents: Option<Vec<Oid>>,
    server: Option<String>,
    foreign_options: Option<Vec<String>>,
}

impl Row for RelationRow {
    const QUERY: &'static str = "
        SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
            pg_catalog.pg_get_userbyid(c.relowner) AS owner, c.relacl::text[] AS acl, c.relpersistence = 'u' AS unlogged,
            c.reloptions AS options, t.reloptions AS toast_options, m.amname AS method, s.spcname AS tablespace,
            c.relreplident AS replica_identity, c.relrowsecurity AS row_security, c.relforcerowsecurity AS force_row_security,
            c.reloftype::int8 AS of_type, c.relispopulated AS populated, c.relispartition AS is_partition,
            pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bound,
            CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key, i.parents, v.srvname AS server,
            f.ftoptions AS foreign_options
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
        LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
        LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace
        LEFT JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = c.oid
        LEFT JOIN pg_catalog.pg_foreign_server v ON v.oid = f.ftserver
        LEFT JOIN (
            SELECT inhrelid, pg_catalog.json_agg(inhparent::int8 ORDER BY inhseqno) AS parents FROM pg_catalog.pg_inherits GROUP BY inhrelid
        ) i ON i.inhrelid = c.oid
        WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relpersistence <> 't' AND $own";
}

#[derive(Deserialize)]
pub(super) struct ColumnRow {
    relation: Oid,
    number: i16,
    name: String,
    data_type: Oid,
    #[serde(default)]
    formatted: Option<String>,
    not_null: bool,
    collation: Option<Oid>,
    generated: String,
    default: Option<String>,
    storage: Option<char>,
    #[serde(default)]
    compression: String,
    statistics_target: Option<i32>,
    options: Option<Vec<String>>,
    foreign_options: Option<Vec<String>>,
    inherited: bool,
    local: bool,
    acl: Option<Vec<String>>,
}

impl Row for ColumnRow {
    const QUERY: &'static str = "
        SELECT a.attrelid::int8 AS relation, a.attnum AS number, a.attname AS name, a.atttypid::int8 AS data_type,
            CASE WHEN a.atttypmod <> -1 THEN pg_catalog.format_type(a.atttypid, a.atttypmod) END AS formatted,
            a.attnotnull AS not_null, CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::int8 END AS collation,
            a.attgenerated AS generated, pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default,
            CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END AS storage,
            a.attcompression AS compression, -- since 14
            CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END AS statistics_target, a.attoptions AS options,
            a.attfdwoptions AS foreign_options, a.attinhcount > 0 AS inherited, a.attislocal AS local, a.attacl::text[] AS acl
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped AND $own
        ORDER BY a.attrelid, a.attnum";
}

#[derive(Deserialize)]
pub(super) struct ConstraintRow {
    oid: Oid,
    name: String,
    kind: String,
    relation: Oid,
    domain: Oid,
    columns: Option<Vec<i16>>,
    referenced: Oid,
    referenced_columns: Option<Vec<i16>>,
    match_type: String,
    on_update: String,
    on_delete: String,
    #[serde(default)]
    set_columns: Option<Vec<i16>>,
    deferrable: bool,
    deferred: bool,
    validated: bool,
    #[serde(default = "yes")]
    enforced: bool,
    no_inherit: bool,
    inherited: bool,
    local: bool,
    #[serde(default)]
    period: bool,
    expression: Option<String>,
    index_columns: Option<Vec<i16>>,
    #[serde(default)]
    nulls_not_distinct: Option<bool>,
    index_options: Option<Vec<String>>,
    tablespace: Option<String>,
    exclusion: Option<String>,
}

fn yes() -> bool {
    true
}

impl Row for ConstraintRow {
    // Of a foreign key to a partitioned table there is a row for each partition: those have no life of their own.
    const QUERY: &'static str = "
        SELECT o.oid::int8 AS oid, o.conname AS name, o.contype AS kind, o.conrelid::int8 AS relation, o.contypid::int8 AS domain,
            o.conkey AS columns, o.confrelid::int8 AS referenced, o.confkey AS referenced_columns, o.confmatchtype AS match_type,
            o.confupdtype AS on_update, o.confdeltype AS on_delete,
            o.confdelsetcols AS set_columns, -- since 15
            o.conenforced AS enforced, o.conperiod AS period, -- since 18
            o.condeferrable AS deferrable, o.condeferred AS deferred, o.convalidated AS validated, o.connoinherit AS no_inherit,
            o.coninhcount > 0 OR o.conparentid <> 0 AS inherited, o.conislocal AS local,
            pg_catalog.pg_get_expr(o.conbin, o.conrelid) AS expression, i.indkey::int2[] AS index_columns,
            i.indnullsnotdistinct AS nulls_not_distinct, -- since 15
            c.reloptions AS index_options, s.spcname AS tablespace,
            CASE WHEN o.contype = 'x' THEN pg_catalog.pg_get_constraintdef(o.oid) END AS exclusion
        FROM pg_catalog.pg_constraint o
        JOIN pg_catalog.pg_namespace n ON n.oid = o.connamespace
        LEFT JOIN pg_catalog.pg_constraint p ON p.oid = o.conparentid
        LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = o.conindid AND o.contype IN ('p', 'u', 'x')
        LEFT JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace
        WHERE o.contype IN ('p', 'u', 'x', 'c', 'f', 'n') AND p.conrelid IS DISTINCT FROM o.conrelid AND $own";
}

/// Every relation with its columns, without what speaks of other objects.
pub(super) fn relations(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    let mut columns: HashMap<Oid, Vec<ColumnRow>> = HashMap::new();
    for row in answers.rows::<ColumnRow>()? {
        it.known.add_column(row.relation, row.number, &row.name);
        columns.entry(row.relation).or_default().push(row);
    }
    let rows: Vec<RelationRow> =
        answers.rows::<RelationRow>()?.into_iter().filter(|row| !it.known.is_member("pg_class", row.oid)).collect();
    let names: HashMap<Oid, QualifiedName> =
        rows.iter().map(|row| (row.oid, QualifiedName::new(row.schema.clone(), row.name.clone()))).collect();
    for row in rows {
        let columns = columns.remove(&row.oid).unwrap_or_default();
        relation(it, row, columns, &names);
    }
    Ok(())
}

fn relation(it: &mut Builder, row: RelationRow, columns: Vec<ColumnRow>, names: &HashMap<Oid, QualifiedName>) {
    let kind = match row.kind.as_str() {
        "v" => Kind::View,
        "m" => Kind::MaterializedView,
        "f" => Kind::ForeignTable,
        _ => Kind::Table,
    };
    let identity = Identity::new(kind, row.schema, row.name);
    let parents: Vec<QualifiedName> = row.parents.iter().flatten().filter_map(|oid| names.get(oid).cloned()).collect();
    let inherits = if row.is_partition { Vec::new() } else { parents };
    let mut parameters = options::stored_parameters("", row.options.as_deref().unwrap_or_default());
    parameters.extend(options::stored_parameters("toast.", row.toast_options.as_deref().unwrap_or_default()));
    let access_method = row.method.filter(|it| it != "heap");
    let need = access_method.as_deref().and_then(|method| dependency::access_method(&it.state, method));
    let no_query = || Query(String::new());
    let definition = match kind {
        Kind::View => {
            let columns = columns.into_iter().map(|column| view_column(it, kind, column, &row.owner)).collect();
            Definition::View(View { columns, query: no_query(), options: parameters })
        }
        Kind::MaterializedView => Definition::MaterializedView(MaterializedView {
            columns: columns.into_iter().map(|column| view_column(it, kind, column, &row.owner)).collect(),
            query: no_query(),
            populated: row.populated,
            access_method,
            tablespace: row.tablespace,
            storage_parameters: parameters,
            cluster_on: None,
        }),
        Kind::ForeignTable => Definition::ForeignTable(ForeignTable {
            columns: columns.into_iter().map(|column| table_column(it, column, &row.owner)).collect(),
            inherits,
            partition_of: None,
            server: row.server.unwrap_or_default(),
            options: foreign::kept(row.foreign_options.as_deref()),
        }),
        _ => Definition::Table(Table {
            columns: columns.into_iter().map(|column| table_column(it, column, &row.owner)).collect(),
            persistence: if row.unlogged { Persistence::Unlogged } else { Persistence::Permanent },
            of_type: (row.of_type != 0).then(|| it.known.data_type(row.of_type, None).name),
            inherits,
            partition_key: None,
            partition_of: None,
            access_method,
            tablespace: row.tablespace,
            storage_parameters: parameters,
            replica_identity: match row.replica_identity.as_str() {
                "n" => ReplicaIdentity::Nothing,
                "f" => ReplicaIdentity::Full,
                _ => ReplicaIdentity::Default,
            },
            row_security: RowSecurity { enabled: row.row_security, forced: row.force_row_security },
            cluster_on: None,
        }),
    };
    let mut object = it.object(&identity, definition, row.owner, row.acl.as_deref());
    object.dependencies.extend(need);
    it.put("pg_class", row.oid, identity, object);
}

fn view_column(it: &Builder, kind: Kind, row: ColumnRow, owner: &str) -> ViewColumn {
    let data_type = it.known.data_type(row.data_type, row.formatted.as_deref());
    let grants = row.acl.map_or_else(Vec::new, |acl| access::column_grants(owner, &acl));
    let mut column = ViewColumn { grants, ..ViewColumn::new(row.name, Some(data_type)) };
    // A plain view keeps nothing, whatever its columns say.
    if kind == Kind::MaterializedView {
        column.storage = row.storage.map(|it| storage_word(it).to_owned());
        column.compression = compression(&row.compression);
        column.statistics_target = row.statistics_target;
        column.options = column_options(row.options.as_deref());
    }
    column
}

/// The options of a column that users set. Servers keep others there for themselves (`pg_attver` of PostgreSQL 15.20).
const COLUMN_OPTIONS: [&str; 2] = ["n_distinct", "n_distinct_inherited"];

fn table_column(it: &Builder, row: ColumnRow, owner: &str) -> Column {
    let mut column = Column::new(row.name, it.known.data_type(row.data_type, row.formatted.as_deref()));
    column.collation = row.collation.and_then(|oid| it.known.name("pg_collation", oid).cloned());
    column.not_null = row.not_null;
    column.storage = row.storage.map(|it| storage_word(it).to_owned());
    column.compression = compression(&row.compression);
    column.statistics_target = row.statistics_target;
    column.options = column_options(row.options.as_deref());
    column.foreign_options = foreign::kept(row.foreign_options.as_deref());
    (column.inherited, column.local) = (row.inherited, row.local);
    column.grants = row.acl.map_or_else(Vec::new, |acl| access::column_grants(owner, &acl));
    column
}

fn compression(letter: &str) -> Option<String> {
    match letter {
        "p" => Some("pglz".to_owned()),
        "l" => Some("lz4".to_owned()),
        _ => None,
    }
}

fn column_options(stored: Option<&[String]>) -> BTreeMap<String, String> {
    pairs(stored).into_iter().filter(|(name, _)| COLUMN_OPTIONS.contains(&name.as_str())).collect()
}

/// `name=value` items.
pub(super) fn pairs(items: Option<&[String]>) -> BTreeMap<String, String> {
    items.into_iter().flatten().filter_map(|it| it.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Defaults, generated columns, partition keys and bounds, and the needs of tables.
pub(super) fn expressions(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    let mut tables = BTreeSet::new();
    for row in answers.rows::<ColumnRow>()? {
        let (Some(identity), Some(text)) = (it.known.object("pg_class", row.relation).cloned(), row.default) else { continue };
        let data_type = it.known.data_type(row.data_type, row.formatted.as_deref());
        let read = it.part(&identity, |state| {
            let node = parse_expression(&text)?;
            if row.generated.is_empty() {
                canonical::default(state, &node, Some(&identity), &data_type)
            } else {
                canonical::assigned(state, &node, Some(&identity), &data_type).map(Some)
            }
        });
        let Some(read) = read.flatten() else { continue };
        it.change(&identity, |object| match &mut object.definition {
            Definition::View(view) => {
                if let Some(column) = view.columns.iter_mut().find(|it| it.name == row.name) {
                    column.default = Some(read.expression);
                }
            }
            definition => {
                let Some(column) = columns_mut(definition).and_then(|it| it.iter_mut().find(|it| it.name == row.name)) else { return };
                match row.generated.as_str() {
                    "s" => column.generated = Some(Generated { expression: read.expression, kind: GeneratedKind::Stored }),
                    "v" => column.generated = Some(Generated { expression: read.expression, kind: GeneratedKind::Virtual }),
                    _ => column.default = Some(read.expression),
                }
            }
        });
    }
    let rows = answers.rows::<RelationRow>()?;
    for row in &rows {
        let Some(identity) = it.known.object("pg_class", row.oid).cloned() else { continue };
        let Some(text) = &row.partition_key else { continue };
        let Some((key, needs)) = it.part(&identity, |state| {
            let node = parse_statement(&format!("CREATE TABLE t () PARTITION BY {text}"))?.node;
            let Some(NodeEnum::CreateStmt(create)) = node else { return Err(super::not_understood(text)) };
            statement::partition_key(state, &identity, create.partspec.as_ref().ok_or_else(|| super::not_understood(text))?)
        }) else {
            continue;
        };
        it.change(&identity, |object| {
            if let Definition::Table(table) = &mut object.definition {
                table.partition_key = Some(key);
            }
            object.dependencies.extend(needs);
        });
    }
    for row in &rows {
        let Some(identity) = it.known.object("pg_class", row.oid).cloned() else { continue };
        if let (Some(text), Some([parent])) = (&row.bound, row.parents.as_deref())
            && let Some(parent) = it.known.object("pg_class", *parent).cloned()
            && let Some(bound) = it.part(&identity, |state| partition_bound(state, &parent, text))
        {
            statement::set_partition_of(&mut it.state, &identity, Some(PartitionOf { parent: parent.qualified_name(), bound }));
        }
        if matches!(identity.kind, Kind::Table | Kind::ForeignTable) {
            tables.insert(identity);
        }
    }
    tables.iter().for_each(|identity| dependency::refresh(&mut it.state, identity));
    Ok(())
}

fn partition_bound(state: &State<'_>, parent: &Identity, text: &str) -> Result<PartitionBound, Problem> {
    let node = parse_statement(&format!("ALTER TABLE p ATTACH PARTITION t {text}"))?.node;
    let Some(NodeEnum::AlterTableStmt(alter)) = node else { return Err(super::not_understood(text)) };
    let commands = alter.cmds.iter().filter_map(|it| match &it.node {
        Some(NodeEnum::AlterTableCmd(it)) => it.def.as_deref()?.node.as_ref(),
        _ => None,
    });
    for command in commands {
        if let NodeEnum::PartitionCmd(PartitionCmd { bound: Some(bound), .. }) = command {
            return statement::partition_bound(state, parent, bound);
        }
    }
    Err(super::not_understood(text))
}

/// Every constraint but foreign keys, which lean on indexes too.
pub(super) fn constraints(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<ConstraintRow>()?.into_iter().filter(|row| row.kind != "f") {
        constraint(it, row);
    }
    Ok(())
}

/// Foreign keys.
pub(super) fn references(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<ConstraintRow>()?.into_iter().filter(|row| row.kind == "f") {
        constraint(it, row);
    }
    Ok(())
}

fn constraint(it: &mut Builder, row: ConstraintRow) {
    if row.domain != 0 {
        let Some(domain) = it.known.object("pg_type", row.domain).cloned() else { return };
        let Some(text) = row.expression.filter(|_| row.kind == "c") else { return };
        if let Some((identity, object)) = types::check(it, &domain, row.name, &text, row.validated) {
            it.put("pg_constraint", row.oid, identity, object);
        }
        return;
    }
    let Some(table) = it.known.object("pg_class", row.relation).cloned() else { return };
    let identity = Identity::within(Kind::Constraint, &table.qualified_name(), row.name.clone());
    let Some((kind, needs)) = constraint_kind(it, &table, &identity, &row) else { return };
    let object = Object::new(Definition::Constraint(Constraint {
        kind,
        deferral: deferral(row.deferrable, row.deferred),
        validated: row.validated && row.enforced,
        enforced: row.enforced,
        no_inherit: row.no_inherit && row.kind != "f" && row.index_columns.is_none(),
        inherited: row.inherited,
        local: row.local,
    }));
    it.put("pg_constraint", row.oid, identity.clone(), object);
    match needs {
        Some(needs) => it.change(&identity, |object| object.dependencies = needs.into()),
        None => dependency::refresh(&mut it.state, &identity),
    }
}

/// What a constraint demands, and what it needs where that is known already.
fn constraint_kind(
    it: &mut Builder,
    table: &Identity,
    identity: &Identity,
    row: &ConstraintRow,
) -> Option<(ConstraintKind, Option<BTreeSet<Dependency>>)> {
    let columns = it.known.columns(row.relation, row.columns.as_deref().unwrap_or_default());
    let parameters = options::stored_parameters("", row.index_options.as_deref().unwrap_or_default());
    let kind = match row.kind.as_str() {
        "p" | "u" => {
            let all = row.index_columns.as_deref().unwrap_or_default();
            let key = KeyConstraint {
                include: it.known.columns(row.relation, all.get(columns.len()..).unwrap_or_default()),
                columns,
                nulls_not_distinct: row.nulls_not_distinct.unwrap_or_default(),
                without_overlaps: row.period,
                storage_parameters: parameters,
                tablespace: row.tablespace.clone(),
            };
            if row.kind == "p" { ConstraintKind::PrimaryKey(key) } else { ConstraintKind::Unique(key) }
        }
        "x" => {
            let text = row.exclusion.as_deref()?;
            let mut read = it.part(identity, |state| {
                let node = parse_statement(&format!("ALTER TABLE t ADD {text}"))?;
                let node = added_constraint(&node).ok_or_else(|| super::not_understood(text))?;
                key_constraint(state, table, &Planned::of_table(node)).map(|it| it.kind)
            })?;
            if let ConstraintKind::Exclusion { storage_parameters, tablespace, .. } = &mut read {
                *storage_parameters = parameters;
                tablespace.clone_from(&row.tablespace);
            }
            read
        }
        "c" => {
            let text = row.expression.as_deref()?;
            let read = it.part(identity, |state| expression(state, text, &Scope::relation(table)))?;
            let mut needs: BTreeSet<Dependency> =
                read.dependencies.into_iter().map(|it| dependency::own_column_is_auto(it, table)).collect();
            needs.insert(Dependency::on(table.clone()).auto());
            return Some((ConstraintKind::Check(read.expression), Some(needs)));
        }
        "f" => {
            let referenced = it.known.object("pg_class", row.referenced)?.qualified_name();
            ConstraintKind::ForeignKey(ForeignKey {
                columns,
                references: referenced,
                referenced_columns: it.known.columns(row.referenced, row.referenced_columns.as_deref().unwrap_or_default()),
                match_type: if row.match_type == "f" { MatchType::Full } else { MatchType::Simple },
                on_update: action(&row.on_update),
                on_delete: action(&row.on_delete),
                set_columns: it.known.columns(row.relation, row.set_columns.as_deref().unwrap_or_default()),
                period: row.period,
            })
        }
        "n" => {
            let column = columns.into_iter().next()?;
            // One that says no more than the column's flag is that flag; one that a parent has too goes by the parent's name.
            let says_more = row.no_inherit || !row.validated || !row.inherited && !is_made_for_not_null(&row.name);
            if !(row.local && says_more) {
                return None;
            }
            ConstraintKind::NotNull { column }
        }
        _ => return None,
    };
    Some((kind, None))
}

fn added_constraint(node: &Node) -> Option<&pg_query::protobuf::Constraint> {
    let Some(NodeEnum::AlterTableStmt(alter)) = &node.node else { return None };
    alter.cmds.iter().find_map(|it| match &it.node {
        Some(NodeEnum::AlterTableCmd(it)) => match it.def.as_deref()?.node.as_ref()? {
            NodeEnum::Constraint(it) => Some(it.as_ref()),
            _ => None,
        },
        _ => None,
    })
}
