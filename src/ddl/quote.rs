//! Names and strings as SQL spells them.

use crate::catalog::{Expression, QualifiedName};

/// Spells a name so that PostgreSQL reads it back unchanged: in double quotes, unless it is lower-case letters, digits,
/// `_` (and `$` within) and no keyword but an unreserved one (`src/backend/utils/adt/ruleutils.c`, `quote_identifier`).
pub fn quote_identifier(name: &str) -> String {
    let bytes = name.as_bytes();
    let plain = bytes.first().is_some_and(|first| first.is_ascii_lowercase() || *first == b'_')
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_' || *byte == b'$');
    if plain && KEYWORDS.binary_search(&name).is_err() { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Spells a string constant, with `E` before it where it has a backslash, so that it means the same whatever
/// `standard_conforming_strings` says (`src/backend/utils/adt/quote.c`, `quote_literal`).
pub fn quote_literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

/// Spells a text of many lines between dollar signs, with the shortest tag that doesn't stand in it.
pub(super) fn dollar_quote(text: &str) -> String {
    let mut tag = "$$".to_owned();
    // Not just "contains": a text that ends in `$` would end the quote one character early.
    while !text.is_empty() && format!("{text}{tag}").find(&tag) != Some(text.len()) {
        tag = if tag == "$$" { "$body$".to_owned() } else { format!("{}_$", &tag[..tag.len() - 1]) };
    }
    format!("{tag}{text}{tag}")
}

/// Spells a name with its schema. PostgreSQL's own objects go without: every `search_path` begins with `pg_catalog`.
pub(super) fn name(name: &QualifiedName) -> String {
    qualified(&name.schema, &name.name)
}

/// [`name`] of a schema and a name that stand apart.
pub(super) fn qualified(schema: &str, name: &str) -> String {
    if schema.is_empty() || schema == crate::catalog::PG_CATALOG {
        return quote_identifier(name);
    }
    format!("{}.{}", quote_identifier(schema), quote_identifier(name))
}

/// Spells an operator where a plain name of one can't stand: `OPERATOR(s.+)`. PostgreSQL's own stand as they are.
pub(super) fn operator(operator: &QualifiedName) -> String {
    if operator.is_builtin() || operator.schema.is_empty() {
        return operator.name.clone();
    }
    format!("OPERATOR({})", operator_name(operator))
}

/// Spells an operator's name where SQL expects one: `s.+`.
pub(super) fn operator_name(operator: &QualifiedName) -> String {
    if operator.is_builtin() || operator.schema.is_empty() {
        return operator.name.clone();
    }
    format!("{}.{}", quote_identifier(&operator.schema), operator.name)
}

/// Spells names one after the other: `a, b`.
pub(super) fn identifiers<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    list(names, |name| quote_identifier(name))
}

/// Spells things one after the other, separated by commas.
pub(super) fn list<T>(items: impl IntoIterator<Item = T>, spell: impl FnMut(T) -> String) -> String {
    items.into_iter().map(spell).collect::<Vec<_>>().join(", ")
}

/// An expression where the grammar takes only simple ones: in parentheses, once.
pub(super) fn parenthesised(expression: &Expression) -> String {
    format!("({})", expression.0)
}

/// An expression after `DEFAULT` of a column or a domain, where the grammar takes no operators of words
/// (`b_expr`): in parentheses, unless it is a constant, a call or a cast of one.
pub(super) fn default_expression(expression: &Expression) -> String {
    if is_simple(&expression.0) { expression.0.clone() } else { parenthesised(expression) }
}

/// Whether nothing stands outside of quotes, parentheses and brackets but one word, and perhaps the type that it is cast to.
fn is_simple(text: &str) -> bool {
    let (mut outside, mut depth, mut quote) = (String::new(), 0_usize, None);
    for character in text.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, _) if depth == 0 => outside.push(character),
            (None, _) => {}
        }
    }
    let (value, of) = outside.split_once("::").unwrap_or((&outside, ""));
    let is_type = of.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || matches!(it, '_' | ' ' | '.' | ':'));
    is_type && value.chars().all(|it| it.is_alphanumeric() || matches!(it, '_' | '.' | '$' | '-'))
}

/// Every keyword of PostgreSQL 13 to 18 that is not unreserved (`src/include/parser/kwlist.h`), sorted.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "between", "bigint", "binary", "bit",
    "boolean", "both", "case", "cast", "char", "character", "check", "coalesce", "collate", "collation", "column", "concurrently",
    "constraint", "create", "cross", "current_catalog", "current_date", "current_role", "current_schema", "current_time",
    "current_timestamp", "current_user", "dec", "decimal", "default", "deferrable", "desc", "distinct", "do", "else", "end", "except",
    "exists", "extract", "false", "fetch", "float", "for", "foreign", "freeze", "from", "full", "grant", "greatest", "group", "grouping",
    "having", "ilike", "in", "initially", "inner", "inout", "int", "integer", "intersect", "interval", "into", "is", "isnull", "join",
    "json", "json_array", "json_arrayagg", "json_exists", "json_object", "json_objectagg", "json_query", "json_scalar", "json_serialize",
    "json_table", "json_value", "lateral", "leading", "least", "left", "like", "limit", "localtime", "localtimestamp", "merge_action",
    "national", "natural", "nchar", "none", "normalize", "not", "notnull", "null", "nullif", "numeric", "offset", "on", "only", "or",
    "order", "out", "outer", "overlaps", "overlay", "placing", "position", "precision", "primary", "real", "references", "returning",
    "right", "row", "select", "session_user", "setof", "similar", "smallint", "some", "substring", "symmetric", "system_user", "table",
    "tablesample", "then", "time", "timestamp", "to", "trailing", "treat", "trim", "true", "union", "unique", "user", "using", "values",
    "varchar", "variadic", "verbose", "when", "where", "window", "with", "xmlattributes", "xmlconcat", "xmlelement", "xmlexists",
    "xmlforest", "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_must_be() {
        let check = |name, expected: &str| assert_eq!(quote_identifier(name), expected);
        check("users", "users");
        check("_a$1", "_a$1");
        check("1a", "\"1a\"");
        check("$a", "\"$a\"");
        check("Users", "\"Users\"");
        check("größe", "\"größe\"");
        check("a b", "\"a b\"");
        check("a\"b", "\"a\"\"b\"");
        check("", "\"\"");
        check("user", "\"user\"");
        check("order", "\"order\"");
        check("json", "\"json\"");
        check("name", "name");
        check("merge", "merge");
    }

    #[test]
    fn keywords_are_sorted_and_the_parser_agrees() {
        assert!(KEYWORDS.is_sorted());
        for word in KEYWORDS {
            let tokens = pg_query::scan(word).expect("a keyword is a token").tokens;
            assert!(tokens[0].keyword_kind > 1, "{word} needs no quotes");
        }
    }

    #[test]
    fn strings_keep_quotes_and_backslashes() {
        let check = |text, expected: &str| assert_eq!(quote_literal(text), expected);
        check("", "''");
        check("it's", "'it''s'");
        check("a\\b'c", "E'a\\\\b''c'");
        check("a\nb", "'a\nb'");
    }

    #[test]
    fn defaults_stand_in_parentheses_where_the_grammar_wants_them() {
        let check = |text: &str, simple| assert_eq!(is_simple(text), simple, "{text}");
        check("1", true);
        check("-1", true);
        check("'it''s (x'::character varying", true);
        check("now()", true);
        check("s.f(a, b + 1)::timestamp(3) without time zone", true);
        check("ARRAY[]::text[]", true);
        check("CURRENT_TIMESTAMP", true);
        check("now() AT TIME ZONE 'utc'::text", false);
        check("'a'::text || 'b'::text", false);
        check("'a'::text COLLATE \"C\"", false);
        check("1 + 1", false);
        check("'x'::text IS NULL", false);
    }

    #[test]
    fn bodies_find_a_tag_of_their_own() {
        let check = |text, expected: &str| assert_eq!(dollar_quote(text), expected);
        check("", "$$$$");
        check("SELECT 1", "$$SELECT 1$$");
        check("SELECT $$a$$", "$body$SELECT $$a$$$body$");
        check("a$", "$body$a$$body$");
        check("a$body", "$$a$body$$");
        check("$$ a$body", "$body_$$$ a$body$body_$");
        check("$$ $body$", "$body_$$$ $body$$body_$");
    }
}
