//! How objects are made up: one function a sort.

use std::collections::BTreeSet;

use pgx_goose::ddl::{quote_identifier, quote_literal};

use super::sql::{self, own_type};
use super::{
    Attribute, Class, Column, Constraint, Definition, Domain, Id, Object, Other, Random, Schema, Sort, Sql, Table, Type, Use, Value,
};

/// How often a sort is made, and where in the order.
pub(super) const SORTS: &[(Sort, usize)] = &[
    (Sort::Schema, 2),
    (Sort::Extension, 1),
    (Sort::Collation, 1),
    (Sort::Enum, 3),
    (Sort::Domain, 3),
    (Sort::Composite, 2),
    (Sort::Range, 1),
    (Sort::Sequence, 2),
    (Sort::Function, 4),
    (Sort::TriggerFunction, 1),
    (Sort::Table, 7),
    (Sort::ForeignDataWrapper, 2),
    (Sort::Server, 2),
    (Sort::UserMapping, 1),
    (Sort::ForeignTable, 2),
    (Sort::Index, 6),
    (Sort::View, 5),
    (Sort::TypedFunction, 3),
    (Sort::MaterializedView, 2),
    (Sort::Procedure, 1),
    (Sort::Aggregate, 1),
    (Sort::Operator, 1),
    (Sort::OperatorClass, 1),
    (Sort::Cast, 1),
    (Sort::Trigger, 3),
    (Sort::Rule, 1),
    (Sort::Policy, 2),
    (Sort::Statistics, 1),
    (Sort::Dictionary, 1),
    (Sort::Configuration, 1),
    (Sort::Publication, 1),
    (Sort::EventTriggerFunction, 1),
    (Sort::EventTrigger, 1),
    (Sort::DefaultPrivileges, 1),
];

/// Names of columns and attributes: words of SQL, capitals, letters beyond ASCII, signs.
const COLUMNS: &[&str] = &[
    "id",
    "name",
    "user",
    "order",
    "value",
    "Value",
    "created_at",
    "updatedAt",
    "price",
    "état",
    "a b",
    "x\"y",
    "select",
    "kind",
    "flags",
    "parent_id",
    "owner",
    "data",
    "日付",
    "n1",
    "total",
    "check",
    "timestamp",
    "level",
    "note",
    "text",
    "time",
];

/// Makes a schema of some dozens of objects.
pub(crate) fn schema(seed: u64) -> Schema {
    let mut maker = Maker { random: Random::new(seed), schema: Schema::default() };
    for (sort, most) in SORTS {
        // Small schemas are as good as large ones at finding what is wrong, and easier to read.
        let least = usize::from(matches!(sort, Sort::Schema));
        for _ in 0..maker.random.below(most + 1).max(least) {
            maker.add(*sort);
        }
    }
    maker.schema
}

/// Makes objects into a schema.
pub(super) struct Maker {
    pub(super) random: Random,
    pub(super) schema: Schema,
}

impl Maker {
    /// Adds an object of one of the sorts; nothing where it needs what isn't there.
    pub(super) fn add_any(&mut self) {
        let (sort, _) = *self.random.pick(SORTS).expect("it is not empty");
        self.add(sort);
    }

    fn add(&mut self, sort: Sort) {
        let number = self.schema.number();
        let schema = match sort {
            Sort::Schema
            | Sort::Extension
            | Sort::Cast
            | Sort::ForeignDataWrapper
            | Sort::Server
            | Sort::UserMapping
            | Sort::Publication
            | Sort::EventTrigger
            | Sort::DefaultPrivileges => None,
            _ => Some(self.any_schema()),
        };
        let word = self.random.of(&["thing", "Order", "user", "a b", "tür", "quo\"te", "very_long_name_of_an_object_that_people_do_write"]);
        let name = match sort {
            Sort::Schema if self.schema.objects.is_empty() => "public".to_owned(),
            Sort::Extension => self.random.of(&["citext", "hstore", "pg_trgm", "btree_gist", "uuid-ossp", "unaccent"]).to_owned(),
            Sort::Operator => format!("<{}", "=".repeat(usize::try_from(number % 40).unwrap_or(1) + 2)),
            _ => format!("{word}{number}"),
        };
        if matches!(sort, Sort::Extension | Sort::Operator) && self.schema.objects.iter().any(|it| it.name == name && it.sort == sort) {
            return;
        }
        let mut object =
            Object { id: Id(number), sort, schema, name, definition: Definition::Enum(Vec::new()), comment: None, grants: Vec::new() };
        let Some(definition) = self.define(&object) else { return };
        object.definition = definition;
        self.decorate(&mut object);
        self.schema.objects.push(object);
    }

    /// `public`, or a schema of ours.
    pub(super) fn any_schema(&mut self) -> (Id, String) {
        let schemas: Vec<(Id, String)> = self.schema.of(Sort::Schema).map(|it| (it.id, it.name.clone())).collect();
        self.random.pick(&schemas).cloned().expect("the first object is a schema, and the last schema stays")
    }

    /// Gives it a comment and rights, or takes them.
    pub(super) fn decorate(&mut self, object: &mut Object) {
        object.comment =
            self.random.once_in(4).then(|| self.random.of(&["What it is.", "it's \"quoted\"", "two\nlines", "\\ and é"]).to_owned());
        object.grants.clear();
        if object.sort == Sort::Schema && object.name == "public" {
            // What it has by default differs from major to major.
            return;
        }
        let name = object.sql();
        let (kind, rights): (&str, &[&str]) = match object.sort {
            Sort::Schema => ("SCHEMA", &["USAGE", "CREATE, USAGE", "ALL"]),
            Sort::Table | Sort::View | Sort::MaterializedView | Sort::ForeignTable => {
                ("TABLE", &["SELECT", "SELECT, INSERT, UPDATE", "ALL PRIVILEGES", "TRUNCATE, REFERENCES"])
            }
            Sort::Sequence => ("SEQUENCE", &["USAGE", "SELECT, UPDATE", "ALL"]),
            Sort::Enum | Sort::Composite | Sort::Range => ("TYPE", &["USAGE"]),
            Sort::Domain => ("DOMAIN", &["USAGE"]),
            _ => return,
        };
        if !self.random.once_in(4) {
            return;
        }
        let rights = self.random.of(rights);
        let whom = self.random.of(&["PUBLIC", "pg_monitor", "pg_read_all_stats"]);
        let again = if whom != "PUBLIC" && self.random.once_in(4) { " WITH GRANT OPTION" } else { "" };
        object.grants.push(format!("GRANT {rights} ON {kind} {name} TO {whom}{again}"));
        if object.sort == Sort::Table && self.random.once_in(2) {
            let columns = object.columns();
            let (column, _) = &columns[self.random.below(columns.len())];
            object.grants.push(format!("GRANT SELECT ({}) ON {name} TO pg_monitor", quote_identifier(column)));
        }
        if matches!(object.sort, Sort::Enum | Sort::Domain) {
            object.grants = vec![format!("REVOKE ALL ON {kind} {name} FROM PUBLIC")];
        }
    }

    /// What an object is: made anew, whatever it was.
    pub(super) fn define(&mut self, object: &Object) -> Option<Definition> {
        let name = object.sql();
        let other = match object.sort {
            Sort::Enum => {
                let mut labels: Vec<String> = Vec::new();
                for _ in 0..1 + self.random.below(5) {
                    let label = self.random.of(&["new", "open", "Done", "it's", "ä", "in progress", "a", "b", ""]).to_owned();
                    if !labels.contains(&label) {
                        labels.push(label);
                    }
                }
                return Some(Definition::Enum(labels));
            }
            Sort::Domain => return Some(self.domain()),
            Sort::Composite => {
                let names = self.names(4);
                let attributes = names.into_iter().map(|name| Attribute { name, data_type: self.any_type(false) }).collect();
                return Some(Definition::Composite(attributes));
            }
            Sort::Table => return Some(self.table(object)),
            Sort::ForeignTable => return self.foreign_table(),
            Sort::Schema if object.name == "public" => plain("CREATE SCHEMA IF NOT EXISTS public".to_owned(), String::new()),
            Sort::Schema => plain(format!("CREATE SCHEMA {name}"), format!("SCHEMA {name}")),
            Sort::Extension => {
                let schema = self.any_schema();
                let sql = format!("CREATE EXTENSION {name} WITH SCHEMA {}", quote_identifier(&schema.1));
                Other { create: Sql { text: sql, uses: vec![(schema.0, None)] }, target: format!("EXTENSION {name}"), ..Other::default() }
            }
            Sort::Collation => {
                let how = self.random.of(&["LOCALE = 'C'", "LC_COLLATE = 'C', LC_CTYPE = 'POSIX'", "PROVIDER = libc, LOCALE = 'C'"]);
                plain(format!("CREATE COLLATION {name} ({how})"), format!("COLLATION {name}"))
            }
            Sort::Range => {
                let of = self.random.of(&["int", "numeric", "text", "date", "timestamptz", "float8"]);
                let rest = match of {
                    "float8" => ", SUBTYPE_DIFF = float8mi",
                    "text" => ", COLLATION = \"C\"",
                    _ => "",
                };
                plain(format!("CREATE TYPE {name} AS RANGE (SUBTYPE = {of}{rest})"), format!("TYPE {name}"))
            }
            Sort::Sequence => {
                let how = self.random.of(&[
                    "",
                    " AS int",
                    " INCREMENT BY 2 START 10",
                    " MINVALUE -5 MAXVALUE 100 CYCLE",
                    " AS smallint INCREMENT -1",
                    " CACHE 20",
                    " START WITH 1000 NO CYCLE",
                ]);
                plain(format!("CREATE SEQUENCE {name}{how}"), format!("SEQUENCE {name}"))
            }
            Sort::Function => self.function(&name),
            Sort::TypedFunction => self.typed_function(object)?,
            Sort::TriggerFunction => {
                let body = self.random.of(&[
                    "BEGIN RETURN NEW; END",
                    "BEGIN\n  NEW := NEW;\n  RETURN NEW;\nEND;\n",
                    "DECLARE x int := 1; BEGIN RETURN NULL; END",
                ]);
                let sql = format!("CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$");
                plain(sql, format!("FUNCTION {name}()"))
            }
            Sort::EventTriggerFunction => {
                let body = self.random.of(&["BEGIN NULL; END", "BEGIN PERFORM 1; END"]);
                let sql = format!("CREATE FUNCTION {name}() RETURNS event_trigger LANGUAGE plpgsql AS $${body}$$");
                plain(sql, format!("FUNCTION {name}()"))
            }
            Sort::Procedure => {
                let mode = self.random.of(&["", "IN ", "INOUT "]);
                let rest = self.random.of(&["", " SECURITY DEFINER", " SET search_path = public, pg_temp"]);
                let sql = format!("CREATE PROCEDURE {name}({mode}a int, b text DEFAULT 'x') LANGUAGE plpgsql{rest} AS $$BEGIN NULL; END$$");
                plain(sql, format!("PROCEDURE {name}(int, text)"))
            }
            Sort::Aggregate => {
                let rest = self.random.of(&[
                    ", INITCOND = '0'",
                    "",
                    ", INITCOND = '5', PARALLEL = safe",
                    ", COMBINEFUNC = int4pl, INITCOND = '0'",
                ]);
                plain(format!("CREATE AGGREGATE {name}(int) (SFUNC = int4pl, STYPE = int{rest})"), format!("AGGREGATE {name}(int)"))
            }
            Sort::Operator => {
                let (schema, sign) = (quote_identifier(&object.schema.as_ref()?.1), &object.name);
                let rest = self.random.of(&["", ", COMMUTATOR = OPERATOR(@)", ", RESTRICT = eqsel, JOIN = eqjoinsel", ", HASHES, MERGES"]);
                let rest = rest.replace('@', &format!("{schema}.{sign}"));
                plain(
                    format!("CREATE OPERATOR {schema}.{sign} (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int{rest})"),
                    format!("OPERATOR {schema}.{sign} (int, int)"),
                )
            }
            Sort::OperatorClass => {
                let sql = format!(
                    "CREATE OPERATOR CLASS {name} FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int)"
                );
                plain(sql, format!("OPERATOR CLASS {name} USING btree"))
            }
            Sort::Cast => {
                // One cast a pair: of each enum to int.
                let enums: Vec<(Id, String)> = self.schema.of(Sort::Enum).map(|it| (it.id, it.sql())).collect();
                let (id, of) = self.random.pick(&enums)?.clone();
                if self.schema.of(Sort::Cast).any(|it| it.id != object.id && it.uses().contains(&(id, None))) {
                    return None;
                }
                let how = self.random.of(&["", " AS ASSIGNMENT"]);
                let sql = format!("CREATE CAST ({of} AS json) WITH INOUT{how}");
                Other { create: Sql { text: sql, uses: vec![(id, None)] }, target: format!("CAST ({of} AS json)"), ..Other::default() }
            }
            Sort::ForeignDataWrapper => {
                let how = self.random.of(&["", " OPTIONS (debug 'true')"]);
                plain(format!("CREATE FOREIGN DATA WRAPPER {name}{how}"), format!("FOREIGN DATA WRAPPER {name}"))
            }
            Sort::Server => {
                let (id, of) = self.any(Sort::ForeignDataWrapper)?;
                let how = self.random.of(&["", " TYPE 'kind'", " TYPE 'kind' VERSION '2'"]);
                let options = self.random.of(&["", " OPTIONS (host 'h', port '1')", " OPTIONS (dbname 'it''s')"]);
                let sql = format!("CREATE SERVER {name}{how} FOREIGN DATA WRAPPER {of}{options}");
                Other { create: Sql { text: sql, uses: vec![(id, None)] }, target: format!("SERVER {name}"), ..Other::default() }
            }
            Sort::UserMapping => {
                let (id, of) = self.any(Sort::Server)?;
                if self.schema.of(Sort::UserMapping).any(|it| it.id != object.id && it.uses().contains(&(id, None))) {
                    return None;
                }
                // Options are secrets, of which a snapshot has the names only.
                using(id, format!("CREATE USER MAPPING FOR PUBLIC SERVER {of}"), String::new())
            }
            Sort::Index => self.index(object)?,
            Sort::View | Sort::MaterializedView => self.view(object)?,
            Sort::Trigger => self.trigger(object)?,
            Sort::Rule => {
                let (id, table) = self.any(Sort::Table)?;
                let of = quote_identifier(&object.name);
                let how = self.random.of(&[
                    "UPDATE TO @ DO INSTEAD NOTHING",
                    "DELETE TO @ DO ALSO NOTIFY changed",
                    "INSERT TO @ WHERE NEW IS NULL DO INSTEAD NOTHING",
                ]);
                using(id, format!("CREATE RULE {of} AS ON {}", how.replace('@', &table)), format!("RULE {of} ON {table}"))
            }
            Sort::Policy => self.policy(object)?,
            Sort::Statistics => {
                let tables: Vec<Id> = self.schema.of(Sort::Table).map(|it| it.id).collect();
                let table = self.schema.get(*self.random.pick(&tables)?);
                let columns: Vec<(String, Type)> =
                    table.columns().into_iter().filter(|(_, it)| sql::is_sortable(it) && it.class != Class::Json).take(2).collect();
                let [(a, _), (b, _)] = columns.as_slice() else { return None };
                let (id, table) = (table.id, table.sql());
                let kinds = self.random.of(&["", " (ndistinct)", " (dependencies, mcv)", " (ndistinct, dependencies, mcv)"]);
                let sql = format!("CREATE STATISTICS {name}{kinds} ON {}, {} FROM {table}", quote_identifier(a), quote_identifier(b));
                let uses = [a, b].map(|it| (id, Some(it.clone()))).to_vec();
                Other { create: Sql { text: sql, uses }, target: format!("STATISTICS {name}"), ..Other::default() }
            }
            Sort::Dictionary => {
                let how = self.random.of(&[
                    "TEMPLATE = simple",
                    "TEMPLATE = simple, STOPWORDS = english, ACCEPT = false",
                    "TEMPLATE = pg_catalog.snowball, LANGUAGE = 'german'",
                ]);
                plain(format!("CREATE TEXT SEARCH DICTIONARY {name} ({how})"), format!("TEXT SEARCH DICTIONARY {name}"))
            }
            Sort::Configuration => {
                let how = self.random.of(&["COPY = pg_catalog.english", "COPY = simple", "PARSER = \"default\""]);
                let mut it = plain(format!("CREATE TEXT SEARCH CONFIGURATION {name} ({how})"), format!("TEXT SEARCH CONFIGURATION {name}"));
                if let Some((id, dictionary)) = self.any(Sort::Dictionary) {
                    it.create.uses.push((id, None));
                    let verb = if how.starts_with("PARSER") { "ADD" } else { "ALTER" };
                    it.after.push(format!(
                        "ALTER TEXT SEARCH CONFIGURATION {name} {verb} MAPPING FOR word, asciiword WITH {dictionary}, simple"
                    ));
                }
                it
            }
            Sort::Publication => self.publication(&name),
            Sort::EventTrigger => {
                let (id, function) = self.any(Sort::EventTriggerFunction)?;
                let when = self.random.of(&["ddl_command_end", "sql_drop", "ddl_command_start"]);
                let tags = self.random.of(&["", " WHEN TAG IN ('CREATE TABLE')", " WHEN TAG IN ('DROP TABLE', 'ALTER TABLE')"]);
                let sql = format!("CREATE EVENT TRIGGER {name} ON {when}{tags} EXECUTE FUNCTION {function}()");
                let mut it = using(id, sql, format!("EVENT TRIGGER {name}"));
                if self.random.once_in(3) {
                    it.after.push(format!("ALTER EVENT TRIGGER {name} DISABLE"));
                }
                it
            }
            Sort::DefaultPrivileges => {
                let (id, schema) = self.any_schema();
                let what = self.random.of(&["SELECT ON TABLES", "EXECUTE ON FUNCTIONS", "USAGE ON SEQUENCES", "ALL ON TABLES"]);
                let schema = quote_identifier(&schema);
                // Its role is one that makes nothing: what is made later would get the rights, in which order ever things are made.
                let sql = format!("ALTER DEFAULT PRIVILEGES FOR ROLE pg_monitor IN SCHEMA {schema} GRANT {what} TO pg_read_all_stats");
                using(id, sql, String::new())
            }
        };
        Some(Definition::Other(other))
    }

    /// One of a sort: itself, and how it is called.
    pub(super) fn any(&mut self, sort: Sort) -> Option<(Id, String)> {
        let all: Vec<(Id, String)> = self.schema.of(sort).map(|it| (it.id, it.sql())).collect();
        self.random.pick(&all).cloned()
    }

    /// Names for columns, each once, and one at least.
    fn names(&mut self, most: usize) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for _ in 0..1 + self.random.below(most) {
            let name = self.random.of(COLUMNS).to_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// A type: of the server, or of the schema.
    pub(super) fn any_type(&mut self, with_composites: bool) -> Type {
        let mut own: Vec<Type> = Vec::new();
        if self.random.once_in(3) {
            for object in &self.schema.objects {
                let class = match &object.definition {
                    Definition::Enum(labels) => Class::Enum(labels.clone()),
                    // The functions of enums take no domain of one.
                    Definition::Domain(it) if matches!(it.base.class, Class::Enum(_)) => Class::Opaque,
                    Definition::Domain(it) => it.base.class.clone(),
                    Definition::Composite(_) if with_composites => Class::Opaque,
                    Definition::Other(_) if object.sort == Sort::Range => Class::Opaque,
                    _ => continue,
                };
                // A constant of an array of a domain of an enum is a constant of something else.
                own.push(Type { text: object.sql(), class, needs: Some(object.id) });
            }
        }
        let found = match self.random.pick(&own) {
            Some(it) => it.clone(),
            None => own_type(&mut self.random),
        };
        if found.needs.is_some() && self.random.once_in(6) {
            return Type { text: format!("{}[]", found.text), class: Class::Opaque, needs: found.needs };
        }
        found
    }

    fn domain(&mut self) -> Definition {
        let base = self.any_type(false);
        let is_plain = base.class != Class::Opaque && base.class != Class::Array;
        let default = if is_plain && self.random.once_in(3) { sql::value(&mut self.random, &base) } else { None };
        let mut checks = Vec::new();
        for n in 0..self.random.below(3) {
            if let Some(check) = sql::condition(&mut self.random, "VALUE", &base) {
                checks.push((if self.random.once_in(2) { format!("check {n}") } else { String::new() }, check));
            }
        }
        Definition::Domain(Domain { base, default, not_null: self.random.once_in(4), checks })
    }

    pub(super) fn column(&mut self, name: String) -> Column {
        let data_type = self.any_type(true);
        let mut column =
            Column { name, data_type, collate: None, not_null: self.random.once_in(3), value: None, setting: None, comment: None };
        if column.data_type.class == Class::Text && column.data_type.needs.is_none() && self.random.once_in(8) {
            column.collate = Some(self.random.of(&["\"C\"", "\"POSIX\"", "pg_catalog.\"C\""]));
        }
        if self.random.once_in(3) {
            column.value = self.default(&column.data_type).map(Value::Default);
        }
        if self.random.once_in(8) {
            column.setting = Some("SET STATISTICS 50");
        } else if column.data_type.class == Class::Text && column.data_type.needs.is_none() && self.random.once_in(5) {
            column.setting =
                Some(self.random.of(&["SET STORAGE EXTERNAL", "SET STORAGE MAIN", "SET COMPRESSION pglz", "SET (n_distinct = 5)"]));
        }
        if self.random.once_in(6) {
            column.comment = Some(self.random.of(&["Of the column.", "it's", "ä"]).to_owned());
        }
        column
    }

    /// A default: a constant, or one that names a function or sequence of the schema.
    pub(super) fn default(&mut self, data_type: &Type) -> Option<Sql> {
        if data_type.class == Class::Int && data_type.needs.is_none() && self.random.once_in(3) {
            if let (true, Some((id, name))) = (self.random.once_in(2), self.any(Sort::Sequence)) {
                return Some(Sql { text: format!("nextval({})", quote_literal(&name)), uses: vec![(id, None)] });
            }
            if let Some((id, name)) = self.any(Sort::Function) {
                return Some(Sql { text: format!("{name}(1, 'x')"), uses: vec![(id, None)] });
            }
        }
        sql::value(&mut self.random, data_type).map(|text| Sql { text, uses: Vec::new() })
    }

    fn table(&mut self, object: &Object) -> Definition {
        let parents: Vec<(Id, Table)> =
            self.schema.of(Sort::Table).filter(|it| it.id != object.id).filter_map(|it| Some((it.id, it.table()?.clone()))).collect();
        if self.random.once_in(3)
            && let Some(it) = self.partition(&parents)
        {
            return Definition::Table(it);
        }
        let mut table = Table::default();
        let names = self.names(8);
        table.columns = names.into_iter().map(|name| self.column(name)).collect();
        if self.random.once_in(6) {
            let plain = |it: &&(Id, Table)| it.1.partition_by.is_none() && it.1.partition_of.is_none() && it.1.inherits.is_none();
            let plain: Vec<&(Id, Table)> = parents.iter().filter(plain).collect();
            if let Some((id, parent)) = self.random.pick(&plain) {
                table.inherits = Some(*id);
                table.columns.retain(|it| parent.columns.iter().all(|other| other.name != it.name));
                // What the parent says of a column (identity aside) is the child's too; only its own part is written.
                let inherited = parent.columns.iter().map(|it| Column { value: None, setting: None, comment: None, ..it.clone() });
                table.columns = inherited.chain(table.columns).collect();
                return Definition::Table(table);
            }
        }
        self.values(&mut table);
        if self.random.once_in(5) {
            let key = table
                .columns
                .iter()
                .find(|it| matches!(it.data_type.class, Class::Int | Class::Date | Class::Text) && it.data_type.needs.is_none());
            let key = key.filter(|it| it.value.is_none() && it.collate.is_none()).map(|it| (it.name.clone(), it.data_type.class.clone()));
            if let Some((column, class)) = key {
                let strategy =
                    if class == Class::Text { self.random.of(&["LIST", "HASH"]) } else { self.random.of(&["RANGE", "LIST", "HASH"]) };
                table.partition_by = Some((strategy, column));
                table.columns.retain(|it| !matches!(it.value, Some(Value::Identity(..) | Value::Generated(..))));
            }
        }
        for _ in 0..self.random.below(4) {
            self.constrain(object, &mut table);
        }
        if table.partition_by.is_none() {
            table.unlogged = self.random.once_in(10);
            table.parameters = self.random.once_in(6).then(|| {
                self.random
                    .of(&["fillfactor = 70", "autovacuum_enabled = false, fillfactor = 50", "toast.autovacuum_enabled = off"])
                    .to_owned()
            });
        }
        if table.parameters.as_ref().is_some_and(|it| it.contains("toast")) && table.columns.iter().all(|it| it.data_type.text != "text") {
            table.parameters = None;
        }
        if self.random.once_in(5) {
            table.settings.push("ENABLE ROW LEVEL SECURITY".to_owned());
        }
        if self.random.once_in(10) {
            table.settings.push("FORCE ROW LEVEL SECURITY".to_owned());
        }
        if self.random.once_in(10) && !table.unlogged {
            table.settings.push("REPLICA IDENTITY FULL".to_owned());
        }
        Definition::Table(table)
    }

    /// Identity, serial and generated columns.
    fn values(&mut self, table: &mut Table) {
        for n in 0..table.columns.len() {
            let column = &table.columns[n];
            let is_number = matches!(column.data_type.text.as_str(), "int" | "integer" | "bigint");
            if column.value.is_none() && is_number && self.random.once_in(3) {
                let column = &mut table.columns[n];
                if self.random.once_in(2) {
                    column.value = Some(Value::Serial);
                } else {
                    let when = self.random.of(&["ALWAYS", "BY DEFAULT"]);
                    column.value = Some(Value::Identity(when, self.random.of(&["", " (START 100 INCREMENT 5)", " (CACHE 10 CYCLE)"])));
                    column.not_null = true;
                }
            }
        }
        if self.random.once_in(4) {
            let of = table.columns[self.random.below(table.columns.len())].clone();
            let name = "computed".to_owned();
            if !matches!(of.value, Some(Value::Generated(..)))
                && of.data_type.needs.is_none()
                && let Some((text, data_type)) = sql::expression(&mut self.random, &quote_identifier(&of.name), &of.data_type)
            {
                let value = Some(Value::Generated(text, BTreeSet::from([of.name])));
                table.columns.push(Column { name, data_type, collate: None, not_null: false, value, setting: None, comment: None });
            }
        }
    }

    fn partition(&mut self, parents: &[(Id, Table)]) -> Option<Table> {
        let parents: Vec<&(Id, Table)> = parents.iter().filter(|(_, it)| it.partition_by.is_some()).collect();
        let (id, parent) = *self.random.pick(&parents)?;
        let (strategy, key) = parent.partition_by.as_ref()?;
        let class = &parent.columns.iter().find(|it| it.name == *key)?.data_type.class;
        // The number of the partition, which no other of the parent has.
        let number = self.schema.number();
        let bound = match (*strategy, class) {
            ("HASH", _) => {
                let taken = self
                    .schema
                    .of(Sort::Table)
                    .filter(|it| it.table().is_some_and(|it| it.partition_of.as_ref().is_some_and(|it| it.0 == *id)))
                    .count();
                // Each takes half of what is left.
                let modulus = 1_u64 << (taken + 1).min(20);
                format!("FOR VALUES WITH (modulus {modulus}, remainder {})", modulus / 2 - 1)
            }
            ("RANGE", Class::Date) => format!("FOR VALUES FROM ('{}-01-01') TO ('{}-01-01')", 2000 + number, 2001 + number),
            ("RANGE", _) => format!("FOR VALUES FROM ({}) TO ({})", number * 10, number * 10 + 10),
            (_, Class::Text) => format!("FOR VALUES IN ('{number}', 'x{number}')"),
            (_, Class::Date) => format!("FOR VALUES IN ('{}-01-01')", 2000 + number),
            (_, _) => format!("FOR VALUES IN ({}, {})", number * 2, number * 2 + 1),
        };
        let columns = parent.columns.iter().map(|it| Column { setting: None, comment: None, ..it.clone() }).collect();
        Some(Table { columns, partition_of: Some((*id, bound)), ..Table::default() })
    }

    /// A constraint more.
    pub(super) fn constrain(&mut self, object: &Object, table: &mut Table) {
        let number = self.schema.number();
        let name =
            if self.random.once_in(2) { format!("{}{number}", self.random.of(&["constraint", "Key ", "c_"])) } else { String::new() };
        let comment = (!name.is_empty() && self.random.once_in(4)).then(|| "Why it holds.".to_owned());
        let column = table.columns[self.random.below(table.columns.len())].clone();
        let written = quote_identifier(&column.name);
        let has_order = |it: &Column| sql::is_sortable(&it.data_type);
        let foreign = table.server.is_some();
        let mut constraint =
            Constraint { name, text: String::new(), columns: vec![column.name.clone()], references: None, uses: Vec::new(), comment };
        match self.random.below(if foreign { 1 } else { 5 }) {
            0 | 1 => {
                let Some(condition) = sql::condition(&mut self.random, &written, &column.data_type) else { return };
                constraint.text = format!("CHECK ({condition})");
                if let (true, false, Some((id, function))) = (self.random.once_in(6), foreign, self.any(Sort::Function)) {
                    constraint.text = format!("CHECK ({condition} AND {function}(1, 'x') > 0)");
                    constraint.uses.push((id, None));
                }
                if self.random.once_in(8) && table.partition_by.is_none() {
                    constraint.text.push_str(" NO INHERIT");
                }
            }
            2 | 3 => {
                if !has_order(&column)
                    || (table.partition_by.is_some() && table.partition_by.as_ref().is_none_or(|(_, key)| *key != column.name))
                {
                    return;
                }
                let is_key = table.constraints.iter().all(|it| !it.text.starts_with("PRIMARY")) && self.random.once_in(2);
                let mut columns = vec![written.clone()];
                if let Some(second) = table.columns.iter().find(|it| it.name != column.name && has_order(it))
                    && self.random.once_in(3)
                {
                    columns.push(quote_identifier(&second.name));
                    constraint.columns.push(second.name.clone());
                }
                let kind = if is_key { "PRIMARY KEY" } else { "UNIQUE" };
                constraint.text = format!("{kind} ({})", columns.join(", "));
                if table.constraints.iter().any(|it| it.text.starts_with(&constraint.text) || it.columns == constraint.columns) {
                    return;
                }
                if is_key {
                    // A key says NOT NULL of its columns; said twice, it is the same.
                    for it in table.columns.iter_mut().filter(|it| constraint.columns.contains(&it.name)) {
                        it.not_null = true;
                    }
                }
                if self.random.once_in(6) {
                    constraint.text.push_str(self.random.of(&[" DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED", " WITH (fillfactor = 80)"]));
                }
            }
            _ => {
                let Some((id, target, columns)) = self.key_of(object, table, &column) else { return };
                constraint.text = format!("FOREIGN KEY ({written}) REFERENCES {target} ({})", quote_identifier(&columns[0]));
                constraint.text.push_str(self.random.of(&[
                    "",
                    "",
                    " ON DELETE CASCADE",
                    " ON UPDATE RESTRICT",
                    " ON DELETE SET NULL",
                    " MATCH FULL",
                    " DEFERRABLE INITIALLY DEFERRED",
                ]));
                if self.random.once_in(8) && table.partition_by.is_none() {
                    constraint.text.push_str(" NOT VALID");
                }
                constraint.references = Some((id, columns));
            }
        }
        table.constraints.push(constraint);
    }

    /// A key of one column that a column may point to.
    fn key_of(&mut self, object: &Object, table: &Table, column: &Column) -> Option<(Id, String, Vec<String>)> {
        let mut keys = Vec::new();
        let mut collect = |id: Id, name: String, its: &Table| {
            for constraint in its.constraints.iter().filter(|it| it.columns.len() == 1 && !it.text.contains("DEFERRABLE")) {
                let is_key = constraint.text.starts_with("PRIMARY") || constraint.text.starts_with("UNIQUE");
                let of = its.columns.iter().find(|it| it.name == constraint.columns[0]);
                // The collations of both sides may differ, and that is refused by some majors and not by others.
                if is_key
                    && of.is_some_and(|it| it.data_type.text == column.data_type.text && it.collate == column.collate)
                    && its.unlogged == table.unlogged
                {
                    keys.push((id, name.clone(), constraint.columns.clone()));
                }
            }
        };
        for it in self.schema.of(Sort::Table).filter(|it| it.id != object.id) {
            if let Some(table) = it.table() {
                collect(it.id, it.sql(), table);
            }
        }
        self.random.pick(&keys).cloned()
    }

    fn foreign_table(&mut self) -> Option<Definition> {
        let (server, _) = self.any(Sort::Server)?;
        let names = self.names(5);
        let mut columns: Vec<Column> = names.into_iter().map(|name| self.column(name)).collect();
        columns.iter_mut().for_each(|it| it.setting = None);
        let options = self.random.of(&["", " OPTIONS (schema_name 's', table_name 't')"]).to_owned();
        Some(Definition::Table(Table { columns, server: Some((server, options)), ..Table::default() }))
    }

    fn function(&mut self, name: &str) -> Other {
        // All have one signature, so that whoever calls one may call any.
        let rest = self.random.of(&[
            "",
            " IMMUTABLE",
            " STABLE STRICT",
            " SECURITY DEFINER",
            " PARALLEL SAFE COST 10",
            " SET search_path = pg_catalog",
        ]);
        let second = self.random.of(&["b text DEFAULT 'x'", "b text DEFAULT lower('X')", "IN b text DEFAULT NULL"]);
        let body = self.random.of(&[
            "LANGUAGE sql@ AS $$ SELECT a + length(b) $$",
            "LANGUAGE sql@ AS 'SELECT 1'",
            "LANGUAGE plpgsql@ AS $body$\nDECLARE\n  n int;\nBEGIN\n  n := a; -- it's $$\n  RETURN n;\nEND\n$body$",
            "LANGUAGE sql@ RETURN a + 1",
            "LANGUAGE sql@ BEGIN ATOMIC SELECT a * length(b); END",
        ]);
        let since = if body.contains("RETURN a +") || body.contains("ATOMIC") { 14 } else { 0 };
        let head = format!("CREATE FUNCTION {name}(a int, {second}) RETURNS int ");
        Other {
            create: Sql { text: format!("{head}{}", body.replace('@', rest)), uses: Vec::new() },
            target: format!("FUNCTION {name}(int, text)"),
            since,
            before: format!("{head}LANGUAGE sql{rest} AS $$ SELECT a + 1 $$"),
            ..Other::default()
        }
    }

    /// A table, partitioned or not, and no foreign one.
    fn any_table(&mut self, wanted: impl Fn(&Table) -> bool) -> Option<Object> {
        let tables: Vec<Id> = self.schema.of(Sort::Table).filter(|it| it.table().is_some_and(&wanted)).map(|it| it.id).collect();
        Some(self.schema.get(*self.random.pick(&tables)?).clone())
    }

    fn index(&mut self, object: &Object) -> Option<Other> {
        if self.random.once_in(6)
            && let Some(it) = self.index_of_view(object)
        {
            return Some(it);
        }
        let table = self.any_table(|_| true)?;
        let its = table.table()?;
        let is_partitioned = its.partition_by.is_some();
        let columns: Vec<&Column> = its.columns.iter().filter(|it| sql::is_sortable(&it.data_type)).collect();
        let column = *self.random.pick(&columns)?;
        let written = quote_identifier(&column.name);
        let mut uses: Vec<Use> = vec![(table.id, Some(column.name.clone()))];
        let (mut method, mut keys, mut unique) = ("", vec![written.clone()], "");
        let mut since = 0;
        match (self.random.below(6), &column.data_type.class) {
            (0, Class::Json) => method = "USING gin ",
            (0, Class::Array) => method = "USING gin ",
            (0 | 1, Class::Int | Class::Uuid) => method = self.random.of(&["USING hash ", "USING brin ", "USING btree "]),
            (1, Class::Text) if column.data_type.needs.is_none() => keys[0].push_str(" text_pattern_ops"),
            (2, _) => {
                if let Some((text, its_type)) = sql::expression(&mut self.random, &written, &column.data_type)
                    && sql::is_sortable(&its_type)
                {
                    keys[0] = format!("({text})");
                }
            }
            (3, _) if !is_partitioned => unique = "UNIQUE ",
            (4, _) => keys[0].push_str(self.random.of(&[" DESC", " ASC", " NULLS FIRST", " DESC NULLS LAST"])),
            _ => {
                if let Some(second) = columns.iter().find(|it| it.name != column.name) {
                    keys.push(quote_identifier(&second.name));
                    uses.push((table.id, Some(second.name.clone())));
                }
            }
        }
        if keys[0].contains("text_pattern_ops") && column.data_type.text != "text" {
            keys[0] = written.clone();
        }
        let mut rest = String::new();
        if method.is_empty() && self.random.once_in(6) {
            let other = its.columns.iter().find(|it| uses.iter().all(|(_, used)| used.as_ref() != Some(&it.name)));
            if let Some(other) = other {
                rest.push_str(&format!(" INCLUDE ({})", quote_identifier(&other.name)));
                uses.push((table.id, Some(other.name.clone())));
            }
        }
        let older = rest.clone();
        if unique == "UNIQUE " && self.random.once_in(3) {
            rest.push_str(" NULLS NOT DISTINCT");
            since = 15;
        }
        let mut tail = String::new();
        if self.random.once_in(6) && matches!(method, "" | "USING hash ") {
            tail.push_str(" WITH (fillfactor = 60)");
        }
        if self.random.once_in(4)
            && let Some(condition) = sql::condition(&mut self.random, &written, &column.data_type)
        {
            tail.push_str(&format!(" WHERE {condition}"));
        }
        let (schema, name) = (quote_identifier(&table.schema.as_ref()?.1), quote_identifier(&object.name));
        let head = format!("CREATE {unique}INDEX {name} ON {} {method}({})", table.sql(), keys.join(", "));
        Some(Other {
            create: Sql { text: format!("{head}{rest}{tail}"), uses },
            // An index is where its table is.
            target: format!("INDEX {schema}.{name}"),
            since,
            before: format!("{head}{older}{tail}"),
            ..Other::default()
        })
    }

    fn view(&mut self, object: &Object) -> Option<Other> {
        // Later views use earlier ones, never the other way round.
        let sources: Vec<Id> = self
            .schema
            .objects
            .iter()
            .take_while(|it| it.id != object.id)
            .filter(|it| matches!(it.sort, Sort::Table | Sort::View | Sort::MaterializedView))
            // What has no data yet gives none to a materialised view.
            .filter(|it| !matches!(&it.definition, Definition::Other(view) if view.create.text.ends_with("WITH NO DATA")))
            .map(|it| it.id)
            .collect();
        let one = self.schema.get(*self.random.pick(&sources)?).clone();
        let other = if self.random.once_in(2) { Some(self.schema.get(*self.random.pick(&sources)?).clone()) } else { None };
        let (its, others) = (one.columns(), other.as_ref().map(Object::columns));
        let sides = other.as_ref().zip(others.as_ref()).map(|(it, columns)| (it.sql(), columns));
        let (text, columns) =
            sql::query(&mut self.random, (&one.sql(), &its), sides.as_ref().map(|(name, columns)| (name.as_str(), columns.as_slice())));
        let mut uses: Vec<Use> = its.iter().map(|(column, _)| (one.id, Some(column.clone()))).collect();
        uses.extend(other.iter().flat_map(|it| it.columns().into_iter().map(|(column, _)| (it.id, Some(column)))));
        let name = object.sql();
        let is_materialized = object.sort == Sort::MaterializedView;
        let kind = if is_materialized { "MATERIALIZED VIEW" } else { "VIEW" };
        let options = match self.random.below(8) {
            0 if is_materialized => " WITH (fillfactor = 70)",
            0 => " WITH (security_barrier)",
            _ => "",
        };
        let tail = if is_materialized && self.random.once_in(3) { " WITH NO DATA" } else { "" };
        let mut after = Vec::new();
        if self.random.once_in(4) {
            let column = quote_identifier(&columns[0].0);
            after.push(format!("COMMENT ON COLUMN {name}.{column} IS 'Of a view.'"));
            if !is_materialized && columns[0].1.text == "text" {
                after.push(format!("ALTER VIEW {name} ALTER COLUMN {column} SET DEFAULT 'given'"));
            }
        }
        Some(Other {
            create: Sql { text: format!("CREATE {kind} {name}{options} AS {text}{tail}"), uses },
            target: format!("{kind} {name}"),
            columns,
            after,
            ..Other::default()
        })
    }

    fn trigger(&mut self, object: &Object) -> Option<Other> {
        if self.random.once_in(5)
            && let (Some((view, on)), Some((id, function))) = (self.any(Sort::View), self.any(Sort::TriggerFunction))
        {
            let name = quote_identifier(&object.name);
            let sql = format!("CREATE TRIGGER {name} INSTEAD OF INSERT ON {on} FOR EACH ROW EXECUTE FUNCTION {function}()");
            let create = Sql { text: sql, uses: vec![(view, None), (id, None)] };
            return Some(Other { create, target: format!("TRIGGER {name} ON {on}"), ..Other::default() });
        }
        let table = self.any_table(|it| it.partition_of.is_none())?;
        let (id, function) = self.any(Sort::TriggerFunction)?;
        let (name, on) = (quote_identifier(&object.name), table.sql());
        let column = table.columns().into_iter().next()?.0;
        let written = quote_identifier(&column);
        let how = self.random.of(&[
            "TRIGGER @ BEFORE INSERT OR UPDATE ON $ FOR EACH ROW EXECUTE FUNCTION !()",
            "TRIGGER @ AFTER DELETE ON $ FOR EACH ROW EXECUTE FUNCTION !('a', 'it''s')",
            "TRIGGER @ AFTER UPDATE OF # ON $ FOR EACH ROW WHEN (NEW IS DISTINCT FROM OLD) EXECUTE PROCEDURE !()",
            "TRIGGER @ AFTER TRUNCATE ON $ FOR EACH STATEMENT EXECUTE FUNCTION !()",
            "TRIGGER @ AFTER INSERT ON $ REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION !()",
            "CONSTRAINT TRIGGER @ AFTER INSERT OR UPDATE ON $ DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION !()",
            "TRIGGER @ BEFORE UPDATE ON $ FOR EACH ROW WHEN (OLD.# IS NULL) EXECUTE FUNCTION !()",
        ]);
        let text = how.replace('@', &name).replace('$', &on).replace('#', &written).replace('!', &function);
        let uses = vec![(table.id, how.contains('#').then_some(column)), (id, None)];
        let mut it =
            Other { create: Sql { text: format!("CREATE {text}"), uses }, target: format!("TRIGGER {name} ON {on}"), ..Other::default() };
        if self.random.once_in(6) {
            it.after.push(format!("ALTER TABLE {on} {} TRIGGER {name}", self.random.of(&["DISABLE", "ENABLE ALWAYS", "ENABLE REPLICA"])));
        }
        Some(it)
    }

    fn policy(&mut self, object: &Object) -> Option<Other> {
        let table = self.any_table(|_| true)?;
        let columns = table.columns();
        let (column, data_type) = self.random.pick(&columns)?.clone();
        let mut condition = sql::condition(&mut self.random, &quote_identifier(&column), &data_type)?;
        let mut uses = vec![(table.id, Some(column.clone()))];
        if let (true, Some(other)) = (self.random.once_in(5), self.any_table(|_| true)) {
            let (its, _) = other.columns().swap_remove(0);
            condition = format!("({condition}) OR EXISTS (SELECT 1 FROM {} o WHERE o.{} IS NOT NULL)", other.sql(), quote_identifier(&its));
            uses.push((other.id, Some(its)));
        }
        let (name, on) = (quote_identifier(&object.name), table.sql());
        let how = self.random.of(&[
            "USING (@)",
            "FOR SELECT TO PUBLIC USING (@)",
            "FOR INSERT WITH CHECK (@)",
            "FOR UPDATE TO pg_monitor USING (@) WITH CHECK (true)",
            "AS RESTRICTIVE FOR DELETE USING (@)",
            "FOR ALL TO CURRENT_USER, pg_monitor USING (@)",
        ]);
        // The role that runs the script is nothing that the text says.
        let how = how.replace("CURRENT_USER, ", "").replace('@', &condition);
        Some(Other {
            create: Sql { text: format!("CREATE POLICY {name} ON {on} {how}"), uses },
            target: format!("POLICY {name} ON {on}"),
            ..Other::default()
        })
    }

    fn publication(&mut self, name: &str) -> Other {
        let how = self.random.of(&["", " WITH (publish = 'insert, update')", " WITH (publish_via_partition_root = true)"]);
        let tables: Vec<(Id, String)> = self
            .schema
            .of(Sort::Table)
            .filter(|it| it.table().is_some_and(|it| !it.unlogged))
            .map(|it| (it.id, it.sql()))
            .take(2)
            .collect();
        let (which, uses) = match self.random.below(3) {
            0 => (" FOR ALL TABLES".to_owned(), Vec::new()),
            1 if !tables.is_empty() => {
                let names: Vec<&str> = tables.iter().map(|(_, name)| name.as_str()).collect();
                (format!(" FOR TABLE {}", names.join(", ")), tables.iter().map(|(id, _)| (*id, None)).collect())
            }
            _ => (String::new(), Vec::new()),
        };
        Other {
            create: Sql { text: format!("CREATE PUBLICATION {name}{which}{how}"), uses },
            target: format!("PUBLICATION {name}"),
            ..Other::default()
        }
    }
}

fn plain(create: String, target: String) -> Other {
    Other { create: Sql { text: create, uses: Vec::new() }, target, ..Other::default() }
}

fn using(id: Id, create: String, target: String) -> Other {
    Other { create: Sql { text: create, uses: vec![(id, None)] }, target, ..Other::default() }
}
