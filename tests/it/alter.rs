//! From one schema to another and back, on a real server: the folders under `fixtures/migrate/`, `<kind>/<case>` each.
//!
//! | file | is |
//! |---|---|
//! | `before.sql`, `after.sql` | the two schemas; the first comment of `after.sql` says the point |
//! | `up.sql`, `down.sql` | what is planned, and what `make bless` rewrites |
//! | `renames.txt` | what is renamed, a hint a line, as `--rename` takes it |
//! | `rows.sql` | a query that gives the same before, after `up` and after `down`: the data that the change must keep |
//! | `server.txt` | `needs 18` (a major version), `needs extension x` |
//!
//! A server makes `before.sql`, runs what leads to `after.sql`, and is then what the text of `after.sql` says, object by object; and
//! the same back ([`trip`]), with rows in the tables: those that `before.sql` puts there for `rows.sql`, else any. Only the order of a
//! table's columns may be another. Each case goes one of four ways: plain, in the forms that keep locks short, without drops, in two steps.
//! `PGX_GOOSE_SCOPE=all` goes all of them, and also holds a dump of it against a dump of a database that `after.sql` made, as a second
//! opinion.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Completion, Failed, Trial};
use pgx_goose::capture::script::{self, Input};
use pgx_goose::catalog::Catalog;
use pgx_goose::migration::rename::{self, Rename};
use pgx_goose::migration::{Format, Migration, phase};
use pgx_goose::plan::{Batch, Options, plan};

use crate::dump::Dump;
use crate::fixtures::difference;
use crate::server::{Database, Server, majors, server_of};
use crate::trip::{self, Rows, Stop, Trip};

/// The major version whose plans stand in the folders, unless a case needs a newer one.
const WRITTEN_FOR: u32 = 15;

/// Of how many cases one goes through a server in `make test`; `make test-all` takes all.
const SPREAD: usize = 4;

/// How a migration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Plain,
    Safe,
    WithoutDrops,
    /// What code that knows the old schema doesn't mind first (`--phase`).
    InSteps,
}

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
    let all_ways = [Way::Plain, Way::Safe, Way::WithoutDrops, Way::InSteps];
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
            let ways = if all { all_ways.to_vec() } else { vec![all_ways[number / SPREAD % all_ways.len()]] };
            trials.push(Trial::ignorable_test(format!("alter::{major}::{}", pair.name), move || pair.run(major, &ways)));
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

    fn renames(&self, from: &Catalog, to: &Catalog) -> Result<Vec<Rename>, String> {
        let hints: Vec<String> = self.read("renames.txt").unwrap_or_default().lines().map(str::to_owned).collect();
        rename::resolve(&hints, from, to).map_err(|error| error.to_string())
    }

    /// What is planned is what stands in the folder.
    fn check(&self) -> Result<(), Failed> {
        let (before, after) = (self.catalog("before.sql")?, self.catalog("after.sql")?);
        let options = Options { safe: false, drops: true, major: self.needs.max(WRITTEN_FOR) };
        let renames = self.renames(&before, &after)?;
        let (up, down) = if renames.is_empty() {
            (plan(&before, &after, &options).batches, plan(&after, &before, &options).batches)
        } else {
            let Migration { parts, .. } = Migration::new(&before, &after, &renames, &Format::Goose.options(options));
            let down = parts.iter().rev().flat_map(|it| it.down.clone()).collect();
            (parts.into_iter().map(|it| Batch { transaction: it.transaction, steps: it.up }).collect(), down)
        };
        let mut wrong = Vec::new();
        for (file, batches) in [("up.sql", up), ("down.sql", down)] {
            let found = script(&batches);
            if std::env::var_os("PGX_GOOSE_BLESS").is_some() {
                fs::write(self.folder.join(file), &found).map_err(|e| e.to_string())?;
            }
            wrong.extend(difference(file, &self.read(file)?, &found));
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
    }

    /// Goes there and back, in all of these ways.
    fn run(&self, major: u32, ways: &[Way]) -> Result<Completion, Failed> {
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
        let renames = self.renames(&before, &after)?;
        let all = ways.len() > 1;
        let mut wrong = Vec::new();
        for &way in ways {
            let options = Options { safe: way == Way::Safe, drops: way != Way::WithoutDrops, major };
            let planned =
                |from: &Catalog, to: &Catalog, renames: &[Rename]| Migration::new(from, to, renames, &Format::Goose.options(options));
            let migrations = match way {
                Way::InSteps => {
                    let between = phase::between(&before, &after, &renames);
                    vec![planned(&before, &between, &[]), planned(&between, &after, &renames)]
                }
                _ => vec![planned(&before, &after, &renames)],
            };
            let go = |rows: Option<u64>| {
                let database = server.database(&self.name)?;
                database.run(&self.read("before.sql")?).map_err(|error| format!("the server refuses before.sql: {error}"))?;
                let query = self.read("rows.sql").ok();
                let mut kept = None;
                Trip { database: &database, before: &before, after: &after, migrations: &migrations, options, rows }.go(|stop| {
                    let found = query.as_ref().map(|query| database.run(query)).transpose()?;
                    if found != *kept.get_or_insert_with(|| found.clone()) {
                        return Err(format!("{stop:?}: other rows: {found:?}, and there were {kept:?}"));
                    }
                    match stop {
                        Stop::After if all && way == Way::Plain => self.compare_dumps(server, &database, "after.sql"),
                        Stop::Back if all && way == Way::Plain => self.compare_dumps(server, &database, "before.sql"),
                        _ => Ok(()),
                    }
                })
            };
            let any = (!self.folder.join("rows.sql").exists()).then_some(major.into());
            let went = match go(any) {
                Ok(Rows::Refused) => go(None),
                went => went,
            };
            let told = |why| format!("{way:?}: {why}\n-- up\n{}-- down\n{}", trip::up(&migrations), trip::down(&migrations));
            wrong.extend(went.err().map(told));
        }
        if wrong.is_empty() { Ok(Completion::Completed) } else { Err(wrong.join("\n").into()) }
    }

    fn compare_dumps(&self, server: &Server, database: &Database<'_>, file: &str) -> Result<(), String> {
        let direct = server.database(&self.name)?;
        direct.run(&self.read(file)?)?;
        let differences = Dump::parse(&direct.dump()?).differences(&Dump::parse(&database.dump()?));
        if differences.is_empty() { Ok(()) } else { Err(format!("dumps differ from {file}:\n{}", differences.join("\n"))) }
    }
}

/// The statements, and lines of comment that tell the transactions apart.
fn script(batches: &[Batch]) -> String {
    let mut text = String::new();
    for (number, batch) in batches.iter().enumerate() {
        text.push_str(match batch.transaction {
            true if number > 0 => "-- the next transaction\n",
            true => "",
            false => "-- outside a transaction\n",
        });
        batch.steps.iter().for_each(|step| text.push_str(&format!("{}\n", step.sql)));
    }
    text
}
