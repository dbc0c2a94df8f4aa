//! Go's tokens, with what layout needs to know of each: its lines, its bracket's partner, the comments before it.
//!
//! The Go specification, "Lexical elements", is the source of every rule here. It knows words and symbols only; what
//! they mean together is [`super::print`]'s business.

use super::{LayoutError, Problem};

/// What a token is. Keywords and symbols that layout treats alike share a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ident,
    Number,
    Char,
    /// An interpreted string.
    Text,
    /// A raw string: the only token that may hold line breaks.
    Raw,

    Case,
    Chan,
    Const,
    Default,
    Else,
    For,
    Func,
    If,
    Import,
    Interface,
    Map,
    Package,
    Return,
    Select,
    Struct,
    Switch,
    Type,
    Var,
    /// `break`, `continue`, `fallthrough`: a line may end after it.
    Jump,
    /// `defer`, `go`, `goto`, `range`.
    Prefix,

    LeftParen,
    RightParen,
    LeftBracket,
    RightBracket,
    LeftBrace,
    RightBrace,
    Comma,
    Semicolon,
    Colon,
    Dot,
    Ellipsis,
    /// `=` and all of `+=`, `&^=`, …
    Assign,
    /// `:=`
    Define,
    /// `++` and `--`
    Step,
    /// `<-`
    Arrow,
    /// `!` and `~`, unary always.
    Unary,
    /// An operator that is binary where an operand precedes it, with its precedence.
    Operator(u8),

    /// The line that the import block replaces.
    Imports,
    End,
}

impl Kind {
    /// Whether a line break after it ends the statement (Go specification, "Semicolons").
    pub(super) fn ends_statement(self) -> bool {
        matches!(
            self,
            Kind::Ident
                | Kind::Number
                | Kind::Char
                | Kind::Text
                | Kind::Raw
                | Kind::Jump
                | Kind::Return
                | Kind::Step
                | Kind::RightParen
                | Kind::RightBracket
                | Kind::RightBrace
                | Kind::Imports
        )
    }

    /// Whether it can end an operand, so that an operator after it is binary.
    pub(super) fn ends_operand(self) -> bool {
        matches!(
            self,
            Kind::Ident | Kind::Number | Kind::Char | Kind::Text | Kind::Raw | Kind::RightParen | Kind::RightBracket | Kind::RightBrace
        )
    }

    pub(super) fn opens(self) -> bool {
        matches!(self, Kind::LeftParen | Kind::LeftBracket | Kind::LeftBrace)
    }

    pub(super) fn closes(self) -> bool {
        matches!(self, Kind::RightParen | Kind::RightBracket | Kind::RightBrace)
    }

    fn partner(self) -> Kind {
        match self {
            Kind::RightParen => Kind::LeftParen,
            Kind::RightBracket => Kind::LeftBracket,
            Kind::RightBrace => Kind::LeftBrace,
            other => other,
        }
    }
}

/// A token that is not a comment. Offsets are bytes, lines count from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Whether white space or a comment stands before it on its line.
    pub(super) spaced: bool,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) line: u32,
    pub(super) end_line: u32,
    /// For a bracket: the index of the bracket that it pairs with.
    pub(super) partner: u32,
    /// How many comments of the file stand before it.
    pub(super) comments: u32,
}

/// A comment, markers included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) line: u32,
    pub(super) end_line: u32,
    /// Whether it is of the `/*` sort.
    pub(super) block: bool,
}

/// A file's tokens, the last of which is [`Kind::End`].
pub(super) struct Scanned {
    pub(super) tokens: Vec<Token>,
    pub(super) comments: Vec<Comment>,
    /// The tokens that may be one of the names that were asked for, as indexes into `tokens`.
    pub(super) named: Vec<u32>,
    /// The keywords `import`, and the line that the import block replaces, if there is one.
    pub(super) imports: Vec<u32>,
}

/// Names to look out for: what is told is their first bytes and lengths, which is enough to pass over most others.
pub(super) struct Names([u64; 256]);

impl Names {
    pub(super) fn of<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut lengths = [0; 256];
        for name in names {
            lengths[usize::from(name.bytes().next().unwrap_or(0))] |= 1 << (name.len() & 63);
        }
        Names(lengths)
    }

    fn may_hold(&self, word: &[u8]) -> bool {
        self.0[usize::from(word[0])] & (1 << (word.len() & 63)) != 0
    }
}

struct Scanner<'a> {
    source: &'a str,
    names: &'a Names,
    bytes: &'a [u8],
    at: usize,
    line: u32,
    line_start: usize,
    /// Brackets that are open, as indexes into `tokens`.
    open: Vec<u32>,
    tokens: Vec<Token>,
    comments: Vec<Comment>,
    named: Vec<u32>,
    imports: Vec<u32>,
}

/// Splits a file into tokens.
///
/// # Errors
/// Text that is no Go token, a literal or comment without its end, brackets that don't pair.
pub(super) fn scan(source: &str, names: &Names) -> Result<Scanned, LayoutError> {
    let mut scanner = Scanner {
        source,
        names,
        bytes: source.as_bytes(),
        at: 0,
        line: 1,
        line_start: 0,
        open: Vec::new(),
        tokens: Vec::with_capacity(source.len() / 3 + 16),
        comments: Vec::new(),
        named: Vec::new(),
        imports: Vec::new(),
    };
    if u32::try_from(source.len()).is_err() {
        return Err(scanner.error(0, Problem::TooLong));
    }
    scanner.run()?;
    let Scanner { tokens, comments, named, imports, .. } = scanner;
    Ok(Scanned { tokens, comments, named, imports })
}

impl Scanner<'_> {
    fn run(&mut self) -> Result<(), LayoutError> {
        loop {
            let spaced = self.skip_white_space()?;
            let (start, line) = (self.at, self.line);
            let Some(&first) = self.bytes.get(start) else { break };
            let kind = self.token(first)?;
            self.push(kind, spaced, start, line)?;
        }
        if let Some(&open) = self.open.last() {
            let start = self.tokens[open as usize].start as usize;
            return Err(self.error(start, Problem::Unclosed(self.source[start..=start].to_owned())));
        }
        let (at, line) = (self.at, self.line);
        self.push(Kind::End, false, at, line)
    }

    fn push(&mut self, kind: Kind, spaced: bool, start: usize, line: u32) -> Result<(), LayoutError> {
        let index = self.tokens.len() as u32;
        let mut partner = index;
        if kind.opens() {
            self.open.push(index);
        } else if kind.closes() {
            match self.open.pop() {
                Some(open) if self.tokens[open as usize].kind == kind.partner() => {
                    self.tokens[open as usize].partner = index;
                    partner = open;
                }
                _ => return Err(self.error(start, Problem::Unopened(self.source[start..self.at].to_owned()))),
            }
        }
        let (start, end) = (start as u32, self.at as u32);
        let comments = self.comments.len() as u32;
        self.tokens.push(Token { kind, spaced, start, end, line, end_line: self.line, partner, comments });
        Ok(())
    }

    /// Passes over white space and comments; whether there was any on the token's own line.
    fn skip_white_space(&mut self) -> Result<bool, LayoutError> {
        let mut spaced = false;
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\t' | b'\r') => {
                    self.at += 1;
                    spaced = true;
                }
                Some(b'\n') => {
                    self.at += 1;
                    self.line += 1;
                    self.line_start = self.at;
                    spaced = false;
                }
                Some(b'/') if matches!(self.bytes.get(self.at + 1), Some(b'/' | b'*')) => {
                    self.comment()?;
                    spaced = true;
                }
                _ => return Ok(spaced),
            }
        }
    }

    fn comment(&mut self) -> Result<(), LayoutError> {
        let (start, line) = (self.at, self.line);
        let block = self.bytes[start + 1] == b'*';
        if block {
            let Some(length) = self.source[start + 2..].find("*/") else { return Err(self.error(start, Problem::Unterminated("comment"))) };
            self.advance_to(start + 2 + length + 2);
        } else {
            let length = self.source[start..].find('\n').unwrap_or(self.source.len() - start);
            self.at = start + length;
        }
        self.comments.push(Comment { start: start as u32, end: self.at as u32, line, end_line: self.line, block });
        Ok(())
    }

    /// Moves on to `end`, counting the lines between.
    fn advance_to(&mut self, end: usize) {
        for (offset, &byte) in self.bytes[self.at..end].iter().enumerate() {
            if byte == b'\n' {
                self.line += 1;
                self.line_start = self.at + offset + 1;
            }
        }
        self.at = end;
    }

    fn token(&mut self, first: u8) -> Result<Kind, LayoutError> {
        let start = self.at;
        match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.word(start),
            b'0'..=b'9' => Ok(self.number()),
            b'.' if self.bytes.get(start + 1).is_some_and(u8::is_ascii_digit) => Ok(self.number()),
            b'"' => self.quoted(b'"', "string").map(|()| Kind::Text),
            b'\'' => self.quoted(b'\'', "rune").map(|()| Kind::Char),
            b'`' => {
                let Some(length) = self.source[start + 1..].find('`') else {
                    return Err(self.error(start, Problem::Unterminated("raw string")));
                };
                self.advance_to(start + 1 + length + 1);
                Ok(Kind::Raw)
            }
            b'@' => self.imports_line(start),
            _ => self.symbol(first),
        }
    }

    fn word(&mut self, start: usize) -> Result<Kind, LayoutError> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte.is_ascii_alphanumeric() || byte == b'_' {
                self.at += 1;
            } else if byte >= 0x80 {
                let rest = self.source[self.at..].chars().next().expect("a byte above 0x7f begins a character here");
                // Go allows letters (L) and decimal digits (Nd); the identifier tables also have marks, which Go's compiler refuses itself.
                if !(unicode_ident::is_xid_continue(rest)) {
                    return Err(self.error(self.at, Problem::Character(rest)));
                }
                self.at += rest.len_utf8();
            } else {
                break;
            }
        }
        let word = &self.bytes[start..self.at];
        let kind = keyword(word);
        let index = self.tokens.len() as u32;
        match kind {
            Kind::Ident if self.names.may_hold(word) => self.named.push(index),
            Kind::Import => self.imports.push(index),
            _ => {}
        }
        Ok(kind)
    }

    /// A number, more generously than Go: the compiler tells of a bad one.
    fn number(&mut self) -> Kind {
        let start = self.at;
        let hexadecimal = self.bytes[start] == b'0' && matches!(self.bytes.get(start + 1), Some(b'x' | b'X'));
        while let Some(&byte) = self.bytes.get(self.at) {
            let exponent = match self.bytes[self.at - usize::from(self.at > start)] {
                b'e' | b'E' => !hexadecimal,
                b'p' | b'P' => hexadecimal,
                _ => false,
            };
            let part = byte.is_ascii_alphanumeric()
                || byte == b'_'
                || byte == b'.'
                || (matches!(byte, b'+' | b'-') && exponent && self.at > start);
            if !part {
                break;
            }
            self.at += 1;
        }
        Kind::Number
    }

    fn quoted(&mut self, quote: u8, what: &'static str) -> Result<(), LayoutError> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                Some(b'\\') if self.bytes.get(self.at + 1) != Some(&b'\n') => self.at += 2,
                Some(b'\n') | None => return Err(self.error(start, Problem::Unterminated(what))),
                Some(&byte) => {
                    self.at += 1;
                    if byte == quote {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// `@imports` alone on its line, where the import block belongs.
    fn imports_line(&mut self, start: usize) -> Result<Kind, LayoutError> {
        let line = &self.source[start..];
        let line = &line[..line.find('\n').unwrap_or(line.len())];
        let alone = self.source[self.line_start..start].trim().is_empty() && line.trim_end() == super::IMPORTS;
        if !alone || !self.open.is_empty() {
            return Err(self.error(start, Problem::Character('@')));
        }
        self.at += super::IMPORTS.len();
        self.imports.push(self.tokens.len() as u32);
        Ok(Kind::Imports)
    }

    fn symbol(&mut self, first: u8) -> Result<Kind, LayoutError> {
        let byte = |ahead: usize| self.bytes.get(self.at + ahead).copied().unwrap_or(0);
        let (second, third) = (byte(1), byte(2));
        let (length, kind) = match (first, second, third) {
            (b'(', ..) => (1, Kind::LeftParen),
            (b')', ..) => (1, Kind::RightParen),
            (b'[', ..) => (1, Kind::LeftBracket),
            (b']', ..) => (1, Kind::RightBracket),
            (b'{', ..) => (1, Kind::LeftBrace),
            (b'}', ..) => (1, Kind::RightBrace),
            (b',', ..) => (1, Kind::Comma),
            (b';', ..) => (1, Kind::Semicolon),
            (b':', b'=', _) => (2, Kind::Define),
            (b':', ..) => (1, Kind::Colon),
            (b'.', b'.', b'.') => (3, Kind::Ellipsis),
            (b'.', ..) => (1, Kind::Dot),
            (b'=', b'=', _) | (b'!' | b'<' | b'>', b'=', _) => (2, Kind::Operator(3)),
            (b'=', ..) => (1, Kind::Assign),
            (b'!' | b'~', ..) => (1, Kind::Unary),
            (b'+', b'+', _) | (b'-', b'-', _) => (2, Kind::Step),
            (b'<', b'-', _) => (2, Kind::Arrow),
            (b'<', b'<', b'=') | (b'>', b'>', b'=') | (b'&', b'^', b'=') => (3, Kind::Assign),
            (b'<', b'<', _) | (b'>', b'>', _) | (b'&', b'^', _) => (2, Kind::Operator(5)),
            (b'<' | b'>', ..) => (1, Kind::Operator(3)),
            (b'&', b'&', _) => (2, Kind::Operator(2)),
            (b'|', b'|', _) => (2, Kind::Operator(1)),
            (b'+' | b'-' | b'|' | b'^' | b'*' | b'/' | b'%' | b'&', b'=', _) => (2, Kind::Assign),
            (b'+' | b'-' | b'|' | b'^', ..) => (1, Kind::Operator(4)),
            (b'*' | b'/' | b'%' | b'&', ..) => (1, Kind::Operator(5)),
            _ => return Err(self.error(self.at, Problem::Character(first as char))),
        };
        self.at += length;
        Ok(kind)
    }

    fn error(&self, offset: usize, problem: Problem) -> LayoutError {
        LayoutError::new(self.source, offset, problem)
    }
}

fn keyword(word: &[u8]) -> Kind {
    match word {
        b"break" | b"continue" | b"fallthrough" => Kind::Jump,
        b"case" => Kind::Case,
        b"chan" => Kind::Chan,
        b"const" => Kind::Const,
        b"default" => Kind::Default,
        b"defer" | b"go" | b"goto" | b"range" => Kind::Prefix,
        b"else" => Kind::Else,
        b"for" => Kind::For,
        b"func" => Kind::Func,
        b"if" => Kind::If,
        b"import" => Kind::Import,
        b"interface" => Kind::Interface,
        b"map" => Kind::Map,
        b"package" => Kind::Package,
        b"return" => Kind::Return,
        b"select" => Kind::Select,
        b"struct" => Kind::Struct,
        b"switch" => Kind::Switch,
        b"type" => Kind::Type,
        b"var" => Kind::Var,
        _ => Kind::Ident,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(source: &str) -> Result<Scanned, LayoutError> {
        super::scan(source, &Names::of([].into_iter()))
    }

    fn check(source: &str, expected: &[&str]) {
        let scanned = scan(source).unwrap_or_else(|error| panic!("{source}: {error}"));
        let texts: Vec<&str> = scanned.tokens.iter().map(|token| &source[token.start as usize..token.end as usize]).collect();
        assert_eq!(texts[..texts.len() - 1], *expected, "{source}");
    }

    #[test]
    fn tokens() {
        check("a.b+=c&^d", &["a", ".", "b", "+=", "c", "&^", "d"]);
        check("x:=<-y...", &["x", ":=", "<-", "y", "..."]);
    }

    #[test]
    fn literals() {
        check(r#""a\"b" 'x' '\''"#, &[r#""a\"b""#, "'x'", r"'\''"]);
        check("`a\n\"b`", &["`a\n\"b`"]);
        check("1e-3 0x1p+2 0xe-1 1.5i .5 1_000 a.b", &["1e-3", "0x1p+2", "0xe", "-", "1", "1.5i", ".5", "1_000", "a", ".", "b"]);
        check("größe名=1", &["größe名", "=", "1"]);
    }

    #[test]
    fn comments_are_apart() {
        let scanned = scan("a // b\n/* c\n */ d").unwrap();
        assert_eq!(scanned.tokens.len(), 3);
        assert_eq!(scanned.comments.len(), 2);
        assert_eq!((scanned.tokens[1].line, scanned.tokens[1].comments), (3, 2));
    }

    fn check_error(source: &str, expected: &str) {
        assert_eq!(scan(source).err().expect(source).to_string(), expected);
    }

    #[test]
    fn errors() {
        check_error("a(\n  b]", "2:4: `]` has no partner");
        check_error("a\n(b", "2:1: `(` is never closed");
        check_error("x \"abc\n", "1:3: string without its end");
        check_error("x /* ", "1:3: comment without its end");
        check_error("a # b", "1:3: `#` is no Go");
        check_error("a @imports", "1:3: `@` is no Go");
    }
}
