//! The text of a doc comment, as gofmt lays it out since Go 1.19.
//!
//! Comments come from schemas, so this is any text at all: what looks like a list, a heading or code in it is laid out as
//! one. The rules are those of "Go Doc Comments" (go.dev/doc/comment) in the detail that go/doc/comment has: where spans
//! of lines begin and end (`parseSpans`), what a list marker, a heading and a link definition are, which quotes become
//! typographic. It knows comment lines only.

use std::collections::HashMap;

/// Returns the comments that stand for a doc comment, or nothing if it stays as it is. Both with their markers.
pub(super) fn format(comments: &[&str]) -> Option<Vec<String>> {
    let first = *comments.first()?;
    if comments.iter().all(|line| is_plain(line)) {
        return None;
    }
    if first.starts_with("/*") {
        if comments.len() > 1 || !first.contains('\n') || all_stars(first) {
            return None;
        }
        return Some(vec![format!("/*\n{}*/", lay_out(&first[2..first.len() - 2]))]);
    }
    let mut text = String::new();
    let mut directives = Vec::new();
    for comment in comments {
        let line = comment.strip_prefix("//")?;
        if is_directive(line) {
            directives.push(*comment);
            continue;
        }
        text.push_str(line.strip_prefix(' ').unwrap_or(line));
        text.push('\n');
    }
    if text.is_empty() {
        return None;
    }
    let text = lay_out(&text);
    let mut lines: Vec<String> = text
        .strip_suffix('\n')
        .unwrap_or(&text)
        .split('\n')
        .take(if text.is_empty() { 0 } else { usize::MAX })
        .map(|line| match line {
            "" => "//".to_owned(),
            _ if line.starts_with('\t') => format!("//{line}"),
            _ => format!("// {line}"),
        })
        .collect();
    if !directives.is_empty() {
        lines.push("//".to_owned());
        lines.extend(directives.into_iter().map(str::to_owned));
    }
    Some(lines)
}

/// Whether a line can only be one of a paragraph in its final form: most are.
fn is_plain(comment: &str) -> bool {
    let Some(line) = comment.strip_prefix("// ") else { return false };
    let bytes = line.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphabetic) && !bytes.windows(2).any(|pair| pair == b"``" || pair == b"''")
}

/// Whether every line of a `/*` comment begins with a star.
fn all_stars(text: &str) -> bool {
    text.match_indices('\n').all(|(at, _)| matches!(text[at + 1..].trim_start_matches([' ', '\t']).chars().next(), None | Some('*')))
}

/// Whether it speaks to a tool: `//go:generate`, `//line`. Such lines stay as they are, at the end.
fn is_directive(line: &str) -> bool {
    if ["line ", "extern ", "export "].iter().any(|word| line.starts_with(word)) {
        return true;
    }
    let word = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    match line.split_once(':') {
        Some((tool, rest)) => !tool.is_empty() && tool.as_bytes().iter().all(word) && rest.as_bytes().first().is_some_and(word),
        None => false,
    }
}

enum Block {
    Paragraph(String),
    Heading(String),
    Code(String),
    List(List),
}

#[derive(Default)]
struct List {
    items: Vec<Item>,
    blank_before: bool,
    blank_between: bool,
}

#[derive(Default)]
struct Item {
    number: String,
    paragraphs: Vec<String>,
}

impl List {
    fn is_loose(&self) -> bool {
        self.blank_between || self.items.iter().any(|item| item.paragraphs.len() != 1)
    }
}

/// A line `[text]: url`.
struct Definition {
    text: String,
    url: String,
    used: bool,
}

#[derive(Default)]
struct Definitions {
    all: Vec<Definition>,
    /// The first of each text.
    by_text: HashMap<String, usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SpanKind {
    Code,
    Heading,
    OldHeading,
    List,
    Paragraph,
}

struct Span {
    start: usize,
    end: usize,
    kind: SpanKind,
}

/// Lays out text without markers. Every line of the result ends in a line break.
fn lay_out(text: &str) -> String {
    let lines = unindent(&text.split('\n').collect::<Vec<_>>());
    let mut definitions = Definitions::default();
    let mut blocks = Vec::new();
    let mut last_end = 0;
    for span in spans(&lines) {
        let inside = &lines[span.start..span.end];
        match span.kind {
            SpanKind::List => blocks.push(Block::List(list(inside, last_end < span.start, &mut definitions))),
            SpanKind::Code => {
                let mut code = unindent(inside).join("\n");
                code.push('\n');
                blocks.push(Block::Code(code));
            }
            SpanKind::OldHeading => blocks.push(Block::Heading(inside[0].trim().to_owned())),
            SpanKind::Heading => blocks.push(Block::Heading(inside[0][1..].trim().to_owned())),
            SpanKind::Paragraph => blocks.extend(paragraph(inside, &mut definitions).map(Block::Paragraph)),
        }
        last_end = span.end;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (index, block) in blocks.iter().enumerate() {
        let tight = matches!(block, Block::List(list) if !list.blank_before && !list.is_loose());
        if index > 0 && !tight {
            out.push('\n');
        }
        print(block, &mut definitions, &mut out);
    }
    for used in [true, false] {
        let mut definitions = definitions.all.iter().filter(|definition| definition.used == used).peekable();
        if definitions.peek().is_some() {
            out.push('\n');
        }
        for definition in definitions {
            out.push_str(&format!("[{}]: {}\n", definition.text, definition.url));
        }
    }
    out
}

fn print(block: &Block, definitions: &mut Definitions, out: &mut String) {
    match block {
        Block::Paragraph(text) => {
            out.push_str(&linked_text(text, definitions));
            out.push('\n');
        }
        Block::Heading(text) => {
            out.push_str("# ");
            out.push_str(text);
            out.push('\n');
        }
        Block::Code(text) => {
            for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
                if !line.is_empty() {
                    out.push('\t');
                    out.push_str(line);
                }
                out.push('\n');
            }
        }
        Block::List(list) => {
            let loose = list.is_loose();
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 && loose {
                    out.push('\n');
                }
                if item.number.is_empty() {
                    out.push_str("  - ");
                } else {
                    out.push(' ');
                    out.push_str(&item.number);
                    out.push_str(". ");
                }
                for (index, paragraph) in item.paragraphs.iter().enumerate() {
                    if index > 0 {
                        out.push_str("\n    ");
                    }
                    out.push_str(&linked_text(paragraph, definitions).replace('\n', "\n    "));
                    out.push('\n');
                }
            }
        }
    }
}

fn leading_space(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

fn is_indented(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}

/// Takes away the indentation that all lines share, and empty lines around.
fn unindent<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let trim = |lines: &mut Vec<&'a str>| {
        while lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        let empty = lines.iter().take_while(|line| line.is_empty()).count();
        lines.drain(..empty);
    };
    let mut lines = lines.to_vec();
    trim(&mut lines);
    let Some(first) = lines.first() else { return lines };
    let mut margin = leading_space(first);
    for line in &lines[1..] {
        if !line.is_empty() {
            let length = margin.bytes().zip(leading_space(line).bytes()).take_while(|(a, b)| a == b).count();
            margin = &margin[..length];
        }
    }
    for line in &mut lines {
        *line = line.strip_prefix(margin).unwrap_or(line);
        if line.trim().is_empty() {
            *line = "";
        }
    }
    trim(&mut lines);
    lines
}

/// Splits the lines into paragraphs, lists, code and headings.
fn spans(lines: &[&str]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0;
    // Lines before this one count as indented, whatever they look like.
    let mut forced = 0;
    loop {
        while at < lines.len() && lines[at].is_empty() {
            at += 1;
        }
        if at >= lines.len() {
            return spans;
        }
        let start = at;
        let mut end;
        let kind;
        if at < forced || is_indented(lines[at]) {
            let mut unindented_items = is_list_item(lines[at]) && at < forced;
            at += 1;
            while at < lines.len()
                && (lines[at].is_empty() || at < forced || is_indented(lines[at]) || (unindented_items && is_list_item(lines[at])))
            {
                unindented_items &= !lines[at].is_empty();
                at += 1;
            }
            end = at;
            while end > start && lines[end - 1].is_empty() {
                end -= 1;
            }
            // A brace that closes code and was not indented with it.
            if end < lines.len() && lines[end].starts_with('}') {
                end += 1;
            }
            kind = if is_list_item(lines[start]) { SpanKind::List } else { SpanKind::Code };
        } else {
            at += 1;
            while at < lines.len() && !lines[at].is_empty() && !is_indented(lines[at]) {
                at += 1;
            }
            end = at;
            // Indented lines right after: the last lines before may belong to them.
            if at < lines.len() && !lines[at].is_empty() && !is_list_item(lines[at]) {
                let last = lines[at - 1];
                if is_list_item(last) {
                    forced = end;
                    end -= 1;
                    while end > start && is_list_item(lines[end - 1]) {
                        end -= 1;
                    }
                } else if last.ends_with('{') || last.ends_with('\\') {
                    forced = end;
                    end -= 1;
                }
                if start == end && forced > start {
                    at = start;
                    continue;
                }
            }
            kind = if end - start == 1 && is_heading(lines[start]) {
                SpanKind::Heading
            } else if end - start == 1 && is_old_heading(lines, start) {
                SpanKind::OldHeading
            } else {
                SpanKind::Paragraph
            };
        }
        spans.push(Span { start, end, kind });
        at = end;
    }
}

fn is_heading(line: &str) -> bool {
    line.starts_with('#') && is_indented(&line[1..]) && line.trim() != "#"
}

/// A line alone, in words that begin with a capital, before a paragraph: a heading before there was a mark for them.
fn is_old_heading(lines: &[&str], at: usize) -> bool {
    if at == 0 || !lines[at - 1].is_empty() || at + 2 >= lines.len() || !lines[at + 1].is_empty() || is_indented(lines[at + 2]) {
        return false;
    }
    let line = lines[at].trim();
    line.chars().next().is_some_and(|first| is_letter(first) && first.is_uppercase())
        && line.chars().next_back().is_some_and(|last| is_letter(last) || is_digit(last))
        && !line.contains(|character| ";:!?+*/=[]{}_^°&§~%#@<\">\\".contains(character))
        // `'` only in a possessive `'s`, and `.` only within a word.
        && line.split('\'').skip(1).all(|rest| rest == "s" || rest.starts_with("s "))
        && line.split('.').skip(1).all(|rest| !rest.is_empty() && !rest.starts_with(' '))
}

/// The number (empty for a bullet) and the text of a list item's first line.
fn list_item(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let (number, rest) = match line.chars().next()? {
        bullet @ ('•' | '*' | '+' | '-') => ("", &line[bullet.len_utf8()..]),
        '0'..='9' => {
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            (&line[..digits], line[digits..].strip_prefix(['.', ')'])?)
        }
        _ => return None,
    };
    (is_indented(rest) && !rest.trim().is_empty()).then_some((number, rest))
}

fn is_list_item(line: &str) -> bool {
    list_item(line).is_some()
}

fn list(lines: &[&str], blank_before: bool, definitions: &mut Definitions) -> List {
    let mut list = List { blank_before, ..List::default() };
    let numbered = list_item(lines[0]).is_some_and(|(number, _)| !number.is_empty());
    let mut text: Vec<&str> = Vec::new();
    let mut flush = |list: &mut List, text: &mut Vec<&str>| {
        if let Some(item) = list.items.last_mut() {
            item.paragraphs.extend(paragraph(text, definitions));
        }
        text.clear();
    };
    for line in lines {
        let mut rest = *line;
        if let Some((number, after)) = list_item(line).filter(|(number, _)| number.is_empty() != numbered) {
            flush(&mut list, &mut text);
            list.items.push(Item { number: number.to_owned(), ..Item::default() });
            rest = after;
        }
        let rest = rest.trim();
        if rest.is_empty() {
            list.blank_between = true;
            flush(&mut list, &mut text);
        } else {
            text.push(rest);
        }
    }
    flush(&mut list, &mut text);
    list
}

/// The lines as one text, unless they only define links, which are noted then.
fn paragraph(lines: &[&str], definitions: &mut Definitions) -> Option<String> {
    let Some(found) = lines.iter().map(|line| definition(line)).collect::<Option<Vec<_>>>() else { return Some(lines.join("\n")) };
    for definition in found {
        definitions.by_text.entry(definition.text.clone()).or_insert(definitions.all.len());
        definitions.all.push(definition);
    }
    None
}

fn definition(line: &str) -> Option<Definition> {
    let (text, rest) = line.strip_prefix('[')?.split_once("]:")?;
    if rest.len() < 2 || !is_indented(rest) {
        return None;
    }
    let url = rest[1..].trim();
    let (scheme, _) = url.split_once("://")?;
    is_scheme(scheme).then(|| Definition { text: text.to_owned(), url: url.to_owned(), used: false })
}

/// The text with its quotes made typographic; notes which definitions it uses.
fn linked_text(text: &str, definitions: &mut Definitions) -> String {
    let mut out = String::with_capacity(text.len());
    let mut written = 0;
    let mut start: Option<usize> = None;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => start = Some(at),
            b']' => {
                if let Some(start) = start.take() {
                    let inside = &text[start + 1..at];
                    let key = inside.replace(['\n', '\t'], " ");
                    let link = match definitions.by_text.get(&key) {
                        Some(&index) => {
                            definitions.all[index].used = true;
                            true
                        }
                        None => is_doc_link(inside, &text[..start], &text[at + 1..]),
                    };
                    if link {
                        plain_text(&text[written..start], true, &mut out);
                        out.push('[');
                        plain_text(inside, false, &mut out);
                        out.push(']');
                        written = at + 1;
                    }
                }
            }
            _ => {}
        }
    }
    plain_text(&text[written..], true, &mut out);
    out
}

/// Whether `[inside]` names a Go package or a symbol of one.
fn is_doc_link(inside: &str, before: &str, after: &str) -> bool {
    let apart = |neighbour: Option<char>| neighbour.is_none_or(|it| is_punctuation(it) || matches!(it, ' ' | '\t' | '\n'));
    if !apart(before.chars().next_back()) || !apart(after.chars().next()) {
        return false;
    }
    let inside = inside.strip_prefix('*').unwrap_or(inside);
    let mut package = split_name(inside);
    if let Some(rest) = package {
        package = Some(split_name(rest).unwrap_or(rest));
    }
    // A symbol alone would be one of this package, and which these are nobody says to gofmt.
    let package = package.unwrap_or(inside);
    if package.contains('/') { is_import_path(package) } else { STANDARD.binary_search(&package).is_ok() }
}

/// What stands before `.Name` or a `Name` alone; none if it ends in no exported name.
fn split_name(text: &str) -> Option<&str> {
    let (before, name) = text.rsplit_once('.').unwrap_or(("", text));
    let exported = name.chars().next().is_some_and(char::is_uppercase) && identifier(name) == name.len();
    exported.then_some(before)
}

/// The packages of the standard library with one element, which alone are links without a slash.
const STANDARD: [&str; 40] = [
    "bufio", "bytes", "cmp", "context", "crypto", "embed", "encoding", "errors", "expvar", "flag", "fmt", "hash", "html", "image", "io",
    "iter", "log", "maps", "math", "mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime", "slices", "sort", "strconv",
    "strings", "structs", "sync", "syscall", "testing", "time", "unicode", "unique", "unsafe", "weak",
];

fn is_import_path(path: &str) -> bool {
    !path.starts_with('-')
        && path.split('/').all(|element| {
            !element.is_empty()
                && !element.starts_with('.')
                && !element.ends_with('.')
                && element.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.~_+".contains(&byte))
        })
}

/// Writes text with doubled quotes as typographic ones; with `urls` those in it stay as they are.
fn plain_text(text: &str, urls: bool, out: &mut String) {
    let bytes = text.as_bytes();
    let (mut at, mut written) = (0, 0);
    while at < bytes.len() {
        let rest = &text[at..];
        if urls {
            let url = url(rest);
            let skipped = if url > 0 { url } else { identifier(rest) };
            if skipped > 0 {
                at += skipped;
                continue;
            }
        }
        let quote = if rest.starts_with("```") {
            at += rest.bytes().take_while(|&byte| byte == b'`').count();
            continue;
        } else if rest.starts_with("``") {
            '“'
        } else if rest.starts_with("''") {
            '”'
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        out.push_str(&text[written..at]);
        out.push(quote);
        at += 2;
        written = at;
    }
    out.push_str(&text[written..]);
}

fn is_scheme(text: &str) -> bool {
    matches!(text, "file" | "ftp" | "gopher" | "http" | "https" | "mailto" | "nntp")
}

/// The length of the URL that the text begins with, or 0.
fn url(text: &str) -> usize {
    let bytes = text.as_bytes();
    if bytes.len() < 7 {
        return 0;
    }
    let Some(colon) = (3..=6).find(|&at| bytes[at] == b':') else { return 0 };
    if !bytes[colon..].starts_with(b"://") || !is_scheme(&text[..colon]) {
        return 0;
    }
    let punctuation = |byte: u8| b".,:;?!".contains(&byte);
    let host = |byte: u8| byte.is_ascii_alphanumeric() || b"_@-.[]:".contains(&byte);
    let path = |byte: u8| byte.is_ascii_alphanumeric() || b"$'()*+&#=@~_/-[]{}%".contains(&byte);
    let mut at = colon + 3;
    if at >= bytes.len() || !host(bytes[at]) || punctuation(bytes[at]) {
        return 0;
    }
    at += 1;
    let mut end = at;
    while at < bytes.len() && host(bytes[at]) {
        at += 1;
        if !punctuation(bytes[at - 1]) {
            end = at;
        }
    }
    // Brackets belong to a path if they pair; punctuation does if it doesn't end it.
    let mut open = Vec::new();
    at = end;
    while at < bytes.len() {
        let byte = bytes[at];
        at += 1;
        if punctuation(byte) {
            continue;
        }
        if !path(byte) {
            break;
        }
        match byte {
            b'(' => open.push(b')'),
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b')' | b'}' | b']' if open.pop() != Some(byte) => break,
            _ => {}
        }
        if open.is_empty() {
            end = at;
        }
    }
    end
}

/// The length of the identifier that the text begins with, or 0. As go/doc/comment has them: digits are ASCII ones.
fn identifier(text: &str) -> usize {
    let mut length = 0;
    for character in text.chars() {
        let belongs = match character {
            'a'..='z' | 'A'..='Z' | '_' => true,
            '0'..='9' => length > 0,
            _ => !character.is_ascii() && is_letter(character),
        };
        if !belongs {
            break;
        }
        length += character.len_utf8();
    }
    length
}

/// Unicode's category L.
fn is_letter(character: char) -> bool {
    // What may begin an identifier is L, letter-like numbers (Nl) and a handful of signs.
    character.is_alphabetic() && unicode_ident::is_xid_start(character) && !character.is_numeric()
}

/// Unicode's category Nd.
fn is_digit(character: char) -> bool {
    let code = u32::from(character);
    let at = DIGITS.partition_point(|&(_, last)| last < code);
    DIGITS.get(at).is_some_and(|&(first, _)| first <= code)
}

/// Unicode's category P, as far as it is ASCII, Latin-1 or general punctuation.
fn is_punctuation(character: char) -> bool {
    match character {
        '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~' => false,
        _ if character.is_ascii() => character.is_ascii_punctuation(),
        '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' => true,
        '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{2043}' | '\u{2045}'..='\u{2051}' | '\u{2053}'..='\u{205E}' => true,
        '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301F}' => true,
        '！'..='＃' | '％'..='＊' | '，'..='／' | '：' | '；' | '？' | '＠' => true,
        _ => false,
    }
}

/// The ranges of decimal digits (Unicode 15, category Nd).
#[rustfmt::skip]
const DIGITS: &[(u32, u32)] = &[
    (0x30, 0x39), (0x660, 0x669), (0x6f0, 0x6f9), (0x7c0, 0x7c9), (0x966, 0x96f), (0x9e6, 0x9ef),
    (0xa66, 0xa6f), (0xae6, 0xaef), (0xb66, 0xb6f), (0xbe6, 0xbef), (0xc66, 0xc6f), (0xce6, 0xcef),
    (0xd66, 0xd6f), (0xde6, 0xdef), (0xe50, 0xe59), (0xed0, 0xed9), (0xf20, 0xf29), (0x1040, 0x1049),
    (0x1090, 0x1099), (0x17e0, 0x17e9), (0x1810, 0x1819), (0x1946, 0x194f), (0x19d0, 0x19d9), (0x1a80, 0x1a89),
    (0x1a90, 0x1a99), (0x1b50, 0x1b59), (0x1bb0, 0x1bb9), (0x1c40, 0x1c49), (0x1c50, 0x1c59), (0xa620, 0xa629),
    (0xa8d0, 0xa8d9), (0xa900, 0xa909), (0xa9d0, 0xa9d9), (0xa9f0, 0xa9f9), (0xaa50, 0xaa59), (0xabf0, 0xabf9),
    (0xff10, 0xff19), (0x104a0, 0x104a9), (0x10d30, 0x10d39), (0x11066, 0x1106f), (0x110f0, 0x110f9), (0x11136, 0x1113f),
    (0x111d0, 0x111d9), (0x112f0, 0x112f9), (0x11450, 0x11459), (0x114d0, 0x114d9), (0x11650, 0x11659), (0x116c0, 0x116c9),
    (0x11730, 0x11739), (0x118e0, 0x118e9), (0x11950, 0x11959), (0x11c50, 0x11c59), (0x11d50, 0x11d59), (0x11da0, 0x11da9),
    (0x11f50, 0x11f59), (0x16a60, 0x16a69), (0x16ac0, 0x16ac9), (0x16b50, 0x16b59), (0x1d7ce, 0x1d7ff), (0x1e140, 0x1e149),
    (0x1e2f0, 0x1e2f9), (0x1e4f0, 0x1e4f9), (0x1e950, 0x1e959), (0x1fbf0, 0x1fbf9),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines without markers on both sides.
    fn check(input: &str, expected: &str) {
        let comments: Vec<String> = input.split('\n').map(|line| format!("// {line}")).collect();
        let comments: Vec<&str> = comments.iter().map(String::as_str).collect();
        let lines = format(&comments).unwrap_or_else(|| comments.iter().map(|line| (*line).to_owned()).collect());
        let actual: Vec<&str> = lines.iter().map(|line| line.strip_prefix("// ").or(line.strip_prefix("//")).unwrap_or(line)).collect();
        assert_eq!(actual.join("\n"), expected, "{input}");
    }

    #[test]
    fn blocks() {
        check("Plain text,\nand more.", "Plain text,\nand more.");
        check("Text\n\n\nmore\n", "Text\n\nmore");
        check("Items:\n- a\n- b", "Items:\n- a\n- b");
        check("Items:\n  - a\n  - b", "Items:\n  - a\n  - b");
        check("Items:\n * a\n   more\n * b", "Items:\n  - a\n    more\n  - b");
        check("List:\n 1. a\n 2) b", "List:\n 1. a\n 2. b");
        check("Text:\n\n    code {\n    }", "Text:\n\n\tcode {\n\t}");
        check("Text\n    code", "Text\n\n\tcode");
        check("Text\n\nHeading\n\nmore", "Text\n\n# Heading\n\nmore");
        check("#  Heading", "# Heading");
    }

    #[test]
    fn text() {
        check("it''s ``so''", "it”s “so”");
        check("see http://x.org/''a for ''b", "see http://x.org/''a for ”b");
        check("a [b] c\n\n[b]: http://x.org\n[d]: http://y.org", "a [b] c\n\n[b]: http://x.org\n\n[d]: http://y.org");
    }

    #[test]
    fn nothing_is_left() {
        assert_eq!(format(&["//"]), Some(Vec::new()));
        assert_eq!(format(&["//go:embed x"]), None);
        assert_eq!(
            format(&["//a", "//go:embed x", "// b"]),
            Some(vec!["// a".to_owned(), "// b".to_owned(), "//".to_owned(), "//go:embed x".to_owned()])
        );
        assert_eq!(format(&["/* a\n b */"]), Some(vec!["/*\na\nb \n*/".to_owned()]));
        assert_eq!(format(&["/* a\n * b */"]), None);
    }
}
