//! Foreign data, without secrets: an option whose name speaks of a password or a key has no value here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Column, PartitionOf, QualifiedName};

/// A foreign data wrapper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignDataWrapper {
    /// The handler function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<QualifiedName>,
    /// The validator function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validator: Option<QualifiedName>,
    /// `OPTIONS`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// A foreign server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignServer {
    /// The wrapper.
    pub wrapper: String,
    /// `TYPE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_type: Option<String>,
    /// `VERSION`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `OPTIONS`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// A user mapping: that there is one, and which options it has. Values are never kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserMapping {
    /// The names of its options, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub option_names: Vec<String>,
}

/// A foreign table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignTable {
    /// Columns in physical order.
    pub columns: Vec<Column>,
    /// Parents, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<QualifiedName>,
    /// The partitioned table that it is a partition of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_of: Option<PartitionOf>,
    /// The server.
    pub server: String,
    /// `OPTIONS`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}
