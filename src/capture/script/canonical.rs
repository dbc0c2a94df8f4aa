//! Expressions and queries of statements in canonical SQL, with what they need: the way from the replay to `expression`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::Node;

pub(crate) use crate::capture::expression::Rename;
use crate::capture::expression::{self, Scope, UnknownColumn};
use crate::catalog::{DataType, Dependency, Expression, Identity, Kind, Query, ViewColumn};
use crate::ddl;

use super::Problem;
use super::resolve::Unresolved;
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
    /// The columns whose type can't be told, and why.
    pub(crate) problems: Vec<UnknownColumn>,
}

/// An expression whose columns are those of `relation`.
pub(crate) fn expression(state: &State<'_>, node: &Node, relation: Option<&Identity>) -> Result<Canonical, Problem> {
    expression_in(state, node, &Scope::from(relation))
}

/// An expression that may name what `scope` has.
pub(crate) fn expression_in(state: &State<'_>, node: &Node, scope: &Scope) -> Result<Canonical, Problem> {
    assigned_in(state, node, scope, None)
}

/// An expression whose value goes into something of that type: a column, a parameter.
pub(crate) fn assigned(state: &State<'_>, node: &Node, relation: Option<&Identity>, into: &DataType) -> Result<Canonical, Problem> {
    assigned_in(state, node, &Scope::from(relation), Some(into))
}

fn assigned_in(state: &State<'_>, node: &Node, scope: &Scope, into: Option<&DataType>) -> Result<Canonical, Problem> {
    let normalised = expression::expression(node, &state.resolver(), &as_strict_as(state, scope), into)?;
    state.miss_functions(normalised.missing_functions);
    Ok(Canonical { expression: normalised.expression, dependencies: normalised.dependencies })
}

/// The scope, in which names that mean nothing are taken as the state takes them.
fn as_strict_as<'s>(state: &State<'_>, scope: &'s Scope) -> Cow<'s, Scope> {
    if state.is_lenient() { Cow::Owned(scope.clone().lenient()) } else { Cow::Borrowed(scope) }
}

/// The query of a view.
pub(crate) fn query(state: &State<'_>, node: &Node) -> Result<CanonicalQuery, Problem> {
    query_in(state, node, &Scope::none())
}

/// A query or a statement that may name what `scope` has.
pub(crate) fn query_in(state: &State<'_>, node: &Node, scope: &Scope) -> Result<CanonicalQuery, Problem> {
    let analysed = expression::query(node, &state.resolver(), &as_strict_as(state, scope))?;
    // Of a column's own function is told with the column.
    let told = |it: &Unresolved| analysed.problems.iter().any(|problem| Some(problem.why.location) == it.location);
    state.miss_functions(analysed.missing_functions.into_iter().filter(|it| !told(it)));
    Ok(CanonicalQuery {
        query: analysed.query,
        columns: analysed.columns,
        dependencies: analysed.dependencies,
        problems: analysed.problems,
    })
}

/// A default: as an expression, but a bare NULL is none. PostgreSQL src/backend/catalog/heap.c, AddRelationNewConstraints.
///
/// Where the type has modifiers or is a domain, or NULL is cast to another type, the server wraps it into a coercion, which is no
/// bare NULL any more, and keeps it.
pub(crate) fn default(state: &State<'_>, node: &Node, relation: Option<&Identity>, of: &DataType) -> Result<Option<Canonical>, Problem> {
    if !is_null(node) {
        return assigned(state, node, relation, of).map(Some);
    }
    let cast = match &node.node {
        Some(NodeEnum::TypeCast(it)) => it.type_name.as_ref().and_then(|it| state.resolver().data_type(it).ok()),
        _ => None,
    };
    let given = state.resolver().base_type(&cast.unwrap_or_else(|| of.clone())).without_modifiers();
    if of.modifiers.is_empty() && given.name == of.name {
        return Ok(None);
    }
    let mut dependencies = BTreeSet::new();
    state.type_dependencies(&given, &mut dependencies);
    Ok(Some(Canonical { expression: Expression(format!("NULL::{}", ddl::data_type(&given))), dependencies }))
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
    needs_of_value(state, text, relation, None)
}

/// What a canonical expression needs on its way into a column or a domain.
pub(crate) fn needs_of_value(
    state: &State<'_>,
    text: &Expression,
    relation: Option<&Identity>,
    into: Option<&DataType>,
) -> BTreeSet<Dependency> {
    let scope = relation.map_or_else(Scope::none, |it| Scope::relation(it).with_old_and_new(it)).lenient();
    expression::parse_expression(text)
        .and_then(|node| assigned_in(state, &node, &scope, into).ok())
        .map(|it| it.dependencies)
        .unwrap_or_default()
}

/// What the check of a domain over a type needs.
pub(crate) fn needs_of_demand(state: &State<'_>, text: &Expression, base: &DataType) -> BTreeSet<Dependency> {
    let read = expression::parse_expression(text).and_then(|node| expression_in(state, &node, &Scope::value(base.clone())).ok());
    read.map(|it| it.dependencies).unwrap_or_default()
}

/// The default of a `serial` column.
pub(crate) fn nextval(state: &State<'_>, sequence: &Identity) -> Result<Canonical, Problem> {
    let name = format!("{}.{}", quote(&sequence.schema), quote(&sequence.name)).replace('\'', "''");
    let text = Expression(format!("nextval('{name}'::regclass)"));
    let node = expression::parse_expression(&text).ok_or_else(|| Problem::new("the default of a serial column is not understood"))?;
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
    expression::index_column_name(node)
}

/// The same of a canonical expression.
pub(crate) fn column_name_of(text: &Expression) -> Option<String> {
    column_name(&expression::parse_expression(text)?)
}

/// Puts a rename into an expression, whose value goes into something of type `into`, if into anything.
pub(crate) fn rename_in_expression(
    state: &State<'_>,
    expression: &mut Expression,
    relation: Option<&Identity>,
    of: &Identity,
    rename: &Rename,
    into: Option<&DataType>,
) {
    // Triggers and rules see their relation as OLD and NEW only.
    let scope = match relation {
        Some(relation) if matches!(of.kind, Kind::Trigger | Kind::Rule) => Scope::old_and_new(relation),
        relation => Scope::from(relation),
    };
    // Only constants change with what takes them.
    let into = into.filter(|_| matches!(rename, Rename::Label { .. }));
    if let Some(renamed) = expression::rename_in_expression(expression, rename, &state.resolver(), &scope, into) {
        *expression = renamed;
    }
}

/// A query's text after a rename.
pub(crate) fn rename_in_query(state: &State<'_>, text: &str, rename: &Rename) -> String {
    expression::rename_in_query(text, rename, &state.resolver(), &Scope::none()).unwrap_or_else(|| text.to_owned())
}
