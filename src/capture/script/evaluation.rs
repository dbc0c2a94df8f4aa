//! Expressions that procedural code asks: conditions over the system catalogs (whether a type, a table, a column, a constraint
//! is there), and the texts that it puts together before it runs them.
//!
//! The catalogs that such expressions read are told from the catalog so far ([`catalogs`]), names standing in for OIDs.
//! Whatever is not computed exactly has no value here, which is another thing than NULL.

mod catalogs;
mod functions;
mod query;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

use pg_query::NodeEnum;
use pg_query::protobuf::{
    AExpr, AExprKind, BoolExprType, CaseExpr, MinMaxOp, Node, NullTestType, SqlValueFunctionOp, SubLinkType, a_const,
};

use super::resolve::strings;
use super::split;
use super::state::State;

pub(super) use functions::quote_identifier;
pub(super) use query::{call_rows, query};

/// A value of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    Array(Vec<Value>),
    Record(Row),
}

impl Value {
    /// The value as `||` and `format` print it; `None` for NULL.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Value::Text(it) => Some(it.clone()),
            Value::Number(it) => Some(it.to_string()),
            Value::Bool(it) => Some(if *it { "t" } else { "f" }.to_owned()),
            Value::Null | Value::Array(_) | Value::Record(_) => None,
        }
    }
}

/// A row: values by column, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row(Vec<(Cow<'static, str>, Value)>);

impl<const N: usize> From<[(&'static str, Value); N]> for Row {
    fn from(columns: [(&'static str, Value); N]) -> Self {
        Self(columns.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
    }
}

impl Row {
    pub(super) fn get(&self, column: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name == column).map(|(_, value)| value)
    }

    /// Sets a column; a new one comes last.
    pub(super) fn insert(&mut self, column: impl Into<Cow<'static, str>>, value: Value) {
        let column = column.into();
        match self.0.iter_mut().find(|(name, _)| *name == column) {
            Some((_, old)) => *old = value,
            None => self.0.push((column, value)),
        }
    }

    /// Adds a column, whether or not there is one of that name.
    fn push(&mut self, column: impl Into<Cow<'static, str>>, value: Value) {
        self.0.push((column.into(), value));
    }

    pub(super) fn remove(&mut self, column: &str) {
        self.0.retain(|(name, _)| name != column);
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|(_, value)| value)
    }
}

/// The rows that names mean now, by the name or alias of their table, the nearest last; those without a table are variables.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    rows: Vec<(String, Row)>,
    /// What an aggregate is of.
    group: Option<Rc<Vec<Environment>>>,
}

impl Environment {
    /// Nothing but variables.
    pub(super) fn of(variables: Row) -> Self {
        Self { rows: vec![(String::new(), variables)], group: None }
    }

    fn push(&mut self, table: String, row: Row) {
        self.rows.push((table, row));
    }

    fn column(&self, name: &str) -> Option<&Value> {
        self.rows.iter().rev().find_map(|(_, row)| row.get(name))
    }

    fn table(&self, name: &str) -> Option<&Row> {
        self.rows.iter().rev().find(|(table, _)| !table.is_empty() && table == name).map(|(_, row)| row)
    }
}

/// The tree of an expression.
pub(super) fn parse(expression: &str) -> Option<Node> {
    let parsed = split::parse_sql(&format!("SELECT {expression}")).ok()?;
    let Some(NodeEnum::SelectStmt(select)) = parsed.stmts.into_iter().next()?.stmt?.node else { return None };
    // `IF count(*) > 0 FROM …` is no expression, but PL/pgSQL takes it.
    if !select.from_clause.is_empty() || select.where_clause.is_some() {
        return None;
    }
    match select.target_list.into_iter().next()?.node? {
        NodeEnum::ResTarget(target) => target.val.map(|it| *it),
        _ => None,
    }
}

/// The value of an expression; `None` where it can't be told.
pub(super) fn value(state: &State<'_>, expression: &str, environment: &Environment) -> Option<Value> {
    evaluate(state, &parse(expression)?, environment)
}

/// Whether a condition holds; `None` where that can't be told.
pub(super) fn holds(state: &State<'_>, condition: &str, environment: &Environment) -> Option<bool> {
    match value(state, condition, environment)? {
        Value::Bool(it) => Some(it),
        Value::Null => Some(false),
        Value::Number(_) | Value::Text(_) | Value::Array(_) | Value::Record(_) => None,
    }
}

/// The value of a tree.
pub(super) fn evaluate(state: &State<'_>, node: &Node, environment: &Environment) -> Option<Value> {
    match node.node.as_ref()? {
        NodeEnum::AConst(it) if it.isnull => Some(Value::Null),
        NodeEnum::AConst(it) => match it.val.as_ref()? {
            a_const::Val::Ival(it) => Some(Value::Number(i64::from(it.ival))),
            a_const::Val::Boolval(it) => Some(Value::Bool(it.boolval)),
            a_const::Val::Sval(it) => Some(Value::Text(it.sval.clone())),
            a_const::Val::Fval(it) => it.fval.parse().ok().map(Value::Number),
            a_const::Val::Bsval(_) => None,
        },
        NodeEnum::ParamRef(it) => environment.column(&format!("${}", it.number)).cloned(),
        NodeEnum::ColumnRef(it) => match strings(&it.fields)[..] {
            [name] => environment.column(name).or_else(|| environment.table(name).and_then(only)).cloned(),
            [.., table, column] => match environment.table(table) {
                Some(row) => row.get(column).cloned(),
                // A field of a variable.
                None => match environment.column(table)? {
                    Value::Record(row) => row.get(column).cloned(),
                    _ => None,
                },
            },
            [] => None,
        },
        NodeEnum::BoolExpr(it) => boolean(state, it.boolop(), &it.args, environment),
        NodeEnum::NullTest(it) => {
            let is_null = evaluate(state, it.arg.as_deref()?, environment)? == Value::Null;
            Some(Value::Bool(is_null == (it.nulltesttype() == NullTestType::IsNull)))
        }
        NodeEnum::SubLink(it) => {
            let Some(NodeEnum::SelectStmt(select)) = &it.subselect.as_deref()?.node else { return None };
            let first = |row: &Row| row.values().next().cloned();
            match it.sub_link_type() {
                SubLinkType::ExistsSublink => Some(Value::Bool(query::exists(state, select, environment)?)),
                SubLinkType::ExprSublink => query(state, select, environment)?.first().map_or(Some(Value::Null), first),
                SubLinkType::ArraySublink => query(state, select, environment)?.iter().map(first).collect::<Option<_>>().map(Value::Array),
                SubLinkType::AnySublink => {
                    let left = evaluate(state, it.testexpr.as_deref()?, environment)?;
                    let rows = query(state, select, environment)?;
                    any(&left, "=", rows.iter().filter_map(|it| it.values().next()))
                }
                _ => None,
            }
        }
        NodeEnum::AExpr(it) => operator(state, it, environment),
        NodeEnum::TypeCast(it) => {
            let value = evaluate(state, it.arg.as_deref()?, environment)?;
            let of = it.type_name.as_ref()?;
            let name = *strings(&of.names).last()?;
            if of.array_bounds.is_empty() { cast(state, value, name) } else { cast_array(state, value, name) }
        }
        NodeEnum::AArrayExpr(it) => it.elements.iter().map(|it| evaluate(state, it, environment)).collect::<Option<_>>().map(Value::Array),
        NodeEnum::AIndirection(it) => {
            let base = evaluate(state, it.arg.as_deref()?, environment)?;
            let [part] = it.indirection.as_slice() else { return None };
            match (base, part.node.as_ref()?) {
                (Value::Array(values), NodeEnum::AIndices(index)) if !index.is_slice => {
                    let Value::Number(at) = evaluate(state, index.uidx.as_deref()?, environment)? else { return None };
                    Some(usize::try_from(at - 1).ok().and_then(|at| values.get(at)).cloned().unwrap_or(Value::Null))
                }
                (Value::Record(row), NodeEnum::String(field)) => row.get(&field.sval).cloned(),
                _ => None,
            }
        }
        NodeEnum::CoalesceExpr(it) => {
            for argument in &it.args {
                match evaluate(state, argument, environment)? {
                    Value::Null => {}
                    other => return Some(other),
                }
            }
            Some(Value::Null)
        }
        NodeEnum::MinMaxExpr(it) => {
            let values: Vec<Value> = it.args.iter().map(|it| evaluate(state, it, environment)).collect::<Option<_>>()?;
            let wanted = if it.op() == MinMaxOp::IsGreatest { ">" } else { "<" };
            let mut best = Value::Null;
            for value in values.into_iter().filter(|it| *it != Value::Null) {
                if best == Value::Null || compare(&value, wanted, &best)? == Value::Bool(true) {
                    best = value;
                }
            }
            Some(best)
        }
        NodeEnum::CaseExpr(it) => case(state, it, environment),
        NodeEnum::FuncCall(it) => functions::call(state, it, environment),
        NodeEnum::SqlvalueFunction(it) if it.op() == SqlValueFunctionOp::SvfopCurrentSchema => {
            state.creation_schema().ok().map(Value::Text)
        }
        _ => None,
    }
}

/// The column of a row that has one: a function's result goes by its table's name.
fn only(row: &Row) -> Option<&Value> {
    let mut values = row.values();
    values.next().filter(|_| values.next().is_none())
}

fn case(state: &State<'_>, node: &CaseExpr, environment: &Environment) -> Option<Value> {
    let subject = match node.arg.as_deref() {
        Some(it) => Some(evaluate(state, it, environment)?),
        None => None,
    };
    for branch in &node.args {
        let Some(NodeEnum::CaseWhen(branch)) = &branch.node else { return None };
        let condition = evaluate(state, branch.expr.as_deref()?, environment)?;
        let holds = match &subject {
            Some(subject) => compare(subject, "=", &condition)?,
            None => condition,
        };
        if holds == Value::Bool(true) {
            return evaluate(state, branch.result.as_deref()?, environment);
        }
    }
    node.defresult.as_deref().map_or(Some(Value::Null), |it| evaluate(state, it, environment))
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

fn operator(state: &State<'_>, node: &AExpr, environment: &Environment) -> Option<Value> {
    let operator = *strings(&node.name).last()?;
    let right = node.rexpr.as_deref()?;
    let Some(left) = node.lexpr.as_deref() else {
        return match (operator, evaluate(state, right, environment)?) {
            ("-", Value::Number(it)) => it.checked_neg().map(Value::Number),
            _ => None,
        };
    };
    if let Some(version) = server_version(left) {
        return version_holds(version, operator, &evaluate(state, right, environment)?);
    }
    let left = evaluate(state, left, environment)?;
    match node.kind() {
        AExprKind::AexprOp if is_comparison(operator) => compare(&left, operator, &evaluate(state, right, environment)?),
        AExprKind::AexprOp if operator == "||" => concatenate(left, evaluate(state, right, environment)?),
        AExprKind::AexprOp if matches!(operator, "~" | "!~" | "~*" | "!~*") => {
            let (Value::Text(left), Value::Text(pattern)) = (left, evaluate(state, right, environment)?) else { return None };
            Some(Value::Bool(matches(&left, &pattern, operator.ends_with('*'))? != operator.starts_with('!')))
        }
        AExprKind::AexprOp => arithmetic(&left, operator, &evaluate(state, right, environment)?),
        AExprKind::AexprIn => {
            let Some(NodeEnum::List(list)) = &right.node else { return None };
            let values: Vec<Value> = list.items.iter().map(|it| evaluate(state, it, environment)).collect::<Option<_>>()?;
            let found = any(&left, "=", values.iter())?;
            Some(if operator == "=" { found } else { negated(found) })
        }
        AExprKind::AexprOpAny => match evaluate(state, right, environment)? {
            Value::Array(values) => any(&left, operator, values.iter()),
            _ => None,
        },
        AExprKind::AexprOpAll => match (operator, evaluate(state, right, environment)?) {
            ("<>" | "!=", Value::Array(values)) => any(&left, "=", values.iter()).map(negated),
            _ => None,
        },
        AExprKind::AexprDistinct => Some(Value::Bool(left != evaluate(state, right, environment)?)),
        AExprKind::AexprNotDistinct => Some(Value::Bool(left == evaluate(state, right, environment)?)),
        AExprKind::AexprNullif => {
            let equal = compare(&left, "=", &evaluate(state, right, environment)?)? == Value::Bool(true);
            Some(if equal { Value::Null } else { left })
        }
        AExprKind::AexprLike | AExprKind::AexprIlike => {
            let (Value::Text(left), Value::Text(pattern)) = (left, evaluate(state, right, environment)?) else { return None };
            let fold = |it: String| if node.kind() == AExprKind::AexprIlike { it.to_lowercase() } else { it };
            Some(Value::Bool(like(&fold(left), &fold(pattern))? != operator.starts_with('!')))
        }
        AExprKind::AexprBetween | AExprKind::AexprNotBetween => {
            let Some(NodeEnum::List(bounds)) = &right.node else { return None };
            let [low, high] = bounds.items.as_slice() else { return None };
            let (low, high) = (evaluate(state, low, environment)?, evaluate(state, high, environment)?);
            let within = match (compare(&left, ">=", &low)?, compare(&left, "<=", &high)?) {
                (Value::Bool(low), Value::Bool(high)) => Value::Bool(low && high),
                _ => return None,
            };
            Some(if node.kind() == AExprKind::AexprBetween { within } else { negated(within) })
        }
        _ => None,
    }
}

fn negated(value: Value) -> Value {
    match value {
        Value::Bool(it) => Value::Bool(!it),
        other => other,
    }
}

fn is_comparison(operator: &str) -> bool {
    matches!(operator, "=" | "<>" | "!=" | "<" | ">" | "<=" | ">=")
}

/// `left = ANY (values)`.
fn any<'v>(left: &Value, operator: &str, values: impl Iterator<Item = &'v Value>) -> Option<Value> {
    let mut unknown = false;
    for value in values {
        match compare(left, operator, value)? {
            Value::Bool(true) => return Some(Value::Bool(true)),
            Value::Null => unknown = true,
            _ => {}
        }
    }
    Some(if unknown { Value::Null } else { Value::Bool(false) })
}

fn concatenate(left: Value, right: Value) -> Option<Value> {
    match (left, right) {
        (Value::Null, Value::Array(it)) | (Value::Array(it), Value::Null) => Some(Value::Array(it)),
        (Value::Null, _) | (_, Value::Null) => Some(Value::Null),
        (Value::Array(left), Value::Array(right)) => Some(Value::Array(left.into_iter().chain(right).collect())),
        (Value::Array(left), right) => Some(Value::Array(left.into_iter().chain([right]).collect())),
        (left, Value::Array(right)) => Some(Value::Array(std::iter::once(left).chain(right).collect())),
        // `||` prints a boolean as `true`, unlike `format`.
        (Value::Bool(_), _) | (_, Value::Bool(_)) => None,
        (left, right) => Some(Value::Text(left.text()? + &right.text()?)),
    }
}

fn arithmetic(left: &Value, operator: &str, right: &Value) -> Option<Value> {
    let (Value::Number(left), Value::Number(right)) = (left, right) else {
        return matches!((left, right), (Value::Null, _) | (_, Value::Null)).then_some(Value::Null);
    };
    match operator {
        "+" => left.checked_add(*right),
        "-" => left.checked_sub(*right),
        "*" => left.checked_mul(*right),
        "/" => left.checked_div(*right),
        "%" => left.checked_rem(*right),
        _ => None,
    }
    .map(Value::Number)
}

fn compare(left: &Value, operator: &str, right: &Value) -> Option<Value> {
    let ordering = match (left, right) {
        (Value::Null, _) | (_, Value::Null) => return Some(Value::Null),
        (Value::Number(left), Value::Number(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        // A letter as `relkind = 'r'`, a name, a registered object. How texts sort is the collation's.
        (Value::Text(left), Value::Text(right)) if matches!(operator, "=" | "<>" | "!=") => left.cmp(right),
        (Value::Array(left), Value::Array(right)) if matches!(operator, "=" | "<>" | "!=") => {
            if left == right {
                Ordering::Equal
            } else {
                Ordering::Less
            }
        }
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

/// LIKE, with `\` as its escape.
fn like(text: &str, pattern: &str) -> Option<bool> {
    /// An element of a pattern.
    enum Part {
        Any,
        One,
        Is(char),
    }
    let mut parts = Vec::new();
    let mut characters = pattern.chars();
    while let Some(it) = characters.next() {
        parts.push(match it {
            '%' => Part::Any,
            '_' => Part::One,
            '\\' => Part::Is(characters.next()?),
            it => Part::Is(it),
        });
    }
    // Where `%` last stood, and how far it has reached.
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut part, mut retry) = (0, 0, None);
    while at < text.len() {
        match parts.get(part) {
            Some(Part::Any) => {
                part += 1;
                retry = Some((part, at));
            }
            Some(Part::One) => (at, part) = (at + 1, part + 1),
            Some(Part::Is(it)) if *it == text[at] => (at, part) = (at + 1, part + 1),
            _ => match retry {
                Some((after, from)) => {
                    retry = Some((after, from + 1));
                    (at, part) = (from + 1, after);
                }
                None => return Some(false),
            },
        }
    }
    Some(parts[part..].iter().all(|it| matches!(it, Part::Any)))
}

/// A regular expression without anything but anchors.
fn matches(text: &str, pattern: &str, folded: bool) -> Option<bool> {
    let (text, pattern) = if folded { (text.to_lowercase(), pattern.to_lowercase()) } else { (text.to_owned(), pattern.to_owned()) };
    let (starts, rest) = pattern.strip_prefix('^').map_or((false, pattern.as_str()), |it| (true, it));
    let (ends, plain) = rest.strip_suffix('$').map_or((false, rest), |it| (true, it));
    if !plain.chars().all(|it| it.is_alphanumeric() || matches!(it, '_' | '-' | ' ')) {
        return None;
    }
    Some(match (starts, ends) {
        (true, true) => text == plain,
        (true, false) => text.starts_with(plain),
        (false, true) => text.ends_with(plain),
        (false, false) => text.contains(plain),
    })
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
        ("text" | "name" | "varchar" | "bpchar" | "char", Value::Number(it)) => Some(Value::Text(it.to_string())),
        ("text" | "name" | "varchar" | "bpchar" | "char", Value::Text(it)) => Some(Value::Text(it)),
        ("text" | "varchar", Value::Bool(it)) => Some(Value::Text(it.to_string())),
        ("int4" | "int8" | "int2" | "oid", Value::Number(it)) => Some(Value::Number(it)),
        // An OID is a name here.
        ("oid", Value::Text(it)) => Some(Value::Text(it)),
        ("int4" | "int8" | "int2", Value::Text(it)) => it.trim().parse().ok().map(Value::Number),
        ("bool", Value::Bool(it)) => Some(Value::Bool(it)),
        ("bool", Value::Text(it)) => super::options::parse_boolean(&it).map(Value::Bool),
        _ => None,
    }
}

/// `'{a,b}'::text[]`, or the elements of an array.
fn cast_array(state: &State<'_>, value: Value, type_name: &str) -> Option<Value> {
    let elements = match value {
        Value::Null => return Some(Value::Null),
        Value::Array(elements) => elements,
        Value::Text(text) => {
            let inside = text.trim().strip_prefix('{')?.strip_suffix('}')?;
            if inside.contains(['{', '"', '\\']) {
                return None;
            }
            let element = |it: &str| if it.trim().eq_ignore_ascii_case("null") { Value::Null } else { Value::Text(it.trim().to_owned()) };
            if inside.trim().is_empty() { Vec::new() } else { inside.split(',').map(element).collect() }
        }
        _ => return None,
    };
    elements.into_iter().map(|it| cast(state, it, type_name)).collect::<Option<_>>().map(Value::Array)
}
