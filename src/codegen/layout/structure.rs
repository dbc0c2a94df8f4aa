//! Which white space is due between two tokens: breaks, indentation, columns.
//!
//! One walk over the tokens with a stack of open brackets and blocks. What a bracket is (a block, a composite literal,
//! the fields of a struct, parameters…) is told from the tokens around it; no syntax tree is built. The rules are those of
//! go/printer (nodes.go), the function behind a rule is named where it stands. Line breaks are the source's own: this
//! adds one only where gofmt insists, and leaves out those that it doesn't keep.

use super::print::{After, Printer, Space};
use super::scan::{Kind, Scanned, Token};

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
}

/// What the next `{` of a statement opens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    None,
    Statements,
    Clauses,
}

/// A list of expressions, as `exprList` of nodes.go sees it.
#[derive(Clone, Copy)]
struct List {
    /// All on one line: nothing to decide.
    single: bool,
    /// Whether lines of it may line up, by the sizes of their keys.
    sized: bool,
    /// The first break in it has indented it.
    indented: bool,
    /// It is indented as a whole, from before its first element.
    wrapped: bool,
    /// No break indents it.
    steady: bool,
    index: i64,
    /// The last element that a break stands before.
    broken: i64,
    /// The line on which the last element begins.
    line: u32,
    /// The size of the last element or of its key; 0 if it takes more than one line.
    size: u32,
    /// For the geometric mean of the sizes since the section began.
    logarithms: f64,
    count: u32,
}

impl List {
    fn new(line: u32) -> Self {
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
    };
    walk.push(Holds::File, 0, false);
    for index in 0..count {
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
            }
        }
        self.then(index, opens);
    }

    // Items: declarations, statements, clauses, fields, methods.

    fn begins_item(&mut self, index: usize) -> bool {
        if self.top().header != Header::None {
            return false;
        }
        std::mem::take(&mut self.top().expects_item) || self.semicolon_before(index)
    }

    /// Ends the expressions of the item before the token, and moves a comment that trails the item to its column.
    fn end_item(&mut self, index: usize) {
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

    fn begin_item(&mut self, index: usize) {
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
    fn begin_declaration(&mut self, index: usize) {
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

    fn function_spans_lines(&self, index: usize) -> bool {
        let mut at = index + 1;
        while self.kind(at) != Kind::End && (at == index + 1 || !self.semicolon_before(at)) {
            at = self.after(at);
        }
        self.at(at - 1).end_line > self.at(index).line
    }

    /// `fieldList`, one field of a struct.
    fn begin_field(&mut self, index: usize) {
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
    fn specification(&self, index: usize, close: usize) -> (usize, usize, usize) {
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
    fn begin_specification(&mut self, index: usize, keyword: Kind) {
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
    fn type_columns(&self, open: usize) -> Vec<bool> {
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
    fn some_items(&self, open: usize) -> usize {
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

    // Functions.

    /// Marks a function's parameters, and its body if it has one.
    fn mark_function(&mut self, index: usize, declared: bool) {
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
        // The result's type, if it is not in parentheses.
        while !self.semicolon_before(at) {
            match self.kind(at) {
                Kind::LeftBrace => {
                    self.roles[at] = Role::Body;
                    return;
                }
                Kind::Struct | Kind::Interface if self.kind(at + 1) == Kind::LeftBrace => at = self.after(at + 1),
                Kind::Ident | Kind::Dot | Kind::Operator(5) | Kind::Arrow | Kind::Chan | Kind::Map | Kind::Func => at += 1,
                Kind::LeftBracket | Kind::LeftParen => at = self.after(at),
                _ => return,
            }
        }
    }

    /// Marks type parameters, parameters and results; where the token after them is.
    fn mark_signature(&mut self, mut at: usize) -> usize {
        for opener in [Kind::LeftBracket, Kind::LeftParen, Kind::LeftParen] {
            if self.kind(at) == opener {
                self.roles[at] = Role::Parameters;
                at = self.after(at);
            }
        }
        at
    }

    /// `funcBody`: whether a body on one line stays there.
    fn stays_flat(&self, open: usize) -> bool {
        const MOST: u32 = 100;
        let close = self.at(open).partner as usize;
        if self.at(open).line != self.at(close).line {
            return false;
        }
        let mut start = open;
        while start > 0 && self.kind(start) != Kind::Func {
            let before = start - 1;
            start = if self.kind(before).closes() { self.at(before).partner as usize } else { before };
        }
        if self.at(start).line != self.at(open).line {
            return false;
        }
        let header = self.at(open - 1).end - self.at(start).start;
        let body = if close == open + 1 { 0 } else { self.at(close - 1).end - self.at(open + 1).start };
        if header + body > MOST {
            return false;
        }
        let mut statements = 1;
        for at in open + 1..close {
            match self.kind(at) {
                Kind::If | Kind::For | Kind::Switch | Kind::Select => return false,
                Kind::LeftBrace if matches!(self.before(at), Kind::LeftBrace | Kind::Semicolon) && self.roles[at - 1] == Role::Body => {
                    return false;
                }
                Kind::Semicolon => statements += 1,
                _ => {}
            }
        }
        statements <= 5
    }

    // Brackets.

    /// What the opening bracket holds.
    fn bracket(&mut self, index: usize) -> Holds {
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
                    _ if self.roles[index] == Role::Body => Holds::Statements,
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
    fn ends_literal_type(&self, brace: usize) -> bool {
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

    fn open(&mut self, index: usize, holds: Holds) {
        let close = self.at(index).partner as usize;
        let one_line = self.at(index).line == self.at(close).line;
        let flat = match holds {
            Holds::Statements => self.roles[index] == Role::Body && self.stays_flat(index),
            Holds::Fields | Holds::Methods => one_line && self.is_short(index),
            _ => false,
        };
        if matches!(holds, Holds::Statements | Holds::Clauses) && self.roles[index] != Role::Body {
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
    fn is_short(&self, open: usize) -> bool {
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

    fn close(&mut self, index: usize) {
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

    // Within items.

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
                if self.roles[index] != Role::Body {
                    self.end_list();
                } else if holds == Holds::File && self.stays_flat(index) {
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

    /// `indentList`: whether the results of a `return` are indented as a whole.
    fn wraps(&self, first: usize) -> bool {
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

    /// Ends the operators whose right operand ends before a token of the precedence.
    fn end_expression(&mut self, precedence: u8) {
        let base = self.frames.last().map_or(0, |frame| frame.operators);
        while self.operators.len() > base && self.operators[self.operators.len() - 1].precedence >= precedence {
            if self.operators.pop().is_some_and(|operator| operator.broken) {
                self.owe(Space::Unindent);
            }
        }
    }

    fn end_list(&mut self) {
        let frame = self.top();
        if frame.list.indented || frame.list.wrapped {
            frame.list.indented = false;
            frame.list.wrapped = false;
            self.owe(Space::Unindent);
        }
    }

    // Lists of expressions: `exprList` and `parameters`.

    fn first_element(&mut self, index: usize) {
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
    fn measure_first(&mut self, index: usize) {
        let (size, _, _) = self.measure(index);
        let line = self.at(index).line;
        self.top().list.line = line;
        self.count_size(size);
    }

    fn count_size(&mut self, size: u32) {
        let list = &mut self.top().list;
        list.size = size;
        if size > 0 {
            list.logarithms += f64::from(size).ln();
            list.count += 1;
        }
    }

    fn next_element(&mut self, index: usize) {
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
    fn measure(&self, index: usize) -> (u32, usize, usize) {
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
        let size = if self.at(at - 1).end_line > first.line {
            0
        } else if colon > index {
            self.at(colon - 1).end - first.start
        } else {
            self.at(at - 1).end - first.start
        };
        (size, colon, at)
    }

    /// Puts the value of a `key: value` that begins a line into a column.
    fn align_value(&mut self, index: usize, begins_line: bool) {
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

    // Line breaks.

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
