//! The children of every node that can stand in an expression or a query.
//!
//! One list for both walks, shared and mutable. Children are handed over as `Node`s; parts that the grammar keeps under a
//! type of their own (the arms of a UNION, WITH, windows) are taken apart here, so that no child is missed. To add a node:
//! one line in the list.

use pg_query::NodeEnum;
use pg_query::protobuf::{self, Node};

/// Calls `visit` with each child of a node, in the order of the text where the tree has it.
pub(crate) fn for_each_child(node: &NodeEnum, visit: &mut dyn FnMut(&Node)) {
    shared::children(node, visit);
}

/// Calls `visit` with each child of a node, to change it.
pub(crate) fn for_each_child_mut(node: &mut NodeEnum, visit: &mut dyn FnMut(&mut Node)) {
    exclusive::children(node, visit);
}

/// Calls `visit` with a node and all below it, parents first.
pub(crate) fn walk(node: &Node, visit: &mut dyn FnMut(&NodeEnum)) {
    if let Some(inner) = &node.node {
        visit(inner);
        for_each_child(inner, &mut |child| walk(child, visit));
    }
}

macro_rules! walker {
    ($module:ident $(, $mutable:tt)?) => {
        mod $module {
            use super::*;

            type Visit<'a> = &'a mut dyn FnMut(&$($mutable)? Node);

            fn one(node: &$($mutable)? Option<Box<Node>>, visit: Visit<'_>) {
                if let Some(node) = node {
                    visit(node);
                }
            }

            fn all(nodes: &$($mutable)? [Node], visit: Visit<'_>) {
                for node in nodes {
                    visit(node);
                }
            }

            pub(super) fn children(node: &$($mutable)? NodeEnum, visit: Visit<'_>) {
                match node {
                    // Queries.
                    NodeEnum::SelectStmt(it) => select(it, visit),
                    NodeEnum::InsertStmt(it) => {
                        with(&$($mutable)? it.with_clause, visit);
                        all(&$($mutable)? it.cols, visit);
                        one(&$($mutable)? it.select_stmt, visit);
                        if let Some(conflict) = &$($mutable)? it.on_conflict_clause {
                            if let Some(infer) = &$($mutable)? conflict.infer {
                                all(&$($mutable)? infer.index_elems, visit);
                                one(&$($mutable)? infer.where_clause, visit);
                            }
                            all(&$($mutable)? conflict.target_list, visit);
                            one(&$($mutable)? conflict.where_clause, visit);
                        }
                        returning(&$($mutable)? it.returning_clause, visit);
                    }
                    NodeEnum::UpdateStmt(it) => {
                        with(&$($mutable)? it.with_clause, visit);
                        all(&$($mutable)? it.from_clause, visit);
                        all(&$($mutable)? it.target_list, visit);
                        one(&$($mutable)? it.where_clause, visit);
                        returning(&$($mutable)? it.returning_clause, visit);
                    }
                    NodeEnum::DeleteStmt(it) => {
                        with(&$($mutable)? it.with_clause, visit);
                        all(&$($mutable)? it.using_clause, visit);
                        one(&$($mutable)? it.where_clause, visit);
                        returning(&$($mutable)? it.returning_clause, visit);
                    }
                    NodeEnum::MergeStmt(it) => {
                        with(&$($mutable)? it.with_clause, visit);
                        one(&$($mutable)? it.source_relation, visit);
                        one(&$($mutable)? it.join_condition, visit);
                        all(&$($mutable)? it.merge_when_clauses, visit);
                        returning(&$($mutable)? it.returning_clause, visit);
                    }
                    NodeEnum::ReturnStmt(it) => one(&$($mutable)? it.returnval, visit),
                    NodeEnum::MergeWhenClause(it) => {
                        one(&$($mutable)? it.condition, visit);
                        all(&$($mutable)? it.target_list, visit);
                        all(&$($mutable)? it.values, visit);
                    }
                    NodeEnum::CommonTableExpr(it) => {
                        one(&$($mutable)? it.ctequery, visit);
                        if let Some(cycle) = &$($mutable)? it.cycle_clause {
                            one(&$($mutable)? cycle.cycle_mark_value, visit);
                            one(&$($mutable)? cycle.cycle_mark_default, visit);
                        }
                    }
                    // What stands in FROM.
                    NodeEnum::JoinExpr(it) => {
                        one(&$($mutable)? it.larg, visit);
                        one(&$($mutable)? it.rarg, visit);
                        one(&$($mutable)? it.quals, visit);
                    }
                    NodeEnum::RangeSubselect(it) => one(&$($mutable)? it.subquery, visit),
                    NodeEnum::RangeFunction(it) => {
                        all(&$($mutable)? it.functions, visit);
                        all(&$($mutable)? it.coldeflist, visit);
                    }
                    NodeEnum::RangeTableSample(it) => {
                        one(&$($mutable)? it.relation, visit);
                        all(&$($mutable)? it.args, visit);
                        one(&$($mutable)? it.repeatable, visit);
                    }
                    NodeEnum::RangeTableFunc(it) => {
                        all(&$($mutable)? it.namespaces, visit);
                        one(&$($mutable)? it.docexpr, visit);
                        one(&$($mutable)? it.rowexpr, visit);
                        all(&$($mutable)? it.columns, visit);
                    }
                    NodeEnum::RangeTableFuncCol(it) => {
                        one(&$($mutable)? it.colexpr, visit);
                        one(&$($mutable)? it.coldefexpr, visit);
                    }
                    NodeEnum::JsonTable(it) => {
                        value(&$($mutable)? it.context_item, visit);
                        path(&$($mutable)? it.pathspec, visit);
                        all(&$($mutable)? it.passing, visit);
                        all(&$($mutable)? it.columns, visit);
                        behavior(&$($mutable)? it.on_error, visit);
                    }
                    NodeEnum::JsonTableColumn(it) => {
                        path(&$($mutable)? it.pathspec, visit);
                        all(&$($mutable)? it.columns, visit);
                        behavior(&$($mutable)? it.on_empty, visit);
                        behavior(&$($mutable)? it.on_error, visit);
                    }
                    // Parts of queries.
                    NodeEnum::ResTarget(it) => {
                        all(&$($mutable)? it.indirection, visit);
                        one(&$($mutable)? it.val, visit);
                    }
                    NodeEnum::SortBy(it) => one(&$($mutable)? it.node, visit),
                    NodeEnum::GroupingSet(it) => all(&$($mutable)? it.content, visit),
                    NodeEnum::WindowDef(it) => window(it, visit),
                    NodeEnum::IndexElem(it) => one(&$($mutable)? it.expr, visit),
                    NodeEnum::List(it) => all(&$($mutable)? it.items, visit),
                    NodeEnum::MultiAssignRef(it) => one(&$($mutable)? it.source, visit),
                    // Expressions.
                    NodeEnum::AExpr(it) => {
                        one(&$($mutable)? it.lexpr, visit);
                        one(&$($mutable)? it.rexpr, visit);
                    }
                    NodeEnum::BoolExpr(it) => all(&$($mutable)? it.args, visit),
                    NodeEnum::NullTest(it) => one(&$($mutable)? it.arg, visit),
                    NodeEnum::BooleanTest(it) => one(&$($mutable)? it.arg, visit),
                    NodeEnum::TypeCast(it) => one(&$($mutable)? it.arg, visit),
                    NodeEnum::CollateClause(it) => one(&$($mutable)? it.arg, visit),
                    NodeEnum::AIndirection(it) => {
                        one(&$($mutable)? it.arg, visit);
                        all(&$($mutable)? it.indirection, visit);
                    }
                    NodeEnum::AIndices(it) => {
                        one(&$($mutable)? it.lidx, visit);
                        one(&$($mutable)? it.uidx, visit);
                    }
                    NodeEnum::AArrayExpr(it) => all(&$($mutable)? it.elements, visit),
                    NodeEnum::RowExpr(it) => all(&$($mutable)? it.args, visit),
                    NodeEnum::CoalesceExpr(it) => all(&$($mutable)? it.args, visit),
                    NodeEnum::MinMaxExpr(it) => all(&$($mutable)? it.args, visit),
                    NodeEnum::CaseExpr(it) => {
                        one(&$($mutable)? it.arg, visit);
                        all(&$($mutable)? it.args, visit);
                        one(&$($mutable)? it.defresult, visit);
                    }
                    NodeEnum::CaseWhen(it) => {
                        one(&$($mutable)? it.expr, visit);
                        one(&$($mutable)? it.result, visit);
                    }
                    NodeEnum::SubLink(it) => {
                        one(&$($mutable)? it.testexpr, visit);
                        one(&$($mutable)? it.subselect, visit);
                    }
                    NodeEnum::FuncCall(it) => {
                        all(&$($mutable)? it.args, visit);
                        all(&$($mutable)? it.agg_order, visit);
                        one(&$($mutable)? it.agg_filter, visit);
                        if let Some(over) = &$($mutable)? it.over {
                            window(over, visit);
                        }
                    }
                    NodeEnum::NamedArgExpr(it) => one(&$($mutable)? it.arg, visit),
                    NodeEnum::GroupingFunc(it) => all(&$($mutable)? it.args, visit),
                    NodeEnum::XmlExpr(it) => {
                        all(&$($mutable)? it.named_args, visit);
                        all(&$($mutable)? it.args, visit);
                    }
                    NodeEnum::XmlSerialize(it) => one(&$($mutable)? it.expr, visit),
                    NodeEnum::JsonValueExpr(it) => one(&$($mutable)? it.raw_expr, visit),
                    NodeEnum::JsonArgument(it) => value(&$($mutable)? it.val, visit),
                    NodeEnum::JsonFuncExpr(it) => {
                        value(&$($mutable)? it.context_item, visit);
                        one(&$($mutable)? it.pathspec, visit);
                        all(&$($mutable)? it.passing, visit);
                        behavior(&$($mutable)? it.on_empty, visit);
                        behavior(&$($mutable)? it.on_error, visit);
                    }
                    NodeEnum::JsonKeyValue(it) => {
                        one(&$($mutable)? it.key, visit);
                        value(&$($mutable)? it.value, visit);
                    }
                    NodeEnum::JsonParseExpr(it) => value(&$($mutable)? it.expr, visit),
                    NodeEnum::JsonScalarExpr(it) => one(&$($mutable)? it.expr, visit),
                    NodeEnum::JsonSerializeExpr(it) => value(&$($mutable)? it.expr, visit),
                    NodeEnum::JsonObjectConstructor(it) => all(&$($mutable)? it.exprs, visit),
                    NodeEnum::JsonArrayConstructor(it) => all(&$($mutable)? it.exprs, visit),
                    NodeEnum::JsonArrayQueryConstructor(it) => one(&$($mutable)? it.query, visit),
                    NodeEnum::JsonObjectAgg(it) => {
                        if let Some(pair) = &$($mutable)? it.arg {
                            one(&$($mutable)? pair.key, visit);
                            value(&$($mutable)? pair.value, visit);
                        }
                        aggregate(&$($mutable)? it.constructor, visit);
                    }
                    NodeEnum::JsonArrayAgg(it) => {
                        value(&$($mutable)? it.arg, visit);
                        aggregate(&$($mutable)? it.constructor, visit);
                    }
                    NodeEnum::JsonIsPredicate(it) => one(&$($mutable)? it.expr, visit),
                    // Constants, names, and statements that hold no expression.
                    _ => {}
                }
            }

            fn select(it: &$($mutable)? protobuf::SelectStmt, visit: Visit<'_>) {
                with(&$($mutable)? it.with_clause, visit);
                for arm in [&$($mutable)? it.larg, &$($mutable)? it.rarg] {
                    if let Some(arm) = arm {
                        select(arm, visit);
                    }
                }
                all(&$($mutable)? it.from_clause, visit);
                all(&$($mutable)? it.distinct_clause, visit);
                all(&$($mutable)? it.target_list, visit);
                one(&$($mutable)? it.where_clause, visit);
                all(&$($mutable)? it.group_clause, visit);
                one(&$($mutable)? it.having_clause, visit);
                all(&$($mutable)? it.window_clause, visit);
                all(&$($mutable)? it.values_lists, visit);
                all(&$($mutable)? it.sort_clause, visit);
                one(&$($mutable)? it.limit_offset, visit);
                one(&$($mutable)? it.limit_count, visit);
            }

            fn with(it: &$($mutable)? Option<protobuf::WithClause>, visit: Visit<'_>) {
                if let Some(it) = it {
                    all(&$($mutable)? it.ctes, visit);
                }
            }

            fn returning(it: &$($mutable)? Option<protobuf::ReturningClause>, visit: Visit<'_>) {
                if let Some(it) = it {
                    all(&$($mutable)? it.exprs, visit);
                }
            }

            fn window(it: &$($mutable)? protobuf::WindowDef, visit: Visit<'_>) {
                all(&$($mutable)? it.partition_clause, visit);
                all(&$($mutable)? it.order_clause, visit);
                one(&$($mutable)? it.start_offset, visit);
                one(&$($mutable)? it.end_offset, visit);
            }

            fn value(it: &$($mutable)? Option<Box<protobuf::JsonValueExpr>>, visit: Visit<'_>) {
                if let Some(it) = it {
                    one(&$($mutable)? it.raw_expr, visit);
                }
            }

            fn path(it: &$($mutable)? Option<Box<protobuf::JsonTablePathSpec>>, visit: Visit<'_>) {
                if let Some(it) = it {
                    one(&$($mutable)? it.string, visit);
                }
            }

            fn behavior(it: &$($mutable)? Option<Box<protobuf::JsonBehavior>>, visit: Visit<'_>) {
                if let Some(it) = it {
                    one(&$($mutable)? it.expr, visit);
                }
            }

            fn aggregate(it: &$($mutable)? Option<Box<protobuf::JsonAggConstructor>>, visit: Visit<'_>) {
                if let Some(it) = it {
                    one(&$($mutable)? it.agg_filter, visit);
                    all(&$($mutable)? it.agg_order, visit);
                    if let Some(over) = &$($mutable)? it.over {
                        window(over, visit);
                    }
                }
            }
        }
    };
}

walker!(shared);
walker!(exclusive, mut);
