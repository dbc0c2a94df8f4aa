//! What numbers mean: the server speaks in OIDs, the catalog in names. Numbers never leave this folder.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::capture::script::resolve::MemberSort;
use crate::catalog::{DataType, Dependency, Identity, Kind, QualifiedName};

use super::CaptureError;
use super::rows::{Answers, Row};

/// An object's number within one system catalog.
pub(super) type Oid = u32;

/// The system catalog that a number is of, by name.
pub(super) type Class = &'static str;

/// The catalogs whose objects are objects of ours, or of extensions.
const CLASSES: &[Class] = &[
    "pg_class",
    "pg_type",
    "pg_proc",
    "pg_constraint",
    "pg_trigger",
    "pg_rewrite",
    "pg_policy",
    "pg_namespace",
    "pg_extension",
    "pg_language",
    "pg_collation",
    "pg_operator",
    "pg_am",
    "pg_conversion",
    "pg_opclass",
    "pg_opfamily",
    "pg_cast",
    "pg_transform",
    "pg_event_trigger",
    "pg_statistic_ext",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_ts_dict",
    "pg_ts_config",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_publication",
    "pg_subscription",
];

/// The catalog of that name, where its objects are known by number.
fn class(name: &str) -> Option<Class> {
    CLASSES.iter().copied().find(|it| *it == name)
}

/// Who owns the database.
#[derive(Deserialize)]
pub(super) struct Database {
    pub(super) owner: String,
}

impl Row for Database {
    const QUERY: &'static str =
        "SELECT pg_catalog.pg_get_userbyid(datdba) AS owner FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()";
}

#[derive(Deserialize)]
pub(super) struct TypeName {
    oid: Oid,
    schema: String,
    name: String,
    element: Option<Oid>,
}

impl Row for TypeName {
    const QUERY: &'static str = "
        SELECT t.oid::int8 AS oid, n.nspname AS schema, t.typname AS name,
            CASE WHEN e.typarray = t.oid THEN e.oid::int8 END AS element
        FROM pg_catalog.pg_type t
        JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem";
}

#[derive(Deserialize)]
pub(super) struct RoutineName {
    oid: Oid,
    schema: String,
    name: String,
    kind: String,
    arguments: Vec<Oid>,
}

impl Row for RoutineName {
    const QUERY: &'static str = "
        SELECT p.oid::int8 AS oid, n.nspname AS schema, p.proname AS name, p.prokind AS kind, p.proargtypes::oid[]::int8[] AS arguments
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace";
}

#[derive(Deserialize)]
pub(super) struct Name {
    class: String,
    oid: Oid,
    schema: String,
    name: String,
}

impl Row for Name {
    const QUERY: &'static str = "
        SELECT 'pg_operator' AS class, o.oid::int8 AS oid, n.nspname AS schema, o.oprname AS name
        FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
        UNION ALL
        SELECT 'pg_collation', c.oid::int8, n.nspname, c.collname
        FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
        UNION ALL
        SELECT 'pg_am', a.oid::int8, '', a.amname FROM pg_catalog.pg_am a
        UNION ALL
        SELECT 'pg_opclass', c.oid::int8, n.nspname, c.opcname
        FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace
        UNION ALL
        SELECT 'pg_opfamily', f.oid::int8, n.nspname, f.opfname
        FROM pg_catalog.pg_opfamily f JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
        UNION ALL
        SELECT 'pg_ts_parser', p.oid::int8, n.nspname, p.prsname
        FROM pg_catalog.pg_ts_parser p JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace
        UNION ALL
        SELECT 'pg_ts_template', t.oid::int8, n.nspname, t.tmplname
        FROM pg_catalog.pg_ts_template t JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace
        UNION ALL
        SELECT 'pg_ts_dict', d.oid::int8, n.nspname, d.dictname
        FROM pg_catalog.pg_ts_dict d JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
        UNION ALL
        SELECT 'pg_class', c.oid::int8, n.nspname, c.relname
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
        WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')";
}

/// An object that an extension owns, or that was marked to depend on one.
#[derive(Deserialize)]
pub(super) struct OfExtension {
    pub(super) class: String,
    pub(super) oid: Oid,
    pub(super) extension: String,
    pub(super) owned: bool,
}

impl Row for OfExtension {
    const QUERY: &'static str = "
        SELECT c.relname AS class, d.objid::int8 AS oid, e.extname AS extension, d.deptype = 'e' AS owned
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_class c ON c.oid = d.classid
        JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype IN ('e', 'x')";
}

/// All that is known of numbers so far.
#[derive(Default)]
pub(super) struct Known {
    /// The owner of the database: who owns everything that nothing is said of.
    database_owner: String,
    types: HashMap<Oid, DataType>,
    routines: HashMap<Oid, Identity>,
    names: HashMap<(Class, Oid), QualifiedName>,
    /// What extensions own.
    members: HashMap<(Class, Oid), String>,
    /// The objects of the catalog.
    objects: HashMap<(Class, Oid), Identity>,
    /// The columns of relations by number.
    columns: HashMap<Oid, BTreeMap<i16, String>>,
}

impl Known {
    /// The numbers that the server gives away at once.
    pub(super) fn new(answers: &Answers) -> Result<Self, CaptureError> {
        let database_owner = answers.rows::<Database>()?.pop().map(|it| it.owner).unwrap_or_default();
        let mut known = Self { database_owner, ..Self::default() };
        let types = answers.rows::<TypeName>()?;
        for it in types.iter().filter(|it| it.element.is_none()) {
            known.types.insert(it.oid, DataType::named(QualifiedName::new(it.schema.clone(), it.name.clone())));
        }
        for it in &types {
            if let Some(element) = it.element.and_then(|it| known.types.get(&it)) {
                let array = DataType { array: true, ..element.clone() };
                known.types.insert(it.oid, array);
            }
        }
        for it in answers.rows::<RoutineName>()? {
            let kind = match it.kind.as_str() {
                "p" => Kind::Procedure,
                "a" => Kind::Aggregate,
                _ => Kind::Function,
            };
            let arguments = it.arguments.iter().map(|it| known.data_type(*it, None)).collect();
            known.routines.insert(it.oid, Identity::new(kind, it.schema, it.name).with_arguments(arguments));
        }
        let names = answers.rows::<Name>()?.into_iter();
        known.names = names.filter_map(|it| Some(((class(&it.class)?, it.oid), QualifiedName::new(it.schema, it.name)))).collect();
        let members = answers.rows::<OfExtension>()?.into_iter().filter(|it| it.owned);
        known.members = members.filter_map(|it| Some(((class(&it.class)?, it.oid), it.extension))).collect();
        Ok(known)
    }

    /// The owner, where it is not who owns the database: DDL that says nothing makes objects of whoever runs it.
    pub(super) fn owner(&self, role: String) -> Option<String> {
        (role != self.database_owner).then_some(role)
    }

    /// Whether a role is the one of whom nothing is said.
    pub(super) fn is_database_owner(&self, role: &str) -> bool {
        self.database_owner == role
    }

    /// The type of that number. `formatted` is how the server prints it where it has modifiers.
    pub(super) fn data_type(&self, oid: Oid, formatted: Option<&str>) -> DataType {
        let mut data_type = self.types.get(&oid).cloned().unwrap_or_else(|| DataType::builtin("none"));
        if let Some(formatted) = formatted {
            data_type.modifiers = modifiers(&data_type.name, formatted);
        }
        data_type
    }

    /// The routine of that number, as an object would name it.
    pub(super) fn routine(&self, oid: Oid) -> Option<&Identity> {
        self.routines.get(&oid)
    }

    /// The name of a routine, with the need of it.
    pub(super) fn called(&self, oid: Oid, needs: &mut impl Extend<Dependency>) -> Option<QualifiedName> {
        Some(self.called_with_arguments(oid, needs)?.qualified_name())
    }

    /// The same as a whole identity.
    pub(super) fn called_with_arguments(&self, oid: Oid, needs: &mut impl Extend<Dependency>) -> Option<Identity> {
        let routine = self.routines.get(&oid)?;
        needs.extend(self.need("pg_proc", oid, routine).map(Dependency::on));
        Some(Identity { kind: Kind::Function, ..routine.clone() })
    }

    /// Who is needed where an object is used: itself, or the extension that owns it; nobody for the server's own.
    fn need(&self, class: Class, oid: Oid, identity: &Identity) -> Option<Identity> {
        match self.extension_of(class, oid) {
            Some(extension) => Some(Identity::global(Kind::Extension, extension)),
            None => (!identity.qualified_name().is_builtin() && identity.schema != "information_schema").then(|| identity.clone()),
        }
    }

    /// The name of an operator, collation, class, family or text search object.
    pub(super) fn name(&self, class: Class, oid: Oid) -> Option<&QualifiedName> {
        self.names.get(&(class, oid))
    }

    /// The same, with the need of it.
    pub(super) fn named(&self, class: Class, oid: Oid, needs: &mut impl Extend<Dependency>) -> Option<QualifiedName> {
        let need = match self.extension_of(class, oid) {
            Some(extension) => Some(Identity::global(Kind::Extension, extension)),
            None => self.objects.get(&(class, oid)).cloned(),
        };
        needs.extend(need.map(Dependency::on));
        self.name(class, oid).cloned()
    }

    /// The extension that owns an object.
    pub(super) fn extension_of(&self, class: Class, oid: Oid) -> Option<&str> {
        self.members.get(&(class, oid)).map(String::as_str)
    }

    /// What extensions own: sort, name, extension.
    pub(super) fn members(&self) -> impl Iterator<Item = (MemberSort, QualifiedName, &str)> {
        self.members.iter().filter_map(|((class, oid), extension)| {
            let named = |sort| self.name(class, *oid).map(|name| (sort, name.clone()));
            let (sort, name) = match *class {
                "pg_class" => named(MemberSort::Relation)?,
                "pg_am" => named(MemberSort::AccessMethod)?,
                "pg_operator" => named(MemberSort::Operator)?,
                "pg_opclass" => named(MemberSort::OperatorClass)?,
                "pg_collation" => named(MemberSort::Collation)?,
                "pg_type" => (MemberSort::Type, self.types.get(oid).filter(|it| !it.array)?.name.clone()),
                "pg_proc" => (MemberSort::Routine, self.routines.get(oid)?.qualified_name()),
                _ => return None,
            };
            Some((sort, name, extension.as_str()))
        })
    }

    /// Whether an extension owns an object.
    pub(super) fn is_member(&self, class: Class, oid: Oid) -> bool {
        self.extension_of(class, oid).is_some()
    }

    /// Remembers an object.
    pub(super) fn add(&mut self, class: Class, oid: Oid, identity: Identity) {
        self.objects.insert((class, oid), identity);
    }

    /// The object of that number.
    pub(super) fn object(&self, class: Class, oid: Oid) -> Option<&Identity> {
        self.objects.get(&(class, oid))
    }

    /// The object of a number that a row gives with the name of its catalog.
    pub(super) fn object_named(&self, name: &str, oid: Oid) -> Option<&Identity> {
        self.object(class(name)?, oid)
    }

    /// Remembers a column's number.
    pub(super) fn add_column(&mut self, relation: Oid, number: i16, name: &str) {
        self.columns.entry(relation).or_default().insert(number, name.to_owned());
    }

    /// The column of that number.
    pub(super) fn column(&self, relation: Oid, number: i16) -> Option<&str> {
        self.columns.get(&relation)?.get(&number).map(String::as_str)
    }

    /// The columns of those numbers.
    pub(super) fn columns(&self, relation: Oid, numbers: &[i16]) -> Vec<String> {
        numbers.iter().filter_map(|it| self.column(relation, *it)).map(str::to_owned).collect()
    }
}

/// The modifiers of a type as the server prints it: `numeric(10,2)`, `interval day to second(3)`, `geometry(Point,4326)`.
fn modifiers(name: &QualifiedName, formatted: &str) -> Vec<String> {
    let inside = formatted.rfind('(').zip(formatted.rfind(')')).filter(|(open, close)| open < close);
    let listed = inside.map_or("", |(open, close)| &formatted[open + 1..close]);
    let listed: Vec<String> = listed.split(',').map(|it| it.trim().to_lowercase()).filter(|it| !it.is_empty()).collect();
    if !(name.is_builtin() && name.name == "interval") {
        return listed;
    }
    let words = formatted.trim_end_matches("[]").split('(').next().unwrap_or_default();
    let fields = words.trim().strip_prefix("interval").unwrap_or_default().trim().to_owned();
    if fields.is_empty() && listed.is_empty() { Vec::new() } else { std::iter::once(fields).chain(listed).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_are_read_from_what_the_server_prints() {
        let check = |name: &str, formatted: &str, expected: &[&str]| {
            assert_eq!(modifiers(&QualifiedName::new("pg_catalog", name), formatted), expected, "{formatted}");
        };
        check("numeric", "numeric(10,2)", &["10", "2"]);
        check("varchar", "character varying(10)[]", &["10"]);
        check("timestamptz", "timestamp(3) with time zone", &["3"]);
        check("interval", "interval(3)", &["", "3"]);
        check("interval", "interval day to second(3)", &["day to second", "3"]);
        check("interval", "interval year[]", &["year"]);
        check("geometry", "public.geometry(Point,4326)", &["point", "4326"]);
    }
}
