//! Tells the library which sources it was built from, so that a tree that another build wrote is known for one.
//!
//! A version alone does not: two builds from a branch have the same. Only what can change the generated Go counts.
#![allow(clippy::disallowed_methods, reason = "a build script has no errors to show to users")]

use std::fs;
use std::path::{Path, PathBuf};

/// What the generated Go follows from.
const SOURCES: [&str; 6] = ["src/catalog", "src/capture", "src/ddl", "src/codegen", "templates", "snapshots/builtin"];

fn main() {
    let mut files = Vec::new();
    for folder in SOURCES {
        println!("cargo::rerun-if-changed={folder}");
        collect(Path::new(folder), &mut files);
    }
    files.sort();
    // FNV-1a: a build script has no dependencies, and nobody is fought off here.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes.iter().chain(&[0]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for file in files {
        add(file.to_string_lossy().replace('\\', "/").as_bytes());
        add(&fs::read(&file).expect("what was listed can be read"));
    }
    println!("cargo::rustc-env=PGX_GOOSE_SOURCES={hash:016x}");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folders of sources are there").flatten() {
        if entry.path().is_dir() {
            collect(&entry.path(), files);
        } else {
            files.push(entry.path());
        }
    }
}
