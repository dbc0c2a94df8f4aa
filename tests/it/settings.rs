//! Every flag of `generate` and every key of the config file has an effect that can be seen, or is accepted for a reason that stands here.
//!
//! A row says what is set and what follows; the same is looked at without the setting, where it must not hold. The lists of all flags and of all keys come from
//! the program (`--help`, `schema config`), so a new one without a row fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

use crate::tool;

const SCHEMA: &str = "create schema accounts;\n\
    create table accounts.users (id uuid primary key, nick varchar(20), balance numeric not null, url text not null, data jsonb, nm text not null);\n\
    create table orders (id bigint primary key, user_id uuid references accounts.users, note text, gone_at timestamptz, edits int not null default 0);\n\
    create table gizmo (id bigint primary key, size int); create index on gizmo (size);\n";

/// What can be seen of a run.
#[derive(Clone, Copy)]
enum Effect {
    /// A file is there.
    File(&'static str),
    /// A file is not.
    NoFile(&'static str),
    /// A file has a text.
    Has(&'static str, &'static str),
    /// It has not.
    HasNot(&'static str, &'static str),
    /// Standard error has a text.
    Says(&'static str),
    /// Nothing is on standard error.
    Silence,
    /// Standard output has a text.
    Prints(&'static str),
    /// The exit code.
    Code(i32),
}
use Effect::{Code, File, Has, HasNot, NoFile, Prints, Says, Silence};

/// What is set (a flag or a key), how, what comes with it in both runs, and what follows.
struct Row {
    name: &'static str,
    set: &'static str,
    beside: &'static str,
    effect: Effect,
}

const fn row(name: &'static str, set: &'static str, effect: Effect) -> Row {
    Row { name, set, beside: "", effect }
}

const fn beside(name: &'static str, set: &'static str, beside: &'static str, effect: Effect) -> Row {
    Row { name, set, beside, effect }
}

const USER: &str = "gen/models/user.go";
const USER_REPOSITORY: &str = "gen/repository/postgres/user_repository.go";

/// Flags, as they are given.
const FLAGS: &[Row] = &[
    row("--from", "--from other.sql", File("gen/models/other.go")),
    row("--dsn", "--dsn postgres://127.0.0.1:1/x", Code(4)),
    row("--config", "--config other.yaml", File("elsewhere/models/user.go")),
    row("--json", "--json", File("of_json/models/user.go")),
    row("--yaml", "--yaml=false", File("of_json/models/user.go")),
    row("--schema", "--schema accounts", NoFile("gen/models/order.go")),
    row("--tables", "--tables users", NoFile("gen/models/order.go")),
    row("--ignore-tables", "--ignore-tables ord*", NoFile("gen/models/order.go")),
    beside("--strict", "--strict", "--from odd.sql", Code(3)),
    beside("--shadow", "--shadow", "--from odd.sql", Says("the server says: server \"elsewhere\" does not exist")),
    row("--module", "--module example.com/other", Has(USER_REPOSITORY, "example.com/other/gen/models")),
    row("--out", "--out there", File("there/models/user.go")),
    row("--models-dir", "--models-dir m", File("m/user.go")),
    row("--interfaces-dir", "--interfaces-dir i", File("i/user_repository.go")),
    row("--repos-dir", "--repos-dir r", File("r/user_repository.go")),
    row("--mocks-dir", "--mocks-dir k", File("k/mock_user_repository.go")),
    row("--tests-dir", "--tests-dir t", File("t/user_repository_test.go")),
    row("--mock-provider", "--mock-provider mock", Has("gen/mocks/mock_user_repository.go", "go.uber.org/mock/gomock")),
    row("--mock-provider", "--mock-provider gomock", Has("gen/mocks/mock_user_repository.go", "go.uber.org/mock/gomock")),
    row("--with-tests", "--with-tests=false", NoFile("gen/tests")),
    row("--models-only", "--models-only", NoFile("gen/repository")),
    row("--template-dir", "--template-dir own", Has("gen/models/opt.go", "// Own.")),
    row("--check", "--check", Code(1)),
    row("--dry-run", "--dry-run", Prints("create  gen/models/user.go")),
    row("--incremental", "--incremental", File("gen/.pgx-goose-metadata.json")),
    beside("--force", "--force", "--out foreign", Has("foreign/models/user.go", "Code generated")),
    beside("--parallel", "--parallel=false", "--verbose", Says("using 1 worker\n")),
    beside("--workers", "--workers 3", "--verbose", Says("using 3 workers\n")),
    beside("--generate-migrations", "--generate-migrations", "--config other.yaml", File("migrations")),
    row("--go-generate", "--go-generate", File("generate.go")),
    row("--cross-schema", "--cross-schema", File("gen/accounts/models/user.go")),
    row("--dump-data", "--dump-data users", Prints("\"model\": \"User\"")),
    row("--quiet", "--quiet", Silence),
    row("--verbose", "--verbose", Says("INFO Read ")),
    row("--debug", "--debug", Says("DEBUG Config file: pgx-goose-conf.yaml")),
    row("--log-format", "--log-format json", Says("{\"level\":")),
];

/// Flags without a row, and why.
const NO_ROW_FLAGS: &[(&str, &str)] = &[
    ("--optimize-templates", "accepted: templates are always compiled once"),
    ("--watch", "does not end; tests/cli.rs watches it"),
    ("--help", "clap's"),
    ("--version", "clap's"),
];

/// Keys, as the config file has them beside `source: schema.sql` and `out: gen`; a key that is one of the two takes its place.
const KEYS: &[Row] = &[
    row("source", "source: other.sql", File("gen/models/other.go")),
    row("snapshot", "source:\nsnapshot: other.sql", File("gen/models/other.go")),
    row("dsn", "source:\ndsn: postgres://127.0.0.1:1/x", Code(4)),
    row("schema", "schema: accounts", NoFile("gen/models/order.go")),
    row("module", "module: example.com/other", Has(USER_REPOSITORY, "example.com/other/gen/models")),
    row("out", "out: there", File("there/models/user.go")),
    row("output_dirs.base", "output_dirs: {base: there}", File("there/models/user.go")),
    row("output_dirs.models", "output_dirs: {models: '{base}/m'}", File("gen/m/user.go")),
    row("output_dirs.interfaces", "output_dirs: {interfaces: i}", File("i/user_repository.go")),
    row("output_dirs.repositories", "output_dirs: {repositories: r}", File("r/user_repository.go")),
    row("output_dirs.mocks", "output_dirs: {mocks: k}", File("k/mock_user_repository.go")),
    row("output_dirs.tests", "output_dirs: {tests: t}", File("t/user_repository_test.go")),
    row("output_dirs.runtime", "output_dirs: {runtime: run}", File("run/errors.go")),
    row("tables", "tables: [users]", NoFile("gen/models/order.go")),
    row("ignore_tables", "ignore_tables: ['ord*']", NoFile("gen/models/order.go")),
    row("template_dir", "template_dir: own", Has("gen/models/opt.go", "// Own.")),
    row("mock_provider", "mock_provider: gomock", Has("gen/mocks/mock_user_repository.go", "go.uber.org/mock/gomock")),
    row("with_tests", "with_tests: false", NoFile("gen/tests")),
    row("nullable", "nullable: pgtype", Has(USER, "pgtype.Text")),
    row("soft_delete_columns", "soft_delete_columns: [gone_at]", Has("gen/repository/interfaces/order_repository.go", "SoftDelete(")),
    row("version_columns", "version_columns: [edits]", Has("gen/repository/interfaces/order_repository.go", "ErrStale")),
    row("list_by_indexes", "list_by_indexes: true", Has("gen/repository/interfaces/gizmo_repository.go", "ListBySize(")),
    row("tags", "tags: [db]", HasNot(USER, "json:\"id")),
    row("initialisms", "initialisms: [NM]", Has(USER, "NM ")),
    row("rename", "rename: {accounts.users: Person}", File("gen/models/person.go")),
    row("plurals", "plurals: {gizmo: gizmata}", Has("gen/repository/postgres/repositories.go", "Gizmata")),
    row("uuid", "uuid: pgtype", Has(USER, "pgtype.UUID")),
    row("decimal", "decimal: pgtype", Has(USER, "pgtype.Numeric")),
    row("types", "types: [{db_type: jsonb, go_type: 'map[string]any'}]", Has(USER, "map[string]any")),
    beside(
        "optimization.parallel_generation",
        "optimization: {parallel_generation: false}",
        "logging: {level: info}",
        Says("using 1 worker\n"),
    ),
    beside("optimization.max_workers", "optimization: {max_workers: 3}", "logging: {level: info}", Says("using 3 workers\n")),
    row("optimization.enable_incremental", "optimization: {enable_incremental: true}", File("gen/.pgx-goose-metadata.json")),
    beside(
        "incremental.force",
        "out: foreign\nincremental: {enabled: true, force: true}",
        "# out: foreign",
        Has("foreign/models/user.go", "Code generated"),
    ),
    beside("go_generate.enabled", "go_generate: {enabled: true}", "", File("generate.go")),
    beside(
        "go_generate.create_directive",
        "go_generate: {enabled: true, create_directive: false}",
        "go_generate: {enabled: true}",
        NoFile("generate.go"),
    ),
    beside(
        "go_generate.generate_makefile",
        "go_generate: {enabled: true, generate_makefile: false}",
        "go_generate: {enabled: true}",
        NoFile("Makefile"),
    ),
    beside(
        "go_generate.generate_vscode_tasks",
        "go_generate: {enabled: true, generate_vscode_tasks: false}",
        "go_generate: {enabled: true}",
        NoFile(".vscode"),
    ),
    beside(
        "go_generate.generate_gitignore_entries",
        "go_generate: {enabled: true, generate_gitignore_entries: false}",
        "go_generate: {enabled: true}",
        NoFile(".gitignore"),
    ),
    beside(
        "migrations.enabled",
        "snapshot: other.sql\nmigrations: {enabled: true, auto_generate: true}",
        "snapshot: other.sql\nmigrations: {auto_generate: true}",
        File("migrations"),
    ),
    beside(
        "migrations.auto_generate",
        "snapshot: other.sql\nmigrations: {enabled: true, auto_generate: true}",
        "snapshot: other.sql\nmigrations: {enabled: true}",
        File("migrations"),
    ),
    beside(
        "migrations.migration_dir",
        "snapshot: other.sql\nmigrations: {enabled: true, auto_generate: true, migration_dir: db/up}",
        "snapshot: other.sql\nmigrations: {enabled: true, auto_generate: true}",
        File("db/up"),
    ),
    row("cross_schema.enabled", "cross_schema: {enabled: true}", File("gen/accounts/models/user.go")),
    beside(
        "cross_schema.schemas",
        "cross_schema: {enabled: true, schemas: [accounts]}",
        "cross_schema: {enabled: true}",
        NoFile("gen/public"),
    ),
    beside(
        "cross_schema.schemas",
        "cross_schema: {enabled: true, schemas: [{name: accounts, source: schema.sql}, {name: public, source: other.sql}]}",
        "cross_schema: {enabled: true, schemas: [accounts, public]}",
        File("gen/public/models/other.go"),
    ),
    beside(
        "cross_schema.schemas",
        "cross_schema: {enabled: true, schemas: [accounts, {name: public, snapshot: other.sql}]}",
        "cross_schema: {enabled: true, schemas: [accounts, public]}",
        Has("gen/crossschema/repositories.go", "type Pools struct"),
    ),
    beside(
        "cross_schema.schemas",
        "cross_schema: {enabled: true, schemas: [{name: accounts, dsn: 'postgres://127.0.0.1:1/x'}]}",
        "cross_schema: {enabled: true, schemas: [accounts]}",
        Code(4),
    ),
    beside(
        "cross_schema.schemas",
        "cross_schema: {enabled: true, schemas: [{name: accounts, output_dir: apart}]}",
        "cross_schema: {enabled: true, schemas: [accounts]}",
        File("apart/models/user.go"),
    ),
    beside(
        "cross_schema.schemas",
        "cross_schema: {enabled: true, schemas: [{name: accounts, package_name: people}]}",
        "cross_schema: {enabled: true, schemas: [accounts]}",
        Has("gen/accounts/models/user.go", "package people\n"),
    ),
    beside(
        "cross_schema.schemas",
        "cross_schema: {enabled: true, schemas: [{name: public, tables: [gizmo]}]}",
        "cross_schema: {enabled: true, schemas: [public]}",
        NoFile("gen/public/models/order.go"),
    ),
    beside(
        "cross_schema.schemas",
        "cross_schema: {enabled: true, schemas: [{name: public, ignore_tables: ['ord*']}]}",
        "cross_schema: {enabled: true, schemas: [public]}",
        NoFile("gen/public/models/order.go"),
    ),
    beside(
        "cross_schema.cross_schema_package",
        "cross_schema: {enabled: true, cross_schema_package: all}",
        "cross_schema: {enabled: true}",
        Has("gen/all/repositories.go", "package all\n"),
    ),
    row("quality.enable_validation_tags", "quality: {enable_validation_tags: true}", Has(USER, "validate:\"")),
    row("quality.enable_json_tags", "quality: {enable_json_tags: false}", HasNot(USER, "json:\"id")),
    row("quality.enable_db_tags", "quality: {enable_db_tags: false}", HasNot(USER, "db:\"id")),
    row(
        "quality.generate_interfaces",
        "quality: {generate_interfaces: false}",
        HasNot("gen/repository/interfaces/user_repository.go", " interface {"),
    ),
    row("quality.generate_interfaces", "quality: {generate_interfaces: false}", NoFile("gen/mocks")),
    row("quality.generate_benchmarks", "quality: {generate_benchmarks: true}", File("gen/tests/user_repository_bench_test.go")),
    row("quality.generate_mocks", "quality: {generate_mocks: false}", NoFile("gen/mocks")),
    row("quality.generate_tests", "quality: {generate_tests: false}", NoFile("gen/tests")),
    row("hooks.pre_generation", "hooks: {pre_generation: [touch before]}", File("before")),
    row("hooks.post_generation", "hooks: {post_generation: [touch after]}", File("after")),
    beside("hooks.on_error", "source: broken.sql\nhooks: {on_error: [touch failed]}", "# source: broken.sql", File("failed")),
    row("hooks.shell", "hooks: {shell: true, pre_generation: ['touch one && touch two']}", File("two")),
    row("logging.level", "logging: {level: error}", Silence),
    row("logging.level", "logging: {level: info}", Says("INFO Read ")),
    row("logging.format", "logging: {format: json}", Says("{\"level\":")),
    row("logging.output", "logging: {output: said.log}", Has("said.log", "Go files for ")),
    row("logging.output", "logging: {output: stdout}", Prints("Go files for ")),
    row("timeouts.connect", "timeouts: {connect: soon}", Code(2)),
    row("timeouts.statement", "timeouts: {statement: soon}", Code(2)),
    row("timeouts.lock", "timeouts: {lock: soon}", Code(2)),
];

/// Keys without a row, and why: groups end with a dot.
const NO_ROW_KEYS: &[(&str, &str)] = &[
    ("optimization.template_cache_size", "accepted: all templates are kept"),
    ("templates.", "accepted: all templates are compiled once and kept"),
    ("migrations.", "of `migrate`; the tests of it look at them"),
    ("cross_schema.relationship_detection", "accepted: foreign keys between schemas are always found"),
    ("review.", "of `review`"),
    ("renames", "of `diff` and `migrate`"),
    ("quality.generate_examples", "told as not available"),
    ("quality.generate_swagger", "told as not available"),
    ("quality.generate_godoc", "accepted: comments are documentation"),
];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("settings::flags", || rows(FLAGS, flags_of)),
        Trial::test("settings::keys", || rows(KEYS, keys_of)),
        Trial::test("settings::every_flag_has_a_row", every_flag),
        Trial::test("settings::every_key_has_a_row", every_key),
    ]
}

/// A run: the lines of the config file and the arguments.
struct Setting {
    config: String,
    arguments: Vec<String>,
}

fn flags_of(row: &Row, set: bool) -> Setting {
    let given = if set { format!("{} {}", row.beside, row.set) } else { row.beside.to_owned() };
    Setting { config: config(""), arguments: given.split_whitespace().map(str::to_owned).collect() }
}

fn keys_of(row: &Row, set: bool) -> Setting {
    // What is only beside where the row's own key is not set, too.
    let config = match set {
        true if row.set.split(':').next() == row.beside.split(':').next() => config(row.set),
        true => config(&format!("{}\n{}", row.beside, row.set)),
        false => config(row.beside.trim_start_matches("# ")),
    };
    Setting { config, arguments: Vec::new() }
}

/// A config file of these lines, and of those that it needs.
fn config(lines: &str) -> String {
    let sets = |key: &str| lines.lines().any(|it| it.starts_with(&format!("{key}:")));
    let default = [("source", "schema.sql"), ("out", "gen")].into_iter().filter(|(key, _)| !sets(key));
    default.map(|(key, value)| format!("{key}: {value}\n")).chain([format!("{lines}\n")]).collect()
}

fn rows(rows: &[Row], setting: impl Fn(&Row, bool) -> Setting) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    let mut without: BTreeMap<(String, Vec<String>), (PathBuf, tool::Ran)> = BTreeMap::new();
    for row in rows {
        let Setting { config, arguments } = setting(row, false);
        let base = match without.entry((config, arguments)) {
            std::collections::btree_map::Entry::Occupied(it) => it.into_mut(),
            std::collections::btree_map::Entry::Vacant(it) => {
                let ran = run(&it.key().0, &it.key().1)?;
                it.insert(ran)
            }
        };
        if holds(row.effect, base) {
            wrong.push(format!("{}: what follows from `{}` is there without it: {}", row.name, row.set, base.1.stderr));
        }
        let Setting { config, arguments } = setting(row, true);
        let ran = run(&config, &arguments)?;
        if !holds(row.effect, &ran) {
            wrong.push(format!("{}: `{}` has no effect: exit code {}, {}", row.name, row.set, ran.1.code, ran.1.stderr));
        }
        let _ = fs::remove_dir_all(&ran.0);
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn run(config: &str, arguments: &[String]) -> Result<(PathBuf, tool::Ran), String> {
    let place = tool::workplace("settings");
    let write = |name: &str, text: &str| {
        let path = place.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).and_then(|()| fs::write(path, text)).map_err(|e| format!("{name}: {e}"))
    };
    write("go.mod", "module example.com/shop\n\ngo 1.26\n")?;
    write("schema.sql", SCHEMA)?;
    write("other.sql", "create table others (id bigint primary key);\n")?;
    write("odd.sql", &format!("{SCHEMA}import foreign schema remote from server elsewhere into public;\n"))?;
    write("broken.sql", "creat table x ();\n")?;
    write("pgx-goose-conf.yaml", config)?;
    write("other.yaml", "source: schema.sql\nout: elsewhere\nsnapshot: other.sql\n")?;
    write("pgx-goose-conf.json", "{\"source\": \"schema.sql\", \"out\": \"of_json\"}\n")?;
    write("foreign/models/user.go", "package foreign\n")?;
    let opt = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/opt.tmpl");
    write("own/opt.tmpl", &format!("{}\n// Own.\n", fs::read_to_string(opt).map_err(|e| e.to_string())?))?;
    let ran = tool::run(&place, arguments)?;
    Ok((place, ran))
}

fn holds(effect: Effect, (place, ran): &(PathBuf, tool::Ran)) -> bool {
    let text = |path: &str| fs::read_to_string(place.join(path)).ok();
    match effect {
        File(path) => place.join(path).exists(),
        // A run that failed has no files at all.
        NoFile(path) => ran.code == 0 && !place.join(path).exists(),
        Has(path, part) => text(path).is_some_and(|it| it.contains(part)),
        HasNot(path, part) => text(path).is_some_and(|it| !it.contains(part)),
        Says(part) => ran.stderr.contains(part),
        Silence => ran.code == 0 && ran.stderr.is_empty(),
        Prints(part) => ran.stdout.contains(part),
        Code(code) => ran.code == code,
    }
}

fn every_flag() -> Result<(), Failed> {
    let help = tool::run(Path::new("."), &["generate", "--help"])?.ok()?;
    let flags = help.lines().filter_map(|it| {
        let line = it.trim_start();
        let line = line
            .split_once(", --")
            .map_or(line, |(short, rest)| if short.len() == 2 { &line[line.len() - rest.len() - 2..] } else { line });
        line.strip_prefix("--").map(|it| it.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default())
    });
    let flags: BTreeSet<String> = flags.map(|it| format!("--{it}")).collect();
    let known = |flag: &str| FLAGS.iter().any(|it| it.name == flag) || NO_ROW_FLAGS.iter().any(|(it, _)| *it == flag);
    let missing: Vec<_> = flags.iter().filter(|it| !known(it)).collect();
    let gone: Vec<_> = FLAGS.iter().map(|it| it.name).filter(|it| !flags.contains(*it)).collect();
    if flags.len() > 30 && missing.is_empty() && gone.is_empty() {
        Ok(())
    } else {
        Err(format!("without a row: {missing:?}; no flags: {gone:?}; of {flags:?}").into())
    }
}

fn every_key() -> Result<(), Failed> {
    let schema: serde_json::Value =
        serde_json::from_str(&tool::run(Path::new("."), &["schema", "config"])?.ok()?).map_err(|e| e.to_string())?;
    let mut keys = BTreeSet::new();
    collect(&schema, "", &mut keys);
    let known = |key: &str| {
        let listed = NO_ROW_KEYS.iter().any(|(it, _)| *it == key || it.ends_with('.') && key.starts_with(it));
        KEYS.iter().any(|it| it.name == key) || listed
    };
    let missing: Vec<_> = keys.iter().filter(|it| !known(it)).collect();
    if keys.len() > 40 && missing.is_empty() { Ok(()) } else { Err(format!("without a row: {missing:?}").into()) }
}

/// The keys of a JSON Schema that are not older spellings.
fn collect(schema: &serde_json::Value, path: &str, keys: &mut BTreeSet<String>) {
    for (name, below) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if below["deprecated"] == true {
            continue;
        }
        // A group has keys below; a list of maps is a key.
        if below["type"] == "object" && below["properties"].is_object() {
            collect(below, &path, keys);
        } else {
            keys.insert(path);
        }
    }
}
