//! Enums, domains, composites, ranges and base types.

use super::attributes::column_comment;
use super::data_type::data_type;
use super::quote::{default_expression, name, qualified, quote_identifier, quote_literal};
use super::{Statement, Writer};
use crate::catalog::{
    Alignment, Attribute, BaseType, BaseTypeDefinition, Composite, Definition, Domain, Enum, Identity, Kind, Object, QualifiedName, Range,
};

pub(super) fn enumeration(identity: &Identity, object: &Object, enumeration: &Enum) -> Vec<Statement> {
    let Enum { labels } = enumeration;
    let labels: Vec<String> = labels.iter().map(|label| format!("    {}", quote_literal(label))).collect();
    let sql = format!("CREATE TYPE {} AS ENUM (\n{}\n);", qualified(&identity.schema, &identity.name), labels.join(",\n"));
    vec![Statement::creating(identity, object, sql)]
}

pub(super) fn domain(writer: &Writer<'_>, identity: &Identity, object: &Object, domain: &Domain) -> Vec<Statement> {
    let Domain { base, collation, default, not_null } = domain;
    let own = qualified(&identity.schema, &identity.name);
    let mut sql = format!("CREATE DOMAIN {own} AS {}{}", data_type(base), collate(collation.as_ref()));
    let later = default.as_ref().filter(|_| writer.cycle(identity).is_some());
    // The default of a base type is the domain's too, without a word.
    let inherited = match writer.find(&[Kind::BaseType], &base.name).map(|(_, below)| &below.definition) {
        Some(Definition::BaseType(BaseType::Defined(it))) if !base.array => it.default.as_deref().map(quote_literal),
        _ => None,
    };
    let said = default.as_ref().filter(|it| inherited.as_ref() != Some(&it.0));
    if let (Some(default), None) = (said, later) {
        sql.push_str(&format!(" DEFAULT {}", default_expression(default)));
    }
    if *not_null {
        sql.push_str(" NOT NULL");
    }
    sql.push(';');
    let mut create = Statement::creating(identity, object, sql);
    let Some(default) = later else { return vec![create] };
    let mut set = Statement::creating(identity, object, format!("ALTER DOMAIN {own} SET DEFAULT {};", default.0));
    set.needs.insert(identity.clone());
    let types = [Some(&base.name), collation.as_ref()];
    create.needs.retain(|need| need.kind == Kind::Schema || types.contains(&Some(&need.qualified_name())));
    create.begins.append(&mut create.creates);
    vec![create, set]
}

pub(super) fn composite(identity: &Identity, object: &Object, composite: &Composite) -> Vec<Statement> {
    let Composite { attributes } = composite;
    let lines: Vec<String> = attributes.iter().map(|it| format!("    {}", attribute(it))).collect();
    let own = qualified(&identity.schema, &identity.name);
    let sql =
        if lines.is_empty() { format!("CREATE TYPE {own} AS ();") } else { format!("CREATE TYPE {own} AS (\n{}\n);", lines.join(",\n")) };
    let mut statements = vec![Statement::creating(identity, object, sql)];
    let comments = attributes.iter().filter_map(|attribute| Some(column_comment(identity, &attribute.name, attribute.comment.as_deref()?)));
    statements.extend(comments);
    statements
}

/// An attribute: name, type, collation.
pub(super) fn attribute(attribute: &Attribute) -> String {
    let Attribute { name, data_type: of, collation, comment: _ } = attribute;
    format!("{} {}{}", quote_identifier(name), data_type(of), collate(collation.as_ref()))
}

pub(super) fn range(writer: &Writer<'_>, identity: &Identity, object: &Object, range: &Range) -> Vec<Statement> {
    let Range { subtype, operator_class, collation, canonical, subtype_diff, multirange } = range;
    let own = qualified(&identity.schema, &identity.name);
    let mut lines = vec![format!("    SUBTYPE = {}", data_type(subtype))];
    let named = [("SUBTYPE_OPCLASS", operator_class), ("COLLATION", collation), ("CANONICAL", canonical), ("SUBTYPE_DIFF", subtype_diff)];
    lines.extend(named.into_iter().filter_map(|(word, value)| Some(format!("    {word} = {}", name(value.as_ref()?)))));
    if *multirange != default_multirange(&identity.name) {
        lines.push(format!("    MULTIRANGE_TYPE_NAME = {}", qualified(&identity.schema, multirange)));
    }
    let mut statements = Vec::new();
    if writer.cycle(identity).is_some() {
        // A canonical function takes the range itself: the name comes first, as a shell.
        let mut shell = Statement::creating(identity, object, format!("CREATE TYPE {own};"));
        shell.needs.retain(|need| need.kind == Kind::Schema);
        shell.begins.append(&mut shell.creates);
        statements.push(shell);
    }
    let mut create = Statement::creating(identity, object, format!("CREATE TYPE {own} AS RANGE (\n{}\n);", lines.join(",\n")));
    if !statements.is_empty() {
        create.needs.insert(identity.clone());
    }
    statements.push(create);
    statements
}

/// A base type and its functions need each other: first its name, then they, then what it is.
pub(super) fn base_type(identity: &Identity, object: &Object, base_type: &BaseType) -> Vec<Statement> {
    let own = qualified(&identity.schema, &identity.name);
    let mut shell = Statement::creating(identity, object, format!("CREATE TYPE {own};"));
    let BaseType::Defined(definition) = base_type else { return vec![shell] };
    shell.needs.retain(|need| need.kind == Kind::Schema);
    shell.begins.append(&mut shell.creates);
    let mut create =
        Statement::creating(identity, object, format!("CREATE TYPE {own} (\n{}\n);", base_type_options(definition).join(",\n")));
    create.needs.insert(identity.clone());
    vec![shell, create]
}

fn base_type_options(definition: &BaseTypeDefinition) -> Vec<String> {
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
    } = definition;
    let mut lines = vec![format!("    INPUT = {}", name(input)), format!("    OUTPUT = {}", name(output))];
    let functions = [
        ("RECEIVE", receive),
        ("SEND", send),
        ("TYPMOD_IN", modifiers_in),
        ("TYPMOD_OUT", modifiers_out),
        ("ANALYZE", analyze),
        ("SUBSCRIPT", subscript),
    ];
    lines.extend(functions.into_iter().filter_map(|(word, function)| Some(format!("    {word} = {}", name(function.as_ref()?)))));
    let length = if *length == -1 { "VARIABLE".to_owned() } else { length.to_string() };
    lines.push(format!("    INTERNALLENGTH = {length}"));
    if *passed_by_value {
        lines.push("    PASSEDBYVALUE".to_owned());
    }
    let alignment = match alignment {
        Alignment::Char => "char",
        Alignment::Int2 => "int2",
        Alignment::Int4 => "int4",
        Alignment::Double => "double",
    };
    lines.push(format!("    ALIGNMENT = {alignment}"));
    lines.push(format!("    STORAGE = {storage}"));
    if *category != 'U' {
        lines.push(format!("    CATEGORY = {}", quote_literal(&category.to_string())));
    }
    if *preferred {
        lines.push("    PREFERRED = true".to_owned());
    }
    lines.extend(default.as_ref().map(|default| format!("    DEFAULT = {}", quote_literal(default))));
    lines.extend(element.as_ref().map(|element| format!("    ELEMENT = {}", data_type(element))));
    if *delimiter != ',' {
        lines.push(format!("    DELIMITER = {}", quote_literal(&delimiter.to_string())));
    }
    if *collatable {
        lines.push("    COLLATABLE = true".to_owned());
    }
    lines
}

/// The name that a multirange type gets by itself (`src/backend/commands/typecmds.c`, `makeMultirangeTypeName`).
fn default_multirange(range: &str) -> String {
    let name = match range.find("range") {
        Some(_) => range.replacen("range", "multirange", 1),
        None => {
            let mut end = range.len().min(63 - "_multirange".len());
            while !range.is_char_boundary(end) {
                end -= 1;
            }
            format!("{}_multirange", &range[..end])
        }
    };
    let mut end = name.len().min(63);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].to_owned()
}

/// ` COLLATE …`, or nothing.
pub(super) fn collate(collation: Option<&QualifiedName>) -> String {
    collation.map_or_else(String::new, |collation| format!(" COLLATE {}", name(collation)))
}
