//! Constraints, each with a statement of its own, so that it can come after whatever it refers to.

use super::quote::{identifiers, list, name, operator, parenthesised, qualified, quote_identifier};
use super::table::{include, partition_of, with};
use super::{Statement, Writer, index};
use crate::catalog::{
    Constraint, ConstraintKind, Deferral, Definition, ExclusionElement, ForeignKey, Identity, KeyConstraint, Kind, MatchType, Object,
    QualifiedName, ReferentialAction,
};

pub(super) fn constraint(writer: &Writer<'_>, identity: &Identity, object: &Object, constraint: &Constraint) -> Vec<Statement> {
    let Constraint { kind, deferral, validated, enforced, no_inherit, inherited, local } = constraint;
    let parent = identity.parent_name();
    let has_index = constraint.has_index();
    let joins = joins_base(writer, identity, constraint);
    if *inherited && !*local && !has_index && !joins {
        return validated_alone(writer, identity, constraint);
    }
    if matches!(kind, ConstraintKind::NotNull { .. }) && *validated {
        // The column says it all.
        return Vec::new();
    }
    let is_domain = writer.find(&[Kind::Domain], &parent).is_some();
    let is_foreign = writer.find(&[Kind::ForeignTable], &parent).is_some();
    let is_partitioned = writer.is_partitioned(&parent);
    let target = match (is_domain, is_foreign, is_partitioned && has_index) {
        (true, ..) => "DOMAIN ",
        (_, true, _) => "FOREIGN TABLE ",
        // The partitions' own are attached to it, under the names that they have.
        (_, _, true) => "TABLE ONLY ",
        _ => "TABLE ",
    };
    let mut sql = format!("ALTER {target}{}\n    ADD CONSTRAINT {} {}", name(&parent), quote_identifier(&identity.name), demand(kind));
    match deferral {
        Deferral::NotDeferrable => {}
        Deferral::Immediate => sql.push_str(" DEFERRABLE"),
        Deferral::Deferred => sql.push_str(" DEFERRABLE INITIALLY DEFERRED"),
    }
    if *no_inherit {
        sql.push_str(" NO INHERIT");
    }
    if !*enforced {
        sql.push_str(" NOT ENFORCED");
    } else if !*validated {
        sql.push_str(" NOT VALID");
    }
    sql.push(';');
    let mut create = Statement::creating(identity, object, sql);
    if is_partitioned {
        create.needs.extend(writer.partitions(&parent));
    }
    let mut statements = vec![create];
    let is_attached = |above: &&Identity| *inherited || above.kind == Kind::Index;
    if let Some(above) = attached_to(writer, identity, constraint).filter(is_attached).filter(|_| has_index && !joins) {
        let own = qualified(&identity.schema, &identity.name);
        let sql = format!("ALTER INDEX {} ATTACH PARTITION {own};", qualified(&above.schema, &above.name));
        statements.push(Statement::after(identity, sql).needing([above.clone()]));
    }
    statements
}

/// Whether a new partition has the constraint because the table which it joins has it already: it must be there before
/// the partition is attached. Foreign keys come by themselves.
pub(super) fn joins_base(writer: &Writer<'_>, identity: &Identity, constraint: &Constraint) -> bool {
    let (Some((table, object)), true) = (writer.relation(&identity.parent_name()), constraint.inherited) else { return false };
    let Some(partition) = partition_of(object).filter(|_| writer.base.is_some() && !writer.is_in_base(table)) else { return false };
    match &constraint.kind {
        ConstraintKind::Check(_) => writer.is_in_base(&Identity::within(Kind::Constraint, &partition.parent, identity.name.clone())),
        ConstraintKind::ForeignKey(_) | ConstraintKind::NotNull { .. } => false,
        _ => attached_to(writer, identity, constraint).is_some_and(|above| writer.is_in_base(above)),
    }
}

/// A check that a parent hands down comes with the parent's, not valid where that is not: a child's own may have been validated since.
fn validated_alone(writer: &Writer<'_>, identity: &Identity, constraint: &Constraint) -> Vec<Statement> {
    let parent = identity.parent_name();
    let Some((table, object)) = writer.relation(&parent) else { return Vec::new() };
    let parents = match &object.definition {
        Definition::Table(it) => it.inherits.iter().chain(it.partition_of.as_ref().map(|it| &it.parent)).collect::<Vec<_>>(),
        Definition::ForeignTable(it) => it.inherits.iter().chain(it.partition_of.as_ref().map(|it| &it.parent)).collect(),
        _ => Vec::new(),
    };
    let above = parents.into_iter().map(|it| Identity::within(Kind::Constraint, it, identity.name.clone()));
    let mut above = above.filter_map(|it| Some((writer.catalog.get(&it)?, it)));
    let invalid = above.find(|(object, _)| matches!(&object.definition, Definition::Constraint(it) if !it.validated && it.enforced));
    match invalid {
        Some((_, above)) if constraint.validated && constraint.enforced && matches!(constraint.kind, ConstraintKind::Check(_)) => {
            let sql = format!("ALTER TABLE {}\n    VALIDATE CONSTRAINT {};", name(&parent), quote_identifier(&identity.name));
            vec![Statement::after(table, sql).needing([above])]
        }
        _ => Vec::new(),
    }
}

/// What the constraint demands, after its name.
fn demand(kind: &ConstraintKind) -> String {
    match kind {
        ConstraintKind::PrimaryKey(of) => format!("PRIMARY KEY{}", key(of)),
        ConstraintKind::Unique(of) => format!("UNIQUE{}{}", if of.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" }, key(of)),
        ConstraintKind::Check(expression) => format!("CHECK {}", parenthesised(expression)),
        ConstraintKind::Exclusion { method, elements, include: included, predicate, storage_parameters, tablespace } => {
            let element = |ExclusionElement { key, operator: by }: &ExclusionElement| format!("{} WITH {}", index::key(key), operator(by));
            let mut sql = format!("EXCLUDE USING {} ({})", quote_identifier(method), list(elements, element));
            sql.push_str(&include(included));
            sql.push_str(&with(storage_parameters, " "));
            sql.push_str(&in_tablespace(tablespace.as_ref()));
            if let Some(predicate) = predicate {
                sql.push_str(&format!(" WHERE {}", parenthesised(predicate)));
            }
            sql
        }
        ConstraintKind::ForeignKey(of) => foreign_key(of),
        ConstraintKind::NotNull { column } => format!("NOT NULL {}", quote_identifier(column)),
    }
}

fn key(key: &KeyConstraint) -> String {
    let KeyConstraint { columns, include: included, nulls_not_distinct: _, without_overlaps, storage_parameters, tablespace } = key;
    let overlaps = if *without_overlaps { " WITHOUT OVERLAPS" } else { "" };
    format!(
        " ({}{overlaps}){}{}{}",
        identifiers(columns),
        include(included),
        with(storage_parameters, " "),
        in_tablespace(tablespace.as_ref())
    )
}

fn in_tablespace(tablespace: Option<&String>) -> String {
    tablespace.map_or_else(String::new, |tablespace| format!(" USING INDEX TABLESPACE {}", quote_identifier(tablespace)))
}

fn foreign_key(key: &ForeignKey) -> String {
    let ForeignKey { columns, references, referenced_columns, match_type, on_update, on_delete, set_columns, period } = key;
    let side = |columns: &[String]| match columns.split_last() {
        Some((last, rest)) if *period => {
            let period = format!("PERIOD {}", quote_identifier(last));
            rest.iter().map(|column| quote_identifier(column)).chain([period]).collect::<Vec<_>>().join(", ")
        }
        _ => identifiers(columns),
    };
    let mut sql = format!("FOREIGN KEY ({}) REFERENCES {}({})", side(columns), name(references), side(referenced_columns));
    match match_type {
        MatchType::Simple => {}
        MatchType::Full => sql.push_str(" MATCH FULL"),
    }
    for (words, action) in [("ON UPDATE", on_update), ("ON DELETE", on_delete)] {
        match action {
            ReferentialAction::NoAction => {}
            ReferentialAction::Restrict => sql.push_str(&format!(" {words} RESTRICT")),
            ReferentialAction::Cascade => sql.push_str(&format!(" {words} CASCADE")),
            ReferentialAction::SetNull => sql.push_str(&format!(" {words} SET NULL")),
            ReferentialAction::SetDefault => sql.push_str(&format!(" {words} SET DEFAULT")),
        }
    }
    if !set_columns.is_empty() {
        sql.push_str(&format!(" ({})", identifiers(set_columns)));
    }
    sql
}

/// The constraint or index of the partitioned table that a partition's belongs to: the one that it needs, or that demands the same.
fn attached_to<'a>(writer: &Writer<'a>, identity: &Identity, constraint: &Constraint) -> Option<&'a Identity> {
    let needs = writer.catalog.get(identity).into_iter().flat_map(|it| &it.dependencies);
    let index = needs.map(|it| &it.on).find(|it| it.kind == Kind::Index).and_then(|it| writer.catalog.get_key_value(it));
    if let Some((index, _)) = index {
        return Some(index);
    }
    let (_, table) = writer.relation(&identity.parent_name())?;
    let above: &QualifiedName = &partition_of(table)?.parent;
    let found = writer.catalog.within(Kind::Constraint, above).find(|(_, object)| match &object.definition {
        Definition::Constraint(other) => demands_same(&other.kind, &constraint.kind),
        _ => false,
    });
    found.map(|(identity, _)| identity)
}

fn demands_same(one: &ConstraintKind, other: &ConstraintKind) -> bool {
    match (one, other) {
        (ConstraintKind::PrimaryKey(one), ConstraintKind::PrimaryKey(other)) => one.columns == other.columns,
        (ConstraintKind::Unique(one), ConstraintKind::Unique(other)) => {
            one.columns == other.columns && one.include == other.include && one.nulls_not_distinct == other.nulls_not_distinct
        }
        (
            ConstraintKind::Exclusion { method, elements, predicate, .. },
            ConstraintKind::Exclusion { method: other_method, elements: other_elements, predicate: other_predicate, .. },
        ) => (method, elements, predicate) == (other_method, other_elements, other_predicate),
        _ => false,
    }
}
