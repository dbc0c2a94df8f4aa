//! Foreign data wrappers, servers and user mappings.

use super::{Altered, Alteration};
use crate::catalog::{ForeignDataWrapper, ForeignServer, UserMapping};

pub(super) fn wrapper(_: &Altered<'_, '_>, old: &ForeignDataWrapper, new: &ForeignDataWrapper) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn server(_: &Altered<'_, '_>, old: &ForeignServer, new: &ForeignServer) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn user_mapping(_: &Altered<'_, '_>, old: &UserMapping, new: &UserMapping) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}
