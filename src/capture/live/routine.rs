//! Functions, procedures and aggregates.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::NodeEnum;
use pg_query::protobuf::CreateFunctionStmt;
use serde::Deserialize;

use crate::capture::script::{Problem, aggregate, routine};
use crate::catalog::{Aggregate, Argument, ArgumentMode, Definition, Dependency, Identity, Kind};
use crate::ddl;

use super::known::Oid;
use super::rows::{Answers, Row};
use super::{Builder, CaptureError, not_understood, parse_statement};

#[derive(Deserialize)]
pub(super) struct RoutineRow {
    oid: Oid,
    owner: String,
    acl: Option<Vec<String>>,
    definition: String,
    /// Whether it says anything that is read when all names are there: defaults, a body in SQL.
    has_expressions: bool,
}

impl Row for RoutineRow {
    // A range type makes its constructors itself.
    const QUERY: &'static str = "
        SELECT p.oid::int8 AS oid, pg_catalog.pg_get_userbyid(p.proowner) AS owner, p.proacl::text[] AS acl,
            pg_catalog.pg_get_functiondef(p.oid) AS definition,
            p.pronargdefaults > 0 AS has_expressions -- before 14
            p.pronargdefaults > 0 OR p.prosqlbody IS NOT NULL AS has_expressions -- since 14
        FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prokind <> 'a' AND $own AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i')
        )";
}

fn parsed(definition: &str) -> Result<Box<CreateFunctionStmt>, Problem> {
    match parse_statement(definition)?.node {
        Some(NodeEnum::CreateFunctionStmt(node)) => Ok(node),
        _ => Err(not_understood(definition)),
    }
}

/// Every routine, so that it has its name, arguments and result; what it says of other objects comes later.
pub(super) fn routines(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<RoutineRow>()? {
        let Some(identity) = it.known.routine(row.oid).cloned() else { continue };
        let Some((_, definition, needs)) = it.part(&identity, |state| {
            let mut node = parsed(&row.definition)?;
            node.sql_body = None;
            for parameter in &mut node.parameters {
                if let Some(NodeEnum::FunctionParameter(parameter)) = &mut parameter.node {
                    parameter.defexpr = None;
                }
            }
            routine::read(state, &node)
        }) else {
            continue;
        };
        let mut object = it.object(&identity, definition, row.owner, row.acl.as_deref());
        object.dependencies.extend(needs);
        it.put("pg_proc", row.oid, identity, object);
    }
    Ok(())
}

/// Defaults of arguments, and bodies in SQL.
pub(super) fn bodies(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<RoutineRow>()?.into_iter().filter(|row| row.has_expressions) {
        let Some(identity) = it.known.object("pg_proc", row.oid).cloned() else { continue };
        let Some((_, definition, needs)) = it.part(&identity, |state| routine::read(state, &*parsed(&row.definition)?)) else { continue };
        it.change(&identity, |object| {
            object.definition = definition;
            object.dependencies.extend(needs);
        });
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct AggregateRow {
    oid: Oid,
    owner: String,
    acl: Option<Vec<String>>,
    kind: String,
    direct_arguments: usize,
    argument_names: Option<Vec<String>>,
    argument_modes: Option<Vec<String>>,
    returns: Oid,
    parallel: String,
    transition: Oid,
    state: Oid,
    state_space: i64,
    initial: Option<String>,
    sort_operator: Oid,
    final_extra: bool,
    final_modify: String,
    moving_state: Oid,
    moving_state_space: i64,
    moving_initial: Option<String>,
    moving_final_extra: bool,
    moving_final_modify: String,
    functions: BTreeMap<String, Oid>,
}

impl Row for AggregateRow {
    const QUERY: &'static str = "
        SELECT p.oid::int8 AS oid, pg_catalog.pg_get_userbyid(p.proowner) AS owner, p.proacl::text[] AS acl, a.aggkind AS kind,
            a.aggnumdirectargs AS direct_arguments, p.proargnames AS argument_names, p.proargmodes::text[] AS argument_modes,
            p.prorettype::int8 AS returns, p.proparallel AS parallel, a.aggtransfn::oid::int8 AS transition,
            a.aggtranstype::int8 AS state, a.aggtransspace AS state_space, a.agginitval AS initial, a.aggsortop::int8 AS sort_operator,
            a.aggfinalextra AS final_extra, a.aggfinalmodify AS final_modify, a.aggmtranstype::int8 AS moving_state,
            a.aggmtransspace AS moving_state_space, a.aggminitval AS moving_initial, a.aggmfinalextra AS moving_final_extra,
            a.aggmfinalmodify AS moving_final_modify,
            pg_catalog.json_build_object('finalfunc', a.aggfinalfn::oid::int8, 'combinefunc', a.aggcombinefn::oid::int8,
                'serialfunc', a.aggserialfn::oid::int8, 'deserialfunc', a.aggdeserialfn::oid::int8, 'msfunc', a.aggmtransfn::oid::int8,
                'minvfunc', a.aggminvtransfn::oid::int8, 'mfinalfunc', a.aggmfinalfn::oid::int8) AS functions
        FROM pg_catalog.pg_aggregate a
        JOIN pg_catalog.pg_proc p ON p.oid = a.aggfnoid
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE $own";
}

pub(super) fn aggregates(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<AggregateRow>()? {
        let Some(identity) = it.known.routine(row.oid).cloned() else { continue };
        if it.known.is_member("pg_proc", row.oid) {
            continue;
        }
        let mut needs = BTreeSet::new();
        let Some(transition) = it.known.called(row.transition, &mut needs) else { continue };
        let mut options = BTreeMap::new();
        for (option, function) in &row.functions {
            if let Some(name) = it.known.called(*function, &mut needs) {
                options.insert(option.clone(), aggregate::spell(&name));
            }
        }
        if row.moving_state != 0 {
            let moving = it.known.data_type(row.moving_state, None);
            it.state.type_dependencies(&moving, &mut needs);
            options.insert("mstype".to_owned(), ddl::data_type(&moving));
        }
        if let Some(operator) = it.known.named("pg_operator", row.sort_operator, &mut needs) {
            options.insert("sortop".to_owned(), format!("OPERATOR({}.{})", ddl::quote_identifier(&operator.schema), operator.name));
        }
        for (option, value) in [("initcond", &row.initial), ("minitcond", &row.moving_initial)] {
            options.extend(value.as_ref().map(|it| (option.to_owned(), ddl::quote_literal(it))));
        }
        for (option, space) in [("sspace", row.state_space), ("msspace", row.moving_state_space)] {
            options.extend((space != 0).then(|| (option.to_owned(), space.to_string())));
        }
        for (option, is_set) in [("finalfunc_extra", row.final_extra), ("mfinalfunc_extra", row.moving_final_extra)] {
            options.extend(is_set.then(|| (option.to_owned(), String::new())));
        }
        // Ordered-set aggregates may change their state by default. PostgreSQL src/backend/commands/aggregatecmds.c.
        let default_modify = if row.kind == "n" { "r" } else { "w" };
        let modify = [("finalfunc_modify", "finalfunc", &row.final_modify), ("mfinalfunc_modify", "mfinalfunc", &row.moving_final_modify)];
        for (option, of, letter) in modify {
            let word = match letter.as_str() {
                "s" => "shareable",
                "w" => "read_write",
                _ => "read_only",
            };
            let says_more = letter != default_modify && options.contains_key(of);
            options.extend(says_more.then(|| (option.to_owned(), word.to_owned())));
        }
        match row.parallel.as_str() {
            "s" => drop(options.insert("parallel".to_owned(), "safe".to_owned())),
            "r" => drop(options.insert("parallel".to_owned(), "restricted".to_owned())),
            _ => {}
        }
        let state = it.known.data_type(row.state, None);
        it.state.type_dependencies(&state, &mut needs);
        let arguments: Vec<Argument> = identity
            .arguments
            .iter()
            .enumerate()
            .map(|(at, data_type)| {
                it.state.type_dependencies(data_type, &mut needs);
                let text = |list: &Option<Vec<String>>| list.as_ref().and_then(|it| it.get(at)).cloned().unwrap_or_default();
                let mode = if text(&row.argument_modes) == "v" { ArgumentMode::Variadic } else { ArgumentMode::In };
                Argument { name: text(&row.argument_names), mode, data_type: data_type.clone(), default: None }
            })
            .collect();
        let functions = needs.iter().map(|it: &Dependency| it.on.clone()).filter(|it: &Identity| it.kind == Kind::Function).collect();
        let definition = Aggregate {
            arguments,
            direct_arguments: (row.kind != "n").then_some(row.direct_arguments),
            hypothetical: row.kind == "h",
            transition,
            state,
            options,
            returns: Some(it.known.data_type(row.returns, None)),
            functions,
        };
        let mut object = it.object(&identity, Definition::Aggregate(definition), row.owner, row.acl.as_deref());
        object.dependencies.extend(needs);
        it.put("pg_proc", row.oid, identity, object);
    }
    Ok(())
}
