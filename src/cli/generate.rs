//! `pgx-goose generate`: a schema becomes Go.

use std::path::PathBuf;

use super::config::{Config, Format};
use super::error::{Exit, Failure};
use super::report::Report;
use super::{Talk, settings, source};

/// Arguments of `generate`.
///
/// Flags that are true or false may be given a value, as in `--with-tests=false`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where the schema is: a DDL file, `-`, a folder, a .pgsnap file, or git:REV:PATH
    #[arg(long, value_name = "SOURCE")]
    pub(super) from: Option<String>,
    /// The database to capture (not in this version)
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
    config.not_yet().iter().for_each(|it| report.diagnostic(it));
    let source = settings::source(arguments, config)?;
    let options = settings::options(arguments, config)?;
    use_workers(options.workers);
    let catalog = source::read(std::slice::from_ref(&source), arguments.strict, report)?;
    report.debug(|| format!("{} read from `{source}`", source::count(catalog.len(), "object")));
    Err(Failure::not_yet("generating code"))
}

/// Sets how many threads the whole run has. It can be set once, and there is one run.
fn use_workers(workers: usize) {
    let _ = rayon::ThreadPoolBuilder::new().num_threads(workers).build_global();
}
