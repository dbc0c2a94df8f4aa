//! Schemas that are packages of their own: which there are, where they are read from, and where their packages go.

use std::collections::BTreeMap;
use std::path::Path;

use pgx_goose::catalog::Catalog;
use pgx_goose::codegen::cross::{CrossOptions, DEFAULT_PACKAGE, SchemaOptions, folder, schemas};
use pgx_goose::codegen::options::{Directories, Options};
use pgx_goose::diagnostic::nearest;

use super::super::config::{Config, Entry};
use super::super::error::{Exit, Failure};
use super::super::generate::Arguments;
use super::{base, database, list, place_all};

/// What is known before the sources are read.
#[derive(Clone, Debug)]
pub(crate) struct CrossSettings {
    /// The sources, each once.
    pub(crate) sources: Vec<String>,
    /// The schemas; all of the only source's where none is named.
    schemas: Vec<Named>,
    /// The name or the folder of the package over all of them.
    package: String,
}

impl CrossSettings {
    /// The folders that all packages are below, for a base folder.
    pub(crate) fn roots(&self, base: &str) -> Vec<String> {
        let base = base.trim_end_matches('/').to_owned();
        let package = Some(&self.package).filter(|it| it.contains('/'));
        let own = self.schemas.iter().filter_map(|it| it.output_dir.as_ref()).chain(package).map(|it| it.replace("{base}", &base));
        let mut roots: Vec<String> = std::iter::once(base.clone()).chain(own).collect();
        roots.dedup();
        roots
    }

    /// All of it that has an effect on files, as text. A source says where a schema is, not what it is.
    pub(crate) fn text(&self) -> String {
        format!("{:?} {}", self.schemas, self.package)
    }
}

/// A schema that the user names.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    /// The number of its source.
    source: usize,
    output_dir: Option<String>,
    package_name: Option<String>,
    tables: Vec<String>,
    ignore_tables: Vec<String>,
}

impl Named {
    fn plain(name: String) -> Self {
        Self { name, source: 0, output_dir: None, package_name: None, tables: Vec::new(), ignore_tables: Vec::new() }
    }
}

/// Which schemas are packages of their own; none where that is not asked for.
pub(crate) fn settings(arguments: &Arguments, config: &Config) -> Result<Option<CrossSettings>, Failure> {
    if !arguments.cross_schema.or_else(|| config.boolean("cross_schema.enabled")).unwrap_or(false) {
        return Ok(None);
    }
    let package = config.text("cross_schema.cross_schema_package").unwrap_or(DEFAULT_PACKAGE).to_owned();
    let entries = config.maps("cross_schema.schemas");
    let wanted = &arguments.schema;
    let names: Vec<&str> = entries.iter().filter_map(|it| it.text("name")).collect();
    if let Some(missing) = wanted.iter().find(|it| !names.is_empty() && !names.contains(&it.as_str())) {
        let failure = Failure::usage(format!("schema `{missing}` is not among those of `cross_schema.schemas`"));
        return Err(match nearest(missing, names) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure,
        });
    }
    let (mut sources, mut named): (Vec<String>, Vec<Named>) = (Vec::new(), Vec::new());
    for entry in &entries {
        let Some(name) = entry.text("name") else {
            return Err(Failure::found(Exit::Usage, vec![entry.error("an entry of `cross_schema.schemas` needs a `name`")]));
        };
        if !wanted.is_empty() && !wanted.iter().any(|it| it == name) {
            continue;
        }
        let source = match own_source(entry)? {
            // The command line says where everything is.
            Some(own) if arguments.from.is_none() && arguments.dsn.is_none() => own,
            _ => super::source(arguments, config)?,
        };
        let at = sources.iter().position(|it| *it == source).unwrap_or(sources.len());
        if at == sources.len() {
            sources.push(source);
        }
        if named.iter().any(|it| it.name == name && it.source == at) {
            return Err(Failure::found(Exit::Usage, vec![entry.error(format!("schema `{name}` is named twice for one source"))]));
        }
        let (tables, ignore_tables) = (entry.texts("tables").unwrap_or_default(), entry.texts("ignore_tables").unwrap_or_default());
        if let Some(table) = tables.iter().find(|it| ignore_tables.contains(it)) {
            let message = format!("table `{table}` is both in `tables` and in `ignore_tables`");
            return Err(Failure::found(Exit::Usage, vec![entry.error(message)]));
        }
        let text = |key: &str| entry.text(key).map(str::to_owned);
        named.push(Named {
            name: name.to_owned(),
            source: at,
            output_dir: text("output_dir"),
            package_name: text("package_name"),
            tables,
            ignore_tables,
        });
    }
    if named.is_empty() {
        sources.push(super::source(arguments, config)?);
        named.extend(list(wanted, config, "schema").into_iter().map(Named::plain));
    }
    Ok(Some(CrossSettings { sources, schemas: named, package }))
}

/// The source of an entry of its own.
fn own_source(entry: &Entry<'_>) -> Result<Option<String>, Failure> {
    for key in ["source", "snapshot"] {
        if let Some(source) = entry.expanded(key)? {
            return Ok(Some(source));
        }
    }
    entry.expanded("dsn")?.map(|dsn| database(dsn, "`dsn` of an entry of `cross_schema.schemas`")).transpose()
}

/// All that generation depends on, when the sources have been read. `common` is what is said for all schemas.
pub(crate) fn options(
    settings: &CrossSettings,
    catalogs: &[Catalog],
    common: &Options,
    arguments: &Arguments,
    config: &Config,
) -> Result<CrossOptions, Failure> {
    let named = match (settings.schemas.as_slice(), catalogs) {
        ([], [only]) => schemas(only).into_iter().map(Named::plain).collect(),
        (named, _) => named.to_vec(),
    };
    let base = base(arguments, config);
    let below = |folder: &str| format!("{}/{folder}", base.trim_end_matches('/'));
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    let mut dirs = Vec::new();
    for schema in &named {
        let folder = folder(&schema.name);
        let times = folders.entry(folder.clone()).or_default();
        *times += 1;
        let folder = if *times == 1 { folder } else { format!("{folder}_{times}") };
        let own = schema.output_dir.as_ref().map_or_else(|| below(&folder), |it| it.replace("{base}", base.trim_end_matches('/')));
        dirs.extend(directories(arguments, config, &base, &own, &folder));
    }
    let package = &settings.package;
    dirs.push(common.directories.runtime.clone());
    dirs.push(if package.contains('/') { package.replace("{base}", base.trim_end_matches('/')) } else { below(package) });

    let here = std::env::current_dir().map_err(|error| Failure::environment(format!("can't tell the working directory: {error}")))?;
    let module = arguments.module.clone().or_else(|| config.text("module").map(str::to_owned));
    let (module, mut placed) = place_all(&here, module, dirs)?;
    let directory = placed.pop().expect("the last of those that were given");
    let runtime = placed.pop().expect("the one before it");
    let common = Options {
        module: module.clone(),
        directories: Directories { runtime: runtime.clone(), ..common.directories.clone() },
        schemas: Vec::new(),
        ..common.clone()
    };
    let schemas = named.into_iter().zip(placed.chunks(5)).map(|(schema, dirs)| {
        let own_tables = arguments.tables.is_empty() && !schema.tables.is_empty();
        let ignored = if arguments.ignore_tables.is_empty() { schema.ignore_tables } else { Vec::new() };
        SchemaOptions {
            options: Options {
                directories: Directories {
                    models: dirs[0].clone(),
                    interfaces: dirs[1].clone(),
                    repositories: dirs[2].clone(),
                    mocks: dirs[3].clone(),
                    tests: dirs[4].clone(),
                    runtime: runtime.clone(),
                },
                schemas: vec![schema.name.clone()],
                tables: if own_tables { schema.tables } else { common.tables.clone() },
                ignore_tables: common.ignore_tables.iter().cloned().chain(ignored).collect(),
                ..common.clone()
            },
            name: schema.name,
            database: schema.source,
            package_name: schema.package_name,
            own_tables,
        }
    });
    Ok(CrossOptions { schemas: schemas.collect(), directory, common })
}

/// The folders of a schema's packages. A folder of the config is taken from the schema's own folder as it is from `{base}`; one elsewhere gets a
/// folder for each schema.
fn directories(arguments: &Arguments, config: &Config, base: &str, own: &str, folder: &str) -> [String; 5] {
    let Directories { models, interfaces, repositories, mocks, tests, runtime: _ } = Directories::below(own);
    let dir = |argument: &Option<String>, key: &str, default: String| {
        let Some(text) = argument.clone().or_else(|| config.text(key).map(str::to_owned)) else { return default };
        let plain = |it: &str| it.trim_start_matches("./").trim_end_matches('/').to_owned();
        match Path::new(&plain(&text)).strip_prefix(plain(base)) {
            Ok(rest) if !plain(base).is_empty() => format!("{}/{}", own.trim_end_matches('/'), rest.to_string_lossy()),
            _ if text.contains("{base}") => text.replace("{base}", own.trim_end_matches('/')),
            _ => format!("{}/{folder}", text.trim_end_matches('/')),
        }
    };
    [
        dir(&arguments.models_dir, "output_dirs.models", models),
        dir(&arguments.interfaces_dir, "output_dirs.interfaces", interfaces),
        dir(&arguments.repos_dir, "output_dirs.repositories", repositories),
        dir(&arguments.mocks_dir, "output_dirs.mocks", mocks),
        dir(&arguments.tests_dir, "output_dirs.tests", tests),
    ]
}
