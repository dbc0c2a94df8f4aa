//! Names as the server resolves them: by schema, or along the search path, with `pg_catalog` where the server puts it.
//!
//! [`Names`] is the index, kept by `State` (or made once of a finished catalog); [`Resolver`] asks it. Types are resolved
//! here in full: aliases, implicit and clamped modifiers, arrays, `%TYPE`. It knows nothing of statements.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, RangeVar, TypeName, a_const};

use crate::catalog::{Cast, Catalog, ConstraintKind, DataType, Definition, Dependency, Identity, Kind, PG_CATALOG, QualifiedName};
use crate::diagnostic::nearest;

use super::builtin;
use super::members;
use super::state::{NameCounts, PG_TEMP};

/// A name that means nothing: which, where in the statement, and what was perhaps meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unresolved {
    /// What kind of thing was looked for: `type`, `relation`, `column`.
    pub(crate) what: &'static str,
    /// The name as the user would write it.
    pub(crate) name: String,
    /// The byte offset in the statement, where known.
    pub(crate) location: Option<i32>,
    /// The nearest name there is.
    pub(crate) nearest: Option<String>,
}

/// A column of a relation, as a query sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RelationColumn {
    pub(crate) name: String,
    /// The type; `None` where it could not be told.
    pub(crate) data_type: Option<DataType>,
    pub(crate) not_null: bool,
}

/// Names by schema.
type BySchema<T> = HashMap<String, HashMap<String, T>>;

/// What sort of thing an extension brings along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemberSort {
    Relation,
    Type,
    Routine,
    Operator,
    OperatorClass,
    Collation,
    AccessMethod,
}

/// Every name of a catalog, by schema: what one name can mean is one look-up.
#[derive(Default)]
pub(crate) struct Names {
    /// `pg_class`: relations, indexes, and the indexes of constraints (under the constraint's identity).
    relations: BySchema<Identity>,
    /// `pg_type`: types, row types of relations, multiranges, types of extensions (under the extension's identity).
    types: BySchema<Identity>,
    /// `pg_proc`.
    routines: BySchema<Vec<Identity>>,
    /// `pg_operator`.
    operators: BySchema<Vec<Identity>>,
    /// `pg_collation`.
    collations: BySchema<Identity>,
    /// `pg_am`; they are in no schema.
    access_methods: BySchema<Identity>,
    /// `pg_opclass`, of all access methods.
    operator_classes: BySchema<Identity>,
    /// `pg_constraint`, of all relations.
    constraints: NameCounts,
    /// How many casts there are; they have no names.
    casts: usize,
}

impl Names {
    /// The index of a finished catalog.
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let mut names = Self::default();
        for (identity, object) in catalog.iter() {
            names.add(identity, &object.definition);
        }
        names
    }

    /// Adds the names that an object has.
    pub(crate) fn add(&mut self, identity: &Identity, definition: &Definition) {
        self.each(identity, definition, true);
    }

    /// Whether the names that an object has depend on what it is, besides its identity.
    pub(crate) fn follow(definition: &Definition) -> bool {
        matches!(definition, Definition::Range(_) | Definition::Constraint(_) | Definition::Extension(_))
    }

    /// Removes the names that an object has.
    pub(crate) fn remove(&mut self, identity: &Identity, definition: &Definition) {
        self.each(identity, definition, false);
    }

    /// Adds a name that an extension brings along.
    pub(crate) fn add_member(&mut self, sort: MemberSort, name: &QualifiedName, extension: &Identity) {
        let (schema, name) = (name.schema.as_str(), name.name.as_str());
        match sort {
            MemberSort::Relation => {
                one(&mut self.relations, schema, name, extension, true);
                one(&mut self.types, schema, name, extension, true);
            }
            MemberSort::Type => one(&mut self.types, schema, name, extension, true),
            MemberSort::Routine => many(&mut self.routines, schema, name, extension, true),
            MemberSort::Operator => many(&mut self.operators, schema, name, extension, true),
            MemberSort::OperatorClass => one(&mut self.operator_classes, schema, name, extension, true),
            MemberSort::Collation => one(&mut self.collations, schema, name, extension, true),
            MemberSort::AccessMethod => one(&mut self.access_methods, "", name, extension, true),
        }
    }

    fn each(&mut self, identity: &Identity, definition: &Definition, add: bool) {
        let (schema, name) = (identity.schema.as_str(), identity.name.as_str());
        if identity.kind.is_relation() || identity.kind == Kind::Composite {
            one(&mut self.relations, schema, name, identity, add);
        }
        if identity.kind.is_type() || matches!(identity.kind, Kind::Table | Kind::ForeignTable | Kind::View | Kind::MaterializedView) {
            one(&mut self.types, schema, name, identity, add);
        }
        match definition {
            Definition::Range(range) => one(&mut self.types, schema, &range.multirange, identity, add),
            Definition::Constraint(constraint) => {
                if matches!(constraint.kind, ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) | ConstraintKind::Exclusion { .. }) {
                    one(&mut self.relations, schema, name, identity, add);
                }
                if add { self.constraints.add(schema, name) } else { self.constraints.remove(schema, name) }
            }
            Definition::Function(_) | Definition::Procedure(_) | Definition::Aggregate(_) => {
                many(&mut self.routines, schema, name, identity, add);
            }
            Definition::Operator(_) => many(&mut self.operators, schema, name, identity, add),
            Definition::Cast(_) if add => self.casts += 1,
            Definition::Cast(_) => self.casts -= 1,
            Definition::Collation(_) => one(&mut self.collations, schema, name, identity, add),
            Definition::AccessMethod(_) => one(&mut self.access_methods, "", name, identity, add),
            Definition::OperatorClass(_) => one(&mut self.operator_classes, schema, name, identity, add),
            Definition::Extension(it) => {
                let schema = it.schema.as_deref().unwrap_or_default();
                for type_name in members::types(name) {
                    one(&mut self.types, schema, type_name, identity, add);
                }
                for relation in members::relations(name) {
                    one(&mut self.relations, schema, relation, identity, add);
                }
                for function in members::functions(name) {
                    many(&mut self.routines, schema, function, identity, add);
                }
                for operator in members::operators(name) {
                    many(&mut self.operators, schema, operator, identity, add);
                }
                for method in members::access_methods(name) {
                    one(&mut self.access_methods, "", method, identity, add);
                }
                for class in members::operator_classes(name) {
                    one(&mut self.operator_classes, schema, class, identity, add);
                }
            }
            _ => {}
        }
    }

    /// Whatever has that name in `pg_class`: a relation, an index, the constraint of an index, an extension's table.
    pub(crate) fn relation(&self, schema: &str, name: &str) -> Option<&Identity> {
        self.relations.get(schema)?.get(name)
    }

    /// Whatever has that name in `pg_type`.
    pub(crate) fn type_of(&self, schema: &str, name: &str) -> Option<&Identity> {
        self.types.get(schema)?.get(name)
    }

    /// All that `pg_class` has: schema, name, object.
    pub(crate) fn relations(&self) -> impl Iterator<Item = (&str, &str, &Identity)> {
        every(&self.relations)
    }

    /// All that `pg_type` has, apart from the server's own.
    pub(crate) fn types(&self) -> impl Iterator<Item = (&str, &str, &Identity)> {
        every(&self.types)
    }

    /// Whether a constraint of any relation of the schema has that name.
    pub(crate) fn has_constraint(&self, schema: &str, name: &str) -> bool {
        self.constraints.contains(schema, name)
    }
}

fn one(index: &mut BySchema<Identity>, schema: &str, name: &str, identity: &Identity, add: bool) {
    if add {
        if let Some(names) = index.get_mut(schema) {
            names.insert(name.to_owned(), identity.clone());
        } else {
            index.insert(schema.to_owned(), HashMap::from([(name.to_owned(), identity.clone())]));
        }
    } else if let Some(names) = index.get_mut(schema)
        && names.get(name) == Some(identity)
    {
        names.remove(name);
    }
}

fn many(index: &mut BySchema<Vec<Identity>>, schema: &str, name: &str, identity: &Identity, add: bool) {
    let identities = index.entry(schema.to_owned()).or_default().entry(name.to_owned()).or_default();
    identities.retain(|it| it != identity);
    if add {
        identities.push(identity.clone());
        identities.sort();
    }
}

fn every(index: &BySchema<Identity>) -> impl Iterator<Item = (&str, &str, &Identity)> {
    index.iter().flat_map(|(schema, names)| names.iter().map(move |(name, identity)| (schema.as_str(), name.as_str(), identity)))
}

/// Names as the server would resolve them, at one moment of a script.
#[derive(Clone, Copy)]
pub(crate) struct Resolver<'a> {
    /// The catalog so far.
    pub(crate) catalog: &'a Catalog,
    names: &'a Names,
    /// The search path as it was set.
    pub(crate) search_path: &'a [String],
    /// What needs what, where that is told.
    dependents: Option<&'a HashMap<Identity, BTreeSet<Identity>>>,
}

impl<'a> Resolver<'a> {
    /// Resolves in a catalog with its index.
    pub(crate) fn new(catalog: &'a Catalog, names: &'a Names, search_path: &'a [String]) -> Self {
        Self { catalog, names, search_path, dependents: None }
    }

    /// The same, which knows the tables below a table.
    pub(crate) fn with_dependents(self, dependents: &'a HashMap<Identity, BTreeSet<Identity>>) -> Self {
        Self { dependents: Some(dependents), ..self }
    }

    /// The schemas that are searched, in order: temporary objects and `pg_catalog` come first, unless the path names them.
    /// PostgreSQL src/backend/catalog/namespace.c, recomputeNamespacePath.
    pub(crate) fn effective_path(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let path = self.search_path;
        let implicit = |schema: &'static str| (!path.iter().any(|it| it == schema)).then_some(schema);
        implicit(PG_TEMP).into_iter().chain(implicit(PG_CATALOG)).chain(path.iter().map(String::as_str))
    }

    fn find<T>(&self, index: &'a BySchema<T>, schema: Option<&str>, name: &str) -> Option<&'a T> {
        match schema {
            Some(schema) => index.get(schema)?.get(name),
            None => self.effective_path().find_map(|schema| index.get(schema)?.get(name)),
        }
    }

    /// The table, view, materialised view, foreign table or sequence of that name.
    pub(crate) fn relation(&self, schema: Option<&str>, name: &str) -> Option<&'a Identity> {
        match schema {
            Some(schema) => self.names.relation(schema, name).filter(|it| is_queried(it)),
            None => self.effective_path().find_map(|schema| self.names.relation(schema, name).filter(|it| is_queried(it))),
        }
    }

    /// Whatever has that name in `pg_class`, indexes and composite types included.
    pub(crate) fn class(&self, schema: Option<&str>, name: &str) -> Option<&'a Identity> {
        self.find(&self.names.relations, schema, name)
    }

    /// The relation of a `RangeVar`, or why there is none.
    pub(crate) fn range_var(&self, relation: &RangeVar) -> Result<&'a Identity, Unresolved> {
        let schema = (!relation.schemaname.is_empty()).then_some(relation.schemaname.as_str());
        self.class(schema, &relation.relname).ok_or_else(|| self.unknown_relation(schema, &relation.relname, Some(relation.location)))
    }

    /// That there is no such relation, with the nearest one.
    pub(crate) fn unknown_relation(&self, schema: Option<&str>, name: &str, location: Option<i32>) -> Unresolved {
        let candidates: Vec<&Identity> =
            self.names.relations.values().flat_map(HashMap::values).filter(|it| it.kind != Kind::Constraint).collect();
        self.unresolved("relation", schema, name, location, &candidates)
    }

    fn unresolved(
        &self,
        what: &'static str,
        schema: Option<&str>,
        name: &str,
        location: Option<i32>,
        candidates: &[&Identity],
    ) -> Unresolved {
        // The same name in another schema is nearer than any other name.
        let elsewhere = candidates.iter().filter(|it| it.name == name).min();
        let nearest = elsewhere.map(|it| format!("{}.{}", it.schema, it.name)).or_else(|| {
            let mut names: Vec<&str> = candidates.iter().map(|it| it.name.as_str()).collect();
            names.sort_unstable();
            nearest(name, names).map(str::to_owned)
        });
        Unresolved { what, name: schema.map_or_else(|| name.to_owned(), |schema| format!("{schema}.{name}")), location, nearest }
    }

    /// The columns of a relation or composite type, in order; none for other objects.
    pub(crate) fn columns(&self, relation: &Identity) -> Vec<RelationColumn> {
        let Some(object) = self.catalog.get(relation) else { return Vec::new() };
        let column =
            |name: &str, data_type: Option<DataType>, not_null: bool| RelationColumn { name: name.to_owned(), data_type, not_null };
        match &object.definition {
            Definition::Table(it) => {
                let mut unproven = self.unproven_not_null(relation);
                self.nullable_below(relation, 0, &mut unproven);
                let not_null = |it: &crate::catalog::Column| it.not_null && !unproven.contains(&it.name.as_str());
                it.columns.iter().map(|it| column(&it.name, Some(it.data_type.clone()), not_null(it))).collect()
            }
            Definition::ForeignTable(it) => it.columns.iter().map(|it| column(&it.name, Some(it.data_type.clone()), it.not_null)).collect(),
            Definition::View(it) => it.columns.iter().map(|it| column(&it.name, it.data_type.clone(), it.not_null)).collect(),
            Definition::MaterializedView(it) => it.columns.iter().map(|it| column(&it.name, it.data_type.clone(), it.not_null)).collect(),
            Definition::Composite(it) => it.attributes.iter().map(|it| column(&it.name, Some(it.data_type.clone()), false)).collect(),
            Definition::Sequence(_) => vec![
                column("last_value", Some(DataType::builtin("int8")), true),
                column("log_cnt", Some(DataType::builtin("int8")), true),
                column("is_called", Some(DataType::builtin("bool")), true),
            ],
            _ => Vec::new(),
        }
    }

    /// The columns whose NOT NULL is `NOT VALID`, so that rows of before may be without a value (PostgreSQL 18).
    fn unproven_not_null(&self, table: &Identity) -> Vec<&'a str> {
        let of = |definition: &'a Definition| match definition {
            Definition::Constraint(it) if !it.validated => match &it.kind {
                ConstraintKind::NotNull { column } => Some(column.as_str()),
                _ => None,
            },
            _ => None,
        };
        self.catalog.within(Kind::Constraint, &table.qualified_name()).filter_map(|(_, it)| of(&it.definition)).collect()
    }

    /// The columns that tables below take NULL in, whose rows are read with those of the table: before PostgreSQL 18 a child may drop what
    /// its parent demands (a partition may not).
    fn nullable_below(&self, table: &Identity, depth: usize, found: &mut Vec<&'a str>) {
        let name = table.qualified_name();
        for below in self.dependents.and_then(|it| it.get(table)).into_iter().flatten().filter(|_| depth < 32) {
            let (columns, inherits) = match self.catalog.get(below).map(|it| &it.definition) {
                Some(Definition::Table(it)) => (&it.columns, &it.inherits),
                Some(Definition::ForeignTable(it)) => (&it.columns, &it.inherits),
                _ => continue,
            };
            if inherits.contains(&name) {
                found.extend(columns.iter().filter(|it| it.inherited && !it.not_null).map(|it| it.name.as_str()));
                self.nullable_below(below, depth + 1, found);
            }
        }
    }

    /// The functions, procedures and aggregates of that name, along the search path; an extension stands for its own.
    pub(crate) fn functions(&self, schema: Option<&str>, name: &str) -> Vec<&'a Identity> {
        self.all(&self.names.routines, schema, name)
    }

    /// The operators of that name, along the search path; an extension stands for its own.
    pub(crate) fn operators(&self, schema: Option<&str>, name: &str) -> Vec<&'a Identity> {
        self.all(&self.names.operators, schema, name)
    }

    fn all(&self, index: &'a BySchema<Vec<Identity>>, schema: Option<&str>, name: &str) -> Vec<&'a Identity> {
        let in_schema = |schema: &str| index.get(schema).and_then(|names| names.get(name)).map(Vec::as_slice).unwrap_or_default();
        match schema {
            Some(schema) => in_schema(schema).iter().collect(),
            None => self.effective_path().flat_map(in_schema).collect(),
        }
    }

    /// The schema of an object that an extension may own: the extension's.
    pub(crate) fn schema_of(&self, identity: &'a Identity) -> &'a str {
        match self.catalog.get(identity).map(|it| &it.definition) {
            Some(Definition::Extension(extension)) => extension.schema.as_deref().unwrap_or_default(),
            _ => &identity.schema,
        }
    }

    /// A collation. Those that the script does not make are the server's: which locales it has can't be known.
    pub(crate) fn collation(&self, name: &[Node]) -> QualifiedName {
        let (schema, name) = split_name(name);
        match self.find(&self.names.collations, schema.as_deref(), &name) {
            Some(identity) => identity.qualified_name(),
            None => QualifiedName::new(schema.unwrap_or_else(|| PG_CATALOG.to_owned()), name),
        }
    }

    /// The object that makes a collation, if the script or an extension does.
    pub(crate) fn collation_object(&self, name: &QualifiedName) -> Option<&'a Identity> {
        self.names.collations.get(&name.schema)?.get(&name.name)
    }

    /// An operator class. One that the script does not make is the server's.
    pub(crate) fn operator_class(&self, name: &[Node]) -> (QualifiedName, Option<&'a Identity>) {
        let (schema, name) = split_name(name);
        match self.find(&self.names.operator_classes, schema.as_deref(), &name) {
            Some(identity) => (QualifiedName::new(self.schema_of(identity), name), Some(identity)),
            None => (QualifiedName::new(schema.unwrap_or_else(|| PG_CATALOG.to_owned()), name), None),
        }
    }

    /// The object that makes an access method, if the script or an extension does.
    pub(crate) fn access_method(&self, name: &str) -> Option<&'a Identity> {
        self.names.access_methods.get("")?.get(name)
    }

    /// The object that makes an operator class, if the script or an extension does.
    pub(crate) fn operator_class_named(&self, name: &QualifiedName) -> Option<&'a Identity> {
        self.names.operator_classes.get(&name.schema)?.get(&name.name)
    }

    /// A type by its name alone: the name in its schema, whether it is an array type's own name (`_text`), and the object
    /// that makes it (`None` for the server's).
    pub(crate) fn type_named(&self, schema: Option<&str>, name: &str) -> Option<(DataType, Option<&'a Identity>)> {
        let exact = |schema: &str, name: &str| -> Option<(QualifiedName, Option<&'a Identity>)> {
            if schema == PG_CATALOG {
                return builtin::is_type(name).then(|| (QualifiedName::new(PG_CATALOG, name), None));
            }
            let own = self.names.type_of(schema, name).map(|identity| (QualifiedName::new(schema, name), Some(identity)));
            own.or_else(|| {
                let name = QualifiedName::new(schema, name);
                self.is_opaque_type(&name).then_some((name, None))
            })
        };
        let within = |schema: &str| {
            let element = |array: bool| move |(name, identity)| (DataType { name, modifiers: Vec::new(), array }, identity);
            exact(schema, name).map(element(false)).or_else(|| exact(schema, name.strip_prefix('_')?).map(element(true)))
        };
        match schema {
            Some(schema) => within(schema),
            None => self.effective_path().find_map(within),
        }
    }

    /// The extensions of which this version knows no member: what they bring can't be known.
    pub(crate) fn unknown_extensions(&self) -> impl Iterator<Item = &'a Identity> + use<'a> {
        self.catalog.of_kind(Kind::Extension).map(|(it, _)| it).filter(|it| !members::is_known(&it.name))
    }

    /// The extension that a type or function must belong to which nothing at hand makes: one of which this version knows no member. Of several
    /// it is the one whose name is most like it.
    pub(crate) fn of_unknown_extension(&self, schema: Option<&str>, name: &str) -> Option<(QualifiedName, &'a Identity)> {
        let is_likely = |extension: &Identity| match schema {
            // An extension may make a schema of its own.
            Some(schema) => schema == self.schema_of(extension) || schema == extension.name,
            None => true,
        };
        let mut likely: Vec<&Identity> = self.unknown_extensions().filter(|it| is_likely(it)).collect();
        let likeness = |it: &Identity| it.name.bytes().zip(name.bytes()).take_while(|(one, other)| one == other).count();
        likely.sort_by_key(|it| Reverse(likeness(it)));
        let extension = *likely.first()?;
        let schema = schema.unwrap_or_else(|| self.schema_of(extension));
        Some((QualifiedName::new(schema, name), extension))
    }

    /// Whether nothing but the name of a type is known: a domain of the information schema.
    pub(crate) fn is_opaque_type(&self, name: &QualifiedName) -> bool {
        name.schema == "information_schema" && builtin::is_information_schema_type(&name.name)
    }

    /// The type that a `TypeName` means. `serial` is none: columns of it are expanded before.
    pub(crate) fn data_type(&self, node: &TypeName) -> Result<DataType, Unresolved> {
        let location = Some(node.location);
        if node.pct_type {
            return self.type_of_column(node);
        }
        let (schema, name) = split_name(&node.names);
        let found = self.type_named(schema.as_deref(), &name).map(|(it, _)| it);
        let assumed =
            || self.of_unknown_extension(schema.as_deref(), &name).map(|(name, _)| DataType { name, modifiers: Vec::new(), array: false });
        let Some(mut data_type) = found.or_else(assumed) else {
            let mut candidates: Vec<&Identity> = self.names.types.values().flat_map(HashMap::values).collect();
            candidates.retain(|it| it.kind != Kind::Extension);
            let mut unresolved = self.unresolved("type", schema.as_deref(), &name, location, &candidates);
            if unresolved.nearest.is_none() {
                unresolved.nearest = nearest(&name, builtin::types()).map(str::to_owned);
            }
            return Err(unresolved);
        };
        data_type.array |= !node.array_bounds.is_empty();
        data_type.modifiers = modifiers(&data_type.name, &node.typmods);
        Ok(data_type)
    }

    /// `table.column%TYPE`.
    fn type_of_column(&self, node: &TypeName) -> Result<DataType, Unresolved> {
        let names = strings(&node.names);
        let (schema, table, column) = match names.as_slice() {
            [table, column] => (None, *table, *column),
            [.., schema, table, column] => (Some(*schema), *table, *column),
            _ => (None, "", ""),
        };
        let location = Some(node.location);
        let relation = self.class(schema, table).ok_or_else(|| self.unknown_relation(schema, table, location))?;
        let columns = self.columns(relation);
        match columns.iter().find(|it| it.name == column) {
            Some(RelationColumn { data_type: Some(data_type), .. }) => {
                Ok(DataType { array: data_type.array || !node.array_bounds.is_empty(), ..data_type.clone() })
            }
            _ => Err(unknown_column(relation, column, location, columns.iter().map(|it| it.name.as_str()))),
        }
    }

    /// The object that makes a type: an enum, domain, composite, range, relation or extension; `None` for the server's.
    pub(crate) fn type_object(&self, name: &QualifiedName) -> Option<&'a Identity> {
        let assumed =
            || self.of_unknown_extension(Some(&name.schema), &name.name).filter(|_| !name.is_builtin()).map(|(_, extension)| extension);
        self.names.type_of(&name.schema, &name.name).or_else(assumed)
    }

    /// The same by schema and name.
    pub(crate) fn type_named_exactly(&self, schema: &str, name: &str) -> Option<&'a Identity> {
        self.names.type_of(schema, name)
    }

    /// What a use of the type needs.
    pub(crate) fn type_dependency(&self, data_type: &DataType) -> Option<Dependency> {
        self.type_object(&data_type.name).map(|identity| Dependency::on(identity.clone()))
    }

    /// The type below all domains.
    pub(crate) fn base_type(&self, data_type: &DataType) -> DataType {
        self.base(data_type).clone()
    }

    /// The same, where it stands: this is asked for every candidate of every call.
    pub(crate) fn base<'d>(&self, mut data_type: &'d DataType) -> &'d DataType
    where
        'a: 'd,
    {
        // A domain can't be over itself, but a damaged catalog could.
        for _ in 0..64 {
            if data_type.array || data_type.name.is_builtin() {
                break;
            }
            let domain = self.type_object(&data_type.name).filter(|it| it.kind == Kind::Domain);
            match domain.and_then(|it| self.catalog.get(it)).map(|it| &it.definition) {
                Some(Definition::Domain(domain)) => data_type = &domain.base,
                _ => break,
            }
        }
        data_type
    }

    /// Whether any cast is defined.
    pub(crate) fn has_casts(&self) -> bool {
        self.names.casts > 0
    }

    /// The cast of somebody's own from one type to another.
    pub(crate) fn cast(&self, from: &DataType, to: &DataType) -> Option<&'a Cast> {
        let identity = || Identity::global(Kind::Cast, "").with_arguments(vec![from.clone(), to.clone()]);
        match self.has_casts().then(|| self.catalog.get(&identity())).flatten().map(|it| &it.definition) {
            Some(Definition::Cast(it)) => Some(it),
            _ => None,
        }
    }
}

/// That a relation has no such column, with the nearest one.
pub(crate) fn unknown_column<'c>(
    relation: &Identity,
    column: &str,
    location: Option<i32>,
    columns: impl IntoIterator<Item = &'c str>,
) -> Unresolved {
    let nearest = nearest(column, columns).map(str::to_owned);
    Unresolved { what: "column", name: format!("{}.{column}", relation.name), location, nearest }
}

fn is_queried(identity: &Identity) -> bool {
    matches!(identity.kind, Kind::Table | Kind::View | Kind::MaterializedView | Kind::ForeignTable | Kind::Sequence | Kind::Extension)
}

/// The strings of a list of `String` nodes.
pub(crate) fn strings(nodes: &[Node]) -> Vec<&str> {
    nodes
        .iter()
        .filter_map(|node| match &node.node {
            Some(NodeEnum::String(it)) => Some(it.sval.as_str()),
            _ => None,
        })
        .collect()
}

/// Schema, if any, and name of a list of `String` nodes; a database name before them says nothing.
pub(crate) fn split_name(nodes: &[Node]) -> (Option<String>, String) {
    match strings(nodes).as_slice() {
        [] => (None, String::new()),
        [name] => (None, (*name).to_owned()),
        [.., schema, name] => (Some((*schema).to_owned()), (*name).to_owned()),
    }
}

/// Type modifiers as the server keeps them: defaults filled in, precisions clamped.
fn modifiers(name: &QualifiedName, nodes: &[Node]) -> Vec<String> {
    let mut modifiers: Vec<String> = nodes.iter().filter_map(modifier).collect();
    if !name.is_builtin() {
        for modifier in &mut modifiers {
            *modifier = modifier.to_lowercase();
        }
        return modifiers;
    }
    let clamp = |modifier: &String| modifier.parse::<i64>().map_or_else(|_| modifier.clone(), |it| it.min(6).to_string());
    match name.name.as_str() {
        "numeric" if modifiers.len() == 1 => modifiers.push("0".to_owned()),
        "time" | "timetz" | "timestamp" | "timestamptz" => modifiers = modifiers.iter().map(clamp).collect(),
        "interval" => {
            let fields = modifiers.first().map_or("", |mask| interval_fields(mask));
            let precision = modifiers.get(1).map(clamp);
            modifiers = match precision {
                Some(precision) => vec![fields.to_owned(), precision],
                None if fields.is_empty() => Vec::new(),
                None => vec![fields.to_owned()],
            };
        }
        _ => {}
    }
    modifiers
}

fn modifier(node: &Node) -> Option<String> {
    match node.node.as_ref()? {
        NodeEnum::AConst(it) => match it.val.as_ref()? {
            a_const::Val::Ival(it) => Some(it.ival.to_string()),
            a_const::Val::Fval(it) => Some(it.fval.clone()),
            a_const::Val::Sval(it) => Some(it.sval.clone()),
            a_const::Val::Boolval(it) => Some(it.boolval.to_string()),
            a_const::Val::Bsval(it) => Some(it.bsval.clone()),
        },
        NodeEnum::ColumnRef(it) => strings(&it.fields).last().map(|it| (*it).to_owned()),
        NodeEnum::AExpr(it) => {
            // A negative scale: `numeric(3, -2)`.
            let sign = strings(&it.name).join("");
            it.rexpr.as_deref().and_then(modifier).map(|value| format!("{sign}{value}"))
        }
        _ => None,
    }
}

/// The words of an interval's field mask. PostgreSQL src/include/utils/timestamp.h, INTERVAL_MASK.
fn interval_fields(mask: &str) -> &'static str {
    const YEAR: u32 = 1 << 2;
    const MONTH: u32 = 1 << 1;
    const DAY: u32 = 1 << 3;
    const HOUR: u32 = 1 << 10;
    const MINUTE: u32 = 1 << 11;
    const SECOND: u32 = 1 << 12;
    const FIELDS: [(u32, &str); 13] = [
        (YEAR, "year"),
        (MONTH, "month"),
        (DAY, "day"),
        (HOUR, "hour"),
        (MINUTE, "minute"),
        (SECOND, "second"),
        (YEAR | MONTH, "year to month"),
        (DAY | HOUR, "day to hour"),
        (DAY | HOUR | MINUTE, "day to minute"),
        (DAY | HOUR | MINUTE | SECOND, "day to second"),
        (HOUR | MINUTE, "hour to minute"),
        (HOUR | MINUTE | SECOND, "hour to second"),
        (MINUTE | SECOND, "minute to second"),
    ];
    let mask: u32 = mask.parse().unwrap_or_default();
    FIELDS.iter().find(|(fields, _)| *fields == mask).map_or("", |(_, words)| words)
}
