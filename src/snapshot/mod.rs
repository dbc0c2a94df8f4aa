//! How a catalog is kept: the `.pgsnap` file.
//!
//! The same catalog gives the same bytes, on any machine and with any number of workers. A reader can take single
//! kinds, and tell from hashes alone what changed. Decoding trusts nothing: lengths are checked before anything is
//! allocated, every byte is under a checksum, and what was decoded must encode to the very same bytes again. The
//! checksums are xxh3: they find accidents and changes; they are no signature.
//!
//! This module must not know where a catalog comes from, nor name a kind of object: it goes through
//! [`Kind::ALL`](crate::catalog::Kind::ALL). A new kind costs it nothing but the new format version below.
//!
//! # The file
//!
//! ```text
//! magic                 8 bytes   89 50 47 58 0D 0A 1A 0A: a byte that is no ASCII, `PGX`, CR LF, ^Z, LF, so that
//!                                 whatever converts text damages the very first line and is found out
//! format version        4 bytes   little-endian; with the magic the part that no version may move
//! length of the header  4 bytes   little-endian
//! hash                 16 bytes   xxh3-128, big-endian, of the 16 bytes before and the header
//! header                          MessagePack map: the PostgreSQL major of the grammar, the version of the tool, the
//!                                 content hash, and of each section name, objects, length of the index, length, hash
//! sections                        one a kind, in the order of kinds, those without objects left out; then side
//!                                 sections, by name; nothing after the last
//! ```
//!
//! The section of a kind is an index (MessagePack array: identity, hash and length of each object, sorted by identity)
//! and then the objects (MessagePack maps with field names, those with default values left out), one after the other.
//!
//! Side sections are no part of the schema, and may be left out. There is one:
//!
//! - `sizes`: rows and bytes of tables, as a database said them when it was captured.
//!
//! The content hash is over names and hashes of the sections of kinds. So neither the version of the tool nor a side section
//! is in it, and two snapshots hold the same schema exactly if it is equal.
//!
//! A section that a reader doesn't know is an error, except where its header says that it may be skipped.
//!
//! # History of the format, newest first
//!
//! - **2** (0.1.0): base types, access methods and conversions are kinds.
//! - **1** (0.1.0): the first.
//!
//! # The rule for changing it
//!
//! Old formats are read for ever: `snapshots/v<n>/` keeps files of each, never rewritten, and a test decodes them.
//!
//! - A new field in a catalog struct that is left out when it has its default value (`#[serde(default, skip_serializing_if = …)]`)
//!   keeps the format: old files decode, and encode to the same bytes. Older programs refuse files that use it, by name.
//! - A new kind, a new variant of an enum, a renamed or removed field, or a field without such a default is a new
//!   format: raise [`FORMAT`], write its line above, convert what the old one says where it is decoded, and add a
//!   folder of its files.

mod error;
mod header;
mod section;
mod size;

use rayon::prelude::*;

use crate::catalog::{Catalog, Dependency, Identity, Kind, Object, Sizes};

pub use error::DecodeError;
pub use header::{Hash, Header, HeaderFacts, SectionHeader};
pub use section::Section;

/// The version of the format that is written, and the newest that is read.
pub const FORMAT: u32 = 2;

/// A decoded snapshot file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// What the file says of itself.
    pub header: Header,
    /// The schema.
    pub catalog: Catalog,
    /// How much was in it; empty where nobody asked.
    pub sizes: Sizes,
}

/// Encodes a catalog as the bytes of a snapshot file.
pub fn encode(catalog: &Catalog, facts: &HeaderFacts) -> Vec<u8> {
    encode_with_sizes(catalog, &Sizes::new(), facts)
}

/// The same, with how much was in the tables beside it.
pub fn encode_with_sizes(catalog: &Catalog, sizes: &Sizes, facts: &HeaderFacts) -> Vec<u8> {
    let mut sections = Kind::ALL.par_iter().filter_map(|&kind| section::encode(catalog, kind)).collect::<Vec<_>>();
    sections.extend(size::encode(sizes));
    header::assemble(facts, sections)
}

/// Decodes the bytes of a snapshot file, and checks all of them.
///
/// # Errors
/// If the bytes are no snapshot, damaged, of a newer format, or anything else than what [`encode`] would write.
pub fn decode(bytes: &[u8]) -> Result<Snapshot, DecodeError> {
    let reader = Reader::open(bytes)?;
    let mut objects = Vec::new();
    for &kind in Kind::ALL {
        if let Some(section) = reader.section(kind)? {
            objects.extend(section.decode_all()?);
        }
    }
    reader.check_side_sections()?;
    let sizes = reader.sizes()?;
    Ok(Snapshot { header: reader.header, catalog: objects.into_iter().collect(), sizes })
}

/// Decodes of two snapshots only the objects in which they differ, as two catalogs: enough for who compares them, and no more than that.
///
/// Sections and objects whose hashes are equal are checked against their hashes, and not decoded.
///
/// # Errors
/// If one of them is damaged where it was looked at; `true` is said for the second.
pub fn decode_differing(old: &Reader<'_>, new: &Reader<'_>) -> Result<(Catalog, Catalog), (bool, DecodeError)> {
    // Collected before errors are looked at, so that which is told doesn't depend on the workers' luck.
    let found: Vec<Result<Differing, (bool, DecodeError)>> = Kind::ALL.par_iter().map(|kind| differing(old, new, *kind)).collect();
    let mut catalogs = (Catalog::new(), Catalog::new());
    for kind in found {
        let (only_old, only_new) = kind?;
        only_old.into_iter().for_each(|(identity, object)| drop(catalogs.0.insert(identity, object)));
        only_new.into_iter().for_each(|(identity, object)| drop(catalogs.1.insert(identity, object)));
    }
    Ok(catalogs)
}

/// Objects of the first snapshot, and of the second.
type Differing = (Vec<(Identity, Object)>, Vec<(Identity, Object)>);

/// The objects of one kind in which two snapshots differ.
fn differing(old: &Reader<'_>, new: &Reader<'_>, kind: Kind) -> Result<Differing, (bool, DecodeError)> {
    let of_old = |error| (false, error);
    let of_new = |error| (true, error);
    if old.has_same(new, kind) {
        let (old, new) = rayon::join(|| old.check_section(kind), || new.check_section(kind));
        old.map_err(of_old)?;
        new.map_err(of_new)?;
        return Ok((Vec::new(), Vec::new()));
    }
    let (old, new) = rayon::join(|| old.section(kind), || new.section(kind));
    let (old, new) = (old.map_err(of_old)?, new.map_err(of_new)?);
    let (only_old, only_new) = section::differing(old.as_ref(), new.as_ref());
    let decoded = |section: Option<&Section<'_>>, identities: Vec<&Identity>| {
        let object = |identity: &Identity| {
            let object = section.map_or(Ok(None), |it| it.object(identity)).transpose()?;
            Some(object.map(|object| (identity.clone(), object)))
        };
        identities.into_iter().filter_map(object).collect::<Result<Vec<_>, _>>()
    };
    Ok((decoded(old.as_ref(), only_old).map_err(of_old)?, decoded(new.as_ref(), only_new).map_err(of_new)?))
}

/// Returns the content hash that a snapshot of the catalog has, without keeping its bytes.
pub fn content_hash(catalog: &Catalog) -> Hash {
    let sections = Kind::ALL.par_iter().filter_map(|&kind| section::encode(catalog, kind)).map(|it| it.header).collect::<Vec<_>>();
    header::content_hash(&sections)
}

/// Lists the dependencies on objects that the catalog doesn't have, which a whole schema never has.
pub fn dangling(catalog: &Catalog) -> Vec<(&Identity, &Dependency)> {
    let dependencies = catalog.iter().flat_map(|(identity, object)| object.dependencies.iter().map(move |it| (identity, it)));
    dependencies.filter(|(_, dependency)| !catalog.contains(&dependency.on)).collect()
}

/// A snapshot file of which only the header has been read: for those who want some kinds, or only hashes.
#[derive(Debug)]
pub struct Reader<'a> {
    header: Header,
    /// The bytes of each section of the header.
    sections: Vec<&'a [u8]>,
}

impl<'a> Reader<'a> {
    /// Reads and checks the header, and that the file has exactly the length that it says.
    ///
    /// # Errors
    /// If the bytes are no snapshot, cut off, of a newer format, or the header is damaged.
    pub fn open(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let (header, mut rest) = header::read(bytes)?;
        let mut sections = Vec::with_capacity(header.sections.len());
        for section in &header.sections {
            // `header::read` has compared the sum of the lengths with what is there.
            let length = usize::try_from(section.length).ok().filter(|&it| it <= rest.len());
            let (bytes, after) = rest.split_at(length.ok_or(DecodeError::Truncated)?);
            sections.push(bytes);
            rest = after;
        }
        Ok(Self { header, sections })
    }

    /// What the file says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads and checks the index of a kind; `None` where the snapshot has no object of it.
    ///
    /// # Errors
    /// If the section is damaged.
    pub fn section(&self, kind: Kind) -> Result<Option<Section<'a>>, DecodeError> {
        let found = self.header.sections.iter().zip(&self.sections).find(|(header, _)| header.name == kind.name());
        found.map(|(header, bytes)| Section::open(kind, header, bytes)).transpose()
    }

    /// Whether another snapshot has the same objects of a kind, by the hashes that both say.
    fn has_same(&self, other: &Reader<'_>, kind: Kind) -> bool {
        let hash = |reader: &Reader<'_>| reader.header.sections.iter().find(|it| it.name == kind.name()).map(|it| it.hash);
        hash(self) == hash(other)
    }

    /// Checks the bytes of a kind against their hash.
    fn check_section(&self, kind: Kind) -> Result<(), DecodeError> {
        let mut sections = self.header.sections.iter().zip(&self.sections);
        sections.find(|(header, _)| header.name == kind.name()).map_or(Ok(()), |(header, bytes)| section::check_hash(header, bytes))
    }

    /// Reads how much was in the tables; empty where the snapshot does not say.
    ///
    /// # Errors
    /// If the section is damaged.
    pub fn sizes(&self) -> Result<Sizes, DecodeError> {
        let found = self.header.sections.iter().zip(&self.sections).find(|(header, _)| header.skippable && header.name == size::NAME);
        let Some((header, bytes)) = found else { return Ok(Sizes::new()) };
        section::check_hash(header, bytes)?;
        size::decode(header, bytes)
    }

    /// Whether a file holds the same schema as another, undamaged. Nothing is decoded: equal hashes are equal objects.
    pub fn holds_same(&self, other: &Reader<'_>) -> bool {
        let intact = |(header, bytes): (&SectionHeader, &&[u8])| section::check_hash(header, bytes).is_ok();
        self.header.content == other.header.content && self.header.sections.iter().zip(&self.sections).all(intact)
    }

    /// Checks the hashes of the sections that are skipped.
    fn check_side_sections(&self) -> Result<(), DecodeError> {
        let sections = self.header.sections.iter().zip(&self.sections);
        sections.filter(|(header, _)| header.skippable).try_for_each(|(header, bytes)| section::check_hash(header, bytes))
    }
}

#[cfg(test)]
mod tests;
