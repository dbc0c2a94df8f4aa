//! Where a file is run: what it finds of the file before it, and what becomes of its transaction.

use super::state::State;
use super::{Input, transaction};

/// How the tool whose file it is runs a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whether a connection is made for it: no setting and no temporary object of the file before is there.
    pub connects: bool,
    /// Whether settings are reset before it.
    pub resets: bool,
    /// Whether all of it is one transaction; otherwise each statement outside of `BEGIN` is its own.
    pub is_transaction: bool,
}

impl Session {
    /// `psql -f`.
    pub const PSQL: Self = Self { connects: true, resets: true, is_transaction: false };

    /// A migration tool that runs all files on one connection, each in a transaction.
    pub const MIGRATION: Self = Self { connects: false, resets: false, is_transaction: true };
}

/// Goes from one file to another; `None` is before the first and after the last.
pub(crate) fn go_on(state: &mut State<'_>, inputs: &[Input], from: Option<usize>, to: Option<usize>) {
    let first = from.map_or(0, |it| it + 1);
    let last = to.map_or(inputs.len(), |it| it + 1);
    let mut before = from;
    for file in first..last {
        end(state, inputs, before, Some(inputs[file].session));
        begin(state, inputs[file].session);
        before = Some(file);
    }
    if to.is_none() {
        end(state, inputs, before, None);
    }
}

fn begin(state: &mut State<'_>, session: Session) {
    if session.connects {
        state.drop_temporary();
        state.take_database_settings();
    }
    if session.connects || session.resets {
        state.reset_settings();
    }
    if session.is_transaction && !state.levels().is_open() {
        state.begin(None);
    }
}

/// A tool commits its transaction; one that the script began and never ends is taken back when the connection closes.
fn end(state: &mut State<'_>, inputs: &[Input], file: Option<usize>, next: Option<Session>) {
    let Some(file) = file else { return };
    if !state.levels().is_open() {
        return;
    }
    match state.levels().began_at() {
        None if inputs[file].session.is_transaction => {
            state.commit();
            let dropped = transaction::drop_on_commit(state);
            debug_assert!(dropped.is_ok(), "with CASCADE nothing stands in the way");
        }
        Some(at) if next.is_none_or(|it| it.connects) => {
            let hint = "end it with COMMIT";
            state.warn(at, "the transaction that begins here never ends, so everything after it is undone", Some(hint.to_owned()));
            state.roll_back_to(0);
        }
        _ => {}
    }
}
