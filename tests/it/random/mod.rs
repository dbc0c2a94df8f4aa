//! Random schemas: made from a number, the same for the same number, on every machine.
//!
//! [`schema`] makes a [`Schema`], [`pair`] one and what it is after changes as a person would make them, and [`Schema::ddl`] prints it
//! for a major version: what that server doesn't have is left out, so that every server takes what is printed. Every kind of
//! object is made that a plain server without files and libraries of its own takes; subscriptions are left out, since a
//! database that has one can't be dropped, and languages, since those that no extension owns take a library.
//!
//! To add a kind: a line in [`Sort`] and its maker in [`make`]. This module must not know what is tested.

mod edit;
mod make;
mod more;
mod sql;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use pgx_goose::ddl::{quote_identifier, quote_literal};

pub(crate) use make::schema;

/// The schema of a number, and what it is after some changes.
pub(crate) fn pair(seed: u64) -> (Schema, Schema) {
    let schema = schema(seed);
    let edited = edit::edit(&schema, seed);
    (schema, edited)
}

/// A sequence of numbers that looks random (Marsaglia, Xorshift RNGs). It is written out so that a number makes the same schema
/// for ever; libraries promise that for no more than a version.
pub(crate) struct Random(u64);

impl Random {
    /// The sequence of a number; neighbours give unlike ones.
    pub(crate) fn new(seed: u64) -> Self {
        // The finaliser of splitmix64. A state of zero would stay zero.
        let mut state = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self((state ^ (state >> 31)) | 1)
    }

    /// A number below the limit.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("below a usize")
    }

    /// Yes, once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of a list.
    pub(crate) fn of<'l, T: ?Sized>(&mut self, list: &[&'l T]) -> &'l T {
        list[self.below(list.len())]
    }

    /// One of a list, or nothing of an empty one.
    pub(crate) fn pick<'l, T>(&mut self, list: &'l [T]) -> Option<&'l T> {
        if list.is_empty() { None } else { list.get(self.below(list.len())) }
    }
}

/// An object, for as long as it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id(u32);

/// What an object needs: another, and a column of it or all of it.
type Use = (Id, Option<String>);

/// A piece of SQL, and what it names.
#[derive(Clone, Debug, Default)]
struct Sql {
    text: String,
    uses: Vec<Use>,
}

/// A schema that was made up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    objects: Vec<Object>,
    /// How many numbers were given out: names end in one.
    numbers: u32,
}

#[derive(Clone, Debug)]
struct Object {
    id: Id,
    sort: Sort,
    /// The schema that it is in, as it is written; none for what stands in the database itself.
    schema: Option<(Id, String)>,
    /// The name, as it is written.
    name: String,
    definition: Definition,
    comment: Option<String>,
    /// Statements that give rights, without their semicolons.
    grants: Vec<String>,
}

/// The sorts of objects that are made. They are as many as there are statements to make them with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Schema,
    Extension,
    Collation,
    Enum,
    Domain,
    Composite,
    Range,
    Sequence,
    Function,
    /// A function of types and relations of the schema.
    TypedFunction,
    TriggerFunction,
    EventTriggerFunction,
    Procedure,
    Aggregate,
    Operator,
    OperatorClass,
    Cast,
    Table,
    ForeignDataWrapper,
    Server,
    UserMapping,
    ForeignTable,
    Index,
    View,
    MaterializedView,
    Trigger,
    Rule,
    Policy,
    Statistics,
    Dictionary,
    Configuration,
    Publication,
    EventTrigger,
    DefaultPrivileges,
}

#[derive(Clone, Debug)]
enum Definition {
    Enum(Vec<String>),
    Domain(Domain),
    Composite(Vec<Attribute>),
    Table(Table),
    /// What is made anew as a whole where it changes.
    Other(Other),
}

/// An object of which nothing but its name matters to others.
#[derive(Clone, Debug, Default)]
struct Other {
    /// The statement without its semicolon, and what it needs.
    create: Sql,
    /// Statements that follow it.
    after: Vec<String>,
    /// What `COMMENT ON` calls it; empty where it takes none.
    target: String,
    /// Its columns, where it is a view.
    columns: Vec<(String, Type)>,
    /// The first major version that has it.
    since: u32,
    /// What it is instead, where a server is older than `since`; empty for nothing at all.
    before: String,
}

#[derive(Clone, Debug)]
struct Domain {
    base: Type,
    default: Option<String>,
    not_null: bool,
    /// Checks by name; an empty name is left to the server.
    checks: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
struct Attribute {
    name: String,
    data_type: Type,
}

#[derive(Clone, Debug, Default)]
struct Table {
    columns: Vec<Column>,
    constraints: Vec<Constraint>,
    unlogged: bool,
    parameters: Option<String>,
    /// `PARTITION BY`: strategy and column.
    partition_by: Option<(&'static str, String)>,
    /// `PARTITION OF`, and its bound.
    partition_of: Option<(Id, String)>,
    inherits: Option<Id>,
    /// Statements of `ALTER TABLE name`, what follows the name.
    settings: Vec<String>,
    /// The server of a foreign table, and its options.
    server: Option<(Id, String)>,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    data_type: Type,
    collate: Option<&'static str>,
    not_null: bool,
    value: Option<Value>,
    /// What `ALTER COLUMN` says of it: `SET STATISTICS 10`.
    setting: Option<&'static str>,
    comment: Option<String>,
}

/// Where a column's value comes from.
#[derive(Clone, Debug)]
enum Value {
    Default(Sql),
    /// `GENERATED … AS IDENTITY`, and options of its sequence.
    Identity(&'static str, &'static str),
    Generated(String, BTreeSet<String>),
    Serial,
}

#[derive(Clone, Debug)]
struct Constraint {
    /// An empty name is left to the server.
    name: String,
    /// What follows the name.
    text: String,
    /// Columns of the table.
    columns: Vec<String>,
    /// What a foreign key points to.
    references: Option<(Id, Vec<String>)>,
    /// What a check calls.
    uses: Vec<Use>,
    comment: Option<String>,
}

/// A type as it is written, and what can be done with its values.
#[derive(Clone, Debug)]
struct Type {
    text: String,
    class: Class,
    needs: Option<Id>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Class {
    Int,
    Numeric,
    Float,
    Text,
    Bool,
    Stamp,
    Date,
    Interval,
    Json,
    Uuid,
    Bytes,
    Inet,
    Array,
    Enum(Vec<String>),
    /// A composite or range type, of which no value is written.
    Opaque,
}

impl Schema {
    /// The statements that make it on a server of a major version.
    pub(crate) fn ddl(&self, major: u32) -> String {
        let mut printer =
            Printer { schema: self, major, done: BTreeSet::new(), left_out: BTreeSet::new(), text: String::new(), last: Vec::new() };
        for object in &self.objects {
            printer.object(object);
        }
        let last = std::mem::take(&mut printer.last);
        last.into_iter().for_each(|statement| printer.statement(&statement));
        printer.text
    }

    fn get(&self, id: Id) -> &Object {
        self.objects.iter().find(|it| it.id == id).expect("an object goes after all that use it")
    }

    /// A number that no name has.
    fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    /// The objects of a sort.
    fn of(&self, sort: Sort) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(move |it| it.sort == sort)
    }

    /// What uses an object, or a column of it.
    fn users(&self, id: Id) -> impl Iterator<Item = (&Object, Option<String>)> {
        self.objects
            .iter()
            .flat_map(|object| object.uses().into_iter().map(move |it| (object, it)))
            .filter(move |(_, (used, _))| *used == id)
            .map(|(object, (_, column))| (object, column))
    }
}

impl Object {
    /// The name as statements call it.
    fn sql(&self) -> String {
        match &self.schema {
            Some((_, schema)) => format!("{}.{}", quote_identifier(schema), quote_identifier(&self.name)),
            None => quote_identifier(&self.name),
        }
    }

    /// All that it needs.
    fn uses(&self) -> Vec<Use> {
        let mut uses: Vec<Use> = self.schema.iter().map(|(id, _)| (*id, None)).collect();
        let of_type = |it: &Type| it.needs.map(|id| (id, None));
        match &self.definition {
            Definition::Enum(_) => {}
            Definition::Domain(it) => uses.extend(of_type(&it.base)),
            Definition::Composite(attributes) => uses.extend(attributes.iter().filter_map(|it| of_type(&it.data_type))),
            Definition::Table(table) => {
                uses.extend(table.columns.iter().filter_map(|it| of_type(&it.data_type)));
                for column in &table.columns {
                    if let Some(Value::Default(sql)) = &column.value {
                        uses.extend(sql.uses.iter().cloned());
                    }
                }
                for (id, columns) in table.constraints.iter().filter_map(|it| it.references.as_ref()) {
                    uses.extend(columns.iter().map(|column| (*id, Some(column.clone()))));
                }
                uses.extend(table.constraints.iter().flat_map(|it| it.uses.iter().cloned()));
                uses.extend(table.partition_of.iter().map(|(id, _)| (*id, None)));
                uses.extend(table.inherits.map(|id| (id, None)));
                uses.extend(table.server.iter().map(|(id, _)| (*id, None)));
            }
            Definition::Other(it) => uses.extend(it.create.uses.iter().cloned()),
        }
        uses
    }

    fn table(&self) -> Option<&Table> {
        if let Definition::Table(it) = &self.definition { Some(it) } else { None }
    }

    /// What can be selected from it.
    fn columns(&self) -> Vec<(String, Type)> {
        match &self.definition {
            Definition::Table(it) => it.columns.iter().map(|it| (it.name.clone(), it.data_type.clone())).collect(),
            Definition::Other(it) => it.columns.clone(),
            _ => Vec::new(),
        }
    }
}

/// Prints objects after what they need.
struct Printer<'s> {
    schema: &'s Schema,
    major: u32,
    done: BTreeSet<Id>,
    /// What a server of this version doesn't have, and what needs it.
    left_out: BTreeSet<Id>,
    text: String,
    /// What stands behind everything: foreign keys may point in circles.
    last: Vec<String>,
}

impl Printer<'_> {
    fn statement(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push_str(";\n");
    }

    fn object(&mut self, object: &Object) {
        if !self.done.insert(object.id) {
            return;
        }
        let foreign_keys: BTreeSet<Id> = match object.table() {
            Some(table) => table.constraints.iter().filter_map(|it| it.references.as_ref()).map(|(id, _)| *id).collect(),
            None => BTreeSet::new(),
        };
        for (id, _) in object.uses() {
            if !foreign_keys.contains(&id) {
                self.object(self.schema.get(id));
                if self.left_out.contains(&id) {
                    self.left_out.insert(object.id);
                    return;
                }
            }
        }
        let name = object.sql();
        let target = match &object.definition {
            Definition::Enum(labels) => {
                let labels: Vec<String> = labels.iter().map(|it| quote_literal(it)).collect();
                self.statement(&format!("CREATE TYPE {name} AS ENUM ({})", labels.join(", ")));
                format!("TYPE {name}")
            }
            Definition::Domain(it) => {
                self.domain(&name, it);
                format!("DOMAIN {name}")
            }
            Definition::Composite(attributes) => {
                let attributes: Vec<String> =
                    attributes.iter().map(|it| format!("{} {}", quote_identifier(&it.name), it.data_type.text)).collect();
                self.statement(&format!("CREATE TYPE {name} AS ({})", attributes.join(", ")));
                format!("TYPE {name}")
            }
            Definition::Table(it) => {
                self.table(&name, it);
                format!("{} {name}", if it.server.is_some() { "FOREIGN TABLE" } else { "TABLE" })
            }
            Definition::Other(it) => {
                let create = if self.major < it.since { &it.before } else { &it.create.text };
                if create.is_empty() {
                    self.left_out.insert(object.id);
                    return;
                }
                self.statement(create);
                it.after.iter().for_each(|statement| self.statement(statement));
                it.target.clone()
            }
        };
        if let Some(comment) = object.comment.as_ref().filter(|_| !target.is_empty()) {
            self.statement(&format!("COMMENT ON {target} IS {}", quote_literal(comment)));
        }
        object.grants.iter().for_each(|statement| self.statement(statement));
    }

    fn domain(&mut self, name: &str, domain: &Domain) {
        let mut text = format!("CREATE DOMAIN {name} AS {}", domain.base.text);
        if let Some(default) = &domain.default {
            text.push_str(&format!(" DEFAULT {default}"));
        }
        if domain.not_null {
            text.push_str(" NOT NULL");
        }
        for (name, check) in &domain.checks {
            if !name.is_empty() {
                text.push_str(&format!(" CONSTRAINT {}", quote_identifier(name)));
            }
            text.push_str(&format!(" CHECK ({check})"));
        }
        self.statement(&text);
    }

    fn table(&mut self, name: &str, table: &Table) {
        let mut parts = Vec::new();
        for column in &table.columns {
            // A partition and a child have the columns of their parents already.
            if table.partition_of.is_none() && !self.is_inherited(table, &column.name) {
                parts.push(column_text(column));
            }
        }
        let constraint_text = |it: &Constraint| match it.name.as_str() {
            "" => it.text.clone(),
            name => format!("CONSTRAINT {} {}", quote_identifier(name), it.text),
        };
        for constraint in &table.constraints {
            if constraint.references.is_none() {
                parts.push(constraint_text(constraint));
            } else {
                self.last.push(format!("ALTER TABLE {name} ADD {}", constraint_text(constraint)));
            }
            if let (Some(comment), false) = (&constraint.comment, constraint.name.is_empty()) {
                let constraint = quote_identifier(&constraint.name);
                self.last.push(format!("COMMENT ON CONSTRAINT {constraint} ON {name} IS {}", quote_literal(comment)));
            }
        }
        let kind = if table.server.is_some() {
            "FOREIGN TABLE"
        } else if table.unlogged {
            "UNLOGGED TABLE"
        } else {
            "TABLE"
        };
        let mut text = format!("CREATE {kind} {name}");
        if let Some((parent, bound)) = &table.partition_of {
            text.push_str(&format!(" PARTITION OF {}", self.schema.get(*parent).sql()));
            if !parts.is_empty() {
                text.push_str(&format!(" (\n    {}\n)", parts.join(",\n    ")));
            }
            text.push_str(&format!(" {bound}"));
        } else {
            text.push_str(&format!(" (\n    {}\n)", parts.join(",\n    ")));
        }
        if let Some(parent) = table.inherits {
            text.push_str(&format!(" INHERITS ({})", self.schema.get(parent).sql()));
        }
        if let Some((strategy, column)) = &table.partition_by {
            text.push_str(&format!(" PARTITION BY {strategy} ({})", quote_identifier(column)));
        }
        if let Some((server, options)) = &table.server {
            text.push_str(&format!(" SERVER {}{options}", self.schema.get(*server).sql()));
        }
        if let Some(parameters) = &table.parameters {
            text.push_str(&format!(" WITH ({parameters})"));
        }
        self.statement(&text);
        for setting in &table.settings {
            self.statement(&format!("ALTER TABLE {name} {setting}"));
        }
        let alter = if table.server.is_some() { "ALTER FOREIGN TABLE" } else { "ALTER TABLE" };
        for column in &table.columns {
            let column_name = quote_identifier(&column.name);
            if let Some(setting) = column.setting.filter(|it| self.major >= 14 || !it.contains("COMPRESSION")) {
                self.statement(&format!("{alter} {name} ALTER COLUMN {column_name} {setting}"));
            }
            if let Some(comment) = &column.comment {
                self.statement(&format!("COMMENT ON COLUMN {name}.{column_name} IS {}", quote_literal(comment)));
            }
        }
    }

    fn is_inherited(&self, table: &Table, column: &str) -> bool {
        let parent = table.inherits.and_then(|id| self.schema.get(id).table());
        parent.is_some_and(|it| it.columns.iter().any(|it| it.name == column))
    }
}

fn column_text(column: &Column) -> String {
    let mut text = format!("{} {}", quote_identifier(&column.name), column.data_type.text);
    if let Some(collation) = column.collate {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    if column.not_null {
        text.push_str(" NOT NULL");
    }
    match &column.value {
        None => {}
        Some(Value::Default(sql)) => text.push_str(&format!(" DEFAULT {}", sql.text)),
        Some(Value::Identity(when, options)) => text.push_str(&format!(" GENERATED {when} AS IDENTITY{options}")),
        Some(Value::Generated(expression, _)) => text.push_str(&format!(" GENERATED ALWAYS AS ({expression}) STORED")),
        Some(Value::Serial) => {
            text = text.replacen(&column.data_type.text, if column.data_type.text == "bigint" { "bigserial" } else { "serial" }, 1)
        }
    }
    text
}

/// How many sorts there are.
pub(crate) const SORTS: usize = make::SORTS.len();

/// Everything that is made, by sort: what a run covers.
pub(crate) fn sorts(schema: &Schema) -> BTreeMap<String, usize> {
    let mut sorts = BTreeMap::new();
    for object in &schema.objects {
        *sorts.entry(format!("{:?}", object.sort)).or_default() += 1;
    }
    sorts
}
