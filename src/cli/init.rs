//! `pgx-goose init`: a commented config file for the project in the working directory.

use std::ffi::OsStr;
use std::path::Path;

use pgx_goose::fs::{self, Durability, FileKind};

use super::config::{FILE_NAMES, Finding, starter};
use super::error::{Exit, Failure};
use super::report::Report;

/// Where projects keep their DDL, the likeliest first.
const USUAL_FOLDERS: [&str; 12] = [
    "migrations",
    "db/migrations",
    "db/migrate",
    "database/migrations",
    "sql/migrations",
    "internal/db/migrations",
    "schema/migrations",
    "schema",
    "db/schema",
    "sql/schema",
    "db",
    "sql",
];

/// Files that hold a whole schema.
const USUAL_FILES: [&str; 5] = ["schema.sql", "db/schema.sql", "sql/schema.sql", "structure.sql", "db/structure.sql"];

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Replace an existing config file
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(arguments: &Arguments, report: &Report) -> Result<Exit, Failure> {
    for name in FILE_NAMES {
        if !arguments.force && fs::kind(name)?.is_some() {
            return Err(Failure::usage(format!("there is a config file already: `{name}`")).hint("`--force` replaces it"));
        }
    }
    let finding = Finding { source: find_source()?, module: module()? };
    fs::write_atomic(FILE_NAMES[0], starter(&finding).as_bytes(), Durability::Flushed)?;
    report.summary(&format!("wrote {}", FILE_NAMES[0]));
    match &finding.source {
        Some(source) => report.summary(&format!("the schema is read from `{source}`")),
        None => report.summary("no DDL was found here: set `source` in it"),
    }
    match &finding.module {
        Some(module) => report.summary(&format!("the Go module is `{module}`, from go.mod")),
        None => report.summary("there is no go.mod here: set `module` in it, or run `go mod init`"),
    }
    Ok(Exit::Success)
}

/// The first usual place that holds DDL.
fn find_source() -> Result<Option<String>, Failure> {
    for file in USUAL_FILES {
        if fs::kind(file)? == Some(FileKind::File) {
            return Ok(Some(file.to_owned()));
        }
    }
    for folder in USUAL_FOLDERS {
        if fs::kind(folder)? == Some(FileKind::Folder) && holds_ddl(Path::new(folder), 2)? {
            return Ok(Some(folder.to_owned()));
        }
    }
    Ok(None)
}

fn holds_ddl(folder: &Path, depth: usize) -> Result<bool, Failure> {
    for entry in fs::read_dir_sorted(folder)? {
        match entry.kind {
            FileKind::File if entry.path.extension() == Some(OsStr::new("sql")) => return Ok(true),
            // Diesel and Prisma keep a folder a migration.
            FileKind::Folder if depth > 1 && holds_ddl(&entry.path, depth - 1)? => return Ok(true),
            _ => {}
        }
    }
    Ok(false)
}

fn module() -> Result<Option<String>, Failure> {
    Ok(match fs::kind("go.mod")? {
        Some(FileKind::File) => module_of(&fs::read_to_string("go.mod")?),
        _ => None,
    })
}

/// The module's path in the text of a go.mod file.
pub(crate) fn module_of(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix("module")?.strip_prefix([' ', '\t']))?;
    let path = line.split("//").next().unwrap_or(line).trim().trim_matches(['"', '`']);
    (!path.is_empty()).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_of_a_go_mod() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(module_of(text).as_deref(), expected, "{text}");
        check("module example.com/shop\n\ngo 1.26\n", Some("example.com/shop"));
        check("// a comment\nmodule \"example.com/shop\" // Deprecated: x\n", Some("example.com/shop"));
        check("modules x\n", None);
        check("", None);
    }
}
