//! Which Go code follows from a catalog.
//!
//! catalog → view model ([`model`]) → templates that only lay out text → layout as gofmt does it → files
//! → each written, compared or kept by an [`output::Sink`] as it is made. Everything before the last step is a function of catalog, options and the user's
//! templates. A table's part of the model, its values and its files live for as long as the table is worked on: memory holds one a worker.
//!
//! A file a table, or one for all: to add either, a line in [`table_files`] or [`project_files`]. Several schemas that are packages of their
//! own are [`cross`]'s.

pub mod build;
pub mod cross;
pub mod incremental;
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

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use upon::Value;

use self::build::Model;
use self::cross::Among;
use self::layout::LayoutError;
use self::model::{Package, Project, Table};
use self::options::{MockProvider, Options};
use self::output::{Part, Sink};
pub use self::template::TemplateFacts;
use self::template::{Extra, TemplateError, Templates};
use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Severity, nearest};

/// Files by path: relative to where the command runs, or absolute, as the directories of the options are.
pub type FileSet = BTreeMap<String, Vec<u8>>;

/// What generation made.
#[derive(Debug)]
pub struct Generation {
    /// What was found on the way.
    pub diagnostics: Vec<Diagnostic>,
    /// What was made for each table, parents before children.
    pub tables: Vec<TableFacts>,
    /// The Go modules that the files need, sorted: `github.com/jackc/pgx/v5`.
    pub modules: Vec<String>,
    /// What became of the templates.
    pub templates: TemplateFacts,
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
    /// The methods of its repository.
    pub methods: usize,
    /// Why the tests can't make rows of it; empty where they can.
    pub skip: String,
    /// Whether its files were there already, made from the same.
    pub passed_over: bool,
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
    /// A template of the user's makes a file that another makes too.
    #[error("the file `{path}` is made by more than one template")]
    Twice { path: String },
    /// What was asked for is not in the schema.
    #[error("the schema has not what was asked for")]
    Schema(Vec<Diagnostic>),
    /// A file can't be put where it belongs.
    #[error(transparent)]
    Output(#[from] output::Error),
    /// The pool of workers can't be made.
    #[error("can't start {workers} workers: {reason}")]
    Workers { workers: usize, reason: String },
}

/// A file to make: the template, and the path.
struct Planned {
    template: Cow<'static, str>,
    path: String,
    own_path: String,
    /// Whether it is Go, and laid out as such.
    go: bool,
}

/// Generates the Go code for a catalog into a sink. The files are the same, byte for byte, for any number of workers; they come in any order.
///
/// # Errors
/// Where options or templates are wrong, or the sink refuses. The first one ends the work.
pub fn generate(catalog: &Catalog, options: &Options, sink: &dyn Sink) -> Result<Generation, Error> {
    let mut model = Model::new(catalog, options)?;
    let mut diagnostics = std::mem::take(&mut model.diagnostics);
    if diagnostics.iter().any(|it| it.severity == Severity::Error) {
        return Err(Error::Schema(diagnostics));
    }
    let templates = Templates::load(options.template_dir.as_deref(), &data::constants(&model.project.packages))?;
    diagnostics.extend(unused(&templates));
    let rendering = Rendering::new(&templates, sink, options);
    let (tables, modules) = with_workers(options.workers, || render(&model, &rendering, options, None))??;
    Ok(Generation { diagnostics, tables, modules: modules.into_iter().collect(), templates: templates.facts() })
}

/// Tells of templates that are never used.
fn unused(templates: &Templates) -> impl Iterator<Item = Diagnostic> {
    templates.unused.iter().map(|name| {
        Diagnostic::warning(format!("the template `{name}` overrides none of the default ones, and makes no file"))
            .hint(template::hint(name))
    })
}

/// Returns what the templates see of a table, as JSON; of the project, where no table is named.
///
/// # Errors
/// Where the options are wrong, or no table has that name.
pub fn dump(catalog: &Catalog, options: &Options, table: Option<&str>) -> Result<String, Error> {
    let mut model = Model::new(catalog, options)?;
    let diagnostics = std::mem::take(&mut model.diagnostics);
    if diagnostics.iter().any(|it| it.severity == Severity::Error) {
        return Err(Error::Schema(diagnostics));
    }
    let project = &model.project;
    let shared = data::Shared::new(project, options);
    let Some(name) = table else { return Ok(data::json(&shared.project(project))) };
    for n in 0..project.tables.len() {
        let table = model.table(n);
        if [table.name.as_str(), table.sql.as_str(), table.names.model.as_str()].contains(&name)
            || format!("{}.{}", table.schema, table.name) == name
        {
            return Ok(data::json(&shared.table(&table)));
        }
    }
    let finding = Diagnostic::error(format!("no table that is generated is called `{name}`"));
    let names = project.tables.iter().map(|it| it.sql.rsplit('.').next().unwrap_or_default());
    let near = nearest(name, names.chain(project.tables.iter().map(|it| it.sql.as_str()))).map(str::to_owned);
    Err(Error::Schema(vec![match near {
        Some(near) => finding.hint(format!("did you mean `{near}`?")),
        None => finding,
    }]))
}

/// Runs work on a pool of so many threads; 0 is one a core.
fn with_workers<T: Send>(workers: usize, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    if workers == 0 {
        return Ok(work());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers).build();
    pool.map(|it| it.install(work)).map_err(|error| Error::Workers { workers, reason: error.to_string() })
}

/// What the rendering of all files shares.
struct Rendering<'r> {
    templates: &'r Templates,
    sink: &'r dyn Sink,
    /// The user's module.
    module: &'r str,
    /// The files that were planned: only templates of the user's own can be at odds with others.
    planned: Mutex<HashSet<String>>,
}

impl<'r> Rendering<'r> {
    fn new(templates: &'r Templates, sink: &'r dyn Sink, options: &'r Options) -> Self {
        Self { templates, sink, module: &options.module.path, planned: Mutex::default() }
    }

    /// Whether a part is there already, made from what is seen of it.
    fn has(&self, name: &str, seen: &dyn Fn() -> Vec<u8>, files: &[&Planned]) -> bool {
        self.sink.tracks() && {
            let hash = incremental::hash(&seen());
            self.sink.has(&Part { name, hash, paths: files.iter().map(|it| it.path.clone()).collect() })
        }
    }

    /// Makes an error of a file that another template makes too.
    fn unique(&self, files: &[Planned]) -> Result<(), Error> {
        if self.templates.extra.is_empty() {
            return Ok(());
        }
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        let twice = files.iter().find(|it| !planned.insert(it.path.clone()));
        twice.map_or(Ok(()), |it| Err(Error::Twice { path: it.path.clone() }))
    }
}

/// Renders all files of a model, tables side by side; those that are between schemas too, if it is among others.
fn render(
    model: &Model<'_>,
    rendering: &Rendering<'_>,
    options: &Options,
    among: Option<&Among<'_>>,
) -> Result<(Vec<TableFacts>, BTreeSet<String>), Error> {
    let (project, templates) = (&model.project, rendering.templates);
    let shared = data::Shared::new(project, options);
    // What files of a table see of the project, besides what the options say.
    let context = if rendering.sink.tracks() { encoded(&(&project.packages, &project.imports)) } else { Vec::new() };
    let has = |name: &str, seen: &dyn Fn() -> Vec<u8>, files: &[&Planned]| {
        let name = among.map_or(Cow::Borrowed(name), |it| Cow::Owned(it.part(name)));
        rendering.has(&name, &|| [context.as_slice(), &seen()].concat(), files)
    };
    let one = |n: usize, first: bool| -> Result<(TableFacts, BTreeSet<String>), Error> {
        let start = Instant::now();
        let table = model.table(n);
        let mut modules = BTreeSet::new();
        let mut files = table_files(project, &table, options);
        files.extend(templates.extra.iter().filter(|it| it.is_per_table()).map(|it| extra(it, Some(&table), options)));
        if first {
            rendering.unique(&files)?;
        }
        let passed_over = has(&table.sql, &|| encoded(&table), &files.iter().collect::<Vec<_>>());
        if !passed_over {
            let data = shared.table(&table);
            for planned in files {
                file(&planned, &data, rendering, project, &mut modules)?;
            }
        }
        let facts = TableFacts {
            sql: table.sql,
            name: table.name,
            kind: table.kind,
            methods: table.methods.len(),
            skip: table.sample.skip,
            passed_over,
            worker: rayon::current_thread_index().unwrap_or(0) + 1,
            elapsed: start.elapsed(),
        };
        Ok((facts, modules))
    };
    // Before the tables, whose files and facts are held by then: what these templates see is of all tables.
    let mut modules = BTreeSet::new();
    let files = project_files(project, options, among.is_some());
    let functions = function_files(project, options);
    let between = among.map_or_else(Vec::new, |it| it.files(project, options));
    rendering.unique(&files)?;
    let seen = || match among {
        None => encoded(project),
        Some(among) => encoded(&(project, among.neighbours)),
    };
    if !has("", &seen, &files.iter().chain(&functions).chain(&between).collect::<Vec<_>>()) {
        let data = shared.project(project);
        for planned in files {
            file(&planned, &data, rendering, project, &mut modules)?;
        }
        let data = shared.functions(&project.functions);
        for planned in functions {
            file(&planned, &data, rendering, project, &mut modules)?;
        }
        if let Some(among) = among {
            let data = shared.cross(among.neighbours);
            for planned in between {
                file(&planned, &data, rendering, project, &mut modules)?;
            }
        }
    }
    let once: Vec<Planned> = match among {
        None => templates.extra.iter().filter(|it| !it.is_per_table()).map(|it| extra(it, None, options)).collect(),
        // They are of all schemas.
        Some(_) => Vec::new(),
    };
    rendering.unique(&once)?;
    if !once.is_empty() {
        // They see all tables at once, which is what costs memory; nobody else pays for it.
        let tables: Vec<Table> = (0..project.tables.len()).into_par_iter().map(|n| model.table(n)).collect();
        if !has("*", &|| encoded(&(project, &tables)), &once.iter().collect::<Vec<_>>()) {
            let data = shared.all(project, &tables);
            for planned in once {
                file(&planned, &data, rendering, project, &mut modules)?;
            }
        }
    }
    let numbers = 0..project.tables.len();
    let rendered = match numbers.clone().into_par_iter().map(|n| one(n, true)).collect::<Result<Vec<_>, Error>>() {
        Ok(rendered) => rendered,
        // Which of several errors the workers met first is chance: the one to report is that of the first table.
        Err(error @ Error::Twice { .. }) => return Err(error),
        Err(error) => return Err(numbers.into_iter().find_map(|n| one(n, false).err()).unwrap_or(error)),
    };
    let mut tables = Vec::with_capacity(rendered.len());
    for (table, used) in rendered {
        tables.push(table);
        modules.extend(used);
    }
    Ok((tables, modules))
}

/// The data of templates as bytes, to be hashed: the same for the same data.
fn encoded(data: &impl serde::Serialize) -> Vec<u8> {
    rmp_serde::to_vec(data).expect("the view model is plain data")
}

/// Renders and lays out a file, and notes the modules that it needs.
fn file(
    planned: &Planned,
    data: &Value,
    rendering: &Rendering<'_>,
    project: &Project,
    modules: &mut BTreeSet<String>,
) -> Result<(), Error> {
    let (sink, module_path) = (rendering.sink, rendering.module);
    let source = rendering.templates.render(&planned.template, data)?;
    if !planned.go {
        return Ok(sink.take(planned.path.clone(), source.into_bytes())?);
    }
    let go = layout::finish(&source, &project.imports, &planned.own_path).map_err(|source| Error::Layout {
        template: planned.template.clone().into_owned(),
        path: planned.path.clone(),
        source,
    })?;
    for path in imported(&go) {
        let is_own = path.strip_prefix(module_path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if !is_own && path.split('/').next().is_some_and(|host| host.contains('.')) {
            modules.insert(module(path));
        }
    }
    Ok(sink.take(planned.path.clone(), go.into_bytes())?)
}

fn planned(template: &'static str, package: &Package, name: &str) -> Planned {
    let path = if package.dir.is_empty() { name.to_owned() } else { format!("{}/{name}", package.dir.trim_end_matches('/')) };
    Planned { template: Cow::Borrowed(template), path, own_path: package.path.clone(), go: true }
}

/// The file of a template of the user's own.
fn extra(extra: &Extra, table: Option<&Table>, options: &Options) -> Planned {
    let path = extra.path(table.map(|it| (it.schema.as_str(), it.names.as_ref())));
    let below = path.strip_prefix(options.module.dir.trim_end_matches('/')).map(|it| it.trim_start_matches('/')).unwrap_or(&path);
    let own_path = match below.rsplit_once('/') {
        Some((folder, _)) => format!("{}/{folder}", options.module.path),
        None => options.module.path.clone(),
    };
    Planned { template: Cow::Owned(extra.template.clone()), own_path, go: path.ends_with(".go"), path }
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

/// The files of functions and procedures, where there are any.
fn function_files(project: &Project, options: &Options) -> Vec<Planned> {
    let packages = &project.packages;
    let mut files = Vec::new();
    if project.functions.routines.is_empty() || options.models_only {
        return files;
    }
    if project.functions.routines.iter().any(|it| !it.row.is_empty()) {
        files.push(planned("functions_models.tmpl", &packages.models, "functions.go"));
    }
    files.push(planned("functions_interface.tmpl", &packages.interfaces, "functions.go"));
    files.push(planned("functions_postgres.tmpl", &packages.postgres, "functions.go"));
    if options.with_mocks {
        let template = match options.mock_provider {
            MockProvider::Testify => "mock_testify.tmpl",
            MockProvider::Gomock => "mock_gomock.tmpl",
        };
        files.push(planned(template, &packages.mocks, "mock_functions.go"));
    }
    if options.with_tests {
        files.push(planned("functions_test.tmpl", &packages.tests, "functions_test.go"));
    }
    files
}

/// The files of the runtime package.
const RUNTIME: [(&str, &str); 8] = [
    ("runtime_assignments.tmpl", "assignments.go"),
    ("runtime_conditions.tmpl", "conditions.go"),
    ("runtime_db.tmpl", "db.go"),
    ("runtime_errors.tmpl", "errors.go"),
    ("runtime_options.tmpl", "options.go"),
    ("runtime_related.tmpl", "related.go"),
    ("runtime_transaction.tmpl", "transaction.go"),
    ("runtime_types.tmpl", "types.go"),
];

/// The files that a project has once.
fn project_files(project: &Project, options: &Options, is_among_others: bool) -> Vec<Planned> {
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
    // Several schemas share a runtime.
    for (template, name) in RUNTIME.into_iter().filter(|_| !is_among_others) {
        files.push(planned(template, &packages.runtime, name));
    }
    files.push(planned("repositories.tmpl", &packages.postgres, "repositories.go"));
    files.push(planned("types.tmpl", &packages.postgres, "types.go"));
    if options.with_mocks && options.mock_provider == MockProvider::Testify {
        files.push(planned("mocks_testify.tmpl", &packages.mocks, "mocks.go"));
    }
    if options.with_tests {
        files.push(planned("test_main.tmpl", &packages.tests, "main_test.go"));
        if !is_among_others {
            files.push(planned("test_runtime.tmpl", &packages.tests, "runtime_test.go"));
        }
        if !project.enums.is_empty() {
            files.push(planned("test_models.tmpl", &packages.tests, "models_test.go"));
        }
    }
    files
}

/// The paths that a file of ours imports.
fn imported(go: &str) -> impl Iterator<Item = &str> {
    let block = go.split_once("\nimport ").map_or("", |(_, block)| match block.strip_prefix('(') {
        Some(block) => block.split_once("\n)").map_or("", |(block, _)| block),
        None => block.lines().next().unwrap_or_default(),
    });
    block.split('"').skip(1).step_by(2)
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
