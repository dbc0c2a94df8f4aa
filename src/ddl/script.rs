//! A whole catalog as one script that a server loads and a reader follows.

use std::collections::{BTreeSet, HashMap};

use super::access::roles;
use super::{Statement, Writer};
use crate::catalog::{Catalog, ConstraintKind, Definition, Identity, Kind, Object, QualifiedName};
use crate::graph::{self, Need};

/// Writes a catalog as DDL that makes it in an empty database: every statement after what it needs, what belongs to a
/// table with the table, the same text for the same catalog.
///
/// Bodies of functions are not checked while it loads, as `pg_dump` does it: they may call what comes later. Roles,
/// tablespaces and the libraries of extensions must be there; the roles are listed at the top.
pub fn script(catalog: &Catalog) -> String {
    // Queries are parsed to be laid out, and a tree may be as deep as the parser makes it. Pages are touched when used.
    stacker::grow(256 << 20, || write(catalog))
}

fn write(catalog: &Catalog) -> String {
    let order = graph::order(catalog);
    let writer = Writer::with_cycles(catalog, &order.cycles);
    let statements = sorted(&writer, catalog);

    let mut text = String::new();
    let roles = roles_of(catalog);
    if !roles.is_empty() {
        let names = roles.iter().map(|role| role.replace(char::is_control, " ")).collect::<Vec<_>>().join(", ");
        text.push_str(&format!("-- Roles that must exist: {names}\n\n"));
    }
    text.push_str("SET check_function_bodies = false;\nSELECT pg_catalog.set_config('search_path', '', false);\n");
    let mut previous: Option<&Written<'_>> = None;
    for written in &statements {
        let is_line = |written: &Written<'_>| !written.statement.sql.contains('\n');
        let continues = previous.is_some_and(|previous| previous.identity == written.identity && is_line(previous) && is_line(written));
        text.push_str(if continues { "" } else { "\n" });
        text.push_str(&written.statement.sql);
        text.push('\n');
        previous = Some(written);
    }
    text
}

/// A statement and the object that it is about.
struct Written<'a> {
    identity: &'a Identity,
    statement: Statement,
}

/// All statements of a catalog in an order that can be run.
fn sorted<'a>(writer: &Writer<'a>, catalog: &'a Catalog) -> Vec<Written<'a>> {
    let mut written: Vec<(Place<'a>, Written<'a>)> = Vec::new();
    for (identity, object) in catalog.iter() {
        let place = place(writer, identity, object);
        for (number, statement) in writer.create(identity, object).into_iter().enumerate() {
            written.push((Place { number, ..place }, Written { identity, statement }));
        }
    }
    written.sort_by_key(|(place, _)| *place);
    let written: Vec<Written<'a>> = written.into_iter().map(|(_, written)| written).collect();

    let mut makers = Makers::default();
    for (number, written) in written.iter().enumerate() {
        for identity in &written.statement.begins {
            makers.beginning.insert(identity, number);
        }
        for identity in &written.statement.creates {
            makers.whole.insert(identity, number);
        }
    }
    let mut needs = Vec::new();
    for (from, Written { identity, statement }) in written.iter().enumerate() {
        let cycle = writer.cycle(identity);
        for need in &statement.needs {
            let is_beginning_enough = need == *identity || (cycle.is_some() && cycle == writer.cycle(need));
            makers.find(catalog, need, is_beginning_enough, &mut |on| needs.push(Need { from, on, belongs: false }));
        }
    }
    let order = graph::sort(written.len(), needs).order;
    let mut written: Vec<Option<Written<'a>>> = written.into_iter().map(Some).collect();
    order.into_iter().filter_map(|number| written[number].take()).collect()
}

/// Which statement makes an object.
#[derive(Default)]
struct Makers<'a> {
    beginning: HashMap<&'a Identity, usize>,
    whole: HashMap<&'a Identity, usize>,
}

impl Makers<'_> {
    /// Calls `found` with the statement that makes an object; where another object's statement does without saying so
    /// (a constraint that a parent table hands down), with those of what the object needs.
    fn find(&self, catalog: &Catalog, identity: &Identity, is_beginning_enough: bool, found: &mut dyn FnMut(usize)) {
        let beginning = self.beginning.get(identity).filter(|_| is_beginning_enough);
        if let Some(number) = beginning.or_else(|| self.whole.get(identity)) {
            return found(*number);
        }
        for dependency in catalog.get(identity).into_iter().flat_map(|object| &object.dependencies) {
            if let Some(number) = self.whole.get(&dependency.on) {
                found(*number);
            }
        }
    }
}

/// Where a reader looks for a statement, as far as needs allow. Order is by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place<'a> {
    section: Kind,
    schema: &'a str,
    /// The relation that the object goes with, or the object itself.
    group: &'a str,
    /// The place within the group.
    part: u8,
    identity: &'a Identity,
    number: usize,
}

impl<'a> Writer<'a> {
    /// Where a reader looks for what is said of an object.
    pub fn place(&self, identity: &'a Identity, object: &'a Object) -> Place<'a> {
        place(self, identity, object)
    }
}

/// Keys, checks, indexes, rows' security and owned sequences stand with their table; foreign keys and triggers, which
/// lead elsewhere, after all tables.
fn place<'a>(writer: &Writer<'a>, identity: &'a Identity, object: &'a Object) -> Place<'a> {
    let own = Place { section: identity.kind, schema: &identity.schema, group: &identity.name, part: 1, identity, number: 0 };
    let with = |relation: &QualifiedName, part| {
        let (group, _) = writer.find(&[Kind::Table, Kind::ForeignTable, Kind::MaterializedView, Kind::View, Kind::Domain], relation)?;
        Some(Place { section: group.kind, schema: &group.schema, group: &group.name, part, ..own })
    };
    let parent = || QualifiedName::new(identity.schema.clone(), identity.parent.clone());
    let found = match &object.definition {
        Definition::Sequence(sequence) => sequence.owner.as_ref().and_then(|owner| with(&owner.table, 0)),
        Definition::Constraint(constraint) if !matches!(constraint.kind, ConstraintKind::ForeignKey(_)) => {
            let is_key = matches!(constraint.kind, ConstraintKind::PrimaryKey(_));
            with(&parent(), if is_key { 2 } else { 3 })
        }
        Definition::Index(index) => with(&QualifiedName::new(identity.schema.clone(), index.table.clone()), 4),
        Definition::Statistics(statistics) => with(&statistics.table, 5),
        _ => None,
    };
    found.unwrap_or(own)
}

/// Every role that the script names.
fn roles_of(catalog: &Catalog) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (identity, object) in catalog.iter() {
        names.extend(object.owner.as_deref());
        names.extend(object.grants.as_deref().into_iter().flat_map(roles));
        match &object.definition {
            Definition::Table(table) => names.extend(table.columns.iter().flat_map(|column| roles(&column.grants))),
            Definition::ForeignTable(table) => names.extend(table.columns.iter().flat_map(|column| roles(&column.grants))),
            Definition::View(view) => names.extend(view.columns.iter().flat_map(|column| roles(&column.grants))),
            Definition::MaterializedView(view) => names.extend(view.columns.iter().flat_map(|column| roles(&column.grants))),
            Definition::Policy(policy) => names.extend(policy.roles.iter().map(String::as_str)),
            Definition::UserMapping(_) => names.extend([identity.name.as_str()]),
            Definition::DefaultPrivileges(privileges) => {
                names.insert(&identity.name);
                names.extend(roles(&privileges.grants).chain(roles(&privileges.revokes)));
            }
            _ => {}
        }
    }
    // Words, not names of roles.
    for word in ["", "public", "current_user", "session_user", "current_role"] {
        names.remove(word);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{
        Body, Column, Constraint, DataType, Deferral, Dependency, Expression, KeyConstraint, PartitionBound, PartitionKey, PartitionOf,
        PartitionStrategy, Query, Routine, Sequence, SequenceOptions, SequenceOwner, Table, View, ViewColumn,
    };

    fn name(name: &str) -> QualifiedName {
        QualifiedName::new("s", name)
    }

    fn id(kind: Kind, name: &str) -> Identity {
        Identity::new(kind, "s", name)
    }

    fn object(definition: Definition, needs: &[Identity], belongs_to: &[Identity]) -> Object {
        let mut object = Object::new(definition);
        object.dependencies.extend(needs.iter().cloned().map(Dependency::on));
        object.dependencies.extend(belongs_to.iter().cloned().map(|on| Dependency::on(on).auto()));
        object
    }

    fn integer(column: &str) -> Column {
        Column::new(column, DataType::builtin("int4"))
    }

    /// The statements of a script, without its head.
    fn check(objects: &[(Identity, Object)], expected: &str) {
        let text = script(&objects.iter().cloned().collect());
        let body = text.split_once("false);\n\n").expect("a head").1;
        assert_eq!(body, expected);
    }

    #[test]
    fn an_owned_sequence_is_given_to_its_column_later() {
        let (table, sequence) = (id(Kind::Table, "t"), id(Kind::Sequence, "t_id_seq"));
        let default = Some(Expression("nextval('s.t_id_seq'::regclass)".to_owned()));
        let columns = vec![Column { not_null: true, default, ..integer("id") }];
        let options = SequenceOptions {
            data_type: DataType::builtin("int4"),
            start: 1,
            increment: 1,
            min: 1,
            max: i64::from(i32::MAX),
            cache: 1,
            cycle: false,
        };
        let owner = Some(SequenceOwner { table: name("t"), column: "id".to_owned(), identity: false });
        let key = KeyConstraint {
            columns: vec!["id".to_owned()],
            include: Vec::new(),
            nulls_not_distinct: false,
            without_overlaps: false,
            storage_parameters: Default::default(),
            tablespace: None,
        };
        let key = Constraint {
            kind: ConstraintKind::PrimaryKey(key),
            deferral: Deferral::NotDeferrable,
            validated: true,
            enforced: true,
            no_inherit: false,
            inherited: false,
            local: true,
        };
        let objects = [
            (table.clone(), object(Definition::Table(Table { columns, ..Table::default() }), std::slice::from_ref(&sequence), &[])),
            (sequence, object(Definition::Sequence(Sequence { options, owner, unlogged: false }), &[], std::slice::from_ref(&table))),
            (Identity::within(Kind::Constraint, &name("t"), "t_pkey"), object(Definition::Constraint(key), &[], &[table])),
        ];
        let expected = "\
CREATE SEQUENCE s.t_id_seq AS integer;

CREATE TABLE s.t (
    id integer DEFAULT nextval('s.t_id_seq'::regclass) NOT NULL
);

ALTER SEQUENCE s.t_id_seq OWNED BY s.t.id;

ALTER TABLE s.t
    ADD CONSTRAINT t_pkey PRIMARY KEY (id);
";
        check(&objects, expected);
    }

    #[test]
    fn a_view_in_a_cycle_has_a_shell() {
        let (view, function) = (id(Kind::View, "v"), id(Kind::Function, "f").with_arguments(vec![DataType::named(name("v"))]));
        let columns = vec![ViewColumn::new("a", Some(DataType::builtin("int4")))];
        let query = Query("SELECT 1 AS a WHERE s.f(NULL) = 1".to_owned());
        let routine = Routine {
            arguments: Vec::new(),
            returns: DataType::builtin("int4"),
            returns_set: false,
            language: "sql".to_owned(),
            body: Body::Sql("RETURN 1".to_owned()),
            window: false,
            volatility: Default::default(),
            strict: false,
            security_definer: false,
            leakproof: false,
            parallel: Default::default(),
            cost: None,
            rows: None,
            support: None,
            configuration: Vec::new(),
            transforms: Vec::new(),
        };
        let objects = [
            (
                view.clone(),
                object(Definition::View(View { columns, query, options: Default::default() }), std::slice::from_ref(&function), &[]),
            ),
            (function, object(Definition::Function(routine), &[view], &[])),
        ];
        let text = script(&objects.into_iter().collect());
        let places: Vec<_> =
            ["CREATE VIEW", "CREATE FUNCTION", "CREATE OR REPLACE VIEW"].iter().map(|it| text.find(it).expect("all are there")).collect();
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn partitions_come_before_the_indexes_of_their_parent() {
        let (parent, child) = (id(Kind::Table, "z"), id(Kind::Table, "a"));
        let key = PartitionKey { strategy: PartitionStrategy::Hash, keys: vec![crate::catalog::IndexKey::column("x")] };
        let partition = PartitionOf { parent: name("z"), bound: PartitionBound::Hash { modulus: 2, remainder: 1 } };
        let index = |table: &str, partition_of: Option<QualifiedName>| {
            Definition::Index(crate::catalog::Index {
                table: table.to_owned(),
                unique: false,
                method: "btree".to_owned(),
                keys: vec![crate::catalog::IndexKey::column("x")],
                include: Vec::new(),
                nulls_not_distinct: false,
                predicate: None,
                storage_parameters: Default::default(),
                tablespace: None,
                partition_of,
                only: false,
                statistics_targets: Default::default(),
            })
        };
        let columns = vec![integer("x")];
        let objects = [
            (
                parent.clone(),
                object(Definition::Table(Table { columns: columns.clone(), partition_key: Some(key), ..Table::default() }), &[], &[]),
            ),
            (
                child.clone(),
                object(
                    Definition::Table(Table { columns, partition_of: Some(partition), ..Table::default() }),
                    &[],
                    std::slice::from_ref(&parent),
                ),
            ),
            (id(Kind::Index, "z_x"), object(index("z", None), &[], &[parent])),
            (id(Kind::Index, "a_x"), object(index("a", Some(name("z_x"))), &[], &[child, id(Kind::Index, "z_x")])),
        ];
        let expected = "\
CREATE TABLE s.z (
    x integer
)
PARTITION BY HASH (x);

CREATE TABLE s.a PARTITION OF s.z
FOR VALUES WITH (MODULUS 2, REMAINDER 1);

CREATE INDEX z_x ON ONLY s.z (x);

CREATE INDEX a_x ON s.a (x);
ALTER INDEX s.z_x ATTACH PARTITION s.a_x;
";
        check(&objects, expected);
    }
}
