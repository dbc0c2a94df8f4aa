//! Which function or operator a call means, and the type that comes of it.
//!
//! A compact form of the rules in PostgreSQL's documentation, chapter "Type Conversion" (src/backend/parser/parse_func.c,
//! parse_coerce.c). Where several candidates stay that differ in nothing we ask for, that is an answer too.

use std::borrow::Cow;

use super::builtin::Builtin;
use super::scope::{Typed, is_untyped};
use crate::capture::script::resolve::Resolver;
use crate::catalog::{BaseType, CastContext, DataType, Definition, Identity, Kind, PG_CATALOG};

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Declared<'c> {
    schema: &'c str,
    name: &'c str,
    array: bool,
}

impl<'c> Declared<'c> {
    /// A built-in type by its internal name.
    pub(super) fn builtin(name: &'c str) -> Self {
        let element = name.strip_prefix('_');
        Self { schema: "pg_catalog", name: element.unwrap_or(name), array: element.is_some() }
    }

    /// Any type.
    pub(super) fn of(data_type: &'c DataType) -> Self {
        Self { schema: &data_type.name.schema, name: &data_type.name.name, array: data_type.array }
    }

    /// The type of a parameter that takes any number of these.
    fn element(self) -> Self {
        match self.name {
            "anyarray" => Self { name: "anyelement", ..self },
            "anycompatiblearray" => Self { name: "anycompatible", ..self },
            _ => Self { array: false, ..self },
        }
    }

    fn is_builtin(self) -> bool {
        self.schema == "pg_catalog"
    }

    fn is_polymorphic(self) -> bool {
        self.is_builtin() && self.name.starts_with("any")
    }

    fn is_preferred(&self) -> bool {
        self.is_builtin() && !self.array && Builtin::get().is_preferred(self.name)
    }

    fn data_type(self) -> DataType {
        DataType { array: self.array, ..DataType::named(crate::catalog::QualifiedName::new(self.schema, self.name)) }
    }
}

/// A category of types that a base type says of itself: any letter of ASCII.
fn category_letter(letter: char) -> Option<&'static str> {
    const LETTERS: &str = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
    let at = LETTERS.find(letter)?;
    LETTERS.get(at..=at)
}

/// Something that a call may mean.
#[derive(Clone, Debug)]
pub(super) struct Candidate<'c, T> {
    pub(super) parameters: Cow<'c, [Declared<'c>]>,
    pub(super) variadic: bool,
    pub(super) defaults: usize,
    pub(super) target: T,
}

impl<'c, T> Candidate<'c, T> {
    /// The parameter that each of so many arguments goes to, if so many are taken.
    fn expanded(&self, count: usize, spread: bool) -> Option<Cow<'_, [Declared<'c>]>> {
        let fixed = self.parameters.len();
        if self.variadic && !spread {
            let (last, rest) = self.parameters.split_last()?;
            // `"any"` is variadic by itself.
            let last = if last.name == "any" { *last } else { last.element() };
            if count + self.defaults < rest.len() {
                return None;
            }
            let mut parameters = rest.to_vec();
            parameters.resize(count.max(rest.len()), last);
            parameters.truncate(count);
            return Some(Cow::Owned(parameters));
        }
        (count <= fixed && count + self.defaults >= fixed).then(|| Cow::Borrowed(&self.parameters[..count]))
    }
}

/// How an argument goes into a parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Exact,
    Implicit,
}

impl<'a> Types<'a> {
    /// A type of a member of an extension: of the extension itself, of another one, or of the server.
    pub(super) fn member(&self, extension: &'a Identity, name: &'static str) -> Declared<'a> {
        let element = name.strip_prefix('_').unwrap_or(name);
        let schema = if Builtin::get().category(element).is_some() {
            PG_CATALOG
        } else {
            let has = |it: &Identity| Builtin::extension(&it.name).is_some_and(|it| it.category(element).is_some());
            let owner = Some(extension).filter(|it| has(it));
            let other = || self.resolver.catalog.of_kind(Kind::Extension).map(|(it, _)| it).find(|it| has(it));
            self.resolver.schema_of(owner.or_else(other).unwrap_or(extension))
        };
        Declared { schema, name: element, array: element.len() < name.len() }
    }
}

/// Types as the catalog and the server have them.
#[derive(Clone, Copy)]
pub(super) struct Types<'a> {
    pub(super) resolver: Resolver<'a>,
}

/// A candidate with the parameters that the arguments go to.
pub(super) type Chosen<'c, 'x, T> = (&'x Candidate<'c, T>, Cow<'x, [Declared<'c>]>);

impl Types<'_> {
    fn kind(&self, data_type: &DataType) -> Option<Kind> {
        self.resolver.type_object(&data_type.name).map(|it| it.kind)
    }

    fn category(&self, data_type: &DataType) -> Option<&'static str> {
        if data_type.array {
            return Some("A");
        }
        if data_type.name.is_builtin() {
            return Builtin::get().category(&data_type.name.name);
        }
        match self.kind(data_type)? {
            Kind::BaseType => match &self.resolver.catalog.get(self.resolver.type_object(&data_type.name)?)?.definition {
                Definition::BaseType(BaseType::Defined(it)) => category_letter(it.category),
                _ => None,
            },
            Kind::Enum => Some("E"),
            Kind::Range => Some("R"),
            Kind::Composite | Kind::Table | Kind::View | Kind::MaterializedView | Kind::ForeignTable => Some("C"),
            Kind::Extension => self.extension_of(data_type)?.category(&data_type.name.name),
            _ => None,
        }
    }

    /// The catalog of the extension that a type belongs to.
    fn extension_of(&self, data_type: &DataType) -> Option<&'static Builtin> {
        self.extension_with(&data_type.name.schema, &data_type.name.name)
    }

    fn extension_with(&self, schema: &str, name: &str) -> Option<&'static Builtin> {
        let owner = if schema == PG_CATALOG { None } else { self.resolver.type_named_exactly(schema, name) }?;
        if owner.kind == Kind::Extension { Builtin::extension(&owner.name) } else { None }
    }

    fn is_range(&self, data_type: &DataType, multi: bool) -> bool {
        let name = data_type.name.name.as_str();
        if data_type.array {
            false
        } else if data_type.name.is_builtin() {
            name.ends_with("range") && name.ends_with("multirange") == multi
        } else {
            match self.resolver.type_object(&data_type.name).and_then(|it| self.resolver.catalog.get(it)).map(|it| &it.definition) {
                Some(Definition::Range(range)) => (range.multirange == name) == multi,
                _ => false,
            }
        }
    }

    /// The type that a range is over.
    pub(super) fn subtype(&self, data_type: &DataType) -> Option<DataType> {
        let builtin = |name| Some(DataType::builtin(name));
        if data_type.name.is_builtin() {
            return match data_type.name.name.as_str() {
                "int4range" | "int4multirange" => builtin("int4"),
                "int8range" | "int8multirange" => builtin("int8"),
                "numrange" | "nummultirange" => builtin("numeric"),
                "daterange" | "datemultirange" => builtin("date"),
                "tsrange" | "tsmultirange" => builtin("timestamp"),
                "tstzrange" | "tstzmultirange" => builtin("timestamptz"),
                _ => None,
            };
        }
        match &self.resolver.catalog.get(self.resolver.type_object(&data_type.name)?)?.definition {
            Definition::Range(range) => Some(range.subtype.clone()),
            _ => None,
        }
    }

    fn fit(&self, actual: &DataType, declared: Declared<'_>) -> Option<Fit> {
        let same = |it: &DataType| it.name.name == declared.name && it.name.schema == declared.schema && it.array == declared.array;
        if same(actual) {
            return Some(Fit::Exact);
        }
        let base = self.resolver.base(actual);
        if same(base) {
            return Some(Fit::Exact);
        }
        if declared.is_builtin() && !declared.array {
            let is_array =
                base.array || (base.name.is_builtin() && matches!(base.name.name.as_str(), "int2vector" | "oidvector" | "anyarray"));
            let fits = match declared.name {
                "any" | "anyelement" | "anycompatible" => true,
                "anynonarray" | "anycompatiblenonarray" => !is_array,
                "anyarray" | "anycompatiblearray" => is_array,
                "anyenum" => !base.array && self.kind(base) == Some(Kind::Enum),
                "anyrange" | "anycompatiblerange" => self.is_range(base, false),
                "anymultirange" | "anycompatiblemultirange" => self.is_range(base, true),
                "record" => self.category(base) == Some("C"),
                _ => false,
            };
            if fits {
                return Some(Fit::Implicit);
            }
        }
        if self.is_implicit(base, declared) {
            return Some(Fit::Implicit);
        }
        // What becomes the base type of a domain becomes the domain (`find_coercion_pathway`).
        if declared.is_builtin() || declared.array {
            return None;
        }
        let domain = declared.data_type();
        let below = self.resolver.base_type(&domain).without_modifiers();
        (below != domain && self.fit(actual, Declared::of(&below)).is_some()).then_some(Fit::Implicit)
    }

    /// Whether a value of one type becomes one of the other without being asked to; arrays do if their elements do
    /// (PostgreSQL src/backend/parser/parse_coerce.c, find_coercion_pathway).
    pub(super) fn is_implicit(&self, from: &DataType, to: Declared<'_>) -> bool {
        if from.array != to.array {
            return false;
        }
        if from.name.is_builtin() && to.is_builtin() {
            return Builtin::get().is_implicit(&from.name.name, to.name);
        }
        let of_extension = [self.extension_of(from), self.extension_with(to.schema, to.name)];
        if of_extension.into_iter().flatten().any(|it| it.is_implicit(&from.name.name, to.name)) {
            return true;
        }
        // Few schemas have casts, and this is asked for every candidate of every call.
        self.resolver.has_casts()
            && self.resolver.cast(&from.without_modifiers(), &to.data_type()).is_some_and(|it| it.context == CastContext::Implicit)
    }

    /// Whether a value of one type may stand where the other is wanted.
    pub(super) fn fits(&self, actual: &DataType, wanted: &DataType) -> bool {
        self.fit(actual, Declared::of(wanted)).is_some()
    }

    /// What each argument becomes on its way into the call; none for arguments that give no type to a polymorphic parameter.
    pub(super) fn coerced(&self, parameters: &[Declared<'_>], arguments: &[Typed]) -> Option<Vec<DataType>> {
        let coerced = |(declared, argument): (&Declared<'_>, &Typed)| {
            let actual = argument.data_type.as_ref()?;
            if !declared.is_polymorphic() {
                Some(declared.data_type())
            } else if declared.name == "any" || !is_untyped(actual) && !declared.name.starts_with("anycompatible") {
                // What is exposed is the argument's own type.
                Some(if declared.name == "anyarray" { self.resolver.base_type(actual) } else { actual.clone() }.without_modifiers())
            } else {
                self.result(*declared, parameters, arguments)
            }
        };
        parameters.iter().zip(arguments).map(coerced).collect()
    }

    /// The candidate that the server takes, where all types are known: PostgreSQL src/backend/parser/parse_func.c, func_get_detail
    /// and func_select_candidate; for operators parse_oper.c, binary_oper_exact.
    fn select<'c, 'x, T>(&self, left: &[Chosen<'c, 'x, T>], actual: &[&DataType], operator: bool) -> Option<Chosen<'c, 'x, T>> {
        let same = |declared: &Declared<'_>, it: &DataType| {
            it.name.name == declared.name && it.name.schema == declared.schema && it.array == declared.array
        };
        let exact = |types: &[&DataType]| {
            left.iter().find(|(_, parameters)| parameters.iter().zip(types).all(|(declared, it)| same(declared, it))).cloned()
        };
        let bases: Vec<DataType> = actual.iter().map(|it| self.resolver.base_type(it).without_modifiers()).collect();
        let unknown: Vec<bool> = actual.iter().map(|it| is_untyped(it)).collect();
        let found = match (actual, unknown.as_slice()) {
            // A bare literal beside a known type is taken to be of that type.
            ([_, known], [true, false]) if operator => exact(&[known, known]).or_else(|| exact(&[&bases[1], &bases[1]])),
            ([known, _], [false, true]) if operator => exact(&[known, known]).or_else(|| exact(&[&bases[0], &bases[0]])),
            _ => exact(actual),
        };
        if found.is_some() {
            return found;
        }
        let coercible = |parameters: &[Declared<'c>], types: &[&DataType]| {
            let fits = parameters.iter().zip(types).all(|(declared, it)| is_untyped(it) || self.fit(it, *declared).is_some());
            fits && self.is_consistent(parameters, types)
        };
        let mut left: Vec<Chosen<'c, 'x, T>> = left.iter().filter(|(_, parameters)| coercible(parameters, actual)).cloned().collect();
        let keep_best = |left: &mut Vec<Chosen<'c, 'x, T>>, score: &dyn Fn(usize, &Declared<'c>) -> bool| {
            let count = |parameters: &[Declared<'c>]| parameters.iter().enumerate().filter(|(n, it)| !unknown[*n] && score(*n, it)).count();
            if let Some(best) = left.iter().map(|(_, parameters)| count(parameters)).max() {
                left.retain(|(_, parameters)| count(parameters) == best);
            }
        };
        if left.len() > 1 {
            keep_best(&mut left, &|n, declared| same(declared, &bases[n]));
        }
        let categories: Vec<Option<&'static str>> = bases.iter().map(|it| self.category(it)).collect();
        if left.len() > 1 {
            keep_best(&mut left, &|n, declared| {
                same(declared, &bases[n]) || declared.is_preferred() && self.declared_category(declared) == categories[n]
            });
        }
        if left.len() > 1 && unknown.contains(&true) {
            let mut resolved = Vec::new();
            for slot in (0..actual.len()).filter(|slot| unknown[*slot]) {
                let found: Vec<(Option<&str>, bool)> = left
                    .iter()
                    .map(|(_, parameters)| (self.declared_category(&parameters[slot]), parameters[slot].is_preferred()))
                    .collect();
                let first = found.first().and_then(|it| it.0);
                let category = if found.iter().any(|it| it.0 == Some("S")) { Some("S") } else { first };
                let conflict = category != Some("S") && found.iter().any(|it| it.0 != category);
                resolved.push((!conflict).then(|| (slot, category, found.iter().any(|it| it.0 == category && it.1))));
            }
            if let Some(slots) = resolved.into_iter().collect::<Option<Vec<_>>>() {
                let fitting: Vec<_> = left
                    .iter()
                    .filter(|(_, parameters)| {
                        slots.iter().all(|(slot, category, preferred)| {
                            let declared = &parameters[*slot];
                            self.declared_category(declared) == *category && (!preferred || declared.is_preferred())
                        })
                    })
                    .cloned()
                    .collect();
                if !fitting.is_empty() {
                    left = fitting;
                }
            }
            if left.len() > 1
                && let Some(known) = bases.iter().zip(&unknown).find(|(_, unknown)| !**unknown).map(|(it, _)| it)
                && bases.iter().zip(&unknown).all(|(it, unknown)| *unknown || it == known)
            {
                let all = vec![known; bases.len()];
                let fitting: Vec<_> = left.iter().filter(|(_, parameters)| coercible(parameters, &all)).cloned().collect();
                if fitting.len() == 1 {
                    left = fitting;
                }
            }
        }
        if left.len() == 1 { left.pop() } else { None }
    }

    /// The category of a parameter's type; that of a polymorphic one is `P`.
    fn declared_category(&self, declared: &Declared<'_>) -> Option<&'static str> {
        if declared.is_polymorphic() { Some("P") } else { self.category(&declared.data_type()) }
    }

    /// Whether the arguments of polymorphic parameters agree: PostgreSQL src/backend/parser/parse_coerce.c,
    /// check_generic_type_consistency.
    fn is_consistent(&self, parameters: &[Declared<'_>], types: &[&DataType]) -> bool {
        let mut element: Option<DataType> = None;
        let mut agrees = |found: Option<DataType>| match (&element, found) {
            (_, None) => false,
            (Some(element), Some(found)) => *element == found,
            (None, Some(found)) => {
                element = Some(found);
                true
            }
        };
        parameters.iter().zip(types).filter(|(declared, it)| declared.is_builtin() && !is_untyped(it)).all(|(declared, it)| match declared
            .name
        {
            "anyelement" | "anynonarray" | "anyenum" => agrees(Some(it.without_modifiers())),
            "anyarray" => agrees(self.element(it)),
            "anyrange" | "anymultirange" => agrees(self.subtype(it)),
            _ => true,
        })
    }

    /// The type of an array's elements.
    pub(super) fn element(&self, array: &DataType) -> Option<DataType> {
        let base = self.resolver.base_type(array);
        match base.name.name.as_str() {
            "int2vector" if !base.array => Some(DataType::builtin("int2")),
            "oidvector" if !base.array => Some(DataType::builtin("oid")),
            _ => base.array.then_some(DataType { array: false, ..base.without_modifiers() }),
        }
    }

    /// The candidates that a call with these arguments may mean, the best only.
    pub(super) fn choose<'c, 'x, T>(
        &self,
        candidates: &'x [Candidate<'c, T>],
        arguments: &[Typed],
        spread: bool,
        operator: bool,
    ) -> Vec<Chosen<'c, 'x, T>> {
        let mut left: Vec<Chosen<'c, 'x, T>> =
            candidates.iter().filter_map(|it| Some((it, it.expanded(arguments.len(), spread)?))).collect();
        // Of two that take the same the one that is not variadic: PostgreSQL src/backend/catalog/namespace.c, FuncnameGetCandidates.
        if !spread && left.iter().any(|(it, _)| it.variadic) {
            let plain: Vec<Vec<Declared<'c>>> = left.iter().filter(|(it, _)| !it.variadic).map(|(_, it)| it.to_vec()).collect();
            left.retain(|(it, parameters)| !it.variadic || !plain.iter().any(|it| it[..] == parameters[..]));
        }
        let known: Option<Vec<&DataType>> = arguments.iter().map(|it| it.data_type.as_ref()).collect();
        if let Some(found) = known.and_then(|known| self.select(&left, &known, operator)) {
            return vec![found];
        }
        // An argument of unknown type tells nothing, and fits everywhere.
        let actual: Vec<Option<&DataType>> = arguments.iter().map(|it| it.data_type.as_ref().filter(|it| !is_untyped(it))).collect();
        let fits = |parameters: &[Declared<'c>], actual: &[Option<&DataType>]| -> Option<(usize, usize)> {
            // An array beside elements: what goes in as an element is no array.
            let is = |name: &str| {
                parameters.iter().zip(actual).any(|(it, actual)| it.is_builtin() && it.name == name && actual.is_some_and(|it| it.array))
            };
            if is("anyarray") && is("anyelement") || is("anycompatiblearray") && is("anycompatible") {
                return None;
            }
            let mut exact = 0;
            let mut preferred = 0;
            for (declared, actual) in parameters.iter().zip(actual) {
                let Some(actual) = actual else { continue };
                match self.fit(actual, *declared)? {
                    Fit::Exact => {
                        exact += 1;
                        preferred += 1;
                    }
                    Fit::Implicit => preferred += usize::from(declared.is_preferred()),
                }
            }
            Some((exact, preferred))
        };
        // A bare literal beside a known type is taken to be of that type.
        if operator && let [Some(known), None] | [None, Some(known)] = actual.as_slice() {
            let base = self.resolver.base(known);
            let both = [Some(base), Some(base)];
            let exact: Vec<_> =
                left.iter().filter(|(_, parameters)| fits(parameters, &both).is_some_and(|(exact, _)| exact == 2)).cloned().collect();
            if !exact.is_empty() {
                return exact;
            }
        }
        left.retain(|(_, parameters)| fits(parameters, &actual).is_some());
        let mut keep = |score: &dyn Fn(&[Declared<'c>]) -> usize| {
            if left.len() < 2 {
                return;
            }
            if let Some(best) = left.iter().map(|(_, parameters)| score(parameters)).max() {
                left.retain(|(_, parameters)| score(parameters) == best);
            }
        };
        keep(&|parameters| fits(parameters, &actual).map_or(0, |(exact, _)| exact));
        keep(&|parameters| fits(parameters, &actual).map_or(0, |(_, preferred)| preferred));
        // Bare literals: as strings where some candidate takes one, as the preferred type of a category otherwise.
        for (n, argument) in arguments.iter().enumerate() {
            if left.len() < 2 || !argument.is_untyped() {
                continue;
            }
            let declared = |parameters: &[Declared<'c>]| parameters.get(n).copied();
            let category = |it: Declared<'_>| if it.is_polymorphic() { None } else { self.category(&it.data_type()) };
            let strings = left.iter().any(|(_, parameters)| declared(parameters).and_then(category) == Some("S"));
            if strings {
                left.retain(|(_, parameters)| declared(parameters).and_then(category) == Some("S"));
            }
            // Where they are of several categories, the server does not choose.
            let first = left.first().and_then(|(_, parameters)| declared(parameters).and_then(category));
            let agree = left.iter().all(|(_, parameters)| declared(parameters).and_then(category) == first);
            let is_preferred = |it: Declared<'_>| it.is_preferred();
            if agree && left.iter().any(|(_, parameters)| declared(parameters).is_some_and(is_preferred)) {
                left.retain(|(_, parameters)| declared(parameters).is_some_and(is_preferred));
            }
        }
        // All known arguments of one type: the others are taken to be of it too.
        let mut known = actual.iter().flatten();
        if left.len() > 1
            && let Some(first) = known.next()
            && known.all(|it| it == first)
        {
            let all: Vec<Option<&DataType>> = vec![Some(first); arguments.len()];
            let fitting: Vec<_> = left.iter().filter(|(_, parameters)| fits(parameters, &all).is_some()).cloned().collect();
            if !fitting.is_empty() {
                left = fitting;
            }
        }
        left
    }

    /// The result of a call: the declared one, or what the arguments make of a polymorphic one.
    pub(super) fn result(&self, declared: Declared<'_>, parameters: &[Declared<'_>], arguments: &[Typed]) -> Option<DataType> {
        if !declared.is_polymorphic() {
            return Some(declared.data_type());
        }
        let compatible = declared.name.starts_with("anycompatible");
        let pairs = || {
            parameters
                .iter()
                .zip(arguments)
                .filter(|(it, _)| it.is_polymorphic() && it.name.starts_with("anycompatible") == compatible)
                .filter_map(|(parameter, argument)| Some((parameter.name, argument.data_type.as_ref().filter(|it| !is_untyped(it))?)))
        };
        if declared.name.ends_with("range") {
            let multi = declared.name.ends_with("multirange");
            let same = pairs().find(|(_, it)| self.is_range(it, multi)).map(|(_, it)| it.without_modifiers());
            return same.or_else(|| pairs().find_map(|(_, it)| self.range_beside(it, multi)));
        }
        let elements: Vec<Typed> = pairs()
            .filter_map(|(name, actual)| {
                if name.ends_with("array") && !name.ends_with("nonarray") {
                    self.element(actual)
                } else if name.ends_with("range") {
                    self.subtype(actual)
                } else {
                    Some(actual.without_modifiers())
                }
            })
            .map(Typed::of)
            .collect();
        let element = match elements.as_slice() {
            // Literals only.
            [] if arguments.iter().any(Typed::is_untyped) => DataType::builtin("text"),
            [] => return None,
            [first, ..] if !compatible => first.data_type.clone()?,
            elements => self.common(elements)?,
        };
        if declared.name.ends_with("array") && !declared.name.ends_with("nonarray") {
            return (!element.array).then(|| DataType { array: true, ..element.without_modifiers() });
        }
        Some(element)
    }

    /// The multirange of a range, or the range of a multirange.
    fn range_beside(&self, data_type: &DataType, multi: bool) -> Option<DataType> {
        if !self.is_range(data_type, !multi) {
            return None;
        }
        let name = &data_type.name;
        if name.is_builtin() {
            let other = if multi { name.name.replace("range", "multirange") } else { name.name.replace("multirange", "range") };
            return Some(DataType::named(crate::catalog::QualifiedName::new(PG_CATALOG, other)));
        }
        let identity = self.resolver.type_object(name)?;
        let Some(Definition::Range(range)) = self.resolver.catalog.get(identity).map(|it| &it.definition) else { return None };
        let other = if multi { range.multirange.clone() } else { identity.name.clone() };
        Some(DataType::named(crate::catalog::QualifiedName::new(identity.schema.clone(), other)))
    }

    /// The type of a UNION's column, a CASE, a COALESCE, an array: PostgreSQL's select_common_type.
    pub(super) fn common(&self, values: &[Typed]) -> Option<DataType> {
        let mut known = values.iter().filter(|it| !it.is_untyped());
        let Some(first) = known.next() else { return Some(DataType::builtin("text")) };
        let first = first.data_type.as_ref()?;
        let all: Vec<&DataType> = values.iter().filter(|it| !it.is_untyped()).map(|it| it.data_type.as_ref()).collect::<Option<_>>()?;
        if all.iter().all(|it| *it == first) {
            // A literal beside a domain makes it what the domain is of.
            return Some(if all.len() == values.len() { first.clone() } else { self.resolver.base_type(first).without_modifiers() });
        }
        if all.iter().all(|it| it.name == first.name && it.array == first.array) {
            return Some(first.without_modifiers());
        }
        let mut chosen = self.resolver.base_type(first).without_modifiers();
        for candidate in &all[1..] {
            let candidate = self.resolver.base_type(candidate).without_modifiers();
            let preferred = Declared::of(&chosen).is_preferred();
            if candidate != chosen && self.category(&candidate) == self.category(&chosen) && !preferred {
                let forth = self.fit(&chosen, Declared::of(&candidate)).is_some();
                let back = self.fit(&candidate, Declared::of(&chosen)).is_some();
                if forth && !back {
                    chosen = candidate;
                }
            }
        }
        Some(chosen)
    }
}
