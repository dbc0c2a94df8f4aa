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
    let newer = [&good[..8], &3u32.to_le_bytes(), &good[12..]].concat();
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
            "the snapshot has format 3; this version of pgx-goose reads up to format 2",
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
fn the_formats_are_shown_with_every_kind() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/v1");
    let tree = run(&folder, "snapshot show all_kinds.pgsnap").out;
    let kinds = tree.lines().filter(|it| it.ends_with(')') && !it.starts_with(' ')).count();
    assert_eq!(kinds, 38, "{tree}");
    assert!(!tree.contains("password"));
    let second = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/v2");
    let tree = run(&second, "snapshot show all_kinds.pgsnap").out;
    for kind in ["access method (2)", "conversion (2)", "base type (3)"] {
        assert!(tree.contains(kind), "{kind} is not in {tree}");
    }
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

/// The files below `gen`, without what the tool remembers.
fn generated(folder: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut found = files(&folder.join("gen"));
    found.retain(|path, _| !path.starts_with(".pgx-goose-"));
    found
}

#[test]
fn an_incremental_run_does_what_is_needed_and_no_more() {
    let two = format!("{DDL}create table orders (id bigint primary key, user_id bigint references users);\n");
    let folder = go_project(&two);
    let incremental = |flags: &str| run(folder.path(), &format!("--from schema.sql --out gen --incremental {flags}"));
    let first = incremental("");
    assert!(first.code == Some(0) && !first.talk.contains("warning"), "the first run has nothing to warn of: {first:?}");
    let metadata = folder.path().join("gen/.pgx-goose-metadata.json");
    let record: serde_json::Value = serde_json::from_slice(&fs::read(&metadata).unwrap()).unwrap();
    let tables: Vec<_> = record["table_hashes"].as_object().unwrap().keys().collect();
    assert_eq!(tables, ["public.orders", "public.users"]);
    assert!(record["last_generation"].as_str().unwrap().ends_with('Z') && record["schema_hash"].as_str().unwrap().len() == 32, "{record}");
    assert!(record["file_hashes"]["models/user.go"].is_string(), "paths count from the folder: {record}");

    let (bytes, modified) = (fs::read(&metadata).unwrap(), fs::metadata(&metadata).unwrap().modified().unwrap());
    let again = incremental("");
    assert!(again.code == Some(0) && again.talk.starts_with("nothing changed: "), "{again:?}");
    assert!(fs::read(&metadata).unwrap() == bytes && fs::metadata(&metadata).unwrap().modified().unwrap() == modified);

    // Nobody but orders sees its comment.
    fs::write(folder.path().join("schema.sql"), format!("{two}comment on table orders is 'placed';\n")).unwrap();
    let ran = incremental("--verbose");
    assert!(ran.talk.contains("completed table 'orders'") && !ran.talk.contains("completed table 'users'"), "{ran:?}");
    assert!(ran.talk.contains("1 table passed over"), "{ran:?}");

    // The type of its key is in orders too.
    fs::write(folder.path().join("schema.sql"), two.replace("users (id bigint", "users (id int").replace("user_id bigint", "user_id int"))
        .unwrap();
    let plan = incremental("--dry-run");
    assert!(plan.out.contains("change  gen/models/order.go\n") && plan.out.contains("change  gen/models/user.go\n"), "{plan:?}");

    fs::write(folder.path().join("schema.sql"), DDL).unwrap();
    let plan = incremental("--dry-run");
    assert!(plan.out.contains("remove  gen/models/order.go\n") && plan.talk.contains("5 to remove"), "{plan:?}");
    assert!(folder.path().join("gen/models/order.go").exists(), "a dry run does nothing");
    let ran = incremental("");
    assert!(ran.code == Some(0) && ran.talk.contains(", 5 removed"), "{ran:?}");
    assert!(!generated(folder.path()).keys().any(|it| it.contains("order")), "{:?}", generated(folder.path()).keys());
    assert_eq!(run(folder.path(), "--from schema.sql --out gen --check").code, Some(0));
}

#[test]
fn what_somebody_changed_stays_in_an_incremental_run() {
    let folder = go_project(&format!("{DDL}create table orders (id bigint primary key);\n"));
    let incremental = |flags: &str| run(folder.path(), &format!("--from schema.sql --out gen --incremental {flags}"));
    assert_eq!(incremental("").code, Some(0));
    let (user, order) = (folder.path().join("gen/models/user.go"), folder.path().join("gen/models/order.go"));
    for path in [&user, &order] {
        let text = fs::read_to_string(path).unwrap();
        fs::write(path, format!("{text}\n// mine\n")).unwrap();
    }
    let ran = incremental("");
    assert!(
        ran.talk.contains("warning: `gen/models/user.go` was changed by somebody else; it stays as it is\nhint: `--force` replaces it\n"),
        "{ran:?}"
    );
    fs::write(folder.path().join("schema.sql"), "create table users (id bigint primary key, name text);\n").unwrap();
    let ran = incremental("");
    assert!(
        ran.talk.contains("`gen/models/user.go` was changed by somebody else; it stays as it is, and is not what the schema makes"),
        "{ran:?}"
    );
    assert!(
        ran.talk.contains("`gen/models/order.go` stays, for somebody has changed it: nothing in the schema makes it any more"),
        "{ran:?}"
    );
    assert!(fs::read_to_string(&user).unwrap().ends_with("// mine\n") && fs::read_to_string(&order).unwrap().ends_with("// mine\n"));
    assert!(!folder.path().join("gen/mocks/mock_order_repository.go").exists());
    assert_eq!(incremental("--force").code, Some(0));
    assert!(!order.exists() && !fs::read_to_string(&user).unwrap().contains("mine"));
    assert!(incremental("").talk.starts_with("nothing changed: "));
}

#[test]
fn a_record_that_is_no_use_is_a_warning_and_a_full_run() {
    let folder = go_project(DDL);
    let metadata = folder.path().join("gen/.pgx-goose-metadata.json");
    assert_eq!(run(folder.path(), "--from schema.sql --out gen --incremental").code, Some(0));
    let (good, tree) = (fs::read_to_string(&metadata).unwrap(), generated(folder.path()));
    for (bad, reason) in [
        ("{bad".to_owned(), "is damaged: key must be a string"),
        (String::new(), "is damaged: EOF"),
        (good.replace("\"format\": 1,", "\"format\": 2, \"more\": [],"), "is of a newer version of pgx-goose"),
        ("{\"version\": \"1.0\", \"generated_files\": {}}".to_owned(), "is damaged: unknown field `version`"),
        (good.replace("\"format\": 1,", "\"format\": 0,"), "is damaged: no version writes this format"),
    ] {
        fs::write(&metadata, bad).unwrap();
        fs::remove_file(folder.path().join("gen/models/user.go")).unwrap();
        let ran = run(folder.path(), "--from schema.sql --out gen --incremental");
        let warning = format!("warning: `gen/.pgx-goose-metadata.json` {reason}");
        assert!(ran.code == Some(0) && ran.talk.contains(&warning), "{reason}: {ran:?}");
        assert!(generated(folder.path()) == tree, "{reason}");
        let record = |text: &str| text.lines().filter(|it| !it.contains("last_generation")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(record(&fs::read_to_string(&metadata).unwrap()), record(&good), "the same run makes the same record");
    }
    fs::remove_file(&metadata).unwrap();
    let ran = run(folder.path(), "--from schema.sql --out gen --incremental");
    assert!(ran.talk.contains("warning: there is no `gen/.pgx-goose-metadata.json`; everything is generated"), "{ran:?}");
}

#[test]
fn a_record_from_anywhere_removes_nothing_outside() {
    let folder = go_project(DDL);
    let project = folder.path().join("project");
    fs::create_dir(&project).unwrap();
    fs::rename(folder.path().join("go.mod"), project.join("go.mod")).unwrap();
    fs::rename(folder.path().join("schema.sql"), project.join("schema.sql")).unwrap();
    assert_eq!(run(&project, "--from schema.sql --out gen --incremental").code, Some(0));
    fs::write(folder.path().join("outside"), "").unwrap();
    let metadata = project.join("gen/.pgx-goose-metadata.json");
    let empty = "99aa06d3014798d86001c324468d497f";
    let text = fs::read_to_string(&metadata)
        .unwrap()
        .replace("\"file_hashes\": {", &format!("\"file_hashes\": {{\n    \"../../outside\": \"{empty}\","));
    fs::write(&metadata, text).unwrap();
    fs::write(project.join("schema.sql"), "create table a (id int);\n").unwrap();
    assert_eq!(run(&project, "--from schema.sql --out gen --incremental").code, Some(0));
    assert!(folder.path().join("outside").exists() && !project.join("gen/models/user.go").exists());
}

#[test]
fn a_part_by_the_command_line_leaves_the_rest() {
    let folder = go_project(&format!("{DDL}create table orders (id bigint primary key);\n"));
    assert_eq!(run(folder.path(), "--from schema.sql --out gen --incremental").code, Some(0));
    let tree = generated(folder.path());
    for part in ["--incremental --models-only", "--incremental --tables users", "--incremental --with-tests=false", "--tables users"] {
        let ran = run(folder.path(), &format!("--from schema.sql --out gen {part}"));
        assert_eq!(ran.code, Some(0), "{part}: {ran:?}");
        let now = generated(folder.path());
        assert!(now.keys().eq(tree.keys()) && now["models/order.go"] == tree["models/order.go"], "{part}: {ran:?}");
        let ran = run(folder.path(), "--from schema.sql --out gen --incremental");
        assert!(ran.code == Some(0) && generated(folder.path()) == tree && !ran.talk.contains("warning"), "{part}: {ran:?}");
    }
    // What a part has written is known to be ours.
    fs::write(folder.path().join("schema.sql"), format!("{DDL}create table orders (id bigint primary key, note text);\n")).unwrap();
    assert_eq!(run(folder.path(), "--from schema.sql --out gen --incremental --models-only").code, Some(0));
    let ran = run(folder.path(), "--from schema.sql --out gen --incremental");
    assert!(ran.code == Some(0) && !ran.talk.contains("warning"), "{ran:?}");
    assert_eq!(run(folder.path(), "--from schema.sql --out gen --check").code, Some(0));
    // The config asks for less: that is no part, it is the whole.
    fs::write(folder.path().join("pgx-goose-conf.yaml"), "source: schema.sql\nout: gen\ntables: [users]\nincremental: {enabled: true}\n")
        .unwrap();
    assert_eq!(run(folder.path(), "").code, Some(0));
    assert!(!generated(folder.path()).keys().any(|it| it.contains("order")));
}

#[test]
fn a_plain_run_keeps_the_record_true() {
    let folder = go_project(DDL);
    assert_eq!(run(folder.path(), "--from schema.sql --out gen --incremental").code, Some(0));
    fs::write(folder.path().join("schema.sql"), "create table users (id bigint primary key, name text, email text);\n").unwrap();
    assert_eq!(run(folder.path(), "--from schema.sql --out gen").code, Some(0));
    let ran = run(folder.path(), "--from schema.sql --out gen --incremental");
    assert!(ran.code == Some(0) && ran.talk.starts_with("nothing changed: "), "{ran:?}");
}

#[test]
fn the_commands_of_the_config_run() {
    let folder = go_project(DDL);
    let config = |hooks: &str| {
        fs::write(folder.path().join("pgx-goose-conf.yaml"), format!("source: schema.sql\nout: gen\nhooks:\n{hooks}")).unwrap();
    };
    let there = |name: &str| folder.path().join(name).exists();
    config(
        "  pre_generation: [\"cp schema.sql before\"]\n  post_generation: [\"cp gen/models/user.go after\", \"echo 'it is done; $HOME'\"]\n  on_error: [\"touch failed\"]\n",
    );
    for dry in ["--dry-run", "--check"] {
        run(folder.path(), dry);
        assert!(!there("before") && !there("after"), "{dry}");
    }
    let ran = run(folder.path(), "");
    assert!(ran.code == Some(0) && there("before") && there("after") && !there("failed"), "{ran:?}");
    assert!(ran.out.is_empty() && ran.talk.contains("it is done; $HOME\n"), "no shell, and standard output is for data: {ran:?}");
    fs::write(folder.path().join("schema.sql"), "creat table\n").unwrap();
    let ran = run(folder.path(), "");
    assert!(ran.code == Some(3) && there("failed"), "{ran:?}");
    fs::write(folder.path().join("schema.sql"), DDL).unwrap();
    config("  post_generation: [\"false\"]\n");
    let ran = run(folder.path(), "");
    assert!(
        ran.code == Some(4) && ran.talk.contains("error: the command `false` of `hooks.post_generation` failed: exit status: 1\n"),
        "{ran:?}"
    );
    config("  pre_generation: [\"touch one && touch two\"]\n");
    let ran = run(folder.path(), "");
    assert!(
        ran.code == Some(2)
            && ran.talk.contains("can't be run without a shell: `&` is an operator")
            && ran.talk.contains("pgx-goose-conf.yaml:4:"),
        "{ran:?}"
    );
    config("  shell: true\n  pre_generation: [\"touch one && touch two\"]\n");
    assert!(run(folder.path(), "").code == Some(0) && there("two"));
}

#[test]
fn files_for_go_generate_are_written_and_merged() {
    let folder = go_project(DDL);
    let path = |name: &str| folder.path().join(name);
    let config = "source: schema.sql\nout: internal/db\n";
    fs::write(path("pgx-goose-conf.yaml"), config).unwrap();
    let names = ["generate.go", "Makefile", ".vscode/tasks.json", ".gitignore"];
    let ran = run(folder.path(), "--go-generate --dry-run");
    assert!(
        ran.code == Some(0) && names.iter().all(|it| ran.talk.contains(&format!("{it}: would be created")) && !path(it).exists()),
        "{ran:?}"
    );
    let ran = run(folder.path(), "--go-generate");
    assert!(ran.code == Some(0) && !path("internal").exists(), "nothing else is written: {ran:?}");
    let text = |name: &str| fs::read_to_string(path(name)).unwrap();
    let directives: Vec<String> = text("generate.go").lines().filter(|it| it.starts_with("//go:generate ")).map(str::to_owned).collect();
    assert_eq!(directives, ["//go:generate pgx-goose generate", "//go:generate gofmt -w .", "//go:generate go test ./..."]);
    assert!(text("generate.go").starts_with("package shop\n"));
    let before: Vec<String> = names.iter().map(|it| text(it)).collect();
    let ran = run(folder.path(), "--go-generate");
    assert!(names.iter().all(|it| ran.talk.contains(&format!("{it}: unchanged\n"))), "{ran:?}");
    assert_eq!(names.iter().map(|it| text(it)).collect::<Vec<_>>(), before, "running twice changes nothing");

    // What the user has stays.
    fs::write(path("Makefile"), "all: clean\n\techo all\n\nclean:\n\techo mine\n").unwrap();
    fs::write(path("generate.go"), "// Package main is mine.\npackage main\n\n//go:generate stringer -type=Kind\n").unwrap();
    fs::write(path(".vscode/tasks.json"), "{\n  // mine\n  \"version\": \"2.0.0\",\n  \"tasks\": [{\"label\": \"own\"},],\n}\n").unwrap();
    fs::write(path(".gitignore"), "bin/").unwrap();
    assert_eq!(run(folder.path(), "--go-generate --from 'schema.sql' --tables users").code, Some(0));
    let makefile = text("Makefile");
    assert!(makefile.starts_with("all: clean\n\techo all\n\nclean:\n\techo mine\n\n# pgx-goose:begin"), "{makefile}");
    assert!(makefile.contains("\npgx-goose-clean:\n") && makefile.contains("\ngenerate-models:\n"), "{makefile}");
    assert!(
        text("generate.go")
            .starts_with("// Package main is mine.\npackage main\n\n//go:generate stringer -type=Kind\n\n// pgx-goose:begin")
    );
    assert!(text(".vscode/tasks.json").contains("// mine") && text(".vscode/tasks.json").contains("\"pgx-goose: Generate All\""));
    assert_eq!(text(".gitignore").lines().next(), Some("bin/"));
    let before: Vec<String> = names.iter().map(|it| text(it)).collect();
    assert_eq!(run(folder.path(), "--go-generate --from 'schema.sql' --tables users").code, Some(0));
    assert_eq!(names.iter().map(|it| text(it)).collect::<Vec<_>>(), before);

    // A password goes nowhere.
    let ran = run(folder.path(), "--go-generate --dsn postgres://u:geheim@h/d");
    assert!(ran.talk.contains("`--dsn` is left out of the commands") && !names.iter().any(|it| text(it).contains("geheim")), "{ran:?}");

    fs::write(path(".vscode/tasks.json"), "{ \"tasks\": [ }").unwrap();
    let ran = run(folder.path(), "--go-generate");
    assert!(ran.code == Some(2) && ran.talk.contains("`.vscode/tasks.json` is left as it is: "), "{ran:?}");
    fs::remove_file(path(".vscode/tasks.json")).unwrap();
    let off = format!("{config}go_generate: {{enabled: true, generate_vscode_tasks: false, generate_makefile: false}}\n");
    fs::write(path("pgx-goose-conf.yaml"), off).unwrap();
    fs::remove_file(path("Makefile")).unwrap();
    assert_eq!(run(folder.path(), "").code, Some(0));
    assert!(!path(".vscode/tasks.json").exists() && !path("Makefile").exists() && path("internal/db/models/user.go").exists());
}

/// The Makefile through make itself.
#[test]
fn make_generates_and_cleans() {
    let folder = go_project(DDL);
    fs::write(folder.path().join("pgx-goose-conf.yaml"), "source: schema.sql\nout: gen\n").unwrap();
    assert_eq!(run(folder.path(), "--go-generate").code, Some(0));
    let make = |target: &str| {
        let variable = format!("PGX_GOOSE={}", env!("CARGO_BIN_EXE_pgx-goose"));
        let output = Command::new("make").args(["--silent", target, &variable]).current_dir(folder.path()).output().expect("make runs");
        assert!(output.status.success(), "{target}: {}", String::from_utf8_lossy(&output.stderr));
    };
    make("generate-models");
    assert!(folder.path().join("gen/models/user.go").exists() && !folder.path().join("gen/repository").exists());
    make("generate");
    assert!(folder.path().join("gen/repository/postgres/user_repository.go").exists());
    fs::write(folder.path().join("gen/models/own.go"), "package models\n").unwrap();
    make("clean");
    assert_eq!(files(&folder.path().join("gen")).into_keys().collect::<Vec<_>>(), ["models/own.go"]);
}

/// `--watch` runs again when something changes, and goes on after an error.
#[test]
fn changes_make_another_run() {
    use std::time::{Duration, Instant};
    let folder = go_project(DDL);
    let log = folder.path().join("log");
    let stderr = fs::File::create(&log).unwrap();
    /// Ends the program also where the test fails.
    struct Running(std::process::Child);
    impl Drop for Running {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
    let child = Running(
        tool(folder.path()).args(["--from", "schema.sql", "--out", "gen", "--watch", "--incremental"]).stderr(stderr).spawn().unwrap(),
    );
    let until = |what: &str, number: usize| {
        let started = Instant::now();
        while fs::read_to_string(&log).unwrap().matches(what).count() < number {
            assert!(started.elapsed() < Duration::from_secs(60), "no `{what}` in {}", fs::read_to_string(&log).unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    until("watching ", 1);
    assert!(folder.path().join("gen/models/user.go").exists());
    // As editors do it: a new file in the place of the old one.
    fs::write(folder.path().join("new.sql"), format!("{DDL}create table orders (id bigint primary key);\n")).unwrap();
    fs::rename(folder.path().join("new.sql"), folder.path().join("schema.sql")).unwrap();
    until("watching ", 2);
    assert!(folder.path().join("gen/models/order.go").exists());
    fs::write(folder.path().join("schema.sql"), "creat table\n").unwrap();
    until("error: ", 1);
    fs::write(folder.path().join("schema.sql"), DDL).unwrap();
    until("watching ", 4);
    assert!(!folder.path().join("gen/models/order.go").exists());
    fs::write(folder.path().join("pgx-goose-conf.yaml"), "with_tests: false\n").unwrap();
    until("watching ", 5);
    assert!(!folder.path().join("gen/tests").exists());
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(fs::read_to_string(&log).unwrap().matches("watching ").count(), 5, "its own output starts no run");
    drop(child);
    for source in ["-", "git:HEAD:a.sql", "postgres://h/d"] {
        let ran = run(folder.path(), &format!("--watch --from {source}"));
        assert!(ran.code == Some(2) && ran.talk.starts_with("error: `--watch` can't watch "), "{ran:?}");
    }
}

/// The set of docs/templates, and what becomes of files that a template of one's own makes.
#[test]
fn own_templates_make_own_files() {
    let ddl = "create table users (id bigint primary key, name text not null, tags text[], ok boolean);\n\
               comment on table users is 'who | what';\ncreate table orders (id bigint primary key, user_id bigint references users);\n";
    let folder = go_project(ddl);
    let set = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/templates");
    fs::create_dir(folder.path().join("t")).unwrap();
    for name in ["dictionary.tmpl", "json_schema.tmpl"] {
        fs::copy(set.join(name), folder.path().join("t").join(name)).unwrap();
    }
    let generate = |flags: &str| run(folder.path(), &format!("--from schema.sql --out gen --template-dir t {flags}"));
    let ran = generate("");
    assert!(ran.code == Some(0) && !ran.talk.contains("warning"), "{ran:?}");
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&text("schemas/user.json")).unwrap();
    assert_eq!(schema["properties"]["ok"]["type"], serde_json::json!(["boolean", "null"]));
    assert_eq!(schema["required"], serde_json::json!(["id", "name", "tags", "ok"]));
    let dictionary = text("docs/dictionary.md");
    assert!(dictionary.contains("## public.users\n\nUser is a row of the table public.users.\n\nwho \\| what\n"), "{dictionary}");
    assert!(
        dictionary.contains("| name | text | no |  |  |\n") && dictionary.contains("| id | bigint | no | primary |  |\n"),
        "{dictionary}"
    );
    assert_eq!(generate("--check").code, Some(0));
    assert_eq!(generate("--incremental").code, Some(0));
    assert!(generate("--incremental").talk.starts_with("nothing changed"));

    // One for all follows all; one a table goes with its table.
    fs::write(folder.path().join("schema.sql"), ddl.replace("who | what", "people")).unwrap();
    assert_eq!(generate("--incremental").code, Some(0));
    assert!(text("docs/dictionary.md").contains("\npeople\n"));
    fs::write(folder.path().join("schema.sql"), DDL).unwrap();
    assert_eq!(generate("--incremental").code, Some(0));
    assert!(!folder.path().join("schemas/order.json").exists() && !text("docs/dictionary.md").contains("orders"));
    fs::remove_file(folder.path().join("t/json_schema.tmpl")).unwrap();
    assert_eq!(generate("--incremental").code, Some(0));
    assert!(!folder.path().join("schemas").exists(), "the folder too");

    // What another wrote stays.
    fs::write(folder.path().join("t/own.tmpl"), "<# file: README.md #>\nnobody's\n").unwrap();
    fs::write(folder.path().join("README.md"), "mine\n").unwrap();
    let ran = generate("");
    assert!(ran.code == Some(2) && ran.talk.contains("`README.md`") && text("README.md") == "mine\n", "{ran:?}");
    // Two templates for one file.
    fs::write(folder.path().join("t/own.tmpl"), "<# file: gen/models/opt.go #>\npackage models\n").unwrap();
    let ran = generate("");
    assert!(ran.code == Some(2) && ran.talk.contains("`gen/models/opt.go` is made by more than one template"), "{ran:?}");
    fs::write(folder.path().join("t/own.tmpl"), "<# file: ../x.md #>\n").unwrap();
    let ran = generate("");
    assert!(
        ran.code == Some(2) && ran.talk.contains("`../x.md` is no file below the working directory") && ran.talk.contains("t/own.tmpl:1:1"),
        "{ran:?}"
    );
}

#[test]
fn an_error_in_a_template_shows_the_value_at_fault() {
    let folder = go_project(DDL);
    fs::create_dir(folder.path().join("t")).unwrap();
    fs::write(folder.path().join("t/own.tmpl"), "<# file: {table}.md #>\n# <: table.sql :>\n<: table.nmae | upper :>\n").unwrap();
    let ran = run(folder.path(), "--from schema.sql --out gen --template-dir t");
    let told = "error: `nmae`: not found in map\n --> t/own.tmpl:3:10\n  |\n3 | <: table.nmae | upper :>\n  |          ^^^^\n";
    assert!(ran.code == Some(2) && ran.talk.contains(told), "{ran:?}");
    assert!(!folder.path().join("gen").exists(), "nothing half-written stays");
    let ran = run(folder.path(), "--from schema.sql --out gen --dump-data users");
    let data: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&data["table"]["names"]["model"], &data["pkg"]["models"]), (&"User".into(), &"models".into()));
    let ran = run(folder.path(), "--from schema.sql --out gen --dump-data .");
    let data: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(data["project"]["tables"][0]["sql"], "public.users");
    let ran = run(folder.path(), "--from schema.sql --out gen --dump-data user");
    assert!(
        ran.code == Some(2) && ran.talk.contains("no table that is generated is called `user`\nhint: did you mean `users`?"),
        "{ran:?}"
    );
}

/// What `--verbose` tells of the workers, and that no number of them makes a difference.
#[test]
fn workers_tell_what_they_do() {
    let ddl: String = (0..12).map(|n| format!("create table t{n} (id bigint primary key, name text);\n")).collect();
    let folder = go_project(&ddl);
    let ran = run(folder.path(), "--from schema.sql --out one --workers 8 --parallel --verbose");
    let info: Vec<&str> = ran.talk.lines().filter(|it| it.starts_with("INFO ")).collect();
    let completed = |it: &&&str| {
        let rest = it.strip_prefix("INFO Worker ").and_then(|it| it.split_once(" completed table 't"));
        rest.is_some_and(|(worker, rest)| {
            (1..=8).contains(&worker.parse::<usize>().unwrap_or(0)) && rest.contains("' in ") && rest.ends_with("ms")
        })
    };
    assert_eq!(info.iter().filter(completed).count(), 12, "{ran:?}");
    assert!(info.iter().any(|it| it.starts_with("INFO Template cache hit ratio: ") && it.ends_with('%')), "{ran:?}");
    assert!(info.iter().any(|it| it.starts_with("INFO Templates compiled in ")), "{ran:?}");
    assert!(info.iter().any(|it| it.starts_with("INFO Generated ") && it.ends_with(" using 8 workers")), "{ran:?}");
    let of = |name: &str| {
        files(&folder.path().join(name))
            .into_iter()
            .map(|(path, text)| (path, String::from_utf8(text).unwrap().replace("/one/", "/two/")))
            .collect::<Vec<_>>()
    };
    assert_eq!(run(folder.path(), "--from schema.sql --out two --workers 1").code, Some(0));
    assert!(of("one") == of("two"));
    // The first error ends the work, whoever meets it; it is that of the first table.
    fs::create_dir(folder.path().join("t")).unwrap();
    fs::write(
        folder.path().join("t/model.tmpl"),
        "package models\n<% if table.name | is_one_of: [\"t11\", \"t5\"] %>\n<: table.lost :>\n<% endif %>\n",
    )
    .unwrap();
    for workers in [1, 2, 8] {
        let ran = run(folder.path(), &format!("--from schema.sql --out three --template-dir t --workers {workers}"));
        assert!(ran.code == Some(2) && ran.talk.starts_with("error: `lost`: not found in map"), "{ran:?}");
        assert!(!folder.path().join("three").exists(), "nothing half-written stays");
    }
}

/// What docs/incremental.md shows for CI is run as it stands there.
#[test]
fn the_examples_of_the_docs_run() {
    let docs = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/incremental.md")).unwrap();
    let folder = go_project(DDL);
    fs::create_dir_all(folder.path().join("db/migrations")).unwrap();
    fs::create_dir(folder.path().join("snapshots")).unwrap();
    fs::rename(folder.path().join("schema.sql"), folder.path().join("db/migrations/1.sql")).unwrap();
    fs::write(folder.path().join("pgx-goose-conf.yaml"), "source: db/migrations\n").unwrap();
    let commands: Vec<&str> = docs
        .split("```")
        .skip(1)
        .step_by(2)
        .flat_map(str::lines)
        .filter_map(|line| {
            ["- run: ", "- ", ""].iter().find_map(|before| line.trim_start().strip_prefix(before)?.strip_prefix("pgx-goose "))
        })
        .collect();
    assert_eq!(commands.len(), 5, "{commands:?}");
    for command in commands {
        let command = command.trim();
        if command.contains("--check") {
            // What was generated is committed.
            assert_eq!(run(folder.path(), &command.replace("--check", "")).code, Some(0), "{command}");
        }
        let ran = run(folder.path(), command);
        assert_eq!(ran.code, Some(0), "{command}: {ran:?}");
    }
}
