//! Throw-away PostgreSQL servers, one a major version for the whole run, and the client programs that talk to them.
//!
//! They listen on a Unix socket in a temporary folder only, keep nothing safe (no fsync) and are gone when the run ends, also
//! when a test panics or the run is killed. [`server`] is of the newest PostgreSQL installed up to [`PREFERRED`]: what the
//! schemas at hand were written for. [`server_of`] is of a chosen major, from what is installed or what
//! `scripts/postgresql-majors.sh` put into `.cache`: with all of contrib, but without PL/Perl, PL/Python and PostGIS.
//! This module must not know what is tested.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

/// The major version that is taken where several are installed.
const PREFERRED: u32 = 15;

/// The role that owns the server; PostgreSQL refuses to run as root, so root becomes this user.
const SYSTEM_USER: &str = "postgres";

/// The role that makes everything in the databases of tests, and owns them. It is no role that a schema would name: what the
/// schema says of owners can be told from what it leaves unsaid.
pub(crate) const LOADER: &str = "pgx_goose_loader";

/// The role that made the dumps of the real schemas: what they say of `postgres` they say of the one who loads them.
pub(crate) const DUMPER: &str = SYSTEM_USER;

/// The majors that count.
const MAJORS: std::ops::RangeInclusive<u32> = 13..=18;

/// The servers that were asked for, by major version. They live until the process ends: tests hold on to them.
static SERVERS: Mutex<BTreeMap<u32, &'static Result<Server, String>>> = Mutex::new(BTreeMap::new());

/// A running server.
pub(crate) struct Server {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    keeper: Mutex<Option<Keeper>>,
    databases: AtomicUsize,
}

/// What a server is started with, besides what every one of these has.
#[derive(Debug)]
pub(crate) struct Setup<'a> {
    /// Lines of `postgresql.conf`.
    pub(crate) settings: &'a str,
    /// Lines of `pg_hba.conf`, before the one that lets these tests in over the socket.
    pub(crate) hba: &'a str,
    /// Files in the data folder, which the server alone can read.
    pub(crate) files: &'a [(&'a str, String)],
    /// Its port: of the socket, and of TCP where the settings turn that on.
    pub(crate) port: u16,
}

impl Setup<'_> {
    const PLAIN: Self = Self { settings: "", hba: "", files: &[], port: 5432 };
}

/// The thread that holds the server process. The process asks the kernel to be stopped when the thread that started it ends, so
/// that thread must live as long as the run.
struct Keeper {
    stop: mpsc::Sender<()>,
    thread: thread::JoinHandle<()>,
}

/// A database of its own for one test, dropped at the end of it.
pub(crate) struct Database<'a> {
    server: &'a Server,
    /// The name, a safe one.
    pub(crate) name: String,
    /// Who does all that is done in it.
    role: &'static str,
}

/// Returns the server of the preferred major, started by the first who asks.
///
/// # Errors
/// Why there is none: no PostgreSQL is installed, or it doesn't start.
pub(crate) fn server() -> Result<&'static Server, String> {
    server_of(preferred()?)
}

/// Returns the server of a major version, started by the first who asks.
///
/// # Errors
/// Why there is none: its programs are not here, or it doesn't start.
pub(crate) fn server_of(major: u32) -> Result<&'static Server, String> {
    let mut servers = SERVERS.lock().map_err(|e| e.to_string())?;
    let server =
        servers.entry(major).or_insert_with(|| Box::leak(Box::new(find_bin(major).and_then(|bin| Server::start(bin, &Setup::PLAIN)))));
    server.as_ref().map_err(Clone::clone)
}

/// Starts a server of its own for one test, of the preferred major. It stops when it goes.
///
/// # Errors
/// Why there is none.
pub(crate) fn own_server(setup: &Setup<'_>) -> Result<Server, String> {
    let major = majors().first().copied().map_or_else(preferred, Ok)?;
    Server::start(find_bin(major)?, setup)
}

/// The majors that this run is asked to test with and has programs of: `PGX_GOOSE_PG_MAJORS` lists them (`13,16`, or `all`), and by
/// default it is the preferred one alone. Who asks for more than is there is told so.
pub(crate) fn majors() -> Vec<u32> {
    let asked = std::env::var("PGX_GOOSE_PG_MAJORS").unwrap_or_default();
    let asked: Vec<u32> = match asked.trim() {
        "" => preferred().into_iter().collect(),
        "all" => MAJORS.collect(),
        list => list
            .split(',')
            .map(|it| it.trim().parse().unwrap_or_else(|_| panic!("PGX_GOOSE_PG_MAJORS: `{it}` is no major version")))
            .collect(),
    };
    let here = |major: &u32| match find_bin(*major) {
        Ok(_) => true,
        Err(why) => {
            eprintln!("skipped: PostgreSQL {major}: {why}");
            false
        }
    };
    asked.into_iter().filter(here).collect()
}

/// Stops the servers that were started.
pub(crate) fn stop() {
    let servers = SERVERS.lock().map(|servers| servers.clone()).unwrap_or_default();
    for server in servers.into_values().flatten() {
        server.stop();
    }
}

impl Server {
    fn start(bin: PathBuf, setup: &Setup<'_>) -> Result<Self, String> {
        let Setup { settings: own_settings, hba, files, port } = setup;
        let folder = tempfile::Builder::new().prefix("pgx-goose-it-").tempdir().map_err(|e| format!("temporary folder: {e}"))?.keep();
        let as_user = if is_root() { Some(user_ids(SYSTEM_USER)?) } else { None };
        if let Some((uid, gid)) = as_user {
            std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        let data = folder.join("data");
        let initdb = unprivileged(&bin.join("initdb"), as_user.is_some())
            .args(["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--pgdata"])
            .arg(&data)
            .current_dir("/")
            .output()
            .map_err(|e| format!("initdb: {e}"))?;
        if !initdb.status.success() {
            return Err(format!("initdb: {}", String::from_utf8_lossy(&initdb.stderr)));
        }
        let settings = format!(
            "listen_addresses = ''\nunix_socket_directories = '{}'\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\n\
             autovacuum = off\njit = off\nmax_connections = 100\nmax_locks_per_transaction = 2048\nwal_level = logical\n\
             max_wal_size = '4GB'\nlog_min_messages = fatal\ntimezone = 'UTC'\nport = {port}\n{own_settings}\n",
            folder.display()
        );
        let owned = |name: &str, text: &str| {
            let path = data.join(name);
            let written = fs::write(&path, text).and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o600)));
            let owned = written.and_then(|()| as_user.map_or(Ok(()), |(uid, gid)| std::os::unix::fs::chown(&path, Some(uid), Some(gid))));
            owned.map_err(|e| format!("{}: {e}", path.display()))
        };
        owned("postgresql.auto.conf", &settings)?;
        if !hba.is_empty() {
            owned("pg_hba.conf", &format!("{hba}\nlocal all postgres,{LOADER} trust\n"))?;
        }
        for (name, text) in *files {
            owned(name, text)?;
        }

        let (stop, stopped) = mpsc::channel();
        let (report, started) = mpsc::channel();
        let mut command = unprivileged(&bin.join("postgres"), as_user.is_some());
        command.arg("-D").arg(&data).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let keeper = thread::spawn(move || keep(&mut command, &report, &stopped));
        started.recv().map_err(|e| e.to_string())??;
        let server =
            Self { bin, folder, port: *port, keeper: Mutex::new(Some(Keeper { stop, thread: keeper })), databases: AtomicUsize::new(0) };
        server.wait()?;
        server.make_roles()?;
        Ok(server)
    }

    /// The roles that the schemas at hand name without making them.
    fn make_roles(&self) -> Result<(), String> {
        self.psql(
            "postgres",
            &format!(
                r#"CREATE ROLE "regress_quoted  \"" role"; CREATE ROLE anna; CREATE ROLE bert; CREATE ROLE {LOADER} SUPERUSER LOGIN;"#
            ),
        )
        .map(drop)
    }

    /// Waits until the server answers.
    fn wait(&self) -> Result<(), String> {
        let patience = Instant::now() + Duration::from_secs(60);
        loop {
            match self.psql("postgres", "SELECT 1") {
                Ok(_) => return Ok(()),
                Err(why) if Instant::now() > patience => return Err(format!("the server doesn't answer: {why}")),
                Err(_) => thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    fn stop(&self) {
        let keeper = self.keeper.lock().ok().and_then(|mut keeper| keeper.take());
        if let Some(Keeper { stop, thread }) = keeper {
            // The keeper may be gone already, with the server; then there is nothing to stop.
            let _ = stop.send(());
            let _ = thread.join();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// Makes an empty database for one test.
    pub(crate) fn database(&self, topic: &str) -> Result<Database<'_>, String> {
        self.database_of(topic, LOADER)
    }

    /// Makes an empty database for one test, of a role that does all that is done in it.
    pub(crate) fn database_of(&self, topic: &str, role: &'static str) -> Result<Database<'_>, String> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let topic: String = topic.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).take(40).collect();
        let name = format!("t{number}_{topic}");
        self.psql("postgres", &format!("CREATE DATABASE {name} OWNER {role}"))?;
        Ok(Database { server: self, name, role })
    }

    /// Where its socket is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The major version.
    pub(crate) fn major(&self) -> Result<u32, String> {
        let number = self.psql("postgres", "SHOW server_version_num")?;
        number.trim().parse::<u32>().map(|n| n / 10_000).map_err(|e| e.to_string())
    }

    /// Whether the extension could be created here.
    pub(crate) fn has_extension(&self, name: &str) -> Result<bool, String> {
        let name = name.replace('\'', "''");
        Ok(self.psql("postgres", &format!("SELECT count(*) FROM pg_available_extensions WHERE name = '{name}'"))?.trim() == "1")
    }

    /// Runs a script in one session and returns what it prints, unaligned and without headings; the first error ends it.
    pub(crate) fn psql(&self, database: &str, script: &str) -> Result<String, String> {
        self.psql_as(if database == "postgres" { SYSTEM_USER } else { LOADER }, database, script)
    }

    fn psql_as(&self, role: &str, database: &str, script: &str) -> Result<String, String> {
        let output = self.client("psql", role, database, ["-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-"], script)?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// A program that talks to the server: its own, else one of a version that is not older, as `pg_dump` asks for.
    fn client_program(&self, name: &str) -> Result<PathBuf, String> {
        let own = self.bin.join(name);
        let found = if own.exists() { Some(own) } else { Some(cache().join("client/bin").join(name)).filter(|it| it.exists()) };
        found.ok_or_else(|| format!("there is no `{name}` for this server; `scripts/install-deps.sh majors` brings one"))
    }

    fn client<I, S>(&self, program: &str, role: &str, database: &str, arguments: I, input: &str) -> Result<std::process::Output, String>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut child = Command::new(self.client_program(program)?)
            .arg("-h")
            .arg(&self.folder)
            .args(["-p", &self.port.to_string(), "-U", role, "-d", database])
            .args(arguments)
            .env("PGOPTIONS", "-c client_min_messages=warning")
            .env("PGCLIENTENCODING", "UTF8")
            .env_remove("PGSERVICE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{program}: {e}"))?;
        let mut stdin = child.stdin.take().expect("stdin is piped, three lines up");
        let input = input.to_owned();
        // A thread of its own: the program may fill its output pipe before it has read all of its input.
        let writer = thread::spawn(move || {
            // A client that stops at an error closes its input; what it said is in its output.
            let _ = stdin.write_all(input.as_bytes());
        });
        let output = child.wait_with_output().map_err(|e| format!("{program}: {e}"))?;
        let _ = writer.join();
        Ok(output)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Database<'_> {
    /// Runs a script; the first error ends it. Returns what it prints, a row a line, columns parted by `|`.
    pub(crate) fn run(&self, script: &str) -> Result<String, String> {
        self.server.psql_as(self.role, &self.name, script)
    }

    /// Runs a script to its end and returns the errors that the server gave.
    pub(crate) fn run_on(&self, script: &str) -> Result<Vec<String>, String> {
        let output = self.server.client("psql", self.role, &self.name, ["-XqAt", "-f", "-"], script)?;
        let errors = String::from_utf8_lossy(&output.stderr);
        Ok(errors.lines().filter(|line| line.contains("ERROR:") || line.contains("FATAL:")).map(str::to_owned).collect())
    }

    /// What `pg_dump --schema-only` prints, without owners.
    pub(crate) fn dump(&self) -> Result<String, String> {
        let output = self.server.client("pg_dump", self.role, &self.name, ["--schema-only", "--no-owner"], "")?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// The connection as a URL, for programs that want one.
    pub(crate) fn url(&self, role: &str) -> String {
        let Server { folder, port, .. } = self.server;
        format!("postgres:///{}?host={}&port={port}&user={role}&sslmode=disable", self.name, folder.display())
    }

    /// What runs a script in the database from another thread.
    pub(crate) fn changer(&self) -> impl Fn(&str) + Send + 'static {
        let dsn = self.dsn();
        let psql = self.server.client_program("psql");
        move |script| {
            let status = Command::new(psql.as_ref().expect("there is a psql")).args(["-XqAt", "-c", script, "-d", &dsn]).status();
            assert!(status.is_ok_and(|it| it.success()), "{script}");
        }
    }

    /// The connection string for pgx and libpq.
    pub(crate) fn dsn(&self) -> String {
        let Server { folder, port, .. } = self.server;
        format!("host={} port={port} user=postgres dbname={}", folder.display(), self.name)
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        // The server goes at the end of the run, and the database with it.
        let _ = self.server.psql("postgres", &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// Starts the server, says so, and stops it when told.
fn keep(command: &mut Command, report: &mpsc::Sender<Result<(), String>>, stopped: &mpsc::Receiver<()>) {
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(why) => {
            let _ = report.send(Err(format!("postgres: {why}")));
            return;
        }
    };
    let _ = report.send(Ok(()));
    // An error means that the run is over as well.
    let _ = stopped.recv();
    quit(&mut child);
}

/// Asks the server for an immediate shutdown: nothing of it is kept.
fn quit(child: &mut Child) {
    let asked = Command::new("kill").args(["-QUIT", &child.id().to_string()]).status();
    if !asked.is_ok_and(|status| status.success()) {
        let _ = child.kill();
    }
    let _ = child.wait();
}

/// A program of the server's, as a user that PostgreSQL accepts, that ends with us.
fn unprivileged(program: &Path, drop_root: bool) -> Command {
    let mut command = Command::new("setpriv");
    if drop_root {
        command.args([&format!("--reuid={SYSTEM_USER}"), &format!("--regid={SYSTEM_USER}"), "--init-groups"]);
    }
    command.arg("--pdeathsig=QUIT").arg(program);
    command
}

fn is_root() -> bool {
    user_ids("").is_ok_and(|(uid, _)| uid == 0)
}

/// User and group number, of the current user for an empty name.
fn user_ids(name: &str) -> Result<(u32, u32), String> {
    let id = |flag: &str| -> Result<u32, String> {
        let mut command = Command::new("id");
        command.arg(flag);
        if !name.is_empty() {
            command.arg(name);
        }
        let output = command.output().map_err(|e| format!("id: {e}"))?;
        String::from_utf8_lossy(&output.stdout).trim().parse().map_err(|_| format!("there is no user `{name}` to run PostgreSQL as"))
    };
    Ok((id("-u")?, id("-g")?))
}

/// Where `scripts/postgresql-majors.sh` puts its programs.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/postgresql")
}

/// The major version of [`server`]: of those installed, else of those in the cache.
fn preferred() -> Result<u32, String> {
    let installed = folders(Path::new("/usr/lib/postgresql"));
    let majors =
        if installed.is_empty() { on_path().map(|(major, _)| vec![major]).unwrap_or_else(|| folders(&cache())) } else { installed };
    let newest_up_to_preferred = majors.iter().filter(|&&major| major <= PREFERRED).max();
    newest_up_to_preferred
        .or_else(|| majors.iter().min())
        .copied()
        .ok_or_else(|| "no PostgreSQL server is installed; `make install-deps` installs one".to_owned())
}

/// Where the server's programs of a major version are: Debian keeps a folder each, and so does the cache; others have one on the path.
fn find_bin(major: u32) -> Result<PathBuf, String> {
    let debian = Path::new("/usr/lib/postgresql");
    for root in [debian, &cache()] {
        if folders(root).contains(&major) {
            return Ok(root.join(major.to_string()).join("bin"));
        }
    }
    let other = on_path().filter(|(it, _)| *it == major).map(|(_, folder)| folder);
    other.ok_or_else(|| format!("PostgreSQL {major} is not here; `scripts/install-deps.sh majors` brings it"))
}

/// The major versions in a folder that has a folder each.
fn folders(root: &Path) -> Vec<u32> {
    let entries = fs::read_dir(root).into_iter().flatten();
    let majors = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    majors.filter(|major: &u32| root.join(major.to_string()).join("bin/initdb").exists()).collect()
}

/// The server on the path, and its major version.
fn on_path() -> Option<(u32, PathBuf)> {
    let path = std::env::var_os("PATH")?;
    let folder = std::env::split_paths(&path).find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())?;
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    // `postgres (PostgreSQL) 16.4 (Debian 16.4-1)`
    let version = String::from_utf8_lossy(&output.stdout).split_whitespace().nth(2)?.to_owned();
    let major = version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some((major, folder))
}

/// The harness itself: a database is made, used and gone, on every major that is asked for.
pub(crate) fn trials() -> Vec<Trial> {
    let starts = |major: u32| {
        Trial::test(format!("server::starts::{major}"), move || {
            let server = server_of(major)?;
            let database = server.database("starts")?;
            database.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1);")?;
            assert_eq!(database.run("SELECT a FROM t")?, "1\n");
            assert!(database.run("SELECT a FROM nowhere").is_err_and(|e| e.contains("nowhere")));
            assert_eq!(server.major()?, major);
            assert!(database.dump()?.contains("CREATE TABLE public.t"));
            Ok(())
        })
    };
    majors().into_iter().map(starts).collect()
}
