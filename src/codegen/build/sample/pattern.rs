//! Text that matches a pattern of a check: a regular expression of usual shape, or `LIKE`.
//!
//! What is generated matches by construction. What the reader does not know (look-ahead, back references) has no sample.

use super::condition::Pattern;

/// Text with places for a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// So many digits.
    Digits(usize),
}

/// Returns text that matches, of at least `shortest` characters. With `vary` it has digits to make it unique where the pattern has room for them.
pub(super) fn matching(pattern: &Pattern, shortest: usize, vary: bool) -> Option<Vec<Piece>> {
    let items = match pattern {
        Pattern::Regex(text) => Reader { rest: text.trim_start_matches("(?i)"), depth: 0 }.whole()?,
        Pattern::Like(text) => like(text),
    };
    let mut out = Output { pieces: Vec::new(), vary, missing: 0 };
    out.all(&items);
    let length = out.length();
    if length < shortest {
        out = Output { pieces: Vec::new(), vary, missing: shortest - length };
        out.all(&items);
    }
    (out.length() >= shortest).then_some(out.pieces)
}

/// A part of a pattern.
#[derive(Clone, Debug)]
enum Item {
    /// One character of these ranges, so often.
    Set { ranges: Vec<(char, char)>, least: usize, most: usize },
    /// A group, so often.
    Group { items: Vec<Item>, least: usize },
}

/// What a repetition without an end stands for.
const ENDLESS: usize = 1000;

struct Output {
    pieces: Vec<Piece>,
    vary: bool,
    missing: usize,
}

impl Output {
    fn all(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Set { ranges, least, most } => self.set(ranges, *least, *most),
                Item::Group { items, least } => (0..*least).for_each(|_| self.all(items)),
            }
        }
    }

    fn set(&mut self, ranges: &[(char, char)], least: usize, most: usize) {
        let extra = self.missing.min(most - least.min(most));
        self.missing -= extra;
        let count = least + extra;
        let digits = ranges.iter().any(|(from, to)| *from <= '0' && *to >= '9');
        if self.vary && digits && most > 0 && (most > 1 || !self.pieces.iter().any(|it| matches!(it, Piece::Digits(_)))) {
            let width = count.max(6).min(most);
            self.vary = width < 4;
            self.pieces.push(Piece::Digits(width));
        } else if let Some(letter) = representative(ranges) {
            self.pieces.push(Piece::Text(letter.to_string().repeat(count)));
        }
    }

    fn length(&self) -> usize {
        self.pieces
            .iter()
            .map(|it| match it {
                Piece::Text(text) => text.chars().count(),
                Piece::Digits(width) => *width,
            })
            .sum()
    }
}

fn representative(ranges: &[(char, char)]) -> Option<char> {
    let usual = ['a', 'A', '1', '-', '_'].into_iter().find(|it| ranges.iter().any(|(from, to)| from <= it && it <= to));
    usual.or_else(|| ranges.iter().map(|(from, _)| *from).find(|it| !it.is_control()))
}

fn one(letter: char) -> Item {
    Item::Set { ranges: vec![(letter, letter)], least: 1, most: 1 }
}

fn like(text: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        items.push(match letter {
            '%' => Item::Set { ranges: vec![('0', '9'), ('a', 'z')], least: 0, most: ENDLESS },
            '_' => Item::Set { ranges: vec![('a', 'z')], least: 1, most: 1 },
            '\\' => one(letters.next().unwrap_or('\\')),
            other => one(other),
        });
    }
    items
}

/// Reads PostgreSQL's advanced regular expressions as far as checks use them.
struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn whole(mut self) -> Option<Vec<Item>> {
        let items = self.alternatives()?;
        self.rest.is_empty().then_some(items)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.rest = &self.rest[letter.len_utf8()..];
        Some(letter)
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest.strip_prefix(text);
        if let Some(rest) = found {
            self.rest = rest;
        }
        found.is_some()
    }

    /// The first of several alternatives; the others are read to find the end.
    fn alternatives(&mut self) -> Option<Vec<Item>> {
        self.depth += 1;
        if self.depth > 50 {
            return None;
        }
        let first = self.sequence()?;
        while self.eat("|") {
            self.sequence()?;
        }
        self.depth -= 1;
        Some(first)
    }

    fn sequence(&mut self) -> Option<Vec<Item>> {
        let mut items = Vec::new();
        while let Some(letter) = self.peek() {
            if letter == '|' || letter == ')' {
                break;
            }
            self.next();
            let item = match letter {
                '^' | '$' => continue,
                '(' => {
                    if self.rest.starts_with('?') && !self.eat("?:") {
                        return None;
                    }
                    let items = self.alternatives()?;
                    if !self.eat(")") {
                        return None;
                    }
                    Item::Group { items, least: 1 }
                }
                '[' => Item::Set { ranges: self.class()?, least: 1, most: 1 },
                '.' => Item::Set { ranges: vec![('0', '9'), ('A', 'Z'), ('a', 'z')], least: 1, most: 1 },
                '\\' => match self.next()? {
                    'A' | 'Z' | 'm' | 'M' | 'y' => continue,
                    'B' | 'Y' | '1'..='9' => return None,
                    escape => Item::Set { ranges: escaped(escape)?, least: 1, most: 1 },
                },
                '*' | '+' | '?' | '{' => return None,
                other => one(other),
            };
            items.push(self.repeated(item)?);
        }
        Some(items)
    }

    fn repeated(&mut self, item: Item) -> Option<Item> {
        let (least, most) = match self.peek() {
            Some('*') => (0, ENDLESS),
            Some('+') => (1, ENDLESS),
            Some('?') => (0, 1),
            Some('{') => {
                let end = self.rest.find('}')?;
                let bounds = &self.rest[1..end];
                let (low, high) =
                    bounds.split_once(',').map_or((bounds, Some(bounds)), |(low, high)| (low, (!high.is_empty()).then_some(high)));
                let bounds = (low.parse().ok()?, high.map_or(Ok(ENDLESS), str::parse).ok()?);
                self.rest = &self.rest[end..];
                bounds
            }
            _ => return Some(item),
        };
        self.next();
        self.eat("?");
        if matches!(self.peek(), Some('*' | '+' | '{')) || least > ENDLESS {
            return None;
        }
        Some(match item {
            Item::Set { ranges, .. } => Item::Set { ranges, least, most },
            Item::Group { items, .. } => Item::Group { items, least },
        })
    }

    fn class(&mut self) -> Option<Vec<(char, char)>> {
        let negated = self.eat("^");
        let mut ranges = Vec::new();
        let mut first = true;
        loop {
            if self.rest.starts_with("[:") {
                let end = self.rest.find(":]")?;
                ranges.extend(named(&self.rest[2..end])?);
                self.rest = &self.rest[end + 2..];
            } else {
                let letter = match self.next()? {
                    ']' if !first => break,
                    '\\' => {
                        let escape = self.next()?;
                        let set = escaped(escape)?;
                        match set.as_slice() {
                            [(from, to)] if from == to => *from,
                            _ => {
                                ranges.extend(set);
                                first = false;
                                continue;
                            }
                        }
                    }
                    '[' if self.rest.starts_with(['.', '=']) => return None,
                    letter => letter,
                };
                let mut ahead = self.rest.chars();
                match (ahead.next(), ahead.next()) {
                    (Some('-'), Some(to)) if to != ']' => {
                        self.next();
                        let to = self.next()?;
                        let to = if to == '\\' { self.next()? } else { to };
                        ranges.push((letter, to));
                    }
                    _ => ranges.push((letter, letter)),
                }
            }
            first = false;
        }
        Some(if negated { complement(&ranges) } else { ranges })
    }
}

fn escaped(letter: char) -> Option<Vec<(char, char)>> {
    Some(match letter {
        'd' => vec![('0', '9')],
        'w' => vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        's' => vec![(' ', ' ')],
        'D' => complement(&[('0', '9')]),
        'W' => vec![('-', '-')],
        'S' => complement(&[(' ', ' ')]),
        'n' => vec![('\n', '\n')],
        't' => vec![('\t', '\t')],
        other if other.is_ascii_alphanumeric() => return None,
        other => vec![(other, other)],
    })
}

fn named(class: &str) -> Option<Vec<(char, char)>> {
    Some(match class {
        "alpha" => vec![('A', 'Z'), ('a', 'z')],
        "digit" => vec![('0', '9')],
        "alnum" => vec![('0', '9'), ('A', 'Z'), ('a', 'z')],
        "lower" => vec![('a', 'z')],
        "upper" => vec![('A', 'Z')],
        "xdigit" => vec![('0', '9'), ('A', 'F'), ('a', 'f')],
        "space" | "blank" => vec![(' ', ' ')],
        "punct" => vec![('-', '-')],
        _ => return None,
    })
}

/// The printable ASCII outside the ranges.
fn complement(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let outside = |it: &char| !ranges.iter().any(|(from, to)| from <= it && it <= to);
    let mut out: Vec<(char, char)> = Vec::new();
    for letter in (' '..='~').filter(outside) {
        match out.last_mut() {
            Some((_, to)) if u32::from(*to) + 1 == u32::from(letter) => *to = letter,
            _ => out.push((letter, letter)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_matches() {
        let show = |pieces: Option<Vec<Piece>>| {
            let one = |it: &Piece| match it {
                Piece::Text(text) => text.clone(),
                Piece::Digits(width) => "#".repeat(*width),
            };
            pieces.map(|it| it.iter().map(one).collect::<String>())
        };
        let check = |regex: &str, expected: Option<&str>| {
            assert_eq!(show(matching(&Pattern::Regex(regex.to_owned()), 0, true)).as_deref(), expected, "of {regex}");
        };
        check("^[A-Z]{3}$", Some("AAA"));
        check("^[a-z0-9_-]+$", Some("######"));
        check("^[a-z][a-z0-9]*$", Some("a######"));
        check(r"^\d{5}$", Some("#####"));
        check(r"^\+[1-9]\d{1,14}$", Some("+1######"));
        check("^.+@.+$", Some("######@a"));
        check(r"^[^@\s]+@[^@\s]+\.[^@\s]+$", Some("######@a.a"));
        check("^(draft|done)$", Some("draft"));
        check("^(?:ab)+$", Some("ab"));
        check("^[[:alpha:]]+$", Some("a"));
        check("^#[0-9a-fA-F]{6}$", Some("#######"));
        check(r"^[a-z]{2}(-[A-Z]{2})?$", Some("aa"));
        check("^(?=x)", None);
        check(r"(a)\1", None);
        check("a{2", None);
        check("[a", None);
        check("(", None);
        check("", Some(""));
        assert_eq!(show(matching(&Pattern::Regex("^[a-z]+$".into()), 5, false)).as_deref(), Some("aaaaa"));
        assert_eq!(show(matching(&Pattern::Like("inv-%".into()), 0, true)).as_deref(), Some("inv-######"));
    }
}
