//! Constraints, each with a statement of its own, so that it can come after whatever it refers to.

use super::quote::{identifiers, list, name, operator, parenthesised, qualified, quote_identifier};
use super::table::{include, marks, parents, partition_of, with};
use super::{Statement, Transaction, Writer, index, not_null};
use crate::catalog::{
    Catalog, Constraint, ConstraintKind, Deferral, Definition, ExclusionElement, ForeignKey, Identity, KeyConstraint, Kind, MatchType,
    Object, QualifiedName, ReferentialAction,
};

pub(super) fn constraint(writer: &Writer<'_>, identity: &Identity, object: &Object, constraint: &Constraint) -> Vec<Statement> {
    let Constraint { kind, deferral, validated, enforced, no_inherit, inherited, local } = constraint;
    let parent = identity.parent_name();
    let has_index = constraint.has_index();
    let joins = joins_base(writer, identity, constraint);
    if *inherited && !*local && !has_index && !joins {
        return renamed(writer, identity, object, constraint).into_iter().chain(validated_alone(writer, identity, constraint)).collect();
    }
    if let (ConstraintKind::NotNull { column }, true) = (kind, *validated) {
        return not_null::named(writer, identity, object, constraint, column);
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
    let is_online = writer.online && *enforced && !is_domain && writer.relation(&parent).is_some_and(|(table, _)| writer.is_in_base(table));
    if let (true, ConstraintKind::PrimaryKey(of) | ConstraintKind::Unique(of), false) = (is_online, kind, is_partitioned)
        && !of.without_overlaps
    {
        return key_by_index(writer, identity, object, constraint, of);
    }
    // Rows that are there are looked at later, under a lock that lets others write; but a parent wants it of its child at once. Of partitioned tables foreign keys can't wait.
    let later = is_online
        && *validated
        && !joins
        && matches!(kind, ConstraintKind::Check(_) | ConstraintKind::ForeignKey(_))
        && !(is_partitioned && writer.major < 18);
    let mut sql = format!("ALTER {target}{}\n    ADD CONSTRAINT {} {}", name(&parent), quote_identifier(&identity.name), demand(kind));
    sql.push_str(deferrable(*deferral));
    if *no_inherit {
        sql.push_str(" NO INHERIT");
    }
    if !*enforced {
        sql.push_str(" NOT ENFORCED");
    } else if !*validated || later {
        sql.push_str(" NOT VALID");
    }
    sql.push(';');
    let mut create = Statement::creating(identity, object, sql);
    if is_partitioned {
        create.needs.extend(writer.partitions(&parent));
    }
    // It would take a key that goes, as long as that is there.
    if let (ConstraintKind::ForeignKey(key), Some(base)) = (kind, writer.base) {
        create.without.extend(keys_that_go(writer, base, key));
    }
    // Who comes to the table would have to have it before; so it is handed down to them, once they are there.
    if let (Some((table, _)), false) = (writer.relation(&parent), has_index) {
        let comes = |(child, _): &(&Identity, &Object)| writer.is_in_base(child) && writer.joins(child, &parent);
        create.parted.extend(writer.children(&parent).filter(comes).map(|(child, _)| (child.clone(), table.clone())));
    }
    // Values of a domain that materialized views hold within others are not looked at: the server refuses, as long as they are there.
    if let (Some((domain, _)), Some(base), true) = (writer.find(&[Kind::Domain], &parent), writer.base, *validated) {
        let views = super::alter::types::containers(base, domain).into_iter().filter(|it| it.kind == Kind::MaterializedView);
        create.without.extend(views.cloned());
    }
    let mut statements = vec![create];
    if later {
        let sql = format!("ALTER {target}{}\n    VALIDATE CONSTRAINT {};", name(&parent), quote_identifier(&identity.name));
        statements.push(Statement { transaction: Transaction::None, ..Statement::after(identity, sql) });
    }
    let is_attached = |above: &&Identity| *inherited || above.kind == Kind::Index;
    if let Some(above) = attached_to(writer, identity, constraint).filter(is_attached).filter(|_| has_index && !joins) {
        let own = qualified(&identity.schema, &identity.name);
        let sql = format!("ALTER INDEX {} ATTACH PARTITION {own};", qualified(&above.schema, &above.name));
        statements.push(Statement::after(identity, sql).needing([above.clone()]));
    }
    if let Some(rename) = renamed(writer, identity, object, constraint).filter(|_| has_index) {
        statements = vec![rename];
    }
    if has_index {
        statements.extend(marks(writer, &parent, identity));
    }
    statements
}

/// The keys of a table that a foreign key could refer to, and that are not there in the end.
fn keys_that_go(writer: &Writer<'_>, base: &Catalog, key: &ForeignKey) -> Vec<Identity> {
    let columns = |catalog: &Catalog, identity: &Identity| match catalog.get(identity).map(|it| &it.definition) {
        Some(Definition::Constraint(it)) => match &it.kind {
            ConstraintKind::PrimaryKey(it) | ConstraintKind::Unique(it) => Some(it.columns.clone()),
            _ => None,
        },
        _ => None,
    };
    let is_wanted = |of: &Vec<String>| of.len() == key.referenced_columns.len() && of.iter().all(|it| key.referenced_columns.contains(it));
    let all = base.within(Kind::Constraint, &key.references).map(|(identity, _)| identity);
    let wanted = all.filter(|identity| columns(base, identity).as_ref().is_some_and(is_wanted));
    wanted.filter(|identity| columns(writer.catalog, identity) != columns(base, identity)).cloned().collect()
}

/// Gives a key or a foreign key that a partition has of its table's, which stays, the name that it is to have.
fn renamed(writer: &Writer<'_>, identity: &Identity, object: &Object, constraint: &Constraint) -> Option<Statement> {
    let base = writer.base?;
    let parent = identity.parent_name();
    let above = above(writer, identity, constraint).filter(|_| constraint.inherited)?;
    let stays = |catalog: &Catalog| catalog.get(above).map(|it| it.definition.clone());
    stays(base).filter(|before| writer.is_in_base(above) && stays(writer.catalog).as_ref() == Some(before))?;
    writer.relation(&parent).filter(|(table, _)| writer.is_in_base(table))?;
    let is_same = |other: &Constraint| match &constraint.kind {
        ConstraintKind::ForeignKey(_) => other.kind == constraint.kind,
        _ => demands_same(&other.kind, &constraint.kind),
    };
    let is_it = |(other, object): &(&Identity, &Object)| match &object.definition {
        Definition::Constraint(it) => it.inherited && is_same(it) && *other != identity && !writer.catalog.contains(other),
        _ => false,
    };
    let (other, _) = base.within(Kind::Constraint, &parent).find(is_it)?;
    let (old, new) = (quote_identifier(&other.name), quote_identifier(&identity.name));
    let sql = format!("ALTER {} {}\n    RENAME CONSTRAINT {old} TO {new};", parent_words(writer, &parent), name(&parent));
    let mut rename = Statement::creating(identity, object, sql);
    rename.drops.push(other.clone());
    Some(rename)
}

/// Whether a table has the constraint because a parent that it comes to has it already: it must be there before. Foreign keys
/// come by themselves.
pub(super) fn joins_base(writer: &Writer<'_>, identity: &Identity, constraint: &Constraint) -> bool {
    let (Some((table, object)), true) = (writer.relation(&identity.parent_name()), constraint.inherited) else { return false };
    let is_partition = partition_of(object).is_some();
    let comes_to = parents(object).into_iter().filter(|parent| writer.comes_below(table, parent));
    let mut comes_to = comes_to.filter(|_| is_partition || writer.is_in_base(table)).peekable();
    if comes_to.peek().is_none() {
        return false;
    }
    match &constraint.kind {
        ConstraintKind::Check(_) => {
            comes_to.any(|parent| writer.is_in_base(&Identity::within(Kind::Constraint, parent, identity.name.clone())))
        }
        ConstraintKind::ForeignKey(_) | ConstraintKind::NotNull { .. } => false,
        _ => attached_to(writer, identity, constraint).is_some_and(|above| writer.is_in_base(above)),
    }
}

/// The words after `ALTER` before the name of what has constraints.
pub(super) fn parent_words(writer: &Writer<'_>, parent: &QualifiedName) -> &'static str {
    match writer.find(&[Kind::Domain, Kind::ForeignTable], parent) {
        Some((parent, _)) => super::spelling(parent.kind).keyword,
        None => "TABLE",
    }
}

fn deferrable(deferral: Deferral) -> &'static str {
    match deferral {
        Deferral::NotDeferrable => "",
        Deferral::Immediate => " DEFERRABLE",
        Deferral::Deferred => " DEFERRABLE INITIALLY DEFERRED",
    }
}

/// A key of a table that is there: its index is made while others write, and then becomes the constraint's.
fn key_by_index(writer: &Writer<'_>, identity: &Identity, object: &Object, constraint: &Constraint, of: &KeyConstraint) -> Vec<Statement> {
    let (own, table) = (quote_identifier(&identity.name), name(&identity.parent_name()));
    let nulls = if of.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
    let tablespace = of.tablespace.as_ref().map_or_else(String::new, |tablespace| format!(" TABLESPACE {}", quote_identifier(tablespace)));
    let (columns, included) = (identifiers(&of.columns), include(&of.include));
    let parameters = with(&of.storage_parameters, " ");
    let sql = format!("CREATE UNIQUE INDEX CONCURRENTLY {own} ON {table} ({columns}){included}{nulls}{parameters}{tablespace};");
    let mut index = Statement { transaction: Transaction::None, ..Statement::creating(identity, object, sql) };
    index.begins = std::mem::take(&mut index.creates);
    let words = if matches!(constraint.kind, ConstraintKind::PrimaryKey(_)) { "PRIMARY KEY" } else { "UNIQUE" };
    let deferral = deferrable(constraint.deferral);
    let sql = format!("ALTER TABLE {table}\n    ADD CONSTRAINT {own} {words} USING INDEX {own}{deferral};");
    let mut key = Statement::creating(identity, object, sql);
    key.needs.insert(identity.clone());
    let mut statements = vec![index, key];
    if let Some(above) = attached_to(writer, identity, constraint).filter(|_| constraint.inherited) {
        let sql = format!(
            "ALTER INDEX {} ATTACH PARTITION {};",
            qualified(&above.schema, &above.name),
            qualified(&identity.schema, &identity.name)
        );
        statements.push(Statement::after(identity, sql).needing([above.clone()]));
    }
    statements.extend(marks(writer, &identity.parent_name(), identity));
    statements
}

/// A check that a parent hands down comes with the parent's, not valid where that is not: a child's own may have been validated since.
fn validated_alone(writer: &Writer<'_>, identity: &Identity, constraint: &Constraint) -> Vec<Statement> {
    let parent = identity.parent_name();
    let Some((table, object)) = writer.relation(&parent) else { return Vec::new() };
    let parents = super::table::parents(object);
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
pub(super) fn demand(kind: &ConstraintKind) -> String {
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
pub(super) fn attached_to<'a>(writer: &Writer<'a>, identity: &Identity, constraint: &Constraint) -> Option<&'a Identity> {
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

/// The constraint of a parent table that a constraint is handed down by.
pub(super) fn above<'a>(writer: &Writer<'a>, identity: &Identity, constraint: &Constraint) -> Option<&'a Identity> {
    if constraint.has_index() {
        return attached_to(writer, identity, constraint);
    }
    let (_, table) = writer.relation(&identity.parent_name())?;
    let parents = super::table::parents(table);
    let is_foreign_key = matches!(constraint.kind, ConstraintKind::ForeignKey(_));
    let same = |object: &Object| matches!(&object.definition, Definition::Constraint(other) if other.kind == constraint.kind);
    let mut named = parents
        .iter()
        .filter_map(|parent| writer.catalog.get_key_value(&Identity::within(Kind::Constraint, parent, identity.name.clone())));
    let named = named.find(|(_, object)| !is_foreign_key || same(object));
    // Only a foreign key may have another name than the parent's.
    let mut others = parents.iter().filter(|_| is_foreign_key).flat_map(|parent| writer.catalog.within(Kind::Constraint, parent));
    named.or_else(|| others.find(|(_, object)| same(object))).map(|(identity, _)| identity)
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
