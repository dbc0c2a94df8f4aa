//! The config file: found, read and checked, every key against the one table of [`keys`].
//!
//! A [`Config`] is what the file says, typed by the table and with places; what the command line says, and what stands
//! where neither says anything, is put together by the subcommand. Nothing in a file is passed over in silence.

mod keys;
mod schema;
mod starter;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;

use serde_saphyr::{Location, Spanned};

use pgx_goose::diagnostic::{self, Diagnostic};
use pgx_goose::fs;

use super::error::{Exit, Failure};
use keys::{Key, Shape, Standing};
use tree::{File, Node};

pub(crate) use schema::json_schema;
pub(crate) use starter::{Finding, starter};

/// The files that are looked for in the working directory, in this order.
pub(crate) const FILE_NAMES: [&str; 3] = ["pgx-goose-conf.yaml", "pgx-goose-conf.yml", "pgx-goose-conf.json"];

/// Which of the default files count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Any,
    Yaml,
    Json,
}

/// What a config file says.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// The file; none where there is no config file.
    file: Option<File>,
    values: BTreeMap<&'static str, Value>,
}

#[derive(Clone, Debug)]
struct Value {
    node: Node,
    location: Location,
    /// The path as the file spells it: perhaps an older spelling.
    spelled: String,
}

impl Config {
    /// Reads the file that is named, else the first of the default ones, else nothing.
    pub(crate) fn load(named: Option<&Path>, format: Format) -> Result<Self, Failure> {
        if let Some(path) = named {
            return Self::read(path);
        }
        for name in FILE_NAMES {
            let wanted = match format {
                Format::Any => true,
                Format::Yaml => !name.ends_with(".json"),
                Format::Json => name.ends_with(".json"),
            };
            if wanted && fs::kind(name)?.is_some() {
                return Self::read(Path::new(name));
            }
        }
        Ok(Self::default())
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let extension = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
        if !matches!(extension, "yaml" | "yml" | "json") {
            return Err(Failure::usage(format!("config file `{}` is neither YAML nor JSON by its name", path.display()))
                .hint("name it `.yaml`, `.yml` or `.json`"));
        }
        let text = fs::read_to_string(path).map_err(|error| match error.is_not_found() {
            true => Failure::usage(format!("config file `{}` does not exist", path.display())),
            false => error.into(),
        })?;
        Self::parse(&path.display().to_string(), text).map_err(|diagnostics| Failure::found(Exit::Usage, diagnostics))
    }

    /// Checks the text of a file.
    fn parse(name: &str, text: String) -> Result<Self, Vec<Diagnostic>> {
        let file = File { name: name.to_owned(), text };
        let root = file.parse().map_err(|error| vec![*error])?;
        let mut check = Check { file: &file, values: BTreeMap::new(), diagnostics: Vec::new() };
        match &root.value {
            Node::Null => {}
            Node::Map(entries) => check.group("", entries),
            other => check.error(root.referenced, format!("a config file is a map of keys, not {}", other.describe())),
        }
        let Check { values, diagnostics, .. } = check;
        if diagnostics.is_empty() { Ok(Self { file: Some(file), values }) } else { Err(diagnostics) }
    }

    /// The file's name, where there is a file.
    pub(crate) fn file_name(&self) -> Option<&str> {
        self.file.as_ref().map(|it| it.name.as_str())
    }

    /// The keys that this version doesn't act on yet, and that ask for something.
    pub(crate) fn not_yet(&self) -> Vec<Diagnostic> {
        let asks = |key: &Key, node: &Node| match node {
            Node::Null => false,
            Node::Bool(value) => key.default != value.to_string(),
            Node::Text(text) => key.default != text,
            Node::List(list) => !list.is_empty(),
            Node::Integer(_) | Node::Number(_) | Node::Map(_) => true,
        };
        let later = keys::KEYS.iter().filter(|it| it.standing == Standing::Later);
        let set = later.filter_map(|key| self.values.get(key.path).filter(|value| asks(key, &value.node)));
        set.map(|value| {
            let message = format!("`{}` is not available in this version of pgx-goose; it is passed over", value.spelled);
            self.place(Diagnostic::warning(message), value.location)
        })
        .collect()
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        match self.node(path)? {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text with `${NAME}` replaced from the environment.
    pub(crate) fn expanded(&self, path: &str) -> Result<Option<String>, Failure> {
        let Some(text) = self.text(path) else { return Ok(None) };
        expand(text, |name| std::env::var(name).ok()).map(Some).map_err(|error| {
            let location = self.values.get(path).map_or(Location::UNKNOWN, |it| it.location);
            Failure::found(Exit::Usage, vec![self.place(*error, location)])
        })
    }

    pub(crate) fn boolean(&self, path: &str) -> Option<bool> {
        match self.node(path)? {
            Node::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn integer(&self, path: &str) -> Option<i64> {
        match self.node(path)? {
            Node::Integer(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn texts(&self, path: &str) -> Option<Vec<String>> {
        self.node(path).and_then(texts)
    }

    pub(crate) fn pairs(&self, path: &str) -> BTreeMap<String, String> {
        let Some(Node::Map(entries)) = self.node(path) else { return BTreeMap::new() };
        let pair = |(key, value): &(Spanned<String>, Spanned<Node>)| match &value.value {
            Node::Text(text) => Some((key.value.clone(), text.clone())),
            _ => None,
        };
        entries.iter().filter_map(pair).collect()
    }

    /// The maps of a list of maps, each by its keys.
    pub(crate) fn maps(&self, path: &str) -> Vec<Entry<'_>> {
        let Some(Node::List(items)) = self.node(path) else { return Vec::new() };
        let first = keys::KEYS.iter().find(|it| it.path == path).and_then(|it| match it.shape {
            Shape::Maps([first, ..]) => Some(first.path),
            _ => None,
        });
        let fields = |item: &Spanned<Node>| match &item.value {
            Node::Map(entries) => entries.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect(),
            text @ Node::Text(_) => first.map(|it| (it.to_owned(), text.clone())).into_iter().collect(),
            _ => BTreeMap::new(),
        };
        items.iter().map(|item| Entry { config: self, location: item.referenced, fields: fields(item) }).collect()
    }

    fn node(&self, path: &str) -> Option<&Node> {
        debug_assert!(keys::KEYS.iter().any(|it| it.path == path), "`{path}` is no key");
        self.values.get(path).map(|it| &it.node)
    }

    /// An error at the place of a key; without a place where the file doesn't have it.
    pub(crate) fn error_at(&self, path: &str, message: impl Into<String>) -> Diagnostic {
        let location = self.values.get(path).map_or(Location::UNKNOWN, |it| it.location);
        self.place(Diagnostic::error(message), location)
    }

    fn place(&self, diagnostic: Diagnostic, location: Location) -> Diagnostic {
        match self.file.as_ref().and_then(|file| file.span(location)) {
            Some(span) => diagnostic.at(span),
            None => diagnostic,
        }
    }
}

/// A map in a list of maps.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    config: &'a Config,
    location: Location,
    fields: BTreeMap<String, Node>,
}

impl Entry<'_> {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.fields.get(name)? {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn boolean(&self, name: &str) -> Option<bool> {
        match self.fields.get(name)? {
            Node::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The text with `${NAME}` replaced from the environment.
    pub(crate) fn expanded(&self, name: &str) -> Result<Option<String>, Failure> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let expanded = expand(text, |name| std::env::var(name).ok()).map(Some);
        expanded.map_err(|error| Failure::found(Exit::Usage, vec![self.config.place(*error, self.location)]))
    }

    pub(crate) fn texts(&self, name: &str) -> Option<Vec<String>> {
        self.fields.get(name).and_then(texts)
    }

    /// An error at the entry's place.
    pub(crate) fn error(&self, message: impl Into<String>) -> Diagnostic {
        self.config.place(Diagnostic::error(message), self.location)
    }
}

/// A walk over a file that collects values and errors.
struct Check<'a> {
    file: &'a File,
    values: BTreeMap<&'static str, Value>,
    diagnostics: Vec<Diagnostic>,
}

impl Check<'_> {
    fn group(&mut self, group: &str, entries: &[(Spanned<String>, Spanned<Node>)]) {
        for (name, value) in entries {
            let path = if group.is_empty() { name.value.clone() } else { format!("{group}.{}", name.value) };
            if let Some(key) = keys::find(&path) {
                self.value(key, &path, name, value);
            } else if keys::is_group(&path) {
                match &value.value {
                    Node::Null => {}
                    Node::Map(entries) => self.group(&path, entries),
                    other => self.error(value.referenced, format!("`{path}` is a map of keys, not {}", other.describe())),
                }
            } else {
                self.unknown(&path, group, name);
            }
        }
    }

    fn value(&mut self, key: &'static Key, path: &str, name: &Spanned<String>, value: &Spanned<Node>) {
        // A key without a value is as if it weren't there.
        if value.value == Node::Null {
            return;
        }
        self.shape(path, key.shape, value);
        let new = Value { node: value.value.clone(), location: value.referenced, spelled: path.to_owned() };
        if let Some(old) = self.values.insert(key.path, new) {
            self.error(name.referenced, format!("`{path}` and `{}` are the same key; keep one", old.spelled));
        }
    }

    fn shape(&mut self, path: &str, shape: Shape, value: &Spanned<Node>) {
        let node = &value.value;
        let expected = match (shape, node) {
            (Shape::Text, Node::Text(_)) | (Shape::Bool, Node::Bool(_)) => return,
            (Shape::Text, Node::Integer(_) | Node::Number(_) | Node::Bool(_)) => "text; put it in quotes".to_owned(),
            (Shape::Text, _) => "text".to_owned(),
            (Shape::Bool, _) => "`true` or `false`".to_owned(),
            (Shape::Integer(min, max), Node::Integer(value)) if (min..=max).contains(value) => return,
            (Shape::Integer(min, max), _) => format!("a whole number from {min} to {max}"),
            (Shape::Word(words), Node::Text(text)) if words.contains(&text.as_str()) => return,
            (Shape::Word(words), _) => format!("one of `{}`", words.join("`, `")),
            (Shape::Texts, _) if texts(node).is_some() => return,
            (Shape::Texts, _) => "a list of texts".to_owned(),
            (Shape::Words(words), _) => match texts(node) {
                Some(given) if given.iter().all(|it| words.contains(&it.as_str())) => return,
                _ => format!("a list of `{}`", words.join("`, `")),
            },
            (Shape::Pairs, Node::Map(entries)) => {
                for (name, value) in entries {
                    self.shape(&format!("{path}.{}", name.value), Shape::Text, value);
                }
                return;
            }
            (Shape::Pairs, _) => "a map of texts".to_owned(),
            (Shape::Maps(keys), Node::List(items)) => {
                items.iter().for_each(|item| self.entry(path, keys, item));
                return;
            }
            (Shape::Maps(_), _) => "a list of maps".to_owned(),
        };
        self.error(value.referenced, format!("`{path}` takes {expected}, not {}", node.describe()));
    }

    fn entry(&mut self, path: &str, keys: &'static [Key], item: &Spanned<Node>) {
        match &item.value {
            Node::Text(_) => {}
            Node::Map(entries) => {
                for (name, value) in entries {
                    match keys.iter().find(|it| it.path == name.value) {
                        Some(_) if value.value == Node::Null => {}
                        Some(key) => self.shape(&format!("{path}[].{}", key.path), key.shape, value),
                        None => {
                            let nearest = diagnostic::nearest(&name.value, keys.iter().map(|it| it.path));
                            self.unknown_key(&format!("{path}[].{}", name.value), nearest.map(str::to_owned), name);
                        }
                    }
                }
            }
            other => self.error(item.referenced, format!("an entry of `{path}` is a map of keys, not {}", other.describe())),
        }
    }

    fn unknown(&mut self, path: &str, group: &str, name: &Spanned<String>) {
        let nearest = diagnostic::nearest(&name.value, keys::names_in(group));
        let nearest = nearest.map(|it| if group.is_empty() { it.to_owned() } else { format!("{group}.{it}") });
        // Or it is a key at the wrong level.
        let moved = || keys::KEYS.iter().find(|it| it.path.rsplit('.').next() == Some(&name.value)).map(|it| it.path.to_owned());
        self.unknown_key(path, nearest.or_else(moved), name);
    }

    fn unknown_key(&mut self, path: &str, nearest: Option<String>, name: &Spanned<String>) {
        self.error(name.referenced, format!("unknown key `{path}`"));
        let hint = match nearest {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "`pgx-goose schema config` lists all keys".to_owned(),
        };
        if let Some(last) = self.diagnostics.last_mut() {
            last.hint = Some(hint);
        }
    }

    fn error(&mut self, location: Location, message: String) {
        let diagnostic = Diagnostic::error(message);
        self.diagnostics.push(match self.file.span(location) {
            Some(span) => diagnostic.at(span),
            None => diagnostic,
        });
    }
}

/// The texts of a list. One text alone stands for a list of it.
fn texts(node: &Node) -> Option<Vec<String>> {
    match node {
        Node::Text(text) => Some(vec![text.clone()]),
        Node::List(items) => items.iter().map(|it| if let Node::Text(text) = &it.value { Some(text.clone()) } else { None }).collect(),
        _ => None,
    }
}

/// Replaces `${NAME}`; a `$` before anything else is itself.
fn expand(text: &str, lookup: impl Fn(&str) -> Option<String>) -> Result<String, Box<Diagnostic>> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, after) = rest.split_at(at);
        result.push_str(before);
        let Some(end) = after.find('}') else {
            return Err(Box::new(Diagnostic::error("`${` has no `}` after it")));
        };
        let name = &after[2..end];
        let value = lookup(name).ok_or_else(|| {
            let missing = Diagnostic::error(format!("the environment has no variable `{name}`"));
            Box::new(missing.hint(format!("set it: `export {name}=…`")))
        })?;
        result.push_str(&value);
        rest = &after[end + 1..];
    }
    result.push_str(rest);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        let diagnostics = Config::parse("c.yaml", text.to_owned()).err().unwrap_or_default();
        let line = |it: Diagnostic| match &it.hint {
            Some(hint) => format!("{it} ({hint})"),
            None => it.to_string(),
        };
        diagnostics.into_iter().map(line).collect()
    }

    #[test]
    fn wrong_files_name_the_place_and_the_nearest_key() {
        let check = |text: &str, expected: &str| assert_eq!(errors(text), [expected], "{text}");
        check("mock_provder: gomock\n", "c.yaml:1:1: error: unknown key `mock_provder` (did you mean `mock_provider`?)");
        check(
            "out: a\noutput_dirs:\n  model: x\n",
            "c.yaml:3:3: error: unknown key `output_dirs.model` (did you mean `output_dirs.models`?)",
        );
        check("repositories: x\n", "c.yaml:1:1: error: unknown key `repositories` (did you mean `output_dirs.repositories`?)");
        check("zzz: x\n", "c.yaml:1:1: error: unknown key `zzz` (`pgx-goose schema config` lists all keys)");
        check("{\n  \"schema\": \"a\",\n  \"tabels\": []\n}\n", "c.yaml:3:3: error: unknown key `tabels` (did you mean `tables`?)");
        check("with_tests: 3\n", "c.yaml:1:13: error: `with_tests` takes `true` or `false`, not the number `3`");
        check("schema: 12\n", "c.yaml:1:9: error: `schema` takes text; put it in quotes, not the number `12`");
        check("mock_provider: mockery\n", "c.yaml:1:16: error: `mock_provider` takes one of `testify`, `gomock`, `mock`, not `mockery`");
        check(
            "optimization: {max_workers: -1}\n",
            "c.yaml:1:29: error: `optimization.max_workers` takes a whole number from 0 to 1024, not the number `-1`",
        );
        check("tables: [a, [b]]\n", "c.yaml:1:9: error: `tables` takes a list of texts, not a list");
        check("- a\n", "c.yaml:1:1: error: a config file is a map of keys, not a list");
        check("output_dirs: 3\n", "c.yaml:1:14: error: `output_dirs` is a map of keys, not the number `3`");
        check("types:\n  - db_typ: x\n", "c.yaml:2:5: error: unknown key `types[].db_typ` (did you mean `db_type`?)");
        check(
            "parallel: {workers: 2}\noptimization: {max_workers: 3}\n",
            "c.yaml:2:16: error: `optimization.max_workers` and `parallel.workers` are the same key; keep one",
        );
    }

    #[test]
    fn all_errors_are_told_at_once() {
        assert_eq!(errors("a1: x\nb2: y\nwith_tests: maybe\n").len(), 3);
    }

    #[test]
    fn broken_yaml_has_a_place() {
        let told = errors("out: [a\nschema: b\n");
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("c.yaml:2:"), "{told:?}");
        let twice = errors("out: a\nout: b\n");
        assert!(twice[0].starts_with("c.yaml:2:1: error:"), "{twice:?}");
    }

    #[test]
    fn older_spellings_are_the_keys_of_today() {
        let config = Config::parse("c.yaml", "parallel: {enabled: false, workers: 4}\nmigrations: {format: migrate}\n".to_owned()).unwrap();
        assert_eq!(config.integer("optimization.max_workers"), Some(4));
        assert_eq!(config.boolean("optimization.parallel_generation"), Some(false));
        assert_eq!(config.text("migrations.migration_format"), Some("migrate"));
        for (old, new) in keys::ALIASES {
            assert!(keys::KEYS.iter().any(|it| it.path == *new) && keys::find(old).is_some(), "{old}");
        }
    }

    #[test]
    fn values_of_each_shape() {
        let text = "tables: [a, b]\nignore_tables: temp_*\nrename: {users: Account}\ntypes:\n  - {db_type: numeric, go_type: big.Rat, nullable: true}\nout:\n";
        let config = Config::parse("c.yaml", text.to_owned()).unwrap();
        assert_eq!(config.texts("tables").unwrap(), ["a", "b"]);
        assert_eq!(config.texts("ignore_tables").unwrap(), ["temp_*"]);
        assert_eq!(config.pairs("rename")["users"], "Account");
        let types = config.maps("types");
        assert_eq!((types[0].text("db_type"), types[0].boolean("nullable")), (Some("numeric"), Some(true)));
        assert_eq!(types[0].error("x").to_string(), "c.yaml:5:5: error: x");
        assert_eq!(config.text("out"), None);
        let text = "cross_schema:\n  schemas:\n    - a\n    - {name: b, tables: [t]}\n";
        let config = Config::parse("c.yaml", text.to_owned()).unwrap();
        let schemas = config.maps("cross_schema.schemas");
        assert_eq!((schemas[0].text("name"), schemas[1].text("name")), (Some("a"), Some("b")), "a text alone is the first key");
        assert_eq!((schemas[0].texts("tables"), schemas[1].texts("tables")), (None, Some(vec!["t".to_owned()])));
        assert!(Config::parse("c.yaml", "# nothing\n".to_owned()).unwrap().values.is_empty());
    }

    #[test]
    fn what_is_not_available_is_told() {
        let text = "quality: {generate_swagger: true}\nmigrations: {enabled: false}\ntemplates: {custom_functions: [f]}\n";
        let told: Vec<_> = Config::parse("c.yaml", text.to_owned()).unwrap().not_yet().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "c.yaml:3:31: warning: `templates.custom_functions` is not available in this version of pgx-goose; it is passed over",
                "c.yaml:1:29: warning: `quality.generate_swagger` is not available in this version of pgx-goose; it is passed over",
            ]
        );
    }

    #[test]
    fn variables_are_expanded() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let result = expand(text, |name| (name == "DB").then(|| "shop".to_owned())).map_err(|it| it.message);
            assert_eq!(result.as_deref().map_err(String::as_str), expected, "{text}");
        };
        check("postgres://h/${DB}?a=$1", Ok("postgres://h/shop?a=$1"));
        check("${DB}${DB}", Ok("shopshop"));
        check("${NONE}", Err("the environment has no variable `NONE`"));
        check("a${DB", Err("`${` has no `}` after it"));
    }
}
