//! What becomes of objects that stay as they are while something that they depend on does not.

use super::table;
use crate::catalog::{Body, Catalog, Constraint, ConstraintKind, Definition, Expression, Identity, Kind, Object, Routine};
use crate::ddl::quote::{qualified, quote_identifier};
use crate::ddl::{Statement, Thing, Writer};

/// What becomes of an object while something that it depends on, and will depend on, is made anew or gets another type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dependent {
    /// Nothing: the server takes care of it, or it goes and comes with what it belongs to.
    Survives,
    /// It is dropped before and made anew after.
    Remade,
    /// It stays, and these statements let go of the thing and take hold of it again.
    Eased(Vec<Statement>),
}

impl<'a> Writer<'a> {
    /// Tells what becomes of an object of both catalogs while `thing`, on which it depends before and after, is away.
    ///
    /// What PostgreSQL rebuilds by itself when a column changes its type: `ATExecAlterColumnType` in `tablecmds.c`.
    pub fn dependent(&self, from: &Writer<'_>, identity: &Identity, before: &Object, after: &Object, thing: &Thing<'_>) -> Dependent {
        match &after.definition {
            Definition::Table(new) => table::ease((from, self), identity, before, &new.columns, thing),
            Definition::ForeignTable(new) => table::ease((from, self), identity, before, &new.columns, thing),
            Definition::Schema(_) | Definition::Extension(_) => Dependent::Survives,
            Definition::Sequence(_) if thing.column.is_some() => Dependent::Survives,
            Definition::Constraint(constraint) if thing.retyped => match &constraint.kind {
                ConstraintKind::ForeignKey(_) if family(from, thing) != family(self, thing) => Dependent::Remade,
                ConstraintKind::Check(check) => self.reading(from, thing, [check]),
                ConstraintKind::Exclusion { elements, predicate, .. } => {
                    self.reading(from, thing, elements.iter().filter_map(|it| it.key.expression.as_ref()).chain(predicate))
                }
                _ => Dependent::Survives,
            },
            Definition::Index(index) if thing.retyped => {
                self.reading(from, thing, index.keys.iter().filter_map(|it| it.expression.as_ref()).chain(&index.predicate))
            }
            Definition::Statistics(it) if thing.retyped => {
                self.reading(from, thing, it.keys.iter().filter_map(|it| it.expression.as_ref()))
            }
            Definition::Language(_)
            | Definition::AccessMethod(_)
            | Definition::Collation(_)
            | Definition::Conversion(_)
            | Definition::BaseType(_)
            | Definition::Enum(_)
            | Definition::Domain(_)
            | Definition::Composite(_)
            | Definition::Range(_)
            | Definition::Sequence(_)
            | Definition::ForeignDataWrapper(_)
            | Definition::ForeignServer(_)
            | Definition::UserMapping(_)
            | Definition::Constraint(_)
            | Definition::Index(_)
            | Definition::View(_)
            | Definition::MaterializedView(_)
            | Definition::Function(_)
            | Definition::Procedure(_)
            | Definition::Aggregate(_)
            | Definition::Operator(_)
            | Definition::OperatorFamily(_)
            | Definition::OperatorClass(_)
            | Definition::Cast(_)
            | Definition::Transform(_)
            | Definition::Trigger(_)
            | Definition::EventTrigger(_)
            | Definition::Rule(_)
            | Definition::Policy(_)
            | Definition::Statistics(_)
            | Definition::TextSearchParser(_)
            | Definition::TextSearchTemplate(_)
            | Definition::TextSearchDictionary(_)
            | Definition::TextSearchConfiguration(_)
            | Definition::Publication(_)
            | Definition::Subscription(_)
            | Definition::DefaultPrivileges(_) => Dependent::Remade,
        }
    }

    /// Whether an object that is to go, and reads a column which gets another type, can't even be kept: what it says of the old type
    /// can't be said of the new one.
    pub fn is_lost(&self, from: &Writer<'_>, identity: &Identity, object: &Object, thing: &Thing<'_>) -> bool {
        // A foreign key refers to a key, and that has other columns now.
        if let (Definition::Constraint(Constraint { kind: ConstraintKind::ForeignKey(key), .. }), None) = (&object.definition, thing.column)
        {
            let columns = match self.catalog.get(thing.object).map(|it| &it.definition) {
                Some(Definition::Constraint(it)) => match &it.kind {
                    ConstraintKind::PrimaryKey(it) | ConstraintKind::Unique(it) => Some(&it.columns),
                    _ => None,
                },
                _ => None,
            };
            return columns
                .is_some_and(|it| it.len() != key.referenced_columns.len() || !it.iter().all(|it| key.referenced_columns.contains(it)));
        }
        // The server alters no column that a body reads, and a body can't be said again of what it compares with another type.
        let is_read_by_body = |it: &Routine| matches!(it.body, Body::Sql(_));
        let demands = match &object.definition {
            Definition::Constraint(_) | Definition::Index(_) | Definition::Statistics(_) => true,
            Definition::Function(it) | Definition::Procedure(it) if is_read_by_body(it) => {
                return thing.retyped && family(from, thing) != family(self, thing);
            }
            _ => false,
        };
        demands && thing.retyped && self.dependent(from, identity, object, object, thing) == Dependent::Remade
    }

    /// What becomes of expressions that read a column which gets another type. The server reads its own print of them anew, in which
    /// constants are of the old type: where new ones would be of another, it makes something else of them than of the same text, or nothing.
    fn reading<'e>(&self, from: &Writer<'_>, thing: &Thing<'_>, expressions: impl IntoIterator<Item = &'e Expression>) -> Dependent {
        match expressions.into_iter().any(has_constant) && family(from, thing) != family(self, thing) {
            true => Dependent::Remade,
            false => Dependent::Survives,
        }
    }

    /// The statements that put a type out of the way, and drop it once nothing is of it any more: columns keep their values.
    pub fn swap(&self, identity: &Identity) -> Vec<Statement> {
        let word = super::super::spelling(identity.kind).keyword;
        let own = qualified(&identity.schema, &identity.name);
        let put_aside = self.aside(&identity.schema, &identity.name);
        let mut statements = Vec::new();
        // A range brings a second type, and functions that make values, which keep the name of the type that they were made with: the
        // new one wants all of these names.
        if let Some(Definition::Range(range)) = self.catalog.get(identity).map(|object| &object.definition) {
            let rename = |word: &str, name: &str, arguments: &str| {
                let own = qualified(&identity.schema, name);
                Statement::dropping(
                    identity,
                    format!("ALTER {word} {own}{arguments} RENAME TO {};", quote_identifier(&self.aside(&identity.schema, name))),
                )
            };
            let of = crate::ddl::data_type(&range.subtype);
            statements.push(rename("FUNCTION", &identity.name, &format!("({of}, {of})")));
            statements.push(rename("FUNCTION", &identity.name, &format!("({of}, {of}, text)")));
            if self.major >= 14 {
                statements.push(rename("FUNCTION", &range.multirange, "()"));
                statements.push(rename("TYPE", &range.multirange, ""));
            }
        }
        // The functions that a type is made of go with it in the end; those of the new one want their names.
        let is_whole = self.type_of_cycle(identity) == Some(identity);
        let mut mates: Vec<&Identity> =
            self.cycles.keys().copied().filter(|mate| is_whole && self.are_in_one_cycle(identity, mate)).collect();
        mates.sort();
        for mate in mates.into_iter().filter(|it| it.kind == Kind::Function) {
            let aside = quote_identifier(&self.aside(&mate.schema, &mate.name));
            let arguments = crate::ddl::data_type::data_types(&mate.arguments);
            let sql = format!("ALTER FUNCTION {}({arguments}) RENAME TO {aside};", qualified(&mate.schema, &mate.name));
            statements.push(Statement::dropping(mate, sql));
        }
        statements.push(Statement::dropping(identity, format!("ALTER {word} {own} RENAME TO {};", quote_identifier(&put_aside))));
        let cascade = if is_whole { " CASCADE" } else { "" };
        let mut drop = Statement::after(identity, format!("DROP {word} {}{cascade};", qualified(&identity.schema, &put_aside)));
        drop.closes.push(identity.clone());
        statements.push(drop);
        statements
    }

    /// A name for something that is put out of the way, which nothing has before or after.
    fn aside(&self, schema: &str, name: &str) -> String {
        self.free_name(schema, name, "old")
    }

    /// A name for something that is there on the way only.
    pub(super) fn free_name(&self, schema: &str, name: &str, word: &str) -> String {
        let taken = |name: &str| {
            let has = |catalog: &Catalog| {
                Kind::ALL
                    .iter()
                    .filter(|kind| kind.is_type() || kind.is_relation())
                    .any(|kind| catalog.contains(&Identity::new(*kind, schema, name)))
                    || catalog.of_kind(Kind::Range).any(|(identity, object)| {
                        identity.schema == schema && matches!(&object.definition, Definition::Range(range) if range.multirange == name)
                    })
            };
            has(self.catalog) || self.towards.is_some_and(has)
        };
        let aside = |number: usize| {
            let suffix = if number == 1 { format!("__{word}") } else { format!("__{word}{number}") };
            let mut aside = name.to_owned();
            // Room for the suffix within the 63 bytes of a name.
            while aside.len() > 63 - suffix.len() {
                aside.pop();
            }
            aside + &suffix
        };
        (1..).map(aside).find(|it| !taken(it)).unwrap_or_default()
    }

    /// The object of a parent table that hands an object down, which comes and goes with that alone.
    pub fn handed_down_by(&self, identity: &Identity, object: &Object) -> Option<&'a Identity> {
        match &object.definition {
            Definition::Constraint(constraint)
                if constraint.inherited && !constraint.local && self.parted_from(identity, object).is_none() =>
            {
                crate::ddl::constraint::above(self, identity, constraint)
            }
            _ => None,
        }
    }
}

/// What a column's type has in common with others: integers of all widths compare with each other and with the same constants, and so do
/// texts, so that a key can be given its new type while the other side has its old one.
fn family(writer: &Writer<'_>, thing: &Thing<'_>) -> Option<String> {
    let columns = writer.catalog.get(thing.object)?.definition.columns()?;
    let of = &columns.iter().find(|it| Some(it.name.as_str()) == thing.column)?.data_type;
    Some(match of.name.name.as_str() {
        "int2" | "int4" | "int8" if of.name.is_builtin() && !of.array => "integer".to_owned(),
        "text" | "varchar" if of.name.is_builtin() && !of.array => "text".to_owned(),
        _ => of.without_modifiers().to_string(),
    })
}

/// Whether a number or a quoted literal stands in an expression.
fn has_constant(expression: &Expression) -> bool {
    let mut within_name = false;
    expression.0.chars().any(|it| {
        let found = it == '\'' || (it.is_ascii_digit() && !within_name);
        within_name = it.is_alphanumeric() || matches!(it, '_' | '$' | '"');
        found
    })
}

/// Whether SQL that we write names an object. What is outside schemas, and what an extension brings, is named by no text.
pub(super) fn mentions(text: &str, object: &Identity) -> bool {
    if object.schema.is_empty() {
        return true;
    }
    if object.kind == Kind::Operator {
        return text.contains(&object.name);
    }
    let name = qualified(&object.schema, &object.name);
    let is_part_of_name = |it: char| it.is_alphanumeric() || matches!(it, '_' | '$' | '"');
    text.match_indices(&name).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + name.len()..].chars().next());
        // A closing quote of the name itself is within it; one after it belongs to a longer one.
        !before.is_some_and(|it| is_part_of_name(it) || it == '.') && !after.is_some_and(is_part_of_name)
    })
}
