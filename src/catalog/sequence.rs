//! Sequences.

use serde::{Deserialize, Serialize};

use super::{DataType, QualifiedName};

/// A sequence. That of an identity column is owned by the column, and made and dropped by the table's statements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// How it counts.
    pub options: SequenceOptions,
    /// The column that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<SequenceOwner>,
    /// `UNLOGGED` (PostgreSQL 15).
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub unlogged: bool,
}

/// How a sequence counts, every default filled in as the server does (`CREATE SEQUENCE`, `init_params`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequenceOptions {
    /// `int2`, `int4` or `int8`.
    pub data_type: DataType,
    /// `START`.
    pub start: i64,
    /// `INCREMENT`, never 0.
    pub increment: i64,
    /// `MINVALUE`.
    pub min: i64,
    /// `MAXVALUE`.
    pub max: i64,
    /// `CACHE`.
    pub cache: i64,
    /// `CYCLE`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub cycle: bool,
}

/// The column that a sequence goes with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequenceOwner {
    /// The table.
    pub table: QualifiedName,
    /// The column.
    pub column: String,
    /// Whether it is an identity column's (`pg_depend.deptype` `i`), else `OWNED BY` (`a`).
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub identity: bool,
}
