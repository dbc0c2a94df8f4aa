//! Why there is no connection, or no answer over it: what, where, why, and what to do. No message holds a password.

use tokio_postgres::error::{ErrorPosition, SqlState};

use super::target::{Endpoint, Target};
use crate::fs;

/// Why a server could not be asked, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The connection string is malformed, or asks for what can't be.
    #[error("{message}")]
    Target {
        /// What is wrong with it.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// Something that the connection string refers to is missing or unusable: a service, a certificate.
    #[error("{message}")]
    Setup {
        /// What is wrong with it.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A file can't be read.
    #[error(transparent)]
    File(#[from] fs::Error),
    /// Nothing listens there, or there is no way to it.
    #[error("can't reach a server at `{place}`: {reason}")]
    Unreachable {
        /// Where.
        place: String,
        /// Why.
        reason: String,
    },
    /// It took longer than the user is ready to wait.
    #[error("the server at `{place}` did not answer within {seconds} s")]
    Timeout {
        /// Where.
        place: String,
        /// How long that was.
        seconds: u64,
    },
    /// There is a server, but no secure way to talk with it.
    #[error("no TLS with the server at `{place}`: {reason}")]
    Tls {
        /// Where.
        place: String,
        /// Why.
        reason: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The server does not believe, or not let in, who we are.
    #[error("the server at `{place}` does not let in `{user}`: {reason}")]
    Authentication {
        /// Where.
        place: String,
        /// As whom.
        user: String,
        /// What the server says.
        reason: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The server has no such database.
    #[error("the server at `{place}` has no database `{database}`")]
    Database {
        /// Where.
        place: String,
        /// The database.
        database: String,
    },
    /// The server refuses for another reason.
    #[error("the server at `{place}` refuses the connection: {reason}")]
    Refused {
        /// Where.
        place: String,
        /// What the server says.
        reason: String,
        /// Whether another server of the list may be better.
        temporary: bool,
    },
    /// The server is not of the sort that `target_session_attrs` asks for.
    #[error("the server at `{place}` {found}, which is not what `target_session_attrs` asks for")]
    Session {
        /// Where.
        place: String,
        /// What it is.
        found: &'static str,
    },
    /// The server is older than what is supported.
    #[error("the server at `{place}` is PostgreSQL {version}, and 13 is the oldest that is supported")]
    TooOld {
        /// Where.
        place: String,
        /// What it calls itself.
        version: String,
    },
    /// None of several servers could be used.
    #[error("none of the servers could be used: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Several(
        /// Why, in the order in which they were tried.
        Vec<ConnectionError>,
    ),
    /// The server refused a statement.
    #[error("the server says: {message} ({code})")]
    Query {
        /// What it says.
        message: String,
        /// The SQLSTATE.
        code: String,
        /// Where in the statement, in characters from 1, if it says so.
        position: Option<u32>,
        /// The server's own advice, or what it adds.
        hint: Option<String>,
    },
    /// The connection ended before the answer was there.
    #[error("the connection to `{place}` was lost")]
    Lost {
        /// Where.
        place: String,
    },
    /// The server ended a statement, as a rule because it took longer than it may.
    #[error("the server at `{place}` ended a query: {message}")]
    Ended {
        /// Where.
        place: String,
        /// What it says.
        message: String,
    },
    /// Somebody holds a lock for too long.
    #[error("an object is locked by another session for longer than may be waited: {message}")]
    Locked {
        /// What the server says.
        message: String,
    },
    /// The user stopped the statement.
    #[error("the query was cancelled")]
    Cancelled,
    /// The operating system has no room for the connection's machinery.
    #[error("can't set up a connection")]
    System(#[source] std::io::Error),
}

impl ConnectionError {
    /// The same error of a connection string with advice.
    pub(super) fn hint(mut self, advice: impl Into<String>) -> Self {
        if let Self::Target { hint, .. } | Self::Setup { hint, .. } = &mut self {
            *hint = Some(advice.into());
        }
        self
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<String> {
        let fixed = match self {
            Self::Target { hint, .. } | Self::Setup { hint, .. } | Self::Tls { hint, .. } | Self::Authentication { hint, .. } => {
                return hint.clone();
            }
            Self::Several(errors) => return errors.iter().find_map(Self::advice),
            Self::Unreachable { .. } => "look whether the server runs and listens there, and whether host and port are right",
            Self::Timeout { .. } => "look at the network between, or wait longer with connect_timeout=… (in seconds)",
            Self::Database { .. } => "look at its name; `psql -l` lists the databases of a server",
            Self::Session { .. } => "name more servers, or another `target_session_attrs`",
            Self::TooOld { .. } => "write its DDL with `pg_dump --schema-only > schema.sql`, and use that file as the source",
            Self::Ended { .. } => "try again when there is less load, or raise `timeouts.statement`",
            Self::Locked { .. } => "try again when that session is done, or raise `timeouts.lock`",
            Self::Lost { .. } => "try again; the server's log may say why",
            Self::File(_) | Self::Refused { .. } | Self::Query { .. } | Self::Cancelled | Self::System(_) => return None,
        };
        Some(fixed.to_owned())
    }

    /// Whether the next server of the list is worth a try. As in libpq, one that was reached and said no ends the search.
    pub(super) fn tries_next(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::Tls { .. } | Self::Session { .. } => true,
            Self::Refused { temporary, .. } => *temporary,
            _ => false,
        }
    }

    /// Whether a query of the catalogs failed as they do when somebody drops an object meanwhile: functions like
    /// `pg_get_viewdef` look at the catalogs as they are now, whatever the transaction sees.
    pub(in crate::capture::live) fn is_of_a_change(&self) -> bool {
        let of_a_change = [
            SqlState::INTERNAL_ERROR,
            SqlState::UNDEFINED_TABLE,
            SqlState::UNDEFINED_COLUMN,
            SqlState::UNDEFINED_FUNCTION,
            SqlState::UNDEFINED_OBJECT,
        ];
        matches!(self, Self::Query { code, .. } if of_a_change.iter().any(|it| it.code() == code))
    }

    /// What went wrong while a connection was set up.
    pub(super) fn in_startup(error: &tokio_postgres::Error, endpoint: &Endpoint, target: &Target, ignored: Option<&str>) -> Self {
        let place = endpoint.to_string();
        let user = target.user.clone();
        let Some(said) = error.as_db_error() else {
            let reason = innermost(error);
            return match error.to_string().as_str() {
                "invalid configuration" if reason == "password missing" => Self::Authentication {
                    place,
                    user,
                    reason: "it asks for a password, and there is none".to_owned(),
                    hint: Some(match ignored {
                        Some(why) => format!("the password file was passed over: {why}"),
                        None => "give it in PGPASSWORD, or in a line of ~/.pgpass".to_owned(),
                    }),
                },
                "authentication error" => {
                    let hint = (reason == "server did not use channel binding")
                        .then(|| "channel_binding=require needs TLS and a SCRAM password on the server".to_owned());
                    Self::Authentication { place, user, reason, hint }
                }
                _ => Self::Unreachable { place, reason },
            };
        };
        let code = said.code();
        let reason = said.message().to_owned();
        if *code == SqlState::INVALID_PASSWORD {
            let hint = match ignored {
                Some(why) => format!("the password file was passed over: {why}"),
                None => "look at the user and at where the password comes from: the connection string, PGPASSWORD, ~/.pgpass".to_owned(),
            };
            Self::Authentication { place, user, reason, hint: Some(hint) }
        } else if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
            let hint = "who may come in, from where and how, stands in pg_hba.conf on the server".to_owned();
            Self::Authentication { place, user, reason, hint: Some(hint) }
        } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
            let hint = format!("the owner can allow it with `GRANT CONNECT ON DATABASE … TO {user}`");
            Self::Authentication { place, user, reason, hint: Some(hint) }
        } else if *code == SqlState::INVALID_CATALOG_NAME {
            Self::Database { place, database: target.database.clone() }
        } else {
            Self::Refused { place, reason, temporary: *code == SqlState::CANNOT_CONNECT_NOW }
        }
    }

    /// What went wrong with a statement, which `cancelled` may have been asked to stop.
    pub(super) fn in_query(error: &tokio_postgres::Error, place: &str, cancelled: bool) -> Self {
        let Some(said) = error.as_db_error() else { return Self::Lost { place: place.to_owned() } };
        let message = said.message().to_owned();
        let code = said.code();
        if *code == SqlState::QUERY_CANCELED {
            return if cancelled { Self::Cancelled } else { Self::Ended { place: place.to_owned(), message } };
        }
        if *code == SqlState::LOCK_NOT_AVAILABLE {
            return Self::Locked { message };
        }
        let gone = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::IDLE_SESSION_TIMEOUT];
        if gone.contains(code) {
            return Self::Lost { place: place.to_owned() };
        }
        let position = match said.position() {
            Some(ErrorPosition::Original(position)) => Some(*position),
            _ => None,
        };
        let hint = said.hint().or(said.detail()).map(str::to_owned);
        Self::Query { message, code: code.code().to_owned(), position, hint }
    }
}

/// The last of the reasons that an error has: the ones before only say at which step it was.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
