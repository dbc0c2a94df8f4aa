//! Views and materialised views.

use super::attributes::{column_comment, column_grants};
use super::data_type::data_type;
use super::query::Body;
use super::quote::{qualified, quote_identifier};
use super::table::{index_names, parameters, with};
use super::{Statement, Writer};
use crate::catalog::{Identity, MaterializedView, Object, View, ViewColumn};

pub(super) fn view(writer: &Writer<'_>, identity: &Identity, object: &Object, view: &View) -> Vec<Statement> {
    let View { columns, query: _, options: _ } = view;
    let own = qualified(&identity.schema, &identity.name);
    let replace = |words: &str| definition(words, identity, view);
    let mut statements = match shell(writer, identity, object, columns) {
        None => vec![Statement::creating(identity, object, replace("CREATE VIEW"))],
        Some(shell) => {
            let mut whole = Statement::creating(identity, object, replace("CREATE OR REPLACE VIEW"));
            whole.needs.insert(identity.clone());
            vec![shell, whole]
        }
    };
    for column in columns {
        // How a column is kept is a materialised view's only.
        let ViewColumn {
            name,
            data_type: _,
            not_null: _,
            default,
            storage: _,
            compression: _,
            statistics_target: _,
            options: _,
            comment,
            grants,
        } = column;
        if let Some(default) = default {
            let sql = format!("ALTER VIEW {own} ALTER COLUMN {} SET DEFAULT {};", quote_identifier(name), default.0);
            statements.push(Statement::after(identity, sql));
        }
        statements.extend(comment.as_ref().map(|comment| column_comment(identity, name, comment)));
        statements.extend(column_grants(identity, name, grants));
    }
    statements
}

/// The statement that leaves a view its columns and nothing behind them; none where their types are not known.
pub(super) fn hollow(identity: &Identity, view: &View) -> Option<String> {
    let line =
        |column: &ViewColumn| Some(format!("    NULL::{} AS {}", data_type(column.data_type.as_ref()?), quote_identifier(&column.name)));
    let lines: Option<Vec<String>> = view.columns.iter().map(line).collect();
    let lines = lines.filter(|lines| !lines.is_empty())?.join(",\n");
    Some(format!("CREATE OR REPLACE VIEW {} AS\nSELECT\n{lines};", qualified(&identity.schema, &identity.name)))
}

/// The statement that makes a view, with these words before its name.
pub(super) fn definition(words: &str, identity: &Identity, view: &View) -> String {
    let View { columns, query, options } = view;
    let own = qualified(&identity.schema, &identity.name);
    let body = Body::of(query);
    format!("{words} {own}{}{} AS\n{};", names(columns, &body), with(options, "\n"), body.text)
}

/// The view with the right columns and nothing behind them, for a view in a cycle, or one that reads itself: what needs it can be made, and then
/// the view itself in its place (`pg_dump` does the same, `createDummyViewAsClause`). It takes the type of every column.
fn shell(writer: &Writer<'_>, identity: &Identity, object: &Object, columns: &[ViewColumn]) -> Option<Statement> {
    let needs_itself = object.dependencies.iter().any(|dependency| dependency.on == *identity);
    if !needs_itself && writer.cycle(identity).is_none() {
        return None;
    }
    let types: Option<Vec<_>> = columns.iter().map(|column| column.data_type.as_ref()).collect();
    let types = types.filter(|types| !types.is_empty())?;
    let lines: Vec<String> = columns
        .iter()
        .zip(&types)
        .map(|(column, of)| format!("    NULL::{} AS {}", data_type(of), quote_identifier(&column.name)))
        .collect();
    let sql = format!("CREATE VIEW {} AS\nSELECT\n{};", qualified(&identity.schema, &identity.name), lines.join(",\n"));
    let mut shell = Statement::creating(identity, object, sql);
    let is_type = |need: &Identity| need.arguments.is_empty() && types.iter().any(|of| of.name == need.qualified_name());
    shell.needs.retain(|need| need.schema.is_empty() || is_type(need));
    shell.begins.append(&mut shell.creates);
    Some(shell)
}

pub(super) fn materialized_view(identity: &Identity, object: &Object, view: &MaterializedView) -> Vec<Statement> {
    let MaterializedView { columns, query, populated, access_method, tablespace, storage_parameters, cluster_on } = view;
    let own = qualified(&identity.schema, &identity.name);
    let body = Body::of(query);
    let mut sql = format!("CREATE MATERIALIZED VIEW {own}{}", names(columns, &body));
    if let Some(method) = access_method {
        sql.push_str(&format!("\nUSING {}", quote_identifier(method)));
    }
    sql.push_str(&with(storage_parameters, "\n"));
    if let Some(tablespace) = tablespace {
        sql.push_str(&format!("\nTABLESPACE {}", quote_identifier(tablespace)));
    }
    sql.push_str(&format!(" AS\n{}{};", body.text, if *populated { "" } else { "\nWITH NO DATA" }));
    let mut statements = vec![Statement::creating(identity, object, sql)];
    if let Some(index) = cluster_on {
        let sql = format!("ALTER MATERIALIZED VIEW {own} CLUSTER ON {};", quote_identifier(index));
        statements.push(Statement::after(identity, sql).needing(index_names(identity, index)));
    }
    for column in columns {
        // A default is a view's only: a materialised one takes no rows.
        let ViewColumn { name, data_type: _, not_null: _, default: _, storage, compression, statistics_target, options, comment, grants } =
            column;
        let settings = [
            storage.as_ref().map(|it| format!("SET STORAGE {}", it.to_uppercase())),
            compression.as_ref().map(|it| format!("SET COMPRESSION {}", quote_identifier(it))),
            statistics_target.map(|it| format!("SET STATISTICS {it}")),
            (!options.is_empty()).then(|| format!("SET ({})", parameters(options))),
        ];
        let alter = |action| format!("ALTER MATERIALIZED VIEW {own} ALTER COLUMN {} {action};", quote_identifier(name));
        statements.extend(settings.into_iter().flatten().map(|action| Statement::after(identity, alter(action))));
        statements.extend(comment.as_ref().map(|comment| column_comment(identity, name, comment)));
        statements.extend(column_grants(identity, name, grants));
    }
    statements
}

/// The names of the columns, in parentheses after a space, where the query alone would give others.
fn names(columns: &[ViewColumn], body: &Body) -> String {
    if columns.is_empty() || body.names_all(columns) {
        return String::new();
    }
    let lines: Vec<String> = columns.iter().map(|column| format!("    {}", quote_identifier(&column.name))).collect();
    format!(" (\n{}\n)", lines.join(",\n"))
}
