//! Schemas, and what extends the server as a whole.

use serde::{Deserialize, Serialize};

use super::QualifiedName;

/// A schema has nothing of its own beyond its name, owner and grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {}

/// An installed extension. Its members belong to it and are no objects of the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Where its objects live, where that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The version, where it is pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A procedural language outside any extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// Whether unprivileged users may use it.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub trusted: bool,
    /// The call handler; `None` asks the server's template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<QualifiedName>,
    /// The handler of `DO` blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<QualifiedName>,
    /// The validator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validator: Option<QualifiedName>,
}

/// An access method: how tables or indexes are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessMethod {
    /// `TYPE`.
    pub target: AccessMethodTarget,
    /// `HANDLER`.
    pub handler: QualifiedName,
}

/// What an access method keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum AccessMethodTarget {
    Table,
    Index,
}

/// How a type goes to and from a procedural language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transform {
    /// `FROM SQL WITH FUNCTION`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_sql: Option<super::Identity>,
    /// `TO SQL WITH FUNCTION`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_sql: Option<super::Identity>,
}

/// A trigger on DDL commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventTrigger {
    /// `ddl_command_start`, `ddl_command_end`, `sql_drop`, `table_rewrite`, `login`.
    pub event: String,
    /// The command tags it fires for, sorted; empty is all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The function it calls.
    pub function: QualifiedName,
    /// When it fires.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub firing: super::Firing,
}
