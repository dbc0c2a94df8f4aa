//! Publications and subscriptions.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::NodeEnum;
use pg_query::protobuf::{
    AlterPublicationAction, AlterPublicationStmt, AlterSubscriptionStmt, AlterSubscriptionType, CreatePublicationStmt,
    CreateSubscriptionStmt, DropSubscriptionStmt, Node, PublicationObjSpecType, PublicationTable,
};

use crate::catalog::{Definition, Dependency, Identity, Kind, Publication, PublishedTable, Subscription};

use super::resolve::strings;
use super::state::State;
use super::{Outcome, Place, Problem, canonical, options, partition};

/// What is published where nothing is said, in the order of the catalog.
pub(crate) const OPERATIONS: [&str; 4] = ["insert", "update", "delete", "truncate"];

/// Tables and schemas that a statement names.
#[derive(Default)]
struct Members {
    tables: Vec<PublishedTable>,
    schemas: Vec<String>,
}

/// `CREATE PUBLICATION`.
pub(crate) fn create_publication(state: &mut State<'_>, node: &CreatePublicationStmt, _at: Place) -> Outcome {
    let identity = Identity::global(Kind::Publication, node.pubname.clone());
    if state.contains(&identity) {
        return Err(Problem::new(format!("publication `{}` already exists", node.pubname)));
    }
    let mut publication = Publication {
        all_tables: node.for_all_tables,
        tables: Vec::new(),
        schemas: Vec::new(),
        publish: OPERATIONS.map(str::to_owned).to_vec(),
        via_partition_root: false,
        generated_columns: None,
    };
    set_options(&mut publication, &node.options);
    let named = members(state, &node.pubobjects)?;
    add(&mut publication, named);
    let needs = needs(state, &publication);
    state.insert_with(identity, Definition::Publication(publication), needs);
    Ok(())
}

/// `ALTER PUBLICATION`.
pub(crate) fn alter_publication(state: &mut State<'_>, node: &AlterPublicationStmt, _at: Place) -> Outcome {
    let identity = Identity::global(Kind::Publication, node.pubname.clone());
    let Some(Definition::Publication(publication)) = state.get(&identity).map(|it| &it.definition) else {
        return Err(Problem::new(format!("publication `{}` does not exist", node.pubname)));
    };
    let mut publication = publication.clone();
    set_options(&mut publication, &node.options);
    let named = members(state, &node.pubobjects)?;
    match node.action() {
        AlterPublicationAction::ApDropObjects => {
            publication.tables.retain(|it| !named.tables.iter().any(|gone| gone.table == it.table));
            publication.schemas.retain(|it| !named.schemas.contains(it));
        }
        AlterPublicationAction::ApSetObjects if !node.pubobjects.is_empty() => {
            publication.tables.clear();
            publication.schemas.clear();
            add(&mut publication, named);
        }
        _ => add(&mut publication, named),
    }
    let needs = needs(state, &publication);
    state.change(&identity, |object| {
        object.definition = Definition::Publication(publication);
        object.dependencies = needs.into();
    });
    Ok(())
}

fn add(publication: &mut Publication, named: Members) {
    publication.tables.retain(|it| !named.tables.iter().any(|new| new.table == it.table));
    publication.tables.extend(named.tables);
    publication.tables.sort();
    publication.schemas.extend(named.schemas);
    publication.schemas.sort();
    publication.schemas.dedup();
}

fn set_options(publication: &mut Publication, nodes: &[Node]) {
    for option in options::elements(nodes) {
        match option.defname.as_str() {
            "publish" => {
                let text = options::text(option).unwrap_or_default();
                let said: BTreeSet<&str> = text.split(',').map(str::trim).collect();
                publication.publish = OPERATIONS.iter().filter(|it| said.contains(**it)).map(|it| (*it).to_owned()).collect();
            }
            "publish_via_partition_root" => publication.via_partition_root = options::boolean(option),
            "publish_generated_columns" => publication.generated_columns = options::text(option).filter(|it| it != "none"),
            _ => {}
        }
    }
}

fn members(state: &State<'_>, nodes: &[Node]) -> Result<Members, Problem> {
    let mut members = Members::default();
    for node in nodes {
        let Some(NodeEnum::PublicationObjSpec(spec)) = &node.node else { continue };
        match spec.pubobjtype() {
            PublicationObjSpecType::PublicationobjTablesInSchema => members.schemas.push(spec.name.clone()),
            PublicationObjSpecType::PublicationobjTablesInCurSchema => members.schemas.push(state.creation_schema()?),
            _ => {
                if let Some(table) = spec.pubtable.as_deref() {
                    add_table(state, table, &mut members.tables)?;
                }
            }
        }
    }
    if let Some(unknown) = members.schemas.iter().find(|it| !state.schema_exists(it)) {
        return Err(Problem::new(format!("schema `{unknown}` does not exist")));
    }
    Ok(members)
}

/// A table that a statement names, and, without `ONLY`, those that inherit from it now; partitions are published by their parents
/// (PostgreSQL src/backend/commands/publicationcmds.c, OpenTableList).
fn add_table(state: &State<'_>, node: &PublicationTable, tables: &mut Vec<PublishedTable>) -> Outcome {
    let Some(relation) = &node.relation else { return Err(Problem::new("a publication needs a table")) };
    let table = state.resolver().range_var(relation)?.clone();
    let mut left = vec![table.clone()];
    while let Some(table) = left.pop() {
        if relation.inh && !partition::is_partitioned(state, &table) {
            left.extend(partition::children(state, &table));
        }
        // Who inherits from two that are published is published once.
        if tables.iter().all(|it| it.table != table.qualified_name()) {
            tables.push(table_of(state, node, &table)?);
        }
    }
    Ok(())
}

fn table_of(state: &State<'_>, node: &PublicationTable, table: &Identity) -> Result<PublishedTable, Problem> {
    let named = strings(&node.columns);
    let columns = state.resolver().columns(table).into_iter().map(|it| it.name).filter(|it| named.contains(&it.as_str())).collect();
    let filter = node.where_clause.as_deref().map(|it| canonical::expression(state, it, Some(table))).transpose()?;
    Ok(PublishedTable { table: table.qualified_name(), columns, filter: filter.map(|it| it.expression) })
}

pub(crate) fn needs(state: &State<'_>, publication: &Publication) -> BTreeSet<Dependency> {
    let mut needs: BTreeSet<Dependency> = publication.schemas.iter().filter_map(|it| state.schema_dependency(it)).collect();
    for it in &publication.tables {
        let Some(table) = state.resolver().relation(Some(&it.table.schema), &it.table.name).cloned() else { continue };
        needs.extend(it.columns.iter().map(|column| Dependency::on_column(table.clone(), column.clone())));
        if let Some(filter) = &it.filter {
            needs.extend(canonical::needs(state, filter, Some(&table)));
        }
        needs.insert(Dependency::on(table));
    }
    needs
}

/// `CREATE SUBSCRIPTION`, without its connection.
pub(crate) fn create_subscription(state: &mut State<'_>, node: &CreateSubscriptionStmt, _at: Place) -> Outcome {
    let identity = Identity::global(Kind::Subscription, node.subname.clone());
    if state.contains(&identity) {
        return Err(Problem::new(format!("subscription `{}` already exists", node.subname)));
    }
    let mut subscription = Subscription { publications: publications(&node.publication), options: BTreeMap::new() };
    set_subscription_options(&mut subscription, &node.subname, &node.options);
    state.insert_with(identity, Definition::Subscription(subscription), BTreeSet::new());
    Ok(())
}

fn publications(nodes: &[Node]) -> Vec<String> {
    let names: BTreeSet<&str> = strings(nodes).into_iter().collect();
    names.into_iter().map(str::to_owned).collect()
}

fn set_subscription_options(subscription: &mut Subscription, name: &str, nodes: &[Node]) {
    for option in options::elements(nodes) {
        match option.defname.as_str() {
            // Without a connection nothing starts (PostgreSQL src/backend/commands/subscriptioncmds.c, parse_subscription_options).
            "connect" if !options::boolean(option) => drop(subscription.options.insert("enabled".to_owned(), "false".to_owned())),
            // What is done once, when the subscription is made.
            "connect" | "create_slot" | "copy_data" | "refresh" => {}
            name => {
                let value = options::text(option).unwrap_or_else(|| "true".to_owned());
                subscription.options.insert(name.to_owned(), value);
            }
        }
    }
    // A slot is called like its subscription.
    if subscription.options.get("slot_name").is_some_and(|it| it == name) {
        subscription.options.remove("slot_name");
    }
    // As every new subscription is.
    if subscription.options.get("enabled").is_some_and(|it| options::parse_boolean(it) == Some(true)) {
        subscription.options.remove("enabled");
    }
}

/// `DROP SUBSCRIPTION`.
pub(crate) fn drop_subscription(state: &mut State<'_>, node: &DropSubscriptionStmt, _at: Place) -> Outcome {
    let identity = Identity::global(Kind::Subscription, node.subname.clone());
    match state.remove(&identity) {
        None if !node.missing_ok => Err(Problem::new(format!("subscription `{}` does not exist", node.subname))),
        _ => Ok(()),
    }
}

/// `ALTER SUBSCRIPTION`.
pub(crate) fn alter_subscription(state: &mut State<'_>, node: &AlterSubscriptionStmt, _at: Place) -> Outcome {
    let identity = Identity::global(Kind::Subscription, node.subname.clone());
    let changed = state.change(&identity, |object| {
        let Definition::Subscription(subscription) = &mut object.definition else { return };
        let named = publications(&node.publication);
        match node.kind() {
            AlterSubscriptionType::AlterSubscriptionOptions | AlterSubscriptionType::AlterSubscriptionEnabled => {
                set_subscription_options(subscription, &node.subname, &node.options);
            }
            AlterSubscriptionType::AlterSubscriptionSetPublication => subscription.publications = named,
            AlterSubscriptionType::AlterSubscriptionAddPublication => {
                subscription.publications.extend(named);
                subscription.publications.sort();
                subscription.publications.dedup();
            }
            AlterSubscriptionType::AlterSubscriptionDropPublication => subscription.publications.retain(|it| !named.contains(it)),
            // The connection is not kept; refreshing and skipping change no definition.
            AlterSubscriptionType::AlterSubscriptionConnection
            | AlterSubscriptionType::AlterSubscriptionRefresh
            | AlterSubscriptionType::AlterSubscriptionSkip
            | AlterSubscriptionType::Undefined => {}
        }
    });
    changed.ok_or_else(|| Problem::new(format!("subscription `{}` does not exist", node.subname)))
}
