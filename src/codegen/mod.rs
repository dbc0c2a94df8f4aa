//! Which Go code follows from a catalog.
//!
//! catalog → view model ([`model`]) → templates that only lay out text → layout as gofmt does it → a set of files in
//! memory → written, compared or listed by [`output`]. Everything before the last step is a function of catalog, options and the user's templates.
//!
//! A file a table, or one for all: to add either, a line in [`table_files`] or [`project_files`].

pub mod build;
pub mod layout;
pub mod model;
pub mod options;
pub mod output;
pub mod template;

mod data;
mod go_types;
mod inflection;
mod literal;
mod methods;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use upon::Value;

use self::layout::LayoutError;
use self::model::{Import, Package, Project, Table};
use self::options::{MockProvider, Options};
use self::template::{TemplateError, Templates};
use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;

/// Files by path: relative to where the command runs, or absolute, as the directories of the options are.
pub type FileSet = BTreeMap<String, Vec<u8>>;

/// What generation makes.
#[derive(Debug)]
pub struct Generation {
    /// The files.
    pub files: FileSet,
    /// What was found on the way. With an error among them the files are not what was asked for.
    pub diagnostics: Vec<Diagnostic>,
    /// What was made for each table, parents before children.
    pub tables: Vec<TableFacts>,
    /// The Go modules that the files need, sorted: `github.com/jackc/pgx/v5`.
    pub modules: Vec<String>,
    /// How many templates are the user's own.
    pub own_templates: usize,
}

/// What was made for a table, for summaries and logs.
#[derive(Clone, Debug)]
pub struct TableFacts {
    /// The relation as SQL names it, with its schema.
    pub sql: String,
    /// Its name alone.
    pub name: String,
    /// What it is: `table`, `view` …
    pub kind: String,
    /// Its files.
    pub files: Vec<String>,
    /// The methods of its repository.
    pub methods: usize,
    /// Why the tests can't make rows of it; empty where they can.
    pub skip: String,
    /// The worker that made it, from 1.
    pub worker: usize,
    /// How long that took.
    pub elapsed: Duration,
}

/// Why nothing is generated.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are named in the messages")]
pub enum Error {
    /// The options make no sense.
    #[error(transparent)]
    Build(#[from] build::Error),
    /// A template can't be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A template makes something else than Go.
    #[error("the template `{template}` makes no Go for `{path}`: {source}")]
    Layout { template: String, path: String, source: LayoutError },
    /// The pool of workers can't be made.
    #[error("can't start {workers} workers: {reason}")]
    Workers { workers: usize, reason: String },
}

/// A file to make: the template, and the path.
struct Planned {
    template: &'static str,
    path: String,
    own_path: String,
}

/// Generates the Go code for a catalog. The files are the same, byte for byte, for any number of workers.
///
/// # Errors
/// Where options or templates are wrong. The first one ends the work.
pub fn generate(catalog: &Catalog, options: &Options) -> Result<Generation, Error> {
    let (project, mut diagnostics) = build::build(catalog, options)?;
    let templates = Templates::load(options.template_dir.as_deref())?;
    diagnostics.extend(
        templates.unused.iter().map(|name| {
            Diagnostic::warning(format!("the template `{name}` overrides none of the default ones")).hint(template::hint(name))
        }),
    );
    let (files, tables) = with_workers(options.workers, || render(&project, &templates, options))??;
    let modules = modules(&project, &files);
    Ok(Generation { files, diagnostics, tables, modules, own_templates: templates.overridden() })
}

/// Runs work on a pool of so many threads; 0 is one a core.
fn with_workers<T: Send>(workers: usize, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    if workers == 0 {
        return Ok(work());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers).build();
    pool.map(|it| it.install(work)).map_err(|error| Error::Workers { workers, reason: error.to_string() })
}

/// What a render of a table leaves.
type Rendered = (TableFacts, Vec<(String, Vec<u8>)>);

fn render(project: &Project, templates: &Templates, options: &Options) -> Result<(FileSet, Vec<TableFacts>), Error> {
    let shared = data::Shared::new(project, options);
    let one = |table: &Table| -> Result<Rendered, Error> {
        let start = Instant::now();
        let data = shared.table(table);
        let mut files = Vec::new();
        for planned in table_files(project, table, options) {
            files.push(file(&planned, &data, templates, &project.imports)?);
        }
        let facts = TableFacts {
            sql: table.sql.clone(),
            name: table.name.clone(),
            kind: table.kind.clone(),
            files: files.iter().map(|(path, _)| path.clone()).collect(),
            methods: table.methods.len(),
            skip: table.sample.skip.clone(),
            worker: rayon::current_thread_index().unwrap_or(0) + 1,
            elapsed: start.elapsed(),
        };
        Ok((facts, files))
    };
    let rendered = match project.tables.par_iter().map(one).collect::<Result<Vec<_>, Error>>() {
        Ok(rendered) => rendered,
        // Which of several errors the workers met first is chance: the one to report is that of the first table.
        Err(error) => return Err(project.tables.iter().find_map(|table| one(table).err()).unwrap_or(error)),
    };
    let mut files = FileSet::new();
    let data = shared.project(project);
    for planned in project_files(project, options) {
        let (path, bytes) = file(&planned, &data, templates, &project.imports)?;
        files.insert(path, bytes);
    }
    let mut facts = Vec::with_capacity(rendered.len());
    for (table, made) in rendered {
        facts.push(table);
        files.extend(made);
    }
    Ok((files, facts))
}

/// Renders and lays out a file.
fn file(planned: &Planned, data: &Value, templates: &Templates, imports: &[Import]) -> Result<(String, Vec<u8>), Error> {
    let source = templates.render(planned.template, data)?;
    match layout::finish(&source, imports, &planned.own_path) {
        Ok(go) => Ok((planned.path.clone(), go.into_bytes())),
        Err(source) => Err(Error::Layout { template: planned.template.to_owned(), path: planned.path.clone(), source }),
    }
}

fn planned(template: &'static str, package: &Package, name: &str) -> Planned {
    let path = if package.dir.is_empty() { name.to_owned() } else { format!("{}/{name}", package.dir.trim_end_matches('/')) };
    Planned { template, path, own_path: package.path.clone() }
}

/// The files that every table has.
fn table_files(project: &Project, table: &Table, options: &Options) -> Vec<Planned> {
    let (packages, stem) = (&project.packages, &table.names.file);
    let mut files = vec![planned("model.tmpl", &packages.models, &format!("{stem}.go"))];
    if options.models_only {
        return files;
    }
    files.push(planned("repository_interface.tmpl", &packages.interfaces, &format!("{stem}_repository.go")));
    files.push(planned("repository_postgres.tmpl", &packages.postgres, &format!("{stem}_repository.go")));
    if options.with_mocks {
        let template = match options.mock_provider {
            MockProvider::Testify => "mock_testify.tmpl",
            MockProvider::Gomock => "mock_gomock.tmpl",
        };
        files.push(planned(template, &packages.mocks, &format!("mock_{stem}_repository.go")));
    }
    if options.with_tests {
        files.push(planned("test.tmpl", &packages.tests, &format!("{stem}_repository_test.go")));
    }
    files
}

/// The files that a project has once.
fn project_files(project: &Project, options: &Options) -> Vec<Planned> {
    let packages = &project.packages;
    let mut files = vec![planned("opt.tmpl", &packages.models, "opt.go")];
    if !project.enums.is_empty() {
        files.push(planned("enums.tmpl", &packages.models, "enums.go"));
    }
    if !project.composites.is_empty() {
        files.push(planned("composites.tmpl", &packages.models, "composites.go"));
    }
    if options.models_only {
        return files;
    }
    for (template, name) in [
        ("runtime_assignments.tmpl", "assignments.go"),
        ("runtime_db.tmpl", "db.go"),
        ("runtime_errors.tmpl", "errors.go"),
        ("runtime_transaction.tmpl", "transaction.go"),
        ("runtime_types.tmpl", "types.go"),
    ] {
        files.push(planned(template, &packages.runtime, name));
    }
    files.push(planned("repositories.tmpl", &packages.postgres, "repositories.go"));
    files.push(planned("types.tmpl", &packages.postgres, "types.go"));
    if options.with_tests {
        files.push(planned("test_main.tmpl", &packages.tests, "main_test.go"));
        files.push(planned("test_runtime.tmpl", &packages.tests, "runtime_test.go"));
        if !project.enums.is_empty() {
            files.push(planned("test_models.tmpl", &packages.tests, "models_test.go"));
        }
    }
    files
}

/// Returns the modules of the packages that the files import: those whose path begins with a host name and that are not the user's own.
fn modules(project: &Project, files: &FileSet) -> Vec<String> {
    let packages = &project.packages;
    let own: BTreeSet<&str> =
        [&packages.models, &packages.interfaces, &packages.postgres, &packages.mocks, &packages.tests, &packages.runtime]
            .iter()
            .map(|it| it.path.as_str())
            .collect();
    let mut used = BTreeSet::new();
    for bytes in files.values() {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let Some((_, block)) = text.split_once("\nimport ") else { continue };
        let block = match block.strip_prefix('(') {
            Some(block) => block.split_once("\n)").map_or("", |(block, _)| block),
            None => block.lines().next().unwrap_or_default(),
        };
        used.extend(block.split('"').skip(1).step_by(2).filter(|path| !own.contains(path)));
    }
    let host = |path: &&str| path.split('/').next().is_some_and(|first| first.contains('.'));
    used.into_iter().filter(host).map(module).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Returns the module of a package, by the custom of the hosts: host, owner, repository, and a major version.
fn module(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let length = match parts[0] {
        "go.uber.org" | "gopkg.in" | "golang.org" => 2 + usize::from(parts[0] == "golang.org"),
        _ => 3,
    };
    let version = parts.get(length).is_some_and(|it| it.starts_with('v') && it[1..].bytes().all(|it| it.is_ascii_digit()) && it.len() > 1);
    parts[..(length + usize::from(version)).min(parts.len())].join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_of_packages() {
        let check = |path: &str, expected: &str| assert_eq!(module(path), expected);
        check("github.com/jackc/pgx/v5", "github.com/jackc/pgx/v5");
        check("github.com/jackc/pgx/v5/pgtype", "github.com/jackc/pgx/v5");
        check("github.com/stretchr/testify/mock", "github.com/stretchr/testify");
        check("github.com/vgarvardt/pgx-google-uuid/v5", "github.com/vgarvardt/pgx-google-uuid/v5");
        check("go.uber.org/mock/gomock", "go.uber.org/mock");
        check("golang.org/x/text/unicode/norm", "golang.org/x/text");
        check("example.com/x", "example.com/x");
    }
}
