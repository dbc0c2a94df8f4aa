//! `--cross-schema` through the Go toolchain: schemas that refer to each other in a circle, over two databases, with tests written by hand; real schemas
//! of several schemas, and such of one.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use libtest_mimic::{Completion, Failed, Trial};

use super::{Tree, copy, folder_name, generate};
use crate::corpus::{self, Refusal, Schema};
use crate::fixtures;
use crate::server::{LOADER, server};
use crate::tool;

/// The fixture: what each of its databases is made of, and the environment variable that the generated tests find it by.
const DATABASES: [(&str, &str); 2] = [("business.sql", "PGX_GOOSE_TEST_DSN_CRM"), ("records.sql", "PGX_GOOSE_TEST_DSN_AUDIT")];

/// The real schemas that are taken where not all are.
const SPREAD: &[&str] = &["tbls-postgres"]; // four schemas with tables, and foreign keys between them

pub(super) fn trials(all: bool) -> Vec<Trial> {
    let mut trials = vec![Trial::test("golang::cross::cycle", cycle)];
    if all {
        trials.push(Trial::test("golang::cross::choices", choices));
        trials.push(Trial::test("golang::cross::shop", shop));
    }
    for schema in corpus::schemas() {
        if all || SPREAD.contains(&schema.name.as_str()) {
            trials.push(Trial::ignorable_test(format!("golang::cross::schema::{}", schema.name), move || real(&schema)));
        }
    }
    trials
}

fn fixture() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cross/cycle")
}

/// Generates the fixture, by its config file.
fn generated(tree: &Tree, more: &[&str]) -> Result<(), String> {
    let out = tree.folder.to_string_lossy().into_owned();
    let mut arguments = vec!["generate", "--out", &out, "--quiet"];
    arguments.extend(more);
    tool::run(&fixture(), &arguments)?.ok().map(drop)
}

fn cycle() -> Result<(), Failed> {
    let tree = Tree::new("cross_cycle")?;
    generated(&tree, &[])?;
    for (check, result) in tree.checks() {
        result.map_err(|error| format!("{check}: {error}"))?;
    }
    tree.test(None)?.verdict()?;
    let server = server()?;
    let mut databases = Vec::new();
    for (file, variable) in DATABASES {
        let database = server.database(&format!("cross_{variable}"))?;
        database.run(&fs::read_to_string(fixture().join(file)).map_err(|e| e.to_string())?)?;
        databases.push((variable, database));
    }
    let variables: Vec<(&str, String)> = databases.iter().map(|(variable, database)| (*variable, database.dsn())).collect();
    let tested = tree.test_with(&variables)?;
    tested.verdict()?;
    // Each of the schemas' tests finds its database.
    if let Some((test, reason)) = tested.skipped.iter().find(|(_, reason)| reason.contains("needs a database")) {
        return Err(format!("{test} is skipped: {reason}").into());
    }
    let folder = tree.folder.join("by_hand");
    copy(&fixture().join("go_test"), &folder, &format!("example.com/proof/{}", tree.name()))?;
    let by_hand = Tree { folder, path: format!("./{}/by_hand/...", tree.name()) };
    let tested = by_hand.test_with(&variables)?;
    tested.verdict()?;
    if tested.passed < 3 || !tested.skipped.is_empty() {
        return Err(format!("{} tests ran, {:?} were skipped", tested.passed, tested.skipped).into());
    }
    Ok(())
}

/// The fixture with other choices: each compiles, and its tests that need no database pass.
fn choices() -> Result<(), Failed> {
    let config = fs::read_to_string(fixture().join("pgx-goose-conf.yaml")).map_err(|e| e.to_string())?;
    // What every project chooses is the matrix's, and there on real schemas.
    let choices: &[(&str, &str, &[&str])] = &[
        (
            "layout",
            "output_dirs: {models: '{base}/entities', interfaces: ports, tests: '{base}/it'}\nnullable: pgtype\n",
            &["--mock-provider", "gomock"],
        ),
        ("structs", "quality: {generate_interfaces: false, generate_benchmarks: true}\nlist_by_indexes: true\n", &[]),
        ("testify", "quality: {generate_mocks: false}\n", &[]),
        ("models", "", &["--models-only"]),
        ("sql", "nullable: sql\nuuid: pgtype\ndecimal: pgtype\n", &[]),
        ("generic", "nullable: generic\n", &["--mock-provider", "gomock", "--with-tests=false"]),
        ("some", "", &["--tables", "orders,customers,item*", "--ignore-tables", "order_lines"]),
        ("two", "", &["--schema", "crm,sales"]),
    ];
    let mut wrong = Vec::new();
    for (name, lines, arguments) in choices {
        let tree = Tree::new(&format!("cross_{name}"))?;
        // Folders of the config are relative to where the command runs.
        let place = tree.folder.clone();
        fs::create_dir_all(&place).map_err(|e| e.to_string())?;
        for (file, _) in DATABASES {
            fs::copy(fixture().join(file), place.join(file)).map_err(|e| e.to_string())?;
        }
        fs::write(place.join("pgx-goose-conf.yaml"), format!("{lines}{config}")).map_err(|e| e.to_string())?;
        let mut given = vec!["generate", "--out", "gen", "--quiet"];
        given.extend(*arguments);
        if let Err(error) = tool::run(&place, &given)?.ok() {
            wrong.push(format!("{name}: {error}"));
            continue;
        }
        wrong.extend(tree.checks().into_iter().filter_map(|(check, result)| result.err().map(|error| format!("{name}: {check}: {error}"))));
        if !arguments.contains(&"--models-only") && !arguments.contains(&"--with-tests=false") {
            wrong.extend(tree.test(None)?.verdict().err().map(|error| format!("{name}: {error}")));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Three schemas that nobody lists, in one database.
fn shop() -> Result<(), Failed> {
    let case = fixtures::cases().into_iter().find(|case| case.name == "shop").ok_or("there is no shop")?;
    let tree = Tree::new("cross_shop")?;
    generate(&case.folder, case.source(), &tree.folder, &["--cross-schema"])?;
    for (check, result) in tree.checks() {
        result.map_err(|error| format!("{check}: {error}"))?;
    }
    let database = server()?.database("cross_shop")?;
    for script in case.scripts()? {
        database.run(&script)?;
    }
    Ok(tree.test(Some(&database))?.verdict()?)
}

fn real(schema: &Arc<Schema>) -> Result<Completion, Failed> {
    let server = server()?;
    if let Some(reason) = schema.missing(server)? {
        return Ok(Completion::ignored_with(reason));
    }
    let tree = Tree::new(&format!("cross_schema_{}", folder_name(&schema.name)))?;
    let source = tree.folder.with_extension("sql");
    fs::write(&source, schema.script()?).map_err(|e| e.to_string())?;
    generate(Path::new(env!("CARGO_MANIFEST_DIR")), &source.to_string_lossy(), &tree.folder, &["--cross-schema"])?;
    let mut wrong: Vec<String> =
        tree.checks().into_iter().filter_map(|(check, result)| result.err().map(|error| format!("{check}: {error}"))).collect();
    match schema.load(server, LOADER) {
        Ok(database) => wrong.extend(tree.test(Some(&database))?.verdict().err()),
        Err(Refusal::Library(_)) => wrong.extend(tree.test(None)?.verdict().err()),
        Err(Refusal::Error(error)) => return Err(error.into()),
    }
    if wrong.is_empty() { Ok(Completion::Completed) } else { Err(wrong.join("\n").into()) }
}
