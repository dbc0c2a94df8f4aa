//! The side section of sizes: how much is in the tables, where that is known.
//!
//! It is a MessagePack array of identities and sizes, sorted by identity. It says nothing of the schema, so it is outside the
//! content hash, and who doesn't know it passes it over.

use serde::{Deserialize, Serialize};

use super::header::{from_bytes, to_bytes};
use super::section::Encoded;
use super::{DecodeError, Hash, SectionHeader};
use crate::catalog::{Identity, Size, Sizes};

/// The section's name.
pub(super) const NAME: &str = "sizes";
/// An entry is a map of maps; types of arguments are the deepest part of an identity.
const MAX_DEPTH: usize = 16;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    of: Identity,
    size: Size,
}

/// Encodes sizes; `None` where there are none.
pub(super) fn encode(sizes: &Sizes) -> Option<Encoded> {
    if sizes.is_empty() {
        return None;
    }
    let entries: Vec<_> = sizes.iter().map(|(of, size)| Entry { of: of.clone(), size: *size }).collect();
    let bytes = to_bytes(&entries);
    let objects = u32::try_from(entries.len()).expect("a catalog of four billion objects does not fit into memory");
    let header =
        SectionHeader { name: NAME.to_owned(), objects, index: 0, length: bytes.len() as u64, hash: Hash::of(&bytes), skippable: true };
    Some(Encoded { header, bytes })
}

/// Decodes sizes. The section's hash is checked already.
pub(super) fn decode(header: &SectionHeader, bytes: &[u8]) -> Result<Sizes, DecodeError> {
    let part = || format!("section `{NAME}`");
    let entries: Vec<Entry> = from_bytes(bytes, MAX_DEPTH).map_err(|error| DecodeError::invalid(part(), error))?;
    if entries.len() as u64 != u64::from(header.objects) || entries.is_empty() || !entries.is_sorted_by(|a, b| a.of < b.of) {
        return Err(DecodeError::not_canonical(part()));
    }
    if to_bytes(&entries) != bytes {
        return Err(DecodeError::not_canonical(part()));
    }
    Ok(entries.into_iter().map(|Entry { of, size }| (of, size)).collect())
}
