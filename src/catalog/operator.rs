//! Operators and their classes, casts, collations and conversions.

use serde::{Deserialize, Serialize};

use super::{DataType, Identity, QualifiedName};

/// An operator. The identity's arguments are its left and right types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// The function behind it.
    pub function: QualifiedName,
    /// `COMMUTATOR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commutator: Option<QualifiedName>,
    /// `NEGATOR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negator: Option<QualifiedName>,
    /// `RESTRICT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrict: Option<QualifiedName>,
    /// `JOIN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<QualifiedName>,
    /// `HASHES`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub hashes: bool,
    /// `MERGES`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub merges: bool,
}

/// An operator family: the identity's parent is the access method. Members that no class owns stand here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorFamily {
    /// Loose members (`ALTER OPERATOR FAMILY … ADD`), sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<OperatorClassItem>,
}

/// An operator class: the identity's parent is the access method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorClass {
    /// `DEFAULT`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub default: bool,
    /// `FOR TYPE`.
    pub data_type: DataType,
    /// `FAMILY`; the class's own name where none is given.
    pub family: QualifiedName,
    /// Operators and functions, sorted.
    pub items: Vec<OperatorClassItem>,
    /// `STORAGE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<DataType>,
}

/// A member of an operator class or family.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorClassItem {
    /// `OPERATOR number name (left, right) [FOR ORDER BY family]`.
    Operator {
        /// The strategy number.
        number: u16,
        /// The operator.
        operator: QualifiedName,
        /// Its operand types, where given.
        #[serde(default)]
        operands: Vec<DataType>,
        /// `FOR ORDER BY`.
        #[serde(default)]
        order_by: Option<QualifiedName>,
    },
    /// `FUNCTION number (types) name(args)`.
    Function {
        /// The support number.
        number: u16,
        /// The operand types it is for, where given.
        #[serde(default)]
        operands: Vec<DataType>,
        /// The function, arguments included.
        function: Identity,
    },
}

/// A cast. The identity's arguments are source and target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cast {
    /// How it is done.
    pub method: CastMethod,
    /// When it is applied by itself.
    pub context: CastContext,
}

/// How a cast is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CastMethod {
    /// `WITH FUNCTION`.
    Function(Identity),
    /// `WITH INOUT`.
    InOut,
    /// `WITHOUT FUNCTION`.
    Binary,
}

/// When a cast is applied by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CastContext {
    /// Only where it is written.
    Explicit,
    /// `AS ASSIGNMENT`.
    Assignment,
    /// `AS IMPLICIT`.
    Implicit,
}

/// A collation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collation {
    /// `libc`, `icu` or `builtin`.
    pub provider: String,
    /// `LC_COLLATE`, where it differs from `LC_CTYPE` or the provider is libc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collate: Option<String>,
    /// `LC_CTYPE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ctype: Option<String>,
    /// `LOCALE` of ICU and builtin collations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// `RULES` (PostgreSQL 16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<String>,
    /// `DETERMINISTIC`.
    pub deterministic: bool,
}

/// A conversion between encodings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    /// `DEFAULT`: what the server takes where none is named.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub default: bool,
    /// `FOR`, as the server spells the encoding (`LATIN1`).
    pub source: String,
    /// `TO`.
    pub target: String,
    /// `FROM`.
    pub function: QualifiedName,
}
