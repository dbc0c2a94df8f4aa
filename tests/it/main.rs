//! The proof: everything that needs more than the code under test.
//!
//! - [`alter`]: from one schema to another and back, on a real server, for each kind of change.
//! - [`architecture`]: the layers name each other only as ARCHITECTURE.md says.
//! - [`baseline`]: a folder of migrations as one, and migrations beside the Go.
//! - [`connection`]: the ways to a server, and what is said where one is barred.
//! - [`database`]: a database as a source of the program.
//! - [`edits`]: migrations from random schemas to random edits of them, and back, on a real server.
//! - [`fixtures`]: the folders under `fixtures/`, against their expectations and a second time against a real server.
//! - [`corpus`]: real schemas, read where they lie, from DDL to a database that is equal to the one the DDL makes.
//! - [`live`]: what a running server says of a schema, against what its DDL says.
//! - [`equality`]: what the DDL, a dump and our own SQL of it say is one catalog.
//! - [`incremental`]: random changes, edits and kills, and the tree that an incremental run makes of them.
//! - [`model`]: the Go model of random schemas gives no name twice.
//! - [`migrations`]: migrations through goose and golang-migrate on a real server, both ways.
//! - [`fleet`]: many databases compared with one schema.
//! - [`settings`]: each flag and each key of the config has an effect.
//! - [`rows`]: rows for any tables, and what of them a migration must keep.
//! - [`property`]: random schemas, made by [`random`], are the same read from text, server, dump and our own SQL.
//! - [`views`]: the columns of views, their types and which are never NULL, against a server with rows.
//! - [`trip`]: a migration there and back on a server, with rows in the tables.
//! - [`shadow`]: throw-away servers start, serve, and leave nothing behind; DDL that only a server can run is loaded into one.
//! - [`verify`]: migrations are tried out on one.
//! - [`golang`]: the generated Go through the Go toolchain and a real server.
//!
//! Cases are found at run time, so the harness is libtest-mimic: `cargo test --test it -- corpus::sql::pagila` runs what matches.
//! What cannot run is named with its reason and never counted as passed.

#![allow(clippy::disallowed_methods, reason = "the ban on std::fs is for the product: a test may fail with whatever error it gets")]

mod alter;
mod architecture;
mod baseline;
mod connection;
mod corpus;
mod cross;
mod database;
mod dump;
mod edits;
mod equality;
mod example;
mod fidelity;
mod fixtures;
mod fleet;
mod golang;
mod incremental;
mod live;
mod migrations;
mod model;
mod property;
mod random;
mod rows;
mod server;
mod settings;
mod shadow;
mod tool;
mod trip;
mod unseen;
mod verify;
mod views;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // How many real schemas go through the Go toolchain: a fixed spread, or all.
    let all = std::env::var_os("PGX_GOOSE_SCOPE").is_some_and(|scope| scope == "all");
    let mut trials = Vec::new();
    trials.extend(architecture::trials());
    trials.extend(server::trials());
    trials.extend(connection::trials());
    trials.extend(database::trials());
    trials.extend(dump::trials());
    trials.extend(fixtures::trials());
    trials.extend(alter::trials());
    trials.extend(corpus::trials());
    trials.extend(live::trials());
    trials.extend(model::trials());
    trials.extend(incremental::trials());
    trials.extend(cross::trials());
    trials.extend(settings::trials());
    trials.extend(equality::trials());
    trials.extend(fleet::trials());
    trials.extend(migrations::trials(all));
    trials.extend(property::trials());
    trials.extend(edits::trials());
    trials.extend(baseline::trials());
    trials.extend(views::trials());
    trials.extend(shadow::trials());
    trials.extend(verify::trials());
    trials.extend(golang::trials(all));
    trials.extend(example::trials());
    trials.extend(unseen::trials());
    let conclusion = libtest_mimic::run(&arguments, trials);
    server::stop();
    // A run that is narrowed down says nothing of the rest.
    let writes = arguments.filter.is_none() || std::env::var_os("PGX_GOOSE_FIDELITY").is_some();
    fidelity::finish(all, writes);
    conclusion.exit_code()
}
