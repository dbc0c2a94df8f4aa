//! Foreign data wrappers, servers and user mappings. Values that may be secrets are never kept.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::NodeEnum;
use pg_query::protobuf::{
    AlterFdwStmt, AlterForeignServerStmt, AlterUserMappingStmt, CreateFdwStmt, CreateForeignServerStmt, CreateUserMappingStmt,
    DefElemAction, DropUserMappingStmt, Node, RoleSpec,
};

use crate::catalog::{Definition, Dependency, ForeignDataWrapper, ForeignServer, Identity, Kind, Object, UserMapping};

use super::grant::role_name;
use super::state::State;
use super::{Outcome, Place, Problem, options, routine};

/// Options as a catalog keeps them. One whose name speaks of a secret keeps its name only.
pub(crate) fn kept_options(nodes: &[Node]) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    change_options(&mut kept, nodes);
    kept
}

/// `OPTIONS (ADD …, SET …, DROP …)`.
pub(crate) fn change_options(kept: &mut BTreeMap<String, String>, nodes: &[Node]) {
    for option in options::elements(nodes) {
        if option.defaction() == DefElemAction::DefelemDrop {
            kept.remove(&option.defname);
        } else {
            let value = if is_secret(&option.defname) { String::new() } else { options::text(option).unwrap_or_default() };
            kept.insert(option.defname.clone(), value);
        }
    }
}

/// Whether the name of an option speaks of a password, a key or a token.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "credential",
        "apikey",
        "api_key",
        "access_key",
        "private_key",
        "passfile",
        "auth",
    ]
    .iter()
    .any(|it| name.contains(it))
}

/// `CREATE FOREIGN DATA WRAPPER`.
pub(crate) fn create_wrapper(state: &mut State<'_>, node: &CreateFdwStmt, _at: Place) -> Outcome {
    let identity = Identity::global(Kind::ForeignDataWrapper, node.fdwname.clone());
    if state.contains(&identity) {
        return Err(Problem::new(format!("foreign-data wrapper `{}` already exists", node.fdwname)));
    }
    let mut needs = BTreeSet::new();
    let mut wrapper = ForeignDataWrapper { handler: None, validator: None, options: kept_options(&node.options) };
    set_functions(state, &mut wrapper, &node.func_options, &mut needs);
    state.insert_with(identity, Definition::ForeignDataWrapper(wrapper), needs);
    Ok(())
}

fn set_functions(state: &State<'_>, wrapper: &mut ForeignDataWrapper, nodes: &[Node], needs: &mut BTreeSet<Dependency>) {
    for option in options::elements(nodes) {
        let names = routine::names(option);
        let function = (!names.is_empty()).then(|| state.function(&names, needs));
        match option.defname.as_str() {
            "handler" => wrapper.handler = function,
            "validator" => wrapper.validator = function,
            _ => {}
        }
    }
}

/// `ALTER FOREIGN DATA WRAPPER`.
pub(crate) fn alter_wrapper(state: &mut State<'_>, node: &AlterFdwStmt, at: Place) -> Outcome {
    let identity = Identity::global(Kind::ForeignDataWrapper, node.fdwname.clone());
    let Some(Object { definition: Definition::ForeignDataWrapper(wrapper), dependencies, .. }) = state.get(&identity) else {
        return outside(state, at, "ALTER FOREIGN DATA WRAPPER", "foreign-data wrapper", &node.fdwname);
    };
    let (mut wrapper, mut needs) = (wrapper.clone(), dependencies.to_set());
    set_functions(state, &mut wrapper, &node.func_options, &mut needs);
    change_options(&mut wrapper.options, &node.options);
    state.change(&identity, |object| {
        object.definition = Definition::ForeignDataWrapper(wrapper);
        object.dependencies = needs.into();
    });
    Ok(())
}

/// A wrapper that the script does not make: an extension's, or none.
fn outside(state: &mut State<'_>, at: Place, statement: &str, what: &str, name: &str) -> Outcome {
    if state.contains(&Identity::global(Kind::Extension, name)) {
        state.not_modelled(at, &format!("{statement} of an extension"));
        return Ok(());
    }
    Err(Problem::new(format!("{what} `{name}` does not exist")))
}

/// `CREATE SERVER`. Its wrapper is the script's, or that of the extension of the same name (`postgres_fdw`, `file_fdw`).
pub(crate) fn create_server(state: &mut State<'_>, node: &CreateForeignServerStmt, _at: Place) -> Outcome {
    let identity = Identity::global(Kind::ForeignServer, node.servername.clone());
    if state.contains(&identity) {
        return if node.if_not_exists { Ok(()) } else { Err(Problem::new(format!("server `{}` already exists", node.servername))) };
    }
    let candidates = [Kind::ForeignDataWrapper, Kind::Extension].map(|kind| Identity::global(kind, node.fdwname.clone()));
    let wrapper = candidates.into_iter().find(|it| state.contains(it));
    let is_unknown = wrapper.is_none() && state.catalog().of_kind(Kind::Extension).next().is_none();
    if is_unknown {
        return Err(Problem::new(format!("foreign-data wrapper `{}` does not exist", node.fdwname)));
    }
    let text = |value: &str| (!value.is_empty()).then(|| value.to_owned());
    let server = ForeignServer {
        wrapper: node.fdwname.clone(),
        server_type: text(&node.servertype),
        version: text(&node.version),
        options: kept_options(&node.options),
    };
    state.insert_with(identity, Definition::ForeignServer(server), wrapper.into_iter().map(Dependency::on).collect());
    Ok(())
}

/// `ALTER SERVER`.
pub(crate) fn alter_server(state: &mut State<'_>, node: &AlterForeignServerStmt, _at: Place) -> Outcome {
    let identity = Identity::global(Kind::ForeignServer, node.servername.clone());
    let changed = state.change(&identity, |object| {
        let Definition::ForeignServer(server) = &mut object.definition else { return };
        if node.has_version {
            server.version = (!node.version.is_empty()).then(|| node.version.clone());
        }
        change_options(&mut server.options, &node.options);
    });
    changed.ok_or_else(|| Problem::new(format!("server `{}` does not exist", node.servername)))
}

fn mapping(user: Option<&RoleSpec>, server: &str) -> Identity {
    let role = user.map(|role| role_name(&Node { node: Some(NodeEnum::RoleSpec(role.clone())) }));
    // `PUBLIC` is a user of its own here; a word for the role of the session is the empty name.
    let name = match role {
        Some(None) => "public".to_owned(),
        Some(Some(name)) if name != "current_user" && name != "session_user" => name,
        _ => String::new(),
    };
    Identity { parent: server.to_owned(), ..Identity::global(Kind::UserMapping, name) }
}

/// `CREATE USER MAPPING`.
pub(crate) fn create_mapping(state: &mut State<'_>, node: &CreateUserMappingStmt, _at: Place) -> Outcome {
    let server = Identity::global(Kind::ForeignServer, node.servername.clone());
    if !state.contains(&server) {
        return Err(Problem::new(format!("server `{}` does not exist", node.servername)));
    }
    let identity = mapping(node.user.as_ref(), &node.servername);
    if state.contains(&identity) {
        return if node.if_not_exists { Ok(()) } else { Err(Problem::new(format!("{identity} already exists"))) };
    }
    let option_names = kept_options(&node.options).into_keys().collect();
    state.insert_with(identity, Definition::UserMapping(UserMapping { option_names }), BTreeSet::from([Dependency::on(server)]));
    Ok(())
}

/// `ALTER USER MAPPING`.
pub(crate) fn alter_mapping(state: &mut State<'_>, node: &AlterUserMappingStmt, _at: Place) -> Outcome {
    let identity = mapping(node.user.as_ref(), &node.servername);
    let changed = state.change(&identity, |object| {
        let Definition::UserMapping(it) = &mut object.definition else { return };
        let mut kept = it.option_names.drain(..).map(|name| (name, String::new())).collect();
        change_options(&mut kept, &node.options);
        it.option_names = kept.into_keys().collect();
    });
    changed.ok_or_else(|| Problem::new(format!("{identity} does not exist")))
}

/// `DROP USER MAPPING`, on which nothing depends.
pub(crate) fn drop_mapping(state: &mut State<'_>, node: &DropUserMappingStmt, _at: Place) -> Outcome {
    let identity = mapping(node.user.as_ref(), &node.servername);
    if state.remove(&identity).is_none() && !node.missing_ok {
        return Err(Problem::new(format!("{identity} does not exist")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn secrets_are_known_by_name() {
        let check = |name, expected| assert_eq!(super::is_secret(name), expected, "{name}");
        check("password", true);
        check("SSLPassword", true);
        check("aws_secret_access_key", true);
        check("host", false);
        check("dbname", false);
        check("use_remote_estimate", false);
        check("table_name", false);
    }
}
