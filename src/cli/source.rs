//! A SOURCE on the command line: anything that a schema can be read from.
//!
//! This file knows which spelling means what; how DDL and snapshots are read is the library's.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pgx_goose::capture::Captured;
use pgx_goose::capture::live::connection::{Target, Timeouts, is_connection_string};
use pgx_goose::capture::live::{self, CaptureError};
use pgx_goose::capture::script::{self, Input, source as files};
use pgx_goose::capture::shadow;
use pgx_goose::catalog::{Catalog, Sizes};
use pgx_goose::codegen::incremental::hash;
use pgx_goose::diagnostic::{Diagnostic, Severity};
use pgx_goose::fs::{self, Durability};
use pgx_goose::snapshot::{self, DecodeError};

use super::error::{Exit, Failure};
use super::interrupt;
use super::report::{Report, redacted};

/// How sources are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// Whether a warning is as bad as an error.
    pub(crate) strict: bool,
    /// How long a database may take.
    pub(crate) timeouts: Timeouts,
    /// Whether databases are asked how much is in them.
    pub(crate) sizes: bool,
    /// What is done with DDL that can't be replayed offline.
    pub(crate) shadow: Shadow,
}

/// What is done with DDL that can't be replayed offline.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Shadow {
    /// Load DDL that can't all be replayed offline into a throw-away server, made with the PostgreSQL programs of this machine [MAJOR
    /// default: the newest]
    #[arg(long = "shadow", value_name = "MAJOR", num_args = 0..=1, require_equals = true, value_parser = clap::value_parser!(u32).range(13..=18))]
    major: Option<Option<u32>>,
}

impl Reading {
    /// As a command reads that has no config file.
    pub(crate) fn plain(strict: bool, shadow: Shadow) -> Self {
        Self { strict, timeouts: Timeouts::STANDARD, sizes: false, shadow }
    }
}

/// What a source holds.
enum Content {
    Ddl(files::Source),
    /// A schema that is read already: a snapshot's, a database's; and how much is in it, where that is known.
    Schema(Catalog, Sizes),
}

/// What all sources together hold.
pub(crate) struct Schema {
    pub(crate) catalog: Catalog,
    /// How much is in it; empty where no source says.
    pub(crate) sizes: Sizes,
}

/// Reads one schema from all sources together: their DDL is replayed as one script, in the order in which it is given.
///
/// Everything that was found is told.
pub(crate) fn read(sources: &[String], reading: &Reading, report: &Report) -> Result<Schema, Failure> {
    let progress = report.spinner("reading the schema");
    let mut inputs = Vec::new();
    let mut catalogs = Vec::new();
    for source in sources {
        match content(source, reading, report)? {
            Content::Ddl(files) => {
                report.diagnostics(&passed_over(&files));
                inputs.extend(files.inputs);
            }
            Content::Schema(catalog, sizes) => catalogs.push((source, catalog, sizes)),
        }
    }
    let mut catalog = match inputs.as_slice() {
        [] => Catalog::new(),
        inputs => usable(replayed(inputs, reading, report)?, "in the DDL", reading, report)?,
    };
    let mut sizes = Sizes::new();
    for (source, other, its_sizes) in catalogs {
        merge(&mut catalog, other, source)?;
        sizes.extend(its_sizes);
    }
    sizes.retain(|identity, _| catalog.contains(identity));
    progress.finish_and_clear();
    Ok(Schema { catalog, sizes })
}

/// Replays DDL; what can't all be replayed is loaded into a throw-away server, if that is wanted.
fn replayed(inputs: &[Input], reading: &Reading, report: &Report) -> Result<Captured, Failure> {
    let captured = script::parse(inputs);
    let Some(wanted) = reading.shadow.major else { return Ok(captured) };
    let left_out = captured.diagnostics.iter().filter(|it| it.severity != Severity::Note).count();
    if left_out == 0 {
        report.debug(|| "All of the DDL is replayed offline, so there is no need of a throw-away server".to_owned());
        return Ok(captured);
    }
    report.info(|| format!("{} can't be replayed offline: all is loaded into a throw-away server", count(left_out, "statement")));
    Ok(shadow::capture(inputs, wanted)?)
}

/// What is known of a source without reading the schema out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// The hash of the schema, as a snapshot has it; empty where only reading tells.
    pub(crate) schema: String,
    /// The hash of the texts that the schema is read from; empty for other sources, and where the texts alone give a warning.
    pub(crate) texts: String,
}

/// Takes the fingerprint of all sources. What is wrong with them is told by who reads them.
pub(crate) fn fingerprint(sources: &[String]) -> Fingerprint {
    if let [only] = sources {
        return fingerprint_of(only);
    }
    let each: Vec<String> =
        sources.iter().map(|it| fingerprint_of(it)).map(|it| if it.schema.is_empty() { it.texts } else { it.schema }).collect();
    if each.is_empty() || each.iter().any(String::is_empty) {
        return Fingerprint::default();
    }
    Fingerprint { schema: String::new(), texts: hash(each.join(" ").as_bytes()) }
}

fn fingerprint_of(source: &str) -> Fingerprint {
    let nothing = Fingerprint::default();
    if source == "-" || source.starts_with("git:") || is_connection_string(source) {
        return nothing;
    }
    if Path::new(source).extension() == Some(OsStr::new("pgsnap")) {
        let bytes = fs::read(source).unwrap_or_default();
        let content = snapshot::Reader::open(&bytes).map(|it| it.header().content.to_string());
        return Fingerprint { schema: content.unwrap_or_default(), ..nothing };
    }
    match files::load(Path::new(source)) {
        Ok(files::Source { inputs, passed_over }) if passed_over.is_empty() => {
            let texts: Vec<&str> = inputs.iter().flat_map(|it| [it.name.as_str(), "\0", it.text.as_ref(), "\0"]).collect();
            Fingerprint { texts: hash(texts.concat().as_bytes()), ..nothing }
        }
        _ => nothing,
    }
}

/// A source as it may be shown.
pub(crate) fn shown(source: &str) -> String {
    redacted(source)
}

/// Says which files of a folder its tool does not run.
fn passed_over(source: &files::Source) -> Vec<Diagnostic> {
    let told = |path: &PathBuf| {
        let message = format!("`{}` is passed over: the migration tool whose folder it is does not run it", path.display());
        Diagnostic::warning(message).hint("name it as a source of its own, if its statements are part of the schema")
    };
    source.passed_over.iter().map(told).collect()
}

/// Tells what was found, and returns the catalog if it can be used.
fn usable(captured: Captured, place: &str, reading: &Reading, report: &Report) -> Result<Catalog, Failure> {
    let (mut errors, mut warnings) = (0usize, 0usize);
    let mut told = Vec::with_capacity(captured.diagnostics.len());
    for mut diagnostic in captured.diagnostics {
        match diagnostic.severity {
            Severity::Error => errors += 1,
            Severity::Warning if reading.strict => {
                diagnostic.severity = Severity::Error;
                warnings += 1;
            }
            Severity::Warning | Severity::Note => {}
        }
        told.push(diagnostic);
    }
    if errors + warnings > 0 {
        // What was left out is beside the point as long as there is no result.
        let message = match (errors, warnings) {
            (0, _) => format!("{} would be left out, and `--strict` is set", count(warnings, "statement")),
            _ => format!("{} {place}", count(errors, "error")),
        };
        return Err(Failure { message: Some(message), ..Failure::found(Exit::Input, told) });
    }
    report.diagnostics(&told);
    Ok(captured.catalog)
}

/// Adds the objects of a snapshot. The same object may come twice, two different ones of the same name may not.
fn merge(catalog: &mut Catalog, snapshot: Catalog, source: &str) -> Result<(), Failure> {
    for (identity, object) in snapshot {
        match catalog.get(&identity) {
            Some(other) if *other == object => {}
            Some(_) => {
                let message = format!("`{identity}` of `{}` is another than that of the sources before it", shown(source));
                return Err(Failure::input(message).hint("two sources may share an object only if it is the same in both"));
            }
            None => {
                catalog.insert(identity, object);
            }
        }
    }
    Ok(())
}

/// Captures a database. Ctrl-C stops what the server does, too.
fn captured(source: &str, reading: &Reading, report: &Report) -> Result<Content, Failure> {
    let target = Target::read(source)?;
    report.debug(|| format!("Connecting to {target}"));
    let connection = target.connect(&reading.timeouts)?;
    for warning in connection.warnings() {
        report.diagnostic(&Diagnostic::warning(warning.clone()));
    }
    let (captured, sizes) = interrupt::stops(connection.canceller(), || {
        let captured = live::capture(&connection)?;
        let sizes = if reading.sizes { live::sizes(&connection)? } else { Sizes::new() };
        Ok::<_, CaptureError>((captured, sizes))
    })??;
    Ok(Content::Schema(usable(captured, "in the database", reading, report)?, sizes))
}

fn content(source: &str, reading: &Reading, report: &Report) -> Result<Content, Failure> {
    if is_connection_string(source) {
        return captured(source, reading, report);
    }
    if let Some(revision) = source.strip_prefix("git:") {
        return from_git(source, revision);
    }
    let path = Path::new(source);
    if path.extension() == Some(OsStr::new("pgsnap")) {
        return decode(source, &fs::read(path)?);
    }
    match files::load(path) {
        Ok(source) => Ok(Content::Ddl(source)),
        // A snapshot under another name: it is no text, and begins as snapshots do.
        Err(files::SourceError::Encoding { .. }) if source != "-" => match snapshot::decode(&fs::read(path)?) {
            Err(DecodeError::NotASnapshot) => Err(files::load(path).err().map_or_else(|| Failure::input(source), Failure::from)),
            Err(error) => Err(Failure::snapshot(source, &error)),
            Ok(snapshot) => Ok(Content::Schema(snapshot.catalog, snapshot.sizes)),
        },
        Err(error) => Err(error.into()),
    }
}

fn decode(name: &str, bytes: &[u8]) -> Result<Content, Failure> {
    let snapshot = snapshot::decode(bytes).map_err(|error| Failure::snapshot(name, &error))?;
    Ok(Content::Schema(snapshot.catalog, snapshot.sizes))
}

/// Reads `REV:PATH` as git understands it: the path counts from the top of the repository, `./path` from here.
fn from_git(source: &str, revision: &str) -> Result<Content, Failure> {
    let path = revision.split_once(':').map(|(_, path)| path).filter(|it| !it.is_empty());
    let (Some(path), false) = (path, revision.starts_with('-')) else {
        return Err(Failure::usage(format!("`{source}` is no git source")).hint("write git:REV:PATH, as in git:HEAD~1:db/schema.sql"));
    };
    match git(source, &["cat-file", "-t", revision])?.as_slice() {
        b"blob\n" => {
            let bytes = git(source, &["cat-file", "blob", revision])?;
            if Path::new(path).extension() == Some(OsStr::new("pgsnap")) {
                return decode(source, &bytes);
            }
            let file = Path::new(path).file_name().map_or_else(|| PathBuf::from("schema.sql"), PathBuf::from);
            load_elsewhere(source, &[(file, bytes)], false)
        }
        b"tree\n" => {
            let listing = git(source, &["ls-tree", "-r", "-z", "--name-only", revision])?;
            let names = listing.split(|it| *it == 0).filter(|it| !it.is_empty()).map(String::from_utf8_lossy);
            let mut contents = Vec::new();
            for name in names {
                let object = format!("{}/{name}", revision.trim_end_matches('/'));
                contents.push((PathBuf::from(name.as_ref()), git(source, &["cat-file", "blob", &object])?));
            }
            load_elsewhere(source, &contents, true)
        }
        other => Err(Failure::input(format!("`{source}` is neither a file nor a folder, but a {}", String::from_utf8_lossy(other).trim()))),
    }
}

/// Puts files of a revision into a temporary folder, loads them as any others, and calls them by the names that the user knows.
fn load_elsewhere(source: &str, contents: &[(PathBuf, Vec<u8>)], is_folder: bool) -> Result<Content, Failure> {
    let folder = tempfile::tempdir().map_err(|error| Failure::environment(format!("can't make a temporary folder: {error}")))?;
    for (relative, bytes) in contents {
        let path = fs::within(folder.path(), relative)?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write_atomic(&path, bytes, Durability::Renamed)?;
    }
    let root = match contents {
        [(file, _)] if !is_folder => folder.path().join(file),
        _ => folder.path().to_owned(),
    };
    let prefix = root.display().to_string();
    let known = |text: &str| text.replace(&prefix, source.trim_end_matches('/'));
    match files::load(&root) {
        Ok(files::Source { inputs, passed_over }) => {
            let inputs = inputs.into_iter().map(|it| Input { name: known(&it.name), ..it }).collect();
            let passed_over = passed_over.iter().map(|it| PathBuf::from(known(&it.display().to_string()))).collect();
            Ok(Content::Ddl(files::Source { inputs, passed_over }))
        }
        Err(error) => {
            let failure = Failure::from(error);
            Err(Failure { message: failure.message.as_deref().map(known), ..failure })
        }
    }
}

fn git(source: &str, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
    let output = Command::new("git").args(arguments).stdin(Stdio::null()).output().map_err(|error| {
        Failure::environment(format!("can't run git, which `{source}` needs: {error}")).hint("install git, or use a file as the source")
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim().strip_prefix("fatal: ").unwrap_or(said.trim()).to_owned();
    Err(Failure { causes: vec![said], ..Failure::environment(format!("git can't give `{source}`")) })
}

/// `1 error`, `2 errors`.
pub(crate) fn count<N: std::fmt::Display + PartialEq + From<u8>>(number: N, what: &str) -> String {
    format!("{number} {what}{}", if number == N::from(1) { "" } else { "s" })
}

/// The findings that tell which objects a schema lacks that its own objects need.
pub(crate) fn dangling(catalog: &Catalog) -> Vec<Diagnostic> {
    let missing = snapshot::dangling(catalog);
    missing
        .into_iter()
        .map(|(identity, dependency)| {
            Diagnostic::error(format!("`{identity}` needs `{}`, which is not there", dependency.on)).about(identity.clone())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_words() {
        assert_eq!((count(1, "error"), count(0, "table"), count(2, "file")), ("1 error".into(), "0 tables".into(), "2 files".into()));
    }
}
