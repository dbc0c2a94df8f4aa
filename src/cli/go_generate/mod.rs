//! `--go-generate`: the files that let `go generate`, make, VS Code and git know of pgx-goose.
//!
//! They belong to the user. A file that is there is kept but for the section between our marks (in tasks.json: the tasks whose label begins with
//! `pgx-goose: `), so running twice changes nothing. All of them are put together before the first is written.

mod section;
mod tasks;

use pgx_goose::codegen::options::{Directories, Options};
use pgx_goose::fs::{self, Durability, FileKind};

use super::config::Config;
use super::error::{Exit, Failure};
use super::generate::Arguments;
use super::report::Report;
use section::{Marks, merged};

/// A file to write, and what is to be in it.
struct Planned {
    path: &'static str,
    text: String,
}

/// Whether the config asks for it with every run.
pub(crate) fn is_configured(config: &Config) -> bool {
    config.boolean("go_generate.enabled") == Some(true)
}

/// Writes the files, or with `dry` tells which would be.
pub(crate) fn write(arguments: &Arguments, config: &Config, options: &Options, dry: bool, report: &Report) -> Result<Exit, Failure> {
    let wanted = |key: &str| config.boolean(key).unwrap_or(true);
    let command = command(arguments, report);
    let mut planned = Vec::new();
    if wanted("go_generate.create_directive") {
        planned.push(Planned { path: "generate.go", text: directives(&command, options)? });
    }
    if wanted("go_generate.generate_makefile") {
        planned.push(Planned { path: "Makefile", text: makefile(&command, arguments, config, options)? });
    }
    if wanted("go_generate.generate_vscode_tasks") {
        let old = existing(".vscode/tasks.json")?;
        let text = tasks::merged(old.as_deref(), &tasks(&command)).map_err(|reason| {
            Failure::usage(format!("`.vscode/tasks.json` is left as it is: {reason}"))
                .hint("put it right, or set `go_generate.generate_vscode_tasks: false`")
        })?;
        planned.push(Planned { path: ".vscode/tasks.json", text });
    }
    if wanted("go_generate.generate_gitignore_entries") {
        let lines = ".pgx-goose-cache/\n.pgx-goose-*.tmp\n";
        let text = merged(existing(".gitignore")?.as_deref(), &Marks::HASH, lines).map_err(|reason| broken(".gitignore", &reason))?;
        planned.push(Planned { path: ".gitignore", text });
    }
    for Planned { path, text } in planned {
        let old = existing(path)?;
        let what = match old {
            Some(old) if old == text => "unchanged",
            Some(_) => "updated",
            None => "created",
        };
        report.summary(&format!("{path}: {}{what}", if dry && what != "unchanged" { "would be " } else { "" }));
        if !dry && what != "unchanged" {
            if let Some((folder, _)) = path.rsplit_once('/') {
                fs::create_dir_all(folder)?;
            }
            fs::write_atomic(path, text.as_bytes(), Durability::Renamed)?;
        }
    }
    Ok(Exit::Success)
}

fn existing(path: &str) -> Result<Option<String>, Failure> {
    Ok(if fs::kind(path)?.is_some() { Some(fs::read_to_string(path)?) } else { None })
}

fn broken(path: &str, reason: &str) -> Failure {
    Failure::usage(format!("`{path}` is left as it is: {reason}")).hint("put the marks right, or remove both")
}

/// The arguments that make the same run again: what the command line said of source and output. A connection string stays out, for it may hold a
/// password, and so does what is of one run only.
fn command(arguments: &Arguments, report: &Report) -> Vec<String> {
    let mut words = vec!["generate".to_owned()];
    let mut add = |flag: &str, value: &str| words.extend([format!("--{flag}"), value.to_owned()]);
    if let Some(config) = &arguments.config {
        add("config", &config.display().to_string());
    }
    match &arguments.from {
        Some(source) if pgx_goose::capture::live::connection::is_connection_string(source) => {
            report.summary("the connection string is left out of the commands: it may hold a password; set `dsn: ${…}` in the config file");
        }
        Some(source) => add("from", source),
        None if arguments.dsn.is_some() => {
            report.summary("`--dsn` is left out of the commands: it may hold a password; set `dsn: ${…}` in the config file");
        }
        None => {}
    }
    for (flag, values) in [("schema", &arguments.schema), ("tables", &arguments.tables), ("ignore-tables", &arguments.ignore_tables)] {
        if !values.is_empty() {
            add(flag, &values.join(","));
        }
    }
    for (flag, value) in [
        ("module", &arguments.module),
        ("out", &arguments.out),
        ("models-dir", &arguments.models_dir),
        ("interfaces-dir", &arguments.interfaces_dir),
        ("repos-dir", &arguments.repos_dir),
        ("mocks-dir", &arguments.mocks_dir),
        ("tests-dir", &arguments.tests_dir),
        ("mock-provider", &arguments.mock_provider),
        ("template-dir", &arguments.template_dir),
    ] {
        if let Some(value) = value {
            add(flag, value);
        }
    }
    for (flag, value) in
        [("with-tests", arguments.with_tests), ("incremental", arguments.incremental), ("cross-schema", arguments.cross_schema)]
    {
        match value {
            Some(true) => words.push(format!("--{flag}")),
            Some(false) => words.push(format!("--{flag}=false")),
            None => {}
        }
    }
    words
}

/// `generate.go`.
fn directives(command: &[String], options: &Options) -> Result<String, Failure> {
    // As `go help generate` has it: words, or double-quoted strings of Go.
    let quoted = |word: &String| {
        let plain = !word.is_empty() && word.chars().all(|it| it.is_alphanumeric() || "-_./=,:@%+".contains(it));
        if plain { word.clone() } else { format!("{:?}", word.replace('$', "${DOLLAR}")) }
    };
    let command: Vec<String> = command.iter().map(quoted).collect();
    let section = format!("//go:generate pgx-goose {}\n//go:generate gofmt -w .\n//go:generate go test ./...\n", command.join(" "));
    let old = existing("generate.go")?;
    let head = match &old {
        Some(_) => None,
        None => Some(format!("package {}\n", package(options)?)),
    };
    merged(old.as_deref().or(head.as_deref()), &Marks::GO, &section).map_err(|reason| broken("generate.go", &reason))
}

/// The package that the Go files of this folder are of; the module's name where there are none.
fn package(options: &Options) -> Result<String, Failure> {
    for entry in fs::read_dir_sorted(".")? {
        let name = entry.name.to_string_lossy();
        if entry.kind != FileKind::File || !name.ends_with(".go") || name.ends_with("_test.go") {
            continue;
        }
        let text = fs::read_to_string(&entry.path)?;
        if let Some(package) = text.lines().find_map(|it| it.strip_prefix("package ")) {
            return Ok(package.split_whitespace().next().unwrap_or("main").to_owned());
        }
    }
    let last =
        options.module.path.rsplit('/').find(|it| !(it.starts_with('v') && it[1..].bytes().all(|it| it.is_ascii_digit()) && it.len() > 1));
    let letters: String = last.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    Ok(if letters.starts_with(|it: char| it.is_ascii_alphabetic()) { letters } else { "main".to_owned() })
}

/// `Makefile`.
fn makefile(command: &[String], arguments: &Arguments, config: &Config, options: &Options) -> Result<String, Failure> {
    let old = existing("Makefile")?;
    let others = old.as_deref().map(|it| section::without(it, &Marks::HASH)).unwrap_or_default();
    // A target of the user's own stays what it is: ours gets a longer name.
    let target = |name: &str| {
        let taken = others.lines().any(|line| {
            let targets = line.split(':').next().filter(|_| line.contains(':') && !line.starts_with(['\t', '#', '.', ' ']));
            targets.is_some_and(|it| it.split_whitespace().any(|it| it == name))
        });
        if taken { format!("pgx-goose-{name}") } else { name.to_owned() }
    };
    let quoted = |word: &str| {
        let plain = !word.is_empty() && word.chars().all(|it| it.is_alphanumeric() || "-_./=,:@%+".contains(it));
        let word = if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) };
        word.replace('$', "$$")
    };
    let command = command.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(" ");
    let base = super::settings::base(arguments, config);
    let Directories { models, interfaces, repositories, mocks, tests, runtime } = &options.directories;
    let cross = super::settings::cross::settings(arguments, config)?;
    // Which schemas there are may be known only when they are read: what is below their folders is looked through.
    let (folders, depth) = match &cross {
        None => ([models, interfaces, repositories, mocks, tests, runtime].into_iter().cloned().collect(), "-maxdepth 1 "),
        Some(cross) => (cross.roots(&base), ""),
    };
    let folders = folders.iter().map(|it: &String| quoted(it.trim_start_matches("./"))).collect::<Vec<_>>().join(" ");
    let base = quoted(base.trim_start_matches("./").trim_end_matches('/'));
    let (generate, models, clean) = (target("generate"), target("generate-models"), target("clean"));
    let section = format!(
        "PGX_GOOSE ?= pgx-goose\n\
         \n\
         .PHONY: {generate} {models} {clean}\n\
         \n\
         {generate}:\n\
         \t$(PGX_GOOSE) {command}\n\
         \n\
         {models}:\n\
         \t$(PGX_GOOSE) {command} --models-only\n\
         \n\
         # Removes what pgx-goose wrote, and nothing else: a file without its first line stays.\n\
         {clean}:\n\
         \t@for folder in {folders}; do \\\n\
         \t\tif [ -d \"$$folder\" ]; then \\\n\
         \t\t\tfind \"$$folder\" {depth}-name '*.go' -exec grep -q '^// Code generated by pgx-goose' {{}} \\; -exec rm -f {{}} +; \\\n\
         \t\tfi; \\\n\
         \tdone\n\
         \t@rm -rf {base}/.pgx-goose-metadata.json {base}/.pgx-goose-cache\n"
    );
    merged(old.as_deref(), &Marks::HASH, &section).map_err(|reason| broken("Makefile", &reason))
}

/// The tasks of VS Code.
fn tasks(command: &[String]) -> Vec<serde_json::Value> {
    let task = |label: &str, extra: &[&str]| {
        let arguments: Vec<&str> = command.iter().map(String::as_str).chain(extra.iter().copied()).collect();
        serde_json::json!({
            "label": format!("{}{label}", tasks::PREFIX),
            "type": "process",
            "command": "pgx-goose",
            "args": arguments,
            "problemMatcher": [],
        })
    };
    vec![task("Generate All", &[]), task("Generate Models", &["--models-only"]), task("Check", &["--check"]), task("Watch", &["--watch"])]
}
