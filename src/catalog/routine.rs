//! Functions, procedures and aggregates.

use serde::{Deserialize, Serialize};

use super::{DataType, Expression, Identity, QualifiedName};

/// A function or a procedure. The identity's arguments are the types of its input arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Routine {
    /// All arguments, in order; the columns of `RETURNS TABLE` come last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Argument>,
    /// The result type; `record` for `RETURNS TABLE` and several OUT arguments, `void` for a procedure without any.
    pub returns: DataType,
    /// `RETURNS SETOF`, `RETURNS TABLE`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub returns_set: bool,
    /// `LANGUAGE`.
    pub language: String,
    /// The body.
    pub body: Body,
    /// `WINDOW`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub window: bool,
    /// `IMMUTABLE`, `STABLE`, `VOLATILE`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub volatility: Volatility,
    /// `STRICT`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub strict: bool,
    /// `SECURITY DEFINER`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub security_definer: bool,
    /// `LEAKPROOF`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub leakproof: bool,
    /// `PARALLEL`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub parallel: Parallel,
    /// `COST`, where it is not the language's default (1 for `internal` and `c`, else 100).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
    /// `ROWS`, where it is not 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// `SUPPORT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<QualifiedName>,
    /// `SET name = value`, in order, values as SQL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub configuration: Vec<(String, String)>,
    /// `TRANSFORM FOR TYPE`, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<DataType>,
}

/// An argument of a routine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argument {
    /// The name, empty where it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The mode.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub mode: ArgumentMode,
    /// The type, without modifiers.
    pub data_type: DataType,
    /// `DEFAULT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expression>,
}

/// The mode of an argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum ArgumentMode {
    #[default]
    In,
    Out,
    InOut,
    Variadic,
    /// A column of `RETURNS TABLE`.
    Table,
}

impl ArgumentMode {
    /// Whether the argument's type is part of the routine's identity.
    pub fn is_input(self) -> bool {
        matches!(self, Self::In | Self::InOut | Self::Variadic)
    }
}

/// The body of a routine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// `AS '…'`, byte for byte.
    Source(String),
    /// `RETURN …` or `BEGIN ATOMIC … END`, in canonical SQL.
    Sql(String),
    /// `AS 'file', 'symbol'` of a C function.
    Object {
        /// The shared library.
        file: String,
        /// The symbol in it.
        symbol: String,
    },
}

/// How a routine's result depends on more than its arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum Volatility {
    #[default]
    Volatile,
    Stable,
    Immutable,
}

/// Whether a routine may run in a parallel plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is the SQL word")]
pub enum Parallel {
    #[default]
    Unsafe,
    Restricted,
    Safe,
}

/// An aggregate. The identity's arguments are its direct and aggregated input types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// Arguments in order, direct ones first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Argument>,
    /// How many of them are direct; `None` for an aggregate that is no ordered-set one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_arguments: Option<usize>,
    /// `HYPOTHETICAL`.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub hypothetical: bool,
    /// `SFUNC`.
    pub transition: QualifiedName,
    /// `STYPE`.
    pub state: DataType,
    /// Every further option (`finalfunc`, `initcond`, `sspace`, `sortop`, `parallel`…) by its lower-case name, values as SQL.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub options: std::collections::BTreeMap<String, String>,
    /// The result type where the source tells it: a live server does, DDL does for known final functions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<DataType>,
    /// The functions that the options name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<Identity>,
}
