//! `CREATE SCHEMA`, with the elements that it may hold.

use pg_query::NodeEnum;
use pg_query::protobuf::CreateSchemaStmt;

use crate::catalog::{Definition, Identity, Kind, Object, Schema};

use super::state::{PUBLIC, State};
use super::{Outcome, Place, Problem, dispatch};

/// `CREATE SCHEMA`. `public` is there from the start; dumps of older servers and scripts make it again.
pub(crate) fn create(state: &mut State<'_>, node: &CreateSchemaStmt, at: Place) -> Outcome {
    let owner = node.authrole.as_ref().map(|it| it.rolename.clone()).filter(|it| !it.is_empty());
    let name = if node.schemaname.is_empty() { owner.clone().unwrap_or_default() } else { node.schemaname.clone() };
    let identity = Identity::global(Kind::Schema, name.clone());
    if state.contains(&identity) {
        if node.if_not_exists || name == PUBLIC {
            return Ok(());
        }
        return Err(Problem::new(format!("schema `{name}` already exists")));
    }
    let mut object = Object::new(Definition::Schema(Schema {}));
    object.owner = owner;
    state.insert(identity, object);
    // The elements are made with the new schema in front of the search path; the order is that of their needs:
    // sequences, tables, views, indexes, triggers, grants (PostgreSQL src/backend/parser/parse_utilcmd.c, transformCreateSchemaStmtElements).
    let settings = state.settings().clone();
    let path: Vec<String> = std::iter::once(name).chain(settings.current().search_path.iter().cloned()).collect();
    state.settings_mut().set(false, move |it| it.search_path.clone_from(&path));
    let rank = |node: &NodeEnum| match node {
        NodeEnum::CreateSeqStmt(_) => 0,
        NodeEnum::CreateStmt(_) => 1,
        NodeEnum::ViewStmt(_) => 2,
        NodeEnum::IndexStmt(_) => 3,
        NodeEnum::CreateTrigStmt(_) => 4,
        _ => 5,
    };
    let mut elements: Vec<&NodeEnum> = node.schema_elts.iter().filter_map(|it| it.node.as_ref()).collect();
    elements.sort_by_key(|it| rank(it));
    let outcome = elements.into_iter().try_for_each(|it| dispatch(state, it, at));
    *state.settings_mut() = settings;
    outcome
}
