//! From trees to canonical text and back: pg_query's printer, and a way around it for what needs no tree.

use pg_query::NodeEnum;
use pg_query::protobuf::{self, Node, ResTarget, SelectStmt, SqlValueFunctionOp, a_const};

use super::Normalised;
use super::builtin::Builtin;
use crate::capture::keywords::quote_identifier;
use crate::capture::script::resolve::{Resolver, Unresolved, split_name};
use crate::catalog::{Dependency, Expression, Kind, PG_CATALOG};

/// Prints an expression.
pub(super) fn expression(tree: Node) -> String {
    let target = ResTarget { val: Some(Box::new(tree)), ..ResTarget::default() };
    let select = SelectStmt {
        target_list: vec![Node { node: Some(NodeEnum::ResTarget(Box::new(target))) }],
        limit_option: protobuf::LimitOption::Default.into(),
        op: protobuf::SetOperation::SetopNone.into(),
        ..SelectStmt::default()
    };
    let text = statement(Node { node: Some(NodeEnum::SelectStmt(Box::new(select))) });
    text.strip_prefix("SELECT ").map(str::to_owned).unwrap_or(text)
}

/// Prints a statement.
pub(super) fn statement(tree: Node) -> String {
    let raw = protobuf::RawStmt { stmt: Some(Box::new(tree)), stmt_location: 0, stmt_len: 0 };
    let parsed = protobuf::ParseResult { version: 0, stmts: vec![raw] };
    // The printer refuses only trees that no text gives.
    pg_query::deparse(&parsed, pg_query::DeparseOptions::default()).unwrap_or_default()
}

/// Reads an expression.
pub(super) fn parse_expression(text: &str) -> Option<Node> {
    let Some(NodeEnum::SelectStmt(select)) = parse_statement(&format!("SELECT {text}"))?.node else { return None };
    match select.target_list.into_iter().next()?.node? {
        NodeEnum::ResTarget(target) => target.val.map(|it| *it),
        _ => None,
    }
}

/// Reads a statement.
pub(super) fn parse_statement(text: &str) -> Option<Node> {
    let parsed = pg_query::parse(text, 0).ok()?;
    parsed.protobuf.stmts.into_iter().next()?.stmt.map(|it| *it)
}

/// What stands before a routine's body, so that the grammar takes it.
const BEFORE_BODY: &str = "CREATE FUNCTION f() RETURNS int LANGUAGE sql ";

/// Reads the body of a routine in SQL.
pub(super) fn parse_body(text: &str) -> Option<Node> {
    if !text.starts_with("RETURN") && !text.starts_with("BEGIN ATOMIC") {
        return None;
    }
    let Some(NodeEnum::CreateFunctionStmt(it)) = parse_statement(&format!("{BEFORE_BODY}{text}"))?.node else { return None };
    it.sql_body.map(|it| *it)
}

/// Prints the body of a routine in SQL.
pub(super) fn body(tree: Node) -> String {
    let Some(Node { node: Some(NodeEnum::CreateFunctionStmt(mut it)) }) = parse_statement(&format!("{BEFORE_BODY}RETURN 1")) else {
        return String::new();
    };
    it.sql_body = Some(Box::new(tree));
    let text = statement(Node { node: Some(NodeEnum::CreateFunctionStmt(it)) });
    let start = text.find(" RETURN ").into_iter().chain(text.find(" BEGIN ATOMIC ")).min();
    start.map_or_else(String::new, |start| text[start + 1..].trim_end().to_owned())
}

/// Normalises what most defaults are, without printing a tree: constants, `now()`, `CURRENT_TIMESTAMP`, `nextval('…')`.
///
/// The text is what the printer would give; a test holds both together.
pub(super) fn simple(node: &Node, resolver: &Resolver<'_>) -> Result<Option<Normalised>, Unresolved> {
    let plain = |text: String| Normalised::alone(Expression(text));
    Ok(match node.node.as_ref() {
        Some(NodeEnum::AConst(it)) => constant(it).map(plain),
        Some(NodeEnum::SqlvalueFunction(it)) => value_function(it).map(|it| plain(it.to_owned())),
        Some(NodeEnum::FuncCall(it)) => return simple_call(it, resolver),
        _ => None,
    })
}

fn constant(it: &protobuf::AConst) -> Option<String> {
    match it.val.as_ref() {
        None if it.isnull => Some("NULL".to_owned()),
        None => None,
        Some(a_const::Val::Ival(it)) if it.ival >= 0 => Some(it.ival.to_string()),
        Some(a_const::Val::Boolval(it)) => Some(if it.boolval { "true" } else { "false" }.to_owned()),
        Some(_) => None,
    }
}

fn value_function(it: &protobuf::SqlValueFunction) -> Option<&'static str> {
    if it.typmod > 0 {
        return None;
    }
    match it.op() {
        SqlValueFunctionOp::SvfopCurrentDate => Some("current_date"),
        SqlValueFunctionOp::SvfopCurrentTimestamp => Some("current_timestamp"),
        SqlValueFunctionOp::SvfopCurrentUser => Some("current_user"),
        _ => None,
    }
}

fn simple_call(it: &protobuf::FuncCall, resolver: &Resolver<'_>) -> Result<Option<Normalised>, Unresolved> {
    let bare =
        it.agg_order.is_empty() && it.agg_filter.is_none() && it.over.is_none() && !it.agg_star && !it.agg_distinct && !it.func_variadic;
    if !bare || it.funcformat() != protobuf::CoercionForm::CoerceExplicitCall {
        return Ok(None);
    }
    let (schema, name) = split_name(&it.funcname);
    let plain_name = !name.is_empty() && name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_');
    if !plain_name || schema.as_deref().is_some_and(|it| it != PG_CATALOG) || !resolver.functions(None, &name).is_empty() {
        return Ok(None);
    }
    match it.args.as_slice() {
        [] if Builtin::get().functions(&name).iter().any(|it| it.arguments.is_empty()) && quote_identifier(&name) == name => {
            Ok(Some(Normalised::alone(Expression(format!("{name}()")))))
        }
        [argument] if name == "nextval" => Ok(sequence(argument, resolver)),
        _ => Ok(None),
    }
}

/// `nextval` of a sequence whose name needs no thought.
fn sequence(argument: &Node, resolver: &Resolver<'_>) -> Option<Normalised> {
    let literal = match argument.node.as_ref()? {
        NodeEnum::AConst(it) => it,
        NodeEnum::TypeCast(it) => {
            let (schema, name) = split_name(&it.type_name.as_ref()?.names);
            match it.arg.as_deref()?.node.as_ref()? {
                NodeEnum::AConst(it) if name == "regclass" && schema.is_none_or(|it| it == PG_CATALOG) => it,
                _ => return None,
            }
        }
        _ => return None,
    };
    let Some(a_const::Val::Sval(text)) = literal.val.as_ref() else { return None };
    let (schema, name) = match text.sval.split_once('.') {
        Some((schema, name)) => (Some(schema), name),
        None => (None, text.sval.as_str()),
    };
    let is_plain = |it: &str| {
        it.starts_with(|it: char| it.is_ascii_lowercase())
            && it.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
    };
    if !is_plain(name) || !schema.is_none_or(is_plain) {
        return None;
    }
    let identity = resolver.relation(schema, name).filter(|it| it.kind == Kind::Sequence)?;
    let text = format!("{}.{}", quote_identifier(&identity.schema), quote_identifier(&identity.name));
    if text.contains('\\') || text.contains('\'') {
        return None;
    }
    let alone = Normalised::alone(Expression(format!("nextval('{text}'::regclass)")));
    Some(Normalised { dependencies: [Dependency::on(identity.clone())].into(), ..alone })
}
