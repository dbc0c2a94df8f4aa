//! Brackets: what one holds, what opening and closing it means.

use super::super::print::{After, Space};
use super::super::scan::Kind;
use super::{Header, Holds, Role, Walk};

impl Walk<'_> {
    /// What the opening bracket holds.
    pub(super) fn bracket(&mut self, index: usize) -> Holds {
        let before = self.before(index);
        if self.roles[index] == Role::Parameters {
            return Holds::Parameters;
        }
        match self.kind(index) {
            Kind::LeftParen => match before {
                Kind::Import | Kind::Const | Kind::Var | Kind::Type => Holds::Declarations(before),
                _ if before.ends_operand() && !self.semicolon_before(index) => Holds::Arguments,
                _ => Holds::Expression,
            },
            Kind::LeftBracket => {
                // `type Name[T any]`
                let generic = index >= 2 && self.kind(index - 2) == Kind::Type && !self.at(index).spaced;
                if generic { Holds::Parameters } else { Holds::Index }
            }
            _ => {
                let frame = self.top();
                let (holds, header, expects) = (frame.holds, frame.header, frame.expects_item);
                match before {
                    Kind::Struct => Holds::Fields,
                    Kind::Interface => Holds::Methods,
                    _ if self.roles[index].is_body() => Holds::Statements,
                    _ if matches!(holds, Holds::Statements | Holds::Clause) => match header {
                        Header::None if expects || self.semicolon_before(index) => Holds::Statements,
                        Header::None => Holds::Elements,
                        _ if self.ends_literal_type(index) => Holds::Elements,
                        Header::Statements => Holds::Statements,
                        Header::Clauses => Holds::Clauses,
                    },
                    _ => Holds::Elements,
                }
            }
        }
    }

    /// Whether a type that a composite literal may have in the header of a statement ends before the brace: an array, a slice, a map, a struct.
    pub(super) fn ends_literal_type(&self, brace: usize) -> bool {
        let mut at = brace;
        while at > 0 {
            at -= 1;
            match self.kind(at) {
                Kind::Ident | Kind::Dot | Kind::Operator(5) | Kind::Func | Kind::Chan | Kind::Arrow | Kind::Interface => {}
                // Parameters and results of a function type; anything else is a call.
                Kind::RightParen => {
                    at = self.at(at).partner as usize;
                    if !matches!(self.before(at), Kind::Func | Kind::RightParen) {
                        return false;
                    }
                }
                Kind::RightBracket => {
                    let open = self.at(at).partner as usize;
                    let before = self.before(open);
                    if before == Kind::Map || !before.ends_operand() {
                        return true;
                    }
                    if self.at(open).spaced {
                        return false;
                    }
                    at = open;
                }
                Kind::RightBrace => {
                    let open = self.at(at).partner as usize;
                    match self.before(open) {
                        Kind::Struct if at + 1 == brace => return true,
                        Kind::Struct | Kind::Interface => at = open - 1,
                        _ => return false,
                    }
                }
                _ => return false,
            }
        }
        false
    }

    pub(super) fn open(&mut self, index: usize, holds: Holds) {
        let close = self.at(index).partner as usize;
        let one_line = self.at(index).line == self.at(close).line;
        let flat = match holds {
            Holds::Statements => self.roles[index] == Role::FlatBody,
            Holds::Fields | Holds::Methods => one_line && self.is_short(index),
            _ => false,
        };
        if matches!(holds, Holds::Statements | Holds::Clauses) && !self.roles[index].is_body() {
            // What opened it is said: the statement goes on after it, or ends.
            self.top().header = Header::None;
        }
        let chained = std::mem::take(&mut self.chain_call);
        self.push(holds, index, flat);
        match holds {
            Holds::Statements => {
                self.print.literals = 0;
                if !flat {
                    self.owe(Space::Indent);
                }
            }
            Holds::Fields if !flat => {
                let aligned = self.some_items(index) > 1;
                self.top().aligned = aligned;
            }
            Holds::Declarations(keyword) => {
                let aligned = self.some_items(index) > 1;
                let keeps = if aligned && matches!(keyword, Kind::Const | Kind::Var) { self.type_columns(index) } else { Vec::new() };
                let frame = self.top();
                (frame.aligned, frame.keeps_type) = (aligned, keeps);
            }
            _ => {}
        }
        let last_line = self.at(close - 1).end_line;
        let frame = self.top();
        frame.chained = chained;
        frame.list.single = frame.list.line == last_line;
        frame.list.sized = matches!(holds, Holds::Arguments | Holds::Elements);
    }

    /// `isOneLineFieldList`, and lists without any field.
    pub(super) fn is_short(&self, open: usize) -> bool {
        const MOST: u32 = 30;
        let close = self.at(open).partner as usize;
        if close == open + 1 {
            return true;
        }
        if self.at(close).comments > self.at(open + 1).comments || self.some_items(open) > 1 {
            return false;
        }
        let last = close - 1;
        let (mut named, mut type_at) = (0, open + 1);
        while self.kind(type_at) == Kind::Ident && self.kind(type_at + 1) == Kind::Comma {
            type_at += 2;
        }
        if self.kind(type_at) == Kind::Ident && type_at < last && !matches!(self.kind(type_at + 1), Kind::Dot | Kind::LeftBracket) {
            type_at += 1;
            // A method's type is measured with the word `func`.
            named = if self.before(open) == Kind::Interface { 5 } else { 1 };
        }
        let tagged = type_at < last && matches!(self.kind(last), Kind::Text | Kind::Raw);
        !tagged && self.at(last).end - self.at(type_at).start + named <= MOST
    }

    pub(super) fn close(&mut self, index: usize) {
        if self.holds() == Holds::Clause {
            self.end_item(index);
            self.frames.pop();
            self.owe(Space::Unindent);
        }
        self.end_expression(0);
        let holds = self.holds();
        let new_line = self.on_new_line(index);
        let mut after = After::Anything;
        let frame = self.top();
        let (flat, items, open) = (frame.flat, frame.items, frame.open);
        let list = frame.list;
        let unindent = if list.indented || list.wrapped { Space::Unindent } else { Space::Nothing };
        let filled = index > open + 1;
        match holds {
            Holds::Statements if flat => {
                self.end_item(index);
                if items > 0 {
                    self.owe(Space::Blank);
                }
                after = After::NoBreak;
            }
            Holds::Statements => {
                self.end_item(index);
                self.owe(Space::Unindent);
                self.line_break(index, 1, true);
            }
            Holds::Clauses => {
                let empty_select = items == 0 && self.before(open) == Kind::Select && !self.print.comments_before(index);
                if !empty_select {
                    self.line_break(index, 1, true);
                }
            }
            Holds::Fields | Holds::Methods if flat => {
                if items > 0 {
                    self.owe(Space::Blank);
                }
            }
            Holds::Fields | Holds::Methods | Holds::Declarations(_) => {
                self.end_item(index);
                let commented = self.print.comments_before(index);
                let braces = !matches!(holds, Holds::Declarations(_));
                if items == 0 && braces {
                    self.owe(Space::Indent);
                    if commented {
                        self.owe(Space::Section);
                    }
                }
                if items > 0 || braces {
                    self.owe(Space::Unindent);
                    self.owe(Space::Section);
                }
            }
            Holds::Parameters | Holds::Index => {
                if new_line && filled && (holds == Holds::Parameters || self.before(index) == Kind::Comma) {
                    self.line_break(index, 0, true);
                }
                self.owe(unindent);
            }
            Holds::Arguments | Holds::Elements => {
                self.owe(unindent);
                if new_line && filled {
                    self.owe(Space::Section);
                }
                if holds == Holds::Elements {
                    self.owe(Space::Indent);
                    self.owe(Space::Unindent);
                    after = if filled { After::Nothing } else { After::NoBreak };
                }
            }
            Holds::Expression | Holds::File | Holds::Clause => self.owe(unindent),
        }
        self.print.token(index, after);
        if let Some(frame) = (self.frames.len() > 1).then(|| self.frames.pop()).flatten() {
            self.operators.truncate(frame.operators);
            self.print.literals = frame.literals.saturating_sub(u32::from(holds == Holds::Elements));
            if frame.chained {
                self.owe(Space::Unindent);
            }
        }
    }
}
