//! A schema as a picture: text for Graphviz and for Mermaid. [`super::drawing`] draws it itself.
//!
//! Two pictures: what depends on what, any kind of object; and entities with their relations. Names are the user's, and
//! each language is given them in the form that can't end a label.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use pgx_goose::catalog::{Catalog, Column, Constraint, ConstraintKind, Definition, Identity, Kind, QualifiedName};
use pgx_goose::ddl;
use pgx_goose::graph;

/// Every object and what it needs, for Graphviz.
pub(crate) fn dependencies_dot(catalog: &Catalog) -> String {
    let mut text = String::from("digraph schema {\n  rankdir=LR;\n  node [shape=box];\n");
    let numbers = numbers(catalog);
    for (identity, number) in &numbers {
        let _ = writeln!(text, "  n{number} [label={}];", dot_quoted(&identity.to_string()));
    }
    for (from, on) in edges(catalog) {
        let _ = writeln!(text, "  n{} -> n{};", numbers[from], numbers[on]);
    }
    text.push_str("}\n");
    text
}

/// Every object and what it needs, for Mermaid.
pub(crate) fn dependencies_mermaid(catalog: &Catalog) -> String {
    let mut text = String::from("flowchart LR\n");
    let numbers = numbers(catalog);
    for (identity, number) in &numbers {
        let _ = writeln!(text, "  n{number}[\"{}\"]", mermaid_escaped(&identity.to_string()));
    }
    for (from, on) in edges(catalog) {
        let _ = writeln!(text, "  n{} --> n{}", numbers[from], numbers[on]);
    }
    text
}

fn numbers(catalog: &Catalog) -> BTreeMap<&Identity, usize> {
    catalog.iter().enumerate().map(|(number, (identity, _))| (identity, number)).collect()
}

/// Each pair once, however many columns of it are needed.
fn edges(catalog: &Catalog) -> BTreeSet<(&Identity, &Identity)> {
    graph::edges(catalog).map(|edge| (edge.from, edge.on)).collect()
}

/// Tables and how they refer to each other, for Graphviz.
pub(crate) fn entities_dot(catalog: &Catalog) -> String {
    let mut text = String::from("digraph schema {\n  rankdir=LR;\n  node [shape=plain];\n");
    let tables = tables(catalog);
    for (number, table) in tables.iter().enumerate() {
        let _ = write!(
            text,
            "  t{number} [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\"><tr><td colspan=\"2\"><b>{}</b></td></tr>",
            html(&table.name.to_string())
        );
        for column in table.columns {
            let mark = if table.keys.contains(column.name.as_str()) { " *" } else { "" };
            let _ = write!(
                text,
                "<tr><td align=\"left\">{}{mark}</td><td align=\"left\">{}</td></tr>",
                html(&column.name),
                html(&ddl::data_type(&column.data_type))
            );
        }
        text.push_str("</table>>];\n");
    }
    for relation in relations(catalog, &tables) {
        let _ = writeln!(text, "  t{} -> t{} [label={}];", relation.from, relation.to, dot_quoted(&relation.name));
    }
    text.push_str("}\n");
    text
}

/// Tables and how they refer to each other, as a Mermaid entity-relationship diagram.
pub(crate) fn entities_mermaid(catalog: &Catalog) -> String {
    let mut text = String::from("erDiagram\n");
    let tables = tables(catalog);
    for (number, table) in tables.iter().enumerate() {
        let _ = writeln!(text, "  t{number}[\"{}\"] {{", mermaid_escaped(&table.name.to_string()));
        for column in table.columns {
            // Types and attributes are words there; what is none is made one, and the true name is the comment.
            let (data_type, name) = (ddl::data_type(&column.data_type), &column.name);
            let key = if table.keys.contains(name.as_str()) { " PK" } else { "" };
            let word = mermaid_word(name);
            let comment = if word == *name { String::new() } else { format!(" \"{}\"", mermaid_escaped(name)) };
            let _ = writeln!(text, "    {} {word}{key}{comment}", mermaid_word(&data_type));
        }
        text.push_str("  }\n");
    }
    for relation in relations(catalog, &tables) {
        let one = if relation.optional { "o|" } else { "||" };
        let _ = writeln!(text, "  t{} }}o--{one} t{} : \"{}\"", relation.from, relation.to, mermaid_escaped(&relation.name));
    }
    text
}

/// A table as it is drawn.
pub(super) struct Table<'a> {
    pub(super) name: QualifiedName,
    pub(super) columns: &'a [Column],
    /// The columns of the primary key.
    pub(super) keys: BTreeSet<&'a str>,
}

/// The tables that a person would draw: partitions are part of the table that they are of.
pub(super) fn tables(catalog: &Catalog) -> Vec<Table<'_>> {
    let tables = catalog.of_kind(Kind::Table).filter_map(|(identity, object)| match &object.definition {
        Definition::Table(table) if table.partition_of.is_none() => Some((identity.qualified_name(), table)),
        _ => None,
    });
    tables
        .map(|(name, table)| {
            let keys = constraints(catalog, &name)
                .filter_map(|(_, it)| if let ConstraintKind::PrimaryKey(key) = &it.kind { Some(key) } else { None });
            let keys = keys.flat_map(|key| key.columns.iter().map(String::as_str)).collect();
            Table { name, columns: &table.columns, keys }
        })
        .collect()
}

/// A foreign key between two of the tables, by their places in the list.
pub(super) struct Relation {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) name: String,
    /// The first of its columns, and the one that it refers to.
    pub(super) column: String,
    pub(super) referenced: String,
    /// Whether a row may refer to none.
    pub(super) optional: bool,
}

pub(super) fn relations(catalog: &Catalog, tables: &[Table<'_>]) -> Vec<Relation> {
    let numbers: BTreeMap<&QualifiedName, usize> = tables.iter().enumerate().map(|(number, table)| (&table.name, number)).collect();
    let first = |columns: &[String]| columns.first().cloned().unwrap_or_default();
    let mut relations = Vec::new();
    for (from, table) in tables.iter().enumerate() {
        for (identity, constraint) in constraints(catalog, &table.name) {
            let ConstraintKind::ForeignKey(key) = &constraint.kind else { continue };
            let Some(&to) = numbers.get(&key.references) else { continue };
            let optional = table.columns.iter().any(|it| key.columns.contains(&it.name) && !it.not_null);
            let (column, referenced) = (first(&key.columns), first(&key.referenced_columns));
            relations.push(Relation { from, to, name: identity.name.clone(), column, referenced, optional });
        }
    }
    relations
}

fn constraints<'a>(catalog: &'a Catalog, table: &QualifiedName) -> impl Iterator<Item = (&'a Identity, &'a Constraint)> {
    catalog.within(Kind::Constraint, table).filter_map(|(identity, object)| match &object.definition {
        Definition::Constraint(constraint) => Some((identity, constraint)),
        _ => None,
    })
}

fn dot_quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

pub(super) fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Mermaid's own way to write what would end a label.
fn mermaid_escaped(text: &str) -> String {
    text.replace('#', "#35;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;").replace(['\n', '\r'], " ")
}

/// A word of letters, digits, `_`, and brackets, which begins with a letter.
fn mermaid_word(text: &str) -> String {
    let allowed = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '(' | ')' | '[' | ']');
    let word: String = text.chars().map(|it| if allowed(it) { it } else { '_' }).collect();
    if word.starts_with(|it: char| it.is_ascii_alphabetic()) { word } else { format!("c{word}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_their_labels() {
        assert_eq!(dot_quoted("a\"b\\"), "\"a\\\"b\\\\\"");
        assert_eq!(mermaid_escaped("a\"]b#"), "a#quot;]b#35;");
        assert_eq!(html("<b>&"), "&lt;b&gt;&amp;");
        assert_eq!(mermaid_word("numeric(10,2)"), "numeric(10_2)");
        assert_eq!(mermaid_word("1st \"x\""), "c1st__x_");
    }
}
