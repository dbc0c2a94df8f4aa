//! Which values are never NULL: what functions and operators make of values that are none, and which columns a condition proves.
//!
//! Nothing is said to be never NULL that may be: the tables name functions and operators of PostgreSQL whose code never returns
//! NULL for such operands (src/backend/utils/adt). To add one, look at its code, all overloads included.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{self, AExprKind, BoolExprType, BoolTestType, Node, NullTestType, SubLinkType, a_const};

use super::analysis::{Analysis, object_name, single};
use super::builtin::{Builtin, Function};
use super::scope::{Column, Namespace, Typed};
use super::walk;
use crate::capture::script::resolve::strings;
use crate::catalog::PG_CATALOG;

/// Functions that give a value whatever they are given, if they take NULL at all; sorted.
const NEVER_NULL: [&str; 37] = [
    "clock_timestamp",
    "concat",
    "cume_dist",
    "current_database",
    "current_user",
    "dense_rank",
    "gen_random_uuid",
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

/// Functions that give a value wherever their first argument is one; sorted.
const BY_FIRST: [&str; 2] = ["concat_ws", "format"];

/// Functions that give a value wherever all of their arguments are one; sorted. Those that do so for some types only are looked at
/// in [`is_total`].
const TOTAL: [&str; 113] = [
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
    "bool",
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
    "enum_range",
    "exp",
    "extract",
    "float4",
    "float8",
    "floor",
    "gcd",
    "initcap",
    "int2",
    "int4",
    "int8",
    "isempty",
    "isfinite",
    "jsonb_array_length",
    "jsonb_pretty",
    "jsonb_set",
    "jsonb_strip_nulls",
    "jsonb_typeof",
    "justify_days",
    "justify_hours",
    "justify_interval",
    "lcm",
    "left",
    "length",
    "like_escape",
    "ln",
    "log",
    "lower",
    "lower_inc",
    "lower_inf",
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
    "range_merge",
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
    "similar_to_escape",
    "sin",
    "split_part",
    "sqrt",
    "starts_with",
    "strpos",
    "substr",
    "substring",
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
    "upper_inc",
    "upper_inf",
    "width_bucket",
];

/// Aggregates that give a value over no rows; sorted.
const COUNTS: [&str; 2] = ["count", "regr_count"];

/// Aggregates that give a value over one row or more; sorted.
const OF_ROWS: [&str; 5] = ["array_agg", "json_agg", "json_object_agg", "jsonb_agg", "jsonb_object_agg"];

/// Aggregates that give a value over one or more that are not NULL; sorted.
const OF_VALUES: [&str; 12] =
    ["avg", "bit_and", "bit_or", "bool_and", "bool_or", "every", "max", "min", "stddev_pop", "string_agg", "sum", "var_pop"];

/// Operators that give a value wherever both sides are one; sorted.
const TOTAL_OPERATORS: [&str; 39] = [
    "!~", "!~*", "!~~", "!~~*", "#", "#-", "%", "&", "&&", "&<", "&>", "*", "+", "-", "-|-", "/", "<", "<<", "<=", "<>", "<@", "=", ">",
    ">=", ">>", "?", "?&", "?|", "@", "@>", "@@", "^", "^@", "|", "||", "~", "~*", "~~", "~~*",
];

/// Operators of one or two sides whose result is NULL where a side is; sorted. Those that join arrays are not among them.
const STRICT_OPERATORS: [&str; 24] = [
    "!~", "!~*", "!~~", "!~~*", "%", "&&", "*", "+", "-", "->", "->>", "/", "<", "<=", "<>", "<@", "=", ">", ">=", "@>", "~", "~*", "~~",
    "~~*",
];

/// Fields of a date or time that infinity has too: PostgreSQL src/backend/utils/adt/timestamp.c, NonFiniteTimestampTzPart.
const OF_INFINITY: [&str; 7] = ["century", "decade", "epoch", "isoyear", "julian", "millennium", "year"];

/// Whether the result of a call is never NULL, the function being PostgreSQL's own or that of an extension.
pub(super) fn function_gives_value(function: &Function, name: &str, call: &protobuf::FuncCall, arguments: &[Typed], rows: bool) -> bool {
    let all = arguments.iter().all(|it| it.not_null);
    let is_in = |table: &[&str]| table.binary_search(&name).is_ok();
    if function.aggregate {
        // Of `rank` and its kin in WITHIN GROUP; they count, too.
        let counts = is_in(&COUNTS) || matches!(name, "rank" | "dense_rank" | "percent_rank" | "cume_dist");
        return counts || rows && call.agg_filter.is_none() && (is_in(&OF_ROWS) || is_in(&OF_VALUES) && all);
    }
    if rows && all && matches!(name, "first_value" | "last_value") {
        return true;
    }
    if matches!(name, "lag" | "lead") {
        return all && arguments.len() == 3;
    }
    // The array that is spread may be NULL.
    if call.func_variadic || function.strict && !all {
        return false;
    }
    is_in(&NEVER_NULL)
        || is_in(&BY_FIRST) && arguments.first().is_some_and(|it| it.not_null)
        || all && is_in(&TOTAL) && is_total(function, name, &call.args)
}

/// Whether a function of [`TOTAL`] is so for these types.
fn is_total(function: &Function, name: &str, arguments: &[Node]) -> bool {
    let first = function.arguments.first().copied().unwrap_or_default();
    let second = function.arguments.get(1).copied().unwrap_or_default();
    match name {
        // A range may have no bounds.
        "lower" | "upper" => first == "text",
        // A pattern may not be found.
        "substring" => second == "int4",
        // There is no text for infinity.
        "to_char" => matches!(first, "int4" | "int8" | "numeric" | "float4" | "float8"),
        "extract" | "date_part" => {
            let field = match arguments.first().and_then(|it| it.node.as_ref()) {
                Some(NodeEnum::AConst(protobuf::AConst { val: Some(a_const::Val::Sval(it)), .. })) => it.sval.to_ascii_lowercase(),
                _ => String::new(),
            };
            matches!(second, "time" | "timetz") || OF_INFINITY.contains(&field.as_str())
        }
        // The null of JSON becomes NULL, since PostgreSQL 18.
        "bool" | "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" => first != "jsonb",
        _ => true,
    }
}

/// Whether an operator's result is never NULL where its operands are not; the types are those of its parameters, if they are known.
pub(super) fn operator_is_total(name: &str, parameters: Option<(Option<&str>, &str)>) -> bool {
    let (left, right) = parameters.map_or((None, ""), |(left, right)| (left, right));
    TOTAL_OPERATORS.binary_search(&name).is_ok()
        && match name {
            // A predicate of a path may be unknown.
            "@@" => left != Some("jsonb"),
            // Closed paths are not joined, and lines may have no point in common.
            "+" => left != Some("path") || right != "path",
            "#" => matches!(left, Some("bit" | "int2" | "int4" | "int8")),
            _ => true,
        }
}

impl Analysis<'_> {
    /// Whether what an aggregate or a window function looks at has a row at least: the aggregates of groups, and the frames that begin
    /// with the partition and end with the row.
    pub(super) fn has_rows(&self, call: &protobuf::FuncCall) -> bool {
        const NOT_DEFAULT: i32 = 1; // src/include/nodes/parsenodes.h, FRAMEOPTION_NONDEFAULT
        match &call.over {
            Some(window) => window.name.is_empty() && window.refname.is_empty() && window.frame_options & NOT_DEFAULT == 0,
            // An aggregate belongs to the level of its columns, which is perhaps not this one.
            None => self.levels.last().is_some_and(|it| it.grouped && call.args.iter().any(|argument| names_column_of(argument, it))),
        }
    }

    /// Marks the columns of the innermost level that are never NULL in rows of which a condition is true.
    pub(super) fn prove(&mut self, condition: &Node) {
        let mut proven = BTreeSet::new();
        of_true(condition, &mut proven);
        if let Some(level) = self.levels.last_mut() {
            level.prove(&proven);
        }
    }
}

/// A column as canonical text names it: the item, and the name.
pub(super) type Named = (Option<String>, String);

impl Namespace {
    /// Marks columns that are never NULL, and those that are only where an outer join found no row, which it then did.
    pub(super) fn prove(&mut self, proven: &BTreeSet<Named>) {
        if proven.is_empty() {
            return;
        }
        let is_proven = |item: Option<&String>, column: &Column| proven.contains(&(item.cloned(), column.name.clone()));
        let mut found: BTreeSet<u32> = BTreeSet::new();
        for item in &self.items {
            let columns = item.columns.iter().filter(|it| is_proven(Some(&item.printed), it));
            found.extend(columns.flat_map(|it| it.typed.absent.iter().copied()));
        }
        let mark = |item: Option<&String>, column: &mut Column| {
            let there = column.typed.otherwise && column.typed.absent.iter().all(|it| found.contains(it));
            column.typed.not_null |= there || is_proven(item, column);
        };
        for item in &mut self.items {
            let printed = item.printed.clone();
            item.columns.iter_mut().for_each(|it| mark(Some(&printed), it));
        }
        for visible in &mut self.visible {
            mark(visible.item.as_ref(), &mut visible.column);
        }
    }
}

/// Whether an expression names a column of the level, subqueries aside.
fn names_column_of(node: &Node, level: &Namespace) -> bool {
    match &node.node {
        Some(NodeEnum::ColumnRef(it)) => {
            let fields = strings(&it.fields);
            fields.first().is_some_and(|first| level.items.iter().any(|it| it.printed == *first))
        }
        Some(NodeEnum::SubLink(_)) | None => false,
        Some(inner) => {
            let mut found = false;
            walk::for_each_child(inner, &mut |child| found |= names_column_of(child, level));
            found
        }
    }
}

/// The columns that are not NULL where a condition is true.
pub(super) fn of_true(node: &Node, proven: &mut BTreeSet<Named>) {
    match &node.node {
        Some(NodeEnum::BoolExpr(it)) => match it.boolop() {
            BoolExprType::AndExpr => it.args.iter().for_each(|it| of_true(it, proven)),
            BoolExprType::OrExpr => {
                let each = it.args.iter().map(|it| {
                    let mut own = BTreeSet::new();
                    of_true(it, &mut own);
                    own
                });
                proven.extend(each.reduce(|all, it| all.intersection(&it).cloned().collect()).unwrap_or_default());
            }
            _ => match it.args.first().map(|it| &it.node) {
                Some(Some(NodeEnum::NullTest(it))) if it.nulltesttype() == NullTestType::IsNull => tested(it, proven),
                _ => of_value(node, proven),
            },
        },
        Some(NodeEnum::NullTest(it)) if it.nulltesttype() == NullTestType::IsNotNull => tested(it, proven),
        Some(NodeEnum::BooleanTest(it)) => match (it.booltesttype(), it.arg.as_deref()) {
            (BoolTestType::IsTrue, Some(arg)) => of_true(arg, proven),
            (BoolTestType::IsFalse | BoolTestType::IsNotUnknown, Some(arg)) => of_value(arg, proven),
            _ => {}
        },
        // No row of a query and no element of an array is equal to NULL.
        Some(NodeEnum::SubLink(it)) if it.sub_link_type() == SubLinkType::AnySublink => {
            if let Some(tested) = it.testexpr.as_deref() {
                of_value(tested, proven);
            }
        }
        Some(NodeEnum::AExpr(it)) if it.kind() == AExprKind::AexprOpAny && is_strict_operator(it) => {
            it.lexpr.iter().chain(&it.rexpr).for_each(|it| of_value(it, proven));
        }
        _ => of_value(node, proven),
    }
}

/// `x IS NOT NULL`: of a row as a whole it asks for its fields, and nothing is told here.
fn tested(it: &protobuf::NullTest, proven: &mut BTreeSet<Named>) {
    if let Some(arg) = it.arg.as_deref() {
        of_value(arg, proven);
    }
}

/// The columns that are not NULL where a value is not NULL.
fn of_value(node: &Node, proven: &mut BTreeSet<Named>) {
    match &node.node {
        Some(NodeEnum::ColumnRef(it)) => match (strings(&it.fields).as_slice(), it.fields.len()) {
            ([item, name], 2) => drop(proven.insert((Some((*item).to_owned()), (*name).to_owned()))),
            ([name], 1) => drop(proven.insert((None, (*name).to_owned()))),
            _ => {}
        },
        Some(NodeEnum::AExpr(it)) if is_strict_operator(it) => {
            let is_plain = matches!(
                it.kind(),
                AExprKind::AexprOp | AExprKind::AexprLike | AExprKind::AexprIlike | AExprKind::AexprSimilar | AExprKind::AexprIn
            );
            if is_plain {
                it.lexpr.iter().for_each(|it| of_value(it, proven));
            }
            if is_plain && it.kind() != AExprKind::AexprIn {
                it.rexpr.iter().for_each(|it| of_value(it, proven));
            }
        }
        Some(NodeEnum::BoolExpr(it)) if it.boolop() == BoolExprType::NotExpr => it.args.iter().for_each(|it| of_value(it, proven)),
        Some(NodeEnum::CollateClause(it)) => it.arg.iter().for_each(|it| of_value(it, proven)),
        Some(NodeEnum::TypeCast(it)) => {
            // A cast of somebody's own may make something of NULL.
            let (schema, _) = it.type_name.as_ref().map(|it| object_name(&it.names)).unwrap_or_default();
            if schema.is_none_or(|it| it == PG_CATALOG) {
                it.arg.iter().for_each(|it| of_value(it, proven));
            }
        }
        Some(NodeEnum::FuncCall(it)) if it.over.is_none() && !it.func_variadic => {
            let (schema, name) = object_name(&it.funcname);
            let known = if schema.is_none_or(|it| it == PG_CATALOG) { Builtin::get().functions(&name) } else { &[] };
            if !known.is_empty() && known.iter().all(|it| it.strict && !it.aggregate && !it.variadic && !it.set) {
                it.args.iter().for_each(|it| of_value(it, proven));
            }
        }
        _ => {}
    }
}

/// Whether an operator is PostgreSQL's own by its name (another one has its schema with it), and strict.
fn is_strict_operator(it: &protobuf::AExpr) -> bool {
    let is_row = |it: &Option<Box<Node>>| matches!(it.as_deref().and_then(|it| it.node.as_ref()), Some(NodeEnum::RowExpr(_)));
    single(&it.name).is_some_and(|it| STRICT_OPERATORS.binary_search(&it).is_ok()) && !is_row(&it.lexpr) && !is_row(&it.rexpr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        for table in [&NEVER_NULL[..], &BY_FIRST, &TOTAL, &COUNTS, &OF_ROWS, &OF_VALUES, &TOTAL_OPERATORS, &STRICT_OPERATORS, &OF_INFINITY]
        {
            assert!(table.is_sorted(), "{table:?}");
        }
    }
}
