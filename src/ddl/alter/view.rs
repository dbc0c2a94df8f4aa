//! Views and materialised views.

use std::collections::BTreeMap;

use super::attributes::column_attributes;
use super::column::{Keeping, keeping};
use super::table::settings;
use super::{Alteration, Altered};
use crate::catalog::{MaterializedView, View, ViewColumn};
use crate::ddl::Statement;
use crate::ddl::quote::{qualified, quote_identifier};
use crate::ddl::table::index_names;
use crate::ddl::view as create;

/// `CREATE OR REPLACE VIEW` where the old columns stay what they are and new ones come last
/// (`src/backend/commands/view.c`, `checkViewColumns`).
pub(super) fn view(it: &Altered<'_, '_>, old: &View, new: &View) -> Alteration {
    let View { columns, query, options } = new;
    if !keeps_columns(&old.columns, columns) {
        return Alteration::Replace("columns of a view can be added at the end, but not altered or taken away");
    }
    let own = qualified(&it.identity.schema, &it.identity.name);
    let mut statements = Vec::new();
    if *query != old.query || columns.len() != old.columns.len() {
        let mut again = it.anew(create::definition("CREATE OR REPLACE VIEW", it.identity, new));
        again.adds.extend(columns.iter().skip(old.columns.len()).map(|column| (it.identity.clone(), column.name.clone())));
        statements.push(again);
    } else {
        statements.extend(settings(&old.options, options).into_iter().map(|action| it.statement(format!("ALTER VIEW {own} {action};"))));
    }
    for (column, before) in with_before(&old.columns, columns) {
        if before.and_then(|it| it.default.as_ref()) != column.default.as_ref() {
            let action = column.default.as_ref().map_or_else(|| "DROP DEFAULT".to_owned(), |default| format!("SET DEFAULT {}", default.0));
            statements.push(it.naming(format!("ALTER VIEW {own} ALTER COLUMN {} {action};", quote_identifier(&column.name))));
        }
    }
    statements.extend(said_of_columns(it, &old.columns, columns));
    Alteration::Statements(statements)
}

pub(super) fn materialized_view(it: &Altered<'_, '_>, old: &MaterializedView, new: &MaterializedView) -> Alteration {
    let MaterializedView { columns, query, populated, access_method, tablespace, storage_parameters, cluster_on } = new;
    if *query != old.query || columns.len() != old.columns.len() || !keeps_columns(&old.columns, columns) {
        return Alteration::Replace("the query of a materialized view can't be altered");
    }
    if *access_method != old.access_method && it.to.major < 15 {
        return Alteration::Replace("the access method of a materialized view can't be altered before PostgreSQL 15");
    }
    let own = qualified(&it.identity.schema, &it.identity.name);
    let alter = |action: String| it.statement(format!("ALTER MATERIALIZED VIEW {own} {action};"));
    let mut statements = Vec::new();
    if *access_method != old.access_method {
        statements.push(alter(format!("SET ACCESS METHOD {}", quote_identifier(access_method.as_deref().unwrap_or("heap")))));
    }
    if *tablespace != old.tablespace {
        statements.push(alter(format!("SET TABLESPACE {}", quote_identifier(tablespace.as_deref().unwrap_or("pg_default")))));
    }
    statements.extend(settings(&old.storage_parameters, storage_parameters).into_iter().map(alter));
    if *cluster_on != old.cluster_on {
        statements.push(match cluster_on {
            Some(index) => alter(format!("CLUSTER ON {}", quote_identifier(index))).needing(index_names(it.identity, index)),
            None => alter("SET WITHOUT CLUSTER".to_owned()),
        });
    }
    for (column, before) in columns.iter().zip(&old.columns) {
        let Some(of) = &column.data_type else { continue };
        let actions = keeping(of, &kept(before), &kept(column));
        statements.extend(actions.into_iter().map(|action| alter(format!("ALTER COLUMN {} {action}", quote_identifier(&column.name)))));
    }
    if *populated != old.populated {
        let data = if *populated { "" } else { " WITH NO DATA" };
        statements.push(it.statement(format!("REFRESH MATERIALIZED VIEW {own}{data};")));
    }
    statements.extend(said_of_columns(it, &old.columns, columns));
    Alteration::Statements(statements)
}

fn kept(column: &ViewColumn) -> Keeping<'_> {
    Keeping { storage: &column.storage, compression: &column.compression, target: column.statistics_target, options: &column.options }
}

/// Whether all old columns are there, in place, with name and type. What type isn't known might be another.
fn keeps_columns(old: &[ViewColumn], new: &[ViewColumn]) -> bool {
    let same = |(old, new): (&ViewColumn, &ViewColumn)| old.name == new.name && old.data_type.is_some() && old.data_type == new.data_type;
    old.len() <= new.len() && old.iter().zip(new).all(same)
}

/// Columns, each with what stood in its place.
fn with_before<'c>(old: &'c [ViewColumn], new: &'c [ViewColumn]) -> impl Iterator<Item = (&'c ViewColumn, Option<&'c ViewColumn>)> {
    new.iter().enumerate().map(|(place, column)| (column, old.get(place)))
}

fn said_of_columns(it: &Altered<'_, '_>, old: &[ViewColumn], new: &[ViewColumn]) -> Vec<Statement> {
    let nothing = BTreeMap::new();
    let said = |(column, before): (&ViewColumn, Option<&ViewColumn>)| {
        let ViewColumn {
            name,
            data_type: _,
            not_null: _,
            default: _,
            storage: _,
            compression: _,
            statistics_target: _,
            options: _,
            comment,
            grants,
        } = column;
        let before = before.map_or((None, &[][..]), |before| (before.comment.as_deref(), before.grants.as_slice()));
        column_attributes(it, name, (before.0, before.1, &nothing), (comment.as_deref(), grants, &nothing))
    };
    with_before(old, new).flat_map(said).collect()
}
