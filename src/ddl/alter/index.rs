//! Indexes and extended statistics.

use super::{Alteration, Altered};
use crate::catalog::{Index, StatisticsObject};

pub(super) fn index(_: &Altered<'_, '_>, old: &Index, new: &Index) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn statistics(_: &Altered<'_, '_>, old: &StatisticsObject, new: &StatisticsObject) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}
