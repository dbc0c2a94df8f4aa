//! Enums and composites in Go, and which types pgx must be told of.

use std::collections::{BTreeMap, BTreeSet};

use super::Builder;
use super::literal::{comment_lines, field_tag, string};
use super::naming::Naming;
use super::relation::Relation;
use crate::catalog::{Catalog, DataType, Definition, Identity, Kind, QualifiedName};
use crate::codegen::go_types::{GoTypes, Shape};
use crate::codegen::model::{Codecs, Composite, CompositeField, Enum};
use crate::codegen::names::{self, Scope};
use crate::codegen::options::{DecimalType, Options, UuidType};
use crate::ddl::data_type;

/// Methods of a composite's struct.
const METHODS: &[&str] = &["IsNull", "Index", "ScanNull", "ScanIndex"];

/// What the types below a set of columns are.
#[derive(Clone, Default)]
pub(super) struct Reachable {
    /// Every type of the user's, parts before wholes.
    order: Vec<QualifiedName>,
    seen: BTreeSet<QualifiedName>,
}

impl Reachable {
    /// The types of the generated relations' columns, and those that the generated schemas declare themselves.
    pub(super) fn of(
        catalog: &Catalog,
        relations: &[Relation<'_>],
        options: &Options,
        multiranges: &BTreeMap<QualifiedName, QualifiedName>,
    ) -> Self {
        let mut found = Self::default();
        if options.tables.is_empty() {
            for kind in [Kind::Enum, Kind::Composite] {
                for (identity, _) in catalog.of_kind(kind) {
                    if options.schemas.is_empty() || options.schemas.contains(&identity.schema) {
                        found.add(catalog, multiranges, &identity.qualified_name(), 0);
                    }
                }
            }
        }
        if options.tables.is_empty() {
            for kind in [Kind::Function, Kind::Procedure] {
                for (identity, object) in catalog.of_kind(kind) {
                    let (Definition::Function(routine) | Definition::Procedure(routine)) = &object.definition else { continue };
                    if options.schemas.is_empty() || options.schemas.contains(&identity.schema) {
                        let types = routine.arguments.iter().map(|it| &it.data_type).chain([&routine.returns]);
                        types.for_each(|it| found.add(catalog, multiranges, &it.name, 0));
                    }
                }
            }
            for (identity, object) in catalog.of_kind(Kind::Aggregate) {
                let Definition::Aggregate(aggregate) = &object.definition else { continue };
                if options.schemas.is_empty() || options.schemas.contains(&identity.schema) {
                    let types = aggregate.arguments.iter().map(|it| &it.data_type).chain(&aggregate.returns);
                    types.for_each(|it| found.add(catalog, multiranges, &it.name, 0));
                }
            }
        }
        for column in relations.iter().flat_map(|it| &it.columns) {
            found.add(catalog, multiranges, &column.data_type.name, 0);
        }
        found
    }

    /// Adds a type and all below it.
    pub(super) fn add(
        &mut self,
        catalog: &Catalog,
        multiranges: &BTreeMap<QualifiedName, QualifiedName>,
        name: &QualifiedName,
        depth: usize,
    ) {
        if depth > 32 || self.seen.contains(name) {
            return;
        }
        self.seen.insert(name.clone());
        let parts: Vec<&QualifiedName> = match definition(catalog, name) {
            Some(Definition::Domain(domain)) => vec![&domain.base.name],
            Some(Definition::Composite(composite)) => composite.attributes.iter().map(|it| &it.data_type.name).collect(),
            Some(Definition::Range(range)) => vec![&range.subtype.name],
            _ => multiranges.get(name).into_iter().collect(),
        };
        for part in parts {
            self.add(catalog, multiranges, part, depth + 1);
        }
        self.order.push(name.clone());
    }

    /// The enums and composites that get a Go type, by name and kind.
    pub(super) fn go_types(&self, catalog: &Catalog) -> Vec<Identity> {
        let identity = |name: &QualifiedName| {
            [Kind::Enum, Kind::Composite]
                .into_iter()
                .map(|kind| Identity::new(kind, &*name.schema, &*name.name))
                .find(|it| catalog.contains(it))
        };
        self.order.iter().filter_map(identity).collect()
    }
}

/// The enum, domain, composite or range of that name.
fn definition<'a>(catalog: &'a Catalog, name: &QualifiedName) -> Option<&'a Definition> {
    [Kind::Enum, Kind::Domain, Kind::Composite, Kind::Range]
        .into_iter()
        .find_map(|kind| catalog.get(&Identity::new(kind, &*name.schema, &*name.name)))
        .map(|it| &it.definition)
}

/// Enums, sorted by Go name.
pub(super) fn enums(catalog: &Catalog, naming: &Naming) -> Vec<Enum> {
    let mut enums: Vec<Enum> = naming
        .enums
        .iter()
        .filter(|(name, _)| !naming.aliases.contains_key(name))
        .map(|(name, names)| Enum {
            name: names.name.clone(),
            plural: names.plural.clone(),
            sql: data_type(&DataType::named(name.clone())),
            doc: doc(catalog, Kind::Enum, name, &names.name),
            values: names.values.clone(),
        })
        .collect();
    enums.sort_by(|a, b| a.name.cmp(&b.name));
    enums
}

/// Composites that a column can carry, sorted by Go name.
pub(super) fn composites(builder: &Builder<'_>, naming: &Naming) -> Vec<Composite> {
    let mut composites = Vec::new();
    for (name, go) in naming.composites.iter().filter(|(name, _)| !naming.aliases.contains_key(name)) {
        let Some(Definition::Composite(composite)) = definition(builder.catalog, name) else { continue };
        // One with a part that has no binary form travels as text: no struct.
        if !matches!(builder.types.resolve(&DataType::named(name.clone())).shape, Shape::Composite(_)) {
            continue;
        }
        let fields = fields(builder, composite);
        let fields = composite.attributes.iter().zip(fields).map(|(attribute, field)| CompositeField {
            literal: string(&attribute.name),
            go_type: builder.types.resolve(&attribute.data_type).nullable(),
            tag: field_tag(builder.options.tags, &attribute.name, &field, "", false),
            doc: attribute.comment.as_deref().map(comment_lines).unwrap_or_default(),
            name: field,
        });
        composites.push(Composite {
            name: go.clone(),
            sql: data_type(&DataType::named(name.clone())),
            doc: doc(builder.catalog, Kind::Composite, name, go),
            fields: fields.collect(),
        });
    }
    composites.sort_by(|a, b| a.name.cmp(&b.name));
    composites
}

/// The Go fields of a composite, one an attribute.
pub(super) fn fields(builder: &Builder<'_>, composite: &crate::catalog::Composite) -> Vec<String> {
    let wishes: Vec<(String, bool)> =
        composite.attributes.iter().map(|it| (builder.style.exported(&it.name), names::is_plain(&it.name))).collect();
    names::distribute(&mut Scope::new(METHODS.iter().copied()), &wishes)
}

/// A type's doc comment.
pub(super) fn doc(catalog: &Catalog, kind: Kind, name: &QualifiedName, go: &str) -> Vec<String> {
    let word = if kind == Kind::Enum { "an enum" } else { "a composite type" };
    let mut lines = vec![format!("{go} is {word}, {}.", comment_lines(&data_type(&DataType::named(name.clone()))).join(" "))];
    let comment = catalog.get(&Identity::new(kind, &*name.schema, &*name.name)).and_then(|it| it.comment.as_deref());
    if let Some(comment) = comment {
        lines.push(String::new());
        lines.extend(comment_lines(comment));
    }
    lines
}

/// The types that pgx must be told of, in load order, each followed by its array.
pub(super) fn registered(
    catalog: &Catalog,
    types: &GoTypes<'_>,
    reachable: &Reachable,
    multiranges: &BTreeMap<QualifiedName, QualifiedName>,
) -> Vec<String> {
    let mut out = Vec::new();
    for name in &reachable.order {
        let declared = definition(catalog, name).is_some() || multiranges.contains_key(name);
        let resolved = types.resolve(&DataType::named(name.clone()));
        if !declared || !resolved.binary {
            continue;
        }
        let sql = data_type(&DataType::named(name.clone()));
        let array = resolved.array.then(|| format!("{sql}[]"));
        out.push(sql);
        out.extend(array);
    }
    out
}

/// The codecs of other modules that columns need.
pub(super) fn codecs(types: &GoTypes<'_>, reachable: &Reachable, options: &Options) -> Codecs {
    let mut codecs = Codecs::default();
    for name in &reachable.order {
        let resolved = types.resolve(&DataType::named(name.clone()));
        let of_extension = !name.is_builtin() && resolved.cast.is_empty();
        let sql = || data_type(&DataType::named(name.clone()));
        match resolved.shape {
            Shape::Decimal => codecs.decimal = options.decimal == DecimalType::Shopspring,
            Shape::Uuid => codecs.uuid = options.uuid == UuidType::Google,
            Shape::Hstore if of_extension => codecs.hstore = codecs.hstore.or_else(|| Some(sql())),
            Shape::String if of_extension && name.name == "citext" => codecs.text.push(sql()),
            _ => {}
        }
    }
    codecs.text.sort();
    codecs
}
