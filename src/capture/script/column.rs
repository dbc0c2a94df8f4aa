//! Column definitions of `CREATE TABLE` and `ALTER TABLE … ADD COLUMN`: what they say of the column, and the constraints,
//! sequences and expressions that come with them.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{self, ColumnDef, ConstrType, Node};

use crate::catalog::{
    BaseType, Column, ColumnIdentity, DataType, Deferral, Definition, Dependency, Generated, GeneratedKind, Identity, IdentityGeneration,
    QualifiedName,
};

use super::constraint::Planned;
use super::resolve::strings;
use super::sequence::{self, Owner};
use super::state::State;
use super::{Outcome, Place, Problem, canonical, foreign, types};

/// A column that a statement asks for, before its table has it.
pub(crate) struct PlannedColumn<'n> {
    pub(crate) column: Column,
    /// `DEFAULT`; that of `serial` is made from `sequence`.
    pub(crate) default: Option<&'n Node>,
    /// `GENERATED ALWAYS AS (…)`.
    pub(crate) generated: Option<(&'n Node, GeneratedKind)>,
    /// The sequence of `serial` or of an identity, which the column will own.
    pub(crate) sequence: Option<Identity>,
    /// What type and collation need.
    pub(crate) needs: BTreeSet<Dependency>,
    /// Constraints written at the column.
    pub(crate) constraints: Vec<Planned<'n>>,
}

/// `serial` and its sisters: the type behind the name. PostgreSQL src/backend/parser/parse_utilcmd.c, transformColumnDefinition.
fn serial_type(node: &ColumnDef) -> Option<DataType> {
    let type_name = node.type_name.as_ref()?;
    let [name] = strings(&type_name.names)[..] else { return None };
    if type_name.pct_type {
        return None;
    }
    match name {
        "smallserial" | "serial2" => Some(DataType::builtin("int2")),
        "serial" | "serial4" => Some(DataType::builtin("int4")),
        "bigserial" | "serial8" => Some(DataType::builtin("int8")),
        _ => None,
    }
}

/// Reads a column definition. Sequences are made at once, as the server makes them before the table.
pub(crate) fn plan<'n>(
    state: &mut State<'_>,
    table: &QualifiedName,
    node: &'n ColumnDef,
    unlogged: bool,
    at: Place,
) -> Result<PlannedColumn<'n>, Problem> {
    let serial = serial_type(node);
    let data_type = match &serial {
        Some(data_type) => data_type.clone(),
        None => types::column_type(state, node)?,
    };
    let mut needs = BTreeSet::new();
    state.type_dependencies(&data_type, &mut needs);
    let mut column = Column::new(node.colname.clone(), data_type.clone());
    column.collation = types::explicit_collation(state, node, &data_type, &mut needs)?;
    column.storage = storage(state, &data_type, &node.storage_name);
    column.compression = (!node.compression.is_empty() && node.compression != "default").then(|| node.compression.clone());
    column.foreign_options = foreign::kept_options(&node.fdwoptions);
    let mut planned = PlannedColumn { column, default: None, generated: None, sequence: None, needs, constraints: Vec::new() };
    if serial.is_some() {
        planned.column.not_null = true;
        planned.sequence = Some(sequence::create_for_column(state, table, &node.colname, &data_type, &[], unlogged, at)?);
    }
    read_constraints(state, table, node, &mut planned, unlogged, at)?;
    Ok(planned)
}

/// Reads the constraints of a column definition into the plan.
pub(crate) fn read_constraints<'n>(
    state: &mut State<'_>,
    table: &QualifiedName,
    node: &'n ColumnDef,
    planned: &mut PlannedColumn<'n>,
    unlogged: bool,
    at: Place,
) -> Outcome {
    for constraint in &node.constraints {
        let Some(NodeEnum::Constraint(constraint)) = &constraint.node else { continue };
        read_constraint(state, table, constraint, planned, unlogged, at)?;
    }
    Ok(())
}

fn read_constraint<'n>(
    state: &mut State<'_>,
    table: &QualifiedName,
    constraint: &'n protobuf::Constraint,
    planned: &mut PlannedColumn<'n>,
    unlogged: bool,
    at: Place,
) -> Outcome {
    let name = planned.column.name.clone();
    match constraint.contype() {
        ConstrType::ConstrNotnull => {
            planned.column.not_null = true;
            if constraint.is_no_inherit || !constraint.conname.is_empty() {
                planned.constraints.push(Planned::of(constraint, vec![name]));
            }
        }
        ConstrType::ConstrDefault => {
            if planned.sequence.is_some() {
                return Err(Problem::new(format!("column `{name}` has more than one default")).at(constraint.location));
            }
            planned.default = constraint.raw_expr.as_deref();
        }
        ConstrType::ConstrGenerated => {
            let kind = if constraint.generated_kind == "v" { GeneratedKind::Virtual } else { GeneratedKind::Stored };
            planned.generated = constraint.raw_expr.as_deref().map(|it| (it, kind));
        }
        ConstrType::ConstrIdentity => {
            let data_type = planned.column.data_type.clone();
            let sequence = sequence::create_for_column(state, table, &name, &data_type, &constraint.options, unlogged, at)?;
            planned.column.identity =
                Some(ColumnIdentity { generation: generation(&constraint.generated_when), sequence: sequence.name.clone() });
            planned.column.not_null = true;
            planned.sequence = Some(sequence);
        }
        ConstrType::ConstrCheck | ConstrType::ConstrPrimary | ConstrType::ConstrUnique | ConstrType::ConstrForeign => {
            planned.constraints.push(Planned::of(constraint, vec![name]));
        }
        // Attributes belong to the constraint before them.
        attribute => {
            if let Some(last) = planned.constraints.last_mut() {
                last.set_attribute(attribute);
            }
        }
    }
    Ok(())
}

/// `GENERATED ALWAYS` or `BY DEFAULT`.
pub(crate) fn generation(when: &str) -> IdentityGeneration {
    if when == "a" { IdentityGeneration::Always } else { IdentityGeneration::ByDefault }
}

/// The storage of a column, where it is not the type's own.
pub(crate) fn storage(state: &State<'_>, data_type: &DataType, name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    (!name.is_empty() && name != "default" && name != type_storage(state, data_type)).then_some(name)
}

/// The storage that a type has by default. PostgreSQL src/include/catalog/pg_type.dat, typstorage.
fn type_storage(state: &State<'_>, data_type: &DataType) -> &'static str {
    let base = state.resolver().base_type(data_type);
    if base.array {
        return "extended";
    }
    match state.resolver().type_object(&base.name).and_then(|it| state.get(it)).map(|it| &it.definition) {
        Some(Definition::Enum(_)) => return "plain",
        Some(Definition::BaseType(BaseType::Defined(it))) => {
            return ["plain", "external", "main"].into_iter().find(|word| *word == it.storage).unwrap_or("extended");
        }
        Some(_) => return "extended",
        None => {}
    }
    match base.name.name.as_str() {
        "numeric" | "inet" | "cidr" => "main",
        "text" | "varchar" | "bpchar" | "bytea" | "bit" | "varbit" | "json" | "jsonb" | "jsonpath" | "xml" | "path" | "polygon"
        | "tsvector" | "record" | "txid_snapshot" | "pg_snapshot" => "extended",
        it if it.ends_with("range") => "extended",
        _ => "plain",
    }
}

/// Finishes columns that their table now has: default and generation expressions, and the ownership of sequences.
pub(crate) fn finish(state: &mut State<'_>, table: &Identity, planned: &[PlannedColumn<'_>]) -> Outcome {
    for it in planned {
        let name = &it.column.name;
        if let Some(sequence) = &it.sequence {
            let owner = Owner::Column { table: table.clone(), column: name.clone() };
            sequence::own(state, sequence, owner, false)?;
            if it.column.identity.is_some() {
                sequence::change(state, sequence, |it| {
                    if let Some(owner) = &mut it.owner {
                        owner.identity = true;
                    }
                });
            } else {
                let default = canonical::nextval(state, sequence)?;
                set_default(state, table, name, Some(default));
            }
        }
        if let Some(node) = it.default {
            let default = canonical::default(state, node, Some(table), &it.column.data_type)?;
            set_default(state, table, name, default);
        }
        if let Some((node, kind)) = it.generated {
            let canonical = canonical::assigned(state, node, Some(table), &it.column.data_type)?;
            let generated = Generated { expression: canonical.expression, kind };
            add_needs(state, table, canonical.dependencies);
            change(state, table, name, |column| {
                column.default = None;
                column.generated = Some(generated);
            });
        }
    }
    Ok(())
}

/// Gives a column a default, or takes it.
pub(crate) fn set_default(state: &mut State<'_>, table: &Identity, column: &str, default: Option<canonical::Canonical>) {
    let (expression, needs) = default.map_or((None, BTreeSet::new()), |it| (Some(it.expression), it.dependencies));
    add_needs(state, table, needs);
    change(state, table, column, |it| it.default = expression);
}

/// Adds to what a table needs; a table does not need itself.
fn add_needs(state: &mut State<'_>, table: &Identity, needs: BTreeSet<Dependency>) {
    let needs: Vec<Dependency> = needs.into_iter().filter(|it| it.on != *table).collect();
    if !needs.is_empty() {
        state.change(table, |object| object.dependencies.extend(needs));
    }
}

/// The columns of a table or a foreign table.
pub(crate) fn columns(definition: &Definition) -> &[Column] {
    match definition {
        Definition::Table(it) => &it.columns,
        Definition::ForeignTable(it) => &it.columns,
        _ => &[],
    }
}

/// The columns of a table or a foreign table, to change.
pub(crate) fn columns_mut(definition: &mut Definition) -> Option<&mut Vec<Column>> {
    match definition {
        Definition::Table(it) => Some(&mut it.columns),
        Definition::ForeignTable(it) => Some(&mut it.columns),
        _ => None,
    }
}

/// A column of a table or a foreign table.
pub(crate) fn get<'s>(state: &'s State<'_>, table: &Identity, column: &str) -> Option<&'s Column> {
    state.get(table).and_then(|it| columns(&it.definition).iter().find(|it| it.name == column))
}

/// Changes a column of a table or a foreign table, if it has it.
pub(crate) fn change<R>(state: &mut State<'_>, table: &Identity, column: &str, change: impl FnOnce(&mut Column) -> R) -> Option<R> {
    state.change(table, |object| columns_mut(&mut object.definition)?.iter_mut().find(|it| it.name == column).map(change)).flatten()
}

/// When a constraint is checked.
pub(crate) fn deferral(deferrable: bool, deferred: bool) -> Deferral {
    match (deferrable, deferred) {
        (_, true) => Deferral::Deferred,
        (true, false) => Deferral::Immediate,
        (false, false) => Deferral::NotDeferrable,
    }
}
