//! What is wrong with a statement that the grammar refuses: where, and what was expected there.
//!
//! libpg_query gives a message without a place. The place is found by parsing ever better chosen beginnings of the
//! statement: the grammar reads from left to right, so the shortest beginning with the same message ends with the token at
//! fault. What was expected is found by asking the grammar which tokens could stand there instead; where those are too
//! many to name, `sqlparser`, an independent parser, often words it better, if it stumbles over the same token.

use std::sync::LazyLock;

use pg_query::protobuf::{KeywordKind, Token};
use sqlparser::dialect::PostgreSqlDialect;

use super::parse_sql;
use crate::capture::keywords::KEYWORDS;
use crate::diagnostic::nearest;

/// The message for a statement that is nested deeper than the parser can hold.
pub(super) const TOO_DEEP: &str = "the statement is nested too deeply";

/// A syntax error at some bytes of a statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) offset: usize,
    pub(super) length: usize,
}

/// The longest beginning of a statement that is tried with every token.
const PROBED_BYTES: usize = 4096;

/// The longest statement that `sqlparser` is asked about.
const SECOND_OPINION_BYTES: usize = 65_536;

/// The most alternatives that are listed.
const LISTED: usize = 5;

/// Finds the place of an error, and says what was expected there.
pub(super) fn explain(sql: &str, message: &str) -> SyntaxError {
    let mut error = locate(sql, message);
    let prefix = sql[..error.offset].trim_end();
    let found = &sql[error.offset..error.offset + error.length];
    if !message.starts_with("syntax error") {
        return error;
    }
    if let Some(variable) = psql_variable(&sql[error.offset..]) {
        error.message = format!("the psql variable `{variable}` has no value here");
        error.length = variable.len();
        error.hint = Some("write the value, or let psql fill in the variables and read what comes of it".to_owned());
        return error;
    }
    if let Some(placeholder) = sql[error.offset..].strip_prefix("${").and_then(|it| it.split_once('}')).map(|(name, _)| name) {
        error.message = format!("the placeholder `${{{placeholder}}}` has no value here");
        error.length = placeholder.len() + 3;
        error.hint = Some("give the text as the migration tool would run it".to_owned());
        return error;
    }
    let alternatives = if prefix.len() <= PROBED_BYTES { alternatives(prefix) } else { Vec::new() };
    error.hint = hint(sql, &error, found, &alternatives);
    let expected = if (1..=LISTED).contains(&alternatives.len()) {
        Some(list(&alternatives))
    } else {
        second_opinion(sql, error.offset).or_else(|| {
            let marks: Vec<&str> = alternatives.iter().copied().filter(|it| matches!(*it, "," | ")" | "(" | ";")).collect();
            let others = alternatives.len() - marks.len();
            (!marks.is_empty())
                .then(|| format!("{} or one of {others} others", marks.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")))
        })
    };
    if let Some(expected) = expected {
        error.message = format!("{}: expected {expected}", error.message);
    }
    error
}

/// Finds the place of an error.
pub(super) fn locate(sql: &str, message: &str) -> SyntaxError {
    let whole = |message: String| SyntaxError { message, hint: None, offset: 0, length: sql.len() };
    if message == TOO_DEEP {
        return whole(message.to_owned());
    }
    let tokens = tokens(sql);
    if message.ends_with("at end of input") {
        return SyntaxError { message: "syntax error at the end of the statement".to_owned(), hint: None, offset: sql.len(), length: 0 };
    }
    // The shortest beginning with the same message: the grammar has read no further when it gives up.
    let refused = |count: usize| parse_sql(&sql[..tokens[count - 1].1]).is_err_and(|it| it == message);
    let (mut low, mut high) = (0, tokens.len());
    while low + 1 < high {
        let middle = low.midpoint(high);
        if refused(middle) { high = middle } else { low = middle }
    }
    let Some((start, end)) = high.checked_sub(1).and_then(|last| tokens.get(last)).copied() else { return whole(message.to_owned()) };
    let message = match message.split_once(" at or near ") {
        Some((what, _)) => format!("{what} at `{}`", sql[start..end].lines().next().unwrap_or_default()),
        None => message.replace('"', "`"),
    };
    SyntaxError { message, hint: None, offset: start, length: end - start }
}

/// Words that PostgreSQL 16, 17 and 18 made keywords; what older servers print has them bare as names. Sorted.
const NEWER_KEYWORDS: [&str; 17] = [
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_table",
    "json_value",
    "merge_action",
    "normalize",
    "system_user",
    "xmlexists",
    "xmlnamespaces",
    "xmltable",
];

/// The most names that are quoted in one statement.
const QUOTED: usize = 32;

/// The statement with names in quotes that were no keywords in older majors, if that is what the grammar stumbles over.
pub(super) fn quote_newer_keywords(sql: &str, message: &str) -> Option<String> {
    let is_newer = |word: &str| NEWER_KEYWORDS.binary_search(&word.to_ascii_lowercase().as_str()).is_ok();
    if !message.starts_with("syntax error at or near") || !NEWER_KEYWORDS.iter().any(|it| contains_word(sql, it)) {
        return None;
    }
    let mut sql = sql.to_owned();
    let mut message = message.to_owned();
    for _ in 0..QUOTED {
        let at = locate(&sql, &message).offset;
        let tokens = tokens(&sql);
        let last = tokens.partition_point(|(start, _)| *start <= at);
        // The name itself, or what follows a name that was taken for a keyword.
        let suspects = tokens[last.saturating_sub(2)..last].iter().filter(|(start, end)| is_newer(&sql[*start..*end]));
        let quoted = |(start, end): &(usize, usize)| format!("{}\"{}\"{}", &sql[..*start], sql[*start..*end].to_lowercase(), &sql[*end..]);
        // Of two suspects that one is meant without which the grammar gets further.
        let (further, text, answer) = suspects
            .map(quoted)
            .map(|text| match parse_sql(&text) {
                Ok(_) => (usize::MAX, text, None),
                Err(message) => (locate(&text, &message).offset, text, Some(message)),
            })
            .max_by_key(|(further, _, _)| *further)?;
        match answer {
            None => return Some(text),
            // Two bytes are the quotes.
            Some(_) if further <= at + 2 => return None,
            Some(answer) => (sql, message) = (text, answer),
        }
    }
    None
}

fn contains_word(sql: &str, word: &str) -> bool {
    sql.as_bytes().windows(word.len()).any(|it| it.eq_ignore_ascii_case(word.as_bytes()))
}

/// The bytes of each token that the grammar sees.
fn tokens(sql: &str) -> Vec<(usize, usize)> {
    let scanned = pg_query::scan_tokens(sql).unwrap_or_default();
    scanned
        .iter()
        .filter(|it| !matches!(it.token(), Token::SqlComment | Token::CComment))
        .filter_map(|it| Some((usize::try_from(it.start).ok()?, usize::try_from(it.end).ok()?)))
        .collect()
}

/// `:name`, `:'name'` or `:"name"`, which psql would have replaced.
fn psql_variable(sql: &str) -> Option<&str> {
    let name = sql.strip_prefix(':')?;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    let length = match name.bytes().next()? {
        quote @ (b'\'' | b'"') => name[1..].find(char::from(quote))? + 2,
        _ => name.bytes().take_while(|byte| is_part(*byte)).count(),
    };
    (length > 0).then(|| &sql[..=length])
}

/// Tokens that can't be told by their kind: what each is called, and an example.
const CLASSES: [(&str, &str); 3] = [("a name", "x"), ("a number", "1"), ("a string", "'x'")];

/// Punctuation that a statement is likely to miss.
const MARKS: [&str; 9] = [",", ")", "(", ";", "=", ".", "::", "[", "]"];

/// Every keyword in upper case, and whether it can be a name.
static WORDS: LazyLock<Vec<(String, bool)>> =
    LazyLock::new(|| KEYWORDS.iter().map(|(word, kind)| (word.to_uppercase(), *kind == KeywordKind::UnreservedKeyword)).collect());

/// What the grammar would take after the beginning of a statement.
fn alternatives(prefix: &str) -> Vec<&'static str> {
    let fits = |token: &str| match parse_sql(&format!("{prefix} {token}")) {
        Ok(_) => true,
        Err(message) => message.ends_with("at end of input"),
    };
    // Where any name fits, so does every keyword that can be one; to list those would say nothing.
    let any_name = fits("x");
    let classes = CLASSES.iter().filter(|(_, example)| fits(example)).map(|(name, _)| *name);
    let marks = MARKS.iter().filter(|mark| fits(mark)).copied();
    let keywords = WORDS.iter().filter(|(word, is_name)| !(any_name && *is_name) && fits(word)).map(|(word, _)| word.as_str());
    classes.chain(marks).chain(keywords).collect()
}

fn hint(sql: &str, error: &SyntaxError, found: &str, alternatives: &[&str]) -> Option<String> {
    let before = sql[..error.offset].trim_end();
    if found == ")" && before.ends_with(',') {
        return Some("remove the comma before it".to_owned());
    }
    let upper = found.to_uppercase();
    match upper.as_str() {
        "`" => return Some("PostgreSQL quotes names as \"name\"".to_owned()),
        "AUTO_INCREMENT" | "AUTOINCREMENT" => return Some("PostgreSQL has `GENERATED BY DEFAULT AS IDENTITY`".to_owned()),
        _ => {}
    }
    let begins_line = sql[before.len()..error.offset].contains('\n');
    let begins_statement = matches!(
        upper.as_str(),
        "ALTER" | "COMMENT" | "CREATE" | "DELETE" | "DO" | "DROP" | "GRANT" | "INSERT" | "SELECT" | "SET" | "UPDATE"
    );
    if begins_line && begins_statement && alternatives.contains(&";") {
        return Some("a `;` may be missing before it".to_owned());
    }
    if KEYWORDS.contains_key(&upper.to_lowercase()) {
        return (alternatives.contains(&"a name"))
            .then(|| format!("`{found}` is a reserved word: to use it as a name, write `\"{found}\"`"));
    }
    let is_word = found.len() > 2 && found.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let words = alternatives.iter().copied().filter(|it| it.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
    nearest(&upper, words).filter(|_| is_word).map(|word| format!("did you mean `{word}`?"))
}

/// `"a"`, `"a or b"`, `"a, b or c"`; tokens in backticks, classes plain.
fn list(alternatives: &[&str]) -> String {
    let quoted: Vec<String> =
        alternatives.iter().map(|it| if it.starts_with("a ") { (*it).to_owned() } else { format!("`{it}`") }).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// What `sqlparser` expected, if it fails at the same byte.
fn second_opinion(sql: &str, offset: usize) -> Option<String> {
    if sql.len() > SECOND_OPINION_BYTES {
        return None;
    }
    let error = sqlparser::parser::Parser::parse_sql(&PostgreSqlDialect {}, sql).err()?.to_string();
    let (_, said) = error.split_once("Expected: ")?;
    let (expected, rest) = said.rsplit_once(", found: ")?;
    let (_, at) = rest.rsplit_once(" at Line: ")?;
    let (line, column) = at.split_once(", Column: ")?;
    let before = &sql[..offset];
    let same_line = before.matches('\n').count() + 1 == line.parse::<usize>().ok()?;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let same_column = sql[start..offset].chars().count() + 1 == column.parse::<usize>().ok()?;
    // Wording about the parser's own insides helps nobody.
    let useful = !expected.contains("end of statement") && expected.len() < 120;
    (same_line && same_column && useful).then(|| expected.replace('\'', "`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, expected: (usize, &str, Option<&str>)) {
        let message = parse_sql(sql).expect_err("the statement is wrong");
        let error = explain(sql, &message);
        assert_eq!((error.offset, error.message.as_str(), error.hint.as_deref()), expected);
    }

    #[test]
    fn what_was_expected() {
        check("CREAT TABLE t (a int)", (0, "syntax error at `CREAT`: expected an SQL statement", Some("did you mean `CREATE`?")));
        check(
            "CREATE TABLE t (a int NOT NUL)",
            (26, "syntax error at `NUL`: expected `DEFERRABLE`, `ENFORCED` or `NULL`", Some("did you mean `NULL`?")),
        );
        let no_column = "syntax error at `)`: expected column name or constraint definition";
        check("CREATE TABLE t (a int,)", (22, no_column, Some("remove the comma before it")));
        check("CREATE TABLE t (a int\n b text)", (23, "syntax error at `b`: expected `,` or `)` after column definition", None));
        check("CREATE TABLE t (a int", (21, "syntax error at the end of the statement: expected `,`, `)` or one of 18 others", None));
        check(
            "CREATE TABLE a (x int)\nCREATE TABLE b (x int)",
            (23, "syntax error at `CREATE`: expected `;` or one of 7 others", Some("a `;` may be missing before it")),
        );
        let reserved = "`user` is a reserved word: to use it as a name, write `\"user\"`";
        check("CREATE TABLE user (a int)", (13, "syntax error at `user`", Some(reserved)));
        check("CREATE TABLE t (a int, PRIMARY (a))", (31, "syntax error at `(`: expected `KEY`", None));
        check("CREATE TYPE m AS ENUM ('a' 'b')", (27, "syntax error at `'b'`: expected `,` or `)`", None));
    }

    #[test]
    fn variables_of_psql() {
        check(
            "CREATE ROLE :name",
            (
                12,
                "the psql variable `:name` has no value here",
                Some("write the value, or let psql fill in the variables and read what comes of it"),
            ),
        );
        check(
            "ALTER ROLE x PASSWORD :'secret'",
            (
                22,
                "the psql variable `:'secret'` has no value here",
                Some("write the value, or let psql fill in the variables and read what comes of it"),
            ),
        );
    }

    #[test]
    fn placeholders_of_migration_tools() {
        let hint = "give the text as the migration tool would run it";
        check("CREATE SCHEMA ${schema}", (14, "the placeholder `${schema}` has no value here", Some(hint)));
    }

    #[test]
    fn errors_of_the_grammar_without_a_place() {
        let unknown = "unrecognized partitioning strategy `foo`";
        check("CREATE TABLE t (a int) PARTITION BY foo (a)", (42, unknown, None));
        check("select U&'\\zzzz'", (7, "invalid Unicode escape", None));
    }
}
