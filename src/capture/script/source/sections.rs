//! The part of a migration file that goes up, and how its tool runs it. To add a tool: its lines in [`marker`].

use std::borrow::Cow;

use crate::capture::script::Session;

/// What a line says to the tool whose file it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marker {
    Up,
    Down,
    /// goose replaces variables of the environment from here on, or stops doing so.
    Substitute(bool),
}

/// How the tool runs files with these lines; `None` where no line is for a tool.
pub(super) fn session(text: &str) -> Option<Session> {
    let mut session = None;
    for line in text.lines().filter(|line| line.trim_start().starts_with("--")) {
        match marker(line) {
            // tern resets all settings after each file.
            Some(Marker::Down) if line.contains("create above / drop below") => {
                session.get_or_insert(Session::MIGRATION).resets = true;
            }
            Some(_) => {
                session.get_or_insert(Session::MIGRATION);
            }
            None => {}
        }
        if goes_without_transaction(line) {
            session.get_or_insert(Session::MIGRATION).is_transaction = false;
        }
    }
    session
}

/// What goose, sql-migrate, dbmate, sqlx and Atlas are told so that they begin no transaction.
fn goes_without_transaction(line: &str) -> bool {
    let words = line.trim().trim_start_matches('-').to_ascii_lowercase();
    let words: Vec<&str> = words.split_whitespace().collect();
    matches!(
        words.as_slice(),
        ["+goose", "no", "transaction", ..]
            | ["+migrate", "up", "notransaction", ..]
            | ["migrate:up", "transaction:false", ..]
            | ["no-transaction", ..]
            | ["atlas:txmode", "none", ..]
    )
}

/// Blanks out every line that does not go up; all others keep their numbers.
pub(super) fn up(text: String) -> String {
    if text.lines().any(|line| marker(line).is_some()) { one_way(&text, true) } else { text }
}

/// Blanks out every line that does not go down; none where no part does.
pub(super) fn down(text: &str) -> Option<String> {
    text.lines().any(|line| marker(line) == Some(Marker::Down)).then(|| one_way(text, false))
}

fn one_way(text: &str, wanted: bool) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut up = true;
    let mut substitute = false;
    for line in text.split_inclusive('\n') {
        match marker(line) {
            Some(Marker::Up) => up = true,
            Some(Marker::Down) => up = false,
            Some(Marker::Substitute(on)) => substitute = on,
            None if up != wanted => {
                kept.push_str(if line.ends_with('\n') { "\n" } else { "" });
                continue;
            }
            None if substitute => {
                kept.push_str(&substituted(line, |name| std::env::var(name).ok()));
                continue;
            }
            None => {}
        }
        kept.push_str(line);
    }
    kept
}

/// What a line marks, if it is a comment that a tool looks for.
fn marker(line: &str) -> Option<Marker> {
    let comment = line.trim().strip_prefix("--")?;
    if comment.starts_with("-- create above / drop below --") {
        return Some(Marker::Down);
    }
    let mut words = comment.split_whitespace().map(str::to_ascii_lowercase);
    let first = words.next()?;
    let second = words.next().unwrap_or_default();
    match (first.as_str(), second.as_str()) {
        ("+goose" | "+migrate", "up") | ("up", "migration") | ("migrate:up", _) => Some(Marker::Up),
        ("+goose" | "+migrate", "down") | ("down", "migration") | ("migrate:down", _) | ("//@undo", _) => Some(Marker::Down),
        ("+goose", "envsub") => Some(Marker::Substitute(words.next().as_deref() == Some("on"))),
        _ => None,
    }
}

/// `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME-default}` replaced, as goose does it. A variable without value or
/// default stays as it is: the grammar refuses it, at its place.
fn substituted(line: &str, value: impl Fn(&str) -> Option<String>) -> Cow<'_, str> {
    let mut result = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('$') {
        let (before, variable) = rest.split_at(at);
        result.push_str(before);
        let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_';
        let braced = variable[1..].strip_prefix('{').and_then(|it| it.split_once('}')).map(|(inside, _)| inside);
        let (name, default, length) = match braced {
            Some(inside) => {
                let end = inside.find(|it| !is_part(it)).unwrap_or(inside.len());
                let default = inside[end..].strip_prefix(":-").or_else(|| inside[end..].strip_prefix('-'));
                (&inside[..end], default, inside.len() + 3)
            }
            None => {
                let end = variable[1..].find(|it| !is_part(it)).unwrap_or(variable.len() - 1);
                (&variable[1..=end], None, end + 1)
            }
        };
        let is_name = name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_');
        let replacement = if is_name { value(name).filter(|it| !it.is_empty()).or_else(|| default.map(str::to_owned)) } else { None };
        match replacement {
            Some(replacement) => result.push_str(&replacement),
            None => result.push_str(&variable[..length]),
        }
        rest = &variable[length..];
    }
    if result.is_empty() { Cow::Borrowed(line) } else { Cow::Owned(result + rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(up(text.to_owned()), expected);
    }

    #[test]
    fn only_what_goes_up() {
        check("a;\nb;", "a;\nb;");
        check("-- +goose Up\na;\n-- +goose Down\nb;\nc", "-- +goose Up\na;\n-- +goose Down\n\n");
        check("--+goose up\r\na;\r\n-- +goose down\r\nb;\r\n", "--+goose up\r\na;\r\n-- +goose down\r\n\n");
        check("-- migrate:up transaction:false\na;\n-- migrate:down\nb;\n", "-- migrate:up transaction:false\na;\n-- migrate:down\n\n");
        check("-- +migrate Up notransaction\na;\n-- +migrate Down\nb;\n", "-- +migrate Up notransaction\na;\n-- +migrate Down\n\n");
        check("-- Up Migration\na;\n-- Down Migration\nb;\n", "-- Up Migration\na;\n-- Down Migration\n\n");
        check("a;\n---- create above / drop below ----\nb;\n", "a;\n---- create above / drop below ----\n\n");
        check("a;\n-- //@UNDO\nb;\n", "a;\n-- //@UNDO\n\n");
        check("-- +goose Down\nb;\n-- +goose Up\na;\n", "-- +goose Down\n\n-- +goose Up\na;\n");
        check("-- going down\na;", "-- going down\na;");
    }

    #[test]
    fn ways_down() {
        assert_eq!(down("-- +goose Up\na;\n-- +goose Down\nb;\n").as_deref(), Some("-- +goose Up\n\n-- +goose Down\nb;\n"));
        assert_eq!(down("a;"), None);
    }

    #[test]
    fn how_a_tool_runs_it() {
        let check = |text: &str, expected: Option<(bool, bool)>| {
            assert_eq!(session(text).map(|it| (it.resets, it.is_transaction)), expected, "{text}");
        };
        check("-- a\nselect 1;", None);
        check("-- +goose Up\na;", Some((false, true)));
        check("-- +goose NO TRANSACTION\n-- +goose Up\na;", Some((false, false)));
        check("-- migrate:up transaction:false\na;", Some((false, false)));
        check("-- +migrate Up notransaction\na;", Some((false, false)));
        check("-- no-transaction\na;", Some((false, false)));
        check("a;\n---- create above / drop below ----\nb;", Some((true, true)));
    }

    #[test]
    fn goose_substitutes() {
        let check = |text: &str, expected: &str| assert_eq!(substituted(text, |name| (name == "A").then(|| "x".to_owned())), expected);
        check("a ${A} $A b", "a x x b");
        check("${B:-y} ${B-z} ${A:-y}", "y z x");
        check("${B} $B $1 $$ $", "${B} $B $1 $$ $");
    }
}
