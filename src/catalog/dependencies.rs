//! What an object needs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Identity, is_default};

/// An object, or one column of a relation, that another object needs: what `pg_depend` calls a referenced object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dependency {
    /// The object that is needed.
    pub on: Identity,
    /// The column of it, where only a column is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Whether the dependent goes silently when what it needs is dropped (`pg_depend.deptype` `a`, `i`, `P`, `S`), as an
    /// index goes with its table; otherwise `DROP` without `CASCADE` refuses.
    #[serde(default, skip_serializing_if = "is_default")]
    pub auto: bool,
}

impl Dependency {
    /// A need that makes `DROP` without `CASCADE` refuse.
    pub fn on(identity: Identity) -> Self {
        Self { on: identity, column: None, auto: false }
    }

    /// The need of one column of a relation.
    pub fn on_column(relation: Identity, column: impl Into<String>) -> Self {
        Self { on: relation, column: Some(column.into()), auto: false }
    }

    /// The same need, of an object that goes silently with what it needs.
    #[must_use]
    pub fn auto(mut self) -> Self {
        self.auto = true;
        self
    }
}

/// What an object needs, sorted and each need once.
///
/// Most objects have two or three: a list takes a tenth of the memory of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeSet<Dependency>", into = "Vec<Dependency>")]
pub struct Dependencies(Box<[Dependency]>);

impl Dependencies {
    /// Whether nothing is needed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The needs, sorted.
    pub fn iter(&self) -> std::slice::Iter<'_, Dependency> {
        self.0.iter()
    }

    /// Whether it is among them.
    pub fn contains(&self, dependency: &Dependency) -> bool {
        self.0.binary_search(dependency).is_ok()
    }

    /// The needs as a set that grows cheaply.
    pub fn to_set(&self) -> BTreeSet<Dependency> {
        self.iter().cloned().collect()
    }

    /// Puts one in; whether it is new.
    pub fn insert(&mut self, dependency: Dependency) -> bool {
        let Err(at) = self.0.binary_search(&dependency) else { return false };
        let mut needs = std::mem::take(&mut self.0).into_vec();
        needs.insert(at, dependency);
        self.0 = needs.into();
        true
    }

    /// Takes one out; whether it was there.
    pub fn remove(&mut self, dependency: &Dependency) -> bool {
        let before = self.0.len();
        self.retain(|it| it != dependency);
        self.0.len() < before
    }

    /// Takes out all but those that are to be kept.
    pub fn retain(&mut self, keep: impl FnMut(&Dependency) -> bool) {
        let mut needs = std::mem::take(&mut self.0).into_vec();
        needs.retain(keep);
        self.0 = needs.into();
    }
}

impl From<BTreeSet<Dependency>> for Dependencies {
    fn from(needs: BTreeSet<Dependency>) -> Self {
        Self(needs.into_iter().collect())
    }
}

impl FromIterator<Dependency> for Dependencies {
    fn from_iter<I: IntoIterator<Item = Dependency>>(needs: I) -> Self {
        needs.into_iter().collect::<BTreeSet<_>>().into()
    }
}

impl Extend<Dependency> for Dependencies {
    fn extend<I: IntoIterator<Item = Dependency>>(&mut self, more: I) {
        *self = std::mem::take(self).into_iter().chain(more).collect();
    }
}

impl From<Dependencies> for Vec<Dependency> {
    fn from(needs: Dependencies) -> Self {
        needs.0.into_vec()
    }
}

impl IntoIterator for Dependencies {
    type Item = Dependency;
    type IntoIter = std::vec::IntoIter<Dependency>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_vec().into_iter()
    }
}

impl<'d> IntoIterator for &'d Dependencies {
    type Item = &'d Dependency;
    type IntoIter = std::slice::Iter<'d, Dependency>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
