//! Partition bounds: literals in the form that the key's type gives them, as the server stores values, not texts.

use crate::catalog::{DataType, Expression};

/// A bound in the normal form of its type, where that can be told from the text.
pub(crate) fn literal(expression: Expression, data_type: Option<&DataType>) -> Expression {
    let Some(data_type) = data_type.filter(|it| it.name.is_builtin() && !it.array) else { return expression };
    let text = expression.0.as_str();
    // `'…'::type` and `type '…'` are the literal alone.
    let literal = text.split_once("'::").map_or(text, |(literal, _)| &text[..=literal.len()]);
    let content = literal.strip_prefix('\'').and_then(|it| it.strip_suffix('\'')).filter(|it| !it.contains('\''));
    let normal = match (data_type.name.name.as_str(), content) {
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
}
