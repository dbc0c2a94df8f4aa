//! Text of the user's as Go takes it: string literals, struct tags, comments.

use crate::codegen::literal::unprintable;
use crate::codegen::options::Tags;

pub(super) use crate::codegen::literal::{go_raw as raw, go_string as string};

/// A struct tag, its own quotes included, or empty without any key.
pub(super) fn tag(keys: &[(&str, String)]) -> String {
    let text = keys.iter().map(|(key, value)| format!("{key}:{}", string(value))).collect::<Vec<_>>().join(" ");
    match text {
        text if text.is_empty() => text,
        text if text.contains('`') => string(&text),
        text => format!("`{text}`"),
    }
}

/// The tag of a field that holds a column or an attribute.
pub(super) fn field_tag(tags: Tags, name: &str, field: &str, validate: &str, omit_zero: bool) -> String {
    let mut keys = Vec::new();
    if tags.json {
        let omit = if omit_zero { ",omitzero" } else { "" };
        keys.push(("json", format!("{}{omit}", json_name(name, field))));
    }
    if tags.db {
        keys.push(("db", name.to_owned()));
    }
    if tags.validate && !validate.is_empty() {
        keys.push(("validate", validate.to_owned()));
    }
    tag(&keys)
}

/// The name for JSON: the column's, or the field's where encoding/json would not take the column's (Go's `isValidTag`) or read a meaning into it.
fn json_name<'a>(name: &'a str, field: &'a str) -> &'a str {
    let valid = |it: char| it.is_alphanumeric() || "!#$%&()*+-./:;<=>?@[]^_{|}~ ".contains(it);
    if !name.is_empty() && name != "-" && name.chars().all(valid) { name } else { field }
}

/// The lines of a comment without `//`, so that none can end it, begin a directive or be read as a deprecation of generated code by the linters of its own package.
pub(super) fn comment_lines(text: &str) -> Vec<String> {
    let clean = |line: &str| {
        let line: String = line.chars().map(|it| if unprintable(it) { ' ' } else { it }).collect();
        let line = line.trim_end().to_owned();
        match line.strip_prefix("Deprecated:") {
            Some(rest) => format!("deprecated:{rest}"),
            None => line,
        }
    };
    let lines: Vec<String> = text.split(['\n', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}', '\u{85}']).map(clean).collect();
    let first = lines.iter().position(|it| !it.is_empty()).unwrap_or(lines.len());
    let end = lines.iter().rposition(|it| !it.is_empty()).map_or(first, |it| it + 1);
    let mut out: Vec<String> = Vec::new();
    for line in &lines[first..end] {
        if !(line.is_empty() && out.last().is_some_and(String::is_empty)) {
            out.push(line.clone());
        }
    }
    out
}
