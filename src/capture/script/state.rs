//! What the replay of a script knows between two statements: the catalog so far, its indexes by name and by
//! dependency, the search path, and what was found.
//!
//! Objects go in and out through [`State`] only, so that the indexes are always right: relations, types and constraints
//! by name, dependents by what they need. It knows nothing of statements; what a statement does is its family file's.
//!
//! Temporary objects live in the schema `pg_temp`, which is searched first, and leave the catalog at the end.
//! What a transaction has changed can be taken back, see [`transaction`](super::transaction).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use pg_query::protobuf::{Node, RangeVar};

use crate::capture::expression;
use crate::catalog::{Catalog, DataType, Definition, Dependency, Identity, Kind, Object, PG_CATALOG, QualifiedName, Schema};
use crate::diagnostic::{Diagnostic, Severity, nearest};

use super::members;
use super::resolve::{MemberSort, Names, Resolver, Unresolved, split_name};
use super::split::Places;
use super::transaction::{Levels, Settings, Undo};
use super::{Input, Place, Problem, grant};

/// The schema that holds temporary objects while a script is replayed.
pub(crate) const PG_TEMP: &str = "pg_temp";

/// The schema that every new database has.
pub(crate) const PUBLIC: &str = "public";

/// The catalog so far, and all that the next statement may ask of it.
pub(crate) struct State<'a> {
    places: Places<'a>,
    catalog: Catalog,
    names: Names,
    /// Who needs an object: the reverse of `Object::dependencies`, so that DROP looks at dependents only.
    dependents: HashMap<Identity, BTreeSet<Identity>>,
    settings: Settings,
    /// What the session began with.
    defaults: Settings,
    /// What the next session begins with.
    database_defaults: Settings,
    levels: Levels,
    /// Temporary tables that go when the transaction ends.
    on_commit_drop: Vec<Identity>,
    /// Findings are kept apart from the catalog until the end.
    diagnostics: Vec<Diagnostic>,
    /// The first code that ran without being evaluated; names that are unknown later may come from it.
    opaque: Option<Place>,
    /// Whether names in expressions that mean nothing stay as they are.
    lenient: bool,
    /// Functions that the statement calls and that nothing makes. Expressions are read through shared references to the state.
    missing_functions: RefCell<Vec<Unresolved>>,
}

impl<'a> State<'a> {
    /// A fresh database: nothing but the schema `public`.
    pub(crate) fn new(inputs: &'a [Input]) -> Self {
        let mut state = Self { places: Places::new(inputs), settings: Settings::default(), ..Self::empty() };
        state.insert(Identity::global(Kind::Schema, PUBLIC), Object::new(Definition::Schema(Schema {})));
        state
    }

    /// A database that holds a schema already.
    pub(crate) fn over(catalog: Catalog, inputs: &'a [Input]) -> Self {
        let mut dependents: HashMap<Identity, BTreeSet<Identity>> = HashMap::new();
        for (identity, object) in catalog.iter() {
            for dependency in &object.dependencies {
                dependents.entry(dependency.on.clone()).or_default().insert(identity.clone());
            }
        }
        let names = Names::of(&catalog);
        Self { places: Places::new(inputs), settings: Settings::default(), catalog, names, dependents, ..Self::empty() }
    }

    /// A database with nothing in it, and nothing on the search path.
    pub(crate) fn empty() -> Self {
        let mut nothing_searched = Settings::default();
        nothing_searched.set(false, |it| it.search_path.clear());
        Self {
            places: Places::new(&[]),
            catalog: Catalog::new(),
            names: Names::default(),
            dependents: HashMap::new(),
            settings: nothing_searched,
            defaults: Settings::default(),
            database_defaults: Settings::default(),
            levels: Levels::default(),
            on_commit_drop: Vec::new(),
            diagnostics: Vec::new(),
            opaque: None,
            lenient: false,
            missing_functions: RefCell::default(),
        }
    }

    /// The catalog so far.
    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Names as the server would resolve them now.
    pub(crate) fn resolver(&self) -> Resolver<'_> {
        Resolver::new(&self.catalog, &self.names, &self.settings.current().search_path).with_dependents(&self.dependents)
    }

    /// The index of names.
    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// The search path as it was set, without what the server adds.
    pub(crate) fn search_path(&self) -> &[String] {
        &self.settings.current().search_path
    }

    /// What `SET` has set.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What `SET` has set, to change.
    pub(crate) fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// What the session began with.
    pub(crate) fn defaults(&self) -> &Settings {
        &self.defaults
    }

    /// Everything is set as the session began.
    pub(crate) fn reset_settings(&mut self) {
        self.settings = self.defaults.clone();
    }

    /// What later sessions begin with, to change.
    pub(crate) fn database_defaults_mut(&mut self) -> &mut Settings {
        &mut self.database_defaults
    }

    /// The access method that a statement's word stands for, or nothing for the heap.
    pub(crate) fn table_access_method(&self, said: &str) -> Option<String> {
        let method = if said.is_empty() { &self.settings.current().table_access_method } else { said };
        (method != "heap").then(|| method.to_owned())
    }

    /// The tablespace that a statement's word stands for, or nothing for the database's.
    pub(crate) fn tablespace(&self, said: &str) -> Option<String> {
        let tablespace = if said.is_empty() { &self.settings.current().tablespace } else { said };
        (!matches!(tablespace, "" | "pg_default")).then(|| tablespace.to_owned())
    }

    /// A session begins: what was set for the database is its default.
    pub(crate) fn take_database_settings(&mut self) {
        self.defaults = self.database_defaults.clone();
    }

    /// The transaction that is open.
    pub(crate) fn levels(&self) -> &Levels {
        &self.levels
    }

    /// Begins a transaction, or within one a part that can be taken back by itself. `at` is the statement that says so.
    pub(crate) fn begin(&mut self, at: Option<Place>) {
        self.levels.push(at, None, self.settings.clone());
    }

    /// Begins a part of a transaction that can be taken back by its name.
    pub(crate) fn set_savepoint(&mut self, name: String) {
        self.levels.push(None, Some(name), self.settings.clone());
    }

    /// Ends the parts of the transaction from `depth` on, and keeps what they did.
    pub(crate) fn keep(&mut self, depth: usize) {
        self.levels.keep(depth);
    }

    /// Ends the transaction and keeps what it did.
    pub(crate) fn commit(&mut self) {
        self.levels.keep(0);
        self.settings.forget_local();
    }

    /// Ends the parts of the transaction from `depth` on, and takes back what they did.
    pub(crate) fn roll_back_to(&mut self, depth: usize) {
        let Some(Undo { before, settings }) = self.levels.take(depth) else { return };
        self.settings = settings;
        // What the outer levels found is still right.
        let levels = std::mem::take(&mut self.levels);
        for identity in before.keys() {
            self.remove(identity);
        }
        for (identity, object) in before {
            if let Some(object) = object {
                self.insert(identity, object);
            }
        }
        self.levels = levels;
    }

    /// Remembers a temporary table that goes when the transaction ends.
    pub(crate) fn drop_on_commit(&mut self, table: Identity) {
        self.on_commit_drop.push(table);
    }

    /// The temporary tables that go now.
    pub(crate) fn take_dropped_on_commit(&mut self) -> Vec<Identity> {
        std::mem::take(&mut self.on_commit_drop).into_iter().filter(|it| self.catalog.contains(it)).collect()
    }

    /// Everything temporary goes, as at the end of a session.
    pub(crate) fn drop_temporary(&mut self) {
        let is_temporary = |(identity, _): &(&Identity, &Object)| identity.schema == PG_TEMP;
        let temporary: Vec<Identity> = self.catalog.iter().filter(is_temporary).map(|(identity, _)| identity.clone()).collect();
        for identity in temporary {
            self.remove(&identity);
        }
    }

    /// The schema in which a new object without a schema is made: the first of the search path that exists.
    pub(crate) fn creation_schema(&self) -> Result<String, Problem> {
        match self.search_path().iter().find(|schema| self.schema_exists(schema)) {
            Some(schema) => Ok(schema.clone()),
            None => {
                Err(Problem::new("no schema has been selected to create in").hint("set search_path, or qualify the name with a schema"))
            }
        }
    }

    /// Whether a schema exists, the server's own included.
    pub(crate) fn schema_exists(&self, schema: &str) -> bool {
        matches!(schema, PG_TEMP | "pg_catalog" | "information_schema") || self.catalog.contains(&Identity::global(Kind::Schema, schema))
    }

    /// The object of that identity.
    pub(crate) fn get(&self, identity: &Identity) -> Option<&Object> {
        self.catalog.get(identity)
    }

    /// Whether there is such an object.
    pub(crate) fn contains(&self, identity: &Identity) -> bool {
        self.catalog.contains(identity)
    }

    /// Puts an object in, or in the place of the one that has its identity.
    pub(crate) fn insert(&mut self, identity: Identity, object: Object) {
        if self.remove(&identity).is_none() {
            self.levels.note(&identity, None);
        }
        for dependency in &object.dependencies {
            self.dependents.entry(dependency.on.clone()).or_default().insert(identity.clone());
        }
        self.names.add(&identity, &object.definition);
        self.catalog.insert(identity, object);
    }

    /// Puts a new object in, with a definition and its needs.
    pub(crate) fn insert_with(&mut self, identity: Identity, definition: Definition, dependencies: BTreeSet<Dependency>) {
        let mut object = Object::new(definition);
        object.dependencies = dependencies.into();
        if !self.catalog.contains(&identity) {
            object.grants = grant::of_new(&self.catalog, &identity);
        }
        self.insert(identity, object);
    }

    /// Takes an object out, and nothing that depends on it.
    pub(crate) fn remove(&mut self, identity: &Identity) -> Option<Object> {
        let object = self.catalog.remove(identity)?;
        self.levels.note(identity, Some(&object));
        for dependency in &object.dependencies {
            self.forget_dependent(&dependency.on, identity);
        }
        self.names.remove(identity, &object.definition);
        Some(object)
    }

    /// Changes an object in place; its dependencies and names are indexed again. The kind must stay.
    pub(crate) fn change<R>(&mut self, identity: &Identity, change: impl FnOnce(&mut Object) -> R) -> Option<R> {
        let object = self.catalog.get_mut(identity)?;
        self.levels.note(identity, Some(object));
        let before = object.dependencies.clone();
        let renames = Names::follow(&object.definition);
        if renames {
            self.names.remove(identity, &object.definition);
        }
        let result = change(object);
        if renames {
            self.names.add(identity, &object.definition);
        }
        if object.dependencies != before {
            let gone: Vec<Identity> = before.iter().filter(|it| !object.dependencies.contains(it)).map(|it| it.on.clone()).collect();
            let here: BTreeSet<Identity> = object.dependencies.iter().map(|it| it.on.clone()).collect();
            for on in gone.iter().filter(|on| !here.contains(*on)) {
                self.forget_dependent(on, identity);
            }
            for on in here {
                self.dependents.entry(on).or_default().insert(identity.clone());
            }
        }
        Some(result)
    }

    fn forget_dependent(&mut self, on: &Identity, dependent: &Identity) {
        if let Some(dependents) = self.dependents.get_mut(on) {
            dependents.remove(dependent);
            if dependents.is_empty() {
                self.dependents.remove(on);
            }
        }
    }

    /// The objects that need an object or a part of it.
    pub(crate) fn dependents(&self, identity: &Identity) -> impl Iterator<Item = &Identity> {
        self.dependents.get(identity).into_iter().flatten()
    }

    /// How an object needs another: the dependencies of `dependent` on `identity` and its columns.
    pub(crate) fn dependencies_on<'s>(&'s self, dependent: &Identity, identity: &'s Identity) -> impl Iterator<Item = &'s Dependency> {
        self.catalog.get(dependent).into_iter().flat_map(|it| &it.dependencies).filter(move |it| it.on == *identity)
    }

    /// Gives an object another identity of the same kind. All dependencies on it follow; what stands inside other
    /// definitions is the caller's business.
    pub(crate) fn rename(&mut self, from: &Identity, to: Identity) {
        let Some(object) = self.remove(from) else { return };
        let dependents: Vec<Identity> = self.dependents.get(from).into_iter().flatten().cloned().collect();
        self.insert(to.clone(), object);
        for dependent in dependents {
            let dependent = if dependent == *from { to.clone() } else { dependent };
            self.change(&dependent, |object| {
                object.dependencies = std::mem::take(&mut object.dependencies)
                    .into_iter()
                    .map(|it| if it.on == *from { Dependency { on: to.clone(), ..it } } else { it })
                    .collect();
            });
        }
    }

    /// Reports what made a statement fail. A name that procedural code may have made is no error: what is known of the
    /// schema is right as far as it goes.
    pub(crate) fn fail(&mut self, problem: Problem, at: Place) {
        let Problem { message, hint, location, left_out } = problem;
        let at = location.map_or(at, |location| at.inside(location));
        let span = Some(self.places.span(at));
        if left_out {
            self.diagnostics.push(Diagnostic { severity: Severity::Warning, message, span, subject: None, hint });
            return;
        }
        let missing = message.contains("does not exist");
        let diagnostic = match self.opaque.filter(|_| missing) {
            Some(opaque) => {
                let opaque = self.places.span(opaque);
                let hint = format!("it may be made by the procedural code at {opaque}, which is not evaluated");
                Diagnostic {
                    severity: Severity::Warning,
                    message: format!("{message}, so the statement was left out"),
                    span,
                    subject: None,
                    hint: Some(hint),
                }
            }
            None => Diagnostic { severity: Severity::Error, message, span, subject: None, hint },
        };
        self.diagnostics.push(diagnostic);
    }

    /// Reports something that was left out.
    pub(crate) fn warn(&mut self, at: Place, message: impl Into<String>, hint: Option<String>) {
        let mut diagnostic = Diagnostic::warning(message).at(self.places.span(at));
        diagnostic.hint = hint;
        self.diagnostics.push(diagnostic);
    }

    /// Remembers functions that the statement calls and that nothing makes.
    pub(crate) fn miss_functions(&self, functions: impl IntoIterator<Item = Unresolved>) {
        self.missing_functions.borrow_mut().extend(functions);
    }

    /// Warns of the functions that the statement calls and that nothing makes, unless the statement is refused anyway. The server refuses them; but a
    /// schema may be a part of one that has them.
    pub(crate) fn report_missing_functions(&mut self, at: Place, refused: bool) {
        for missing in self.missing_functions.take().into_iter().filter(|_| !refused) {
            let Problem { message, hint, location, .. } = missing.into();
            self.warn(at.inside(location.unwrap_or(-1)), message, hint);
        }
    }

    /// Reports a statement that is not modelled, by its kind.
    pub(crate) fn not_modelled(&mut self, at: Place, statement: &str) {
        self.warn(at, format!("`{statement}` is not modelled and was left out"), None);
    }

    /// Remembers that code ran which is not evaluated.
    pub(crate) fn saw_opaque_code(&mut self, at: Place) {
        self.opaque.get_or_insert(at);
    }

    /// Whether names in expressions that mean nothing stay as they are, and are no error.
    pub(crate) fn is_lenient(&self) -> bool {
        self.lenient
    }

    /// Lets names in expressions that mean nothing stay as they are, or not.
    pub(crate) fn set_lenient(&mut self, lenient: bool) {
        self.lenient = lenient;
    }

    /// Adds a name that an extension brings along, as a server says it.
    pub(crate) fn add_member(&mut self, sort: MemberSort, name: &QualifiedName, extension: &Identity) {
        self.names.add_member(sort, name, extension);
    }

    /// Adds findings made elsewhere.
    pub(crate) fn extend_diagnostics(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.diagnostics.extend(diagnostics);
    }

    /// The catalog without temporary objects, and all findings.
    pub(crate) fn finish(mut self) -> (Catalog, Vec<Diagnostic>) {
        self.drop_temporary();
        let assumed: Vec<Diagnostic> = self.resolver().unknown_extensions().filter_map(|extension| self.assumption(extension)).collect();
        self.diagnostics.extend(assumed);
        (self.catalog, self.diagnostics)
    }

    /// What is said of an extension of which no member is known, where objects need it all the same.
    fn assumption(&self, extension: &Identity) -> Option<Diagnostic> {
        let mut dependents: Vec<&Identity> = self.dependents(extension).collect();
        dependents.sort_unstable();
        let others = match dependents.len() {
            0 => return None,
            1 => String::new(),
            number => format!(" and {} more", number - 1),
        };
        let message = format!(
            "nothing is known of the extension `{}`: what {} {}{others} needs and nothing makes is taken for its own",
            extension.name,
            dependents[0].kind,
            dependents[0].qualified_name()
        );
        Some(Diagnostic::warning(message).hint("a snapshot of a database that has the extension says what is in it"))
    }

    /// The relation's constraints by name.
    pub(crate) fn constraints_of(&self, relation: &QualifiedName) -> Vec<Identity> {
        self.catalog.within(Kind::Constraint, relation).map(|(identity, _)| identity.clone()).collect()
    }

    /// The need of the schema that an object is in; the server's own schemas are none.
    pub(crate) fn schema_dependency(&self, schema: &str) -> Option<Dependency> {
        let identity = Identity::global(Kind::Schema, schema);
        self.contains(&identity).then(|| Dependency::on(identity))
    }

    /// Adds what a use of a type needs.
    pub(crate) fn type_dependencies(&self, data_type: &DataType, dependencies: &mut BTreeSet<Dependency>) {
        dependencies.extend(self.resolver().type_dependency(data_type));
    }

    /// A collation that a statement names, with its need. One that neither the script nor every server has is the operating system's, unless
    /// its name is such as only ICU's are.
    pub(crate) fn collation(&self, name: &[Node], dependencies: &mut BTreeSet<Dependency>) -> Result<QualifiedName, Problem> {
        let resolver = self.resolver();
        let collation = resolver.collation(name);
        let object = resolver.collation_object(&collation);
        let is_locale = !collation.name.split('.').next().unwrap_or_default().contains('-');
        if object.is_none() && collation.is_builtin() && !is_locale {
            let known = expression::collations();
            if !known.contains(&collation.name.as_str()) {
                let problem = Problem::new(format!("collation `{}` does not exist", collation.name));
                return Err(match nearest(&collation.name, known) {
                    Some(near) => problem.hint(format!("did you mean `{near}`?")),
                    None => problem,
                });
            }
        }
        dependencies.extend(object.cloned().map(Dependency::on));
        Ok(collation)
    }

    /// An operator class of an access method that a statement names, with its need.
    pub(crate) fn operator_class(
        &self,
        name: &[Node],
        method: &str,
        dependencies: &mut BTreeSet<Dependency>,
    ) -> Result<QualifiedName, Problem> {
        let (class, object) = self.resolver().operator_class(name);
        if object.is_none() && !self.has_operator_class(method, &class) {
            let of_extensions = self.catalog.of_kind(Kind::Extension).flat_map(|(it, _)| members::operator_classes(&it.name));
            let near = nearest(&class.name, expression::operator_classes(method).into_iter().chain(of_extensions));
            let problem = Problem::new(format!("operator class `{}` does not exist for access method `{method}`", class.name));
            return Err(match near {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem,
            });
        }
        dependencies.extend(object.cloned().map(Dependency::on));
        Ok(class)
    }

    /// Whether an operator class that no object makes may be there: one of the server's, or of an extension whose classes are unknown.
    fn has_operator_class(&self, method: &str, class: &QualifiedName) -> bool {
        expression::operator_classes(method).contains(&class.name.as_str())
            || !class.is_builtin()
            || self.resolver().unknown_extensions().next().is_some()
    }

    /// A function that a statement names without arguments, with its need. One that the script does not make is the server's.
    pub(crate) fn function(&self, name: &[Node], dependencies: &mut BTreeSet<Dependency>) -> QualifiedName {
        let (schema, name) = split_name(name);
        let resolver = self.resolver();
        match resolver.functions(schema.as_deref(), &name).first() {
            Some(function) => {
                dependencies.insert(Dependency::on((*function).clone()));
                QualifiedName::new(resolver.schema_of(function), name)
            }
            None => QualifiedName::new(schema.unwrap_or_else(|| PG_CATALOG.to_owned()), name),
        }
    }

    /// The name of a new object: in the schema that it says, else where the search path says.
    pub(crate) fn new_name(&self, nodes: &[Node]) -> Result<QualifiedName, Problem> {
        let (schema, name) = split_name(nodes);
        self.in_schema(schema, name, None)
    }

    /// The name of a new relation; a temporary one is in the schema of those.
    pub(crate) fn new_relation_name(&self, relation: &RangeVar) -> Result<QualifiedName, Problem> {
        if relation.relpersistence == "t" {
            return Ok(QualifiedName::new(PG_TEMP, relation.relname.clone()));
        }
        let schema = (!relation.schemaname.is_empty()).then(|| relation.schemaname.clone());
        self.in_schema(schema, relation.relname.clone(), Some(relation.location))
    }

    fn in_schema(&self, schema: Option<String>, name: String, location: Option<i32>) -> Result<QualifiedName, Problem> {
        let schema = match schema {
            Some(schema) => schema,
            None => self.creation_schema()?,
        };
        if !self.schema_exists(&schema) {
            let mut problem = Problem::new(format!("schema `{schema}` does not exist"));
            problem.location = location;
            problem.hint = nearest(&schema, self.schemas()).map(|it| format!("did you mean `{it}`?"));
            return Err(problem);
        }
        Ok(QualifiedName::new(schema, name))
    }

    /// Whether a relation of that name is there already; an error, unless the statement says `IF NOT EXISTS`.
    pub(crate) fn relation_exists(&self, name: &QualifiedName, may_exist: bool) -> Result<bool, Problem> {
        match self.names.relation(&name.schema, &name.name) {
            None => Ok(false),
            Some(_) if may_exist => Ok(true),
            Some(_) => Err(Problem::new(format!("relation `{}` already exists", name.name))),
        }
    }

    /// Names of schemas, for hints.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = &str> {
        self.catalog.of_kind(Kind::Schema).map(|(identity, _)| identity.name.as_str())
    }
}

/// Counts of names by schema; a name stays while one object has it.
#[derive(Default)]
pub(crate) struct NameCounts(HashMap<String, BTreeMap<String, usize>>);

impl NameCounts {
    pub(crate) fn add(&mut self, schema: &str, name: &str) {
        *self.0.entry(schema.to_owned()).or_default().entry(name.to_owned()).or_default() += 1;
    }

    pub(crate) fn remove(&mut self, schema: &str, name: &str) {
        if let Some(names) = self.0.get_mut(schema)
            && let Some(count) = names.get_mut(name)
        {
            *count -= 1;
            if *count == 0 {
                names.remove(name);
            }
        }
    }

    pub(crate) fn contains(&self, schema: &str, name: &str) -> bool {
        self.0.get(schema).is_some_and(|names| names.contains_key(name))
    }
}
