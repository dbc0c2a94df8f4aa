//! How templates are written, whoever uses them: delimiters that neither Go nor SQL has, and lines of blocks that leave no trace.
//!
//! It must not know what the templates are for.

use upon::{Engine, Syntax};

/// An engine for templates with the delimiters `<: value :>`, `<% if … %>`, `<# comment #>`.
pub(crate) fn engine() -> Engine<'static> {
    let mut engine = Engine::new();
    engine.set_syntax(Syntax::builder().expr("<:", ":>").block("<%", "%>").comment("<#", "#>").build());
    engine
}

/// The text of a template as the engine is to compile it.
pub(crate) fn prepared(text: &str) -> String {
    without_block_lines(&text.replace("\r\n", "\n"))
}

/// Makes lines of nothing but blocks and comments vanish, by moving their indentation and line break inside of the tags, where white space has no
/// meaning. So lines and columns in messages stay those of the file.
fn without_block_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        match block_line(rest) {
            Some((indent, last_tag_end, length)) => {
                let opening = indent + 2;
                out.push_str(&rest[indent..opening]);
                out.push_str(&rest[..indent]);
                out.push_str(&rest[opening..last_tag_end - 2]);
                out.push_str(&rest[last_tag_end..length]);
                out.push_str(&rest[last_tag_end - 2..last_tag_end]);
                rest = &rest[length..];
            }
            None => {
                let length = rest.find('\n').map_or(rest.len(), |it| it + 1);
                out.push_str(&rest[..length]);
                rest = &rest[length..];
            }
        }
    }
    out
}

/// Where `text` begins with a line of tags only: the length of its indentation, the end of its last tag, and its whole length with the line break.
fn block_line(text: &str) -> Option<(usize, usize, usize)> {
    let blank = |at: usize| text[at..].len() - text[at..].trim_start_matches([' ', '\t']).len();
    let indent = blank(0);
    let mut end = indent;
    loop {
        let close = match text.get(end..end + 2) {
            Some("<%") => "%>",
            Some("<#") => "#>",
            _ => break,
        };
        end += 2 + text[end + 2..].find(close)? + 2;
    }
    let after = end + blank(end);
    match text[after..].chars().next() {
        _ if end == indent => None,
        Some('\n') => Some((indent, end, after + 1)),
        None => Some((indent, end, after)),
        Some(_) => None,
    }
}
