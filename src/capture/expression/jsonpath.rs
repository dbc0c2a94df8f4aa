//! Literals of `jsonpath` as the server writes them back: keys and strings quoted, operators with parentheses as they bind.
//!
//! The grammar is PostgreSQL's (src/backend/utils/adt/jsonpath_gram.y), the form that of src/backend/utils/adt/jsonpath.c,
//! printJsonPathItem. What is not read here (escapes, numbers with exponents) stays as it is written.

/// The text that the server makes of a path; none where it stays.
pub(super) fn normal(text: &str) -> Option<String> {
    let mut parser = Parser { rest: text.trim() };
    let strict = parser.word("strict");
    if !strict {
        parser.word("lax");
    }
    let path = parser.expression(0)?;
    let mut printed = if strict { "strict ".to_owned() } else { String::new() };
    print(&path, true, &mut printed);
    parser.rest.trim().is_empty().then_some(printed)
}

/// A path, or what stands in one.
enum Item {
    /// `$`, `@`, a literal: as it is printed.
    Plain(String),
    /// A literal number, which an accessor needs parentheses after.
    Number(String),
    /// What is applied to something: `."a"`, `[*]`, `.size()`.
    Step(Box<Item>, String),
    /// `? (…)`.
    Filter(Box<Item>, Box<Item>),
    Binary(u8, String, Box<Item>, Box<Item>),
    Minus(String, Box<Item>),
    Not(Box<Item>),
    Exists(Box<Item>),
    IsUnknown(Box<Item>),
    /// `like_regex`, with its pattern and flags.
    Regex(Box<Item>, String),
}

/// Operators, as they bind (jsonpath.c, operationPriority).
const OPERATORS: [(&str, &str, u8); 16] = [
    ("||", "||", 0),
    ("&&", "&&", 1),
    ("==", "==", 2),
    ("!=", "!=", 2),
    ("<>", "!=", 2),
    ("<=", "<=", 2),
    (">=", ">=", 2),
    ("<", "<", 2),
    (">", ">", 2),
    ("starts with", "starts with", 2),
    ("like_regex", "like_regex", 2),
    ("+", "+", 3),
    ("-", "-", 3),
    ("*", "*", 4),
    ("/", "/", 4),
    ("%", "%", 4),
];

/// How a sign and everything else bind.
const SIGN: u8 = 5;
const TIGHT: u8 = 6;

fn priority(item: &Item) -> u8 {
    match item {
        Item::Binary(priority, ..) => *priority,
        Item::Minus(..) => SIGN,
        _ => TIGHT,
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.space();
        let found = self.rest.strip_prefix(sign);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn word(&mut self, word: &str) -> bool {
        self.space();
        let found = self.rest.strip_prefix(word).filter(|it| !it.starts_with(is_of_name));
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn expression(&mut self, least: u8) -> Option<Item> {
        let mut left = self.unary()?;
        loop {
            self.space();
            if self.word("is") {
                self.word("unknown").then_some(())?;
                left = Item::IsUnknown(Box::new(left));
                continue;
            }
            let found = OPERATORS.iter().find(|(spelled, _, priority)| *priority >= least && self.rest.starts_with(spelled));
            let Some((spelled, name, priority)) = found else { return Some(left) };
            self.rest = &self.rest[spelled.len()..];
            if *name == "like_regex" {
                let mut pattern = self.string()?;
                if self.word("flag") {
                    // Flags come in an order of their own.
                    let flags = self.string()?;
                    let sorted: String = ['i', 's', 'm', 'x', 'q'].into_iter().filter(|it| flags.contains(*it)).collect();
                    pattern = format!("{pattern} flag \"{sorted}\"");
                }
                left = Item::Regex(Box::new(left), pattern);
                continue;
            }
            let right = self.expression(priority + 1)?;
            left = Item::Binary(*priority, (*name).to_owned(), Box::new(left), Box::new(right));
        }
    }

    fn unary(&mut self) -> Option<Item> {
        self.space();
        if self.rest.starts_with(['+', '-']) {
            let sign = self.rest[..1].to_owned();
            self.rest = &self.rest[1..];
            return Some(Item::Minus(sign, Box::new(self.unary()?)));
        }
        if self.rest.starts_with('!') && !self.rest.starts_with("!=") {
            self.rest = &self.rest[1..];
            return Some(Item::Not(Box::new(self.unary()?)));
        }
        if self.word("exists") {
            self.sign("(").then_some(())?;
            let inner = self.expression(0)?;
            self.sign(")").then_some(())?;
            return Some(Item::Exists(Box::new(inner)));
        }
        self.path()
    }

    fn path(&mut self) -> Option<Item> {
        self.space();
        let first = self.rest.chars().next()?;
        let mut item = match first {
            '(' => {
                self.rest = &self.rest[1..];
                let inner = self.expression(0)?;
                self.sign(")").then_some(())?;
                inner
            }
            '$' => {
                self.rest = &self.rest[1..];
                match self.name() {
                    Some(name) => Item::Plain(format!("$\"{name}\"")),
                    None if self.rest.starts_with('"') => return None,
                    None => Item::Plain("$".to_owned()),
                }
            }
            '@' => {
                self.rest = &self.rest[1..];
                Item::Plain("@".to_owned())
            }
            '"' => Item::Plain(self.string()?),
            it if it.is_ascii_digit() => Item::Number(self.number()?),
            _ => match self.name()? {
                name if matches!(name.as_str(), "true" | "false" | "null" | "last") => Item::Plain(name),
                _ => return None,
            },
        };
        loop {
            self.space();
            if self.sign("?") {
                self.sign("(").then_some(())?;
                let condition = self.expression(0)?;
                self.sign(")").then_some(())?;
                item = Item::Filter(Box::new(item), Box::new(condition));
            } else if self.rest.starts_with('.') {
                self.rest = &self.rest[1..];
                let step = if self.sign("**") {
                    (!self.rest.trim_start().starts_with('{')).then_some(".**".to_owned())?
                } else if self.sign("*") {
                    ".*".to_owned()
                } else if self.rest.starts_with('"') {
                    format!(".{}", self.string()?)
                } else {
                    let name = self.name()?;
                    match self.sign("(") {
                        // Those with arguments have forms of their own.
                        true => self.sign(")").then(|| format!(".{name}()"))?,
                        false => format!(".\"{name}\""),
                    }
                };
                item = Item::Step(Box::new(item), step);
            } else if self.sign("[") {
                let step = if self.sign("*") { "[*]".to_owned() } else { format!("[{}]", self.subscripts()?) };
                self.sign("]").then_some(())?;
                item = Item::Step(Box::new(item), step);
            } else {
                return Some(item);
            }
        }
    }

    fn subscripts(&mut self) -> Option<String> {
        let mut printed = String::new();
        loop {
            print(&self.expression(0)?, false, &mut printed);
            if self.word("to") {
                printed.push_str(" to ");
                print(&self.expression(0)?, false, &mut printed);
            }
            if !self.sign(",") {
                return Some(printed);
            }
            printed.push(',');
        }
    }

    /// A plain word.
    fn name(&mut self) -> Option<String> {
        let end = self.rest.find(|it| !is_of_name(it)).unwrap_or(self.rest.len());
        let name = self.rest[..end].to_owned();
        if name.is_empty() || name.starts_with(|it: char| it.is_ascii_digit()) {
            return None;
        }
        self.rest = &self.rest[end..];
        Some(name)
    }

    /// A string in quotes, with them; none with escapes in it.
    fn string(&mut self) -> Option<String> {
        self.space();
        let inner = self.rest.strip_prefix('"')?;
        let end = inner.find('"')?;
        let text = &inner[..end];
        self.rest = &inner[end + 1..];
        (!text.contains('\\') && !text.chars().any(char::is_control)).then(|| format!("\"{text}\""))
    }

    fn number(&mut self) -> Option<String> {
        let end = self.rest.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(self.rest.len());
        let number = self.rest[..end].to_owned();
        self.rest = &self.rest[end..];
        let is_plain = !self.rest.starts_with(is_of_name) && !number.ends_with('.') && number.matches('.').count() <= 1;
        (is_plain && (number == "0" || !number.starts_with('0') || number.starts_with("0."))).then_some(number)
    }
}

fn is_of_name(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}

/// Prints an item; with parentheses around an operator, if they are needed there.
fn print(item: &Item, parentheses: bool, out: &mut String) {
    match item {
        Item::Plain(text) | Item::Number(text) => out.push_str(text),
        Item::Step(of, step) => {
            operand(of, out);
            out.push_str(step);
        }
        Item::Filter(of, condition) => {
            operand(of, out);
            out.push_str("?(");
            print(condition, false, out);
            out.push(')');
        }
        Item::Binary(own, name, left, right) => {
            out.push_str(if parentheses { "(" } else { "" });
            print(left, priority(left) <= *own, out);
            out.push_str(&format!(" {name} "));
            print(right, priority(right) <= *own, out);
            out.push_str(if parentheses { ")" } else { "" });
        }
        Item::Minus(sign, inner) => {
            out.push_str(if parentheses { "(" } else { "" });
            out.push_str(sign);
            print(inner, priority(inner) <= SIGN, out);
            out.push_str(if parentheses { ")" } else { "" });
        }
        Item::Not(inner) => {
            out.push_str("!(");
            print(inner, false, out);
            out.push(')');
        }
        Item::Exists(inner) => {
            out.push_str("exists (");
            print(inner, false, out);
            out.push(')');
        }
        Item::IsUnknown(inner) => {
            out.push('(');
            print(inner, false, out);
            out.push_str(") is unknown");
        }
        Item::Regex(of, pattern) => {
            out.push_str(if parentheses { "(" } else { "" });
            print(of, priority(of) <= 2, out);
            out.push_str(&format!(" like_regex {pattern}"));
            out.push_str(if parentheses { ")" } else { "" });
        }
    }
}

/// What an accessor is applied to.
fn operand(item: &Item, out: &mut String) {
    match item {
        Item::Number(text) => out.push_str(&format!("({text})")),
        _ => print(item, true, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let check = |text: &str, expected: &str| assert_eq!(normal(text).as_deref(), Some(expected), "{text}");
        check("$", "$");
        check("lax $.a", "$.\"a\"");
        check("strict $.a[*].b", "strict $.\"a\"[*].\"b\"");
        check("$.list[0, 2 to last]", "$.\"list\"[0,2 to last]");
        check("$.a > 1", "($.\"a\" > 1)");
        check("$.a ? (@.x == 1 && @.y != \"z\")", "$.\"a\"?(@.\"x\" == 1 && @.\"y\" != \"z\")");
        check("$.* ? (@ like_regex \"^a\" flag \"i\")", "$.*?(@ like_regex \"^a\" flag \"i\")");
        check("$ ? (exists (@.a) || !(@.b == 1))", "$?(exists (@.\"a\") || !(@.\"b\" == 1))");
        check("$.a.size() + 2 * 3", "($.\"a\".size() + 2 * 3)");
        check("$var.x", "$\"var\".\"x\"");
        check("$.** ? (@ starts with \"a\")", "$.**?(@ starts with \"a\")");
        for text in ["", "$.", "$.a[", "$ \"a\\n\"", "1e3", "$.a.datetime(\"HH\")", "x"] {
            assert_eq!(normal(text), None, "{text}");
        }
    }
}
