//! Go names for everything that shares a scope in the models package: tables with what hangs on them, enums with their
//! constants, composites, constraint names.
//!
//! Who comes first keeps the plain name, and the order is made so that adding something rarely renames what was there: relations before types,
//! `public` before other schemas, plain names before quoted ones, `user` before `user_create`. A relation's names are claimed
//! together, so `UserCreate2` never stands beside `UserPatch`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::literal;
use super::relation::Relation;
use crate::catalog::{Catalog, Definition, Identity, Kind, QualifiedName};
use crate::codegen::model::{EnumValue, TableNames};
use crate::codegen::names::{self, Scope, Style, numbered};
use crate::codegen::options::{Options, OptionsError};

/// What the default templates declare in the models package.
const MODELS_SCOPE: &[&str] = &["Opt", "Some", "Null", "OptOf"];
/// What they declare in the package of repositories.
const POSTGRES_SCOPE: &[&str] = &["Repositories", "NewRepositories", "InTx", "Nested", "RegisterTypes", "Functions", "NewFunctions"];

/// The names of a catalog.
#[derive(Clone)]
pub(super) struct Naming {
    /// By position in the list of relations.
    pub tables: Vec<Arc<TableNames>>,
    pub enums: BTreeMap<QualifiedName, EnumNames>,
    pub composites: BTreeMap<QualifiedName, String>,
    /// What is taken in the models package.
    pub models: Scope,
    /// Go constants of constraints and unique indexes, by relation and name.
    pub constraints: BTreeMap<(QualifiedName, String), String>,
    /// Types that stand in other packages.
    pub others: BTreeMap<QualifiedName, Other>,
    /// Those of the enums and composites that are aliases of a type in another package: that package's name, and the names there.
    pub aliases: BTreeMap<QualifiedName, Other>,
}

/// A type of another package.
#[derive(Clone)]
pub(super) struct Other {
    /// What code calls the package.
    pub package: String,
    pub name: String,
    /// The function that lists the values of an enum.
    pub plural: String,
    /// The constants of an enum.
    pub values: Vec<EnumValue>,
}

impl Naming {
    /// The package in which the constants of an enum are, and the constants.
    pub(super) fn constants<'n>(&'n self, models: &'n str, name: &QualifiedName) -> Option<(&'n str, &'n [EnumValue])> {
        let own = self.enums.get(name).map(|it| (models, &*it.values));
        own.or_else(|| self.others.get(name).map(|it| (&*it.package, &*it.values)))
    }

    /// What another package has to know of a type.
    pub(super) fn other(&self, name: &QualifiedName, package: &str) -> Option<Other> {
        let package = package.to_owned();
        match (self.enums.get(name), self.composites.get(name)) {
            (Some(it), _) => Some(Other { package, name: it.name.clone(), plural: it.plural.clone(), values: it.values.clone() }),
            (None, Some(it)) => Some(Other { package, name: it.clone(), plural: String::new(), values: Vec::new() }),
            (None, None) => None,
        }
    }
}

/// The names of an enum.
#[derive(Clone)]
pub(super) struct EnumNames {
    pub name: String,
    pub plural: String,
    pub values: Vec<EnumValue>,
}

/// Scopes while names are handed out.
struct Names<'a> {
    style: &'a Style,

    models: Scope,
    postgres: Scope,
    mocks: Scope,
    samples: Scope,
    plurals: Scope,
    files: Scope,
    locals: &'a Scope,
}

/// Hands out all names. `locals` holds what no variable may be called: imported packages and the like.
pub(super) fn assign(
    catalog: &Catalog,
    relations: &[Relation<'_>],
    types: &[Identity],
    style: &Style,
    options: &Options,
    locals: &Scope,
) -> Result<Naming, OptionsError> {
    let mut names = Names {
        style,

        models: Scope::new(MODELS_SCOPE.iter().copied()),
        postgres: Scope::new(POSTGRES_SCOPE.iter().copied()),
        mocks: Scope::new(["MockFunctions", "NewMockFunctions", "MockFunctionsMockRecorder"]),
        samples: Scope::default(),
        plurals: Scope::new([super::routine::FUNCTIONS]),
        files: Scope::new(["functions"]),
        locals,
    };
    let mut order: Vec<(usize, Vec<String>, Option<&str>)> = Vec::with_capacity(relations.len());
    for (at, relation) in relations.iter().enumerate() {
        order.push((at, style.singular(&relation.name.name), renamed(options, &relation.name)?));
    }
    order.sort_by_cached_key(|(at, words, rename)| {
        let name = &relations[*at].name;
        let go = rename.map_or_else(|| style.exported_words(words), str::to_owned);
        (rename.is_none(), name.schema != "public", !names::is_plain(&name.name), go, name.clone())
    });
    let mut tables: Vec<Option<TableNames>> = relations.iter().map(|_| None).collect();
    for (at, words, rename) in order {
        tables[at] = Some(names.table(&relations[at].name, words, rename));
    }
    let tables: Vec<Arc<TableNames>> = tables.into_iter().map(|it| Arc::new(it.expect("every relation was named"))).collect();

    let (mut enums, mut composites) = (BTreeMap::new(), BTreeMap::new());
    let mut types: Vec<&Identity> = types.iter().collect();
    types.sort_by_key(|it| (it.kind != Kind::Enum, it.schema != "public", !names::is_plain(&it.name), it.name.clone(), it.schema.clone()));
    for identity in types {
        let name = identity.qualified_name();
        let rename = renamed(options, &name)?;
        match catalog.get(identity).map(|it| &it.definition) {
            Some(Definition::Enum(definition)) => {
                let found = names.enumeration(&name, &definition.labels, rename);
                enums.insert(name, found);
            }
            Some(Definition::Composite(_)) => {
                let found = names.composite(&name, rename);
                composites.insert(name, found);
            }
            _ => {}
        }
    }

    let mut constraints = BTreeMap::new();
    for (relation, table) in relations.iter().zip(&tables) {
        for constraint in super::key::constraint_names(relation) {
            let wish = format!("Constraint{}", style.part(constraint));
            let name = names.models.claim_first(&[&wish, &format!("Constraint{}{}", table.model, style.part(constraint))]);
            constraints.insert((relation.name.clone(), constraint.to_owned()), name);
        }
    }
    let models = names.models;
    Ok(Naming { tables, enums, composites, constraints, models, others: BTreeMap::new(), aliases: BTreeMap::new() })
}

/// The name that the user chose, if any.
fn renamed<'a>(options: &'a Options, name: &QualifiedName) -> Result<Option<&'a str>, OptionsError> {
    let chosen = options.renames.get(&name.to_string()).or_else(|| options.renames.get(&name.name));
    chosen.map(|go_name| checked(&name.to_string(), go_name)).transpose()
}

/// A chosen name, if Go takes it.
pub(super) fn checked<'a>(name: &str, go_name: &'a str) -> Result<&'a str, OptionsError> {
    if names::is_exported(go_name) { Ok(go_name) } else { Err(OptionsError::Rename { name: name.to_owned(), go_name: go_name.to_owned() }) }
}

impl Names<'_> {
    fn table(&mut self, name: &QualifiedName, words: Vec<String>, rename: Option<&str>) -> TableNames {
        let words = rename.map_or(words, names::words);
        let with_schema: Vec<String> = names::words(&name.schema).into_iter().chain(words.iter().cloned()).collect();
        let plain = rename.map_or_else(|| self.style.exported_words(&words), str::to_owned);
        let prefixed = self.style.exported_words(&with_schema);
        // Another schema's table of the same name is told apart by the schema, anything else by a number.
        let bases = if name.schema == "public" { vec![(plain, words)] } else { vec![(plain, words), (prefixed, with_schema)] };
        let last = bases.last().expect("there is one").clone();
        let numbers = (2..).map(|n| (numbered(&last.0, n), last.1.iter().cloned().chain([n.to_string()]).collect()));
        let (model, words): (String, Vec<String>) =
            bases.iter().cloned().chain(numbers).find(|(base, _)| self.is_free(base)).expect("numbers don't end");
        let derived = |suffix: &str| format!("{model}{suffix}");
        for suffix in ["", "Create", "Patch", "Key", "Cursor", "Columns"] {
            self.models.take(&derived(suffix));
        }
        let (repository, mock) = (derived("Repository"), format!("Mock{model}Repository"));
        self.plurals.take(&repository);
        self.postgres.take(&repository);
        self.postgres.take(&format!("New{repository}"));
        for taken in [mock.clone(), format!("New{mock}"), format!("{mock}MockRecorder")] {
            self.mocks.take(&taken);
        }
        self.samples.take(&format!("make{model}"));
        let plural = self.style.plural(&words);
        let variable = self.local(&self.style.unexported_words(&words));
        let many = self.local(&self.style.unexported_words(&plural));
        let variables = if many == variable { format!("{variable}List") } else { many };
        TableNames {
            plural: self.plurals.claim(&self.style.exported_words(&plural)),
            variable,
            variables,
            create: derived("Create"),
            patch: derived("Patch"),
            key: derived("Key"),
            cursor: derived("Cursor"),
            columns: derived("Columns"),
            repository,
            mock,
            file: self.files.claim(&names::file_stem(&words)),
            model,
        }
    }

    /// Whether all the names that follow from a model's are free.
    fn is_free(&self, base: &str) -> bool {
        let free = |scope: &Scope, name: String| scope.is_free(&name);
        ["", "Create", "Patch", "Key", "Cursor", "Columns"].iter().all(|suffix| free(&self.models, format!("{base}{suffix}")))
            && ["", "New"].iter().all(|prefix| free(&self.postgres, format!("{prefix}{base}Repository")))
            && free(&self.plurals, format!("{base}Repository"))
            && free(&self.mocks, format!("Mock{base}Repository"))
            && free(&self.mocks, format!("NewMock{base}Repository"))
            && free(&self.mocks, format!("Mock{base}RepositoryMockRecorder"))
    }

    /// A variable's name that hides nothing.
    fn local(&self, name: &str) -> String {
        if self.locals.is_free(name) { name.to_owned() } else { format!("{name}Row") }
    }

    fn enumeration(&mut self, name: &QualifiedName, labels: &[String], rename: Option<&str>) -> EnumNames {
        for base in self.type_bases(name, rename, "Enum") {
            let plural = self.style.exported_words(&self.style.plural(&names::words(&base)));
            let plural = if plural == base { format!("{base}Values") } else { plural };
            // Constants may collide among themselves; a name of another's sends the whole enum to its next name.
            let wishes: Vec<(String, bool)> =
                labels.iter().map(|label| (format!("{base}{}", self.style.part(&spelled(label))), names::is_plain(label))).collect();
            let own = [base.clone(), plural.clone()];
            let mut scope = Scope::new(own.iter().map(String::as_str));
            let constants = names::distribute(&mut scope, &wishes);
            if own.iter().chain(&constants).all(|it| self.models.is_free(it)) && own[0] != own[1] {
                for taken in own.iter().chain(&constants) {
                    self.models.take(taken);
                }
                let values = constants.into_iter().zip(labels).map(|(name, label)| EnumValue { name, literal: literal::string(label) });
                return EnumNames { values: values.collect(), name: base, plural };
            }
        }
        unreachable!("numbers don't end")
    }

    fn composite(&mut self, name: &QualifiedName, rename: Option<&str>) -> String {
        let base = self.type_bases(name, rename, "Type").find(|it| self.models.is_free(it)).expect("numbers don't end");
        self.models.take(&base);
        base
    }

    /// The names that a type would take, best first, without end.
    fn type_bases(&self, name: &QualifiedName, rename: Option<&str>, suffix: &'static str) -> impl Iterator<Item = String> + use<> {
        let plain = rename.map_or_else(|| self.style.exported(&name.name), str::to_owned);
        let prefixed = format!("{}{plain}", self.style.exported(&name.schema));
        let suffixed = format!("{plain}{suffix}");
        let schema = (name.schema != "public").then_some(prefixed);
        std::iter::once(plain).chain(schema).chain((1..).map(move |n| numbered(&suffixed, n)))
    }
}

/// A label with its signs in words, so that `+1` and `-1`, `<` and `>` give names that say something.
fn spelled(label: &str) -> String {
    let word = |it: char| {
        Some(match it {
            '+' => "plus",
            '<' => "less",
            '>' => "greater",
            '=' => "equal",
            '*' => "star",
            '%' => "percent",
            '&' => "and",
            '#' => "hash",
            '!' => "not",
            '?' => "question",
            '@' => "at",
            '$' => "dollar",
            _ => return None,
        })
    };
    if label.is_empty() {
        return "empty".to_owned();
    }
    let minus = label.strip_prefix('-').filter(|rest| rest.starts_with(|it: char| it.is_ascii_digit()));
    let label = minus.map_or_else(|| label.to_owned(), |rest| format!("minus {rest}"));
    label.chars().fold(String::new(), |mut text, it| {
        match word(it) {
            Some(word) => text.push_str(&format!(" {word} ")),
            None => text.push(it),
        }
        text
    })
}
