//! `pgx-goose generate`: a schema becomes Go.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pgx_goose::catalog::Catalog;
use pgx_goose::codegen::cross::CrossOptions;
use pgx_goose::codegen::incremental::{self, Inputs, Manner, Outcome, Remembered, Run, Unusable};
use pgx_goose::codegen::options::{Directories, Options};
use pgx_goose::codegen::output::{self, Compared, Comparison, Sink, State, Writer};
use pgx_goose::codegen::{self, Generation};
use pgx_goose::diagnostic::Diagnostic;
use pgx_goose::fs::{self, FileKind};
use pgx_goose::snapshot;

use super::config::{Config, FILE_NAMES, Format};
use super::error::{Exit, Failure};
use super::hooks::{self, Moment};
use super::output::print;
use super::report::Report;
use super::settings::cross::CrossSettings;
use super::source::{Reading, Shadow, count};
use super::{Talk, go_generate, migrate, settings, source, watch};

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
    #[command(flatten)]
    pub(super) shadow: Shadow,

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
    /// Write only what changed since the last run, and remove the files of dropped tables
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, help_heading = "Running")]
    pub(super) incremental: Option<bool>,
    /// Replace files that pgx-goose did not write or that somebody changed, too
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

    /// Write the migration from the committed snapshot to the source, too
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, help_heading = "Running")]
    pub(super) generate_migrations: Option<bool>,
    /// Run again whenever the source, the config file or the templates change, until Ctrl-C
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, conflicts_with_all = ["check", "go_generate"], help_heading = "Running")]
    pub(super) watch: Option<bool>,
    /// Make each schema a tree of packages of its own, and a package for transactions and joins over all of them
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, help_heading = "Output")]
    pub(super) cross_schema: Option<bool>,
    /// Write generate.go, Makefile, .vscode/tasks.json and .gitignore entries, and nothing else
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean, conflicts_with = "check", help_heading = "Running")]
    pub(super) go_generate: Option<bool>,

    /// Print what the templates see of a table as JSON, and do nothing else; of the project for `.`
    #[arg(long, value_name = "TABLE", conflicts_with_all = ["check", "dry_run", "watch", "go_generate"], help_heading = "Running")]
    pub(super) dump_data: Option<String>,
}

/// Reads a boolean as the guide's commands spell it.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("write `true` or `false`".to_owned()),
    }
}

pub(crate) fn run(arguments: &Arguments, talk: &Talk) -> Result<Exit, Box<(Report, Failure)>> {
    if arguments.watch != Some(true) {
        return once(arguments, talk);
    }
    let report = talk.report(&Config::default());
    let load = || Config::load(arguments.config.as_deref(), format(arguments));
    // A config file that can't be used is told by the first run, and may be put right.
    let checked = load().map_or(Ok(()), |config| sources(arguments, &config)?.iter().try_for_each(|it| watch::check(it)));
    let reads = || {
        let config = load().unwrap_or_default();
        let file = arguments.config.clone().or_else(|| config.file_name().map(PathBuf::from));
        let sources = sources(arguments, &config).unwrap_or_default().into_iter().map(PathBuf::from);
        let templates = arguments.template_dir.clone().or_else(|| config.text("template_dir").map(str::to_owned)).map(PathBuf::from);
        // Without a config file: where one could come.
        let files = file.map_or_else(|| FILE_NAMES.iter().map(PathBuf::from).collect(), |file| vec![file]);
        watch::Watched { paths: files.into_iter().chain(sources).chain(templates).collect() }
    };
    let again = || {
        if let Err(failed) = once(arguments, talk) {
            let (report, failure) = *failed;
            report.failure(failure);
        }
    };
    checked.and_then(|()| watch::watch(reads, again, &report)).map_err(|failure| Box::new((report, failure)))
}

/// All that is read.
fn sources(arguments: &Arguments, config: &Config) -> Result<Vec<String>, Failure> {
    match settings::cross::settings(arguments, config)? {
        Some(cross) => Ok(cross.sources),
        None => Ok(vec![settings::source(arguments, config)?]),
    }
}

/// Which of the default config files count.
fn format(arguments: &Arguments) -> Format {
    match (arguments.json, arguments.yaml) {
        (Some(true), None | Some(false)) | (None, Some(false)) => Format::Json,
        (None | Some(false), Some(true)) | (Some(false), None) => Format::Yaml,
        _ => Format::Any,
    }
}

fn once(arguments: &Arguments, talk: &Talk) -> Result<Exit, Box<(Report, Failure)>> {
    let config = Config::load(arguments.config.as_deref(), format(arguments));
    let config = config.map_err(|failure| Box::new((talk.report(&Config::default()), failure)))?;
    let report = talk.report(&config);
    hooked(arguments, &config, &report).map_err(|failure| Box::new((report, failure)))
}

/// Generates between the user's commands, where something is written at all.
fn hooked(arguments: &Arguments, config: &Config, report: &Report) -> Result<Exit, Failure> {
    let dry = arguments.dry_run == Some(true);
    if arguments.go_generate == Some(true) {
        return go_generate::write(arguments, config, &settings::options(arguments, config)?, dry, report);
    }
    if let Some(table) = &arguments.dump_data {
        let table = Some(table.as_str()).filter(|it| *it != ".");
        let asked = Asked::of(arguments, config)?;
        let catalogs = asked.read(&settings::reading(arguments, config)?, report)?;
        let dumped = match asked.cross(&catalogs, arguments, config)? {
            Some(cross) => codegen::cross::dump(&catalogs, &cross, table)?,
            None => codegen::dump(&catalogs[0], &asked.options, table)?,
        };
        return print(dumped.as_bytes());
    }
    hooks::check(config)?;
    if dry || arguments.check == Some(true) {
        return generate(arguments, config, report);
    }
    let done = || {
        hooks::run(config, Moment::Before, report)?;
        let exit = generate(arguments, config, report)?;
        if go_generate::is_configured(config) {
            go_generate::write(arguments, config, &settings::options(arguments, config)?, dry, report)?;
        }
        hooks::run(config, Moment::After, report)?;
        Ok(exit)
    };
    done().inspect_err(|_| {
        // The failure that it runs for is the one to tell.
        if let Err(Failure { message: Some(message), .. }) = hooks::run(config, Moment::Failed, report) {
            report.diagnostic(&Diagnostic::warning(message));
        }
    })
}

fn generate(arguments: &Arguments, config: &Config, report: &Report) -> Result<Exit, Failure> {
    let started = Instant::now();
    report.diagnostics(&config.not_yet());
    let asked = Asked::of(arguments, config)?;
    let options = &asked.options;
    report.debug(|| format!("Config file: {}", config.file_name().unwrap_or("none")));
    report.debug(|| format!("Go module {} in `{}`", options.module.path, options.module.dir));
    use_workers(options.workers);
    let (manner, check_only) = (settings::manner(arguments, config), arguments.check == Some(true));
    let fingerprint = source::fingerprint(&asked.sources);
    let base = settings::base(arguments, config);
    let is_configured = || config.boolean("migrations.enabled") == Some(true) && config.boolean("migrations.auto_generate") == Some(true);
    let migrates = arguments.generate_migrations.unwrap_or_else(is_configured) && !check_only;
    // A check takes nothing on trust. A run that is not incremental keeps a record true where there is one.
    let tracked = !check_only && (manner.incremental || !manner.dry && fs::kind(Path::new(&base).join(incremental::FILE_NAME))?.is_some());
    let inputs = |schema: String, texts: String| Inputs::new(schema, texts, options).map(|it| asked.hashed(it));
    let remembered = if tracked { Some(remembered(&base, manner, options, report)?) } else { None };
    if let Some(remembered) = &remembered
        && manner.incremental
        // A migration starts from the committed snapshot, which is another thing than what the Go was made from.
        && !(manner.force || manner.dry || migrates)
        && let Some(current) = remembered.is_current(&inputs(fingerprint.schema.clone(), fingerprint.texts.clone())?)
    {
        report.diagnostics(&kept(current.edited.iter().map(|path| (path.as_str(), false))));
        report.summary(&format!("nothing changed: {} as they were, in {}", count(current.files, "Go file"), shown(started.elapsed())));
        return Ok(Exit::Success);
    }
    let reading = settings::reading(arguments, config)?;
    let warnings = report.warnings();
    let catalogs = asked.read(&reading, report)?;
    if migrates {
        let ([catalog], [source]) = (catalogs.as_slice(), asked.sources.as_slice()) else {
            return Err(Failure::usage("a migration is of one database, and the schemas are in several")
                .hint("write migrations with `pgx-goose migrate`, for each database"));
        };
        migrate::beside(config, catalog, &source::shown(source), arguments.dry_run == Some(true), arguments.strict, report)?;
    }
    let cross = asked.cross(&catalogs, arguments, config)?;
    let make = |sink: &dyn Sink| match &cross {
        Some(cross) => codegen::cross::generate(&catalogs, cross, sink),
        None => codegen::generate(&catalogs[0], options, sink),
    };

    let progress = report.spinner("generating Go");
    let here = Path::new("");
    let (generation, outcome) = if let Some(remembered) = remembered {
        let schema = if fingerprint.schema.is_empty() { content(&catalogs) } else { fingerprint.schema };
        // Warnings are to be given by every run, until they are heeded.
        let texts = if report.warnings() == warnings { fingerprint.texts } else { String::new() };
        let run = Run::new(remembered, inputs(schema, texts)?, manner);
        (make(&run)?, run.finish(&now())?)
    } else if check_only || manner.dry {
        let comparison = Comparison::new(here, check_only);
        (make(&comparison)?, Outcome { compared: comparison.finish(), ..Outcome::default() })
    } else {
        let writer = Writer::new(here, manner.force);
        (make(&writer)?, Outcome { compared: writer.finish()?, ..Outcome::default() })
    };
    let files = &outcome.compared;
    progress.finish_and_clear();
    for table in &generation.tables {
        if !table.passed_over {
            report.info(|| format!("Worker {} completed {} '{}' in {}", table.worker, table.kind, table.name, shown(table.elapsed)));
        }
        if !table.skip.is_empty() {
            report.info(|| format!("The tests make no rows of {}: {}", table.sql, table.skip));
        }
    }
    report.diagnostics(&generation.diagnostics);
    report.diagnostics(&kept(outcome.kept.iter().map(|(path, differs)| (path.as_str(), *differs))));

    let mut leftovers = if is_whole(options) { leftovers(files)? } else { Vec::new() };
    leftovers.retain(|path| !outcome.removed.contains(path) && !outcome.orphans.contains(path));
    if check_only {
        return compared(files, &leftovers, report);
    }
    if manner.dry {
        return listed(&outcome, &leftovers, manner, report);
    }
    for path in &leftovers {
        let finding = Diagnostic::warning(format!("`{path}` is left over from an earlier run: nothing in the schema makes it any more"));
        report.diagnostic(&finding.hint("remove it"));
    }
    for path in &outcome.orphans {
        let finding = Diagnostic::warning(format!("`{path}` stays, for somebody has changed it: nothing in the schema makes it any more"));
        report.diagnostic(&finding.hint("`--force` removes it"));
    }
    let elapsed = started.elapsed();
    let workers = rayon::current_num_threads();
    report.info(|| format!("Templates compiled in {}", shown(generation.templates.compile)));
    if let Some(ratio) = generation.templates.hit_ratio() {
        report.info(|| format!("Template cache hit ratio: {ratio:.1}%"));
    }
    report.info(|| format!("Generated {} in {} using {}", count(files.len(), "file"), shown(elapsed), count(workers, "worker")));
    summarise(&generation, &outcome, &folders(options, cross.as_ref()), options.with_tests, elapsed, report);
    if arguments.watch != Some(true) {
        // Taken apart by the end of the process, which is faster than object by object.
        std::mem::forget(catalogs);
    }
    Ok(Exit::Success)
}

/// What a run is asked for.
struct Asked {
    sources: Vec<String>,
    /// What is said for all schemas.
    options: Options,
    /// Whether schemas are packages of their own.
    cross: Option<CrossSettings>,
}

impl Asked {
    fn of(arguments: &Arguments, config: &Config) -> Result<Self, Failure> {
        let cross = settings::cross::settings(arguments, config)?;
        let sources = match &cross {
            Some(cross) => cross.sources.clone(),
            None => vec![settings::source(arguments, config)?],
        };
        Ok(Self { sources, options: settings::options(arguments, config)?, cross })
    }

    /// Reads each of the sources.
    fn read(&self, reading: &Reading, report: &Report) -> Result<Vec<Catalog>, Failure> {
        let read = |source: &String| {
            let catalog = source::read(std::slice::from_ref(source), reading, report)?.catalog;
            report.info(|| format!("Read {} from {}", count(catalog.len(), "object"), source::shown(source)));
            Ok(catalog)
        };
        self.sources.iter().map(read).collect()
    }

    /// Where schemas are packages of their own: all that generation depends on.
    fn cross(&self, catalogs: &[Catalog], arguments: &Arguments, config: &Config) -> Result<Option<CrossOptions>, Failure> {
        let options = |it| settings::cross::options(it, catalogs, &self.options, arguments, config);
        self.cross.as_ref().map(options).transpose()
    }

    /// Takes what is said of schemas into the inputs of an incremental run.
    fn hashed(&self, inputs: Inputs) -> Inputs {
        match &self.cross {
            Some(cross) => inputs.and(&cross.text()),
            None => inputs,
        }
    }
}

/// The hash of all schemas, as snapshots have it.
fn content(catalogs: &[Catalog]) -> String {
    match catalogs {
        [only] => snapshot::content_hash(only).to_string(),
        several => {
            let hashes: Vec<String> = several.iter().map(|it| snapshot::content_hash(it).to_string()).collect();
            incremental::hash(hashes.join(" ").as_bytes())
        }
    }
}

/// The folders that files go to, and what they are of.
fn folders(options: &Options, cross: Option<&CrossOptions>) -> Vec<(String, String)> {
    let of = |prefix: &str, it: &Directories, with_runtime: bool| {
        let Directories { models, interfaces, repositories, mocks, tests, runtime } = it;
        let mut all = vec![("models", models), ("interfaces", interfaces), ("repositories", repositories)];
        if with_runtime {
            all.push(("runtime", runtime));
        }
        all.extend([("mocks", mocks), ("tests", tests)]);
        all.into_iter().map(|(what, folder)| (format!("{prefix}{what}"), folder.clone())).collect::<Vec<_>>()
    };
    let Some(cross) = cross else { return of("", &options.directories, true) };
    let schemas = cross.schemas.iter().flat_map(|it| of(&format!("{} ", it.name), &it.options.directories, false));
    let once = [("over all schemas", &cross.directory), ("runtime", &cross.common.directories.runtime)];
    schemas.chain(once.map(|(what, folder)| (what.to_owned(), folder.clone()))).collect()
}

/// Reads what the last run remembered, and tells why there is nothing to go by.
fn remembered(base: &str, manner: Manner, options: &Options, report: &Report) -> Result<Remembered, Failure> {
    let here = std::env::current_dir().map_err(|error| Failure::environment(format!("can't tell the working directory: {error}")))?;
    let (remembered, unusable) = Remembered::load(&here, base);
    let file = format!("{}/{}", base.trim_end_matches('/'), incremental::FILE_NAME);
    let reason = match unusable {
        // The very first run has nothing to remember, and nothing to be warned of.
        Some(Unusable::Missing) if fs::kind(&options.directories.models)?.is_some() => format!("there is no `{file}`"),
        Some(Unusable::Newer) => format!("`{file}` is of a newer version of pgx-goose"),
        Some(Unusable::Damaged { reason }) => format!("`{file}` is damaged: {reason}"),
        Some(Unusable::Missing) | None => return Ok(remembered),
    };
    if manner.incremental {
        let finding = Diagnostic::warning(format!("{reason}; everything is generated, and nothing is removed"));
        report.diagnostic(&finding.hint("it is written anew by this run"));
    }
    Ok(remembered)
}

/// What is to be said of files that somebody changed or wrote; with each whether it should be another.
fn kept<'a>(files: impl Iterator<Item = (&'a str, bool)>) -> Vec<Diagnostic> {
    let told = |(path, differs): (&str, bool)| {
        let but = if differs { ", and is not what the schema makes" } else { "" };
        Diagnostic::warning(format!("`{path}` was changed by somebody else; it stays as it is{but}")).hint("`--force` replaces it")
    };
    files.map(told).collect()
}

/// The time as RFC 3339 has it, in UTC; that of `SOURCE_DATE_EPOCH` where builds are to be repeatable.
fn now() -> String {
    let given = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|it| it.parse().ok());
    let since = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |it| it.as_secs());
    timestamp(given.unwrap_or_else(since))
}

/// Seconds since 1970 as RFC 3339 has them.
fn timestamp(seconds: u64) -> String {
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Days are counted from March 1 of year 0, so that the leap day is the last of its year (Howard Hinnant, `civil_from_days`).
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year_of_era + era * 400 + next;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", time / 3_600, time / 60 % 60, time % 60)
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
fn listed(outcome: &Outcome, leftovers: &[String], manner: Manner, report: &Report) -> Result<Exit, Failure> {
    let files = &outcome.compared;
    let mut list = String::new();
    for file in files {
        let what = match file.state {
            State::New => "create",
            State::Changed => "change",
            State::Foreign if manner.force => "change",
            State::Foreign if manner.incremental => "spare",
            State::Foreign => "refuse",
            State::Edited => "spare",
            State::Same => "keep",
        };
        list.push_str(&format!("{what:<6}  {}\n", file.path));
    }
    list.extend(outcome.removed.iter().map(|path| format!("remove  {path}\n")));
    list.extend(outcome.orphans.iter().map(|path| format!("spare   {path}\n")));
    list.extend(leftovers.iter().map(|path| format!("stale   {path}\n")));
    print(list.as_bytes())?;
    let number = |state| number(files, state);
    let (created, changed, kept) = (number(State::New), number(State::Changed), number(State::Same));
    let removed = if outcome.removed.is_empty() { String::new() } else { format!(", {} to remove", outcome.removed.len()) };
    report.summary(&format!("nothing was written: {created} to create, {changed} to change, {kept} to keep{removed}"));
    match number(State::Foreign) {
        0 => {}
        foreign => report.summary(&format!("{} not written by pgx-goose; `--force` replaces them", count(foreign, "file"))),
    }
    Ok(Exit::Success)
}

/// Whether a run writes everything, so that a file of ours beside is one too many.
fn is_whole(options: &Options) -> bool {
    let selected = !options.tables.is_empty() || !options.ignore_tables.is_empty() || !options.schemas.is_empty();
    !selected && !options.models_only && options.with_tests && options.with_mocks && options.with_interfaces
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
fn summarise(
    generation: &Generation,
    outcome: &Outcome,
    folders: &[(String, String)],
    with_tests: bool,
    elapsed: Duration,
    report: &Report,
) {
    let files = &outcome.compared;
    let (created, unchanged) = (number(files, State::New), number(files, State::Same));
    let spared = outcome.kept.len();
    let changed = files.len() - created - unchanged - spared;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    generation.tables.iter().for_each(|it| *kinds.entry(it.kind.as_str()).or_default() += 1);
    let relations: Vec<_> = kinds.iter().map(|(kind, number)| count(*number, kind)).collect();
    let relations = if relations.is_empty() { "no tables".to_owned() } else { relations.join(", ") };
    report.summary(&format!("{} for {relations} in {}", count(files.len(), "Go file"), shown(elapsed)));
    let width = folders.iter().map(|(what, _)| what.len()).max().unwrap_or(0) + 1;
    for (what, folder) in folders {
        let folder = folder.trim_start_matches("./").trim_end_matches('/');
        let made = files.iter().filter(|it| folder_of(&it.path) == folder).count();
        if made > 0 {
            report.summary(&format!("  {what:<width$} {folder} ({})", count(made, "file")));
        }
    }
    let mut states = format!("  {created} created, {changed} changed, {unchanged} unchanged");
    for (number, what) in [(outcome.removed.len(), "removed"), (spared, "of others left as they are")] {
        if number > 0 {
            states.push_str(&format!(", {number} {what}"));
        }
    }
    report.summary(&states);
    if outcome.passed_over > 0 {
        report.summary(&format!("  {} passed over: nothing of them changed", count(outcome.passed_over, "table")));
    }
    if generation.templates.own > 0 {
        report.summary(&format!("  {} of your own", count(generation.templates.own, "template")));
    }
    // That views can only be read needs no saying.
    let untested = generation.tables.iter().filter(|it| !it.skip.is_empty() && !it.kind.ends_with("view")).count();
    if with_tests && untested > 0 {
        report.summary(&format!("  the tests make no rows of {}; `--verbose` tells why", count(untested, "table")));
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
    fn moments() {
        let check = |seconds, expected: &str| assert_eq!(timestamp(seconds), expected);
        check(0, "1970-01-01T00:00:00Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        check(1_764_323_999, "2025-11-28T09:59:59Z");
        check(4_107_542_399, "2100-02-28T23:59:59Z");
    }

    #[test]
    fn times_are_short() {
        let check = |micros, expected: &str| assert_eq!(shown(Duration::from_micros(micros)), expected);
        check(1_240, "1.2ms");
        check(34_400, "34ms");
        check(12_340_000, "12.3s");
    }
}
