use super::*;
use crate::capture::script::resolve::Names;
use crate::capture::script::{Input, parse};
use crate::catalog::{
    Argument, ArgumentMode, Body, Catalog, DataType, Definition, Identity, Kind, Object, Parallel, QualifiedName, Routine, Volatility,
};

const SCHEMA: &str = r#"
CREATE SCHEMA app;
CREATE SCHEMA "Odd";
CREATE TYPE app.mood AS ENUM ('sad', 'ok');
CREATE TYPE app.address AS (street text, zip varchar(10));
CREATE DOMAIN app.email AS text;
CREATE SEQUENCE app.s;
CREATE SEQUENCE "Odd"."S q";
CREATE TABLE app.users (id bigint PRIMARY KEY, name varchar(50) NOT NULL, email app.email, mood app.mood NOT NULL, address app.address,
  tags text[], score numeric(10,2), born date NOT NULL, data jsonb, active boolean NOT NULL);
CREATE TABLE app.orders (id int PRIMARY KEY, user_id bigint NOT NULL, total numeric(12,2) NOT NULL, at timestamptz);
"#;

struct World {
    catalog: Catalog,
    names: Names,
    path: Vec<String>,
}

impl World {
    fn new(sql: &str) -> Self {
        let captured = parse(&[Input::new("a.sql", sql)]);
        assert!(!captured.failed(), "{:?}", captured.diagnostics);
        let mut catalog = captured.catalog;
        let int = DataType::builtin("int4");
        let text = DataType::builtin("text");
        function(&mut catalog, "twice", vec![("n", ArgumentMode::In, int.clone())], int.clone(), false);
        function(&mut catalog, "twice", vec![("t", ArgumentMode::In, text.clone())], text.clone(), false);
        let out = vec![("a", ArgumentMode::Out, int), ("b", ArgumentMode::Out, text)];
        function(&mut catalog, "pairs", out, DataType::builtin("record"), true);
        function(&mut catalog, "everybody", Vec::new(), DataType::named(QualifiedName::new("app", "users")), true);
        let names = Names::of(&catalog);
        Self { catalog, names, path: vec!["app".to_owned(), "public".to_owned()] }
    }

    fn resolver(&self) -> Resolver<'_> {
        Resolver::new(&self.catalog, &self.names, &self.path)
    }
}

/// Functions of `app`, made by hand: what their statements say is not this module's business.
fn function(catalog: &mut Catalog, name: &str, arguments: Vec<(&str, ArgumentMode, DataType)>, returns: DataType, returns_set: bool) {
    let argument =
        |(name, mode, data_type): (&str, ArgumentMode, DataType)| Argument { name: name.to_owned(), mode, data_type, default: None };
    let arguments: Vec<Argument> = arguments.into_iter().map(argument).collect();
    let inputs = arguments.iter().filter(|it| it.mode.is_input()).map(|it| it.data_type.clone()).collect();
    let routine = Routine {
        arguments,
        returns,
        returns_set,
        language: "sql".to_owned(),
        body: Body::Source(String::new()),
        window: false,
        volatility: Volatility::default(),
        strict: false,
        security_definer: false,
        leakproof: false,
        parallel: Parallel::default(),
        cost: None,
        rows: None,
        support: None,
        configuration: Vec::new(),
        transforms: Vec::new(),
    };
    catalog.insert(Identity::new(Kind::Function, "app", name).with_arguments(inputs), Object::new(Definition::Function(routine)));
}

thread_local! {
    static WORLD: World = World::new(SCHEMA);
}

fn users() -> Identity {
    Identity::new(Kind::Table, "app", "users")
}

/// Normalises an expression over `app.users`, with `app` in the search path.
#[track_caller]
fn check(sql: &str, expected: &str) {
    WORLD.with(|world| {
        let node = print::parse_expression(sql).expect("an expression");
        let found = expression(&node, &world.resolver(), &Scope::relation(&users()), None).expect("all names are known");
        assert_eq!(found.expression.0, expected);
        let again = print::parse_expression(expected).expect("canonical text is an expression");
        let path = [];
        let resolver = Resolver::new(&world.catalog, &world.names, &path);
        let printed = expression(&again, &resolver, &Scope::relation(&users()), None).expect("canonical text names what is there");
        assert_eq!(printed.expression.0, expected, "canonical text stays");
        assert_eq!(printed.dependencies, found.dependencies);
    });
}

/// What an expression needs, own columns by name.
#[track_caller]
fn check_needs(sql: &str, expected: &[&str]) {
    WORLD.with(|world| {
        let node = print::parse_expression(sql).expect("an expression");
        let found = expression(&node, &world.resolver(), &Scope::relation(&users()), None).expect("all names are known");
        let needs: Vec<String> = found
            .dependencies
            .iter()
            .map(|it| it.column.clone().map_or_else(|| it.on.to_string(), |column| format!("{}.{column}", it.on.name)))
            .collect();
        assert_eq!(needs, expected);
    });
}

/// The text and the columns of a query: `name type!` where never NULL.
#[track_caller]
fn check_query(sql: &str, expected_text: &str, expected_columns: &[&str]) {
    WORLD.with(|world| {
        let node = print::parse_statement(sql).expect("a query");
        let found = query(&node, &world.resolver(), &Scope::none()).expect("all names are known");
        if !expected_text.is_empty() {
            assert_eq!(found.query.0, expected_text);
        }
        let columns: Vec<String> = found
            .columns
            .iter()
            .map(|it| {
                let data_type = it.data_type.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
                format!("{} {data_type}{}", it.name, if it.not_null { "!" } else { "" })
            })
            .collect();
        assert_eq!(columns, expected_columns, "{:?}", found.problems);
        let again = print::parse_statement(&found.query.0).expect("canonical text is a query");
        let path = [];
        let resolver = Resolver::new(&world.catalog, &world.names, &path);
        let printed = query(&again, &resolver, &Scope::none()).expect("canonical text names what is there");
        assert_eq!(printed.query, found.query, "canonical text stays");
        assert_eq!(printed.columns, found.columns);
    });
}

#[track_caller]
fn check_error(sql: &str, expected: &str) {
    WORLD.with(|world| {
        let node = print::parse_statement(sql).expect("a query");
        let error = query(&node, &world.resolver(), &Scope::none()).expect_err("a name is unknown");
        assert_eq!(format!("{} `{}`, nearest {}", error.what, error.name, error.nearest.unwrap_or_default()), expected);
    });
}

#[track_caller]
fn check_rename(sql: &str, rename: &Rename, expected: &str) {
    WORLD.with(|world| {
        let path = [];
        let resolver = Resolver::new(&world.catalog, &world.names, &path);
        let found = rename_in_query(sql, rename, &resolver, &Scope::none());
        assert_eq!(found.as_deref().unwrap_or(sql), expected);
    });
}

#[test]
fn constants() {
    check("1", "1");
    check("-1", "-1");
    check("'it''s'", "'it''s'");
    check(r"E'a\\b'", r"E'a\\b'");
    check("TRUE", "true");
    check("NULL", "NULL");
    check("1.50", "1.50");
    check("2147483648", "2147483648");
    check("B'101'", "b'101'");
    check("'x'::text", "'x'::text");
    check("CAST ('x' AS character varying)", "'x'::varchar");
    check("integer '1'", "1");
    check("'{}'::text[]", "'{}'::text[]");
    check("'[]'::jsonb", "'[]'::jsonb");
    check("'2020-01-01'::date", "'2020-01-01'::date");
    check("interval '1 day'", "'1 day'::interval");
    check("'a'::\"char\"", "'a'::\"char\"");
    check("'a'::bpchar", "'a'::bpchar");
    check("'a'::char(3)", "'a'::char(3)");
    check("B'1'::bit(3)", "b'1'::\"bit\"(3)");
    check("'1'::_int4", "'1'::int[]");
    check("'{}'::json", "'{}'::\"json\"");
    check("1::decimal(5,1)", "1::numeric(5, 1)");
    check("'12:00'::time(3) with time zone", "'12:00'::time (3) with time zone");
}

#[test]
fn values_of_the_server() {
    check("CURRENT_TIMESTAMP", "current_timestamp");
    check("CURRENT_TIMESTAMP(3)", "current_timestamp(3)");
    check("CURRENT_DATE", "current_date");
    check("now()", "now()");
    check("pg_catalog.now()", "now()");
    check("gen_random_uuid()", "gen_random_uuid()");
    check("timezone('utc', now())", "timezone('utc', now())");
    check("now() AT TIME ZONE 'utc'", "now() AT TIME ZONE 'utc'");
    check("extract(year from born)", "extract ('year' FROM born)");
    check("name LIKE 'a!%' ESCAPE '!'", "name LIKE pg_catalog.like_escape('a!%', '!')");
    check("substring(name from 1 for 2)", "SUBSTRING(name FROM 1 FOR 2)");
    check("position('a' in name)", "POSITION('a' IN name)");
    check("trim(both ' ' from name)", "TRIM (BOTH ' ' FROM name)");
}

/// The way around the printer gives what the printer gives.
#[test]
fn simple_texts() {
    WORLD.with(|world| {
        let path = [];
        let resolver = Resolver::new(&world.catalog, &world.names, &path);
        for sql in [
            "1",
            "0",
            "'a'",
            "''",
            "'a''b'",
            "true",
            "false",
            "null",
            "now()",
            "random()",
            "current_timestamp",
            "current_date",
            "current_user",
            "'a'::text",
            "'a'::varchar",
            "1::int",
            "1::bigint",
            "1::numeric",
            "null::text",
            "'{}'::jsonb",
            "true::text",
            "'x'::uuid",
            "'x'::date",
            "nextval('app.s')",
            "nextval('app.s'::regclass)",
            "pg_catalog.nextval('app.s'::pg_catalog.regclass)",
            "uuidv7()",
        ] {
            let node = print::parse_expression(sql).expect("an expression");
            let Some(simple) = print::simple(&node, &resolver).expect("all names are known") else { continue };
            let mut tree = node.clone();
            let mut analysis = Analysis::new(resolver, &Scope::none());
            analysis.value(&mut tree).expect("all names are known");
            assert_eq!(simple.expression.0, print::expression(tree), "{sql}");
            assert_eq!(simple.dependencies, analysis.dependencies, "{sql}");
        }
    });
}

#[test]
fn names_get_their_schema() {
    check("'ok'::mood", "'ok'::app.mood");
    check("mood = 'ok'", "mood = 'ok'");
    check("nextval('s')", "nextval('app.s'::regclass)");
    check("nextval('\"Odd\".\"S q\"')", "nextval('\"Odd\".\"S q\"'::regclass)");
    check("'users'::regclass", "'app.users'::regclass");
    check("'mood'::regtype", "'app.mood'::regtype");
    check("'pg_class'::regclass", "'pg_class'::regclass");
    check("twice(1)", "app.twice(1)");
    check("twice(name)", "app.twice(name)");
    check("users.name", "name");
    check("app.users.name", "name");
    check("exists (select from orders o where o.user_id = id)", "EXISTS (SELECT FROM app.orders o WHERE o.user_id = o.id)");
    check("name COLLATE \"C\"", "name COLLATE \"C\"");
}

#[test]
fn needs() {
    check_needs("id > 0", &["users.id"]);
    check_needs("'ok'::mood", &["enum app.mood"]);
    check_needs("nextval('s')", &["sequence app.s"]);
    check_needs("twice(1)", &["function app.twice(int4)"]);
    check_needs("twice(name)", &["users.name", "function app.twice(text)"]);
    check_needs("(select max(total) from orders)", &["table app.orders", "orders.total"]);
    check_needs("(address).zip", &["address.zip", "users.address"]);
}

#[test]
fn stars_are_spelled_out() {
    check_query(
        "select * from orders",
        "SELECT orders.id, orders.user_id, orders.total, orders.at FROM app.orders",
        &["id int4!", "user_id int8!", "total numeric(12,2)!", "at timestamptz"],
    );
    check_query(
        "select o.*, 1 from orders as o",
        "SELECT o.id, o.user_id, o.total, o.at, 1 FROM app.orders o",
        &["id int4!", "user_id int8!", "total numeric(12,2)!", "at timestamptz", "?column? int4!"],
    );
    check_query(
        "select * from (values (1, 'a'), (2, null)) v(n, t)",
        "SELECT v.n, v.t FROM (VALUES (1, 'a'), (2, NULL)) v(n, t)",
        &["n int4!", "t text"],
    );
    check_query(
        "select (address).* from users",
        "SELECT (users.address).street, (users.address).zip FROM app.users",
        &["street text", "zip varchar(10)"],
    );
    check_query("select * from pairs()", "SELECT pairs.a, pairs.b FROM app.pairs() pairs(a, b)", &["a int4", "b text"]);
    check_query("select e.id, e.mood from everybody() e", "", &["id int8", "mood app.mood"]);
}

#[test]
fn joins() {
    check_query(
        "select * from (select id, name from users) u left join (select id, total from orders) o using (id)",
        "SELECT u.id, u.name, o.total FROM (SELECT users.id, users.name FROM app.users) u LEFT JOIN (SELECT orders.id, orders.total FROM app.orders) o USING (id)",
        &["id int8!", "name varchar(50)!", "total numeric(12,2)"],
    );
    check_query("select o.id, u.name from orders o right join users u on u.id = o.user_id", "", &["id int4", "name varchar(50)!"]);
    check_query("select a.id, b.id from orders a full join orders b using (id)", "", &["id int4", "id int4"]);
    check_query("select id from orders a join users b using (id)", "", &["id int8!"]);
    check_query(
        "select u.id, l.n from users u, lateral (select count(*) as n from orders o where o.user_id = u.id) l",
        "",
        &["id int8!", "n int8!"],
    );
    check_query("select t.tag from users u cross join unnest(u.tags) as t(tag)", "", &["tag text"]);
    check_query("select * from generate_series(1, 3) with ordinality as g(n, i)", "", &["n int4", "i int8!"]);
    check_query("select key, value from jsonb_each('{}')", "", &["key text", "value jsonb"]);
    check_query("select j.x from (orders o join users u on true) as j(x)", "", &["x int4!"]);
}

#[test]
fn column_names() {
    check_query(
        "select id::text, count(*), coalesce(tags, '{}'), case when true then 1 end, array[1], row(1), (address).zip, exists(select 1), \
         (select 1 as x), (select 1), now(), current_date, greatest(1, 2), nullif(1, 2), '1'::int, tags[1], case when true then 1 else id end \
         from users group by id, tags, address",
        "",
        &[
            "id text!",
            "count int8!",
            "coalesce text[]!",
            "case int4",
            "array int4[]!",
            "row record!",
            "zip varchar(10)",
            "exists bool!",
            "x int4!",
            "?column? int4!",
            "now timestamptz!",
            "current_date date!",
            "greatest int4!",
            "nullif int4",
            "int4 int4!",
            "tags text",
            "id int8!",
        ],
    );
}

#[test]
fn types_of_operators_and_functions() {
    check_query(
        "select id + 1, total * 2, total / id, name || 'x', name = 'a', not active, -score, data -> 'a', data ->> 'a', born + 1, born - born, \
         born + interval '1 day', at - at, upper(name), length(name), round(score), round(score, 1), lower(email), mood::text, tags || 'a', \
         'a' || 1, data || '{}', name like 'a%', id in (1, 2), id between 1 and 2, 1 + 1.5, 2 ^ 3, 1::smallint + 1 \
         from users, (select total, at from orders) o",
        "",
        &[
            "?column? int8!",
            "?column? numeric!",
            "?column? numeric!",
            "?column? text!",
            "?column? bool!",
            "?column? bool!",
            "?column? numeric",
            "?column? jsonb",
            "?column? text",
            "?column? date!",
            "?column? int4!",
            "?column? timestamp!",
            "?column? interval",
            "upper text!",
            "length int4!",
            "round numeric",
            "round numeric",
            "lower text",
            "mood text!",
            "?column? text[]",
            "?column? text!",
            "?column? jsonb",
            "?column? bool!",
            "?column? bool!",
            "?column? bool!",
            "?column? numeric!",
            "?column? float8!",
            "?column? int4!",
        ],
    );
    check_query(
        "select sum(id), sum(total), avg(o.total), min(name), max(born), array_agg(name), string_agg(name, ','), count(distinct name), bool_or(active), \
         jsonb_agg(name), json_object_agg(name, 1), sum(score) filter (where true), percentile_cont(0.5) within group (order by o.total), \
         mode() within group (order by name) from users, (select total from orders) o",
        "",
        &[
            "sum numeric",
            "sum numeric",
            "avg numeric",
            "min text",
            "max date",
            "array_agg varchar[]",
            "string_agg text",
            "count int8!",
            "bool_or bool",
            "jsonb_agg jsonb",
            "json_object_agg json",
            "sum numeric",
            "percentile_cont float8",
            "mode varchar(50)",
        ],
    );
    check_query(
        "select row_number() over (order by id), lag(name) over w, sum(id) over w, twice(1), twice('a'), date_trunc('day', at), extract(year from at), \
         to_char(at, 'x'), at at time zone 'utc', unnest(tags), generate_series(1, 2) from users u join (select at from orders) o on true window w as (partition by mood)",
        "",
        &[
            "row_number int8!",
            "lag varchar",
            "sum numeric",
            "twice int4",
            "twice text",
            "date_trunc timestamptz",
            "extract numeric",
            "to_char text",
            "timezone timestamp",
            "unnest text",
            "generate_series int4",
        ],
    );
}

#[test]
fn with_and_union() {
    check_query(
        "with x as (select id from users) select * from x",
        "WITH x AS (SELECT users.id FROM app.users) SELECT x.id FROM x",
        &["id int8!"],
    );
    check_query(
        "with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) select n from t",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT t_1.n + 1 FROM t t_1 WHERE t_1.n < 5) SELECT t.n FROM t",
        &["n int4!"],
    );
    check_query("select 1 as a union select 2.5", "", &["a numeric!"]);
    check_query("select 'a' as a union all select null", "", &["a text"]);
    check_query("select name from users union select email from users order by name", "", &["name varchar"]);
    check_query("select id as n from orders order by n", "SELECT orders.id AS n FROM app.orders ORDER BY orders.id", &["n int4!"]);
    check_query("select user_id as n, sum(total) from orders group by n having sum(total) > 1", "", &["n int8!", "sum numeric!"]);
    check_query("values (1, 'a')", "VALUES (1, 'a')", &["column1 int4!", "column2 text!"]);
    check_query(
        "table orders",
        "SELECT orders.id, orders.user_id, orders.total, orders.at FROM app.orders",
        &["id int4!", "user_id int8!", "total numeric(12,2)!", "at timestamptz"],
    );
}

#[test]
fn the_servers_own_relations() {
    check_query("select relname, oid from pg_class", "SELECT pg_class.relname, pg_class.oid FROM pg_class", &["relname name!", "oid oid!"]);
    check_query(
        "select * from pg_catalog.pg_am",
        "SELECT pg_am.oid, pg_am.amname, pg_am.amhandler, pg_am.amtype FROM pg_catalog.pg_am",
        &["oid oid!", "amname name!", "amhandler regproc!", "amtype char!"],
    );
    check_query("select table_name from information_schema.tables", "", &["table_name information_schema.sql_identifier"]);
}

#[test]
fn unknown_names() {
    check_error("select nam from users", "column `nam`, nearest name");
    check_error("select u.nam from users u", "column `u.nam`, nearest name");
    check_error("select x.name from users", "FROM item `x`, nearest ");
    check_error("select 1 from user_s", "relation `user_s`, nearest users");
    check_error("select 'a'::moood", "type `moood`, nearest mood");
}

#[test]
fn renames_of_columns() {
    let rename = Rename::Column { relation: users(), from: "name".to_owned(), to: "title".to_owned() };
    check_rename("SELECT name FROM app.users", &rename, "SELECT users.title AS name FROM app.users");
    check_rename(
        "SELECT u.name AS n FROM app.users u WHERE u.name > 'a'",
        &rename,
        "SELECT u.title AS n FROM app.users u WHERE u.title > 'a'",
    );
    check_rename(
        "SELECT x.name FROM (SELECT name FROM app.users) x",
        &rename,
        "SELECT x.name FROM (SELECT users.title AS name FROM app.users) x",
    );
    check_rename("SELECT u.n FROM app.users u(i, n)", &rename, "SELECT u.n FROM app.users u(i, n)");
    check_rename("SELECT v.name FROM (VALUES ('a')) v(name)", &rename, "SELECT v.name FROM (VALUES ('a')) v(name)");
    let rename = Rename::Column { relation: users(), from: "id".to_owned(), to: "number".to_owned() };
    check_rename(
        "SELECT id, users.mood FROM app.users JOIN app.orders o USING (id)",
        &rename,
        "SELECT users.id, users.mood FROM app.users users(id, name, email, mood, address, tags, score, born, data, active) JOIN app.orders o USING (id)",
    );
    let address = Identity::new(Kind::Composite, "app", "address");
    let rename = Rename::Column { relation: address, from: "zip".to_owned(), to: "code".to_owned() };
    check_rename("SELECT (address).zip FROM app.users", &rename, "SELECT (users.address).code AS zip FROM app.users");
}

#[test]
fn renames_of_objects() {
    let object = |from: Identity, name: &str| Rename::Object { from, to: QualifiedName::new("app", name) };
    let rename = object(users(), "people");
    check_rename("SELECT users.name FROM app.users", &rename, "SELECT people.name FROM app.people");
    check_rename("SELECT u.name FROM app.users u", &rename, "SELECT u.name FROM app.people u");
    let rename = object(Identity::new(Kind::Enum, "app", "mood"), "feeling");
    check_rename("SELECT 'ok'::app.mood", &rename, "SELECT 'ok'::app.feeling AS mood");
    let int = DataType::builtin("int4");
    let rename = object(Identity::new(Kind::Function, "app", "twice").with_arguments(vec![int]), "double");
    check_rename("SELECT app.twice(1) AS a, app.twice('x'::text) AS b", &rename, "SELECT app.double(1) AS a, app.twice('x') AS b");
    let rename = Rename::Schema { from: "app".to_owned(), to: "core".to_owned(), within: None };
    check_rename(
        "SELECT app.twice(u.id::int) FROM app.users u WHERE u.mood = 'ok'::app.mood",
        &rename,
        "SELECT core.twice(u.id::int) FROM core.users u WHERE u.mood = 'ok'::core.mood",
    );
    check_rename("BEGIN ATOMIC SELECT app.twice(1); END", &rename, "BEGIN ATOMIC SELECT core.twice(1); END");
    check_rename("RETURN app.twice(1)", &rename, "RETURN core.twice(1)");
}

/// Tables change under views; what was never NULL may be so now, and the other way round.
#[test]
fn not_null_is_that_of_the_end() {
    let sql = "CREATE TABLE t (a int NOT NULL, b int); CREATE VIEW v AS SELECT a, b FROM t; CREATE VIEW a AS SELECT * FROM v;
        ALTER TABLE t ALTER a DROP NOT NULL; ALTER TABLE t ALTER b SET NOT NULL;
        CREATE VIEW r AS SELECT b, count(*) FROM t GROUP BY ROLLUP (b)";
    let catalog = parse(&[Input::new("a.sql", sql)]).catalog;
    let check = |name: &str, expected: &[bool]| {
        let object = catalog.get(&Identity::new(Kind::View, "public", name)).expect("the view is there");
        let Definition::View(view) = &object.definition else { return };
        assert_eq!(view.columns.iter().map(|it| it.not_null).collect::<Vec<_>>(), expected);
    };
    check("v", &[false, true]);
    check("a", &[false, true]);
    check("r", &[false, true]);
}

#[test]
fn definitions_of_the_world() {
    WORLD.with(|world| {
        let object = world.catalog.get(&users()).expect("the table is there");
        assert!(matches!(&object.definition, Definition::Table(table) if table.columns.len() == 10));
    });
}

#[test]
fn casts_that_the_server_adds_are_not_said() {
    for text in ["name = 'a'", "(name)::text = 'a'::text", "name::text = 'a'", "(name)::text = ('a'::character varying)::text"] {
        check(text, "name = 'a'");
    }
    for text in [
        "name in ('a', 'b')",
        "(name)::text = any ((array['a'::character varying, 'b'::character varying])::text[])",
        "(name)::text = any (array[('a'::character varying)::text, ('b'::character varying)::text])",
        "name = any (array['a', 'b'])",
    ] {
        check(text, "name IN ('a', 'b')");
    }
    check("name not in ('a', 'b')", "name NOT IN ('a', 'b')");
    check("(name)::text <> all (array['a'::text, 'b'::text])", "name NOT IN ('a', 'b')");
    check("name in ('a')", "name = 'a'");
    check("id = any (array[1, 2])", "id = ANY(ARRAY[1, 2])");
    check("id = any (array[(1)::bigint, (2)::bigint])", "id IN (1, 2)");
    check("id in (1, id + 1)", "id = 1 OR id = id + 1");
    check("score > (0)::numeric", "score > 0");
    check("score > '0.50'::numeric", "score > 0.50");
    check("id = '5'", "id = '5'");
    check("5 = '5'::int", "5 = 5");
    check("active = 't'", "active = true");
    check("mood = 'ok'::app.mood", "mood = 'ok'");
    check("lower((name)::text)", "lower(name)");
    check("coalesce(name, ''::character varying)", "COALESCE(name, '')");
    check("coalesce((name)::text, ''::text)", "COALESCE(name::text, '')");
    check("nullif((name)::text, ''::text)", "NULLIF(name, '')");
    check("case when active then 'a'::text else null::text end", "CASE WHEN active THEN 'a' END");
    check("case mood when 'ok'::app.mood then 1 else 0 end", "CASE mood WHEN 'ok' THEN 1 ELSE 0 END");
    check("(email)::text ~~ '%@%'::text", "email LIKE '%@%'");
    check("name !~~* 'a%'", "name NOT ILIKE 'a%'");
    check("id between 1 and 3 and active", "id >= 1 AND id <= 3 AND active");
    check("not (id is distinct from 1)", "id IS NOT DISTINCT FROM 1");
    check("name is distinct from null", "name IS NOT NULL");
    check("tags @> array['a'::text]", "tags @> ARRAY['a']");
    check("tags @> '{ a , b }'", "tags @> '{a,b}'");
    check("born > '2020-1-1'::date", "born > '2020-01-01'");
    check("now() - interval '1 week'", "now() - '7 days'::interval");
    check("data ->> 'a'::text", "data ->> 'a'");
    check("(data ->> 'a')::text", "data ->> 'a'");
    check("name::varchar(10)", "name::varchar(10)");
}

#[test]
fn names_of_from_are_unique_and_said() {
    let columns = ["id int4!"];
    check_query(
        "select id from orders where exists (select from orders where total > 0)",
        "SELECT orders.id FROM app.orders WHERE EXISTS (SELECT FROM app.orders orders_1 WHERE orders_1.total > 0)",
        &columns,
    );
    check_query("select u.id from orders u group by 1 order by id", "SELECT u.id FROM app.orders u GROUP BY u.id ORDER BY u.id", &columns);
    check_query("select n as id from unnest(array[1, 2]) n", "SELECT n.n AS id FROM unnest(ARRAY[1, 2]) n(n)", &["id int4"]);
    check_query(
        "select t as id from users, unnest(tags) with ordinality x (t, n)",
        "SELECT x.t AS id FROM app.users, LATERAL unnest(users.tags) WITH ORDINALITY x(t, n)",
        &["id text"],
    );
    check_query("select id from orders union select 1 order by id", "SELECT orders.id FROM app.orders UNION SELECT 1 ORDER BY 1", &columns);
}
