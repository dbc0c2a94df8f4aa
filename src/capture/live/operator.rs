//! Operators, their classes and families, casts, collations and conversions.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Deserialize;

use crate::capture::script::{dependency, operator};
use crate::catalog::{
    Cast, CastContext, CastMethod, Collation, Conversion, DataType, Definition, Dependency, Identity, Kind, Object, Operator,
    OperatorClass, OperatorClassItem, OperatorFamily,
};

use super::known::{Known, Oid};
use super::rows::{Answers, Row};
use super::{Builder, CaptureError};

#[derive(Deserialize)]
pub(super) struct CollationRow {
    oid: Oid,
    schema: String,
    name: String,
    owner: String,
    provider: String,
    deterministic: bool,
    collate: Option<String>,
    ctype: Option<String>,
    #[serde(default)]
    locale: Option<String>,
    #[serde(default)]
    rules: Option<String>,
}

impl Row for CollationRow {
    const QUERY: &'static str = "
        SELECT c.oid::int8 AS oid, n.nspname AS schema, c.collname AS name, pg_catalog.pg_get_userbyid(c.collowner) AS owner,
            c.collprovider AS provider, c.collisdeterministic AS deterministic, c.collcollate AS collate, c.collctype AS ctype
            , c.colliculocale AS locale -- since 15 -- before 17
            , c.colllocale AS locale -- since 17
            , c.collicurules AS rules -- since 16
        FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
        WHERE $own";
}

pub(super) fn collations(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<CollationRow>()? {
        if it.known.is_member("pg_collation", row.oid) {
            continue;
        }
        let identity = Identity::new(Kind::Collation, row.schema, row.name);
        let provider = match row.provider.as_str() {
            "i" => "icu",
            "b" => "builtin",
            _ => "libc",
        };
        let is_libc = provider == "libc";
        let collation = Collation {
            provider: provider.to_owned(),
            // Before PostgreSQL 15 the locale of ICU stands where that of libc does.
            locale: row.locale.or_else(|| row.collate.clone()).filter(|_| !is_libc),
            collate: row.collate.filter(|_| is_libc),
            ctype: row.ctype.filter(|_| is_libc),
            rules: row.rules,
            deterministic: row.deterministic,
        };
        let object = it.object(&identity, Definition::Collation(collation), row.owner, None);
        it.put("pg_collation", row.oid, identity, object);
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct ConversionRow {
    oid: Oid,
    schema: String,
    name: String,
    owner: String,
    source: String,
    target: String,
    function: Oid,
    is_default: bool,
}

impl Row for ConversionRow {
    const QUERY: &'static str = "
        SELECT c.oid::int8 AS oid, n.nspname AS schema, c.conname AS name, pg_catalog.pg_get_userbyid(c.conowner) AS owner,
            pg_catalog.pg_encoding_to_char(c.conforencoding) AS source, pg_catalog.pg_encoding_to_char(c.contoencoding) AS target,
            c.conproc::oid::int8 AS function, c.condefault AS is_default
        FROM pg_catalog.pg_conversion c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
        WHERE $own";
}

pub(super) fn conversions(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<ConversionRow>()? {
        if it.known.is_member("pg_conversion", row.oid) {
            continue;
        }
        let mut needs = BTreeSet::new();
        let Some(function) = it.known.called(row.function, &mut needs) else { continue };
        let conversion = Conversion { default: row.is_default, source: row.source, target: row.target, function };
        let identity = Identity::new(Kind::Conversion, row.schema, row.name);
        let mut object = it.object(&identity, Definition::Conversion(conversion), row.owner, None);
        object.dependencies.extend(needs);
        it.put("pg_conversion", row.oid, identity, object);
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct OperatorRow {
    oid: Oid,
    schema: String,
    name: String,
    owner: String,
    left: Oid,
    right: Oid,
    function: Oid,
    commutator: Oid,
    negator: Oid,
    restrict: Oid,
    join: Oid,
    hashes: bool,
    merges: bool,
}

impl Row for OperatorRow {
    // A shell that only a commutator or negator speaks of has no function.
    const QUERY: &'static str = "
        SELECT o.oid::int8 AS oid, n.nspname AS schema, o.oprname AS name, pg_catalog.pg_get_userbyid(o.oprowner) AS owner,
            o.oprleft::int8 AS left, o.oprright::int8 AS right, o.oprcode::oid::int8 AS function, o.oprcom::int8 AS commutator,
            o.oprnegate::int8 AS negator, o.oprrest::oid::int8 AS restrict, o.oprjoin::oid::int8 AS join, o.oprcanhash AS hashes,
            o.oprcanmerge AS merges
        FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
        WHERE o.oprcode::oid <> 0 AND $own";
}

/// Operators, families, classes and casts.
pub(super) fn operators(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<OperatorRow>()? {
        if it.known.is_member("pg_operator", row.oid) {
            continue;
        }
        let operands = vec![it.known.data_type(row.left, None), it.known.data_type(row.right, None)];
        let mut needs = BTreeSet::new();
        operands.iter().for_each(|operand| it.state.type_dependencies(operand, &mut needs));
        let Some(function) = it.known.called(row.function, &mut needs) else { continue };
        let operator = Operator {
            function,
            commutator: it.known.name("pg_operator", row.commutator).cloned(),
            negator: it.known.name("pg_operator", row.negator).cloned(),
            restrict: it.known.called(row.restrict, &mut needs),
            join: it.known.called(row.join, &mut needs),
            hashes: row.hashes,
            merges: row.merges,
        };
        let identity = Identity::new(Kind::Operator, row.schema, row.name).with_arguments(operands);
        let mut object = it.object(&identity, Definition::Operator(operator), row.owner, None);
        object.dependencies.extend(needs);
        it.put("pg_operator", row.oid, identity, object);
    }
    let mut members = Members::new(answers)?;
    families(it, answers, &mut members)?;
    classes(it, answers, &mut members)?;
    casts(it, answers)
}

#[derive(Deserialize)]
pub(super) struct FamilyRow {
    oid: Oid,
    schema: String,
    name: String,
    owner: String,
    method: String,
}

impl Row for FamilyRow {
    const QUERY: &'static str = "
        SELECT f.oid::int8 AS oid, n.nspname AS schema, f.opfname AS name, pg_catalog.pg_get_userbyid(f.opfowner) AS owner,
            m.amname AS method
        FROM pg_catalog.pg_opfamily f
        JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
        JOIN pg_catalog.pg_am m ON m.oid = f.opfmethod
        WHERE $own";
}

#[derive(Deserialize)]
pub(super) struct ClassRow {
    oid: Oid,
    schema: String,
    name: String,
    owner: String,
    method: String,
    family: Oid,
    data_type: Oid,
    storage: Oid,
    is_default: bool,
}

impl Row for ClassRow {
    const QUERY: &'static str = "
        SELECT c.oid::int8 AS oid, n.nspname AS schema, c.opcname AS name, pg_catalog.pg_get_userbyid(c.opcowner) AS owner,
            m.amname AS method, c.opcfamily::int8 AS family, c.opcintype::int8 AS data_type, c.opckeytype::int8 AS storage,
            c.opcdefault AS is_default
        FROM pg_catalog.pg_opclass c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace
        JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod
        WHERE $own";
}

#[derive(Deserialize)]
pub(super) struct MemberOperatorRow {
    family: Oid,
    class: Option<Oid>,
    number: u16,
    operator: Oid,
    left: Oid,
    right: Oid,
    order_by: Oid,
}

impl Row for MemberOperatorRow {
    const QUERY: &'static str = "
        SELECT a.amopfamily::int8 AS family, d.refobjid::int8 AS class, a.amopstrategy AS number, a.amopopr::int8 AS operator,
            a.amoplefttype::int8 AS left, a.amoprighttype::int8 AS right, a.amopsortfamily::int8 AS order_by
        FROM pg_catalog.pg_amop a
        LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_amop'::pg_catalog.regclass AND d.objid = a.oid
            AND d.refclassid = 'pg_catalog.pg_opclass'::pg_catalog.regclass
        WHERE a.oid >= 16384";
}

#[derive(Deserialize)]
pub(super) struct MemberFunctionRow {
    family: Oid,
    class: Option<Oid>,
    number: u16,
    function: Oid,
    left: Oid,
    right: Oid,
}

impl Row for MemberFunctionRow {
    const QUERY: &'static str = "
        SELECT a.amprocfamily::int8 AS family, d.refobjid::int8 AS class, a.amprocnum AS number, a.amproc::oid::int8 AS function,
            a.amproclefttype::int8 AS left, a.amprocrighttype::int8 AS right
        FROM pg_catalog.pg_amproc a
        LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_amproc'::pg_catalog.regclass AND d.objid = a.oid
            AND d.refclassid = 'pg_catalog.pg_opclass'::pg_catalog.regclass
        WHERE a.oid >= 16384";
}

/// The members of families, by the class that owns them or the family.
struct Members {
    operators: HashMap<Oid, Vec<MemberOperatorRow>>,
    functions: HashMap<Oid, Vec<MemberFunctionRow>>,
}

impl Members {
    fn new(answers: &Answers) -> Result<Self, CaptureError> {
        let mut members = Self { operators: HashMap::new(), functions: HashMap::new() };
        // A family that is no object of ours has its members in the class that is for their type.
        let families: HashSet<Oid> = answers.rows::<FamilyRow>()?.iter().map(|it| it.oid).collect();
        let classes: HashMap<(Oid, Oid), Oid> = answers.rows::<ClassRow>()?.iter().map(|it| ((it.family, it.data_type), it.oid)).collect();
        let owner = |family: Oid, class: Option<Oid>, left: Oid| {
            class.or_else(|| classes.get(&(family, left)).copied().filter(|_| !families.contains(&family))).unwrap_or(family)
        };
        for row in answers.rows::<MemberOperatorRow>()? {
            members.operators.entry(owner(row.family, row.class, row.left)).or_default().push(row);
        }
        for row in answers.rows::<MemberFunctionRow>()? {
            members.functions.entry(owner(row.family, row.class, row.left)).or_default().push(row);
        }
        Ok(members)
    }

    /// The members of a class or family, sorted, with what they need.
    fn take(&mut self, it: &Builder, owner: Oid, needs: &mut BTreeSet<Dependency>) -> Vec<OperatorClassItem> {
        let mut items = Vec::new();
        let operands = |known: &Known, left: Oid, right: Oid, needs: &mut BTreeSet<Dependency>| -> Vec<DataType> {
            let operands = vec![known.data_type(left, None), known.data_type(right, None)];
            operands.iter().for_each(|operand| it.state.type_dependencies(operand, needs));
            operands
        };
        for row in self.operators.remove(&owner).unwrap_or_default() {
            let operands = operands(&it.known, row.left, row.right, needs);
            let Some(operator) = it.known.named("pg_operator", row.operator, needs) else { continue };
            let order_by = it.known.name("pg_opfamily", row.order_by).cloned();
            items.push(OperatorClassItem::Operator { number: row.number, operator, operands, order_by });
        }
        for row in self.functions.remove(&owner).unwrap_or_default() {
            let operands = operands(&it.known, row.left, row.right, needs);
            let Some(function) = it.known.called_with_arguments(row.function, needs) else { continue };
            items.push(OperatorClassItem::Function { number: row.number, operands, function });
        }
        items.sort();
        items
    }
}

fn families(it: &mut Builder, answers: &Answers, members: &mut Members) -> Result<(), CaptureError> {
    for row in answers.rows::<FamilyRow>()? {
        if it.known.is_member("pg_opfamily", row.oid) {
            continue;
        }
        let identity = Identity { parent: row.method, ..Identity::new(Kind::OperatorFamily, row.schema, row.name) };
        let mut needs = BTreeSet::new();
        needs.extend(dependency::access_method(&it.state, &identity.parent));
        let items = members.take(it, row.oid, &mut needs);
        let mut object = it.object(&identity, Definition::OperatorFamily(OperatorFamily { items }), row.owner, None);
        object.dependencies.extend(needs);
        it.put("pg_opfamily", row.oid, identity, object);
    }
    Ok(())
}

fn classes(it: &mut Builder, answers: &Answers, members: &mut Members) -> Result<(), CaptureError> {
    for row in answers.rows::<ClassRow>()? {
        if it.known.is_member("pg_opclass", row.oid) {
            continue;
        }
        let mut needs = BTreeSet::new();
        let data_type = it.known.data_type(row.data_type, None);
        it.state.type_dependencies(&data_type, &mut needs);
        let mut items = members.take(it, row.oid, &mut needs);
        let own_family = it.known.object("pg_opfamily", row.family).cloned();
        if let Some(family) = own_family.filter(|it| it.kind == Kind::OperatorFamily) {
            operator::give_loose_to_family(&mut it.state, &family, &mut items, &mut needs);
        }
        let storage = (row.storage != 0 && row.storage != row.data_type).then(|| it.known.data_type(row.storage, None));
        if let Some(storage) = &storage {
            it.state.type_dependencies(storage, &mut needs);
        }
        let mut family_needs = BTreeSet::new();
        let Some(family) = it.known.named("pg_opfamily", row.family, &mut family_needs) else { continue };
        needs.extend(family_needs.into_iter().map(Dependency::auto));
        let class = OperatorClass { default: row.is_default, data_type, family, items, storage };
        let identity = Identity { parent: row.method, ..Identity::new(Kind::OperatorClass, row.schema, row.name) };
        needs.extend(dependency::access_method(&it.state, &identity.parent));
        let mut object = it.object(&identity, Definition::OperatorClass(class), row.owner, None);
        object.dependencies.extend(needs);
        it.put("pg_opclass", row.oid, identity, object);
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct CastRow {
    oid: Oid,
    source: Oid,
    target: Oid,
    function: Oid,
    context: String,
    method: String,
}

impl Row for CastRow {
    // A multirange type makes a cast from its range itself.
    const QUERY: &'static str = "
        SELECT c.oid::int8 AS oid, c.castsource::int8 AS source, c.casttarget::int8 AS target, c.castfunc::int8 AS function,
            c.castcontext AS context, c.castmethod AS method
        FROM pg_catalog.pg_cast c
        WHERE c.oid >= 16384 AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype IN ('e', 'i')
        )";
}

fn casts(it: &mut Builder, answers: &Answers) -> Result<(), CaptureError> {
    for row in answers.rows::<CastRow>()? {
        let arguments = vec![it.known.data_type(row.source, None), it.known.data_type(row.target, None)];
        let mut needs = BTreeSet::new();
        arguments.iter().for_each(|argument| it.state.type_dependencies(argument, &mut needs));
        let method = match row.method.as_str() {
            "i" => CastMethod::InOut,
            "b" => CastMethod::Binary,
            _ => match it.known.called_with_arguments(row.function, &mut needs) {
                Some(function) => CastMethod::Function(function),
                None => continue,
            },
        };
        let context = match row.context.as_str() {
            "i" => CastContext::Implicit,
            "a" => CastContext::Assignment,
            _ => CastContext::Explicit,
        };
        let mut object = Object::new(Definition::Cast(Cast { method, context }));
        object.dependencies = needs.into();
        it.put("pg_cast", row.oid, Identity::global(Kind::Cast, "").with_arguments(arguments), object);
    }
    Ok(())
}
