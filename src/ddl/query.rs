//! Queries laid out for people: a clause a line, as reviewers of a snapshot's text want them.

use pg_query::protobuf::{Node, SelectStmt};
use pg_query::{DeparseOptions, NodeEnum};

use crate::catalog::{Query, ViewColumn};

/// A query as the body of a statement.
pub(super) struct Body {
    /// The text, laid out where that surely keeps its meaning.
    pub(super) text: String,
    /// The names of its columns, where the query says all of them.
    names: Option<Vec<String>>,
}

impl Body {
    /// Looks into a query. What doesn't parse stays as it is.
    pub(super) fn of(query: &Query) -> Self {
        let plain = query.0.trim().trim_end_matches(';').to_owned();
        let Ok(parsed) = pg_query::parse(&plain, pg_query::ParserOptions::DEFAULT) else { return Self { text: plain, names: None } };
        let statement = parsed.protobuf.stmts.first().and_then(|it| it.stmt.as_ref()).and_then(|it| it.node.as_ref());
        let names = match statement {
            Some(NodeEnum::SelectStmt(select)) => names(select),
            _ => None,
        };
        let options = DeparseOptions { pretty_print: true, indent_size: 4, max_line_length: 100, ..DeparseOptions::default() };
        let pretty = pg_query::deparse(&parsed.protobuf, options).ok().filter(|pretty| says_the_same(pretty, &plain));
        Self { text: pretty.unwrap_or(plain), names }
    }

    /// Whether the query gives its columns these names by itself.
    pub(super) fn names_all(&self, columns: &[ViewColumn]) -> bool {
        self.names.as_ref().is_some_and(|names| names.iter().eq(columns.iter().map(|column| &column.name)))
    }
}

/// Whether two texts have the same tree, so that neither says less.
fn says_the_same(one: &str, other: &str) -> bool {
    let canonical = |text: &str| {
        let parsed = pg_query::parse(text, pg_query::ParserOptions::DEFAULT).ok()?;
        pg_query::deparse(&parsed.protobuf, DeparseOptions::default()).ok()
    };
    matches!((canonical(one), canonical(other)), (Some(one), Some(other)) if one == other)
}

/// The names that the columns of a query have without a list of names before it.
fn names(select: &SelectStmt) -> Option<Vec<String>> {
    // A UNION has the names of its first branch.
    if let Some(first) = select.larg.as_deref() {
        return names(first);
    }
    let targets = select.target_list.iter().map(|target| match &target.node {
        Some(NodeEnum::ResTarget(it)) if !it.name.is_empty() => Some(it.name.clone()),
        Some(NodeEnum::ResTarget(it)) => name_of(it.val.as_deref()?),
        _ => None,
    });
    let targets: Option<Vec<String>> = targets.collect();
    targets.filter(|names| !names.is_empty())
}

/// The name of an expression's column in the plain cases (`src/backend/parser/parse_target.c`, `FigureColname`).
fn name_of(value: &Node) -> Option<String> {
    let last = |names: &[Node]| match names.last().and_then(|it| it.node.as_ref()) {
        Some(NodeEnum::String(it)) => Some(it.sval.clone()),
        _ => None,
    };
    match value.node.as_ref()? {
        NodeEnum::ColumnRef(it) => last(&it.fields),
        NodeEnum::FuncCall(it) => last(&it.funcname),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_have_lines_of_their_own() {
        let body = Body::of(&Query("SELECT t.a, t.b AS c FROM s.t WHERE t.a > 1 AND t.b = 'x'".to_owned()));
        assert!(body.text.lines().count() > 2, "{}", body.text);
        let named = |names: &[&str]| names.iter().map(|name| ViewColumn::new(*name, None)).collect::<Vec<_>>();
        assert!(body.names_all(&named(&["a", "c"])));
        assert!(!body.names_all(&named(&["a", "b"])));
    }

    #[test]
    fn what_does_not_parse_stays() {
        let body = Body::of(&Query("SELECT FROM WHERE ;".to_owned()));
        assert_eq!(body.text, "SELECT FROM WHERE ");
    }

    #[test]
    fn columns_without_names_are_not_guessed() {
        let check = |query: &str| assert!(Body::of(&Query(query.to_owned())).names.is_none(), "{query}");
        check("SELECT * FROM s.t");
        check("SELECT t.* FROM s.t");
        check("SELECT 1 + 1");
        check("VALUES (1)");
    }
}
