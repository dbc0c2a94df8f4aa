//! From one version of an object to another: `ALTER` where PostgreSQL has it, else the object is made anew.
//!
//! A family of kinds has a file with a function for each kind: `fn(&Altered, before, after) -> Alteration`. It takes the
//! new struct apart without `..`, so that a new field doesn't compile until somebody decides how it is altered. What every
//! kind has (owner, comment, grants, labels) is altered here, in [`attributes`].

mod access;
mod attributes;
mod column;
mod constraint;
mod dependent;
mod ease;
mod extension;
mod foreign;
mod index;
mod operator;
mod replication;
mod routine;
mod sequence;
mod table;
mod text_search;
mod trigger;
pub(super) mod types;
mod view;

pub use dependent::Dependent;

use super::{Statement, Writer};
use crate::catalog::{Definition, Dependency, Identity, Kind, Object};

/// How an object gets from one version to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alteration {
    /// By these statements, in this order. None at all where the two differ in nothing that a statement could change.
    Statements(Vec<Statement>),
    /// PostgreSQL has no way but to drop it and make it anew; the text says what can't be altered.
    Replace(&'static str),
}

/// Both versions of an object, and the catalogs that they stand in.
pub(super) struct Altered<'w, 'a> {
    pub(super) from: &'w Writer<'a>,
    pub(super) to: &'w Writer<'a>,
    pub(super) identity: &'w Identity,
    pub(super) before: &'w Object,
    pub(super) after: &'w Object,
}

impl Altered<'_, '_> {
    /// A statement that alters the object. It needs what the new version needs and the old one doesn't, as far as the
    /// statement speaks of it.
    pub(super) fn statement(&self, sql: String) -> Statement {
        self.speaking(sql, |it| !self.before.dependencies.iter().any(|old| old.on == it.on))
    }

    /// A statement that alters the object and needs all that it speaks of, also what the old version needed.
    pub(super) fn naming(&self, sql: String) -> Statement {
        self.speaking(sql, |_| true)
    }

    /// A statement that needs those of the new version's needs that count and that it speaks of.
    fn speaking(&self, sql: String, counts: impl Fn(&Dependency) -> bool) -> Statement {
        let statement = Statement::after(self.identity, sql);
        let named = self.after.dependencies.iter().filter(|it| counts(it) && dependent::mentions(&statement.sql, &it.on));
        let named: Vec<Identity> = named.map(|it| it.on.clone()).collect();
        statement.needing(named)
    }

    /// A statement that says the whole object again, in its place (`CREATE OR REPLACE`). It needs all that the object needs.
    pub(super) fn anew(&self, sql: String) -> Statement {
        let mut statement = Statement::creating(self.identity, self.after, sql);
        statement.needs.insert(self.identity.clone());
        statement
    }

    /// What makes the object, to be run while it is there: `CREATE OR REPLACE`. Only the first statement creates; those
    /// after it say more, of what wasn't said before.
    pub(super) fn again(&self, create: Vec<Statement>) -> Alteration {
        let replace = |sql: &str| match sql.strip_prefix("CREATE OR REPLACE ") {
            Some(_) => sql.to_owned(),
            None => sql.replacen("CREATE ", "CREATE OR REPLACE ", 1),
        };
        let mut statements = create.into_iter();
        let first = statements.next().map(|statement| {
            let mut statement = Statement { sql: replace(&statement.sql), ..statement };
            statement.needs.insert(self.identity.clone());
            statement
        });
        Alteration::Statements(first.into_iter().chain(statements).collect())
    }

    /// How the object is called in `ALTER` and `COMMENT ON`: `TABLE a.b`.
    pub(super) fn address(&self) -> String {
        super::attributes::address(self.to, self.identity, self.after)
    }
}

impl Alteration {
    /// The statements, or none.
    pub(super) fn one(statement: Option<Statement>) -> Self {
        Self::Statements(statement.into_iter().collect())
    }
}

impl<'a> Writer<'a> {
    /// Other objects that must be made anew for one to be made, and why.
    pub fn forces(&self, from: &Writer<'a>, identity: &Identity, object: &Object) -> Vec<(&'a Identity, &'static str)> {
        let before = from.catalog().get_key_value(identity);
        let domain = match (&object.definition, before.map(|(identity, before)| (identity, &before.definition))) {
            (Definition::Index(_), _) => return index::forces(from, self, identity),
            (Definition::Constraint(constraint), before) if constraint.validated && before.is_none_or(|it| *it.1 != object.definition) => {
                let parent = identity.parent_name();
                from.catalog().get_key_value(&Identity::new(Kind::Domain, parent.schema, parent.name)).map(|(domain, _)| domain)
            }
            (Definition::Domain(new), Some((domain, Definition::Domain(old)))) if new.not_null && !old.not_null => Some(domain),
            _ => None,
        };
        let Some(domain) = domain else { return Vec::new() };
        let within = types::containers(from.catalog(), domain);
        if within.iter().any(|it| it.kind == Kind::Table) {
            return vec![(domain, types::CONTAINED)];
        }
        within.into_iter().map(|view| (view, types::CONTAINED)).collect()
    }

    /// Writes what leads from an object of the catalog `from` to the one of the same identity in this writer's catalog.
    pub fn alter(&self, from: &Writer<'_>, identity: &Identity, before: &Object, after: &Object) -> Alteration {
        let it = &Altered { from, to: self, identity, before, after };
        let altered = match (&before.definition, &after.definition) {
            (Definition::Schema(old), Definition::Schema(new)) => extension::schema(it, old, new),
            (Definition::Extension(old), Definition::Extension(new)) => extension::extension(it, old, new),
            (Definition::Language(old), Definition::Language(new)) => extension::language(it, old, new),
            (Definition::AccessMethod(old), Definition::AccessMethod(new)) => extension::access_method(it, old, new),
            (Definition::Collation(old), Definition::Collation(new)) => operator::collation(it, old, new),
            (Definition::Conversion(old), Definition::Conversion(new)) => operator::conversion(it, old, new),
            (Definition::BaseType(old), Definition::BaseType(new)) => types::base_type(it, old, new),
            (Definition::Enum(old), Definition::Enum(new)) => types::enumeration(it, old, new),
            (Definition::Domain(old), Definition::Domain(new)) => types::domain(it, old, new),
            (Definition::Composite(old), Definition::Composite(new)) => types::composite(it, old, new),
            (Definition::Range(old), Definition::Range(new)) => types::range(it, old, new),
            (Definition::Sequence(old), Definition::Sequence(new)) => sequence::sequence(it, old, new),
            (Definition::Table(old), Definition::Table(new)) => table::table(it, old, new),
            (Definition::ForeignDataWrapper(old), Definition::ForeignDataWrapper(new)) => foreign::wrapper(it, old, new),
            (Definition::ForeignServer(old), Definition::ForeignServer(new)) => foreign::server(it, old, new),
            (Definition::UserMapping(old), Definition::UserMapping(new)) => foreign::user_mapping(it, old, new),
            (Definition::ForeignTable(old), Definition::ForeignTable(new)) => table::foreign_table(it, old, new),
            (Definition::Constraint(old), Definition::Constraint(new)) => constraint::constraint(it, old, new),
            (Definition::Index(old), Definition::Index(new)) => index::index(it, old, new),
            (Definition::View(old), Definition::View(new)) => view::view(it, old, new),
            (Definition::MaterializedView(old), Definition::MaterializedView(new)) => view::materialized_view(it, old, new),
            (Definition::Function(old), Definition::Function(new)) => routine::routine(it, old, new),
            (Definition::Procedure(old), Definition::Procedure(new)) => routine::routine(it, old, new),
            (Definition::Aggregate(old), Definition::Aggregate(new)) => routine::aggregate(it, old, new),
            (Definition::Operator(old), Definition::Operator(new)) => operator::operator(it, old, new),
            (Definition::OperatorFamily(old), Definition::OperatorFamily(new)) => operator::family(it, old, new),
            (Definition::OperatorClass(old), Definition::OperatorClass(new)) => operator::class(it, old, new),
            (Definition::Cast(old), Definition::Cast(new)) => operator::cast(it, old, new),
            (Definition::Transform(old), Definition::Transform(new)) => extension::transform(it, old, new),
            (Definition::Trigger(old), Definition::Trigger(new)) => trigger::trigger(it, old, new),
            (Definition::EventTrigger(old), Definition::EventTrigger(new)) => trigger::event_trigger(it, old, new),
            (Definition::Rule(old), Definition::Rule(new)) => trigger::rule(it, old, new),
            (Definition::Policy(old), Definition::Policy(new)) => access::policy(it, old, new),
            (Definition::Statistics(old), Definition::Statistics(new)) => index::statistics(it, old, new),
            (Definition::TextSearchParser(old), Definition::TextSearchParser(new)) => text_search::parser(it, old, new),
            (Definition::TextSearchTemplate(old), Definition::TextSearchTemplate(new)) => text_search::template(it, old, new),
            (Definition::TextSearchDictionary(old), Definition::TextSearchDictionary(new)) => text_search::dictionary(it, old, new),
            (Definition::TextSearchConfiguration(old), Definition::TextSearchConfiguration(new)) => {
                text_search::configuration(it, old, new)
            }
            (Definition::Publication(old), Definition::Publication(new)) => replication::publication(it, old, new),
            (Definition::Subscription(old), Definition::Subscription(new)) => replication::subscription(it, old, new),
            (Definition::DefaultPrivileges(old), Definition::DefaultPrivileges(new)) => access::default_privileges(it, old, new),
            // Both are of one identity, and so of one kind.
            _ => Alteration::Replace("its kind"),
        };
        match altered {
            Alteration::Statements(mut statements) => {
                let attributes = attributes::attributes(it);
                // What is taken from a relation is taken from its columns, too (sql-revoke.html, Notes): theirs comes after it.
                if attributes::has_column_grants(&it.after.definition) {
                    statements.splice(0..0, attributes);
                } else {
                    statements.extend(attributes);
                }
                Alteration::Statements(statements)
            }
            Alteration::Replace(why) => Alteration::Replace(why),
        }
    }
}
