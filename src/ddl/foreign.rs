//! Foreign data wrappers, servers and user mappings. Foreign tables stand with tables.

use std::collections::BTreeMap;

use super::Statement;
use super::attributes::role;
use super::quote::{list, name, quote_identifier, quote_literal};
use crate::catalog::{ForeignDataWrapper, ForeignServer, Identity, Object, UserMapping};

pub(super) fn wrapper(identity: &Identity, object: &Object, wrapper: &ForeignDataWrapper) -> Vec<Statement> {
    let ForeignDataWrapper { handler, validator, options: given } = wrapper;
    let mut sql = format!("CREATE FOREIGN DATA WRAPPER {}", quote_identifier(&identity.name));
    for (word, function) in [("HANDLER", handler), ("VALIDATOR", validator)] {
        if let Some(function) = function {
            sql.push_str(&format!(" {word} {}", name(function)));
        }
    }
    sql.push_str(&options(given));
    sql.push(';');
    vec![Statement::creating(identity, object, sql)]
}

pub(super) fn server(identity: &Identity, object: &Object, server: &ForeignServer) -> Vec<Statement> {
    let ForeignServer { wrapper, server_type, version, options: given } = server;
    let mut sql = format!("CREATE SERVER {}", quote_identifier(&identity.name));
    for (word, value) in [("TYPE", server_type), ("VERSION", version)] {
        if let Some(value) = value {
            sql.push_str(&format!(" {word} {}", quote_literal(value)));
        }
    }
    sql.push_str(&format!(" FOREIGN DATA WRAPPER {}{};", quote_identifier(wrapper), options(given)));
    vec![Statement::creating(identity, object, sql)]
}

pub(super) fn user_mapping(identity: &Identity, object: &Object, mapping: &UserMapping) -> Vec<Statement> {
    let UserMapping { option_names } = mapping;
    let mut sql = String::new();
    if !option_names.is_empty() {
        // A line end in a name would end the comment.
        let names = list(option_names, |name| name.replace(char::is_control, " "));
        sql.push_str(&format!("-- Options whose values are not kept: {names}\n"));
    }
    sql.push_str(&format!("CREATE USER MAPPING FOR {} SERVER {};", role(&identity.name), quote_identifier(&identity.parent)));
    vec![Statement::creating(identity, object, sql)]
}

/// ` OPTIONS (…)`, or nothing.
pub(super) fn options(options: &BTreeMap<String, String>) -> String {
    if options.is_empty() {
        return String::new();
    }
    format!(" OPTIONS ({})", list(options, |(name, value)| format!("{} {}", quote_identifier(name), quote_literal(value))))
}
