use serde_json::json;

use super::header::{assemble, to_bytes};
use super::section::Encoded;
use super::*;
use crate::catalog::{Object, Size};

/// Catalogs are written as JSON here, so that no kind is named in code of this layer.
fn catalog(objects: &[(serde_json::Value, serde_json::Value)]) -> Catalog {
    let parse = |(identity, definition): &(serde_json::Value, serde_json::Value)| {
        let object = json!({ "definition": definition });
        (serde_json::from_value::<Identity>(identity.clone()).unwrap(), serde_json::from_value::<Object>(object).unwrap())
    };
    objects.iter().map(parse).collect()
}

fn small() -> Catalog {
    let mut catalog = catalog(&[
        (json!({"kind": "schema", "name": "app"}), json!({"schema": {}})),
        (json!({"kind": "enum", "schema": "app", "name": "role"}), json!({"enum": {"labels": ["user", "admin"]}})),
        (json!({"kind": "enum", "schema": "app", "name": "état"}), json!({"enum": {"labels": []}})),
    ]);
    let role = catalog.iter().find(|(id, _)| id.name == "role").unwrap().0.clone();
    let schema = catalog.iter().next().unwrap().0.clone();
    let object = catalog.get_mut(&role).unwrap();
    object.comment = Some("who one is".to_owned());
    object.dependencies.insert(Dependency { on: schema, column: None, auto: false });
    catalog
}

fn facts() -> HeaderFacts {
    HeaderFacts { postgres: 18, tool: "0.0.0".to_owned() }
}

fn small_file() -> Vec<u8> {
    encode(&small(), &facts())
}

/// A section with the checksums that it needs to be believed, whatever is in it.
fn section(name: &str, objects: u32, index: &[u8], bodies: &[u8]) -> Encoded {
    let bytes = [index, bodies].concat();
    let (length, hash) = (bytes.len() as u64, Hash::of(&bytes));
    let header = SectionHeader { name: name.to_owned(), objects, index: index.len() as u64, length, hash, skippable: false };
    Encoded { header, bytes }
}

/// An index with entries of that kind; bytes as MessagePack has them, which JSON has not.
fn index(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0x90 | u8::try_from(entries.len()).unwrap()];
    for (name, body) in entries {
        bytes.push(0x84);
        for (key, value) in [("schema", "app"), ("name", *name)] {
            bytes.extend(to_bytes(&key));
            bytes.extend(to_bytes(&value));
        }
        bytes.extend(to_bytes(&"hash"));
        bytes.extend(to_bytes(&Hash::of(body)));
        bytes.extend(to_bytes(&"length"));
        bytes.extend(to_bytes(&(body.len() as u64)));
    }
    bytes
}

fn body(labels: &[&str]) -> Vec<u8> {
    to_bytes(&json!({ "definition": { "enum": { "labels": labels } } }))
}

fn refused(sections: Vec<Encoded>) -> String {
    decode(&assemble(&facts(), sections)).unwrap_err().to_string()
}

#[test]
fn decode_undoes_encode() {
    let snapshot = decode(&small_file()).unwrap();
    assert_eq!(snapshot.catalog, small());
    assert_eq!(snapshot.header.postgres, 18);
    assert_eq!(snapshot.header.content, content_hash(&small()));
    assert_eq!(encode(&snapshot.catalog, &facts()), small_file());
    let empty = encode(&Catalog::new(), &facts());
    assert!(decode(&empty).unwrap().catalog.is_empty());
}

#[test]
fn bytes_do_not_depend_on_the_workers() {
    let many: Catalog = (0..3000)
        .map(|n| {
            let identity = json!({"kind": "enum", "schema": "app", "name": format!("e{}", n * 7919 % 3000)});
            catalog(&[(identity, json!({"enum": {"labels": [n.to_string()]}}))]).into_iter().next().unwrap()
        })
        .collect();
    let with = |workers| rayon::ThreadPoolBuilder::new().num_threads(workers).build().unwrap().install(|| encode(&many, &facts()));
    let bytes = with(1);
    assert!(bytes == with(2) && bytes == with(7));
    assert_eq!(decode(&bytes).unwrap().catalog, many);
}

#[test]
fn the_content_hash_is_of_the_schema_alone() {
    let other = encode(&small(), &HeaderFacts { postgres: 17, tool: "9.9.9".to_owned() });
    assert_ne!(other, small_file());
    assert_eq!(decode(&other).unwrap().header.content, decode(&small_file()).unwrap().header.content);
    let mut changed = small();
    changed.iter_mut().next().unwrap().1.comment = Some("x".to_owned());
    assert_ne!(content_hash(&changed), content_hash(&small()));
}

#[test]
fn every_cut_is_found() {
    let file = small_file();
    assert_eq!(decode(b"").unwrap_err(), DecodeError::NotASnapshot);
    for length in 1..file.len() {
        assert_eq!(decode(&file[..length]).unwrap_err(), DecodeError::Truncated, "cut at {length}");
    }
    let longer = [file.as_slice(), b"x"].concat();
    assert_eq!(decode(&longer).unwrap_err(), DecodeError::Trailing { extra: 1 });
}

#[test]
fn every_flipped_bit_is_found() {
    let mut file = small_file();
    for bit in 0..file.len() * 8 {
        file[bit / 8] ^= 1 << (bit % 8);
        assert!(decode(&file).is_err(), "bit {bit}");
        file[bit / 8] ^= 1 << (bit % 8);
    }
    assert!(decode(&file).is_ok());
}

#[test]
fn text_conversions_are_told_apart() {
    let file = small_file();
    let text = String::from_utf8_lossy(&file).into_owned();
    let check = |bytes: &[u8], expected| assert_eq!(decode(bytes).unwrap_err(), expected);
    check(text.replace("\r\n", "\n").as_bytes(), DecodeError::Converted);
    check(&file.iter().flat_map(|&it| if it == b'\n' { vec![b'\r', b'\n'] } else { vec![it] }).collect::<Vec<_>>(), DecodeError::Converted);
    check(&file.iter().map(|it| it & 0x7f).collect::<Vec<_>>(), DecodeError::Converted);
    check(b"create table t ();", DecodeError::NotASnapshot);
    check(b"PGX is not enough", DecodeError::NotASnapshot);
}

#[test]
fn a_newer_format_says_which() {
    let mut file = small_file();
    file[8..12].copy_from_slice(&7u32.to_le_bytes());
    let message = decode(&file).unwrap_err().to_string();
    assert_eq!(message, format!("the snapshot has format 7; this version of pgx-goose reads up to format {FORMAT}"));
}

#[test]
fn sections_that_are_not_known() {
    let unknown = || section("wormhole", 0, b"", b"anything");
    assert_eq!(refused(vec![unknown()]), "the snapshot has a section `wormhole` that this version of pgx-goose does not know");
    let mut side = unknown();
    side.header.skippable = true;
    let body = body(&[]);
    let file = assemble(&facts(), vec![section("enum", 1, &index(&[("a", &body)]), &body), side]);
    let snapshot = decode(&file).unwrap();
    assert_eq!(snapshot.catalog.len(), 1);
    assert_eq!(snapshot.header.content, content_hash(&snapshot.catalog));
    let mut damaged = file.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert!(decode(&damaged).is_err(), "a skipped section is checked all the same");
}

#[test]
fn sizes_are_beside_the_schema() {
    let catalog = decode(&small_file()).unwrap().catalog;
    let (identity, _) = catalog.iter().next().unwrap();
    let of = |name: &str| Identity { name: name.to_owned(), ..identity.clone() };
    let sizes: Sizes = [(of("b"), Size { rows: Some(7), bytes: 8192 }), (of("a"), Size { rows: None, bytes: 0 })].into_iter().collect();
    let file = encode_with_sizes(&catalog, &sizes, &facts());
    let snapshot = decode(&file).unwrap();
    assert_eq!((&snapshot.sizes, &snapshot.catalog), (&sizes, &catalog));
    assert_eq!(snapshot.header.content, content_hash(&catalog), "they are not in the content hash");
    assert_eq!(encode_with_sizes(&catalog, &Sizes::new(), &facts()), encode(&catalog, &facts()));
    for at in 0..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 1;
        assert!(decode(&damaged).is_err(), "byte {at}");
    }
    let sized = |bytes: &[u8], objects: u32| {
        let mut side = section("sizes", objects, b"", bytes);
        side.header.skippable = true;
        side.header.index = 0;
        decode(&assemble(&facts(), vec![side])).unwrap_err().to_string()
    };
    assert!(sized(b"\xc1", 1).starts_with("the snapshot is not valid: section `sizes`: "));
    assert!(sized(b"\x90", 0).starts_with("the snapshot is not valid: section `sizes`: it is not in the one form"));
}

#[test]
fn one_form_only() {
    let (a, b) = (body(&["x"]), body(&["y"]));
    let good = [a.as_slice(), b.as_slice()].concat();
    assert!(decode(&assemble(&facts(), vec![section("enum", 2, &index(&[("a", &a), ("b", &b)]), &good)])).is_ok());

    let twice = section("enum", 2, &index(&[("a", &a), ("a", &b)]), &good);
    assert_eq!(refused(vec![twice]), "the snapshot is not valid: section `enum`: `enum app.a` is out of order, or stands twice");
    let unsorted = section("enum", 2, &index(&[("b", &a), ("a", &b)]), &good);
    assert_eq!(refused(vec![unsorted]), "the snapshot is not valid: section `enum`: `enum app.a` is out of order, or stands twice");
    let longer = section("enum", 1, &index(&[("a", &a)]), &good);
    assert_eq!(refused(vec![longer]), "the snapshot is not valid: section `enum`: there are bytes after its last object");
    let miscounted = section("enum", 2, &index(&[("a", &a)]), &a);
    assert!(refused(vec![miscounted]).ends_with("it has another number of objects than the header says"));
    let empty = section("enum", 0, &index(&[]), b"");
    assert!(refused(vec![empty]).ends_with("it has another number of objects than the header says"));
    let other_kind = section("domain", 1, &index(&[("a", &a)]), &a);
    assert_eq!(refused(vec![other_kind]), "the snapshot is not valid: `domain app.a`: its definition is that of another kind, `enum`");

    let one = || section("enum", 1, &index(&[("a", &a)]), &a);
    let schema = to_bytes(&json!({ "definition": { "schema": {} } }));
    let before = section("schema", 1, &index(&[("a", &schema)]), &schema);
    assert!(refused(vec![one(), before]).ends_with("the sections are not in order, or one stands twice"));
    assert!(refused(vec![one(), one()]).ends_with("the sections are not in order, or one stands twice"));

    let not_canonical = "it is not in the one form in which snapshots are written";
    for (what, bytes) in [
        ("a default that is spelled out", to_bytes(&json!({ "definition": { "enum": { "labels": [] } }, "grants": null }))),
        ("bytes after the object", [body(&[]), vec![0xc0]].concat()),
        ("a list in its long form", {
            let mut long = body(&[]);
            assert_eq!(long.pop(), Some(0x90));
            long.extend([0xdc, 0, 0]);
            long
        }),
    ] {
        let message = refused(vec![section("enum", 1, &index(&[("a", &bytes)]), &bytes)]);
        assert!(message.ends_with(not_canonical), "{what}: {message}");
    }
}

#[test]
fn hostile_lengths_and_depths_allocate_nothing() {
    let hostile: &[(&str, Vec<u8>)] = &[
        ("a list of four billion", vec![0xdd, 0xff, 0xff, 0xff, 0xff]),
        ("a string of four billion", vec![0x81, 0xdb, 0xff, 0xff, 0xff, 0xff]),
        ("bytes of four billion", vec![0x81, 0xc6, 0xff, 0xff, 0xff, 0xff]),
        ("a map of four billion", vec![0xdf, 0xff, 0xff, 0xff, 0xff]),
        ("lists in lists", vec![0x91; 1 << 20]),
        ("maps in maps", [0x81, 0xa1, b'a'].repeat(1 << 19)),
        ("an unknown field that is deep", [to_bytes(&"x"), vec![0x91; 1 << 20]].concat()),
        ("nothing", vec![]),
        ("a reserved byte", vec![0xc1]),
    ];
    for (what, bytes) in hostile {
        assert!(decode(&assemble(&facts(), vec![section("enum", 1, bytes, b"")])).is_err(), "{what} as the index");
        let labels = [to_bytes(&json!({})).split_off(1), vec![0x81, 0xaa], b"definition".to_vec(), bytes.clone()].concat();
        for body in [bytes, &labels] {
            assert!(decode(&assemble(&facts(), vec![section("enum", 1, &index(&[("a", body)]), body)])).is_err(), "{what} as an object");
        }
        // As the header itself, with the right checksum.
        let mut file = small_file()[..12].to_vec();
        file.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        let hash = Hash::of(&[file.as_slice(), bytes].concat());
        file.extend(hash.0.to_be_bytes());
        file.extend(bytes);
        assert!(decode(&file).is_err(), "{what} as the header");
    }
    for field in ["length", "index"] {
        let mut huge = section("enum", 1, &index(&[("a", b"")]), b"");
        *(if field == "length" { &mut huge.header.length } else { &mut huge.header.index }) = u64::MAX;
        assert!(decode(&assemble(&facts(), vec![huge])).is_err(), "{field}");
    }
    let mut file = small_file();
    file[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(decode(&file).unwrap_err().to_string(), "the snapshot is not valid: the header: it is longer than any header can be");
}

/// Whoever means harm makes the checksums fit. Then a file is refused, or it is what the tool itself would have written.
#[test]
fn with_right_checksums_only_canonical_files_are_read() {
    let body = to_bytes(&json!({ "comment": "c", "definition": { "enum": { "labels": ["x", "y"] } } }));
    let index = index(&[("a", &body)]);
    let mut accepted = 0;
    for at in 0..body.len() {
        for byte in 0..=u8::MAX {
            let mut changed = body.clone();
            changed[at] = byte;
            let index = self::index(&[("a", &changed)]);
            accepted += usize::from(is_refused_or_canonical(section("enum", 1, &index, &changed)));
        }
    }
    for at in 0..index.len() {
        for byte in 0..=u8::MAX {
            let mut changed = index.clone();
            changed[at] = byte;
            accepted += usize::from(is_refused_or_canonical(section("enum", 1, &changed, &body)));
        }
    }
    assert!(accepted > 500, "other letters in labels and names are fine: {accepted}");
}

/// Whether the file is read; one that is must be canonical.
fn is_refused_or_canonical(section: Encoded) -> bool {
    let file = assemble(&facts(), vec![section]);
    let read = decode(&file);
    if let Ok(snapshot) = &read {
        assert_eq!(encode(&snapshot.catalog, &facts()), file);
    }
    read.is_ok()
}

#[test]
fn a_reader_takes_only_what_it_is_asked_for() {
    let file = small_file();
    let reader = Reader::open(&file).unwrap();
    let (role, object) = small().into_iter().find(|(id, _)| id.name == "role").unwrap();
    let section = reader.section(role.kind).unwrap().unwrap();
    assert_eq!(section.hashes().map(|(id, _)| id.name.as_str()).collect::<Vec<_>>(), ["role", "état"]);
    assert!(section.hashes().any(|(id, hash)| *id == role && hash.0 == object.hash()));
    assert_eq!(section.object(&role).unwrap(), Some(object));
    assert_eq!(section.object(&Identity { name: "none".to_owned(), ..role }).unwrap(), None);
    let absent = Kind::ALL.iter().filter(|&&kind| reader.section(kind).unwrap().is_none()).count();
    assert_eq!(absent, Kind::ALL.len() - 2);
}

#[test]
fn what_is_missing_is_listed() {
    let mut catalog = small();
    assert!(dangling(&catalog).is_empty());
    let schema = catalog.iter().next().unwrap().0.clone();
    catalog.remove(&schema);
    assert_eq!(
        dangling(&catalog).iter().map(|(id, on)| format!("{id} needs {}", on.on)).collect::<Vec<_>>(),
        ["enum app.role needs schema app"]
    );
}

#[test]
fn only_what_differs_is_decoded() {
    let schemas = |objects: &[(&str, Option<&str>)]| {
        let mut made =
            catalog(&objects.iter().map(|(name, _)| (json!({"kind": "schema", "name": name}), json!({"schema": {}}))).collect::<Vec<_>>());
        for ((_, object), (_, comment)) in made.iter_mut().zip(objects) {
            object.comment = comment.map(str::to_owned);
        }
        made
    };
    let old = schemas(&[("a", None), ("b", None), ("c", Some("x"))]);
    let new = schemas(&[("b", None), ("c", Some("y")), ("d", None)]);
    let bytes = |catalog: &Catalog| encode(catalog, &HeaderFacts::current());
    let (old_bytes, new_bytes) = (bytes(&old), bytes(&new));
    let read = |old: &[u8], new: &[u8]| decode_differing(&Reader::open(old).expect("whole"), &Reader::open(new).expect("whole"));
    let names = |catalog: &Catalog| catalog.iter().map(|(identity, _)| identity.name.clone()).collect::<Vec<_>>();
    let (before, after) = read(&old_bytes, &new_bytes).expect("whole");
    assert_eq!((names(&before), names(&after)), (vec!["a".to_owned(), "c".to_owned()], vec!["c".to_owned(), "d".to_owned()]));
    let (before, after) = read(&old_bytes, &old_bytes).expect("whole");
    assert!(before.is_empty() && after.is_empty());
    // What is the same is checked all the same.
    let mut damaged = old_bytes.clone();
    *damaged.last_mut().expect("not empty") ^= 1;
    assert!(read(&old_bytes, &damaged).is_err_and(|(is_new, _)| is_new));
}
