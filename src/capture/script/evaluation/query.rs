//! Queries of procedural code, as far as their rows can be told: over the system catalogs, `generate_series`, `unnest`, `VALUES`.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

use pg_query::NodeEnum;
use pg_query::protobuf::{Alias, BoolExprType, FuncCall, JoinType, Node, RangeFunction, SelectStmt, SetOperation, SortByDir};

use crate::capture::script::resolve::strings;
use crate::capture::script::state::State;

use super::{Environment, Row, Value, catalogs, evaluate, functions};

/// A call with its arguments: names, where it says them, and values.
pub(in crate::capture::script) type Call<'n> = (&'n FuncCall, Vec<(String, Value)>);

/// Rows that a query may have before it is given up.
const ROWS: usize = 100_000;

/// The rows of a query.
pub(in crate::capture::script) fn query(state: &State<'_>, select: &SelectStmt, environment: &Environment) -> Option<Vec<Row>> {
    if let (Some(left), Some(right)) = (select.larg.as_deref(), select.rarg.as_deref()) {
        if select.op() != SetOperation::SetopUnion || !select.sort_clause.is_empty() || select.limit_count.is_some() {
            return None;
        }
        let mut rows = query(state, left, environment)?;
        rows.extend(query(state, right, environment)?);
        if !select.all {
            distinct(&mut rows);
        }
        return Some(rows);
    }
    if !select.values_lists.is_empty() {
        return values(state, select, environment);
    }
    let found = from_where(state, select, environment)?;
    if !select.group_clause.is_empty() || select.having_clause.is_some() {
        return None;
    }
    let targets: Vec<(Cow<'static, str>, &Node)> = select.target_list.iter().map(target).collect::<Option<_>>()?;
    if targets.iter().any(|(_, it)| has_aggregate(it)) {
        let group = Environment { group: Some(Rc::new(found)), ..environment.clone() };
        let mut row = Row::default();
        for (name, value) in targets {
            row.push(name, evaluate(state, value, &group)?);
        }
        return Some(vec![row]);
    }
    let found = ordered(state, &select.sort_clause, &found)?;
    let mut rows = Vec::new();
    for environment in &found {
        rows.extend(targets_of(state, &targets, environment)?);
        if rows.len() > ROWS {
            return None;
        }
    }
    match select.distinct_clause.as_slice() {
        [] => {}
        [one] if one.node.is_none() => distinct(&mut rows),
        _ => return None,
    }
    if select.limit_offset.is_some() {
        return None;
    }
    if let Some(limit) = select.limit_count.as_deref() {
        let Value::Number(limit) = evaluate(state, limit, environment)? else { return None };
        rows.truncate(usize::try_from(limit).ok()?);
    }
    Some(rows)
}

/// The calls that the targets of a query are, each with its arguments, for every row; for those
/// who run them.
pub(in crate::capture::script) fn call_rows<'n>(
    state: &State<'_>,
    select: &'n SelectStmt,
    environment: &Environment,
) -> Option<Vec<Call<'n>>> {
    let calls = |select: &'n SelectStmt| {
        select.target_list.iter().filter_map(|it| match &it.node {
            Some(NodeEnum::ResTarget(it)) => match &it.val.as_deref()?.node {
                Some(NodeEnum::FuncCall(call)) => Some(call.as_ref()),
                _ => None,
            },
            _ => None,
        })
    };
    let argument = |node: &Node, environment: &Environment| match &node.node {
        Some(NodeEnum::NamedArgExpr(it)) => Some((it.name.clone(), evaluate(state, it.arg.as_deref()?, environment)?)),
        _ => Some((String::new(), evaluate(state, node, environment)?)),
    };
    let arguments = |call: &'n FuncCall, environment: &Environment| -> Option<Call<'n>> {
        Some((call, call.args.iter().map(|it| argument(it, environment)).collect::<Option<_>>()?))
    };
    // `SELECT * FROM f(…)`
    if let [one] = select.from_clause.as_slice()
        && let Some(NodeEnum::RangeFunction(function)) = &one.node
        && let Some(call) = only_call(function)
        && !is_series(call)
    {
        return Some(vec![arguments(call, environment)?]);
    }
    let mut found = Vec::new();
    for environment in from_where(state, select, environment)? {
        for call in calls(select) {
            found.push(arguments(call, &environment)?);
        }
    }
    Some(found)
}

/// Whether a query has any row; its targets don't matter.
pub(super) fn exists(state: &State<'_>, select: &SelectStmt, environment: &Environment) -> Option<bool> {
    let is_plain = select.larg.is_none() && select.values_lists.is_empty() && !select.target_list.iter().any(has_aggregate);
    if is_plain && select.group_clause.is_empty() && select.having_clause.is_none() {
        return from_where(state, select, environment).map(|it| !it.is_empty());
    }
    query(state, select, environment).map(|it| !it.is_empty())
}

fn target(node: &Node) -> Option<(Cow<'static, str>, &Node)> {
    let Some(NodeEnum::ResTarget(target)) = &node.node else { return None };
    let value = target.val.as_deref()?;
    if !target.name.is_empty() {
        return Some((Cow::Owned(target.name.clone()), value));
    }
    Some((Cow::Owned(output_name(value)), value))
}

fn output_name(value: &Node) -> String {
    match &value.node {
        Some(NodeEnum::ColumnRef(it)) => strings(&it.fields).last().map_or_else(String::new, |it| (*it).to_owned()),
        Some(NodeEnum::FuncCall(it)) => strings(&it.funcname).last().map_or_else(String::new, |it| (*it).to_owned()),
        Some(NodeEnum::TypeCast(it)) => it.arg.as_deref().map_or_else(String::new, output_name),
        _ => "?column?".to_owned(),
    }
}

/// The rows that one row of FROM makes: one, or as many as a target that is a set has.
fn targets_of(state: &State<'_>, targets: &[(Cow<'static, str>, &Node)], environment: &Environment) -> Option<Vec<Row>> {
    let mut rows = vec![Row::default()];
    for (name, value) in targets {
        match &value.node {
            Some(NodeEnum::ColumnRef(it)) if matches!(it.fields.last().map(|it| &it.node), Some(Some(NodeEnum::AStar(_)))) => {
                let of = strings(&it.fields);
                let tables = environment.rows.iter().filter(|(table, _)| !table.is_empty());
                let all = tables.filter(|(table, _)| of.first().is_none_or(|it| it == table)).flat_map(|(_, row)| &row.0);
                for (column, value) in all {
                    rows.iter_mut().for_each(|it| it.push(column.clone(), value.clone()));
                }
            }
            Some(NodeEnum::FuncCall(call)) if is_series(call) => {
                let [row] = rows.as_slice() else { return None };
                let with = |value: Value| {
                    let mut row = row.clone();
                    row.push(name.clone(), value);
                    row
                };
                rows = series(state, call, environment)?.into_iter().map(with).collect();
            }
            _ => {
                let value = evaluate(state, value, environment)?;
                rows.iter_mut().for_each(|it| it.push(name.clone(), value.clone()));
            }
        }
    }
    Some(rows)
}

/// `VALUES`.
fn values(state: &State<'_>, select: &SelectStmt, environment: &Environment) -> Option<Vec<Row>> {
    let row = |list: &Node| {
        let Some(NodeEnum::List(list)) = &list.node else { return None };
        let mut row = Row::default();
        for (at, value) in (1..).zip(&list.items) {
            row.push(format!("column{at}"), evaluate(state, value, environment)?);
        }
        Some(row)
    };
    select.values_lists.iter().map(row).collect()
}

/// The rows of FROM that WHERE lets through.
fn from_where(state: &State<'_>, select: &SelectStmt, outer: &Environment) -> Option<Vec<Environment>> {
    if select.with_clause.is_some() || select.larg.is_some() {
        return None;
    }
    let mut conditions: Vec<&Node> = Vec::new();
    let mut items: Vec<&Node> = Vec::new();
    for item in &select.from_clause {
        flatten(item, &mut items, &mut conditions)?;
    }
    if let Some(condition) = select.where_clause.as_deref() {
        conjuncts(condition, &mut conditions);
    }
    let mut found = vec![Environment { group: None, ..outer.clone() }];
    for item in items {
        let mut next = Vec::new();
        let mut kept: Option<(String, Vec<Row>)> = None;
        for environment in &found {
            // A table has the same rows for every row of the tables before it; a function may be of them.
            let (name, rows) = match kept.take() {
                Some(rows) => rows,
                None => item_rows(state, item, environment)?,
            };
            for row in &rows {
                let mut environment = environment.clone();
                environment.push(name.clone(), row.clone());
                // A condition over tables that come later is not known yet.
                let refused =
                    conditions.iter().any(|it| matches!(evaluate(state, it, &environment), Some(Value::Bool(false) | Value::Null)));
                if !refused {
                    next.push(environment);
                }
            }
            if next.len() > ROWS {
                return None;
            }
            if matches!(item.node, Some(NodeEnum::RangeVar(_))) {
                kept = Some((name, rows));
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
fn flatten<'n>(item: &'n Node, items: &mut Vec<&'n Node>, conditions: &mut Vec<&'n Node>) -> Option<()> {
    match item.node.as_ref()? {
        NodeEnum::JoinExpr(it) if it.jointype() == JoinType::JoinInner && it.using_clause.is_empty() && !it.is_natural => {
            flatten(it.larg.as_deref()?, items, conditions)?;
            flatten(it.rarg.as_deref()?, items, conditions)?;
            if let Some(condition) = it.quals.as_deref() {
                conjuncts(condition, conditions);
            }
            Some(())
        }
        NodeEnum::RangeVar(_) | NodeEnum::RangeFunction(_) | NodeEnum::RangeSubselect(_) => {
            items.push(item);
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

/// The rows of one item of FROM, and the name it goes by.
fn item_rows(state: &State<'_>, item: &Node, environment: &Environment) -> Option<(String, Vec<Row>)> {
    match item.node.as_ref()? {
        NodeEnum::RangeVar(table) => {
            let name = table.alias.as_ref().map_or(&table.relname, |it| &it.aliasname);
            Some((name.clone(), catalogs::of(state, &table.schemaname, &table.relname)?))
        }
        NodeEnum::RangeSubselect(it) => {
            let Some(NodeEnum::SelectStmt(select)) = &it.subquery.as_deref()?.node else { return None };
            let rows = query(state, select, environment)?;
            Some(named(rows, it.alias.as_ref(), "*subquery*"))
        }
        NodeEnum::RangeFunction(it) => {
            let call = only_call(it)?;
            let function = *strings(&call.funcname).last()?;
            // The result goes by the alias, or by the function's name.
            let column = it.alias.as_ref().map_or_else(|| function.to_owned(), |it| it.aliasname.clone());
            let row = |(at, value): (i64, Value)| {
                let mut row = Row::default();
                row.push(column.clone(), value);
                if it.ordinality {
                    row.push("ordinality", Value::Number(at));
                }
                row
            };
            let rows = (1..).zip(series(state, call, environment)?).map(row).collect();
            Some(named(rows, it.alias.as_ref(), function))
        }
        _ => None,
    }
}

/// Rows under their alias, whose names of columns go before their own.
fn named(mut rows: Vec<Row>, alias: Option<&Alias>, otherwise: &str) -> (String, Vec<Row>) {
    let Some(alias) = alias else { return (otherwise.to_owned(), rows) };
    let columns = strings(&alias.colnames);
    for row in &mut rows {
        for ((name, _), column) in row.0.iter_mut().zip(&columns) {
            *name = Cow::Owned((*column).to_owned());
        }
    }
    (alias.aliasname.clone(), rows)
}

fn only_call(function: &RangeFunction) -> Option<&FuncCall> {
    let [one] = function.functions.as_slice() else { return None };
    let Some(NodeEnum::List(list)) = &one.node else { return None };
    match list.items.first()?.node.as_ref()? {
        NodeEnum::FuncCall(call) => Some(call),
        _ => None,
    }
}

/// Whether a call gives a set whose rows can be told.
fn is_series(call: &FuncCall) -> bool {
    let names = strings(&call.funcname);
    matches!(names[..], [_] | ["pg_catalog", _])
        && matches!(names.last(), Some(&("generate_series" | "unnest" | "string_to_table" | "regexp_split_to_table")))
}

fn series(state: &State<'_>, call: &FuncCall, environment: &Environment) -> Option<Vec<Value>> {
    if !is_series(call) {
        return None;
    }
    let arguments: Vec<Value> = call.args.iter().map(|it| evaluate(state, it, environment)).collect::<Option<_>>()?;
    match (*strings(&call.funcname).last()?, arguments.as_slice()) {
        ("generate_series", [Value::Number(from), Value::Number(to)]) => steps(*from, *to, 1),
        ("generate_series", [Value::Number(from), Value::Number(to), Value::Number(step)]) => steps(*from, *to, *step),
        ("unnest", [Value::Array(values)]) => Some(values.clone()),
        ("string_to_table" | "regexp_split_to_table", [Value::Text(text), Value::Text(separator)])
            if separator.chars().all(|it| it.is_alphanumeric() || matches!(it, ',' | ' ' | ';')) && !separator.is_empty() =>
        {
            Some(text.split(separator.as_str()).map(|it| Value::Text(it.to_owned())).collect())
        }
        _ => None,
    }
}

fn steps(from: i64, to: i64, step: i64) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    let mut at = from;
    while (step > 0 && at <= to) || (step < 0 && at >= to) {
        values.push(Value::Number(at));
        at = at.checked_add(step)?;
        if values.len() > ROWS {
            return None;
        }
    }
    (step != 0).then_some(values)
}

/// Rows in the order of ORDER BY. Texts sort by their bytes, whatever the collation: of what is made here the order is no part.
pub(super) fn ordered(state: &State<'_>, keys: &[Node], rows: &[Environment]) -> Option<Vec<Environment>> {
    let mut sorted: Vec<(Vec<(Value, bool)>, Environment)> = Vec::new();
    for row in rows {
        let mut values = Vec::new();
        for key in keys {
            let Some(NodeEnum::SortBy(key)) = &key.node else { return None };
            // What ORDER BY names may be a column of the result; then the order is left as it is.
            let value = evaluate(state, key.node.as_deref()?, row).unwrap_or(Value::Null);
            values.push((value, key.sortby_dir() == SortByDir::SortbyDesc));
        }
        sorted.push((values, row.clone()));
    }
    sorted.sort_by(|(a, _), (b, _)| {
        let each = a.iter().zip(b).map(|((a, descending), (b, _))| {
            let ordering = match (a, b) {
                (Value::Number(a), Value::Number(b)) => a.cmp(b),
                (Value::Text(a), Value::Text(b)) => a.cmp(b),
                (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
                _ => Ordering::Equal,
            };
            if *descending { ordering.reverse() } else { ordering }
        });
        each.fold(Ordering::Equal, Ordering::then)
    });
    Some(sorted.into_iter().map(|(_, row)| row).collect())
}

/// Leaves the first of each.
pub(super) fn distinct<T: PartialEq>(values: &mut Vec<T>) {
    let mut kept: Vec<T> = Vec::new();
    for value in values.drain(..) {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    *values = kept;
}

/// Whether an expression has an aggregate that is of this query.
fn has_aggregate(node: &Node) -> bool {
    let any = |nodes: &[Node]| nodes.iter().any(has_aggregate);
    let boxed = |node: &Option<Box<Node>>| node.as_deref().is_some_and(has_aggregate);
    match &node.node {
        Some(NodeEnum::ResTarget(it)) => boxed(&it.val),
        Some(NodeEnum::FuncCall(it)) => strings(&it.funcname).last().is_some_and(|it| functions::is_aggregate(it)) || any(&it.args),
        Some(NodeEnum::AExpr(it)) => boxed(&it.lexpr) || boxed(&it.rexpr),
        Some(NodeEnum::TypeCast(it)) => boxed(&it.arg),
        Some(NodeEnum::CoalesceExpr(it)) => any(&it.args),
        Some(NodeEnum::NullTest(it)) => boxed(&it.arg),
        Some(NodeEnum::BoolExpr(it)) => any(&it.args),
        _ => false,
    }
}
