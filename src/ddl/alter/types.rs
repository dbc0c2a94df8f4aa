//! Enums, domains, composites, ranges and base types.

use super::super::quote::name;
use super::{Alteration, Altered};
use crate::catalog::{BaseType, BaseTypeDefinition, Composite, Domain, Enum, Range};

pub(super) fn enumeration(_: &Altered<'_, '_>, old: &Enum, new: &Enum) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn domain(_: &Altered<'_, '_>, old: &Domain, new: &Domain) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn composite(_: &Altered<'_, '_>, old: &Composite, new: &Composite) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
}

pub(super) fn range(_: &Altered<'_, '_>, old: &Range, new: &Range) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("x") }
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
