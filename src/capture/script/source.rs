//! From a path to the files of a schema, in the order in which they are replayed.
//!
//! A folder of migrations is recognised by what is in it, never by its name, and read as its own tool would run it on an
//! empty database: [`folder`] knows the order, [`sections`] which part of a file is the way up. What is skipped within a
//! file is blanked out, so that lines keep their numbers. Nothing here knows SQL.

pub mod bookkeeping;
mod folder;
mod sections;

use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Input, Session};
use crate::fs::{self, FileKind};
use folder::Folder;

/// Why a source can't be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file or folder that can't be read.
    #[error(transparent)]
    File(#[from] fs::Error),
    /// Standard input that can't be read.
    #[error("can't read standard input")]
    Stdin(#[source] std::io::Error),
    /// Nothing at the path.
    #[error("there is no file or folder `{}`", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// A folder that has no DDL in it.
    #[error("there is no `.sql` file in `{}`", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// Text that is not UTF-8.
    #[error("`{name}` is not UTF-8: byte {offset} (line {line}) is no character{}", if *utf16 { "; it looks like UTF-16" } else { "" })]
    Encoding {
        /// The file, as the user would say it.
        name: String,
        /// The first byte that is no character, from 0.
        offset: usize,
        /// Its line, from 1.
        line: usize,
        /// Whether the file begins as UTF-16 does.
        utf16: bool,
    },
}

/// The name of standard input in messages.
pub const STDIN: &str = "<stdin>";

/// What a source holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The files, in the order in which they are replayed.
    pub inputs: Vec<Input>,
    /// Files of the folder that its tool does not run, so that they are no part of the schema; those that say themselves
    /// that they go down are not among them.
    pub passed_over: Vec<PathBuf>,
}

/// Reads the DDL of a source: a file, a folder, or `-` for standard input.
///
/// A folder that a migration tool made is read as that tool orders it, up parts only:
///
/// | tool | recognised by | order |
/// |---|---|---|
/// | diesel | `up.sql` in folders of the folder, or further down | paths |
/// | Flyway, refinery | `V1.2__name.sql` | versions, then `R__` by name; a baseline `B…` stands for what is before it |
/// | golang-migrate, sqlx | `1_name.up.sql` | numbers |
/// | goose, sql-migrate, tern, sqlx, drizzle | `1_name.sql` throughout | numbers |
/// | dbmate, Atlas, node-pg-migrate, others | | names; Atlas from its last checkpoint on |
/// | prisma, plain folders in folders | | paths |
///
/// In any file, `-- +goose Down`, `-- migrate:down`, `-- +migrate Down`, `-- Down Migration`, `-- //@UNDO` and tern's
/// `---- create above / drop below ----` begin a part that is left out.
///
/// A tool's own table (`_sqlx_migrations` and its like) is there for files that speak of it, and is no part of the schema.
///
/// What a file leaves to the next one (its `search_path`, above all) is what it leaves where the tool runs them: migration tools
/// run all on one connection, Flyway and tern reset it, and files of no known tool are run by themselves.
///
/// # Errors
/// If something can't be read, is not UTF-8, or holds no DDL; the error names the file.
pub fn load(path: &Path) -> Result<Source, SourceError> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(SourceError::Stdin)?;
        return Ok(Source { inputs: vec![input(STDIN.to_owned(), bytes, Session::PSQL)?], passed_over: Vec::new() });
    }
    let kind = fs::kind(path)?;
    let is_folder = kind == Some(FileKind::Folder);
    let Folder { files, passed_over, session } = match kind {
        None => return Err(SourceError::Missing { path: path.to_owned() }),
        Some(FileKind::Folder) => folder::read(path)?,
        Some(FileKind::File | FileKind::Other) => Folder { files: vec![path.to_owned()], passed_over: Vec::new(), session: Session::PSQL },
    };
    if files.is_empty() {
        return Err(SourceError::Empty { path: path.to_owned() });
    }
    let read: Vec<Result<Input, SourceError>> =
        files.par_iter().map(|file| input(file.display().to_string(), fs::read(file)?, session)).collect();
    let mut inputs: Vec<Input> = folder::from_checkpoint(read.into_iter().collect::<Result<_, _>>()?);
    if is_folder {
        bookkeeping::around(&mut inputs);
    }
    if let Some(first) = inputs.first_mut() {
        first.session.connects = true;
    }
    Ok(Source { inputs, passed_over })
}

/// Reads the ways down of a folder of migrations, the last first: the parts of its files that go down, or the files beside them that do
/// (`.down.sql`, diesel's `down.sql`). Migrations that have none go down without a statement.
///
/// # Errors
/// As [`load`].
pub fn load_down(path: &Path) -> Result<Vec<Input>, SourceError> {
    let Folder { files, session, .. } = folder::read(path)?;
    let mut inputs = Vec::new();
    for file in files.iter().rev() {
        let name = file.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        let other = match name.strip_suffix("up.sql") {
            Some(before) if before.is_empty() || before.ends_with('.') => Some(file.with_file_name(format!("{before}down.sql"))),
            _ => None,
        };
        match other {
            Some(other) if fs::kind(&other)?.is_some() => inputs.push(input(other.display().to_string(), fs::read(&other)?, session)?),
            Some(_) => {}
            None => {
                // Its lines say more of how it is run than those that are left.
                let name = file.display().to_string();
                let text = fs::read_to_string(file)?;
                if let Some(down) = sections::down(&text) {
                    inputs.push(Input { name, text: down, session: sections::session(&text).unwrap_or(session) });
                }
            }
        }
    }
    if let Some(first) = inputs.first_mut() {
        first.session.connects = true;
    }
    Ok(inputs)
}

/// A file. Lines for a migration tool say more of how it is run than its folder does.
fn input(name: String, bytes: Vec<u8>, session: Session) -> Result<Input, SourceError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = bytes[..offset].iter().filter(|byte| **byte == b'\n').count() + 1;
        let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
        SourceError::Encoding { name: name.clone(), offset, line, utf16 }
    })?;
    // A byte order mark is no text; without it columns count from the first character that is seen.
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    let session = sections::session(&text).unwrap_or(session);
    Ok(Input { name, text: sections::up(text), session })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::Durability;

    /// Writes files, loads their folder, and compares the names in order.
    #[track_caller]
    fn check(files: &[&str], expected: &[&str]) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for file in files {
            let (file, text) = file.split_once('=').unwrap_or((file, "select 1;"));
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("the file is in a folder")).expect("a folder");
            fs::write_atomic(&path, text.as_bytes(), Durability::Renamed).expect("a file");
        }
        let inputs = load(folder.path()).expect("a readable source").inputs;
        let prefix = format!("{}/", folder.path().display());
        let names: Vec<&str> = inputs.iter().map(|it| it.name.strip_prefix(&prefix).expect("a name in the folder")).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn folders() {
        check(&["b.sql", "a.sql", "c.txt", ".d.sql"], &["a.sql", "b.sql"]);
        check(&["1_a.sql", "2_b.sql", "10_c.sql"], &["1_a.sql", "2_b.sql", "10_c.sql"]);
        check(&["1_a.up.sql", "1_a.down.sql", "10_b.up.sql", "2_c.up.sql", "seed.sql"], &["1_a.up.sql", "2_c.up.sql", "10_b.up.sql"]);
        check(&["1_a.sql", "2_b.up.sql", "2_b.down.sql"], &["1_a.sql", "2_b.up.sql"]);
        check(&["2/up.sql", "2/down.sql", "1/up.sql", "1/down.sql"], &["1/up.sql", "2/up.sql"]);
        check(
            &["migrations/2/up.sql", "migrations/2/down.sql", "migrations/1/up.sql", "setup.sql"],
            &["migrations/1/up.sql", "migrations/2/up.sql"],
        );
        check(&["2_b/migration.sql", "1_a/migration.sql", "lock.toml"], &["1_a/migration.sql", "2_b/migration.sql"]);
        check(&["b/x.sql", "a.sql", "c.sql"], &["a.sql", "b/x.sql", "c.sql"]);
        check(&["atlas.sum", "2.sql=-- atlas:checkpoint\n", "1.sql", "3.sql"], &["2.sql", "3.sql"]);
    }

    #[test]
    fn flyway() {
        check(
            &["V1.10__a.sql", "V1.9__b.sql", "V2__c.sql", "R__v.sql", "R__f.sql", "U2__c.sql", "beforeMigrate.sql", "sub/V1_9_1__d.sql"],
            &["V1.9__b.sql", "sub/V1_9_1__d.sql", "V1.10__a.sql", "V2__c.sql", "R__f.sql", "R__v.sql"],
        );
        check(&["V1__a.sql", "V2__b.sql", "B2__b.sql", "V3__c.sql"], &["B2__b.sql", "V3__c.sql"]);
    }

    #[test]
    fn what_is_passed_over() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for file in ["1_a.up.sql", "1_a.down.sql", "seed.sql"] {
            fs::write_atomic(folder.path().join(file), b"select 1;", Durability::Renamed).expect("a file");
        }
        let source = load(folder.path()).expect("a readable source");
        assert_eq!(source.passed_over, [folder.path().join("seed.sql")]);
        assert_eq!(source.inputs[0].session, Session { connects: true, ..Session::MIGRATION });
    }

    #[test]
    fn errors_name_the_file() {
        let message = |name: &str, bytes: &[u8]| input(name.to_owned(), bytes.to_vec(), Session::PSQL).expect_err("not UTF-8").to_string();
        assert_eq!(message("a.sql", b"select\n'\xe4'"), "`a.sql` is not UTF-8: byte 8 (line 2) is no character");
        assert_eq!(message("a.sql", b"\xff\xfes\0"), "`a.sql` is not UTF-8: byte 0 (line 1) is no character; it looks like UTF-16");
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(load(folder.path()).expect_err("empty").to_string().starts_with("there is no `.sql` file in"));
        assert!(load(&folder.path().join("x")).expect_err("missing").to_string().starts_with("there is no file or folder"));
    }

    #[test]
    fn a_byte_order_mark_is_no_text() {
        assert_eq!(input("a".to_owned(), b"\xef\xbb\xbfselect".to_vec(), Session::PSQL).expect("UTF-8").text, "select");
    }
}
