//! Statements that change rows. A schema has none of them, so the replay passes them over; who wants to know where they are asks here.

use pg_query::NodeEnum;

use super::split::{self, Places};
use super::{Input, Place};
use crate::diagnostic::Span;

/// Finds the statements that change rows, in the order of the source: the word that each begins with, and its place.
pub fn data_statements(inputs: &[Input]) -> Vec<(&'static str, Span)> {
    let places = Places::new(inputs);
    let mut found: Vec<(&'static str, Place)> = Vec::new();
    split::on_deep_stack(|| {
        split::for_each_batch(inputs, |batch| {
            found.extend(batch.iter().filter_map(|statement| Some((word(&statement.node)?, statement.at))));
            batch
        })
    });
    found.into_iter().map(|(word, at)| (word, places.span(at))).collect()
}

fn word(node: &NodeEnum) -> Option<&'static str> {
    match node {
        NodeEnum::InsertStmt(_) => Some("INSERT"),
        NodeEnum::UpdateStmt(_) => Some("UPDATE"),
        NodeEnum::DeleteStmt(_) => Some("DELETE"),
        NodeEnum::MergeStmt(_) => Some("MERGE"),
        NodeEnum::CopyStmt(it) if it.is_from => Some("COPY"),
        _ => None,
    }
}
