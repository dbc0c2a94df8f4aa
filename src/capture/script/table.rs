//! `CREATE TABLE` and `CREATE FOREIGN TABLE`: columns and constraints, `LIKE`, `INHERITS`, `OF`, partitions.
//!
//! The order of the steps is the server's (PostgreSQL src/backend/commands/tablecmds.c, DefineRelation, and
//! src/backend/parser/parse_utilcmd.c, transformCreateStmt), because implicit names depend on it.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::NodeEnum;
use pg_query::protobuf::{
    ColumnDef, CreateForeignTableStmt, CreateStmt, IndexElem, Node, OnCommitAction, PartitionBoundSpec, PartitionSpec,
};

use crate::catalog::{
    Column, Constraint, ConstraintKind, Definition, Dependencies, Dependency, Expression, ForeignTable, Identity, Kind, PartitionBound,
    PartitionKey, PartitionOf, PartitionStrategy, Persistence, QualifiedName, Table,
};

use super::column::{self, PlannedColumn};
use super::constraint::{self, Planned};
use super::like::{self, Like};
use super::resolve::strings;
use super::state::State;
use super::{Outcome, Place, Problem, canonical, dependency, foreign, index, options, partition};

/// `CREATE TABLE`.
pub(crate) fn create(state: &mut State<'_>, node: &CreateStmt, at: Place) -> Outcome {
    create_relation(state, node, None, at)
}

/// `CREATE FOREIGN TABLE`.
pub(crate) fn create_foreign(state: &mut State<'_>, node: &CreateForeignTableStmt, at: Place) -> Outcome {
    let Some(base) = &node.base_stmt else { return Ok(()) };
    create_relation(state, base, Some((node.servername.clone(), foreign::kept_options(&node.options))), at)
}

/// How a new table is kept. A partitioned table keeps nothing itself: it says only what its partitions begin with (PostgreSQL 17).
/// PostgreSQL src/backend/commands/tablecmds.c, DefineRelation.
fn access_method(state: &State<'_>, node: &CreateStmt, parents: &[Identity]) -> Option<String> {
    if !node.access_method.is_empty() {
        return state.table_access_method(&node.access_method);
    }
    let of_parent = node.partbound.as_ref().and(parents.first()).and_then(|it| parent_table(state, it)?.access_method.clone());
    let default = || if node.partspec.is_none() { state.table_access_method("") } else { None };
    of_parent.or_else(default)
}

/// Where a new table is kept; a partition begins where its parent says.
fn tablespace(state: &State<'_>, node: &CreateStmt, parents: &[Identity]) -> Option<String> {
    let of_parent = node.partbound.as_ref().and(parents.first()).and_then(|it| parent_table(state, it)?.tablespace.clone());
    of_parent.filter(|_| node.tablespacename.is_empty()).or_else(|| state.tablespace(&node.tablespacename))
}

fn parent_table<'s>(state: &'s State<'_>, parent: &Identity) -> Option<&'s Table> {
    match &state.get(parent)?.definition {
        Definition::Table(it) => Some(it),
        _ => None,
    }
}

/// All that a `CREATE TABLE` says, before the table is there.
#[derive(Default)]
struct Plan<'n> {
    columns: Vec<PlannedColumn<'n>>,
    constraints: Vec<Planned<'n>>,
    likes: Vec<Like>,
    needs: BTreeSet<Dependency>,
}

fn create_relation(state: &mut State<'_>, node: &CreateStmt, foreign: Option<(String, BTreeMap<String, String>)>, at: Place) -> Outcome {
    let Some(relation) = &node.relation else { return Ok(()) };
    let name = state.new_relation_name(relation)?;
    if state.relation_exists(&name, node.if_not_exists)? {
        return Ok(());
    }
    if state.names().type_of(&name.schema, &name.name).is_some() {
        return Err(Problem::new(format!("type `{}` already exists", name.name)).hint("a table has a row type of the same name"));
    }
    let parents = parents(state, node)?;
    let is_partition = node.partbound.is_some();
    let mut plan = Plan::default();
    plan.needs.extend(state.schema_dependency(&name.schema));
    for parent in &parents {
        inherit_columns(state, parent, is_partition, &mut plan)?;
        let dependency = Dependency::on(parent.clone());
        plan.needs.insert(if is_partition { dependency.auto() } else { dependency });
    }
    let of_type = of_type(state, node, &mut plan)?;
    read_elements(state, &name, node, of_type.is_some() || is_partition, relation.relpersistence == "u", &mut plan, at)?;

    let identity = Identity::new(if foreign.is_some() { Kind::ForeignTable } else { Kind::Table }, name.schema.clone(), name.name.clone());
    let columns: Vec<Column> = plan.columns.iter().map(|it| it.column.clone()).collect();
    plan.needs.extend(plan.columns.iter().flat_map(|it| it.needs.iter().cloned()));
    let inherits = if is_partition { Vec::new() } else { parents.iter().map(Identity::qualified_name).collect() };
    let definition = match foreign {
        Some((server, options)) => {
            plan.needs.insert(Dependency::on(Identity::global(Kind::ForeignServer, server.clone())));
            Definition::ForeignTable(ForeignTable { columns, inherits, partition_of: None, server, options })
        }
        None => Definition::Table(Table {
            columns,
            persistence: if relation.relpersistence == "u" { Persistence::Unlogged } else { Persistence::Permanent },
            of_type,
            inherits,
            access_method: access_method(state, node, &parents),
            tablespace: tablespace(state, node, &parents),
            storage_parameters: options::storage_parameters(&node.options),
            ..Table::default()
        }),
    };
    if let Definition::Table(Table { access_method: Some(it), .. }) = &definition {
        plan.needs.extend(dependency::access_method(state, it));
    }
    state.insert_with(identity.clone(), definition, std::mem::take(&mut plan.needs));
    if node.oncommit() == OnCommitAction::OncommitDrop {
        state.drop_on_commit(identity.clone());
    }

    column::finish(state, &identity, &plan.columns)?;
    if let Some(spec) = &node.partspec {
        let (key, needs) = partition_key(state, &identity, spec)?;
        state.change(&identity, |object| {
            if let Definition::Table(it) = &mut object.definition {
                it.partition_key = Some(key);
            }
            object.dependencies.extend(needs);
        });
    }
    if let (Some(bound), [parent]) = (&node.partbound, parents.as_slice()) {
        let bound = partition_bound(state, parent, bound)?;
        set_partition_of(state, &identity, Some(PartitionOf { parent: parent.qualified_name(), bound }));
        inherit_checks(state, parent, &identity)?;
        partition::inherit_all(state, parent, &identity)?;
    } else {
        parents.iter().try_for_each(|parent| inherit_checks(state, parent, &identity))?;
    }
    plan.constraints.extend(plan.columns.into_iter().flat_map(|it| it.constraints));
    // Constraints of columns and of the table are named in the order in which they are written.
    plan.constraints.sort_by_key(|it| it.node.location);
    if identity.kind == Kind::Table {
        plan.constraints.iter_mut().for_each(Planned::of_no_rows);
    }
    constraint::add_checks(state, &identity, &plan.constraints, true)?;
    plan.likes.iter().try_for_each(|it| like::finish(state, &identity, it))?;
    constraint::add_keys_and_references(state, &identity, &plan.constraints, true)
}

/// The tables of `INHERITS` or `PARTITION OF`.
fn parents(state: &State<'_>, node: &CreateStmt) -> Result<Vec<Identity>, Problem> {
    let mut parents = Vec::new();
    for parent in &node.inh_relations {
        let Some(NodeEnum::RangeVar(parent)) = &parent.node else { continue };
        let identity = state.resolver().range_var(parent)?;
        if !matches!(identity.kind, Kind::Table | Kind::ForeignTable) {
            return Err(Problem::new(format!("inherited relation `{}` is not a table", parent.relname)).at(parent.location));
        }
        if node.partbound.is_some() && !partition::is_partitioned(state, identity) {
            return Err(Problem::new(format!("`{}` is not partitioned", parent.relname)).at(parent.location));
        }
        parents.push(identity.clone());
    }
    Ok(parents)
}

/// Takes over a parent's columns; one that two parents have is merged.
fn inherit_columns(state: &State<'_>, parent: &Identity, is_partition: bool, plan: &mut Plan<'_>) -> Outcome {
    let columns = state.get(parent).map(|it| column::columns(&it.definition)).unwrap_or_default();
    for theirs in columns {
        if let Some(own) = plan.columns.iter_mut().find(|it| it.column.name == theirs.name) {
            if own.column.data_type != theirs.data_type {
                return Err(Problem::new(format!("inherited column `{}` has a type conflict", theirs.name)));
            }
            own.column.not_null |= theirs.not_null;
            continue;
        }
        let mut column = Column::new(theirs.name.clone(), theirs.data_type.clone());
        column.collation.clone_from(&theirs.collation);
        column.not_null = theirs.not_null;
        column.default.clone_from(&theirs.default);
        column.generated.clone_from(&theirs.generated);
        column.storage.clone_from(&theirs.storage);
        column.compression.clone_from(&theirs.compression);
        column.inherited = true;
        column.local = false;
        let mut needs = BTreeSet::new();
        dependency::column_needs(state, parent, &column, &mut needs);
        plan.columns.push(PlannedColumn { column, default: None, generated: None, sequence: None, needs, constraints: Vec::new() });
    }
    let _ = is_partition;
    Ok(())
}

/// The columns of `OF type`.
fn of_type(state: &State<'_>, node: &CreateStmt, plan: &mut Plan<'_>) -> Result<Option<QualifiedName>, Problem> {
    let Some(type_name) = &node.of_typename else { return Ok(None) };
    let data_type = state.resolver().data_type(type_name)?;
    let Some(identity) = state.resolver().type_object(&data_type.name).filter(|it| it.kind == Kind::Composite) else {
        return Err(Problem::new(format!("type `{}` is not a composite type", data_type.name.name)).at(type_name.location));
    };
    plan.needs.insert(Dependency::on(identity.clone()));
    if let Some(Definition::Composite(it)) = state.get(identity).map(|it| &it.definition) {
        for attribute in &it.attributes {
            let mut column = Column::new(attribute.name.clone(), attribute.data_type.clone());
            column.collation.clone_from(&attribute.collation);
            let mut needs = BTreeSet::new();
            state.type_dependencies(&attribute.data_type, &mut needs);
            plan.columns.push(PlannedColumn { column, default: None, generated: None, sequence: None, needs, constraints: Vec::new() });
        }
    }
    Ok(Some(data_type.name))
}

/// Reads columns, constraints and `LIKE` in the order in which they are written. In a typed table and in a partition
/// (`untyped`) a column definition adds to a column that is there.
fn read_elements<'n>(
    state: &mut State<'_>,
    name: &QualifiedName,
    node: &'n CreateStmt,
    untyped: bool,
    unlogged: bool,
    plan: &mut Plan<'n>,
    at: Place,
) -> Outcome {
    let inherited = plan.columns.len();
    for element in node.table_elts.iter().chain(&node.constraints) {
        match &element.node {
            Some(NodeEnum::ColumnDef(definition)) if untyped && definition.type_name.is_none() => {
                let Some(position) = plan.columns.iter().position(|it| it.column.name == definition.colname) else {
                    return Err(Problem::new(format!("column `{}` does not exist", definition.colname)).at(definition.location));
                };
                add_to_column(state, name, definition, &mut plan.columns[position], unlogged, at)?;
            }
            Some(NodeEnum::ColumnDef(definition)) => {
                let planned = column::plan(state, name, definition, unlogged, at)?;
                add_column(plan, inherited, planned, definition.location)?;
            }
            Some(NodeEnum::Constraint(it)) => plan.constraints.push(Planned::of_table(it)),
            Some(NodeEnum::TableLikeClause(it)) => {
                let (columns, like) = like::plan(state, name, it, unlogged, at)?;
                for planned in columns {
                    add_column(plan, inherited, planned, -1)?;
                }
                plan.likes.push(like);
            }
            _ => {}
        }
    }
    Ok(())
}

fn add_to_column<'n>(
    state: &mut State<'_>,
    name: &QualifiedName,
    definition: &'n ColumnDef,
    planned: &mut PlannedColumn<'n>,
    unlogged: bool,
    at: Place,
) -> Outcome {
    column::read_constraints(state, name, definition, planned, unlogged, at)?;
    if planned.default.is_some() {
        planned.column.generated = None;
    }
    Ok(())
}

/// Adds a column. One that is inherited is merged with it: what the child says wins.
fn add_column<'n>(plan: &mut Plan<'n>, inherited: usize, planned: PlannedColumn<'n>, location: i32) -> Outcome {
    let Some(position) = plan.columns.iter().position(|it| it.column.name == planned.column.name) else {
        plan.columns.push(planned);
        return Ok(());
    };
    let existing = &mut plan.columns[position];
    if position >= inherited || existing.column.local {
        return Err(Problem::new(format!("column `{}` specified more than once", planned.column.name)).at(location));
    }
    if existing.column.data_type != planned.column.data_type {
        return Err(Problem::new(format!("column `{}` has a type conflict with the inherited one", planned.column.name)).at(location));
    }
    existing.column.local = true;
    existing.column.not_null |= planned.column.not_null;
    if planned.default.is_some() || planned.sequence.is_some() {
        existing.column.default = None;
    }
    if planned.generated.is_some() {
        existing.column.generated = None;
    }
    existing.column.identity = planned.column.identity;
    existing.column.foreign_options = planned.column.foreign_options;
    existing.column.storage = planned.column.storage.or(existing.column.storage.take());
    existing.column.compression = planned.column.compression.or(existing.column.compression.take());
    existing.default = planned.default;
    existing.generated = planned.generated;
    existing.sequence = planned.sequence;
    existing.needs.extend(planned.needs);
    existing.constraints.extend(planned.constraints);
    Ok(())
}

/// Takes over a parent's checks.
fn inherit_checks(state: &mut State<'_>, parent: &Identity, child: &Identity) -> Outcome {
    let within = state.catalog().within(Kind::Constraint, &parent.qualified_name());
    let checks: Vec<(String, Constraint, Dependencies)> = within
        .filter_map(|(identity, object)| match &object.definition {
            Definition::Constraint(it) if matches!(it.kind, ConstraintKind::Check(_)) && !it.no_inherit => {
                Some((identity.name.clone(), it.clone(), object.dependencies.clone()))
            }
            _ => None,
        })
        .collect();
    for (name, check, needs) in checks {
        let needs = needs.into_iter().map(|it| if it.on == *parent { Dependency { on: child.clone(), ..it } } else { it }).collect();
        constraint::put_check(state, child, &name, Constraint { inherited: true, local: false, ..check }, needs, true)?;
    }
    Ok(())
}

/// `PARTITION BY`.
pub(crate) fn partition_key(
    state: &State<'_>,
    table: &Identity,
    spec: &PartitionSpec,
) -> Result<(PartitionKey, BTreeSet<Dependency>), Problem> {
    use pg_query::protobuf::PartitionStrategy as Strategy;
    let (strategy, method) = match spec.strategy() {
        Strategy::List => (PartitionStrategy::List, "btree"),
        Strategy::Hash => (PartitionStrategy::Hash, "hash"),
        Strategy::Range | Strategy::Undefined => (PartitionStrategy::Range, "btree"),
    };
    let (mut keys, mut needs) = (Vec::new(), BTreeSet::new());
    for element in &spec.part_params {
        let Some(NodeEnum::PartitionElem(element)) = &element.node else { continue };
        let as_index = IndexElem {
            name: element.name.clone(),
            expr: element.expr.clone(),
            collation: element.collation.clone(),
            opclass: element.opclass.clone(),
            ..Default::default()
        };
        let (key, key_needs) = index::key(state, table, method, &as_index).map_err(|it| it.at(element.location))?;
        keys.push(key);
        needs.extend(key_needs.into_iter().filter(|it| it.on != *table));
    }
    Ok((PartitionKey { strategy, keys }, needs))
}

/// `FOR VALUES …`, `DEFAULT`.
pub(crate) fn partition_bound(state: &State<'_>, parent: &Identity, spec: &PartitionBoundSpec) -> Result<PartitionBound, Problem> {
    if spec.is_default {
        return Ok(PartitionBound::Default);
    }
    let types = key_types(state, parent);
    let datum = |position: usize, node: &Node| -> Result<Expression, Problem> {
        if let Some(NodeEnum::ColumnRef(it)) = &node.node
            && let [word @ ("minvalue" | "maxvalue")] = strings(&it.fields)[..]
        {
            return Ok(Expression(word.to_ascii_uppercase()));
        }
        let data_type = types.get(position).or(types.first()).and_then(|it| it.as_ref());
        let canonical = match data_type {
            Some(data_type) => canonical::assigned(state, node, None, data_type)?,
            None => canonical::expression(state, node, None)?,
        };
        Ok(super::bound::literal(canonical.expression, data_type))
    };
    let all = |nodes: &[Node]| nodes.iter().enumerate().map(|(position, node)| datum(position, node)).collect::<Result<Vec<_>, _>>();
    match spec.strategy.as_str() {
        "h" => {
            let number = |it: i32| u32::try_from(it).unwrap_or_default();
            Ok(PartitionBound::Hash { modulus: number(spec.modulus), remainder: number(spec.remainder) })
        }
        "l" => Ok(PartitionBound::List(spec.listdatums.iter().map(|node| datum(0, node)).collect::<Result<Vec<_>, _>>()?)),
        _ => Ok(PartitionBound::Range { from: all(&spec.lowerdatums)?, to: all(&spec.upperdatums)? }),
    }
}

/// The types of a partition key, where they are known.
fn key_types(state: &State<'_>, table: &Identity) -> Vec<Option<crate::catalog::DataType>> {
    let Some(Definition::Table(it)) = state.get(table).map(|it| &it.definition) else { return Vec::new() };
    let key = it.partition_key.iter().flat_map(|it| &it.keys);
    key.map(|key| it.columns.iter().find(|column| Some(&column.name) == key.column.as_ref()).map(|it| it.data_type.clone())).collect()
}

/// Makes a table a partition, or no longer one.
pub(crate) fn set_partition_of(state: &mut State<'_>, table: &Identity, partition_of: Option<PartitionOf>) {
    state.change(table, |object| match &mut object.definition {
        Definition::Table(it) => it.partition_of = partition_of,
        Definition::ForeignTable(it) => it.partition_of = partition_of,
        _ => {}
    });
}
