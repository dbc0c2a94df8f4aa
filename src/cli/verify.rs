//! `migrate --verify`: migrations tried out on a throw-away server before anybody relies on them.

use std::path::Path;

use pgx_goose::capture::script::{Input, source as files};
use pgx_goose::capture::shadow;
use pgx_goose::catalog::Catalog;
use pgx_goose::diagnostic::Diagnostic;
use pgx_goose::migration::verify::{Trial, verify};
use pgx_goose::migration::{self, Direction, File, Finding, Migration};
use pgx_goose::plan;

use super::error::{Exit, Failure};
use super::report::Report;
use super::source::count;

/// Tries out the files of a migration that is not written yet.
pub(super) fn generated(
    written: &[File],
    dir: &Path,
    migration: &Migration,
    (from, to): (&Catalog, &Catalog),
    options: plan::Options,
    major: Option<u32>,
    report: &Report,
) -> Result<(), Failure> {
    let folder = tempfile::tempdir().map_err(|error| Failure::environment(format!("can't make a temporary folder: {error}")))?;
    migration::write(folder.path(), written)?;
    // They go by the names that they will have.
    let prefix = folder.path().display().to_string();
    let known = |inputs: Vec<Input>| -> Vec<Input> {
        inputs.into_iter().map(|it| Input { name: it.name.replace(&prefix, &dir.display().to_string()), ..it }).collect()
    };
    let (up, down) = (known(files::load(folder.path())?.inputs), known(files::load_down(folder.path())?));
    let trial = Trial { from, to, up: &up, down: &down, leaves_out: !migration.left_out.is_empty(), options };
    let server = tried(&trial, major, report).map_err(|failure| {
        let message = failure.message.map_or_else(|| "the migration is not written".to_owned(), |it| format!("{it}; it is not written"));
        Failure { message: Some(message), ..failure }
    })?;
    report.summary(&format!("tried on PostgreSQL {server}: {}", done(&trial)));
    Ok(())
}

/// Tries out all migrations of a folder.
pub(super) fn folder(
    dir: &Path,
    (nothing, expected): (&Catalog, &Catalog),
    name: &str,
    major: Option<u32>,
    report: &Report,
) -> Result<Exit, Failure> {
    let (up, down) = (files::load(dir)?.inputs, files::load_down(dir)?);
    let trial = Trial { from: nothing, to: expected, up: &up, down: &down, leaves_out: false, options: plan::Options::WHOLE };
    let server = tried(&trial, major, report)?;
    report.summary(&format!("the migrations in {} come to {name}, tried on PostgreSQL {server}: {}", dir.display(), done(&trial)));
    Ok(Exit::Success)
}

fn done(trial: &Trial<'_>) -> &'static str {
    if trial.down.is_empty() {
        "the way up ends where it should; there is no way down"
    } else {
        "the ways up and down end where they should"
    }
}

/// Runs a trial, and returns the server's major version.
fn tried(trial: &Trial<'_>, major: Option<u32>, report: &Report) -> Result<u32, Failure> {
    let progress = report.spinner("trying the migration");
    let cluster = shadow::start(major)?;
    let findings = verify(&cluster, trial)?;
    progress.finish_and_clear();
    let told: Vec<Diagnostic> = findings.iter().flat_map(told).collect();
    if told.is_empty() {
        return Ok(cluster.major());
    }
    let message =
        format!("tried on PostgreSQL {}, the migration leaves {} other than it should be", cluster.major(), count(told.len(), "object"));
    Err(Failure { message: Some(message), ..Failure::found(Exit::Different, told) })
}

fn told(finding: &Finding) -> Vec<Diagnostic> {
    let Finding::Differs { direction, objects } = finding else { return Vec::new() };
    let way = match direction {
        Direction::Up => "after the way up",
        Direction::Down => "after the way down",
    };
    let object = |(identity, fields): &(_, Vec<String>)| {
        let identity: &pgx_goose::catalog::Identity = identity;
        Diagnostic::error(format!("{way}, `{identity}` is not as it should be: {}", fields.join(", "))).about(identity.clone())
    };
    objects.iter().map(object).collect()
}
