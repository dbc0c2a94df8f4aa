//! `.pgx-goose-metadata.json`: what the last run made, and from what.
//!
//! It says nothing that depends on the machine, so it can be committed, and apart from `last_generation` the same run writes the same bytes. A run that
//! changes nothing doesn't write it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::fs;

/// The name of the file, in the base folder of the output.
pub const FILE_NAME: &str = ".pgx-goose-metadata.json";

/// The form of the file that is written, and the newest that is read. A field more or less is a new form.
const FORMAT: u32 = 1;

/// This build of the generator.
pub(super) const GENERATOR: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("PGX_GOOSE_SOURCES"));

/// What a run remembers for the next one. Hashes are xxh3-128 in hexadecimal: they find changes; they are no signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The form of the file.
    pub(super) format: u32,
    /// When files were last written, in UTC.
    pub(super) last_generation: String,
    /// The version of the generator, and a hash of its sources.
    pub(super) generator: String,
    /// The hash of the schema, as a snapshot of it has it; empty where not all files are of one schema.
    pub(super) schema_hash: String,
    /// The hash of the DDL files that the schema was read from; empty for other sources, and where reading gave warnings, which every run is to give.
    pub(super) source_hash: String,
    /// The hash of all settings that have an effect on the files.
    pub(super) config_hash: String,
    /// The hash of the user's templates; empty where there are none.
    pub(super) template_hash: String,
    /// The hash of what the files that a project has once are made from; empty where some of them are to be looked at again.
    pub(super) project_hash: String,
    /// The hash of what a table's files are made from: all that templates see of it, whichever object of the schema it comes from. A table
    /// that is to be looked at again is missing.
    pub(super) table_hashes: BTreeMap<String, String>,
    /// The hash of every file as it was written, by its path from the base folder.
    pub(super) file_hashes: BTreeMap<String, String>,
    /// Files that should be others and that somebody else has written.
    pub(super) kept: Vec<String>,
}

/// Why there is no record to go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// There is no file.
    Missing,
    /// It is of a newer version.
    Newer,
    /// It is not what any version writes, or can't be read.
    Damaged {
        /// What is wrong with it.
        reason: String,
    },
}

impl Record {
    /// A record of nothing.
    pub(super) fn new() -> Self {
        Self {
            format: FORMAT,
            last_generation: String::new(),
            generator: GENERATOR.to_owned(),
            schema_hash: String::new(),
            source_hash: String::new(),
            config_hash: String::new(),
            template_hash: String::new(),
            project_hash: String::new(),
            table_hashes: BTreeMap::new(),
            file_hashes: BTreeMap::new(),
            kept: Vec::new(),
        }
    }

    /// Reads the record of a base folder, and returns its bytes too.
    pub(super) fn read(base: &Path) -> Result<(Self, Vec<u8>), Unusable> {
        let damaged = |reason: &dyn std::error::Error| Unusable::Damaged { reason: reason.to_string() };
        let bytes = match fs::read_if_exists(base.join(FILE_NAME)) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err(Unusable::Missing),
            Err(error) => return Err(damaged(&error.source)),
        };
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(record) if record.format == FORMAT => Ok((record, bytes)),
            Ok(record) if record.format > FORMAT => Err(Unusable::Newer),
            Ok(_) => Err(Unusable::Damaged { reason: "no version writes this format".to_owned() }),
            // A newer one has other fields.
            Err(error) => match serde_json::from_slice::<Format>(&bytes) {
                Ok(Format { format }) if format > FORMAT => Err(Unusable::Newer),
                _ => Err(damaged(&error)),
            },
        }
    }

    /// The bytes of the file.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("texts and lists can be JSON");
        bytes.push(b'\n');
        bytes
    }
}

/// What every version has.
#[derive(Deserialize)]
struct Format {
    format: u32,
}
