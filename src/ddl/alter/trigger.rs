//! Triggers, event triggers and rules.

use super::{Alteration, Altered};
use crate::catalog::{EventTrigger, Firing, Kind, Rule, Trigger};
use crate::ddl::quote::{qualified, quote_identifier};
use crate::ddl::trigger as create;
use crate::ddl::trigger::enabling;

/// `CREATE OR REPLACE TRIGGER` is of PostgreSQL 14 and not for constraint triggers; to drop a trigger and make it anew
/// loses nothing.
pub(super) fn trigger(it: &Altered<'_, '_>, old: &Trigger, new: &Trigger) -> Alteration {
    let Trigger {
        timing,
        events,
        update_of,
        level,
        when,
        function,
        arguments,
        constraint,
        deferral,
        references,
        old_table,
        new_table,
        firing,
        inherited,
    } = new;
    let fires = (timing, events, update_of, level, when) == (&old.timing, &old.events, &old.update_of, &old.level, &old.when);
    let calls = (function, arguments) == (&old.function, &old.arguments);
    let constrains = (constraint, deferral, references) == (&old.constraint, &old.deferral, &old.references);
    let reads = (old_table, new_table) == (&old.old_table, &old.new_table);
    if !(fires && calls && constrains && reads) || *inherited != old.inherited {
        return Alteration::Replace("a trigger can't be altered, but for when it is enabled");
    }
    let table = qualified(&it.identity.schema, &it.identity.parent);
    // Without ONLY the partitions' own would follow.
    let only = if it.to.is_partitioned(&it.identity.parent_name()) { "ONLY " } else { "" };
    let sql = format!("ALTER TABLE {only}{table} {} TRIGGER {};", word(*firing), quote_identifier(&it.identity.name));
    Alteration::one((*firing != old.firing).then(|| it.statement(sql)))
}

/// The words that lead to when a trigger or rule fires, from whatever it was.
fn word(firing: Firing) -> &'static str {
    enabling(firing).unwrap_or("ENABLE")
}

pub(super) fn event_trigger(it: &Altered<'_, '_>, old: &EventTrigger, new: &EventTrigger) -> Alteration {
    let EventTrigger { event, tags, function, firing } = new;
    if (event, tags, function) != (&old.event, &old.tags, &old.function) {
        return Alteration::Replace("an event trigger can't be altered, but for when it is enabled");
    }
    let sql = format!("ALTER EVENT TRIGGER {} {};", quote_identifier(&it.identity.name), word(*firing));
    Alteration::one((*firing != old.firing).then(|| it.statement(sql)))
}

/// `CREATE OR REPLACE RULE` takes any other rule of the name, and leaves it enabled as it was (`InsertRule`).
pub(super) fn rule(it: &Altered<'_, '_>, old: &Rule, new: &Rule) -> Alteration {
    let Rule { event, instead, condition, actions, firing } = new;
    let mut statements = Vec::new();
    if (event, instead, condition, actions) != (&old.event, &old.instead, &old.condition, &old.actions)
        && let Alteration::Statements(again) = it.again(create::rule(it.to, it.identity, it.after, new))
    {
        statements.extend(again.into_iter().take(1));
    }
    if *firing != old.firing {
        let relation = qualified(&it.identity.schema, &it.identity.parent);
        let is_foreign = it.to.find(&[Kind::ForeignTable], &it.identity.parent_name()).is_some();
        let table = if is_foreign { "FOREIGN TABLE" } else { "TABLE" };
        statements.push(it.statement(format!("ALTER {table} {relation} {} RULE {};", word(*firing), quote_identifier(&it.identity.name))));
    }
    Alteration::Statements(statements)
}
