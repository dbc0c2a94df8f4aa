//! DDL text becomes a catalog: statements are parsed, then replayed in order as the server would run them.
//!
//! Each family of statements has a file; [`apply`] is the one place that knows which. A statement that fails, or that is
//! not modelled, is reported by its place and leaves the catalog as it was. To add a statement: a function
//! `fn(&mut State, &XStmt, Place) -> Outcome` in its family's file, and one line in [`apply`].

mod access_method;
mod address;
pub(crate) mod aggregate;
mod alter;
mod alter_column;
mod alter_partition;
pub(crate) mod base_type;
mod bound;
mod builtin;
pub(crate) mod canonical;
mod collation;
pub(crate) mod column;
pub(crate) mod comment;
pub(crate) mod constraint;
mod conversion;
mod data;
pub(crate) mod dependency;
mod domain;
mod drop;
mod evaluation;
mod extension;
pub(crate) mod foreign;
pub(crate) mod grant;
pub(crate) mod index;
mod language;
mod like;
pub(crate) mod members;
mod mention;
pub(crate) mod names;
pub(crate) mod operator;
pub(crate) mod options;
mod owned;
mod partition;
mod policy;
mod procedural;
mod rename;
pub(crate) mod replication;
pub(crate) mod resolve;
pub(crate) mod routine;
pub(crate) mod rule;
mod schema;
mod sequence;
mod session;
mod settings;
pub mod source;
pub(crate) mod split;
pub(crate) mod state;
mod statement;
pub(crate) mod statistics;
pub(crate) mod table;
pub(crate) mod text_search;
mod transaction;
pub(crate) mod trigger;
pub(crate) mod types;
pub(crate) mod view;

use std::collections::HashMap;

use pg_query::NodeEnum;
use pg_query::protobuf::{DefineStmt, ObjectType};

use super::Captured;
use crate::catalog::{Catalog, Identity};
use resolve::Unresolved;
use state::State;

pub use data::data_statements;
pub use session::Session;

/// One file of DDL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The name as the user would say it; `<stdin>` for standard input.
    pub name: String,
    /// The text.
    pub text: String,
    /// How it is run.
    pub session: Session,
}

impl Input {
    /// A file that psql runs.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), session: Session::PSQL }
    }
}

/// A place in the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which input.
    pub(crate) file: usize,
    /// The first byte.
    pub(crate) offset: usize,
    /// How many bytes.
    pub(crate) length: usize,
}

impl Place {
    /// The point in a statement that a node's `location` says; the whole statement where it says nothing.
    pub(crate) fn inside(self, location: i32) -> Self {
        match usize::try_from(location) {
            Ok(location) if location <= self.length => Self { offset: self.offset + location, length: 0, ..self },
            _ => self,
        }
    }
}

/// Why a statement can't be replayed: what the server would have answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// The byte offset in the statement.
    pub(crate) location: Option<i32>,
    /// Whether the statement is about something that is not modelled: then it is left out, which is no error.
    pub(crate) left_out: bool,
}

/// What a statement's replay comes to.
pub(crate) type Outcome = Result<(), Problem>;

impl Problem {
    /// A problem of the statement as a whole.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, location: None, left_out: false }
    }

    /// A statement about something that is not modelled.
    pub(crate) fn left_out(message: impl Into<String>) -> Self {
        Self { left_out: true, ..Self::new(message) }
    }

    /// The same problem at a node's `location`.
    pub(crate) fn at(mut self, location: i32) -> Self {
        self.location = (location >= 0).then_some(location);
        self
    }

    /// The same problem with advice.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Unresolved> for Problem {
    fn from(it: Unresolved) -> Self {
        let hint = it.nearest.map(|nearest| format!("did you mean `{nearest}`?"));
        Self { message: format!("{} `{}` does not exist", it.what, it.name), hint, location: it.location, left_out: false }
    }
}

/// Parses and replays DDL.
///
/// One batch of statements is replayed while the next is parsed. Findings come in the order of the source.
pub fn parse(inputs: &[Input]) -> Captured {
    run(State::new(inputs), inputs)
}

/// Replays DDL on a schema that is there already, as a migration is run on a database.
///
/// The schema must be whole: what an object of it needs must be in it. What the server would refuse is an error among the
/// findings, and leaves the schema as it was before that statement.
pub fn replay(catalog: Catalog, inputs: &[Input]) -> Captured {
    run(State::over(catalog, inputs), inputs)
}

/// Tells anew what some objects of a schema need, from what they are, and which columns of views are never NULL.
pub fn with_needs_told(catalog: Catalog, of: &[Identity]) -> Catalog {
    split::on_deep_stack(|| {
        let mut state = State::over(catalog, &[]);
        of.iter().for_each(|identity| dependency::refresh(&mut state, identity));
        view::tell_not_null_again(&mut state);
        state.finish().0
    })
}

fn run(mut state: State<'_>, inputs: &[Input]) -> Captured {
    split::on_deep_stack(|| {
        let mut file = None;
        let findings = split::for_each_batch(inputs, |batch| {
            for statement in &batch {
                if file != Some(statement.at.file) {
                    session::go_on(&mut state, inputs, file, Some(statement.at.file));
                    file = Some(statement.at.file);
                }
                apply(&mut state, &statement.node, statement.at);
            }
            batch
        });
        session::go_on(&mut state, inputs, file, None);
        state.extend_diagnostics(findings);
        constraint::settle_foreign_keys(&mut state);
        view::tell_not_null_again(&mut state);
        let (catalog, mut diagnostics) = state.finish();
        let files: HashMap<&str, usize> = inputs.iter().enumerate().map(|(file, input)| (input.name.as_str(), file)).collect();
        diagnostics.sort_by_key(|it| it.span.as_ref().map(|span| (files.get(span.file.as_str()).copied(), span.line, span.column)));
        Captured { catalog, diagnostics }
    })
}

/// Replays one statement, and reports what comes of it.
fn apply(state: &mut State<'_>, node: &NodeEnum, at: Place) {
    let outcome = dispatch(state, node, at).and_then(|()| transaction::drop_on_commit(state));
    state.report_missing_functions(at, outcome.is_err());
    if let Err(problem) = outcome {
        state.fail(problem, at);
    }
}

/// Which function replays which statement: one line a kind.
fn dispatch(state: &mut State<'_>, node: &NodeEnum, at: Place) -> Outcome {
    match node {
        NodeEnum::CreateSchemaStmt(it) => schema::create(state, it, at),
        NodeEnum::CreateExtensionStmt(it) => extension::create(state, it, at),
        NodeEnum::CreateEnumStmt(it) => types::create_enum(state, it, at),
        NodeEnum::AlterTypeStmt(it) => base_type::alter(state, it, at),
        NodeEnum::AlterEnumStmt(it) => types::alter_enum(state, it, at),
        NodeEnum::CompositeTypeStmt(it) => types::create_composite(state, it, at),
        NodeEnum::CreateRangeStmt(it) => types::create_range(state, it, at),
        NodeEnum::CreateDomainStmt(it) => domain::create(state, it, at),
        NodeEnum::AlterDomainStmt(it) => domain::alter(state, it, at),
        NodeEnum::CreateSeqStmt(it) => sequence::create(state, it, at),
        NodeEnum::AlterSeqStmt(it) => sequence::alter(state, it, at),
        NodeEnum::CreateStmt(it) => table::create(state, it, at),
        NodeEnum::CreateForeignTableStmt(it) => table::create_foreign(state, it, at),
        NodeEnum::AlterTableStmt(it) => alter::apply(state, it, at),
        NodeEnum::ClusterStmt(it) => alter::cluster_statement(state, it, at),
        NodeEnum::IndexStmt(it) => index::create(state, it, at),
        NodeEnum::ViewStmt(it) => view::create(state, it, at),
        NodeEnum::CreateTableAsStmt(it) => view::create_as(state, it, at),
        NodeEnum::RefreshMatViewStmt(it) => view::refresh(state, it, at),
        NodeEnum::SelectStmt(it) => view::select(state, it, at),
        NodeEnum::DropStmt(it) => drop::apply(state, it, at),
        NodeEnum::RenameStmt(it) => rename::apply(state, it, at),
        NodeEnum::AlterObjectSchemaStmt(it) => rename::set_schema(state, it, at),
        NodeEnum::TransactionStmt(it) => transaction::apply(state, it, at),
        NodeEnum::VariableSetStmt(it) => settings::set(state, it, at),
        NodeEnum::AlterDatabaseSetStmt(it) => settings::alter_database(state, it, at),
        NodeEnum::DiscardStmt(it) => settings::discard(state, it, at),
        NodeEnum::AlterExtensionStmt(it) => extension::alter(state, it, at),
        NodeEnum::CreateFunctionStmt(it) => routine::create(state, it, at),
        NodeEnum::AlterFunctionStmt(it) => routine::alter(state, it, at),
        NodeEnum::DefineStmt(it) => define(state, it, at),
        NodeEnum::CreateTrigStmt(it) => trigger::create(state, it, at),
        NodeEnum::CreateEventTrigStmt(it) => trigger::create_event_trigger(state, it, at),
        NodeEnum::AlterEventTrigStmt(it) => trigger::alter_event_trigger(state, it, at),
        NodeEnum::RuleStmt(it) => rule::create(state, it, at),
        NodeEnum::CreatePolicyStmt(it) => policy::create(state, it, at),
        NodeEnum::AlterPolicyStmt(it) => policy::alter(state, it, at),
        NodeEnum::CommentStmt(it) => comment::comment(state, it, at),
        NodeEnum::SecLabelStmt(it) => comment::security_label(state, it, at),
        NodeEnum::AlterOwnerStmt(it) => comment::owner(state, it, at),
        NodeEnum::AlterObjectDependsStmt(it) => comment::depends_on_extension(state, it, at),
        NodeEnum::GrantStmt(it) => grant::grant(state, it, at),
        NodeEnum::AlterDefaultPrivilegesStmt(it) => grant::default_privileges(state, it, at),
        NodeEnum::AlterOperatorStmt(it) => operator::alter(state, it, at),
        NodeEnum::CreateOpFamilyStmt(it) => operator::create_family(state, it, at),
        NodeEnum::AlterOpFamilyStmt(it) => operator::alter_family(state, it, at),
        NodeEnum::CreateOpClassStmt(it) => operator::create_class(state, it, at),
        NodeEnum::CreateAmStmt(it) => access_method::create(state, it, at),
        NodeEnum::CreateConversionStmt(it) => conversion::create(state, it, at),
        NodeEnum::CreateCastStmt(it) => operator::create_cast(state, it, at),
        NodeEnum::CreatePlangStmt(it) => language::create(state, it, at),
        NodeEnum::CreateTransformStmt(it) => language::create_transform(state, it, at),
        NodeEnum::CreateStatsStmt(it) => statistics::create(state, it, at),
        NodeEnum::AlterStatsStmt(it) => statistics::alter(state, it, at),
        NodeEnum::AlterTsdictionaryStmt(it) => text_search::alter_dictionary(state, it, at),
        NodeEnum::AlterTsconfigurationStmt(it) => text_search::alter_configuration(state, it, at),
        NodeEnum::CreateFdwStmt(it) => foreign::create_wrapper(state, it, at),
        NodeEnum::AlterFdwStmt(it) => foreign::alter_wrapper(state, it, at),
        NodeEnum::CreateForeignServerStmt(it) => foreign::create_server(state, it, at),
        NodeEnum::AlterForeignServerStmt(it) => foreign::alter_server(state, it, at),
        NodeEnum::CreateUserMappingStmt(it) => foreign::create_mapping(state, it, at),
        NodeEnum::AlterUserMappingStmt(it) => foreign::alter_mapping(state, it, at),
        NodeEnum::DropUserMappingStmt(it) => foreign::drop_mapping(state, it, at),
        NodeEnum::CreatePublicationStmt(it) => replication::create_publication(state, it, at),
        NodeEnum::AlterPublicationStmt(it) => replication::alter_publication(state, it, at),
        NodeEnum::CreateSubscriptionStmt(it) => replication::create_subscription(state, it, at),
        NodeEnum::AlterSubscriptionStmt(it) => replication::alter_subscription(state, it, at),
        NodeEnum::ReassignOwnedStmt(it) => owned::reassign(state, it, at),
        NodeEnum::DropOwnedStmt(it) => owned::drop_owned(state, it, at),
        NodeEnum::AlterTableMoveAllStmt(it) => alter::move_all(state, it, at),
        NodeEnum::DropSubscriptionStmt(it) => replication::drop_subscription(state, it, at),
        NodeEnum::DoStmt(it) => procedural::apply(state, it, at),
        NodeEnum::CallStmt(it) => procedural::call(state, it, at),
        other => {
            if let Some(statement) = statement::not_modelled(other) {
                state.not_modelled(at, statement);
            }
            Ok(())
        }
    }
}

/// The statements that the grammar has as one: `CREATE AGGREGATE`, `OPERATOR`, `COLLATION`, `TEXT SEARCH …`, `TYPE name (…)`.
fn define(state: &mut State<'_>, node: &DefineStmt, at: Place) -> Outcome {
    match node.kind() {
        ObjectType::ObjectAggregate => aggregate::create(state, node, at),
        ObjectType::ObjectOperator => operator::create(state, node, at),
        ObjectType::ObjectCollation => collation::create(state, node, at),
        ObjectType::ObjectTsparser | ObjectType::ObjectTstemplate | ObjectType::ObjectTsdictionary | ObjectType::ObjectTsconfiguration => {
            text_search::create(state, node, at)
        }
        _ => base_type::create(state, node, at),
    }
}
