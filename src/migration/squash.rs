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
    let last = replaces.iter().filter_map(|it| version_of(it)).max_by_key(|it| it.number);
    let files = name_files(&migration, format, naming)?;
    let Some(last) = last else { return Ok(Baseline { files, replaces }) };
    // The files are named as the next; they are to have the version of the last.
    let files = files.into_iter().map(|file| {
        let rest = file.name.trim_start_matches(|it: char| it.is_ascii_digit()).to_owned();
        File { name: format!("{last}{rest}"), ..file }
    });
    Ok(Baseline { files: files.collect(), replaces })
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
