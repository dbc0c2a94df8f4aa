//! Which object a statement means: the object type and the name of `DROP`, `COMMENT ON`, `ALTER … OWNER TO` and their like.
//!
//! PostgreSQL src/backend/catalog/objectaddress.c, get_object_address. It changes nothing and knows no statement.

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, ObjectType, ObjectWithArgs};

use crate::capture::expression;
use crate::catalog::{DataType, Definition, Identity, Kind, PG_CATALOG};

use super::Problem;
use super::resolve::{split_name, strings, unknown_column};
use super::state::State;

/// An object, or a column or attribute of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) identity: Identity,
    pub(crate) column: Option<String>,
}

impl Address {
    /// The object as a whole.
    pub(crate) fn whole(identity: Identity) -> Self {
        Self { identity, column: None }
    }
}

/// Why a name means no object.
pub(crate) enum NoObject {
    /// There is none, which `IF EXISTS` allows.
    Missing(Problem),
    /// There is one of another kind, or the name is of a kind that has no objects in a schema (a role, a database).
    Wrong(Problem),
}

impl From<NoObject> for Problem {
    fn from(it: NoObject) -> Self {
        match it {
            NoObject::Missing(problem) | NoObject::Wrong(problem) => problem,
        }
    }
}

fn missing(what: &str, name: &str) -> NoObject {
    NoObject::Missing(Problem::new(format!("{what} `{name}` does not exist")))
}

/// PostgreSQL's word for a type of object.
pub(crate) fn word(object_type: ObjectType) -> &'static str {
    match object_type {
        ObjectType::ObjectAccessMethod => "access method",
        ObjectType::ObjectAggregate => "aggregate",
        ObjectType::ObjectCast => "cast",
        ObjectType::ObjectColumn | ObjectType::ObjectAttribute => "column",
        ObjectType::ObjectCollation => "collation",
        ObjectType::ObjectConversion => "conversion",
        ObjectType::ObjectDatabase => "database",
        ObjectType::ObjectDomain => "domain",
        ObjectType::ObjectDomconstraint | ObjectType::ObjectTabconstraint => "constraint",
        ObjectType::ObjectEventTrigger => "event trigger",
        ObjectType::ObjectExtension => "extension",
        ObjectType::ObjectFdw => "foreign-data wrapper",
        ObjectType::ObjectForeignServer => "server",
        ObjectType::ObjectForeignTable => "foreign table",
        ObjectType::ObjectFunction => "function",
        ObjectType::ObjectIndex => "index",
        ObjectType::ObjectLanguage => "language",
        ObjectType::ObjectLargeobject => "large object",
        ObjectType::ObjectMatview => "materialized view",
        ObjectType::ObjectOpclass => "operator class",
        ObjectType::ObjectOperator => "operator",
        ObjectType::ObjectOpfamily => "operator family",
        ObjectType::ObjectPolicy => "policy",
        ObjectType::ObjectProcedure => "procedure",
        ObjectType::ObjectPublication => "publication",
        ObjectType::ObjectRole => "role",
        ObjectType::ObjectRoutine => "routine",
        ObjectType::ObjectRule => "rule",
        ObjectType::ObjectSchema => "schema",
        ObjectType::ObjectSequence => "sequence",
        ObjectType::ObjectSubscription => "subscription",
        ObjectType::ObjectStatisticExt => "statistics object",
        ObjectType::ObjectTable => "table",
        ObjectType::ObjectTablespace => "tablespace",
        ObjectType::ObjectTransform => "transform",
        ObjectType::ObjectTrigger => "trigger",
        ObjectType::ObjectTsconfiguration => "text search configuration",
        ObjectType::ObjectTsdictionary => "text search dictionary",
        ObjectType::ObjectTsparser => "text search parser",
        ObjectType::ObjectTstemplate => "text search template",
        ObjectType::ObjectType => "type",
        ObjectType::ObjectUserMapping => "user mapping",
        ObjectType::ObjectView => "view",
        ObjectType::Undefined
        | ObjectType::ObjectAmop
        | ObjectType::ObjectAmproc
        | ObjectType::ObjectDefault
        | ObjectType::ObjectDefacl
        | ObjectType::ObjectParameterAcl
        | ObjectType::ObjectPublicationNamespace
        | ObjectType::ObjectPublicationRel => "object",
    }
}

/// The object that a type of object and a name mean.
pub(crate) fn object(state: &State<'_>, object_type: ObjectType, node: &Node) -> Result<Address, NoObject> {
    let what = word(object_type);
    let global = |kind: Kind| match &node.node {
        Some(NodeEnum::String(it)) => existing(state, Identity::global(kind, it.sval.clone()), what).map(Address::whole),
        _ => Err(unsupported(what)),
    };
    let in_schema = |kind: Kind| in_path(state, kind, "", list(node), what).map(Address::whole);
    match object_type {
        ObjectType::ObjectTable
        | ObjectType::ObjectView
        | ObjectType::ObjectMatview
        | ObjectType::ObjectForeignTable
        | ObjectType::ObjectSequence
        | ObjectType::ObjectIndex => relation(state, object_type, list(node)).map(Address::whole),
        ObjectType::ObjectColumn | ObjectType::ObjectAttribute => column(state, list(node)),
        ObjectType::ObjectType | ObjectType::ObjectDomain => data_type(state, node, object_type).map(Address::whole),
        ObjectType::ObjectSchema => global(Kind::Schema),
        ObjectType::ObjectExtension => global(Kind::Extension),
        ObjectType::ObjectLanguage => global(Kind::Language),
        ObjectType::ObjectFdw => global(Kind::ForeignDataWrapper),
        ObjectType::ObjectForeignServer => global(Kind::ForeignServer),
        ObjectType::ObjectEventTrigger => global(Kind::EventTrigger),
        ObjectType::ObjectPublication => global(Kind::Publication),
        ObjectType::ObjectSubscription => global(Kind::Subscription),
        ObjectType::ObjectFunction => routine(state, node, what, &[Kind::Function]),
        ObjectType::ObjectProcedure => routine(state, node, what, &[Kind::Procedure]),
        ObjectType::ObjectAggregate => routine(state, node, what, &[Kind::Aggregate]),
        ObjectType::ObjectRoutine => routine(state, node, what, &[Kind::Function, Kind::Procedure, Kind::Aggregate]),
        ObjectType::ObjectOperator => operator(state, node),
        ObjectType::ObjectOpclass => access_method_member(state, Kind::OperatorClass, list(node), what),
        ObjectType::ObjectOpfamily => access_method_member(state, Kind::OperatorFamily, list(node), what),
        ObjectType::ObjectCollation => in_schema(Kind::Collation),
        ObjectType::ObjectAccessMethod => global(Kind::AccessMethod),
        ObjectType::ObjectConversion => in_schema(Kind::Conversion),
        ObjectType::ObjectStatisticExt => in_schema(Kind::Statistics),
        ObjectType::ObjectTsconfiguration => in_schema(Kind::TextSearchConfiguration),
        ObjectType::ObjectTsdictionary => in_schema(Kind::TextSearchDictionary),
        ObjectType::ObjectTsparser => in_schema(Kind::TextSearchParser),
        ObjectType::ObjectTstemplate => in_schema(Kind::TextSearchTemplate),
        ObjectType::ObjectTrigger => of_relation(state, Kind::Trigger, list(node), what),
        ObjectType::ObjectRule => of_relation(state, Kind::Rule, list(node), what),
        ObjectType::ObjectPolicy => of_relation(state, Kind::Policy, list(node), what),
        ObjectType::ObjectTabconstraint => of_relation(state, Kind::Constraint, list(node), what),
        ObjectType::ObjectDomconstraint => match list(node) {
            [domain, name] => {
                let domain = data_type(state, domain, ObjectType::ObjectDomain)?.qualified_name();
                let name = strings(std::slice::from_ref(name)).concat();
                existing(state, Identity::within(Kind::Constraint, &domain, name), what).map(Address::whole)
            }
            _ => Err(unsupported(what)),
        },
        ObjectType::ObjectCast => match list(node) {
            [source, target] => {
                let arguments = vec![type_argument(state, source)?, type_argument(state, target)?];
                existing(state, Identity::global(Kind::Cast, "").with_arguments(arguments), what).map(Address::whole)
            }
            _ => Err(unsupported(what)),
        },
        ObjectType::ObjectTransform => match list(node) {
            [data_type, language] => {
                let language = strings(std::slice::from_ref(language)).concat();
                let arguments = vec![type_argument(state, data_type)?];
                existing(state, Identity::global(Kind::Transform, language).with_arguments(arguments), what).map(Address::whole)
            }
            _ => Err(unsupported(what)),
        },
        // Not in a schema, or not modelled: the caller says so.
        ObjectType::Undefined
        | ObjectType::ObjectAmop
        | ObjectType::ObjectAmproc
        | ObjectType::ObjectDatabase
        | ObjectType::ObjectDefault
        | ObjectType::ObjectDefacl
        | ObjectType::ObjectLargeobject
        | ObjectType::ObjectParameterAcl
        | ObjectType::ObjectPublicationNamespace
        | ObjectType::ObjectPublicationRel
        | ObjectType::ObjectRole
        | ObjectType::ObjectTablespace
        | ObjectType::ObjectUserMapping => Err(unsupported(what)),
    }
}

fn unsupported(what: &str) -> NoObject {
    NoObject::Wrong(Problem::new(format!("this form of a {what}'s name is not understood")))
}

/// The items of a list node, or the node itself.
fn list(node: &Node) -> &[Node] {
    match &node.node {
        Some(NodeEnum::List(it)) => &it.items,
        _ => std::slice::from_ref(node),
    }
}

fn existing(state: &State<'_>, identity: Identity, what: &str) -> Result<Identity, NoObject> {
    if state.contains(&identity) { Ok(identity) } else { Err(missing(what, &identity.name)) }
}

/// An object of a kind that only its schema and name tell, along the search path.
fn in_path(state: &State<'_>, kind: Kind, parent: &str, name: &[Node], what: &str) -> Result<Identity, NoObject> {
    let (schema, name) = split_name(name);
    let candidate = |schema: &str| {
        let identity = Identity { parent: parent.to_owned(), ..Identity::new(kind, schema, name.clone()) };
        state.contains(&identity).then_some(identity)
    };
    let found = match &schema {
        Some(schema) => candidate(schema),
        None => state.resolver().effective_path().find_map(candidate),
    };
    found.ok_or_else(|| missing(what, &name))
}

/// An operator class or family: the access method, then the name.
fn access_method_member(state: &State<'_>, kind: Kind, name: &[Node], what: &str) -> Result<Address, NoObject> {
    let [method, name @ ..] = name else { return Err(unsupported(what)) };
    in_path(state, kind, &strings(std::slice::from_ref(method)).concat(), name, what).map(Address::whole)
}

/// Whatever `pg_class` has under the name.
pub(crate) fn class(state: &State<'_>, name: &[Node], what: &str) -> Result<Identity, NoObject> {
    let (schema, name) = split_name(name);
    let resolver = state.resolver();
    resolver.class(schema.as_deref(), &name).cloned().ok_or_else(|| {
        let problem = Problem::from(resolver.unknown_relation(schema.as_deref(), &name, None));
        NoObject::Missing(Problem { message: problem.message.replacen("relation", what, 1), ..problem })
    })
}

fn relation(state: &State<'_>, object_type: ObjectType, name: &[Node]) -> Result<Identity, NoObject> {
    let what = word(object_type);
    let identity = class(state, name, what)?;
    let expected = match object_type {
        ObjectType::ObjectView => Kind::View,
        ObjectType::ObjectMatview => Kind::MaterializedView,
        ObjectType::ObjectForeignTable => Kind::ForeignTable,
        ObjectType::ObjectSequence => Kind::Sequence,
        ObjectType::ObjectIndex => Kind::Index,
        _ => Kind::Table,
    };
    // The index of a constraint has the constraint's identity: a comment on it finds it, and DROP says what the server says.
    let is_constraint_index = expected == Kind::Index && identity.kind == Kind::Constraint;
    if identity.kind == expected || is_constraint_index {
        return Ok(identity);
    }
    Err(NoObject::Wrong(Problem::new(format!("`{}` is a {}, not a {what}", identity.name, identity.kind))))
}

fn column(state: &State<'_>, name: &[Node]) -> Result<Address, NoObject> {
    let [relation @ .., column] = name else { return Err(unsupported("column")) };
    let column = strings(std::slice::from_ref(column)).concat();
    let identity = class(state, relation, "relation")?;
    let columns = state.resolver().columns(&identity);
    if columns.iter().any(|it| it.name == column) {
        return Ok(Address { identity, column: Some(column) });
    }
    let unknown = unknown_column(&identity, &column, None, columns.iter().map(|it| it.name.as_str()));
    Err(NoObject::Missing(Problem::from(unknown)))
}

/// An object of a relation: the relation's name, then its own.
fn of_relation(state: &State<'_>, kind: Kind, name: &[Node], what: &str) -> Result<Address, NoObject> {
    let [relation @ .., name] = name else { return Err(unsupported(what)) };
    let relation = class(state, relation, "relation")?;
    let name = strings(std::slice::from_ref(name)).concat();
    let identity = Identity::within(kind, &relation.qualified_name(), name);
    if state.contains(&identity) {
        return Ok(Address::whole(identity));
    }
    let message = format!("{what} `{}` for relation `{}` does not exist", identity.name, relation.name);
    Err(NoObject::Missing(Problem::new(message)))
}

/// The object that makes a type.
fn data_type(state: &State<'_>, node: &Node, object_type: ObjectType) -> Result<Identity, NoObject> {
    let resolver = state.resolver();
    let data_type = match &node.node {
        Some(NodeEnum::TypeName(it)) => resolver.data_type(it).map_err(|it| NoObject::Missing(it.into()))?,
        _ => {
            let (schema, name) = split_name(list(node));
            let found = resolver.type_named(schema.as_deref(), &name);
            found.ok_or_else(|| missing(word(object_type), &name))?.0
        }
    };
    if resolver.is_opaque_type(&data_type.name) {
        let message = format!("type `{}` is not modelled, so the statement was left out", data_type.name.name);
        return Err(NoObject::Wrong(Problem::left_out(message)));
    }
    let identity = resolver.type_object(&data_type.name).ok_or_else(|| missing(word(object_type), &data_type.name.name))?;
    if object_type == ObjectType::ObjectDomain && identity.kind != Kind::Domain {
        return Err(NoObject::Wrong(Problem::new(format!("`{}` is not a domain", data_type.name.name))));
    }
    if identity.kind.is_type() {
        return Ok(identity.clone());
    }
    Err(NoObject::Wrong(Problem::new(format!("type `{}` belongs to {identity}", data_type.name.name))))
}

fn type_argument(state: &State<'_>, node: &Node) -> Result<DataType, NoObject> {
    match &node.node {
        Some(NodeEnum::TypeName(it)) => {
            state.resolver().data_type(it).map(|it| it.without_modifiers()).map_err(|it| NoObject::Missing(it.into()))
        }
        _ => Ok(DataType::builtin("none")),
    }
}

fn arguments(state: &State<'_>, of: &ObjectWithArgs) -> Result<Vec<DataType>, NoObject> {
    of.objargs.iter().map(|it| type_argument(state, it)).collect()
}

fn is_servers_own(schema: Option<&str>, name: &str) -> bool {
    schema.is_none_or(|it| it == PG_CATALOG) && expression::is_builtin_function(name)
}

/// What is said of PostgreSQL's own objects is no part of a schema.
fn servers_own(what: &str, name: &str) -> Problem {
    Problem::left_out(format!("{what} `{name}` belongs to PostgreSQL, so the statement was left out"))
}

/// PostgreSQL src/backend/parser/parse_func.c, LookupFuncWithArgs.
fn routine(state: &State<'_>, node: &Node, what: &str, kinds: &[Kind]) -> Result<Address, NoObject> {
    let Some(NodeEnum::ObjectWithArgs(of)) = &node.node else { return Err(unsupported(what)) };
    let (schema, name) = split_name(&of.objname);
    let candidates = state.resolver().functions(schema.as_deref(), &name);
    let mut candidates = candidates.into_iter().filter(|it| kinds.contains(&it.kind));
    if of.args_unspecified {
        let none =
            || if is_servers_own(schema.as_deref(), &name) { NoObject::Wrong(servers_own(what, &name)) } else { missing(what, &name) };
        let first = candidates.next().ok_or_else(none)?;
        if candidates.next().is_some() {
            let problem =
                Problem::new(format!("{what} name `{name}` is not unique")).hint(format!("give the argument types of the {what}"));
            return Err(NoObject::Wrong(problem));
        }
        return Ok(Address::whole(first.clone()));
    }
    let arguments = arguments(state, of)?;
    let found = candidates.find(|it| it.arguments == arguments).cloned();
    // Procedures may be named with their OUT arguments too (PostgreSQL 14).
    let found = found.or_else(|| {
        let candidates = state.resolver().functions(schema.as_deref(), &name);
        candidates
            .into_iter()
            .find(|it| it.kind == Kind::Procedure && kinds.contains(&it.kind) && all_arguments(state, it) == arguments)
            .cloned()
    });
    if found.is_none() && is_servers_own(schema.as_deref(), &name) {
        return Err(NoObject::Wrong(servers_own(what, &name)));
    }
    found.map(Address::whole).ok_or_else(|| {
        let types: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        missing(what, &format!("{name}({})", types.join(", ")))
    })
}

fn all_arguments(state: &State<'_>, routine: &Identity) -> Vec<DataType> {
    match state.get(routine).map(|it| &it.definition) {
        Some(Definition::Procedure(it)) => it.arguments.iter().map(|it| it.data_type.clone()).collect(),
        _ => Vec::new(),
    }
}

fn operator(state: &State<'_>, node: &Node) -> Result<Address, NoObject> {
    let Some(NodeEnum::ObjectWithArgs(of)) = &node.node else { return Err(unsupported("operator")) };
    let (schema, name) = split_name(&of.objname);
    let arguments = arguments(state, of)?;
    let found =
        state.resolver().operators(schema.as_deref(), &name).into_iter().find(|it| it.kind == Kind::Operator && it.arguments == arguments);
    found.cloned().map(Address::whole).ok_or_else(|| missing("operator", &name))
}
