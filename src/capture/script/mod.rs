//! DDL text becomes a catalog: statements are parsed, then replayed in order as the server would run them.
//!
//! Each family of statements has a file; [`apply`] is the one place that knows which. A statement that fails, or that is
//! not modelled, is reported by its place and leaves the catalog as it was. To add a statement: a function
//! `fn(&mut State, &XStmt, Place) -> Outcome` in its family's file, and one line in [`apply`].

mod builtin;
mod extension;
pub(crate) mod members;
pub(crate) mod resolve;
pub(crate) mod state;

use pg_query::NodeEnum;

use crate::diagnostic::{Diagnostic, Span};

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
pub fn parse(inputs: &[Input]) -> Captured {
    let mut state = State::new(inputs);
    for (file, input) in inputs.iter().enumerate() {
        match pg_query::parse(&input.text, pg_query::ParserOptions::default()) {
            Ok(parsed) => {
                for raw in parsed.protobuf.stmts {
                    let offset = usize::try_from(raw.stmt_location).unwrap_or_default();
                    let length = usize::try_from(raw.stmt_len).unwrap_or_default();
                    let at = Place { file, offset, length: if length == 0 { input.text.len() - offset } else { length } };
                    if let Some(node) = raw.stmt.and_then(|it| it.node) {
                        apply(&mut state, &node, at);
                    }
                }
            }
            Err(error) => state.extend_diagnostics([Diagnostic::error(error.to_string())]),
        }
    }
    let (catalog, diagnostics) = state.finish();
    Captured { catalog, diagnostics }
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

/// The span of a place.
pub(crate) fn span_of(inputs: &[Input], at: Place) -> Span {
    let Some(input) = inputs.get(at.file) else {
        return Span { file: String::new(), line: 1, column: 1, length: 0, text: String::new() };
    };
    let offset = input.text.floor_char_boundary(at.offset);
    let before = &input.text[..offset];
    let start = before.rfind('\n').map_or(0, |it| it + 1);
    let line = before.bytes().filter(|it| *it == b'\n').count() + 1;
    let column = input.text[start..offset].chars().count() + 1;
    let text = input.text[start..].lines().next().unwrap_or_default().to_owned();
    let end = input.text.floor_char_boundary(at.offset + at.length);
    let length = input.text[offset..end].lines().next().unwrap_or_default().chars().count();
    let small = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
    Span { file: input.name.clone(), line: small(line), column: small(column), length: small(length), text }
}
