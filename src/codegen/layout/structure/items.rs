//! Items, which semicolons end: declarations, statements, clauses, fields, methods, and the specifications of a group.
//!
//! Where an item begins it is settled what of it goes into columns.

use super::super::print::Space;
use super::super::scan::Kind;
use super::list::List;
use super::{Header, Holds, Role, Walk};

impl Walk<'_> {
    pub(super) fn begins_item(&mut self, index: usize) -> bool {
        if self.top().header != Header::None {
            return false;
        }
        std::mem::take(&mut self.top().expects_item) || self.semicolon_before(index)
    }

    /// Ends the expressions of the item before the token, and moves a comment that trails the item to its column.
    pub(super) fn end_item(&mut self, index: usize) {
        self.end_expression(0);
        self.end_list();
        let frame = self.top();
        frame.header = Header::None;
        frame.columns = [(0, 0); 2];
        let trailing = std::mem::take(&mut frame.trailing);
        if trailing > 0 && self.print.line_comment_before(index) {
            for _ in 0..trailing {
                self.owe(Space::Column);
            }
        }
    }

    pub(super) fn begin_item(&mut self, index: usize) {
        let kind = self.kind(index);
        self.end_item(index);
        if self.holds() == Holds::Clause && matches!(kind, Kind::Case | Kind::Default) {
            self.frames.pop();
            self.owe(Space::Unindent);
            self.end_item(index);
        }
        let line = self.at(index).line;
        let written = self.print.line;
        let frame = self.top();
        frame.expects_item = false;
        frame.list = List::new(line);
        frame.list.steady = matches!(frame.holds, Holds::Fields | Holds::Declarations(_));
        let first = frame.items == 0;
        let spans_lines = written > frame.item_line;
        let (flat, labelled) = (frame.flat, frame.labelled);
        if kind != Kind::Imports {
            frame.items += 1;
        }
        match frame.holds {
            Holds::File => self.begin_declaration(index),
            _ if flat => self.owe(Space::Blank),
            Holds::Clauses => self.line_break(index, 1, true),
            Holds::Statements | Holds::Clause => {
                self.line_break(index, 1, first || spans_lines || labelled);
                if kind == Kind::Ident && self.kind(index + 1) == Kind::Colon {
                    self.owe(Space::Unindent);
                }
            }
            _ if first => {
                self.owe(Space::Indent);
                self.owe(Space::Section);
            }
            _ => self.line_break(index, 1, spans_lines),
        }
        match self.holds() {
            Holds::Fields if !flat => self.begin_field(index),
            Holds::Methods if self.kind(index + 1) == Kind::LeftParen => {
                self.mark_signature(index + 1);
            }
            Holds::Declarations(keyword) => self.begin_specification(index, keyword),
            _ => {}
        }
    }

    /// `declList`
    pub(super) fn begin_declaration(&mut self, index: usize) {
        let kind = match self.kind(index) {
            Kind::Imports if self.imports.is_empty() => return,
            Kind::Imports => Kind::Import,
            kind => kind,
        };
        let least = if self.declaration == kind { 1 } else { 2 };
        self.declaration = if kind == Kind::Package { Kind::End } else { kind };
        if self.print.is_empty() {
            return;
        }
        let section = kind == Kind::Func && self.function_spans_lines(index);
        self.line_break(index, least, section);
    }

    pub(super) fn function_spans_lines(&self, index: usize) -> bool {
        let mut at = index + 1;
        while self.kind(at) != Kind::End && (at == index + 1 || !self.semicolon_before(at)) {
            at = self.after(at);
        }
        self.at(at - 1).end_line > self.at(index).line
    }

    /// `fieldList`, one field of a struct.
    pub(super) fn begin_field(&mut self, index: usize) {
        let aligned = self.top().aligned;
        let close = self.at(self.frames[self.frames.len() - 1].open).partner as usize;
        let mut end = index;
        while end < close && (end == index || !self.semicolon_before(end)) {
            end = self.after(end);
        }
        let mut type_at = index;
        while self.kind(type_at) == Kind::Ident && self.kind(type_at + 1) == Kind::Comma {
            type_at += 2;
        }
        type_at += 1;
        let named = self.kind(index) == Kind::Ident
            && type_at < end
            && (type_at > index + 1
                || match self.kind(type_at) {
                    Kind::Dot | Kind::Text | Kind::Raw | Kind::Semicolon => false,
                    // `name [2]int`, or `Generic[int]` embedded.
                    Kind::LeftBracket => self.at(type_at).spaced,
                    _ => true,
                });
        let last = if self.kind(end - 1) == Kind::Semicolon { end - 2 } else { end - 1 };
        let tagged = last > index && matches!(self.kind(last), Kind::Text | Kind::Raw);
        if !aligned {
            return;
        }
        let frame = self.top();
        frame.trailing = if tagged {
            0
        } else if named {
            1
        } else {
            2
        };
        if named {
            frame.columns[0] = (type_at, 1);
        }
        if tagged {
            frame.columns[1] = (last, if named { 2 } else { 1 });
        }
    }

    /// Where the type of a `const` or `var` specification is, and its `=`; both 0 if absent.
    pub(super) fn specification(&self, index: usize, close: usize) -> (usize, usize, usize) {
        let mut after_names = index;
        while self.kind(after_names) == Kind::Ident && self.kind(after_names + 1) == Kind::Comma {
            after_names += 2;
        }
        after_names += 1;
        let mut end = after_names;
        let mut values = 0;
        while end < close && self.kind(end) != Kind::Semicolon && !self.semicolon_before(end) {
            if values == 0 && self.kind(end) == Kind::Assign {
                values = end;
            }
            end = self.after(end);
        }
        let typed = if after_names < end && after_names != values { after_names } else { 0 };
        (typed, values, end)
    }

    /// The item's keyword was `keyword`: `valueSpec`, and the types of `spec`.
    pub(super) fn begin_specification(&mut self, index: usize, keyword: Kind) {
        let frame = self.top();
        if !frame.aligned {
            return;
        }
        match keyword {
            Kind::Const | Kind::Var => {
                let keeps = frame.keeps_type.get(frame.items - 1).copied().unwrap_or(false);
                let close = self.at(self.frames[self.frames.len() - 1].open).partner as usize;
                let (typed, values, _) = self.specification(index, close);
                let frame = self.top();
                frame.trailing = 3;
                if typed > 0 {
                    frame.columns[0] = (typed, 1);
                }
                if values > 0 {
                    frame.columns[1] = (values, if typed == 0 && keeps { 2 } else { 1 });
                    frame.trailing -= 1;
                }
                if typed > 0 || keeps {
                    frame.trailing -= 1;
                }
            }
            Kind::Type => {
                let after_name = index + 1;
                let generic = self.kind(after_name) == Kind::LeftBracket && !self.at(after_name).spaced;
                let typed = if generic { self.after(after_name) } else { after_name };
                if generic {
                    self.roles[after_name] = Role::Parameters;
                }
                self.top().columns[0] = (typed, 1);
            }
            _ => {}
        }
    }

    /// `keepTypeColumn`: in a run of specifications with values the type column stays if one of them has a type.
    pub(super) fn type_columns(&self, open: usize) -> Vec<bool> {
        let close = self.at(open).partner as usize;
        let mut keeps: Vec<bool> = Vec::new();
        let (mut run, mut typed_in_run) = (None, false);
        let mut at = open + 1;
        while at < close {
            if self.kind(at) == Kind::Semicolon {
                at += 1;
                continue;
            }
            let (typed, values, end) = self.specification(at, close);
            let index = keeps.len();
            keeps.push(false);
            if values > 0 {
                if run.is_none() {
                    run = Some(index);
                    typed_in_run = false;
                }
            } else if let Some(start) = run.take()
                && typed_in_run
            {
                keeps[start..index].fill(true);
            }
            typed_in_run |= typed > 0;
            at = end;
        }
        if let Some(start) = run
            && typed_in_run
        {
            keeps[start..].fill(true);
        }
        keeps
    }

    /// How many items a bracket holds, up to two.
    pub(super) fn some_items(&self, open: usize) -> usize {
        let close = self.at(open).partner as usize;
        let mut at = open + 1;
        let mut items = 0;
        while at < close && items < 2 {
            let kind = self.kind(at);
            if kind != Kind::Semicolon && (items == 0 || self.semicolon_before(at)) {
                items += 1;
            }
            at = self.after(at);
        }
        items
    }
}
