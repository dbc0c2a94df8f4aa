//! `CREATE STATISTICS`, `ALTER STATISTICS`.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterStatsStmt, CreateStatsStmt};

use crate::catalog::{Definition, Dependency, Identity, IndexKey, Kind, QualifiedName, StatisticsObject};

use super::resolve::strings;
use super::state::State;
use super::{Outcome, Place, Problem, address, canonical, names, options};

/// `CREATE STATISTICS`. Columns are kept in the table's order, expressions after them
/// (PostgreSQL src/backend/commands/statscmds.c, CreateStatistics).
pub(crate) fn create(state: &mut State<'_>, node: &CreateStatsStmt, _at: Place) -> Outcome {
    let Some(NodeEnum::RangeVar(relation)) = node.relations.first().and_then(|it| it.node.as_ref()) else { return Ok(()) };
    let table = state.resolver().range_var(relation)?.clone();
    let Read { statistics, mut needs, parts } = read(state, &table, node)?;
    let name = if node.defnames.is_empty() {
        // PostgreSQL 16 names those that have no name.
        let name = unused_name(state, &table, &parts.join("_"));
        QualifiedName::new(table.schema.clone(), name)
    } else {
        state.new_name(&node.defnames)?
    };
    let identity = Identity::new(Kind::Statistics, name.schema, name.name);
    if state.contains(&identity) {
        return if node.if_not_exists {
            Ok(())
        } else {
            Err(Problem::new(format!("statistics object `{}` already exists", identity.name)))
        };
    }
    needs.extend(state.schema_dependency(&identity.schema));
    state.insert_with(identity.clone(), Definition::Statistics(statistics), needs);
    if !node.stxcomment.is_empty() {
        state.change(&identity, |object| object.comment = Some(node.stxcomment.clone()));
    }
    Ok(())
}

/// A statistics object that a statement asks for.
pub(crate) struct Read {
    pub(crate) statistics: StatisticsObject,
    pub(crate) needs: BTreeSet<Dependency>,
    /// What a name is made of.
    parts: Vec<String>,
}

/// The statistics object that a statement makes on a relation.
pub(crate) fn read(state: &State<'_>, table: &Identity, node: &CreateStatsStmt) -> Result<Read, Problem> {
    let mut needs = BTreeSet::new();
    let (mut columns, mut expressions, mut parts) = (BTreeSet::new(), Vec::new(), Vec::new());
    let known: Vec<String> = state.resolver().columns(table).into_iter().map(|it| it.name).collect();
    for element in &node.exprs {
        let Some(NodeEnum::StatsElem(element)) = &element.node else { continue };
        match element.expr.as_deref() {
            None => {
                let Some(place) = known.iter().position(|it| *it == element.name) else {
                    let names = known.iter().map(String::as_str);
                    return Err(super::resolve::unknown_column(table, &element.name, None, names).into());
                };
                columns.insert(place);
                parts.push(element.name.clone());
            }
            Some(expression) => {
                let canonical = canonical::expression(state, expression, Some(table))?;
                needs.extend(canonical.dependencies.into_iter().map(|it| if it.on == *table { it.auto() } else { it }));
                expressions.push(IndexKey { column: None, expression: Some(canonical.expression), ..IndexKey::column("") });
                parts.push("expr".to_owned());
            }
        }
    }
    needs.insert(Dependency::on(table.clone()).auto());
    needs.extend(columns.iter().map(|place| Dependency::on_column(table.clone(), known[*place].clone()).auto()));
    let kinds: BTreeSet<&str> = strings(&node.stat_types).into_iter().collect();
    let is_all = ["ndistinct", "dependencies", "mcv"].iter().all(|it| kinds.contains(it));
    let statistics = StatisticsObject {
        table: table.qualified_name(),
        kinds: if is_all { Vec::new() } else { kinds.into_iter().map(str::to_owned).collect() },
        keys: columns.iter().map(|place| IndexKey::column(known[*place].clone())).chain(expressions).collect(),
        target: None,
    };
    Ok(Read { statistics, needs, parts })
}

/// PostgreSQL src/backend/commands/statscmds.c, ChooseExtendedStatisticName.
fn unused_name(state: &State<'_>, table: &Identity, parts: &str) -> String {
    let mut label = "stat".to_owned();
    for number in 1.. {
        let name = names::make_object_name(&table.name, Some(parts), Some(&label));
        if !state.contains(&Identity::new(Kind::Statistics, table.schema.clone(), name.clone())) {
            return name;
        }
        label = format!("stat{number}");
    }
    unreachable!("some number is free")
}

/// `ALTER STATISTICS … SET STATISTICS`; -1 and DEFAULT are none.
pub(crate) fn alter(state: &mut State<'_>, node: &AlterStatsStmt, _at: Place) -> Outcome {
    let list = pg_query::protobuf::Node { node: Some(NodeEnum::List(pg_query::protobuf::List { items: node.defnames.clone() })) };
    let identity = match address::object(state, pg_query::protobuf::ObjectType::ObjectStatisticExt, &list) {
        Ok(found) => found.identity,
        Err(address::NoObject::Missing(_)) if node.missing_ok => return Ok(()),
        Err(problem) => return Err(problem.into()),
    };
    let target = node.stxstattarget.as_deref().and_then(options::value_text).and_then(|it| it.parse().ok()).filter(|it: &i32| *it >= 0);
    state.change(&identity, |object| {
        if let Definition::Statistics(it) = &mut object.definition {
            it.target = target;
        }
    });
    Ok(())
}
