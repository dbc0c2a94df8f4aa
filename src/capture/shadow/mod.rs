//! A throw-away PostgreSQL server from the programs on this machine: for what can't be computed from DDL, and for trying out what
//! was computed.
//!
//! It listens on a Unix socket in a temporary folder only and keeps nothing safe. Server and folder are gone when the [`Cluster`] goes,
//! and also when the program is interrupted, panics or is killed: a small script (`keeper.sh`) holds the server and ends with its
//! input. PostgreSQL refuses to run as root, so for root the script runs as `postgres`, or else as `nobody`.
//!
//! [`load`] runs DDL text on it. Neither knows what it is used for. It needs a Unix system.

mod load;

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use thiserror::Error;

use super::live::connection::{self, ConnectionError};
use crate::fs;

pub use load::{LoadError, capture, load};

/// What keeps the server; it says where its folder is.
const KEEPER: &str = include_str!("keeper.sh");

/// Folders in which installations keep a folder a major version, with `bin` in it.
const INSTALLATIONS: &[&str] =
    &["/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/Library/PostgreSQL"];

/// Why there is no server.
#[derive(Debug, Error)]
pub enum ShadowError {
    /// There are no programs to start one with.
    #[error("no PostgreSQL{} server is installed here{}; looked in {}", major(.wanted), only(.found), .places.join(", "))]
    NotInstalled {
        /// The major version that is wanted.
        wanted: Option<u32>,
        /// The major versions that are here.
        found: Vec<u32>,
        /// Where was looked.
        places: Vec<String>,
    },
    /// We are root, and there is nobody to run it as.
    #[error("PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as")]
    Root,
    /// It does not start.
    #[error("PostgreSQL in `{}` does not start: {reason}", .bin.display())]
    Start {
        /// The folder of its programs.
        bin: PathBuf,
        /// What it says.
        reason: String,
    },
    /// It refuses a statement, or went away.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
}

fn major(wanted: &Option<u32>) -> String {
    wanted.map_or_else(String::new, |it| format!(" {it}"))
}

fn only(majors: &[u32]) -> String {
    let majors: Vec<String> = majors.iter().map(u32::to_string).collect();
    if majors.is_empty() { String::new() } else { format!(", only {}", majors.join(", ")) }
}

impl ShadowError {
    /// What to do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotInstalled { .. } => Some(
                "install PostgreSQL's server programs (`initdb`, `pg_ctl`, `postgres`; the package `postgresql` or `postgresql-server`), or put the folder that has them on PATH",
            ),
            Self::Root => Some("run as a user other than root"),
            Self::Start { .. } | Self::Connection(_) => None,
        }
    }
}

/// A running throw-away server.
#[derive(Debug)]
pub struct Cluster {
    /// Its folder, where its socket is too.
    folder: String,
    major: u32,
    bin: PathBuf,
    keeper: Child,
}

/// Starts a server of a major version, or of the newest that is installed.
///
/// # Errors
/// If none is installed, or it does not start.
pub fn start(wanted: Option<u32>) -> Result<Cluster, ShadowError> {
    let mut installed = installed();
    installed.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    let Some((major, bin)) = installed.iter().find(|(major, _)| wanted.is_none_or(|it| it == *major)) else {
        let mut found: Vec<u32> = installed.iter().map(|(major, _)| *major).collect();
        found.dedup();
        let folders = INSTALLATIONS.iter().map(|it| format!("{it}/*/bin"));
        let places = ["PATH".to_owned(), "`pg_config --bindir`".to_owned()].into_iter().chain(folders).collect();
        return Err(ShadowError::NotInstalled { wanted, found, places });
    };
    let failed = |reason: String| ShadowError::Start { bin: bin.clone(), reason };
    let mut command = Command::new("sh");
    command.arg("-c").arg(KEEPER).arg("pgx-goose-shadow").arg(bin).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    unprivileged(&mut command)?;
    let mut keeper = command.spawn().map_err(|error| failed(error.to_string()))?;
    let mut folder = String::new();
    let read = keeper.stdout.take().map(|it| BufReader::new(it).read_line(&mut folder));
    let folder = folder.trim_end().to_owned();
    if !matches!(read, Some(Ok(_))) || folder.is_empty() {
        let mut said = String::new();
        // What it says is more than nothing, and all that there is.
        let _ = keeper.stderr.take().map(|mut it| it.read_to_string(&mut said));
        let _ = keeper.wait();
        let lines: Vec<&str> = said.lines().filter(|it| it.contains("error") || it.contains("FATAL") || it.contains("ERROR")).collect();
        return Err(failed(if lines.is_empty() { said.trim().to_owned() } else { lines.join("; ") }));
    }
    Ok(Cluster { folder, major: *major, bin: bin.clone(), keeper })
}

impl Cluster {
    /// The major version.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The folder of its programs.
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// The connection string of a database, made or not.
    pub fn dsn(&self, database: &str) -> String {
        let quoted = |it: &str| format!("'{}'", it.replace('\\', "\\\\").replace('\'', "\\'"));
        format!("host={} port=5432 user=postgres dbname={} sslmode=disable", quoted(&self.folder), quoted(database))
    }

    /// Makes an empty database and returns its connection string.
    ///
    /// # Errors
    /// If there is one of that name.
    pub fn database(&self, name: &str) -> Result<String, ShadowError> {
        self.run("postgres", &format!("CREATE DATABASE \"{}\" TEMPLATE template0", name.replace('"', "\"\"")))?;
        Ok(self.dsn(name))
    }

    /// Runs SQL in a database: several statements are one transaction, unless they say otherwise.
    ///
    /// # Errors
    /// If the server refuses a statement; those before it in the same text are taken back.
    pub fn run(&self, database: &str, sql: &str) -> Result<(), ShadowError> {
        connection::connect(&self.dsn(database))?.run(sql)?;
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The keeper ends with its input, and the server with the keeper.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Keeps signals of the terminal from the server, and makes another user of root.
#[cfg(unix)]
fn unprivileged(command: &mut Command) -> Result<(), ShadowError> {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
    if id(&["-u"]) != Some(0) {
        return Ok(());
    }
    for user in ["postgres", "nobody"] {
        if let (Some(uid), Some(gid)) = (id(&["-u", user]), id(&["-g", user])) {
            command.uid(uid).gid(gid).env("HOME", "/").env("TMPDIR", "/tmp");
            return Ok(());
        }
    }
    Err(ShadowError::Root)
}

/// Elsewhere there are no process groups and no root.
#[cfg(not(unix))]
fn unprivileged(_: &mut Command) -> Result<(), ShadowError> {
    Ok(())
}

/// What `id` prints, as a number.
#[cfg(unix)]
fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

/// The installations on this machine: on the path, where `pg_config` says, and in the usual places.
fn installed() -> Vec<(u32, PathBuf)> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH").map(|it| std::env::split_paths(&it).collect()).unwrap_or_default();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output() {
        folders.push(PathBuf::from(OsString::from(String::from_utf8_lossy(&output.stdout).trim())));
    }
    for root in INSTALLATIONS {
        // A place that isn't there has none.
        let entries = fs::read_dir_sorted(root).unwrap_or_default();
        folders.extend(entries.into_iter().map(|entry| entry.path.join("bin")));
    }
    folders.into_iter().filter_map(|folder| Some((version(&folder)?, folder))).collect()
}

/// The major version of the server whose programs are in a folder.
fn version(bin: &Path) -> Option<u32> {
    let is_there = |name: &str| matches!(fs::kind(bin.join(name)), Ok(Some(_)));
    if bin.as_os_str().is_empty() || !["postgres", "initdb", "pg_ctl"].into_iter().all(is_there) {
        return None;
    }
    let output = Command::new(bin.join("postgres")).arg("--version").stderr(Stdio::null()).output().ok()?;
    // `postgres (PostgreSQL) 16.4 (Debian 16.4-1)`
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = text.split_whitespace().find(|it| it.starts_with(|it: char| it.is_ascii_digit()))?;
    number.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
}
