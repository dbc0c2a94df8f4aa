//! What `generate` does, put together from the command line, the config file and the defaults, in this order.
//!
//! Everything is settled here, the Go module too, so that generation needs neither files nor the environment.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use pgx_goose::capture::live::connection::{Timeouts, is_connection_string};
use pgx_goose::codegen::incremental::Manner;
use pgx_goose::codegen::options::{DecimalType, Directories, MockProvider, Module, Nullable, Options, Tags, TypeOverride, UuidType};
use pgx_goose::diagnostic::Diagnostic;
use pgx_goose::fs::{self, FileKind};

use super::config::Config;
use super::error::{Exit, Failure};
use super::generate::Arguments;
use super::init::module_of;
use super::source::{Reading, Shadow};

pub(crate) mod cross;

/// The folder of generated packages where nobody names one.
const DEFAULT_OUT: &str = "./pgx-goose";

/// Where the schema is read from.
pub(crate) fn source(arguments: &Arguments, config: &Config) -> Result<String, Failure> {
    if let Some(source) = &arguments.from {
        return Ok(source.clone());
    }
    if let Some(dsn) = &arguments.dsn {
        return database(dsn.clone(), "`--dsn`");
    }
    for key in ["source", "snapshot"] {
        if let Some(source) = config.expanded(key)? {
            return Ok(source);
        }
    }
    if let Some(dsn) = config.expanded("dsn")? {
        return database(dsn, "`dsn`");
    }
    let found = config.file_name().map_or_else(|| "there is no config file".to_owned(), |file| format!("`{file}` names none"));
    Err(Failure::usage(format!("no schema is named: there is neither `--from` nor `--dsn`, and {found}"))
        .hint("use `pgx-goose --from schema.sql`, or write a config file with `pgx-goose init`"))
}

/// A connection string, if it is one.
pub(super) fn database(dsn: String, whose: &str) -> Result<String, Failure> {
    if is_connection_string(&dsn) {
        return Ok(dsn);
    }
    // It isn't shown: what it is nobody knows, and it may hold a password.
    Err(Failure::usage(format!("{whose} is no connection string")).hint("write postgres://user@host/database, or host=… dbname=… user=…"))
}

/// How the source is read.
pub(crate) fn reading(arguments: &Arguments, config: &Config) -> Result<Reading, Failure> {
    Ok(Reading { strict: arguments.strict, shadow: arguments.shadow, ..plain_reading(config)? })
}

/// How sources are read, as far as the config file says it.
pub(crate) fn plain_reading(config: &Config) -> Result<Reading, Failure> {
    let limit = |key: &str, standard: Duration| match config.text(key) {
        None => Ok(standard),
        Some(text) => duration(text).ok_or_else(|| {
            let error = config.error_at(key, format!("`{key}` is no length of time")).hint("write `500ms`, `10s` or `2m`");
            Failure::found(Exit::Usage, vec![error])
        }),
    };
    let Timeouts { connect, statement, lock } = Timeouts::STANDARD;
    Ok(Reading {
        strict: false,
        timeouts: Timeouts {
            connect: limit("timeouts.connect", connect)?,
            statement: limit("timeouts.statement", statement)?,
            lock: limit("timeouts.lock", lock)?,
        },
        sizes: false,
        shadow: Shadow::default(),
    })
}

/// `500ms`, `10s`, `2m`.
fn duration(text: &str) -> Option<Duration> {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000)];
    let (number, milliseconds) = units.iter().find_map(|(unit, it)| Some((text.strip_suffix(unit)?.trim().parse::<u64>().ok()?, it)))?;
    Some(Duration::from_millis(number.checked_mul(*milliseconds)?))
}

/// How many workers there are; 0 is one a core.
pub(crate) fn workers(arguments: &Arguments, config: &Config) -> usize {
    let parallel = arguments.parallel.or_else(|| config.boolean("optimization.parallel_generation"));
    let configured = config.integer("optimization.max_workers").and_then(|it| usize::try_from(it).ok());
    match (arguments.workers, parallel) {
        (Some(workers), _) => usize::from(workers),
        (None, Some(false)) => 1,
        (None, _) => configured.unwrap_or(0),
    }
}

/// The folder that all packages are below unless they are put elsewhere, and where a run is remembered.
pub(crate) fn base(arguments: &Arguments, config: &Config) -> String {
    let named = arguments.out.as_deref().or_else(|| config.text("output_dirs.base")).or_else(|| config.text("out"));
    named.unwrap_or(DEFAULT_OUT).to_owned()
}

/// How a run goes about its work.
pub(crate) fn manner(arguments: &Arguments, config: &Config) -> Manner {
    let asked = |flag: Option<bool>, key: &str| flag.or_else(|| config.boolean(key)).unwrap_or(false);
    let Arguments { tables, ignore_tables, schema, models_only, with_tests, .. } = arguments;
    let Arguments { models_dir, interfaces_dir, repos_dir, mocks_dir, tests_dir, .. } = arguments;
    let moved = [models_dir, interfaces_dir, repos_dir, mocks_dir, tests_dir].into_iter().any(|it| it.is_some());
    let selected = [tables, ignore_tables, schema].into_iter().any(|it| !it.is_empty());
    let incremental = asked(arguments.incremental, "optimization.enable_incremental");
    Manner {
        dry: arguments.dry_run == Some(true),
        incremental,
        // The key is of incremental runs; the flag is of all.
        force: arguments.force.unwrap_or_else(|| incremental && asked(None, "incremental.force")),
        partial: selected || moved || *models_only == Some(true) || *with_tests == Some(false),
    }
}

/// All that generation depends on besides the schema.
pub(crate) fn options(arguments: &Arguments, config: &Config) -> Result<Options, Failure> {
    let mut errors = Vec::new();
    let directories = directories(arguments, config);
    let template_dir = arguments.template_dir.clone().or_else(|| config.text("template_dir").map(str::to_owned));
    if let Some(folder) = &template_dir
        && fs::kind(folder)? != Some(FileKind::Folder)
    {
        let message = format!("there is no folder `{folder}` with templates");
        errors.push(if arguments.template_dir.is_some() { Diagnostic::error(message) } else { config.error_at("template_dir", message) });
    }
    let (tables, ignore_tables) = (list(&arguments.tables, config, "tables"), list(&arguments.ignore_tables, config, "ignore_tables"));
    for table in tables.iter().filter(|it| ignore_tables.contains(it)) {
        let message = format!("table `{table}` is both in `tables` and in `ignore_tables`");
        errors.push(config.error_at("ignore_tables", message));
    }
    let types = types(config, &mut errors);
    if !errors.is_empty() {
        return Err(Failure::found(Exit::Usage, errors));
    }
    let here = std::env::current_dir().map_err(|error| Failure::environment(format!("can't tell the working directory: {error}")))?;
    let module = arguments.module.clone().or_else(|| config.text("module").map(str::to_owned));
    let (module, directories) = place(&here, module, directories)?;
    let flag = |argument: Option<bool>, keys: &[&str], default| {
        argument.or_else(|| keys.iter().find_map(|key| config.boolean(key))).unwrap_or(default)
    };
    let with_interfaces = flag(None, &["quality.generate_interfaces"], true);
    let mock_provider = match arguments.mock_provider.as_deref().or_else(|| config.text("mock_provider")) {
        Some("gomock" | "mock") => MockProvider::Gomock,
        _ => MockProvider::Testify,
    };
    Ok(Options {
        module,
        directories,
        schemas: list(&arguments.schema, config, "schema"),
        tables,
        ignore_tables,
        mock_provider,
        with_interfaces,
        // There is nothing to mock without.
        with_mocks: with_interfaces && flag(None, &["quality.generate_mocks"], true),
        with_tests: flag(arguments.with_tests, &["with_tests", "quality.generate_tests"], true),
        with_benchmarks: flag(None, &["quality.generate_benchmarks"], false),
        models_only: flag(arguments.models_only, &[], false),
        template_dir,
        workers: workers(arguments, config),
        nullable: match config.text("nullable") {
            Some("pgtype") => Nullable::Pgtype,
            Some("sql") => Nullable::Sql,
            Some("generic") => Nullable::Generic,
            _ => Nullable::Pointer,
        },
        tags: tags(config),
        types,
        initialisms: config.texts("initialisms").unwrap_or_default(),
        renames: config.pairs("rename"),
        plurals: config.pairs("plurals"),
        soft_delete_columns: config.texts("soft_delete_columns").unwrap_or_else(|| vec!["deleted_at".to_owned()]),
        version_columns: config.texts("version_columns"),
        list_by_indexes: flag(None, &["list_by_indexes"], false),
        uuid: if config.text("uuid") == Some("pgtype") { UuidType::Pgtype } else { UuidType::Google },
        decimal: if config.text("decimal") == Some("pgtype") { DecimalType::Pgtype } else { DecimalType::Shopspring },
    })
}

/// A list of the command line, else that of the file.
pub(super) fn list(argument: &[String], config: &Config, key: &str) -> Vec<String> {
    if argument.is_empty() { config.texts(key).unwrap_or_default() } else { argument.to_vec() }
}

fn tags(config: &Config) -> Tags {
    match config.texts("tags") {
        Some(tags) => {
            let has = |name: &str| tags.iter().any(|it| it == name);
            Tags { json: has("json"), db: has("db"), validate: has("validate") }
        }
        None => Tags {
            json: config.boolean("quality.enable_json_tags").unwrap_or(true),
            db: config.boolean("quality.enable_db_tags").unwrap_or(true),
            validate: config.boolean("quality.enable_validation_tags").unwrap_or(false),
        },
    }
}

fn types(config: &Config, errors: &mut Vec<Diagnostic>) -> Vec<TypeOverride> {
    let mut types = Vec::new();
    for entry in config.maps("types") {
        let text = |name: &str| entry.text(name).map(str::to_owned);
        let (db_type, column) = (text("db_type"), text("column"));
        match text("go_type") {
            None => errors.push(entry.error("an entry of `types` needs a `go_type`")),
            Some(_) if db_type.is_none() && column.is_none() => {
                errors.push(entry.error("an entry of `types` needs a `db_type` or a `column`"));
            }
            Some(go_type) => {
                types.push(TypeOverride { db_type, column, nullable: entry.boolean("nullable"), go_type, import: text("import") });
            }
        }
    }
    types
}

fn directories(arguments: &Arguments, config: &Config) -> Directories {
    let text = |argument: &Option<String>, key: &str| argument.clone().or_else(|| config.text(key).map(str::to_owned));
    let base = base(arguments, config);
    let below = Directories::below(&base);
    let dir = |argument: &Option<String>, key: &str, default: String| {
        text(argument, key).map_or(default, |it| it.replace("{base}", base.trim_end_matches('/')))
    };
    Directories {
        models: dir(&arguments.models_dir, "output_dirs.models", below.models),
        interfaces: dir(&arguments.interfaces_dir, "output_dirs.interfaces", below.interfaces),
        repositories: dir(&arguments.repos_dir, "output_dirs.repositories", below.repositories),
        mocks: dir(&arguments.mocks_dir, "output_dirs.mocks", below.mocks),
        tests: dir(&arguments.tests_dir, "output_dirs.tests", below.tests),
        runtime: dir(&None, "output_dirs.runtime", below.runtime),
    }
}

/// Finds the Go module that the folders belong to, and puts both in the same terms.
///
/// As the go command sees it, a package belongs to the nearest go.mod above it. Paths stay relative to the working
/// directory, as the user wrote them, wherever the module's import paths can be said from there.
fn place(here: &Path, named: Option<String>, directories: Directories) -> Result<(Module, Directories), Failure> {
    let Directories { models, interfaces, repositories, mocks, tests, runtime } = directories;
    let (module, placed) = place_all(here, named, vec![models, interfaces, repositories, mocks, tests, runtime])?;
    let [models, interfaces, repositories, mocks, tests, runtime] = <[String; 6]>::try_from(placed).expect("as many as were given");
    Ok((module, Directories { models, interfaces, repositories, mocks, tests, runtime }))
}

/// [`place`] for any folders, the first of which says which module it is.
pub(super) fn place_all(here: &Path, named: Option<String>, directories: Vec<String>) -> Result<(Module, Vec<String>), Failure> {
    let first = directories.first().map_or("", String::as_str);
    let root = go_mod_above(&absolute(here, first))?;
    let (path, root) = match (named, root) {
        (Some(path), Some((root, _))) => (path, root),
        (Some(path), None) => (path, here.to_owned()),
        (None, Some((root, Some(path)))) => (path, root),
        (None, Some((root, None))) => {
            return Err(Failure::usage(format!("`{}` names no module", root.join("go.mod").display())));
        }
        (None, None) => {
            let message = format!("no Go module is named, and there is no go.mod at or above `{first}`");
            return Err(Failure::usage(message).hint("run `go mod init example.com/your/module`, or name one with `--module` or `module`"));
        }
    };
    let slashes = |path: &Path| path.components().map(|it| it.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
    let stays_below = |dir: &String| absolute(here, dir).starts_with(here) && !Path::new(dir).is_absolute();
    let all_below = directories.iter().all(stays_below);
    if all_below && let Ok(below) = root.strip_prefix(here) {
        return Ok((Module { path, dir: slashes(below) }, directories));
    }
    if all_below && let Ok(above) = here.strip_prefix(&root) {
        return Ok((Module { path: format!("{path}/{}", slashes(above)), dir: String::new() }, directories));
    }
    let spelled = |path: &Path| path.to_string_lossy().into_owned();
    let directories = directories.iter().map(|dir| spelled(&absolute(here, dir))).collect();
    Ok((Module { path, dir: spelled(&root) }, directories))
}

/// The nearest folder at or above a path that has a go.mod, and the module that it names.
fn go_mod_above(path: &Path) -> Result<Option<(PathBuf, Option<String>)>, Failure> {
    for folder in path.ancestors() {
        let file = folder.join("go.mod");
        if fs::kind(&file)? == Some(FileKind::File) {
            return Ok(Some((folder.to_owned(), module_of(&fs::read_to_string(&file)?))));
        }
    }
    Ok(None)
}

/// The path from the root, `.` and `..` resolved by name.
fn absolute(here: &Path, path: &str) -> PathBuf {
    let mut result = PathBuf::new();
    for component in here.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                result.pop();
            }
            other => result.push(other),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use pgx_goose::fs::Durability;

    use super::*;

    /// Where packages are, as `module in dir: models`, for a working directory and an output folder below a folder that has
    /// a go.mod at `module`.
    fn placed(go_mod: Option<&str>, here: &str, named: Option<&str>, out: &str) -> Result<String, String> {
        let root = tempfile::tempdir().unwrap();
        let here = root.path().join(here);
        fs::create_dir_all(&here).unwrap();
        if let Some(folder) = go_mod {
            let folder = root.path().join(folder);
            fs::create_dir_all(&folder).unwrap();
            fs::write_atomic(folder.join("go.mod"), b"module example.com/shop\n", Durability::Renamed).unwrap();
        }
        let named = named.map(str::to_owned);
        let (module, directories) = place(&here, named, Directories::below(out)).map_err(|it| it.message.unwrap_or_default())?;
        let text = format!("{} in {:?}: {}", module.path, module.dir, directories.models);
        Ok(text.replace(root.path().to_str().unwrap(), "ROOT"))
    }

    #[test]
    fn packages_belong_to_the_nearest_module() {
        let check = |go_mod, here, named, out, expected: &str| assert_eq!(placed(go_mod, here, named, out).unwrap(), expected);
        check(Some(""), "", None, "gen", "example.com/shop in \"\": gen/models");
        check(Some(""), "a/b", None, "gen", "example.com/shop/a/b in \"\": gen/models");
        check(Some("gen"), "", None, "./gen", "example.com/shop in \"gen\": ./gen/models");
        check(Some(""), "a", None, "../gen", "example.com/shop in \"ROOT\": ROOT/gen/models");
        check(Some("other"), "a", None, "../other/gen", "example.com/shop in \"ROOT/other\": ROOT/other/gen/models");
        check(Some(""), "", Some("example.com/named"), "gen", "example.com/named in \"\": gen/models");
        check(None, "a", Some("example.com/named"), "gen", "example.com/named in \"\": gen/models");
        let error = placed(None, "a", None, "gen").unwrap_err();
        assert_eq!(error, "no Go module is named, and there is no go.mod at or above `gen/models`");
    }
}
