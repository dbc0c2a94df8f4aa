//! The names that the server gives to what has none: constraints, indexes, sequences.
//!
//! PostgreSQL src/backend/commands/indexcmds.c (makeObjectName, ChooseRelationName, ChooseIndexName,
//! ChooseIndexNameAddition, ChooseIndexColumnNames), src/backend/catalog/pg_constraint.c (ChooseConstraintName).

use super::state::State;

/// The longest name, in bytes: `NAMEDATALEN - 1`.
const LONGEST: usize = 63;

/// Cuts a name to a number of bytes, at the boundary of a character.
fn clip(name: &str, bytes: usize) -> &str {
    &name[..name.floor_char_boundary(bytes)]
}

/// `name1_name2_label`, the longer of the two names shortened first.
pub(crate) fn make_object_name(name1: &str, name2: Option<&str>, label: Option<&str>) -> String {
    let overhead = name2.map_or(0, |_| 1) + label.map_or(0, |label| label.len() + 1);
    let available = LONGEST.saturating_sub(overhead);
    let (mut length1, mut length2) = (name1.len(), name2.map_or(0, str::len));
    while length1 + length2 > available {
        if length1 > length2 { length1 -= 1 } else { length2 -= 1 }
    }
    let mut name = clip(name1, length1).to_owned();
    for part in [name2.map(|it| clip(it, length2)), label].into_iter().flatten() {
        name.push('_');
        name.push_str(part);
    }
    name
}

/// The first of `…_label`, `…_label1`, `…_label2` that is free.
fn choose(name1: &str, name2: Option<&str>, label: &str, is_free: impl Fn(&str) -> bool) -> String {
    let mut name = make_object_name(name1, name2, Some(label));
    let mut pass = 0;
    while !is_free(&name) {
        pass += 1;
        name = make_object_name(name1, name2, Some(&format!("{label}{pass}")));
    }
    name
}

/// A name that no relation of the schema has.
pub(crate) fn choose_relation_name(state: &State<'_>, schema: &str, name1: &str, name2: Option<&str>, label: &str) -> String {
    choose(name1, name2, label, |name| state.names().relation(schema, name).is_none())
}

/// A name that no constraint of any relation of the schema has, and that is not among `others`.
pub(crate) fn choose_constraint_name(
    state: &State<'_>,
    schema: &str,
    name1: &str,
    name2: Option<&str>,
    label: &str,
    others: &[String],
) -> String {
    choose(name1, name2, label, |name| !others.iter().any(|it| it == name) && !state.names().has_constraint(schema, name))
}

/// What an index without a name is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexPurpose {
    PrimaryKey,
    Exclusion,
    Unique,
    Plain,
}

/// The name of an index, or of the constraint that it carries.
pub(crate) fn choose_index_name(state: &State<'_>, schema: &str, table: &str, columns: &[String], purpose: IndexPurpose) -> String {
    let addition = name_addition(columns);
    let (name2, label) = match purpose {
        IndexPurpose::PrimaryKey => (None, "pkey"),
        IndexPurpose::Exclusion => (Some(addition.as_str()), "excl"),
        IndexPurpose::Unique => (Some(addition.as_str()), "key"),
        IndexPurpose::Plain => (Some(addition.as_str()), "idx"),
    };
    choose(table, name2, label, |name| {
        state.names().relation(schema, name).is_none() && (purpose == IndexPurpose::Plain || !state.names().has_constraint(schema, name))
    })
}

/// The column names of an index or a foreign key as a part of its name.
pub(crate) fn name_addition<S: AsRef<str>>(columns: &[S]) -> String {
    let mut addition = String::new();
    for column in columns {
        if !addition.is_empty() {
            addition.push('_');
        }
        addition.push_str(clip(column.as_ref(), LONGEST));
        if addition.len() > LONGEST {
            break;
        }
    }
    addition
}

/// The columns of an index: names made different from each other by a number.
pub(crate) fn index_column_names(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut chosen: Vec<String> = Vec::new();
    for original in names {
        let mut name = original.clone();
        let mut number = 0;
        while chosen.contains(&name) {
            number += 1;
            let suffix = number.to_string();
            name = format!("{}{suffix}", clip(&original, LONGEST - suffix.len()));
        }
        chosen.push(name);
    }
    chosen
}

/// The name of the multirange of a range: "range" becomes "multirange", else "_multirange" is added.
/// PostgreSQL src/backend/catalog/pg_type.c, makeMultirangeTypeName.
pub(crate) fn multirange_name(range: &str) -> String {
    match range.find("range") {
        Some(at) => {
            let name = format!("{}multi{}", &range[..at], &range[at..]);
            clip(&name, LONGEST).to_owned()
        }
        None => {
            const SUFFIX: &str = "_multirange";
            format!("{}{SUFFIX}", clip(range, LONGEST - SUFFIX.len()))
        }
    }
}

/// Whether a NOT NULL constraint's name is one that PostgreSQL 18 makes: `table_column_not_null`, with a number where that was
/// taken. It stays when table or column are renamed, so the names in it say nothing.
pub(crate) fn is_made_for_not_null(name: &str) -> bool {
    name.trim_end_matches(|it: char| it.is_ascii_digit()).ends_with("_not_null")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name1: &str, name2: Option<&str>, label: &str, expected: &str) {
        assert_eq!(make_object_name(name1, name2, Some(label)), expected);
    }

    #[test]
    fn names_are_joined_and_cut() {
        check("p", None, "pkey", "p_pkey");
        check("p", Some("a_b"), "fkey", "p_a_b_fkey");
        check(
            "a_very_long_table_name_that_is_longer_than_it_should_be_really",
            Some("a_very_long_column_name_that_is_long_too_and_then_some"),
            "seq",
            "a_very_long_table_name_that_i_a_very_long_column_name_that__seq",
        );
        check(&"é".repeat(31), Some("abc"), "key", &format!("{}_abc_key", "é".repeat(27)));
    }

    #[test]
    fn multiranges_are_named_after_ranges() {
        let check = |range, expected| assert_eq!(multirange_name(range), expected);
        check("floatrange", "floatmultirange");
        check("float_range", "float_multirange");
        check("rng", "rng_multirange");
    }

    #[test]
    fn index_columns_are_made_different() {
        let names = ["expr", "a", "expr", "expr"].map(str::to_owned);
        assert_eq!(index_column_names(names), ["expr", "a", "expr1", "expr2"]);
    }
}
