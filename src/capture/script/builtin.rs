//! What `pg_catalog` has: the names and forms of PostgreSQL's own types, and which operator class an index has on them.
//!
//! Types of PostgreSQL 13 to 18, without array types (`_text`), which follow from their elements.

use crate::capture::expression;

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

/// The default operator class of an access method for a built-in type, or for the polymorphic type of enums, arrays,
/// ranges and row types. PostgreSQL src/backend/commands/indexcmds.c, GetDefaultOpClass.
pub(crate) fn default_operator_class(method: &str, data_type: &str) -> Option<&'static str> {
    let find = |data_type: &str| expression::default_operator_class(method, data_type);
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

#[cfg(test)]
mod tests {
    #[test]
    fn types_are_sorted() {
        assert!(super::TYPES.is_sorted());
        assert!(super::FORMS.is_sorted_by_key(|it| it.0));
    }
}
