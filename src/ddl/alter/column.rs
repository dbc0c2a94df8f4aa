//! Columns of tables and foreign tables.
//!
//! What is done to a column of a parent comes down to its children and partitions by itself, but for what is said `ONLY`
//! of one of them; so a child says nothing of what its parent says ([`Column::inherited`]).

use std::collections::BTreeMap;

use super::Altered;
use super::attributes::column_attributes;
use super::dependent::mentions;
use super::table::{Target, settings};
use crate::catalog::{
    Column, ColumnIdentity, ConstraintKind, DataType, Definition, Expression, Generated, GeneratedKind, Identity, IdentityGeneration, Kind,
    Object, QualifiedName,
};
use crate::ddl::data_type::data_type;
use crate::ddl::quote::{parenthesised, qualified, quote_identifier, quote_literal};
use crate::ddl::table::{Declared, column_settings, parents, spell_column, spell_identity};
use crate::ddl::types::collate;
use crate::ddl::{Statement, Transaction, Writer, not_null};

/// The statements that alter the columns of a table.
pub(super) struct Columns {
    /// Those that make way for what a parent does.
    first: Vec<Statement>,
    /// Those that add and alter.
    pub(super) kept: Vec<Statement>,
    /// Those that drop, which come last.
    pub(super) dropped: Vec<Statement>,
}

pub(super) fn columns(it: &Altered<'_, '_>, old: &[Column], new: &[Column]) -> Columns {
    let mut columns = Columns { first: Vec::new(), kept: Vec::new(), dropped: Vec::new() };
    let find = |columns: &'_ [Column], name: &str| columns.iter().position(|column| column.name == name);
    let is_retyped =
        |old: &Column| new.iter().any(|new| new.name == old.name && (&new.data_type, &new.collation) != (&old.data_type, &old.collation));
    let retyped: Vec<String> = old.iter().filter(|it| is_retyped(it)).map(|it| quote_identifier(&it.name)).collect();
    // The server gives no column another type that a generated one reads: that one goes before, and comes back after.
    let reads_retyped = |column: &Column| {
        let reads = |generated: &Generated| retyped.iter().any(|name| names_column(&generated.expression.0, name));
        (column.local || !column.inherited) && column.generated.as_ref().is_some_and(reads)
    };
    let mut last = Vec::new();
    for (column, before) in new.iter().filter_map(|column| Some((column, &old[find(old, &column.name)?]))) {
        if reads_retyped(before) && column.generated.is_some() {
            columns.kept.push(remove(it, before));
            last.push(column);
        } else if reads_retyped(before) {
            Pair { it, old: before, new: column }.alter(&mut columns);
        }
    }
    // What a generated column reads must be there, wherever it stands in the table.
    let reads_later = |at: usize| {
        let mut later = new[at + 1..].iter().filter(|it| find(old, &it.name).is_none());
        let generated = new[at].generated.as_ref();
        generated.is_some_and(|it| later.any(|other| names_column(&it.expression.0, &quote_identifier(&other.name))))
    };
    for (number, column) in new.iter().enumerate() {
        match find(old, &column.name) {
            None if reads_retyped(column) || reads_later(number) => last.push(column),
            None => add(it, column, &mut columns.kept),
            Some(at) if reads_retyped(&old[at]) => {}
            Some(at) if reads_retyped(column) => {
                columns.kept.push(remove(it, &old[at]));
                last.push(column);
            }
            Some(at) if old[at] != *column => Pair { it, old: &old[at], new: column }.alter(&mut columns),
            Some(_) => {}
        }
    }
    for column in last {
        add(it, column, &mut columns.kept);
    }
    // A generated column goes before those that it reads.
    let mut gone: Vec<&Column> = old.iter().filter(|column| find(new, &column.name).is_none()).collect();
    gone.sort_by_key(|column| column.generated.is_none());
    // It is in the way of another type of those.
    let (in_the_way, gone): (Vec<&Column>, Vec<&Column>) = gone.into_iter().partition(|it| reads_retyped(it));
    columns.first.extend(in_the_way.into_iter().filter_map(|column| drop(it, column)));
    columns.dropped.extend(gone.into_iter().filter_map(|column| drop(it, column)));
    columns.kept.splice(0..0, std::mem::take(&mut columns.first));
    columns
}

/// Both versions of the columns that a parent of the table has under a name; only parents that it has before and after.
fn above<'w, 'a>(it: &Altered<'w, 'a>, column: &str) -> Vec<(Option<&'a Column>, Option<&'a Column>)> {
    let named = |writer: &'w Writer<'a>, parent: &QualifiedName| {
        let (_, object) = writer.relation(parent)?;
        object.definition.columns()?.iter().find(|it| it.name == column)
    };
    let before = parents(it.before);
    parents(it.after).iter().filter(|parent| before.contains(parent)).map(|parent| (named(it.from, parent), named(it.to, parent))).collect()
}

/// `ADD COLUMN`, and what is said of a column once it is there.
fn add(it: &Altered<'_, '_>, column: &Column, statements: &mut Vec<Statement>) {
    if is_typed(it) {
        let target = format!("{} ALTER COLUMN {}", Target::of(it.identity).only, quote_identifier(&column.name));
        let said = [column.default.as_ref().map(|_| default(column)), column.not_null.then(|| "SET NOT NULL".to_owned())];
        let of_type = match &it.after.definition {
            Definition::Table(table) => table.of_type.as_ref().map(|of| Identity::new(Kind::Composite, of.schema.clone(), of.name.clone())),
            _ => None,
        };
        statements.extend(said.into_iter().flatten().map(|action| it.naming(format!("{target} {action};")).needing(of_type.clone())));
        statements.extend(column_settings(it.identity, column));
        return;
    }
    let comes_down = column.inherited && above(it, &column.name).iter().any(|(old, new)| old.is_none() && new.is_some());
    if !comes_down && (it.to.online && has_volatile_default(column) || column.default.is_some() && is_row_type_used(it)) {
        add_in_steps(it, column, statements);
    } else if !comes_down {
        let spelled = spell_column(it.to, it.identity, column, Declared::Here, false).unwrap_or_default();
        let mut statement = it.naming(format!("{} ADD COLUMN {};", Target::of(it.identity).whole, spelled.trim()));
        if let Some(identity) = &column.identity {
            statement.creates.push(Identity::new(Kind::Sequence, it.identity.schema.clone(), identity.sequence.clone()));
        }
        statement.adds.extend(places(it.to, it.identity, &column.name));
        let has_value =
            column.default.is_some() || column.identity.is_some() || column.generated.is_some() || has_default(it.to, &column.data_type);
        if column.not_null && !has_value && it.identity.kind == Kind::Table {
            let table = it.identity.qualified_name();
            statement.risks = Some(format!("{table} has rows: column {} takes no NULL and has no default", column.name));
        }
        statements.push(statement);
    } else if let Some(parent) = above(it, &column.name).iter().find_map(|(_, new)| *new)
        && parent.default != column.default
        && column.generated.is_none()
    {
        statements.push(it.naming(format!(
            "{} ALTER COLUMN {} {};",
            Target::of(it.identity).only,
            quote_identifier(&column.name),
            default(column)
        )));
    }
    statements.extend(column_settings(it.identity, column));
}

/// Whether a type has a default of its own: a domain, or one over one that has.
fn has_default(writer: &Writer<'_>, of: &DataType) -> bool {
    let domain = Identity::new(Kind::Domain, of.name.schema.clone(), of.name.name.clone());
    match writer.catalog().get(&domain).map(|it| &it.definition) {
        Some(Definition::Domain(domain)) if !of.array => domain.default.is_some() || has_default(writer, &domain.base),
        _ => false,
    }
}

/// Whether an expression's canonical text names a column, whose name is spelled as SQL has it.
pub(super) fn names_column(text: &str, name: &str) -> bool {
    let is_part_of_name = |it: char| it.is_alphanumeric() || matches!(it, '_' | '$' | '"');
    text.match_indices(name).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(is_part_of_name) && !text[at + name.len()..].chars().next().is_some_and(is_part_of_name)
    })
}

/// A column of a table, and what is handed down of it to the tables below.
pub(super) fn places(writer: &Writer<'_>, table: &Identity, column: &str) -> Vec<(Identity, String)> {
    let mut found = vec![(table.clone(), column.to_owned())];
    let mut at = 0;
    while let Some((of, _)) = found.get(at) {
        let below = writer
            .children(&of.qualified_name())
            .filter(|(_, object)| object.definition.columns().into_iter().flatten().any(|it| it.name == column && it.inherited));
        let below: Vec<Identity> = below.map(|(identity, _)| identity.clone()).collect();
        let is_new = |identity: &Identity| !found.iter().any(|(of, _)| of == identity);
        let below: Vec<(Identity, String)> = below.into_iter().filter(|it| is_new(it)).map(|it| (it, column.to_owned())).collect();
        found.extend(below);
        at += 1;
    }
    found
}

/// The tables that a table stands below.
fn ancestors(writer: &Writer<'_>, table: &Object) -> Vec<Identity> {
    let mut found: Vec<Identity> = Vec::new();
    let mut open: Vec<&QualifiedName> = parents(table);
    while let Some(parent) = open.pop() {
        if let Some((identity, object)) = writer.relation(parent).filter(|(identity, _)| !found.contains(identity)) {
            found.push(identity.clone());
            open.extend(parents(object));
        }
    }
    found
}

/// Whether a default draws from a sequence, whatever the type of its column.
fn draws(default: &Expression) -> bool {
    default.0.starts_with("nextval(")
}

/// `DROP COLUMN` of a column that is added again.
fn remove(it: &Altered<'_, '_>, column: &Column) -> Statement {
    let mut gone = it.statement(format!("{} DROP COLUMN {};", Target::of(it.identity).whole, quote_identifier(&column.name)));
    gone.removes.extend(places(it.from, it.identity, &column.name));
    gone.loses = column
        .generated
        .is_none()
        .then(|| format!("all values of column {} of {}, which is computed from now on", column.name, it.identity));
    gone
}

/// Whether a default gives every row another value, so that `ADD COLUMN` would write the table anew. What PostgreSQL
/// itself has is known; a function of the schema may be anything.
fn has_volatile_default(column: &Column) -> bool {
    let volatile = ["nextval(", "gen_random_uuid(", "uuidv4(", "uuidv7(", "random(", "clock_timestamp(", "timeofday(", "uuid_generate_v"];
    let called = |text: &str| volatile.iter().any(|it| text.contains(it)) || text.split('(').any(is_qualified_call);
    column.default.as_ref().is_some_and(|default| called(&default.0))
}

/// Whether a text ends in a name with a schema, as before the parenthesis of a call.
fn is_qualified_call(before: &str) -> bool {
    let name = before.rsplit(|it: char| !(it.is_alphanumeric() || matches!(it, '_' | '.' | '"' | '$'))).next().unwrap_or_default();
    name.contains('.') && before.ends_with(name) && name.starts_with(|it: char| it.is_alphabetic() || it == '"' || it == '_')
}

/// A column whose default differs from row to row: the column first, then the default for new rows, then values for those
/// that are there, then what is demanded of them.
fn add_in_steps(it: &Altered<'_, '_>, column: &Column, statements: &mut Vec<Statement>) {
    let plain = Column { default: None, not_null: false, ..column.clone() };
    let spelled = spell_column(it.to, it.identity, &plain, Declared::Here, false).unwrap_or_default();
    let target = Target::of(it.identity);
    let mut statement = it.naming(format!("{} ADD COLUMN {};", target.whole, spelled.trim()));
    statement.adds.extend(places(it.to, it.identity, &column.name));
    statements.push(statement);
    let own = quote_identifier(&column.name);
    statements.push(it.naming(format!("{} ALTER COLUMN {own} {};", target.whole, default(column))));
    let fill = format!("UPDATE {} SET {own} = DEFAULT WHERE {own} IS NULL;", qualified(&it.identity.schema, &it.identity.name));
    let transaction = if it.to.online { Transaction::None } else { Transaction::Any };
    statements.push(Statement { transaction, ..it.statement(fill) });
    let pair = Pair { it, old: &plain, new: column };
    match column.not_null {
        true if it.to.online => statements.extend(pair.not_null_online()),
        true => statements.push(pair.whole("SET NOT NULL".to_owned())),
        false => {}
    }
}

/// Whether columns of tables are of the table's row type: then the server adds no column that its rows have a value of at once
/// (`find_composite_type_dependencies`).
fn is_row_type_used(it: &Altered<'_, '_>) -> bool {
    let own = it.identity.qualified_name();
    let tables = it.from.catalog().of_kind(Kind::Table).filter(|(identity, _)| *identity != it.identity);
    let mut columns = tables.filter(|(_, object)| object.dependencies.iter().any(|it| it.on.qualified_name() == own));
    columns.any(|(_, object)| object.definition.columns().into_iter().flatten().any(|it| it.data_type.name == own))
}

/// What a column is made of and the table needs no more: its type, its collation, what its value is computed by.
fn needed_no_more(it: &Altered<'_, '_>, column: &Column) -> Vec<Identity> {
    let Column { data_type, collation, default, generated, .. } = column;
    let values = || default.iter().chain(generated.iter().map(|it| &it.expression));
    let is_of_column = |on: &Identity| {
        let name = on.qualified_name();
        (on.kind.is_type() && data_type.name == name)
            || (on.kind == Kind::Collation && collation.as_ref() == Some(&name))
            || (!on.schema.is_empty() && values().any(|value| mentions(&value.0, on)))
    };
    let is_needed = |on: &Identity| it.after.dependencies.iter().any(|it| it.on == *on);
    let gone = it.before.dependencies.iter().map(|it| &it.on).filter(|on| *on != it.identity && !is_needed(on) && is_of_column(on));
    gone.cloned().collect()
}

/// The tables below a table that go on to have a column which it has no more, as their own.
fn keepers(it: &Altered<'_, '_>, table: &QualifiedName, column: &str) -> Vec<Identity> {
    let has = |object: &Object| object.definition.columns().into_iter().flatten().any(|own| own.name == column);
    let keeps = |(identity, before): (&Identity, &Object)| {
        let after = it.to.catalog().get(identity)?;
        (has(before) && has(after) && parents(after).contains(&table)).then(|| identity.clone())
    };
    it.from.children(table).filter_map(keeps).collect()
}

/// `DROP COLUMN`, where no parent's does it.
fn drop(it: &Altered<'_, '_>, column: &Column) -> Option<Statement> {
    let gone = |parent: &QualifiedName| {
        let has = |writer: &Writer<'_>| {
            let columns = writer.relation(parent).and_then(|(_, object)| object.definition.columns());
            columns.map(|it| it.iter().any(|own| own.name == column.name))
        };
        has(it.from) == Some(true) && has(it.to) == Some(false)
    };
    let stays_below = |parent: &&QualifiedName| parents(it.after).contains(parent);
    let goes_with_parent = column.inherited
        && !column.local
        && parents(it.before).into_iter().filter(stays_below).any(|parent| gone(parent) && keepers(it, parent, &column.name).is_empty());
    if goes_with_parent || is_typed(it) {
        return None;
    }
    let table = it.identity.qualified_name();
    let keepers = keepers(it, &table, &column.name);
    let target = Target::of(it.identity);
    let target = if keepers.is_empty() { target.whole } else { target.only };
    let mut statement = it.statement(format!("{target} DROP COLUMN {};", quote_identifier(&column.name)));
    statement.removes.extend(places(it.from, it.identity, &column.name));
    statement.removes.retain(|(of, _)| !keepers.contains(of));
    statement.releases.extend(keepers);
    statement.releases.extend(needed_no_more(it, column));
    // Who leaves the table leaves with the column.
    let leaves = |(child, _): &(&Identity, &Object)| it.to.catalog().get(child).is_some_and(|after| !parents(after).contains(&&table));
    statement.parted.extend(it.from.children(&table).filter(leaves).map(|(child, _)| (child.clone(), it.identity.clone())));
    statement.loses = Some(format!("all values of column {} of {}", column.name, it.identity));
    Some(statement)
}

/// The primary key of the table as it was, where a column is part of it.
fn primary_keys(it: &Altered<'_, '_>, column: &str) -> Option<Identity> {
    let of_column = |object: &Object| match &object.definition {
        Definition::Constraint(constraint) => {
            matches!(&constraint.kind, ConstraintKind::PrimaryKey(key) if key.columns.iter().any(|it| it == column))
        }
        _ => false,
    };
    let mut constraints = it.from.catalog().within(Kind::Constraint, &it.identity.qualified_name());
    constraints.find(|(_, object)| of_column(object)).map(|(identity, _)| identity.clone())
}

/// Whether the type that a table is made of (`OF`) hands its attributes down, before and after.
fn is_typed(it: &Altered<'_, '_>) -> bool {
    match (&it.before.definition, &it.after.definition) {
        (Definition::Table(old), Definition::Table(new)) => new.of_type.is_some() && old.of_type == new.of_type,
        _ => false,
    }
}

/// `SET DEFAULT …`, `DROP DEFAULT`.
fn default(column: &Column) -> String {
    column.default.as_ref().map_or_else(|| "DROP DEFAULT".to_owned(), |default| format!("SET DEFAULT {}", default.0))
}

/// A column before and after.
struct Pair<'p, 'w, 'a> {
    it: &'p Altered<'w, 'a>,
    old: &'p Column,
    new: &'p Column,
}

impl Pair<'_, '_, '_> {
    fn alter(&self, columns: &mut Columns) {
        let Column {
            name,
            data_type: of,
            collation,
            not_null,
            default: _,
            identity,
            generated,
            storage,
            compression,
            statistics_target,
            options,
            foreign_options,
            inherited: _,
            local: _,
            comment,
            grants,
            security_labels,
        } = self.new;
        let (it, old) = (self.it, self.old);
        let statements = &mut columns.kept;
        if self.must_be_made_anew() {
            if !self.comes_down(|one, other| one.generated == other.generated) {
                statements.push(remove(it, old));
                add(it, self.new, statements);
            }
            return;
        }
        self.set_expression(generated.as_ref(), statements);
        let retypes = old.data_type != *of || old.collation != *collation;
        let mut has_default = old.default.clone();
        let same_type = |one: &Column, other: &Column| one.data_type == other.data_type && one.collation == other.collation;
        let type_comes_down = retypes && self.comes_down(same_type);
        if type_comes_down {
            self.make_way(&mut columns.first, &mut has_default);
        } else if retypes {
            self.retype(statements, &mut has_default);
        }
        if old.identity.is_some() && identity.as_ref().map(|it| &it.sequence) != old.identity.as_ref().map(|it| &it.sequence) {
            let mut statement = self.only("DROP IDENTITY".to_owned());
            let sequence = old.identity.as_ref().map(|it| it.sequence.clone()).unwrap_or_default();
            statement.drops.push(Identity::new(Kind::Sequence, it.identity.schema.clone(), sequence));
            statements.push(statement);
        }
        if has_default != self.new.default && generated.is_none() && old.generated.is_none() {
            if has_default.is_some() && self.calls_another_of_one_name() {
                statements.push(self.letting_go(self.only("DROP DEFAULT".to_owned())));
            }
            let mut set = self.letting_go(self.only(default(self.new)));
            // The parent's statement gives the column its type.
            if type_comes_down {
                set.adds.push((it.identity.clone(), name.clone()));
            }
            statements.push(set);
        }
        if *not_null != old.not_null && !self.comes_down(|one, other| one.not_null == other.not_null) {
            match not_null {
                true => {
                    let mut set = match (self.named_not_null(), it.to.online) {
                        (Some(named), _) => named,
                        (None, true) => self.not_null_online(),
                        (None, false) => vec![self.whole("SET NOT NULL".to_owned())],
                    };
                    // The first that looks at all rows.
                    let looks = |it: &&mut Statement| {
                        ["VALIDATE", "SET NOT NULL"].iter().any(|word| it.sql.contains(word)) || it.sql.ends_with(" NOT NULL;")
                    };
                    if let Some(looks) = set.iter_mut().find(looks) {
                        looks.risks = Some(format!("{} has rows with NULL in column {name}", it.identity.qualified_name()));
                    }
                    statements.extend(set);
                }
                false => {
                    let mut statement = self.whole("DROP NOT NULL".to_owned());
                    statement.without.extend(primary_keys(it, name));
                    statements.push(statement);
                }
            }
        }
        self.set_identity(statements);
        // Another type takes away how values are kept (`ATExecAlterColumnType`).
        let (kept, compressed) = if retypes { (&None, &None) } else { (&old.storage, &old.compression) };
        let before = Keeping { storage: kept, compression: compressed, target: old.statistics_target, options: &old.options };
        let after = Keeping { storage, compression, target: *statistics_target, options };
        statements.extend(keeping(of, &before, &after).into_iter().map(|action| self.only(action)));
        if let Some(changes) = super::foreign::option_changes(&old.foreign_options, foreign_options) {
            statements.push(self.only(changes));
        }
        let before = (old.comment.as_deref(), old.grants.as_slice(), &old.security_labels);
        let after = (comment.as_deref(), grants.as_slice(), security_labels);
        statements.extend(column_attributes(it, name, before, after));
    }

    /// Whether a parent's statement does the same to this column.
    fn comes_down(&self, same: impl Fn(&Column, &Column) -> bool) -> bool {
        self.new.inherited
            && above(self.it, &self.new.name).iter().any(|pair| match pair {
                (Some(old), Some(new)) => !same(old, new) && same(old, self.old) && same(new, self.new),
                _ => false,
            })
    }

    fn action(&self, target: &str, action: &str) -> Statement {
        self.it.naming(format!("{target} ALTER COLUMN {} {action};", quote_identifier(&self.new.name)))
    }

    /// `SET NOT NULL` without a look at all rows under a lock that keeps others out: a check that was validated before says that
    /// there are no NULLs (PostgreSQL 12 and later, `ATExecSetNotNull`).
    fn not_null_online(&self) -> Vec<Statement> {
        let target = Target::of(self.it.identity).whole;
        let (column, mut check) = (quote_identifier(&self.new.name), format!("{}_{}_not_null", self.it.identity.name, self.new.name));
        while check.len() > 63 {
            check.pop();
        }
        let check = quote_identifier(&check);
        let validate = self.it.statement(format!("{target} VALIDATE CONSTRAINT {check};"));
        vec![
            self.it.statement(format!("{target} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID;")),
            Statement { transaction: Transaction::None, ..validate },
            self.whole("SET NOT NULL".to_owned()),
            self.it.statement(format!("{target} DROP CONSTRAINT {check};")),
        ]
    }

    /// A NOT NULL that is to have a name of its own (PostgreSQL 18).
    fn named_not_null(&self) -> Option<Vec<Statement>> {
        let it = self.it;
        let (identity, constraint) = not_null::of_column(it.to.catalog(), &it.identity.qualified_name(), &self.new.name)?;
        if it.to.major < 18 || !constraint.validated || it.from.catalog().contains(identity) {
            return None;
        }
        let target = Target::of(it.identity).whole;
        let own = quote_identifier(&identity.name);
        let no_inherit = if constraint.no_inherit { " NO INHERIT" } else { "" };
        let later = if it.to.online { " NOT VALID" } else { "" };
        let column = quote_identifier(&self.new.name);
        let mut add = it.statement(format!("{target} ADD CONSTRAINT {own} NOT NULL {column}{no_inherit}{later};"));
        add.creates.push(identity.clone());
        let validate = it
            .to
            .online
            .then(|| Statement { transaction: Transaction::None, ..it.statement(format!("{target} VALIDATE CONSTRAINT {own};")) });
        Some([add].into_iter().chain(validate).collect())
    }

    /// The statement that takes the old default away, and with it what that named and nothing else of the table needs.
    fn letting_go(&self, mut statement: Statement) -> Statement {
        let Some(default) = &self.old.default else { return statement };
        let named = self.it.before.dependencies.iter().map(|it| &it.on).filter(|on| !on.schema.is_empty() && mentions(&default.0, on));
        statement.releases.extend(named.cloned());
        statement
    }

    /// Whether the new default calls a routine under whose name the old one called another, which goes: as long as that is there, the name may
    /// mean it.
    fn calls_another_of_one_name(&self) -> bool {
        let routines = |object: &Object, other: &Object, default: &Option<Expression>| -> Vec<QualifiedName> {
            let named = |on: &&Identity| on.kind.has_arguments() && default.as_ref().is_some_and(|it| mentions(&it.0, on));
            let all = object.dependencies.iter().map(|it| &it.on).filter(|on| !other.dependencies.iter().any(|it| it.on == **on));
            all.filter(named).map(Identity::qualified_name).collect()
        };
        let old = routines(self.it.before, self.it.after, &self.old.default);
        routines(self.it.after, self.it.before, &self.new.default).iter().any(|it| old.contains(it))
    }

    /// Said of this table alone.
    fn only(&self, action: String) -> Statement {
        self.action(&Target::of(self.it.identity).only, &action)
    }

    /// Said of the table and of all below it.
    fn whole(&self, action: String) -> Statement {
        self.action(&Target::of(self.it.identity).whole, &action)
    }

    /// Whether only dropping the column and adding it again makes it what it is to be.
    fn must_be_made_anew(&self) -> bool {
        match (&self.old.generated, &self.new.generated) {
            (None, Some(_)) => true,
            (Some(old), Some(new)) => old.kind != new.kind || (old.expression != new.expression && self.it.to.major < 17),
            (Some(old), None) => old.kind == GeneratedKind::Virtual,
            (None, None) => false,
        }
    }

    fn set_expression(&self, generated: Option<&Generated>, statements: &mut Vec<Statement>) {
        if self.comes_down(|one, other| one.generated == other.generated) {
            return;
        }
        match (&self.old.generated, generated) {
            (Some(_), None) => statements.push(self.whole("DROP EXPRESSION".to_owned())),
            (Some(old), Some(new)) if old.expression != new.expression => {
                statements.push(self.whole(format!("SET EXPRESSION AS {}", parenthesised(&new.expression))));
            }
            _ => {}
        }
    }

    /// A parent's statement gives the column another type: the default of its own goes before, for it may not fit.
    fn make_way(&self, statements: &mut Vec<Statement>, has_default: &mut Option<Expression>) {
        if has_default.as_ref().is_none_or(draws) {
            return;
        }
        let mut drop = self.letting_go(self.only("DROP DEFAULT".to_owned()));
        drop.releases.extend(ancestors(self.it.from, self.it.before));
        statements.push(drop);
        *has_default = None;
    }

    /// Another type or collation. The default goes before where it may not fit the new type, and comes back after.
    fn retype(&self, statements: &mut Vec<Statement>, has_default: &mut Option<Expression>) {
        if is_typed(self.it) {
            return;
        }
        // The values of a foreign table are elsewhere.
        let conversion = (self.it.identity.kind != Kind::ForeignTable)
            .then(|| conversion(&self.old.data_type, &self.new.data_type, &self.new.name))
            .flatten();
        if has_default.as_ref().is_some_and(|default| !draws(default)) {
            statements.push(self.letting_go(self.only("DROP DEFAULT".to_owned())));
            *has_default = None;
        }
        let using = conversion.map_or_else(String::new, |expression| format!(" USING {expression}"));
        let collation = match &self.new.collation {
            None if self.old.collation.is_some() && self.old.data_type == self.new.data_type => {
                " COLLATE pg_catalog.\"default\"".to_owned()
            }
            collation => collate(collation.as_ref()),
        };
        let mut statement = self.whole(format!("TYPE {}{collation}{using}", data_type(&self.new.data_type)));
        statement.removes.extend(places(self.it.from, self.it.identity, &self.new.name));
        statement.adds.extend(statement.removes.clone());
        statement.releases.extend(needed_no_more(self.it, self.old));
        // Those below that are to go need not have it, and may have a default that does not fit.
        let goes = |of: &&(Identity, String)| of.0 != *self.it.identity && !self.it.to.catalog().contains(&of.0);
        statement.without.extend(statement.removes.iter().filter(goes).map(|(of, _)| of.clone()));
        // Defaults that those below have of their own go first, and a column that came from a parent is the table's own by then.
        let below = statement.removes.iter().filter(|(of, _)| of != self.it.identity);
        statement.parted.extend(below.map(|(of, _)| (of.clone(), self.it.identity.clone())));
        if self.old.inherited && !self.new.inherited {
            statement.parted.extend(ancestors(self.it.from, self.it.before).into_iter().map(|parent| (parent, self.it.identity.clone())));
        }
        statements.push(statement);
    }

    fn set_identity(&self, statements: &mut Vec<Statement>) {
        let it = self.it;
        let Some(new) = &self.new.identity else { return };
        let ColumnIdentity { generation, sequence } = new;
        match &self.old.identity {
            Some(old) if old.sequence == *sequence => {
                if old.generation != *generation {
                    let word = match generation {
                        IdentityGeneration::Always => "ALWAYS",
                        IdentityGeneration::ByDefault => "BY DEFAULT",
                    };
                    statements.push(self.whole(format!("SET GENERATED {word}")));
                }
            }
            _ => {
                let spelled = spell_identity(it.to, it.identity, &self.new.name, new);
                let mut statement = self.whole(format!("ADD{spelled}"));
                let own = Identity::new(Kind::Sequence, it.identity.schema.clone(), sequence.clone());
                statement.creates.push(own);
                statements.push(statement);
                // The rows that are there have numbers already: the sequence goes on after them.
                let table = qualified(&it.identity.schema, &it.identity.name);
                let column = quote_identifier(&self.new.name);
                let sequence = quote_literal(&qualified(&it.identity.schema, sequence));
                let sql = format!("SELECT pg_catalog.setval({sequence}, max({column})) FROM {table} HAVING max({column}) IS NOT NULL;");
                statements.push(it.statement(sql));
            }
        }
    }
}

/// How a column's values are kept and counted: what tables and materialised views can say of it.
pub(super) struct Keeping<'k> {
    pub(super) storage: &'k Option<String>,
    pub(super) compression: &'k Option<String>,
    pub(super) target: Option<i32>,
    pub(super) options: &'k BTreeMap<String, String>,
}

/// What follows `ALTER COLUMN c` to change how its values are kept.
pub(super) fn keeping(of: &DataType, before: &Keeping<'_>, after: &Keeping<'_>) -> Vec<String> {
    let Keeping { storage, compression, target, options } = after;
    let mut actions = Vec::new();
    if *storage != before.storage {
        let storage = storage.as_deref().unwrap_or_else(|| default_storage(of));
        actions.push(format!("SET STORAGE {}", storage.to_uppercase()));
    }
    if *compression != before.compression {
        actions.push(format!("SET COMPRESSION {}", compression.as_deref().map_or_else(|| "default".to_owned(), quote_identifier)));
    }
    if *target != before.target {
        actions.push(format!("SET STATISTICS {}", target.unwrap_or(-1)));
    }
    actions.extend(settings(before.options, options));
    actions
}

/// How a type's values are kept where nothing is said (`typstorage` of built-in types): those of variable length may be
/// compressed and moved out.
fn default_storage(of: &DataType) -> &'static str {
    let is_fixed = |name: &str| {
        matches!(
            name,
            "bool"
                | "char"
                | "int2"
                | "int4"
                | "int8"
                | "oid"
                | "float4"
                | "float8"
                | "date"
                | "time"
                | "timetz"
                | "timestamp"
                | "timestamptz"
                | "interval"
                | "uuid"
                | "money"
                | "macaddr"
                | "macaddr8"
                | "point"
                | "line"
                | "lseg"
                | "box"
                | "circle"
                | "name"
                | "pg_lsn"
        )
    };
    match of.name.name.as_str() {
        name if of.array || !of.name.is_builtin() || !is_fixed(name) => match name {
            "numeric" | "inet" | "cidr" if !of.array => "main",
            _ => "extended",
        },
        _ => "plain",
    }
}

/// The expression that turns a column's old values into new ones; none where an assignment does it, which also refuses
/// what doesn't fit instead of cutting it.
fn conversion(old: &DataType, new: &DataType, column: &str) -> Option<String> {
    let family = |of: &DataType| match of.name.name.as_str() {
        _ if !of.name.is_builtin() => "",
        "int2" | "int4" | "int8" | "float4" | "float8" | "numeric" => "number",
        "text" | "varchar" | "bpchar" | "name" => "text",
        "date" | "timestamp" | "timestamptz" => "moment",
        "time" | "timetz" | "interval" => "time of day",
        "json" | "jsonb" => "json",
        "inet" | "cidr" => "network",
        "bit" | "varbit" => "bits",
        "oid" | "regclass" | "regproc" | "regtype" | "regrole" | "regnamespace" => "oid",
        _ => "",
    };
    let (from, to) = (family(old), family(new));
    if old.array != new.array {
        return Some(format!("{}::text::{}", quote_identifier(column), data_type(new)));
    }
    let assigns = old.without_modifiers() == new.without_modifiers() || (!from.is_empty() && from == to) || (to == "text" && !old.array);
    if assigns {
        return None;
    }
    let is_integer = |of: &DataType| of.name.is_builtin() && of.name.name == "int4";
    let is_boolean = |of: &DataType| of.name.is_builtin() && of.name.name == "bool";
    let casts = from == "text" || to == "text" || (is_integer(old) && is_boolean(new)) || (is_boolean(old) && is_integer(new));
    let through = if casts && !new.array { "" } else { "::text" };
    let through = if through.is_empty() || !new.array { through } else { "::text[]" };
    Some(format!("{}{through}::{}", quote_identifier(column), data_type(new)))
}
