//! The queries of views, and what hangs on relations: indexes, triggers, rules, statistics.

use std::collections::{BTreeMap, HashMap};

use pg_query::NodeEnum;
use serde::Deserialize;

use crate::capture::script::{canonical, index, rule, statistics, trigger};
use crate::catalog::{Definition, Dependency, Identity, Kind, Object, QualifiedName, ReplicaIdentity};

use super::known::Oid;
use super::rows::{Answers, Row};
use super::{Builder, CaptureError, not_understood, parse_statement};

#[derive(Deserialize)]
pub(super) struct ViewRow {
    oid: Oid,
    query: String,
}

impl Row for ViewRow {
    const QUERY: &'static str = "
        SELECT c.oid::int8 AS oid, pg_catalog.pg_get_viewdef(c.oid) AS query
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't' AND $own";
}

pub(super) fn views(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<ViewRow>()? {
        let Some(identity) = it.known.object("pg_class", row.oid).cloned() else { continue };
        let Some(read) = it.part(&identity, |state| canonical::query(state, &parse_statement(&row.query)?)) else { continue };
        it.change(&identity, |object| {
            let query = match &mut object.definition {
                Definition::View(view) => &mut view.query,
                Definition::MaterializedView(view) => &mut view.query,
                _ => return,
            };
            *query = read.query;
            object.dependencies.extend(read.dependencies);
        });
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct IndexRow {
    oid: Oid,
    table: Oid,
    schema: String,
    name: String,
    /// Of an index that no constraint makes.
    definition: Option<String>,
    partitioned: bool,
    valid: bool,
    clustered: bool,
    replica_identity: bool,
    tablespace: Option<String>,
    parent: Option<Oid>,
    parent_schema: Option<String>,
    parent_name: Option<String>,
    statistics_targets: Option<BTreeMap<u16, i32>>,
}

impl Row for IndexRow {
    const QUERY: &'static str = "
        SELECT i.indexrelid::int8 AS oid, i.indrelid::int8 AS table, n.nspname AS schema, c.relname AS name,
            CASE WHEN o.oid IS NULL THEN pg_catalog.pg_get_indexdef(i.indexrelid) END AS definition, c.relkind = 'I' AS partitioned, i.indisvalid AS valid,
            i.indisclustered AS clustered, i.indisreplident AS replica_identity, s.spcname AS tablespace, h.inhparent::int8 AS parent,
            pn.nspname AS parent_schema, p.relname AS parent_name, a.statistics_targets
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace
        LEFT JOIN pg_catalog.pg_constraint o ON o.conindid = c.oid AND o.conrelid = i.indrelid AND o.contype IN ('p', 'u', 'x')
        LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = c.oid
        LEFT JOIN pg_catalog.pg_class p ON p.oid = h.inhparent
        LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
        LEFT JOIN (
            SELECT a.attrelid, pg_catalog.json_object_agg(a.attnum, a.attstattarget) AS statistics_targets
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('i', 'I')
            WHERE a.attstattarget >= 0 AND a.attnum > 0
            GROUP BY a.attrelid
        ) a ON a.attrelid = c.oid
        WHERE c.relpersistence <> 't' AND $own";
}

pub(super) fn indexes(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    let rows = answers.rows::<IndexRow>()?;
    for row in &rows {
        let Some(table) = it.known.object("pg_class", row.table).cloned() else { continue };
        mark_table(it, &table, row);
        let Some(definition) = row.definition.as_deref().filter(|_| !it.known.is_member("pg_class", row.oid)) else { continue };
        let identity = Identity::new(Kind::Index, row.schema.clone(), row.name.clone());
        let Some(read) = it.part(&identity, |state| match parse_statement(definition)?.node {
            Some(NodeEnum::IndexStmt(node)) => index::read(state, &table, &node),
            _ => Err(not_understood(definition)),
        }) else {
            continue;
        };
        let mut index = read.index;
        index.only = row.partitioned && !row.valid;
        index.tablespace.clone_from(&row.tablespace);
        index.statistics_targets = row.statistics_targets.clone().unwrap_or_default();
        if let (Some(schema), Some(name)) = (&row.parent_schema, &row.parent_name) {
            index.partition_of = Some(QualifiedName::new(schema.clone(), name.clone()));
        }
        let mut object = Object::new(Definition::Index(index));
        object.dependencies = read.needs.into();
        it.put("pg_class", row.oid, identity, object);
    }
    // Whatever was read first, a partition's index needs its parent's.
    for row in &rows {
        let (Some(index), Some(parent)) =
            (it.known.object("pg_class", row.oid), row.parent.and_then(|oid| it.known.object("pg_class", oid)))
        else {
            continue;
        };
        let (index, parent) = (index.clone(), parent.clone());
        it.change(&index, |object| {
            object.dependencies.insert(Dependency::on(parent).auto());
        });
    }
    Ok(())
}

/// What a table says of its indexes.
fn mark_table(it: &mut Builder, table: &Identity, row: &IndexRow) {
    if !row.clustered && !row.replica_identity {
        return;
    }
    it.change(table, |object| match &mut object.definition {
        Definition::Table(table) => {
            if row.clustered {
                table.cluster_on = Some(row.name.clone());
            }
            if row.replica_identity {
                table.replica_identity = ReplicaIdentity::Index(row.name.clone());
            }
        }
        Definition::MaterializedView(view) if row.clustered => view.cluster_on = Some(row.name.clone()),
        _ => {}
    });
}

#[derive(Deserialize)]
pub(super) struct TriggerRow {
    oid: Oid,
    relation: Oid,
    name: String,
    definition: String,
    enabled: String,
    parent: Oid,
    parent_relation: Option<Oid>,
}

impl Row for TriggerRow {
    // Constraints have triggers of their own; those that a partitioned table hands down count as internal before PostgreSQL 15.
    const QUERY: &'static str = "
        SELECT t.oid::int8 AS oid, t.tgrelid::int8 AS relation, t.tgname AS name, pg_catalog.pg_get_triggerdef(t.oid) AS definition,
            t.tgenabled AS enabled, t.tgparentid::int8 AS parent, p.tgrelid::int8 AS parent_relation
        FROM pg_catalog.pg_trigger t
        LEFT JOIN pg_catalog.pg_trigger p ON p.oid = t.tgparentid
        LEFT JOIN pg_catalog.pg_constraint o ON o.oid = t.tgconstraint
        WHERE (NOT t.tgisinternal OR t.tgparentid <> 0) AND (o.oid IS NULL OR o.contype = 't')";
}

pub(super) fn triggers(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    let rows = answers.rows::<TriggerRow>()?;
    let by_oid: HashMap<Oid, &TriggerRow> = rows.iter().map(|row| (row.oid, row)).collect();
    for row in &rows {
        // What is handed down to a partition is shown with casts of whole rows to the type of the table above; what it means stands there.
        let mut first = row;
        while let Some(above) = by_oid.get(&first.parent) {
            first = above;
        }
        let Some(relation) = it.known.object("pg_class", row.relation).cloned() else { continue };
        if it.known.is_member("pg_trigger", row.oid) {
            continue;
        }
        let identity = Identity::within(Kind::Trigger, &relation.qualified_name(), row.name.clone());
        let Some(mut object) = it.part(&identity, |state| match parse_statement(&row.definition)?.node {
            Some(NodeEnum::CreateTrigStmt(mut node)) => {
                if row.parent != 0
                    && node.when_clause.is_some()
                    && let Some(NodeEnum::CreateTrigStmt(above)) = parse_statement(&first.definition)?.node
                {
                    node.when_clause = above.when_clause;
                }
                trigger::read(state, &relation, &node)
            }
            _ => Err(not_understood(&row.definition)),
        }) else {
            continue;
        };
        if let Definition::Trigger(trigger) = &mut object.definition {
            trigger.firing = trigger::firing(&row.enabled);
            trigger.inherited = row.parent != 0;
        }
        if let Some(parent) = row.parent_relation.and_then(|oid| it.known.object("pg_class", oid)) {
            let parent = Identity::within(Kind::Trigger, &parent.qualified_name(), identity.name.clone());
            object.dependencies.insert(Dependency::on(parent).auto());
        }
        it.put("pg_trigger", row.oid, identity, object);
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct RuleRow {
    oid: Oid,
    relation: Oid,
    name: String,
    definition: String,
    enabled: String,
}

impl Row for RuleRow {
    const QUERY: &'static str = "
        SELECT r.oid::int8 AS oid, r.ev_class::int8 AS relation, r.rulename AS name, pg_catalog.pg_get_ruledef(r.oid) AS definition,
            r.ev_enabled AS enabled
        FROM pg_catalog.pg_rewrite r
        JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE r.rulename <> '_RETURN' AND $own";
}

pub(super) fn rules(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<RuleRow>()? {
        let Some(relation) = it.known.object("pg_class", row.relation).cloned() else { continue };
        if it.known.is_member("pg_rewrite", row.oid) {
            continue;
        }
        let identity = Identity::within(Kind::Rule, &relation.qualified_name(), row.name);
        let Some(mut object) = it.part(&identity, |state| match parse_statement(&row.definition)?.node {
            Some(NodeEnum::RuleStmt(node)) => {
                let event = rule::event(&node).ok_or_else(|| not_understood(&row.definition))?;
                rule::read(state, &relation, event, &node)
            }
            _ => Err(not_understood(&row.definition)),
        }) else {
            continue;
        };
        if let Definition::Rule(rule) = &mut object.definition {
            rule.firing = trigger::firing(&row.enabled);
        }
        it.put("pg_rewrite", row.oid, identity, object);
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct StatisticsRow {
    oid: Oid,
    schema: String,
    name: String,
    owner: String,
    relation: Oid,
    definition: String,
    target: Option<i32>,
}

impl Row for StatisticsRow {
    const QUERY: &'static str = "
        SELECT s.oid::int8 AS oid, n.nspname AS schema, s.stxname AS name, pg_catalog.pg_get_userbyid(s.stxowner) AS owner,
            s.stxrelid::int8 AS relation, pg_catalog.pg_get_statisticsobjdef(s.oid) AS definition,
            CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END AS target
        FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
        WHERE $own";
}

pub(super) fn statistics(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<StatisticsRow>()? {
        let Some(relation) = it.known.object("pg_class", row.relation).cloned() else { continue };
        if it.known.is_member("pg_statistic_ext", row.oid) {
            continue;
        }
        let identity = Identity::new(Kind::Statistics, row.schema, row.name);
        let Some(read) = it.part(&identity, |state| match parse_statement(&row.definition)?.node {
            Some(NodeEnum::CreateStatsStmt(node)) => statistics::read(state, &relation, &node),
            _ => Err(not_understood(&row.definition)),
        }) else {
            continue;
        };
        let mut statistics = read.statistics;
        statistics.target = row.target;
        let mut object = it.object(&identity, Definition::Statistics(statistics), row.owner, None);
        object.dependencies.extend(read.needs);
        it.put("pg_statistic_ext", row.oid, identity, object);
    }
    Ok(())
}
