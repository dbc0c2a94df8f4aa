//! Procedural code, as far as what it does can be computed: `DO` blocks, and calls of functions that the script itself has made.
//!
//! Scripts wrap statements to make them repeatable: in `IF NOT EXISTS (SELECT … FROM pg_type …)`, in a block that handles
//! `duplicate_object`, in a loop over names. [`machine`] runs them statement by statement; statements that make no schema are passed
//! over as they are elsewhere. What can't be computed is reported and not guessed.

mod extensions;
mod machine;

use pg_query::NodeEnum;
use pg_query::protobuf::{CallStmt, DoStmt, FuncCall, Node, SelectStmt};
use serde_json::Value as Json;

use crate::catalog::{Argument, Body, Definition, Identity, Kind, Routine};

use super::evaluation::{self, Environment, Row, Value};
use super::resolve::{split_name, strings};
use super::state::State;
use super::{Outcome, Place, Problem, dispatch, options, settings, split, statement};
use machine::{Machine, Stop};

/// How deep functions call each other before it is given up.
const DEPTH: usize = 16;

/// A block of PL/pgSQL, as the parser has it.
struct Code {
    block: Json,
    /// The variables by number: their names, and what they are set to at first.
    variables: Vec<Variable>,
}

struct Variable {
    name: String,
    default: Option<String>,
    is_record: bool,
}

/// `DO`.
pub(crate) fn apply(state: &mut State<'_>, node: &DoStmt, at: Place) -> Outcome {
    let body = body(node);
    let Some(code) = body.as_deref().and_then(|it| compile(it, "", "void")) else {
        report(state, "`DO`", at);
        return Ok(());
    };
    let sets_path = body.is_some_and(|it| it.contains("search_path"));
    if !sets_path && !makes_schema(state, &code.block, DEPTH) {
        return Ok(());
    }
    run(state, "`DO`", at, |state| {
        // A block may end the transaction only if it began it.
        let may_end = state.levels().depth() == 1;
        Machine::new(&code, Row::default(), at, DEPTH, may_end).run_all(state)
    })
}

/// Runs procedural code as one statement does: all of it counts, or nothing.
fn run(state: &mut State<'_>, what: &str, at: Place, code: impl FnOnce(&mut State<'_>) -> Result<(), Stop>) -> Outcome {
    let depth = state.levels().depth();
    state.begin(None);
    let outcome = code(state);
    match &outcome {
        Err(Stop::Failed(_)) => state.roll_back_to(depth),
        // Without a transaction around it, the statement was one.
        _ if depth == 0 => state.commit(),
        _ => state.keep(depth),
    }
    match outcome {
        Ok(()) => Ok(()),
        Err(Stop::Failed(problem)) => Err(Problem { location: None, ..problem }),
        Err(Stop::Raised(message)) => {
            let message = format!("{what} raises an exception here, so what follows in it was left out: {message}");
            state.warn(at, message, Some("what it asks for may be there in your database, and is not in this source".to_owned()));
            Ok(())
        }
        Err(Stop::Opaque) => {
            report(state, what, at);
            Ok(())
        }
    }
}

fn report(state: &mut State<'_>, what: &str, at: Place) {
    state.saw_opaque_code(at);
    let hint = match what {
        "`DO`" => "write the statements outside of `DO`, or read the schema from a server that has run them",
        _ => "write the statements that it runs, or read the schema from a server that has run them",
    };
    state.warn(at, format!("{what} contains procedural code, which is not evaluated"), Some(hint.to_owned()));
}

/// `SELECT f(…)`, `SELECT * FROM f(…)`: what the functions make that the script itself has made.
pub(crate) fn select(state: &mut State<'_>, node: &SelectStmt, at: Place) -> Outcome {
    let Some(call) = calls(node).find(|it| makes_schema_when_called(state, it, DEPTH)) else { return Ok(()) };
    let what = format!("`{}(…)`", strings(&call.funcname).join("."));
    run(state, &what, at, |state| select_within(state, node, &Environment::default(), at, DEPTH))
}

/// `CALL`.
pub(crate) fn call(state: &mut State<'_>, node: &CallStmt, at: Place) -> Outcome {
    let Some(call) = node.funccall.as_deref() else { return Ok(()) };
    let what = format!("`{}(…)`", strings(&call.funcname).join("."));
    let is_known = callee(state, call).is_some();
    if !is_known {
        report(state, &what, at);
        return Ok(());
    }
    if !makes_schema_when_called(state, call, DEPTH) {
        return Ok(());
    }
    let select = select_of(call);
    run(state, &what, at, |state| select_within(state, &select, &Environment::default(), at, DEPTH))
}

/// A call as a query.
fn select_of(call: &FuncCall) -> SelectStmt {
    let value = Node { node: Some(NodeEnum::FuncCall(Box::new(call.clone()))) };
    let target = pg_query::protobuf::ResTarget { val: Some(Box::new(value)), ..Default::default() };
    SelectStmt { target_list: vec![Node { node: Some(NodeEnum::ResTarget(Box::new(target))) }], ..Default::default() }
}

/// Runs the functions that a query calls, for each of its rows.
fn select_within(state: &mut State<'_>, node: &SelectStmt, environment: &Environment, at: Place, depth: usize) -> Result<(), Stop> {
    let calls = evaluation::call_rows(state, node, environment).ok_or(Stop::Opaque)?;
    for (call, arguments) in calls {
        if let Some(extension) = extensions::owner(state, call) {
            let statements = parsed(&extensions::ddl(extension, call, &arguments).ok_or(Stop::Opaque)?);
            statements.iter().try_for_each(|it| dispatch(state, it, at).map_err(Stop::Failed))?;
        } else if makes_schema_when_called(state, call, depth) {
            call_function(state, call, arguments, at, depth)?;
        }
    }
    Ok(())
}

fn call_function(state: &mut State<'_>, call: &FuncCall, given: Vec<(String, Value)>, at: Place, depth: usize) -> Result<(), Stop> {
    let Some((_, routine)) = callee(state, call).filter(|_| depth > 0) else { return Err(Stop::Opaque) };
    let routine = routine.clone();
    let Some(arguments) = bind(state, &routine, given) else { return Err(Stop::Opaque) };
    let settings_before = state.settings().clone();
    if let Some((_, path)) = routine.configuration.iter().find(|(name, _)| name == "search_path")
        && let Some(NodeEnum::VariableSetStmt(set)) = parsed(&format!("SET search_path = {path}")).into_iter().next()
    {
        settings::set(state, &set, at).map_err(Stop::Failed)?;
    }
    let outcome = match (&routine.body, routine.language.as_str()) {
        (Body::Source(body), "plpgsql") => match compile_routine(&routine, body) {
            Some(code) => Machine::new(&code, arguments, at, depth - 1, false).run_all(state),
            None => Err(Stop::Opaque),
        },
        (Body::Source(body), "sql") => {
            let environment = Environment::of(arguments);
            parsed(body).iter().try_for_each(|it| machine::statement(state, it, &environment, at, depth - 1))
        }
        _ => Err(Stop::Opaque),
    };
    if !routine.configuration.is_empty() {
        *state.settings_mut() = settings_before;
    }
    outcome
}

/// The values of a function's arguments, by name and as `$1`.
fn bind(state: &State<'_>, routine: &Routine, given: Vec<(String, Value)>) -> Option<Row> {
    let inputs: Vec<&Argument> = routine.arguments.iter().filter(|it| it.mode.is_input()).collect();
    let mut values: Vec<Option<Value>> = vec![None; inputs.len()];
    for (at, (name, value)) in given.into_iter().enumerate() {
        let at = if name.is_empty() { at } else { inputs.iter().position(|it| it.name == name)? };
        *values.get_mut(at)? = Some(value);
    }
    let mut row = Row::default();
    for (number, (argument, value)) in (1..).zip(inputs.iter().zip(values)) {
        // A default that can't be told is a variable without a value.
        let value = value.or_else(|| evaluation::value(state, &argument.default.as_ref()?.0, &Environment::default()));
        if let Some(value) = value {
            row.insert(format!("${number}"), value.clone());
            if !argument.name.is_empty() {
                row.insert(argument.name.clone(), value);
            }
        }
    }
    Some(row)
}

/// The function of the script's own that a call means, by its name and how many arguments it takes.
fn callee<'s>(state: &'s State<'_>, call: &FuncCall) -> Option<(&'s Identity, &'s Routine)> {
    let (schema, name) = split_name(&call.funcname);
    let routines = state.resolver().functions(schema.as_deref(), &name);
    routines.into_iter().filter(|it| matches!(it.kind, Kind::Function | Kind::Procedure)).find_map(|identity| {
        let (Definition::Function(routine) | Definition::Procedure(routine)) = &state.get(identity)?.definition else { return None };
        let inputs = routine.arguments.iter().filter(|it| it.mode.is_input());
        let needed = inputs.clone().filter(|it| it.default.is_none()).count();
        (needed..=inputs.count()).contains(&call.args.len()).then_some((identity, routine))
    })
}

/// The calls in a query's targets and in its FROM.
fn calls(node: &SelectStmt) -> impl Iterator<Item = &FuncCall> {
    let targets = node.target_list.iter().filter_map(|it| match &it.node {
        Some(NodeEnum::ResTarget(it)) => match &it.val.as_deref()?.node {
            Some(NodeEnum::FuncCall(call)) => Some(call.as_ref()),
            _ => None,
        },
        _ => None,
    });
    let functions = node.from_clause.iter().filter_map(|it| match &it.node {
        Some(NodeEnum::RangeFunction(it)) => match it.functions.first()?.node.as_ref()? {
            NodeEnum::List(it) => match it.items.first()?.node.as_ref()? {
                NodeEnum::FuncCall(call) => Some(call.as_ref()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    targets.chain(functions)
}

/// Whether a call may make schema: of a function of the script's own whose body has such a statement, or of one of an extension's that
/// are known to.
fn makes_schema_when_called(state: &State<'_>, call: &FuncCall, depth: usize) -> bool {
    if extensions::owner(state, call).is_some() {
        return true;
    }
    let Some((_, routine)) = callee(state, call) else { return false };
    let Body::Source(body) = &routine.body else { return false };
    // A cheap look first: functions that only handle data are called often.
    let words = ["create", "alter", "drop", "execute", "comment", "grant", "revoke", "select", "perform", "call"];
    let folded = body.to_ascii_lowercase();
    if depth == 0 || !words.iter().any(|it| folded.contains(it)) {
        return depth == 0;
    }
    match routine.language.as_str() {
        "plpgsql" => compile_routine(routine, body).is_none_or(|it| makes_schema(state, &it.block, depth - 1)),
        "sql" => parsed(body).iter().any(|it| statement_makes_schema(state, it, depth - 1)),
        _ => false,
    }
}

/// The body of a block in PL/pgSQL; `None` in any other language.
fn body(node: &DoStmt) -> Option<String> {
    let mut body = None;
    for option in options::elements(&node.args) {
        match option.defname.as_str() {
            "as" => body = options::text(option),
            "language" if options::text(option).is_none_or(|it| !it.eq_ignore_ascii_case("plpgsql")) => return None,
            _ => {}
        }
    }
    body
}

fn compile_routine(routine: &Routine, body: &str) -> Option<Code> {
    let arguments: Vec<String> = routine
        .arguments
        .iter()
        .filter(|it| it.mode.is_input())
        // What type they have is no matter here; a name of a type that the parser doesn't know would be.
        .map(|it| format!("{} text", if it.name.is_empty() { String::new() } else { evaluation::quote_identifier(&it.name) }))
        .collect();
    let returns = match (routine.returns_set, routine.returns.name.name.as_str()) {
        (true, _) => "SETOF text",
        (false, "void") => "void",
        (false, _) => "text",
    };
    compile(body, &arguments.join(", "), returns)
}

fn compile(body: &str, arguments: &str, returns: &str) -> Option<Code> {
    // A tag that the body does not contain.
    let tag = (0..).map(|number| format!("$body{number}$")).find(|it| !body.contains(it.as_str()))?;
    let function = format!("CREATE FUNCTION f({arguments}) RETURNS {returns} LANGUAGE plpgsql AS {tag}{body}{tag}");
    let parsed = pg_query::parse_plpgsql(&function).ok()?;
    let function = parsed.get(0)?.get("PLpgSQL_function")?;
    let variable = |datum: &Json| {
        let (kind, it) = datum.as_object()?.iter().next()?;
        let name = it.get("refname").and_then(Json::as_str).unwrap_or_default().to_owned();
        let default = query_of(it, "default_val").map(str::to_owned);
        Some(Variable { name, default, is_record: kind == "PLpgSQL_rec" })
    };
    Some(Code {
        block: function.get("action")?.get("PLpgSQL_stmt_block")?.clone(),
        variables: items(function, "datums").iter().map(variable).collect::<Option<_>>()?,
    })
}

fn items<'v>(value: &'v Json, key: &str) -> &'v [Json] {
    value.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn query_of<'v>(value: &'v Json, key: &str) -> Option<&'v str> {
    value.get(key)?.get("PLpgSQL_expr")?.get("query")?.as_str()
}

/// The statements of a text; none of one that is no SQL.
fn parsed(sql: &str) -> Vec<NodeEnum> {
    let Ok(parsed) = split::parse_sql(sql) else { return Vec::new() };
    parsed.stmts.into_iter().filter_map(|it| it.stmt?.node).collect()
}

/// Whether any statement inside may make schema.
fn makes_schema(state: &State<'_>, value: &Json, depth: usize) -> bool {
    match value {
        Json::Object(map) => map.iter().any(|(key, it)| match key.as_str() {
            "PLpgSQL_stmt_execsql" => query_of(it, "sqlstmt").is_some_and(|sql| text_makes_schema(state, sql, depth)),
            "PLpgSQL_stmt_perform" | "PLpgSQL_stmt_call" => query_of(it, "expr").is_some_and(|sql| text_makes_schema(state, sql, depth)),
            "PLpgSQL_stmt_dynexecute" => query_of(it, "query").is_none_or(|expression| dynamic_makes_schema(state, expression, depth)),
            "PLpgSQL_stmt_assign" => query_of(it, "expr").is_some_and(|it| {
                let value = it.split_once(":=").or_else(|| it.split_once('=')).map_or("", |(_, value)| value);
                text_makes_schema(state, &format!("SELECT {value}"), depth)
            }),
            _ => makes_schema(state, it, depth),
        }),
        Json::Array(items) => items.iter().any(|it| makes_schema(state, it, depth)),
        _ => false,
    }
}

fn text_makes_schema(state: &State<'_>, sql: &str, depth: usize) -> bool {
    parsed(sql).iter().any(|it| statement_makes_schema(state, it, depth))
}

fn statement_makes_schema(state: &State<'_>, node: &NodeEnum, depth: usize) -> bool {
    match node {
        NodeEnum::SelectStmt(it) if it.into_clause.is_some() => true,
        NodeEnum::SelectStmt(it) => calls(it).any(|it| makes_schema_when_called(state, it, depth)),
        NodeEnum::CallStmt(it) => it.funccall.as_deref().is_some_and(|it| makes_schema_when_called(state, it, depth)),
        it => statement::may_make_schema(it),
    }
}

/// Whether `EXECUTE` of an expression may: where the text is not known as a whole, its beginning may say that it doesn't.
fn dynamic_makes_schema(state: &State<'_>, expression: &str, depth: usize) -> bool {
    let Some(tree) = evaluation::parse(expression) else { return true };
    let Some((text, is_whole)) = beginning(&tree) else { return true };
    if is_whole {
        return text_makes_schema(state, &text, depth);
    }
    let folded = text.to_ascii_lowercase();
    let words: Vec<&str> = folded.split_whitespace().take(3).collect();
    !matches!(
        words.as_slice(),
        ["insert" | "update" | "delete" | "truncate" | "select" | "notify" | "copy" | "lock" | "analyze" | "vacuum" | "set" | "reset", ..]
            | ["create" | "alter" | "drop", "role" | "user" | "database" | "system" | "tablespace", ..]
            | ["refresh", "materialized", ..]
            | ["alter" | "drop" | "comment", "large", ..]
            | ["comment", "on", "large" | "database" | "role" | "tablespace", ..]
    ) && !folded.contains(" on large object")
        && !folded.contains(" on database")
}

/// How the text of an expression begins, and whether that is all of it.
fn beginning(node: &Node) -> Option<(String, bool)> {
    match node.node.as_ref()? {
        NodeEnum::AConst(_) => Some((options::value_text(node)?, true)),
        NodeEnum::AExpr(it) if strings(&it.name) == ["||"] => beginning(it.lexpr.as_deref()?).map(|(text, _)| (text, false)),
        NodeEnum::FuncCall(it) if matches!(strings(&it.funcname).last(), Some(&("format" | "concat"))) => {
            let text = options::value_text(it.args.first()?)?;
            Some((text.split('%').next().unwrap_or_default().to_owned(), false))
        }
        _ => None,
    }
}
