//! What a check demands, as far as it can be read.
//!
//! The catalog keeps expressions as canonical SQL, so they are parsed once more here, with PostgreSQL's own grammar: a sample
//! that satisfies `length(code) = 3 AND code ~ '^[A-Z]+$'` needs the tree, not the text. What is not understood is [`Condition::Unknown`] with the columns that it
//! speaks of; nothing is guessed.

use pg_query::NodeEnum;
use pg_query::protobuf::{AExpr, AExprKind, BoolExprType, BoolTestType, FuncCall, Node, NullTestType, a_const};

/// Expressions longer than this are not looked at: no check of a usual shape is, and it bounds the depth of the tree.
const LONGEST: usize = 16_384;
/// Enough for the tree of the longest expression.
const STACK: usize = 64 << 20;

/// A condition over columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// A part of a column compared with a constant.
    Compare {
        subject: Subject,
        operator: Operator,
        value: Literal,
    },
    /// A part of a column is one of some constants, or none of them.
    In {
        subject: Subject,
        values: Vec<Literal>,
        negated: bool,
    },
    /// A column against a pattern.
    Match {
        column: String,
        pattern: Pattern,
        negated: bool,
    },
    /// A column is NULL, or is not.
    Null {
        column: String,
        null: bool,
    },
    /// A column compared with another.
    Columns {
        left: String,
        operator: Operator,
        right: String,
    },
    /// A column equals its lower-case, upper-case or trimmed form.
    Form {
        column: String,
        form: Form,
    },
    /// Something else that speaks of these columns.
    Unknown(Vec<String>),
    /// A constant.
    Known(bool),
}

/// What of a column is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    pub column: String,
    pub part: Part,
}

/// A part of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Value,
    Length,
    Bytes,
    Elements,
    JsonType,
}

/// How two things compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    /// A number, as it is written.
    Number(String),
    Text(String),
    Bool(bool),
    /// The time of the statement.
    Now,
}

/// A pattern of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// `~`.
    Regex(String),
    /// `LIKE`.
    Like(String),
}

/// A form of text that is its own fixed point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Lower,
    Upper,
    Trimmed,
}

/// Reads a condition out of its canonical SQL.
pub(super) fn read(sql: &str) -> Condition {
    parse(sql, condition).unwrap_or_else(|| Condition::Unknown(Vec::new()))
}

/// The value that an expression always has, where it is one.
pub(super) fn constant(sql: &str) -> Option<Literal> {
    parse(sql, literal)?
}

/// Makes the check of a domain one of the column: what it calls `value`.
pub(super) fn rename(condition: &mut Condition, column: &str) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter_mut().for_each(|it| rename(it, column)),
        Condition::Compare { subject, .. } | Condition::In { subject, .. } => column.clone_into(&mut subject.column),
        Condition::Match { column: name, .. } | Condition::Null { column: name, .. } | Condition::Form { column: name, .. } => {
            column.clone_into(name)
        }
        Condition::Columns { left, right, .. } => {
            column.clone_into(left);
            column.clone_into(right);
        }
        Condition::Unknown(names) => *names = vec![column.to_owned()],
        Condition::Known(_) => {}
    }
}

/// Reads a constant out of its canonical SQL.
pub(super) fn read_literal(sql: &str) -> Option<Literal> {
    parse(sql, literal).flatten()
}

/// The columns that an expression speaks of.
pub(super) fn read_columns(sql: &str) -> Vec<String> {
    parse(sql, columns).unwrap_or_default()
}

/// Runs work that reads many expressions with stack enough for each, so that not every one has to ask the system for it.
pub(super) fn on_deep_stack<T>(work: impl FnOnce() -> T) -> T {
    stacker::grow(2 * STACK, work)
}

fn parse<T>(sql: &str, read: impl FnOnce(&Node) -> T) -> Option<T> {
    if sql.len() > LONGEST {
        return None;
    }
    stacker::maybe_grow(STACK, 2 * STACK, || {
        let parsed = pg_query::parse(&format!("SELECT {sql}"), pg_query::ParserOptions::default()).ok()?;
        let Some(NodeEnum::SelectStmt(select)) = parsed.protobuf.stmts.first().and_then(|it| it.stmt.as_ref()?.node.as_ref()) else {
            return None;
        };
        let Some(NodeEnum::ResTarget(target)) = select.target_list.first().and_then(|it| it.node.as_ref()) else { return None };
        if select.target_list.len() != 1 {
            return None;
        }
        Some(read(target.val.as_deref()?))
    })
}

fn condition(node: &Node) -> Condition {
    known_condition(node).unwrap_or_else(|| Condition::Unknown(columns(node)))
}

fn known_condition(node: &Node) -> Option<Condition> {
    match node.node.as_ref()? {
        NodeEnum::BoolExpr(expression) => {
            let parts = || expression.args.iter().map(condition).collect();
            match expression.boolop() {
                BoolExprType::AndExpr => Some(Condition::All(parts())),
                BoolExprType::OrExpr => Some(Condition::Any(parts())),
                BoolExprType::NotExpr => negate(condition(expression.args.first()?)),
                BoolExprType::Undefined => None,
            }
        }
        NodeEnum::NullTest(test) => {
            let null = test.nulltesttype() == NullTestType::IsNull;
            Some(Condition::Null { column: column(test.arg.as_deref()?)?, null })
        }
        NodeEnum::BooleanTest(test) => {
            let inner = condition(test.arg.as_deref()?);
            match test.booltesttype() {
                BoolTestType::IsTrue | BoolTestType::IsNotFalse => Some(inner),
                BoolTestType::IsFalse | BoolTestType::IsNotTrue => negate(inner),
                _ => None,
            }
        }
        NodeEnum::AExpr(expression) => comparison(expression),
        NodeEnum::TypeCast(cast) => known_condition(cast.arg.as_deref()?),
        NodeEnum::AConst(_) => match literal(node)? {
            Literal::Bool(value) => Some(Condition::Known(value)),
            _ => None,
        },
        NodeEnum::ColumnRef(_) => {
            let subject = Subject { column: column(node)?, part: Part::Value };
            Some(Condition::Compare { subject, operator: Operator::Equal, value: Literal::Bool(true) })
        }
        NodeEnum::FuncCall(call) if matches!(function(call)?, "starts_with") => {
            let [subject, prefix] = call.args.as_slice() else { return None };
            let Literal::Text(prefix) = literal(prefix)? else { return None };
            Some(Condition::Match { column: column(subject)?, pattern: Pattern::Like(format!("{prefix}%")), negated: false })
        }
        _ => None,
    }
}

fn comparison(expression: &AExpr) -> Option<Condition> {
    let left = expression.lexpr.as_deref()?;
    let right = expression.rexpr.as_deref()?;
    let name = match expression.name.last()?.node.as_ref()? {
        NodeEnum::String(name) => name.sval.as_str(),
        _ => return None,
    };
    match expression.kind() {
        AExprKind::AexprOp => match name {
            "~" | "~*" | "!~" | "!~*" => {
                let Literal::Text(pattern) = literal(right)? else { return None };
                Some(Condition::Match { column: column(left)?, pattern: Pattern::Regex(pattern), negated: name.starts_with('!') })
            }
            "~~" | "~~*" | "!~~" | "!~~*" => like(left, right, name.starts_with('!')),
            _ => compare(left, operator(name)?, right),
        },
        AExprKind::AexprLike | AExprKind::AexprIlike => like(left, right, name.starts_with('!')),
        AExprKind::AexprIn => in_list(left, list(right)?, name == "<>"),
        AExprKind::AexprOpAny if name == "=" => in_list(left, list(right)?, false),
        AExprKind::AexprOpAll if name == "<>" => in_list(left, list(right)?, true),
        AExprKind::AexprBetween => {
            let [low, high] = list(right)? else { return None };
            Some(Condition::All(vec![compare(left, Operator::GreaterOrEqual, low)?, compare(left, Operator::LessOrEqual, high)?]))
        }
        AExprKind::AexprNotBetween => {
            let [low, high] = list(right)? else { return None };
            Some(Condition::Any(vec![compare(left, Operator::Greater, high)?, compare(left, Operator::Less, low)?]))
        }
        AExprKind::AexprDistinct => compare(left, Operator::NotEqual, right),
        AExprKind::AexprNotDistinct => compare(left, Operator::Equal, right),
        _ => None,
    }
}

fn like(left: &Node, right: &Node, negated: bool) -> Option<Condition> {
    let Literal::Text(pattern) = literal(right)? else { return None };
    Some(Condition::Match { column: column(left)?, pattern: Pattern::Like(pattern), negated })
}

fn in_list(left: &Node, values: &[Node], negated: bool) -> Option<Condition> {
    let values: Option<Vec<Literal>> = values.iter().map(literal).collect();
    Some(Condition::In { subject: subject(left)?, values: values?, negated })
}

fn compare(left: &Node, operator: Operator, right: &Node) -> Option<Condition> {
    // `num_nonnulls(a, b) = 1`.
    if let (Some((columns, nulls)), Some(Literal::Number(count))) = (counted(left), literal(right)) {
        return count_nulls(&columns, nulls, operator, count.parse().ok()?);
    }
    // `(a IS NULL) = (b IS NULL)`, `(a IS NULL) <> b_flag` and the like.
    if is_condition(left) && (is_condition(right) || column(right).is_some()) {
        let (left, right) = (condition(left), condition(right));
        let (not_left, not_right) = (negate(left.clone())?, negate(right.clone())?);
        let pair = |a, b| Condition::All(vec![a, b]);
        return match operator {
            Operator::Equal => Some(Condition::Any(vec![pair(not_left, not_right), pair(left, right)])),
            Operator::NotEqual => Some(Condition::Any(vec![pair(left, not_right), pair(not_left, right)])),
            _ => None,
        };
    }
    if let (Some(form), Some(other)) = (form(left), column(right)) {
        return (operator == Operator::Equal && form.0 == other).then_some(Condition::Form { column: other, form: form.1 });
    }
    if let (Some(other), Some(form)) = (column(left), form(right)) {
        return (operator == Operator::Equal && form.0 == other).then_some(Condition::Form { column: other, form: form.1 });
    }
    if let (Some(left), Some(right)) = (column(left), column(right)) {
        return Some(Condition::Columns { left, operator, right });
    }
    if let Some(value) = literal(right) {
        // `btrim(a) <> ''` is true of any text that is not blank.
        if let (Some((column, Form::Trimmed)), Literal::Text(text), Operator::NotEqual) = (form(left), &value, operator)
            && text.is_empty()
        {
            return Some(Condition::Compare {
                subject: Subject { column, part: Part::Length },
                operator: Operator::Greater,
                value: Literal::Number("0".into()),
            });
        }
        return Some(Condition::Compare { subject: subject(left)?, operator, value });
    }
    if let Some(value) = literal(left) {
        return Some(Condition::Compare { subject: subject(right)?, operator: turned(operator), value });
    }
    None
}

/// Whether the node is a condition by itself rather than a value.
fn is_condition(node: &Node) -> bool {
    match node.node.as_ref() {
        Some(NodeEnum::NullTest(_) | NodeEnum::BoolExpr(_) | NodeEnum::BooleanTest(_)) => true,
        Some(NodeEnum::AExpr(expression)) => {
            let comparing = |it: &Node| matches!(&it.node, Some(NodeEnum::String(name)) if operator(&name.sval).is_some());
            expression.kind() != AExprKind::AexprOp || expression.name.last().is_some_and(comparing)
        }
        _ => false,
    }
}

/// `num_nonnulls(…)` and `num_nulls(…)`: the columns, and whether NULLs are counted.
fn counted(node: &Node) -> Option<(Vec<String>, bool)> {
    let Some(NodeEnum::FuncCall(call)) = node.node.as_ref() else { return None };
    let nulls = match function(call)? {
        "num_nonnulls" => false,
        "num_nulls" => true,
        _ => return None,
    };
    let columns: Option<Vec<String>> = call.args.iter().map(column).collect();
    Some((columns?, nulls))
}

/// A count of NULLs as alternatives: which of the columns have a value. Only few columns have few alternatives.
fn count_nulls(columns: &[String], nulls: bool, operator: Operator, count: usize) -> Option<Condition> {
    if columns.len() > 8 {
        return None;
    }
    let holds = |n: usize| match operator {
        Operator::Equal => n == count,
        Operator::NotEqual => n != count,
        Operator::Less => n < count,
        Operator::LessOrEqual => n <= count,
        Operator::Greater => n > count,
        Operator::GreaterOrEqual => n >= count,
    };
    let mut choices: Vec<usize> = (0..1_usize << columns.len())
        .filter(|mask| {
            let values = mask.count_ones() as usize;
            holds(if nulls { columns.len() - values } else { values })
        })
        .collect();
    // Few values first: a NULL is the easier one to give.
    choices.sort_by_key(|mask| (mask.count_ones(), *mask));
    let choice = |mask: usize| {
        let test = |(n, column): (usize, &String)| Condition::Null { column: column.clone(), null: mask >> n & 1 == 0 };
        Condition::All(columns.iter().enumerate().map(test).collect())
    };
    Some(Condition::Any(choices.into_iter().map(choice).collect()))
}

fn negate(of: Condition) -> Option<Condition> {
    Some(match of {
        Condition::All(parts) => Condition::Any(parts.into_iter().map(negate).collect::<Option<_>>()?),
        Condition::Any(parts) => Condition::All(parts.into_iter().map(negate).collect::<Option<_>>()?),
        Condition::Compare { subject, operator, value } => Condition::Compare { subject, operator: opposite(operator), value },
        Condition::In { subject, values, negated } => Condition::In { subject, values, negated: !negated },
        Condition::Match { column, pattern, negated } => Condition::Match { column, pattern, negated: !negated },
        Condition::Null { column, null } => Condition::Null { column, null: !null },
        Condition::Columns { left, operator, right } => Condition::Columns { left, operator: opposite(operator), right },
        Condition::Known(value) => Condition::Known(!value),
        Condition::Form { .. } | Condition::Unknown(_) => return None,
    })
}

fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "=" => Operator::Equal,
        "<>" | "!=" => Operator::NotEqual,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        _ => return None,
    })
}

/// The operator with its sides exchanged.
fn turned(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        same => same,
    }
}

/// The operator that holds where this one doesn't.
fn opposite(operator: Operator) -> Operator {
    match operator {
        Operator::Equal => Operator::NotEqual,
        Operator::NotEqual => Operator::Equal,
        Operator::Less => Operator::GreaterOrEqual,
        Operator::LessOrEqual => Operator::Greater,
        Operator::Greater => Operator::LessOrEqual,
        Operator::GreaterOrEqual => Operator::Less,
    }
}

fn subject(node: &Node) -> Option<Subject> {
    if let Some(column) = column(node) {
        return Some(Subject { column, part: Part::Value });
    }
    match node.node.as_ref()? {
        NodeEnum::TypeCast(cast) => subject(cast.arg.as_deref()?),
        NodeEnum::FuncCall(call) => {
            let part = match function(call)? {
                "length" | "char_length" | "character_length" => Part::Length,
                "octet_length" => Part::Bytes,
                "cardinality" | "array_length" => Part::Elements,
                "json_typeof" | "jsonb_typeof" => Part::JsonType,
                _ => return None,
            };
            // `length(btrim(a)) > 0` asks for as much as `length(a) > 0` of a text without blanks.
            let argument = call.args.first()?;
            let column = column(argument).or_else(|| form(argument).map(|(column, _)| column))?;
            Some(Subject { column, part })
        }
        _ => None,
    }
}

/// `lower(a)`, `upper(a)`, `btrim(a)`.
fn form(node: &Node) -> Option<(String, Form)> {
    match node.node.as_ref()? {
        NodeEnum::TypeCast(cast) => form(cast.arg.as_deref()?),
        NodeEnum::FuncCall(call) if call.args.len() == 1 => {
            let form = match function(call)? {
                "lower" => Form::Lower,
                "upper" => Form::Upper,
                "btrim" | "ltrim" | "rtrim" => Form::Trimmed,
                _ => return None,
            };
            Some((column(call.args.first()?)?, form))
        }
        _ => None,
    }
}

/// The column, through casts.
fn column(node: &Node) -> Option<String> {
    match node.node.as_ref()? {
        NodeEnum::ColumnRef(reference) => match reference.fields.last()?.node.as_ref()? {
            NodeEnum::String(name) => Some(name.sval.clone()),
            _ => None,
        },
        NodeEnum::TypeCast(cast) => column(cast.arg.as_deref()?),
        NodeEnum::CollateClause(clause) => column(clause.arg.as_deref()?),
        _ => None,
    }
}

fn literal(node: &Node) -> Option<Literal> {
    match node.node.as_ref()? {
        NodeEnum::AConst(constant) if !constant.isnull => match constant.val.as_ref()? {
            a_const::Val::Ival(value) => Some(Literal::Number(value.ival.to_string())),
            a_const::Val::Fval(value) => Some(Literal::Number(value.fval.clone())),
            a_const::Val::Boolval(value) => Some(Literal::Bool(value.boolval)),
            a_const::Val::Sval(value) => Some(Literal::Text(value.sval.clone())),
            a_const::Val::Bsval(_) => None,
        },
        NodeEnum::TypeCast(cast) => {
            let value = literal(cast.arg.as_deref()?)?;
            let to = cast.type_name.as_ref().and_then(|it| it.names.last()).and_then(|it| it.node.as_ref());
            match (value, to) {
                // How the grammar writes TRUE in some versions, and how a negative number is printed.
                (Literal::Text(text), Some(NodeEnum::String(name))) => match name.sval.as_str() {
                    "bool" | "boolean" => Some(Literal::Bool(text.starts_with('t'))),
                    "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" if text.parse::<f64>().is_ok() => {
                        Some(Literal::Number(text))
                    }
                    _ => Some(Literal::Text(text)),
                },
                (value, _) => Some(value),
            }
        }
        NodeEnum::AExpr(expression) if expression.lexpr.is_none() && expression.kind() == AExprKind::AexprOp => {
            match literal(expression.rexpr.as_deref()?)? {
                Literal::Number(number) => Some(Literal::Number(format!("-{number}"))),
                _ => None,
            }
        }
        NodeEnum::FuncCall(call) => matches!(function(call)?, "now" | "clock_timestamp" | "statement_timestamp").then_some(Literal::Now),
        NodeEnum::SqlvalueFunction(_) => Some(Literal::Now),
        _ => None,
    }
}

/// The items of a list, an array constructor or an array literal's cast.
fn list(node: &Node) -> Option<&[Node]> {
    match node.node.as_ref()? {
        NodeEnum::List(list) => Some(&list.items),
        NodeEnum::AArrayExpr(array) => Some(&array.elements),
        NodeEnum::TypeCast(cast) => list(cast.arg.as_deref()?),
        _ => None,
    }
}

fn function(call: &FuncCall) -> Option<&str> {
    match call.funcname.last()?.node.as_ref()? {
        NodeEnum::String(name) => Some(&name.sval),
        _ => None,
    }
}

/// Every column below the node, as far as expressions of usual kinds go.
fn columns(node: &Node) -> Vec<String> {
    let mut found = Vec::new();
    collect(node, &mut found);
    found.sort();
    found.dedup();
    found
}

fn collect(node: &Node, found: &mut Vec<String>) {
    let mut all = |nodes: &[Node]| nodes.iter().for_each(|it| collect(it, found));
    match node.node.as_ref() {
        Some(NodeEnum::ColumnRef(_)) => found.extend(column(node)),
        Some(NodeEnum::AExpr(it)) => [&it.lexpr, &it.rexpr].into_iter().flatten().for_each(|it| collect(it, found)),
        Some(NodeEnum::BoolExpr(it)) => all(&it.args),
        Some(NodeEnum::FuncCall(it)) => all(&it.args),
        Some(NodeEnum::CoalesceExpr(it)) => all(&it.args),
        Some(NodeEnum::MinMaxExpr(it)) => all(&it.args),
        Some(NodeEnum::List(it)) => all(&it.items),
        Some(NodeEnum::RowExpr(it)) => all(&it.args),
        Some(NodeEnum::AArrayExpr(it)) => all(&it.elements),
        Some(NodeEnum::NullTest(it)) => it.arg.iter().for_each(|it| collect(it, found)),
        Some(NodeEnum::BooleanTest(it)) => it.arg.iter().for_each(|it| collect(it, found)),
        Some(NodeEnum::TypeCast(it)) => it.arg.iter().for_each(|it| collect(it, found)),
        Some(NodeEnum::CollateClause(it)) => it.arg.iter().for_each(|it| collect(it, found)),
        Some(NodeEnum::AIndirection(it)) => it.arg.iter().for_each(|it| collect(it, found)),
        Some(NodeEnum::CaseExpr(it)) => {
            it.arg.iter().chain(&it.defresult).for_each(|it| collect(it, found));
            it.args.iter().for_each(|it| collect(it, found));
        }
        Some(NodeEnum::CaseWhen(it)) => it.expr.iter().chain(&it.result).for_each(|it| collect(it, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_usual_shapes() {
        let check = |sql: &str, expected: &str| assert_eq!(format!("{:?}", Short(&read(sql))), expected, "of {sql}");
        check("a > 0", "a > 0");
        check("0 <= a", "a >= 0");
        check("a > '-5'::integer", "a > -5");
        check("a > (-5)", "a > -5");
        check("status = ANY (ARRAY['a'::text, 'b'::text])", "status in [a, b]");
        check("(status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])", "status in [a, b]");
        check("status IN ('a', 'b')", "status in [a, b]");
        check("status NOT IN ('a')", "status not in [a]");
        check("status <> ALL (ARRAY['a'])", "status not in [a]");
        check("a >= 1 AND a <= 5", "(a >= 1 and a <= 5)");
        check("a BETWEEN 1 AND 5", "(a >= 1 and a <= 5)");
        check("a NOT BETWEEN 1 AND 5", "(a > 5 or a < 1)");
        check("length(code) = 3", "Length(code) = 3");
        check("char_length(btrim(code)) > 0", "Length(code) > 0");
        check("btrim(name) <> ''::text", "Length(name) > 0");
        check("lower(email) = email", "Lower(email)");
        check("email = lower(email)", "Lower(email)");
        check("code ~ '^[A-Z]{2}$'::text", "code ~ ^[A-Z]{2}$");
        check("code ~~ 'x%'", "code like x%");
        check("code NOT LIKE 'x%'", "not code like x%");
        check("a IS NOT NULL OR b IS NULL", "(a is not null or b is null)");
        check("starts_at < ends_at", "starts_at < ends_at");
        check("NOT (a = 1)", "a != 1");
        check("(a IS NULL) = (b IS NULL)", "((a is not null and b is not null) or (a is null and b is null))");
        check("(a IS NULL) <> (b IS NULL)", "((a is null and b is not null) or (a is not null and b is null))");
        check("num_nonnulls(a, b) = 1", "((a is not null and b is null) or (a is null and b is not null))");
        check("active", "active = true");
        check("NOT active", "active != true");
        check("jsonb_typeof(tags) = 'array'", "JsonType(tags) = array");
        check("f(a) = g(b)", "unknown [\"a\", \"b\"]");
        check("day <= CURRENT_DATE", "day <= now");
        check("a = 1)); DROP TABLE x; --", "unknown []");
        check("", "unknown []");
        check(&"(".repeat(20_000), "unknown []");
        check(&format!("{}1{} = a", "(".repeat(3000), ")".repeat(3000)), "a = 1");
    }

    /// Conditions in few letters.
    struct Short<'a>(&'a Condition);

    impl std::fmt::Debug for Short<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            let literal = |it: &Literal| match it {
                Literal::Number(text) | Literal::Text(text) => text.clone(),
                Literal::Bool(value) => value.to_string(),
                Literal::Now => "now".to_owned(),
            };
            let subject = |it: &Subject| if it.part == Part::Value { it.column.clone() } else { format!("{:?}({})", it.part, it.column) };
            let sign = |it: &Operator| match it {
                Operator::Equal => "=",
                Operator::NotEqual => "!=",
                Operator::Less => "<",
                Operator::LessOrEqual => "<=",
                Operator::Greater => ">",
                Operator::GreaterOrEqual => ">=",
            };
            let joined = |parts: &[Condition], word: &str| parts.iter().map(|it| format!("{:?}", Short(it))).collect::<Vec<_>>().join(word);
            match self.0 {
                Condition::All(parts) => write!(f, "({})", joined(parts, " and ")),
                Condition::Any(parts) => write!(f, "({})", joined(parts, " or ")),
                Condition::Compare { subject: of, operator, value } => write!(f, "{} {} {}", subject(of), sign(operator), literal(value)),
                Condition::In { subject: of, values, negated } => {
                    let values = values.iter().map(literal).collect::<Vec<_>>().join(", ");
                    write!(f, "{} {}in [{values}]", subject(of), if *negated { "not " } else { "" })
                }
                Condition::Match { column, pattern, negated } => {
                    let (word, text) = match pattern {
                        Pattern::Regex(text) => ("~", text),
                        Pattern::Like(text) => ("like", text),
                    };
                    write!(f, "{}{column} {word} {text}", if *negated { "not " } else { "" })
                }
                Condition::Null { column, null } => write!(f, "{column} is {}null", if *null { "" } else { "not " }),
                Condition::Columns { left, operator, right } => write!(f, "{left} {} {right}", sign(operator)),
                Condition::Form { column, form } => write!(f, "{form:?}({column})"),
                Condition::Unknown(columns) => write!(f, "unknown {columns:?}"),
                Condition::Known(value) => write!(f, "{value}"),
            }
        }
    }
}
