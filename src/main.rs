//! The `pgx-goose` binary: see `cli` for the command line, and the library for what it does.

mod cli;

/// Millions of small texts come and go while Go is made: see ARCHITECTURE.md, "Why each dependency".
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
