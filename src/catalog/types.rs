//! Types that DDL makes: enums, domains, composites, ranges.

use serde::{Deserialize, Serialize};

use super::{DataType, Expression, QualifiedName};

/// An enum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enum {
    /// The labels in sort order.
    pub labels: Vec<String>,
}

/// A domain. Its CHECKs are constraints of their own, with the domain as parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// The type below.
    pub base: DataType,
    /// `COLLATE`, where it is not the base type's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<QualifiedName>,
    /// `DEFAULT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expression>,
    /// `NOT NULL`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub not_null: bool,
}

/// A composite type of its own (`CREATE TYPE … AS`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composite {
    /// Attributes in order.
    pub attributes: Vec<Attribute>,
}

/// An attribute of a composite type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// The name.
    pub name: String,
    /// The type.
    pub data_type: DataType,
    /// `COLLATE`, where it is not the type's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<QualifiedName>,
    /// `COMMENT ON COLUMN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A range type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// `SUBTYPE`.
    pub subtype: DataType,
    /// `SUBTYPE_OPCLASS`, where it is not the subtype's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator_class: Option<QualifiedName>,
    /// `COLLATION`, where it is not the subtype's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<QualifiedName>,
    /// `CANONICAL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical: Option<QualifiedName>,
    /// `SUBTYPE_DIFF`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtype_diff: Option<QualifiedName>,
    /// The multirange type's name in the same schema (PostgreSQL 14 and later).
    pub multirange: String,
}
