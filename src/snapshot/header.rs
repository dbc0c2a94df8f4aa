//! The head of a snapshot file: magic, format version, and what the file says of itself.
//!
//! It must not know what is inside a section.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::section::Encoded;
use super::{DecodeError, FORMAT};
use crate::catalog::Kind;

const MAGIC: [u8; 8] = *b"\x89PGX\r\n\x1a\n";
/// Magic, format version, length of the header.
const CHECKED_PREFIX: usize = 16;
/// The same and the hash.
const PREFIX: usize = 32;
/// Far more than all kinds and any side sections take.
const MAX_HEADER: usize = 1 << 20;
/// A header is a map of an array of maps.
const MAX_DEPTH: usize = 8;

/// What is known of a snapshot beside the catalog when it is written. Nothing that differs between two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderFacts {
    /// The PostgreSQL major whose grammar and built-in objects the catalog is in the words of.
    pub postgres: u16,
    /// The version of the tool that writes.
    pub tool: String,
}

impl HeaderFacts {
    /// What this build of the tool writes.
    pub fn current() -> Self {
        // The major is that of the pg_query crate in Cargo.toml.
        Self { postgres: 18, tool: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// What a snapshot file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The PostgreSQL major whose grammar and built-in objects the catalog is in the words of.
    pub postgres: u16,
    /// The version of the tool that wrote the file.
    pub tool: String,
    /// Equal exactly if the schema is.
    pub content: Hash,
    /// The sections, in the order of the file.
    pub sections: Vec<SectionHeader>,
}

/// What the header says of a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectionHeader {
    /// The kind's name, or the name of a side section.
    pub name: String,
    /// How many objects it has.
    pub objects: u32,
    /// The length of its index in bytes.
    pub index: u64,
    /// Its whole length in bytes.
    pub length: u64,
    /// The hash of its bytes.
    pub hash: Hash,
    /// Whether a reader who doesn't know it may pass it over.
    #[serde(default, skip_serializing_if = "crate::catalog::is_default")]
    pub skippable: bool,
}

/// An xxh3-128 hash; sixteen bytes, big-endian, in files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub u128);

impl Hash {
    /// The hash of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(xxh3_128(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_bytes(&self.0.to_be_bytes()) }
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Hash;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("sixteen bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Hash, E> {
                bytes.try_into().map(|it| Hash(u128::from_be_bytes(it))).map_err(|_| E::invalid_length(bytes.len(), &self))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// Puts a file together.
pub(super) fn assemble(facts: &HeaderFacts, sections: Vec<Encoded>) -> Vec<u8> {
    let HeaderFacts { postgres, tool } = facts;
    let (headers, bodies): (Vec<_>, Vec<_>) = sections.into_iter().map(|it| (it.header, it.bytes)).unzip();
    let header = Header { postgres: *postgres, tool: tool.clone(), content: content_hash(&headers), sections: headers };
    let header = to_bytes(&header);
    let length = u32::try_from(header.len()).expect("a header has one short record a kind");
    let mut file = Vec::with_capacity(PREFIX + header.len() + bodies.iter().map(Vec::len).sum::<usize>());
    file.extend_from_slice(&MAGIC);
    file.extend_from_slice(&FORMAT.to_le_bytes());
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(&prefix_hash(&file, &header).to_be_bytes());
    file.extend_from_slice(&header);
    for body in bodies {
        file.extend_from_slice(&body);
    }
    file
}

/// Reads and checks the head; returns it and the bytes of all sections, which have the length that it says.
pub(super) fn read(bytes: &[u8]) -> Result<(Header, &[u8]), DecodeError> {
    check_magic(bytes)?;
    let number = |at: usize| -> Result<u32, DecodeError> {
        let bytes = bytes.get(at..at + 4).and_then(|it| it.try_into().ok());
        bytes.map(u32::from_le_bytes).ok_or(DecodeError::Truncated)
    };
    match number(8)? {
        0 => return Err(DecodeError::Checksum { part: "the header".to_owned() }),
        1..=FORMAT => {}
        found => return Err(DecodeError::Newer { found }),
    }
    let length = usize::try_from(number(12)?).unwrap_or(usize::MAX);
    if length > MAX_HEADER {
        return Err(DecodeError::invalid("the header", "it is longer than any header can be"));
    }
    let rest = bytes.get(PREFIX..).ok_or(DecodeError::Truncated)?;
    let (header_bytes, sections) = rest.split_at_checked(length).ok_or(DecodeError::Truncated)?;
    if prefix_hash(&bytes[..CHECKED_PREFIX], header_bytes).to_be_bytes() != bytes[CHECKED_PREFIX..PREFIX] {
        return Err(DecodeError::Checksum { part: "the header".to_owned() });
    }
    let header: Header = from_bytes(header_bytes, MAX_DEPTH).map_err(|error| DecodeError::invalid("the header", error))?;
    if to_bytes(&header) != header_bytes {
        return Err(DecodeError::not_canonical("the header"));
    }
    check_sections(&header)?;
    let expected = header.sections.iter().try_fold(0u64, |sum, it| sum.checked_add(it.length));
    let expected = expected.ok_or_else(|| DecodeError::invalid("the header", "the sections are longer than any file"))?;
    let actual = sections.len() as u64;
    match actual.cmp(&expected) {
        std::cmp::Ordering::Less => Err(DecodeError::Truncated),
        std::cmp::Ordering::Greater => Err(DecodeError::Trailing { extra: actual - expected }),
        std::cmp::Ordering::Equal => Ok((header, sections)),
    }
}

/// The hash over the sections of kinds. Lengths are part of it, so that no two lists of names run together.
pub(super) fn content_hash(sections: &[SectionHeader]) -> Hash {
    let mut hasher = Xxh3::new();
    for section in sections.iter().filter(|it| !it.skippable) {
        hasher.update(&(section.name.len() as u64).to_le_bytes());
        hasher.update(section.name.as_bytes());
        hasher.update(&section.hash.0.to_be_bytes());
    }
    Hash(hasher.digest128())
}

fn check_magic(bytes: &[u8]) -> Result<(), DecodeError> {
    if bytes.starts_with(&MAGIC) {
        return Ok(());
    }
    // A file that ends within the magic is a snapshot cut off; an empty one could be anything.
    if !bytes.is_empty() && MAGIC.starts_with(bytes) {
        return Err(DecodeError::Truncated);
    }
    // The letters are there, and what text conversions touch is not: the high bit, CR LF, what follows ^Z.
    let head = &bytes[..bytes.len().min(16)];
    match head.windows(3).position(|it| it == b"PGX") {
        Some(at) if at <= 3 && head[at + 3..].iter().any(|it| matches!(it, b'\r' | b'\n' | 0x1a)) => Err(DecodeError::Converted),
        _ => Err(DecodeError::NotASnapshot),
    }
}

/// Kinds in their order, each once; then side sections, by name.
fn check_sections(header: &Header) -> Result<(), DecodeError> {
    let mut places = Vec::with_capacity(header.sections.len());
    for section in &header.sections {
        let kind = Kind::ALL.iter().position(|kind| kind.name() == section.name);
        match (kind, section.skippable) {
            (Some(place), false) => places.push((place, "")),
            (None, true) => places.push((usize::MAX, section.name.as_str())),
            (Some(_), true) => return Err(DecodeError::invalid(section.name.clone(), "the section of a kind can't be skipped")),
            (None, false) => return Err(DecodeError::UnknownSection { name: section.name.clone() }),
        }
        if section.index > section.length || u64::from(section.objects) > section.length {
            return Err(DecodeError::invalid(section.name.clone(), "its parts are longer than the whole"));
        }
    }
    if !places.is_sorted_by(|a, b| a < b) {
        return Err(DecodeError::invalid("the header", "the sections are not in order, or one stands twice"));
    }
    if content_hash(&header.sections) != header.content {
        return Err(DecodeError::Checksum { part: "the content".to_owned() });
    }
    Ok(())
}

fn prefix_hash(prefix: &[u8], header: &[u8]) -> u128 {
    let mut hasher = Xxh3::new();
    hasher.update(prefix);
    hasher.update(header);
    hasher.digest128()
}

/// MessagePack with field names.
pub(super) fn to_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(value).expect("nothing in it refuses to be serialised, and a Vec takes any length")
}

/// Decodes MessagePack from the front of the bytes. It claims no memory that the bytes don't fill: strings are taken
/// as slices, and serde reserves at most a megabyte for a list however long that says it is.
pub(super) fn from_bytes<'a, T: Deserialize<'a>>(bytes: &'a [u8], max_depth: usize) -> Result<T, String> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    deserializer.set_max_depth(max_depth);
    T::deserialize(&mut deserializer).map_err(|error| error.to_string())
}
