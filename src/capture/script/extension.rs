//! `CREATE EXTENSION`, `ALTER EXTENSION`.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterExtensionStmt, CreateExtensionStmt};

use crate::catalog::{Definition, Dependency, Extension, Identity, Kind, Object};

use super::state::State;
use super::{Outcome, Place, Problem, members};

/// `CREATE EXTENSION`. Extensions that it needs come along only with `CASCADE`.
pub(crate) fn create(state: &mut State<'_>, node: &CreateExtensionStmt, _at: Place) -> Outcome {
    install(state, node)
}

fn install(state: &mut State<'_>, node: &CreateExtensionStmt) -> Outcome {
    let identity = Identity::global(Kind::Extension, node.extname.clone());
    // Every database has plpgsql from the start.
    if node.extname == "plpgsql" {
        return Ok(());
    }
    if state.contains(&identity) {
        return if node.if_not_exists { Ok(()) } else { Err(Problem::new(format!("extension `{}` already exists", node.extname))) };
    }
    let (mut schema, mut version, mut cascade) = (None, None, false);
    for option in &node.options {
        let Some(NodeEnum::DefElem(option)) = &option.node else { continue };
        let text = option.arg.as_deref().and_then(|arg| match &arg.node {
            Some(NodeEnum::String(it)) => Some(it.sval.clone()),
            _ => None,
        });
        match option.defname.as_str() {
            "schema" => schema = text,
            "new_version" => version = text,
            "cascade" => cascade = true,
            _ => {}
        }
    }
    let schema = match (members::fixed_schema(&node.extname), schema) {
        (Some(fixed), _) => fixed.to_owned(),
        (None, Some(schema)) => schema,
        (None, None) => state.creation_schema()?,
    };
    let mut dependencies = BTreeSet::new();
    let schema_identity = Identity::global(Kind::Schema, schema.clone());
    if state.contains(&schema_identity) {
        dependencies.insert(Dependency::on(schema_identity));
    } else if !state.schema_exists(&schema) && members::fixed_schema(&node.extname).is_none() {
        return Err(Problem::new(format!("schema `{schema}` does not exist")));
    }
    for required in members::requires(&node.extname) {
        let required_identity = Identity::global(Kind::Extension, required);
        if cascade && !state.contains(&required_identity) {
            let statement = CreateExtensionStmt { extname: required.to_owned(), if_not_exists: true, options: node.options.clone() };
            install(state, &statement)?;
        }
        if state.contains(&required_identity) {
            dependencies.insert(Dependency::on(required_identity));
        }
    }
    let mut object = Object::new(Definition::Extension(Extension { schema: Some(schema), version }));
    object.dependencies = dependencies.into();
    state.insert(identity, object);
    Ok(())
}

/// `ALTER EXTENSION … UPDATE [TO version]`. Without a version it becomes whatever the server has.
pub(crate) fn alter(state: &mut State<'_>, node: &AlterExtensionStmt, _at: Place) -> Outcome {
    if node.extname == "plpgsql" {
        return Ok(());
    }
    let identity = Identity::global(Kind::Extension, node.extname.clone());
    let version = super::options::elements(&node.options).find(|it| it.defname == "new_version").and_then(super::options::text);
    let changed = state.change(&identity, |object| {
        if let Definition::Extension(it) = &mut object.definition {
            it.version = version;
        }
    });
    changed.ok_or_else(|| Problem::new(format!("extension `{}` does not exist", node.extname)))
}
