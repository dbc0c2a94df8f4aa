//! The Go view model: all that templates know.
//!
//! Every name, type, SQL text and sample value is settled when the model is built; a template only lays out text. A field's name here
//! is a name in user templates: renaming one is a breaking change and goes into the changelog. The model is plain
//! data: it must not know the catalog, so that a template's data can be read, dumped and written by hand.
//!
//! Imports are not here: a template writes `@imports` where its import block belongs, and the layout pass puts there
//! exactly the packages that the file uses, out of [`Project::imports`].

use std::sync::Arc;

use serde::{Serialize, Serializer};

/// What all files of a run share.
#[derive(Clone, Debug, Serialize)]
pub struct Project {
    /// The packages that are written.
    pub packages: Packages,
    /// Every package that a file may use, the project's own included, by the name that the code uses it under.
    pub imports: Vec<Import>,
    /// Enums, sorted by Go name.
    pub enums: Vec<Enum>,
    /// Composite types, sorted by Go name.
    pub composites: Vec<Composite>,
    /// The types that pgx must be told of before it can read or write them, as SQL names in load order: parts before
    /// wholes, each followed by its array.
    pub registered_types: Vec<String>,
    /// Which optional codecs `RegisterTypes` sets up.
    pub codecs: Codecs,
    /// The tables and views, parents before children.
    pub tables: Vec<TableHead>,
    /// The functions and procedures.
    pub functions: Routines,
    /// What tests need besides.
    pub tests: Surroundings,
}

/// What tests need of their surroundings.
#[derive(Clone, Debug, Serialize)]
pub struct Surroundings {
    /// The environment variable that names the database.
    pub dsn: String,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { dsn: "PGX_GOOSE_TEST_DSN".to_owned() }
    }
}

/// The functions and procedures. Templates of mocks take it for a table.
#[derive(Clone, Debug, Serialize)]
pub struct Routines {
    /// The Go names.
    pub names: RoutinesNames,
    /// Their methods, as the interface and its mock print them.
    pub methods: Vec<Method>,
    /// How each is called, in the order of the methods.
    pub routines: Vec<Routine>,
}

/// The Go names of what calls functions.
#[derive(Clone, Debug, Serialize)]
pub struct RoutinesNames {
    /// `Functions`: the interface and the implementation, each in its package.
    pub repository: String,
    /// `MockFunctions`.
    pub mock: String,
}

/// A function or procedure.
#[derive(Clone, Debug, Serialize)]
pub struct Routine {
    /// The method.
    pub name: String,
    /// Doc comment lines, without `//`; the first begins with the name.
    pub doc: Vec<String>,
    /// What it gives: `run` nothing, `value` one, `values` several, `row` one of several columns, `rows` several of those.
    pub kind: String,
    /// The Go type of one result.
    pub result: String,
    /// The Go function that scans a row.
    pub scan: String,
    /// The struct of a row that belongs to the function alone; empty where there is none.
    pub row: String,
    /// Its fields.
    pub fields: Vec<RoutineField>,
    /// The query as a Go literal; where some argument is optional, what is before the arguments.
    pub before: String,
    /// What is behind the arguments, as a Go literal, where some are optional.
    pub after: String,
    /// Whether some argument may be left out.
    pub optional: bool,
    /// The arguments of the call.
    pub arguments: Vec<RoutineArgument>,
}

/// A field of a function's row.
#[derive(Clone, Debug, Serialize)]
pub struct RoutineField {
    /// The Go field.
    pub name: String,
    /// Its type.
    pub go_type: GoType,
    /// The struct tag, backquotes included, or empty.
    pub tag: String,
}

/// An argument of a call.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RoutineArgument {
    /// The Go parameter; empty for a place that takes no value.
    pub parameter: String,
    /// Its type.
    pub go_type: String,
    /// What stands in the query: `$1::bigint`.
    pub place: String,
    /// The name as SQL, as a Go literal.
    pub name: String,
    /// The cast, as a Go literal.
    pub cast: String,
    /// What stands before the placeholder (`VARIADIC `), as a Go literal.
    pub before: String,
    /// Whether it may be left out.
    pub optional: bool,
}

/// What files of the whole project say of a table.
#[derive(Clone, Debug, Serialize)]
pub struct TableHead {
    /// The Go names.
    #[serde(serialize_with = "as_itself")]
    pub names: Arc<TableNames>,
    /// The SQL name, quoted where it must be, with its schema.
    pub sql: String,
    /// `table`, `view`, `materialized view`, `foreign table`: for comments.
    pub kind: String,
    /// Whether it can only be read.
    pub read_only: bool,
}

/// The packages that are written.
#[derive(Clone, Debug, Serialize)]
pub struct Packages {
    /// Structs, enums, patches.
    pub models: Package,
    /// What business code depends on.
    pub interfaces: Package,
    /// The implementation with pgx.
    pub postgres: Package,
    /// Mocks of the interfaces.
    pub mocks: Package,
    /// Tests of the implementation.
    pub tests: Package,
    /// Errors, transactions, pages: generated once, no dependency on us.
    pub runtime: Package,
}

impl Packages {
    /// All of them.
    pub fn all(&self) -> [&Package; 6] {
        let Self { models, interfaces, postgres, mocks, tests, runtime } = self;
        [models, interfaces, postgres, mocks, tests, runtime]
    }
}

/// A Go package of the user's.
#[derive(Clone, Debug, Serialize)]
pub struct Package {
    /// The name of its package clause.
    pub name: String,
    /// Its import path.
    pub path: String,
    /// Its folder relative to where the command ran, with `/`.
    pub dir: String,
}

/// A package as an import names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Import {
    /// The import path.
    pub path: String,
    /// The name that the code uses.
    pub name: String,
    /// Whether the import must spell the name: it is not what the package calls itself.
    pub alias: bool,
}

/// Codecs of other modules than pgx that `RegisterTypes` sets up.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Codecs {
    /// `pgx-shopspring-decimal`: some column is numeric.
    pub decimal: bool,
    /// `pgx-google-uuid`: some column is a uuid.
    pub uuid: bool,
    /// Types with a text codec only, as SQL names: read and written as strings.
    pub text: Vec<String>,
    /// Some column is an hstore, under this SQL name.
    pub hstore: Option<String>,
}

/// A Go type, spelled for where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct GoType {
    /// Inside the models package: `*UserRole`.
    pub local: String,
    /// Anywhere else: `*models.UserRole`.
    pub qualified: String,
}

/// An enum.
#[derive(Clone, Debug, Serialize)]
pub struct Enum {
    /// The Go type.
    pub name: String,
    /// The Go function that lists its values.
    pub plural: String,
    /// The SQL name, quoted where it must be, with its schema.
    pub sql: String,
    /// Doc comment lines, without `//`.
    pub doc: Vec<String>,
    /// Its values in sort order.
    pub values: Vec<EnumValue>,
}

/// A label of an enum.
#[derive(Clone, Debug, Serialize)]
pub struct EnumValue {
    /// The Go constant.
    pub name: String,
    /// The label as a Go string literal, quotes included.
    pub literal: String,
}

/// A composite type. Its struct has the methods `IsNull`, `Index`, `ScanNull`, `ScanIndex`: no field takes those names.
#[derive(Clone, Debug, Serialize)]
pub struct Composite {
    /// The Go struct.
    pub name: String,
    /// The SQL name, quoted where it must be, with its schema.
    pub sql: String,
    /// Doc comment lines, without `//`.
    pub doc: Vec<String>,
    /// Its fields in attribute order.
    pub fields: Vec<CompositeField>,
}

/// A field of a composite.
#[derive(Clone, Debug, Serialize)]
pub struct CompositeField {
    /// The Go field.
    pub name: String,
    /// The attribute as a Go string literal, quotes included.
    pub literal: String,
    /// Its type; attributes are nullable all.
    pub go_type: GoType,
    /// The struct tag, backquotes included, or empty.
    pub tag: String,
    /// Doc comment lines, without `//`.
    pub doc: Vec<String>,
}

/// What is shared, as if it were not.
fn as_itself<T: Serialize, S: Serializer>(shared: &Arc<T>, serializer: S) -> Result<S::Ok, S::Error> {
    shared.as_ref().serialize(serializer)
}

/// A table, a view or a materialised view.
#[derive(Clone, Debug, Serialize)]
pub struct Table {
    /// The schema.
    pub schema: String,
    /// The name.
    pub name: String,
    /// The SQL name, quoted where it must be, with its schema.
    pub sql: String,
    /// The same as a Go string literal, quotes included.
    pub literal: String,
    /// `table`, `view`, `materialized view`, `foreign table`: for comments.
    pub kind: String,
    /// Whether it can only be read.
    pub read_only: bool,
    /// Doc comment lines of the struct, without `//`; the first begins with the struct's name.
    pub doc: Vec<String>,
    /// The Go names.
    #[serde(serialize_with = "as_itself")]
    pub names: Arc<TableNames>,
    /// All columns, in physical order.
    pub columns: Vec<Column>,
    /// Whether some column that an insert may give is optional (has a default).
    pub has_optional: bool,
    /// Whether some column is updatable.
    pub updatable: bool,
    /// The primary key.
    pub primary_key: Option<Key>,
    /// Every other key that finds one row: unique constraints, unique indexes on plain columns, partial ones with their predicate.
    pub unique_keys: Vec<Key>,
    /// The foreign keys, for lists by them; one a distinct column list.
    pub foreign_keys: Vec<ForeignKey>,
    /// Constraint and unique index names, for errors.
    pub constraints: Vec<ConstraintName>,
    /// The repository's methods, as its interface and mocks print them. `codegen::methods::complete` derives this and the next two fields from the others.
    pub methods: Vec<Method>,
    /// Whether it is a materialised view that can be refreshed while it is read: some unique index has all its rows.
    pub refresh_concurrently: bool,
    /// Whether the table is joined with others.
    pub joins: bool,
    /// Whether the implementation needs a function that tells which columns a create struct gives.
    pub uses_assign: bool,
    /// Whether a sample row gives a column, so that it can be copied.
    pub copies: bool,
    /// How related rows are loaded, along the table's own foreign keys first.
    pub loads: Vec<Load>,
    /// Handles of the columns, for conditions and orders, in physical order.
    pub handles: Vec<Handle>,
    /// The column that says that a row is softly deleted.
    pub soft_delete: Option<SoftDelete>,
    /// The column that counts a row's changes, for optimistic locking. It is not among the update columns.
    pub version: Option<Column>,
    /// SQL text that does not depend on a key.
    pub statements: Statements,
    /// Whether `COPY` can carry every create column (no column needs a cast in SQL).
    pub copyable: bool,
    /// How tests make a row.
    pub sample: Sample,
}

/// The Go names of a table. None collides with another of its package, nor with the names that the default templates declare:
///
/// - package models: `Opt`, `Some`, `Null`, `OptOf`; every enum's and composite's names; a model also takes its
///   `create`, `patch`, `key`, `cursor`, `columns` names. A struct has the method `TableName`, a cursor `MarshalText` and
///   `UnmarshalText`: no field takes those names.
/// - package interfaces: `repository` and `plural` names. Package postgres: `repository`, `New` + `repository` (so a table `new_user` beside `user` needs
///   another name), `Repositories`, `NewRepositories`, `InTx`, `Nested`, `RegisterTypes`, `Functions`, `NewFunctions`. Package mocks: `mock`, `New` + `mock`, `mock` + `MockRecorder`.
/// - `plural` is a field of the struct `Repositories`, and the variable with the columns' handles in package interfaces.
/// - files: `opt`, `enums`, `composites` in models, `repositories` and `types` in postgres belong to the project.
#[derive(Clone, Debug, Serialize)]
pub struct TableNames {
    /// The struct: `User`.
    pub model: String,
    /// `Users`.
    pub plural: String,
    /// A local variable for one: `user`; no keyword, package or method in scope.
    pub variable: String,
    /// A local variable for many: `users`.
    pub variables: String,
    /// `UserCreate`.
    pub create: String,
    /// `UserPatch`.
    pub patch: String,
    /// `UserKey`: the struct of a primary key with more than one column.
    pub key: String,
    /// `UserCursor`.
    pub cursor: String,
    /// `UserColumns`.
    pub columns: String,
    /// `UserRepository`: the interface and the implementation, each in its package.
    pub repository: String,
    /// `MockUserRepository`.
    pub mock: String,
    /// The stem of its files: `user`; a safe name on every file system, and none that the go tool reads a meaning into.
    pub file: String,
}

/// A column.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The name as SQL, quoted where it must be.
    pub sql: String,
    /// The name as a Go string literal, quotes included.
    pub literal: String,
    /// The Go field: `OrgID`.
    pub field: String,
    /// A Go parameter: `orgID`; no keyword, predeclared name or package, and none of `ctx`, `r`, `m`, `mr`, `create`, `creates`, `patch`, `row`, `rows`,
    /// `page`, `after`, `limit`, `key`, `set`, `query`, `err`, `ok`, `ret`, `ret0`, `ret1`, `ret2`.
    pub parameter: String,
    /// The field's type in the model: a pointer where nullable.
    pub go_type: GoType,
    /// The type of one value that is not NULL.
    pub value_type: GoType,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether an insert may leave it out: it has a default or is `GENERATED BY DEFAULT AS IDENTITY`. The create struct's field is then
    /// `Opt[value_type]`, otherwise `go_type`; the patch struct's field is always `Opt[value_type]`.
    pub optional: bool,
    /// Whether an insert may give it: it is neither generated nor `GENERATED ALWAYS AS IDENTITY`, and the table can be written.
    pub insertable: bool,
    /// Whether an update may give it: an insert may, and it belongs neither to the primary key nor is the version.
    pub updatable: bool,
    /// Whether `value_type` is comparable with `==`, as a map key must be.
    pub comparable: bool,
    /// Whether it belongs to the primary key.
    pub in_primary_key: bool,
    /// The struct tag, backquotes included, or empty.
    pub tag: String,
    /// The struct tag where the field is an `Opt` (the patch, optional columns of the create struct), backquotes included, or empty: as `tag`,
    /// with `omitzero` on the JSON name, so that a value that is not given is not written.
    pub optional_tag: String,
    /// Doc comment lines, without `//`; empty without a comment in the schema.
    pub doc: Vec<String>,
    /// How a query selects it: the quoted name, or with a cast (`"x"::text`).
    pub select: String,
    /// The cast that a placeholder for it needs (`::text::xml`), mostly empty.
    pub cast: String,
    /// The PostgreSQL type, for comments.
    pub sql_type: String,
}

/// The handle of a column: conditions and orders are made of it.
#[derive(Clone, Debug, Serialize)]
pub struct Handle {
    /// The Go field: `OrgID`.
    pub field: String,
    /// Its type: `pgdb.OrderedColumn[uuid.UUID]`.
    pub go_type: String,
    /// The expression that makes it.
    pub value: String,
    /// Whether it belongs to the primary key.
    pub key: bool,
    /// Whether tests can ask for a value of a row: it is never NULL, and of a type with equality.
    pub equal: bool,
    /// Whether it has `Between` too.
    pub ordered: bool,
    /// Whether it is one of an array.
    pub array: bool,
}

/// How rows of a related table are loaded for rows of this one, in one query.
#[derive(Clone, Debug, Serialize)]
pub struct Load {
    /// The method: `LoadOrgs`, or `LoadUsersByOrgID` the other way.
    pub name: String,
    /// The method that finds rows together with the related one: `FindWithOrg`; empty where there is none.
    pub joined: String,
    /// The condition that joins both tables, as a Go literal.
    pub on: String,
    /// The condition that a related row was found, as a Go literal.
    pub matched: String,
    /// Whether several rows have one key.
    pub many: bool,
    /// Whether this table refers to the other; otherwise the other refers to this one.
    pub to_parent: bool,
    /// The columns of the foreign key, for comments.
    pub columns: String,
    /// Its model: `models.Org`.
    pub other_type: String,
    /// The function that scans a row of it, and the source of its queries.
    pub scan: String,
    #[expect(missing_docs, reason = "see scan")]
    pub source: String,
    /// Its SQL name.
    pub other_sql: String,
    /// The type of the key that rows are found by: `uuid.UUID`, or `models.OrderItemKey`.
    pub key_type: String,
    /// An expression of that type over a model variable `row` of this table.
    pub key: String,
    /// A condition over `row` that is true where it can be taken; empty where always.
    pub key_present: String,
    /// The same for the other table.
    pub other_key: String,
    /// Whether the key has several columns.
    pub composite: bool,
    /// Its columns.
    pub parts: Vec<LoadPart>,
}

/// A column of the key that related rows are found by.
#[derive(Clone, Debug, Serialize)]
pub struct LoadPart {
    /// The handle of the other table's column: `interfaces.Users.OrgID`.
    pub handle: String,
    /// The cast of an array of values: `::bigint[]`.
    pub array: String,
    /// The value as read off a variable `key`.
    pub value: String,
    /// Its type.
    pub go_type: String,
}

/// How rows are softly deleted.
#[derive(Clone, Debug, Serialize)]
pub struct SoftDelete {
    /// The column's name.
    pub name: String,
    /// `"deleted_at" IS NULL`: holds for rows that are not deleted.
    pub live: String,
    /// The same with the table's name before the column, as `qualified_deleted`.
    pub qualified_live: String,
    #[expect(missing_docs, reason = "see qualified_live")]
    pub qualified_deleted: String,
    /// `"deleted_at" IS NOT NULL`: holds for those that are.
    pub deleted: String,
}

/// A method of a repository.
#[derive(Clone, Debug, Serialize)]
pub struct Method {
    /// Its name: `GetByEmail`.
    pub name: String,
    /// Doc comment lines, without `//`; the first begins with the name.
    pub doc: Vec<String>,
    /// The parameter list: `ctx context.Context, email string`.
    pub parameters: String,
    /// The parameters' names: `ctx, email`.
    pub arguments: String,
    /// The same without the variadic one.
    pub fixed: String,
    /// The name of the variadic parameter; empty without one.
    pub variadic: String,
    /// The argument list that passes the parameters on: `ctx, options...`.
    pub call: String,
    /// The parameters' types: `context.Context, string`.
    pub types: String,
    /// The results' types: `models.User`, `error`.
    pub results: Vec<String>,
    /// The result list as a signature has it: `(models.User, error)`, or `error`.
    pub result: String,
    /// Whether its last result is an error.
    pub fails: bool,
    /// Whether a call with arguments that have one element or are zero sends a statement.
    pub testable: bool,
    /// The arguments of `m.Called` in a mock of testify: `ctx, email`, or `variadic(options, ctx)...`.
    pub called: String,
    /// The results as a mock of testify takes them out of that call's `ret`: `returned[models.User](ret, 0), ret.Error(1)`.
    pub returns: String,
    /// The function of `mocks_testify.tmpl` that takes the results of that call apart: `results2[models.User]`; empty where none does.
    pub results_helper: String,
}

/// A key that finds one row.
#[derive(Clone, Debug, Serialize)]
pub struct Key {
    /// The suffix of methods: `Email` in `GetByEmail`. Empty for the primary key.
    pub suffix: String,
    /// Its columns, in the key's own order.
    pub columns: Vec<Column>,
    /// Whether it has more than one column.
    pub composite: bool,
    /// The parameter list, with value types qualified: `id uuid.UUID`; for a composite primary key `key models.OrderItemKey`.
    pub parameters: String,
    /// The argument list that passes those parameters on: `id`, or `key`.
    pub arguments: String,
    /// The arguments as values of the placeholders: `id`, or `key.OrderID, key.LineNo`.
    pub values: String,
    /// The values as read off a model variable `row`: `row.OrderID, row.LineNo`.
    pub row_values: String,
    /// An expression that makes the parameters out of a model variable `row`: `row.ID`, or `models.OrderItemKey{OrderID: row.OrderID, …}`;
    /// dereferenced where the model's field is a pointer.
    pub row_arguments: String,
    /// Whether some of its columns may be NULL (a row with NULL there is not found by the key).
    pub nullable: bool,
    /// Whether it is of a part of the rows: those that the predicate of its index holds for.
    pub partial: bool,
    /// A Go condition over a model variable `row` that is true where `row_arguments` can be taken: `row.Code != nil && row.Kind.Valid`; empty where always.
    pub row_present: String,
    /// Whether the sample sets every one of its columns to a value, so that making the same sample again violates the key.
    pub sampled: bool,
    /// Whether `ON CONFLICT` can name it: not deferrable, and all its columns can be inserted.
    pub upsertable: bool,
    /// `WHERE key = $1`, of rows that are not softly deleted: goes behind [`Statements::select`]. It begins with a line break, as all clauses do.
    pub where_clause: String,
    /// `SELECT EXISTS (…)`.
    pub exists: String,
    /// `DELETE … WHERE key = $1`.
    pub delete: String,
    /// `UPDATE … SET … WHERE key = …`, and the version: update columns first, key columns behind them, the version last; without update columns, empty.
    pub update: String,
    /// `UPDATE … SET deleted_at = now() WHERE key = …`; empty where rows are not softly deleted.
    pub soft_delete: String,
    /// `UPDATE … SET deleted_at = NULL WHERE key = …`; empty where rows are not softly deleted.
    pub restore: String,
    /// `WHERE key = ` with placeholders to be numbered from the argument count at run time: the column conditions, each
    /// `"a" = ` ready for its placeholder, for dynamic statements such as a patch.
    pub conditions: Vec<KeyCondition>,
    /// `(a, b) WHERE predicate`: the conflict target, parentheses included.
    pub conflict_target: String,
    /// `"email" = EXCLUDED."email"`: what an upsert sets when nothing else is given, so that RETURNING has a row.
    pub conflict_touch: String,
    /// The constraint's or index's name.
    pub constraint: String,
}

/// `column = $n` of a key, without the placeholder.
#[derive(Clone, Debug, Serialize)]
pub struct KeyCondition {
    /// `"a" = ` as SQL, ready for `$1` and `cast`.
    pub sql: String,
    /// The cast after the placeholder, mostly empty.
    pub cast: String,
    /// The Go expression of the value: `id`, `key.OrderID`.
    pub value: String,
}

/// A foreign key, for lists by it.
#[derive(Clone, Debug, Serialize)]
pub struct ForeignKey {
    /// The suffix of methods: `OrgID` in `ListByOrgID`.
    pub suffix: String,
    /// The parameter list, with types qualified: `orgID uuid.UUID`.
    pub parameters: String,
    /// The arguments: `orgID`.
    pub arguments: String,
    /// Columns in the key's own order.
    pub columns: Vec<Column>,
    /// The Go struct of the referenced table, empty where it is not generated.
    pub references: String,
    /// `WHERE fk = $1 ORDER BY … LIMIT $n OFFSET $n`: goes behind [`Statements::select`].
    pub list_clause: String,
    /// `WHERE fk = $1`: goes behind [`Statements::count`].
    pub where_clause: String,
    /// The values as read off a model variable `row`, dereferenced where the field is a pointer.
    pub row_arguments: String,
    /// Whether some of its columns may be NULL.
    pub nullable: bool,
    /// A Go condition over a model variable `row` that is true where `row_arguments` can be taken; empty where always.
    pub row_present: String,
}

/// A constraint's name as a Go constant.
#[derive(Clone, Debug, Serialize)]
pub struct ConstraintName {
    /// The constant: `ConstraintUsersEmailKey`.
    pub name: String,
    /// The name as a Go string literal, quotes included.
    pub literal: String,
    /// What it is: `primary key`, `unique`, `check`, `foreign key`, `exclusion`.
    pub kind: String,
}

/// SQL text of a table. Identifiers are quoted where they must be and always carry their schema. It goes into Go through
/// a literal: [`crate::codegen`] offers templates the filter `go_raw` for that.
#[derive(Clone, Debug, Serialize)]
pub struct Statements {
    /// The select list of all columns.
    pub select_list: String,
    /// `SELECT …` of all rows and columns: clauses go behind it.
    pub select: String,
    /// The SQL expressions of the select list, each with the table's name before it, as Go literals: for joins.
    pub qualified: Vec<String>,
    /// `SELECT count(*)` of all rows: clauses go behind it.
    pub count: String,
    /// `INSERT INTO t (` … with all create columns `) VALUES (…)`: used when nothing is optional.
    pub insert: String,
    /// `ORDER BY key LIMIT $1 OFFSET $2`, of rows that are not softly deleted.
    pub list_clause: String,
    /// The first page of a keyset: `ORDER BY key LIMIT $1`; empty without a primary key.
    pub first_clause: String,
    /// The next: `WHERE (a, b) > ($1, $2) ORDER BY a, b LIMIT $3`; empty without a primary key.
    pub after_clause: String,
    /// The columns that rows are ordered by: `"a", "b"`; empty without a key.
    pub order: String,
}

/// How tests make a row of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    /// The Go function in the tests package: `makeUser`.
    pub function: String,
    /// Why no row can be made; empty where one can. The tests then skip aloud with it.
    pub skip: String,
    /// Whether some field's expression uses `n`.
    pub uses_n: bool,
    /// Whether what is written is what is read back: neither triggers nor rules touch the rows. Tests compare whole rows only then.
    pub exact: bool,
    /// Whether some other row needs one of this table with other values than those of the sample, so that the function takes changes to it.
    pub changed: bool,
    /// The rows that must exist first, each used by some field's expression, in the order in which they are made.
    pub parents: Vec<SampleParent>,
    /// The fields of the create struct that the test sets, in order.
    pub fields: Vec<SampleField>,
    /// A second value for one update column, for update and patch tests, where there is one that is free to change.
    pub change: Option<SampleChange>,
    /// Whether some unique key or the primary key can be violated by making the same row again, given its values are set by `fields`.
    pub duplicate: bool,
    /// The fields of a required string-like kind that a NULL test can violate are not settable through the typed API; a foreign key that no row satisfies can be:
    /// the field to break and the value to break it with.
    pub broken_reference: Option<SampleField>,
}

/// A parent row that a sample needs.
#[derive(Clone, Debug, Serialize)]
pub struct SampleParent {
    /// The local variable it is kept in.
    pub variable: String,
    /// The function that makes it: `makeOrg`.
    pub function: String,
    /// Its create struct: `OrgCreate`.
    pub create: String,
    /// The same with its package: `models.OrgCreate`.
    pub create_type: String,
    /// The fields of the create struct that agree with a parent before it, instead of its sample's values.
    pub given: Vec<SampleField>,
}

/// A field that a sample sets.
#[derive(Clone, Debug, Serialize)]
pub struct SampleField {
    /// The field of the create struct.
    pub field: String,
    /// The Go expression, with the create struct's type (`models.Some(…)` for an optional column). It may use `n`, an `int64` that
    /// is different on every call, and the parents' variables.
    pub expression: String,
    /// The same without the wrapping of an optional column: of the column's `go_type`.
    pub value: String,
}

/// A change that a test may make to a row, to a column whose type gives values back as they were given (no padding, no rounding).
#[derive(Clone, Debug, Serialize)]
pub struct SampleChange {
    /// The field of model and patch.
    pub field: String,
    /// A Go expression of the model field's type (a pointer where nullable).
    pub model_value: String,
    /// A Go expression of the patch field's type: `models.Some(…)`.
    pub patch_value: String,
}
