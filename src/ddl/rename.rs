//! What gives an object, or a part of one, another name.

use super::attributes::{address, reference};
use super::quote::{name, quote_identifier, quote_literal};
use super::{Statement, Writer, spelling};
use crate::catalog::{Definition, Identity, Kind, Object};

impl Writer<'_> {
    /// Writes what gives an object of the catalog another name; `None` where PostgreSQL has no such statement.
    pub fn rename(&self, identity: &Identity, object: &Object, to: &str) -> Option<Statement> {
        let to = quote_identifier(to);
        let sql = match identity.kind {
            Kind::Operator | Kind::Cast | Kind::Transform | Kind::UserMapping | Kind::DefaultPrivileges | Kind::Extension => return None,
            Kind::Constraint => {
                let parent = identity.parent_name();
                let relation = self.find(&[Kind::Domain, Kind::ForeignTable, Kind::Table], &parent);
                let keyword = relation.map_or("TABLE", |(parent, _)| spelling(parent.kind).keyword);
                format!("ALTER {keyword} {} RENAME CONSTRAINT {} TO {to};", name(&parent), quote_identifier(&identity.name))
            }
            _ => format!("ALTER {} RENAME TO {to};", address(self, identity, object)),
        };
        Some(Statement::after(identity, sql))
    }

    /// Writes what gives a column, an attribute or a label of an enum another name; `None` where the object has no such parts.
    pub fn rename_part(&self, identity: &Identity, object: &Object, part: &str, to: &str) -> Option<Statement> {
        let (words, part, to) = match object.definition {
            Definition::Enum(_) => ("VALUE", quote_literal(part), quote_literal(to)),
            Definition::Composite(_) => ("ATTRIBUTE", quote_identifier(part), quote_identifier(to)),
            Definition::Table(_) | Definition::ForeignTable(_) | Definition::View(_) | Definition::MaterializedView(_) => {
                ("COLUMN", quote_identifier(part), quote_identifier(to))
            }
            _ => return None,
        };
        let sql = format!("ALTER {} {} RENAME {words} {part} TO {to};", spelling(identity.kind).keyword, reference(identity, object));
        Some(Statement::after(identity, sql))
    }

    /// Writes what moves an object of the catalog to another schema; `None` where it is in none, or goes with another.
    pub fn set_schema(&self, identity: &Identity, object: &Object, schema: &str) -> Option<Statement> {
        if identity.schema.is_empty() || matches!(identity.kind, Kind::Constraint | Kind::Index | Kind::Trigger | Kind::Rule | Kind::Policy)
        {
            return None;
        }
        let sql = format!("ALTER {} SET SCHEMA {};", address(self, identity, object), quote_identifier(schema));
        Some(Statement::after(identity, sql))
    }
}
