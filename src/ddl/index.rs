//! Indexes and extended statistics.

use super::quote::{list, name, parenthesised, qualified, quote_identifier};
use super::table::{include, marks, parameters, parents, with};
use super::{Statement, Transaction, Writer};
use crate::catalog::{Definition, Identity, Index, IndexKey, Kind, NullsOrder, Object, QualifiedName, StatisticsObject};

pub(super) fn index(writer: &Writer<'_>, identity: &Identity, object: &Object, index: &Index) -> Vec<Statement> {
    let Index {
        table,
        unique,
        method,
        keys,
        include: included,
        nulls_not_distinct,
        predicate,
        storage_parameters,
        tablespace,
        partition_of,
        only: _,
        statistics_targets,
    } = index;
    let table = QualifiedName::new(identity.schema.clone(), table.clone());
    let is_partitioned = writer.is_partitioned(&table);
    // The indexes of partitions are attached to it, under the names that they have; `only` is that none are missing.
    let only = if is_partitioned { "ONLY " } else { "" };
    let unique = if *unique { "UNIQUE " } else { "" };
    // A partitioned table's own index is empty, and its partitions' are made first, each on its own.
    let online = writer.online && !is_partitioned && writer.relation(&table).is_some_and(|(table, _)| writer.is_in_base(table));
    let concurrently = if online { "CONCURRENTLY " } else { "" };
    let mut sql = format!("CREATE {unique}INDEX {concurrently}{} ON {only}{}", quote_identifier(&identity.name), name(&table));
    if method != "btree" {
        sql.push_str(&format!(" USING {}", quote_identifier(method)));
    }
    sql.push_str(&format!(" ({})", list(keys, key)));
    sql.push_str(&include(included));
    if *nulls_not_distinct {
        sql.push_str(" NULLS NOT DISTINCT");
    }
    sql.push_str(&with(storage_parameters, " "));
    if let Some(tablespace) = tablespace {
        sql.push_str(&format!(" TABLESPACE {}", quote_identifier(tablespace)));
    }
    if let Some(predicate) = predicate {
        sql.push_str(&format!(" WHERE {}", parenthesised(predicate)));
    }
    sql.push(';');
    let mut create = Statement::creating(identity, object, sql);
    if online {
        create.transaction = Transaction::None;
    }
    let own = qualified(&identity.schema, &identity.name);
    // The partitioned index comes first, whoever depends on whom: partitions get theirs attached.
    if is_partitioned {
        create.needs.extend(writer.partitions(&table));
        // One that goes or leaves would be missing in it.
        let parent = writer.relation(&table).map(|(parent, _)| parent.clone());
        for partition in writer.partitions_gone(&table) {
            create.parted.extend(parent.iter().map(|parent| (partition.clone(), parent.clone())));
            create.without.push(partition);
        }
        // One that comes would be given another, had it none yet.
        let comes = writer.partitions(&table).filter(|child| writer.is_in_base(child) && writer.joins(child, &table));
        create.parted.extend(comes.flat_map(|child| parent.iter().map(move |parent| (child.clone(), parent.clone()))));
    }
    let mut statements = vec![create];
    // A partition that comes to a table which is there brings its indexes when it is attached.
    let joins = |above: &QualifiedName| {
        let comes = writer
            .relation(&table)
            .is_some_and(|(table, object)| parents(object).into_iter().any(|parent| writer.comes_below(table, parent)));
        comes && writer.keeps_index(above)
    };
    if let Some(above) = partition_of.as_ref().filter(|above| !joins(above)) {
        let sql = format!("ALTER INDEX {} ATTACH PARTITION {own};", name(above));
        let above = Identity::new(Kind::Index, above.schema.clone(), above.name.clone());
        let mut attach = Statement::after(identity, sql).needing([above]);
        // Until then it is none of those that the table's own is made of.
        attach.creates.append(&mut statements[0].creates);
        statements[0].begins.push(identity.clone());
        statements.push(attach);
    }
    if let Some(rename) = renamed(writer, identity, object, index) {
        statements = vec![rename];
    }
    statements.extend(marks(writer, &table, identity));
    for (position, target) in statistics_targets {
        statements.push(Statement::after(identity, format!("ALTER INDEX {own} ALTER COLUMN {position} SET STATISTICS {target};")));
    }
    statements
}

/// Gives an index that a partition has of its table's, which stays, the name that it is to have.
fn renamed(writer: &Writer<'_>, identity: &Identity, object: &Object, index: &Index) -> Option<Statement> {
    let above = index.partition_of.as_ref().filter(|above| writer.keeps_index(above))?;
    writer.relation(&QualifiedName::new(identity.schema.clone(), index.table.clone())).filter(|(table, _)| writer.is_in_base(table))?;
    let is_it = |(other, object): &(&Identity, &Object)| match &object.definition {
        Definition::Index(it) => {
            other.schema == identity.schema && it.table == index.table && it.partition_of.as_ref() == Some(above) && *other != identity
        }
        _ => false,
    };
    let (other, _) = writer.base?.of_kind(Kind::Index).find(is_it).filter(|(other, _)| !writer.catalog.contains(other))?;
    let sql = format!("ALTER INDEX {} RENAME TO {};", qualified(&other.schema, &other.name), quote_identifier(&identity.name));
    let mut rename = Statement::creating(identity, object, sql);
    rename.drops.push(other.clone());
    Some(rename)
}

/// One key of an index, a partition key or an exclusion constraint.
pub(super) fn key(key: &IndexKey) -> String {
    let IndexKey { column, expression, collation, operator_class, operator_class_options, descending, nulls } = key;
    let mut sql = what(column.as_ref(), expression.as_ref());
    sql.push_str(&super::types::collate(collation.as_ref()));
    if let Some(class) = operator_class {
        sql.push_str(&format!(" {}", name(class)));
    }
    if !operator_class_options.is_empty() {
        sql.push_str(&format!(" ({})", parameters(operator_class_options)));
    }
    if *descending {
        sql.push_str(" DESC");
    }
    match nulls {
        None => {}
        Some(NullsOrder::First) => sql.push_str(" NULLS FIRST"),
        Some(NullsOrder::Last) => sql.push_str(" NULLS LAST"),
    }
    sql
}

fn what(column: Option<&String>, expression: Option<&crate::catalog::Expression>) -> String {
    match (column, expression) {
        (Some(column), _) => quote_identifier(column),
        (None, Some(expression)) => parenthesised(expression),
        (None, None) => String::new(),
    }
}

pub(super) fn statistics(identity: &Identity, object: &Object, statistics: &StatisticsObject) -> Vec<Statement> {
    let StatisticsObject { table, kinds, keys, target } = statistics;
    let own = qualified(&identity.schema, &identity.name);
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    let keys = list(keys, |key| what(key.column.as_ref(), key.expression.as_ref()));
    let mut statements =
        vec![Statement::creating(identity, object, format!("CREATE STATISTICS {own}{kinds} ON {keys} FROM {};", name(table)))];
    if let Some(target) = target {
        statements.push(Statement::after(identity, format!("ALTER STATISTICS {own} SET STATISTICS {target};")));
    }
    statements
}
