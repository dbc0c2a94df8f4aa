//! catalog and options → [`Model`]: every name, type, SQL text and sample value is decided here.
//!
//! `relation` says which relations take part, `naming` hands out names in shared scopes, `column`, `key`, `statement` and `types` fill
//! in the parts of a table, `sample` makes rows for tests. Nothing here lays out Go: that is the templates' part.
//! What is wrong with the schema or can't be generated is a [`Diagnostic`]; what is wrong with the options is an [`Error`].

mod column;
pub(super) mod cross;
mod edge;
mod handle;
mod key;
mod lifecycle;
mod literal;
mod naming;
mod overrides;
mod relation;
mod routine;
mod sample;
mod statement;
mod types;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use self::column::Built;
use self::edge::Edges;
use self::lifecycle::Lifecycle;
use self::naming::Naming;
use self::relation::Relation;
use super::go_types::GoTypes;
use super::model::{Column, GoType, Import, Packages, Project, Surroundings, Table, TableHead, TableNames};
use super::names::{self, Scope, Style};
use super::options::{Options, OptionsError};
use super::{go_types, methods};
use crate::catalog::{Catalog, ConstraintKind, Definition, Kind, QualifiedName};
use crate::ddl::quote_identifier;
use crate::diagnostic::Diagnostic;

/// Why there is no model.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The options make no sense.
    #[error(transparent)]
    Options(#[from] OptionsError),
}

/// Packages that files may use, by path and by the name they call themselves.
const IMPORTS: &[(&str, &str)] = &[
    ("bytes", "bytes"),
    ("context", "context"),
    ("database/sql", "sql"),
    ("database/sql/driver", "driver"),
    ("encoding", "encoding"),
    ("encoding/base64", "base64"),
    ("encoding/json", "json"),
    ("errors", "errors"),
    ("fmt", "fmt"),
    ("iter", "iter"),
    ("math", "math"),
    ("math/big", "big"),
    ("math/rand/v2", "rand"),
    ("net", "net"),
    ("net/netip", "netip"),
    ("os", "os"),
    ("reflect", "reflect"),
    ("slices", "slices"),
    ("strconv", "strconv"),
    ("strings", "strings"),
    ("sync", "sync"),
    ("sync/atomic", "atomic"),
    ("testing", "testing"),
    ("time", "time"),
    ("github.com/google/uuid", "uuid"),
    ("github.com/jackc/pgx-shopspring-decimal", "decimal"),
    ("github.com/jackc/pgx/v5", "pgx"),
    ("github.com/jackc/pgx/v5/pgconn", "pgconn"),
    ("github.com/jackc/pgx/v5/pgtype", "pgtype"),
    ("github.com/jackc/pgx/v5/pgxpool", "pgxpool"),
    ("github.com/pgvector/pgvector-go", "pgvector"),
    ("github.com/shopspring/decimal", "decimal"),
    ("github.com/stretchr/testify/mock", "mock"),
    ("github.com/vgarvardt/pgx-google-uuid/v5", "uuid"),
    ("go.uber.org/mock/gomock", "gomock"),
];

/// Packages whose own name another one has: what the code calls them.
const ALIASES: &[(&str, &str)] =
    &[("github.com/jackc/pgx-shopspring-decimal", "pgxdecimal"), ("github.com/vgarvardt/pgx-google-uuid/v5", "pgxuuid")];

/// How many tables' columns are told of at once.
const COLUMNS_AT_ONCE: usize = 256;

/// What all parts of the builder look at.
struct Builder<'a> {
    catalog: &'a Catalog,
    options: &'a Options,
    packages: Packages,
    style: Style,
    types: GoTypes<'a>,
    overrides: overrides::Overrides<'a>,
    /// The range of each multirange.
    multiranges: BTreeMap<QualifiedName, QualifiedName>,
    /// What no variable and no parameter may be called.
    locals: Scope,
    /// The packages that relations belong to: its own first, then those of other schemas.
    homes: Vec<Home>,
}

impl Builder<'_> {
    /// The packages that a relation belongs to.
    fn home(&self, relation: &Relation<'_>) -> &Home {
        &self.homes[relation.home]
    }
}

/// What code calls the packages of a schema.
#[derive(Clone, Debug)]
pub(super) struct Home {
    models: String,
    interfaces: String,
    postgres: String,
    /// What functions for tables of another schema begin with; empty for those of its own.
    prefix: String,
}

impl Home {
    fn own(packages: &Packages) -> Self {
        let Packages { models, interfaces, postgres, .. } = packages;
        Self { models: models.name.clone(), interfaces: interfaces.name.clone(), postgres: postgres.name.clone(), prefix: String::new() }
    }

    /// `scanUser`, or `crmScanUser` for a table of another schema.
    fn function(&self, verb: &str, model: &str) -> String {
        if self.prefix.is_empty() {
            return format!("{verb}{model}");
        }
        let mut letters = verb.chars();
        let verb: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        format!("{}{verb}{model}", self.prefix)
    }
}

/// What a model is made of.
struct Parts<'a> {
    catalog: &'a Catalog,
    options: &'a Options,
    packages: Packages,
    imports: Vec<Import>,
    locals: Scope,
    homes: Vec<Home>,
    /// Its own relations first, those of other schemas behind them.
    relations: Vec<Relation<'a>>,
    multiranges: BTreeMap<QualifiedName, QualifiedName>,
    reachable: types::Reachable,
    /// Names of the relations at the same places.
    naming: Naming,
    tests: Surroundings,
    diagnostics: Vec<Diagnostic>,
}

/// All that is generated, decided as far as one table's part depends on another's: names, types, who is whose parent.
///
/// The rest of a table is a multiple of that, and no two tables need it at the same time: [`Model::table`] makes it when it is asked for.
pub struct Model<'a> {
    /// What all files share.
    pub project: Project,
    /// What was left out and why. With an error among them the model is not what was asked for.
    pub diagnostics: Vec<Diagnostic>,
    builder: Builder<'a>,
    relations: Vec<Relation<'a>>,
    naming: Naming,
    by_name: HashMap<QualifiedName, usize>,
    plans: Vec<sample::Plan>,
    edges: Edges,
    /// Positions of its own relations, parents before children.
    order: Vec<usize>,
}

impl<'a> Model<'a> {
    /// Decides what is generated.
    ///
    /// # Errors
    /// Where the options contradict themselves or name what Go refuses.
    pub fn new(catalog: &'a Catalog, options: &'a Options) -> Result<Self, Error> {
        let mut diagnostics = Vec::new();
        let overrides = overrides::Overrides::new(&options.types)?;
        let known = imports();
        let foreign: Vec<Import> = overrides.imports().collect();
        let packages = options.packages(known.iter().chain(&foreign).map(|it| it.name.as_str()))?;
        let own = own_imports(&packages);
        let imports = overrides::merge(known.into_iter().chain(foreign).chain(own));

        let style = Style::new(&options.initialisms, &options.plurals);
        let mut locals = Scope::new(names::reserved_locals());
        for import in &imports {
            locals.take(&import.name);
        }

        let relations = relation::select(catalog, options, &mut diagnostics)?;
        let multiranges = multiranges(catalog);
        let reachable = types::Reachable::of(catalog, &relations, options, &multiranges);
        let go_types = reachable.go_types(catalog);
        let naming = naming::assign(catalog, &relations, &go_types, &style, options, &locals)?;
        let (homes, tests) = (vec![Home::own(&packages)], Surroundings::default());
        let parts =
            Parts { catalog, options, packages, imports, locals, homes, relations, multiranges, reachable, naming, tests, diagnostics };
        Self::of(parts)
    }

    fn of(parts: Parts<'a>) -> Result<Self, Error> {
        let Parts {
            catalog,
            options,
            packages,
            imports,
            locals,
            homes,
            relations,
            multiranges,
            reachable,
            mut naming,
            tests,
            mut diagnostics,
        } = parts;
        let overrides = overrides::Overrides::new(&options.types)?;
        let style = Style::new(&options.initialisms, &options.plurals);
        let types = GoTypes::new(catalog, options, go_names(&naming, &packages.models.name));
        let builder = Builder { catalog, options, packages, style, types, overrides, multiranges, locals, homes };

        let mut built: Vec<Vec<Built>> = Vec::with_capacity(relations.len());
        let mut distinct = HashSet::new();
        // In parts, so that the types of a part's columns are all that is there more than once.
        for (relations, names) in relations.chunks(COLUMNS_AT_ONCE).zip(naming.tables.chunks(COLUMNS_AT_ONCE)) {
            let tell = |(relation, names): (&Relation<'_>, &Arc<TableNames>)| {
                let mut found = Vec::new();
                let columns = column::columns(&builder, relation, &names.model, &mut found)?;
                if relation.home != 0 {
                    // Its own schema tells.
                    found.clear();
                }
                Ok((columns.into_iter().map(Built::for_samples).collect::<Vec<_>>(), found))
            };
            let told: Vec<Result<_, Error>> = relations.par_iter().zip(names).map(tell).collect();
            for told in told {
                let (mut columns, found) = told?;
                columns.iter_mut().for_each(|it| it.share(&mut distinct));
                built.push(columns);
                diagnostics.extend(found);
            }
        }
        let by_name = relations.iter().enumerate().map(|(n, it)| (it.name.clone(), n)).collect();
        let all = parents_first(&relations, &by_name);
        let order: Vec<usize> = all.iter().copied().filter(|it| relations[*it].home == 0).collect();
        let functions = routine::routines(&builder, &relations, &by_name, &mut naming);
        let samples = sample::Samples {
            builder: &builder,
            relations: &relations,
            built: &built,
            naming: &naming,
            by_name: &by_name,
            partitions: &sample::Partitions::of(catalog),
        };
        let plans = samples.plan(&all);
        let edges = Edges::find(&builder, &relations, &built, &by_name, &naming);
        drop(built);
        let head = |n: &usize| TableHead {
            names: Arc::clone(&naming.tables[*n]),
            sql: sql(&relations[*n]),
            kind: relations[*n].identity.kind.name().to_owned(),
            read_only: relations[*n].read_only,
        };
        let project = Project {
            functions,
            enums: types::enums(catalog, &naming),
            composites: types::composites(&builder, &naming),
            registered_types: types::registered(catalog, &builder.types, &reachable, &builder.multiranges),
            codecs: types::codecs(&builder.types, &reachable, options),
            tables: order.iter().map(head).collect(),
            imports,
            packages: builder.packages.clone(),
            tests,
        };
        Ok(Self { project, diagnostics, builder, relations, naming, by_name, plans, edges, order })
    }

    /// Makes the `n`th table of [`Project::tables`].
    ///
    /// # Panics
    /// Where there is none.
    pub fn table(&self, n: usize) -> Table {
        self.at(self.order[n])
    }

    /// Makes the table of the relation at a position.
    fn at(&self, at: usize) -> Table {
        let (relation, names) = (&self.relations[at], &self.naming.tables[at]);
        let references = |name: &QualifiedName| self.by_name.get(name).map_or_else(String::new, |it| self.naming.tables[*it].model.clone());
        // Told a second time, for the columns of all tables at once would be most of the memory that a run takes.
        let built = column::columns(&self.builder, relation, &names.model, &mut Vec::new()).expect("the same columns were told before");
        let mut table = table(&self.builder, relation, &built, names, &self.naming.constraints, references);
        table.loads = self.edges.loads(&self.builder, at, &self.relations, &self.naming);
        table.joins = self.edges.joins(at);
        self.plans[at].fill_in(&self.relations, at, &self.builder, &self.naming, &mut table);
        methods::complete(&mut table, &self.builder.packages);
        table
    }
}

/// A table without its methods and its sample.
fn table(
    builder: &Builder<'_>,
    relation: &Relation<'_>,
    built: &[Built],
    names: &Arc<TableNames>,
    constants: &BTreeMap<(QualifiedName, String), String>,
    references: impl Fn(&QualifiedName) -> String,
) -> Table {
    let life = Lifecycle::of(relation, &sql(relation), built, builder.options);
    let counts = |it: &Column| life.version.as_ref().is_some_and(|version| version.name == it.name);
    let mut columns: Vec<Column> = built.iter().map(|it| it.column.clone()).collect();
    for column in &mut columns {
        column.updatable = column.insertable && !column.in_primary_key && !counts(column);
    }
    let create: Vec<&Column> = columns.iter().filter(|it| it.insertable).collect();
    let update: Vec<&Column> = columns.iter().filter(|it| it.updatable).collect();
    let found = key::find(relation);
    let by_name = |names: &[&str]| -> Vec<&Column> { names.iter().filter_map(|name| columns.iter().find(|it| it.name == *name)).collect() };
    // Without a primary key a whole unique key gives an order as good.
    let not_null = |names: &[&str]| by_name(names).iter().all(|it| !it.nullable);
    let order = found
        .iter()
        .find(|it| it.primary || it.predicate.is_none() && not_null(&it.columns))
        .map(|it| by_name(&it.columns))
        .unwrap_or_default();
    let keyset = found.iter().any(|it| it.primary);
    let sql = sql(relation);
    let keys = key::Table {
        sql: &sql,
        names,
        models: &builder.home(relation).models,
        columns: built,
        create: &create,
        update: &update,
        order: &order,
        life: &life,
    };
    let mut suffixes = Scope::default();
    let mut unique_keys = Vec::new();
    let mut primary_key = None;
    for found in &found {
        let key = keys.key(found, &mut suffixes);
        if found.primary { primary_key = Some(key) } else { unique_keys.push(key) }
    }
    Table {
        schema: relation.name.schema.clone(),
        name: relation.name.name.clone(),
        literal: literal::string(&sql),
        kind: relation.identity.kind.name().to_owned(),
        read_only: relation.read_only,
        doc: doc(relation, &names.model, &sql),
        has_optional: create.iter().any(|it| it.optional),
        primary_key,
        unique_keys,
        foreign_keys: keys.foreign_keys(relation, references),
        // Those of another schema's table are constants of its own package.
        constraints: if relation.home == 0 { key::constraints(relation, constants) } else { Vec::new() },
        loads: Vec::new(),
        joins: false,
        refresh_concurrently: relation
            .indexes
            .iter()
            .any(|(_, index)| index.unique && index.predicate.is_none() && index.keys.iter().all(|key| key.column.is_some())),
        methods: Vec::new(),
        uses_assign: false,
        copies: false,
        handles: handle::handles(builder, relation, &sql, built),
        statements: statement::statements(&sql, built, &create, &order, keyset, &life),
        soft_delete: life.soft_delete.map(|it| it.model),
        version: life.version,
        copyable: !relation.read_only
            && create.iter().all(|column| built.iter().any(|it| it.column.name == column.name && it.resolved.binary)),
        sample: sample::none(builder.home(relation).function("make", &names.model)),
        names: Arc::clone(names),
        updatable: !update.is_empty(),
        columns,
        sql,
    }
}

/// The relation as SQL names it.
fn sql(relation: &Relation<'_>) -> String {
    format!("{}.{}", quote_identifier(&relation.name.schema), quote_identifier(&relation.name.name))
}

/// The struct's doc comment.
fn doc(relation: &Relation<'_>, model: &str, sql: &str) -> Vec<String> {
    let mut lines = vec![format!("{model} is a row of the {} {}.", relation.identity.kind, literal::comment_lines(sql).join(" "))];
    if let Some(comment) = relation.comment {
        lines.push(String::new());
        lines.extend(literal::comment_lines(comment));
    }
    lines
}

/// Positions of relations in an order in which what a foreign key refers to comes first, and ties go by name. Cycles are cut where they are met.
fn parents_first(relations: &[Relation<'_>], by_name: &HashMap<QualifiedName, usize>) -> Vec<usize> {
    let parents = |n: usize| -> BTreeSet<usize> {
        let foreign = relations[n].constraints.iter().filter_map(|(_, constraint)| match &constraint.kind {
            ConstraintKind::ForeignKey(foreign) => by_name.get(&foreign.references).copied(),
            _ => None,
        });
        foreign.collect()
    };
    parents_before(&(0..relations.len()).collect::<Vec<_>>(), parents)
}

/// An order of numbers in which each comes after its parents, as far as that is possible, and otherwise as they are.
fn parents_before(numbers: &[usize], parents: impl Fn(usize) -> BTreeSet<usize>) -> Vec<usize> {
    let mut order = Vec::with_capacity(numbers.len());
    let mut seen = vec![false; numbers.len()];
    // An explicit stack: chains of foreign keys can be as long as there are tables.
    for root in numbers.iter().copied() {
        if std::mem::replace(&mut seen[root], true) {
            continue;
        }
        let mut stack = vec![(root, parents(root).into_iter())];
        while let Some((n, rest)) = stack.last_mut() {
            match rest.next() {
                Some(parent) if !std::mem::replace(&mut seen[parent], true) => stack.push((parent, parents(parent).into_iter())),
                Some(_) => {}
                None => {
                    order.push(*n);
                    stack.pop();
                }
            }
        }
    }
    order
}

/// Packages other than the project's own.
fn imports() -> Vec<Import> {
    let alias = |path: &str| ALIASES.iter().find(|(it, _)| *it == path).map(|(_, name)| (*name).to_owned());
    let import = |(path, name): &(&str, &str)| match alias(path) {
        Some(name) => Import { path: (*path).to_owned(), name, alias: true },
        None => Import { path: (*path).to_owned(), name: (*name).to_owned(), alias: false },
    };
    IMPORTS.iter().map(import).collect()
}

/// The project's own packages.
fn own_imports(packages: &Packages) -> Vec<Import> {
    let Packages { models, interfaces, postgres, mocks, tests: _, runtime } = packages;
    [models, interfaces, postgres, mocks, runtime]
        .into_iter()
        .map(|it| Import { path: it.path.clone(), name: it.name.clone(), alias: names::package_name(&it.path) != it.name })
        .collect()
}

/// How enums and composites are spelled.
fn go_names(naming: &Naming, models: &str) -> BTreeMap<QualifiedName, GoType> {
    let own = |name: &str| GoType { local: name.to_owned(), qualified: format!("{models}.{name}") };
    let other = |it: &naming::Other| go_types::plain(&format!("{}.{}", it.package, it.name));
    let enums = naming.enums.iter().map(|(name, names)| (name.clone(), own(&names.name)));
    let composites = naming.composites.iter().map(|(name, go)| (name.clone(), own(go)));
    let others = naming.others.iter().map(|(name, it)| (name.clone(), other(it)));
    // A name of its own wins.
    others.chain(enums).chain(composites).collect()
}

/// The range of each multirange.
fn multiranges(catalog: &Catalog) -> BTreeMap<QualifiedName, QualifiedName> {
    let ranges = catalog.of_kind(Kind::Range).filter_map(|(identity, object)| match &object.definition {
        Definition::Range(range) => Some((QualifiedName::new(&identity.schema, &range.multirange), identity.qualified_name())),
        _ => None,
    });
    ranges.collect()
}
