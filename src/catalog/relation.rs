//! Views, and what hangs on relations: indexes, triggers, rules, statistics.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DataType, Expression, Grant, QualifiedName, Query};

/// A view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Its columns.
    pub columns: Vec<ViewColumn>,
    /// Its body.
    pub query: Query,
    /// `WITH (security_barrier …)`, `check_option` included (`local`, `cascaded`); booleans as `true` and `false`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// A column of a view or a materialised view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewColumn {
    /// The name.
    pub name: String,
    /// The type; `None` where the parser could not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_type: Option<DataType>,
    /// Whether the query proves that the column is never NULL.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub not_null: bool,
    /// `ALTER VIEW … ALTER COLUMN … SET DEFAULT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expression>,
    /// `SET STORAGE` of a materialised view (`plain`, `external`, `extended`, `main`), where it is not the type's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
    /// `SET COMPRESSION` of a materialised view, where one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// `SET STATISTICS` of a materialised view, where one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics_target: Option<i32>,
    /// `SET (n_distinct = …)` of a materialised view.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// `COMMENT ON COLUMN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Column privileges, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Grant>,
}

/// A materialised view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterializedView {
    /// Its columns.
    pub columns: Vec<ViewColumn>,
    /// Its body.
    pub query: Query,
    /// False is `WITH NO DATA`.
    pub populated: bool,
    /// `USING`, where it is not `heap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_method: Option<String>,
    /// `TABLESPACE`, where it is not the database's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<String>,
    /// `WITH (…)`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storage_parameters: BTreeMap<String, String>,
    /// The index of `CLUSTER ON`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_on: Option<String>,
}

/// An index that no constraint makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// The relation, in the same schema.
    pub table: String,
    /// `UNIQUE`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub unique: bool,
    /// `USING`; `btree` by default.
    pub method: String,
    /// The key, in order.
    pub keys: Vec<IndexKey>,
    /// `INCLUDE`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// `NULLS NOT DISTINCT` (PostgreSQL 15).
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub nulls_not_distinct: bool,
    /// `WHERE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<Expression>,
    /// `WITH (…)`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storage_parameters: BTreeMap<String, String>,
    /// `TABLESPACE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<String>,
    /// The partitioned index that it is attached to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_of: Option<QualifiedName>,
    /// `ON ONLY`: a partitioned index that does not hold for all partitions yet (`indisvalid`).
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub only: bool,
    /// Statistics targets of expression keys (`ALTER INDEX … ALTER COLUMN n SET STATISTICS`), by position from 1.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub statistics_targets: BTreeMap<u16, i32>,
}

/// One key of an index, of a partition key or of an exclusion constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexKey {
    /// The column, or `None` for an expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The expression, where it is not a column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<Expression>,
    /// `COLLATE`, where it is not the column's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<QualifiedName>,
    /// The operator class, where it is not the type's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator_class: Option<QualifiedName>,
    /// Its parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub operator_class_options: BTreeMap<String, String>,
    /// `DESC`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub descending: bool,
    /// `NULLS FIRST` or `LAST`, where it is not the direction's default (last for `ASC`, first for `DESC`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nulls: Option<NullsOrder>,
}

impl IndexKey {
    /// A column with everything by default.
    pub fn column(name: impl Into<String>) -> Self {
        Self {
            column: Some(name.into()),
            expression: None,
            collation: None,
            operator_class: None,
            operator_class_options: BTreeMap::new(),
            descending: false,
            nulls: None,
        }
    }
}

/// Where NULLs sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum NullsOrder {
    First,
    Last,
}

/// A trigger. The identity's parent is the relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// `BEFORE`, `AFTER`, `INSTEAD OF`.
    pub timing: TriggerTiming,
    /// What fires it, in the order insert, update, delete, truncate.
    pub events: Vec<TriggerEvent>,
    /// `UPDATE OF`, in physical order; empty is any column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub update_of: Vec<String>,
    /// `FOR EACH`.
    pub level: TriggerLevel,
    /// `WHEN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Expression>,
    /// The function.
    pub function: QualifiedName,
    /// Its arguments, text all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// `CONSTRAINT`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub constraint: bool,
    /// When a constraint trigger fires.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub deferral: super::Deferral,
    /// `FROM` of a constraint trigger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<QualifiedName>,
    /// `REFERENCING OLD TABLE AS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_table: Option<String>,
    /// `REFERENCING NEW TABLE AS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_table: Option<String>,
    /// `ENABLE`, `DISABLE`, `ENABLE REPLICA`, `ENABLE ALWAYS`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub firing: Firing,
    /// Whether the partitioned parent's trigger made it.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub inherited: bool,
}

/// When a trigger fires relative to its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum TriggerTiming {
    Before,
    After,
    InsteadOf,
}

/// What fires a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum TriggerEvent {
    Insert,
    Update,
    Delete,
    Truncate,
}

/// Once a row or once a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum TriggerLevel {
    Row,
    Statement,
}

/// In which replication roles a trigger or rule fires (`tgenabled`, `ev_enabled`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Firing {
    /// In `origin` and `local`.
    #[default]
    Origin,
    /// Never.
    Disabled,
    /// In `replica`.
    Replica,
    /// Always.
    Always,
}

/// A rewrite rule other than a view's. The identity's parent is the relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `ON`.
    pub event: RuleEvent,
    /// `DO INSTEAD`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub instead: bool,
    /// `WHERE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Expression>,
    /// What is done, in order; empty is `NOTHING`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Query>,
    /// When it fires.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub firing: Firing,
}

/// What a rule rewrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum RuleEvent {
    Select,
    Insert,
    Update,
    Delete,
}

/// Extended statistics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatisticsObject {
    /// The relation.
    pub table: QualifiedName,
    /// `ndistinct`, `dependencies`, `mcv`, sorted; empty is all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Columns and expressions, in order; only `column` and `expression` of a key are used.
    pub keys: Vec<IndexKey>,
    /// `SET STATISTICS`, where one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<i32>,
}

impl ViewColumn {
    /// A column of which only name and type are known.
    pub fn new(name: impl Into<String>, data_type: Option<DataType>) -> Self {
        Self {
            name: name.into(),
            data_type,
            not_null: false,
            default: None,
            storage: None,
            compression: None,
            statistics_target: None,
            options: BTreeMap::new(),
            comment: None,
            grants: Vec::new(),
        }
    }
}
