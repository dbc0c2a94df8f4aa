//! Runs that write only what changed, and remove what is gone.
//!
//! A run leaves a [`Record`] of what it made from what. The next one renders the parts whose input changed: a part is the files of a
//! table, or those that a project has once, and its input is all that templates see of it. So it does not matter through
//! which object a change comes (a column, an enum that it has, the key of a table that it refers to, another table that takes its
//! name): what would be printed otherwise is another input. Build, settings and templates are inputs of every part.
//!
//! What is on the disk is looked at, too: a file that is missing is made again, and one whose bytes are neither those of the record nor those that a
//! killed run was about to write is somebody's own. It stays, unless the user says otherwise.
//!
//! This must not know what a schema is, nor how its hash comes about.

mod cache;
mod record;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use self::cache::{Cache, Journal, Stamps};
use self::record::GENERATOR;
pub use self::record::{FILE_NAME, Record, Unusable};
use super::options::Options;
use super::output::{self, Compared, Error, Part, Sink, State, Writer};
use super::template::{TemplateError, own_templates};
use crate::fs::{self, Stamp};

/// The hash of bytes, as a record has it.
pub fn hash(bytes: &[u8]) -> String {
    format!("{:032x}", xxh3_128(bytes))
}

/// What all files of a run are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// The hash of the schema; empty where it is not known yet.
    pub schema: String,
    /// The hash of the files that the schema is read from; empty where there are none, or they must be read every time.
    pub source: String,
    config: String,
    templates: String,
}

impl Inputs {
    /// Takes the settings and the user's templates together with what is known of the schema.
    ///
    /// # Errors
    /// Where a template can't be read.
    pub fn new(schema: String, source: String, options: &Options) -> Result<Self, TemplateError> {
        // How many workers there are changes no file.
        let settings = Options { workers: 0, ..options.clone() };
        let templates = match &options.template_dir {
            None => String::new(),
            Some(folder) => hash(
                own_templates(folder)?.iter().flat_map(|(name, text)| [name.as_str(), "\0", text, "\0"]).collect::<String>().as_bytes(),
            ),
        };
        Ok(Self { schema, source, config: hash(format!("{settings:?}").as_bytes()), templates })
    }

    /// Takes more settings in.
    pub fn and(self, settings: &str) -> Self {
        Self { config: hash(format!("{} {settings}", self.config).as_bytes()), ..self }
    }
}

/// What there is where the record has a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// Nothing.
    Missing,
    /// The bytes of the record; with their stamp, where it was taken before they were read.
    Intact(Option<Stamp>),
    /// Bytes that a killed run wrote.
    Interrupted,
    /// Somebody else's.
    Edited,
}

/// A base folder and what is remembered of it.
#[derive(Debug)]
pub struct Remembered {
    /// The working directory and the base folder, both absolute.
    here: PathBuf,
    base: PathBuf,
    cache: Cache,
    record: Option<Record>,
    encoded: Vec<u8>,
    journal: Journal,
    found: BTreeMap<String, Found>,
}

/// What a current tree has besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// How many files of ours there are.
    pub files: usize,
    /// Files that somebody has changed, as the user would say them.
    pub edited: Vec<String>,
}

impl Remembered {
    /// Reads what is remembered of a base folder, and looks at the files. `here` is the working directory, absolute. The second result tells why nothing is remembered.
    pub fn load(here: &Path, base: &str) -> (Self, Option<Unusable>) {
        let base = absolute(here, base);
        let cache = Cache::of(&base);
        let (record, encoded, unusable) = match Record::read(&base) {
            Ok((record, encoded)) => (Some(record), encoded, None),
            Err(unusable) => (None, Vec::new(), Some(unusable)),
        };
        let journal = cache.journal();
        let mut remembered = Self { here: here.to_owned(), base, cache, record, encoded, journal, found: BTreeMap::new() };
        remembered.look();
        (remembered, unusable)
    }

    /// Looks at every file of the record, and at those that a killed run was about to add to it.
    fn look(&mut self) {
        let recorded = |path: &String| self.record.as_ref().is_some_and(|it| it.file_hashes.contains_key(path));
        let added = self.journal.iter().map(|(path, _)| path).filter(|path| !recorded(path));
        let there = added.filter(|path| {
            let bytes = fs::read_if_exists(self.base.join(path)).ok().flatten();
            bytes.is_some_and(|it| self.journal.contains(&((*path).clone(), hash(&it))))
        });
        let added: Vec<_> = there.map(|path| (path.clone(), Found::Interrupted)).collect();
        self.found = added.into_iter().collect();
        let Some(record) = &self.record else { return };
        let stamps = self.cache.stamps(&self.encoded);
        let files: Vec<(usize, (&String, &String))> = record.file_hashes.iter().enumerate().collect();
        let found = files.into_par_iter().map(|(at, (path, hash))| (path.clone(), self.found(path, hash, at, &stamps)));
        let found: Vec<_> = found.collect();
        self.found.extend(found);
    }

    fn found(&self, path: &str, recorded: &str, at: usize, stamps: &Stamps) -> Found {
        let place = self.base.join(path);
        // What can't be looked at now makes an error where it is written.
        let Ok(Some(stamp)) = fs::stamp(&place) else {
            return if fs::kind(&place).is_ok_and(|it| it.is_none()) { Found::Missing } else { Found::Edited };
        };
        if stamps.get(at) == Some(stamp) {
            return Found::Intact(Some(stamp));
        }
        match fs::read_if_exists(&place) {
            Ok(None) => Found::Missing,
            Ok(Some(bytes)) if hash(&bytes) == recorded => Found::Intact(Some(stamp)),
            // What a crash of the machine leaves of a file; nobody's own work.
            Ok(Some(bytes)) if bytes.is_empty() || self.journal.contains(&(path.to_owned(), hash(&bytes))) => Found::Interrupted,
            _ => Found::Edited,
        }
    }

    /// Whether a record was found.
    pub fn is_usable(&self) -> bool {
        self.record.is_some()
    }

    /// Tells whether a run from these inputs would do nothing. Only one of the hashes of schema and source need be known.
    pub fn is_current(&self, inputs: &Inputs) -> Option<Current> {
        let record = self.record.as_ref()?;
        let same = |known: &str, recorded: &str| !known.is_empty() && known == recorded;
        let current = (same(&inputs.schema, &record.schema_hash) || same(&inputs.source, &record.source_hash))
            && self.is_of(record, inputs)
            && record.kept.is_empty()
            && self.journal.is_empty()
            && self.found.values().all(|it| matches!(it, Found::Intact(_) | Found::Edited));
        current.then(|| {
            // A cache that can't be written is one that doesn't help.
            let _ = self.refresh();
            let edited = self.found.iter().filter(|(_, it)| **it == Found::Edited).map(|(path, _)| self.shown(path));
            Current { files: self.found.len(), edited: edited.collect() }
        })
    }

    /// Whether build, settings and templates are those of the record.
    fn is_of(&self, record: &Record, inputs: &Inputs) -> bool {
        record.generator == GENERATOR && record.config_hash == inputs.config && record.template_hash == inputs.templates
    }

    /// Writes the stamps anew where files had to be read.
    fn refresh(&self) -> Result<(), fs::Error> {
        let known = self.cache.stamps(&self.encoded);
        let now = || self.found.values().map(|it| if let Found::Intact(stamp) = it { *stamp } else { None });
        if now().enumerate().any(|(at, stamp)| stamp.is_some() && stamp != known.get(at)) {
            self.cache.write_stamps(&self.encoded, now())?;
        }
        Ok(())
    }

    /// A path of the record as the user would say it.
    fn shown(&self, recorded: &str) -> String {
        let path = absolute(&self.base, recorded);
        path.strip_prefix(&self.here).map_or_else(|_| slashed(&path), slashed)
    }

    /// A path from the working directory as the record has it.
    fn recorded(&self, path: &str) -> String {
        relative(&self.base, &absolute(&self.here, path))
    }
}

/// How a run goes about its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Whether nothing is written, and what would be is told.
    pub dry: bool,
    /// Whether parts that didn't change are passed over, files of dropped tables are removed, and files that somebody changed stay.
    pub incremental: bool,
    /// Whether everything is made, over files of whomever.
    pub force: bool,
    /// Whether the command line asks for a part of what the config asks for: what else there is stays.
    pub partial: bool,
}

/// A run: the sink of its files.
#[derive(Debug)]
pub struct Run {
    before: Remembered,
    inputs: Inputs,
    manner: Manner,
    /// Whether build, settings and templates are those of the record, so that parts can be passed over.
    comparable: bool,
    writer: Writer,
    parts: Mutex<Vec<Done>>,
    files: Mutex<HashMap<String, File>>,
}

/// A part that is done.
#[derive(Debug)]
struct Done {
    name: String,
    hash: String,
    paths: Vec<String>,
    /// Whether it was passed over.
    kept: bool,
}

/// A file that was made.
#[derive(Debug)]
struct File {
    hash: String,
    state: State,
}

/// What a run did, or would do.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Every file that the schema makes, by path.
    pub compared: Vec<Compared>,
    /// Files that nothing in the schema makes any more, and that are removed.
    pub removed: Vec<String>,
    /// Those of them that somebody changed, and that stay.
    pub orphans: Vec<String>,
    /// Files that somebody else has changed or written, and that stay; whether they should be others.
    pub kept: Vec<(String, bool)>,
    /// How many tables were passed over.
    pub passed_over: usize,
}

impl Run {
    /// Begins a run.
    pub fn new(before: Remembered, inputs: Inputs, manner: Manner) -> Self {
        let comparable = before.record.as_ref().is_some_and(|record| before.is_of(record, &inputs));
        let writer = Writer::new(Path::new(""), manner.force);
        Self { before, inputs, manner, comparable, writer, parts: Mutex::default(), files: Mutex::default() }
    }

    /// Whether files that somebody changed stay.
    fn spares(&self) -> bool {
        self.manner.incremental && !self.manner.force
    }

    /// Moves all files into their places, removes what is gone and remembers it. `now` is the time, for the record.
    ///
    /// # Errors
    /// Where the disk refuses; or, in a run that is not incremental, where files of others are in the way.
    pub fn finish(mut self, now: &str) -> Result<Outcome, Error> {
        let files = std::mem::take(unlocked(&mut self.files));
        let mut parts = std::mem::take(unlocked(&mut self.parts));
        parts.sort_by(|a, b| a.name.cmp(&b.name));
        let Self { before, inputs, manner, writer, .. } = self;
        let spares = manner.incremental && !manner.force;
        let record = before.record.as_ref();

        let mut outcome = Outcome::default();
        // A part of what the record is of, by the command line: the rest stays, files and all.
        let part_of_it = manner.partial && record.is_some_and(|it| it.config_hash != inputs.config);
        let mut next = record.filter(|_| part_of_it).cloned().unwrap_or_else(Record::new);
        let mut planned = BTreeSet::new();
        let mut stamps: HashMap<String, Stamp> = HashMap::new();
        let mut to_write: Vec<(String, String)> = Vec::new();
        next.kept.clear();
        for Done { name, hash, paths, kept } in &parts {
            let mut whole = true;
            for path in paths {
                let recorded = before.recorded(path);
                let old_hash = record.and_then(|it| it.file_hashes.get(&recorded));
                let found = before.found.get(&recorded).copied();
                let (state, file_hash) = match files.get(path) {
                    Some(file) => (file.state, file.hash.clone()),
                    None if *kept => {
                        let state = if found == Some(Found::Edited) { State::Edited } else { State::Same };
                        (state, old_hash.cloned().unwrap_or_default())
                    }
                    // A part that names a file it does not make.
                    None => continue,
                };
                match (state, old_hash) {
                    (State::Edited | State::Foreign, _) if spares || state == State::Foreign && !manner.force => {
                        outcome.kept.push((path.clone(), !kept));
                        whole &= *kept;
                        if !kept {
                            next.kept.push(recorded.clone());
                        }
                        match old_hash {
                            Some(old) => next.file_hashes.insert(recorded.clone(), old.clone()),
                            None => next.file_hashes.remove(&recorded),
                        };
                    }
                    _ => {
                        if state != State::Same {
                            to_write.push((recorded.clone(), file_hash.clone()));
                            whole &= !part_of_it;
                        } else if let Some(Found::Intact(Some(stamp))) = found {
                            stamps.insert(recorded.clone(), stamp);
                        }
                        next.file_hashes.insert(recorded.clone(), file_hash);
                    }
                }
                outcome.compared.push(Compared { path: path.clone(), state, diff: String::new() });
                planned.insert(recorded);
            }
            // What was not made of it this time may have to be another.
            let old_hash = record.and_then(|it| if name.is_empty() { Some(&it.project_hash) } else { it.table_hashes.get(name) });
            whole &= !part_of_it || old_hash == Some(hash);
            let hash = if whole { hash.clone() } else { String::new() };
            match name.as_str() {
                "" => next.project_hash = hash,
                _ if hash.is_empty() => drop(next.table_hashes.remove(name)),
                _ => drop(next.table_hashes.insert(name.clone(), hash)),
            }
            outcome.passed_over += usize::from(*kept && !name.is_empty() && !name.starts_with('*'));
        }
        outcome.compared.sort_by(|a, b| a.path.cmp(&b.path));
        outcome.kept.sort();
        next.kept.sort();

        let mut to_remove = Vec::new();
        let removes = manner.incremental && !part_of_it;
        let interrupted = before.found.iter().filter(|(_, it)| **it == Found::Interrupted).map(|(path, _)| path);
        let once_ours: BTreeSet<&String> = record.iter().flat_map(|it| it.file_hashes.keys()).chain(interrupted).collect();
        for path in once_ours.into_iter().filter(|it| !planned.contains(*it)) {
            let old_hash = match record.and_then(|it| it.file_hashes.get(path)) {
                Some(hash) => hash.clone(),
                None => fs::read_if_exists(before.base.join(path))?.map(|it| hash(&it)).unwrap_or_default(),
            };
            if !removes {
                next.file_hashes.insert(path.clone(), old_hash);
                continue;
            }
            match before.found.get(path) {
                // Nothing of ours, whatever the record says.
                _ if !before.may_remove(path) => {}
                Some(Found::Intact(_) | Found::Interrupted) => to_remove.push(path.clone()),
                Some(Found::Edited) if manner.force => to_remove.push(path.clone()),
                Some(Found::Edited) => {
                    // Remembered, so that it is not taken for ours if the table comes back.
                    next.file_hashes.insert(path.clone(), old_hash);
                    outcome.orphans.push(before.shown(path));
                }
                Some(Found::Missing) | None => {}
            }
        }
        outcome.removed = to_remove.iter().map(|it| before.shown(it)).collect();
        if manner.dry {
            return Ok(outcome);
        }

        if !manner.incremental {
            writer.refuse_foreign(&outcome.compared)?;
        }
        if !to_write.is_empty() || !to_remove.is_empty() {
            let entries = before.journal.iter().chain(&to_write).map(|(path, hash)| (path.as_str(), hash.as_str()));
            before.cache.write_journal(entries)?;
        }
        writer.commit()?;
        for path in &to_remove {
            let place = absolute(&before.base, path);
            fs::remove(&place)?;
            place.ancestors().skip(1).take_while(|it| before.is_inside(it)).for_each(fs::remove_if_empty);
        }

        if part_of_it {
            (next.schema_hash, next.source_hash) = (String::new(), String::new());
        } else {
            next.generator = GENERATOR.to_owned();
            next.config_hash = inputs.config;
            next.template_hash = inputs.templates;
            (next.schema_hash, next.source_hash) = (inputs.schema, inputs.source);
        }
        next.last_generation = record.map_or_else(String::new, |it| it.last_generation.clone());
        let mut encoded = before.encoded;
        if record != Some(&next) || !to_write.is_empty() || !to_remove.is_empty() {
            next.last_generation = now.to_owned();
            encoded = next.encode();
            fs::create_dir_all(&before.base)?;
            fs::write_atomic(before.base.join(FILE_NAME), &encoded, fs::Durability::Renamed)?;
        }
        before.cache.remove_journal()?;
        let kept: BTreeSet<&String> = next.kept.iter().collect();
        let written: BTreeSet<&String> = to_write.iter().map(|(path, _)| path).collect();
        let stamp = |path: &String| match stamps.get(path) {
            Some(stamp) => Some(*stamp),
            None if written.contains(path) && !kept.contains(path) => fs::stamp(before.base.join(path)).ok().flatten(),
            None => None,
        };
        // A cache that can't be written is one that doesn't help.
        let _ = before.cache.write_stamps(&encoded, next.file_hashes.keys().map(stamp));
        Ok(outcome)
    }
}

impl Remembered {
    /// Whether a recorded path is one that the tool may remove a file at: the record may come from anybody.
    fn may_remove(&self, recorded: &str) -> bool {
        let place = absolute(&self.base, recorded);
        let hidden =
            Path::new(recorded).components().any(|it| matches!(it, Component::Normal(name) if name.to_string_lossy().starts_with('.')));
        !hidden && self.is_inside(&place)
    }

    /// Whether a path is below the base folder or the working directory.
    fn is_inside(&self, path: &Path) -> bool {
        [&self.base, &self.here].into_iter().any(|it| path.starts_with(it) && path != it)
    }
}

impl Sink for Run {
    fn tracks(&self) -> bool {
        true
    }

    fn has(&self, part: &Part<'_>) -> bool {
        let recorded = match (&self.before.record, part.name) {
            (Some(record), "") => Some(&record.project_hash),
            (Some(record), name) => record.table_hashes.get(name),
            (None, _) => None,
        };
        let there = |path: &String| matches!(self.before.found.get(&self.before.recorded(path)), Some(Found::Intact(_) | Found::Edited));
        let kept = self.spares() && self.comparable && recorded.is_some_and(|it| *it == part.hash) && part.paths.iter().all(there);
        let done = Done { name: part.name.to_owned(), hash: part.hash.clone(), paths: part.paths.clone(), kept };
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).push(done);
        kept
    }

    fn take(&self, path: String, bytes: Vec<u8>) -> Result<(), Error> {
        let new = hash(&bytes);
        let old = fs::read_if_exists(&path)?;
        let mut state = output::state(&path, old.as_deref(), &bytes);
        if let Some(old) = old.filter(|it| !it.is_empty() && state != State::Same) {
            let (recorded, old) = (self.before.recorded(&path), hash(&old));
            let of_record = self.before.record.as_ref().and_then(|it| it.file_hashes.get(&recorded));
            let known = of_record.is_some();
            if of_record == Some(&old) || self.before.journal.contains(&(recorded, old)) {
                // However it begins: a template can make something else than Go.
                state = State::Changed;
            } else if known && self.spares() {
                state = State::Edited;
            }
        }
        if !self.manner.dry {
            self.writer.put(&path, &bytes, state)?;
        }
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(path, File { hash: new, state });
        Ok(())
    }
}

fn unlocked<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}

/// A path made absolute, without `.` and `..`.
fn absolute(from: &Path, path: &str) -> PathBuf {
    let mut result = PathBuf::new();
    for component in from.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                result.pop();
            }
            other => result.push(other),
        }
    }
    result
}

/// An absolute path as seen from an absolute folder, with `/`.
fn relative(folder: &Path, path: &Path) -> String {
    if let Ok(below) = path.strip_prefix(folder) {
        return slashed(below);
    }
    let shared = folder.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    slashed(&up.chain(path.components().skip(shared)).collect::<PathBuf>())
}

fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { text.into_owned() } else { text.replace(std::path::MAIN_SEPARATOR, "/") }
}
