//! Puts tokens down one after the other, with the white space that is due and the comments between.
//!
//! White space is owed, not written, until the next token comes: only then is it known which comments stand before the
//! token and which part of the white space goes before them, which after. How it is shared out follows go/printer
//! (printer.go: `intersperseComments`, `writeCommentPrefix`, `writeCommentSuffix`). It knows tokens and comments; what
//! white space is due where is [`super::structure`]'s business.

use super::columns::Columns;
use super::doc_comment;
use super::scan::{Comment, Kind, Scanned, Token};

/// White space that is owed, and changes of the indentation that take effect in its course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// Settled already.
    Nothing,
    Blank,
    /// The end of a soft cell.
    Column,
    Line,
    /// A line break that ends the section of columns.
    Section,
    Indent,
    Unindent,
}

impl Space {
    fn breaks(self) -> bool {
        matches!(self, Space::Line | Space::Section)
    }
}

/// What a token allows after a comment of the `/*` sort before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    Anything,
    /// No line break: the brace of a function that stays on one line.
    NoBreak,
    /// Neither line break nor blank: the closing brace of a composite literal.
    Nothing,
}

pub(super) struct Printer<'a> {
    pub(super) source: &'a str,
    pub(super) tokens: Vec<Token>,
    comments: Vec<Comment>,
    columns: Columns,
    owed: Vec<Space>,
    indent: usize,
    /// Lines written.
    pub(super) line: u32,
    at_line_start: bool,
    /// A token with line breaks of its own was written: nothing lines up until the line ends.
    unaligned: bool,
    /// The line in the source that the next thing to write would be on.
    source_line: u32,
    /// The line in the source on which the last thing written ended.
    last_line: u32,
    next_comment: usize,
    /// How many composite literals are open.
    pub(super) literals: u32,
}

impl<'a> Printer<'a> {
    pub(super) fn new(source: &'a str, scanned: Scanned) -> Self {
        Printer {
            source,
            tokens: scanned.tokens,
            comments: scanned.comments,
            columns: Columns::new(source.len() + source.len() / 8),
            owed: Vec::with_capacity(16),
            indent: 0,
            line: 1,
            at_line_start: true,
            unaligned: false,
            source_line: 1,
            last_line: 1,
            next_comment: 0,
            literals: 0,
        }
    }

    pub(super) fn finish(self) -> String {
        self.columns.finish()
    }

    pub(super) fn text(&self, token: &Token) -> &'a str {
        &self.source[token.start as usize..token.end as usize]
    }

    pub(super) fn owe(&mut self, space: Space) {
        if space != Space::Nothing {
            self.owed.push(space);
        }
    }

    /// Whether nothing has been written.
    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Whether comments stand before the token and after the one before it.
    pub(super) fn comments_before(&self, index: usize) -> bool {
        self.next_comment < self.tokens[index].comments as usize
    }

    /// Whether a comment belongs to the line that the token before `index` is on. After a raw string of more lines gofmt
    /// doesn't see one there: it looks at where the string begins.
    pub(super) fn line_comment_before(&self, index: usize) -> bool {
        let token = &self.tokens[index];
        index > 0
            && self.comments_before(index)
            && self.comments[self.next_comment].line == self.tokens[index - 1].line
            && self.comments[self.next_comment].end_line < token.line
    }

    /// Writes the token, after what is owed and the comments before it. The line that it begins on.
    pub(super) fn token(&mut self, index: usize, after: After) -> u32 {
        let token = self.tokens[index];
        if self.comments_before(index) {
            self.comments_then(index, after);
        } else {
            self.write_owed(self.owed.len());
        }
        let begun = self.line;
        self.source_line = token.line;
        match token.kind {
            Kind::Number => {
                let text = self.text(&token);
                match normal_number(text) {
                    None => self.write_text(text),
                    Some(normal) => self.write_text(&normal),
                }
            }
            Kind::End => return begun,
            _ => self.write_text(self.text(&token)),
        }
        self.last_line = self.source_line;
        begun
    }

    /// Writes what the source has from behind a token that was written up to the end of another. Line breaks are those of raw strings.
    pub(super) fn through(&mut self, index: usize, last: usize) {
        let (from, to) = (self.tokens[index].end as usize, self.tokens[last].end as usize);
        self.columns.text(&self.source[from..to]);
        let end_line = self.tokens[last].end_line;
        let breaks = end_line - self.source_line;
        if breaks > 0 {
            self.unaligned = true;
            self.line += breaks;
            self.source_line = end_line;
            self.last_line = end_line;
        }
    }

    /// Writes text that is not in the source in place of the token.
    pub(super) fn replacement(&mut self, index: usize, text: &str) {
        if self.comments_before(index) {
            self.comments_then(index, After::Anything);
        } else {
            self.write_owed(self.owed.len());
        }
        self.write_text(text);
        self.source_line = self.tokens[index].line;
        self.last_line = self.source_line;
    }

    fn write_text(&mut self, text: &str) {
        if self.at_line_start {
            self.columns.begin_line(self.indent);
            self.at_line_start = false;
        }
        self.columns.text(text);
        if text.len() > 1 {
            let breaks = match text.as_bytes()[0] {
                b'`' | b'i' => text.bytes().filter(|&byte| byte == b'\n').count() as u32,
                _ => 0,
            };
            if breaks > 0 {
                self.unaligned = true;
                self.line += breaks;
                self.source_line += breaks;
            }
        }
    }

    fn write_break(&mut self, section: bool) {
        let section = std::mem::take(&mut self.unaligned) || section;
        if self.at_line_start {
            self.columns.begin_line(self.indent);
        }
        self.columns.end_line(section);
        self.at_line_start = true;
        self.line += 1;
        self.source_line += 1;
    }

    /// Ends a cell, or writes a blank where nothing lines up.
    fn write_tab(&mut self, hard: bool) {
        if self.unaligned {
            self.write_blank();
            return;
        }
        if self.at_line_start {
            self.columns.begin_line(self.indent);
            self.at_line_start = false;
        }
        self.columns.tab(hard);
    }

    fn write_blank(&mut self) {
        if self.at_line_start {
            self.columns.begin_line(self.indent);
            self.at_line_start = false;
        }
        self.columns.text(" ");
    }

    /// Writes the first `count` that are owed.
    fn write_owed(&mut self, count: usize) {
        let mut at = 0;
        while at < count {
            match self.owed[at] {
                Space::Nothing => {}
                Space::Indent => self.indent += 1,
                Space::Unindent => self.indent = self.indent.saturating_sub(1),
                Space::Blank => self.write_blank(),
                Space::Column => self.write_tab(false),
                Space::Line | Space::Section if at + 1 < count && self.owed[at + 1] == Space::Unindent => {
                    // So that a label stands where it should, whatever was said first.
                    self.owed[at] = Space::Unindent;
                    self.owed[at + 1] = Space::Section;
                    continue;
                }
                Space::Line => self.write_break(false),
                Space::Section => self.write_break(true),
            }
            at += 1;
        }
        self.owed.drain(..count);
    }

    /// Writes the comments before the token, what is owed around them, and the blank line that the source has after them.
    fn comments_then(&mut self, index: usize, after: After) {
        let token = self.tokens[index];
        let implied = index > 0 && self.tokens[index - 1].kind.ends_statement() && !self.owed.iter().any(|space| space.breaks());
        let all = self.next_comment..token.comments as usize;
        let doc = self.doc_comment(all.clone(), &token).and_then(|first| {
            let lines: Vec<&str> = self.comments[first..all.end].iter().map(|comment| self.comment_text(comment)).collect();
            Some((first, doc_comment::format(&lines)?))
        });
        let mut previous: Option<Comment> = None;
        for at in all.start..doc.as_ref().map_or(all.end, |(first, _)| *first) {
            let comment = self.comments[at];
            self.before_comment(comment.line, self.column(comment.start), &token, previous);
            self.write_comment(comment);
            previous = Some(comment);
        }
        self.next_comment = all.end;
        let (wrote, dropped) = match doc {
            Some((first, formatted)) if formatted.is_empty() => {
                // Nothing is left of it: as if it had never been there.
                self.before_comment(self.comments[first].line, 0, &token, previous);
                self.source_line = token.line;
                self.last_line = token.line;
                self.after_comments(false)
            }
            Some((first, formatted)) => {
                let (first, last) = (self.comments[first], self.comments[all.end - 1]);
                for text in &formatted {
                    self.before_comment(first.line, 0, &token, previous);
                    self.write_comment_text(text, first.block, 0);
                    self.last_line = first.line;
                    previous = Some(first);
                }
                self.source_line = last.end_line;
                self.last_line = last.end_line;
                self.after_last(index, &token, after, Some(last))
            }
            None => self.after_last(index, &token, after, previous),
        };
        if !implied {
            let mut lines = token.line.saturating_sub(self.source_line).min(2);
            if wrote && lines == 2 {
                lines = 1;
            }
            for _ in 0..lines {
                self.write_break(dropped);
            }
        }
    }

    /// Where the comments begin that document the token: not indented, right before it, and the token not indented either.
    fn doc_comment(&self, comments: std::ops::Range<usize>, token: &Token) -> Option<usize> {
        if token.kind == Kind::Import || self.column(token.start) > 0 || token.kind == Kind::End {
            return None;
        }
        let last = self.comments[comments.end - 1];
        // The token is at the start of the line right after the comment.
        if last.end + 1 != token.start {
            return None;
        }
        let mut first = comments.end - 1;
        while first > comments.start && self.comments[first - 1].end_line + 1 >= self.comments[first].line && !self.trails(first - 1) {
            first -= 1;
        }
        (self.column(self.comments[first].start) == 0 && !self.trails(first)).then_some(first)
    }

    /// Whether something stands before the comment on its line that has been written.
    fn trails(&self, comment: usize) -> bool {
        comment >= self.next_comment && self.comments[comment].line == self.last_line && !self.columns.is_empty()
    }

    fn comment_text(&self, comment: &Comment) -> &'a str {
        &self.source[comment.start as usize..comment.end as usize]
    }

    /// Bytes before the offset on its line.
    fn column(&self, offset: u32) -> usize {
        let before = &self.source.as_bytes()[..offset as usize];
        before.iter().rev().take_while(|&&byte| byte != b'\n').count()
    }

    fn before_comment(&mut self, line: u32, column: usize, token: &Token, previous: Option<Comment>) {
        if self.columns.is_empty() {
            return;
        }
        if line == self.last_line && previous.is_none_or(|comment| comment.block) {
            let mut separated = false;
            if previous.is_none() {
                let mut count = 0;
                for at in 0..self.owed.len() {
                    match self.owed[at] {
                        Space::Blank => self.owed[at] = Space::Nothing,
                        Space::Column => separated = true,
                        Space::Indent => {}
                        _ => {
                            count = at;
                            break;
                        }
                    }
                }
                self.write_owed(count);
            }
            if !separated {
                if line == token.line { self.write_blank() } else { self.write_tab(true) }
            }
            return;
        }
        let mut dropped_break = false;
        let mut count = 0;
        for at in 0..self.owed.len() {
            match self.owed[at] {
                Space::Blank | Space::Column => {
                    self.owed[at] = Space::Nothing;
                    continue;
                }
                Space::Indent => continue,
                Space::Unindent => {
                    // Not the last: it belongs to what ended, not to the block around it.
                    if self.owed.get(at + 1) == Some(&Space::Unindent) {
                        continue;
                    }
                    // The comment stands where the token does: it is about what follows, such as the next case.
                    if token.kind != Kind::RightBrace && column == self.column(token.start) {
                        continue;
                    }
                }
                Space::Line | Space::Section => {
                    self.owed[at] = Space::Nothing;
                    dropped_break = previous.is_none();
                }
                Space::Nothing => {}
            }
            count = at;
            break;
        }
        self.write_owed(count);
        let mut lines = line.saturating_sub(self.last_line);
        if self.indent == 0 && dropped_break {
            lines += 1;
        }
        if lines == 0 && previous.is_some_and(|comment| !comment.block) {
            lines = 1;
        }
        for _ in 0..lines.min(2) {
            self.write_break(true);
        }
    }

    /// Settles what follows the last comment before a token.
    fn after_last(&mut self, index: usize, token: &Token, after: After, last: Option<Comment>) -> (bool, bool) {
        let Some(last) = last else { return (false, false) };
        let opener = index.checked_sub(1).map(|before| self.tokens[before].kind);
        let mut break_needed = false;
        let closes_alone = match token.kind {
            Kind::Comma => true,
            Kind::RightParen => opener != Some(Kind::LeftParen),
            Kind::RightBracket => opener != Some(Kind::LeftBracket),
            _ => false,
        };
        if after != After::Nothing && last.block && last.line == token.line && !closes_alone {
            if self.owed.iter().any(|space| space.breaks()) && after == After::Anything && self.literals == 0 {
                break_needed = true;
            } else {
                self.write_blank();
            }
        }
        if !last.block || token.kind == Kind::End || (token.kind == Kind::RightBrace && after == After::Anything) {
            break_needed = true;
        }
        self.after_comments(break_needed)
    }

    /// Writes what is still owed after a comment, with one line break at most. Whether a break was written, and whether one
    /// that ends a section was left out.
    fn after_comments(&mut self, mut break_needed: bool) -> (bool, bool) {
        let (mut wrote, mut dropped) = (false, false);
        for space in &mut self.owed {
            match space {
                Space::Blank | Space::Column => *space = Space::Nothing,
                Space::Line | Space::Section if break_needed => {
                    break_needed = false;
                    wrote = true;
                }
                Space::Line | Space::Section => {
                    dropped |= *space == Space::Section;
                    *space = Space::Nothing;
                }
                Space::Nothing | Space::Indent | Space::Unindent => {}
            }
        }
        self.write_owed(self.owed.len());
        if break_needed {
            self.write_break(false);
            wrote = true;
        }
        (wrote, dropped)
    }

    fn write_comment(&mut self, comment: Comment) {
        let column = self.column(comment.start);
        self.source_line = comment.line;
        self.write_comment_text(self.comment_text(&comment), comment.block, column);
        self.source_line = comment.end_line;
        self.last_line = comment.end_line;
    }

    fn write_comment_text(&mut self, text: &str, block: bool, column: usize) {
        if !block {
            // A line directive works at the start of a line only.
            let suspended = (column == 0 && text.starts_with("//line ")).then(|| std::mem::take(&mut self.indent));
            self.write_text(text.trim_end());
            self.indent = suspended.unwrap_or(self.indent);
            return;
        }
        if !text.contains('\n') {
            self.write_text(text.trim_end());
            return;
        }
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        if column == 0 && self.indent > 0 {
            // As if it had been indented before: else a second run would give another result.
            for line in &mut lines[1..] {
                line.insert_str(0, "   ");
            }
        }
        strip_margin(&mut lines);
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                self.write_break(true);
            }
            if !line.is_empty() {
                self.write_text(line.trim_end());
            }
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| byte <= b' ')
}

/// The margin that two lines share: white space and stars.
fn common_margin<'a>(first: &'a str, second: &str) -> &'a str {
    let length = first.bytes().zip(second.bytes()).take_while(|(a, b)| a == b && (*a <= b' ' || *a == b'*')).count();
    &first[..length]
}

/// Takes from the lines of a `/*` comment the margin that they share, so that they can be indented anew (go/printer, `stripCommonPrefix`).
fn strip_margin(lines: &mut [String]) {
    let count = lines.len();
    if count <= 1 {
        return;
    }
    let mut margin: Option<String> = None;
    for line in &mut lines[1..count - 1] {
        if is_blank(line) {
            line.clear();
        } else {
            margin = Some(common_margin(margin.as_deref().unwrap_or(line), line).to_owned());
        }
    }
    let mut margin = margin.unwrap_or_else(|| common_margin(&lines[count - 1], &lines[count - 1]).to_owned());
    let mut stars = false;
    if let Some(star) = margin.find('*') {
        margin.truncate(star);
        if margin.ends_with(' ') {
            margin.pop();
        }
        stars = true;
    } else if is_blank(&lines[0][2..]) {
        // Text begins on the second line: it stays indented by up to three blanks or a tab against the comment's marks.
        let mut length = margin.len();
        for _ in 0..3 {
            if margin[..length].ends_with(' ') {
                length -= 1;
            }
        }
        if length == margin.len() && margin.ends_with('\t') {
            length -= 1;
        }
        margin.truncate(length);
    } else {
        let first = &lines[0][2..];
        let white = &first[..first.bytes().take_while(|&byte| byte <= b' ').count()];
        let suffix = if white.starts_with('\t') { white.to_owned() } else { format!("  {white}") };
        if let Some(shorter) = margin.strip_suffix(suffix.as_str()) {
            margin.truncate(shorter.len());
        }
    }
    let last = &lines[count - 1];
    let before = last.split("*/").next().unwrap_or_default();
    if is_blank(before) {
        lines[count - 1] = format!("{margin}{}", if stars { " */" } else { "*/" });
    } else {
        margin = common_margin(&margin, last).to_owned();
    }
    for line in &mut lines[1..] {
        if !line.is_empty() {
            line.drain(..margin.len().min(line.len()));
        }
    }
}

/// A number as gofmt spells it: small letters for base and exponent, no leading zeros of an imaginary integer. None where it is so already.
fn normal_number(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 2 {
        return None;
    }
    let normal = match (bytes[0], bytes[1]) {
        (b'0', b'x' | b'X') => format!("0x{}", text[2..].replace('P', "p")),
        (b'0', b'o' | b'O') => format!("0o{}", &text[2..]),
        (b'0', b'b' | b'B') => format!("0b{}", &text[2..]),
        _ if text.contains('E') => text.replace('E', "e"),
        _ if text.ends_with('i') && !text.contains(['.', 'e']) => match text.trim_start_matches(['0', '_']) {
            "i" => "0i".to_owned(),
            rest => rest.to_owned(),
        },
        _ => return None,
    };
    (normal != text).then_some(normal)
}
