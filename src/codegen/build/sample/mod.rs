//! Rows for tests: which columns a sample sets, to what, and which rows must be there first.
//!
//! Parents are planned before children, along foreign keys that can't be left out; a key that may be NULL is filled where its parent is already
//! planned and cheap. `condition` reads the checks, `demand` takes them together, `value` and `pattern` make values that satisfy them.
//! What can't be satisfied from the schema alone shows when the test runs; what is known to be impossible is the sample's `skip`.

mod condition;
mod demand;
mod partition;
mod pattern;
mod value;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;

use self::condition::Condition;
use self::demand::{Demand, Demands, Facts};
pub(super) use self::partition::Partitions;
use super::Builder;
use super::column::Built;
use super::lifecycle::Lifecycle;
use super::naming::Naming;
use super::relation::{Relation, Source};
use crate::catalog::{Constraint, ConstraintKind, Deferral, Definition, ForeignKey, Kind, MatchType, QualifiedName};
use crate::codegen::go_types::{Null, Shape, Type};
use crate::codegen::model::{Sample, SampleChange, SampleField, SampleParent, Table};
use crate::codegen::names::{self, Scope};

/// The most rows that are made to fill keys that may as well be NULL.
const LIGHT: u32 = 8;

/// How many tables' checks are read at once.
const READ_AT_ONCE: usize = 64;

/// What samples of all tables look at.
pub(super) struct Samples<'a> {
    pub builder: &'a Builder<'a>,
    pub relations: &'a [Relation<'a>],
    pub built: &'a [Vec<Built>],
    pub naming: &'a Naming,
    pub by_name: &'a HashMap<QualifiedName, usize>,
    /// The partitions of the catalog.
    pub partitions: &'a Partitions<'a>,
}

/// How a row of one table is made.
#[derive(Clone, Default)]
pub(super) struct Plan {
    skip: String,
    parents: Vec<Parent>,
    /// Whether some other row needs one of this table with other values than those of the sample.
    changed: bool,
    fields: Vec<(String, SampleField)>,
    /// The columns that are set to a value.
    set: BTreeSet<String>,
    change: Option<SampleChange>,
    broken_reference: Option<SampleField>,
    /// The columns that checks want something of.
    demanded: BTreeSet<String>,
    /// What they want, and which columns differ from row to row: empty once the plan is made.
    demands: Demands,
    vary: BTreeSet<String>,
    /// How many rows are made in all.
    weight: u32,
}

/// A row that must be there first.
#[derive(Clone)]
struct Parent {
    /// The variable that holds it.
    variable: String,
    /// Its table.
    at: usize,
    /// What it is made with instead of its sample's own values.
    with: Vec<SampleField>,
}

/// A sample of a table that has none yet.
pub(super) fn none(function: String) -> Sample {
    Sample {
        function,
        skip: "no sample".to_owned(),
        uses_n: false,
        exact: false,
        changed: false,
        parents: Vec::new(),
        fields: Vec::new(),
        change: None,
        duplicate: false,
        broken_reference: None,
    }
}

impl Plan {
    /// Fills in how tests make a row of the relation.
    pub(super) fn fill_in(&self, relation: &Relation<'_>, naming: &Naming, table: &mut Table) {
        let sampled = |columns: &[crate::codegen::model::Column]| columns.iter().all(|it| self.set.contains(&it.name));
        let partial: BTreeSet<&str> =
            relation.indexes.iter().filter(|(_, index)| index.predicate.is_some()).map(|(identity, _)| identity.name.as_str()).collect();
        let mut duplicate = false;
        for key in table.primary_key.iter_mut().chain(&mut table.unique_keys) {
            key.sampled = self.skip.is_empty() && !partial.contains(key.constraint.as_str()) && sampled(&key.columns);
            duplicate |= key.sampled && key.upsertable;
        }
        let uses_n = self.fields.iter().any(|(_, field)| uses(&field.expression, "n"));
        let read = |variable: &str| {
            let others = self.parents.iter().flat_map(|it| &it.with);
            self.fields.iter().map(|(_, field)| field).chain(others).any(|it| uses(&it.expression, variable))
        };
        let parents = self.parents.iter().filter(|it| read(&it.variable));
        table.sample = Sample {
            skip: self.skip.clone(),
            uses_n,
            exact: !relation.touched,
            changed: self.changed,
            parents: parents
                .map(|it| SampleParent {
                    variable: it.variable.clone(),
                    function: format!("make{}", naming.tables[it.at].model),
                    create: naming.tables[it.at].create.clone(),
                    given: it.with.clone(),
                })
                .collect(),
            fields: self.fields.iter().map(|(_, field)| field.clone()).collect(),
            change: self.change.clone(),
            duplicate: duplicate && !relation.touched,
            broken_reference: self.broken_reference.clone(),
            ..none(table.sample.function.clone())
        };
    }
}

impl Samples<'_> {
    /// Plans every table, parents first.
    pub(super) fn plan(&self, order: &[usize]) -> Vec<Plan> {
        let mut plans: Vec<Option<Plan>> = self.relations.iter().map(|_| None).collect();
        // What the checks say depends on no other table's plan.
        let numbers: Vec<usize> = (0..self.relations.len()).collect();
        let conditions = numbers.par_chunks(READ_AT_ONCE).flat_map_iter(|part| {
            let read = |at: &usize| if self.relations[*at].read_only { Vec::new() } else { self.conditions(*at) };
            condition::on_deep_stack(|| part.iter().map(read).collect::<Vec<_>>())
        });
        let mut conditions: Vec<_> = conditions.collect();
        for at in self.mandatory_first(order) {
            let plan = if self.relations[at].read_only {
                Plan { skip: "it can only be read".to_owned(), ..Plan::default() }
            } else {
                self.one(at, std::mem::take(&mut conditions[at]), &plans)
            };
            plans[at] = Some(plan);
        }
        let mut plans: Vec<Plan> = plans.into_iter().map(|it| it.expect("every relation is in the order")).collect();
        let changed: BTreeSet<usize> = plans.iter().flat_map(|it| &it.parents).filter(|it| !it.with.is_empty()).map(|it| it.at).collect();
        changed.into_iter().for_each(|it| plans[it].changed = true);
        plans
    }

    /// The order with the parents of mandatory keys before their children, whatever keys that may be NULL say.
    fn mandatory_first(&self, order: &[usize]) -> Vec<usize> {
        let parents = |at: usize| -> Vec<usize> {
            let foreign = self.foreign_keys(at).filter(|(_, foreign)| !self.may_be_null(at, foreign));
            foreign.filter_map(|(_, foreign)| self.by_name.get(&foreign.references).copied()).collect()
        };
        let mut seen = vec![false; self.relations.len()];
        let mut out = Vec::with_capacity(order.len());
        for root in order {
            if std::mem::replace(&mut seen[*root], true) {
                continue;
            }
            let mut stack = vec![(*root, parents(*root).into_iter())];
            while let Some((at, rest)) = stack.last_mut() {
                match rest.next() {
                    Some(parent) if !std::mem::replace(&mut seen[parent], true) => stack.push((parent, parents(parent).into_iter())),
                    Some(_) => {}
                    None => {
                        out.push(*at);
                        stack.pop();
                    }
                }
            }
        }
        out
    }

    /// The foreign keys that a row of the table must satisfy: its own, and those that only its partitions have.
    fn foreign_keys(&self, at: usize) -> impl Iterator<Item = (&Constraint, &ForeignKey)> {
        let own = self.relations[at].constraints.iter().map(|(_, constraint)| *constraint);
        own.chain(self.partitions.constraints(&self.relations[at].name)).filter_map(|constraint| match &constraint.kind {
            ConstraintKind::ForeignKey(foreign) if constraint.enforced => Some((constraint, foreign)),
            _ => None,
        })
    }

    fn column(&self, at: usize, name: &str) -> Option<&Built> {
        self.built[at].iter().find(|it| it.column.name == name)
    }

    fn source(&self, at: usize, name: &str) -> Option<&Source<'_>> {
        self.relations[at].columns.iter().find(|it| it.name == name)
    }

    /// Whether a column is NULL where a row gives it no value.
    fn can_be_left_null(&self, at: usize, name: &str) -> bool {
        self.column(at, name).is_some_and(|it| it.column.nullable && it.column.optional_free())
            && self.source(at, name).is_some_and(|it| it.generated.is_none())
    }

    /// Whether a row can do without what the key refers to.
    fn may_be_null(&self, at: usize, foreign: &ForeignKey) -> bool {
        let nullable = |name: &String| self.can_be_left_null(at, name);
        match foreign.match_type {
            MatchType::Simple => foreign.columns.iter().any(nullable),
            MatchType::Full => foreign.columns.iter().all(nullable),
        }
    }

    fn one(&self, at: usize, mut conditions: Vec<Condition>, plans: &[Option<Plan>]) -> Plan {
        let relation = &self.relations[at];
        let mut plan = Plan { vary: self.varying(at), weight: 1, ..Plan::default() };
        match self.partitions.conditions(&relation.name, relation.partition_key) {
            Ok(more) => conditions.extend(more),
            Err(reason) => plan.skip = reason,
        }
        let foreign: BTreeSet<&str> = self.foreign_keys(at).flat_map(|(_, foreign)| foreign.columns.iter().map(String::as_str)).collect();
        let nullable = |name: &str| self.column(at, name).is_some_and(|it| it.column.nullable);
        let settable = |name: &str| {
            self.source(at, name).is_some_and(Source::insertable)
                && if foreign.contains(name) {
                    self.has_parent(at, name, plans)
                } else {
                    self.column(at, name).is_some_and(|it| self.has_value(at, it))
                }
        };
        plan.demands = demand::solve(conditions, Demands::new(), &Facts { nullable: &nullable, settable: &settable });
        let mut keys = self.keys(at, &mut plan, plans);
        let mut mirrors = Vec::new();
        for (built, source) in self.built[at].iter().zip(&relation.columns).filter(|(_, source)| source.insertable()) {
            let column = &built.column;
            let demand = plan.demands.get(&column.name).cloned().unwrap_or_default();
            let field = match keys.remove(&column.name) {
                Some(Reference::Parent(it)) => Some(self.field(built, it.value)),
                Some(Reference::Unset) => None,
                Some(Reference::Own(other)) => {
                    mirrors.push((column.name.clone(), other));
                    continue;
                }
                None if demand.null == Some(true) => {
                    let null = || format!("{}.Null[{}]()", self.builder.packages.models.name, column.value_type.qualified);
                    (column.optional && column.nullable).then(|| SampleField {
                        field: column.field.clone(),
                        expression: null(),
                        value: "nil".to_owned(),
                    })
                }
                None if !self.wanted(at, built, source, &demand, &plan) => None,
                None => match self.value(built, source, &demand, plan.vary.contains(&column.name)) {
                    Some(value) => Some(self.field(built, value)),
                    None if column.nullable || column.optional => None,
                    None => {
                        if plan.skip.is_empty() {
                            plan.skip = format!("no sample value is known for column {} of type {}", column.name, column.sql_type);
                        }
                        None
                    }
                },
            };
            if let Some(field) = field {
                if demand.null != Some(true) {
                    plan.set.insert(column.name.clone());
                }
                plan.fields.push((column.name.clone(), field));
            }
        }
        self.mirror(at, &mut plan, mirrors);
        let physical: HashMap<&str, usize> = relation.columns.iter().enumerate().map(|(n, it)| (it.name, n)).collect();
        plan.fields.sort_by_key(|(name, _)| physical.get(name.as_str()).copied());
        plan.change = self.change(at, &plan);
        plan.broken_reference = self.broken_reference(at, &plan);
        plan.vary = BTreeSet::new();
        plan.demanded = std::mem::take(&mut plan.demands).into_keys().collect();
        plan
    }

    /// Columns of a key that refers to the row itself take the values of the columns that they refer to.
    fn mirror(&self, at: usize, plan: &mut Plan, mirrors: Vec<(String, String)>) {
        for (name, other) in mirrors {
            let value = plan.fields.iter().find(|(it, _)| *it == other).map(|(_, field)| field.value.clone());
            let (Some(built), Some(source), Some(target)) = (self.column(at, &name), self.source(at, &other), self.column(at, &other))
            else {
                continue;
            };
            let value = value.or_else(|| {
                let value = self.value(target, source, &Demand::default(), true)?;
                plan.fields.push((other.clone(), self.field(target, value.clone())));
                plan.set.insert(other.clone());
                Some(value)
            });
            match value {
                Some(value)
                    if !value.contains("uuid.New()") && target.column.value_type == built.column.value_type && !target.column.nullable =>
                {
                    plan.fields.push((name.clone(), self.field(built, value)));
                    plan.set.insert(name);
                }
                _ if plan.skip.is_empty() => {
                    plan.skip = format!("column {name} refers to a row of the same table, and the first row has none")
                }
                _ => {}
            }
        }
    }

    /// Whether the sample sets a column that no foreign key fills.
    fn wanted(&self, at: usize, built: &Built, source: &Source<'_>, demand: &Demand, plan: &Plan) -> bool {
        let column = &built.column;
        if column.optional {
            // A default serves, unless the same one again would break a key or a check ties it to other columns.
            let constant = source.default.is_some_and(|it| !it.0.contains('('));
            return constant && plan.vary.contains(&column.name) || demand.shared && !demand.unknown && source.identity.is_none();
        }
        if !column.nullable || demand.null == Some(false) {
            return true;
        }
        // A sign of deletion would hide the row from who reads only living ones.
        let hides = matches!(column.name.as_str(), "deleted_at" | "deleted" | "archived_at" | "removed_at")
            || self.builder.options.soft_delete_columns.contains(&column.name);
        let foreign = self.foreign_keys(at).any(|(_, foreign)| foreign.columns.contains(&column.name));
        !(demand.unknown || hides || foreign)
    }

    /// Whether there is any value for a column.
    fn has_value(&self, at: usize, built: &Built) -> bool {
        self.source(at, &built.column.name).is_some_and(|source| self.value(built, source, &Demand::default(), false).is_some())
    }

    fn has_parent(&self, at: usize, name: &str, plans: &[Option<Plan>]) -> bool {
        self.foreign_keys(at).filter(|(_, foreign)| foreign.columns.iter().any(|it| it == name)).any(|(_, foreign)| {
            self.by_name.get(&foreign.references).is_some_and(|it| plans[*it].as_ref().is_some_and(|it| it.skip.is_empty()))
        })
    }

    fn value(&self, built: &Built, source: &Source<'_>, demand: &Demand, vary: bool) -> Option<String> {
        let base = self.builder.base(source.data_type);
        value::value(self.builder, self.naming, &value::Request { resolved: &built.resolved, base, demand, vary })
    }

    /// The field of the create struct that gives the column a value.
    fn field(&self, built: &Built, value: String) -> SampleField {
        let column = &built.column;
        let model = if column.nullable { wrapped(&built.resolved, &value, &self.builder.packages.models.name) } else { value.clone() };
        let expression = if column.optional { format!("{}.Some({value})", self.builder.packages.models.name) } else { model.clone() };
        SampleField { field: column.field.clone(), expression, value: if column.optional { value } else { model } }
    }

    /// The columns whose values must differ from row to row: those of unique keys and of exclusion constraints.
    fn varying(&self, at: usize) -> BTreeSet<String> {
        let relation = &self.relations[at];
        let mut vary = BTreeSet::new();
        let mut keys = |keys: &[crate::catalog::IndexKey]| {
            for key in keys {
                vary.extend(key.column.clone());
                vary.extend(key.expression.iter().flat_map(|it| condition::read_columns(&it.0)));
            }
        };
        for (_, index) in relation.indexes.iter().filter(|(_, index)| index.unique) {
            keys(&index.keys);
        }
        for (_, constraint) in &relation.constraints {
            match &constraint.kind {
                ConstraintKind::Exclusion { elements, .. } => elements.iter().for_each(|it| keys(std::slice::from_ref(&it.key))),
                ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => {
                    keys(&key.columns.iter().map(crate::catalog::IndexKey::column).collect::<Vec<_>>());
                }
                _ => {}
            }
        }
        vary
    }

    /// What the checks of the table and of its columns' domains demand.
    fn conditions(&self, at: usize) -> Vec<Condition> {
        let relation = &self.relations[at];
        let mut conditions: Vec<Condition> = relation
            .constraints
            .iter()
            .filter_map(|(_, constraint)| match &constraint.kind {
                ConstraintKind::Check(expression) if constraint.enforced => Some(condition::read(&expression.0)),
                _ => None,
            })
            .collect();
        for source in &relation.columns {
            let mut data_type = source.data_type;
            for _ in 0..32 {
                let Some(domain) = self.builder.domain(&data_type.name).filter(|_| !data_type.array) else { break };
                for (_, object) in self.builder.catalog.within(Kind::Constraint, &data_type.name) {
                    if let Definition::Constraint(Constraint { kind: ConstraintKind::Check(expression), .. }) = &object.definition {
                        let mut check = condition::read(&expression.0);
                        condition::rename(&mut check, source.name);
                        conditions.push(check);
                    }
                }
                data_type = &domain.base;
            }
        }
        conditions
    }

    /// Decides for each foreign key whether its columns are filled, and from which row.
    fn keys(&self, at: usize, plan: &mut Plan, plans: &[Option<Plan>]) -> BTreeMap<String, Reference> {
        let mut references: BTreeMap<String, Reference> = BTreeMap::new();
        let mut foreign: Vec<&ForeignKey> = self.foreign_keys(at).map(|(_, foreign)| foreign).collect();
        // Wide keys first: what they fill satisfies the narrow ones within them. Of those the rows that need most others: the simpler ones can
        // be made to agree with them.
        let weight = |key: &ForeignKey| self.by_name.get(&key.references).and_then(|it| plans[*it].as_ref()).map_or(0, |it| it.weight);
        foreign.sort_by_key(|it| (self.may_be_null(at, it), Reverse(it.columns.len()), Reverse(weight(it))));
        let mut variables = Scope::new(names::reserved_locals());
        for key in foreign {
            let free = |name: &String| !matches!(references.get(name), Some(Reference::Parent(_) | Reference::Own(_)));
            let open: Vec<&String> = key.columns.iter().filter(|it| free(it)).collect();
            if open.is_empty() {
                continue;
            }
            let can_skip = open.iter().any(|it| self.can_be_left_null(at, it));
            let must_be_null = key.columns.iter().any(|it| plan.demands.get(it).is_some_and(|it| it.null == Some(true)));
            let must_be_set = key.columns.iter().any(|it| plan.demands.get(it).is_some_and(|it| it.null == Some(false)));
            let found = if must_be_null {
                Err(format!("a check wants {} to be NULL", key.columns.join(", ")))
            } else {
                self.fill(at, key, plan, plans, &references, can_skip && !must_be_set, &mut variables)
            };
            match found {
                Ok(values) => {
                    for (name, value) in key.columns.iter().cloned().zip(values) {
                        if open.contains(&&name) {
                            references.insert(name, value);
                        }
                    }
                }
                Err(reason) => {
                    for name in open {
                        references.entry(name.clone()).or_insert(Reference::Unset);
                    }
                    if !can_skip && plan.skip.is_empty() {
                        plan.skip = reason;
                    }
                }
            }
        }
        references
    }

    /// What fills the columns of a key, or why nothing does. Columns that another key has filled stay as they are: the row that this key
    /// refers to is made with the same values.
    #[expect(clippy::too_many_arguments, reason = "a step of `keys`, with all that it knows by then")]
    fn fill(
        &self,
        at: usize,
        key: &ForeignKey,
        plan: &mut Plan,
        plans: &[Option<Plan>],
        filled: &BTreeMap<String, Reference>,
        can_skip: bool,
        variables: &mut Scope,
    ) -> Result<Vec<Reference>, String> {
        let parent =
            *self.by_name.get(&key.references).ok_or_else(|| format!("it refers to {}, which is not generated", key.references))?;
        if parent == at {
            if key.columns.iter().any(|it| matches!(filled.get(it), Some(Reference::Parent(_)))) {
                return Err(format!("its key on {} shares columns with another", key.columns.join(", ")));
            }
            return if can_skip { Err(String::new()) } else { Ok(key.referenced_columns.iter().cloned().map(Reference::Own).collect()) };
        }
        let known = plans[parent].as_ref().ok_or_else(|| format!("it and {} refer to each other", key.references))?;
        if !known.skip.is_empty() {
            return Err(format!("it refers to {}: {}", key.references, known.skip));
        }
        if can_skip && plan.weight + known.weight > LIGHT {
            return Err(String::new());
        }
        let shared: Vec<(&String, &FromParent)> = key
            .columns
            .iter()
            .zip(&key.referenced_columns)
            .filter_map(|(name, other)| match filled.get(name) {
                Some(Reference::Parent(it)) => Some((other, it)),
                _ => None,
            })
            .collect();
        let constant = self.constants(at, parent, key, plan)?;
        let distinct = !constant.is_empty() || key.columns.iter().any(|it| plan.demands.get(it).is_some_and(|it| it.rank > 0));
        let is_same = |it: &Parent| shared.iter().all(|(other, from)| from.variable == it.variable && from.column == **other);
        let again = plan.parents.iter().find(|it| it.at == parent && !distinct && is_same(it)).map(|it| it.variable.clone());
        let with = match &again {
            Some(_) => Vec::new(),
            None => self.made_with(parent, key, known, &shared)?.into_iter().chain(constant).collect(),
        };
        let variable = again.clone().unwrap_or_else(|| {
            let wish = &self.naming.tables[parent].variable;
            let wish = if self.builder.locals.is_free(wish) { wish.clone() } else { format!("{wish}Row") };
            variables.claim(&wish)
        });
        let mut values = Vec::with_capacity(key.columns.len());
        for (name, other) in key.columns.iter().zip(&key.referenced_columns) {
            let (Some(child), Some(target)) = (self.column(at, name), self.column(parent, other)) else {
                return Err(format!("its key on {name} has no column in {}", key.references));
            };
            if target.column.nullable && !known.set.contains(other) {
                return Err(format!("{other} of {} is NULL in its sample", key.references));
            }
            let field = format!("{variable}.{}", target.column.field);
            let read = if target.column.nullable { target.resolved.unwrap(&field) } else { field };
            let value = converted(&child.resolved, &target.resolved, read.clone())
                .ok_or_else(|| format!("{name} and {other} of {} differ in type", key.references))?;
            values.push(Reference::Parent(FromParent { value, variable: variable.clone(), at: parent, column: other.clone(), read }));
        }
        if again.is_none() {
            plan.weight = plan.weight.saturating_add(known.weight);
            plan.parents.push(Parent { variable, at: parent, with });
        }
        Ok(values)
    }

    /// What a parent must be made with so that it agrees with the values that its child has already from other rows.
    ///
    /// A column that the parent refers to a third table with may take such a value only if the value comes from a column that refers to the same:
    /// a task's project and a task's user are of one tenant, if both refer to tenants.
    fn made_with(
        &self,
        parent: usize,
        key: &ForeignKey,
        known: &Plan,
        shared: &[(&String, &FromParent)],
    ) -> Result<Vec<SampleField>, String> {
        let refused = || format!("its key on {} shares columns with another", key.columns.join(", "));
        let mut with = Vec::new();
        for (name, from) in shared {
            let target = self.column(parent, name).ok_or_else(refused)?;
            let source = self.column(from.at, &from.column).ok_or_else(refused)?;
            let is_free = self.source(parent, name).is_some_and(Source::insertable) && !known.demanded.contains(*name);
            let agrees = self.foreign_keys(parent).filter(|(_, it)| it.columns.contains(name)).all(|(_, it)| match it.columns.as_slice() {
                [_] => self.refers(from.at, &from.column, &it.references, &it.referenced_columns[0]),
                _ => false,
            });
            if !is_free || !agrees {
                return Err(refused());
            }
            let value = converted(&target.resolved, &source.resolved, from.read.clone()).ok_or_else(refused)?;
            with.push(self.field(target, value));
        }
        Ok(with)
    }

    /// What a parent must be made with because its child has always the same in the columns of the key: a constant that is generated, or
    /// values that a check leaves.
    fn constants(&self, at: usize, parent: usize, key: &ForeignKey, plan: &Plan) -> Result<Vec<SampleField>, String> {
        let mut with = Vec::new();
        for (name, other) in key.columns.iter().zip(&key.referenced_columns) {
            let (Some(own), Some(target), Some(source)) = (self.source(at, name), self.column(parent, other), self.source(parent, other))
            else {
                continue;
            };
            let demand = match own.generated {
                Some(generated) => {
                    let constant = condition::constant(&generated.expression.0);
                    Some(constant.ok_or_else(|| format!("column {name} is computed, and refers to a row of {}", key.references))?)
                        .map(|it| vec![it])
                }
                None => plan.demands.get(name).and_then(|it| it.one_of.clone()),
            };
            let Some(one_of) = demand.filter(|_| source.insertable()) else { continue };
            let is_own = self.foreign_keys(parent).all(|(_, it)| !it.columns.contains(other));
            let demand = Demand { one_of: Some(one_of), ..Demand::default() };
            let value = self.value(target, source, &demand, false).filter(|_| is_own);
            let value = value.ok_or_else(|| format!("{other} of {} can't be chosen for it", key.references))?;
            with.push(self.field(target, value));
        }
        Ok(with)
    }

    /// Whether a column's value is one of another table's column: it is that column, or refers to it.
    fn refers(&self, at: usize, column: &str, table: &QualifiedName, referenced: &str) -> bool {
        let is_it = self.relations[at].name == *table && column == referenced;
        let pairs =
            |it: &ForeignKey| it.columns.iter().zip(&it.referenced_columns).any(|(own, other)| own == column && other == referenced);
        is_it || self.foreign_keys(at).any(|(_, it)| it.references == *table && pairs(it))
    }

    /// A change to a column that nothing depends on.
    fn change(&self, at: usize, plan: &Plan) -> Option<SampleChange> {
        let relation = &self.relations[at];
        let foreign: BTreeSet<&str> = self.foreign_keys(at).flat_map(|(_, foreign)| foreign.columns.iter().map(String::as_str)).collect();
        let partition: BTreeSet<&str> =
            relation.partition_key.iter().flat_map(|it| &it.keys).filter_map(|it| it.column.as_deref()).collect();
        let change = |built: &Built, source: &Source<'_>| -> Option<String> {
            let base = self.builder.base(source.data_type);
            match &built.resolved.shape {
                Shape::String if base.name.name != "bpchar" => {
                    let limit = base.modifiers.first().and_then(|it| it.parse::<usize>().ok()).unwrap_or(usize::MAX);
                    Some(super::literal::string(&"changed".chars().take(limit).collect::<String>()))
                }
                Shape::Bool => Some("false".to_owned()),
                Shape::Int16 | Shape::Int32 | Shape::Int64 => Some(format!("{}(2)", built.resolved.value.qualified)),
                Shape::Enum(name) => {
                    self.naming.enums.get(name)?.values.last().map(|it| format!("{}.{}", self.builder.packages.models.name, it.name))
                }
                _ => None,
            }
        };
        let version = Lifecycle::of(relation, "", &self.built[at], self.builder.options).version;
        let free = |name: &str| {
            version.as_ref().is_none_or(|it| it.name != name)
                && !plan.demands.contains_key(name)
                && !plan.vary.contains(name)
                && !foreign.contains(name)
                && !partition.contains(name)
        };
        for (built, source) in self.built[at].iter().zip(&relation.columns) {
            let column = &built.column;
            if !source.insertable() || column.in_primary_key || !free(&column.name) {
                continue;
            }
            if let Some(value) = change(built, source) {
                let model_value =
                    if column.nullable { wrapped(&built.resolved, &value, &self.builder.packages.models.name) } else { value.clone() };
                let patch_value = format!("{}.Some({value})", self.builder.packages.models.name);
                return Some(SampleChange { field: column.field.clone(), model_value, patch_value });
            }
        }
        None
    }

    /// A reference to a row that is not there.
    fn broken_reference(&self, at: usize, plan: &Plan) -> Option<SampleField> {
        let relation = &self.relations[at];
        if relation.touched {
            return None;
        }
        let partition: BTreeSet<&str> =
            relation.partition_key.iter().flat_map(|it| &it.keys).filter_map(|it| it.column.as_deref()).collect();
        self.foreign_keys(at)
            .filter(|(constraint, foreign)| constraint.deferral == Deferral::NotDeferrable && foreign.columns.len() == 1)
            .find_map(|(_, foreign)| {
                let built = self.column(at, &foreign.columns[0])?;
                let source = self.source(at, &foreign.columns[0])?;
                if plan.demands.contains_key(&built.column.name) || partition.contains(source.name) || !source.insertable() {
                    return None;
                }
                let value = match &built.resolved.shape {
                    Shape::Int16 => "int16(-32768)".to_owned(),
                    Shape::Int32 => "int32(-2147483648)".to_owned(),
                    Shape::Int64 => "int64(-9223372036854775808)".to_owned(),
                    Shape::Uuid => "uuid.New()".to_owned(),
                    _ => return None,
                };
                Some(self.field(built, value))
            })
    }
}

/// What fills a column of a foreign key.
enum Reference {
    /// A value read off a parent.
    Parent(FromParent),
    /// The value of another column of the row itself.
    Own(String),
    /// Nothing.
    Unset,
}

/// A value read off a parent.
struct FromParent {
    /// The expression, in the type of the column that it fills.
    value: String,
    variable: String,
    at: usize,
    column: String,
    /// The expression in the type of the parent's column.
    read: String,
}

impl crate::codegen::model::Column {
    /// Whether leaving the column out leaves it NULL.
    fn optional_free(&self) -> bool {
        !self.optional
    }
}

/// A value in the type of a field that may be NULL.
fn wrapped(of: &Type, value: &str, models: &str) -> String {
    match &of.null {
        Null::Pointer if is_variable(value, models) => format!("&{value}"),
        Null::Pointer => format!("ptr[{}]({value})", of.value.qualified),
        Null::Nil | Null::Valid | Null::Opaque => value.to_owned(),
        Null::Wrapper(wrapper, field) => format!("{}{{{field}: {value}, Valid: true}}", wrapper.qualified),
    }
}

/// Whether the expression can be pointed to: `org.ID`, but no call and no constant of a package.
fn is_variable(value: &str, models: &str) -> bool {
    let mut parts = value.split('.');
    let simple = |it: &str| {
        !it.is_empty() && it.chars().all(|it| it.is_alphanumeric() || it == '_') && !it.starts_with(|it: char| it.is_ascii_digit())
    };
    // Constants of enums are selectors too, behind the models package, whose name no variable has.
    parts.next().is_some_and(|it| simple(it) && it != models && it.starts_with(char::is_alphabetic))
        && parts.next().is_some_and(simple)
        && parts.next().is_none()
}

/// The value of one column as another's: the same type, or another integer.
fn converted(to: &Type, from: &Type, value: String) -> Option<String> {
    if to.value == from.value {
        return Some(value);
    }
    let is_integer = |it: &Type| matches!(it.shape, Shape::Int16 | Shape::Int32 | Shape::Int64);
    (is_integer(to) && is_integer(from)).then(|| format!("{}({value})", to.value.qualified))
}

/// Whether the identifier stands in the expression by itself.
fn uses(expression: &str, identifier: &str) -> bool {
    let part = |it: char| it.is_alphanumeric() || it == '_';
    let mut in_string = false;
    let mut before = ' ';
    let mut word = String::new();
    let mut word_before = ' ';
    for letter in expression.chars().chain([' ']) {
        if letter == '"' && before != '\\' {
            in_string = !in_string;
        }
        if part(letter) && !in_string {
            if word.is_empty() {
                word_before = before;
            }
            word.push(letter);
        } else {
            // A field of that name is not the variable.
            if word == identifier && word_before != '.' {
                return true;
            }
            word.clear();
        }
        before = letter;
    }
    false
}
