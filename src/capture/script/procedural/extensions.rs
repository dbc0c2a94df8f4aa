//! Functions of extensions that make schema when they are called. To add one: a line in [`ddl`], or, where what it makes can't be told,
//! in [`REPORTED`].

use pg_query::protobuf::FuncCall;

use crate::capture::script::evaluation::{Value, quote_identifier};
use crate::capture::script::resolve::strings;
use crate::capture::script::state::State;
use crate::catalog::{Identity, Kind};

/// Extensions with those of their functions that make objects in a way that is not followed.
const REPORTED: [(&str, &[&str]); 7] = [
    ("timescaledb", &["create_hypertable", "create_distributed_hypertable"]),
    ("pg_partman", &["create_parent", "create_partition", "create_sub_parent"]),
    ("pgmq", &["create", "create_partitioned", "create_unlogged", "create_non_partitioned"]),
    ("postgis", &["addgeometrycolumn", "dropgeometrycolumn", "dropgeometrytable", "updategeometrysrid"]),
    ("postgis_raster", &["addrasterconstraints", "addoverviewconstraints"]),
    ("postgis_topology", &["createtopology", "addtopogeometrycolumn", "droptopology"]),
    ("supa_audit", &["enable_tracking", "disable_tracking"]),
];

/// The extension of the script's that a call is of, if the call makes schema.
pub(super) fn owner(state: &State<'_>, call: &FuncCall) -> Option<&'static str> {
    let name = *strings(&call.funcname).last()?;
    let listed = REPORTED.iter().filter(|(_, functions)| functions.contains(&name)).map(|(extension, _)| *extension);
    listed.into_iter().find(|it| state.contains(&Identity::global(Kind::Extension, *it)))
}

/// The statement that a call comes to; `None` where it can't be told.
pub(super) fn ddl(extension: &str, call: &FuncCall, arguments: &[(String, Value)]) -> Option<String> {
    let name = *strings(&call.funcname).last()?;
    let arguments: Vec<&Value> = arguments.iter().map(|(name, value)| name.is_empty().then_some(value)).collect::<Option<_>>()?;
    match (extension, name) {
        ("postgis", "addgeometrycolumn") => add_geometry_column(&arguments),
        ("postgis", "dropgeometrycolumn") => {
            let (table, column) = table_and_column(&arguments)?;
            Some(format!("ALTER TABLE {table} DROP COLUMN {column}"))
        }
        _ => None,
    }
}

/// `[[catalog,] schema,] table, column`.
fn table_and_column(arguments: &[&Value]) -> Option<(String, String)> {
    let names: Vec<String> =
        arguments.iter().map(|it| if let Value::Text(it) = it { Some(quote_identifier(it)) } else { None }).collect::<Option<_>>()?;
    let [rest @ .., column] = names.as_slice() else { return None };
    match rest {
        [table] => Some((table.clone(), column.clone())),
        [schema, table] | [_, schema, table] if schema != "\"\"" => Some((format!("{schema}.{table}"), column.clone())),
        [_, table] | [_, _, table] => Some((table.clone(), column.clone())),
        _ => None,
    }
}

/// `AddGeometryColumn([[catalog,] schema,] table, column, srid, type, dimension [, use_typmod])`. PostGIS postgis/postgis.sql.in.
fn add_geometry_column(arguments: &[&Value]) -> Option<String> {
    let arguments = match arguments {
        [rest @ .., Value::Bool(true)] => rest,
        // With checks instead of modifiers, as before PostGIS 2.
        [.., Value::Bool(false)] => return None,
        all => all,
    };
    let [names @ .., Value::Number(srid), Value::Text(kind), Value::Number(dimension)] = arguments else { return None };
    let (table, column) = table_and_column(names)?;
    let kind = kind.to_ascii_uppercase();
    let (kind, measured) = match kind.strip_suffix('M') {
        Some(kind) if *dimension == 3 => (kind, true),
        _ => (kind.as_str(), false),
    };
    let kind = KINDS.iter().find(|it| it.eq_ignore_ascii_case(kind))?;
    let dimensions = match (dimension, measured) {
        (2, false) => "",
        (3, false) => "Z",
        (3, true) => "M",
        (4, false) => "ZM",
        _ => return None,
    };
    let srid = if *srid > 0 { format!(", {srid}") } else { String::new() };
    Some(format!("ALTER TABLE {table} ADD COLUMN {column} geometry({kind}{dimensions}{srid})"))
}

/// The types of geometries as PostGIS prints them. PostGIS liblwgeom/lwgeom_geos.h, geomtype names.
const KINDS: [&str; 16] = [
    "Geometry",
    "Point",
    "LineString",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
    "CircularString",
    "CompoundCurve",
    "CurvePolygon",
    "MultiCurve",
    "MultiSurface",
    "PolyhedralSurface",
    "Triangle",
    "Tin",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometry_columns() {
        let text = |it: &str| Value::Text(it.to_owned());
        let check = |arguments: &[Value], expected: Option<&str>| {
            assert_eq!(add_geometry_column(&arguments.iter().collect::<Vec<_>>()).as_deref(), expected, "{arguments:?}");
        };
        let (srid, two) = (Value::Number(4326), Value::Number(2));
        let point = Some("ALTER TABLE nodes ADD COLUMN geom geometry(Point, 4326)");
        check(&[text("nodes"), text("geom"), srid.clone(), text("POINT"), two.clone()], point);
        check(&[text("nodes"), text("geom"), srid.clone(), text("POINT"), two.clone(), Value::Bool(true)], point);
        check(&[text("nodes"), text("geom"), srid.clone(), text("POINT"), two.clone(), Value::Bool(false)], None);
        let measured = Some("ALTER TABLE a.\"B\" ADD COLUMN g geometry(MultiPolygonM)");
        check(&[text("a"), text("B"), text("g"), Value::Number(-1), text("MULTIPOLYGONM"), Value::Number(3)], measured);
        check(&[text(""), text(""), text("t"), text("g"), srid, text("x"), two], None);
    }
}
