//! PostgreSQL types in Go: the one table of them, and what it takes to carry a value there and back with pgx v5.
//!
//! Every type has an answer. What pgx reads and writes by itself goes as it is; what it needs to be told of (enums, domains,
//! composites, ranges) is registered; the rest travels as text through a cast in the SQL, which works with every
//! version of pgx. Nothing is ever an empty interface.
//!
//! To add a built-in type: a line in [`GoTypes::builtin`]. To add an extension's: a line in [`GoTypes::extension`].

use std::collections::{BTreeMap, HashMap};

use super::model::GoType;
use super::options::{DecimalType, Nullable, Options, UuidType};
use crate::catalog::{Catalog, DataType, Definition, Identity, Kind, QualifiedName};
use crate::ddl;

/// What kind of value a Go type holds: how samples are made and how nullable forms are chosen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Shape {
    Bool,
    Int16,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Float32,
    Float64,
    Decimal,
    Numeric,
    String,
    /// PostgreSQL's `"char"`.
    Char,
    Bytes,
    Uuid,
    PgUuid,
    Date,
    Timestamp,
    Timestamptz,
    Time,
    Interval,
    Json,
    /// `inet` and, with true, `cidr`.
    Prefix(bool),
    /// `net.HardwareAddr` of so many bytes.
    HardwareAddr(u8),
    Bits,
    /// `pgtype.Point` and its like, by name.
    Geometric(&'static str),
    Tid,
    Range(Box<Shape>),
    Multirange(Box<Shape>),
    Array(Box<Type>),
    Hstore,
    /// `pgvector.Vector` and its like, by the function that makes one.
    Vector(&'static str),
    /// PostGIS, as EWKB.
    Geometry,
    Enum(QualifiedName),
    Composite(QualifiedName),
    /// Text through a cast, by the type's name.
    Text(QualifiedName),
    /// A type of the user's choice.
    Custom,
}

/// How a type says NULL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Null {
    /// By a pointer to it.
    Pointer,
    /// By nil of itself: a slice, a map.
    Nil,
    /// By `Valid` of itself: the structs of pgtype.
    Valid,
    /// By another type with `Valid` and this field for the value.
    Wrapper(GoType, &'static str),
    /// By itself, in a way that only it knows.
    Opaque,
}

/// A PostgreSQL type in Go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Type {
    /// The type of a value that is not NULL.
    pub value: GoType,
    /// What it holds.
    pub shape: Shape,
    /// How a NULL is told.
    pub null: Null,
    /// Whether `==` tells equal values, so that it can be the key of a map.
    pub comparable: bool,
    /// The type that a select list casts to: `::text`, mostly empty.
    pub select: String,
    /// What a placeholder needs behind it: `::text::xml`, mostly empty.
    pub cast: String,
    /// Whether pgx writes it in binary, as COPY, composites and ranges need.
    pub binary: bool,
    /// Whether pgx has an array of it, or is told of one.
    pub array: bool,
    /// Whether it is text for want of something better, which is worth a warning.
    pub fallback: bool,
}

impl Type {
    fn new(go: &str, shape: Shape) -> Self {
        Self {
            value: plain(go),
            shape,
            null: Null::Pointer,
            comparable: true,
            select: String::new(),
            cast: String::new(),
            binary: true,
            array: true,
            fallback: false,
        }
    }

    fn nil(go: &str, shape: Shape) -> Self {
        Self { null: Null::Nil, comparable: false, ..Self::new(go, shape) }
    }

    fn valid(go: &str, shape: Shape, comparable: bool) -> Self {
        Self { null: Null::Valid, comparable, ..Self::new(go, shape) }
    }

    /// Text through a cast.
    fn text(name: &QualifiedName) -> Self {
        let sql = ddl::data_type(&DataType::named(name.clone()));
        Self {
            select: "::text".to_owned(),
            cast: format!("::text::{sql}"),
            binary: false,
            array: false,
            ..Self::new("string", Shape::Text(name.clone()))
        }
    }

    /// The type of a field that may be NULL.
    pub(crate) fn nullable(&self) -> GoType {
        match &self.null {
            Null::Pointer => map(&self.value, |it| format!("*{it}")),
            Null::Nil | Null::Valid | Null::Opaque => self.value.clone(),
            Null::Wrapper(wrapper, _) => wrapper.clone(),
        }
    }

    /// A Go condition that is true where the nullable field holds a value; empty where it can't be told.
    pub(crate) fn present(&self, field: &str) -> String {
        match &self.null {
            Null::Pointer | Null::Nil => format!("{field} != nil"),
            Null::Valid | Null::Wrapper(..) => format!("{field}.Valid"),
            Null::Opaque => String::new(),
        }
    }

    /// The value of a nullable field that is present.
    pub(crate) fn unwrap(&self, field: &str) -> String {
        match &self.null {
            Null::Pointer => format!("*{field}"),
            Null::Nil | Null::Valid | Null::Opaque => field.to_owned(),
            Null::Wrapper(_, value) => format!("{field}.{value}"),
        }
    }
}

/// The table of types for one catalog and one set of options.
pub(crate) struct GoTypes<'a> {
    catalog: &'a Catalog,
    uuid: UuidType,
    decimal: DecimalType,
    nullable: Nullable,
    /// The Go types of enums and composites.
    names: BTreeMap<QualifiedName, GoType>,
    /// The range of each multirange.
    multiranges: HashMap<QualifiedName, QualifiedName>,
}

impl<'a> GoTypes<'a> {
    /// The table. `names` holds the Go types of enums and composites; one without a name is text.
    pub(crate) fn new(catalog: &'a Catalog, options: &Options, names: BTreeMap<QualifiedName, GoType>) -> Self {
        let multiranges = catalog
            .of_kind(Kind::Range)
            .filter_map(|(identity, object)| match &object.definition {
                Definition::Range(range) => Some((QualifiedName::new(&identity.schema, &range.multirange), identity.qualified_name())),
                _ => None,
            })
            .collect();
        Self { catalog, uuid: options.uuid, decimal: options.decimal, nullable: options.nullable, names, multiranges }
    }

    /// The Go type of a PostgreSQL type, with the nullable form that the options ask for.
    pub(crate) fn resolve(&self, data_type: &DataType) -> Type {
        let mut resolved = self.plain(data_type, 0);
        if resolved.null == Null::Pointer
            && let Some((wrapper, value)) = self.wrapper(&resolved)
        {
            resolved.null = Null::Wrapper(wrapper, value);
        }
        resolved
    }

    fn plain(&self, data_type: &DataType, depth: usize) -> Type {
        let element = self.named(&data_type.name, depth);
        if data_type.array { array(element, &data_type.name) } else { element }
    }

    fn named(&self, name: &QualifiedName, depth: usize) -> Type {
        // Domains and composites can't contain themselves in a server's catalog; a hand-made snapshot can say so nevertheless.
        if depth > 32 {
            return fallback(name);
        }
        if name.is_builtin() {
            return self.builtin(name);
        }
        let object = |kind| self.catalog.get(&Identity::new(kind, &*name.schema, &*name.name)).map(|it| &it.definition);
        if let Some(Definition::Enum(_)) = object(Kind::Enum) {
            return match self.names.get(name) {
                Some(go) => Type { value: go.clone(), ..Type::new("", Shape::Enum(name.clone())) },
                None => Type::text(name),
            };
        }
        if let Some(Definition::Domain(domain)) = object(Kind::Domain) {
            let mut base = self.plain(&domain.base, depth + 1);
            if !base.cast.is_empty() {
                base.cast = format!("{}::{}", base.select, ddl::data_type(&DataType::named(name.clone())));
            }
            // An array of a domain over an array is text to pgx: it has no arrays of arrays.
            base.array &= !matches!(base.shape, Shape::Array(_));
            return base;
        }
        if let Some(Definition::Composite(composite)) = object(Kind::Composite) {
            let binary = composite.attributes.iter().all(|it| self.plain(&it.data_type, depth + 1).binary);
            return match self.names.get(name) {
                Some(go) if binary => Type { value: go.clone(), comparable: false, ..Type::new("", Shape::Composite(name.clone())) },
                _ => fallback(name),
            };
        }
        if let Some(Definition::Range(range)) = object(Kind::Range) {
            return self.range(&range.subtype, name, depth);
        }
        if let Some(range_name) = self.multiranges.get(name)
            && let Some(Definition::Range(range)) =
                self.catalog.get(&Identity::new(Kind::Range, &*range_name.schema, &*range_name.name)).map(|it| &it.definition)
        {
            return multirange(self.range(&range.subtype, name, depth));
        }
        self.extension(name)
    }

    fn range(&self, subtype: &DataType, name: &QualifiedName, depth: usize) -> Type {
        let element = self.plain(subtype, depth + 1);
        if !element.binary || element.null == Null::Nil {
            return fallback(name);
        }
        // The range codec keeps pgx's own numeric, whatever is registered for it later.
        let element = if element.shape == Shape::Decimal { Type::valid("pgtype.Numeric", Shape::Numeric, false) } else { element };
        range(&element)
    }

    fn builtin(&self, name: &QualifiedName) -> Type {
        let numeric = || Type::valid("pgtype.Numeric", Shape::Numeric, false);
        let timestamp = |shape| Type::new("time.Time", shape);
        let of = |element: Type| range(&element);
        match name.name.as_str() {
            "bool" => Type::new("bool", Shape::Bool),
            "int2" => Type::new("int16", Shape::Int16),
            "int4" => Type::new("int32", Shape::Int32),
            "int8" => Type::new("int64", Shape::Int64),
            "oid" | "xid" | "cid" => Type::new("uint32", Shape::Uint32),
            "xid8" => Type::new("uint64", Shape::Uint64),
            "float4" => Type::new("float32", Shape::Float32),
            "float8" => Type::new("float64", Shape::Float64),
            "numeric" if self.decimal == DecimalType::Pgtype => numeric(),
            "numeric" => Type { comparable: false, ..Type::new("decimal.Decimal", Shape::Decimal) },
            "text" | "varchar" | "bpchar" | "name" => Type::new("string", Shape::String),
            "char" => Type::new("byte", Shape::Char),
            "bytea" => Type::nil("[]byte", Shape::Bytes),
            "uuid" if self.uuid == UuidType::Pgtype => Type::valid("pgtype.UUID", Shape::PgUuid, true),
            "uuid" => Type::new("uuid.UUID", Shape::Uuid),
            "date" => timestamp(Shape::Date),
            "timestamp" => timestamp(Shape::Timestamp),
            "timestamptz" => timestamp(Shape::Timestamptz),
            "time" => Type::valid("pgtype.Time", Shape::Time, true),
            "interval" => Type::valid("pgtype.Interval", Shape::Interval, true),
            "json" | "jsonb" => Type::nil("json.RawMessage", Shape::Json),
            "inet" => Type::new("netip.Prefix", Shape::Prefix(false)),
            "cidr" => Type::new("netip.Prefix", Shape::Prefix(true)),
            "macaddr" => Type::nil("net.HardwareAddr", Shape::HardwareAddr(6)),
            "macaddr8" => Type { array: false, ..Type::nil("net.HardwareAddr", Shape::HardwareAddr(8)) },
            "bit" | "varbit" => Type::valid("pgtype.Bits", Shape::Bits, false),
            "point" => Type::valid("pgtype.Point", Shape::Geometric("Point"), true),
            "line" => Type::valid("pgtype.Line", Shape::Geometric("Line"), true),
            "lseg" => Type::valid("pgtype.Lseg", Shape::Geometric("Lseg"), true),
            "box" => Type::valid("pgtype.Box", Shape::Geometric("Box"), true),
            "circle" => Type::valid("pgtype.Circle", Shape::Geometric("Circle"), true),
            "path" => Type::valid("pgtype.Path", Shape::Geometric("Path"), false),
            "polygon" => Type::valid("pgtype.Polygon", Shape::Geometric("Polygon"), false),
            "tid" => Type::valid("pgtype.TID", Shape::Tid, true),
            "int4range" => of(Type::new("int32", Shape::Int32)),
            "int8range" => of(Type::new("int64", Shape::Int64)),
            "numrange" => of(numeric()),
            "daterange" => of(timestamp(Shape::Date)),
            "tsrange" => of(timestamp(Shape::Timestamp)),
            "tstzrange" => of(timestamp(Shape::Timestamptz)),
            "int4multirange" => multirange(of(Type::new("int32", Shape::Int32))),
            "int8multirange" => multirange(of(Type::new("int64", Shape::Int64))),
            "nummultirange" => multirange(of(numeric())),
            "datemultirange" => multirange(of(timestamp(Shape::Date))),
            "tsmultirange" => multirange(of(timestamp(Shape::Timestamp))),
            "tstzmultirange" => multirange(of(timestamp(Shape::Timestamptz))),
            // Known to the table as text: the server's own spelling is what users want to see.
            "money" | "timetz" | "xml" | "tsvector" | "tsquery" | "pg_lsn" | "txid_snapshot" | "pg_snapshot" | "jsonpath" | "aclitem"
            | "refcursor" | "regclass" | "regcollation" | "regconfig" | "regdictionary" | "regnamespace" | "regoper" | "regoperator"
            | "regproc" | "regprocedure" | "regrole" | "regtype" | "int2vector" | "oidvector" => Type::text(name),
            _ => fallback(name),
        }
    }

    /// Types of extensions, by name alone: their schema is wherever the extension was created.
    fn extension(&self, name: &QualifiedName) -> Type {
        let sql = ddl::data_type(&DataType::named(name.clone()));
        let vector = |go: &str, make| Type { comparable: false, binary: false, array: false, ..Type::new(go, Shape::Vector(make)) };
        match name.name.as_str() {
            // Its operators are its own: a parameter is citext where it is compared with one.
            "citext" => Type::new("string", Shape::String),
            "hstore" => Type { array: false, ..Type::nil("pgtype.Hstore", Shape::Hstore) },
            "ltree" | "lquery" | "ltxtquery" => Type::text(name),
            "geometry" | "geography" => Type {
                select: "::bytea".to_owned(),
                cast: format!("::bytea::{sql}"),
                binary: false,
                array: false,
                ..Type::nil("[]byte", Shape::Geometry)
            },
            "vector" => vector("pgvector.Vector", "NewVector"),
            "halfvec" => vector("pgvector.HalfVector", "NewHalfVector"),
            "sparsevec" => vector("pgvector.SparseVector", "NewSparseVector"),
            _ => fallback(name),
        }
    }

    /// The nullable form other than a pointer that the options ask for, where there is one, and its field for the value.
    fn wrapper(&self, of: &Type) -> Option<(GoType, &'static str)> {
        let generic = || Some((map(&of.value, |it| format!("sql.Null[{it}]")), "V"));
        // `sql.Null` reads through database/sql's conversions, which know no network addresses and no structs.
        let convertible = !matches!(of.shape, Shape::Prefix(_) | Shape::Composite(_) | Shape::Char | Shape::Vector(_) | Shape::Custom);
        match self.nullable {
            Nullable::Pointer => None,
            Nullable::Generic => convertible.then(generic).flatten(),
            Nullable::Sql => match of.shape {
                Shape::Bool => Some((plain("sql.NullBool"), "Bool")),
                Shape::Int16 => Some((plain("sql.NullInt16"), "Int16")),
                Shape::Int32 => Some((plain("sql.NullInt32"), "Int32")),
                Shape::Int64 => Some((plain("sql.NullInt64"), "Int64")),
                Shape::Float64 => Some((plain("sql.NullFloat64"), "Float64")),
                Shape::String | Shape::Text(_) => Some((plain("sql.NullString"), "String")),
                Shape::Date | Shape::Timestamp | Shape::Timestamptz => Some((plain("sql.NullTime"), "Time")),
                _ => convertible.then(generic).flatten(),
            },
            Nullable::Pgtype => Some(match of.shape {
                Shape::Bool => (plain("pgtype.Bool"), "Bool"),
                Shape::Int16 => (plain("pgtype.Int2"), "Int16"),
                Shape::Int32 => (plain("pgtype.Int4"), "Int32"),
                Shape::Int64 => (plain("pgtype.Int8"), "Int64"),
                Shape::Uint32 => (plain("pgtype.Uint32"), "Uint32"),
                Shape::Uint64 => (plain("pgtype.Uint64"), "Uint64"),
                Shape::Float32 => (plain("pgtype.Float4"), "Float32"),
                Shape::Float64 => (plain("pgtype.Float8"), "Float64"),
                Shape::String | Shape::Text(_) => (plain("pgtype.Text"), "String"),
                Shape::Uuid => (plain("pgtype.UUID"), "Bytes"),
                Shape::Date => (plain("pgtype.Date"), "Time"),
                Shape::Timestamp => (plain("pgtype.Timestamp"), "Time"),
                Shape::Timestamptz => (plain("pgtype.Timestamptz"), "Time"),
                // An exact number has no other exact form with a value in a field; enums, addresses and structs have no pgtype.
                _ => return None,
            }),
        }
    }
}

/// Text through a cast, for want of something better.
fn fallback(name: &QualifiedName) -> Type {
    Type { fallback: true, ..Type::text(name) }
}

fn array(element: Type, name: &QualifiedName) -> Type {
    let fallback = element.fallback;
    if !element.select.is_empty() || !element.array {
        let item = if element.shape == Shape::Geometry { element } else { Type { fallback, ..Type::text(name) } };
        let cast = format!("{}[]::{}[]", item.select, ddl::data_type(&DataType::named(name.clone())));
        return Type {
            select: format!("{}[]", item.select),
            cast,
            binary: false,
            array: false,
            fallback,
            ..Type::nil(&format!("[]{}", item.value.local), Shape::Array(Box::new(item)))
        };
    }
    // `[]byte` would be a bytea.
    let element = if element.shape == Shape::Char { Type { value: plain("rune"), ..element } } else { element };
    Type {
        value: map(&element.value, |it| format!("[]{it}")),
        binary: element.binary,
        array: false,
        ..Type::nil("", Shape::Array(Box::new(element)))
    }
}

fn range(element: &Type) -> Type {
    let value = map(&element.value, |it| format!("pgtype.Range[{it}]"));
    Type { value, ..Type::valid("", Shape::Range(Box::new(element.shape.clone())), element.comparable) }
}

fn multirange(range: Type) -> Type {
    if range.fallback {
        return range;
    }
    let value = map(&range.value, |it| format!("pgtype.Multirange[{it}]"));
    // pgx has no arrays of multiranges.
    Type { value, array: false, ..Type::nil("", Shape::Multirange(Box::new(range.shape))) }
}

/// A type that is spelled the same everywhere.
pub(crate) fn plain(go: &str) -> GoType {
    GoType { local: go.to_owned(), qualified: go.to_owned() }
}

fn map(go: &GoType, spell: impl Fn(&str) -> String) -> GoType {
    GoType { local: spell(&go.local), qualified: spell(&go.qualified) }
}
