//! Generation for several schemas, each a tree of packages of its own, over one database or several.
//!
//! Each schema is rendered as a schema alone is (see [`super::generate`]), with files beside that are about the others; the runtime is
//! written once, and so is the package over all schemas: transactions, joins along foreign keys. What is decided, and why nothing imports in a circle, is
//! in `build::cross`; this file knows which files there are.

pub mod model;
mod options;

use std::collections::BTreeSet;

use rayon::prelude::*;
use upon::Value;

use self::model::Neighbours;
pub use self::options::{CrossOptions, SchemaOptions};
use super::build::Model;
use super::build::cross::{Models, models};
use super::data::{self, Shared};
use super::model::{Project, Table};
use super::options::Options;
use super::output::Sink;
use super::template::Templates;
use super::{Error, Generation, Planned, Rendering, TableFacts, encoded, extra, file, planned, render, unused, with_workers};
use crate::catalog::{Catalog, Identity, Kind};
use crate::diagnostic::{Diagnostic, Severity, nearest};

/// The name of the package over all schemas where nobody chooses another.
pub const DEFAULT_PACKAGE: &str = "crossschema";

/// The folder of a schema where nobody chooses one, below that of all packages.
pub fn folder(schema: &str) -> String {
    super::names::folder(schema)
}

/// The schemas of a catalog that have something to generate.
pub fn schemas(catalog: &Catalog) -> Vec<String> {
    let counts = |it: &Identity| {
        it.kind.is_relation() || matches!(it.kind, Kind::Enum | Kind::Composite | Kind::Domain | Kind::Function | Kind::Procedure)
    };
    let found: BTreeSet<&str> = catalog.iter().filter(|(it, _)| counts(it)).map(|(it, _)| it.schema.as_str()).collect();
    found.into_iter().map(str::to_owned).collect()
}

/// Generates the Go code for the schemas of some databases into a sink, as [`super::generate`] does for one.
///
/// # Errors
/// Where options or templates are wrong, or the sink refuses. The first one ends the work.
pub fn generate(catalogs: &[Catalog], options: &CrossOptions, sink: &dyn Sink) -> Result<Generation, Error> {
    let mut models = models(catalogs, options)?;
    let mut diagnostics = std::mem::take(&mut models.diagnostics);
    if diagnostics.iter().any(|it| it.severity == Severity::Error) {
        return Err(Error::Schema(diagnostics));
    }
    // Packages are called differently in each schema, so that their names are no constants.
    let templates = Templates::load(options.common.template_dir.as_deref(), &[])?;
    diagnostics.extend(unused(&templates));
    let (tables, modules) = with_workers(options.common.workers, || all(&models, &templates, options, sink))??;
    Ok(Generation { diagnostics, tables, modules: modules.into_iter().collect(), templates: templates.facts() })
}

/// Returns what the templates see of a table, as JSON; of the package over all schemas, where no table is named.
///
/// # Errors
/// Where the options are wrong, or no table has that name.
pub fn dump(catalogs: &[Catalog], options: &CrossOptions, table: Option<&str>) -> Result<String, Error> {
    let mut models = models(catalogs, options)?;
    let diagnostics = std::mem::take(&mut models.diagnostics);
    if diagnostics.iter().any(|it| it.severity == Severity::Error) {
        return Err(Error::Schema(diagnostics));
    }
    let Some(name) = table else { return Ok(data::json(&Shared::new(&models.project, &options.common).cross(&models.cross))) };
    let mut names = Vec::new();
    for ((model, _), schema) in models.schemas.iter().zip(&options.schemas) {
        let shared = Shared::new(&model.project, &schema.options);
        for (n, head) in model.project.tables.iter().enumerate() {
            let plain = head.sql.rsplit('.').next().unwrap_or_default();
            if [plain, head.sql.as_str(), head.names.model.as_str()].contains(&name) {
                return Ok(data::json(&shared.table(&model.table(n))));
            }
            names.push(head.sql.as_str());
        }
    }
    let finding = Diagnostic::error(format!("no table that is generated is called `{name}`"));
    Err(Error::Schema(vec![match nearest(name, names) {
        Some(near) => finding.hint(format!("did you mean `{near}`?")),
        None => finding,
    }]))
}

fn all(
    models: &Models<'_>,
    templates: &Templates,
    options: &CrossOptions,
    sink: &dyn Sink,
) -> Result<(Vec<TableFacts>, BTreeSet<String>), Error> {
    let rendering = Rendering::new(templates, sink, &options.common);
    let mut modules = BTreeSet::new();
    over_all(models, options, &rendering, &mut modules)?;
    once(models, options, &rendering, &mut modules)?;
    let mut tables = Vec::new();
    let schemas = || models.schemas.iter().zip(&options.schemas);
    let one = |((model, neighbours), schema): (&(Model<'_>, Neighbours), &SchemaOptions)| {
        let among = Among { name: &model.project.packages.models.path, neighbours };
        render(model, &rendering, &schema.options, Some(&among))
    };
    // Side by side: a schema may be too small for all workers. Of several errors the first schema's is the one to tell.
    for rendered in schemas().collect::<Vec<_>>().into_par_iter().map(one).collect::<Vec<_>>() {
        let (facts, used) = rendered?;
        tables.extend(facts);
        modules.extend(used);
    }
    Ok((tables, modules))
}

/// What the rendering of a schema knows of the others.
pub(super) struct Among<'a> {
    /// What tells its parts from those of other schemas.
    pub(super) name: &'a str,
    pub(super) neighbours: &'a Neighbours,
}

impl Among<'_> {
    /// The name of a part of the schema.
    pub(super) fn part(&self, table: &str) -> String {
        // No table's name begins so: it is quoted then.
        if table.is_empty() { format!("*{}", self.name) } else { format!("{} {table}", self.name) }
    }

    /// The files of the schema that are about other schemas.
    pub(super) fn files(&self, project: &Project, options: &Options) -> Vec<Planned> {
        let (packages, neighbours) = (&project.packages, self.neighbours);
        let mut files = Vec::new();
        if !neighbours.aliases.is_empty() {
            files.push(planned("cross_aliases.tmpl", &packages.models, "types.go"));
        }
        if options.models_only {
            return files;
        }
        if !neighbours.joined.is_empty() {
            files.push(planned("cross_tables.tmpl", &packages.postgres, "tables.go"));
        }
        if !neighbours.tables.is_empty() {
            files.push(planned("cross_neighbours.tmpl", &packages.postgres, "neighbours.go"));
        }
        if options.with_tests && !neighbours.samples.is_empty() {
            files.push(planned("cross_samples.tmpl", &packages.tests, "neighbours_test.go"));
        }
        if options.with_tests && !neighbours.references.is_empty() {
            files.push(planned("cross_joins_test.tmpl", &packages.tests, "joins_test.go"));
        }
        files
    }
}

/// Renders what there is once: shared types, the runtime, and the package over all schemas.
fn over_all(models: &Models<'_>, options: &CrossOptions, rendering: &Rendering<'_>, modules: &mut BTreeSet<String>) -> Result<(), Error> {
    let (common, project, cross) = (&options.common, &models.project, &models.cross);
    let packages = &project.packages;
    let shared = Shared::new(project, common);
    let mut files: Vec<(Planned, Value, &Project)> = Vec::new();
    for types in &models.types {
        let data = Shared::new(types, common).project(types);
        if !types.enums.is_empty() {
            files.push((planned("enums.tmpl", &types.packages.models, "enums.go"), data.clone(), types));
        }
        if !types.composites.is_empty() {
            files.push((planned("composites.tmpl", &types.packages.models, "composites.go"), data.clone(), types));
        }
        if common.with_tests && !common.models_only && !types.enums.is_empty() {
            let name = format!("{}_test.go", types.packages.models.name);
            files.push((planned("test_models.tmpl", &types.packages.tests, &name), data, types));
        }
    }
    if !common.models_only {
        let of_project = shared.project(project);
        for (template, name) in super::RUNTIME {
            files.push((planned(template, &packages.runtime, name), of_project.clone(), project));
        }
        for (template, name) in [("runtime_joins.tmpl", "joins.go"), ("runtime_transactions.tmpl", "transactions.go")] {
            files.push((planned(template, &packages.runtime, name), of_project.clone(), project));
        }
        let of_cross = shared.cross(cross);
        let own = &cross.package;
        files.push((planned("cross_repositories.tmpl", own, "repositories.go"), of_cross.clone(), project));
        files.push((planned("cross_types.tmpl", own, "types.go"), of_cross.clone(), project));
        if cross.schemas.iter().any(|it| !it.tables.is_empty()) {
            files.push((planned("cross_joins.tmpl", own, "joins.go"), of_cross.clone(), project));
        }
        if common.with_tests && !models.schemas.is_empty() {
            for (template, name) in [("test_main.tmpl", "main_test.go"), ("test_runtime.tmpl", "runtime_test.go")] {
                files.push((planned(template, &packages.tests, name), of_project.clone(), project));
            }
            files.push((planned("cross_test.tmpl", &packages.tests, "schemas_test.go"), of_cross, project));
        }
    }
    let seen = || encoded(&(project, cross, &models.types));
    let paths: Vec<&Planned> = files.iter().map(|(it, _, _)| it).collect();
    if rendering.has("", &seen, &paths) {
        return Ok(());
    }
    for (planned, data, project) in files {
        file(&planned, &data, rendering, project, modules)?;
    }
    Ok(())
}

/// Renders the files that templates of the user's make of all tables at once.
fn once(models: &Models<'_>, options: &CrossOptions, rendering: &Rendering<'_>, modules: &mut BTreeSet<String>) -> Result<(), Error> {
    let common = &options.common;
    let once: Vec<Planned> = rendering.templates.extra.iter().filter(|it| !it.is_per_table()).map(|it| extra(it, None, common)).collect();
    rendering.unique(&once)?;
    if once.is_empty() {
        return Ok(());
    }
    let mut project = models.project.clone();
    let mut tables: Vec<Table> = Vec::new();
    for (model, _) in &models.schemas {
        tables.par_extend((0..model.project.tables.len()).into_par_iter().map(|n| model.table(n)));
        project.enums.extend(model.project.enums.iter().cloned());
        project.composites.extend(model.project.composites.iter().cloned());
        project.tables.extend(model.project.tables.iter().cloned());
    }
    let seen = || encoded(&(&project, &tables));
    if rendering.has("*", &seen, &once.iter().collect::<Vec<_>>()) {
        return Ok(());
    }
    let data = Shared::new(&project, common).all(&project, &tables);
    for planned in once {
        file(&planned, &data, rendering, &project, modules)?;
    }
    Ok(())
}
