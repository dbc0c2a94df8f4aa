//! How a schema is read: from DDL text ([`script`]) or from a running server ([`live`]), which may be one of our own
//! that is gone afterwards ([`shadow`]).
//!
//! Every way of reading ends in a [`Captured`]: a catalog, and what was found on the way. This module must not know who
//! asks, how a catalog is kept, or what is made of it.

pub(crate) mod expression;
pub(crate) mod keywords;
pub mod live;
pub mod script;
pub mod shadow;

use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Severity};

/// A schema, and what was found while it was read.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    /// The schema.
    pub catalog: Catalog,
    /// Findings, in the order of the source. An error among them means that the catalog is no usable result.
    pub diagnostics: Vec<Diagnostic>,
}

impl Captured {
    /// Whether an error was found: then the catalog is no usable result.
    pub fn failed(&self) -> bool {
        self.diagnostics.iter().any(|it| it.severity == Severity::Error)
    }
}
