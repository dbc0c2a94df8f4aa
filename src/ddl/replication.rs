//! Publications and subscriptions.

use super::Statement;
use super::quote::{identifiers, list, name, parenthesised, quote_identifier, quote_literal};
use crate::catalog::{Identity, Object, Publication, PublishedTable, Subscription};

pub(super) fn publication(identity: &Identity, object: &Object, publication: &Publication) -> Vec<Statement> {
    let Publication { all_tables, tables, schemas, publish, via_partition_root, generated_columns } = publication;
    let mut lines = Vec::new();
    if *all_tables {
        lines.push("FOR ALL TABLES".to_owned());
    }
    let tables = tables.iter().map(|table| format!("TABLE {}", published(table)));
    let schemas = schemas.iter().map(|schema| format!("TABLES IN SCHEMA {}", quote_identifier(schema)));
    let members: Vec<String> = tables.chain(schemas).collect();
    if !members.is_empty() {
        lines.push(format!("FOR {}", members.join(",\n        ")));
    }
    let mut options = Vec::new();
    if *publish != ["insert", "update", "delete", "truncate"] {
        options.push(format!("publish = {}", quote_literal(&publish.join(", "))));
    }
    if *via_partition_root {
        options.push("publish_via_partition_root = true".to_owned());
    }
    options.extend(generated_columns.as_ref().map(|which| format!("publish_generated_columns = {}", quote_identifier(which))));
    if !options.is_empty() {
        lines.push(format!("WITH ({})", options.join(", ")));
    }
    let lines: String = lines.iter().map(|line| format!("\n    {line}")).collect();
    vec![Statement::creating(identity, object, format!("CREATE PUBLICATION {}{lines};", quote_identifier(&identity.name)))]
}

/// Every table that is published is listed, those that inherit from another one too: `ONLY` keeps the server from adding more.
pub(super) fn published(table: &PublishedTable) -> String {
    let PublishedTable { table, columns, filter } = table;
    let columns = if columns.is_empty() { String::new() } else { format!(" ({})", identifiers(columns)) };
    let filter = filter.as_ref().map_or_else(String::new, |filter| format!(" WHERE {}", parenthesised(filter)));
    format!("ONLY {}{columns}{filter}", name(table))
}

pub(super) fn subscription(identity: &Identity, object: &Object, subscription: &Subscription) -> Vec<Statement> {
    let Subscription { publications, options } = subscription;
    // Without a connection nothing can be started: what would ask for one is left out.
    let starting = ["connect", "create_slot", "copy_data", "enabled"];
    let kept = options.iter().filter(|(option, _)| !starting.contains(&option.as_str()));
    let kept = kept.map(|(option, value)| format!("{} = {}", quote_identifier(option), quote_literal(value)));
    let options: Vec<String> = ["connect = false".to_owned()].into_iter().chain(kept).collect();
    let sql = format!(
        "-- The connection is not kept.\nCREATE SUBSCRIPTION {}\n    CONNECTION ''\n    PUBLICATION {}\n    WITH ({});",
        quote_identifier(&identity.name),
        list(publications, |publication| quote_identifier(publication)),
        options.join(", ")
    );
    vec![Statement::creating(identity, object, sql)]
}
