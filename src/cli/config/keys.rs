//! Every key of the config file, once: what it takes, what it means, and what stands when it is left out.
//!
//! The checks of a file, the file that `init` writes and the JSON Schema all read this table. To add a key: a line in
//! [`KEYS`], in the order in which people should read them. A key that is renamed leaves a line in [`ALIASES`].

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Text.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// One of some words.
    Word(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A list of some words.
    Words(&'static [&'static str]),
    /// Text by text.
    Pairs,
    /// A list of maps. An item that is text alone is its first key.
    Maps(&'static [Key]),
}

/// Whether this version does what a key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It does, or the key changes nothing that anybody could see in the output.
    Works,
    /// It doesn't yet. Set to anything else than the default, the user is told.
    Later,
}

/// A key of the config file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// The way to it, with dots.
    pub(super) path: &'static str,
    pub(super) shape: Shape,
    /// What it is when it is left out, as YAML; empty for nothing.
    pub(super) default: &'static str,
    /// One sentence for people.
    pub(super) doc: &'static str,
    pub(super) standing: Standing,
}

const fn key(path: &'static str, shape: Shape, default: &'static str, doc: &'static str) -> Key {
    Key { path, shape, default, doc, standing: Standing::Works }
}

const fn later(path: &'static str, shape: Shape, default: &'static str, doc: &'static str) -> Key {
    Key { path, shape, default, doc, standing: Standing::Later }
}

use Shape::{Bool, Integer, Maps, Pairs, Text, Texts, Word, Words};

/// All keys.
pub(super) const KEYS: &[Key] = &[
    key(
        "source",
        Text,
        "",
        "Where the schema is: a DDL file, a folder of migrations, a .pgsnap file, git:REV:PATH, or a database. ${NAME} is taken from the environment.",
    ),
    key("snapshot", Text, "", "Where the committed snapshot lives; the source where `source` is not set."),
    key(
        "dsn",
        Text,
        "",
        "The database (`postgres://…`, `host=… dbname=…`), where neither `source` nor `snapshot` is set. ${NAME} is taken from the environment.",
    ),
    key("schema", Text, "", "Only this schema; all of the source's when it is left out."),
    key("module", Text, "", "The Go module's path; that of go.mod when it is left out."),
    key("out", Text, "./pgx-goose", "The folder of the generated packages."),
    key("output_dirs.base", Text, "", "The same as `out`, and wins over it."),
    key("output_dirs.models", Text, "{base}/models", "The folder of the models."),
    key("output_dirs.interfaces", Text, "{base}/repository/interfaces", "The folder of the repository interfaces."),
    key("output_dirs.repositories", Text, "{base}/repository/postgres", "The folder of the repositories."),
    key("output_dirs.mocks", Text, "{base}/mocks", "The folder of the mocks."),
    key("output_dirs.tests", Text, "{base}/tests", "The folder of the tests."),
    key("output_dirs.runtime", Text, "{base}/repository/pgdb", "The folder of what all repositories share: errors, transactions, pages."),
    key("tables", Texts, "[]", "Only these tables and views, as names or patterns (`order_*`, `audit.*`); all when it is empty."),
    key("ignore_tables", Texts, "[]", "Not these, as names or patterns."),
    key("template_dir", Text, "", "A folder with templates that replace those of the same name."),
    key("mock_provider", Word(&["testify", "gomock", "mock"]), "testify", "Which library the mocks are for; `mock` is gomock."),
    key("with_tests", Bool, "true", "Whether tests are written."),
    key("nullable", Word(&["pointer", "pgtype", "sql", "generic"]), "pointer", "How a column that may be NULL is in Go."),
    key("tags", Words(&["json", "db", "validate"]), "[json, db]", "The struct tags of models: `json`, `db`, `validate`."),
    key("initialisms", Texts, "[]", "Words that are written in capitals in Go names, beyond the usual (ID, URL, …)."),
    key("rename", Pairs, "{}", "Go names by table, or by table.column."),
    key("plurals", Pairs, "{}", "Plurals that the rules of English get wrong, by singular."),
    key("uuid", Word(&["google", "pgtype"]), "google", "What a uuid is in Go: github.com/google/uuid, or pgtype.UUID."),
    key(
        "decimal",
        Word(&["shopspring", "pgtype"]),
        "shopspring",
        "What a numeric is in Go: github.com/shopspring/decimal, or pgtype.Numeric.",
    ),
    key(
        "soft_delete_columns",
        Texts,
        "[deleted_at]",
        "The columns that say that a row is softly deleted: a time that may be NULL, or a boolean that is false by default.",
    ),
    key(
        "version_columns",
        Texts,
        "[version, lock_version, row_version]",
        "The integers that count a row's changes, for optimistic locking; only with a default and outside of keys.",
    ),
    key(
        "list_by_indexes",
        Bool,
        "false",
        "Whether repositories list rows by what indexes begin with, as they do by foreign keys: `ListByStatus`, `ListByStatusAndCreatedAt`.",
    ),
    key("types", Maps(TYPES), "[]", "Go types of your own, by database type or by column."),
    key("optimization.parallel_generation", Bool, "true", "Whether all cores are used. The output is the same."),
    key("optimization.max_workers", Integer(0, 1024), "0", "How many workers there are; 0 is one a core."),
    key("optimization.template_cache_size", Integer(0, 1_000_000), "100", "Accepted; all templates are compiled once and kept."),
    key(
        "optimization.enable_incremental",
        Bool,
        "false",
        "Whether only what changed is generated, and files of dropped tables are removed.",
    ),
    key("incremental.force", Bool, "false", "Whether everything is generated all the same, over files that somebody changed too."),
    key("templates.enable_caching", Bool, "true", "Accepted; templates are always compiled once."),
    key("templates.cache_size", Integer(0, 1_000_000), "100", "Accepted; all templates are kept."),
    key("templates.precompile_common", Bool, "true", "Accepted; all templates are compiled before the first is used."),
    later("templates.custom_functions", Texts, "[]", "Functions of your own in templates."),
    key("migrations.enabled", Bool, "false", "Whether migrations are written."),
    key("migrations.migration_dir", Text, "./migrations", "The folder of the migrations."),
    key("migrations.migration_format", Word(&["goose", "migrate", "custom"]), "goose", "Whose format they have."),
    key("migrations.auto_generate", Bool, "false", "Whether they are written with every run."),
    key("migrations.include_drops", Bool, "false", "Whether they drop what is gone."),
    key("migrations.include_data", Bool, "false", "Accepted; migrations are of schemas."),
    key("migrations.batch_size", Integer(0, 1_000_000), "100", "Accepted; migrations are of schemas."),
    key("migrations.safe_mode", Bool, "true", "Whether changes are written in their online form."),
    key("migrations.naming_pattern", Text, "", "How migration files are named: 20060102150405_{{.name}}.sql, or 00001_{{.name}}.sql."),
    key("migrations.template", Text, "", "The template of the format custom, or a folder of them."),
    key("renames", Pairs, "{}", "What has another name now: users: people, users.email: users.mail."),
    key("cross_schema.enabled", Bool, "false", "Whether each schema is a tree of packages of its own."),
    key("cross_schema.schemas", Maps(SCHEMAS), "[]", "Those schemas; all of the source's when it is empty."),
    key(
        "cross_schema.cross_schema_package",
        Text,
        "crossschema",
        "The package over all of them, for transactions and joins: its name, or with a `/` its folder.",
    ),
    key("cross_schema.relationship_detection", Bool, "true", "Accepted; foreign keys between schemas are always found."),
    key("go_generate.enabled", Bool, "false", "Whether the files for go generate are written with every run."),
    key("go_generate.create_directive", Bool, "true", "Whether generate.go is among them."),
    key("go_generate.generate_makefile", Bool, "true", "Whether the Makefile is."),
    key("go_generate.generate_vscode_tasks", Bool, "true", "Whether .vscode/tasks.json is."),
    key("go_generate.generate_gitignore_entries", Bool, "true", "Whether .gitignore is."),
    key("quality.enable_validation_tags", Bool, "false", "Whether models have `validate` tags."),
    key("quality.enable_json_tags", Bool, "true", "Whether models have `json` tags."),
    key("quality.enable_db_tags", Bool, "true", "Whether models have `db` tags."),
    key(
        "quality.generate_interfaces",
        Bool,
        "true",
        "Whether repositories have interfaces. Without, that package has the columns alone, and there are no mocks.",
    ),
    key("quality.generate_mocks", Bool, "true", "Whether mocks are written."),
    key("quality.generate_tests", Bool, "true", "Whether tests are written, as `with_tests`."),
    key("quality.generate_benchmarks", Bool, "false", "Whether benchmarks are written beside the tests; `go test -bench .` runs them."),
    later("quality.generate_examples", Bool, "false", "Whether examples are written."),
    key("quality.generate_godoc", Bool, "true", "Accepted; comments always become documentation."),
    later("quality.generate_swagger", Bool, "false", "Whether an OpenAPI description is written."),
    key("hooks.pre_generation", Texts, "[]", "Commands before a run, each without a shell."),
    key("hooks.post_generation", Texts, "[]", "Commands after a run."),
    key("hooks.on_error", Texts, "[]", "Commands after a run that failed."),
    key("hooks.shell", Bool, "false", "Whether a shell runs those commands."),
    key(
        "logging.level",
        Word(&["debug", "info", "warn", "error"]),
        "warn",
        "How much is said: debug and info as --debug and --verbose, error as --quiet.",
    ),
    key("logging.format", Word(&["text", "json"]), "text", "How it is said."),
    key("logging.output", Text, "stderr", "Where messages go: `stderr`, `stdout` or a file."),
    key("review.rules", Texts, "[]", "The rules of reviews."),
    key("review.severity", Pairs, "{}", "How bad a rule's findings are."),
    key("review.pg_version", Integer(10, 99), "", "The server's major version."),
    key("review.ignore", Texts, "[]", "What reviews pass over."),
    key("timeouts.connect", Text, "15s", "How long a connection to a database may take, for each of its servers."),
    key("timeouts.statement", Text, "5m", "How long a query of the catalog may take."),
    key("timeouts.lock", Text, "30s", "How long a lock may be waited for."),
];

/// An entry of `types`.
const TYPES: &[Key] = &[
    key("db_type", Text, "", "The database type: `numeric`, `app.money`."),
    key("column", Text, "", "The column, as table.column, or schema.table.column; patterns too."),
    key("nullable", Bool, "", "Only where NULL is allowed, or only where it isn't; both when it is left out."),
    key("go_type", Text, "", "The Go type as code has it: `decimal.Decimal`."),
    key("import", Text, "", "The package to import for it: `github.com/shopspring/decimal`."),
];

/// An entry of `cross_schema.schemas`.
const SCHEMAS: &[Key] = &[
    key("name", Text, "", "The schema."),
    key("source", Text, "", "Where it is, as `source`; where no `source`, `snapshot` or `dsn` is named, it is in that of the file."),
    key("snapshot", Text, "", "Where it is, as `snapshot`."),
    key("dsn", Text, "", "Its database, as `dsn`."),
    key("output_dir", Text, "{base}/{name}", "Its folder: what `{base}` is for its packages."),
    key("package_name", Text, "models", "What its package of models calls itself."),
    key("tables", Texts, "[]", "Only these tables and views of it, instead of those of `tables`."),
    key("ignore_tables", Texts, "[]", "Not these, besides those of `ignore_tables`."),
];

/// Older spellings, and the key of today.
pub(super) const ALIASES: &[(&str, &str)] = &[
    ("parallel.enabled", "optimization.parallel_generation"),
    ("parallel.workers", "optimization.max_workers"),
    ("template_optimization.enabled", "templates.enable_caching"),
    ("template_optimization.cache_size", "templates.cache_size"),
    ("template_optimization.precompile", "templates.precompile_common"),
    ("incremental.enabled", "optimization.enable_incremental"),
    ("migrations.output_dir", "migrations.migration_dir"),
    ("migrations.dir", "migrations.migration_dir"),
    ("migrations.format", "migrations.migration_format"),
    ("go_generate.update_makefile", "go_generate.generate_makefile"),
    ("go_generate.update_vscode_tasks", "go_generate.generate_vscode_tasks"),
    ("go_generate.update_gitignore", "go_generate.generate_gitignore_entries"),
];

/// The key of that path, or of that older spelling.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    let path = ALIASES.iter().find(|(old, _)| *old == path).map_or(path, |(_, new)| new);
    KEYS.iter().find(|it| it.path == path)
}

/// Whether some key is below that path.
pub(super) fn is_group(path: &str) -> bool {
    let below = |it: &str| it.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    KEYS.iter().any(|it| below(it.path)) || ALIASES.iter().any(|(old, _)| below(old))
}

/// The names that may stand directly in a group; in the file itself for an empty path.
pub(super) fn names_in(group: &str) -> impl Iterator<Item = &'static str> {
    let prefix = if group.is_empty() { String::new() } else { format!("{group}.") };
    let paths = KEYS.iter().map(|it| it.path).chain(ALIASES.iter().map(|(old, _)| *old));
    paths.filter_map(move |path| path.strip_prefix(&prefix)).map(|rest| rest.split('.').next().unwrap_or(rest))
}
