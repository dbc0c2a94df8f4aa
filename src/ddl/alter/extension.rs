//! Schemas, extensions, languages, access methods and transforms.

use super::{Alteration, Altered};
use crate::catalog::{AccessMethod, Extension, Language, Schema, Transform};

pub(super) fn schema(_: &Altered<'_, '_>, old: &Schema, new: &Schema) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn extension(_: &Altered<'_, '_>, old: &Extension, new: &Extension) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("an extension") }
}

pub(super) fn language(_: &Altered<'_, '_>, old: &Language, new: &Language) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("a language") }
}

pub(super) fn access_method(_: &Altered<'_, '_>, old: &AccessMethod, new: &AccessMethod) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("an access method") }
}

pub(super) fn transform(_: &Altered<'_, '_>, old: &Transform, new: &Transform) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("a transform") }
}
