//! Parents and children: what a partition or an inheriting table takes from above, at birth, by `ATTACH` and later.
//!
//! PostgreSQL src/backend/commands/tablecmds.c: AttachPartitionEnsureIndexes, CloneForeignKeyConstraints,
//! CloneRowTriggersToPartition, MergeConstraintsIntoExisting.

use std::collections::BTreeSet;

use crate::catalog::{
    Constraint, ConstraintKind, Definition, Dependency, Identity, Index, IndexKey, Kind, Object, PartitionOf, QualifiedName, TriggerLevel,
};

use super::names::index_column_names;
use super::state::State;
use super::{Outcome, Problem, column, constraint, dependency, index};

/// Whether a table is partitioned.
pub(crate) fn is_partitioned(state: &State<'_>, table: &Identity) -> bool {
    matches!(state.get(table).map(|it| &it.definition), Some(Definition::Table(it)) if it.partition_key.is_some())
}

/// The partitioned table that a table is a partition of.
pub(crate) fn partition_of(definition: &Definition) -> Option<&PartitionOf> {
    match definition {
        Definition::Table(it) => it.partition_of.as_ref(),
        Definition::ForeignTable(it) => it.partition_of.as_ref(),
        _ => None,
    }
}

fn inherits(definition: &Definition) -> &[QualifiedName] {
    match definition {
        Definition::Table(it) => &it.inherits,
        Definition::ForeignTable(it) => &it.inherits,
        _ => &[],
    }
}

/// The partitions of a table.
pub(crate) fn partitions(state: &State<'_>, table: &Identity) -> Vec<Identity> {
    if !is_partitioned(state, table) {
        return Vec::new();
    }
    let name = table.qualified_name();
    let is_partition = |it: &&Identity| state.get(it).and_then(|it| partition_of(&it.definition)).is_some_and(|it| it.parent == name);
    state.dependents(table).filter(is_partition).cloned().collect()
}

/// The partitions and inheriting tables of a table.
pub(crate) fn children(state: &State<'_>, table: &Identity) -> Vec<Identity> {
    let name = table.qualified_name();
    let is_child = |it: &&Identity| {
        matches!(it.kind, Kind::Table | Kind::ForeignTable)
            && state.get(it).is_some_and(|it| {
                partition_of(&it.definition).is_some_and(|it| it.parent == name) || inherits(&it.definition).contains(&name)
            })
    };
    state.dependents(table).filter(is_child).cloned().collect()
}

/// The tables that a table inherits from, its partitioned table included.
pub(crate) fn parents(state: &State<'_>, table: &Identity) -> Vec<Identity> {
    let Some(object) = state.get(table) else { return Vec::new() };
    let names = inherits(&object.definition).iter().chain(partition_of(&object.definition).map(|it| &it.parent));
    names.filter_map(|it| state.resolver().relation(Some(&it.schema), &it.name).cloned()).collect()
}

/// Whether a table is another, or one that the other inherits from.
fn is_ancestor(state: &State<'_>, table: &Identity, of: &Identity) -> bool {
    table == of || parents(state, of).iter().any(|it| is_ancestor(state, table, it))
}

/// The constraints of a table, with their definitions.
fn constraints(state: &State<'_>, table: &Identity) -> Vec<(Identity, Constraint)> {
    let within = state.catalog().within(Kind::Constraint, &table.qualified_name());
    within
        .filter_map(|(identity, object)| match &object.definition {
            Definition::Constraint(it) => Some((identity.clone(), it.clone())),
            _ => None,
        })
        .collect()
}

/// Gives a new partition all that its parent hands down: keys, indexes, foreign keys, triggers. Checks come with the columns.
pub(crate) fn inherit_all(state: &mut State<'_>, parent: &Identity, child: &Identity) -> Outcome {
    for (identity, it) in constraints(state, parent) {
        match &it.kind {
            ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) | ConstraintKind::Exclusion { .. } => inherit_key(state, child, &it)?,
            ConstraintKind::ForeignKey(_) => inherit_foreign_key(state, child, &identity.name, &it)?,
            ConstraintKind::Check(_) | ConstraintKind::NotNull { .. } => {}
        }
    }
    let indexes: Vec<Identity> = index::of_table(state, parent).into_iter().cloned().collect();
    for identity in indexes {
        let Some(Definition::Index(it)) = state.get(&identity).map(|it| &it.definition) else { continue };
        if it.only && state.get(child).is_none() {
            continue;
        }
        let columns = index_column_names(it.keys.iter().map(index::key_name).chain(it.include.iter().cloned()));
        inherit_index(state, child, &identity, &columns)?;
    }
    inherit_triggers(state, parent, child);
    Ok(())
}

/// Gives a partition its parent's key: one that it has and that says the same becomes part of the parent's, else it gets one.
pub(crate) fn inherit_key(state: &mut State<'_>, child: &Identity, parent: &Constraint) -> Outcome {
    let own = constraints(state, child)
        .into_iter()
        .find(|(_, it)| !it.inherited && it.deferral == parent.deferral && same_key(&it.kind, &parent.kind));
    match own {
        Some((identity, _)) => {
            mark_inherited(state, &identity);
            dependency::refresh(state, &identity);
            Ok(())
        }
        None => {
            let inherited = Constraint { inherited: true, local: false, ..parent.clone() };
            constraint::put_key(state, child, None, inherited, false).map(|_| ())
        }
    }
}

fn same_key(a: &ConstraintKind, b: &ConstraintKind) -> bool {
    match (a, b) {
        (ConstraintKind::PrimaryKey(a), ConstraintKind::PrimaryKey(b)) | (ConstraintKind::Unique(a), ConstraintKind::Unique(b)) => {
            a.columns == b.columns && a.include == b.include && a.nulls_not_distinct == b.nulls_not_distinct
        }
        (
            ConstraintKind::Exclusion { method, elements, include, predicate, .. },
            ConstraintKind::Exclusion { method: m, elements: e, include: i, predicate: p, .. },
        ) => method == m && elements == e && include == i && predicate == p,
        _ => false,
    }
}

/// Gives a partition its parent's foreign key: one that it has and that says the same, or one of the same name.
pub(crate) fn inherit_foreign_key(state: &mut State<'_>, child: &Identity, name: &str, parent: &Constraint) -> Outcome {
    let same =
        |it: &Constraint| !it.inherited && it.kind == parent.kind && it.deferral == parent.deferral && it.validated == parent.validated;
    if let Some((identity, _)) = constraints(state, child).into_iter().find(|(_, it)| same(it)) {
        mark_inherited(state, &identity);
        return Ok(());
    }
    let taken = state.contains(&Identity::within(Kind::Constraint, &child.qualified_name(), name));
    let inherited = Constraint { inherited: true, local: false, ..parent.clone() };
    constraint::put_foreign_key(state, child, (!taken).then(|| name.to_owned()), inherited)
}

fn mark_inherited(state: &mut State<'_>, identity: &Identity) {
    state.change(identity, |object| {
        if let Definition::Constraint(it) = &mut object.definition {
            it.inherited = true;
            it.local = false;
        }
    });
}

/// Gives a partition its parent's index: one that it has and that says the same, or one under a chosen name.
pub(crate) fn inherit_index(state: &mut State<'_>, child: &Identity, parent: &Identity, columns: &[String]) -> Outcome {
    let Some(Object { definition: Definition::Index(it), dependencies, .. }) = state.get(parent) else { return Ok(()) };
    let parent_table = Identity::new(Kind::Table, parent.schema.clone(), it.table.clone());
    let wanted = Index { table: child.name.clone(), partition_of: Some(parent.qualified_name()), only: false, ..it.clone() };
    let needs: BTreeSet<Dependency> = dependencies
        .iter()
        .filter(|it| it.on.kind != Kind::Index && it.on.kind != Kind::Schema)
        .map(|it| if it.on == parent_table { Dependency { on: child.clone(), ..it.clone() } } else { it.clone() })
        .chain([Dependency::on(parent.clone()).auto()])
        .chain(state.schema_dependency(&child.schema))
        .collect();
    let own = index::of_table(state, child).into_iter().find(|it| match state.get(it).map(|it| &it.definition) {
        Some(Definition::Index(own)) => own.partition_of.is_none() && same_index(own, &wanted),
        _ => false,
    });
    if let Some(own) = own.cloned() {
        attach_index(state, &own, parent);
        return Ok(());
    }
    if child.kind == Kind::ForeignTable {
        return Ok(());
    }
    index::put(state, child, None, columns, wanted, needs, true).map(|_| ())
}

/// Whether two indexes of different tables say the same, in whatever order each has its keys' values. PostgreSQL
/// src/backend/catalog/index.c, CompareIndexInfo.
fn same_index(a: &Index, b: &Index) -> bool {
    let unsorted = |it: &IndexKey| IndexKey { descending: false, nulls: None, ..it.clone() };
    a.unique == b.unique
        && a.method == b.method
        && a.keys.iter().map(unsorted).eq(b.keys.iter().map(unsorted))
        && a.include == b.include
        && a.nulls_not_distinct == b.nulls_not_distinct
        && a.predicate == b.predicate
}

/// `ALTER INDEX … ATTACH PARTITION`. The parent holds as soon as every partition has one.
pub(crate) fn attach_index(state: &mut State<'_>, child: &Identity, parent: &Identity) {
    state.change(child, |object| {
        if let Definition::Index(it) = &mut object.definition {
            it.partition_of = Some(parent.qualified_name());
        }
        object.dependencies.insert(Dependency::on(parent.clone()).auto());
    });
    let Some(Definition::Index(it)) = state.get(parent).map(|it| &it.definition) else { return };
    let table = Identity::new(Kind::Table, parent.schema.clone(), it.table.clone());
    let attached = state.dependents(parent).filter(|it| it.kind == Kind::Index).count();
    if it.only && attached >= partitions(state, &table).len() {
        state.change(parent, |object| {
            if let Definition::Index(it) = &mut object.definition {
                it.only = false;
            }
        });
    }
}

/// `ALTER INDEX … ATTACH PARTITION` of the indexes of constraints.
pub(crate) fn attach_constraint(state: &mut State<'_>, child: &Identity) {
    mark_inherited(state, child);
    dependency::refresh(state, child);
}

/// Gives a partition copies of its parent's row triggers.
pub(crate) fn inherit_triggers(state: &mut State<'_>, parent: &Identity, child: &Identity) {
    let within = state.catalog().within(Kind::Trigger, &parent.qualified_name());
    let triggers: Vec<(Identity, Object)> = within
        .filter(|(_, it)| matches!(&it.definition, Definition::Trigger(it) if it.level == TriggerLevel::Row))
        .map(|(identity, object)| (identity.clone(), object.clone()))
        .collect();
    for (identity, object) in triggers {
        inherit_trigger(state, &identity, object, parent, child);
    }
}

/// Gives a partition, and its partitions, a copy of a row trigger of its parent.
pub(crate) fn inherit_trigger(state: &mut State<'_>, trigger: &Identity, mut object: Object, parent: &Identity, child: &Identity) {
    let identity = Identity::within(Kind::Trigger, &child.qualified_name(), trigger.name.clone());
    if let Definition::Trigger(it) = &mut object.definition {
        it.inherited = true;
    }
    object.comment = None;
    object.dependencies = std::mem::take(&mut object.dependencies)
        .into_iter()
        .filter(|it| it.on.kind != Kind::Trigger)
        .map(|it| if it.on == *parent { Dependency { on: child.clone(), ..it } } else { it })
        .chain([Dependency::on(trigger.clone()).auto()])
        .collect();
    state.insert(identity.clone(), object.clone());
    for grandchild in partitions(state, child) {
        inherit_trigger(state, &identity, object.clone(), child, &grandchild);
    }
}

/// The parent's constraint that a partition's key or foreign key is part of.
pub(crate) fn parent_constraint(state: &State<'_>, table: &Identity, own: &Constraint) -> Option<Identity> {
    let parent = state.get(table).and_then(|it| partition_of(&it.definition))?.parent.clone();
    let parent = state.resolver().relation(Some(&parent.schema), &parent.name)?;
    let matches = |it: &Constraint| match (&it.kind, &own.kind) {
        (ConstraintKind::ForeignKey(a), ConstraintKind::ForeignKey(b)) => a == b,
        (a, b) => same_key(a, b),
    };
    constraints(state, parent).into_iter().find(|(_, it)| matches(it)).map(|(identity, _)| identity)
}

/// `ATTACH PARTITION`, `INHERIT`: the columns and checks that the parent has become inherited ones.
pub(crate) fn adopt(state: &mut State<'_>, parent: &Identity, child: &Identity, partition: bool) -> Outcome {
    if is_ancestor(state, child, parent) {
        return Err(Problem::new(format!("circular inheritance: `{}` is already a child of `{}`", parent.name, child.name)));
    }
    if parents(state, child).contains(parent) {
        return Err(Problem::new(format!("relation `{}` would be inherited from more than once", parent.name)));
    }
    let parent_columns = state.get(parent).map(|it| column::columns(&it.definition).to_vec()).unwrap_or_default();
    for theirs in &parent_columns {
        let Some(own) = column::get(state, child, &theirs.name) else {
            return Err(Problem::new(format!("child table `{}` is missing column `{}`", child.name, theirs.name)));
        };
        if own.data_type != theirs.data_type {
            return Err(Problem::new(format!("child table `{}` has different type for column `{}`", child.name, theirs.name)));
        }
        column::change(state, child, &theirs.name, |it| {
            it.inherited = true;
            it.local &= !partition;
        });
    }
    for (identity, theirs) in constraints(state, parent) {
        if !matches!(theirs.kind, ConstraintKind::Check(_)) || theirs.no_inherit {
            continue;
        }
        let own = Identity::within(Kind::Constraint, &child.qualified_name(), identity.name.clone());
        if !state.contains(&own) {
            return Err(Problem::new(format!("child table `{}` is missing constraint `{}`", child.name, identity.name)));
        }
        state.change(&own, |object| {
            if let Definition::Constraint(it) = &mut object.definition {
                it.inherited = true;
                it.local &= !partition;
            }
        });
    }
    Ok(())
}

/// `DETACH PARTITION`, `NO INHERIT`: what no other parent has is the child's own again.
pub(crate) fn release(state: &mut State<'_>, child: &Identity) {
    let parents = parents(state, child);
    let names: Vec<String> =
        state.get(child).map(|it| column::columns(&it.definition).iter().map(|it| it.name.clone()).collect()).unwrap_or_default();
    for name in names {
        let inherited = parents.iter().any(|it| column::get(state, it, &name).is_some());
        column::change(state, child, &name, |it| {
            it.inherited = inherited;
            it.local |= !inherited;
        });
    }
    for (identity, it) in constraints(state, child) {
        if !it.inherited {
            continue;
        }
        let is_check = matches!(it.kind, ConstraintKind::Check(_));
        let still = is_check
            && parents.iter().any(|it| state.contains(&Identity::within(Kind::Constraint, &it.qualified_name(), identity.name.clone())));
        state.change(&identity, |object| {
            if let Definition::Constraint(it) = &mut object.definition {
                it.inherited = still;
                it.local |= !still;
            }
        });
        dependency::refresh(state, &identity);
    }
    let indexes: Vec<Identity> = index::of_table(state, child).into_iter().cloned().collect();
    for identity in indexes {
        state.change(&identity, |object| {
            if let Definition::Index(it) = &mut object.definition {
                it.partition_of = None;
            }
            object.dependencies.retain(|it| it.on.kind != Kind::Index);
        });
    }
    let triggers: Vec<Identity> = state
        .catalog()
        .within(Kind::Trigger, &child.qualified_name())
        .filter(|(_, it)| matches!(&it.definition, Definition::Trigger(it) if it.inherited))
        .map(|(identity, _)| identity.clone())
        .collect();
    // The clones of the parent's triggers go.
    for identity in triggers {
        state.remove(&identity);
    }
}
