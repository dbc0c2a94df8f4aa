//! Migrations, applied by the tools that they are written for, on a real server: OLD and the way up is NEW, and the way down is OLD again.
//!
//! Pairs are the consecutive versions of real schemas (`history` of the corpus), fixtures one after the other, and every real schema from
//! and to nothing. Each is planned from what was captured, written as files, run by goose or golang-migrate, and captured again. Rows that
//! were there before stay, with every value that the plan doesn't say it loses.

use std::collections::{BTreeMap, BTreeSet};
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
use crate::server::{Database, LOADER, Server, majors, server_of};
use crate::tool;

/// What does not come out right for now: name, and the reason.
const KNOWN: &str = include_str!("migrations/known.tsv");

/// The schema that the tools keep their versions in, so that they are in nobody's way.
pub(crate) const TOOL_SCHEMA: &str = "pgx_goose_tool";

/// One way of writing and running a migration.
#[derive(Clone, Copy, Debug)]
struct Way {
    tool: Tool,
    safe: bool,
    drops: bool,
    /// Whether there are rows before.
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
                ways.push(Way { tool, safe, drops, data: false });
            }
        }
    }
    if is_history {
        ways.push(Way { tool: Tool::Goose, safe: true, drops: true, data: true });
        ways.push(Way { tool: Tool::Migrate, safe: false, drops: true, data: true });
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

    let rows = if way.data { fill(&database, &old)? } else { 0 };
    let before = if way.data { values(&database, &old, &old)? } else { Values::new() };
    database.run(&format!("CREATE SCHEMA {TOOL_SCHEMA}"))?;
    if !files.is_empty() {
        match apply(way.tool, &folder, &database, true) {
            // Whether rows have what a new schema demands of them is not for a schema to say.
            Err(error) if way.data && error.contains("contains null values") => {
                return Ok(Completion::ignored_with("the new schema demands values that the rows before it don't have"));
            }
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
    let lost: BTreeSet<&Identity> = migration.up().filter(|it| it.loses.is_some()).map(|it| &it.about).collect();
    if way.data {
        let after = values(&database, &old, &there)?;
        let changed = changed(&before, &after, &lost);
        if !changed.is_empty() {
            return Err(format!("{place}: values changed on the way up:\n{}", changed.join("\n")).into());
        }
    }
    if !files.is_empty() {
        apply(way.tool, &folder, &database, false).map_err(|error| format!("{place}: down: {error}"))?;
    }
    let back = captured(&database)?;
    let left = differences(&back, &old);
    if !left.is_empty() {
        return Err(format!("{place}: the way down does not lead back to OLD:\n{}", left.join("\n")).into());
    }
    if way.data {
        let lost: BTreeSet<&Identity> =
            lost.into_iter().chain(migration.down().filter(|it| it.loses.is_some()).map(|it| &it.about)).collect();
        let changed = changed(&before, &values(&database, &old, &back)?, &lost);
        if !changed.is_empty() {
            return Err(format!("{place}: values changed on the way up and down:\n{}", changed.join("\n")).into());
        }
        println!("migrations {} {}: {rows} rows, {} columns compared", pair.name, way.name(), before.len());
    }
    // A replay offline says what the server says; where it doesn't, the user is warned for nothing.
    if !migration.findings.is_empty() {
        return Err(format!("{place}: the server is content, and the replay is not: {:?}", migration.findings).into());
    }
    Ok(Completion::Completed)
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

/// The values of a column, by table and column: their type, and a sum over all of them.
type Values = BTreeMap<(Identity, String), (String, String)>;

/// Puts rows into every table that takes some, and returns how many there are then.
///
/// Triggers and foreign keys don't look: it is about what becomes of rows, not about what they mean.
fn fill(database: &Database<'_>, catalog: &Catalog) -> Result<usize, String> {
    let mut text = "SET session_replication_role = replica;\n".to_owned();
    let mut count = String::new();
    for (identity, object) in catalog.iter() {
        let Some(columns) = object.definition.columns() else { continue };
        let writable: Vec<_> = columns.iter().filter(|it| it.generated.is_none() && it.identity.is_none()).collect();
        let names: Vec<String> = writable.iter().map(|it| name(&it.name)).collect();
        let table = format!("{}.{}", name(&identity.schema), name(&identity.name));
        for row in 1..=3 {
            let values: Vec<String> = writable.iter().map(|it| value(&it.data_type.to_string(), row)).collect();
            let insert = match values.is_empty() {
                true => format!("INSERT INTO {table} DEFAULT VALUES"),
                false => format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", ")),
            };
            // A table whose checks want something else stays as it is.
            text.push_str(&format!("DO $do$ BEGIN {insert}; EXCEPTION WHEN OTHERS THEN NULL; END $do$;\n"));
        }
        count.push_str(&format!("SELECT count(*) FROM {table};\n"));
    }
    database.run(&text)?;
    Ok(database.run(&count)?.lines().filter_map(|it| it.parse::<usize>().ok()).sum())
}

fn value(data_type: &str, row: usize) -> String {
    let array = data_type.ends_with("[]");
    let base = data_type.trim_end_matches("[]").split('(').next().unwrap_or_default();
    let scalar = match base {
        "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" | "money" | "oid" => format!("'{row}'"),
        "text" | "varchar" | "bpchar" | "name" | "citext" => format!("'{}'", ["a", "b", "c"][row % 3]),
        "bool" => format!("'{}'", row.is_multiple_of(2)),
        "timestamp" | "timestamptz" | "date" => format!("'2020-01-0{row}'"),
        "time" | "timetz" => format!("'0{row}:00'"),
        "interval" => format!("'{row} days'"),
        "uuid" => format!("'00000000-0000-0000-0000-00000000000{row}'"),
        "json" | "jsonb" => format!("'{{\"row\": {row}}}'"),
        "bytea" => format!("'\\x0{row}'"),
        "inet" | "cidr" => format!("'10.0.0.{row}'"),
        "tsvector" => format!("'w{row}'"),
        _ => return "DEFAULT".to_owned(),
    };
    if array { format!("ARRAY[{scalar}]::{base}[]") } else { scalar }
}

fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Sums up the columns that a schema has and the database still has.
fn values(database: &Database<'_>, of: &Catalog, now: &Catalog) -> Result<Values, String> {
    let mut wanted = Vec::new();
    let mut text = String::new();
    for (identity, object) in of.iter() {
        let Some(columns) = object.definition.columns() else { continue };
        let there = now.get(identity).and_then(|it| it.definition.columns()).unwrap_or_default();
        for column in columns {
            let Some(here) = there.iter().find(|it| it.name == column.name) else { continue };
            let table = format!("{}.{}", name(&identity.schema), name(&identity.name));
            let column_name = name(&column.name);
            text.push_str(&format!(
                "SELECT count(*) || ' ' || coalesce(md5(string_agg({column_name}::text, '|' ORDER BY {column_name}::text)), '') FROM {table};\n"
            ));
            wanted.push(((identity.clone(), column.name.clone()), here.data_type.to_string()));
        }
    }
    let sums = database.run(&text)?;
    Ok(wanted.into_iter().zip(sums.lines()).map(|((key, of), sum)| (key, (of, sum.to_owned()))).collect())
}

/// The columns whose values are others, though nothing said so.
fn changed(before: &Values, after: &Values, lost: &BTreeSet<&Identity>) -> Vec<String> {
    let told = |((identity, column), (of, sum)): (&(Identity, String), &(String, String))| {
        let (of_now, sum_now) = before.get(&(identity.clone(), column.clone()))?;
        let same = of == of_now && sum != sum_now;
        (same && !lost.contains(identity)).then(|| format!("{identity}, column {column}: {sum_now} was, {sum} is"))
    };
    after.iter().filter_map(told).collect()
}
