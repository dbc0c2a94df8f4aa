//! `pgx-goose completions`: the completion script of a shell.

use clap::CommandFactory;

use super::error::{Exit, Failure};
use super::{Cli, output};

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The shell
    shell: clap_complete::Shell,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "pgx-goose", &mut script);
    output::print(&script)
}
