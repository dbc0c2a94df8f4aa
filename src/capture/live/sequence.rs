//! Sequences, those of `serial` and identity columns included.

use serde::Deserialize;

use crate::capture::script::column;
use crate::catalog::{
    ColumnIdentity, Definition, Dependency, Identity, IdentityGeneration, Kind, Sequence, SequenceOptions, SequenceOwner,
};

use super::known::Oid;
use super::rows::{Answers, Row};
use super::{Builder, CaptureError};

#[derive(Deserialize)]
pub(super) struct SequenceRow {
    oid: Oid,
    schema: String,
    name: String,
    owner: String,
    acl: Option<Vec<String>>,
    unlogged: bool,
    data_type: Oid,
    start: i64,
    increment: i64,
    min: i64,
    max: i64,
    cache: i64,
    cycle: bool,
    table: Option<Oid>,
    column: Option<i16>,
    identity: Option<String>,
    dependency: Option<String>,
}

impl Row for SequenceRow {
    const QUERY: &'static str = "
        SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner,
            c.relacl::text[] AS acl, c.relpersistence = 'u' AS unlogged, s.seqtypid::int8 AS data_type, s.seqstart AS start,
            s.seqincrement AS increment, s.seqmin AS min, s.seqmax AS max, s.seqcache AS cache, s.seqcycle AS cycle,
            d.refobjid::int8 AS table, d.refobjsubid AS column, d.deptype AS dependency, a.attidentity AS identity
        FROM pg_catalog.pg_sequence s
        JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE c.relpersistence <> 't' AND $own";
}

pub(super) fn sequences(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<SequenceRow>()? {
        if it.known.is_member("pg_class", row.oid) {
            continue;
        }
        let table = row.table.and_then(|oid| it.known.object("pg_class", oid).cloned());
        if row.table.is_some_and(|oid| it.known.is_member("pg_class", oid)) {
            // It belongs to a column of an extension's table, and so to the extension.
            continue;
        }
        let column = row.table.zip(row.column).and_then(|(table, number)| it.known.column(table, number)).map(str::to_owned);
        let is_identity = row.dependency.as_deref() == Some("i");
        let owner = table.clone().zip(column);
        let options = SequenceOptions {
            data_type: it.known.data_type(row.data_type, None),
            start: row.start,
            increment: row.increment,
            min: row.min,
            max: row.max,
            cache: row.cache,
            cycle: row.cycle,
        };
        let identity = Identity::new(Kind::Sequence, row.schema, row.name);
        let sequence = Sequence {
            options,
            owner: owner.as_ref().map(|(table, column)| SequenceOwner {
                table: table.qualified_name(),
                column: column.clone(),
                identity: is_identity,
            }),
            unlogged: row.unlogged,
        };
        let mut object = it.object(&identity, Definition::Sequence(sequence), row.owner, row.acl.as_deref());
        if let Some((table, column)) = owner {
            object.dependencies.insert(Dependency::on_column(table.clone(), column.clone()).auto());
            if is_identity {
                let generation =
                    if row.identity.as_deref() == Some("a") { IdentityGeneration::Always } else { IdentityGeneration::ByDefault };
                let name = identity.name.clone();
                column::change(&mut it.state, &table, &column, |it| it.identity = Some(ColumnIdentity { generation, sequence: name }));
            }
        }
        it.put("pg_class", row.oid, identity, object);
    }
    Ok(())
}
