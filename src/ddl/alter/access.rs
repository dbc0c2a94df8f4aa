//! Policies and default privileges.

use super::{Alteration, Altered};
use crate::catalog::{DefaultPrivileges, Policy};

pub(super) fn policy(_: &Altered<'_, '_>, old: &Policy, new: &Policy) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("a policy") }
}

pub(super) fn default_privileges(_: &Altered<'_, '_>, old: &DefaultPrivileges, new: &DefaultPrivileges) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("default privileges") }
}
