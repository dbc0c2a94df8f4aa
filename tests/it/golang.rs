//! The generated Go through the Go toolchain: formatted, built, vetted, checked by staticcheck, its unit tests without a
//! database and its integration tests against one that the same DDL made.
//!
//! Everything lands in one Go module below `target`, a folder a schema, with the libraries that `tests/go` pins, so that
//! Go's build cache serves all. Nothing is downloaded here: `make install-deps` has done it.
//!
//! A table whose tests the generated code skips is named with its reason and counted as skipped.

mod cross;
mod matrix;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Completion, Failed, Trial};

use crate::corpus::{self, Refusal, Schema};
use crate::fidelity;
use crate::fixtures::{self, Case};
use crate::server::{Database, LOADER, server};
use crate::tool;

/// The environment variable by which generated tests find their database.
pub(crate) const DSN: &str = "PGX_GOOSE_TEST_DSN";

/// The real schemas that go through the toolchain where not all do: small to large, each for something that the others haven't.
const SPREAD: &[&str] = &[
    "spring-batch",         // the smallest
    "chinook-identity",     // identity columns
    "sakila-jooq",          // partitions by inheritance and rules, views
    "pagila",               // partitions, views, domains, arrays
    "claircore-matcher",    // hand-written SQL of today
    "supabase-auth",        // enums, many defaults
    "xo-bit-of-everything", // every type
    "crates-io",            // diesel migrations, triggers
    "horizon",              // checks
    "hatchet",              // partitioned tables, enums, ranges
];

/// Fixtures that are run, not only built: those that say something about what the Go does.
const RUN: &[&str] = &["shop", "types", "names/go", "original", "sample"];

pub(crate) fn trials(all: bool) -> Vec<Trial> {
    let mut trials = vec![Trial::test("golang::fixtures", move || build_fixtures(all)), Trial::test("golang::gomock", gomock)];
    trials.extend(cross::trials(all));
    trials.extend(matrix::trials(all));
    for case in fixtures::cases() {
        if is_run(&case) {
            trials.push(Trial::ignorable_test(format!("golang::fixture::{}", case.name), move || run_fixture(&case)));
        }
    }
    for schema in corpus::schemas() {
        if all || SPREAD.contains(&schema.name.as_str()) {
            trials.push(Trial::ignorable_test(format!("golang::schema::{}", schema.name), move || run_schema(&schema)));
        }
    }
    trials
}

fn is_run(case: &Case) -> bool {
    RUN.iter().any(|run| case.name == *run || case.name.starts_with(&format!("{run}/")))
}

/// Fixtures are formatted, built, vetted and checked, all at once: a checker that starts once loads the libraries once. Most fixtures
/// are about DDL, with much the same Go: where not all are wanted, those that are run are taken, and one in so many of the others.
fn build_fixtures(all: bool) -> Result<(), Failed> {
    const ONE_IN: usize = 6;
    let module = module()?;
    let root = module.join("fixtures");
    let _ = fs::remove_dir_all(&root);
    let mut wrong = Vec::new();
    let cases = fixtures::cases().into_iter().filter(|case| !case.is_error()).enumerate();
    for (_, case) in cases.filter(|(n, case)| all || is_run(case) || n % ONE_IN == 0) {
        if let Err(error) = generate_case(&case, &root.join(folder_name(&case.name)), &[]) {
            wrong.push(format!("{}: {error}", case.name));
        }
    }
    let tree = Tree { path: "./fixtures/...".to_owned(), folder: root };
    wrong.extend(tree.checks().into_iter().filter_map(|(check, result)| result.err().map(|error| format!("{check}: {error}"))));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// The shop with mocks of the other library.
fn gomock() -> Result<(), Failed> {
    let tree = Tree::new("shop_gomock")?;
    let shop = fixtures::cases().into_iter().find(|case| case.name == "shop").ok_or("there is no shop")?;
    generate_case(&shop, &tree.folder, &["--mock-provider", "gomock"])?;
    for (check, result) in tree.checks() {
        result.map_err(|error| format!("{check}: {error}"))?;
    }
    tree.test(None)?.verdict()?;
    Ok(())
}

fn run_fixture(case: &Case) -> Result<Completion, Failed> {
    let server = server()?;
    if let Some(missing) = case.missing(server)? {
        return Ok(Completion::ignored_with(missing));
    }
    let tree = Tree::new(&format!("run_{}", folder_name(&case.name)))?;
    generate_case(case, &tree.folder, &[])?;
    let database = server.database(&case.name)?;
    for script in case.scripts()? {
        database.run(&script).map_err(|error| format!("the server refuses the fixture: {error}"))?;
    }
    // `golang::fixtures` checks the same files.
    let tested = tree.test(Some(&database))?;
    tested.leave_out(&format!("fixtures/{}", case.name));
    tested.verdict()?;
    // Tests written by hand, about what this schema is for, stand beside it and use the generated packages. They come last: they leave
    // rows behind that no generated test could read.
    let by_hand = case.folder.join("go_test");
    if by_hand.is_dir() {
        let folder = tree.folder.join("by_hand");
        copy(&by_hand, &folder, &format!("example.com/proof/{}", tree.name()))?;
        let path = format!("./{}/by_hand/...", tree.name());
        Tree { folder, path }.test(Some(&database))?.verdict()?;
    }
    Ok(Completion::Completed)
}

fn run_schema(schema: &Arc<Schema>) -> Result<Completion, Failed> {
    let server = server()?;
    if let Some(reason) = schema.missing(server)? {
        return Ok(Completion::ignored_with(reason));
    }
    let name = schema.name.as_str();
    let tree = Tree::new(&format!("schema_{}", folder_name(name)))?;
    let source = tree.folder.with_extension("sql");
    fs::write(&source, schema.script()?).map_err(|e| e.to_string())?;
    generate(Path::new(env!("CARGO_MANIFEST_DIR")), &source.to_string_lossy(), &tree.folder, &[]).inspect_err(|_| {
        fidelity::record(name, "go build", "not generated".to_owned());
    })?;
    let mut wrong = Vec::new();
    for (check, result) in tree.checks() {
        fidelity::record(name, check, if result.is_ok() { "yes" } else { "no" }.to_owned());
        wrong.extend(result.err().map(|error| format!("{check}: {error}")));
    }
    let unit = tree.test(None)?;
    fidelity::record(name, "unit tests", unit.summary());
    wrong.extend(unit.verdict().err());
    let database = match schema.load(server, LOADER) {
        Ok(database) => database,
        Err(Refusal::Library(reason)) => {
            fidelity::record(name, "integration tests", format!("skipped: {reason}"));
            return if wrong.is_empty() { Ok(Completion::ignored_with(reason)) } else { Err(wrong.join("\n").into()) };
        }
        Err(Refusal::Error(error)) => return Err(error.into()),
    };
    let integration = tree.test(Some(&database))?;
    let passed = integration.passed.saturating_sub(unit.passed);
    fidelity::record(name, "integration tests", format!("{passed} passed, {} failed", integration.failed.len()));
    fidelity::record(name, "skipped", integration.skipped.len().to_string());
    integration.leave_out(name);
    wrong.extend(integration.verdict().err());
    if wrong.is_empty() { Ok(Completion::Completed) } else { Err(wrong.join("\n").into()) }
}

fn generate_case(case: &Case, out: &Path, more: &[&str]) -> Result<(), String> {
    generate(&case.folder, case.source(), out, more)
}

/// DDL → Go, by the program itself.
fn generate(folder: &Path, source: &str, out: &Path, more: &[&str]) -> Result<(), String> {
    let out = out.to_string_lossy();
    let mut arguments = vec!["generate", "--from", source, "--out", &out, "--quiet"];
    arguments.extend(more);
    tool::run(folder, &arguments)?.ok().map(drop)
}

/// The Go module that everything lands in.
fn module() -> Result<PathBuf, String> {
    static MODULE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    MODULE
        .get_or_init(|| {
            let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
            fs::create_dir_all(&root).map_err(|e| format!("{}: {e}", root.display()))?;
            for file in ["go.mod", "go.sum", "libraries.go"] {
                let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go").join(file);
                fs::copy(&from, root.join(file)).map_err(|e| format!("{}: {e}", from.display()))?;
            }
            Ok(root)
        })
        .clone()
}

/// A folder of the module with generated packages.
struct Tree {
    folder: PathBuf,
    /// As the go tool names all packages in it.
    path: String,
}

impl Tree {
    fn new(name: &str) -> Result<Self, String> {
        let folder = module()?.join(name);
        // What an earlier run left must not be taken for this one's.
        let _ = fs::remove_dir_all(&folder);
        Ok(Self { folder, path: format!("./{name}/...") })
    }

    fn name(&self) -> &str {
        self.path.trim_start_matches("./").trim_end_matches("/...")
    }

    /// The checks that need no run, each under its column of the fidelity table.
    fn checks(&self) -> Vec<(&'static str, Result<(), String>)> {
        let path = self.path.as_str();
        vec![
            ("gofmt", silent("gofmt", &["-l", self.name()])),
            ("go build", silent("go", &["build", path])),
            ("go vet", silent("go", &["vet", path])),
            ("staticcheck", silent("staticcheck", &[path])),
        ]
    }

    /// Runs the tests, with a database or without.
    fn test(&self, database: Option<&Database<'_>>) -> Result<Tested, String> {
        let variables: Vec<_> = database.iter().map(|it| (DSN, it.dsn())).collect();
        self.test_with(&variables)
    }

    /// Runs the tests with variables in their environment.
    fn test_with(&self, variables: &[(&str, String)]) -> Result<Tested, String> {
        let mut command = go("go")?;
        command.args(["test", "-json", "-count=1", &self.path]);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let output = command.output().map_err(|e| format!("go: {e}"))?;
        Ok(Tested::parse(&String::from_utf8_lossy(&output.stdout), &String::from_utf8_lossy(&output.stderr)))
    }
}

/// What `go test -json` told.
#[derive(Default)]
struct Tested {
    passed: usize,
    /// What failed, with what it said.
    failed: Vec<String>,
    /// What was skipped, with the reason.
    skipped: Vec<(String, String)>,
}

impl Tested {
    fn parse(events: &str, errors: &str) -> Self {
        let mut tested = Self::default();
        let mut said: BTreeMap<(String, String), String> = BTreeMap::new();
        for line in events.lines() {
            let Ok(event) = serde_json::from_str::<serde_json::Value>(line) else { continue };
            let text = |name: &str| event.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
            let (package, test) = (text("Package"), text("Test"));
            let key = (package.clone(), test.clone());
            match text("Action").as_str() {
                "output" | "build-output" => said.entry(key).or_default().push_str(&text("Output")),
                "pass" if !test.is_empty() => tested.passed += 1,
                "skip" if !test.is_empty() => tested.skipped.push((test, reason(said.get(&key).map_or("", String::as_str)))),
                "fail" | "build-fail" => {
                    let output = said.get(&key).cloned().unwrap_or_default();
                    tested.failed.push(format!("{package} {test}\n{}", cut(&output)));
                }
                _ => {}
            }
        }
        if events.is_empty() && !errors.is_empty() {
            tested.failed.push(cut(errors));
        }
        tested
    }

    fn summary(&self) -> String {
        format!("{} passed, {} failed", self.passed, self.failed.len())
    }

    fn verdict(&self) -> Result<(), String> {
        if !self.failed.is_empty() {
            return Err(format!(
                "{} tests fail:\n{}",
                self.failed.len(),
                self.failed.iter().take(12).cloned().collect::<Vec<_>>().join("\n")
            ));
        }
        if self.passed == 0 {
            return Err("no test ran".to_owned());
        }
        Ok(())
    }

    fn leave_out(&self, schema: &str) {
        for (test, reason) in &self.skipped {
            fidelity::leave_out(schema, test, reason);
        }
    }
}

/// What a skipped test says: its last line with a place in it, without the place.
fn reason(output: &str) -> String {
    let said = output.lines().rev().find_map(|line| line.split_once(".go:").map(|(_, rest)| rest));
    said.and_then(|rest| rest.split_once(": ")).map_or("no reason given", |(_, reason)| reason).trim().to_owned()
}

/// Runs a check that is to say nothing.
fn silent(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = go(program)?.args(arguments).output().map_err(|e| format!("{program}: {e}"))?;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() && said.is_empty() { Ok(()) } else { Err(cut(&said)) }
}

/// A program of the Go toolchain in the module's folder.
fn go(program: &str) -> Result<Command, String> {
    let mut command = toolchain(program)?;
    command.current_dir(module()?).env("GOFLAGS", "-mod=mod");
    Ok(command)
}

/// A program of the Go toolchain, kept off the network.
pub(crate) fn toolchain(program: &str) -> Result<Command, String> {
    let mut command = Command::new(program);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path))).map_err(|e| e.to_string())?;
    command.env("PATH", path).env("GOPROXY", "off").env("GOWORK", "off").env("GOTOOLCHAIN", "local").env_remove(DSN);
    Ok(command)
}

/// A folder name that is a Go import path and says which case it is.
fn folder_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

/// Copies hand-written Go, which imports the generated packages below `GENERATED`.
fn copy(from: &Path, to: &Path, generated: &str) -> Result<(), String> {
    fs::create_dir_all(to).map_err(|e| format!("{}: {e}", to.display()))?;
    for entry in fs::read_dir(from).map_err(|e| format!("{}: {e}", from.display()))?.flatten() {
        let text = fs::read_to_string(entry.path()).map_err(|e| format!("{}: {e}", entry.path().display()))?;
        let name = entry.file_name().to_string_lossy().replace(".go.txt", ".go");
        fs::write(to.join(name), text.replace("GENERATED", generated)).map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn cut(text: &str) -> String {
    const MOST: usize = 4000;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}\n… ({} bytes in all)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
