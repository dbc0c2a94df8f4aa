//! What becomes of each object that a plan touches.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Dependents, dependents};
use crate::catalog::{Catalog, Identity, Object};
use crate::ddl::{Alteration, Dependent, Statement, Thing, Writer};
use crate::diff::{Change, Diff};

/// What becomes of an object.
#[derive(Debug)]
pub(super) enum Fate<'a> {
    Create(&'a Object),
    Drop(&'a Object),
    Alter {
        before: &'a Object,
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
                Alteration::Statements(statements) => (identity, Fate::Alter { before, after, statements }),
                Alteration::Replace(why) => (identity, Fate::Replace { before, after, why: why.to_owned() }),
            },
        };
        of.insert(identity, fate);
    }
    let mut dependents = dependents(from);
    let handed_down = from.iter().filter_map(|(identity, object)| Some((identity, old.handed_down_by(identity, object)?)));
    let handed_down: HashMap<&Identity, &Identity> = handed_down.collect();
    for (&identity, &by) in &handed_down {
        dependents.entry(by).or_default().push((identity, None, true));
    }
    let mut fates = Fates { of, dependents, handed_down, from, to, swapped: BTreeSet::new(), rooms: BTreeSet::new() };
    let mut open: Vec<Thing<'a>> = Vec::new();
    for (&identity, fate) in &fates.of {
        open.extend(fate.destroyed(identity));
    }
    while let Some(thing) = open.pop() {
        fates.spread(&thing, old, new, &mut open);
    }
    fates.find_rooms(old, new);
    fates
}

impl<'a> Fate<'a> {
    /// What is not there for a while, or for good.
    fn destroyed(&self, identity: &'a Identity) -> Vec<Thing<'a>> {
        match self {
            Self::Create(_) => Vec::new(),
            Self::Drop(_) | Self::Replace { .. } => vec![Thing { object: identity, column: None, retyped: false }],
            Self::Alter { before, statements, .. } => {
                let removed =
                    statements.iter().flat_map(|statement| statement.removes.iter().map(move |it| (it, statement.adds.contains(it))));
                let removed = removed.filter(|((of, _), _)| of == identity);
                removed
                    .filter_map(|((_, column), retyped)| Some(Thing { object: identity, column: Some(name_in(before, column)?), retyped }))
                    .collect()
            }
        }
    }
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
                if auto && thing.column.is_none() && self.is_dropped_whole(thing.object) && !lets_go {
                    self.replace(identity, before, after, thing, open);
                }
                continue;
            }
            match new.dependent(old, identity, before, after, thing) {
                Dependent::Survives if !(auto && thing.column.is_none()) => {}
                Dependent::Survives | Dependent::Remade => self.replace(identity, before, after, thing, open),
                Dependent::Eased(statements) => {
                    if thing.column.is_none() && thing.object.kind.makes_columns() {
                        self.swapped.insert(thing.object);
                    }
                    let added = Fate::Alter { before, after, statements };
                    open.extend(added.destroyed(identity));
                    let Fate::Alter { statements, .. } = added else { continue };
                    match self.of.entry(identity).or_insert_with(|| Fate::Alter { before, after, statements: Vec::new() }) {
                        Fate::Alter { statements: all, .. } => {
                            // What both say is said once, where the thing is as it is to be; what lets go of the thing comes first, for
                            // what needs the new one can't be before that.
                            all.retain(|it| !statements.iter().any(|eased| eased.sql == it.sql));
                            let (first, rest): (Vec<_>, Vec<_>) = statements.into_iter().partition(|it| it.releases.contains(thing.object));
                            all.splice(0..0, first);
                            all.extend(rest);
                        }
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
        let mut owner = self.handed_down.get(identity).filter(|by| self.is_dropped_whole(by)).map(|by| (*by, None));
        for dependency in object.dependencies.iter().filter(|it| it.on != *identity) {
            let Some((on, _)) = self.from.get_key_value(&dependency.on) else { continue };
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
        owner
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
        for (&identity, fate) in &self.of {
            if let Fate::Drop(object) = fate
                && old.slots(identity, object).iter().any(|slot| taken.contains(slot))
            {
                self.rooms.insert(identity);
            }
        }
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
