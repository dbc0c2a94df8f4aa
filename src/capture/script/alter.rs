//! `ALTER TABLE` and its sisters for views, indexes, sequences and composite types: one command after the other.
//!
//! What concerns columns stands in `alter_column`, what concerns inheritance and partitions in `alter_partition`.

use pg_query::NodeEnum;
use pg_query::protobuf::{
    AlterTableCmd, AlterTableMoveAllStmt, AlterTableStmt, AlterTableType, AtAlterConstraint, ConstrType, DropBehavior, ObjectType,
};

use crate::catalog::{Constraint, ConstraintKind, Definition, Firing, Identity, Kind, Object, Persistence, ReplicaIdentity, Table};
use crate::diagnostic::nearest;

use super::column::deferral;
use super::constraint::{self, Planned};
use super::state::State;
use super::{
    Outcome, Place, Problem, alter_column, alter_partition, comment, dependency, drop, index, options, partition, sequence, types,
};

/// `ALTER TABLE`, `ALTER VIEW`, `ALTER INDEX`, `ALTER SEQUENCE`, `ALTER TYPE`, `ALTER FOREIGN TABLE`, `ALTER MATERIALIZED VIEW`.
pub(crate) fn apply(state: &mut State<'_>, node: &AlterTableStmt, at: Place) -> Outcome {
    let Some(relation) = &node.relation else { return Ok(()) };
    let identity = match state.resolver().range_var(relation) {
        Ok(identity) => identity.clone(),
        Err(_) if node.missing_ok => return Ok(()),
        Err(unresolved) => return Err(unresolved.into()),
    };
    if identity.kind == Kind::Extension {
        state.warn(at, format!("`{}` belongs to extension `{}`; its change was left out", relation.relname, identity.name), None);
        return Ok(());
    }
    let mut commands: Vec<&AlterTableCmd> = node
        .cmds
        .iter()
        .filter_map(|it| match &it.node {
            Some(NodeEnum::AlterTableCmd(it)) => Some(it.as_ref()),
            _ => None,
        })
        .collect();
    commands.sort_by_key(|it| pass(it));
    commands.into_iter().try_for_each(|it| command(state, &identity, it, !relation.inh, at))
}

/// The server works off the commands of a statement in passes, whatever their order in the text.
/// PostgreSQL src/backend/commands/tablecmds.c, AlterTablePass.
fn pass(command: &AlterTableCmd) -> u8 {
    match command.subtype() {
        AlterTableType::AtDropColumn
        | AlterTableType::AtDropConstraint
        | AlterTableType::AtDropNotNull
        | AlterTableType::AtDropExpression
        | AlterTableType::AtDropIdentity => 0,
        AlterTableType::AtColumnDefault if command.def.is_none() => 0,
        AlterTableType::AtAlterColumnType => 1,
        AlterTableType::AtAddColumn => 2,
        AlterTableType::AtSetExpression => 3,
        AlterTableType::AtAddConstraint => match added(command).map(|it| it.contype()) {
            Some(ConstrType::ConstrCheck | ConstrType::ConstrNotnull) => 4,
            Some(ConstrType::ConstrForeign) => 7,
            _ => 6,
        },
        AlterTableType::AtSetNotNull
        | AlterTableType::AtSetStatistics
        | AlterTableType::AtSetOptions
        | AlterTableType::AtResetOptions
        | AlterTableType::AtSetStorage
        | AlterTableType::AtSetCompression
        | AlterTableType::AtSetIdentity => 5,
        AlterTableType::AtColumnDefault | AlterTableType::AtAddIdentity => 7,
        _ => 8,
    }
}

fn added(command: &AlterTableCmd) -> Option<&pg_query::protobuf::Constraint> {
    match definition(command)? {
        NodeEnum::Constraint(it) => Some(it),
        _ => None,
    }
}

/// What a command brings along.
pub(crate) fn definition(command: &AlterTableCmd) -> Option<&NodeEnum> {
    command.def.as_deref()?.node.as_ref()
}

/// One command on one relation.
pub(crate) fn command(state: &mut State<'_>, identity: &Identity, command: &AlterTableCmd, only: bool, at: Place) -> Outcome {
    if identity.kind == Kind::Composite {
        return types::alter_composite(state, identity, command, at);
    }
    if identity.kind == Kind::MaterializedView && is_column_setting(command) {
        return alter_column::set_of_materialized_view(state, identity, command);
    }
    let cascade = command.behavior() == DropBehavior::DropCascade;
    match command.subtype() {
        AlterTableType::AtAddColumn => alter_column::add(state, identity, command, only, at),
        AlterTableType::AtColumnDefault => alter_column::default(state, identity, command, only),
        AlterTableType::AtDropNotNull => alter_column::drop_not_null(state, identity, &command.name, only),
        AlterTableType::AtSetNotNull => constraint::set_not_null(state, identity, &command.name, only),
        AlterTableType::AtSetExpression => alter_column::set_expression(state, identity, command, only),
        AlterTableType::AtDropExpression => alter_column::drop_expression(state, identity, command, only),
        AlterTableType::AtSetStatistics => alter_column::set_statistics(state, identity, command, only),
        AlterTableType::AtSetOptions => alter_column::set_options(state, identity, command, false),
        AlterTableType::AtResetOptions => alter_column::set_options(state, identity, command, true),
        AlterTableType::AtSetStorage => alter_column::set_storage(state, identity, command, only),
        AlterTableType::AtSetCompression => alter_column::set_compression(state, identity, command, only),
        AlterTableType::AtDropColumn => alter_column::drop_column(state, identity, command, only),
        AlterTableType::AtAlterColumnType => alter_column::set_type(state, identity, command, only, at),
        AlterTableType::AtAlterColumnGenericOptions => alter_column::set_foreign_options(state, identity, command),
        AlterTableType::AtAddIdentity => alter_column::add_identity(state, identity, command, at),
        AlterTableType::AtSetIdentity => alter_column::set_identity(state, identity, command, at),
        AlterTableType::AtDropIdentity => alter_column::drop_identity(state, identity, command),
        AlterTableType::AtAddConstraint => add_constraint(state, identity, command, only),
        AlterTableType::AtAlterConstraint => alter_constraint(state, identity, command),
        AlterTableType::AtValidateConstraint => validate(state, identity, &command.name, only),
        AlterTableType::AtDropConstraint => drop_constraint(state, identity, &command.name, command.missing_ok, cascade, only),
        AlterTableType::AtChangeOwner => change_owner(state, identity, command),
        AlterTableType::AtClusterOn => cluster(state, identity, Some(command.name.clone())),
        AlterTableType::AtDropCluster => cluster(state, identity, None),
        AlterTableType::AtSetLogged => set_persistence(state, identity, Persistence::Permanent),
        AlterTableType::AtSetUnLogged => set_persistence(state, identity, Persistence::Unlogged),
        // Tables have no OIDs since PostgreSQL 12.
        AlterTableType::AtDropOids => Ok(()),
        AlterTableType::AtSetAccessMethod => set_access_method(state, identity, &command.name),
        AlterTableType::AtSetTableSpace => set_tablespace(state, identity, &command.name),
        AlterTableType::AtSetRelOptions => relation_options(state, identity, command, false),
        AlterTableType::AtResetRelOptions => relation_options(state, identity, command, true),
        AlterTableType::AtEnableTrig => fire_trigger(state, identity, &command.name, Firing::Origin, only),
        AlterTableType::AtEnableAlwaysTrig => fire_trigger(state, identity, &command.name, Firing::Always, only),
        AlterTableType::AtEnableReplicaTrig => fire_trigger(state, identity, &command.name, Firing::Replica, only),
        AlterTableType::AtDisableTrig => fire_trigger(state, identity, &command.name, Firing::Disabled, only),
        AlterTableType::AtEnableTrigAll | AlterTableType::AtEnableTrigUser => fire_all_triggers(state, identity, Firing::Origin, only),
        AlterTableType::AtDisableTrigAll | AlterTableType::AtDisableTrigUser => fire_all_triggers(state, identity, Firing::Disabled, only),
        AlterTableType::AtEnableRule => fire_rule(state, identity, &command.name, Firing::Origin),
        AlterTableType::AtEnableAlwaysRule => fire_rule(state, identity, &command.name, Firing::Always),
        AlterTableType::AtEnableReplicaRule => fire_rule(state, identity, &command.name, Firing::Replica),
        AlterTableType::AtDisableRule => fire_rule(state, identity, &command.name, Firing::Disabled),
        AlterTableType::AtAddInherit => alter_partition::inherit(state, identity, command),
        AlterTableType::AtDropInherit => alter_partition::no_inherit(state, identity, command),
        AlterTableType::AtAddOf => alter_partition::of(state, identity, command),
        AlterTableType::AtDropOf => alter_partition::not_of(state, identity),
        AlterTableType::AtReplicaIdentity => replica_identity(state, identity, command),
        AlterTableType::AtEnableRowSecurity => row_security(state, identity, |it| it.row_security.enabled = true),
        AlterTableType::AtDisableRowSecurity => row_security(state, identity, |it| it.row_security.enabled = false),
        AlterTableType::AtForceRowSecurity => row_security(state, identity, |it| it.row_security.forced = true),
        AlterTableType::AtNoForceRowSecurity => row_security(state, identity, |it| it.row_security.forced = false),
        AlterTableType::AtGenericOptions => foreign_options(state, identity, command),
        AlterTableType::AtAttachPartition => alter_partition::attach(state, identity, command),
        AlterTableType::AtDetachPartition | AlterTableType::AtDetachPartitionFinalize => alter_partition::detach(state, identity, command),
        other => {
            state.not_modelled(at, &format!("ALTER TABLE ({other:?})"));
            Ok(())
        }
    }
}

/// Whether a command says how a column is kept.
fn is_column_setting(command: &AlterTableCmd) -> bool {
    matches!(
        command.subtype(),
        AlterTableType::AtSetStatistics
            | AlterTableType::AtSetOptions
            | AlterTableType::AtResetOptions
            | AlterTableType::AtSetStorage
            | AlterTableType::AtSetCompression
    )
}

/// Changes a table in place.
pub(crate) fn change_table(state: &mut State<'_>, identity: &Identity, change: impl FnOnce(&mut Table)) -> Outcome {
    let changed = state.change(identity, |object| match &mut object.definition {
        Definition::Table(it) => {
            change(it);
            true
        }
        _ => false,
    });
    match changed {
        Some(true) => Ok(()),
        _ => Err(Problem::new(format!("`{}` is not a table", identity.name))),
    }
}

fn add_constraint(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd, only: bool) -> Outcome {
    let Some(node) = added(command) else { return Ok(()) };
    if !matches!(table.kind, Kind::Table | Kind::ForeignTable) {
        return Err(Problem::new(format!("`{}` is a {} and can have no constraints", table.name, table.kind)).at(node.location));
    }
    constraint::add_all(state, table, &[Planned::of_table(node)], only)
}

/// The constraint of a table by name.
fn find_constraint(state: &State<'_>, table: &Identity, name: &str) -> Result<Identity, Problem> {
    let identity = Identity::within(Kind::Constraint, &table.qualified_name(), name);
    if state.contains(&identity) {
        return Ok(identity);
    }
    let problem = Problem::new(format!("constraint `{name}` of relation `{}` does not exist", table.name));
    let names = state.constraints_of(&table.qualified_name());
    Err(match nearest(name, names.iter().map(|it| it.name.as_str())) {
        Some(nearest) => problem.hint(format!("did you mean `{nearest}`?")),
        None => problem,
    })
}

fn change_constraint(state: &mut State<'_>, identity: &Identity, change: impl FnOnce(&mut Constraint)) {
    state.change(identity, |object| {
        if let Definition::Constraint(it) = &mut object.definition {
            change(it);
        }
    });
}

/// The constraints of children that a table's constraint handed down.
fn handed_down(state: &State<'_>, table: &Identity, identity: &Identity) -> Vec<(Identity, Identity)> {
    let Some(Definition::Constraint(theirs)) = state.get(identity).map(|it| &it.definition) else { return Vec::new() };
    let mut found = Vec::new();
    for child in partition::children(state, table) {
        for own in state.constraints_of(&child.qualified_name()) {
            let Some(Definition::Constraint(it)) = state.get(&own).map(|it| &it.definition) else { continue };
            let is_same = match &theirs.kind {
                ConstraintKind::Check(_) | ConstraintKind::NotNull { .. } => own.name == identity.name,
                _ => partition::parent_constraint(state, &child, it).as_ref() == Some(identity),
            };
            if it.inherited && is_same {
                found.push((child.clone(), own));
            }
        }
    }
    found
}

fn alter_constraint(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd) -> Outcome {
    let Some(NodeEnum::AtalterConstraint(node)) = definition(command) else { return Ok(()) };
    let identity = find_constraint(state, table, &node.conname)?;
    apply_constraint_change(state, table, &identity, node);
    constraint::forget_plain_not_null(state, &identity);
    Ok(())
}

fn apply_constraint_change(state: &mut State<'_>, table: &Identity, identity: &Identity, node: &AtAlterConstraint) {
    let below = handed_down(state, table, identity);
    change_constraint(state, identity, |it| {
        if node.alter_deferrability {
            it.deferral = deferral(node.deferrable, node.initdeferred);
        }
        if node.alter_enforceability {
            it.enforced = node.is_enforced;
            it.validated = node.is_enforced;
        }
        if node.alter_inheritability {
            it.no_inherit = node.noinherit;
        }
    });
    for (child, own) in below {
        apply_constraint_change(state, &child, &own, node);
    }
}

fn validate(state: &mut State<'_>, table: &Identity, name: &str, only: bool) -> Outcome {
    let identity = find_constraint(state, table, name)?;
    let below = handed_down(state, table, &identity);
    change_constraint(state, &identity, |it| it.validated = true);
    constraint::forget_plain_not_null(state, &identity);
    if only {
        return Ok(());
    }
    below.into_iter().try_for_each(|(child, own)| validate(state, &child, &own.name, false))
}

fn drop_constraint(state: &mut State<'_>, table: &Identity, name: &str, missing_ok: bool, cascade: bool, only: bool) -> Outcome {
    let identity = match find_constraint(state, table, name) {
        Ok(identity) => identity,
        Err(_) if missing_ok => return Ok(()),
        // PostgreSQL 18 names every NOT NULL; dropping the name of a plain one drops the flag.
        Err(problem) => return drop_plain_not_null(state, table, name, only).unwrap_or(Err(problem)),
    };
    let dropped = match state.get(&identity).map(|it| &it.definition) {
        Some(Definition::Constraint(it)) => it.clone(),
        _ => return Ok(()),
    };
    if dropped.inherited && !partition::parents(state, table).is_empty() {
        return Err(Problem::new(format!("cannot drop inherited constraint `{name}` of relation `{}`", table.name)));
    }
    let below = handed_down(state, table, &identity);
    drop::drop_objects(state, &[identity], cascade)?;
    if let ConstraintKind::NotNull { column } = &dropped.kind {
        super::column::change(state, table, column, |it| it.not_null = false);
    }
    for (child, own) in below {
        let Some(Definition::Constraint(it)) = state.get(&own).map(|it| &it.definition) else { continue };
        if it.local || only {
            change_constraint(state, &own, |it| {
                it.inherited = false;
                it.local = true;
            });
        } else {
            change_constraint(state, &own, |it| it.inherited = false);
            drop_constraint(state, &child, &own.name, true, cascade, false)?;
        }
    }
    Ok(())
}

fn drop_plain_not_null(state: &mut State<'_>, table: &Identity, name: &str, only: bool) -> Option<Outcome> {
    let columns = super::column::columns(&state.get(table)?.definition);
    let is_named = |column: &&crate::catalog::Column| {
        column.not_null && super::names::make_object_name(&table.name, Some(&column.name), Some("not_null")) == name
    };
    let column = columns.iter().find(is_named)?.name.clone();
    Some(alter_column::drop_not_null(state, table, &column, only))
}

/// `OWNER TO`. The sequences that a table's columns own follow.
pub(crate) fn change_owner(state: &mut State<'_>, identity: &Identity, command: &AlterTableCmd) -> Outcome {
    // An index has its table's owner.
    if let (Some(role), false) = (&command.newowner, matches!(identity.kind, Kind::Index | Kind::Constraint)) {
        comment::set_owner(state, identity, role);
    }
    Ok(())
}

fn is_owned_by(state: &State<'_>, sequence: &Identity, table: &Identity) -> bool {
    let Some(Definition::Sequence(it)) = state.get(sequence).map(|it| &it.definition) else { return false };
    it.owner.as_ref().is_some_and(|it| it.table == table.qualified_name())
}

fn cluster(state: &mut State<'_>, identity: &Identity, index: Option<String>) -> Outcome {
    let changed = state.change(identity, |object| match &mut object.definition {
        Definition::Table(it) => it.cluster_on = index,
        Definition::MaterializedView(it) => it.cluster_on = index,
        _ => {}
    });
    changed.map_or(Ok(()), Ok)
}

/// `CLUSTER table USING index` marks the index as `CLUSTER ON` does.
pub(crate) fn cluster_statement(state: &mut State<'_>, node: &pg_query::protobuf::ClusterStmt, _at: Place) -> Outcome {
    let (Some(relation), false) = (&node.relation, node.indexname.is_empty()) else { return Ok(()) };
    let identity = state.resolver().range_var(relation)?.clone();
    cluster(state, &identity, Some(node.indexname.clone()))
}

/// `SET LOGGED`, `SET UNLOGGED`: the sequences of a table's columns follow.
fn set_persistence(state: &mut State<'_>, identity: &Identity, persistence: Persistence) -> Outcome {
    let unlogged = persistence == Persistence::Unlogged;
    if identity.kind == Kind::Sequence {
        sequence::change(state, identity, |it| it.unlogged = unlogged);
        return Ok(());
    }
    let owned: Vec<Identity> =
        state.dependents(identity).filter(|it| it.kind == Kind::Sequence && is_owned_by(state, it, identity)).cloned().collect();
    for it in owned {
        sequence::change(state, &it, |it| it.unlogged = unlogged);
    }
    change_table(state, identity, |it| it.persistence = persistence)
}

fn set_access_method(state: &mut State<'_>, identity: &Identity, name: &str) -> Outcome {
    let method = (!matches!(name, "" | "heap")).then(|| name.to_owned());
    let need = method.as_deref().and_then(|it| dependency::access_method(state, it));
    state.change(identity, |object| {
        let place = match &mut object.definition {
            Definition::Table(it) => &mut it.access_method,
            Definition::MaterializedView(it) => &mut it.access_method,
            _ => return,
        };
        *place = method;
        object.dependencies.retain(|it| it.on.kind != Kind::AccessMethod);
        object.dependencies.extend(need);
    });
    Ok(())
}

fn set_tablespace(state: &mut State<'_>, identity: &Identity, name: &str) -> Outcome {
    let tablespace = (name != "pg_default").then(|| name.to_owned());
    state.change(identity, |object| match &mut object.definition {
        Definition::Table(it) => it.tablespace = tablespace,
        Definition::MaterializedView(it) => it.tablespace = tablespace,
        Definition::Index(it) => it.tablespace = tablespace,
        Definition::Constraint(it) => match &mut it.kind {
            ConstraintKind::PrimaryKey(it) | ConstraintKind::Unique(it) => it.tablespace = tablespace,
            ConstraintKind::Exclusion { tablespace: it, .. } => *it = tablespace,
            _ => {}
        },
        _ => {}
    });
    Ok(())
}

/// `SET (…)`, `RESET (…)` of whatever has options.
fn relation_options(state: &mut State<'_>, identity: &Identity, command: &AlterTableCmd, reset: bool) -> Outcome {
    let Some(NodeEnum::List(list)) = definition(command) else { return Ok(()) };
    state.change(identity, |Object { definition, .. }| {
        let parameters = match definition {
            Definition::Table(it) => &mut it.storage_parameters,
            Definition::MaterializedView(it) => &mut it.storage_parameters,
            Definition::View(it) => &mut it.options,
            Definition::Index(it) => &mut it.storage_parameters,
            Definition::Constraint(it) => match &mut it.kind {
                ConstraintKind::PrimaryKey(it) | ConstraintKind::Unique(it) => &mut it.storage_parameters,
                ConstraintKind::Exclusion { storage_parameters, .. } => storage_parameters,
                _ => return,
            },
            _ => return,
        };
        if reset {
            for option in options::elements(&list.items) {
                parameters.remove(&options::parameter_name(option));
            }
        } else {
            parameters.extend(options::storage_parameters(&list.items));
        }
    });
    Ok(())
}

fn fire_trigger(state: &mut State<'_>, table: &Identity, name: &str, firing: Firing, only: bool) -> Outcome {
    let identity = Identity::within(Kind::Trigger, &table.qualified_name(), name);
    let set = |object: &mut Object| {
        if let Definition::Trigger(it) = &mut object.definition {
            it.firing = firing;
        }
    };
    if state.change(&identity, set).is_none() {
        return Err(Problem::new(format!("trigger `{name}` for table `{}` does not exist", table.name)));
    }
    if !only {
        for child in partition::partitions(state, table) {
            if state.contains(&Identity::within(Kind::Trigger, &child.qualified_name(), name)) {
                fire_trigger(state, &child, name, firing, false)?;
            }
        }
    }
    Ok(())
}

fn fire_all_triggers(state: &mut State<'_>, table: &Identity, firing: Firing, only: bool) -> Outcome {
    let names: Vec<String> =
        state.catalog().within(Kind::Trigger, &table.qualified_name()).map(|(identity, _)| identity.name.clone()).collect();
    names.iter().try_for_each(|name| fire_trigger(state, table, name, firing, only))
}

fn fire_rule(state: &mut State<'_>, table: &Identity, name: &str, firing: Firing) -> Outcome {
    let identity = Identity::within(Kind::Rule, &table.qualified_name(), name);
    let changed = state.change(&identity, |object| {
        if let Definition::Rule(it) = &mut object.definition {
            it.firing = firing;
        }
    });
    changed.ok_or_else(|| Problem::new(format!("rule `{name}` for relation `{}` does not exist", table.name)))
}

fn replica_identity(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd) -> Outcome {
    let Some(NodeEnum::ReplicaIdentityStmt(node)) = definition(command) else { return Ok(()) };
    let replica_identity = match node.identity_type.as_str() {
        "f" => ReplicaIdentity::Full,
        "n" => ReplicaIdentity::Nothing,
        "i" => {
            let own = |it: &Identity| it.kind == Kind::Constraint && it.parent == table.name || index::of_table(state, table).contains(&it);
            match state.names().relation(&table.schema, &node.name) {
                Some(it) if own(it) => ReplicaIdentity::Index(node.name.clone()),
                _ => return Err(Problem::new(format!("index `{}` for table `{}` does not exist", node.name, table.name))),
            }
        }
        _ => ReplicaIdentity::Default,
    };
    change_table(state, table, |it| it.replica_identity = replica_identity)
}

fn row_security(state: &mut State<'_>, table: &Identity, change: impl FnOnce(&mut Table)) -> Outcome {
    change_table(state, table, change)
}

/// `OPTIONS (ADD …, SET …, DROP …)` of a foreign table.
fn foreign_options(state: &mut State<'_>, table: &Identity, command: &AlterTableCmd) -> Outcome {
    let Some(NodeEnum::List(list)) = definition(command) else { return Ok(()) };
    state.change(table, |object| {
        if let Definition::ForeignTable(it) = &mut object.definition {
            super::foreign::change_options(&mut it.options, &list.items);
        }
    });
    Ok(())
}

/// `ALTER TABLE | INDEX | MATERIALIZED VIEW ALL IN TABLESPACE … SET TABLESPACE`.
pub(crate) fn move_all(state: &mut State<'_>, node: &AlterTableMoveAllStmt, _at: Place) -> Outcome {
    let from = (node.orig_tablespacename != "pg_default").then(|| node.orig_tablespacename.clone());
    let owners: Vec<Option<String>> = node.roles.iter().map(super::grant::role_name).collect();
    let tablespace = |object: &Object| match &object.definition {
        Definition::Table(it) if node.objtype() == ObjectType::ObjectTable => Some(it.tablespace.clone()),
        Definition::MaterializedView(it) if node.objtype() == ObjectType::ObjectMatview => Some(it.tablespace.clone()),
        Definition::Index(it) if node.objtype() == ObjectType::ObjectIndex => Some(it.tablespace.clone()),
        Definition::Constraint(it) if node.objtype() == ObjectType::ObjectIndex => match &it.kind {
            ConstraintKind::PrimaryKey(it) | ConstraintKind::Unique(it) => Some(it.tablespace.clone()),
            ConstraintKind::Exclusion { tablespace, .. } => Some(tablespace.clone()),
            _ => None,
        },
        _ => None,
    };
    let is_theirs = |object: &Object| owners.is_empty() || owners.contains(&object.owner);
    let moved: Vec<Identity> = state
        .catalog()
        .iter()
        .filter(|(_, object)| is_theirs(object) && tablespace(object).is_some_and(|it| it == from))
        .map(|(identity, _)| identity.clone())
        .collect();
    moved.iter().try_for_each(|identity| set_tablespace(state, identity, &node.new_tablespacename))
}
