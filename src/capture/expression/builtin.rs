//! The functions, operators, casts, types, relations, operator classes and collations that PostgreSQL itself has, and those of the extensions that come with it.
//!
//! `snapshots/builtin/` is written from servers of all majors by `scripts/builtin-catalogs`, which also says what its lines
//! mean. Types are named by their internal names, arrays with an underscore before the element's. What is read is the newest
//! major: most of it only grows.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::sync::LazyLock;

use super::infer::Declared;

/// The major whose `pg_catalog` is read.
const MAJOR: &str = "18";

/// A function of `pg_catalog`.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) result: &'static str,
    pub(super) arguments: Vec<&'static str>,
    /// The same as types.
    pub(super) parameters: Vec<Declared<'static>>,
    pub(super) variadic: bool,
    pub(super) aggregate: bool,
    /// Whether NULL for an argument gives NULL.
    pub(super) strict: bool,
    /// Whether it gives rows.
    pub(super) set: bool,
    /// How many of the last arguments have defaults.
    pub(super) defaults: usize,
    /// Output columns, by name and type.
    pub(super) columns: Vec<(&'static str, &'static str)>,
}

/// An operator of `pg_catalog`.
#[derive(Debug)]
pub(super) struct Operator {
    pub(super) result: &'static str,
    /// The types of both sides; no left one for a prefix operator.
    pub(super) left: Option<&'static str>,
    pub(super) right: &'static str,
    /// The same as types.
    pub(super) parameters: Vec<Declared<'static>>,
}

/// An operator class of an access method.
#[derive(Debug)]
struct OperatorClass {
    name: &'static str,
    data_type: &'static str,
    /// Whether an index on the type has it where none is named.
    default: bool,
}

/// A column of a relation of `pg_catalog` or `information_schema`.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    /// With its schema where that is not `pg_catalog`.
    pub(super) data_type: &'static str,
    pub(super) not_null: bool,
}

/// All of it.
#[derive(Default)]
pub(super) struct Builtin {
    functions: HashMap<&'static str, Vec<Function>>,
    operators: HashMap<&'static str, Vec<Operator>>,
    /// What a type becomes without being asked to.
    implicit: HashMap<&'static str, Vec<&'static str>>,
    /// Category, and whether the type is the preferred one of it.
    types: HashMap<&'static str, (&'static str, bool)>,
    relations: HashMap<&'static str, HashMap<&'static str, Vec<Column>>>,
    /// By access method.
    operator_classes: HashMap<&'static str, Vec<OperatorClass>>,
    collations: HashSet<&'static str>,
}

static BUILTIN: LazyLock<Builtin> = LazyLock::new(|| {
    let mut builtin = Builtin::default();
    for line in unpacked(include_bytes!("../../../snapshots/builtin/postgresql.tsv.gz")).lines() {
        let mut fields = line.split('\t');
        let until = fields.next().and_then(|it| it.split_once('-')).map(|it| it.1);
        let fields: Vec<&str> = fields.skip(1).collect();
        // Which of ICU's collations there are depends on its library, not on the major.
        if until == Some(MAJOR) || fields.first() == Some(&"l") {
            builtin.add(&fields);
        }
    }
    builtin
});

/// By extension.
static EXTENSIONS: LazyLock<HashMap<&'static str, Builtin>> = LazyLock::new(|| {
    let lines: Vec<(&str, Vec<&str>)> = unpacked(include_bytes!("../../../snapshots/builtin/extensions.tsv.gz"))
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            Some((fields.next()?.split_once('-')?.1, fields.collect()))
        })
        .collect();
    // The newest major that has the extension.
    let mut newest: HashMap<&str, &str> = HashMap::new();
    for (until, fields) in &lines {
        let kept = newest.entry(fields.first().copied().unwrap_or_default()).or_insert(until);
        *kept = (*kept).max(until);
    }
    let mut extensions: HashMap<&str, Builtin> = HashMap::new();
    for (until, fields) in &lines {
        if let Some((extension, fields)) = fields.split_first()
            && newest.get(extension) == Some(until)
        {
            extensions.entry(extension).or_default().add(fields);
        }
    }
    extensions
});

/// A file that is embedded compressed; once unpacked it stays.
fn unpacked(bytes: &[u8]) -> &'static str {
    let mut text = String::new();
    // A file of our own that is damaged leaves nothing known; a test reads it.
    let _ = flate2::read::GzDecoder::new(bytes).read_to_string(&mut text);
    text.leak()
}

impl Builtin {
    /// What PostgreSQL itself has, read when it is first needed.
    pub(super) fn get() -> &'static Self {
        &BUILTIN
    }

    /// What an extension has, where its catalog is known.
    pub(super) fn extension(name: &str) -> Option<&'static Self> {
        EXTENSIONS.get(name)
    }

    fn add(&mut self, fields: &[&'static str]) {
        let builtin = self;
        let field = |n: usize| fields.get(n).copied().unwrap_or_default();
        match field(0) {
            "f" => {
                let flags = field(4);
                let arguments: Vec<&'static str> = field(3).split_whitespace().collect();
                let column = |it: &'static str| it.split_once(' ');
                builtin.functions.entry(field(1)).or_default().push(Function {
                    result: field(2),
                    parameters: arguments.iter().map(|it| Declared::builtin(it)).collect(),
                    arguments,
                    variadic: flags.contains('v'),
                    aggregate: flags.contains('a'),
                    strict: flags.contains('s'),
                    set: flags.contains('r'),
                    defaults: flags.trim_start_matches(|it: char| it.is_ascii_alphabetic()).parse().unwrap_or(0),
                    columns: field(5).split(',').filter_map(column).collect(),
                });
            }
            "o" => {
                let (left, right) = field(3).split_once(' ').unwrap_or(("none", field(3)));
                let left = (left != "none").then_some(left);
                let parameters = left.into_iter().chain([right]).map(Declared::builtin).collect();
                builtin.operators.entry(field(1)).or_default().push(Operator { result: field(2), left, right, parameters });
            }
            "c" if field(3) == "i" => builtin.implicit.entry(field(1)).or_default().push(field(2)),
            "t" => {
                builtin.types.insert(field(1), (field(2), field(3) == "p"));
            }
            "r" => {
                let column = |it: &'static str| {
                    let (name, data_type) = it.split_once(' ')?;
                    Some(Column { name, data_type: data_type.trim_end_matches('!'), not_null: data_type.ends_with('!') })
                };
                let columns = field(3).split(',').filter_map(column).collect();
                builtin.relations.entry(field(1)).or_default().insert(field(2), columns);
            }
            "p" => {
                let class = OperatorClass { name: field(2), data_type: field(3), default: field(4) == "d" };
                builtin.operator_classes.entry(field(1)).or_default().push(class);
            }
            "l" => {
                builtin.collations.insert(field(1));
            }
            _ => {}
        }
    }

    /// The functions of that name.
    pub(super) fn functions(&self, name: &str) -> &[Function] {
        self.functions.get(name).map_or(&[], Vec::as_slice)
    }

    /// The names of all functions.
    pub(super) fn function_names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(AsRef::as_ref)
    }

    /// The operators of that name.
    pub(super) fn operators(&self, name: &str) -> &[Operator] {
        self.operators.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether one type becomes the other without being asked to.
    pub(super) fn is_implicit(&self, from: &str, to: &str) -> bool {
        self.implicit.get(from).is_some_and(|it| it.contains(&to))
    }

    /// The category of a type (`pg_type.typcategory`); arrays are `A`, enums and others that the server doesn't have are none.
    pub(super) fn category(&self, name: &str) -> Option<&'static str> {
        if name.starts_with('_') {
            return Some("A");
        }
        self.types.get(name).map(|(category, _)| *category)
    }

    /// Whether a type is the preferred one of its category.
    pub(super) fn is_preferred(&self, name: &str) -> bool {
        self.types.get(name).is_some_and(|(_, preferred)| *preferred)
    }

    /// The operator class that an index of an access method has on a type, by the type's own name; `None` where one must be named, or where
    /// that of another type serves.
    pub(super) fn default_operator_class(&self, method: &str, data_type: &str) -> Option<&'static str> {
        let classes = self.operator_classes.get(method)?;
        classes.iter().find(|it| it.default && it.data_type == data_type).map(|it| it.name)
    }

    /// Whether an operator class is the default for some type.
    pub(super) fn is_default_for_some_type(&self, method: &str, class: &str) -> bool {
        self.operator_classes.get(method).is_some_and(|all| all.iter().any(|it| it.default && it.name == class))
    }

    /// The names of an access method's operator classes.
    pub(super) fn operator_classes(&self, method: &str) -> impl Iterator<Item = &'static str> {
        self.operator_classes.get(method).into_iter().flatten().map(|it| it.name)
    }

    /// The collations that are the same on all machines.
    pub(super) fn collations(&self) -> impl Iterator<Item = &'static str> {
        self.collations.iter().copied()
    }

    /// The columns of a relation of the server's own.
    pub(super) fn relation(&self, schema: &str, name: &str) -> Option<&[Column]> {
        self.relations.get(schema)?.get(name).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_whole() {
        assert!(Builtin::get().functions("lower").len() > 1);
        assert!(Builtin::get().relation("pg_catalog", "pg_class").is_some());
        let citext = Builtin::extension("citext").expect("it comes with PostgreSQL");
        assert_eq!(citext.category("citext"), Some("S"));
        assert!(citext.is_implicit("citext", "text"));
    }
}
