//! Enums, domains, composites and ranges.

use super::{Alteration, Altered};
use crate::catalog::{Composite, Domain, Enum, Range};

pub(super) fn enumeration(_: &Altered<'_, '_>, old: &Enum, new: &Enum) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn domain(_: &Altered<'_, '_>, old: &Domain, new: &Domain) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn composite(_: &Altered<'_, '_>, old: &Composite, new: &Composite) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn range(_: &Altered<'_, '_>, old: &Range, new: &Range) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}
