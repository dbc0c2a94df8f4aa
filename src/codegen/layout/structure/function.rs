//! Functions: where their parameters and bodies are, and whether a body stays on one line.

use super::super::scan::Kind;
use super::{Role, Walk};

impl Walk<'_> {
    /// Marks a function's parameters, and its body if it has one.
    pub(super) fn mark_function(&mut self, index: usize, declared: bool) {
        let mut at = index + 1;
        if declared {
            if self.kind(at) == Kind::LeftParen {
                self.roles[at] = Role::Parameters;
                at = self.after(at);
            }
            if self.kind(at) == Kind::Ident {
                at += 1;
            }
        }
        at = self.mark_signature(at);
        let before = self.before(index);
        let is_type = (before.ends_operand() && !self.semicolon_before(index)) || matches!(before, Kind::Chan | Kind::Ellipsis);
        if !declared && is_type {
            return;
        }
        if let Some(body) = self.body(at) {
            self.roles[body] = if self.stays_flat(index, body, declared) { Role::FlatBody } else { Role::Body };
        }
    }

    /// The brace of the body of a function whose result begins at `at`, if it has one: what follows a type has none.
    fn body(&self, mut at: usize) -> Option<usize> {
        // The result's type, if it is not in parentheses.
        while !self.semicolon_before(at) {
            match self.kind(at) {
                Kind::LeftBrace => return Some(at),
                Kind::Struct | Kind::Interface if self.kind(at + 1) == Kind::LeftBrace => at = self.after(at + 1),
                Kind::Ident | Kind::Dot | Kind::Operator(5) | Kind::Arrow | Kind::Chan | Kind::Map | Kind::Func => at += 1,
                Kind::LeftBracket | Kind::LeftParen => at = self.after(at),
                _ => return None,
            }
        }
        None
    }

    /// Whether something between two tokens of one line becomes several: the body of a function, the fields of a struct, the methods of an interface.
    pub(super) fn spreads(&self, first: usize, end: usize) -> bool {
        (first..end).any(|at| match self.kind(at) {
            Kind::Func if self.kind(at + 1) == Kind::LeftParen => {
                self.body(self.after(at + 1)).is_some_and(|body| body < end && !self.stays_flat(at, body, false))
            }
            Kind::Struct | Kind::Interface => self.kind(at + 1) == Kind::LeftBrace && !self.is_short(at + 1),
            _ => false,
        })
    }

    /// Marks type parameters, parameters and results; where the token after them is.
    pub(super) fn mark_signature(&mut self, mut at: usize) -> usize {
        for opener in [Kind::LeftBracket, Kind::LeftParen, Kind::LeftParen] {
            if self.kind(at) == opener {
                self.roles[at] = Role::Parameters;
                at = self.after(at);
            }
        }
        at
    }

    /// `funcBody`: whether the body at `open` of the function that begins at `start` is on one line and stays there.
    pub(super) fn stays_flat(&self, start: usize, open: usize, declared: bool) -> bool {
        const MOST: u32 = 100;
        let close = self.at(open).partner as usize;
        if self.at(open).line != self.at(close).line {
            return false;
        }
        if self.at(start).line != self.at(open).line {
            return false;
        }
        // gofmt counts the blank after a declaration's `func` twice.
        let header = self.at(open - 1).end - self.at(start).start + u32::from(declared);
        let body = if close == open + 1 { 0 } else { self.at(close - 1).end - self.at(open + 1).start };
        if header + body > MOST {
            return false;
        }
        let mut statements = 1;
        for at in open + 1..close {
            match self.kind(at) {
                Kind::If | Kind::For | Kind::Switch | Kind::Select => return false,
                Kind::LeftBrace if at == open + 1 || self.before(at) == Kind::Semicolon => {
                    return false;
                }
                Kind::Semicolon => statements += 1,
                _ => {}
            }
        }
        statements <= 5 && !self.spreads(open + 1, close)
    }
}
