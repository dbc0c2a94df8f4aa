//! Who may do what: grants, default privileges, row security policies.

use serde::{Deserialize, Serialize};

use super::{Expression, Identity, Kind};

/// One privilege of one role on one object or column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The role; `None` is `PUBLIC`.
    pub role: Option<String>,
    /// What it may do.
    pub privilege: Privilege,
    /// `WITH GRANT OPTION`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub grantable: bool,
}

/// PostgreSQL's privileges, in the order of its documentation (5.8, Privileges).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum Privilege {
    Select,
    Insert,
    Update,
    Delete,
    Truncate,
    References,
    Trigger,
    Create,
    Connect,
    Temporary,
    Execute,
    Usage,
    Set,
    AlterSystem,
    Maintain,
}

impl Privilege {
    /// What `PUBLIC` may do with an object of which nothing is granted or revoked (PostgreSQL documentation 5.8, table
    /// 5.2). The schema `public` gives its use, as every new database since PostgreSQL 15 has it.
    pub fn of_public(identity: &Identity) -> &'static [Privilege] {
        match identity.kind {
            Kind::Function | Kind::Procedure | Kind::Aggregate => &[Privilege::Execute],
            Kind::Language | Kind::BaseType | Kind::Enum | Kind::Domain | Kind::Composite | Kind::Range => &[Privilege::Usage],
            Kind::Schema if identity.name == "public" => &[Privilege::Usage],
            _ => &[],
        }
    }
}

/// What a role's new objects of one type get. The identity holds role, schema (if any) and, as the parent, the type of
/// objects (`tables`, `sequences`, `functions`, `types`, `schemas`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultPrivileges {
    /// What is granted beyond the built-in default, sorted.
    pub grants: Vec<Grant>,
    /// What is revoked of the built-in default, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revokes: Vec<Grant>,
}

/// A row security policy. The identity's parent is the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// `AS PERMISSIVE` (true) or `AS RESTRICTIVE`.
    pub permissive: bool,
    /// `FOR`.
    pub command: PolicyCommand,
    /// `TO`, sorted; empty is `PUBLIC`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// `USING`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub using: Option<Expression>,
    /// `WITH CHECK`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_check: Option<Expression>,
}

/// The commands that a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum PolicyCommand {
    All,
    Select,
    Insert,
    Update,
    Delete,
}
