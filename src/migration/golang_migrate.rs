//! Files of golang-migrate: one for each way, and each sent to the server at once.
//!
//! What is sent at once is one transaction (PostgreSQL documentation, "Multiple Statements in a Simple Query"), and a statement that refuses
//! to run in one must be alone in its file. So a way down of several such pieces takes several versions, whose ways up are empty.
//! With `x-multi-statement` golang-migrate cuts files at every semicolon (`database/multistmt/parse.go`), those in comments included:
//! there are none in ours.

use super::Part;
use super::header::{self, comment, joined, statements};
use crate::plan::Batch;

/// The same parts, of which each goes down in one piece.
pub(super) fn fit(parts: Vec<Part>) -> Vec<Part> {
    let mut fitting = Vec::with_capacity(parts.len());
    for Part { transaction, up, down } in parts {
        let mut pieces: Vec<Batch> = down.into_iter().flat_map(pieces).collect();
        fitting.push(Part { transaction, up, down: pieces.pop().into_iter().collect() });
        let rest = pieces.into_iter().rev().map(|it| Part { transaction: true, up: Vec::new(), down: vec![it] });
        fitting.extend(rest);
    }
    fitting
}

/// A batch as what may be sent at once.
fn pieces(batch: Batch) -> Vec<Batch> {
    if batch.transaction {
        return vec![batch];
    }
    batch.steps.into_iter().map(|step| Batch { transaction: false, steps: vec![step] }).collect()
}

/// The texts of the files for the way up and the way down.
pub(super) fn files(part: &Part, about: &header::About<'_>) -> (String, String) {
    let lines: Vec<String> = header::lines(part, about).into_iter().map(|it| it.replace(';', "")).collect();
    let up = format!("{}\n{}", comment(&lines), joined(&statements(&part.up)));
    let down: String = part.down.iter().map(|it| joined(&statements(&it.steps))).collect();
    let down = if down.is_empty() { "-- Nothing on the way down.\n".to_owned() } else { down };
    (up, down)
}
