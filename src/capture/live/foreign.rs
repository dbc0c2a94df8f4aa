//! Foreign data wrappers, servers and user mappings, without secrets.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::capture::script::foreign::is_secret;
use crate::catalog::{Definition, Dependency, ForeignDataWrapper, ForeignServer, Identity, Kind, Object, UserMapping};
use crate::diagnostic::Diagnostic;

use super::known::Oid;
use super::rows::{Answers, Row};
use super::table::pairs;
use super::{Builder, CaptureError};

#[derive(Deserialize)]
pub(super) struct WrapperRow {
    oid: Oid,
    name: String,
    owner: String,
    acl: Option<Vec<String>>,
    handler: Oid,
    validator: Oid,
    options: Option<Vec<String>>,
}

impl Row for WrapperRow {
    const QUERY: &'static str = "
        SELECT w.oid::int8 AS oid, w.fdwname AS name, pg_catalog.pg_get_userbyid(w.fdwowner) AS owner, w.fdwacl::text[] AS acl,
            w.fdwhandler::int8 AS handler, w.fdwvalidator::int8 AS validator, w.fdwoptions AS options
        FROM pg_catalog.pg_foreign_data_wrapper w";
}

#[derive(Deserialize)]
pub(super) struct ServerRow {
    oid: Oid,
    name: String,
    owner: String,
    acl: Option<Vec<String>>,
    wrapper: String,
    wrapper_oid: Oid,
    server_type: Option<String>,
    version: Option<String>,
    options: Option<Vec<String>>,
}

impl Row for ServerRow {
    const QUERY: &'static str = "
        SELECT s.oid::int8 AS oid, s.srvname AS name, pg_catalog.pg_get_userbyid(s.srvowner) AS owner, s.srvacl::text[] AS acl,
            w.fdwname AS wrapper, w.oid::int8 AS wrapper_oid, s.srvtype AS server_type, s.srvversion AS version, s.srvoptions AS options
        FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw";
}

#[derive(Deserialize)]
pub(super) struct MappingRow {
    server: String,
    server_oid: Oid,
    role: Option<String>,
    options: Option<Vec<String>>,
    hidden: bool,
}

impl Row for MappingRow {
    const QUERY: &'static str = "
        SELECT m.srvname AS server, m.srvid::int8 AS server_oid, CASE WHEN m.umuser <> 0 THEN m.usename END AS role,
            m.umoptions AS options,
            -- Whoever else than these asks gets none, by the view's own rule (system_views.sql).
            NOT (u.rolsuper OR m.umuser = 0 AND pg_catalog.pg_has_role(s.srvowner, 'USAGE') OR m.umuser = u.oid
                AND (pg_catalog.pg_has_role(s.srvowner, 'USAGE') OR pg_catalog.has_server_privilege(s.oid, 'USAGE'))) AS hidden
        FROM pg_catalog.pg_user_mappings m
        JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid
        JOIN pg_catalog.pg_roles u ON u.rolname = current_user";
}

/// Options, of which one that speaks of a secret has its name only.
pub(super) fn kept(options: Option<&[String]>) -> BTreeMap<String, String> {
    let mut kept = pairs(options);
    kept.iter_mut().filter(|(name, _)| is_secret(name)).for_each(|(_, value)| value.clear());
    kept
}

pub(super) fn wrappers_and_servers(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<WrapperRow>()? {
        if it.known.is_member("pg_foreign_data_wrapper", row.oid) {
            continue;
        }
        let mut needs = BTreeSet::new();
        let wrapper = ForeignDataWrapper {
            handler: it.known.called(row.handler, &mut needs),
            validator: it.known.called(row.validator, &mut needs),
            options: kept(row.options.as_deref()),
        };
        let identity = Identity::global(Kind::ForeignDataWrapper, row.name);
        let mut object = it.object(&identity, Definition::ForeignDataWrapper(wrapper), row.owner, row.acl.as_deref());
        object.dependencies.extend(needs);
        it.put("pg_foreign_data_wrapper", row.oid, identity, object);
    }
    for row in answers.rows::<ServerRow>()? {
        if it.known.is_member("pg_foreign_server", row.oid) {
            continue;
        }
        let wrapper = match it.known.extension_of("pg_foreign_data_wrapper", row.wrapper_oid) {
            Some(extension) => Identity::global(Kind::Extension, extension),
            None => Identity::global(Kind::ForeignDataWrapper, row.wrapper.clone()),
        };
        let server = ForeignServer {
            wrapper: row.wrapper,
            server_type: row.server_type,
            version: row.version,
            options: kept(row.options.as_deref()),
        };
        let identity = Identity::global(Kind::ForeignServer, row.name);
        let mut object = it.object(&identity, Definition::ForeignServer(server), row.owner, row.acl.as_deref());
        object.dependencies.insert(Dependency::on(wrapper));
        it.put("pg_foreign_server", row.oid, identity, object);
    }
    for row in answers.rows::<MappingRow>()? {
        let Some(server) = it.known.object("pg_foreign_server", row.server_oid).cloned() else { continue };
        let name = match row.role {
            None => "public".to_owned(),
            // DDL says `CURRENT_USER` of the role that runs it.
            Some(role) => it.known.owner(role).unwrap_or_default(),
        };
        let option_names = pairs(row.options.as_deref()).into_keys().collect();
        let mut object = Object::new(Definition::UserMapping(UserMapping { option_names }));
        object.dependencies.insert(Dependency::on(server));
        let identity = Identity { parent: row.server, ..Identity::global(Kind::UserMapping, name) };
        if row.hidden {
            let finding = Diagnostic::warning(format!("{identity} has options that this role may not see: they are left out"));
            it.diagnostics.push(finding.about(identity.clone()).hint("capture as the owner of the server, or as a superuser"));
        }
        it.state.insert(identity, object);
    }
    Ok(())
}
