//! What a user may say about schemas that are packages of their own.

use crate::codegen::options::Options;

/// All that such a generation depends on besides the catalogs.
#[derive(Clone, Debug)]
pub struct CrossOptions {
    /// What is the same for all schemas; of its folders only that of the runtime counts.
    pub common: Options,
    /// The schemas, in the order in which they are told.
    pub schemas: Vec<SchemaOptions>,
    /// The folder of the package over all of them.
    pub directory: String,
}

/// A schema that is a tree of packages of its own.
#[derive(Clone, Debug)]
pub struct SchemaOptions {
    /// Its name.
    pub name: String,
    /// The number of the catalog that it is in.
    pub database: usize,
    /// What its models package calls itself, where that is not its folder's name.
    pub package_name: Option<String>,
    /// Whether it has a list of tables of its own; where it shares one, a pattern may match tables of another schema.
    pub own_tables: bool,
    /// All else: with this schema alone, its folders and its tables.
    pub options: Options,
}
