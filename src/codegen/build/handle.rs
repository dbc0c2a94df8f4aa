//! Handles of columns: which conditions a column can be asked for follows from what PostgreSQL has operators for.
//!
//! To add a type's own operators: a type in `runtime_conditions.tmpl`, and a line in [`kind`].

use super::Builder;
use super::column::Built;
use super::literal::raw;
use super::relation::Relation;
use crate::catalog::{DataType, Definition, Identity, Kind, QualifiedName};
use crate::codegen::go_types::Shape;
use crate::codegen::model::Handle;
use crate::ddl::{data_type, quote_identifier};

/// What can be asked of a column: the type of its handle less `Column`, and the function that makes it.
type Named = (&'static str, &'static str);

const ANY: Named = ("", "Any");
const EQUAL: Named = ("Equal", "Equal");
const ORDERED: Named = ("Ordered", "Ordered");
const TEXT: Named = ("Text", "Text");
const GEOMETRY: Named = ("Geometry", "Geometry");
const GEOGRAPHY: Named = ("Geography", "Geography");

/// What takes the place of a cast where values can't travel as an array; the same word stands in the template.
const ONE_BY_ONE: &str = "IN";

/// The handles of a relation's columns, in physical order.
pub(super) fn handles(builder: &Builder<'_>, relation: &Relation<'_>, sql: &str, built: &[Built]) -> Vec<Handle> {
    let handle = |(source, built): (&super::relation::Source<'_>, &Built)| {
        let base = builder.base(source.data_type);
        let value = &built.resolved.value.qualified;
        let name = format!("{sql}.{}", built.column.sql);
        let cast = built.resolved.cast.as_str();
        let ((kind, function), parameters, casts) = match &built.resolved.shape {
            Shape::Array(element) if has_arrays(kind(builder.base(&DataType::named(base.name.clone())), &element.shape)) => {
                let parameters = format!("{value}, {}", element.value.qualified);
                (("Array", "Array"), parameters, vec![cast.to_owned(), element.cast.clone()])
            }
            Shape::Range(_) | Shape::Multirange(_) => match element(value) {
                Some(element) => (("Range", "Range"), format!("{value}, {element}"), vec![subtype(builder, base)]),
                None => (ORDERED, value.clone(), Vec::new()),
            },
            shape => {
                let named = match () {
                    () if base.array => ANY,
                    () if builder.has_attributes(&base.name) => ("Composite", "Composite"),
                    () => kind(base, shape),
                };
                let casts = match named {
                    // Their functions are where the type is, and take values of it: a cast tells which of several is meant.
                    GEOMETRY | GEOGRAPHY => {
                        let cast =
                            if cast.is_empty() { format!("::{}", data_type(&DataType::named(base.name.clone()))) } else { cast.to_owned() };
                        vec![cast, format!("{}.", quote_identifier(&base.name.schema))]
                    }
                    _ => vec![cast.to_owned(), list(base, built)],
                };
                (named, value.clone(), casts)
            }
        };
        let last = casts.iter().rposition(|it| !it.is_empty()).map_or(0, |it| it + 1);
        // The one cast of a range is not optional.
        let last = if kind == "Range" { 1 } else { last };
        let arguments: String = casts[..last].iter().map(|it| format!(", {}", raw(it))).collect();
        let runtime = &builder.packages.runtime.name;
        let asked = !built.column.nullable && built.resolved.shape != Shape::Custom;
        Handle {
            key: built.column.in_primary_key,
            equal: asked && has_equality(kind),
            ordered: asked && has_equality(kind) && !matches!(kind, "Equal" | "JSON" | "Hstore" | "Vector"),
            array: asked && kind == "Array",
            field: built.column.field.clone(),
            go_type: format!("{runtime}.{kind}Column[{parameters}]"),
            value: format!("{runtime}.{function}[{parameters}]({}{arguments})", raw(&name)),
        }
    };
    relation.columns.iter().zip(built).map(handle).collect()
}

/// Whether the kind of that name has `Eq`.
fn has_equality(kind: &str) -> bool {
    !matches!(kind, "" | "Composite" | "Array" | "Search" | "Geometry" | "Geography")
}

/// Whether arrays of what can be asked for this can be asked for elements.
fn has_arrays(of: Named) -> bool {
    !matches!(of, ANY | GEOMETRY | GEOGRAPHY)
}

/// What can be asked of a type that is no array and no range.
fn kind(base: &DataType, shape: &Shape) -> Named {
    if matches!(shape, Shape::Enum(_)) {
        return ORDERED;
    }
    let name = base.name.name.as_str();
    if base.name.is_builtin() {
        return match name {
            "text" | "varchar" | "bpchar" | "name" => TEXT,
            "jsonb" => ("JSON", "JSON"),
            "inet" | "cidr" => ("Network", "Network"),
            "tsvector" => ("Search", "Search"),
            "bool" | "int2" | "int4" | "int8" | "oid" | "xid8" | "float4" | "float8" | "numeric" | "money" | "char" | "bytea" | "uuid"
            | "date" | "timestamp" | "timestamptz" | "time" | "timetz" | "interval" | "macaddr" | "macaddr8" | "bit" | "varbit" | "tid"
            | "pg_lsn" => ORDERED,
            "xid" | "cid" => EQUAL,
            _ if name.starts_with("reg") => EQUAL,
            // json, xml and point have no equality; that of circles, boxes and paths is one of size, which nobody expects.
            _ => ANY,
        };
    }
    match name {
        "citext" => TEXT,
        "ltree" => ("Tree", "Tree"),
        "hstore" => ("Hstore", "Hstore"),
        "vector" | "halfvec" | "sparsevec" => ("Vector", "Vector"),
        "geometry" => GEOMETRY,
        "geography" => GEOGRAPHY,
        _ => ANY,
    }
}

/// How several values travel: the cast of an array of them, or one by one.
fn list(base: &DataType, built: &Built) -> String {
    let resolved = &built.resolved;
    let sql = data_type(&DataType::named(base.name.clone()));
    match &resolved.shape {
        // Arrays of theirs are not known to pgx, but those of text are.
        Shape::Text(_) => format!("::text[]::{sql}[]"),
        Shape::String if base.name.name == "citext" => format!("::text[]::{sql}[]"),
        Shape::Char | Shape::Tid | Shape::Uint64 | Shape::Json | Shape::Custom => ONE_BY_ONE.to_owned(),
        Shape::Uint32 if base.name.name != "oid" => ONE_BY_ONE.to_owned(),
        _ if !resolved.array || !resolved.cast.is_empty() => ONE_BY_ONE.to_owned(),
        _ => String::new(),
    }
}

/// The Go type of a value in a range or multirange.
fn element(range: &str) -> Option<&str> {
    let inner = |it: &'static str, text| -> Option<&str> { str::strip_prefix(text, it)?.strip_suffix(']') };
    let range = inner("pgtype.Multirange[", range).unwrap_or(range);
    inner("pgtype.Range[", range)
}

/// The cast to the type of a value in a range or multirange.
fn subtype(builder: &Builder<'_>, range: &DataType) -> String {
    let builtin = |name: &str| DataType::named(QualifiedName::new("pg_catalog", name));
    let found = match range.name.name.as_str() {
        _ if !range.name.is_builtin() => builder.range_subtype(&range.name),
        "int4range" | "int4multirange" => Some(builtin("int4")),
        "int8range" | "int8multirange" => Some(builtin("int8")),
        "numrange" | "nummultirange" => Some(builtin("numeric")),
        "daterange" | "datemultirange" => Some(builtin("date")),
        "tsrange" | "tsmultirange" => Some(builtin("timestamp")),
        "tstzrange" | "tstzmultirange" => Some(builtin("timestamptz")),
        _ => None,
    };
    found.map_or_else(String::new, |it| format!("::{}", data_type(&it)))
}

impl Builder<'_> {
    /// Whether a type is made of attributes, as composites and the row types of relations are.
    fn has_attributes(&self, name: &QualifiedName) -> bool {
        self.is_row(name) || self.catalog.contains(&Identity::new(Kind::Composite, &*name.schema, &*name.name))
    }

    /// Whether a type is that of a relation's rows.
    pub(super) fn is_row(&self, name: &QualifiedName) -> bool {
        [Kind::Table, Kind::View, Kind::MaterializedView, Kind::ForeignTable]
            .into_iter()
            .any(|kind| self.catalog.contains(&Identity::new(kind, &*name.schema, &*name.name)))
    }

    /// The subtype of a range or multirange of the user's.
    fn range_subtype(&self, name: &QualifiedName) -> Option<DataType> {
        let range =
            |name: &QualifiedName| match self.catalog.get(&Identity::new(Kind::Range, &*name.schema, &*name.name)).map(|it| &it.definition)
            {
                Some(Definition::Range(range)) => Some(range.subtype.clone()),
                _ => None,
            };
        range(name).or_else(|| self.multiranges.get(name).and_then(range))
    }
}
