//! Views and materialised views.

use super::{Alteration, Altered};
use crate::catalog::{MaterializedView, View};

pub(super) fn view(_: &Altered<'_, '_>, old: &View, new: &View) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn materialized_view(_: &Altered<'_, '_>, old: &MaterializedView, new: &MaterializedView) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}
