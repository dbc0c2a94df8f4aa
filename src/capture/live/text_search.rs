//! Text search parsers, templates, dictionaries and configurations.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::NodeEnum;
use serde::Deserialize;

use crate::capture::script::text_search::set_dictionary_option;
use crate::capture::script::{Problem, options};
use crate::catalog::{
    Definition, Identity, Kind, QualifiedName, TextSearchConfiguration, TextSearchDictionary, TextSearchParser, TextSearchTemplate,
};

use super::known::Oid;
use super::rows::{Answers, Row};
use super::{Builder, CaptureError, not_understood, parse_statement};

#[derive(Deserialize)]
pub(super) struct ParserRow {
    oid: Oid,
    schema: String,
    name: String,
    start: Oid,
    token: Oid,
    end: Oid,
    headline: Oid,
    lextype: Oid,
}

impl Row for ParserRow {
    const QUERY: &'static str = "
        SELECT p.oid::int8 AS oid, n.nspname AS schema, p.prsname AS name, p.prsstart::oid::int8 AS start, p.prstoken::oid::int8 AS token,
            p.prsend::oid::int8 AS end, p.prsheadline::oid::int8 AS headline, p.prslextype::oid::int8 AS lextype
        FROM pg_catalog.pg_ts_parser p JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace
        WHERE $own";
}

#[derive(Deserialize)]
pub(super) struct TemplateRow {
    oid: Oid,
    schema: String,
    name: String,
    init: Oid,
    lexize: Oid,
}

impl Row for TemplateRow {
    const QUERY: &'static str = "
        SELECT t.oid::int8 AS oid, n.nspname AS schema, t.tmplname AS name, t.tmplinit::oid::int8 AS init,
            t.tmpllexize::oid::int8 AS lexize
        FROM pg_catalog.pg_ts_template t JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace
        WHERE $own";
}

#[derive(Deserialize)]
pub(super) struct DictionaryRow {
    oid: Oid,
    schema: String,
    name: String,
    owner: String,
    template: Oid,
    options: Option<String>,
}

impl Row for DictionaryRow {
    const QUERY: &'static str = "
        SELECT d.oid::int8 AS oid, n.nspname AS schema, d.dictname AS name, pg_catalog.pg_get_userbyid(d.dictowner) AS owner,
            d.dicttemplate::int8 AS template, d.dictinitoption AS options
        FROM pg_catalog.pg_ts_dict d JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
        WHERE $own";
}

#[derive(Deserialize)]
pub(super) struct ConfigurationRow {
    oid: Oid,
    schema: String,
    name: String,
    owner: String,
    parser: Oid,
    mappings: Option<BTreeMap<String, Vec<Oid>>>,
}

impl Row for ConfigurationRow {
    const QUERY: &'static str = "
        SELECT c.oid::int8 AS oid, n.nspname AS schema, c.cfgname AS name, pg_catalog.pg_get_userbyid(c.cfgowner) AS owner,
            c.cfgparser::int8 AS parser,
            (SELECT pg_catalog.json_object_agg(m.alias, m.dictionaries) FROM (
                SELECT t.alias, pg_catalog.json_agg(m.mapdict::int8 ORDER BY m.mapseqno) AS dictionaries
                FROM pg_catalog.pg_ts_config_map m JOIN pg_catalog.ts_token_type(c.cfgparser) t ON t.tokid = m.maptokentype
                WHERE m.mapcfg = c.oid
                GROUP BY t.alias
            ) m) AS mappings
        FROM pg_catalog.pg_ts_config c JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
        WHERE $own";
}

/// All of it, in the order of needs.
pub(super) fn objects(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    let none = || QualifiedName::new("", "");
    for row in answers.rows::<ParserRow>()? {
        if it.known.is_member("pg_ts_parser", row.oid) {
            continue;
        }
        let mut needs = BTreeSet::new();
        let parser = TextSearchParser {
            start: it.known.called(row.start, &mut needs).unwrap_or_else(none),
            get_token: it.known.called(row.token, &mut needs).unwrap_or_else(none),
            end: it.known.called(row.end, &mut needs).unwrap_or_else(none),
            lexical_types: it.known.called(row.lextype, &mut needs).unwrap_or_else(none),
            headline: it.known.called(row.headline, &mut needs),
        };
        let identity = Identity::new(Kind::TextSearchParser, row.schema, row.name);
        let mut object = crate::catalog::Object::new(Definition::TextSearchParser(parser));
        object.dependencies.extend(it.state.schema_dependency(&identity.schema).into_iter().chain(needs));
        it.put("pg_ts_parser", row.oid, identity, object);
    }
    for row in answers.rows::<TemplateRow>()? {
        if it.known.is_member("pg_ts_template", row.oid) {
            continue;
        }
        let mut needs = BTreeSet::new();
        let template = TextSearchTemplate {
            init: it.known.called(row.init, &mut needs),
            lexize: it.known.called(row.lexize, &mut needs).unwrap_or_else(none),
        };
        let identity = Identity::new(Kind::TextSearchTemplate, row.schema, row.name);
        let mut object = crate::catalog::Object::new(Definition::TextSearchTemplate(template));
        object.dependencies.extend(it.state.schema_dependency(&identity.schema).into_iter().chain(needs));
        it.put("pg_ts_template", row.oid, identity, object);
    }
    for row in answers.rows::<DictionaryRow>()? {
        if it.known.is_member("pg_ts_dict", row.oid) {
            continue;
        }
        let identity = Identity::new(Kind::TextSearchDictionary, row.schema, row.name);
        let mut needs = BTreeSet::new();
        let template = it.known.named("pg_ts_template", row.template, &mut needs).unwrap_or_else(none);
        let options = row.options.filter(|it| !it.is_empty());
        let options = options.and_then(|text| it.part(&identity, |_| dictionary_options(&text))).unwrap_or_default();
        let dictionary = Definition::TextSearchDictionary(TextSearchDictionary { template, options });
        let mut object = it.object(&identity, dictionary, row.owner, None);
        object.dependencies.extend(needs);
        it.put("pg_ts_dict", row.oid, identity, object);
    }
    for row in answers.rows::<ConfigurationRow>()? {
        if it.known.is_member("pg_ts_config", row.oid) {
            continue;
        }
        let identity = Identity::new(Kind::TextSearchConfiguration, row.schema, row.name);
        let mut needs = BTreeSet::new();
        let parser = it.known.named("pg_ts_parser", row.parser, &mut needs).unwrap_or_else(none);
        let mut mappings = BTreeMap::new();
        for (token, dictionaries) in row.mappings.unwrap_or_default() {
            let named = dictionaries.into_iter().filter_map(|oid| it.known.named("pg_ts_dict", oid, &mut needs));
            mappings.insert(token, named.collect::<Vec<_>>());
        }
        let configuration = Definition::TextSearchConfiguration(TextSearchConfiguration { parser, mappings });
        let mut object = it.object(&identity, configuration, row.owner, None);
        object.dependencies.extend(needs);
        it.put("pg_ts_config", row.oid, identity, object);
    }
    Ok(())
}

/// `name = 'value', …`, as the server keeps it.
fn dictionary_options(text: &str) -> Result<BTreeMap<String, String>, Problem> {
    let node = parse_statement(&format!("CREATE TEXT SEARCH DICTIONARY d ({text})"))?.node;
    let Some(NodeEnum::DefineStmt(define)) = node else { return Err(not_understood(text)) };
    let mut kept = BTreeMap::new();
    options::elements(&define.definition).for_each(|option| set_dictionary_option(&mut kept, option));
    Ok(kept)
}
