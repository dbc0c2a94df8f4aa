//! Casts that the server adds by itself, taken away again.
//!
//! The server stores `v = 'a'` of a varchar as `(v)::text = 'a'::text`. Both are the canonical `v = 'a'`: a cast goes where
//! without it the same function or operator is chosen and the operands become the same types, so that the server adds it again.
//! Which casts go is told from what the server stores, hence it is the same whether the text had them or not.

use pg_query::NodeEnum;
use pg_query::protobuf::{self, Node, a_const};

use super::analysis::{Analysis, Literal, type_names};
use super::literal;
use super::scope::{Typed, is_untyped};
use crate::capture::script::resolve::Unresolved;
use crate::catalog::{DataType, PG_CATALOG, QualifiedName};

/// What a choice by types comes to: which of the candidates, and the types that the operands become.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) what: usize,
    pub(super) coerced: Vec<DataType>,
}

impl Analysis<'_> {
    /// Takes the casts of operands away that change nothing of the outcome, and writes literals as the server reads them.
    pub(super) fn settle(
        &mut self,
        operands: &mut [&mut Node],
        types: &[Typed],
        outcome: &dyn Fn(&Self, &[Typed]) -> Option<Outcome>,
    ) -> Result<(), Unresolved> {
        let Some(wanted) = outcome(self, types) else { return Ok(()) };
        let mut left = types.to_vec();
        let bare: Vec<Option<Typed>> = operands
            .iter()
            .zip(types)
            .zip(&wanted.coerced)
            .map(|((node, typed), data_type)| self.without_cast(node, typed, data_type))
            .collect();
        if bare.iter().any(Option::is_some) {
            let all: Vec<Typed> = bare.iter().zip(types).map(|(bare, typed)| bare.as_ref().unwrap_or(typed).clone()).collect();
            if outcome(self, &all).as_ref() == Some(&wanted) {
                left = all;
            } else {
                // A literal without a cast is taken as if it had one: which of several keeps it must not depend on the text.
                let bare: Vec<Option<Typed>> =
                    bare.iter().zip(types).map(|(it, typed)| it.clone().or_else(|| typed.is_untyped().then(|| typed.clone()))).collect();
                let with_cast = |(typed, data_type): (&Typed, &DataType)| {
                    if typed.is_untyped() { Typed::of(data_type.clone()).not_null(typed.not_null) } else { typed.clone() }
                };
                let cast: Vec<Typed> = types.iter().zip(&wanted.coerced).map(with_cast).collect();
                if outcome(self, &cast).as_ref() == Some(&wanted) {
                    left = cast;
                }
                // Literals first, for they have no type of their own, from the last to the first.
                let literal = |n: &usize| bare[*n].as_ref().is_some_and(Typed::is_untyped);
                let (literals, others): (Vec<usize>, Vec<usize>) = (0..bare.len()).filter(|n| bare[*n].is_some()).partition(literal);
                for n in literals.into_iter().rev().chain(others) {
                    let kept = bare[n].clone().map(|it| std::mem::replace(&mut left[n], it));
                    if outcome(self, &left).as_ref() != Some(&wanted)
                        && let Some(kept) = kept
                    {
                        left[n] = kept;
                    }
                }
            }
            for (n, node) in operands.iter_mut().enumerate() {
                if bare[n].as_ref().is_some_and(|it| *it == left[n]) {
                    self.take_casts(node);
                } else if types[n].is_untyped() && !left[n].is_untyped() {
                    self.read_literal(node, &wanted.coerced[n])?;
                    if is_literal(Some(node)) {
                        **node = cast_to(std::mem::take(*node), &wanted.coerced[n]);
                    }
                }
            }
        }
        for (node, data_type) in operands.iter_mut().zip(&wanted.coerced) {
            self.read_literal(node, data_type)?;
        }
        Ok(())
    }

    /// A value on its way into a column or a parameter: the casts that the server adds there are not shown, those of constants are
    /// (PostgreSQL src/backend/utils/adt/ruleutils.c, get_const_expr).
    pub(super) fn assign(&mut self, node: &mut Node, into: &DataType) -> Result<(), Unresolved> {
        let whole = self.resolver.base_type(into);
        let base = whole.without_modifiers();
        // An interval's fields are given to the constant itself (parse_coerce.c, coerce_type).
        let fields = |it: &protobuf::TypeCast| {
            base == DataType::builtin("interval")
                && it.type_name.as_ref().and_then(|it| self.resolver.data_type(it).ok()).as_ref() == Some(&whole)
        };
        if let Some(NodeEnum::TypeCast(cast)) = &node.node
            && is_literal(cast.arg.as_deref())
            && (self.cast_type(cast).as_ref() == Some(&base) || fields(cast))
            && !names_object(&base)
        {
            take_cast(node);
        }
        // The server casts each field of a row to what the attribute is.
        if let Some(NodeEnum::RowExpr(row)) = node.node.as_mut() {
            return self.settle_fields(row, &base);
        }
        self.read_literal(node, &base)
    }

    /// Several values of one type: the arms of a CASE, the elements of an array.
    pub(super) fn settle_common(&mut self, operands: &mut [&mut Node], types: &[Typed]) -> Result<(), Unresolved> {
        self.settle(operands, types, &|this, types| {
            let common = this.type_rules().common(types)?.without_modifiers();
            Some(Outcome { what: 0, coerced: vec![common; types.len()] })
        })
    }

    /// The type of a cast without modifiers.
    pub(super) fn cast_type(&self, cast: &protobuf::TypeCast) -> Option<DataType> {
        self.resolver.data_type(cast.type_name.as_ref()?).ok().filter(|it| it.modifiers.is_empty())
    }

    /// What a cast's operand is, if the server could add such a cast by itself to make it `wanted`.
    fn without_cast(&self, node: &Node, typed: &Typed, wanted: &DataType) -> Option<Typed> {
        let cast = match &node.node {
            Some(NodeEnum::TypeCast(cast)) => cast,
            // The cast of an array stands at its elements.
            Some(NodeEnum::AArrayExpr(_)) if typed.data_type.as_ref() == Some(wanted) => {
                let uncast = typed.uncast.as_deref()?;
                return self.type_rules().fits(uncast.data_type.as_ref()?, wanted).then(|| uncast.clone());
            }
            _ => return None,
        };
        let data_type = self.cast_type(cast)?;
        if is_literal(cast.arg.as_deref()) {
            let is_domain = self.resolver.base_type(&data_type) != data_type;
            let same = data_type == *wanted || is_string(&data_type) && is_string(wanted);
            return (same && !names_object(&data_type) && !is_domain).then(|| Typed::builtin("unknown").not_null(typed.not_null));
        }
        let uncast = typed.uncast.as_deref()?;
        let from = uncast.data_type.as_ref().filter(|it| !is_untyped(it))?;
        (data_type == *wanted && *from != data_type && self.type_rules().fits(from, &data_type)).then(|| uncast.clone())
    }

    /// What the operand of a cast to text is, where it is a text of another name.
    pub(super) fn without_cast_to_text(&self, node: &Node, typed: &Typed) -> Option<Typed> {
        let Some(NodeEnum::TypeCast(cast)) = &node.node else { return None };
        let uncast = typed.uncast.as_deref()?;
        let from = self.resolver.base_type(uncast.data_type.as_ref()?).without_modifiers();
        (!is_literal(cast.arg.as_deref()) && self.cast_type(cast)? == DataType::builtin("text") && is_string(&from)).then(|| uncast.clone())
    }

    /// What the operand of a cast to the base type of its domain is.
    pub(super) fn without_cast_to_base(&self, node: &Node, typed: &Typed) -> Option<Typed> {
        let Some(NodeEnum::TypeCast(cast)) = &node.node else { return None };
        let uncast = typed.uncast.as_deref()?;
        let from = uncast.data_type.as_ref()?.without_modifiers();
        let base = self.resolver.base_type(&from).without_modifiers();
        (from != base && self.cast_type(cast)? == base).then(|| uncast.clone())
    }

    /// The value without its cast, or an array without those of its elements.
    fn take_casts(&self, node: &mut Node) {
        match node.node.as_mut() {
            Some(NodeEnum::AArrayExpr(it)) => it.elements.iter_mut().for_each(take_cast),
            _ => take_cast(node),
        }
    }

    /// The fields of a row that is cast to a composite type: casts to the types of the attributes are added by the server
    /// (PostgreSQL src/backend/parser/parse_coerce.c, coerce_record_to_complex).
    pub(super) fn settle_fields(&mut self, row: &mut protobuf::RowExpr, data_type: &DataType) -> Result<(), Unresolved> {
        let Some(attributes) = self.attributes(data_type).filter(|it| it.len() == row.args.len()) else { return Ok(()) };
        for (node, attribute) in row.args.iter_mut().zip(attributes) {
            let Some(wanted) = attribute.typed.data_type else { continue };
            if let Some(NodeEnum::TypeCast(cast)) = &node.node
                && let Some(type_name) = &cast.type_name
                && self.resolver.data_type(type_name).is_ok_and(|it| it == wanted)
                && !names_object(&wanted)
            {
                take_cast(node);
            }
            if wanted.modifiers.is_empty() {
                self.read_literal(node, &self.resolver.base_type(&wanted))?;
            }
        }
        Ok(())
    }

    /// Writes a literal that a type reads as it is called after the rename under way.
    pub(super) fn rename_constant(&self, node: &mut Node, data_type: &DataType) {
        let Some(rename) = self.rename else { return };
        if let Some(NodeEnum::AConst(it)) = node.node.as_mut()
            && let Some(a_const::Val::Sval(text)) = &mut it.val
            && let Some(new) = rename.constant(&text.sval, self.resolver.base(data_type))
        {
            text.sval = new;
        }
    }

    /// Writes a bare literal as the server keeps it once it has read it as a type.
    pub(super) fn read_literal(&mut self, node: &mut Node, data_type: &DataType) -> Result<(), Unresolved> {
        if !is_literal(Some(node)) || is_untyped(data_type) {
            return Ok(());
        }
        self.needs_type(data_type);
        self.rename_constant(node, data_type);
        if names_object(data_type) {
            let arg = Some(Box::new(std::mem::take(node)));
            let names = type_names(&data_type.name, true);
            let type_name = protobuf::TypeName { names, typemod: -1, location: -1, ..Default::default() };
            node.node = Some(NodeEnum::TypeCast(Box::new(protobuf::TypeCast { arg, type_name: Some(type_name), location: -1 })));
            return self.value(node).map(drop);
        }
        if data_type.name.name == "regconfig" && data_type.name.is_builtin() {
            if let Some(text) = super::value::literal_text(node) {
                self.literal(Literal::TextSearchConfiguration, text, -1)?;
            }
            return Ok(());
        }
        if let Some(NodeEnum::AConst(it)) = node.node.as_mut()
            && let Some(a_const::Val::Sval(text)) = &it.val
            && let Some(value) = literal::read(&text.sval, data_type)
        {
            it.val = Some(value);
        }
        Ok(())
    }
}

/// Whether literals of the type are kept as they are written.
pub(super) fn is_string(data_type: &DataType) -> bool {
    data_type.name.is_builtin() && !data_type.array && matches!(data_type.name.name.as_str(), "text" | "varchar")
}

/// The value without the cast around it.
pub(super) fn take_cast(node: &mut Node) {
    if let Some(NodeEnum::TypeCast(cast)) = node.node.as_mut()
        && let Some(arg) = cast.arg.take()
    {
        *node = *arg;
    }
}

/// Whether a node is a quoted literal or NULL.
pub(super) fn is_literal(node: Option<&Node>) -> bool {
    matches!(node.and_then(|it| it.node.as_ref()), Some(NodeEnum::AConst(it)) if it.isnull || matches!(it.val, Some(a_const::Val::Sval(_))))
}

/// Whether a literal of the type names an object, so that it is not plain text.
pub(super) fn names_object(data_type: &DataType) -> bool {
    data_type.name.is_builtin() && !data_type.array && matches!(data_type.name.name.as_str(), "regclass" | "regtype")
}

/// A cast.
pub(super) fn cast(arg: Node, type_name: protobuf::TypeName) -> Node {
    let arg = Some(Box::new(arg));
    Node { node: Some(NodeEnum::TypeCast(Box::new(protobuf::TypeCast { arg, type_name: Some(type_name), location: -1 }))) }
}

/// The bound of an array type that has none.
pub(super) fn any_bound() -> Node {
    Node { node: Some(NodeEnum::Integer(protobuf::Integer { ival: -1 })) }
}

/// A cast to a type without modifiers.
pub(super) fn cast_to(arg: Node, data_type: &DataType) -> Node {
    let mut type_name = protobuf::TypeName { names: type_names(&data_type.name, true), typemod: -1, location: -1, ..Default::default() };
    if data_type.array {
        type_name.array_bounds.push(any_bound());
    }
    cast(arg, type_name)
}

/// A cast to a type of `pg_catalog`.
pub(super) fn cast_to_builtin(arg: Node, name: &str) -> Node {
    let names = type_names(&QualifiedName::new(PG_CATALOG, name), true);
    cast(arg, protobuf::TypeName { names, typemod: -1, location: -1, ..Default::default() })
}
