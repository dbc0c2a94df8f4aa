//! Which statements lead from one catalog to another, in which order, in which transactions.
//!
//! There are no phases. Every object has a [`Fate`]; `ddl` writes the statements of each, and says of every statement what
//! it creates, needs, drops and changes; one sort ([`order`]) puts all of them in order. A wrong order is a fact that a
//! statement doesn't say. This module never names a kind: what is special about one is `ddl`'s to know.

mod fate;
mod order;

use std::collections::{BTreeMap, HashMap};

use crate::catalog::{Catalog, Identity};
use crate::ddl::{Statement, Transaction, Writer};
use crate::diff;

use fate::{Fate, Fates};

/// What kind of plan is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether every change takes the form that keeps locks short, where there is one.
    pub safe: bool,
    /// Whether what the new catalog doesn't have is dropped; otherwise that is left out, and told.
    pub drops: bool,
    /// The major version of the server that runs the plan.
    pub major: u32,
}

impl Options {
    /// Everything in one go, drops included, for the newest server.
    pub const WHOLE: Self = Self { safe: false, drops: true, major: 18 };
}

/// Statements in an order that can be run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What is run, each batch committed before the next begins.
    pub batches: Vec<Batch>,
    /// Drops that were not wanted, in the order in which they could be run after all else.
    pub left_out: Vec<Step>,
}

/// Statements that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Whether they run in one transaction; otherwise each runs on its own, outside any.
    pub transaction: bool,
    /// The statements, in order.
    pub steps: Vec<Step>,
}

/// One statement of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The SQL, semicolon included.
    pub sql: String,
    /// The object that it is about.
    pub about: Identity,
    /// What it does with it.
    pub action: Action,
    /// What is lost for good, where something is.
    pub loses: Option<String>,
    /// Where it fails, if rows are not as it wants them.
    pub risks: Option<String>,
    /// Why the object is dropped and made anew, where it is.
    pub why: Option<String>,
}

/// What a step does with its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It makes it, or says more of one that was just made.
    Create,
    /// It changes it.
    Alter,
    /// It takes it away for good.
    Drop,
    /// It takes it away, or makes it again: the object is there before and after.
    Recreate,
}

/// A statement on its way into a plan.
struct Draft<'a> {
    statement: Statement,
    about: &'a Identity,
    action: Action,
    why: Option<String>,
}

impl Plan {
    /// Whether nothing is to be run.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// All statements, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.batches.iter().flat_map(|batch| &batch.steps)
    }

    /// The whole plan as a script, each batch in its transaction.
    pub fn sql(&self) -> String {
        let mut text = String::new();
        for batch in &self.batches {
            text.push_str(if text.is_empty() { "" } else { "\n" });
            text.push_str(if batch.transaction { "BEGIN;\n" } else { "" });
            for step in &batch.steps {
                text.push_str(&format!("\n{}\n", step.sql));
            }
            text.push_str(if batch.transaction { "\nCOMMIT;\n" } else { "" });
        }
        text
    }
}

/// Plans the way from one catalog to another.
///
/// The same catalogs and options give the same plan. What can't be done is not in it: the order of a table's columns
/// ([`Object::differs`](crate::catalog::Object::differs)).
pub fn plan(from: &Catalog, to: &Catalog, options: &Options) -> Plan {
    let difference = diff::diff(from, to);
    if difference.is_empty() {
        return Plan::default();
    }
    // Queries are parsed to be laid out, and a tree may be as deep as the parser makes it.
    stacker::grow(256 << 20, || {
        let old = Writer::on(from, options.major).towards(to).online(options.safe);
        let new = Writer::onto(to, from, options.major).online(options.safe);
        let fates = fate::decide(&difference, &old, &new);
        let new = new.making_anew(fates.made_anew());
        let drafts = drafts(&fates, &old, &new);
        let sorted = order::sort(drafts, &fates, &old, &new);
        finish(sorted, &fates, options)
    })
}

/// The statements of all fates, in the order in which a reader would like them.
fn drafts<'a>(fates: &Fates<'a>, old: &Writer<'a>, new: &Writer<'a>) -> Vec<Draft<'a>> {
    let mut made: Vec<(order::Rank<'a>, Draft<'a>)> = Vec::new();
    let mut dropped: Vec<(order::Rank<'a>, Draft<'a>)> = Vec::new();
    for (&identity, fate) in &fates.of {
        let put = |list: &mut Vec<_>, writer: &Writer<'a>, action, why: Option<&String>, statements: Vec<Statement>| {
            let Some(object) = writer.catalog().get(identity) else { return };
            for (number, statement) in statements.into_iter().enumerate() {
                let rank = order::Rank { place: writer.place(identity, object), number };
                list.push((rank, Draft { statement, about: identity, action, why: why.cloned() }));
            }
        };
        match fate {
            Fate::Create(object) => put(&mut made, new, Action::Create, None, new.create(identity, object)),
            Fate::Alter { statements, .. } => put(&mut made, new, Action::Alter, None, statements.clone()),
            Fate::Drop(object) => {
                if !fates.goes_with_another(identity) {
                    put(&mut dropped, old, Action::Drop, None, old.drop(identity, object));
                }
            }
            Fate::Replace { before, after, why } => {
                if let Some(swap) = fates.swap(identity, old) {
                    put(&mut dropped, old, Action::Recreate, Some(why), swap);
                } else if !fates.goes_with_another(identity) {
                    put(&mut dropped, old, Action::Recreate, Some(why), old.drop(identity, before));
                }
                put(&mut made, new, Action::Recreate, Some(why), new.create(identity, after));
            }
        }
    }
    made.sort_by_key(|(rank, _)| *rank);
    dropped.sort_by(|(one, _), (other, _)| other.place.cmp(&one.place).then(one.number.cmp(&other.number)));
    made.into_iter().chain(dropped).map(|(_, draft)| draft).collect()
}

/// Cuts the statements into batches, and takes out the drops that are not wanted.
fn finish(drafts: Vec<Draft<'_>>, fates: &Fates<'_>, options: &Options) -> Plan {
    let mut plan = Plan::default();
    // A body may name what comes later, as in what pg_dump writes.
    let unchecked = drafts.len() > 1 && drafts.iter().any(|draft| draft.statement.has_body);
    // Enums whose new labels a transaction has made, and can't use yet.
    let mut fresh: Vec<&Identity> = Vec::new();
    for Draft { statement, about, action, why } in drafts {
        let uses_fresh = fresh.iter().any(|it| **it != *about && fates.needs(about, it));
        let Statement { sql, loses, risks, transaction, removes, .. } = statement;
        let is_drop = action == Action::Drop || removes.iter().any(|(of, column)| of == about && !fates.keeps_column(of, column));
        let step = Step { sql, about: about.clone(), action, loses, risks, why };
        let makes_room = fates.makes_room(about) || removes.iter().any(|(of, column)| of == about && fates.column_makes_room(of, column));
        if is_drop && !options.drops && !makes_room {
            plan.left_out.push(step);
            continue;
        }
        let in_transaction = transaction != Transaction::None;
        match plan.batches.last_mut() {
            Some(batch) if batch.transaction && in_transaction && !uses_fresh => batch.steps.push(step),
            Some(batch) if !batch.transaction && !in_transaction => batch.steps.push(step),
            _ => {
                fresh.clear();
                plan.batches.push(Batch { transaction: in_transaction, steps: vec![step] });
            }
        }
        if transaction == Transaction::CommitBeforeUse {
            fresh.push(about);
        }
    }
    for batch in &mut plan.batches {
        set_session(batch, unchecked, options.safe);
    }
    plan
}

/// Puts the settings that a batch runs under before its statements.
fn set_session(batch: &mut Batch, unchecked: bool, safe: bool) {
    let Some(about) = batch.steps.first().map(|step| step.about.clone()) else { return };
    let mut settings = Vec::new();
    if safe {
        settings.push(format!("lock_timeout = '{LOCK_TIMEOUT}'"));
        // What runs outside a transaction is what takes its time: indexes, validation, new values.
        settings.push(format!("statement_timeout = {}", if batch.transaction { format!("'{STATEMENT_TIMEOUT}'") } else { "0".to_owned() }));
    }
    if unchecked {
        settings.push("check_function_bodies = false".to_owned());
    }
    let local = if batch.transaction { "LOCAL " } else { "" };
    let steps = settings.into_iter().map(|setting| {
        let sql = format!("SET {local}{setting};");
        Step { sql, about: about.clone(), action: Action::Alter, loses: None, risks: None, why: None }
    });
    batch.steps.splice(0..0, steps.collect::<Vec<_>>());
}

/// How long a statement of a safe plan waits for a lock: those who come after it wait as long as it does.
const LOCK_TIMEOUT: &str = "5s";

/// How long a statement of a safe plan may hold its locks.
const STATEMENT_TIMEOUT: &str = "60s";

/// Which dependents each object has, and by which column.
type Dependents<'a> = HashMap<&'a Identity, Vec<(&'a Identity, Option<&'a str>, bool)>>;

fn dependents(catalog: &Catalog) -> Dependents<'_> {
    let mut found: Dependents<'_> = HashMap::new();
    for (identity, object) in catalog.iter() {
        for dependency in object.dependencies.iter().filter(|it| it.on != *identity) {
            if let Some((on, _)) = catalog.get_key_value(&dependency.on) {
                found.entry(on).or_default().push((identity, dependency.column.as_deref(), dependency.auto));
            }
        }
    }
    found
}

/// Statements by something that they do.
type ByThing<T> = BTreeMap<T, Vec<usize>>;
