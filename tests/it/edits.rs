//! Random schemas after random edits ([`random`]), and the migrations between the two on a real server: OLD and the way up is NEW, and
//! the way down is OLD again ([`trip`]).
//!
//! Each seed is one pair, and one way of writing it: forms that keep locks short or not, drops or none, the parts that goose or
//! golang-migrate would run, in one step or in two (`--phase`). Where the server refuses the rows that are in the tables, they are empty
//! instead, and that is counted.
//!
//! `PGX_GOOSE_SEEDS` says which are made, as for [`crate::property`]. What a seed made stands in `target/tmp/edits/`. What a seed has found
//! is a folder under `fixtures/migrate/`: the generator changes, and a seed is another pair then.

use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use pgx_goose::capture::script::{self, Input};
use pgx_goose::catalog::Catalog;
use pgx_goose::migration::{Format, Migration, phase};
use pgx_goose::plan;

use crate::migrations::{captured, differences};
use crate::property::asked;
use crate::random;
use crate::server::{majors, server_of};
use crate::trip::{self, Rows, Trip};

/// How many pairs are made where nothing else is asked for: what a minute or two has room for.
const SEEDS: u64 = 50;

/// How many seeds one trial takes: a trial each would be a long list that says nothing.
const CHUNK: usize = 10;

pub(crate) fn trials() -> Vec<Trial> {
    let seeds = asked(SEEDS);
    let mut trials = Vec::new();
    for major in majors() {
        for chunk in seeds.chunks(CHUNK) {
            let (Some(&first), Some(&last)) = (chunk.first(), chunk.last()) else { continue };
            let chunk = chunk.to_vec();
            trials.push(Trial::test(format!("edits::{major}::{first}-{last}"), move || {
                let checked: Vec<Result<Rows, String>> = chunk.iter().map(|seed| check(*seed, major)).collect();
                let count = |of: &dyn Fn(&Rows) -> bool| checked.iter().flatten().filter(|it| of(it)).count();
                let rows: u64 = checked.iter().flatten().map(|it| if let Rows::Kept(rows) = it { *rows } else { 0 }).sum();
                println!(
                    "edits {major} {first}-{last}: {} pairs with {rows} rows kept, {} whose rows the server refuses",
                    count(&|it| matches!(it, Rows::Kept(_))),
                    count(&|it| matches!(it, Rows::Refused)),
                );
                let failed: Vec<String> = checked.into_iter().filter_map(Result::err).collect();
                if failed.is_empty() { Ok(()) } else { Err(Failed::from(failed.join("\n\n"))) }
            }));
        }
    }
    trials
}

/// One way of writing a migration, told by the seed.
fn way(seed: u64, major: u32) -> (Format, plan::Options) {
    let format = if seed.is_multiple_of(2) { Format::Goose } else { Format::GolangMigrate };
    (format, plan::Options { safe: (seed / 2).is_multiple_of(2), drops: !seed.is_multiple_of(5), major })
}

/// Whether the migration of a seed expands first and contracts then.
fn in_phases(seed: u64) -> bool {
    seed % 6 == 1
}

/// Both ways with rows, or without where they are refused.
fn check(seed: u64, major: u32) -> Result<Rows, String> {
    match go(seed, major, true)? {
        Rows::Refused => go(seed, major, false).map(|_| Rows::Refused),
        kept @ Rows::Kept(_) => Ok(kept),
    }
}

fn go(seed: u64, major: u32, with_rows: bool) -> Result<Rows, String> {
    let (old, new) = random::pair(seed);
    let (old_ddl, new_ddl) = (old.ddl(major), new.ddl(major));
    let (format, options) = way(seed, major);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edits").join(format!("{seed}_{major}"));
    let keep = |file: &str, text: &str| {
        fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(file), text)).map_err(|e| format!("{}: {e}", folder.display()))
    };
    let failed = |why: String| {
        let kept = keep("old.sql", &old_ddl).and_then(|()| keep("new.sql", &new_ddl)).and_then(|()| keep("why.txt", &why));
        format!("seed {seed} on {major} ({options:?}), {}: {why}{}", folder.display(), kept.err().unwrap_or_default())
    };
    let _ = fs::remove_dir_all(&folder);

    let server = server_of(major)?;
    let database = server.database(&format!("edits_{seed}"))?;
    database.run(&old_ddl).map_err(|error| failed(format!("generator: the server refuses OLD: {error}")))?;
    let before = captured(&database)?;
    // Older servers keep some expressions otherwise than the text is read (`trim` is `btrim`, `extract` is `date_part` before 14), and
    // sequences of unlogged tables are unlogged from 15 on: there it is asked what NEW is.
    let after = match major {
        ..15 => {
            let other = server.database(&format!("edits_{seed}_new"))?;
            other.run(&new_ddl).map_err(|error| failed(format!("generator: the server refuses NEW: {error}")))?;
            captured(&other)?
        }
        _ => script::parse(&[Input::new("new.sql", new_ddl.as_str())]).catalog,
    };
    // In one step, or in two with a schema between that both know.
    let planned = |from: &Catalog, to: &Catalog| Migration::new(from, to, &[], &format.options(options));
    let migrations = match in_phases(seed) && options.drops {
        true => {
            let between = phase::between(&before, &after, &[]);
            vec![planned(&before, &between), planned(&between, &after)]
        }
        false => vec![planned(&before, &after)],
    };
    let failed = |why: String| {
        let kept = keep("up.sql", &trip::up(&migrations)).and_then(|()| keep("down.sql", &trip::down(&migrations)));
        // Whose fault it is: what no server takes is none of the plan's.
        let made = server.database("edits_new").and_then(|other| other.run(&new_ddl).and_then(|_| captured(&other)));
        let why = match made.map(|made| differences(&after, &made)) {
            Err(error) => format!("generator: the server refuses NEW: {error}"),
            Ok(read) if read.is_empty() => why,
            Ok(read) => format!("read: the text is not what the server makes of it:\n{}\n{why}", read.join("\n")),
        };
        failed(format!("{why}{}", kept.err().unwrap_or_default()))
    };
    let rows = with_rows.then_some(seed);
    Trip { database: &database, before: &before, after: &after, migrations: &migrations, options, rows }.go(|_| Ok(())).map_err(failed)
}
