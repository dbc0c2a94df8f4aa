//! FROM: which tables and columns each of its items brings.

use std::collections::{BTreeSet, HashMap};

use pg_query::NodeEnum;
use pg_query::protobuf::{self, Alias, JoinType, Node, RangeVar};

use super::analysis::{Analysis, string};
use super::builtin::Builtin;
use super::infer::Declared;
use super::nullable::of_true;
use super::scope::{Column, Item, Namespace, Typed, Visible};
use crate::capture::script::resolve::{Unresolved, strings};
use crate::catalog::{DataType, Definition, Identity, Kind, PG_CATALOG, QualifiedName};

impl Analysis<'_> {
    /// All items of a FROM list, under names that are theirs alone; each sees those before it, if it is lateral.
    pub(super) fn in_from(&mut self, items: &mut [Node], names: Vec<String>) -> Result<Namespace, Unresolved> {
        let outer = std::mem::replace(&mut self.next_names, names.into());
        let mut namespace = Namespace::default();
        for item in items {
            let right = self.one_in_from(item, &namespace)?;
            namespace.extend(right);
        }
        self.next_names = outer;
        Ok(namespace)
    }

    /// The names of FROM's items: their own, but none that stands in a level around (PostgreSQL src/backend/utils/adt/ruleutils.c,
    /// set_rtable_names).
    pub(super) fn names_in_from(&self, items: &[Node]) -> Vec<String> {
        let mut taken: HashMap<String, u32> = self.printed_names.iter().flatten().map(|it| (it.clone(), 0)).collect();
        let mut names = Vec::new();
        items.iter().for_each(|it| own_names(it, &mut names));
        for name in names.iter_mut().filter(|it| !it.is_empty()) {
            let Some(count) = taken.get(name.as_str()).copied() else {
                taken.insert(name.clone(), 0);
                continue;
            };
            let free = (count + 1..).map(|n| (n, numbered(name, n))).find(|(_, it)| !taken.contains_key(it));
            if let Some((n, free)) = free {
                taken.insert(std::mem::replace(name, free.clone()), n);
                taken.insert(free, 0);
            }
        }
        names
    }

    /// One item; `left` is what stands before it.
    fn one_in_from(&mut self, node: &mut Node, left: &Namespace) -> Result<Namespace, Unresolved> {
        match node.node.as_mut() {
            Some(NodeEnum::RangeVar(it)) => Ok(Namespace::of(self.range_var(it)?)),
            Some(NodeEnum::RangeSubselect(it)) => {
                let printed = self.next_names.pop_front();
                let lateral = it.lateral;
                let columns = self.beside(if lateral { Some(left) } else { None }, |this| this.query(it.subquery.as_deref_mut()))?;
                let item = aliased(it.alias.as_ref(), "", columns, false);
                if let Some(alias) = it.alias.as_mut().filter(|it| !it.colnames.is_empty()) {
                    alias.colnames = column_names(&item);
                }
                Ok(Namespace::of(reprinted(item, &mut it.alias, printed)))
            }
            Some(NodeEnum::RangeFunction(it)) => {
                let printed = self.next_names.pop_front();
                let (mut item, lateral) = self.maybe_lateral(left, |this| this.range_function(it))?;
                it.lateral |= lateral;
                if let Some(printed) = printed {
                    let alias = it.alias.get_or_insert_with(Alias::default);
                    alias.aliasname.clone_from(&printed);
                    if it.coldeflist.is_empty() && !item.open {
                        alias.colnames = column_names(&item);
                    }
                    item.printed = printed;
                }
                Ok(Namespace::of(item))
            }
            Some(NodeEnum::JoinExpr(it)) => self.join(it, left),
            Some(NodeEnum::RangeTableSample(it)) => {
                for argument in it.args.iter_mut().chain(it.repeatable.as_deref_mut()) {
                    self.value(argument)?;
                }
                match it.relation.as_deref_mut() {
                    Some(relation) => self.one_in_from(relation, left),
                    None => Ok(Namespace::default()),
                }
            }
            Some(NodeEnum::RangeTableFunc(it)) => {
                let printed = self.next_names.pop_front();
                let (item, lateral) = self.maybe_lateral(left, |this| this.xml_table(it))?;
                it.lateral |= lateral;
                Ok(Namespace::of(reprinted(item, &mut it.alias, printed)))
            }
            Some(NodeEnum::JsonTable(it)) => {
                let printed = self.next_names.pop_front();
                let (item, lateral) = self.maybe_lateral(left, |this| this.json_table(it))?;
                it.lateral |= lateral;
                Ok(Namespace::of(reprinted(item, &mut it.alias, printed)))
            }
            _ => Ok(Namespace::default()),
        }
    }

    /// An item that may name columns of what stands to the left; whether it does, for then it is lateral, said or not.
    fn maybe_lateral(
        &mut self,
        left: &Namespace,
        work: impl FnOnce(&mut Self) -> Result<Item, Unresolved>,
    ) -> Result<(Item, bool), Unresolved> {
        let touched = std::mem::take(&mut self.touched);
        let depth = self.levels.len();
        let item = self.beside(Some(left), work)?;
        let lateral = !left.items.is_empty() && self.touched.contains(&depth);
        self.touched.extend(touched);
        Ok((item, lateral))
    }

    /// Works with what stands to the left in sight.
    fn beside<R>(&mut self, left: Option<&Namespace>, work: impl FnOnce(&mut Self) -> R) -> R {
        let Some(left) = left.filter(|it| !it.items.is_empty()) else { return work(self) };
        self.levels.push(left.clone());
        let result = work(self);
        self.levels.pop();
        result
    }

    /// A name in FROM: a query of WITH, or a relation, which gets its schema.
    pub(super) fn range_var(&mut self, node: &mut RangeVar) -> Result<Item, Unresolved> {
        let printed = self.next_names.pop_front();
        if node.schemaname.is_empty()
            && let Some((name, columns)) = self.ctes.iter().rev().find(|(name, _)| *name == node.relname)
        {
            let item = aliased(node.alias.as_ref(), name, columns.clone(), false);
            return Ok(reprinted(item, &mut node.alias, printed));
        }
        node.catalogname.clear();
        let schema = (!node.schemaname.is_empty()).then_some(node.schemaname.as_str());
        let Some(relation) = self.resolver.relation(schema, &node.relname) else {
            return match self.builtin_relation(node) {
                Some(item) => Ok(reprinted(item, &mut node.alias, printed)),
                None if self.lenient => Ok(aliased(node.alias.as_ref(), &node.relname, Vec::new(), true)),
                None => Err(self.resolver.unknown_relation(schema, &node.relname, Some(node.location))),
            };
        };
        let relation = relation.clone();
        self.needs(&relation);
        let schema = self.resolver.schema_of(self.resolver.relation(schema, &node.relname).unwrap_or(&relation)).to_owned();
        let old = QualifiedName::new(schema.clone(), node.relname.clone());
        let new = self.new_name(&relation, old.clone());
        let mut item = self.item(&node.relname, Some(&schema), &relation);
        if self.pin_columns && self.rename.is_some_and(|it| it.touches_columns_of(&relation)) {
            let alias = node.alias.get_or_insert_with(|| Alias { aliasname: old.name.clone(), colnames: Vec::new() });
            for column in &item.columns[alias.colnames.len().min(item.columns.len())..] {
                alias.colnames.push(string(&column.name));
            }
        }
        let own = column_names(&item);
        if let Some(alias) = &node.alias {
            item = rename_item(item, alias);
        }
        if let Some(alias) = node.alias.as_mut().filter(|it| !it.colnames.is_empty() && !self.pin_columns) {
            // All of them, or none where they are the relation's own.
            let given = column_names(&item);
            alias.colnames = if given == own { Vec::new() } else { given };
        }
        // A relation without an alias goes by its new name.
        let printed = printed.map(|it| if it == old.name && node.alias.is_none() { new.name.clone() } else { it });
        item.printed.clone_from(&new.name);
        if let Some(alias) = &node.alias {
            item.printed.clone_from(&alias.aliasname);
        }
        item = reprinted(item, &mut node.alias, printed);
        node.schemaname = new.schema;
        node.relname = new.name;
        Ok(item)
    }

    /// A relation of `pg_catalog` or `information_schema`.
    fn builtin_relation(&self, node: &RangeVar) -> Option<Item> {
        let schema = if node.schemaname.is_empty() { PG_CATALOG } else { &node.schemaname };
        let columns = match Builtin::get().relation(schema, &node.relname) {
            Some(columns) => columns,
            // Another major may have it.
            None if schema == "information_schema" || (schema == PG_CATALOG && node.relname.starts_with("pg_")) => &[],
            None => return None,
        };
        let column = |it: &super::builtin::Column| {
            let data_type = match it.data_type.split_once('.') {
                Some((schema, name)) => DataType::named(QualifiedName::new(schema, name)),
                None => self.builtin_type(it.data_type),
            };
            Column { name: it.name.to_owned(), typed: Typed::of(data_type).not_null(it.not_null), source: None }
        };
        let open = columns.is_empty();
        let columns = columns.iter().map(column).collect();
        let mut item = Item {
            name: node.relname.clone(),
            printed: node.relname.clone(),
            schema: Some(schema.to_owned()),
            relation: None,
            columns,
            open,
            row: Some(DataType::named(QualifiedName::new(schema, node.relname.clone()))),
        };
        if let Some(alias) = &node.alias {
            item = rename_item(item, alias);
        }
        Some(item)
    }

    /// A built-in type by the name that the table of built-ins has: `_text` is an array.
    pub(super) fn builtin_type(&self, name: &str) -> DataType {
        match name.strip_prefix('_') {
            Some(element) => DataType { array: true, ..DataType::builtin(element) },
            None => DataType::builtin(name),
        }
    }

    fn join(&mut self, it: &mut protobuf::JoinExpr, before: &Namespace) -> Result<Namespace, Unresolved> {
        let mut left = match it.larg.as_deref_mut() {
            Some(node) => self.one_in_from(node, before)?,
            None => Namespace::default(),
        };
        let mut right = match it.rarg.as_deref_mut() {
            Some(node) => {
                let mut seen = before.clone();
                seen.extend(left.clone());
                self.one_in_from(node, &seen)?
            }
            None => Namespace::default(),
        };
        let join_type = it.jointype();
        let using: Vec<String> = if it.is_natural {
            let in_right = |name: &str| right.visible.iter().any(|it| it.column.name == name);
            left.visible.iter().map(|it| it.column.name.clone()).filter(|name| in_right(name)).collect()
        } else {
            strings(&it.using_clause).into_iter().map(str::to_owned).collect()
        };
        if it.is_natural && !left.is_open() && !right.is_open() {
            // As the server prints it: the names, or no condition at all.
            it.is_natural = false;
            it.using_clause = using.iter().map(|it| string(it)).collect();
            if using.is_empty() && join_type != JoinType::JoinInner {
                it.quals = Some(Box::new(true_constant()));
            }
        }
        let printed = it.alias.as_ref().and_then(|_| self.next_names.pop_front());
        let merged: Vec<Visible> = using.iter().filter_map(|name| self.merged(name, &left, &right, join_type)).collect();
        self.outer_joins += 2;
        if matches!(join_type, JoinType::JoinLeft | JoinType::JoinFull) {
            right.make_nullable(self.outer_joins);
        }
        if matches!(join_type, JoinType::JoinRight | JoinType::JoinFull) {
            left.make_nullable(self.outer_joins + 1);
        }
        let mut joined = left;
        joined.extend(right);
        if let Some(quals) = it.quals.as_deref_mut() {
            self.beside(Some(before), |this| this.beside(Some(&joined), |this| this.value(quals)))?;
            if join_type == JoinType::JoinInner {
                let mut proven = BTreeSet::new();
                of_true(quals, &mut proven);
                joined.prove(&proven);
            }
        }
        if !merged.is_empty() {
            joined.visible.retain(|it| !using.contains(&it.column.name));
            joined.visible.splice(0..0, merged.iter().cloned());
            if let Some(alias) = &it.join_using_alias {
                let columns = merged.iter().map(|it| it.column.clone()).collect();
                let mut item = aliased(Some(alias), "", columns, false);
                // What is one side's column is shown as that.
                let mut sides = merged.iter().map(|it| it.item.clone());
                if let Some(Some(side)) = sides.next().filter(|first| sides.all(|it| it == *first)) {
                    item.printed = side;
                }
                joined.items.push(item);
            }
        }
        match &it.alias {
            // The alias of a join hides the names inside it.
            Some(alias) => {
                let open = joined.is_open();
                let columns = joined.visible.into_iter().map(|it| it.column).collect();
                let item = aliased(Some(alias), "", columns, open);
                if let Some(alias) = it.alias.as_mut().filter(|it| !it.colnames.is_empty() && !item.open) {
                    alias.colnames = column_names(&item);
                }
                Ok(Namespace::of(reprinted(item, &mut it.alias, printed)))
            }
            None => Ok(joined),
        }
    }

    /// A column of USING: both sides' as one.
    fn merged(&mut self, name: &str, left: &Namespace, right: &Namespace, join_type: JoinType) -> Option<Visible> {
        let find = |side: &Namespace| side.visible.iter().find(|it| it.column.name == name).cloned();
        let (Visible { item: left_item, column: left }, Visible { item: right_item, column: right }) = (find(left)?, find(right)?);
        let (left_type, right_type) = (left.typed.data_type.clone(), right.typed.data_type.clone());
        for column in [&left, &right] {
            if let Some((relation, column)) = &column.source {
                let (relation, column) = (relation.clone(), column.clone());
                self.needs_column(&relation, &column);
            }
        }
        let (l, r) = (left.typed.not_null, right.typed.not_null);
        let not_null = match join_type {
            // What is equal is not NULL.
            JoinType::JoinInner => true,
            JoinType::JoinLeft => l,
            JoinType::JoinRight => r,
            _ => l && r,
        };
        // Where one side's column is the result as it is, that column is meant: parse_clause.c, buildMergedJoinVar.
        let common = self.type_rules().common(&[left.typed.clone(), right.typed.clone()]);
        let is_left = common.is_some() && left_type == common;
        let is_right = common.is_some() && right_type == common;
        let (item, mut typed) = match join_type {
            JoinType::JoinInner | JoinType::JoinLeft if is_left => (left_item, left.typed),
            JoinType::JoinInner | JoinType::JoinRight if is_right => (right_item, right.typed),
            JoinType::JoinLeft => (None, left.typed),
            JoinType::JoinRight => (None, right.typed),
            _ => (None, Typed { absent: Vec::new(), otherwise: false, ..left.typed }),
        };
        if let Some(common) = common {
            typed.data_type = Some(common);
        }
        let column = Column { name: name.to_owned(), typed: typed.not_null(not_null), source: None };
        Some(Visible { item, column })
    }

    /// `FROM f(…)`, `ROWS FROM (…)`.
    fn range_function(&mut self, it: &mut protobuf::RangeFunction) -> Result<Item, Unresolved> {
        let definitions = self.column_definitions(&mut it.coldeflist)?;
        let mut columns = Vec::new();
        let mut open = false;
        let mut row = None;
        let count = it.functions.len();
        let alias = it.alias.as_ref().map(|it| it.aliasname.clone());
        let mut name = String::new();
        for function in &mut it.functions {
            // A list of the call and its own column definitions.
            let Some(NodeEnum::List(parts)) = function.node.as_mut() else { continue };
            let [call, own_definitions @ ..] = parts.items.as_mut_slice() else { continue };
            if let Some(several) = self.unnest(call)? {
                "unnest".clone_into(&mut name);
                columns.extend(several);
                continue;
            }
            let typed = self.value(call)?;
            name = super::output_name::output_name(call);
            let own = match own_definitions.first_mut().and_then(|it| it.node.as_mut()) {
                Some(NodeEnum::List(list)) => self.column_definitions(&mut list.items)?,
                _ => Vec::new(),
            };
            if !own.is_empty() || !definitions.is_empty() {
                columns.extend(if own.is_empty() { definitions.clone() } else { own });
            } else if let Some(output) = self.output_columns(call, &typed) {
                columns.extend(output);
            } else if let Some(attributes) = typed.data_type.as_ref().and_then(|it| self.attributes(it)) {
                columns.extend(attributes);
                row = typed.data_type;
            } else if typed.data_type.as_ref().is_some_and(|it| it.name.name == "record" && it.name.is_builtin()) {
                open = true;
            } else {
                // A scalar's column is called as its only output parameter, else as the function's alias (PostgreSQL
                // src/backend/parser/parse_relation.c, chooseScalarFunctionAlias).
                let aliased = || if count == 1 { alias.clone().unwrap_or_else(|| name.clone()) } else { name.clone() };
                let name = self.only_output(call).unwrap_or_else(aliased);
                open |= typed.data_type.is_none();
                row = typed.data_type.clone();
                columns.push(Column { name, typed: Typed { not_null: false, ..typed }, source: None });
            }
        }
        if it.ordinality {
            columns.push(Column { name: "ordinality".to_owned(), typed: Typed::builtin("int8").not_null(true), source: None });
        }
        let mut item = aliased(it.alias.as_ref(), &name, columns, open);
        item.row = row.filter(|_| count == 1 && !it.ordinality);
        Ok(item)
    }

    /// The columns of `unnest` of several arrays, which is one call of it for each (PostgreSQL src/backend/parser/parse_clause.c,
    /// transformRangeFunction).
    fn unnest(&mut self, call: &mut Node) -> Result<Option<Vec<Column>>, Unresolved> {
        let Some(NodeEnum::FuncCall(call)) = call.node.as_mut() else { return Ok(None) };
        let (schema, name) = super::analysis::object_name(&call.funcname);
        let is_ours = schema.as_deref().is_none_or(|it| it == PG_CATALOG) && name == "unnest";
        if !is_ours || call.args.len() < 2 || !self.resolver.functions(schema.as_deref(), &name).is_empty() {
            return Ok(None);
        }
        let arrays = self.all(&mut call.args)?;
        let element = |it: Typed| match it.data_type.as_ref().map(|it| self.type_rules().element(it)) {
            Some(Some(element)) => Typed::of(element),
            _ => Typed::unknown("`unnest` is of a value whose type is not known".to_owned(), call.location),
        };
        Ok(Some(arrays.into_iter().map(|it| Column { name: name.clone(), typed: element(it), source: None }).collect()))
    }

    /// The name of the only output parameter of the function that is called, if it has one.
    fn only_output(&self, call: &Node) -> Option<String> {
        let Some(NodeEnum::FuncCall(call)) = &call.node else { return None };
        let (schema, name) = super::analysis::object_name(&call.funcname);
        for identity in self.resolver.functions(schema.as_deref(), &name) {
            let Some(Definition::Function(routine)) = self.resolver.catalog.get(identity).map(|it| &it.definition) else { continue };
            let mut output = routine
                .arguments
                .iter()
                .filter(|it| !matches!(it.mode, crate::catalog::ArgumentMode::In | crate::catalog::ArgumentMode::Variadic));
            return output.next().filter(|it| output.next().is_none() && !it.name.is_empty()).map(|it| it.name.clone());
        }
        if schema.as_deref().is_some_and(|it| it != PG_CATALOG) {
            return None;
        }
        match Builtin::get().functions(&name).first()?.columns.as_slice() {
            [(only, _)] => Some((*only).to_owned()),
            _ => None,
        }
    }

    /// `AS (a int, b text)`.
    fn column_definitions(&mut self, definitions: &mut [Node]) -> Result<Vec<Column>, Unresolved> {
        let mut columns = Vec::new();
        for definition in definitions {
            let Some(NodeEnum::ColumnDef(it)) = definition.node.as_mut() else { continue };
            let Some(type_name) = it.type_name.as_mut() else { continue };
            let typed = Typed::of(self.type_name(type_name)?);
            columns.push(Column { name: it.colname.clone(), typed, source: None });
        }
        Ok(columns)
    }

    /// The attributes of a composite type, or of a relation's row.
    pub(super) fn attributes(&self, data_type: &DataType) -> Option<Vec<Column>> {
        if data_type.array {
            return None;
        }
        let base = self.resolver.base_type(data_type);
        let identity = self.resolver.type_object(&base.name)?;
        if !matches!(identity.kind, Kind::Composite | Kind::Table | Kind::View | Kind::MaterializedView | Kind::ForeignTable) {
            return None;
        }
        let mut columns = self.item("", None, identity).columns;
        // A row may be NULL as a whole, and then all of it is.
        columns.iter_mut().for_each(|it| it.typed.not_null = false);
        Some(columns)
    }

    /// The columns of a row: those of its type, or the output columns of the function that gives it.
    pub(super) fn fields(&mut self, row: Option<&Node>, typed: &Typed) -> Option<Vec<Column>> {
        let of_type = typed.data_type.as_ref().and_then(|it| self.attributes(it));
        of_type.or_else(|| self.output_columns(row?, typed))
    }

    /// The output columns of a function that has several.
    fn output_columns(&mut self, call: &Node, typed: &Typed) -> Option<Vec<Column>> {
        let Some(NodeEnum::FuncCall(call)) = &call.node else { return None };
        if typed.data_type.as_ref().is_some_and(|it| *it != DataType::builtin("record")) {
            return None;
        }
        let (schema, name) = super::analysis::object_name(&call.funcname);
        let count = call.args.len();
        for identity in self.resolver.functions(schema.as_deref(), &name) {
            let Some(Definition::Function(routine)) = self.resolver.catalog.get(identity).map(|it| &it.definition) else { continue };
            let output: Vec<Column> = routine
                .arguments
                .iter()
                .filter(|it| !matches!(it.mode, crate::catalog::ArgumentMode::In | crate::catalog::ArgumentMode::Variadic))
                .enumerate()
                .map(|(n, it)| Column {
                    name: if it.name.is_empty() { format!("column{}", n + 1) } else { it.name.clone() },
                    typed: Typed::of(it.data_type.clone()),
                    source: None,
                })
                .collect();
            let inputs = routine.arguments.iter().filter(|it| it.mode.is_input());
            let (most, variadic) = (inputs.clone().count(), inputs.clone().any(|it| it.mode == crate::catalog::ArgumentMode::Variadic));
            let least = inputs.filter(|it| it.default.is_none()).count();
            if output.len() > 1 && (variadic || (least..=most).contains(&count))
                || routine.returns.name.name == "record" && output.len() == 1
            {
                return Some(output);
            }
        }
        if schema.as_deref().is_some_and(|it| it != PG_CATALOG) {
            return None;
        }
        let function = Builtin::get()
            .functions(&name)
            .iter()
            .find(|it| it.columns.len() > 1 && it.arguments.len() >= count && it.arguments.len() - it.defaults <= count)?;
        let column = |(name, data_type): &(&str, &str)| Column {
            name: (*name).to_owned(),
            typed: match Declared::builtin(data_type) {
                _ if data_type.starts_with("any") => Typed::unknown(format!("the type of `{name}` depends on an argument"), call.location),
                _ => Typed::of(self.builtin_type(data_type)),
            },
            source: None,
        };
        Some(function.columns.iter().map(column).collect())
    }

    fn xml_table(&mut self, it: &mut protobuf::RangeTableFunc) -> Result<Item, Unresolved> {
        for node in it.namespaces.iter_mut().chain(it.docexpr.as_deref_mut()).chain(it.rowexpr.as_deref_mut()) {
            self.value(node)?;
        }
        let text = DataType::builtin("text");
        if let Some(row) = it.rowexpr.as_deref_mut() {
            self.assign(row, &text)?;
        }
        let mut columns = Vec::new();
        for column in &mut it.columns {
            let Some(NodeEnum::RangeTableFuncCol(it)) = column.node.as_mut() else { continue };
            for node in it.colexpr.as_deref_mut().into_iter().chain(it.coldefexpr.as_deref_mut()) {
                self.value(node)?;
            }
            let typed = match it.type_name.as_mut() {
                Some(type_name) => Typed::of(self.type_name(type_name)?).not_null(it.is_not_null),
                None => Typed::builtin("int4").not_null(true),
            };
            if let Some(path) = it.colexpr.as_deref_mut() {
                self.assign(path, &text)?;
            }
            if let (Some(default), Some(data_type)) = (it.coldefexpr.as_deref_mut(), &typed.data_type) {
                self.assign(default, data_type)?;
            }
            columns.push(Column { name: it.colname.clone(), typed, source: None });
        }
        Ok(aliased(it.alias.as_ref(), "xmltable", columns, false))
    }

    fn json_table(&mut self, it: &mut protobuf::JsonTable) -> Result<Item, Unresolved> {
        if let Some(context) = it.context_item.as_mut().and_then(|it| it.raw_expr.as_deref_mut()) {
            self.value(context)?;
        }
        for node in &mut it.passing {
            self.value(node)?;
        }
        let mut columns = Vec::new();
        self.json_table_columns(&mut it.columns, &mut columns)?;
        Ok(aliased(it.alias.as_ref(), "json_table", columns, false))
    }

    fn json_table_columns(&mut self, nodes: &mut [Node], columns: &mut Vec<Column>) -> Result<(), Unresolved> {
        for node in nodes {
            let Some(NodeEnum::JsonTableColumn(it)) = node.node.as_mut() else { continue };
            if it.coltype() == protobuf::JsonTableColumnType::JtcNested {
                self.json_table_columns(&mut it.columns, columns)?;
                continue;
            }
            let typed = match it.type_name.as_mut() {
                Some(type_name) => Typed::of(self.type_name(type_name)?),
                None => Typed::builtin("int4"),
            };
            columns.push(Column { name: it.name.clone(), typed, source: None });
        }
        Ok(())
    }

    /// The relation of an INSERT, UPDATE or DELETE.
    pub(super) fn target(&mut self, relation: Option<&mut RangeVar>) -> Result<(Namespace, Option<Identity>), Unresolved> {
        match relation {
            Some(relation) => {
                let item = self.range_var(relation)?;
                let identity = item.relation.clone();
                Ok((Namespace::of(item), identity))
            }
            None => Ok((Namespace::default(), None)),
        }
    }
}

/// An item of a subquery or function under its alias.
fn aliased(alias: Option<&Alias>, name: &str, columns: Vec<Column>, open: bool) -> Item {
    let item = Item { name: name.to_owned(), printed: name.to_owned(), schema: None, relation: None, columns, open, row: None };
    match alias {
        Some(alias) => rename_item(item, alias),
        None => item,
    }
}

/// The same item as `alias(columns…)`.
fn rename_item(mut item: Item, alias: &Alias) -> Item {
    item.name.clone_from(&alias.aliasname);
    item.printed.clone_from(&alias.aliasname);
    item.schema = None;
    let names = strings(&alias.colnames);
    if item.open && item.columns.is_empty() {
        let column = |name: &&str| {
            let typed = Typed::unknown(format!("the type of `{}.{name}` is not known", item.name), -1);
            Column { name: (*name).to_owned(), typed, source: None }
        };
        item.columns = names.iter().map(column).collect();
    }
    for (column, name) in item.columns.iter_mut().zip(names) {
        name.clone_into(&mut column.name);
    }
    item
}

/// The item under the name that canonical text has for it, with an alias where that is not its own.
fn reprinted(mut item: Item, alias: &mut Option<Alias>, printed: Option<String>) -> Item {
    let Some(printed) = printed.filter(|it| !it.is_empty()) else { return item };
    if printed != item.printed {
        alias.get_or_insert_with(Alias::default).aliasname.clone_from(&printed);
        item.printed = printed;
    }
    item
}

/// The names that the items of FROM would go by, in the order of the server's range table.
pub(super) fn own_names(node: &Node, names: &mut Vec<String>) {
    let named = |alias: &Option<Alias>, other: &dyn Fn() -> String| alias.as_ref().map_or_else(other, |it| it.aliasname.clone());
    match &node.node {
        Some(NodeEnum::RangeVar(it)) => names.push(named(&it.alias, &|| it.relname.clone())),
        Some(NodeEnum::RangeSubselect(it)) => names.push(named(&it.alias, &String::new)),
        Some(NodeEnum::RangeFunction(it)) => names.push(named(&it.alias, &|| match it.functions.first().and_then(|it| it.node.as_ref()) {
            Some(NodeEnum::List(parts)) => parts.items.first().map(super::output_name::output_name).unwrap_or_default(),
            _ => String::new(),
        })),
        Some(NodeEnum::RangeTableFunc(it)) => names.push(named(&it.alias, &|| "xmltable".to_owned())),
        Some(NodeEnum::JsonTable(it)) => names.push(named(&it.alias, &|| "json_table".to_owned())),
        Some(NodeEnum::RangeTableSample(it)) => it.relation.iter().for_each(|it| own_names(it, names)),
        Some(NodeEnum::JoinExpr(it)) => {
            it.larg.iter().chain(&it.rarg).for_each(|it| own_names(it, names));
            names.extend(it.alias.as_ref().map(|it| it.aliasname.clone()));
        }
        _ => {}
    }
}

/// `name_1`, cut so that it stays a name.
fn numbered(name: &str, number: u32) -> String {
    let suffix = format!("_{number}");
    let mut end = name.len().min(63 - suffix.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", &name[..end])
}

fn column_names(item: &Item) -> Vec<Node> {
    item.columns.iter().map(|it| string(&it.name)).collect()
}

fn true_constant() -> Node {
    let val = Some(protobuf::a_const::Val::Boolval(protobuf::Boolean { boolval: true }));
    Node { node: Some(NodeEnum::AConst(protobuf::AConst { isnull: false, val, location: -1 })) }
}
