//! Views, materialised views, and tables made from queries.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{
    CreateTableAsStmt, IntoClause, Node, ObjectType, OnCommitAction, RefreshMatViewStmt, RuleStmt, SelectStmt, ViewCheckOption, ViewStmt,
};

use crate::capture::expression::{self, UnknownColumn};
use crate::catalog::{
    Column, Definition, Dependency, Identity, Kind, MaterializedView, Object, Persistence, QualifiedName, Table, View, ViewColumn,
};

use super::canonical::{self, CanonicalQuery};
use super::resolve::strings;
use super::state::{PG_TEMP, State};
use super::{Outcome, Place, Problem, dependency, options, procedural, settings};

/// `CREATE VIEW`. A view of temporary tables is temporary.
pub(crate) fn create(state: &mut State<'_>, node: &ViewStmt, at: Place) -> Outcome {
    let (Some(relation), Some(query)) = (&node.view, node.query.as_deref()) else { return Ok(()) };
    let mut canonical = canonical::query(state, query)?;
    rename_columns(&mut canonical, &strings(&node.aliases))?;
    let mut name = state.new_relation_name(relation)?;
    report_unknown(state, &canonical, &name, at);
    if canonical.dependencies.iter().any(|it| it.on.schema == PG_TEMP) {
        PG_TEMP.clone_into(&mut name.schema);
    }
    let mut view_options = options::storage_parameters(&node.options);
    match node.with_check_option() {
        ViewCheckOption::LocalCheckOption => drop(view_options.insert("check_option".to_owned(), "local".to_owned())),
        ViewCheckOption::CascadedCheckOption => drop(view_options.insert("check_option".to_owned(), "cascaded".to_owned())),
        ViewCheckOption::NoCheckOption | ViewCheckOption::Undefined => {}
    }
    let identity = Identity::new(Kind::View, name.schema.clone(), name.name.clone());
    let existing = state.names().relation(&name.schema, &name.name).cloned();
    canonical.dependencies.extend(state.schema_dependency(&name.schema));
    match existing {
        None => {
            let view = View { columns: canonical.columns, query: canonical.query, options: view_options };
            state.insert_with(identity, Definition::View(view), canonical.dependencies);
            Ok(())
        }
        Some(existing) if node.replace && existing == identity => replace(state, &identity, canonical, view_options),
        Some(_) => Err(Problem::new(format!("relation `{}` already exists", name.name)).at(relation.location)),
    }
}

/// `CREATE OR REPLACE VIEW`: what is said of the view and its columns stays; columns may be added at the end only.
fn replace(
    state: &mut State<'_>,
    identity: &Identity,
    mut canonical: CanonicalQuery,
    view_options: std::collections::BTreeMap<String, String>,
) -> Outcome {
    let changed = state.change(identity, |object| {
        let Definition::View(view) = &mut object.definition else { return Ok(()) };
        if canonical.columns.len() < view.columns.len() && !canonical.columns.is_empty() {
            return Err(Problem::new(format!("cannot drop columns from view `{}`", identity.name)).hint("drop the view and make it again"));
        }
        for (new, old) in canonical.columns.iter_mut().zip(&mut view.columns) {
            if new.name != old.name {
                let problem = Problem::new(format!("cannot change name of view column `{}` to `{}`", old.name, new.name));
                return Err(problem.hint("use ALTER VIEW … RENAME COLUMN … to change the name of a view column"));
            }
            new.comment = old.comment.take();
            new.grants = std::mem::take(&mut old.grants);
            new.default = old.default.take();
        }
        view.columns = std::mem::take(&mut canonical.columns);
        view.query = canonical.query;
        view.options = view_options;
        object.dependencies = canonical.dependencies.into();
        Ok(())
    });
    changed.unwrap_or(Ok(()))
}

/// `CREATE RULE … ON SELECT … DO INSTEAD`: a table without rows becomes a view. PostgreSQL src/backend/rewrite/rewriteDefine.c,
/// DefineQueryRewrite, until version 15; `pg_dump` broke cycles of views with it until version 9.6.
pub(crate) fn from_rule(state: &mut State<'_>, relation: &Identity, node: &RuleStmt, at: Place) -> Outcome {
    let [query] = node.actions.as_slice() else {
        return Err(Problem::new("a rule on SELECT has one action, a SELECT, done instead"));
    };
    let mut canonical = canonical::query(state, query)?;
    let name = relation.qualified_name();
    report_unknown(state, &canonical, &name, at);
    let columns: Vec<String> = state.resolver().columns(relation).into_iter().map(|it| it.name).collect();
    rename_columns(&mut canonical, &columns.iter().map(String::as_str).collect::<Vec<_>>())?;
    canonical.dependencies.extend(state.schema_dependency(&relation.schema));
    if relation.kind == Kind::View && node.replace {
        return replace(state, relation, canonical, std::collections::BTreeMap::new());
    }
    if relation.kind != Kind::Table {
        return Err(Problem::new(format!("relation `{}` cannot have ON SELECT rules", relation.name)));
    }
    let dependents: Vec<Identity> = state.dependents(relation).cloned().collect();
    let Some(table) = state.remove(relation) else { return Ok(()) };
    let identity = Identity { kind: Kind::View, ..relation.clone() };
    let view = View { columns: canonical.columns, query: canonical.query, options: std::collections::BTreeMap::new() };
    let mut object = Object::new(Definition::View(view));
    (object.owner, object.comment, object.grants) = (table.owner, table.comment, table.grants);
    let follow = |it: Dependency| if it.on == *relation { Dependency { on: identity.clone(), ..it } } else { it };
    object.dependencies = canonical.dependencies.into_iter().map(follow).collect();
    state.insert(identity.clone(), object);
    for dependent in dependents.iter().filter(|it| *it != relation) {
        state.change(dependent, |object| {
            object.dependencies = std::mem::take(&mut object.dependencies).into_iter().map(follow).collect();
        });
    }
    Ok(())
}

/// Column names that are given beside the query.
fn rename_columns(canonical: &mut CanonicalQuery, aliases: &[&str]) -> Outcome {
    let columns = &mut canonical.columns;
    if columns.is_empty() {
        columns.extend(aliases.iter().map(|it| ViewColumn::new(*it, None)));
        return Ok(());
    }
    if aliases.len() > columns.len() {
        return Err(Problem::new("there are more column names than columns"));
    }
    for (column, alias) in columns.iter_mut().zip(aliases) {
        (*alias).clone_into(&mut column.name);
    }
    if !aliases.is_empty() {
        canonical.query = expression::name_columns(&canonical.query, aliases);
    }
    Ok(())
}

/// `CREATE TABLE … AS`, `CREATE MATERIALIZED VIEW`.
pub(crate) fn create_as(state: &mut State<'_>, node: &CreateTableAsStmt, at: Place) -> Outcome {
    let (Some(into), Some(query)) = (node.into.as_deref(), node.query.as_deref()) else { return Ok(()) };
    let Some(relation) = &into.rel else { return Ok(()) };
    let name = state.new_relation_name(relation)?;
    if state.relation_exists(&name, node.if_not_exists).map_err(|it| it.at(relation.location))? {
        return Ok(());
    }
    if let Some(NodeEnum::ExecuteStmt(_)) = &query.node {
        state.not_modelled(at, "CREATE TABLE AS EXECUTE");
        return Ok(());
    }
    let mut canonical = canonical::query(state, query)?;
    rename_columns(&mut canonical, &strings(&into.col_names))?;
    if node.objtype() == ObjectType::ObjectMatview {
        report_unknown(state, &canonical, &name, at);
        return create_materialized(state, name, into, canonical);
    }
    create_table(state, name, into, canonical, relation.relpersistence == "u", at)
}

/// How many views over views are followed to the end; what is further up may be NULL for all that is known.
const LAYERS: usize = 32;

/// Tells again which columns of views are never NULL: tables may have changed since the views were made.
pub(crate) fn tell_not_null_again(state: &mut State<'_>) {
    let kinds = [Kind::View, Kind::MaterializedView];
    let views: Vec<Identity> = kinds.iter().flat_map(|kind| state.catalog().of_kind(*kind)).map(|(identity, _)| identity.clone()).collect();
    let mut trees = Vec::new();
    for view in views {
        let before = not_null(state, &view);
        if before.is_empty() {
            continue;
        }
        let query = match state.get(&view).map(|it| &it.definition) {
            Some(Definition::View(it)) => &it.query,
            Some(Definition::MaterializedView(it)) => &it.query,
            _ => continue,
        };
        if let Some(tree) = expression::parse_query(query) {
            set_not_null(state, &view, &vec![false; before.len()]);
            trees.push((view, tree));
        }
    }
    // From nothing upwards: whatever is told on the way is true.
    for _ in 0..LAYERS {
        let mut told = false;
        for (view, tree) in &trees {
            let Ok(canonical) = canonical::query(state, tree) else { continue };
            let found: Vec<bool> = canonical.columns.iter().map(|it| it.not_null).collect();
            let before = not_null(state, view);
            if found.len() == before.len() && found != before {
                set_not_null(state, view, &found);
                told = true;
            }
        }
        if !told {
            break;
        }
    }
}

fn view_columns(definition: &Definition) -> &[ViewColumn] {
    match definition {
        Definition::View(it) => &it.columns,
        Definition::MaterializedView(it) => &it.columns,
        _ => &[],
    }
}

fn not_null(state: &State<'_>, view: &Identity) -> Vec<bool> {
    state.get(view).map(|it| view_columns(&it.definition).iter().map(|it| it.not_null).collect()).unwrap_or_default()
}

fn set_not_null(state: &mut State<'_>, view: &Identity, values: &[bool]) {
    state.change(view, |object| {
        let columns = match &mut object.definition {
            Definition::View(it) => &mut it.columns,
            Definition::MaterializedView(it) => &mut it.columns,
            _ => return,
        };
        for (column, value) in columns.iter_mut().zip(values) {
            column.not_null = *value;
        }
    });
}

/// Says which columns have a type that can't be told, and why.
fn report_unknown(state: &mut State<'_>, canonical: &CanonicalQuery, name: &QualifiedName, at: Place) {
    for UnknownColumn { column, why } in &canonical.problems {
        let message = format!("the type of column `{column}` of `{}` can't be told: {}", name.name, why.reason);
        state.warn(at.inside(why.location), message, Some("write a cast, as in `expression::type`".to_owned()));
    }
}

fn create_materialized(state: &mut State<'_>, name: QualifiedName, into: &IntoClause, mut canonical: CanonicalQuery) -> Outcome {
    canonical.dependencies.extend(state.schema_dependency(&name.schema));
    let view = MaterializedView {
        columns: canonical.columns,
        query: canonical.query,
        populated: !into.skip_data,
        access_method: state.table_access_method(&into.access_method),
        tablespace: state.tablespace(&into.table_space_name),
        storage_parameters: options::storage_parameters(&into.options),
        cluster_on: None,
    };
    canonical.dependencies.extend(view.access_method.as_deref().and_then(|it| dependency::access_method(state, it)));
    let identity = Identity::new(Kind::MaterializedView, name.schema, name.name);
    state.insert_with(identity, Definition::MaterializedView(view), canonical.dependencies);
    Ok(())
}

/// A table with the columns of a query. A column whose type can't be told makes the table unknowable.
fn create_table(
    state: &mut State<'_>,
    name: QualifiedName,
    into: &IntoClause,
    canonical: CanonicalQuery,
    unlogged: bool,
    at: Place,
) -> Outcome {
    let mut columns = Vec::new();
    let mut needs: BTreeSet<_> = state.schema_dependency(&name.schema).into_iter().collect();
    for column in canonical.columns {
        let Some(data_type) = column.data_type else {
            let message = format!(
                "the type of column `{}` of `{}` could not be told from the query, so the column was left out",
                column.name, name.name
            );
            if name.schema != PG_TEMP {
                state.warn(at, message, Some("write a cast, as in `expression::type`".to_owned()));
            }
            continue;
        };
        state.type_dependencies(&data_type, &mut needs);
        columns.push(Column::new(column.name, data_type));
    }
    let table = Table {
        columns,
        persistence: if unlogged { Persistence::Unlogged } else { Persistence::Permanent },
        access_method: state.table_access_method(&into.access_method),
        tablespace: state.tablespace(&into.table_space_name),
        storage_parameters: options::storage_parameters(&into.options),
        ..Table::default()
    };
    needs.extend(table.access_method.as_deref().and_then(|it| dependency::access_method(state, it)));
    let identity = Identity::new(Kind::Table, name.schema, name.name);
    state.insert_with(identity.clone(), Definition::Table(table), needs);
    if into.on_commit() == OnCommitAction::OncommitDrop {
        state.drop_on_commit(identity);
    }
    Ok(())
}

/// `REFRESH MATERIALIZED VIEW`: with or without data.
pub(crate) fn refresh(state: &mut State<'_>, node: &RefreshMatViewStmt, _at: Place) -> Outcome {
    let Some(relation) = &node.relation else { return Ok(()) };
    let identity = state.resolver().range_var(relation)?.clone();
    state.change(&identity, |object| {
        if let Definition::MaterializedView(it) = &mut object.definition {
            it.populated = !node.skip_data;
        }
    });
    Ok(())
}

/// `SELECT … INTO`. Other queries make no schema, except for a change of the search path, and for what functions do that they call.
pub(crate) fn select(state: &mut State<'_>, node: &SelectStmt, at: Place) -> Outcome {
    let Some(into) = into_clause(node) else {
        settings::select(state, node)?;
        return procedural::select(state, node, at);
    };
    let Some(relation) = &into.rel else { return Ok(()) };
    let name = state.new_relation_name(relation)?;
    state.relation_exists(&name, false).map_err(|it| it.at(relation.location))?;
    let mut query = node.clone();
    take_into(&mut query);
    let canonical = canonical::query(state, &Node { node: Some(NodeEnum::SelectStmt(Box::new(query))) })?;
    create_table(state, name, into, canonical, relation.relpersistence == "u", at)
}

/// `INTO` stands in the leftmost query of a set operation.
fn into_clause(node: &SelectStmt) -> Option<&IntoClause> {
    let mut node = node;
    loop {
        if let Some(into) = node.into_clause.as_deref() {
            return Some(into);
        }
        node = node.larg.as_deref()?;
    }
}

fn take_into(node: &mut SelectStmt) {
    let mut node = node;
    loop {
        node.into_clause = None;
        match node.larg.as_deref_mut() {
            Some(left) => node = left,
            None => return,
        }
    }
}
