//! Tables, their columns and their constraints.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DataType, Expression, Grant, IndexKey, QualifiedName};

/// A table; a partitioned one and a partition are tables too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Columns in physical order, inherited ones included.
    pub columns: Vec<Column>,
    /// How rows are kept.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub persistence: Persistence,
    /// `OF type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_type: Option<QualifiedName>,
    /// `INHERITS`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<QualifiedName>,
    /// `PARTITION BY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_key: Option<PartitionKey>,
    /// `PARTITION OF`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_of: Option<PartitionOf>,
    /// `USING`, where it is not `heap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_method: Option<String>,
    /// `TABLESPACE`, where it is not the database's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<String>,
    /// `WITH (…)`, `toast.` options included; booleans as `true` and `false`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storage_parameters: BTreeMap<String, String>,
    /// `REPLICA IDENTITY`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub replica_identity: ReplicaIdentity,
    /// Row level security.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub row_security: RowSecurity,
    /// The index of `CLUSTER ON`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_on: Option<String>,
}

/// How rows are kept. Temporary tables are no part of a schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Persistence {
    /// With a write-ahead log.
    #[default]
    Permanent,
    /// `UNLOGGED`.
    Unlogged,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The type.
    pub data_type: DataType,
    /// `COLLATE`, where it is not the type's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<QualifiedName>,
    /// Whether NULL is refused, by `NOT NULL`, a primary key or an identity (`pg_attribute.attnotnull`).
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub not_null: bool,
    /// `DEFAULT`. `DEFAULT NULL` is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expression>,
    /// `GENERATED … AS IDENTITY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<ColumnIdentity>,
    /// `GENERATED ALWAYS AS (…)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    /// `STORAGE` (`plain`, `external`, `extended`, `main`), where it is not the type's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
    /// `COMPRESSION` (`pglz`, `lz4`), where one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// `SET STATISTICS`, where one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics_target: Option<i32>,
    /// `SET (n_distinct = …)`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// `OPTIONS` of a foreign table's column.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub foreign_options: BTreeMap<String, String>,
    /// Whether some parent has the column (`attinhcount > 0`).
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub inherited: bool,
    /// Whether the table itself declares it too (`attislocal`); always, where it is not inherited.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub local: bool,
    /// `COMMENT ON COLUMN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Column privileges, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Grant>,
    /// `SECURITY LABEL … ON COLUMN`, by provider.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub security_labels: BTreeMap<String, String>,
}

impl Column {
    /// A column with a type and nothing else said of it.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self {
            name: name.into(),
            data_type,
            collation: None,
            not_null: false,
            default: None,
            identity: None,
            generated: None,
            storage: None,
            compression: None,
            statistics_target: None,
            options: BTreeMap::new(),
            foreign_options: BTreeMap::new(),
            inherited: false,
            local: true,
            comment: None,
            grants: Vec::new(),
            security_labels: BTreeMap::new(),
        }
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_yes(value: &bool) -> bool {
    *value
}

/// An identity column's side of its sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnIdentity {
    /// Whether a value of the user's is refused.
    pub generation: IdentityGeneration,
    /// The sequence's name, in the table's schema.
    pub sequence: String,
}

/// Whether a user's value is taken for an identity column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityGeneration {
    /// `GENERATED ALWAYS`.
    Always,
    /// `GENERATED BY DEFAULT`.
    ByDefault,
}

/// A generated column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generated {
    /// The expression.
    pub expression: Expression,
    /// Whether its value is kept.
    pub kind: GeneratedKind,
}

/// Whether a generated column's value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GeneratedKind {
    /// Computed when written.
    Stored,
    /// Computed when read (PostgreSQL 18).
    Virtual,
}

/// `PARTITION BY`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionKey {
    /// How rows are spread.
    pub strategy: PartitionStrategy,
    /// The key, in order; order and nulls of a key are not used.
    pub keys: Vec<IndexKey>,
}

/// How rows are spread over partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum PartitionStrategy {
    Range,
    List,
    Hash,
}

/// `PARTITION OF`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionOf {
    /// The partitioned table.
    pub parent: QualifiedName,
    /// Which rows are here.
    pub bound: PartitionBound,
}

/// Which rows a partition holds. Bounds are canonical SQL; `MINVALUE` and `MAXVALUE` stand as such.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartitionBound {
    /// `FROM (…) TO (…)`.
    Range {
        /// Inclusive.
        from: Vec<Expression>,
        /// Exclusive.
        to: Vec<Expression>,
    },
    /// `IN (…)`.
    List(Vec<Expression>),
    /// `WITH (MODULUS m, REMAINDER r)`.
    Hash {
        /// The modulus.
        modulus: u32,
        /// The remainder.
        remainder: u32,
    },
    /// `DEFAULT`.
    Default,
}

/// What identifies a row for logical replication.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaIdentity {
    /// The primary key.
    #[default]
    Default,
    /// All columns.
    Full,
    /// Nothing.
    Nothing,
    /// `USING INDEX`.
    Index(String),
}

/// Row level security of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowSecurity {
    /// `ENABLE ROW LEVEL SECURITY`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub enabled: bool,
    /// `FORCE ROW LEVEL SECURITY`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub forced: bool,
}

/// A constraint. The identity's parent is the table, foreign table or domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    /// What it demands.
    pub kind: ConstraintKind,
    /// When it is checked.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub deferral: Deferral,
    /// Whether existing rows are known to satisfy it; false is `NOT VALID`.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub validated: bool,
    /// False is `NOT ENFORCED` (PostgreSQL 18).
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub enforced: bool,
    /// `NO INHERIT`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub no_inherit: bool,
    /// Whether some parent table has it (`coninhcount > 0`, `conparentid`).
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub inherited: bool,
    /// Whether the table itself declares it too (`conislocal`); always, where it is not inherited.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub local: bool,
}

impl Constraint {
    /// Whether an index of the constraint's name carries it.
    pub fn has_index(&self) -> bool {
        matches!(self.kind, ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) | ConstraintKind::Exclusion { .. })
    }
}

/// What a constraint demands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintKind {
    /// `PRIMARY KEY`.
    PrimaryKey(KeyConstraint),
    /// `UNIQUE`.
    Unique(KeyConstraint),
    /// `CHECK`.
    Check(Expression),
    /// `EXCLUDE`.
    Exclusion {
        /// The access method.
        method: String,
        /// What must not both hold, in order.
        elements: Vec<ExclusionElement>,
        /// `INCLUDE`.
        #[serde(default)]
        include: Vec<String>,
        /// `WHERE`.
        #[serde(default)]
        predicate: Option<Expression>,
        /// `WITH (…)` of the index.
        #[serde(default)]
        storage_parameters: BTreeMap<String, String>,
        /// `USING INDEX TABLESPACE`.
        #[serde(default)]
        tablespace: Option<String>,
    },
    /// `FOREIGN KEY`.
    ForeignKey(ForeignKey),
    /// `NOT NULL` as a constraint that says more than the column's flag: a name of its own, `NOT VALID`, `NO INHERIT`
    /// (PostgreSQL 18). Plain ones are the column's flag only; so are those whose name PostgreSQL makes (`…_not_null`).
    NotNull {
        /// The column.
        column: String,
    },
}

/// The key of a primary or unique constraint, which an index of the same name carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConstraint {
    /// Columns in key order.
    pub columns: Vec<String>,
    /// `INCLUDE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// `NULLS NOT DISTINCT` (PostgreSQL 15).
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub nulls_not_distinct: bool,
    /// `WITHOUT OVERLAPS` on the last column (PostgreSQL 18).
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub without_overlaps: bool,
    /// `WITH (…)` of the index.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storage_parameters: BTreeMap<String, String>,
    /// `USING INDEX TABLESPACE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<String>,
}

/// An element of an exclusion constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExclusionElement {
    /// What is compared.
    pub key: IndexKey,
    /// With which operator.
    pub operator: QualifiedName,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignKey {
    /// The referencing columns, in order.
    pub columns: Vec<String>,
    /// The referenced table.
    pub references: QualifiedName,
    /// The referenced columns, in order, never empty.
    pub referenced_columns: Vec<String>,
    /// `MATCH`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub match_type: MatchType,
    /// `ON UPDATE`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub on_update: ReferentialAction,
    /// `ON DELETE`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub on_delete: ReferentialAction,
    /// The columns of `ON DELETE SET NULL (…)` (PostgreSQL 15); empty is all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_columns: Vec<String>,
    /// `PERIOD` on the last column (PostgreSQL 18).
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub period: bool,
}

/// `MATCH` of a foreign key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum MatchType {
    #[default]
    Simple,
    Full,
}

/// What happens to referencing rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum ReferentialAction {
    #[default]
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

/// When a constraint is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deferral {
    /// At once.
    #[default]
    NotDeferrable,
    /// `DEFERRABLE INITIALLY IMMEDIATE`.
    Immediate,
    /// `DEFERRABLE INITIALLY DEFERRED`.
    Deferred,
}
