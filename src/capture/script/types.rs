//! Types that DDL makes: enums, composites, ranges, and what alters them. Domains have a file of their own.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{
    AlterEnumStmt, AlterTableCmd, AlterTableType, ColumnDef, CompositeTypeStmt, CreateEnumStmt, CreateRangeStmt, DropBehavior,
};

use crate::catalog::{Attribute, Composite, DataType, Definition, Dependency, Enum, Identity, Kind, QualifiedName, Range};
use crate::diagnostic::nearest;

use super::resolve::{split_name, strings};
use super::state::State;
use super::{Outcome, Place, Problem, builtin, names, options, rename};

/// `CREATE TYPE … AS ENUM`.
pub(crate) fn create_enum(state: &mut State<'_>, node: &CreateEnumStmt, _at: Place) -> Outcome {
    let name = new_type_name(state, &node.type_name)?;
    let labels: Vec<String> = strings(&node.vals).into_iter().map(str::to_owned).collect();
    let dependencies = state.schema_dependency(&name.schema).into_iter().collect();
    state.insert_with(Identity::new(Kind::Enum, name.schema, name.name), Definition::Enum(Enum { labels }), dependencies);
    Ok(())
}

/// `ALTER TYPE … ADD VALUE`, `RENAME VALUE`.
pub(crate) fn alter_enum(state: &mut State<'_>, node: &AlterEnumStmt, _at: Place) -> Outcome {
    let identity = existing_type(state, &node.type_name)?;
    let changed = state.change(&identity, |object| {
        let Definition::Enum(it) = &mut object.definition else { return Err(Problem::new(format!("`{}` is not an enum", identity.name))) };
        let unknown = |label: &str, labels: &[String]| {
            let problem = Problem::new(format!("`{label}` is not a label of enum `{}`", identity.name));
            match nearest(label, labels.iter().map(String::as_str)) {
                Some(nearest) => problem.hint(format!("did you mean `{nearest}`?")),
                None => problem,
            }
        };
        let position = |label: &str, labels: &[String]| labels.iter().position(|it| it == label);
        let exists = |label: &str| Problem::new(format!("enum label `{label}` already exists"));
        if !node.old_val.is_empty() {
            let at = position(&node.old_val, &it.labels).ok_or_else(|| unknown(&node.old_val, &it.labels))?;
            if position(&node.new_val, &it.labels).is_some() {
                return Err(exists(&node.new_val));
            }
            it.labels[at].clone_from(&node.new_val);
            return Ok(());
        }
        if position(&node.new_val, &it.labels).is_some() {
            return if node.skip_if_new_val_exists { Ok(()) } else { Err(exists(&node.new_val)) };
        }
        // Without a neighbour it comes last; the parser says "after" then, and so no other label than an empty one can be meant.
        let at = if node.new_val_neighbor.is_empty() && node.new_val_is_after {
            it.labels.len()
        } else {
            let neighbor = position(&node.new_val_neighbor, &it.labels).ok_or_else(|| unknown(&node.new_val_neighbor, &it.labels))?;
            neighbor + usize::from(node.new_val_is_after)
        };
        it.labels.insert(at, node.new_val.clone());
        Ok(())
    });
    changed.unwrap_or(Ok(()))?;
    if !node.old_val.is_empty() {
        rename::rename_label(state, &identity, &node.old_val, &node.new_val);
    }
    Ok(())
}

/// `CREATE TYPE … AS (…)`.
pub(crate) fn create_composite(state: &mut State<'_>, node: &CompositeTypeStmt, _at: Place) -> Outcome {
    let Some(typevar) = &node.typevar else { return Ok(()) };
    let name = state.new_relation_name(typevar)?;
    check_type_is_new(state, &name)?;
    let mut dependencies: BTreeSet<Dependency> = state.schema_dependency(&name.schema).into_iter().collect();
    let mut attributes: Vec<Attribute> = Vec::new();
    for definition in &node.coldeflist {
        let Some(NodeEnum::ColumnDef(definition)) = &definition.node else { continue };
        if attributes.iter().any(|it| it.name == definition.colname) {
            return Err(Problem::new(format!("attribute `{}` is there twice", definition.colname)).at(definition.location));
        }
        attributes.push(attribute(state, definition, &mut dependencies)?);
    }
    let identity = Identity::new(Kind::Composite, name.schema, name.name);
    state.insert_with(identity, Definition::Composite(Composite { attributes }), dependencies);
    Ok(())
}

fn attribute(state: &State<'_>, definition: &ColumnDef, dependencies: &mut BTreeSet<Dependency>) -> Result<Attribute, Problem> {
    let data_type = column_type(state, definition)?;
    state.type_dependencies(&data_type, dependencies);
    let collation = explicit_collation(state, definition, &data_type, dependencies)?;
    Ok(Attribute { name: definition.colname.clone(), data_type, collation, comment: None })
}

/// The type of a column or an attribute.
pub(crate) fn column_type(state: &State<'_>, definition: &ColumnDef) -> Result<DataType, Problem> {
    let Some(type_name) = &definition.type_name else {
        return Err(Problem::new(format!("column `{}` has no type", definition.colname)).at(definition.location));
    };
    Ok(state.resolver().data_type(type_name)?)
}

/// `COLLATE` of a column or an attribute, where it is not the type's own.
pub(crate) fn explicit_collation(
    state: &State<'_>,
    definition: &ColumnDef,
    data_type: &DataType,
    dependencies: &mut BTreeSet<Dependency>,
) -> Result<Option<QualifiedName>, Problem> {
    let Some(clause) = definition.coll_clause.as_deref() else { return Ok(None) };
    let collation = state.collation(&clause.collname, dependencies)?;
    Ok((collation != type_collation(state, data_type)).then_some(collation))
}

/// The collation of a type: a domain's own, `C` of `name`, else the database's.
pub(crate) fn type_collation(state: &State<'_>, data_type: &DataType) -> QualifiedName {
    let default = || {
        QualifiedName::new(
            crate::catalog::PG_CATALOG,
            if data_type.name.is_builtin() && data_type.name.name == "name" { "C" } else { "default" },
        )
    };
    let object = state.resolver().type_object(&data_type.name).and_then(|it| state.get(it));
    match object.map(|it| &it.definition) {
        Some(Definition::Domain(domain)) => domain.collation.clone().unwrap_or_else(|| type_collation(state, &domain.base)),
        _ => default(),
    }
}

/// `CREATE TYPE … AS RANGE`.
pub(crate) fn create_range(state: &mut State<'_>, node: &CreateRangeStmt, _at: Place) -> Outcome {
    let name = new_type_name(state, &node.type_name)?;
    let mut dependencies: BTreeSet<Dependency> = state.schema_dependency(&name.schema).into_iter().collect();
    let (mut subtype, mut operator_class, mut collation, mut canonical, mut subtype_diff, mut multirange) =
        (None, None, None, None, None, None);
    for option in options::elements(&node.params) {
        let type_name = match option.arg.as_deref().and_then(|it| it.node.as_ref()) {
            Some(NodeEnum::TypeName(it)) => Some(it),
            _ => None,
        };
        match option.defname.as_str() {
            "subtype" => {
                let Some(type_name) = type_name else { continue };
                let data_type = state.resolver().data_type(type_name)?;
                state.type_dependencies(&data_type, &mut dependencies);
                subtype = Some(data_type);
            }
            "subtype_opclass" => {
                let Some(type_name) = type_name else { continue };
                operator_class = Some(state.operator_class(&type_name.names, "btree", &mut dependencies)?);
            }
            "collation" => collation = type_name.map(|it| state.collation(&it.names, &mut dependencies)).transpose()?,
            "canonical" => canonical = type_name.map(|it| state.function(&it.names, &mut dependencies)),
            "subtype_diff" => subtype_diff = type_name.map(|it| state.function(&it.names, &mut dependencies)),
            "multirange_type_name" => multirange = type_name.map(|it| split_name(&it.names).1),
            _ => {}
        }
    }
    let subtype = subtype.ok_or_else(|| Problem::new("a range type needs a `subtype`"))?;
    let range = Range {
        operator_class: operator_class.filter(|class| !is_default_operator_class(state, "btree", &subtype, class)),
        collation: collation.filter(|it| *it != type_collation(state, &subtype)),
        canonical,
        subtype_diff,
        multirange: multirange.unwrap_or_else(|| names::multirange_name(&name.name)),
        subtype,
    };
    state.insert_with(Identity::new(Kind::Range, name.schema, name.name), Definition::Range(range), dependencies);
    Ok(())
}

/// Whether an operator class is what the server takes for a type when none is named.
pub(crate) fn is_default_operator_class(state: &State<'_>, method: &str, data_type: &DataType, class: &QualifiedName) -> bool {
    if !class.is_builtin() {
        let named = state.resolver().operator_class_named(class);
        return match named.and_then(|it| state.get(it).map(|object| (it, &object.definition))) {
            Some((extension, Definition::Extension(_))) => super::members::is_default_class(&extension.name, method, &class.name),
            Some((_, Definition::OperatorClass(it))) => it.default && it.data_type == *data_type,
            _ => false,
        };
    }
    let base = state.resolver().base_type(data_type);
    let polymorphic = if base.array {
        Some("anyarray")
    } else {
        match state.resolver().type_object(&base.name).and_then(|it| state.get(it)).map(|it| &it.definition) {
            Some(Definition::Enum(_)) => Some("anyenum"),
            Some(Definition::Range(range)) if range.multirange == base.name.name => Some("anymultirange"),
            Some(Definition::Range(_)) => Some("anyrange"),
            Some(Definition::Composite(_) | Definition::Table(_) | Definition::View(_)) => Some("record"),
            _ => None,
        }
    };
    let default = match polymorphic {
        Some(polymorphic) => builtin::default_operator_class(method, polymorphic),
        None if base.name.is_builtin() => builtin::default_operator_class(method, &base.name.name),
        None => None,
    };
    default == Some(class.name.as_str())
}

/// `ALTER TYPE … ADD`, `DROP`, `ALTER ATTRIBUTE` of a composite type.
pub(crate) fn alter_composite(state: &mut State<'_>, identity: &Identity, command: &AlterTableCmd, at: Place) -> Outcome {
    let unknown = |name: &str, it: &Composite| {
        Problem::from(super::resolve::unknown_column(identity, name, None, it.attributes.iter().map(|it| it.name.as_str())))
    };
    let definition = match command.def.as_deref().and_then(|it| it.node.as_ref()) {
        Some(NodeEnum::ColumnDef(it)) => Some(it),
        _ => None,
    };
    let mut dependencies = BTreeSet::new();
    match command.subtype() {
        AlterTableType::AtAddColumn => {
            let Some(definition) = definition else { return Ok(()) };
            let attribute = attribute(state, definition, &mut dependencies)?;
            let typed = typed_tables(state, identity);
            change_composite(state, identity, |it| {
                if it.attributes.iter().any(|it| it.name == attribute.name) {
                    return Err(Problem::new(format!("attribute `{}` of type `{}` already exists", attribute.name, identity.name)));
                }
                it.attributes.push(attribute.clone());
                Ok(())
            })?;
            state.change(identity, |object| object.dependencies.extend(dependencies));
            cascade_to(state, &typed, command, at)
        }
        AlterTableType::AtDropColumn => {
            let exists = matches!(state.get(identity).map(|it| &it.definition), Some(Definition::Composite(it)) if it.attributes.iter().any(|it| it.name == command.name));
            if !exists && command.missing_ok {
                return Ok(());
            }
            let typed = typed_tables(state, identity);
            change_composite(state, identity, |it| {
                let position = it.attributes.iter().position(|it| it.name == command.name);
                it.attributes.remove(position.ok_or_else(|| unknown(&command.name, it))?);
                Ok(())
            })?;
            super::dependency::refresh(state, identity);
            cascade_to(state, &typed, command, at)
        }
        AlterTableType::AtAlterColumnType => {
            let Some(definition) = definition else { return Ok(()) };
            let data_type = column_type(state, definition)?;
            let collation = explicit_collation(state, definition, &data_type, &mut dependencies)?;
            let typed = typed_tables(state, identity);
            change_composite(state, identity, |it| {
                let Some(attribute) = it.attributes.iter_mut().find(|it| it.name == command.name) else {
                    return Err(unknown(&command.name, it));
                };
                attribute.data_type = data_type;
                attribute.collation = collation;
                Ok(())
            })?;
            super::dependency::refresh(state, identity);
            cascade_to(state, &typed, command, at)
        }
        AlterTableType::AtChangeOwner => super::alter::change_owner(state, identity, command),
        _ => {
            state.not_modelled(at, "ALTER TYPE");
            Ok(())
        }
    }
}

fn change_composite(state: &mut State<'_>, identity: &Identity, change: impl FnOnce(&mut Composite) -> Outcome) -> Outcome {
    let changed = state.change(identity, |object| match &mut object.definition {
        Definition::Composite(it) => change(it),
        _ => Err(Problem::new(format!("`{}` is not a composite type", identity.name))),
    });
    changed.unwrap_or(Ok(()))
}

fn typed_tables(state: &State<'_>, identity: &Identity) -> Vec<Identity> {
    let name = identity.qualified_name();
    let is_of = |it: &&Identity| matches!(state.get(it).map(|it| &it.definition), Some(Definition::Table(table)) if table.of_type.as_ref() == Some(&name));
    state.dependents(identity).filter(is_of).cloned().collect()
}

fn cascade_to(state: &mut State<'_>, typed: &[Identity], command: &AlterTableCmd, at: Place) -> Outcome {
    if !typed.is_empty() && command.behavior() != DropBehavior::DropCascade {
        return Err(Problem::new(format!("`{}` is the type of a typed table", typed[0].name))
            .hint("use ALTER … CASCADE to alter the typed tables too"));
    }
    typed.iter().try_for_each(|table| super::alter::command(state, table, command, true, at))
}

/// The name of a new type.
pub(crate) fn new_type_name(state: &State<'_>, nodes: &[pg_query::protobuf::Node]) -> Result<QualifiedName, Problem> {
    let name = state.new_name(nodes)?;
    check_type_is_new(state, &name)?;
    Ok(name)
}

pub(crate) fn check_type_is_new(state: &State<'_>, name: &QualifiedName) -> Outcome {
    match state.names().type_of(&name.schema, &name.name) {
        Some(_) => Err(Problem::new(format!("type `{}` already exists", name.name))),
        None => Ok(()),
    }
}

/// The type that a statement names, made by an earlier statement.
pub(crate) fn existing_type(state: &State<'_>, nodes: &[pg_query::protobuf::Node]) -> Result<Identity, Problem> {
    let type_name = pg_query::protobuf::TypeName { names: nodes.to_vec(), location: -1, ..Default::default() };
    let data_type = state.resolver().data_type(&type_name)?;
    match state.resolver().type_object(&data_type.name) {
        Some(identity) => Ok(identity.clone()),
        None => Err(Problem::new(format!("type `{}` belongs to PostgreSQL and can't be changed", data_type.name.name))),
    }
}
