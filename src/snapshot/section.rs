//! The section of a kind: an index of identities and hashes, then the objects.
//!
//! It must not know which kind it has at hand.

use std::borrow::Cow;
use std::cmp::Ordering;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::header::{from_bytes, to_bytes};
use super::{DecodeError, Hash, SectionHeader};
use crate::catalog::{Catalog, DataType, Identity, Kind, Object};

/// Deeper than any object is: those of the catalog stay below 16.
const MAX_DEPTH: usize = 64;
/// How many objects a worker encodes at a time. The output doesn't depend on it.
const CHUNK: usize = 256;

/// A section and what the header says of it.
pub(super) struct Encoded {
    pub(super) header: SectionHeader,
    pub(super) bytes: Vec<u8>,
}

/// A line of the index. The kind is the section's.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    schema: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    parent: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "<[DataType]>::is_empty")]
    arguments: Cow<'a, [DataType]>,
    hash: Hash,
    length: u64,
}

impl<'a> Entry<'a> {
    fn new(identity: &'a Identity, body: &[u8]) -> Self {
        let Identity { kind: _, schema, parent, name, arguments } = identity;
        let (schema, parent, name) = (schema.into(), parent.into(), name.into());
        Self { schema, parent, name, arguments: arguments.into(), hash: Hash::of(body), length: body.len() as u64 }
    }

    fn into_identity(self, kind: Kind) -> Identity {
        let Self { schema, parent, name, arguments, hash: _, length: _ } = self;
        Identity {
            kind,
            schema: schema.into_owned(),
            parent: parent.into_owned(),
            name: name.into_owned(),
            arguments: arguments.into_owned(),
        }
    }
}

/// Encodes the objects of a kind; `None` where there are none.
pub(super) fn encode(catalog: &Catalog, kind: Kind) -> Option<Encoded> {
    let objects: Vec<_> = catalog.of_kind(kind).collect();
    if objects.is_empty() {
        return None;
    }
    let chunks = objects.par_chunks(CHUNK).map(|chunk| {
        let mut bodies = Vec::with_capacity(chunk.len() * 256);
        let entries: Vec<_> = chunk
            .iter()
            .map(|(identity, object)| {
                let start = bodies.len();
                write_object(object, &mut bodies);
                Entry::new(identity, &bodies[start..])
            })
            .collect();
        (entries, bodies)
    });
    let (entries, bodies): (Vec<_>, Vec<_>) = chunks.unzip();
    let entries: Vec<_> = entries.into_iter().flatten().collect();
    let mut bytes = to_bytes(&entries);
    let index = bytes.len() as u64;
    bytes.reserve(bodies.iter().map(Vec::len).sum());
    bodies.iter().for_each(|it| bytes.extend_from_slice(it));
    let objects = u32::try_from(entries.len()).expect("a catalog of four billion objects does not fit into memory");
    let (length, hash) = (bytes.len() as u64, Hash::of(&bytes));
    Some(Encoded { header: SectionHeader { name: kind.name().to_owned(), objects, index, length, hash, skippable: false }, bytes })
}

/// An object of which only the index has been read.
#[derive(Debug)]
struct Indexed<'a> {
    identity: Identity,
    hash: Hash,
    body: &'a [u8],
}

/// The objects of one kind in a snapshot file, each decoded when it is asked for.
#[derive(Debug)]
pub struct Section<'a> {
    objects: Vec<Indexed<'a>>,
}

impl<'a> Section<'a> {
    /// Checks the section's hash and reads its index.
    pub(super) fn open(kind: Kind, header: &SectionHeader, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let invalid = |reason: &str| DecodeError::invalid(part(header), reason);
        check_hash(header, bytes)?;
        let index = usize::try_from(header.index).ok().and_then(|at| bytes.split_at_checked(at));
        let (index, mut bodies) = index.ok_or_else(|| invalid("its index is longer than the whole"))?;
        let entries: Vec<Entry<'_>> = from_bytes(index, MAX_DEPTH).map_err(|error| invalid(&error))?;
        if entries.len() as u64 != u64::from(header.objects) || entries.is_empty() {
            return Err(invalid("it has another number of objects than the header says"));
        }
        if to_bytes(&entries) != index {
            return Err(DecodeError::not_canonical(part(header)));
        }
        let mut objects: Vec<Indexed<'_>> = Vec::with_capacity(entries.len());
        for entry in entries {
            let hash = entry.hash;
            let body = usize::try_from(entry.length).ok().and_then(|it| bodies.split_at_checked(it));
            let (body, rest) = body.ok_or_else(|| invalid("its objects are longer than the whole"))?;
            bodies = rest;
            let identity = entry.into_identity(kind);
            if objects.last().is_some_and(|last| last.identity >= identity) {
                return Err(invalid(&format!("`{identity}` is out of order, or stands twice")));
            }
            objects.push(Indexed { identity, hash, body });
        }
        if !bodies.is_empty() {
            return Err(invalid("there are bytes after its last object"));
        }
        Ok(Self { objects })
    }

    /// The identities and hashes of all objects, sorted by identity. The hash is [`Object::hash`].
    pub fn hashes(&self) -> impl ExactSizeIterator<Item = (&Identity, Hash)> {
        self.objects.iter().map(|it| (&it.identity, it.hash))
    }

    /// Decodes one object; `None` where there is none of that identity.
    ///
    /// # Errors
    /// If the object is not what the tool would have written.
    pub fn object(&self, identity: &Identity) -> Result<Option<Object>, DecodeError> {
        let found = self.objects.binary_search_by(|it| it.identity.cmp(identity)).ok();
        found.map(|at| self.objects[at].decode(&mut Vec::new())).transpose()
    }

    /// Decodes all objects, on all cores.
    pub(super) fn decode_all(self) -> Result<Vec<(Identity, Object)>, DecodeError> {
        let decode = |buffer: &mut Vec<u8>, it: Indexed<'_>| it.decode(buffer).map(|object| (it.identity, object));
        // Collected before errors are looked at: else it would depend on the workers' luck which of two errors is told.
        let objects: Vec<_> = self.objects.into_par_iter().map_init(Vec::new, decode).collect();
        objects.into_iter().collect()
    }
}

/// The objects of two sections of one kind that are not the same in the other: those of the first, and those of the second.
pub(super) fn differing<'s>(old: Option<&'s Section<'_>>, new: Option<&'s Section<'_>>) -> (Vec<&'s Identity>, Vec<&'s Identity>) {
    let objects = |section: Option<&'s Section<'_>>| section.map_or(&[][..], |it| &it.objects).iter().peekable();
    let (mut old, mut new) = (objects(old), objects(new));
    let (mut only_old, mut only_new) = (Vec::new(), Vec::new());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return (only_old, only_new),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(before), Some(after)) => before.identity.cmp(&after.identity),
        };
        let before = if order.is_le() { old.next() } else { None };
        let after = if order.is_ge() { new.next() } else { None };
        if before.map(|it| it.hash) != after.map(|it| it.hash) {
            only_old.extend(before.map(|it| &it.identity));
            only_new.extend(after.map(|it| &it.identity));
        }
    }
}

impl Indexed<'_> {
    fn decode(&self, buffer: &mut Vec<u8>) -> Result<Object, DecodeError> {
        let Self { identity, hash, body } = self;
        let part = || format!("`{identity}`");
        if Hash::of(body) != *hash {
            return Err(DecodeError::Checksum { part: part() });
        }
        let object: Object = from_bytes(body, MAX_DEPTH).map_err(|error| DecodeError::invalid(part(), error))?;
        if object.definition.kind() != identity.kind {
            return Err(DecodeError::invalid(part(), format!("its definition is that of another kind, `{}`", object.definition.kind())));
        }
        // What MessagePack lets one say in two ways (long forms of numbers, fields in any order, bytes after the end)
        // would be two files for one catalog.
        buffer.clear();
        write_object(&object, buffer);
        if buffer.as_slice() != *body {
            return Err(DecodeError::not_canonical(part()));
        }
        Ok(object)
    }
}

pub(super) fn check_hash(header: &SectionHeader, bytes: &[u8]) -> Result<(), DecodeError> {
    if Hash::of(bytes) == header.hash { Ok(()) } else { Err(DecodeError::Checksum { part: part(header) }) }
}

fn write_object(object: &Object, buffer: &mut Vec<u8>) {
    rmp_serde::encode::write_named(buffer, object).expect("nothing in an object refuses to be serialised, and a Vec takes any length");
}

fn part(header: &SectionHeader) -> String {
    format!("section `{}`", header.name)
}
