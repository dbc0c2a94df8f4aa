//! Foreign data wrappers, servers and user mappings.

use std::collections::BTreeMap;

use super::{Alteration, Altered};
use crate::catalog::{ForeignDataWrapper, ForeignServer, UserMapping};
use crate::ddl::quote::{quote_identifier, quote_literal};

pub(super) fn wrapper(_: &Altered<'_, '_>, old: &ForeignDataWrapper, new: &ForeignDataWrapper) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn server(_: &Altered<'_, '_>, old: &ForeignServer, new: &ForeignServer) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn user_mapping(_: &Altered<'_, '_>, old: &UserMapping, new: &UserMapping) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
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
