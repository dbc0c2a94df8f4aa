//! Triggers, event triggers and rules: what runs by itself.

use super::quote::{identifiers, list, name, qualified, quote_identifier, quote_literal};
use super::table::partition_of;
use super::{Statement, Writer};
use crate::catalog::{
    Deferral, Definition, EventTrigger, Firing, Identity, Kind, Object, Rule, RuleEvent, Trigger, TriggerEvent, TriggerLevel, TriggerTiming,
};

pub(super) fn trigger(writer: &Writer<'_>, identity: &Identity, object: &Object, trigger: &Trigger) -> Vec<Statement> {
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
    } = trigger;
    let own = quote_identifier(&identity.name);
    let relation = qualified(&identity.schema, &identity.parent);
    if *inherited {
        return inherited_trigger(writer, identity, *firing);
    }
    let words = if *constraint { "CREATE CONSTRAINT TRIGGER" } else { "CREATE TRIGGER" };
    let timing = match timing {
        TriggerTiming::Before => "BEFORE",
        TriggerTiming::After => "AFTER",
        TriggerTiming::InsteadOf => "INSTEAD OF",
    };
    let event = |event: &TriggerEvent| match event {
        TriggerEvent::Insert => "INSERT".to_owned(),
        TriggerEvent::Update if update_of.is_empty() => "UPDATE".to_owned(),
        TriggerEvent::Update => format!("UPDATE OF {}", identifiers(update_of)),
        TriggerEvent::Delete => "DELETE".to_owned(),
        TriggerEvent::Truncate => "TRUNCATE".to_owned(),
    };
    let events = events.iter().map(event).collect::<Vec<_>>().join(" OR ");
    let mut sql = format!("{words} {own}\n    {timing} {events} ON {relation}");
    if let Some(references) = references {
        sql.push_str(&format!("\n    FROM {}", name(references)));
    }
    match deferral {
        Deferral::NotDeferrable => {}
        Deferral::Immediate => sql.push_str("\n    DEFERRABLE"),
        Deferral::Deferred => sql.push_str("\n    DEFERRABLE INITIALLY DEFERRED"),
    }
    let tables = [("OLD", old_table), ("NEW", new_table)];
    let tables: Vec<_> =
        tables.iter().filter_map(|(word, table)| Some(format!("{word} TABLE AS {}", quote_identifier(table.as_ref()?)))).collect();
    if !tables.is_empty() {
        sql.push_str(&format!("\n    REFERENCING {}", tables.join(" ")));
    }
    sql.push_str(match level {
        TriggerLevel::Row => "\n    FOR EACH ROW",
        TriggerLevel::Statement => "\n    FOR EACH STATEMENT",
    });
    if let Some(when) = when {
        sql.push_str(&format!("\n    WHEN ({})", when.0));
    }
    sql.push_str(&format!("\n    EXECUTE FUNCTION {}({});", name(function), list(arguments, |argument| quote_literal(argument))));
    let mut statements = vec![Statement::creating(identity, object, sql)];
    if let Some(word) = enabling(*firing) {
        statements.push(Statement::after(identity, format!("ALTER TABLE {relation} {word} TRIGGER {own};")));
    }
    statements
}

/// What a partition says of a trigger that its parent's made: only that it fires differently.
fn inherited_trigger(writer: &Writer<'_>, identity: &Identity, firing: Firing) -> Vec<Statement> {
    let relation = identity.parent_name();
    let above = writer.relation(&relation).and_then(|(_, table)| partition_of(table)).map(|partition| &partition.parent);
    let Some(above) = above.map(|above| Identity::within(Kind::Trigger, above, identity.name.clone())) else { return Vec::new() };
    let firing_above = match writer.catalog.get(&above).map(|object| &object.definition) {
        Some(Definition::Trigger(trigger)) => trigger.firing,
        _ => Firing::Origin,
    };
    if firing == firing_above {
        return Vec::new();
    }
    let sql =
        format!("ALTER TABLE {} {} TRIGGER {};", name(&relation), enabling(firing).unwrap_or("ENABLE"), quote_identifier(&identity.name));
    vec![Statement::after(identity, sql).needing([above])]
}

/// The words that change when a trigger or rule fires from what it is at first.
pub(super) fn enabling(firing: Firing) -> Option<&'static str> {
    match firing {
        Firing::Origin => None,
        Firing::Disabled => Some("DISABLE"),
        Firing::Replica => Some("ENABLE REPLICA"),
        Firing::Always => Some("ENABLE ALWAYS"),
    }
}

pub(super) fn event_trigger(identity: &Identity, object: &Object, trigger: &EventTrigger) -> Vec<Statement> {
    let EventTrigger { event, tags, function, firing } = trigger;
    let own = quote_identifier(&identity.name);
    let mut sql = format!("CREATE EVENT TRIGGER {own} ON {}", quote_identifier(event));
    if !tags.is_empty() {
        sql.push_str(&format!("\n    WHEN TAG IN ({})", list(tags, |tag| quote_literal(tag))));
    }
    sql.push_str(&format!("\n    EXECUTE FUNCTION {}();", name(function)));
    let mut statements = vec![Statement::creating(identity, object, sql)];
    if let Some(words) = enabling(*firing) {
        statements.push(Statement::after(identity, format!("ALTER EVENT TRIGGER {own} {words};")));
    }
    statements
}

pub(super) fn rule(writer: &Writer<'_>, identity: &Identity, object: &Object, rule: &Rule) -> Vec<Statement> {
    let Rule { event, instead, condition, actions, firing } = rule;
    let own = quote_identifier(&identity.name);
    let relation = qualified(&identity.schema, &identity.parent);
    let event = match event {
        RuleEvent::Select => "SELECT",
        RuleEvent::Insert => "INSERT",
        RuleEvent::Update => "UPDATE",
        RuleEvent::Delete => "DELETE",
    };
    let mut sql = format!("CREATE RULE {own} AS\n    ON {event} TO {relation}");
    if let Some(condition) = condition {
        sql.push_str(&format!("\n    WHERE {}", condition.0));
    }
    sql.push_str(if *instead { "\n    DO INSTEAD " } else { "\n    DO ALSO " });
    let queries: Vec<&str> = actions.iter().map(|query| query.0.trim().trim_end_matches(';')).collect();
    match queries.as_slice() {
        [] => sql.push_str("NOTHING"),
        [query] => sql.push_str(query),
        queries => sql.push_str(&format!("(\n        {}\n    )", queries.join(";\n        "))),
    }
    sql.push(';');
    let mut statements = vec![Statement::creating(identity, object, sql)];
    if let Some(words) = enabling(*firing) {
        let table = writer.relation(&identity.parent_name()).map_or("TABLE", |(identity, _)| super::spelling(identity.kind).keyword);
        // There is no ALTER VIEW … ENABLE RULE; ALTER TABLE takes views too.
        let table = if table == "FOREIGN TABLE" { table } else { "TABLE" };
        statements.push(Statement::after(identity, format!("ALTER {table} {relation} {words} RULE {own};")));
    }
    statements
}
