//! What a user may say about the Go that follows from a schema.
//!
//! Plain data without a default: the command line fills in every field. Nothing here reads a file or the environment.

use std::collections::BTreeMap;

use super::model::{Package, Packages};
use super::names;

/// All that generation depends on besides the catalog.
#[derive(Clone, Debug)]
pub struct Options {
    /// The Go module that the packages belong to.
    pub module: Module,
    /// Where the packages go.
    pub directories: Directories,
    /// The schemas that are generated; empty is all.
    pub schemas: Vec<String>,
    /// The relations that are generated, as globs over `name` or `schema.name`; empty is all.
    pub tables: Vec<String>,
    /// The relations that are left out, as globs over `name` or `schema.name`.
    pub ignore_tables: Vec<String>,
    /// The library that mocks are written for.
    pub mock_provider: MockProvider,
    /// Whether repositories have interfaces. Without, package interfaces has the columns' handles alone, and there are no mocks.
    pub with_interfaces: bool,
    /// Whether mocks are written.
    pub with_mocks: bool,
    /// Whether tests are written.
    pub with_tests: bool,
    /// Whether benchmarks are written beside the tests.
    pub with_benchmarks: bool,
    /// Whether only the models package is written.
    pub models_only: bool,
    /// The folder of the user's own templates.
    pub template_dir: Option<String>,
    /// How many threads render; 0 is one a core.
    pub workers: usize,
    /// How a column that may be NULL is typed.
    pub nullable: Nullable,
    /// Which struct tags are written.
    pub tags: Tags,
    /// Go types other than the table of types has them; the first that matches wins.
    pub types: Vec<TypeOverride>,
    /// Words that Go writes in capitals, besides the usual ones.
    pub initialisms: Vec<String>,
    /// Go names chosen by the user: `table`, `schema.table`, a type's name, `table.column` or `schema.table.column` → an exported Go identifier.
    pub renames: BTreeMap<String, String>,
    /// Plurals that the rules get wrong, singular → plural; the same word twice has no plural.
    pub plurals: BTreeMap<String, String>,
    /// The columns that say that a row is softly deleted, the first that a table has.
    pub soft_delete_columns: Vec<String>,
    /// The columns that count a row's changes, the first that a table has; none is the usual names where they have a default.
    pub version_columns: Option<Vec<String>>,
    /// Whether rows are listed by what indexes begin with, besides foreign keys.
    pub list_by_indexes: bool,
    /// What a uuid is.
    pub uuid: UuidType,
    /// What a numeric is.
    pub decimal: DecimalType,
}

/// The user's Go module.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its path, from `go.mod`: `example.com/shop`.
    pub path: String,
    /// Its folder, in the same terms as [`Directories`]: absolute, or relative to where the command runs (empty: the same folder).
    pub dir: String,
}

/// The folder of each package, absolute or relative to where the command runs, with `/`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each field is the package of that name, see model::Packages")]
pub struct Directories {
    pub models: String,
    pub interfaces: String,
    pub repositories: String,
    pub mocks: String,
    pub tests: String,
    pub runtime: String,
}

impl Directories {
    /// The default layout below a base folder.
    pub fn below(base: &str) -> Self {
        let below = |dir: &str| join(base, dir);
        Self {
            models: below("models"),
            interfaces: below("repository/interfaces"),
            repositories: below("repository/postgres"),
            mocks: below("mocks"),
            tests: below("tests"),
            runtime: below("repository/pgdb"),
        }
    }
}

/// The library that mocks are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MockProvider {
    /// `github.com/stretchr/testify/mock`.
    Testify,
    /// `go.uber.org/mock/gomock`.
    Gomock,
}

/// How a column that may be NULL is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nullable {
    /// `*string`.
    Pointer,
    /// `pgtype.Text`.
    Pgtype,
    /// `sql.NullString`, `sql.Null[T]`.
    Sql,
    /// `sql.Null[string]`.
    Generic,
}

/// Which struct tags are written.
#[derive(Clone, Copy, Debug)]
pub struct Tags {
    /// `json:"name"`.
    pub json: bool,
    /// `db:"name"`.
    pub db: bool,
    /// `validate:"…"`, from NOT NULL, lengths and enums.
    pub validate: bool,
}

/// A Go type for columns of the user's choice.
#[derive(Clone, Debug)]
pub struct TypeOverride {
    /// The database type as `psql` shows it (`uuid`, `character varying`, `app.money`, `int4[]`), or none for any.
    pub db_type: Option<String>,
    /// A glob over `table.column` or `schema.table.column`, or none for any.
    pub column: Option<String>,
    /// Whether it is for columns that may be NULL, for those that may not, or none for both: the type is then wrapped where it may be NULL.
    pub nullable: Option<bool>,
    /// The Go type, qualified with its package's name: `orb.Point`, `[]myapp.Tag`.
    pub go_type: String,
    /// The import path of its package.
    pub import: Option<String>,
}

/// What a uuid is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UuidType {
    /// `github.com/google/uuid`.
    Google,
    /// `pgtype.UUID`.
    Pgtype,
}

/// What a numeric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalType {
    /// `github.com/shopspring/decimal`.
    Shopspring,
    /// `pgtype.Numeric`.
    Pgtype,
}

/// Why options make no sense.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named in the messages")]
pub enum OptionsError {
    #[error("the folder `{dir}` is outside the module `{module}`, which begins in `{root}`")]
    OutsideModule { dir: String, module: String, root: String },
    #[error("`{dir}` can't be part of a Go import path: `{element}` has characters that Go refuses")]
    ImportPath { dir: String, element: String },
    #[error("`{dir}` is the folder of both {first} and {second}, which need packages of their own")]
    SameDirectory { dir: String, first: String, second: String },
    #[error("`{name}` can't be the name of a package: it is no identifier of Go, or generated code calls something else so")]
    PackageName { name: String },
    #[error("`{go_name}`, the name for `{name}`, is no exported Go identifier")]
    Rename { name: String, go_name: String },
    #[error("`{pattern}` is no valid glob: {reason}")]
    Glob { pattern: String, reason: String },
    #[error("`{go_type}` is no Go type: {reason}")]
    GoType { go_type: String, reason: String },
}

impl Options {
    /// Returns the packages that the directories stand for: names that Go accepts and that differ from each other and from every
    /// package in `taken`, and import paths within the module.
    ///
    /// # Errors
    /// Where a folder is outside the module, is used twice or can't be imported.
    pub fn packages<'a>(&self, taken: impl IntoIterator<Item = &'a str>) -> Result<Packages, OptionsError> {
        let mut names = names::Scope::new(taken);
        let mut seen: Vec<(String, &'static str)> = Vec::new();
        let mut package = |what: &'static str, dir: &str| {
            let package = self.module.package(dir, &mut names)?;
            if let Some((_, first)) = seen.iter().find(|(other, _)| *other == package.dir) {
                return Err(OptionsError::SameDirectory { dir: package.dir, first: (*first).to_owned(), second: what.to_owned() });
            }
            seen.push((package.dir.clone(), what));
            Ok(package)
        };
        Ok(Packages {
            models: package("models", &self.directories.models)?,
            interfaces: package("interfaces", &self.directories.interfaces)?,
            postgres: package("repositories", &self.directories.repositories)?,
            mocks: package("mocks", &self.directories.mocks)?,
            tests: package("tests", &self.directories.tests)?,
            runtime: package("runtime", &self.directories.runtime)?,
        })
    }
}

impl Module {
    /// Returns the package that a folder stands for, under a name that is free.
    ///
    /// # Errors
    /// Where the folder is outside the module or can't be imported.
    pub(crate) fn package(&self, dir: &str, names: &mut names::Scope) -> Result<Package, OptionsError> {
        let root = normalise(&self.dir);
        let normal = normalise(dir);
        let inside = match root.as_str() {
            "" if normal == ".." || normal.starts_with("../") || normal.starts_with('/') => None,
            "" => Some(normal.as_str()),
            "/" => normal.strip_prefix('/'),
            root => normal.strip_prefix(root).filter(|rest| rest.is_empty() || rest.starts_with('/')),
        };
        let Some(inside) = inside.map(|it| it.trim_start_matches('/')) else {
            let root = if root.is_empty() { ".".to_owned() } else { root.clone() };
            return Err(OptionsError::OutsideModule { dir: dir.to_owned(), module: self.path.clone(), root });
        };
        let refused = |element: &&str| {
            !element.chars().all(|it| it.is_ascii_alphanumeric() || "-._~+".contains(it))
                || element.starts_with('.')
                || element.ends_with('.')
        };
        if let Some(element) = inside.split('/').filter(|it| !it.is_empty()).find(refused) {
            return Err(OptionsError::ImportPath { dir: dir.to_owned(), element: element.to_owned() });
        }
        let path = if inside.is_empty() { self.path.clone() } else { format!("{}/{inside}", self.path) };
        let name = names.claim(&names::package_name(&path));
        Ok(Package { name, path, dir: normal })
    }
}

/// Joins two paths with one `/`.
pub(crate) fn join(base: &str, below: &str) -> String {
    match base.trim_end_matches('/') {
        "" if base.starts_with('/') => format!("/{below}"),
        "" => below.to_owned(),
        base => format!("{base}/{below}"),
    }
}

/// Resolves `.`, `..` and double slashes lexically; the current folder is empty.
fn normalise(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let path = path.replace('\\', "/");
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|it| *it != "..") => drop(parts.pop()),
            ".." if path.starts_with('/') => {}
            other => parts.push(other),
        }
    }
    format!("{}{}", if path.starts_with('/') { "/" } else { "" }, parts.join("/"))
}
