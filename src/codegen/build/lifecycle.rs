//! Columns that say something of a row's life: when it was softly deleted, how often it was changed.
//!
//! They are told by name and by what they are. A table that has such a name for something else is safe by the second: a version that
//! is part of a key, or that has no default, is data.

use super::column::Built;
use super::relation::{Relation, Source};
use crate::catalog::{ConstraintKind, Kind};
use crate::codegen::go_types::Shape;
use crate::codegen::model::{Column, SoftDelete};
use crate::codegen::options::Options;

/// The columns of a table that say something of a row's life.
#[derive(Clone, Debug, Default)]
pub(super) struct Lifecycle {
    pub soft_delete: Option<Deleted>,
    pub version: Option<Column>,
}

/// How a row is softly deleted.
#[derive(Clone, Debug)]
pub(super) struct Deleted {
    /// What templates see.
    pub model: SoftDelete,
    /// `"deleted_at" = now()`.
    pub set: String,
    /// `"deleted_at" = NULL`.
    pub unset: String,
}

impl Lifecycle {
    /// Looks for the columns.
    pub(super) fn of(relation: &Relation<'_>, table: &str, built: &[Built], options: &Options) -> Self {
        if relation.read_only || relation.identity.kind != Kind::Table || !has_primary_key(relation) {
            return Self::default();
        }
        let columns = || relation.columns.iter().zip(built);
        let named = |names: &[String]| {
            names.iter().find_map(|name| columns().find(|(source, _)| source.name == *name && in_no_key(relation, name)))
        };
        let soft_delete = named(&options.soft_delete_columns).and_then(|(source, built)| deleted(table, source, built));
        let version = match &options.version_columns {
            Some(names) => named(names).filter(|(source, built)| counts(source, built)),
            None => {
                let usual: Vec<String> = VERSIONS.iter().map(|it| (*it).to_owned()).collect();
                let starts = |source: &Source<'_>| source.default.is_some_and(|it| it.0.trim_matches('\'').parse::<u32>().is_ok());
                named(&usual).filter(|(source, built)| counts(source, built) && starts(source))
            }
        };
        Self { soft_delete, version: version.map(|(_, built)| built.column.clone()) }
    }

    /// A condition that leaves softly deleted rows out, behind others; empty where there are none.
    pub(super) fn and_live(&self) -> String {
        self.soft_delete.as_ref().map_or_else(String::new, |it| format!(" AND {}", it.model.live))
    }

    /// `, "version" = "version" + 1`, or nothing.
    pub(super) fn and_count(&self) -> String {
        self.version.as_ref().map_or_else(String::new, |it| format!(", {0} = {0} + 1", it.sql))
    }
}

/// What a version is called where nobody says.
const VERSIONS: &[&str] = &["version", "lock_version", "row_version"];

fn has_primary_key(relation: &Relation<'_>) -> bool {
    relation.constraints.iter().any(|(_, constraint)| matches!(constraint.kind, ConstraintKind::PrimaryKey(_)))
}

fn in_no_key(relation: &Relation<'_>, name: &str) -> bool {
    let of_constraint = relation.constraints.iter().any(|(_, constraint)| match &constraint.kind {
        ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => key.columns.iter().any(|it| it == name),
        ConstraintKind::ForeignKey(foreign) => foreign.columns.iter().any(|it| it == name),
        _ => false,
    });
    let of_index = relation.indexes.iter().any(|(_, index)| index.unique && index.keys.iter().any(|it| it.column.as_deref() == Some(name)));
    !of_constraint && !of_index
}

fn deleted(table: &str, source: &Source<'_>, built: &Built) -> Option<Deleted> {
    let sql = &built.column.sql;
    let how = |live: fn(&str) -> String, deleted: fn(&str) -> String, set, unset| {
        let qualified = format!("{table}.{sql}");
        let (qualified_live, qualified_deleted) = (live(&qualified), deleted(&qualified));
        let model = SoftDelete { name: source.name.to_owned(), live: live(sql), deleted: deleted(sql), qualified_live, qualified_deleted };
        Some(Deleted { model, set, unset })
    };
    let is_time = matches!(built.resolved.shape, Shape::Date | Shape::Timestamp | Shape::Timestamptz);
    match &built.resolved.shape {
        _ if !source.insertable() => None,
        _ if is_time && built.column.nullable && source.default.is_none_or(|it| it.is_null()) => {
            how(|it| format!("{it} IS NULL"), |it| format!("{it} IS NOT NULL"), format!("{sql} = now()"), format!("{sql} = NULL"))
        }
        Shape::Bool if !built.column.nullable && source.default.is_some_and(|it| it.0 == "false") => {
            how(|it| format!("NOT {it}"), str::to_owned, format!("{sql} = true"), format!("{sql} = false"))
        }
        _ => None,
    }
}

fn counts(source: &Source<'_>, built: &Built) -> bool {
    source.insertable()
        && source.identity.is_none()
        && !built.column.nullable
        && matches!(built.resolved.shape, Shape::Int16 | Shape::Int32 | Shape::Int64)
}
