//! How columns live through the absence of something that their table goes on to need.

use std::collections::BTreeMap;

use super::column::{Keeping, keeping, names_column, places};
use super::dependent::mentions;
use super::table::Target;
use crate::catalog::{Attribute, Column, DataType, Definition, Identity, IndexKey, Kind, Table};
use crate::ddl::data_type::data_type;
use crate::ddl::quote::{qualified, quote_identifier};
use crate::ddl::table::{Declared, column_settings, spell_column};
use crate::ddl::types::collate;
use crate::ddl::{Statement, Thing, Writer};

/// Defaults go and come back, and columns of a type that is made anew
/// take the new one. `None` where only making the table anew would do.
pub(super) fn ease(
    (from, to): (&Writer<'_>, &Writer<'_>),
    table: &Identity,
    old: &[Column],
    new: &[Column],
    thing: &Thing<'_>,
) -> Option<Vec<Statement>> {
    let target = Target::of(table);
    let mut statements = Vec::new();
    let is_of_it = |of: &DataType| thing.object.kind.is_type() && of.name == thing.object.qualified_name();
    let needed = to.catalog().get(table).map(|it| it.dependencies.iter().map(|it| &it.on).collect::<Vec<_>>()).unwrap_or_default();
    let after = |sql: String| {
        let mut statement = Statement::after(table, sql);
        statement.needs.insert(thing.object.clone());
        // What takes the place of the thing, under the same name.
        let instead = needed.iter().filter(|on| on.qualified_name() == thing.object.qualified_name() && mentions(&statement.sql, on));
        let instead: Vec<Identity> = instead.map(|it| (*it).clone()).collect();
        statement.needing(instead)
    };
    let is_collated =
        |column: &Column| thing.object.kind == Kind::Collation && column.collation.as_ref() == Some(&thing.object.qualified_name());
    let is_touched = |it: &&Column| is_of_it(&it.data_type) || is_collated(it);
    let retyped: Vec<String> = new.iter().filter(is_touched).map(|it| quote_identifier(&it.name)).collect();
    if let Some(Definition::Table(Table { partition_key: Some(key), .. })) = to.catalog().get(table).map(|it| &it.definition) {
        let is_key = |name: &String| {
            let expression = |key: &IndexKey| key.expression.as_ref().is_some_and(|it| names_column(&it.0, name));
            key.keys.iter().any(|key| key.column.as_ref().is_some_and(|column| quote_identifier(column) == *name) || expression(key))
        };
        // The server alters no column that a partition key is made of.
        if retyped.iter().any(is_key) {
            return None;
        }
    }
    // Generated columns go before what they read gets another type.
    let pairs = || new.iter().filter_map(|column| Some((old.iter().find(|it| it.name == column.name)?, column)));
    let in_order = pairs().filter(|(_, it)| it.generated.is_some()).chain(pairs().filter(|(_, it)| it.generated.is_none()));
    let mut made_again = Vec::new();
    for (before, column) in in_order {
        let own = quote_identifier(&column.name);
        let is_retyped = is_of_it(&before.data_type) && is_of_it(&column.data_type);
        let comes_from_parent = column.inherited;
        let retyping = |sql: String| {
            let mut statement = after(sql);
            statement.removes.extend(places(from, table, &column.name));
            statement.adds.extend(places(to, table, &column.name));
            statement
        };
        if let (Some(generated), true) = (&column.generated, before.generated == column.generated)
            && (mentions(&generated.expression.0, thing.object)
                || is_retyped
                || is_collated(column)
                || retyped.iter().any(|name| names_column(&generated.expression.0, name)))
        {
            if comes_from_parent {
                continue;
            }
            let mut gone = Statement::after(table, format!("{} DROP COLUMN {own};", target.whole));
            gone.removes.extend(places(from, table, &column.name));
            gone.releases.push(thing.object.clone());
            statements.push(gone);
            let spelled = spell_column(to, table, column, Declared::Here, false)?;
            let mut add = after(format!("{} ADD COLUMN {};", target.whole, spelled.trim()));
            add.adds.extend(places(to, table, &column.name));
            made_again.push(add);
            made_again.extend(column_settings(table, column));
            continue;
        }
        let default_mentions = |column: &Column| column.default.as_ref().is_some_and(|it| is_retyped || mentions(&it.0, thing.object));
        if default_mentions(before) {
            let mut drop = Statement::after(table, format!("{} ALTER COLUMN {own} DROP DEFAULT;", target.only));
            drop.releases.push(thing.object.clone());
            statements.push(drop);
        }
        if is_collated(before) && is_collated(column) && !comes_from_parent {
            let of = data_type(&column.data_type);
            statements.push(retyping(format!("{} ALTER COLUMN {own} TYPE {of}{};", target.whole, collate(column.collation.as_ref()))));
        }
        if is_retyped && !comes_from_parent {
            let array = if column.data_type.array { "[]" } else { "" };
            let of = data_type(&column.data_type);
            let moved = moved_attributes(from, to, thing.object, &own, 0);
            // In an array they are told by name: an expression of `USING` has no query that could take it apart.
            let by_name = (moved.is_some() && column.data_type.array && table.kind == Kind::Table).then(|| {
                let name = from.free_name(&table.schema, &format!("{}_{}", table.name, column.name), "moved");
                qualified(&table.schema, &name)
            });
            let values = match (&by_name, moved) {
                (Some(helper), _) => format!("(json_populate_record(NULL::{helper}, json_build_object('value', {own}))).value"),
                (None, Some(values)) if !column.data_type.array => values,
                _ => format!("{own}::text{array}::{of}"),
            };
            let using = if table.kind == Kind::ForeignTable { String::new() } else { format!(" USING {values}") };
            statements.extend(by_name.as_ref().map(|helper| after(format!("CREATE TYPE {helper} AS (value {of});"))));
            statements.push(retyping(format!("{} ALTER COLUMN {own} TYPE {of}{using};", target.whole)));
            statements.extend(by_name.map(|helper| after(format!("DROP TYPE {helper};"))));
        }
        if (is_retyped || (is_collated(before) && is_collated(column)))
            && before.storage == column.storage
            && before.compression == column.compression
        {
            let nothing = Keeping { storage: &None, compression: &None, target: None, options: &BTreeMap::new() };
            let again = Keeping { storage: &column.storage, compression: &column.compression, target: None, options: &BTreeMap::new() };
            let actions = keeping(&column.data_type, &nothing, &again);
            statements.extend(actions.into_iter().map(|action| after(format!("{} ALTER COLUMN {own} {action};", target.only))));
        }
        if let Some(default) = &column.default
            && (default_mentions(column) || default_mentions(before))
        {
            let mut set = after(format!("{} ALTER COLUMN {own} SET DEFAULT {};", target.only, default.0));
            // The parent's statement gives the column its type.
            if is_retyped && comes_from_parent {
                set.adds.push((table.clone(), column.name.clone()));
            }
            statements.push(set);
        }
    }
    statements.extend(made_again);
    Some(statements)
}

/// The value of something whose composite type has its attributes elsewhere from now on, or others: each goes to its new place, within
/// types within it too. `None` where all stay in theirs, so that the text of the old value is one of the new.
fn moved_attributes(from: &Writer<'_>, to: &Writer<'_>, of: &Identity, value: &str, depth: usize) -> Option<String> {
    let attributes = |writer: &Writer<'_>| match &writer.catalog().get(of)?.definition {
        Definition::Composite(composite) => Some(composite.attributes.clone()),
        _ => None,
    };
    let (old, new) = (attributes(from)?, attributes(to)?);
    let within = |it: &Attribute| {
        let own = Identity::new(Kind::Composite, it.data_type.name.schema.clone(), it.data_type.name.name.clone());
        let value = format!("({value}).{}", quote_identifier(&it.name));
        if depth < 16 && !it.data_type.array { moved_attributes(from, to, &own, &value, depth + 1) } else { None }
    };
    let is_moved = !old.iter().map(|it| &it.name).eq(new.iter().map(|it| &it.name));
    if !is_moved && !new.iter().any(|it| within(it).is_some()) {
        return None;
    }
    let own = |new: &Attribute| match old.iter().find(|it| it.name == new.name) {
        None => "NULL".to_owned(),
        Some(it) if it.data_type == new.data_type && it.data_type.name.is_builtin() => {
            format!("({value}).{}", quote_identifier(&new.name))
        }
        // It may be of a type that is made anew with it.
        Some(it) => within(new).unwrap_or_else(|| {
            let text = if it.data_type.array && new.data_type.array { "text[]" } else { "text" };
            format!("({value}).{}::{text}::{}", quote_identifier(&new.name), data_type(&new.data_type))
        }),
    };
    let values: Vec<String> = new.iter().map(own).collect();
    let of = qualified(&of.schema, &of.name);
    Some(format!("CASE WHEN {value} IS DISTINCT FROM NULL THEN ROW({})::{of} END", values.join(", ")))
}
