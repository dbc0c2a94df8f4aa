//! What the run found of each real schema, as the table of docs/fidelity.md. `make test-all` writes it.

use std::collections::BTreeMap;
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

/// Says what was left out, and writes docs/fidelity.md where the run was over all schemas.
pub(crate) fn finish(all: bool) {
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
    if !all || found.is_empty() {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fidelity.md");
    let text = page(&found, &left_out);
    if let Err(error) = std::fs::create_dir_all(path.parent().expect("docs")).and_then(|()| std::fs::write(&path, text)) {
        eprintln!("{}: {error}", path.display());
    }
}

fn page(found: &BTreeMap<String, BTreeMap<&'static str, String>>, left_out: &[(String, String, String)]) -> String {
    let say = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    };
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
