//! Files of goose: both ways in one file, statements as goose tells them apart.
//!
//! goose reads lines: a statement ends where a line ends with a semicolon, unless it stands between `StatementBegin` and
//! `StatementEnd` (goose, `internal/sqlparser/parser.go`). It knows nothing of strings, so two things in them need another
//! spelling: a line that reads as an annotation, and the carriage return before a line feed, which it takes away.

use super::Part;
use super::header::{self, comment, joined, statements};
use crate::plan::Batch;

/// The text of a file.
pub(super) fn file(part: &Part, about: &header::About<'_>) -> String {
    let transaction = part.transaction && part.down.iter().all(|it| it.transaction) && part.down.len() <= 1;
    let mut text = comment(&header::lines(part, about));
    text.push('\n');
    if !transaction {
        text.push_str("-- +goose NO TRANSACTION\n");
    }
    text.push_str("-- +goose Up\n");
    text.push_str(&section(&[Batch { transaction: part.transaction, steps: part.up.clone() }], transaction));
    text.push_str("\n-- +goose Down\n");
    text.push_str(&section(&part.down, transaction));
    text
}

fn section(batches: &[Batch], transaction: bool) -> String {
    let mut blocks = Vec::new();
    for batch in batches {
        let statements = statements(&batch.steps);
        let statements: Vec<String> = statements.iter().map(|it| protected(it)).collect();
        if !transaction && batch.transaction && statements.len() > 1 {
            // What is sent at once is one transaction (PostgreSQL documentation, "Multiple Statements in a Simple Query").
            blocks.push(between(&joined(&statements)));
        } else {
            blocks.extend(statements.into_iter().map(|it| if ends_once(&it) { it } else { between(&it) }));
        }
    }
    joined(&blocks)
}

fn between(sql: &str) -> String {
    format!("-- +goose StatementBegin\n{}\n-- +goose StatementEnd", sql.trim_end())
}

/// Whether goose sees the end of a statement at its last line, and nowhere else.
fn ends_once(sql: &str) -> bool {
    let ends = |line: &str| {
        let words = line.split_whitespace().take_while(|word| !word.starts_with("--"));
        words.last().is_some_and(|it| it.ends_with(';'))
    };
    let lines: Vec<&str> = sql.trim_end().lines().collect();
    lines.iter().position(|it| ends(it)) == lines.len().checked_sub(1)
}

/// The statement with no string in it that goose would change or take for its own.
fn protected(sql: &str) -> String {
    if !needs_care(sql) {
        return sql.to_owned();
    }
    let mut result = String::with_capacity(sql.len() + 64);
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let token = token(rest, result.chars().last());
        let (text, after) = rest.split_at(token.length.max(first.len_utf8()).min(rest.len()));
        match token.inside {
            Some((inside, escaped)) if needs_care(text) || text.contains('\r') => {
                if token.is_name {
                    result.push_str(&format!("U&\"{}\"", in_name(&text[1..text.len() - 1])));
                } else {
                    // The `E` of an escape string is there already.
                    let before = if escaped { "'" } else { "E'" };
                    result.push_str(&format!("{before}{}'", in_string(&inside, escaped)));
                }
            }
            _ => result.push_str(text),
        }
        rest = after;
    }
    result
}

fn needs_care(sql: &str) -> bool {
    sql.contains("\r\n") || sql.lines().any(|it| it.trim_start().starts_with("--") && it.contains("+goose"))
}

/// What a text begins with.
struct Token {
    length: usize,
    /// What a string says, and whether backslashes in it escape; of a name nothing but that it is one.
    inside: Option<(String, bool)>,
    is_name: bool,
}

fn token(text: &str, before: Option<char>) -> Token {
    let plain = |length| Token { length, inside: None, is_name: false };
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'\'') => {
            let escaped = matches!(before, Some('E' | 'e'));
            let length = quoted(text, b'\'', escaped);
            let inside = text.get(1..length - 1).unwrap_or_default();
            let inside = if escaped { inside.to_owned() } else { inside.replace("''", "'") };
            Token { length, inside: Some((inside, escaped)), is_name: false }
        }
        Some(b'"') => Token { length: quoted(text, b'"', false), inside: Some((String::new(), false)), is_name: true },
        Some(b'$') if !before.is_some_and(|it| it.is_alphanumeric() || it == '_') => {
            let Some(tag) = text[1..].find('$').map(|at| &text[..at + 2]) else { return plain(1) };
            let is_tag = tag[1..tag.len() - 1].chars().all(|it| it.is_alphanumeric() || it == '_');
            match text[tag.len()..].find(tag).filter(|_| is_tag) {
                Some(end) => {
                    let inside = text[tag.len()..tag.len() + end].to_owned();
                    Token { length: 2 * tag.len() + end, inside: Some((inside, false)), is_name: false }
                }
                None => plain(1),
            }
        }
        _ => plain(1),
    }
}

/// The length of what stands between two quotes, which are doubled within.
fn quoted(text: &str, quote: u8, escaped: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escaped => at += 2,
            it if it == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
            it if it == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The inside of an escape string.
fn in_string(inside: &str, escaped: bool) -> String {
    let inside = if escaped { inside.to_owned() } else { inside.replace('\\', "\\\\").replace('\'', "''") };
    inside.replace('\r', "\\r").replace('\n', "\\n")
}

/// The inside of a name with Unicode escapes.
fn in_name(inside: &str) -> String {
    inside.replace('\\', "\\\\").replace('\r', "\\000D").replace('\n', "\\000A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_where_goose_sees_it() {
        let check = |sql: &str, expected: bool| assert_eq!(ends_once(sql), expected, "{sql}");
        check("SELECT 1;", true);
        check("CREATE TABLE t (\n    a int\n);", true);
        check("CREATE FUNCTION f() AS $$\nBEGIN;\nEND;\n$$;", false);
        check("COMMENT ON TABLE t IS 'a;\nb';", false);
        check("COMMENT ON TABLE t IS 'a -- b';", false);
        check("COMMENT ON TABLE t IS 'a; -- b\n';", false);
        check("COMMENT ON TABLE t IS 'a;b';", true);
    }

    #[test]
    fn strings_keep_what_goose_would_change() {
        let check = |sql: &str, expected: &str| assert_eq!(protected(sql), expected, "{sql}");
        check("SELECT 'a\nb';", "SELECT 'a\nb';");
        check("AS $$a\r\nb\\c'd$$;", "AS E'a\\r\\nb\\\\c''d';");
        check("IS 'x''\r\n';", "IS E'x''\\r\\n';");
        check("IS E'x\\\\\r\n';", "IS E'x\\\\\\r\\n';");
        check("IS 'x\n-- +goose Down\n', 'y\nz';", "IS E'x\\n-- +goose Down\\n', 'y\nz';");
        check("\"a\r\nb\" '\r\n'", "U&\"a\\000D\\000Ab\" E'\\r\\n'");
        check("$1 'é' \r\n $t$\r\n$t$", "$1 'é' \r\n E'\\r\\n'");
    }
}
