//! `pgx-goose snapshot`: make snapshots, and look into them.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use pgx_goose::capture::live::connection::is_connection_string;
use pgx_goose::catalog::{Kind, Sizes};
use pgx_goose::ddl;
use pgx_goose::fs::{self, Durability};
use pgx_goose::snapshot::{self, DecodeError, HeaderFacts, Reader, Snapshot};

use super::error::{Exit, Failure};
use super::report::{Report, printable};
use super::source::{self, Reading, Schema, Shadow, count};
use super::{output, picture, selection};

const TEXTCONV: &str = "\
Snapshots as SQL in `git diff` and `git log -p`:
  echo '*.pgsnap diff=pgsnap' >> .gitattributes
  git config diff.pgsnap.textconv 'pgx-goose snapshot show --format sql'";

/// What is done with snapshots.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Read a schema and keep it as a snapshot
    Create(Create),
    /// Show what is in a snapshot
    #[command(after_long_help = TEXTCONV)]
    Show(Show),
    /// Check that snapshots are whole and unharmed
    Verify(Verify),
}

/// Arguments of `snapshot create`.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The schema; several are replayed one after the other into one snapshot
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<String>,
    /// The file to write; `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    output: String,
    /// Take warnings about the DDL as errors
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    shadow: Shadow,
    /// Only these schemas, and what their objects need of others
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    schema: Vec<String>,
    /// Only these tables and views, as names or patterns, and what they need
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    tables: Vec<String>,
    /// Not these tables and views, as names or patterns
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    ignore_tables: Vec<String>,
    /// Keep row estimates and sizes of tables beside the schema, which needs a database
    #[arg(long)]
    with_stats: bool,
    /// Replace the file even if it is no snapshot
    #[arg(long)]
    force: bool,
}

/// Arguments of `snapshot show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The snapshot
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How it is shown
    #[arg(long, value_enum, default_value = "tree")]
    format: Format,
}

/// Arguments of `snapshot verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The snapshots
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// How a snapshot is shown.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// The objects by kind
    Tree,
    /// All that the snapshot says, for programs
    Json,
    /// DDL that makes the schema, in dependency order
    Sql,
    /// An entity-relationship diagram for Mermaid
    Mermaid,
    /// An entity-relationship diagram for Graphviz
    Dot,
}

pub(crate) fn run(command: &Command, report: &Report) -> Result<Exit, Failure> {
    match command {
        Command::Create(arguments) => create(arguments, report),
        Command::Show(arguments) => show(arguments),
        Command::Verify(arguments) => verify(arguments, report),
    }
}

fn create(arguments: &Create, report: &Report) -> Result<Exit, Failure> {
    if arguments.with_stats && !arguments.sources.iter().any(|it| is_connection_string(it)) {
        return Err(Failure::usage("`--with-stats` needs a database: nothing else knows how many rows there are"));
    }
    let reading = Reading { sizes: arguments.with_stats, ..Reading::plain(arguments.strict, arguments.shadow) };
    let Schema { catalog, mut sizes } = source::read(&arguments.sources, &reading, report)?;
    let catalog = selection::select(catalog, &arguments.schema, &arguments.tables, &arguments.ignore_tables, report)?;
    // Taken apart by the end of the process, which is faster than object by object.
    let catalog = std::mem::ManuallyDrop::new(catalog);
    sizes.retain(|identity, _| catalog.contains(identity));
    let bytes = snapshot::encode_with_sizes(&catalog, &sizes, &HeaderFacts::current());
    if arguments.output == "-" {
        return output::print(&bytes);
    }
    let written = write(&arguments.output, &sizes, &bytes, arguments.force)?;
    let what = if written { "wrote" } else { "unchanged:" };
    report.summary(&format!("{what} {} ({}, {} bytes)", arguments.output, count(catalog.len(), "object"), bytes.len()));
    Ok(Exit::Success)
}

/// Writes a snapshot, unless the file holds the same schema already: then it stays, whichever version of the tool wrote it.
///
/// A file that is no snapshot is most likely there by a slip of the hand (`-o schema.sql`), and stays unless `force` is said. One that was
/// damaged, and one of a newer version, are snapshots still.
fn write(path: &str, sizes: &Sizes, bytes: &[u8], force: bool) -> Result<bool, Failure> {
    if let Some(old) = fs::read_if_exists(path)?.filter(|it| !it.is_empty()) {
        match Reader::open(&old) {
            // Who doesn't ask for sizes leaves those that are there.
            Ok(old)
                if Reader::open(bytes).is_ok_and(|new| old.holds_same(&new)) && (sizes.is_empty() || old.sizes().as_ref() == Ok(sizes)) =>
            {
                return Ok(false);
            }
            Err(DecodeError::NotASnapshot) if !force => {
                let hint = "name another file, or say `--force` to replace this one";
                return Err(Failure::usage(format!("`{path}` is no snapshot, and is not replaced")).hint(hint));
            }
            Ok(_) | Err(_) => {}
        }
    }
    fs::write_atomic(path, bytes, Durability::Flushed)?;
    Ok(true)
}

fn load(path: &PathBuf) -> Result<Snapshot, Failure> {
    let bytes = fs::read(path)?;
    snapshot::decode(&bytes).map_err(|error| Failure::snapshot(&path.display().to_string(), &error))
}

fn show(arguments: &Show) -> Result<Exit, Failure> {
    let snapshot = load(&arguments.file)?;
    let shown = match arguments.format {
        Format::Tree => tree(&snapshot),
        Format::Json => json(&snapshot),
        Format::Sql => ddl::script(&snapshot.catalog),
        Format::Mermaid => picture::entities_mermaid(&snapshot.catalog),
        Format::Dot => picture::entities_dot(&snapshot.catalog),
    };
    output::print(shown.as_bytes())
}

fn tree(snapshot: &Snapshot) -> String {
    let Snapshot { header, catalog, sizes } = snapshot;
    let mut text =
        format!("content {}, PostgreSQL {} grammar, written by pgx-goose {}\n", header.content, header.postgres, printable(&header.tool));
    for &kind in Kind::ALL {
        let number = catalog.of_kind(kind).count();
        if number == 0 {
            continue;
        }
        let _ = writeln!(text, "\n{kind} ({number})");
        for (identity, _) in catalog.of_kind(kind) {
            let name = identity.to_string();
            // The kind stands above.
            let name = name.strip_prefix(kind.name()).unwrap_or(&name).trim_start();
            let size = sizes.get(identity).map(|it| match it.rows {
                Some(rows) => format!(" ({}, {} bytes)", count(rows, "row"), it.bytes),
                None => format!(" ({} bytes)", it.bytes),
            });
            let _ = writeln!(text, "  {}{}", printable(if name.is_empty() { "(no name)" } else { name }), size.unwrap_or_default());
        }
    }
    text
}

fn json(snapshot: &Snapshot) -> String {
    let Snapshot { header, catalog, sizes } = snapshot;
    let objects: Vec<_> = catalog
        .iter()
        .map(|(identity, object)| {
            let hash = format!("{:032x}", object.hash());
            match sizes.get(identity) {
                Some(size) => serde_json::json!({ "identity": identity, "hash": hash, "object": object, "size": size }),
                None => serde_json::json!({ "identity": identity, "hash": hash, "object": object }),
            }
        })
        .collect();
    let header = serde_json::json!({ "content": header.content, "postgres": header.postgres, "tool": header.tool });
    format!("{:#}\n", serde_json::json!({ "header": header, "objects": objects }))
}

/// Checks every file, however many of them are damaged.
fn verify(arguments: &Verify, report: &Report) -> Result<Exit, Failure> {
    let mut bad = 0usize;
    for path in &arguments.files {
        match load(path) {
            Ok(snapshot) => {
                let missing = source::dangling(&snapshot.catalog);
                report.diagnostics(&missing);
                if missing.is_empty() {
                    let objects = count(snapshot.catalog.len(), "object");
                    report.summary(&format!("{}: good, {objects}, content {}", path.display(), snapshot.header.content));
                } else {
                    bad += 1;
                }
            }
            Err(failure) if failure.exit == Exit::Input => {
                bad += 1;
                report.failure(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    if bad == 0 {
        Ok(Exit::Success)
    } else {
        Err(Failure::input(format!("{bad} of {} can't be used", count(arguments.files.len(), "snapshot"))))
    }
}
