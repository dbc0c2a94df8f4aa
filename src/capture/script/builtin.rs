//! What `pg_catalog` has: the names of PostgreSQL's own types, and its default operator classes.
//!
//! Types of PostgreSQL 13 to 18, without array types (`_text`), which follow from their elements.

/// Sorted bytewise.
#[rustfmt::skip]
const TYPES: &[&str] = &[
    "_record", "aclitem", "any", "anyarray", "anycompatible", "anycompatiblearray", "anycompatiblemultirange",
    "anycompatiblenonarray", "anycompatiblerange", "anyelement", "anyenum", "anymultirange", "anynonarray", "anyrange", "bit",
    "bool", "box", "bpchar", "bytea", "char", "cid", "cidr", "circle", "cstring", "date", "datemultirange", "daterange",
    "event_trigger", "fdw_handler", "float4", "float8", "gtsvector", "index_am_handler", "inet", "int2", "int2vector", "int4",
    "int4multirange", "int4range", "int8", "int8multirange", "int8range", "internal", "interval", "json", "jsonb", "jsonpath",
    "language_handler", "line", "lseg", "macaddr", "macaddr8", "money", "name", "numeric", "nummultirange", "numrange", "oid",
    "oidvector", "path", "pg_brin_bloom_summary", "pg_brin_minmax_multi_summary", "pg_ddl_command", "pg_dependencies", "pg_lsn",
    "pg_mcv_list", "pg_ndistinct", "pg_node_tree", "pg_snapshot", "point", "polygon", "record", "refcursor", "regclass",
    "regcollation", "regconfig", "regdictionary", "regnamespace", "regoper", "regoperator", "regproc", "regprocedure", "regrole",
    "regtype", "table_am_handler", "text", "tid", "time", "timestamp", "timestamptz", "timetz", "trigger", "tsm_handler",
    "tsmultirange", "tsquery", "tsrange", "tstzmultirange", "tstzrange", "tsvector", "txid_snapshot", "unknown", "uuid", "varbit",
    "varchar", "void", "xid", "xid8", "xml",
];

/// Whether `pg_catalog` has a type of that internal name.
pub(crate) fn is_type(name: &str) -> bool {
    TYPES.binary_search(&name).is_ok()
}

/// Whether `information_schema` has a domain of that name.
pub(crate) fn is_information_schema_type(name: &str) -> bool {
    matches!(name, "cardinal_number" | "character_data" | "sql_identifier" | "time_stamp" | "yes_or_no")
}

/// The internal names of all types of `pg_catalog`, for hints.
pub(crate) fn types() -> impl Iterator<Item = &'static str> {
    TYPES.iter().copied().filter(|it| !it.starts_with("any") && !it.starts_with('_'))
}

/// Type, length, whether it is passed by value, alignment, storage, the last two as letters of `pg_type`; sorted. The same on all
/// majors and all machines of 64 bits; `aclitem` isn't.
#[rustfmt::skip]
const FORMS: &[(&str, i16, bool, char, char)] = &[
    ("bit", -1, false, 'i', 'x'), ("bool", 1, true, 'c', 'p'), ("box", 32, false, 'd', 'p'), ("bpchar", -1, false, 'i', 'x'),
    ("bytea", -1, false, 'i', 'x'), ("char", 1, true, 'c', 'p'), ("cid", 4, true, 'i', 'p'), ("cidr", -1, false, 'i', 'm'),
    ("circle", 24, false, 'd', 'p'), ("cstring", -2, false, 'c', 'p'), ("date", 4, true, 'i', 'p'),
    ("datemultirange", -1, false, 'i', 'x'), ("daterange", -1, false, 'i', 'x'), ("float4", 4, true, 'i', 'p'),
    ("float8", 8, true, 'd', 'p'), ("inet", -1, false, 'i', 'm'), ("int2", 2, true, 's', 'p'),
    ("int2vector", -1, false, 'i', 'p'), ("int4", 4, true, 'i', 'p'), ("int4multirange", -1, false, 'i', 'x'),
    ("int4range", -1, false, 'i', 'x'), ("int8", 8, true, 'd', 'p'), ("int8multirange", -1, false, 'd', 'x'),
    ("int8range", -1, false, 'd', 'x'), ("interval", 16, false, 'd', 'p'), ("json", -1, false, 'i', 'x'),
    ("jsonb", -1, false, 'i', 'x'), ("jsonpath", -1, false, 'i', 'x'), ("line", 24, false, 'd', 'p'),
    ("lseg", 32, false, 'd', 'p'), ("macaddr", 6, false, 'i', 'p'), ("macaddr8", 8, false, 'i', 'p'),
    ("money", 8, true, 'd', 'p'), ("name", 64, false, 'c', 'p'), ("numeric", -1, false, 'i', 'm'),
    ("nummultirange", -1, false, 'i', 'x'), ("numrange", -1, false, 'i', 'x'), ("oid", 4, true, 'i', 'p'),
    ("oidvector", -1, false, 'i', 'p'), ("path", -1, false, 'd', 'x'), ("pg_lsn", 8, true, 'd', 'p'),
    ("pg_snapshot", -1, false, 'd', 'x'), ("point", 16, false, 'd', 'p'), ("polygon", -1, false, 'd', 'x'),
    ("refcursor", -1, false, 'i', 'x'), ("regclass", 4, true, 'i', 'p'), ("regcollation", 4, true, 'i', 'p'),
    ("regconfig", 4, true, 'i', 'p'), ("regdictionary", 4, true, 'i', 'p'), ("regnamespace", 4, true, 'i', 'p'),
    ("regoper", 4, true, 'i', 'p'), ("regoperator", 4, true, 'i', 'p'), ("regproc", 4, true, 'i', 'p'),
    ("regprocedure", 4, true, 'i', 'p'), ("regrole", 4, true, 'i', 'p'), ("regtype", 4, true, 'i', 'p'),
    ("text", -1, false, 'i', 'x'), ("tid", 6, false, 's', 'p'), ("time", 8, true, 'd', 'p'), ("timestamp", 8, true, 'd', 'p'),
    ("timestamptz", 8, true, 'd', 'p'), ("timetz", 12, false, 'd', 'p'), ("tsmultirange", -1, false, 'd', 'x'),
    ("tsquery", -1, false, 'i', 'p'), ("tsrange", -1, false, 'd', 'x'), ("tstzmultirange", -1, false, 'd', 'x'),
    ("tstzrange", -1, false, 'd', 'x'), ("tsvector", -1, false, 'i', 'x'), ("txid_snapshot", -1, false, 'd', 'x'),
    ("uuid", 16, false, 'c', 'p'), ("varbit", -1, false, 'i', 'x'), ("varchar", -1, false, 'i', 'x'),
    ("xid", 4, true, 'i', 'p'), ("xid8", 8, true, 'd', 'p'), ("xml", -1, false, 'i', 'x'),
];

/// Length, whether it is passed by value, alignment and storage of a built-in type.
pub(crate) fn form(data_type: &str) -> Option<(i16, bool, char, char)> {
    let (_, length, by_value, alignment, storage) = FORMS[FORMS.binary_search_by_key(&data_type, |it| it.0).ok()?];
    Some((length, by_value, alignment, storage))
}

/// Access method, type, default operator class; sorted.
#[rustfmt::skip]
const DEFAULT_OPERATOR_CLASSES: &[(&str, &str, &str)] = &[
    ("brin", "anyrange", "range_inclusion_ops"), ("brin", "bit", "bit_minmax_ops"), ("brin", "box", "box_inclusion_ops"), ("brin",
    "bpchar", "bpchar_minmax_ops"), ("brin", "bytea", "bytea_minmax_ops"), ("brin", "char", "char_minmax_ops"), ("brin", "date",
    "date_minmax_ops"), ("brin", "float4", "float4_minmax_ops"), ("brin", "float8", "float8_minmax_ops"), ("brin", "inet",
    "inet_inclusion_ops"), ("brin", "int2", "int2_minmax_ops"), ("brin", "int4", "int4_minmax_ops"), ("brin", "int8",
    "int8_minmax_ops"), ("brin", "interval", "interval_minmax_ops"), ("brin", "macaddr", "macaddr_minmax_ops"), ("brin",
    "macaddr8", "macaddr8_minmax_ops"), ("brin", "name", "name_minmax_ops"), ("brin", "numeric", "numeric_minmax_ops"), ("brin",
    "oid", "oid_minmax_ops"), ("brin", "pg_lsn", "pg_lsn_minmax_ops"), ("brin", "text", "text_minmax_ops"), ("brin", "tid",
    "tid_minmax_ops"), ("brin", "time", "time_minmax_ops"), ("brin", "timestamp", "timestamp_minmax_ops"), ("brin", "timestamptz",
    "timestamptz_minmax_ops"), ("brin", "timetz", "timetz_minmax_ops"), ("brin", "uuid", "uuid_minmax_ops"), ("brin", "varbit",
    "varbit_minmax_ops"), ("btree", "anyarray", "array_ops"), ("btree", "anyenum", "enum_ops"), ("btree", "anymultirange",
    "multirange_ops"), ("btree", "anyrange", "range_ops"), ("btree", "bit", "bit_ops"), ("btree", "bool", "bool_ops"), ("btree",
    "bpchar", "bpchar_ops"), ("btree", "bytea", "bytea_ops"), ("btree", "char", "char_ops"), ("btree", "date", "date_ops"),
    ("btree", "float4", "float4_ops"), ("btree", "float8", "float8_ops"), ("btree", "inet", "inet_ops"), ("btree", "int2",
    "int2_ops"), ("btree", "int4", "int4_ops"), ("btree", "int8", "int8_ops"), ("btree", "interval", "interval_ops"), ("btree",
    "jsonb", "jsonb_ops"), ("btree", "macaddr", "macaddr_ops"), ("btree", "macaddr8", "macaddr8_ops"), ("btree", "money",
    "money_ops"), ("btree", "name", "name_ops"), ("btree", "numeric", "numeric_ops"), ("btree", "oid", "oid_ops"), ("btree",
    "oidvector", "oidvector_ops"), ("btree", "pg_lsn", "pg_lsn_ops"), ("btree", "record", "record_ops"), ("btree", "text",
    "text_ops"), ("btree", "tid", "tid_ops"), ("btree", "time", "time_ops"), ("btree", "timestamp", "timestamp_ops"), ("btree",
    "timestamptz", "timestamptz_ops"), ("btree", "timetz", "timetz_ops"), ("btree", "tsquery", "tsquery_ops"), ("btree",
    "tsvector", "tsvector_ops"), ("btree", "uuid", "uuid_ops"), ("btree", "varbit", "varbit_ops"), ("btree", "xid8", "xid8_ops"),
    ("gin", "anyarray", "array_ops"), ("gin", "jsonb", "jsonb_ops"), ("gin", "tsvector", "tsvector_ops"), ("gist",
    "anymultirange", "multirange_ops"), ("gist", "anyrange", "range_ops"), ("gist", "box", "box_ops"), ("gist", "circle",
    "circle_ops"), ("gist", "point", "point_ops"), ("gist", "polygon", "poly_ops"), ("gist", "tsquery", "tsquery_ops"), ("gist",
    "tsvector", "tsvector_ops"), ("hash", "aclitem", "aclitem_ops"), ("hash", "anyarray", "array_ops"), ("hash", "anyenum",
    "enum_ops"), ("hash", "anymultirange", "multirange_ops"), ("hash", "anyrange", "range_ops"), ("hash", "bool", "bool_ops"),
    ("hash", "bpchar", "bpchar_ops"), ("hash", "bytea", "bytea_ops"), ("hash", "char", "char_ops"), ("hash", "cid", "cid_ops"),
    ("hash", "date", "date_ops"), ("hash", "float4", "float4_ops"), ("hash", "float8", "float8_ops"), ("hash", "inet",
    "inet_ops"), ("hash", "int2", "int2_ops"), ("hash", "int4", "int4_ops"), ("hash", "int8", "int8_ops"), ("hash", "interval",
    "interval_ops"), ("hash", "jsonb", "jsonb_ops"), ("hash", "macaddr", "macaddr_ops"), ("hash", "macaddr8", "macaddr8_ops"),
    ("hash", "name", "name_ops"), ("hash", "numeric", "numeric_ops"), ("hash", "oid", "oid_ops"), ("hash", "oidvector",
    "oidvector_ops"), ("hash", "pg_lsn", "pg_lsn_ops"), ("hash", "record", "record_ops"), ("hash", "text", "text_ops"), ("hash",
    "tid", "tid_ops"), ("hash", "time", "time_ops"), ("hash", "timestamp", "timestamp_ops"), ("hash", "timestamptz",
    "timestamptz_ops"), ("hash", "timetz", "timetz_ops"), ("hash", "uuid", "uuid_ops"), ("hash", "xid", "xid_ops"), ("hash",
    "xid8", "xid8_ops"), ("spgist", "anyrange", "range_ops"), ("spgist", "box", "box_ops"), ("spgist", "inet", "inet_ops"),
    ("spgist", "point", "quad_point_ops"), ("spgist", "polygon", "poly_ops"), ("spgist", "text", "text_ops"),
];

/// The default operator class of an access method for a built-in type, or for the polymorphic type of enums, arrays,
/// ranges and row types. PostgreSQL src/backend/commands/indexcmds.c, GetDefaultOpClass.
pub(crate) fn default_operator_class(method: &str, data_type: &str) -> Option<&'static str> {
    let find = |data_type: &str| {
        let found = DEFAULT_OPERATOR_CLASSES.binary_search_by_key(&(method, data_type), |it| (it.0, it.1));
        found.ok().map(|at| DEFAULT_OPERATOR_CLASSES[at].2)
    };
    // Types without a class of their own take that of the type they are binary-coercible to.
    find(data_type).or_else(|| match data_type {
        "varchar" => find("text"),
        "cidr" => find("inet"),
        it if it.starts_with("reg") => find("oid"),
        it if it.ends_with("multirange") => find("anymultirange"),
        it if it.ends_with("range") => find("anyrange"),
        _ => None,
    })
}

/// Whether an operator class is the default for some type: all that can be said where the type is unknown.
pub(crate) fn is_default_for_some_type(method: &str, class: &str) -> bool {
    DEFAULT_OPERATOR_CLASSES.iter().any(|it| it.0 == method && it.2 == class)
}

#[cfg(test)]
mod tests {
    #[test]
    fn types_are_sorted() {
        assert!(super::TYPES.is_sorted());
        assert!(super::FORMS.is_sorted_by_key(|it| it.0));
        assert!(super::DEFAULT_OPERATOR_CLASSES.is_sorted());
    }
}
