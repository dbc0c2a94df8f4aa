//! How a schema is read from a running server: a fixed number of queries in one read-only transaction.
//!
//! Each kind has a file that holds its queries and what becomes of their rows; expressions and needs come from the same
//! code as those of DDL text. First every object gets its place with what its row says, then what speaks of other
//! objects (expressions, queries, bodies) is read, when all names are there. This module must not know how the server
//! was reached; that is [`connection`]'s.
//!
//! A repeatable-read transaction is not enough: `pg_get_viewdef` and its sisters answer from the catalogs as they are
//! now. So the catalogs are summed up within the transaction and again after it; where the sums differ, somebody changed
//! the schema meanwhile, and it is read again.

mod access;
pub mod connection;
mod extension;
mod foreign;
mod known;
mod operator;
mod relation;
mod replication;
mod routine;
mod rows;
mod sequence;
mod size;
mod table;
mod text_search;
mod types;

use pg_query::protobuf::Node;

use super::Captured;
use crate::capture::expression::{self, Scope};
use crate::capture::script::canonical::{self, Canonical};
use crate::capture::script::split::on_deep_stack;
use crate::capture::script::state::State;
use crate::capture::script::{Problem, view};
use crate::catalog::{Definition, Expression, Identity, Object, Query};
use crate::diagnostic::{Diagnostic, Severity};
use connection::{Connection, ConnectionError};
use known::{Class, Known, Oid};
use rows::{Answers, Row, for_major};
pub use size::sizes;

/// Why a database could not be captured.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The server refused, or went away.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// An answer of the server's has another form than every known version gives it.
    #[error("an answer of the server is not understood: {0}")]
    Answer(String),
    /// The schema was changed every time that it was read.
    #[error("the schema was changed while it was read, {0} times in a row")]
    Changing(u32),
}

/// How often a schema that changes while it is read is read again.
const ATTEMPTS: u32 = 5;

/// What is the same for every session: names come qualified, values in one form. pg_dump sets the same (`setup_connection`),
/// apart from the time zone and the forms of money and bytes, which literals are printed in. Names come quoted, all of them:
/// a word may be a keyword to the grammar that reads it and none to the server that prints it.
const SESSION: &[&str] = &[
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL search_path = ''",
    "SET LOCAL datestyle = 'ISO'",
    "SET LOCAL intervalstyle = 'postgres'",
    "SET LOCAL extra_float_digits = 3",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL lc_monetary = 'C'",
    "SET LOCAL quote_all_identifiers = on",
    "SET LOCAL standard_conforming_strings = on",
    "SET LOCAL row_security = off",
];

/// A sum over the rows of the catalogs that a capture reads, by their numbers and the transactions that wrote them.
/// Temporary objects and TOAST tables of others come and go without a change of the schema.
///
/// No cast leads from a transaction's number to an integer but by text, which takes longer than all else together: `age` tells how far it lies behind now,
/// and the age of the first one there ever is how far now is. Rows of initdb have no age.
const FINGERPRINT: &str = "
    SELECT pg_catalog.sum(pg_catalog.hashint8extended(
        CASE pg_catalog.age(x) WHEN 2147483647 THEN 0 ELSE pg_catalog.age('3'::pg_catalog.xid)::int8 - pg_catalog.age(x) END,
        number * 64 + kind))::text FROM (
        SELECT 1 AS kind, oid::int8 AS number, xmin AS x FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_(temp|toast_temp)_'
        UNION ALL SELECT 2, c.oid::int8, c.xmin FROM pg_catalog.pg_class c WHERE c.relpersistence <> 't' AND c.relkind <> 't'
        UNION ALL SELECT 3, a.attrelid::int8 * 4096 + a.attnum, a.xmin FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_class c ON c.oid = a.attrelid WHERE c.relpersistence <> 't' AND c.relkind <> 't'
        UNION ALL SELECT 4, oid::int8, xmin FROM pg_catalog.pg_attrdef
        UNION ALL SELECT 5, i.indexrelid::int8, i.xmin FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_class c ON c.oid = i.indrelid WHERE c.relpersistence <> 't' AND c.relkind <> 't'
        UNION ALL SELECT 6, oid::int8, xmin FROM pg_catalog.pg_constraint
        UNION ALL SELECT 7, oid::int8, xmin FROM pg_catalog.pg_proc
        UNION ALL SELECT 8, t.oid::int8, t.xmin FROM pg_catalog.pg_type t
            JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname !~ '^pg_(temp|toast)'
        UNION ALL SELECT 9, oid::int8, xmin FROM pg_catalog.pg_enum
        UNION ALL SELECT 10, oid::int8, xmin FROM pg_catalog.pg_rewrite
        UNION ALL SELECT 11, oid::int8, xmin FROM pg_catalog.pg_trigger
        UNION ALL SELECT 12, oid::int8, xmin FROM pg_catalog.pg_policy
        UNION ALL SELECT 13, oid::int8, xmin FROM pg_catalog.pg_statistic_ext
        UNION ALL SELECT 14, oid::int8, xmin FROM pg_catalog.pg_extension
        UNION ALL SELECT 15, inhrelid::int8 * 4096 + inhparent::int8, xmin FROM pg_catalog.pg_inherits
    ) rows";

/// Every question, one a line.
const QUERIES: &[&str] = &[
    known::Database::QUERY,
    known::TypeName::QUERY,
    known::RoutineName::QUERY,
    known::Name::QUERY,
    known::OfExtension::QUERY,
    extension::OnMemberRow::QUERY,
    extension::SchemaRow::QUERY,
    extension::ExtensionRow::QUERY,
    extension::LanguageRow::QUERY,
    extension::AccessMethodRow::QUERY,
    extension::TransformRow::QUERY,
    extension::EventTriggerRow::QUERY,
    types::EnumRow::QUERY,
    types::DomainRow::QUERY,
    types::CompositeRow::QUERY,
    types::RangeRow::QUERY,
    types::BaseRow::QUERY,
    operator::CollationRow::QUERY,
    operator::ConversionRow::QUERY,
    operator::OperatorRow::QUERY,
    operator::FamilyRow::QUERY,
    operator::ClassRow::QUERY,
    operator::MemberOperatorRow::QUERY,
    operator::MemberFunctionRow::QUERY,
    operator::CastRow::QUERY,
    sequence::SequenceRow::QUERY,
    table::RelationRow::QUERY,
    table::ColumnRow::QUERY,
    table::ConstraintRow::QUERY,
    relation::IndexRow::QUERY,
    relation::ViewRow::QUERY,
    relation::TriggerRow::QUERY,
    relation::RuleRow::QUERY,
    relation::StatisticsRow::QUERY,
    routine::RoutineRow::QUERY,
    routine::AggregateRow::QUERY,
    access::PolicyRow::QUERY,
    access::DefaultPrivilegesRow::QUERY,
    access::CommentRow::QUERY,
    access::SecurityLabelRow::QUERY,
    foreign::WrapperRow::QUERY,
    foreign::ServerRow::QUERY,
    foreign::MappingRow::QUERY,
    replication::PublicationRow::QUERY,
    replication::PublishedTableRow::QUERY,
    replication::SubscriptionRow::QUERY,
    text_search::ParserRow::QUERY,
    text_search::TemplateRow::QUERY,
    text_search::DictionaryRow::QUERY,
    text_search::ConfigurationRow::QUERY,
];

/// Captures the schema of the database that the connection is to.
///
/// # Errors
/// If the server refuses a query or goes away, or if the schema does not hold still.
pub fn capture(connection: &Connection) -> Result<Captured, CaptureError> {
    let major = connection.major();
    let mut script: Vec<String> = SESSION.iter().map(|it| (*it).to_owned()).chain(connection.limits()).collect();
    let before_questions = script.len();
    script.push(FINGERPRINT.to_owned());
    script.extend(QUERIES.iter().map(|it| for_major(it, major)));
    script.push("COMMIT".to_owned());
    let script = script.join(";\n");
    let mut failed_at = None;
    for _ in 0..ATTEMPTS {
        let mut results = match connection.run(&script) {
            // An object may have been there for one question and gone for the next. If nothing has changed since the same
            // happened before, it is something else.
            Err(error) if error.is_of_a_change() => {
                connection.run("ROLLBACK")?;
                let now = connection.run(FINGERPRINT)?;
                if failed_at.replace(now.clone()) == Some(now) {
                    return Err(error.into());
                }
                continue;
            }
            results => results?,
        };
        let answers = results.split_off(before_questions);
        let mut answers = answers.into_iter();
        let before = answers.next();
        let answers = Answers::new(QUERIES, answers.collect());
        let after = connection.run(FINGERPRINT)?.pop();
        if before == after {
            return on_deep_stack(|| read(&answers));
        }
    }
    Err(CaptureError::Changing(ATTEMPTS))
}

/// The catalog so far, and what numbers mean.
struct Builder {
    state: State<'static>,
    known: Known,
    diagnostics: Vec<Diagnostic>,
}

/// From the server's answers to the catalog.
fn read(answers: &Answers) -> Result<Captured, CaptureError> {
    let mut builder = Builder { state: State::empty(), known: Known::new(answers)?, diagnostics: Vec::new() };
    let it = &mut builder;
    // What everything else is made of.
    extension::schemas(it, answers)?;
    extension::extensions(it, answers)?;
    extension::members(it);
    operator::collations(it, answers)?;
    operator::conversions(it, answers)?;
    extension::access_methods(it, answers)?;
    types::names(it, answers)?;
    foreign::wrappers_and_servers(it, answers)?;
    table::relations(it, answers)?;
    sequence::sequences(it, answers)?;
    extension::languages(it, answers)?;
    routine::routines(it, answers)?;
    operator::operators(it, answers)?;
    routine::aggregates(it, answers)?;
    types::types(it, answers)?;
    text_search::objects(it, answers)?;
    // What speaks of other objects.
    types::expressions(it, answers)?;
    relation::views(it, answers)?;
    routine::bodies(it, answers)?;
    table::expressions(it, answers)?;
    table::constraints(it, answers)?;
    relation::indexes(it, answers)?;
    table::references(it, answers)?;
    relation::triggers(it, answers)?;
    relation::rules(it, answers)?;
    relation::statistics(it, answers)?;
    access::policies(it, answers)?;
    extension::transforms(it, answers)?;
    extension::event_triggers(it, answers)?;
    replication::publications(it, answers)?;
    replication::subscriptions(it, answers)?;
    access::default_privileges(it, answers)?;
    access::comments(it, answers)?;
    access::security_labels(it, answers)?;
    access::depends_on_extensions(it, answers)?;
    extension::report_on_members(it, answers)?;
    view::tell_not_null_again(&mut builder.state);
    let Builder { state, mut diagnostics, .. } = builder;
    let (catalog, found) = state.finish();
    diagnostics.extend(found);
    Ok(Captured { catalog, diagnostics })
}

impl Builder {
    /// Puts an object in.
    fn put(&mut self, class: Class, oid: Oid, identity: Identity, object: Object) {
        self.known.add(class, oid, identity.clone());
        self.state.insert(identity, object);
    }

    /// An object with what every row says of it.
    fn object(&self, identity: &Identity, definition: Definition, owner: String, acl: Option<&[String]>) -> Object {
        let mut object = Object::new(definition);
        object.grants = acl.and_then(|acl| access::grants(identity, &owner, acl));
        object.owner = self.known.owner(owner);
        object.dependencies.extend(self.state.schema_dependency(&identity.schema));
        object
    }

    /// Reads a part of an object. Names in it that mean nothing to us stay as the server prints them, with a warning; what
    /// can't be read at all is an error.
    fn part<T>(&mut self, identity: &Identity, read: impl Fn(&State<'static>) -> Result<T, Problem>) -> Option<T> {
        let problem = match read(&self.state) {
            Ok(part) => return Some(part),
            Err(problem) => problem,
        };
        self.state.set_lenient(true);
        let again = read(&self.state);
        self.state.set_lenient(false);
        let (severity, said) = match &again {
            Ok(_) => (Severity::Warning, format!("{identity} names what is not known: {}", problem.message)),
            Err(_) => (Severity::Error, format!("{identity} can't be read: {}", problem.message)),
        };
        let mut diagnostic = Diagnostic::new(severity, said).about(identity.clone());
        diagnostic.hint = problem.hint;
        self.diagnostics.push(diagnostic);
        again.ok()
    }

    /// Changes an object in place.
    fn change(&mut self, identity: &Identity, change: impl FnOnce(&mut Object)) {
        self.state.change(identity, change);
    }
}

/// An expression that the server prints.
fn expression(state: &State<'_>, text: &str, scope: &Scope) -> Result<Canonical, Problem> {
    canonical::expression_in(state, &parse_expression(text)?, scope)
}

fn parse_expression(text: &str) -> Result<Node, Problem> {
    expression::parse_expression(&Expression(text.to_owned())).ok_or_else(|| not_understood(text))
}

/// A statement that the server prints.
fn parse_statement(text: &str) -> Result<Node, Problem> {
    expression::parse_query(&Query(text.to_owned())).ok_or_else(|| not_understood(text))
}

fn not_understood(text: &str) -> Problem {
    Problem::new(format!("what the server prints is not understood: {text}"))
}
