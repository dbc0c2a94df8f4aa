//! The password file (`PGPASSFILE`, `~/.pgpass`): `hostname:port:database:username:password` a line, as libpq's
//! `passwordFromFile` reads it.

use std::path::Path;

use super::Secret;
use crate::fs::{self, FileKind};

/// Which password is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// What came of looking.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Password(Secret),
    /// There is no file, or no line in it that fits.
    Nothing,
    /// The file is there, and was not read, for this reason.
    Ignored(String),
}

/// Looks for a password in a file. As libpq does, a file that others may read is passed over.
pub(super) fn find(path: &Path, wanted: &Wanted<'_>) -> Result<Found, fs::Error> {
    match fs::kind(path)? {
        None => return Ok(Found::Nothing),
        Some(FileKind::File) => {}
        Some(_) => return Ok(Found::Ignored(format!("`{}` is no plain file", path.display()))),
    }
    if fs::permissions(path)?.is_some_and(|it| it.mode & 0o077 != 0) {
        let reason = format!("`{}` can be read by others; its permissions should be u=rw (0600) or less", path.display());
        return Ok(Found::Ignored(reason));
    }
    let bytes = fs::read(path)?;
    Ok(password(&String::from_utf8_lossy(&bytes), wanted).map_or(Found::Nothing, Found::Password))
}

fn password(text: &str, wanted: &Wanted<'_>) -> Option<Secret> {
    let port = wanted.port.to_string();
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut rest = line;
        for expected in [wanted.host, &port, wanted.database, wanted.user] {
            let (field, after) = field(rest)?;
            if field.raw != "*" && field.text != expected {
                return None;
            }
            rest = after;
        }
        Some(Secret::new(unescaped(rest)))
    })
}

/// A field as it stands, and what it means.
struct Field<'a> {
    raw: &'a str,
    text: String,
}

/// The field before the first colon that no backslash stands before, and what follows.
fn field(text: &str) -> Option<(Field<'_>, &str)> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            ':' if !escaped => return Some((Field { raw: &text[..at], text: unescaped(&text[..at]) }, &text[at + 1..])),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        result.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_counts() {
        let check = |text: &str, expected: Option<&str>| {
            let wanted = Wanted { host: "db.example.com", port: 5432, database: "shop", user: "anna" };
            assert_eq!(password(text, &wanted), expected.map(|it| Secret::new(it.to_owned())), "{text}");
        };
        check("db.example.com:5432:shop:anna:geheim", Some("geheim"));
        check("# db.example.com:5432:shop:anna:no\n*:*:*:*:x\ndb.example.com:5432:shop:anna:y", Some("x"));
        check("other:5432:shop:anna:a\n*:5433:shop:anna:b\n*:*:shop:*:c\r\n", Some("c"));
        check(r"*:*:*:anna:a\:b\\c", Some(r"a:b\c"));
        check("*:*:*:*:with:colons", Some("with:colons"));
        check(r"\*:*:*:*:no", None);
        check("*:*:*:bert:no\n*:*:*\n", None);
        check("", None);
    }
}
