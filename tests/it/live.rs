//! What a running server says of a schema against what its DDL says: the same objects, the same bytes.
//!
//! Every fixture that a server takes and every real schema is loaded, captured, and compared with what was read from the
//! text, object by object and field by field. What differs for now stands in `live/differences.tsv`, with its number and
//! reason; a number that has become too large or too small fails.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use libtest_mimic::{Completion, Failed, Trial};
use pgx_goose::capture::live::{CaptureError, capture, connection};
use pgx_goose::capture::script::{self, Input};
use pgx_goose::catalog::{Catalog, Identity};
use pgx_goose::diagnostic::Severity;
use pgx_goose::snapshot::{self, HeaderFacts};
use serde_json::Value;

use crate::corpus::{self, Refusal, lines};
use crate::fidelity::{self, Against};
use crate::fixtures;
use crate::server::{Database, LOADER, majors, server_of};

const DIFFERENCES: &str = include_str!("live/differences.tsv");

/// How many differences are shown of a schema; `PGX_GOOSE_SHOW` says another number.
const SHOWN: usize = 40;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for major in majors() {
        for case in fixtures::cases() {
            let name = format!("live::{major}::fixtures::{}", case.name);
            trials.push(Trial::ignorable_test(name, move || {
                if case.is_error() {
                    return Ok(Completion::ignored_with("the server refuses it, and so do we"));
                }
                let server = server_of(major)?;
                if let Some(missing) = case.missing(server)? {
                    return Ok(Completion::ignored_with(missing));
                }
                let scripts = case.scripts()?;
                let database = server.database(&case.name)?;
                let loaded = scripts.iter().try_for_each(|script| database.run(script).map(drop));
                loaded.map_err(|error| format!("the server refuses the fixture: {error}"))?;
                let inputs: Vec<Input> = scripts.into_iter().map(|text| Input::new("schema.sql", text)).collect();
                let read = script::parse(&inputs);
                check(&format!("fixtures/{}", case.name), major, &read.catalog, &database)
            }));
        }
        trials.push(Trial::test(format!("live::{major}::members_of_extensions"), move || members_of_extensions(major)));
        trials.push(Trial::test(format!("live::{major}::roles_without_rights"), move || roles_without_rights(major)));
        trials.push(Trial::test(format!("live::{major}::changed_once_meanwhile"), move || changed_once(major)));
        trials.push(Trial::test(format!("live::{major}::changed_always_meanwhile"), move || changed_always(major)));
        for schema in corpus::schemas() {
            let name = format!("live::{major}::corpus::{}", schema.name);
            let schema = Arc::clone(&schema);
            trials.push(Trial::ignorable_test(name, move || {
                let server = server_of(major)?;
                if let Some(reason) = schema.missing(server)? {
                    return Ok(Completion::ignored_with(reason));
                }
                let database = match schema.load(server, LOADER) {
                    Ok(database) => database,
                    Err(Refusal::Library(reason)) => return Ok(Completion::ignored_with(reason)),
                    // A schema is written for some majors: what it is refused for elsewhere is no fault of ours.
                    Err(Refusal::Error(error)) if major != 15 => return Ok(Completion::ignored_with(error)),
                    Err(Refusal::Error(error)) => return Err(error.into()),
                };
                check(&schema.name, major, &schema.read()?.catalog, &database)
            }));
        }
    }
    trials
}

/// What an extension owns stays with it, also what nobody could know of it, and what hangs on what it owns.
fn members_of_extensions(major: u32) -> Result<(), Failed> {
    let database = server_of(major)?.database("members")?;
    database.run(
        "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;
        CREATE TYPE ext.mood AS ENUM ('sad', 'glad');
        CREATE FUNCTION ext.cheer(ext.mood) RETURNS ext.mood LANGUAGE sql IMMUTABLE AS $$ SELECT 'glad'::ext.mood $$;
        CREATE TABLE ext.moods (id serial PRIMARY KEY, mood ext.mood CHECK (mood <> 'sad'));
        CREATE INDEX ON ext.moods (mood);
        ALTER EXTENSION citext ADD TYPE ext.mood; ALTER EXTENSION citext ADD FUNCTION ext.cheer(ext.mood);
        ALTER EXTENSION citext ADD TABLE ext.moods;
        CREATE TABLE people (id int PRIMARY KEY, mood ext.mood DEFAULT ext.cheer('sad'), name ext.citext);
        CREATE VIEW cheered AS SELECT p.id, m.mood, ext.cheer(p.mood) AS cheer FROM people p JOIN ext.moods m USING (id);",
    )?;
    let connection = connection::connect(&database.dsn()).map_err(|e| e.to_string())?;
    let captured = capture(&connection).map_err(|e| e.to_string())?;
    let said: Vec<&str> = captured.diagnostics.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(said, [] as [&str; 0]);
    let found: Vec<String> = captured.catalog.iter().map(|(identity, _)| identity.to_string()).collect();
    let expected = [
        "schema ext",
        "schema public",
        "extension citext",
        "table public.people",
        "constraint people_pkey on public.people",
        "view public.cheered",
    ];
    assert_eq!(found, expected);
    let people = captured.catalog.iter().find(|(identity, _)| identity.name == "people").map(|(_, object)| format!("{object:?}"));
    let people = people.unwrap_or_default();
    for part in ["ext.cheer('sad'", "\"citext\"", "\"mood\""] {
        assert!(people.contains(part), "{part} is not in {people}");
    }
    // What somebody hangs on an extension's table has no place in a catalog without the table, and is not dropped in silence.
    database.run(
        "ALTER TABLE ext.moods ADD owner int REFERENCES people;
        CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER watch BEFORE INSERT ON ext.moods FOR EACH ROW EXECUTE FUNCTION nothing();
        CREATE POLICY own ON ext.moods USING (id > 0);",
    )?;
    let captured = capture(&connection).map_err(|e| e.to_string())?;
    let said: Vec<&str> = captured.diagnostics.iter().map(|it| it.message.as_str()).collect();
    let left_out = |what: &str| format!("{what} on `ext.moods` was left out: the table belongs to extension `citext`");
    assert_eq!(said, [left_out("foreign key `moods_owner_fkey`"), left_out("policy `own`"), left_out("trigger `watch`")]);
    Ok(())
}

/// The catalogs are open to everybody: who may connect reads the same schema, and no data.
fn roles_without_rights(major: u32) -> Result<(), Failed> {
    let database = server_of(major)?.database("rights")?;
    let role = format!("nobody_{}", database.name);
    database.run(&format!(
        "CREATE ROLE {role} LOGIN;
        CREATE SCHEMA hidden; REVOKE ALL ON SCHEMA hidden FROM PUBLIC;
        CREATE TABLE hidden.t (id serial PRIMARY KEY, a text DEFAULT 'x', CHECK (a <> ''));
        CREATE VIEW hidden.v AS SELECT id FROM hidden.t WHERE a = 'y';
        CREATE FUNCTION hidden.f(a int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT a';
        ALTER TABLE hidden.t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON hidden.t USING (a = current_user);"
    ))?;
    let read = |dsn: &str| -> Result<Vec<u8>, Failed> {
        let connection = connection::connect(dsn).map_err(|e| e.to_string())?;
        let captured = capture(&connection).map_err(|e| e.to_string())?;
        Ok(snapshot::encode(&captured.catalog, &HeaderFacts::current()))
    };
    let dsn = database.dsn();
    let same = read(&dsn)? == read(&dsn.replace("user=postgres", &format!("user={role}")))?;
    database.run(&format!("DROP ROLE {role}"))?;
    assert!(same, "a role without rights reads another schema");
    Ok(())
}

/// A schema that changes while it is read is read again, and the second reading is of the schema after the change.
fn changed_once(major: u32) -> Result<(), Failed> {
    let database = server_of(major)?.database("changed_once")?;
    database.run("CREATE TABLE early (id int); CREATE VIEW early_view AS SELECT id FROM early;")?;
    let meanwhile = Meanwhile::new(&database, 1)?;
    let connection = connection::connect(&meanwhile.dsn).map_err(|e| e.to_string())?;
    let captured = capture(&connection).map_err(|e| e.to_string())?;
    let found: Vec<String> = captured.catalog.iter().map(|(identity, _)| identity.to_string()).collect();
    let expected = ["schema public", "table public.early", "table public.late1", "view public.early_view", "view public.late1_view"];
    assert_eq!(found, expected);
    assert_eq!(meanwhile.readings(), 2, "it is read once more, and no oftener");
    Ok(())
}

/// A schema that never holds still is an error after some readings.
fn changed_always(major: u32) -> Result<(), Failed> {
    let database = server_of(major)?.database("changed_always")?;
    let meanwhile = Meanwhile::new(&database, u32::MAX)?;
    let connection = connection::connect(&meanwhile.dsn).map_err(|e| e.to_string())?;
    let error = capture(&connection).map(drop).expect_err("the schema changes with every reading");
    assert!(matches!(error, CaptureError::Changing(times) if times == meanwhile.readings()), "{error}");
    Ok(())
}

/// A way to a server on which the schema changes between a reading and the look at whether it has changed.
struct Meanwhile {
    dsn: String,
    folder: tempfile::TempDir,
    readings: Arc<AtomicU32>,
}

impl Meanwhile {
    /// Changes the schema of the database with each of the first `times` readings.
    fn new(database: &Database<'_>, times: u32) -> Result<Self, Failed> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).map_err(|e| e.to_string())?;
        let real = database.dsn();
        let host = real.split_whitespace().find_map(|it| it.strip_prefix("host=")).ok_or("the server has a socket")?.to_owned();
        let dsn = real.replace(&host, &folder.path().display().to_string());
        let readings = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&readings);
        let change = database.changer();
        thread::spawn(move || {
            let Ok((mut client, _)) = listener.accept() else { return };
            let Ok(mut server) = UnixStream::connect(format!("{host}/.s.PGSQL.5432")) else { return };
            if let (Ok(mut from), Ok(mut to)) = (server.try_clone(), client.try_clone()) {
                thread::spawn(move || std::io::copy(&mut from, &mut to));
            }
            let mut bytes = [0; 65_536];
            while let Ok(count @ 1..) = client.read(&mut bytes) {
                // A query message: `Q`, its length, the text. What a capture asks last is a sum over the catalogs, alone.
                let is_last = bytes[0] == b'Q'
                    && count > 5
                    && String::from_utf8_lossy(&bytes[5..count]).trim_start().starts_with("SELECT pg_catalog.sum");
                if is_last {
                    let reading = seen.fetch_add(1, Ordering::SeqCst) + 1;
                    if reading <= times {
                        let name = format!("late{reading}");
                        change(&format!("CREATE TABLE {name} (id int); CREATE VIEW {name}_view AS SELECT id FROM {name};"));
                    }
                }
                if server.write_all(&bytes[..count]).is_err() {
                    return;
                }
            }
        });
        Ok(Self { dsn, folder, readings })
    }

    /// How often the schema was read.
    fn readings(&self) -> u32 {
        assert!(self.folder.path().exists(), "the socket is there as long as the way is");
        self.readings.load(Ordering::SeqCst)
    }
}

/// Captures a database and compares it with what its text says.
fn check(name: &str, major: u32, read: &Catalog, database: &Database<'_>) -> Result<Completion, Failed> {
    let connection = connection::connect(&database.dsn()).map_err(|e| e.to_string())?;
    let captured = capture(&connection).map_err(|e| e.to_string())?;
    let unread: Vec<String> =
        captured.diagnostics.iter().filter(|it| it.severity == Severity::Error).map(|it| it.message.clone()).collect();
    if !unread.is_empty() {
        return Err(unread.join("\n").into());
    }
    let mut wrong = Vec::new();
    let differing = differences(read, &captured.catalog, &mut wrong);
    let bytes = |catalog: &Catalog| snapshot::encode(catalog, &HeaderFacts::current());
    if wrong.is_empty() && bytes(read) != bytes(&captured.catalog) {
        wrong.push("nothing differs, and the snapshots do".to_owned());
    }
    let objects = captured.catalog.len().max(read.len());
    let structural = differing.structural;
    let differing = differing.all;
    println!("live {major} {name}: {objects} objects, {differing} differ, {structural} of them not only in expressions");
    if !name.starts_with("fixtures/") {
        fidelity::compare(name, major, Against::Server, objects, differing);
    }
    let expected = expected(name, major);
    if differing == expected && (expected > 0 || wrong.is_empty()) {
        return Ok(Completion::Completed);
    }
    let shown = std::env::var("PGX_GOOSE_SHOW").ok().and_then(|it| it.parse().ok()).unwrap_or(SHOWN);
    if std::env::var_os("PGX_GOOSE_STRUCTURE").is_some() {
        wrong.retain(|it| !is_expression(it));
    }
    let text = wrong.iter().take(shown).map(String::as_str).collect::<Vec<_>>().join("\n");
    Err(format!("{differing} of {objects} objects differ, {expected} expected:\n{text}").into())
}

/// How many objects of a schema may differ: lines of name, major or `*`, number, reason.
fn expected(name: &str, major: u32) -> usize {
    let found = lines(DIFFERENCES).find_map(|cells| match cells.as_slice() {
        [schema, of, number, reason] => {
            let is_it = *schema == name && (*of == "*" || of.parse() == Ok(major)) && !reason.is_empty();
            is_it.then(|| number.parse().expect("live/differences.tsv: the third cell is a number"))
        }
        other => panic!("live/differences.tsv: four cells a line, found {other:?}"),
    });
    found.unwrap_or(0)
}

/// How many objects differ.
#[derive(Default)]
struct Differing {
    all: usize,
    /// Those that differ in more than the text of expressions and queries.
    structural: usize,
}

/// Whether a difference is one of the text of an expression or a query.
fn is_expression(difference: &str) -> bool {
    const FIELDS: [&str; 10] = ["default", "expression", "check", "query", "predicate", "using", "with_check", "when", "condition", "sql"];
    let path = difference.lines().next().unwrap_or_default();
    FIELDS.iter().any(|field| path.ends_with(&format!(": {field}:"))) || path.contains(": actions: ")
}

/// Says what differs, object by object.
fn differences(read: &Catalog, captured: &Catalog, wrong: &mut Vec<String>) -> Differing {
    let mut objects: BTreeMap<&Identity, [Option<Value>; 2]> = BTreeMap::new();
    for (side, catalog) in [read, captured].into_iter().enumerate() {
        for (identity, object) in catalog.iter() {
            objects.entry(identity).or_default()[side] = serde_json::to_value(object).ok();
        }
    }
    let mut differing = Differing::default();
    for (identity, [read, captured]) in objects {
        let before = wrong.len();
        match (read, captured) {
            (Some(read), Some(captured)) if read == captured => continue,
            (Some(read), Some(captured)) => fields(&identity.to_string(), &read, &captured, wrong),
            (Some(_), None) => wrong.push(format!("{identity}: in the text only")),
            (None, _) => wrong.push(format!("{identity}: on the server only")),
        }
        differing.all += 1;
        differing.structural += usize::from(!wrong[before..].iter().all(|it| is_expression(it)));
    }
    differing
}

fn fields(path: &str, read: &Value, captured: &Value, wrong: &mut Vec<String>) {
    match (read, captured) {
        (Value::Object(a), Value::Object(b)) => {
            let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let (a, b) = (a.get(name).unwrap_or(&Value::Null), b.get(name).unwrap_or(&Value::Null));
                if a != b {
                    fields(&format!("{path}: {name}"), a, b, wrong);
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() && !path.ends_with("dependencies") => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                if a != b {
                    fields(&format!("{path}: {at}"), a, b, wrong);
                }
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            a.iter().filter(|it| !b.contains(it)).for_each(|it| wrong.push(format!("{path}: text only {it}")));
            b.iter().filter(|it| !a.contains(it)).for_each(|it| wrong.push(format!("{path}: server only {it}")));
        }
        _ => wrong.push(format!("{path}:\n      text {read}\n    server {captured}")),
    }
}
