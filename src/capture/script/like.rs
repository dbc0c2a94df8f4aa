//! `LIKE` in `CREATE TABLE`: columns at once, what hangs on them when the table is there.
//!
//! PostgreSQL src/backend/parser/parse_utilcmd.c, transformTableLikeClause and expandTableLikeClause.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::protobuf::TableLikeClause;

use crate::catalog::{
    Column, ColumnIdentity, Constraint, ConstraintKind, DataType, Definition, Dependencies, Dependency, Identity, Index, Kind, Object,
    QualifiedName, SequenceOptions,
};

use super::column::{self, PlannedColumn};
use super::names::index_column_names;
use super::state::State;
use super::{Outcome, Place, Problem, constraint, dependency, index, sequence};

const COMMENTS: u32 = 1 << 0;
const COMPRESSION: u32 = 1 << 1;
const CONSTRAINTS: u32 = 1 << 2;
const DEFAULTS: u32 = 1 << 3;
const GENERATED: u32 = 1 << 4;
const IDENTITY: u32 = 1 << 5;
const INDEXES: u32 = 1 << 6;
const STATISTICS: u32 = 1 << 7;
const STORAGE: u32 = 1 << 8;

/// What is left of a `LIKE` to do.
pub(crate) struct Like {
    source: Identity,
    options: u32,
}

/// The columns of a `LIKE`.
pub(crate) fn plan<'n>(
    state: &mut State<'_>,
    table: &QualifiedName,
    node: &TableLikeClause,
    unlogged: bool,
    at: Place,
) -> Result<(Vec<PlannedColumn<'n>>, Like), Problem> {
    let source = match &node.relation {
        Some(relation) => state.resolver().range_var(relation)?.clone(),
        None => return Err(Problem::new("LIKE names no table")),
    };
    let has = |option: u32| node.options & option != 0;
    let own: BTreeMap<String, Column> = state
        .get(&source)
        .map(|it| column::columns(&it.definition).iter().map(|it| (it.name.clone(), it.clone())).collect())
        .unwrap_or_default();
    let mut planned = Vec::new();
    for it in state.resolver().columns(&source) {
        let Some(data_type) = it.data_type else {
            return Err(Problem::new(format!("the type of column `{}` of `{}` could not be told", it.name, source.name)));
        };
        let mut column = Column::new(it.name.clone(), data_type.clone());
        let mut identity_sequence = None;
        if let Some(theirs) = own.get(&it.name) {
            column.not_null = theirs.not_null;
            column.collation.clone_from(&theirs.collation);
            if has(STORAGE) {
                column.storage.clone_from(&theirs.storage);
            }
            if has(COMPRESSION) {
                column.compression.clone_from(&theirs.compression);
            }
            if has(COMMENTS) {
                column.comment.clone_from(&theirs.comment);
            }
            if has(DEFAULTS) {
                column.default.clone_from(&theirs.default);
            }
            if has(GENERATED) {
                column.generated.clone_from(&theirs.generated);
            }
            if let Some(identity) = theirs.identity.as_ref().filter(|_| has(IDENTITY)) {
                let theirs = Identity::new(Kind::Sequence, source.schema.clone(), identity.sequence.clone());
                let sequence = sequence::create_for_column(state, table, &it.name, &data_type, &[], unlogged, at)?;
                if let Some(Definition::Sequence(like)) = state.get(&theirs).map(|it| it.definition.clone()) {
                    // The new sequence is told every number of the old one, but not its type (transformTableLikeClause).
                    let data_type = DataType::builtin("int8");
                    sequence::change(state, &sequence, |it| it.options = SequenceOptions { data_type, ..like.options });
                }
                column.identity = Some(ColumnIdentity { generation: identity.generation, sequence: sequence.name.clone() });
                identity_sequence = Some(sequence);
            }
        }
        let mut needs = BTreeSet::new();
        dependency::column_needs(state, &source, &column, &mut needs);
        planned.push(PlannedColumn { column, default: None, generated: None, sequence: identity_sequence, needs, constraints: Vec::new() });
    }
    Ok((planned, Like { source, options: node.options }))
}

/// Copies checks, keys, indexes and statistics to the new table.
pub(crate) fn finish(state: &mut State<'_>, table: &Identity, like: &Like) -> Outcome {
    let has = |option: u32| like.options & option != 0;
    let constraints: Vec<(Identity, Object)> = state
        .catalog()
        .within(Kind::Constraint, &like.source.qualified_name())
        .map(|(identity, object)| (identity.clone(), object.clone()))
        .collect();
    let retarget = |needs: &Dependencies| -> BTreeSet<Dependency> {
        let copy = |it: &Dependency| if it.on == like.source { Dependency { on: table.clone(), ..it.clone() } } else { it.clone() };
        needs.iter().map(copy).collect()
    };
    for (identity, object) in constraints {
        let Definition::Constraint(it) = object.definition else { continue };
        let copy = Constraint { inherited: false, local: true, ..it };
        let made = match &copy.kind {
            ConstraintKind::Check(_) if has(CONSTRAINTS) => {
                constraint::put_check(state, table, &identity.name, copy, retarget(&object.dependencies), true)?;
                Identity::within(Kind::Constraint, &table.qualified_name(), identity.name.clone())
            }
            ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) | ConstraintKind::Exclusion { .. } if has(INDEXES) => {
                constraint::put_key(state, table, None, copy, true)?
            }
            _ => continue,
        };
        if has(COMMENTS) {
            state.change(&made, |it| it.comment = object.comment);
        }
    }
    if has(INDEXES) {
        copy_indexes(state, table, like, has(COMMENTS), &retarget)?;
    }
    if has(STATISTICS) {
        copy_statistics(state, table, like, has(COMMENTS), &retarget);
    }
    Ok(())
}

fn copy_indexes(
    state: &mut State<'_>,
    table: &Identity,
    like: &Like,
    comments: bool,
    retarget: &dyn Fn(&Dependencies) -> BTreeSet<Dependency>,
) -> Outcome {
    let indexes: Vec<Identity> = index::of_table(state, &like.source).into_iter().cloned().collect();
    for identity in indexes {
        let Some(object) = state.get(&identity).cloned() else { continue };
        let Definition::Index(it) = object.definition else { continue };
        let columns = index_column_names(it.keys.iter().map(index::key_name).chain(it.include.iter().cloned()));
        let copy = Index { table: table.name.clone(), partition_of: None, only: false, ..it };
        let mut needs = retarget(&object.dependencies);
        needs.retain(|it| it.on.kind != Kind::Index && it.on.kind != Kind::Schema);
        needs.extend(state.schema_dependency(&table.schema));
        let made = index::put(state, table, None, &columns, copy, needs, true)?;
        if comments {
            state.change(&made, |it| it.comment = object.comment);
        }
    }
    Ok(())
}

fn copy_statistics(
    state: &mut State<'_>,
    table: &Identity,
    like: &Like,
    comments: bool,
    retarget: &dyn Fn(&Dependencies) -> BTreeSet<Dependency>,
) {
    let statistics: Vec<Identity> = state.dependents(&like.source).filter(|it| it.kind == Kind::Statistics).cloned().collect();
    for identity in statistics {
        let Some(mut object) = state.get(&identity).cloned() else { continue };
        let Definition::Statistics(it) = &mut object.definition else { continue };
        it.table = table.qualified_name();
        let columns = index_column_names(it.keys.iter().map(index::key_name));
        let addition = super::names::name_addition(&columns);
        let mut number = 0;
        let name = loop {
            let label = if number == 0 { "stat".to_owned() } else { format!("stat{number}") };
            let name = super::names::make_object_name(&table.name, Some(&addition), Some(&label));
            if !state.contains(&Identity::new(Kind::Statistics, table.schema.clone(), name.clone())) {
                break name;
            }
            number += 1;
        };
        object.dependencies = retarget(&object.dependencies).into();
        if !comments {
            object.comment = None;
        }
        state.insert(Identity::new(Kind::Statistics, table.schema.clone(), name), object);
    }
}
