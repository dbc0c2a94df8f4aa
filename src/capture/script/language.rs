//! Languages and transforms.

use std::collections::BTreeSet;

use pg_query::protobuf::{CreateExtensionStmt, CreatePLangStmt, CreateTransformStmt};

use crate::catalog::{Definition, Dependency, Identity, Kind, Language, Transform};

use super::state::State;
use super::{Outcome, Place, Problem, extension, operator};

/// `CREATE LANGUAGE`. Without a handler it is an extension's (PostgreSQL 13: `CREATE EXTENSION` in other words).
pub(crate) fn create(state: &mut State<'_>, node: &CreatePLangStmt, at: Place) -> Outcome {
    // Every database has it; dumps of older servers make it again.
    if node.plname == "plpgsql" {
        return Ok(());
    }
    if node.plhandler.is_empty() {
        let statement = CreateExtensionStmt { extname: node.plname.clone(), if_not_exists: node.replace, options: Vec::new() };
        return extension::create(state, &statement, at);
    }
    let identity = Identity::global(Kind::Language, node.plname.clone());
    if state.contains(&identity) && !node.replace {
        return Err(Problem::new(format!("language `{}` already exists", node.plname)));
    }
    let mut needs = BTreeSet::new();
    let mut function = |names: &[pg_query::protobuf::Node]| (!names.is_empty()).then(|| state.function(names, &mut needs));
    let language = Language {
        trusted: node.pltrusted,
        handler: function(&node.plhandler),
        inline: function(&node.plinline),
        validator: function(&node.plvalidator),
    };
    if state.contains(&identity) {
        state.change(&identity, |object| {
            object.definition = Definition::Language(language);
            object.dependencies = needs.into();
        });
    } else {
        state.insert_with(identity, Definition::Language(language), needs);
    }
    Ok(())
}

/// `CREATE [OR REPLACE] TRANSFORM`.
pub(crate) fn create_transform(state: &mut State<'_>, node: &CreateTransformStmt, _at: Place) -> Outcome {
    let Some(type_name) = &node.type_name else { return Ok(()) };
    let data_type = state.resolver().data_type(type_name)?.without_modifiers();
    let mut needs = BTreeSet::new();
    state.type_dependencies(&data_type, &mut needs);
    let languages = [Kind::Language, Kind::Extension].map(|kind| Identity::global(kind, node.lang.clone()));
    needs.extend(languages.into_iter().find(|it| state.contains(it)).map(Dependency::on));
    let identity = Identity::global(Kind::Transform, node.lang.clone()).with_arguments(vec![data_type]);
    if state.contains(&identity) && !node.replace {
        return Err(Problem::new(format!("{identity} already exists")));
    }
    let from_sql = node.fromsql.as_ref().map(|it| operator::function_with_arguments(state, it, &mut needs)).transpose()?;
    let to_sql = node.tosql.as_ref().map(|it| operator::function_with_arguments(state, it, &mut needs)).transpose()?;
    state.insert_with(identity, Definition::Transform(Transform { from_sql, to_sql }), needs);
    Ok(())
}
