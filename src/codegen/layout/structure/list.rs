//! Lists of expressions and of parameters: `exprList`, `parameters` and `indentList` of nodes.go.
//!
//! Elements that each begin a line may line up: their values behind the keys, their comments behind them. Sizes decide
//! how far; an element of more lines, or one that is too unlike those before, begins a new section.

use super::super::print::Space;
use super::super::scan::Kind;
use super::{Holds, Walk};

/// A list of expressions, as `exprList` of nodes.go sees it.
#[derive(Clone, Copy)]
pub(super) struct List {
    /// All on one line: nothing to decide.
    pub(super) single: bool,
    /// Whether lines of it may line up, by the sizes of their keys.
    pub(super) sized: bool,
    /// The first break in it has indented it.
    pub(super) indented: bool,
    /// It is indented as a whole, from before its first element.
    pub(super) wrapped: bool,
    /// No break indents it.
    pub(super) steady: bool,
    pub(super) index: i64,
    /// The last element that a break stands before.
    pub(super) broken: i64,
    /// The line on which the last element begins.
    pub(super) line: u32,
    /// The size of the last element or of its key; 0 if it takes more than one line.
    pub(super) size: u32,
    /// For the geometric mean of the sizes since the section began.
    pub(super) logarithms: f64,
    pub(super) count: u32,
}

impl List {
    pub(super) fn new(line: u32) -> Self {
        List {
            single: false,
            sized: false,
            indented: false,
            wrapped: false,
            steady: false,
            index: 0,
            broken: -1,
            line,
            size: 0,
            logarithms: 0.0,
            count: 0,
        }
    }
}

impl Walk<'_> {
    pub(super) fn first_element(&mut self, index: usize) {
        let holds = self.holds();
        if matches!(holds, Holds::Expression | Holds::Index) {
            return;
        }
        let broken = self.on_new_line(index);
        if broken {
            self.owe(Space::Indent);
            self.line_break(index, 0, true);
            let list = &mut self.top().list;
            (list.indented, list.broken) = (true, 0);
        }
        let list = &self.top().list;
        if list.sized && !list.single {
            self.measure_first(index);
            self.align_value(index, broken);
        }
    }

    /// Takes the first element's size.
    pub(super) fn measure_first(&mut self, index: usize) {
        let (size, _, _) = self.measure(index);
        let line = self.at(index).line;
        self.top().list.line = line;
        self.count_size(size);
    }

    pub(super) fn count_size(&mut self, size: u32) {
        let list = &mut self.top().list;
        list.size = size;
        if size > 0 {
            list.logarithms += f64::from(size).ln();
            list.count += 1;
        }
    }

    pub(super) fn next_element(&mut self, index: usize) {
        /// Keys up to this size line up, however they differ.
        const SMALL: u32 = 40;
        /// How much larger or smaller than the mean of those before a larger key may be.
        const RATIO: f64 = 2.5;
        let list = self.top().list;
        if list.single {
            self.owe(Space::Blank);
            return;
        }
        let line = self.at(index).line;
        let wanted = if self.holds() == Holds::Parameters { self.on_new_line(index) } else { list.line < line };
        let size = if list.sized { self.measure(index).0 } else { 0 };
        let mut section = true;
        if list.size > 0 && size > 0 {
            section = if list.count == 0 || (list.size <= SMALL && size <= SMALL) {
                false
            } else {
                let ratio = f64::from(size) / (list.logarithms / f64::from(list.count)).exp();
                RATIO * ratio <= 1.0 || RATIO <= ratio
            };
        }
        let position = list.index + 1;
        let mut breaks = 0;
        if wanted && self.on_new_line(index) {
            if !list.indented && !list.wrapped && !list.steady {
                self.owe(Space::Indent);
                self.top().list.indented = true;
            }
            let section = section || list.broken + 1 < position;
            breaks = self.count_breaks(index, 0) + u32::from(section);
            self.line_break(index, 0, section);
            let list = &mut self.top().list;
            list.broken = position;
            if breaks > 1 {
                (list.logarithms, list.count) = (0.0, 0);
            }
        }
        if breaks == 0 {
            self.owe(Space::Blank);
        }
        let list = &mut self.top().list;
        (list.index, list.line) = (position, line);
        if list.sized {
            self.count_size(size);
            self.align_value(index, wanted);
        }
    }

    /// The size of the element or its key, 0 if it takes more than one line; where its colon is (or 0); where it ends.
    pub(super) fn measure(&self, index: usize) -> (u32, usize, usize) {
        let keyed = self.holds() == Holds::Elements;
        let mut colon = 0;
        let mut at = index;
        loop {
            match self.kind(at) {
                Kind::Comma | Kind::End | Kind::Semicolon | Kind::Ellipsis => break,
                kind if kind.closes() => break,
                Kind::Colon if keyed && colon == 0 => colon = at,
                Kind::Colon if keyed => {}
                Kind::Colon | Kind::Define | Kind::Assign => break,
                _ => {}
            }
            at = self.after(at);
        }
        if at == index {
            return (0, 0, at);
        }
        let first = self.at(index);
        let size = if self.at(at - 1).end_line > first.line || self.spreads(index, at) {
            0
        } else if colon > index {
            self.at(colon - 1).end - first.start
        } else {
            self.at(at - 1).end - first.start
        };
        (size, colon, at)
    }

    /// Puts the value of a `key: value` that begins a line into a column.
    pub(super) fn align_value(&mut self, index: usize, begins_line: bool) {
        if !begins_line || self.holds() != Holds::Elements || self.top().list.size == 0 {
            return;
        }
        let (_, colon, end) = self.measure(index);
        let frame = &self.frames[self.frames.len() - 1];
        let close = self.at(frame.open).partner as usize;
        let alone = frame.list.index == 0 && (end >= close || end + 1 == close);
        if colon > 0 && !alone {
            self.top().columns[0] = (colon + 1, 1);
        }
    }

    /// `indentList`: whether the results of a `return` are indented as a whole.
    pub(super) fn wraps(&self, first: usize) -> bool {
        let (mut elements, mut long, mut broken) = (0, 0, false);
        let mut at = first;
        let mut line = self.at(first).line;
        loop {
            let begin = at;
            while !matches!(self.kind(at), Kind::Comma | Kind::Semicolon | Kind::End)
                && !self.kind(at).closes()
                && (at == begin || !self.semicolon_before(at))
            {
                at = self.after(at);
            }
            elements += 1;
            broken |= self.at(begin).line > line;
            line = self.at(at - 1).end_line;
            long += usize::from(line > self.at(begin).line);
            if self.kind(at) != Kind::Comma || self.semicolon_before(at) {
                break;
            }
            at += 1;
        }
        elements >= 2 && (broken || long > 1)
    }

    pub(super) fn end_list(&mut self) {
        let frame = self.top();
        if frame.list.indented || frame.list.wrapped {
            frame.list.indented = false;
            frame.list.wrapped = false;
            self.owe(Space::Unindent);
        }
    }
}
