//! Types that DDL makes: enums, domains, composites, ranges, base types.

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

/// A base type: what its values are, only functions written for it know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaseType {
    /// `CREATE TYPE name`: announced, so that the functions of the type to come can name it.
    Shell,
    /// `CREATE TYPE name (…)`.
    Defined(Box<BaseTypeDefinition>),
}

/// What `CREATE TYPE name (…)` says. `LIKE` is resolved: it copies length, passing, alignment and storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaseTypeDefinition {
    /// `INPUT`.
    pub input: QualifiedName,
    /// `OUTPUT`.
    pub output: QualifiedName,
    /// `RECEIVE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receive: Option<QualifiedName>,
    /// `SEND`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<QualifiedName>,
    /// `TYPMOD_IN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modifiers_in: Option<QualifiedName>,
    /// `TYPMOD_OUT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modifiers_out: Option<QualifiedName>,
    /// `ANALYZE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyze: Option<QualifiedName>,
    /// `SUBSCRIPT` (PostgreSQL 14), where it is not what follows from `ELEMENT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscript: Option<QualifiedName>,
    /// `INTERNALLENGTH` in bytes; -1 is `VARIABLE`, -2 a text that ends with a zero byte.
    pub length: i16,
    /// `PASSEDBYVALUE`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub passed_by_value: bool,
    /// `ALIGNMENT`.
    pub alignment: Alignment,
    /// `STORAGE` (`plain`, `external`, `extended`, `main`).
    pub storage: String,
    /// `CATEGORY`, one letter.
    pub category: char,
    /// `PREFERRED`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub preferred: bool,
    /// `DEFAULT`, as the input function reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// `ELEMENT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<DataType>,
    /// `DELIMITER` between the elements of an array of it.
    pub delimiter: char,
    /// `COLLATABLE`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub collatable: bool,
}

/// On what boundary a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum Alignment {
    Char,
    Int2,
    Int4,
    Double,
}
