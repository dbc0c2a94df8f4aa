//! A folder of migrations as one (`migrate --squash`), and migrations that `generate` writes beside the Go: through the program, the
//! tools and a real server.

use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};

use crate::migrations::{Tool, apply, captured, differences};
use crate::server::{LOADER, server};
use crate::tool;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("baseline::goose", || squash(Tool::Goose, GOOSE, "00004_")),
        Trial::test("baseline::golang_migrate", || squash(Tool::Migrate, MIGRATE, "20240103000000_")),
        Trial::test("baseline::generate_writes_once", generate_writes_once),
    ]
}

/// What no one transaction can hold: an index that is made while others write, and a label that is used at once.
const GOOSE: &[(&str, &str)] = &[
    (
        "00001_users.sql",
        "-- +goose Up\nCREATE TYPE mood AS ENUM ('sad');\nCREATE TABLE users (id int PRIMARY KEY);\n\n-- +goose Down\nDROP TABLE users;\nDROP TYPE mood;\n",
    ),
    (
        "00002_index.sql",
        "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY users_id ON users (id);\n\n-- +goose Down\nDROP INDEX users_id;\n",
    ),
    ("00003_label.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nALTER TYPE mood ADD VALUE 'glad';\n\n-- +goose Down\nSELECT 1;\n"),
    (
        "00004_default.sql",
        "-- +goose Up\nALTER TABLE users ADD mood mood DEFAULT 'glad';\n\n-- +goose Down\nALTER TABLE users DROP mood;\n",
    ),
];

const MIGRATE: &[(&str, &str)] = &[
    ("20240101000000_a.up.sql", "CREATE TABLE a (id int PRIMARY KEY);"),
    ("20240101000000_a.down.sql", "DROP TABLE a;"),
    ("20240102000000_b.up.sql", "CREATE TABLE b (a int REFERENCES a);\nCREATE VIEW v AS SELECT a FROM b;"),
    ("20240102000000_b.down.sql", "DROP VIEW v;\nDROP TABLE b;"),
    ("20240103000000_c.up.sql", "DROP VIEW v;\nALTER TABLE a ADD name text NOT NULL DEFAULT '';\nCREATE VIEW v AS SELECT name FROM a;"),
    ("20240103000000_c.down.sql", "DROP VIEW v;\nALTER TABLE a DROP name;\nCREATE VIEW v AS SELECT a FROM b;"),
];

/// A new database gets from the baseline what the files made, and nothing happens to one that has run them.
fn squash(tool: Tool, files: &[(&str, &str)], version: &str) -> Result<(), Failed> {
    let folder = tool::workplace("baseline");
    let migrations = folder.join("migrations");
    fs::create_dir_all(&migrations)?;
    files.iter().try_for_each(|(name, text)| fs::write(migrations.join(name), text))?;
    let server = server()?;
    let old = server.database_of("baseline_old", LOADER)?;
    old.run("CREATE SCHEMA pgx_goose_tool")?;
    apply(tool, &migrations, &old, true)?;
    let before = captured(&old)?;

    tool::run(&folder, &["migrate", "--squash", "--dir", "migrations"])?.ok()?;
    let left = names(&migrations)?;
    let of_one = if tool == Tool::Goose { 1 } else { 2 };
    if left.len() != of_one || !left.iter().all(|it| it.starts_with(version)) {
        return Err(format!("the folder has {left:?}").into());
    }
    let mut aside: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    aside.sort_unstable();
    assert_eq!(names(&migrations.join(".squashed"))?, aside);

    let new = server.database_of("baseline_new", LOADER)?;
    new.run("CREATE SCHEMA pgx_goose_tool")?;
    apply(tool, &migrations, &new, true)?;
    assert_eq!(differences(&captured(&new)?, &before), Vec::<String>::new(), "a new database");
    // golang-migrate says so with an error of its own, goose with success.
    let _ = apply(tool, &migrations, &old, true);
    assert_eq!(differences(&captured(&old)?, &before), Vec::<String>::new(), "a database that has run them");
    apply(tool, &migrations, &new, false)?;
    let nothing = captured(&new)?;
    assert!(
        nothing.iter().all(|(it, _)| it.name == "public"),
        "the way down leaves {:?}",
        nothing.iter().map(|(it, _)| it).collect::<Vec<_>>()
    );
    Ok(())
}

fn names(folder: &Path) -> Result<Vec<String>, Failed> {
    let entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let files = entries.into_iter().filter(|it| it.path().is_file());
    let mut names: Vec<String> = files.map(|it| it.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// The migration that `generate` writes leads from the snapshot to the source, and is not written again where the folder comes to it.
fn generate_writes_once() -> Result<(), Failed> {
    let folder = tool::workplace("baseline");
    fs::write(folder.join("old.sql"), "CREATE TABLE users (id int PRIMARY KEY);\n")?;
    fs::write(folder.join("new.sql"), "CREATE TABLE users (id int PRIMARY KEY, name text);\nCREATE INDEX users_name ON users (name);\n")?;
    fs::write(folder.join("go.mod"), "module example.com/app\n\ngo 1.24\n")?;
    fs::write(
        folder.join("pgx-goose-conf.yaml"),
        "source: new.sql\nsnapshot: old.sql\nmigrations: {enabled: true, auto_generate: true, safe_mode: false}\n",
    )?;
    fs::create_dir_all(folder.join("migrations"))?;
    fs::write(
        folder.join("migrations/00001_users.sql"),
        "-- +goose Up\nCREATE TABLE users (id int PRIMARY KEY);\n\n-- +goose Down\nDROP TABLE users;\n",
    )?;
    tool::run(&folder, &["generate"])?.ok()?;
    let first = names(&folder.join("migrations"))?;
    assert_eq!(first.len(), 2, "{first:?}");
    tool::run(&folder, &["generate"])?.ok()?;
    assert_eq!(names(&folder.join("migrations"))?, first);

    let server = server()?;
    let (database, expected) = (server.database_of("baseline_generate", LOADER)?, server.database_of("baseline_source", LOADER)?);
    database.run("CREATE SCHEMA pgx_goose_tool")?;
    apply(Tool::Goose, &folder.join("migrations"), &database, true)?;
    expected.run(&fs::read_to_string(folder.join("new.sql"))?)?;
    assert_eq!(differences(&captured(&database)?, &captured(&expected)?), Vec::<String>::new());
    Ok(())
}
