//! Queries: what SELECT, VALUES, UNION and WITH give, column by column; and statements that change data.

use pg_query::NodeEnum;
use pg_query::protobuf::{self, CoercionForm, ColumnRef, Node, ResTarget, SelectStmt, SetOperation, SortByDir, SortByNulls, a_const};

use super::analysis::{Analysis, single, string};
use super::coerce::Outcome;
use super::output_name::output_name;
use super::scope::{Column, Namespace, Typed};
use crate::capture::script::resolve::{Unresolved, strings};
use crate::catalog::{DataType, Identity};

impl Analysis<'_> {
    /// The columns of a query in FROM, WITH or an expression.
    pub(super) fn query(&mut self, node: Option<&mut Node>) -> Result<Vec<Column>, Unresolved> {
        match node.and_then(|it| it.node.as_mut()) {
            Some(NodeEnum::SelectStmt(it)) => self.select(it, true),
            Some(NodeEnum::InsertStmt(it)) => self.insert(it),
            Some(NodeEnum::UpdateStmt(it)) => self.update(it),
            Some(NodeEnum::DeleteStmt(it)) => self.delete(it),
            _ => Ok(Vec::new()),
        }
    }

    /// The statements of a routine's body: `RETURN …`, or the lists of `BEGIN ATOMIC`.
    pub(super) fn body(&mut self, node: &mut Node) -> Result<(), Unresolved> {
        match node.node.as_mut() {
            Some(NodeEnum::List(list)) => list.items.iter_mut().try_for_each(|it| self.body(it)),
            Some(NodeEnum::ReturnStmt(it)) => self.maybe(it.returnval.as_deref_mut()).map(drop),
            _ => self.query(Some(node)).map(drop),
        }
    }

    /// The columns of a SELECT; bare literals become text, except in the arms of a UNION.
    pub(super) fn select(&mut self, it: &mut SelectStmt, resolve_literals: bool) -> Result<Vec<Column>, Unresolved> {
        let outer_ctes = self.ctes.len();
        let is_simple = matches!(it.op(), SetOperation::SetopNone | SetOperation::Undefined);
        let names = if is_simple { self.names_in_from(&it.from_clause) } else { Vec::new() };
        self.printed_names.push(names.clone());
        if let Some(with) = it.with_clause.as_mut() {
            self.with_clause(with)?;
        }
        let result = if is_simple { self.simple_select(it, names, resolve_literals) } else { self.set_operation(it) };
        self.printed_names.pop();
        self.ctes.truncate(outer_ctes);
        let mut columns = result?;
        for column in &mut columns {
            column.source = None;
            column.typed.absent.clear();
            column.typed.otherwise = false;
            if resolve_literals && column.typed.is_untyped() {
                column.typed.data_type = Some(DataType::builtin("text"));
            }
        }
        Ok(columns)
    }

    fn set_operation(&mut self, it: &mut SelectStmt) -> Result<Vec<Column>, Unresolved> {
        let left = it.larg.as_deref_mut().map(|it| self.select(it, false)).transpose()?.unwrap_or_default();
        let right = it.rarg.as_deref_mut().map(|it| self.select(it, false)).transpose()?.unwrap_or_default();
        for node in it.limit_offset.as_deref_mut().into_iter().chain(it.limit_count.as_deref_mut()) {
            self.value(node)?;
        }
        self.settle_arms(it, [&left, &right])?;
        // ORDER BY names columns of the result here, by name or number, and nothing else; the server keeps the number.
        for sort in &mut it.sort_clause {
            let Some(NodeEnum::SortBy(sort)) = sort.node.as_mut() else { continue };
            usual_order(sort);
            if let Some(Node { node: Some(NodeEnum::ColumnRef(column)) }) = sort.node.as_deref()
                && let Some(at) = single(&column.fields).and_then(|name| left.iter().position(|it| it.name == name))
            {
                let ival = i32::try_from(at + 1).unwrap_or_default();
                let val = Some(a_const::Val::Ival(protobuf::Integer { ival }));
                sort.node = Some(Box::new(Node { node: Some(NodeEnum::AConst(protobuf::AConst { isnull: false, val, location: -1 })) }));
            }
        }
        // Only the first arm names columns.
        if let Some(right) = it.rarg.as_deref_mut() {
            forget_names(right);
        }
        Ok(self.unite(left, &right, it.op()))
    }

    /// The columns of both arms as one.
    fn unite(&self, left: Vec<Column>, right: &[Column], operation: SetOperation) -> Vec<Column> {
        let unite = |(column, right): (Column, Option<&Column>)| {
            let Some(right) = right else { return column };
            let (l, r) = (column.typed.not_null, right.typed.not_null);
            let not_null = match operation {
                SetOperation::SetopIntersect => l || r,
                SetOperation::SetopExcept => l,
                _ => l && r,
            };
            Column { typed: self.common([column.typed, right.typed.clone()].into()).not_null(not_null), ..column }
        };
        let rest = right.iter().map(Some).chain(std::iter::repeat(None));
        left.into_iter().zip(rest).map(unite).collect()
    }

    /// One type for several values; not NULL where none of them is.
    pub(super) fn common(&self, values: Vec<Typed>) -> Typed {
        let not_null = values.iter().all(|it| it.not_null);
        let typed = match values.iter().find(|it| it.data_type.is_none()) {
            Some(unknown) => unknown.clone(),
            None if values.iter().all(Typed::is_untyped) => Typed::builtin("unknown"),
            None => match self.type_rules().common(&values) {
                Some(data_type) => Typed::of(data_type),
                None => Typed::unknown("its parts have no common type", -1),
            },
        };
        typed.not_null(not_null)
    }

    /// Literals in an arm of a set operation, which the server reads as the type of both arms' column (PostgreSQL
    /// src/backend/parser/analyze.c, transformSetOperationTree).
    fn settle_arms(&mut self, it: &mut SelectStmt, columns: [&[Column]; 2]) -> Result<(), Unresolved> {
        let mut lists = [it.larg.as_deref_mut(), it.rarg.as_deref_mut()].map(|arm| arm.and_then(own_targets));
        for (n, (left, right)) in columns[0].iter().zip(columns[1]).enumerate() {
            let types = [left.typed.clone(), right.typed.clone()];
            let mut sides = Vec::new();
            let mut literals = Vec::new();
            for (side, list) in lists.iter_mut().enumerate() {
                if let Some(NodeEnum::ResTarget(target)) = list.as_mut().and_then(|it| it.get_mut(n)?.node.as_mut())
                    && let Some(value) = target.val.as_deref_mut().filter(|it| is_cast_of_literal(it))
                {
                    sides.push(side);
                    literals.push(value);
                }
            }
            let own: Vec<Typed> = sides.iter().map(|side| types[*side].clone()).collect();
            let outcome = |this: &Self, found: &[Typed]| {
                let mut types = types.clone();
                for (side, found) in sides.iter().zip(found) {
                    types[*side] = found.clone();
                }
                let common = this.type_rules().common(&types)?.without_modifiers();
                Some(Outcome { what: 0, coerced: vec![common; found.len()] })
            };
            self.settle(&mut literals, &own, &outcome)?;
        }
        Ok(())
    }

    fn simple_select(&mut self, it: &mut SelectStmt, names: Vec<String>, resolve_literals: bool) -> Result<Vec<Column>, Unresolved> {
        if !it.values_lists.is_empty() {
            return self.values(it);
        }
        let namespace = self.in_from(&mut it.from_clause, names)?;
        self.levels.push(namespace);
        let result = self.select_parts(it, resolve_literals);
        self.levels.pop();
        result
    }

    /// What comes after FROM, with FROM in sight.
    fn select_parts(&mut self, it: &mut SelectStmt, resolve_literals: bool) -> Result<Vec<Column>, Unresolved> {
        if let Some(condition) = it.where_clause.as_deref_mut() {
            self.value(condition)?;
            self.prove(condition);
        }
        if let Some(level) = self.levels.last_mut() {
            level.grouped = !it.group_clause.is_empty() && !it.group_clause.iter().any(is_grouping_set);
        }
        let mut columns = self.targets(&mut it.target_list)?;
        if resolve_literals {
            for target in &mut it.target_list {
                if let Some(NodeEnum::ResTarget(target)) = target.node.as_mut()
                    && let Some(value) = target.val.as_deref_mut()
                {
                    let name = if target.name.is_empty() { output_name(value) } else { target.name.clone() };
                    self.assign(value, &DataType::builtin("text"))?;
                    target.name = if output_name(value) == name { String::new() } else { name };
                }
            }
        }
        flatten_rows(&mut it.group_clause);
        let outputs: Vec<Output> = it.target_list.iter().zip(&columns).filter_map(Output::of).collect();
        for group in &mut it.group_clause {
            self.grouping(group, &outputs)?;
        }
        if let Some(condition) = it.having_clause.as_deref_mut() {
            self.value(condition)?;
        }
        for window in &mut it.window_clause {
            if let Some(NodeEnum::WindowDef(window)) = window.node.as_mut() {
                self.window(window)?;
            }
        }
        for expression in &mut it.distinct_clause {
            self.output_or_value(expression, &outputs)?;
        }
        for sort in &mut it.sort_clause {
            if let Some(NodeEnum::SortBy(sort)) = sort.node.as_mut() {
                usual_order(sort);
                if let Some(expression) = sort.node.as_deref_mut() {
                    self.output_or_value(expression, &outputs)?;
                }
            }
        }
        for node in it.limit_offset.as_deref_mut().into_iter().chain(it.limit_count.as_deref_mut()) {
            self.value(node)?;
        }
        // ROLLUP and its like leave out columns of some rows, but count in all of them.
        if it.group_clause.iter().any(is_grouping_set) && columns.len() == it.target_list.len() {
            columns.iter_mut().zip(&it.target_list).for_each(|(column, target)| column.typed.not_null &= is_count(target));
        }
        Ok(columns)
    }

    fn values(&mut self, it: &mut SelectStmt) -> Result<Vec<Column>, Unresolved> {
        let mut rows: Vec<Vec<Typed>> = Vec::new();
        for row in &mut it.values_lists {
            if let Some(NodeEnum::List(row)) = row.node.as_mut() {
                rows.push(row.items.iter_mut().map(|it| self.value(it)).collect::<Result<_, _>>()?);
            }
        }
        let width = rows.first().map_or(0, Vec::len);
        if rows.iter().all(|row| row.len() == width) {
            for n in 0..width {
                let types: Vec<Typed> = rows.iter().map(|row| row[n].clone()).collect();
                let mut values: Vec<&mut Node> = Vec::new();
                for row in &mut it.values_lists {
                    if let Some(NodeEnum::List(row)) = row.node.as_mut() {
                        values.extend(row.items.get_mut(n));
                    }
                }
                self.settle_common(&mut values, &types)?;
            }
        }
        let column = |n: usize| {
            let values = rows.iter().filter_map(|row| row.get(n).cloned()).collect();
            Column { name: format!("column{}", n + 1), typed: self.common(values), source: None }
        };
        Ok((0..width).map(column).collect())
    }

    /// ORDER BY and DISTINCT ON: a plain name is an output column first, a number always. The server keeps the column's value.
    fn output_or_value(&mut self, node: &mut Node, outputs: &[Output]) -> Result<(), Unresolved> {
        let output = match &node.node {
            Some(NodeEnum::ColumnRef(it)) => single(&it.fields).and_then(|name| outputs.iter().find(|it| it.name == name)),
            Some(NodeEnum::AConst(it)) => match &it.val {
                Some(a_const::Val::Ival(it)) => usize::try_from(it.ival).ok().and_then(|it| outputs.get(it.checked_sub(1)?)),
                _ => None,
            },
            _ => None,
        };
        match output {
            Some(Output { value, .. }) if matches!(value.node, Some(NodeEnum::AConst(_))) => Ok(()),
            Some(output) => {
                *node = output.value.clone();
                Ok(())
            }
            None => self.value(node).map(drop),
        }
    }

    /// GROUP BY: a plain name is an input column first.
    fn grouping(&mut self, node: &mut Node, outputs: &[Output]) -> Result<(), Unresolved> {
        match node.node.as_mut() {
            Some(NodeEnum::GroupingSet(it)) => it.content.iter_mut().try_for_each(|it| self.grouping(it, outputs)),
            // Several at once, and no row.
            Some(NodeEnum::RowExpr(it)) if it.row_format() == CoercionForm::CoerceImplicitCast => {
                it.args.iter_mut().try_for_each(|it| self.grouping(it, outputs))
            }
            Some(NodeEnum::ColumnRef(it)) if single(&it.fields).is_some() => {
                let name = single(&it.fields).unwrap_or_default();
                let is_input = self.levels.last().is_some_and(|it| it.visible.iter().any(|it| it.column.name == name));
                if is_input { self.value(node).map(drop) } else { self.output_or_value(node, outputs) }
            }
            _ => self.output_or_value(node, outputs),
        }
    }

    /// PARTITION BY and ORDER BY of a window.
    pub(super) fn window(&mut self, it: &mut protobuf::WindowDef) -> Result<(), Unresolved> {
        flatten_rows(&mut it.partition_clause);
        for node in &mut it.partition_clause {
            self.value(node)?;
        }
        self.sort(&mut it.order_clause)?;
        for node in it.start_offset.as_deref_mut().into_iter().chain(it.end_offset.as_deref_mut()) {
            self.value(node)?;
        }
        Ok(())
    }

    /// ORDER BY of a window or an aggregate: expressions only.
    pub(super) fn sort(&mut self, nodes: &mut [Node]) -> Result<Vec<Typed>, Unresolved> {
        let mut types = Vec::with_capacity(nodes.len());
        for node in nodes {
            if let Some(NodeEnum::SortBy(sort)) = node.node.as_mut() {
                usual_order(sort);
                if let Some(expression) = sort.node.as_deref_mut() {
                    types.push(self.value(expression)?);
                }
            }
        }
        Ok(types)
    }

    /// The select list: `*` becomes columns, and every column gets the name that the server gives it.
    pub(super) fn targets(&mut self, list: &mut Vec<Node>) -> Result<Vec<Column>, Unresolved> {
        let mut expanded = Vec::with_capacity(list.len());
        for node in std::mem::take(list) {
            match self.star(&node)? {
                Some(nodes) => expanded.extend(nodes),
                None => expanded.push(node),
            }
        }
        *list = expanded;
        let mut columns = Vec::with_capacity(list.len());
        for node in list {
            let Some(NodeEnum::ResTarget(target)) = node.node.as_mut() else { continue };
            let Some(value) = target.val.as_deref_mut() else { continue };
            if is_star(value) {
                // A star over columns that are not known stays as it is.
                self.value(value)?;
                self.open_output = true;
                continue;
            }
            let name = if target.name.is_empty() { output_name(value) } else { target.name.clone() };
            let typed = self.value(value)?;
            if let Some(NodeEnum::ColumnRef(whole)) = value.node.as_mut()
                && whole.fields.len() > 1
                && matches!(whole.fields.last().and_then(|it| it.node.as_ref()), Some(NodeEnum::AStar(_)))
            {
                // A row as a whole; with the star it would be all of its columns.
                whole.fields.pop();
            }
            // A name is said where the server would choose another.
            target.name = if output_name(value) == name { String::new() } else { name.clone() };
            columns.push(Column { name, typed, source: None });
        }
        Ok(columns)
    }

    /// The columns that a `*` stands for, if the target is one and they are known.
    fn star(&mut self, node: &Node) -> Result<Option<Vec<Node>>, Unresolved> {
        let Some(NodeEnum::ResTarget(target)) = &node.node else { return Ok(None) };
        let Some(value) = target.val.as_deref().and_then(|it| it.node.as_ref()) else { return Ok(None) };
        match value {
            NodeEnum::ColumnRef(it) if matches!(it.fields.last().and_then(|it| it.node.as_ref()), Some(NodeEnum::AStar(_))) => {
                let qualifiers = strings(&it.fields);
                let reference = |qualifier: &[&str], column: &str| {
                    let fields = qualifier.iter().map(|it| string(it)).chain([string(column)]).collect();
                    target_of(NodeEnum::ColumnRef(ColumnRef { fields, location: it.location }))
                };
                match qualifiers.as_slice() {
                    [] => {
                        let Some(level) = self.levels.last() else { return Ok(None) };
                        if level.is_open() {
                            return Ok(None);
                        }
                        let columns =
                            level.visible.iter().map(|it| reference(&it.item.as_deref().into_iter().collect::<Vec<_>>(), &it.column.name));
                        Ok(Some(columns.collect()))
                    }
                    [.., name] => {
                        let schema = qualifiers.len().checked_sub(2).map(|n| qualifiers[n]);
                        let Some(item) = self.levels.iter().rev().find_map(|it| it.item(schema, name)) else {
                            if self.lenient {
                                return Ok(None);
                            }
                            return Err(self.unknown_item(name, it.location));
                        };
                        if item.open {
                            return Ok(None);
                        }
                        Ok(Some(item.columns.iter().map(|it| reference(&qualifiers, &it.name)).collect()))
                    }
                }
            }
            NodeEnum::AIndirection(it) if matches!(it.indirection.last().and_then(|it| it.node.as_ref()), Some(NodeEnum::AStar(_))) => {
                let mut whole = it.clone();
                whole.indirection.pop();
                let row = if whole.indirection.is_empty() {
                    whole.arg.as_deref().cloned().unwrap_or_default()
                } else {
                    Node { node: Some(NodeEnum::AIndirection(whole)) }
                };
                let typed = self.value(&mut row.clone())?;
                let Some(attributes) = self.fields(Some(&row), &typed) else { return Ok(None) };
                let field = |column: &Column| {
                    let indirection = vec![string(&column.name)];
                    target_of(NodeEnum::AIndirection(Box::new(protobuf::AIndirection { arg: Some(Box::new(row.clone())), indirection })))
                };
                Ok(Some(attributes.iter().map(field).collect()))
            }
            _ => Ok(None),
        }
    }

    fn with_clause(&mut self, with: &mut protobuf::WithClause) -> Result<(), Unresolved> {
        let recursive = with.recursive;
        for node in &mut with.ctes {
            let Some(NodeEnum::CommonTableExpr(it)) = node.node.as_mut() else { continue };
            let mut columns = self.cte(it, recursive)?;
            rename_columns(&mut columns, &it.aliascolnames);
            if let Some(search) = &it.search_clause {
                let data_type = DataType { array: !search.search_breadth_first, ..DataType::builtin("record") };
                columns.push(Column { name: search.search_seq_column.clone(), typed: Typed::of(data_type), source: None });
            }
            if let Some(cycle) = it.cycle_clause.as_deref_mut() {
                let mut marks = Vec::new();
                for node in cycle.cycle_mark_value.as_deref_mut().into_iter().chain(cycle.cycle_mark_default.as_deref_mut()) {
                    marks.push(self.value(node)?);
                }
                let mark = if marks.is_empty() { Typed::builtin("bool").not_null(true) } else { self.common(marks) };
                columns.push(Column { name: cycle.cycle_mark_column.clone(), typed: mark, source: None });
                let path = DataType { array: true, ..DataType::builtin("record") };
                columns.push(Column { name: cycle.cycle_path_column.clone(), typed: Typed::of(path), source: None });
            }
            self.ctes.push((it.ctename.clone(), columns));
        }
        Ok(())
    }

    /// One query of WITH. A recursive one is known by its first arm while the second is looked at.
    fn cte(&mut self, it: &mut protobuf::CommonTableExpr, recursive: bool) -> Result<Vec<Column>, Unresolved> {
        let names = it.aliascolnames.clone();
        let Some(NodeEnum::SelectStmt(select)) = it.ctequery.as_deref_mut().and_then(|it| it.node.as_mut()) else {
            return self.query(it.ctequery.as_deref_mut());
        };
        if !recursive || select.op() != SetOperation::SetopUnion {
            return self.select(select, true);
        }
        let outer = self.ctes.len();
        if let Some(with) = select.with_clause.as_mut() {
            self.with_clause(with)?;
        }
        let left = select.larg.as_deref_mut().map(|it| self.select(it, false)).transpose()?.unwrap_or_default();
        let mut known = left.clone();
        for column in known.iter_mut().filter(|it| it.typed.is_untyped()) {
            column.typed.data_type = Some(DataType::builtin("text"));
        }
        rename_columns(&mut known, &names);
        // What the second arm makes of NULLs is known when nothing changes any more: what may be NULL only grows.
        let right = loop {
            let mut arm = select.rarg.clone();
            self.ctes.push((it.ctename.clone(), known.clone()));
            let right = arm.as_deref_mut().map(|it| self.select(it, false)).transpose();
            self.ctes.truncate(outer);
            let right = right?.unwrap_or_default();
            let mut changed = false;
            for (n, column) in known.iter_mut().enumerate() {
                let not_null = column.typed.not_null && right.get(n).is_some_and(|it| it.typed.not_null);
                changed |= not_null != column.typed.not_null;
                column.typed.not_null = not_null;
            }
            if !changed {
                select.rarg = arm;
                break right;
            }
        };
        self.settle_arms(select, [&left, &right])?;
        if let Some(right) = select.rarg.as_deref_mut() {
            forget_names(right);
        }
        // The first arm decides the types.
        Ok(known)
    }

    fn insert(&mut self, it: &mut protobuf::InsertStmt) -> Result<Vec<Column>, Unresolved> {
        let ctes = self.ctes.len();
        if let Some(with) = it.with_clause.as_mut() {
            self.with_clause(with)?;
        }
        let given = self.query(it.select_stmt.as_deref_mut())?;
        let (namespace, relation) = self.target(it.relation.as_mut())?;
        self.printed_names.push(Vec::new());
        if it.cols.is_empty()
            && let Some(item) = namespace.items.first().filter(|it| !it.open)
        {
            // The columns that are meant, as the server spells them out.
            it.cols = item.columns.iter().take(given.len()).map(|it| target_named(&it.name)).collect();
        }
        self.assign_values(it, &namespace)?;
        self.assigned(&mut it.cols, relation.as_ref(), false)?;
        let mut excluded = namespace.items.first().cloned();
        self.levels.push(namespace);
        if let Some(conflict) = it.on_conflict_clause.as_deref_mut() {
            if let Some(infer) = conflict.infer.as_deref_mut() {
                for element in &mut infer.index_elems {
                    if let Some(NodeEnum::IndexElem(element)) = element.node.as_mut() {
                        match element.expr.as_deref_mut() {
                            Some(expression) => drop(self.value(expression)?),
                            None => self.renamed_column(&mut element.name, relation.as_ref()),
                        }
                    }
                }
                if let Some(condition) = infer.where_clause.as_deref_mut() {
                    self.value(condition)?;
                }
            }
            if let (Some(excluded), Some(level)) = (excluded.as_mut(), self.levels.last_mut()) {
                "excluded".clone_into(&mut excluded.name);
                level.items.push(excluded.clone());
            }
            self.assigned(&mut conflict.target_list, relation.as_ref(), true)?;
            if let Some(condition) = conflict.where_clause.as_deref_mut() {
                self.value(condition)?;
            }
        }
        self.returning(it.returning_clause.as_mut(), ctes)
    }

    /// Literals among the values of an INSERT, which are read as the types of the columns.
    fn assign_values(&mut self, it: &mut protobuf::InsertStmt, namespace: &Namespace) -> Result<(), Unresolved> {
        let Some(item) = namespace.items.first() else { return Ok(()) };
        let data_type = |target: &Node| {
            let Some(NodeEnum::ResTarget(target)) = &target.node else { return None };
            let column = item.columns.iter().find(|it| it.name == target.name).filter(|_| target.indirection.is_empty())?;
            column.typed.data_type.clone()
        };
        let types: Vec<Option<DataType>> = it.cols.iter().map(data_type).collect();
        let Some(NodeEnum::SelectStmt(select)) = it.select_stmt.as_deref_mut().and_then(|it| it.node.as_mut()) else { return Ok(()) };
        for row in &mut select.values_lists {
            let Some(NodeEnum::List(row)) = row.node.as_mut() else { continue };
            for (value, data_type) in row.items.iter_mut().zip(&types) {
                if let Some(data_type) = data_type {
                    self.assign(value, data_type)?;
                }
            }
        }
        Ok(())
    }

    fn update(&mut self, it: &mut protobuf::UpdateStmt) -> Result<Vec<Column>, Unresolved> {
        let ctes = self.ctes.len();
        if let Some(with) = it.with_clause.as_mut() {
            self.with_clause(with)?;
        }
        let (mut namespace, relation) = self.target(it.relation.as_mut())?;
        let names = self.names_in_from(&it.from_clause);
        self.printed_names.push(names.clone());
        namespace.extend(self.in_from(&mut it.from_clause, names)?);
        self.levels.push(namespace);
        self.assigned(&mut it.target_list, relation.as_ref(), true)?;
        if let Some(condition) = it.where_clause.as_deref_mut() {
            self.value(condition)?;
        }
        self.returning(it.returning_clause.as_mut(), ctes)
    }

    fn delete(&mut self, it: &mut protobuf::DeleteStmt) -> Result<Vec<Column>, Unresolved> {
        let ctes = self.ctes.len();
        if let Some(with) = it.with_clause.as_mut() {
            self.with_clause(with)?;
        }
        let (mut namespace, _) = self.target(it.relation.as_mut())?;
        let names = self.names_in_from(&it.using_clause);
        self.printed_names.push(names.clone());
        namespace.extend(self.in_from(&mut it.using_clause, names)?);
        self.levels.push(namespace);
        if let Some(condition) = it.where_clause.as_deref_mut() {
            self.value(condition)?;
        }
        self.returning(it.returning_clause.as_mut(), ctes)
    }

    /// Columns that are assigned to, and their values.
    fn assigned(&mut self, targets: &mut [Node], relation: Option<&Identity>, values: bool) -> Result<(), Unresolved> {
        for target in targets {
            let Some(NodeEnum::ResTarget(target)) = target.node.as_mut() else { continue };
            if values && let Some(value) = target.val.as_deref_mut() {
                self.value(value)?;
                let columns = relation.map(|it| self.resolver.columns(it)).unwrap_or_default();
                let column = columns.into_iter().find(|it| it.name == target.name).filter(|_| target.indirection.is_empty());
                if let Some(data_type) = column.and_then(|it| it.data_type) {
                    self.assign(value, &data_type)?;
                }
            }
            self.renamed_column(&mut target.name, relation);
        }
        Ok(())
    }

    fn renamed_column(&mut self, name: &mut String, relation: Option<&Identity>) {
        if let Some(relation) = relation {
            self.needs_column(relation, name);
            if let Some(new) = self.rename.and_then(|it| it.column(relation, name)) {
                new.clone_into(name);
            }
        }
    }

    /// RETURNING, and the end of the statement's level.
    fn returning(&mut self, clause: Option<&mut protobuf::ReturningClause>, ctes: usize) -> Result<Vec<Column>, Unresolved> {
        let columns = clause.map(|it| self.targets(&mut it.exprs)).transpose();
        self.levels.pop();
        self.printed_names.pop();
        self.ctes.truncate(ctes);
        columns.map(Option::unwrap_or_default)
    }

    /// That no item of FROM has that name.
    pub(super) fn unknown_item(&self, name: &str, location: i32) -> Unresolved {
        let items = self.levels.iter().flat_map(|it: &Namespace| &it.items).map(|it| it.name.as_str());
        let nearest = crate::diagnostic::nearest(name, items).map(str::to_owned);
        Unresolved { what: "FROM item", name: name.to_owned(), location: Some(location), nearest }
    }
}

/// A column of a select list, as GROUP BY and ORDER BY may name it.
struct Output {
    name: String,
    value: Node,
}

impl Output {
    fn of((target, column): (&Node, &Column)) -> Option<Self> {
        let Some(NodeEnum::ResTarget(target)) = &target.node else { return None };
        Some(Self { name: column.name.clone(), value: target.val.as_deref()?.clone() })
    }
}

/// The order that goes without saying is not said: ASC, and NULLs last in it.
fn usual_order(sort: &mut protobuf::SortBy) {
    if sort.sortby_dir() == SortByDir::SortbyAsc {
        sort.set_sortby_dir(SortByDir::SortbyDefault);
    }
    let usual = match sort.sortby_dir() {
        SortByDir::SortbyDesc => SortByNulls::SortbyNullsFirst,
        _ => SortByNulls::SortbyNullsLast,
    };
    if sort.sortby_nulls() == usual && sort.sortby_dir() != SortByDir::SortbyUsing {
        sort.set_sortby_nulls(SortByNulls::SortbyNullsDefault);
    }
}

/// The select lists of all arms of a set operation, in order; VALUES have none.
fn arms<'s>(it: &'s mut SelectStmt, lists: &mut Vec<&'s mut Vec<Node>>) {
    match (it.larg.as_deref_mut(), it.rarg.as_deref_mut()) {
        (None, None) => lists.push(&mut it.target_list),
        (left, right) => left.into_iter().chain(right).for_each(|it| arms(it, lists)),
    }
}

/// Writes the names of a query's columns into it, where it says other ones; VALUES have no place for them.
pub(super) fn name_columns(it: &mut SelectStmt, names: &[&str]) {
    if let Some(left) = it.larg.as_deref_mut() {
        return name_columns(left, names);
    }
    for (target, name) in it.target_list.iter_mut().zip(names) {
        if let Some(NodeEnum::ResTarget(target)) = target.node.as_mut()
            && let Some(value) = target.val.as_deref().filter(|it| !is_star(it))
        {
            target.name = if output_name(value) == *name { String::new() } else { (*name).to_owned() };
        }
    }
}

fn forget_names(it: &mut SelectStmt) {
    let mut lists = Vec::new();
    arms(it, &mut lists);
    for target in lists.into_iter().flatten() {
        if let Some(NodeEnum::ResTarget(target)) = target.node.as_mut() {
            target.name.clear();
        }
    }
}

/// The select list of an arm that is no set operation itself, and no VALUES.
fn own_targets(it: &mut SelectStmt) -> Option<&mut Vec<Node>> {
    (it.larg.is_none() && it.values_lists.is_empty()).then_some(&mut it.target_list)
}

/// Whether a value is a literal, cast or not.
fn is_cast_of_literal(node: &Node) -> bool {
    match &node.node {
        Some(NodeEnum::AConst(_)) => true,
        Some(NodeEnum::TypeCast(it)) => it.arg.as_deref().is_some_and(is_cast_of_literal),
        _ => false,
    }
}

/// `(a, b)` in GROUP BY and PARTITION BY is `a, b`: PostgreSQL src/backend/parser/parse_clause.c, flatten_grouping_sets.
fn flatten_rows(list: &mut Vec<Node>) {
    let is_row = |it: &Node| matches!(&it.node, Some(NodeEnum::RowExpr(it)) if it.row_format() == CoercionForm::CoerceImplicitCast);
    while let Some(at) = list.iter().position(is_row) {
        if let Some(NodeEnum::RowExpr(row)) = list.remove(at).node {
            list.splice(at..at, row.args);
        }
    }
}

fn is_grouping_set(node: &Node) -> bool {
    matches!(node.node, Some(NodeEnum::GroupingSet(_)))
}

/// Whether a target is `count` or `grouping`.
fn is_count(target: &Node) -> bool {
    let Some(NodeEnum::ResTarget(target)) = &target.node else { return false };
    match target.val.as_deref().and_then(|it| it.node.as_ref()) {
        Some(NodeEnum::FuncCall(it)) => it.over.is_none() && single(&it.funcname) == Some("count"),
        Some(NodeEnum::GroupingFunc(_)) => true,
        _ => false,
    }
}

fn target_of(value: NodeEnum) -> Node {
    let val = Some(Box::new(Node { node: Some(value) }));
    Node { node: Some(NodeEnum::ResTarget(Box::new(ResTarget { val, ..ResTarget::default() }))) }
}

fn target_named(name: &str) -> Node {
    Node { node: Some(NodeEnum::ResTarget(Box::new(ResTarget { name: name.to_owned(), ..ResTarget::default() }))) }
}

fn is_star(node: &Node) -> bool {
    let last = match &node.node {
        Some(NodeEnum::ColumnRef(it)) => it.fields.last(),
        Some(NodeEnum::AIndirection(it)) => it.indirection.last(),
        _ => None,
    };
    matches!(last.and_then(|it| it.node.as_ref()), Some(NodeEnum::AStar(_)))
}

fn rename_columns(columns: &mut [Column], names: &[Node]) {
    for (column, name) in columns.iter_mut().zip(strings(names)) {
        name.clone_into(&mut column.name);
    }
}
