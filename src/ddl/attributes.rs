//! What can be said of an object of nearly any kind: how it is called, who owns it, comments, grants, security labels.

use std::collections::BTreeMap;

use super::data_type::data_types;
use super::quote::{operator_name, qualified, quote_identifier, quote_literal};
use super::{Statement, Writer, spelling};
use crate::catalog::{Definition, Grant, Identity, Kind, Object, PG_CATALOG, Privilege};

/// Spells a reference to an object as `COMMENT ON` and `ALTER` have it: `TABLE a.b`, `FUNCTION a.f(integer)`,
/// `CONSTRAINT c ON DOMAIN a.d`.
pub(super) fn address(writer: &Writer<'_>, identity: &Identity, object: &Object) -> String {
    let name = match identity.kind {
        Kind::Constraint if writer.find(&[Kind::Domain], &identity.parent_name()).is_some() => {
            format!("{} ON DOMAIN {}", quote_identifier(&identity.name), qualified(&identity.schema, &identity.parent))
        }
        _ => reference(identity, object),
    };
    format!("{} {name}", spelling(identity.kind).keyword)
}

/// Spells the name of an object, with whatever else its kind needs to tell it from others.
pub(super) fn reference(identity: &Identity, object: &Object) -> String {
    let Identity { kind, schema, parent, name, arguments } = identity;
    let plain = || qualified(schema, name);
    let within = || format!("{} ON {}", quote_identifier(name), qualified(schema, parent));
    match kind {
        Kind::Function | Kind::Procedure => format!("{}({})", plain(), data_types(arguments)),
        Kind::Aggregate => match &object.definition {
            Definition::Aggregate(aggregate) => format!("{}({})", plain(), super::routine::aggregate_signature(aggregate, false)),
            _ => format!("{}({})", plain(), data_types(arguments)),
        },
        Kind::Operator => format!("{}({})", operator_name(&identity.qualified_name()), operands(arguments)),
        Kind::OperatorClass | Kind::OperatorFamily => format!("{} USING {}", plain(), quote_identifier(parent)),
        Kind::Cast => format!("({})", arguments.iter().map(super::data_type).collect::<Vec<_>>().join(" AS ")),
        Kind::Transform => format!("FOR {} LANGUAGE {}", data_types(arguments), quote_identifier(name)),
        Kind::Constraint | Kind::Trigger | Kind::Rule | Kind::Policy => within(),
        Kind::UserMapping => format!("FOR {} SERVER {}", role(name), quote_identifier(parent)),
        _ => plain(),
    }
}

/// The operand types of an operator, `NONE` for a missing one.
pub(super) fn operands(types: &[crate::catalog::DataType]) -> String {
    super::quote::list(types, |operand| if is_none(operand) { "NONE".to_owned() } else { super::data_type(operand) })
}

/// Whether an operator has no operand there.
pub(super) fn is_none(operand: &crate::catalog::DataType) -> bool {
    operand.name.schema == PG_CATALOG && operand.name.name == "none"
}

/// Spells a role; the empty one is who runs the statement, and words that stand for a role stay words.
pub(super) fn role(name: &str) -> String {
    match name {
        "" | "current_user" | "current_role" => "CURRENT_USER".to_owned(),
        "session_user" => "SESSION_USER".to_owned(),
        "public" => "PUBLIC".to_owned(),
        name => quote_identifier(name),
    }
}

/// The statements that say of an existing object what isn't its definition.
pub(super) fn attributes(writer: &Writer<'_>, identity: &Identity, object: &Object) -> Vec<Statement> {
    let Object { comment, owner, grants, security_labels, depends_on_extensions, dependencies: _, definition } = object;
    let target = address(writer, identity, object);
    let spelling = spelling(identity.kind);
    let mut sql = Vec::new();
    // A sequence that a column owns belongs to whom the table belongs to, and goes with it.
    let goes_with_table = matches!(definition, Definition::Sequence(sequence) if sequence.owner.is_some());
    if let (Some(owner), true) = (owner, spelling.owner && !goes_with_table) {
        sql.push(format!("ALTER {target} OWNER TO {};", role(owner)));
    }
    if let Some(comment) = comment {
        sql.push(format!("COMMENT ON {target} IS {};", quote_literal(comment)));
    }
    for (provider, label) in security_labels {
        sql.push(security_label(provider, &target, Some(label)));
    }
    for extension in depends_on_extensions {
        sql.push(format!("ALTER {target} DEPENDS ON EXTENSION {};", quote_identifier(extension)));
    }
    let given = spelling.grant.and_then(|_| super::access::given(writer, identity));
    if let (Some(words), true) = (spelling.grant, grants.is_some() || given.is_some()) {
        let name = match identity.kind {
            // To GRANT an aggregate is a function like any other.
            Kind::Aggregate => super::extension::signature(identity),
            _ => reference(identity, object),
        };
        let target = format!("{words} {name}");
        let public = Privilege::of_public(identity);
        sql.extend(match (given, grants) {
            (Some(given), _) => grant_changes(&target, public, Some(&given), grants.as_deref(), None),
            (None, Some(grants)) => changes(&target, public, grants, None),
            (None, None) => Vec::new(),
        });
    }
    sql.into_iter().map(|sql| Statement::after(identity, sql)).collect()
}

/// `COMMENT ON COLUMN`.
pub(super) fn column_comment(identity: &Identity, column: &str, comment: &str) -> Statement {
    let name = format!("{}.{}", qualified(&identity.schema, &identity.name), quote_identifier(column));
    Statement::after(identity, format!("COMMENT ON COLUMN {name} IS {};", quote_literal(comment)))
}

/// `GRANT … (column) ON TABLE`.
pub(super) fn column_grants(identity: &Identity, column: &str, grants: &[Grant]) -> Vec<Statement> {
    let target = format!("TABLE {}", qualified(&identity.schema, &identity.name));
    changes(&target, &[], grants, Some(column)).into_iter().map(|sql| Statement::after(identity, sql)).collect()
}

/// `SECURITY LABEL … ON COLUMN`.
pub(super) fn column_security_label(identity: &Identity, column: &str, provider: &str, label: &str) -> Statement {
    let target = format!("COLUMN {}.{}", qualified(&identity.schema, &identity.name), quote_identifier(column));
    Statement::after(identity, security_label(provider, &target, Some(label)))
}

/// `SECURITY LABEL`; without a label it is taken away.
pub(super) fn security_label(provider: &str, target: &str, label: Option<&str>) -> String {
    let label = label.map_or_else(|| "NULL".to_owned(), quote_literal);
    format!("SECURITY LABEL FOR {} ON {target} IS {label};", quote_identifier(provider))
}

/// The statements that lead from what `PUBLIC` has by default to these grants. The owner's own privileges are no part of it.
fn changes(target: &str, public: &[Privilege], grants: &[Grant], column: Option<&str>) -> Vec<String> {
    let held = |privilege: &Privilege| Grant { role: None, privilege: *privilege, grantable: false };
    let mut sql = Vec::new();
    if !public.iter().all(|privilege| grants.contains(&held(privilege))) {
        sql.push(format!("REVOKE ALL ON {target} FROM PUBLIC;"));
    }
    let beyond = grants.iter().filter(|grant| !(public.iter().any(|privilege| held(privilege) == **grant)));
    sql.extend(granting(beyond).into_iter().map(|granted| {
        let column = column.map_or_else(String::new, |column| format!(" ({})", quote_identifier(column)));
        let privileges: Vec<_> = granted.privileges.iter().map(|privilege| format!("{}{column}", word(*privilege))).collect();
        format!("GRANT {} ON {target} TO {}{};", privileges.join(", "), grantee(granted.role), granted.option())
    }));
    sql
}

/// The statements that lead from some grants to others. `None` is what PostgreSQL gives by default.
pub(super) fn grant_changes(
    target: &str,
    public: &[Privilege],
    before: Option<&[Grant]>,
    after: Option<&[Grant]>,
    column: Option<&str>,
) -> Vec<String> {
    let default: Vec<Grant> = public.iter().map(|privilege| Grant { role: None, privilege: *privilege, grantable: false }).collect();
    let (before, after) = (before.unwrap_or(&default), after.unwrap_or(&default));
    let column = column.map_or_else(String::new, |column| format!(" ({})", quote_identifier(column)));
    let words = |granted: &Granted<'_>| granted.privileges.iter().map(|it| format!("{}{column}", word(*it))).collect::<Vec<_>>().join(", ");
    // To take a grant option alone away there is a form of its own; to give it is to grant again.
    let (demoted, gone): (Vec<&Grant>, Vec<&Grant>) = before
        .iter()
        .filter(|grant| !after.contains(grant))
        .filter(|grant| grant.grantable || !after.iter().any(|other| other.role == grant.role && other.privilege == grant.privilege))
        .partition(|grant| after.iter().any(|other| other.role == grant.role && other.privilege == grant.privilege));
    let revoke = |option: &str, grants: Vec<&Grant>| {
        let revoked: Vec<String> = granting(grants)
            .into_iter()
            .map(|revoked| format!("REVOKE {option}{} ON {target} FROM {};", words(&revoked), grantee(revoked.role)))
            .collect();
        revoked
    };
    let mut sql = revoke("GRANT OPTION FOR ", demoted);
    sql.extend(revoke("", gone));
    let new = after
        .iter()
        .filter(|grant| !before.contains(grant))
        .filter(|grant| grant.grantable || !before.iter().any(|other| other.role == grant.role && other.privilege == grant.privilege));
    sql.extend(
        granting(new)
            .into_iter()
            .map(|granted| format!("GRANT {} ON {target} TO {}{};", words(&granted), grantee(granted.role), granted.option())),
    );
    sql
}

/// Privileges that one statement can grant.
pub(super) struct Granted<'a> {
    /// To whom; `None` is `PUBLIC`.
    pub(super) role: Option<&'a str>,
    /// What.
    pub(super) privileges: Vec<Privilege>,
    grantable: bool,
}

impl Granted<'_> {
    /// The words after the role.
    pub(super) fn option(&self) -> &'static str {
        if self.grantable { " WITH GRANT OPTION" } else { "" }
    }
}

/// Grants, a statement for each role and grant option.
pub(super) fn granting<'a>(grants: impl IntoIterator<Item = &'a Grant>) -> Vec<Granted<'a>> {
    let mut by_role: BTreeMap<(Option<&str>, bool), Vec<Privilege>> = BTreeMap::new();
    for Grant { role, privilege, grantable } in grants {
        by_role.entry((role.as_deref(), *grantable)).or_default().push(*privilege);
    }
    by_role.into_iter().map(|((role, grantable), privileges)| Granted { role, privileges, grantable }).collect()
}

/// Spells who gets a privilege.
pub(super) fn grantee(role: Option<&str>) -> String {
    role.map_or_else(|| "PUBLIC".to_owned(), self::role)
}

/// The SQL word of a privilege.
pub(super) fn word(privilege: Privilege) -> &'static str {
    match privilege {
        Privilege::Select => "SELECT",
        Privilege::Insert => "INSERT",
        Privilege::Update => "UPDATE",
        Privilege::Delete => "DELETE",
        Privilege::Truncate => "TRUNCATE",
        Privilege::References => "REFERENCES",
        Privilege::Trigger => "TRIGGER",
        Privilege::Create => "CREATE",
        Privilege::Connect => "CONNECT",
        Privilege::Temporary => "TEMPORARY",
        Privilege::Execute => "EXECUTE",
        Privilege::Usage => "USAGE",
        Privilege::Set => "SET",
        Privilege::AlterSystem => "ALTER SYSTEM",
        Privilege::Maintain => "MAINTAIN",
    }
}
