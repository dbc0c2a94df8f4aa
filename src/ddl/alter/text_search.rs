//! Text search objects.

use super::{Alteration, Altered};
use crate::catalog::{TextSearchConfiguration, TextSearchDictionary, TextSearchParser, TextSearchTemplate};
use crate::ddl::quote::{list, name, qualified, quote_identifier};

pub(super) fn parser(_: &Altered<'_, '_>, old: &TextSearchParser, new: &TextSearchParser) -> Alteration {
    let TextSearchParser { start, get_token, end, lexical_types, headline } = new;
    let before = (&old.start, &old.get_token, &old.end, &old.lexical_types, &old.headline);
    match (start, get_token, end, lexical_types, headline) == before {
        true => Alteration::one(None),
        false => Alteration::Replace("a text search parser can't be altered"),
    }
}

pub(super) fn template(_: &Altered<'_, '_>, old: &TextSearchTemplate, new: &TextSearchTemplate) -> Alteration {
    let TextSearchTemplate { init, lexize } = new;
    match (init, lexize) == (&old.init, &old.lexize) {
        true => Alteration::one(None),
        false => Alteration::Replace("a text search template can't be altered"),
    }
}

/// An option without a value is taken away (documentation, ALTER TEXT SEARCH DICTIONARY).
pub(super) fn dictionary(it: &Altered<'_, '_>, old: &TextSearchDictionary, new: &TextSearchDictionary) -> Alteration {
    let TextSearchDictionary { template, options } = new;
    if *template != old.template {
        return Alteration::Replace("the template of a text search dictionary can't be altered");
    }
    let gone = old.options.keys().filter(|option| !options.contains_key(*option)).map(|option| quote_identifier(option));
    let changed = options.iter().filter(|(option, value)| old.options.get(*option) != Some(value));
    let changed = changed.map(|(option, value)| format!("{} = {value}", quote_identifier(option)));
    let changes: Vec<String> = gone.chain(changed).collect();
    let own = qualified(&it.identity.schema, &it.identity.name);
    let sql = format!("ALTER TEXT SEARCH DICTIONARY {own} ({});", changes.join(", "));
    Alteration::one((!changes.is_empty()).then(|| it.statement(sql)))
}

pub(super) fn configuration(it: &Altered<'_, '_>, old: &TextSearchConfiguration, new: &TextSearchConfiguration) -> Alteration {
    let TextSearchConfiguration { parser, mappings } = new;
    if *parser != old.parser {
        return Alteration::Replace("the parser of a text search configuration can't be altered");
    }
    let alter = format!("ALTER TEXT SEARCH CONFIGURATION {}", qualified(&it.identity.schema, &it.identity.name));
    let mut statements = Vec::new();
    let gone: Vec<&String> = old.mappings.keys().filter(|token| !mappings.contains_key(*token)).collect();
    if !gone.is_empty() {
        statements.push(it.statement(format!("{alter} DROP MAPPING FOR {};", list(gone, |token| quote_identifier(token)))));
    }
    for (token, dictionaries) in mappings.iter().filter(|(token, dictionaries)| old.mappings.get(*token) != Some(dictionaries)) {
        let word = if old.mappings.contains_key(token) { "ALTER" } else { "ADD" };
        statements.push(it.naming(format!("{alter} {word} MAPPING FOR {} WITH {};", quote_identifier(token), list(dictionaries, name))));
    }
    Alteration::Statements(statements)
}
