//! Operators, and the forms of SQL that stand for them: which is meant, where it lives, and what it gives.
//!
//! BETWEEN is spelled out as the server does it. IN over values is the form for what the server keeps as `= ANY (ARRAY[…])`, LIKE for
//! `~~`: with these the server makes the same again.

use std::borrow::Cow;

use pg_query::NodeEnum;
use pg_query::protobuf::{self, AExprKind, BoolExprType, CoercionForm, Node};

use super::analysis::{Analysis, object_name, single, string};
use super::builtin::Builtin;
use super::coerce::{Outcome, cast_to};
use super::infer::{Candidate, Declared};
use super::nullable::operator_is_total;
use super::scope::{Typed, is_untyped};
use super::value::is_plain_operator;
use super::walk;
use crate::capture::script::resolve::Unresolved;
use crate::catalog::{DataType, Definition, Identity, Kind, PG_CATALOG, QualifiedName};

/// Operators that tell true or false for every type.
const COMPARISONS: [&str; 14] = ["<", "<=", "<>", "=", ">", ">=", "~", "~*", "~~", "~~*", "!~", "!~*", "!~~", "!~~*"];

/// What a name of an operator may stand for.
#[derive(Clone, Copy, Debug)]
enum Meant<'a> {
    Builtin(&'static super::builtin::Operator),
    User(&'a Identity),
    /// Of an extension.
    Member(&'a Identity, &'static super::builtin::Operator),
}

impl<'a> Analysis<'a> {
    /// An operator with its operands.
    pub(super) fn operation(&mut self, node: &mut Node) -> Result<Typed, Unresolved> {
        if let Some(expanded) = expanded(node) {
            *node = expanded;
            return self.value(node);
        }
        if let Some(list) = self.as_list(node)? {
            *node = list;
        }
        let Some(NodeEnum::AExpr(it)) = node.node.as_mut() else { return self.value(node) };
        if let Some(typed) = self.compared_rows(it)? {
            return Ok(typed);
        }
        let kind = it.kind();
        let left = it.lexpr.as_deref_mut().map(|it| self.value(it)).transpose()?;
        let mut items = Vec::new();
        let right = match it.rexpr.as_deref_mut() {
            Some(Node { node: Some(NodeEnum::List(list)) }) => {
                items = self.all(&mut list.items)?;
                let not_null = items.iter().all(|it| it.not_null);
                // One stands for all.
                items.first().cloned().unwrap_or_default().not_null(not_null)
            }
            Some(node) => self.value(node)?,
            None => Typed::default(),
        };
        let bool = |not_null| Typed::builtin("bool").not_null(not_null);
        self.settle_operands(it, left.as_ref(), &right, &items)?;
        // A type or a row of an extension or a script may have operators of its own.
        let result = self.operator(it, left.as_ref(), &right);
        Ok(match kind {
            AExprKind::AexprOp => result,
            AExprKind::AexprDistinct | AExprKind::AexprNotDistinct => bool(true),
            AExprKind::AexprNullif => {
                // What is given back is the operand as it is compared (parse_expr.c, transformAExprNullIf).
                let operands: Vec<Typed> = left.clone().into_iter().chain([right]).collect();
                let compared = self.operator_outcome(it, &operands).and_then(|it| it.coerced.into_iter().next());
                match (left, compared) {
                    (Some(left), Some(compared)) => match left.data_type.as_ref().filter(|it| it.without_modifiers() == compared) {
                        Some(same) => Typed::of(same.clone()),
                        None => Typed::of(compared),
                    },
                    (Some(left), None) if left.is_untyped() => Typed::builtin("text"),
                    (left, None) => left.unwrap_or_default().not_null(false),
                    (None, Some(_)) => Typed::default(),
                }
            }
            // ANY and ALL over an array may meet a NULL in it.
            AExprKind::AexprOpAny | AExprKind::AexprOpAll => bool(false),
            _ => bool(result.not_null),
        })
    }

    /// Two rows that are compared field by field, up to the first that differs: PostgreSQL src/backend/parser/parse_expr.c,
    /// make_row_comparison_op.
    fn compared_rows(&mut self, it: &mut protobuf::AExpr) -> Result<Option<Typed>, Unresolved> {
        let is_order = it.kind() == AExprKind::AexprOp && matches!(single(&it.name), Some("<" | "<=" | ">" | ">="));
        let shape = head(it);
        let (Some(Node { node: Some(NodeEnum::RowExpr(left)) }), Some(Node { node: Some(NodeEnum::RowExpr(right)) })) =
            (it.lexpr.as_deref_mut(), it.rexpr.as_deref_mut())
        else {
            return Ok(None);
        };
        if !is_order || left.args.len() != right.args.len() {
            return Ok(None);
        }
        let mut not_null = true;
        for (left, right) in left.args.iter_mut().zip(&mut right.args) {
            let types = [self.value(left)?, self.value(right)?];
            not_null &= types.iter().all(|it| it.not_null);
            self.settle(&mut [left, right], &types, &|this, types| this.operator_outcome(&shape, types))?;
        }
        for row in [left, right] {
            row.set_row_format(CoercionForm::CoerceExplicitCall);
        }
        Ok(Some(Typed::builtin("bool").not_null(not_null)))
    }

    /// Takes away the casts that the server adds to operands.
    fn settle_operands(
        &mut self,
        it: &mut protobuf::AExpr,
        left: Option<&Typed>,
        right: &Typed,
        items: &[Typed],
    ) -> Result<(), Unresolved> {
        let mut types: Vec<Typed> = left.cloned().into_iter().collect();
        types.extend(if items.is_empty() { std::slice::from_ref(right) } else { items }.iter().cloned());
        let shape = head(it);
        let is_list = !items.is_empty();
        let outcome = move |this: &Self, types: &[Typed]| {
            if is_list { this.list_outcome(&shape, types) } else { this.operator_outcome(&shape, types) }
        };
        let mut operands: Vec<&mut Node> = it.lexpr.as_deref_mut().into_iter().collect();
        match it.rexpr.as_deref_mut() {
            Some(Node { node: Some(NodeEnum::List(list)) }) => operands.extend(list.items.iter_mut()),
            Some(node) => operands.push(node),
            None => {}
        }
        if operands.len() == types.len() { self.settle(&mut operands, &types, &outcome) } else { Ok(()) }
    }

    /// Which operator is meant, and what its operands become; none where that is not certain. The right side of ANY and ALL is an array.
    pub(super) fn operator_outcome(&self, it: &protobuf::AExpr, types: &[Typed]) -> Option<Outcome> {
        let is_array = matches!(it.kind(), AExprKind::AexprOpAny | AExprKind::AexprOpAll);
        let mut operands = types.to_vec();
        if is_array && let Some(last) = operands.last_mut() {
            let data_type = last.data_type.as_ref()?;
            if !is_untyped(data_type) {
                *last = Typed::of(self.type_rules().element(data_type)?);
            }
        }
        let (schema, name) = object_name(&it.name);
        let (candidates, unknown) = self.operators(schema.as_deref(), &name, operands.len());
        // Whose parameters are not known is meant where one of its types is compared.
        if unknown.iter().any(|it| self.is_of(it, &operands)) {
            return None;
        }
        let mut outcome = self.outcome(&candidates, &operands, false, true)?;
        if is_array && let Some(last) = outcome.coerced.last_mut() {
            if last.array {
                return None;
            }
            last.array = true;
        }
        Some(outcome)
    }

    /// The same for `IN (…)`: values of one type, the left side's included, each compared (parse_expr.c, transformAExprIn).
    fn list_outcome(&self, it: &protobuf::AExpr, types: &[Typed]) -> Option<Outcome> {
        let common = self.type_rules().common(types)?.without_modifiers();
        let one = self.operator_outcome(it, &[types.first()?.clone(), Typed::of(common)])?;
        let [left, right] = one.coerced.as_slice() else { return None };
        let coerced = std::iter::once(left).chain(std::iter::repeat_n(right, types.len() - 1)).cloned().collect();
        Some(Outcome { what: one.what, coerced })
    }

    /// `x = ANY (ARRAY[a, b])` as `x IN (a, b)`, where the server makes the same of both but for the array's type.
    fn as_list(&mut self, node: &Node) -> Result<Option<Node>, Unresolved> {
        let Some(NodeEnum::AExpr(it)) = &node.node else { return Ok(None) };
        let kind = match (it.kind(), single(&it.name)) {
            (AExprKind::AexprOpAny, Some("=")) | (AExprKind::AexprOpAll, Some("<>")) => AExprKind::AexprIn,
            _ => return Ok(None),
        };
        let (Some(left), Some(right)) = (it.lexpr.as_deref(), it.rexpr.as_deref()) else { return Ok(None) };
        let Some(mut elements) = self.elements(right) else { return Ok(None) };
        if elements.len() < 2 || elements.iter().any(has_column) || matches!(left.node, Some(NodeEnum::RowExpr(_))) {
            return Ok(None);
        }
        let mut types = vec![self.value(&mut left.clone())?];
        types.extend(self.all(&mut elements)?);
        let Some(element) = self.type_rules().common(&types[1..]) else { return Ok(None) };
        let plain = protobuf::AExpr { kind: AExprKind::AexprOp.into(), ..head(it) };
        let kept = self.operator_outcome(&plain, &[types[0].clone(), Typed::of(element.without_modifiers())]);
        let Some(kept) = kept else { return Ok(None) };
        let is_same = |types: &[Typed]| {
            self.list_outcome(&plain, types).is_some_and(|list| list.what == kept.what && list.coerced[..2] == kept.coerced[..])
        };
        let left = match &types[0].data_type {
            _ if is_same(&types) => left.clone(),
            // With the cast that the server adds to the left side a list is of the array's type, too.
            Some(data_type) if !is_untyped(data_type) && data_type.without_modifiers() != kept.coerced[0] => {
                types[0] = Typed::of(kept.coerced[0].clone()).not_null(types[0].not_null);
                if !is_same(&types) {
                    return Ok(None);
                }
                cast_to(left.clone(), &kept.coerced[0])
            }
            _ => return Ok(None),
        };
        let list = Node { node: Some(NodeEnum::List(protobuf::List { items: elements })) };
        let mut made = protobuf::AExpr { lexpr: Some(Box::new(left)), rexpr: Some(Box::new(list)), ..head(it) };
        made.set_kind(kind);
        Ok(Some(Node { node: Some(NodeEnum::AExpr(Box::new(made))) }))
    }

    /// Qualifies the operator if it is not the server's, and tells what it gives.
    fn operator(&mut self, it: &mut protobuf::AExpr, left: Option<&Typed>, right: &Typed) -> Typed {
        let (schema, name) = object_name(&it.name);
        let element = |typed: &Typed| match &typed.data_type {
            Some(data_type) if matches!(it.kind(), AExprKind::AexprOpAny | AExprKind::AexprOpAll) && data_type.array => {
                Typed::of(DataType { array: false, ..data_type.clone() })
            }
            _ => typed.clone(),
        };
        let operands: Vec<Typed> = left.cloned().into_iter().chain([element(right)]).collect();
        let (candidates, unknown) = self.operators(schema.as_deref(), &name, operands.len());
        if schema.as_deref() == Some(PG_CATALOG) {
            it.name = vec![string(&name)];
        }
        let certain = operands.iter().all(|it| it.data_type.is_some());
        let chosen = self.type_rules().choose(&candidates, &operands, false, true);
        let has_builtin = candidates.iter().any(|it| matches!(it.target, Meant::Builtin(_)));
        let of_unknown = unknown.iter().find(|it| self.is_of(it, &operands)).copied();
        // An operator of an extension that is not at hand: where nothing else fits.
        let last_resort = || unknown.first().copied().filter(|_| chosen.is_empty() && (certain || !has_builtin));
        let of_user = match chosen.first().map(|(it, _)| it.target) {
            Some(Meant::User(identity) | Meant::Member(identity, _)) => Some(identity),
            _ => None,
        };
        let parameters = match chosen.first().map(|(it, _)| it.target) {
            Some(Meant::Builtin(it) | Meant::Member(_, it)) => Some((it.left, it.right)),
            _ => None,
        };
        let not_null = operator_is_total(&name, parameters) && operands.iter().all(|it| it.not_null);
        if let Some(identity) = of_unknown.or(of_user).or_else(last_resort) {
            self.needs(&identity.clone());
            let new = self.new_name(identity, QualifiedName::new(self.resolver.schema_of(identity), name.clone()));
            qualify(it, &new);
            if of_unknown.is_none()
                && let Some((Candidate { target: Meant::Member(extension, operator), .. }, parameters)) = chosen.first()
                && let Some(data_type) =
                    self.type_rules().result(self.type_rules().member(extension, operator.result), parameters, &operands)
            {
                return Typed::of(data_type).not_null(not_null);
            }
            return self.operator_result(identity, &name, it.location);
        }
        if it.kind() == AExprKind::AexprOp && operands.len() == 2 && has_builtin {
            use_words(it, &name);
        }
        if COMPARISONS.contains(&name.as_str()) && operands.len() == 2 {
            return Typed::builtin("bool").not_null(not_null);
        }
        let location = it.location;
        let unknown = || {
            operands
                .iter()
                .find(|it| it.data_type.is_none())
                .cloned()
                .unwrap_or_else(|| Typed::unknown(format!("no operator `{name}` takes these operands"), location))
        };
        let result = |it: &Candidate<'_, Meant<'_>>| match it.target {
            Meant::Builtin(it) => Some(it.result),
            Meant::User(_) | Meant::Member(..) => None,
        };
        let Some((first, parameters)) = chosen.first() else { return unknown() };
        let Some(declared) = result(first).filter(|first| chosen.iter().all(|(it, _)| result(it) == Some(*first))) else {
            return unknown();
        };
        match self.type_rules().result(Declared::builtin(declared), parameters, &operands) {
            Some(data_type) => Typed::of(data_type).not_null(not_null),
            None => unknown(),
        }
    }

    /// What an operator's name may stand for, and the extensions with such operators that are not known.
    fn operators(&self, schema: Option<&str>, name: &str, count: usize) -> (Vec<Candidate<'a, Meant<'a>>>, Vec<&'a Identity>) {
        let mut candidates = Vec::new();
        let mut unknown = Vec::new();
        let mut add = |parameters: Cow<'a, [Declared<'a>]>, target: Meant<'a>| {
            if parameters.len() == count {
                candidates.push(Candidate { parameters, variadic: false, defaults: 0, target });
            }
        };
        if schema.is_none_or(|it| it == PG_CATALOG) {
            Builtin::get().operators(name).iter().for_each(|it| add(it.parameters.as_slice().into(), Meant::Builtin(it)));
        }
        for user in self.resolver.operators(schema, name) {
            if user.kind == Kind::Operator {
                add(user.arguments.iter().filter(|it| it.name.name != "none").map(Declared::of).collect(), Meant::User(user));
                continue;
            }
            let members = Builtin::extension(&user.name).map_or(&[][..], |it| it.operators(name));
            if members.is_empty() {
                unknown.push(user);
            }
            for member in members {
                let parameters = member.left.into_iter().chain([member.right]).map(|it| self.type_rules().member(user, it)).collect();
                add(parameters, Meant::Member(user, member));
            }
        }
        (candidates, unknown)
    }

    /// Whether a type among the operands is the extension's.
    fn is_of(&self, extension: &Identity, operands: &[Typed]) -> bool {
        let base = |it: &Typed| it.data_type.as_ref().map(|it| self.resolver.base_type(it));
        operands.iter().filter_map(base).any(|it| self.resolver.type_object(&it.name) == Some(extension))
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

/// LIKE and its kin, where SQL has the words: `~~` is LIKE.
fn use_words(it: &mut protobuf::AExpr, name: &str) {
    let calls = |names: &[&str]| match it.rexpr.as_deref().and_then(|it| it.node.as_ref()) {
        Some(NodeEnum::FuncCall(call)) => names.contains(&object_name(&call.funcname).1.as_str()),
        _ => false,
    };
    let kind = match name {
        "~~" | "!~~" => AExprKind::AexprLike,
        "~~*" | "!~~*" => AExprKind::AexprIlike,
        "~" | "!~" if calls(&["similar_to_escape", "similar_escape"]) => AExprKind::AexprSimilar,
        _ => return,
    };
    it.set_kind(kind);
}

/// An operator without its operands.
fn head(it: &protobuf::AExpr) -> protobuf::AExpr {
    protobuf::AExpr { kind: it.kind, name: it.name.clone(), lexpr: None, rexpr: None, location: it.location, ..Default::default() }
}

/// What the server makes of a form of SQL before it looks at types; none where it stays.
fn expanded(node: &Node) -> Option<Node> {
    let Some(NodeEnum::AExpr(it)) = &node.node else { return None };
    let compare = |left: &Node, name: &str, right: &Node| {
        let mut made = protobuf::AExpr { name: vec![string(name)], location: it.location, ..Default::default() };
        made.set_kind(AExprKind::AexprOp);
        made.lexpr = Some(Box::new(left.clone()));
        made.rexpr = Some(Box::new(right.clone()));
        Node { node: Some(NodeEnum::AExpr(Box::new(made))) }
    };
    let (left, right) = (it.lexpr.as_deref()?, it.rexpr.as_deref()?);
    let list = match &right.node {
        Some(NodeEnum::List(list)) => list.items.as_slice(),
        _ => &[],
    };
    match (it.kind(), list) {
        (AExprKind::AexprBetween, [low, high]) => Some(all_of([compare(left, ">=", low), compare(left, "<=", high)])),
        (AExprKind::AexprNotBetween, [low, high]) => Some(any_of([compare(left, "<", low), compare(left, ">", high)])),
        (AExprKind::AexprBetweenSym, [a, b]) => Some(any_of([
            all_of([compare(left, ">=", a), compare(left, "<=", b)]),
            all_of([compare(left, ">=", b), compare(left, "<=", a)]),
        ])),
        (AExprKind::AexprNotBetweenSym, [a, b]) => {
            Some(all_of([any_of([compare(left, "<", a), compare(left, ">", b)]), any_of([compare(left, "<", b), compare(left, ">", a)])]))
        }
        // Rows are compared field by field: parse_expr.c, make_row_comparison_op.
        (AExprKind::AexprIn, rows) if !rows.is_empty() && is_row(left) && rows.iter().all(is_row) => {
            let equal = single(&it.name) == Some("=");
            let each =
                rows.iter().map(|row| row_comparison(left, row, if equal { "=" } else { "<>" }, &compare)).collect::<Option<Vec<_>>>()?;
            Some(match <[Node; 1]>::try_from(each) {
                Ok([one]) => one,
                Err(each) if equal => any_of(each),
                Err(each) => all_of(each),
            })
        }
        (AExprKind::AexprOp, _) if is_row(left) && is_row(right) => row_comparison(left, right, single(&it.name)?, &compare),
        (AExprKind::AexprIn, [one]) if !matches!(left.node, Some(NodeEnum::RowExpr(_))) => {
            single(&it.name).map(|name| compare(left, name, one))
        }
        // Values that are columns are compared one by one.
        (AExprKind::AexprIn, items) if items.iter().any(has_column) && !matches!(left.node, Some(NodeEnum::RowExpr(_))) => {
            let name = single(&it.name)?;
            let (columns, constants): (Vec<Node>, Vec<Node>) = items.iter().cloned().partition(has_column);
            let mut parts = Vec::new();
            let mut alone = columns;
            if constants.len() > 1 {
                let list = Node { node: Some(NodeEnum::List(protobuf::List { items: constants })) };
                let rest = protobuf::AExpr { lexpr: it.lexpr.clone(), rexpr: Some(Box::new(list)), ..head(it) };
                parts.push(Node { node: Some(NodeEnum::AExpr(Box::new(rest))) });
            } else {
                alone = items.to_vec();
            }
            parts.extend(alone.iter().map(|it| compare(left, name, it)));
            Some(if name == "<>" { all_of(parts) } else { any_of(parts) })
        }
        // parse_expr.c, make_row_distinct_op
        (AExprKind::AexprDistinct | AExprKind::AexprNotDistinct, _) if is_row(left) && is_row(right) => {
            let distinct = |left: &Node, name: &str, right: &Node| {
                let mut made = compare(left, name, right);
                if let Some(NodeEnum::AExpr(it)) = made.node.as_mut() {
                    it.set_kind(AExprKind::AexprDistinct);
                }
                made
            };
            let (Some(NodeEnum::RowExpr(a)), Some(NodeEnum::RowExpr(b))) = (&left.node, &right.node) else { return None };
            let mut fields: Vec<Node> = a.args.iter().zip(&b.args).map(|(left, right)| distinct(left, "=", right)).collect();
            let any = match fields.len() {
                _ if a.args.len() != b.args.len() => return None,
                0 => return None,
                1 => fields.pop()?,
                _ => any_of(fields),
            };
            Some(if it.kind() == AExprKind::AexprDistinct { any } else { boolean(BoolExprType::NotExpr, vec![any]) })
        }
        (AExprKind::AexprDistinct | AExprKind::AexprNotDistinct, _) => {
            let null = |it: &Node| matches!(&it.node, Some(NodeEnum::AConst(it)) if it.isnull);
            let other = if null(right) { left } else { Some(right).filter(|_| null(left))? };
            let mut test = protobuf::NullTest { arg: Some(Box::new(other.clone())), location: it.location, ..Default::default() };
            let distinct = it.kind() == AExprKind::AexprDistinct;
            test.set_nulltesttype(if distinct { protobuf::NullTestType::IsNotNull } else { protobuf::NullTestType::IsNull });
            Some(Node { node: Some(NodeEnum::NullTest(Box::new(test))) })
        }
        _ => None,
    }
}

fn is_row(node: &Node) -> bool {
    matches!(node.node, Some(NodeEnum::RowExpr(_)))
}

/// `(a, b) = (c, d)` as `a = c AND b = d`; none for other comparisons, which the server keeps.
fn row_comparison(left: &Node, right: &Node, name: &str, compare: &dyn Fn(&Node, &str, &Node) -> Node) -> Option<Node> {
    let (Some(NodeEnum::RowExpr(left)), Some(NodeEnum::RowExpr(right))) = (&left.node, &right.node) else { return None };
    let fields = || left.args.iter().zip(&right.args).map(|(left, right)| compare(left, name, right)).collect::<Vec<_>>();
    match name {
        _ if left.args.len() != right.args.len() || left.args.len() < 2 => None,
        "=" => Some(all_of(fields())),
        "<>" => Some(any_of(fields())),
        _ => None,
    }
}

fn all_of(parts: impl Into<Vec<Node>>) -> Node {
    boolean(BoolExprType::AndExpr, parts.into())
}

fn any_of(parts: impl Into<Vec<Node>>) -> Node {
    boolean(BoolExprType::OrExpr, parts.into())
}

fn boolean(kind: BoolExprType, args: Vec<Node>) -> Node {
    let mut made = protobuf::BoolExpr { args, location: -1, ..Default::default() };
    made.set_boolop(kind);
    Node { node: Some(NodeEnum::BoolExpr(Box::new(made))) }
}

/// Whether a column stands in an expression, subqueries aside.
fn has_column(node: &Node) -> bool {
    match &node.node {
        Some(NodeEnum::ColumnRef(_)) => true,
        Some(NodeEnum::SubLink(_)) | None => false,
        Some(inner) => {
            let mut found = false;
            walk::for_each_child(inner, &mut |child| found |= has_column(child));
            found
        }
    }
}

/// `a AND b`, left-deep ones as one list, as the grammar makes it: PostgreSQL src/backend/parser/gram.y, makeAndExpr. NOT over IS DISTINCT
/// FROM is IS NOT DISTINCT FROM, which the server keeps so.
pub(super) fn flatten(node: &mut Node) {
    let Some(NodeEnum::BoolExpr(it)) = node.node.as_mut() else { return };
    let kind = it.boolop();
    if kind == BoolExprType::NotExpr {
        if let [Node { node: Some(NodeEnum::AExpr(inner)) }] = it.args.as_mut_slice()
            && inner.kind() == AExprKind::AexprDistinct
        {
            inner.set_kind(AExprKind::AexprNotDistinct);
            let inner = it.args.pop();
            *node = inner.unwrap_or_default();
        }
        return;
    }
    while let Some(Node { node: Some(NodeEnum::BoolExpr(first)) }) = it.args.first_mut()
        && first.boolop() == kind
    {
        let first = std::mem::take(&mut first.args);
        it.args.splice(0..1, first);
    }
}
