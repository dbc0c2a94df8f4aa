//! Literals as the server writes them back after it has read them: the output functions of the types that schemas use.
//!
//! Dates and times are read as ISO 8601 in a session of time zone UTC; what is written otherwise stays as it is.

use pg_query::NodeEnum;
use pg_query::protobuf::{self, Node, a_const};
use serde_json::Value;

use crate::catalog::DataType;

/// The constant that a quoted literal becomes: a bare one where the bare one is of that type; none where it stays as it is.
pub(super) fn read(text: &str, data_type: &DataType) -> Option<a_const::Val> {
    let quoted = |sval: String| (sval != text).then_some(a_const::Val::Sval(protobuf::String { sval }));
    if data_type.array {
        return quoted(array(text, data_type)?);
    }
    if !data_type.name.is_builtin() {
        return None;
    }
    let trimmed = text.trim();
    match data_type.name.name.as_str() {
        "int4" => Some(a_const::Val::Ival(protobuf::Integer { ival: trimmed.parse().ok()? })),
        "bool" => Some(a_const::Val::Boolval(protobuf::Boolean { boolval: boolean(trimmed)? })),
        "int8" => {
            let number: i64 = trimmed.parse().ok()?;
            if i32::try_from(number).is_ok() { quoted(number.to_string()) } else { Some(bare(number.to_string())) }
        }
        "numeric" => {
            let number = numeric(trimmed)?;
            // What looks like an integer would be read back as one.
            if number.contains('.') || number.trim_start_matches('-').len() > 19 { Some(bare(number)) } else { quoted(number) }
        }
        "bit" => {
            let is_bits = !text.is_empty() && text.bytes().all(|it| it == b'0' || it == b'1');
            is_bits.then(|| a_const::Val::Bsval(protobuf::BitString { bsval: format!("b{text}") }))
        }
        _ => quoted(value(text, &data_type.name.name)?),
    }
}

/// Writes a bare constant as the server does: numbers without an exponent, bits one by one.
pub(super) fn respell(node: &mut Node) {
    let Some(NodeEnum::AConst(it)) = node.node.as_mut() else { return };
    match it.val.as_mut() {
        Some(a_const::Val::Fval(number)) if !number.fval.bytes().all(|it| it.is_ascii_digit() || it == b'-') => {
            let Some(normal) = numeric(&number.fval) else { return };
            if normal.contains('.') {
                number.fval = normal;
            } else {
                it.val = Some(a_const::Val::Sval(protobuf::String { sval: normal }));
                *node = super::coerce::cast_to_builtin(std::mem::take(node), "numeric");
            }
        }
        Some(a_const::Val::Bsval(bits)) if bits.bsval.starts_with(['x', 'X']) => {
            let digits = bits.bsval.chars().skip(1).filter_map(|it| it.to_digit(16));
            bits.bsval = std::iter::once("b".to_owned()).chain(digits.map(|it| format!("{it:04b}"))).collect();
        }
        _ => {}
    }
}

fn bare(fval: String) -> a_const::Val {
    a_const::Val::Fval(protobuf::Float { fval })
}

/// The text of a value of a built-in type.
fn value(text: &str, name: &str) -> Option<String> {
    let trimmed = text.trim();
    Some(match name {
        "int2" | "int4" | "int8" | "oid" => trimmed.parse::<i64>().ok()?.to_string(),
        "numeric" => numeric(trimmed)?,
        "bool" => if boolean(trimmed)? { "t" } else { "f" }.to_owned(),
        "float8" => float(trimmed.parse::<f64>().ok()?, |it| it.to_string())?,
        "float4" => {
            float(f64::from(trimmed.parse::<f32>().ok()?), |_| trimmed.parse::<f32>().map_or_else(|_| String::new(), |it| it.to_string()))?
        }
        "uuid" => uuid(trimmed)?,
        "jsonb" => jsonb(&serde_json::from_str(text).ok()?)?,
        "interval" => super::interval::normal(trimmed)?,
        "date" => date(trimmed)?,
        "timestamp" => timestamp(trimmed, false)?,
        "timestamptz" => timestamp(trimmed, true)?,
        "time" => time(trimmed)?,
        "bytea" => bytes(text)?,
        "tsvector" => lexemes(text)?,
        "tsquery" => query(text)?,
        "jsonpath" => super::jsonpath::normal(text)?,
        "int4range" | "int8range" => integers(trimmed)?,
        _ => return None,
    })
}

/// PostgreSQL src/backend/utils/adt/bool.c, parse_bool_with_len: any beginning that only one word has.
fn boolean(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    let begins = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    if begins("true", 1) || begins("yes", 1) || text == "on" || text == "1" {
        Some(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || text == "0" {
        Some(false)
    } else {
        None
    }
}

/// A number with its digits as they are; an exponent is worked out.
pub(super) fn numeric(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || whole.len() + fraction.len() == 0 || exponent.abs() > 64 {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let all = format!("{whole}{fraction}");
    let (whole, fraction) = if point <= 0 {
        (String::new(), format!("{}{all}", "0".repeat(point.unsigned_abs() as usize)))
    } else {
        let point = point.unsigned_abs() as usize;
        let padded = format!("{all:0<point$}");
        (padded[..point].to_owned(), padded[point..].to_owned())
    };
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let zero = whole == "0" && fraction.bytes().all(|it| it == b'0');
    let sign = if zero { "" } else { sign };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// The shortest text, where it needs no exponent.
fn float(number: f64, print: impl Fn(f64) -> String) -> Option<String> {
    let plain = number == 0.0 || (1e-4..1e15).contains(&number.abs());
    plain.then(|| print(number))
}

/// Hexadecimal, also of what was written in the older form: PostgreSQL src/backend/utils/adt/varlena.c, byteain.
fn bytes(text: &str) -> Option<String> {
    if let Some(hex) = text.strip_prefix("\\x") {
        return Some(format!("\\x{}", hex.to_ascii_lowercase()));
    }
    if text.contains('\\') {
        return None;
    }
    Some(std::iter::once("\\x".to_owned()).chain(text.bytes().map(|it| format!("{it:02x}"))).collect())
}

/// A value of a composite type whose attributes are of these types: PostgreSQL src/backend/utils/adt/rowtypes.c, record_in and
/// record_out.
pub(super) fn composite(text: &str, attributes: &[&DataType]) -> Option<String> {
    let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    let fields: Vec<&str> = inner.split(',').collect();
    if fields.len() != attributes.len() || inner.contains(['"', '\\', '(', ')']) {
        return None;
    }
    let field = |(text, data_type): (&&str, &&DataType)| {
        if text.is_empty() {
            return Some(String::new());
        }
        let printed = match data_type {
            _ if data_type.array => return None,
            _ if data_type.name.is_builtin() && data_type.name.name == "numeric" => scaled(&numeric(text.trim())?, &data_type.modifiers)?,
            _ if data_type.name.is_builtin() && matches!(data_type.name.name.as_str(), "text" | "varchar") => (*text).to_owned(),
            _ if data_type.name.is_builtin() && data_type.modifiers.is_empty() => value(text, &data_type.name.name)?,
            _ => return None,
        };
        let special = |it: char| it.is_ascii_whitespace() || matches!(it, '"' | '\\' | '(' | ')' | ',');
        Some(if printed.contains(special) { format!("\"{printed}\"") } else { printed })
    };
    let printed: Option<Vec<String>> = fields.iter().zip(attributes).map(field).collect();
    Some(format!("({})", printed?.join(",")))
}

/// A number with as many digits after the point as its type says; none where it has to be rounded.
fn scaled(number: &str, modifiers: &[String]) -> Option<String> {
    let Some(scale) = modifiers.get(1) else { return modifiers.is_empty().then(|| number.to_owned()) };
    let scale: usize = scale.parse().ok()?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    match fraction.len() {
        digits if digits > scale => None,
        _ if scale == 0 => Some(whole.to_owned()),
        _ => Some(format!("{whole}.{fraction:0<scale$}")),
    }
}

/// Plain words, each once, in order; positions, weights and quotes are left alone.
fn lexemes(text: &str) -> Option<String> {
    if text.contains(['\'', '\\', ':']) {
        return None;
    }
    let words: std::collections::BTreeSet<&str> = text.split_whitespace().collect();
    Some(words.iter().map(|it| format!("'{it}'")).collect::<Vec<_>>().join(" "))
}

/// Plain words with operators between them; parentheses, weights and quotes are left alone.
fn query(text: &str) -> Option<String> {
    let mut printed = Vec::new();
    for (n, word) in text.split_whitespace().enumerate() {
        let is_word = word.bytes().all(|it| it.is_ascii_alphanumeric() || it >= 0x80);
        printed.push(match (n % 2, word) {
            (0, _) if is_word => format!("'{word}'"),
            (1, "&" | "|" | "<->") => word.to_owned(),
            _ => return None,
        });
    }
    (printed.len() % 2 == 1).then(|| printed.join(" "))
}

/// A range of whole numbers, which begins with its first one and ends before the next: PostgreSQL src/backend/utils/adt/rangetypes.c,
/// int4range_canonical.
fn integers(text: &str) -> Option<String> {
    if text.eq_ignore_ascii_case("empty") {
        return Some("empty".to_owned());
    }
    let (from, inner) = (text.chars().next()?, text.get(1..text.len().checked_sub(1)?)?);
    let (low, high) = inner.split_once(',')?;
    let bound = |it: &str| match it.trim() {
        "" => Some(None),
        number => number.parse::<i64>().ok().map(Some),
    };
    let low = bound(low)?.map(|it| if from == '(' { it + 1 } else { it });
    let high = bound(high)?.map(|it| if text.ends_with(']') { it + 1 } else { it });
    if !matches!(from, '[' | '(') || !text.ends_with([']', ')']) {
        return None;
    }
    let (start, low_text) = low.map_or(("(", String::new()), |it| ("[", it.to_string()));
    Some(match (low, high) {
        (Some(low), Some(high)) if low >= high => "empty".to_owned(),
        _ => format!("{start}{low_text},{})", high.map_or_else(String::new, |it| it.to_string())),
    })
}

fn uuid(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|it| *it != '-').collect::<String>().to_ascii_lowercase();
    let digits = digits.trim_start_matches('{').trim_end_matches('}');
    let is_uuid = digits.len() == 32 && digits.bytes().all(|it| it.is_ascii_hexdigit());
    is_uuid.then(|| [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

/// Keys by length, then bytewise: PostgreSQL src/backend/utils/adt/jsonb_util.c, lengthCompareJsonbStringValue. Numbers with a
/// fraction keep digits that a float has not, so they are left alone.
fn jsonb(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(it) => it.to_string(),
        Value::Number(it) => (it.is_i64() || it.is_u64()).then(|| it.to_string())?,
        Value::String(it) => serde_json::to_string(it).ok()?,
        Value::Array(it) => format!("[{}]", it.iter().map(jsonb).collect::<Option<Vec<_>>>()?.join(", ")),
        Value::Object(it) => {
            let mut keys: Vec<&String> = it.keys().collect();
            keys.sort_by_key(|it| (it.len(), it.as_bytes()));
            let pair = |key: &&String| Some(format!("{}: {}", serde_json::to_string(key).ok()?, jsonb(&it[key.as_str()])?));
            format!("{{{}}}", keys.iter().map(pair).collect::<Option<Vec<_>>>()?.join(", "))
        }
    })
}

/// `{a, "b c"}`: PostgreSQL src/backend/utils/adt/arrayfuncs.c, array_in and array_out.
fn array(text: &str, data_type: &DataType) -> Option<String> {
    let mut rest = text.trim();
    let element = |text: String| match data_type.name.is_builtin() {
        true => value(&text, &data_type.name.name).unwrap_or(text),
        false => text,
    };
    let found = dimension(&mut rest, &element)?;
    // An array of empty arrays is empty.
    rest.is_empty().then(|| if found.chars().all(|it| "{},".contains(it)) { "{}".to_owned() } else { found })
}

/// An array's text with something else for each of its elements.
pub(super) fn array_with(text: &str, element: &dyn Fn(String) -> String) -> Option<String> {
    let mut rest = text.trim();
    dimension(&mut rest, element).filter(|_| rest.is_empty())
}

fn dimension(rest: &mut &str, element: &dyn Fn(String) -> String) -> Option<String> {
    *rest = rest.strip_prefix('{')?;
    let mut elements = Vec::new();
    loop {
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            if !elements.is_empty() {
                return None;
            }
            *rest = after.trim_start();
            break;
        }
        if rest.starts_with('{') {
            elements.push(dimension(rest, element)?);
        } else {
            let (text, quoted) = array_element(rest)?;
            elements.push(if !quoted && text.eq_ignore_ascii_case("null") { "NULL".to_owned() } else { quote_element(&element(text)) });
        }
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(',') {
            *rest = after;
        } else {
            *rest = rest.strip_prefix('}')?.trim_start();
            break;
        }
    }
    Some(format!("{{{}}}", elements.join(",")))
}

fn array_element(rest: &mut &str) -> Option<(String, bool)> {
    let mut text = String::new();
    let mut chars = rest.char_indices();
    if rest.starts_with('"') {
        chars.next();
        loop {
            match chars.next()? {
                (at, '"') => {
                    *rest = &rest[at + 1..];
                    return Some((text, true));
                }
                (_, '\\') => text.push(chars.next()?.1),
                (_, char) => text.push(char),
            }
        }
    }
    let end = rest.find([',', '}'])?;
    let plain = &rest[..end];
    if plain.contains(['\\', '"', '{']) || plain.trim().is_empty() {
        return None;
    }
    *rest = &rest[end..];
    Some((plain.trim().to_owned(), false))
}

fn quote_element(text: &str) -> String {
    let special = |it: char| it.is_ascii_whitespace() || matches!(it, '{' | '}' | ',' | '"' | '\\');
    if text.is_empty() || text.eq_ignore_ascii_case("null") || text.contains(special) {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        text.to_owned()
    }
}

fn date(text: &str) -> Option<String> {
    if let Some(word) = infinite(text) {
        return Some(word.to_owned());
    }
    if let Some((day, clock)) = in_words(text) {
        return clock.is_none().then_some(day);
    }
    // Eight digits: datetime.c, DecodeNumberField.
    let spread = (text.len() == 8 && text.bytes().all(|it| it.is_ascii_digit())).then(|| [&text[..4], &text[4..6], &text[6..]].join("-"));
    let mut parts = spread.as_deref().unwrap_or(text).split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |it: &str, most: usize| it.parse::<u32>().ok().filter(|_| it.len() <= most && it.bytes().all(|it| it.is_ascii_digit()));
    let (month, day) = (number(month, 2)?, number(day, 2)?);
    let valid = year.len() == 4 && (1..=12).contains(&month) && (1..=31).contains(&day) && parts.next().is_none();
    valid.then(|| format!("{:04}-{month:02}-{day:02}", number(year, 4).unwrap_or_default()))
}

fn time(text: &str) -> Option<String> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let parts: Vec<u32> = clock
        .split(':')
        .map(|it| it.parse().ok().filter(|_| it.len() <= 2 && it.bytes().all(|it| it.is_ascii_digit())))
        .collect::<Option<_>>()?;
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] if fraction.is_empty() => (*hour, *minute, 0),
        [hour, minute, second] => (*hour, *minute, *second),
        _ => return None,
    };
    if hour > 24 || minute > 59 || second > 59 || fraction.len() > 6 || !fraction.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{hour:02}:{minute:02}:{second:02}{point}{fraction}"))
}

/// A day with the name of its month (`January 8, 1999`, `8-Jan-1999`), which every DateStyle reads alike, and a time of day beside
/// it, wherever that stands. The name of a zone is passed over where zones mean nothing.
fn in_words(text: &str) -> Option<(String, Option<String>)> {
    const MONTHS: [&str; 12] =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
    let (mut year, mut month, mut day, mut clock) = (None, None, None, None);
    let words = text.split([' ', ',']).flat_map(|it| if it.contains(':') { vec![it] } else { it.split(['-', '/']).collect() });
    for word in words.filter(|it| !it.is_empty()) {
        let lower = word.to_ascii_lowercase();
        let is_month = |it: &&str| **it == lower || lower.len() == 3 && it.starts_with(&lower) || lower == "sept" && it.starts_with("sept");
        if word.contains(':') {
            clock = Some(time(word).filter(|_| clock.is_none())?);
        } else if word.bytes().all(|it| it.is_ascii_digit()) {
            let number: u32 = word.parse().ok()?;
            let place = if word.len() == 4 { &mut year } else { &mut day };
            (word.len() <= 2 || word.len() == 4).then_some(())?;
            place.replace(number).is_none().then_some(())?;
        } else if let Some(number) = MONTHS.iter().position(is_month) {
            month.replace(number + 1).is_none().then_some(())?;
        } else if clock.is_none() || !word.bytes().all(|it| it.is_ascii_alphabetic()) || matches!(&*lower, "am" | "pm" | "bc") {
            return None;
        }
    }
    let day = day.filter(|it| (1..=31).contains(it))?;
    Some((format!("{:04}-{:02}-{day:02}", year?, month?), clock))
}

fn timestamp(text: &str, zone: bool) -> Option<String> {
    if let Some((day, clock)) = in_words(text).filter(|_| !zone) {
        return Some(format!("{day} {}", clock.unwrap_or_else(|| "00:00:00".to_owned())));
    }
    if let Some(word) = infinite(text) {
        return Some(word.to_owned());
    }
    let end = if zone { "+00" } else { "" };
    if text.eq_ignore_ascii_case("epoch") {
        return Some(format!("1970-01-01 00:00:00{end}"));
    }
    let (day, clock) = text.split_once([' ', 'T', 't']).unwrap_or((text, "00:00:00"));
    let (clock, offset) = offset(clock.trim())?;
    let (day, clock) = (date(day)?, time(clock)?);
    // A timestamp without time zone takes no notice of one.
    let (day, clock) = if zone && offset != 0 { shifted(&day, &clock, -offset)? } else { (day, clock) };
    Some(format!("{day} {clock}{end}"))
}

/// A time of day, and the minutes by which its zone is ahead of UTC.
fn offset(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock.trim_end(), 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let (hours, minutes) = text[at + 1..].split_once(':').unwrap_or((&text[at + 1..], "0"));
    let minutes = hours.parse::<u8>().ok().filter(|it| *it < 16).map(i64::from)? * 60 + minutes.parse::<u8>().ok().map(i64::from)?;
    Some((text[..at].trim_end(), if text[at..].starts_with('-') { -minutes } else { minutes }))
}

/// A day and a time of day, so many minutes later.
fn shifted(day: &str, clock: &str, by: i64) -> Option<(String, String)> {
    let number = |text: &str| text.parse::<i64>().ok();
    let minutes = number(clock.get(..2)?)? * 60 + number(clock.get(3..5)?)? + by;
    let (year, month, date) = (number(day.get(..4)?)?, number(day.get(5..7)?)?, number(day.get(8..)?)?);
    let (year, month, date) = civil(days(year, month, date) + minutes.div_euclid(1_440));
    let minutes = minutes.rem_euclid(1_440);
    Some((format!("{year:04}-{month:02}-{date:02}"), format!("{:02}:{:02}{}", minutes / 60, minutes % 60, clock.get(5..)?)))
}

/// Days since 1970-01-01 of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // The year begins in March, so that its last day is the one that may be missing.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of so many days since 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

fn infinite(text: &str) -> Option<&'static str> {
    ["infinity", "-infinity"].into_iter().find(|it| text.eq_ignore_ascii_case(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let check = |text, name, expected: &str| assert_eq!(value(text, name).as_deref(), Some(expected), "{text}");
        check("January 8, 1999", "date", "1999-01-08");
        check("8-Jan-1999", "date", "1999-01-08");
        check("January 8 04:05:06 1999 PST", "timestamp", "1999-01-08 04:05:06");
        check("Jan 8 1999", "timestamp", "1999-01-08 00:00:00");
        check(" 007 ", "int8", "7");
        check("1.50", "numeric", "1.50");
        check("1e3", "numeric", "1000");
        check(".5", "numeric", "0.5");
        check("1.5e-3", "numeric", "0.0015");
        check("-00.0", "numeric", "0.0");
        check("1.50", "float8", "1.5");
        check("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
        check("{\"bb\":1,\"a\":[1,2],\"c\":null}", "jsonb", "{\"a\": [1, 2], \"c\": null, \"bb\": 1}");
        check("2020-1-2", "date", "2020-01-02");
        check("19990108", "date", "1999-01-08");
        check("19990108", "timestamp", "1999-01-08 00:00:00");
        check("2020-01-02", "timestamp", "2020-01-02 00:00:00");
        check("2020-01-02T03:04Z", "timestamptz", "2020-01-02 03:04:00+00");
        check("2022-04-01 01:00:00+01", "timestamptz", "2022-04-01 00:00:00+00");
        check("2024-02-28 23:30:00.5-01:00", "timestamptz", "2024-02-29 00:30:00.5+00");
        check("1999-12-31 20:00-08", "timestamptz", "2000-01-01 04:00:00+00");
        check("1999-12-31 20:00-08", "timestamp", "1999-12-31 20:00:00");
        check("3:04", "time", "03:04:00");
        check("fat  cat fat", "tsvector", "'cat' 'fat'");
        check("fat & cat | rat", "tsquery", "'fat' & 'cat' | 'rat'");
        check("[1,2]", "int4range", "[1,3)");
        check("(1, 5)", "int8range", "[2,5)");
        check("(1,2)", "int4range", "empty");
        check("[,7]", "int4range", "(,8)");
        assert_eq!(value("a:1", "tsvector"), None);
        assert_eq!(value("yesterday", "date"), None);
        assert_eq!(value("1.5", "jsonb"), None);
    }

    #[test]
    fn arrays() {
        let check = |text, name, expected: &str| {
            let data_type = DataType { array: true, ..DataType::builtin(name) };
            assert_eq!(array(text, &data_type).as_deref(), Some(expected), "{text}");
        };
        check("{}", "text", "{}");
        check("{ a , \"b c\", null }", "text", "{a,\"b c\",NULL}");
        check("{{1, 02},{3,4}}", "int4", "{{1,2},{3,4}}");
        check("{\"a\"}", "text", "{a}");
        check("{\"null\",\"\"}", "text", "{\"null\",\"\"}");
    }
}
