//! How PostgreSQL spells a schema: the only SQL that we write.
//!
//! [`script`] writes a whole catalog. [`Writer::create`] writes one object as statements that each say what they create
//! and need, so that one sort orders all of them; there are no phases, and a wrong order is a missing `needs`.
//! What is written is understood by PostgreSQL 13 to 18, unless the object itself is of a later version.
//!
//! This module must not know where a catalog came from. To add a kind: a file (or a place in its family's file) with a
//! function that takes its struct apart without `..`, a line in [`Writer::create`] and a line in [`spelling`].

mod access;
mod alter;
mod attributes;
mod constraint;
mod data_type;
mod drop;
mod extension;
mod foreign;
mod index;
mod not_null;
mod operator;
mod query;
mod quote;
mod rename;
mod replication;
mod routine;
mod script;
mod sequence;
mod table;
mod text_search;
mod trigger;
mod types;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

pub use alter::{Alteration, Dependent};
pub use data_type::data_type;
pub use quote::{quote_identifier, quote_literal};
pub use script::{Place, script};

use crate::catalog::{Catalog, ConstraintKind, Definition, Identity, Kind, Object, QualifiedName};

/// The newest major version of PostgreSQL that is written for.
const NEWEST: u32 = 18;

/// A statement, and what it has to do with objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The SQL, semicolon included, without a line end.
    pub sql: String,
    /// What exists, complete, once it ran.
    pub creates: Vec<Identity>,
    /// What exists once it ran, but needs a later statement to be complete: enough for objects that it needs in turn.
    pub begins: Vec<Identity>,
    /// What must exist before.
    pub needs: BTreeSet<Identity>,
    /// What must be gone before.
    pub without: Vec<Identity>,
    /// What is gone once it ran. Whatever depended on it must be gone or changed before.
    pub drops: Vec<Identity>,
    /// Columns and attributes that are there, as they are to be, once it ran.
    pub adds: Vec<(Identity, String)>,
    /// Columns and attributes that are gone, or of another type, once it ran. Whatever read them must be gone or changed before.
    pub removes: Vec<(Identity, String)>,
    /// Objects that the object which the statement is about does not depend on any more once it ran. Where no statement of
    /// an alteration says so, all of them together let go of what the object needed before and does not need after. By which a table
    /// comes to a parent is told here, too.
    pub releases: Vec<Identity>,
    /// Pairs of an object and another which it must have let go of, or as a table come to, before ([`Statement::releases`]).
    pub parted: Vec<(Identity, Identity)>,
    /// Partitioned tables of which it takes a partition away, so that another may have its rows.
    pub leaves: Vec<Identity>,
    /// Partitioned tables to which it brings a partition.
    pub joins: Vec<Identity>,
    /// Whether it takes back what the server would give to everything that is made from then on, or withhold from it.
    pub before_made: bool,
    /// Objects of which it takes the last remains away: what depended on them must be altered or made anew before.
    pub closes: Vec<Identity>,
    /// What it destroys for good beyond the definition: `every row of s.t`.
    pub loses: Option<String>,
    /// Where it fails, if rows are not as it wants them: `s.t has rows: …`.
    pub risks: Option<String>,
    /// Whether it has a body that is text, which the server looks at when the statement runs although it may name what comes later.
    pub has_body: bool,
    /// How it stands to transactions.
    pub transaction: Transaction,
}

/// How a statement stands to transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transaction {
    /// It runs in any.
    #[default]
    Any,
    /// It runs in any, but what it makes can be used only once that is committed (`ALTER TYPE … ADD VALUE`, PostgreSQL
    /// documentation, ALTER TYPE, Notes).
    CommitBeforeUse,
    /// It refuses to run in one (`CREATE INDEX CONCURRENTLY`).
    None,
}

impl Statement {
    /// The statement that makes an object, which needs all that the object needs.
    fn creating(identity: &Identity, object: &Object, sql: String) -> Self {
        let mut needs: BTreeSet<Identity> = object.dependencies.iter().map(|dependency| dependency.on.clone()).collect();
        needs.remove(identity);
        Self { creates: vec![identity.clone()], needs, ..Self::bare(sql) }
    }

    /// SQL of which nothing is said yet.
    fn bare(sql: String) -> Self {
        Self {
            sql,
            creates: Vec::new(),
            begins: Vec::new(),
            needs: BTreeSet::new(),
            without: Vec::new(),
            drops: Vec::new(),
            adds: Vec::new(),
            removes: Vec::new(),
            releases: Vec::new(),
            parted: Vec::new(),
            leaves: Vec::new(),
            joins: Vec::new(),
            before_made: false,
            closes: Vec::new(),
            loses: None,
            risks: None,
            has_body: false,
            transaction: Transaction::Any,
        }
    }

    /// The statement that drops an object.
    fn dropping(identity: &Identity, sql: String) -> Self {
        Self { drops: vec![identity.clone()], ..Self::bare(sql) }
    }

    /// A statement that says something more of an object that exists.
    fn after(identity: &Identity, sql: String) -> Self {
        Self { needs: BTreeSet::from([identity.clone()]), ..Self::bare(sql) }
    }

    /// The same statement, which needs something more.
    fn needing(mut self, needs: impl IntoIterator<Item = Identity>) -> Self {
        self.needs.extend(needs);
        self
    }
}

/// Something that others depend on, and that is not there for a while, or not as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thing<'a> {
    /// The object.
    pub object: &'a Identity,
    /// The column, where it is only one.
    pub column: Option<&'a str>,
    /// Whether the column stays and gets another type; else it is dropped and made anew, or gone.
    pub retyped: bool,
}

/// Writes objects of one catalog. It keeps what a statement must know of other objects.
#[derive(Debug)]
pub struct Writer<'a> {
    catalog: &'a Catalog,
    /// What is there already, where objects are made in a database that has others.
    base: Option<&'a Catalog>,
    /// What of that is made anew: it is there, and will not be.
    anew: HashSet<&'a Identity>,
    /// What is to be there in the end, where objects are taken away.
    towards: Option<&'a Catalog>,
    /// The major version of the server that the statements are for.
    major: u32,
    /// Whether what is there already is changed in ways that keep locks short.
    online: bool,
    /// The partitions of each partitioned table.
    partitions: BTreeMap<&'a QualifiedName, Vec<&'a Identity>>,
    /// The tables that inherit from each table, partitions too.
    children: BTreeMap<&'a QualifiedName, Vec<&'a Identity>>,
    /// The number of the cycle that an object is in.
    cycles: HashMap<&'a Identity, usize>,
}

impl<'a> Writer<'a> {
    /// A writer for a catalog, of which it takes one look at every object.
    pub fn new(catalog: &'a Catalog) -> Self {
        Self::with_cycles(catalog, &crate::graph::order(catalog).cycles)
    }

    /// A writer for a catalog whose objects are made, one by one, in a database that has those of another.
    pub fn onto(catalog: &'a Catalog, base: &'a Catalog, major: u32) -> Self {
        Self { base: Some(base), major, ..Self::new(catalog) }
    }

    /// A writer for a catalog that a server of a major version has.
    pub fn on(catalog: &'a Catalog, major: u32) -> Self {
        Self { major, ..Self::new(catalog) }
    }

    /// The same writer, of what is there on the way to another catalog.
    #[must_use]
    pub fn towards(self, to: &'a Catalog) -> Self {
        Self { towards: Some(to), ..self }
    }

    /// The same writer, of statements that keep locks on what is there already short, at the price of more of them.
    #[must_use]
    pub fn online(self, online: bool) -> Self {
        Self { online, ..self }
    }

    /// The same writer, of whose base some objects are made anew.
    #[must_use]
    pub fn making_anew(self, anew: HashSet<&'a Identity>) -> Self {
        Self { anew, ..self }
    }

    /// The catalog that is written.
    pub fn catalog(&self) -> &'a Catalog {
        self.catalog
    }

    /// Whether two objects need each other, directly or through others.
    pub fn are_in_one_cycle(&self, one: &Identity, other: &Identity) -> bool {
        self.cycle(one).is_some_and(|cycle| self.cycle(other) == Some(cycle))
    }

    /// Whether an object is in the database before anything is made, and stays.
    fn is_in_base(&self, identity: &Identity) -> bool {
        self.base.is_some_and(|base| base.contains(identity)) && !self.anew.contains(identity)
    }

    /// Whether an object is a table below another.
    pub fn is_below(&self, object: &Object, parent: &Identity) -> bool {
        parent.kind.is_relation() && table::parents(object).contains(&&parent.qualified_name())
    }

    /// Whether a table, new or not, comes below one that is there already.
    fn comes_below(&self, table: &Identity, parent: &QualifiedName) -> bool {
        let is_there = [Kind::Table, Kind::ForeignTable]
            .iter()
            .any(|kind| self.is_in_base(&Identity::new(*kind, parent.schema.clone(), parent.name.clone())));
        is_there && self.joins(table, parent)
    }

    /// Whether a table, new or not, is not below a parent yet.
    fn joins(&self, table: &Identity, parent: &QualifiedName) -> bool {
        let is_below = |base: &Catalog| base.get(table).is_some_and(|it| table::parents(it).contains(&parent));
        self.base.is_some_and(|base| self.anew.contains(table) || !is_below(base))
    }

    /// Whether an index is there already, and stays: what is made of other things is made anew.
    fn keeps_index(&self, index: &QualifiedName) -> bool {
        let identity = Identity::new(Kind::Index, index.schema.clone(), index.name.clone());
        let made_of = |catalog: &'a Catalog| match catalog.get(&identity).map(|it| &it.definition) {
            Some(Definition::Index(it)) => {
                Some((&it.table, it.unique, &it.method, &it.keys, &it.include, it.nulls_not_distinct, &it.predicate))
            }
            _ => None,
        };
        let before = self.base.filter(|_| !self.anew.contains(&identity)).and_then(made_of);
        before.is_some() && before == made_of(self.catalog)
    }

    /// The names that an object takes, each with the space that it is unique in: two objects with one of them in common
    /// can't be there at once.
    pub fn slots(&self, identity: &Identity, object: &Object) -> Vec<(String, String)> {
        let slot = |space: &str, name: &str| (format!("{space} {}", identity.schema), name.to_owned());
        let mut slots = Vec::new();
        if identity.kind.is_relation() {
            slots.push(slot("relation", &identity.name));
        }
        if identity.kind.is_type() || (identity.kind.is_relation() && !matches!(identity.kind, Kind::Index | Kind::Sequence)) {
            slots.push(slot("type", &identity.name));
        }
        if identity.kind.has_arguments() {
            slots.push(slot("routine", &format!("{}({})", identity.name, data_type::data_types(&identity.arguments))));
        }
        if let Definition::Constraint(constraint) = &object.definition {
            if constraint.has_index() {
                slots.push(slot("relation", &identity.name));
            }
            if matches!(constraint.kind, ConstraintKind::PrimaryKey(_)) {
                slots.push(slot("primary key", &identity.parent));
            }
            // It takes the name in all tables that it is handed down to.
            let mut tables = vec![identity.parent_name()];
            while let Some(table) = tables.pop() {
                if !constraint.has_index() && !constraint.no_inherit {
                    tables.extend(self.children.get(&table).into_iter().flatten().map(|child| child.qualified_name()));
                }
                slots.push((format!("constraint {table}"), identity.name.clone()));
            }
        }
        slots
    }

    fn with_cycles(catalog: &'a Catalog, cycles: &[Vec<&'a Identity>]) -> Self {
        let mut partitions: BTreeMap<&QualifiedName, Vec<&Identity>> = BTreeMap::new();
        let mut children: BTreeMap<&QualifiedName, Vec<&Identity>> = BTreeMap::new();
        for (identity, object) in catalog.of_kind(Kind::Table).chain(catalog.of_kind(Kind::ForeignTable)) {
            if let Some(partition) = table::partition_of(object) {
                partitions.entry(&partition.parent).or_default().push(identity);
            }
            for parent in table::parents(object) {
                children.entry(parent).or_default().push(identity);
            }
        }
        let cycles = cycles.iter().enumerate().flat_map(|(number, cycle)| cycle.iter().map(move |identity| (*identity, number))).collect();
        Self { catalog, base: None, anew: HashSet::new(), towards: None, major: NEWEST, online: false, partitions, children, cycles }
    }

    /// Writes what makes an object of the catalog: first the statement (or two, where the object is part of a cycle) that
    /// creates it, then those that say more of it.
    pub fn create(&self, identity: &Identity, object: &Object) -> Vec<Statement> {
        let mut statements = match &object.definition {
            Definition::Schema(it) => extension::schema(identity, object, it),
            Definition::Extension(it) => extension::extension(identity, object, it),
            Definition::AccessMethod(it) => extension::access_method(identity, object, it),
            Definition::Language(it) => extension::language(identity, object, it),
            Definition::Collation(it) => operator::collation(identity, object, it),
            Definition::Conversion(it) => operator::conversion(identity, object, it),
            Definition::BaseType(it) => types::base_type(identity, object, it),
            Definition::Enum(it) => types::enumeration(identity, object, it),
            Definition::Domain(it) => types::domain(self, identity, object, it),
            Definition::Composite(it) => types::composite(identity, object, it),
            Definition::Range(it) => types::range(self, identity, object, it),
            Definition::Sequence(it) => sequence::sequence(identity, object, it),
            Definition::Table(it) => table::table(self, identity, object, it),
            Definition::ForeignDataWrapper(it) => foreign::wrapper(identity, object, it),
            Definition::ForeignServer(it) => foreign::server(identity, object, it),
            Definition::UserMapping(it) => foreign::user_mapping(identity, object, it),
            Definition::ForeignTable(it) => table::foreign_table(self, identity, object, it),
            Definition::Constraint(it) => constraint::constraint(self, identity, object, it),
            Definition::Index(it) => index::index(self, identity, object, it),
            Definition::View(it) => view::view(self, identity, object, it),
            Definition::MaterializedView(it) => view::materialized_view(identity, object, it),
            Definition::Function(it) => routine::routine(self, identity, object, it),
            Definition::Procedure(it) => routine::routine(self, identity, object, it),
            Definition::Aggregate(it) => routine::aggregate(identity, object, it),
            Definition::Operator(it) => operator::operator(identity, object, it),
            Definition::OperatorFamily(it) => operator::family(identity, object, it),
            Definition::OperatorClass(it) => operator::class(identity, object, it),
            Definition::Cast(it) => operator::cast(identity, object, it),
            Definition::Transform(it) => extension::transform(identity, object, it),
            Definition::Trigger(it) => trigger::trigger(self, identity, object, it),
            Definition::EventTrigger(it) => trigger::event_trigger(identity, object, it),
            Definition::Rule(it) => trigger::rule(self, identity, object, it),
            Definition::Policy(it) => access::policy(identity, object, it),
            Definition::Statistics(it) => index::statistics(identity, object, it),
            Definition::TextSearchParser(it) => text_search::parser(identity, object, it),
            Definition::TextSearchTemplate(it) => text_search::template(identity, object, it),
            Definition::TextSearchDictionary(it) => text_search::dictionary(identity, object, it),
            Definition::TextSearchConfiguration(it) => text_search::configuration(identity, object, it),
            Definition::Publication(it) => replication::publication(identity, object, it),
            Definition::Subscription(it) => replication::subscription(identity, object, it),
            Definition::DefaultPrivileges(it) => access::default_privileges(identity, object, it),
        };
        if let (Definition::MaterializedView(view), true, Some(create)) = (&object.definition, self.base.is_some(), statements.first_mut())
        {
            let types = view.columns.iter().filter_map(|it| it.data_type.as_ref()).filter(|it| it.array);
            let demands = types.flat_map(|of| self.catalog.within(Kind::Constraint, &of.name));
            create.needs.extend(demands.map(|(identity, _)| identity.clone()));
        }
        statements.extend(attributes::attributes(self, identity, object));
        if !statements.iter().any(|statement| statement.creates.contains(identity)) {
            // Another object's statement makes this one, so what it needs must be there before anything is said of it.
            for statement in &mut statements {
                statement.needs.extend(object.dependencies.iter().map(|dependency| dependency.on.clone()));
            }
        }
        statements
    }

    /// The number of the cycle that an object is in, if any.
    fn cycle(&self, identity: &Identity) -> Option<usize> {
        self.cycles.get(identity).copied()
    }

    /// The first of these kinds that has an object of that name.
    fn find(&self, kinds: &[Kind], name: &QualifiedName) -> Option<(&'a Identity, &'a Object)> {
        kinds.iter().find_map(|kind| {
            let identity = Identity::new(*kind, name.schema.clone(), name.name.clone());
            self.catalog.get_key_value(&identity)
        })
    }

    /// The relation that something is on.
    fn relation(&self, name: &QualifiedName) -> Option<(&'a Identity, &'a Object)> {
        self.find(&[Kind::Table, Kind::ForeignTable, Kind::View, Kind::MaterializedView], name)
    }

    /// Whether a relation is a partitioned table.
    fn is_partitioned(&self, name: &QualifiedName) -> bool {
        matches!(self.find(&[Kind::Table], name), Some((_, Object { definition: Definition::Table(table), .. })) if table.partition_key.is_some())
    }

    /// The tables that have a table for a parent.
    fn children(&self, name: &QualifiedName) -> impl Iterator<Item = (&'a Identity, &'a Object)> + use<'_, 'a> {
        self.children.get(name).into_iter().flatten().filter_map(|identity| self.catalog.get_key_value(identity))
    }

    /// What is a partition of a table in the database as it is, and none of it in the catalog.
    fn partitions_gone(&self, name: &QualifiedName) -> Vec<Identity> {
        let Some(base) = self.base else { return Vec::new() };
        let is_partition = |object: &Object| table::partition_of(object).is_some_and(|it| it.parent == *name);
        let tables = base.of_kind(Kind::Table).chain(base.of_kind(Kind::ForeignTable)).filter(|(_, object)| is_partition(object));
        tables.filter(|(identity, _)| !self.catalog.get(identity).is_some_and(is_partition)).map(|(identity, _)| identity.clone()).collect()
    }

    /// The partitions of a table, which a statement that must find them attached needs.
    fn partitions(&self, name: &QualifiedName) -> impl Iterator<Item = Identity> + use<'_, 'a> {
        self.partitions.get(name).into_iter().flatten().map(|identity| (*identity).clone())
    }
}

/// How statements about objects of a kind say its name and what they can say of it.
struct Spelling {
    /// The words before the name, in `COMMENT ON` and `ALTER`.
    keyword: &'static str,
    /// Whether `ALTER … OWNER TO` exists.
    owner: bool,
    /// The words before the name in `GRANT`, where privileges exist.
    grant: Option<&'static str>,
}

/// The one place that knows what can be said of objects of a kind.
fn spelling(kind: Kind) -> Spelling {
    let plain = |keyword| Spelling { keyword, owner: false, grant: None };
    let owned = |keyword| Spelling { keyword, owner: true, grant: None };
    let granted = |keyword, grant| Spelling { keyword, owner: true, grant: Some(grant) };
    match kind {
        Kind::Schema => granted("SCHEMA", "SCHEMA"),
        Kind::Extension => plain("EXTENSION"),
        Kind::Language => granted("LANGUAGE", "LANGUAGE"),
        Kind::AccessMethod => plain("ACCESS METHOD"),
        Kind::Collation => owned("COLLATION"),
        Kind::Conversion => owned("CONVERSION"),
        Kind::BaseType => granted("TYPE", "TYPE"),
        Kind::Enum => granted("TYPE", "TYPE"),
        Kind::Domain => granted("DOMAIN", "DOMAIN"),
        Kind::Composite => granted("TYPE", "TYPE"),
        Kind::Range => granted("TYPE", "TYPE"),
        Kind::Sequence => granted("SEQUENCE", "SEQUENCE"),
        Kind::Table => granted("TABLE", "TABLE"),
        Kind::ForeignDataWrapper => granted("FOREIGN DATA WRAPPER", "FOREIGN DATA WRAPPER"),
        Kind::ForeignServer => granted("SERVER", "FOREIGN SERVER"),
        Kind::UserMapping => plain("USER MAPPING"),
        Kind::ForeignTable => granted("FOREIGN TABLE", "TABLE"),
        Kind::Constraint => plain("CONSTRAINT"),
        Kind::Index => plain("INDEX"),
        Kind::View => granted("VIEW", "TABLE"),
        Kind::MaterializedView => granted("MATERIALIZED VIEW", "TABLE"),
        Kind::Function => granted("FUNCTION", "FUNCTION"),
        Kind::Procedure => granted("PROCEDURE", "PROCEDURE"),
        Kind::Aggregate => granted("AGGREGATE", "FUNCTION"),
        Kind::Operator => owned("OPERATOR"),
        Kind::OperatorFamily => owned("OPERATOR FAMILY"),
        Kind::OperatorClass => owned("OPERATOR CLASS"),
        Kind::Cast => plain("CAST"),
        Kind::Transform => plain("TRANSFORM"),
        Kind::Trigger => plain("TRIGGER"),
        Kind::EventTrigger => owned("EVENT TRIGGER"),
        Kind::Rule => plain("RULE"),
        Kind::Policy => plain("POLICY"),
        Kind::Statistics => owned("STATISTICS"),
        Kind::TextSearchParser => plain("TEXT SEARCH PARSER"),
        Kind::TextSearchTemplate => plain("TEXT SEARCH TEMPLATE"),
        Kind::TextSearchDictionary => owned("TEXT SEARCH DICTIONARY"),
        Kind::TextSearchConfiguration => owned("TEXT SEARCH CONFIGURATION"),
        Kind::Publication => owned("PUBLICATION"),
        Kind::Subscription => owned("SUBSCRIPTION"),
        Kind::DefaultPrivileges => plain("DEFAULT PRIVILEGES"),
    }
}
