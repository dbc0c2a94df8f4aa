//! A schema drawn: its tables and how they refer to each other as SVG, and a page of HTML around it. Nothing else is needed to look at either: no Graphviz,
//! no script and no font from anywhere.
//!
//! Tables stand in columns, what they refer to on their left. Within a column they are where their neighbours are, so that few lines cross. The same
//! schema gives the same bytes.

use std::fmt::Write;

use pgx_goose::catalog::Catalog;
use pgx_goose::ddl;
use pgx_goose::graph;

use super::picture::{Relation, Table, html, relations, tables};
use super::source::count;

/// Measures in pixels. A letter is as wide as monospaced fonts of that size have it.
const LETTER: i64 = 7;
const LINE: i64 = 18;
const PADDING: i64 = 8;
const GAP: (i64, i64) = (90, 24);
const MARGIN: i64 = 20;
/// A column is not higher than this, unless one table is.
const HIGHEST: i64 = 2400;
/// How often columns are put in order by their neighbours.
const SWEEPS: usize = 4;

const STYLE: &str = "\
svg{font:12px ui-monospace,Menlo,Consolas,monospace;background:#fff;color:#1f2328}\
.t rect{fill:#fff;stroke:#8c959f}.t .h{stroke:#8c959f}.t text{fill:#1f2328}.t .k{font-weight:700}.t .d{fill:#656d76}\
.r{fill:none;stroke:#656d76}.o{stroke-dasharray:5 4}.t:hover rect{stroke:#0969da}.r:hover{stroke:#0969da;stroke-width:2}\
@media(prefers-color-scheme:dark){svg{background:#0d1117;color:#e6edf3}.t rect{fill:#161b22;stroke:#6e7681}.t .h{stroke:#6e7681}\
.t text{fill:#e6edf3}.t .d{fill:#8d96a0}.r{stroke:#8d96a0}}";

/// A table's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    x: i64,
    y: i64,
    width: i64,
    height: i64,
}

/// The entity-relationship picture.
pub(crate) fn svg(catalog: &Catalog) -> String {
    let tables = tables(catalog);
    let relations = relations(catalog, &tables);
    let places = places(&tables, &relations);
    let end = |of: fn(&Place) -> i64| places.iter().map(of).max().unwrap_or(0) + MARGIN;
    // A line from a table to itself goes around on its right.
    let (width, height) = (end(|it| it.x + it.width) + GAP.0 / 2, end(|it| it.y + it.height));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\n\
         <title>{} and {}</title>\n<style>{STYLE}</style>\n\
         <defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">\
         <path d=\"M0 0 8 4 0 8z\" fill=\"#8c959f\"/></marker></defs>\n",
        count(tables.len(), "table"),
        count(relations.len(), "foreign key"),
    );
    for relation in &relations {
        let (from, to) = (places[relation.from], places[relation.to]);
        let row = |place: Place, table: &Table<'_>, column: &str| {
            let at = table.columns.iter().position(|it| it.name == column).map_or(0, |it| it + 1);
            place.y + LINE * i64::try_from(at).unwrap_or(0) + LINE / 2
        };
        let (start, finish) = (row(from, &tables[relation.from], &relation.column), row(to, &tables[relation.to], &relation.referenced));
        let path = if to.x + to.width < from.x {
            // As usual: from the left of the table to the right of what it refers to.
            let (x, end) = (from.x, to.x + to.width);
            let bend = (x - end).min(2 * GAP.0) / 2;
            format!("M{x} {start}C{} {start} {} {finish} {end} {finish}", x - bend, end + bend)
        } else {
            // A circle, or a table beside: around on the right of both.
            let (x, end) = (from.x + from.width, to.x + to.width);
            let out = x.max(end) + GAP.0 / 2;
            format!("M{x} {start}C{out} {start} {out} {finish} {end} {finish}")
        };
        let class = if relation.optional { "r o" } else { "r" };
        let _ = writeln!(
            svg,
            "<path class=\"{class}\" marker-end=\"url(#a)\" d=\"{path}\"><title>{}</title></path>",
            text(&format!("{}: {} → {}", relation.name, tables[relation.from].name, tables[relation.to].name))
        );
    }
    for (table, place) in tables.iter().zip(&places) {
        draw(&mut svg, table, *place);
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, table: &Table<'_>, Place { x, y, width, height }: Place) {
    let _ = writeln!(svg, "<g class=\"t\"><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"4\"/>");
    let below = y + LINE + 2;
    let base = |line: i64| y + LINE * line + LINE - 5;
    let _ = writeln!(svg, "<text class=\"k\" x=\"{}\" y=\"{}\">{}</text>", x + PADDING, base(0), text(&table.name.to_string()));
    let _ = writeln!(svg, "<path class=\"h\" d=\"M{x} {below}H{}\"/>", x + width);
    for (column, line) in table.columns.iter().zip(1..) {
        let class = if table.keys.contains(column.name.as_str()) { " class=\"k\"" } else { "" };
        let data_type = format!("{}{}", ddl::data_type(&column.data_type), if column.not_null { "" } else { "?" });
        let _ = writeln!(
            svg,
            "<text{class} x=\"{}\" y=\"{}\">{}</text><text class=\"d\" x=\"{}\" y=\"{1}\" text-anchor=\"end\">{}</text>",
            x + PADDING,
            base(line) + 2,
            text(&column.name),
            x + width - PADDING,
            text(&data_type)
        );
    }
    svg.push_str("</g>\n");
}

/// The picture on a page, with the order in which the schema can be created, its cycles and its edges between schemas.
pub(crate) fn page(catalog: &Catalog) -> String {
    let order = graph::order(catalog);
    let crossing: Vec<_> = graph::crossing(catalog).collect();
    let list = |items: &mut dyn Iterator<Item = String>| items.map(|it| format!("<li>{}</li>\n", text(&it))).collect::<String>();
    let objects = list(&mut order.objects.iter().map(ToString::to_string));
    let cycles = list(&mut order.cycles.iter().map(|it| it.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")));
    let edges = list(&mut crossing.iter().map(|edge| {
        let column = edge.column.map(|it| format!(", column {it}")).unwrap_or_default();
        format!("{} → {}{column}", edge.from, edge.on)
    }));
    let section = |title: String, items: String, ordered: bool| {
        let tag = if ordered { "ol" } else { "ul" };
        if items.is_empty() {
            format!("<h2>{title}</h2>\n")
        } else {
            format!("<details><summary>{title}</summary>\n<{tag}>\n{items}</{tag}>\n</details>\n")
        }
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Schema</title>\n<style>body{{font:14px system-ui,sans-serif;margin:24px;color-scheme:light dark}}.p{{overflow:auto;border:1px solid #8c959f;border-radius:6px}}\
         summary,h2{{font-size:16px;font-weight:600;margin:16px 0 8px}}summary{{cursor:pointer}}</style>\n</head>\n<body>\n<h1>Schema</h1>\n<div class=\"p\">\n{}</div>\n{}{}{}</body>\n</html>\n",
        svg(catalog),
        section(format!("Creation order: {}", count(order.objects.len(), "object")), objects, true),
        section(
            if order.cycles.is_empty() {
                "No cycles".to_owned()
            } else {
                format!("{}, each broken by creating some of its objects in two steps", count(order.cycles.len(), "cycle"))
            },
            cycles,
            false
        ),
        section(
            if crossing.is_empty() {
                "No edges between schemas".to_owned()
            } else {
                format!("{} between schemas", count(crossing.len(), "edge"))
            },
            edges,
            false
        ),
    )
}

/// Where each table stands.
fn places(tables: &[Table<'_>], relations: &[Relation]) -> Vec<Place> {
    let size = |table: &Table<'_>| {
        let letters = |text: &str| i64::try_from(text.chars().count()).unwrap_or(0);
        let columns = table.columns.iter().map(|it| letters(&it.name) + letters(&ddl::data_type(&it.data_type)) + 3);
        let widest = columns.chain([letters(&table.name.to_string())]).max().unwrap_or(0);
        let lines = 1 + i64::try_from(table.columns.len()).unwrap_or(0);
        Place { width: widest * LETTER + 2 * PADDING, height: lines * LINE + PADDING, ..Place::default() }
    };
    let mut places: Vec<Place> = tables.iter().map(size).collect();
    let mut left = MARGIN;
    for column in columns(tables.len(), relations) {
        let (mut top, mut width) = (MARGIN, 0);
        for table in column {
            if top > MARGIN && top + places[table].height > HIGHEST {
                left += width + GAP.0;
                (top, width) = (MARGIN, 0);
            }
            (places[table].x, places[table].y) = (left, top);
            top += places[table].height + GAP.1;
            width = width.max(places[table].width);
        }
        left += width + GAP.0;
    }
    places
}

/// The tables by column, from left to right, each column from top to bottom: what a table refers to is further left, circles aside. Those that have nothing to
/// do with others come last.
fn columns(tables: usize, relations: &[Relation]) -> Vec<Vec<usize>> {
    let mut parents = vec![Vec::new(); tables];
    let mut children = vec![Vec::new(); tables];
    for it in relations.iter().filter(|it| it.from != it.to) {
        parents[it.from].push(it.to);
        children[it.to].push(it.from);
    }
    let depths = depths(&parents);
    let alone = |table: &usize| parents[*table].is_empty() && children[*table].is_empty();
    let mut columns = vec![Vec::new(); depths.iter().max().map_or(0, |it| it + 1)];
    for table in (0..tables).filter(|it| !alone(it)) {
        columns[depths[table]].push(table);
    }
    let mut position = vec![0.0; tables];
    for sweep in 0..SWEEPS {
        let neighbours = if sweep % 2 == 0 { &parents } else { &children };
        for column in &mut columns {
            let middle = |table: usize, position: &[f64]| {
                let near = &neighbours[table];
                if near.is_empty() { position[table] } else { near.iter().map(|it| position[*it]).sum::<f64>() / near.len() as f64 }
            };
            column.sort_by(|a, b| middle(*a, &position).total_cmp(&middle(*b, &position)).then(a.cmp(b)));
            for (n, table) in column.iter().enumerate() {
                position[*table] = n as f64;
            }
        }
    }
    columns.push((0..tables).filter(alone).collect());
    columns.retain(|it| !it.is_empty());
    columns
}

/// How many foreign keys lead on from each table, one after the other; circles are cut where they are met.
fn depths(parents: &[Vec<usize>]) -> Vec<usize> {
    let mut depths: Vec<Option<usize>> = vec![None; parents.len()];
    let mut seen = vec![false; parents.len()];
    for root in 0..parents.len() {
        if std::mem::replace(&mut seen[root], true) {
            continue;
        }
        // An explicit stack: chains of foreign keys can be as long as there are tables.
        let mut stack = vec![(root, 0)];
        while let Some((table, next)) = stack.last_mut() {
            match parents[*table].get(*next) {
                Some(parent) => {
                    *next += 1;
                    if !std::mem::replace(&mut seen[*parent], true) {
                        stack.push((*parent, 0));
                    }
                }
                None => {
                    // One without a depth is open still: it is a child of this one's, too.
                    let deepest = parents[*table].iter().filter_map(|it| depths[*it]).max();
                    depths[*table] = Some(deepest.map_or(0, |it| it + 1));
                    stack.pop();
                }
            }
        }
    }
    depths.into_iter().map(Option::unwrap_or_default).collect()
}

/// Text as XML has it: what it can't hold is a blank.
fn text(text: &str) -> String {
    html(text).chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_referred_to_is_further_left() {
        let relation =
            |from, to| Relation { from, to, name: String::new(), column: String::new(), referenced: String::new(), optional: false };
        let check = |tables, pairs: &[(usize, usize)], expected: &[&[usize]]| {
            let relations: Vec<Relation> = pairs.iter().map(|(from, to)| relation(*from, *to)).collect();
            assert_eq!(columns(tables, &relations), expected, "{pairs:?}");
        };
        check(0, &[], &[]);
        check(2, &[], &[&[0, 1]]);
        check(3, &[(0, 1), (0, 0)], &[&[1], &[0], &[2]]);
        check(3, &[(2, 1), (1, 0), (2, 0)], &[&[0], &[1], &[2]]);
        // A circle is cut somewhere.
        check(3, &[(0, 1), (1, 2), (2, 0)], &[&[2], &[1], &[0]]);
        // Children stand beside their parents.
        check(5, &[(2, 1), (3, 0), (4, 1)], &[&[0, 1], &[3, 2, 4]]);
    }
}
