//! Full text search: parsers, templates, dictionaries, configurations.

use super::Statement;
use super::quote::{list, name, qualified, quote_identifier};
use crate::catalog::{Identity, Object, TextSearchConfiguration, TextSearchDictionary, TextSearchParser, TextSearchTemplate};

pub(super) fn parser(identity: &Identity, object: &Object, parser: &TextSearchParser) -> Vec<Statement> {
    let TextSearchParser { start, get_token, end, lexical_types, headline } = parser;
    let functions = [
        ("START", Some(start)),
        ("GETTOKEN", Some(get_token)),
        ("END", Some(end)),
        ("HEADLINE", headline.as_ref()),
        ("LEXTYPES", Some(lexical_types)),
    ];
    let options = functions.into_iter().filter_map(|(word, function)| Some((word.to_owned(), name(function?))));
    vec![create("PARSER", identity, object, options)]
}

pub(super) fn template(identity: &Identity, object: &Object, template: &TextSearchTemplate) -> Vec<Statement> {
    let TextSearchTemplate { init, lexize } = template;
    let functions = [("INIT", init.as_ref()), ("LEXIZE", Some(lexize))];
    let options = functions.into_iter().filter_map(|(word, function)| Some((word.to_owned(), name(function?))));
    vec![create("TEMPLATE", identity, object, options)]
}

pub(super) fn dictionary(identity: &Identity, object: &Object, dictionary: &TextSearchDictionary) -> Vec<Statement> {
    let TextSearchDictionary { template, options } = dictionary;
    let options = options.iter().map(|(option, value)| (quote_identifier(option), value.clone()));
    vec![create("DICTIONARY", identity, object, [("TEMPLATE".to_owned(), name(template))].into_iter().chain(options))]
}

pub(super) fn configuration(identity: &Identity, object: &Object, configuration: &TextSearchConfiguration) -> Vec<Statement> {
    let TextSearchConfiguration { parser, mappings } = configuration;
    let own = qualified(&identity.schema, &identity.name);
    let mut create = create("CONFIGURATION", identity, object, [("PARSER".to_owned(), name(parser))]);
    let mut add: Vec<Statement> = mappings
        .iter()
        .map(|(token, dictionaries)| {
            let dictionaries = list(dictionaries, name);
            let sql = format!("ALTER TEXT SEARCH CONFIGURATION {own} ADD MAPPING FOR {} WITH {dictionaries};", quote_identifier(token));
            Statement::after(identity, sql)
        })
        .collect();
    // Whoever uses the configuration needs its mappings too.
    if let Some(last) = add.last_mut() {
        last.creates.append(&mut create.creates);
        create.begins.push(identity.clone());
    }
    [create].into_iter().chain(add).collect()
}

fn create(words: &str, identity: &Identity, object: &Object, options: impl IntoIterator<Item = (String, String)>) -> Statement {
    let lines: Vec<String> = options.into_iter().map(|(option, value)| format!("    {option} = {value}")).collect();
    let sql = format!("CREATE TEXT SEARCH {words} {} (\n{}\n);", qualified(&identity.schema, &identity.name), lines.join(",\n"));
    Statement::creating(identity, object, sql)
}
