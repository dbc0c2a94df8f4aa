//! Throw-away servers of the product: they start, they serve, and they leave nothing behind, however they end.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use pgx_goose::capture::live::{capture, connection};
use pgx_goose::capture::shadow::{self, ShadowError};

use crate::tool;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("shadow::starts_and_goes", starts_and_goes),
        Trial::test("shadow::ends_with_its_input", ends_with_its_input),
        Trial::test("shadow::of_a_major_that_is_not_here", not_here),
        Trial::test("shadow::loads_what_cannot_be_replayed", loads),
        Trial::test("shadow::loads_migrations", loads_migrations),
        Trial::test("shadow::tells_places", tells_places),
        Trial::test("shadow::tells_what_to_install", tells_what_to_install),
        Trial::test("shadow::needs_none", needs_none),
    ]
}

fn starts_and_goes() -> Result<(), Failed> {
    let cluster = shadow::start(None).map_err(|e| e.to_string())?;
    let dsn = cluster.database("it's").map_err(|e| e.to_string())?;
    cluster.run("it's", "CREATE TABLE t (id int PRIMARY KEY); CREATE VIEW v AS SELECT id FROM t;").map_err(|e| e.to_string())?;
    let refused = cluster.run("it's", "CREATE TABLE u (id int); SELECT nothing").expect_err("there is no such column");
    assert!(refused.to_string().contains("nothing"), "{refused}");
    let captured = capture(&connection::connect(&dsn).map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
    let found: Vec<String> = captured.catalog.iter().map(|(identity, _)| identity.to_string()).collect();
    assert_eq!(found, ["schema public", "table public.t", "constraint t_pkey on public.t", "view public.v"]);
    let folder = dsn.split('\'').nth(1).ok_or("the connection string names the folder")?.to_owned();
    assert!(Path::new(&folder).exists(), "{folder}");
    drop(cluster);
    assert!(!Path::new(&folder).exists(), "{folder} is still there");
    Ok(())
}

/// Whoever holds the other side of its input may be killed, and has no time to clear up: the server and its folder go all the same.
fn ends_with_its_input() -> Result<(), Failed> {
    let mut holder = Command::new("sleep").arg("1000").stdout(Stdio::piped()).spawn().map_err(|e| e.to_string())?;
    let input = holder.stdout.take().ok_or("its output is piped")?;
    let bin = shadow::start(None).map_err(|e| e.to_string())?.bin().to_owned();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/capture/shadow/keeper.sh");
    let mut command = Command::new("setpriv");
    if Command::new("id").arg("-u").output().is_ok_and(|it| it.stdout == b"0\n") {
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    }
    // The folder of the sources may be one that nobody else may look into.
    let text = std::fs::read_to_string(script).map_err(|e| e.to_string())?;
    let mut keeper =
        command.args(["sh", "-c", &text, "sh"]).arg(bin).stdin(input).stdout(Stdio::piped()).spawn().map_err(|e| e.to_string())?;
    let mut folder = String::new();
    BufReader::new(keeper.stdout.take().ok_or("its output is piped")?).read_line(&mut folder).map_err(|e| e.to_string())?;
    let folder = Path::new(folder.trim_end());
    assert!(folder.join("data/postmaster.pid").exists(), "{}", folder.display());
    holder.kill().map_err(|e| e.to_string())?;
    let _ = holder.wait();
    let patience = Instant::now() + Duration::from_secs(120);
    while folder.exists() && Instant::now() < patience {
        thread::sleep(Duration::from_millis(50));
    }
    assert!(!folder.exists(), "{} is still there", folder.display());
    let _ = keeper.wait();
    Ok(())
}

fn not_here() -> Result<(), Failed> {
    let error = shadow::start(Some(7)).expect_err("PostgreSQL 7 has no Unix sockets of ours");
    let ShadowError::NotInstalled { wanted: Some(7), .. } = &error else { return Err(error.to_string().into()) };
    assert!(error.to_string().starts_with("no PostgreSQL 7 server is installed here"), "{error}");
    assert!(error.hint().is_some());
    Ok(())
}

/// DDL that only a server can run: names made of what is in rows.
const DYNAMIC: &str = "CREATE TABLE a (id int PRIMARY KEY, at timestamptz);
CREATE TABLE b (id int PRIMARY KEY, at timestamptz);
GRANT SELECT ON a TO reader;
CREATE TABLE named (name text);
INSERT INTO named SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'at' WHERE c.relkind = 'r';
DO $$ DECLARE t record; BEGIN
  FOR t IN SELECT name FROM named LOOP
    EXECUTE 'CREATE INDEX ' || quote_ident('idx_' || t.name) || ' ON ' || quote_ident(t.name) || ' (at)';
  END LOOP;
END $$;
COPY a FROM stdin;
1\t2020-01-01
\\.
CREATE VIEW v AS SELECT id FROM a;
";

fn create(name: &str, ddl: &str, arguments: &[&str]) -> Result<(std::path::PathBuf, tool::Ran), Failed> {
    let folder = tool::workplace("shadow");
    std::fs::write(folder.join(name), ddl).map_err(|e| e.to_string())?;
    let all: Vec<&str> = ["snapshot", "create", name, "-o", "out.pgsnap"].into_iter().chain(arguments.iter().copied()).collect();
    let ran = tool::run(&folder, &all)?;
    Ok((folder, ran))
}

/// What can't be replayed offline is loaded and captured.
fn loads() -> Result<(), Failed> {
    let (_, without) = create("schema.sql", DYNAMIC, &["--strict"])?;
    assert_eq!(without.code, 3, "it can't be replayed: {}", without.stderr);
    assert!(without.stderr.contains("schema.sql:6:1"), "{}", without.stderr);
    let (folder, ran) = create("schema.sql", DYNAMIC, &["--strict", "--shadow"])?;
    ran.ok()?;
    let shown = tool::run(&folder, &["snapshot", "show", "out.pgsnap"])?.ok()?;
    for object in ["public.idx_a", "public.idx_b", "public.v"] {
        assert!(shown.contains(object), "{object}:\n{shown}");
    }
    // The same as somebody who writes it out.
    let plain = DYNAMIC.replace(
        &DYNAMIC[DYNAMIC.find("DO ").unwrap_or(0)..DYNAMIC.find("COPY").unwrap_or(0)],
        "CREATE INDEX idx_a ON a (at); CREATE INDEX idx_b ON b (at);\n",
    );
    std::fs::write(folder.join("plain.sql"), plain).map_err(|e| e.to_string())?;
    let diff = tool::run(&folder, &["diff", "plain.sql", "out.pgsnap"])?;
    assert_eq!((diff.code, diff.stdout.as_str()), (0, ""), "{}", diff.stderr);
    Ok(())
}

/// Migrations run as their tool runs them: each file a transaction, in which a role is missing at first.
fn loads_migrations() -> Result<(), Failed> {
    let folder = tool::workplace("shadow");
    let write = |name: &str, text: &str| {
        std::fs::create_dir_all(folder.join("db"))
            .and_then(|()| std::fs::write(folder.join("db").join(name), text))
            .map_err(|e| e.to_string())
    };
    write(
        "1_a.sql",
        "-- +goose Up\nSET LOCAL search_path = pg_temp, public;\nCREATE TABLE public.a (id int);\nALTER TABLE a OWNER TO app;\n-- +goose Down\nDROP TABLE a;\n",
    )?;
    write(
        "2_b.sql",
        "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY a_id ON a (id);\nDO $$ BEGIN EXECUTE 'ALTER TABLE a ADD COLUMN ' || (SELECT 'c' || count(*) FROM pg_class WHERE relname = 'a') || ' text'; END $$;\n",
    )?;
    tool::run(&folder, &["snapshot", "create", "db", "-o", "out.pgsnap", "--shadow", "--strict"])?.ok()?;
    let shown = tool::run(&folder, &["snapshot", "show", "out.pgsnap", "--format", "sql"])?.ok()?;
    for text in ["c1 text", "OWNER TO app", "INDEX a_id"] {
        assert!(shown.contains(text), "{text}:\n{shown}");
    }
    Ok(())
}

/// What the server refuses is told by its place, and nothing is written.
fn tells_places() -> Result<(), Failed> {
    let ddl = format!(
        "{DYNAMIC}DO $$ BEGIN\n  EXECUTE 'SELECT ' || current_database();\nEND $$;\nCREATE TABLE c (id int);\nCREATE VIEW w AS\n  SELECT id, nothing FROM c;\n"
    );
    let (folder, ran) = create("schema.sql", &ddl, &["--shadow"])?;
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("the server says: column \"shadow\" does not exist (42703)"), "{}", ran.stderr);
    assert!(ran.stderr.contains("schema.sql:15:1"), "{}", ran.stderr);
    assert!(!folder.join("out.pgsnap").exists());
    let (_, ran) =
        create("schema.sql", &ddl.replace("'SELECT ' || current_database()", "'SELECT ' || count(*) FROM pg_class"), &["--shadow"])?;
    assert!(ran.stderr.contains("schema.sql:20:14"), "{}", ran.stderr);
    Ok(())
}

/// Where there is no such server, it says where it looked and what to do.
fn tells_what_to_install() -> Result<(), Failed> {
    let folder = tool::workplace("shadow");
    std::fs::write(folder.join("schema.sql"), DYNAMIC).map_err(|e| e.to_string())?;
    let arguments = ["snapshot", "create", "schema.sql", "-o", "out.pgsnap", "--shadow=13"];
    let ran = tool::run_with(&folder, &arguments, &[("PATH", "/usr/bin:/bin")])?;
    if Path::new("/usr/lib/postgresql/13/bin/postgres").exists() {
        return ran.ok().map(drop).map_err(Failed::from);
    }
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    for text in ["no PostgreSQL 13 server is installed here", "looked in PATH, `pg_config --bindir`, /usr/lib/postgresql/*/bin", "initdb"] {
        assert!(ran.stderr.contains(text), "{text}: {}", ran.stderr);
    }
    Ok(())
}

/// Who needs no server starts none.
fn needs_none() -> Result<(), Failed> {
    let folder = tool::workplace("shadow");
    std::fs::write(folder.join("schema.sql"), "CREATE TABLE a (id int);").map_err(|e| e.to_string())?;
    let arguments = ["snapshot", "create", "schema.sql", "-o", "out.pgsnap", "--shadow=13"];
    tool::run_with(&folder, &arguments, &[("PATH", "/nowhere")])?.ok()?;
    Ok(())
}
