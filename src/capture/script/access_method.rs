//! `CREATE ACCESS METHOD`.

use std::collections::BTreeSet;

use pg_query::protobuf::CreateAmStmt;

use crate::catalog::{AccessMethod, AccessMethodTarget, Definition, Identity, Kind};

use super::state::State;
use super::{Outcome, Place, Problem};

/// `CREATE ACCESS METHOD`.
pub(crate) fn create(state: &mut State<'_>, node: &CreateAmStmt, _at: Place) -> Outcome {
    let identity = Identity::global(Kind::AccessMethod, node.amname.clone());
    if state.contains(&identity) || is_builtin(&node.amname) {
        return Err(Problem::new(format!("access method `{}` already exists", node.amname)));
    }
    let mut needs = BTreeSet::new();
    let handler = state.function(&node.handler_name, &mut needs);
    let target = if node.amtype == "t" { AccessMethodTarget::Table } else { AccessMethodTarget::Index };
    state.insert_with(identity, Definition::AccessMethod(AccessMethod { target, handler }), needs);
    Ok(())
}

/// Whether every server has the access method.
pub(crate) fn is_builtin(name: &str) -> bool {
    matches!(name, "heap" | "btree" | "hash" | "gist" | "gin" | "spgist" | "brin")
}
