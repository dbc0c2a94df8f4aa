//! Schemas that nobody looked at while this was written: those of public packages, which `scripts/unseen.sh` fetches. Their DDL, a
//! server that ran it and our own SQL of it must be the same; long histories are migrated step by step, both ways.

use std::path::Path;

use libtest_mimic::{Completion, Failed, Trial};
use pgx_goose::capture::script::{self, Input, source};
use pgx_goose::catalog::Catalog;
use pgx_goose::diagnostic::Severity;
use pgx_goose::plan;

use crate::corpus::lines;
use crate::migrations::{captured, differences};
use crate::server::server_of;

const SOURCES: &str = include_str!("unseen/sources.tsv");

/// A folder of that many migrations is migrated from every one of so many states to the next.
const STEPS: usize = 8;

pub(crate) fn trials() -> Vec<Trial> {
    let sources = lines(SOURCES).filter_map(|fields| match &fields[..] {
        [name, major, ..] => Some(((*name).to_owned(), major.parse().expect("a major version"))),
        _ => None,
    });
    let trial = |(name, major): (String, u32)| Trial::ignorable_test(format!("unseen::{name}"), move || check(&name, major));
    sources.map(trial).collect()
}

fn check(name: &str, major: u32) -> Result<Completion, Failed> {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/unseen");
    let Some(path) = [fetched.join(name), fetched.join(format!("{name}.sql"))].into_iter().find(|it| it.exists()) else {
        return Ok(Completion::ignored_with("`scripts/unseen.sh` has not fetched it"));
    };
    let Ok(server) = server_of(major) else { return Ok(Completion::ignored_with(format!("there is no PostgreSQL {major}"))) };
    let inputs = load(&path)?;
    let read = read(&inputs)?;
    let database = server.database(name)?;
    inputs.iter().try_for_each(|it| database.run(&it.text).map(drop))?;
    same("what a server has of it", &captured(&database)?, &read)?;

    // From nothing to it and back, and from state to state of its history.
    let mut states = vec![Catalog::default()];
    if inputs.len() > STEPS {
        for n in 1..STEPS {
            states.push(self::read(&inputs[..inputs.len() * n / STEPS])?);
            // A server puts the hour of creation where a view says `'now'::timestamp`: such a state is like no text.
            states.pop_if(|it| it.iter().any(|(_, object)| format!("{:?}", object.definition).contains("'now'::timestamp")));
        }
    }
    states.push(read);
    let database = server.database(&format!("{name}_history"))?;
    database.run("DROP SCHEMA public")?;
    let there = states.windows(2).map(|it| (&it[0], &it[1]));
    let back = states.windows(2).rev().map(|it| (&it[1], &it[0]));
    for (n, (old, new)) in there.chain(back).enumerate() {
        let plan = plan::plan(old, new, &plan::Options { major, ..plan::Options::WHOLE });
        database.run(&plan.sql()).map_err(|error| format!("step {n}: {error}"))?;
        same(&format!("step {n}"), &captured(&database)?, new)?;
    }
    Ok(Completion::Completed)
}

fn load(path: &Path) -> Result<Vec<Input>, String> {
    source::load(path).map(|it| it.inputs).map_err(|e| e.to_string())
}

fn read(inputs: &[Input]) -> Result<Catalog, String> {
    let read = script::parse(inputs);
    match read.diagnostics.iter().find(|it| it.severity == Severity::Error) {
        Some(error) => Err(format!("{error:?}")),
        None => Ok(read.catalog),
    }
}

fn same(what: &str, found: &Catalog, expected: &Catalog) -> Result<(), String> {
    let differences = differences(found, expected);
    if differences.is_empty() { Ok(()) } else { Err(format!("{what}:\n{}", differences.join("\n"))) }
}
