//! Expressions and queries in canonical SQL: one text for one meaning, whatever the search path was.
//!
//! [`expression`] and [`query`] take trees; [`rename_in_expression`] and [`rename_in_query`] take the canonical text again.
//! The text names everything outside `pg_catalog` by its schema, so it loads into a server with an empty search path, and
//! reading and printing it again gives the same bytes. What a tree needs (`pg_depend`) and what a query's columns are
//! comes out of the same pass.
//!
//! To add a node: [`walk`] must know its children, `value.rs` its type. Nothing here knows statements or keeps state.

mod analysis;
mod builtin;
mod call;
mod coerce;
mod from;
mod infer;
mod interval;
mod jsonpath;
mod literal;
mod nullable;
mod operation;
mod output_name;
mod print;
mod rename;
mod scope;
mod select;
mod value;
pub(crate) mod walk;

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::Node;

use crate::capture::script::resolve::{Resolver, Unresolved};
use crate::catalog::{DataType, Dependency, Expression, Query, ViewColumn};

use analysis::Analysis;
pub(crate) use output_name::index_column_name;
pub(crate) use rename::Rename;
pub(crate) use scope::{Scope, Why};

/// An expression in canonical SQL, and what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Normalised {
    /// The text.
    pub(crate) expression: Expression,
    /// What it names, the columns of its own relation included.
    pub(crate) dependencies: BTreeSet<Dependency>,
    /// The functions that it calls and that nothing makes.
    pub(crate) missing_functions: Vec<Unresolved>,
}

impl Normalised {
    /// An expression that needs nothing.
    fn alone(expression: Expression) -> Self {
        Self { expression, dependencies: BTreeSet::new(), missing_functions: Vec::new() }
    }
}

/// A query in canonical SQL, what it gives, and what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AnalysedQuery {
    /// The text, in which `*` is spelled out.
    pub(crate) query: Query,
    /// Its columns, named as the server names them.
    pub(crate) columns: Vec<ViewColumn>,
    /// What it names.
    pub(crate) dependencies: BTreeSet<Dependency>,
    /// The columns whose type can't be told, and why.
    pub(crate) problems: Vec<UnknownColumn>,
    /// The functions that it calls and that nothing makes.
    pub(crate) missing_functions: Vec<Unresolved>,
}

/// A column of a query whose type can't be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownColumn {
    /// Its name; `*` for columns that are not even known by name.
    pub(crate) column: String,
    /// Why, and where.
    pub(crate) why: Why,
}

/// Normalises an expression; one whose value goes into something of type `into` (a column, a parameter) as the server coerces it.
///
/// # Errors
/// If it names a relation, column or type that is not there.
pub(crate) fn expression(node: &Node, resolver: &Resolver<'_>, scope: &Scope, into: Option<&DataType>) -> Result<Normalised, Unresolved> {
    if let Some(simple) = print::simple(node, resolver)? {
        return Ok(simple);
    }
    let mut tree = node.clone();
    let mut analysis = Analysis::new(*resolver, scope);
    analysis.value(&mut tree)?;
    if let Some(into) = into {
        analysis.assign(&mut tree, into)?;
    }
    let Analysis { dependencies, missing_functions, .. } = analysis;
    Ok(Normalised { expression: Expression(print::expression(tree)), dependencies, missing_functions })
}

/// Whether an extension has an operator of that name between operands of these types; none where its catalog isn't known.
pub(crate) fn extension_has_operator(extension: &str, name: &str, operands: &[DataType]) -> Option<bool> {
    let known = builtin::Builtin::extension(extension)?;
    let is = |declared: &str, it: &DataType| {
        let element = declared.strip_prefix('_');
        it.name.name == element.unwrap_or(declared) && it.array == element.is_some()
    };
    let matches = |it: &builtin::Operator| match operands {
        [left, right] => it.left.is_some_and(|declared| is(declared, left)) && is(it.right, right),
        [right] => it.left.is_none() && is(it.right, right),
        _ => false,
    };
    Some(known.operators(name).iter().any(matches))
}

/// Analyses the query of a view, or a statement of a rule, whose `OLD` and `NEW` are the scope.
///
/// # Errors
/// If it names a relation, column or type that is not there.
pub(crate) fn query(node: &Node, resolver: &Resolver<'_>, scope: &Scope) -> Result<AnalysedQuery, Unresolved> {
    let mut tree = node.clone();
    let mut analysis = Analysis::new(*resolver, scope);
    let found = analysis.query(Some(&mut tree))?;
    let mut problems = Vec::new();
    let mut columns = Vec::with_capacity(found.len());
    for scope::Column { name, typed, .. } in found {
        if let Some(why) = typed.why.filter(|_| typed.data_type.is_none()) {
            problems.push(UnknownColumn { column: name.clone(), why });
        }
        columns.push(ViewColumn { not_null: typed.not_null, ..ViewColumn::new(name, typed.data_type) });
    }
    if analysis.open_output {
        let reason = "a `*` stands for columns that are not known".to_owned();
        problems.push(UnknownColumn { column: "*".to_owned(), why: Why { reason, location: -1 } });
    }
    let Analysis { dependencies, missing_functions, .. } = analysis;
    Ok(AnalysedQuery { query: Query(print::statement(tree)), columns, dependencies, problems, missing_functions })
}

/// An expression's text after renames; none if it stays as it is. `resolver` and `scope` are those of the time before, `into` as for
/// [`expression`].
pub(crate) fn rename_in_expression(
    text: &Expression,
    rename: &Rename,
    resolver: &Resolver<'_>,
    scope: &Scope,
    into: Option<&DataType>,
) -> Option<Expression> {
    if !rename.may_touch(&text.0) {
        return None;
    }
    let mut tree = print::parse_expression(&text.0)?;
    let mut analysis = renaming(rename, resolver, scope, &tree);
    analysis.value(&mut tree).ok()?;
    if let Some(into) = into {
        analysis.assign(&mut tree, into).ok()?;
    }
    Some(Expression(print::expression(tree))).filter(|it| it != text)
}

/// A query's text after a rename; its columns keep their names. None if it stays as it is. The text may also be the body
/// of a routine in SQL (`RETURN …`, `BEGIN ATOMIC … END`). `resolver` and `scope` are those of the time before.
pub(crate) fn rename_in_query(text: &str, rename: &Rename, resolver: &Resolver<'_>, scope: &Scope) -> Option<String> {
    if !rename.may_touch(text) {
        return None;
    }
    let renamed = match print::parse_body(text) {
        Some(mut body) => {
            let mut analysis = renaming(rename, resolver, scope, &body);
            analysis.body(&mut body).ok()?;
            print::body(body)
        }
        None => {
            let mut tree = print::parse_statement(text)?;
            let mut analysis = renaming(rename, resolver, scope, &tree);
            analysis.query(Some(&mut tree)).ok()?;
            print::statement(tree)
        }
    };
    Some(renamed).filter(|it| it != text)
}

fn renaming<'a>(rename: &'a Rename, resolver: &Resolver<'a>, scope: &Scope, tree: &Node) -> Analysis<'a> {
    let mut analysis = Analysis::new(*resolver, scope);
    analysis.lenient = true;
    analysis.rename = Some(rename);
    if let Rename::Column { from, .. } = rename {
        // USING and NATURAL join by name: inside such a query the relation's columns keep their old names.
        walk::walk(tree, &mut |node| {
            if let NodeEnum::JoinExpr(join) = node {
                let using = crate::capture::script::resolve::strings(&join.using_clause);
                analysis.pin_columns |= join.is_natural || using.contains(&from.as_str());
            }
        });
    }
    analysis
}

/// A canonical query with those names for its columns.
pub(crate) fn name_columns(text: &Query, names: &[&str]) -> Query {
    match print::parse_statement(&text.0) {
        Some(Node { node: Some(NodeEnum::SelectStmt(mut select)) }) => {
            select::name_columns(&mut select, names);
            Query(print::statement(Node { node: Some(NodeEnum::SelectStmt(select)) }))
        }
        _ => text.clone(),
    }
}

/// A canonical expression cast to a type.
pub(crate) fn cast(text: &Expression, to: &DataType) -> Expression {
    let Some(tree) = print::parse_expression(&text.0) else { return text.clone() };
    let names = analysis::type_names(&to.name, true);
    let mut type_name = pg_query::protobuf::TypeName { names, typemod: -1, location: -1, ..Default::default() };
    if to.array {
        type_name.array_bounds.push(coerce::any_bound());
    }
    Expression(print::expression(coerce::cast(tree, type_name)))
}

/// The operator class of PostgreSQL's own that an index of an access method has on a type where none is named.
pub(crate) fn default_operator_class(method: &str, data_type: &str) -> Option<&'static str> {
    builtin::Builtin::get().default_operator_class(method, data_type)
}

/// Whether an operator class of PostgreSQL's own is the default for some type: all that can be said where the type is unknown.
pub(crate) fn is_default_for_some_type(method: &str, class: &str) -> bool {
    builtin::Builtin::get().is_default_for_some_type(method, class)
}

/// The names of the operator classes that PostgreSQL itself has for an access method, sorted.
pub(crate) fn operator_classes(method: &str) -> Vec<&'static str> {
    sorted(builtin::Builtin::get().operator_classes(method))
}

/// The names of the collations that PostgreSQL has on all machines, sorted.
pub(crate) fn collations() -> Vec<&'static str> {
    sorted(builtin::Builtin::get().collations())
}

fn sorted(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether PostgreSQL itself has a function of that name.
pub(crate) fn is_builtin_function(name: &str) -> bool {
    !builtin::Builtin::get().functions(name).is_empty()
}

/// What a function of PostgreSQL's own returns whose first argument has that type; `None` where that depends on the call.
pub(crate) fn builtin_result(name: &str, first: &DataType) -> Option<DataType> {
    let internal = |it: &str| match it.strip_prefix('_') {
        Some(element) => DataType { array: true, ..DataType::builtin(element) },
        None => DataType::builtin(it),
    };
    let functions = builtin::Builtin::get().functions(name).iter();
    let mut fitting = functions.filter(|it| it.arguments.first().is_some_and(|it| internal(it) == *first)).map(|it| it.result);
    let result = fitting.next().filter(|it| !it.starts_with("any"))?;
    fitting.all(|it| it == result).then(|| internal(result))
}

/// The tree of a canonical query.
pub(crate) fn parse_query(text: &Query) -> Option<Node> {
    print::parse_statement(&text.0)
}

/// The tree of a canonical expression.
pub(crate) fn parse_expression(text: &Expression) -> Option<Node> {
    print::parse_expression(&text.0)
}

#[cfg(test)]
mod tests;
