//! Expressions: what each value is, and the names in it.

use pg_query::NodeEnum;
use pg_query::protobuf::{self, AExprKind, CoercionForm, Node, SqlValueFunctionOp, SubLinkType, XmlExprOp, a_const};

use super::analysis::{Analysis, Literal, string};
use super::builtin::Builtin;
use super::coerce::{any_bound, cast, is_literal, is_string, names_object, take_cast};
use super::scope::{Column, Typed};
use super::walk;
use crate::capture::script::resolve::{Unresolved, strings};
use crate::catalog::DataType;

impl Analysis<'_> {
    /// Resolves the names in an expression, and tells what its value is.
    pub(super) fn value(&mut self, node: &mut Node) -> Result<Typed, Unresolved> {
        let Some(inner) = node.node.as_mut() else { return Ok(Typed::default()) };
        match inner {
            NodeEnum::ColumnRef(it) => self.column_ref(it),
            NodeEnum::AConst(it) => {
                let typed = constant(it);
                super::literal::respell(node);
                Ok(typed)
            }
            NodeEnum::TypeCast(_) => self.type_cast(node),
            NodeEnum::FuncCall(it) => self.function_call(it),
            NodeEnum::AExpr(_) => self.operation(node),
            NodeEnum::BoolExpr(it) => {
                let not_null = self.all(&mut it.args)?.iter().all(|it| it.not_null);
                super::operation::flatten(node);
                Ok(Typed::builtin("bool").not_null(not_null))
            }
            NodeEnum::NullTest(it) => {
                self.maybe(it.arg.as_deref_mut())?;
                Ok(Typed::builtin("bool").not_null(true))
            }
            NodeEnum::BooleanTest(it) => {
                self.maybe(it.arg.as_deref_mut())?;
                Ok(Typed::builtin("bool").not_null(true))
            }
            NodeEnum::CaseExpr(it) => self.case(it),
            NodeEnum::CoalesceExpr(it) => {
                let values = self.all(&mut it.args)?;
                self.settle_common(&mut it.args.iter_mut().collect::<Vec<_>>(), &values)?;
                let not_null = values.iter().any(|it| it.not_null);
                Ok(self.common(values).not_null(not_null))
            }
            NodeEnum::MinMaxExpr(it) => {
                let values = self.all(&mut it.args)?;
                self.settle_common(&mut it.args.iter_mut().collect::<Vec<_>>(), &values)?;
                let not_null = values.iter().any(|it| it.not_null);
                Ok(self.common(values).not_null(not_null))
            }
            NodeEnum::SubLink(it) => self.sub_link(it),
            NodeEnum::AArrayExpr(_) => self.array(node),
            NodeEnum::RowExpr(it) => {
                self.all(&mut it.args)?;
                // The server prints the word.
                it.set_row_format(CoercionForm::CoerceExplicitCall);
                Ok(Typed::builtin("record").not_null(true))
            }
            NodeEnum::CollateClause(it) => {
                self.collation(&mut it.collname);
                let mut typed = self.maybe(it.arg.as_deref_mut())?;
                // The server puts the cast of an operand below its COLLATE (`coerce_type`).
                if let Some(arg) = it.arg.as_deref_mut()
                    && let Some(uncast) = self.without_cast_to_text(arg, &typed).or_else(|| self.without_cast_to_base(arg, &typed))
                {
                    take_cast(arg);
                    typed = uncast;
                }
                Ok(if typed.is_untyped() { Typed::builtin("text").not_null(typed.not_null) } else { typed })
            }
            NodeEnum::AIndirection(it) => {
                let typed = self.indirection(it)?;
                field_of_row(node);
                Ok(typed)
            }
            NodeEnum::SqlvalueFunction(it) => Ok(value_function(it)),
            NodeEnum::GroupingFunc(it) => {
                self.all(&mut it.args)?;
                Ok(Typed::builtin("int4").not_null(true))
            }
            NodeEnum::NamedArgExpr(it) => self.maybe(it.arg.as_deref_mut()),
            NodeEnum::XmlExpr(it) => {
                let is_document = it.op() == XmlExprOp::IsDocument;
                for node in it.named_args.iter_mut().chain(&mut it.args) {
                    match node.node.as_mut() {
                        Some(NodeEnum::ResTarget(target)) => {
                            // A column gives its name.
                            if let Some(Node { node: Some(NodeEnum::ColumnRef(column)) }) = target.val.as_deref()
                                && target.name.is_empty()
                            {
                                target.name = strings(&column.fields).last().copied().unwrap_or_default().to_owned();
                            }
                            self.maybe(target.val.as_deref_mut())?
                        }
                        _ => self.value(node)?,
                    };
                }
                if let (XmlExprOp::IsXmlparse, Some(text)) = (it.op(), it.args.first_mut()) {
                    self.assign(text, &DataType::builtin("text"))?;
                }
                Ok(Typed::builtin(if is_document { "bool" } else { "xml" }))
            }
            NodeEnum::XmlSerialize(it) => {
                self.maybe(it.expr.as_deref_mut())?;
                self.output_type(it.type_name.as_mut(), "text")
            }
            NodeEnum::JsonObjectConstructor(it) => {
                self.all(&mut it.exprs)?;
                let typed = self.json_output(it.output.as_mut(), "json")?;
                it.output = it.output.take().filter(|_| typed.data_type != Some(DataType::builtin("json")));
                Ok(typed)
            }
            NodeEnum::JsonArrayConstructor(it) => {
                self.all(&mut it.exprs)?;
                let typed = self.json_output(it.output.as_mut(), "json")?;
                it.output = it.output.take().filter(|_| typed.data_type != Some(DataType::builtin("json")));
                Ok(typed)
            }
            NodeEnum::JsonArrayQueryConstructor(it) => {
                self.query(it.query.as_deref_mut())?;
                self.json_output(it.output.as_mut(), "json")
            }
            NodeEnum::JsonFuncExpr(it) => {
                let default = match it.op() {
                    protobuf::JsonExprOp::JsonExistsOp => "bool",
                    protobuf::JsonExprOp::JsonValueOp => "text",
                    _ => "jsonb",
                };
                let typed = self.json_output(it.output.as_mut(), default)?;
                self.children(inner)?;
                Ok(typed)
            }
            NodeEnum::JsonParseExpr(it) => {
                let typed = self.json_output(it.output.as_mut(), "json")?;
                self.children(inner)?;
                Ok(typed)
            }
            NodeEnum::JsonScalarExpr(it) => {
                let typed = self.json_output(it.output.as_mut(), "json")?;
                self.children(inner)?;
                Ok(typed)
            }
            NodeEnum::JsonSerializeExpr(it) => {
                let typed = self.json_output(it.output.as_mut(), "text")?;
                self.children(inner)?;
                Ok(typed)
            }
            NodeEnum::JsonObjectAgg(it) => {
                let output = it.constructor.as_mut().and_then(|it| it.output.as_mut());
                let typed = self.json_output(output, "json")?;
                self.children(inner)?;
                Ok(typed)
            }
            NodeEnum::JsonArrayAgg(it) => {
                let output = it.constructor.as_mut().and_then(|it| it.output.as_mut());
                let typed = self.json_output(output, "json")?;
                self.children(inner)?;
                Ok(typed)
            }
            NodeEnum::JsonIsPredicate(it) => {
                let typed = self.maybe(it.expr.as_deref_mut())?;
                Ok(Typed::builtin("bool").not_null(typed.not_null))
            }
            NodeEnum::SelectStmt(it) => {
                self.select(it, true)?;
                Ok(Typed::builtin("record"))
            }
            NodeEnum::SetToDefault(_) => Ok(Typed::builtin("unknown")),
            NodeEnum::ParamRef(it) if usize::try_from(it.number).is_ok_and(|n| (1..=self.parameters.len()).contains(&n)) => {
                Ok(Typed::of(self.parameters[it.number.unsigned_abs() as usize - 1].1.clone()))
            }
            NodeEnum::ParamRef(it) => Ok(Typed::unknown("a parameter has no type here", it.location)),
            _ => {
                self.children(inner)?;
                Ok(Typed::unknown("the form of the expression is not known", -1))
            }
        }
    }

    fn children(&mut self, inner: &mut NodeEnum) -> Result<(), Unresolved> {
        let mut result = Ok(());
        walk::for_each_child_mut(inner, &mut |child| {
            if result.is_ok() {
                result = self.value(child).map(drop);
            }
        });
        result
    }

    /// The value of a part that may be missing.
    pub(super) fn maybe(&mut self, node: Option<&mut Node>) -> Result<Typed, Unresolved> {
        node.map_or_else(|| Ok(Typed::default()), |node| self.value(node))
    }

    /// The values of several parts.
    pub(super) fn all(&mut self, nodes: &mut [Node]) -> Result<Vec<Typed>, Unresolved> {
        nodes.iter_mut().map(|it| self.value(it)).collect()
    }

    fn output_type(&mut self, type_name: Option<&mut protobuf::TypeName>, default: &str) -> Result<Typed, Unresolved> {
        type_name.map_or_else(|| Ok(Typed::builtin(default)), |it| self.type_name(it).map(Typed::of))
    }

    fn json_output(&mut self, output: Option<&mut protobuf::JsonOutput>, default: &str) -> Result<Typed, Unresolved> {
        self.output_type(output.and_then(|it| it.type_name.as_mut()), default)
    }

    /// A column, a whole row, or the `VALUE` of a domain.
    fn column_ref(&mut self, it: &mut protobuf::ColumnRef) -> Result<Typed, Unresolved> {
        let star = matches!(it.fields.last().and_then(|it| it.node.as_ref()), Some(NodeEnum::AStar(_)));
        let names: Vec<String> = strings(&it.fields).into_iter().map(str::to_owned).collect();
        match (names.as_slice(), star) {
            ([name], false) => {
                let found = self
                    .levels
                    .iter()
                    .enumerate()
                    .rev()
                    .find_map(|(depth, level)| level.visible.iter().find(|it| it.column.name == *name).map(|it| (depth, it.clone())));
                if let Some((depth, visible)) = found {
                    self.touched.insert(depth);
                    let typed = self.seen(it, visible.column);
                    if self.levels.len() > 1
                        && let Some(item) = visible.item
                    {
                        it.fields.insert(0, string(&item));
                    }
                    return Ok(typed);
                }
                if let Some(value) = self.value.as_ref().filter(|_| name == "value") {
                    return Ok(Typed::of(value.clone()));
                }
                let parameter =
                    self.parameters.iter().find(|(parameter, _)| parameter == name).map(|(_, data_type)| Typed::of(data_type.clone()));
                if let Some(whole) = self.whole_row(None, name, it) {
                    return Ok(whole);
                }
                parameter.or_else(|| self.system_column(name)).map_or_else(|| self.unknown_column(None, name, it.location), Ok)
            }
            ([], true) => Ok(Typed::builtin("record").not_null(true)),
            ([.., name], true) => {
                let schema = names.len().checked_sub(2).map(|n| names[n].as_str());
                match self.whole_row(schema, name, it) {
                    Some(whole) => Ok(whole),
                    None if self.lenient => Ok(Typed::builtin("record")),
                    None => Err(self.unknown_item(name, it.location)),
                }
            }
            ([.., table, name], false) => {
                let schema = names.len().checked_sub(3).map(|n| names[n].as_str());
                let level = self.levels.iter().enumerate().rev().find(|(_, level)| level.item(schema, table).is_some());
                let Some((depth, level)) = level else {
                    // A parameter of the routine, by whose name the server calls it where there are other names.
                    let parameter = self.parameters.iter().find(|(parameter, _)| parameter == name && schema.is_none());
                    if let Some((_, data_type)) = parameter {
                        let typed = Typed::of(data_type.clone());
                        if !self.levels.iter().any(|level| level.visible.iter().any(|it| it.column.name == *name)) {
                            it.fields.remove(0);
                        }
                        return Ok(typed);
                    }
                    return if self.open_output || self.lenient {
                        Ok(Typed::unknown("it is of a row that is not known", it.location))
                    } else {
                        Err(self.unknown_item(table, it.location))
                    };
                };
                let Some(item) = level.item(schema, table) else { return Ok(Typed::default()) };
                self.touched.insert(depth);
                // The columns of the relation that an expression is of need no qualifier; all others have one that is unique.
                let own = self.levels.len() == 1 && level.visible.iter().any(|it| it.item.as_ref() == Some(&item.printed));
                it.fields.drain(..names.len() - 1);
                if !own {
                    it.fields.insert(0, string(&item.printed));
                }
                let whole = item.row.clone();
                match item.columns.iter().find(|it| it.name == *name).cloned() {
                    Some(column) => Ok(self.seen(it, column)),
                    None if item.open => Ok(Typed::unknown(format!("the columns of `{table}` are not known"), it.location)),
                    None => {
                        // `row.function` is a call, as in Berkeley's days.
                        let function = whole.is_some()
                            && (!self.resolver.functions(None, name).is_empty() || !Builtin::get().functions(name).is_empty());
                        let call = || function.then(|| Typed::unknown(format!("`{name}` is called as a function of the row"), it.location));
                        let table = table.clone();
                        self.system_column(name).or_else(call).map_or_else(|| self.unknown_column(Some(&table), name, it.location), Ok)
                    }
                }
            }
            ([], false) => Ok(Typed::default()),
        }
    }

    /// A column that was found: what it needs, and its new name.
    fn seen(&mut self, it: &mut protobuf::ColumnRef, column: Column) -> Typed {
        if let Some((relation, name)) = &column.source {
            self.needs_column(relation, name);
            if column.name == *name
                && !self.pin_columns
                && let Some(new) = self.rename.and_then(|it| it.column(relation, name))
                && let Some(NodeEnum::String(last)) = it.fields.last_mut().and_then(|it| it.node.as_mut())
            {
                new.clone_into(&mut last.sval);
            }
        }
        let mut typed = column.typed;
        if let Some(why) = typed.why.as_mut()
            && why.location < 0
        {
            why.location = it.location;
        }
        typed
    }

    /// A row as a whole, which is written with a star: a name alone could be a column's. It needs no column of its own (PostgreSQL
    /// src/backend/catalog/dependency.c, find_expr_references_walker).
    fn whole_row(&mut self, schema: Option<&str>, name: &str, it: &mut protobuf::ColumnRef) -> Option<Typed> {
        let (depth, item) = self.levels.iter().enumerate().rev().find_map(|(depth, level)| Some((depth, level.item(schema, name)?)))?;
        let row = item.row.clone();
        it.fields = vec![string(&item.printed), Node { node: Some(NodeEnum::AStar(protobuf::AStar {})) }];
        self.touched.insert(depth);
        let location = it.location;
        Some(row.map_or_else(|| Typed::builtin("record"), Typed::of)).map(|mut it| {
            it.why = it.why.map(|why| super::scope::Why { location, ..why });
            it
        })
    }

    /// The columns that every table has. PostgreSQL src/backend/catalog/heap.c, SysAtt.
    fn system_column(&self, name: &str) -> Option<Typed> {
        if self.levels.iter().all(|it| it.items.is_empty()) {
            return None;
        }
        match name {
            "ctid" => Some(Typed::builtin("tid")),
            "xmin" | "xmax" => Some(Typed::builtin("xid")),
            "cmin" | "cmax" => Some(Typed::builtin("cid")),
            "tableoid" | "oid" => Some(Typed::builtin("oid")),
            _ => None,
        }
    }

    fn unknown_column(&self, table: Option<&str>, name: &str, location: i32) -> Result<Typed, Unresolved> {
        if self.open_output || self.lenient || self.levels.iter().any(super::scope::Namespace::is_open) {
            return Ok(Typed::unknown(format!("`{name}` may be a column of a relation whose columns are not known"), location));
        }
        let columns =
            self.levels.iter().flat_map(|it| &it.items).filter(|it| table.is_none_or(|table| it.name == table)).flat_map(|it| &it.columns);
        let nearest = crate::diagnostic::nearest(name, columns.map(|it| it.name.as_str())).map(str::to_owned);
        let name = table.map_or_else(|| name.to_owned(), |table| format!("{table}.{name}"));
        Err(Unresolved { what: "column", name, location: Some(location), nearest })
    }

    fn type_cast(&mut self, node: &mut Node) -> Result<Typed, Unresolved> {
        if let Some(elements) = self.elements(node).filter(|it| !it.is_empty()) {
            // The elements are cast, one by one: PostgreSQL src/backend/parser/parse_expr.c, transformTypeCast.
            let array = protobuf::AArrayExpr { elements, ..Default::default() };
            node.node = Some(NodeEnum::AArrayExpr(array));
            return self.array(node);
        }
        let Some(NodeEnum::TypeCast(it)) = node.node.as_mut() else { return Ok(Typed::default()) };
        let location = it.location;
        let needed = self.dependencies.len();
        let data_type = match it.type_name.as_mut() {
            Some(type_name) => self.type_name(type_name)?,
            None => return self.maybe(it.arg.as_deref_mut()),
        };
        let is_new_need = self.dependencies.len() > needed;
        let literal = match data_type.name.name.as_str() {
            "regclass" => Some(Literal::Class),
            "regtype" => Some(Literal::Type),
            "regconfig" => Some(Literal::TextSearchConfiguration),
            _ => None,
        };
        if let Some(literal) = literal.filter(|_| data_type.name.is_builtin() && !data_type.array)
            && let Some(text) = it.arg.as_deref_mut().and_then(literal_text)
        {
            self.literal(literal, text, location)?;
        }
        // An empty array has no type but the cast's.
        let Some(argument) = it.arg.as_deref_mut() else { return Ok(Typed::of(data_type)) };
        let inner = self.value(argument)?;
        let typed = Typed::of(data_type.clone()).not_null(inner.not_null && self.cast_gives_value(&inner, &data_type));
        self.join_casts(argument, &data_type);
        if let Some(NodeEnum::RowExpr(row)) = argument.node.as_mut() {
            self.settle_fields(row, &data_type)?;
        }
        if inner.is_untyped()
            && let Some(attributes) = self.attributes(&data_type)
            && let Some(text) = literal_text(argument)
        {
            let types: Option<Vec<&DataType>> = attributes.iter().map(|it| it.typed.data_type.as_ref()).collect();
            if let Some(read) = types.and_then(|it| super::literal::composite(text, &it)) {
                *text = read;
            }
        }
        let base = self.resolver.base_type(&data_type);
        if inner.is_untyped() && base != data_type && base.modifiers.is_empty() {
            // A constant of a domain is one of the domain's base type, and checked.
            self.read_literal(argument, &base)?;
        }
        if inner.is_untyped() {
            self.rename_constant(argument, &data_type);
        }
        if inner.is_untyped() && data_type.name.is_builtin() && data_type.modifiers.is_empty() {
            if let Some(NodeEnum::AConst(constant)) = argument.node.as_mut()
                && let Some(a_const::Val::Sval(text)) = &constant.val
                && let Some(value) = super::literal::read(&text.sval, &data_type)
            {
                let is_bare = !matches!(value, a_const::Val::Sval(_));
                constant.val = Some(value);
                if is_bare {
                    take_cast(node);
                }
            }
            return Ok(typed);
        }
        let same = inner.data_type.as_ref() == Some(&data_type) && data_type.modifiers.is_empty();
        let is_empty = matches!(&argument.node, Some(NodeEnum::AArrayExpr(it)) if it.elements.is_empty());
        if same && !is_empty && !is_literal(Some(argument)) {
            // Nothing is cast: PostgreSQL src/backend/parser/parse_coerce.c, coerce_type.
            take_cast(node);
            if let Some(need) = self.resolver.type_dependency(&data_type).filter(|_| is_new_need) {
                self.dependencies.remove(&need);
            }
            return Ok(inner);
        }
        Ok(Typed { uncast: Some(Box::new(inner)), ..typed })
    }

    /// Whether a cast makes something of everything but NULL: the null of JSON becomes NULL (since PostgreSQL 18), and a function
    /// of somebody's own may do as it likes.
    fn cast_gives_value(&self, from: &Typed, to: &DataType) -> bool {
        let Some(from) = &from.data_type else { return false };
        let from = self.resolver.base_type(from).without_modifiers();
        let to = to.without_modifiers();
        let is_json =
            from == DataType::builtin("jsonb") && !matches!(to.name.name.as_str(), "text" | "varchar" | "bpchar" | "json" | "jsonb");
        !is_json && self.resolver.cast(&from, &to).is_none()
    }

    /// A cast of a cast of a literal, where both are the same to the literal: `('a'::varchar)::text` is `'a'::text`.
    fn join_casts(&self, argument: &mut Node, data_type: &DataType) {
        let Some(NodeEnum::TypeCast(inner)) = &argument.node else { return };
        let Some(from) = self.cast_type(inner).filter(|_| is_literal(inner.arg.as_deref())) else { return };
        let joined = from.name == data_type.name && from.array == data_type.array
            || is_string(&from) && is_string(data_type) && data_type.modifiers.is_empty()
            || self.resolver.base_type(data_type).without_modifiers() == from && *data_type != from;
        if joined && !names_object(&from) {
            take_cast(argument);
        }
    }

    /// The elements of `ARRAY[…]`, with the casts of the whole array on each; none for anything else, or arrays of arrays.
    pub(super) fn elements(&self, node: &Node) -> Option<Vec<Node>> {
        match node.node.as_ref()? {
            NodeEnum::AArrayExpr(it) => {
                let nested = it.elements.iter().any(|it| matches!(it.node, Some(NodeEnum::AArrayExpr(_))));
                (!nested).then(|| it.elements.clone())
            }
            NodeEnum::TypeCast(it) => {
                let elements = self.elements(it.arg.as_deref()?)?;
                let data_type = self.cast_type(it).filter(|it| it.array)?;
                let type_name = it.type_name.as_ref()?;
                // `_text` names an array, too.
                if type_name.array_bounds.is_empty() || self.resolver.base_type(&data_type) != data_type {
                    return None;
                }
                let element = protobuf::TypeName { array_bounds: Vec::new(), ..type_name.clone() };
                Some(elements.into_iter().map(|it| cast(it, element.clone())).collect())
            }
            _ => None,
        }
    }

    fn array(&mut self, node: &mut Node) -> Result<Typed, Unresolved> {
        let Some(NodeEnum::AArrayExpr(it)) = node.node.as_mut() else { return Ok(Typed::default()) };
        let values = self.all(&mut it.elements)?;
        let is_cast = |(node, typed): (&Node, &Typed)| match &node.node {
            Some(NodeEnum::TypeCast(cast)) if !is_literal(cast.arg.as_deref()) => typed.uncast.as_deref().cloned(),
            _ => None,
        };
        let uncast: Option<Vec<Typed>> = it.elements.iter().zip(&values).map(is_cast).collect();
        self.settle_common(&mut it.elements.iter_mut().collect::<Vec<_>>(), &values)?;
        let mut array = array_of(self.common(values)).not_null(true);
        array.uncast = uncast.filter(|it| !it.is_empty()).map(|it| Box::new(array_of(self.common(it)).not_null(true)));
        // Elements that are all cast to one type are better read with the cast outside.
        let cast_types: Vec<Option<&protobuf::TypeCast>> = it
            .elements
            .iter()
            .map(|it| match &it.node {
                Some(NodeEnum::TypeCast(cast)) if self.cast_type(cast).is_some_and(|it| !it.array) => Some(&**cast),
                _ => None,
            })
            .collect();
        let literals: Vec<bool> = it.elements.iter().map(|it| is_literal(Some(it))).collect();
        let outer = cast_types.iter().flatten().next().and_then(|it| it.type_name.clone());
        if let Some(mut outer) = outer
            && let Some(element) = array.data_type.as_ref().filter(|it| it.array).map(|it| DataType { array: false, ..it.clone() })
            && cast_types.iter().zip(&literals).all(|(cast, literal)| {
                *literal || cast.is_some_and(|it| is_literal(it.arg.as_deref()) && self.cast_type(it).as_ref() == Some(&element))
            })
        {
            it.elements.iter_mut().for_each(take_cast);
            outer.array_bounds.push(any_bound());
            *node = cast(std::mem::take(node), outer);
        }
        Ok(array)
    }

    fn case(&mut self, it: &mut protobuf::CaseExpr) -> Result<Typed, Unresolved> {
        let subject = it.arg.as_deref_mut().map(|it| self.value(it)).transpose()?;
        // A missing ELSE is NULL: PostgreSQL src/backend/parser/parse_expr.c, transformCaseExpr.
        if it.defresult.as_deref().is_some_and(is_null) {
            it.defresult = None;
        }
        // ELSE is looked at first when the server chooses the type: its type wins among equals.
        let mut results = vec![match it.defresult.as_deref_mut() {
            Some(node) => self.value(node)?,
            None => Typed::builtin("unknown"),
        }];
        let mut equals = protobuf::AExpr { name: vec![string("=")], ..Default::default() };
        equals.set_kind(AExprKind::AexprOp);
        for when in &mut it.args {
            let Some(NodeEnum::CaseWhen(when)) = when.node.as_mut() else { continue };
            let condition = self.maybe(when.expr.as_deref_mut())?;
            if let (Some(subject), Some(node)) = (&subject, when.expr.as_deref_mut()) {
                let outcome = |this: &Self, types: &[Typed]| {
                    let mut outcome = this.operator_outcome(&equals, &[subject.clone(), types.first()?.clone()])?;
                    outcome.coerced.remove(0);
                    Some(outcome)
                };
                self.settle(&mut [node], &[condition], &outcome)?;
            }
            results.push(self.maybe(when.result.as_deref_mut())?);
        }
        let mut missing = Node::default();
        let mut operands: Vec<&mut Node> = vec![it.defresult.as_deref_mut().unwrap_or(&mut missing)];
        operands.extend(it.args.iter_mut().filter_map(|it| match it.node.as_mut() {
            Some(NodeEnum::CaseWhen(when)) => when.result.as_deref_mut(),
            _ => None,
        }));
        self.settle_common(&mut operands, &results)?;
        if it.defresult.as_deref().is_some_and(is_null) {
            it.defresult = None;
        }
        Ok(self.common(results))
    }

    fn sub_link(&mut self, it: &mut protobuf::SubLink) -> Result<Typed, Unresolved> {
        let tested = self.maybe(it.testexpr.as_deref_mut())?;
        let columns = self.query(it.subselect.as_deref_mut())?;
        let one_row = it.subselect.as_deref().is_some_and(has_one_row);
        if it.sub_link_type() == SubLinkType::AnySublink && super::analysis::single(&it.oper_name) == Some("=") {
            // `= ANY (SELECT …)` is IN.
            it.oper_name.clear();
        }
        if let ([column], Some(node)) = (columns.as_slice(), it.testexpr.as_deref_mut()) {
            let name = if it.oper_name.is_empty() { vec![string("=")] } else { it.oper_name.clone() };
            let mut operator = protobuf::AExpr { name, ..Default::default() };
            operator.set_kind(AExprKind::AexprOp);
            let outcome = |this: &Self, types: &[Typed]| {
                let mut outcome = this.operator_outcome(&operator, &[types.first()?.clone(), column.typed.clone()])?;
                outcome.coerced.truncate(1);
                Some(outcome)
            };
            self.settle(&mut [node], &[tested], &outcome)?;
        }
        let first = || columns.first().map(|it| it.typed.clone()).unwrap_or_default();
        Ok(match it.sub_link_type() {
            SubLinkType::ExistsSublink => Typed::builtin("bool").not_null(true),
            SubLinkType::ExprSublink => {
                let first = first();
                let not_null = one_row && first.not_null;
                first.not_null(not_null)
            }
            SubLinkType::ArraySublink => array_of(first()).not_null(true),
            SubLinkType::MultiexprSublink => Typed::builtin("record"),
            _ => Typed::builtin("bool"),
        })
    }

    /// `a[1]`, `a[1:2]`, `(row).field`.
    fn indirection(&mut self, it: &mut protobuf::AIndirection) -> Result<Typed, Unresolved> {
        while let Some(Node { node: Some(NodeEnum::AIndirection(inner)) }) = it.arg.as_deref_mut() {
            let steps = std::mem::take(&mut inner.indirection);
            it.indirection.splice(0..0, steps);
            it.arg = inner.arg.take();
        }
        let mut typed = self.maybe(it.arg.as_deref_mut())?;
        let mut row = it.arg.as_deref();
        for step in &mut it.indirection {
            match step.node.as_mut() {
                Some(NodeEnum::AIndices(indices)) => {
                    let is_json = typed.data_type.as_ref().is_some_and(|it| self.resolver.base_type(it) == DataType::builtin("jsonb"));
                    for index in indices.lidx.as_deref_mut().into_iter().chain(indices.uidx.as_deref_mut()) {
                        self.value(index)?;
                        if is_json {
                            self.assign(index, &DataType::builtin("text"))?;
                        }
                    }
                    typed = self.element(typed, indices.is_slice);
                }
                Some(NodeEnum::String(field)) => {
                    let found = self.fields(row.take(), &typed).unwrap_or_default();
                    typed = match found.into_iter().find(|column| column.name == field.sval) {
                        Some(Column { typed, source, .. }) => {
                            if let Some((relation, name)) = source {
                                self.needs_column(&relation, &name);
                                if let Some(new) = self.rename.and_then(|it| it.column(&relation, &name)) {
                                    new.clone_into(&mut field.sval);
                                }
                            }
                            typed
                        }
                        None => Typed::unknown(format!("the field `{}` is of a row whose type is not known", field.sval), -1),
                    };
                }
                _ => {}
            }
        }
        Ok(typed.not_null(false))
    }

    fn element(&self, typed: Typed, slice: bool) -> Typed {
        let Some(data_type) = &typed.data_type else { return typed };
        let base = self.resolver.base_type(data_type);
        match base.name.name.as_str() {
            _ if base.array && slice => Typed::of(base),
            _ if base.array => Typed::of(DataType { array: false, ..base }),
            "jsonb" => Typed::builtin("jsonb"),
            "int2vector" => Typed::builtin("int2"),
            "oidvector" => Typed::builtin("oid"),
            "point" | "box" | "line" | "lseg" => {
                Typed::builtin(if base.name.name == "point" || base.name.name == "line" { "float8" } else { "point" })
            }
            "name" => Typed::builtin("char"),
            _ => Typed::unknown(format!("`{base}` has no elements"), -1),
        }
    }
}

fn is_null(node: &Node) -> bool {
    matches!(&node.node, Some(NodeEnum::AConst(it)) if it.isnull)
}

/// The text of a literal.
pub(super) fn literal_text(node: &mut Node) -> Option<&mut String> {
    match node.node.as_mut()? {
        NodeEnum::AConst(it) => match it.val.as_mut()? {
            a_const::Val::Sval(it) => Some(&mut it.sval),
            _ => None,
        },
        _ => None,
    }
}

fn constant(it: &protobuf::AConst) -> Typed {
    let name = match &it.val {
        None => return Typed::builtin("unknown"),
        Some(a_const::Val::Ival(_)) => "int4",
        Some(a_const::Val::Fval(it)) if it.fval.parse::<i64>().is_ok() => "int8",
        Some(a_const::Val::Fval(_)) => "numeric",
        Some(a_const::Val::Boolval(_)) => "bool",
        Some(a_const::Val::Sval(_)) => "unknown",
        Some(a_const::Val::Bsval(_)) => "bit",
    };
    Typed::builtin(name).not_null(true)
}

/// A field of a row in FROM is a column: PostgreSQL src/backend/parser/parse_func.c, ParseComplexProjection.
fn field_of_row(node: &mut Node) {
    let Some(NodeEnum::AIndirection(it)) = node.node.as_mut() else { return };
    let is_star = |it: &Node| matches!(it.node, Some(NodeEnum::AStar(_)));
    let (Some(Node { node: Some(NodeEnum::ColumnRef(row)) }), Some(NodeEnum::String(_))) =
        (it.arg.as_deref_mut(), it.indirection.first().and_then(|it| it.node.as_ref()))
    else {
        return;
    };
    if row.fields.len() < 2 || !row.fields.last().is_some_and(is_star) {
        return;
    }
    row.fields.pop();
    row.fields.push(it.indirection.remove(0));
    if it.indirection.is_empty()
        && let Some(column) = it.arg.take()
    {
        *node = *column;
    }
}

/// An array of such elements.
pub(super) fn array_of(element: Typed) -> Typed {
    match element.data_type {
        None => element,
        // The array of arrays is an array.
        Some(data_type) if data_type.array => Typed::of(data_type),
        Some(data_type) if super::scope::is_untyped(&data_type) => Typed::of(DataType { array: true, ..DataType::builtin("text") }),
        Some(data_type) => Typed::of(DataType { array: true, ..data_type }),
    }
}

fn value_function(it: &protobuf::SqlValueFunction) -> Typed {
    let timed = |name: &str| {
        let mut data_type = DataType::builtin(name);
        if it.typmod >= 0 {
            data_type.modifiers.push(it.typmod.to_string());
        }
        Typed::of(data_type).not_null(true)
    };
    match it.op() {
        SqlValueFunctionOp::SvfopCurrentDate => Typed::builtin("date").not_null(true),
        SqlValueFunctionOp::SvfopCurrentTime | SqlValueFunctionOp::SvfopCurrentTimeN => timed("timetz"),
        SqlValueFunctionOp::SvfopCurrentTimestamp | SqlValueFunctionOp::SvfopCurrentTimestampN => timed("timestamptz"),
        SqlValueFunctionOp::SvfopLocaltime | SqlValueFunctionOp::SvfopLocaltimeN => timed("time"),
        SqlValueFunctionOp::SvfopLocaltimestamp | SqlValueFunctionOp::SvfopLocaltimestampN => timed("timestamp"),
        // There may be no current schema.
        SqlValueFunctionOp::SvfopCurrentSchema => Typed::builtin("name"),
        _ => Typed::builtin("name").not_null(true),
    }
}

/// Whether an analysed query gives one row whatever there is: an aggregate over all of its input.
fn has_one_row(node: &Node) -> bool {
    let Some(NodeEnum::SelectStmt(it)) = &node.node else { return false };
    let plain = it.group_clause.is_empty()
        && it.having_clause.is_none()
        && it.limit_count.is_none()
        && it.limit_offset.is_none()
        && it.values_lists.is_empty()
        && it.larg.is_none();
    let only_values = it.from_clause.is_empty() && it.where_clause.is_none();
    let mut items = Vec::new();
    it.from_clause.iter().for_each(|it| super::from::own_names(it, &mut items));
    plain && !it.target_list.iter().any(may_be_rows) && (only_values || it.target_list.iter().any(|it| is_aggregated(it, &items)))
}

/// Whether an aggregate of this level is in an expression: over rows as such, or over a column of these items.
fn is_aggregated(node: &Node, items: &[String]) -> bool {
    match &node.node {
        Some(NodeEnum::FuncCall(it)) if it.over.is_none() => {
            let name = strings(&it.funcname).last().copied().unwrap_or_default();
            let is_aggregate = it.agg_star || Builtin::get().functions(name).iter().any(|it| it.aggregate);
            let is_ours = |it: &Node| names_item(it, items);
            is_aggregate && (it.agg_star || it.args.iter().any(is_ours)) || it.args.iter().any(|it| is_aggregated(it, items))
        }
        Some(NodeEnum::SubLink(_)) | None => false,
        Some(inner) => {
            let mut found = false;
            walk::for_each_child(inner, &mut |child| found |= is_aggregated(child, items));
            found
        }
    }
}

/// Whether a column of one of these items stands in an expression.
fn names_item(node: &Node, items: &[String]) -> bool {
    match &node.node {
        Some(NodeEnum::ColumnRef(it)) => strings(&it.fields).first().is_some_and(|first| items.iter().any(|it| it == first)),
        Some(NodeEnum::SubLink(_)) | None => false,
        Some(inner) => {
            let mut found = false;
            walk::for_each_child(inner, &mut |child| found |= names_item(child, items));
            found
        }
    }
}

/// Whether a function that gives rows, none perhaps, may be in an expression.
fn may_be_rows(node: &Node) -> bool {
    match &node.node {
        Some(NodeEnum::FuncCall(it)) => {
            let name = strings(&it.funcname).last().copied().unwrap_or_default();
            let known = Builtin::get().functions(name);
            known.is_empty() || known.iter().any(|it| it.set) || it.args.iter().any(may_be_rows)
        }
        Some(NodeEnum::SubLink(_)) | None => false,
        Some(inner) => {
            let mut found = false;
            walk::for_each_child(inner, &mut |child| found |= may_be_rows(child));
            found
        }
    }
}

/// How an operator's operands are written.
pub(super) fn is_plain_operator(kind: AExprKind) -> bool {
    matches!(kind, AExprKind::AexprOp | AExprKind::AexprOpAny | AExprKind::AexprOpAll)
}
