//! Partition bounds: literals in the form that the key's type gives them, as the server stores values, not texts.

use crate::catalog::{DataType, Expression};

/// A bound in the normal form of its type, where that can be told from the text.
pub(crate) fn literal(expression: Expression, data_type: Option<&DataType>) -> Expression {
    let Some(data_type) = data_type.filter(|it| it.name.is_builtin() && !it.array) else { return expression };
    let text = expression.0.as_str();
    // `'…'::type` and `type '…'` are the literal alone.
    let literal = text.split_once("'::").map_or(text, |(literal, _)| &text[..=literal.len()]);
    let content = literal.strip_prefix('\'').and_then(|it| it.strip_suffix('\'')).filter(|it| !it.contains('\''));
    let length = || data_type.modifiers.first().and_then(|it| it.parse::<usize>().ok());
    let normal = match (data_type.name.name.as_str(), content) {
        ("bpchar" | "varchar", Some(content)) => format!("'{}'", fitted(content, &data_type.name.name, length())),
        ("numeric", _) if length().is_some() => match rounded(content.unwrap_or(text), data_type.modifiers.get(1)) {
            Some(number) => number,
            None => return expression,
        },
        ("int2" | "int4" | "int8", Some(content)) if content.trim().parse::<i64>().is_ok() => content.trim().to_owned(),
        ("date", Some(content)) if is_date(content.get(..10).unwrap_or_default()) && content.len() > 10 && midnight(content) => {
            format!("'{}'", &content[..10])
        }
        ("text" | "varchar" | "bpchar", None) if text.parse::<f64>().is_ok() => format!("'{text}'"),
        (_, Some(_)) => literal.to_owned(),
        _ => return expression,
    };
    Expression(normal)
}

/// A text in the length of its column: `char` is filled up with blanks, and of both the blanks go that are too many.
fn fitted(content: &str, of: &str, length: Option<usize>) -> String {
    let Some(length) = length.or((of == "bpchar").then_some(1)) else { return content.to_owned() };
    let mut fitted = content.to_owned();
    while fitted.chars().count() > length && fitted.ends_with(' ') {
        fitted.pop();
    }
    if of == "bpchar" { format!("{fitted:<length$}") } else { fitted }
}

/// A number with as many digits after the point as its column has, rounded half away from zero.
fn rounded(text: &str, scale: Option<&String>) -> Option<String> {
    let scale: usize = scale.map_or(Some(0), |it| it.parse().ok())?;
    let text = text.trim();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |it| ("-", it));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|it| it.is_ascii_digit()) {
        return None;
    }
    let kept = format!("{whole}{:0<scale$}", &fraction[..fraction.len().min(scale)]);
    let mut number: u128 = kept.parse().ok()?;
    if fraction.as_bytes().get(scale).is_some_and(|it| *it >= b'5') {
        number += 1;
    }
    let digits = format!("{number:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if number == 0 { "" } else { sign };
    Some(if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// `2020-01-31`.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10 && bytes.iter().enumerate().all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
}

fn midnight(text: &str) -> bool {
    text[10..].trim_start_matches([' ', 'T']).chars().all(|it| matches!(it, '0' | ':' | '+' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_take_the_form_of_their_type() {
        let check = |text: &str, data_type: &str, expected: &str| {
            assert_eq!(literal(Expression(text.to_owned()), Some(&DataType::builtin(data_type))).0, expected);
        };
        check("'2020-01-01'", "date", "'2020-01-01'");
        check("'2020-01-01'::date", "date", "'2020-01-01'");
        check("'2020-01-01 00:00:00'", "date", "'2020-01-01'");
        check("'10'", "int4", "10");
        check("10", "int4", "10");
        check("'it''s'", "text", "'it''s'");
        check("'ñandú-2020'", "date", "'ñandú-2020'");
    }

    #[test]
    fn bounds_have_the_length_of_their_column() {
        let check = |text: &str, data_type: &str, modifiers: &[&str], expected: &str| {
            let data_type = DataType { modifiers: modifiers.iter().map(|it| (*it).to_owned()).collect(), ..DataType::builtin(data_type) };
            assert_eq!(literal(Expression(text.to_owned()), Some(&data_type)).0, expected);
        };
        check("'22'", "bpchar", &["3"], "'22 '");
        check("'ab    '", "bpchar", &["3"], "'ab '");
        check("'é'", "bpchar", &["2"], "'é '");
        check("'x'", "bpchar", &["1"], "'x'");
        check("'ab    '", "varchar", &["3"], "'ab '");
        check("'ab '", "varchar", &[], "'ab '");
        check("1", "numeric", &["5", "2"], "1.00");
        check("'2.345'", "numeric", &["5", "2"], "2.35");
        check("-0.005", "numeric", &["5", "2"], "-0.01");
        check("-0.004", "numeric", &["5", "2"], "0.00");
        check("9.5", "numeric", &["3"], "10");
        check("1", "numeric", &[], "1");
    }
}
