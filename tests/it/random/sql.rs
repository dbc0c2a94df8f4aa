//! Values, conditions and expressions of random schemas: texts as people write them, with what a server makes another text of.

use pgx_goose::ddl::{quote_identifier, quote_literal};

use super::{Class, Random, Type};

/// Types that are the server's own.
const TYPES: &[(&str, Class)] = &[
    ("int", Class::Int),
    ("integer", Class::Int),
    ("bigint", Class::Int),
    ("int2", Class::Int),
    ("numeric", Class::Numeric),
    ("numeric(10,2)", Class::Numeric),
    ("decimal(5)", Class::Numeric),
    ("real", Class::Float),
    ("double precision", Class::Float),
    ("float(10)", Class::Float),
    ("text", Class::Text),
    ("text", Class::Text),
    ("varchar", Class::Text),
    ("character varying(40)", Class::Text),
    ("char(3)", Class::Text),
    ("bool", Class::Bool),
    ("boolean", Class::Bool),
    ("timestamptz", Class::Stamp),
    ("timestamp(3) with time zone", Class::Stamp),
    ("date", Class::Date),
    ("interval", Class::Interval),
    ("interval day to second(2)", Class::Interval),
    ("jsonb", Class::Json),
    ("uuid", Class::Uuid),
    ("bytea", Class::Bytes),
    ("inet", Class::Inet),
    ("int[]", Class::Array),
    ("text[]", Class::Array),
    ("numeric(8,3)[]", Class::Array),
    ("point", Class::Opaque),
    ("tsvector", Class::Opaque),
    ("int4range", Class::Opaque),
    ("xml", Class::Opaque),
    ("bit varying(8)", Class::Opaque),
    ("time without time zone", Class::Opaque),
    ("oid", Class::Opaque),
    ("regclass", Class::Opaque),
    ("money", Class::Opaque),
];

/// One of the server's own types.
pub(super) fn own_type(random: &mut Random) -> Type {
    let (text, class) = random.pick(TYPES).expect("it is not empty");
    Type { text: (*text).to_owned(), class: class.clone(), needs: None }
}

/// A constant, or a call that gives one; none where nobody would write one.
pub(super) fn value(random: &mut Random, data_type: &Type) -> Option<String> {
    let texts: &[&str] = match &data_type.class {
        Class::Int => &["0", "1", "-1", "(1 + 2) * 3", "'5'", "7::int2", "abs(-3)", "NULL"],
        Class::Numeric => &["0", "0.5", "-12.50", "1e2", "round(2.345, 2)", "'1.5'"],
        Class::Float => &["0", "0.5", "pi()", "random()", "'1e10'", "-1"],
        Class::Text => &[
            "''",
            "'x'",
            "'a'::varchar",
            "'it''s'",
            "upper('ab')",
            "'a' || 'b'",
            "CURRENT_USER",
            "concat('a', 1)",
            "E'a\\nb'",
            "to_char(now(), 'YYYY')",
            "CASE WHEN now() > '2020-01-01' THEN 'new' ELSE 'old' END",
        ],
        Class::Bool => &["true", "false", "'t'", "(NOT false)", "(1 = 1)", "(now() IS NOT NULL)"],
        Class::Stamp => &[
            "now()",
            "CURRENT_TIMESTAMP",
            "'2020-01-01 00:00:00+00'",
            "now() + interval '1 day'",
            "date_trunc('day', now())",
            "timezone('utc', now())",
            "CURRENT_TIMESTAMP(3)",
            "(now() AT TIME ZONE 'UTC')",
            "'infinity'",
        ],
        Class::Date => &["CURRENT_DATE", "'2020-02-29'", "now()::date", "CURRENT_DATE + 7", "make_date(2020, 1, 2)"],
        Class::Interval => &["'1 day'", "interval '2 hours'", "make_interval(days => 10)", "'1 day'::interval * 2"],
        Class::Json => &["'{}'", "'[]'::jsonb", "'{\"a\": 1}'", "jsonb_build_object('a', 1)", "to_jsonb(1)"],
        Class::Uuid => &["gen_random_uuid()", "'00000000-0000-0000-0000-000000000000'"],
        Class::Bytes => &["'\\x'", "'\\xDEADBEEF'", "decode('00', 'hex')", "convert_to('a', 'UTF8')"],
        Class::Inet => &["'127.0.0.1'", "'10.0.0.0/8'", "inet_client_addr()"],
        Class::Array => &["'{}'", "ARRAY[]::text[]::int[]", "NULL"],
        Class::Enum(labels) => {
            let label = quote_literal(random.pick(labels)?);
            return Some(if random.once_in(2) { label } else { format!("{label}::{}", data_type.text) });
        }
        Class::Opaque => return None,
    };
    if data_type.class == Class::Array && random.once_in(2) {
        return Some(if data_type.text == "text[]" { "ARRAY['a', 'b']".to_owned() } else { "ARRAY[1, 2]".to_owned() });
    }
    // A text of a length that a column may not have is refused only when a row comes.
    Some(random.of(texts).to_owned())
}

/// A condition on a column or on `VALUE`, of immutable functions only.
pub(super) fn condition(random: &mut Random, column: &str, data_type: &Type) -> Option<String> {
    let texts: &[&str] = match &data_type.class {
        Class::Int | Class::Numeric => &[
            "§ > 0",
            "§ >= 0 AND § <= 100",
            "§ BETWEEN 1 AND 10",
            "§ IN (1, 2, 3)",
            "§ NOT IN (4, 5)",
            "§ <> ALL (ARRAY[1, 2])",
            "(§ % 2) = 0",
            "abs(§) < 10",
            "§ IS NOT NULL OR 1 = 2",
            "coalesce(§, 0) >= 0",
            "§ IS DISTINCT FROM 5",
            "CASE WHEN § > 1 THEN § < 10 ELSE true END",
            "greatest(§, 1) < 5",
            "§ = ANY ('{1,2}')",
            "NOT (§ = 1 OR § = 2 AND § > 0)",
            "§::text ~ '^[0-9]+$'",
        ],
        Class::Float => &["§ > 0", "§ < 1.5", "§ BETWEEN 0 AND 1", "§ > '-Infinity'", "floor(§) = §"],
        Class::Text => &[
            "§ <> ''",
            "length(§) < 100",
            "char_length(§) BETWEEN 1 AND 10",
            "§ ~ '^[a-z]+$'",
            "§ LIKE 'a%'",
            "§ NOT ILIKE '%b'",
            "§ IN ('a', 'b')",
            "§ = 'a' OR § = 'b'",
            "trim(§) = §",
            "lower(§) = §",
            "§ || 'x' <> 'yx'",
            "position('a' in §) > 0",
            "substring(§ from 1 for 2) <> 'zz'",
            "§ = ANY (ARRAY['x', 'y'])",
            "§ SIMILAR TO 'a|b'",
            "nullif(§, '') IS NOT NULL",
            "§ COLLATE \"C\" > 'a'",
            "§ IS NULL OR § <> 'é'",
        ],
        Class::Bool => &["§", "NOT §", "§ IS TRUE", "§ IS NOT FALSE", "§ = true OR § IS NULL"],
        Class::Stamp => &["§ > '2000-01-01 00:00:00+00'", "§ < 'infinity'", "§ IS NOT NULL"],
        Class::Date => &["§ > '2000-01-01'", "§ >= DATE '1999-12-31'", "extract(year from §) > 1990", "§ + 1 > '2001-01-01'"],
        Class::Interval => &["§ > '0'", "§ < interval '1 year'", "extract(epoch from §) > 0"],
        Class::Json => &["jsonb_typeof(§) = 'object'", "§ ? 'a'", "§ @> '{\"a\": 1}'", "(§ ->> 'a') IS NOT NULL", "§ -> 'b' <> 'null'"],
        Class::Uuid => &["§ <> '00000000-0000-0000-0000-000000000000'", "§ IS NOT NULL"],
        Class::Bytes => &["octet_length(§) < 100", "§ <> '\\x00'"],
        Class::Inet => &["family(§) = 4", "§ << '10.0.0.0/8'"],
        Class::Array => &["cardinality(§) > 0", "array_length(§, 1) < 10", "array_ndims(§) = 1 OR § IS NULL"],
        Class::Enum(labels) => {
            let (one, other) = (quote_literal(random.pick(labels)?), quote_literal(random.pick(labels)?));
            return Some(match random.below(3) {
                0 => format!("{column} = {one}"),
                1 => format!("{column} IN ({one}, {other})"),
                _ => format!("{column} <> {one}::{}", data_type.text),
            });
        }
        Class::Opaque => &["§ IS NOT NULL"],
    };
    Some(random.of(texts).replace('§', column))
}

/// An immutable expression of a column, and its type.
pub(super) fn expression(random: &mut Random, column: &str, data_type: &Type) -> Option<(String, Type)> {
    let texts: &[(&str, &str, Class)] = match &data_type.class {
        Class::Int => &[
            ("§ + 1", "int", Class::Int),
            ("§ * 2 - 1", "int", Class::Int),
            ("-§", "int", Class::Int),
            ("§::text", "text", Class::Text),
            ("§ / 2.0", "numeric", Class::Numeric),
            ("CASE § WHEN 1 THEN 'one' ELSE 'more' END", "text", Class::Text),
            ("coalesce(§, 0)", "int", Class::Int),
            ("§ > 5", "bool", Class::Bool),
        ],
        Class::Numeric => {
            &[("round(§)", "numeric", Class::Numeric), ("§ * 1.19", "numeric", Class::Numeric), ("§::text", "text", Class::Text)]
        }
        Class::Float => &[("§ * 2", "double precision", Class::Float), ("floor(§)", "double precision", Class::Float)],
        Class::Text => &[
            ("lower(§)", "text", Class::Text),
            ("upper(§::text)", "text", Class::Text),
            ("§ || '!'", "text", Class::Text),
            ("length(§)", "int", Class::Int),
            ("coalesce(§, 'none')", "text", Class::Text),
            ("substr(§, 1, 3)", "text", Class::Text),
            ("left(§, 2) || right(§, 2)", "text", Class::Text),
            ("md5(§)", "text", Class::Text),
            ("string_to_array(§, ',')", "text[]", Class::Array),
            ("nullif(§, '')", "text", Class::Text),
        ],
        Class::Bool => &[("NOT §", "bool", Class::Bool), ("coalesce(§, false)", "bool", Class::Bool)],
        Class::Date => &[("§ + 1", "date", Class::Date), ("§ - DATE '2000-01-01'", "int", Class::Int)],
        Class::Interval => &[("§ * 2", "interval", Class::Interval)],
        Class::Json => &[
            ("§ ->> 'a'", "text", Class::Text),
            ("(§ -> 'a') -> 0", "jsonb", Class::Json),
            ("§ #>> '{a,b}'", "text", Class::Text),
            ("(§ ->> 'n')::int", "int", Class::Int),
        ],
        Class::Bytes => &[("octet_length(§)", "int", Class::Int), ("encode(§, 'hex')", "text", Class::Text)],
        Class::Inet => &[("host(§)", "text", Class::Text), ("masklen(§)", "int", Class::Int)],
        Class::Array => &[("cardinality(§)", "int", Class::Int)],
        Class::Stamp | Class::Uuid | Class::Enum(_) | Class::Opaque => return None,
    };
    let (text, result, class) = random.pick(texts)?;
    Some((text.replace('§', column), Type { text: (*result).to_owned(), class: class.clone(), needs: None }))
}

/// A query of one or two relations: each is its name, and its columns. Returns the text and the columns of the result.
pub(super) fn query(
    random: &mut Random,
    one: (&str, &[(String, Type)]),
    other: Option<(&str, &[(String, Type)])>,
) -> (String, Vec<(String, Type)>) {
    let mut items: Vec<String> = Vec::new();
    let mut result: Vec<(String, Type)> = Vec::new();
    let mut add = |text: String, name: String, data_type: Type| {
        if result.iter().all(|(it, _)| *it != name) {
            items.push(text);
            result.push((name, data_type));
        }
    };
    let aliased = other.is_some() || random.once_in(2);
    let grouped = other.is_none() && is_sortable(&one.1[0].1) && random.once_in(5);
    let written = |alias: &str, column: &str| {
        let column = quote_identifier(column);
        if aliased { format!("{alias}.{column}") } else { column }
    };
    let columns: Vec<&(String, Type)> = one.1.iter().collect();
    let (first_name, first_type) = columns[if grouped { 0 } else { random.below(columns.len()) }];
    let first = written("a", first_name);
    add(first.clone(), first_name.clone(), first_type.clone());
    let plain = |text: &str, class: Class| Type { text: text.to_owned(), class, needs: None };
    if grouped {
        add("count(*) AS total".to_owned(), "total".to_owned(), plain("bigint", Class::Int));
        for (name, data_type) in columns.iter().take(3) {
            let column = written("a", name);
            match data_type.class {
                Class::Int => {
                    add(format!("sum({column}) FILTER (WHERE {column} > 0) AS sums"), "sums".to_owned(), plain("numeric", Class::Numeric))
                }
                Class::Text => {
                    add(format!("string_agg({column}, ', ' ORDER BY {column}) AS names"), "names".to_owned(), plain("text", Class::Text))
                }
                _ => add(format!("array_agg({column}) AS list"), "list".to_owned(), plain("x", Class::Opaque)),
            }
        }
    } else {
        for (n, (name, data_type)) in columns.iter().enumerate() {
            let column = written("a", name);
            if random.once_in(2) {
                add(column.clone(), name.clone(), data_type.clone());
            }
            if random.once_in(3)
                && let Some((text, its_type)) = expression(random, &column, data_type)
            {
                add(format!("{text} AS e{n}"), format!("e{n}"), its_type);
            }
        }
        if let (true, Some((name, _))) = (random.once_in(4), columns.iter().find(|(_, its_type)| is_sortable(its_type))) {
            let text = format!("row_number() OVER (ORDER BY {}) AS place", written("a", name));
            add(text, "place".to_owned(), plain("bigint", Class::Int));
        }
    }
    let mut from = format!("{}{}", one.0, if aliased { " a" } else { "" });
    if let Some((name, its_columns)) = other {
        for (column, data_type) in its_columns.iter().take(2) {
            add(
                format!("b.{} AS {}", quote_identifier(column), quote_identifier(&format!("b_{column}"))),
                format!("b_{column}"),
                data_type.clone(),
            );
        }
        let pair = one
            .1
            .iter()
            .flat_map(|a| its_columns.iter().map(move |b| (a, b)))
            .find(|(a, b)| a.1.class == b.1.class && !matches!(a.1.class, Class::Opaque | Class::Json | Class::Array | Class::Enum(_)));
        from = match (pair, random.below(4)) {
            (None, _) => format!("{from} CROSS JOIN {name} b"),
            (Some((a, b)), kind) => {
                let join = ["JOIN", "LEFT JOIN", "RIGHT OUTER JOIN", "FULL JOIN"][kind];
                format!("{from} {join} {name} b ON a.{} = b.{}", quote_identifier(&a.0), quote_identifier(&b.0))
            }
        };
    }
    let mut text = format!("SELECT {} FROM {from}", items.join(", "));
    if random.once_in(2)
        && let Some(condition) = condition(random, &first, first_type)
    {
        text.push_str(&format!(" WHERE {condition}"));
    }
    if grouped {
        text.push_str(&format!(" GROUP BY {first}"));
    } else if random.once_in(6) && is_sortable(first_type) {
        text.push_str(&format!(" ORDER BY {}", if random.once_in(2) { "1 DESC".to_owned() } else { first }));
    } else if random.once_in(6) {
        text.push_str(" LIMIT 10 OFFSET 1");
    }
    match random.below(8) {
        0 => text = format!("WITH w AS ({text}) SELECT * FROM w"),
        1 => text = format!("SELECT * FROM ({text}) q"),
        _ => {}
    }
    (text, result)
}

/// Whether values of the type have an order.
pub(super) fn is_sortable(data_type: &Type) -> bool {
    !matches!(data_type.class, Class::Opaque)
}
