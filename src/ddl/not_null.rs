//! NOT NULLs with names of their own, which PostgreSQL has from 18 on, and how one becomes a plain one and back.

use super::constraint::{demand, parent_words};
use super::quote::{name, quote_identifier};
use super::{Statement, Transaction, Writer};
use crate::catalog::{Catalog, Column, Constraint, ConstraintKind, Definition, Identity, Kind, Object, QualifiedName, ReplicaIdentity};

/// A valid NOT NULL with a name of its own. Who makes the column, or gives it its NOT NULL, says the name too; so it is said here only where
/// the column refuses NULL before (PostgreSQL 18; older servers know no names).
pub(super) fn named(writer: &Writer<'_>, identity: &Identity, object: &Object, constraint: &Constraint, column: &str) -> Vec<Statement> {
    let parent = identity.parent_name();
    let (Some(base), Some((table, _)), true) = (writer.base, writer.relation(&parent), writer.major >= 18) else { return Vec::new() };
    let columns = |catalog: &Catalog| catalog.get(table).and_then(|it| it.definition.columns()).map(<[Column]>::to_vec).unwrap_or_default();
    let refuses = columns(base).iter().any(|it| it.name == column && it.not_null);
    if !refuses || !writer.is_in_base(table) {
        return Vec::new();
    }
    let alter = format!("ALTER {} {}", parent_words(writer, &parent), name(&parent));
    let own = quote_identifier(&identity.name);
    let before = of_column(base, &parent, column);
    let is_fixed =
        columns(writer.catalog).iter().any(|it| it.name == column && it.identity.is_some()) || is_part_of_index(base, table, column);
    let mut actions = Vec::new();
    let mut drops = Vec::new();
    match before {
        None if !is_fixed => {
            // It may have any name by now: of the table and the column as they were called once.
            actions.push(format!("ALTER COLUMN {} DROP NOT NULL", quote_identifier(column)));
            let no_inherit = if constraint.no_inherit { " NO INHERIT" } else { "" };
            let later = if writer.online { " NOT VALID" } else { "" };
            actions.push(format!("ADD CONSTRAINT {own} {}{no_inherit}{later}", demand(&constraint.kind)));
            actions.extend(writer.online.then(|| format!("VALIDATE CONSTRAINT {own}")));
        }
        before => {
            let (name, no_inherit, validated) = match before {
                Some((identity, before)) => {
                    drops.push(identity.clone());
                    (identity.name.clone(), before.no_inherit, before.validated)
                }
                None => (plain_name(&parent.name, column), false, true),
            };
            actions.push(format!("RENAME CONSTRAINT {} TO {own}", quote_identifier(&name)));
            actions.extend((!validated).then(|| format!("VALIDATE CONSTRAINT {own}")));
            let word = if constraint.no_inherit { "NO INHERIT" } else { "INHERIT" };
            actions.extend((no_inherit != constraint.no_inherit).then(|| format!("ALTER CONSTRAINT {own} {word}")));
        }
    }
    let mut statements: Vec<Statement> = Vec::new();
    for action in actions {
        let mut statement = Statement::after(table, format!("{alter}\n    {action};"));
        if action.starts_with("VALIDATE") && writer.online {
            statement.transaction = Transaction::None;
        }
        statements.push(statement);
    }
    if let Some(first) = statements.iter_mut().find(|it| it.sql.contains(" CONSTRAINT ")) {
        first.creates.push(identity.clone());
        first.drops = drops;
        first.needs.extend(object.dependencies.iter().map(|it| it.on.clone()));
    }
    statements
}

/// Whether a column is part of an index that needs it to refuse NULL: of the primary key, or of the replica identity.
fn is_part_of_index(catalog: &Catalog, table: &Identity, column: &str) -> bool {
    let is_key = |object: &Object| matches!(&object.definition, Definition::Constraint(it) if matches!(&it.kind, ConstraintKind::PrimaryKey(key) if key.columns.iter().any(|it| it == column)));
    let identifies = || match catalog.get(table).map(|it| &it.definition) {
        Some(Definition::Table(table)) => matches!(table.replica_identity, ReplicaIdentity::Index(_)),
        _ => false,
    };
    catalog.within(Kind::Constraint, &table.qualified_name()).any(|(_, object)| is_key(object)) || identifies()
}

/// The NOT NULL of a column that is an object of its own.
pub(super) fn of_column<'c>(catalog: &'c Catalog, table: &QualifiedName, column: &str) -> Option<(&'c Identity, &'c Constraint)> {
    catalog.within(Kind::Constraint, table).find_map(|(identity, object)| match &object.definition {
        Definition::Constraint(constraint) => match &constraint.kind {
            ConstraintKind::NotNull { column: constrained } if constrained == column => Some((identity, constraint)),
            _ => None,
        },
        _ => None,
    })
}

/// The name that a column's NOT NULL has by itself (`src/backend/commands/indexcmds.c`, `makeObjectName`).
pub(super) fn plain_name(table: &str, column: &str) -> String {
    let clipped = |text: &str, length: usize| {
        let mut end = length.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text[..end].to_owned()
    };
    let (mut first, mut second) = (table.len(), column.len());
    while first + second > 63 - "__not_null".len() {
        if first > second { first -= 1 } else { second -= 1 }
    }
    format!("{}_{}_not_null", clipped(table, first), clipped(column, second))
}

/// Whether a name is one that NOT NULLs get by themselves.
pub(super) fn is_plain_name(name: &str) -> bool {
    name.trim_end_matches(|it: char| it.is_ascii_digit()).ends_with("_not_null")
}

impl Writer<'_> {
    /// What makes of a NOT NULL with a name of its own a plain one, where the column goes on to refuse NULL (PostgreSQL 18); nothing where
    /// another takes its place, whose making says so.
    pub(super) fn stays_not_null(&self, identity: &Identity, constraint: &Constraint) -> Option<Vec<Statement>> {
        let ConstraintKind::NotNull { column } = &constraint.kind else { return None };
        let after = self.towards.filter(|_| self.major >= 18)?;
        let parent = identity.parent_name();
        let (table, _) = self.relation(&parent)?;
        after.get(table)?.definition.columns()?.iter().find(|it| it.name == *column && it.not_null)?;
        if of_column(after, &parent, column).is_some() {
            return Some(Vec::new());
        }
        let alter = format!("ALTER {} {}", parent_words(self, &parent), name(&parent));
        let own = quote_identifier(&identity.name);
        let mut actions = Vec::new();
        if !constraint.validated {
            actions.push(format!("VALIDATE CONSTRAINT {own}"));
        }
        if constraint.no_inherit {
            actions.push(format!("ALTER CONSTRAINT {own} INHERIT"));
        }
        let plain = plain_name(&parent.name, column);
        if !is_plain_name(&identity.name) {
            actions.push(format!("RENAME CONSTRAINT {own} TO {}", quote_identifier(&plain)));
        }
        let mut statements: Vec<Statement> =
            actions.into_iter().map(|action| Statement::after(table, format!("{alter}\n    {action};"))).collect();
        statements.last_mut()?.drops.push(identity.clone());
        Some(statements)
    }
}
