//! `REASSIGN OWNED` and `DROP OWNED`: everything that a role has.

use pg_query::NodeEnum;
use pg_query::protobuf::{DropBehavior, DropOwnedStmt, ReassignOwnedStmt};

use crate::catalog::{Identity, Kind};

use super::grant::{self, role_name};
use super::state::State;
use super::{Outcome, Place, Problem, comment, drop};

/// The objects of a role. Whoever runs the script owns what nothing is said of.
fn owned_by(state: &State<'_>, role: &str) -> Vec<Identity> {
    let is_session = matches!(role, "current_user" | "session_user");
    let fits = |owner: Option<&str>| if is_session { owner.is_none() } else { owner == Some(role) };
    state.catalog().iter().filter(|(_, object)| fits(object.owner.as_deref())).map(|(identity, _)| identity.clone()).collect()
}

/// `REASSIGN OWNED BY … TO`.
pub(crate) fn reassign(state: &mut State<'_>, node: &ReassignOwnedStmt, _at: Place) -> Outcome {
    let Some(new) = &node.newrole else { return Ok(()) };
    for role in node.roles.iter().filter_map(role_name) {
        for identity in owned_by(state, &role).into_iter().filter(|it| has_owner(it.kind)) {
            comment::set_owner(state, &identity, new);
        }
    }
    Ok(())
}

/// Whether objects of the kind have an owner of their own. What hangs on a relation has the relation's.
fn has_owner(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Extension
            | Kind::AccessMethod
            | Kind::UserMapping
            | Kind::Constraint
            | Kind::Index
            | Kind::Cast
            | Kind::Transform
            | Kind::Trigger
            | Kind::Rule
            | Kind::Policy
            | Kind::TextSearchParser
            | Kind::TextSearchTemplate
            | Kind::DefaultPrivileges
    )
}

/// `DROP OWNED BY`: the objects of a role, and what it was granted.
pub(crate) fn drop_owned(state: &mut State<'_>, node: &DropOwnedStmt, at: Place) -> Outcome {
    let cascade = node.behavior() == DropBehavior::DropCascade;
    for role in &node.roles {
        let is_word = matches!(&role.node, Some(NodeEnum::RoleSpec(it)) if it.rolename.is_empty());
        let Some(name) = role_name(role) else { return Err(Problem::new("`PUBLIC` owns nothing")) };
        if is_word {
            state.not_modelled(at, "DROP OWNED BY the role of the session");
            continue;
        }
        let owned: Vec<Identity> = owned_by(state, &name);
        drop::drop_objects(state, &owned, cascade)?;
        grant::revoke_everything(state, &name);
    }
    Ok(())
}
