//! Functions, procedures and aggregates.

use super::{Alteration, Altered};
use crate::catalog::{Aggregate, Routine};

pub(super) fn routine(_: &Altered<'_, '_>, old: &Routine, new: &Routine) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn aggregate(_: &Altered<'_, '_>, old: &Aggregate, new: &Aggregate) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}
