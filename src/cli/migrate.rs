//! `pgx-goose migrate`: the migration from one schema to another.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use pgx_goose::capture::script::{self, source as files};
use pgx_goose::catalog::Catalog;
use pgx_goose::diagnostic::Diagnostic;
use pgx_goose::diff;
use pgx_goose::migration::phase;
use pgx_goose::migration::rename::{self, Rename, RenameError};
use pgx_goose::migration::version::Style;
use pgx_goose::migration::{self, Direction, Finding, Format, Migration, Naming, Template};
use pgx_goose::plan;

use super::config::{self, Config};
use super::error::{Exit, Failure};
use super::generate::boolean;
use super::report::Report;
use super::source::{self, Reading, Shadow, count};
use super::{OLDEST_MAJOR, Talk, bookkeeping, change, output, settings, verify};

/// The folder of migrations where nobody names one.
const DEFAULT_DIR: &str = "./migrations";

/// Arguments of `migrate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The old schema and the new one [default: `snapshot` and `source` of the config file]
    #[arg(value_name = "SOURCE", num_args = 0..=2)]
    sources: Vec<String>,
    /// The folder of the migrations [default: ./migrations]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Whose files they are [default: as those in the folder, else goose]
    #[arg(long, value_name = "NAME", value_parser = ["goose", "migrate", "custom"])]
    format: Option<String>,
    /// What the migration does, for its name [default: made of what changes]
    #[arg(long, value_name = "SLUG")]
    name: Option<String>,
    /// The config file [default: pgx-goose-conf.yaml, .yml or .json in this folder]
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How versions are made [default: as those in the folder, else timestamps]
    #[arg(long, value_name = "HOW", value_parser = ["timestamp", "sequence"])]
    versions: Option<String>,
    /// A template of yours, or a folder of them, for `--format custom`
    #[arg(long, value_name = "PATH")]
    template: Option<PathBuf>,
    /// Write changes in their online form [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean)]
    safe: Option<bool>,
    /// Drop what is gone, too [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean)]
    include_drops: Option<bool>,
    /// What has another name now: users=people, users.email=users.mail, function f=g
    #[arg(long, value_name = "OLD=NEW")]
    rename: Vec<String>,
    /// Only what no running code minds, or only the rest
    #[arg(long, value_name = "STEP", value_parser = ["expand", "contract"], conflicts_with_all = ["check", "squash"])]
    phase: Option<String>,
    /// The oldest PostgreSQL that it must run on [default: 13]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(13..=18))]
    pg_version: Option<u32>,
    /// Write nothing, and show what would be written
    #[arg(long, conflicts_with_all = ["check", "squash"])]
    dry_run: bool,
    /// Write nothing, and exit with 1 if the migrations of the folder don't come to the schema
    #[arg(long, conflicts_with = "squash")]
    check: bool,
    /// Put one migration in the place of all of the folder
    #[arg(long)]
    squash: bool,
    /// Take warnings as errors: about the DDL, and of a migration that a replay does not bring to its end
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    shadow: Shadow,
    /// Run the migration up and down on a throw-away server, made with the PostgreSQL programs of this machine, and write it only if
    /// both ends are right; with `--check`, run those of the folder [MAJOR default: the newest]
    #[arg(long, value_name = "MAJOR", num_args = 0..=1, require_equals = true, value_parser = clap::value_parser!(u32).range(13..=18), conflicts_with = "squash")]
    verify: Option<Option<u32>>,
    /// Plan for the tables of migration tools, too
    #[arg(long)]
    all: bool,
}

/// What the command line says, over what the config file says, over what stands otherwise.
pub(super) struct Settings {
    pub(super) dir: PathBuf,
    pub(super) format: Format,
    pub(super) style: Option<Style>,
    pub(super) plan: plan::Options,
    existing: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, talk: &Talk) -> Result<Exit, Box<(Report, Failure)>> {
    let config = Config::load(arguments.config.as_deref(), config::Format::Any);
    let config = config.map_err(|failure| Box::new((talk.report(&Config::default()), failure)))?;
    let report = talk.report(&config);
    migrate(arguments, &config, &report).map_err(|failure| Box::new((report, failure)))
}

fn migrate(arguments: &Arguments, config: &Config, report: &Report) -> Result<Exit, Failure> {
    let reading = Reading { strict: arguments.strict, shadow: arguments.shadow, ..settings::plain_reading(config)? };
    if arguments.check {
        return check(arguments, config, &reading, report);
    }
    let settings = Settings::new(arguments, config)?;
    if arguments.squash {
        return squash(arguments, &settings, &reading, report);
    }
    let (old, new) = sources(arguments, config)?;
    let schema = |source: &String| source::read(std::slice::from_ref(source), &reading, report).map(|it| it.catalog);
    let (mut from, mut to) = (schema(&old)?, schema(&new)?);
    if !arguments.all {
        bookkeeping::pass_over(&mut from, &mut to, report);
    }
    let renames = renames(&arguments.rename, config, &from, &to, report)?;
    let written = |from: &Catalog, to: &Catalog, renames: &[Rename]| {
        let names = (&*source::shown(&old), &*source::shown(&new));
        let written = Request { from, to, names, name: arguments.name.as_deref(), verify: arguments.verify };
        write(&written, renames, &settings, arguments.dry_run, arguments.strict, report)
    };
    let between = || phase::between(&from, &to, &renames);
    match arguments.phase.as_deref() {
        Some("expand") => written(&from, &between(), &[]),
        Some(_) => written(&between(), &to, &renames),
        None => written(&from, &to, &renames),
    }
}

/// Writes the migration from the committed snapshot to a schema, as `generate` does beside the Go; none where those of the folder come
/// to the schema already.
pub(super) fn beside(config: &Config, to: &Catalog, name: &str, dry_run: bool, strict: bool, report: &Report) -> Result<(), Failure> {
    let Some(old) = config.expanded("snapshot")? else {
        return Err(Failure::usage("migrations begin at a committed snapshot, and the config file names none")
            .hint("make one with `pgx-goose snapshot create`, and name it as `snapshot`"));
    };
    let settings = Settings::configured(config, None, None, None)?;
    let reading = settings::plain_reading(config)?;
    if !settings.existing.is_empty() {
        let come_to = in_folder(&settings.dir, &reading, report)?;
        if plan::plan(&come_to, to, &settings.plan).is_empty() {
            report.info(|| format!("The migrations in {} come to {name} already", settings.dir.display()));
            return Ok(());
        }
    }
    let (mut from, mut to) = (source::read(std::slice::from_ref(&old), &reading, report)?.catalog, to.clone());
    bookkeeping::pass_over(&mut from, &mut to, report);
    let renames = renames(&[], config, &from, &to, report)?;
    let request = Request { from: &from, to: &to, names: (&source::shown(&old), name), name: None, verify: None };
    write(&request, &renames, &settings, dry_run, strict, report).map(drop)
}

/// A migration that is asked for.
pub(super) struct Request<'a> {
    pub(super) from: &'a Catalog,
    pub(super) to: &'a Catalog,
    pub(super) names: (&'a str, &'a str),
    pub(super) name: Option<&'a str>,
    /// Whether it is tried out before it is written, and on which major version.
    pub(super) verify: Option<Option<u32>>,
}

/// Plans a migration, says what is to be known of it, and writes it.
pub(super) fn write(
    request: &Request<'_>,
    renames: &[Rename],
    settings: &Settings,
    dry_run: bool,
    strict: bool,
    report: &Report,
) -> Result<Exit, Failure> {
    let Request { from, to, names, name, verify } = request;
    let progress = report.spinner("planning");
    let migration = Migration::new(from, to, renames, &settings.format.options(settings.plan));
    progress.finish_and_clear();
    for renamed in renames {
        report.info(|| format!("renames {}", renamed.what));
    }
    tell(&migration, strict, report)?;
    if migration.is_empty() {
        report.summary(match migration.left_out.len() {
            0 => "nothing to migrate: the schemas are the same",
            _ => "nothing to migrate but what would have to be dropped",
        });
        return Ok(Exit::Success);
    }
    let made = made_name(&migration);
    let name = migration::slug(name.unwrap_or(&made));
    let name = if name.is_empty() { "migration" } else { &name };
    let naming = Naming { name, style: settings.style, now: now(), existing: &settings.existing, from: names.0, to: names.1 };
    let files = migration::name_files(&migration, &settings.format, &naming).map_err(migration::Error::from)?;
    if let Some(major) = verify {
        verify::generated(&files, &settings.dir, &migration, (from, to), settings.plan, *major, report)?;
    }
    if dry_run {
        for file in &files {
            output::print(format!("==> {}\n{}\n", settings.dir.join(&file.name).display(), file.text).as_bytes())?;
        }
        return Ok(Exit::Success);
    }
    migration::write(&settings.dir, &files)?;
    for file in &files {
        report.summary(&format!("wrote {}", settings.dir.join(&file.name).display()));
    }
    let (up, down) = (migration.up().count(), migration.down().count());
    report.info(|| format!("{} up, {} down", count(up, "statement"), count(down, "statement")));
    Ok(Exit::Success)
}

/// Tells what a migration loses, leaves out, and does not reach.
fn tell(migration: &Migration, strict: bool, report: &Report) -> Result<(), Failure> {
    for step in migration.up() {
        if let Some(loses) = &step.loses {
            report.diagnostic(&Diagnostic::warning(format!("data is lost: {loses}")).about(step.about.clone()));
        }
        if let Some(risks) = &step.risks {
            let warning = Diagnostic::warning(format!("the migration fails where {risks}")).about(step.about.clone());
            report.diagnostic(&warning.hint("give the rows that are there a value first, or the column a default"));
        }
    }
    if !migration.left_out.is_empty() {
        let names: Vec<String> = migration.left_out.iter().take(5).map(|it| format!("`{}`", it.about)).collect();
        let more = migration.left_out.len().saturating_sub(5);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message =
            format!("{} left out, which would drop something: {}{more}", count(migration.left_out.len(), "statement"), names.join(", "));
        report.diagnostic(&Diagnostic::warning(message).hint("`--include-drops` has them in the migration"));
    }
    let told: Vec<Diagnostic> = migration.findings.iter().flat_map(told).collect();
    if strict && !told.is_empty() {
        let errors = told.into_iter().map(|it| Diagnostic { severity: pgx_goose::diagnostic::Severity::Error, ..it }).collect();
        return Err(Failure { message: Some("the migration is not written".to_owned()), ..Failure::found(Exit::Input, errors) });
    }
    report.diagnostics(&told);
    Ok(())
}

fn told(finding: &Finding) -> Vec<Diagnostic> {
    let way = |direction: &Direction| match direction {
        Direction::Up => "the way up",
        Direction::Down => "the way down",
    };
    let hint = "try the migration on a server before you rely on it, and report this with both schemas";
    match finding {
        Finding::NotReplayed { direction, diagnostics } => diagnostics
            .iter()
            .map(|it| {
                let message = format!("a statement of {} can't be replayed offline: {}", way(direction), it.message);
                Diagnostic { severity: pgx_goose::diagnostic::Severity::Warning, message, ..it.clone() }
            })
            .collect(),
        Finding::Differs { direction, objects } => objects
            .iter()
            .map(|(identity, fields)| {
                let fields = fields.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
                let message = format!("{} does not bring `{identity}` to where it should be: {fields}", way(direction));
                Diagnostic::warning(message).about(identity.clone()).hint(hint)
            })
            .collect(),
    }
}

/// A name for a migration that nobody named.
fn made_name(migration: &Migration) -> String {
    let mut about: Vec<_> = migration.up().filter(|it| !it.sql.starts_with("SET ")).map(|it| (it.action, &it.about)).collect();
    about.dedup_by(|a, b| a.1 == b.1);
    match about.as_slice() {
        [(action, identity)] => format!("{action:?} {} {}", identity.kind, identity.name),
        [(action, identity), rest @ ..] if rest.iter().all(|(_, it)| it.parent == identity.name) => {
            format!("{action:?} {} {}", identity.kind, identity.name)
        }
        _ => "change schema".to_owned(),
    }
}

/// Which schemas are meant.
fn sources(arguments: &Arguments, config: &Config) -> Result<(String, String), Failure> {
    match arguments.sources.as_slice() {
        [old, new] => Ok((old.clone(), new.clone())),
        said => {
            let hint = "pgx-goose migrate OLD NEW, or `snapshot` and `source` in the config file";
            let missing = |what: &str| Failure::usage(format!("there is no {what} schema to migrate")).hint(hint);
            let old = config.expanded("snapshot")?.ok_or_else(|| missing("old"))?;
            let new = match said {
                [new] => Some(new.clone()),
                _ => match config.expanded("source")? {
                    Some(source) => Some(source),
                    None => config.expanded("dsn")?,
                },
            };
            Ok((old, new.ok_or_else(|| missing("new"))?))
        }
    }
}

impl Settings {
    fn new(arguments: &Arguments, config: &Config) -> Result<Self, Failure> {
        let Arguments { dir, format, versions, template, safe, include_drops, pg_version, .. } = arguments;
        let mut settings = Self::configured(config, dir.clone(), format.as_deref(), template.as_deref())?;
        settings.plan.safe = safe.unwrap_or(settings.plan.safe);
        settings.plan.drops = include_drops.unwrap_or(settings.plan.drops);
        settings.plan.major = pg_version.unwrap_or(settings.plan.major);
        match versions.as_deref() {
            Some("sequence") => settings.style = Some(settings.sequence()),
            Some(_) => settings.style = Some(Style::Calendar { digits: 14 }),
            None => {}
        }
        Ok(settings)
    }

    /// What the config file says, with a folder and a format over it.
    pub(super) fn configured(
        config: &Config,
        dir: Option<PathBuf>,
        format: Option<&str>,
        template: Option<&Path>,
    ) -> Result<Self, Failure> {
        let dir = dir.unwrap_or_else(|| PathBuf::from(config.text("migrations.migration_dir").unwrap_or(DEFAULT_DIR)));
        let existing = migration::existing(&dir)?;
        let of_folder = Format::of(&existing);
        let said = format.or_else(|| config.text("migrations.migration_format"));
        let format = said.or(of_folder).unwrap_or("goose");
        if let Some(of_folder) = of_folder
            && format != of_folder
            && format != "custom"
        {
            let message = format!("`{}` has files of the format `{of_folder}`, and `{format}` would take them for others", dir.display());
            return Err(Failure::usage(message).hint(format!("say `--format {of_folder}`, or another `--dir`")));
        }
        let format = match format {
            "migrate" => Format::GolangMigrate,
            "custom" => {
                let configured = config.text("migrations.template").map(PathBuf::from);
                let template = template.map(Path::to_owned).or(configured);
                let template = template.ok_or_else(|| {
                    Failure::usage("the format `custom` needs a template").hint("name one with `--template` or `migrations.template`")
                })?;
                Format::Custom(Template::load(&template).map_err(migration::Error::from)?)
            }
            _ => Format::Goose,
        };
        let mut settings = Self {
            dir,
            format,
            style: None,
            plan: plan::Options {
                safe: config.boolean("migrations.safe_mode").unwrap_or(true),
                drops: config.boolean("migrations.include_drops").unwrap_or(false),
                major: config.integer("review.pg_version").and_then(|it| u32::try_from(it).ok()).unwrap_or(OLDEST_MAJOR),
            },
            existing,
        };
        settings.style = settings.pattern(config)?;
        Ok(settings)
    }

    /// How versions are made by `migrations.naming_pattern`: the older tool's, a time of Go's and a name.
    fn pattern(&self, config: &Config) -> Result<Option<Style>, Failure> {
        let Some(pattern) = config.text("migrations.naming_pattern") else { return Ok(None) };
        let version = pattern.split('_').next().unwrap_or_default();
        match version {
            "20060102150405" | "200601021504" | "20060102" => Ok(Some(Style::Calendar { digits: version.len() })),
            zeros if !zeros.is_empty() && zeros.trim_start_matches('0').trim_start_matches('1').is_empty() => {
                Ok(Some(Style::Sequence { width: zeros.len() }))
            }
            "{{.version}}" => Ok(None),
            _ => {
                let error = config.error_at("migrations.naming_pattern", format!("`{pattern}` does not begin with a version"));
                let error = error.hint("write `20060102150405_{{.name}}.sql`, or `00001_{{.name}}.sql` for a sequence");
                Err(Failure::found(Exit::Usage, vec![error]))
            }
        }
    }

    /// A sequence as the tool counts.
    fn sequence(&self) -> Style {
        let known = migration::version::style_of(self.existing.iter().map(String::as_str));
        match (known, &self.format) {
            (Some(style @ Style::Sequence { .. }), _) => style,
            (_, Format::GolangMigrate) => Style::Sequence { width: 6 },
            _ => Style::Sequence { width: 5 },
        }
    }
}

/// What time it is; `SOURCE_DATE_EPOCH` says so where files must come out the same again.
fn now() -> u64 {
    let said = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|it| it.trim().parse().ok());
    said.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs()))
}

/// The renames that the user says, in the config file or here; and what looks like one is asked for, or named.
fn renames(said: &[String], config: &Config, from: &Catalog, to: &Catalog, report: &Report) -> Result<Vec<Rename>, Failure> {
    let mut hints = said.to_vec();
    // What the file says stays there when it is done; so what means nothing any more is passed over.
    for (old, new) in config.pairs("renames") {
        let hint = format!("{old}={new}");
        let with = hints.iter().cloned().chain([hint.clone()]).collect::<Vec<_>>();
        match rename::resolve(&with, from, to) {
            Ok(_) => hints.push(hint),
            Err(error @ (RenameError::Syntax { .. } | RenameError::Ambiguous { .. })) => return Err(refused(&error)),
            Err(error) => report.debug(|| format!("passed over: {error}")),
        }
    }
    let mut renames = rename::resolve(&hints, from, to).map_err(|error| refused(&error))?;
    let after = rename::after(from, &renames);
    let ask = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let mut agreed = false;
    for guess in rename::guesses(after.as_ref().unwrap_or(from), to) {
        if ask {
            if yes(&format!("{}. Is it renamed?", guess.what)) {
                hints.push(guess.hint);
                agreed = true;
            }
        } else {
            let hint = format!("if it is, say `--rename '{}'`; as it stands, one is dropped and the other made", guess.hint);
            report.diagnostic(&Diagnostic::warning(guess.what).hint(hint));
        }
    }
    if agreed {
        renames = rename::resolve(&hints, from, to).map_err(|error| refused(&error))?;
    }
    Ok(renames)
}

fn refused(error: &RenameError) -> Failure {
    Failure::usage(error.to_string())
}

fn yes(question: &str) -> bool {
    let mut stderr = anstream::stderr().lock();
    let _ = write!(stderr, "{question} [y/N] ");
    let _ = stderr.flush();
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    matches!(answer.trim(), "y" | "Y" | "yes" | "Yes")
}

/// Compares what the migrations of the folder come to with the schema.
fn check(arguments: &Arguments, config: &Config, reading: &Reading, report: &Report) -> Result<Exit, Failure> {
    let dir = arguments.dir.clone().unwrap_or_else(|| PathBuf::from(config.text("migrations.migration_dir").unwrap_or(DEFAULT_DIR)));
    let new = match arguments.sources.as_slice() {
        [.., new] => new.clone(),
        [] => config.expanded("snapshot")?.ok_or_else(|| {
            Failure::usage("there is no schema to check the migrations against").hint("pgx-goose migrate --check snapshots/app.pgsnap")
        })?,
    };
    if let Some(major) = arguments.verify {
        let mut expected = source::read(std::slice::from_ref(&new), reading, report)?.catalog;
        let mut nothing = empty();
        if !arguments.all {
            bookkeeping::pass_over(&mut nothing, &mut expected, report);
        }
        return verify::folder(&dir, (&nothing, &expected), &source::shown(&new), major, report);
    }
    let (mut found, mut expected) = (in_folder(&dir, reading, report)?, source::read(std::slice::from_ref(&new), reading, report)?.catalog);
    if !arguments.all {
        bookkeeping::pass_over(&mut found, &mut expected, report);
    }
    let differences = diff::diff(&found, &expected);
    if differences.is_empty() {
        report.summary(&format!("the migrations in {} come to {}", dir.display(), source::shown(&new)));
        return Ok(Exit::Success);
    }
    output::print(change::text(&differences, false).as_bytes())?;
    report.summary(&format!(
        "the migrations in {} don't come to {}; `pgx-goose migrate {} {}` writes what is missing",
        dir.display(),
        source::shown(&new),
        dir.display(),
        source::shown(&new)
    ));
    Ok(Exit::Different)
}

/// What the migrations of a folder make of an empty database.
fn in_folder(dir: &Path, reading: &Reading, report: &Report) -> Result<Catalog, Failure> {
    if migration::existing(dir)?.is_empty() {
        return Ok(empty());
    }
    source::read(&[dir.display().to_string()], reading, report).map(|it| it.catalog)
}

/// A new database.
fn empty() -> Catalog {
    script::parse(&[]).catalog
}

/// Puts one migration in the place of all.
fn squash(arguments: &Arguments, settings: &Settings, reading: &Reading, report: &Report) -> Result<Exit, Failure> {
    let dir = &settings.dir;
    if settings.existing.is_empty() {
        return Err(Failure::input(format!("there are no migrations in `{}`", dir.display())));
    }
    let catalog = in_folder(dir, reading, report)?;
    let name = migration::slug(arguments.name.as_deref().unwrap_or("baseline"));
    let source = dir.display().to_string();
    let naming =
        Naming { name: &name, style: settings.style, now: now(), existing: &settings.existing, from: "an empty database", to: &source };
    // A new database has nobody who waits.
    let plan = plan::Options { safe: false, drops: true, ..settings.plan };
    let baseline = migration::squash(&catalog, &empty(), &settings.format, &settings.format.options(plan), &naming)?;
    for (word, span) in script::data_statements(&files::load(dir)?.inputs) {
        let message = format!("`{word}` at {}:{} changes data, which the baseline does not", span.file, span.line);
        report.diagnostic(&Diagnostic::warning(message).hint("add it to the baseline by hand, where a new database needs it"));
    }
    let moved = baseline.write(dir)?;
    for file in &baseline.files {
        report.summary(&format!("wrote {}", dir.join(&file.name).display()));
    }
    report.summary(&format!("{} moved to {}", count(moved.len(), "file"), dir.join(".squashed").display()));
    Ok(Exit::Success)
}
