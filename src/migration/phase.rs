//! A change in two steps, so that code that knows the old schema and code that knows the new one both run in between.
//!
//! [`between`] is the schema after the first step: it has everything new that asks nothing of those who don't know it, and everything
//! old. The way there expands, the way on from there contracts. What depends on something that is not as in the new schema yet is not
//! in it either.

use std::collections::BTreeSet;

use crate::capture::script::{self, Input};
use crate::catalog::{Catalog, Column, ConstraintKind, Definition, Dependency, Identity, Kind, Object, QualifiedName, Table};
use crate::ddl::Writer;
use crate::diff::{self, Change};

use super::rename::{self, Rename};

/// Which step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// What is new, and no running code minds.
    Expand,
    /// All else.
    Contract,
}

/// The schema between the two steps. Renames are part of the second.
pub fn between(from: &Catalog, to: &Catalog, renames: &[Rename]) -> Catalog {
    match rename::after(from, renames) {
        None => expanded(from, to),
        Some(renamed) => {
            let back: String = renames.iter().rev().map(|it| format!("{}\n", it.back().sql)).collect();
            script::replay(expanded(&renamed, to), &[Input::new("the renames", back)]).catalog
        }
    }
}

fn expanded(from: &Catalog, to: &Catalog) -> Catalog {
    let mut between = from.clone();
    // Who has a name that something new wants has it until the second step.
    let (old, new) = (Writer::new(from), Writer::new(to));
    let taken: BTreeSet<(String, String)> = from.iter().flat_map(|(identity, object)| old.slots(identity, object)).collect();
    let is_free = |identity: &Identity, object: &Object| !new.slots(identity, object).iter().any(|slot| taken.contains(slot));
    let mut created: Vec<(&Identity, &Object)> = Vec::new();
    let mut altered = Vec::new();
    for change in diff::diff(from, to).changes {
        match change {
            Change::Created { identity, object } if is_free(identity, object) && !is_given_what_goes(from, to, object) => {
                created.push((identity, object));
            }
            Change::Created { .. } => {}
            Change::Altered { identity, before, after } => {
                between.insert(identity.clone(), loosened(from, identity, before, after));
                altered.push(identity.clone());
            }
            Change::Dropped { .. } => {}
        }
    }
    without_demands(from, to, &mut between);
    let is_mild = |it: &&(&Identity, &Object)| !breaks(from, it.0, it.1);
    let mut open: Vec<(&Identity, &Object)> = created.iter().filter(is_mild).copied().collect();
    // All of them at first, then without those that lack something, until none does.
    for (identity, object) in &open {
        between.insert((*identity).clone(), (*object).clone());
    }
    loop {
        let (whole, lacking): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|(_, object)| object.dependencies.iter().all(|it| is_met(&between, to, it)));
        if lacking.is_empty() {
            break;
        }
        let lacking: BTreeSet<&Identity> = lacking.into_iter().map(|(identity, _)| identity).collect();
        between = between.into_iter().filter(|(identity, _)| !lacking.contains(identity)).collect();
        open = whole;
    }
    script::with_needs_told(between, &altered)
}

/// Whether something is there as a new object wants it.
fn is_met(between: &Catalog, to: &Catalog, dependency: &Dependency) -> bool {
    let (Some(there), Some(wanted)) = (between.get(&dependency.on), to.get(&dependency.on)) else { return false };
    let column = |object: &Object, name: &str| {
        object.definition.columns()?.iter().find(|it| it.name == name).map(|it| (it.data_type.clone(), it.collation.clone()))
    };
    match (dependency.column.as_deref(), there.definition.columns()) {
        (Some(name), Some(_)) => column(there, name).is_some() && column(there, name) == column(wanted, name),
        (None, Some(_)) => true,
        _ => there.definition == wanted.definition,
    }
}

/// Whether an object is a partition or a child of a table that has something which it would be given, and which goes or becomes another in the second step.
fn is_given_what_goes(from: &Catalog, to: &Catalog, object: &Object) -> bool {
    let (partition_of, inherits) = match &object.definition {
        Definition::Table(it) => (it.partition_of.as_ref(), &it.inherits),
        Definition::ForeignTable(it) => (it.partition_of.as_ref(), &it.inherits),
        _ => return false,
    };
    let is_retyped = |parent: &QualifiedName| {
        let columns = |catalog: &Catalog| {
            let kinds = [Kind::Table, Kind::ForeignTable].into_iter();
            let mut tables = kinds.filter_map(|kind| catalog.get(&Identity::new(kind, parent.schema.clone(), parent.name.clone())));
            tables.next().and_then(|it| it.definition.columns()).map(<[Column]>::to_vec).unwrap_or_default()
        };
        let new = columns(to);
        let before = |column: &Column| new.iter().find(|it| it.name == column.name);
        columns(from)
            .iter()
            .any(|column| before(column).is_some_and(|it| (&it.data_type, &it.collation) != (&column.data_type, &column.collation)))
    };
    if inherits.iter().chain(partition_of.map(|it| &it.parent)).any(is_retyped) {
        return true;
    }
    let Some(parent) = partition_of.map(|it| Identity::new(Kind::Table, it.parent.schema.clone(), it.parent.name.clone())) else {
        return false;
    };
    let is_of_parent = |object: &Object| object.dependencies.iter().any(|it| it.auto && it.on == parent);
    let handed_down = [Kind::Index, Kind::Constraint, Kind::Trigger].iter().flat_map(|kind| from.of_kind(*kind));
    handed_down
        .filter(|(_, object)| is_of_parent(object))
        .any(|(identity, before)| to.get(identity).is_none_or(|after| after.definition != before.definition))
}

/// Whether a new object may be in the way of code that doesn't know it: it demands something of a table that is there, or does something
/// with its rows.
fn breaks(from: &Catalog, identity: &Identity, object: &Object) -> bool {
    let on = |parent: &QualifiedName| {
        let kinds = [Kind::Table, Kind::ForeignTable, Kind::View, Kind::MaterializedView, Kind::Domain];
        kinds.iter().find_map(|kind| from.get(&Identity::new(*kind, parent.schema.clone(), parent.name.clone())))
    };
    match &object.definition {
        Definition::Trigger(_) | Definition::Policy(_) | Definition::Rule(_) => on(&identity.parent_name()).is_some(),
        Definition::EventTrigger(_) | Definition::Publication(_) | Definition::Subscription(_) | Definition::Cast(_) => true,
        Definition::Index(index) => index.unique && on(&QualifiedName::new(identity.schema.clone(), index.table.clone())).is_some(),
        Definition::Constraint(_) => on(&identity.parent_name()).is_some_and(|table| {
            // Of new columns only nobody who doesn't know them is asked anything.
            let is_old = |column: &str| table.definition.column_names().contains(&column);
            let named: Vec<&str> = match own_columns(object) {
                Some(columns) => columns.iter().map(String::as_str).collect(),
                None => {
                    let own = object.dependencies.iter().filter(|it| it.on.name == identity.parent && it.on.schema == identity.schema);
                    own.filter_map(|it| it.column.as_deref()).collect()
                }
            };
            named.is_empty() || named.into_iter().any(is_old)
        }),
        _ => false,
    }
}

/// The columns that a key is made of.
fn own_columns(object: &Object) -> Option<&[String]> {
    match &object.definition {
        Definition::Constraint(constraint) => match &constraint.kind {
            ConstraintKind::Unique(key) => Some(&key.columns),
            ConstraintKind::ForeignKey(key) => Some(&key.columns),
            _ => None,
        },
        _ => None,
    }
}

/// An object that has what is new of it and asks for no more than it did.
fn loosened(from: &Catalog, identity: &Identity, before: &Object, after: &Object) -> Object {
    let mut between = before.clone();
    between.comment.clone_from(&after.comment);
    match (&mut between.definition, &after.definition) {
        (Definition::Table(old), Definition::Table(new)) => table(from, identity, old, new),
        (Definition::Enum(old), Definition::Enum(new)) => {
            let mut rest = new.labels.iter();
            if old.labels.iter().all(|label| rest.any(|it| it == label)) {
                old.labels.clone_from(&new.labels);
            }
        }
        _ => {}
    }
    between
}

fn table(from: &Catalog, identity: &Identity, old: &mut Table, new: &Table) {
    let is_plain = old.partition_of.is_none() && old.inherits.is_empty();
    for column in &mut old.columns {
        match new.columns.iter().find(|it| it.name == column.name) {
            Some(new) => {
                column.not_null &= new.not_null;
                column.comment.clone_from(&new.comment);
                if column.default.is_none() && column.generated.is_none() && column.identity.is_none() && column.data_type == new.data_type
                {
                    column.default.clone_from(&new.default);
                }
            }
            // Who doesn't know it any more gives it no value.
            None if is_plain && column.identity.is_none() && column.generated.is_none() && !is_key(from, identity, column) => {
                column.not_null = false
            }
            None => {}
        }
    }
    for column in new.columns.iter().filter(|new| !old.columns.iter().any(|it| it.name == new.name)).cloned().collect::<Vec<Column>>() {
        let has_value = column.default.is_some() || column.identity.is_some() || column.generated.is_some();
        old.columns.push(Column { not_null: column.not_null && has_value, ..column });
    }
    old.storage_parameters.clone_from(&new.storage_parameters);
}

/// Whether a column is part of its table's primary key.
fn is_key(from: &Catalog, table: &Identity, column: &Column) -> bool {
    from.within(Kind::Constraint, &table.qualified_name()).any(|(_, object)| {
        matches!(&object.definition, Definition::Constraint(it) if matches!(&it.kind, ConstraintKind::PrimaryKey(key) if key.columns.contains(&column.name)))
    })
}

/// Takes away the NOT NULLs with names of their own whose columns take NULL in between.
fn without_demands(from: &Catalog, to: &Catalog, between: &mut Catalog) {
    let is_loose = |identity: &Identity, object: &Object| {
        let Definition::Constraint(constraint) = &object.definition else { return false };
        let ConstraintKind::NotNull { column } = &constraint.kind else { return false };
        let parent = identity.parent_name();
        let table = [Kind::Table, Kind::ForeignTable]
            .iter()
            .find_map(|kind| between.get(&Identity::new(*kind, parent.schema.clone(), parent.name.clone())));
        !to.contains(identity)
            && table.and_then(|it| it.definition.columns()).into_iter().flatten().any(|it| it.name == *column && !it.not_null)
    };
    let loose: Vec<Identity> =
        from.of_kind(Kind::Constraint).filter(|(identity, object)| is_loose(identity, object)).map(|(it, _)| it.clone()).collect();
    if !loose.is_empty() {
        *between = std::mem::take(between).into_iter().filter(|(identity, _)| !loose.contains(identity)).collect();
    }
}
