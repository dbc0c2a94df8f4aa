//! A folder of migrations as one: what its files come to, under the version of the last.
//!
//! A database that has run them all has run that version, so nothing happens to it; a new one runs the one file.

use std::path::{Path, PathBuf};

use super::folder::{self, Error, File, Format, Naming, name_files, version_of};
use super::{Migration, Options};
use crate::catalog::Catalog;
use crate::fs::{self, FileKind};

/// Where the files go that a baseline stands for. Names that begin with a dot are nobody's migrations.
const ASIDE: &str = ".squashed";

/// A baseline, and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// Its files.
    pub files: Vec<File>,
    /// The files that it stands for, as their names in the folder.
    pub replaces: Vec<String>,
}

/// Plans the baseline of a folder whose files make a schema out of an empty database.
///
/// # Errors
/// If a template of the user's can't be used.
pub fn squash(catalog: &Catalog, empty: &Catalog, format: &Format, options: &Options, naming: &Naming<'_>) -> Result<Baseline, Error> {
    // One file, whatever the tool: a new database has nobody to wait for.
    let migration = Migration::new(empty, catalog, &[], options);
    let replaces: Vec<String> = naming.existing.iter().filter(|it| version_of(it).is_some()).cloned().collect();
    let mut versions: Vec<_> = replaces.iter().filter_map(|it| version_of(it)).collect();
    versions.sort_by_key(|it| it.number);
    let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
    Ok(Baseline { files: renumbered(name_files(&migration, format, naming)?, versions), replaces })
}

/// Files that are named as the next get the last of the versions that there were, which a database has that has run them all. Where
/// there are fewer than the files need, they stay the next.
fn renumbered(files: Vec<File>, mut versions: Vec<String>) -> Vec<File> {
    versions.dedup();
    let digits = |name: &str| name.chars().take_while(char::is_ascii_digit).collect::<String>();
    let mut made: Vec<String> = files.iter().map(|it| digits(&it.name)).collect();
    made.dedup();
    let Some(spare) = versions.len().checked_sub(made.len()).filter(|_| !versions.is_empty()) else { return files };
    let renamed = files.into_iter().map(|file| {
        let own = digits(&file.name);
        let at = made.iter().position(|it| *it == own).unwrap_or_default();
        let rest = file.name.get(own.len()..).unwrap_or_default();
        File { name: format!("{}{rest}", versions[spare + at]), ..file }
    });
    renamed.collect()
}

impl Baseline {
    /// Puts the baseline into the folder and the files that it stands for aside, into `.squashed` of the same folder.
    ///
    /// # Errors
    /// If a file can't be written or moved.
    pub fn write(&self, dir: &Path) -> Result<Vec<PathBuf>, Error> {
        let aside = dir.join(ASIDE);
        fs::create_dir_all(&aside)?;
        let mut moved = Vec::with_capacity(self.replaces.len());
        for name in &self.replaces {
            let (from, to) = (dir.join(name), aside.join(name));
            if fs::kind(&from)? == Some(FileKind::File) {
                fs::rename_new(&from, &to)?;
                moved.push(to);
            }
        }
        folder::write(dir, &self.files)?;
        Ok(moved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &[&str], versions: &[&str]) -> Vec<String> {
        let file = |name: &&str| File { name: (*name).to_owned(), text: String::new() };
        let versions = versions.iter().map(|it| (*it).to_owned()).collect();
        renumbered(files.iter().map(file).collect(), versions).into_iter().map(|it| it.name).collect()
    }

    #[test]
    fn one_migration_has_the_last_version() {
        assert_eq!(names(&["00004_all.sql"], &["00001", "00002", "00003"]), ["00003_all.sql"]);
        assert_eq!(names(&["4_a.up.sql", "4_a.down.sql"], &["1", "1", "3", "3"]), ["3_a.up.sql", "3_a.down.sql"]);
    }

    #[test]
    fn several_have_the_last_versions() {
        assert_eq!(names(&["4_a.sql", "5_b.sql"], &["1", "2", "3"]), ["2_a.sql", "3_b.sql"]);
    }

    #[test]
    fn more_than_there_were_are_the_next() {
        assert_eq!(names(&["2_a.sql", "3_b.sql"], &["1"]), ["2_a.sql", "3_b.sql"]);
        assert_eq!(names(&["1_a.sql"], &[]), ["1_a.sql"]);
    }
}
