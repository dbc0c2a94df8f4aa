//! What takes an object away.

use super::attributes::address;
use super::constraint::parent_words;
use super::quote::{name, quote_identifier};
use super::{Statement, Transaction, Writer, access};
use crate::catalog::{ConstraintKind, Definition, Identity, Object, QualifiedName};

impl Writer<'_> {
    /// Writes what drops an object of the catalog, and nothing else with it: `DROP` without `CASCADE`, so that what was
    /// forgotten is an error and not a loss. Nothing for an object that only goes with another (an identity's sequence, a
    /// partition's part of its parent's constraint).
    pub fn drop(&self, identity: &Identity, object: &Object) -> Vec<Statement> {
        let plain = || vec![Statement::dropping(identity, format!("DROP {};", address(self, identity, object)))];
        match &object.definition {
            Definition::Sequence(sequence) if sequence.owner.as_ref().is_some_and(|owner| owner.identity) => Vec::new(),
            Definition::Constraint(constraint) if constraint.inherited && !constraint.local => Vec::new(),
            Definition::Index(index) if index.partition_of.is_some() => Vec::new(),
            Definition::Trigger(trigger) if trigger.inherited => Vec::new(),
            // The column's DROP NOT NULL takes it along, as its NOT NULL made it.
            Definition::Constraint(constraint) if matches!(constraint.kind, ConstraintKind::NotNull { .. }) && constraint.validated => {
                Vec::new()
            }
            Definition::Index(index)
                if self.online && !self.is_partitioned(&QualifiedName::new(identity.schema.clone(), index.table.clone())) =>
            {
                let sql = format!("DROP INDEX CONCURRENTLY {};", super::quote::qualified(&identity.schema, &identity.name));
                vec![Statement { transaction: Transaction::None, ..Statement::dropping(identity, sql) }]
            }
            Definition::Table(_) => {
                let mut statements = plain();
                statements.iter_mut().for_each(|statement| statement.loses = Some(format!("every row of {}", identity.qualified_name())));
                statements
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
        }
    }
}
