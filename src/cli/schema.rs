//! `pgx-goose schema`: machine-readable descriptions.

use super::error::{Exit, Failure};
use super::{config, output};

/// What is described.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Print the JSON Schema of the config file, for editors
    Config,
}

pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    let description = match command {
        Command::Config => config::json_schema(),
    };
    output::print(format!("{description:#}\n").as_bytes())
}
