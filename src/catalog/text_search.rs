//! Full text search objects.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::QualifiedName;

/// A text search configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSearchConfiguration {
    /// The parser.
    pub parser: QualifiedName,
    /// Dictionaries in order, by token type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mappings: BTreeMap<String, Vec<QualifiedName>>,
}

/// A text search dictionary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSearchDictionary {
    /// The template.
    pub template: QualifiedName,
    /// Its options, as SQL values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// A text search parser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSearchParser {
    /// `START`.
    pub start: QualifiedName,
    /// `GETTOKEN`.
    pub get_token: QualifiedName,
    /// `END`.
    pub end: QualifiedName,
    /// `LEXTYPES`.
    pub lexical_types: QualifiedName,
    /// `HEADLINE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<QualifiedName>,
}

/// A text search template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSearchTemplate {
    /// `INIT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<QualifiedName>,
    /// `LEXIZE`.
    pub lexize: QualifiedName,
}
