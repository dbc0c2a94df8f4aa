//! Foreign keys between generated relations, and how rows are loaded along them: in both directions, in one query each.
//!
//! An edge is told once for the two tables that it joins, with no more than their methods need, for there is one a foreign key in memory.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::column::Built;
use super::naming::Naming;
use super::relation::Relation;
use super::{Builder, key, literal};
use crate::catalog::{ConstraintKind, DataType, QualifiedName};
use crate::codegen::go_types::{Null, Shape, Type};
use crate::codegen::model::{Load, LoadPart};
use crate::codegen::names::{self, Scope};
use crate::ddl::{data_type, quote_identifier};

/// A foreign key from a child to its parent, both by position.
pub(super) struct Edge {
    child: usize,
    parent: usize,
    ends: Vec<Ends>,
    /// The method of the child's repository that loads parents, and that of the parent's that loads children.
    to_parents: String,
    to_children: String,
    /// `FindWithOrg`: empty where a table refers to itself, which would need another name for one of the two.
    joined: String,
    /// Whether a parent has one child at most.
    single: bool,
    /// Whether the parent's columns are its primary key, of more than one column.
    struct_key: bool,
}

/// A pair of columns.
struct Ends {
    child: End,
    parent: End,
    /// The array that values of the parent's type travel in: `bigint[]`.
    array: String,
}

struct End {
    column: String,
    field: String,
    nullable: bool,
    resolved: Arc<Type>,
}

impl End {
    fn of(built: &Built, types: &mut HashSet<Arc<Type>>) -> Self {
        let resolved = types.get(&built.resolved).cloned().unwrap_or_else(|| {
            types.insert(Arc::clone(&built.resolved));
            Arc::clone(&built.resolved)
        });
        Self { column: built.column.name.clone(), field: built.column.field.clone(), nullable: built.column.nullable, resolved }
    }

    /// The value as read off a variable.
    fn value(&self, row: &str) -> String {
        let field = format!("{row}.{}", self.field);
        if self.nullable { self.resolved.unwrap(&field) } else { field }
    }

    fn present(&self, row: &str) -> String {
        if self.nullable { self.resolved.present(&format!("{row}.{}", self.field)) } else { String::new() }
    }
}

/// All edges, by child and then by constraint, and the positions of those that each relation has a part in.
pub(super) struct Edges {
    all: Vec<Edge>,
    of: Vec<Vec<usize>>,
}

impl Edges {
    /// Finds the edges and names their methods.
    pub(super) fn find(
        builder: &Builder<'_>,
        relations: &[Relation<'_>],
        built: &[Vec<Built>],
        by_name: &HashMap<QualifiedName, usize>,
        naming: &Naming,
    ) -> Self {
        let mut all: Vec<Edge> = Vec::new();
        let mut of: Vec<Vec<usize>> = vec![Vec::new(); relations.len()];
        let mut types = HashSet::new();
        let mut scopes: HashMap<usize, Scope> = HashMap::new();
        for (child, relation) in relations.iter().enumerate() {
            let mut seen = BTreeSet::new();
            for (identity, constraint) in &relation.constraints {
                let ConstraintKind::ForeignKey(foreign) = &constraint.kind else { continue };
                // What a period refers to is no key, but rows that cover it.
                if foreign.period {
                    continue;
                }
                let Some(parent) = by_name.get(&foreign.references).copied() else { continue };
                let column = |at: usize, name: &String| built[at].iter().find(|it| it.column.name == *name);
                let pairs: Option<Vec<_>> = foreign
                    .columns
                    .iter()
                    .zip(&foreign.referenced_columns)
                    .map(|(a, b)| Some((column(child, a)?, column(parent, b)?)))
                    .collect();
                let Some(pairs) = pairs.filter(|it| !it.is_empty() && it.iter().all(|(a, b)| joins(a, b))) else { continue };
                if !seen.insert((parent, &foreign.columns)) {
                    continue;
                }
                let primary = primary_key(&relations[parent]);
                let struct_key = pairs.len() > 1;
                let whole =
                    primary.is_some_and(|it| it.len() == pairs.len() && it.iter().all(|name| foreign.referenced_columns.contains(name)));
                // A key of several columns needs a struct, and only the primary key has one.
                if struct_key && !whole {
                    continue;
                }
                let unique: BTreeSet<&str> = foreign.columns.iter().map(String::as_str).collect();
                let single = key::find(relation)
                    .iter()
                    .any(|it| it.predicate.is_none() && it.columns.iter().copied().collect::<BTreeSet<_>>() == unique);
                let suffix = pairs.iter().map(|(a, _)| a.column.field.as_str()).collect::<Vec<_>>().join("And");
                let base = match &*foreign.columns {
                    [one] => one.strip_suffix("_id").filter(|it| !it.is_empty()),
                    _ => None,
                };
                let (names, parents) = (&naming.tables[child], &naming.tables[parent]);
                let to_one = base.map_or_else(|| parents.model.clone(), |it| builder.style.exported(it));
                let plural = base
                    .map_or_else(|| parents.plural.clone(), |it| builder.style.exported_words(&builder.style.plural(&names::words(it))));
                let mut claim = |at: usize, wishes: &[String]| scopes.entry(at).or_default().claim_first(wishes);
                let by_key = |it: &str| format!("{it}{}", builder.style.exported(&identity.name));
                let to_parents = claim(child, &[format!("Load{plural}"), format!("Load{}For{suffix}", parents.plural), by_key("Load")]);
                let joined = if parent == child {
                    String::new()
                } else {
                    claim(child, &[format!("{FIND_WITH}{to_one}"), format!("{FIND_WITH}{}For{suffix}", parents.model), by_key(FIND_WITH)])
                };
                let to_children = claim(parent, &[format!("Load{}By{suffix}", names.plural), by_key("LoadBy")]);
                let ends = pairs
                    .iter()
                    .map(|(a, b)| {
                        let source = relations[parent].columns.iter().find(|it| it.name == b.column.name);
                        let array = source.map_or_else(String::new, |it| array(builder, it.data_type, &b.resolved));
                        Ends { child: End::of(a, &mut types), parent: End::of(b, &mut types), array }
                    })
                    .collect();
                of[child].push(all.len());
                if parent != child {
                    of[parent].push(all.len());
                }
                all.push(Edge { child, parent, ends, to_parents, to_children, joined, single, struct_key });
            }
        }
        Self { all, of }
    }

    /// Those at the other ends of the edges that have one end among some.
    pub(super) fn others(&self, is_own: impl Fn(usize) -> bool) -> BTreeSet<usize> {
        let ends = self.all.iter().flat_map(|it| [(it.child, it.parent), (it.parent, it.child)]);
        ends.filter(|(own, other)| is_own(*own) && !is_own(*other)).map(|(_, other)| other).collect()
    }

    /// Whether the relation at a position is joined with another.
    pub(super) fn joins(&self, at: usize) -> bool {
        self.of[at].iter().any(|it| !self.all[*it].joined.is_empty())
    }

    /// What the repository at a position loads: parents first.
    pub(super) fn loads(&self, builder: &Builder<'_>, at: usize, relations: &[Relation<'_>], naming: &Naming) -> Vec<Load> {
        let edges = || self.of[at].iter().map(|it| &self.all[*it]);
        let load = |edge: &Edge, to_parent| edge.load(builder, to_parent, relations, naming);
        let parents = edges().filter(|it| it.child == at).map(|it| load(it, true));
        parents.chain(edges().filter(|it| it.parent == at).map(|it| load(it, false))).collect()
    }
}

/// A foreign key between two tables, as joins take it.
pub(super) struct Reference {
    /// The position of the table that is referred to.
    pub parent: usize,
    /// What the one that is referred to is called: `Org` in `FindWithOrg`.
    pub name: String,
    /// The columns of the foreign key, for comments.
    pub columns: String,
    /// The condition that joins both, as a Go literal.
    pub on: String,
    /// The conditions that a row of the child, and one of the parent, was found, as Go literals.
    pub child_matched: String,
    pub parent_matched: String,
}

impl Edges {
    /// The foreign keys of a table that it can be joined by.
    pub(super) fn references<'e>(
        &'e self,
        builder: &'e Builder<'_>,
        at: usize,
        relations: &'e [Relation<'_>],
        naming: &'e Naming,
    ) -> impl Iterator<Item = Reference> + 'e {
        let edges = self.of[at].iter().map(|it| &self.all[*it]).filter(move |it| it.child == at && !it.joined.is_empty());
        edges.map(move |edge| {
            let load = edge.load(builder, true, relations, naming);
            let (schema, name) = (&relations[at].name.schema, &relations[at].name.name);
            let column = &edge.ends[0].child.column;
            let first = format!("{}.{}.{}", quote_identifier(schema), quote_identifier(name), quote_identifier(column));
            Reference {
                parent: edge.parent,
                name: edge.joined.strip_prefix(FIND_WITH).unwrap_or(&edge.joined).to_owned(),
                columns: load.columns,
                on: load.on,
                child_matched: literal::raw(&format!("{first} IS NOT NULL")),
                parent_matched: load.matched,
            }
        })
    }
}

/// What the names of methods begin with that join.
const FIND_WITH: &str = "FindWith";

impl Edge {
    fn load(&self, builder: &Builder<'_>, to_parent: bool, relations: &[Relation<'_>], naming: &Naming) -> Load {
        let (child, parent) = (&naming.tables[self.child], &naming.tables[self.parent]);
        let other_home = builder.home(&relations[if to_parent { self.parent } else { self.child }]);
        let key_type = if self.struct_key {
            format!("{}.{}", builder.home(&relations[self.parent]).models, parent.key)
        } else {
            self.ends[0].parent.resolved.value.qualified.clone()
        };
        let key_of = |of_parent: bool| {
            let value = |it: &Ends| {
                let end = if of_parent { &it.parent } else { &it.child };
                convert(&end.value("row"), &end.resolved, &it.parent.resolved)
            };
            if self.struct_key {
                let fields: Vec<String> = self.ends.iter().map(|it| format!("{}: {}", it.parent.field, value(it))).collect();
                format!("{key_type}{{{}}}", fields.join(", "))
            } else {
                value(&self.ends[0])
            }
        };
        let ends = self.ends.iter().map(|it| if to_parent { it.child.present("row") } else { it.parent.present("row") });
        let key_present = ends.filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" && ");
        let other = if to_parent { parent } else { child };
        let sql = |at: usize| format!("{}.{}", quote_identifier(&relations[at].name.schema), quote_identifier(&relations[at].name.name));
        let (child_sql, parent_sql) = (sql(self.child), sql(self.parent));
        let handle = |it: &Ends| {
            let (key, own) = (&it.parent.resolved.value, &it.child.resolved.value);
            if !to_parent && key != own {
                // Keys may be larger integers than the column takes: they are compared as what they are.
                let (column, runtime) = (quote_identifier(&it.child.column), &builder.packages.runtime.name);
                let name = literal::raw(&format!("{child_sql}.{column}"));
                return format!("{runtime}.Ordered[{}]({name}, \"\", {})", key.qualified, literal::raw(&it.array));
            }
            let field = if to_parent { &it.parent.field } else { &it.child.field };
            format!("{}.{}.{field}", other_home.interfaces, other.plural)
        };
        let part = |it: &Ends| LoadPart {
            handle: handle(it),
            array: it.array.clone(),
            value: format!("key.{}", it.parent.field),
            go_type: it.parent.resolved.value.qualified.clone(),
        };
        let on = self
            .ends
            .iter()
            .map(|it| format!("{child_sql}.{} = {parent_sql}.{}", quote_identifier(&it.child.column), quote_identifier(&it.parent.column)));
        let columns = self.ends.iter().map(|it| it.child.column.as_str()).collect::<Vec<_>>().join(", ");
        Load {
            name: if to_parent { self.to_parents.clone() } else { self.to_children.clone() },
            joined: if to_parent { self.joined.clone() } else { String::new() },
            on: literal::raw(&on.collect::<Vec<_>>().join(" AND ")),
            matched: literal::raw(&format!("{parent_sql}.{} IS NOT NULL", quote_identifier(&self.ends[0].parent.column))),
            many: !to_parent && !self.single,
            to_parent,
            columns: literal::comment_lines(&columns).join(" "),
            other_type: format!("{}.{}", other_home.models, other.model),
            scan: other_home.function("scan", &other.model),
            source: other_home.function("source", &other.model),
            other_sql: if to_parent { parent_sql.clone() } else { child_sql.clone() },
            key: key_of(!to_parent),
            key_present,
            other_key: key_of(to_parent),
            composite: self.struct_key,
            parts: self.ends.iter().map(part).collect(),
            key_type,
        }
    }
}

/// Whether values of both columns are the same in Go, so that one can be looked up by the other, and travel in an array.
fn joins(child: &Built, parent: &Built) -> bool {
    let (a, b) = (&child.resolved, &parent.resolved);
    let integer = |it: &Type| matches!(it.shape, Shape::Int16 | Shape::Int32 | Shape::Int64);
    let opaque = |it: &Built| it.column.nullable && it.resolved.null == Null::Opaque;
    let same = a.value == b.value && a.comparable && b.comparable || integer(a) && integer(b);
    // A nullable form that holds something else than the value is no key: pgtype.UUID has bytes.
    let wrapped = |it: &Built| it.column.nullable && matches!(&it.resolved.null, Null::Wrapper(_, "Bytes"));
    same && !opaque(child) && !opaque(parent) && !wrapped(child) && !wrapped(parent)
}

/// An integer key of another size.
fn convert(value: &str, from: &Type, to: &Type) -> String {
    if from.value == to.value { value.to_owned() } else { format!("{}({value})", to.value.qualified) }
}

fn primary_key<'a>(relation: &Relation<'a>) -> Option<&'a Vec<String>> {
    relation.constraints.iter().find_map(|(_, constraint)| match &constraint.kind {
        ConstraintKind::PrimaryKey(key) => Some(&key.columns),
        _ => None,
    })
}

/// The array that values of a column's type travel in.
fn array(builder: &Builder<'_>, of: &DataType, resolved: &Type) -> String {
    let sql = data_type(&DataType::named(builder.base(of).name.clone()));
    if resolved.cast.is_empty() { format!("::{sql}[]") } else { format!("::text[]::{sql}[]") }
}
