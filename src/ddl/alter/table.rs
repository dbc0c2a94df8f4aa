//! Tables and foreign tables, with their columns.

use super::{Altered, Alteration};
use crate::catalog::{ForeignTable, Table};

pub(super) fn table(_: &Altered<'_, '_>, old: &Table, new: &Table) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn foreign_table(_: &Altered<'_, '_>, old: &ForeignTable, new: &ForeignTable) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}
