//! Policies and default privileges.

use super::{Alteration, Altered};
use crate::catalog::{DefaultPrivileges, Grant, Policy};
use crate::ddl::Statement;
use crate::ddl::access::default_privileges_of;
use crate::ddl::attributes::{grant_changes, role};
use crate::ddl::quote::{list, parenthesised, qualified, quote_identifier};

pub(super) fn policy(it: &Altered<'_, '_>, old: &Policy, new: &Policy) -> Alteration {
    let Policy { permissive, command, roles, using, with_check } = new;
    if *permissive != old.permissive {
        return Alteration::Replace("whether a policy is permissive can't be altered");
    }
    if *command != old.command {
        return Alteration::Replace("the command of a policy can't be altered");
    }
    if (old.using.is_some() && using.is_none()) || (old.with_check.is_some() && with_check.is_none()) {
        return Alteration::Replace("an expression of a policy can be altered, but not taken away");
    }
    let mut clauses = Vec::new();
    if *roles != old.roles {
        clauses.push(match roles.as_slice() {
            [] => "TO PUBLIC".to_owned(),
            roles => format!("TO {}", list(roles, |name| role(name))),
        });
    }
    for (word, before, after) in [("USING", &old.using, using), ("WITH CHECK", &old.with_check, with_check)] {
        if let Some(expression) = after.as_ref().filter(|_| before != after) {
            clauses.push(format!("{word} {}", parenthesised(expression)));
        }
    }
    if clauses.is_empty() {
        return Alteration::one(None);
    }
    let table = qualified(&it.identity.schema, &it.identity.parent);
    let clauses: String = clauses.iter().map(|clause| format!("\n    {clause}")).collect();
    Alteration::one(Some(it.naming(format!("ALTER POLICY {} ON {table}{clauses};", quote_identifier(&it.identity.name)))))
}

/// What is revoked of the built-in default is held where the other version doesn't revoke it: so both are plain grants.
pub(super) fn default_privileges(it: &Altered<'_, '_>, old: &DefaultPrivileges, new: &DefaultPrivileges) -> Alteration {
    let held = |privileges: &DefaultPrivileges| -> Vec<Grant> {
        let DefaultPrivileges { grants, revokes } = privileges;
        let by_default = old.revokes.iter().chain(&new.revokes).filter(|it| !revokes.contains(it));
        let mut held: Vec<Grant> = grants.iter().chain(by_default).cloned().collect();
        held.sort();
        held.dedup();
        held
    };
    let (start, target) = default_privileges_of(it.identity);
    // What goes is gone before anything is made, and what comes is there for what is made later.
    let both = |old: &[Grant], new: &[Grant]| {
        old.iter().filter(|it| new.iter().any(|new| new.role == it.role && new.privilege == it.privilege)).cloned().collect::<Vec<_>>()
    };
    let between = DefaultPrivileges { grants: both(&old.grants, &new.grants), revokes: both(&old.revokes, &new.revokes) };
    let changes = |from: &DefaultPrivileges, to: &DefaultPrivileges, before_made| {
        let changes = grant_changes(&target, &[], Some(&held(from)), Some(&held(to)), None);
        let statement = |change: String| Statement { before_made, ..it.statement(format!("{start} {change}")) };
        changes.into_iter().map(statement).collect::<Vec<_>>()
    };
    Alteration::Statements(changes(old, &between, true).into_iter().chain(changes(&between, new, false)).collect())
}
