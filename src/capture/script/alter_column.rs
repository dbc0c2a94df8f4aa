//! Commands of `ALTER TABLE` that concern one column, with what they do to children.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableCmd, AlterTableType, DropBehavior};

use crate::capture::expression;
use crate::catalog::{Column, ColumnIdentity, ConstraintKind, DataType, Definition, Generated, GeneratedKind, Identity, Kind};

use super::alter::definition;
use super::constraint::check_column;
use super::resolve::unknown_column;
use super::sequence::{self, Owner};
use super::state::State;
use super::{Outcome, Place, Problem, canonical, column, constraint, dependency, drop, options, partition, types};

/// `ADD COLUMN`, in children too.
pub(crate) fn add(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd, only: bool, at: Place) -> Outcome {
    let Some(NodeEnum::ColumnDef(node)) = definition(command) else { return Ok(()) };
    if !matches!(table.kind, Kind::Table | Kind::ForeignTable) {
        return Err(Problem::new(format!("`{}` is a {}, not a table", table.name, table.kind)));
    }
    if column::get(state, table, &node.colname).is_some() {
        if command.missing_ok {
            return Ok(());
        }
        return Err(Problem::new(format!("column `{}` of relation `{}` already exists", node.colname, table.name)).at(node.location));
    }
    let unlogged = matches!(state.get(table).map(|it| &it.definition), Some(Definition::Table(it)) if it.persistence == crate::catalog::Persistence::Unlogged);
    let planned = column::plan(state, &table.qualified_name(), node, unlogged, at)?;
    push(state, table, planned.column.clone(), &planned.needs);
    column::finish(state, table, std::slice::from_ref(&planned))?;
    if !only {
        hand_down(state, table, &planned.column.name)?;
    }
    constraint::add_all(state, table, &planned.constraints, only)
}

fn push(state: &mut State<'_>, table: &Identity, column: Column, needs: &std::collections::BTreeSet<crate::catalog::Dependency>) {
    state.change(table, |object| {
        if let Some(columns) = column::columns_mut(&mut object.definition) {
            columns.push(column);
        }
        object.dependencies.extend(needs.iter().cloned());
    });
}

/// Gives children a column of their parent; one that they have becomes inherited too.
fn hand_down(state: &mut State<'_>, table: &Identity, name: &str) -> Outcome {
    let Some(theirs) = column::get(state, table, name).cloned() else { return Ok(()) };
    for child in partition::children(state, table) {
        if let Some(own) = column::get(state, &child, name) {
            if own.data_type != theirs.data_type {
                return Err(Problem::new(format!("child table `{}` has different type for column `{name}`", child.name)));
            }
            column::change(state, &child, name, |it| {
                it.inherited = true;
                it.not_null |= theirs.not_null;
            });
        } else {
            let column = Column { inherited: true, local: false, identity: None, comment: None, grants: Vec::new(), ..theirs.clone() };
            let mut needs = std::collections::BTreeSet::new();
            dependency::column_needs(state, &child, &column, &mut needs);
            push(state, &child, column, &needs);
        }
        hand_down(state, &child, name)?;
    }
    Ok(())
}

/// Changes a column, and that of children.
fn change_all(state: &mut State<'_>, table: &Identity, name: &str, only: bool, change: &dyn Fn(&mut Column)) -> Outcome {
    check_column(state, table, name)?;
    column::change(state, table, name, change);
    if only {
        return Ok(());
    }
    partition::children(state, table).iter().try_for_each(|child| change_all(state, child, name, false, change))
}

/// The type of a column, of views too; `text` where it is not known.
fn type_of(state: &State<'_>, relation: &Identity, name: &str) -> DataType {
    let columns = state.resolver().columns(relation);
    columns.into_iter().find(|it| it.name == name).and_then(|it| it.data_type).unwrap_or_else(|| DataType::builtin("text"))
}

/// `SET DEFAULT`, `DROP DEFAULT`, of views too.
pub(crate) fn default(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd, only: bool) -> Outcome {
    let data_type = type_of(state, table, &command.name);
    let default = command.def.as_deref().map(|it| canonical::default(state, it, Some(table), &data_type)).transpose()?.flatten();
    if table.kind == Kind::View {
        return view_default(state, table, &command.name, default);
    }
    check_column(state, table, &command.name)?;
    let current = column::get(state, table, &command.name);
    if current.is_some_and(|it| it.identity.is_some()) {
        let problem = Problem::new(format!("column `{}` of relation `{}` is an identity column", command.name, table.name));
        return Err(problem.hint("use ALTER TABLE … ALTER COLUMN … DROP IDENTITY instead"));
    }
    if current.is_some_and(|it| it.generated.is_some()) {
        let problem = Problem::new(format!("column `{}` of relation `{}` is a generated column", command.name, table.name));
        return Err(problem.hint("use ALTER TABLE … ALTER COLUMN … DROP EXPRESSION instead"));
    }
    set_default(state, table, &command.name, default.as_ref(), only);
    Ok(())
}

fn set_default(state: &mut State<'_>, table: &Identity, name: &str, default: Option<&canonical::Canonical>, only: bool) {
    let had = column::get(state, table, name).is_some_and(|it| it.default.is_some());
    column::set_default(state, table, name, default.cloned());
    if had {
        dependency::refresh(state, table);
    }
    if !only {
        for child in partition::children(state, table) {
            set_default(state, &child, name, default, false);
        }
    }
}

fn view_default(state: &mut State<'_>, view: &Identity, name: &str, default: Option<canonical::Canonical>) -> Outcome {
    let (expression, needs) = default.map_or((None, std::collections::BTreeSet::new()), |it| (Some(it.expression), it.dependencies));
    let changed = state.change(view, |object| {
        object.dependencies.extend(needs);
        let Definition::View(it) = &mut object.definition else { return None };
        it.columns.iter_mut().find(|it| it.name == name).map(|it| it.default = expression)
    });
    changed.flatten().ok_or_else(|| {
        let columns = state.resolver().columns(view);
        super::resolve::unknown_column(view, name, None, columns.iter().map(|it| it.name.as_str())).into()
    })
}

/// `DROP NOT NULL`.
pub(crate) fn drop_not_null(state: &mut State<'_>, table: &Identity, name: &str, only: bool) -> Outcome {
    check_column(state, table, name)?;
    if constraint::primary_key(state, table).is_some_and(|(_, key)| key.columns.iter().any(|it| it == name)) {
        return Err(Problem::new(format!("column `{name}` is in a primary key")));
    }
    if column::get(state, table, name).is_some_and(|it| it.identity.is_some()) {
        return Err(Problem::new(format!("column `{name}` of relation `{}` is an identity column", table.name)));
    }
    column::change(state, table, name, |it| it.not_null = false);
    let named: Vec<Identity> = state
        .constraints_of(&table.qualified_name())
        .into_iter()
        .filter(|it| matches!(state.get(it).map(|it| &it.definition), Some(Definition::Constraint(it)) if matches!(&it.kind, ConstraintKind::NotNull { column } if column == name)))
        .collect();
    for identity in named {
        state.remove(&identity);
    }
    if only {
        return Ok(());
    }
    partition::children(state, table).iter().try_for_each(|child| drop_not_null(state, child, name, false))
}

/// `SET EXPRESSION AS (…)` (PostgreSQL 17).
pub(crate) fn set_expression(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd, only: bool) -> Outcome {
    let Some(node) = command.def.as_deref() else { return Ok(()) };
    let data_type = check_column(state, table, &command.name).map(|()| type_of(state, table, &command.name))?;
    let expression = canonical::assigned(state, node, Some(table), &data_type)?.expression;
    change_all(state, table, &command.name, only, &|column| {
        let kind = column.generated.as_ref().map_or(GeneratedKind::Stored, |it| it.kind);
        column.generated = Some(Generated { expression: expression.clone(), kind });
    })?;
    refresh_all(state, table);
    Ok(())
}

/// `DROP EXPRESSION`.
pub(crate) fn drop_expression(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd, only: bool) -> Outcome {
    check_column(state, table, &command.name)?;
    if column::get(state, table, &command.name).is_some_and(|it| it.generated.is_none()) && !command.missing_ok {
        return Err(Problem::new(format!("column `{}` of relation `{}` is not a generated column", command.name, table.name)));
    }
    change_all(state, table, &command.name, only, &|column| column.generated = None)?;
    refresh_all(state, table);
    Ok(())
}

/// Tells the needs of a table and its children again.
fn refresh_all(state: &mut State<'_>, table: &Identity) {
    dependency::refresh(state, table);
    for child in partition::children(state, table) {
        refresh_all(state, &child);
    }
}

/// `SET STATISTICS`, of a column by name or of an index's by number.
pub(crate) fn set_statistics(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd, only: bool) -> Outcome {
    let target = match definition(command) {
        Some(NodeEnum::Integer(it)) => Some(it.ival).filter(|it| *it >= 0),
        _ => None,
    };
    if let Ok(number @ 1..) = u16::try_from(command.num) {
        state.change(table, |object| {
            if let Definition::Index(it) = &mut object.definition {
                match target {
                    Some(target) => drop_previous(it.statistics_targets.insert(number, target)),
                    None => drop_previous(it.statistics_targets.remove(&number)),
                }
            }
        });
        return Ok(());
    }
    change_all(state, table, &command.name, only, &|column| column.statistics_target = target)
}

fn drop_previous(_: Option<i32>) {}

/// `SET (n_distinct = …)`, `RESET (…)`.
pub(crate) fn set_options(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd, reset: bool) -> Outcome {
    let Some(NodeEnum::List(list)) = definition(command) else { return Ok(()) };
    change_all(state, table, &command.name, true, &|column| {
        for option in options::elements(&list.items) {
            if reset {
                column.options.remove(&option.defname);
            } else {
                column.options.insert(option.defname.clone(), options::text(option).unwrap_or_default());
            }
        }
    })
}

/// `SET STORAGE`.
pub(crate) fn set_storage(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd, only: bool) -> Outcome {
    let Some(NodeEnum::String(name)) = definition(command) else { return Ok(()) };
    check_column(state, table, &command.name)?;
    let data_type = column::get(state, table, &command.name).map(|it| it.data_type.clone());
    let Some(data_type) = data_type else { return Ok(()) };
    let storage = column::storage(state, &data_type, &name.sval);
    change_all(state, table, &command.name, only, &|column| column.storage.clone_from(&storage))
}

/// `SET COMPRESSION`.
pub(crate) fn set_compression(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd, only: bool) -> Outcome {
    let Some(NodeEnum::String(name)) = definition(command) else { return Ok(()) };
    let compression = (name.sval != "default").then(|| name.sval.clone());
    change_all(state, table, &command.name, only, &|column| column.compression.clone_from(&compression))
}

/// How a column of a materialised view is kept.
pub(crate) fn set_of_materialized_view(state: &mut State<'_>, view: &Identity, command: &AlterTableCmd) -> Outcome {
    let columns = state.resolver().columns(view);
    let Some(column) = columns.iter().find(|it| it.name == command.name) else {
        return Err(unknown_column(view, &command.name, None, columns.iter().map(|it| it.name.as_str())).into());
    };
    let data_type = column.data_type.clone();
    let word = match definition(command) {
        Some(NodeEnum::String(it)) => Some(it.sval.as_str()),
        _ => None,
    };
    let storage = data_type.zip(word).and_then(|(data_type, word)| column::storage(state, &data_type, word));
    state.change(view, |object| {
        let Definition::MaterializedView(it) = &mut object.definition else { return };
        let Some(column) = it.columns.iter_mut().find(|it| it.name == command.name) else { return };
        match (command.subtype(), definition(command)) {
            (AlterTableType::AtSetStorage, _) => column.storage = storage,
            (AlterTableType::AtSetCompression, _) => column.compression = word.filter(|it| *it != "default").map(str::to_owned),
            (AlterTableType::AtSetStatistics, Some(NodeEnum::Integer(it))) => {
                column.statistics_target = Some(it.ival).filter(|it| *it >= 0)
            }
            (AlterTableType::AtSetStatistics, _) => column.statistics_target = None,
            (subtype, Some(NodeEnum::List(list))) => {
                for option in options::elements(&list.items) {
                    if subtype == AlterTableType::AtResetOptions {
                        column.options.remove(&option.defname);
                    } else {
                        column.options.insert(option.defname.clone(), options::text(option).unwrap_or_default());
                    }
                }
            }
            _ => {}
        }
    });
    Ok(())
}

/// `DROP COLUMN`: children lose it too, unless they declare it themselves or have it from another parent.
pub(crate) fn drop_column(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd, only: bool) -> Outcome {
    let name = &command.name;
    let Some(column) = column::get(state, table, name) else {
        return if command.missing_ok { Ok(()) } else { check_column(state, table, name) };
    };
    if column.inherited {
        return Err(Problem::new(format!("cannot drop inherited column `{name}` of `{}`", table.name)));
    }
    if let Some(Definition::Table(it)) = state.get(table).map(|it| &it.definition)
        && it.partition_key.iter().flat_map(|it| &it.keys).any(|it| it.column.as_ref() == Some(name))
    {
        return Err(Problem::new(format!("cannot drop column `{name}` because it is part of the partition key of `{}`", table.name)));
    }
    let cascade = command.behavior() == DropBehavior::DropCascade;
    drop_in_children(state, table, name, only, cascade)?;
    drop::drop_column(state, table, name, cascade)
}

fn drop_in_children(state: &mut State<'_>, table: &Identity, name: &str, only: bool, cascade: bool) -> Outcome {
    for child in partition::children(state, table) {
        let from_another =
            partition::parents(state, &child).iter().any(|parent| parent != table && column::get(state, parent, name).is_some());
        let local = column::get(state, &child, name).is_none_or(|it| it.local);
        if from_another || local || only {
            column::change(state, &child, name, |it| {
                it.inherited = from_another;
                it.local |= !from_another;
            });
        } else {
            drop_in_children(state, &child, name, false, cascade)?;
            drop::drop_column(state, &child, name, cascade)?;
        }
    }
    Ok(())
}

/// `SET DATA TYPE`.
pub(crate) fn set_type(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd, only: bool, at: Place) -> Outcome {
    let Some(NodeEnum::ColumnDef(node)) = definition(command) else { return Ok(()) };
    check_column(state, table, &command.name)?;
    let data_type = types::column_type(state, node)?;
    let mut needs = std::collections::BTreeSet::new();
    let collation = types::explicit_collation(state, node, &data_type, &mut needs)?;
    change_all(state, table, &command.name, only, &|column| {
        // A literal was one of the old type when the default was made, and stays one.
        if let Some(default) = &mut column.default
            && column.data_type.name != data_type.name
            && is_string_literal(&default.0)
        {
            *default = expression::cast(default, &column.data_type.without_modifiers());
        }
        column.data_type = data_type.clone();
        column.collation.clone_from(&collation);
        // Values are kept as the type has it, whatever was said before (`ATExecAlterColumnType`).
        column.storage = None;
        column.compression = None;
    })?;
    refresh_all(state, table);
    // The sequence of an identity column counts in the column's type.
    let identity = column::get(state, table, &command.name).and_then(|it| it.identity.as_ref());
    if let Some(identity) = identity {
        let sequence = Identity::new(Kind::Sequence, table.schema.clone(), identity.sequence.clone());
        let type_option = sequence::type_option(&data_type);
        sequence::alter_options(state, &sequence, &[type_option], at)?;
    }
    Ok(())
}

/// Whether canonical SQL is one string and nothing else.
fn is_string_literal(sql: &str) -> bool {
    let inner = sql.strip_prefix('\'').and_then(|it| it.strip_suffix('\''));
    inner.is_some_and(|it| !it.replace("''", "").contains('\''))
}

/// `OPTIONS (…)` of a foreign table's column.
pub(crate) fn set_foreign_options(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd) -> Outcome {
    let Some(NodeEnum::List(list)) = definition(command) else { return Ok(()) };
    change_all(state, table, &command.name, true, &|column| super::foreign::change_options(&mut column.foreign_options, &list.items))
}

/// `ADD GENERATED … AS IDENTITY`.
pub(crate) fn add_identity(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd, at: Place) -> Outcome {
    let (generation, nodes) = match definition(command) {
        Some(NodeEnum::Constraint(it)) => (column::generation(&it.generated_when), it.options.as_slice()),
        Some(NodeEnum::ColumnDef(it)) => (column::generation(&it.identity), [].as_slice()),
        _ => return Ok(()),
    };
    check_column(state, table, &command.name)?;
    let Some(current) = column::get(state, table, &command.name) else { return Ok(()) };
    if current.identity.is_some() {
        return Err(Problem::new(format!("column `{}` of relation `{}` is already an identity column", command.name, table.name)));
    }
    if current.default.is_some() {
        return Err(Problem::new(format!("column `{}` of relation `{}` already has a default value", command.name, table.name)));
    }
    let data_type = current.data_type.clone();
    let unlogged = matches!(state.get(table).map(|it| &it.definition), Some(Definition::Table(it)) if it.persistence == crate::catalog::Persistence::Unlogged);
    let sequence = sequence::create_for_column(state, &table.qualified_name(), &command.name, &data_type, nodes, unlogged, at)?;
    sequence::own(state, &sequence, Owner::Column { table: table.clone(), column: command.name.clone() }, true)?;
    column::change(state, table, &command.name, |it| {
        it.identity = Some(ColumnIdentity { generation, sequence: sequence.name.clone() });
        it.not_null = true;
    });
    Ok(())
}

/// `SET GENERATED …`, `SET sequence_option`, `RESTART`.
pub(crate) fn set_identity(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd, at: Place) -> Outcome {
    let Some(NodeEnum::List(list)) = definition(command) else { return Ok(()) };
    check_column(state, table, &command.name)?;
    let Some(identity) = column::get(state, table, &command.name).and_then(|it| it.identity.clone()) else {
        return Err(Problem::new(format!("column `{}` of relation `{}` is not an identity column", command.name, table.name)));
    };
    let mut nodes = Vec::new();
    for node in &list.items {
        match &node.node {
            Some(NodeEnum::DefElem(it)) if it.defname == "generated" => {
                // The letter of ATTRIBUTE_IDENTITY_ALWAYS or _BY_DEFAULT, as a number.
                let letter = options::integer(it).and_then(|it| u8::try_from(it).ok()).map(char::from).unwrap_or('d');
                let generation = column::generation(&letter.to_string());
                column::change(state, table, &command.name, |it| {
                    if let Some(identity) = &mut it.identity {
                        identity.generation = generation;
                    }
                });
            }
            _ => nodes.push(node.clone()),
        }
    }
    let sequence = Identity::new(Kind::Sequence, table.schema.clone(), identity.sequence);
    if nodes.is_empty() { Ok(()) } else { sequence::alter_options(state, &sequence, &nodes, at) }
}

/// `DROP IDENTITY`: the sequence goes too.
pub(crate) fn drop_identity(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd) -> Outcome {
    check_column(state, table, &command.name)?;
    let identity = column::change(state, table, &command.name, |it| it.identity.take()).flatten();
    match identity {
        Some(identity) => {
            let sequence = Identity::new(Kind::Sequence, table.schema.clone(), identity.sequence);
            state.remove(&sequence);
            Ok(())
        }
        None if command.missing_ok => Ok(()),
        None => Err(Problem::new(format!("column `{}` of relation `{}` is not an identity column", command.name, table.name))),
    }
}
