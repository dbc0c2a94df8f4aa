//! Where statements begin and end, found without parsing, as psql finds it (PostgreSQL src/fe_utils/psqlscan.l).
//!
//! A semicolon ends a statement outside of quotes, comments, parentheses and `BEGIN ATOMIC … END` bodies. What is for psql
//! and not for the server is passed over: meta-commands, and the data that follows `COPY … FROM stdin`. Byte offsets stay
//! those of the text.

use crate::diagnostic::Severity;

/// The bytes of a statement, from its first that is neither space nor comment, without the semicolon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) offset: usize,
    pub(super) length: usize,
}

/// Something to tell the user about text that no statement holds.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) offset: usize,
    pub(super) length: usize,
    pub(super) severity: Severity,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// The statements of a text.
#[derive(Debug, Default)]
pub(super) struct Boundaries {
    pub(super) pieces: Vec<Piece>,
    pub(super) findings: Vec<Finding>,
}

/// Unbalanced parentheses that are looked for one by one; a text with more is split at every semicolon.
const RECOVERIES: usize = 20;

/// Finds the statements of a text.
pub(super) fn find(text: &str) -> Boundaries {
    let mut scanner = Scanner { text, bytes: text.as_bytes(), at: 0, found: Boundaries::default(), schema_seen: false };
    let mut recoveries = 0;
    let mut ignore_parentheses = false;
    loop {
        scanner.skip_space();
        let start = scanner.at;
        let pieces = scanner.found.pieces.len();
        let findings = scanner.found.findings.len();
        match scanner.statement(ignore_parentheses) {
            End::Statement => ignore_parentheses = recoveries > RECOVERIES,
            End::Text => return scanner.found,
            // A parenthesis that never closes would swallow the rest of the file: the statement ends at its first
            // semicolon instead, has its syntax error, and the others are read.
            End::OpenParenthesis => {
                scanner.at = start;
                scanner.found.pieces.truncate(pieces);
                scanner.found.findings.truncate(findings);
                recoveries += 1;
                ignore_parentheses = true;
            }
        }
    }
}

enum End {
    /// A statement or a meta-command ended; more may follow.
    Statement,
    /// The text ended.
    Text,
    /// The text ended within parentheses, and a semicolon stood in them.
    OpenParenthesis,
}

/// What the words of a statement have said so far.
#[derive(Default)]
struct Words {
    count: usize,
    /// The first four, by what matters of them.
    first: [Word; 4],
    last: Word,
    /// `COPY … FROM stdin`.
    copies_from_stdin: bool,
    /// How deep in `BEGIN ATOMIC` and `CASE` we are.
    begin_depth: usize,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Word {
    #[default]
    Other,
    Copy,
    Create,
    From,
    /// A cluster's object, not a schema's: `DATABASE`, `ROLE`, `USER`, `GROUP`, `TABLESPACE`.
    Global,
    Or,
    Replace,
    Routine,
    Stdin,
}

impl Words {
    fn add(&mut self, word: &str, next_is_atomic: impl FnOnce() -> bool, parentheses: usize) {
        let is = |other: &str| word.eq_ignore_ascii_case(other);
        let this = match word.len() {
            2 if is("or") => Word::Or,
            4 if is("copy") => Word::Copy,
            4 if is("from") => Word::From,
            4 if is("role") || is("user") => Word::Global,
            5 if is("stdin") => Word::Stdin,
            5 if is("group") => Word::Global,
            6 if is("create") => Word::Create,
            7 if is("replace") => Word::Replace,
            8 if is("function") => Word::Routine,
            8 if is("database") => Word::Global,
            9 if is("procedure") => Word::Routine,
            10 if is("tablespace") => Word::Global,
            _ => Word::Other,
        };
        if self.count < self.first.len() {
            self.first[self.count] = this;
        }
        self.count += 1;
        if self.first[0] == Word::Copy && self.last == Word::From && this == Word::Stdin && parentheses == 0 {
            self.copies_from_stdin = true;
        }
        self.last = this;
        if self.creates_routine() && parentheses == 0 {
            if is("begin") && (self.begin_depth > 0 || next_is_atomic()) || is("case") && self.begin_depth > 0 {
                self.begin_depth += 1;
            } else if is("end") {
                self.begin_depth = self.begin_depth.saturating_sub(1);
            }
        }
    }

    fn creates_routine(&self) -> bool {
        matches!(self.first, [Word::Create, Word::Routine, ..] | [Word::Create, Word::Or, Word::Replace, Word::Routine])
    }

    fn makes_schema(&self) -> bool {
        self.first[0] == Word::Create && self.first[1] != Word::Global
    }
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    found: Boundaries,
    /// Whether a statement made something that belongs to the database.
    schema_seen: bool,
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Passes spaces, comments, stray semicolons and byte order marks between statements.
    fn skip_space(&mut self) {
        loop {
            match self.peek(0) {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | b';' => self.at += 1,
                b'-' if self.peek(1) == b'-' => self.line_comment(),
                b'/' if self.peek(1) == b'*' => self.block_comment(),
                0xef if self.bytes[self.at..].starts_with(b"\xef\xbb\xbf") => self.at += 3,
                _ => return,
            }
        }
    }

    /// Reads one statement from its first byte on, or one meta-command.
    fn statement(&mut self, ignore_parentheses: bool) -> End {
        let start = self.at;
        let mut words = Words::default();
        let mut parentheses = 0usize;
        let mut semicolon_inside = false;
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b'\'' => self.quoted(b'\'', false, "quoted string"),
                b'"' => self.quoted(b'"', false, "quoted identifier"),
                b'$' => self.dollar(),
                b'-' if self.peek(1) == b'-' => self.line_comment(),
                b'/' if self.peek(1) == b'*' => self.block_comment(),
                b'(' => {
                    parentheses += 1;
                    self.at += 1;
                }
                b')' => {
                    parentheses = parentheses.saturating_sub(1);
                    self.at += 1;
                }
                b';' if (parentheses == 0 || ignore_parentheses) && words.begin_depth == 0 => {
                    self.end(start, &words);
                    self.at += 1;
                    if words.copies_from_stdin {
                        self.copy_data(start);
                    }
                    return End::Statement;
                }
                b';' => {
                    semicolon_inside = true;
                    self.at += 1;
                }
                b'\\' => {
                    self.end(start, &words);
                    self.meta_command();
                    return End::Statement;
                }
                byte if is_word_start(byte) => self.word(&mut words, parentheses),
                b'0'..=b'9' => {
                    while self.peek(0).is_ascii_digit() {
                        self.at += 1;
                    }
                }
                _ => self.at += 1,
            }
        }
        if semicolon_inside && parentheses > 0 {
            return End::OpenParenthesis;
        }
        self.end(start, &words);
        End::Text
    }

    fn end(&mut self, start: usize, words: &Words) {
        let length = self.text[start..self.at].trim_end().len();
        // What is unterminated has been reported; the grammar would only say it again.
        let unterminated = self.found.findings.last().is_some_and(|it| it.severity == Severity::Error && it.offset >= start);
        if length > 0 && !unterminated {
            self.found.pieces.push(Piece { offset: start, length });
            self.schema_seen |= words.makes_schema();
        }
    }

    fn word(&mut self, words: &mut Words, parentheses: usize) {
        let start = self.at;
        while is_word_part(self.peek(0)) {
            self.at += 1;
        }
        // `E'…'` is one token; the letter belongs to the string.
        if self.peek(0) == b'\'' && self.at - start == 1 && self.bytes[start].eq_ignore_ascii_case(&b'e') {
            self.quoted(b'\'', true, "quoted string");
            return;
        }
        let after = &self.bytes[self.at..];
        words.add(&self.text[start..self.at], || next_word_is(after, b"atomic"), parentheses);
    }

    /// A string or a quoted identifier, from its quote on.
    fn quoted(&mut self, quote: u8, escapes: bool, what: &str) {
        let start = self.at;
        self.at += 1;
        while self.at < self.bytes.len() {
            let byte = self.bytes[self.at];
            self.at += 1;
            if byte == b'\\' && escapes {
                self.at += 1;
            } else if byte == quote {
                if self.peek(0) == quote {
                    self.at += 1;
                } else if escapes && let Some(next) = self.continuation() {
                    // `E'a'` and `'b'` on the next line are one string, escapes included.
                    self.at = next + 1;
                } else {
                    return;
                }
            }
        }
        self.unterminated(start, 1, what);
    }

    /// Where the string goes on, if only white space with a line end stands before its next quote.
    fn continuation(&self) -> Option<usize> {
        let space = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let goes_on = self.peek(space) == b'\'' && self.bytes[self.at..self.at + space].iter().any(|byte| matches!(byte, b'\n' | b'\r'));
        goes_on.then_some(self.at + space)
    }

    /// `$tag$…$tag$`, or a parameter, from the dollar on.
    fn dollar(&mut self) {
        let start = self.at;
        self.at += 1;
        if !(is_word_start(self.peek(0)) || self.peek(0) == b'$') {
            return;
        }
        let tag = self.bytes[self.at..].iter().take_while(|byte| is_word_part(**byte) && **byte != b'$').count();
        if self.peek(tag) != b'$' {
            return;
        }
        let delimiter = &self.bytes[start..=self.at + tag];
        self.at += tag + 1;
        match find_bytes(&self.bytes[self.at..], delimiter) {
            Some(end) => self.at += end + delimiter.len(),
            None => {
                self.at = self.bytes.len();
                self.unterminated(start, delimiter.len(), "dollar-quoted string");
            }
        }
    }

    fn line_comment(&mut self) {
        while self.at < self.bytes.len() && !matches!(self.bytes[self.at], b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn block_comment(&mut self) {
        let start = self.at;
        let mut depth = 0usize;
        while self.at < self.bytes.len() {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.unterminated(start, 2, "comment");
    }

    fn unterminated(&mut self, offset: usize, length: usize, what: &str) {
        self.at = self.bytes.len();
        self.find(offset, length, Severity::Error, format!("unterminated {what}"), None);
    }

    fn find(&mut self, offset: usize, length: usize, severity: Severity, message: String, hint: Option<&str>) {
        self.found.findings.push(Finding { offset, length, severity, message, hint: hint.map(str::to_owned) });
    }

    /// Passes the lines of data after `COPY … FROM stdin`, up to `\.`.
    fn copy_data(&mut self, statement: usize) {
        // psql reads what is left of the line first; data begins on the next.
        let first = self.bytes[self.at..].iter().position(|byte| *byte == b'\n').map_or(self.bytes.len(), |end| self.at + end + 1);
        let mut line = first;
        while line < self.bytes.len() {
            let end = self.bytes[line..].iter().position(|byte| *byte == b'\n').map_or(self.bytes.len(), |end| line + end);
            if self.text[line..end].trim_end_matches('\r') == "\\." {
                self.at = (end + 1).min(self.bytes.len());
                return;
            }
            line = end + 1;
        }
        if self.text[self.at..].trim().is_empty() {
            self.at = self.bytes.len();
            return;
        }
        // psql would take the rest of the file as data. Without an end mark that is more likely a mistake: go on reading
        // statements, and say so.
        self.find(
            statement,
            4,
            Severity::Warning,
            "the data of `COPY … FROM stdin` has no end".to_owned(),
            Some("end the data with a line that holds `\\.` and nothing else"),
        );
    }

    /// A meta-command of psql, from its backslash to the end of the line.
    fn meta_command(&mut self) {
        let start = self.at;
        self.at += 1;
        if self.peek(0) == b';' {
            self.at += 1;
            return;
        }
        let end = self.bytes[start..].iter().position(|byte| *byte == b'\n').map_or(self.bytes.len(), |end| start + end);
        let line = self.text[start..end].trim_end();
        self.at = end;
        let mut parts = line[1..].split_whitespace();
        let name = parts.next().unwrap_or("").trim_end_matches('+');
        let (message, hint) = match name {
            "i" | "ir" | "include" | "include_relative" => {
                (format!("`{line}` is not followed"), "name the included file as a source of its own, or a folder with both")
            }
            "if" | "elif" | "else" => (
                format!("`\\{name}` is not evaluated: the statements of all branches are read"),
                "give the branch that is meant as a file of its own",
            ),
            "gexec" => {
                ("`\\gexec` runs SQL that its query makes, which is not known without a server".to_owned(), "write the statements out")
            }
            "c" | "connect" if self.schema_seen => (
                format!("`{line}` changes the database: what follows is read as if it were the same one"),
                "give each database as a source of its own",
            ),
            "copy" => {
                let words: Vec<&str> = parts.collect();
                let from_stdin = |pair: &[&str]| pair[0].eq_ignore_ascii_case("from") && pair[1].eq_ignore_ascii_case("stdin");
                if words.windows(2).any(from_stdin) {
                    self.copy_data(start);
                }
                return;
            }
            // `\restrict`, `\set`, `\echo`, `\.`, `\endif` and all the others change nothing of the schema.
            _ => return,
        };
        self.find(start, line.len(), Severity::Warning, message, Some(hint));
    }
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_word_part(byte: u8) -> bool {
    is_word_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

fn next_word_is(bytes: &[u8], word: &[u8]) -> bool {
    let start = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    bytes.get(start..start + word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word))
}

fn find_bytes(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == needle[0]) {
        if bytes[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found = find(text);
        let pieces: Vec<&str> = found.pieces.iter().map(|it| &text[it.offset..it.offset + it.length]).collect();
        assert_eq!(pieces, expected);
    }

    #[track_caller]
    fn check_findings(text: &str, expected: &[&str]) {
        let found: Vec<String> = find(text).findings.into_iter().map(|it| format!("{}:{} {}", it.offset, it.length, it.message)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn semicolons_end_statements() {
        check("", &[]);
        check(" ; ;; \n", &[]);
        check("a; b ;c", &["a", "b", "c"]);
        check("-- x;\na /* ; */ b; -- y", &["a /* ; */ b"]);
        check("/* a /* ; */ ; */ b", &["b"]);
        check("\u{feff}a;\u{feff}b", &["a", "b"]);
        check("a;\r\nb;\r\n", &["a", "b"]);
    }

    #[test]
    fn quotes_hide_semicolons() {
        check("a ';' b; c", &["a ';' b", "c"]);
        check("a ''';' b; c", &["a ''';' b", "c"]);
        check(r"a '\'; c", &[r"a '\'", "c"]);
        check(r"a E'\';'; c", &[r"a E'\';'", "c"]);
        check("a e'x'\n ';\\';'; c", &["a e'x'\n ';\\';'", "c"]);
        check("case'x;';b", &["case'x;'", "b"]);
        check("a \";\"; c", &["a \";\"", "c"]);
        check("a $$;$$; c", &["a $$;$$", "c"]);
        check("a $x$;$$;$x$; c", &["a $x$;$$;$x$", "c"]);
        check("a $1;b", &["a $1", "b"]);
        check("a$b$;c", &["a$b$", "c"]);
    }

    #[test]
    fn parentheses_and_bodies_hide_semicolons() {
        check("create rule r as on insert to t do (a; b); c", &["create rule r as on insert to t do (a; b)", "c"]);
        check(
            "create or replace function f() begin atomic select case when a then b end; c; end; d",
            &["create or replace function f() begin atomic select case when a then b end; c; end", "d"],
        );
        check("begin; a; end; b", &["begin", "a", "end", "b"]);
        check("a (b; c; d", &["a (b", "c", "d"]);
        check("a (b; c (d); e (f; g", &["a (b", "c (d)", "e (f", "g"]);
        check("a (b", &["a (b"]);
        check("a ) b; c", &["a ) b", "c"]);
    }

    #[test]
    fn psql_is_passed_over() {
        check("\\restrict x;y\na;\n\\unrestrict z", &["a"]);
        check("select 1 \\gset\nb;", &["select 1", "b"]);
        check("a \\; b;", &["a", "b"]);
        check("copy t from stdin;\n1;\t'\n\\.\nb;", &["copy t from stdin", "b"]);
        check("COPY t (a) FROM STDIN WITH (format csv);\r\n1\r\n\\.\r\nb;", &["COPY t (a) FROM STDIN WITH (format csv)", "b"]);
        check("copy t from stdin;", &["copy t from stdin"]);
        check("\\copy t from stdin\n';\n\\.\nb", &["b"]);
        check("copy t from stdin;\nb;", &["copy t from stdin", "b"]);
    }

    #[test]
    fn what_is_left_out_is_said() {
        check_findings("\\connect x\na;", &[]);
        check_findings("create database d;\n\\connect d\ncreate table t();", &[]);
        check_findings("create table t();\n\\c d", &["18:4 `\\c d` changes the database: what follows is read as if it were the same one"]);
        check_findings("\\i b.sql", &["0:8 `\\i b.sql` is not followed"]);
        check_findings("a\\gexec", &["1:6 `\\gexec` runs SQL that its query makes, which is not known without a server"]);
        check_findings("copy t from stdin;\nb", &["0:4 the data of `COPY … FROM stdin` has no end"]);
        check_findings("a 'b;", &["2:1 unterminated quoted string"]);
        check_findings("a $x$b;", &["2:3 unterminated dollar-quoted string"]);
        check_findings("a /* b;", &["2:2 unterminated comment"]);
        check_findings("a \"b;", &["2:1 unterminated quoted identifier"]);
    }
}
