//! Renames: what a diff sees as a drop and a create, and the user knows to be one thing under another name.
//!
//! A hint becomes `ALTER … RENAME` (and `SET SCHEMA`), which is replayed on the old schema, so that everything that says the name
//! follows as it does on a server; what is left is planned from there. [`guesses`] finds what looks like a rename. Nobody acts on a
//! guess but who was asked.

use std::collections::BTreeSet;

use crate::capture::script::{self, Input};
use crate::catalog::{Catalog, DataType, Definition, Dependency, Identity, Kind, Object, QualifiedName};
use crate::ddl::Writer;
use crate::diagnostic::{Severity, nearest};
use crate::diff::{self, Change};
use crate::plan::{Action, Step};

/// Why a hint can't be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are named in the messages")]
pub enum RenameError {
    /// It is no hint at all.
    #[error("`{hint}` is no rename: write OLD=NEW, as in users=people, users.email=users.mail or function f=g")]
    Syntax { hint: String },
    /// The old schema has nothing of that name.
    #[error("can't rename `{hint}`: the old schema has no `{name}`{}", nearest.as_ref().map(|it| format!("; did you mean `{it}`?")).unwrap_or_default())]
    NoSuchOld { hint: String, name: String, nearest: Option<String> },
    /// What it would become isn't in the new schema, or was in the old one, or what it was is in both.
    #[error("can't rename `{hint}`: {why}")]
    NoRename { hint: String, why: String },
    /// More than one object may be meant.
    #[error("`{hint}` may mean {}; say which, as in `{} {hint}`", candidates.join(", "), kind)]
    Ambiguous { hint: String, candidates: Vec<String>, kind: String },
}

/// A rename, as the statements that do it and undo it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// What it is called afterwards.
    pub about: Identity,
    /// In words: `table public.users to people`.
    pub what: String,
    up: String,
    down: String,
}

impl Rename {
    pub(super) fn step(&self) -> Step {
        self.as_step(&self.up)
    }

    pub(super) fn back(&self) -> Step {
        self.as_step(&self.down)
    }

    fn as_step(&self, sql: &str) -> Step {
        Step {
            sql: sql.to_owned(),
            about: self.about.clone(),
            action: Action::Alter,
            loses: None,
            risks: None,
            why: Some("it gets another name".to_owned()),
        }
    }
}

/// What looks like a rename.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The hint that would make it one.
    pub hint: String,
    /// In words: `column email of table public.users is perhaps mail now`.
    pub what: String,
}

/// The schema after renames; `None` where there are none.
pub fn after(from: &Catalog, renames: &[Rename]) -> Option<Catalog> {
    if renames.is_empty() {
        return None;
    }
    let sql: String = renames.iter().map(|it| format!("{}\n", it.up)).collect();
    Some(script::replay(from.clone(), &[Input::new("the renames", sql)]).catalog)
}

/// What a hint says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hint {
    text: String,
    kinds: Kinds,
    from: Path,
    to: Path,
}

/// What it may be about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kinds {
    Any,
    Of(Vec<Kind>),
    /// A column, an attribute, a label of an enum.
    Part,
}

/// A name in parts, and the arguments of a routine where they are said.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Path {
    parts: Vec<String>,
    arguments: Option<String>,
}

/// What a hint means in a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    /// Schemas first, then what is in them, then what is in that.
    rank: u8,
    identity: Identity,
    part: Option<String>,
    /// The schema that it moves to, and the name that it gets.
    schema: String,
    name: String,
}

impl Target {
    fn describe(&self) -> String {
        match &self.part {
            Some(part) => format!("{} {part} of {}", part_word(self.identity.kind), self.identity),
            None => self.identity.to_string(),
        }
    }
}

/// Turns hints into renames. What a rename brings along by its name (`users_pkey` of `users`) is renamed with it, where the new schema has
/// it so.
///
/// # Errors
/// If a hint says nothing, or something that doesn't lead to the new schema.
pub fn resolve(hints: &[String], from: &Catalog, to: &Catalog) -> Result<Vec<Rename>, RenameError> {
    let mut targets = Vec::new();
    for hint in hints {
        let hint = parse(hint)?;
        targets.push(target(&hint, hints, from, to)?);
    }
    targets.sort();
    targets.dedup();
    let mut resolved = Resolved { renames: Vec::new(), catalog: from.clone(), moves: Vec::new() };
    for target in targets {
        resolved.apply(&target)?;
        for companion in companions(&target, &resolved, to) {
            resolved.apply(&companion)?;
        }
    }
    Ok(resolved.renames)
}

/// The renames so far.
struct Resolved {
    renames: Vec<Rename>,
    catalog: Catalog,
    /// What was called so in the old schema, and is called so now.
    moves: Vec<(Identity, Identity)>,
}

impl Resolved {
    /// What an object of the old schema is called by now.
    fn now(&self, identity: &Identity) -> Identity {
        self.moves.iter().fold(identity.clone(), |identity, (from, to)| moved(&identity, from, to))
    }

    fn apply(&mut self, target: &Target) -> Result<(), RenameError> {
        let mut identity = self.now(&target.identity);
        if let Some(part) = &target.part {
            let what = format!("{} {part} of {identity} to {}", part_word(identity.kind), target.name);
            self.run(
                &identity,
                &identity,
                what,
                |writer, identity, object| writer.rename_part(identity, object, part, &target.name),
                |writer, identity, object| writer.rename_part(identity, object, &target.name, part),
            )?;
            return Ok(());
        }
        // What goes to another schema because all of its schema or its table does is there by now.
        let moves = target.schema != target.identity.schema && target.schema != identity.schema;
        if moves && identity.kind != Kind::Schema && !identity.schema.is_empty() {
            let along = moving_along(&self.catalog, &identity);
            let moved = Identity { schema: target.schema.clone(), ..identity.clone() };
            let back = identity.schema.clone();
            let what = format!("{identity} to schema {}", target.schema);
            self.run(
                &identity,
                &moved,
                what,
                |writer, identity, object| writer.set_schema(identity, object, &target.schema),
                |writer, identity, object| writer.set_schema(identity, object, &back),
            )?;
            self.moves.push((identity, moved.clone()));
            self.moves.extend(along.into_iter().map(|it| (it.clone(), Identity { schema: target.schema.clone(), ..it })));
            identity = moved;
        }
        if identity.name != target.name {
            let renamed = Identity { name: target.name.clone(), ..identity.clone() };
            let back = identity.name.clone();
            let what = format!("{identity} to {}", target.name);
            self.run(
                &identity,
                &renamed,
                what,
                |writer, identity, object| writer.rename(identity, object, &target.name),
                |writer, identity, object| writer.rename(identity, object, &back),
            )?;
            self.moves.push((identity, renamed));
        }
        Ok(())
    }

    /// Writes and replays a rename, and writes the way back of what came out.
    fn run(
        &mut self,
        before: &Identity,
        after: &Identity,
        what: String,
        up: impl Fn(&Writer<'_>, &Identity, &Object) -> Option<crate::ddl::Statement>,
        down: impl Fn(&Writer<'_>, &Identity, &Object) -> Option<crate::ddl::Statement>,
    ) -> Result<(), RenameError> {
        let refused = |why: String| RenameError::NoRename { hint: what.clone(), why };
        let written =
            |catalog: &Catalog, identity: &Identity, write: &dyn Fn(&Writer<'_>, &Identity, &Object) -> Option<crate::ddl::Statement>| {
                let object = catalog.get(identity)?;
                write(&Writer::new(catalog), identity, object).map(|it| it.sql)
            };
        let sql = written(&self.catalog, before, &up).ok_or_else(|| refused(format!("PostgreSQL can't rename a {}", before.kind)))?;
        let captured = script::replay(std::mem::take(&mut self.catalog), &[Input::new("the rename", sql.clone())]);
        self.catalog = captured.catalog;
        if let Some(error) = captured.diagnostics.into_iter().find(|it| it.severity == Severity::Error) {
            return Err(refused(error.message));
        }
        let back = written(&self.catalog, after, &down).ok_or_else(|| refused(format!("{after} is not there afterwards")))?;
        self.renames.push(Rename { about: after.clone(), what, up: sql, down: back });
        Ok(())
    }
}

/// An identity after another object was moved or renamed.
fn moved(identity: &Identity, from: &Identity, to: &Identity) -> Identity {
    if identity == from {
        return to.clone();
    }
    let mut identity = identity.clone();
    let swap = |name: &mut QualifiedName| {
        if from.kind == Kind::Schema && name.schema == from.name {
            name.schema.clone_from(&to.name);
        } else if from.kind != Kind::Schema && is_type_like(from.kind) && *name == from.qualified_name() {
            *name = to.qualified_name();
        }
    };
    identity.arguments.iter_mut().for_each(|DataType { name, .. }| swap(name));
    if from.kind == Kind::Schema {
        if identity.schema == from.name {
            identity.schema.clone_from(&to.name);
        }
    } else if is_type_like(from.kind) && identity.parent == from.name && identity.schema == from.schema {
        identity.parent.clone_from(&to.name);
        identity.schema.clone_from(&to.schema);
    }
    identity
}

/// What goes to another schema with a table: its indexes, and the sequences that its columns own.
fn moving_along(catalog: &Catalog, table: &Identity) -> Vec<Identity> {
    let is_of_table = |(_, object): &(&Identity, &Object)| object.dependencies.iter().any(|it| it.auto && it.on == *table);
    let all = [Kind::Index, Kind::Sequence].into_iter().flat_map(|kind| catalog.of_kind(kind)).filter(is_of_table);
    all.filter(|(identity, _)| identity.schema == table.schema).map(|(identity, _)| identity.clone()).collect()
}

/// Whether things are named within it, or values are of it.
fn is_type_like(kind: Kind) -> bool {
    kind.is_type() || matches!(kind, Kind::Table | Kind::ForeignTable | Kind::View | Kind::MaterializedView)
}

/// The parts of an object that have names of their own.
fn parts(object: &Object) -> Vec<&str> {
    match &object.definition {
        Definition::Table(it) => it.columns.iter().map(|it| it.name.as_str()).collect(),
        Definition::ForeignTable(it) => it.columns.iter().map(|it| it.name.as_str()).collect(),
        Definition::View(it) => it.columns.iter().map(|it| it.name.as_str()).collect(),
        Definition::MaterializedView(it) => it.columns.iter().map(|it| it.name.as_str()).collect(),
        Definition::Composite(it) => it.attributes.iter().map(|it| it.name.as_str()).collect(),
        Definition::Enum(it) => it.labels.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

fn part_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Enum => "label",
        Kind::Composite => "attribute",
        _ => "column",
    }
}

/// Finds what a hint means: the one thing that the old schema has under the old name, and the new one under the new name.
fn target(hint: &Hint, hints: &[String], from: &Catalog, to: &Catalog) -> Result<Target, RenameError> {
    let others: Vec<Hint> = hints.iter().filter_map(|it| parse(it).ok()).filter(|it| it != hint).collect();
    let mut meant = Vec::new();
    let mut refused = None;
    for (identity, object) in from.iter() {
        if let Some(candidate) = of_object(hint, identity) {
            match leads_to_new(&candidate, &others, from, to) {
                Ok(()) => meant.push(candidate),
                Err(why) => refused = Some(why),
            }
        }
        if let Some(candidate) = of_part(hint, identity, object) {
            match part_leads_to_new(&candidate, hint, &others, object, to) {
                Ok(()) => meant.push(candidate),
                Err(why) => refused = Some(why),
            }
        }
    }
    let text = hint.text.clone();
    match (meant.len(), refused) {
        (1, _) => Ok(meant.swap_remove(0)),
        (0, Some(why)) => Err(RenameError::NoRename { hint: text, why }),
        (0, None) => {
            let name = hint.from.parts.join(".");
            let last = hint.from.parts.last().map_or("", String::as_str);
            let known: BTreeSet<&str> =
                from.iter().flat_map(|(identity, object)| parts(object).into_iter().chain([identity.name.as_str()])).collect();
            let nearest = nearest(last, known).map(str::to_owned);
            Err(RenameError::NoSuchOld { hint: text, name, nearest })
        }
        _ => {
            let kind = meant.first().map_or_else(String::new, |it| match &it.part {
                Some(_) => part_word(it.identity.kind).to_owned(),
                None => it.identity.kind.name().to_owned(),
            });
            Err(RenameError::Ambiguous { hint: text, candidates: meant.iter().map(Target::describe).collect(), kind })
        }
    }
}

/// An object that a hint may mean.
fn of_object(hint: &Hint, identity: &Identity) -> Option<Target> {
    let fits = match &hint.kinds {
        Kinds::Any => true,
        Kinds::Of(kinds) => kinds.contains(&identity.kind),
        Kinds::Part => false,
    };
    if !fits || !names(&hint.from, identity) {
        return None;
    }
    let new = hint.to.parts.last()?.clone();
    let before = &hint.to.parts[..hint.to.parts.len() - 1];
    // `t.a=t.b`: what stands before the last dot is the relation of a constraint, the schema of a table.
    let schema = match (before, identity.parent.is_empty()) {
        ([schema], true) | ([schema, _], false) => schema.clone(),
        _ => identity.schema.clone(),
    };
    let rank = match identity.kind {
        Kind::Schema => 0,
        _ if identity.parent.is_empty() && identity.kind != Kind::Index => 1,
        _ => 3,
    };
    Some(Target { rank, identity: identity.clone(), part: None, schema, name: new })
}

/// A part of an object that a hint may mean.
fn of_part(hint: &Hint, identity: &Identity, object: &Object) -> Option<Target> {
    if matches!(hint.kinds, Kinds::Of(_)) || hint.from.parts.len() < 2 {
        return None;
    }
    let (part, owner) = hint.from.parts.split_last()?;
    let owner = Path { parts: owner.to_vec(), arguments: None };
    if !names(&owner, identity) || !parts(object).contains(&part.as_str()) {
        return None;
    }
    let name = hint.to.parts.last()?.clone();
    Some(Target { rank: 2, identity: identity.clone(), part: Some(part.clone()), schema: identity.schema.clone(), name })
}

/// Whether a path is the name of an object.
fn names(path: &Path, identity: &Identity) -> bool {
    let Some((name, before)) = path.parts.split_last() else { return false };
    let says = match (before, identity.parent.is_empty()) {
        ([], _) => true,
        ([schema], true) => *schema == identity.schema,
        ([parent], false) => *parent == identity.parent,
        ([schema, parent], false) => *schema == identity.schema && *parent == identity.parent,
        _ => false,
    };
    let squeezed = |text: &str| text.chars().filter(|it| !it.is_whitespace()).collect::<String>();
    let arguments = || identity.arguments.iter().map(crate::ddl::data_type).collect::<Vec<_>>().join(",");
    let short = || identity.arguments.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let takes = |said: &String| squeezed(said) == squeezed(&arguments()) || squeezed(said) == squeezed(&short());
    *name == identity.name && says && path.arguments.as_ref().is_none_or(takes)
}

/// What an identity of the old schema becomes by the hints for what it is in.
fn by_hints(identity: &Identity, others: &[Hint]) -> Identity {
    let mut identity = identity.clone();
    for other in others {
        let (Some(old), Some(new)) = (other.from.parts.last(), other.to.parts.last()) else { continue };
        if other.kinds == Kinds::Of(vec![Kind::Schema]) && identity.schema == *old {
            identity.schema.clone_from(new);
        } else if !identity.parent.is_empty() && identity.parent == *old && other.from.parts.len() <= 2 {
            identity.parent.clone_from(new);
            if let [schema, _] = other.to.parts.as_slice() {
                identity.schema.clone_from(schema);
            }
        }
    }
    identity
}

fn leads_to_new(target: &Target, others: &[Hint], from: &Catalog, to: &Catalog) -> Result<(), String> {
    let Target { identity, schema, name, .. } = target;
    let mut surrounded = by_hints(identity, others);
    // An index is in the schema of its table, wherever that goes.
    if let Some(Definition::Index(index)) = from.get(identity).map(|it| &it.definition) {
        let kinds = [Kind::Table, Kind::MaterializedView];
        let table = kinds.map(|kind| Identity::new(kind, identity.schema.clone(), index.table.clone()));
        let moves = others.iter().filter(|it| table.iter().any(|table| names(&it.from, table)));
        if let Some([schema, _]) = moves.map(|it| it.to.parts.as_slice()).find(|it| it.len() == 2) {
            surrounded.schema.clone_from(schema);
        }
    }
    let wanted = Identity {
        schema: if *schema == identity.schema { surrounded.schema.clone() } else { schema.clone() },
        name: name.clone(),
        ..surrounded
    };
    // Types among the arguments may be renamed too.
    let is_there = |catalog: &Catalog| {
        catalog.contains(&wanted)
            || (!wanted.arguments.is_empty()
                && catalog
                    .of_kind(wanted.kind)
                    .any(|(it, _)| it.name == wanted.name && it.schema == wanted.schema && it.arguments.len() == wanted.arguments.len()))
    };
    if !is_there(to) {
        return Err(format!("the new schema has no {wanted}"));
    }
    if from.contains(&wanted) {
        return Err(format!("the old schema has {wanted} already"));
    }
    if to.contains(identity) {
        return Err(format!("the new schema still has {identity}"));
    }
    Ok(())
}

fn part_leads_to_new(target: &Target, hint: &Hint, others: &[Hint], object: &Object, to: &Catalog) -> Result<(), String> {
    let Target { identity, part, name, .. } = target;
    let old = part.as_deref().unwrap_or_default();
    let word = part_word(identity.kind);
    let said = Path { parts: hint.to.parts[..hint.to.parts.len() - 1].to_vec(), arguments: None };
    let renamed = others.iter().find(|it| names(&it.from, identity)).map(|it| &it.to).or((!said.parts.is_empty()).then_some(&said));
    let is_it = |other: &Identity| match renamed {
        Some(path) => {
            other.kind == identity.kind && names(path, other) && (path.parts.len() > 1 || other.schema == by_hints(identity, others).schema)
        }
        None => *other == by_hints(identity, others),
    };
    let Some((owner, new)) = to.iter().find(|(other, _)| is_it(other)) else {
        return Err(format!("the new schema has no {identity}; if it is renamed, say so with another `--rename`"));
    };
    if !parts(new).contains(&name.as_str()) {
        let nearest = nearest(name, parts(new)).map(|it| format!("; did you mean `{it}`?")).unwrap_or_default();
        return Err(format!("{owner} of the new schema has no {word} {name}{nearest}"));
    }
    if parts(new).contains(&old) {
        return Err(format!("{owner} of the new schema still has {word} {old}"));
    }
    if parts(object).contains(&name.as_str()) {
        return Err(format!("{identity} of the old schema has {word} {name} already"));
    }
    Ok(())
}

/// What has a name that was made of the old one, and in the new schema has one made of the new: keys, indexes, sequences.
fn companions(target: &Target, resolved: &Resolved, to: &Catalog) -> Vec<Target> {
    let identity = resolved.now(&target.identity);
    let (old, new) = match &target.part {
        Some(part) => (part.as_str(), target.name.as_str()),
        None => (target.identity.name.as_str(), target.name.as_str()),
    };
    if !is_type_like(identity.kind) || old == new {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (child, object) in resolved.catalog.iter() {
        let belongs = match child.kind {
            Kind::Constraint | Kind::Trigger | Kind::Policy | Kind::Rule => {
                child.parent == identity.name && child.schema == identity.schema
            }
            Kind::Index | Kind::Sequence | Kind::Statistics => object.dependencies.iter().any(|Dependency { on, .. }| *on == identity),
            _ => false,
        };
        if !belongs || to.contains(child) || !child.name.contains(old) {
            continue;
        }
        let name = child.name.replacen(old, new, 1);
        let renamed = Identity { name: name.clone(), ..child.clone() };
        if to.contains(&renamed) && !resolved.catalog.contains(&renamed) {
            found.push(Target { rank: 3, identity: child.clone(), part: None, schema: child.schema.clone(), name });
        }
    }
    found
}

/// Finds what is perhaps a rename: what is gone and what is new of one kind, and nearly the same.
pub fn guesses(from: &Catalog, to: &Catalog) -> Vec<Guess> {
    let changes = diff::diff(from, to).changes;
    let mut found = Vec::new();
    for change in &changes {
        match *change {
            Change::Dropped { identity, object } if of_its_own(identity.kind) => {
                let alike = changes.iter().filter_map(|it| match *it {
                    Change::Created { identity: other, object: created } if other.kind == identity.kind => {
                        let likeness = likeness(identity, object, other, created);
                        (likeness >= 60).then_some((likeness, other))
                    }
                    _ => None,
                });
                let mut alike: Vec<(u32, &Identity)> = alike.collect();
                alike.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
                // Two that are equally alike are no likely one.
                if let [(best, other), rest @ ..] = alike.as_slice()
                    && rest.first().is_none_or(|(second, _)| second < best)
                {
                    found.push(Guess {
                        hint: format!("{} {}={}", identity.kind, spelled(identity), spelled(other)),
                        what: format!("{identity} is perhaps {} now", spelled(other)),
                    });
                }
            }
            Change::Altered { identity, before, after } => {
                let (old, new) = (parts(before), parts(after));
                let gone: Vec<&str> = old.iter().filter(|it| !new.contains(it)).copied().collect();
                let come: Vec<&str> = new.iter().filter(|it| !old.contains(it)).copied().collect();
                for part in &gone {
                    let fits: Vec<&&str> =
                        come.iter().filter(|it| part_is_alike(before, part, after, it, gone.len() == 1 && come.len() == 1)).collect();
                    if let [other] = fits.as_slice() {
                        let word = part_word(identity.kind);
                        found.push(Guess {
                            hint: format!("{word} {}.{}={}.{}", spelled(identity), quoted(part), spelled(identity), quoted(other)),
                            what: format!("{word} {part} of {identity} is perhaps {other} now"),
                        });
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether an object doesn't come and go with another.
fn of_its_own(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Table
            | Kind::ForeignTable
            | Kind::View
            | Kind::MaterializedView
            | Kind::Enum
            | Kind::Domain
            | Kind::Composite
            | Kind::Range
            | Kind::Function
            | Kind::Procedure
            | Kind::Aggregate
            | Kind::Index
            | Kind::Constraint
            | Kind::Trigger
            | Kind::Policy
    )
}

/// How much two objects are alike, in percent.
fn likeness(identity: &Identity, object: &Object, other: &Identity, created: &Object) -> u32 {
    if identity.parent != other.parent || (identity.parent != String::new() && identity.schema != other.schema) {
        return 0;
    }
    if identity.arguments != other.arguments {
        return 0;
    }
    let (old, new) = (parts(object), parts(created));
    if matches!(identity.kind, Kind::Table | Kind::ForeignTable | Kind::Composite | Kind::Enum) {
        let typed = |object: &Object, name: &str| match &object.definition {
            Definition::Table(it) => it.columns.iter().find(|it| it.name == name).map(|it| it.data_type.clone()),
            _ => None,
        };
        let shared = old.iter().filter(|it| new.contains(it) && typed(object, it) == typed(created, it)).count();
        let most = old.len().max(new.len());
        return if most < 2 { 0 } else { (shared * 100 / most) as u32 };
    }
    let text = |object: &Object, identity: &Identity| {
        let definition = serde_json::to_string(&object.definition).unwrap_or_default();
        definition.replace(&format!("\"{}\"", identity.name), "\"\"")
    };
    if text(object, identity) == text(created, other) { 100 } else { 0 }
}

fn part_is_alike(before: &Object, old: &str, after: &Object, new: &str, only: bool) -> bool {
    let columns = |object: &Object, name: &str| {
        object.definition.columns().and_then(|it| it.iter().position(|it| it.name == name).map(|at| (at, it[at].data_type.clone())))
    };
    let is_near = || strsim::jaro_winkler(old, new) > 0.85 || old.contains(new) || new.contains(old);
    match (columns(before, old), columns(after, new)) {
        (Some((at, of)), Some((place, other))) => of == other && (only || at == place || is_near()),
        // Labels stay where they are when they are renamed.
        _ => {
            let at = |object: &Object, name: &str| parts(object).iter().position(|it| *it == name);
            at(before, old) == at(after, new) && parts(before).len() == parts(after).len()
        }
    }
}

/// An object's name as a hint has it.
fn spelled(identity: &Identity) -> String {
    let names = [&identity.schema, &identity.parent, &identity.name];
    let name = names.into_iter().filter(|it| !it.is_empty()).map(|it| quoted(it)).collect::<Vec<_>>().join(".");
    if identity.kind.has_arguments() {
        let arguments = identity.arguments.iter().map(crate::ddl::data_type).collect::<Vec<_>>().join(", ");
        return format!("{name}({arguments})");
    }
    name
}

fn quoted(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|it| it.is_lowercase() || it.is_ascii_digit() || it == '_');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Reads `[KIND] OLD=NEW`.
fn parse(text: &str) -> Result<Hint, RenameError> {
    let syntax = || RenameError::Syntax { hint: text.to_owned() };
    let (kinds, rest) = kind_words(text.trim());
    let equals = outside_quotes(rest, '=').ok_or_else(syntax)?;
    let from = path(rest[..equals].trim()).ok_or_else(syntax)?;
    let to = path(rest[equals + 1..].trim()).ok_or_else(syntax)?;
    Ok(Hint { text: rest.to_owned(), kinds, from, to })
}

/// The words for a kind that a hint begins with.
fn kind_words(text: &str) -> (Kinds, &str) {
    let strip = |words: &str| {
        let rest = text.get(..words.len()).filter(|it| it.eq_ignore_ascii_case(words)).map(|_| &text[words.len()..])?;
        rest.starts_with(char::is_whitespace).then(|| rest.trim_start())
    };
    for word in ["column", "attribute", "label", "value"] {
        if let Some(rest) = strip(word) {
            return (Kinds::Part, rest);
        }
    }
    if let Some(rest) = strip("type") {
        return (Kinds::Of(Kind::ALL.iter().copied().filter(|it| it.is_type()).collect()), rest);
    }
    let mut kinds: Vec<Kind> = Kind::ALL.to_vec();
    // `foreign table` before `table` would not matter, but `text search parser` before nothing does.
    kinds.sort_by_key(|it| std::cmp::Reverse(it.name().len()));
    for kind in kinds {
        if let Some(rest) = strip(kind.name()) {
            return (Kinds::Of(vec![kind]), rest);
        }
    }
    (Kinds::Any, text)
}

fn outside_quotes(text: &str, wanted: char) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, it)| {
        if it == '"' {
            quoted = !quoted;
        }
        (it == wanted && !quoted).then_some(at)
    })
}

/// A name with dots, quoted where it must be: as SQL has it, but for the case of letters, which is as it is written.
fn path(text: &str) -> Option<Path> {
    let (text, arguments) = match outside_quotes(text, '(') {
        Some(at) => (&text[..at], Some(text[at + 1..].trim().strip_suffix(')')?.to_owned())),
        None => (text, None),
    };
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let end = outside_quotes(rest, '.').unwrap_or(rest.len());
        let part = rest[..end].trim();
        let part = match part.strip_prefix('"') {
            Some(inside) => inside.strip_suffix('"')?.replace("\"\"", "\""),
            None => part.to_owned(),
        };
        if part.is_empty() {
            return None;
        }
        parts.push(part);
        match rest.get(end + 1..) {
            Some(after) => rest = after,
            None => break,
        }
    }
    (parts.len() <= 3).then_some(Path { parts, arguments })
}
