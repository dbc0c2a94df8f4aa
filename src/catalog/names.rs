//! How objects, types and places inside them are named.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Kind;

/// The schema of PostgreSQL's own objects.
pub const PG_CATALOG: &str = "pg_catalog";

/// A name within a schema: of a relation, a type, a collation, an operator…
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualifiedName {
    /// The schema, never empty.
    pub schema: String,
    /// The name, as the catalog stores it: folded or quoted already, without quotes.
    pub name: String,
}

impl QualifiedName {
    /// Joins a schema and a name.
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }

    /// Whether PostgreSQL itself provides the object.
    pub fn is_builtin(&self) -> bool {
        self.schema == PG_CATALOG
    }
}

/// A type as a column, an argument or an attribute uses it: a name with modifiers, or the array of one.
///
/// Built-in types carry their internal name (`int4`, `varchar`, `bpchar`, `timestamptz`) in `pg_catalog`; the SQL
/// spelling (`integer`, `character varying(10)`) is `ddl`'s. Bounds and the number of dimensions of an array are
/// noise to the server (`int[3][4]` is `integer[]`), so they are not kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataType {
    /// The element type for an array, else the type.
    pub name: QualifiedName,
    /// Type modifiers as text: `["10", "2"]` of `numeric(10,2)`, `["point", "4326"]` of `geometry(point,4326)`.
    /// Of an interval the first is the fields (`"day to second"`, empty for all), the second the precision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modifiers: Vec<String>,
    /// Whether this is the array type of `name`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub array: bool,
}

impl DataType {
    /// A built-in type without modifiers, by its internal name.
    pub fn builtin(name: &str) -> Self {
        Self { name: QualifiedName::new(PG_CATALOG, name), modifiers: Vec::new(), array: false }
    }

    /// A type without modifiers.
    pub fn named(name: QualifiedName) -> Self {
        Self { name, modifiers: Vec::new(), array: false }
    }

    /// The same type without its modifiers, as arguments of functions have it.
    pub fn without_modifiers(&self) -> Self {
        Self { name: self.name.clone(), modifiers: Vec::new(), array: self.array }
    }
}

/// What an object is, independent of any server: the key of the catalog.
///
/// Fields that a kind doesn't use are empty. Order is by kind, schema, parent, name, arguments, bytewise; the snapshot
/// file and every listing follow it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The kind.
    pub kind: Kind,
    /// The schema; empty for kinds that live outside schemas, and for a schema itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub schema: String,
    /// What the name is unique within, where that is not the schema: the relation of a constraint, trigger, rule or
    /// policy, the domain of a constraint, the server of a user mapping, the access method of an operator class or family.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub parent: String,
    /// The name; of a user mapping or of default privileges the role (empty for the current one), of a transform the language, of a cast empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Input types of a routine or aggregate, both sides of an operator (`none` in `pg_catalog` for a missing one), source and
    /// target of a cast, the type of a transform.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<DataType>,
}

impl Identity {
    /// An object of a schema.
    pub fn new(kind: Kind, schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind, schema: schema.into(), parent: String::new(), name: name.into(), arguments: Vec::new() }
    }

    /// An object outside schemas (a schema, an extension, a language…).
    pub fn global(kind: Kind, name: impl Into<String>) -> Self {
        Self::new(kind, "", name)
    }

    /// An object whose name is unique within `parent` only.
    pub fn within(kind: Kind, parent: &QualifiedName, name: impl Into<String>) -> Self {
        Self { parent: parent.name.clone(), ..Self::new(kind, parent.schema.clone(), name) }
    }

    /// The same identity with argument types.
    #[must_use]
    pub fn with_arguments(mut self, arguments: Vec<DataType>) -> Self {
        self.arguments = arguments;
        self
    }

    /// Schema and name.
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// Schema and parent of an object that has one.
    pub fn parent_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.parent.clone())
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.name.is_builtin() {
            write!(f, "{}.", self.name.schema)?;
        }
        f.write_str(&self.name.name)?;
        if !self.modifiers.is_empty() {
            write!(f, "({})", self.modifiers.join(","))?;
        }
        if self.array { f.write_str("[]") } else { Ok(()) }
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// For people: `table public.users`, `constraint users_pkey on public.users`, `function app.f(int4, text)`.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        let qualify = |f: &mut fmt::Formatter<'_>| if self.schema.is_empty() { Ok(()) } else { write!(f, "{}.", self.schema) };
        if self.parent.is_empty() {
            f.write_str(" ")?;
            qualify(f)?;
            f.write_str(&self.name)?;
        } else {
            write!(f, " {} on ", self.name)?;
            qualify(f)?;
            f.write_str(&self.parent)?;
        }
        if !self.arguments.is_empty() || self.kind.has_arguments() {
            f.write_str("(")?;
            for (n, argument) in self.arguments.iter().enumerate() {
                if n > 0 {
                    f.write_str(", ")?;
                }
                write!(f, "{argument}")?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}
