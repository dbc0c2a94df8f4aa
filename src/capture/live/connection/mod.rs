//! The way to a running server: where it is, who we are, and scripts of queries sent over the connection.
//!
//! What users of libpq know works here: URLs and words, services, password files, the environment, several servers, TLS. What is
//! asked is the business of the modules beside this one. Async stays inside: callers see plain functions that return when the
//! server has answered.
//!
//! | file | knows |
//! |---|---|
//! | `settings` | how a connection string is spelled, and what completes it |
//! | `service`, `passfile` | the files that libpq reads |
//! | `target` | what the settings mean |
//! | `tls` | certificates |
//! | `dial` | in which order what is tried |
//! | `error` | how failures are told |
//!
//! No secret leaves this module: [`Target`] hides them when it is shown, and no error holds a value of a connection string.

mod dial;
mod error;
mod passfile;
mod service;
mod settings;
mod target;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{CancelToken, Client, SimpleQueryMessage};

pub use error::ConnectionError;
pub use settings::is_connection_string;
use target::Secret;
pub use target::Target;

/// How long things may take. What the connection string or the session says itself comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// A connection, for each server.
    pub connect: Duration,
    /// A query.
    pub statement: Duration,
    /// Waiting for a lock that another session holds.
    pub lock: Duration,
}

impl Timeouts {
    /// What is enough for a healthy server, and ends before anybody wonders whether the program hangs.
    pub const STANDARD: Self =
        Self { connect: Duration::from_secs(15), statement: Duration::from_secs(300), lock: Duration::from_secs(30) };
}

/// An open connection. It closes when it goes.
pub struct Connection {
    runtime: Runtime,
    client: Client,
    route: dial::Route,
    major: u32,
    timeouts: Timeouts,
    warnings: Vec<String>,
    cancelled: Arc<AtomicBool>,
}

/// Stops what a connection does, from another thread.
#[derive(Clone)]
pub struct Canceller {
    token: CancelToken,
    route: dial::Route,
    /// Whether it was asked to.
    cancelled: Arc<AtomicBool>,
}

/// Connects to a server that is named as libpq's are: by a URL, or by words like `host=… dbname=…`.
///
/// # Errors
/// If the target is malformed, or the server can't be reached or refuses us.
pub fn connect(target: &str) -> Result<Connection, ConnectionError> {
    Target::read(target)?.connect(&Timeouts::STANDARD)
}

impl Target {
    /// Connects to the first of its servers that can be used.
    ///
    /// # Errors
    /// If none can be reached, or the one that is reached refuses us.
    pub fn connect(&self, timeouts: &Timeouts) -> Result<Connection, ConnectionError> {
        let runtime = runtime()?;
        let target = Self { connect_timeout: Some(self.connect_timeout.unwrap_or(timeouts.connect)), ..self.clone() };
        let dial::Session { client, route, major, warnings } = runtime.block_on(dial::session(&target))?;
        Ok(Connection { runtime, client, route, major, timeouts: *timeouts, warnings, cancelled: Arc::default() })
    }
}

fn runtime() -> Result<Runtime, ConnectionError> {
    Builder::new_current_thread().enable_all().build().map_err(ConnectionError::System)
}

impl Connection {
    /// What the user should know of how the connection came about.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The server's major version.
    pub(super) fn major(&self) -> u32 {
        self.major
    }

    /// What stops a query of this connection.
    pub fn canceller(&self) -> Canceller {
        Canceller { token: self.client.cancel_token(), route: self.route.clone(), cancelled: Arc::clone(&self.cancelled) }
    }

    /// Statements that set the limits for the transaction that they stand in, where the session has none of its own. Each
    /// gives a row.
    pub(super) fn limits(&self) -> [String; 2] {
        let limit = |name: &str, limit: Duration| {
            let milliseconds = limit.as_millis();
            format!(
                "SELECT pg_catalog.set_config('{name}', CASE pg_catalog.current_setting('{name}') WHEN '0' THEN '{milliseconds}ms' \
                 ELSE pg_catalog.current_setting('{name}') END, true)"
            )
        };
        let Timeouts { connect: _, statement, lock } = self.timeouts;
        [limit("statement_timeout", statement), limit("lock_timeout", lock)]
    }

    /// Sends a script in one round trip and returns the first column of what each of its statements gives, as text. An
    /// error ends the script.
    ///
    /// # Errors
    /// If the server refuses a statement, or goes away.
    pub(in crate::capture) fn run(&self, script: &str) -> Result<Vec<Vec<String>>, ConnectionError> {
        let messages = self.runtime.block_on(self.client.simple_query(script));
        let messages = messages.map_err(|error| {
            let cancelled = self.cancelled.load(Ordering::Acquire);
            ConnectionError::in_query(&error, &self.route.endpoint.to_string(), cancelled)
        })?;
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

impl Canceller {
    /// Asks the server to stop the query that runs. It answers nothing; the query ends with an error, if it hasn't ended before.
    ///
    /// # Errors
    /// If the server can't be reached.
    pub fn cancel(&self) -> Result<(), ConnectionError> {
        self.cancelled.store(true, Ordering::Release);
        runtime()?.block_on(self.route.cancel(self.token.clone()))
    }
}
