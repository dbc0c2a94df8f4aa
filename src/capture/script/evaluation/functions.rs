//! Functions that procedural code puts texts together with. To add one: a line in [`call`].

use pg_query::protobuf::FuncCall;

use crate::capture::script::resolve::strings;
use crate::capture::script::state::State;
use crate::ddl;

use super::{Environment, Value, cast, compare, evaluate};

/// The value of a call.
pub(super) fn call(state: &State<'_>, node: &FuncCall, environment: &Environment) -> Option<Value> {
    let names = strings(&node.funcname);
    if !matches!(names[..], [_] | ["pg_catalog", _]) || node.func_variadic {
        return None;
    }
    let name = *names.last()?;
    if is_aggregate(name) {
        return aggregate(state, name, node, environment);
    }
    let arguments: Vec<Value> = node.args.iter().map(|it| evaluate(state, it, environment)).collect::<Option<_>>()?;
    // These take NULL for nothing; all others give it back.
    match (name, arguments.as_slice()) {
        ("format", [Value::Text(pattern), values @ ..]) => return format(pattern, values).map(Value::Text),
        ("concat", values) => return values.iter().map(shown).collect::<Option<String>>().map(Value::Text),
        ("concat_ws", [Value::Text(separator), values @ ..]) => {
            let parts: Vec<String> = values.iter().filter(|it| **it != Value::Null).map(shown).collect::<Option<_>>()?;
            return Some(Value::Text(parts.join(separator)));
        }
        ("quote_nullable", [value]) => return value_literal(value).map(Value::Text),
        ("array_to_string", [Value::Array(values), Value::Text(separator)]) => {
            let parts: Vec<String> = values.iter().filter_map(Value::text).collect();
            return Some(Value::Text(parts.join(separator)));
        }
        ("array_append", [Value::Array(values), value]) => {
            return Some(Value::Array(values.iter().chain([value]).cloned().collect()));
        }
        ("current_schema", []) => return state.creation_schema().ok().map(Value::Text),
        _ if arguments.contains(&Value::Null) => return Some(Value::Null),
        _ => {}
    }
    let text = |it: String| Some(Value::Text(it));
    let number = |it: usize| i64::try_from(it).ok().map(Value::Number);
    match (name, arguments.as_slice()) {
        ("lower", [Value::Text(it)]) => text(it.to_lowercase()),
        ("upper", [Value::Text(it)]) => text(it.to_uppercase()),
        ("quote_ident", [Value::Text(it)]) => text(quote_identifier(it)),
        ("quote_literal", [value]) => value_literal(value).map(Value::Text),
        ("btrim", [Value::Text(it)]) => text(it.trim_matches(' ').to_owned()),
        ("ltrim", [Value::Text(it)]) => text(it.trim_start_matches(' ').to_owned()),
        ("rtrim", [Value::Text(it)]) => text(it.trim_end_matches(' ').to_owned()),
        ("replace", [Value::Text(it), Value::Text(from), Value::Text(to)]) => {
            text(if from.is_empty() { it.clone() } else { it.replace(from.as_str(), to) })
        }
        ("length" | "char_length", [Value::Text(it)]) => number(it.chars().count()),
        ("left", [Value::Text(it), Value::Number(count)]) if *count >= 0 => text(it.chars().take(usize::try_from(*count).ok()?).collect()),
        ("substring" | "substr", [Value::Text(it), Value::Number(from)]) if *from > 0 => {
            text(it.chars().skip(usize::try_from(from - 1).ok()?).collect())
        }
        ("substring" | "substr", [Value::Text(it), Value::Number(from), Value::Number(count)]) if *from > 0 && *count >= 0 => {
            text(it.chars().skip(usize::try_from(from - 1).ok()?).take(usize::try_from(*count).ok()?).collect())
        }
        ("lpad", [value, Value::Number(length), Value::Text(fill)]) => {
            text(pad(&value.text()?, usize::try_from(*length).ok().filter(|it| *it <= PADDED)?, fill)?)
        }
        ("split_part", [Value::Text(it), Value::Text(separator), Value::Number(at)]) if *at > 0 && !separator.is_empty() => {
            text(it.split(separator.as_str()).nth(usize::try_from(at - 1).ok()?).unwrap_or_default().to_owned())
        }
        ("starts_with", [Value::Text(it), Value::Text(start)]) => Some(Value::Bool(it.starts_with(start.as_str()))),
        ("string_to_array", [Value::Text(it), Value::Text(separator)]) if !separator.is_empty() => {
            let parts =
                if it.is_empty() { Vec::new() } else { it.split(separator.as_str()).map(|it| Value::Text(it.to_owned())).collect() };
            Some(Value::Array(parts))
        }
        ("array_length", [Value::Array(it), Value::Number(1)]) => {
            if it.is_empty() {
                Some(Value::Null)
            } else {
                number(it.len())
            }
        }
        ("array_lower", [Value::Array(it), Value::Number(1)]) => Some(if it.is_empty() { Value::Null } else { Value::Number(1) }),
        ("array_upper", [Value::Array(it), Value::Number(1)]) => {
            if it.is_empty() {
                Some(Value::Null)
            } else {
                number(it.len())
            }
        }
        ("cardinality", [Value::Array(it)]) => number(it.len()),
        ("to_regclass" | "to_regtype" | "to_regnamespace", [value]) => {
            Some(cast(state, value.clone(), name.trim_start_matches("to_")).unwrap_or(Value::Null))
        }
        ("to_char", [Value::Number(it), Value::Text(pattern)]) => zeros(*it, pattern).map(Value::Text),
        _ => None,
    }
}

/// How wide a text is made; the server's own limit is far beyond what makes a name.
const PADDED: usize = 10_000;

fn pad(text: &str, length: usize, fill: &str) -> Option<String> {
    let have = text.chars().count();
    if have >= length {
        return Some(text.chars().take(length).collect());
    }
    let padding: String = fill.chars().cycle().take(if fill.is_empty() { 0 } else { length - have }).collect();
    Some(padding + text)
}

/// `to_char(7, 'fm000')`: what numbers partitions.
fn zeros(number: i64, pattern: &str) -> Option<String> {
    let (fill, digits) = match pattern.get(..2) {
        Some(it) if it.eq_ignore_ascii_case("fm") => ("", &pattern[2..]),
        _ => (" ", pattern),
    };
    let width = digits.len();
    let text = format!("{number:0width$}");
    (number >= 0 && width > 0 && digits.bytes().all(|it| it == b'0') && text.len() == width).then(|| format!("{fill}{text}"))
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        other => other.text(),
    }
}

/// An identifier, quoted where it must be.
pub(in crate::capture::script) fn quote_identifier(name: &str) -> String {
    ddl::quote_identifier(name)
}

/// A value as `quote_nullable` and `%L` write it.
fn value_literal(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("NULL".to_owned()),
        other => Some(ddl::quote_literal(&other.text()?)),
    }
}

/// `format`. PostgreSQL src/backend/utils/adt/varlena.c, text_format.
fn format(pattern: &str, values: &[Value]) -> Option<String> {
    let mut result = String::new();
    let mut next = 0;
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            result.push('%');
            rest = after;
            continue;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && rest[digits..].starts_with('$') {
            next = rest[..digits].parse::<usize>().ok()?.checked_sub(1)?;
            rest = &rest[digits + 1..];
        }
        let value = values.get(next)?;
        next += 1;
        match rest.chars().next()? {
            's' => result.push_str(&shown(value)?),
            'I' => result.push_str(&quote_identifier(&value.text()?)),
            'L' => result.push_str(&value_literal(value)?),
            // A width: nobody aligns SQL.
            _ => return None,
        }
        rest = &rest[1..];
    }
    result.push_str(rest);
    Some(result)
}

/// Whether a function makes one value of many rows.
pub(super) fn is_aggregate(name: &str) -> bool {
    matches!(name, "count" | "string_agg" | "array_agg" | "max" | "min" | "bool_or" | "bool_and")
}

fn aggregate(state: &State<'_>, name: &str, node: &FuncCall, environment: &Environment) -> Option<Value> {
    let group = environment.group.as_ref()?;
    if node.agg_filter.is_some() || !node.agg_order.is_empty() && name != "string_agg" && name != "array_agg" {
        return None;
    }
    if name == "count" && node.agg_star {
        return i64::try_from(group.len()).ok().map(Value::Number);
    }
    let argument = node.args.first()?;
    let rows = super::query::ordered(state, &node.agg_order, group.as_slice())?;
    let mut values: Vec<Value> = rows.iter().map(|it| evaluate(state, argument, it)).collect::<Option<_>>()?;
    if node.agg_distinct {
        super::query::distinct(&mut values);
    }
    if name != "array_agg" {
        values.retain(|it| *it != Value::Null);
    }
    let best = |operator: &str| {
        let mut best = Value::Null;
        for value in &values {
            if best == Value::Null || compare(value, operator, &best)? == Value::Bool(true) {
                best = value.clone();
            }
        }
        Some(best)
    };
    match name {
        "count" => i64::try_from(values.len()).ok().map(Value::Number),
        _ if values.is_empty() => Some(Value::Null),
        "array_agg" => Some(Value::Array(values)),
        "string_agg" => {
            let Value::Text(separator) = evaluate(state, node.args.get(1)?, environment)? else { return None };
            let parts: Vec<String> = values.iter().map(Value::text).collect::<Option<_>>()?;
            Some(Value::Text(parts.join(&separator)))
        }
        "max" => best(">"),
        "min" => best("<"),
        "bool_or" => Some(Value::Bool(values.contains(&Value::Bool(true)))),
        "bool_and" => Some(Value::Bool(!values.contains(&Value::Bool(false)))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_put_together_as_the_server_does() {
        let check = |pattern: &str, values: &[Value], expected: Option<&str>| {
            assert_eq!(format(pattern, values).as_deref(), expected, "{pattern}");
        };
        let text = |it: &str| Value::Text(it.to_owned());
        check("CREATE TABLE %I.%I ()", &[text("a"), text("B c")], Some("CREATE TABLE a.\"B c\" ()"));
        check("%s%%%L %2$s", &[text("a"), text("it's")], Some("a%'it''s' it's"));
        check("%L", &[Value::Null], Some("NULL"));
        check("%I", &[Value::Null], None);
        check("%s", &[], None);
        check("%10s", &[text("a")], None);
        check("%", &[text("a")], None);
        assert_eq!(zeros(7, "fm000").as_deref(), Some("007"));
        assert_eq!(zeros(7, "00").as_deref(), Some(" 07"));
        assert_eq!(zeros(1234, "fm000"), None);
        assert_eq!(pad("7", 3, "0").as_deref(), Some("007"));
    }
}
