//! Aggregates as Go methods: over values that are in the program, not in a table.
//!
//! The values go to the server as arrays, one an argument, and are made rows there. One whose types depend on the call (`anyelement`), that takes no values
//! (`agg(*)`), any number of arguments (`VARIADIC`) or arrays, which can't be in an array, has none.

use super::Builder;
use super::literal::{comment_lines, raw};
use super::routine::{is_free, is_pseudo};
use crate::catalog::{Aggregate, Argument, ArgumentMode, DataType, Identity};
use crate::codegen::model::{Routine, RoutineArgument};
use crate::codegen::names::{self, Scope};
use crate::ddl::{data_type, quote_identifier};

/// The method of an aggregate, if there is one. `name` claims its name.
pub(super) fn method(
    builder: &Builder<'_>,
    identity: &Identity,
    aggregate: &Aggregate,
    comment: Option<&str>,
    name: impl FnOnce() -> String,
) -> Option<Routine> {
    let returns = aggregate.returns.as_ref().filter(|it| !is_pseudo(it))?;
    let (direct, collected) = aggregate.arguments.split_at(aggregate.direct_arguments.unwrap_or(0).min(aggregate.arguments.len()));
    let usable = |it: &Argument| it.mode == ArgumentMode::In && !is_pseudo(&it.data_type) && !builder.is_row(&it.data_type.name);
    let is_array = |it: &Argument| it.data_type.array || builder.base(&it.data_type).array;
    if collected.is_empty() || !aggregate.arguments.iter().all(usable) || collected.iter().any(is_array) {
        return None;
    }
    let name = name();
    let wish = |n: usize, it: &Argument| {
        let name = match it.name.as_str() {
            // The only one has no others to be told from.
            "" if aggregate.arguments.len() == 1 => "values".to_owned(),
            "" if n < direct.len() => format!("arg{}", n + 1),
            "" => format!("values{}", n + 1),
            named => builder.style.unexported(named),
        };
        (if is_free(builder, &name) { name } else { format!("{name}Value") }, names::is_plain(&it.name))
    };
    let wishes: Vec<(String, bool)> = aggregate.arguments.iter().enumerate().map(|(n, it)| wish(n, it)).collect();
    let parameters = names::distribute(&mut Scope::default(), &wishes);
    let argument = |n: usize, parameter: &String| {
        let given = &aggregate.arguments[n].data_type;
        let travels = if n < direct.len() { given.clone() } else { DataType { array: true, ..given.clone() } };
        let resolved = builder.types.resolve(&travels);
        let cast = if resolved.cast.is_empty() { format!("::{}", data_type(&travels)) } else { resolved.cast };
        RoutineArgument {
            parameter: parameter.clone(),
            go_type: resolved.value.qualified,
            place: format!("${}{cast}", n + 1),
            ..RoutineArgument::default()
        }
    };
    let arguments: Vec<RoutineArgument> = parameters.iter().enumerate().map(|(n, it)| argument(n, it)).collect();
    let places = |of: &[RoutineArgument]| of.iter().map(|it| it.place.as_str()).collect::<Vec<_>>().join(", ");
    let (given, travelling) = arguments.split_at(direct.len());
    let columns = (1..=collected.len()).map(|it| format!("a{it}")).collect::<Vec<_>>().join(", ");
    let sql = format!("{}.{}", quote_identifier(&identity.schema), quote_identifier(&identity.name));
    let call = match aggregate.direct_arguments {
        None => format!("{sql}({columns})"),
        Some(_) => format!("{sql}({}) WITHIN GROUP (ORDER BY {columns})", places(given)),
    };
    let resolved = builder.types.resolve(returns);
    let mut doc = vec![format!("{name} calls the aggregate {} over values.", comment_lines(&sql).join(" "))];
    if collected.len() > 1 {
        doc[0].push_str(" Lists that are shorter than others are taken to end with NULL.");
    }
    if let Some(comment) = comment {
        doc.push(String::new());
        doc.extend(comment_lines(comment));
    }
    Some(Routine {
        name,
        doc,
        kind: "value".to_owned(),
        result: resolved.nullable().qualified,
        scan: String::new(),
        row: String::new(),
        fields: Vec::new(),
        before: raw(&format!("SELECT {call}{} FROM unnest({}) AS given ({columns})", resolved.select, places(travelling))),
        after: String::new(),
        optional: false,
        arguments,
    })
}
