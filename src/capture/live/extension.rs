//! Schemas, extensions, languages, access methods, transforms and event triggers.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::capture::script::state::PUBLIC;
use crate::capture::script::trigger::firing;
use crate::catalog::{
    AccessMethod, AccessMethodTarget, Definition, Dependency, EventTrigger, Extension, Identity, Kind, Language, Object, Schema, Transform,
};

use crate::diagnostic::Diagnostic;

use super::known::Oid;
use super::rows::{Answers, Row};
use super::{Builder, CaptureError};

/// Every database has it from the start.
const PLPGSQL: &str = "plpgsql";

#[derive(Deserialize)]
pub(super) struct SchemaRow {
    oid: Oid,
    name: String,
    owner: String,
    has_initial_owner: bool,
    acl: Option<Vec<String>>,
    is_initial: bool,
    initial_create: bool,
}

impl Row for SchemaRow {
    // In a new database `public` belongs to the bootstrap superuser before PostgreSQL 15, to `pg_database_owner` since
    // (src/include/catalog/pg_authid.dat), and everybody may create in it before 15.
    const QUERY: &'static str = "
        SELECT n.oid::int8 AS oid, n.nspname AS name, pg_catalog.pg_get_userbyid(n.nspowner) AS owner,
            n.nspacl::text[] AS acl, i.initprivs IS NOT NULL AND i.initprivs = n.nspacl AS is_initial,
            n.nspowner = 10 AS has_initial_owner, true AS initial_create -- before 15
            n.nspowner = 6171 AS has_initial_owner, false AS initial_create -- since 15
        FROM pg_catalog.pg_namespace n
        LEFT JOIN pg_catalog.pg_init_privs i
            ON i.objoid = n.oid AND i.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND i.privtype = 'i'
        WHERE $own";
}

pub(super) fn schemas(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<SchemaRow>()? {
        if it.known.is_member("pg_namespace", row.oid) {
            continue;
        }
        let is_public = row.name == PUBLIC;
        let identity = Identity::global(Kind::Schema, row.name);
        // What initdb gives away is given of nobody's will.
        let mut acl = row.acl.filter(|_| !row.is_initial);
        if let Some(acl) = acl.as_mut().filter(|_| is_public && row.initial_create) {
            for item in acl.iter_mut().filter(|it| it.starts_with('=')) {
                *item = item.replacen('C', "", 1);
            }
        }
        let mut object = it.object(&identity, Definition::Schema(Schema {}), row.owner, acl.as_deref());
        if is_public && row.has_initial_owner {
            object.owner = None;
        }
        it.put("pg_namespace", row.oid, identity, object);
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct ExtensionRow {
    oid: Oid,
    name: String,
    schema: String,
    version: String,
    default_version: Option<String>,
    requires: Option<Vec<String>>,
}

impl Row for ExtensionRow {
    const QUERY: &'static str = "
        SELECT e.oid::int8 AS oid, e.extname AS name, n.nspname AS schema, e.extversion AS version, a.default_version,
            r.requires
        FROM pg_catalog.pg_extension e
        JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
        LEFT JOIN pg_catalog.pg_available_extensions() a ON a.name = e.extname
        LEFT JOIN (
            SELECT d.objid, pg_catalog.json_agg(x.extname) AS requires
            FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
            WHERE d.classid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'n'
            GROUP BY d.objid
        ) r ON r.objid = e.oid";
}

pub(super) fn extensions(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<ExtensionRow>()?.into_iter().filter(|it| it.name != PLPGSQL) {
        // The version that the server installs by itself is not pinned by anybody.
        let version = (Some(&row.version) != row.default_version.as_ref()).then_some(row.version);
        let mut object = Object::new(Definition::Extension(Extension { schema: Some(row.schema.clone()), version }));
        object.dependencies.extend(it.state.schema_dependency(&row.schema));
        let required = row.requires.into_iter().flatten().filter(|it| it != PLPGSQL);
        object.dependencies.extend(required.map(|it| Dependency::on(Identity::global(Kind::Extension, it))));
        it.put("pg_extension", row.oid, Identity::global(Kind::Extension, row.name), object);
    }
    Ok(())
}

/// Makes the names of what extensions own mean something.
pub(super) fn members(it: &mut Builder) {
    for (sort, name, extension) in it.known.members().filter(|(_, _, extension)| *extension != PLPGSQL) {
        it.state.add_member(sort, &name, &Identity::global(Kind::Extension, extension));
    }
}

/// What hangs on a table that an extension owns, and came after it.
#[derive(Deserialize)]
pub(super) struct OnMemberRow {
    what: String,
    name: String,
    schema: String,
    relation: String,
    extension: String,
}

impl Row for OnMemberRow {
    // No catalog says whether an extension's script made it. What it made has the transaction of one of the extension's members, or
    // was there before its table became one (`ALTER EXTENSION … ADD`).
    const QUERY: &'static str = "
        SELECT o.what, o.name, n.nspname AS schema, c.relname AS relation, e.extname AS extension
        FROM (
            SELECT CASE contype WHEN 'f' THEN 'foreign key' ELSE 'constraint' END AS what, conname AS name, conrelid AS relation, xmin
            FROM pg_catalog.pg_constraint WHERE contype IN ('p', 'u', 'x', 'c', 'f')
            UNION ALL SELECT 'trigger', tgname, tgrelid, xmin FROM pg_catalog.pg_trigger WHERE NOT tgisinternal
            UNION ALL SELECT 'policy', polname, polrelid, xmin FROM pg_catalog.pg_policy
            UNION ALL SELECT 'rule', rulename, ev_class, xmin FROM pg_catalog.pg_rewrite WHERE rulename <> '_RETURN'
            UNION ALL SELECT 'statistics object', stxname, stxrelid, xmin FROM pg_catalog.pg_statistic_ext
            UNION ALL SELECT 'index', x.relname, i.indrelid, i.xmin
            FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
            WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
        ) o
        JOIN pg_catalog.pg_class c ON c.oid = o.relation
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
            AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
        JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE pg_catalog.age(o.xmin) < pg_catalog.age(d.xmin) AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend m
            WHERE m.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND m.refobjid = e.oid AND m.deptype = 'e' AND m.xmin = o.xmin
        )
        ORDER BY n.nspname, c.relname, o.what, o.name";
}

/// Says what is left out because its table is: the catalog has no place for it.
pub(super) fn report_on_members(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<OnMemberRow>()? {
        let OnMemberRow { what, name, schema, relation, extension } = row;
        let message = format!("{what} `{name}` on `{schema}.{relation}` was left out: the table belongs to extension `{extension}`");
        it.diagnostics.push(Diagnostic::warning(message).about(Identity::global(Kind::Extension, extension)));
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct LanguageRow {
    oid: Oid,
    name: String,
    owner: String,
    acl: Option<Vec<String>>,
    trusted: bool,
    handler: Oid,
    inline: Oid,
    validator: Oid,
}

impl Row for LanguageRow {
    const QUERY: &'static str = "
        SELECT l.oid::int8 AS oid, l.lanname AS name, pg_catalog.pg_get_userbyid(l.lanowner) AS owner, l.lanacl::text[] AS acl,
            l.lanpltrusted AS trusted, l.lanplcallfoid::int8 AS handler, l.laninline::int8 AS inline, l.lanvalidator::int8 AS validator
        FROM pg_catalog.pg_language l
        WHERE l.lanispl";
}

pub(super) fn languages(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<LanguageRow>()? {
        if it.known.is_member("pg_language", row.oid) || row.name == PLPGSQL {
            continue;
        }
        let mut needs = BTreeSet::new();
        let language = Language {
            trusted: row.trusted,
            handler: it.known.called(row.handler, &mut needs),
            inline: it.known.called(row.inline, &mut needs),
            validator: it.known.called(row.validator, &mut needs),
        };
        let identity = Identity::global(Kind::Language, row.name);
        let mut object = it.object(&identity, Definition::Language(language), row.owner, row.acl.as_deref());
        object.dependencies.extend(needs);
        it.put("pg_language", row.oid, identity, object);
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct AccessMethodRow {
    oid: Oid,
    name: String,
    target: String,
    handler: Oid,
}

impl Row for AccessMethodRow {
    const QUERY: &'static str = "
        SELECT a.oid::int8 AS oid, a.amname AS name, a.amtype AS target, a.amhandler::oid::int8 AS handler
        FROM pg_catalog.pg_am a WHERE a.oid >= 16384";
}

pub(super) fn access_methods(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<AccessMethodRow>()? {
        if it.known.is_member("pg_am", row.oid) {
            continue;
        }
        let mut needs = BTreeSet::new();
        let Some(handler) = it.known.called(row.handler, &mut needs) else { continue };
        let target = if row.target == "t" { AccessMethodTarget::Table } else { AccessMethodTarget::Index };
        let mut object = Object::new(Definition::AccessMethod(AccessMethod { target, handler }));
        object.dependencies = needs.into();
        it.put("pg_am", row.oid, Identity::global(Kind::AccessMethod, row.name), object);
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct TransformRow {
    oid: Oid,
    data_type: Oid,
    language: String,
    from_sql: Oid,
    to_sql: Oid,
}

impl Row for TransformRow {
    const QUERY: &'static str = "
        SELECT t.oid::int8 AS oid, t.trftype::int8 AS data_type, l.lanname AS language, t.trffromsql::int8 AS from_sql,
            t.trftosql::int8 AS to_sql
        FROM pg_catalog.pg_transform t JOIN pg_catalog.pg_language l ON l.oid = t.trflang";
}

pub(super) fn transforms(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<TransformRow>()? {
        if it.known.is_member("pg_transform", row.oid) {
            continue;
        }
        let data_type = it.known.data_type(row.data_type, None);
        let mut needs = BTreeSet::new();
        it.state.type_dependencies(&data_type, &mut needs);
        needs.extend(crate::capture::script::routine::language(&it.state, &row.language));
        let transform = Transform {
            from_sql: it.known.called_with_arguments(row.from_sql, &mut needs),
            to_sql: it.known.called_with_arguments(row.to_sql, &mut needs),
        };
        let mut object = Object::new(Definition::Transform(transform));
        object.dependencies = needs.into();
        it.put("pg_transform", row.oid, Identity::global(Kind::Transform, row.language).with_arguments(vec![data_type]), object);
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct EventTriggerRow {
    oid: Oid,
    name: String,
    owner: String,
    event: String,
    tags: Option<Vec<String>>,
    function: Oid,
    enabled: String,
}

impl Row for EventTriggerRow {
    const QUERY: &'static str = "
        SELECT e.oid::int8 AS oid, e.evtname AS name, pg_catalog.pg_get_userbyid(e.evtowner) AS owner, e.evtevent AS event,
            e.evttags AS tags, e.evtfoid::int8 AS function, e.evtenabled AS enabled
        FROM pg_catalog.pg_event_trigger e";
}

pub(super) fn event_triggers(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<EventTriggerRow>()? {
        if it.known.is_member("pg_event_trigger", row.oid) {
            continue;
        }
        let mut needs = BTreeSet::new();
        let Some(function) = it.known.called(row.function, &mut needs) else { continue };
        let tags: BTreeSet<String> = row.tags.into_iter().flatten().collect();
        let trigger = EventTrigger { event: row.event, tags: tags.into_iter().collect(), function, firing: firing(&row.enabled) };
        let identity = Identity::global(Kind::EventTrigger, row.name);
        let mut object = it.object(&identity, Definition::EventTrigger(trigger), row.owner, None);
        object.dependencies.extend(needs);
        it.put("pg_event_trigger", row.oid, identity, object);
    }
    Ok(())
}
