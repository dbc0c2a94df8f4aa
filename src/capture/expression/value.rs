//! Expressions: what each value is, and the names in it.

use pg_query::NodeEnum;
use pg_query::protobuf::{self, AExprKind, Node, SqlValueFunctionOp, SubLinkType, XmlExprOp, a_const};

use super::analysis::{Analysis, Literal};
use super::builtin::Builtin;
use super::scope::{Column, Typed};
use super::walk;
use crate::capture::script::resolve::{Unresolved, strings};
use crate::catalog::{DataType, Identity};

impl Analysis<'_> {
    /// Resolves the names in an expression, and tells what its value is.
    pub(super) fn value(&mut self, node: &mut Node) -> Result<Typed, Unresolved> {
        let Some(inner) = node.node.as_mut() else { return Ok(Typed::default()) };
        match inner {
            NodeEnum::ColumnRef(it) => self.column_ref(it),
            NodeEnum::AConst(it) => Ok(constant(it)),
            NodeEnum::TypeCast(it) => self.type_cast(it),
            NodeEnum::FuncCall(it) => self.function_call(it),
            NodeEnum::AExpr(it) => self.operation(it),
            NodeEnum::BoolExpr(it) => {
                let not_null = self.all(&mut it.args)?.iter().all(|it| it.not_null);
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
                let not_null = values.iter().any(|it| it.not_null);
                Ok(self.common(values).not_null(not_null))
            }
            NodeEnum::MinMaxExpr(it) => {
                let values = self.all(&mut it.args)?;
                let not_null = values.iter().any(|it| it.not_null);
                Ok(self.common(values).not_null(not_null))
            }
            NodeEnum::SubLink(it) => self.sub_link(it),
            NodeEnum::AArrayExpr(it) => {
                let values = self.all(&mut it.elements)?;
                let element = self.common(values);
                Ok(array_of(element).not_null(true))
            }
            NodeEnum::RowExpr(it) => {
                self.all(&mut it.args)?;
                Ok(Typed::builtin("record").not_null(true))
            }
            NodeEnum::CollateClause(it) => {
                self.collation(&mut it.collname);
                let typed = self.maybe(it.arg.as_deref_mut())?;
                Ok(if typed.is_untyped() { Typed::builtin("text").not_null(typed.not_null) } else { typed })
            }
            NodeEnum::AIndirection(it) => self.indirection(it),
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
                        Some(NodeEnum::ResTarget(target)) => self.maybe(target.val.as_deref_mut())?,
                        _ => self.value(node)?,
                    };
                }
                Ok(Typed::builtin(if is_document { "bool" } else { "xml" }))
            }
            NodeEnum::XmlSerialize(it) => {
                self.maybe(it.expr.as_deref_mut())?;
                self.output_type(it.type_name.as_mut(), "text")
            }
            NodeEnum::JsonObjectConstructor(it) => {
                self.all(&mut it.exprs)?;
                self.json_output(it.output.as_mut(), "json")
            }
            NodeEnum::JsonArrayConstructor(it) => {
                self.all(&mut it.exprs)?;
                self.json_output(it.output.as_mut(), "json")
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
                let found = self.levels.iter().rev().find_map(|level| level.visible.iter().find(|it| it.column.name == *name)).cloned();
                if let Some(visible) = found {
                    return Ok(self.seen(it, visible.column));
                }
                if let Some(value) = self.value.as_ref().filter(|_| name == "value") {
                    return Ok(Typed::of(value.clone()));
                }
                let parameter =
                    self.parameters.iter().find(|(parameter, _)| parameter == name).map(|(_, data_type)| Typed::of(data_type.clone()));
                self.whole_row(None, name, it.location)
                    .or(parameter)
                    .or_else(|| self.system_column(name))
                    .map_or_else(|| self.unknown_column(None, name, it.location), Ok)
            }
            ([], true) => Ok(Typed::builtin("record").not_null(true)),
            ([.., name], true) => {
                let schema = names.len().checked_sub(2).map(|n| names[n].as_str());
                self.whole_row(schema, name, it.location)
                    .map_or_else(|| if self.lenient { Ok(Typed::builtin("record")) } else { Err(self.unknown_item(name, it.location)) }, Ok)
            }
            ([.., table, name], false) => {
                let schema = names.len().checked_sub(3).map(|n| names[n].as_str());
                let Some(level) = self.levels.iter().rev().find(|level| level.item(schema, table).is_some()) else {
                    return if self.open_output || self.lenient {
                        Ok(Typed::unknown("it is of a row that is not known", it.location))
                    } else {
                        Err(self.unknown_item(table, it.location))
                    };
                };
                let Some(item) = level.item(schema, table) else { return Ok(Typed::default()) };
                if names.len() > 2 && level.items.iter().filter(|other| other.name == *table).count() == 1 {
                    // The table's name alone says as much, and stays true when the schema is renamed.
                    it.fields.drain(..names.len() - 2);
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

    fn whole_row(&mut self, schema: Option<&str>, name: &str, location: i32) -> Option<Typed> {
        let item = self.levels.iter().rev().find_map(|level| level.item(schema, name))?;
        let row = item.row.clone();
        let columns: Vec<(Identity, String)> = item.columns.iter().filter_map(|it| it.source.clone()).collect();
        for (relation, column) in columns {
            self.needs_column(&relation, &column);
        }
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

    fn type_cast(&mut self, it: &mut protobuf::TypeCast) -> Result<Typed, Unresolved> {
        let location = it.location;
        let data_type = match it.type_name.as_mut() {
            Some(type_name) => self.type_name(type_name)?,
            None => return self.maybe(it.arg.as_deref_mut()),
        };
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
        let not_null = match it.arg.as_deref_mut() {
            Some(argument) => self.value(argument)?.not_null,
            None => false,
        };
        Ok(Typed::of(data_type).not_null(not_null))
    }

    fn case(&mut self, it: &mut protobuf::CaseExpr) -> Result<Typed, Unresolved> {
        self.maybe(it.arg.as_deref_mut())?;
        // ELSE is looked at first when the server chooses the type: its type wins among equals.
        let mut results = vec![match it.defresult.as_deref_mut() {
            Some(node) => self.value(node)?,
            None => Typed::builtin("unknown"),
        }];
        for when in &mut it.args {
            if let Some(NodeEnum::CaseWhen(when)) = when.node.as_mut() {
                self.maybe(when.expr.as_deref_mut())?;
                results.push(self.maybe(when.result.as_deref_mut())?);
            }
        }
        Ok(self.common(results))
    }

    fn sub_link(&mut self, it: &mut protobuf::SubLink) -> Result<Typed, Unresolved> {
        self.maybe(it.testexpr.as_deref_mut())?;
        let one_row = it.subselect.as_deref().is_some_and(has_one_row);
        let columns = self.query(it.subselect.as_deref_mut())?;
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
        let mut typed = self.maybe(it.arg.as_deref_mut())?;
        for step in &mut it.indirection {
            match step.node.as_mut() {
                Some(NodeEnum::AIndices(indices)) => {
                    self.maybe(indices.lidx.as_deref_mut())?;
                    self.maybe(indices.uidx.as_deref_mut())?;
                    typed = self.element(typed, indices.is_slice);
                }
                Some(NodeEnum::String(field)) => {
                    let found = typed.data_type.as_ref().and_then(|it| self.attributes(it)).unwrap_or_default();
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

/// Whether a query gives one row whatever there is: an aggregate over all of its input.
fn has_one_row(node: &Node) -> bool {
    let Some(NodeEnum::SelectStmt(it)) = &node.node else { return false };
    let plain = it.group_clause.is_empty()
        && it.having_clause.is_none()
        && it.limit_count.is_none()
        && it.limit_offset.is_none()
        && it.values_lists.is_empty()
        && it.larg.is_none();
    let only_values = it.from_clause.is_empty() && it.where_clause.is_none();
    plain && (only_values || it.target_list.iter().any(is_aggregated))
}

fn is_aggregated(node: &Node) -> bool {
    match &node.node {
        Some(NodeEnum::FuncCall(it)) if it.over.is_none() => {
            let name = strings(&it.funcname).last().copied().unwrap_or_default();
            it.agg_star || Builtin::get().functions(name).iter().any(|it| it.aggregate) || it.args.iter().any(is_aggregated)
        }
        Some(NodeEnum::SubLink(_)) | None => false,
        Some(inner) => {
            let mut found = false;
            walk::for_each_child(inner, &mut |child| found |= is_aggregated(child));
            found
        }
    }
}

/// How an operator's operands are written.
pub(super) fn is_plain_operator(kind: AExprKind) -> bool {
    matches!(kind, AExprKind::AexprOp | AExprKind::AexprOpAny | AExprKind::AexprOpAll)
}
