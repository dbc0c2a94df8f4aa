//! The command line: arguments in, calls into the library, data on standard output, talk on standard error, exit code.
//!
//! One file a subcommand. To add one: a file with its arguments (their doc comments are the help) and its function, a
//! variant of [`Command`], a line in [`Command::run`]. The library can't name anything here.

mod bookkeeping;
mod change;
mod completions;
mod config;
mod diff;
mod drawing;
mod error;
mod fleet;
mod generate;
mod go_generate;
mod graph;
mod hooks;
mod init;
mod interrupt;
mod migrate;
mod output;
mod picture;
mod report;
mod schema;
mod selection;
mod settings;
mod snapshot;
mod source;
mod verify;
mod watch;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use config::Config;
use error::{EXIT_CODES, Exit, Failure};
use report::{LogFormat, Report, Verbosity, redacted};

/// Offline schema-snapshot compiler for PostgreSQL: DDL or a snapshot in, Go code for pgx v5 out.
///
/// Without a subcommand it is `pgx-goose generate`.
///
/// A SOURCE is a DDL file, `-` for standard input, a folder of DDL or migrations, a .pgsnap file, any of these at a
/// git revision as git:REV:PATH, or a database as postgres://… or host=… dbname=….
#[derive(Debug, Parser)]
#[command(name = "pgx-goose", version, long_version = LONG_VERSION, after_long_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    generate: generate::Arguments,
    #[command(flatten)]
    talk: Talk,
}

const LONG_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (snapshot format 1, PostgreSQL 18 grammar)");

/// The oldest PostgreSQL that anything is written for.
const OLDEST_MAJOR: u32 = 13;

const DIFF_EXIT_CODES: &str = "\
Exit codes:
  0  the schemas are equal
  1  they differ
  2 and above  an error, as `pgx-goose --help` has them";

#[derive(Debug, Subcommand)]
enum Command {
    /// Write Go code from a schema
    Generate(Box<generate::Arguments>),
    /// Make snapshots, and look into them
    #[command(subcommand)]
    Snapshot(snapshot::Command),
    /// Show what changed between two schemas
    #[command(after_long_help = DIFF_EXIT_CODES)]
    Diff(diff::Arguments),
    /// Write the migration from one schema to another
    Migrate(Box<migrate::Arguments>),
    /// Show what depends on what, and in which order a schema can be created
    Graph(graph::Arguments),
    /// Write a config file for the project in this folder
    Init(init::Arguments),
    /// Print the completion script of a shell
    Completions(completions::Arguments),
    /// Print machine-readable descriptions
    #[command(subcommand)]
    Schema(schema::Command),
}

/// How much is said, and how. These stand before or after the subcommand.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Messages")]
struct Talk {
    /// Say only what is wrong
    #[arg(long, short, global = true, conflicts_with_all = ["verbose", "debug"])]
    quiet: bool,
    /// Say what is being done
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = generate::boolean)]
    verbose: Option<bool>,
    /// Say that in detail
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = generate::boolean)]
    debug: Option<bool>,
    /// How messages look
    #[arg(long, global = true, value_name = "FORMAT", value_enum)]
    log_format: Option<LogFormat>,
}

impl Talk {
    /// What the command line says of messages, over what the config file says.
    fn report(&self, config: &Config) -> Report {
        let level = match config.text("logging.level") {
            Some("error") => Verbosity::Quiet,
            Some("info") => Verbosity::Verbose,
            Some("debug") => Verbosity::Debug,
            _ => Verbosity::Normal,
        };
        let verbosity = match self {
            Self { quiet: true, .. } => Verbosity::Quiet,
            Self { debug: Some(true), .. } => Verbosity::Debug,
            Self { verbose: Some(true), .. } => Verbosity::Verbose,
            _ => level,
        };
        let configured = if config.text("logging.format") == Some("json") { LogFormat::Json } else { LogFormat::Text };
        Report::new(verbosity, self.log_format.unwrap_or(configured)).to(config.text("logging.output"))
    }
}

impl Command {
    /// Runs the subcommand. `generate` and `migrate` are alone in reading the config file, which may say how it reports.
    fn run(&self, talk: &Talk) -> Result<Exit, Box<(Report, Failure)>> {
        let plain = |run: &dyn Fn(&Report) -> Result<Exit, Failure>| {
            let report = talk.report(&Config::default());
            run(&report).map_err(|failure| Box::new((report, failure)))
        };
        match self {
            Self::Generate(arguments) => generate::run(arguments, talk),
            Self::Snapshot(command) => plain(&|report| snapshot::run(command, report)),
            Self::Diff(arguments) => plain(&|report| diff::run(arguments, report)),
            Self::Migrate(arguments) => migrate::run(arguments, talk),
            Self::Graph(arguments) => plain(&|report| graph::run(arguments, report)),
            Self::Init(arguments) => plain(&|report| init::run(arguments, report)),
            Self::Completions(arguments) => plain(&|_| completions::run(arguments)),
            Self::Schema(command) => plain(&|_| schema::run(command)),
        }
    }
}

/// Runs the program on the process's arguments.
pub(crate) fn run() -> ExitCode {
    let (command, talk) = match parse(std::env::args_os()) {
        Ok(parsed) => parsed,
        Err(error) => return refuse(&error),
    };
    let exit = command.run(&talk).unwrap_or_else(|failed| {
        let (report, failure) = *failed;
        let exit = failure.exit;
        report.failure(failure);
        exit
    });
    ExitCode::from(exit as u8)
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<(Command, Talk), clap::Error> {
    let mut definition = Cli::command();
    let matches = definition.try_get_matches_from_mut(arguments)?;
    if let Some(subcommand) = matches.subcommand_name() {
        // Flags of `generate` before another subcommand would be passed over in silence.
        let given = |id: &&clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
        let misplaced =
            matches.ids().filter(given).find_map(|id| definition.get_arguments().find(|it| it.get_id() == id && !it.is_global_set()));
        if let Some(flag) = misplaced.and_then(|it| it.get_long()) {
            let message = format!("`--{flag}` is a flag of `generate`: it can't stand before `{subcommand}`");
            return Err(definition.error(ErrorKind::ArgumentConflict, message));
        }
    }
    let Cli { command, generate, talk } = Cli::from_arg_matches(&matches)?;
    Ok((command.unwrap_or_else(|| Command::Generate(Box::new(generate))), talk))
}

/// Says what is wrong with the command line; help and the version are no errors.
fn refuse(error: &clap::Error) -> ExitCode {
    let text = error.to_string();
    if redacted(&text) == text {
        // With colour where the terminal has it.
        let _ = error.print();
    } else {
        let mut stderr = anstream::stderr().lock();
        let _ = stderr.write_all(redacted(&text).as_bytes());
    }
    ExitCode::from(if error.use_stderr() { Exit::Usage } else { Exit::Success } as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<(Command, Talk), clap::Error> {
        parse(text.split(' ').map(OsString::from))
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_subcommand_it_is_generate() {
        for text in [
            "pgx-goose --from a.sql --with-tests=false --tables a,b",
            "pgx-goose generate --from a.sql --verbose",
            "pgx-goose --verbose generate --from a.sql",
            "pgx-goose --parallel --workers 4 --optimize-templates --json --yaml=false --force --debug",
        ] {
            let (command, _) = line(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(matches!(command, Command::Generate(_)), "{text}");
        }
    }

    #[test]
    fn flags_stand_where_they_belong() {
        assert!(line("pgx-goose --log-format json graph a.sql --quiet").is_ok());
        let error = line("pgx-goose --out x graph a.sql").map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("`--out` is a flag of `generate`: it can't stand before `graph`"), "{error}");
    }
}
