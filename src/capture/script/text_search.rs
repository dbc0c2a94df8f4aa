//! Full text search: parsers, templates, dictionaries, configurations.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTsConfigType, AlterTsConfigurationStmt, AlterTsDictionaryStmt, DefElem, DefineStmt, Node, ObjectType};

use crate::catalog::{
    Definition, Dependency, Identity, Kind, PG_CATALOG, QualifiedName, TextSearchConfiguration, TextSearchDictionary, TextSearchParser,
    TextSearchTemplate,
};
use crate::ddl::quote_literal;

use super::resolve::{split_name, strings};
use super::state::State;
use super::{Outcome, Place, Problem, options, routine};

/// `CREATE TEXT SEARCH …`.
pub(crate) fn create(state: &mut State<'_>, node: &DefineStmt, at: Place) -> Outcome {
    let name = state.new_name(&node.defnames)?;
    let mut needs: BTreeSet<Dependency> = state.schema_dependency(&name.schema).into_iter().collect();
    let (kind, definition) = match node.kind() {
        ObjectType::ObjectTsparser => (Kind::TextSearchParser, parser(state, node, &mut needs)),
        ObjectType::ObjectTstemplate => (Kind::TextSearchTemplate, template(state, node, &mut needs)),
        ObjectType::ObjectTsdictionary => (Kind::TextSearchDictionary, dictionary(state, node, &mut needs)),
        _ => match configuration(state, node, &mut needs) {
            Some(definition) => (Kind::TextSearchConfiguration, definition),
            None => {
                state.not_modelled(at, "CREATE TEXT SEARCH CONFIGURATION … COPY of an unknown one");
                return Ok(());
            }
        },
    };
    let identity = Identity::new(kind, name.schema, name.name);
    if state.contains(&identity) {
        return Err(Problem::new(format!("{kind} `{}` already exists", identity.name)));
    }
    state.insert_with(identity, definition, needs);
    Ok(())
}

fn parser(state: &State<'_>, node: &DefineStmt, needs: &mut BTreeSet<Dependency>) -> Definition {
    let missing = || QualifiedName::new("", "");
    let mut parser = TextSearchParser { start: missing(), get_token: missing(), end: missing(), lexical_types: missing(), headline: None };
    for option in options::elements(&node.definition) {
        let function = state.function(&routine::names(option), needs);
        match option.defname.to_lowercase().as_str() {
            "start" => parser.start = function,
            "gettoken" => parser.get_token = function,
            "end" => parser.end = function,
            "lextypes" => parser.lexical_types = function,
            "headline" => parser.headline = Some(function),
            _ => {}
        }
    }
    Definition::TextSearchParser(parser)
}

fn template(state: &State<'_>, node: &DefineStmt, needs: &mut BTreeSet<Dependency>) -> Definition {
    let mut template = TextSearchTemplate { init: None, lexize: QualifiedName::new("", "") };
    for option in options::elements(&node.definition) {
        let function = state.function(&routine::names(option), needs);
        match option.defname.to_lowercase().as_str() {
            "init" => template.init = Some(function),
            "lexize" => template.lexize = function,
            _ => {}
        }
    }
    Definition::TextSearchTemplate(template)
}

fn dictionary(state: &State<'_>, node: &DefineStmt, needs: &mut BTreeSet<Dependency>) -> Definition {
    let mut dictionary = TextSearchDictionary { template: QualifiedName::new(PG_CATALOG, "simple"), options: BTreeMap::new() };
    for option in options::elements(&node.definition) {
        if option.defname.eq_ignore_ascii_case("template") {
            dictionary.template = named(state, Kind::TextSearchTemplate, &routine::names(option), needs);
        } else {
            set_dictionary_option(&mut dictionary.options, option);
        }
    }
    Definition::TextSearchDictionary(dictionary)
}

/// An option without a value goes (`ALTER TEXT SEARCH DICTIONARY`). All values are text to the server.
pub(crate) fn set_dictionary_option(kept: &mut BTreeMap<String, String>, option: &DefElem) {
    match options::text(option) {
        Some(value) => kept.insert(option.defname.clone(), quote_literal(&value)),
        None => kept.remove(&option.defname),
    };
}

fn configuration(state: &State<'_>, node: &DefineStmt, needs: &mut BTreeSet<Dependency>) -> Option<Definition> {
    let mut configuration = TextSearchConfiguration { parser: QualifiedName::new(PG_CATALOG, "default"), mappings: BTreeMap::new() };
    for option in options::elements(&node.definition) {
        let names = routine::names(option);
        match option.defname.to_lowercase().as_str() {
            "parser" => configuration.parser = named(state, Kind::TextSearchParser, &names, needs),
            "copy" => {
                let (schema, name) = split_name(&names);
                configuration = match find(state, Kind::TextSearchConfiguration, schema.as_deref(), &name) {
                    Some(identity) => match &state.get(&identity)?.definition {
                        Definition::TextSearchConfiguration(it) => it.clone(),
                        _ => return None,
                    },
                    None => builtin_configuration(&name)?,
                };
                let dictionaries = configuration.mappings.values().flatten();
                needs.extend(
                    dictionaries.filter_map(|it| find(state, Kind::TextSearchDictionary, Some(&it.schema), &it.name)).map(Dependency::on),
                );
                needs.extend(
                    find(state, Kind::TextSearchParser, Some(&configuration.parser.schema), &configuration.parser.name).map(Dependency::on),
                );
            }
            _ => {}
        }
    }
    Some(Definition::TextSearchConfiguration(configuration))
}

/// What `pg_catalog` has for a language, on the default parser. PostgreSQL src/backend/snowball/snowball.sql.in.
fn builtin_configuration(name: &str) -> Option<TextSearchConfiguration> {
    const LANGUAGES: &[&str] = &[
        "arabic",
        "armenian",
        "basque",
        "catalan",
        "danish",
        "dutch",
        "english",
        "finnish",
        "french",
        "german",
        "greek",
        "hindi",
        "hungarian",
        "indonesian",
        "irish",
        "italian",
        "lithuanian",
        "nepali",
        "norwegian",
        "portuguese",
        "romanian",
        "russian",
        "serbian",
        "spanish",
        "swedish",
        "tamil",
        "turkish",
        "yiddish",
    ];
    const PLAIN: &[&str] =
        &["email", "file", "float", "host", "hword_numpart", "int", "numhword", "numword", "sfloat", "uint", "url", "url_path", "version"];
    let dictionary = |name: &str| vec![QualifiedName::new(PG_CATALOG, name)];
    let stem = |language: &str| dictionary(&format!("{language}_stem"));
    let (ascii, words) = match name {
        "simple" => (dictionary("simple"), dictionary("simple")),
        // Words in Latin letters among others are taken for English.
        "hindi" | "russian" => (stem("english"), stem(name)),
        language if LANGUAGES.contains(&language) => (stem(language), stem(language)),
        _ => return None,
    };
    let mut mappings: BTreeMap<String, Vec<QualifiedName>> = PLAIN.iter().map(|it| ((*it).to_owned(), dictionary("simple"))).collect();
    mappings.extend(["asciiword", "hword_asciipart", "asciihword"].map(|it| (it.to_owned(), ascii.clone())));
    mappings.extend(["word", "hword_part", "hword"].map(|it| (it.to_owned(), words.clone())));
    Some(TextSearchConfiguration { parser: QualifiedName::new(PG_CATALOG, "default"), mappings })
}

fn find(state: &State<'_>, kind: Kind, schema: Option<&str>, name: &str) -> Option<Identity> {
    let candidate = |schema: &str| {
        let identity = Identity::new(kind, schema, name);
        state.contains(&identity).then_some(identity)
    };
    match schema {
        Some(schema) => candidate(schema),
        None => state.resolver().effective_path().find_map(candidate),
    }
}

/// A text search object that a statement names. One that the script does not make is the server's, or an extension's:
/// `unaccent` is a dictionary of the extension of that name, and lives where that does.
fn named(state: &State<'_>, kind: Kind, names: &[Node], needs: &mut BTreeSet<Dependency>) -> QualifiedName {
    let (schema, name) = split_name(names);
    if let Some(identity) = find(state, kind, schema.as_deref(), &name) {
        let found = identity.qualified_name();
        needs.insert(Dependency::on(identity));
        return found;
    }
    let extension = Identity::global(Kind::Extension, name.clone());
    if let Some(Definition::Extension(it)) = state.get(&extension).map(|it| &it.definition) {
        let schema = schema.or_else(|| it.schema.clone()).unwrap_or_default();
        needs.insert(Dependency::on(extension));
        return QualifiedName::new(schema, name);
    }
    QualifiedName::new(schema.unwrap_or_else(|| PG_CATALOG.to_owned()), name)
}

/// `ALTER TEXT SEARCH DICTIONARY`.
pub(crate) fn alter_dictionary(state: &mut State<'_>, node: &AlterTsDictionaryStmt, _at: Place) -> Outcome {
    let (schema, name) = split_name(&node.dictname);
    let found = find(state, Kind::TextSearchDictionary, schema.as_deref(), &name);
    let identity = found.ok_or_else(|| Problem::new(format!("text search dictionary `{name}` does not exist")))?;
    state.change(&identity, |object| {
        if let Definition::TextSearchDictionary(it) = &mut object.definition {
            options::elements(&node.options).for_each(|option| set_dictionary_option(&mut it.options, option));
        }
    });
    Ok(())
}

/// `ALTER TEXT SEARCH CONFIGURATION … MAPPING`.
pub(crate) fn alter_configuration(state: &mut State<'_>, node: &AlterTsConfigurationStmt, _at: Place) -> Outcome {
    let (schema, name) = split_name(&node.cfgname);
    let found = find(state, Kind::TextSearchConfiguration, schema.as_deref(), &name);
    let identity = found.ok_or_else(|| Problem::new(format!("text search configuration `{name}` does not exist")))?;
    let mut needs = BTreeSet::new();
    let dictionary = |needs: &mut BTreeSet<Dependency>, node: &Node| {
        let names = match &node.node {
            Some(NodeEnum::List(list)) => list.items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        named(state, Kind::TextSearchDictionary, names, needs)
    };
    let dictionaries: Vec<QualifiedName> = node.dicts.iter().map(|it| dictionary(&mut needs, it)).collect();
    let tokens: Vec<String> = strings(&node.tokentype).into_iter().map(str::to_owned).collect();
    let kind = node.kind();
    let known = match state.get(&identity).map(|it| &it.definition) {
        Some(Definition::TextSearchConfiguration(it)) => it.mappings.keys().cloned().collect(),
        _ => BTreeSet::new(),
    };
    let unmapped = tokens.iter().find(|it| !known.contains(*it));
    if let (AlterTsConfigType::AlterTsconfigDropMapping, false, Some(token)) = (kind, node.missing_ok, unmapped) {
        return Err(Problem::new(format!("mapping for token type `{token}` does not exist")));
    }
    state.change(&identity, |object| {
        object.dependencies.extend(needs);
        let Definition::TextSearchConfiguration(it) = &mut object.definition else { return };
        match kind {
            AlterTsConfigType::AlterTsconfigDropMapping => it.mappings.retain(|token, _| !tokens.contains(token)),
            AlterTsConfigType::AlterTsconfigReplaceDict | AlterTsConfigType::AlterTsconfigReplaceDictForToken => {
                let [old, new] = dictionaries.as_slice() else { return };
                let mapped = it.mappings.iter_mut().filter(|(token, _)| tokens.is_empty() || tokens.contains(token));
                mapped.flat_map(|(_, dictionaries)| dictionaries).filter(|it| *it == old).for_each(|it| it.clone_from(new));
            }
            _ => it.mappings.extend(tokens.into_iter().map(|token| (token, dictionaries.clone()))),
        }
        // What no token is mapped to any more is not needed.
        let is_mapped = |on: &Identity| it.mappings.values().flatten().any(|to| to.schema == on.schema && to.name == on.name);
        object.dependencies.retain(|it| it.on.kind != Kind::TextSearchDictionary || is_mapped(&it.on));
    });
    Ok(())
}
