//! Which rows a partitioned table takes: those of one of its partitions.

use std::collections::BTreeMap;

use super::condition::{Condition, Literal, Operator, Part, Subject, read_literal};
use crate::catalog::{Catalog, Constraint, ConstraintKind, Definition, Expression, Kind, PartitionBound, PartitionKey, QualifiedName};

/// The partitions of every partitioned table.
pub(in crate::codegen::build) struct Partitions<'a> {
    children: BTreeMap<&'a QualifiedName, Vec<Partition<'a>>>,
    /// Foreign keys and checks that partitions have of their own, by the topmost table.
    constraints: BTreeMap<&'a QualifiedName, Vec<&'a Constraint>>,
}

struct Partition<'a> {
    name: QualifiedName,
    bound: &'a PartitionBound,
    key: Option<&'a PartitionKey>,
}

impl<'a> Partitions<'a> {
    /// Finds them in one pass.
    pub(in crate::codegen::build) fn of(catalog: &'a Catalog) -> Self {
        let mut children: BTreeMap<&QualifiedName, Vec<Partition<'_>>> = BTreeMap::new();
        let mut parents: BTreeMap<QualifiedName, &QualifiedName> = BTreeMap::new();
        for (identity, object) in catalog.of_kind(Kind::Table) {
            if let Definition::Table(table) = &object.definition
                && let Some(of) = &table.partition_of
            {
                let partition = Partition { name: identity.qualified_name(), bound: &of.bound, key: table.partition_key.as_ref() };
                children.entry(&of.parent).or_default().push(partition);
                parents.insert(identity.qualified_name(), &of.parent);
            }
        }
        let mut constraints: BTreeMap<&QualifiedName, Vec<&Constraint>> = BTreeMap::new();
        for (partition, parent) in &parents {
            let mut top = *parent;
            for _ in 0..32 {
                let Some(above) = parents.get(top) else { break };
                top = above;
            }
            for (_, object) in catalog.within(Kind::Constraint, partition) {
                if let Definition::Constraint(constraint) = &object.definition
                    && constraint.local
                    && !constraint.inherited
                    && matches!(constraint.kind, ConstraintKind::ForeignKey(_) | ConstraintKind::Check(_))
                {
                    let known = constraints.entry(top).or_default();
                    if !known.iter().any(|it| it.kind == constraint.kind) {
                        known.push(constraint);
                    }
                }
            }
        }
        Self { children, constraints }
    }

    /// The foreign keys and checks that only partitions of the table have.
    pub(in crate::codegen::build) fn constraints(&self, table: &QualifiedName) -> impl Iterator<Item = &'a Constraint> {
        self.constraints.get(table).into_iter().flatten().copied()
    }

    /// The conditions under which some partition takes a row, or why none does.
    pub(super) fn conditions(&self, table: &QualifiedName, key: Option<&PartitionKey>) -> Result<Vec<Condition>, String> {
        let mut conditions = Vec::new();
        let (mut table, mut key) = (table.clone(), key);
        // Partitions of partitions, as deep as they go; a damaged snapshot may go round.
        for _ in 0..32 {
            let Some(of) = key else { break };
            let columns: Option<Vec<&str>> = of.keys.iter().map(|it| it.column.as_deref()).collect();
            let children = self.children.get(&table).map(Vec::as_slice).unwrap_or_default();
            if children.is_empty() {
                return Err(format!("{table} has no partition that takes a row"));
            }
            // A default partition takes what no other does; an expression's bounds say nothing of a column.
            let Some(columns) = columns.filter(|_| !children.iter().any(|it| *it.bound == PartitionBound::Default)) else { break };
            let Some((chosen, found)) = children.iter().find_map(|it| Some((it, bound(it.bound, &columns)?))) else { break };
            conditions.extend(found);
            (table, key) = (chosen.name.clone(), chosen.key);
        }
        Ok(conditions)
    }
}

/// What a bound demands of the key's columns; `None` where it can't be told.
fn bound(bound: &PartitionBound, columns: &[&str]) -> Option<Vec<Condition>> {
    let subject = |column: &str| Subject { column: column.to_owned(), part: Part::Value };
    match bound {
        PartitionBound::List(values) => {
            let values: Vec<Literal> = values.iter().filter_map(|it| read_literal(&it.0)).collect();
            (!values.is_empty()).then(|| vec![Condition::In { subject: subject(columns[0]), values, negated: false }])
        }
        PartitionBound::Range { from, to } => {
            let limit =
                |it: Option<&Expression>| it.filter(|it| !matches!(it.0.as_str(), "MINVALUE" | "MAXVALUE")).map(|it| read_literal(&it.0));
            let mut conditions = Vec::new();
            for (n, column) in columns.iter().enumerate() {
                let (low, high) = (limit(from.get(n)), limit(to.get(n)));
                if let Some(low) = low {
                    // Rows compare as a whole: with the lower bounds of all columns it is inside.
                    let operator = if columns.len() == 1 { Operator::GreaterOrEqual } else { Operator::Equal };
                    conditions.push(Condition::Compare { subject: subject(column), operator, value: low? });
                }
                if let Some(high) = high.filter(|_| columns.len() == 1) {
                    conditions.push(Condition::Compare { subject: subject(column), operator: Operator::Less, value: high? });
                }
            }
            Some(conditions)
        }
        // All remainders together take everything.
        PartitionBound::Hash { .. } | PartitionBound::Default => Some(Vec::new()),
    }
}
