//! Keys: how one row is found, how rows are found by what they refer to, and what constraints are called.

use std::collections::{BTreeMap, BTreeSet};

use super::column::Built;
use super::lifecycle::Lifecycle;
use super::literal::string;
use super::relation::Relation;
use super::statement::{conditions, join, order_by, placeholder};
use crate::catalog::{ConstraintKind, Deferral, Expression, QualifiedName};
use crate::codegen::model::{Column, ConstraintName, ForeignKey, Key, KeyCondition, TableNames};
use crate::codegen::names::Scope;

/// A key before it has names and SQL.
pub(super) struct Found<'a> {
    pub columns: Vec<&'a str>,
    pub predicate: Option<&'a Expression>,
    pub name: &'a str,
    /// Whether `ON CONFLICT` can name it.
    pub arbiter: bool,
    pub primary: bool,
}

/// Returns the primary key first, then every other key that finds one row: unique constraints, then unique indexes on plain columns. Of keys on the
/// same columns without a predicate only the first is kept.
pub(super) fn find<'a>(relation: &Relation<'a>) -> Vec<Found<'a>> {
    let mut found: Vec<Found<'a>> = Vec::new();
    let mut add = |key: Found<'a>| {
        let mut columns = key.columns.clone();
        columns.sort_unstable();
        let same = found.iter().any(|it| {
            let mut others = it.columns.clone();
            others.sort_unstable();
            others == columns && (it.predicate.is_none() || it.predicate == key.predicate)
        });
        if !same && !columns.is_empty() {
            found.push(key);
        }
    };
    for (identity, constraint) in &relation.constraints {
        let (key, primary) = match &constraint.kind {
            ConstraintKind::PrimaryKey(key) => (key, true),
            ConstraintKind::Unique(key) => (key, false),
            _ => continue,
        };
        add(Found {
            columns: key.columns.iter().map(String::as_str).collect(),
            predicate: None,
            name: &identity.name,
            arbiter: constraint.deferral == Deferral::NotDeferrable && !key.without_overlaps,
            primary,
        });
    }
    for (identity, index) in relation.indexes.iter().filter(|(_, index)| index.unique && !index.only) {
        let columns: Option<Vec<&str>> = index.keys.iter().map(|key| key.column.as_deref()).collect();
        if let Some(columns) = columns {
            add(Found { columns, predicate: index.predicate.as_ref(), name: &identity.name, arbiter: true, primary: false });
        }
    }
    let known: BTreeSet<&str> = relation.columns.iter().map(|it| it.name).collect();
    found.retain(|key| key.columns.iter().all(|column| known.contains(column)));
    found
}

/// The names of constraints and unique indexes that an error can carry, sorted.
pub(super) fn constraint_names<'a>(relation: &Relation<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    constraint_kinds(relation).into_keys()
}

fn constraint_kinds<'a>(relation: &Relation<'a>) -> BTreeMap<&'a str, &'static str> {
    let mut kinds = BTreeMap::new();
    for (identity, _) in relation.indexes.iter().filter(|(_, index)| index.unique) {
        kinds.insert(identity.name.as_str(), "unique");
    }
    for (identity, constraint) in &relation.constraints {
        let kind = match &constraint.kind {
            ConstraintKind::PrimaryKey(_) => "primary key",
            ConstraintKind::Unique(_) => "unique",
            ConstraintKind::Check(_) => "check",
            ConstraintKind::Exclusion { .. } => "exclusion",
            ConstraintKind::ForeignKey(_) => "foreign key",
            // The error names the column, not the constraint.
            ConstraintKind::NotNull { .. } => continue,
        };
        kinds.insert(identity.name.as_str(), kind);
    }
    kinds
}

/// Constraint names as Go constants.
pub(super) fn constraints(relation: &Relation<'_>, constants: &BTreeMap<(QualifiedName, String), String>) -> Vec<ConstraintName> {
    constraint_kinds(relation)
        .into_iter()
        .map(|(constraint, kind)| ConstraintName {
            name: constants[&(relation.name.clone(), constraint.to_owned())].clone(),
            literal: string(constraint),
            kind: kind.to_owned(),
        })
        .collect()
}

/// All that keys of one table share.
pub(super) struct Table<'a> {
    pub sql: &'a str,
    pub names: &'a TableNames,
    pub models: &'a str,
    pub columns: &'a [Built],
    pub create: &'a [&'a Column],
    pub update: &'a [&'a Column],
    pub order: &'a [&'a Column],
    pub life: &'a Lifecycle,
}

impl<'a> Table<'a> {
    fn built(&self, names: &[&str]) -> Vec<&'a Built> {
        names.iter().filter_map(|name| self.columns.iter().find(|it| it.column.name == **name)).collect()
    }

    /// Builds a key; `suffixes` holds those that are taken.
    pub(super) fn key(&self, found: &Found<'_>, suffixes: &mut Scope) -> Key {
        let built = self.built(&found.columns);
        let columns: Vec<Column> = built.iter().map(|it| it.column.clone()).collect();
        let composite = columns.len() > 1;
        let struct_key = found.primary && composite;
        let fields = || join(columns.iter().map(|it| format!("key.{}", it.field)));
        let parameters = || join(columns.iter().map(|it| it.parameter.clone()));
        let values = if struct_key { fields() } else { parameters() };
        let row_values = join(built.iter().map(|it| it.value("row")));
        let row_arguments = if struct_key {
            let fields = join(built.iter().map(|it| format!("{}: {}", it.column.field, it.value("row"))));
            format!("{}.{}{{{fields}}}", self.models, self.names.key)
        } else {
            row_values.clone()
        };
        let live = self.life.and_live();
        // The index of living rows says it already.
        let predicate = match found.predicate {
            Some(it) if live.ends_with(&it.0) => String::new(),
            Some(it) => format!(" AND ({})", it.0),
            None => String::new(),
        };
        let condition = |first| format!("{}{predicate}", conditions(&columns, first));
        let update = if self.update.is_empty() {
            String::new()
        } else {
            let set = join(self.update.iter().enumerate().map(|(n, it)| format!("{} = ${}{}", it.sql, n + 1, it.cast)));
            let same = self
                .life
                .version
                .as_ref()
                .map_or_else(String::new, |it| format!(" AND {} = {}", it.sql, placeholder(self.update.len() + columns.len() + 1, it)));
            let count = self.life.and_count();
            format!("UPDATE {}\nSET {set}{count}\nWHERE {}{live}{same}", self.sql, condition(self.update.len() + 1))
        };
        let mark =
            |how: &str, of: &str| format!("UPDATE {}\nSET {how}{}\nWHERE {} AND {of}", self.sql, self.life.and_count(), condition(1));
        let deleted = self.life.soft_delete.as_ref().filter(|_| found.primary);
        let names = join(columns.iter().map(|it| it.sql.clone()));
        Key {
            suffix: if found.primary { String::new() } else { self.suffix(&columns, found.name, suffixes) },
            composite,
            parameters: if struct_key {
                format!("key {}.{}", self.models, self.names.key)
            } else {
                join(columns.iter().map(|it| format!("{} {}", it.parameter, it.value_type.qualified)))
            },
            arguments: if struct_key { "key".to_owned() } else { parameters() },
            conditions: columns
                .iter()
                .map(|it| KeyCondition {
                    sql: format!("{} = ", it.sql),
                    cast: it.cast.clone(),
                    value: if struct_key { format!("key.{}", it.field) } else { it.parameter.clone() },
                })
                .collect(),
            values,
            row_values,
            row_arguments,
            nullable: columns.iter().any(|it| it.nullable),
            row_present: present(&built),
            sampled: false,
            partial: found.predicate.is_some(),
            upsertable: found.arbiter && columns.iter().all(|column| self.create.iter().any(|it| it.name == column.name)),
            where_clause: format!("\nWHERE {}{live}", condition(1)),
            exists: format!("SELECT EXISTS (SELECT 1 FROM {} WHERE {}{live})", self.sql, condition(1)),
            soft_delete: deleted.map_or_else(String::new, |it| mark(&it.set, &it.model.live)),
            restore: deleted.map_or_else(String::new, |it| mark(&it.unset, &it.model.deleted)),
            delete: format!("DELETE FROM {}\nWHERE {}", self.sql, condition(1)),
            update,
            conflict_target: found.predicate.map_or_else(|| format!("({names})"), |it| format!("({names}) WHERE {}", it.0)),
            conflict_touch: columns.first().map_or_else(String::new, |it| format!("{} = EXCLUDED.{}", it.sql, it.sql)),
            constraint: found.name.to_owned(),
            columns,
        }
    }

    /// Builds the foreign keys, one a distinct list of columns. `references` tells the struct of a referenced table.
    pub(super) fn foreign_keys(&self, relation: &Relation<'_>, references: impl Fn(&QualifiedName) -> String) -> Vec<ForeignKey> {
        let mut suffixes = Scope::default();
        let mut seen = BTreeSet::new();
        let mut out = Vec::new();
        for (identity, constraint) in &relation.constraints {
            let ConstraintKind::ForeignKey(foreign) = &constraint.kind else { continue };
            let names: Vec<&str> = foreign.columns.iter().map(String::as_str).collect();
            let built = self.built(&names);
            if built.len() != names.len() || names.is_empty() || !seen.insert(names) {
                continue;
            }
            let columns: Vec<Column> = built.iter().map(|it| it.column.clone()).collect();
            let where_clause = format!("\nWHERE {}{}", conditions(&columns, 1), self.life.and_live());
            let n = columns.len();
            out.push(ForeignKey {
                suffix: self.suffix(&columns, &identity.name, &mut suffixes),
                parameters: join(columns.iter().map(|it| format!("{} {}", it.parameter, it.value_type.qualified))),
                arguments: join(columns.iter().map(|it| it.parameter.clone())),
                references: references(&foreign.references),
                list_clause: format!("{where_clause}{}\nLIMIT ${} OFFSET ${}", order_by(self.order), n + 1, n + 2),
                where_clause,
                row_arguments: join(built.iter().map(|it| it.value("row"))),
                row_present: present(&built),
                nullable: columns.iter().any(|it| it.nullable),
                columns,
            });
        }
        out
    }

    /// The suffix of methods by these columns: their fields, or where another has it the constraint's name.
    fn suffix(&self, columns: &[Column], constraint: &str, taken: &mut Scope) -> String {
        let fields = columns.iter().map(|it| it.field.as_str()).collect::<Vec<_>>().join("And");
        let by_name: String = crate::codegen::names::words(constraint).iter().map(|word| capitalised(word)).collect();
        taken.claim_first(&[fields, by_name])
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A condition over `row` that all of the columns have values; empty where they always do.
fn present(columns: &[&Built]) -> String {
    columns.iter().map(|it| it.present("row")).filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" && ")
}
