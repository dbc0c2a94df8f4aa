//! `CREATE RULE`.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{CmdType, Node, RuleStmt};

use crate::capture::expression::Scope;
use crate::capture::expression::walk::for_each_child_mut;
use crate::catalog::{Definition, Dependency, Firing, Identity, Kind, Object, Rule, RuleEvent};

use super::resolve::strings;
use super::state::State;
use super::{Outcome, Place, Problem, canonical, view};

/// `CREATE [OR REPLACE] RULE`. A rule `ON SELECT` makes a table a view: so say it dumps of servers before PostgreSQL 10.
pub(crate) fn create(state: &mut State<'_>, node: &RuleStmt, at: Place) -> Outcome {
    let Some(relation) = &node.relation else { return Ok(()) };
    let relation = state.resolver().range_var(relation)?.clone();
    let Some(event) = event(node) else { return view::from_rule(state, &relation, node, at) };
    let identity = Identity::within(Kind::Rule, &relation.qualified_name(), node.rulename.clone());
    if state.contains(&identity) && !node.replace {
        return Err(Problem::new(format!("rule `{}` for relation `{}` already exists", identity.name, relation.name)));
    }
    let mut object = read(state, &relation, event, node)?;
    if let Some(before) = state.remove(&identity) {
        object.comment = before.comment;
    }
    state.insert(identity, object);
    Ok(())
}

/// What a rule rewrites; none for the rule that makes a view.
pub(crate) fn event(node: &RuleStmt) -> Option<RuleEvent> {
    match node.event() {
        CmdType::CmdInsert => Some(RuleEvent::Insert),
        CmdType::CmdUpdate => Some(RuleEvent::Update),
        CmdType::CmdDelete => Some(RuleEvent::Delete),
        _ => None,
    }
}

/// The rule that a statement makes on a relation.
pub(crate) fn read(state: &State<'_>, relation: &Identity, event: RuleEvent, node: &RuleStmt) -> Result<Object, Problem> {
    let mut dependencies = BTreeSet::from([Dependency::on(relation.clone()).auto()]);
    let condition = match node.where_clause.as_deref() {
        None => None,
        Some(condition) => {
            let condition = qualified(state, relation, event, condition);
            let canonical = canonical::expression_in(state, &condition, &Scope::old_and_new(relation))?;
            dependencies.extend(canonical.dependencies);
            Some(canonical.expression)
        }
    };
    let mut actions = Vec::new();
    for action in &node.actions {
        let canonical = canonical::query_in(state, action, &Scope::old_and_new(relation))?;
        dependencies.extend(canonical.dependencies);
        actions.push(canonical.query);
    }
    let mut object = Object::new(Definition::Rule(Rule { event, instead: node.instead, condition, actions, firing: Firing::Origin }));
    object.dependencies = dependencies.into();
    Ok(object)
}

/// The condition with `NEW` or `OLD` before the columns that stand alone, where the event has only one of them.
fn qualified(state: &State<'_>, relation: &Identity, event: RuleEvent, condition: &Node) -> Node {
    let row = match event {
        RuleEvent::Insert => "new",
        RuleEvent::Delete => "old",
        RuleEvent::Update | RuleEvent::Select => return condition.clone(),
    };
    let columns: BTreeSet<String> = state.resolver().columns(relation).into_iter().map(|it| it.name).collect();
    let mut condition = condition.clone();
    qualify(&mut condition, row, &columns);
    condition
}

fn qualify(node: &mut Node, row: &str, columns: &BTreeSet<String>) {
    match node.node.as_mut() {
        Some(NodeEnum::ColumnRef(it)) => {
            if let [name] = strings(&it.fields)[..]
                && columns.contains(name)
            {
                let row = pg_query::protobuf::String { sval: row.to_owned() };
                it.fields.insert(0, Node { node: Some(NodeEnum::String(row)) });
            }
        }
        // A query within has columns of its own before those of the rule.
        Some(NodeEnum::SubLink(it)) => {
            if let Some(test) = it.testexpr.as_deref_mut() {
                qualify(test, row, columns);
            }
        }
        Some(other) => for_each_child_mut(other, &mut |it| qualify(it, row, columns)),
        None => {}
    }
}
