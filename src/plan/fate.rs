//! What becomes of each object that a plan touches.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Dependents, dependents};
use crate::catalog::{Catalog, Dependency, Identity, Object};
use crate::ddl::{Alteration, Dependent, Statement, Thing, Writer};
use crate::diff::{Change, Diff};

/// What becomes of an object.
#[derive(Debug)]
pub(super) enum Fate<'a> {
    Create(&'a Object),
    Drop(&'a Object),
    Alter {
        after: &'a Object,
        statements: Vec<Statement>,
    },
    /// It is dropped and made anew.
    Replace {
        before: &'a Object,
        after: &'a Object,
        why: String,
    },
}

/// What becomes of all objects; those without a fate stay as they are.
pub(super) struct Fates<'a> {
    pub(super) of: BTreeMap<&'a Identity, Fate<'a>>,
    pub(super) dependents: Dependents<'a>,
    /// What a parent's object hands down, which comes and goes with that.
    handed_down: HashMap<&'a Identity, &'a Identity>,
    /// What goes with something that needs it in turn.
    parts: HashMap<&'a Identity, &'a Identity>,
    /// What was handed down, and by what, to a table that leaves its parent.
    parted: BTreeSet<(&'a Identity, &'a Identity)>,
    from: &'a Catalog,
    to: &'a Catalog,
    /// Types that are put in the place of others while columns keep their values.
    swapped: BTreeSet<&'a Identity>,
    /// What is dropped because something new takes its name.
    rooms: BTreeSet<&'a Identity>,
}

/// Decides what becomes of every object that changed, and of those that can't stay while others change.
pub(super) fn decide<'a>(difference: &Diff<'a>, old: &Writer<'a>, new: &Writer<'a>) -> Fates<'a> {
    let (from, to) = (old.catalog(), new.catalog());
    let mut of = BTreeMap::new();
    for change in &difference.changes {
        let (identity, fate) = match *change {
            Change::Created { identity, object } => (identity, Fate::Create(object)),
            Change::Dropped { identity, object } => (identity, Fate::Drop(object)),
            Change::Altered { identity, before, after } => match new.alter(old, identity, before, after) {
                Alteration::Statements(statements) => (identity, Fate::Alter { after, statements }),
                Alteration::Replace(why) => (identity, Fate::Replace { before, after, why: why.to_owned() }),
            },
        };
        of.insert(identity, fate);
    }
    let made: Vec<(&Identity, &Object)> = of
        .iter()
        .filter_map(|(identity, fate)| match fate {
            Fate::Create(object) | Fate::Replace { after: object, .. } | Fate::Alter { after: object, .. } => Some((*identity, *object)),
            Fate::Drop(_) => None,
        })
        .collect();
    for (identity, object) in made {
        for (forced, why) in new.forces(old, identity, object) {
            if let (Some(before), Some((forced, after))) = (from.get(forced), to.get_key_value(forced)) {
                of.insert(forced, Fate::Replace { before, after, why: why.to_owned() });
            }
        }
    }
    let mut dependents = dependents(from);
    // What a table keeps of a parent that it leaves is its own, and goes with nobody.
    let parted = difference.changes.iter().filter_map(|change| {
        let (identity, object) = from.get_key_value(change.identity())?;
        Some((identity, old.parted_from(identity, object)?.0))
    });
    let parted: BTreeSet<(&Identity, &Identity)> = parted.collect();
    for (identity, on) in &parted {
        if let Some(list) = dependents.get_mut(on) {
            list.retain(|(other, ..)| other != identity);
        }
    }
    let handed_down = from.iter().filter_map(|(identity, object)| Some((identity, old.handed_down_by(identity, object)?)));
    let handed_down: HashMap<&Identity, &Identity> = handed_down.collect();
    for (&identity, &by) in &handed_down {
        dependents.entry(by).or_default().push((identity, None, true));
    }
    let parts = old.parts_of_cycles();
    let mut fates = Fates { of, dependents, handed_down, parts, from, to, parted, swapped: BTreeSet::new(), rooms: BTreeSet::new() };
    let mut open: Vec<Thing<'a>> = Vec::new();
    for (&identity, fate) in &fates.of {
        open.extend(fate.destroyed(identity, from));
    }
    while let Some(thing) = open.pop() {
        fates.spread(&thing, old, new, &mut open);
    }
    // So too what was made anew because of what it was part of.
    let made_anew = fates.of.keys().filter_map(|identity| Some((*identity, old.parted_from(identity, from.get(identity)?)?.0)));
    let made_anew: Vec<(&Identity, &Identity)> = made_anew.collect();
    fates.parted.extend(made_anew);
    fates.spread_swaps();
    fates.find_rooms(old, new);
    fates
}

impl<'a> Fate<'a> {
    /// What is not there for a while, or for good.
    fn destroyed(&self, identity: &'a Identity, from: &'a Catalog) -> Vec<Thing<'a>> {
        match self {
            Self::Create(_) => Vec::new(),
            Self::Drop(_) | Self::Replace { .. } => vec![Thing { object: identity, column: None, retyped: false }],
            // What is done to a table is done to those below it too.
            Self::Alter { statements, .. } => {
                let removed =
                    statements.iter().flat_map(|statement| statement.removes.iter().map(move |it| (it, statement.adds.contains(it))));
                let thing = |((of, column), retyped): (&(Identity, String), bool)| {
                    let (object, before) = from.get_key_value(of)?;
                    Some(Thing { object, column: Some(name_in(before, column)?), retyped })
                };
                removed.filter_map(thing).collect()
            }
        }
    }
}

/// Adds statements that let go of something and take hold of it again. All letting go comes first: what is let go of may be
/// needed for what others take hold of. What is said twice is said where both can be.
fn merge(all: &mut Vec<Statement>, more: Vec<Statement>) {
    let mut first = 0;
    for mut statement in more {
        let same = all.iter().position(|it| it.sql == statement.sql);
        if let Some(same) = same.map(|at| all.remove(at)) {
            statement.needs.extend(same.needs);
            statement.releases.extend(same.releases);
        }
        if !statement.releases.is_empty() && statement.adds.is_empty() {
            all.insert(first.min(all.len()), statement);
            first += 1;
        } else {
            all.push(statement);
        }
    }
}

/// Whether an object is altered as a whole, and needs what is made or changed on the way.
fn lets_go_by_replacing(fates: &Fates<'_>, identity: &Identity, before: &Object, after: &Object) -> bool {
    let new = after.dependencies.iter().filter(|it| !before.dependencies.iter().any(|old| old.on == it.on));
    let mut new = new.filter(|it| fates.of.contains_key(&it.on));
    matches!(fates.of.get(identity), Some(Fate::Alter { statements, .. }) if statements.iter().any(|it| it.creates.contains(identity)))
        && new.next().is_some()
}

/// The name of an object, whatever it is.
fn full_name(identity: &Identity) -> (&str, &str, &str) {
    (&identity.schema, &identity.parent, &identity.name)
}

/// The name of a column as the catalog holds it.
fn name_in<'a>(object: &'a Object, column: &str) -> Option<&'a str> {
    object.definition.column_names().into_iter().find(|it| *it == column)
}

impl<'a> Fates<'a> {
    /// Decides about all that depends on something which is dropped, made anew or of another type.
    fn spread(&mut self, thing: &Thing<'a>, old: &Writer<'a>, new: &Writer<'a>, open: &mut Vec<Thing<'a>>) {
        let found = self.dependents.get(thing.object).cloned().unwrap_or_default();
        let mut seen = BTreeSet::new();
        for (identity, column, auto) in found {
            if thing.column.is_some() && column.is_some() && thing.column != column {
                continue;
            }
            // What needs a relation as a whole can live with other types of its columns, or says by which it can't.
            if thing.column.is_some() && column.is_none() {
                continue;
            }
            if matches!(self.of.get(identity), Some(Fate::Drop(_) | Fate::Replace { .. } | Fate::Create(_))) || !seen.insert(identity) {
                continue;
            }
            let (Some(before), Some(after)) = (self.from.get(identity), self.to.get(identity)) else { continue };
            let still = after
                .dependencies
                .iter()
                .any(|it| it.on == *thing.object && (thing.column.is_none() || it.column.as_deref() == thing.column));
            let is_gone = !self.to.contains(thing.object);
            if is_gone || !still {
                // Its alteration lets go of what is destroyed; but what belongs to an object that is dropped goes with it.
                let lets_go = matches!(self.of.get(identity), Some(Fate::Alter { statements, .. })
                    if statements.iter().any(|statement| statement.releases.contains(thing.object)));
                // What takes hold of something new can't always let go before a column of the old is given another type.
                let waits = thing.retyped || (thing.column.is_none() && self.waits(thing.object, 0));
                let is_late = lets_go_by_replacing(self, identity, before, after) && (waits || self.waits_for(thing.object, after));
                if is_late || (auto && thing.column.is_none() && self.is_dropped_whole(thing.object) && !lets_go) {
                    self.replace(identity, before, after, thing, open);
                    continue;
                }
                // The same text means something else from now on: nothing of it is altered, and so nothing lets go.
                let has_namesake =
                    after.dependencies.iter().any(|it| it.on != *thing.object && full_name(&it.on) == full_name(thing.object));
                let is_same_text = match self.of.get(identity) {
                    Some(Fate::Alter { statements, .. }) => {
                        let says_all = statements.iter().any(|it| it.creates.contains(identity));
                        statements.is_empty() || (has_namesake && !says_all && !lets_go)
                    }
                    _ => false,
                };
                if !is_same_text {
                    continue;
                }
            }
            match new.dependent(old, identity, before, after, thing) {
                Dependent::Survives if !(auto && thing.column.is_none()) => {}
                Dependent::Survives | Dependent::Remade => self.replace(identity, before, after, thing, open),
                Dependent::Eased(statements) => {
                    if thing.column.is_none() && thing.object.kind.makes_columns() {
                        self.swapped.insert(thing.object);
                    }
                    let added = Fate::Alter { after, statements };
                    open.extend(added.destroyed(identity, self.from));
                    let Fate::Alter { statements, .. } = added else { continue };
                    match self.of.entry(identity).or_insert_with(|| Fate::Alter { after, statements: Vec::new() }) {
                        Fate::Alter { statements: all, .. } => merge(all, statements),
                        Fate::Create(_) | Fate::Drop(_) | Fate::Replace { .. } => {}
                    }
                }
            }
        }
    }

    fn replace(&mut self, identity: &'a Identity, before: &'a Object, after: &'a Object, thing: &Thing<'a>, open: &mut Vec<Thing<'a>>) {
        let why = match thing.column {
            Some(column) => format!("it depends on column {column} of {}", thing.object),
            None => format!("it depends on {}", thing.object),
        };
        self.of.insert(identity, Fate::Replace { before, after, why });
        open.push(Thing { object: identity, column: None, retyped: false });
    }

    /// What is put out of the way still needs what it is made of: that is put out of the way, too.
    fn spread_swaps(&mut self) {
        let mut open: Vec<&'a Identity> = self.swapped.iter().copied().collect();
        while let Some(identity) = open.pop() {
            for dependency in self.from.get(identity).into_iter().flat_map(|object| &object.dependencies) {
                if let Some((&on, Fate::Replace { .. })) = self.of.get_key_value(&dependency.on)
                    && on.kind.makes_columns()
                    && self.swapped.insert(on)
                {
                    open.push(on);
                }
            }
        }
    }

    /// Whether an object that goes must be gone before something is given another type.
    fn waits(&self, identity: &Identity, depth: usize) -> bool {
        let Some(object) = self.from.get(identity).filter(|_| depth < 16 && self.is_dropped_whole(identity)) else { return false };
        let retypes = |statement: &Statement, of: &Identity, column: &str| {
            statement.removes.iter().any(|it| it.0 == *of && it.1 == column && statement.adds.contains(it))
        };
        object.dependencies.iter().filter(|it| it.on != *identity).any(|it| match (self.of.get(&it.on), it.column.as_deref()) {
            (Some(Fate::Alter { statements, .. }), Some(column)) => statements.iter().any(|statement| retypes(statement, &it.on, column)),
            (Some(_), _) => self.waits(&it.on, depth + 1),
            (None, _) => false,
        })
    }

    /// Whether an object needs something new that has to wait until one is gone: under its name, or that of something which can only go after
    /// it. Then it can't take hold of the new before it lets go of the old.
    fn waits_for(&self, gone: &'a Identity, object: &'a Object) -> bool {
        let mut going: BTreeSet<&Identity> = BTreeSet::from([gone]);
        let mut open = vec![gone];
        while let Some(object) = open.pop().and_then(|it| self.from.get(it)) {
            let on = object.dependencies.iter().filter_map(|it| self.of.get_key_value(&it.on)).map(|(on, _)| *on);
            open.extend(on.filter(|on| self.is_dropped_whole(on) && going.insert(on)));
        }
        let names: BTreeSet<(&str, &str, &str)> = going.into_iter().map(full_name).collect();
        let mut seen: BTreeSet<&Identity> = BTreeSet::new();
        let mut open = vec![object];
        while let Some(object) = open.pop() {
            for dependency in &object.dependencies {
                if let Some((on, Fate::Create(made) | Fate::Replace { after: made, .. })) = self.of.get_key_value(&dependency.on)
                    && seen.insert(on)
                {
                    if names.contains(&full_name(on)) {
                        return true;
                    }
                    open.push(made);
                }
            }
        }
        false
    }

    /// The objects that are dropped and made anew.
    pub(super) fn made_anew(&self) -> HashSet<&'a Identity> {
        self.of.iter().filter(|(_, fate)| matches!(fate, Fate::Replace { .. })).map(|(identity, _)| *identity).collect()
    }

    fn is_dropped_whole(&self, identity: &Identity) -> bool {
        matches!(self.of.get(identity), Some(Fate::Drop(_) | Fate::Replace { .. }))
    }

    /// The columns that an alteration drops for good.
    fn drops_column(&self, identity: &Identity, column: &str) -> bool {
        match self.of.get(identity) {
            Some(Fate::Alter { statements, .. }) => statements.iter().any(|statement| {
                let names = |list: &[(Identity, String)]| list.iter().any(|(of, name)| of == identity && name == column);
                names(&statement.removes) && !names(&statement.adds)
            }),
            _ => false,
        }
    }

    /// Whether an object that is to be dropped goes with something else that is: then no statement says so.
    pub(super) fn goes_with_another(&self, identity: &Identity) -> bool {
        self.owner_that_goes(identity).is_some()
    }

    /// What takes an object with it: the object that it belongs to, or a column of that.
    pub(super) fn owner_that_goes(&self, identity: &Identity) -> Option<(&'a Identity, Option<&'a str>)> {
        let object = self.from.get(identity)?;
        if let Some(whole) = self.parts.get(identity).filter(|it| self.is_dropped_whole(it)) {
            return Some((whole, None));
        }
        let mut owner = None;
        for dependency in object.dependencies.iter().filter(|it| it.on != *identity) {
            let Some((on, _)) = self.from.get_key_value(&dependency.on) else { continue };
            if self.parted.contains(&(identity, on)) {
                continue;
            }
            let goes = match dependency.column.as_deref() {
                _ if self.is_dropped_whole(on) => Some((on, None)),
                Some(column) if self.drops_column(on, column) => Some((on, Some(column))),
                _ => None,
            };
            match goes {
                // What is outside schemas is not in the way: the owner is dropped before it, too.
                Some((on, _)) if !dependency.auto && !on.schema.is_empty() => return None,
                Some(_) if !dependency.auto => {}
                Some(goes) => owner = owner.or(Some(goes)),
                None => {}
            }
        }
        // A partition that goes takes its part of a constraint along, before the parent takes its own.
        owner.or_else(|| self.handed_down.get(identity).filter(|by| self.is_dropped_whole(by)).map(|by| (*by, None)))
    }

    /// The statements that put a type out of the way instead of dropping it, where columns of it keep their values.
    pub(super) fn swap(&self, identity: &Identity, old: &Writer<'a>) -> Option<Vec<Statement>> {
        self.swapped.contains(identity).then(|| old.swap(identity))
    }

    /// Whether an object needs another, after.
    pub(super) fn needs(&self, identity: &Identity, on: &Identity) -> bool {
        self.to.get(identity).is_some_and(|object| object.dependencies.iter().any(|it| it.on == *on))
    }

    fn find_rooms(&mut self, old: &Writer<'a>, new: &Writer<'a>) {
        let mut taken = BTreeSet::new();
        for (identity, fate) in &self.of {
            if let Fate::Create(object) | Fate::Replace { after: object, .. } = fate {
                taken.extend(new.slots(identity, object));
            }
        }
        let has_taken_name = |(identity, fate): &(&&'a Identity, &Fate<'a>)| matches!(fate, Fate::Drop(object) if old.slots(identity, object).iter().any(|slot| taken.contains(slot)));
        self.rooms = self.of.iter().filter(has_taken_name).map(|(identity, _)| *identity).collect();
        // Nor can what goes be kept where it reads what is of another type from now on.
        let retypes = |dependency: &Dependency| {
            if let (None, Some((&object, Fate::Replace { .. }))) = (&dependency.column, self.of.get_key_value(&dependency.on)) {
                return Some(Thing { object, column: None, retyped: false });
            }
            let column = dependency.column.as_deref()?;
            let (&object, Fate::Alter { statements, .. }) = self.of.get_key_value(&dependency.on)? else { return None };
            let is_it = |it: &(Identity, String)| it.0 == *object && it.1 == column;
            let is_retyped = statements.iter().any(|it| it.removes.iter().any(is_it) && it.adds.iter().any(is_it));
            is_retyped.then_some(Thing { object, column: name_in(self.from.get(object)?, column), retyped: true })
        };
        let is_lost = |(identity, fate): &(&&'a Identity, &Fate<'a>)| matches!(fate, Fate::Drop(object) if object.dependencies.iter().filter_map(retypes).any(|thing| new.is_lost(old, identity, object, &thing)));
        let lost: Vec<&Identity> = self.of.iter().filter(is_lost).map(|(identity, _)| *identity).collect();
        self.rooms.extend(lost);
        // Nor a routine that a text goes on to mean for as long as it is there, where another of its name is to be meant.
        for (identity, object) in self.of.keys().filter_map(|it| self.from.get_key_value(it)) {
            let Some(after) = self.to.get(identity).filter(|after| after.definition == object.definition) else { continue };
            let instead = |gone: &Identity| after.dependencies.iter().any(|it| it.on != *gone && full_name(&it.on) == full_name(gone));
            let gone = object.dependencies.iter().filter_map(|it| self.of.get_key_value(&it.on));
            let gone: Vec<&Identity> = gone.filter(|(on, fate)| matches!(fate, Fate::Drop(_)) && instead(on)).map(|(on, _)| *on).collect();
            self.rooms.extend(gone);
        }
        // With them goes what needs them, or columns that their new versions don't have.
        loop {
            let is_in_the_way = |dependency: &Dependency| match self.of.get(&dependency.on) {
                Some(Fate::Drop(_)) => self.rooms.contains(&dependency.on),
                Some(Fate::Replace { after, .. }) => {
                    dependency.column.as_deref().is_some_and(|column| !after.definition.column_names().contains(&column))
                }
                _ => false,
            };
            let more = self.of.iter().filter(|(identity, _)| !self.rooms.contains(**identity));
            let more = more.filter(|(_, fate)| matches!(fate, Fate::Drop(object) if object.dependencies.iter().any(is_in_the_way)));
            let more: Vec<&Identity> = more.map(|(identity, _)| *identity).collect();
            if more.is_empty() {
                break;
            }
            self.rooms.extend(more);
        }
    }

    /// Whether a column that is dropped is of a type whose name is wanted for another.
    pub(super) fn column_makes_room(&self, identity: &Identity, column: &str) -> bool {
        let columns = self.from.get(identity).and_then(|it| it.definition.columns()).unwrap_or_default();
        let of = columns.iter().find(|it| it.name == column).map(|it| &it.data_type.name);
        of.is_some_and(|of| self.rooms.iter().any(|it| it.kind.is_type() && it.qualified_name() == *of))
    }

    /// Whether the name of an object that is dropped is wanted for another: then its drop can't be left out.
    pub(super) fn makes_room(&self, identity: &Identity) -> bool {
        self.rooms.contains(identity)
    }

    /// Whether a column is there after.
    pub(super) fn keeps_column(&self, identity: &Identity, column: &str) -> bool {
        self.to.get(identity).is_some_and(|object| object.definition.column_names().contains(&column))
    }
}
