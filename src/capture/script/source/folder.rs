//! Which files of a folder are the schema, and in which order: the tables of [`load`](super::load) as code.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::{Input, SourceError};
use crate::capture::script::Session;
use crate::fs::{self, Entry, FileKind};

/// How deep folders are looked into. A link that leads back up must end somewhere.
const DEPTH: usize = 16;

/// A file with its name, and its path below the folder that the user named.
struct File {
    name: String,
    path: PathBuf,
    depth: usize,
}

/// What a folder holds.
pub(super) struct Folder {
    /// The files that make the schema, in order.
    pub(super) files: Vec<PathBuf>,
    /// The files that the tool whose folder it is does not run on the way up, though nothing says that they go down.
    pub(super) passed_over: Vec<PathBuf>,
    /// How the tool runs each.
    pub(super) session: Session,
}

/// Tells which tool's folder it is.
pub(super) fn read(folder: &Path) -> Result<Folder, SourceError> {
    let mut files = Vec::new();
    collect(folder, 0, &mut files)?;
    let all: Vec<(PathBuf, bool)> = files.iter().map(|it| (it.path.clone(), goes_down(&it.name))).collect();
    type Order = fn(Vec<File>) -> Vec<File>;
    // Whose files these are is not known: each is run by itself, and a script may count on a transaction.
    let unknown = Session { is_transaction: true, ..Session::PSQL };
    let (order, session): (Order, Session) = if files.iter().any(|it| it.depth > 0 && it.name == "up.sql") {
        (diesel, Session::MIGRATION)
    } else if files.iter().any(|it| matches!(flyway_name(&it.name), Some(('V', _, _)))) {
        // Flyway sets the schema anew before each file.
        (flyway, Session { resets: true, ..Session::MIGRATION })
    } else if files.iter().any(|it| it.depth == 0 && it.name.ends_with(".up.sql")) {
        (reversible, Session::MIGRATION)
    } else if files.iter().all(|it| it.depth == 0 && number(&it.name).is_some()) {
        (numbered, unknown)
    } else if !files.is_empty() && files.iter().all(|it| it.depth == 1 && it.name == "migration.sql") {
        // prisma
        (plain, Session::MIGRATION)
    } else {
        (plain, Session::PSQL)
    };
    let files: Vec<PathBuf> = order(files).into_iter().map(|it| it.path).collect();
    let kept: HashSet<&PathBuf> = files.iter().collect();
    let passed_over = all.into_iter().filter(|(path, down)| !down && !kept.contains(path)).map(|(path, _)| path).collect();
    Ok(Folder { files, passed_over, session })
}

/// Whether a name says that the file is for the way back: of diesel, golang-migrate and sqlx, Flyway.
fn goes_down(name: &str) -> bool {
    name == "down.sql" || name.ends_with(".down.sql") || matches!(flyway_name(name), Some(('U', _, _)))
}

/// All `*.sql` below a folder, in the order of names; hidden files and folders are nobody's schema.
fn collect(folder: &Path, depth: usize, files: &mut Vec<File>) -> Result<(), SourceError> {
    for Entry { name, path, kind } in fs::read_dir_sorted(folder)? {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        match kind {
            FileKind::Folder if depth < DEPTH => collect(&path, depth + 1, files)?,
            FileKind::File | FileKind::Other if name.ends_with(".sql") || name.ends_with(".SQL") => files.push(File { name, path, depth }),
            FileKind::Folder | FileKind::File | FileKind::Other => {}
        }
    }
    Ok(())
}

/// diesel: `<version>_<name>/up.sql`, in the folder or in one below that.
fn diesel(mut files: Vec<File>) -> Vec<File> {
    files.retain(|it| it.name == "up.sql");
    files
}

/// golang-migrate and sqlx: `<number>_<name>.up.sql`; sqlx also has `<number>_<name>.sql`, which only goes up.
fn reversible(mut files: Vec<File>) -> Vec<File> {
    files.retain(|it| it.depth == 0 && (it.name.ends_with(".up.sql") || (number(&it.name).is_some() && !it.name.ends_with(".down.sql"))));
    files.sort_by_cached_key(|it| (number(&it.name).unwrap_or(u128::MAX), it.name.clone()));
    files
}

/// goose, sql-migrate, tern, sqlx, drizzle: `<number>_<name>.sql`.
fn numbered(mut files: Vec<File>) -> Vec<File> {
    files.retain(|it| !it.name.ends_with(".down.sql"));
    files.sort_by_cached_key(|it| (number(&it.name), it.name.clone()));
    files
}

/// Anything else: by path.
fn plain(mut files: Vec<File>) -> Vec<File> {
    files.retain(|it| !it.name.ends_with(".down.sql"));
    files
}

/// The number that a name begins with, if something that no word has follows it.
fn number(name: &str) -> Option<u128> {
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let separated = matches!(name.as_bytes().get(digits), Some(b'_' | b'-' | b'.'));
    if separated { name[..digits].parse().ok() } else { None }
}

/// Flyway: versioned migrations from the last baseline on, then the repeatable ones. Undo migrations and callbacks do not
/// run on the way up.
fn flyway(files: Vec<File>) -> Vec<File> {
    let mut versioned: Vec<(char, Version, File)> = Vec::new();
    let mut repeatable: Vec<(String, File)> = Vec::new();
    for file in files {
        match flyway_name(&file.name) {
            Some((kind @ ('V' | 'B'), version, _)) => versioned.push((kind, version, file)),
            Some(('R', _, description)) => repeatable.push((description.to_owned(), file)),
            _ => {}
        }
    }
    let baseline = versioned.iter().filter(|(kind, _, _)| *kind == 'B').map(|(_, version, _)| version.clone()).max();
    versioned.retain(|(kind, version, _)| match (&baseline, kind) {
        (Some(baseline), 'B') => version == baseline,
        (Some(baseline), _) => version > baseline,
        (None, _) => true,
    });
    versioned.sort_by(|(_, a, x), (_, b, y)| a.cmp(b).then_with(|| x.path.cmp(&y.path)));
    repeatable.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.path.cmp(&y.path)));
    versioned.into_iter().map(|(_, _, file)| file).chain(repeatable.into_iter().map(|(_, file)| file)).collect()
}

/// A version of Flyway's: numbers, of which trailing zeros mean nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version(Vec<u128>);

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

/// Kind, version and description of `V1.2__description.sql`; the version of a repeatable migration is empty.
fn flyway_name(name: &str) -> Option<(char, Version, &str)> {
    let kind = name.chars().next().filter(|it| matches!(it, 'V' | 'R' | 'U' | 'B'))?;
    let (version, description) = name[1..].strip_suffix(".sql")?.split_once("__")?;
    if kind == 'R' {
        return version.is_empty().then_some((kind, Version(Vec::new()), description));
    }
    let mut numbers: Vec<u128> = version.split(['.', '_']).map(|it| it.parse().ok()).collect::<Option<_>>()?;
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some((kind, Version(numbers), description))
}

/// Atlas: a file that begins with `-- atlas:checkpoint` stands for all before it.
pub(super) fn from_checkpoint(mut inputs: Vec<Input>) -> Vec<Input> {
    let is_checkpoint = |input: &Input| {
        let mut comments = input.text.lines().take_while(|line| line.starts_with("--"));
        comments.any(|line| line.trim_start_matches('-').trim_start().starts_with("atlas:checkpoint"))
    };
    if let Some(last) = inputs.iter().rposition(is_checkpoint) {
        inputs.drain(..last);
    }
    inputs
}
