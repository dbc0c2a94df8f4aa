//! Random schemas ([`random`]), and what must hold of every one: what its DDL says is what a server that ran it says, what `pg_dump`
//! says of that, and what our own SQL says; so too after a random edit. With rows in the tables, no column of a view is NULL that is told to
//! be never that.
//!
//! `PGX_GOOSE_SEEDS` says which are made: a number (so many), a range (`500-900`), or a list (`7,12,500-900`). What is made stands in
//! `target/tmp/property/`. A seed that has failed once is written into [`FAILED`] and runs for ever.

use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use pgx_goose::capture::live::{capture, connection};
use pgx_goose::capture::script::{self, Input};
use pgx_goose::catalog::Catalog;
use pgx_goose::diagnostic::{Diagnostic, Severity};
use pgx_goose::snapshot::{self, HeaderFacts};

use crate::equality;
use crate::random::{self, Schema};
use crate::rows;
use crate::server::{majors, server_of};
use crate::views;

/// How many schemas are made where nothing else is asked for.
const SEEDS: u64 = 30;

/// Seeds that found something, and what that was.
const FAILED: &[(u64, &str)] = &[];

pub(crate) fn trials() -> Vec<Trial> {
    let mut seeds: Vec<u64> = asked(SEEDS);
    seeds.extend(FAILED.iter().map(|(seed, _)| *seed));
    seeds.sort_unstable();
    seeds.dedup();
    let mut trials = vec![Trial::test("property::generator", the_generator)];
    for major in majors() {
        for &seed in &seeds {
            trials.push(Trial::test(format!("property::{major}::{seed}"), move || check(seed, major)));
        }
    }
    trials
}

/// The seeds that this run is asked for, or so many.
pub(crate) fn asked(seeds: u64) -> Vec<u64> {
    let Ok(text) = std::env::var("PGX_GOOSE_SEEDS") else { return (1..=seeds).collect() };
    let number = |text: &str| text.trim().parse::<u64>().unwrap_or_else(|_| panic!("PGX_GOOSE_SEEDS: `{text}` is no number"));
    let range = |text: &str| text.split_once('-').map(|(first, last)| number(first)..=number(last));
    if text.contains(',') {
        return text.split(',').flat_map(|it| range(it).unwrap_or_else(|| number(it)..=number(it))).collect();
    }
    range(&text).map_or_else(|| (1..=number(&text)).collect(), Iterator::collect)
}

/// The same number makes the same schema, another makes another, every sort of object is made, and an edit changes something.
fn the_generator() -> Result<(), Failed> {
    let mut sorts = std::collections::BTreeMap::new();
    let mut edited = 0;
    for seed in 1..=SEEDS {
        let (schema, other) = random::pair(seed);
        let (again, other_again) = random::pair(seed);
        assert_eq!((schema.ddl(18), other.ddl(18)), (again.ddl(18), other_again.ddl(18)), "seed {seed}");
        assert_ne!(schema.ddl(18), random::pair(seed + 1).0.ddl(18), "seed {seed}");
        edited += usize::from(other.ddl(18) != schema.ddl(18));
        for (sort, number) in random::sorts(&schema) {
            *sorts.entry(sort).or_insert(0) += number;
        }
    }
    println!("random schemas: {sorts:?}; {edited} of {SEEDS} edits change something");
    assert_eq!(sorts.len(), random::SORTS, "a sort is never made");
    assert!(edited > 25, "{edited}");
    Ok(())
}

fn check(seed: u64, major: u32) -> Result<(), Failed> {
    let (schema, edited) = random::pair(seed);
    let mut wrong = judge(&schema, &format!("{seed}"), major)?;
    wrong.extend(judge(&edited, &format!("{seed}_edited"), major)?);
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// What is wrong with how a schema is read.
fn judge(schema: &Schema, name: &str, major: u32) -> Result<Vec<String>, Failed> {
    let ddl = schema.ddl(major);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("property");
    let file = folder.join(format!("{name}_{major}.sql"));
    fs::create_dir_all(&folder).and_then(|()| fs::write(&file, &ddl)).map_err(|e| e.to_string())?;
    let file = file.display();
    let database = server_of(major)?.database(&format!("random_{name}"))?;
    database.run(&ddl).map_err(|error| format!("the server refuses {file}: {error}"))?;

    let read = script::parse(&[Input::new("random.sql", ddl.as_str())]);
    let mut wrong = said("the text", &read.diagnostics);
    let connection = connection::connect(&database.dsn()).map_err(|e| e.to_string())?;
    let captured = capture(&connection).map_err(|e| e.to_string())?;
    wrong.extend(said("the server", &captured.diagnostics));
    let bytes = |catalog: &Catalog| snapshot::encode(catalog, &HeaderFacts::current());
    let before = wrong.len();
    wrong.extend(equality::differences(&read.catalog, &captured.catalog).map(|it| format!("text and server: {it}")));
    if wrong.len() == before && bytes(&read.catalog) != bytes(&captured.catalog) {
        wrong.push("text and server: the snapshots differ in what no field shows".to_owned());
    }
    let again = |text: String| script::parse(&[Input::new("again.sql", text)]).catalog;
    let dump = again(database.dump()?);
    wrong.extend(equality::differences(&read.catalog, &dump).map(|it| format!("text and dump: {it}")));
    let script = again(pgx_goose::ddl::script(&read.catalog));
    wrong.extend(equality::differences(&read.catalog, &script).map(|it| format!("text and our SQL: {it}")));
    rows::fill(&database, &read.catalog, major.into()).map_err(|error| format!("rows: {error}"))?;
    wrong.extend(views::nulls(&database, &read.catalog)?);
    if !wrong.is_empty() {
        wrong.insert(0, format!("{file}:"));
    }
    Ok(wrong)
}

/// Errors, and things that are not modelled: everything in a random schema is.
fn said(who: &str, diagnostics: &[Diagnostic]) -> Vec<String> {
    let line = |it: &Diagnostic| it.span.as_ref().map_or(0, |span| span.line);
    diagnostics.iter().filter(|it| it.severity != Severity::Note).map(|it| format!("{who}, line {}: {}", line(it), it.message)).collect()
}
