//! `DO` blocks, as far as what they do can be computed.
//!
//! Scripts wrap statements to make them repeatable: in `IF NOT EXISTS (SELECT … FROM pg_type …)`, or in a block that
//! handles `duplicate_object`. Statements, conditions over the catalogs (`condition`), handlers and `EXECUTE` of a constant
//! are replayed exactly. Loops, variables and dynamic SQL that make no schema are passed over as other queries are; what is
//! left is reported and not guessed.

use pg_query::NodeEnum;
use pg_query::protobuf::{DoStmt, Node};
use serde_json::Value;

use super::state::State;
use super::{Outcome, Place, Problem, condition, dispatch, options, split, statement};

/// One step of a block that can make schema.
enum Step {
    /// A statement.
    Statement(Box<NodeEnum>),
    /// `IF`: conditions with their branches, and `ELSE`.
    If { branches: Vec<(String, Vec<Step>)>, otherwise: Vec<Step> },
    /// A block with handlers: conditions with what they do.
    Block { body: Vec<Step>, handlers: Vec<(Vec<String>, Vec<Step>)> },
    /// Something that makes schema, in a way that is not computed.
    Opaque,
}

/// Why a block does not go on.
enum Stop {
    Failed(Problem),
    Opaque,
}

/// `DO`.
pub(crate) fn apply(state: &mut State<'_>, node: &DoStmt, at: Place) -> Outcome {
    let steps = body(node).and_then(|it| compile_function(&it)).unwrap_or_else(|| vec![Step::Opaque]);
    let depth = state.levels().depth();
    state.begin(None);
    let outcome = run(state, &steps, at);
    match &outcome {
        Err(Stop::Failed(_)) => state.roll_back_to(depth),
        // Without a transaction around it, the block was one.
        _ if depth == 0 => state.commit(),
        _ => state.keep(depth),
    }
    match outcome {
        Ok(()) => Ok(()),
        Err(Stop::Failed(problem)) => Err(Problem { location: None, ..problem }),
        Err(Stop::Opaque) => {
            state.saw_opaque_code(at);
            let hint = "write the statements outside of `DO`, or read the schema from a server that has run them";
            state.warn(at, "`DO` contains procedural code, which is not evaluated", Some(hint.to_owned()));
            Ok(())
        }
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

fn compile_function(body: &str) -> Option<Vec<Step>> {
    // A tag that the body does not contain.
    let tag = (0..).map(|number| format!("$body{number}$")).find(|it| !body.contains(it.as_str()))?;
    let function = format!("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS {tag}{body}{tag}");
    let parsed = pg_query::parse_plpgsql(&function).ok()?;
    let block = parsed.get(0)?.get("PLpgSQL_function")?.get("action")?.get("PLpgSQL_stmt_block")?;
    Some(compile_block(block))
}

fn items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn query_of<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.get("PLpgSQL_expr")?.get("query")?.as_str()
}

fn compile_block(block: &Value) -> Vec<Step> {
    let body = compile(items(block, "body"));
    let exceptions = block.get("exceptions").and_then(|it| it.get("PLpgSQL_exception_block"));
    let handlers: Vec<(Vec<String>, Vec<Step>)> = exceptions
        .map(|it| items(it, "exc_list"))
        .unwrap_or_default()
        .iter()
        .filter_map(|it| it.get("PLpgSQL_exception"))
        .map(|it| {
            let name = |it: &Value| Some(it.get("PLpgSQL_condition")?.get("condname")?.as_str()?.to_owned());
            (items(it, "conditions").iter().filter_map(name).collect(), compile(items(it, "action")))
        })
        .collect();
    if handlers.is_empty() || body.is_empty() { body } else { vec![Step::Block { body, handlers }] }
}

/// The steps of a list of statements; those that make no schema are left out.
fn compile(statements: &[Value]) -> Vec<Step> {
    let mut steps = Vec::new();
    for statement in statements {
        let Some((kind, it)) = statement.as_object().and_then(|it| it.iter().next()) else { continue };
        match kind.as_str() {
            "PLpgSQL_stmt_block" => steps.extend(compile_block(it)),
            "PLpgSQL_stmt_execsql" => steps.extend(query_of(it, "sqlstmt").map_or_else(|| vec![Step::Opaque], compile_sql)),
            "PLpgSQL_stmt_dynexecute" => match query_of(it, "query").and_then(constant) {
                Some(sql) => steps.extend(compile_sql(&sql)),
                None => steps.push(Step::Opaque),
            },
            "PLpgSQL_stmt_if" => {
                let mut branches = vec![(query_of(it, "cond").unwrap_or_default().to_owned(), compile(items(it, "then_body")))];
                for branch in items(it, "elsif_list").iter().filter_map(|it| it.get("PLpgSQL_if_elsif")) {
                    branches.push((query_of(branch, "cond").unwrap_or_default().to_owned(), compile(items(branch, "stmts"))));
                }
                let otherwise = compile(items(it, "else_body"));
                if branches.iter().any(|(_, steps)| !steps.is_empty()) || !otherwise.is_empty() {
                    steps.push(Step::If { branches, otherwise });
                }
            }
            // The rest (loops, CASE, assignments, RAISE, RETURN …) makes schema through statements inside only.
            _ if makes_schema(it) => steps.push(Step::Opaque),
            _ => {}
        }
    }
    steps
}

/// Whether any statement inside would be a step.
fn makes_schema(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, it)| match key.as_str() {
            "PLpgSQL_stmt_execsql" => query_of(it, "sqlstmt").is_none_or(|sql| !compile_sql(sql).is_empty()),
            "PLpgSQL_stmt_dynexecute" => query_of(it, "query").and_then(constant).is_none_or(|sql| !compile_sql(&sql).is_empty()),
            _ => makes_schema(it),
        }),
        Value::Array(items) => items.iter().any(makes_schema),
        _ => false,
    }
}

/// The statements of a text; none for one that makes no schema.
fn compile_sql(sql: &str) -> Vec<Step> {
    let Ok(parsed) = split::parse_sql(sql) else {
        // `SELECT … INTO variable` and the like are no SQL; what makes schema always is.
        return Vec::new();
    };
    let nodes = parsed.stmts.into_iter().filter_map(|it| it.stmt?.node);
    nodes
        .filter(|it| match it {
            NodeEnum::SelectStmt(_) | NodeEnum::CallStmt(_) => false,
            it => statement::may_make_schema(it),
        })
        .map(|it| Step::Statement(Box::new(it)))
        .collect()
}

/// The value of an expression that is one string.
fn constant(expression: &str) -> Option<String> {
    match condition::parse(expression)?.node? {
        NodeEnum::AConst(it) => options::value_text(&Node { node: Some(NodeEnum::AConst(it)) }),
        _ => None,
    }
}

fn run(state: &mut State<'_>, steps: &[Step], at: Place) -> Result<(), Stop> {
    for step in steps {
        match step {
            Step::Statement(node) => dispatch(state, node, at).map_err(Stop::Failed)?,
            Step::If { branches, otherwise } => {
                let mut taken = otherwise;
                for (condition, steps) in branches {
                    match condition::holds(state, condition) {
                        Some(true) => {
                            taken = steps;
                            break;
                        }
                        Some(false) => {}
                        None => return Err(Stop::Opaque),
                    }
                }
                run(state, taken, at)?;
            }
            Step::Block { body, handlers } => run_handled(state, body, handlers, at)?,
            Step::Opaque => return Err(Stop::Opaque),
        }
    }
    Ok(())
}

/// A block with handlers: when it fails and a handler fits, everything that it did is undone.
fn run_handled(state: &mut State<'_>, body: &[Step], handlers: &[(Vec<String>, Vec<Step>)], at: Place) -> Result<(), Stop> {
    let depth = state.levels().depth();
    state.begin(None);
    match run(state, body, at) {
        Err(Stop::Failed(problem)) => {
            state.roll_back_to(depth);
            match handlers.iter().find(|(conditions, _)| conditions.iter().any(|it| fits(it, &problem))) {
                Some((_, steps)) => run(state, steps, at),
                None => Err(Stop::Failed(problem)),
            }
        }
        other => {
            state.keep(depth);
            other
        }
    }
}

/// Whether a problem is of a condition, by name or SQLSTATE. PostgreSQL src/backend/utils/errcodes.txt.
fn fits(condition: &str, problem: &Problem) -> bool {
    let exists = problem.message.contains("already exists");
    let missing = problem.message.contains("does not exist");
    match condition {
        "others" | "syntax_error_or_access_rule_violation" | "42000" => true,
        "invalid_table_definition" | "42P16" => problem.message.contains("multiple primary keys"),
        "42710" | "42P07" | "42701" | "42P06" | "42723" => exists,
        "42704" | "42P01" | "42703" | "3F000" | "42883" => missing,
        "invalid_schema_name" => missing,
        name if name.starts_with("duplicate_") => exists,
        name if name.starts_with("undefined_") => missing,
        _ => false,
    }
}
