//! What templates see: the view model as values that a template engine reads, made once a table.
//!
//! | name | is |
//! |---|---|
//! | `pkg` | the packages' names, as code writes them: `pkg.models` |
//! | `packages` | [`super::model::Packages`] |
//! | `mocks` | `written`, `testify`, `gomock`: which mocks there are |
//! | `table` | [`super::model::Table`], in a file of a table |
//! | `names` | `table.names`, which every line asks for |
//! | `tables` | all of [`super::model::Table`], in a file of the user's own that is one for all |
//! | `project` | in a file of the project: `enums`, `composites`, `registered_types`, `codecs`, `tests` of [`super::model::Project`], and `tables`, each with `names`, `sql`, `kind`, `read_only` |
//! | `cross` | in files that only schemas have which are packages of their own: [`super::cross::model`] |

use std::collections::BTreeMap;

use serde::Serialize;
use upon::Value;

use super::model::{Packages, Project, Routines, Table};
use super::options::{MockProvider, Options};

/// What every template sees.
pub(super) struct Shared(BTreeMap<String, Value>);

impl Shared {
    pub(super) fn new(project: &Project, options: &Options) -> Self {
        let packages = &project.packages;
        let pkg = package_names(packages).into_iter().map(|(name, it)| (name.to_owned(), Value::String(it.to_owned()))).collect();
        let mocks = [
            ("written", options.with_mocks),
            ("testify", options.with_mocks && options.mock_provider == MockProvider::Testify),
            ("gomock", options.with_mocks && options.mock_provider == MockProvider::Gomock),
        ];
        let mocks = mocks.into_iter().map(|(name, it)| (name.to_owned(), Value::Bool(it))).collect();
        Self(BTreeMap::from([
            ("pkg".to_owned(), Value::Map(pkg)),
            ("packages".to_owned(), value(packages)),
            ("mocks".to_owned(), Value::Map(mocks)),
        ]))
    }

    /// Returns what the templates of a table see.
    pub(super) fn table(&self, table: &Table) -> Value {
        self.with([("table", value(table)), ("names", value(table.names.as_ref()))])
    }

    /// Returns what the templates of functions see: their mocks are made as those of a table.
    pub(super) fn functions(&self, functions: &Routines) -> Value {
        self.with([("table", value(functions)), ("names", value(&functions.names))])
    }

    /// Returns what the templates of the project see.
    pub(super) fn project(&self, project: &Project) -> Value {
        let data = BTreeMap::from([
            ("enums".to_owned(), value(&project.enums)),
            ("composites".to_owned(), value(&project.composites)),
            ("registered_types".to_owned(), value(&project.registered_types)),
            ("codecs".to_owned(), value(&project.codecs)),
            ("tables".to_owned(), value(&project.tables)),
            ("tests".to_owned(), value(&project.tests)),
            ("has_functions".to_owned(), Value::Bool(!project.functions.routines.is_empty())),
        ]);
        self.with([("project", Value::Map(data))])
    }

    /// Returns what a template of the user's own sees that makes one file for all: the project, and all of its `tables`.
    pub(super) fn all(&self, project: &Project, tables: &[Table]) -> Value {
        let mut data = self.project(project);
        if let Value::Map(data) = &mut data {
            data.insert("tables".to_owned(), value(&tables));
        }
        data
    }

    /// Returns what files between schemas see.
    pub(super) fn cross(&self, cross: &impl Serialize) -> Value {
        self.with([("cross", value(cross))])
    }

    fn with<const N: usize>(&self, values: [(&str, Value); N]) -> Value {
        let mut data = self.0.clone();
        data.extend(values.map(|(name, value)| (name.to_owned(), value)));
        Value::Map(data)
    }
}

/// The packages' names, as code writes them.
fn package_names(packages: &Packages) -> [(&'static str, &str); 6] {
    [
        ("models", &packages.models),
        ("interfaces", &packages.interfaces),
        ("postgres", &packages.postgres),
        ("mocks", &packages.mocks),
        ("tests", &packages.tests),
        ("runtime", &packages.runtime),
    ]
    .map(|(name, package)| (name, package.name.as_str()))
}

/// What is the same in all files, by the name that templates give it.
pub(super) fn constants(packages: &Packages) -> Vec<(String, String)> {
    package_names(packages).into_iter().map(|(name, it)| (format!("pkg.{name}"), it.to_owned())).collect()
}

/// A value as JSON, indented, with a line break at its end.
pub(super) fn json(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(&plain(value)).expect("texts, numbers, lists and maps can be JSON");
    text.push('\n');
    text
}

/// A value as JSON has it.
pub(super) fn plain(value: &Value) -> serde_json::Value {
    match value {
        Value::None => serde_json::Value::Null,
        Value::Bool(it) => (*it).into(),
        Value::Integer(it) => (*it).into(),
        Value::Float(it) => (*it).into(),
        Value::String(it) => it.as_str().into(),
        Value::List(items) => items.iter().map(plain).collect(),
        Value::Map(fields) => fields.iter().map(|(name, it)| (name.clone(), plain(it))).collect(),
    }
}

/// The model has only what a value can hold: structs, lists, texts, numbers, booleans.
fn value(it: &impl Serialize) -> Value {
    upon::to_value(it).expect("the view model is plain data")
}
