//! How a schema changes: as a person would change it, one thing after the other, and then whatever else must change with that.
//!
//! Anything may go, also what others use. What used it lets go of it, is made anew, or goes with it ([`repair`]): so the result is a
//! schema again.

use pgx_goose::ddl::{quote_identifier, quote_literal};

use super::make::Maker;
use super::table::{self, alter_table};
use super::{Class, Definition, Id, Object, Random, Schema, Sort, Table, Type, Value, sql};

/// How many things are tried at most.
const STEPS: usize = 12;

/// Returns the schema after some changes.
pub(super) fn edit(schema: &Schema, seed: u64) -> Schema {
    let mut maker = Maker { random: Random::new(!seed), schema: schema.clone() };
    for _ in 0..1 + maker.random.below(STEPS) {
        match maker.random.below(12) {
            0 | 1 => maker.add_any(),
            2 => drop_one(&mut maker),
            3 => rename_one(&mut maker),
            4 => kind_of_one(&mut maker),
            _ => alter_one(&mut maker),
        }
        repair(&mut maker);
    }
    maker.schema
}

fn any_object(maker: &mut Maker) -> Id {
    let all: Vec<Id> = maker.schema.objects.iter().map(|it| it.id).collect();
    *maker.random.pick(&all).expect("the schema of the first object stays")
}

fn drop_one(maker: &mut Maker) {
    let id = any_object(maker);
    let object = maker.schema.get(id);
    // A schema takes all that is in it with it, which leaves little to look at.
    let is_too_much = object.sort == Sort::Schema && (object.name == "public" || maker.schema.users(id).count() > 3);
    if !is_too_much {
        maker.schema.objects.retain(|it| it.id != id);
    }
}

/// Another name, or another schema, of which nothing tells that it is the same object: everything that named it names the new one.
fn rename_one(maker: &mut Maker) {
    let id = any_object(maker);
    let object = maker.schema.get(id).clone();
    let takes_name_along = matches!(
        object.sort,
        Sort::Enum
            | Sort::Domain
            | Sort::Composite
            | Sort::Range
            | Sort::Sequence
            | Sort::Function
            | Sort::TypedFunction
            | Sort::TriggerFunction
            | Sort::Procedure
            | Sort::Aggregate
            | Sort::Collation
            | Sort::Table
            | Sort::ForeignTable
            | Sort::View
            | Sort::MaterializedView
            | Sort::Statistics
            | Sort::Dictionary
            | Sort::Configuration
    );
    if !takes_name_along {
        redefine(maker, id);
        return;
    }
    let before = object.sql();
    let mut renamed = object;
    if maker.random.once_in(3) {
        renamed.schema = Some(maker.any_schema());
    } else {
        renamed.name = format!("renamed{}", maker.schema.number());
    }
    let after = renamed.sql();
    let schema = renamed.schema.clone();
    if let Some(place) = maker.schema.objects.iter_mut().find(|it| it.id == id) {
        *place = renamed;
    }
    let mut in_it: Vec<Id> = Vec::new();
    for object in &mut maker.schema.objects {
        if object.sort == Sort::Index && object.uses().iter().any(|(used, _)| *used == id) {
            in_it.push(object.id);
        }
        texts(object).into_iter().for_each(|text| *text = renamed_in(text, &before, &after));
        types(object).into_iter().filter(|it| it.needs == Some(id)).for_each(|it| it.text = renamed_in(&it.text, &before, &after));
    }
    // An index is in the schema of its table.
    for index in in_it {
        if let (Some(object), Some((_, schema))) = (maker.schema.objects.iter_mut().find(|it| it.id == index), &schema)
            && let Definition::Other(other) = &mut object.definition
        {
            other.target = format!("INDEX {}.{}", quote_identifier(schema), quote_identifier(&object.name));
        }
    }
}

/// Text in which a name is another, where it stands as a whole.
fn renamed_in(text: &str, before: &str, after: &str) -> String {
    let is_part_of_name = |it: char| it.is_alphanumeric() || matches!(it, '_' | '"');
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(before) {
        let (head, tail) = (&rest[..at], &rest[at + before.len()..]);
        let is_whole = !head.chars().next_back().is_some_and(is_part_of_name) && !tail.chars().next().is_some_and(is_part_of_name);
        result.push_str(head);
        result.push_str(if is_whole { after } else { before });
        rest = tail;
    }
    result.push_str(rest);
    result
}

/// All pieces of SQL in an object.
fn texts(object: &mut Object) -> Vec<&mut String> {
    let mut texts: Vec<&mut String> = object.grants.iter_mut().collect();
    match &mut object.definition {
        Definition::Enum(_) | Definition::Composite(_) => {}
        Definition::Domain(it) => {
            texts.extend(&mut it.default);
            texts.extend(it.checks.iter_mut().map(|(_, check)| check));
        }
        Definition::Table(it) => {
            for column in &mut it.columns {
                match &mut column.value {
                    Some(Value::Default(sql)) => texts.push(&mut sql.text),
                    Some(Value::Generated(text, _)) => texts.push(text),
                    _ => {}
                }
            }
            texts.extend(it.constraints.iter_mut().map(|it| &mut it.text));
            texts.extend(&mut it.settings);
        }
        Definition::Other(it) => {
            texts.extend([&mut it.create.text, &mut it.target, &mut it.before]);
            texts.extend(&mut it.after);
        }
    }
    texts
}

/// All types that an object is made of.
fn types(object: &mut Object) -> Vec<&mut Type> {
    match &mut object.definition {
        Definition::Enum(_) => Vec::new(),
        Definition::Domain(it) => vec![&mut it.base],
        Definition::Composite(attributes) => attributes.iter_mut().map(|it| &mut it.data_type).collect(),
        Definition::Table(it) => it.columns.iter_mut().map(|it| &mut it.data_type).collect(),
        Definition::Other(it) => it.columns.iter_mut().map(|(_, it)| it).collect(),
    }
}

/// Something of the same name, and of another kind.
fn kind_of_one(maker: &mut Maker) {
    let id = any_object(maker);
    let mut object = maker.schema.get(id).clone();
    object.sort = match object.sort {
        Sort::View => Sort::MaterializedView,
        Sort::MaterializedView => Sort::View,
        Sort::Enum => Sort::Composite,
        Sort::Composite => Sort::Enum,
        Sort::Function => Sort::Procedure,
        _ => return alter_one(maker),
    };
    object.grants.clear();
    let Some(definition) = maker.define(&object) else { return };
    object.definition = definition;
    if object.sort == Sort::Procedure || !matches!(object.definition, Definition::Other(_)) {
        // Whoever was made with it can't be made with what it is now.
        maker.schema.objects.retain(|it| it.id != id);
        object.id = Id(maker.schema.number());
        maker.schema.objects.push(object);
        return;
    }
    put(maker, object);
    redefine_users(maker, id, None);
}

fn put(maker: &mut Maker, object: Object) {
    if let Some(place) = maker.schema.objects.iter_mut().find(|it| it.id == object.id) {
        *place = object;
    }
}

fn alter_one(maker: &mut Maker) {
    let id = any_object(maker);
    let mut object = maker.schema.get(id).clone();
    if maker.random.once_in(5) {
        maker.decorate(&mut object);
        return put(maker, object);
    }
    match object.definition.clone() {
        Definition::Enum(labels) => alter_enum(maker, object, labels),
        Definition::Domain(mut domain) => {
            match maker.random.below(5) {
                0 => domain.not_null = !domain.not_null,
                1 if domain.checks.pop().is_some() => {}
                2 => {
                    let is_plain = !matches!(domain.base.class, Class::Opaque | Class::Array);
                    domain.default = if is_plain && domain.default.is_none() { sql::value(&mut maker.random, &domain.base) } else { None };
                }
                3 if domain.base.needs.is_none() => {
                    if let Some(wider) = table::related(&mut maker.random, &domain.base.text) {
                        domain.base.text = wider.to_owned();
                    }
                }
                _ => {
                    let condition = sql::condition(&mut maker.random, "VALUE", &domain.base);
                    domain.checks.extend(condition.map(|it| (format!("check {}", maker.schema.number()), it)));
                }
            }
            object.definition = Definition::Domain(domain);
            put(maker, object);
        }
        Definition::Composite(mut attributes) => {
            // Where values stand within others, no server moves the attributes that stay.
            let is_within = |it: &Object| matches!(it.definition, Definition::Composite(_)) || has_array_of(it, id);
            let is_fixed = maker.schema.users(id).any(|(user, _)| is_within(user));
            let at = if is_fixed { attributes.len() - 1 } else { maker.random.below(attributes.len()) };
            match maker.random.below(4) {
                0 if attributes.len() > 1 => drop(attributes.remove(at)),
                1 if attributes[at].data_type.needs.is_none() => attributes[at].data_type = sql::own_type(&mut maker.random),
                _ => {
                    let name = format!("attribute{}", maker.schema.number());
                    let at = if maker.random.once_in(3) && !is_fixed { at } else { attributes.len() };
                    attributes.insert(at, super::Attribute { name, data_type: sql::own_type(&mut maker.random) });
                }
            }
            object.definition = Definition::Composite(attributes);
            put(maker, object);
        }
        Definition::Table(table) => alter_table(maker, id, table),
        Definition::Other(other) => {
            // What a function returns can be altered by nothing.
            if object.sort == Sort::Function && maker.random.once_in(3) {
                let (from, to) = if other.create.text.contains(" RETURNS int ") {
                    (" RETURNS int ", " RETURNS bigint ")
                } else {
                    (" RETURNS bigint ", " RETURNS int ")
                };
                let mut other = other;
                for text in [&mut other.create.text, &mut other.before] {
                    *text = text.replacen(from, to, 1);
                }
                object.definition = Definition::Other(other);
                return put(maker, object);
            }
            if !matches!(object.sort, Sort::Schema | Sort::Extension) {
                redefine(maker, id);
            }
        }
    }
}

/// Whether an object keeps arrays of a type, or the rows of what does.
fn has_array_of(object: &Object, id: Id) -> bool {
    let is_array = |it: &Type| it.needs == Some(id) && it.text.ends_with("[]");
    object.sort == Sort::MaterializedView || object.columns().iter().any(|(_, it)| is_array(it))
}

/// Labels come anywhere, go, and change places.
fn alter_enum(maker: &mut Maker, mut object: Object, mut labels: Vec<String>) {
    let at = maker.random.below(labels.len() + 1);
    match maker.random.below(5) {
        0 | 1 => labels.insert(at, format!("label {}", maker.schema.number())),
        2 if labels.len() > 1 => labels.rotate_left(1),
        3 if labels.len() > 1 => {
            labels.swap(0, 1);
            labels.push(format!("label {}", maker.schema.number()));
        }
        _ if labels.len() > 1 => {
            let gone = labels.remove(at.min(labels.len() - 1));
            forget_label(maker, object.id, &gone);
        }
        _ => labels.push(format!("label {}", maker.schema.number())),
    }
    let id = object.id;
    object.definition = Definition::Enum(labels.clone());
    put(maker, object);
    for object in &mut maker.schema.objects {
        for it in types(object).into_iter().filter(|it| it.needs == Some(id) && matches!(it.class, Class::Enum(_))) {
            it.class = Class::Enum(labels.clone());
        }
    }
}

/// Takes a label out of all that names it.
fn forget_label(maker: &mut Maker, id: Id, label: &str) {
    let written = quote_literal(label);
    let mut again = Vec::new();
    for object in maker.schema.objects.iter_mut().filter(|it| it.id != id) {
        match &mut object.definition {
            Definition::Domain(it) => {
                it.default.take_if(|it| it.contains(&written));
                it.checks.retain(|(_, check)| !check.contains(&written));
            }
            Definition::Table(it) => {
                for column in &mut it.columns {
                    if matches!(&column.value, Some(Value::Default(sql)) if sql.text.contains(&written)) {
                        column.value = None;
                    }
                }
                it.constraints.retain(|it| !it.text.contains(&written));
                it.settings.retain(|it| !it.contains(&written));
            }
            Definition::Other(it) if it.create.text.contains(&written) => again.push(object.id),
            _ => {}
        }
    }
    again.into_iter().for_each(|id| redefine(maker, id));
}

/// Makes an object anew, as another of its sort and name; it goes where that can't be done.
pub(super) fn redefine(maker: &mut Maker, id: Id) {
    let Some(object) = maker.schema.objects.iter().find(|it| it.id == id).cloned() else { return };
    if !matches!(object.definition, Definition::Other(_)) {
        return;
    }
    let users: Vec<Id> = maker.schema.users(id).map(|(user, _)| user.id).collect();
    let before = object.columns();
    let new = (0..3)
        .find_map(|_| maker.define(&object).filter(|it| is_whole(&maker.schema, &Object { definition: it.clone(), ..object.clone() })));
    match new {
        Some(definition) => {
            let object = Object { definition, ..object };
            let is_same = object.columns().iter().map(|(name, it)| (name, &it.text)).eq(before.iter().map(|(name, it)| (name, &it.text)));
            put(maker, object);
            if !is_same {
                users.into_iter().for_each(|id| redefine(maker, id));
            }
        }
        None => maker.schema.objects.retain(|it| it.id != id),
    }
}

/// Makes all anew that use an object, or a column of it.
pub(super) fn redefine_users(maker: &mut Maker, id: Id, column: Option<&str>) {
    let users = maker.schema.users(id).filter(|(_, used)| column.is_none() || used.as_deref() == column);
    let mut users: Vec<Id> = users.map(|(user, _)| user.id).collect();
    users.sort_unstable();
    users.dedup();
    users.into_iter().for_each(|id| redefine(maker, id));
}

/// Whether all that an object uses is there.
fn is_whole(schema: &Schema, object: &Object) -> bool {
    object.uses().iter().all(|(id, column)| is_there(schema, *id, column.as_deref()))
}

fn is_there(schema: &Schema, id: Id, column: Option<&str>) -> bool {
    let object = schema.objects.iter().find(|it| it.id == id);
    object.is_some_and(|object| column.is_none_or(|column| object.columns().iter().any(|(name, _)| name == column)))
}

/// Lets go of what is gone, until nothing is missing.
fn repair(maker: &mut Maker) {
    loop {
        let broken: Vec<Id> = maker
            .schema
            .objects
            .iter()
            .filter(|it| !is_whole(&maker.schema, it) || has_lost_key(&maker.schema, it))
            .map(|it| it.id)
            .collect();
        if broken.is_empty() {
            return;
        }
        broken.into_iter().for_each(|id| repair_one(maker, id));
    }
}

/// Whether a foreign key of the table points to what is no key any more.
fn has_lost_key(schema: &Schema, object: &Object) -> bool {
    object.table().is_some_and(|table| table.constraints.iter().any(|it| !has_key(schema, table, it)))
}

fn has_key(schema: &Schema, table: &Table, constraint: &super::Constraint) -> bool {
    let Some((id, columns)) = &constraint.references else { return true };
    let Some(target) = schema.objects.iter().find(|it| it.id == *id).and_then(Object::table) else { return false };
    let is_key = |it: &super::Constraint| {
        (it.text.starts_with("PRIMARY") || it.text.starts_with("UNIQUE")) && it.columns == *columns && !it.text.contains("DEFERRABLE")
    };
    let column =
        |table: &Table, name: &str| table.columns.iter().find(|it| it.name == name).map(|it| (it.data_type.class.clone(), it.collate));
    let same_type = constraint.columns.iter().zip(columns).all(|(own, other)| column(table, own) == column(target, other));
    target.constraints.iter().any(is_key) && same_type && table.unlogged == target.unlogged
}

fn repair_one(maker: &mut Maker, id: Id) {
    let Some(mut object) = maker.schema.objects.iter().find(|it| it.id == id).cloned() else { return };
    let gone = |maker: &mut Maker| maker.schema.objects.retain(|it| it.id != id);
    if object.schema.as_ref().is_some_and(|(schema, _)| !is_there(&maker.schema, *schema, None)) {
        return gone(maker);
    }
    let lost = |maker: &Maker, it: &Type| it.needs.is_some_and(|id| !is_there(&maker.schema, id, None));
    match object.definition.clone() {
        Definition::Enum(_) => {}
        Definition::Domain(_) => gone(maker),
        Definition::Composite(mut attributes) => {
            attributes.retain(|it| !lost(maker, &it.data_type));
            if attributes.is_empty() {
                return gone(maker);
            }
            object.definition = Definition::Composite(attributes);
            put(maker, object);
        }
        Definition::Table(table) => match table::repaired(maker, id, table) {
            Some(table) => {
                object.definition = Definition::Table(table);
                put(maker, object);
            }
            None => gone(maker),
        },
        Definition::Other(_) => redefine(maker, id),
    }
}

/// Whether a constraint holds after a repair of its table.
pub(super) fn is_kept(schema: &Schema, table: &Table, constraint: &super::Constraint) -> bool {
    has_key(schema, table, constraint) && constraint.uses.iter().all(|(id, column)| is_there(schema, *id, column.as_deref()))
}

pub(super) fn is_lost(schema: &Schema, id: Id) -> bool {
    !is_there(schema, id, None)
}
