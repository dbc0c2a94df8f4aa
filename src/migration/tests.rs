use super::*;
use crate::capture::script::{Input, parse};

const PLAN: plan::Options = plan::Options { safe: false, drops: true, major: 15 };

fn catalog(sql: &str) -> Catalog {
    let captured = parse(&[Input::new("schema.sql", sql)]);
    assert!(!captured.failed(), "{:?}", captured.diagnostics);
    captured.catalog
}

fn migration(from: &str, to: &str, hints: &[&str], options: &Options) -> Migration {
    let (from, to) = (catalog(from), catalog(to));
    let hints: Vec<String> = hints.iter().map(|it| (*it).to_owned()).collect();
    let renames = rename::resolve(&hints, &from, &to).unwrap_or_else(|error| panic!("{error}"));
    Migration::new(&from, &to, &renames, options)
}

fn files(migration: &Migration, format: &Format) -> Vec<File> {
    let naming = Naming { name: "x", style: Some(version::Style::Sequence { width: 3 }), now: 0, existing: &[], from: "old", to: "new" };
    name_files(migration, format, &naming).expect("no template")
}

#[test]
fn goose_has_both_ways_in_one_file() {
    let options = Format::Goose.options(PLAN);
    let migration = migration("CREATE TABLE t (a int);", "CREATE TABLE t (a int, b text);", &[], &options);
    assert_eq!(migration.findings, []);
    let files = files(&migration, &Format::Goose);
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].name, "001_x.sql");
    let text = &files[0].text;
    let up = text.find("-- +goose Up\nALTER TABLE public.t").expect("the way up");
    let down = text.find("-- +goose Down\nALTER TABLE public.t").expect("the way down");
    assert!(up < down && text.contains("-- Data is lost on the way down:"), "{text}");
}

#[test]
fn what_needs_no_transaction_stands_apart() {
    let step = |sql: &str| Step {
        sql: sql.to_owned(),
        about: Identity::new(crate::catalog::Kind::Index, "public", "i"),
        action: plan::Action::Create,
        loses: None,
        risks: None,
        why: None,
    };
    let batch = |transaction, steps: &[&str]| Batch { transaction, steps: steps.iter().map(|it| step(it)).collect() };
    let made = |alone| {
        let batches = vec![batch(true, &["SELECT 1;", "SELECT 2;"]), batch(false, &["CONCURRENTLY a;", "CONCURRENTLY b;"])];
        let mut parts = cut(batches, alone);
        for part in &mut parts {
            part.down = vec![batch(true, &["SELECT 3;", "SELECT 4;"]), batch(false, &["CONCURRENTLY c;"])];
        }
        Migration { parts, left_out: Vec::new(), findings: Vec::new() }
    };
    let sql = |text: &str| {
        text.lines().filter(|it| !it.is_empty() && (!it.starts_with("--") || it.contains("+goose"))).map(str::to_owned).collect::<Vec<_>>()
    };
    let of_goose: Vec<Vec<String>> = files(&made(false), &Format::Goose).iter().map(|it| sql(&it.text)).collect();
    let down = ["-- +goose Down", "-- +goose StatementBegin", "SELECT 3;", "SELECT 4;", "-- +goose StatementEnd", "CONCURRENTLY c;"];
    let first =
        ["-- +goose NO TRANSACTION", "-- +goose Up", "-- +goose StatementBegin", "SELECT 1;", "SELECT 2;", "-- +goose StatementEnd"];
    let second = ["-- +goose NO TRANSACTION", "-- +goose Up", "CONCURRENTLY a;", "CONCURRENTLY b;"];
    assert_eq!(of_goose, [[&first[..], &down].concat(), [&second[..], &down].concat()]);

    // Each piece of a way down has a version, the last of them first.
    let of_migrate: Vec<(String, String)> =
        files(&made(true), &Format::GolangMigrate).iter().map(|it| (it.name.replace("_x", ""), sql(&it.text).join(" "))).collect();
    let expected = [
        ("001.up.sql", "SELECT 1; SELECT 2;"),
        ("001.down.sql", "CONCURRENTLY c;"),
        ("002_2.up.sql", ""),
        ("002_2.down.sql", "SELECT 3; SELECT 4;"),
        ("003_3.up.sql", "CONCURRENTLY a;"),
        ("003_3.down.sql", "CONCURRENTLY c;"),
        ("004_4.up.sql", ""),
        ("004_4.down.sql", "SELECT 3; SELECT 4;"),
        ("005_5.up.sql", "CONCURRENTLY b;"),
        ("005_5.down.sql", "CONCURRENTLY c;"),
        ("006_6.up.sql", ""),
        ("006_6.down.sql", "SELECT 3; SELECT 4;"),
    ];
    assert_eq!(of_migrate, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
}

#[test]
fn drops_are_left_out_and_listed() {
    let options = Format::Goose.options(plan::Options { drops: false, ..PLAN });
    let migration = migration("CREATE TABLE t (a int); CREATE TABLE u (a int);", "CREATE TABLE t (a int, b int);", &[], &options);
    assert_eq!(migration.findings, []);
    let text = &files(&migration, &Format::Goose)[0].text;
    assert!(text.contains("--   DROP TABLE public.u;"), "{text}");
    assert!(!text.contains("\nDROP TABLE"), "{text}");
    // What is not dropped on the way up is not made on the way down.
    assert!(!text.contains("CREATE TABLE public.u"), "{text}");
}

#[test]
fn what_is_kept_is_made_anew_around_a_change() {
    let options = Format::Goose.options(plan::Options { drops: false, ..PLAN });
    let migration = migration("CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t;", "CREATE TABLE t (a bigint);", &[], &options);
    assert_eq!(migration.findings, []);
    let up: Vec<&str> = migration.up().map(|it| it.sql.lines().next().unwrap_or_default()).collect();
    assert_eq!(up, ["DROP VIEW public.v;", "ALTER TABLE public.t ALTER COLUMN a TYPE bigint;", "CREATE VIEW public.v AS"]);
    assert_eq!(migration.left_out.len(), 1);
}

#[test]
fn what_needs_a_kept_column_stays_as_it_is() {
    let options = Format::Goose.options(plan::Options { drops: false, ..PLAN });
    let from = "CREATE TABLE t (a int, b int); CREATE INDEX i ON t (b);";
    let migration = migration(from, "CREATE TABLE t (a int, c int);", &[], &options);
    assert_eq!(migration.findings, []);
    let up: Vec<&str> = migration.up().map(|it| it.sql.as_str()).collect();
    assert_eq!(up, ["ALTER TABLE public.t ADD COLUMN c integer;"]);
}

#[test]
fn renames_stand_first_and_last() {
    let from = "CREATE TABLE users (id int PRIMARY KEY, mail text); CREATE VIEW v AS SELECT mail FROM users; CREATE INDEX users_mail_idx ON users (mail);";
    let to = "CREATE TABLE people (id int PRIMARY KEY, email text, age int);
        CREATE VIEW v AS SELECT email AS mail FROM people; CREATE INDEX people_email_idx ON people (email);";
    let hints = ["users=people", "users.mail=people.email", "users_mail_idx=people_email_idx"];
    let migration = migration(from, to, &hints, &Format::Goose.options(PLAN));
    assert_eq!(migration.findings, []);
    let up: Vec<&str> = migration.up().map(|it| it.sql.lines().next().unwrap_or_default()).collect();
    assert_eq!(up[0], "ALTER TABLE public.users RENAME TO people;", "{up:?}");
    assert!(up.contains(&"ALTER TABLE public.people RENAME CONSTRAINT users_pkey TO people_pkey;"), "{up:?}");
    assert!(up.iter().all(|it| !it.contains("DROP") && !it.contains("VIEW")), "{up:?}");
    let down: Vec<&str> = migration.down().map(|it| it.sql.as_str()).collect();
    assert_eq!(down.last(), Some(&"ALTER TABLE public.people RENAME TO users;"), "{down:?}");
}

#[test]
fn labels_types_functions_and_schemas_are_renamed() {
    let check = |from: &str, to: &str, hint: &str, expected: &str| {
        let migration = migration(from, to, &[hint], &Format::Goose.options(PLAN));
        let up: Vec<&str> = migration.up().map(|it| it.sql.as_str()).collect();
        assert_eq!(up, [expected]);
        assert_eq!(migration.findings, []);
    };
    check(
        "CREATE TYPE m AS ENUM ('a', 'b');",
        "CREATE TYPE m AS ENUM ('x', 'b');",
        "m.a=m.x",
        "ALTER TYPE public.m RENAME VALUE 'a' TO 'x';",
    );
    check("CREATE TYPE m AS ENUM ('a');", "CREATE TYPE n AS ENUM ('a');", "type m=n", "ALTER TYPE public.m RENAME TO n;");
    let (f, g) = (
        "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "CREATE FUNCTION g(int) RETURNS int LANGUAGE sql AS 'SELECT 1';",
    );
    check(f, g, "f(integer)=g", "ALTER FUNCTION public.f(integer) RENAME TO g;");
    check(
        "CREATE SCHEMA a; CREATE TABLE a.t (i int);",
        "CREATE SCHEMA b; CREATE TABLE b.t (i int);",
        "schema a=b",
        "ALTER SCHEMA a RENAME TO b;",
    );
    check(
        "CREATE SCHEMA a; CREATE TABLE t (i int);",
        "CREATE SCHEMA a; CREATE TABLE a.t (i int);",
        "public.t=a.t",
        "ALTER TABLE public.t SET SCHEMA a;",
    );
    check("CREATE TABLE t (\"a.b\" int);", "CREATE TABLE t (c int);", "t.\"a.b\"=t.c", "ALTER TABLE public.t RENAME COLUMN \"a.b\" TO c;");
}

#[test]
fn a_wrong_rename_is_an_error() {
    let check = |hint: &str, expected: &str| {
        let (from, to) = (catalog("CREATE TABLE users (id int, mail text);"), catalog("CREATE TABLE people (id int, email text);"));
        assert_eq!(rename::resolve(&[hint.to_owned()], &from, &to).map_err(|it| it.to_string()), Err(expected.to_owned()));
    };
    check("users", "`users` is no rename: write OLD=NEW, as in users=people, users.email=users.mail or function f=g");
    check("usres=people", "can't rename `usres=people`: the old schema has no `usres`; did you mean `users`?");
    check("users=persons", "can't rename `users=persons`: the new schema has no table public.persons");
    check(
        "users.mail=users.email",
        "can't rename `users.mail=users.email`: the new schema has no table public.users; if it is renamed, say so with another `--rename`",
    );
}

#[test]
fn what_looks_like_a_rename_is_guessed() {
    let check = |from: &str, to: &str, expected: &[&str]| {
        let hints: Vec<String> = rename::guesses(&catalog(from), &catalog(to)).into_iter().map(|it| it.hint).collect();
        assert_eq!(hints, expected);
    };
    check("CREATE TABLE a (i int, j text);", "CREATE TABLE b (i int, j text);", &["table public.a=public.b"]);
    check("CREATE TABLE a (i int, j text);", "CREATE TABLE a (i int, k text);", &["column public.a.j=public.a.k"]);
    check("CREATE TABLE a (i int, j text);", "CREATE TABLE a (i int, k date);", &[]);
    check(
        "CREATE TABLE a (i int, j text); CREATE INDEX x ON a (i);",
        "CREATE TABLE a (i int, j text); CREATE INDEX y ON a (i);",
        &["index public.x=public.y"],
    );
    check("CREATE TABLE a (i int, j text);", "CREATE TABLE b (i int, j text); CREATE TABLE c (i int, j text);", &[]);
    check("CREATE TYPE m AS ENUM ('a', 'b');", "CREATE TYPE m AS ENUM ('a', 'c');", &["label public.m.b=public.m.c"]);
}

#[test]
fn both_phases_lead_to_the_new_schema() {
    let check = |from: &str, to: &str| {
        let (from, to) = (catalog(from), catalog(to));
        let between = phase::between(&from, &to, &[]);
        for (one, other) in [(&from, &between), (&between, &to)] {
            assert_eq!(Migration::new(one, other, &[], &Format::Goose.options(PLAN)).findings, []);
        }
    };
    // What a table will need, it doesn't need in between.
    check(
        "CREATE TYPE r AS RANGE (SUBTYPE = int); CREATE TABLE t (v r);",
        "CREATE TYPE s AS RANGE (SUBTYPE = int); CREATE TABLE t (v s, w s);",
    );
    // A column that may be NULL in between may be so in views.
    check(
        "CREATE TABLE t (a int, b int NOT NULL); CREATE VIEW v AS SELECT b FROM t;",
        "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t;",
    );
    // A new partition would be given the index that goes.
    check(
        "CREATE TABLE t (a int, b int) PARTITION BY LIST (a); CREATE INDEX i ON t (b);",
        "CREATE TABLE t (a int, b int) PARTITION BY LIST (a); CREATE INDEX i ON t (a, b); CREATE TABLE p PARTITION OF t FOR VALUES IN (1);",
    );
}

#[test]
fn what_is_kept_is_in_nothing_s_way() {
    let check = |from: &str, to: &str, up: &[&str], left_out: &[&str]| {
        let options = Format::Goose.options(plan::Options { drops: false, ..PLAN });
        let migration = migration(from, to, &[], &options);
        assert_eq!(migration.findings, []);
        let made: Vec<String> = migration.up().map(|it| it.sql.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(made, up);
        let kept: Vec<String> = migration.left_out.iter().map(|it| it.sql.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(kept, left_out);
    };
    check(
        "CREATE TABLE t (a int, CONSTRAINT k UNIQUE (a));",
        "CREATE TABLE u (a int, CONSTRAINT k UNIQUE (a));",
        &[
            "CREATE TABLE public.u ( a integer );",
            "ALTER TABLE public.t DROP CONSTRAINT k;",
            "ALTER TABLE public.u ADD CONSTRAINT k UNIQUE (a);",
        ],
        &["DROP TABLE public.t;"],
    );
    check(
        "CREATE TABLE p (a int, CONSTRAINT k CHECK (a > 0)); CREATE TABLE c () INHERITS (p);",
        "CREATE TABLE p (a int); CREATE TABLE c (a int);",
        &["ALTER TABLE public.c NO INHERIT public.p;"],
        &["ALTER TABLE public.p DROP CONSTRAINT k;", "ALTER TABLE public.c DROP CONSTRAINT k;"],
    );
}
