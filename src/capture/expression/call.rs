//! Calls of functions: which is meant, where it lives, and what it gives.

use pg_query::NodeEnum;
use pg_query::protobuf::{self, CoercionForm, Node};

use super::analysis::{Analysis, Literal, object_name, string};
use super::builtin::Builtin;
use super::coerce::Outcome;
use super::infer::{Candidate, Declared};
use super::nullable::function_gives_value;
use super::scope::Typed;
use super::value::literal_text;
use crate::capture::script::resolve::Unresolved;
use crate::catalog::{Argument, ArgumentMode, DataType, Definition, Identity, Kind, PG_CATALOG, QualifiedName};
use crate::diagnostic::nearest;

/// What a name of a function may stand for.
#[derive(Clone, Copy, Debug)]
enum Callee<'a> {
    Builtin(&'static super::builtin::Function),
    User(&'a Identity),
    /// Of an extension.
    Member(&'a Identity, &'static super::builtin::Function),
}

impl<'a> Analysis<'a> {
    pub(super) fn function_call(&mut self, it: &mut protobuf::FuncCall) -> Result<Typed, Unresolved> {
        self.named_literals(it)?;
        let arguments = self.all(&mut it.args)?;
        let sorted = self.sort(&mut it.agg_order)?;
        self.maybe(it.agg_filter.as_deref_mut())?;
        if let Some(window) = it.over.as_deref_mut() {
            self.window(window)?;
        }
        let (schema, name) = object_name(&it.funcname);
        if name == "substring" && it.funcformat() == CoercionForm::CoerceSqlSyntax && arguments.len() == 2 {
            // FROM is of a number; with a pattern it is a call as any other (ruleutils.c, get_func_sql_syntax).
            let is_number = |it: &DataType| it.name.is_builtin() && matches!(it.name.name.as_str(), "int2" | "int4");
            if !arguments[1].data_type.as_ref().is_some_and(is_number) {
                it.set_funcformat(CoercionForm::CoerceExplicitCall);
            }
        }
        let users = self.resolver.functions(schema.as_deref(), &name);
        let builtins = if schema.as_deref().is_none_or(|it| it == PG_CATALOG) { Builtin::get().functions(&name) } else { &[] };
        if users.is_empty() {
            // The grammar's own calls, for which the printer has words, keep their schema.
            let words = it.funcformat() == CoercionForm::CoerceSqlSyntax || matches!(name.as_str(), "like_escape" | "similar_to_escape");
            if words && schema.is_none() && !builtins.is_empty() {
                it.funcname = vec![string(PG_CATALOG), string(&name)];
            } else if schema.as_deref() == Some(PG_CATALOG) && !words {
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
                    let mut bounds = vec![self.type_rules().subtype(&data_type).unwrap_or_else(|| DataType::builtin("unknown")); 2];
                    bounds.push(DataType::builtin("text"));
                    if arguments.len() <= bounds.len() && arguments.len() > 1 {
                        let outcome = |_: &Self, types: &[Typed]| Some(Outcome { what: 0, coerced: bounds[..types.len()].to_vec() });
                        self.settle(&mut it.args.iter_mut().collect::<Vec<_>>(), &arguments, &outcome)?;
                    }
                    return Ok(Typed::of(data_type));
                }
                match self.resolver.of_unknown_extension(schema.as_deref(), &name) {
                    Some((function, extension)) => {
                        it.funcname = vec![string(&function.schema), string(&function.name)];
                        self.needs(extension);
                    }
                    None if !self.lenient && !self.may_be_no_call(schema.as_deref(), &name, &arguments) => {
                        self.missing_functions.push(self.no_function(schema.as_deref(), &name, it.location));
                    }
                    None => {}
                }
                return Ok(Typed::unknown(format!("the function `{name}` is not known"), it.location));
            }
        }
        let named = it.args.iter().any(|it| matches!(it.node, Some(NodeEnum::NamedArgExpr(_))));
        let mut call = arguments.clone();
        if it.agg_within_group {
            // The sorted values are arguments too.
            call.extend(sorted.iter().cloned());
        }
        let chosen = self.callee(&name, &users, builtins, &call, it.func_variadic, named);
        if !named
            && !it.func_variadic
            && !it.agg_within_group
            && let Some(fixed) = chosen.as_ref().and_then(|(callee, _)| self.fixed_arguments(*callee))
            && fixed < it.args.len()
        {
            // The server keeps the array that it makes of them.
            let array = protobuf::AArrayExpr { elements: it.args.split_off(fixed), ..Default::default() };
            it.args.push(Node { node: Some(NodeEnum::AArrayExpr(array)) });
            it.func_variadic = true;
            return self.function_call(it);
        }
        if named
            && let Some((Callee::User(identity), _)) = &chosen
            && users.len() == 1
            && builtins.is_empty()
        {
            self.settle_named(&mut it.args, &arguments, identity)?;
        }
        if it.agg_within_group && matches!(name.as_str(), "rank" | "dense_rank" | "percent_rank" | "cume_dist") {
            // Each is of one type with what is sorted: parse_agg.c and parse_func.c, unify_hypothetical_args.
            for (n, (argument, order)) in it.args.iter_mut().zip(&mut it.agg_order).enumerate() {
                if let (Some(NodeEnum::SortBy(sort)), Some(sorted)) = (order.node.as_mut(), sorted.get(n))
                    && let Some(by) = sort.node.as_deref_mut()
                {
                    self.settle_common(&mut [argument, by], &[arguments[n].clone(), sorted.clone()])?;
                }
            }
        }
        if !named && let Some(candidates) = self.callees(&name, &users, builtins) {
            let spread = it.func_variadic;
            let outcome = |this: &Self, types: &[Typed]| {
                let types: Vec<Typed> = types.iter().chain(sorted.iter().filter(|_| it.agg_within_group)).cloned().collect();
                this.outcome(&candidates, &types, spread, false)
            };
            let mut operands: Vec<&mut Node> = it.args.iter_mut().collect();
            self.settle(&mut operands, &arguments, &outcome)?;
            if !it.agg_within_group
                && !it.agg_order.is_empty()
                && let Some(wanted) = outcome(self, &arguments)
            {
                self.sort_by_arguments(&it.args, &mut it.agg_order, &wanted.coerced);
            }
        }
        let typed = match chosen {
            Some((callee @ (Callee::User(identity) | Callee::Member(identity, _)), parameters)) => {
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
                match callee {
                    Callee::Member(extension, function) => {
                        let declared = self.type_rules().member(extension, function.result);
                        let unknown = || Typed::unknown(format!("what `{name}` gives depends on its arguments"), it.location);
                        let typed = self.type_rules().result(declared, &parameters, &call).map_or_else(unknown, Typed::of);
                        typed.not_null(function_gives_value(function, &name, it, &arguments, false))
                    }
                    _ => self.user_result(&identity, &name, &parameters, &arguments, it.location),
                }
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
                let within = sorted.first().filter(|_| it.agg_within_group).cloned();
                let typed = match within {
                    Some(sorted) if function.result == "anyelement" => sorted,
                    _ => typed,
                };
                typed.not_null(function_gives_value(function, &name, it, &arguments, self.has_rows(it)))
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

    /// How many arguments stand before those that become an array, if there are such; none for those of any type, which stay as they are.
    fn fixed_arguments(&self, callee: Callee<'a>) -> Option<usize> {
        match callee {
            Callee::Builtin(it) | Callee::Member(_, it) => {
                (it.variadic && it.arguments.last() != Some(&"any")).then(|| it.arguments.len() - 1)
            }
            Callee::User(identity) => {
                let inputs = self.parameters(identity)?;
                let last = inputs.last().filter(|it| it.mode == ArgumentMode::Variadic)?;
                (last.data_type != DataType::builtin("any")).then(|| inputs.len() - 1)
            }
        }
    }

    /// The arguments of a call by names, each by itself: what the server adds is a cast to the parameter's type.
    fn settle_named(&mut self, nodes: &mut [Node], types: &[Typed], identity: &Identity) -> Result<(), Unresolved> {
        let Some(inputs) = self.parameters(identity) else { return Ok(()) };
        for (n, (node, typed)) in nodes.iter_mut().zip(types).enumerate() {
            let (input, value) = match node.node.as_mut() {
                Some(NodeEnum::NamedArgExpr(named)) => (inputs.iter().find(|it| it.name == named.name), named.arg.as_deref_mut()),
                _ => (inputs.get(n), Some(node)),
            };
            let (Some(wanted), Some(value)) = (input.map(|it| it.data_type.without_modifiers()), value) else { continue };
            let outcome = |this: &Self, types: &[Typed]| {
                let fits = types
                    .first()
                    .is_some_and(|it| it.is_untyped() || it.data_type.as_ref().is_some_and(|it| this.type_rules().fits(it, &wanted)));
                (fits && !wanted.name.name.starts_with("any")).then(|| Outcome { what: 0, coerced: vec![wanted.clone()] })
            };
            self.settle(&mut [value], std::slice::from_ref(typed), &outcome)?;
        }
        Ok(())
    }

    /// What an aggregate sorts by is one of its arguments where both are the same without the casts that the server adds, and is shown
    /// with them: PostgreSQL src/backend/parser/parse_clause.c, findTargetlistEntrySQL99.
    fn sort_by_arguments(&self, arguments: &[Node], order: &mut [Node], coerced: &[DataType]) {
        for node in order {
            let Some(NodeEnum::SortBy(sort)) = node.node.as_mut() else { continue };
            let Some(expression) = sort.node.as_deref_mut() else { continue };
            let Some(NodeEnum::TypeCast(cast)) = &expression.node else { continue };
            let (Some(inner), data_type) = (cast.arg.as_deref(), self.cast_type(cast)) else { continue };
            let text = super::print::expression(inner.clone());
            let is_it = |(argument, coerced): (&Node, &DataType)| {
                data_type.as_ref() == Some(coerced) && super::print::expression(argument.clone()) == text
            };
            if arguments.iter().zip(coerced).any(is_it) {
                super::coerce::take_cast(expression);
            }
        }
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
        &self,
        name: &str,
        users: &[&'a Identity],
        builtins: &'static [super::builtin::Function],
        arguments: &[Typed],
        spread: bool,
        named: bool,
    ) -> Option<(Callee<'a>, Vec<Declared<'a>>)> {
        let (known, of_extension): (Vec<&'a Identity>, Vec<&'a Identity>) = users.iter().copied().partition(|it| self.is_known(name, it));
        let candidates = self.callees(name, &known, builtins).unwrap_or_default();
        if named {
            // Arguments by name may come in any order: the only function of the name is meant, or the first.
            return candidates.first().map(|it| (it.target, it.parameters.to_vec()));
        }
        let chosen = self.type_rules().choose(&candidates, arguments, spread, false);
        let first = chosen.first().map(|(it, parameters)| (it.target, parameters.to_vec()));
        let certain = arguments.iter().all(|it| it.data_type.is_some());
        let results = |target: Callee<'_>| match target {
            Callee::Builtin(it) => Some(it.result),
            Callee::User(_) | Callee::Member(..) => None,
        };
        match first {
            // Several are left because an argument is unknown, and they give different things.
            Some((Callee::Builtin(one), _)) if !certain && chosen.iter().any(|(it, _)| results(it.target) != Some(one.result)) => None,
            Some(first) => Some(first),
            None => of_extension.first().or_else(|| users.first()).copied().map(|it| (Callee::User(it), Vec::new())),
        }
    }

    /// That there is no such function, with the nearest one.
    fn no_function(&self, schema: Option<&str>, name: &str, location: i32) -> Unresolved {
        let kinds = [Kind::Function, Kind::Aggregate].into_iter();
        let users = kinds.flat_map(|kind| self.resolver.catalog.of_kind(kind)).map(|(it, _)| it);
        let names = users.filter(|it| schema.is_none_or(|schema| it.schema == schema)).map(|it| it.name.as_str());
        let builtin = Builtin::get().function_names().filter(|_| schema.is_none_or(|it| it == PG_CATALOG));
        let qualified = |name: &str| schema.map_or_else(|| name.to_owned(), |schema| format!("{schema}.{name}"));
        let nearest = nearest(name, names.chain(builtin)).map(qualified);
        Unresolved { what: "function", name: qualified(name), location: Some(location), nearest }
    }

    /// Whether what is written as a call of a function that is not there may be something else: a cast to a type of that name, or a column of a row
    /// (PostgreSQL documentation, "Function Calls" and "Type Casts").
    fn may_be_no_call(&self, schema: Option<&str>, name: &str, arguments: &[Typed]) -> bool {
        let is_builtin = |it: &Typed| it.data_type.as_ref().is_some_and(|it| it.name.is_builtin());
        matches!(arguments, [argument] if !is_builtin(argument) || self.resolver.type_named(schema, name).is_some())
    }

    /// Whether the parameters of a routine are known: not of those of an extension that is not at hand.
    fn is_known(&self, name: &str, user: &Identity) -> bool {
        match user.kind {
            Kind::Extension => Builtin::extension(&user.name).is_some_and(|it| !it.functions(name).is_empty()),
            _ => self.parameters(user).is_some(),
        }
    }

    /// What a name may stand for, with its parameters; none if those of some are not known.
    fn callees(
        &self,
        name: &str,
        users: &[&'a Identity],
        builtins: &'static [super::builtin::Function],
    ) -> Option<Vec<Candidate<'a, Callee<'a>>>> {
        let mut candidates: Vec<Candidate<'a, Callee<'a>>> = Vec::with_capacity(users.len() + builtins.len());
        candidates.extend(builtins.iter().map(|it| Candidate {
            parameters: it.parameters.as_slice().into(),
            variadic: it.variadic,
            defaults: it.defaults,
            target: Callee::Builtin(it),
        }));
        for user in users {
            if !self.is_known(name, user) {
                return None;
            }
            if user.kind == Kind::Extension {
                for function in Builtin::extension(&user.name).map_or(&[][..], |it| it.functions(name)) {
                    let parameters = function.arguments.iter().map(|it| self.type_rules().member(user, it)).collect();
                    let (variadic, defaults) = (function.variadic, function.defaults);
                    candidates.push(Candidate { parameters, variadic, defaults, target: Callee::Member(user, function) });
                }
                continue;
            }
            let inputs = self.parameters(user)?;
            candidates.push(Candidate {
                parameters: inputs.iter().map(|it| Declared::of(&it.data_type)).collect(),
                variadic: inputs.last().is_some_and(|it| it.mode == ArgumentMode::Variadic),
                defaults: inputs.iter().filter(|it| it.default.is_some()).count(),
                target: Callee::User(user),
            });
        }
        Some(candidates)
    }

    /// Which of the candidates is taken, and what the arguments become; none where that is not certain.
    pub(super) fn outcome<T>(&self, candidates: &[Candidate<'_, T>], types: &[Typed], spread: bool, operator: bool) -> Option<Outcome> {
        let chosen = self.type_rules().choose(candidates, types, spread, operator);
        let [(chosen, parameters)] = chosen.as_slice() else { return None };
        let what = candidates.iter().position(|it| std::ptr::eq(it, *chosen))?;
        Some(Outcome { what, coerced: self.type_rules().coerced(parameters, types)? })
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
                let reason = format!("what `{name}` of the extension `{}` gives is not known", identity.name);
                return Typed::unknown(reason, location);
            }
            _ => return Typed::unknown(format!("`{name}` gives no value"), location),
        };
        match self.type_rules().result(Declared::of(declared), parameters, arguments) {
            Some(data_type) => Typed::of(data_type),
            None => Typed::unknown(format!("what `{name}` gives depends on its arguments"), location),
        }
    }
}
