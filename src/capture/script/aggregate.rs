//! `CREATE AGGREGATE`.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::NodeEnum;
use pg_query::protobuf::{DefElem, DefineStmt, Node};

use crate::capture::expression;
use crate::catalog::{Aggregate, Argument, ArgumentMode, DataType, Definition, Dependency, Identity, Kind, QualifiedName};
use crate::ddl::{data_type, quote_identifier, quote_literal};

use super::resolve::split_name;
use super::state::State;
use super::{Outcome, Place, Problem, operator, options, routine};

/// `CREATE [OR REPLACE] AGGREGATE`, in the new form and that of before PostgreSQL 8.2 (`BASETYPE = …`).
pub(crate) fn create(state: &mut State<'_>, node: &DefineStmt, _at: Place) -> Outcome {
    let name = state.new_name(&node.defnames)?;
    let mut dependencies: BTreeSet<Dependency> = state.schema_dependency(&name.schema).into_iter().collect();
    let (arguments, direct_arguments) = arguments(state, node, &mut dependencies)?;
    let mut aggregate = Aggregate {
        arguments,
        direct_arguments,
        hypothetical: false,
        transition: QualifiedName::new("", ""),
        state: DataType::builtin("internal"),
        options: BTreeMap::new(),
        returns: None,
        functions: Vec::new(),
    };
    let mut functions = BTreeSet::new();
    let mut final_function = None;
    let mut transition = None;
    for option in options::elements(&node.definition) {
        let key = option.defname.to_lowercase();
        match key.as_str() {
            "sfunc" | "sfunc1" => transition = Some(option),
            "stype" | "stype1" => aggregate.state = type_value(state, option, &mut dependencies)?,
            "hypothetical" => aggregate.hypothetical = options::boolean(option),
            "basetype" => {}
            "finalfunc" | "combinefunc" | "serialfunc" | "deserialfunc" | "msfunc" | "minvfunc" | "mfinalfunc" => {
                let called = function(state, option, &mut functions, &mut dependencies);
                if key == "finalfunc" {
                    final_function = Some(called.clone());
                }
                aggregate.options.insert(key, spell(&called));
            }
            "mstype" => {
                let value = data_type(&type_value(state, option, &mut dependencies)?);
                aggregate.options.insert(key, value);
            }
            "sortop" => {
                let value = operator::named(state, &routine::names(option), &mut dependencies);
                aggregate.options.insert(key, format!("OPERATOR({}.{})", quote_identifier(&value.schema), value.name));
            }
            "initcond" | "initcond1" | "minitcond" => {
                let value = options::text(option).unwrap_or_default();
                aggregate.options.insert(key.trim_end_matches('1').to_owned(), quote_literal(&value));
            }
            "finalfunc_extra" | "mfinalfunc_extra" => {
                if options::boolean(option) {
                    aggregate.options.insert(key, String::new());
                }
            }
            // Words (`read_only`, `safe`) and numbers (`sspace`).
            _ => {
                aggregate.options.insert(key, options::text(option).unwrap_or_default().to_lowercase());
            }
        }
    }
    if let Some(option) = transition {
        // It takes the state and what is aggregated (PostgreSQL src/backend/catalog/pg_aggregate.c, AggregateCreate).
        let aggregated = aggregate.arguments.iter().skip(aggregate.direct_arguments.unwrap_or(0)).map(|it| it.data_type.clone());
        let taken: Vec<DataType> = std::iter::once(aggregate.state.clone()).chain(aggregated).collect();
        let called = operator::function_of(state, &routine::names(option), &taken, &mut dependencies);
        aggregate.transition = called.qualified_name();
        functions.extend(state.contains(&called).then_some(called));
    }
    drop_defaults(&mut aggregate.options);
    aggregate.returns = match &final_function {
        None => Some(aggregate.state.clone()),
        Some(name) if name.is_builtin() => expression::builtin_result(&name.name, &aggregate.state),
        Some(_) => functions.iter().find(|it| Some(&it.qualified_name()) == final_function.as_ref()).and_then(|it| returned(state, it)),
    };
    aggregate.functions = functions.into_iter().collect();
    let inputs = aggregate.arguments.iter().map(|it| it.data_type.clone()).collect();
    let identity = Identity::new(Kind::Aggregate, name.schema, name.name).with_arguments(inputs);
    routine::replace(state, identity, Definition::Aggregate(aggregate), dependencies, node.replace)
}

/// Options that say what is so anyway.
fn drop_defaults(options: &mut BTreeMap<String, String>) {
    let defaults =
        [("parallel", "unsafe"), ("finalfunc_modify", "read_only"), ("mfinalfunc_modify", "read_only"), ("sspace", "0"), ("msspace", "0")];
    for (option, value) in defaults {
        if options.get(option).is_some_and(|it| it == value) {
            options.remove(option);
        }
    }
}

/// The arguments, and how many of them are direct.
fn arguments(
    state: &State<'_>,
    node: &DefineStmt,
    dependencies: &mut BTreeSet<Dependency>,
) -> Result<(Vec<Argument>, Option<usize>), Problem> {
    if node.oldstyle {
        let base = options::elements(&node.definition).find(|it| it.defname.eq_ignore_ascii_case("basetype"));
        let Some(base) = base else { return Err(Problem::new("aggregate input type must be specified")) };
        if options::text(base).is_some_and(|it| it.eq_ignore_ascii_case("any")) {
            return Ok((Vec::new(), None));
        }
        let data_type = type_value(state, base, dependencies)?;
        return Ok((vec![Argument { name: String::new(), mode: ArgumentMode::In, data_type, default: None }], None));
    }
    let [parameters, direct] = node.args.as_slice() else { return Ok((Vec::new(), None)) };
    let parameters: &[Node] = match &parameters.node {
        Some(NodeEnum::List(it)) => &it.items,
        _ => &[],
    };
    let direct = match &direct.node {
        Some(NodeEnum::Integer(it)) => usize::try_from(it.ival).ok(),
        _ => None,
    };
    Ok((routine::arguments(state, parameters, dependencies)?, direct))
}

fn function(
    state: &State<'_>,
    option: &DefElem,
    functions: &mut BTreeSet<Identity>,
    dependencies: &mut BTreeSet<Dependency>,
) -> QualifiedName {
    let mut own = BTreeSet::new();
    let name = state.function(&routine::names(option), &mut own);
    functions.extend(own.iter().map(|it| it.on.clone()).filter(|it| it.kind == Kind::Function));
    dependencies.extend(own);
    name
}

pub(crate) fn spell(function: &QualifiedName) -> String {
    if function.is_builtin() {
        return quote_identifier(&function.name);
    }
    format!("{}.{}", quote_identifier(&function.schema), quote_identifier(&function.name))
}

/// The type that is an option's value.
pub(crate) fn type_value(state: &State<'_>, option: &DefElem, dependencies: &mut BTreeSet<Dependency>) -> Result<DataType, Problem> {
    let data_type = match option.arg.as_deref().and_then(|it| it.node.as_ref()) {
        Some(NodeEnum::TypeName(it)) => state.resolver().data_type(it)?,
        _ => {
            let (schema, name) = split_name(&routine::names(option));
            let found = state.resolver().type_named(schema.as_deref(), &name);
            found.ok_or_else(|| Problem::new(format!("type `{name}` does not exist")))?.0
        }
    };
    state.type_dependencies(&data_type, dependencies);
    Ok(data_type.without_modifiers())
}

fn returned(state: &State<'_>, function: &Identity) -> Option<DataType> {
    match &state.get(function)?.definition {
        Definition::Function(it) => Some(it.returns.clone()),
        _ => None,
    }
}
