//! What well-known extensions bring along: the names of their types, functions, operators and operator classes, and their comments.
//!
//! The members of an extension are no objects of the catalog, but columns, expressions and indexes name them. The table,
//! `extensions.tsv`, has a line an extension and sort of member; a new extension is new lines. Members of an extension that
//! is not in it are unknown.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Extension, sort of member, names.
static MEMBERS: LazyLock<HashMap<(&'static str, &'static str), Vec<&'static str>>> = LazyLock::new(|| {
    let mut members: HashMap<_, Vec<_>> = HashMap::new();
    for line in include_str!("extensions.tsv").lines() {
        let mut fields = line.splitn(3, '\t');
        if let (Some(extension), Some(sort), Some(names)) = (fields.next(), fields.next(), fields.next()) {
            members.entry((extension, sort)).or_default().extend(names.split(' ').filter(|it| !it.is_empty()));
        }
    }
    members
});

fn members<'n>(extension: &'n str, sort: &'n str) -> impl Iterator<Item = &'static str> {
    MEMBERS.get(&(extension, sort)).into_iter().flatten().copied()
}

/// The types of an extension.
pub(crate) fn types(extension: &str) -> impl Iterator<Item = &'static str> {
    members(extension, "types")
}

/// The tables and views of an extension.
pub(crate) fn relations(extension: &str) -> impl Iterator<Item = &'static str> {
    members(extension, "relations")
}

/// The functions of an extension, each name once.
pub(crate) fn functions(extension: &str) -> impl Iterator<Item = &'static str> {
    members(extension, "functions")
}

/// The operators of an extension, each name once.
pub(crate) fn operators(extension: &str) -> impl Iterator<Item = &'static str> {
    members(extension, "operators")
}

/// The access methods of an extension.
pub(crate) fn access_methods(extension: &str) -> impl Iterator<Item = &'static str> {
    members(extension, "methods")
}

/// The comment that an extension's control file gives it, in every version of PostgreSQL.
pub(crate) fn comment(extension: &str) -> Option<String> {
    let words: Vec<&str> = members(extension, "comment").collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The extensions that an extension needs.
pub(crate) fn requires(extension: &str) -> impl Iterator<Item = &'static str> {
    members(extension, "requires")
}

/// The schema that an extension's control file demands, if any.
pub(crate) fn fixed_schema(extension: &str) -> Option<&'static str> {
    members(extension, "schema").next()
}

/// The names of the operator classes of an extension.
pub(crate) fn operator_classes(extension: &str) -> impl Iterator<Item = &'static str> {
    members(extension, "classes").filter_map(|it| it.split('/').nth(1))
}

/// Whether an extension's operator class is the default of its access method for its type.
pub(crate) fn is_default_class(extension: &str, method: &str, class: &str) -> bool {
    members(extension, "classes").any(|it| {
        let fields: Vec<&str> = it.split('/').collect();
        matches!(fields.as_slice(), [m, c, _, "default"] if *m == method && *c == class)
    })
}

/// Whether the table knows the extension.
pub(crate) fn is_known(extension: &str) -> bool {
    const SORTS: [&str; 7] = ["types", "relations", "functions", "operators", "classes", "schema", "comment"];
    SORTS.iter().any(|sort| MEMBERS.contains_key(&(extension, *sort)))
}
