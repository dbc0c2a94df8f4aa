//! Schemas, extensions, languages, access methods and transforms.

use super::{Alteration, Altered};
use crate::catalog::{AccessMethod, Extension, Language, Schema, Transform};
use crate::ddl::extension as create;
use crate::ddl::quote::{quote_identifier, quote_literal};

pub(super) fn schema(_: &Altered<'_, '_>, _: &Schema, new: &Schema) -> Alteration {
    let Schema {} = new;
    Alteration::one(None)
}

/// What is not said (a schema, a version) is as it happens to be, so there is nothing to go to.
pub(super) fn extension(it: &Altered<'_, '_>, old: &Extension, new: &Extension) -> Alteration {
    let Extension { schema, version } = new;
    let own = quote_identifier(&it.identity.name);
    let mut statements = Vec::new();
    if let Some(version) = version.as_ref().filter(|_| *version != old.version) {
        statements.push(it.statement(format!("ALTER EXTENSION {own} UPDATE TO {};", quote_literal(version))));
    }
    if let Some(schema) = schema.as_ref().filter(|_| *schema != old.schema) {
        statements.push(it.statement(format!("ALTER EXTENSION {own} SET SCHEMA {};", quote_identifier(schema))));
    }
    Alteration::Statements(statements)
}

pub(super) fn language(it: &Altered<'_, '_>, old: &Language, new: &Language) -> Alteration {
    let Language { trusted, handler, inline, validator } = new;
    if (*trusted, handler, inline, validator) == (old.trusted, &old.handler, &old.inline, &old.validator) {
        return Alteration::one(None);
    }
    it.again(create::language(it.identity, it.after, new))
}

pub(super) fn transform(it: &Altered<'_, '_>, old: &Transform, new: &Transform) -> Alteration {
    let Transform { from_sql, to_sql } = new;
    if (from_sql, to_sql) == (&old.from_sql, &old.to_sql) {
        return Alteration::one(None);
    }
    it.again(create::transform(it.identity, it.after, new))
}

pub(super) fn access_method(_: &Altered<'_, '_>, old: &AccessMethod, new: &AccessMethod) -> Alteration {
    if old == new { Alteration::one(None) } else { Alteration::Replace("an access method can't be altered") }
}
