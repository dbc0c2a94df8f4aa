//! Rows of the system catalogs and of the information schema, told from the catalog so far. Names stand in for OIDs: of a
//! schema its name, of anything in one `schema.name`.

use crate::catalog::{Constraint, ConstraintKind, DataType, Definition, Identity, Kind};

use crate::capture::script::state::State;
use crate::capture::script::{builtin, partition};

use super::{Row, Value};

fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

fn oid(schema: &str, name: &str) -> Value {
    text(format!("{schema}.{name}"))
}

fn parent_oid(identity: &Identity) -> Value {
    oid(&identity.schema, &identity.parent)
}

/// The rows of a system catalog; `None` for a table that is none, or that is not told here.
pub(super) fn of(state: &State<'_>, schema: &str, table: &str) -> Option<Vec<Row>> {
    match schema {
        "" | "pg_catalog" => of_catalog(state, table),
        "information_schema" => of_information_schema(state, table),
        _ => None,
    }
}

/// One row an object of a kind.
fn each(state: &State<'_>, kind: Kind, row: impl Fn(&Identity, &Definition) -> Row) -> Vec<Row> {
    state.catalog().of_kind(kind).map(|(identity, object)| row(identity, &object.definition)).collect()
}

fn of_catalog(state: &State<'_>, table: &str) -> Option<Vec<Row>> {
    Some(match table {
        "pg_namespace" => each(state, Kind::Schema, |it, _| Row::from([("oid", text(&it.name)), ("nspname", text(&it.name))])),
        "pg_extension" => each(state, Kind::Extension, |it, _| Row::from([("oid", text(&it.name)), ("extname", text(&it.name))])),
        // An extension's own comment is the one that is not said.
        "pg_available_extensions" => each(state, Kind::Extension, |it, _| Row::from([("name", text(&it.name)), ("comment", Value::Null)])),
        "pg_type" => {
            let own = sorted(state.names().types()).into_iter().map(|(schema, name, identity)| {
                let letter = match identity.kind {
                    Kind::Enum => "e",
                    Kind::Domain => "d",
                    Kind::Range => "r",
                    Kind::Extension | Kind::BaseType => "b",
                    _ => "c",
                };
                (schema, name, letter)
            });
            let builtin = builtin::types().map(|name| ("pg_catalog", name, "b"));
            let row = |(schema, name, letter): (&str, &str, &str)| {
                Row::from([("oid", oid(schema, name)), ("typname", text(name)), ("typnamespace", text(schema)), ("typtype", text(letter))])
            };
            own.chain(builtin).map(row).collect()
        }
        "pg_enum" => state
            .catalog()
            .of_kind(Kind::Enum)
            .flat_map(|(identity, object)| {
                let labels = if let Definition::Enum(it) = &object.definition { it.labels.as_slice() } else { &[] };
                labels.iter().map(|label| Row::from([("enumtypid", oid(&identity.schema, &identity.name)), ("enumlabel", text(label))]))
            })
            .collect(),
        "pg_class" => sorted(state.names().relations())
            .into_iter()
            .map(|(schema, name, identity)| {
                let partitioned = partition::is_partitioned(state, identity);
                let letter = match identity.kind {
                    Kind::Table if partitioned => "p",
                    Kind::View => "v",
                    Kind::MaterializedView => "m",
                    Kind::Sequence => "S",
                    Kind::ForeignTable => "f",
                    Kind::Composite => "c",
                    Kind::Index | Kind::Constraint => "i",
                    _ => "r",
                };
                Row::from([("oid", oid(schema, name)), ("relname", text(name)), ("relnamespace", text(schema)), ("relkind", text(letter))])
            })
            .collect(),
        "pg_attribute" => columns(state)
            .into_iter()
            .map(|it| {
                Row::from([
                    ("attrelid", oid(&it.relation.schema, &it.relation.name)),
                    ("attname", text(it.name)),
                    ("attnum", Value::Number(it.position)),
                    ("attnotnull", Value::Bool(it.not_null)),
                    ("attisdropped", Value::Bool(false)),
                ])
            })
            .collect(),
        "pg_constraint" => each(state, Kind::Constraint, |it, definition| {
            Row::from([
                ("conname", text(&it.name)),
                ("connamespace", text(&it.schema)),
                ("conrelid", parent_oid(it)),
                ("contype", text(constraint_letter(definition))),
            ])
        }),
        "pg_proc" => [Kind::Function, Kind::Procedure, Kind::Aggregate]
            .into_iter()
            .flat_map(|kind| each(state, kind, |it, _| Row::from([("proname", text(&it.name)), ("pronamespace", text(&it.schema))])))
            .collect(),
        "pg_trigger" => each(state, Kind::Trigger, |it, _| {
            Row::from([("tgname", text(&it.name)), ("tgrelid", parent_oid(it)), ("tgisinternal", Value::Bool(false))])
        }),
        "pg_policy" => each(state, Kind::Policy, |it, _| Row::from([("polname", text(&it.name)), ("polrelid", parent_oid(it))])),
        "pg_policies" => each(state, Kind::Policy, |it, _| {
            Row::from([("policyname", text(&it.name)), ("schemaname", text(&it.schema)), ("tablename", text(&it.parent))])
        }),
        "pg_tables" => in_schemas(state, Kind::Table, "schemaname", "tablename"),
        "pg_views" => in_schemas(state, Kind::View, "schemaname", "viewname"),
        "pg_matviews" => in_schemas(state, Kind::MaterializedView, "schemaname", "matviewname"),
        "pg_sequences" => in_schemas(state, Kind::Sequence, "schemaname", "sequencename"),
        "pg_indexes" => sorted(state.names().relations())
            .into_iter()
            .filter_map(|(schema, name, identity)| {
                let table = match state.get(identity).map(|it| &it.definition) {
                    Some(Definition::Index(it)) => it.table.clone(),
                    Some(Definition::Constraint(_)) => identity.parent.clone(),
                    _ => return None,
                };
                Some(Row::from([("schemaname", text(schema)), ("indexname", text(name)), ("tablename", text(table))]))
            })
            .collect(),
        "pg_publication" => each(state, Kind::Publication, |it, _| Row::from([("pubname", text(&it.name))])),
        "pg_event_trigger" => each(state, Kind::EventTrigger, |it, _| Row::from([("evtname", text(&it.name))])),
        _ => return None,
    })
}

/// Names in the order of schemas, as a loop over them needs it.
fn sorted<'s>(names: impl Iterator<Item = (&'s str, &'s str, &'s Identity)>) -> Vec<(&'s str, &'s str, &'s Identity)> {
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn in_schemas(state: &State<'_>, kind: Kind, schema: &'static str, name: &'static str) -> Vec<Row> {
    each(state, kind, |it, _| Row::from([(schema, text(&it.schema)), (name, text(&it.name))]))
}

fn constraint_letter(definition: &Definition) -> &'static str {
    match definition {
        Definition::Constraint(Constraint { kind, .. }) => match kind {
            ConstraintKind::PrimaryKey(_) => "p",
            ConstraintKind::Unique(_) => "u",
            ConstraintKind::Check(_) => "c",
            ConstraintKind::Exclusion { .. } => "x",
            ConstraintKind::ForeignKey(_) => "f",
            ConstraintKind::NotNull { .. } => "n",
        },
        _ => "",
    }
}

/// A column of any relation.
struct AnyColumn<'s> {
    relation: &'s Identity,
    name: String,
    position: i64,
    data_type: Option<DataType>,
    not_null: bool,
}

fn columns<'s>(state: &'s State<'_>) -> Vec<AnyColumn<'s>> {
    let kinds = [Kind::Table, Kind::ForeignTable, Kind::View, Kind::MaterializedView];
    let mut found = Vec::new();
    for (relation, _) in kinds.into_iter().flat_map(|kind| state.catalog().of_kind(kind)) {
        for (position, it) in (1..).zip(state.resolver().columns(relation)) {
            found.push(AnyColumn { relation, name: it.name, position, data_type: it.data_type, not_null: it.not_null });
        }
    }
    found
}

fn of_information_schema(state: &State<'_>, table: &str) -> Option<Vec<Row>> {
    Some(match table {
        "schemata" => each(state, Kind::Schema, |it, _| Row::from([("schema_name", text(&it.name))])),
        "tables" => [(Kind::Table, "BASE TABLE"), (Kind::View, "VIEW"), (Kind::ForeignTable, "FOREIGN")]
            .into_iter()
            .flat_map(|(kind, word)| {
                each(state, kind, |it, _| {
                    Row::from([("table_schema", text(&it.schema)), ("table_name", text(&it.name)), ("table_type", text(word))])
                })
            })
            .collect(),
        "views" => in_schemas(state, Kind::View, "table_schema", "table_name"),
        "sequences" => in_schemas(state, Kind::Sequence, "sequence_schema", "sequence_name"),
        "routines" => [Kind::Function, Kind::Procedure]
            .into_iter()
            .flat_map(|kind| in_schemas(state, kind, "routine_schema", "routine_name"))
            .collect(),
        "triggers" => each(state, Kind::Trigger, |it, _| {
            Row::from([
                ("trigger_schema", text(&it.schema)),
                ("trigger_name", text(&it.name)),
                ("event_object_schema", text(&it.schema)),
                ("event_object_table", text(&it.parent)),
            ])
        }),
        "columns" => columns(state)
            .into_iter()
            .filter(|it| it.relation.kind != Kind::MaterializedView)
            .map(|it| {
                let mut row = Row::from([
                    ("table_schema", text(&it.relation.schema)),
                    ("table_name", text(&it.relation.name)),
                    ("column_name", text(it.name)),
                    ("ordinal_position", Value::Number(it.position)),
                    ("is_nullable", text(if it.not_null { "NO" } else { "YES" })),
                ]);
                if let Some(data_type) = it.data_type {
                    row.insert(
                        "udt_name",
                        text(if data_type.array { format!("_{}", data_type.name.name) } else { data_type.name.name.clone() }),
                    );
                    row.insert("data_type", text(standard_name(&data_type)));
                }
                row
            })
            .collect(),
        "table_constraints" => constraints(state, |it, definition| {
            let word = match definition {
                ConstraintKind::PrimaryKey(_) => "PRIMARY KEY",
                ConstraintKind::Unique(_) => "UNIQUE",
                ConstraintKind::ForeignKey(_) => "FOREIGN KEY",
                ConstraintKind::Check(_) | ConstraintKind::NotNull { .. } => "CHECK",
                ConstraintKind::Exclusion { .. } => return Vec::new(),
            };
            let mut row = constraint_row(it);
            row.insert("table_schema", text(&it.schema));
            row.insert("table_name", text(&it.parent));
            row.insert("constraint_type", text(word));
            vec![row]
        }),
        "key_column_usage" => constraints(state, |it, definition| {
            let columns = match definition {
                ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => &key.columns,
                ConstraintKind::ForeignKey(key) => &key.columns,
                _ => return Vec::new(),
            };
            columns.iter().map(|column| column_row(it, &it.schema, &it.parent, column)).collect()
        }),
        // Of a foreign key the referenced columns.
        "constraint_column_usage" => constraints(state, |it, definition| match definition {
            ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => {
                key.columns.iter().map(|column| column_row(it, &it.schema, &it.parent, column)).collect()
            }
            ConstraintKind::ForeignKey(key) => {
                let referenced = &key.references;
                key.referenced_columns.iter().map(|column| column_row(it, &referenced.schema, &referenced.name, column)).collect()
            }
            _ => Vec::new(),
        }),
        "referential_constraints" => constraints(state, |it, definition| match definition {
            ConstraintKind::ForeignKey(_) => vec![constraint_row(it)],
            _ => Vec::new(),
        }),
        _ => return None,
    })
}

fn constraints(state: &State<'_>, rows: impl Fn(&Identity, &ConstraintKind) -> Vec<Row>) -> Vec<Row> {
    let of_one = |(identity, object): (&Identity, &crate::catalog::Object)| match &object.definition {
        Definition::Constraint(it) => rows(identity, &it.kind),
        _ => Vec::new(),
    };
    state.catalog().of_kind(Kind::Constraint).flat_map(of_one).collect()
}

fn constraint_row(identity: &Identity) -> Row {
    Row::from([("constraint_schema", text(&identity.schema)), ("constraint_name", text(&identity.name))])
}

fn column_row(constraint: &Identity, schema: &str, table: &str, column: &str) -> Row {
    let mut row = constraint_row(constraint);
    row.insert("table_schema", text(schema));
    row.insert("table_name", text(table));
    row.insert("column_name", text(column));
    row
}

/// A type as `information_schema.columns.data_type` calls it.
fn standard_name(data_type: &DataType) -> &str {
    if data_type.array {
        return "ARRAY";
    }
    if !data_type.name.is_builtin() {
        return "USER-DEFINED";
    }
    match data_type.name.name.as_str() {
        "int2" => "smallint",
        "int4" => "integer",
        "int8" => "bigint",
        "float4" => "real",
        "float8" => "double precision",
        "bool" => "boolean",
        "varchar" => "character varying",
        "bpchar" => "character",
        "timestamp" => "timestamp without time zone",
        "timestamptz" => "timestamp with time zone",
        "time" => "time without time zone",
        "timetz" => "time with time zone",
        "varbit" => "bit varying",
        other => other,
    }
}
