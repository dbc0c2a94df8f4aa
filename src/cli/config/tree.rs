//! A YAML or JSON file as a tree in which every key and value knows its place.
//!
//! JSON is YAML too, so one parser gives both the same exact places. This file must not know which keys there are.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use pgx_goose::diagnostic::{Diagnostic, Span};

use super::super::report::redacted;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Integer(i64),
    /// A number that is not whole, or too large.
    Number(f64),
    Text(String),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl Node {
    /// What it is, for messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Bool(value) => format!("`{value}`"),
            Self::Integer(value) => format!("the number `{value}`"),
            Self::Number(value) => format!("the number `{value}`"),
            Self::Text(value) => format!("`{value}`"),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) => "a map".to_owned(),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Node;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }
            fn visit_none<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
                Node::deserialize(deserializer)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Integer(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(i64::try_from(value).map_or(Node::Number(value as f64), Node::Integer))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
                Ok(Node::Number(value))
            }
            fn visit_str<E>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Text(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Node::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
                let mut map = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    map.push(entry);
                }
                Ok(Node::Map(map))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A file and its text, to say places in.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) text: String,
}

impl File {
    /// Parses the file; one that is empty or comments only is an empty map.
    pub(super) fn parse(&self) -> Result<Spanned<Node>, Box<Diagnostic>> {
        match serde_saphyr::from_str::<Option<Spanned<Node>>>(&self.text) {
            Ok(Some(root)) => Ok(root),
            Ok(None) => Ok(Spanned { value: Node::Null, referenced: Location::UNKNOWN, defined: Location::UNKNOWN }),
            Err(error) => {
                let location = error.location();
                let text = error.without_snippet().render_with_formatter(&serde_saphyr::UserMessageFormatter);
                // The place is said by the diagnostic; the parser says it again at the end.
                let message = text.split(" at line ").next().unwrap_or(&text).trim_end_matches([':', ',', '.', ' ']);
                let diagnostic = Diagnostic::error(format!("the config file is not valid YAML: {message}"));
                Err(Box::new(match location.and_then(|it| self.span(it)) {
                    Some(span) => diagnostic.at(span),
                    None => Diagnostic { message: format!("`{}`: {}", self.name, diagnostic.message), ..diagnostic },
                }))
            }
        }
    }

    /// The place in the user's words.
    pub(super) fn span(&self, location: Location) -> Option<Span> {
        let (line, column) = (u32::try_from(location.line()).ok()?, u32::try_from(location.column()).ok()?);
        let text = self.text.split('\n').nth(usize::try_from(line.checked_sub(1)?).ok()?)?.trim_end_matches('\r');
        // A value of several lines is underlined on the first; a place after the line's end is a point.
        let rest = (text.chars().count() + 1).saturating_sub(column.max(1) as usize);
        let length = u32::try_from(rest.min(usize::try_from(location.span().len()).unwrap_or(rest))).unwrap_or(0);
        let shown = redacted(text);
        // Without its password the line is shorter; the place is where the value begins, which is before.
        let length = if shown == text { length } else { 0 };
        Some(Span { file: self.name.clone(), line, column, length, text: shown })
    }
}
