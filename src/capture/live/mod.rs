//! How a schema is read from a running server: a fixed number of queries in one read-only transaction.
//!
//! Each kind has a file that holds its query and what becomes of its rows. This module must not know how the server was
//! reached; that is [`connection`]'s.

pub mod connection;

use super::Captured;
use connection::{Connection, ConnectionError};

/// Which part of a database is captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The schemas; `None` is all that are not PostgreSQL's own.
    pub schemas: Option<Vec<String>>,
}

/// Why a database could not be captured.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The server refused, or went away.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
}

/// Captures the schema of the database that the connection is to.
///
/// # Errors
/// If the server refuses a query, or goes away.
pub fn capture(connection: &Connection, wanted: &Wanted) -> Result<Captured, CaptureError> {
    let _ = wanted;
    connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; COMMIT")?;
    Ok(Captured::default())
}
