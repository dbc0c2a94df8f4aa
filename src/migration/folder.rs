//! The folder of migrations: what its files are called, and how new ones get there.

use std::path::{Path, PathBuf};

use super::custom::{Template, TemplateError};
use super::version::{self, Style, Version};
use super::{Migration, Options, Part, golang_migrate, goose, header};
use crate::fs::{self, Durability, FileKind};

/// Whose files they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// goose: `<version>_<name>.sql`.
    Goose,
    /// golang-migrate: `<version>_<name>.up.sql` and `.down.sql`.
    GolangMigrate,
    /// The user's own.
    Custom(Template),
}

/// A file of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path within the folder.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// How files are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming<'a> {
    /// What the migration does, as a part of a file's name.
    pub name: &'a str,
    /// How versions are made; `None` goes on as the folder does, and begins one as the tool does.
    pub style: Option<Style>,
    /// Seconds since 1970.
    pub now: u64,
    /// The files that are there.
    pub existing: &'a [String],
    /// The schemas as the user named them, for the comment above each file.
    pub from: &'a str,
    /// The same of the new one.
    pub to: &'a str,
}

/// Why migrations can't be written.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are named in the messages")]
pub enum Error {
    /// A file or folder that can't be used.
    #[error(transparent)]
    File(#[from] fs::Error),
    /// A template that can't.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A file that is there already.
    #[error("`{}` is there already, and is not replaced", path.display())]
    Exists { path: PathBuf },
}

impl Format {
    /// How a migration for this tool is cut.
    pub fn options(&self, plan: crate::plan::Options) -> Options {
        Options { plan, alone: matches!(self, Self::GolangMigrate) }
    }

    /// Tells whose files a folder has.
    pub fn of(names: &[String]) -> Option<&'static str> {
        let has = |ending: &str| names.iter().any(|it| it.ends_with(ending) && version::digits_of(it).is_some());
        match (has(".up.sql"), has(".sql")) {
            (true, _) => Some("migrate"),
            (false, true) => Some("goose"),
            (false, false) => None,
        }
    }
}

/// The names in a folder, those in folders of it with theirs before; none where there is no folder yet.
///
/// # Errors
/// If the folder can't be read.
pub fn existing(dir: &Path) -> Result<Vec<String>, fs::Error> {
    if fs::kind(dir)?.is_none() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir_sorted(dir)?;
    let is_hidden = |name: &str| name.starts_with('.');
    Ok(entries.into_iter().map(|it| it.name.to_string_lossy().into_owned()).filter(|it| !is_hidden(it)).collect())
}

/// A text as a part of a file's name: lower-case letters and digits of ASCII, and `_` between words.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for it in text.chars() {
        if it.is_ascii_alphanumeric() {
            slug.push(it.to_ascii_lowercase());
        } else if !slug.ends_with('_') && !slug.is_empty() {
            slug.push('_');
        }
    }
    // Names of files end somewhere, and a version and an ending belong to them.
    slug.truncate(100);
    slug.trim_end_matches('_').to_owned()
}

/// Writes the files of a migration as a tool wants them.
///
/// # Errors
/// If a template of the user's can't be used.
pub fn name_files(migration: &Migration, format: &Format, naming: &Naming<'_>) -> Result<Vec<File>, TemplateError> {
    let parts: Vec<Part> = match format {
        Format::GolangMigrate => golang_migrate::fit(migration.parts.clone()),
        Format::Goose | Format::Custom(_) => migration.parts.clone(),
    };
    let names = || naming.existing.iter().map(String::as_str);
    let style = naming.style.or_else(|| version::style_of(names())).unwrap_or(Style::Calendar { digits: 14 });
    let versions = version::next(names(), style, naming.now, parts.len());
    let mut files = Vec::new();
    for (at, (part, version)) in parts.iter().zip(&versions).enumerate() {
        let about = header::About { migration, at, count: parts.len(), from: naming.from, to: naming.to };
        let name = if at == 0 { naming.name.to_owned() } else { format!("{}_{}", naming.name, at + 1) };
        let file = |ending: &str, text: String| File { name: format!("{version}_{name}{ending}"), text };
        match format {
            Format::Goose => files.push(file(".sql", goose::file(part, &about))),
            Format::GolangMigrate => {
                let (up, down) = golang_migrate::files(part, &about);
                files.extend([file(".up.sql", up), file(".down.sql", down)]);
            }
            Format::Custom(template) => {
                let rendered = template.render(part, version, &name, &about)?;
                files.extend(rendered.into_iter().map(|(name, text)| File { name, text }));
            }
        }
    }
    Ok(files)
}

/// Puts files into a folder, which is made where it is not there. None of them may be there already; the last step is one
/// rename a file, in order, so that whatever interrupts it leaves whole files, and no later one without those before it.
///
/// # Errors
/// If a file is there, or can't be written; then none is, as far as that can be helped.
pub fn write(dir: &Path, files: &[File]) -> Result<(), Error> {
    fs::create_dir_all(dir)?;
    let mut staged = Vec::with_capacity(files.len());
    for File { name, text } in files {
        let path = fs::within(dir, name)?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        if fs::kind(&path)? == Some(FileKind::Folder) || fs::read_if_exists(&path)?.is_some() {
            return Err(Error::Exists { path });
        }
        staged.push(fs::stage(&path, text.as_bytes(), Durability::Flushed)?);
    }
    for file in staged {
        file.commit_new()?;
    }
    Ok(())
}

/// The version that a file of the folder has, as it is written.
pub(super) fn version_of(name: &str) -> Option<Version> {
    let text = version::digits_of(name)?;
    Some(Version { number: text.parse().ok()?, text: text.to_owned() })
}
