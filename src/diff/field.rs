//! Which fields of an object differ: both versions are turned into plain values, and these compared.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

use crate::catalog::{DataType, Object};

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Field {
    /// Where it is: `columns[email].data_type`.
    pub path: String,
    /// What it was; `None` where it was not there, or had its default value.
    pub from: Option<Value>,
    /// What it is.
    pub to: Option<Value>,
}

/// `columns[email].data_type: text -> character varying(100)`.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} -> {}", self.path, shown(self.from.as_ref()), shown(self.to.as_ref()))
    }
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "none".to_owned() };
    let of_type = |value: &Value| serde_json::from_value::<DataType>(value.clone()).ok().map(|it| spelled(&it));
    match value {
        Value::Object(fields) if fields.contains_key("data_type") && fields.len() == 2 => {
            fields.get("data_type").and_then(of_type).unwrap_or_else(|| value.to_string())
        }
        Value::Object(_) => of_type(value).unwrap_or_else(|| value.to_string()),
        _ => value.to_string(),
    }
}

/// A type as SQL has it, as far as that can be told without the layer that writes SQL.
fn spelled(of: &DataType) -> String {
    let word = match of.name.name.as_str() {
        "int2" => "smallint",
        "int4" => "integer",
        "int8" => "bigint",
        "float4" => "real",
        "float8" => "double precision",
        "bool" => "boolean",
        "varchar" => "character varying",
        "bpchar" => "character",
        "timestamptz" => "timestamp with time zone",
        "timetz" => "time with time zone",
        _ => return of.to_string(),
    };
    if of.name.is_builtin() { of.to_string().replacen(&of.name.name, word, 1) } else { of.to_string() }
}

/// The fields that differ, in the order of their paths within each level.
pub(super) fn differing(before: &Object, after: &Object) -> Vec<Field> {
    let value = |object: &Object| serde_json::to_value(object).unwrap_or(Value::Null);
    let (mut before, mut after) = (value(before), value(after));
    let mut found = Vec::new();
    // A definition says its kind first, which both share.
    let (old, new) = (definition(&mut before), definition(&mut after));
    compare(String::new(), Some(&old), Some(&new), &mut found);
    compare(String::new(), Some(&before), Some(&after), &mut found);
    found
}

/// Takes the definition out of an object, without the word for its kind around it.
fn definition(object: &mut Value) -> Value {
    let Some(Value::Object(mut definition)) = object.as_object_mut().and_then(|fields| fields.remove("definition")) else {
        return Value::Null;
    };
    let kind = definition.keys().next().cloned().unwrap_or_default();
    definition.remove(&kind).unwrap_or(Value::Null)
}

fn compare(path: String, from: Option<&Value>, to: Option<&Value>, found: &mut Vec<Field>) {
    if from == to {
        return;
    }
    match (from, to) {
        // What is a type reads better as a whole.
        (Some(Value::Object(old)), Some(Value::Object(new))) if !(is_type(old) && is_type(new)) => fields(&path, old, new, found),
        (Some(Value::Array(old)), Some(Value::Array(new))) => match (named(old), named(new)) {
            (Some(old), Some(new)) => elements(&path, &old, &new, found),
            _ => found.push(Field { path, from: from.cloned(), to: to.cloned() }),
        },
        _ => found.push(Field { path, from: from.cloned(), to: to.cloned() }),
    }
}

fn is_type(fields: &Map<String, Value>) -> bool {
    fields.get("name").is_some_and(Value::is_object)
}

fn fields(path: &str, old: &Map<String, Value>, new: &Map<String, Value>, found: &mut Vec<Field>) {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        // What an object needs follows from the rest of it.
        if path.is_empty() && name == "dependencies" {
            continue;
        }
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        compare(path, old.get(name), new.get(name), found);
    }
}

/// Elements by what they are called, where all have names and none has that of another.
fn named(elements: &[Value]) -> Option<Vec<(String, &Value)>> {
    let name = |it: &Value| match it {
        Value::String(text) => Some(text.clone()),
        Value::Object(fields) => fields.get("name").and_then(Value::as_str).map(ToOwned::to_owned),
        _ => None,
    };
    let named: Vec<(String, &Value)> = elements.iter().map(|it| Some((name(it)?, it))).collect::<Option<_>>()?;
    let names: BTreeSet<&String> = named.iter().map(|(name, _)| name).collect();
    (names.len() == named.len()).then_some(named)
}

fn elements(path: &str, old: &[(String, &Value)], new: &[(String, &Value)], found: &mut Vec<Field>) {
    let before = found.len();
    let is_there = |list: &[(String, &Value)], name: &str| list.iter().any(|(other, _)| other == name);
    for (name, value) in old {
        let after = new.iter().find(|(other, _)| other == name).map(|(_, value)| *value);
        compare(format!("{path}[{name}]"), Some(value), after, found);
    }
    for (name, value) in new.iter().filter(|(name, _)| !is_there(old, name)) {
        compare(format!("{path}[{name}]"), None, Some(value), found);
    }
    if found.len() == before {
        // Only the order differs.
        let names = |list: &[(String, &Value)]| Some(Value::Array(list.iter().map(|(name, _)| Value::String(name.clone())).collect()));
        found.push(Field { path: path.to_owned(), from: names(old), to: names(new) });
    }
}
