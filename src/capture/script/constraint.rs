//! Constraints: primary keys, unique, check, exclusion, foreign keys, and the names they get.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{self, ConstrType, Node};

use crate::catalog::{
    Constraint, ConstraintKind, Deferral, Definition, Dependency, ExclusionElement, ForeignKey, Identity, KeyConstraint, Kind, MatchType,
    QualifiedName, ReferentialAction,
};

use super::column::deferral;
use super::names::{IndexPurpose, choose_constraint_name, choose_index_name, index_column_names, name_addition};
use super::resolve::{strings, unknown_column};
use super::state::State;
use super::{Outcome, Problem, canonical, column, dependency, index, options, partition};

/// A constraint that a statement asks for.
pub(crate) struct Planned<'n> {
    pub(crate) node: &'n protobuf::Constraint,
    /// The constrained columns: those it lists, or the one it is written at.
    pub(crate) columns: Vec<String>,
    deferrable: bool,
    deferred: bool,
    enforced: bool,
    skips_validation: bool,
}

impl<'n> Planned<'n> {
    /// A constraint with its columns.
    pub(crate) fn of(node: &'n protobuf::Constraint, columns: Vec<String>) -> Self {
        Self {
            node,
            columns,
            deferrable: node.deferrable,
            deferred: node.initdeferred,
            skips_validation: node.skip_validation,
            enforced: node.is_enforced || node.contype() != ConstrType::ConstrCheck && node.contype() != ConstrType::ConstrForeign,
        }
    }

    /// A constraint of a table, which lists its columns itself.
    pub(crate) fn of_table(node: &'n protobuf::Constraint) -> Self {
        let columns = if node.contype() == ConstrType::ConstrForeign { &node.fk_attrs } else { &node.keys };
        Self::of(node, strings(columns).into_iter().map(str::to_owned).collect())
    }

    /// A constraint of a table that is made with it: `NOT VALID` says nothing where there are no rows (`transformCheckConstraints`).
    pub(crate) fn of_no_rows(&mut self) {
        self.skips_validation &= !matches!(self.node.contype(), ConstrType::ConstrCheck | ConstrType::ConstrForeign);
    }

    /// `DEFERRABLE`, `NOT ENFORCED` … after a column's constraint.
    pub(crate) fn set_attribute(&mut self, attribute: ConstrType) {
        match attribute {
            ConstrType::ConstrAttrDeferrable => self.deferrable = true,
            ConstrType::ConstrAttrNotDeferrable => self.deferrable = false,
            ConstrType::ConstrAttrDeferred => self.deferred = true,
            ConstrType::ConstrAttrImmediate => self.deferred = false,
            ConstrType::ConstrAttrEnforced => self.enforced = true,
            ConstrType::ConstrAttrNotEnforced => self.enforced = false,
            _ => {}
        }
    }

    fn deferral(&self) -> Deferral {
        deferral(self.deferrable, self.deferred)
    }

    fn constraint(&self, kind: ConstraintKind) -> Constraint {
        Constraint {
            kind,
            deferral: self.deferral(),
            validated: !self.skips_validation && self.enforced,
            enforced: self.enforced,
            no_inherit: self.node.is_no_inherit,
            inherited: false,
            local: true,
        }
    }
}

fn of_types<'p, 'n>(planned: &'p [Planned<'n>], types: &'static [ConstrType]) -> impl Iterator<Item = &'p Planned<'n>> {
    planned.iter().filter(move |it| types.contains(&it.node.contype()))
}

/// Adds the constraints of one statement in the server's order: checks, then keys, then foreign keys.
pub(crate) fn add_all(state: &mut State<'_>, table: &Identity, planned: &[Planned<'_>], only: bool) -> Outcome {
    add_checks(state, table, planned, only)?;
    add_keys_and_references(state, table, planned, only)
}

/// Adds the checks among the constraints of one statement.
pub(crate) fn add_checks(state: &mut State<'_>, table: &Identity, planned: &[Planned<'_>], only: bool) -> Outcome {
    let mut names = Vec::new();
    for it in of_types(planned, &[ConstrType::ConstrCheck]) {
        names.push(add_check(state, table, it, &names, only)?);
    }
    of_types(planned, &[ConstrType::ConstrNotnull]).try_for_each(|it| add_not_null(state, table, it, only))
}

/// Adds the keys and foreign keys among the constraints of one statement.
pub(crate) fn add_keys_and_references(state: &mut State<'_>, table: &Identity, planned: &[Planned<'_>], only: bool) -> Outcome {
    let keys: Vec<&Planned<'_>> =
        of_types(planned, &[ConstrType::ConstrPrimary, ConstrType::ConstrUnique, ConstrType::ConstrExclusion]).collect();
    add_keys(state, table, &keys, only)?;
    of_types(planned, &[ConstrType::ConstrForeign]).try_for_each(|it| add_foreign_key(state, table, it))
}

fn taken(table: &Identity, name: &str) -> Problem {
    Problem::new(format!("constraint `{name}` for relation `{}` already exists", table.name))
}

/// Puts a constraint in, if its name is free within the table.
fn insert(state: &mut State<'_>, table: &Identity, name: String, constraint: Constraint) -> Result<Identity, Problem> {
    let identity = Identity::within(Kind::Constraint, &table.qualified_name(), name);
    if state.contains(&identity) {
        return Err(taken(table, &identity.name));
    }
    let definition = Definition::Constraint(constraint);
    let needs = dependency::of_definition(state, &identity, &definition).unwrap_or_default();
    state.insert_with(identity.clone(), definition, needs);
    Ok(identity)
}

/// `CHECK`. A check that a parent has under the same name is merged with it. Returns the name.
fn add_check(state: &mut State<'_>, table: &Identity, planned: &Planned<'_>, others: &[String], only: bool) -> Result<String, Problem> {
    let node = planned.node;
    let Some(expression) = node.raw_expr.as_deref() else { return Ok(String::new()) };
    let canonical = canonical::expression(state, expression, Some(table))?;
    let name = if node.conname.is_empty() {
        // The column stands in the name when the expression has exactly one.
        let mut columns: Vec<&str> =
            canonical.dependencies.iter().filter(|it| it.on == *table).filter_map(|it| it.column.as_deref()).collect();
        columns.dedup();
        let column = if let [column] = columns[..] { Some(column) } else { None };
        choose_constraint_name(state, &table.schema, &table.name, column, "check", others)
    } else {
        node.conname.clone()
    };
    put_check(state, table, &name, planned.constraint(ConstraintKind::Check(canonical.expression)), canonical.dependencies, only)?;
    Ok(name)
}

/// Puts a check in, and into all children.
pub(crate) fn put_check(
    state: &mut State<'_>,
    table: &Identity,
    name: &str,
    constraint: Constraint,
    needs: BTreeSet<Dependency>,
    only: bool,
) -> Outcome {
    let identity = Identity::within(Kind::Constraint, &table.qualified_name(), name);
    if let Some(object) = state.get(&identity) {
        let Definition::Constraint(existing) = &object.definition else { return Ok(()) };
        let merges = existing.kind == constraint.kind && (existing.inherited && !existing.local || constraint.inherited);
        if !merges {
            return Err(taken(table, name));
        }
        let (local, inherited) = (constraint.local, constraint.inherited);
        // Of a partition it is never its own, too (`MergeWithExistingConstraint`).
        let is_partition = state.get(table).is_some_and(|it| partition::partition_of(&it.definition).is_some());
        state.change(&identity, |object| {
            if let Definition::Constraint(it) = &mut object.definition {
                it.inherited |= inherited;
                it.local = (it.local || local) && !(is_partition && it.inherited);
            }
        });
    } else {
        let mut needs: BTreeSet<Dependency> = needs.into_iter().map(|it| dependency::own_column_is_auto(it, table)).collect();
        needs.insert(Dependency::on(table.clone()).auto());
        state.insert_with(identity, Definition::Constraint(constraint.clone()), needs.clone());
    }
    if constraint.no_inherit || only {
        return Ok(());
    }
    for child in partition::children(state, table) {
        let inherited = Constraint { inherited: true, local: false, ..constraint.clone() };
        let identity = Identity::within(Kind::Constraint, &table.qualified_name(), name);
        let needs = state.get(&identity).map(|it| it.dependencies.clone()).unwrap_or_default();
        let needs = needs.into_iter().map(|it| if it.on == *table { Dependency { on: child.clone(), ..it } } else { it }).collect();
        put_check(state, &child, name, inherited, needs, false)?;
    }
    Ok(())
}

/// `NOT NULL` as a constraint. Only one that says more than the column's flag is an object of its own.
fn add_not_null(state: &mut State<'_>, table: &Identity, planned: &Planned<'_>, only: bool) -> Outcome {
    let Some(name) = planned.columns.first() else { return Ok(()) };
    set_not_null(state, table, name, only || planned.node.is_no_inherit)?;
    let default = super::names::make_object_name(&table.name, Some(name), Some("not_null"));
    let has_own_name = !planned.node.conname.is_empty() && !super::names::is_made_for_not_null(&planned.node.conname);
    let says_more = planned.node.is_no_inherit || planned.node.skip_validation || has_own_name;
    if says_more {
        let constraint_name = if planned.node.conname.is_empty() { default } else { planned.node.conname.clone() };
        let kind = ConstraintKind::NotNull { column: name.clone() };
        insert(state, table, constraint_name, planned.constraint(kind))?;
    }
    Ok(())
}

/// Gives a NOT NULL that has the name which it got by itself a name of its own (PostgreSQL 18), and tells whether there is one.
pub(crate) fn name_not_null(state: &mut State<'_>, table: &Identity, from: &str, to: &str) -> bool {
    let columns = state.get(table).map(|it| column::columns(&it.definition)).unwrap_or_default();
    let is_named = |name: &str| super::names::make_object_name(&table.name, Some(name), Some("not_null")) == from;
    let Some(name) = columns.iter().find(|it| it.not_null && is_named(&it.name)).map(|it| it.name.clone()) else { return false };
    let constraint = Constraint {
        kind: ConstraintKind::NotNull { column: name },
        deferral: Deferral::NotDeferrable,
        validated: true,
        enforced: true,
        no_inherit: false,
        inherited: false,
        local: true,
    };
    super::names::is_made_for_not_null(to) || insert(state, table, to.to_owned(), constraint).is_ok()
}

/// Takes a NOT NULL away that says no more than the column's flag any more.
pub(crate) fn forget_plain_not_null(state: &mut State<'_>, identity: &Identity) {
    let says_no_more = |it: &Constraint| matches!(it.kind, ConstraintKind::NotNull { .. }) && it.validated && !it.no_inherit;
    let is_plain = matches!(state.get(identity).map(|it| &it.definition), Some(Definition::Constraint(it)) if says_no_more(it));
    if is_plain && super::names::is_made_for_not_null(&identity.name) {
        state.remove(identity);
    }
}

/// Makes a column refuse NULL, in children too.
pub(crate) fn set_not_null(state: &mut State<'_>, table: &Identity, name: &str, only: bool) -> Outcome {
    check_column(state, table, name)?;
    column::change(state, table, name, |it| it.not_null = true);
    if only {
        return Ok(());
    }
    partition::children(state, table).iter().try_for_each(|child| set_not_null(state, child, name, false))
}

/// That a table has a column.
pub(crate) fn check_column(state: &State<'_>, table: &Identity, name: &str) -> Outcome {
    let columns = state.get(table).map(|it| column::columns(&it.definition)).unwrap_or_default();
    if columns.iter().any(|it| it.name == name) {
        return Ok(());
    }
    Err(unknown_column(table, name, None, columns.iter().map(|it| it.name.as_str())).into())
}

/// Adds primary keys, unique and exclusion constraints. The primary key comes first; a constraint that says the same as
/// another of the statement is no second one. PostgreSQL src/backend/parser/parse_utilcmd.c, transformIndexConstraints.
fn add_keys(state: &mut State<'_>, table: &Identity, planned: &[&Planned<'_>], only: bool) -> Outcome {
    let mut keys: Vec<(Option<String>, Constraint)> = Vec::new();
    let is_primary = |it: &&&Planned<'_>| it.node.contype() == ConstrType::ConstrPrimary;
    for it in planned.iter().filter(is_primary).chain(planned.iter().filter(|it| !is_primary(it))) {
        if !it.node.indexname.is_empty() {
            use_index(state, table, it)?;
            continue;
        }
        let constraint = key_constraint(state, table, it)?;
        let name = (!it.node.conname.is_empty()).then(|| it.node.conname.clone());
        let same = keys.iter_mut().find(|(_, other)| other.deferral == constraint.deferral && same_key(&other.kind, &constraint.kind));
        match same {
            Some((first_name, _)) => {
                if first_name.is_none() {
                    *first_name = name;
                }
            }
            None => keys.push((name, constraint)),
        }
    }
    for (name, constraint) in keys {
        put_key(state, table, name, constraint, only)?;
    }
    Ok(())
}

fn same_key(a: &ConstraintKind, b: &ConstraintKind) -> bool {
    match (a, b) {
        (ConstraintKind::PrimaryKey(a) | ConstraintKind::Unique(a), ConstraintKind::PrimaryKey(b) | ConstraintKind::Unique(b)) => {
            a.columns == b.columns && a.include == b.include && a.nulls_not_distinct == b.nulls_not_distinct
        }
        (a, b) => a == b,
    }
}

/// The definition of a primary key, unique or exclusion constraint.
pub(crate) fn key_constraint(state: &State<'_>, table: &Identity, planned: &Planned<'_>) -> Result<Constraint, Problem> {
    let node = planned.node;
    let include: Vec<String> = strings(&node.including).into_iter().map(str::to_owned).collect();
    planned
        .columns
        .iter()
        .chain(&include)
        .try_for_each(|it| check_column(state, table, it).map_err(|problem| problem.at(node.location)))?;
    let storage_parameters = options::storage_parameters(&node.options);
    let tablespace = state.tablespace(&node.indexspace);
    if node.contype() == ConstrType::ConstrExclusion {
        let method = if node.access_method.is_empty() { "btree".to_owned() } else { node.access_method.clone() };
        let elements = exclusion_elements(state, table, &method, &node.exclusions)?;
        let predicate = node.where_clause.as_deref().map(|it| canonical::expression(state, it, Some(table))).transpose()?;
        let predicate = predicate.map(|it| it.expression);
        let kind = ConstraintKind::Exclusion { method, elements, include, predicate, storage_parameters, tablespace };
        return Ok(planned.constraint(kind));
    }
    let key = KeyConstraint {
        columns: planned.columns.clone(),
        include,
        nulls_not_distinct: node.nulls_not_distinct,
        without_overlaps: node.without_overlaps,
        storage_parameters,
        tablespace,
    };
    let kind = if node.contype() == ConstrType::ConstrPrimary { ConstraintKind::PrimaryKey(key) } else { ConstraintKind::Unique(key) };
    Ok(planned.constraint(kind))
}

fn exclusion_elements(state: &State<'_>, table: &Identity, method: &str, nodes: &[Node]) -> Result<Vec<ExclusionElement>, Problem> {
    let mut elements = Vec::new();
    for node in nodes {
        let Some(NodeEnum::List(pair)) = &node.node else { continue };
        let [element, operator] = pair.items.as_slice() else { continue };
        let (Some(NodeEnum::IndexElem(element)), Some(NodeEnum::List(operator))) = (&element.node, &operator.node) else { continue };
        let (key, _) = index::key(state, table, method, element)?;
        let operator = operator_for(state, table, &key, &operator.items);
        elements.push(ExclusionElement { key, operator });
    }
    Ok(elements)
}

/// The operator of an exclusion element: one of the extension that the column's type comes from, one of the script, or the server's.
fn operator_for(state: &State<'_>, table: &Identity, key: &crate::catalog::IndexKey, nodes: &[Node]) -> QualifiedName {
    let (schema, name) = super::resolve::split_name(nodes);
    let resolver = state.resolver();
    let type_object = key
        .column
        .as_ref()
        .and_then(|name| column::get(state, table, name))
        .and_then(|column| resolver.type_object(&column.data_type.name));
    let candidates = resolver.operators(schema.as_deref(), &name);
    let own = candidates.iter().find(|it| it.kind != Kind::Extension || Some(**it) == type_object);
    match own {
        Some(it) => QualifiedName::new(resolver.schema_of(it), name),
        None => QualifiedName::new(schema.unwrap_or_else(|| crate::catalog::PG_CATALOG.to_owned()), name),
    }
}

/// Puts a key in under its name or a chosen one, and into all partitions.
pub(crate) fn put_key(
    state: &mut State<'_>,
    table: &Identity,
    name: Option<String>,
    constraint: Constraint,
    only: bool,
) -> Result<Identity, Problem> {
    if let ConstraintKind::PrimaryKey(key) = &constraint.kind {
        if primary_key(state, table).is_some() {
            return Err(Problem::new(format!("multiple primary keys for table `{}` are not allowed", table.name)));
        }
        key.columns.iter().try_for_each(|it| set_not_null(state, table, it, only))?;
    }
    let name = match name {
        Some(name) => {
            state.relation_exists(&QualifiedName::new(table.schema.clone(), name.clone()), false)?;
            name
        }
        None => {
            let (columns, purpose) = key_names(&constraint.kind);
            choose_index_name(state, &table.schema, &table.name, &columns, purpose)
        }
    };
    let identity = insert(state, table, name, constraint.clone())?;
    if !only {
        for child in partition::partitions(state, table) {
            partition::inherit_key(state, &child, &constraint)?;
        }
    }
    Ok(identity)
}

fn key_names(kind: &ConstraintKind) -> (Vec<String>, IndexPurpose) {
    match kind {
        ConstraintKind::PrimaryKey(_) => (Vec::new(), IndexPurpose::PrimaryKey),
        ConstraintKind::Unique(it) => (index_column_names(it.columns.iter().chain(&it.include).cloned()), IndexPurpose::Unique),
        ConstraintKind::Exclusion { elements, include, .. } => {
            let keys = elements.iter().map(|it| index::key_name(&it.key));
            (index_column_names(keys.chain(include.iter().cloned())), IndexPurpose::Exclusion)
        }
        _ => (Vec::new(), IndexPurpose::Plain),
    }
}

/// The primary key of a table.
pub(crate) fn primary_key<'s>(state: &'s State<'_>, table: &Identity) -> Option<(&'s Identity, &'s KeyConstraint)> {
    state.catalog().within(Kind::Constraint, &table.qualified_name()).find_map(|(identity, object)| match &object.definition {
        Definition::Constraint(Constraint { kind: ConstraintKind::PrimaryKey(key), .. }) => Some((identity, key)),
        _ => None,
    })
}

/// `ADD CONSTRAINT … USING INDEX`: an index becomes a constraint, under the constraint's name.
fn use_index(state: &mut State<'_>, table: &Identity, planned: &Planned<'_>) -> Outcome {
    let node = planned.node;
    let identity = Identity::new(Kind::Index, table.schema.clone(), node.indexname.clone());
    let Some(Definition::Index(it)) = state.get(&identity).map(|it| &it.definition) else {
        return Err(Problem::new(format!("index `{}` does not exist", node.indexname)).at(node.location));
    };
    if it.table != table.name || !it.unique || it.predicate.is_some() || it.keys.iter().any(|it| it.column.is_none()) {
        return Err(Problem::new(format!("index `{}` can't carry a constraint of `{}`", node.indexname, table.name)).at(node.location));
    }
    let key = KeyConstraint {
        columns: it.keys.iter().filter_map(|it| it.column.clone()).collect(),
        include: it.include.clone(),
        nulls_not_distinct: it.nulls_not_distinct,
        without_overlaps: false,
        storage_parameters: it.storage_parameters.clone(),
        tablespace: it.tablespace.clone(),
    };
    let comment = state.remove(&identity).and_then(|it| it.comment);
    let kind = if node.contype() == ConstrType::ConstrPrimary { ConstraintKind::PrimaryKey(key) } else { ConstraintKind::Unique(key) };
    let name = if node.conname.is_empty() { node.indexname.clone() } else { node.conname.clone() };
    let constraint = put_key(state, table, Some(name), planned.constraint(kind), true)?;
    state.change(&constraint, |object| object.comment = comment);
    Ok(())
}

/// `FOREIGN KEY`, in partitions too.
fn add_foreign_key(state: &mut State<'_>, table: &Identity, planned: &Planned<'_>) -> Outcome {
    let node = planned.node;
    planned.columns.iter().try_for_each(|it| check_column(state, table, it).map_err(|problem| problem.at(node.location)))?;
    let Some(referenced) = &node.pktable else { return Ok(()) };
    let referenced_identity = state.resolver().range_var(referenced)?.clone();
    let mut referenced_columns: Vec<String> = strings(&node.pk_attrs).into_iter().map(str::to_owned).collect();
    let opaque = referenced_identity.kind == Kind::Extension;
    if referenced_columns.is_empty() {
        let key = primary_key(state, &referenced_identity).map(|(_, key)| key.columns.clone());
        referenced_columns = match key {
            Some(columns) => columns,
            None if opaque => planned.columns.clone(),
            None => {
                let problem = Problem::new(format!("there is no primary key for referenced table `{}`", referenced.relname));
                return Err(problem.at(referenced.location).hint("name the referenced columns, or give the table a primary key"));
            }
        };
    } else if !opaque {
        referenced_columns
            .iter()
            .try_for_each(|it| check_column(state, &referenced_identity, it).map_err(|problem| problem.at(referenced.location)))?;
        if referenced_key(state, &referenced_identity, &referenced_columns, node.pk_with_period).is_none() {
            let columns = referenced_columns.join(", ");
            let problem =
                Problem::new(format!("there is no unique constraint matching `{columns}` of referenced table `{}`", referenced.relname));
            return Err(problem.at(referenced.location).hint("give the referenced columns a primary key or a unique constraint"));
        }
    }
    if planned.columns.len() != referenced_columns.len() {
        return Err(Problem::new("number of referencing and referenced columns for foreign key disagree").at(node.location));
    }
    let kind = ConstraintKind::ForeignKey(ForeignKey {
        columns: planned.columns.clone(),
        references: QualifiedName::new(referenced_identity.schema.clone(), referenced.relname.clone()),
        referenced_columns,
        match_type: if node.fk_matchtype == "f" { MatchType::Full } else { MatchType::Simple },
        on_update: action(&node.fk_upd_action),
        on_delete: action(&node.fk_del_action),
        set_columns: strings(&node.fk_del_set_cols).into_iter().map(str::to_owned).collect(),
        period: node.fk_with_period,
    });
    let name = (!node.conname.is_empty()).then(|| node.conname.clone());
    put_foreign_key(state, table, name, planned.constraint(kind))?;
    Ok(())
}

/// Puts a foreign key in under its name or a chosen one, and into all partitions.
pub(crate) fn put_foreign_key(state: &mut State<'_>, table: &Identity, name: Option<String>, constraint: Constraint) -> Outcome {
    let ConstraintKind::ForeignKey(key) = &constraint.kind else { return Ok(()) };
    let name =
        name.unwrap_or_else(|| choose_constraint_name(state, &table.schema, &table.name, Some(&name_addition(&key.columns)), "fkey", &[]));
    let identity = insert(state, table, name, constraint.clone())?;
    for child in partition::partitions(state, table) {
        partition::inherit_foreign_key(state, &child, &identity.name, &constraint)?;
    }
    Ok(())
}

pub(crate) fn action(letter: &str) -> ReferentialAction {
    match letter {
        "r" => ReferentialAction::Restrict,
        "c" => ReferentialAction::Cascade,
        "n" => ReferentialAction::SetNull,
        "d" => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    }
}

/// Tells again which key each foreign key leans on, when the script has ended. Where several fit, the server keeps the one that was there
/// first, which no dump says; of equal schemas the same one must be named.
pub(crate) fn settle_foreign_keys(state: &mut State<'_>) {
    let is_foreign = |object: &crate::catalog::Object| matches!(&object.definition, Definition::Constraint(it) if matches!(it.kind, ConstraintKind::ForeignKey(_)));
    let keys: Vec<Identity> =
        state.catalog().of_kind(Kind::Constraint).filter(|(_, object)| is_foreign(object)).map(|(identity, _)| identity.clone()).collect();
    keys.iter().for_each(|it| super::dependency::refresh(state, it));
}

/// The primary key, unique constraint or unique index that a foreign key leans on: the columns in any order.
pub(crate) fn referenced_key(state: &State<'_>, table: &Identity, columns: &[String], period: bool) -> Option<Identity> {
    let wanted: BTreeSet<&String> = columns.iter().collect();
    let name = table.qualified_name();
    let constraints = state.catalog().within(Kind::Constraint, &name);
    let mut found: Vec<(u8, &Identity)> = constraints
        .filter_map(|(identity, object)| match &object.definition {
            Definition::Constraint(Constraint { kind, deferral: Deferral::NotDeferrable, .. }) => match kind {
                ConstraintKind::PrimaryKey(key) if key.columns.iter().collect::<BTreeSet<_>>() == wanted => Some((0, identity)),
                ConstraintKind::Unique(key) if key.columns.iter().collect::<BTreeSet<_>>() == wanted => Some((1, identity)),
                ConstraintKind::Exclusion { .. } if period => Some((2, identity)),
                _ => None,
            },
            _ => None,
        })
        .collect();
    if found.is_empty() {
        found.extend(index::of_table(state, table).into_iter().filter_map(|identity| {
            let Some(Definition::Index(it)) = state.get(identity).map(|it| &it.definition) else { return None };
            let keys: Option<BTreeSet<&String>> = it.keys.iter().map(|it| it.column.as_ref()).collect();
            (it.unique && it.predicate.is_none() && keys? == wanted).then_some((3, identity))
        }));
    }
    found.into_iter().min().map(|(_, identity)| identity.clone())
}
