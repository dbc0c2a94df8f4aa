//! A database as a source, through the program: snapshots, Go code, the guide's flags and keys, parts of a schema, rights, and
//! that no secret gets anywhere.

use std::fs;
use std::path::Path;

use libtest_mimic::Trial;

use crate::server::{Database, majors, server, server_of};
use crate::tool;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials =
        vec![Trial::test("database::guide", || Ok(guide()?)), Trial::test("database::changes_while_it_is_read", || Ok(changes()?))];
    for major in majors() {
        trials.push(Trial::test(format!("database::snapshot::{major}"), move || Ok(snapshot(major)?)));
        trials.push(Trial::test(format!("database::few_rights::{major}"), move || Ok(few_rights(major)?)));
        trials.push(Trial::test(format!("database::secrets::{major}"), move || Ok(secrets(major)?)));
    }
    trials
}

/// Names that a terminal, a shell, SQL, Go or a file system may take for something else.
const SCHEMA: &str = r#"
    CREATE SCHEMA crm;
    CREATE TYPE crm.tier AS ENUM ('bronze', 'gold');
    CREATE TABLE crm.customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tier crm.tier NOT NULL, name varchar(40));
    CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint CONSTRAINT orders_customer_fkey REFERENCES crm.customers, paid boolean);
    CREATE INDEX orders_customer_idx ON orders (customer);
    CREATE TABLE "../../etc/pass;wd" ("it's" int, "a""b" int, "drop table x; --" int);
    CREATE TABLE "\x1b[31m" (a int);
    CREATE TABLE "été 🦢 🦢 🦢 🦢 🦢 🦢 🦢 🦢 🦢 🦢" ("$1" int);
    INSERT INTO crm.customers (tier) SELECT 'gold' FROM generate_series(1, 1000);
    INSERT INTO orders SELECT n, n FROM generate_series(1, 500) n;
    ANALYZE;
"#;

fn snapshot(major: u32) -> Result<(), String> {
    let database = server_of(major)?.database("snapshot")?;
    database.run(SCHEMA)?;
    let folder = tool::workplace(&format!("database_snapshot_{major}"));
    let dsn = database.dsn();
    fs::write(folder.join("schema.sql"), SCHEMA).map_err(|e| e.to_string())?;
    let run = |arguments: &[&str]| tool::run(&folder, arguments)?.ok();

    run(&["snapshot", "create", &dsn, "-o", "live.pgsnap"])?;
    run(&["snapshot", "create", "schema.sql", "-o", "ddl.pgsnap"])?;
    run(&["snapshot", "create", &dsn, "--with-stats", "-o", "stats.pgsnap"])?;
    run(&["snapshot", "verify", "live.pgsnap", "ddl.pgsnap", "stats.pgsnap"])?;
    let tree = run(&["snapshot", "show", "stats.pgsnap"])?;
    for expected in [
        "  crm.customers (1000 rows, ",
        "  public.orders (500 rows, ",
        "  public.orders_customer_idx (",
        "  orders_pkey on public.orders (",
    ] {
        assert!(tree.contains(expected), "no `{expected}` in\n{tree}");
    }
    assert!(!run(&["snapshot", "show", "live.pgsnap"])?.contains(" bytes)"));
    let content = |tree: &str| tree.lines().next().map(str::to_owned);
    let of = |file: &str| run(&["snapshot", "show", file]).map(|it| content(&it));
    assert_eq!(of("live.pgsnap")?, of("stats.pgsnap")?, "sizes are no part of the schema");
    // 18 keeps NOT NULL as constraints that text alone doesn't name for older servers; there it is compared object by object in `live`.
    if major < 18 {
        assert_eq!(of("live.pgsnap")?, of("ddl.pgsnap")?, "the text and the server say the same");
    }

    // Nothing has changed, so nothing is written; and sizes that are there stay.
    let again = tool::run(&folder, &["snapshot", "create", &dsn, "-o", "stats.pgsnap"])?;
    assert!(again.stderr.starts_with("unchanged: stats.pgsnap"), "{}", again.stderr);

    // A part of it: what it needs comes from the other schema, and a foreign key does not bring its table.
    let part = tool::run(&folder, &["snapshot", "create", &dsn, "--schema", "public", "--tables", "ord*", "-o", "part.pgsnap"])?;
    assert_eq!(
        part.stderr.lines().next(),
        Some("warning: `constraint orders_customer_fkey on public.orders` is left out: the table that it refers to is not selected")
    );
    let tree = run(&["snapshot", "show", "part.pgsnap"])?;
    assert!(tree.contains("public.orders") && !tree.contains("customers"), "{tree}");
    let missing = tool::run(&folder, &["snapshot", "create", &dsn, "--schema", "crn", "-o", "none.pgsnap"])?;
    assert_eq!((missing.code, missing.stderr.as_str()), (2, "error: there is no schema `crn`\nhint: did you mean `crm`?\n"));

    // Two databases may make one snapshot, where they agree.
    let other = server_of(major)?.database("snapshot_other")?;
    other.run("CREATE SCHEMA stock; CREATE TABLE stock.items (id int PRIMARY KEY);")?;
    run(&["snapshot", "create", &dsn, &other.dsn(), "-o", "both.pgsnap"])?;
    let tree = run(&["snapshot", "show", "both.pgsnap"])?;
    assert!(tree.contains("stock.items") && tree.contains("crm.customers"), "{tree}");
    assert!(run(&["graph", &dsn])?.contains("table crm.customers"));
    Ok(())
}

fn module(folder: &Path) -> Result<(), String> {
    fs::write(folder.join("go.mod"), "module example.com/shop\n\ngo 1.23\n").map_err(|e| e.to_string())
}

/// The flags and keys that users of the guide type.
fn guide() -> Result<(), String> {
    let database = server()?.database("guide")?;
    database.run(SCHEMA)?;
    let folder = tool::workplace("database_guide");
    module(&folder)?;
    let dsn = database.dsn();
    let files = |folder: &Path| -> Vec<String> {
        let entries = fs::read_dir(folder.join("models")).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.map(|it| it.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    tool::run(&folder, &["--dsn", &dsn, "--schema", "public", "--tables", "orders", "--out", "flags"])?.ok()?;
    assert_eq!(files(&folder.join("flags")), ["opt.go", "order.go"]);
    tool::run(&folder, &["generate", "--dsn", &dsn, "--schema", "crm", "--out", "crm"])?.ok()?;
    assert_eq!(files(&folder.join("crm")), ["customer.go", "enums.go", "opt.go"]);
    // The same Go from a snapshot of the same database.
    tool::run(&folder, &["snapshot", "create", &dsn, "-o", "app.pgsnap"])?.ok()?;
    tool::run(&folder, &["--from", "app.pgsnap", "--schema", "crm", "--out", "crm", "--check"])?.ok()?;

    let config = "dsn: ${PGX_GOOSE_TEST_DSN}\nschema: public\nout: keys\ntables: [orders]\ntimeouts:\n  connect: 5s\n  statement: 1m\n  lock: 500ms\n";
    fs::write(folder.join("pgx-goose-conf.yaml"), config).map_err(|e| e.to_string())?;
    tool::run_with(&folder, &["generate"], &[("PGX_GOOSE_TEST_DSN", &dsn)])?.ok()?;
    assert_eq!(files(&folder.join("keys")), ["opt.go", "order.go"]);
    let with = |change: &str| {
        fs::write(folder.join("other.yaml"), config.replace("lock: 500ms", change)).map_err(|e| e.to_string())?;
        tool::run_with(&folder, &["--config", "other.yaml"], &[("PGX_GOOSE_TEST_DSN", &dsn)])
    };
    let wrong = with("lock: soon")?;
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.starts_with("error: `timeouts.lock` is no length of time\n --> other.yaml:8:9\n"), "{}", wrong.stderr);
    let missing = tool::run(&folder, &["--dsn", &dsn, "--tables", "odrers", "--out", "none"])?;
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("error: no table matches `odrers`\nhint: did you mean `orders`?"), "{}", missing.stderr);
    let missing = tool::run(&folder, &["--dsn", &dsn, "--schema", "crn", "--out", "none"])?;
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("error: there is no schema `crn`\nhint: did you mean `crm`?"), "{}", missing.stderr);
    Ok(())
}

/// Connects as a role that may log in, and no more.
fn as_plain_role(database: &Database<'_>, role: &str) -> Result<String, String> {
    database.run(&format!("DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN"))?;
    Ok(database.dsn().replace("user=postgres", &format!("user={role}")))
}

/// The catalogs are open to everybody but for a few columns: a role without rights sees the same schema.
fn few_rights(major: u32) -> Result<(), String> {
    let database = server_of(major)?.database("few_rights")?;
    database.run(SCHEMA)?;
    database.run(
        "CREATE SCHEMA closed; REVOKE ALL ON SCHEMA closed FROM PUBLIC; CREATE TABLE closed.t (a int DEFAULT 7 CHECK (a > 0));
         CREATE VIEW closed.v AS SELECT a FROM closed.t; CREATE FUNCTION closed.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
         REVOKE ALL ON FUNCTION closed.f() FROM PUBLIC;",
    )?;
    let folder = tool::workplace(&format!("database_few_rights_{major}"));
    let dsn = as_plain_role(&database, "pgx_goose_nobody")?;
    let result = (|| {
        tool::run(&folder, &["snapshot", "create", &database.dsn(), "-o", "owner.pgsnap"])?.ok()?;
        let nobody = tool::run(&folder, &["snapshot", "create", &dsn, "--with-stats", "-o", "nobody.pgsnap"])?;
        assert_eq!(nobody.code, 0, "{}", nobody.stderr);
        assert_eq!(nobody.stderr.lines().count(), 1, "{}", nobody.stderr);
        let shown = |file: &str| tool::run(&folder, &["snapshot", "show", file, "--format", "sql"])?.ok();
        assert_eq!(shown("owner.pgsnap")?, shown("nobody.pgsnap")?);

        // Options of somebody else's user mapping are hidden, and that is said.
        database.run(
            "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w;
             CREATE USER MAPPING FOR postgres SERVER far OPTIONS (\"user\" 'u', password 'geheim');
             CREATE SUBSCRIPTION s CONNECTION 'host=h' PUBLICATION p WITH (connect = false);",
        )?;
        let nobody = tool::run(&folder, &["snapshot", "create", &dsn, "-o", "nobody.pgsnap"])?;
        assert_eq!(nobody.code, 0, "{}", nobody.stderr);
        let hidden = "warning: user mapping postgres on far has options that this role may not see: they are left out\nhint: ";
        assert!(nobody.stderr.starts_with(hidden), "{}", nobody.stderr);
        assert!(tool::run(&folder, &["snapshot", "show", "nobody.pgsnap"])?.ok()?.contains("subscription (1)\n  s\n"));
        Ok(())
    })();
    let _ = database.run("ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s;");
    let _ = database.run("DROP OWNED BY pgx_goose_nobody; DROP ROLE pgx_goose_nobody");
    result
}

/// What the server keeps to itself stays there.
fn secrets(major: u32) -> Result<(), String> {
    let database = server_of(major)?.database("secrets")?;
    let ddl = "CREATE FOREIGN DATA WRAPPER w OPTIONS (password 'geheim1', debug 'true');
         CREATE SERVER far FOREIGN DATA WRAPPER w OPTIONS (host 'h', password 'geheim2', secret_key 'geheim3');
         CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (\"user\" 'u', password 'geheim4');
         CREATE FOREIGN TABLE t (a int OPTIONS (token 'geheim5')) SERVER far OPTIONS (table_name 't', password 'geheim6');
         ALTER FOREIGN TABLE t OPTIONS (SET password 'geheim7');
         CREATE SUBSCRIPTION s CONNECTION 'host=h password=geheim8' PUBLICATION p WITH (connect = false);";
    database.run(ddl)?;
    let folder = tool::workplace(&format!("database_secrets_{major}"));
    fs::write(folder.join("schema.sql"), ddl).map_err(|e| e.to_string())?;
    let result = [database.dsn().as_str(), "schema.sql"].iter().try_for_each(|source| {
        let created = tool::run(&folder, &["--debug", "snapshot", "create", source, "-o", "s.pgsnap"])?;
        let sql = tool::run(&folder, &["snapshot", "show", "s.pgsnap", "--format", "sql"])?.ok()?;
        let bytes = fs::read(folder.join("s.pgsnap")).map_err(|e| e.to_string())?;
        for text in [&created.stderr, &sql, &*String::from_utf8_lossy(&bytes)] {
            if let Some(at) = text.find("geheim") {
                return Err(format!("{source}: `{}` is there", text.get(at..at + 7).unwrap_or("geheim")));
            }
        }
        created.ok().map(drop)
    });
    database.run("ALTER SUBSCRIPTION s DISABLE; ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s;")?;
    result
}

/// Tables come and go while a schema is read: what is captured is one moment of it.
fn changes() -> Result<(), String> {
    let database = server()?.database("changes")?;
    database.run("CREATE TABLE a (x int); CREATE VIEW v AS SELECT x FROM a;")?;
    let folder = tool::workplace("database_changes");
    let stop = std::sync::atomic::AtomicBool::new(false);
    let dsn = database.dsn();
    std::thread::scope(|scope| {
        let changer = scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                database.run("BEGIN; DROP VIEW v; ALTER TABLE a RENAME x TO y; CREATE VIEW v AS SELECT y FROM a; COMMIT;")?;
                database.run("BEGIN; DROP VIEW v; ALTER TABLE a RENAME y TO x; CREATE VIEW v AS SELECT x FROM a; COMMIT;")?;
            }
            Ok::<(), String>(())
        });
        // No assertion here: a panic would leave the changer at work for ever.
        let result = (0..15).try_for_each(|_| {
            let ran = tool::run(&folder, &["snapshot", "create", &dsn, "-o", "changing.pgsnap"])?;
            if ran.code == 4 && ran.stderr.contains("the schema was changed while it was read") {
                return Ok(());
            }
            ran.ok()?;
            let sql = tool::run(&folder, &["snapshot", "show", "changing.pgsnap", "--format", "sql"])?.ok()?;
            let of_table = |column: &str| sql.contains(&format!("    {column} integer"));
            let of_view = |column: &str| sql.contains(&format!("SELECT {column}")) || sql.contains(&format!("a.{column}"));
            let same = |column: &str, other: &str| of_table(column) && of_view(column) && !of_table(other) && !of_view(other);
            if same("x", "y") || same("y", "x") { Ok(()) } else { Err(format!("table and view are of two moments:\n{sql}")) }
        });
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        changer.join().map_err(|_| "the changer panicked".to_owned())??;
        result
    })
}
