//! What comes first: objects in the order in which they can be created, and the edges between them.
//!
//! Everything follows from [`Object::dependencies`](crate::catalog::Object::dependencies); this module never names a
//! kind, so a new one needs nothing here. A wrong order is a dependency that the capture forgot.

use std::collections::HashMap;
use std::collections::HashSet;

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::DfsPostOrder;

use crate::catalog::{Catalog, Identity};

/// All objects of a catalog, each after what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order<'a> {
    /// Every object once: in identity order as far as dependencies allow.
    pub objects: Vec<&'a Identity>,
    /// Groups of objects that need each other, each sorted by identity. Their members stand in `objects` too, in an
    /// order that leaves out some of the needs between them: creating them takes more than one statement for some.
    pub cycles: Vec<Vec<&'a Identity>>,
}

/// One object needs another, both of the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge<'a> {
    /// The object that needs.
    pub from: &'a Identity,
    /// The object that is needed.
    pub on: &'a Identity,
    /// The column that is needed, where it is only one.
    pub column: Option<&'a str>,
    /// Whether `from` goes with `on` when that is dropped.
    pub auto: bool,
}

/// Orders the objects of a catalog so that each comes after what it needs; where that leaves a choice, by identity.
///
/// The cost is linear in objects and dependencies. A pair that needs each other where one merely belongs to the other,
/// as a sequence belongs to the column that draws from it, is no cycle: what belongs comes first, and is given to its
/// owner later.
pub fn order(catalog: &Catalog) -> Order<'_> {
    let identities: Vec<&Identity> = catalog.iter().map(|(identity, _)| identity).collect();
    let numbers: HashMap<&Identity, usize> = identities.iter().enumerate().map(|(number, identity)| (*identity, number)).collect();
    let needs = catalog.iter().enumerate().flat_map(|(from, (_, object))| {
        let numbers = &numbers;
        object.dependencies.iter().filter_map(move |dependency| {
            let on = *numbers.get(&dependency.on)?;
            Some(Need { from, on, belongs: dependency.auto })
        })
    });
    let sorted = sort(identities.len(), needs);
    Order {
        objects: sorted.order.into_iter().map(|number| identities[number]).collect(),
        cycles: sorted.cycles.into_iter().map(|cycle| cycle.into_iter().map(|number| identities[number]).collect()).collect(),
    }
}

/// Every dependency between objects of the catalog, by dependent, then by what is needed. A dependency on something
/// outside the catalog (a member of an extension, say) is no edge.
pub fn edges(catalog: &Catalog) -> impl Iterator<Item = Edge<'_>> {
    catalog.iter().flat_map(move |(from, object)| {
        object
            .dependencies
            .iter()
            .filter(move |dependency| dependency.on != *from && catalog.contains(&dependency.on))
            .map(move |dependency| Edge { from, on: &dependency.on, column: dependency.column.as_deref(), auto: dependency.auto })
    })
}

/// The edges that lead from one schema into another.
pub fn crossing(catalog: &Catalog) -> impl Iterator<Item = Edge<'_>> {
    edges(catalog).filter(|edge| !edge.from.schema.is_empty() && !edge.on.schema.is_empty() && edge.from.schema != edge.on.schema)
}

/// Thing number `from` needs thing number `on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The number of what needs.
    pub from: usize,
    /// The number of what is needed.
    pub on: usize,
    /// Whether `from` merely belongs to `on`: given up first, where `on` needs `from` too.
    pub belongs: bool,
}

/// Numbers in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sorted {
    /// Every number once, each after what it needs as far as that is possible.
    pub order: Vec<usize>,
    /// Groups of two and more that need each other, each ascending, ordered by their least member.
    pub cycles: Vec<Vec<usize>>,
}

/// Orders `count` things, numbered in the order in which the caller would like them: things keep their place, and what
/// one needs is pulled before it. Of a group that needs each other the least number goes first, without its needs
/// within the group.
///
/// # Panics
/// If a need names a number that is not below `count`.
pub fn sort(count: usize, needs: impl IntoIterator<Item = Need>) -> Sorted {
    let mut needs: Vec<Need> = needs.into_iter().filter(|need| need.from != need.on).collect();
    let firm: HashSet<(usize, usize)> = needs.iter().filter(|need| !need.belongs).map(|need| (need.from, need.on)).collect();
    needs.retain(|need| !need.belongs || !firm.contains(&(need.on, need.from)));
    // By number, not as they came: edges are walked in this order, so it is part of the result.
    needs.sort_unstable_by_key(|need| (need.from, need.on));
    needs.dedup_by_key(|need| (need.from, need.on));

    let cycles = cycles(&graph(count, &needs));
    let mut group = vec![usize::MAX; count];
    for (number, cycle) in cycles.iter().enumerate() {
        for member in cycle {
            group[*member] = number;
        }
    }
    let is_given_up =
        |need: &Need| group[need.from] != usize::MAX && group[need.from] == group[need.on] && cycles[group[need.from]][0] == need.from;
    needs.retain(|need| !is_given_up(need));

    let graph = graph(count, &needs);
    let mut order = Vec::with_capacity(count);
    // Post-order is a topological order, and where a cycle is left it still gives every number once.
    let mut walk = DfsPostOrder::empty(&graph);
    for start in graph.node_indices() {
        walk.move_to(start);
        while let Some(node) = walk.next(&graph) {
            order.push(node.index());
        }
    }
    Sorted { order, cycles }
}

fn graph(count: usize, needs: &[Need]) -> DiGraph<(), ()> {
    let mut graph = DiGraph::with_capacity(count, needs.len());
    for _ in 0..count {
        graph.add_node(());
    }
    for need in needs {
        graph.add_edge(NodeIndex::new(need.from), NodeIndex::new(need.on), ());
    }
    graph
}

fn cycles(graph: &DiGraph<(), ()>) -> Vec<Vec<usize>> {
    // Kosaraju's algorithm and not Tarjan's: petgraph's Tarjan recurses, and a long chain would exhaust the stack.
    let components = petgraph::algo::kosaraju_scc(graph).into_iter().filter(|component| component.len() > 1);
    let mut cycles: Vec<Vec<usize>> = components.map(|component| component.into_iter().map(NodeIndex::index).collect()).collect();
    cycles.iter_mut().for_each(|cycle| cycle.sort_unstable());
    cycles.sort_unstable();
    cycles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Definition, Dependency, Kind, Object, QualifiedName, Table, View};

    /// `"0<1 2~0"`: 0 needs 1, 2 belongs to 0.
    fn check(count: usize, needs: &str, order: &[usize], cycles: &[&[usize]]) {
        let needs = needs.split_whitespace().map(|need| {
            let (from, on) = need.split_once(['<', '~']).expect("a need");
            Need { from: from.parse().expect("a number"), on: on.parse().expect("a number"), belongs: need.contains('~') }
        });
        let sorted = sort(count, needs);
        assert_eq!(sorted.order, order);
        assert_eq!(sorted.cycles, cycles);
    }

    #[test]
    fn things_keep_their_place() {
        check(0, "", &[], &[]);
        check(3, "", &[0, 1, 2], &[]);
        check(3, "2<0 1<0", &[0, 1, 2], &[]);
    }

    #[test]
    fn what_is_needed_is_pulled_before() {
        check(4, "0<3", &[3, 0, 1, 2], &[]);
        check(4, "1<3 1<2 3<2", &[0, 2, 3, 1], &[]);
        check(4, "1<2 1<3 1<3", &[0, 2, 3, 1], &[]);
        check(4, "1<3 1<2", &[0, 2, 3, 1], &[]);
    }

    #[test]
    fn a_thing_may_name_itself() {
        check(2, "0<0 1~1", &[0, 1], &[]);
    }

    #[test]
    fn belonging_gives_way_to_needing() {
        check(2, "0~1 1<0", &[0, 1], &[]);
        check(2, "1~0 0<1", &[1, 0], &[]);
        check(2, "0~1", &[1, 0], &[]);
    }

    #[test]
    fn cycles_are_told_and_begin_with_the_least() {
        check(3, "0<1 1<0", &[0, 1, 2], &[&[0, 1]]);
        check(4, "1<2 2<3 3<1 0<3", &[1, 3, 0, 2], &[&[1, 2, 3]]);
        check(5, "0<4 4<0 1<2 2<1", &[0, 1, 2, 3, 4], &[&[0, 4], &[1, 2]]);
        check(2, "0~1 1~0", &[0, 1], &[&[0, 1]]);
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let count = 200_000;
        let sorted = sort(count, (1..count).map(|n| Need { from: n - 1, on: n, belongs: false }));
        assert_eq!(sorted.order.first(), Some(&(count - 1)));
        let ring = sort(count, (0..count).map(|n| Need { from: n, on: (n + 1) % count, belongs: false }));
        assert_eq!((ring.order.len(), ring.cycles.len()), (count, 1));
    }

    fn view(name: &str, on: &[&Identity]) -> (Identity, Object) {
        let query = crate::catalog::Query("SELECT 1".to_owned());
        let mut object = Object::new(Definition::View(View { columns: Vec::new(), query, options: Default::default() }));
        object.dependencies = on.iter().map(|on| Dependency { on: (*on).clone(), column: None, auto: false }).collect();
        let name = QualifiedName::new(name.split('.').next().expect("a schema"), name.split('.').next_back().expect("a name"));
        (Identity::new(Kind::View, name.schema, name.name), object)
    }

    #[test]
    fn objects_come_after_what_they_need() {
        let table = Identity::new(Kind::Table, "b", "t");
        let outside = Identity::global(Kind::Extension, "hstore");
        let z = Identity::new(Kind::View, "b", "z");
        let catalog: Catalog =
            [(table.clone(), Object::new(Definition::Table(Table::default()))), view("a.v", &[&z, &outside]), view("b.z", &[&table])]
                .into_iter()
                .collect();
        let names: Vec<String> = order(&catalog).objects.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["table b.t", "view b.z", "view a.v"]);
        let told: Vec<String> = edges(&catalog).map(|edge| format!("{} needs {}", edge.from, edge.on)).collect();
        assert_eq!(told, ["view a.v needs view b.z", "view b.z needs table b.t"]);
        assert_eq!(crossing(&catalog).count(), 1);
    }
}
