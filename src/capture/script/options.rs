//! `name = value` lists of statements: storage parameters, sequence options, range parameters.

use std::collections::BTreeMap;

use pg_query::NodeEnum;
use pg_query::protobuf::{DefElem, Node};

use super::resolve::strings;

/// The options of a list.
pub(crate) fn elements(nodes: &[Node]) -> impl Iterator<Item = &DefElem> {
    nodes.iter().filter_map(|node| match &node.node {
        Some(NodeEnum::DefElem(it)) => Some(it.as_ref()),
        _ => None,
    })
}

/// The value of an option as text: words, numbers and strings alike.
pub(crate) fn text(element: &DefElem) -> Option<String> {
    value_text(element.arg.as_deref()?)
}

/// A constant or a word as text.
pub(crate) fn value_text(node: &Node) -> Option<String> {
    match node.node.as_ref()? {
        NodeEnum::String(it) => Some(it.sval.clone()),
        NodeEnum::Integer(it) => Some(it.ival.to_string()),
        NodeEnum::Float(it) => Some(it.fval.clone()),
        NodeEnum::Boolean(it) => Some(it.boolval.to_string()),
        NodeEnum::TypeName(it) => strings(&it.names).last().map(|it| (*it).to_owned()),
        NodeEnum::List(it) => Some(strings(&it.items).join(".")),
        NodeEnum::AConst(it) => match it.val.as_ref()? {
            pg_query::protobuf::a_const::Val::Ival(it) => Some(it.ival.to_string()),
            pg_query::protobuf::a_const::Val::Fval(it) => Some(it.fval.clone()),
            pg_query::protobuf::a_const::Val::Boolval(it) => Some(it.boolval.to_string()),
            pg_query::protobuf::a_const::Val::Sval(it) => Some(it.sval.clone()),
            pg_query::protobuf::a_const::Val::Bsval(it) => Some(it.bsval.clone()),
        },
        _ => None,
    }
}

/// The value of an option as a name: the schema, if any, and the name.
pub(crate) fn name_list(element: &DefElem) -> Vec<String> {
    match element.arg.as_deref().and_then(|it| it.node.as_ref()) {
        Some(NodeEnum::TypeName(it)) => strings(&it.names).into_iter().map(str::to_owned).collect(),
        Some(NodeEnum::List(it)) => strings(&it.items).into_iter().map(str::to_owned).collect(),
        Some(NodeEnum::String(it)) => vec![it.sval.clone()],
        _ => Vec::new(),
    }
}

/// The value of an option as a whole number.
pub(crate) fn integer(element: &DefElem) -> Option<i64> {
    text(element)?.parse().ok()
}

/// The value of an option as a boolean; an option without a value is true.
pub(crate) fn boolean(element: &DefElem) -> bool {
    element.arg.is_none() || text(element).is_none_or(|it| parse_boolean(&it).unwrap_or(true))
}

/// PostgreSQL src/backend/utils/adt/bool.c, parse_bool: words and unambiguous beginnings of them.
pub(crate) fn parse_boolean(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    match text.as_str() {
        "on" | "1" => Some(true),
        "of" | "off" | "0" => Some(false),
        "" | "o" => None,
        it if "true".starts_with(it) || "yes".starts_with(it) => Some(true),
        it if "false".starts_with(it) || "no".starts_with(it) => Some(false),
        _ => None,
    }
}

/// Storage parameters and view options that are booleans, and so have one spelling in the catalog.
const BOOLEANS: &[&str] = &[
    "autosummarize",
    "autovacuum_enabled",
    "deduplicate_items",
    "fastupdate",
    "security_barrier",
    "security_invoker",
    "user_catalog_table",
    "vacuum_truncate",
];

/// Storage parameters as the catalog keeps them: `toast.` before those of the TOAST table, booleans in one spelling.
pub(crate) fn storage_parameters(nodes: &[Node]) -> BTreeMap<String, String> {
    elements(nodes).filter_map(storage_parameter).collect()
}

fn storage_parameter(element: &DefElem) -> Option<(String, String)> {
    // OIDs are gone since PostgreSQL 12; pg_dump of older servers still says `oids = false`.
    if element.defname == "oids" && element.defnamespace.is_empty() {
        return None;
    }
    let value = text(element).unwrap_or_else(|| "true".to_owned());
    Some((parameter_name(element), in_one_spelling(&element.defname, value)))
}

/// The value of a parameter, where it is a boolean in one spelling.
fn in_one_spelling(name: &str, value: String) -> String {
    match parse_boolean(&value) {
        Some(value) if BOOLEANS.contains(&name) => value.to_string(),
        _ => value,
    }
}

/// Storage parameters as a server stores them (`name=value`), each name after the prefix.
pub(crate) fn stored_parameters(prefix: &str, stored: &[String]) -> BTreeMap<String, String> {
    let pairs = stored.iter().map(|it| it.split_once('=').unwrap_or((it, "true")));
    pairs.map(|(name, value)| (format!("{prefix}{name}"), in_one_spelling(name, value.to_owned()))).collect()
}

/// The full name of a storage parameter.
pub(crate) fn parameter_name(element: &DefElem) -> String {
    if element.defnamespace.is_empty() { element.defname.clone() } else { format!("{}.{}", element.defnamespace, element.defname) }
}
