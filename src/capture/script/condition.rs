//! Conditions over the system catalogs, as scripts ask them before they make something: whether a type, a table, a column,
//! a constraint is there.
//!
//! The catalogs that such conditions read are told from the catalog so far, names standing in for OIDs. A condition that
//! asks for anything else has no answer here.

use std::collections::BTreeMap;

use pg_query::NodeEnum;
use pg_query::protobuf::{AExprKind, BoolExprType, JoinType, Node, NullTestType, RangeVar, SelectStmt, SubLinkType, a_const};

use super::catalog_rows;
use super::resolve::strings;
use super::split;
use super::state::State;

/// A value of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
}

/// A row: values by column.
pub(super) type Row = BTreeMap<&'static str, Value>;

/// The column that stands for a count of rows.
const COUNT: &str = "count(*)";

/// The rows that names mean now, by the name or alias of their table.
type Environment = Vec<(String, Row)>;

/// The tree of an expression.
pub(super) fn parse(expression: &str) -> Option<Node> {
    let parsed = split::parse_sql(&format!("SELECT {expression}")).ok()?;
    let Some(NodeEnum::SelectStmt(select)) = parsed.stmts.into_iter().next()?.stmt?.node else { return None };
    match select.target_list.into_iter().next()?.node? {
        NodeEnum::ResTarget(target) => target.val.map(|it| *it),
        _ => None,
    }
}

/// Whether a condition holds; `None` where that can't be told.
pub(super) fn holds(state: &State<'_>, condition: &str) -> Option<bool> {
    match evaluate(state, &parse(condition)?, &Vec::new())? {
        Value::Bool(it) => Some(it),
        Value::Null => Some(false),
        Value::Number(_) | Value::Text(_) => None,
    }
}

fn evaluate(state: &State<'_>, node: &Node, environment: &Environment) -> Option<Value> {
    match node.node.as_ref()? {
        NodeEnum::AConst(it) if it.isnull => Some(Value::Null),
        NodeEnum::AConst(it) => match it.val.as_ref()? {
            a_const::Val::Ival(it) => Some(Value::Number(i64::from(it.ival))),
            a_const::Val::Boolval(it) => Some(Value::Bool(it.boolval)),
            a_const::Val::Sval(it) => Some(Value::Text(it.sval.clone())),
            a_const::Val::Fval(_) | a_const::Val::Bsval(_) => None,
        },
        NodeEnum::ColumnRef(it) => match strings(&it.fields)[..] {
            [column] => environment.iter().rev().find_map(|(_, row)| row.get(column)).cloned(),
            [.., table, column] => environment.iter().rev().find(|(name, _)| name == table)?.1.get(column).cloned(),
            [] => None,
        },
        NodeEnum::BoolExpr(it) => boolean(state, it.boolop(), &it.args, environment),
        NodeEnum::NullTest(it) => {
            let is_null = evaluate(state, it.arg.as_deref()?, environment)? == Value::Null;
            Some(Value::Bool(is_null == (it.nulltesttype() == NullTestType::IsNull)))
        }
        NodeEnum::SubLink(it) => {
            let Some(NodeEnum::SelectStmt(select)) = &it.subselect.as_deref()?.node else { return None };
            match it.sub_link_type() {
                SubLinkType::ExistsSublink => Some(Value::Bool(!rows(state, select, environment)?.is_empty())),
                SubLinkType::ExprSublink => scalar(state, select, environment),
                _ => None,
            }
        }
        NodeEnum::AExpr(it) => comparison(state, it, environment),
        NodeEnum::TypeCast(it) => {
            let value = evaluate(state, it.arg.as_deref()?, environment)?;
            cast(state, value, strings(&it.type_name.as_ref()?.names).last()?)
        }
        NodeEnum::FuncCall(it) => {
            let name = *strings(&it.funcname).last()?;
            let argument = |at: usize| it.args.get(at).and_then(|it| evaluate(state, it, environment));
            match (name, it.args.len()) {
                // The rows of the query that this is the target of, see `scalar`.
                ("count", _) if it.agg_filter.is_none() && !it.agg_distinct => {
                    environment.iter().rev().find_map(|(_, row)| row.get(COUNT)).cloned()
                }
                ("lower", 1) => text(argument(0)?).map(|it| Value::Text(it.to_lowercase())),
                ("upper", 1) => text(argument(0)?).map(|it| Value::Text(it.to_uppercase())),
                ("current_schema", 0) => state.creation_schema().ok().map(Value::Text),
                ("to_regclass" | "to_regtype" | "to_regnamespace", 1) => {
                    let name = name.trim_start_matches("to_").to_owned();
                    Some(cast(state, argument(0)?, &name).unwrap_or(Value::Null))
                }
                _ => None,
            }
        }
        NodeEnum::SqlvalueFunction(it) if it.op() == pg_query::protobuf::SqlValueFunctionOp::SvfopCurrentSchema => {
            state.creation_schema().ok().map(Value::Text)
        }
        _ => None,
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Text(it) => Some(it),
        _ => None,
    }
}

/// Three-valued logic, and a fourth: not known. What decides alone decides.
fn boolean(state: &State<'_>, operator: BoolExprType, arguments: &[Node], environment: &Environment) -> Option<Value> {
    let values: Vec<Option<Value>> = arguments.iter().map(|it| evaluate(state, it, environment)).collect();
    let decides = match operator {
        BoolExprType::AndExpr => false,
        BoolExprType::OrExpr => true,
        _ => {
            return match values.into_iter().next()?? {
                Value::Bool(it) => Some(Value::Bool(!it)),
                other => Some(other),
            };
        }
    };
    if values.contains(&Some(Value::Bool(decides))) {
        return Some(Value::Bool(decides));
    }
    let known: Vec<Value> = values.into_iter().collect::<Option<_>>()?;
    Some(if known.contains(&Value::Null) { Value::Null } else { Value::Bool(!decides) })
}

fn comparison(state: &State<'_>, node: &pg_query::protobuf::AExpr, environment: &Environment) -> Option<Value> {
    let operator = *strings(&node.name).last()?;
    let right = node.rexpr.as_deref()?;
    if let Some(version) = server_version(node.lexpr.as_deref()?) {
        return version_holds(version, operator, &evaluate(state, right, environment)?);
    }
    let left = evaluate(state, node.lexpr.as_deref()?, environment)?;
    match node.kind() {
        AExprKind::AexprOp => compare(&left, operator, &evaluate(state, right, environment)?),
        AExprKind::AexprIn => {
            let Some(NodeEnum::List(list)) = &right.node else { return None };
            let values: Vec<Value> = list.items.iter().map(|it| evaluate(state, it, environment)).collect::<Option<_>>()?;
            Some(Value::Bool(values.contains(&left) == (operator == "=")))
        }
        AExprKind::AexprLike | AExprKind::AexprIlike => {
            let (Value::Text(left), Value::Text(pattern)) = (left, evaluate(state, right, environment)?) else { return None };
            let fold = |it: String| if node.kind() == AExprKind::AexprIlike { it.to_lowercase() } else { it };
            Some(Value::Bool(like(&fold(left), &fold(pattern))? != operator.starts_with('!')))
        }
        _ => None,
    }
}

fn compare(left: &Value, operator: &str, right: &Value) -> Option<Value> {
    use std::cmp::Ordering;
    let ordering = match (left, right) {
        (Value::Null, _) | (_, Value::Null) => return Some(Value::Null),
        (Value::Number(left), Value::Number(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        // A letter as `relkind = 'r'`, a name, a registered object.
        (Value::Text(left), Value::Text(right)) if matches!(operator, "=" | "<>" | "!=") => left.cmp(right),
        _ => return None,
    };
    let holds = match operator {
        "=" => ordering == Ordering::Equal,
        "<>" | "!=" => ordering != Ordering::Equal,
        "<" => ordering == Ordering::Less,
        ">" => ordering == Ordering::Greater,
        "<=" => ordering != Ordering::Greater,
        ">=" => ordering != Ordering::Less,
        _ => return None,
    };
    Some(Value::Bool(holds))
}

/// A pattern without `_` and escapes.
fn like(text: &str, pattern: &str) -> Option<bool> {
    if pattern.contains(['_', '\\']) {
        return None;
    }
    let parts: Vec<&str> = pattern.split('%').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return Some(text == pattern) };
    let Some(mut rest) = text.strip_prefix(first) else { return Some(false) };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return Some(false),
        }
    }
    Some(rest.ends_with(last))
}

/// The versions of the servers that this can be about, as `server_version_num` has them.
const VERSIONS: std::ops::Range<i64> = 130_000..190_000;

/// `current_setting('server_version_num')`, cast or not.
fn server_version(node: &Node) -> Option<std::ops::Range<i64>> {
    match node.node.as_ref()? {
        NodeEnum::TypeCast(it) => server_version(it.arg.as_deref()?),
        NodeEnum::FuncCall(it) if strings(&it.funcname).last() == Some(&"current_setting") => {
            let setting = it.args.first().and_then(super::options::value_text)?;
            (setting == "server_version_num").then_some(VERSIONS)
        }
        _ => None,
    }
}

/// A comparison that has the same answer on all servers.
fn version_holds(versions: std::ops::Range<i64>, operator: &str, right: &Value) -> Option<Value> {
    let lowest = compare(&Value::Number(versions.start), operator, right)?;
    let highest = compare(&Value::Number(versions.end - 1), operator, right)?;
    (lowest == highest && operator != "=").then_some(lowest)
}

/// A name as a registered object (its schema and name), or a value as text or number.
fn cast(state: &State<'_>, value: Value, type_name: &str) -> Option<Value> {
    let resolver = state.resolver();
    let named = |name: &str| -> (Option<String>, String) {
        let unquote = |it: &str| match it.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
            Some(quoted) => quoted.replace("\"\"", "\""),
            None => it.to_lowercase(),
        };
        match name.split_once('.') {
            Some((schema, name)) => (Some(unquote(schema)), unquote(name)),
            None => (None, unquote(name)),
        }
    };
    match (type_name, value) {
        (_, Value::Null) => Some(Value::Null),
        ("regclass", Value::Text(name)) => {
            let (schema, name) = named(&name);
            resolver.class(schema.as_deref(), &name).map(|it| Value::Text(format!("{}.{}", it.schema, name)))
        }
        ("regtype", Value::Text(name)) => {
            let (schema, name) = named(&name);
            resolver.type_named(schema.as_deref(), &name).map(|(it, _)| Value::Text(it.name.to_string()))
        }
        ("regnamespace", Value::Text(name)) => state.schema_exists(&name).then_some(Value::Text(name)),
        ("text" | "name" | "varchar" | "bpchar" | "char", value) => Some(value),
        ("int4" | "int8" | "int2" | "oid", Value::Number(it)) => Some(Value::Number(it)),
        ("int4" | "int8" | "int2", Value::Text(it)) => it.parse().ok().map(Value::Number),
        ("bool", Value::Bool(it)) => Some(Value::Bool(it)),
        _ => None,
    }
}

/// The value of a query that has one: a count, or the first row's.
fn scalar(state: &State<'_>, select: &SelectStmt, environment: &Environment) -> Option<Value> {
    let [target] = select.target_list.as_slice() else { return None };
    let Some(NodeEnum::ResTarget(target)) = &target.node else { return None };
    let value = target.val.as_deref()?;
    let rows = rows(state, select, environment)?;
    let count = Row::from([(COUNT, Value::Number(i64::try_from(rows.len()).ok()?))]);
    if let Some(counted) = evaluate(state, value, &vec![(String::new(), count)]) {
        return Some(counted);
    }
    match rows.first() {
        Some(row) => evaluate(state, value, row),
        None => Some(Value::Null),
    }
}

/// The rows of FROM that WHERE lets through.
fn rows(state: &State<'_>, select: &SelectStmt, outer: &Environment) -> Option<Vec<Environment>> {
    let plain = select.group_clause.is_empty()
        && select.having_clause.is_none()
        && select.values_lists.is_empty()
        && select.with_clause.is_none()
        && select.larg.is_none();
    if !plain {
        return None;
    }
    let mut conditions: Vec<&Node> = Vec::new();
    let mut tables: Vec<&RangeVar> = Vec::new();
    for item in &select.from_clause {
        flatten(item, &mut tables, &mut conditions)?;
    }
    if let Some(condition) = select.where_clause.as_deref() {
        conjuncts(condition, &mut conditions);
    }
    let mut found = vec![outer.clone()];
    for table in tables {
        let rows = catalog_rows::of(state, &table.schemaname, &table.relname)?;
        let name = table.alias.as_ref().map_or(&table.relname, |it| &it.aliasname);
        let mut next = Vec::new();
        for environment in &found {
            for row in &rows {
                let mut environment = environment.clone();
                environment.push((name.clone(), row.clone()));
                // A condition over tables that come later is not known yet.
                let refused =
                    conditions.iter().any(|it| matches!(evaluate(state, it, &environment), Some(Value::Bool(false) | Value::Null)));
                if !refused {
                    next.push(environment);
                }
            }
        }
        found = next;
    }
    let known = found.iter().all(|environment| conditions.iter().all(|it| evaluate(state, it, environment).is_some()));
    // Without a FROM, WHERE has not been looked at.
    found.retain(|environment| conditions.iter().all(|it| evaluate(state, it, environment) == Some(Value::Bool(true))));
    known.then_some(found)
}

/// The tables and join conditions of an item of FROM.
fn flatten<'n>(item: &'n Node, tables: &mut Vec<&'n RangeVar>, conditions: &mut Vec<&'n Node>) -> Option<()> {
    match item.node.as_ref()? {
        NodeEnum::RangeVar(it) => {
            tables.push(it);
            Some(())
        }
        NodeEnum::JoinExpr(it) if it.jointype() == JoinType::JoinInner && it.using_clause.is_empty() && !it.is_natural => {
            flatten(it.larg.as_deref()?, tables, conditions)?;
            flatten(it.rarg.as_deref()?, tables, conditions)?;
            if let Some(condition) = it.quals.as_deref() {
                conjuncts(condition, conditions);
            }
            Some(())
        }
        _ => None,
    }
}

fn conjuncts<'n>(node: &'n Node, conditions: &mut Vec<&'n Node>) {
    match &node.node {
        Some(NodeEnum::BoolExpr(it)) if it.boolop() == BoolExprType::AndExpr => it.args.iter().for_each(|it| conjuncts(it, conditions)),
        _ => conditions.push(node),
    }
}
