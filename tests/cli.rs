//! The command line as users see it.
//!
//! Sessions as text are in `tests/cli/*.trycmd`, each in the folder of the same name that ends in `.in`;
//! `TRYCMD=overwrite cargo test --test cli` writes what is said now; then read the difference. What needs damaged files,
//! git or a kill is below.
#![allow(clippy::disallowed_methods, reason = "tests make and damage files of their own")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

#[test]
fn sessions() {
    trycmd::TestCases::new().env("NO_COLOR", "1").case("tests/cli/*.trycmd");
}

/// What a run of the tool in a folder said and answered.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    talk: String,
}

fn run(folder: &Path, arguments: &str) -> Ran {
    let arguments: Vec<_> = arguments.split_whitespace().collect();
    let output = tool(folder).args(arguments).output().expect("the tool runs");
    let Output { status, stdout, stderr } = output;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { code: status.code(), out: text(stdout), talk: text(stderr) }
}

fn tool(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgx-goose"));
    command.current_dir(folder).env("NO_COLOR", "1");
    command
}

/// A folder with a DDL file, and the snapshot of it.
fn workplace(ddl: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("schema.sql"), ddl).unwrap();
    let ran = run(folder.path(), "snapshot create schema.sql -o app.pgsnap");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    folder
}

const DDL: &str = "create table users (id bigint primary key, name text not null);\n";

#[test]
fn what_is_wrong_with_a_snapshot_is_said() {
    let folder = workplace(DDL);
    let good = fs::read(folder.path().join("app.pgsnap")).unwrap();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        bytes
    };
    let newer = [&good[..8], &2u32.to_le_bytes(), &good[12..]].concat();
    let converted = String::from_utf8_lossy(&good).replace("\r\n", "\n").into_bytes();
    let restore = "restore the file from version control, or create it again with `pgx-goose snapshot create`";
    for (bytes, message, hint) in [
        (good[..good.len() - 1].to_vec(), "the snapshot is cut off: bytes are missing at its end", restore),
        (good[..20].to_vec(), "the snapshot is cut off: bytes are missing at its end", restore),
        ([good.as_slice(), b"\n"].concat(), "the snapshot goes on after its end", restore),
        (flipped(good.len() - 1), "the snapshot is damaged: the checksum of section `constraint` does not fit", restore),
        (flipped(40), "the snapshot is damaged: the checksum of the header does not fit", restore),
        (
            newer,
            "the snapshot has format 2; this version of pgx-goose reads up to format 1",
            "update pgx-goose, or create the snapshot again with this version",
        ),
        (
            converted,
            "the snapshot was damaged by a conversion of line endings or characters",
            "mark snapshots as binary in .gitattributes (`*.pgsnap binary`), and restore or create the file again",
        ),
        (DDL.as_bytes().to_vec(), "this is no pgx-goose snapshot", "snapshots are made with `pgx-goose snapshot create SOURCE -o FILE`"),
    ] {
        fs::write(folder.path().join("bad.pgsnap"), bytes).unwrap();
        for command in ["snapshot show bad.pgsnap", "graph bad.pgsnap", "--from bad.pgsnap --module example.com/a"] {
            let ran = run(folder.path(), command);
            assert_eq!(ran.talk, format!("error: can't use `bad.pgsnap`: {message}\nhint: {hint}\n"), "{command}");
            assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{command}");
        }
        let ran = run(folder.path(), "snapshot verify app.pgsnap bad.pgsnap");
        assert!(ran.talk.starts_with("app.pgsnap: good, 3 objects, content "), "{ran:?}");
        assert!(ran.talk.ends_with("error: 1 of 2 snapshots can't be used\n") && ran.code == Some(3), "{ran:?}");
    }
}

#[test]
fn ddl_with_errors_leaves_the_old_snapshot() {
    let folder = workplace(DDL);
    let path = folder.path().join("app.pgsnap");
    let old = fs::read(&path).unwrap();
    fs::write(folder.path().join("schema.sql"), "create table users (id bigint primary ky);\n").unwrap();
    let ran = run(folder.path(), "snapshot create schema.sql -o app.pgsnap");
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(fs::read(&path).unwrap(), old);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left behind");
}

#[test]
fn an_equal_snapshot_is_not_touched() {
    let folder = workplace(DDL);
    let path = folder.path().join("app.pgsnap");
    let modified = || fs::metadata(&path).unwrap().modified().unwrap();
    let before = modified();
    fs::write(folder.path().join("schema.sql"), format!("-- the same\n{DDL}")).unwrap();
    let ran = run(folder.path(), "snapshot create schema.sql -o app.pgsnap");
    assert!(ran.talk.starts_with("unchanged: app.pgsnap (3 objects, "), "{ran:?}");
    assert_eq!(modified(), before);
    fs::write(folder.path().join("schema.sql"), "create table people (id bigint);\n").unwrap();
    let ran = run(folder.path(), "snapshot create schema.sql -o app.pgsnap");
    assert!(ran.talk.starts_with("wrote app.pgsnap (2 objects, "), "{ran:?}");
    assert_ne!(modified(), before);
}

#[test]
fn a_snapshot_goes_through_standard_input_and_output() {
    let folder = workplace(DDL);
    let output = tool(folder.path()).args(["snapshot", "create", "schema.sql", "-o", "-"]).output().unwrap();
    assert_eq!(output.stdout, fs::read(folder.path().join("app.pgsnap")).unwrap());
    let ddl = fs::File::open(folder.path().join("schema.sql")).unwrap();
    let output = tool(folder.path()).args(["graph", "-"]).stdin(ddl).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), run(folder.path(), "graph app.pgsnap").out);
}

#[test]
fn several_sources_make_one_snapshot() {
    let folder = workplace(DDL);
    fs::write(folder.path().join("b.sql"), "create table orders (user_id bigint references users (id));\n").unwrap();
    assert_eq!(run(folder.path(), "snapshot create schema.sql b.sql -o ab.pgsnap").code, Some(0));
    fs::write(folder.path().join("c.sql"), "create table items (id bigint);\n").unwrap();
    assert_eq!(run(folder.path(), "snapshot create ab.pgsnap c.sql app.pgsnap -o abc.pgsnap").code, Some(0));
    let sql = run(folder.path(), "snapshot show abc.pgsnap --format sql").out;
    assert!(["users", "orders", "items"].iter().all(|table| sql.contains(&format!("CREATE TABLE public.{table}"))), "{sql}");
    fs::write(folder.path().join("other.sql"), "create table users (id integer);\n").unwrap();
    let ran = run(folder.path(), "snapshot create other.sql app.pgsnap -o x.pgsnap");
    assert!(ran.talk.starts_with("error: `table public.users` of `app.pgsnap` is another than that of the sources before it\n"), "{ran:?}");
}

#[test]
fn sources_at_a_git_revision() {
    let folder = workplace(DDL);
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.autocrlf=false"];
        let output = Command::new("git").args(identity).args(arguments).current_dir(folder.path()).output().expect("git runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    fs::create_dir(folder.path().join("db")).unwrap();
    fs::write(folder.path().join("db/1.sql"), DDL).unwrap();
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "one"]);
    let then = run(folder.path(), "graph app.pgsnap").out;
    fs::write(folder.path().join("schema.sql"), "create table users (id bigint primary key, email text);\n").unwrap();
    fs::write(folder.path().join("db/1.sql"), "broken").unwrap();
    assert_eq!(run(folder.path(), "snapshot create schema.sql -o app.pgsnap").code, Some(0));
    for source in ["git:HEAD:schema.sql", "git:HEAD:app.pgsnap", "git:HEAD:db", "git:HEAD:db/", "git:HEAD:./db"] {
        let ran = run(folder.path(), &format!("graph {source}"));
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), then.as_str()), "{source}: {ran:?}");
    }
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "two"]);
    let ran = run(folder.path(), "graph git:HEAD:db");
    assert!(ran.talk.contains("git:HEAD:db/1.sql:1:1"), "{ran:?}");
    // A snapshot as SQL in `git diff`, as `snapshot show --help` tells.
    fs::write(folder.path().join(".gitattributes"), "*.pgsnap diff=pgsnap\n").unwrap();
    git(&["config", "diff.pgsnap.textconv", &format!("{} snapshot show --format sql", env!("CARGO_BIN_EXE_pgx-goose"))]);
    let diff = git(&["diff", "HEAD~1", "--", "app.pgsnap"]);
    assert!(diff.contains("+    email text\n") || diff.contains("+    email text"), "{diff}");
}

/// Snapshots of every format that was ever released are read, and say what they said then.
#[test]
fn old_snapshots_are_read_for_ever() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let mut read = 0;
    for format in fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path()).filter(|it| it.is_dir()) {
        for file in fs::read_dir(format).unwrap().map(|it| it.unwrap().path()) {
            if file.extension().is_some_and(|it| it == "pgsnap") {
                let name = file.to_str().expect("names in the repository are text");
                let shown = run(&folder, &format!("snapshot show {name} --format json"));
                let expected = fs::read_to_string(file.with_extension("json")).expect("what the snapshot says stands beside it");
                assert!(shown.out == expected, "{name} says something else than it did: {}", shown.talk);
                assert_eq!(run(&folder, &format!("snapshot verify {name}")).code, Some(0), "{name}");
                read += 1;
            }
        }
    }
    assert!(read > 0);
}

/// The fixture of the format has every kind, so that none can change its form unseen.
#[test]
fn the_first_format_is_shown_with_every_kind() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/v1");
    let tree = run(&folder, "snapshot show all_kinds.pgsnap").out;
    let kinds = tree.lines().filter(|it| it.ends_with(')') && !it.starts_with(' ')).count();
    assert_eq!(kinds, 38, "{tree}");
    assert!(!tree.contains("password"));
}
