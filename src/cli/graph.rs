//! `pgx-goose graph`: what depends on what.

use pgx_goose::catalog::Catalog;
use pgx_goose::graph;

use super::error::{Exit, Failure};
use super::report::Report;
use super::source::{self, Reading, Shadow};
use super::{drawing, output, picture};

/// How the graph is shown.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// The creation order, cycles, and edges between schemas
    Text,
    /// Graphviz
    Dot,
    /// A Mermaid flowchart
    Mermaid,
    /// A picture of the tables and how they refer to each other
    Svg,
    /// A page with that picture, the creation order, cycles, and edges between schemas
    Html,
}

/// Arguments of `graph`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The schema
    source: String,
    /// How the graph is shown
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Take warnings about the DDL as errors
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    shadow: Shadow,
}

pub(crate) fn run(arguments: &Arguments, report: &Report) -> Result<Exit, Failure> {
    let catalog =
        source::read(std::slice::from_ref(&arguments.source), &Reading::plain(arguments.strict, arguments.shadow), report)?.catalog;
    let shown = match arguments.format {
        Format::Text => text(&catalog),
        Format::Dot => picture::dependencies_dot(&catalog),
        Format::Mermaid => picture::dependencies_mermaid(&catalog),
        Format::Svg => drawing::svg(&catalog),
        Format::Html => drawing::page(&catalog),
    };
    output::print(shown.as_bytes())
}

fn text(catalog: &Catalog) -> String {
    let order = graph::order(catalog);
    let mut text = format!("creation order, {}:\n", source::count(order.objects.len(), "object"));
    for identity in &order.objects {
        text.push_str(&format!("  {identity}\n"));
    }
    text.push_str(&match order.cycles.len() {
        0 => "\nno cycles\n".to_owned(),
        number => format!("\n{}, each broken by creating some of its objects in two steps:\n", source::count(number, "cycle")),
    });
    for cycle in &order.cycles {
        let names: Vec<_> = cycle.iter().map(ToString::to_string).collect();
        text.push_str(&format!("  {}\n", names.join(", ")));
    }
    let crossing: Vec<_> = graph::crossing(catalog).collect();
    text.push_str(&match crossing.len() {
        0 => "\nno edges between schemas\n".to_owned(),
        number => format!("\n{} between schemas:\n", source::count(number, "edge")),
    });
    for edge in crossing {
        let column = edge.column.map(|it| format!(", column {it}")).unwrap_or_default();
        text.push_str(&format!("  {} -> {}{column}\n", edge.from, edge.on));
    }
    text
}
