//! Constraints of tables and domains.
//!
//! What a child or a partition has of its parent's follows the parent's, so nothing is said of it.

use super::table::settings;
use super::{Alteration, Altered};
use crate::catalog::{Constraint, ConstraintKind, Deferral, Definition, KeyConstraint, QualifiedName};
use crate::ddl::constraint::{attached_to, constraint as create, demand, joins_base, parent_words};
use crate::ddl::quote::{name, qualified, quote_identifier};
use crate::ddl::table::parents;
use crate::ddl::{Statement, Writer};

pub(super) fn constraint(it: &Altered<'_, '_>, old: &Constraint, new: &Constraint) -> Alteration {
    let Constraint { kind, deferral, validated, enforced, no_inherit, inherited, local } = new;
    let is_handed_down = *inherited && !*local;
    let is_foreign_key = matches!(kind, ConstraintKind::ForeignKey(_));
    let is_not_null = matches!(kind, ConstraintKind::NotNull { .. });
    // A parent's NOT NULL comes down as a column's flag; whether children have it can be altered from PostgreSQL 18 on.
    let is_other_demand = *kind != old.kind || (*no_inherit != old.no_inherit && it.to.major < 18);
    if is_not_null && !is_handed_down && (is_other_demand || (old.validated && !*validated)) {
        return Alteration::Statements(not_null_anew(it, new));
    }
    let mut statements = match lineage(it, old, (*inherited, *local)) {
        Lineage::Same(statements) => statements,
        Lineage::Made => return Alteration::Replace("it comes from the parent table"),
    };
    let parent = it.identity.parent_name();
    let alter = format!("ALTER {} {}", parent_words(it.to, &parent), name(&parent));
    let own = quote_identifier(&it.identity.name);

    if *kind != old.kind {
        let Some(index) = index_settings(&old.kind, kind) else {
            return Alteration::Replace("what a constraint demands can't be altered");
        };
        // An index of a partitioned table takes no storage parameters once it is there (`ATSimplePermissions`).
        if it.to.is_partitioned(&parent) && index.iter().any(|action| !action.starts_with("SET TABLESPACE")) {
            return Alteration::Replace("storage parameters of a partitioned index can't be altered");
        }
        let index_name = qualified(&it.identity.schema, &it.identity.name);
        statements.extend(index.into_iter().map(|action| it.statement(format!("ALTER INDEX {index_name} {action};"))));
    }
    if *deferral != old.deferral {
        if !is_foreign_key {
            return Alteration::Replace("only of a foreign key can it be altered when it is checked");
        }
        if !is_handed_down {
            let words = match deferral {
                Deferral::NotDeferrable => "NOT DEFERRABLE",
                Deferral::Immediate => "DEFERRABLE INITIALLY IMMEDIATE",
                Deferral::Deferred => "DEFERRABLE INITIALLY DEFERRED",
            };
            statements.push(it.statement(format!("{alter}\n    ALTER CONSTRAINT {own} {words};")));
        }
    }
    if *no_inherit != old.no_inherit {
        if !is_not_null || it.to.major < 18 {
            return Alteration::Replace("whether children have the constraint can't be altered");
        }
        let words = if *no_inherit { "NO INHERIT" } else { "INHERIT" };
        statements.push(it.statement(format!("{alter}\n    ALTER CONSTRAINT {own} {words};")));
    }
    if *enforced != old.enforced {
        if !is_foreign_key || (*enforced && !*validated) {
            return Alteration::Replace("whether the constraint is enforced can't be altered");
        }
        if !is_handed_down {
            let words = if *enforced { "ENFORCED" } else { "NOT ENFORCED" };
            statements.push(it.statement(format!("{alter}\n    ALTER CONSTRAINT {own} {words};")));
        }
    } else if *validated != old.validated {
        if !*validated {
            return Alteration::Replace("a constraint that is valid can't be made NOT VALID");
        }
        if !(is_handed_down && is_foreign_key) {
            statements.push(it.statement(format!("{alter}\n    VALIDATE CONSTRAINT {own};")));
        }
    }
    Alteration::Statements(statements)
}

/// A NOT NULL goes with what the column says, but not where the column goes on to say it: so it is said here.
fn not_null_anew(it: &Altered<'_, '_>, new: &Constraint) -> Vec<Statement> {
    let parent = it.identity.parent_name();
    let alter = format!("ALTER {} {}", parent_words(it.to, &parent), name(&parent));
    let own = quote_identifier(&it.identity.name);
    let mut added = format!("{alter}\n    ADD CONSTRAINT {own} {}", demand(&new.kind));
    if new.no_inherit {
        added.push_str(" NO INHERIT");
    }
    if !new.validated {
        added.push_str(" NOT VALID");
    }
    added.push(';');
    vec![it.statement(format!("{alter}\n    DROP CONSTRAINT {own};")), it.naming(added)]
}

/// What leads from the index of one constraint to that of another, where nothing but its storage differs.
fn index_settings(old: &ConstraintKind, new: &ConstraintKind) -> Option<Vec<String>> {
    let same = |one: &KeyConstraint, other: &KeyConstraint| {
        let KeyConstraint { columns, include, nulls_not_distinct, without_overlaps, storage_parameters: _, tablespace: _ } = one;
        (columns, include, nulls_not_distinct, without_overlaps)
            == (&other.columns, &other.include, &other.nulls_not_distinct, &other.without_overlaps)
    };
    let (parameters, tablespaces) = match (old, new) {
        (ConstraintKind::PrimaryKey(old), ConstraintKind::PrimaryKey(new)) | (ConstraintKind::Unique(old), ConstraintKind::Unique(new))
            if same(old, new) =>
        {
            ((&old.storage_parameters, &new.storage_parameters), (&old.tablespace, &new.tablespace))
        }
        (
            ConstraintKind::Exclusion { method, elements, include, predicate, storage_parameters: old, tablespace: old_tablespace },
            ConstraintKind::Exclusion {
                method: new_method,
                elements: new_elements,
                include: new_include,
                predicate: new_predicate,
                storage_parameters: new,
                tablespace: new_tablespace,
            },
        ) if (method, elements, include, predicate) == (new_method, new_elements, new_include, new_predicate) => {
            ((old, new), (old_tablespace, new_tablespace))
        }
        _ => return None,
    };
    let mut actions = settings(parameters.0, parameters.1);
    if tablespaces.0 != tablespaces.1 {
        actions.push(format!("SET TABLESPACE {}", quote_identifier(tablespaces.1.as_deref().unwrap_or("pg_default"))));
    }
    Some(actions)
}

/// How a constraint came to belong, or not, to a parent's.
enum Lineage {
    /// Nobody made or dropped it on the way; these statements say what the tables' own don't.
    Same(Vec<Statement>),
    /// A parent's was made or dropped, and it with that.
    Made,
}

fn lineage(it: &Altered<'_, '_>, old: &Constraint, (inherited, local): (bool, bool)) -> Lineage {
    let Definition::Constraint(new) = &it.after.definition else { return Lineage::Same(Vec::new()) };
    if (inherited, local) == (old.inherited, old.local) {
        return Lineage::Same(Vec::new());
    }
    // A table that leaves its parent keeps the constraints, as its own; one that joins a parent has those of it already.
    let parents_of = |writer: &Writer<'_>| -> Vec<QualifiedName> {
        writer.relation(&it.identity.parent_name()).map(|(_, table)| parents(table)).into_iter().flatten().cloned().collect()
    };
    let stays = parents_of(it.from) == parents_of(it.to);
    match (old.inherited, inherited) {
        (false, true) if new.has_index() && !joins_base(it.to, it.identity, new) => {
            let attach = attached_to(it.to, it.identity, new).map(|above| {
                let own = qualified(&it.identity.schema, &it.identity.name);
                let sql = format!("ALTER INDEX {} ATTACH PARTITION {own};", qualified(&above.schema, &above.name));
                it.statement(sql).needing([above.clone()])
            });
            Lineage::Same(attach.into_iter().collect())
        }
        // The parent's would merge with the table's own, which would stay its own.
        (false, true) if stays && !local => Lineage::Made,
        (true, false) if stays && !old.local => Lineage::Made,
        // To say it again of the child makes it the child's own too (`MergeWithExistingConstraint`).
        (true, true) if local && !old.local && !new.has_index() => {
            let own = create(it.to, it.identity, it.after, new).into_iter().take(1);
            Lineage::Same(own.map(|statement| it.statement(statement.sql)).collect())
        }
        _ => Lineage::Same(Vec::new()),
    }
}
