//! Text search objects.

use super::{Alteration, Altered};
use crate::catalog::{TextSearchConfiguration, TextSearchDictionary, TextSearchParser, TextSearchTemplate};

pub(super) fn parser(_: &Altered<'_, '_>, old: &TextSearchParser, new: &TextSearchParser) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn template(_: &Altered<'_, '_>, old: &TextSearchTemplate, new: &TextSearchTemplate) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn dictionary(_: &Altered<'_, '_>, old: &TextSearchDictionary, new: &TextSearchDictionary) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn configuration(_: &Altered<'_, '_>, old: &TextSearchConfiguration, new: &TextSearchConfiguration) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}
