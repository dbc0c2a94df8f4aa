//! `GRANT`, `REVOKE` and `ALTER DEFAULT PRIVILEGES`.
//!
//! The catalog keeps what others than the owner may do: an owner's own privileges are implied, and can always be taken
//! back. Grants equal to what PostgreSQL gives by itself are none.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterDefaultPrivilegesStmt, GrantStmt, GrantTargetType, Node, ObjectType, RoleSpecType};

use crate::catalog::{Catalog, DefaultPrivileges, Definition, Dependency, Grant, Identity, Kind, Object, Privilege};

use super::address;
use super::options;
use super::resolve::strings;
use super::state::State;
use super::{Outcome, Place, Problem};

/// The role that a `RoleSpec` means: `None` is `PUBLIC`, and words for the role of the session stay words.
pub(crate) fn role_name(node: &Node) -> Option<String> {
    match &node.node {
        Some(NodeEnum::RoleSpec(role)) => match role.roletype() {
            RoleSpecType::RolespecPublic => None,
            RoleSpecType::RolespecSessionUser => Some("session_user".to_owned()),
            RoleSpecType::RolespecCurrentUser | RoleSpecType::RolespecCurrentRole => Some("current_user".to_owned()),
            RoleSpecType::RolespecCstring | RoleSpecType::Undefined => Some(role.rolename.clone()),
        },
        _ => None,
    }
}

/// Privileges that a statement gives or takes.
struct Change {
    is_grant: bool,
    /// `WITH GRANT OPTION`, `GRANT OPTION FOR`.
    option: bool,
    roles: Vec<Option<String>>,
    /// Of the whole object; `None` is `ALL`.
    whole: Option<Vec<Privilege>>,
    /// Of columns; `None` is `ALL`.
    columns: Vec<(Option<Privilege>, Vec<String>)>,
}

impl Change {
    fn of(node: &GrantStmt) -> Result<Self, Problem> {
        let mut whole = (!node.privileges.is_empty()).then(Vec::new);
        let mut columns = Vec::new();
        for privilege in &node.privileges {
            let Some(NodeEnum::AccessPriv(it)) = &privilege.node else { continue };
            let named = if it.priv_name.is_empty() { None } else { Some(privilege_named(&it.priv_name)?) };
            if !it.cols.is_empty() {
                columns.push((named, strings(&it.cols).into_iter().map(str::to_owned).collect()));
            } else if let (Some(whole), Some(named)) = (&mut whole, named) {
                whole.push(named);
            }
        }
        Ok(Self {
            is_grant: node.is_grant,
            option: node.grant_option,
            roles: node.grantees.iter().map(role_name).collect(),
            whole,
            columns,
        })
    }

    /// Gives or takes privileges of one object or column.
    fn apply(&self, grants: &mut Vec<Grant>, privileges: &[Privilege], owner: Option<&str>) {
        for role in self.roles.iter().filter(|role| role.is_none() || role.as_deref() != owner) {
            for privilege in privileges {
                let place = grants.iter().position(|it| it.role == *role && it.privilege == *privilege);
                match (self.is_grant, place) {
                    (true, Some(place)) => grants[place].grantable |= self.option,
                    (true, None) => grants.push(Grant { role: role.clone(), privilege: *privilege, grantable: self.option }),
                    (false, Some(place)) if self.option => grants[place].grantable = false,
                    (false, Some(place)) => {
                        grants.remove(place);
                    }
                    (false, None) => {}
                }
            }
        }
        grants.sort();
    }
}

/// `GRANT` and `REVOKE` on objects. Roles, databases, tablespaces, parameters and large objects are no part of a schema.
pub(crate) fn grant(state: &mut State<'_>, node: &GrantStmt, at: Place) -> Outcome {
    let change = Change::of(node)?;
    match node.objtype() {
        ObjectType::ObjectDatabase | ObjectType::ObjectTablespace | ObjectType::ObjectParameterAcl | ObjectType::ObjectLargeobject => {
            return Ok(());
        }
        _ => {}
    }
    for identity in targets(state, node, at)? {
        apply(state, &identity, &change)?;
    }
    Ok(())
}

fn targets(state: &mut State<'_>, node: &GrantStmt, at: Place) -> Result<Vec<Identity>, Problem> {
    if node.targtype() == GrantTargetType::AclTargetAllInSchema {
        let kinds: &[Kind] = match node.objtype() {
            ObjectType::ObjectTable => &[Kind::Table, Kind::View, Kind::MaterializedView, Kind::ForeignTable],
            ObjectType::ObjectSequence => &[Kind::Sequence],
            ObjectType::ObjectFunction => &[Kind::Function, Kind::Aggregate],
            ObjectType::ObjectProcedure => &[Kind::Procedure],
            ObjectType::ObjectRoutine => &[Kind::Function, Kind::Aggregate, Kind::Procedure],
            _ => &[],
        };
        let schemas = strings(&node.objects);
        if let Some(unknown) = schemas.iter().find(|it| !state.schema_exists(it)) {
            return Err(Problem::new(format!("schema `{unknown}` does not exist")));
        }
        let members = kinds.iter().flat_map(|kind| state.catalog().of_kind(*kind)).map(|(identity, _)| identity);
        return Ok(members.filter(|it| schemas.contains(&it.schema.as_str())).cloned().collect());
    }
    let mut found = Vec::new();
    for object in &node.objects {
        let identity = match &object.node {
            // The server's own, whose grants are no part of a schema.
            Some(NodeEnum::RangeVar(it)) if matches!(it.schemaname.as_str(), "pg_catalog" | "information_schema") => continue,
            Some(NodeEnum::RangeVar(relation)) => match state.resolver().range_var(relation) {
                Ok(found) => found.clone(),
                Err(_) if relation.schemaname.is_empty() && relation.relname.starts_with("pg_") => continue,
                Err(unresolved) => return Err(unresolved.into()),
            },
            _ if is_outside(state, node.objtype(), object) => continue,
            // Aggregates are functions here.
            _ if node.objtype() == ObjectType::ObjectFunction => address::object(state, ObjectType::ObjectRoutine, object)?.identity,
            _ => address::object(state, node.objtype(), object)?.identity,
        };
        // What an extension brings is the extension's.
        if identity.kind == Kind::Extension {
            state.warn(at, format!("grants on members of {identity} are not kept"), None);
        } else {
            found.push(identity);
        }
    }
    Ok(found)
}

/// Whether the object is the server's own (`plpgsql`, `pg_catalog`), whose grants are no part of a schema.
fn is_outside(state: &State<'_>, object_type: ObjectType, node: &Node) -> bool {
    let names = match &node.node {
        Some(NodeEnum::String(it)) => vec![it.sval.as_str()],
        Some(NodeEnum::List(it)) => strings(&it.items),
        Some(NodeEnum::ObjectWithArgs(it)) => strings(&it.objname),
        Some(NodeEnum::TypeName(it)) => strings(&it.names),
        _ => Vec::new(),
    };
    match object_type {
        ObjectType::ObjectLanguage => !state.contains(&Identity::global(Kind::Language, names.concat())),
        ObjectType::ObjectSchema => matches!(names.as_slice(), ["pg_catalog" | "information_schema"]),
        ObjectType::ObjectFunction | ObjectType::ObjectProcedure | ObjectType::ObjectRoutine => {
            let Some((name, schema)) = names.split_last() else { return false };
            let schema = schema.last().copied();
            let found = state.resolver().functions(schema, name);
            let is_servers = schema == Some("pg_catalog") || (schema.is_none() && found.is_empty() && name.starts_with("pg_"));
            is_servers || (!found.is_empty() && found.iter().all(|it| it.kind == Kind::Extension))
        }
        ObjectType::ObjectType | ObjectType::ObjectDomain => names.first() == Some(&"pg_catalog"),
        _ => false,
    }
}

fn apply(state: &mut State<'_>, identity: &Identity, change: &Change) -> Outcome {
    for (_, columns) in &change.columns {
        let known = state.resolver().columns(identity);
        if let Some(unknown) = columns.iter().find(|it| !known.iter().any(|column| column.name == **it)) {
            return Err(super::resolve::unknown_column(identity, unknown, None, known.iter().map(|it| it.name.as_str())).into());
        }
    }
    state.change(identity, |object| {
        let owner = object.owner.clone();
        let privileges = change.whole.clone().unwrap_or_else(|| all(identity.kind).to_vec());
        if !privileges.is_empty() {
            let mut grants = object.grants.take().unwrap_or_else(|| by_default(identity));
            change.apply(&mut grants, &privileges, owner.as_deref());
            object.grants = (grants != by_default(identity)).then_some(grants);
        }
        let mut columns = columns_of(&mut object.definition);
        if !change.is_grant {
            // Taking a privilege of the whole takes that of the columns with it.
            columns.iter_mut().for_each(|(_, grants)| change.apply(grants, &privileges, owner.as_deref()));
        }
        for (privilege, names) in &change.columns {
            let privileges = privilege.map_or_else(|| OF_COLUMNS.to_vec(), |it| vec![it]);
            for (_, grants) in columns.iter_mut().filter(|(name, _)| names.contains(name)) {
                change.apply(grants, &privileges, owner.as_deref());
            }
        }
    });
    Ok(())
}

/// The columns of a relation with their grants.
fn columns_of(definition: &mut Definition) -> Vec<(String, &mut Vec<Grant>)> {
    match definition {
        Definition::Table(it) => it.columns.iter_mut().map(|it| (it.name.clone(), &mut it.grants)).collect(),
        Definition::ForeignTable(it) => it.columns.iter_mut().map(|it| (it.name.clone(), &mut it.grants)).collect(),
        Definition::View(it) => it.columns.iter_mut().map(|it| (it.name.clone(), &mut it.grants)).collect(),
        Definition::MaterializedView(it) => it.columns.iter_mut().map(|it| (it.name.clone(), &mut it.grants)).collect(),
        _ => Vec::new(),
    }
}

/// Takes everything from a role that it was granted, as `DROP OWNED BY` does.
pub(crate) fn revoke_everything(state: &mut State<'_>, role: &str) {
    let is_theirs = |it: &Grant| it.role.as_deref() == Some(role);
    let all: Vec<Identity> = state.catalog().iter().map(|(identity, _)| identity.clone()).collect();
    for identity in all {
        if identity.kind == Kind::DefaultPrivileges && identity.name == role {
            state.remove(&identity);
            continue;
        }
        let has = |object: &mut Object| {
            object.grants.iter().flatten().any(is_theirs)
                || columns_of(&mut object.definition).iter().any(|(_, it)| it.iter().any(is_theirs))
        };
        let mut copy = state.get(&identity).cloned();
        if !copy.as_mut().is_some_and(has) {
            continue;
        }
        state.change(&identity, |object| {
            if let Some(grants) = &mut object.grants {
                grants.retain(|it| !is_theirs(it));
                if *grants == by_default(&identity) {
                    object.grants = None;
                }
            }
            columns_of(&mut object.definition).into_iter().for_each(|(_, grants)| grants.retain(|it| !is_theirs(it)));
        });
    }
}

/// What others than the owner may do with a new object.
pub(crate) fn by_default(identity: &Identity) -> Vec<Grant> {
    Privilege::of_public(identity).iter().map(|privilege| Grant { role: None, privilege: *privilege, grantable: false }).collect()
}

/// The grants of an object after its owner changed: the new owner's are implied.
/// PostgreSQL src/backend/utils/adt/acl.c, aclnewowner.
pub(crate) fn owner_changed(identity: &Identity, object: &mut Object) {
    let Some(owner) = &object.owner else { return };
    if let Some(grants) = &mut object.grants {
        grants.retain(|it| it.role.as_ref() != Some(owner));
        if *grants == by_default(identity) {
            object.grants = None;
        }
    }
}

/// `SELECT`, `INSERT`, `UPDATE`, `REFERENCES`: what `ALL` is of a column.
const OF_COLUMNS: [Privilege; 4] = [Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::References];

/// What `ALL` is. `MAINTAIN` (PostgreSQL 17) is no part of it here: then `ALL` would differ between servers.
pub(crate) fn all(kind: Kind) -> &'static [Privilege] {
    match kind {
        Kind::Table | Kind::View | Kind::MaterializedView | Kind::ForeignTable => &[
            Privilege::Select,
            Privilege::Insert,
            Privilege::Update,
            Privilege::Delete,
            Privilege::Truncate,
            Privilege::References,
            Privilege::Trigger,
        ],
        Kind::Sequence => &[Privilege::Select, Privilege::Update, Privilege::Usage],
        Kind::Schema => &[Privilege::Create, Privilege::Usage],
        Kind::Function | Kind::Procedure | Kind::Aggregate => &[Privilege::Execute],
        _ => &[Privilege::Usage],
    }
}

fn privilege_named(name: &str) -> Result<Privilege, Problem> {
    Ok(match name {
        "select" => Privilege::Select,
        "insert" => Privilege::Insert,
        "update" => Privilege::Update,
        "delete" => Privilege::Delete,
        "truncate" => Privilege::Truncate,
        "references" => Privilege::References,
        "trigger" => Privilege::Trigger,
        "create" => Privilege::Create,
        "connect" => Privilege::Connect,
        "temporary" | "temp" => Privilege::Temporary,
        "execute" => Privilege::Execute,
        "usage" => Privilege::Usage,
        "set" => Privilege::Set,
        "alter system" => Privilege::AlterSystem,
        "maintain" => Privilege::Maintain,
        // Privileges of long ago that the server takes and forgets.
        "rule" => return Err(Problem::new("the privilege `RULE` is gone since PostgreSQL 8.2")),
        other => return Err(Problem::new(format!("unrecognized privilege type `{other}`"))),
    })
}

/// `ALTER DEFAULT PRIVILEGES`: one object for each role, schema and type of objects.
pub(crate) fn default_privileges(state: &mut State<'_>, node: &AlterDefaultPrivilegesStmt, _at: Place) -> Outcome {
    let Some(action) = &node.action else { return Ok(()) };
    let change = Change::of(action)?;
    let (objects, kind) = match action.objtype() {
        ObjectType::ObjectSequence => ("sequences", Kind::Sequence),
        ObjectType::ObjectFunction | ObjectType::ObjectRoutine | ObjectType::ObjectProcedure => ("functions", Kind::Function),
        ObjectType::ObjectType => ("types", Kind::Enum),
        ObjectType::ObjectSchema => ("schemas", Kind::Schema),
        _ => ("tables", Kind::Table),
    };
    let (mut roles, mut schemas) = (vec![String::new()], vec![String::new()]);
    for option in options::elements(&node.options) {
        let Some(NodeEnum::List(list)) = option.arg.as_deref().and_then(|it| it.node.as_ref()) else { continue };
        match option.defname.as_str() {
            "roles" => roles = list.items.iter().map(|it| role_name(it).unwrap_or_default()).collect(),
            "schemas" => schemas = strings(&list.items).into_iter().map(str::to_owned).collect(),
            _ => {}
        }
    }
    let privileges = change.whole.clone().unwrap_or_else(|| all(kind).to_vec());
    for schema in &schemas {
        if !schema.is_empty() && !state.schema_exists(schema) {
            return Err(Problem::new(format!("schema `{schema}` does not exist")));
        }
        for role in &roles {
            let identity = Identity { parent: objects.to_owned(), ..Identity::new(Kind::DefaultPrivileges, schema.clone(), role.clone()) };
            change_default(state, &identity, kind, &change, &privileges);
        }
    }
    Ok(())
}

/// What others may do with a new object of the session's role, where `ALTER DEFAULT PRIVILEGES` says other than PostgreSQL
/// does by itself. What is said of a schema comes on top of what is said of all. PostgreSQL src/backend/catalog/aclchk.c,
/// get_user_default_acl.
pub(crate) fn of_new(catalog: &Catalog, identity: &Identity) -> Option<Vec<Grant>> {
    // Most scripts say nothing of them, and most objects are asked.
    catalog.of_kind(Kind::DefaultPrivileges).next()?;
    let objects = match identity.kind {
        Kind::Table | Kind::View | Kind::MaterializedView | Kind::ForeignTable => "tables",
        Kind::Sequence => "sequences",
        Kind::Function | Kind::Procedure | Kind::Aggregate => "functions",
        Kind::BaseType | Kind::Enum | Kind::Domain | Kind::Composite | Kind::Range => "types",
        Kind::Schema => "schemas",
        _ => return None,
    };
    let said = ["", identity.schema.as_str()].into_iter().take(1 + usize::from(!identity.schema.is_empty())).filter_map(|schema| {
        let identity = Identity { parent: objects.to_owned(), ..Identity::new(Kind::DefaultPrivileges, schema, "") };
        match catalog.get(&identity).map(|it| &it.definition) {
            Some(Definition::DefaultPrivileges(it)) => Some(it),
            _ => None,
        }
    });
    let mut grants = by_default(identity);
    for DefaultPrivileges { grants: given, revokes } in said {
        grants.retain(|it| !revokes.iter().any(|revoked| revoked.role == it.role && revoked.privilege == it.privilege));
        grants.extend(given.iter().cloned());
    }
    grants.sort();
    grants.dedup();
    (grants != by_default(identity)).then_some(grants)
}

fn change_default(state: &mut State<'_>, identity: &Identity, kind: Kind, change: &Change, privileges: &[Privilege]) {
    let (mut grants, mut revokes) = match state.get(identity).map(|it| &it.definition) {
        Some(Definition::DefaultPrivileges(it)) => (it.grants.clone(), it.revokes.clone()),
        _ => (Vec::new(), Vec::new()),
    };
    // Those of a schema come on top of what is given anyway; those for all schemas replace it.
    let builtin = if identity.schema.is_empty() { by_default(&Identity::global(kind, "")) } else { Vec::new() };
    let mut all: Vec<Grant> = builtin.iter().filter(|it| !revokes.contains(it)).cloned().chain(grants).collect();
    let role = (!identity.name.is_empty()).then_some(identity.name.as_str());
    change.apply(&mut all, privileges, role);
    revokes = builtin.iter().filter(|it| !all.iter().any(|kept| kept.role == it.role && kept.privilege == it.privilege)).cloned().collect();
    grants = all.into_iter().filter(|it| !builtin.contains(it)).collect();
    if grants.is_empty() && revokes.is_empty() {
        state.remove(identity);
        return;
    }
    let needs: BTreeSet<Dependency> = state.schema_dependency(&identity.schema).into_iter().map(Dependency::auto).collect();
    state.insert_with(identity.clone(), Definition::DefaultPrivileges(DefaultPrivileges { grants, revokes }), needs);
}
