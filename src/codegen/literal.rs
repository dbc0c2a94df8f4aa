//! How text stands in Go and in SQL: literals, comments, case. Offered to templates as filters.

use std::collections::BTreeMap;

use upon::{Engine, Value};

use super::inflection::Inflection;

/// Adds the filters to an engine.
///
/// | filter | gives |
/// |---|---|
/// | `lower`, `upper`, `pascal`, `camel`, `snake`, `kebab` | the text in that case |
/// | `singular`, `plural` | the English word in that number, by its last word: `order_items` → `order_item` |
/// | `go_string` | a Go string literal: `"it's"` |
/// | `go_raw` | a Go literal fit for SQL: between backquotes where the text allows it |
/// | `comment` | a line of a Go comment, `//` included |
/// | `prepend: "x"` | the text with another before it |
/// | `join: ", "` | a list as text |
/// | `eq: "x"` | whether the value is that one |
/// | `is_one_of: ["x", "y"]` | whether the value is in a list |
/// | `sql_name` | a quoted SQL identifier |
/// | `sql_string` | a SQL string literal |
/// | `json` | the value as JSON, on one line |
/// | `markdown` | the text as a cell of a Markdown table |
/// | `replace: "a", "b"` | the text with each `a` as `b` |
/// | `contains: "x"`, `starts_with: "x"`, `ends_with: "x"` | whether it does |
/// | `trim` | the text without the space around it |
/// | `pad: 20` | the text with blanks after it up to a width, so that columns align |
/// | `indent: 4` | the text with every line but the first moved in |
/// | `length` | how many letters or items there are |
pub(crate) fn add_filters(engine: &mut Engine<'_>) {
    engine.add_function("lower", |text: &str| text.to_lowercase());
    engine.add_function("upper", |text: &str| text.to_uppercase());
    engine.add_function("pascal", |text: &str| pascal(text));
    engine.add_function("camel", |text: &str| camel(text));
    engine.add_function("snake", |text: &str| words(text).map(|it| it.to_lowercase()).collect::<Vec<_>>().join("_"));
    engine.add_function("go_string", |text: &str| go_string(text));
    engine.add_function("go_raw", |text: &str| go_raw(text));
    engine.add_function("comment", |text: &str| comment(text));
    engine.add_function("eq", |value: &Value, other: &Value| value == other);
    engine.add_function("is_one_of", |value: &Value, list: &Value| match list {
        Value::List(items) => Ok(items.contains(value)),
        _ => Err("is_one_of takes a list".to_owned()),
    });
    engine.add_function("prepend", |text: &str, before: &str| format!("{before}{text}"));
    engine.add_function("join", |list: &[Value], separator: &str| join(list, separator));
    engine.add_function("sql_name", |text: &str| format!("\"{}\"", text.replace('"', "\"\"")));
    engine.add_function("kebab", |text: &str| words(text).map(|it| it.to_lowercase()).collect::<Vec<_>>().join("-"));
    engine.add_function("singular", |text: &str| last_word(text, |it| Inflection::new(&BTreeMap::new()).singular(it)));
    engine.add_function("plural", |text: &str| last_word(text, |it| Inflection::new(&BTreeMap::new()).plural(it)));
    engine.add_function("json", |value: &Value| super::data::plain(value).to_string());
    engine.add_function("markdown", |text: &str| markdown(text));
    engine.add_function("replace", |text: &str, from: &str, to: &str| text.replace(from, to));
    engine.add_function("contains", |text: &str, part: &str| text.contains(part));
    engine.add_function("starts_with", |text: &str, part: &str| text.starts_with(part));
    engine.add_function("ends_with", |text: &str, part: &str| text.ends_with(part));
    engine.add_function("trim", |text: &str| text.trim().to_owned());
    engine.add_function("pad", |text: &str, width: i64| {
        let missing = usize::try_from(width.min(1000)).unwrap_or(0).saturating_sub(text.chars().count());
        format!("{text}{}", " ".repeat(missing))
    });
    engine.add_function("indent", |text: &str, width: i64| {
        text.replace('\n', &format!("\n{}", " ".repeat(usize::try_from(width.clamp(0, 1000)).unwrap_or(0))))
    });
    engine.add_function("length", |value: &Value| match value {
        Value::String(text) => Ok(text.chars().count() as i64),
        Value::List(items) => Ok(items.len() as i64),
        Value::Map(fields) => Ok(fields.len() as i64),
        _ => Err("length takes a string, a list or a map".to_owned()),
    });
    engine.add_function("sql_string", |text: &str| format!("'{}'", text.replace('\'', "''")));
}

/// Changes the last word of a name.
fn last_word(text: &str, change: impl Fn(&str) -> String) -> String {
    match words(text).last() {
        Some(last) => {
            let at = text.rfind(last).unwrap_or(0);
            // The rules are for lower case; the word keeps its own first letter.
            let changed = change(&last.to_lowercase());
            let same_start = changed.chars().next().zip(last.chars().next()).filter(|(new, old)| old.to_lowercase().eq([*new]));
            let changed = same_start.map_or(changed.clone(), |(new, old)| format!("{old}{}", &changed[new.len_utf8()..]));
            format!("{}{changed}{}", &text[..at], &text[at + last.len()..])
        }
        None => text.to_owned(),
    }
}

/// Returns a text that stays in its cell of a Markdown table and is no markup.
fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '\n' => out.push_str("<br>"),
            '\r' => {}
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' => out.extend(['\\', it]),
            it => out.push(it),
        }
    }
    out
}

/// Returns an interpreted Go string literal, quotes included.
pub(crate) fn go_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for it in text.chars() {
        match it {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            it if unprintable(it) && (it as u32) < 0x80 => out.push_str(&format!("\\x{:02x}", it as u32)),
            it if unprintable(it) && (it as u32) <= 0xFFFF => out.push_str(&format!("\\u{:04x}", it as u32)),
            it if unprintable(it) => out.push_str(&format!("\\U{:08x}", it as u32)),
            it => out.push(it),
        }
    }
    out.push('"');
    out
}

/// Returns a raw Go string literal, or an interpreted one where the text holds what a raw one can't.
pub(crate) fn go_raw(text: &str) -> String {
    if text.chars().any(|it| it == '`' || (it != '\n' && it != '\t' && unprintable(it))) { go_string(text) } else { format!("`{text}`") }
}

/// Returns a line of a Go comment. What could end it or mislead its reader becomes a blank.
pub(crate) fn comment(text: &str) -> String {
    let line: String = text.chars().map(|it| if unprintable(it) { ' ' } else { it }).collect();
    match line.trim_end() {
        "" => "//".to_owned(),
        // Go's build constraints of old, which gofmt moves and vet refuses.
        line if line.trim_start().starts_with("+build") => format!("// \\{}", line.trim_start()),
        line => format!("// {line}"),
    }
}

/// Characters that Go refuses in source text or drops from it (NUL, carriage return, byte order mark), that end a line, or that
/// make text look different from what it is (the bidirectional controls, CVE-2021-42574).
pub(crate) fn unprintable(it: char) -> bool {
    it.is_control()
        || matches!(it, '\u{FEFF}' | '\u{2028}' | '\u{2029}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn join(list: &[Value], separator: &str) -> Result<String, String> {
    let mut out = String::new();
    for (at, it) in list.iter().enumerate() {
        if at > 0 {
            out.push_str(separator);
        }
        match it {
            Value::String(text) => out.push_str(text),
            Value::Integer(number) => out.push_str(&number.to_string()),
            Value::Bool(it) => out.push_str(&it.to_string()),
            _ => return Err("join takes a list of strings, numbers or booleans".to_owned()),
        }
    }
    Ok(out)
}

/// Splits at everything that is no letter or digit, and where a capital follows a small letter.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty()).flat_map(|run| {
        let mut starts = vec![0];
        let mut before = ' ';
        for (at, it) in run.char_indices() {
            if it.is_uppercase() && before.is_lowercase() {
                starts.push(at);
            }
            before = it;
        }
        let ends: Vec<usize> = starts.iter().skip(1).copied().chain([run.len()]).collect();
        starts.into_iter().zip(ends).map(|(start, end)| &run[start..end]).collect::<Vec<_>>()
    })
}

fn pascal(text: &str) -> String {
    words(text).map(capitalised).collect()
}

fn camel(text: &str) -> String {
    let mut words = words(text);
    words.next().map(str::to_lowercase).into_iter().chain(words.map(capitalised)).collect()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|it| it.to_uppercase().collect::<String>() + &letters.as_str().to_lowercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals() {
        let check = |text: &str, string: &str, raw: &str| assert_eq!((go_string(text).as_str(), go_raw(text).as_str()), (string, raw));
        check("it's", "\"it's\"", "`it's`");
        check("a\"b\\c", "\"a\\\"b\\\\c\"", "`a\"b\\c`");
        check("a`b", "\"a`b\"", "\"a`b\"");
        check("a\nb\r\0\u{FEFF}\u{202E}\u{7f}", "\"a\\nb\\r\\x00\\ufeff\\u202e\\x7f\"", "\"a\\nb\\r\\x00\\ufeff\\u202e\\x7f\"");
        check("Ünïcødé 🪿", "\"Ünïcødé 🪿\"", "`Ünïcødé 🪿`");
    }

    #[test]
    fn comments() {
        let check = |text: &str, expected: &str| assert_eq!(comment(text), expected);
        check("a row", "// a row");
        check("", "//");
        check("  ", "//");
        check("+build ignore", r"// \+build ignore");
        check("a\r\nfunc init() { }\u{2028}x", "// a  func init() { } x");
    }

    #[test]
    fn words_and_cells() {
        let inflection = Inflection::new(&BTreeMap::new());
        assert_eq!(last_word("order_items", |it| inflection.singular(it)), "order_item");
        assert_eq!(last_word("OrderCategory", |it| inflection.plural(it)), "OrderCategories");
        assert_eq!(last_word("", |it| it.to_owned()), "");
        assert_eq!(markdown("a|b\n<x> *c*"), r"a\|b<br>&lt;x> \*c\*");
    }

    #[test]
    fn cases() {
        let check = |text: &str, expected: [&str; 2]| assert_eq!([pascal(text), camel(text)], expected);
        check("order_items", ["OrderItems", "orderItems"]);
        check("OrderItems", ["OrderItems", "orderItems"]);
        check("été-2", ["Été2", "été2"]);
        check("", ["", ""]);
    }
}
