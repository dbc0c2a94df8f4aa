//! One pass over a tree, to qualify its names, see what they need, and tell the types of its values.
//!
//! The tree is changed in place: names outside `pg_catalog` get their schema, `*` becomes columns. Names that the server
//! would not find are errors; types that can't be told are reasons (`Why`) that travel with the values.

use std::collections::{BTreeSet, VecDeque};

use pg_query::NodeEnum;
use pg_query::protobuf::{self, Node, TypeName};

use super::builtin::Builtin;
use super::coerce::any_bound;
use super::infer::Types;
use super::rename::Rename;
use super::scope::{Column, Item, Namespace, Scope, Typed};
use crate::capture::keywords::quote_identifier;
use crate::capture::script::resolve::{Resolver, Unresolved, split_name, strings};
use crate::catalog::{DataType, Dependency, Identity, Kind, PG_CATALOG, QualifiedName};

/// The state of the pass.
pub(super) struct Analysis<'a> {
    pub(super) resolver: Resolver<'a>,
    /// What the tree needs, so far.
    pub(super) dependencies: BTreeSet<Dependency>,
    /// The functions that are called and that nothing makes.
    pub(super) missing_functions: Vec<Unresolved>,
    /// What names mean, outermost first.
    pub(super) levels: Vec<Namespace>,
    /// Queries of WITH that can be named, innermost last.
    pub(super) ctes: Vec<(String, Vec<Column>)>,
    /// The base type of the domain whose CHECK this is.
    pub(super) value: Option<DataType>,
    /// The parameters of the routine whose body this is.
    pub(super) parameters: Vec<(String, DataType)>,
    /// Names that are not found stay as they are.
    pub(super) lenient: bool,
    /// Whether a `*` stood over columns that are not known, so that names may come from there.
    pub(super) open_output: bool,
    /// The names that each level's FROM has in canonical text, outermost first.
    pub(super) printed_names: Vec<Vec<String>>,
    /// Those of the FROM under way that are still to come.
    pub(super) next_names: VecDeque<String>,
    /// The levels whose columns were named, since somebody began to look.
    pub(super) touched: BTreeSet<usize>,
    /// How many sides of outer joins there were, for a number of its own for each.
    pub(super) outer_joins: u32,
    /// What to rename on the way.
    pub(super) rename: Option<&'a Rename>,
    /// Whether the columns of the renamed relation must keep their old names inside the query.
    pub(super) pin_columns: bool,
}

/// What an identifier list of a literal means: `'public.t'::regclass`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Literal {
    Class,
    Type,
    TextSearchConfiguration,
}

impl<'a> Analysis<'a> {
    pub(super) fn new(resolver: Resolver<'a>, scope: &Scope) -> Self {
        let mut analysis = Self {
            resolver,
            dependencies: BTreeSet::new(),
            missing_functions: Vec::new(),
            levels: Vec::new(),
            ctes: Vec::new(),
            value: scope.value.clone(),
            parameters: scope.parameters.clone(),
            lenient: scope.lenient,
            open_output: false,
            printed_names: Vec::new(),
            next_names: VecDeque::new(),
            touched: BTreeSet::new(),
            outer_joins: 0,
            rename: None,
            pin_columns: false,
        };
        let mut level = Namespace::default();
        if let Some(relation) = &scope.unqualified {
            level.extend(Namespace::of(analysis.item(&relation.name, Some(&relation.schema), relation)));
        }
        for (name, relation) in &scope.rows {
            level.items.push(analysis.item(name, None, relation));
        }
        analysis.printed_names.push(level.items.iter().map(|it| it.printed.clone()).collect());
        analysis.levels.push(level);
        analysis
    }

    /// The types of the catalog.
    pub(super) fn type_rules(&self) -> Types<'a> {
        Types { resolver: self.resolver }
    }

    /// A relation as an item of FROM.
    pub(super) fn item(&self, name: &str, schema: Option<&str>, relation: &Identity) -> Item {
        let columns = self
            .resolver
            .columns(relation)
            .into_iter()
            .map(|it| {
                let unknown = || Typed::unknown(format!("the type of `{}.{}` is not known", relation.name, it.name), -1);
                let typed = it.data_type.map_or_else(unknown, Typed::of).not_null(it.not_null);
                Column { source: Some((relation.clone(), it.name.clone())), name: it.name, typed }
            })
            .collect();
        Item {
            name: name.to_owned(),
            printed: name.to_owned(),
            schema: schema.map(str::to_owned),
            relation: Some(relation.clone()),
            columns,
            open: relation.kind == Kind::Extension,
            row: Some(DataType::named(relation.qualified_name())),
        }
    }

    /// A need of something that is not the server's own.
    pub(super) fn needs(&mut self, identity: &Identity) {
        if !self.dependencies.iter().any(|it| it.column.is_none() && it.on == *identity) {
            self.dependencies.insert(Dependency::on(identity.clone()));
        }
    }

    pub(super) fn needs_column(&mut self, relation: &Identity, column: &str) {
        self.dependencies.insert(Dependency::on_column(relation.clone(), column));
    }

    pub(super) fn needs_type(&mut self, data_type: &DataType) {
        if let Some(dependency) = self.resolver.type_dependency(data_type) {
            self.dependencies.insert(dependency);
        }
    }

    /// Where an object is now called, after the rename under way.
    pub(super) fn new_name(&self, identity: &Identity, name: QualifiedName) -> QualifiedName {
        self.rename.map_or(name.clone(), |it| it.of(identity, name))
    }

    /// Resolves and qualifies a type.
    pub(super) fn type_name(&mut self, node: &mut TypeName) -> Result<DataType, Unresolved> {
        let data_type = match self.resolver.data_type(node) {
            Err(_) if self.lenient => return Ok(DataType::builtin("record")),
            resolved => resolved?,
        };
        self.needs_type(&data_type);
        let name = match self.resolver.type_object(&data_type.name) {
            Some(identity) => self.new_name(&identity.clone(), data_type.name.clone()),
            None => data_type.name.clone(),
        };
        if data_type.array && node.array_bounds.is_empty() {
            node.array_bounds.push(any_bound());
        }
        node.names = type_names(&name, node.typmods.is_empty());
        if name == QualifiedName::new(PG_CATALOG, "numeric")
            && let [_] = node.typmods.as_slice()
        {
            // The scale that goes without saying is said.
            let val = Some(pg_query::protobuf::a_const::Val::Ival(pg_query::protobuf::Integer { ival: 0 }));
            node.typmods.push(Node { node: Some(NodeEnum::AConst(pg_query::protobuf::AConst { isnull: false, val, location: -1 })) });
        }
        node.pct_type = false;
        Ok(data_type)
    }

    /// Qualifies a collation.
    pub(super) fn collation(&mut self, names: &mut Vec<Node>) {
        let name = self.resolver.collation(names);
        if let Some(identity) = self.resolver.collation_object(&name) {
            self.needs(&identity.clone());
            let name = self.new_name(identity, name);
            *names = vec![string(&name.schema), string(&name.name)];
        } else if name.is_builtin() {
            *names = vec![string(&name.name)];
        }
    }

    /// Qualifies the name in a literal, if the literal is one of a plain name.
    pub(super) fn literal(&mut self, what: Literal, text: &mut String, location: i32) -> Result<(), Unresolved> {
        let Some((schema, name)) = parse_name(text) else { return Ok(()) };
        let is_servers = schema.as_deref().is_none_or(|it| it == PG_CATALOG);
        let qualified = match what {
            Literal::Class => match self.resolver.class(schema.as_deref(), &name) {
                Some(identity) => {
                    self.needs(&identity.clone());
                    // A constraint's index goes by the constraint's name.
                    self.new_name(identity, QualifiedName::new(self.resolver.schema_of(identity), name))
                }
                None if is_servers && Builtin::get().relation(PG_CATALOG, &name).is_some() => {
                    *text = quote_identifier(&name);
                    return Ok(());
                }
                None if schema.as_deref() == Some(PG_CATALOG) || name.parse::<u32>().is_ok() || name == "-" => return Ok(()),
                None if self.lenient => return Ok(()),
                None => return Err(self.resolver.unknown_relation(schema.as_deref(), &name, Some(location))),
            },
            Literal::Type => match self.resolver.type_named(schema.as_deref(), &name) {
                Some((DataType { array: false, name, .. }, Some(identity))) => {
                    self.needs(&identity.clone());
                    self.new_name(identity, name)
                }
                _ => return Ok(()),
            },
            Literal::TextSearchConfiguration => {
                let find = |schema: &str| Identity::new(Kind::TextSearchConfiguration, schema, name.clone());
                let found = match &schema {
                    Some(schema) => Some(find(schema)).filter(|it| self.resolver.catalog.contains(it)),
                    None => self.resolver.effective_path().map(find).find(|it| self.resolver.catalog.contains(it)),
                };
                let Some(identity) = found else {
                    if is_servers {
                        *text = quote_identifier(&name);
                    }
                    return Ok(());
                };
                self.needs(&identity);
                self.new_name(&identity, identity.qualified_name())
            }
        };
        *text = format!("{}.{}", quote_identifier(&qualified.schema), quote_identifier(&qualified.name));
        Ok(())
    }
}

/// A `String` node.
pub(super) fn string(text: &str) -> Node {
    Node { node: Some(NodeEnum::String(protobuf::String { sval: text.to_owned() })) }
}

/// The one spelling of a type that is both printed and read back the same: types that SQL has words for carry their
/// schema inside the tree, as the grammar has it, all others of `pg_catalog` stand alone.
pub(super) fn type_names(name: &QualifiedName, plain: bool) -> Vec<Node> {
    const WORDS: [&str; 14] = [
        "bit",
        "bool",
        "bpchar",
        "float4",
        "float8",
        "int2",
        "int4",
        "int8",
        "interval",
        "numeric",
        "time",
        "timestamp",
        "timestamptz",
        "timetz",
    ];
    if !name.is_builtin() {
        return vec![string(&name.schema), string(&name.name)];
    }
    // `bpchar` without a length is no `char`, which is `char(1)`; so with `bit`, which the printer doesn't know.
    let word = WORDS.contains(&name.name.as_str()) || name.name == "varchar";
    if word && name.name != "bit" && !(name.name == "bpchar" && plain) {
        vec![string(PG_CATALOG), string(&name.name)]
    } else {
        vec![string(&name.name)]
    }
}

/// Schema and name of an identifier list in a literal, as `stringToQualifiedNameList` reads it; none for anything else,
/// such as a number.
fn parse_name(text: &str) -> Option<(Option<String>, String)> {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = text.trim();
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut part = String::new();
            let mut chars = quoted.char_indices();
            let end = loop {
                let (at, char) = chars.next()?;
                if char == '"' {
                    if quoted[at + 1..].starts_with('"') {
                        chars.next();
                    } else {
                        break at;
                    }
                }
                part.push(char);
            };
            parts.push(part);
            rest = quoted[end + 1..].trim_start();
        } else {
            let end = rest.find(|it: char| it == '.' || it.is_whitespace()).unwrap_or(rest.len());
            let part = &rest[..end];
            let is_name =
                part.chars().all(|it| it.is_alphanumeric() || it == '_' || it == '$') && !part.starts_with(|it: char| it.is_ascii_digit());
            if part.is_empty() || !is_name {
                return None;
            }
            parts.push(part.to_lowercase());
            rest = rest[end..].trim_start();
        }
        match rest.strip_prefix('.') {
            Some(after) => rest = after.trim_start(),
            None if rest.is_empty() => break,
            None => return None,
        }
    }
    let name = parts.pop()?;
    Some((parts.pop(), name))
}

/// The parts of a function's or an operator's name.
pub(super) fn object_name(names: &[Node]) -> (Option<String>, String) {
    split_name(names)
}

/// Whether a list of names is one plain name.
pub(super) fn single(names: &[Node]) -> Option<&str> {
    match strings(names).as_slice() {
        [name] if names.len() == 1 => Some(*name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_literals() {
        let check = |text, expected: Option<(Option<&str>, &str)>| {
            let expected = expected.map(|(schema, name)| (schema.map(str::to_owned), name.to_owned()));
            assert_eq!(parse_name(text), expected);
        };
        check("a", Some((None, "a")));
        check("A.b", Some((Some("a"), "b")));
        check("\"A\".\"b.\"\"c\"", Some((Some("A"), "b.\"c")));
        check(" a . b ", Some((Some("a"), "b")));
        check("12", None);
        check("-", None);
        check("a b", None);
        check("", None);
        check("\"a", None);
    }
}
