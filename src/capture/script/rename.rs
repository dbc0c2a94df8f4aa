//! `RENAME` and `SET SCHEMA`: an object under another name, and everything that says its name.
//!
//! Texts are rewritten before the catalog changes, because they are resolved in it as it was.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterObjectSchemaStmt, Node, ObjectType, RangeVar, RenameStmt};

use crate::capture::expression;
use crate::catalog::{
    DataType, Definition, Dependency, Expression, Identity, Kind, Object, PartitionBound, PartitionOf, QualifiedName, Query, ViewColumn,
};

use super::address::{self, NoObject};
use super::canonical::{self, Rename};
use super::mention::{self, Mention};
use super::resolve::{split_name, unknown_column};
use super::state::State;
use super::{Outcome, Place, Problem, column, constraint, index, partition};

/// `ALTER … RENAME`.
pub(crate) fn apply(state: &mut State<'_>, node: &RenameStmt, _at: Place) -> Outcome {
    let object_type = node.rename_type();
    match object_type {
        ObjectType::ObjectTable
        | ObjectType::ObjectView
        | ObjectType::ObjectMatview
        | ObjectType::ObjectSequence
        | ObjectType::ObjectIndex
        | ObjectType::ObjectForeignTable => {
            let Some(identity) = relation(state, node.relation.as_ref(), node.missing_ok)? else { return Ok(()) };
            rename_object(state, &identity, &node.newname)
        }
        ObjectType::ObjectColumn | ObjectType::ObjectAttribute => {
            let Some(identity) = relation(state, node.relation.as_ref(), node.missing_ok)? else { return Ok(()) };
            rename_column(state, &identity, &node.subname, &node.newname)
        }
        ObjectType::ObjectTabconstraint => of_relation(state, Kind::Constraint, node),
        ObjectType::ObjectTrigger => of_relation(state, Kind::Trigger, node),
        ObjectType::ObjectRule => of_relation(state, Kind::Rule, node),
        ObjectType::ObjectPolicy => of_relation(state, Kind::Policy, node),
        ObjectType::ObjectDomconstraint => {
            let Some(domain) = object(state, ObjectType::ObjectDomain, node.object.as_deref(), false)? else { return Ok(()) };
            rename_within(state, Kind::Constraint, &domain, &node.subname, &node.newname)
        }
        ObjectType::ObjectSchema => rename_schema(state, &node.subname, &node.newname),
        // Roles, databases and tablespaces are outside a schema.
        ObjectType::ObjectRole | ObjectType::ObjectDatabase | ObjectType::ObjectTablespace => Ok(()),
        ObjectType::ObjectFunction if makes_ranges(state, node.object.as_deref()) => Ok(()),
        _ => {
            if object_type == ObjectType::ObjectType
                && let Some(range) = multirange(state, node.object.as_deref())
            {
                state.change(&range, |object| {
                    if let Definition::Range(it) = &mut object.definition {
                        it.multirange.clone_from(&node.newname);
                    }
                });
                return Ok(());
            }
            match object(state, object_type, node.object.as_deref(), node.missing_ok)? {
                Some(identity) => rename_object(state, &identity, &node.newname),
                None => Ok(()),
            }
        }
    }
}

/// The range type whose multirange type is named.
fn multirange(state: &State<'_>, node: Option<&Node>) -> Option<Identity> {
    let NodeEnum::List(names) = node?.node.as_ref()? else { return None };
    let (schema, name) = split_name(&names.items);
    let is_of = |(identity, object): &(&Identity, &Object)| {
        let Definition::Range(range) = &object.definition else { return false };
        schema.as_ref().is_none_or(|it| *it == identity.schema) && range.multirange == name && identity.name != name
    };
    state.catalog().of_kind(Kind::Range).find(is_of).map(|(identity, _)| identity.clone())
}

/// Whether a function is one of those that come with a range type, of which a catalog says nothing: their names were the type's.
fn makes_ranges(state: &State<'_>, node: Option<&Node>) -> bool {
    let Some(NodeEnum::ObjectWithArgs(node)) = node.and_then(|it| it.node.as_ref()) else { return false };
    let (schema, name) = split_name(&node.objname);
    let is_of = |(identity, object): (&Identity, &Object)| {
        let Definition::Range(range) = &object.definition else { return false };
        schema.as_ref().is_none_or(|it| *it == identity.schema) && (identity.name == name || range.multirange == name)
    };
    state.catalog().of_kind(Kind::Range).any(is_of)
}

/// `ALTER … SET SCHEMA`.
pub(crate) fn set_schema(state: &mut State<'_>, node: &AlterObjectSchemaStmt, _at: Place) -> Outcome {
    if !state.schema_exists(&node.newschema) {
        return Err(Problem::new(format!("schema `{}` does not exist", node.newschema)));
    }
    let object_type = node.object_type();
    let identity = match object_type {
        ObjectType::ObjectTable
        | ObjectType::ObjectView
        | ObjectType::ObjectMatview
        | ObjectType::ObjectSequence
        | ObjectType::ObjectForeignTable => relation(state, node.relation.as_ref(), node.missing_ok)?,
        _ => object(state, object_type, node.object.as_deref(), node.missing_ok)?,
    };
    let Some(identity) = identity else { return Ok(()) };
    if identity.kind == Kind::Extension {
        return if object_type == ObjectType::ObjectExtension { move_extension(state, &identity, &node.newschema) } else { Ok(()) };
    }
    if identity.schema == node.newschema {
        return Ok(());
    }
    move_to(state, &identity, &node.newschema)
}

fn relation(state: &State<'_>, relation: Option<&RangeVar>, missing_ok: bool) -> Result<Option<Identity>, Problem> {
    let Some(relation) = relation else { return Ok(None) };
    match state.resolver().range_var(relation) {
        Ok(identity) if identity.kind == Kind::Extension => {
            Err(Problem::new(format!("`{}` belongs to extension `{}` and can't be changed", relation.relname, identity.name))
                .at(relation.location))
        }
        Ok(identity) => Ok(Some(identity.clone())),
        Err(_) if missing_ok => Ok(None),
        Err(unresolved) => Err(unresolved.into()),
    }
}

fn object(state: &State<'_>, object_type: ObjectType, node: Option<&Node>, missing_ok: bool) -> Result<Option<Identity>, Problem> {
    let Some(node) = node else { return Ok(None) };
    match address::object(state, object_type, node) {
        Ok(address) => Ok(Some(address.identity)),
        Err(NoObject::Missing(_)) if missing_ok => Ok(None),
        Err(problem) => Err(problem.into()),
    }
}

fn taken(state: &State<'_>, to: &Identity) -> Outcome {
    let is_class = to.kind.is_relation() || to.kind == Kind::Composite;
    let by_name = is_class.then(|| state.names().relation(&to.schema, &to.name)).flatten();
    let by_type = to.kind.is_type().then(|| state.names().type_of(&to.schema, &to.name)).flatten();
    if state.contains(to) || by_name.is_some() || by_type.is_some() {
        return Err(Problem::new(format!("{} `{}` already exists in schema `{}`", to.kind, to.name, to.schema)));
    }
    Ok(())
}

/// Gives an object another name.
fn rename_object(state: &mut State<'_>, identity: &Identity, name: &str) -> Outcome {
    if identity.name == name {
        return Err(Problem::new(format!("{} `{name}` already exists", identity.kind)));
    }
    if identity.kind == Kind::Constraint {
        // The index of a constraint: its name is the constraint's.
        return rename_constraint(state, identity, name);
    }
    let to = Identity { name: name.to_owned(), ..identity.clone() };
    taken(state, &to)?;
    relocate(state, identity, to);
    Ok(())
}

/// Moves an object to another schema; a table takes its indexes, constraints and owned sequences along.
fn move_to(state: &mut State<'_>, identity: &Identity, schema: &str) -> Outcome {
    let to = Identity { schema: schema.to_owned(), ..identity.clone() };
    taken(state, &to)?;
    let indexes: Vec<Identity> = index::of_table(state, identity).into_iter().cloned().collect();
    let sequences: Vec<Identity> = state
        .dependents(identity)
        .filter(|it| it.kind == Kind::Sequence && it.schema == identity.schema && is_owned(state, it, identity))
        .cloned()
        .collect();
    for companion in indexes.iter().chain(&sequences) {
        let companion_to = Identity { schema: schema.to_owned(), ..companion.clone() };
        taken(state, &companion_to)?;
        relocate(state, companion, companion_to);
    }
    relocate(state, identity, to);
    Ok(())
}

fn is_owned(state: &State<'_>, sequence: &Identity, table: &Identity) -> bool {
    let Some(Definition::Sequence(it)) = state.get(sequence).map(|it| &it.definition) else { return false };
    it.owner.as_ref().is_some_and(|it| it.table == table.qualified_name())
}

/// Puts an object under another identity, and rewrites everything that names it.
fn relocate(state: &mut State<'_>, from: &Identity, to: Identity) {
    let rename = Rename::Object { from: from.clone(), to: to.qualified_name() };
    let (from_name, to_name) = (from.qualified_name(), to.qualified_name());
    let affected: BTreeSet<Identity> =
        state.dependents(from).cloned().chain([from.clone()]).chain(views_with(state, |it| *it == from_name)).collect();
    let has_row_type = matches!(from.kind, Kind::Table | Kind::View | Kind::MaterializedView | Kind::ForeignTable);
    let is_relation = has_row_type || from.kind == Kind::Sequence;
    let is_type = from.kind.is_type() || has_row_type;
    let swap = |name: &mut QualifiedName, fits: bool| {
        if fits && *name == from_name {
            name.clone_from(&to_name);
        }
    };
    for identity in &affected {
        rewrite(state, identity, &rename, &mut |mention| match mention {
            Mention::Relation(it) => swap(it, is_relation),
            Mention::Type(it) => swap(&mut it.name, is_type),
            Mention::TypeName(it) => swap(it, is_type),
            Mention::Index(it) => swap(it, from.kind == Kind::Index),
            Mention::Routine(it) => swap(it, from.kind.has_arguments()),
            Mention::Operator(it) => swap(it, from.kind == Kind::Operator),
            Mention::OperatorClass(it) => swap(it, from.kind == Kind::OperatorClass),
            Mention::OperatorFamily(it) => swap(it, from.kind == Kind::OperatorFamily),
            Mention::Collation(it) => swap(it, from.kind == Kind::Collation),
            Mention::TextSearch(it) => {
                swap(it, matches!(from.kind, Kind::TextSearchParser | Kind::TextSearchDictionary | Kind::TextSearchTemplate));
            }
            Mention::Object(it) => {
                if it == from {
                    *it = to.clone();
                }
                it.arguments.iter_mut().for_each(|it| swap(&mut it.name, is_type));
            }
            Mention::Schema(_) | Mention::Expression(_) | Mention::Assigned(..) | Mention::Query(_) | Mention::Body(_) => {}
        });
    }
    // An index that a table clusters on or replicates by is named in the table.
    if from.kind == Kind::Index {
        rename_index_in_table(state, from, &to.name);
    }
    if has_row_type || from.kind == Kind::Domain {
        move_parts(state, from, &to);
    }
    state.rename(from, to.clone());
    if from.schema != to.schema {
        change_schema_need(state, &to, &from.schema);
    }
    if is_type {
        rename_arguments(state, &affected, &from_name, &to_name);
    }
    if from.kind == Kind::Sequence {
        rename_identity_sequence(state, &to);
    }
    if from.kind == Kind::ForeignServer || from.kind == Kind::ForeignDataWrapper || from.kind == Kind::Language {
        rename_global(state, &affected, from, &to.name);
    }
}

/// The views that have a column of a type: they need the tables of their columns, not the types.
fn views_with(state: &State<'_>, fits: impl Fn(&QualifiedName) -> bool) -> Vec<Identity> {
    let views = [Kind::View, Kind::MaterializedView].into_iter().flat_map(|kind| state.catalog().of_kind(kind));
    let has = |definition: &Definition| {
        let columns = match definition {
            Definition::View(it) => &it.columns,
            Definition::MaterializedView(it) => &it.columns,
            _ => return false,
        };
        columns.iter().filter_map(|it| it.data_type.as_ref()).any(|it| fits(&it.name))
    };
    views.filter(|(_, object)| has(&object.definition)).map(|(identity, _)| identity.clone()).collect()
}

/// Rewrites the names and texts of one definition.
fn rewrite(state: &mut State<'_>, identity: &Identity, rename: &Rename, swap: &mut dyn FnMut(Mention<'_>)) {
    let Some(object) = state.get(identity) else { return };
    let mut definition = object.definition.clone();
    let relation = own_relation(state, identity, &definition);
    let mut each = |mention: Mention<'_>| match mention {
        Mention::Expression(it) => canonical::rename_in_expression(state, it, relation.as_ref(), identity, rename, None),
        Mention::Assigned(it, into) => canonical::rename_in_expression(state, it, relation.as_ref(), identity, rename, Some(into)),
        Mention::Query(Query(text)) => *text = canonical::rename_in_query(state, text, rename),
        Mention::Body(text) => *text = canonical::rename_in_query(state, text, rename),
        other => swap(other),
    };
    mention::each(&mut definition, &mut each);
    state.change(identity, |object| {
        if object.definition != definition {
            object.definition = definition;
        }
    });
}

/// The relation whose columns the expressions of an object use.
fn own_relation(state: &State<'_>, identity: &Identity, definition: &Definition) -> Option<Identity> {
    let by_name = |name: QualifiedName| state.resolver().relation(Some(&name.schema), &name.name).cloned();
    match definition {
        Definition::Table(_) | Definition::ForeignTable(_) | Definition::View(_) => Some(identity.clone()),
        Definition::Constraint(_) | Definition::Trigger(_) | Definition::Rule(_) | Definition::Policy(_) => by_name(identity.parent_name()),
        Definition::Index(it) => by_name(QualifiedName::new(identity.schema.clone(), it.table.clone())),
        Definition::Statistics(it) => by_name(it.table.clone()),
        _ => None,
    }
}

/// Constraints, triggers, rules and policies are named within their relation or domain, and indexes beside it.
fn move_parts(state: &mut State<'_>, from: &Identity, to: &Identity) {
    let name = from.qualified_name();
    let mut parts = Vec::new();
    for kind in [Kind::Constraint, Kind::Trigger, Kind::Rule, Kind::Policy] {
        parts.extend(state.catalog().within(kind, &name).map(|(identity, _)| identity.clone()));
    }
    for part in parts {
        let moved = Identity { schema: to.schema.clone(), parent: to.name.clone(), ..part.clone() };
        state.rename(&part, moved.clone());
        if from.schema != to.schema {
            change_schema_need(state, &moved, &from.schema);
        }
    }
    let indexes: Vec<Identity> = state.dependents(from).filter(|it| it.kind == Kind::Index).cloned().collect();
    for identity in indexes {
        state.change(&identity, |object| {
            if let Definition::Index(it) = &mut object.definition
                && it.table == from.name
            {
                it.table.clone_from(&to.name);
            }
        });
    }
}

/// An object that moved needs its new schema, not the old one.
fn change_schema_need(state: &mut State<'_>, identity: &Identity, old: &str) {
    let old = Identity::global(Kind::Schema, old);
    let new = state.schema_dependency(&identity.schema);
    state.change(identity, |object| {
        let had = object.dependencies.remove(&Dependency::on(old));
        if had {
            object.dependencies.extend(new);
        }
    });
}

/// Routines, casts and operators are named with their argument types.
fn rename_arguments(state: &mut State<'_>, affected: &BTreeSet<Identity>, from: &QualifiedName, to: &QualifiedName) {
    for identity in affected.iter().filter(|it| it.arguments.iter().any(|it| it.name == *from)) {
        let mut renamed = identity.clone();
        for argument in &mut renamed.arguments {
            if argument.name == *from {
                argument.name.clone_from(to);
            }
        }
        state.rename(identity, renamed);
    }
}

fn rename_index_in_table(state: &mut State<'_>, index: &Identity, name: &str) {
    let Some(Definition::Index(it)) = state.get(index).map(|it| &it.definition) else { return };
    rename_key_of_table(state, &index.schema.clone(), &it.table.clone(), &index.name, name);
}

fn rename_key_of_table(state: &mut State<'_>, schema: &str, table: &str, from: &str, to: &str) {
    for kind in [Kind::Table, Kind::MaterializedView] {
        state.change(&Identity::new(kind, schema, table), |object| match &mut object.definition {
            Definition::Table(it) => {
                if it.cluster_on.as_deref() == Some(from) {
                    it.cluster_on = Some(to.to_owned());
                }
                if matches!(&it.replica_identity, crate::catalog::ReplicaIdentity::Index(it) if it == from) {
                    it.replica_identity = crate::catalog::ReplicaIdentity::Index(to.to_owned());
                }
            }
            Definition::MaterializedView(it) if it.cluster_on.as_deref() == Some(from) => it.cluster_on = Some(to.to_owned()),
            _ => {}
        });
    }
}

/// The sequence of an identity column is named at the column.
fn rename_identity_sequence(state: &mut State<'_>, sequence: &Identity) {
    let Some(Definition::Sequence(it)) = state.get(sequence).map(|it| &it.definition) else { return };
    let Some(owner) = it.owner.clone().filter(|it| it.identity) else { return };
    let Some(table) = state.resolver().relation(Some(&owner.table.schema), &owner.table.name).cloned() else { return };
    column::change(state, &table, &owner.column, |it| {
        if let Some(identity) = &mut it.identity {
            identity.sequence.clone_from(&sequence.name);
        }
    });
}

/// Objects outside schemas are named by a bare name.
fn rename_global(state: &mut State<'_>, affected: &BTreeSet<Identity>, from: &Identity, to: &str) {
    for identity in affected.iter().filter(|it| *it != from) {
        state.change(identity, |object| match &mut object.definition {
            Definition::ForeignTable(it) if from.kind == Kind::ForeignServer => to.clone_into(&mut it.server),
            Definition::ForeignServer(it) if from.kind == Kind::ForeignDataWrapper => to.clone_into(&mut it.wrapper),
            Definition::Function(it) | Definition::Procedure(it) if from.kind == Kind::Language => to.clone_into(&mut it.language),
            _ => {}
        });
        if identity.kind == Kind::UserMapping && identity.parent == from.name {
            state.rename(identity, Identity { parent: to.to_owned(), ..identity.clone() });
        }
    }
}

/// `RENAME COLUMN`, `RENAME ATTRIBUTE`; in children too.
fn rename_column(state: &mut State<'_>, relation: &Identity, from: &str, to: &str) -> Outcome {
    let columns = state.resolver().columns(relation);
    if !columns.iter().any(|it| it.name == from) {
        return Err(unknown_column(relation, from, None, columns.iter().map(|it| it.name.as_str())).into());
    }
    if columns.iter().any(|it| it.name == to) {
        return Err(Problem::new(format!("column `{to}` of relation `{}` already exists", relation.name)));
    }
    let children = partition::children(state, relation);
    let rename = Rename::Column { relation: relation.clone(), from: from.to_owned(), to: to.to_owned() };
    let name = relation.qualified_name();
    let affected: BTreeSet<Identity> = state.dependents(relation).cloned().chain([relation.clone()]).collect();
    for identity in &affected {
        rewrite(state, identity, &rename, &mut |_| {});
        let own = is_part_of(state, identity, relation);
        state.change(identity, |object| {
            mention::each_column(&mut object.definition, own, &name, &mut |column| {
                if column == from {
                    to.clone_into(column);
                }
            });
            object.dependencies = std::mem::take(&mut object.dependencies)
                .into_iter()
                .map(|it| match &it.column {
                    Some(column) if it.on == *relation && column == from => Dependency { column: Some(to.to_owned()), ..it },
                    _ => it,
                })
                .collect();
        });
    }
    state.change(relation, |object| rename_own_column(object, from, to));
    children.iter().try_for_each(|child| rename_column(state, child, from, to))?;
    if relation.kind == Kind::Composite {
        let typed: Vec<Identity> = affected.iter().filter(|it| it.kind == Kind::Table && is_of_type(state, it, &name)).cloned().collect();
        typed.iter().try_for_each(|it| rename_column(state, it, from, to))?;
    }
    Ok(())
}

/// A label of an enum under another name: the server keeps constants of the enum as the label, not as what it was called.
pub(crate) fn rename_label(state: &mut State<'_>, of: &Identity, from: &str, to: &str) {
    let rename = Rename::Label { of: of.qualified_name(), from: from.to_owned(), to: to.to_owned() };
    let mut affected: BTreeSet<Identity> = state.dependents(of).cloned().collect();
    let domains: Vec<Identity> = affected.iter().filter(|it| it.kind == Kind::Domain).cloned().collect();
    affected.extend(domains.iter().flat_map(|it| state.dependents(it)).cloned());
    for identity in &affected {
        rewrite(state, identity, &rename, &mut |_| {});
        rename_in_bound(state, identity, &rename);
    }
}

/// Puts a label's rename into the bound of a partition, whose values are of the types of the parent's key.
fn rename_in_bound(state: &mut State<'_>, partition: &Identity, rename: &Rename) {
    let Some(PartitionOf { parent, mut bound }) = state.get(partition).and_then(|it| partition::partition_of(&it.definition)).cloned()
    else {
        return;
    };
    let Some(parent) = state.resolver().relation(Some(&parent.schema), &parent.name).cloned() else { return };
    let keys = match state.get(&parent).map(|it| &it.definition) {
        Some(Definition::Table(it)) => it.partition_key.as_ref().map_or(&[][..], |it| &it.keys),
        _ => return,
    };
    let columns = state.resolver().columns(&parent);
    let types: Vec<Option<DataType>> = keys
        .iter()
        .map(|key| columns.iter().find(|it| key.column.as_ref() == Some(&it.name)).and_then(|it| it.data_type.clone()))
        .collect();
    let put = |values: &mut Vec<Expression>, types: &mut dyn Iterator<Item = &Option<DataType>>| {
        for (value, data_type) in values.iter_mut().zip(types) {
            canonical::rename_in_expression(state, value, None, partition, rename, data_type.as_ref());
        }
    };
    match &mut bound {
        PartitionBound::List(values) => put(values, &mut types.iter().cycle()),
        PartitionBound::Range { from, to } => {
            put(from, &mut types.iter());
            put(to, &mut types.iter());
        }
        PartitionBound::Hash { .. } | PartitionBound::Default => return,
    }
    state.change(partition, |object| {
        let partition_of = match &mut object.definition {
            Definition::Table(it) => it.partition_of.as_mut(),
            Definition::ForeignTable(it) => it.partition_of.as_mut(),
            _ => None,
        };
        if let Some(it) = partition_of {
            it.bound = bound;
        }
    });
}

fn is_of_type(state: &State<'_>, table: &Identity, name: &QualifiedName) -> bool {
    matches!(state.get(table).map(|it| &it.definition), Some(Definition::Table(it)) if it.of_type.as_ref() == Some(name))
}

fn is_part_of(state: &State<'_>, identity: &Identity, relation: &Identity) -> bool {
    match state.get(identity).map(|it| &it.definition) {
        Some(Definition::Index(it)) => it.table == relation.name && identity.schema == relation.schema,
        Some(Definition::Constraint(_) | Definition::Trigger(_) | Definition::Policy(_) | Definition::Rule(_)) => {
            identity.parent == relation.name && identity.schema == relation.schema
        }
        _ => false,
    }
}

fn rename_own_column(object: &mut Object, from: &str, to: &str) {
    let rename = |name: &mut String| {
        if name == from {
            to.clone_into(name);
        }
    };
    match &mut object.definition {
        Definition::Table(it) => {
            it.columns.iter_mut().for_each(|it| rename(&mut it.name));
            it.partition_key.iter_mut().flat_map(|it| &mut it.keys).filter_map(|it| it.column.as_mut()).for_each(rename);
        }
        Definition::ForeignTable(it) => it.columns.iter_mut().for_each(|it| rename(&mut it.name)),
        Definition::View(it) => {
            it.columns.iter_mut().for_each(|it| rename(&mut it.name));
            it.query = expression::name_columns(&it.query, &names(&it.columns));
        }
        Definition::MaterializedView(it) => {
            it.columns.iter_mut().for_each(|it| rename(&mut it.name));
            it.query = expression::name_columns(&it.query, &names(&it.columns));
        }
        Definition::Composite(it) => it.attributes.iter_mut().for_each(|it| rename(&mut it.name)),
        _ => {}
    }
}

fn names(columns: &[ViewColumn]) -> Vec<&str> {
    columns.iter().map(|it| it.name.as_str()).collect()
}

fn of_relation(state: &mut State<'_>, kind: Kind, node: &RenameStmt) -> Outcome {
    let Some(relation) = relation(state, node.relation.as_ref(), node.missing_ok)? else { return Ok(()) };
    rename_within(state, kind, &relation, &node.subname, &node.newname)
}

fn rename_within(state: &mut State<'_>, kind: Kind, parent: &Identity, from: &str, to: &str) -> Outcome {
    let identity = Identity::within(kind, &parent.qualified_name(), from);
    if kind == Kind::Constraint && !state.contains(&identity) && constraint::name_not_null(state, parent, from, to) {
        return Ok(());
    }
    if !state.contains(&identity) {
        return Err(Problem::new(format!("{kind} `{from}` for `{}` does not exist", parent.name)));
    }
    if kind == Kind::Constraint {
        return rename_constraint(state, &identity, to);
    }
    let renamed = Identity { name: to.to_owned(), ..identity.clone() };
    if state.contains(&renamed) {
        return Err(Problem::new(format!("{kind} `{to}` for `{}` already exists", parent.name)));
    }
    state.rename(&identity, renamed);
    if kind == Kind::Trigger {
        for child in partition::partitions(state, parent) {
            if state.contains(&Identity::within(kind, &child.qualified_name(), from)) {
                rename_within(state, kind, &child, from, to)?;
            }
        }
    }
    Ok(())
}

/// Renames a constraint, with the index that carries it, and the checks that children have from it.
fn rename_constraint(state: &mut State<'_>, identity: &Identity, to: &str) -> Outcome {
    let renamed = Identity { name: to.to_owned(), ..identity.clone() };
    let carried = state.names().relation(&identity.schema, &identity.name) == Some(identity);
    if state.contains(&renamed) || carried && state.names().relation(&identity.schema, to).is_some() {
        return Err(Problem::new(format!("constraint `{to}` for `{}` already exists", identity.parent)));
    }
    let is_check = matches!(
        state.get(identity).map(|it| &it.definition),
        Some(Definition::Constraint(it)) if matches!(it.kind, crate::catalog::ConstraintKind::Check(_)) && !it.no_inherit
    );
    state.rename(identity, renamed.clone());
    constraint::forget_plain_not_null(state, &renamed);
    rename_key_of_table(state, &identity.schema, &identity.parent, &identity.name, to);
    let table = state.resolver().relation(Some(&identity.schema), &identity.parent).cloned();
    if let (true, Some(table)) = (is_check, table) {
        for child in partition::children(state, &table) {
            let own = Identity::within(Kind::Constraint, &child.qualified_name(), identity.name.clone());
            if state.contains(&own) {
                rename_constraint(state, &own, to)?;
            }
        }
    }
    Ok(())
}

/// `ALTER SCHEMA … RENAME`: every object in it, and all that names one.
fn rename_schema(state: &mut State<'_>, from: &str, to: &str) -> Outcome {
    let identity = Identity::global(Kind::Schema, from);
    if !state.contains(&identity) {
        return Err(Problem::new(format!("schema `{from}` does not exist")));
    }
    if state.schema_exists(to) {
        return Err(Problem::new(format!("schema `{to}` already exists")));
    }
    let rename = Rename::Schema { from: from.to_owned(), to: to.to_owned(), within: None };
    let all: Vec<Identity> = state.catalog().iter().map(|(identity, _)| identity.clone()).collect();
    replace_schema(state, &all, &rename, from, to, &|_, _| true);
    for identity in &all {
        let mut moved = identity.clone();
        if moved.schema == from {
            to.clone_into(&mut moved.schema);
        }
        moved.arguments.iter_mut().filter(|it| it.name.schema == from).for_each(|it| to.clone_into(&mut it.name.schema));
        if moved != *identity {
            state.rename(identity, moved);
        }
    }
    state.rename(&identity, Identity::global(Kind::Schema, to));
    Ok(())
}

/// `ALTER EXTENSION … SET SCHEMA`: everything that names a member of it.
fn move_extension(state: &mut State<'_>, extension: &Identity, to: &str) -> Outcome {
    let Some(Definition::Extension(it)) = state.get(extension).map(|it| &it.definition) else { return Ok(()) };
    let Some(from) = it.schema.clone() else { return Ok(()) };
    let rename = Rename::Schema { from: from.clone(), to: to.to_owned(), within: Some(extension.clone()) };
    let members: BTreeSet<String> = super::members::types(&extension.name)
        .chain(super::members::functions(&extension.name))
        .chain(super::members::operators(&extension.name))
        .chain(super::members::operator_classes(&extension.name))
        .map(str::to_owned)
        .collect();
    let with_type = views_with(state, |it| it.schema == from && members.contains(&it.name));
    let affected: BTreeSet<Identity> = state.dependents(extension).cloned().chain(with_type).collect();
    let affected: Vec<Identity> = affected.into_iter().collect();
    replace_schema(state, &affected, &rename, &from, to, &|name, _| members.contains(name));
    for identity in &affected {
        let mut moved = identity.clone();
        let is_member = |it: &&mut crate::catalog::DataType| it.name.schema == from && members.contains(&it.name.name);
        moved.arguments.iter_mut().filter(is_member).for_each(|it| to.clone_into(&mut it.name.schema));
        if moved != *identity {
            state.rename(identity, moved);
        }
    }
    state.change(extension, |object| {
        if let Definition::Extension(it) = &mut object.definition {
            it.schema = Some(to.to_owned());
        }
        object.dependencies.retain(|it| it.on.kind != Kind::Schema);
    });
    let need = state.schema_dependency(to);
    state.change(extension, |object| object.dependencies.extend(need));
    Ok(())
}

/// Replaces a schema in all names that fit, and in texts.
fn replace_schema(state: &mut State<'_>, affected: &[Identity], rename: &Rename, from: &str, to: &str, fits: &dyn Fn(&str, &str) -> bool) {
    let swap = |name: &mut QualifiedName| {
        if name.schema == from && fits(&name.name, &name.schema) {
            to.clone_into(&mut name.schema);
        }
    };
    for identity in affected {
        rewrite(state, identity, rename, &mut |mention| match mention {
            Mention::Relation(it)
            | Mention::TypeName(it)
            | Mention::Index(it)
            | Mention::Routine(it)
            | Mention::Operator(it)
            | Mention::OperatorClass(it)
            | Mention::OperatorFamily(it)
            | Mention::Collation(it)
            | Mention::TextSearch(it) => swap(it),
            Mention::Type(it) => swap(&mut it.name),
            Mention::Object(it) => {
                if it.schema == from && fits(&it.name, &it.schema) {
                    to.clone_into(&mut it.schema);
                }
                it.arguments.iter_mut().for_each(|it| swap(&mut it.name));
            }
            Mention::Schema(it) => {
                if it == from && fits(it, it) {
                    to.clone_into(it);
                }
            }
            Mention::Expression(_) | Mention::Assigned(..) | Mention::Query(_) | Mention::Body(_) => {}
        });
    }
}
