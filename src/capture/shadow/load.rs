//! DDL text, run on a throw-away server as its tool would run it.
//!
//! Statements are cut as they are for the replay, and sent one by one, so that the server's errors have a place. What makes no schema and
//! looks outside of the database is left alone: `COPY`, and statements about databases, tablespaces and the server itself. Roles that
//! nobody makes are made, for a script does not bring those of its server along.

use pg_query::NodeEnum;
use pg_query::protobuf::{ObjectType, TransactionStmtKind};
use thiserror::Error;

use super::{Cluster, ShadowError, start};
use crate::capture::Captured;
use crate::capture::live::connection::{self, Connection, ConnectionError};
use crate::capture::live::{self, CaptureError};
use crate::capture::script::split::{self, Places};
use crate::capture::script::{Input, Place};
use crate::diagnostic::{Diagnostic, Severity};

/// Why DDL text is not in a throw-away server.
#[derive(Debug, Error)]
pub enum LoadError {
    /// There is no server.
    #[error(transparent)]
    Shadow(#[from] ShadowError),
    /// The grammar or the server refuses statements.
    #[error("the server does not take the DDL")]
    Refused(Vec<Diagnostic>),
    /// The server went away.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// What is loaded can't be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
}

/// Loads DDL text into a new throw-away server of a major version, or of the newest that is installed, and captures what comes of it.
///
/// # Errors
/// If there is no such server, or a statement is refused; then the place is in the findings.
pub fn capture(inputs: &[Input], major: Option<u32>) -> Result<Captured, LoadError> {
    const DATABASE: &str = "shadow";
    let cluster = start(major)?;
    let dsn = cluster.database(DATABASE)?;
    load(&cluster, DATABASE, inputs)?;
    Ok(live::capture(&connection::connect(&dsn)?)?)
}

/// What is done, in order.
enum Command {
    /// A connection of its own for what follows.
    Connect,
    /// A statement of ours.
    Say(&'static str),
    /// A statement of the text.
    Run(Place, Transaction),
}

/// What a statement does with transactions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transaction {
    Begins,
    Ends,
    Goes,
}

/// Runs DDL text in a database of a throw-away server.
///
/// # Errors
/// If a statement is refused; those before it have been run.
pub fn load(cluster: &Cluster, database: &str, inputs: &[Input]) -> Result<(), LoadError> {
    let commands = commands(inputs).map_err(LoadError::Refused)?;
    let dsn = cluster.dsn(database);
    let mut connection: Option<Connection> = None;
    let mut begun: Option<usize> = None;
    let mut at = 0;
    while let Some(command) = commands.get(at) {
        if matches!(command, Command::Connect) || connection.is_none() {
            connection = Some(connection::connect(&dsn)?);
            begun = None;
        }
        let Some(open) = &connection else { continue };
        let (sql, transaction) = match command {
            Command::Connect => ("", Transaction::Goes),
            Command::Say("BEGIN") => ("BEGIN", Transaction::Begins),
            Command::Say(sql) => (*sql, if *sql == "COMMIT" { Transaction::Ends } else { Transaction::Goes }),
            Command::Run(place, transaction) => (&inputs[place.file].text[place.offset..place.offset + place.length], *transaction),
        };
        match open.run(sql) {
            Ok(_) => {
                begun = match transaction {
                    Transaction::Begins => begun.or(Some(at)),
                    Transaction::Ends => None,
                    Transaction::Goes => begun,
                };
                at += 1;
            }
            Err(error) => match (missing_role(&error), command) {
                (Some(role), _) if make_role(cluster, &role).is_ok() => {
                    if let Some(begin) = begun.take() {
                        open.run("ROLLBACK")?;
                        at = begin;
                    }
                }
                (_, Command::Run(place, _)) => return Err(refused(error, inputs, *place)),
                _ => return Err(error.into()),
            },
        }
    }
    Ok(())
}

/// The statements with what their tool does around them.
fn commands(inputs: &[Input]) -> Result<Vec<Command>, Vec<Diagnostic>> {
    let mut statements: Vec<Vec<Command>> = inputs.iter().map(|_| Vec::new()).collect();
    let mut findings = split::on_deep_stack(|| {
        split::for_each_batch(inputs, |batch| {
            for statement in batch.iter().filter(|it| !is_passed_over(&it.node)) {
                statements[statement.at.file].push(Command::Run(statement.at, transaction(&statement.node)));
            }
            batch
        })
    });
    findings.retain(|it| it.severity == Severity::Error);
    if !findings.is_empty() {
        return Err(findings);
    }
    let mut commands = Vec::new();
    for (input, statements) in inputs.iter().zip(statements) {
        match (input.session.connects, input.session.resets) {
            (true, _) => commands.push(Command::Connect),
            (false, true) => commands.push(Command::Say("RESET ALL")),
            (false, false) => {}
        }
        // One statement is a transaction anyway, unless it refuses to be in one.
        let is_transaction = input.session.is_transaction && statements.len() > 1;
        if is_transaction {
            commands.push(Command::Say("BEGIN"));
        }
        commands.extend(statements);
        if is_transaction {
            commands.push(Command::Say("COMMIT"));
        }
    }
    Ok(commands)
}

/// Statements about what is not in the database, or not on the server.
fn is_passed_over(node: &NodeEnum) -> bool {
    match node {
        NodeEnum::CopyStmt(_)
        | NodeEnum::CreatedbStmt(_)
        | NodeEnum::DropdbStmt(_)
        | NodeEnum::AlterDatabaseStmt(_)
        | NodeEnum::AlterDatabaseSetStmt(_)
        | NodeEnum::AlterDatabaseRefreshCollStmt(_)
        | NodeEnum::AlterSystemStmt(_)
        | NodeEnum::CreateTableSpaceStmt(_)
        | NodeEnum::DropTableSpaceStmt(_)
        | NodeEnum::AlterTableSpaceOptionsStmt(_)
        | NodeEnum::LoadStmt(_) => true,
        NodeEnum::GrantStmt(it) => matches!(it.objtype(), ObjectType::ObjectDatabase | ObjectType::ObjectTablespace),
        NodeEnum::CommentStmt(it) => matches!(it.objtype(), ObjectType::ObjectDatabase | ObjectType::ObjectTablespace),
        NodeEnum::AlterOwnerStmt(it) => matches!(it.object_type(), ObjectType::ObjectDatabase | ObjectType::ObjectTablespace),
        _ => false,
    }
}

fn transaction(node: &NodeEnum) -> Transaction {
    let NodeEnum::TransactionStmt(it) = node else { return Transaction::Goes };
    match it.kind() {
        TransactionStmtKind::TransStmtBegin | TransactionStmtKind::TransStmtStart => Transaction::Begins,
        TransactionStmtKind::TransStmtCommit | TransactionStmtKind::TransStmtRollback if !it.chain => Transaction::Ends,
        _ => Transaction::Goes,
    }
}

/// The role that a statement names and nobody has made.
fn missing_role(error: &ConnectionError) -> Option<String> {
    let ConnectionError::Query { message, code, .. } = error else { return None };
    let name = message.strip_prefix("role \"")?.strip_suffix("\" does not exist")?;
    (code == "42704").then(|| name.to_owned())
}

fn make_role(cluster: &Cluster, name: &str) -> Result<(), ShadowError> {
    cluster.run("postgres", &format!("CREATE ROLE \"{}\"", name.replace('"', "\"\"")))
}

/// What the server says, at its place.
fn refused(error: ConnectionError, inputs: &[Input], place: Place) -> LoadError {
    let ConnectionError::Query { message, code, position, hint } = error else { return error.into() };
    let text = &inputs[place.file].text[place.offset..place.offset + place.length];
    let inside = position.and_then(|it| text.char_indices().nth(usize::try_from(it).ok()?.checked_sub(1)?)).map(|(offset, _)| offset);
    let at = inside.map_or(place, |offset| Place { offset: place.offset + offset, length: 0, ..place });
    let mut diagnostic = Diagnostic::error(format!("the server says: {message} ({code})")).at(Places::new(inputs).span(at));
    diagnostic.hint = hint;
    LoadError::Refused(vec![diagnostic])
}
