//! Sequences.

use super::{Alteration, Altered};
use crate::catalog::Sequence;

pub(super) fn sequence(_: &Altered<'_, '_>, old: &Sequence, new: &Sequence) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}
