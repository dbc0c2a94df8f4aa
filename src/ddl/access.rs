//! Policies and default privileges.

use super::attributes::{grantee, granting, role, word};
use super::quote::{list, parenthesised, qualified, quote_identifier};
use super::{Statement, Writer};
use crate::catalog::{DefaultPrivileges, Definition, Grant, Identity, Kind, Object, Policy, PolicyCommand, Privilege};

pub(super) fn policy(identity: &Identity, object: &Object, policy: &Policy) -> Vec<Statement> {
    let Policy { permissive, command, roles, using, with_check } = policy;
    let mut sql = format!("CREATE POLICY {} ON {}", quote_identifier(&identity.name), qualified(&identity.schema, &identity.parent));
    if !permissive {
        sql.push_str("\n    AS RESTRICTIVE");
    }
    match command {
        PolicyCommand::All => {}
        PolicyCommand::Select => sql.push_str("\n    FOR SELECT"),
        PolicyCommand::Insert => sql.push_str("\n    FOR INSERT"),
        PolicyCommand::Update => sql.push_str("\n    FOR UPDATE"),
        PolicyCommand::Delete => sql.push_str("\n    FOR DELETE"),
    }
    if !roles.is_empty() {
        sql.push_str(&format!("\n    TO {}", list(roles, |name| role(name))));
    }
    if let Some(using) = using {
        sql.push_str(&format!("\n    USING {}", parenthesised(using)));
    }
    if let Some(with_check) = with_check {
        sql.push_str(&format!("\n    WITH CHECK {}", parenthesised(with_check)));
    }
    sql.push(';');
    vec![Statement::creating(identity, object, sql)]
}

pub(super) fn default_privileges(identity: &Identity, object: &Object, privileges: &DefaultPrivileges) -> Vec<Statement> {
    let sql = privilege_statements(identity, privileges);
    let mut statements: Vec<Statement> = sql.into_iter().map(|sql| Statement::creating(identity, object, sql)).collect();
    for statement in statements.iter_mut().skip(1) {
        statement.creates.clear();
        statement.needs.insert(identity.clone());
    }
    statements
}

/// The statements that revoke and grant these.
pub(super) fn privilege_statements(identity: &Identity, privileges: &DefaultPrivileges) -> Vec<String> {
    let DefaultPrivileges { grants, revokes } = privileges;
    let (start, target) = default_privileges_of(identity);
    let privileges = |granted: &[_]| list(granted, |privilege| word(*privilege).to_owned());
    let revoked = granting(revokes)
        .into_iter()
        .map(|it| format!("{start} REVOKE {} ON {target} FROM {};", privileges(&it.privileges), grantee(it.role)));
    let granted = granting(grants)
        .into_iter()
        .map(|it| format!("{start} GRANT {} ON {target} TO {}{};", privileges(&it.privileges), grantee(it.role), it.option()));
    revoked.chain(granted).collect()
}

/// The words before `GRANT` and `REVOKE`, and those after `ON`, of default privileges.
pub(super) fn default_privileges_of(identity: &Identity) -> (String, String) {
    let mut start = "ALTER DEFAULT PRIVILEGES".to_owned();
    if !identity.name.is_empty() {
        start.push_str(&format!(" FOR ROLE {}", quote_identifier(&identity.name)));
    }
    if !identity.schema.is_empty() {
        start.push_str(&format!(" IN SCHEMA {}", quote_identifier(&identity.schema)));
    }
    (start, identity.parent.to_uppercase())
}

/// What an object that is made in a database has at once, where that is another than what PostgreSQL gives by itself: by the default
/// privileges that stay as they are.
pub(super) fn given(writer: &Writer<'_>, identity: &Identity) -> Option<Vec<Grant>> {
    let base = writer.base?;
    let class = match identity.kind {
        Kind::Table | Kind::ForeignTable | Kind::View | Kind::MaterializedView => "tables",
        Kind::Sequence => "sequences",
        Kind::Function | Kind::Procedure | Kind::Aggregate => "functions",
        Kind::Schema => "schemas",
        kind if kind.is_type() => "types",
        _ => return None,
    };
    let staying = |(of, object): (&Identity, &Object)| match (&object.definition, base.get(of).map(|it| &it.definition)) {
        (Definition::DefaultPrivileges(new), Some(Definition::DefaultPrivileges(old))) => {
            let both = |new: &[Grant], old: &[Grant]| new.iter().filter(|it| old.contains(it)).cloned().collect::<Vec<_>>();
            let is_for = of.parent == class && of.name.is_empty() && (of.schema.is_empty() || of.schema == identity.schema);
            is_for.then(|| (both(&new.grants, &old.grants), both(&new.revokes, &old.revokes)))
        }
        _ => None,
    };
    let staying: Vec<(Vec<Grant>, Vec<Grant>)> = writer.catalog.of_kind(Kind::DefaultPrivileges).filter_map(staying).collect();
    let public = Privilege::of_public(identity).iter().map(|privilege| Grant { role: None, privilege: *privilege, grantable: false });
    let kept = public.filter(|it| !staying.iter().any(|(_, revokes)| revokes.contains(it)));
    let mut held: Vec<Grant> = kept.chain(staying.iter().flat_map(|(grants, _)| grants.clone())).collect();
    held.sort();
    held.dedup();
    staying.iter().any(|(grants, revokes)| !grants.is_empty() || !revokes.is_empty()).then_some(held)
}

/// The roles that grants name.
pub(super) fn roles(grants: &[Grant]) -> impl Iterator<Item = &str> {
    grants.iter().filter_map(|grant| grant.role.as_deref())
}

/// What takes default privileges back.
pub(super) fn drop_default_privileges(identity: &Identity, privileges: &DefaultPrivileges) -> Vec<Statement> {
    let DefaultPrivileges { grants, revokes } = privileges;
    let inverse = DefaultPrivileges { grants: revokes.clone(), revokes: grants.clone() };
    let sql = privilege_statements(identity, &inverse);
    let last = sql.len().saturating_sub(1);
    let dropping = |(number, sql)| if number == last { Statement::dropping(identity, sql) } else { Statement::bare(sql) };
    sql.into_iter().enumerate().map(dropping).map(|it| Statement { before_made: true, ..it }).collect()
}
