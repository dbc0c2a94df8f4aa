//! Triggers, event triggers and rules.

use super::{Alteration, Altered};
use crate::catalog::{EventTrigger, Rule, Trigger};

pub(super) fn trigger(_: &Altered<'_, '_>, old: &Trigger, new: &Trigger) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn event_trigger(_: &Altered<'_, '_>, old: &EventTrigger, new: &EventTrigger) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn rule(_: &Altered<'_, '_>, old: &Rule, new: &Rule) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}
