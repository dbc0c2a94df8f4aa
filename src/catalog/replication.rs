//! Logical replication.

use serde::{Deserialize, Serialize};

use super::{Expression, QualifiedName};

/// A publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// `FOR ALL TABLES`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub all_tables: bool,
    /// `FOR TABLE`, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<PublishedTable>,
    /// `FOR TABLES IN SCHEMA`, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schemas: Vec<String>,
    /// Which of `insert`, `update`, `delete`, `truncate` are published, in that order.
    pub publish: Vec<String>,
    /// `publish_via_partition_root`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub via_partition_root: bool,
    /// `publish_generated_columns` (PostgreSQL 18) where it is not `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated_columns: Option<String>,
}

/// A table of a publication.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedTable {
    /// The table.
    pub table: QualifiedName,
    /// The published columns in physical order; empty is all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The row filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Expression>,
}

/// A subscription, without its connection string, which holds secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// The publications, sorted.
    pub publications: Vec<String>,
    /// `WITH (…)`, as written.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub options: std::collections::BTreeMap<String, String>,
}
