//! One schema, three texts, one catalog: what a schema's own DDL says, what `pg_dump` says of a database that the DDL made, and what
//! we print of it (`snapshot show --format sql`) are read into catalogs that are equal, object by object and field by field.
//!
//! Differences that stay stand in `equality/differences.tsv` with their number and reason: a higher number fails, a lower one asks to
//! be written down. What differs is listed in `target/tmp/equality/`, a file a schema; `equality::dump::` needs servers (of the majors that
//! `PGX_GOOSE_PG_MAJORS` says), `equality::kept_dump::` and `equality::script::` don't. With a server, the columns of views are compared too: what is told of them
//! without one must be what the server has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use libtest_mimic::{Completion, Failed, Trial};
use pgx_goose::capture::script::{self, Input};
use pgx_goose::catalog::{Catalog, Definition, Identity, Kind, Object};
use pgx_goose::snapshot;
use serde_json::Value;

use crate::corpus::{self, Refusal};
use crate::fidelity::{self, Against};
use crate::fixtures::{self, Case};
use crate::server::{DUMPER, Database, LOADER, majors, server_of};
use crate::tool;

const DIFFERENCES: &str = include_str!("equality/differences.tsv");

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for schema in corpus::schemas() {
        let name = schema.name.clone();
        let (kept, on_server) = (schema.clone(), schema.clone());
        trials.push(Trial::test(format!("equality::script::{name}"), move || {
            let catalog = schema.read()?.catalog;
            judge("script", &schema.name, &catalog, &read(pgx_goose::ddl::script(&catalog)))
        }));
        trials.push(Trial::test(format!("equality::kept_dump::{name}"), move || {
            judge("kept_dump", &kept.name, &kept.read()?.catalog, &of_whoever_runs_it(kept.read_dump()?.catalog))
        }));
        for major in majors() {
            let schema = on_server.clone();
            trials.push(Trial::ignorable_test(format!("equality::dump::{major}::{name}"), move || {
                let server = server_of(major)?;
                if let Some(reason) = schema.missing(server)? {
                    return Ok(Completion::ignored_with(reason));
                }
                let database = match schema.load(server, LOADER) {
                    Ok(database) => database,
                    Err(Refusal::Library(reason)) => return Ok(Completion::ignored_with(reason)),
                    // A schema is written for some majors: what it is refused for elsewhere is no fault of ours.
                    Err(Refusal::Error(error)) if major != 15 => return Ok(Completion::ignored_with(error)),
                    Err(Refusal::Error(error)) => return Err(error.into()),
                };
                let catalog = schema.read()?.catalog;
                judge_views(&schema.name, &catalog, &database)?;
                let dumped = of_whoever_runs_it(read(database.dump()?));
                fidelity::compare(&schema.name, major, Against::Dump, catalog.len().max(dumped.len()), differing(&catalog, &dumped));
                judge(&format!("dump {major}"), &schema.name, &catalog, &dumped)?;
                Ok(Completion::Completed)
            }));
        }
    }
    for case in fixtures::cases().into_iter().filter(|it| !it.is_error()) {
        let name = case.name.clone();
        let on_server = case.clone();
        trials.push(Trial::test(format!("equality::script::{name}"), move || {
            let catalog = catalog_of(&case)?;
            judge("script", &case.name, &catalog, &read(pgx_goose::ddl::script(&catalog)))
        }));
        for major in majors() {
            let case = on_server.clone();
            trials.push(Trial::ignorable_test(format!("equality::dump::{major}::{name}"), move || {
                let server = server_of(major)?;
                if let Some(missing) = case.missing(server)? {
                    return Ok(Completion::ignored_with(missing));
                }
                let database = server.database(&case.name)?;
                let loaded = case.scripts()?.iter().try_for_each(|script| database.run(script).map(drop));
                loaded.map_err(|error| format!("the server refuses the fixture: {error}"))?;
                let catalog = catalog_of(&case)?;
                judge_views(&case.name, &catalog, &database)?;
                judge(&format!("dump {major}"), &case.name, &catalog, &of_whoever_runs_it(read(database.dump()?)))?;
                Ok(Completion::Completed)
            }));
        }
    }
    trials
}

fn read(text: String) -> Catalog {
    script::parse(&[Input::new("text.sql", text)]).catalog
}

/// Default privileges that a dump gives to the role that made it, the text gives to whoever runs it.
fn of_whoever_runs_it(catalog: Catalog) -> Catalog {
    let told = |(mut identity, object): (Identity, Object)| {
        if identity.kind == Kind::DefaultPrivileges && [LOADER, DUMPER].contains(&identity.name.as_str()) {
            identity.name.clear();
        }
        (identity, object)
    };
    catalog.into_iter().map(told).collect()
}

/// What the program makes of a case, folders of migrations included.
fn catalog_of(case: &Case) -> Result<Catalog, String> {
    let path = tool::workplace(&format!("equality_{}", case.name)).join("it.pgsnap");
    let file = path.to_string_lossy();
    tool::run(&case.folder, &["snapshot", "create", case.source(), "-o", &file])?.ok()?;
    let bytes = fs::read(&path).map_err(|e| format!("{file}: {e}"))?;
    Ok(snapshot::decode(&bytes).map_err(|e| e.to_string())?.catalog)
}

/// Compares, lists what differs, and holds the number against the one that is expected.
fn judge(source: &str, schema: &str, catalog: &Catalog, other: &Catalog) -> Result<(), Failed> {
    let differences = compare(catalog, other);
    let objects = catalog.iter().count();
    let differing: BTreeSet<&str> = differences.iter().map(|it| it.object.as_str()).collect();
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for difference in &differences {
        *groups.entry(&difference.cause).or_default() += 1;
    }
    let groups: Vec<String> = groups.iter().map(|(cause, number)| format!("{number} × {cause}")).collect();
    let differing = differing.len();
    println!(
        "equality {source} {schema}: {objects} objects, {differing} differ{}{}",
        if groups.is_empty() { "" } else { ": " },
        groups.join(", ")
    );
    let list = Path::new(env!("CARGO_TARGET_TMPDIR")).join("equality");
    fs::create_dir_all(&list).map_err(|e| e.to_string())?;
    let list = list.join(format!("{source}_{}.txt", schema.replace('/', "_")).replace(' ', "_"));
    let text: String = differences.iter().map(Difference::to_string).collect();
    fs::write(&list, &text).map_err(|e| e.to_string())?;
    let expected = expected(source, schema);
    match differing.cmp(&expected) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less => {
            Err(format!("{differing} objects differ, and equality/differences.tsv allows {expected}: write the lower number down").into())
        }
        std::cmp::Ordering::Greater => {
            const SHOWN: usize = 4_000;
            let shown: String = text.chars().take(SHOWN).collect();
            Err(format!("{differing} of {objects} objects differ, {expected} expected; all are in {}:\n{shown}", list.display()).into())
        }
    }
}

/// The columns of all views as the server has them: schema, view, column, type.
const VIEW_COLUMNS: &str = r"SELECT concat_ws(E'\x1f', n.nspname, c.relname, a.attname,
    CASE WHEN en.nspname <> 'pg_catalog' THEN en.nspname || '.' END || et.typname, et.typname) || coalesce(f.modifiers, '')
    || CASE WHEN t.typelem <> 0 AND t.typlen = -1 AND t.typcategory = 'A' THEN '[]' ELSE '' END
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_type et ON et.oid = CASE WHEN t.typelem <> 0 AND t.typlen = -1 AND t.typcategory = 'A' THEN t.typelem ELSE t.oid END
  JOIN pg_namespace en ON en.oid = et.typnamespace
  CROSS JOIN LATERAL (SELECT coalesce('(' || substring(lower(format_type(a.atttypid, a.atttypmod)) from '^interval ([a-z ]+)') || ')',
    substring(lower(format_type(a.atttypid, a.atttypmod)) from '\([^)]*\)'))) f(modifiers)
WHERE c.relkind IN ('v', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname, a.attnum";

/// The names and types of the columns of views, which were told without a server, against the server's: none may be wrong. Those that
/// can't be told were reported when the text was read; how many they are is the answer.
pub(crate) fn judge_views(schema: &str, catalog: &Catalog, database: &Database<'_>) -> Result<usize, Failed> {
    let (mut right, mut untold, mut wrong) = (0, 0, Vec::new());
    let mut views: BTreeMap<(String, String), Vec<(String, String)>> = BTreeMap::new();
    for line in database.run(VIEW_COLUMNS)?.lines() {
        let cells: Vec<&str> = line.split('\u{1f}').collect();
        let (Some(&schema), Some(&view), Some(&column), Some(&data_type)) = (cells.first(), cells.get(1), cells.get(2), cells.last())
        else {
            continue;
        };
        // The type stands last; before it, its schema and name where it is not the server's own.
        let data_type = match cells.get(3).filter(|_| cells.len() == 5) {
            Some(qualified) => format!("{}.{data_type}", qualified.split_once('.').map_or("", |it| it.0)),
            None => data_type.to_owned(),
        };
        views.entry((schema.to_owned(), view.to_owned())).or_default().push((column.to_owned(), data_type));
    }
    for (identity, object) in catalog.iter() {
        let columns = match &object.definition {
            Definition::View(it) => &it.columns,
            Definition::MaterializedView(it) => &it.columns,
            _ => continue,
        };
        let Some(expected) = views.get(&(identity.schema.clone(), identity.name.clone())) else { continue };
        let found: Vec<(String, Option<String>)> =
            columns.iter().map(|it| (it.name.clone(), it.data_type.as_ref().map(|it| it.to_string().to_lowercase()))).collect();
        if found.len() != expected.len() && !found.is_empty() {
            wrong.push(format!("{identity}: {} columns, and the server has {}", found.len(), expected.len()));
        }
        for ((name, data_type), (expected_name, expected_type)) in found.iter().zip(expected) {
            match data_type {
                _ if name != expected_name => wrong.push(format!("{identity}: `{name}`, and the server says `{expected_name}`")),
                None => untold += 1,
                Some(data_type) if *data_type == expected_type.to_lowercase() => right += 1,
                Some(data_type) => wrong.push(format!("{identity}.{name}: `{data_type}`, and the server says `{expected_type}`")),
            }
        }
    }
    println!("view columns {schema}: {right} right, {untold} not told, {} wrong", wrong.len());
    if wrong.is_empty() { Ok(untold) } else { Err(wrong.join("\n").into()) }
}

/// How many objects differ in some field.
fn differing(catalog: &Catalog, other: &Catalog) -> usize {
    compare(catalog, other).iter().map(|it| it.object.as_str()).collect::<BTreeSet<_>>().len()
}

/// How many objects may differ: a line of a major (`dump 13`) stands above that of all.
fn expected(source: &str, schema: &str) -> usize {
    let of_all = source.split(' ').next().unwrap_or(source);
    said(source, schema).or_else(|| said(of_all, schema)).unwrap_or(0)
}

fn said(source: &str, schema: &str) -> Option<usize> {
    DIFFERENCES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).find_map(|line| {
        match line.split('\t').collect::<Vec<_>>().as_slice() {
            [its_source, its_schema, number, _reason] => (*its_source == source && *its_schema == schema)
                .then(|| number.parse().expect("equality/differences.tsv: the third cell is a number")),
            other => panic!("equality/differences.tsv: four cells a line, found {other:?}"),
        }
    })
}

/// A field that is not the same.
struct Difference {
    object: String,
    /// Kind of object, and which field.
    cause: String,
    texts: [String; 2],
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} [{}]\n  < {}\n  > {}", self.object, self.cause, self.texts[0], self.texts[1])
    }
}

/// What one catalog has otherwise than the other, as texts.
pub(crate) fn differences(one: &Catalog, other: &Catalog) -> impl Iterator<Item = String> {
    compare(one, other).into_iter().map(|it| it.to_string().trim_end().to_owned())
}

/// What one catalog has otherwise than the other, field by field.
fn compare(one: &Catalog, other: &Catalog) -> Vec<Difference> {
    let mut differences = Vec::new();
    let alone = |identity: &Identity, texts: [&str; 2]| Difference {
        object: identity.to_string(),
        cause: format!("{} {}", identity.kind.name(), if texts[0] == "-" { "unexpected" } else { "missing" }),
        texts: texts.map(str::to_owned),
    };
    for (identity, object) in one.iter() {
        match other.get(identity) {
            Some(same) if same == object => {}
            Some(same) => {
                let mut fields = Vec::new();
                let (mut one, mut other) = (value(object), value(same));
                forget_what_a_dump_leaves_out(&mut one, &mut other);
                compare_values("", &one, &other, &mut fields);
                differences.extend(fields.into_iter().map(|(path, texts)| Difference {
                    object: identity.to_string(),
                    cause: format!("{} {path}", identity.kind.name()),
                    texts,
                }));
            }
            None => differences.push(alone(identity, ["there", "-"])),
        }
    }
    differences.extend(other.iter().filter(|(it, _)| one.get(it).is_none()).map(|(it, _)| alone(it, ["-", "there"])));
    differences
}

/// An owner is compared where both texts say one. `pg_dump --schema-only` makes every materialised view without its data, whether
/// it has some or not.
fn forget_what_a_dump_leaves_out(one: &mut Value, other: &mut Value) {
    let owned = [&*one, &*other].iter().all(|it| it.get("owner").is_some());
    for fields in [one, other].into_iter().filter_map(Value::as_object_mut) {
        if !owned {
            fields.remove("owner");
        }
        if let Some(view) = fields.get_mut("definition").and_then(|it| it.get_mut("materialized_view")).and_then(Value::as_object_mut) {
            view.remove("populated");
        }
    }
}

fn value(object: &Object) -> Value {
    serde_json::to_value(object).expect("an object has string keys only")
}

fn compare_values(path: &str, one: &Value, other: &Value, found: &mut Vec<(String, [String; 2])>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare_values(&below, one.get(key).unwrap_or(&Value::Null), other.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (one, other) in one.iter().zip(other) {
                compare_values(path, one, other, found);
            }
        }
        (one, other) if one == other => {}
        (one, other) => found.push((path.trim_start_matches("definition.").to_owned(), [one.to_string(), other.to_string()])),
    }
}
