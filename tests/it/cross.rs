//! `--cross-schema` without the Go toolchain: what is written, kept, removed and compared. [`crate::golang`] compiles and runs it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};

use crate::tool;

const CONFIG: &str = "\
out: gen
cross_schema:
  enabled: true
  schemas:
    - {name: crm, source: business.sql}
    - {name: sales, source: business.sql}
    - {name: stock, source: business.sql}
    - {name: audit, source: records.sql}
";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("cross::incremental", incremental),
        Trial::test("cross::check_and_dry_run", check_and_dry_run),
        Trial::test("cross::same_bytes_for_any_number_of_workers", workers),
        Trial::test("cross::own_templates", own_templates),
        Trial::test("cross::refusals", refusals),
        Trial::test("cross::watch", watch),
    ]
}

/// A folder with the fixture in it.
fn place() -> Result<std::path::PathBuf, String> {
    let place = tool::workplace("cross");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cross/cycle");
    for file in ["business.sql", "records.sql"] {
        fs::copy(fixture.join(file), place.join(file)).map_err(|e| format!("{file}: {e}"))?;
    }
    write(&place, "go.mod", "module example.com/company\n\ngo 1.26\n")?;
    write(&place, "pgx-goose-conf.yaml", CONFIG)?;
    Ok(place)
}

fn write(place: &Path, name: &str, text: &str) -> Result<(), String> {
    let path = place.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).and_then(|()| fs::write(path, text)).map_err(|e| format!("{name}: {e}"))
}

fn change(place: &Path, name: &str, from: &str, to: &str) -> Result<(), String> {
    let text = fs::read_to_string(place.join(name)).map_err(|e| format!("{name}: {e}"))?;
    if !text.contains(from) {
        return Err(format!("{name} has no `{from}`"));
    }
    write(place, name, &text.replace(from, to))
}

/// The Go files below a folder, with their bytes.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(root, &path, found);
            } else if path.extension().is_some_and(|it| it == "go") {
                found.insert(path.strip_prefix(root).expect("below").display().to_string(), fs::read(&path).unwrap_or_default());
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(folder, folder, &mut found);
    found
}

/// The tree of an incremental run is that of a full run into an empty folder.
fn as_from_scratch(place: &Path) -> Result<(), Failed> {
    let kept = tree(&place.join("gen"));
    let other = tool::workplace("cross_scratch");
    for file in ["business.sql", "records.sql", "pgx-goose-conf.yaml", "go.mod"] {
        fs::copy(place.join(file), other.join(file)).map_err(|e| e.to_string())?;
    }
    tool::run(&other, &["generate", "--quiet"])?.ok()?;
    let fresh = tree(&other.join("gen"));
    let differ: Vec<&String> = kept.keys().chain(fresh.keys()).filter(|path| kept.get(*path) != fresh.get(*path)).collect();
    if differ.is_empty() { Ok(()) } else { Err(format!("not as from scratch: {differ:?}").into()) }
}

fn incremental() -> Result<(), Failed> {
    let place = place()?;
    let run = || -> Result<String, String> {
        let ran = tool::run(&place, &["generate", "--incremental"])?;
        if ran.code == 0 { Ok(ran.stderr) } else { Err(ran.stderr) }
    };
    let told = |said: &str, part: &str| if said.contains(part) { Ok(()) } else { Err(format!("nothing of `{part}`: {said}")) };
    run()?;
    as_from_scratch(&place)?;
    told(&run()?, "nothing changed")?;
    // A column of one schema: the tables of the others that have nothing to do with it are passed over.
    change(&place, "records.sql", "actor uuid NOT NULL", "actor uuid NOT NULL, host text")?;
    let said = run()?;
    told(&said, "10 tables passed over")?;
    as_from_scratch(&place)?;
    // A type that stands in the package of shared types, and is known under several names.
    change(&place, "business.sql", "('lead', 'active', 'lost')", "('lead', 'active', 'lost', 'won')")?;
    run()?;
    as_from_scratch(&place)?;
    // Without its use in the other schema it needs no package of its own.
    change(&place, "business.sql", "priority sales.priority NOT NULL DEFAULT 'low',\n    terms sales.terms,", "priority text,")?;
    run()?;
    as_from_scratch(&place)?;
    // A schema less, and its files with it; a file that somebody changed stays.
    change(&place, "pgx-goose-conf.yaml", "    - {name: audit, source: records.sql}\n", "")?;
    change(&place, "gen/audit/models/event.go", "type EventCreate struct {", "// Mine.\ntype EventCreate struct {")?;
    let said = run()?;
    told(&said, "`gen/audit/models/event.go` stays")?;
    if place.join("gen/audit/mocks").exists() {
        return Err("files of a schema that is gone are still there".into());
    }
    tool::run(&place, &["generate", "--incremental", "--force", "--quiet"])?.ok()?;
    as_from_scratch(&place)
}

fn check_and_dry_run() -> Result<(), Failed> {
    let place = place()?;
    let listed = tool::run(&place, &["generate", "--dry-run"])?.ok()?;
    if place.join("gen").exists() || !listed.contains("create  gen/crossschema/joins.go\n") {
        return Err(listed.into());
    }
    tool::run(&place, &["generate", "--quiet"])?.ok()?;
    let ran = tool::run(&place, &["generate", "--check"])?;
    if ran.code != 0 {
        return Err(format!("as it was written, it is not as it should be: {}{}", ran.stdout, ran.stderr).into());
    }
    change(&place, "gen/sales/models/order.go", "type Order struct {", "type Order struct { // ?")?;
    let ran = tool::run(&place, &["generate", "--check"])?;
    if ran.code != 1 || !ran.stdout.contains("--- a/gen/sales/models/order.go") {
        return Err(format!("a change is not seen: {}{}", ran.stdout, ran.stderr).into());
    }
    let dumped = tool::run(&place, &["generate", "--dump-data", "sales.orders"])?.ok()?;
    if !dumped.contains("\"other_type\": \"crmmodels.Customer\"") {
        return Err(dumped.into());
    }
    Ok(())
}

fn workers() -> Result<(), Failed> {
    let mut trees = Vec::new();
    for workers in ["1", "2", "7"] {
        let place = place()?;
        tool::run(&place, &["generate", "--quiet", "--workers", workers])?.ok()?;
        trees.push(tree(&place.join("gen")));
    }
    if trees.iter().all(|it| *it == trees[0]) { Ok(()) } else { Err("the files differ".into()) }
}

/// Templates of the user's make a file for each table of all schemas, and one for all.
fn own_templates() -> Result<(), Failed> {
    let place = place()?;
    write(&place, "own/each.tmpl", "<# file: docs/{schema}/{table}.txt #>\nCode generated by pgx-goose. DO NOT EDIT.\n<: table.sql :>\n")?;
    write(
        &place,
        "own/all.tmpl",
        "<# file: docs/all.txt #>\nCode generated by pgx-goose. DO NOT EDIT.\n<% for table in tables %><: table.sql :> <% endfor %>\n",
    )?;
    tool::run(&place, &["generate", "--quiet", "--template-dir", "own"])?.ok()?;
    let read = |path: &str| fs::read_to_string(place.join(path)).map_err(|e| format!("{path}: {e}"));
    if !read("docs/crm/note.txt")?.ends_with("crm.notes\n") || !read("docs/sales/note.txt")?.ends_with("sales.notes\n") {
        return Err("a table's file is not that of its schema".into());
    }
    let all = read("docs/all.txt")?;
    if ["crm.customers", "sales.orders", "stock.items", "audit.events"].iter().all(|it| all.contains(it)) {
        Ok(())
    } else {
        Err(all.into())
    }
}

/// `--watch` watches every source, and what of all changes is made anew.
fn watch() -> Result<(), Failed> {
    /// Ends the program also where the test fails.
    struct Running(std::process::Child);
    impl Drop for Running {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
    let place = place()?;
    let log = place.join("log");
    let stderr = fs::File::create(&log).map_err(|e| e.to_string())?;
    let mut command = tool::command(&place);
    let running = Running(command.args(["--watch", "--incremental"]).stderr(stderr).spawn().map_err(|e| e.to_string())?);
    let said = || fs::read_to_string(&log).unwrap_or_default();
    let until = |number: usize| {
        let started = Instant::now();
        while said().matches("watching `business.sql`, `pgx-goose-conf.yaml`, `records.sql`").count() < number {
            if started.elapsed() > Duration::from_secs(60) {
                return Err(format!("run {number} does not end: {}", said()));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    };
    until(1)?;
    change(&place, "records.sql", "actor uuid NOT NULL", "actor uuid NOT NULL, host text")?;
    until(2)?;
    as_from_scratch(&place)?;
    change(&place, "business.sql", "('lead', 'active', 'lost')", "('lead', 'active', 'lost', 'won')")?;
    until(3)?;
    as_from_scratch(&place)?;
    drop(running);
    Ok(())
}

/// What makes no sense is said, with its place.
fn refusals() -> Result<(), Failed> {
    let schemas = |entries: &str| format!("out: gen\ncross_schema:\n  enabled: true\n  schemas:\n{entries}");
    let crm = "    - {name: crm, source: business.sql}\n";
    let mut wrong = Vec::new();
    for (config, arguments, code, part) in [
        (schemas("    - {source: business.sql}\n"), "", 2, "c.yaml:5:7"),
        (schemas(&format!("{crm}{crm}")), "", 2, "schema `crm` is named twice for one source"),
        (schemas("    - {name: crmm, source: business.sql}\n"), "", 2, "there is no schema `crmm`"),
        (schemas(crm), "--schema salse", 2, "schema `salse` is not among those"),
        (schemas("    - {name: crm, source: business.sql, tables: [custmers]}\n"), "", 2, "no table matches `custmers`"),
        (schemas(&format!("{crm}    - {{name: sales, source: business.sql}}\n")), "--tables ordes", 2, "no table matches `ordes`"),
        (schemas("    - {name: crm, source: business.sql, package_name: my-crm}\n"), "", 2, "`my-crm` can't be the name of a package"),
        (schemas("    - {name: crm, source: business.sql, package_name: conflict}\n"), "", 2, "`conflict` can't be the name of a package"),
        (
            schemas(&format!("{crm}    - {{name: sales, source: business.sql, output_dir: gen/crm}}\n")),
            "",
            2,
            "`gen/crm/models` is the folder of both",
        ),
        (schemas("    - {name: crm, dsn: business}\n"), "", 2, "`dsn` of an entry of `cross_schema.schemas` is no connection string"),
        (schemas("    - {name: crm, source: business.sql, packagename: x}\n"), "", 2, "did you mean `package_name`?"),
    ] {
        let place = place()?;
        write(&place, "c.yaml", &config)?;
        let mut given = vec!["generate", "--config", "c.yaml"];
        given.extend(arguments.split_whitespace());
        let ran = tool::run(&place, &given)?;
        if ran.code != code || !ran.stderr.contains(part) {
            wrong.push(format!("{config}{arguments}: exit code {}, {}", ran.code, ran.stderr));
        }
        if place.join("gen").exists() {
            wrong.push(format!("{config}: something was written"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
