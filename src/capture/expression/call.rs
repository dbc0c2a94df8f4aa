//! Calls of functions and operators: which is meant, where it lives, and what it gives.

use pg_query::NodeEnum;
use pg_query::protobuf::{self, AExprKind, CoercionForm, Node};

use super::analysis::{Analysis, Literal, object_name, string};
use super::builtin::Builtin;
use super::infer::{Candidate, Declared};
use super::scope::Typed;
use super::value::{is_plain_operator, literal_text};
use crate::capture::script::resolve::Unresolved;
use crate::catalog::{Argument, ArgumentMode, DataType, Definition, Identity, Kind, PG_CATALOG, QualifiedName};

/// Functions that give a value whatever they are given; sorted.
const NEVER_NULL: [&str; 41] = [
    "array",
    "clock_timestamp",
    "concat",
    "count",
    "cume_dist",
    "current_database",
    "current_user",
    "dense_rank",
    "gen_random_uuid",
    "grouping",
    "json_build_array",
    "json_build_object",
    "jsonb_build_array",
    "jsonb_build_object",
    "localtime",
    "localtimestamp",
    "nextval",
    "now",
    "num_nonnulls",
    "num_nulls",
    "percent_rank",
    "pg_backend_pid",
    "pg_postmaster_start_time",
    "pi",
    "quote_nullable",
    "random",
    "rank",
    "regr_count",
    "row_number",
    "session_user",
    "set_config",
    "statement_timestamp",
    "timeofday",
    "transaction_timestamp",
    "txid_current",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "uuid_nil",
    "uuidv4",
    "uuidv7",
    "version",
];

/// Functions that give a value wherever all of their arguments are one; sorted.
const TOTAL: [&str; 99] = [
    "abs",
    "acos",
    "age",
    "array_append",
    "array_cat",
    "array_prepend",
    "array_remove",
    "array_replace",
    "array_to_json",
    "ascii",
    "asin",
    "atan",
    "atan2",
    "bit_length",
    "btrim",
    "cardinality",
    "cbrt",
    "ceil",
    "ceiling",
    "char_length",
    "character_length",
    "chr",
    "cos",
    "date_bin",
    "date_part",
    "date_trunc",
    "decode",
    "degrees",
    "div",
    "encode",
    "exp",
    "extract",
    "float4",
    "float8",
    "floor",
    "format",
    "initcap",
    "int2",
    "int4",
    "int8",
    "isfinite",
    "jsonb_array_length",
    "jsonb_pretty",
    "jsonb_set",
    "jsonb_strip_nulls",
    "justify_days",
    "justify_hours",
    "justify_interval",
    "left",
    "length",
    "ln",
    "log",
    "lower",
    "lpad",
    "ltrim",
    "make_date",
    "make_interval",
    "make_time",
    "make_timestamp",
    "md5",
    "mod",
    "ntile",
    "numeric",
    "octet_length",
    "overlay",
    "position",
    "power",
    "quote_ident",
    "quote_literal",
    "radians",
    "regexp_replace",
    "repeat",
    "replace",
    "reverse",
    "right",
    "round",
    "row_to_json",
    "rpad",
    "rtrim",
    "setweight",
    "sha256",
    "sign",
    "sin",
    "split_part",
    "sqrt",
    "starts_with",
    "strpos",
    "substr",
    "timezone",
    "to_char",
    "to_date",
    "to_hex",
    "to_json",
    "to_jsonb",
    "to_timestamp",
    "to_tsvector",
    "translate",
    "trunc",
    "upper",
];

/// Operators that give a value wherever both sides are one; sorted.
const TOTAL_OPERATORS: [&str; 25] = [
    "!~", "!~*", "!~~", "!~~*", "%", "&&", "*", "+", "-", "/", "<", "<=", "<>", "<@", "=", ">", ">=", "@>", "@@", "^", "||", "~", "~*",
    "~~", "~~*",
];

/// Results of functions that popular extensions bring, of which no catalog tells; sorted.
const EXTENSION_RESULTS: [(&str, &str); 29] = [
    ("crypt", "text"),
    ("digest", "bytea"),
    ("encrypt", "bytea"),
    ("gen_random_bytes", "bytea"),
    ("gen_salt", "text"),
    ("hmac", "bytea"),
    ("levenshtein", "int4"),
    ("metaphone", "text"),
    ("nlevel", "int4"),
    ("pgp_sym_decrypt", "text"),
    ("pgp_sym_encrypt", "bytea"),
    ("similarity", "float4"),
    ("soundex", "text"),
    ("st_area", "float8"),
    ("st_asgeojson", "text"),
    ("st_astext", "text"),
    ("st_contains", "bool"),
    ("st_distance", "float8"),
    ("st_dwithin", "bool"),
    ("st_intersects", "bool"),
    ("st_length", "float8"),
    ("st_srid", "int4"),
    ("st_within", "bool"),
    ("st_x", "float8"),
    ("st_y", "float8"),
    ("unaccent", "text"),
    ("uuid_generate_v1", "uuid"),
    ("uuid_generate_v4", "uuid"),
    ("word_similarity", "float4"),
];

/// Operators that tell true or false for every type.
const COMPARISONS: [&str; 14] = ["<", "<=", "<>", "=", ">", ">=", "~", "~*", "~~", "~~*", "!~", "!~*", "!~~", "!~~*"];

/// What a name of a function may stand for.
#[derive(Clone, Copy, Debug)]
enum Callee<'a> {
    Builtin(&'static super::builtin::Function),
    User(&'a Identity),
}

impl<'a> Analysis<'a> {
    pub(super) fn function_call(&mut self, it: &mut protobuf::FuncCall) -> Result<Typed, Unresolved> {
        self.named_literals(it)?;
        let arguments = self.all(&mut it.args)?;
        self.sort(&mut it.agg_order)?;
        self.maybe(it.agg_filter.as_deref_mut())?;
        if let Some(window) = it.over.as_deref_mut() {
            self.window(window)?;
        }
        let (schema, name) = object_name(&it.funcname);
        let users = self.resolver.functions(schema.as_deref(), &name);
        let builtins = if schema.as_deref().is_none_or(|it| it == PG_CATALOG) { Builtin::get().functions(&name) } else { &[] };
        if users.is_empty() {
            // The grammar's own calls, for which the printer has words, keep their schema.
            let words = it.funcformat() == CoercionForm::CoerceSqlSyntax || matches!(name.as_str(), "like_escape" | "similar_to_escape");
            if schema.as_deref() == Some(PG_CATALOG) && !words {
                it.funcname = vec![string(&name)];
            }
            if builtins.is_empty() {
                // A range and its multirange have functions of their names, which make them of their bounds.
                if let Some((data_type, Some(identity))) = self.resolver.type_named(schema.as_deref(), &name)
                    && identity.kind == Kind::Range
                    && !data_type.array
                {
                    let new = self.new_name(identity, data_type.name.clone());
                    it.funcname = vec![string(&new.schema), string(&new.name)];
                    self.needs(identity);
                    return Ok(Typed::of(data_type));
                }
                return Ok(Typed::unknown(format!("the function `{name}` is not known"), it.location));
            }
        }
        let named = it.args.iter().any(|it| matches!(it.node, Some(NodeEnum::NamedArgExpr(_))));
        let mut call = arguments.clone();
        if it.agg_within_group {
            // The sorted values are arguments too; their types rarely decide.
            call.extend(it.agg_order.iter().map(|_| Typed::default()));
        }
        let chosen = self.callee(&users, builtins, &call, it.func_variadic, named);
        let typed = match chosen {
            Some((Callee::User(identity), parameters)) => {
                let identity = identity.clone();
                self.needs(&identity);
                let schema = self
                    .resolver
                    .functions(schema.as_deref(), &name)
                    .into_iter()
                    .find(|it| **it == identity)
                    .map_or("", |it| self.resolver.schema_of(it));
                let new = self.new_name(&identity, QualifiedName::new(schema, name.clone()));
                it.funcname = vec![string(&new.schema), string(&new.name)];
                self.user_result(&identity, &name, &parameters, &arguments, it.location)
            }
            Some((Callee::Builtin(function), parameters)) => {
                let result = self.type_rules().result(Declared::builtin(function.result), &parameters, &call);
                let typed = match result {
                    Some(data_type) => Typed::of(data_type),
                    // Polymorphic over a value whose type is unknown: that reason is the reason.
                    None => arguments
                        .iter()
                        .find(|it| it.data_type.is_none())
                        .cloned()
                        .unwrap_or_else(|| Typed::unknown(format!("the result of `{name}` depends on its arguments"), it.location)),
                };
                let within = it.agg_within_group.then(|| self.sorted_type(it)).flatten();
                let typed = match within {
                    Some(sorted) if function.result == "anyelement" => sorted,
                    _ => typed,
                };
                typed.not_null(is_not_null(&name, function.aggregate, &arguments))
            }
            None if builtins.is_empty() => Typed::unknown(format!("no function `{name}` takes these arguments"), it.location),
            None => {
                let mut results = builtins.iter().map(|it| it.result);
                match results.next() {
                    Some(first) if results.all(|it| it == first) && !first.starts_with("any") => Typed::of(self.builtin_type(first)),
                    _ => arguments
                        .iter()
                        .find(|it| it.data_type.is_none())
                        .cloned()
                        .unwrap_or_else(|| Typed::unknown(format!("no function `{name}` takes these arguments"), it.location)),
                }
            }
        };
        Ok(typed)
    }

    /// The type of the values that `WITHIN GROUP` sorts.
    fn sorted_type(&mut self, it: &protobuf::FuncCall) -> Option<Typed> {
        let Some(NodeEnum::SortBy(sort)) = &it.agg_order.first()?.node else { return None };
        let mut node = sort.node.as_deref()?.clone();
        let mut typed = self.value(&mut node).ok()?;
        typed.not_null = false;
        Some(typed)
    }

    /// Literals that name an object, where a function takes them as such: `nextval('seq')`.
    fn named_literals(&mut self, it: &mut protobuf::FuncCall) -> Result<(), Unresolved> {
        let (schema, name) = object_name(&it.funcname);
        if schema.is_some_and(|it| it != PG_CATALOG) {
            return Ok(());
        }
        let count = it.args.len();
        let literal = match name.as_str() {
            "nextval" | "currval" | "setval" => Literal::Class,
            "to_tsvector" | "to_tsquery" | "plainto_tsquery" | "phraseto_tsquery" | "websearch_to_tsquery" if count == 2 => {
                Literal::TextSearchConfiguration
            }
            _ => return Ok(()),
        };
        let location = it.location;
        let Some(argument) = it.args.first_mut() else { return Ok(()) };
        let Some(text) = literal_text(argument) else { return Ok(()) };
        self.literal(literal, text, location)?;
        if literal == Literal::Class {
            // As the server prints it, and as it stays when the sequence moves.
            let arg = Some(Box::new(std::mem::take(argument)));
            let type_name = protobuf::TypeName { names: vec![string("regclass")], typemod: -1, location: -1, ..Default::default() };
            argument.node = Some(NodeEnum::TypeCast(Box::new(protobuf::TypeCast { arg, type_name: Some(type_name), location: -1 })));
        }
        Ok(())
    }

    /// Which function is called.
    fn callee(
        &mut self,
        users: &[&'a Identity],
        builtins: &'static [super::builtin::Function],
        arguments: &[Typed],
        spread: bool,
        named: bool,
    ) -> Option<(Callee<'a>, Vec<Declared<'a>>)> {
        if !self.types {
            return match users {
                [] => builtins.first().map(|it| (Callee::Builtin(it), Vec::new())),
                [one] if builtins.is_empty() => Some((Callee::User(one), Vec::new())),
                [one, ..] => {
                    self.types_needed = true;
                    Some((Callee::User(one), Vec::new()))
                }
            };
        }
        let mut candidates: Vec<Candidate<'a, Callee<'a>>> = Vec::with_capacity(users.len() + builtins.len());
        let mut of_extension = None;
        for user in users {
            match self.parameters(user) {
                Some(inputs) => candidates.push(Candidate {
                    parameters: inputs.iter().map(|it| Declared::of(&it.data_type)).collect(),
                    variadic: inputs.last().is_some_and(|it| it.mode == ArgumentMode::Variadic),
                    defaults: inputs.iter().filter(|it| it.default.is_some()).count(),
                    target: Callee::User(user),
                }),
                None => of_extension = Some(*user),
            }
        }
        candidates.extend(builtins.iter().map(|it| Candidate {
            parameters: it.arguments.iter().map(|it| Declared::builtin(it)).collect(),
            variadic: it.variadic,
            defaults: it.defaults,
            target: Callee::Builtin(it),
        }));
        if named {
            // Arguments by name may come in any order: the only function of the name is meant, or the first.
            return candidates.first().map(|it| (it.target, it.parameters.clone()));
        }
        let chosen = self.type_rules().choose(&candidates, arguments, spread, false);
        let first = chosen.first().map(|(it, parameters)| (it.target, parameters.clone()));
        let certain = arguments.iter().all(|it| it.data_type.is_some());
        let results = |target: Callee<'_>| match target {
            Callee::Builtin(it) => Some(it.result),
            Callee::User(_) => None,
        };
        match first {
            // Several are left because an argument is unknown, and they give different things.
            Some((Callee::Builtin(one), _)) if !certain && chosen.iter().any(|(it, _)| results(it.target) != Some(one.result)) => None,
            Some(first) => Some(first),
            None => of_extension.or_else(|| users.first().copied()).map(|it| (Callee::User(it), Vec::new())),
        }
    }

    /// The inputs of a routine of the script's; none for an extension's.
    fn parameters(&self, identity: &Identity) -> Option<Vec<&'a Argument>> {
        let arguments = match &self.resolver.catalog.get(identity)?.definition {
            Definition::Function(it) | Definition::Procedure(it) => &it.arguments,
            Definition::Aggregate(it) => &it.arguments,
            _ => return None,
        };
        Some(arguments.iter().filter(|it| it.mode.is_input()).collect())
    }

    fn user_result(&self, identity: &Identity, name: &str, parameters: &[Declared<'_>], arguments: &[Typed], location: i32) -> Typed {
        let declared = match self.resolver.catalog.get(identity).map(|it| &it.definition) {
            Some(Definition::Function(it)) => &it.returns,
            Some(Definition::Aggregate(it)) => it.returns.as_ref().unwrap_or(&it.state),
            _ if identity.kind == Kind::Extension => {
                return match EXTENSION_RESULTS.binary_search_by_key(&name, |(name, _)| name) {
                    Ok(at) => Typed::builtin(EXTENSION_RESULTS[at].1).not_null(NEVER_NULL.binary_search(&name).is_ok()),
                    Err(_) => Typed::unknown(format!("what `{name}` of the extension `{}` gives is not known", identity.name), location),
                };
            }
            _ => return Typed::unknown(format!("`{name}` gives no value"), location),
        };
        match self.type_rules().result(Declared::of(declared), parameters, arguments) {
            Some(data_type) => Typed::of(data_type),
            None => Typed::unknown(format!("what `{name}` gives depends on its arguments"), location),
        }
    }

    /// An operator with its operands.
    pub(super) fn operation(&mut self, it: &mut protobuf::AExpr) -> Result<Typed, Unresolved> {
        let kind = it.kind();
        let left = it.lexpr.as_deref_mut().map(|it| self.value(it)).transpose()?;
        let right = match it.rexpr.as_deref_mut() {
            Some(Node { node: Some(NodeEnum::List(list)) }) => {
                let values = self.all(&mut list.items)?;
                let not_null = values.iter().all(|it| it.not_null);
                // BETWEEN and IN compare with each; one stands for all.
                values.into_iter().next().unwrap_or_default().not_null(not_null)
            }
            Some(node) => self.value(node)?,
            None => Typed::default(),
        };
        let both = left.as_ref().is_none_or(|it| it.not_null) && right.not_null;
        let bool = |not_null| Typed::builtin("bool").not_null(not_null);
        // A type or a row of an extension or a script may have operators of its own.
        let result = self.operator(it, left.as_ref(), &right);
        Ok(match kind {
            AExprKind::AexprOp => result,
            AExprKind::AexprDistinct | AExprKind::AexprNotDistinct => bool(true),
            AExprKind::AexprNullif => match left {
                Some(left) if left.is_untyped() => Typed::builtin("text"),
                Some(left) => left.not_null(false),
                None => Typed::default(),
            },
            // ANY and ALL over an array may meet a NULL in it.
            AExprKind::AexprOpAny | AExprKind::AexprOpAll => bool(false),
            _ => bool(both),
        })
    }

    /// Qualifies the operator if it is not the server's, and tells what it gives.
    fn operator(&mut self, it: &mut protobuf::AExpr, left: Option<&Typed>, right: &Typed) -> Typed {
        let (schema, name) = object_name(&it.name);
        let users = self.resolver.operators(schema.as_deref(), &name);
        let builtins = if schema.as_deref().is_none_or(|it| it == PG_CATALOG) { Builtin::get().operators(&name) } else { &[] };
        if schema.as_deref() == Some(PG_CATALOG) {
            it.name = vec![string(&name)];
        }
        if users.is_empty() && !self.types {
            return Typed::default();
        }
        let element = |typed: &Typed| match &typed.data_type {
            Some(data_type) if matches!(it.kind(), AExprKind::AexprOpAny | AExprKind::AexprOpAll) && data_type.array => {
                Typed::of(DataType { array: false, ..data_type.clone() })
            }
            _ => typed.clone(),
        };
        let operands: Vec<Typed> = left.cloned().into_iter().chain([element(right)]).collect();
        match self.which_operator(&users, builtins, &operands) {
            Some(identity) => {
                let identity = identity.clone();
                self.needs(&identity);
                let schema = self
                    .resolver
                    .operators(schema.as_deref(), &name)
                    .into_iter()
                    .find(|it| **it == identity)
                    .map_or("", |it| self.resolver.schema_of(it));
                let new = self.new_name(&identity, QualifiedName::new(schema, name.clone()));
                qualify(it, &new);
                self.operator_result(&identity, &name, it.location)
            }
            None => self.builtin_operator(builtins, &name, &operands, it.location),
        }
    }

    /// The operator of a script or an extension, if one of those is meant.
    fn which_operator(
        &mut self,
        users: &[&'a Identity],
        builtins: &'static [super::builtin::Operator],
        operands: &[Typed],
    ) -> Option<&'a Identity> {
        if users.is_empty() {
            return None;
        }
        if builtins.is_empty() && users.len() == 1 {
            return users.first().copied();
        }
        if !self.types {
            self.types_needed = true;
            return None;
        }
        let known = || operands.iter().filter_map(|it| it.data_type.as_ref()).map(|it| self.resolver.base_type(it));
        let of_extension = users
            .iter()
            .copied()
            .find(|it| it.kind == Kind::Extension && known().any(|known| self.resolver.type_object(&known.name) == Some(*it)));
        if of_extension.is_some() {
            return of_extension;
        }
        let mut candidates: Vec<Candidate<'_, Option<&'a Identity>>> = Vec::new();
        for user in users.iter().filter(|it| it.kind == Kind::Operator) {
            let parameters: Vec<Declared<'_>> = user.arguments.iter().filter(|it| it.name.name != "none").map(Declared::of).collect();
            candidates.push(Candidate { parameters, variadic: false, defaults: 0, target: Some(*user) });
        }
        candidates.extend(builtins.iter().map(|it| Candidate { parameters: sides(it), variadic: false, defaults: 0, target: None }));
        let certain = operands.iter().all(|it| it.data_type.is_some());
        let chosen = self.type_rules().choose(&candidates, operands, false, true);
        match chosen.first() {
            Some((candidate, _)) => candidate.target,
            // The server has none for these types; so it is an extension's.
            None if certain => users.iter().copied().find(|it| it.kind == Kind::Extension),
            None => None,
        }
    }

    fn operator_result(&self, identity: &Identity, name: &str, location: i32) -> Typed {
        if COMPARISONS.contains(&name) {
            return Typed::builtin("bool");
        }
        if let Some(Definition::Operator(operator)) = self.resolver.catalog.get(identity).map(|it| &it.definition) {
            let functions = self.resolver.functions(Some(&operator.function.schema), &operator.function.name);
            let count = identity.arguments.iter().filter(|it| it.name.name != "none").count();
            for function in functions.into_iter().filter(|it| it.arguments.len() == count) {
                if let Some(Definition::Function(it)) = self.resolver.catalog.get(function).map(|it| &it.definition) {
                    return Typed::of(it.returns.clone());
                }
            }
            if operator.function.is_builtin()
                && let [first, rest @ ..] = Builtin::get().functions(&operator.function.name)
                && rest.iter().all(|it| it.result == first.result)
            {
                return Typed::of(self.builtin_type(first.result));
            }
        }
        Typed::unknown(format!("what the operator `{name}` of `{}` gives is not known", identity.name), location)
    }

    fn builtin_operator(&self, builtins: &'static [super::builtin::Operator], name: &str, operands: &[Typed], location: i32) -> Typed {
        if !self.types {
            return Typed::default();
        }
        let not_null = TOTAL_OPERATORS.contains(&name) && operands.iter().all(|it| it.not_null);
        if COMPARISONS.contains(&name) && operands.len() == 2 {
            return Typed::builtin("bool").not_null(not_null);
        }
        let candidates: Vec<Candidate<'_, &super::builtin::Operator>> = builtins
            .iter()
            .filter(|it| it.left.is_some() == (operands.len() == 2))
            .map(|it| Candidate { parameters: sides(it), variadic: false, defaults: 0, target: it })
            .collect();
        let chosen = self.type_rules().choose(&candidates, operands, false, true);
        let unknown = || {
            operands
                .iter()
                .find(|it| it.data_type.is_none())
                .cloned()
                .unwrap_or_else(|| Typed::unknown(format!("no operator `{name}` takes these operands"), location))
        };
        let Some((first, parameters)) = chosen.first() else { return unknown() };
        if chosen.iter().any(|(it, _)| it.target.result != first.target.result) {
            return unknown();
        }
        match self.type_rules().result(Declared::builtin(first.target.result), parameters, operands) {
            Some(data_type) => Typed::of(data_type).not_null(not_null),
            None => unknown(),
        }
    }
}

fn sides(it: &super::builtin::Operator) -> Vec<Declared<'static>> {
    it.left.into_iter().chain([it.right]).map(Declared::builtin).collect()
}

/// Gives the operator its schema, in the forms of SQL that can carry one.
fn qualify(it: &mut protobuf::AExpr, name: &QualifiedName) {
    let qualified = || vec![string(&name.schema), string(&name.name)];
    match it.kind() {
        kind if is_plain_operator(kind) => it.name = qualified(),
        AExprKind::AexprLike | AExprKind::AexprIlike => {
            it.name = qualified();
            it.set_kind(AExprKind::AexprOp);
        }
        // `x IN (a, b)` is `x = ANY (ARRAY[a, b])`, which can say whose `=` is meant.
        AExprKind::AexprIn => {
            if let Some(Node { node: Some(NodeEnum::List(list)) }) = it.rexpr.as_deref_mut() {
                let elements = std::mem::take(&mut list.items);
                let array = protobuf::AArrayExpr { elements, list_start: -1, list_end: -1, location: -1 };
                it.rexpr = Some(Box::new(Node { node: Some(NodeEnum::AArrayExpr(array)) }));
                it.set_kind(if name.name == "<>" { AExprKind::AexprOpAll } else { AExprKind::AexprOpAny });
                it.name = qualified();
            }
        }
        // The others have no form with a schema; the server prints them so too.
        _ => {}
    }
}

fn is_not_null(name: &str, aggregate: bool, arguments: &[Typed]) -> bool {
    NEVER_NULL.binary_search(&name).is_ok() || (!aggregate && TOTAL.binary_search(&name).is_ok() && arguments.iter().all(|it| it.not_null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(NEVER_NULL.is_sorted());
        assert!(TOTAL.is_sorted());
        assert!(EXTENSION_RESULTS.is_sorted());
    }
}
