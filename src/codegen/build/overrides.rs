//! Go types of the user's choice.

use std::collections::BTreeMap;

use super::Error;
use crate::catalog::{DataType, QualifiedName};
use crate::codegen::model::Import;
use crate::codegen::names;
use crate::codegen::options::{OptionsError, TypeOverride};
use crate::ddl::data_type;

/// The user's types, ready to match.
pub(super) struct Overrides<'a> {
    rules: Vec<(&'a TypeOverride, Option<globset::GlobMatcher>)>,
}

impl<'a> Overrides<'a> {
    /// Compiles the globs and checks the types.
    pub(super) fn new(types: &'a [TypeOverride]) -> Result<Self, Error> {
        let mut rules = Vec::with_capacity(types.len());
        for rule in types {
            let refused = |reason: &str| OptionsError::GoType { go_type: rule.go_type.clone(), reason: reason.to_owned() };
            let (element, package) = parts(&rule.go_type);
            if element.is_empty() {
                return Err(refused("it names no type").into());
            }
            if package.is_some() && rule.import.is_none() {
                return Err(refused("its package needs an `import`").into());
            }
            let glob = |pattern: &String| {
                globset::Glob::new(pattern)
                    .map(|it| it.compile_matcher())
                    .map_err(|error| OptionsError::Glob { pattern: pattern.clone(), reason: error.kind().to_string() })
            };
            rules.push((rule, rule.column.as_ref().map(glob).transpose()?));
        }
        Ok(Self { rules })
    }

    /// The imports that the types need.
    pub(super) fn imports(&self) -> impl Iterator<Item = Import> {
        self.rules.iter().filter_map(|(rule, _)| {
            let (_, package) = parts(&rule.go_type);
            let (path, name) = (rule.import.clone()?, package?.to_owned());
            Some(Import { alias: names::package_name(&path) != name, path, name })
        })
    }

    /// The Go type for a column; whether it stands in the models package; whether it says NULL by itself.
    pub(super) fn find(&self, table: &QualifiedName, column: &str, of: &DataType, nullable: bool) -> Option<(String, bool, bool)> {
        let spellings = || {
            let array = if of.array { "[]" } else { "" };
            [
                data_type(of),
                data_type(&of.without_modifiers()),
                format!("{}{array}", of.name.name),
                format!("{}.{}{array}", of.name.schema, of.name.name),
            ]
        };
        let by_type = |rule: &TypeOverride| rule.db_type.as_ref().is_none_or(|it| spellings().contains(it));
        let by_column = |glob: &Option<globset::GlobMatcher>| {
            glob.as_ref().is_none_or(|it| it.is_match(format!("{}.{column}", table.name)) || it.is_match(format!("{table}.{column}")))
        };
        let (rule, _) =
            self.rules.iter().find(|(rule, glob)| rule.nullable.is_none_or(|it| it == nullable) && by_type(rule) && by_column(glob))?;
        let (element, package) = parts(&rule.go_type);
        let in_models = package.is_none() && names::is_exported(element) && element == rule.go_type;
        Some((rule.go_type.clone(), in_models, nullable && rule.nullable == Some(true)))
    }
}

/// The element type of `[]*pkg.Name` and its package.
fn parts(go_type: &str) -> (&str, Option<&str>) {
    let element = go_type.trim_start_matches(|it: char| !it.is_alphabetic() && it != '_');
    match element.split_once('.') {
        Some((package, _)) => (element, Some(package)),
        None => (element, None),
    }
}

/// All the imports that files may need, by name; of two packages of one name the later gets it and the earlier goes.
pub(super) fn merge(imports: impl IntoIterator<Item = Import>) -> Vec<Import> {
    let by_name: BTreeMap<String, Import> = imports.into_iter().map(|it| (it.name.clone(), it)).collect();
    let mut merged: Vec<Import> = by_name.into_values().collect();
    merged.sort();
    merged
}
