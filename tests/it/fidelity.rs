//! What the run found of each real schema, as the tables of docs/fidelity.md. `make test-all` writes it; a run of a part writes the
//! section that it is about, with `PGX_GOOSE_FIDELITY=1`, and leaves the other as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

/// The columns of the table, in order.
const COLUMNS: &[&str] = &[
    "read",
    "counts",
    "SQL loads",
    "differences",
    "gofmt",
    "go build",
    "go vet",
    "staticcheck",
    "unit tests",
    "integration tests",
    "skipped",
];

static FOUND: Mutex<BTreeMap<String, BTreeMap<&'static str, String>>> = Mutex::new(BTreeMap::new());

/// The tables that generated tests left out: schema, table, reason.
static LEFT_OUT: Mutex<Vec<(String, String, String)>> = Mutex::new(Vec::new());

/// How many objects a schema has, and how many of them differ.
#[derive(Clone, Copy)]
struct Compared {
    objects: usize,
    differ: usize,
}

/// What a schema was compared with: a running server, or a dump of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Against {
    Server,
    Dump,
}

/// One schema on each major.
type OnMajors = BTreeMap<(u32, Against), Compared>;

/// Of each real schema, on each major: its DDL against what a server says.
static COMPARED: Mutex<BTreeMap<String, OnMajors>> = Mutex::new(BTreeMap::new());

/// Notes how a schema's DDL compares with what a server of a major says of it.
pub(crate) fn compare(schema: &str, major: u32, against: Against, objects: usize, differ: usize) {
    let mut compared = COMPARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    compared.entry(schema.to_owned()).or_default().insert((major, against), Compared { objects, differ });
}

/// Notes one cell.
pub(crate) fn record(schema: &str, column: &'static str, value: String) {
    assert!(COLUMNS.contains(&column), "`{column}` is no column of the table");
    let mut found = FOUND.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.entry(schema.to_owned()).or_default().insert(column, value);
}

/// Notes a table whose tests were skipped.
pub(crate) fn leave_out(schema: &str, table: &str, reason: &str) {
    let mut left_out = LEFT_OUT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    left_out.push((schema.to_owned(), table.to_owned(), reason.to_owned()));
}

/// Says what was left out, and writes docs/fidelity.md (`writes`) where the run was over all schemas.
pub(crate) fn finish(all: bool, writes: bool) {
    let found = FOUND.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut left_out = LEFT_OUT.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    left_out.sort();
    if !left_out.is_empty() {
        eprintln!("{} tables were left out by generated integration tests:", left_out.len());
        let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (schema, table, reason) in &left_out {
            reasons.entry(reason).or_default().push(format!("{schema}: {table}"));
        }
        for (reason, tables) in &reasons {
            eprintln!("  {reason}: {}", tables.join(", "));
        }
    }
    let compared = COMPARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !(writes && all) {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fidelity.md");
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    let (go_before, majors_before) = before.split_at(before.find(MAJORS).unwrap_or(before.len()));
    let go = if found.is_empty() { go_before.trim_end().to_owned() + "\n\n" } else { page(&found, &left_out) + "\n" };
    let majors = if compared.is_empty() { majors_before.to_owned() } else { majors_page(&compared) };
    if let Err(error) = std::fs::create_dir_all(path.parent().expect("docs")).and_then(|()| std::fs::write(&path, go + &majors)) {
        eprintln!("{}: {error}", path.display());
    }
}

/// The heading of the section about majors, which is the last.
const MAJORS: &str = "## DDL against servers of each major\n";

fn say(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// Schema × major: objects compared, objects that differ.
fn majors_page(compared: &BTreeMap<String, OnMajors>) -> String {
    let columns: BTreeSet<(u32, Against)> = compared.values().flat_map(|it| it.keys().copied()).collect();
    let mut page = format!("{MAJORS}\n");
    let _ =
        writeln!(page, "The last run: {}, commit {}.\n", say("date", &["-u", "+%Y-%m-%d"]), say("git", &["rev-parse", "--short", "HEAD"]),);
    page.push_str(
        "Objects of the snapshot that a schema's DDL gives; then, for each major, how many of them are not byte for byte those of a server that the DDL \
         made (`live`), and those of `pg_dump` of that server (`dump`). A dash: the schema is refused by that major, or needs what is not installed for it; nothing is said of majors that were not run. \
         Why what differs does so stands in `tests/it/live/differences.tsv` and `tests/it/equality/differences.tsv`.\n\n",
    );
    let heads: Vec<String> = columns.iter().map(|(major, against)| format!("{major} {}", against.word())).collect();
    let _ = writeln!(page, "| schema | objects | {} |", heads.join(" | "));
    let _ = writeln!(page, "|---|---|{}", "---|".repeat(columns.len()));
    let mut sums: BTreeMap<(u32, Against), Compared> = BTreeMap::new();
    for (schema, found) in compared {
        let objects = found.values().map(|it| it.objects).max().unwrap_or(0);
        let cells: Vec<String> =
            columns.iter().map(|column| found.get(column).map_or("–".to_owned(), |it| it.differ.to_string())).collect();
        let _ = writeln!(page, "| {schema} | {objects} | {} |", cells.join(" | "));
        for (column, it) in found {
            let sum = sums.entry(*column).or_insert(Compared { objects: 0, differ: 0 });
            (sum.objects, sum.differ) = (sum.objects + it.objects, sum.differ + it.differ);
        }
    }
    let sums: Vec<String> = sums.values().map(|it| format!("{} of {}", it.differ, it.objects)).collect();
    let _ = writeln!(page, "| **all** | | {} |", sums.join(" | "));
    page
}

impl Against {
    fn word(self) -> &'static str {
        match self {
            Against::Server => "live",
            Against::Dump => "dump",
        }
    }
}

fn page(found: &BTreeMap<String, BTreeMap<&'static str, String>>, left_out: &[(String, String, String)]) -> String {
    let mut page = String::from("# Fidelity\n\n");
    let _ = writeln!(
        page,
        "The last `make test-all`: {}, commit {}, {}.\n",
        say("date", &["-u", "+%Y-%m-%d"]),
        say("git", &["rev-parse", "--short", "HEAD"]),
        say("go", &["env", "GOVERSION"]),
    );
    page.push_str(
        "Real schemas of others, read in place. `read`: no report but those explained in `tests/it/corpus/reports.tsv`. `counts`: objects as a server \
         counts them. `SQL loads`: what `snapshot show --format sql` prints loads in a real server. `differences`: what `pg_dump` of that database says \
         otherwise than of one that the schema's own text made, both from the text and from a dump of it. Then the generated Go; of the integration tests \
         the tables that passed, and those that were skipped because no test row can be made.\n\n",
    );
    let _ = writeln!(page, "| schema | {} |", COLUMNS.join(" | "));
    let _ = writeln!(page, "|---|{}", "---|".repeat(COLUMNS.len()));
    for (schema, cells) in found {
        let cells: Vec<&str> = COLUMNS.iter().map(|column| cells.get(column).map_or("", String::as_str)).collect();
        let _ = writeln!(page, "| {schema} | {} |", cells.join(" | "));
    }
    if !left_out.is_empty() {
        page.push_str("\n## Tables without integration tests\n\n| schema | table | reason |\n|---|---|---|\n");
        for (schema, table, reason) in left_out {
            let _ = writeln!(page, "| {schema} | {} | {} |", table.replace('|', "\\|"), reason.replace('|', "\\|"));
        }
    }
    page
}
