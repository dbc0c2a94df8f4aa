//! Operators, their families and classes, casts and collations.

use super::{Alteration, Altered};
use crate::catalog::{Cast, Collation, Operator, OperatorClass, OperatorFamily};

pub(super) fn collation(_: &Altered<'_, '_>, old: &Collation, new: &Collation) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn operator(_: &Altered<'_, '_>, old: &Operator, new: &Operator) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn family(_: &Altered<'_, '_>, old: &OperatorFamily, new: &OperatorFamily) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn class(_: &Altered<'_, '_>, old: &OperatorClass, new: &OperatorClass) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn cast(_: &Altered<'_, '_>, old: &Cast, new: &Cast) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}
