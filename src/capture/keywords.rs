//! PostgreSQL's keywords, as its own scanner knows them, and how a name is quoted because of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use pg_query::protobuf::{KeywordKind, Token};

/// Every keyword in lower case, with its kind.
pub(crate) static KEYWORDS: LazyLock<BTreeMap<String, KeywordKind>> = LazyLock::new(|| {
    let word = |number| Some(Token::try_from(number).ok()?.as_str_name().trim_end_matches("_P").to_lowercase());
    let kind = |word: &str| match pg_query::scan_tokens(word).ok()?.as_slice() {
        [token] if token.keyword_kind() != KeywordKind::NoKeyword => Some(token.keyword_kind()),
        _ => None,
    };
    // The scanner's tokens are numbered from 258 on; what lies far beyond the last is none.
    (0..2048).filter_map(word).filter_map(|word| kind(&word).map(|kind| (word, kind))).collect()
});

/// The name as SQL, in quotes where it needs them. PostgreSQL src/backend/utils/adt/ruleutils.c, quote_identifier.
pub(crate) fn quote_identifier(name: &str) -> String {
    let starts = name.starts_with(|it: char| it.is_ascii_lowercase() || it == '_');
    let plain = starts && name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_');
    let reserved = || !matches!(KEYWORDS.get(name), None | Some(KeywordKind::UnreservedKeyword));
    if plain && !reserved() { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_quotes() {
        let check = |name, expected| assert_eq!(quote_identifier(name), expected);
        check("a_1", "a_1");
        check("user", "\"user\"");
        check("name", "name");
        check("int", "\"int\"");
        check("A\"b", "\"A\"\"b\"");
        check("1a", "\"1a\"");
        check("", "\"\"");
        assert!(KEYWORDS.len() > 480);
    }
}
