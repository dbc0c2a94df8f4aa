//! Publications and subscriptions.

use super::{Alteration, Altered};
use crate::catalog::{Publication, Subscription};
use crate::ddl::quote::{list, name, quote_identifier, quote_literal};
use crate::ddl::replication::published;

pub(super) fn publication(it: &Altered<'_, '_>, old: &Publication, new: &Publication) -> Alteration {
    let Publication { all_tables, tables, schemas, publish, via_partition_root, generated_columns } = new;
    if *all_tables != old.all_tables {
        return Alteration::Replace("whether a publication is of all tables can't be altered");
    }
    let alter = format!("ALTER PUBLICATION {}", quote_identifier(&it.identity.name));
    let mut statements = Vec::new();
    let is_changed = |table: &crate::catalog::PublishedTable| old.tables.iter().any(|it| it.table == table.table && it != table);
    if tables.iter().any(is_changed) {
        // Another filter or list of columns of a table that stays: in one statement, so that no change of it is missed.
        let members = tables.iter().map(|table| format!("TABLE {}", published(table)));
        let members: Vec<String> =
            members.chain(schemas.iter().map(|schema| format!("TABLES IN SCHEMA {}", quote_identifier(schema)))).collect();
        statements.push(it.naming(format!("{alter} SET {};", members.join(",\n    "))));
    } else {
        let gone = old.tables.iter().filter(|table| !tables.contains(table)).map(|table| format!("TABLE {}", name(&table.table)));
        let gone_schemas = old.schemas.iter().filter(|schema| !schemas.contains(schema));
        let gone: Vec<String> = gone.chain(gone_schemas.map(|schema| format!("TABLES IN SCHEMA {}", quote_identifier(schema)))).collect();
        let added = tables.iter().filter(|table| !old.tables.contains(table)).map(|table| format!("TABLE {}", published(table)));
        let added_schemas = schemas.iter().filter(|schema| !old.schemas.contains(schema));
        let added: Vec<String> =
            added.chain(added_schemas.map(|schema| format!("TABLES IN SCHEMA {}", quote_identifier(schema)))).collect();
        for (word, members) in [("DROP", gone), ("ADD", added)] {
            if !members.is_empty() {
                statements.push(it.naming(format!("{alter} {word} {};", members.join(",\n    "))));
            }
        }
    }
    let mut options = Vec::new();
    if *publish != old.publish {
        options.push(format!("publish = {}", quote_literal(&publish.join(", "))));
    }
    if *via_partition_root != old.via_partition_root {
        options.push(format!("publish_via_partition_root = {via_partition_root}"));
    }
    if *generated_columns != old.generated_columns {
        options.push(format!("publish_generated_columns = {}", quote_identifier(generated_columns.as_deref().unwrap_or("none"))));
    }
    if !options.is_empty() {
        statements.push(it.statement(format!("{alter} SET ({});", options.join(", "))));
    }
    Alteration::Statements(statements)
}

/// What leads to the options that a subscription is to have, as far as no connection is asked for. What is left out has
/// its default (documentation, CREATE SUBSCRIPTION).
pub(super) fn subscription(it: &Altered<'_, '_>, old: &Subscription, new: &Subscription) -> Alteration {
    let Subscription { publications, options } = new;
    let own = quote_identifier(&it.identity.name);
    let mut statements = Vec::new();
    if *publications != old.publications {
        let publications = list(publications, |publication| quote_identifier(publication));
        statements.push(it.statement(format!("ALTER SUBSCRIPTION {own} SET PUBLICATION {publications} WITH (refresh = false);")));
    }
    let names = old.options.keys().chain(options.keys().filter(|name| !old.options.contains_key(*name)));
    let (mut settings, mut enables) = (Vec::new(), None);
    for option in names.filter(|option| old.options.get(*option) != options.get(*option)) {
        let value = options.get(option);
        let said = |default: &str| format!("{} = {}", quote_identifier(option), quote_literal(value.map_or(default, String::as_str)));
        match option.as_str() {
            // They are for the making of it only.
            "connect" | "create_slot" | "copy_data" => {}
            "enabled" => enables = Some(value.is_none_or(|value| value == "true")),
            "two_phase" if it.to.major < 18 => {
                return Alteration::Replace("whether a subscription has two phases can't be altered before PostgreSQL 18");
            }
            "slot_name" => settings.push(match value.map(String::as_str) {
                Some("none") => "slot_name = NONE".to_owned(),
                _ => said(&it.identity.name),
            }),
            "password_required" => settings.push(said("true")),
            "synchronous_commit" => settings.push(said("off")),
            "streaming" => settings.push(said(if it.to.major >= 18 { "parallel" } else { "off" })),
            "origin" => settings.push(said("any")),
            _ => settings.push(said("false")),
        }
    }
    let settings = (!settings.is_empty()).then(|| format!("ALTER SUBSCRIPTION {own} SET ({});", settings.join(", ")));
    let switch = enables.map(|on| format!("ALTER SUBSCRIPTION {own} {};", if on { "ENABLE" } else { "DISABLE" }));
    // Some options are taken by a subscription that is off only.
    let (before, after) = if enables == Some(false) { (switch, settings) } else { (settings, switch) };
    statements.extend(before.into_iter().chain(after).map(|sql| it.statement(sql)));
    Alteration::Statements(statements)
}
