//! Statements and signatures that are right as they stand: on one line but for raw strings, every blank where it belongs.
//!
//! Most are such. Nothing in them breaks, indents or lines up, so the rules for that have nothing to say, and the
//! line goes to the result as one piece instead of token by token.

use super::super::scan::Kind;
use super::Walk;

impl Walk<'_> {
    /// The last token of the statement or signature that begins with a token, where all of it goes to the result as it stands.
    pub(super) fn plain_statement(&self, index: usize) -> Option<usize> {
        let tokens = &self.print.tokens;
        let first = &tokens[index];
        if !matches!(first.kind, Kind::Ident | Kind::Return | Kind::Const | Kind::Var | Kind::Jump | Kind::Func) {
            return None;
        }
        // `var (` groups specifications, which line up.
        if matches!(first.kind, Kind::Const | Kind::Var) && self.kind(index + 1) != Kind::Ident {
            return None;
        }
        let mut depth = 0u32;
        let mut before = first;
        for (at, token) in tokens.iter().enumerate().skip(index + 1) {
            if token.line > before.end_line {
                // A comment behind the statement is the next token's.
                return (depth == 0 && before.kind.ends_statement()).then_some(at - 1);
            }
            if self.roles[at].is_body() {
                return (depth == 0).then_some(at - 1);
            }
            let apart = match token.start - before.end {
                0 => false,
                1 if self.print.source.as_bytes()[before.end as usize] == b' ' => true,
                _ => return None,
            };
            let wanted = match token.kind {
                _ if before.kind.opens() => false,
                Kind::Comma => false,
                kind if kind.closes() => {
                    if before.kind == Kind::Comma {
                        return None;
                    }
                    false
                }
                _ if before.kind == Kind::Comma => true,
                _ => apart,
            };
            if apart != wanted || token.comments != first.comments {
                return None;
            }
            match token.kind {
                Kind::Ident
                | Kind::Char
                | Kind::Text
                | Kind::Raw
                | Kind::Map
                | Kind::Dot
                | Kind::Ellipsis
                | Kind::Comma
                | Kind::Assign
                | Kind::Define
                | Kind::Step
                | Kind::Arrow
                | Kind::Unary
                | Kind::Operator(_) => {}
                // Others may be spelled in a way that gofmt changes.
                Kind::Number if self.print.text(token).bytes().all(|it| it.is_ascii_digit()) => {}
                // Of a composite literal; at the statement's own depth it is a label's, or a clause's.
                Kind::Colon if depth > 0 => {}
                kind if kind.opens() => depth += 1,
                kind if kind.closes() && depth > 0 => depth -= 1,
                _ => return None,
            }
            before = token;
        }
        None
    }
}
