//! Sequences: `CREATE` and `ALTER SEQUENCE`, and those that `serial` and identity columns bring along.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterSeqStmt, CreateSeqStmt, DefElem, Node, String as Word, TypeName};

use crate::catalog::{DataType, Definition, Dependency, Identity, Kind, QualifiedName, Sequence, SequenceOptions, SequenceOwner};

use super::resolve::unknown_column;
use super::state::State;
use super::{Outcome, Place, Problem, names, options};

/// `CREATE SEQUENCE`.
pub(crate) fn create(state: &mut State<'_>, node: &CreateSeqStmt, at: Place) -> Outcome {
    let Some(relation) = &node.sequence else { return Ok(()) };
    let name = state.new_relation_name(relation)?;
    if state.relation_exists(&name, node.if_not_exists)? {
        return Ok(());
    }
    let identity = Identity::new(Kind::Sequence, name.schema, name.name);
    let parsed = parse_options(state, None, &node.options, at)?;
    let sequence = Sequence { options: parsed.options, owner: None, unlogged: relation.relpersistence == "u" };
    let dependencies = state.schema_dependency(&identity.schema).into_iter().collect();
    state.insert_with(identity.clone(), Definition::Sequence(sequence), dependencies);
    match parsed.owner {
        Some(owner) => own(state, &identity, owner, false),
        None => Ok(()),
    }
}

/// `ALTER SEQUENCE`. `RESTART` changes data, not the schema.
pub(crate) fn alter(state: &mut State<'_>, node: &AlterSeqStmt, at: Place) -> Outcome {
    let Some(relation) = &node.sequence else { return Ok(()) };
    let identity = match state.resolver().range_var(relation) {
        Ok(identity) => identity.clone(),
        Err(_) if node.missing_ok => return Ok(()),
        Err(unresolved) => return Err(unresolved.into()),
    };
    alter_options(state, &identity, &node.options, at)
}

/// Applies options to an existing sequence.
pub(crate) fn alter_options(state: &mut State<'_>, identity: &Identity, nodes: &[Node], at: Place) -> Outcome {
    let Some(Definition::Sequence(current)) = state.get(identity).map(|it| &it.definition) else {
        return Err(Problem::new(format!("`{}` is not a sequence", identity.name)));
    };
    let parsed = parse_options(state, Some(&current.options), nodes, at)?;
    change(state, identity, |it| it.options = parsed.options);
    match parsed.owner {
        Some(owner) => own(state, identity, owner, false),
        None => Ok(()),
    }
}

/// Changes a sequence in place.
pub(crate) fn change(state: &mut State<'_>, identity: &Identity, change: impl FnOnce(&mut Sequence)) {
    state.change(identity, |object| {
        if let Definition::Sequence(it) = &mut object.definition {
            change(it);
        }
    });
}

/// Whose a sequence is said to be.
#[derive(Clone, Debug)]
pub(crate) enum Owner {
    Nobody,
    Column { table: Identity, column: String },
}

/// Makes a column the owner of a sequence, or nobody.
pub(crate) fn own(state: &mut State<'_>, sequence: &Identity, owner: Owner, identity: bool) -> Outcome {
    if matches!(state.get(sequence).map(|it| &it.definition), Some(Definition::Sequence(Sequence { owner: Some(owner), .. })) if owner.identity)
    {
        return Err(Problem::new(format!("sequence `{}` belongs to an identity column, and can have no other owner", sequence.name)));
    }
    state.change(sequence, |object| {
        let Definition::Sequence(it) = &mut object.definition else { return };
        if let Some(previous) = it.owner.take() {
            object.dependencies.retain(|it| !(it.auto && it.on.qualified_name() == previous.table && it.column.is_some()));
        }
        if let Owner::Column { table, column } = owner {
            it.owner = Some(SequenceOwner { table: table.qualified_name(), column: column.clone(), identity });
            object.dependencies.insert(Dependency::on_column(table, column).auto());
        }
    });
    Ok(())
}

/// What a list of options says.
struct Parsed {
    options: SequenceOptions,
    owner: Option<Owner>,
}

fn parse_options(state: &State<'_>, current: Option<&SequenceOptions>, nodes: &[Node], _at: Place) -> Result<Parsed, Problem> {
    let mut data_type = None;
    let (mut start, mut increment, mut cache, mut cycle) = (None, None, None, None);
    // The outer level: said at all; the inner: a value, or `NO MINVALUE`.
    let (mut min, mut max): (Option<Option<i64>>, Option<Option<i64>>) = (None, None);
    let mut owner = None;
    for option in options::elements(nodes) {
        match option.defname.as_str() {
            "as" => {
                if let Some(NodeEnum::TypeName(it)) = option.arg.as_deref().and_then(|it| it.node.as_ref()) {
                    data_type = Some(state.resolver().data_type(it)?);
                }
            }
            "start" => start = options::integer(option),
            "increment" => increment = options::integer(option),
            "minvalue" => min = Some(options::integer(option)),
            "maxvalue" => max = Some(options::integer(option)),
            "cache" => cache = options::integer(option),
            "cycle" => cycle = Some(options::boolean(option)),
            "owned_by" => owner = Some(owned_by(state, &options::name_list(option))?),
            // `restart` is data; `sequence_name` and `logged` are the caller's.
            _ => {}
        }
    }
    if let Some(it) = &data_type
        && type_bounds(it).is_none()
    {
        return Err(Problem::new("sequence type must be smallint, integer, or bigint"));
    }
    let options = fill_options(current, data_type, start, increment, min, max, cache, cycle)?;
    Ok(Parsed { options, owner })
}

fn type_bounds(data_type: &DataType) -> Option<(i64, i64)> {
    match data_type.name.name.as_str() {
        "int2" => Some((i64::from(i16::MIN), i64::from(i16::MAX))),
        "int4" => Some((i64::from(i32::MIN), i64::from(i32::MAX))),
        "int8" => Some((i64::MIN, i64::MAX)),
        _ => None,
    }
}

/// Fills in what is not said, from the sequence as it is or by default.
/// PostgreSQL src/backend/commands/sequence.c, init_params.
#[expect(clippy::too_many_arguments, reason = "one argument an option, all of them optional")]
fn fill_options(
    current: Option<&SequenceOptions>,
    data_type: Option<DataType>,
    start: Option<i64>,
    increment: Option<i64>,
    min: Option<Option<i64>>,
    max: Option<Option<i64>>,
    cache: Option<i64>,
    cycle: Option<bool>,
) -> Result<SequenceOptions, Problem> {
    let new_type = data_type.clone().or_else(|| current.map(|it| it.data_type.clone())).unwrap_or_else(|| DataType::builtin("int8"));
    let (lowest, highest) = type_bounds(&new_type).unwrap_or((i64::MIN, i64::MAX));
    let increment = increment.or(current.map(|it| it.increment)).unwrap_or(1);
    if increment == 0 {
        return Err(Problem::new("INCREMENT must not be zero"));
    }
    // A changed type takes along the bounds that were the old type's own.
    let (mut reset_min, mut reset_max) = (false, false);
    if let (Some(current), Some(_)) = (current, &data_type) {
        let (old_lowest, old_highest) = type_bounds(&current.data_type).unwrap_or((i64::MIN, i64::MAX));
        reset_max = current.max == old_highest;
        reset_min = current.min == old_lowest;
    }
    let default_max = if increment > 0 { highest } else { -1 };
    let default_min = if increment > 0 { 1 } else { lowest };
    let max = match (max, current) {
        (Some(Some(max)), _) => max,
        (None, Some(current)) if !reset_max => current.max,
        _ => default_max,
    };
    let min = match (min, current) {
        (Some(Some(min)), _) => min,
        (None, Some(current)) if !reset_min => current.min,
        _ => default_min,
    };
    let start = start.or(current.map(|it| it.start)).unwrap_or(if increment > 0 { min } else { max });
    if min >= max {
        return Err(Problem::new(format!("MINVALUE ({min}) must be less than MAXVALUE ({max})")));
    }
    if min < lowest || max > highest {
        return Err(Problem::new(format!("MINVALUE or MAXVALUE is out of range for sequence data type {}", new_type.name.name)));
    }
    if start < min || start > max {
        return Err(Problem::new(format!("START value ({start}) is outside of {min} to {max}")));
    }
    Ok(SequenceOptions {
        data_type: new_type.without_modifiers(),
        start,
        increment,
        min,
        max,
        cache: cache.or(current.map(|it| it.cache)).unwrap_or(1),
        cycle: cycle.or(current.map(|it| it.cycle)).unwrap_or(false),
    })
}

/// `OWNED BY table.column`, `OWNED BY NONE`.
fn owned_by(state: &State<'_>, name: &[String]) -> Result<Owner, Problem> {
    let (schema, table, column) = match name {
        [none] if none == "none" => return Ok(Owner::Nobody),
        [table, column] => (None, table, column),
        [.., schema, table, column] => (Some(schema.as_str()), table, column),
        _ => return Err(Problem::new("invalid OWNED BY option").hint("use OWNED BY table.column or OWNED BY NONE")),
    };
    let resolver = state.resolver();
    let relation = resolver.relation(schema, table).ok_or_else(|| resolver.unknown_relation(schema, table, None))?;
    let columns = resolver.columns(relation);
    if !columns.iter().any(|it| it.name == *column) {
        return Err(unknown_column(relation, column, None, columns.iter().map(|it| it.name.as_str())).into());
    }
    Ok(Owner::Column { table: relation.clone(), column: column.clone() })
}

/// Makes the sequence of a `serial` or identity column, owned by nobody yet: its table may not be there.
pub(crate) fn create_for_column(
    state: &mut State<'_>,
    table: &QualifiedName,
    column: &str,
    data_type: &DataType,
    nodes: &[Node],
    unlogged: bool,
    at: Place,
) -> Result<Identity, Problem> {
    let given = options::elements(nodes).find(|it| it.defname == "sequence_name").map(options::name_list);
    let name = match given.as_deref() {
        Some([name]) => QualifiedName::new(table.schema.clone(), name.clone()),
        Some([.., schema, name]) => QualifiedName::new(schema.clone(), name.clone()),
        _ => {
            let name = names::choose_relation_name(state, &table.schema, &table.name, Some(column), "seq");
            QualifiedName::new(table.schema.clone(), name)
        }
    };
    state.relation_exists(&name, false)?;
    let logged = options::elements(nodes).find_map(|it| match it.defname.as_str() {
        "logged" => Some(true),
        "unlogged" => Some(false),
        _ => None,
    });
    let start =
        SequenceOptions { data_type: data_type.without_modifiers(), start: 1, increment: 1, min: 1, max: i64::MAX, cache: 1, cycle: false };
    let typed = fill_options(None, Some(start.data_type), None, None, None, None, None, None)?;
    // The options of an identity column are read as those of a new sequence of the column's type.
    let parsed = if nodes.is_empty() { Parsed { options: typed, owner: None } } else { parse_new(state, data_type, nodes, at)? };
    let identity = Identity::new(Kind::Sequence, name.schema, name.name);
    let sequence = Sequence { options: parsed.options, owner: None, unlogged: !logged.unwrap_or(!unlogged) };
    let dependencies: BTreeSet<Dependency> = state.schema_dependency(&identity.schema).into_iter().collect();
    state.insert_with(identity.clone(), Definition::Sequence(sequence), dependencies);
    Ok(identity)
}

fn parse_new(state: &State<'_>, data_type: &DataType, nodes: &[Node], at: Place) -> Result<Parsed, Problem> {
    let all: Vec<Node> = std::iter::once(type_option(data_type)).chain(nodes.iter().cloned()).collect();
    parse_options(state, None, &all, at)
}

/// `AS type`, as an option.
pub(crate) fn type_option(data_type: &DataType) -> Node {
    let word = |text: &str| Node { node: Some(NodeEnum::String(Word { sval: text.to_owned() })) };
    let names = vec![word(&data_type.name.schema), word(&data_type.name.name)];
    let type_name = Node { node: Some(NodeEnum::TypeName(TypeName { names, location: -1, ..Default::default() })) };
    let element = DefElem { defname: "as".to_owned(), arg: Some(Box::new(type_name)), ..Default::default() };
    Node { node: Some(NodeEnum::DefElem(Box::new(element))) }
}
