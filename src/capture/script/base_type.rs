//! Base types: `CREATE TYPE name`, `CREATE TYPE name (…)`, `ALTER TYPE name SET (…)`.
//!
//! PostgreSQL src/backend/commands/typecmds.c: a type is announced as a shell, its functions are made, then it is defined.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTypeStmt, CreateFunctionStmt, DefElem, DefineStmt, TypeName};

use crate::catalog::{Alignment, BaseType, BaseTypeDefinition, DataType, Definition, Dependency, Identity, Kind, Object, QualifiedName};

use super::resolve::split_name;
use super::state::State;
use super::{Outcome, Place, Problem, aggregate, builtin, column, grant, operator, options, routine, types};

/// `CREATE TYPE name`, or `CREATE TYPE name (…)` of a type that was announced.
pub(crate) fn create(state: &mut State<'_>, node: &DefineStmt, at: Place) -> Outcome {
    let name = state.new_name(&node.defnames)?;
    if node.definition.is_empty() {
        let name = types::new_type_name(state, &node.defnames)?;
        announce(state, name);
        return Ok(());
    }
    let identity = Identity::new(Kind::BaseType, name.schema.clone(), name.name.clone());
    if !matches!(state.get(&identity).map(|it| &it.definition), Some(Definition::BaseType(BaseType::Shell))) {
        types::check_type_is_new(state, &name)?;
        return Err(Problem::new(format!("type `{}` does not exist", name.name))
            .hint("create the type as a shell type, then its input and output functions, then do a full CREATE TYPE"));
    }
    let mut needs: BTreeSet<Dependency> = state.schema_dependency(&name.schema).into_iter().collect();
    let Some(definition) = read(state, &DataType::named(name), node, &mut needs)? else {
        state.not_modelled(at, "CREATE TYPE … LIKE a type whose form is not known");
        return Ok(());
    };
    let grants = grant::of_new(state.catalog(), &identity);
    state.change(&identity, |object| {
        object.definition = Definition::BaseType(BaseType::Defined(Box::new(definition)));
        object.dependencies = needs.into();
        object.grants = grants;
    });
    Ok(())
}

/// Puts a shell in.
fn announce(state: &mut State<'_>, name: QualifiedName) {
    let mut object = Object::new(Definition::BaseType(BaseType::Shell));
    object.dependencies.extend(state.schema_dependency(&name.schema));
    state.insert(Identity::new(Kind::BaseType, name.schema, name.name), object);
}

/// A function in C that returns a type which nobody has made announces it.
/// PostgreSQL src/backend/commands/functioncmds.c, compute_return_type.
pub(crate) fn announce_result(state: &mut State<'_>, node: &CreateFunctionStmt) -> Outcome {
    let Some(returns) = &node.return_type else { return Ok(()) };
    let language = options::elements(&node.options).find(|it| it.defname == "language").and_then(options::text);
    let may_announce = language.is_some_and(|it| matches!(it.as_str(), "c" | "internal"));
    if !may_announce || returns.pct_type || !returns.array_bounds.is_empty() || state.resolver().data_type(returns).is_ok() {
        return Ok(());
    }
    let name = state.new_name(&returns.names)?;
    announce(state, name);
    Ok(())
}

/// What a type in a list of options means, or the word that stands there.
fn type_name(option: &DefElem) -> Option<&TypeName> {
    match option.arg.as_deref()?.node.as_ref()? {
        NodeEnum::TypeName(it) => Some(it),
        _ => None,
    }
}

/// The definition; `None` where `LIKE` names a type whose form only a server knows.
fn read(
    state: &State<'_>,
    own: &DataType,
    node: &DefineStmt,
    needs: &mut BTreeSet<Dependency>,
) -> Result<Option<BaseTypeDefinition>, Problem> {
    let option = |name: &str| options::elements(&node.definition).find(|it| it.defname == name);
    let missing = |what: &str| Problem::new(format!("type {what} function must be specified"));
    let (input, output) = (option("input").ok_or_else(|| missing("input"))?, option("output").ok_or_else(|| missing("output"))?);
    let mut definition = BaseTypeDefinition {
        input: support(state, "input", input, own, needs),
        output: support(state, "output", output, own, needs),
        receive: None,
        send: None,
        modifiers_in: None,
        modifiers_out: None,
        analyze: None,
        subscript: None,
        length: -1,
        passed_by_value: false,
        alignment: Alignment::Int4,
        storage: "plain".to_owned(),
        category: 'U',
        preferred: false,
        default: None,
        element: None,
        delimiter: ',',
        collatable: false,
    };
    // What is said of the form stands above what it is like, wherever `LIKE` stands.
    if let Some(like) = option("like").and_then(type_name) {
        let like = state.resolver().data_type(like)?;
        let Some(form) = form(state, &like) else { return Ok(None) };
        (definition.length, definition.passed_by_value, definition.alignment) = (form.0, form.1, form.2);
        form.3.clone_into(&mut definition.storage);
    }
    for option in options::elements(&node.definition) {
        let key = option.defname.as_str();
        match key {
            "internallength" => definition.length = length(option)?,
            "passedbyvalue" => definition.passed_by_value = options::boolean(option),
            "alignment" => definition.alignment = alignment(option)?,
            "category" => definition.category = letter(option, 'U'),
            "preferred" => definition.preferred = options::boolean(option),
            "default" => definition.default = options::text(option),
            "element" => definition.element = Some(aggregate::type_value(state, option, needs)?),
            "delimiter" => definition.delimiter = letter(option, ','),
            "collatable" => definition.collatable = options::boolean(option),
            _ => set_option(state, &mut definition, own, option, needs)?,
        }
    }
    // It follows from the element where values have a fixed length.
    if definition.element.is_some() {
        let implied = |it: &QualifiedName| it.is_builtin() && it.name == "raw_array_subscript_handler";
        definition.subscript = definition.subscript.take().filter(|it| !implied(it));
    }
    Ok(Some(definition))
}

/// An option that `ALTER TYPE` can set too.
fn set_option(
    state: &State<'_>,
    definition: &mut BaseTypeDefinition,
    own: &DataType,
    option: &DefElem,
    needs: &mut BTreeSet<Dependency>,
) -> Outcome {
    let key = option.defname.as_str();
    let place = match key {
        "receive" => &mut definition.receive,
        "send" => &mut definition.send,
        "typmod_in" => &mut definition.modifiers_in,
        "typmod_out" => &mut definition.modifiers_out,
        "analyze" | "analyse" => &mut definition.analyze,
        "subscript" => &mut definition.subscript,
        "storage" => {
            let storage = options::text(option).unwrap_or_default().to_lowercase();
            if !matches!(storage.as_str(), "plain" | "external" | "extended" | "main") {
                return Err(Problem::new(format!("storage \"{storage}\" not recognized")));
            }
            definition.storage = storage;
            return Ok(());
        }
        _ => return Ok(()),
    };
    *place = (!operator::is_none(option)).then(|| support(state, key, option, own, needs));
    Ok(())
}

/// A function of the type: which arguments it has follows from what it is for.
fn support(state: &State<'_>, key: &str, option: &DefElem, own: &DataType, needs: &mut BTreeSet<Dependency>) -> QualifiedName {
    let builtin = DataType::builtin;
    let modified = |first: &str| vec![builtin(first), builtin("oid"), builtin("int4")];
    let signatures = match key {
        "input" => vec![modified("cstring"), vec![builtin("cstring")]],
        "receive" => vec![modified("internal"), vec![builtin("internal")]],
        "output" | "send" => vec![vec![own.clone()]],
        "typmod_in" => vec![vec![DataType { array: true, ..builtin("cstring") }]],
        "typmod_out" => vec![vec![builtin("int4")]],
        _ => vec![vec![builtin("internal")]],
    };
    let names = routine::names(option);
    let (schema, name) = split_name(&names);
    let found = state.resolver().functions(schema.as_deref(), &name);
    let fits = |arguments: &&Vec<DataType>| found.iter().any(|it| it.arguments == **arguments);
    let arguments = signatures.iter().find(fits).unwrap_or(&signatures[0]);
    operator::function_of(state, &names, arguments, needs).qualified_name()
}

/// Length, passing by value, alignment and storage of a type.
fn form(state: &State<'_>, like: &DataType) -> Option<(i16, bool, Alignment, String)> {
    let variable = |alignment| Some((-1, false, alignment, "extended".to_owned()));
    if like.array {
        return variable(Alignment::Int4);
    }
    if like.name.is_builtin() {
        let (length, by_value, alignment, storage) = builtin::form(&like.name.name)?;
        let alignment = match alignment {
            'c' => Alignment::Char,
            's' => Alignment::Int2,
            'd' => Alignment::Double,
            _ => Alignment::Int4,
        };
        return Some((length, by_value, alignment, storage_word(storage).to_owned()));
    }
    match &state.get(state.resolver().type_object(&like.name)?)?.definition {
        Definition::BaseType(BaseType::Defined(it)) => Some((it.length, it.passed_by_value, it.alignment, it.storage.clone())),
        Definition::Domain(it) => form(state, &it.base),
        Definition::Enum(_) => Some((4, true, Alignment::Int4, "plain".to_owned())),
        Definition::Composite(_) | Definition::Table(_) | Definition::View(_) => variable(Alignment::Double),
        _ => None,
    }
}

/// The word for a letter of `pg_type.typstorage`.
pub(crate) fn storage_word(letter: char) -> &'static str {
    match letter {
        'e' => "external",
        'x' => "extended",
        'm' => "main",
        _ => "plain",
    }
}

fn length(option: &DefElem) -> Result<i16, Problem> {
    let text = options::text(option).unwrap_or_default();
    if text.eq_ignore_ascii_case("variable") {
        return Ok(-1);
    }
    text.parse().map_err(|_| Problem::new(format!("invalid argument for internallength: \"{text}\"")))
}

fn alignment(option: &DefElem) -> Result<Alignment, Problem> {
    match options::text(option).unwrap_or_default().to_lowercase().as_str() {
        "double" | "float8" => Ok(Alignment::Double),
        "int4" => Ok(Alignment::Int4),
        "int2" => Ok(Alignment::Int2),
        "char" | "bpchar" => Ok(Alignment::Char),
        other => Err(Problem::new(format!("alignment \"{other}\" not recognized"))),
    }
}

fn letter(option: &DefElem, default: char) -> char {
    options::text(option).and_then(|it| it.chars().next()).unwrap_or(default)
}

/// `ALTER TYPE … SET (…)`.
pub(crate) fn alter(state: &mut State<'_>, node: &AlterTypeStmt, _at: Place) -> Outcome {
    let identity = types::existing_type(state, &node.type_name)?;
    let own = DataType::named(identity.qualified_name());
    let Some(Object { definition: Definition::BaseType(BaseType::Defined(definition)), .. }) = state.get(&identity) else {
        return Err(Problem::new(format!("`{}` is not a base type", identity.name)));
    };
    let before = definition.storage.clone();
    let mut definition = definition.clone();
    let mut needs = BTreeSet::new();
    for option in options::elements(&node.options) {
        set_option(state, &mut definition, &own, option, &mut needs)?;
    }
    let after = definition.storage.clone();
    state.change(&identity, |object| {
        // What is taken away is needed no longer.
        object.dependencies.retain(|it| it.on.kind != Kind::Function || functions(&definition).any(|name| *name == it.on.qualified_name()));
        object.dependencies.extend(needs);
        object.definition = Definition::BaseType(BaseType::Defined(definition));
    });
    if before != after {
        keep_storage(state, &identity, &own, &before, &after);
    }
    Ok(())
}

/// The functions that a definition names.
fn functions(definition: &BaseTypeDefinition) -> impl Iterator<Item = &QualifiedName> {
    let BaseTypeDefinition { input, output, receive, send, modifiers_in, modifiers_out, analyze, subscript, .. } = definition;
    let optional = [receive, send, modifiers_in, modifiers_out, analyze, subscript].into_iter().flatten();
    [input, output].into_iter().chain(optional)
}

/// Columns that are there keep the storage that they have, which is now another than the type's, or the same.
fn keep_storage(state: &mut State<'_>, identity: &Identity, own: &DataType, before: &str, after: &str) {
    let tables: Vec<Identity> = state.dependents(identity).cloned().collect();
    for table in tables {
        state.change(&table, |object| {
            for it in column::columns_mut(&mut object.definition).into_iter().flatten().filter(|it| it.data_type == *own) {
                let kept = it.storage.take().unwrap_or_else(|| before.to_owned());
                it.storage = (kept != after).then_some(kept);
            }
        });
    }
}
