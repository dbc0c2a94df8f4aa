//! What helps the next run on the same machine: the folder `.pgx-goose-cache` beside the record, which git passes over. Without it
//! everything is as right, and slower.
//!
//! - `stamps`: how the written files looked from outside when their bytes were known, so that they need not be read.
//! - `journal`: what a run is about to write. It is there while files are moved into their places; if it is found, that run was killed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_128;

use crate::fs::{self, Durability, Stamp};

/// The folder's name.
const FOLDER: &str = ".pgx-goose-cache";
const STAMPS: &str = "stamps";
const JOURNAL: &str = "journal";
/// The bytes of a stamp.
const LENGTH: usize = 48;
/// What stands before the stamps: the hash of the record that they belong to.
const HEAD: usize = 16;

/// The files of the cache folder of a base folder.
#[derive(Debug)]
pub(super) struct Cache(PathBuf);

/// Stamps of the files of a record, in its order.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    stamps: Vec<Option<Stamp>>,
}

impl Stamps {
    /// The stamp that the file at a position had when its bytes were those of the record.
    pub(super) fn get(&self, at: usize) -> Option<Stamp> {
        self.stamps.get(at).copied().flatten()
    }
}

/// Paths and hashes that a killed run may have written.
pub(super) type Journal = HashSet<(String, String)>;

impl Cache {
    pub(super) fn of(base: &Path) -> Self {
        Self(base.join(FOLDER))
    }

    /// Reads the stamps of a record; none where they are missing, damaged, or another record's.
    pub(super) fn stamps(&self, record: &[u8]) -> Stamps {
        let path = self.0.join(STAMPS);
        let (Ok(Some(own)), Ok(Some(bytes))) = (fs::stamp(&path), fs::read_if_exists(&path)) else { return Stamps::default() };
        let Some((head, rest)) = bytes.split_at_checked(HEAD) else { return Stamps::default() };
        if head != xxh3_128(record).to_le_bytes() || rest.len() % LENGTH != 0 {
            return Stamps::default();
        }
        // A file that was changed in the same tick of the clock as the stamps may have been changed after its stamp was taken (git
        // calls it racy): only its bytes tell.
        let stamps =
            rest.chunks_exact(LENGTH).map(|bytes| decode(bytes).filter(|it| it.changed < own.changed && it.modified < own.changed));
        Stamps { stamps: stamps.collect() }
    }

    /// Writes the stamps for a record.
    pub(super) fn write_stamps(&self, record: &[u8], stamps: impl Iterator<Item = Option<Stamp>>) -> Result<(), fs::Error> {
        let mut bytes = xxh3_128(record).to_le_bytes().to_vec();
        stamps.for_each(|it| bytes.extend_from_slice(&encode(it)));
        self.prepare()?;
        fs::write_atomic(self.0.join(STAMPS), &bytes, Durability::Renamed)
    }

    /// Reads what a killed run may have written.
    pub(super) fn journal(&self) -> Journal {
        let bytes = fs::read_if_exists(self.0.join(JOURNAL)).ok().flatten().unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Says what will be written, before the first file is.
    pub(super) fn write_journal<'a>(&self, entries: impl Iterator<Item = (&'a str, &'a str)>) -> Result<(), fs::Error> {
        let mut entries: Vec<_> = entries.collect();
        entries.sort_unstable();
        self.prepare()?;
        let bytes = serde_json::to_vec(&entries).expect("texts and lists can be JSON");
        fs::write_atomic(self.0.join(JOURNAL), &bytes, Durability::Renamed)
    }

    /// Says that all of it is written.
    pub(super) fn remove_journal(&self) -> Result<(), fs::Error> {
        fs::remove(self.0.join(JOURNAL))
    }

    fn prepare(&self) -> Result<(), fs::Error> {
        fs::create_dir_all(&self.0)?;
        let ignore = self.0.join(".gitignore");
        if fs::kind(&ignore)?.is_none() {
            fs::write_atomic(ignore, b"# Made by pgx-goose: what only this machine needs to know.\n*\n", Durability::Renamed)?;
        }
        Ok(())
    }
}

fn encode(stamp: Option<Stamp>) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    if let Some(Stamp { size, modified, changed, number }) = stamp {
        bytes[..8].copy_from_slice(&size.to_le_bytes());
        bytes[8..24].copy_from_slice(&modified.to_le_bytes());
        bytes[24..40].copy_from_slice(&changed.to_le_bytes());
        bytes[40..].copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

fn decode(bytes: &[u8]) -> Option<Stamp> {
    let long = |at: usize| bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
    let longer = |at: usize| bytes.get(at..at + 16)?.try_into().ok().map(i128::from_le_bytes);
    let stamp = Stamp { size: long(0)?, modified: longer(8)?, changed: longer(24)?, number: long(40)? };
    // No file is from the first moment of Unix: it stands for no stamp.
    (stamp.changed != 0).then_some(stamp)
}
