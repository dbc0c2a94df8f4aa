//! `pgx-goose generate`: a schema becomes Go.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pgx_goose::codegen::options::{Directories, Options};
use pgx_goose::codegen::output::{self, Compared, Comparison, State, Writer};
use pgx_goose::codegen::{self, Generation};
use pgx_goose::diagnostic::Diagnostic;
use pgx_goose::fs::{self, FileKind};

use super::config::{Config, Format};
use super::error::{Exit, Failure};
use super::output::print;
use super::report::Report;
use super::source::count;
use super::{Talk, settings, source};

/// Arguments of `generate`.
///
/// Flags that are true or false may be given a value, as in `--with-tests=false`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where the schema is: a DDL file, `-`, a folder, a .pgsnap file, git:REV:PATH, or a database
    #[arg(long, value_name = "SOURCE")]
    pub(super) from: Option<String>,
    /// The database to capture: postgres://…, or host=… dbname=…
    #[arg(long, value_name = "DSN", conflicts_with = "from")]
    pub(super) dsn: Option<String>,
    /// The config file [default: pgx-goose-conf.yaml, .yml or .json in this folder]
    #[arg(long, short, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Of the default config files, take the JSON one
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean)]
    pub(super) json: Option<bool>,
    /// Of the default config files, take a YAML one
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean)]
    pub(super) yaml: Option<bool>,
    /// Only this schema; all by default
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) schema: Vec<String>,
    /// Only these tables and views, as names or patterns
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(super) tables: Vec<String>,
    /// Not these tables and views, as names or patterns
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(super) ignore_tables: Vec<String>,
    /// Take warnings about the DDL as errors
    #[arg(long)]
    pub(super) strict: bool,

    /// The Go module of the packages [default: that of the nearest go.mod]
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub(super) module: Option<String>,
    /// The folder of the generated packages [default: ./pgx-goose]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(super) out: Option<String>,
    /// The folder of the models [default: {out}/models]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(super) models_dir: Option<String>,
    /// The folder of the interfaces [default: {out}/repository/interfaces]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(super) interfaces_dir: Option<String>,
    /// The folder of the repositories [default: {out}/repository/postgres]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(super) repos_dir: Option<String>,
    /// The folder of the mocks [default: {out}/mocks]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(super) mocks_dir: Option<String>,
    /// The folder of the tests [default: {out}/tests]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(super) tests_dir: Option<String>,
    /// Which library the mocks are for; `mock` is gomock [default: testify]
    #[arg(long, value_name = "NAME", value_parser = ["testify", "gomock", "mock"], help_heading = "Output")]
    pub(super) mock_provider: Option<String>,
    /// Write tests [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, help_heading = "Output")]
    pub(super) with_tests: Option<bool>,
    /// Write the models only
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, help_heading = "Output")]
    pub(super) models_only: Option<bool>,
    /// A folder with templates that replace those of the same name
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(super) template_dir: Option<String>,

    /// Write nothing, and exit with 1 if the files are not what would be written
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, conflicts_with = "dry_run", help_heading = "Running")]
    pub(super) check: Option<bool>,
    /// Write nothing, and list what would be written
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, help_heading = "Running")]
    pub(super) dry_run: Option<bool>,
    /// Replace files that pgx-goose did not write, too
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, help_heading = "Running")]
    pub(super) force: Option<bool>,
    /// Use all cores [default: true]; the output is the same
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, help_heading = "Running")]
    pub(super) parallel: Option<bool>,
    /// How many workers there are; 0 is one a core [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1024), help_heading = "Running")]
    pub(super) workers: Option<u16>,
    /// Compile templates once [default: true]; they always are
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, help_heading = "Running")]
    pub(super) optimize_templates: Option<bool>,

    #[command(flatten)]
    pub(super) later: Later,
}

/// Flags of the guide that later versions act on. They are known, so that nobody takes them for misspelled.
#[derive(Debug, clap::Args)]
pub(crate) struct Later {
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean)]
    incremental: Option<bool>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean)]
    generate_migrations: Option<bool>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean)]
    cross_schema: Option<bool>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean)]
    go_generate: Option<bool>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean)]
    watch: Option<bool>,
}

impl Later {
    /// The flags that are set.
    fn asked(&self) -> impl Iterator<Item = &'static str> {
        let Self { incremental, generate_migrations, cross_schema, go_generate, watch } = self;
        let flags = [
            ("--incremental", incremental),
            ("--generate-migrations", generate_migrations),
            ("--cross-schema", cross_schema),
            ("--go-generate", go_generate),
            ("--watch", watch),
        ];
        flags.into_iter().filter(|(_, set)| **set == Some(true)).map(|(flag, _)| flag)
    }
}

/// Reads a boolean as the guide's commands spell it.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("write `true` or `false`".to_owned()),
    }
}

pub(crate) fn run(arguments: &Arguments, talk: &Talk) -> Result<Exit, (Report, Failure)> {
    let format = match (arguments.json, arguments.yaml) {
        (Some(true), None | Some(false)) | (None, Some(false)) => Format::Json,
        (None | Some(false), Some(true)) | (Some(false), None) => Format::Yaml,
        _ => Format::Any,
    };
    let config = Config::load(arguments.config.as_deref(), format);
    let config = config.map_err(|failure| (talk.report(&Config::default()), failure))?;
    let report = talk.report(&config);
    generate(arguments, &config, &report).map_err(|failure| (report, failure))
}

fn generate(arguments: &Arguments, config: &Config, report: &Report) -> Result<Exit, Failure> {
    if let Some(flag) = arguments.later.asked().next() {
        return Err(Failure::not_yet(&format!("`{flag}`")));
    }
    let started = Instant::now();
    report.diagnostics(&config.not_yet());
    let source = settings::source(arguments, config)?;
    let options = settings::options(arguments, config)?;
    report.debug(|| format!("Config file: {}", config.file_name().unwrap_or("none")));
    report.debug(|| format!("Go module {} in `{}`", options.module.path, options.module.dir));
    use_workers(options.workers);
    let read = source::read(std::slice::from_ref(&source), &settings::reading(arguments, config)?, report)?;
    // Taken apart by the end of the process, which is faster than object by object.
    let catalog = std::mem::ManuallyDrop::new(read.catalog);
    report.info(|| format!("Read {} from {}", count(catalog.len(), "object"), source::shown(&source)));

    let progress = report.spinner("generating Go");
    let (here, check_only, dry_run) = (Path::new(""), arguments.check == Some(true), arguments.dry_run == Some(true));
    let (generation, files) = if check_only || dry_run {
        let comparison = Comparison::new(here, check_only);
        (codegen::generate(&catalog, &options, &comparison)?, comparison.finish())
    } else {
        let writer = Writer::new(here, arguments.force == Some(true));
        (codegen::generate(&catalog, &options, &writer)?, writer.finish()?)
    };
    progress.finish_and_clear();
    for table in &generation.tables {
        report.info(|| format!("Worker {} completed {} '{}' in {}", table.worker, table.kind, table.name, shown(table.elapsed)));
        if !table.skip.is_empty() {
            report.info(|| format!("The tests make no rows of {}: {}", table.sql, table.skip));
        }
    }
    report.diagnostics(&generation.diagnostics);

    let leftovers = if is_whole(&options) { leftovers(&files)? } else { Vec::new() };
    if check_only {
        return compared(&files, &leftovers, report);
    }
    if dry_run {
        return listed(&files, &leftovers, report);
    }
    for path in &leftovers {
        let finding = Diagnostic::warning(format!("`{path}` is left over from an earlier run: nothing in the schema makes it any more"));
        report.diagnostic(&finding.hint("remove it"));
    }
    let elapsed = started.elapsed();
    let workers = rayon::current_num_threads();
    if let Some(ratio) = generation.templates.hit_ratio() {
        report.info(|| format!("Template cache hit ratio: {ratio:.1}%"));
    }
    report.info(|| format!("Generated {} in {} using {}", count(files.len(), "file"), shown(elapsed), count(workers, "worker")));
    summarise(&generation, &files, &options, elapsed, report);
    Ok(Exit::Success)
}

/// Sets how many threads the whole run has. It can be set once, and there is one run.
fn use_workers(workers: usize) {
    let _ = rayon::ThreadPoolBuilder::new().num_threads(workers).build_global();
}

/// Shows how the files would change.
fn compared(files: &[Compared], leftovers: &[String], report: &Report) -> Result<Exit, Failure> {
    let different: Vec<_> = files.iter().filter(|it| it.state != State::Same).collect();
    if different.is_empty() && leftovers.is_empty() {
        report.summary(&format!("{}, as they should be", count(files.len(), "file")));
        return Ok(Exit::Success);
    }
    let mut diff: String = different.iter().map(|it| it.diff.as_str()).collect();
    diff.extend(leftovers.iter().map(|path| format!("Only on the disk, made by nothing in the schema: {path}\n")));
    print(diff.as_bytes())?;
    report.summary(&format!("{} of {} would change; run `pgx-goose generate`", different.len(), count(files.len(), "file")));
    if !leftovers.is_empty() {
        report.summary(&format!("{} left over from an earlier run, to be removed", count(leftovers.len(), "file")));
    }
    Ok(Exit::Different)
}

/// Lists what would be done to each file.
fn listed(files: &[Compared], leftovers: &[String], report: &Report) -> Result<Exit, Failure> {
    let mut list = String::new();
    for file in files {
        let what = match file.state {
            State::New => "create",
            State::Changed => "change",
            State::Foreign => "refuse",
            State::Same => "keep",
        };
        list.push_str(&format!("{what:<6}  {}\n", file.path));
    }
    list.extend(leftovers.iter().map(|path| format!("stale   {path}\n")));
    print(list.as_bytes())?;
    let number = |state| number(files, state);
    let (created, changed, kept) = (number(State::New), number(State::Changed), number(State::Same));
    report.summary(&format!("nothing was written: {created} to create, {changed} to change, {kept} to keep"));
    match number(State::Foreign) {
        0 => {}
        foreign => report.summary(&format!("{} not written by pgx-goose; `--force` replaces them", count(foreign, "file"))),
    }
    Ok(Exit::Success)
}

/// Whether a run writes everything, so that a file of ours beside is one too many.
fn is_whole(options: &Options) -> bool {
    let selected = !options.tables.is_empty() || !options.ignore_tables.is_empty() || !options.schemas.is_empty();
    !selected && !options.models_only && options.with_tests && options.with_mocks
}

/// Files that pgx-goose wrote once, in the folders that it writes to, and that are not among those of this run.
fn leftovers(files: &[Compared]) -> Result<Vec<String>, Failure> {
    let folders: BTreeSet<&str> = files.iter().map(|it| folder_of(&it.path)).collect();
    let mut left = Vec::new();
    for folder in folders {
        let path = if folder.is_empty() { "." } else { folder };
        if fs::kind(path)? != Some(FileKind::Folder) {
            continue;
        }
        for entry in fs::read_dir_sorted(path)? {
            let Some(name) = entry.name.to_str().filter(|it| it.ends_with(".go") && entry.kind == FileKind::File) else { continue };
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            let made = files.binary_search_by(|it| it.path.as_str().cmp(&path)).is_ok();
            if !made && fs::read(&path)?.starts_with(output::HEADER.as_bytes()) {
                left.push(path);
            }
        }
    }
    Ok(left)
}

/// The folder that a file is in.
fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn number(files: &[Compared], state: State) -> usize {
    files.iter().filter(|it| it.state == state).count()
}

/// Says what was made, and where.
fn summarise(generation: &Generation, files: &[Compared], options: &Options, elapsed: Duration, report: &Report) {
    let (created, unchanged) = (number(files, State::New), number(files, State::Same));
    let changed = files.len() - created - unchanged;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    generation.tables.iter().for_each(|it| *kinds.entry(it.kind.as_str()).or_default() += 1);
    let relations: Vec<_> = kinds.iter().map(|(kind, number)| count(*number, kind)).collect();
    let relations = if relations.is_empty() { "no tables".to_owned() } else { relations.join(", ") };
    report.summary(&format!("{} for {relations} in {}", count(files.len(), "Go file"), shown(elapsed)));
    let Directories { models, interfaces, repositories, mocks, tests, runtime } = &options.directories;
    let folders = [
        ("models", models),
        ("interfaces", interfaces),
        ("repositories", repositories),
        ("runtime", runtime),
        ("mocks", mocks),
        ("tests", tests),
    ];
    for (what, folder) in folders {
        let folder = folder.trim_start_matches("./").trim_end_matches('/');
        let made = files.iter().filter(|it| folder_of(&it.path) == folder).count();
        if made > 0 {
            report.summary(&format!("  {what:<13} {folder} ({})", count(made, "file")));
        }
    }
    report.summary(&format!("  {created} created, {changed} changed, {unchanged} unchanged"));
    if generation.templates.own > 0 {
        report.summary(&format!("  {} of your own", count(generation.templates.own, "template")));
    }
    let untested = generation.tables.iter().filter(|it| !it.skip.is_empty()).count();
    if options.with_tests && untested > 0 {
        report.summary(&format!("  the tests make no rows of {untested} of them; `--verbose` tells why"));
    }
    if created > 0 && !generation.modules.is_empty() {
        report.summary(&format!("  they need {}: run `go mod tidy`", generation.modules.join(", ")));
    }
    if report.warnings() > 0 {
        report.summary(&format!("  {}, see above", count(report.warnings(), "warning")));
    }
}

/// A time as people read it.
fn shown(elapsed: Duration) -> String {
    let milliseconds = elapsed.as_secs_f64() * 1000.0;
    match milliseconds {
        it if it < 10.0 => format!("{it:.1}ms"),
        it if it < 10_000.0 => format!("{it:.0}ms"),
        it => format!("{:.1}s", it / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let check = |micros, expected: &str| assert_eq!(shown(Duration::from_micros(micros)), expected);
        check(1_240, "1.2ms");
        check(34_400, "34ms");
        check(12_340_000, "12.3s");
    }
}
