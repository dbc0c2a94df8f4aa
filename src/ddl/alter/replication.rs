//! Publications and subscriptions.

use super::{Alteration, Altered};
use crate::catalog::{Publication, Subscription};

pub(super) fn publication(_: &Altered<'_, '_>, old: &Publication, new: &Publication) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn subscription(_: &Altered<'_, '_>, old: &Subscription, new: &Subscription) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}
