//! The folders under `fixtures/`: a case is a folder with `schema.sql`, or with a folder `schema/`.
//!
//! Beside it stands what is expected; a file that exists is checked, and `make bless` rewrites it:
//!
//! | file | is |
//! |---|---|
//! | `catalog.txt` | `snapshot show --format tree` |
//! | `schema.out.sql` | `snapshot show --format sql` |
//! | `order.txt` | `graph --format text` |
//! | `report.txt` | the warnings that reading gives |
//! | `error.txt` | the error that reading ends with |
//! | `go/` | the Go that is generated |
//! | `columns.txt` | the columns of views with their types, see [`crate::views`] |
//! | `rows.sql` | not rewritten: rows for the tables, with which the views of the case are run |
//! | `equal.sql` | not rewritten: another way to write the same schema, byte for byte the same snapshot |
//! | `server.txt` | not rewritten: `needs 18` and `until 15` (major versions), `needs extension x`, or `skip` with a reason, for the run against a server |
//!
//! The same folders run a second time against a real server: it makes of `schema.sql` (or of `equal.sql`) what it makes of the SQL
//! that we print; what is an error here is an error there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Completion, Failed, Trial};
use similar::TextDiff;

use crate::dump::Dump;
use crate::server::{Server, server};
use crate::tool;

/// What is checked where it exists, and what `make bless` rewrites.
const EXPECTED: [&str; 5] = ["error.txt", "report.txt", "catalog.txt", "schema.out.sql", "order.txt"];

/// A case.
#[derive(Clone)]
pub(crate) struct Case {
    /// `topic/case`.
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for case in cases() {
        let (expected, on_server) = (case.clone(), case.clone());
        trials.push(Trial::test(format!("fixtures::expected::{}", case.name), move || expected.check()));
        trials.push(Trial::ignorable_test(format!("fixtures::server::{}", case.name), move || on_server.check_on_server()));
    }
    trials
}

/// All cases, by name.
pub(crate) fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut cases = Vec::new();
    collect(&root, &root, &mut cases);
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

fn collect(root: &Path, folder: &Path, cases: &mut Vec<Case>) {
    if folder.join("schema.sql").exists() || folder.join("schema").is_dir() {
        let name = folder.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
        cases.push(Case { name, folder: folder.to_owned() });
        return;
    }
    for entry in fs::read_dir(folder).expect("fixtures can be read").flatten() {
        // Pairs of schemas have a runner of their own.
        if entry.path().is_dir() && entry.file_name() != "migrate" {
            collect(root, &entry.path(), cases);
        }
    }
}

impl Case {
    /// The SOURCE, relative to the case's folder.
    pub(crate) fn source(&self) -> &'static str {
        if self.folder.join("schema.sql").exists() { "schema.sql" } else { "schema" }
    }

    /// Whether reading it is expected to fail.
    pub(crate) fn is_error(&self) -> bool {
        self.folder.join("error.txt").exists()
    }

    /// The SQL that the server is to run, each in a session of its own.
    pub(crate) fn scripts(&self) -> Result<Vec<String>, String> {
        let read = |path: &Path| fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
        for name in ["equal.sql", "schema.sql"] {
            if self.folder.join(name).exists() {
                return Ok(vec![read(&self.folder.join(name))?]);
            }
        }
        let mut files: Vec<PathBuf> =
            fs::read_dir(self.folder.join("schema")).map_err(|e| e.to_string())?.flatten().map(|e| e.path()).collect();
        files.sort();
        files.iter().map(|file| read(file)).collect()
    }

    fn snapshot(&self, source: &str, workplace: &Path) -> Result<(tool::Ran, String), String> {
        let path = workplace.join(format!("{source}.pgsnap")).to_string_lossy().into_owned();
        let mut ran = tool::run(&self.folder, &["snapshot", "create", source, "-o", &path])?;
        // The last line says where the snapshot is, which is another place for everybody.
        ran.stderr = ran.stderr.lines().filter(|line| !line.contains(&path)).map(|line| format!("{line}\n")).collect();
        Ok((ran, path))
    }

    fn check(&self) -> Result<(), Failed> {
        let blessing = std::env::var_os("PGX_GOOSE_BLESS").is_some();
        let workplace = tool::workplace(&self.name);
        let (ran, snapshot) = self.snapshot(self.source(), &workplace)?;
        let failed = ran.code != 0;
        let mut found: BTreeMap<&str, String> = BTreeMap::new();
        found.insert(if failed { "error.txt" } else { "report.txt" }, ran.stderr);
        if !failed {
            let show = |format: &str| tool::run(&self.folder, &["snapshot", "show", &snapshot, "--format", format])?.ok();
            found.insert("catalog.txt", show("tree")?);
            found.insert("schema.out.sql", show("sql")?);
            found.insert("order.txt", tool::run(&self.folder, &["graph", &snapshot, "--format", "text"])?.ok()?);
        }
        if blessing {
            self.bless(&found, failed)?;
        }
        let mut wrong = Vec::new();
        if !EXPECTED.iter().chain(&["equal.sql", "columns.txt"]).any(|name| self.folder.join(name).exists()) {
            wrong.push("nothing is expected of this case: `make bless` writes what is found".to_owned());
        }
        for name in EXPECTED {
            let expected = fs::read_to_string(self.folder.join(name)).ok();
            match (expected, found.get(name)) {
                (Some(expected), Some(found)) => wrong.extend(difference(name, &expected, found)),
                (Some(_), None) if failed => wrong.push(format!("{name} is expected, and reading fails:\n{}", found["error.txt"])),
                (Some(_), None) => wrong.push(format!("{name} is expected, and reading succeeds")),
                (None, Some(text)) if name == "error.txt" || (name == "report.txt" && !text.is_empty()) => {
                    wrong.push(format!("no {name} is expected:\n{text}"));
                }
                (None, _) => {}
            }
        }
        if !failed && self.folder.join("equal.sql").exists() {
            wrong.extend(self.differs_from_equal(&snapshot, &workplace)?);
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
    }

    fn differs_from_equal(&self, snapshot: &str, workplace: &Path) -> Result<Option<String>, String> {
        let (ran, equal) = self.snapshot("equal.sql", workplace)?;
        ran.ok()?;
        let bytes = |path: &str| fs::read(path).map_err(|e| format!("{path}: {e}"));
        if bytes(snapshot)? == bytes(&equal)? {
            return Ok(None);
        }
        let show = |path: &str| tool::run(&self.folder, &["snapshot", "show", path, "--format", "json"])?.ok();
        let difference = difference("the snapshot of equal.sql", &show(&equal)?, &show(snapshot)?);
        Ok(Some(difference.unwrap_or_else(|| "the snapshots of equal.sql and of the source differ in what JSON doesn't show".to_owned())))
    }

    /// Rewrites the expectations that exist; a case without any gets the one that says most.
    fn bless(&self, found: &BTreeMap<&str, String>, failed: bool) -> Result<(), String> {
        let has_any = EXPECTED.iter().chain(&["equal.sql", "columns.txt"]).any(|name| self.folder.join(name).exists());
        for name in EXPECTED {
            let path = self.folder.join(name);
            let wanted = match found.get(name) {
                Some(text) if name == "report.txt" => !text.is_empty(),
                Some(_) => failed || path.exists() || (!has_any && name == "catalog.txt"),
                None => false,
            };
            if wanted {
                fs::write(&path, &found[name]).map_err(|e| format!("{}: {e}", path.display()))?;
            } else if path.exists() && (name == "error.txt" || name == "report.txt") {
                fs::remove_file(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            }
        }
        Ok(())
    }

    /// What a server lacks that the case needs.
    pub(crate) fn missing(&self, server: &Server) -> Result<Option<String>, String> {
        for line in fs::read_to_string(self.folder.join("server.txt")).unwrap_or_default().lines() {
            let missing = match line.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["needs", "extension", name] => !server.has_extension(name)?,
                ["until", major] => major.parse::<u32>().map_err(|e| format!("server.txt: {e}"))? < server.major()?,
                ["needs", major] => major.parse::<u32>().map_err(|e| format!("server.txt: {e}"))? > server.major()?,
                _ => true,
            };
            if missing {
                return Ok(Some(line.to_owned()));
            }
        }
        Ok(None)
    }

    fn check_on_server(&self) -> Result<Completion, Failed> {
        let server = server()?;
        if let Some(missing) = self.missing(server)? {
            return Ok(Completion::ignored_with(missing));
        }
        let direct = server.database(&self.name)?;
        let loaded = self.scripts()?.iter().try_for_each(|script| direct.run(script).map(drop));
        if self.is_error() {
            return match loaded {
                Err(_) => Ok(Completion::Completed),
                Ok(()) => Err("an error is expected, and the server takes it".into()),
            };
        }
        loaded.map_err(|error| format!("the server refuses the fixture: {error}"))?;
        let workplace = tool::workplace(&self.name);
        let (ran, snapshot) = self.snapshot(self.source(), &workplace)?;
        ran.ok()?;
        let sql = tool::run(&self.folder, &["snapshot", "show", &snapshot, "--format", "sql"])?.ok()?;
        let printed = server.database(&self.name)?;
        printed.run(&sql).map_err(|error| format!("the server refuses what we print: {error}"))?;
        let differences = Dump::parse(&direct.dump()?).differences(&Dump::parse(&printed.dump()?));
        if differences.is_empty() { Ok(Completion::Completed) } else { Err(differences.join("\n").into()) }
    }
}

/// How a text differs from what is expected, as a unified diff.
pub(crate) fn difference(name: &str, expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let diff = TextDiff::from_lines(expected, found);
    Some(format!("{name} differs:\n{}", diff.unified_diff().context_radius(2).header("expected", "found")))
}
