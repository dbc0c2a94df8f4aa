//! What changed from one catalog to another.
//!
//! Objects are compared by identity, and then as values: this module never names a kind, so a new one needs nothing here. The order in which a
//! table has its columns is physical and can't be changed by any statement, so it is no difference ([`Object::differs`]).
//! It must not know how a change is written as SQL, nor in which order.

mod field;

use crate::catalog::{Catalog, Identity, Object};

pub use field::Field;

/// How two catalogs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff<'a> {
    /// What changed, sorted by identity.
    pub changes: Vec<Change<'a>>,
}

/// How one object differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// It is new.
    Created {
        /// What it is.
        identity: &'a Identity,
        /// The object.
        object: &'a Object,
    },
    /// It is gone.
    Dropped {
        /// What it was.
        identity: &'a Identity,
        /// The object.
        object: &'a Object,
    },
    /// It is another.
    Altered {
        /// What it is.
        identity: &'a Identity,
        /// The object as it was.
        before: &'a Object,
        /// The object as it is.
        after: &'a Object,
    },
}

/// Compares two catalogs. The cost is linear in the number of objects.
pub fn diff<'a>(from: &'a Catalog, to: &'a Catalog) -> Diff<'a> {
    let mut changes = Vec::new();
    let (mut old, mut new) = (from.iter().peekable(), to.iter().peekable());
    loop {
        match (old.peek().copied(), new.peek().copied()) {
            (None, None) => break,
            (Some((identity, object)), next) if next.is_none_or(|(other, _)| identity < other) => {
                changes.push(Change::Dropped { identity, object });
                old.next();
            }
            (Some((identity, before)), Some((other, after))) if identity == other => {
                if before.differs(after) {
                    changes.push(Change::Altered { identity, before, after });
                }
                old.next();
                new.next();
            }
            (_, Some((identity, object))) => {
                changes.push(Change::Created { identity, object });
                new.next();
            }
            (Some(_), None) => unreachable!("what only the old catalog has is dropped above"),
        }
    }
    Diff { changes }
}

impl Diff<'_> {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many objects were created, altered and dropped.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.changes.iter().fold((0, 0, 0), |(created, altered, dropped), change| match change {
            Change::Created { .. } => (created + 1, altered, dropped),
            Change::Altered { .. } => (created, altered + 1, dropped),
            Change::Dropped { .. } => (created, altered, dropped + 1),
        })
    }
}

impl<'a> Change<'a> {
    /// Which object it is about.
    pub fn identity(&self) -> &'a Identity {
        match self {
            Self::Created { identity, .. } | Self::Dropped { identity, .. } | Self::Altered { identity, .. } => identity,
        }
    }

    /// Which fields of an altered object differ, by path; none for the other changes.
    pub fn fields(&self) -> Vec<Field> {
        match self {
            Self::Altered { before, after, .. } => field::differing(before, after),
            Self::Created { .. } | Self::Dropped { .. } => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Column, DataType, Definition, Enum, Kind, Table};

    fn labels(labels: &[&str]) -> Object {
        Object::new(Definition::Enum(Enum { labels: labels.iter().map(|it| (*it).to_owned()).collect() }))
    }

    fn table(columns: &[(&str, &str)]) -> Object {
        let columns = columns.iter().map(|(name, of)| Column::new(*name, DataType::builtin(of))).collect();
        Object::new(Definition::Table(Table { columns, ..Table::default() }))
    }

    fn check(from: &[(&str, Object)], to: &[(&str, Object)], expected: &[&str]) {
        let catalog = |objects: &[(&str, Object)]| -> Catalog {
            objects.iter().map(|(name, object)| (Identity::new(object.definition.kind(), "s", *name), object.clone())).collect()
        };
        let (from, to) = (catalog(from), catalog(to));
        let mut found = Vec::new();
        for change in diff(&from, &to).changes {
            let word = match change {
                Change::Created { .. } => "+",
                Change::Dropped { .. } => "-",
                Change::Altered { .. } => "~",
            };
            found.push(format!("{word} {}", change.identity()));
            found.extend(change.fields().iter().map(ToString::to_string));
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn equal_catalogs_have_no_difference() {
        check(&[], &[], &[]);
        check(&[("a", labels(&["x"]))], &[("a", labels(&["x"]))], &[]);
    }

    #[test]
    fn objects_come_and_go() {
        let one = || labels(&["x"]);
        check(&[("a", one()), ("b", one())], &[("b", one()), ("c", one())], &["- enum s.a", "+ enum s.c"]);
        check(&[], &[("a", one())], &["+ enum s.a"]);
        check(&[("z", one())], &[], &["- enum s.z"]);
    }

    #[test]
    fn fields_are_told_by_path() {
        check(&[("a", labels(&["x"]))], &[("a", labels(&["x", "y"]))], &["~ enum s.a", "labels[y]: none -> \"y\""]);
        check(
            &[("t", table(&[("a", "int4"), ("b", "text")]))],
            &[("t", table(&[("a", "int8"), ("c", "text")]))],
            &["~ table s.t", "columns[a].data_type: integer -> bigint", "columns[b]: text -> none", "columns[c]: none -> text"],
        );
    }

    #[test]
    fn the_order_of_columns_is_no_difference() {
        check(&[("t", table(&[("a", "int4"), ("b", "text")]))], &[("t", table(&[("b", "text"), ("a", "int4")]))], &[]);
        let other = Identity::new(Kind::Table, "s", "t");
        assert_eq!(other.to_string(), "table s.t");
    }
}
