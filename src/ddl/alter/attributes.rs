//! What every kind has: owner, comment, grants, security labels, the extensions that it depends on.

use std::collections::BTreeMap;

use super::Altered;
use crate::catalog::{Definition, Grant, Kind, Object, Privilege};
use crate::ddl::attributes::{grant_changes, reference, role, security_label};
use crate::ddl::quote::{qualified, quote_identifier, quote_literal};
use crate::ddl::{Statement, spelling};

/// What can be said of a column of any relation, or of an attribute: its comment, its grants, its security labels.
pub(super) type ColumnAttributes<'c> = (Option<&'c str>, &'c [Grant], &'c BTreeMap<String, String>);

/// The statements that alter what isn't the definition.
pub(super) fn attributes(it: &Altered<'_, '_>) -> Vec<Statement> {
    let Object { comment, owner, grants: _, security_labels, depends_on_extensions, dependencies: _, definition } = it.after;
    let before = it.before;
    let target = it.address();
    let spelling = spelling(it.identity.kind);
    let (taken, given) = grants_of(it);
    // From whom before who owns it: a new owner's own rights would go with what it was granted.
    let mut sql = taken;
    let goes_with_table = matches!(definition, Definition::Sequence(sequence) if sequence.owner.is_some());
    // An owner that DDL doesn't say is whoever runs it: there is nothing to go back to.
    if let (Some(owner), true) = (owner, *owner != before.owner && spelling.owner && !goes_with_table) {
        sql.push(format!("ALTER {target} OWNER TO {};", role(owner)));
    } else if before.owner.is_some() && owner.is_none() && spelling.owner && !goes_with_table {
        sql.push(format!("ALTER {target} OWNER TO CURRENT_USER;"));
    }
    let (old, new) = ((before.comment.as_deref(), &before.security_labels), (comment.as_deref(), security_labels));
    sql.extend(comment_and_labels(&target, old, new));
    if let (Kind::Extension, (Some(_), _), (None, _)) = (it.identity.kind, old, new) {
        // It has one of its own, which only the server knows.
        let own = "SELECT format('COMMENT ON EXTENSION %I IS %L', name, comment) FROM pg_catalog.pg_available_extensions";
        let name = quote_literal(&it.identity.name);
        sql.push(format!("DO $own$ BEGIN EXECUTE ({own} WHERE name = {name}); END $own$;"));
    }
    for extension in before.depends_on_extensions.difference(depends_on_extensions) {
        sql.push(format!("ALTER {target} NO DEPENDS ON EXTENSION {};", quote_identifier(extension)));
    }
    for extension in depends_on_extensions.difference(&before.depends_on_extensions) {
        sql.push(format!("ALTER {target} DEPENDS ON EXTENSION {};", quote_identifier(extension)));
    }
    sql.extend(given);
    sql.extend(column_grants_again(it));
    sql.into_iter().map(|sql| it.statement(sql)).collect()
}

/// What takes privileges, and what gives them.
fn grants_of(it: &Altered<'_, '_>) -> (Vec<String>, Vec<String>) {
    let Some(words) = spelling(it.identity.kind).grant.filter(|_| it.after.grants != it.before.grants) else {
        return (Vec::new(), Vec::new());
    };
    let name = match it.identity.kind {
        crate::catalog::Kind::Aggregate => crate::ddl::extension::signature(it.identity),
        _ => reference(it.identity, it.after),
    };
    let public = Privilege::of_public(it.identity);
    let changes = grant_changes(&format!("{words} {name}"), public, it.before.grants.as_deref(), it.after.grants.as_deref(), None);
    changes.into_iter().partition(|sql| sql.starts_with("REVOKE "))
}

/// Privileges on columns that stay while the same are taken from the relation, and from all of its columns with that.
fn column_grants_again(it: &Altered<'_, '_>) -> Vec<String> {
    let (Some(before), after) = (&it.before.grants, it.after.grants.as_deref().unwrap_or_default()) else { return Vec::new() };
    let has = |grants: &[Grant], of: &Grant| grants.iter().any(|it| it.role == of.role && it.privilege == of.privilege);
    let taken: Vec<&Grant> = before.iter().filter(|grant| !has(after, grant)).collect();
    if taken.is_empty() {
        return Vec::new();
    }
    let relation = format!("TABLE {}", qualified(&it.identity.schema, &it.identity.name));
    let old = column_grants(&it.before.definition);
    let mut sql = Vec::new();
    for (column, grants) in column_grants(&it.after.definition) {
        let had = old.iter().find(|(name, _)| *name == column).map(|(_, grants)| *grants).unwrap_or_default();
        let again: Vec<Grant> = grants
            .iter()
            .filter(|grant| had.contains(grant) && taken.iter().any(|it| it.role == grant.role && it.privilege == grant.privilege))
            .cloned()
            .collect();
        sql.extend(grant_changes(&relation, &[], Some(&[]), Some(&again), Some(column)));
    }
    sql
}

/// What is granted on single columns of a relation.
fn column_grants(definition: &Definition) -> Vec<(&str, &[Grant])> {
    match definition {
        Definition::View(it) => it.columns.iter().map(|it| (it.name.as_str(), it.grants.as_slice())).collect(),
        Definition::MaterializedView(it) => it.columns.iter().map(|it| (it.name.as_str(), it.grants.as_slice())).collect(),
        other => other.columns().into_iter().flatten().map(|it| (it.name.as_str(), it.grants.as_slice())).collect(),
    }
}

/// Whether something is granted on single columns of a relation.
pub(super) fn has_column_grants(definition: &Definition) -> bool {
    column_grants(definition).iter().any(|(_, grants)| !grants.is_empty())
}

/// The statements that alter what is said of a column. A column that the change adds has nothing said of it before.
pub(super) fn column_attributes(
    it: &Altered<'_, '_>,
    column: &str,
    (comment_before, grants_before, labels_before): ColumnAttributes<'_>,
    (comment, grants, labels): ColumnAttributes<'_>,
) -> Vec<Statement> {
    let relation = qualified(&it.identity.schema, &it.identity.name);
    let target = format!("COLUMN {relation}.{}", quote_identifier(column));
    let mut sql = comment_and_labels(&target, (comment_before, labels_before), (comment, labels));
    sql.extend(grant_changes(&format!("TABLE {relation}"), &[], Some(grants_before), Some(grants), Some(column)));
    sql.into_iter().map(|sql| it.statement(sql)).collect()
}

/// What leads from one comment and its security labels to others, of an object or a column.
fn comment_and_labels(
    target: &str,
    (comment_before, labels_before): (Option<&str>, &BTreeMap<String, String>),
    (comment, labels): (Option<&str>, &BTreeMap<String, String>),
) -> Vec<String> {
    let mut sql = Vec::new();
    if comment != comment_before {
        sql.push(format!("COMMENT ON {target} IS {};", comment.map_or_else(|| "NULL".to_owned(), quote_literal)));
    }
    for provider in labels_before.keys().filter(|provider| !labels.contains_key(*provider)) {
        sql.push(security_label(provider, target, None));
    }
    for (provider, label) in labels.iter().filter(|(provider, label)| labels_before.get(*provider) != Some(label)) {
        sql.push(security_label(provider, target, Some(label)));
    }
    sql
}
