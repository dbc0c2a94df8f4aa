//! Rows for the tables of any schema, and whether a migration keeps them.
//!
//! [`fill`] tries values of each column's type until some rows suit what a table demands; what no row suits stays empty. [`kept`] tells
//! which values must be the same after a migration: of every table and column that both schemas have, but for what the migration says that
//! it destroys. [`values`] reads them. This module must not know which schemas it is given.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pgx_goose::catalog::{Catalog, Column, DataType, Definition, Identity, Kind, PartitionBound, QualifiedName, Table};
use pgx_goose::ddl::{quote_identifier, quote_literal};
use pgx_goose::plan::Step;

use crate::random::Random;
use crate::server::Database;

/// How many rows are tried for a table.
const ATTEMPTS: usize = 12;

/// Values of a table that a migration must keep.
pub(crate) struct Kept {
    table: String,
    /// What must be the same, as expressions of text.
    values: Vec<String>,
}

/// Puts rows into the tables, and tells how many there are.
pub(crate) fn fill(database: &Database<'_>, catalog: &Catalog, seed: u64) -> Result<u64, String> {
    let mut random = Random::new(seed ^ 0xDA7A);
    let mut script = "DO $fill$ BEGIN\nSET CONSTRAINTS ALL IMMEDIATE;\n".to_owned();
    for _ in 0..ATTEMPTS {
        for (identity, object) in catalog.of_kind(Kind::Table) {
            let Definition::Table(table) = &object.definition else { continue };
            let bounds = bounds(catalog, identity);
            let mut columns = Vec::new();
            let mut values = Vec::new();
            for column in table.columns.iter().filter(|it| it.generated.is_none() && it.identity.is_none()) {
                // Now and then what it has by itself, or nothing.
                if (column.default.is_some() && random.once_in(4)) || (!column.not_null && random.once_in(5)) {
                    continue;
                }
                let mut candidates = candidates(catalog, &column.data_type, 0);
                let in_bounds = random.once_in(3);
                if let Some((_, bound)) = bounds.iter().find(|(key, _)| *key == column.name).filter(|_| !in_bounds) {
                    candidates.clone_from(bound);
                }
                if let Some(value) = random.pick(&candidates) {
                    columns.push(quote_identifier(&column.name));
                    values.push(value.clone());
                }
            }
            let name = sql_name(identity);
            let row = match columns.is_empty() {
                true => "DEFAULT VALUES".to_owned(),
                false => format!("({}) VALUES ({})", columns.join(", "), values.join(", ")),
            };
            let _ = writeln!(script, "BEGIN INSERT INTO {name} {row}; EXCEPTION WHEN OTHERS THEN NULL; END;");
        }
    }
    script.push_str("END $fill$;\n");
    let counts = catalog.of_kind(Kind::Table).map(|(identity, _)| format!("(SELECT count(*) FROM ONLY {})", sql_name(identity)));
    let counts: Vec<String> = counts.collect();
    if counts.is_empty() {
        return Ok(0);
    }
    let _ = writeln!(script, "SELECT {};", counts.join(" + "));
    let told = database.run(&script)?;
    told.trim().parse().map_err(|_| format!("a count of rows: {told}"))
}

fn sql_name(identity: &Identity) -> String {
    format!("{}.{}", quote_identifier(&identity.schema), quote_identifier(&identity.name))
}

/// What columns of a partition may have, by its bound.
fn bounds(catalog: &Catalog, table: &Identity) -> Vec<(String, Vec<String>)> {
    let Some(Definition::Table(of)) = catalog.get(table).map(|it| &it.definition) else { return Vec::new() };
    let Some(partition) = &of.partition_of else { return Vec::new() };
    let parent = Identity::new(Kind::Table, partition.parent.schema.clone(), partition.parent.name.clone());
    let Some(Definition::Table(parent)) = catalog.get(&parent).map(|it| &it.definition) else { return Vec::new() };
    let keys = parent.partition_key.iter().flat_map(|it| &it.keys).map(|it| it.column.clone().unwrap_or_default());
    let values: Vec<Vec<String>> = match &partition.bound {
        PartitionBound::List(list) => vec![list.iter().map(|it| it.0.clone()).collect()],
        PartitionBound::Range { from, .. } => from.iter().map(|it| vec![it.0.clone()]).collect(),
        _ => Vec::new(),
    };
    let is_value = |it: &String| it != "MINVALUE" && it != "MAXVALUE";
    keys.zip(values).map(|(key, list)| (key, list.into_iter().filter(is_value).collect::<Vec<_>>())).filter(|it| !it.1.is_empty()).collect()
}

/// Literals of a type.
fn candidates(catalog: &Catalog, of: &DataType, depth: usize) -> Vec<String> {
    if of.array {
        let element = DataType { array: false, ..of.clone() };
        let of = data_type(of);
        let some = candidates(catalog, &element, depth).into_iter().take(2).map(|it| format!("ARRAY[{it}]::{of}"));
        return some.chain([format!("'{{}}'::{of}")]).collect();
    }
    let quoted = |list: &[&str]| list.iter().map(|it| quote_literal(it)).collect::<Vec<String>>();
    let own = |kind: Kind| catalog.get(&Identity::new(kind, of.name.schema.clone(), of.name.name.clone())).map(|it| &it.definition);
    if let Some(Definition::Enum(it)) = own(Kind::Enum) {
        return it.labels.iter().map(|it| quote_literal(it)).collect();
    }
    if let Some(Definition::Domain(it)) = own(Kind::Domain).filter(|_| depth < 8) {
        return candidates(catalog, &it.base, depth + 1);
    }
    if let Some(Definition::Composite(it)) = own(Kind::Composite).filter(|_| depth < 4) {
        let rows = (0..2).map(|at| {
            let fields = it.attributes.iter().map(|it| {
                let values = candidates(catalog, &it.data_type, depth + 1);
                let value = values.get(at % values.len().max(1)).cloned().unwrap_or_else(|| "NULL".to_owned());
                format!("{value}::{}", data_type(&it.data_type))
            });
            format!("ROW({})::{}", fields.collect::<Vec<_>>().join(", "), data_type(of))
        });
        return rows.collect();
    }
    if let Some(Definition::Range(_)) = own(Kind::Range) {
        return quoted(&["empty"]);
    }
    match of.name.name.as_str() {
        "int2" | "int4" | "int8" | "oid" => quoted(&["1", "2", "3", "0", "5", "7", "12", "100"]),
        "numeric" | "float4" | "float8" | "money" => quoted(&["1", "0.5", "2", "0", "12.25", "3"]),
        "text" | "varchar" | "bpchar" | "name" | "citext" => quoted(&["x", "a", "b", "y", "abc", "it's", "new", "1", ""]),
        "bool" => quoted(&["true", "false"]),
        "timestamp" | "timestamptz" => quoted(&["2024-02-29 12:30:00.25+00", "2019-01-01 00:00:00+00", "2021-06-01 10:00:00+00"]),
        "date" => quoted(&["2024-02-29", "2019-01-01"]),
        "time" | "timetz" => quoted(&["12:30:00", "00:00:01.5"]),
        "interval" => quoted(&["1 day", "02:30:00", "3 mons"]),
        "json" | "jsonb" => quoted(&["{\"a\": [1, null]}", "null", "{\"n\": \"1\", \"b\": 2}"]),
        "uuid" => quoted(&["8f0a3c1e-0000-4000-8000-000000000001", "8f0a3c1e-0000-4000-8000-000000000002"]),
        "bytea" => quoted(&["\\x00ff", "\\x", "\\x41"]),
        "inet" | "cidr" => quoted(&["10.0.0.0/8", "192.168.1.0/24"]),
        "int4range" | "int8range" | "numrange" => quoted(&["[1,5)", "empty", "[2,)"]),
        "tsrange" | "tstzrange" | "daterange" => quoted(&["[2024-01-01,2025-01-01)"]),
        "xml" => quoted(&["<a/>"]),
        "bit" | "varbit" => quoted(&["1", "101", "11111111"]),
        "tsvector" => quoted(&["'a':1 'b'"]),
        "point" => quoted(&["(1,2)"]),
        "regclass" => quoted(&["pg_catalog.pg_class"]),
        _ => quoted(&["1"]),
    }
}

fn data_type(of: &DataType) -> String {
    let name = match of.name.schema.as_str() {
        "" => quote_identifier(&of.name.name),
        schema => format!("{}.{}", quote_identifier(schema), quote_identifier(&of.name.name)),
    };
    format!("{name}{}", if of.array { "[]" } else { "" })
}

/// When rows are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// After the way up.
    After,
    /// After both ways, when also what had another name in between has its old one.
    Back,
}

/// What must be the same in the tables of both schemas.
pub(crate) fn kept<'s>(before: &Catalog, after: &Catalog, steps: impl Iterator<Item = &'s Step>, at: At) -> Vec<Kept> {
    let lost: BTreeSet<String> = steps.filter_map(|it| it.loses.clone()).collect();
    let is_lost = |text: String| lost.iter().any(|it| it.starts_with(&text));
    let mut kept = Vec::new();
    for (identity, object) in before.of_kind(Kind::Table) {
        let there = after.get(identity).or((at == At::Back).then_some(object));
        let (Definition::Table(old), Some(Definition::Table(new))) = (&object.definition, there.map(|it| &it.definition)) else {
            continue;
        };
        if lineage(before, identity).iter().any(|it| is_lost(format!("every row of {it}"))) {
            continue;
        }
        let stays = |old: &&Column| {
            new.columns.iter().any(|new| new.name == old.name && new.generated.is_none())
                && old.generated.is_none()
                && !lost.iter().any(|it| it.starts_with(&format!("all values of column {} of ", old.name)))
        };
        let mut values = Vec::new();
        for column in old.columns.iter().filter(stays) {
            let Some(other) = new.columns.iter().find(|it| it.name == column.name) else { continue };
            let name = quote_identifier(&column.name);
            values.push(match column.data_type == other.data_type && is_same_type(before, after, &column.data_type) {
                true => format!("coalesce(quote_literal({name}::text), 'NULL')"),
                false => format!("({name} IS NOT DISTINCT FROM NULL)::text"),
            });
        }
        kept.push(Kept { table: sql_name(identity), values });
    }
    kept
}

/// A table, and those that it is a partition of: their rows are its rows.
fn lineage(catalog: &Catalog, table: &Identity) -> Vec<QualifiedName> {
    let mut found = vec![table.qualified_name()];
    while let Some(Definition::Table(Table { partition_of: Some(it), .. })) =
        found.last().and_then(|it| catalog.get(&Identity::new(Kind::Table, it.schema.clone(), it.name.clone()))).map(|it| &it.definition)
    {
        found.push(it.parent.clone());
    }
    found
}

/// Whether values of a type are written alike: an enum's, a domain's or a range's always, a composite type's where it has the same attributes.
fn is_same_type(before: &Catalog, after: &Catalog, of: &DataType) -> bool {
    let composite = |catalog: &Catalog| {
        let identity = Identity::new(Kind::Composite, of.name.schema.clone(), of.name.name.clone());
        catalog.get(&identity).map(|it| it.definition.clone())
    };
    let domain = |catalog: &Catalog| match catalog.get(&Identity::new(Kind::Domain, of.name.schema.clone(), of.name.name.clone())) {
        Some(object) => match &object.definition {
            Definition::Domain(it) => Some(it.base.clone()),
            _ => None,
        },
        None => None,
    };
    match (domain(before), domain(after)) {
        (Some(old), Some(new)) => old == new && is_same_type(before, after, &old),
        _ => match (composite(before), composite(after)) {
            (Some(Definition::Composite(old)), Some(Definition::Composite(new))) => {
                let names = |it: &pgx_goose::catalog::Composite| {
                    it.attributes.iter().map(|it| (it.name.clone(), it.data_type.clone())).collect::<Vec<_>>()
                };
                names(&old) == names(&new) && old.attributes.iter().all(|it| is_same_type(before, after, &it.data_type))
            }
            _ => true,
        },
    }
}

/// What the tables have, a line a row, in no order of theirs.
pub(crate) fn values(database: &Database<'_>, kept: &[Kept]) -> Result<String, String> {
    let mut script = String::new();
    for Kept { table, values } in kept {
        let row = if values.is_empty() { "''".to_owned() } else { format!("concat_ws(' | ', {})", values.join(", ")) };
        let _ = writeln!(
            script,
            "SELECT {} || ': ' || row FROM (SELECT {row} AS row FROM ONLY {table}) t ORDER BY row COLLATE \"C\";",
            quote_literal(table)
        );
    }
    if script.is_empty() { Ok(script) } else { database.run(&script) }
}

/// The rows that are gone, and those that came.
pub(crate) fn difference(had: &str, has: &str) -> String {
    let only = |sign: &str, of: &str, other: &str| {
        let mut rest: Vec<&str> = other.lines().collect();
        let mut only = String::new();
        for line in of.lines() {
            match rest.iter().position(|it| *it == line) {
                Some(at) => drop(rest.swap_remove(at)),
                None => only.push_str(&format!("{sign} {line}\n")),
            }
        }
        only
    };
    only("-", had, has) + &only("+", has, had)
}

/// Whether a server refuses something because of the rows that are there: data exceptions and violated constraints (SQLSTATE 22 and 23).
/// The script must have been run after [`VERBOSE`].
pub(crate) fn is_about_rows(error: &str) -> bool {
    error.contains("ERROR:  22") || error.contains("ERROR:  23")
}

/// Makes psql say the SQLSTATE of errors.
pub(crate) const VERBOSE: &str = "\\set VERBOSITY verbose\n";
