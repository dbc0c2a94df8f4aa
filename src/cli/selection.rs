//! Which part of a schema a command works on: schemas by name, tables by name or pattern.

use globset::{Glob, GlobSet, GlobSetBuilder};
use pgx_goose::catalog::{Catalog, Identity, Kind};
use pgx_goose::diagnostic::{Diagnostic, nearest};

use super::error::{Exit, Failure};
use super::report::Report;

/// Takes the part of a catalog that is asked for; all of it, where nothing is.
pub(crate) fn select(
    catalog: Catalog,
    schemas: &[String],
    tables: &[String],
    ignored: &[String],
    report: &Report,
) -> Result<Catalog, Failure> {
    if schemas.is_empty() && tables.is_empty() && ignored.is_empty() {
        return Ok(catalog);
    }
    let (wanted, unwanted) = (Patterns::new(tables)?, Patterns::new(ignored)?);
    let missing: Vec<_> = missing_schemas(&catalog, schemas).chain(missing_tables(&catalog, tables)?).collect();
    if !missing.is_empty() {
        return Err(Failure::found(Exit::Usage, missing));
    }
    let in_schemas = |identity: &Identity| {
        let schema = if identity.kind == Kind::Schema { &identity.name } else { &identity.schema };
        schemas.is_empty() || schemas.contains(schema)
    };
    let selection = catalog.select(|identity| {
        let named = if has_rows(identity) { wanted.is_empty() || wanted.matches(identity) } else { wanted.is_empty() };
        in_schemas(identity) && named && !(has_rows(identity) && unwanted.matches(identity))
    });
    for key in &selection.foreign_keys {
        let finding = Diagnostic::warning(format!("`{key}` is left out: the table that it refers to is not selected"));
        report.diagnostic(&finding.about(key.clone()));
    }
    Ok(selection.catalog)
}

fn has_rows(identity: &Identity) -> bool {
    matches!(identity.kind, Kind::Table | Kind::ForeignTable | Kind::View | Kind::MaterializedView)
}

fn missing_schemas<'a>(catalog: &'a Catalog, schemas: &'a [String]) -> impl Iterator<Item = Diagnostic> + 'a {
    let there = || catalog.of_kind(Kind::Schema).map(|(identity, _)| identity.name.as_str());
    schemas.iter().filter(move |schema| there().all(|it| it != *schema)).map(move |schema| {
        let finding = Diagnostic::error(format!("there is no schema `{schema}`"));
        nearest(schema, there()).into_iter().fold(finding, |finding, near| finding.hint(format!("did you mean `{near}`?")))
    })
}

fn missing_tables(catalog: &Catalog, patterns: &[String]) -> Result<Vec<Diagnostic>, Failure> {
    let tables: Vec<_> = catalog.iter().map(|(identity, _)| identity).filter(|it| has_rows(it)).collect();
    let mut missing = Vec::new();
    for pattern in patterns {
        let alone = Patterns::new(std::slice::from_ref(pattern))?;
        if !tables.iter().any(|it| alone.matches(it)) {
            let finding = Diagnostic::error(format!("no table matches `{pattern}`"));
            let near = nearest(pattern, tables.iter().map(|it| it.name.as_str()));
            missing.push(near.into_iter().fold(finding, |finding, near| finding.hint(format!("did you mean `{near}`?"))));
        }
    }
    Ok(missing)
}

/// Names and patterns of relations, with or without their schema.
struct Patterns {
    texts: Vec<String>,
    globs: GlobSet,
}

impl Patterns {
    fn new(texts: &[String]) -> Result<Self, Failure> {
        let mut globs = GlobSetBuilder::new();
        let refused = |text: &str, error: &globset::Error| Failure::usage(format!("`{text}` is no pattern: {}", error.kind()));
        for text in texts {
            globs.add(Glob::new(text).map_err(|error| refused(text, &error))?);
        }
        let globs = globs.build().map_err(|error| refused(&texts.join(","), &error))?;
        Ok(Self { texts: texts.to_vec(), globs })
    }

    fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    fn matches(&self, identity: &Identity) -> bool {
        let qualified = format!("{}.{}", identity.schema, identity.name);
        // A name may have what means something in a pattern.
        let exact = self.texts.iter().any(|it| *it == identity.name || *it == qualified);
        exact || self.globs.is_match(&identity.name) || self.globs.is_match(&qualified)
    }
}
