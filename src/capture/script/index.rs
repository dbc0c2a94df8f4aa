//! `CREATE INDEX`.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{IndexElem, IndexStmt, Node, SortByDir, SortByNulls};

use crate::catalog::{Definition, Dependency, Identity, Index, IndexKey, Kind, NullsOrder, QualifiedName};

use super::names::{IndexPurpose, choose_index_name, index_column_names};
use super::resolve::unknown_column;
use super::state::State;
use super::{Outcome, Place, Problem, canonical, dependency, options, partition, types};

/// `CREATE INDEX`, on all partitions too.
pub(crate) fn create(state: &mut State<'_>, node: &IndexStmt, _at: Place) -> Outcome {
    let Some(relation) = &node.relation else { return Ok(()) };
    let table = state.resolver().range_var(relation)?.clone();
    if !matches!(table.kind, Kind::Table | Kind::MaterializedView) {
        return Err(Problem::new(format!("can't create an index on {} `{}`", table.kind, relation.relname)).at(relation.location));
    }
    if !node.idxname.is_empty() {
        let name = QualifiedName::new(table.schema.clone(), node.idxname.clone());
        if state.relation_exists(&name, node.if_not_exists)? {
            return Ok(());
        }
    }
    let Read { index, needs, key_names } = read(state, &table, node)?;
    let columns = index_column_names(key_names);
    let name = if node.idxname.is_empty() { None } else { Some(node.idxname.clone()) };
    put(state, &table, name, &columns, index, needs, relation.inh)?;
    Ok(())
}

/// An index that a statement asks for.
pub(crate) struct Read {
    pub(crate) index: Index,
    pub(crate) needs: BTreeSet<Dependency>,
    /// What its columns are called, before they are told apart.
    key_names: Vec<String>,
}

/// The index that a statement makes on a relation.
pub(crate) fn read(state: &State<'_>, table: &Identity, node: &IndexStmt) -> Result<Read, Problem> {
    let method = if node.access_method.is_empty() { "btree".to_owned() } else { node.access_method.clone() };
    // Its old name of before PostgreSQL 8.2.
    let method = if method == "rtree" { "gist".to_owned() } else { method };
    let mut needs: BTreeSet<Dependency> = BTreeSet::from([Dependency::on(table.clone()).auto()]);
    let mut keys = Vec::new();
    let mut key_names = Vec::new();
    for element in elements(&node.index_params) {
        let (key, key_needs) = key(state, table, &method, element)?;
        needs.extend(key_needs);
        needs.extend(dependency::default_class(state, &method, table, &key));
        key_names.push(element_name(element));
        keys.push(key);
    }
    let mut include = Vec::new();
    for element in elements(&node.index_including_params) {
        check_column(state, table, &element.name)?;
        needs.insert(Dependency::on_column(table.clone(), element.name.clone()).auto());
        key_names.push(element.name.clone());
        include.push(element.name.clone());
    }
    let predicate = node.where_clause.as_deref().map(|it| canonical::expression(state, it, Some(table))).transpose()?;
    if let Some(predicate) = &predicate {
        needs.extend(predicate.dependencies.iter().map(|it| dependency::own_column_is_auto(it.clone(), table)));
    }
    needs.extend(state.schema_dependency(&table.schema));
    needs.extend(dependency::access_method(state, &method));
    let partitioned = partition::is_partitioned(state, table);
    let index = Index {
        table: table.name.clone(),
        unique: node.unique,
        method,
        keys,
        include,
        nulls_not_distinct: node.nulls_not_distinct,
        predicate: predicate.map(|it| it.expression),
        storage_parameters: options::storage_parameters(&node.options),
        tablespace: state.tablespace(&node.table_space),
        partition_of: None,
        only: partitioned && node.relation.as_ref().is_some_and(|it| !it.inh) && !partition::partitions(state, table).is_empty(),
        statistics_targets: std::collections::BTreeMap::new(),
    };
    Ok(Read { index, needs, key_names })
}

/// Puts an index in under its name or a chosen one, and on all partitions.
pub(crate) fn put(
    state: &mut State<'_>,
    table: &Identity,
    name: Option<String>,
    columns: &[String],
    index: Index,
    needs: BTreeSet<Dependency>,
    recurse: bool,
) -> Result<Identity, Problem> {
    let name = name.unwrap_or_else(|| choose_index_name(state, &table.schema, &table.name, columns, IndexPurpose::Plain));
    let identity = Identity::new(Kind::Index, table.schema.clone(), name);
    state.insert_with(identity.clone(), Definition::Index(index), needs);
    if recurse {
        for child in partition::partitions(state, table) {
            partition::inherit_index(state, &child, &identity, columns)?;
        }
    }
    Ok(identity)
}

/// The elements of an index's column list.
fn elements(nodes: &[Node]) -> impl Iterator<Item = &IndexElem> {
    nodes.iter().filter_map(|node| match &node.node {
        Some(NodeEnum::IndexElem(it)) => Some(it.as_ref()),
        _ => None,
    })
}

fn check_column(state: &State<'_>, table: &Identity, name: &str) -> Outcome {
    let columns = state.resolver().columns(table);
    // A materialised view whose columns could not be told may have any.
    if columns.iter().any(|it| it.name == name) || columns.is_empty() && table.kind == Kind::MaterializedView {
        return Ok(());
    }
    Err(unknown_column(table, name, None, columns.iter().map(|it| it.name.as_str())).into())
}

/// A key of an index, and what it needs. An expression that is a bare column is that column.
pub(crate) fn key(
    state: &State<'_>,
    table: &Identity,
    method: &str,
    element: &IndexElem,
) -> Result<(IndexKey, BTreeSet<Dependency>), Problem> {
    let mut needs = BTreeSet::new();
    let mut key = IndexKey::column("");
    let mut expression = element.expr.as_deref();
    let mut column = (!element.name.is_empty()).then(|| element.name.clone());
    // `(x COLLATE "C")` is the key `x` with a collation.
    if let Some(NodeEnum::CollateClause(clause)) = expression.and_then(|it| it.node.as_ref()) {
        key.collation = Some(state.collation(&clause.collname, &mut needs)?);
        expression = clause.arg.as_deref();
    }
    if let Some(NodeEnum::ColumnRef(it)) = expression.and_then(|it| it.node.as_ref())
        && let Some(name) = super::resolve::strings(&it.fields).last()
    {
        column = Some((*name).to_owned());
    }
    let mut data_type = None;
    if let Some(name) = column {
        check_column(state, table, &name)?;
        needs.insert(Dependency::on_column(table.clone(), name.clone()).auto());
        data_type = state.resolver().columns(table).into_iter().find(|it| it.name == name).and_then(|it| it.data_type);
        key.column = Some(name);
    } else if let Some(node) = expression {
        let canonical = canonical::expression(state, node, Some(table))?;
        needs.extend(canonical.dependencies.into_iter().map(|it| dependency::own_column_is_auto(it, table)));
        key.column = None;
        key.expression = Some(canonical.expression);
    }
    if !element.collation.is_empty() {
        key.collation = Some(state.collation(&element.collation, &mut needs)?);
    }
    if let (Some(collation), Some(name)) = (&key.collation, &key.column)
        && let Some(column) = super::column::get(state, table, name)
    {
        let own = column.collation.clone().unwrap_or_else(|| types::type_collation(state, &column.data_type));
        if own == *collation {
            key.collation = None;
        }
    }
    if !element.opclass.is_empty() {
        let class = state.operator_class(&element.opclass, method, &mut needs)?;
        let is_default = match &data_type {
            Some(data_type) => types::is_default_operator_class(state, method, data_type, &class),
            None => class.is_builtin() && crate::capture::expression::is_default_for_some_type(method, &class.name),
        };
        // With parameters it has to be said (`get_opclass_name` in `ruleutils.c` does so, too).
        key.operator_class = (!is_default || !element.opclassopts.is_empty()).then_some(class);
    }
    key.operator_class_options = options::storage_parameters(&element.opclassopts);
    if method == "btree" {
        key.descending = element.ordering() == SortByDir::SortbyDesc;
        key.nulls = match (element.nulls_ordering(), key.descending) {
            (SortByNulls::SortbyNullsFirst, false) => Some(NullsOrder::First),
            (SortByNulls::SortbyNullsLast, true) => Some(NullsOrder::Last),
            _ => None,
        };
    }
    Ok((key, needs))
}

/// The name of a column of an index: what names are made of.
fn element_name(element: &IndexElem) -> String {
    if !element.indexcolname.is_empty() {
        return element.indexcolname.clone();
    }
    if !element.name.is_empty() {
        return element.name.clone();
    }
    element.expr.as_deref().and_then(canonical::column_name).unwrap_or_else(|| "expr".to_owned())
}

/// The name of the column that a finished key makes.
pub(crate) fn key_name(key: &IndexKey) -> String {
    match (&key.column, &key.expression) {
        (Some(column), _) => column.clone(),
        (None, Some(expression)) => canonical::column_name_of(expression).unwrap_or_else(|| "expr".to_owned()),
        (None, None) => "expr".to_owned(),
    }
}

/// The indexes of a table that no constraint makes, by name.
pub(crate) fn of_table<'s>(state: &'s State<'_>, table: &Identity) -> Vec<&'s Identity> {
    let name = table.name.as_str();
    let is_index = |it: &&Identity| {
        it.kind == Kind::Index && matches!(state.get(it).map(|it| &it.definition), Some(Definition::Index(index)) if index.table == name)
    };
    state.dependents(table).filter(is_index).collect()
}
