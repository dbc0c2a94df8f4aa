//! Real schemas, others' files read where they lie: `../shared/corpus` beside the project, or the folder that
//! `PGX_GOOSE_CORPUS` names. Where there is none, that is said aloud and nothing is counted.
//!
//! For each schema: what its text holds is what a server counts; reading it says nothing that isn't explained in
//! `corpus/reports.tsv`; the snapshot is the same bytes however many threads make it; the SQL that we print makes, on a real
//! server, the database that the text itself makes. Differences that stay for now stand in `corpus/differences.tsv` with
//! their number and reason; a number that has become too large fails as well. What fails as a whole for now stands in `corpus/known.tsv` and is
//! counted as skipped.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use libtest_mimic::{Completion, Failed, Trial};
use pgx_goose::capture::Captured;
use pgx_goose::capture::script::{self, Input};
use pgx_goose::catalog::{Catalog, ConstraintKind, Definition, Kind, QualifiedName};
use pgx_goose::diagnostic::Severity;
use pgx_goose::snapshot::{self, HeaderFacts};

use crate::dump::Dump;
use crate::fidelity;
use crate::server::{DUMPER, Database, Server, server};
use crate::tool;

const REPORTS: &str = include_str!("corpus/reports.tsv");
const KNOWN: &str = include_str!("corpus/known.tsv");
const DIFFERENCES: &str = include_str!("corpus/differences.tsv");

/// A schema.
pub(crate) struct Schema {
    pub(crate) name: String,
    folder: PathBuf,
    /// The extensions it creates.
    extensions: Vec<String>,
}

/// Why a schema isn't in a database.
pub(crate) enum Refusal {
    /// It needs a library of its author's own.
    Library(String),
    /// Anything else.
    Error(String),
}

impl From<String> for Refusal {
    fn from(error: String) -> Self {
        Refusal::Error(error)
    }
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for schema in schemas() {
        type Test = fn(&Schema) -> Result<Completion, Failed>;
        let tests: [(&str, Test); 4] = [
            ("read", Schema::check_reports),
            ("counts", Schema::check_counts),
            ("same_bytes", Schema::check_bytes),
            ("sql", Schema::check_sql),
        ];
        for (test, check) in tests {
            let schema = Arc::clone(&schema);
            let name = format!("{test}::{}", schema.name);
            trials.push(Trial::ignorable_test(format!("corpus::{name}"), move || judge(&name, check(&schema))));
        }
    }
    trials
}

/// What can't be right yet is skipped with its reason, and an entry of the list that isn't needed any more is struck out.
fn judge(name: &str, outcome: Result<Completion, Failed>) -> Result<Completion, Failed> {
    let known = lines(KNOWN).find_map(|cells| match cells.as_slice() {
        [known, reason] => (*known == name).then(|| (*reason).to_owned()),
        other => panic!("corpus/known.tsv: two cells a line, found {other:?}"),
    });
    match (known, outcome) {
        (None, outcome) => outcome,
        (Some(_), Ok(_)) => Err(format!("corpus/known.tsv says that `{name}` fails, and it doesn't").into()),
        (Some(reason), Err(_)) => Ok(Completion::ignored_with(reason)),
    }
}

/// All schemas, by name.
pub(crate) fn schemas() -> Vec<Arc<Schema>> {
    let folder = std::env::var_os("PGX_GOOSE_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from)
        .join("schemas");
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("skipped: the real schemas are not at {}; PGX_GOOSE_CORPUS names another place", folder.display());
        return Vec::new();
    };
    let index = fs::read_to_string(folder.with_file_name("INDEX.tsv")).unwrap_or_default();
    let column = index.lines().next().and_then(|head| head.split('\t').position(|name| name == "extensions"));
    let extensions: BTreeMap<&str, &str> = index
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            Some((*cells.first()?, *cells.get(column?)?))
        })
        .collect();
    let mut schemas: Vec<Arc<Schema>> = entries
        .flatten()
        .filter(|entry| entry.path().join("schema.sql").exists())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let extensions =
                extensions.get(name.as_str()).unwrap_or(&"").split(',').filter(|it| !it.is_empty()).map(str::to_owned).collect();
            Arc::new(Schema { name, folder: entry.path(), extensions })
        })
        .collect();
    schemas.sort_by(|a, b| a.name.cmp(&b.name));
    schemas
}

impl Schema {
    fn text(&self, file: &str) -> Result<Option<String>, String> {
        let path = self.folder.join(file);
        if !path.exists() {
            return Ok(None);
        }
        fs::read_to_string(&path).map(Some).map_err(|e| format!("{}: {e}", path.display()))
    }

    fn inputs(&self, files: &[&str]) -> Result<Vec<Input>, String> {
        let mut inputs = Vec::new();
        for file in files {
            if let Some(text) = self.text(file)? {
                inputs.push(Input::new(*file, text));
            }
        }
        Ok(inputs)
    }

    pub(crate) fn read(&self) -> Result<Captured, String> {
        Ok(script::parse(&self.inputs(&["preload.sql", "schema.sql"])?))
    }

    pub(crate) fn read_dump(&self) -> Result<Captured, String> {
        Ok(script::parse(&self.inputs(&["pg_dump.sql"])?))
    }

    /// Why the server at hand can't take the schema, where it can't.
    pub(crate) fn missing(&self, server: &Server) -> Result<Option<String>, String> {
        for extension in &self.extensions {
            if !server.has_extension(extension)? {
                return Ok(Some(format!("the server has no extension `{extension}`")));
            }
        }
        Ok(None)
    }

    /// The whole text, what must exist first included.
    pub(crate) fn script(&self) -> Result<String, String> {
        Ok(self.inputs(&["preload.sql", "schema.sql"])?.into_iter().map(|input| input.text + "\n").collect())
    }

    /// What the text calls the database that it is loaded into.
    fn database_in_text(&self) -> String {
        format!("c_{}", self.name.replace('-', "_"))
    }

    /// A database that the schema's own text made.
    ///
    /// # Errors
    /// What the server says; [`Refusal::Library`] where the text needs a library of the author's own, so that no server can take it.
    pub(crate) fn load<'a>(&self, server: &'a Server, role: &'static str) -> Result<Database<'a>, Refusal> {
        // Roles belong to the whole server: who makes them must be alone.
        static ALONE: Mutex<()> = Mutex::new(());
        let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let database = server.database_of(&self.name, role)?;
        for file in ["preload.sql", "schema.sql"] {
            let Some(text) = self.text(file)? else { continue };
            let text = text.replace(&self.database_in_text(), &database.name);
            let errors: Vec<String> =
                database.run_on(&text)?.into_iter().filter(|error| !error.contains("already exists") || !error.contains("role ")).collect();
            if let Some(missing) = errors.iter().find(|error| error.contains("could not access file")) {
                return Err(Refusal::Library(missing.split("ERROR:").last().unwrap_or_default().trim().to_owned()));
            }
            if !errors.is_empty() {
                return Err(Refusal::Error(format!("the server refuses {file}: {}", errors.join("\n"))));
            }
        }
        Ok(database)
    }

    fn check_reports(&self) -> Result<Completion, Failed> {
        let mut wrong = Vec::new();
        for (source, captured) in [("schema.sql", self.read()?), ("pg_dump.sql", self.read_dump()?)] {
            for diagnostic in captured.diagnostics {
                if diagnostic.severity == Severity::Error || !is_explained(&self.name, &diagnostic.message) {
                    let place = diagnostic.span.map(|span| format!("{}:{}:{}", span.file, span.line, span.column));
                    wrong.push(format!(
                        "{}: {:?}: {}",
                        place.unwrap_or_else(|| source.to_owned()),
                        diagnostic.severity,
                        diagnostic.message
                    ));
                }
            }
        }
        fidelity::record(&self.name, "read", verdict(&wrong));
        if wrong.is_empty() { Ok(Completion::Completed) } else { Err(first(&wrong).into()) }
    }

    fn check_counts(&self) -> Result<Completion, Failed> {
        let Some(text) = self.text("counts.json")? else { return Ok(Completion::Completed) };
        let expected: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).map_err(|e| format!("counts.json: {e}"))?;
        let found = count(&self.read()?.catalog);
        let wrong: Vec<String> = found
            .iter()
            .filter_map(|(name, found)| {
                let expected = expected.get(*name)?.as_u64()?.saturating_sub(self.extensions_count(name));
                (expected != *found).then(|| format!("{name}: the server counts {expected}, we count {found}"))
            })
            .collect();
        fidelity::record(&self.name, "counts", verdict(&wrong));
        if wrong.is_empty() { Ok(Completion::Completed) } else { Err(wrong.join("\n").into()) }
    }

    /// How many objects of extensions the server's count has in it.
    fn extensions_count(&self, name: &str) -> u64 {
        let has = |extension: &str| self.extensions.iter().any(|it| it == extension);
        match name {
            "composites" => 3 * u64::from(has("tablefunc")) + 2 * u64::from(has("postgis")),
            _ => 0,
        }
    }

    fn check_bytes(&self) -> Result<Completion, Failed> {
        let mut kept: Option<Vec<u8>> = None;
        for workers in [2, 1, 8, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(workers).build().map_err(|e| e.to_string())?;
            let catalog = pool.install(|| self.read())?.catalog;
            let bytes = pool.install(|| snapshot::encode(&catalog, &HeaderFacts::current()));
            if workers == 1 {
                let decoded = snapshot::decode(&bytes).map_err(|e| e.to_string())?;
                if decoded.catalog != catalog {
                    return Err("what is decoded is not what was encoded".into());
                }
            }
            if kept.as_ref().is_some_and(|kept| *kept != bytes) {
                return Err(format!("the snapshot made by {workers} workers differs from that of 2").into());
            }
            kept = Some(bytes);
        }
        Ok(Completion::Completed)
    }

    fn check_sql(&self) -> Result<Completion, Failed> {
        let server = server()?;
        if let Some(reason) = self.missing(server)? {
            fidelity::record(&self.name, "SQL loads", format!("skipped: {reason}"));
            return Ok(Completion::ignored_with(reason));
        }
        let direct = match self.load(server, DUMPER) {
            Ok(database) => database,
            Err(Refusal::Library(reason)) => {
                fidelity::record(&self.name, "SQL loads", format!("skipped: {reason}"));
                return Ok(Completion::ignored_with(reason));
            }
            Err(Refusal::Error(error)) => return Err(error.into()),
        };
        let expected = Dump::parse(&direct.dump()?);
        let mut wrong = Vec::new();
        for (source, captured) in [("schema.sql", self.read()?), ("pg_dump.sql", self.read_dump()?)] {
            let sql = pgx_goose::ddl::script(&captured.catalog);
            let workplace = tool::workplace(&format!("sql/{}", self.name));
            fs::write(workplace.join("printed.sql"), &sql).map_err(|e| e.to_string())?;
            let printed = server.database_of(&self.name, DUMPER)?;
            if let Err(error) = printed.run(&sql) {
                fidelity::record(&self.name, "SQL loads", format!("no ({source})"));
                let place = workplace.join("printed.sql");
                return Err(format!("the server refuses what we print of {source} ({}): {error}", place.display()).into());
            }
            let differences = expected.differences(&Dump::parse(&printed.dump()?));
            wrong.extend(differences.into_iter().map(|difference| format!("{source}: {difference}")));
        }
        fidelity::record(&self.name, "SQL loads", "yes".to_owned());
        fidelity::record(&self.name, "differences", wrong.len().to_string());
        let expected = expected_differences(&self.name);
        if wrong.len() == expected {
            return Ok(Completion::Completed);
        }
        Err(format!("{} differences in the database, {expected} expected:\n{}", wrong.len(), first(&wrong)).into())
    }
}

/// Whether a report has its explanation in the list: lines of schema (or `*`), part of the message, reason.
fn is_explained(schema: &str, message: &str) -> bool {
    lines(REPORTS).any(|cells| match cells.as_slice() {
        [name, part, reason] => (*name == "*" || *name == schema) && message.contains(part) && !reason.is_empty(),
        other => panic!("corpus/reports.tsv: three cells a line, found {other:?}"),
    })
}

fn expected_differences(schema: &str) -> usize {
    lines(DIFFERENCES)
        .find_map(|cells| match cells.as_slice() {
            [name, number, _reason] => {
                (*name == schema).then(|| number.parse().expect("corpus/differences.tsv: the second cell is a number"))
            }
            other => panic!("corpus/differences.tsv: three cells a line, found {other:?}"),
        })
        .unwrap_or(0)
}

pub(crate) fn lines(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| line.split('\t').collect())
}

fn verdict(wrong: &[String]) -> String {
    if wrong.is_empty() { "yes".to_owned() } else { format!("{} wrong", wrong.len()) }
}

/// The first of many, and how many there are.
fn first(wrong: &[String]) -> String {
    const SHOWN: usize = 25;
    let mut text = wrong.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("\n");
    if wrong.len() > SHOWN {
        text.push_str(&format!("\n… and {} more", wrong.len() - SHOWN));
    }
    text
}

/// How many partitions a table has, and these, to the lowest.
fn partitions_below(catalog: &Catalog, table: &QualifiedName) -> u64 {
    let children = catalog.of_kind(Kind::Table).filter(|(_, object)| match &object.definition {
        Definition::Table(it) => it.partition_of.as_ref().is_some_and(|it| it.parent == *table),
        _ => false,
    });
    children.map(|(identity, _)| 1 + partitions_below(catalog, &identity.qualified_name())).sum()
}

/// The catalog counted as the server's catalogs were: there a range comes with constructors (two of its own, three of its
/// multirange) and a cast to the multirange.
fn count(catalog: &Catalog) -> BTreeMap<&'static str, u64> {
    let of = |kind: Kind| catalog.of_kind(kind).count() as u64;
    let mut counts = BTreeMap::from([
        ("schemas", of(Kind::Schema)),
        ("foreign_tables", of(Kind::ForeignTable)),
        ("views", of(Kind::View)),
        ("matviews", of(Kind::MaterializedView)),
        ("sequences", of(Kind::Sequence)),
        ("enums", of(Kind::Enum)),
        ("domains", of(Kind::Domain)),
        ("composites", of(Kind::Composite)),
        ("ranges", of(Kind::Range)),
        ("functions", of(Kind::Function) + 5 * of(Kind::Range)),
        ("procedures", of(Kind::Procedure)),
        ("aggregates", of(Kind::Aggregate)),
        ("rules", of(Kind::Rule)),
        ("policies", of(Kind::Policy)),
        ("event_triggers", of(Kind::EventTrigger)),
        ("statistics_objects", of(Kind::Statistics)),
        ("operators", of(Kind::Operator)),
        ("casts", of(Kind::Cast) + of(Kind::Range)),
        ("publications", of(Kind::Publication)),
        ("ts_configs", of(Kind::TextSearchConfiguration)),
    ]);
    for (_, object) in catalog.iter() {
        match &object.definition {
            Definition::Table(table) => {
                *counts.entry("tables").or_default() += 1;
                *counts.entry("partitioned").or_default() += u64::from(table.partition_key.is_some());
                *counts.entry("partitions").or_default() += u64::from(table.partition_of.is_some());
                *counts.entry("columns").or_default() += table.columns.len() as u64;
                *counts.entry("identity_cols").or_default() += table.columns.iter().filter(|it| it.identity.is_some()).count() as u64;
                *counts.entry("generated_cols").or_default() += table.columns.iter().filter(|it| it.generated.is_some()).count() as u64;
            }
            Definition::Constraint(constraint) => {
                let name = match &constraint.kind {
                    ConstraintKind::PrimaryKey(_) => "pks",
                    ConstraintKind::Unique(_) => "uniques",
                    ConstraintKind::ForeignKey(key) => {
                        // The server has a row more for each partition that the key could lead to.
                        if !constraint.inherited {
                            *counts.entry("fks").or_default() += partitions_below(catalog, &key.references);
                        }
                        "fks"
                    }
                    ConstraintKind::Exclusion { .. } => "exclusions",
                    _ => continue,
                };
                *counts.entry(name).or_default() += 1;
            }
            _ => {}
        }
    }
    counts
}
