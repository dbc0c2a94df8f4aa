//! Schemas, extensions, languages, access methods and transforms.

use super::Statement;
use super::data_type::data_types;
use super::quote::{name, qualified, quote_identifier, quote_literal};
use crate::catalog::{AccessMethod, AccessMethodTarget, Extension, Identity, Language, Object, Schema, Transform};

pub(super) fn schema(identity: &Identity, object: &Object, schema: &Schema) -> Vec<Statement> {
    let Schema {} = schema;
    // Every new database has `public`.
    let condition = if identity.name == "public" { "IF NOT EXISTS " } else { "" };
    vec![Statement::creating(identity, object, format!("CREATE SCHEMA {condition}{};", quote_identifier(&identity.name)))]
}

pub(super) fn extension(identity: &Identity, object: &Object, extension: &Extension) -> Vec<Statement> {
    let Extension { schema, version } = extension;
    // Every new database has `plpgsql`, and a template may have others.
    let mut sql = format!("CREATE EXTENSION IF NOT EXISTS {}", quote_identifier(&identity.name));
    if let Some(schema) = schema {
        sql.push_str(&format!(" WITH SCHEMA {}", quote_identifier(schema)));
    }
    if let Some(version) = version {
        sql.push_str(&format!(" VERSION {}", quote_literal(version)));
    }
    sql.push(';');
    vec![Statement::creating(identity, object, sql)]
}

pub(super) fn language(identity: &Identity, object: &Object, language: &Language) -> Vec<Statement> {
    let Language { trusted, handler, inline, validator } = language;
    let trusted = if *trusted { "TRUSTED " } else { "" };
    let mut sql = format!("CREATE OR REPLACE {trusted}LANGUAGE {}", quote_identifier(&identity.name));
    for (word, function) in [("HANDLER", handler), ("INLINE", inline), ("VALIDATOR", validator)] {
        if let Some(function) = function {
            sql.push_str(&format!(" {word} {}", name(function)));
        }
    }
    sql.push(';');
    vec![Statement::creating(identity, object, sql)]
}

pub(super) fn access_method(identity: &Identity, object: &Object, method: &AccessMethod) -> Vec<Statement> {
    let AccessMethod { target, handler } = method;
    let target = match target {
        AccessMethodTarget::Table => "TABLE",
        AccessMethodTarget::Index => "INDEX",
    };
    let sql = format!("CREATE ACCESS METHOD {} TYPE {target} HANDLER {};", quote_identifier(&identity.name), name(handler));
    vec![Statement::creating(identity, object, sql)]
}

pub(super) fn transform(identity: &Identity, object: &Object, transform: &Transform) -> Vec<Statement> {
    let Transform { from_sql, to_sql } = transform;
    let ways = [("FROM SQL", from_sql), ("TO SQL", to_sql)].into_iter().filter_map(|(word, function)| {
        let function = function.as_ref()?;
        Some(format!("    {word} WITH FUNCTION {}", signature(function)))
    });
    let ways = ways.collect::<Vec<_>>().join(",\n");
    let sql =
        format!("CREATE TRANSFORM FOR {} LANGUAGE {} (\n{ways}\n);", data_types(&identity.arguments), quote_identifier(&identity.name));
    vec![Statement::creating(identity, object, sql)]
}

/// A function with its argument types: `a.f(integer)`.
pub(super) fn signature(function: &Identity) -> String {
    format!("{}({})", qualified(&function.schema, &function.name), data_types(&function.arguments))
}
