//! What can be said of an object of any kind: `COMMENT ON`, `SECURITY LABEL`, `ALTER … OWNER TO`, `DEPENDS ON EXTENSION`.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterObjectDependsStmt, AlterOwnerStmt, CommentStmt, Node, ObjectType, RangeVar, RoleSpec, SecLabelStmt};

use crate::catalog::{Definition, Identity, Kind};

use super::address::{self, Address};
use super::grant::{owner_changed, role_name};
use super::resolve::strings;
use super::state::{PUBLIC, State};
use super::{Outcome, Place, Problem, members};

/// What `initdb` says of the schema `public`, in every database.
pub(crate) const PUBLIC_COMMENT: &str = "standard public schema";

/// Whether a statement is about something that is no part of a schema: of the cluster, or of the server itself.
fn is_outside(object_type: ObjectType, node: Option<&Node>) -> bool {
    let name = match node.and_then(|it| it.node.as_ref()) {
        Some(NodeEnum::String(it)) => it.sval.as_str(),
        _ => "",
    };
    match object_type {
        ObjectType::ObjectDatabase | ObjectType::ObjectRole | ObjectType::ObjectTablespace | ObjectType::ObjectLargeobject => true,
        // Every database has it, and every dump speaks of it.
        ObjectType::ObjectExtension | ObjectType::ObjectLanguage => name == "plpgsql",
        ObjectType::ObjectSchema => matches!(name, "pg_catalog" | "information_schema"),
        _ => false,
    }
}

/// `COMMENT ON`.
pub(crate) fn comment(state: &mut State<'_>, node: &CommentStmt, at: Place) -> Outcome {
    let (object_type, Some(object)) = (node.objtype(), node.object.as_deref()) else { return Ok(()) };
    if is_outside(object_type, Some(object)) {
        return Ok(());
    }
    let Address { identity, column } = address::object(state, object_type, object)?;
    // Every dump says again what a new database, or a new extension, is called by itself.
    let is_default = match identity.kind {
        Kind::Schema => identity.name == PUBLIC && node.comment == PUBLIC_COMMENT,
        Kind::Extension => members::comment(&identity.name).as_ref() == Some(&node.comment),
        _ => false,
    };
    let text = (!node.comment.is_empty() && !is_default).then(|| node.comment.clone());
    if identity.kind == Kind::Extension && object_type != ObjectType::ObjectExtension {
        state.warn(at, format!("a comment on a member of {identity} is not kept"), None);
        return Ok(());
    }
    if object_type == ObjectType::ObjectIndex && identity.kind == Kind::Constraint {
        state.warn(at, format!("a comment on the index of {identity} is not kept"), Some("comment on the constraint instead".to_owned()));
        return Ok(());
    }
    let kept = state.change(&identity, |object| match &column {
        None => {
            object.comment = text;
            true
        }
        Some(column) => match column_comment(&mut object.definition, column) {
            Some(place) => {
                *place = text;
                true
            }
            None => false,
        },
    });
    if kept == Some(false) {
        state.not_modelled(at, &format!("COMMENT ON COLUMN of {}", identity.kind));
    }
    Ok(())
}

pub(crate) fn column_comment<'d>(definition: &'d mut Definition, column: &str) -> Option<&'d mut Option<String>> {
    match definition {
        Definition::Table(it) => it.columns.iter_mut().find(|it| it.name == column).map(|it| &mut it.comment),
        Definition::ForeignTable(it) => it.columns.iter_mut().find(|it| it.name == column).map(|it| &mut it.comment),
        Definition::View(it) => it.columns.iter_mut().find(|it| it.name == column).map(|it| &mut it.comment),
        Definition::MaterializedView(it) => it.columns.iter_mut().find(|it| it.name == column).map(|it| &mut it.comment),
        Definition::Composite(it) => it.attributes.iter_mut().find(|it| it.name == column).map(|it| &mut it.comment),
        _ => None,
    }
}

/// `SECURITY LABEL`; an empty label takes it away.
pub(crate) fn security_label(state: &mut State<'_>, node: &SecLabelStmt, at: Place) -> Outcome {
    let (object_type, Some(object)) = (node.objtype(), node.object.as_deref()) else { return Ok(()) };
    if is_outside(object_type, Some(object)) {
        return Ok(());
    }
    let Address { identity, column } = address::object(state, object_type, object)?;
    let set = |labels: &mut std::collections::BTreeMap<String, String>| match node.label.as_str() {
        "" => drop(labels.remove(&node.provider)),
        label => drop(labels.insert(node.provider.clone(), label.to_owned())),
    };
    let kept = state.change(&identity, |object| {
        let columns = match (&column, &mut object.definition) {
            (None, _) => {
                set(&mut object.security_labels);
                return true;
            }
            (Some(_), Definition::Table(it)) => &mut it.columns,
            (Some(_), Definition::ForeignTable(it)) => &mut it.columns,
            (Some(_), _) => return false,
        };
        columns.iter_mut().filter(|it| Some(&it.name) == column.as_ref()).for_each(|it| set(&mut it.security_labels));
        true
    });
    if kept == Some(false) {
        state.not_modelled(at, &format!("SECURITY LABEL ON COLUMN of {}", identity.kind));
    }
    Ok(())
}

/// `ALTER … OWNER TO` of everything but relations, which `ALTER TABLE` does.
pub(crate) fn owner(state: &mut State<'_>, node: &AlterOwnerStmt, _at: Place) -> Outcome {
    let object_type = node.object_type();
    if is_outside(object_type, node.object.as_deref()) {
        return Ok(());
    }
    let identity = match (&node.relation, node.object.as_deref()) {
        (Some(relation), _) => state.resolver().range_var(relation)?.clone(),
        (None, Some(object)) => match address::object(state, object_type, object) {
            Ok(found) => found.identity,
            // The server's own functions may change hands too.
            Err(address::NoObject::Missing(_)) if is_servers_function(object) => return Ok(()),
            Err(problem) => return Err(problem.into()),
        },
        (None, None) => return Ok(()),
    };
    if let Some(role) = &node.newowner {
        set_owner(state, &identity, role);
    }
    Ok(())
}

/// Whether a name that the script doesn't make is that of a function of `pg_catalog`.
fn is_servers_function(object: &Node) -> bool {
    match &object.node {
        Some(NodeEnum::ObjectWithArgs(it)) => match strings(&it.objname).as_slice() {
            [name] => name.starts_with("pg_"),
            [schema, _] => *schema == "pg_catalog",
            _ => false,
        },
        _ => false,
    }
}

/// Gives an object to a role, and with a table the sequences that its columns own. A word for the role of the session
/// says no name, so the owner is unknown then.
pub(crate) fn set_owner(state: &mut State<'_>, identity: &Identity, role: &RoleSpec) {
    let named = role_name(&Node { node: Some(NodeEnum::RoleSpec(role.clone())) });
    let owner = named.filter(|it| it != "current_user" && it != "session_user");
    let owned = |it: &&Identity| match state.get(it).map(|it| &it.definition) {
        Some(Definition::Sequence(sequence)) => sequence.owner.as_ref().is_some_and(|owner| owner.table == identity.qualified_name()),
        _ => false,
    };
    let mut identities: Vec<Identity> = state.dependents(identity).filter(owned).cloned().collect();
    identities.push(identity.clone());
    for identity in identities {
        state.change(&identity, |object| {
            object.owner.clone_from(&owner);
            owner_changed(&identity, object);
        });
    }
}

/// `ALTER … [NO] DEPENDS ON EXTENSION`.
pub(crate) fn depends_on_extension(state: &mut State<'_>, node: &AlterObjectDependsStmt, _at: Place) -> Outcome {
    let Some(extension) = node.extname.as_ref().map(|it| it.sval.clone()) else { return Ok(()) };
    let extension_identity = Identity::global(Kind::Extension, extension.clone());
    if !state.contains(&extension_identity) {
        return Err(Problem::new(format!("extension `{extension}` does not exist")));
    }
    let identity = match (&node.relation, node.object.as_deref()) {
        (relation, Some(object)) => address::object(state, node.object_type(), &of_relation(relation.as_ref(), object))?.identity,
        (Some(relation), None) => state.resolver().range_var(relation)?.clone(),
        (None, None) => return Ok(()),
    };
    state.change(&identity, |object| {
        let need = crate::catalog::Dependency::on(extension_identity).auto();
        if node.remove {
            object.depends_on_extensions.remove(&extension);
            object.dependencies.remove(&need);
        } else {
            object.depends_on_extensions.insert(extension);
            object.dependencies.insert(need);
        }
    });
    Ok(())
}

/// The name of an object of a relation, as one list; that of another object as it is.
fn of_relation(relation: Option<&RangeVar>, object: &Node) -> Node {
    let Some(relation) = relation else { return object.clone() };
    let own = match &object.node {
        Some(NodeEnum::List(list)) => strings(&list.items),
        Some(NodeEnum::String(it)) => vec![it.sval.as_str()],
        _ => Vec::new(),
    };
    let names = [relation.schemaname.as_str(), relation.relname.as_str()].into_iter().filter(|it| !it.is_empty()).chain(own);
    let items = names.map(|it| Node { node: Some(NodeEnum::String(pg_query::protobuf::String { sval: it.to_owned() })) }).collect();
    Node { node: Some(NodeEnum::List(pg_query::protobuf::List { items })) }
}
