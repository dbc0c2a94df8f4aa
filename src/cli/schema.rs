//! `pgx-goose schema`: machine-readable descriptions.

use super::error::{Exit, Failure};
use super::{Talk, config, output};

/// What is described.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Print the JSON Schema of the config file, for editors
    Config {
        #[command(flatten)]
        talk: Talk,
    },
}

impl Command {
    pub(crate) fn talk(&self) -> &Talk {
        match self {
            Self::Config { talk } => talk,
        }
    }
}

pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    let description = match command {
        Command::Config { talk: _ } => config::json_schema(),
    };
    output::print(format!("{description:#}\n").as_bytes())
}
