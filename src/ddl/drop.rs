//! What takes an object away.

use super::attributes::{address, reference};
use super::quote::{name, quote_identifier};
use super::{Statement, Writer, access};
use crate::catalog::{Definition, Identity, Kind, Object};

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
            Definition::Constraint(_) => {
                let parent = identity.parent_name();
                let target = match self.find(&[Kind::Domain, Kind::ForeignTable, Kind::Table], &parent) {
                    Some((parent, _)) => super::spelling(parent.kind).keyword,
                    None => "TABLE",
                };
                let sql = format!("ALTER {target} {}\n    DROP CONSTRAINT {};", name(&parent), quote_identifier(&identity.name));
                vec![Statement::dropping(identity, sql)]
            }
            Definition::DefaultPrivileges(privileges) => access::drop_default_privileges(identity, privileges),
            Definition::Schema(_) if identity.name == "public" => {
                vec![Statement::dropping(identity, format!("DROP SCHEMA {};", reference(identity, object)))]
            }
            _ => plain(),
        }
    }
}
