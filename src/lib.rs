//! pgx-goose: an offline schema-snapshot compiler for PostgreSQL.
//!
//! A schema is a value ([`catalog::Catalog`]), and a snapshot is that value at rest. See ARCHITECTURE.md for the map.

pub mod capture;
pub mod catalog;
pub mod codegen;
pub mod ddl;
pub mod diagnostic;
pub mod diff;
pub mod fs;
pub mod graph;
pub mod migration;
pub mod plan;
pub mod snapshot;
mod template;
