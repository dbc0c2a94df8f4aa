//! What a project chooses, taken together: how NULL is typed, the library of mocks, where packages lie, and whether schemas are packages of their own, on
//! real schemas, compiled, checked, and tested on a server.
//!
//! By default four choices on four schemas: every way of NULL once, and of the other three each pair of values. Where all is wanted, all 32 on one schema with
//! foreign keys between its schemas, and eight on all others in turn, in which every two choices of any two meet.

use std::fs;
use std::sync::Arc;

use libtest_mimic::{Completion, Failed, Trial};

use super::{Tree, folder_name};
use crate::corpus::{self, Refusal, Schema};
use crate::server::{LOADER, server};
use crate::tool;

/// What a project chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Choice {
    nullable: &'static str,
    mocks: &'static str,
    /// Whether the packages lie elsewhere than by default.
    moved: bool,
    /// Whether each schema is packages of its own.
    cross: bool,
}

const fn choice(nullable: &'static str, mocks: &'static str, moved: bool, cross: bool) -> Choice {
    Choice { nullable, mocks, moved, cross }
}

const NULLABLE: [&str; 4] = ["pointer", "pgtype", "sql", "generic"];

/// Those that are run where not all are, each on a schema of its own.
const SPREAD: [(&str, Choice); 4] = [
    ("xo-bit-of-everything", choice("generic", "testify", false, false)), // every type
    ("tbls-postgres", choice("sql", "gomock", false, true)),              // four schemas, and foreign keys between them
    ("openfga", choice("pointer", "gomock", true, false)),
    ("graphile-worker-migrations", choice("pgtype", "testify", true, true)), // functions, schemas of different kinds
];

/// The schema that all choices are made on where all are wanted.
const EVERY: &str = "tbls-postgres";

/// Of four ways of NULL and three times two others: in these eight every two of any two meet.
const PAIRS: [Choice; 8] = [
    choice(NULLABLE[0], "testify", false, false),
    choice(NULLABLE[0], "gomock", true, true),
    choice(NULLABLE[1], "testify", false, true),
    choice(NULLABLE[1], "gomock", true, false),
    choice(NULLABLE[2], "testify", true, false),
    choice(NULLABLE[2], "gomock", false, true),
    choice(NULLABLE[3], "testify", true, true),
    choice(NULLABLE[3], "gomock", false, false),
];

pub(super) fn trials(all: bool) -> Vec<Trial> {
    let schemas = corpus::schemas();
    if !all {
        let spread: Vec<_> =
            SPREAD.iter().filter_map(|(name, choice)| Some((Arc::clone(schemas.iter().find(|it| it.name == *name)?), *choice))).collect();
        return if spread.is_empty() { Vec::new() } else { vec![Trial::test("golang::matrix", move || together(&spread))] };
    }
    let mut trials = Vec::new();
    for (n, schema) in schemas.iter().enumerate() {
        let choices = if schema.name == EVERY { every() } else { vec![PAIRS[n % PAIRS.len()]] };
        for choice in choices {
            let schema = Arc::clone(schema);
            trials
                .push(Trial::ignorable_test(format!("golang::matrix::{}::{}", schema.name, choice.name()), move || alone(&schema, choice)));
        }
    }
    trials
}

fn every() -> Vec<Choice> {
    let mut every = Vec::new();
    for nullable in NULLABLE {
        for mocks in ["testify", "gomock"] {
            for moved in [false, true] {
                every.extend([false, true].map(|cross| choice(nullable, mocks, moved, cross)));
            }
        }
    }
    every
}

impl Choice {
    fn name(self) -> String {
        let Self { nullable, mocks, moved, cross } = self;
        format!("{nullable}_{mocks}{}{}", if moved { "_moved" } else { "" }, if cross { "_cross" } else { "" })
    }

    /// The config file that says so.
    fn config(self) -> String {
        let Self { nullable, mocks, moved, cross } = self;
        let folders = if moved {
            "output_dirs: {models: '{base}/domain', interfaces: '{base}/ports', repositories: '{base}/store/pg', mocks: '{base}/ports/fakes', \
             tests: '{base}/it', runtime: '{base}/store/rt'}\n"
        } else {
            ""
        };
        // pgtype for NULL goes with pgtype for all else.
        let others = if nullable == "pgtype" { "uuid: pgtype\ndecimal: pgtype\n" } else { "" };
        let cross = if cross { "cross_schema: {enabled: true}\n" } else { "" };
        format!("source: schema.sql\nout: gen\nnullable: {nullable}\nmock_provider: {mocks}\n{folders}{others}{cross}")
    }

    /// Generates a schema with it into a folder of the Go module.
    fn generate(self, schema: &Schema, place: &str) -> Result<Tree, String> {
        let tree = Tree::new(place)?;
        fs::create_dir_all(&tree.folder).map_err(|e| e.to_string())?;
        fs::write(tree.folder.join("schema.sql"), schema.script()?).map_err(|e| e.to_string())?;
        fs::write(tree.folder.join("pgx-goose-conf.yaml"), self.config()).map_err(|e| e.to_string())?;
        tool::run(&tree.folder, &["generate", "--quiet"])?.ok()?;
        Ok(tree)
    }
}

/// Tests a tree on a database that the schema makes.
fn test(schema: &Schema, tree: &Tree) -> Result<(), String> {
    match schema.load(server()?, LOADER) {
        Ok(database) => tree.test(Some(&database))?.verdict(),
        Err(Refusal::Library(_)) => tree.test(None)?.verdict(),
        Err(Refusal::Error(error)) => Err(error),
    }
}

/// Several choices, checked at once: a checker that starts once loads the libraries once.
fn together(chosen: &[(Arc<Schema>, Choice)]) -> Result<(), Failed> {
    let all = Tree::new("matrix")?;
    let mut wrong = Vec::new();
    let mut trees = Vec::new();
    for (schema, choice) in chosen {
        match choice.generate(schema, &format!("matrix/{}", folder_name(&schema.name))) {
            Ok(tree) => trees.push((schema, choice, tree)),
            Err(error) => wrong.push(format!("{} with {}: {error}", schema.name, choice.name())),
        }
    }
    wrong.extend(all.checks().into_iter().filter_map(|(check, result)| result.err().map(|error| format!("{check}: {error}"))));
    for (schema, choice, tree) in &trees {
        wrong.extend(test(schema, tree).err().map(|error| format!("{} with {}: {error}", schema.name, choice.name())));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn alone(schema: &Schema, choice: Choice) -> Result<Completion, Failed> {
    if let Some(reason) = schema.missing(server()?)? {
        return Ok(Completion::ignored_with(reason));
    }
    let tree = choice.generate(schema, &format!("matrix_{}_{}", folder_name(&schema.name), choice.name()))?;
    let mut wrong: Vec<String> =
        tree.checks().into_iter().filter_map(|(check, result)| result.err().map(|error| format!("{check}: {error}"))).collect();
    wrong.extend(test(schema, &tree).err());
    // Over a thousand trees of packages would fill the disk.
    let _ = fs::remove_dir_all(&tree.folder);
    if wrong.is_empty() { Ok(Completion::Completed) } else { Err(wrong.join("\n").into()) }
}
