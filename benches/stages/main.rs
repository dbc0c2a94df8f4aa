//! What each stage of the main job costs, from DDL to files, beside the raw cost of writing those files.
//!
//! `cargo bench --bench stages` prints the table and puts it into docs/performance.md. Medians of several runs, in this
//! process except for the whole command, which is the real binary. `-- 100 1000` measures those sizes only and leaves the
//! document alone.

#![expect(clippy::disallowed_methods, reason = "the raw cost of files is one of the things that are measured")]

mod schema;

use std::cell::Cell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pgx_goose::capture::script::{self, Input};
use pgx_goose::codegen::options::{DecimalType, Directories, MockProvider, Module, Nullable, Options, Tags, UuidType};
use pgx_goose::codegen::output::Sink;
use pgx_goose::codegen::{self, build, layout, output};
use pgx_goose::diff;
use pgx_goose::graph;
use pgx_goose::plan;
use pgx_goose::snapshot::{self, HeaderFacts};
use rayon::prelude::*;

/// The binary's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZES: [usize; 3] = [100, 1_000, 10_000];
const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// What was measured at a size.
struct Measured {
    tables: usize,
    files: usize,
    ddl_bytes: usize,
    snapshot_bytes: usize,
    go_bytes: usize,
    /// Stages by name, in the order of the work.
    stages: Vec<(&'static str, Duration)>,
    parse: Duration,
    raw: Duration,
    /// From DDL to a snapshot, and the most memory that it took; none if it failed.
    create: Option<(Duration, Option<u64>)>,
    /// `diff` of two snapshot files, equal ones and with ten differences, as a process of its own; none if it failed.
    differences: [Option<Duration>; 2],
    /// The whole command and the most memory that it had; none if it failed.
    command: Option<(Duration, Option<u64>)>,
}

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let chosen = !sizes.is_empty();
    let measured: Vec<Measured> = if chosen { &sizes[..] } else { &SIZES[..] }.iter().map(|&tables| measure(tables)).collect();
    let table = table(&measured);
    println!("{table}");
    if !chosen {
        document(&table);
    }
}

fn measure(tables: usize) -> Measured {
    eprintln!("{tables} tables");
    let runs = match tables {
        0..=100 => 11,
        101..=1_000 => 5,
        _ => 3,
    };
    let folder = Scratch::new();
    let ddl = schema::synthetic(tables);
    let inputs = [Input::new("schema.sql", ddl)];
    let (parse, captured) = median(runs, || script::parse(&inputs));
    assert!(!captured.failed(), "{:?}", captured.diagnostics);
    let catalog = captured.catalog;
    let facts = HeaderFacts::current();
    let (encode, bytes) = median(runs, || snapshot::encode(&catalog, &facts));
    let (decode, _) = median(runs, || snapshot::decode(&bytes).expect("a snapshot that was just written"));
    let changed = script::parse(&[Input::new("changed.sql", schema::changed(&inputs[0].text, tables))]).catalog;
    let changed_bytes = snapshot::encode(&changed, &facts);
    let differing = |other: &[u8]| {
        let (old, new) = (snapshot::Reader::open(&bytes).expect("a snapshot"), snapshot::Reader::open(other).expect("a snapshot"));
        let (old, new) = snapshot::decode_differing(&old, &new).expect("two snapshots");
        diff::diff(&old, &new).changes.len()
    };
    let (diff_equal, none) = median(runs, || differing(&bytes));
    let (diff_ten, some) = median(runs, || differing(&changed_bytes));
    assert!(none == 0 && some >= 10, "{none} and {some} differences");
    let (planned, steps) = median(runs, || plan::plan(&catalog, &changed, &plan::Options::WHOLE).steps().count());
    assert!(steps >= 10, "{steps} statements");
    let (order, _) = median(runs, || graph::order(&catalog).objects.len());
    let options = options();
    let (model, _) = median(runs, || {
        let model = build::Model::new(&catalog, &options).expect("a model");
        (0..model.project.tables.len()).into_par_iter().map(|n| model.table(n).methods.len()).sum::<usize>()
    });
    let (generate, files) = median(runs, || {
        let kept = output::Kept::default();
        codegen::generate(&catalog, &options, &kept).expect("files");
        kept.finish()
    });
    let (lay_out, _) = median(runs, || {
        let lay_out = |bytes: &Vec<u8>| layout::finish(std::str::from_utf8(bytes).expect("Go is UTF-8"), &[], "").map(|go| go.len());
        files.par_iter().map(|(_, bytes)| lay_out(bytes).expect("Go")).sum::<usize>()
    });
    // In turns: what a file system takes for a new file varies twentyfold with what was deleted lately, and for how long it has been at it.
    let mut times = [const { Vec::new() }; 5];
    let mut memory = [Some(None), Some(None)];
    let mut differences = [const { Vec::new() }; 2];
    for _ in 0..runs {
        times[0].push(median_of(1, || folder.fresh(), |root| write_all(&files, root)).0);
        times[1].push(median_of(1, || folder.last(), |root| write_all(&files, root)).0);
        times[2].push(median_of(1, || folder.fresh(), |root| write_raw(&files, root)).0);
        for (n, other) in [&bytes, &changed_bytes].into_iter().enumerate() {
            differences[n].extend(diff_command(&bytes, other, &folder));
        }
        let commands =
            [&["snapshot", "create", "schema.sql", "--output", "schema.pgsnap"][..], &["generate", "--from", "schema.sql", "--quiet"]];
        for (n, arguments) in commands.into_iter().enumerate() {
            let ran = command(arguments, &inputs[0].text, &folder);
            memory[n] = memory[n].and_then(|most: Option<u64>| {
                ran.map(|(time, peak)| {
                    times[3 + n].push(time);
                    most.max(peak)
                })
            });
        }
    }
    let [write, unchanged, raw, create, whole] = times.map(|mut times| {
        times.sort();
        times.get(times.len() / 2).copied().unwrap_or_default()
    });
    let differences = differences.map(|mut times: Vec<Duration>| {
        times.sort();
        times.get(times.len() / 2).copied()
    });
    let [create, command] = [(create, memory[0]), (whole, memory[1])].map(|(time, memory)| memory.map(|memory| (time, memory)));
    Measured {
        tables,
        files: files.len(),
        ddl_bytes: inputs[0].text.len(),
        snapshot_bytes: bytes.len(),
        go_bytes: files.values().map(Vec::len).sum(),
        stages: vec![
            ("parse", parse),
            ("encode", encode),
            ("decode", decode),
            ("diff of two equal snapshots", diff_equal),
            ("diff with ten differences", diff_ten),
            ("plan of the ten", planned),
            ("graph order", order),
            ("view model", model),
            ("render and layout", generate.saturating_sub(model)),
            ("of that: layout", lay_out),
            ("write", write),
            ("compare, nothing to write", unchanged),
        ],
        parse,
        raw,
        create,
        differences,
        command,
    }
}

/// The files into their places, as the command does it.
fn write_all(files: &codegen::FileSet, root: &Path) -> usize {
    let writer = output::Writer::new(root, false);
    files.par_iter().for_each(|(path, bytes)| writer.take(path.clone(), bytes.clone()).expect("taken"));
    writer.finish().expect("written").len()
}

/// The same bytes into as many files, with nothing else done.
fn write_raw(files: &codegen::FileSet, root: &Path) {
    let mut folders: Vec<PathBuf> = files.keys().filter_map(|path| root.join(path).parent().map(Path::to_owned)).collect();
    folders.dedup();
    folders.iter().for_each(|folder| std::fs::create_dir_all(folder).expect("a folder"));
    files.par_iter().for_each(|(path, bytes)| std::fs::write(root.join(path), bytes).expect("a file"));
}

/// Runs the binary on the DDL, in a folder of its own: the time, and the most memory that it had; nothing if it fails.
fn command(arguments: &[&str], ddl: &str, folder: &Scratch) -> Option<(Duration, Option<u64>)> {
    let root = folder.fresh();
    std::fs::write(root.join("schema.sql"), ddl).expect("a file");
    std::fs::write(root.join("go.mod"), "module example.org/bench\n\ngo 1.24\n").expect("a file");
    let mut memory = None;
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_pgx-goose"))
        .args(arguments)
        .current_dir(&root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let status = loop {
        memory = memory.max(peak(child.id()));
        match child.try_wait().expect("a child") {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_micros(500)),
        }
    };
    let time = start.elapsed();
    if !status.success() {
        eprintln!("the command failed: {status}");
    }
    status.success().then_some((time, memory))
}

/// Runs `diff` on two snapshots as files: the time from start to exit.
fn diff_command(old: &[u8], new: &[u8], folder: &Scratch) -> Option<Duration> {
    let root = folder.fresh();
    std::fs::write(root.join("old.pgsnap"), old).expect("a file");
    std::fs::write(root.join("new.pgsnap"), new).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgx-goose"));
    command.args(["diff", "old.pgsnap", "new.pgsnap", "--quiet"]).current_dir(&root);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().expect("the binary starts");
    let time = start.elapsed();
    (status.code() == Some(i32::from(old != new))).then_some(time)
}

/// The most memory that a process has had, in bytes, where the system tells (Linux).
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

fn options() -> Options {
    Options {
        module: Module { path: "example.org/bench".to_owned(), dir: String::new() },
        directories: Directories::below("pgx-goose"),
        schemas: Vec::new(),
        tables: Vec::new(),
        ignore_tables: Vec::new(),
        mock_provider: MockProvider::Testify,
        with_interfaces: true,
        with_mocks: true,
        with_benchmarks: false,
        with_tests: true,
        models_only: false,
        template_dir: None,
        workers: 0,
        nullable: Nullable::Pointer,
        tags: Tags { json: true, db: true, validate: false },
        types: Vec::new(),
        initialisms: Vec::new(),
        renames: Default::default(),
        plurals: Default::default(),
        soft_delete_columns: vec!["deleted_at".to_owned()],
        list_by_indexes: false,
        version_columns: None,
        uuid: UuidType::Google,
        decimal: DecimalType::Shopspring,
    }
}

fn median<T>(runs: usize, work: impl Fn() -> T) -> (Duration, T) {
    median_of(runs, || (), |()| work())
}

/// The median time of the work, and what it last gave; preparing and clearing up are not counted.
fn median_of<P, T>(runs: usize, prepare: impl Fn() -> P, work: impl Fn(&P) -> T) -> (Duration, T) {
    let mut times = Vec::with_capacity(runs);
    let mut last = None;
    for _ in 0..runs {
        let prepared = prepare();
        drop(last.take());
        let start = Instant::now();
        let result = work(&prepared);
        times.push(start.elapsed());
        last = Some(result);
    }
    times.sort();
    (times[times.len() / 2], last.expect("at least one run"))
}

/// A folder on the local disk that goes when a size has been measured.
///
/// Nothing is deleted before: ext4 passes over inodes that were freed in the last seconds one by one, so that making files
/// right after deleting as many takes several times as long.
struct Scratch {
    folder: tempfile::TempDir,
    number: Cell<usize>,
}

impl Scratch {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("stages").tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        Scratch { folder, number: Cell::new(0) }
    }

    /// An empty folder.
    fn fresh(&self) -> PathBuf {
        self.number.set(self.number.get() + 1);
        let root = self.last();
        std::fs::create_dir_all(&root).expect("a folder");
        root
    }

    /// The one before.
    fn last(&self) -> PathBuf {
        self.folder.path().join(self.number.get().to_string())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.folder.path());
        std::thread::sleep(Duration::from_secs(10));
    }
}

fn table(measured: &[Measured]) -> String {
    let mut text = String::new();
    let mut row = |name: &str, cell: &dyn Fn(&Measured) -> String| {
        let _ = write!(text, "| {name} |");
        for it in measured {
            let _ = write!(text, " {} |", cell(it));
        }
        text.push('\n');
    };
    row("tables", &|it| it.tables.to_string());
    row("---", &|_| "---:".to_owned());
    row("DDL", &|it| megabytes(it.ddl_bytes as u64));
    row("snapshot", &|it| megabytes(it.snapshot_bytes as u64));
    row("files", &|it| it.files.to_string());
    row("Go", &|it| megabytes(it.go_bytes as u64));
    for (index, (name, _)) in measured.first().map(|it| it.stages.clone()).unwrap_or_default().into_iter().enumerate() {
        row(name, &|it| milliseconds(it.stages[index].1));
    }
    row("raw writes of the same files", &|it| milliseconds(it.raw));
    row("**from DDL to a snapshot**", &|it| it.create.map_or("failed".to_owned(), |(time, _)| milliseconds(time)));
    row("most memory for it", &|it| it.create.and_then(|(_, memory)| memory).map_or("-".to_owned(), megabytes));
    for (n, name) in ["**`diff` of equal snapshot files**", "**`diff` with ten differences**"].into_iter().enumerate() {
        row(name, &|it| it.differences[n].map_or("failed".to_owned(), milliseconds));
    }
    row("**whole command**", &|it| it.command.map_or("failed".to_owned(), |(time, _)| milliseconds(time)));
    row("against raw writes and parse", &|it| {
        it.command.map_or("-".to_owned(), |(time, _)| format!("{:.2}×", time.as_secs_f64() / (it.raw + it.parse).as_secs_f64()))
    });
    row("per table", &|it| it.command.map_or("-".to_owned(), |(time, _)| format!("{:.0} µs", time.as_secs_f64() * 1e6 / it.tables as f64)));
    row("most memory", &|it| it.command.and_then(|(_, memory)| memory).map_or("-".to_owned(), megabytes));
    text
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Puts the table into docs/performance.md, between its marks.
fn document(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md");
    let text = std::fs::read_to_string(&path).expect("docs/performance.md");
    let (Some(begin), Some(end)) = (text.find(BEGIN), text.find(END)) else { panic!("docs/performance.md has lost its marks") };
    let text = format!("{}\n{}\n\n{table}\n{}", &text[..begin + BEGIN.len()], conditions(), &text[end..]);
    std::fs::write(&path, text).expect("docs/performance.md");
}

fn conditions() -> String {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
        output.map_or("unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |it| it.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{} on {cores} cores of {processor}, {}; commit {}; `make bench`.",
        said("date", &["-u", "+%Y-%m-%d"]),
        said("uname", &["-sr"]),
        said("git", &["rev-parse", "--short", "HEAD"]),
    )
}
