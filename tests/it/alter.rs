//! From one schema to another and back, on a real server: the folders under `fixtures/migrate/`, `<kind>/<case>` each.
//!
//! | file | is |
//! |---|---|
//! | `before.sql`, `after.sql` | the two schemas; the first comment of `after.sql` says the point |
//! | `up.sql`, `down.sql` | what is planned, and what `make bless` rewrites |
//! | `rows.sql` | a query that gives the same before, after `up` and after `down`: the data that the change must keep |
//! | `server.txt` | `needs 18` (a major version), `needs extension x` |
//!
//! A server makes `before.sql`, runs what leads to `after.sql`, and is then what the text of `after.sql` says, object by object; and
//! the same back. Only the order of a table's columns may be another. `PGX_GOOSE_SCOPE=all` also holds a dump of it against a
//! dump of a database that `after.sql` made, as a second opinion.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Completion, Failed, Trial};
use pgx_goose::capture::live::capture;
use pgx_goose::capture::live::connection::{self, Connection};
use pgx_goose::capture::script::{self, Input};
use pgx_goose::catalog::Catalog;
use pgx_goose::diff::diff;
use pgx_goose::plan::{Options, Plan, plan};

use crate::dump::Dump;
use crate::fixtures::difference;
use crate::server::{Database, Server, majors, server_of};

/// The major version whose plans stand in the folders, unless a case needs a newer one.
const WRITTEN_FOR: u32 = 15;

/// Of how many cases one goes through a server in `make test`; `make test-all` takes all.
const SPREAD: usize = 4;

/// A pair of schemas.
#[derive(Clone)]
struct Pair {
    /// `kind/case`.
    name: String,
    folder: PathBuf,
    /// The major version that it needs at least.
    needs: u32,
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    let asked = majors();
    let all = std::env::var_os("PGX_GOOSE_SCOPE").is_some_and(|scope| scope == "all");
    for (number, pair) in pairs().into_iter().enumerate() {
        let written = pair.clone();
        trials.push(Trial::test(format!("fixtures::expected::migrate/{}", pair.name), move || written.check()));
        // A fixed spread over all kinds goes through a server in `make test`; what is planned for the others is what a server
        // took when it was written.
        if !all && number % SPREAD != 0 {
            continue;
        }
        // What no server that was asked for can do is shown on the one that can.
        let able: Vec<u32> = asked.iter().copied().filter(|major| *major >= pair.needs).collect();
        for major in if able.is_empty() { vec![pair.needs] } else { able } {
            let pair = pair.clone();
            trials.push(Trial::ignorable_test(format!("alter::{major}::{}", pair.name), move || pair.run(major)));
        }
    }
    trials
}

fn pairs() -> Vec<Pair> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/migrate");
    let folders = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()).filter(|it| it.is_dir()).collect()
    };
    let mut pairs = Vec::new();
    for folder in folders(&root).iter().flat_map(|kind| folders(kind)).filter(|it| it.join("before.sql").exists()) {
        let name = folder.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
        let needs = lines(&folder).iter().find_map(|line| line.strip_prefix("needs ")?.parse().ok()).unwrap_or(0);
        pairs.push(Pair { name, folder, needs });
    }
    pairs.sort_by(|a, b| a.name.cmp(&b.name));
    pairs
}

fn lines(folder: &Path) -> Vec<String> {
    fs::read_to_string(folder.join("server.txt")).unwrap_or_default().lines().map(str::to_owned).collect()
}

impl Pair {
    fn read(&self, file: &str) -> Result<String, String> {
        let path = self.folder.join(file);
        fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
    }

    fn catalog(&self, file: &str) -> Result<Catalog, String> {
        let captured = script::parse(&[Input::new(file, self.read(file)?)]);
        if captured.diagnostics.is_empty() {
            return Ok(captured.catalog);
        }
        let said: Vec<&str> = captured.diagnostics.iter().map(|it| it.message.as_str()).collect();
        Err(format!("{file}: {}", said.join("\n")))
    }

    /// What is planned is what stands in the folder.
    fn check(&self) -> Result<(), Failed> {
        let (before, after) = (self.catalog("before.sql")?, self.catalog("after.sql")?);
        let options = Options { safe: false, drops: true, major: self.needs.max(WRITTEN_FOR) };
        let mut wrong = Vec::new();
        for (file, from, to) in [("up.sql", &before, &after), ("down.sql", &after, &before)] {
            let found = script(&plan(from, to, &options), Transactions::Marked);
            if std::env::var_os("PGX_GOOSE_BLESS").is_some() {
                fs::write(self.folder.join(file), &found).map_err(|e| e.to_string())?;
            }
            wrong.extend(difference(file, &self.read(file)?, &found));
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
    }

    fn run(&self, major: u32) -> Result<Completion, Failed> {
        let server = match server_of(major) {
            Ok(server) => server,
            Err(missing) if self.needs == major => return Ok(Completion::ignored_with(missing)),
            Err(missing) => return Err(missing.into()),
        };
        for extension in lines(&self.folder).iter().filter_map(|line| line.strip_prefix("needs extension ")) {
            if !server.has_extension(extension)? {
                return Ok(Completion::ignored_with(format!("needs extension {extension}")));
            }
        }
        let (before, after) = (self.catalog("before.sql")?, self.catalog("after.sql")?);
        let options = Options { safe: false, drops: true, major };
        let database = server.database(&self.name)?;
        database.run(&self.read("before.sql")?).map_err(|error| format!("the server refuses before.sql: {error}"))?;
        let rows = self.read("rows.sql").ok();
        let rows = || rows.as_ref().map(|query| database.run(query)).transpose();
        let kept = rows()?;
        // One session for both looks: a new one would read the catalogs of the server anew.
        let connection = connection::connect(&database.dsn()).map_err(|e| e.to_string())?;
        for (way, from, to, file) in [("up", &before, &after, "after.sql"), ("down", &after, &before, "before.sql")] {
            let sql = script(&plan(from, to, &options), Transactions::Run);
            database.run(&sql).map_err(|error| format!("the server refuses {way}: {error}\n{sql}"))?;
            is(&connection, to, file).map_err(|wrong| format!("{way} doesn't lead to {file}:\n{wrong}\n{sql}"))?;
            let found = rows()?;
            if found != kept {
                return Err(format!("{way} changes rows: {found:?}, and there were {kept:?}\n{sql}").into());
            }
            if std::env::var_os("PGX_GOOSE_SCOPE").is_some_and(|scope| scope == "all") {
                self.compare_dumps(server, &database, file)?;
            }
        }
        Ok(Completion::Completed)
    }

    fn compare_dumps(&self, server: &Server, database: &Database<'_>, file: &str) -> Result<(), String> {
        let direct = server.database(&self.name)?;
        direct.run(&self.read(file)?)?;
        let differences = Dump::parse(&direct.dump()?).differences(&Dump::parse(&database.dump()?));
        if differences.is_empty() { Ok(()) } else { Err(format!("dumps differ from {file}:\n{}", differences.join("\n"))) }
    }
}

/// How the batches of a plan are told apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transactions {
    /// By a line of comment, for readers.
    Marked,
    /// As a session runs them.
    Run,
}

fn script(plan: &Plan, transactions: Transactions) -> String {
    let mut text = String::new();
    for (number, batch) in plan.batches.iter().enumerate() {
        let (open, close) = match (transactions, batch.transaction) {
            (Transactions::Marked, true) if number > 0 => ("-- the next transaction\n", ""),
            (Transactions::Marked, true) => ("", ""),
            (Transactions::Marked, false) => ("-- outside a transaction\n", ""),
            (Transactions::Run, true) => ("BEGIN;\n", "COMMIT;\n"),
            (Transactions::Run, false) => ("", ""),
        };
        text.push_str(open);
        batch.steps.iter().for_each(|step| text.push_str(&format!("{}\n", step.sql)));
        text.push_str(close);
    }
    text
}

/// Whether a database is what a text says of it.
fn is(connection: &Connection, expected: &Catalog, file: &str) -> Result<(), String> {
    let captured = capture(connection).map_err(|e| e.to_string())?;
    let difference = diff(&captured.catalog, expected);
    if difference.is_empty() {
        return Ok(());
    }
    let mut wrong = vec![format!("the database is not {file} (found -> expected):")];
    for change in difference.changes {
        wrong.push(match change {
            pgx_goose::diff::Change::Created { .. } => format!("missing: {}", change.identity()),
            pgx_goose::diff::Change::Dropped { .. } => format!("unexpected: {}", change.identity()),
            pgx_goose::diff::Change::Altered { .. } => change.identity().to_string(),
        });
        wrong.extend(change.fields().iter().map(|field| format!("    {field}")));
    }
    Err(wrong.join("\n"))
}
