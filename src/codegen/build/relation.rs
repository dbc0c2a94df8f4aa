//! What a table, a foreign table, a view and a materialised view have in common, and which of them are generated.

use std::collections::{BTreeMap, BTreeSet};

use super::Error;
use crate::catalog::{
    Catalog, Constraint, ConstraintKind, DataType, Definition, Expression, Generated, Identity, IdentityGeneration, Index, Kind,
    PartitionKey, QualifiedName,
};
use crate::codegen::options::{Options, OptionsError};
use crate::diagnostic::{Diagnostic, nearest};

/// A relation with rows.
#[derive(Clone)]
pub(super) struct Relation<'a> {
    /// Whose it is: its place among the homes of the builder.
    pub home: usize,
    pub identity: &'a Identity,
    pub name: QualifiedName,
    pub comment: Option<&'a str>,
    pub columns: Vec<Source<'a>>,
    pub constraints: Vec<(&'a Identity, &'a Constraint)>,
    pub indexes: Vec<(&'a Identity, &'a Index)>,
    pub partition_key: Option<&'a PartitionKey>,
    pub read_only: bool,
    /// Whether triggers or rules may change what is written.
    pub touched: bool,
}

/// A column as the catalog has it.
#[derive(Clone)]
pub(super) struct Source<'a> {
    pub name: &'a str,
    pub data_type: &'a DataType,
    pub not_null: bool,
    pub default: Option<&'a Expression>,
    pub identity: Option<IdentityGeneration>,
    pub generated: Option<&'a Generated>,
    pub comment: Option<&'a str>,
}

impl Source<'_> {
    /// Whether an insert may name it.
    pub(super) fn insertable(&self) -> bool {
        self.generated.is_none() && self.identity != Some(IdentityGeneration::Always)
    }
}

/// Returns the relations that the options ask for, in the order of the catalog, and what was left out and why.
pub(super) fn select<'a>(catalog: &'a Catalog, options: &Options, diagnostics: &mut Vec<Diagnostic>) -> Result<Vec<Relation<'a>>, Error> {
    let wanted = Patterns::new(&options.tables)?;
    let ignored = Patterns::new(&options.ignore_tables)?;
    let indexes = indexes(catalog);
    let touched = touched(catalog);
    let mut relations = Vec::new();
    let mut used = BTreeSet::new();
    for kind in [Kind::Table, Kind::ForeignTable, Kind::View, Kind::MaterializedView] {
        for (identity, object) in catalog.of_kind(kind) {
            let in_schema = options.schemas.is_empty() || options.schemas.contains(&identity.schema);
            if !in_schema || ignored.matches(identity).next().is_some() {
                continue;
            }
            // A partition is a part of its parent; only who names it gets it.
            let partition = match &object.definition {
                Definition::Table(table) => table.partition_of.is_some(),
                Definition::ForeignTable(table) => table.partition_of.is_some(),
                _ => false,
            };
            let matching: Vec<usize> = wanted.matches(identity).collect();
            let named = matching.iter().any(|it| !partition || wanted.is_exact(*it, identity));
            used.extend(matching);
            if !named && (partition || !wanted.is_empty()) {
                continue;
            }
            match relation(catalog, identity, object, &indexes, &touched) {
                Ok(relation) => relations.push(relation),
                Err(reason) => diagnostics.push(
                    Diagnostic::warning(format!("no repository for {} `{}.{}`: {reason}", identity.kind, identity.schema, identity.name))
                        .about(identity.clone()),
                ),
            }
        }
    }
    missing(catalog, options, &wanted, &used, diagnostics);
    Ok(relations)
}

/// What is said of a pattern that matches nothing begins so.
pub(super) const NO_MATCH: &str = "no table matches `";

/// Tells of schemas and tables that were asked for and are not there.
fn missing(catalog: &Catalog, options: &Options, wanted: &Patterns, used: &BTreeSet<usize>, diagnostics: &mut Vec<Diagnostic>) {
    let with_rows = || catalog.iter().filter(|(identity, _)| identity.kind.is_relation());
    let mut schemas: BTreeSet<&str> = catalog.of_kind(Kind::Schema).map(|(identity, _)| identity.name.as_str()).collect();
    schemas.extend(with_rows().map(|(identity, _)| identity.schema.as_str()));
    for schema in options.schemas.iter().filter(|it| !schemas.contains(it.as_str())) {
        let finding = Diagnostic::error(format!("there is no schema `{schema}`"));
        diagnostics.push(with_nearest(finding, schema, &schemas));
    }
    for (n, pattern) in options.tables.iter().enumerate().filter(|(n, _)| !used.contains(n)) {
        let tables: BTreeSet<&str> = with_rows().map(|(identity, _)| identity.name.as_str()).collect();
        let finding = Diagnostic::error(format!("{NO_MATCH}{pattern}`"));
        debug_assert!(n < wanted.len());
        diagnostics.push(with_nearest(finding, pattern, &tables));
    }
}

fn with_nearest(finding: Diagnostic, name: &str, candidates: &BTreeSet<&str>) -> Diagnostic {
    match nearest(name, candidates.iter().copied()) {
        Some(near) => finding.hint(format!("did you mean `{near}`?")),
        None => finding,
    }
}

fn relation<'a>(
    catalog: &'a Catalog,
    identity: &'a Identity,
    object: &'a crate::catalog::Object,
    indexes: &BTreeMap<(&'a str, &'a str), Vec<(&'a Identity, &'a Index)>>,
    touched: &BTreeSet<(&'a str, &'a str)>,
) -> Result<Relation<'a>, String> {
    let name = identity.qualified_name();
    let mut constraints: Vec<_> = catalog
        .within(Kind::Constraint, &name)
        .filter_map(|(identity, object)| match &object.definition {
            Definition::Constraint(constraint) => Some((identity, constraint)),
            _ => None,
        })
        .collect();
    // The primary key comes first, whatever its name.
    constraints.sort_by_key(|(_, constraint)| !matches!(constraint.kind, ConstraintKind::PrimaryKey(_)));
    let mut partition_key = None;
    let (columns, read_only) = match &object.definition {
        Definition::Table(table) => {
            partition_key = table.partition_key.as_ref();
            (table.columns.iter().map(column).collect(), false)
        }
        // Whether a wrapper can write is between it and its server; what is sure is that it reads.
        Definition::ForeignTable(table) => (table.columns.iter().map(column).collect(), true),
        Definition::View(view) => (view_columns(&view.columns)?, true),
        Definition::MaterializedView(view) => (view_columns(&view.columns)?, true),
        _ => return Err("it has no rows".to_owned()),
    };
    // PostgreSQL allows it, and has no way to return a row of it.
    let columns: Vec<Source<'_>> = columns;
    if columns.is_empty() {
        return Err("it has no columns".to_owned());
    }
    let key = (identity.schema.as_str(), identity.name.as_str());
    Ok(Relation {
        home: 0,
        identity,
        name,
        comment: object.comment.as_deref(),
        columns,
        constraints,
        indexes: indexes.get(&key).cloned().unwrap_or_default(),
        partition_key,
        read_only,
        touched: touched.contains(&key),
    })
}

fn column(column: &crate::catalog::Column) -> Source<'_> {
    Source {
        name: &column.name,
        data_type: &column.data_type,
        not_null: column.not_null || column.identity.is_some(),
        default: column.default.as_ref(),
        identity: column.identity.as_ref().map(|it| it.generation),
        generated: column.generated.as_ref(),
        comment: column.comment.as_deref(),
    }
}

fn view_columns(columns: &[crate::catalog::ViewColumn]) -> Result<Vec<Source<'_>>, String> {
    columns
        .iter()
        .map(|it| {
            let data_type =
                it.data_type.as_ref().ok_or_else(|| format!("the type of its column `{}` can't be told from its query", it.name))?;
            let (name, comment) = (it.name.as_str(), it.comment.as_deref());
            Ok(Source { name, data_type, not_null: it.not_null, default: None, identity: None, generated: None, comment })
        })
        .collect()
}

/// Every index by its relation.
fn indexes(catalog: &Catalog) -> BTreeMap<(&str, &str), Vec<(&Identity, &Index)>> {
    let mut by_table: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (identity, object) in catalog.of_kind(Kind::Index) {
        if let Definition::Index(index) = &object.definition {
            by_table.entry((identity.schema.as_str(), index.table.as_str())).or_default().push((identity, index));
        }
    }
    by_table
}

/// The relations with triggers or rules.
fn touched(catalog: &Catalog) -> BTreeSet<(&str, &str)> {
    let within = |kind| catalog.of_kind(kind).map(|(identity, _)| (identity.schema.as_str(), identity.parent.as_str()));
    within(Kind::Trigger).chain(within(Kind::Rule)).collect()
}

/// Globs over `name` and `schema.name`.
struct Patterns {
    texts: Vec<String>,
    globs: globset::GlobSet,
}

impl Patterns {
    fn new(patterns: &[String]) -> Result<Self, OptionsError> {
        let mut set = globset::GlobSetBuilder::new();
        for pattern in patterns {
            let refused = |error: globset::Error| OptionsError::Glob { pattern: pattern.clone(), reason: error.kind().to_string() };
            set.add(globset::Glob::new(pattern).map_err(refused)?);
        }
        let all = |error: globset::Error| OptionsError::Glob { pattern: patterns.join(","), reason: error.kind().to_string() };
        Ok(Self { texts: patterns.to_vec(), globs: set.build().map_err(all)? })
    }

    fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    fn len(&self) -> usize {
        self.texts.len()
    }

    /// The positions of the patterns that match.
    fn matches(&self, identity: &Identity) -> impl Iterator<Item = usize> {
        let qualified = format!("{}.{}", identity.schema, identity.name);
        let exact = self.texts.iter().enumerate().filter(|(_, text)| **text == identity.name || **text == qualified).map(|(n, _)| n);
        let found: BTreeSet<usize> =
            self.globs.matches(&identity.name).into_iter().chain(self.globs.matches(&qualified)).chain(exact).collect();
        found.into_iter()
    }

    fn is_exact(&self, pattern: usize, identity: &Identity) -> bool {
        let text = &self.texts[pattern];
        *text == identity.name || *text == format!("{}.{}", identity.schema, identity.name)
    }
}
