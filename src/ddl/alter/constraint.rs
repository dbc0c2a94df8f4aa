//! Constraints.

use super::{Alteration, Altered};
use crate::catalog::Constraint;

pub(super) fn constraint(_: &Altered<'_, '_>, old: &Constraint, new: &Constraint) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("a constraint") }
}
