//! Columns: names, types, nullability, tags.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::literal::{comment_lines, field_tag, string};
use super::relation::{Relation, Source};
use super::{Builder, Error, naming};
use crate::catalog::{ConstraintKind, DataType, Definition, Identity, Kind, QualifiedName};
use crate::codegen::go_types::{Null, Type, plain};
use crate::codegen::model::{Column, GoType};
use crate::codegen::names::{self, Scope};
use crate::ddl::{data_type, quote_identifier};
use crate::diagnostic::Diagnostic;

/// Methods of the generated structs, which no field can be called.
const METHODS: &[&str] = &["TableName", "MarshalText", "UnmarshalText"];

/// A column, and what only the builder needs to know of it.
#[derive(Clone)]
pub(super) struct Built {
    pub column: Column,
    pub resolved: Arc<Type>,
}

impl Built {
    /// The same without what nothing but the table's own files says: what samples plan with, for all tables at once.
    pub(super) fn for_samples(mut self) -> Self {
        let Column { sql, literal, parameter, tag, optional_tag, select, cast, go_type, doc, .. } = &mut self.column;
        for text in [sql, literal, parameter, tag, optional_tag, select, cast, &mut go_type.local, &mut go_type.qualified] {
            *text = String::new();
        }
        *doc = Vec::new();
        self
    }

    /// Takes the copy of its type that there is already.
    pub(super) fn share(&mut self, types: &mut HashSet<Arc<Type>>) {
        match types.get(&self.resolved) {
            Some(known) => self.resolved = Arc::clone(known),
            None => {
                types.insert(Arc::clone(&self.resolved));
            }
        }
    }

    /// The value as read off a field of the model, which must be present.
    pub(super) fn value(&self, row: &str) -> String {
        let field = format!("{row}.{}", self.column.field);
        if self.column.nullable { self.resolved.unwrap(&field) } else { field }
    }

    /// A condition that is true where the field has a value; empty where it always has.
    pub(super) fn present(&self, row: &str) -> String {
        if self.column.nullable { self.resolved.present(&format!("{row}.{}", self.column.field)) } else { String::new() }
    }
}

/// Builds the columns of a relation, in physical order.
pub(super) fn columns(
    builder: &Builder<'_>,
    relation: &Relation<'_>,
    model: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<Built>, Error> {
    let primary: BTreeSet<&str> = relation
        .constraints
        .iter()
        .filter_map(|(_, constraint)| match &constraint.kind {
            ConstraintKind::PrimaryKey(key) => Some(key.columns.iter().map(String::as_str)),
            _ => None,
        })
        .flatten()
        .collect();
    let fields = fields(builder, relation)?;
    let parameters = parameters(builder, relation, model);
    let mut out = Vec::with_capacity(relation.columns.len());
    for ((source, field), parameter) in relation.columns.iter().zip(fields).zip(parameters) {
        let in_primary_key = primary.contains(source.name);
        let nullable = !(source.not_null || in_primary_key || builder.domain_not_null(source.data_type));
        let (resolved, go_type) = resolve(builder, relation, source, nullable);
        if resolved.fallback {
            let place = format!("`{}.{}.{}`", relation.name.schema, relation.name.name, source.name);
            let message = format!("column {place} is a string in Go: its type `{}` has no Go type of its own", data_type(source.data_type));
            diagnostics.push(
                Diagnostic::warning(message).about(relation.identity.clone()).hint("choose one with an entry in `types` of the config"),
            );
        }
        let tags = builder.options.tags;
        let validate = validate(builder, source, nullable);
        let sql = quote_identifier(source.name);
        out.push(Built {
            column: Column {
                name: source.name.to_owned(),
                literal: string(source.name),
                tag: field_tag(tags, source.name, &field, &validate, false),
                optional_tag: field_tag(tags, source.name, &field, "", true),
                field,
                parameter,
                go_type,
                value_type: resolved.value.clone(),
                nullable,
                optional: source.default.is_some_and(|it| !it.is_null())
                    || source.identity.is_some()
                    || builder.domain_default(source.data_type),
                insertable: !relation.read_only && source.insertable(),
                updatable: false,
                comparable: resolved.comparable,
                in_primary_key,
                doc: source.comment.map(comment_lines).unwrap_or_default(),
                select: format!("{sql}{}", resolved.select),
                cast: resolved.cast.clone(),
                sql_type: comment_lines(&data_type(source.data_type)).join(" "),
                sql,
            },
            resolved: Arc::new(resolved),
        });
    }
    Ok(out)
}

/// The Go type of a column, the user's overrides before the table of types, and the type of its field.
fn resolve(builder: &Builder<'_>, relation: &Relation<'_>, source: &Source<'_>, nullable: bool) -> (Type, GoType) {
    let by_table = builder.types.resolve(source.data_type);
    let Some((value, import_free, is_nullable_form)) = builder.overrides.find(&relation.name, source.name, source.data_type, nullable)
    else {
        let go_type = if nullable { by_table.nullable() } else { by_table.value.clone() };
        return (by_table, go_type);
    };
    let go = if import_free {
        GoType { local: value.clone(), qualified: format!("{}.{value}", builder.home(relation).models) }
    } else {
        plain(&value)
    };
    let own_null = is_nullable_form || value.starts_with("[]") || value.starts_with("map[") || value.starts_with('*');
    let null = match () {
        () if is_nullable_form => Null::Opaque,
        () if own_null => Null::Nil,
        () => Null::Pointer,
    };
    let shape = crate::codegen::go_types::Shape::Custom;
    // The casts go: whoever chooses a type says that pgx can carry it.
    let chosen =
        Type { value: go, shape, null, comparable: false, select: String::new(), cast: String::new(), fallback: false, ..by_table };
    let go_type = if nullable { chosen.nullable() } else { chosen.value.clone() };
    (chosen, go_type)
}

/// Fields of the struct: chosen names first, then by the rules.
fn fields(builder: &Builder<'_>, relation: &Relation<'_>) -> Result<Vec<String>, Error> {
    let mut scope = Scope::new(METHODS.iter().copied());
    let mut chosen: Vec<Option<String>> = Vec::with_capacity(relation.columns.len());
    for source in &relation.columns {
        let keys = [format!("{}.{}", relation.name, source.name), format!("{}.{}", relation.name.name, source.name)];
        let rename = keys.iter().find_map(|key| builder.options.renames.get(key).map(|go| naming::checked(key, go))).transpose()?;
        chosen.push(rename.map(|it| scope.claim(it)));
    }
    let wishes: Vec<(String, bool)> = relation
        .columns
        .iter()
        .zip(&chosen)
        .filter(|(_, chosen)| chosen.is_none())
        .map(|(source, _)| (builder.style.exported(source.name), names::is_plain(source.name)))
        .collect();
    let mut others = names::distribute(&mut scope, &wishes).into_iter();
    Ok(chosen.into_iter().map(|it| it.unwrap_or_else(|| others.next().expect("one a column without a chosen name"))).collect())
}

/// Parameters: none hides a package, a word of Go's or a variable of the templates.
fn parameters(builder: &Builder<'_>, relation: &Relation<'_>, _model: &str) -> Vec<String> {
    let mut scope = Scope::default();
    let wishes: Vec<(String, bool)> = relation
        .columns
        .iter()
        .map(|source| {
            let name = builder.style.unexported(source.name);
            let name = if builder.locals.is_free(&name) { name } else { format!("{name}Value") };
            (name, names::is_plain(source.name))
        })
        .collect();
    names::distribute(&mut scope, &wishes)
}

/// What `go-playground/validator` is to check.
fn validate(builder: &Builder<'_>, source: &Source<'_>, nullable: bool) -> String {
    let mut rules = Vec::new();
    let base = builder.base(source.data_type);
    let text = matches!(base.name.name.as_str(), "text" | "varchar" | "bpchar" | "citext") && !base.array;
    if nullable {
        rules.push("omitempty".to_owned());
    }
    if text && let Some(length) = base.modifiers.first() {
        rules.push(format!("max={length}"));
    }
    if rules == ["omitempty"] { String::new() } else { rules.join(",") }
}

impl Builder<'_> {
    /// The type below all domains.
    pub(super) fn base<'t>(&'t self, data_type: &'t DataType) -> &'t DataType {
        let mut current = data_type;
        for _ in 0..32 {
            match self.domain(&current.name) {
                Some(domain) if !current.array => current = &domain.base,
                _ => break,
            }
        }
        current
    }

    /// The domain of that name.
    pub(super) fn domain(&self, name: &QualifiedName) -> Option<&crate::catalog::Domain> {
        match self.catalog.get(&Identity::new(Kind::Domain, &*name.schema, &*name.name)).map(|it| &it.definition) {
            Some(Definition::Domain(domain)) => Some(domain),
            _ => None,
        }
    }

    fn any_domain(&self, data_type: &DataType, has: impl Fn(&crate::catalog::Domain) -> bool) -> bool {
        let mut current = data_type;
        for _ in 0..32 {
            match self.domain(&current.name) {
                Some(_) if current.array => return false,
                Some(domain) if has(domain) => return true,
                Some(domain) => current = &domain.base,
                None => return false,
            }
        }
        false
    }

    /// Whether some domain of the type refuses NULL.
    pub(super) fn domain_not_null(&self, data_type: &DataType) -> bool {
        self.any_domain(data_type, |domain| domain.not_null)
    }

    fn domain_default(&self, data_type: &DataType) -> bool {
        self.any_domain(data_type, |domain| domain.default.is_some())
    }
}
