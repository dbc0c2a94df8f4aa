//! A part of a schema that stands on its own: chosen objects, what belongs to them, and what they need.

use std::collections::{BTreeMap, BTreeSet};

use super::{Catalog, ConstraintKind, Definition, Identity, QualifiedName};

/// A part of a catalog, and what was left out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The part.
    pub catalog: Catalog,
    /// Foreign keys of chosen tables to tables that were not chosen.
    pub foreign_keys: Vec<Identity>,
}

impl Catalog {
    /// Takes the objects that are chosen, with all that belongs to them (indexes, constraints, triggers) and all that they need
    /// (types, functions, the tables of a view). A foreign key brings no table along: it is left out instead.
    pub fn select(&self, chosen: impl Fn(&Identity) -> bool) -> Selection {
        let mut belongings: BTreeMap<QualifiedName, Vec<&Identity>> = BTreeMap::new();
        for (identity, object) in self.iter() {
            if let Some(relation) = relation_of(identity, &object.definition) {
                belongings.entry(relation).or_default().push(identity);
            }
        }
        let mut kept: BTreeSet<&Identity> = BTreeSet::new();
        let mut foreign_keys: Vec<&Identity> = Vec::new();
        let is_chosen = |identity: &Identity| match self.get(identity).and_then(|it| relation_of(identity, &it.definition)) {
            // What belongs to a relation comes with it, or not at all.
            Some(_) => false,
            None => chosen(identity),
        };
        let mut open: Vec<&Identity> = self.iter().map(|(identity, _)| identity).filter(|it| is_chosen(it)).collect();
        while let Some(identity) = open.pop() {
            let Some(object) = self.get(identity) else { continue };
            let is_foreign_key =
                matches!(&object.definition, Definition::Constraint(it) if matches!(it.kind, ConstraintKind::ForeignKey(_)));
            if is_foreign_key {
                foreign_keys.push(identity);
                continue;
            }
            if !kept.insert(identity) {
                continue;
            }
            if identity.kind.is_relation() {
                open.extend(belongings.get(&identity.qualified_name()).into_iter().flatten());
            }
            open.extend(object.dependencies.iter().filter_map(|it| self.get_key_value(&it.on)).map(|(identity, _)| identity));
        }
        let needs = |identity: &&Identity| self.get(identity).into_iter().flat_map(|it| &it.dependencies);
        let (whole, left_out): (BTreeSet<_>, BTreeSet<_>) =
            foreign_keys.into_iter().partition(|it| needs(it).all(|need| kept.contains(&need.on) || !self.contains(&need.on)));
        kept.extend(whole);
        let catalog = self.iter().filter(|(identity, _)| kept.contains(identity));
        Selection {
            catalog: catalog.map(|(identity, object)| (identity.clone(), object.clone())).collect(),
            foreign_keys: left_out.into_iter().cloned().collect(),
        }
    }
}

/// The relation that an object belongs to.
fn relation_of(identity: &Identity, definition: &Definition) -> Option<QualifiedName> {
    match definition {
        Definition::Index(index) => Some(QualifiedName::new(identity.schema.clone(), index.table.clone())),
        Definition::Statistics(statistics) => Some(statistics.table.clone()),
        Definition::Sequence(sequence) => sequence.owner.as_ref().map(|it| it.table.clone()),
        _ if !identity.parent.is_empty() => Some(identity.parent_name()),
        _ => None,
    }
}
