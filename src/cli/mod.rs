//! The command line: arguments in, calls into the library, data on standard output, talk on standard error, exit code.
//!
//! One file a subcommand. To add one: a file with its arguments (their doc comments are the help) and its function, a
//! variant of [`Command`], a line in [`Command::run`]. The library can't name anything here.

mod completions;
mod config;
mod error;
mod generate;
mod graph;
mod init;
mod output;
mod picture;
mod report;
mod schema;
mod settings;
mod snapshot;
mod source;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use config::Config;
use error::{EXIT_CODES, Exit, Failure};
use report::{LogFormat, Report, Verbosity};

/// Offline schema-snapshot compiler for PostgreSQL: DDL or a snapshot in, Go code for pgx v5 out.
///
/// Without a subcommand it is `pgx-goose generate`.
///
/// A SOURCE is a DDL file, `-` for standard input, a folder of DDL or migrations, a .pgsnap file, or any of these at a
/// git revision as git:REV:PATH.
#[derive(Debug, Parser)]
#[command(name = "pgx-goose", version, long_version = LONG_VERSION, after_long_help = EXIT_CODES, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    generate: generate::Arguments,
}

const LONG_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (snapshot format 1, PostgreSQL 18 grammar)");

#[derive(Debug, Subcommand)]
enum Command {
    /// Write Go code from a schema
    Generate(Box<generate::Arguments>),
    /// Make snapshots, and look into them
    #[command(subcommand)]
    Snapshot(snapshot::Command),
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

/// How much is said, and how; every subcommand has these.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Messages")]
struct Talk {
    /// Say only what is wrong
    #[arg(long, short, conflicts_with_all = ["verbose", "debug"])]
    quiet: bool,
    /// Say what is being done
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, value_parser = generate::boolean)]
    verbose: bool,
    /// Say that in detail
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, value_parser = generate::boolean)]
    debug: bool,
    /// How messages look
    #[arg(long, value_name = "FORMAT", value_enum)]
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
            Self { debug: true, .. } => Verbosity::Debug,
            Self { verbose: true, .. } => Verbosity::Verbose,
            _ => level,
        };
        let configured = if config.text("logging.format") == Some("json") { LogFormat::Json } else { LogFormat::Text };
        Report::new(verbosity, self.log_format.unwrap_or(configured))
    }
}

impl Command {
    fn run(self) -> Result<Exit, (Report, Failure)> {
        /// Runs what needs no config file.
        fn plain(talk: &Talk, run: impl FnOnce(&Report) -> Result<Exit, Failure>) -> Result<Exit, (Report, Failure)> {
            let report = talk.report(&Config::default());
            run(&report).map_err(|failure| (report, failure))
        }
        match self {
            Self::Generate(arguments) => generate::run(&arguments),
            Self::Snapshot(command) => plain(command.talk(), |report| snapshot::run(&command, report)),
            Self::Graph(arguments) => plain(&arguments.talk, |report| graph::run(&arguments, report)),
            Self::Init(arguments) => plain(&arguments.talk, |report| init::run(&arguments, report)),
            Self::Completions(arguments) => plain(&arguments.talk, |_| completions::run(&arguments)),
            Self::Schema(command) => plain(command.talk(), |_| schema::run(&command)),
        }
    }
}

/// Runs the program on the process's arguments.
pub(crate) fn run() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let command = cli.command.unwrap_or_else(|| Command::Generate(Box::new(cli.generate)));
    let exit = command.run().unwrap_or_else(|(report, failure)| {
        let exit = failure.exit;
        report.failure(failure);
        exit
    });
    ExitCode::from(exit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_subcommand_it_is_generate() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert!(parse("pgx-goose --from a.sql --with-tests=false --tables a,b").command.is_none());
        assert!(matches!(parse("pgx-goose generate --from a.sql --verbose").command, Some(Command::Generate(_))));
        assert!(parse("pgx-goose --parallel --workers 4 --optimize-templates --json --yaml=false --force --debug").command.is_none());
    }
}
