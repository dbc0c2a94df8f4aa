//! DDL text becomes a catalog: statements are parsed, then replayed in order as the server would run them.
//!
//! Each family of statements has a file; [`apply`] is the one place that knows which. A statement that fails, or that is
//! not modelled, is reported by its place and leaves the catalog as it was. To add a statement: a function
//! `fn(&mut State, &XStmt, Place) -> Outcome` in its family's file, and one line in [`apply`].

mod address;
mod builtin;
mod extension;
pub(crate) mod members;
pub(crate) mod resolve;
pub mod source;
mod split;
pub(crate) mod state;

use std::collections::HashMap;

use pg_query::NodeEnum;

use super::Captured;
use resolve::Unresolved;
use state::State;

/// One file of DDL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The name as the user would say it; `<stdin>` for standard input.
    pub name: String,
    /// The text.
    pub text: String,
}

/// A place in the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which input.
    pub(crate) file: usize,
    /// The first byte.
    pub(crate) offset: usize,
    /// How many bytes.
    pub(crate) length: usize,
}

impl Place {
    /// The point in a statement that a node's `location` says; the whole statement where it says nothing.
    pub(crate) fn inside(self, location: i32) -> Self {
        match usize::try_from(location) {
            Ok(location) if location <= self.length => Self { offset: self.offset + location, length: 0, ..self },
            _ => self,
        }
    }
}

/// Why a statement can't be replayed: what the server would have answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// The byte offset in the statement.
    pub(crate) location: Option<i32>,
    pub(crate) subject: Option<crate::catalog::Identity>,
}

/// What a statement's replay comes to.
pub(crate) type Outcome = Result<(), Problem>;

impl Problem {
    /// A problem of the statement as a whole.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, location: None, subject: None }
    }

    /// The same problem at a node's `location`.
    pub(crate) fn at(mut self, location: i32) -> Self {
        self.location = (location >= 0).then_some(location);
        self
    }

    /// The same problem with advice.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Unresolved> for Problem {
    fn from(it: Unresolved) -> Self {
        let hint = it.nearest.map(|nearest| format!("did you mean `{nearest}`?"));
        Self { message: format!("{} `{}` does not exist", it.what, it.name), hint, location: it.location, subject: None }
    }
}

/// Parses and replays DDL.
///
/// One batch of statements is replayed while the next is parsed. Findings come in the order of the source.
pub fn parse(inputs: &[Input]) -> Captured {
    split::on_deep_stack(|| {
        let mut state = State::new(inputs);
        let findings = split::for_each_batch(inputs, |batch| {
            for statement in batch {
                apply(&mut state, &statement.node, statement.at);
            }
        });
        state.extend_diagnostics(findings);
        let (catalog, mut diagnostics) = state.finish();
        let files: HashMap<&str, usize> = inputs.iter().enumerate().map(|(file, input)| (input.name.as_str(), file)).collect();
        diagnostics.sort_by_key(|it| it.span.as_ref().map(|span| (files.get(span.file.as_str()).copied(), span.line, span.column)));
        Captured { catalog, diagnostics }
    })
}

/// Replays one statement, and reports what comes of it.
fn apply(state: &mut State<'_>, node: &NodeEnum, at: Place) {
    if let Err(problem) = dispatch(state, node, at) {
        state.fail(problem, at);
    }
}

/// Which function replays which statement: one line a kind.
fn dispatch(state: &mut State<'_>, node: &NodeEnum, at: Place) -> Outcome {
    match node {
        NodeEnum::CreateExtensionStmt(it) => extension::create(state, it, at),
        // What makes no schema.
        NodeEnum::SelectStmt(_)
        | NodeEnum::InsertStmt(_)
        | NodeEnum::UpdateStmt(_)
        | NodeEnum::DeleteStmt(_)
        | NodeEnum::MergeStmt(_)
        | NodeEnum::CopyStmt(_)
        | NodeEnum::TransactionStmt(_) => Ok(()),
        _ => {
            state.not_modelled(at, "statement");
            Ok(())
        }
    }
}
