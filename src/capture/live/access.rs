//! Grants, default privileges, policies, and what is said of objects of any kind: comments, labels.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::capture::expression::Scope;
use crate::capture::script::comment::{PUBLIC_COMMENT, column_comment};
use crate::capture::script::grant::{all, by_default};
use crate::capture::script::state::PUBLIC;
use crate::catalog::{DefaultPrivileges, Definition, Dependency, Grant, Identity, Kind, Object, Policy, PolicyCommand, Privilege};

use super::known::{OfExtension, Oid};
use super::rows::{Answers, Row};
use super::{Builder, CaptureError, expression};

/// What others than the owner may do, where it is not what PostgreSQL gives by itself.
pub(super) fn grants(identity: &Identity, owner: &str, acl: &[String]) -> Option<Vec<Grant>> {
    let grants = listed(owner, acl, all(identity.kind));
    (grants != by_default(identity)).then_some(grants)
}

/// The grants of a column.
pub(super) fn column_grants(owner: &str, acl: &[String]) -> Vec<Grant> {
    listed(owner, acl, &[])
}

/// The grants of an access list to others than the owner, sorted. Who has everything else that a table gives has
/// `MAINTAIN` (PostgreSQL 17) by `ALL`, which is not told apart from the `ALL` of older servers.
fn listed(owner: &str, acl: &[String], all: &[Privilege]) -> Vec<Grant> {
    let mut grants = Vec::new();
    for item in acl {
        let Some((role, privileges)) = item_of(item) else { continue };
        if role.as_deref() == Some(owner) {
            continue;
        }
        let has_all = all.iter().all(|it| privileges.iter().any(|(privilege, _)| privilege == it));
        let kept = privileges.into_iter().filter(|(privilege, _)| !(has_all && *privilege == Privilege::Maintain));
        grants.extend(kept.map(|(privilege, grantable)| Grant { role: role.clone(), privilege, grantable }));
    }
    // One role may have a privilege from several others.
    grants.sort();
    grants.dedup_by(|next, first| {
        let same = next.role == first.role && next.privilege == first.privilege;
        first.grantable |= same && next.grantable;
        same
    });
    grants
}

/// Whose, and which privileges, each with whether it may be given on.
type Item = (Option<String>, Vec<(Privilege, bool)>);

/// `role=privileges/grantor`; an empty role is `PUBLIC`. PostgreSQL src/backend/utils/adt/acl.c, aclitemout.
fn item_of(item: &str) -> Option<Item> {
    let (role, rest) = match item.strip_prefix('"') {
        None => {
            let (role, rest) = item.split_once('=')?;
            (role.to_owned(), rest)
        }
        Some(quoted) => {
            let mut role = String::new();
            let mut characters = quoted.char_indices().peekable();
            let end = loop {
                match characters.next()? {
                    (_, '"') if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                        characters.next();
                        role.push('"');
                    }
                    (at, '"') => break at + 1,
                    (_, other) => role.push(other),
                }
            };
            (role, quoted[end..].strip_prefix('=')?)
        }
    };
    let letters = rest.split('/').next()?;
    let mut privileges: Vec<(Privilege, bool)> = Vec::new();
    for letter in letters.chars() {
        match (letter, privileges.last_mut()) {
            ('*', Some(last)) => last.1 = true,
            _ => privileges.extend(privilege(letter).map(|it| (it, false))),
        }
    }
    Some(((!role.is_empty()).then_some(role), privileges))
}

/// PostgreSQL src/include/utils/acl.h, ACL_*_CHR.
fn privilege(letter: char) -> Option<Privilege> {
    Some(match letter {
        'r' => Privilege::Select,
        'a' => Privilege::Insert,
        'w' => Privilege::Update,
        'd' => Privilege::Delete,
        'D' => Privilege::Truncate,
        'x' => Privilege::References,
        't' => Privilege::Trigger,
        'C' => Privilege::Create,
        'c' => Privilege::Connect,
        'T' => Privilege::Temporary,
        'X' => Privilege::Execute,
        'U' => Privilege::Usage,
        's' => Privilege::Set,
        'A' => Privilege::AlterSystem,
        'm' => Privilege::Maintain,
        _ => return None,
    })
}

#[derive(Deserialize)]
pub(super) struct DefaultPrivilegesRow {
    role: String,
    schema: Option<String>,
    objects: String,
    acl: Vec<String>,
}

impl Row for DefaultPrivilegesRow {
    const QUERY: &'static str = "
        SELECT pg_catalog.pg_get_userbyid(d.defaclrole) AS role, n.nspname AS schema, d.defaclobjtype AS objects, d.defaclacl::text[] AS acl
        FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace";
}

pub(super) fn default_privileges(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<DefaultPrivilegesRow>()? {
        let (objects, kind) = match row.objects.as_str() {
            "r" => ("tables", Kind::Table),
            "S" => ("sequences", Kind::Sequence),
            "f" => ("functions", Kind::Function),
            "T" => ("types", Kind::Enum),
            "n" => ("schemas", Kind::Schema),
            _ => continue,
        };
        let schema = row.schema.unwrap_or_default();
        let given = listed(&row.role, &row.acl, all(kind));
        let builtin = if schema.is_empty() { by_default(&Identity::global(kind, "")) } else { Vec::new() };
        let revokes: Vec<Grant> = builtin.iter().filter(|it| !given.contains(it)).cloned().collect();
        let grants: Vec<Grant> = given.into_iter().filter(|it| !builtin.contains(it)).collect();
        if grants.is_empty() && revokes.is_empty() {
            continue;
        }
        let role = if it.known.is_database_owner(&row.role) { String::new() } else { row.role };
        let identity = Identity { parent: objects.to_owned(), ..Identity::new(Kind::DefaultPrivileges, schema, role) };
        let mut object = Object::new(Definition::DefaultPrivileges(DefaultPrivileges { grants, revokes }));
        object.dependencies.extend(it.state.schema_dependency(&identity.schema).map(Dependency::auto));
        it.state.insert(identity, object);
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct PolicyRow {
    oid: Oid,
    name: String,
    relation: Oid,
    permissive: bool,
    command: String,
    roles: Vec<String>,
    using: Option<String>,
    with_check: Option<String>,
}

impl Row for PolicyRow {
    const QUERY: &'static str = "
        SELECT p.oid::int8 AS oid, p.polname AS name, p.polrelid::int8 AS relation, p.polpermissive AS permissive, p.polcmd AS command,
            ARRAY(SELECT pg_catalog.pg_get_userbyid(r) FROM pg_catalog.unnest(p.polroles) r WHERE r <> 0) AS roles,
            pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS using, pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS with_check
        FROM pg_catalog.pg_policy p";
}

pub(super) fn policies(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<PolicyRow>()? {
        let Some(table) = it.known.object("pg_class", row.relation).cloned() else { continue };
        if it.known.is_member("pg_policy", row.oid) {
            continue;
        }
        let identity = Identity::within(Kind::Policy, &table.qualified_name(), row.name);
        let command = match row.command.as_str() {
            "r" => PolicyCommand::Select,
            "a" => PolicyCommand::Insert,
            "w" => PolicyCommand::Update,
            "d" => PolicyCommand::Delete,
            _ => PolicyCommand::All,
        };
        let mut needs = BTreeSet::from([Dependency::on(table.clone()).auto()]);
        let mut condition = |text: Option<String>| {
            let text = text?;
            it.part(&identity, |state| expression(state, &text, &Scope::relation(&table))).map(|it| {
                needs.extend(it.dependencies);
                it.expression
            })
        };
        let (using, with_check) = (condition(row.using), condition(row.with_check));
        let roles: BTreeSet<String> = row.roles.into_iter().collect();
        let policy = Policy { permissive: row.permissive, command, roles: roles.into_iter().collect(), using, with_check };
        let mut object = Object::new(Definition::Policy(policy));
        object.dependencies = needs.into();
        it.put("pg_policy", row.oid, identity, object);
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct CommentRow {
    class: String,
    oid: Oid,
    column: i16,
    comment: String,
}

impl Row for CommentRow {
    const QUERY: &'static str = "
        SELECT c.relname AS class, d.objoid::int8 AS oid, d.objsubid AS column, d.description AS comment
        FROM pg_catalog.pg_description d
        JOIN pg_catalog.pg_class c ON c.oid = d.classoid
        WHERE d.objoid >= 16384 AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_available_extensions() a ON a.name = e.extname
            WHERE d.classoid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND e.oid = d.objoid AND a.comment = d.description
        ) OR d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass";
}

pub(super) fn comments(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<CommentRow>()? {
        let Some(identity) = it.known.object_named(&row.class, row.oid).cloned() else { continue };
        if identity.kind == Kind::Schema && identity.name == PUBLIC && row.comment == PUBLIC_COMMENT {
            continue;
        }
        let column = it.known.column(row.oid, row.column).map(str::to_owned);
        it.change(&identity, |object| match column {
            None if row.column == 0 => object.comment = Some(row.comment),
            None => {}
            Some(column) => {
                if let Some(place) = column_comment(&mut object.definition, &column) {
                    *place = Some(row.comment);
                }
            }
        });
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct SecurityLabelRow {
    class: String,
    oid: Oid,
    column: i16,
    provider: String,
    label: String,
}

impl Row for SecurityLabelRow {
    const QUERY: &'static str = "
        SELECT c.relname AS class, s.objoid::int8 AS oid, s.objsubid AS column, s.provider, s.label
        FROM pg_catalog.pg_seclabel s JOIN pg_catalog.pg_class c ON c.oid = s.classoid";
}

pub(super) fn security_labels(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<SecurityLabelRow>()? {
        let Some(identity) = it.known.object_named(&row.class, row.oid).cloned() else { continue };
        let column = it.known.column(row.oid, row.column).map(str::to_owned);
        it.change(&identity, |object| {
            let columns = match (&column, &mut object.definition) {
                (None, _) => {
                    object.security_labels.insert(row.provider, row.label);
                    return;
                }
                (Some(_), Definition::Table(table)) => &mut table.columns,
                (Some(_), Definition::ForeignTable(table)) => &mut table.columns,
                (Some(_), _) => return,
            };
            if let Some(column) = columns.iter_mut().find(|it| Some(&it.name) == column.as_ref()) {
                column.security_labels.insert(row.provider, row.label);
            }
        });
    }
    Ok(())
}

pub(super) fn depends_on_extensions(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<OfExtension>()?.into_iter().filter(|it| !it.owned) {
        let Some(identity) = it.known.object_named(&row.class, row.oid).cloned() else { continue };
        it.change(&identity, |object| {
            object.dependencies.insert(Dependency::on(Identity::global(Kind::Extension, row.extension.clone())).auto());
            object.depends_on_extensions.insert(row.extension);
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_items_are_read() {
        let check = |item: &str, role: Option<&str>, expected: &[(Privilege, bool)]| {
            assert_eq!(item_of(item), Some((role.map(str::to_owned), expected.to_vec())), "{item}");
        };
        check("=r/postgres", None, &[(Privilege::Select, false)]);
        check("app=r*w/postgres", Some("app"), &[(Privilege::Select, true), (Privilege::Update, false)]);
        check("\"we \"\"ird=\"=U/\"a/b\"", Some("we \"ird="), &[(Privilege::Usage, false)]);
        assert_eq!(item_of("nothing"), None);
    }
}
