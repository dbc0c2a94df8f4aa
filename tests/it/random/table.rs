//! How a table changes.

use std::collections::BTreeSet;

use pgx_goose::ddl::quote_identifier;

use super::edit::{is_kept, is_lost, redefine_users};
use super::make::Maker;
use super::{Class, Column, Definition, Id, Object, Random, Schema, Sort, Table, Value, sql};

/// Types of one family: what can be done with the values of one can be done with those of the others.
const FAMILIES: &[&[&str]] = &[
    &["int", "bigint", "int2", "integer"],
    &["text", "varchar", "character varying(40)"],
    &["numeric", "numeric(10,2)", "decimal(5)", "numeric(20,4)"],
    &["real", "double precision", "float(10)"],
    &["timestamptz", "timestamp(3) with time zone"],
    &["interval", "interval day to second(2)"],
];

/// Another type of the family of one.
pub(super) fn related(random: &mut Random, text: &str) -> Option<&'static str> {
    let family = FAMILIES.iter().find(|it| it.contains(&text))?;
    Some(random.of(family))
}

/// The table and all that have its columns: partitions and children.
fn family(schema: &Schema, id: Id) -> Vec<Id> {
    let mut found = vec![id];
    let mut at = 0;
    while let Some(&parent) = found.get(at) {
        let children = schema.objects.iter().filter(|it| {
            it.table().is_some_and(|it| it.inherits == Some(parent) || it.partition_of.as_ref().is_some_and(|(of, _)| *of == parent))
        });
        found.extend(children.map(|it| it.id));
        at += 1;
    }
    found
}

fn each(maker: &mut Maker, ids: &[Id], change: impl Fn(&mut Table)) {
    for object in maker.schema.objects.iter_mut().filter(|it| ids.contains(&it.id)) {
        if let Definition::Table(table) = &mut object.definition {
            change(table);
        }
    }
}

/// Takes away what a table and those below it say with a column, but for the column itself.
fn let_go(maker: &mut Maker, ids: &[Id], column: &str) {
    let written = quote_identifier(column);
    each(maker, ids, |table| {
        table.constraints.retain(|it| !it.columns.iter().any(|it| it == column));
        table.settings.retain(|it| !it.contains(&written));
        for other in &mut table.columns {
            if matches!(&other.value, Some(Value::Generated(_, of)) if of.contains(column)) {
                other.value = None;
            }
        }
    });
    for object in maker.schema.objects.iter_mut().filter(|it| ids.contains(&it.id)) {
        object.grants.retain(|it| !it.contains(&format!("({written})")));
    }
}

/// What is gone is taken out of a table; none where the table goes with it.
pub(super) fn repaired(maker: &mut Maker, id: Id, mut table: Table) -> Option<Table> {
    if table.server.as_ref().is_some_and(|(server, _)| is_lost(&maker.schema, *server)) {
        return None;
    }
    if table.partition_of.as_ref().is_some_and(|(parent, _)| is_lost(&maker.schema, *parent)) {
        // It goes with its parent, or goes on by itself.
        if maker.random.once_in(2) {
            return None;
        }
        table.partition_of = None;
    }
    table.inherits.take_if(|it| is_lost(&maker.schema, *it));
    let is_lost_type = |column: &Column| column.data_type.needs.is_some_and(|id| is_lost(&maker.schema, id));
    let lost: Vec<String> = table.columns.iter().filter(|it| is_lost_type(it)).map(|it| it.name.clone()).collect();
    let all_lost = lost.len() == table.columns.len();
    for column in &mut table.columns {
        let has_lost_default =
            matches!(&column.value, Some(Value::Default(sql)) if sql.uses.iter().any(|(id, _)| is_lost(&maker.schema, *id)));
        if has_lost_default {
            column.value = None;
        }
        if lost.contains(&column.name) && (all_lost || maker.random.once_in(2)) {
            // Another type for it.
            column.value = None;
            column.collate = None;
            column.data_type = super::Type { text: "text".to_owned(), class: Class::Text, needs: None };
        }
    }
    table.columns.retain(|it| !(lost.contains(&it.name) && it.data_type.needs.is_some()));
    for column in &lost {
        let_go(maker, &[id], column);
        let written = quote_identifier(column);
        table.constraints.retain(|it| !it.columns.contains(column));
        table.settings.retain(|it| !it.contains(&written));
        table
            .columns
            .iter_mut()
            .filter(|it| matches!(&it.value, Some(Value::Generated(_, of)) if of.contains(column)))
            .for_each(|it| it.value = None);
        redefine_users(maker, id, Some(column));
    }
    let kept: Vec<bool> = table.constraints.iter().map(|it| is_kept(&maker.schema, &table, it)).collect();
    let mut kept = kept.into_iter();
    table.constraints.retain(|_| kept.next().unwrap_or(true));
    Some(table)
}

pub(super) fn alter_table(maker: &mut Maker, id: Id, mut table: Table) {
    let object = maker.schema.get(id).clone();
    let is_child = table.partition_of.is_some() || table.inherits.is_some();
    let ids = family(&maker.schema, id);
    let has_partitions = table.partition_by.is_some();
    let n = maker.random.below(table.columns.len());
    let name = table.columns[n].name.clone();
    let inherited = |maker: &Maker, table: &Table, name: &str| {
        let parent = table.inherits.or(table.partition_of.as_ref().map(|(id, _)| *id));
        let parent = parent.and_then(|id| maker.schema.objects.iter().find(|it| it.id == id)).and_then(|it| it.table());
        parent.is_some_and(|it| it.columns.iter().any(|it| it.name == name))
    };
    let is_inherited = inherited(maker, &table, &name);
    let is_key = table.partition_by.as_ref().is_some_and(|(_, key)| *key == name);
    let is_constrained = table.constraints.iter().any(|it| it.columns.contains(&name));
    let keeps = |maker: &mut Maker, table: Table| {
        if let Some(object) = maker.schema.objects.iter_mut().find(|it| it.id == id) {
            object.definition = Definition::Table(table);
        }
    };
    match maker.random.below(22) {
        0 | 1 if table.partition_of.is_none() => {
            let name = format!("added{}", maker.schema.number());
            let column = maker.column(name);
            let at = if maker.random.once_in(4) && !is_child { n } else { table.columns.len() };
            let plain = Column { value: None, setting: None, comment: None, ..column.clone() };
            table.columns.insert(at, column);
            keeps(maker, table);
            // Own columns stand behind those of parents.
            each(maker, &ids[1..], |it| it.columns.push(plain.clone()));
        }
        2 | 3 if !is_inherited && !is_key && table.columns.len() > 1 => drop_column(maker, &ids, &name),
        4 if !is_inherited && !is_key && table.columns.len() > 1 => {
            let mut column = table.columns[n].clone();
            column.name = format!("moved{}", maker.schema.number());
            if matches!(column.value, Some(Value::Generated(..))) {
                return;
            }
            drop_column(maker, &ids, &name);
            let plain = Column { value: None, setting: None, comment: None, ..column.clone() };
            each(maker, &ids[..1], |it| it.columns.push(column.clone()));
            each(maker, &ids[1..], |it| it.columns.push(plain.clone()));
        }
        5 if !is_inherited => {
            let column = &table.columns[n];
            let is_primary = table.constraints.iter().any(|it| it.text.starts_with("PRIMARY") && it.columns.contains(&column.name));
            let is_below = ids[1..].iter().any(|id| {
                maker
                    .schema
                    .get(*id)
                    .table()
                    .is_some_and(|it| it.constraints.iter().any(|it| it.text.starts_with("PRIMARY") && it.columns.contains(&name)))
            });
            if !is_primary && !is_below && !matches!(column.value, Some(Value::Identity(..) | Value::Serial)) {
                let not_null = !column.not_null;
                each(maker, &ids, |it| it.columns.iter_mut().filter(|it| it.name == name).for_each(|it| it.not_null = not_null));
            }
        }
        6 if !is_inherited => {
            let column = &table.columns[n];
            if matches!(column.value, None | Some(Value::Default(_))) {
                let data_type = column.data_type.clone();
                table.columns[n].value = if maker.random.once_in(3) { None } else { maker.default(&data_type).map(Value::Default) };
                keeps(maker, table);
            }
        }
        // Another type of the same family: all that reads the column goes on as it is.
        7 | 8 if !is_inherited && !is_key => {
            let column = &table.columns[n];
            let Some(text) = related(&mut maker.random, &column.data_type.text) else { return };
            let is_int = column.data_type.class == Class::Int;
            let is_narrow = text == "int2" && matches!(column.value, Some(Value::Serial | Value::Identity(..)));
            if is_narrow || (is_int && matches!(column.value, Some(Value::Serial)) && text == "integer") {
                return;
            }
            each(maker, &ids, |it| it.columns.iter_mut().filter(|it| it.name == name).for_each(|it| it.data_type.text = text.to_owned()));
        }
        // A type of another: all that reads the column is made for that.
        9 if !is_inherited && !is_key => {
            let mut data_type = maker.any_type(true);
            if data_type.needs.is_some_and(|id| maker.schema.objects.iter().any(|it| it.id == id && it.sort == Sort::Composite)) {
                data_type = sql::own_type(&mut maker.random);
            }
            let value = if maker.random.once_in(2) { maker.default(&data_type).map(Value::Default) } else { None };
            let_go(maker, &ids, &name);
            let own = ids.clone();
            let root = id;
            for object in maker.schema.objects.iter_mut().filter(|it| own.contains(&it.id)) {
                let is_root = object.id == root;
                if let Definition::Table(table) = &mut object.definition {
                    for column in table.columns.iter_mut().filter(|it| it.name == name) {
                        *column = Column {
                            data_type: data_type.clone(),
                            collate: None,
                            setting: None,
                            value: if is_root { value.clone() } else { None },
                            ..column.clone()
                        };
                    }
                }
            }
            own.iter().for_each(|id| redefine_users(maker, *id, Some(&name)));
        }
        10 if !is_child && ids.len() == 1 && !has_partitions && table.server.is_none() => {
            // Where the numbers come from.
            let column = &mut table.columns[n];
            let is_number = matches!(column.data_type.text.as_str(), "int" | "integer" | "bigint");
            let is_primary = table.constraints.iter().any(|it| it.text.starts_with("PRIMARY") && it.columns.contains(&name));
            column.value = match (&column.value, maker.random.below(3)) {
                (Some(Value::Generated(..)), _) => return,
                (Some(Value::Identity(..) | Value::Serial), 0) => {
                    column.not_null = is_primary;
                    None
                }
                _ if !is_number => return,
                (_, 1) => Some(Value::Serial),
                _ => {
                    let when = maker.random.of(&["ALWAYS", "BY DEFAULT"]);
                    column.not_null = true;
                    Some(Value::Identity(when, maker.random.of(&["", " (START 100 INCREMENT 5)", " (CACHE 10 CYCLE)", " (MAXVALUE 1000)"])))
                }
            };
            keeps(maker, table);
        }
        11 if !is_child && ids.len() == 1 && !has_partitions && table.server.is_none() => {
            let column = table.columns[n].clone();
            let computed: Vec<usize> =
                (0..table.columns.len()).filter(|it| matches!(table.columns[*it].value, Some(Value::Generated(..)))).collect();
            match computed.first() {
                // It keeps what it has, and is computed no more.
                Some(&at) if maker.random.once_in(2) => {
                    table.columns[at].value = None;
                    keeps(maker, table);
                }
                _ if matches!(column.value, Some(Value::Generated(..))) || column.data_type.needs.is_some() => {}
                at => {
                    let Some((text, data_type)) = sql::expression(&mut maker.random, &quote_identifier(&column.name), &column.data_type)
                    else {
                        return;
                    };
                    let value = Some(Value::Generated(text, BTreeSet::from([column.name.clone()])));
                    match at {
                        Some(&at) => {
                            let name = table.columns[at].name.clone();
                            let same = table.columns[at].data_type.text == data_type.text;
                            let_go(maker, &ids, &name);
                            let Some(mut table) = maker.schema.get(id).table().cloned() else { return };
                            table.columns[at].value = value;
                            table.columns[at].data_type = data_type;
                            keeps(maker, table);
                            if !same {
                                redefine_users(maker, id, Some(&name));
                            }
                        }
                        None => {
                            let name = format!("computed{}", maker.schema.number());
                            table.columns.push(Column {
                                name,
                                data_type,
                                collate: None,
                                not_null: false,
                                value,
                                setting: None,
                                comment: None,
                            });
                            keeps(maker, table);
                        }
                    }
                }
            }
        }
        12 if !is_inherited && !is_key && !is_constrained && ids.len() == 1 && table.columns[n].data_type.class == Class::Text => {
            if table.columns[n].data_type.needs.is_none()
                && !table.columns.iter().any(|it| matches!(&it.value, Some(Value::Generated(_, of)) if of.contains(&name)))
            {
                table.columns[n].collate = if table.columns[n].collate.is_some() { None } else { Some("\"C\"") };
                keeps(maker, table);
                redefine_users(maker, id, Some(&name));
            }
        }
        13 if table.server.is_none() => {
            let is_text = table.columns[n].data_type.class == Class::Text && table.columns[n].data_type.needs.is_none();
            table.columns[n].setting = match maker.random.below(3) {
                0 => None,
                1 if is_text => Some(maker.random.of(&["SET STORAGE EXTERNAL", "SET STORAGE MAIN", "SET COMPRESSION pglz"])),
                _ => Some(maker.random.of(&["SET STATISTICS 50", "SET STATISTICS 7", "SET (n_distinct = 5)"])),
            };
            keeps(maker, table);
        }
        14 | 15 => {
            maker.constrain(&object, &mut table);
            keeps(maker, table);
        }
        16 if !table.constraints.is_empty() => {
            let at = maker.random.below(table.constraints.len());
            let constraint = &mut table.constraints[at];
            match maker.random.below(4) {
                0 if constraint.references.is_some() => {
                    let bare = constraint.text.split(" ON ").next().unwrap_or_default().split(" NOT VALID").next().unwrap_or_default();
                    let bare = bare.split(" MATCH").next().unwrap_or_default().split(" DEFERRABLE").next().unwrap_or_default().to_owned();
                    constraint.text =
                        bare + maker.random.of(&["", " ON DELETE CASCADE", " ON UPDATE SET NULL", " DEFERRABLE", " MATCH FULL"]);
                }
                1 => constraint.name = format!("called{}", maker.schema.number()),
                2 if !constraint.name.is_empty() => {
                    constraint.comment = if constraint.comment.is_some() { None } else { Some("Why.".to_owned()) };
                }
                _ => drop(table.constraints.remove(at)),
            }
            keeps(maker, table);
        }
        17 if table.server.is_none() => {
            let setting = maker.random.of(&["ENABLE ROW LEVEL SECURITY", "FORCE ROW LEVEL SECURITY", "REPLICA IDENTITY FULL"]);
            if setting.starts_with("REPLICA") && (table.unlogged || has_partitions) {
                return;
            }
            match table.settings.iter().position(|it| it == setting) {
                Some(at) => drop(table.settings.remove(at)),
                None => table.settings.push(setting.to_owned()),
            }
            keeps(maker, table);
        }
        18 if table.partition_of.is_some() => {
            // It goes on by itself, or has a default of its own.
            if maker.random.once_in(2) {
                table.partition_of = None;
                keeps(maker, table);
            } else if table.columns[n].data_type.class == Class::Int && table.columns[n].data_type.needs.is_none() {
                let written = quote_identifier(&name);
                table.settings.retain(|it| !it.contains(&written));
                table.settings.push(format!("ALTER COLUMN {written} SET DEFAULT {}", maker.random.below(9)));
                keeps(maker, table);
            }
        }
        18 if table.inherits.is_some() => {
            table.inherits = None;
            keeps(maker, table);
        }
        19 if !has_partitions && table.server.is_none() => {
            match maker.random.below(2) {
                0 if table.constraints.iter().all(|it| it.references.is_none()) && table.settings.is_empty() => {
                    let is_published = maker.schema.users(id).any(|(user, _)| user.sort == Sort::Publication);
                    if !is_published && table.partition_of.is_none() {
                        table.unlogged = !table.unlogged;
                    }
                }
                _ => table.parameters = if table.parameters.is_some() { None } else { Some("fillfactor = 45".to_owned()) },
            }
            keeps(maker, table);
        }
        20 if !is_child && ids.len() == 1 && table.server.is_none() => {
            // Partitioned, or not any more.
            let is_plain = table.constraints.is_empty() && table.parameters.is_none() && !table.unlogged && table.settings.is_empty();
            let is_simple = table.columns.iter().all(|it| matches!(it.value, None | Some(Value::Default(_))));
            if has_partitions {
                table.partition_by = None;
            } else if is_plain
                && is_simple
                && matches!(table.columns[n].data_type.class, Class::Int)
                && table.columns[n].data_type.needs.is_none()
            {
                table.partition_by = Some(("HASH", name));
                keeps(maker, table);
                // Not everything can be done to one: what stood on it goes.
                maker.schema.objects.retain(|it| it.id == id || !it.uses().iter().any(|(used, _)| *used == id) || it.sort == Sort::View);
                return;
            }
            keeps(maker, table);
        }
        _ => {
            table.columns[n].comment = if maker.random.once_in(3) { None } else { Some(format!("Comment {}.", maker.schema.number())) };
            keeps(maker, table);
        }
    }
}

fn drop_column(maker: &mut Maker, ids: &[Id], name: &str) {
    let_go(maker, ids, name);
    each(maker, ids, |it| it.columns.retain(|it| it.name != name));
    // A table without columns is not what anybody meant.
    let empty: Vec<Id> =
        maker.schema.objects.iter().filter(|it| it.table().is_some_and(|it| it.columns.is_empty())).map(|it: &Object| it.id).collect();
    maker.schema.objects.retain(|it| !empty.contains(&it.id));
}
