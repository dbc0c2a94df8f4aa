//! What the objects of this module need, told from their definitions.
//!
//! Statements collect needs while they make an object. When a part of one goes or changes (a column, a default), what is
//! left is told again from the definition, whose names are all qualified.

use std::collections::BTreeSet;

use crate::catalog::{
    Column, ConstraintKind, DataType, Definition, Dependency, Expression, Identity, IndexKey, Kind, PartitionKey, QualifiedName,
};

use super::canonical;
use super::state::State;

/// Tells the needs of an object again from its definition. Kinds whose needs never shrink are left as they are.
pub(crate) fn refresh(state: &mut State<'_>, identity: &Identity) {
    let Some(object) = state.get(identity) else { return };
    let Some(dependencies) = of_definition(state, identity, &object.definition) else { return };
    state.change(identity, |object| object.dependencies = dependencies.into());
}

/// Tells the needs of an object from its definition, before it is there as well as after; none for kinds whose needs never shrink.
pub(crate) fn of_definition(state: &State<'_>, identity: &Identity, definition: &Definition) -> Option<BTreeSet<Dependency>> {
    let mut needs: BTreeSet<Dependency> = state.schema_dependency(&identity.schema).into_iter().collect();
    match definition {
        Definition::Table(it) => {
            columns(state, identity, &it.columns, &mut needs);
            parents(state, &it.inherits, &mut needs);
            if let Some(partition) = &it.partition_of {
                needs.extend(relation(state, &partition.parent).map(|it| Dependency::on(it).auto()));
            }
            if let Some(name) = &it.of_type {
                needs.extend(state.resolver().type_object(name).cloned().map(Dependency::on));
            }
            if let Some(key) = &it.partition_key {
                partition_key(state, identity, key, &mut needs);
            }
            needs.extend(it.access_method.as_deref().and_then(|it| access_method(state, it)));
        }
        Definition::ForeignTable(it) => {
            columns(state, identity, &it.columns, &mut needs);
            parents(state, &it.inherits, &mut needs);
            if let Some(partition) = &it.partition_of {
                needs.extend(relation(state, &partition.parent).map(|it| Dependency::on(it).auto()));
            }
            needs.insert(Dependency::on(Identity::global(Kind::ForeignServer, it.server.clone())));
        }
        Definition::Composite(it) => {
            for attribute in &it.attributes {
                state.type_dependencies(&attribute.data_type, &mut needs);
                collation(state, attribute.collation.as_ref(), &mut needs);
            }
        }
        Definition::Domain(it) => {
            state.type_dependencies(&it.base, &mut needs);
            collation(state, it.collation.as_ref(), &mut needs);
            value(state, None, it.default.as_ref(), &it.base, &mut needs);
        }
        Definition::Sequence(it) => {
            if let Some(owner) = &it.owner {
                needs.extend(relation(state, &owner.table).map(|it| Dependency::on_column(it, owner.column.clone()).auto()));
            }
        }
        Definition::Index(it) => {
            let table = relation(state, &QualifiedName::new(identity.schema.clone(), it.table.clone()))?;
            needs.insert(Dependency::on(table.clone()).auto());
            keys(state, &table, &it.keys, &mut needs);
            needs.extend(access_method(state, &it.method));
            needs.extend(it.keys.iter().filter_map(|key| default_class(state, &it.method, &table, key)));
            needs.extend(it.include.iter().map(|column| Dependency::on_column(table.clone(), column.clone()).auto()));
            own_expression(state, &table, it.predicate.as_ref(), &mut needs);
            if let Some(parent) = &it.partition_of {
                needs.extend(state.names().relation(&parent.schema, &parent.name).cloned().map(|it| Dependency::on(it).auto()));
            }
        }
        Definition::Constraint(it) => {
            needs.clear();
            return constraint(state, identity, &it.kind, needs);
        }
        _ => return None,
    }
    Some(needs)
}

/// The needs of a constraint: its table and columns, and what its kind adds.
fn constraint(
    state: &State<'_>,
    identity: &Identity,
    kind: &ConstraintKind,
    mut needs: BTreeSet<Dependency>,
) -> Option<BTreeSet<Dependency>> {
    let parent = identity.parent_name();
    let Some(table) = relation(state, &parent) else {
        let domain = state.resolver().type_object(&parent)?.clone();
        if let (ConstraintKind::Check(check), Some(Definition::Domain(it))) = (kind, state.get(&domain).map(|it| &it.definition)) {
            needs.extend(canonical::needs_of_demand(state, check, &it.base));
        }
        needs.insert(Dependency::on(domain).auto());
        return Some(needs);
    };
    needs.insert(Dependency::on(table.clone()).auto());
    let own = |columns: &[String], needs: &mut BTreeSet<Dependency>| {
        needs.extend(columns.iter().map(|column| Dependency::on_column(table.clone(), column.clone()).auto()));
    };
    match kind {
        ConstraintKind::PrimaryKey(it) | ConstraintKind::Unique(it) => {
            let method = if it.without_overlaps { "gist" } else { "btree" };
            needs.extend(it.columns.iter().filter_map(|column| default_class(state, method, &table, &IndexKey::column(column))));
            own(&it.columns, &mut needs);
            own(&it.include, &mut needs);
        }
        ConstraintKind::Check(it) => own_expression(state, &table, Some(it), &mut needs),
        ConstraintKind::Exclusion { method, elements, include, predicate, .. } => {
            needs.extend(access_method(state, method));
            needs.extend(elements.iter().filter_map(|it| default_class(state, method, &table, &it.key)));
            let operators = elements.iter().filter_map(|it| operator(state, &it.operator));
            needs.extend(operators);
            elements.iter().for_each(|it| keys(state, &table, std::slice::from_ref(&it.key), &mut needs));
            own(include, &mut needs);
            own_expression(state, &table, predicate.as_ref(), &mut needs);
        }
        ConstraintKind::ForeignKey(it) => {
            own(&it.columns, &mut needs);
            if let Some(referenced) = relation(state, &it.references) {
                needs.extend(it.referenced_columns.iter().map(|column| Dependency::on_column(referenced.clone(), column.clone())));
                needs.extend(super::constraint::referenced_key(state, &referenced, &it.referenced_columns, it.period).map(Dependency::on));
                needs.insert(Dependency::on(referenced));
            }
        }
        ConstraintKind::NotNull { column } => own(std::slice::from_ref(column), &mut needs),
    }
    Some(needs)
}

/// The need of an access method that the server does not have by itself.
pub(crate) fn access_method(state: &State<'_>, name: &str) -> Option<Dependency> {
    state.resolver().access_method(name).cloned().map(Dependency::on)
}

/// The need of the class that a key takes without saying so: the default one of the schema's own for the key's type.
pub(crate) fn default_class(state: &State<'_>, method: &str, table: &Identity, key: &IndexKey) -> Option<Dependency> {
    let column = key.column.as_deref().filter(|_| key.operator_class.is_none())?;
    // Few schemas have classes of their own.
    state.catalog().of_kind(Kind::OperatorClass).next()?;
    let data_type = state.resolver().columns(table).into_iter().find(|it| it.name == column)?.data_type?;
    let base = state.resolver().base_type(&data_type).without_modifiers();
    let is_its = |definition: &Definition| matches!(definition, Definition::OperatorClass(it) if it.default && it.data_type == base);
    let mut classes = state.catalog().of_kind(Kind::OperatorClass).filter(|(identity, _)| identity.parent == method);
    classes.find(|(_, object)| is_its(&object.definition)).map(|(identity, _)| Dependency::on(identity.clone()))
}

/// The need of an operator outside `pg_catalog`.
pub(crate) fn operator(state: &State<'_>, name: &QualifiedName) -> Option<Dependency> {
    let found = state.resolver().operators(Some(&name.schema), &name.name);
    found.first().map(|it| Dependency::on((*it).clone()))
}

fn relation(state: &State<'_>, name: &QualifiedName) -> Option<Identity> {
    state.resolver().relation(Some(&name.schema), &name.name).cloned()
}

fn parents(state: &State<'_>, parents: &[QualifiedName], needs: &mut BTreeSet<Dependency>) {
    needs.extend(parents.iter().filter_map(|it| relation(state, it)).map(Dependency::on));
}

fn columns(state: &State<'_>, table: &Identity, columns: &[Column], needs: &mut BTreeSet<Dependency>) {
    for column in columns {
        column_needs(state, table, column, needs);
    }
}

/// The needs of one column: its type, collation, default or generation expression.
pub(crate) fn column_needs(state: &State<'_>, table: &Identity, column: &Column, needs: &mut BTreeSet<Dependency>) {
    state.type_dependencies(&column.data_type, needs);
    collation(state, column.collation.as_ref(), needs);
    value(state, Some(table), column.default.as_ref(), &column.data_type, needs);
    value(state, Some(table), column.generated.as_ref().map(|it| &it.expression), &column.data_type, needs);
}

fn partition_key(state: &State<'_>, table: &Identity, key: &PartitionKey, needs: &mut BTreeSet<Dependency>) {
    let mut own = BTreeSet::new();
    keys(state, table, &key.keys, &mut own);
    needs.extend(own.into_iter().filter(|it| it.on != *table));
}

/// The needs of index keys: columns go with the index, the rest does not.
pub(crate) fn keys(state: &State<'_>, table: &Identity, keys: &[IndexKey], needs: &mut BTreeSet<Dependency>) {
    for key in keys {
        needs.extend(key.column.as_ref().map(|column| Dependency::on_column(table.clone(), column.clone()).auto()));
        own_expression(state, table, key.expression.as_ref(), needs);
        collation(state, key.collation.as_ref(), needs);
        if let Some(class) = &key.operator_class {
            needs.extend(state.resolver().operator_class_named(class).cloned().map(Dependency::on));
        }
    }
}

fn collation(state: &State<'_>, name: Option<&QualifiedName>, needs: &mut BTreeSet<Dependency>) {
    needs.extend(name.and_then(|it| state.resolver().collation_object(it)).cloned().map(Dependency::on));
}

/// The needs of a value on its way into a column or a domain, apart from the relation whose part it is: a constant is of the type that a
/// domain is made of.
fn value(
    state: &State<'_>,
    relation: Option<&Identity>,
    expression: Option<&Expression>,
    into: &DataType,
    needs: &mut BTreeSet<Dependency>,
) {
    let Some(expression) = expression else { return };
    needs.extend(canonical::needs_of_value(state, expression, relation, Some(into)).into_iter().filter(|it| Some(&it.on) != relation));
}

/// The needs of an expression of an object that hangs on a relation: it goes with the relation's columns.
fn own_expression(state: &State<'_>, relation: &Identity, expression: Option<&Expression>, needs: &mut BTreeSet<Dependency>) {
    let Some(expression) = expression else { return };
    needs.extend(canonical::needs(state, expression, Some(relation)).into_iter().map(|it| own_column_is_auto(it, relation)));
}

/// A need of a column of the object's own relation is an automatic one.
pub(crate) fn own_column_is_auto(dependency: Dependency, relation: &Identity) -> Dependency {
    if dependency.on == *relation { dependency.auto() } else { dependency }
}
