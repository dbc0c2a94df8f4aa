//! Enums, domains, composites, ranges and base types.

use std::collections::BTreeMap;

use super::attributes::column_attributes;
use super::{Alteration, Altered};
use crate::catalog::{
    Attribute, BaseType, BaseTypeDefinition, Catalog, Composite, DataType, Definition, Domain, Enum, Identity, Kind, Range, ViewColumn,
};
use crate::ddl::quote::{default_expression, name, qualified, quote_identifier, quote_literal};
use crate::ddl::types::attribute as spell;
use crate::ddl::{Statement, Transaction, Writer};

pub(super) fn enumeration(it: &Altered<'_, '_>, old: &Enum, new: &Enum) -> Alteration {
    let Enum { labels } = new;
    let mut rest = old.labels.iter();
    let mut next = rest.next();
    let mut statements = Vec::new();
    for (place, label) in labels.iter().enumerate() {
        if next == Some(label) {
            next = rest.next();
            continue;
        }
        if old.labels.contains(label) {
            return Alteration::Replace("labels of an enum can't be put in another order");
        }
        // At the end nothing need be said; else the label before is there already, be it as new as this one.
        let neighbour = match (next, place.checked_sub(1).and_then(|place| labels.get(place))) {
            (None, _) => String::new(),
            // libpg_query can't tell a neighbour without a name from none.
            (Some(_), Some(before)) if !before.is_empty() => format!(" AFTER {}", quote_literal(before)),
            (Some(after), _) => format!(" BEFORE {}", quote_literal(after)),
        };
        let own = qualified(&it.identity.schema, &it.identity.name);
        let mut add = it.statement(format!("ALTER TYPE {own} ADD VALUE {}{neighbour};", quote_literal(label)));
        add.transaction = Transaction::CommitBeforeUse;
        statements.push(add);
    }
    if next.is_some() {
        return Alteration::Replace("a label of an enum can't be taken away");
    }
    Alteration::Statements(statements)
}

/// Why a domain is made anew.
pub(super) const CONTAINED: &str = "a domain demands no more while columns hold its values within others";

pub(super) fn domain(it: &Altered<'_, '_>, old: &Domain, new: &Domain) -> Alteration {
    let Domain { base, collation, default, not_null } = new;
    if *base != old.base {
        return Alteration::Replace("the type of a domain can't be altered");
    }
    if *collation != old.collation {
        return Alteration::Replace("the collation of a domain can't be altered");
    }
    let alter = format!("ALTER DOMAIN {}", qualified(&it.identity.schema, &it.identity.name));
    let mut statements = Vec::new();
    if *default != old.default {
        let action = default.as_ref().map_or_else(|| "DROP DEFAULT".to_owned(), |it| format!("SET DEFAULT {}", default_expression(it)));
        statements.push(it.naming(format!("{alter} {action};")));
    }
    if *not_null && !old.not_null && is_contained(it.from, it.identity) {
        return Alteration::Replace(CONTAINED);
    }
    if *not_null != old.not_null {
        let mut demand = it.statement(format!("{alter} {} NOT NULL;", if *not_null { "SET" } else { "DROP" }));
        // Nor while materialized views hold them, which are made anew (`Writer::forces`).
        let views = containers(it.from.catalog(), it.identity).into_iter().filter(|of| *not_null && of.kind == Kind::MaterializedView);
        demand.without.extend(views.cloned());
        statements.push(demand);
    }
    Alteration::Statements(statements)
}

/// Attributes come and go as columns do: a new one is the last. Where no table keeps values of the type, those that stand
/// after a new one are made anew behind it, so that the order is right too.
pub(super) fn composite(it: &Altered<'_, '_>, old: &Composite, new: &Composite) -> Alteration {
    let Composite { attributes } = new;
    let find = |name: &str| old.attributes.iter().find(|attribute| attribute.name == name);
    let kept = kept(it);
    let is_kept = kept != Kept::Nowhere;
    let retyped = |new: &Attribute| find(&new.name).is_some_and(|old| (&old.data_type, &old.collation) != (&new.data_type, &new.collation));
    if is_kept && attributes.iter().any(retyped) {
        return Alteration::Replace("the type of an attribute can't be altered while columns are of the composite type");
    }
    // From here on the old attributes are not in the places that they are to have.
    let staying: Vec<&Attribute> = old.attributes.iter().filter(|old| attributes.iter().any(|new| new.name == old.name)).collect();
    let in_place = staying.iter().zip(attributes).take_while(|(old, new)| old.name == new.name).count();
    let moved: Vec<&str> =
        if is_kept { Vec::new() } else { staying.iter().skip(in_place).map(|attribute| attribute.name.as_str()).collect() };
    // Rows keep their attributes where they are: a type with them elsewhere takes the place of this one, where that loses nothing.
    let in_front = old.attributes.iter().chain(attributes.iter().filter(|new| find(&new.name).is_none())).map(|it| &it.name);
    let loses_none = staying.len() == old.attributes.len();
    if kept == Kept::Directly && loses_none && typed_tables(it).is_empty() && !in_front.eq(attributes.iter().map(|it| &it.name)) {
        return Alteration::Replace("the order of attributes can't be altered while columns are of the composite type");
    }
    let writing = Attributes { it, tables: typed_tables(it) };

    let mut statements = Vec::new();
    for gone in old.attributes.iter().filter(|old| !staying.iter().any(|it| it.name == old.name) || moved.contains(&old.name.as_str())) {
        statements.push(writing.drop(gone, is_kept));
    }
    for attribute in attributes {
        let before = find(&attribute.name).filter(|old| !moved.contains(&old.name.as_str()));
        match before {
            None => statements.push(writing.add(attribute)),
            Some(_) if retyped(attribute) => statements.push(writing.retype(attribute)),
            Some(_) => {}
        }
        let comment = before.and_then(|before| before.comment.as_deref());
        let nothing = BTreeMap::new();
        let after = (attribute.comment.as_deref(), &[][..], &nothing);
        statements.extend(column_attributes(it, &attribute.name, (comment, &[], &nothing), after));
    }
    Alteration::Statements(statements)
}

/// Writes `ALTER TYPE … ATTRIBUTE`.
struct Attributes<'n, 'w, 'a> {
    it: &'n Altered<'w, 'a>,
    /// The tables that are made of the type (`CREATE TABLE … OF`), to which everything is handed down.
    tables: Vec<Identity>,
}

impl Attributes<'_, '_, '_> {
    fn alter(&self, action: &str) -> Statement {
        let own = qualified(&self.it.identity.schema, &self.it.identity.name);
        self.it.naming(format!("ALTER TYPE {own} {action}{};", if self.tables.is_empty() { "" } else { " CASCADE" }))
    }

    /// The attribute, and the columns that it is in tables.
    fn places(&self, attribute: &Attribute) -> Vec<(Identity, String)> {
        [self.it.identity].into_iter().chain(&self.tables).map(|of| (of.clone(), attribute.name.clone())).collect()
    }

    fn drop(&self, attribute: &Attribute, is_kept: bool) -> Statement {
        let mut statement = self.alter(&format!("DROP ATTRIBUTE {}", quote_identifier(&attribute.name)));
        statement.removes.extend(self.places(attribute));
        statement.loses = is_kept.then(|| format!("all values of attribute {} of {}", attribute.name, self.it.identity));
        statement
    }

    fn add(&self, attribute: &Attribute) -> Statement {
        let mut statement = self.alter(&format!("ADD ATTRIBUTE {}", spell(attribute)));
        statement.adds.extend(self.places(attribute));
        statement
    }

    fn retype(&self, attribute: &Attribute) -> Statement {
        let spelled = spell(attribute);
        let (name, of) = spelled.split_at(quote_identifier(&attribute.name).len());
        let mut statement = self.alter(&format!("ALTER ATTRIBUTE {name} TYPE{of}"));
        statement.removes.extend(self.places(attribute));
        statement.adds.extend(self.places(attribute));
        statement
    }
}

/// Where rows hold values of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kept {
    Nowhere,
    /// In columns of the type, or of arrays of it.
    Directly,
    /// Also in columns of what is made of the type: composite types, ranges, domains, materialized views.
    Within,
}

/// Where rows hold values of a type; of a table that is made of the type (`OF`), the columns are what counts.
fn kept(it: &Altered<'_, '_>) -> Kept {
    let catalog = it.from.catalog();
    let mut types = vec![it.identity.clone()];
    let mut kept = Kept::Nowhere;
    let mut at = 0;
    while let Some(of) = types.get(at).cloned() {
        let name = of.qualified_name();
        let is_nested = at > 0;
        at += 1;
        for (identity, object) in catalog.iter().filter(|(_, object)| object.dependencies.iter().any(|it| it.on == of)) {
            match &object.definition {
                Definition::Composite(_) | Definition::Domain(_) | Definition::Range(_) if !types.contains(identity) => {
                    types.push(identity.clone())
                }
                Definition::MaterializedView(_) => kept = Kept::Within,
                Definition::Table(table) if table.columns.iter().any(|column| column.data_type.name == name) => {
                    kept = kept.max(if is_nested { Kept::Within } else { Kept::Directly });
                }
                _ => {}
            }
        }
    }
    kept
}

/// Whether the server adds no demand to a domain because rows hold its values within others (documentation, ALTER DOMAIN, Notes).
pub(super) fn is_contained(from: &Writer<'_>, domain: &Identity) -> bool {
    containers(from.catalog(), domain).iter().any(|it| it.kind == Kind::Table)
}

/// The tables and materialized views whose rows hold a domain's values within others: in arrays, composite types, ranges.
pub(in crate::ddl) fn containers<'a>(catalog: &'a Catalog, domain: &Identity) -> Vec<&'a Identity> {
    let mut types = vec![(domain.clone(), false)];
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((of, is_within)) = types.get(at).cloned() {
        let name = of.qualified_name();
        at += 1;
        for (identity, object) in catalog.iter().filter(|(_, object)| object.dependencies.iter().any(|it| it.on == of)) {
            let holds = |of: &DataType| of.name == name && (is_within || of.array);
            let add = match &object.definition {
                Definition::Domain(it) => Some(is_within || it.base.array),
                Definition::Composite(_) | Definition::Range(_) => Some(true),
                Definition::Table(table) => {
                    found.extend(table.columns.iter().any(|it| holds(&it.data_type)).then_some(identity));
                    None
                }
                _ => None,
            };
            if let Some(within) = add
                && !types.iter().any(|(it, already)| it == identity && *already == within)
            {
                types.push((identity.clone(), within));
            }
        }
        // A view needs what it reads, not the types of its columns.
        for (identity, object) in catalog.of_kind(Kind::MaterializedView) {
            let Definition::MaterializedView(view) = &object.definition else { continue };
            let holds = |it: &ViewColumn| it.data_type.as_ref().is_some_and(|of| of.name == name && (is_within || of.array));
            found.extend(view.columns.iter().any(holds).then_some(identity));
        }
    }
    found
}

fn is_typed(it: &Altered<'_, '_>, object: &crate::catalog::Object) -> bool {
    matches!(&object.definition, Definition::Table(table) if table.of_type.as_ref() == Some(&it.identity.qualified_name()))
}

/// The tables that are made of the type, before and after.
fn typed_tables(it: &Altered<'_, '_>) -> Vec<Identity> {
    let tables = it.from.catalog().of_kind(Kind::Table).filter(|(_, object)| is_typed(it, object));
    let both = tables.filter(|(identity, _)| it.to.catalog().get(identity).is_some_and(|object| is_typed(it, object)));
    both.map(|(identity, _)| identity.clone()).collect()
}

pub(super) fn range(it: &Altered<'_, '_>, old: &Range, new: &Range) -> Alteration {
    let Range { subtype, operator_class, collation, canonical, subtype_diff, multirange } = new;
    let made_of = (subtype, operator_class, collation, canonical, subtype_diff);
    if made_of != (&old.subtype, &old.operator_class, &old.collation, &old.canonical, &old.subtype_diff) {
        return Alteration::Replace("a range type can't be altered");
    }
    let renamed = (*multirange != old.multirange && it.to.major >= 14).then(|| {
        let own = qualified(&it.identity.schema, &old.multirange);
        it.statement(format!("ALTER TYPE {own} RENAME TO {};", quote_identifier(multirange)))
    });
    Alteration::one(renamed)
}

/// `ALTER TYPE … SET` can give a base type other functions, and another storage unless the old one was plain.
pub(super) fn base_type(it: &Altered<'_, '_>, old: &BaseType, new: &BaseType) -> Alteration {
    let (BaseType::Defined(old), BaseType::Defined(new)) = (old, new) else {
        return if old == new { Alteration::one(None) } else { Alteration::Replace("what a shell is") };
    };
    let BaseTypeDefinition {
        input,
        output,
        receive,
        send,
        modifiers_in,
        modifiers_out,
        analyze,
        subscript,
        length,
        passed_by_value,
        alignment,
        storage,
        category,
        preferred,
        default,
        element,
        delimiter,
        collatable,
    } = &**new;
    let kept = input == &old.input
        && output == &old.output
        && length == &old.length
        && passed_by_value == &old.passed_by_value
        && alignment == &old.alignment
        && category == &old.category
        && preferred == &old.preferred
        && default == &old.default
        && element == &old.element
        && delimiter == &old.delimiter
        && collatable == &old.collatable;
    if !kept {
        return Alteration::Replace("the form of a base type");
    }
    if storage != &old.storage && [storage.as_str(), old.storage.as_str()].contains(&"plain") {
        return Alteration::Replace("whether values of a base type can be moved out of line");
    }
    let functions = [
        ("RECEIVE", receive, &old.receive),
        ("SEND", send, &old.send),
        ("TYPMOD_IN", modifiers_in, &old.modifiers_in),
        ("TYPMOD_OUT", modifiers_out, &old.modifiers_out),
        ("ANALYZE", analyze, &old.analyze),
        ("SUBSCRIPT", subscript, &old.subscript),
    ];
    let changed = functions.into_iter().filter(|(_, new, old)| new != old);
    let mut options: Vec<String> =
        changed.map(|(word, new, _)| format!("{word} = {}", new.as_ref().map_or_else(|| "NONE".to_owned(), name))).collect();
    if storage != &old.storage {
        options.push(format!("STORAGE = {storage}"));
    }
    let sql = || format!("ALTER {} SET ({});", it.address(), options.join(", "));
    Alteration::one((!options.is_empty()).then(|| it.statement(sql())))
}
