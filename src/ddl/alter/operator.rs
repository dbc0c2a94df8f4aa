//! Operators, their families and classes, casts, collations and conversions.

use super::{Alteration, Altered};
use crate::catalog::{Cast, Collation, Conversion, Operator, OperatorClass, OperatorFamily};

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

pub(super) fn conversion(_: &Altered<'_, '_>, old: &Conversion, new: &Conversion) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("a conversion") }
}
