//! Functions and procedures as Go methods.
//!
//! A routine that PostgreSQL alone calls (triggers, handlers, support functions) or whose types depend on the call (`anyelement`, a bare `record`) has none.

use std::collections::HashMap;

use super::Builder;
use super::literal::{comment_lines, field_tag, raw};
use super::naming::Naming;
use super::relation::Relation;
use crate::catalog::{ArgumentMode, DataType, Definition, Identity, Kind, QualifiedName, Routine as Source};
use crate::codegen::methods::{self, Parameter};
use crate::codegen::model::{Method, Routine, RoutineArgument, RoutineField, Routines, RoutinesNames};
use crate::codegen::names::{self, Scope};
use crate::codegen::options::Options;
use crate::ddl::{data_type, quote_identifier};

/// The interface, its implementation and the field of `Repositories`.
pub(super) const FUNCTIONS: &str = "Functions";

/// The functions and procedures that can be called from Go.
pub(super) fn routines(
    builder: &Builder<'_>,
    relations: &[Relation<'_>],
    by_name: &HashMap<QualifiedName, usize>,
    naming: &mut Naming,
) -> Routines {
    let mut methods = Scope::new(["WithTx"]);
    let options = builder.options;
    let mut routines = Vec::new();
    if !options.tables.is_empty() {
        return finished(routines);
    }
    for kind in [Kind::Function, Kind::Procedure] {
        for (identity, object) in builder.catalog.of_kind(kind) {
            let (Definition::Function(source) | Definition::Procedure(source)) = &object.definition else { continue };
            let in_schema = options.schemas.is_empty() || options.schemas.contains(&identity.schema);
            let of_rows = |it: &crate::catalog::Argument| it.mode.is_input() && builder.is_row(&it.data_type.name);
            // What takes a row of a table is a column that is computed, and is read in queries of the table.
            if !in_schema || source.window || !callable(source) || source.arguments.iter().any(of_rows) {
                continue;
            }
            let found = Found { builder, identity, source, comment: object.comment.as_deref() };
            routines.extend(found.routine(relations, by_name, naming, &mut methods));
        }
    }
    finished(routines)
}

fn finished(routines: Vec<Routine>) -> Routines {
    let names = RoutinesNames { repository: FUNCTIONS.to_owned(), mock: format!("Mock{FUNCTIONS}") };
    let methods = routines.iter().map(method).collect();
    Routines { names, methods, routines }
}

/// The names of the types that functions of some schemas return: perhaps those of rows.
pub(super) fn returned<'a>(catalog: &'a crate::catalog::Catalog, options: &'a Options) -> impl Iterator<Item = &'a QualifiedName> {
    let routines = catalog.of_kind(Kind::Function).filter(|(identity, _)| options.schemas.contains(&identity.schema));
    routines.filter_map(|(_, object)| match &object.definition {
        Definition::Function(source) => Some(&source.returns.name),
        _ => None,
    })
}

/// Whether all of its types are such as a value can have.
fn callable(source: &Source) -> bool {
    let pseudo = |it: &DataType| {
        let name = it.name.name.as_str();
        it.name.is_builtin()
            && (name.starts_with("any")
                || name.ends_with("_handler")
                || matches!(
                    name,
                    "trigger" | "event_trigger" | "internal" | "cstring" | "record" | "opaque" | "pg_ddl_command" | "unknown"
                ))
    };
    let outputs = source.arguments.iter().any(|it| is_output(it.mode));
    let returns = !pseudo(&source.returns) || source.returns.name.name == "record" && outputs;
    returns && !source.arguments.iter().any(|it| pseudo(&it.data_type))
}

fn is_output(mode: ArgumentMode) -> bool {
    matches!(mode, ArgumentMode::Out | ArgumentMode::InOut | ArgumentMode::Table)
}

struct Found<'a> {
    builder: &'a Builder<'a>,
    identity: &'a Identity,
    source: &'a Source,
    comment: Option<&'a str>,
}

impl Found<'_> {
    fn routine(
        &self,
        relations: &[Relation<'_>],
        by_name: &HashMap<QualifiedName, usize>,
        naming: &mut Naming,
        methods: &mut Scope,
    ) -> Option<Routine> {
        let (builder, source, identity) = (self.builder, self.source, self.identity);
        let sql = format!("{}.{}", quote_identifier(&identity.schema), quote_identifier(&identity.name));
        let procedure = identity.kind == Kind::Procedure;
        let arguments = self.arguments();
        let plain = builder.style.exported(&identity.name);
        let of_schema = builder.style.exported(&format!("{}_{}", identity.schema, identity.name));
        let types: String = identity.arguments.iter().map(|it| builder.style.part(&it.name.name)).collect();
        let name = methods.claim_first(&[plain.clone(), format!("{plain}By{types}"), format!("{of_schema}By{types}")]);

        let outputs: Vec<_> = source.arguments.iter().filter(|it| is_output(it.mode)).collect();
        let returned = by_name.get(&source.returns.name).filter(|_| !source.returns.array && outputs.is_empty());
        let (many, models) = (source.returns_set, &builder.packages.models.name);
        let call = format!("{sql}(");
        let mut routine = Routine {
            doc: self.doc(&name, &sql),
            kind: String::new(),
            result: String::new(),
            scan: String::new(),
            row: String::new(),
            fields: Vec::new(),
            before: String::new(),
            after: String::new(),
            optional: arguments.iter().any(|it| it.optional),
            arguments,
            name,
        };
        let kind = |one: &str, all: &str| if many { all.to_owned() } else { one.to_owned() };
        if let Some(at) = returned {
            let relation = &relations[*at];
            let columns = relation.columns.iter().map(|it| {
                let resolved = builder.types.resolve(it.data_type);
                format!("{}{}", quote_identifier(it.name), resolved.select)
            });
            routine.kind = kind("row", "rows");
            let home = builder.home(relation);
            routine.result = format!("{}.{}", home.models, naming.tables[*at].model);
            routine.scan = home.function("scan", &naming.tables[*at].model);
            routine.before = format!("SELECT {} FROM {call}", columns.collect::<Vec<_>>().join(", "));
            // A function that returns no row returns one with nothing in it.
            routine.after = if many { ")".to_owned() } else { ") AS returned WHERE NOT (returned IS NULL)".to_owned() };
        } else if outputs.len() > 1 || outputs.len() == 1 && (procedure || source.returns.name.name == "record") {
            routine.row = naming.models.claim(&format!("{}Row", routine.name));
            let wishes: Vec<(String, bool)> = outputs
                .iter()
                .enumerate()
                .map(|(n, it)| (builder.style.exported(&output_name(&it.name, n)), names::is_plain(&it.name)))
                .collect();
            let fields = names::distribute(&mut Scope::default(), &wishes);
            let mut columns = Vec::new();
            for (n, (it, field)) in outputs.iter().zip(fields).enumerate() {
                let resolved = builder.types.resolve(&it.data_type);
                let name = output_name(&it.name, n);
                columns.push(format!("{}{}", quote_identifier(&name), resolved.select));
                // CALL has no select list to cast in.
                if procedure && !resolved.select.is_empty() {
                    return None;
                }
                routine.fields.push(RoutineField {
                    tag: field_tag(builder.options.tags, &name, &field, "", false),
                    go_type: resolved.nullable(),
                    name: field,
                });
            }
            routine.kind = kind("row", "rows");
            routine.result = format!("{models}.{}", routine.row);
            routine.scan = format!("scan{}", routine.row);
            routine.before = if procedure { format!("CALL {call}") } else { format!("SELECT {} FROM {call}", columns.join(", ")) };
            routine.after = ")".to_owned();
        } else if procedure || source.returns.name.is_builtin() && source.returns.name.name == "void" {
            routine.kind = "run".to_owned();
            routine.before = if procedure { format!("CALL {call}") } else { format!("SELECT {call}") };
            routine.after = ")".to_owned();
        } else {
            let resolved = builder.types.resolve(&source.returns);
            routine.kind = kind("value", "values");
            routine.result = resolved.nullable().qualified;
            routine.before = if many { format!("SELECT value{} FROM {call}", resolved.select) } else { format!("SELECT {call}") };
            routine.after = if many { ") AS returned (value)".to_owned() } else { format!("){}", resolved.select) };
        }
        if !routine.optional {
            let places: Vec<&str> = routine.arguments.iter().map(|it| it.place.as_str()).collect();
            routine.before = raw(&format!("{}{}{}", routine.before, places.join(", "), routine.after));
            routine.after = String::new();
        } else {
            routine.before = raw(&routine.before);
            routine.after = raw(&routine.after);
        }
        Some(routine)
    }

    /// The arguments of the call.
    fn arguments(&self) -> Vec<RoutineArgument> {
        let builder = self.builder;
        let inputs = || self.source.arguments.iter().filter(|it| it.mode.is_input());
        let wishes: Vec<(String, bool)> = inputs()
            .enumerate()
            .map(|(n, it)| {
                let name = if it.name.is_empty() { format!("arg{}", n + 1) } else { builder.style.unexported(&it.name) };
                (if builder.locals.is_free(&name) { name } else { format!("{name}Value") }, names::is_plain(&it.name))
            })
            .collect();
        let mut parameters = names::distribute(&mut Scope::new(["call"]), &wishes).into_iter();
        let mut n = 0;
        let mut out = Vec::new();
        for it in &self.source.arguments {
            if !it.mode.is_input() {
                // PostgreSQL 14 wants a place for what a procedure gives back.
                if self.identity.kind == Kind::Procedure && it.mode == ArgumentMode::Out {
                    out.push(RoutineArgument { place: "NULL".to_owned(), ..RoutineArgument::default() });
                }
                continue;
            }
            n += 1;
            let parameter = parameters.next().expect("one an input");
            let resolved = builder.types.resolve(&it.data_type);
            let cast = if resolved.cast.is_empty() { format!("::{}", data_type(&it.data_type)) } else { resolved.cast.clone() };
            let variadic = if it.mode == ArgumentMode::Variadic { "VARIADIC " } else { "" };
            let optional = it.default.is_some() && !it.name.is_empty() && variadic.is_empty();
            // What has a default and no name can only be left out.
            if it.default.is_some() && !optional {
                n -= 1;
                continue;
            }
            let value = &resolved.value.qualified;
            out.push(RoutineArgument {
                go_type: if optional { format!("{}.Opt[{value}]", builder.packages.models.name) } else { value.clone() },
                place: format!("{variadic}${n}{cast}"),
                name: raw(&quote_identifier(&it.name)),
                cast: raw(&cast),
                before: raw(variadic),
                optional,
                parameter,
            });
        }
        out
    }

    fn doc(&self, name: &str, sql: &str) -> Vec<String> {
        let mut lines = vec![format!("{name} calls the {} {}.", self.identity.kind, comment_lines(sql).join(" "))];
        if let Some(comment) = self.comment {
            lines.push(String::new());
            lines.extend(comment_lines(comment));
        }
        lines
    }
}

/// What the server calls an output: an unnamed one by its position.
fn output_name(name: &str, n: usize) -> String {
    if name.is_empty() { format!("column{}", n + 1) } else { name.to_owned() }
}

/// The method as interfaces and mocks print it.
fn method(routine: &Routine) -> Method {
    let given: Vec<&RoutineArgument> = routine.arguments.iter().filter(|it| !it.parameter.is_empty()).collect();
    let parameters: Vec<Parameter<'_>> = given.iter().map(|it| (it.parameter.as_str(), it.go_type.as_str())).collect();
    let list = format!("[]{}", routine.result);
    let results: &[&str] = match routine.kind.as_str() {
        "run" => &["error"],
        "rows" | "values" => &[&list, "error"],
        _ => &[&routine.result, "error"],
    };
    methods::new(&routine.name, routine.doc.clone(), &parameters, results)
}
