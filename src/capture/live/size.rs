//! How large tables and indexes are, for those who want to know how long a change of them takes.

use serde::Deserialize;

use super::CaptureError;
use super::connection::Connection;
use crate::catalog::{Identity, Kind, QualifiedName, Size, Sizes};

/// An estimate without rows was never made: -1 since 14; before, a table without pages may be empty or unknown.
const QUERY: &str = "
    SELECT pg_catalog.row_to_json(q) FROM (
        SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind, t.relname AS table,
            k.oid IS NOT NULL AS of_constraint,
            CASE WHEN c.relkind NOT IN ('i', 'I') AND c.reltuples >= 0 AND (c.reltuples > 0 OR c.relpages > 0) THEN c.reltuples::bigint END AS rows,
            pg_catalog.pg_table_size(c.oid) AS bytes
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
        LEFT JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
        LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = c.oid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
        WHERE c.relkind IN ('r', 'p', 'm', 'i') AND c.relpersistence <> 't'
            AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ) q WHERE bytes IS NOT NULL";

/// A row of the query.
#[derive(Deserialize)]
struct Row {
    schema: String,
    name: String,
    kind: char,
    /// Whose index it is.
    table: Option<String>,
    of_constraint: bool,
    rows: Option<u64>,
    bytes: u64,
}

/// Returns the sizes of all tables, materialized views and indexes, as the server knows them now.
///
/// # Errors
/// If the server refuses the query, or goes away.
pub fn sizes(connection: &Connection) -> Result<Sizes, CaptureError> {
    let [statement, lock] = connection.limits();
    let script = format!("BEGIN READ ONLY; {statement}; {lock}; {QUERY}; COMMIT");
    let mut results = connection.run(&script)?;
    // BEGIN and COMMIT have a result each, too.
    let rows = results.get_mut(3).map(std::mem::take).unwrap_or_default();
    rows.iter()
        .map(|row| {
            let row: Row = serde_json::from_str(row).map_err(|error| CaptureError::Answer(error.to_string()))?;
            let Row { schema, name, kind, table, of_constraint, rows, bytes } = row;
            let identity = match (kind, table) {
                ('m', _) => Identity::new(Kind::MaterializedView, schema, name),
                (_, Some(table)) if of_constraint => Identity::within(Kind::Constraint, &QualifiedName::new(schema, table), name),
                (_, Some(_)) => Identity::new(Kind::Index, schema, name),
                (_, None) => Identity::new(Kind::Table, schema, name),
            };
            Ok((identity, Size { rows, bytes }))
        })
        .collect()
}
