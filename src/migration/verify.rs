//! A migration, tried out on a throw-away server: the old schema, the way up, the way down, and what each of them comes to.
//!
//! Both ends are compared with schemas that the same server was given as DDL, so that nothing but the migration makes a difference.

use crate::capture::live::{self, connection};
use crate::capture::script::Input;
use crate::capture::shadow::{self, Cluster, LoadError};
use crate::catalog::Catalog;
use crate::ddl;
use crate::plan;

use super::{Direction, Finding, differences};

/// What is tried out.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// The schema that the way up begins with.
    pub from: &'a Catalog,
    /// The schema that it leads to.
    pub to: &'a Catalog,
    /// The files of the way up, in the order in which they are run.
    pub up: &'a [Input],
    /// The files of the way down, in the order in which they are run; none where there is no way down.
    pub down: &'a [Input],
    /// Whether something that would have to be dropped is left out: then the way up may leave more than the new schema has.
    pub leaves_out: bool,
    /// How it was planned.
    pub options: plan::Options,
}

/// Runs a migration up and down, and says which objects are not as they should be.
///
/// # Errors
/// If the server refuses a statement: one of the schemas or of the files, whose place is said.
pub fn verify(cluster: &Cluster, trial: &Trial<'_>) -> Result<Vec<Finding>, LoadError> {
    let Trial { from, to, up, down, leaves_out, options } = trial;
    let old = loaded(cluster, "old", &schema("the old schema", from))?;
    let new = loaded(cluster, "new", &schema("the new schema", to))?;
    let mut findings = Vec::new();
    let mut found = |direction, objects: Vec<_>| {
        if !objects.is_empty() {
            findings.push(Finding::Differs { direction, objects });
        }
    };
    loaded(cluster, "tried", &schema("the old schema", from))?;
    shadow::load(cluster, "tried", up)?;
    let after = captured(cluster, "tried")?;
    found(
        Direction::Up,
        if *leaves_out {
            let rest = plan::plan(&after, &new, options);
            rest.steps().map(|it| (it.about.clone(), vec!["not as it should be".to_owned()])).collect()
        } else {
            differences(&after, &new)
        },
    );
    if !down.is_empty() {
        shadow::load(cluster, "tried", down)?;
        found(Direction::Down, differences(&captured(cluster, "tried")?, &old));
    }
    Ok(findings)
}

fn schema(name: &str, catalog: &Catalog) -> [Input; 1] {
    [Input::new(name, ddl::script(catalog))]
}

/// Makes a database of DDL, and says what is in it.
fn loaded(cluster: &Cluster, database: &str, inputs: &[Input]) -> Result<Catalog, LoadError> {
    cluster.database(database)?;
    shadow::load(cluster, database, inputs)?;
    captured(cluster, database)
}

fn captured(cluster: &Cluster, database: &str) -> Result<Catalog, LoadError> {
    Ok(live::capture(&connection::connect(&cluster.dsn(database))?)?.catalog)
}
