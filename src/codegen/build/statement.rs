//! SQL text of repositories. Every identifier is quoted where it must be, every relation has its schema, every value is a placeholder.

use super::column::Built;
use super::lifecycle::Lifecycle;
use super::literal::raw;
use crate::codegen::model::{Column, Statements};

/// `a, b, c` as a query selects them. A relation without columns still has rows.
pub(super) fn select_list(columns: &[Built]) -> String {
    join(columns.iter().map(|it| it.column.select.clone()))
}

/// The text that does not depend on a key. `order` holds the columns that rows are ordered by.
pub(super) fn statements(
    table: &str,
    columns: &[Built],
    create: &[&Column],
    order: &[&Column],
    keyset: bool,
    life: &Lifecycle,
) -> Statements {
    let list = select_list(columns);
    let order_by = order_by(order);
    let live = life.soft_delete.as_ref().map_or_else(String::new, |it| format!("\nWHERE {}", it.model.live));
    let insert = if create.is_empty() {
        format!("INSERT INTO {table}\nDEFAULT VALUES")
    } else {
        let names = join(create.iter().map(|it| it.sql.clone()));
        let values = join(create.iter().enumerate().map(|(n, it)| placeholder(n + 1, it)));
        format!("INSERT INTO {table} ({names})\nVALUES ({values})")
    };
    let after = || {
        let names = join(order.iter().map(|it| it.sql.clone()));
        let values = join(order.iter().enumerate().map(|(n, it)| placeholder(n + 1, it)));
        let condition = if order.len() == 1 { format!("{names} > {values}") } else { format!("({names}) > ({values})") };
        format!("\nWHERE {condition}{}{order_by}\nLIMIT ${}", life.and_live(), order.len() + 1)
    };
    Statements {
        qualified: columns.iter().map(|it| raw(&format!("{table}.{}", it.column.select))).collect(),
        select: select(&list, table),
        list_clause: format!("{live}{order_by}\nLIMIT $1 OFFSET $2"),
        first_clause: if keyset { format!("{live}{order_by}\nLIMIT $1") } else { String::new() },
        after_clause: if keyset { after() } else { String::new() },
        order: join(order.iter().map(|it| it.sql.clone())),
        count: format!("SELECT count(*)\nFROM {table}"),
        select_list: list,
        insert,
    }
}

/// `SELECT … FROM …`.
pub(super) fn select(list: &str, table: &str) -> String {
    if list.is_empty() { format!("SELECT\nFROM {table}") } else { format!("SELECT {list}\nFROM {table}") }
}

/// A line with `ORDER BY`, or nothing.
pub(super) fn order_by(columns: &[&Column]) -> String {
    if columns.is_empty() { String::new() } else { format!("\nORDER BY {}", join(columns.iter().map(|it| it.sql.clone()))) }
}

/// `$n` with the column's cast.
pub(super) fn placeholder(n: usize, column: &Column) -> String {
    format!("${n}{}", column.cast)
}

/// `a = $1 AND b = $2`, placeholders from `first`.
pub(super) fn conditions<'c>(columns: impl IntoIterator<Item = &'c Column>, first: usize) -> String {
    let all: Vec<String> =
        columns.into_iter().enumerate().map(|(n, column)| format!("{} = {}", column.sql, placeholder(first + n, column))).collect();
    all.join(" AND ")
}

/// Joins with commas.
pub(super) fn join(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().collect::<Vec<_>>().join(", ")
}
