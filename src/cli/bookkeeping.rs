//! The tables in which migration tools keep what they have done. They are in databases and in no schema of anybody's.

use std::collections::BTreeSet;

use pgx_goose::capture::script::source::bookkeeping;
use pgx_goose::catalog::{Catalog, Identity, Kind};

use super::report::Report;

/// Takes out of both catalogs the tables of migration tools that only one of them has, and says so.
pub(crate) fn pass_over(from: &mut Catalog, to: &mut Catalog, report: &Report) {
    let (old, new) = (tables(from, to), tables(to, from));
    for (catalog, tables) in [(from, old), (to, new)] {
        for (table, tool) in tables {
            take_out(catalog, &table);
            report.summary(&format!("{table} is where {tool} keeps what was run: it is passed over, unless `--all` is said"));
        }
    }
}

fn tables(catalog: &Catalog, other: &Catalog) -> Vec<(Identity, &'static str)> {
    catalog
        .of_kind(Kind::Table)
        .filter(|(identity, _)| !other.contains(identity))
        .filter_map(|(identity, _)| bookkeeping::tool(&identity.name).map(|tool| (identity.clone(), tool)))
        .collect()
}

/// Takes out a table, and what goes with it.
fn take_out(catalog: &mut Catalog, table: &Identity) {
    let goes_with = |identity: &Identity, on: &BTreeSet<Identity>| {
        matches!(
            identity.kind,
            Kind::Constraint | Kind::Index | Kind::Sequence | Kind::Trigger | Kind::Rule | Kind::Policy | Kind::Statistics
        ) && on.contains(table)
    };
    let with_it: Vec<Identity> = catalog
        .iter()
        .filter(|(identity, object)| goes_with(identity, &object.dependencies.iter().map(|it| it.on.clone()).collect()))
        .map(|(identity, _)| identity.clone())
        .collect();
    for identity in with_it.iter().chain([table]) {
        catalog.remove(identity);
    }
}
