//! Which function or operator a call means, and the type that comes of it.
//!
//! A compact form of the rules in PostgreSQL's documentation, chapter "Type Conversion" (src/backend/parser/parse_func.c,
//! parse_coerce.c). Where several candidates stay that differ in nothing we ask for, that is an answer too.

use super::builtin::Builtin;
use super::scope::{Typed, is_untyped};
use crate::capture::script::resolve::Resolver;
use crate::catalog::{DataType, Definition, Kind};

/// The type of a parameter.
#[derive(Clone, Copy, Debug)]
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

    fn data_type(self) -> DataType {
        DataType { array: self.array, ..DataType::named(crate::catalog::QualifiedName::new(self.schema, self.name)) }
    }
}

/// Something that a call may mean.
#[derive(Clone, Debug)]
pub(super) struct Candidate<'c, T> {
    pub(super) parameters: Vec<Declared<'c>>,
    pub(super) variadic: bool,
    pub(super) defaults: usize,
    pub(super) target: T,
}

impl<'c, T> Candidate<'c, T> {
    /// The parameter that each of so many arguments goes to, if so many are taken.
    fn expanded(&self, count: usize, spread: bool) -> Option<Vec<Declared<'c>>> {
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
            return Some(parameters);
        }
        (count <= fixed && count + self.defaults >= fixed).then(|| self.parameters[..count].to_vec())
    }
}

/// How an argument goes into a parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Exact,
    Implicit,
}

/// Types as the catalog and the server have them.
#[derive(Clone, Copy)]
pub(super) struct Types<'a> {
    pub(super) resolver: Resolver<'a>,
}

/// A candidate with the parameters that the arguments go to.
pub(super) type Chosen<'c, 'x, T> = (&'x Candidate<'c, T>, Vec<Declared<'c>>);

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
            Kind::Enum => Some("E"),
            Kind::Range => Some("R"),
            Kind::Composite | Kind::Table | Kind::View | Kind::MaterializedView | Kind::ForeignTable => Some("C"),
            _ if data_type.name.name == "citext" => Some("S"),
            _ => None,
        }
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
    fn subtype(&self, data_type: &DataType) -> Option<DataType> {
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
        let base = self.resolver.base_type(actual);
        if same(&base) {
            return Some(Fit::Exact);
        }
        if declared.is_builtin() && !declared.array {
            let is_array =
                base.array || (base.name.is_builtin() && matches!(base.name.name.as_str(), "int2vector" | "oidvector" | "anyarray"));
            let fits = match declared.name {
                "any" | "anyelement" | "anycompatible" => true,
                "anynonarray" | "anycompatiblenonarray" => !is_array,
                "anyarray" | "anycompatiblearray" => is_array,
                "anyenum" => !base.array && self.kind(&base) == Some(Kind::Enum),
                "anyrange" | "anycompatiblerange" => self.is_range(&base, false),
                "anymultirange" | "anycompatiblemultirange" => self.is_range(&base, true),
                "record" => self.category(&base) == Some("C"),
                // Extensions make their casts out of our sight; this one everybody uses.
                "text" => !base.array && base.name.name == "citext",
                _ => false,
            };
            if fits {
                return Some(Fit::Implicit);
            }
        }
        let cast = base.array == declared.array
            && base.name.is_builtin()
            && declared.is_builtin()
            && Builtin::get().is_implicit(&base.name.name, declared.name);
        cast.then_some(Fit::Implicit)
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
                    Fit::Implicit => {
                        preferred += usize::from(declared.is_builtin() && !declared.array && Builtin::get().is_preferred(declared.name))
                    }
                }
            }
            Some((exact, preferred))
        };
        // A bare literal beside a known type is taken to be of that type.
        if operator && let [Some(known), None] | [None, Some(known)] = actual.as_slice() {
            let base = self.resolver.base_type(known);
            let both = [Some(&base), Some(&base)];
            let exact: Vec<_> =
                left.iter().filter(|(_, parameters)| fits(parameters, &both).is_some_and(|(exact, _)| exact == 2)).cloned().collect();
            if !exact.is_empty() {
                return exact;
            }
        }
        left.retain(|(_, parameters)| fits(parameters, &actual).is_some());
        let mut keep = |score: &dyn Fn(&[Declared<'c>]) -> usize| {
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
            let is_preferred = |it: Declared<'_>| it.is_builtin() && !it.array && Builtin::get().is_preferred(it.name);
            if left.iter().any(|(_, parameters)| declared(parameters).is_some_and(is_preferred)) {
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
            return pairs().find(|(_, it)| self.is_range(it, multi)).map(|(_, it)| it.without_modifiers());
        }
        let elements: Vec<Typed> = pairs()
            .filter_map(|(name, actual)| {
                if name.ends_with("array") && !name.ends_with("nonarray") {
                    let base = self.resolver.base_type(actual);
                    match base.name.name.as_str() {
                        "int2vector" if !base.array => Some(DataType::builtin("int2")),
                        "oidvector" if !base.array => Some(DataType::builtin("oid")),
                        _ => base.array.then_some(DataType { array: false, ..base }),
                    }
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

    /// The type of a UNION's column, a CASE, a COALESCE, an array: PostgreSQL's select_common_type.
    pub(super) fn common(&self, values: &[Typed]) -> Option<DataType> {
        let mut known = values.iter().filter(|it| !it.is_untyped());
        let Some(first) = known.next() else { return Some(DataType::builtin("text")) };
        let first = first.data_type.as_ref()?;
        let all: Vec<&DataType> = values.iter().filter(|it| !it.is_untyped()).map(|it| it.data_type.as_ref()).collect::<Option<_>>()?;
        if all.iter().all(|it| *it == first) {
            return Some(if all.len() == values.len() { first.clone() } else { first.without_modifiers() });
        }
        if all.iter().all(|it| it.name == first.name && it.array == first.array) {
            return Some(first.without_modifiers());
        }
        let mut chosen = self.resolver.base_type(first).without_modifiers();
        for candidate in &all[1..] {
            let candidate = self.resolver.base_type(candidate).without_modifiers();
            let preferred = !chosen.array && chosen.name.is_builtin() && Builtin::get().is_preferred(&chosen.name.name);
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
