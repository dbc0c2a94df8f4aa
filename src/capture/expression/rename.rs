//! What a RENAME or SET SCHEMA changes inside expressions and queries.
//!
//! The canonical text is parsed again and resolved against the catalog as it was before the rename; only references that
//! resolve to the renamed thing change. What a query calls its own columns stays, as on the server, by aliases.

use super::literal;
use crate::catalog::{DataType, Identity, Kind, QualifiedName};

/// A rename.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rename {
    /// An object of a schema gets another name, another schema, or both: relations, types, routines, operators, collations.
    Object {
        /// What it was.
        from: Identity,
        /// What it is called now.
        to: QualifiedName,
    },
    /// A column of a relation, or an attribute of a composite type.
    Column {
        /// Whose.
        relation: Identity,
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// A schema; an extension's objects follow when it moves, with `within`.
    Schema {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
        /// Only what this extension owns.
        within: Option<Identity>,
    },
    /// A label of an enum: constants of the enum are that label, whatever they are written as.
    Label {
        /// The enum.
        of: QualifiedName,
        /// The old label.
        from: String,
        /// The new label.
        to: String,
    },
}

impl Rename {
    /// The name of an object after the rename.
    pub(super) fn of(&self, identity: &Identity, name: QualifiedName) -> QualifiedName {
        match self {
            Self::Object { from, to } if from == identity => to.clone(),
            Self::Schema { from, to, within } if name.schema == *from && within.as_ref().is_none_or(|it| it == identity) => {
                QualifiedName::new(to.clone(), name.name)
            }
            Self::Object { .. } | Self::Schema { .. } | Self::Column { .. } | Self::Label { .. } => name,
        }
    }

    /// The name of a column after the rename, where it changes.
    pub(super) fn column(&self, relation: &Identity, column: &str) -> Option<&str> {
        match self {
            Self::Column { relation: renamed, from, to } if renamed == relation && from == column => Some(to),
            _ => None,
        }
    }

    /// A constant of a type that is no domain, as it is written after the rename, where it changes.
    pub(super) fn constant(&self, text: &str, data_type: &DataType) -> Option<String> {
        let Self::Label { of, from, to } = self else { return None };
        if data_type.name != *of {
            None
        } else if data_type.array {
            let rename = |it: String| if it == *from { to.clone() } else { it };
            literal::array_with(text, &rename).filter(|it| it != text)
        } else {
            (text == from).then(|| to.clone())
        }
    }

    /// Whether a column of that relation is renamed.
    pub(super) fn touches_columns_of(&self, relation: &Identity) -> bool {
        matches!(self, Self::Column { relation: renamed, .. } if renamed == relation)
    }

    /// Whether the rename could change a text at all: a cheap look before the tree is made.
    pub(super) fn may_touch(&self, text: &str) -> bool {
        match self {
            Self::Object { from, .. } if from.kind == Kind::Extension => true,
            Self::Object { from, .. } => text.contains(&from.name.replace('"', "\"\"")),
            // A NATURAL join names its columns nowhere.
            Self::Column { from, .. } => text.contains("NATURAL") || text.contains(&from.replace('"', "\"\"")),
            Self::Schema { from, .. } => text.contains(&from.replace('"', "\"\"")),
            // In an array it may be quoted and escaped.
            Self::Label { from, .. } => text.contains(from.split(['\'', '"', '\\']).next().unwrap_or_default()),
        }
    }
}
