//! Migrations, applied by the tools that they are written for, on a real server: OLD and the way up is NEW, and the way down is OLD again.
//!
//! Pairs are the consecutive versions of real schemas (`history` of the corpus), fixtures one after the other, and every real schema from
//! and to nothing. Each is planned from what was captured, written as files, run by goose or golang-migrate, and captured again. Rows that
//! were there before stay, with every value that the plan doesn't say it loses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::{Completion, Failed, Trial};
use pgx_goose::capture::live::{capture, connection};
use pgx_goose::catalog::{Catalog, Identity};
use pgx_goose::diff::{Change, diff};
use pgx_goose::migration::{self, Format, Migration, Naming};
use pgx_goose::plan;

use crate::corpus::{self, Refusal, lines};
use crate::fixtures;
use crate::rows::{self, At};
use crate::server::{Database, LOADER, Server, majors, server_of};
use crate::tool;

/// What does not come out right for now: name, and the reason.
const KNOWN: &str = include_str!("migrations/known.tsv");

/// The schema that the tools keep their versions in, so that they are in nobody's way.
pub(crate) const TOOL_SCHEMA: &str = "pgx_goose_tool";

/// Which rows are put into the tables ([`rows`]).
const ROWS: u64 = 1;

/// One way of writing and running a migration.
#[derive(Clone, Copy, Debug)]
struct Way {
    tool: Tool,
    safe: bool,
    drops: bool,
    /// Whether there are rows before; where a change doesn't suit them, it is tried once more without.
    data: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Goose,
    Migrate,
}

/// Makes a schema in a database.
type Load = Arc<dyn Fn(&'static Server) -> Result<Database<'static>, Refusal> + Send + Sync>;

/// Two versions of a schema.
#[derive(Clone)]
struct Pair {
    name: String,
    old: Load,
    new: Load,
}

pub(crate) fn trials(all: bool) -> Vec<Trial> {
    let mut trials = Vec::new();
    for major in majors() {
        for (number, pair) in pairs().into_iter().enumerate() {
            let is_history = pair.name.starts_with("history");
            // A spread of the rest: whoever wants all says so.
            if !all && !is_history && !number.is_multiple_of(24) {
                continue;
            }
            for way in ways(all, is_history, number) {
                let name = format!("migrations::{major}::{}::{}", pair.name, way.name());
                let pair = pair.clone();
                trials.push(Trial::ignorable_test(name.clone(), move || judge(&name, round_trip(&pair, way, major))));
            }
        }
    }
    trials
}

/// The ways that a pair is tried in: all of them, or one that differs from pair to pair.
fn ways(all: bool, is_history: bool, number: usize) -> Vec<Way> {
    let mut ways = Vec::new();
    for tool in [Tool::Goose, Tool::Migrate] {
        for safe in [true, false] {
            for drops in [true, false] {
                ways.push(Way { tool, safe, drops, data: is_history });
            }
        }
    }
    if all {
        return ways;
    }
    vec![ways[(number * 3 + number / 24) % ways.len()]]
}

impl Way {
    fn name(self) -> String {
        let tool = if self.tool == Tool::Goose { "goose" } else { "golang_migrate" };
        let safe = if self.safe { "safe" } else { "plain" };
        let drops = if self.drops { "drops" } else { "no_drops" };
        format!("{tool}_{safe}_{drops}{}", if self.data { "_data" } else { "" })
    }
}

fn judge(name: &str, outcome: Result<Completion, Failed>) -> Result<Completion, Failed> {
    let known = lines(KNOWN).find_map(|cells| match cells.as_slice() {
        [known, reason] => name.contains(known).then(|| (*reason).to_owned()),
        other => panic!("migrations/known.tsv: two cells a line, found {other:?}"),
    });
    match (known, outcome) {
        (Some(reason), Err(_)) => Ok(Completion::ignored_with(reason)),
        (_, outcome) => outcome,
    }
}

/// All pairs, both ways round.
fn pairs() -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut add = |name: &str, old: &Load, new: &Load| {
        pairs.push(Pair { name: name.to_owned(), old: Arc::clone(old), new: Arc::clone(new) });
        pairs.push(Pair { name: format!("{name}::back"), old: Arc::clone(new), new: Arc::clone(old) });
    };
    for (name, folder) in history() {
        add(&format!("history::{name}"), &of_file(folder.join("old.sql")), &of_file(folder.join("new.sql")));
    }
    let cases: Vec<_> = fixtures::cases().into_iter().filter(|it| !it.is_error()).collect();
    for two in cases.windows(2) {
        if let [one, other] = two {
            add(&format!("fixtures::{}::{}", one.name, other.name), &of_case(one), &of_case(other));
        }
    }
    let nothing: Load = Arc::new(|server| server.database_of("empty", LOADER).map_err(Refusal::Error));
    for schema in corpus::schemas() {
        let name = format!("corpus::{}", schema.name);
        let load: Load = Arc::new(move |server| match schema.missing(server)? {
            Some(missing) => Err(Refusal::Library(missing)),
            None => schema.load(server, LOADER),
        });
        add(&name, &nothing, &load);
    }
    pairs
}

fn of_file(path: PathBuf) -> Load {
    Arc::new(move |server| {
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let database = server.database_of("history", LOADER)?;
        database.run(&text).map_err(|error| format!("the server refuses {}: {error}", path.display()))?;
        Ok(database)
    })
}

fn of_case(case: &fixtures::Case) -> Load {
    let case = case.clone();
    Arc::new(move |server| {
        if let Some(missing) = case.missing(server)? {
            return Err(Refusal::Library(missing));
        }
        let database = server.database_of(&case.name, LOADER)?;
        for script in case.scripts()? {
            database.run(&script)?;
        }
        Ok(database)
    })
}

/// The consecutive versions of real schemas: a name, and a folder with `old.sql` and `new.sql`.
pub(crate) fn history() -> Vec<(String, PathBuf)> {
    let root = std::env::var_os("PGX_GOOSE_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from)
        .join("history");
    let folders = |path: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = entries.map(|it| it.path()).filter(|it| it.is_dir()).collect();
        folders.sort();
        folders
    };
    let mut found = Vec::new();
    for project in folders(&root) {
        for version in folders(&project) {
            if version.join("old.sql").exists() && version.join("new.sql").exists() {
                let name = version.strip_prefix(&root).unwrap_or(&version).display().to_string().replace('/', "_");
                found.push((name, version));
            }
        }
    }
    found
}

fn round_trip(pair: &Pair, way: Way, major: u32) -> Result<Completion, Failed> {
    let server = server_of(major)?;
    let load = |load: &Load| match load(server) {
        Ok(database) => Ok(Ok(database)),
        Err(Refusal::Library(reason)) => Ok(Err(reason)),
        // Whatever a server of this major refuses was not written for it.
        Err(Refusal::Error(error)) if major != 15 => Ok(Err(error)),
        Err(Refusal::Error(error)) => Err(Failed::from(error)),
    };
    let database = match load(&pair.old)? {
        Ok(database) => database,
        Err(reason) => return Ok(Completion::ignored_with(reason)),
    };
    let old = captured(&database)?;
    let new = match load(&pair.new)? {
        Ok(other) => captured(&other)?,
        Err(reason) => return Ok(Completion::ignored_with(reason)),
    };

    let format = if way.tool == Tool::Goose { Format::Goose } else { Format::GolangMigrate };
    let options = format.options(plan::Options { safe: way.safe, drops: way.drops, major });
    let migration = Migration::new(&old, &new, &[], &options);
    let naming = Naming { name: "change", style: None, now: 1_700_000_000, existing: &[], from: "old", to: "new" };
    let files = migration::name_files(&migration, &format, &naming).map_err(|e| e.to_string())?;
    let folder = tool::workplace(&format!("migrations/{}_{}", pair.name, way.name()));
    migration::write(&folder, &files).map_err(|e| format!("{e:?}"))?;
    let place = folder.display();

    let rows = if way.data { rows::fill(&database, &old, ROWS)? } else { 0 };
    let kept = rows::kept(&old, &new, migration.up(), At::After);
    let kept_back = rows::kept(&old, &new, migration.up().chain(migration.down()), At::Back);
    let values = |kept| if way.data { rows::values(&database, kept) } else { Ok(String::new()) };
    let (had, had_back) = (values(&kept)?, values(&kept_back)?);
    database.run(&format!("CREATE SCHEMA {TOOL_SCHEMA}"))?;
    if !files.is_empty() {
        match apply(way.tool, &folder, &database, true) {
            // Whether rows have what a new schema demands of them is not for a schema to say.
            Err(error) if way.data && is_about_rows(&error) => return round_trip(pair, Way { data: false, ..way }, major),
            applied => applied.map_err(|error| format!("{place}: up: {error}"))?,
        }
    }
    let there = captured(&database)?;
    let left = match way.drops {
        true => differences(&there, &new),
        false => {
            let rest = plan::plan(&there, &new, &options.plan);
            rest.steps().map(|it| format!("{}: still to do: {}", it.about, it.sql)).collect()
        }
    };
    if !left.is_empty() {
        return Err(format!("{place}: the way up does not lead to NEW:\n{}", left.join("\n")).into());
    }
    let has = values(&kept)?;
    if has != had {
        return Err(format!("{place}: the way up changes rows:\n{}", rows::difference(&had, &has)).into());
    }
    if !files.is_empty() {
        match apply(way.tool, &folder, &database, false) {
            Err(error) if way.data && is_about_rows(&error) => return round_trip(pair, Way { data: false, ..way }, major),
            applied => applied.map_err(|error| format!("{place}: down: {error}"))?,
        }
    }
    let back = captured(&database)?;
    let left = differences(&back, &old);
    if !left.is_empty() {
        return Err(format!("{place}: the way down does not lead back to OLD:\n{}", left.join("\n")).into());
    }
    let has = values(&kept_back)?;
    if has != had_back {
        return Err(format!("{place}: the way down changes rows:\n{}", rows::difference(&had_back, &has)).into());
    }
    if way.data {
        println!("migrations {} {}: {rows} rows", pair.name, way.name());
    }
    // A replay offline says what the server says; where it doesn't, the user is warned for nothing.
    if !migration.findings.is_empty() {
        return Err(format!("{place}: the server is content, and the replay is not: {:?}", migration.findings).into());
    }
    Ok(Completion::Completed)
}

/// Whether the rows that are there are in the way: goose says the SQLSTATE, golang-migrate the message alone.
fn is_about_rows(error: &str) -> bool {
    let told = ["(SQLSTATE 22", "(SQLSTATE 23", "contains null values", "is violated by", "violates", "invalid input", "out of range"];
    told.iter().chain(&["could not create unique index", "malformed"]).any(|it| error.contains(it))
}

/// What a database has, but for what the tools keep there.
pub(crate) fn captured(database: &Database<'_>) -> Result<Catalog, String> {
    let connection = connection::connect(&database.dsn()).map_err(|e| e.to_string())?;
    let captured = capture(&connection).map_err(|e| e.to_string())?;
    let is_tools = |identity: &Identity| identity.schema == TOOL_SCHEMA || (identity.schema.is_empty() && identity.name == TOOL_SCHEMA);
    Ok(captured.catalog.into_iter().filter(|(identity, _)| !is_tools(identity)).collect())
}

/// What one catalog has that another hasn't, or has in another way.
pub(crate) fn differences(found: &Catalog, expected: &Catalog) -> Vec<String> {
    let told = |change: Change<'_>| match change {
        Change::Created { identity, .. } => format!("{identity}: missing"),
        Change::Dropped { identity, .. } => format!("{identity}: too much"),
        Change::Altered { identity, .. } => {
            format!("{identity}: {}", change.fields().iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
    };
    diff(found, expected).changes.into_iter().map(told).collect()
}

/// Runs a tool over all migrations of a folder.
pub(crate) fn apply(tool: Tool, folder: &Path, database: &Database<'_>, up: bool) -> Result<(), String> {
    let bin = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/bin");
    let url = database.url(LOADER);
    let output = match tool {
        Tool::Goose => Command::new(bin.join("goose"))
            .args(["-table", &format!("{TOOL_SCHEMA}.version"), "-dir"])
            .arg(folder)
            .args(["postgres", &url])
            .args(if up { &["up"][..] } else { &["down-to", "0"] })
            .output(),
        Tool::Migrate => Command::new(bin.join("migrate"))
            .args(["-path"])
            .arg(folder)
            .args(["-database", &format!("{url}&x-migrations-table=%22{TOOL_SCHEMA}%22.%22version%22&x-migrations-table-quoted=1")])
            .args(if up { &["up"][..] } else { &["down", "-all"] })
            .output(),
    };
    let output = output.map_err(|e| format!("{tool:?}: {e}; `make install-deps` installs it"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
