//! Schemas that are packages of their own: a [`Model`] each, that knows as much of the others as it has to do with.
//!
//! A model is built over the schema's own relations and those of other schemas that foreign keys lead to, with the names that their
//! own schemas give them. Import cycles can't come about:
//!
//! - Packages of repositories never import each other: what one needs to scan rows of another schema is generated in it once more.
//! - Interfaces and repositories import other schemas' models and interfaces, which import no repositories.
//! - Models import other schemas' models for types alone. Where that would go round, the types at fault stand in a package of shared types, which
//!   imports nobody, and are aliases in the models of their schemas. So do types of schemas that are not generated where several schemas use them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::naming::Naming;
use super::relation::Relation;
use super::types::Reachable;
use super::{Builder, Error, Home, Model, Parts};
use super::{
    go_names, imports, literal, multiranges, naming, overrides, own_imports, parents_before, parents_first, relation, routine, sample, sql,
    types,
};
use crate::catalog::{Catalog, ConstraintKind, DataType, Identity, Kind, QualifiedName};
use crate::codegen::cross::model::{
    Alias, AliasValue, Cross, Database, JoinTable, Neighbour, Neighbours, Reference, ReferenceHead, Schema,
};
use crate::codegen::cross::{CrossOptions, SchemaOptions};
use crate::codegen::go_types::GoTypes;
use crate::codegen::model::{Codecs, Import, Package, Packages, Project, Routines, RoutinesNames, Surroundings};
use crate::codegen::names::{self, Scope, Style};
use crate::codegen::options::{OptionsError, join};
use crate::ddl::data_type;
use crate::diagnostic::Diagnostic;
use crate::graph::{Need, sort};

/// What the default templates declare in the package over all schemas.
const CROSS_SCOPE: &[&str] = &["Repositories", "NewRepositories", "InTx", "Nested", "Databases", "Pools", "Tables", "RegisterTypes"];
/// What functions of other schemas' tables may not begin with: those of a schema's own do.
const VERBS: &[&str] = &["scan", "select", "source", "returning", "assign", "insert", "sample", "make", "new"];

/// What the default templates declare in the tests packages, which import packages that the user names.
const TESTS_SCOPE: &[&str] = &[
    "among",
    "arguments",
    "barred",
    "begin",
    "between",
    "callsOf",
    "conflict",
    "connect",
    "copier",
    "cursor",
    "dsnVariable",
    "equal",
    "equals",
    "errFailure",
    "errorOf",
    "expectFailure",
    "fail",
    "failOfConflict",
    "failedBatch",
    "failedRows",
    "failing",
    "failure",
    "fixed",
    "goesThroughText",
    "isError",
    "joins",
    "listed",
    "next",
    "noError",
    "nullOrNot",
    "pages",
    "ptr",
    "readable",
    "refresh",
    "related",
    "results1",
    "results2",
    "results3",
    "returned",
    "returns",
    "scripted",
    "sequence",
    "serial",
    "show",
    "starter",
    "statementTimeout",
    "streams",
    "transaction",
    "undone",
    "variadic",
    "variadic1",
    "variadic2",
    "within",
    "written",
];

/// All schemas, and what is over them.
pub(crate) struct Models<'a> {
    pub(crate) schemas: Vec<(Model<'a>, Neighbours)>,
    /// The packages of shared types, one a database that needs one.
    pub(crate) types: Vec<Project>,
    pub(crate) cross: Cross,
    /// What the files of the package over all schemas see as theirs.
    pub(crate) project: Project,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// What is known of a schema before it is a model.
struct Group<'a> {
    database: usize,
    packages: Packages,
    /// What other schemas call its packages.
    abroad: Home,
    /// Its Go name.
    name: String,
    relations: Vec<Relation<'a>>,
    reachable: Reachable,
    /// Its enums and composites.
    types: BTreeSet<Identity>,
    naming: Option<Naming>,
}

impl Group<'_> {
    fn naming(&self) -> &Naming {
        self.naming.as_ref().expect("all schemas are named before any is looked at")
    }
}

/// Decides what is generated.
///
/// # Errors
/// Where the options contradict themselves or name what Go refuses.
pub(crate) fn models<'a>(catalogs: &'a [Catalog], options: &'a CrossOptions) -> Result<Models<'a>, Error> {
    let common = &options.common;
    let style = Style::new(&common.initialisms, &common.plurals);
    let known: Vec<Import> = imports().into_iter().chain(overrides::Overrides::new(&common.types)?.imports()).collect();
    let mut once = Scope::new(known.iter().map(|it| it.name.as_str()));
    let runtime = common.module.package(&common.directories.runtime, &mut once)?;
    let package = common.module.package(&options.directory, &mut once)?;
    let tests = common.module.package(&join(&options.directory, "tests"), &mut Scope::default())?;
    let several = catalogs.len() > 1;
    let mut types_packages = Vec::new();
    let mut types_dirs = Scope::default();
    for database in 0..catalogs.len() {
        let first = options.schemas.iter().find(|it| it.database == database).filter(|_| several);
        let dir = first.map_or_else(|| "types".to_owned(), |it| format!("{}types", names::folder(&it.name)));
        let dir = types_dirs.claim(&dir);
        types_packages.push(common.module.package(&join(&options.directory, &dir), &mut once)?);
    }

    let taken: BTreeSet<String> = known
        .iter()
        .map(|it| &it.name)
        .chain([&runtime.name, &package.name])
        .chain(types_packages.iter().map(|it| &it.name))
        .cloned()
        .collect();
    // Neither variables nor functions of templates may hide a package.
    let reserved = names::reserved_locals().chain(TESTS_SCOPE.iter().copied()).map(str::to_owned);
    let taken: BTreeSet<String> = taken.into_iter().chain(reserved).collect();
    let mut packages = Vec::with_capacity(options.schemas.len());
    for schema in &options.schemas {
        packages.push(Packages { runtime: runtime.clone(), ..own_packages(schema, &taken)? });
    }
    let once_dirs = [(&runtime, "the runtime"), (&package, "the package over all schemas"), (&tests, "its tests")]
        .map(|(it, what)| (it.dir.clone(), what.to_owned()))
        .into_iter()
        .chain(types_packages.iter().map(|it| (it.dir.clone(), "shared types".to_owned())));
    let mut folders: BTreeMap<String, String> = BTreeMap::new();
    let of_schemas = packages.iter().zip(&options.schemas).flat_map(|(it, schema)| {
        let Packages { models, interfaces, postgres, mocks, tests, runtime: _ } = it;
        let named = [(models, "models"), (interfaces, "interfaces"), (postgres, "repositories"), (mocks, "mocks"), (tests, "tests")];
        named.map(|(package, what)| (package.dir.clone(), format!("the {what} of schema `{}`", schema.name)))
    });
    for (dir, what) in once_dirs.chain(of_schemas) {
        if let Some(first) = folders.insert(dir.clone(), what.clone()) {
            return Err(OptionsError::SameDirectory { dir, first, second: what }.into());
        }
    }

    let homes = abroad(&options.schemas.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), &packages, &taken);
    let import = |package: &Package, name: &str| Import {
        path: package.path.clone(),
        name: name.to_owned(),
        alias: names::package_name(&package.path) != name,
    };
    let shared_imports = || types_packages.iter().chain([&package, &runtime]).map(|it| import(it, &it.name));
    let foreign_imports = |at: usize| {
        let (packages, home) = (&packages[at], &homes[at]);
        [import(&packages.models, &home.models), import(&packages.interfaces, &home.interfaces), import(&packages.postgres, &home.postgres)]
    };
    let all_foreign = || (0..packages.len()).flat_map(foreign_imports);
    let mut locals = Scope::new(names::reserved_locals());
    for name in known.iter().map(|it| it.name.clone()).chain(shared_imports().chain(all_foreign()).map(|it| it.name)) {
        locals.take(&name);
    }
    for it in packages.iter().flat_map(Packages::all) {
        locals.take(&it.name);
    }

    let mut diagnostics = Vec::new();
    let mut cross_scope = Scope::new(CROSS_SCOPE.iter().copied());
    let mut groups = Vec::with_capacity(packages.len());
    // A pattern that all schemas share is to match in one of them.
    let mut missed: BTreeMap<String, (usize, Diagnostic)> = BTreeMap::new();
    for ((schema, packages), abroad) in options.schemas.iter().zip(packages.clone()).zip(homes.clone()) {
        let catalog = &catalogs[schema.database];
        let mut found = Vec::new();
        let relations = relation::select(catalog, &schema.options, &mut found)?;
        for it in found {
            match it.message.starts_with(relation::NO_MATCH) && !schema.own_tables {
                true => missed.entry(it.message.clone()).or_insert_with(|| (0, it)).0 += 1,
                false => diagnostics.push(it),
            }
        }
        let reachable = Reachable::of(catalog, &relations, &schema.options, &multiranges(catalog));
        let wishes = [style.exported(&schema.name), style.exported(schema.package_name.as_deref().unwrap_or(&schema.name))];
        groups.push(Group {
            database: schema.database,
            packages,
            abroad,
            name: cross_scope.claim_first(&wishes),
            relations,
            reachable,
            types: BTreeSet::new(),
            naming: None,
        });
    }
    let sharing = options.schemas.iter().filter(|it| !it.own_tables).count();
    diagnostics.extend(missed.into_values().filter(|(times, _)| *times == sharing).map(|(_, it)| it));

    let mut shared_naming = Vec::with_capacity(catalogs.len());
    let mut types = Vec::new();
    for (database, catalog) in catalogs.iter().enumerate() {
        let members: Vec<usize> = (0..groups.len()).filter(|it| groups[*it].database == database).collect();
        let shared = own_types(catalog, options, &mut groups, &members);
        let package = &types_packages[database];
        let found = naming::assign(catalog, &[], &shared.iter().cloned().collect::<Vec<_>>(), &style, common, &locals)?;
        for at in &members {
            let group = &groups[*at];
            let own: Vec<Identity> = group.types.iter().cloned().collect();
            let mut naming = naming::assign(catalog, &group.relations, &own, &style, &options.schemas[*at].options, &locals)?;
            let aliased = own.iter().filter(|it| shared.contains(it)).map(Identity::qualified_name);
            naming.aliases = aliased.filter_map(|name| Some((name.clone(), found.other(&name, &package.name)?))).collect();
            groups[*at].naming = Some(naming);
        }
        if !shared.is_empty() {
            let packages = Packages {
                models: package.clone(),
                interfaces: package.clone(),
                postgres: package.clone(),
                mocks: package.clone(),
                tests: tests.clone(),
                runtime: runtime.clone(),
            };
            types.push(shared_types(catalog, options, packages, &found, &locals, &known)?);
        }
        shared_naming.push(found);
    }

    let mut models = Vec::with_capacity(groups.len());
    let mut owners = Vec::with_capacity(groups.len());
    let databases = database_names(options, &groups, catalogs.len(), &mut cross_scope);
    for at in 0..groups.len() {
        let group = &groups[at];
        let (database, catalog) = (group.database, &catalogs[group.database]);
        let (relations, naming, whose) = surroundings(catalog, options, &groups, at, &shared_naming[database], &types_packages[database]);
        let multiranges = multiranges(catalog);
        let schema = &options.schemas[at].options;
        let reachable = Reachable::of(catalog, &relations, schema, &multiranges);
        let others = (0..groups.len()).filter(|it| *it != at && groups[*it].database == database);
        let own = own_imports(&group.packages);
        let parts = Parts {
            catalog,
            options: schema,
            packages: group.packages.clone(),
            imports: overrides::merge(
                known.iter().cloned().chain(shared_imports()).chain(others.clone().flat_map(foreign_imports)).chain(own),
            ),
            locals: locals.clone(),
            homes: std::iter::once(Home::own(&group.packages)).chain(others.map(|it| groups[it].abroad.clone())).collect(),
            relations,
            multiranges,
            reachable,
            naming,
            tests: Surroundings { dsn: databases[database].dsn.clone() },
            diagnostics: Vec::new(),
        };
        let mut model = Model::of(parts)?;
        diagnostics.append(&mut model.diagnostics);
        models.push(model);
        owners.push(whose);
    }

    let mut cross = Cross { package: package.clone(), databases, single: None, schemas: Vec::new() };
    for (at, (model, group)) in models.iter().zip(&groups).enumerate() {
        let tables = join_tables(model, group, &groups, &owners[at]);
        let of = &mut cross.databases[group.database];
        let project = &model.project;
        let fresh: Vec<String> = project.registered_types.iter().filter(|it| !of.registered_types.contains(it)).cloned().collect();
        of.registered_types.extend(fresh);
        of.codecs = both(&of.codecs, &project.codecs);
        cross.schemas.push(Schema {
            name: group.name.clone(),
            sql: literal::comment_lines(&options.schemas[at].name).join(" "),
            database: of.name.clone(),
            postgres: group.abroad.postgres.clone(),
            tables,
        });
    }
    for (database, it) in cross.databases.iter_mut().enumerate() {
        it.tables = tables_in_order(&groups, database);
    }
    if let [only] = cross.databases.as_slice() {
        cross.single = Some(only.clone());
    }
    // What all share is tested with what the first schema has of it.
    let first = groups.first();
    let named = |it: &Package, name: &str| Package { name: name.to_owned(), ..it.clone() };
    let of_first = |of: fn(&Packages) -> &Package, name: fn(&Home) -> &str| {
        first.map_or_else(|| package.clone(), |it| named(of(&it.packages), name(&it.abroad)))
    };
    let project = Project {
        packages: Packages {
            models: of_first(|it| &it.models, |it| &it.models),
            interfaces: of_first(|it| &it.interfaces, |it| &it.interfaces),
            postgres: of_first(|it| &it.postgres, |it| &it.postgres),
            mocks: package.clone(),
            tests,
            runtime: runtime.clone(),
        },
        imports: overrides::merge(known.iter().cloned().chain(shared_imports()).chain(all_foreign())),
        tests: Surroundings { dsn: first.map_or_else(|| Surroundings::default().dsn, |it| cross.databases[it.database].dsn.clone()) },
        ..empty()
    };
    let neighbours: Vec<Neighbours> = models
        .iter()
        .zip(&groups)
        .zip(&cross.schemas)
        .map(|((model, group), schema)| {
            let head = |table: &JoinTable, it: &Reference| ReferenceHead {
                path: format!("{}.{}.{}.{}", package.name, schema.name, table.name, it.name),
                name: format!("{}.{}", table.name, it.name),
            };
            let references = schema.tables.iter().flat_map(|table| table.references.iter().map(move |it| head(table, it))).collect();
            Neighbours { references, ..model.neighbours(group.naming()) }
        })
        .collect();
    Ok(Models { schemas: models.into_iter().zip(neighbours).collect(), types, cross, project, diagnostics })
}

/// The packages of a schema.
fn own_packages(schema: &SchemaOptions, taken: &BTreeSet<String>) -> Result<Packages, Error> {
    let mut packages = schema.options.packages(taken.iter().map(String::as_str))?;
    if let Some(name) = &schema.package_name {
        if !names::is_package(name) || taken.contains(name) {
            return Err(OptionsError::PackageName { name: name.clone() }.into());
        }
        let mut scope = Scope::new(packages.all()[1..].iter().map(|it| it.name.as_str()));
        packages.models.name = scope.claim(name);
    }
    Ok(packages)
}

/// What packages are called by those who have packages of the same name: by their own names, where no other schema has such a one.
fn abroad(schemas: &[&str], packages: &[Packages], taken: &BTreeSet<String>) -> Vec<Home> {
    let mut scope = Scope::new(taken.iter().map(String::as_str));
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for it in packages.iter().flat_map(|it| [&it.models, &it.interfaces, &it.postgres, &it.mocks, &it.tests]) {
        *times.entry(&it.name).or_default() += 1;
        scope.take(&it.name);
    }
    let mut prefixes = Scope::new(VERBS.iter().copied());
    let home = |(schema, packages): (&&str, &Packages)| {
        let name = names::folder(schema).replace('_', "");
        let name = if name.starts_with(|it: char| it.is_ascii_digit()) { format!("s{name}") } else { name };
        let prefix = prefixes.claim(&name);
        let mut alias = |it: &Package| match times.get(it.name.as_str()) {
            Some(1) => it.name.clone(),
            _ => scope.claim(&format!("{prefix}{}", it.name)),
        };
        let Packages { models, interfaces, postgres, .. } = packages;
        Home { models: alias(models), interfaces: alias(interfaces), postgres: alias(postgres), prefix }
    };
    schemas.iter().zip(packages).map(home).collect()
}

/// Gives every enum and composite the schemas that have it under a name, and returns those that must stand in the package of shared types.
fn own_types(catalog: &Catalog, options: &CrossOptions, groups: &mut [Group<'_>], members: &[usize]) -> BTreeSet<Identity> {
    let used: Vec<Vec<Identity>> = members.iter().map(|it| groups[*it].reachable.go_types(catalog)).collect();
    let owner = |it: &Identity| members.iter().position(|member| options.schemas[*member].name == it.schema);
    let needs =
        used.iter().enumerate().flat_map(|(from, types)| types.iter().filter_map(&owner).map(move |on| Need { from, on, belongs: false }));
    let cycles = sort(members.len(), needs).cycles;
    let round = |a: usize, b: usize| a != b && cycles.iter().any(|it| it.contains(&a) && it.contains(&b));
    let mut users: BTreeMap<&Identity, Vec<usize>> = BTreeMap::new();
    for (n, it) in used.iter().enumerate().flat_map(|(n, types)| types.iter().map(move |it| (n, it))) {
        users.entry(it).or_default().push(n);
    }
    let mut below = Reachable::default();
    let multiranges = multiranges(catalog);
    for (it, users) in &users {
        let is_shared = match owner(it) {
            Some(owner) => users.iter().any(|user| round(*user, owner)),
            None => users.len() > 1,
        };
        if is_shared {
            // With all that it is made of: the package imports nobody.
            below.add(catalog, &multiranges, &it.qualified_name(), 0);
        }
    }
    let shared = below.go_types(catalog).into_iter().collect();
    for (it, users) in users {
        let owners = owner(it).map_or(users, |it| vec![it]);
        for owner in owners {
            groups[members[owner]].types.insert(it.clone());
        }
    }
    shared
}

/// What is in a package of shared types.
fn shared_types(
    catalog: &Catalog,
    options: &CrossOptions,
    packages: Packages,
    naming: &Naming,
    locals: &Scope,
    known: &[Import],
) -> Result<Project, Error> {
    let common = &options.common;
    let builder = Builder {
        catalog,
        options: common,
        style: Style::new(&common.initialisms, &common.plurals),
        types: GoTypes::new(catalog, common, go_names(naming, &packages.models.name)),
        overrides: overrides::Overrides::new(&common.types)?,
        multiranges: multiranges(catalog),
        locals: locals.clone(),
        homes: vec![Home::own(&packages)],
        packages: packages.clone(),
    };
    Ok(Project {
        enums: types::enums(catalog, naming),
        composites: types::composites(&builder, naming),
        imports: overrides::merge(known.iter().cloned().chain(own_imports(&packages))),
        packages,
        ..empty()
    })
}

/// A project of nothing.
fn empty() -> Project {
    let none = Package { name: String::new(), path: String::new(), dir: String::new() };
    let packages = || Packages {
        models: none.clone(),
        interfaces: none.clone(),
        postgres: none.clone(),
        mocks: none.clone(),
        tests: none.clone(),
        runtime: none.clone(),
    };
    Project {
        packages: packages(),
        imports: Vec::new(),
        enums: Vec::new(),
        composites: Vec::new(),
        registered_types: Vec::new(),
        codecs: Codecs::default(),
        tables: Vec::new(),
        functions: Routines {
            names: RoutinesNames { repository: String::new(), mock: String::new() },
            methods: Vec::new(),
            routines: Vec::new(),
        },
        tests: Surroundings::default(),
    }
}

/// A schema's relations and behind them those of others that it has to do with, the names of all of them, and whose they are.
fn surroundings<'a>(
    catalog: &'a Catalog,
    options: &'a CrossOptions,
    groups: &[Group<'a>],
    at: usize,
    shared: &Naming,
    types: &Package,
) -> (Vec<Relation<'a>>, Naming, Vec<usize>) {
    let group = &groups[at];
    let others: Vec<usize> = (0..groups.len()).filter(|it| *it != at && groups[*it].database == group.database).collect();
    let foreign: HashMap<&QualifiedName, (usize, usize)> = others
        .iter()
        .flat_map(|it| groups[*it].relations.iter().enumerate().map(move |(n, relation)| (&relation.name, (*it, n))))
        .collect();
    let own: BTreeSet<&QualifiedName> = group.relations.iter().map(|it| &it.name).collect();
    let partitions = sample::Partitions::of(catalog);
    let parents = |relation: &Relation<'a>| {
        let constraints = relation.constraints.iter().map(|(_, it)| *it).chain(partitions.constraints(&relation.name));
        let parents = constraints.filter_map(|it| match &it.kind {
            ConstraintKind::ForeignKey(foreign) => Some(&foreign.references),
            _ => None,
        });
        parents.collect::<Vec<_>>()
    };
    // Where its own foreign keys lead to, those that lead to it, the rows that its functions return, and all that those rows need.
    let mut open: Vec<(usize, usize)> = group.relations.iter().flat_map(parents).filter_map(|it| foreign.get(it).copied()).collect();
    let refers = |(_, (whose, n)): &(&&QualifiedName, &(usize, usize))| {
        parents(&groups[*whose].relations[*n]).into_iter().any(|it| own.contains(it))
    };
    open.extend(foreign.iter().filter(refers).map(|(_, it)| *it));
    open.extend(routine::returned(catalog, &options.schemas[at].options).filter_map(|it| foreign.get(it).copied()));
    let mut included = BTreeSet::new();
    while let Some(it) = open.pop() {
        if included.insert(it) {
            open.extend(parents(&groups[it.0].relations[it.1]).into_iter().filter_map(|it| foreign.get(it).copied()));
        }
    }

    let (mut relations, mut naming) = (group.relations.clone(), group.naming().clone());
    let mut whose = vec![at; relations.len()];
    for (other, n) in included {
        let home = 1 + others.iter().position(|it| *it == other).expect("it is one of them");
        relations.push(Relation { home, ..groups[other].relations[n].clone() });
        naming.tables.push(groups[other].naming().tables[n].clone());
        whose.push(other);
    }
    for other in others {
        let (theirs, home) = (groups[other].naming(), &groups[other].abroad);
        for name in theirs.enums.keys().chain(theirs.composites.keys()) {
            let found = shared.other(name, &types.name).or_else(|| theirs.other(name, &home.models));
            naming.others.extend(found.map(|it| (name.clone(), it)));
        }
    }
    (relations, naming, whose)
}

/// The databases, without what is known only when all models are made.
fn database_names(options: &CrossOptions, groups: &[Group<'_>], count: usize, scope: &mut Scope) -> Vec<Database> {
    let one = |database: usize| {
        let members: Vec<usize> = (0..groups.len()).filter(|it| groups[*it].database == database).collect();
        let schemas: Vec<&str> = members.iter().map(|it| options.schemas[*it].name.as_str()).collect();
        let name = members.first().map_or_else(|| format!("Database{}", database + 1), |it| groups[*it].name.clone());
        let standard = Surroundings::default();
        let (register, tables_name, dsn) = if count > 1 {
            let dsn = format!("{}_{}", standard.dsn, names::folder(&name).to_uppercase());
            (scope.claim(&format!("Register{name}Types")), scope.claim(&format!("{name}Tables")), dsn)
        } else {
            ("RegisterTypes".to_owned(), "Tables".to_owned(), standard.dsn)
        };
        Database {
            name,
            schemas: literal::comment_lines(&listed(&schemas)).join(" "),
            register,
            tables_name,
            tables: Vec::new(),
            dsn,
            registered_types: Vec::new(),
            codecs: Codecs::default(),
        }
    };
    (0..count).map(one).collect()
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The tables of a schema that refer to others.
fn join_tables(model: &Model<'_>, group: &Group<'_>, groups: &[Group<'_>], whose: &[usize]) -> Vec<JoinTable> {
    let mut tables = Vec::new();
    for at in &model.order {
        let (relation, names) = (&model.relations[*at], &model.naming.tables[*at]);
        let references = model.edges.references(&model.builder, *at, &model.relations, &model.naming);
        let references: Vec<Reference> = references
            .map(|it| {
                let (other, other_home) = (&model.naming.tables[it.parent], &groups[whose[it.parent]].abroad);
                Reference {
                    name: it.name,
                    columns: it.columns,
                    other_sql: sql(&model.relations[it.parent]),
                    left_model: format!("{}.{}", group.abroad.models, names.model),
                    right_model: format!("{}.{}", other_home.models, other.model),
                    left: format!("{}.Tables.{}", group.abroad.postgres, names.plural),
                    right: format!("{}.Tables.{}", other_home.postgres, other.plural),
                    on: it.on,
                    left_matched: it.child_matched,
                    right_matched: it.parent_matched,
                }
            })
            .collect();
        if !references.is_empty() {
            tables.push(JoinTable { name: names.plural.clone(), sql: sql(relation), references });
        }
    }
    tables
}

/// All tables of a database, parents before children, as Go string literals. Where tables refer to each other in a circle, a foreign key that may be NULL gives way.
fn tables_in_order(groups: &[Group<'_>], database: usize) -> Vec<String> {
    let relations: Vec<Relation<'_>> =
        groups.iter().filter(|it| it.database == database).flat_map(|it| it.relations.iter().cloned()).collect();
    let by_name: HashMap<QualifiedName, usize> = relations.iter().enumerate().map(|(n, it)| (it.name.clone(), n)).collect();
    let mandatory = |at: usize| {
        let nullable = |name: &String| relations[at].columns.iter().any(|it| it.name == *name && !it.not_null);
        let foreign = relations[at].constraints.iter().filter_map(|(_, it)| match &it.kind {
            ConstraintKind::ForeignKey(foreign) if !foreign.columns.iter().any(nullable) => by_name.get(&foreign.references).copied(),
            _ => None,
        });
        foreign.collect()
    };
    let order = parents_before(&parents_first(&relations, &by_name), mandatory);
    let order = order.into_iter().map(|it| &relations[it]);
    order.filter(|it| it.identity.kind == Kind::Table).map(|it| literal::string(&sql(it))).collect()
}

/// The codecs of both.
fn both(a: &Codecs, b: &Codecs) -> Codecs {
    let text: BTreeSet<&String> = a.text.iter().chain(&b.text).collect();
    Codecs {
        decimal: a.decimal || b.decimal,
        uuid: a.uuid || b.uuid,
        text: text.into_iter().cloned().collect(),
        hstore: a.hstore.clone().or_else(|| b.hstore.clone()),
    }
}

impl Model<'_> {
    /// What the schema's files see of other schemas.
    fn neighbours(&self, naming: &Naming) -> Neighbours {
        let is_own = |at: usize| self.relations[at].home == 0;
        let mut near = self.edges.others(is_own);
        let scans: BTreeSet<&str> = self.project.functions.routines.iter().map(|it| it.scan.as_str()).collect();
        near.extend((0..self.relations.len()).filter(|at| {
            !is_own(*at)
                && scans.contains(self.builder.home(&self.relations[*at]).function("scan", &self.naming.tables[*at].model).as_str())
        }));
        let mut needed = BTreeSet::new();
        let mut open: Vec<usize> = self.order.iter().flat_map(|it| self.plans[*it].parents()).collect();
        while let Some(at) = open.pop() {
            if !is_own(at) && needed.insert(at) {
                open.extend(self.plans[at].parents());
            }
        }
        let neighbour = |at: usize| {
            let (table, home) = (self.at(at), self.builder.home(&self.relations[at]));
            let function = |verb: &str| home.function(verb, &table.names.model);
            Neighbour {
                models: home.models.clone(),
                postgres: home.postgres.clone(),
                scan: function("scan"),
                source: function("source"),
                sample: function("sample"),
                table,
            }
        };
        Neighbours {
            aliases: aliases(naming),
            tables: near.into_iter().map(neighbour).collect(),
            samples: needed.into_iter().map(neighbour).collect(),
            joined: self.order.iter().filter(|it| self.edges.joins(**it)).map(|it| self.naming.tables[*it].as_ref().clone()).collect(),
            references: Vec::new(),
        }
    }
}

/// The types of a schema that stand in the package of shared types, sorted by Go name.
fn aliases(naming: &Naming) -> Vec<Alias> {
    let alias = |(name, target): (&QualifiedName, &naming::Other)| {
        let own = naming.other(name, "")?;
        let package = &target.package;
        let there = |it: &str| format!("{package}.{it}");
        let values = own.values.iter().zip(&target.values);
        Some(Alias {
            target: there(&target.name),
            sql: literal::comment_lines(&data_type(&DataType::named(name.clone()))).join(" "),
            target_plural: if own.plural.is_empty() { String::new() } else { there(&target.plural) },
            values: values.map(|(own, other)| AliasValue { name: own.name.clone(), target: there(&other.name) }).collect(),
            name: own.name,
            plural: own.plural,
        })
    };
    let mut aliases: Vec<Alias> = naming.aliases.iter().filter_map(alias).collect();
    aliases.sort_by(|a, b| a.name.cmp(&b.name));
    aliases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_package_is_called_as_what_templates_declare_beside_its_import() {
        for text in [
            include_str!("../../../templates/test.tmpl"),
            include_str!("../../../templates/test_main.tmpl"),
            include_str!("../../../templates/test_models.tmpl"),
            include_str!("../../../templates/test_runtime.tmpl"),
            include_str!("../../../templates/functions_test.tmpl"),
            include_str!("../../../templates/mocks_testify.tmpl"),
            include_str!("../../../templates/cross_joins_test.tmpl"),
            include_str!("../../../templates/cross_test.tmpl"),
        ] {
            for line in text.lines() {
                let declared = ["func ", "type ", "var ", "const "].iter().find_map(|it| line.strip_prefix(it));
                let name: String = declared.unwrap_or_default().chars().take_while(|it| it.is_alphanumeric()).collect();
                // What a table's name follows no package is called by.
                let rest = declared.and_then(|it| it.strip_prefix(name.as_str())).unwrap_or_default();
                let is_whole = !name.is_empty() && !rest.starts_with("<:") && name.starts_with(char::is_lowercase);
                assert!(!is_whole || TESTS_SCOPE.contains(&name.as_str()), "`{name}` is missing");
            }
        }
    }

    #[test]
    fn lists_are_read_aloud() {
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
    }
}
