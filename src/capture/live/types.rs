//! Enums, domains, composites, ranges and base types.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::capture::script::types::is_default_operator_class;
use crate::capture::script::{base_type, canonical, dependency};
use crate::catalog::{
    Alignment, Attribute, BaseType, BaseTypeDefinition, Composite, Constraint, ConstraintKind, DataType, Deferral, Definition, Dependency,
    Domain, Enum, Expression, Identity, Kind, Object, QualifiedName, Range,
};

use crate::ddl::quote_literal;

use super::known::Oid;
use super::rows::{Answers, Row};
use super::{Builder, CaptureError, Scope, expression, parse_expression};

#[derive(Deserialize)]
pub(super) struct EnumRow {
    oid: Oid,
    schema: String,
    name: String,
    owner: String,
    acl: Option<Vec<String>>,
    labels: Option<Vec<String>>,
}

impl Row for EnumRow {
    const QUERY: &'static str = "
        SELECT t.oid::int8 AS oid, n.nspname AS schema, t.typname AS name, pg_catalog.pg_get_userbyid(t.typowner) AS owner,
            t.typacl::text[] AS acl, e.labels
        FROM pg_catalog.pg_type t
        JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        LEFT JOIN (
            SELECT enumtypid, pg_catalog.json_agg(enumlabel ORDER BY enumsortorder) AS labels FROM pg_catalog.pg_enum GROUP BY enumtypid
        ) e ON e.enumtypid = t.oid
        WHERE t.typtype = 'e' AND $own";
}

#[derive(Deserialize)]
pub(super) struct DomainRow {
    oid: Oid,
    schema: String,
    name: String,
    owner: String,
    acl: Option<Vec<String>>,
    base: Oid,
    formatted: Option<String>,
    collation: Option<Oid>,
    not_null: bool,
    default: Option<String>,
    /// That of a base type is a text for its input function.
    inherited_default: Option<String>,
}

impl Row for DomainRow {
    const QUERY: &'static str = "
        SELECT t.oid::int8 AS oid, n.nspname AS schema, t.typname AS name, pg_catalog.pg_get_userbyid(t.typowner) AS owner,
            t.typacl::text[] AS acl, t.typbasetype::int8 AS base,
            CASE WHEN t.typtypmod <> -1 THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END AS formatted,
            CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::int8 END AS collation, t.typnotnull AS not_null,
            pg_catalog.pg_get_expr(t.typdefaultbin, 0) AS default, CASE WHEN t.typdefaultbin IS NULL THEN t.typdefault END AS inherited_default
        FROM pg_catalog.pg_type t
        JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
        WHERE t.typtype = 'd' AND $own";
}

#[derive(Deserialize)]
pub(super) struct CompositeRow {
    oid: Oid,
    relation: Oid,
    schema: String,
    name: String,
    owner: String,
    acl: Option<Vec<String>>,
    attributes: Option<Vec<AttributeRow>>,
}

#[derive(Deserialize)]
struct AttributeRow {
    number: i16,
    name: String,
    data_type: Oid,
    formatted: Option<String>,
    collation: Option<Oid>,
}

impl Row for CompositeRow {
    const QUERY: &'static str = "
        SELECT t.oid::int8 AS oid, c.oid::int8 AS relation, n.nspname AS schema, t.typname AS name,
            pg_catalog.pg_get_userbyid(t.typowner) AS owner, t.typacl::text[] AS acl, x.attributes
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_type t ON t.oid = c.reltype
        LEFT JOIN (
            SELECT a.attrelid, pg_catalog.json_agg(pg_catalog.json_build_object('number', a.attnum, 'name', a.attname,
                'data_type', a.atttypid::int8,
                'formatted', CASE WHEN a.atttypmod <> -1 THEN pg_catalog.format_type(a.atttypid, a.atttypmod) END,
                'collation', CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::int8 END) ORDER BY a.attnum) AS attributes
            FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'c'
            JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            WHERE a.attnum > 0 AND NOT a.attisdropped
            GROUP BY a.attrelid
        ) x ON x.attrelid = c.oid
        WHERE c.relkind = 'c' AND $own";
}

#[derive(Deserialize)]
pub(super) struct RangeRow {
    oid: Oid,
    schema: String,
    name: String,
    owner: String,
    acl: Option<Vec<String>>,
    subtype: Oid,
    operator_class: Oid,
    collation: Option<Oid>,
    canonical: Oid,
    subtype_diff: Oid,
    #[serde(default)]
    multirange: Option<String>,
}

impl Row for RangeRow {
    const QUERY: &'static str = "
        SELECT t.oid::int8 AS oid, n.nspname AS schema, t.typname AS name, pg_catalog.pg_get_userbyid(t.typowner) AS owner,
            t.typacl::text[] AS acl, r.rngsubtype::int8 AS subtype, r.rngsubopc::int8 AS operator_class,
            CASE WHEN r.rngcollation <> s.typcollation THEN r.rngcollation::int8 END AS collation,
            r.rngcanonical::oid::int8 AS canonical, r.rngsubdiff::oid::int8 AS subtype_diff
            , m.typname AS multirange -- since 14
        FROM pg_catalog.pg_range r
        JOIN pg_catalog.pg_type t ON t.oid = r.rngtypid
        JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        JOIN pg_catalog.pg_type s ON s.oid = r.rngsubtype
        LEFT JOIN pg_catalog.pg_type m ON m.oid = r.rngmultitypid -- since 14
        WHERE $own";
}

#[derive(Deserialize)]
pub(super) struct BaseRow {
    oid: Oid,
    schema: String,
    name: String,
    owner: String,
    acl: Option<Vec<String>>,
    defined: bool,
    input: Oid,
    output: Oid,
    receive: Oid,
    send: Oid,
    modifiers_in: Oid,
    modifiers_out: Oid,
    analyze: Oid,
    #[serde(default)]
    subscript: Oid,
    length: i16,
    passed_by_value: bool,
    alignment: String,
    storage: char,
    category: char,
    preferred: bool,
    default: Option<String>,
    element: Oid,
    delimiter: char,
    collatable: bool,
}

impl Row for BaseRow {
    const QUERY: &'static str = "
        SELECT t.oid::int8 AS oid, n.nspname AS schema, t.typname AS name, pg_catalog.pg_get_userbyid(t.typowner) AS owner,
            t.typacl::text[] AS acl, t.typisdefined AS defined, t.typinput::oid::int8 AS input, t.typoutput::oid::int8 AS output,
            t.typreceive::oid::int8 AS receive, t.typsend::oid::int8 AS send, t.typmodin::oid::int8 AS modifiers_in,
            t.typmodout::oid::int8 AS modifiers_out, t.typanalyze::oid::int8 AS analyze,
            t.typsubscript::oid::int8 AS subscript, -- since 14
            t.typlen AS length, t.typbyval AS passed_by_value, t.typalign AS alignment, t.typstorage AS storage,
            t.typcategory AS category, t.typispreferred AS preferred, t.typdefault AS default, t.typelem::int8 AS element,
            t.typdelim AS delimiter, t.typcollation <> 0 AS collatable
        FROM pg_catalog.pg_type t
        JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        WHERE t.typtype IN ('b', 'p') AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid) AND $own";
}

/// Every type by its name: what anything else may be made of.
pub(super) fn names(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<BaseRow>()? {
        if it.known.is_member("pg_type", row.oid) {
            continue;
        }
        let identity = Identity::new(Kind::BaseType, row.schema, row.name);
        let object = it.object(&identity, Definition::BaseType(BaseType::Shell), row.owner, row.acl.as_deref());
        it.put("pg_type", row.oid, identity, object);
    }
    for row in answers.rows::<EnumRow>()? {
        if it.known.is_member("pg_type", row.oid) {
            continue;
        }
        let identity = Identity::new(Kind::Enum, row.schema, row.name);
        let definition = Definition::Enum(Enum { labels: row.labels.unwrap_or_default() });
        let object = it.object(&identity, definition, row.owner, row.acl.as_deref());
        it.put("pg_type", row.oid, identity, object);
    }
    // Domains, composites and ranges may be over each other: their names come first, their parts after them.
    for row in answers.rows::<DomainRow>()? {
        if it.known.is_member("pg_type", row.oid) {
            continue;
        }
        let identity = Identity::new(Kind::Domain, row.schema, row.name);
        let base = it.known.data_type(row.base, row.formatted.as_deref());
        let collation = row.collation.and_then(|oid| it.known.named("pg_collation", oid, &mut Vec::new()));
        let default = row.inherited_default.map(|it| Expression(quote_literal(&it)));
        let domain = Domain { base, collation, default, not_null: row.not_null };
        let object = it.object(&identity, Definition::Domain(domain), row.owner, row.acl.as_deref());
        it.put("pg_type", row.oid, identity, object);
    }
    for row in answers.rows::<CompositeRow>()? {
        if it.known.is_member("pg_type", row.oid) || it.known.is_member("pg_class", row.relation) {
            continue;
        }
        let identity = Identity::new(Kind::Composite, row.schema, row.name);
        let mut attributes = Vec::new();
        for attribute in row.attributes.into_iter().flatten() {
            it.known.add_column(row.relation, attribute.number, &attribute.name);
            attributes.push(Attribute {
                name: attribute.name,
                data_type: it.known.data_type(attribute.data_type, attribute.formatted.as_deref()),
                collation: attribute.collation.and_then(|oid| it.known.named("pg_collation", oid, &mut Vec::new())),
                comment: None,
            });
        }
        let object = it.object(&identity, Definition::Composite(Composite { attributes }), row.owner, row.acl.as_deref());
        it.known.add("pg_class", row.relation, identity.clone());
        it.put("pg_type", row.oid, identity, object);
    }
    for row in answers.rows::<RangeRow>()? {
        if it.known.is_member("pg_type", row.oid) {
            continue;
        }
        let identity = Identity::new(Kind::Range, row.schema, row.name);
        let multirange = row.multirange.unwrap_or_else(|| crate::capture::script::names::multirange_name(&identity.name));
        let subtype = it.known.data_type(row.subtype, None);
        let collation = row.collation.and_then(|oid| it.known.named("pg_collation", oid, &mut Vec::new()));
        let range = Range { subtype, operator_class: None, collation, canonical: None, subtype_diff: None, multirange };
        let object = it.object(&identity, Definition::Range(range), row.owner, row.acl.as_deref());
        it.put("pg_type", row.oid, identity, object);
    }
    Ok(())
}

/// What types need of each other, and of the functions and classes that are there now.
pub(super) fn types(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<RangeRow>()? {
        let Some(identity) = it.known.object("pg_type", row.oid).cloned() else { continue };
        let mut needs = BTreeSet::new();
        let subtype = it.known.data_type(row.subtype, None);
        it.state.type_dependencies(&subtype, &mut needs);
        if let Some(collation) = row.collation {
            it.known.named("pg_collation", collation, &mut needs);
        }
        let mut class_needs = BTreeSet::new();
        let class = it.known.named("pg_opclass", row.operator_class, &mut class_needs);
        let class = class.filter(|class| !is_default_operator_class(&it.state, "btree", &subtype, class));
        if class.is_some() {
            needs.extend(class_needs);
        }
        let canonical = it.known.called(row.canonical, &mut needs);
        let subtype_diff = it.known.called(row.subtype_diff, &mut needs);
        it.change(&identity, |object| {
            object.dependencies.extend(needs);
            if let Definition::Range(range) = &mut object.definition {
                (range.operator_class, range.canonical, range.subtype_diff) = (class, canonical, subtype_diff);
            }
        });
    }
    for row in answers.rows::<BaseRow>()?.into_iter().filter(|row| row.defined) {
        let Some(identity) = it.known.object("pg_type", row.oid).cloned() else { continue };
        let mut needs = BTreeSet::new();
        let Some(definition) = base_type(it, row, &mut needs) else { continue };
        it.change(&identity, |object| {
            object.dependencies.extend(needs);
            object.definition = Definition::BaseType(BaseType::Defined(Box::new(definition)));
        });
    }
    let kinds = [Kind::Domain, Kind::Composite];
    let made: Vec<Identity> =
        kinds.iter().flat_map(|kind| it.state.catalog().of_kind(*kind)).map(|(identity, _)| identity.clone()).collect();
    made.iter().for_each(|identity| dependency::refresh(&mut it.state, identity));
    Ok(())
}

fn base_type(it: &Builder, row: BaseRow, needs: &mut BTreeSet<Dependency>) -> Option<BaseTypeDefinition> {
    let element = (row.element != 0).then(|| it.known.data_type(row.element, None));
    if let Some(element) = &element {
        it.state.type_dependencies(element, needs);
    }
    let mut called = |oid: Oid| it.known.called(oid, needs);
    // That of fixed lengths follows from the element.
    let implied =
        |subscript: &QualifiedName| element.is_some() && subscript.is_builtin() && subscript.name == "raw_array_subscript_handler";
    Some(BaseTypeDefinition {
        input: called(row.input)?,
        output: called(row.output)?,
        receive: called(row.receive),
        send: called(row.send),
        modifiers_in: called(row.modifiers_in),
        modifiers_out: called(row.modifiers_out),
        analyze: called(row.analyze),
        subscript: called(row.subscript).filter(|it| !implied(it)),
        length: row.length,
        passed_by_value: row.passed_by_value,
        alignment: match row.alignment.as_str() {
            "c" => Alignment::Char,
            "s" => Alignment::Int2,
            "d" => Alignment::Double,
            _ => Alignment::Int4,
        },
        storage: base_type::storage_word(row.storage).to_owned(),
        category: row.category,
        preferred: row.preferred,
        default: row.default,
        element,
        delimiter: row.delimiter,
        collatable: row.collatable,
    })
}

/// The defaults of domains.
pub(super) fn expressions(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<DomainRow>()? {
        let (Some(identity), Some(default)) = (it.known.object("pg_type", row.oid).cloned(), row.default) else { continue };
        let base = it.known.data_type(row.base, row.formatted.as_deref());
        let default = it.part(&identity, |state| canonical::default(state, &parse_expression(&default)?, None, &base)).flatten();
        it.change(&identity, |object| {
            let (Definition::Domain(domain), Some(default)) = (&mut object.definition, default) else { return };
            domain.default = Some(default.expression);
            object.dependencies.extend(default.dependencies);
        });
    }
    Ok(())
}

/// A CHECK of a domain.
pub(super) fn check(it: &mut Builder, domain: &Identity, name: String, text: &str, validated: bool) -> Option<(Identity, Object)> {
    let base = match &it.state.get(domain)?.definition {
        Definition::Domain(domain) => domain.base.clone(),
        _ => DataType::builtin("none"),
    };
    let identity = Identity::within(Kind::Constraint, &domain.qualified_name(), name);
    let check = it.part(&identity, |state| expression(state, text, &Scope::value(base.clone())))?;
    let mut object = Object::new(Definition::Constraint(Constraint {
        kind: ConstraintKind::Check(check.expression),
        deferral: Deferral::NotDeferrable,
        validated,
        enforced: true,
        no_inherit: false,
        inherited: false,
        local: true,
    }));
    object.dependencies = check.dependencies.into();
    object.dependencies.insert(Dependency::on(domain.clone()).auto());
    Some((identity, object))
}
