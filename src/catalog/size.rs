//! How much is in a schema's tables: no part of the schema, and known of live databases only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Identity;

/// How large a table, a materialized view, an index or the index of a constraint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// How many rows the server thinks that there are; unknown where nobody ever counted (`ANALYZE`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// How many bytes it takes on the disk, those of long values included, those of indexes not.
    pub bytes: u64,
}

/// Sizes by what has them.
pub type Sizes = BTreeMap<Identity, Size>;
