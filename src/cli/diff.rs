//! `pgx-goose diff`: what changed between two schemas.

use std::path::{Path, PathBuf};

use pgx_goose::catalog::Catalog;
use pgx_goose::diff::{self, Diff};
use pgx_goose::fs;
use pgx_goose::plan;
use pgx_goose::snapshot::{self, Reader};

use super::error::{Exit, Failure};
use super::fleet;
use super::report::Report;
use super::source::{self, Reading, Shadow};
use super::{bookkeeping, change, output};

/// How differences are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A line an object, and one a field
    Text,
    /// For programs; docs/diff.md has the schema
    Json,
    /// For pull requests: with the SQL of what changed
    Markdown,
    /// A page of its own, the same
    Html,
    /// The script that leads from OLD to NEW, drops included
    Sql,
}

/// Arguments of `diff`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The old schema, and the new one
    #[arg(value_name = "SOURCE", num_args = 0..=2, required_unless_present_any = ["merge", "each"])]
    sources: Vec<String>,
    /// How differences are shown
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Only which objects changed, not what of them
    #[arg(long)]
    short: bool,
    /// Take warnings about the DDL as errors
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    shadow: Shadow,
    /// Compare the tables of migration tools, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    fleet: fleet::Arguments,
}

pub(crate) fn run(arguments: &Arguments, report: &Report) -> Result<Exit, Failure> {
    if let Some(reports) = arguments.fleet.merge() {
        return fleet::merge(reports, arguments.format == Format::Json, report);
    }
    if let Some(each) = arguments.fleet.each() {
        let [aim] = arguments.sources.as_slice() else {
            return Err(
                Failure::usage("`--each` compares databases with one SOURCE").hint("pgx-goose diff --each dsns.txt snapshots/app.pgsnap")
            );
        };
        let reading = Reading::plain(arguments.strict, arguments.shadow);
        return fleet::compare(&arguments.fleet, each, aim, arguments.format == Format::Json, &reading, arguments.all, report);
    }
    let [old, new] = arguments.sources.as_slice() else {
        return Err(Failure::usage("`diff` compares two schemas").hint("pgx-goose diff OLD NEW"));
    };
    let whole = matches!(arguments.format, Format::Sql | Format::Html | Format::Markdown);
    let (from, to) = read(old, new, whole, arguments, report)?;
    let found = diff::diff(&from, &to);
    let names = change::Names { from: &source::shown(old), to: &source::shown(new) };
    let shown = match arguments.format {
        Format::Text => change::text(&found, arguments.short),
        Format::Json => change::json(&found, &names, arguments.short),
        Format::Markdown => change::markdown(&found, &from, &to, &names, arguments.short),
        Format::Html => change::html(&found, &from, &to, &names),
        Format::Sql => script(&from, &to, &found),
    };
    output::print(shown.as_bytes())?;
    report.info(|| change::summary(&found));
    Ok(if found.is_empty() { Exit::Success } else { Exit::Different })
}

/// Reads both schemas; of two snapshots only what differs, where that is enough.
fn read(old: &str, new: &str, whole: bool, arguments: &Arguments, report: &Report) -> Result<(Catalog, Catalog), Failure> {
    let is_snapshot = |source: &str| Path::new(source).extension().is_some_and(|it| it == "pgsnap") && !source.starts_with("git:");
    let (mut from, mut to) = if is_snapshot(old) && is_snapshot(new) && !whole {
        differing(old, new)?
    } else {
        let reading = Reading::plain(arguments.strict, arguments.shadow);
        let schema = |source: &String| source::read(std::slice::from_ref(source), &reading, report).map(|it| it.catalog);
        (schema(&old.to_owned())?, schema(&new.to_owned())?)
    };
    if !arguments.all {
        bookkeeping::pass_over(&mut from, &mut to, report);
    }
    Ok((from, to))
}

fn differing(old: &str, new: &str) -> Result<(Catalog, Catalog), Failure> {
    let (before, after) = rayon::join(|| fs::read(PathBuf::from(old)), || fs::read(PathBuf::from(new)));
    let (before, after) = (before?, after?);
    let before = Reader::open(&before).map_err(|error| Failure::snapshot(old, &error))?;
    let after = Reader::open(&after).map_err(|error| Failure::snapshot(new, &error))?;
    snapshot::decode_differing(&before, &after).map_err(|(is_new, error)| Failure::snapshot(if is_new { new } else { old }, &error))
}

/// The whole script from one schema to the other.
fn script(from: &Catalog, to: &Catalog, found: &Diff<'_>) -> String {
    if found.is_empty() {
        String::new()
    } else {
        plan::plan(from, to, &plan::Options { major: super::OLDEST_MAJOR, ..plan::Options::WHOLE }).sql()
    }
}
