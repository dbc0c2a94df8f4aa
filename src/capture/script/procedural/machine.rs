//! PL/pgSQL, run statement by statement.
//!
//! A variable whose value can't be computed has none, and neither has what is made of it; only where such a value decides which
//! schema there is does the machine give up ([`Stop::Opaque`]). To add a statement: a line in [`Machine::step`].

use pg_query::NodeEnum;
use serde_json::Value as Json;

use crate::capture::script::evaluation::{self, Environment, Row, Value};
use crate::capture::script::state::State;
use crate::capture::script::{Place, Problem, dispatch};

use super::{Code, items, makes_schema, parsed, query_of, select_within, statement_makes_schema};

/// Statements that a block may run: an endless loop ends here.
const FUEL: usize = 100_000;

/// The level of RAISE EXCEPTION. PostgreSQL src/include/utils/elog.h, ERROR.
const ERROR: i64 = 21;

/// Why a block does not go on.
pub(super) enum Stop {
    /// A statement fails, as it would on the server.
    Failed(Problem),
    /// The block itself says that something is wrong.
    Raised(String),
    /// It can't be told what it does.
    Opaque,
}

/// Where a block goes on.
enum Flow {
    Next,
    /// Out of the loop or block of that label, or out of the innermost loop.
    Exit(Option<String>),
    /// With the next turn of the loop of that label, or of the innermost.
    Continue(Option<String>),
    Return,
}

type Stepped = Result<Flow, Stop>;

/// A block at work.
pub(super) struct Machine<'c> {
    code: &'c Code,
    variables: Row,
    at: Place,
    fuel: usize,
    /// How deep functions may still call each other.
    depth: usize,
    /// Whether COMMIT and ROLLBACK are allowed.
    may_end: bool,
    /// Whether something that may make schema was passed over.
    opaque: bool,
}

impl<'c> Machine<'c> {
    pub(super) fn new(code: &'c Code, arguments: Row, at: Place, depth: usize, may_end: bool) -> Self {
        Self { code, variables: arguments, at, fuel: FUEL, depth, may_end, opaque: false }
    }

    /// Runs the whole block. What can't be told is left out, and the rest goes on.
    pub(super) fn run_all(mut self, state: &mut State<'_>) -> Result<(), Stop> {
        for variable in &self.code.variables {
            let value = match &variable.default {
                Some(default) => self.value(state, default),
                None if variable.is_record || self.variables.get(&variable.name).is_some() => continue,
                None => Some(Value::Null),
            };
            self.set(&variable.name, value);
        }
        self.variables.remove("found");
        match self.block(state, &self.code.block) {
            Ok(_) if self.opaque => Err(Stop::Opaque),
            Ok(_) => Ok(()),
            // What was left out may be why.
            Err(Stop::Failed(_) | Stop::Raised(_)) if self.opaque => Err(Stop::Opaque),
            Err(stop) => Err(stop),
        }
    }

    fn environment(&self) -> Environment {
        Environment::of(self.variables.clone())
    }

    fn value(&self, state: &State<'_>, expression: &str) -> Option<Value> {
        evaluation::value(state, expression, &self.environment())
    }

    fn holds(&self, state: &State<'_>, condition: &str) -> Option<bool> {
        evaluation::holds(state, condition, &self.environment())
    }

    fn set(&mut self, name: &str, value: Option<Value>) {
        match value {
            Some(value) => self.variables.insert(name.to_owned(), value),
            None => self.variables.remove(name),
        }
    }

    fn name_of(&self, number: Option<&Json>) -> Option<&'c str> {
        let number = usize::try_from(number?.as_u64()?).ok()?;
        self.code.variables.get(number).map(|it| it.name.as_str()).filter(|it| !it.is_empty())
    }

    fn run(&mut self, state: &mut State<'_>, statements: &[Json]) -> Stepped {
        for statement in statements {
            let Some((kind, it)) = statement.as_object().and_then(|it| it.iter().next()) else { continue };
            self.fuel = self.fuel.checked_sub(1).ok_or(Stop::Opaque)?;
            match self.step(state, kind, it) {
                Ok(Flow::Next) => {}
                Err(Stop::Opaque) => self.pass_over(state, statement)?,
                other => return other,
            }
        }
        Ok(Flow::Next)
    }

    /// Leaves out a statement that is not understood: what it sets is not known any more.
    fn pass_over(&mut self, state: &mut State<'_>, statement: &Json) -> Result<(), Stop> {
        if self.fuel == 0 {
            return Err(Stop::Opaque);
        }
        if makes_schema(state, statement, self.depth) {
            self.opaque = true;
            state.saw_opaque_code(self.at);
        }
        self.forget(statement);
        Ok(())
    }

    /// Forgets the variables that a statement may set.
    fn forget(&mut self, value: &Json) {
        match value {
            Json::Object(map) => {
                for (key, it) in map {
                    match key.as_str() {
                        "varno" | "target" if it.is_u64() => {
                            if let Some(name) = self.name_of(Some(it)) {
                                self.variables.remove(name);
                            }
                        }
                        "PLpgSQL_rec" | "PLpgSQL_var" => {
                            if let Some(name) = it.get("refname").and_then(Json::as_str) {
                                self.variables.remove(name);
                            }
                        }
                        _ => self.forget(it),
                    }
                }
            }
            Json::Array(items) => items.iter().for_each(|it| self.forget(it)),
            _ => {}
        }
    }

    fn step(&mut self, state: &mut State<'_>, kind: &str, it: &Json) -> Stepped {
        match kind {
            "PLpgSQL_stmt_block" => self.block(state, it),
            "PLpgSQL_stmt_execsql" => self.sql(state, query_of(it, "sqlstmt").ok_or(Stop::Opaque)?, it),
            "PLpgSQL_stmt_perform" | "PLpgSQL_stmt_call" => self.sql(state, query_of(it, "expr").ok_or(Stop::Opaque)?, it),
            "PLpgSQL_stmt_dynexecute" => {
                let text = match self.value(state, query_of(it, "query").ok_or(Stop::Opaque)?) {
                    Some(Value::Text(text)) => text,
                    Some(Value::Null) => {
                        return Err(Stop::Failed(Problem::new("query string argument of EXECUTE is null")));
                    }
                    _ => return Err(Stop::Opaque),
                };
                self.sql(state, &text, it)
            }
            "PLpgSQL_stmt_assign" => self.assign(state, it),
            "PLpgSQL_stmt_if" => self.branch(state, it),
            "PLpgSQL_stmt_case" => self.case(state, it),
            "PLpgSQL_stmt_fori" => self.for_numbers(state, it),
            "PLpgSQL_stmt_fors" => {
                let rows = self.rows(state, query_of(it, "query").ok_or(Stop::Opaque)?)?;
                self.for_rows(state, it, rows)
            }
            "PLpgSQL_stmt_dynfors" => {
                let Some(Value::Text(text)) = self.value(state, query_of(it, "query").ok_or(Stop::Opaque)?) else {
                    return Err(Stop::Opaque);
                };
                let rows = self.rows(state, &text)?;
                self.for_rows(state, it, rows)
            }
            "PLpgSQL_stmt_foreach_a" => {
                let Some(Value::Array(values)) = self.value(state, query_of(it, "expr").ok_or(Stop::Opaque)?) else {
                    return Err(Stop::Opaque);
                };
                let name = self.name_of(it.get("varno")).ok_or(Stop::Opaque)?;
                self.turns(state, it, values.into_iter(), |machine, value| machine.set(name, Some(value)))
            }
            "PLpgSQL_stmt_while" | "PLpgSQL_stmt_loop" => self.repeat(state, it),
            "PLpgSQL_stmt_exit" => {
                if let Some(condition) = query_of(it, "cond")
                    && !self.holds(state, condition).ok_or(Stop::Opaque)?
                {
                    return Ok(Flow::Next);
                }
                let label = it.get("label").and_then(Json::as_str).map(str::to_owned);
                let is_exit = it.get("is_exit").and_then(Json::as_bool).unwrap_or(false);
                Ok(if is_exit { Flow::Exit(label) } else { Flow::Continue(label) })
            }
            "PLpgSQL_stmt_return" => Ok(Flow::Return),
            "PLpgSQL_stmt_raise" => {
                // RAISE without a level raises again what is handled.
                let level = it.get("elog_level").and_then(Json::as_i64).unwrap_or(ERROR);
                if level < ERROR {
                    return Ok(Flow::Next);
                }
                Err(Stop::Raised(it.get("message").and_then(Json::as_str).unwrap_or_default().to_owned()))
            }
            "PLpgSQL_stmt_commit" | "PLpgSQL_stmt_rollback" => {
                if !self.may_end {
                    return Err(Stop::Failed(Problem::new("invalid transaction termination")));
                }
                if kind == "PLpgSQL_stmt_commit" {
                    state.commit()
                } else {
                    state.roll_back_to(0)
                }
                state.begin(None);
                Ok(Flow::Next)
            }
            // GET DIAGNOSTICS, RETURN NEXT, ASSERT and cursors make no schema.
            _ => {
                self.forget(it);
                Ok(Flow::Next)
            }
        }
    }

    /// A block. When it fails and a handler fits, everything that it did is undone.
    fn block(&mut self, state: &mut State<'_>, block: &Json) -> Stepped {
        let exceptions = block.get("exceptions").and_then(|it| it.get("PLpgSQL_exception_block"));
        let label = block.get("label").and_then(Json::as_str);
        let body = items(block, "body");
        let Some(exceptions) = exceptions else { return self.run(state, body).map(|it| leaves(it, label)) };
        let depth = state.levels().depth();
        let may_end = std::mem::replace(&mut self.may_end, false);
        state.begin(None);
        let outcome = self.run(state, body);
        self.may_end = may_end;
        let stop = match outcome {
            Ok(flow) => {
                state.keep(depth);
                return Ok(leaves(flow, label));
            }
            Err(stop) => stop,
        };
        let fits = |condition: &str| match &stop {
            Stop::Failed(problem) => fits(condition, problem),
            Stop::Raised(_) => matches!(condition, "others" | "raise_exception" | "P0001"),
            Stop::Opaque => false,
        };
        if matches!(stop, Stop::Opaque) {
            state.keep(depth);
            return Err(stop);
        }
        state.roll_back_to(depth);
        for handler in items(exceptions, "exc_list").iter().filter_map(|it| it.get("PLpgSQL_exception")) {
            let name = |it: &Json| it.get("PLpgSQL_condition").and_then(|it| it.get("condname")).and_then(Json::as_str).is_some_and(fits);
            if items(handler, "conditions").iter().any(name) {
                return self.run(state, items(handler, "action")).map(|it| leaves(it, label));
            }
        }
        Err(stop)
    }

    /// One statement or more, as text.
    fn sql(&mut self, state: &mut State<'_>, sql: &str, it: &Json) -> Stepped {
        let into = it.get("into").and_then(Json::as_bool).unwrap_or(false);
        let nodes = parsed(sql);
        if let (true, [NodeEnum::SelectStmt(select)]) = (into, nodes.as_slice()) {
            let row = evaluation::query(state, select, &self.environment()).map(|rows| rows.into_iter().next());
            let found = row.as_ref().map(Option::is_some);
            match row {
                Some(row) => self.set_target(it.get("target"), row),
                None => self.forget(it),
            }
            self.set("found", found.map(Value::Bool));
            return Ok(Flow::Next);
        }
        if into {
            self.forget(it);
        }
        let environment = self.environment();
        for node in &nodes {
            if !matches!(node, NodeEnum::SelectStmt(_)) {
                self.variables.remove("found");
            }
            statement(state, node, &environment, self.at, self.depth)?;
        }
        Ok(Flow::Next)
    }

    /// Sets a record, or a list of variables, from a row; without one they become NULL.
    fn set_target(&mut self, target: Option<&Json>, row: Option<Row>) {
        let Some((kind, target)) = target.and_then(|it| it.as_object()?.iter().next()) else { return };
        if kind == "PLpgSQL_rec" {
            let name = target.get("refname").and_then(Json::as_str).unwrap_or_default();
            self.set(name, Some(row.map_or(Value::Null, Value::Record)));
            return;
        }
        if kind == "PLpgSQL_var" {
            let name = target.get("refname").and_then(Json::as_str).unwrap_or_default();
            let value = row.and_then(|it| it.values().next().cloned()).unwrap_or(Value::Null);
            self.set(name, Some(value));
            return;
        }
        let values: Vec<Value> = row.map(|it| it.values().cloned().collect()).unwrap_or_default();
        for (at, field) in items(target, "fields").iter().enumerate() {
            if let Some(name) = self.name_of(field.get("varno")) {
                self.set(name, Some(values.get(at).cloned().unwrap_or(Value::Null)));
            }
        }
    }

    fn rows(&self, state: &State<'_>, sql: &str) -> Result<Vec<Row>, Stop> {
        match parsed(sql).as_slice() {
            [NodeEnum::SelectStmt(select)] => evaluation::query(state, select, &self.environment()).ok_or(Stop::Opaque),
            _ => Err(Stop::Opaque),
        }
    }

    fn assign(&mut self, state: &mut State<'_>, it: &Json) -> Stepped {
        let expression = query_of(it, "expr").ok_or(Stop::Opaque)?;
        let (target, value) = expression.split_once(":=").or_else(|| expression.split_once('=')).ok_or(Stop::Opaque)?;
        let name = self.name_of(it.get("varno"));
        let is_whole = name.is_some_and(|it| target.trim().trim_matches('"').eq_ignore_ascii_case(it));
        match (name, is_whole) {
            (Some(name), true) => {
                // A function that is called for its value may make schema as well.
                for node in &parsed(&format!("SELECT {value}")) {
                    if statement_makes_schema(state, node, self.depth) {
                        statement(state, node, &self.environment(), self.at, self.depth)?;
                    }
                }
                let value = self.value(state, value);
                self.set(name, value);
            }
            // A field of a record, an element of an array.
            _ => {
                let base = target.split(['.', '[']).next().unwrap_or_default().trim().trim_matches('"').to_ascii_lowercase();
                let field = target.split_once('.').map(|(_, it)| it.trim().trim_matches('"').to_ascii_lowercase());
                let value = self.value(state, value);
                match (self.variables.get(&base).cloned(), field, value) {
                    (Some(Value::Record(mut row)), Some(field), Some(value)) => {
                        row.insert(field, value);
                        self.set(&base, Some(Value::Record(row)));
                    }
                    _ => self.variables.remove(&base),
                }
            }
        }
        Ok(Flow::Next)
    }

    fn branch(&mut self, state: &mut State<'_>, it: &Json) -> Stepped {
        let otherwise = items(it, "elsif_list").iter().filter_map(|it| it.get("PLpgSQL_if_elsif"));
        let branches = std::iter::once((it, "then_body")).chain(otherwise.map(|it| (it, "stmts")));
        for (branch, body) in branches {
            if self.holds(state, query_of(branch, "cond").ok_or(Stop::Opaque)?).ok_or(Stop::Opaque)? {
                return self.run(state, items(branch, body));
            }
        }
        self.run(state, items(it, "else_body"))
    }

    fn case(&mut self, state: &mut State<'_>, it: &Json) -> Stepped {
        if let Some(subject) = query_of(it, "t_expr") {
            let value = self.value(state, subject);
            if let Some(name) = self.name_of(it.get("t_varno")) {
                self.set(name, value);
            }
        }
        for branch in items(it, "case_when_list").iter().filter_map(|it| it.get("PLpgSQL_case_when")) {
            if self.holds(state, query_of(branch, "expr").ok_or(Stop::Opaque)?).ok_or(Stop::Opaque)? {
                return self.run(state, items(branch, "stmts"));
            }
        }
        match it.get("have_else").and_then(Json::as_bool) {
            Some(true) => self.run(state, items(it, "else_stmts")),
            _ => Err(Stop::Failed(Problem::new("case not found"))),
        }
    }

    fn for_numbers(&mut self, state: &mut State<'_>, it: &Json) -> Stepped {
        let number = |machine: &Self, key: &str| match machine.value(state, query_of(it, key)?)? {
            Value::Number(it) => Some(it),
            _ => None,
        };
        let (from, to) = (number(self, "lower").ok_or(Stop::Opaque)?, number(self, "upper").ok_or(Stop::Opaque)?);
        let step = if it.get("step").is_some() { number(self, "step").ok_or(Stop::Opaque)? } else { 1 };
        let is_reverse = it.get("reverse").and_then(Json::as_bool).unwrap_or(false);
        let step = usize::try_from(step).ok().filter(|it| *it > 0).ok_or(Stop::Opaque)?;
        let name = it.get("var").and_then(|it| it.get("PLpgSQL_var")?.get("refname")?.as_str()).ok_or(Stop::Opaque)?;
        // The variable is the loop's own; one of that name outside is another.
        let outside = self.variables.get(name).cloned();
        let set = |machine: &mut Self, value: i64| machine.set(name, Some(Value::Number(value)));
        let flow = if is_reverse {
            self.turns(state, it, (to..=from).rev().step_by(step), set)
        } else {
            self.turns(state, it, (from..=to).step_by(step), set)
        };
        self.set(name, outside);
        flow
    }

    fn for_rows(&mut self, state: &mut State<'_>, it: &Json, rows: Vec<Row>) -> Stepped {
        self.turns(state, it, rows.into_iter(), |machine, row| machine.set_target(it.get("var"), Some(row)))
    }

    /// The turns of a loop over values that are known.
    fn turns<T>(&mut self, state: &mut State<'_>, it: &Json, values: impl Iterator<Item = T>, set: impl Fn(&mut Self, T)) -> Stepped {
        let label = it.get("label").and_then(Json::as_str);
        for value in values {
            set(self, value);
            match self.run(state, items(it, "body"))? {
                Flow::Next => {}
                Flow::Continue(of) if of.is_none() || of.as_deref() == label => {}
                Flow::Exit(of) if of.is_none() || of.as_deref() == label => return Ok(Flow::Next),
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    fn repeat(&mut self, state: &mut State<'_>, it: &Json) -> Stepped {
        let label = it.get("label").and_then(Json::as_str);
        loop {
            self.fuel = self.fuel.checked_sub(1).ok_or(Stop::Opaque)?;
            if let Some(condition) = query_of(it, "cond")
                && !self.holds(state, condition).ok_or(Stop::Opaque)?
            {
                return Ok(Flow::Next);
            }
            match self.run(state, items(it, "body"))? {
                Flow::Next => {}
                Flow::Continue(of) if of.is_none() || of.as_deref() == label => {}
                Flow::Exit(of) if of.is_none() || of.as_deref() == label => return Ok(Flow::Next),
                other => return Ok(other),
            }
        }
    }
}

/// One statement of procedural code.
pub(super) fn statement(state: &mut State<'_>, node: &NodeEnum, environment: &Environment, at: Place, depth: usize) -> Result<(), Stop> {
    if !statement_makes_schema(state, node, depth) {
        // What changes the search path makes no schema, and counts.
        return match node {
            NodeEnum::SelectStmt(_) | NodeEnum::VariableSetStmt(_) | NodeEnum::AlterDatabaseSetStmt(_) => {
                dispatch(state, node, at).map_err(Stop::Failed)
            }
            _ => Ok(()),
        };
    }
    match node {
        NodeEnum::SelectStmt(it) if it.into_clause.is_none() => select_within(state, it, environment, at, depth),
        NodeEnum::CallStmt(it) => match it.funccall.as_deref() {
            Some(call) => select_within(state, &super::select_of(call), environment, at, depth),
            None => Ok(()),
        },
        it => dispatch(state, it, at).map_err(Stop::Failed),
    }
}

/// `EXIT label` leaves a block too.
fn leaves(flow: Flow, label: Option<&str>) -> Flow {
    match flow {
        Flow::Exit(Some(of)) if Some(of.as_str()) == label => Flow::Next,
        other => other,
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
