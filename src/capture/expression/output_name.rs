//! The name of a column that a query does not name: PostgreSQL src/backend/parser/parse_target.c, FigureColname.

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, SqlValueFunctionOp, SubLinkType, XmlExprOp};

use crate::capture::script::resolve::strings;

/// The name that the server gives to a value.
pub(super) fn output_name(node: &Node) -> String {
    figure(node).map_or_else(|| "?column?".to_owned(), |(name, _)| name)
}

/// The name that the server gives to an expression of an index, if any: FigureIndexColname.
pub(crate) fn index_column_name(node: &Node) -> Option<String> {
    figure(node).map(|(name, _)| name)
}

/// How good a name is: a cast's type gives way to the name of what is cast.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Weak,
    Strong,
}

fn figure(node: &Node) -> Option<(String, Strength)> {
    let strong = |name: &str| Some((name.to_owned(), Strength::Strong));
    match node.node.as_ref()? {
        NodeEnum::ColumnRef(it) => strings(&it.fields).last().copied().and_then(strong),
        NodeEnum::AIndirection(it) => match strings(&it.indirection).last() {
            Some(field) => strong(field),
            None => figure(it.arg.as_deref()?),
        },
        NodeEnum::FuncCall(it) => strings(&it.funcname).last().copied().and_then(strong),
        NodeEnum::AExpr(it) if it.kind() == pg_query::protobuf::AExprKind::AexprNullif => strong("nullif"),
        NodeEnum::TypeCast(it) => {
            let of_argument = it.arg.as_deref().and_then(figure);
            let of_type = || it.type_name.as_ref().and_then(|it| strings(&it.names).last().map(|it| ((*it).to_owned(), Strength::Weak)));
            match of_argument {
                Some((name, Strength::Strong)) => Some((name, Strength::Strong)),
                other => of_type().or(other),
            }
        }
        NodeEnum::CollateClause(it) => figure(it.arg.as_deref()?),
        NodeEnum::GroupingFunc(_) => strong("grouping"),
        NodeEnum::MergeSupportFunc(_) => strong("merge_action"),
        NodeEnum::SubLink(it) => match it.sub_link_type() {
            SubLinkType::ExistsSublink => strong("exists"),
            SubLinkType::ArraySublink => strong("array"),
            SubLinkType::ExprSublink => {
                let Some(NodeEnum::SelectStmt(select)) = &it.subselect.as_deref()?.node else { return None };
                // The leftmost arm names the columns of a UNION.
                let mut select = select.as_ref();
                while let Some(left) = &select.larg {
                    select = left;
                }
                let Some(NodeEnum::ResTarget(target)) = select.target_list.first().and_then(|it| it.node.as_ref()) else {
                    return strong("column1");
                };
                // The subquery has named its column by now, if only `?column?`.
                if target.name.is_empty() { strong(&output_name(target.val.as_deref()?)) } else { strong(&target.name) }
            }
            _ => None,
        },
        NodeEnum::CaseExpr(it) => match it.defresult.as_deref().and_then(figure) {
            Some((name, Strength::Strong)) => Some((name, Strength::Strong)),
            _ => Some(("case".to_owned(), Strength::Weak)),
        },
        NodeEnum::AArrayExpr(_) => strong("array"),
        NodeEnum::RowExpr(_) => strong("row"),
        NodeEnum::CoalesceExpr(_) => strong("coalesce"),
        NodeEnum::MinMaxExpr(it) => strong(if it.op() == pg_query::protobuf::MinMaxOp::IsLeast { "least" } else { "greatest" }),
        NodeEnum::SqlvalueFunction(it) => strong(match it.op() {
            SqlValueFunctionOp::SvfopCurrentDate => "current_date",
            SqlValueFunctionOp::SvfopCurrentTime | SqlValueFunctionOp::SvfopCurrentTimeN => "current_time",
            SqlValueFunctionOp::SvfopCurrentTimestamp | SqlValueFunctionOp::SvfopCurrentTimestampN => "current_timestamp",
            SqlValueFunctionOp::SvfopLocaltime | SqlValueFunctionOp::SvfopLocaltimeN => "localtime",
            SqlValueFunctionOp::SvfopLocaltimestamp | SqlValueFunctionOp::SvfopLocaltimestampN => "localtimestamp",
            SqlValueFunctionOp::SvfopCurrentRole => "current_role",
            SqlValueFunctionOp::SvfopCurrentUser => "current_user",
            SqlValueFunctionOp::SvfopUser => "user",
            SqlValueFunctionOp::SvfopSessionUser => "session_user",
            SqlValueFunctionOp::SvfopCurrentCatalog => "current_catalog",
            SqlValueFunctionOp::SvfopCurrentSchema => "current_schema",
            SqlValueFunctionOp::SqlvalueFunctionOpUndefined => return None,
        }),
        NodeEnum::XmlExpr(it) => match it.op() {
            XmlExprOp::IsXmlconcat => strong("xmlconcat"),
            XmlExprOp::IsXmlelement => strong("xmlelement"),
            XmlExprOp::IsXmlforest => strong("xmlforest"),
            XmlExprOp::IsXmlparse => strong("xmlparse"),
            XmlExprOp::IsXmlpi => strong("xmlpi"),
            XmlExprOp::IsXmlroot => strong("xmlroot"),
            XmlExprOp::IsXmlserialize => strong("xmlserialize"),
            XmlExprOp::IsDocument | XmlExprOp::Undefined => None,
        },
        NodeEnum::XmlSerialize(_) => strong("xmlserialize"),
        NodeEnum::JsonParseExpr(_) => strong("json"),
        NodeEnum::JsonScalarExpr(_) => strong("json_scalar"),
        NodeEnum::JsonSerializeExpr(_) => strong("json_serialize"),
        NodeEnum::JsonObjectConstructor(_) => strong("json_object"),
        NodeEnum::JsonArrayConstructor(_) | NodeEnum::JsonArrayQueryConstructor(_) => strong("json_array"),
        NodeEnum::JsonObjectAgg(_) => strong("json_objectagg"),
        NodeEnum::JsonArrayAgg(_) => strong("json_arrayagg"),
        NodeEnum::JsonFuncExpr(it) => match it.op() {
            pg_query::protobuf::JsonExprOp::JsonExistsOp => strong("json_exists"),
            pg_query::protobuf::JsonExprOp::JsonQueryOp => strong("json_query"),
            pg_query::protobuf::JsonExprOp::JsonValueOp => strong("json_value"),
            _ => None,
        },
        _ => None,
    }
}
