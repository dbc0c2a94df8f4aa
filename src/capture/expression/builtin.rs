//! The functions, operators, casts, types and relations that PostgreSQL itself has.
//!
//! `builtin.tsv` is written from a server by `scripts/builtin-functions`, which also says what its lines mean. Types are
//! named by their internal names, arrays with an underscore before the element's.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// A function of `pg_catalog`.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) result: &'static str,
    pub(super) arguments: Vec<&'static str>,
    pub(super) variadic: bool,
    pub(super) aggregate: bool,
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
    implicit: HashSet<(&'static str, &'static str)>,
    assignment: HashSet<(&'static str, &'static str)>,
    /// Category, and whether the type is the preferred one of it.
    types: HashMap<&'static str, (&'static str, bool)>,
    relations: HashMap<&'static str, HashMap<&'static str, Vec<Column>>>,
}

static BUILTIN: LazyLock<Builtin> = LazyLock::new(|| Builtin::read(include_str!("builtin.tsv")));

impl Builtin {
    /// The table, read when it is first needed.
    pub(super) fn get() -> &'static Self {
        &BUILTIN
    }

    fn read(text: &'static str) -> Self {
        let mut builtin = Self::default();
        for line in text.lines() {
            let fields: Vec<&'static str> = line.split('\t').collect();
            let field = |n: usize| fields.get(n).copied().unwrap_or_default();
            match field(0) {
                "f" => {
                    let flags = field(4);
                    let column = |it: &'static str| it.split_once(' ');
                    builtin.functions.entry(field(1)).or_default().push(Function {
                        result: field(2),
                        arguments: field(3).split_whitespace().collect(),
                        variadic: flags.contains('v'),
                        aggregate: flags.contains('a'),
                        defaults: flags.trim_start_matches(|it: char| it.is_ascii_alphabetic()).parse().unwrap_or(0),
                        columns: field(5).split(',').filter_map(column).collect(),
                    });
                }
                "o" => {
                    let (left, right) = field(3).split_once(' ').unwrap_or(("none", field(3)));
                    let left = (left != "none").then_some(left);
                    builtin.operators.entry(field(1)).or_default().push(Operator { result: field(2), left, right });
                }
                "c" => {
                    let casts = if field(3) == "i" { &mut builtin.implicit } else { &mut builtin.assignment };
                    casts.insert((field(1), field(2)));
                }
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
                _ => {}
            }
        }
        builtin
    }

    /// The functions of that name.
    pub(super) fn functions(&self, name: &str) -> &[Function] {
        self.functions.get(name).map_or(&[], Vec::as_slice)
    }

    /// The operators of that name.
    pub(super) fn operators(&self, name: &str) -> &[Operator] {
        self.operators.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether one type becomes the other without being asked to.
    pub(super) fn is_implicit(&self, from: &str, to: &str) -> bool {
        self.implicit.contains(&(from, to))
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

    /// The columns of a relation of the server's own.
    pub(super) fn relation(&self, schema: &str, name: &str) -> Option<&[Column]> {
        self.relations.get(schema)?.get(name).map(Vec::as_slice)
    }
}
