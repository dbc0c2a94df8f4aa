//! `migrate --verify`: a migration is run up and down on a throw-away server before it is written, and those of a folder with `--check`.

use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};

use crate::tool;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("verify::generated::goose", || generated("goose")),
        Trial::test("verify::generated::migrate", || generated("migrate")),
        Trial::test("verify::template_without_a_way_down", template_without_a_way_down),
        Trial::test("verify::template_that_forgets", template_that_forgets),
        Trial::test("verify::folder", folder),
        Trial::test("verify::folder_with_a_wrong_way_down", folder_with_a_wrong_way_down),
        Trial::test("verify::folder_that_the_server_refuses", folder_that_the_server_refuses),
        Trial::test("verify::major_that_is_not_here", not_here),
    ]
}

const OLD: &str = "
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE person (id int PRIMARY KEY, name varchar(20), mood mood NOT NULL, born date);
CREATE VIEW people AS SELECT id, upper(name) AS name, mood FROM person WHERE mood <> 'sad';
CREATE FUNCTION age(person) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
GRANT SELECT ON people TO reader;
";
const NEW: &str = "
CREATE TYPE mood AS ENUM ('happy', 'ok');
CREATE TABLE person (id bigint PRIMARY KEY, name text NOT NULL, mood mood NOT NULL DEFAULT 'ok', CHECK (name <> ''));
CREATE INDEX ON person (lower(name));
CREATE VIEW people AS SELECT id, upper(name) AS name, mood FROM person WHERE mood <> 'ok';
CREATE FUNCTION age(person) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 2::bigint';
GRANT SELECT ON people TO reader;
";

/// A folder with both schemas.
fn workplace() -> Result<std::path::PathBuf, Failed> {
    let folder = tool::workplace("verify");
    write(&folder, "old.sql", OLD)?;
    write(&folder, "new.sql", NEW)?;
    Ok(folder)
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), Failed> {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().ok_or("it is in a folder")?).map_err(|e| e.to_string())?;
    fs::write(path, text).map_err(|e| e.to_string().into())
}

#[track_caller]
fn check(ran: &tool::Ran, code: i32, says: &[&str]) -> Result<(), Failed> {
    let said = format!("{}{}", ran.stdout, ran.stderr);
    if ran.code != code {
        return Err(format!("exit code {} and not {code}:\n{said}", ran.code).into());
    }
    match says.iter().find(|it| !said.contains(**it)) {
        Some(missing) => Err(format!("`{missing}` is not said:\n{said}").into()),
        None => Ok(()),
    }
}

fn generated(format: &str) -> Result<(), Failed> {
    let folder = workplace()?;
    let ran = tool::run(&folder, &["migrate", "old.sql", "new.sql", "--format", format, "--include-drops", "--verify"])?;
    check(&ran, 0, &["the ways up and down end where they should", "wrote"])?;
    assert!(folder.join("migrations").read_dir().is_ok_and(|mut it| it.next().is_some()), "files are written");
    // What is left out may stay.
    let folder = workplace()?;
    let ran = tool::run(&folder, &["migrate", "old.sql", "new.sql", "--format", format, "--verify"])?;
    check(&ran, 0, &["the ways up and down end where they should", "left out"])
}

/// Templates whose files no tool is known of go up only.
fn template_without_a_way_down() -> Result<(), Failed> {
    let folder = workplace()?;
    write(&folder, "own.sql.tmpl", "<% for step in up %>\n<: step.sql :>\n<% endfor %>\n")?;
    let arguments = [
        "migrate",
        "old.sql",
        "new.sql",
        "--format",
        "custom",
        "--template",
        "own.sql.tmpl",
        "--include-drops",
        "--safe=false",
        "--verify",
    ];
    check(&tool::run(&folder, &arguments)?, 0, &["there is no way down"])
}

/// What a template leaves out on the way down is found, and nothing is written.
fn template_that_forgets() -> Result<(), Failed> {
    let folder = workplace()?;
    write(&folder, "own/{version}_{name}.up.sql.tmpl", "<% for step in up %>\n<: step.sql :>\n<% endfor %>\n")?;
    write(&folder, "own/{version}_{name}.down.sql.tmpl", "DROP INDEX person_lower_idx;\n")?;
    let arguments =
        ["migrate", "old.sql", "new.sql", "--format", "custom", "--template", "own", "--include-drops", "--safe=false", "--verify"];
    check(&tool::run(&folder, &arguments)?, 1, &["after the way down, `table public.person` is not as it should be", "it is not written"])?;
    assert!(!folder.join("migrations").exists(), "nothing is written");
    Ok(())
}

/// What can't be replayed offline can be run.
const DYNAMIC: &str = "-- +goose Up
-- +goose StatementBegin
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT 'part_' || oid::int % 1 + n FROM pg_class, generate_series(1, 2) n WHERE relname = 'pg_class' LOOP
    EXECUTE format('CREATE TABLE %I (id int)', name);
  END LOOP;
END $$;
-- +goose StatementEnd
";

fn folder() -> Result<(), Failed> {
    let folder = tool::workplace("verify");
    write(&folder, "migrations/00001_a.sql", &format!("{DYNAMIC}-- +goose Down\nDROP TABLE part_1;\nDROP TABLE part_2;\n"))?;
    write(&folder, "schema.sql", "CREATE TABLE part_1 (id int); CREATE TABLE part_2 (id int);")?;
    check(&tool::run(&folder, &["migrate", "--check", "--verify", "schema.sql"])?, 0, &["the ways up and down end where they should"])
}

fn folder_with_a_wrong_way_down() -> Result<(), Failed> {
    let folder = tool::workplace("verify");
    write(&folder, "migrations/1_a.up.sql", "CREATE TABLE a (id int); CREATE TABLE b (id int);")?;
    write(&folder, "migrations/1_a.down.sql", "DROP TABLE a;")?;
    write(&folder, "migrations/2_b.up.sql", "ALTER TABLE a ADD COLUMN n int;")?;
    write(&folder, "migrations/2_b.down.sql", "ALTER TABLE a DROP COLUMN n;")?;
    write(&folder, "schema.sql", "CREATE TABLE a (id int, n bigint); CREATE TABLE b (id int);")?;
    let says = [
        "after the way up, `table public.a` is not as it should be",
        "after the way down, `table public.b` is not as it should be: still there",
    ];
    check(&tool::run(&folder, &["migrate", "--check", "--verify", "schema.sql"])?, 1, &says)
}

fn folder_that_the_server_refuses() -> Result<(), Failed> {
    let folder = tool::workplace("verify");
    write(
        &folder,
        "migrations/00001_a.sql",
        "-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\n\nALTER TABLE a\n  DROP COLUMN nothing;\n",
    )?;
    write(&folder, "schema.sql", "CREATE TABLE a (id int);")?;
    let says = ["migrations/00001_a.sql:5:1", "the server says: column \"nothing\" of relation \"a\" does not exist (42703)"];
    check(&tool::run(&folder, &["migrate", "--check", "--verify", "schema.sql"])?, 3, &says)
}

fn not_here() -> Result<(), Failed> {
    let folder = workplace()?;
    let ran = tool::run_with(&folder, &["migrate", "old.sql", "new.sql", "--verify=13"], &[("PATH", "/usr/bin:/bin")])?;
    if Path::new("/usr/lib/postgresql/13/bin/postgres").exists() {
        return check(&ran, 0, &[]);
    }
    check(&ran, 4, &["no PostgreSQL 13 server is installed here", "/usr/lib/postgresql", "initdb"])
}
