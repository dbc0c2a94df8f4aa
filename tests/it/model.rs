//! The Go model of random schemas: it never panics, and no two things of one package have one name.
//!
//! Schemas are made as text, from names that are chosen to collide; a failure names its seed, which makes the same schema again.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use libtest_mimic::{Failed, Trial};
use pgx_goose::capture::script::{Input, parse};
use pgx_goose::codegen::build::Model;
use pgx_goose::codegen::options::{DecimalType, Directories, MockProvider, Module, Nullable, Options, Tags, UuidType};
use pgx_goose::ddl::quote_identifier;

use crate::random::Random;

/// How many schemas are made.
const SCHEMAS: u64 = 300;

/// Names that Go, file systems or other names get in the way of.
const NAMES: &[&str] = &[
    "user",
    "users",
    "User",
    "USER",
    "user_",
    "_user",
    "user_create",
    "users_patch",
    "type",
    "func",
    "range",
    "map",
    "string",
    "error",
    "nil",
    "context",
    "time",
    "id",
    "ID",
    "i_d",
    "a-b",
    "a b",
    "a_b",
    "aB",
    "1st",
    "été",
    "日本",
    "order_test",
    "build_linux",
    "con",
    "..",
    "a/b",
    "x\"y",
    "user_repository",
    "mock_user",
    "table_name",
    "columns",
    "key",
    "cursor",
    "it's",
    "`",
    "\\",
    "opt",
    "null",
    "models",
    "postgres",
];

const TYPES: &[&str] =
    &["int", "bigint", "text", "uuid", "numeric(10,2)", "timestamptz", "jsonb", "boolean", "int[]", "bytea", "date", "inet"];

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("model::random_schemas", || (1..=SCHEMAS).try_for_each(check))]
}

/// Some names, each once.
fn names(random: &mut Random, most: usize) -> BTreeSet<&'static str> {
    (0..=random.below(most)).map(|_| NAMES[random.below(NAMES.len())]).collect()
}

fn schema(random: &mut Random) -> String {
    let mut sql = String::new();
    let mut types: Vec<String> = TYPES.iter().map(|it| (*it).to_owned()).collect();
    let mut keys: Vec<(String, String, String)> = Vec::new();
    let mut taken = HashSet::new();
    for schema in ["public", "user"].into_iter().take(1 + random.below(2)) {
        let schema = quote_identifier(schema);
        sql.push_str(&format!("CREATE SCHEMA IF NOT EXISTS {schema};\n"));
        for name in names(random, 4) {
            let own = format!("{schema}.{}", quote_identifier(name));
            if !taken.insert(own.clone()) {
                continue;
            }
            let labels: Vec<String> = names(random, 5).into_iter().map(|it| format!("'{}'", it.replace('\'', "''"))).collect();
            let columns: Vec<String> =
                names(random, 3).into_iter().map(|it| format!("{} {}", quote_identifier(it), random.of(TYPES))).collect();
            match random.below(3) {
                0 => sql.push_str(&format!("CREATE TYPE {own} AS ENUM ({});\n", labels.join(", "))),
                1 => sql.push_str(&format!("CREATE TYPE {own} AS ({});\n", columns.join(", "))),
                _ => sql.push_str(&format!("CREATE DOMAIN {own} AS {} NOT NULL;\n", random.of(&["int", "text"]))),
            }
            types.push(own);
        }
        for name in names(random, 8) {
            let own = format!("{schema}.{}", quote_identifier(name));
            if !taken.insert(own.clone()) {
                continue;
            }
            let mut lines = Vec::new();
            let mut columns = Vec::new();
            for column in names(random, 7) {
                let column = quote_identifier(column);
                let data_type = types[random.below(types.len())].clone();
                let rest = random.of(&["", "", " NOT NULL", " UNIQUE", " DEFAULT NULL"]);
                lines.push(format!("{column} {data_type}{rest}"));
                columns.push((column, data_type));
            }
            let (key, key_type) = columns[random.below(columns.len())].clone();
            if random.below(4) > 0 {
                lines.push(format!("PRIMARY KEY ({key})"));
                keys.push((own.clone(), key, key_type));
            }
            sql.push_str(&format!("CREATE TABLE {own} ({});\n", lines.join(", ")));
            for (column, data_type) in &columns {
                if let Some((table, key, _)) = keys.iter().find(|(_, _, it)| it == data_type)
                    && random.below(3) == 0
                {
                    sql.push_str(&format!("ALTER TABLE {own} ADD FOREIGN KEY ({column}) REFERENCES {table} ({key});\n"));
                }
            }
            if random.below(3) == 0 {
                sql.push_str(&format!("CREATE VIEW {schema}.{} AS SELECT * FROM {own};\n", quote_identifier(&format!("{name}_view"))));
            }
        }
    }
    sql
}

fn options() -> Options {
    Options {
        module: Module { path: "example.com/x".to_owned(), dir: ".".to_owned() },
        directories: Directories::below("db"),
        schemas: Vec::new(),
        tables: Vec::new(),
        ignore_tables: Vec::new(),
        mock_provider: MockProvider::Testify,
        with_interfaces: true,
        with_mocks: true,
        with_benchmarks: false,
        with_tests: true,
        models_only: false,
        template_dir: None,
        workers: 1,
        nullable: Nullable::Pointer,
        tags: Tags { json: true, db: true, validate: true },
        types: Vec::new(),
        initialisms: Vec::new(),
        renames: BTreeMap::new(),
        plurals: BTreeMap::new(),
        soft_delete_columns: vec!["deleted_at".to_owned()],
        list_by_indexes: true,
        version_columns: None,
        uuid: UuidType::Google,
        decimal: DecimalType::Shopspring,
    }
}

fn check(seed: u64) -> Result<(), Failed> {
    let sql = schema(&mut Random::new(seed));
    let catalog = parse(&[Input::new("random.sql", sql.as_str())]).catalog;
    let options = options();
    let model = Model::new(&catalog, &options).map_err(|error| format!("seed {seed}: {error}\n{sql}"))?;
    let mut models = Names::default();
    let (mut repositories, mut mocks, mut files) = (Names::default(), Names::default(), Names::default());
    for it in &model.project.enums {
        models.add([&it.name, &it.plural].into_iter().chain(it.values.iter().map(|it| &it.name)));
    }
    for it in &model.project.composites {
        models.add([&it.name]);
        let mut fields = Names::default();
        fields.add(it.fields.iter().map(|it| &it.name));
        models.twice.extend(fields.twice);
    }
    for (n, head) in model.project.tables.iter().enumerate() {
        let names = &head.names;
        models.add([&names.model, &names.create, &names.patch, &names.key, &names.cursor, &names.columns]);
        repositories.add([&names.repository, &names.plural]);
        mocks.add([&names.mock]);
        files.add([&names.file.to_lowercase()]);
        let table = model.table(n);
        let mut fields = Names::default();
        fields.add(table.columns.iter().map(|it| &it.field));
        let mut methods = Names::default();
        methods.add(table.methods.iter().map(|it| &it.name));
        models.twice.extend(methods.twice.into_iter().map(|it| format!("{}.{it}", names.repository)));
        models.twice.extend(fields.twice.into_iter().map(|it| format!("{}.{it}", names.model)));
    }
    let twice = [models, repositories, mocks, files].map(|it| it.twice).concat();
    if twice.is_empty() { Ok(()) } else { Err(format!("seed {seed}: names are given twice: {}\n{sql}", twice.join(", ")).into()) }
}

/// The names of one scope, and those that were given twice.
#[derive(Default)]
struct Names {
    seen: HashSet<String>,
    twice: Vec<String>,
}

impl Names {
    fn add<'n>(&mut self, names: impl IntoIterator<Item = &'n String>) {
        for name in names {
            if !self.seen.insert(name.clone()) {
                self.twice.push(name.clone());
            }
        }
    }
}
