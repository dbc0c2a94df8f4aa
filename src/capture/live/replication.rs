//! Publications and subscriptions.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;

use crate::capture::expression::Scope;
use crate::capture::script::replication::{OPERATIONS, needs};
use crate::catalog::{Definition, Identity, Kind, Publication, PublishedTable, Subscription};

use super::known::Oid;
use super::rows::{Answers, Row};
use super::{Builder, CaptureError, expression};

#[derive(Deserialize)]
pub(super) struct PublicationRow {
    oid: Oid,
    name: String,
    owner: String,
    all_tables: bool,
    insert: bool,
    update: bool,
    delete: bool,
    truncate: bool,
    via_partition_root: bool,
    #[serde(default)]
    generated_columns: Option<String>,
    #[serde(default)]
    schemas: Option<Vec<String>>,
}

impl Row for PublicationRow {
    const QUERY: &'static str = "
        SELECT p.oid::int8 AS oid, p.pubname AS name, pg_catalog.pg_get_userbyid(p.pubowner) AS owner, p.puballtables AS all_tables,
            p.pubinsert AS insert, p.pubupdate AS update, p.pubdelete AS delete, p.pubtruncate AS truncate,
            p.pubviaroot AS via_partition_root
            , p.pubgencols AS generated_columns -- since 18
            , s.schemas -- since 15
        FROM pg_catalog.pg_publication p
        LEFT JOIN ( -- since 15
            SELECT x.pnpubid, pg_catalog.json_agg(n.nspname) AS schemas -- since 15
            FROM pg_catalog.pg_publication_namespace x JOIN pg_catalog.pg_namespace n ON n.oid = x.pnnspid -- since 15
            GROUP BY x.pnpubid -- since 15
        ) s ON s.pnpubid = p.oid -- since 15
        WHERE true";
}

#[derive(Deserialize)]
pub(super) struct PublishedTableRow {
    publication: Oid,
    relation: Oid,
    #[serde(default)]
    columns: Option<Vec<i16>>,
    #[serde(default)]
    filter: Option<String>,
}

impl Row for PublishedTableRow {
    const QUERY: &'static str = "
        SELECT r.prpubid::int8 AS publication, r.prrelid::int8 AS relation
            , r.prattrs::int2[] AS columns, pg_catalog.pg_get_expr(r.prqual, r.prrelid) AS filter -- since 15
        FROM pg_catalog.pg_publication_rel r";
}

pub(super) fn publications(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    let mut tables: HashMap<Oid, Vec<PublishedTableRow>> = HashMap::new();
    for row in answers.rows::<PublishedTableRow>()? {
        tables.entry(row.publication).or_default().push(row);
    }
    for row in answers.rows::<PublicationRow>()? {
        if it.known.is_member("pg_publication", row.oid) {
            continue;
        }
        let identity = Identity::global(Kind::Publication, row.name);
        let mut published = Vec::new();
        for table in tables.remove(&row.oid).unwrap_or_default() {
            let Some(relation) = it.known.object("pg_class", table.relation).cloned() else { continue };
            let filter =
                table.filter.as_deref().and_then(|text| it.part(&identity, |state| expression(state, text, &Scope::relation(&relation))));
            let mut numbers = table.columns.unwrap_or_default();
            numbers.sort_unstable();
            let columns = it.known.columns(table.relation, &numbers);
            published.push(PublishedTable { table: relation.qualified_name(), columns, filter: filter.map(|it| it.expression) });
        }
        published.sort();
        let schemas: BTreeSet<String> = row.schemas.into_iter().flatten().collect();
        let does = [row.insert, row.update, row.delete, row.truncate];
        let publication = Publication {
            all_tables: row.all_tables,
            tables: published,
            schemas: schemas.into_iter().collect(),
            publish: OPERATIONS.iter().zip(does).filter(|(_, does)| *does).map(|(word, _)| (*word).to_owned()).collect(),
            via_partition_root: row.via_partition_root,
            generated_columns: row.generated_columns.filter(|it| it == "s").map(|_| "stored".to_owned()),
        };
        let needs = needs(&it.state, &publication);
        let mut object = it.object(&identity, Definition::Publication(publication), row.owner, None);
        object.dependencies = needs.into();
        it.put("pg_publication", row.oid, identity, object);
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct SubscriptionRow {
    oid: Oid,
    name: String,
    owner: String,
    publications: Vec<String>,
    options: BTreeMap<String, String>,
}

impl Row for SubscriptionRow {
    // Options with their defaults are left out; the connection is not read, and needs rights that few have. So do number and
    // `synchronous_commit` before PostgreSQL 14.
    const QUERY: &'static str = "
        SELECT s.oid::int8 AS oid, -- since 14
        SELECT (SELECT pg_catalog.min(x.subid::int8) FROM pg_catalog.pg_stat_subscription x WHERE x.subname = s.subname) AS oid, -- before 14
            s.subname AS name, pg_catalog.pg_get_userbyid(s.subowner) AS owner, s.subpublications AS publications,
            pg_catalog.json_strip_nulls(pg_catalog.json_build_object(
                'enabled', CASE WHEN NOT s.subenabled THEN 'false' END
                , 'slot_name', CASE WHEN s.subslotname IS NULL THEN 'none' WHEN s.subslotname <> s.subname THEN s.subslotname::text END
                , 'synchronous_commit', CASE WHEN s.subsynccommit <> 'off' THEN s.subsynccommit END -- since 14
                , 'binary', CASE WHEN s.subbinary THEN 'true' END -- since 14
                , 'streaming', CASE WHEN s.substream THEN 'true' END -- since 14 -- before 16
                , 'streaming', CASE s.substream WHEN 't' THEN 'on' WHEN 'p' THEN 'parallel' END -- since 16 -- before 18
                , 'streaming', CASE s.substream WHEN 't' THEN 'on' WHEN 'f' THEN 'off' END -- since 18
                , 'two_phase', CASE WHEN s.subtwophasestate <> 'd' THEN 'true' END -- since 15
                , 'disable_on_error', CASE WHEN s.subdisableonerr THEN 'true' END -- since 15
                , 'password_required', CASE WHEN NOT s.subpasswordrequired THEN 'false' END -- since 16
                , 'run_as_owner', CASE WHEN s.subrunasowner THEN 'true' END -- since 16
                , 'origin', CASE WHEN s.suborigin <> 'any' THEN s.suborigin END -- since 16
                , 'failover', CASE WHEN s.subfailover THEN 'true' END -- since 17
            )) AS options
        FROM pg_catalog.pg_subscription s
        WHERE s.subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())";
}

pub(super) fn subscriptions(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<SubscriptionRow>()? {
        let publications: BTreeSet<String> = row.publications.into_iter().collect();
        let subscription = Subscription { publications: publications.into_iter().collect(), options: row.options };
        let identity = Identity::global(Kind::Subscription, row.name);
        let object = it.object(&identity, Definition::Subscription(subscription), row.owner, None);
        it.put("pg_subscription", row.oid, identity, object);
    }
    Ok(())
}
