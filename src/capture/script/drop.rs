//! `DROP`: what goes, what goes with it, and what stands in the way.
//!
//! PostgreSQL src/backend/catalog/dependency.c, performMultipleDeletions: dependents that hang on an object go silently;
//! any other stops the statement, or goes too with `CASCADE`. Of a table that needs a type or a function in one column
//! only, the column or its default goes.

use std::collections::{BTreeSet, VecDeque};

use pg_query::NodeEnum;
use pg_query::protobuf::{DropBehavior, DropStmt, ObjectType};

use crate::catalog::{Definition, Dependency, Identity, Kind, ReplicaIdentity};

use super::address::{self, NoObject};
use super::state::State;
use super::{Outcome, Place, Problem, canonical, column, dependency, partition};

/// `DROP`.
pub(crate) fn apply(state: &mut State<'_>, node: &DropStmt, _at: Place) -> Outcome {
    let object_type = node.remove_type();
    let mut identities = Vec::new();
    for object in &node.objects {
        match address::object(state, object_type, object).map(|it| it.identity) {
            // What an extension owns goes with the extension only.
            Ok(identity) if identity.kind == Kind::Extension && object_type != ObjectType::ObjectExtension => {
                return Err(
                    Problem::new(format!("cannot drop a member of extension `{}`", identity.name)).hint("drop the extension instead")
                );
            }
            Ok(identity) if identity.kind == Kind::Constraint && object_type == ObjectType::ObjectIndex => {
                let problem = Problem::new(format!(
                    "cannot drop index `{}` because a constraint of `{}` requires it",
                    identity.name, identity.parent
                ));
                return Err(problem.hint("drop the constraint instead"));
            }
            Ok(identity) => identities.push(identity),
            Err(NoObject::Missing(_)) if node.missing_ok => {}
            // plpgsql is there without a statement that made it.
            Err(_) if is_plpgsql(object) && matches!(object_type, ObjectType::ObjectExtension | ObjectType::ObjectLanguage) => {}
            Err(problem) => return Err(problem.into()),
        }
    }
    drop_objects(state, &identities, node.behavior() == DropBehavior::DropCascade)
}

fn is_plpgsql(node: &pg_query::protobuf::Node) -> bool {
    matches!(&node.node, Some(NodeEnum::String(it)) if it.sval == "plpgsql")
}

/// What a deletion can take: an object, a column of a table or attribute of a type, or a column's default (of a domain, its own).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Object(Identity),
    Column(Identity, String),
    Default(Identity, String),
}

impl Target {
    fn identity(&self) -> &Identity {
        match self {
            Self::Object(it) | Self::Column(it, _) | Self::Default(it, _) => it,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Object(it) => it.to_string(),
            Self::Column(it, column) => format!("column {column} of {it}"),
            Self::Default(it, column) if column.is_empty() => format!("default of {it}"),
            Self::Default(it, column) => format!("default of column {column} of {it}"),
        }
    }
}

/// Drops objects with all that hangs on them.
pub(crate) fn drop_objects(state: &mut State<'_>, identities: &[Identity], cascade: bool) -> Outcome {
    let targets = identities.iter().cloned().map(Target::Object).collect();
    delete(state, targets, cascade)
}

/// Drops a column with all that hangs on it.
pub(crate) fn drop_column(state: &mut State<'_>, table: &Identity, column: &str, cascade: bool) -> Outcome {
    delete(state, vec![Target::Column(table.clone(), column.to_owned())], cascade)
}

fn delete(state: &mut State<'_>, targets: Vec<Target>, cascade: bool) -> Outcome {
    let goes = closure(state, targets, cascade)?;
    // Parts of objects that stay go first, while all names still resolve.
    let whole: BTreeSet<Identity> =
        goes.iter().filter_map(|it| if let Target::Object(it) = it { Some(it.clone()) } else { None }).collect();
    let mut changed = BTreeSet::new();
    for target in goes.iter().filter(|it| !whole.contains(it.identity())) {
        match target {
            Target::Object(_) => {}
            Target::Column(relation, name) => remove_column(state, relation, name),
            Target::Default(relation, name) => remove_default(state, relation, name),
        }
        changed.insert(target.identity().clone());
    }
    for identity in &whole {
        detach(state, identity, &mut changed);
        state.remove(identity);
    }
    for identity in changed.difference(&whole) {
        dependency::refresh(state, identity);
    }
    Ok(())
}

/// All that goes, or why nothing does.
fn closure(state: &State<'_>, targets: Vec<Target>, cascade: bool) -> Result<BTreeSet<Target>, Problem> {
    let first = targets.first().map(Target::words).unwrap_or_default();
    let mut goes: BTreeSet<Target> = BTreeSet::new();
    let mut silent: VecDeque<Target> = targets.into();
    let mut loud: VecDeque<Target> = VecDeque::new();
    let mut in_the_way: BTreeSet<String> = BTreeSet::new();
    loop {
        if let Some(target) = silent.pop_front() {
            if is_covered(&goes, &target) {
                continue;
            }
            for (dependent, auto) in dependents(state, &target) {
                if auto { silent.push_back(dependent) } else { loud.push_back(dependent) }
            }
            goes.insert(target);
        } else if let Some(target) = loud.pop_front() {
            if is_covered(&goes, &target) {
                continue;
            }
            if !cascade {
                in_the_way.insert(target.words());
                continue;
            }
            silent.push_back(target);
        } else {
            break;
        }
    }
    if in_the_way.is_empty() {
        return Ok(goes);
    }
    let list = in_the_way.into_iter().collect::<Vec<_>>().join(", ");
    Err(Problem::new(format!("cannot drop `{first}` because other objects depend on it: {list}"))
        .hint("use DROP … CASCADE to drop them too"))
}

/// Whether a target goes already, alone or with what it is a part of.
fn is_covered(goes: &BTreeSet<Target>, target: &Target) -> bool {
    let with_column = match target {
        Target::Default(identity, column) => goes.contains(&Target::Column(identity.clone(), column.clone())),
        Target::Object(_) | Target::Column(..) => false,
    };
    with_column || goes.contains(target) || goes.contains(&Target::Object(target.identity().clone()))
}

/// What depends on a target, and whether it goes silently.
fn dependents(state: &State<'_>, target: &Target) -> Vec<(Target, bool)> {
    let mut found = Vec::new();
    let identity = target.identity();
    if matches!(target, Target::Default(..)) {
        return found;
    }
    let column = if let Target::Column(_, column) = target { Some(column.as_str()) } else { None };
    for dependent in state.dependents(identity) {
        let needs: Vec<&Dependency> =
            state.dependencies_on(dependent, identity).filter(|it| column.is_none() || it.column.as_deref() == column).collect();
        if needs.is_empty() {
            continue;
        }
        if needs.iter().any(|it| it.auto) {
            found.push((Target::Object(dependent.clone()), true));
        } else if dependent.kind == Kind::Publication {
            // Its list is shortened, see `detach`.
        } else {
            found.extend(parts(state, dependent, identity, column).into_iter().map(|it| (it, false)));
        }
    }
    if let Some(column) = column {
        let columns = state.get(identity).map(|it| column::columns(&it.definition)).unwrap_or_default();
        for other in columns.iter().filter(|it| it.name != column) {
            let Some(generated) = &other.generated else { continue };
            let needs = canonical::needs(state, &generated.expression, Some(identity));
            if needs.iter().any(|it| it.on == *identity && it.column.as_deref() == Some(column)) {
                found.push((Target::Column(identity.clone(), other.name.clone()), false));
            }
        }
    }
    found
}

/// Which parts of a dependent need an object: columns, defaults, or the whole of it.
fn parts(state: &State<'_>, dependent: &Identity, on: &Identity, column: Option<&str>) -> Vec<Target> {
    let whole = || vec![Target::Object(dependent.clone())];
    if on.kind == Kind::Schema {
        return whole();
    }
    let Some(object) = state.get(dependent) else { return Vec::new() };
    let resolver = state.resolver();
    let is_type = |name: &crate::catalog::QualifiedName| resolver.type_object(name) == Some(on);
    let is_collation = |name: Option<&crate::catalog::QualifiedName>| name.is_some_and(|it| resolver.collation_object(it) == Some(on));
    let needed = |expression: &crate::catalog::Expression| {
        let needs = canonical::needs(state, expression, Some(dependent));
        needs.iter().any(|it| it.on == *on && (column.is_none() || it.column.as_deref() == column))
    };
    let mut parts = Vec::new();
    match &object.definition {
        Definition::Table(_) | Definition::ForeignTable(_) => {
            if partition::parents(state, dependent).contains(on) {
                return whole();
            }
            if let Definition::Table(it) = &object.definition {
                let of_type = it.of_type.as_ref().is_some_and(&is_type);
                let in_key = it.partition_key.iter().flat_map(|it| &it.keys).any(|it| it.expression.as_ref().is_some_and(&needed));
                if of_type || in_key {
                    return whole();
                }
            }
            for it in column::columns(&object.definition) {
                if is_type(&it.data_type.name)
                    || is_collation(it.collation.as_ref())
                    || it.generated.as_ref().is_some_and(|it| needed(&it.expression))
                {
                    parts.push(Target::Column(dependent.clone(), it.name.clone()));
                } else if it.default.as_ref().is_some_and(needed) {
                    parts.push(Target::Default(dependent.clone(), it.name.clone()));
                }
            }
        }
        Definition::Composite(it) => {
            for it in it.attributes.iter().filter(|it| is_type(&it.data_type.name) || is_collation(it.collation.as_ref())) {
                parts.push(Target::Column(dependent.clone(), it.name.clone()));
            }
        }
        Definition::Domain(it) if !is_type(&it.base.name) && it.default.as_ref().is_some_and(needed) => {
            parts.push(Target::Default(dependent.clone(), String::new()));
        }
        _ => {}
    }
    if parts.is_empty() { whole() } else { parts }
}

fn remove_column(state: &mut State<'_>, relation: &Identity, name: &str) {
    state.change(relation, |object| match &mut object.definition {
        Definition::Composite(it) => it.attributes.retain(|it| it.name != name),
        definition => {
            if let Some(columns) = column::columns_mut(definition) {
                columns.retain(|it| it.name != name);
            }
        }
    });
}

fn remove_default(state: &mut State<'_>, relation: &Identity, name: &str) {
    state.change(relation, |object| {
        if let Definition::Domain(it) = &mut object.definition {
            it.default = None;
        }
    });
    column::change(state, relation, name, |it| it.default = None);
}

/// Takes an object that goes out of what stays and names it without needing it.
fn detach(state: &mut State<'_>, identity: &Identity, changed: &mut BTreeSet<Identity>) {
    let table = match state.get(identity).map(|it| &it.definition) {
        Some(Definition::Index(it)) => Some(it.table.clone()),
        Some(Definition::Constraint(_)) => Some(identity.parent.clone()),
        _ => None,
    };
    if let Some(table) = table {
        forget_index(state, &identity.schema, &table, &identity.name);
    }
    let publications: Vec<Identity> = state.dependents(identity).filter(|it| it.kind == Kind::Publication).cloned().collect();
    for publication in publications {
        let name = identity.qualified_name();
        state.change(&publication, |object| {
            if let Definition::Publication(it) = &mut object.definition {
                it.tables.retain(|it| identity.kind == Kind::Schema || it.table != name);
                it.schemas.retain(|it| identity.kind != Kind::Schema || *it != identity.name);
            }
            object.dependencies.retain(|it| it.on != *identity);
        });
    }
    // Parents keep no list of children, but a default partition's going may make nothing else wrong.
    changed.remove(identity);
}

/// A table that clusters on an index, or replicates by it, does no longer.
fn forget_index(state: &mut State<'_>, schema: &str, table: &str, index: &str) {
    for kind in [Kind::Table, Kind::MaterializedView] {
        let table = Identity::new(kind, schema, table);
        let named = match state.get(&table).map(|it| &it.definition) {
            Some(Definition::Table(it)) => {
                it.cluster_on.as_deref() == Some(index) || matches!(&it.replica_identity, ReplicaIdentity::Index(it) if it == index)
            }
            Some(Definition::MaterializedView(it)) => it.cluster_on.as_deref() == Some(index),
            _ => false,
        };
        if !named {
            continue;
        }
        state.change(&table, |object| match &mut object.definition {
            Definition::Table(it) => {
                it.cluster_on = it.cluster_on.take().filter(|it| it != index);
                if matches!(&it.replica_identity, ReplicaIdentity::Index(it) if it == index) {
                    // The server falls back to what it does without a key: nothing.
                    it.replica_identity = ReplicaIdentity::Nothing;
                }
            }
            Definition::MaterializedView(it) => it.cluster_on = None,
            _ => {}
        });
    }
}
