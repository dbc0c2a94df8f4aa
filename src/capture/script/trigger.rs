//! Triggers on relations, with their copies on partitions, and event triggers.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterEventTrigStmt, CreateEventTrigStmt, CreateTrigStmt, Node};

use crate::capture::expression::Scope;
use crate::catalog::{
    Deferral, Definition, Dependency, EventTrigger, Firing, Identity, Kind, Object, PG_CATALOG, QualifiedName, Trigger, TriggerEvent,
    TriggerLevel, TriggerTiming,
};

use super::resolve::{split_name, strings};
use super::state::State;
use super::{Outcome, Place, Problem, canonical, options, partition};

/// The trigger functions that `pg_catalog` has.
const BUILTIN: &[&str] =
    &["suppress_redundant_updates_trigger", "tsvector_update_trigger", "tsvector_update_trigger_column", "unique_key_recheck"];

/// `CREATE [OR REPLACE] [CONSTRAINT] TRIGGER`.
pub(crate) fn create(state: &mut State<'_>, node: &CreateTrigStmt, _at: Place) -> Outcome {
    let Some(relation) = &node.relation else { return Ok(()) };
    let relation = state.resolver().range_var(relation)?.clone();
    let identity = Identity::within(Kind::Trigger, &relation.qualified_name(), node.trigname.clone());
    match state.get(&identity).map(|it| &it.definition) {
        Some(Definition::Trigger(existing)) if !node.replace || existing.inherited => {
            return Err(Problem::new(format!("trigger `{}` for relation `{}` already exists", identity.name, relation.name)));
        }
        _ => {}
    }
    let mut object = read(state, &relation, node)?;
    if let Some(before) = state.remove(&identity) {
        object.comment = before.comment;
    }
    state.insert(identity.clone(), object.clone());
    if node.row {
        for child in partition::partitions(state, &relation) {
            partition::inherit_trigger(state, &identity, object.clone(), &relation, &child);
        }
    }
    Ok(())
}

/// The trigger that a statement makes on a relation.
pub(crate) fn read(state: &State<'_>, relation: &Identity, node: &CreateTrigStmt) -> Result<Object, Problem> {
    let mut dependencies = BTreeSet::from([Dependency::on(relation.clone()).auto()]);
    let function = trigger_function(state, &node.funcname, &mut dependencies)?;
    let columns = state.resolver().columns(relation);
    let mentioned = strings(&node.columns);
    if let Some(unknown) = mentioned.iter().find(|it| !columns.iter().any(|column| column.name == **it)) {
        let names = columns.iter().map(|it| it.name.as_str());
        return Err(super::resolve::unknown_column(relation, unknown, None, names).into());
    }
    let update_of: Vec<String> = columns.iter().filter(|it| mentioned.contains(&it.name.as_str())).map(|it| it.name.clone()).collect();
    dependencies.extend(update_of.iter().map(|column| Dependency::on_column(relation.clone(), column.clone())));
    let when = match node.when_clause.as_deref() {
        None => None,
        Some(condition) => {
            let canonical = canonical::expression_in(state, condition, &Scope::old_and_new(relation))?;
            dependencies.extend(canonical.dependencies);
            Some(canonical.expression)
        }
    };
    let references = match &node.constrrel {
        None => None,
        Some(referenced) => {
            let referenced = state.resolver().range_var(referenced)?.clone();
            dependencies.insert(Dependency::on(referenced.clone()).auto());
            Some(referenced.qualified_name())
        }
    };
    let (mut old_table, mut new_table) = (None, None);
    for transition in &node.transition_rels {
        if let Some(NodeEnum::TriggerTransition(it)) = &transition.node {
            *(if it.is_new { &mut new_table } else { &mut old_table }) = Some(it.name.clone());
        }
    }
    let trigger = Trigger {
        timing: timing(node.timing),
        events: events(node.events),
        update_of,
        level: if node.row { TriggerLevel::Row } else { TriggerLevel::Statement },
        when,
        function,
        arguments: node.args.iter().filter_map(options::value_text).collect(),
        constraint: node.isconstraint,
        deferral: match (node.deferrable, node.initdeferred) {
            (false, _) => Deferral::NotDeferrable,
            (true, false) => Deferral::Immediate,
            (true, true) => Deferral::Deferred,
        },
        references,
        old_table,
        new_table,
        firing: Firing::Origin,
        inherited: false,
    };
    let mut object = Object::new(Definition::Trigger(trigger));
    object.dependencies = dependencies.into();
    Ok(object)
}

/// PostgreSQL src/include/catalog/pg_trigger.h, TRIGGER_TYPE_*.
fn timing(bits: i32) -> TriggerTiming {
    match bits {
        2 => TriggerTiming::Before,
        64 => TriggerTiming::InsteadOf,
        _ => TriggerTiming::After,
    }
}

fn events(bits: i32) -> Vec<TriggerEvent> {
    let events = [(4, TriggerEvent::Insert), (16, TriggerEvent::Update), (8, TriggerEvent::Delete), (32, TriggerEvent::Truncate)];
    events.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, event)| event).collect()
}

/// The function of a trigger, which takes no arguments: one of the script, of an extension, or of `pg_catalog`.
fn trigger_function(state: &State<'_>, node: &[Node], dependencies: &mut BTreeSet<Dependency>) -> Result<QualifiedName, Problem> {
    let (schema, name) = split_name(node);
    let resolver = state.resolver();
    let found = resolver.functions(schema.as_deref(), &name).into_iter().find(|it| it.kind == Kind::Extension || it.arguments.is_empty());
    if let Some(function) = found {
        dependencies.insert(Dependency::on(function.clone()));
        return Ok(QualifiedName::new(resolver.schema_of(function), name));
    }
    if schema.as_deref().is_none_or(|it| it == PG_CATALOG) && (BUILTIN.contains(&name.as_str()) || name.starts_with("RI_FKey_")) {
        return Ok(QualifiedName::new(PG_CATALOG, name));
    }
    // What an extension brings that is not in our table can't be known.
    if resolver.unknown_extensions().next().is_some() {
        let schema = schema.or_else(|| state.creation_schema().ok()).unwrap_or_default();
        return Ok(QualifiedName::new(schema, name));
    }
    let name = schema.map_or_else(|| name.clone(), |schema| format!("{schema}.{name}"));
    Err(Problem::new(format!("function `{name}()` does not exist")))
}

/// `CREATE EVENT TRIGGER`.
pub(crate) fn create_event_trigger(state: &mut State<'_>, node: &CreateEventTrigStmt, _at: Place) -> Outcome {
    let identity = Identity::global(Kind::EventTrigger, node.trigname.clone());
    if state.contains(&identity) {
        return Err(Problem::new(format!("event trigger `{}` already exists", node.trigname)));
    }
    let mut dependencies = BTreeSet::new();
    let function = trigger_function(state, &node.funcname, &mut dependencies)?;
    let mut tags = BTreeSet::new();
    for clause in options::elements(&node.whenclause) {
        if let Some(NodeEnum::List(list)) = clause.arg.as_deref().and_then(|it| it.node.as_ref()) {
            tags.extend(strings(&list.items).into_iter().map(str::to_uppercase));
        }
    }
    let trigger = EventTrigger { event: node.eventname.clone(), tags: tags.into_iter().collect(), function, firing: Firing::Origin };
    state.insert_with(identity, Definition::EventTrigger(trigger), dependencies);
    Ok(())
}

/// `ALTER EVENT TRIGGER … ENABLE | DISABLE`.
pub(crate) fn alter_event_trigger(state: &mut State<'_>, node: &AlterEventTrigStmt, _at: Place) -> Outcome {
    let identity = Identity::global(Kind::EventTrigger, node.trigname.clone());
    let firing = firing(&node.tgenabled);
    let changed = state.change(&identity, |object| {
        if let Definition::EventTrigger(it) = &mut object.definition {
            it.firing = firing;
        }
    });
    changed.ok_or_else(|| Problem::new(format!("event trigger `{}` does not exist", node.trigname)))
}

/// PostgreSQL src/include/commands/trigger.h, TRIGGER_FIRES_*.
pub(crate) fn firing(letter: &str) -> Firing {
    match letter {
        "D" => Firing::Disabled,
        "R" => Firing::Replica,
        "A" => Firing::Always,
        _ => Firing::Origin,
    }
}
