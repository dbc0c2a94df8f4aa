//! What a PostgreSQL schema is: data, and nothing that reads, writes or compares it.
//!
//! A [`Catalog`] is one sorted map from [`Identity`] to [`Object`]. What every kind of object has (comment, owner,
//! grants, dependencies) stands in `Object` once; what a kind has of its own is its variant of [`Definition`].
//! Nothing here differs between two loads of the same DDL: no OIDs, no timestamps, no attribute numbers.
//!
//! To add a kind: a struct in a file here, a variant in [`Definition`] and [`Kind`]; the compiler lists the rest.
//! This module must not know any other of the crate.

mod access;
mod dependencies;
mod extension;
mod foreign;
mod names;
mod operator;
mod relation;
mod replication;
mod routine;
mod selection;
mod sequence;
mod size;
mod table;
mod text_search;
mod types;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

pub use access::{DefaultPrivileges, Grant, Policy, PolicyCommand, Privilege};
pub use dependencies::{Dependencies, Dependency};
pub use extension::{AccessMethod, AccessMethodTarget, EventTrigger, Extension, Language, Schema, Transform};
pub use foreign::{ForeignDataWrapper, ForeignServer, ForeignTable, UserMapping};
pub use names::{DataType, Identity, PG_CATALOG, QualifiedName};
pub use operator::{Cast, CastContext, CastMethod, Collation, Conversion, Operator, OperatorClass, OperatorClassItem, OperatorFamily};
pub use relation::{
    Firing, Index, IndexKey, MaterializedView, NullsOrder, Rule, RuleEvent, StatisticsObject, Trigger, TriggerEvent, TriggerLevel,
    TriggerTiming, View, ViewColumn,
};
pub use replication::{Publication, PublishedTable, Subscription};
pub use routine::{Aggregate, Argument, ArgumentMode, Body, Parallel, Routine, Volatility};
pub use selection::Selection;
pub use sequence::{Sequence, SequenceOptions, SequenceOwner};
pub use size::{Size, Sizes};
pub use table::{
    Column, ColumnIdentity, Constraint, ConstraintKind, Deferral, ExclusionElement, ForeignKey, Generated, GeneratedKind,
    IdentityGeneration, KeyConstraint, MatchType, PartitionBound, PartitionKey, PartitionOf, PartitionStrategy, Persistence,
    ReferentialAction, ReplicaIdentity, RowSecurity, Table,
};
pub use text_search::{TextSearchConfiguration, TextSearchDictionary, TextSearchParser, TextSearchTemplate};
pub use types::{Alignment, Attribute, BaseType, BaseTypeDefinition, Composite, Domain, Enum, Range};

/// An expression in canonical SQL, every name outside `pg_catalog` qualified.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expression(pub String);

impl Expression {
    /// Whether the expression is a NULL of some type: all that is left of `DEFAULT NULL` where the type has modifiers.
    pub fn is_null(&self) -> bool {
        self.0 == "NULL" || self.0.starts_with("NULL::")
    }
}

/// A query (the body of a view, a rule's action) in canonical SQL, every name outside `pg_catalog` qualified.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Query(pub String);

/// What every object has, whatever its kind, and its [`Definition`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// `COMMENT ON`; an empty comment is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The owning role, where the source says it; DDL without `OWNER TO` doesn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Privileges beyond what PostgreSQL gives by default, sorted. `None` is the default; an empty list is everything revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<Grant>>,
    /// `SECURITY LABEL`, by provider.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub security_labels: BTreeMap<String, String>,
    /// The extensions that the object was marked to depend on (`ALTER … DEPENDS ON EXTENSION`).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub depends_on_extensions: BTreeSet<String>,
    /// All that must exist before this object can: schema, types, relations and their columns, functions, sequences,
    /// collations, languages, extensions. Objects of `pg_catalog` are left out; objects that an extension owns are
    /// named by the extension.
    #[serde(default, skip_serializing_if = "Dependencies::is_empty")]
    pub dependencies: Dependencies,
    /// What the kind has of its own.
    pub definition: Definition,
}

impl Object {
    /// An object with a definition and nothing else said of it.
    pub fn new(definition: Definition) -> Self {
        Self {
            comment: None,
            owner: None,
            grants: None,
            security_labels: BTreeMap::new(),
            depends_on_extensions: BTreeSet::new(),
            dependencies: Dependencies::default(),
            definition,
        }
    }

    /// Whether another version of the object is different in anything that a statement could change. The order of columns
    /// is physical: it is as it was made, and only making the table anew would change it. So is whether a table declares what
    /// it inherits once more itself; of a constraint that can only be added.
    pub fn differs(&self, other: &Object) -> bool {
        if self == other {
            return false;
        }
        let mut same = self.clone();
        if let (Definition::Constraint(own), Definition::Constraint(others)) = (&mut same.definition, &other.definition) {
            own.local &= !own.inherited || others.local || !others.inherited;
            return same != *other;
        }
        // The server sorts the columns of statistics by their places in the table.
        if let (Definition::Statistics(own), Definition::Statistics(others)) = (&mut same.definition, &other.definition) {
            let place = |key: &IndexKey| others.keys.iter().position(|it| it == key);
            own.keys.sort_by_key(place);
            return same != *other;
        }
        let Some(others) = other.definition.columns() else { return true };
        let Some(columns) = same.definition.columns_mut() else { return true };
        let places: BTreeMap<&str, usize> = others.iter().enumerate().map(|(place, it)| (it.name.as_str(), place)).collect();
        columns.sort_by_key(|it| places.get(it.name.as_str()).copied());
        for column in columns.iter_mut().filter(|it| it.inherited) {
            if let Some(other) = places.get(column.name.as_str()).and_then(|place| others.get(*place)).filter(|it| it.inherited) {
                column.local = other.local;
            }
        }
        same != *other
    }

    /// The hash of everything the object is: xxh3-128 of its canonical MessagePack. It finds accidents and changes; it
    /// is no signature.
    pub fn hash(&self) -> u128 {
        let bytes = rmp_serde::to_vec_named(self).expect("an object has string keys only, and a Vec takes any length");
        xxh3_128(&bytes)
    }
}

/// Writes [`Kind`] and [`Definition`] from one list, so that they can't disagree.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident($definition:ty) = $name:literal,)*) => {
        /// The kind of an object. The order is that of listings and of sections in a snapshot; new kinds go where a reader looks for them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every kind, in order.
            pub const ALL: &[Kind] = &[$(Kind::$kind),*];

            /// PostgreSQL's word for the kind, in lower case: `table`, `materialized view`.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }
        }

        /// What a kind of object has of its own.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Definition { $($(#[$doc])* $kind($definition),)* }

        impl Definition {
            /// The kind that the definition belongs to.
            pub fn kind(&self) -> Kind {
                match self { $(Definition::$kind(_) => Kind::$kind,)* }
            }
        }
    };
}

kinds! {
    /// `CREATE SCHEMA`.
    Schema(Schema) = "schema",
    /// `CREATE EXTENSION`.
    Extension(Extension) = "extension",
    /// `CREATE LANGUAGE`.
    Language(Language) = "language",
    /// `CREATE ACCESS METHOD`.
    AccessMethod(AccessMethod) = "access method",
    /// `CREATE COLLATION`.
    Collation(Collation) = "collation",
    /// `CREATE CONVERSION`.
    Conversion(Conversion) = "conversion",
    /// `CREATE TYPE name` and `CREATE TYPE name (…)`.
    BaseType(BaseType) = "base type",
    /// `CREATE TYPE … AS ENUM`.
    Enum(Enum) = "enum",
    /// `CREATE DOMAIN`.
    Domain(Domain) = "domain",
    /// `CREATE TYPE … AS (…)`.
    Composite(Composite) = "composite",
    /// `CREATE TYPE … AS RANGE`.
    Range(Range) = "range",
    /// `CREATE SEQUENCE`, and what `serial` and identity columns make.
    Sequence(Sequence) = "sequence",
    /// `CREATE TABLE`, partitioned tables and partitions included.
    Table(Table) = "table",
    /// `CREATE FOREIGN DATA WRAPPER`.
    ForeignDataWrapper(ForeignDataWrapper) = "foreign data wrapper",
    /// `CREATE SERVER`.
    ForeignServer(ForeignServer) = "server",
    /// `CREATE USER MAPPING`.
    UserMapping(UserMapping) = "user mapping",
    /// `CREATE FOREIGN TABLE`.
    ForeignTable(ForeignTable) = "foreign table",
    /// A constraint of a table, a foreign table or a domain.
    Constraint(Constraint) = "constraint",
    /// An index that no constraint makes.
    Index(Index) = "index",
    /// `CREATE VIEW`.
    View(View) = "view",
    /// `CREATE MATERIALIZED VIEW`.
    MaterializedView(MaterializedView) = "materialized view",
    /// `CREATE FUNCTION`.
    Function(Routine) = "function",
    /// `CREATE PROCEDURE`.
    Procedure(Routine) = "procedure",
    /// `CREATE AGGREGATE`.
    Aggregate(Aggregate) = "aggregate",
    /// `CREATE OPERATOR`.
    Operator(Operator) = "operator",
    /// `CREATE OPERATOR FAMILY`.
    OperatorFamily(OperatorFamily) = "operator family",
    /// `CREATE OPERATOR CLASS`.
    OperatorClass(OperatorClass) = "operator class",
    /// `CREATE CAST`.
    Cast(Cast) = "cast",
    /// `CREATE TRANSFORM`.
    Transform(Transform) = "transform",
    /// `CREATE TRIGGER`.
    Trigger(Trigger) = "trigger",
    /// `CREATE EVENT TRIGGER`.
    EventTrigger(EventTrigger) = "event trigger",
    /// `CREATE RULE`.
    Rule(Rule) = "rule",
    /// `CREATE POLICY`.
    Policy(Policy) = "policy",
    /// `CREATE STATISTICS`.
    Statistics(StatisticsObject) = "statistics object",
    /// `CREATE TEXT SEARCH PARSER`.
    TextSearchParser(TextSearchParser) = "text search parser",
    /// `CREATE TEXT SEARCH TEMPLATE`.
    TextSearchTemplate(TextSearchTemplate) = "text search template",
    /// `CREATE TEXT SEARCH DICTIONARY`.
    TextSearchDictionary(TextSearchDictionary) = "text search dictionary",
    /// `CREATE TEXT SEARCH CONFIGURATION`.
    TextSearchConfiguration(TextSearchConfiguration) = "text search configuration",
    /// `CREATE PUBLICATION`.
    Publication(Publication) = "publication",
    /// `CREATE SUBSCRIPTION`.
    Subscription(Subscription) = "subscription",
    /// `ALTER DEFAULT PRIVILEGES`.
    DefaultPrivileges(DefaultPrivileges) = "default privileges",
}

impl Definition {
    /// The columns of what keeps rows under its own name: tables and foreign tables.
    pub fn columns(&self) -> Option<&[Column]> {
        match self {
            Self::Table(table) => Some(&table.columns),
            Self::ForeignTable(table) => Some(&table.columns),
            _ => None,
        }
    }

    /// The names of all that statements know as columns: of tables and views, and the attributes of composite types.
    pub fn column_names(&self) -> Vec<&str> {
        match self {
            Self::Composite(composite) => composite.attributes.iter().map(|it| it.name.as_str()).collect(),
            Self::View(view) => view.columns.iter().map(|it| it.name.as_str()).collect(),
            Self::MaterializedView(view) => view.columns.iter().map(|it| it.name.as_str()).collect(),
            _ => self.columns().into_iter().flatten().map(|it| it.name.as_str()).collect(),
        }
    }

    fn columns_mut(&mut self) -> Option<&mut Vec<Column>> {
        match self {
            Self::Table(table) => Some(&mut table.columns),
            Self::ForeignTable(table) => Some(&mut table.columns),
            _ => None,
        }
    }
}

impl Kind {
    /// Whether argument types are part of the identity even when there are none, as in `f()`.
    pub fn has_arguments(self) -> bool {
        matches!(self, Kind::Function | Kind::Procedure | Kind::Aggregate)
    }

    /// Whether the kind shares the name space of relations (`pg_class`): tables, views, sequences, indexes…
    pub fn is_relation(self) -> bool {
        matches!(self, Kind::Table | Kind::ForeignTable | Kind::View | Kind::MaterializedView | Kind::Sequence | Kind::Index)
    }

    /// Whether columns are made of objects of the kind, and keep their values while those are made anew: types and collations.
    pub fn makes_columns(self) -> bool {
        self.is_type() || self == Kind::Collation
    }

    /// Whether the kind is a type by itself (`pg_type`), apart from the row types of relations.
    pub fn is_type(self) -> bool {
        matches!(self, Kind::BaseType | Kind::Enum | Kind::Domain | Kind::Composite | Kind::Range)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A schema as a value: every object by its identity, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// An object is ten times an identity: in boxes they keep the nodes of the tree small.
    objects: BTreeMap<Identity, Box<Object>>,
}

impl Catalog {
    /// A catalog without objects.
    pub fn new() -> Self {
        Self::default()
    }

    /// The object of that identity.
    pub fn get(&self, identity: &Identity) -> Option<&Object> {
        self.objects.get(identity).map(|it| &**it)
    }

    /// The object of that identity, and the identity as the catalog holds it.
    pub fn get_key_value(&self, identity: &Identity) -> Option<(&Identity, &Object)> {
        self.objects.get_key_value(identity).map(|(identity, object)| (identity, &**object))
    }

    /// The object of that identity, to change.
    pub fn get_mut(&mut self, identity: &Identity) -> Option<&mut Object> {
        self.objects.get_mut(identity).map(|it| &mut **it)
    }

    /// Puts an object in and returns the one it replaces.
    ///
    /// # Panics
    /// If the definition is of another kind than the identity: the map would contradict itself.
    pub fn insert(&mut self, identity: Identity, object: Object) -> Option<Object> {
        assert_eq!(identity.kind, object.definition.kind(), "{identity} has the definition of another kind");
        self.objects.insert(identity, Box::new(object)).map(|it| *it)
    }

    /// Takes an object out. Its dependents stay.
    pub fn remove(&mut self, identity: &Identity) -> Option<Object> {
        self.objects.remove(identity).map(|it| *it)
    }

    /// Whether there is such an object.
    pub fn contains(&self, identity: &Identity) -> bool {
        self.objects.contains_key(identity)
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// All objects, sorted by identity.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Identity, &Object)> {
        self.objects.iter().map(|(identity, object)| (identity, &**object))
    }

    /// All objects, sorted by identity, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Identity, &mut Object)> {
        self.objects.iter_mut().map(|(identity, object)| (identity, &mut **object))
    }

    /// The objects of one kind, sorted by identity; found without a look at the others.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (&Identity, &Object)> {
        self.objects
            .range(Identity::global(kind, "")..)
            .map(|(identity, object)| (identity, &**object))
            .take_while(move |(id, _)| id.kind == kind)
    }

    /// The objects of one kind within one relation, domain or server (constraints, triggers, policies…), by name.
    pub fn within<'c>(&'c self, kind: Kind, parent: &QualifiedName) -> impl Iterator<Item = (&'c Identity, &'c Object)> + use<'c> {
        let first = Identity::within(kind, parent, "");
        let (schema, parent) = (parent.schema.clone(), parent.name.clone());
        self.objects
            .range(first..)
            .map(|(identity, object)| (identity, &**object))
            .take_while(move |(id, _)| id.kind == kind && id.schema == schema && id.parent == parent)
    }
}

impl FromIterator<(Identity, Object)> for Catalog {
    fn from_iter<I: IntoIterator<Item = (Identity, Object)>>(objects: I) -> Self {
        let mut catalog = Self::new();
        for (identity, object) in objects {
            catalog.insert(identity, object);
        }
        catalog
    }
}

impl IntoIterator for Catalog {
    type Item = (Identity, Object);
    type IntoIter =
        std::iter::Map<std::collections::btree_map::IntoIter<Identity, Box<Object>>, fn((Identity, Box<Object>)) -> (Identity, Object)>;

    fn into_iter(self) -> Self::IntoIter {
        self.objects.into_iter().map(|(identity, object)| (identity, *object))
    }
}

/// Whether a field has its default value, which the snapshot then leaves out.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
