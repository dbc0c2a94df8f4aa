//! Foreign data wrappers, servers and user mappings.

use std::collections::BTreeMap;

use super::{Alteration, Altered};
use crate::catalog::{ForeignDataWrapper, ForeignServer, UserMapping};
use crate::ddl::attributes::role;
use crate::ddl::quote::{name, quote_identifier, quote_literal};

pub(super) fn wrapper(it: &Altered<'_, '_>, old: &ForeignDataWrapper, new: &ForeignDataWrapper) -> Alteration {
    let ForeignDataWrapper { handler, validator, options } = new;
    let mut clauses = Vec::new();
    for (word, before, after) in [("HANDLER", &old.handler, handler), ("VALIDATOR", &old.validator, validator)] {
        if before != after {
            clauses.push(after.as_ref().map_or_else(|| format!("NO {word}"), |function| format!("{word} {}", name(function))));
        }
    }
    clauses.extend(option_changes(&old.options, options));
    let own = quote_identifier(&it.identity.name);
    let sql = format!("ALTER FOREIGN DATA WRAPPER {own} {};", clauses.join(" "));
    Alteration::one((!clauses.is_empty()).then(|| it.naming(sql)))
}

pub(super) fn server(it: &Altered<'_, '_>, old: &ForeignServer, new: &ForeignServer) -> Alteration {
    let ForeignServer { wrapper, server_type, version, options } = new;
    if *wrapper != old.wrapper {
        return Alteration::Replace("the foreign data wrapper of a server can't be altered");
    }
    if *server_type != old.server_type {
        return Alteration::Replace("the type of a server can't be altered");
    }
    let mut clauses = Vec::new();
    if *version != old.version {
        clauses.push(format!("VERSION {}", version.as_ref().map_or_else(|| "NULL".to_owned(), |version| quote_literal(version))));
    }
    clauses.extend(option_changes(&old.options, options));
    let sql = format!("ALTER SERVER {} {};", quote_identifier(&it.identity.name), clauses.join(" "));
    Alteration::one((!clauses.is_empty()).then(|| it.statement(sql)))
}

/// The values of options are not kept: a new option is made empty, and that is said.
pub(super) fn user_mapping(it: &Altered<'_, '_>, old: &UserMapping, new: &UserMapping) -> Alteration {
    let UserMapping { option_names } = new;
    let nothing = |names: &[String]| names.iter().map(|name| (name.clone(), String::new())).collect();
    let Some(changes) = option_changes(&nothing(&old.option_names), &nothing(option_names)) else { return Alteration::one(None) };
    let mut sql = String::new();
    if changes.contains("ADD ") {
        sql.push_str("-- The values of options are not kept: put them in.\n");
    }
    let user = role(&it.identity.name);
    sql.push_str(&format!("ALTER USER MAPPING FOR {user} SERVER {} {changes};", quote_identifier(&it.identity.parent)));
    Alteration::one(Some(it.statement(sql)))
}

/// `OPTIONS (ADD …, SET …, DROP …)` that leads from some options to others, where they differ.
pub(super) fn option_changes(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Option<String> {
    let mut changes: Vec<String> =
        old.keys().filter(|key| !new.contains_key(*key)).map(|key| format!("DROP {}", quote_identifier(key))).collect();
    for (key, value) in new.iter().filter(|(key, value)| old.get(*key) != Some(value)) {
        let word = if old.contains_key(key) { "SET" } else { "ADD" };
        changes.push(format!("{word} {} {}", quote_identifier(key), quote_literal(value)));
    }
    (!changes.is_empty()).then(|| format!("OPTIONS ({})", changes.join(", ")))
}
