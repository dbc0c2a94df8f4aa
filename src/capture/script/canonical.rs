//! Expressions and queries of statements in canonical SQL, with what they need: the way from the replay to `expression`.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{self, Node};

use crate::catalog::{Dependency, Expression, Identity, Query, ViewColumn};

use super::Problem;
use super::state::State;

/// An expression in canonical SQL, and what it needs.
#[derive(Clone, Debug)]
pub(crate) struct Canonical {
    pub(crate) expression: Expression,
    pub(crate) dependencies: BTreeSet<Dependency>,
}

/// A query in canonical SQL, its columns, and what it needs.
#[derive(Clone, Debug)]
pub(crate) struct CanonicalQuery {
    pub(crate) query: Query,
    pub(crate) columns: Vec<ViewColumn>,
    pub(crate) dependencies: BTreeSet<Dependency>,
}

/// An expression whose columns are those of `relation`.
pub(crate) fn expression(state: &State<'_>, node: &Node, relation: Option<&Identity>) -> Result<Canonical, Problem> {
    let target =
        Node { node: Some(NodeEnum::ResTarget(Box::new(protobuf::ResTarget { val: Some(Box::new(node.clone())), ..Default::default() }))) };
    let select = protobuf::SelectStmt { target_list: vec![target], limit_option: 1, op: 1, ..Default::default() };
    let text =
        NodeEnum::SelectStmt(Box::new(select)).deparse(pg_query::DeparseOptions::default()).map_err(|it| Problem::new(it.to_string()))?;
    let text = text.strip_prefix("SELECT ").unwrap_or(&text).to_owned();
    let mut dependencies = BTreeSet::new();
    if let Some(relation) = relation
        && let Ok(tokens) = pg_query::scan(&text)
    {
        let words: Vec<&str> = tokens.tokens.iter().map(|it| text[it.start as usize..it.end as usize].trim_matches('"')).collect();
        for column in state.resolver().columns(relation) {
            if words.contains(&column.name.as_str()) {
                dependencies.insert(Dependency::on_column(relation.clone(), column.name));
            }
        }
    }
    Ok(Canonical { expression: Expression(text), dependencies })
}

/// The query of a view.
pub(crate) fn query(_state: &State<'_>, node: &Node) -> Result<CanonicalQuery, Problem> {
    let text = node
        .node
        .as_ref()
        .map(|it| it.deparse(pg_query::DeparseOptions::default()))
        .transpose()
        .map_err(|it| Problem::new(it.to_string()))?
        .unwrap_or_default();
    Ok(CanonicalQuery { query: Query(text), columns: Vec::new(), dependencies: BTreeSet::new() })
}

/// A default: as an expression, but a bare NULL is none. PostgreSQL src/backend/catalog/heap.c, AddRelationNewConstraints.
pub(crate) fn default(state: &State<'_>, node: &Node, relation: Option<&Identity>) -> Result<Option<Canonical>, Problem> {
    if is_null(node) { Ok(None) } else { expression(state, node, relation).map(Some) }
}

fn is_null(node: &Node) -> bool {
    match &node.node {
        Some(NodeEnum::AConst(it)) => it.isnull,
        Some(NodeEnum::TypeCast(it)) => it.arg.as_deref().is_some_and(is_null),
        _ => false,
    }
}

/// What a canonical expression needs: told again from its text, in which every name is qualified.
pub(crate) fn needs(state: &State<'_>, text: &Expression, relation: Option<&Identity>) -> BTreeSet<Dependency> {
    parse(text).and_then(|node| expression(state, &node, relation).ok()).map(|it| it.dependencies).unwrap_or_default()
}

/// The tree of a canonical expression.
fn parse(text: &Expression) -> Option<Node> {
    let parsed = pg_query::parse(&format!("SELECT {}", text.0), pg_query::ParserOptions::default()).ok()?;
    let statement = parsed.protobuf.stmts.into_iter().next()?.stmt?;
    let Some(NodeEnum::SelectStmt(select)) = statement.node else { return None };
    match select.target_list.into_iter().next()?.node? {
        NodeEnum::ResTarget(target) => target.val.map(|it| *it),
        _ => None,
    }
}

/// The default of a `serial` column.
pub(crate) fn nextval(state: &State<'_>, sequence: &Identity) -> Result<Canonical, Problem> {
    let name = format!("{}.{}", quote(&sequence.schema), quote(&sequence.name)).replace('\'', "''");
    let text = Expression(format!("pg_catalog.nextval('{name}'::pg_catalog.regclass)"));
    let node = parse(&text).ok_or_else(|| Problem::new("the default of a serial column is not understood"))?;
    let mut canonical = expression(state, &node, None)?;
    canonical.dependencies.insert(Dependency::on(sequence.clone()));
    Ok(canonical)
}

/// An identifier as SQL; quoted wherever that could be needed.
fn quote(name: &str) -> String {
    let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    if name.chars().all(plain) && !name.starts_with(|it: char| it.is_ascii_digit()) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// The name that an expression gives to a column of an index.
pub(crate) fn column_name(node: &Node) -> Option<String> {
    match node.node.as_ref()? {
        NodeEnum::FuncCall(it) => super::resolve::strings(&it.funcname).last().map(|it| (*it).to_owned()),
        _ => None,
    }
}

/// The same of a canonical expression.
pub(crate) fn column_name_of(text: &Expression) -> Option<String> {
    column_name(&parse(text)?)
}

/// A rename, for the texts that may say the old name.
#[derive(Clone, Debug)]
pub(crate) enum Rename {
    /// An object of a schema gets another name, another schema, or both.
    Object { from: Identity, to: crate::catalog::QualifiedName },
    /// A column of a relation.
    Column { relation: Identity, from: String, to: String },
    /// A schema, or what an extension has in it.
    Schema { from: String, to: String, within: Option<Identity> },
}

pub(crate) fn rename_in_expression(
    _state: &State<'_>,
    text: &str,
    _relation: Option<&Identity>,
    _of: &Identity,
    _rename: &Rename,
) -> String {
    text.to_owned()
}

pub(crate) fn rename_in_query(_state: &State<'_>, text: &str, _rename: &Rename) -> String {
    text.to_owned()
}
