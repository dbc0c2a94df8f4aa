//! Commands of `ALTER TABLE` and `ALTER INDEX` that concern parents: `INHERIT`, `OF`, `ATTACH` and `DETACH PARTITION`.

use pg_query::NodeEnum;
use pg_query::protobuf::AlterTableCmd;

use crate::catalog::{Definition, Dependency, Identity, Kind, PartitionOf};

use super::alter::{change_table, definition};
use super::state::State;
use super::{Outcome, Problem, dependency, partition, table};

/// `INHERIT parent`.
pub(crate) fn inherit(state: &mut State<'_>, child: &Identity, command: &AlterTableCmd) -> Outcome {
    let Some(NodeEnum::RangeVar(parent)) = definition(command) else { return Ok(()) };
    let parent = state.resolver().range_var(parent)?.clone();
    partition::adopt(state, &parent, child, false)?;
    state.change(child, |object| {
        match &mut object.definition {
            Definition::Table(it) => it.inherits.push(parent.qualified_name()),
            Definition::ForeignTable(it) => it.inherits.push(parent.qualified_name()),
            _ => {}
        }
        object.dependencies.insert(Dependency::on(parent));
    });
    Ok(())
}

/// `NO INHERIT parent`.
pub(crate) fn no_inherit(state: &mut State<'_>, child: &Identity, command: &AlterTableCmd) -> Outcome {
    let Some(NodeEnum::RangeVar(parent)) = definition(command) else { return Ok(()) };
    let parent = state.resolver().range_var(parent)?.clone();
    let name = parent.qualified_name();
    state.change(child, |object| match &mut object.definition {
        Definition::Table(it) => it.inherits.retain(|it| *it != name),
        Definition::ForeignTable(it) => it.inherits.retain(|it| *it != name),
        _ => {}
    });
    dependency::refresh(state, child);
    partition::release(state, child);
    Ok(())
}

/// `OF type`.
pub(crate) fn of(state: &mut State<'_>, identity: &Identity, command: &AlterTableCmd) -> Outcome {
    let Some(NodeEnum::TypeName(type_name)) = definition(command) else { return Ok(()) };
    let data_type = state.resolver().data_type(type_name)?;
    change_table(state, identity, |it| it.of_type = Some(data_type.name))?;
    dependency::refresh(state, identity);
    Ok(())
}

/// `NOT OF`.
pub(crate) fn not_of(state: &mut State<'_>, identity: &Identity) -> Outcome {
    change_table(state, identity, |it| it.of_type = None)?;
    dependency::refresh(state, identity);
    Ok(())
}

/// `ATTACH PARTITION`, of a table or of an index.
pub(crate) fn attach(state: &mut State<'_>, parent: &Identity, command: &AlterTableCmd) -> Outcome {
    let Some(NodeEnum::PartitionCmd(node)) = definition(command) else { return Ok(()) };
    let Some(name) = &node.name else { return Ok(()) };
    let child = state.resolver().range_var(name)?.clone();
    if parent.kind == Kind::Index {
        partition::attach_index(state, &child, parent);
        return Ok(());
    }
    if parent.kind == Kind::Constraint {
        partition::attach_constraint(state, &child);
        return Ok(());
    }
    if !partition::is_partitioned(state, parent) {
        return Err(Problem::new(format!("table `{}` is not partitioned", parent.name)));
    }
    let Some(bound) = &node.bound else { return Ok(()) };
    let bound = table::partition_bound(state, parent, bound)?;
    partition::adopt(state, parent, &child, true)?;
    table::set_partition_of(state, &child, Some(PartitionOf { parent: parent.qualified_name(), bound }));
    state.change(&child, |object| object.dependencies.insert(Dependency::on(parent.clone()).auto()));
    // The parent's NOT NULL columns must be so in the child already; older servers set nothing.
    partition::inherit_all(state, parent, &child)
}

/// `DETACH PARTITION`.
pub(crate) fn detach(state: &mut State<'_>, parent: &Identity, command: &AlterTableCmd) -> Outcome {
    let Some(NodeEnum::PartitionCmd(node)) = definition(command) else { return Ok(()) };
    let Some(name) = &node.name else { return Ok(()) };
    let child = state.resolver().range_var(name)?.clone();
    let is_partition =
        state.get(&child).and_then(|it| partition::partition_of(&it.definition)).is_some_and(|it| it.parent == parent.qualified_name());
    if !is_partition {
        return Err(Problem::new(format!("relation `{}` is not a partition of relation `{}`", child.name, parent.name)));
    }
    table::set_partition_of(state, &child, None);
    dependency::refresh(state, &child);
    partition::release(state, &child);
    Ok(())
}
