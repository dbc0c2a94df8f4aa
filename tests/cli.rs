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
fn a_file_that_is_no_snapshot_is_not_replaced() {
    let folder = workplace(DDL);
    let ran = run(folder.path(), "snapshot create schema.sql -o schema.sql");
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert_eq!(
        ran.talk,
        "error: `schema.sql` is no snapshot, and is not replaced\nhint: name another file, or say `--force` to replace this one\n"
    );
    assert_eq!(fs::read_to_string(folder.path().join("schema.sql")).unwrap(), DDL);
    let ran = run(folder.path(), "snapshot create schema.sql -o schema.sql --force");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // An empty file (mktemp's, say) holds nothing, and a damaged snapshot is one still.
    for old in [Vec::new(), fs::read(folder.path().join("app.pgsnap")).unwrap()[..30].to_vec()] {
        fs::write(folder.path().join("x.pgsnap"), old).unwrap();
        assert_eq!(run(folder.path(), "snapshot create app.pgsnap -o x.pgsnap").code, Some(0));
    }
}

#[test]
fn files_that_a_tool_passes_over_are_named() {
    let folder = workplace(DDL);
    fs::create_dir(folder.path().join("db")).unwrap();
    for (file, text) in [("1_a.up.sql", DDL), ("1_a.down.sql", "select 1;"), ("seed.sql", "create table seed (x int);")] {
        fs::write(folder.path().join("db").join(file), text).unwrap();
    }
    let ran = run(folder.path(), "snapshot create db -o db.pgsnap");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let told = "warning: `db/seed.sql` is passed over: the migration tool whose folder it is does not run it\n\
                hint: name it as a source of its own, if its statements are part of the schema\n";
    assert!(ran.talk.starts_with(told), "{ran:?}");
    assert!(!ran.talk.contains("1_a"), "{ran:?}");
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

/// A folder with a Go module and a DDL file.
fn go_project(ddl: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("go.mod"), "module example.com/shop\n\ngo 1.26\n").unwrap();
    fs::write(folder.path().join("schema.sql"), ddl).unwrap();
    folder
}

/// Every file below a folder, by its path in it.
fn files(folder: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for path in fs::read_dir(&next).into_iter().flatten().map(|it| it.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn the_command_line_wins_over_the_file_and_the_file_over_defaults() {
    let folder = go_project(DDL);
    let config = "source: schema.sql\nout: ./generated\nwith_tests: false\nmock_provider: gomock\n";
    fs::write(folder.path().join("pgx-goose-conf.yml"), config).unwrap();
    let ran = run(folder.path(), "--dry-run");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.lines().all(|it| it.starts_with("create  generated/")), "{}", ran.out);
    assert!(!ran.out.contains("_test.go"), "{}", ran.out);
    let ran = run(folder.path(), "--dry-run --out elsewhere --with-tests --models-dir types");
    assert!(
        ran.out.contains("create  types/user.go\n") && ran.out.contains("create  elsewhere/tests/user_repository_test.go\n"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("generated/"), "{}", ran.out);
    fs::write(folder.path().join("pgx-goose-conf.yaml"), "source: schema.sql\n").unwrap();
    assert!(run(folder.path(), "--dry-run").out.contains("create  pgx-goose/models/user.go\n"), ".yaml comes before .yml");
    fs::write(folder.path().join("pgx-goose-conf.json"), "{\"source\": \"schema.sql\", \"out\": \"json\"}\n").unwrap();
    assert!(run(folder.path(), "--dry-run --json").out.contains("create  json/models/user.go\n"));
}

#[test]
fn a_tree_is_written_checked_and_mended() {
    let folder = go_project(DDL);
    let generate = |flags: &str| run(folder.path(), &format!("--from schema.sql --out gen {flags}"));
    let ran = generate("--check");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.contains("--- /dev/null\n+++ b/gen/models/user.go\n"), "{ran:?}");
    assert!(!folder.path().join("gen").exists(), "a check writes nothing");
    let ran = generate("");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(generate("--check").code, Some(0));
    let written = files(&folder.path().join("gen"));
    let model = folder.path().join("gen/models/user.go");
    let modified = || fs::metadata(&model).unwrap().modified().unwrap();
    let before = modified();
    for workers in ["--workers 1", "--workers 7 --parallel", "--parallel=false", "--verbose"] {
        assert_eq!(generate(workers).code, Some(0));
        assert!(files(&folder.path().join("gen")) == written && modified() == before, "{workers}: the same, and not touched");
    }
    fs::write(&model, [&written["models/user.go"][..], b"// edited\n"].concat()).unwrap();
    let ran = generate("--check");
    assert!(ran.code == Some(1) && ran.out.ends_with("-// edited\n"), "{ran:?}");
    assert!(generate("--dry-run").out.contains("change  gen/models/user.go\n"));
    assert_eq!(generate("").code, Some(0));
    assert!(files(&folder.path().join("gen")) == written);
}

#[test]
fn what_somebody_else_wrote_is_not_replaced() {
    let folder = go_project(DDL);
    fs::create_dir_all(folder.path().join("gen/models")).unwrap();
    fs::write(folder.path().join("gen/models/user.go"), "package models\n").unwrap();
    let ran = run(folder.path(), "--from schema.sql --out gen");
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.talk.contains("`gen/models/user.go`") && ran.talk.contains("hint: choose another folder with `--out`"), "{ran:?}");
    assert_eq!(files(&folder.path().join("gen")).len(), 1, "nothing is written");
    assert_eq!(run(folder.path(), "--from schema.sql --out gen --force").code, Some(0));
    assert_eq!(run(folder.path(), "--from schema.sql --out gen --check").code, Some(0));
}

#[test]
fn ddl_with_errors_leaves_the_old_code() {
    let folder = go_project(DDL);
    assert_eq!(run(folder.path(), "--from schema.sql --out gen").code, Some(0));
    let written = files(&folder.path().join("gen"));
    fs::write(folder.path().join("schema.sql"), "create table users (id bigint primary key, name txt not null);\n").unwrap();
    assert_eq!(run(folder.path(), "--from schema.sql --out gen").code, Some(3));
    assert!(files(&folder.path().join("gen")) == written);
}

#[test]
fn tables_of_earlier_runs_are_named() {
    let folder = go_project(&format!("{DDL}create table orders (id bigint primary key);\n"));
    assert_eq!(run(folder.path(), "--from schema.sql --out gen").code, Some(0));
    fs::write(folder.path().join("schema.sql"), DDL).unwrap();
    let ran = run(folder.path(), "--from schema.sql --out gen --check");
    assert!(ran.code == Some(1) && ran.out.contains("Only on the disk, made by nothing in the schema: gen/models/order.go\n"), "{ran:?}");
    let ran = run(folder.path(), "--from schema.sql --out gen");
    let warning =
        "warning: `gen/models/order.go` is left over from an earlier run: nothing in the schema makes it any more\nhint: remove it\n";
    assert!(ran.code == Some(0) && ran.talk.contains(warning), "{ran:?}");
    let ran = run(folder.path(), "--from schema.sql --out gen --tables users");
    assert!(!ran.talk.contains("left over"), "a part of the schema makes a part of the files: {ran:?}");
}

#[test]
fn a_table_that_is_not_there_is_an_error() {
    let folder = go_project(DDL);
    let ran = run(folder.path(), "--from schema.sql --tables user");
    assert_eq!((ran.code, ran.talk.as_str()), (Some(2), "error: no table matches `user`\nhint: did you mean `users`?\n"));
    let ran = run(folder.path(), "--from schema.sql --schema pubic");
    assert_eq!((ran.code, ran.talk.as_str()), (Some(2), "error: there is no schema `pubic`\nhint: did you mean `public`?\n"));
    assert!(!folder.path().join("pgx-goose").exists());
}

#[test]
fn names_lead_nowhere_outside_the_folder() {
    let emoji = "\u{1f980}".repeat(63);
    let names = ["../../etc/passwd", "/etc/passwd", "con", "_test", "a/b", "..", ".", "a\\b", "x.go", "nul", "linux", &emoji];
    let ddl: String = names.iter().map(|name| format!("create table \"{name}\" (id bigint primary key);\n")).collect();
    let folder = go_project(&ddl);
    let ran = run(folder.path(), "--from schema.sql --out deep/er/gen");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let outside: Vec<_> = files(folder.path()).into_keys().filter(|it| !it.starts_with("deep/er/gen/")).collect();
    assert_eq!(outside, ["go.mod", "schema.sql"]);
    let models = files(&folder.path().join("deep/er/gen/models"));
    assert!(models.keys().all(|it| it.ends_with(".go") && !it.contains(['/', '\\']) && !it.starts_with(['_', '.'])), "{:?}", models.keys());
    assert!(models.len() >= names.len(), "each has a file of its own: {:?}", models.keys());
}

/// However the program dies, a file is the old one or the new one, and the next run repairs the rest.
#[test]
fn a_kill_leaves_whole_files() {
    let ddl =
        |column: &str| -> String { (0..40).map(|n| format!("create table t{n} (id bigint primary key, {column} text);\n")).collect() };
    let folder = go_project(&ddl("old"));
    let tree = folder.path().join("gen");
    let generate = "--from schema.sql --out gen";
    assert_eq!(run(folder.path(), generate).code, Some(0));
    let old = files(&tree);
    fs::write(folder.path().join("schema.sql"), ddl("new")).unwrap();
    assert_eq!(run(folder.path(), generate).code, Some(0));
    let new = files(&tree);
    let first = new.keys().find(|it| new[*it] != old[*it]).expect("a column's name is in the code");
    let mut mixed = 0;
    for delay in 0..4 {
        old.iter().for_each(|(path, bytes)| fs::write(tree.join(path), bytes).unwrap());
        let mut child = tool(folder.path()).args(generate.split(' ')).stderr(std::process::Stdio::null()).spawn().unwrap();
        // Files are written in the order of their paths: as soon as the first is new, the others follow.
        while child.try_wait().unwrap().is_none() && fs::read(tree.join(first)).unwrap() == old[first] {}
        std::thread::sleep(std::time::Duration::from_micros(300 * delay));
        let _ = child.kill();
        child.wait().unwrap();
        let left = files(&tree);
        let temporary = |path: &str| path.rsplit('/').next().is_some_and(|it| it.starts_with(".pgx-goose-"));
        for (path, bytes) in left.iter().filter(|(path, _)| !temporary(path)) {
            assert!(*bytes == old[path] || *bytes == new[path], "{path} is neither the old file nor the new one");
        }
        mixed += usize::from(new.iter().any(|(path, bytes)| left[path] != *bytes));
        assert_eq!(run(folder.path(), generate).code, Some(0));
        assert_eq!(run(folder.path(), &format!("{generate} --check")).code, Some(0));
    }
    assert!(mixed > 0, "no run was killed in the middle of writing");
}
