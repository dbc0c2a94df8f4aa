//! `CREATE POLICY`, `ALTER POLICY`.

use std::collections::BTreeSet;

use pg_query::protobuf::{AlterPolicyStmt, CreatePolicyStmt, Node, RangeVar};

use crate::catalog::{Definition, Dependency, Expression, Identity, Kind, Object, Policy, PolicyCommand};

use super::grant::role_name;
use super::state::State;
use super::{Outcome, Place, Problem, canonical};

/// `CREATE POLICY`.
pub(crate) fn create(state: &mut State<'_>, node: &CreatePolicyStmt, _at: Place) -> Outcome {
    let table = table(state, node.table.as_ref())?;
    let identity = Identity::within(Kind::Policy, &table.qualified_name(), node.policy_name.clone());
    if state.contains(&identity) {
        return Err(Problem::new(format!("policy `{}` for table `{}` already exists", identity.name, table.name)));
    }
    let command = match node.cmd_name.as_str() {
        "select" => PolicyCommand::Select,
        "insert" => PolicyCommand::Insert,
        "update" => PolicyCommand::Update,
        "delete" => PolicyCommand::Delete,
        _ => PolicyCommand::All,
    };
    let mut dependencies = BTreeSet::from([Dependency::on(table.clone()).auto()]);
    let using = condition(state, node.qual.as_deref(), &table, &mut dependencies)?;
    let with_check = condition(state, node.with_check.as_deref(), &table, &mut dependencies)?;
    let policy = Policy { permissive: node.permissive, command, roles: roles(&node.roles), using, with_check };
    state.insert_with(identity, Definition::Policy(policy), dependencies);
    Ok(())
}

/// `ALTER POLICY`: what it does not say stays.
pub(crate) fn alter(state: &mut State<'_>, node: &AlterPolicyStmt, _at: Place) -> Outcome {
    let table = table(state, node.table.as_ref())?;
    let identity = Identity::within(Kind::Policy, &table.qualified_name(), node.policy_name.clone());
    let Some(Object { definition: Definition::Policy(policy), dependencies, .. }) = state.get(&identity) else {
        return Err(Problem::new(format!("policy `{}` for table `{}` does not exist", identity.name, table.name)));
    };
    let (mut policy, mut dependencies) = (policy.clone(), dependencies.to_set());
    if !node.roles.is_empty() {
        policy.roles = roles(&node.roles);
    }
    if node.qual.is_some() || node.with_check.is_some() {
        // Needs are told again from both conditions, whichever of them changes.
        dependencies = BTreeSet::from([Dependency::on(table.clone()).auto()]);
        for (written, kept) in [(&node.qual, &mut policy.using), (&node.with_check, &mut policy.with_check)] {
            match (written.as_deref(), &kept) {
                (Some(written), _) => *kept = condition(state, Some(written), &table, &mut dependencies)?,
                (None, Some(kept)) => dependencies.extend(canonical::needs(state, kept, Some(&table))),
                (None, None) => {}
            }
        }
    }
    state.change(&identity, |object| {
        object.definition = Definition::Policy(policy);
        object.dependencies = dependencies.into();
    });
    Ok(())
}

fn table(state: &State<'_>, node: Option<&RangeVar>) -> Result<Identity, Problem> {
    let Some(node) = node else { return Err(Problem::new("a policy needs a table")) };
    let table = state.resolver().range_var(node)?;
    if table.kind == Kind::Table {
        Ok(table.clone())
    } else {
        Err(Problem::new(format!("`{}` is not a table", table.name)).at(node.location))
    }
}

fn condition(
    state: &State<'_>,
    node: Option<&Node>,
    table: &Identity,
    dependencies: &mut BTreeSet<Dependency>,
) -> Result<Option<Expression>, Problem> {
    let Some(node) = node else { return Ok(None) };
    let canonical = canonical::expression(state, node, Some(table))?;
    dependencies.extend(canonical.dependencies);
    Ok(Some(canonical.expression))
}

/// The roles of a policy, sorted; `PUBLIC` among them is all, and stands as none.
fn roles(nodes: &[Node]) -> Vec<String> {
    let roles: Option<BTreeSet<String>> = nodes.iter().map(role_name).collect();
    roles.map_or_else(Vec::new, |roles| roles.into_iter().collect())
}
