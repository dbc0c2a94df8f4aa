//! A plan as the files of a migration tool, and what is known of them before any server sees them.
//!
//! [`Migration::new`] plans both ways and cuts the way up into parts, a file each: what a transaction may hold together, and what must
//! stand alone. It then replays every part offline, so that the way down of a part leads to exactly the schema that the part found, and
//! what a replay does not bring to its end is said ([`Migration::findings`]). [`Format`] knows how a part is spelled for a tool,
//! [`version`] how files are named. [`rename`] is what turns a drop and a create into one `ALTER … RENAME`.
//!
//! This module must not know how a plan is made, nor who asks. To add a tool: a variant of [`Format`], and a file beside [`goose`].

mod custom;
mod folder;
mod golang_migrate;
mod goose;
mod header;
pub mod phase;
pub mod rename;
mod squash;
pub mod verify;
pub mod version;

use std::collections::BTreeSet;

use crate::capture::script::{self, Input};
use crate::catalog::{Catalog, Column, Definition, Dependency, Identity, Index, Kind, Object, QualifiedName};
use crate::ddl::Writer;
use crate::diagnostic::{Diagnostic, Severity};
use crate::diff;
use crate::plan::{self, Action, Batch, Plan, Step};

pub use custom::{Template, TemplateError};
pub use folder::{Error, File, Format, Naming, existing, name_files, slug, write};
pub use squash::{Baseline, squash};

use rename::Rename;

/// How a migration is cut into files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How it is planned.
    pub plan: plan::Options,
    /// Whether what runs outside of transactions stands in a file of its own, statement by statement.
    pub alone: bool,
}

/// What leads from one schema to another, and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// A file each, in order.
    pub parts: Vec<Part>,
    /// What would have to be dropped, and is not.
    pub left_out: Vec<Step>,
    /// What a replay did not bring to its end.
    pub findings: Vec<Finding>,
}

/// What one file does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whether the way up is one transaction.
    pub transaction: bool,
    /// The way up.
    pub up: Vec<Step>,
    /// The way back to where this part began.
    pub down: Vec<Batch>,
}

/// Which way a migration goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the old schema to the new one.
    Up,
    /// Back.
    Down,
}

/// Why a replay is not where it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The statements could not all be replayed.
    NotReplayed {
        /// Which way.
        direction: Direction,
        /// What was said, with its place in the statements.
        diagnostics: Vec<Diagnostic>,
    },
    /// They were, and these objects are still others.
    Differs {
        /// Which way.
        direction: Direction,
        /// The objects, each with the fields that differ.
        objects: Vec<(Identity, Vec<String>)>,
    },
}

impl Migration {
    /// Plans the way from one schema to another, renames first, and the way back.
    ///
    /// What is dropped on the way down is what the way up made: that does not wait for [`plan::Options::drops`].
    pub fn new(from: &Catalog, to: &Catalog, renames: &[Rename], options: &Options) -> Self {
        let renamed = rename::after(from, renames);
        let start = renamed.as_ref().unwrap_or(from);
        let Plan { batches, left_out } = planned(start, to, &options.plan);
        let mut parts = cut(batches, options.alone);
        let mut findings = Vec::new();

        // Where each part ends. The last ends where the whole does, which is the aim unless something is left out.
        let mut ends: Vec<Catalog> = Vec::with_capacity(parts.len());
        let mut said = Vec::new();
        for part in &parts {
            let before = ends.last().unwrap_or(start);
            ends.push(replayed(before, &sql(&part.up), &mut said));
        }
        if !said.is_empty() {
            findings.push(Finding::NotReplayed { direction: Direction::Up, diagnostics: said });
        }
        if let Some(end) = ends.last_mut() {
            // Where drops are left out, nothing else may be left to do.
            let objects = match left_out.is_empty() {
                true => differences(end, to),
                false => plan::plan(end, to, &options.plan)
                    .steps()
                    .map(|it| (it.about.clone(), vec!["not as it should be".to_owned()]))
                    .collect(),
            };
            if !objects.is_empty() {
                findings.push(Finding::Differs { direction: Direction::Up, objects });
            }
            if left_out.is_empty() {
                end.clone_from(to);
            }
        }

        let back = plan::Options { drops: true, ..options.plan };
        for at in 0..parts.len() {
            let before = if at == 0 { start } else { &ends[at - 1] };
            parts[at].down = plan::plan(&ends[at], before, &back).batches.into_iter().filter_map(without_session_settings).collect();
        }
        renamed_first(&mut parts, renames);
        let mut migration = Self { parts, left_out, findings };
        if let Some(end) = ends.last() {
            migration.check_down(end, from);
        }
        migration
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// All statements of the way up.
    pub fn up(&self) -> impl Iterator<Item = &Step> {
        self.parts.iter().flat_map(|it| &it.up)
    }

    /// All statements of the way down.
    pub fn down(&self) -> impl Iterator<Item = &Step> {
        self.parts.iter().rev().flat_map(|it| &it.down).flat_map(|it| &it.steps)
    }

    /// Replays the way down.
    fn check_down(&mut self, end: &Catalog, from: &Catalog) {
        let steps: Vec<Step> = self.down().cloned().collect();
        let mut said = Vec::new();
        let found = replayed(end, &sql(&steps), &mut said);
        if !said.is_empty() {
            self.findings.push(Finding::NotReplayed { direction: Direction::Down, diagnostics: said });
        }
        let objects = differences(&found, from);
        if !objects.is_empty() {
            self.findings.push(Finding::Differs { direction: Direction::Down, objects });
        }
    }
}

/// Plans the way up. What is not dropped stays, and is no less in the way of other changes for that: a view that is kept is made anew
/// around a column's change like any other. So the plan leads to the new schema and what is kept.
fn planned(from: &Catalog, to: &Catalog, options: &plan::Options) -> Plan {
    let plan = plan::plan(from, to, options);
    if plan.left_out.is_empty() {
        return plan;
    }
    // Some drops are no choice: of what has a name that something new takes.
    let mut dropped: BTreeSet<&Identity> = plan.steps().filter(|it| it.action == Action::Drop).map(|it| &it.about).collect();
    let anew: BTreeSet<QualifiedName> = plan
        .steps()
        .filter(|it| it.action == Action::Recreate && matches!(it.about.kind, Kind::Table | Kind::ForeignTable))
        .map(|it| it.about.qualified_name())
        .collect();
    let (old, new) = (Writer::new(from).towards(to), Writer::new(to));
    let taken: BTreeSet<(String, String)> = to.iter().flat_map(|(identity, object)| new.slots(identity, object)).collect();
    let changes = diff::diff(from, to).changes;
    dropped.extend(changes.iter().filter_map(|change| match *change {
        diff::Change::Dropped { identity, object } => {
            old.slots(identity, object).iter().any(|slot| taken.contains(slot)).then_some(identity)
        }
        _ => None,
    }));
    let mut kept = to.clone();
    for change in changes {
        match change {
            diff::Change::Dropped { identity, object }
                if !dropped.contains(identity)
                    && object.dependencies.iter().all(|it| !dropped.contains(&it.on))
                    && !is_part_of_another(from, to, identity, object) =>
            {
                // What a parent handed down to a table that leaves it is the table's own.
                let own = if old.parted_from(identity, object).is_some() { as_own(object) } else { object.clone() };
                kept.insert(identity.clone(), without_parents(own, &anew));
            }
            // A child keeps what its parent keeps, though no statement of its own would drop it.
            diff::Change::Altered { identity, before, after } if loses_columns(before, after) => {
                let is_kept = |of: &QualifiedName| !dropped.iter().any(|it| it.kind.is_type() && it.qualified_name() == *of);
                kept.insert(identity.clone(), with_parts_of(before, after, &is_kept));
            }
            _ => {}
        }
    }
    // Nor is what lacks a column that could not be kept.
    loop {
        let lacks = |dependency: &Dependency| {
            let column = dependency.column.as_deref();
            let there = kept.get(&dependency.on).map(|it| it.definition.column_names());
            column.is_some_and(|column| there.is_none_or(|names| !names.contains(&column)))
        };
        let is_lacking = |(identity, object): &(&Identity, &Object)| {
            !to.contains(identity) && object.dependencies.iter().any(|it| lacks(it) || !kept.contains(&it.on))
        };
        let lacking: BTreeSet<Identity> = kept.iter().filter(is_lacking).map(|(identity, _)| identity.clone()).collect();
        if lacking.is_empty() {
            break;
        }
        kept = kept.into_iter().filter(|(identity, _)| !lacking.contains(identity)).collect();
    }
    let Plan { batches, mut left_out } = plan::plan(from, &kept, options);
    // Also what would have gone with something that is made anew.
    for step in plan::plan(&kept, to, options).left_out {
        if !left_out.iter().any(|it| it.sql == step.sql) {
            left_out.push(step);
        }
    }
    Plan { batches, left_out }
}

/// A table that leaves the parents which are made anew: below them its rows would go with theirs.
fn without_parents(mut object: Object, anew: &BTreeSet<QualifiedName>) -> Object {
    let (inherits, partition_of, columns) = match &mut object.definition {
        Definition::Table(it) => (&mut it.inherits, &mut it.partition_of, &mut it.columns),
        Definition::ForeignTable(it) => (&mut it.inherits, &mut it.partition_of, &mut it.columns),
        _ => return object,
    };
    let parents = inherits.len() + usize::from(partition_of.is_some());
    inherits.retain(|it| !anew.contains(it));
    if partition_of.as_ref().is_some_and(|it| anew.contains(&it.parent)) {
        *partition_of = None;
    }
    let left = inherits.len() + usize::from(partition_of.is_some());
    if left < parents {
        if left == 0 {
            columns.iter_mut().for_each(|it| (it.inherited, it.local) = (false, true));
        }
        let is_left = |it: &Dependency| !(matches!(it.on.kind, Kind::Table | Kind::ForeignTable) && anew.contains(&it.on.qualified_name()));
        object.dependencies = object.dependencies.iter().filter(|it| is_left(it)).cloned().collect();
    }
    object
}

/// A constraint or an index that no parent hands down any more.
fn as_own(object: &Object) -> Object {
    let mut own = object.clone();
    match &mut own.definition {
        Definition::Constraint(constraint) => (constraint.inherited, constraint.local) = (false, true),
        Definition::Index(index) => index.partition_of = None,
        _ => {}
    }
    own
}

/// Whether the index that a partition's is part of is another table's from now on: it goes with that.
fn is_part_of_another(from: &Catalog, to: &Catalog, identity: &Identity, object: &Object) -> bool {
    let Definition::Index(Index { partition_of: Some(above), .. }) = &object.definition else { return false };
    let above = Identity::new(identity.kind, above.schema.clone(), above.name.clone());
    let table = |catalog: &Catalog| match catalog.get(&above).map(|it| &it.definition) {
        Some(Definition::Index(index)) => Some(index.table.clone()),
        _ => None,
    };
    table(from) != table(to)
}

/// Whether the new version of an object has not all columns or attributes of the old one.
fn loses_columns(before: &Object, after: &Object) -> bool {
    let is_kept = matches!(before.definition, Definition::Table(_) | Definition::ForeignTable(_) | Definition::Composite(_));
    let left = after.definition.column_names();
    is_kept && before.definition.column_names().iter().any(|it| !left.contains(it))
}

/// The new version of an object, with the columns and attributes that only the old one has.
fn with_parts_of(before: &Object, after: &Object, is_kept: &dyn Fn(&QualifiedName) -> bool) -> Object {
    let mut kept = after.clone();
    match (&before.definition, &mut kept.definition) {
        (Definition::Table(old), Definition::Table(new)) => keep_columns(&old.columns, &mut new.columns, is_kept),
        (Definition::ForeignTable(old), Definition::ForeignTable(new)) => keep_columns(&old.columns, &mut new.columns, is_kept),
        (Definition::Composite(old), Definition::Composite(new)) => {
            let gone = old.attributes.iter().filter(|it| !new.attributes.iter().any(|other| other.name == it.name)).cloned();
            let gone: Vec<_> = gone.collect();
            new.attributes.extend(gone);
        }
        _ => {}
    }
    kept.dependencies = before.dependencies.iter().chain(&after.dependencies).cloned().collect();
    kept
}

fn keep_columns(old: &[Column], new: &mut Vec<Column>, is_kept: &dyn Fn(&QualifiedName) -> bool) {
    let is_gone = |it: &&Column| !new.iter().any(|other| other.name == it.name) && is_kept(&it.data_type.name);
    let gone: Vec<Column> = old.iter().filter(is_gone).cloned().collect();
    new.extend(gone);
}

/// Cuts batches into parts.
fn cut(batches: Vec<Batch>, alone: bool) -> Vec<Part> {
    let mut parts = Vec::new();
    for Batch { transaction, steps } in batches.into_iter().filter_map(without_session_settings) {
        if alone && !transaction {
            parts.extend(steps.into_iter().map(|step| Part { transaction, up: vec![step], down: Vec::new() }));
        } else {
            parts.push(Part { transaction, up: steps, down: Vec::new() });
        }
    }
    parts
}

/// Takes away from what runs outside of transactions what it sets: that would stay set for whoever uses the connection next.
fn without_session_settings(mut batch: Batch) -> Option<Batch> {
    if !batch.transaction {
        batch.steps.retain(|it| !header::is_setting(it));
    }
    (!batch.steps.is_empty()).then_some(batch)
}

/// Puts renames before everything else on the way up, and after everything else on the way down.
fn renamed_first(parts: &mut Vec<Part>, renames: &[Rename]) {
    if renames.is_empty() {
        return;
    }
    if parts.first().is_none_or(|it| !it.transaction) {
        parts.insert(0, Part { transaction: true, up: Vec::new(), down: Vec::new() });
    }
    if let Some(first) = parts.first_mut() {
        first.up.splice(0..0, renames.iter().map(Rename::step));
        let back = renames.iter().rev().map(Rename::back);
        match first.down.last_mut() {
            Some(last) if last.transaction => last.steps.extend(back),
            _ => first.down.push(Batch { transaction: true, steps: back.collect() }),
        }
    }
}

/// The text of statements, one after the other.
fn sql(steps: &[Step]) -> String {
    steps.iter().map(|it| format!("{}\n", it.sql)).collect()
}

/// The catalog after statements; errors are added to what is said.
fn replayed(catalog: &Catalog, sql: &str, said: &mut Vec<Diagnostic>) -> Catalog {
    let captured = script::replay(catalog.clone(), &[Input::new("the migration", sql)]);
    said.extend(captured.diagnostics.into_iter().filter(|it| it.severity == Severity::Error));
    captured.catalog
}

/// The objects that differ, and the fields of each.
fn differences(found: &Catalog, expected: &Catalog) -> Vec<(Identity, Vec<String>)> {
    let told = |change: diff::Change<'_>| {
        let fields = match change {
            diff::Change::Created { .. } => vec!["missing".to_owned()],
            diff::Change::Dropped { .. } => vec!["still there".to_owned()],
            diff::Change::Altered { .. } => change.fields().iter().map(ToString::to_string).collect(),
        };
        (change.identity().clone(), fields)
    };
    diff::diff(found, expected).changes.into_iter().map(told).collect()
}

#[cfg(test)]
mod tests;
