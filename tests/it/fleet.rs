//! Drift of fleets: the command lines of docs/fleets.md, on real databases.

use std::fs;

use libtest_mimic::{Failed, Trial};

use crate::server::server;
use crate::tool;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("fleet::drift", drift), Trial::test("fleet::migration_tools_tables", migration_tools_tables)]
}

const SCHEMA: &str = "CREATE TABLE users (id int PRIMARY KEY, name text);";

fn drift() -> Result<(), Failed> {
    let server = server()?;
    let databases = [server.database("fleet_equal")?, server.database("fleet_other")?, server.database("fleet_equal_too")?];
    for database in &databases {
        database.run(SCHEMA)?;
    }
    databases[1].run("ALTER TABLE users ADD email text")?;
    let folder = tool::workplace("fleet");
    let gone = databases[0].dsn().replace(&databases[0].name, "no_such_database");
    let dsns: Vec<String> = databases.iter().map(|it| it.dsn()).chain([format!("{gone} password=geheim")]).collect();
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).map_err(|e| e.to_string());
    write("dsns.txt", &format!("# the fleet\n{}\n", dsns.join("\n")))?;
    write("some.txt", &format!("{}\n{}\n", dsns[0], dsns[2]))?;
    write("schema.sql", SCHEMA)?;
    tool::run(&folder, &["snapshot", "create", "schema.sql", "-o", "app.pgsnap"])?.ok()?;

    let all = tool::run(&folder, &["diff", "--each", "dsns.txt", "app.pgsnap", "--jobs", "2"])?;
    assert_eq!(all.code, 4, "{}", all.stderr);
    let mut states: Vec<&str> = all.stdout.lines().filter_map(|line| line.split('\t').next()).collect();
    states.sort_unstable();
    assert_eq!(states, ["different", "equal", "equal", "failed"], "{}", all.stdout);
    assert!(all.stdout.contains("0 created, 1 altered, 0 dropped"), "{}", all.stdout);
    assert!(all.stdout.contains("no_such_database") && !all.stdout.contains("geheim"), "{}", all.stdout);
    assert!(all.stderr.contains("4 databases: 2 equal, 1 different, 1 failed"), "{}", all.stderr);
    assert_eq!(tool::run(&folder, &["diff", "--each", "some.txt", "app.pgsnap"])?.code, 0);

    // In two shards, by flag and by what a job array says, joined again.
    let shard = |arguments: &[&str], variables: &[(&str, &str)], file: &str| {
        let common = ["diff", "--each", "dsns.txt", "app.pgsnap", "--format", "json"];
        let arguments: Vec<&str> = common.iter().chain(arguments).copied().collect();
        let ran = tool::run_with(&folder, &arguments, variables)?;
        write(file, &ran.stdout).map(|()| ran.code)
    };
    assert_eq!(shard(&["--shard", "1/2"], &[], "1.json")?, 0);
    assert_eq!(shard(&["--shard", "2/2"], &[], "2.json")?, 4);
    let array = [("AWS_BATCH_JOB_ARRAY_INDEX", "1"), ("AWS_BATCH_JOB_ARRAY_SIZE", "2")];
    assert_eq!(shard(&[], &array, "batch.json")?, 4);
    assert_eq!(shard(&[], &[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "2")], "ci.json")?, 0);
    assert_eq!(shard(&[], &[("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETIONS", "2")], "kubernetes.json")?, 0);
    let text = |name: &str| fs::read_to_string(folder.join(name)).map_err(|e| e.to_string());
    assert_eq!(text("batch.json")?, text("2.json")?);
    assert_eq!(text("ci.json")?, text("1.json")?);
    assert_eq!(text("kubernetes.json")?, text("1.json")?);
    let merged = tool::run(&folder, &["diff", "--merge", "1.json", "2.json"])?;
    assert_eq!(merged.code, 4, "{}", merged.stderr);
    assert_eq!(merged.stdout.lines().count(), 4, "{}", merged.stdout);
    assert!(merged.stderr.contains("4 databases: 2 equal, 1 different, 1 failed"), "{}", merged.stderr);
    Ok(())
}

/// What goose keeps in a database is no drift, and nothing that a migration drops.
fn migration_tools_tables() -> Result<(), Failed> {
    let database = server()?.database("fleet_tools")?;
    database.run(SCHEMA)?;
    database.run("CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp DEFAULT now())")?;
    let folder = tool::workplace("fleet_tools");
    fs::write(folder.join("schema.sql"), SCHEMA).map_err(|e| e.to_string())?;
    let dsn = database.dsn();
    let ran = tool::run(&folder, &["diff", "schema.sql", &dsn])?;
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("table public.goose_db_version is where goose keeps what was run"), "{}", ran.stderr);
    assert_eq!(tool::run(&folder, &["diff", "schema.sql", &dsn, "--all"])?.code, 1);
    let ran = tool::run(&folder, &["migrate", &dsn, "schema.sql", "--include-drops"])?;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("nothing to migrate"), "{}", ran.stderr);
    Ok(())
}
