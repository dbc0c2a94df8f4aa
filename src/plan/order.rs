//! One order for all statements of a plan, from what each says of itself.

use std::collections::HashMap;

use super::fate::{Fate, Fates};
use super::{ByThing, Draft};
use crate::catalog::Identity;
use crate::ddl::{Place, Writer};
use crate::graph::{self, Need};

/// Where a reader would look for a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank<'a> {
    pub(super) place: Place<'a>,
    pub(super) number: usize,
}

/// Which statements do what.
#[derive(Default)]
struct Doers<'d> {
    creates: HashMap<&'d Identity, Vec<usize>>,
    begins: HashMap<&'d Identity, Vec<usize>>,
    drops: HashMap<&'d Identity, Vec<usize>>,
    adds: ByThing<(&'d Identity, &'d str)>,
    removes: ByThing<(&'d Identity, &'d str)>,
    alters: HashMap<&'d Identity, Vec<usize>>,
    /// Statements that take the last of something away.
    closes: HashMap<&'d Identity, Vec<usize>>,
    /// Statements about an object that let go of another.
    releases: HashMap<(&'d Identity, &'d Identity), Vec<usize>>,
    /// Statements that take a partition away from a table.
    leaves: HashMap<&'d Identity, Vec<usize>>,
    /// Routines that go, by their names.
    routines: HashMap<(&'d str, &'d str), Vec<&'d Identity>>,
    /// Statements that free a name.
    frees: HashMap<(String, String), Vec<usize>>,
}

/// Sorts statements so that each comes after what it needs; where that leaves a choice, they stay as they came.
pub(super) fn sort<'a>(drafts: Vec<Draft<'a>>, fates: &Fates<'a>, old: &Writer<'a>, new: &Writer<'a>) -> Vec<Draft<'a>> {
    let doers = Doers::of(&drafts, fates, old);
    let mut needs: Vec<(usize, usize)> = Vec::new();
    let first: Vec<usize> = (0..drafts.len()).filter(|it| drafts[*it].statement.before_made).collect();
    for (number, draft) in drafts.iter().enumerate() {
        if !draft.statement.creates.is_empty() && !draft.statement.before_made {
            needs.extend(first.iter().filter(|it| drafts[**it].about != draft.about).map(|it| (number, *it)));
        }
        doers.creating(number, draft, &drafts, (fates, new), &mut needs);
        doers.destroying(number, draft, fates, new, &mut needs);
        doers.closing(number, draft, fates, &mut needs);
        doers.own_columns(number, draft, &drafts, &mut needs);
    }
    doers.within(&drafts, fates, &mut needs);
    let needs = needs.into_iter().map(|(from, on)| Need { from, on, belongs: false });
    let order = graph::sort(drafts.len(), needs).order;
    let mut drafts: Vec<Option<Draft<'a>>> = drafts.into_iter().map(Some).collect();
    order.into_iter().filter_map(|number| drafts[number].take()).collect()
}

impl<'d> Doers<'d> {
    fn of<'a: 'd>(drafts: &'d [Draft<'a>], fates: &Fates<'a>, old: &Writer<'a>) -> Self {
        let mut doers = Self::default();
        for (number, Draft { statement, about, .. }) in drafts.iter().enumerate() {
            statement.creates.iter().for_each(|it| doers.creates.entry(it).or_default().push(number));
            statement.begins.iter().for_each(|it| doers.begins.entry(it).or_default().push(number));
            statement.drops.iter().for_each(|it| doers.drops.entry(it).or_default().push(number));
            statement.leaves.iter().for_each(|it| doers.leaves.entry(it).or_default().push(number));
            statement.closes.iter().for_each(|it| doers.closes.entry(it).or_default().push(number));
            statement.releases.iter().for_each(|it| doers.releases.entry((*about, it)).or_default().push(number));
            statement.adds.iter().for_each(|(of, column)| doers.adds.entry((of, column)).or_default().push(number));
            statement.removes.iter().for_each(|(of, column)| doers.removes.entry((of, column)).or_default().push(number));
            if matches!(fates.of.get(*about), Some(Fate::Alter { .. })) {
                doers.alters.entry(about).or_default().push(number);
            }
        }
        for (&identity, fate) in &fates.of {
            if identity.kind.has_arguments() && matches!(fate, Fate::Drop(_)) {
                doers.routines.entry((&identity.schema, &identity.name)).or_default().push(identity);
            }
        }
        // What goes with another is dropped by the statement that drops that one.
        for &identity in fates.of.keys() {
            let mut owner = Some((identity, None));
            let mut steps = 0;
            while let Some((at, column)) = owner.filter(|_| !doers.drops.contains_key(identity) && steps < 64) {
                let by = match column {
                    Some(column) => doers.removes.get(&(at, column)),
                    None => doers.drops.get(at),
                };
                if let Some(by) = by.cloned() {
                    doers.drops.insert(identity, by);
                    break;
                }
                owner = fates.owner_that_goes(at);
                steps += 1;
            }
        }
        for (&identity, fate) in &fates.of {
            if let (Fate::Drop(object) | Fate::Replace { before: object, .. }, Some(by)) = (fate, doers.drops.get(identity)) {
                for slot in old.slots(identity, object) {
                    doers.frees.entry(slot).or_default().extend(by);
                }
            }
        }
        doers
    }

    /// What a statement needs to be there.
    fn creating<'a>(
        &self,
        number: usize,
        draft: &Draft<'_>,
        drafts: &[Draft<'_>],
        (fates, new): (&Fates<'a>, &Writer<'a>),
        needs: &mut Vec<(usize, usize)>,
    ) {
        let Draft { statement, about, .. } = draft;
        let mut need = |on: &[usize]| needs.extend(on.iter().filter(|on| **on != number).map(|on| (number, *on)));
        let object = new.catalog().get(about);
        let is_dropping = !statement.drops.is_empty();
        for on in &statement.needs {
            let belongs = || object.is_some_and(|it| it.dependencies.iter().any(|it| it.auto && it.on == *on));
            let is_beginning_enough = on == *about || new.are_in_one_cycle(about, on) || belongs();
            match self.begins.get(on).filter(|_| is_beginning_enough).or_else(|| self.creates.get(on)) {
                Some(makers) => need(makers),
                // Another object's statement makes it (a constraint that a parent hands down): what that one needs.
                None if !is_dropping && on != *about && matches!(fates.of.get(on), Some(Fate::Create(_) | Fate::Replace { .. })) => {
                    for dependency in new.catalog().get(on).into_iter().flat_map(|it| &it.dependencies) {
                        self.creates.get(&dependency.on).into_iter().for_each(|makers| need(makers));
                    }
                }
                None => {}
            }
            if is_dropping || on == *about {
                continue;
            }
            // What a parent says of a column comes down to the child that is made.
            if statement.creates.contains(about) && object.is_some_and(|it| new.is_below(it, on)) {
                let all = self.alters.get(on).into_iter().flatten();
                let kept: Vec<usize> = all.filter(|it| drafts[**it].statement.removes.is_empty()).copied().collect();
                need(&kept);
            }
            // As long as one of the same name is there that is to go, the name may mean that.
            if on.kind.has_arguments() {
                let others = self.routines.get(&(on.schema.as_str(), on.name.as_str())).into_iter().flatten();
                others.filter(|it| **it != on).filter_map(|it| self.drops.get(it)).for_each(|droppers| need(droppers));
            }
            if on.kind.is_type() {
                self.alters.get(on).into_iter().for_each(|all| need(all));
            }
            // The columns of it that are read must be as they are to be.
            for dependency in object.into_iter().flat_map(|it| &it.dependencies).filter(|it| it.on == *on) {
                match dependency.column.as_deref() {
                    Some(column) => self.adds.get(&(on, column)).into_iter().for_each(|adders| need(adders)),
                    None => self.adds.range((on, "")..).take_while(|((of, _), _)| *of == on).for_each(|(_, adders)| need(adders)),
                }
            }
        }
        for (of, thing) in &statement.parted {
            self.releases.get(&(of, thing)).into_iter().for_each(|by| need(by));
        }
        for parent in &statement.joins {
            self.leaves.get(parent).into_iter().for_each(|by| need(by));
        }
        for gone in &statement.without {
            self.drops.get(gone).into_iter().for_each(|droppers| need(droppers));
        }
        for (of, column) in &statement.adds {
            self.removes.get(&(of, column.as_str())).into_iter().for_each(|removers| need(removers));
        }
        for made in statement.creates.iter().chain(&statement.begins) {
            self.drops.get(made).into_iter().for_each(|droppers| need(droppers));
            for slot in new.catalog().get(made).into_iter().flat_map(|object| new.slots(made, object)) {
                self.frees.get(&slot).into_iter().for_each(|by| need(by));
            }
        }
    }

    /// What must have let go of something before a statement takes it away.
    fn destroying(&self, number: usize, draft: &Draft<'_>, fates: &Fates<'_>, new: &Writer<'_>, needs: &mut Vec<(usize, usize)>) {
        let Draft { statement, about, .. } = draft;
        let things =
            statement.drops.iter().map(|it| (it, None)).chain(statement.removes.iter().map(|(of, column)| (of, Some(column.as_str()))));
        for (thing, column) in things {
            for &(identity, by_column, _) in fates.dependents.get(thing).into_iter().flatten() {
                if identity == *about || (column.is_some() && by_column != column) {
                    continue;
                }
                let before = match fates.of.get(identity) {
                    Some(_) if self.closes.contains_key(*about) && self.outlasts(identity, fates) => Vec::new(),
                    Some(Fate::Drop(_) | Fate::Replace { .. }) => {
                        let drops = self.releases.get(&(identity, thing)).or_else(|| self.drops.get(identity));
                        // What is only put out of the way goes on to depend on it.
                        let closes = self.closes.get(identity).filter(|_| !self.closes.contains_key(*about));
                        drops.into_iter().chain(closes).flatten().copied().collect()
                    }
                    Some(Fate::Alter { after, statements, .. }) => {
                        let all = self.alters.get(identity).map(Vec::as_slice).unwrap_or_default();
                        let releasing: Vec<usize> =
                            all.iter().zip(statements).filter(|(_, it)| it.releases.contains(thing)).map(|(number, _)| *number).collect();
                        let still =
                            after.dependencies.iter().any(|it| it.on == *thing && (column.is_none() || it.column.as_deref() == column));
                        match (releasing.is_empty(), still && new.catalog().contains(thing)) {
                            (false, _) => releasing,
                            (true, false) => all.to_vec(),
                            (true, true) => Vec::new(),
                        }
                    }
                    Some(Fate::Create(_)) | None => Vec::new(),
                };
                needs.extend(before.iter().filter(|on| **on != number).map(|on| (number, *on)));
            }
        }
    }

    /// Whether something that goes may go on to be made of a type that is out of the way, until the last of that goes: another type, or a
    /// relation that doesn't come back. What has the type among its arguments is called by it, and goes before.
    fn outlasts(&self, identity: &Identity, fates: &Fates<'_>) -> bool {
        match fates.of.get(identity) {
            Some(Fate::Drop(_)) if identity.kind.is_relation() => true,
            Some(Fate::Drop(_) | Fate::Replace { .. }) => identity.kind.makes_columns() && !self.closes.contains_key(identity),
            _ => false,
        }
    }

    /// A table drops a column of its own once no parent hands it down any more.
    fn own_columns(&self, number: usize, draft: &Draft<'_>, drafts: &[Draft<'_>], needs: &mut Vec<(usize, usize)>) {
        let own = draft.statement.removes.iter().filter(|(of, _)| of == draft.about);
        for (of, column) in own.filter(|it| !draft.statement.adds.contains(it)) {
            let others = self.removes.get(&(of, column.as_str())).into_iter().flatten();
            needs.extend(others.filter(|on| drafts[**on].about != draft.about).map(|on| (number, *on)));
        }
    }

    /// What must be done with what depended on an object before the last of it goes.
    fn closing(&self, number: usize, draft: &Draft<'_>, fates: &Fates<'_>, needs: &mut Vec<(usize, usize)>) {
        for thing in &draft.statement.closes {
            for (identity, _, _) in fates.dependents.get(thing).into_iter().flatten() {
                let drops = self.drops.get(identity).filter(|_| self.outlasts(identity, fates));
                let before = self.alters.get(identity).into_iter().chain(self.closes.get(identity)).chain(drops).flatten();
                needs.extend(before.filter(|on| **on != number).map(|on| (number, *on)));
            }
        }
    }

    /// Statements of one object keep their order among each other, but those that only take columns away: others may
    /// have to come between.
    fn within(&self, drafts: &[Draft<'_>], fates: &Fates<'_>, needs: &mut Vec<(usize, usize)>) {
        let mut last: HashMap<(&Identity, bool), usize> = HashMap::new();
        for (number, Draft { statement, about, .. }) in drafts.iter().enumerate() {
            let goes_for_good = |(of, column): &(Identity, String)| !fates.keeps_column(of, column);
            if statement.adds.is_empty() && statement.removes.iter().any(goes_for_good) {
                continue;
            }
            let is_dropping = !statement.drops.is_empty();
            if let Some(before) = last.insert((about, is_dropping), number) {
                needs.push((number, before));
            }
        }
    }
}
