//! PostgreSQL names as Go identifiers, package names and file names.
//!
//! PostgreSQL takes any 63 bytes as a name. Go takes letters (categories `L*`) and digits (`Nd`), wants an upper-case letter in
//! front of what is exported, and gives a meaning to some file names. What can't be kept is encoded, and what collides is
//! numbered by [`Scope`]; no two names of a scope are ever the same.
//!
//! This module must not know the catalog: it turns strings into strings.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use unicode_ident::{is_xid_continue, is_xid_start};
use unicode_normalization::UnicodeNormalization;

use super::inflection::Inflection;

/// The words that Go writes in capitals (the list of golint and staticcheck's ST1003).
const INITIALISMS: &[&str] = &[
    "acl", "amqp", "api", "ascii", "cpu", "css", "db", "dns", "eof", "gid", "guid", "html", "http", "https", "id", "ip", "json", "lhs",
    "qps", "ram", "rhs", "rpc", "rtp", "sip", "sla", "smtp", "sql", "ssh", "tcp", "tls", "ttl", "udp", "ui", "uid", "uri", "url", "utf8",
    "uuid", "vm", "xml", "xmpp", "xsrf", "xss",
];

/// Keywords, predeclared names and the packages of Go's own that generated code names: nothing local is called so.
const GO_WORDS: &[&str] = &[
    // Keywords.
    "break",
    "case",
    "chan",
    "const",
    "continue",
    "default",
    "defer",
    "else",
    "fallthrough",
    "for",
    "func",
    "go",
    "goto",
    "if",
    "import",
    "interface",
    "map",
    "package",
    "range",
    "return",
    "select",
    "struct",
    "switch",
    "type",
    "var",
    // Predeclared.
    "any",
    "append",
    "bool",
    "byte",
    "cap",
    "clear",
    "close",
    "comparable",
    "complex",
    "complex64",
    "complex128",
    "copy",
    "delete",
    "error",
    "false",
    "float32",
    "float64",
    "imag",
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "iota",
    "len",
    "make",
    "max",
    "min",
    "new",
    "nil",
    "panic",
    "print",
    "println",
    "real",
    "recover",
    "rune",
    "string",
    "true",
    "uint",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "uintptr",
    // Functions of a package that the go tool calls by itself, and the blank name.
    "init",
    "main",
    "_",
];

/// Parameters and variables of the default templates, which a column's parameter or a table's variable would shadow.
pub(crate) const LOCALS: &[&str] = &[
    "after",
    "arg",
    "args",
    "batch",
    "c",
    "column",
    "columns",
    "conn",
    "create",
    "creates",
    "ctx",
    "cursor",
    "db",
    "err",
    "exists",
    "fn",
    "i",
    "key",
    "last",
    "limit",
    "m",
    "mr",
    "n",
    "next",
    "ok",
    "out",
    "page",
    "parameter",
    "patch",
    "ptr",
    "query",
    "r",
    "result",
    "results",
    "ret",
    "ret0",
    "ret1",
    "ret2",
    "returnFunc",
    "row",
    "rows",
    "seq",
    "set",
    "sql",
    "suffix",
    "t",
    "text",
    "tx",
    "value",
    "values",
    "yield",
];

/// Functions of `mocks_testify.tmpl`, which a parameter of any mocked method would shadow.
const MOCK_HELPERS: &[&str] = &["results1", "results2", "results3", "returned", "variadic", "variadic1", "variadic2"];

/// What Windows takes for a device, with any extension.
const DEVICES: &[&str] = &["aux", "con", "conin", "conout", "nul", "prn"];

/// Endings of a file name that Go reads a meaning into: `_test`, and operating systems and architectures known to go/build, past and future
/// (Go's `internal/syslist`).
const FILE_SUFFIXES: &[&str] = &[
    "test",
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
    "unix",
];

/// Stems that are the project's own files in some package.
const FIXED_FILES: &[&str] = &["opt", "enums", "composites", "doc", "repositories", "types", "generate", "main", "models"];

/// The longest stem of a file name in bytes: with `mock_`, `_repository_test.go` and a temporary name it stays below the 255 of every file system.
const LONGEST_STEM: usize = 100;

/// How names are written: initialisms and plurals, the user's included.
#[derive(Debug)]
pub(crate) struct Style {
    initialisms: HashSet<String>,
    inflection: Inflection,
}

impl Style {
    /// Go's style with the user's additions.
    pub(crate) fn new(initialisms: &[String], plurals: &BTreeMap<String, String>) -> Self {
        let initialisms = INITIALISMS.iter().map(|it| (*it).to_owned()).chain(initialisms.iter().map(|it| it.to_lowercase())).collect();
        Self { initialisms, inflection: Inflection::new(plurals) }
    }

    /// An exported identifier: `user_id` is `UserID`.
    pub(crate) fn exported(&self, name: &str) -> String {
        self.exported_words(&words(name))
    }

    /// [`Style::exported`] of words.
    pub(crate) fn exported_words(&self, words: &[String]) -> String {
        let text: String = words.iter().map(|word| self.capitalised(word)).collect();
        if text.chars().next().is_some_and(char::is_uppercase) { text } else { format!("X{text}") }
    }

    /// A part of an exported identifier, which may begin with a digit: a label after its enum's name.
    pub(crate) fn part(&self, name: &str) -> String {
        words(name).iter().map(|word| self.capitalised(word)).collect()
    }

    /// An unexported identifier: `UserID` is `userID`, `URLPath` is `urlPath`. It may be a keyword: see [`reserved_locals`].
    pub(crate) fn unexported(&self, name: &str) -> String {
        self.unexported_words(&words(name))
    }

    /// [`Style::unexported`] of words.
    pub(crate) fn unexported_words(&self, words: &[String]) -> String {
        let Some((first, rest)) = words.split_first() else { return "x".to_owned() };
        let first = if self.is_plural_initialism(first) { first.to_lowercase() } else { lower(first) };
        let text: String = std::iter::once(first).chain(rest.iter().map(|word| self.capitalised(word))).collect();
        if text.chars().next().is_some_and(is_letter) { text } else { format!("x{text}") }
    }

    /// The words of a name with the last one in the singular: `user_addresses` is `user address`.
    pub(crate) fn singular(&self, name: &str) -> Vec<String> {
        self.with_last(words(name), |inflection, word| inflection.singular(word))
    }

    /// The words with the last one in the plural.
    pub(crate) fn plural(&self, words: &[String]) -> Vec<String> {
        self.with_last(words.to_vec(), |inflection, word| inflection.plural(word))
    }

    fn with_last(&self, mut words: Vec<String>, change: impl Fn(&Inflection, &str) -> String) -> Vec<String> {
        if let Some(last) = words.last_mut() {
            *last = change(&self.inflection, last);
        }
        words
    }

    fn is_plural_initialism(&self, word: &str) -> bool {
        word.strip_suffix('s').is_some_and(|it| self.initialisms.contains(it.to_lowercase().as_str()))
    }

    fn capitalised(&self, word: &str) -> String {
        let lowered = word.to_lowercase();
        if self.initialisms.contains(&lowered) {
            return word.to_uppercase();
        }
        if self.is_plural_initialism(&lowered) {
            return format!("{}s", lowered[..lowered.len() - 1].to_uppercase());
        }
        let mut letters = word.chars();
        match letters.next() {
            Some(first) => first.to_uppercase().filter(|it| is_letter(*it) || is_digit(*it)).chain(letters).collect(),
            None => String::new(),
        }
    }
}

/// The words of a name: split where it has no letter or digit and where its case changes. Words of one case are in lower case; what Go refuses
/// is encoded by its code point. There is always a word.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    // Most names have nothing to normalise and no case that changes.
    if is_plain(name) {
        words.extend(name.split('_').filter(|it| !it.is_empty()).map(str::to_owned));
        if !words.is_empty() {
            return words;
        }
    }
    let mut word = String::new();
    let mut flush = |word: &mut String| {
        if !word.is_empty() {
            split_case(&std::mem::take(word), &mut words);
        }
    };
    for letter in name.nfc() {
        if is_letter(letter) || is_digit(letter) {
            word.push(letter);
        } else {
            flush(&mut word);
            // ASCII that is no letter separates; anything else says something, so it is kept by its number.
            if !letter.is_ascii() && !letter.is_whitespace() && !letter.is_control() {
                word.push_str(&format!("U{:X}", u32::from(letter)));
                flush(&mut word);
            }
        }
    }
    flush(&mut word);
    if words.is_empty() {
        words.push(name.chars().map(|it| format!("x{:x}", u32::from(it))).collect::<String>());
    }
    words
}

/// Splits `userID` and `HTTPServer` at the changes of case: before an upper-case letter that follows a lower-case one or a digit, and before the last of
/// several upper-case letters where a lower-case one follows.
fn split_case(text: &str, words: &mut Vec<String>) {
    let letters: Vec<char> = text.chars().collect();
    let mut start = 0;
    for at in 1..letters.len() {
        let (before, here, after) = (letters[at - 1], letters[at], letters.get(at + 1));
        let opens = here.is_uppercase()
            && (!before.is_uppercase()
                && (before.is_lowercase() || is_digit(before))
                && !(is_digit(before) && after.is_none_or(|it| !it.is_lowercase()))
                || before.is_uppercase() && after.is_some_and(|it| it.is_lowercase() && !is_plural_end(&letters, at)));
        if opens {
            words.push(lower(&letters[start..at].iter().collect::<String>()));
            start = at;
        }
    }
    words.push(lower(&letters[start..].iter().collect::<String>()));
}

/// Whether only an `s` follows, as in `userIDs`.
fn is_plural_end(letters: &[char], at: usize) -> bool {
    letters.len() == at + 2 && letters[at + 1] == 's'
}

/// In lower case, unless lowering it leaves Go's letters (`İ` becomes two characters).
fn lower(word: &str) -> String {
    word.chars().flat_map(char::to_lowercase).filter(|it| is_letter(*it) || is_digit(*it)).collect()
}

/// Whether Go takes the character for a letter. Beyond the Basic Multilingual Plane, and for letters younger than Unicode 15 (which Go 1.23 knows), it is
/// safer to say no.
fn is_letter(it: char) -> bool {
    if it.is_ascii() {
        return it.is_ascii_alphabetic();
    }
    // XID_Start without Nl and Other_ID_Start is within the categories L*.
    let other_start = matches!(it, '\u{1885}' | '\u{1886}' | '\u{2118}' | '\u{212E}' | '\u{309B}' | '\u{309C}');
    let young = matches!(it, '\u{088F}' | '\u{0C5C}' | '\u{0CDC}' | '\u{1C89}' | '\u{1C8A}' | '\u{A7CB}'..='\u{A7CF}' | '\u{A7D2}' | '\u{A7D4}' | '\u{A7DA}'..='\u{A7DC}' | '\u{A7F1}');
    u32::from(it) <= 0xFFFF && is_xid_start(it) && !it.is_numeric() && !other_start && !young
}

/// Whether Go takes the character for a digit.
fn is_digit(it: char) -> bool {
    let other_continue = matches!(it, '\u{1369}'..='\u{1371}' | '\u{19DA}');
    it.is_ascii_digit() || (u32::from(it) <= 0xFFFF && it.is_numeric() && is_xid_continue(it) && !is_xid_start(it) && !other_continue)
}

/// Names that no parameter or variable takes.
pub(crate) fn reserved_locals() -> impl Iterator<Item = &'static str> {
    GO_WORDS.iter().chain(LOCALS).chain(MOCK_HELPERS).copied()
}

/// Whether the text is an exported Go identifier.
pub(crate) fn is_exported(text: &str) -> bool {
    text.chars().next().is_some_and(|it| is_letter(it) && it.is_uppercase())
        && text.chars().all(|it| is_letter(it) || is_digit(it) || it == '_')
}

/// Names of one scope: what is taken stays taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    taken: BTreeSet<String>,
}

impl Scope {
    /// A scope in which some names are taken.
    pub(crate) fn new<'a>(taken: impl IntoIterator<Item = &'a str>) -> Self {
        Self { taken: taken.into_iter().map(str::to_owned).collect() }
    }

    /// Whether the name is free.
    pub(crate) fn is_free(&self, name: &str) -> bool {
        !self.taken.contains(name)
    }

    /// Takes a name that is known to be free.
    pub(crate) fn take(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// Takes the name, or the name with the first number from 2 that is free.
    pub(crate) fn claim(&mut self, name: &str) -> String {
        let name = (1..).map(|n| numbered(name, n)).find(|it| self.is_free(it)).expect("numbers don't end");
        self.take(&name);
        name
    }

    /// Takes the first of the names that is free, or else the last of them with a number.
    pub(crate) fn claim_first<S: AsRef<str>>(&mut self, names: &[S]) -> String {
        for name in names {
            if self.is_free(name.as_ref()) {
                self.take(name.as_ref());
                return name.as_ref().to_owned();
            }
        }
        self.claim(names.last().map_or("X", AsRef::as_ref))
    }
}

/// The name itself for 1, else with the number behind it; after a digit with an underscore, so that `a1` and the 2nd `a` differ.
pub(crate) fn numbered(name: &str, n: usize) -> String {
    match n {
        1 => name.to_owned(),
        n if name.ends_with(is_digit) => format!("{name}_{n}"),
        n => format!("{name}{n}"),
    }
}

/// Gives every item its wish, or a numbered form of it. A wish that only one item has is always granted, and of several the
/// one whose original is a plain SQL name wins, then the first: so a new column never renames an old one of a plainer name.
pub(crate) fn distribute(scope: &mut Scope, wishes: &[(String, bool)]) -> Vec<String> {
    let mut granted: Vec<Option<String>> = vec![None; wishes.len()];
    for plain in [true, false] {
        for (slot, (wish, is_plain)) in granted.iter_mut().zip(wishes) {
            if *is_plain == plain && scope.is_free(wish) {
                scope.take(wish);
                *slot = Some(wish.clone());
            }
        }
    }
    granted.into_iter().zip(wishes).map(|(slot, (wish, _))| slot.unwrap_or_else(|| scope.claim(wish))).collect()
}

/// Whether SQL needs no quotes for the name because of its letters.
pub(crate) fn is_plain(name: &str) -> bool {
    !name.starts_with(|it: char| it.is_ascii_digit()) && name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
}

/// The package name for an import path: its last element as an identifier in lower case, the one before it for a major version (`v2`).
pub(crate) fn package_name(path: &str) -> String {
    let is_version = |it: &&str| it.strip_prefix('v').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|it| it.is_ascii_digit()));
    let mut elements = path.rsplit('/').filter(|it| !it.is_empty()).peekable();
    let last = elements.next().unwrap_or("models");
    let element = if is_version(&last) { elements.peek().copied().unwrap_or(last) } else { last };
    let mut name: String = element.chars().filter(char::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase()).collect();
    if !name.starts_with(|it: char| it.is_ascii_alphabetic()) {
        name.insert_str(0, "pkg");
    }
    if GO_WORDS.contains(&name.as_str()) || name.ends_with("test") {
        name.push_str("pkg");
    }
    name
}

/// Whether a package can be called so.
pub(crate) fn is_package(text: &str) -> bool {
    text.starts_with(|it: char| it.is_ascii_alphabetic())
        && text.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
        && !GO_WORDS.contains(&text)
}

/// Folders that the go tool or an operating system reads a meaning into.
const FOLDERS: &[&str] = &["internal", "vendor", "testdata"];

/// The name of a schema's folder: lower-case ASCII that can be part of an import path.
pub(crate) fn folder(schema: &str) -> String {
    let stem = ascii_stem(&words(schema));
    if is_device(&stem) || FOLDERS.contains(&stem.as_str()) { format!("{stem}_schema") } else { stem }
}

/// The stem of a file name for words: lower-case ASCII, and nothing that an operating system or the go tool reads a meaning into.
pub(crate) fn file_stem(words: &[String]) -> String {
    let mut stem = ascii_stem(words);
    let constrained = stem.rsplit_once('_').is_some_and(|(_, last)| FILE_SUFFIXES.contains(&last));
    if is_device(&stem) || constrained || FIXED_FILES.contains(&stem.as_str()) {
        stem.push_str("_table");
    }
    stem
}

fn is_device(stem: &str) -> bool {
    DEVICES.contains(&stem)
        || ["com", "lpt"].iter().any(|it| stem.strip_prefix(it).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit()))
}

/// Words in lower-case ASCII, with a length that every file system takes.
fn ascii_stem(words: &[String]) -> String {
    let mut stem = String::new();
    for word in words {
        if !stem.is_empty() {
            stem.push('_');
        }
        for letter in word.nfd() {
            if letter.is_ascii_alphanumeric() {
                stem.push(letter.to_ascii_lowercase());
            } else if let Some(ascii) = transliterated(letter) {
                stem.push_str(ascii);
            } else if !unicode_normalization::char::is_combining_mark(letter) {
                stem.push_str(&format!("u{:x}", u32::from(letter)));
            }
        }
    }
    if stem.is_empty() {
        stem.push('x');
    }
    if stem.len() > LONGEST_STEM {
        let hash = xxhash_rust::xxh3::xxh3_64(stem.as_bytes());
        stem.truncate(LONGEST_STEM - 17);
        stem = format!("{}_{hash:016x}", stem.trim_end_matches('_'));
    }
    stem
}

/// Letters with a customary ASCII spelling that decomposition doesn't find.
fn transliterated(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'þ' | 'Þ' => "th",
        'ı' => "i",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style() -> Style {
        Style::new(&["oauth".to_owned()], &BTreeMap::new())
    }

    #[test]
    fn folders_of_schemas() {
        let check = |schema: &str, expected: &str| assert_eq!(folder(schema), expected, "of {schema:?}");
        check("crm", "crm");
        check("Weird Name", "weird_name");
        check("types", "types");
        check("load_test", "load_test");
        check("internal", "internal_schema");
        check("con", "con_schema");
        check("../..", "x2ex2ex2fx2ex2e");
        check("größe", "grosse");
        assert!(is_package("sales") && is_package("sales_2") && !is_package("type") && !is_package("2nd") && !is_package("a-b"));
    }

    #[test]
    fn exported_names() {
        let style = style();
        let check = |name: &str, expected: &str| {
            let found = style.exported(name);
            assert_eq!(found, expected, "of {name:?}");
            assert!(is_exported(&found), "{found} is exported");
        };
        check("id", "ID");
        check("user_id", "UserID");
        check("http_url", "HTTPURL");
        check("user_ids", "UserIDs");
        check("userIDs", "UserIDs");
        check("urls", "URLs");
        check("HTTPServer", "HTTPServer");
        check("userId", "UserID");
        check("UserProfile", "UserProfile");
        check("USER_NAME", "UserName");
        check("sha256_hash", "Sha256Hash");
        check("sha256Hash", "Sha256Hash");
        check("utf8_name", "UTF8Name");
        check("address2", "Address2");
        check("oauth_token", "OAUTHToken");
        check("_id", "ID");
        check("__typename", "Typename");
        check("a-b", "AB");
        check("a b.c$d", "ABCD");
        check("Weird Name", "WeirdName");
        check("1st", "X1st");
        check("2", "X2");
        check("type", "Type");
        check("été", "Été");
        check("e\u{301}te\u{301}", "Été");
        check("größe", "Größe");
        check("ßa", "SSa");
        check("straße", "Straße");
        check("имя_пользователя", "ИмяПользователя");
        check("用户", "X用户");
        check("naïve_id", "NaïveID");
        check("İd", "ID");
        check("ŉx", "XʼNx");
        check("ǆ", "Ǆ");
        check("हिन्दी", "XहU93fनU94dदU940");
        check("😀", "U1f600");
        check("a😀b", "AU1f600B");
        check("-", "X2d");
        check("%%", "X25x25");
        check("\"", "X22");
        check(" ", "X20");
        check("𝒳", "U1d4b3");
        check("Ⅷ", "U2167");
        check("٣a", "X٣a");
        check("²", "Ub2");
    }

    #[test]
    fn unexported_names() {
        let style = style();
        let check = |name: &str, expected: &str| assert_eq!(style.unexported(name), expected, "of {name:?}");
        check("id", "id");
        check("user_id", "userID");
        check("URLPath", "urlPath");
        check("ids", "ids");
        check("IDs", "ids");
        check("OrgID", "orgID");
        check("1st", "x1st");
        check("用户", "用户");
        check("😀", "u1f600");
        check("Été", "été");
        check("-", "x2d");
    }

    #[test]
    fn singular_and_plural() {
        let style = style();
        let check = |name: &str, expected: &str, plural: &str| {
            let words = style.singular(name);
            assert_eq!(style.exported_words(&words), expected, "of {name:?}");
            assert_eq!(style.exported_words(&style.plural(&words)), plural, "of {name:?}");
        };
        check("users", "User", "Users");
        check("user", "User", "Users");
        check("order_items", "OrderItem", "OrderItems");
        check("user_addresses", "UserAddress", "UserAddresses");
        check("UserProfiles", "UserProfile", "UserProfiles");
        check("people", "Person", "People");
        check("user_urls", "UserURL", "UserURLs");
        check("oauth_ids", "OAUTHID", "OAUTHIDs");
        check("news", "News", "News");
        check("用户", "X用户", "X用户s");
        check("table_2", "Table2", "Table2s");
    }

    #[test]
    fn file_stems() {
        let check = |name: &str, expected: &str| assert_eq!(file_stem(&words(name)), expected, "of {name:?}");
        check("user", "user");
        check("UserProfile", "user_profile");
        check("order_test", "order_test_table");
        check("build_linux", "build_linux_table");
        check("linux", "linux");
        check("x_linux_amd64", "x_linux_amd64_table");
        check("con", "con_table");
        check("COM1", "com1_table");
        check("com10", "com10");
        check("_hidden", "hidden");
        check(".hidden", "hidden");
        check("../../etc/passwd", "etc_passwd");
        check("enums", "enums_table");
        check("opt", "opt_table");
        check("größe", "grosse");
        check("été", "ete");
        check("naïve", "naive");
        check("用户", "u7528u6237");
        check("😀", "u1f600");
        check("a\\b:c", "a_b_c");
        check(&"x".repeat(63), &"x".repeat(63));
        let long = file_stem(&words(&"😀".repeat(63)));
        assert!(long.len() <= LONGEST_STEM && long.is_ascii(), "{long}");
        assert_ne!(long, file_stem(&words(&("😀".repeat(62) + "😁"))));
    }

    #[test]
    fn packages() {
        let check = |path: &str, expected: &str| assert_eq!(package_name(path), expected, "of {path:?}");
        check("example.com/app/models", "models");
        check("example.com/app/go-models", "gomodels");
        check("example.com/app/v2", "app");
        check("example.com/app/db/type", "typepkg");
        check("example.com/app/my_test", "mytestpkg");
        check("example.com/2024", "pkg2024");
        check("app", "app");
    }

    #[test]
    fn plain_names_win_and_nothing_is_said_twice() {
        let check = |names: &[&str], expected: &[&str]| {
            let style = style();
            let wishes: Vec<(String, bool)> = names.iter().map(|it| (style.exported(it), is_plain(it))).collect();
            assert_eq!(distribute(&mut Scope::new(["TableName"]), &wishes), expected, "of {names:?}");
        };
        check(&["a_b", "a-b"], &["AB", "AB2"]);
        check(&["a-b", "a_b"], &["AB2", "AB"]);
        check(&["a-b", "a b", "a.b"], &["AB", "AB2", "AB3"]);
        check(&["a b", "a-b", "ab2", "a_b2"], &["AB", "AB3", "Ab2", "AB2"]);
        check(&["table_name", "id"], &["TableName2", "ID"]);
        check(&["x1", "X1"], &["X1", "X1_2"]);
        check(&["id", "ID", "Id"], &["ID", "ID2", "ID3"]);
    }

    #[test]
    fn anything_becomes_an_identifier() {
        let style = style();
        // A small generator: no randomness, so that a failure repeats.
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..20_000 {
            let mut name = String::new();
            for _ in 0..=state % 9 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let point = (state >> 33) as u32;
                let point = if point.is_multiple_of(3) { point % 0x80 } else { point % 0x11_0000 };
                name.extend(char::from_u32(point).filter(|it| *it != '\0'));
            }
            if name.is_empty() {
                continue;
            }
            let exported = style.exported(&name);
            assert!(is_exported(&exported), "{name:?} became {exported:?}");
            let unexported = style.unexported(&name);
            assert!(unexported.chars().next().is_some_and(is_letter), "{name:?} became {unexported:?}");
            let stem = file_stem(&style.singular(&name));
            assert!(
                !stem.is_empty()
                    && stem.len() <= LONGEST_STEM
                    && stem.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_'),
                "{name:?} became {stem:?}"
            );
        }
    }
}
