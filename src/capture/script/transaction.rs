//! Transactions as a script runs them: what `ROLLBACK` takes back, and how long `SET LOCAL` holds.
//!
//! [`Levels`] is the memory that `State` writes into before it changes anything: a level for the transaction, one for
//! each savepoint in it, one for each block of PL/pgSQL that handles errors. A level holds the objects that changed since
//! it began, as they were; so taking back costs what was done, however large the schema is.

use std::collections::BTreeMap;

use pg_query::protobuf::{TransactionStmt, TransactionStmtKind};

use crate::catalog::{Identity, Object};

use super::state::{PUBLIC, State};
use super::{Outcome, Place, Problem, drop};

/// The parameters of a session that change what DDL means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameters {
    pub(crate) search_path: Vec<String>,
    /// `default_table_access_method`.
    pub(crate) table_access_method: String,
    /// `default_tablespace`; empty is the database's.
    pub(crate) tablespace: String,
}

impl Default for Parameters {
    fn default() -> Self {
        let search_path = vec!["$user".to_owned(), PUBLIC.to_owned()];
        Self { search_path, table_access_method: "heap".to_owned(), tablespace: String::new() }
    }
}

/// What is set: for the session, and by `SET LOCAL` until the transaction ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    session: Parameters,
    local: Option<Parameters>,
}

impl Settings {
    /// What holds.
    pub(crate) fn current(&self) -> &Parameters {
        self.local.as_ref().unwrap_or(&self.session)
    }

    /// `SET` and `SET LOCAL`.
    pub(crate) fn set(&mut self, is_local: bool, change: impl Fn(&mut Parameters)) {
        if is_local {
            change(self.local.get_or_insert_with(|| self.session.clone()));
        } else {
            change(&mut self.session);
            self.local.iter_mut().for_each(change);
        }
    }

    /// The end of a transaction.
    pub(crate) fn forget_local(&mut self) {
        self.local = None;
    }
}

/// What a transaction, a savepoint or a block has changed.
struct Level {
    /// Where it began, for a transaction that the script itself began.
    at: Option<Place>,
    savepoint: Option<String>,
    /// The objects that have changed, as they were; `None` for one that was not there.
    before: BTreeMap<Identity, Option<Object>>,
    settings: Settings,
}

/// The transaction that is open, with its savepoints; the innermost is last.
#[derive(Default)]
pub(crate) struct Levels(Vec<Level>);

/// What is to be put back when a level is undone.
pub(crate) struct Undo {
    pub(crate) before: BTreeMap<Identity, Option<Object>>,
    pub(crate) settings: Settings,
}

impl Levels {
    /// Whether a transaction is open.
    pub(crate) fn is_open(&self) -> bool {
        !self.0.is_empty()
    }

    /// Where the open transaction began, if the script itself began it.
    pub(crate) fn began_at(&self) -> Option<Place> {
        self.0.first()?.at
    }

    /// Begins a level.
    pub(crate) fn push(&mut self, at: Option<Place>, savepoint: Option<String>, settings: Settings) {
        self.0.push(Level { at, savepoint, before: BTreeMap::new(), settings });
    }

    /// Remembers an object before it changes for the first time.
    pub(crate) fn note(&mut self, identity: &Identity, before: Option<&Object>) {
        if let Some(level) = self.0.last_mut()
            && !level.before.contains_key(identity)
        {
            level.before.insert(identity.clone(), before.cloned());
        }
    }

    /// How many levels are open.
    pub(crate) fn depth(&self) -> usize {
        self.0.len()
    }

    /// The level that the newest savepoint of that name began.
    fn savepoint(&self, name: &str) -> Option<usize> {
        self.0.iter().rposition(|it| it.savepoint.as_deref() == Some(name))
    }

    /// Ends all levels from `depth` on; what they changed belongs to the one before.
    pub(crate) fn keep(&mut self, depth: usize) {
        while self.0.len() > depth {
            let Some(level) = self.0.pop() else { return };
            if let Some(outer) = self.0.last_mut() {
                for (identity, before) in level.before {
                    outer.before.entry(identity).or_insert(before);
                }
            }
        }
    }

    /// Ends all levels from `depth` on, and says what they found.
    pub(crate) fn take(&mut self, depth: usize) -> Option<Undo> {
        let mut levels = self.0.drain(depth.min(self.0.len())..);
        let first = levels.next()?;
        let mut before = first.before;
        for level in levels {
            for (identity, object) in level.before {
                before.entry(identity).or_insert(object);
            }
        }
        Some(Undo { before, settings: first.settings })
    }
}

/// `BEGIN`, `COMMIT`, `ROLLBACK`, `SAVEPOINT` and their like.
pub(crate) fn apply(state: &mut State<'_>, node: &TransactionStmt, at: Place) -> Outcome {
    match node.kind() {
        // In an open transaction the server warns and goes on.
        TransactionStmtKind::TransStmtBegin | TransactionStmtKind::TransStmtStart => {
            if !state.levels().is_open() {
                state.begin(Some(at));
            }
        }
        // What is prepared is committed by another statement, which is passed over.
        TransactionStmtKind::TransStmtCommit | TransactionStmtKind::TransStmtPrepare => {
            state.commit();
            drop_on_commit(state)?;
            chain(state, node, at);
        }
        TransactionStmtKind::TransStmtRollback => {
            state.roll_back_to(0);
            chain(state, node, at);
        }
        TransactionStmtKind::TransStmtSavepoint => {
            in_transaction(state, "SAVEPOINT")?;
            state.set_savepoint(node.savepoint_name.clone());
        }
        TransactionStmtKind::TransStmtRelease => {
            let depth = savepoint(state, node, "RELEASE SAVEPOINT")?;
            state.keep(depth);
        }
        TransactionStmtKind::TransStmtRollbackTo => {
            let depth = savepoint(state, node, "ROLLBACK TO SAVEPOINT")?;
            state.roll_back_to(depth);
            state.set_savepoint(node.savepoint_name.clone());
        }
        TransactionStmtKind::TransStmtCommitPrepared | TransactionStmtKind::TransStmtRollbackPrepared | TransactionStmtKind::Undefined => {}
    }
    Ok(())
}

/// What `ON COMMIT DROP` says goes, when no transaction is open any more.
pub(crate) fn drop_on_commit(state: &mut State<'_>) -> Outcome {
    if state.levels().is_open() {
        return Ok(());
    }
    match state.take_dropped_on_commit() {
        tables if tables.is_empty() => Ok(()),
        tables => drop::drop_objects(state, &tables, true),
    }
}

fn chain(state: &mut State<'_>, node: &TransactionStmt, at: Place) {
    if node.chain {
        state.begin(Some(at));
    }
}

fn in_transaction(state: &State<'_>, statement: &str) -> Outcome {
    if state.levels().is_open() {
        return Ok(());
    }
    Err(Problem::new(format!("`{statement}` can only be used in transaction blocks")).hint("begin a transaction with BEGIN"))
}

/// The level of the savepoint that a statement names.
fn savepoint(state: &State<'_>, node: &TransactionStmt, statement: &str) -> Result<usize, Problem> {
    in_transaction(state, statement)?;
    let name = &node.savepoint_name;
    state.levels().savepoint(name).ok_or_else(|| Problem::new(format!("savepoint `{name}` does not exist")))
}
