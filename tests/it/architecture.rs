//! The layers, held: the table of ARCHITECTURE.md as data, and a scan of the paths that the code writes.
//!
//! Tests inside a source file (after its `#[cfg(test)]`) are free: they may look at other layers.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

/// Which modules a module may name, itself aside.
const LAYERS: &[(&str, &[&str])] = &[
    ("catalog", &[]),
    ("fs", &[]),
    ("diagnostic", &["catalog"]),
    ("graph", &["catalog"]),
    ("snapshot", &["catalog"]),
    ("diff", &["catalog"]),
    ("plan", &["catalog", "graph", "diff", "ddl"]),
    ("ddl", &["catalog", "graph"]),
    ("capture", &["catalog", "diagnostic", "ddl", "fs"]),
    ("migration", &["catalog", "diagnostic", "diff", "ddl", "plan", "capture", "template", "fs"]),
    ("template", &[]),
    ("codegen", &["catalog", "graph", "ddl", "diagnostic", "fs", "template"]),
];

/// The modules that treat all kinds of objects alike.
const KINDLESS: &[&str] = &["graph", "snapshot", "diff", "plan"];

/// Names that say nothing about what is inside.
const SHAPELESS: &[&str] = &["utils", "util", "common", "helpers", "helper", "core", "manager", "misc"];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("architecture::layers", layers),
        Trial::test("architecture::the_library_does_not_know_the_command_line", command_line),
        Trial::test("architecture::kinds_are_not_named", kinds),
        Trial::test("architecture::files_only_in_fs", files),
        Trial::test("architecture::names", names),
        Trial::test("architecture::the_scan_sees", the_scan_sees),
    ]
}

fn layers() -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for source in library() {
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == source.layer) else {
            wrong.push(format!("{}: the module `{}` has no row in the table of layers", source.path.display(), source.layer));
            continue;
        };
        for named in source.named_layers() {
            if named != source.layer && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{}: `{}` may not name `{named}`", source.path.display(), source.layer));
            }
        }
    }
    verdict(&wrong)
}

fn command_line() -> Result<(), Failed> {
    let wrong: Vec<String> = library()
        .iter()
        .filter(|source| source.words().any(|(word, _)| word == "clap" || word == "indicatif" || word == "anstream"))
        .map(|source| format!("{}: only the binary talks to the terminal", source.path.display()))
        .collect();
    verdict(&wrong)
}

fn kinds() -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for source in library().iter().filter(|source| KINDLESS.contains(&source.layer.as_str())) {
        for (at, name) in source.code.match_indices("::") {
            let before = source.code[..at].trim_end().rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            let after = source.code[at + name.len()..].split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            let is_variant = after.starts_with(|c: char| c.is_ascii_uppercase()) && after.contains(|c: char| c.is_ascii_lowercase());
            if (before == "Kind" || before == "Definition") && is_variant {
                wrong.push(format!("{}: names the kind `{after}`", source.path.display()));
            }
        }
    }
    verdict(&wrong)
}

fn files() -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for source in library().iter().chain(&binary()) {
        if source.layer == "fs" {
            continue;
        }
        let squeezed: String = source.code.split_whitespace().collect();
        if squeezed.contains("std::fs") || squeezed.contains("usestd::{fs") {
            wrong.push(format!("{}: files are `fs`'s, so that every error names its path", source.path.display()));
        }
        if source.words().any(|(word, _)| word == "unsafe") {
            wrong.push(format!("{}: no `unsafe`", source.path.display()));
        }
    }
    verdict(&wrong)
}

fn names() -> Result<(), Failed> {
    let wrong: Vec<String> = library()
        .iter()
        .chain(&binary())
        .filter(|source| source.path.iter().any(|part| SHAPELESS.contains(&part.to_string_lossy().trim_end_matches(".rs"))))
        .map(|source| format!("{}: a name that doesn't say what is inside", source.path.display()))
        .collect();
    verdict(&wrong)
}

/// The scan itself: what it finds, and what it must not take for a path.
fn the_scan_sees() -> Result<(), Failed> {
    let check = |text: &str, expected: &[&str]| {
        let source = Source { path: PathBuf::new(), layer: String::new(), depth: 2, code: code_of(text) };
        let found = source.named_layers();
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{text}");
    };
    check("use crate::catalog::Table;", &["catalog"]);
    check("use crate::{catalog::{self, Table}, fs};", &["catalog", "fs"]);
    check("fn f() { crate :: ddl::script() }", &["ddl"]);
    check("use super::super::graph;", &["graph"]);
    check("use super::graph;", &[]);
    check("pub(crate) fn f() {} pub(in crate::capture) fn g() {}", &["capture"]);
    check(
        "// crate::ddl\n/* crate::fs */ let a = \"crate::graph\"; let b = r#\"crate::capture\"#; let c = '\"'; crate::snapshot::x()",
        &["snapshot"],
    );
    check("use crate::Error;", &[]);
    check("fn f<'a>(a: &'a str) { crate::fs::read(a) }\n#[cfg(test)]\nmod tests { use crate::ddl; }", &["fs"]);
    Ok(())
}

fn verdict(wrong: &[String]) -> Result<(), Failed> {
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// A source file without its comments, strings and tests.
struct Source {
    path: PathBuf,
    /// The module below the crate that the file belongs to.
    layer: String,
    /// How many modules lie between the file and the crate: 1 for `src/graph.rs`, 2 for `src/codegen/model.rs`.
    depth: usize,
    code: String,
}

impl Source {
    /// The modules of the crate that the code names by `crate::…` or by enough `super::`.
    fn named_layers(&self) -> BTreeSet<String> {
        let mut named = BTreeSet::new();
        for (word, after) in self.words() {
            if word == "crate" && !self.code[..self.code.len() - after.len()].trim_end().ends_with("(crate") {
                named.extend(first_segments(after));
            }
            if word == "super" {
                let (mut level, mut rest) = (1, after.trim_start());
                while let Some(next) = rest.strip_prefix("::").map(str::trim_start).and_then(|rest| rest.strip_prefix("super")) {
                    (level, rest) = (level + 1, next.trim_start());
                }
                if level == self.depth {
                    named.extend(first_segments(rest));
                }
            }
        }
        named.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
        named
    }

    /// The words of the code, each with what follows it.
    fn words(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let mut rest = self.code.as_str();
        std::iter::from_fn(move || {
            rest = rest.trim_start_matches(|c| !is_word(c));
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            rest = after;
            (!word.is_empty()).then_some((word, after))
        })
    }
}

/// What follows `crate` or `super`: the next segment, or those of a group.
fn first_segments(after: &str) -> Vec<String> {
    let Some(path) = after.trim_start().strip_prefix("::") else { return Vec::new() };
    let word = |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned();
    let path = path.trim_start();
    let Some(group) = path.strip_prefix('{') else { return vec![word(path)] };
    let (mut depth, mut start, mut segments) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                segments.push(word(group[start..at].trim_start()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                segments.push(word(group[start..at].trim_start()));
                start = at + 1;
            }
            _ => {}
        }
    }
    segments
}

fn library() -> Vec<Source> {
    let mut sources = read(&root());
    sources.retain(|source| !matches!(source.layer.as_str(), "lib" | "main" | "cli"));
    sources
}

fn binary() -> Vec<Source> {
    let mut sources = read(&root());
    sources.retain(|source| matches!(source.layer.as_str(), "main" | "cli"));
    sources
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn read(folder: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("the sources are there").map(|entry| entry.expect("readable").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources.extend(read(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let inside = path.strip_prefix(root()).expect("below the root").with_extension("");
            let mut modules: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if modules.last().is_some_and(|last| last == "mod") {
                modules.pop();
            }
            let text = fs::read_to_string(&path).expect("sources are UTF-8");
            sources.push(Source { layer: modules[0].clone(), depth: modules.len(), code: code_of(&text), path });
        }
    }
    sources
}

/// The text with comments and the contents of literals blanked out, up to its unit tests.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("r\"") || rest.starts_with("r#") {
            raw_string(rest)
        } else if c == '"' {
            string(rest)
        } else if c == '\'' {
            character(rest)
        } else {
            0
        };
        if skipped > 0 {
            code.push(' ');
            rest = &rest[skipped..];
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
            // A word is taken whole, so that the `r` of `for"` does not look like a raw string.
            if c.is_alphanumeric() || c == '_' {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                code.push_str(&rest[..end]);
                rest = &rest[end..];
            }
        }
    }
    match code.find("#[cfg(test)]") {
        Some(end) => code[..end].to_owned(),
        None => code,
    }
}

/// The length of the raw string that the text begins with, 0 where it is a raw identifier.
fn raw_string(text: &str) -> usize {
    let hashes = text[1..].chars().take_while(|&c| c == '#').count();
    if !text[1 + hashes..].starts_with('"') {
        return 0;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let body = 2 + hashes;
    text[body..].find(&close).map_or(text.len(), |end| body + end + close.len())
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of the character literal that the text begins with, 0 where it is a lifetime.
fn character(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => text[3.min(text.len())..].find('\'').map_or(0, |end| end + 4),
        Some(_) => characters.next().filter(|&(_, c)| c == '\'').map_or(0, |(at, _)| at + 1),
        None => 0,
    }
}
