//! How a schema changes: as a person would change it, one thing after the other.

use super::make::Maker;
use super::sql;
use super::{Definition, Id, Random, Schema, Sort, Table, Value};

/// How many things are tried.
const STEPS: usize = 12;

/// Returns the schema after some changes. What others use is not dropped, so that the result is a schema again.
pub(crate) fn edit(schema: &Schema, seed: u64) -> Schema {
    let mut maker = Maker { random: Random::new(!seed), schema: schema.clone() };
    for _ in 0..1 + maker.random.below(STEPS) {
        match maker.random.below(6) {
            0 => maker.add_any(),
            1 => drop_one(&mut maker),
            _ => alter_one(&mut maker),
        }
    }
    maker.schema
}

fn any_object(maker: &mut Maker) -> Id {
    let all: Vec<Id> = maker.schema.objects.iter().map(|it| it.id).collect();
    *maker.random.pick(&all).expect("the schema of the first object stays")
}

fn is_used(schema: &Schema, id: Id) -> bool {
    schema.users(id).any(|(user, _)| user.id != id)
}

fn drop_one(maker: &mut Maker) {
    let id = any_object(maker);
    let is_last_schema = maker.schema.get(id).sort == Sort::Schema && maker.schema.of(Sort::Schema).count() == 1;
    if !is_last_schema && !is_used(&maker.schema, id) {
        maker.schema.objects.retain(|it| it.id != id);
    }
}

fn alter_one(maker: &mut Maker) {
    let id = any_object(maker);
    let used = is_used(&maker.schema, id);
    let mut object = maker.schema.get(id).clone();
    if maker.random.once_in(4) {
        maker.decorate(&mut object);
    } else {
        object.definition = match object.definition.clone() {
            Definition::Enum(mut labels) => {
                // Labels stay where they are, as PostgreSQL wants it; a new one comes anywhere.
                let at = maker.random.below(labels.len() + 1);
                labels.insert(at, format!("label {}", maker.schema.number()));
                Definition::Enum(labels)
            }
            Definition::Domain(mut domain) => {
                match maker.random.below(3) {
                    0 => domain.not_null = !domain.not_null,
                    1 if domain.checks.pop().is_some() => {}
                    _ => {
                        let condition = sql::condition(&mut maker.random, "VALUE", &domain.base);
                        domain.checks.extend(condition.map(|it| (format!("check {}", maker.schema.number()), it)));
                    }
                }
                Definition::Domain(domain)
            }
            Definition::Composite(mut attributes) => {
                if maker.random.once_in(2) && attributes.len() > 1 {
                    attributes.pop();
                } else {
                    let name = format!("attribute{}", maker.schema.number());
                    attributes.push(super::Attribute { name, data_type: maker.any_type(false) });
                }
                Definition::Composite(attributes)
            }
            Definition::Table(mut table) => {
                alter_table(maker, id, &mut table);
                Definition::Table(table)
            }
            // Others count on the columns of a view and on what a type holds; the rest is told by its name alone.
            Definition::Other(it) => {
                let counts = matches!(object.sort, Sort::View | Sort::MaterializedView | Sort::Range | Sort::Schema | Sort::Extension);
                match maker.define(&object) {
                    Some(new) if !(used && counts) => new,
                    _ => Definition::Other(it),
                }
            }
        };
    }
    if let Some(place) = maker.schema.objects.iter_mut().find(|it| it.id == id) {
        *place = object;
    }
}

/// Whether something outside the table, or a constraint of it, counts on the column.
fn is_column_used(schema: &Schema, id: Id, table: &Table, column: &str) -> bool {
    let by_others = schema.users(id).any(|(_, used)| used.is_none_or(|it| it == column));
    let by_constraints = table.constraints.iter().any(|it| it.columns.iter().any(|it| it == column));
    let by_key = table.partition_by.as_ref().is_some_and(|(_, key)| key == column);
    let by_generated = table.columns.iter().any(|it| matches!(&it.value, Some(Value::Generated(_, of)) if of.contains(column)));
    let by_grant = schema.get(id).grants.iter().any(|it| it.contains('('));
    by_others || by_constraints || by_key || by_generated || by_grant
}

fn alter_table(maker: &mut Maker, id: Id, table: &mut Table) {
    let object = maker.schema.get(id).clone();
    // Partitions and children have what their parents have; only their own is changed.
    let is_child = table.partition_of.is_some() || table.inherits.is_some();
    let is_parent = maker
        .schema
        .objects
        .iter()
        .filter_map(|it| it.table())
        .any(|it| it.inherits == Some(id) || it.partition_of.as_ref().is_some_and(|it| it.0 == id));
    let n = maker.random.below(table.columns.len());
    match maker.random.below(9) {
        0 | 1 if !is_child && !is_parent => {
            let name = format!("added{}", maker.schema.number());
            let column = maker.column(name);
            let at = if maker.random.once_in(4) { n } else { table.columns.len() };
            table.columns.insert(at, column);
        }
        2 if !is_child && !is_parent && table.columns.len() > 1 => {
            let name = table.columns[n].name.clone();
            if !is_column_used(&maker.schema, id, table, &name) {
                table.columns.remove(n);
            }
        }
        3 if !is_child && !is_parent => {
            let column = &mut table.columns[n];
            let is_key = table.constraints.iter().any(|it| it.text.starts_with("PRIMARY") && it.columns.contains(&column.name));
            if !is_key && !matches!(column.value, Some(Value::Identity(..) | Value::Serial)) {
                column.not_null = !column.not_null;
            }
        }
        4 if !is_child && !is_parent => {
            let column = &table.columns[n];
            if matches!(column.value, None | Some(Value::Default(_))) {
                let data_type = column.data_type.clone();
                table.columns[n].value = if maker.random.once_in(3) { None } else { maker.default(&data_type).map(Value::Default) };
            }
        }
        5 if !is_child && !is_parent => {
            let column = table.columns[n].clone();
            let wider = match column.data_type.text.as_str() {
                "int" | "integer" | "int2" => "bigint",
                "varchar" | "character varying(40)" => "text",
                "numeric(10,2)" | "decimal(5)" => "numeric",
                "real" => "double precision",
                _ => return,
            };
            if matches!(column.value, None | Some(Value::Default(_))) && !is_column_used(&maker.schema, id, table, &column.name) {
                table.columns[n].data_type.text = wider.to_owned();
            }
        }
        6 if !is_child => maker.constrain(&object, table),
        7 if !is_child => {
            let at = maker.random.below(table.constraints.len().max(1));
            let Some(constraint) = table.constraints.get(at) else { return };
            let is_pointed_at = maker.schema.users(id).any(|(_, used)| used.is_some_and(|it| constraint.columns.contains(&it)));
            let is_check = constraint.text.starts_with("CHECK") || constraint.references.is_some();
            if is_check || !is_pointed_at {
                table.constraints.remove(at);
            }
        }
        8 if table.server.is_none() => match table.settings.iter().position(|it| it == "ENABLE ROW LEVEL SECURITY") {
            Some(at) => drop(table.settings.remove(at)),
            None => table.settings.push("ENABLE ROW LEVEL SECURITY".to_owned()),
        },
        _ => {
            let comment = if maker.random.once_in(3) { None } else { Some(format!("Comment {}.", maker.schema.number())) };
            table.columns[n].comment = comment;
        }
    }
}
