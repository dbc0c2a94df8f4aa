//! What takes an object away.

use std::collections::HashMap;

use super::attributes::address;
use super::constraint::parent_words;
use super::quote::{name, qualified, quote_identifier};
use super::table::parents;
use super::{Statement, Transaction, Writer, access, view};
use crate::catalog::{Catalog, Constraint, ConstraintKind, Definition, Identity, Kind, Object, QualifiedName, Table};

impl<'a> Writer<'a> {
    /// Writes what drops an object of the catalog, and nothing else with it: `DROP` without `CASCADE`, so that what was
    /// forgotten is an error and not a loss. Nothing for an object that only goes with another (an identity's sequence, a
    /// partition's part of its parent's constraint).
    pub fn drop(&self, identity: &Identity, object: &Object) -> Vec<Statement> {
        let plain = || vec![Statement::dropping(identity, format!("DROP {};", address(self, identity, object)))];
        let statements = match &object.definition {
            Definition::Sequence(sequence) if sequence.owner.as_ref().is_some_and(|owner| owner.identity) => Vec::new(),
            Definition::Constraint(constraint)
                if constraint.inherited && !constraint.local && self.parted_from(identity, object).is_none() =>
            {
                Vec::new()
            }
            Definition::Index(index) if index.partition_of.is_some() && self.parted_from(identity, object).is_none() => Vec::new(),
            Definition::Trigger(trigger) if trigger.inherited => Vec::new(),
            Definition::Constraint(constraint) if self.stays_not_null(identity, constraint).is_some() => {
                self.stays_not_null(identity, constraint).unwrap_or_default()
            }
            // The column's DROP NOT NULL takes it along, as its NOT NULL made it.
            Definition::Constraint(constraint) if matches!(constraint.kind, ConstraintKind::NotNull { .. }) && constraint.validated => {
                Vec::new()
            }
            Definition::BaseType(_) | Definition::Range(_) if self.type_of_cycle(identity) == Some(identity) => {
                let mates = self.cycles.keys().filter(|mate| self.type_of_cycle(mate) == Some(identity)).map(|mate| (*mate).clone());
                let drop = format!("DROP {} CASCADE;", address(self, identity, object));
                vec![Statement { drops: mates.collect(), ..Statement::bare(drop) }]
            }
            Definition::Index(index)
                if self.online && !self.is_partitioned(&QualifiedName::new(identity.schema.clone(), index.table.clone())) =>
            {
                let sql = format!("DROP INDEX CONCURRENTLY {};", super::quote::qualified(&identity.schema, &identity.name));
                vec![Statement { transaction: Transaction::None, ..Statement::dropping(identity, sql) }]
            }
            Definition::Table(table) => {
                let mut drop = Statement::dropping(identity, format!("DROP {};", address(self, identity, object)));
                drop.loses = Some(format!("every row of {}", identity.qualified_name()));
                self.leave(identity, table, drop)
            }
            Definition::Constraint(_) => {
                let parent = identity.parent_name();
                let target = parent_words(self, &parent);
                let sql = format!("ALTER {target} {}\n    DROP CONSTRAINT {};", name(&parent), quote_identifier(&identity.name));
                vec![Statement::dropping(identity, sql)]
            }
            Definition::DefaultPrivileges(privileges) => access::drop_default_privileges(identity, privileges),
            Definition::Subscription(_) => {
                let own = quote_identifier(&identity.name);
                // With its slot it would ask for a connection and refuse to go in a transaction (documentation, DROP SUBSCRIPTION).
                let off = Statement::bare(format!("ALTER SUBSCRIPTION {own} DISABLE;"));
                let alone = format!(
                    "-- The replication slot stays at the publisher: drop it there.\nALTER SUBSCRIPTION {own} SET (slot_name = NONE);"
                );
                vec![off, Statement::bare(alone), Statement::dropping(identity, format!("DROP SUBSCRIPTION {own};"))]
            }
            _ => plain(),
        };
        let mut all = self.let_go_of_cycle(identity, object);
        all.extend(statements);
        // What a parent has handed down can be dropped once it is the table's own.
        if let (Some((_, parting)), Some(last)) = (self.parted_from(identity, object), all.last_mut()) {
            last.parted.push(parting);
        }
        all
    }

    /// What a partition's drop has to do with its table: others may want its rows, and as long as a foreign key refers to the table, the
    /// server lets no partition of it be dropped, but detached.
    fn leave(&self, identity: &Identity, table: &Table, mut drop: Statement) -> Vec<Statement> {
        let Some(partition) = &table.partition_of else { return vec![drop] };
        let Some((parent, _)) = self.relation(&partition.parent) else { return vec![drop] };
        let bound_of =
            |object: &Object| super::table::partition_of(object).filter(|it| it.parent == partition.parent).map(|it| it.bound.clone());
        let comes = |(child, after): (&Identity, &Object)| {
            let before = self.catalog.get(child).and_then(bound_of);
            bound_of(after).filter(|bound| before.as_ref() != Some(bound) || child == identity)
        };
        let tables = |catalog: &'a Catalog| catalog.of_kind(Kind::Table).chain(catalog.of_kind(Kind::ForeignTable));
        let mut coming = self.towards.into_iter().flat_map(tables).filter_map(comes);
        if coming.any(|bound| super::table::may_overlap(&partition.bound, &bound)) {
            drop.leaves.push(parent.clone());
        }
        let mut above = vec![parent.qualified_name()];
        while let Some((_, object)) = above.last().and_then(|it| self.relation(it)) {
            match super::table::partition_of(object) {
                Some(it) if !above.contains(&it.parent) => above.push(it.parent.clone()),
                _ => break,
            }
        }
        let refers = |constraint: &Constraint| match &constraint.kind {
            ConstraintKind::ForeignKey(key) => above.contains(&key.references),
            _ => false,
        };
        let is_referred_to = |catalog: &Catalog| {
            let mut constraints = catalog.of_kind(Kind::Constraint);
            constraints.any(|(_, object)| matches!(&object.definition, Definition::Constraint(it) if refers(it)))
        };
        let key = |catalog: &Catalog| match catalog.get(parent).map(|it| &it.definition) {
            Some(Definition::Table(it)) => it.partition_key.clone(),
            _ => None,
        };
        let stays = self.towards.is_some_and(|after| key(after).is_some() && key(after) == key(self.catalog));
        if !stays || !(is_referred_to(self.catalog) || self.towards.is_some_and(is_referred_to)) {
            return vec![drop];
        }
        let own = qualified(&identity.schema, &identity.name);
        let mut detach = Statement::after(identity, format!("ALTER TABLE {} DETACH PARTITION {own};", name(&partition.parent)));
        detach.leaves.append(&mut drop.leaves);
        detach.needs.clear();
        vec![detach, drop]
    }

    /// What has handed an object down to a table that leaves that parent, and stays: the object is the table's own from then on.
    /// Also the pair of the table and the parent.
    pub fn parted_from(&self, identity: &Identity, object: &Object) -> Option<(&'a Identity, (Identity, Identity))> {
        let above = match &object.definition {
            Definition::Constraint(constraint) if constraint.inherited && !constraint.local => {
                super::constraint::above(self, identity, constraint)?
            }
            Definition::Index(index) => {
                let above = index.partition_of.as_ref()?;
                object
                    .dependencies
                    .iter()
                    .find(|it| it.on.schema == above.schema && it.on.name == above.name)
                    .and_then(|it| self.catalog.get_key_value(&it.on))?
                    .0
            }
            _ => return None,
        };
        let (table, before) = self.relation(&match &object.definition {
            Definition::Index(index) => QualifiedName::new(identity.schema.clone(), index.table.clone()),
            _ => identity.parent_name(),
        })?;
        let after = self.towards?.get(table)?;
        let of = match self.catalog.get(above).map(|it| &it.definition) {
            Some(Definition::Index(index)) => QualifiedName::new(above.schema.clone(), index.table.clone()),
            _ => above.parent_name(),
        };
        let left = parents(before).contains(&&of) && !parents(after).contains(&&of);
        let (parent, _) = self.relation(&of)?;
        left.then(|| (above, (table.clone(), parent.clone())))
    }

    /// What goes with a type: the functions that it is made of, and that need it. None of them goes without the others.
    pub fn parts_of_cycles(&self) -> HashMap<&'a Identity, &'a Identity> {
        let whole = |mate: &'a Identity| self.type_of_cycle(mate).filter(|whole| *whole != mate);
        self.cycles.keys().filter_map(|mate| Some((*mate, whole(mate)?))).collect()
    }

    /// The first type of the cycle that a type or a function is in.
    pub(super) fn type_of_cycle(&self, identity: &Identity) -> Option<&'a Identity> {
        let is_type = |mate: &&Identity| matches!(mate.kind, Kind::BaseType | Kind::Range);
        self.cycle(identity).filter(|_| is_type(&identity) || identity.kind == Kind::Function)?;
        self.cycles.keys().copied().filter(|mate| self.are_in_one_cycle(identity, mate)).filter(is_type).min()
    }

    /// The statements by which an object lets go of those that need it in turn: then they can go, and it after them. What
    /// needs nothing of the cycle but for a default or a query goes on without it.
    fn let_go_of_cycle(&self, identity: &Identity, object: &Object) -> Vec<Statement> {
        if self.cycle(identity).is_none() {
            return Vec::new();
        }
        let needed = object.dependencies.iter().map(|it| &it.on);
        let mates: Vec<Identity> = needed.filter(|on| *on != identity && self.are_in_one_cycle(identity, on)).cloned().collect();
        let mut sql: Vec<String> = Vec::new();
        match &object.definition {
            Definition::View(it) => sql.extend(view::hollow(identity, it)),
            definition => {
                let table = qualified(&identity.schema, &identity.name);
                for column in definition.columns().into_iter().flatten().filter(|column| column.default.is_some()) {
                    sql.push(format!("ALTER TABLE ONLY {table} ALTER COLUMN {} DROP DEFAULT;", quote_identifier(&column.name)));
                }
            }
        }
        let mut statements: Vec<Statement> = sql.into_iter().map(Statement::bare).collect();
        if let Some(last) = statements.last_mut() {
            last.releases = mates;
        }
        statements
    }
}
