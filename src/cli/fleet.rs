//! `diff` over many databases: each compared with one schema, some at a time, the failure of one no matter for the others.
//!
//! A fleet that is too large for one machine is cut into shards; [`merge`] joins what they report.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pgx_goose::catalog::Catalog;
use pgx_goose::diff;
use pgx_goose::fs;
use serde_json::{Value, json};

use super::error::{Exit, Failure};
use super::report::{Report, redacted};
use super::source::{self, Reading, count};
use super::{bookkeeping, change, output};

/// Flags of `diff` for fleets.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Fleets")]
pub(crate) struct Arguments {
    /// Compare each of these sources with the one SOURCE: a file with one a line
    #[arg(long, value_name = "FILE")]
    each: Option<PathBuf>,
    /// How many databases are read at a time
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u16).range(1..=1024), requires = "each")]
    jobs: u16,
    /// Only the i-th of n parts, from 1 [default: what the job array of Kubernetes, CI or AWS Batch says]
    #[arg(long, value_name = "i/n", requires = "each")]
    shard: Option<String>,
    /// Join the JSON reports of shards
    #[arg(long, value_name = "REPORT", num_args = 1.., conflicts_with = "each")]
    merge: Option<Vec<PathBuf>>,
}

impl Arguments {
    pub(crate) fn each(&self) -> Option<&PathBuf> {
        self.each.as_ref()
    }

    pub(crate) fn merge(&self) -> Option<&[PathBuf]> {
        self.merge.as_deref()
    }
}

/// A part of a fleet: every database whose number leaves `index` when it is divided by `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    const WHOLE: Self = Self { index: 0, count: 1 };

    /// What the command line says, else what the environment of a job array says.
    fn find(said: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        if let Some(said) = said {
            let parts = said
                .split_once('/')
                .and_then(|(index, count)| Some((index.trim().parse::<usize>().ok()?, count.trim().parse::<usize>().ok()?)));
            return match parts {
                Some((index, count)) if index >= 1 && index <= count => Ok(Self { index: index - 1, count }),
                _ => Err(Failure::usage(format!("`{said}` is no shard")).hint("write `--shard 1/4` for the first of four")),
            };
        }
        let number = |name: &str| variable(name).and_then(|it| it.trim().parse::<usize>().ok());
        // GitLab counts from 1; Kubernetes and AWS Batch from 0, and say how many there are only where the job's author passes it on.
        if let (Some(index), Some(count)) = (number("CI_NODE_INDEX"), number("CI_NODE_TOTAL")) {
            return match (1..=count).contains(&index) {
                true => Ok(Self { index: index - 1, count }),
                false => Err(Failure::usage(format!("CI_NODE_INDEX is {index}, which is none of 1 to {count} (CI_NODE_TOTAL)"))),
            };
        }
        for (index, counts) in
            [("JOB_COMPLETION_INDEX", ["JOB_COMPLETIONS", "SHARDS"]), ("AWS_BATCH_JOB_ARRAY_INDEX", ["AWS_BATCH_JOB_ARRAY_SIZE", "SHARDS"])]
        {
            let Some(place) = number(index) else { continue };
            return match counts.iter().find_map(|it| number(it)) {
                Some(count) if place < count => Ok(Self { index: place, count }),
                Some(count) => Err(Failure::usage(format!("{index} is {place}, and there are only {count} shards"))),
                None => Err(Failure::usage(format!("{index} says which shard this is, and nothing says how many there are"))
                    .hint(format!("set {} in the job, or say `--shard`", counts[0]))),
            };
        }
        Ok(Self::WHOLE)
    }

    fn has(self, number: usize) -> bool {
        number % self.count == self.index
    }
}

/// What came of one database.
enum Compared {
    Equal,
    Different(Value, String),
    Failed(String),
}

/// Compares every source of a file with one schema.
pub(crate) fn compare(
    arguments: &Arguments,
    each: &PathBuf,
    aim: &str,
    as_json: bool,
    reading: &Reading,
    all: bool,
    report: &Report,
) -> Result<Exit, Failure> {
    let shard = Shard::find(arguments.shard.as_deref(), |name| std::env::var(name).ok())?;
    let listed = fs::read_to_string(each)?;
    let sources: Vec<&str> = listed.lines().map(str::trim).filter(|it| !it.is_empty() && !it.starts_with('#')).collect();
    let mine: Vec<&str> = sources.iter().enumerate().filter(|(number, _)| shard.has(*number)).map(|(_, it)| *it).collect();
    let wanted = source::read(&[aim.to_owned()], reading, report)?.catalog;
    report.info(|| format!("{} of {} databases, {} at a time", mine.len(), sources.len(), arguments.jobs));

    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Compared>>> = Mutex::new(mine.iter().map(|_| None).collect());
    let quiet = report.silenced();
    std::thread::scope(|scope| {
        for _ in 0..usize::from(arguments.jobs).min(mine.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(source) = mine.get(number) else { break };
                    let result = one(source, aim, &wanted, reading, all, &quiet);
                    if !as_json {
                        told(source, &result);
                    }
                    if let Ok(mut results) = results.lock() {
                        results[number] = Some(result);
                    }
                }
            });
        }
    });
    let results = results.into_inner().unwrap_or_default();
    let databases: Vec<Value> = mine.iter().zip(results).map(|(source, result)| as_value(source, result)).collect();
    finish(databases, aim, as_json, report)
}

fn one(source: &str, aim: &str, wanted: &Catalog, reading: &Reading, all: bool, report: &Report) -> Compared {
    let live = match source::read(&[source.to_owned()], reading, report) {
        Ok(schema) => schema.catalog,
        Err(failure) => {
            let (diagnostics, reason) = failure.into_diagnostics();
            let said = reason.into_iter().chain(diagnostics).next().map_or_else(|| "it can't be read".to_owned(), |it| it.message);
            return Compared::Failed(redacted(&said));
        }
    };
    let (mut live, mut wanted_here) = (live, None);
    if !all {
        let mut copy = wanted.clone();
        bookkeeping::pass_over(&mut live, &mut copy, report);
        wanted_here = Some(copy);
    }
    let found = diff::diff(wanted_here.as_ref().unwrap_or(wanted), &live);
    if found.is_empty() {
        return Compared::Equal;
    }
    let shown = source::shown(source);
    Compared::Different(change::value(&found, &change::Names { from: aim, to: &shown }, true), change::summary(&found))
}

/// A line for a database, when it is done.
fn told(source: &str, result: &Compared) {
    let line = match result {
        Compared::Equal => format!("equal\t{}", source::shown(source)),
        Compared::Different(_, summary) => format!("different\t{}\t{summary}", source::shown(source)),
        Compared::Failed(why) => format!("failed\t{}\t{}", source::shown(source), why.replace('\n', " ")),
    };
    // A reader who has seen enough is no error.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn as_value(source: &str, result: Option<Compared>) -> Value {
    let shown = source::shown(source);
    match result {
        Some(Compared::Equal) => json!({ "source": shown, "state": "equal" }),
        Some(Compared::Different(diff, _)) => json!({ "source": shown, "state": "different", "diff": diff }),
        Some(Compared::Failed(why)) => json!({ "source": shown, "state": "failed", "error": why }),
        None => json!({ "source": shown, "state": "failed", "error": "it was not reached" }),
    }
}

/// Joins the reports of shards.
pub(crate) fn merge(reports: &[PathBuf], as_json: bool, report: &Report) -> Result<Exit, Failure> {
    let mut databases: Vec<Value> = Vec::new();
    let mut aim: Option<String> = None;
    for path in reports {
        let text = fs::read_to_string(path)?;
        let wrong = |why: &str| Failure::input(format!("`{}` is no report of `diff --each --format json`: {why}", path.display()));
        let mut value: Value = serde_json::from_str(&text).map_err(|error| wrong(&error.to_string()))?;
        let of = value.get("with").and_then(Value::as_str).ok_or_else(|| wrong("it has no `with`"))?.to_owned();
        if aim.as_ref().is_some_and(|it| *it != of) {
            return Err(Failure::input(format!(
                "`{}` compares with `{of}`, the ones before with `{}`",
                path.display(),
                aim.unwrap_or_default()
            )));
        }
        aim = Some(of);
        match value.get_mut("databases").map(Value::take) {
            Some(Value::Array(list)) => databases.extend(list),
            _ => return Err(wrong("it has no `databases`")),
        }
    }
    if !as_json {
        for database in &databases {
            let text = |name: &str| database.get(name).and_then(Value::as_str).unwrap_or_default();
            let number = |name: &str| database.pointer(&format!("/diff/{name}")).and_then(Value::as_u64).unwrap_or(0);
            let more = match text("state") {
                "different" => format!("\t{} created, {} altered, {} dropped", number("created"), number("altered"), number("dropped")),
                "failed" => format!("\t{}", text("error").replace('\n', " ")),
                _ => String::new(),
            };
            output::print(format!("{}\t{}{more}\n", text("state"), text("source")).as_bytes())?;
        }
    }
    finish(databases, &aim.unwrap_or_default(), as_json, report)
}

/// Sums up: the worst that happened is what the shell is told.
fn finish(databases: Vec<Value>, aim: &str, as_json: bool, report: &Report) -> Result<Exit, Failure> {
    let of = |state: &str| databases.iter().filter(|it| it.get("state").and_then(Value::as_str) == Some(state)).count();
    let (equal, different, failed) = (of("equal"), of("different"), of("failed"));
    report.summary(&format!("{}: {equal} equal, {different} different, {failed} failed", count(databases.len(), "database")));
    if as_json {
        let whole = json!({ "version": 1, "with": redacted(aim), "equal": equal, "different": different, "failed": failed, "databases": databases });
        output::print(format!("{whole:#}\n").as_bytes())?;
    }
    Ok(match (failed, different) {
        (0, 0) => Exit::Success,
        (0, _) => Exit::Different,
        _ => Exit::Environment,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_found() {
        let find = |said: Option<&str>, variables: &[(&str, &str)]| {
            let variable = |name: &str| variables.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned());
            Shard::find(said, variable).map(|it| (it.index, it.count)).map_err(|it| it.message.unwrap_or_default())
        };
        assert_eq!(find(None, &[]), Ok((0, 1)));
        assert_eq!(find(Some("2/4"), &[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "3")]), Ok((1, 4)));
        assert_eq!(find(None, &[("CI_NODE_INDEX", "3"), ("CI_NODE_TOTAL", "3")]), Ok((2, 3)));
        assert_eq!(find(None, &[("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETIONS", "5")]), Ok((0, 5)));
        assert_eq!(find(None, &[("AWS_BATCH_JOB_ARRAY_INDEX", "4"), ("SHARDS", "5")]), Ok((4, 5)));
        assert!(find(None, &[("JOB_COMPLETION_INDEX", "0")]).is_err_and(|it| it.contains("how many")));
        for wrong in ["0/4", "5/4", "x", "1/0"] {
            assert!(find(Some(wrong), &[]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_database_is_in_one_shard() {
        for count in 1..6 {
            let shards: Vec<Shard> = (0..count).map(|index| Shard { index, count }).collect();
            assert!((0..50).all(|number| shards.iter().filter(|it| it.has(number)).count() == 1));
        }
    }
}
