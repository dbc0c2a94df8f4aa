//! Which white space is due between two tokens: breaks, indentation, columns.
//!
//! One walk over the tokens with a stack of open brackets and blocks. What a bracket is (a block, a composite literal,
//! the fields of a struct, parameters…) is told from the tokens around it; no syntax tree is built. The rules are those of
//! go/printer (nodes.go), the function behind a rule is named where it stands. Line breaks are the source's own: this
//! adds one only where gofmt insists, and leaves out those that it doesn't keep.

use super::print::{After, Printer, Space};
use super::scan::{Kind, Scanned, Token};
use list::List;

mod bracket;
mod function;
mod items;
mod list;
mod plain;

/// What a bracket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// The declarations of a file; the only frame without a bracket.
    File,
    Statements,
    /// The clauses of `switch` and `select`.
    Clauses,
    /// The statements of a clause; from its colon to the next clause.
    Clause,
    Fields,
    Methods,
    /// `const (`, `var (`, `type (`, `import (`.
    Declarations(Kind),
    Parameters,
    Arguments,
    Elements,
    /// Parentheses around an expression or type.
    Expression,
    /// An index, a slice expression, a length, type arguments.
    Index,
}

impl Holds {
    /// Whether it holds items that semicolons end.
    fn items(self) -> bool {
        matches!(
            self,
            Holds::File | Holds::Statements | Holds::Clauses | Holds::Clause | Holds::Fields | Holds::Methods | Holds::Declarations(_)
        )
    }
}

/// What a token means that only what came before can tell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    None,
    Parameters,
    Body,
    /// A body that stays on one line.
    FlatBody,
}

impl Role {
    fn is_body(self) -> bool {
        matches!(self, Role::Body | Role::FlatBody)
    }
}

/// What the next `{` of a statement opens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    None,
    Statements,
    Clauses,
}

/// A binary operator whose right operand is being written.
struct Operator {
    precedence: u8,
    broken: bool,
}

struct Frame {
    holds: Holds,
    open: usize,
    /// It stays on one line.
    flat: bool,
    /// The next token begins an item, whatever stands before it.
    expects_item: bool,
    /// Whether the label of the item was just written: what follows is no item of its own.
    labelled: bool,
    items: usize,
    /// The output line on which the item begins.
    item_line: u32,
    header: Header,
    list: List,
    /// How many operators are open outside.
    operators: usize,
    /// Tokens before which cells end, and how many.
    columns: [(usize, u8); 2],
    /// Cells to end before a comment that trails the item.
    trailing: u8,
    /// The items line up in columns.
    aligned: bool,
    /// For `const` and `var`: whether the item's type column stays, if empty.
    keeps_type: Vec<bool>,
    /// The line of a method chain ends with this bracket.
    chained: bool,
    literals: u32,
}

struct Walk<'a> {
    print: Printer<'a>,
    roles: Vec<Role>,
    frames: Vec<Frame>,
    operators: Vec<Operator>,
    declaration: Kind,
    imports: &'a str,
    /// A selector was broken after its dot: its name is next.
    chain: bool,
    /// The next parenthesis ends a broken selector's line.
    chain_call: bool,
    /// The token to go on with.
    next: usize,
}

/// Lays out a file. `imports` stands in for the line that asks for it.
pub(super) fn lay_out(source: &str, scanned: Scanned, imports: &str) -> String {
    let count = scanned.tokens.len();
    let mut walk = Walk {
        roles: vec![Role::None; count],
        print: Printer::new(source, scanned),
        frames: Vec::with_capacity(16),
        operators: Vec::new(),
        declaration: Kind::End,
        imports,
        chain: false,
        chain_call: false,
        next: 0,
    };
    walk.push(Holds::File, 0, false);
    while walk.next < count {
        let index = walk.next;
        walk.next += 1;
        walk.step(index);
    }
    walk.print.finish()
}

impl Walk<'_> {
    fn at(&self, index: usize) -> &Token {
        &self.print.tokens[index]
    }

    fn kind(&self, index: usize) -> Kind {
        self.print.tokens.get(index).map_or(Kind::End, |token| token.kind)
    }

    fn top(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the file's frame stays")
    }

    fn holds(&self) -> Holds {
        self.frames.last().map_or(Holds::File, |frame| frame.holds)
    }

    fn owe(&mut self, space: Space) {
        self.print.owe(space);
    }

    /// The kind of the token before.
    fn before(&self, index: usize) -> Kind {
        index.checked_sub(1).map_or(Kind::End, |before| self.kind(before))
    }

    /// Whether a line break stands between the token and the one before.
    fn on_new_line(&self, index: usize) -> bool {
        index > 0 && self.at(index).line > self.at(index - 1).end_line
    }

    /// Whether a semicolon stands before the token, written or not.
    fn semicolon_before(&self, index: usize) -> bool {
        let before = self.before(index);
        before == Kind::Semicolon || (before.ends_statement() && self.on_new_line(index))
    }

    /// Where the token after an operand or bracket is: past the partner of an opening bracket.
    fn after(&self, index: usize) -> usize {
        if self.kind(index).opens() { self.at(index).partner as usize + 1 } else { index + 1 }
    }

    fn push(&mut self, holds: Holds, open: usize, flat: bool) {
        let line = self.print.tokens.get(open).map_or(1, |token| token.line);
        self.frames.push(Frame {
            holds,
            open,
            flat,
            expects_item: holds.items(),
            labelled: false,
            items: 0,
            item_line: self.print.line,
            header: Header::None,
            list: List::new(line),
            operators: self.operators.len(),
            columns: [(0, 0); 2],
            trailing: 0,
            aligned: false,
            keeps_type: Vec::new(),
            chained: false,
            literals: self.print.literals,
        });
    }

    fn step(&mut self, index: usize) {
        let kind = self.kind(index);
        if kind.closes() {
            return self.close(index);
        }
        if kind == Kind::End {
            self.end_item(index);
            self.owe(Space::Line);
            self.print.token(index, After::Anything);
            return;
        }
        let frame = self.top();
        if kind == Kind::Semicolon && frame.holds.items() && frame.header == Header::None && !frame.flat {
            // Written only where it is the statement of a label.
            if std::mem::take(&mut frame.labelled) && self.kind(index + 1) != Kind::RightBrace {
                self.owe(Space::Line);
                self.print.token(index, After::Anything);
            }
            return;
        }
        let opens = if kind.opens() { Some(self.bracket(index)) } else { None };
        let begins = self.holds().items() && self.begins_item(index);
        if begins {
            self.begin_item(index);
            if kind == Kind::Imports {
                if !self.imports.is_empty() {
                    self.print.replacement(index, self.imports);
                }
                return;
            }
        } else {
            self.gap(index, opens);
        }
        if kind == Kind::Func {
            self.mark_function(index, begins && self.holds() == Holds::File);
        }
        if opens == Some(Holds::Elements) {
            self.print.literals += 1;
        }
        let line = self.print.token(index, After::Anything);
        if begins {
            let frame = self.top();
            if std::mem::take(&mut frame.labelled) {
                // The label's line is not the statement's.
                frame.item_line += 1;
            } else {
                frame.item_line = line;
                let plain = match frame.holds {
                    Holds::Statements | Holds::Clause => kind != Kind::Func,
                    Holds::Methods => kind == Kind::Ident,
                    Holds::File => kind == Kind::Func,
                    _ => false,
                };
                if plain
                    && !frame.flat
                    && let Some(last) = self.plain_statement(index)
                {
                    self.print.through(index, last);
                    self.next = last + 1;
                    return;
                }
            }
        }
        self.then(index, opens);
    }

    /// Owes the white space before a token that begins no item.
    fn gap(&mut self, index: usize, opens: Option<Holds>) {
        let token = *self.at(index);
        let before = self.before(index);
        let new_line = self.on_new_line(index);
        let frame = self.top();
        let (holds, columns) = (frame.holds, frame.columns);
        let in_list = !holds.items();
        if in_list && index == frame.open + 1 {
            return self.first_element(index);
        }
        match token.kind {
            Kind::Comma | Kind::Semicolon => {
                self.end_expression(0);
                if token.kind == Kind::Semicolon {
                    self.end_list();
                    if token.spaced {
                        self.owe(Space::Blank);
                    }
                }
                return;
            }
            Kind::Assign | Kind::Define => {
                self.end_expression(0);
                self.end_list();
            }
            Kind::Colon => {
                self.end_expression(0);
                if holds == Holds::Clauses {
                    self.end_list();
                }
            }
            Kind::Ellipsis | Kind::Step => self.end_expression(0),
            Kind::Arrow if before.ends_operand() => self.end_expression(0),
            Kind::Operator(precedence) if before.ends_operand() => self.end_expression(precedence),
            Kind::LeftBrace if matches!(opens, Some(Holds::Statements | Holds::Clauses)) => {
                self.end_expression(0);
                if !self.roles[index].is_body() {
                    self.end_list();
                } else if holds == Holds::File && self.declaration == Kind::Func && self.roles[index] == Role::FlatBody {
                    // Bodies of short functions line up.
                    self.owe(Space::Column);
                    return;
                } else {
                    self.owe(Space::Blank);
                    return;
                }
            }
            _ => {}
        }
        if before == Kind::Comma {
            return self.next_element(index);
        }
        if let Some(&(_, count)) = columns.iter().find(|(at, count)| *at == index && *count > 0) {
            for _ in 0..count {
                self.owe(Space::Column);
            }
            return;
        }
        if !new_line {
            if token.spaced {
                self.owe(Space::Blank);
            }
            return;
        }
        match before {
            Kind::Operator(_) if self.operators.len() > self.frames[self.frames.len() - 1].operators => {
                if let Some(operator) = self.operators.last_mut()
                    && !std::mem::replace(&mut operator.broken, true)
                {
                    self.owe(Space::Indent);
                }
                self.line_break(index, 1, true);
            }
            Kind::Dot => {
                self.owe(Space::Indent);
                self.owe(Space::Line);
                self.chain = true;
            }
            Kind::Assign | Kind::Define if matches!(holds, Holds::Statements | Holds::Clause | Holds::Clauses) => {
                self.owe(Space::Indent);
                self.top().list.indented = true;
                self.line_break(index, 0, true);
            }
            Kind::Case => {
                self.owe(Space::Indent);
                self.line_break(index, 0, true);
                let list = &mut self.top().list;
                (list.indented, list.broken) = (true, 0);
            }
            // gofmt joins the lines.
            Kind::LeftParen | Kind::LeftBracket | Kind::Unary | Kind::Arrow => {}
            _ => self.owe(Space::Blank),
        }
    }

    /// What a token leads to, once it is written.
    fn then(&mut self, index: usize, opens: Option<Holds>) {
        let before = self.before(index);
        let kind = self.kind(index);
        if std::mem::take(&mut self.chain) {
            if self.kind(index + 1) == Kind::LeftParen {
                self.chain_call = true;
            } else {
                self.owe(Space::Unindent);
            }
        }
        if let Some(holds) = opens {
            return self.open(index, holds);
        }
        let line = self.at(index).end_line;
        match kind {
            Kind::Operator(precedence) if before.ends_operand() => self.operators.push(Operator { precedence, broken: false }),
            Kind::If | Kind::For | Kind::Else => self.top().header = Header::Statements,
            Kind::Switch | Kind::Select => self.top().header = Header::Clauses,
            Kind::Assign | Kind::Define => self.top().list = List::new(line),
            Kind::Case => {
                let frame = self.top();
                frame.list = List::new(line);
                frame.list.sized = true;
                frame.header = Header::None;
                self.measure_first(index + 1);
            }
            Kind::Return if !self.semicolon_before(index + 1) => {
                let wrapped = self.wraps(index + 1);
                let frame = self.top();
                frame.list = List::new(line);
                frame.list.wrapped = wrapped;
                if wrapped {
                    self.owe(Space::Indent);
                }
            }
            Kind::Colon => match self.holds() {
                Holds::Clauses => {
                    self.push(Holds::Clause, index, false);
                    self.owe(Space::Indent);
                }
                Holds::Statements | Holds::Clause if before == Kind::Ident => {
                    self.owe(Space::Indent);
                    let frame = self.top();
                    frame.expects_item = true;
                    frame.labelled = true;
                    frame.items -= usize::from(frame.items > 0);
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Ends the operators whose right operand ends before a token of the precedence.
    fn end_expression(&mut self, precedence: u8) {
        let base = self.frames.last().map_or(0, |frame| frame.operators);
        while self.operators.len() > base && self.operators[self.operators.len() - 1].precedence >= precedence {
            if self.operators.pop().is_some_and(|operator| operator.broken) {
                self.owe(Space::Unindent);
            }
        }
    }

    /// How many line breaks the source has before the token: two at most, `least` at least.
    fn count_breaks(&self, index: usize, least: u32) -> u32 {
        let before = index.checked_sub(1).map_or(1, |before| self.at(before).end_line);
        (self.at(index).line - before).min(2).max(least)
    }

    /// `linebreak`
    fn line_break(&mut self, index: usize, least: u32, section: bool) {
        let count = self.count_breaks(index, least);
        for at in 0..count {
            self.owe(if at == 0 && section { Space::Section } else { Space::Line });
        }
    }
}
