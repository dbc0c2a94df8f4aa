//! The way to a running server: a connection, and scripts of queries sent over it.
//!
//! Everything about where the server is and who we are belongs here; what is asked is the business of the modules beside
//! this one. Async stays inside: callers see plain functions that return when the server has answered.

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

/// An open connection. It closes when it goes.
pub struct Connection {
    runtime: Runtime,
    client: Client,
}

/// Why a server could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The target can't be understood, or there is no way to it.
    #[error("cannot connect: {0}")]
    Connect(#[source] tokio_postgres::Error),
    /// The server refused a query, or went away.
    #[error("{}", said(.0))]
    Query(#[source] tokio_postgres::Error),
    /// The operating system has no room for the connection's machinery.
    #[error("cannot connect: {0}")]
    System(#[from] std::io::Error),
}

/// What the server said, else what happened to the connection.
fn said(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(it) => format!("the server says: {} ({})", it.message(), it.code().code()),
        None => error.to_string(),
    }
}

/// Connects to a server: a URL or key-value words as libpq has them.
///
/// # Errors
/// If the target is malformed, or the server can't be reached or refuses us.
pub fn connect(target: &str) -> Result<Connection, ConnectionError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let config: Config = target.parse().map_err(ConnectionError::Connect)?;
    let client = runtime.block_on(async {
        let (client, connection) = config.connect(NoTls).await?;
        // What goes wrong on the way is told to whoever waits for an answer.
        tokio::spawn(async move { connection.await.ok() });
        Ok(client)
    });
    Ok(Connection { runtime, client: client.map_err(ConnectionError::Connect)? })
}

impl Connection {
    /// Sends a script in one round trip and returns the first column of what each of its statements gives, as text. An
    /// error ends the script.
    ///
    /// # Errors
    /// If the server refuses a statement, or goes away.
    pub(super) fn run(&self, script: &str) -> Result<Vec<Vec<String>>, ConnectionError> {
        let messages = self.runtime.block_on(self.client.simple_query(script)).map_err(ConnectionError::Query)?;
        let mut results = Vec::new();
        let mut rows = Vec::new();
        for message in messages {
            match message {
                SimpleQueryMessage::Row(row) => rows.push(row.get(0).unwrap_or_default().to_owned()),
                SimpleQueryMessage::CommandComplete(_) => results.push(std::mem::take(&mut rows)),
                _ => {}
            }
        }
        Ok(results)
    }
}
