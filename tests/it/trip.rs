//! A migration there and back on a real server: OLD and the way up is NEW, and the way down is OLD again.
//!
//! The tables have rows ([`rows`]), and both ways keep every value that they don't say to destroy. Where the server refuses the rows that
//! are there (a text that is no number, a NULL where none may be), nothing is shown, and that is told. Where drops are left out, nothing
//! is left to do but those. The replay offline must say what the server says.
//!
//! This module must not know where the schemas come from.

use pgx_goose::catalog::Catalog;
use pgx_goose::migration::Migration;
use pgx_goose::plan::{self, Step};

use crate::migrations::{captured, differences};
use crate::rows::{self, At};
use crate::server::Database;

/// What is tried.
pub(crate) struct Trip<'t, 'd> {
    /// A database that is as OLD.
    pub(crate) database: &'t Database<'d>,
    pub(crate) before: &'t Catalog,
    pub(crate) after: &'t Catalog,
    /// One migration, or several that follow each other.
    pub(crate) migrations: &'t [Migration],
    pub(crate) options: plan::Options,
    /// Which rows are put into the tables; none are where this is `None`.
    pub(crate) rows: Option<u64>,
}

/// What became of the rows.
#[derive(Debug)]
pub(crate) enum Rows {
    /// There were so many, and they are as they were.
    Kept(u64),
    /// A change doesn't suit them.
    Refused,
}

/// Where a trip has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Rows are there, and nothing has changed.
    Before,
    After,
    Back,
}

impl Trip<'_, '_> {
    /// Goes both ways; `look` is asked at every stop what else is wrong.
    pub(crate) fn go(&self, mut look: impl FnMut(Stop) -> Result<(), String>) -> Result<Rows, String> {
        let Self { database, before, after, migrations, options, rows } = *self;
        let filled = match rows {
            Some(seed) => rows::fill(database, before, seed).map_err(|error| format!("rows: {error}"))?,
            None => 0,
        };
        look(Stop::Before)?;
        let all = || migrations.iter().flat_map(|it| it.up().chain(it.down()));
        let kept = rows::kept(before, after, migrations.iter().flat_map(Migration::up), At::After);
        let kept_back = rows::kept(before, after, all(), At::Back);
        let (had, had_back) = (rows::values(database, &kept)?, rows::values(database, &kept_back)?);
        let ran = |way: &str, sql: &str| match database.run(&format!("{}{sql}", rows::VERBOSE)) {
            Ok(_) => Ok(true),
            Err(error) if rows.is_some() && rows::is_about_rows(&error) => Ok(false),
            Err(error) => Err(format!("{way}: {error}")),
        };
        if !ran("up", &up(migrations))? {
            return Ok(Rows::Refused);
        }
        let has = rows::values(database, &kept)?;
        if has != had {
            return Err(format!("the way up changes rows:\n{}", rows::difference(&had, &has)));
        }
        let there = captured(database)?;
        let left = match options.drops {
            true => differences(&there, after),
            false => undone(&there, after, &migrations[0].left_out, options),
        };
        if !left.is_empty() {
            return Err(format!("the way up does not lead to NEW:\n{}", left.join("\n")));
        }
        look(Stop::After)?;
        if !ran("down", &down(migrations))? {
            return Ok(Rows::Refused);
        }
        let has = rows::values(database, &kept_back)?;
        if has != had_back {
            return Err(format!("the way down changes rows:\n{}", rows::difference(&had_back, &has)));
        }
        let left = differences(&captured(database)?, before);
        if !left.is_empty() {
            return Err(format!("the way down does not lead back to OLD:\n{}", left.join("\n")));
        }
        look(Stop::Back)?;
        match migrations.iter().find(|it| !it.findings.is_empty()) {
            Some(it) => Err(format!("the server is content, and the replay is not: {:#?}", it.findings)),
            None => Ok(Rows::Kept(filled)),
        }
    }
}

/// What is still to do where drops are left out, and what is still to drop though nobody said so.
pub(crate) fn undone(there: &Catalog, after: &Catalog, left_out: &[Step], options: plan::Options) -> Vec<String> {
    let rest = plan::plan(there, after, &options);
    let mut undone: Vec<String> = rest.steps().map(|it| format!("{}: still to do: {}", it.about, it.sql)).collect();
    let is_told = |step: &&Step| left_out.iter().any(|it| it.about == step.about);
    undone.extend(rest.left_out.iter().filter(|it| !is_told(it)).map(|it| format!("{}: left out in silence: {}", it.about, it.sql)));
    undone
}

/// The way up of migrations that follow each other, each transaction as a whole, and what refuses one alone.
pub(crate) fn up(migrations: &[Migration]) -> String {
    let mut text = String::new();
    migrations.iter().flat_map(|it| &it.parts).for_each(|part| run(part.transaction, &part.up, &mut text));
    text
}

/// The way back.
pub(crate) fn down(migrations: &[Migration]) -> String {
    let mut text = String::new();
    let parts = migrations.iter().rev().flat_map(|it| it.parts.iter().rev());
    parts.flat_map(|part| &part.down).for_each(|batch| run(batch.transaction, &batch.steps, &mut text));
    text
}

/// Statements as a tool runs them.
fn run(transaction: bool, steps: &[Step], text: &mut String) {
    text.push_str(if transaction { "BEGIN;\n" } else { "" });
    steps.iter().for_each(|step| text.push_str(&format!("{}\n", step.sql)));
    text.push_str(if transaction { "COMMIT;\n" } else { "" });
}
