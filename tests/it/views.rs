//! The columns of views, told without a server: names, types, and which of them are never NULL.
//!
//! A case under `fixtures/` that has `rows.sql` is held against a server: names and types are those of `pg_attribute`, none is left
//! untold, and with the rows of `rows.sql` in the tables, every view runs and no column that is told to be never NULL has one.
//! `columns.txt` has all of it, a line a column, for people to read: what is told to be never NULL there must be all that is of use.
//! `make bless` rewrites it.

use std::fmt::Write as _;
use std::fs;

use libtest_mimic::{Completion, Failed, Trial};
use pgx_goose::capture::script::{self, Input};
use pgx_goose::catalog::{Catalog, Definition, Identity, ViewColumn};
use pgx_goose::ddl::quote_identifier;

use crate::equality::judge_views;
use crate::fixtures::{self, Case, difference};
use crate::server::{Database, majors, server_of};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for case in fixtures::cases().into_iter().filter(|it| it.folder.join("rows.sql").exists()) {
        let told = case.clone();
        trials.push(Trial::test(format!("views::told::{}", case.name), move || check(&told)));
        for major in majors() {
            let case = case.clone();
            trials.push(Trial::ignorable_test(format!("views::server::{major}::{}", case.name), move || check_on_server(&case, major)));
        }
    }
    trials
}

/// The columns of views that are told to be never NULL, and are, with the rows that are there. A view that a row of them stops is passed over.
pub(crate) fn nulls(database: &Database<'_>, catalog: &Catalog) -> Result<Vec<String>, String> {
    let mut script = "CREATE TEMP TABLE found (place text);\n".to_owned();
    let mut told = Vec::new();
    for (identity, columns) in views(catalog) {
        let view = format!("{}.{}", quote_identifier(&identity.schema), quote_identifier(&identity.name));
        for column in columns.iter().filter(|it| it.not_null) {
            let own = quote_identifier(&column.name);
            let look = format!("INSERT INTO found SELECT '{}' FROM {view} v WHERE v.{own} IS NOT DISTINCT FROM NULL LIMIT 1;", told.len());
            writeln!(script, "DO $look$ BEGIN {look} EXCEPTION WHEN OTHERS THEN NULL; END $look$;").map_err(|e| e.to_string())?;
            told.push(format!("{view}.{own}"));
        }
    }
    script.push_str("SELECT place FROM found;\n");
    let places = database.run(&script)?;
    let name = |place: &str| place.trim().parse().ok().and_then(|it: usize| told.get(it).cloned());
    Ok(places.lines().filter_map(name).map(|it| format!("{it} is told to be never NULL, and is")).collect())
}

fn read(case: &Case) -> Result<Catalog, String> {
    let inputs: Vec<Input> = case.scripts()?.into_iter().map(|text| Input::new("schema.sql", text)).collect();
    Ok(script::parse(&inputs).catalog)
}

fn views(catalog: &Catalog) -> impl Iterator<Item = (&Identity, &[ViewColumn])> {
    catalog.iter().filter_map(|(identity, object)| match &object.definition {
        Definition::View(it) => Some((identity, it.columns.as_slice())),
        Definition::MaterializedView(it) => Some((identity, it.columns.as_slice())),
        _ => None,
    })
}

fn check(case: &Case) -> Result<(), Failed> {
    let catalog = read(case)?;
    let mut found = String::new();
    for (identity, columns) in views(&catalog) {
        for column in columns {
            let data_type = column.data_type.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
            let not_null = if column.not_null { " not null" } else { "" };
            writeln!(found, "{}.{} {data_type}{not_null}", identity.name, column.name).map_err(|e| e.to_string())?;
        }
    }
    let path = case.folder.join("columns.txt");
    if std::env::var_os("PGX_GOOSE_BLESS").is_some() {
        fs::write(&path, &found).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    let expected = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    difference("columns.txt", &expected, &found).map_or(Ok(()), |it| Err(it.into()))
}

fn check_on_server(case: &Case, major: u32) -> Result<Completion, Failed> {
    let server = server_of(major)?;
    if let Some(missing) = case.missing(server)? {
        return Ok(Completion::ignored_with(missing));
    }
    let database = server.database(&case.name)?;
    case.scripts()?.iter().try_for_each(|script| database.run(script).map(drop))?;
    let rows = fs::read_to_string(case.folder.join("rows.sql")).map_err(|e| e.to_string())?;
    database.run(&rows)?;
    let catalog = read(case)?;
    let untold = judge_views(&case.name, &catalog, &database)?;
    let mut wrong = Vec::new();
    if untold > 0 {
        wrong.push(format!("the types of {untold} columns are not told"));
    }
    // `IS NULL` would ask for the fields of a row; this asks for the value itself.
    let mut script = String::new();
    let mut number = 0;
    for (identity, columns) in views(&catalog) {
        number += 1;
        let counts: Vec<String> = columns
            .iter()
            .map(|it| format!("count(*) FILTER (WHERE v.{} IS NOT DISTINCT FROM NULL)", quote_identifier(&it.name)))
            .collect();
        let view = format!("{}.{}", quote_identifier(&identity.schema), quote_identifier(&identity.name));
        writeln!(script, "SELECT concat_ws(' ', count(*), {}) FROM {view} v;", counts.join(", ")).map_err(|e| e.to_string())?;
    }
    let answers = database.run(&script)?;
    assert_eq!(answers.lines().count(), number, "a view a line");
    let (mut never, mut rows, mut unseen) = (0, 0, Vec::new());
    for ((identity, columns), answer) in views(&catalog).zip(answers.lines()) {
        let counts: Vec<u64> = answer.split(' ').map(|it| it.parse().map_err(|e| format!("{answer}: {e}"))).collect::<Result<_, _>>()?;
        let Some((total, nulls)) = counts.split_first() else { continue };
        rows += total;
        for (column, nulls) in columns.iter().zip(nulls) {
            never += usize::from(column.not_null);
            if column.not_null && *nulls > 0 {
                wrong.push(format!("{}.{} is told to be never NULL, and has {nulls}", identity.name, column.name));
            }
            if !column.not_null && *nulls == 0 && *total > 0 {
                unseen.push(format!("{}.{}", identity.name, column.name));
            }
        }
    }
    println!("views {}: {number} views, {rows} rows; {never} columns are never NULL, {} others have none here", case.name, unseen.len());
    if std::env::var_os("PGX_GOOSE_SHOW").is_some() {
        println!("{}", unseen.join("\n"));
    }
    if wrong.is_empty() { Ok(Completion::Completed) } else { Err(wrong.join("\n").into()) }
}
