//! Types as SQL spells them.

use super::quote::{list, name, quote_identifier, quote_literal};
use crate::catalog::DataType;

/// Spells a type as the server's `format_type` does: `character varying(10)`, `timestamp(3) with time zone[]`,
/// `app.mood` (`src/backend/utils/adt/format_type.c`). Types of `pg_catalog` go without their schema.
pub fn data_type(data_type: &DataType) -> String {
    let DataType { name: type_name, modifiers, array } = data_type;
    let mut text = if type_name.is_builtin() { builtin(&type_name.name, modifiers) } else { name(type_name) + &in_parentheses(modifiers) };
    if *array {
        text.push_str("[]");
    }
    text
}

/// Spells types one after the other.
pub(super) fn data_types(types: &[DataType]) -> String {
    list(types, data_type)
}

fn builtin(internal: &str, modifiers: &[String]) -> String {
    let precision = || in_parentheses(modifiers);
    match internal {
        "bool" => "boolean".to_owned(),
        "int2" => "smallint".to_owned(),
        "int4" => "integer".to_owned(),
        "int8" => "bigint".to_owned(),
        "float4" => "real".to_owned(),
        "float8" => "double precision".to_owned(),
        "json" => "json".to_owned(),
        "char" => "\"char\"".to_owned(),
        "numeric" => format!("numeric{}", precision()),
        "varchar" => format!("character varying{}", precision()),
        // Without a length `character` would be `character(1)`.
        "bpchar" if !modifiers.is_empty() => format!("character{}", precision()),
        "bit" if !modifiers.is_empty() => format!("bit{}", precision()),
        "varbit" => format!("bit varying{}", precision()),
        "time" => format!("time{} without time zone", precision()),
        "timetz" => format!("time{} with time zone", precision()),
        "timestamp" => format!("timestamp{} without time zone", precision()),
        "timestamptz" => format!("timestamp{} with time zone", precision()),
        "interval" => {
            let fields = modifiers.first().filter(|fields| !fields.is_empty()).map_or_else(String::new, |fields| format!(" {fields}"));
            format!("interval{fields}{}", in_parentheses(modifiers.get(1..).unwrap_or_default()))
        }
        other => format!("{}{}", quote_identifier(other), precision()),
    }
}

fn in_parentheses(modifiers: &[String]) -> String {
    if modifiers.is_empty() {
        return String::new();
    }
    let is_word =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    let spell = |modifier: &String| if is_word(modifier) { modifier.clone() } else { quote_literal(modifier) };
    format!("({})", modifiers.iter().map(spell).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::QualifiedName;

    fn check(schema: &str, name: &str, modifiers: &[&str], expected: &str) {
        let modifiers = modifiers.iter().map(|modifier| (*modifier).to_owned()).collect();
        let mut of = DataType { name: QualifiedName::new(schema, name), modifiers, array: false };
        assert_eq!(data_type(&of), expected);
        of.array = true;
        assert_eq!(data_type(&of), format!("{expected}[]"));
    }

    #[test]
    fn builtin_types_have_their_sql_names() {
        let check = |name, modifiers, expected| check("pg_catalog", name, modifiers, expected);
        check("int4", &[], "integer");
        check("varchar", &[], "character varying");
        check("varchar", &["10"], "character varying(10)");
        check("numeric", &["10", "-2"], "numeric(10,-2)");
        check("bpchar", &["1"], "character(1)");
        check("bpchar", &[], "bpchar");
        check("char", &[], "\"char\"");
        check("bit", &[], "\"bit\"");
        check("bit", &["3"], "bit(3)");
        check("varbit", &["3"], "bit varying(3)");
        check("timestamptz", &["3"], "timestamp(3) with time zone");
        check("time", &[], "time without time zone");
        check("interval", &[], "interval");
        check("interval", &["day to second", "3"], "interval day to second(3)");
        check("interval", &["", "3"], "interval(3)");
        check("json", &[], "json");
        check("text", &[], "text");
    }

    #[test]
    fn other_types_are_qualified() {
        check("app", "mood", &[], "app.mood");
        check("public", "Größe", &[], "public.\"Größe\"");
        check("public", "geometry", &["point", "4326"], "public.geometry(point,4326)");
        check("public", "odd", &["a b"], "public.odd('a b')");
    }
}
