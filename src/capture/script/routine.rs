//! `CREATE FUNCTION`, `CREATE PROCEDURE`, `ALTER FUNCTION` and their like.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{
    AlterFunctionStmt, CreateFunctionStmt, DefElem, FunctionParameter, FunctionParameterMode, Node, VariableSetKind, VariableSetStmt,
};

use crate::capture::expression::Scope;
use crate::catalog::{
    Argument, ArgumentMode, Body, DataType, Definition, Dependency, Identity, Kind, Object, Parallel, Routine, Volatility,
};
use crate::ddl::{quote_identifier, quote_literal};

use super::resolve::strings;
use super::state::State;
use super::{Outcome, Place, Problem, address, base_type, canonical, options};

/// `CREATE [OR REPLACE] FUNCTION` and `PROCEDURE`.
pub(crate) fn create(state: &mut State<'_>, node: &CreateFunctionStmt, _at: Place) -> Outcome {
    base_type::announce_result(state, node)?;
    let (identity, definition, dependencies) = read(state, node)?;
    replace(state, identity, definition, dependencies, node.replace)
}

/// The routine that a statement makes, and what it needs.
pub(crate) fn read(state: &State<'_>, node: &CreateFunctionStmt) -> Result<(Identity, Definition, BTreeSet<Dependency>), Problem> {
    let name = state.new_name(&node.funcname)?;
    let mut dependencies: BTreeSet<Dependency> = state.schema_dependency(&name.schema).into_iter().collect();
    let arguments = arguments(state, &node.parameters, &mut dependencies)?;
    let (returns, returns_set) = result(state, node, &arguments, &mut dependencies)?;
    let mut routine = Routine {
        arguments,
        returns,
        returns_set,
        language: "sql".to_owned(),
        body: Body::Source(String::new()),
        window: false,
        volatility: Volatility::default(),
        strict: false,
        security_definer: false,
        leakproof: false,
        parallel: Parallel::default(),
        cost: None,
        rows: None,
        support: None,
        configuration: Vec::new(),
        transforms: Vec::new(),
    };
    for option in options::elements(&node.options) {
        match option.defname.as_str() {
            "language" => routine.language = options::text(option).unwrap_or_default(),
            "as" => routine.body = body(option, &name.name),
            "window" => routine.window = options::boolean(option),
            "transform" => routine.transforms = transforms(state, option, &mut dependencies)?,
            _ => set_option(state, &mut routine, option, &mut dependencies),
        }
    }
    // `LANGUAGE C AS 'file'` has the function's own name for a symbol; other languages have one string, the source.
    if let (Body::Object { file, .. }, false) = (&routine.body, matches!(routine.language.as_str(), "c")) {
        routine.body = Body::Source(file.clone());
    }
    if let Some(sql) = node.sql_body.as_deref() {
        let parameters = routine.arguments.iter().filter(|it| it.mode.is_input()).map(|it| (it.name.clone(), it.data_type.clone()));
        let scope = Scope::parameters(parameters.collect());
        routine.body = Body::Sql(standard_body(state, sql, &scope, &mut dependencies)?);
    }
    dependencies.extend(language(state, &routine.language));
    let kind = if node.is_procedure { Kind::Procedure } else { Kind::Function };
    let inputs = routine.arguments.iter().filter(|it| it.mode.is_input()).map(|it| it.data_type.clone()).collect();
    let identity = Identity::new(kind, name.schema, name.name).with_arguments(inputs);
    dependencies.retain(|it| it.on != identity);
    let definition = if node.is_procedure { Definition::Procedure(routine) } else { Definition::Function(routine) };
    Ok((identity, definition, dependencies))
}

/// Puts a routine in. `OR REPLACE` keeps owner, grants and comment of the one that was there.
pub(crate) fn replace(
    state: &mut State<'_>,
    identity: Identity,
    definition: Definition,
    dependencies: BTreeSet<Dependency>,
    may_replace: bool,
) -> Outcome {
    // Functions, procedures and aggregates share one name space (pg_proc).
    let others = [Kind::Function, Kind::Procedure, Kind::Aggregate];
    let found = others.map(|kind| Identity { kind, ..identity.clone() }).into_iter().find(|it| state.contains(it));
    match found {
        None => state.insert_with(identity, definition, dependencies),
        Some(other) if other != identity => {
            let problem = Problem::new(format!("cannot change the kind of {other} to {}", identity.kind));
            return Err(problem.hint(format!("drop the {} first", other.kind)));
        }
        Some(_) if !may_replace => {
            return Err(Problem::new(format!("{identity} already exists")).hint("say `OR REPLACE`, or drop the first one"));
        }
        Some(_) => {
            let before = state.get(&identity).map(|it| result_of(&it.definition));
            if before != Some(result_of(&definition)) {
                let problem = Problem::new(format!("cannot change the return type of existing {identity}"));
                return Err(problem.hint(format!("drop the {} first", identity.kind)));
            }
            state.change(&identity, |object| {
                object.definition = definition;
                object.dependencies = dependencies.into();
            });
        }
    }
    Ok(())
}

/// What `OR REPLACE` may not change: PostgreSQL src/backend/catalog/pg_proc.c, ProcedureCreate.
fn result_of(definition: &Definition) -> Option<(DataType, bool, Vec<DataType>)> {
    match definition {
        Definition::Function(it) | Definition::Procedure(it) => {
            let outputs = it.arguments.iter().filter(|it| it.mode != ArgumentMode::In && it.mode != ArgumentMode::Variadic);
            Some((it.returns.clone(), it.returns_set, outputs.map(|it| it.data_type.clone()).collect()))
        }
        _ => None,
    }
}

/// The arguments of a routine or aggregate, with what they need.
pub(crate) fn arguments(state: &State<'_>, parameters: &[Node], dependencies: &mut BTreeSet<Dependency>) -> Result<Vec<Argument>, Problem> {
    let parameters = parameters.iter().filter_map(|node| match &node.node {
        Some(NodeEnum::FunctionParameter(it)) => Some(it.as_ref()),
        _ => None,
    });
    parameters.map(|it| argument(state, it, dependencies)).collect()
}

fn argument(state: &State<'_>, node: &FunctionParameter, dependencies: &mut BTreeSet<Dependency>) -> Result<Argument, Problem> {
    let Some(type_name) = &node.arg_type else { return Err(Problem::new("an argument has no type")) };
    // The server drops the modifiers of arguments.
    let data_type = state.resolver().data_type(type_name)?.without_modifiers();
    state.type_dependencies(&data_type, dependencies);
    let mode = match node.mode() {
        FunctionParameterMode::FuncParamOut => ArgumentMode::Out,
        FunctionParameterMode::FuncParamInout => ArgumentMode::InOut,
        FunctionParameterMode::FuncParamVariadic => ArgumentMode::Variadic,
        FunctionParameterMode::FuncParamTable => ArgumentMode::Table,
        FunctionParameterMode::FuncParamIn | FunctionParameterMode::FuncParamDefault | FunctionParameterMode::Undefined => ArgumentMode::In,
    };
    let default = match node.defexpr.as_deref() {
        None => None,
        Some(expression) => {
            let canonical = canonical::assigned(state, expression, None, &data_type)?;
            dependencies.extend(canonical.dependencies);
            Some(canonical.expression)
        }
    };
    Ok(Argument { name: node.name.clone(), mode, data_type, default })
}

/// The result type, and whether the routine returns a set of it. Without `RETURNS` it follows from the OUT arguments.
fn result(
    state: &State<'_>,
    node: &CreateFunctionStmt,
    arguments: &[Argument],
    dependencies: &mut BTreeSet<Dependency>,
) -> Result<(DataType, bool), Problem> {
    if let Some(type_name) = &node.return_type {
        let returns = state.resolver().data_type(type_name)?.without_modifiers();
        state.type_dependencies(&returns, dependencies);
        return Ok((returns, type_name.setof));
    }
    let outputs: Vec<&Argument> = arguments.iter().filter(|it| matches!(it.mode, ArgumentMode::Out | ArgumentMode::InOut)).collect();
    let returns = match outputs.as_slice() {
        [] => DataType::builtin("void"),
        [only] if !node.is_procedure => only.data_type.clone(),
        _ => DataType::builtin("record"),
    };
    Ok((returns, false))
}

fn body(option: &DefElem, name: &str) -> Body {
    let parts = match option.arg.as_deref().and_then(|it| it.node.as_ref()) {
        Some(NodeEnum::List(list)) => strings(&list.items).into_iter().map(str::to_owned).collect(),
        _ => options::text(option).into_iter().collect::<Vec<_>>(),
    };
    match parts.as_slice() {
        [] => Body::Source(String::new()),
        [source] => Body::Object { file: source.clone(), symbol: name.to_owned() },
        [file, symbol, ..] => Body::Object { file: file.clone(), symbol: symbol.clone() },
    }
}

/// `RETURN …` or `BEGIN ATOMIC … END`.
fn standard_body(state: &State<'_>, node: &Node, scope: &Scope, dependencies: &mut BTreeSet<Dependency>) -> Result<String, Problem> {
    match &node.node {
        Some(NodeEnum::ReturnStmt(it)) => returned(state, it.returnval.as_deref(), scope, dependencies),
        Some(NodeEnum::List(_)) => {
            let mut statements = Vec::new();
            flatten(node, &mut statements);
            let mut text = "BEGIN ATOMIC\n".to_owned();
            for statement in statements {
                let sql = match &statement.node {
                    Some(NodeEnum::ReturnStmt(it)) => returned(state, it.returnval.as_deref(), scope, dependencies)?,
                    _ => {
                        let query = canonical::query_in(state, statement, scope)?;
                        dependencies.extend(query.dependencies);
                        query.query.0
                    }
                };
                text.push_str(&format!("    {};\n", sql.trim().trim_end_matches(';')));
            }
            text.push_str("END");
            Ok(text)
        }
        _ => Err(Problem::new("this form of a routine's body is not understood")),
    }
}

fn returned(state: &State<'_>, value: Option<&Node>, scope: &Scope, dependencies: &mut BTreeSet<Dependency>) -> Result<String, Problem> {
    let Some(value) = value else { return Ok("RETURN NULL".to_owned()) };
    let canonical = canonical::expression_in(state, value, scope)?;
    dependencies.extend(canonical.dependencies);
    Ok(format!("RETURN {}", canonical.expression.0))
}

/// The statements of nested lists.
fn flatten<'n>(node: &'n Node, statements: &mut Vec<&'n Node>) {
    match &node.node {
        Some(NodeEnum::List(list)) => list.items.iter().for_each(|it| flatten(it, statements)),
        Some(_) => statements.push(node),
        None => {}
    }
}

fn transforms(state: &State<'_>, option: &DefElem, dependencies: &mut BTreeSet<Dependency>) -> Result<Vec<DataType>, Problem> {
    let Some(NodeEnum::List(list)) = option.arg.as_deref().and_then(|it| it.node.as_ref()) else { return Ok(Vec::new()) };
    let mut types = Vec::new();
    for item in &list.items {
        if let Some(NodeEnum::TypeName(type_name)) = &item.node {
            let data_type = state.resolver().data_type(type_name)?.without_modifiers();
            state.type_dependencies(&data_type, dependencies);
            types.push(data_type);
        }
    }
    types.sort();
    Ok(types)
}

/// The language of a routine, where the script or an extension of the same name brings it.
pub(crate) fn language(state: &State<'_>, name: &str) -> Option<Dependency> {
    let candidates = [Identity::global(Kind::Language, name), Identity::global(Kind::Extension, name)];
    candidates.into_iter().find(|it| state.contains(it)).map(Dependency::on)
}

/// `ALTER FUNCTION`, `PROCEDURE`, `ROUTINE` with options; owner, name, schema and extension are other statements.
pub(crate) fn alter(state: &mut State<'_>, node: &AlterFunctionStmt, _at: Place) -> Outcome {
    let Some(function) = &node.func else { return Ok(()) };
    let named = Node { node: Some(NodeEnum::ObjectWithArgs(function.clone())) };
    let identity = address::object(state, node.objtype(), &named)?.identity;
    let Some(Object { definition: Definition::Function(routine) | Definition::Procedure(routine), dependencies, .. }) =
        state.get(&identity)
    else {
        return Err(Problem::new(format!("{identity} has no such options")));
    };
    let (mut routine, mut dependencies) = (routine.clone(), dependencies.to_set());
    for option in options::elements(&node.actions) {
        set_option(state, &mut routine, option, &mut dependencies);
    }
    state.change(&identity, |object| {
        object.dependencies = dependencies.into();
        match &mut object.definition {
            Definition::Function(it) | Definition::Procedure(it) => *it = routine,
            _ => {}
        }
    });
    Ok(())
}

/// An option that `CREATE` and `ALTER` share (`common_func_opt_item` of the grammar).
fn set_option(state: &State<'_>, routine: &mut Routine, option: &DefElem, dependencies: &mut BTreeSet<Dependency>) {
    match option.defname.as_str() {
        "volatility" => {
            routine.volatility = match options::text(option).as_deref() {
                Some("immutable") => Volatility::Immutable,
                Some("stable") => Volatility::Stable,
                _ => Volatility::Volatile,
            };
        }
        "parallel" => {
            routine.parallel = match options::text(option).as_deref() {
                Some("safe") => Parallel::Safe,
                Some("restricted") => Parallel::Restricted,
                _ => Parallel::Unsafe,
            };
        }
        "strict" => routine.strict = options::boolean(option),
        "security" => routine.security_definer = options::boolean(option),
        "leakproof" => routine.leakproof = options::boolean(option),
        "cost" => {
            let default = if matches!(routine.language.as_str(), "c" | "internal") { 1.0 } else { 100.0 };
            routine.cost = number(option, default);
        }
        "rows" => routine.rows = number(option, 1000.0),
        "support" => routine.support = Some(state.function(&names(option), dependencies)),
        "set" => {
            if let Some(NodeEnum::VariableSetStmt(set)) = option.arg.as_deref().and_then(|it| it.node.as_ref()) {
                configure(state, &mut routine.configuration, set);
            }
        }
        _ => {}
    }
}

/// The name that is an option's value, as nodes.
pub(crate) fn names(option: &DefElem) -> Vec<Node> {
    options::name_list(option).into_iter().map(|sval| Node { node: Some(NodeEnum::String(pg_query::protobuf::String { sval })) }).collect()
}

/// A number as the server prints it back (`real`), where it isn't the default.
fn number(option: &DefElem, default: f32) -> Option<String> {
    let value: f32 = options::text(option)?.parse().ok()?;
    (value != default).then(|| value.to_string())
}

/// `SET name = value`, `RESET name`, `RESET ALL` of a routine.
fn configure(state: &State<'_>, configuration: &mut Vec<(String, String)>, set: &VariableSetStmt) {
    let value = match set.kind() {
        VariableSetKind::VarSetValue => Some(set.args.iter().filter_map(setting).collect::<Vec<_>>().join(", ")),
        // What the session has now; the search path is all that is known of it.
        VariableSetKind::VarSetCurrent if set.name == "search_path" => {
            Some(state.search_path().iter().map(|it| quote_literal(it)).collect::<Vec<_>>().join(", "))
        }
        VariableSetKind::VarResetAll => {
            configuration.clear();
            return;
        }
        _ => None,
    };
    let place = configuration.iter().position(|(name, _)| *name == set.name);
    match (value, place) {
        (Some(value), Some(place)) => configuration[place].1 = value,
        (Some(value), None) => configuration.push((set.name.clone(), value)),
        (None, Some(place)) => {
            configuration.remove(place);
        }
        (None, None) => {}
    }
}

fn setting(node: &Node) -> Option<String> {
    match node.node.as_ref()? {
        NodeEnum::ColumnRef(it) => strings(&it.fields).last().map(|it| quote_identifier(it)),
        _ => options::value_text(node).map(|it| quote_literal(&it)),
    }
}
