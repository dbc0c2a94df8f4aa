//! What templates see as `cross`: how schemas that are packages of their own stand to each other.

use serde::Serialize;

use crate::codegen::model::{Codecs, Package, Table, TableNames};

/// What files of one schema see of the others.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Neighbours {
    /// Types that stand in the package of shared types, under the names that they have here.
    pub aliases: Vec<Alias>,
    /// Tables of other schemas that are loaded and joined here.
    pub tables: Vec<Neighbour>,
    /// Tables of other schemas that tests make rows of.
    pub samples: Vec<Neighbour>,
    /// The schema's own tables that are joined with others.
    pub joined: Vec<TableNames>,
    /// The schema's own foreign keys, for tests.
    pub references: Vec<ReferenceHead>,
}

/// A type of the schema that stands in the package of shared types.
#[derive(Clone, Debug, Serialize)]
pub struct Alias {
    /// The Go type.
    pub name: String,
    /// What it is an alias of: `types.Status`.
    pub target: String,
    /// The SQL name, for comments.
    pub sql: String,
    /// The function that lists the values of an enum, here and there; empty for a composite.
    pub plural: String,
    #[expect(missing_docs, reason = "see plural")]
    pub target_plural: String,
    /// The constants of an enum.
    pub values: Vec<AliasValue>,
}

/// A constant of an enum that stands in another package.
#[derive(Clone, Debug, Serialize)]
pub struct AliasValue {
    /// The constant.
    pub name: String,
    /// What it is: `types.StatusActive`.
    pub target: String,
}

/// A table of another schema.
#[derive(Clone, Debug, Serialize)]
pub struct Neighbour {
    /// All of it, as this schema's packages spell it.
    pub table: Table,
    /// What code calls its schema's packages.
    pub models: String,
    #[expect(missing_docs, reason = "see models")]
    pub postgres: String,
    /// The functions and values for it: `crmScanUser`, `crmSourceUser`, `crmSampleUser`.
    pub scan: String,
    #[expect(missing_docs, reason = "see scan")]
    pub source: String,
    #[expect(missing_docs, reason = "see scan")]
    pub sample: String,
}

/// A foreign key by name.
#[derive(Clone, Debug, Serialize)]
pub struct ReferenceHead {
    /// How code reaches it: `crossschema.Sales.Orders.Customer`.
    pub path: String,
    /// The same without packages: `Orders.Customer`.
    pub name: String,
}

/// What the package over all schemas sees.
#[derive(Clone, Debug, Serialize)]
pub struct Cross {
    /// The package.
    pub package: Package,
    /// The databases.
    pub databases: Vec<Database>,
    /// The only database; none where there are several.
    pub single: Option<Database>,
    /// The schemas, in the order in which they are told.
    pub schemas: Vec<Schema>,
}

/// A database: schemas that a transaction can span.
#[derive(Clone, Debug, Serialize)]
pub struct Database {
    /// The Go field: the name of its first schema.
    pub name: String,
    /// Its schemas, for comments: `crm and sales`.
    pub schemas: String,
    /// The function that tells a connection of its types: `RegisterTypes`, or `RegisterCrmTypes` where there are several databases.
    pub register: String,
    /// The variable that lists its tables: `Tables`, or `CrmTables`.
    pub tables_name: String,
    /// Its tables, parents before children, as Go string literals.
    pub tables: Vec<String>,
    /// The environment variable that tests find it by.
    pub dsn: String,
    /// The types that pgx must be told of, in load order.
    pub registered_types: Vec<String>,
    /// Which optional codecs are set up.
    pub codecs: Codecs,
}

/// A schema.
#[derive(Clone, Debug, Serialize)]
pub struct Schema {
    /// The Go field and variable: `Sales`.
    pub name: String,
    /// The schema's name, for comments.
    pub sql: String,
    /// The field of its database.
    pub database: String,
    /// What code calls its package of repositories.
    pub postgres: String,
    /// Its tables that refer to others, and can be joined with them.
    pub tables: Vec<JoinTable>,
}

/// A table that refers to others.
#[derive(Clone, Debug, Serialize)]
pub struct JoinTable {
    /// The Go field: `Orders`.
    pub name: String,
    /// The SQL name, for comments.
    pub sql: String,
    /// Its foreign keys.
    pub references: Vec<Reference>,
}

/// A foreign key.
#[derive(Clone, Debug, Serialize)]
pub struct Reference {
    /// The Go field: `Customer`.
    pub name: String,
    /// The columns, for comments.
    pub columns: String,
    /// The table that it refers to, for comments.
    pub other_sql: String,
    /// The models: `sales.Order` and `crm.Customer`.
    pub left_model: String,
    #[expect(missing_docs, reason = "see left_model")]
    pub right_model: String,
    /// The tables as Go expressions: `salespostgres.Tables.Orders`.
    pub left: String,
    #[expect(missing_docs, reason = "see left")]
    pub right: String,
    /// The pairs of columns as Go values: ``[2]string{`customer_id`, `id`}``.
    pub pairs: String,
}
