//! Rows for tests.

use std::collections::HashMap;

use super::Builder;
use super::column::Built;
use super::relation::Relation;
use crate::catalog::QualifiedName;
use crate::codegen::model::{Sample, Table, TableNames};

/// What samples of all tables look at.
pub(super) struct Samples<'a> {
    pub builder: &'a Builder<'a>,
    pub relations: &'a [Relation<'a>],
    pub built: &'a [Vec<Built>],
    pub names: &'a [TableNames],
    pub by_name: &'a HashMap<&'a QualifiedName, usize>,
}

/// No sample.
pub(super) fn none(function: String) -> Sample {
    Sample {
        function,
        skip: "no sample".to_owned(),
        uses_n: false,
        exact: false,
        parents: Vec::new(),
        fields: Vec::new(),
        change: None,
        duplicate: false,
        broken_reference: None,
    }
}

impl Samples<'_> {
    /// Fills in how tests make a row.
    pub(super) fn fill(&self, _at: usize, _table: &mut Table) {}
}
