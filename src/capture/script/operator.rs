//! Operators, their classes and families, and casts.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{
    AlterOpFamilyStmt, AlterOperatorStmt, CoercionContext, CreateCastStmt, CreateOpClassItem, CreateOpClassStmt, CreateOpFamilyStmt,
    DefineStmt, Node, ObjectType, ObjectWithArgs, TypeName,
};

use crate::catalog::{
    Cast, CastContext, CastMethod, DataType, Definition, Dependency, Identity, Kind, Object, Operator, OperatorClass, OperatorClassItem,
    OperatorFamily, PG_CATALOG, QualifiedName,
};

use crate::capture::expression;

use super::resolve::split_name;
use super::state::State;
use super::{Outcome, Place, Problem, address, aggregate, dependency, options, routine};

/// `CREATE OPERATOR`.
pub(crate) fn create(state: &mut State<'_>, node: &DefineStmt, _at: Place) -> Outcome {
    let name = state.new_name(&node.defnames)?;
    let mut dependencies: BTreeSet<Dependency> = state.schema_dependency(&name.schema).into_iter().collect();
    let none = DataType::builtin("none");
    let (mut left, mut right) = (none.clone(), none);
    for option in options::elements(&node.definition) {
        match option.defname.to_lowercase().as_str() {
            "leftarg" => left = aggregate::type_value(state, option, &mut dependencies)?,
            "rightarg" => right = aggregate::type_value(state, option, &mut dependencies)?,
            _ => {}
        }
    }
    let mut operator = Operator {
        function: QualifiedName::new("", ""),
        commutator: None,
        negator: None,
        restrict: None,
        join: None,
        hashes: false,
        merges: false,
    };
    let operands: Vec<DataType> = [&left, &right].into_iter().filter(|it| it.name.name != "none").cloned().collect();
    for option in options::elements(&node.definition) {
        let key = option.defname.to_lowercase();
        if matches!(key.as_str(), "procedure" | "function") {
            operator.function = function_of(state, &routine::names(option), &operands, &mut dependencies).qualified_name();
        } else {
            set_option(state, &mut operator, &key, option, &mut dependencies);
        }
    }
    if operator.function.name.is_empty() {
        return Err(Problem::new("operator function must be specified"));
    }
    // An operator that commutes with itself does not exist yet when it says so.
    if let Some(commutator) = operator.commutator.as_mut().filter(|it| it.name == name.name && it.is_builtin()) {
        commutator.schema.clone_from(&name.schema);
    }
    let identity = Identity::new(Kind::Operator, name.schema, name.name).with_arguments(vec![left, right]);
    if state.contains(&identity) {
        return Err(Problem::new(format!("operator `{}` already exists", identity.name)));
    }
    state.insert_with(identity, Definition::Operator(operator), dependencies);
    Ok(())
}

/// Options that `ALTER OPERATOR` can set too. Commutator and negator are no needs: they may come later.
fn set_option(
    state: &State<'_>,
    operator: &mut Operator,
    key: &str,
    option: &pg_query::protobuf::DefElem,
    dependencies: &mut BTreeSet<Dependency>,
) {
    let names = routine::names(option);
    // `RESTRICT = NONE` takes it away.
    let function =
        |dependencies: &mut BTreeSet<Dependency>| (!names.is_empty() && !is_none(option)).then(|| state.function(&names, dependencies));
    match key {
        "commutator" => operator.commutator = Some(named(state, &names, &mut BTreeSet::new())),
        "negator" => operator.negator = Some(named(state, &names, &mut BTreeSet::new())),
        "restrict" => operator.restrict = function(dependencies),
        "join" => operator.join = function(dependencies),
        "hashes" => operator.hashes = options::boolean(option),
        "merges" => operator.merges = options::boolean(option),
        _ => {}
    }
}

pub(crate) fn is_none(option: &pg_query::protobuf::DefElem) -> bool {
    option.arg.is_none() || options::text(option).is_some_and(|it| it.eq_ignore_ascii_case("none"))
}

/// `ALTER OPERATOR … SET (…)`.
pub(crate) fn alter(state: &mut State<'_>, node: &AlterOperatorStmt, _at: Place) -> Outcome {
    let Some(named) = &node.opername else { return Ok(()) };
    let named = Node { node: Some(NodeEnum::ObjectWithArgs(named.clone())) };
    let identity = address::object(state, ObjectType::ObjectOperator, &named)?.identity;
    let Some(Object { definition: Definition::Operator(operator), dependencies, .. }) = state.get(&identity) else { return Ok(()) };
    let (mut operator, mut dependencies) = (operator.clone(), dependencies.to_set());
    for option in options::elements(&node.options) {
        set_option(state, &mut operator, &option.defname.to_lowercase(), option, &mut dependencies);
    }
    state.change(&identity, |object| {
        object.definition = Definition::Operator(operator);
        object.dependencies = dependencies.into();
    });
    Ok(())
}

/// An operator that a statement names. One that the script does not make is the server's; one that it will make is where
/// its name says, or where new objects go.
pub(crate) fn named(state: &State<'_>, names: &[Node], dependencies: &mut BTreeSet<Dependency>) -> QualifiedName {
    let (schema, name) = split_name(names);
    let resolver = state.resolver();
    if let Some(found) = resolver.operators(schema.as_deref(), &name).first() {
        dependencies.insert(Dependency::on((*found).clone()));
        return QualifiedName::new(resolver.schema_of(found), name);
    }
    let schema = schema.or_else(|| (!is_builtin_operator(&name)).then(|| state.creation_schema().ok()).flatten());
    QualifiedName::new(schema.unwrap_or_else(|| PG_CATALOG.to_owned()), name)
}

/// Whether `pg_catalog` has operators of that name.
fn is_builtin_operator(name: &str) -> bool {
    const NAMES: &str = "!!  !~ !~* !~~ !~~* # ## #- #> #>> % & && &&& &< &<| &> * *<> *< *<= *= *> *>= + - -> ->> -|- / < <-> << <<= <<| <= <> <@ <^ = > >= >> >>= >^ ? ?# ?& ?- ?-| ?| ?|| @ @- @-@ @> @? @@ @@@ ^ ^@ | |&> |/ |>> || ||/ ~ ~* ~<=~ ~<~ ~= ~>=~ ~>~ ~~ ~~*";
    NAMES.split_whitespace().any(|it| it == name)
}

/// The function of that name with these argument types; where the types are only alike, the first of that name.
pub(crate) fn function_of(state: &State<'_>, names: &[Node], arguments: &[DataType], dependencies: &mut BTreeSet<Dependency>) -> Identity {
    let (schema, name) = split_name(names);
    let resolver = state.resolver();
    let found = resolver.functions(schema.as_deref(), &name);
    let exact = found.iter().find(|it| it.arguments == arguments);
    match exact.or_else(|| found.first()) {
        Some(function) => {
            dependencies.insert(Dependency::on((*function).clone()));
            let arguments = if function.kind == Kind::Extension { arguments } else { &function.arguments };
            Identity::new(Kind::Function, resolver.schema_of(function), name).with_arguments(arguments.to_vec())
        }
        None => {
            let schema = schema.unwrap_or_else(|| PG_CATALOG.to_owned());
            Identity::new(Kind::Function, schema, name).with_arguments(arguments.to_vec())
        }
    }
}

/// A function that a statement names with its arguments.
pub(crate) fn function_with_arguments(
    state: &State<'_>,
    node: &ObjectWithArgs,
    dependencies: &mut BTreeSet<Dependency>,
) -> Result<Identity, Problem> {
    let mut arguments = Vec::new();
    for argument in &node.objargs {
        if let Some(NodeEnum::TypeName(it)) = &argument.node {
            arguments.push(state.resolver().data_type(it)?.without_modifiers());
        }
    }
    Ok(function_of(state, &node.objname, &arguments, dependencies))
}

/// `CREATE OPERATOR FAMILY`.
pub(crate) fn create_family(state: &mut State<'_>, node: &CreateOpFamilyStmt, _at: Place) -> Outcome {
    let name = state.new_name(&node.opfamilyname)?;
    let identity = Identity { parent: node.amname.clone(), ..Identity::new(Kind::OperatorFamily, name.schema, name.name) };
    if state.contains(&identity) {
        return Err(Problem::new(format!("operator family `{}` for access method `{}` already exists", identity.name, node.amname)));
    }
    let needs = state.schema_dependency(&identity.schema).into_iter().chain(dependency::access_method(state, &node.amname)).collect();
    state.insert_with(identity, Definition::OperatorFamily(OperatorFamily { items: Vec::new() }), needs);
    Ok(())
}

/// `ALTER OPERATOR FAMILY … ADD | DROP`.
pub(crate) fn alter_family(state: &mut State<'_>, node: &AlterOpFamilyStmt, at: Place) -> Outcome {
    let (schema, name) = split_name(&node.opfamilyname);
    let Some(identity) = find_family(state, schema.as_deref(), &name, &node.amname) else {
        if schema.as_deref() == Some(PG_CATALOG) || !state.catalog().of_kind(Kind::OperatorFamily).any(|(it, _)| it.name == name) {
            // A family of the server or of an extension: its members are theirs.
            state.not_modelled(at, "ALTER OPERATOR FAMILY of another's family");
            return Ok(());
        }
        return Err(Problem::new(format!("operator family `{name}` does not exist for access method `{}`", node.amname)));
    };
    let mut dependencies = BTreeSet::new();
    let mut changed = Vec::new();
    for item in items(&node.items) {
        if node.is_drop {
            changed.push((item.itemtype == OPERATOR, item.number, class_arguments(state, item)?));
        }
    }
    let added = if node.is_drop { Vec::new() } else { members(state, &node.items, None, &mut dependencies)? };
    // What a class can't do without becomes the class's, where there is one.
    let method = kind_of_method(state, &node.amname).to_owned();
    let joins = matches!(method.as_str(), "btree" | "hash");
    let (of_classes, added): (Vec<_>, Vec<_>) = added
        .into_iter()
        .map(|item| (class_for(state, &identity, &item).filter(|_| joins && !is_loose(&method, &item)), item))
        .partition(|(class, _)| class.is_some());
    let added: Vec<OperatorClassItem> = added.into_iter().map(|(_, item)| item).collect();
    for (class, item) in of_classes {
        let needs = needs_of(&item, &dependencies);
        state.change(&class.unwrap_or_else(|| identity.clone()), |object| {
            if let Definition::OperatorClass(it) = &mut object.definition {
                it.items.push(item);
                it.items.sort();
            }
            object.dependencies.extend(needs);
        });
    }
    dependencies = added.iter().flat_map(|it| needs_of(it, &dependencies)).collect();
    state.change(&identity, |object| {
        object.dependencies.extend(dependencies);
        if let Definition::OperatorFamily(family) = &mut object.definition {
            family.items.extend(added);
            family
                .items
                .retain(|item| !changed.iter().any(|(is_operator, number, operands)| is_member(item, *is_operator, *number, operands)));
            family.items.sort();
        }
    });
    Ok(())
}

fn is_member(item: &OperatorClassItem, is_operator: bool, number: i32, types: &[DataType]) -> bool {
    match item {
        OperatorClassItem::Operator { number: own, operands, .. } => is_operator && i32::from(*own) == number && operands == types,
        OperatorClassItem::Function { number: own, operands, .. } => !is_operator && i32::from(*own) == number && operands == types,
    }
}

fn find_family(state: &State<'_>, schema: Option<&str>, name: &str, method: &str) -> Option<Identity> {
    let candidate = |schema: &str| {
        let identity = Identity { parent: method.to_owned(), ..Identity::new(Kind::OperatorFamily, schema, name) };
        state.contains(&identity).then_some(identity)
    };
    match schema {
        Some(schema) => candidate(schema),
        None => state.resolver().effective_path().find_map(candidate),
    }
}

/// `CREATE OPERATOR CLASS`. Without `FAMILY` it gets one of its own name, which it makes if need be.
/// PostgreSQL src/backend/commands/opclasscmds.c, DefineOpClass.
pub(crate) fn create_class(state: &mut State<'_>, node: &CreateOpClassStmt, _at: Place) -> Outcome {
    let name = state.new_name(&node.opclassname)?;
    let Some(type_name) = &node.datatype else { return Ok(()) };
    let data_type = state.resolver().data_type(type_name)?;
    let identity = Identity { parent: node.amname.clone(), ..Identity::new(Kind::OperatorClass, name.schema.clone(), name.name.clone()) };
    if state.contains(&identity) {
        return Err(Problem::new(format!("operator class `{}` for access method `{}` already exists", identity.name, node.amname)));
    }
    let mut dependencies: BTreeSet<Dependency> = state.schema_dependency(&name.schema).into_iter().collect();
    dependencies.extend(dependency::access_method(state, &node.amname));
    state.type_dependencies(&data_type, &mut dependencies);
    let items_of_class = members(state, &node.items, Some(&data_type), &mut dependencies)?;
    let mut storage = None;
    for item in items(&node.items) {
        if let (STORAGE, Some(stored)) = (item.itemtype, &item.storedtype) {
            let stored = state.resolver().data_type(stored)?;
            state.type_dependencies(&stored, &mut dependencies);
            storage = (stored != data_type).then_some(stored);
        }
    }
    let family = if node.opfamilyname.is_empty() {
        let family = Identity { kind: Kind::OperatorFamily, ..identity.clone() };
        if !state.contains(&family) {
            let needs = state.schema_dependency(&family.schema).into_iter().chain(dependency::access_method(state, &node.amname)).collect();
            state.insert_with(family.clone(), Definition::OperatorFamily(OperatorFamily { items: Vec::new() }), needs);
        }
        dependencies.insert(Dependency::on(family.clone()).auto());
        family.qualified_name()
    } else {
        let (schema, family) = split_name(&node.opfamilyname);
        match find_family(state, schema.as_deref(), &family, &node.amname) {
            Some(found) => {
                dependencies.insert(Dependency::on(found.clone()).auto());
                found.qualified_name()
            }
            None => QualifiedName::new(schema.unwrap_or_else(|| PG_CATALOG.to_owned()), family),
        }
    };
    let own_family =
        Identity { parent: node.amname.clone(), ..Identity::new(Kind::OperatorFamily, family.schema.clone(), family.name.clone()) };
    let mut items_of_class = items_of_class;
    if state.contains(&own_family) {
        give_loose_to_family(state, &own_family, &mut items_of_class, &mut dependencies);
    }
    let class = OperatorClass { default: node.is_default, data_type, family, items: items_of_class, storage };
    state.insert_with(identity, Definition::OperatorClass(class), dependencies);
    Ok(())
}

/// Whether a member of a class belongs to the family nevertheless: what is optional, and what compares different types, may go
/// without the class. Since PostgreSQL 14; what earlier servers say is read the same. PostgreSQL src/backend/access,
/// `btadjustmembers`, `hashadjustmembers`, `gistadjustmembers`, `ginadjustmembers`, `spgadjustmembers`.
pub(crate) fn is_loose(method: &str, item: &OperatorClassItem) -> bool {
    let crosses = |operands: &[DataType]| operands.first() != operands.last();
    match (method, item) {
        ("btree" | "hash", OperatorClassItem::Operator { operands, .. }) => crosses(operands),
        ("btree" | "hash", OperatorClassItem::Function { number, operands, .. }) => *number != 1 || crosses(operands),
        ("gist" | "gin" | "spgist", OperatorClassItem::Operator { .. }) => true,
        ("gist", OperatorClassItem::Function { number, .. }) => !matches!(number, 1 | 2 | 5 | 6 | 7),
        ("gin", OperatorClassItem::Function { number, .. }) => !matches!(number, 2 | 3),
        ("spgist", OperatorClassItem::Function { number, .. }) => !matches!(number, 1..=5),
        _ => false,
    }
}

/// The access method of the server's own whose handler an access method has.
pub(crate) fn kind_of_method<'m>(state: &'m State<'_>, method: &'m str) -> &'m str {
    let identity = Identity::global(Kind::AccessMethod, method);
    match state.get(&identity).map(|it| &it.definition) {
        Some(Definition::AccessMethod(it)) if it.handler.is_builtin() => match it.handler.name.as_str() {
            "bthandler" => "btree",
            "hashhandler" => "hash",
            "gisthandler" => "gist",
            "ginhandler" => "gin",
            "spghandler" => "spgist",
            "brinhandler" => "brin",
            _ => method,
        },
        _ => method,
    }
}

/// The class of a family that a member of the family is for.
fn class_for(state: &State<'_>, family: &Identity, item: &OperatorClassItem) -> Option<Identity> {
    let (OperatorClassItem::Operator { operands, .. } | OperatorClassItem::Function { operands, .. }) = item;
    let name = family.qualified_name();
    let fits = |it: &&Identity| match state.get(it).map(|it| &it.definition) {
        Some(Definition::OperatorClass(class)) => class.family == name && operands.first() == Some(&class.data_type),
        _ => false,
    };
    state.dependents(family).filter(|it| it.kind == Kind::OperatorClass && it.parent == family.parent).find(fits).cloned()
}

/// Puts members into a family, sorted, with what they need.
fn add_to_family(state: &mut State<'_>, family: &Identity, items: Vec<OperatorClassItem>, needs: impl IntoIterator<Item = Dependency>) {
    state.change(family, |object| {
        if let Definition::OperatorFamily(it) = &mut object.definition {
            it.items.extend(items);
            it.items.sort();
            it.items.dedup();
            object.dependencies.extend(needs);
        }
    });
}

/// Takes the members that belong to the family out of those of a class, with what only they need.
pub(crate) fn give_loose_to_family(
    state: &mut State<'_>,
    family: &Identity,
    items: &mut Vec<OperatorClassItem>,
    needs: &mut BTreeSet<Dependency>,
) {
    let method = kind_of_method(state, &family.parent).to_owned();
    let (loose, kept): (Vec<_>, Vec<_>) = std::mem::take(items).into_iter().partition(|it| is_loose(&method, it));
    *items = kept;
    let of_family: BTreeSet<Dependency> = loose.iter().flat_map(|it| needs_of(it, needs)).collect();
    let of_class: BTreeSet<Dependency> = items.iter().flat_map(|it| needs_of(it, needs)).collect();
    needs.retain(|it| !of_family.contains(it) || of_class.contains(it) || it.on.kind.is_type());
    add_to_family(state, family, loose, of_family);
}

/// What a member names, as far as the catalog has it.
fn needs_of(item: &OperatorClassItem, all: &BTreeSet<Dependency>) -> Vec<Dependency> {
    let named = |dependency: &&Dependency| match item {
        _ if dependency.on.kind.is_type() => false,
        OperatorClassItem::Operator { operator, .. } => dependency.on.kind == Kind::Operator && dependency.on.qualified_name() == *operator,
        OperatorClassItem::Function { function, .. } => dependency.on == *function,
    };
    let (OperatorClassItem::Operator { operands, .. } | OperatorClassItem::Function { operands, .. }) = item;
    let types = all.iter().filter(|it| operands.iter().any(|of| of.name == it.on.qualified_name() && it.on.arguments.is_empty()));
    all.iter().filter(named).chain(types).cloned().collect()
}

/// PostgreSQL src/include/nodes/parsenodes.h, OPCLASS_ITEM_*.
const OPERATOR: i32 = 1;
const FUNCTION: i32 = 2;
const STORAGE: i32 = 3;

fn items(nodes: &[Node]) -> impl Iterator<Item = &CreateOpClassItem> {
    nodes.iter().filter_map(|node| match &node.node {
        Some(NodeEnum::CreateOpClassItem(it)) => Some(it),
        _ => None,
    })
}

fn class_arguments(state: &State<'_>, item: &CreateOpClassItem) -> Result<Vec<DataType>, Problem> {
    types(state, &item.class_args, &mut BTreeSet::new())
}

fn types(state: &State<'_>, nodes: &[Node], dependencies: &mut BTreeSet<Dependency>) -> Result<Vec<DataType>, Problem> {
    let mut found = Vec::new();
    for node in nodes {
        match &node.node {
            Some(NodeEnum::TypeName(it)) => {
                let data_type = state.resolver().data_type(it)?.without_modifiers();
                state.type_dependencies(&data_type, dependencies);
                found.push(data_type);
            }
            // A missing operand of a prefix operator.
            _ => found.push(DataType::builtin("none")),
        }
    }
    Ok(found)
}

/// Operators and functions of a class or family, sorted. Of a class the operand types are its own, if not said.
fn members(
    state: &State<'_>,
    nodes: &[Node],
    class: Option<&DataType>,
    dependencies: &mut BTreeSet<Dependency>,
) -> Result<Vec<OperatorClassItem>, Problem> {
    let mut found = Vec::new();
    for item in items(nodes) {
        let (Some(name), Ok(number)) = (&item.name, u16::try_from(item.number)) else { continue };
        match item.itemtype {
            OPERATOR => {
                let mut operands = types(state, &name.objargs, dependencies)?;
                if let (true, Some(class)) = (operands.is_empty(), class) {
                    operands = vec![class.clone(), class.clone()];
                }
                let operator = operator_of(state, &name.objname, &operands, dependencies);
                let order_by = (!item.order_family.is_empty()).then(|| {
                    let (schema, family) = split_name(&item.order_family);
                    let own =
                        state.catalog().of_kind(Kind::OperatorFamily).find(|(it, _)| it.name == family).map(|(it, _)| it.schema.clone());
                    QualifiedName::new(schema.or(own).unwrap_or_else(|| PG_CATALOG.to_owned()), family)
                });
                found.push(OperatorClassItem::Operator { number, operator, operands, order_by });
            }
            FUNCTION => {
                let mut operands = types(state, &item.class_args, dependencies)?;
                // Said once it is for both sides, and unsaid of a class it is the class's own (opclasscmds.c, assignProcTypes).
                if let [one] = operands.as_slice() {
                    operands = vec![one.clone(), one.clone()];
                } else if let (true, Some(class)) = (operands.is_empty(), class) {
                    operands = vec![class.clone(), class.clone()];
                }
                let function = function_with_arguments(state, name, dependencies)?;
                if operands.is_empty() {
                    // Of a family, what the function compares or hashes.
                    let first = function.arguments.first();
                    operands = first.into_iter().chain(function.arguments.get(1).or(first)).cloned().collect();
                }
                found.push(OperatorClassItem::Function { number, operands, function });
            }
            _ => {}
        }
    }
    found.sort();
    Ok(found)
}

/// The operator with these operands; it is a need where the script makes it.
fn operator_of(state: &State<'_>, names: &[Node], operands: &[DataType], dependencies: &mut BTreeSet<Dependency>) -> QualifiedName {
    let (schema, name) = split_name(names);
    let resolver = state.resolver();
    let found = resolver.operators(schema.as_deref(), &name);
    let has = |it: &Identity| match it.kind {
        // What an extension has that nobody knows may have the operator.
        Kind::Extension => expression::extension_has_operator(&it.name, &name, operands).unwrap_or(!is_builtin_operator(&name)),
        _ => it.arguments == operands,
    };
    match found.iter().find(|it| has(it)) {
        Some(operator) => {
            dependencies.insert(Dependency::on((*operator).clone()));
            QualifiedName::new(resolver.schema_of(operator), name)
        }
        None => QualifiedName::new(schema.unwrap_or_else(|| PG_CATALOG.to_owned()), name),
    }
}

/// `CREATE CAST`.
pub(crate) fn create_cast(state: &mut State<'_>, node: &CreateCastStmt, _at: Place) -> Outcome {
    let mut dependencies = BTreeSet::new();
    let mut side = |of: Option<&TypeName>| -> Result<DataType, Problem> {
        let Some(of) = of else { return Err(Problem::new("a cast needs two types")) };
        let data_type = state.resolver().data_type(of)?.without_modifiers();
        state.type_dependencies(&data_type, &mut dependencies);
        Ok(data_type)
    };
    let arguments = vec![side(node.sourcetype.as_ref())?, side(node.targettype.as_ref())?];
    let method = match &node.func {
        Some(function) => CastMethod::Function(function_with_arguments(state, function, &mut dependencies)?),
        None if node.inout => CastMethod::InOut,
        None => CastMethod::Binary,
    };
    let context = match node.context() {
        CoercionContext::CoercionImplicit => CastContext::Implicit,
        CoercionContext::CoercionAssignment => CastContext::Assignment,
        _ => CastContext::Explicit,
    };
    let identity = Identity::global(Kind::Cast, "").with_arguments(arguments);
    if state.contains(&identity) {
        return Err(Problem::new(format!("{identity} already exists")));
    }
    state.insert_with(identity, Definition::Cast(Cast { method, context }), dependencies);
    Ok(())
}
