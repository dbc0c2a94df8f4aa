//! The `pgx-goose` binary: see `cli` for the command line, and the library for what it does.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
