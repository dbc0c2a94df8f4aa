//! Functions, procedures and aggregates.

use super::data_type::{data_type, data_types};
use super::quote::{dollar_quote, list, name, qualified, quote_identifier, quote_literal};
use super::{Statement, Writer};
use crate::catalog::{Aggregate, Argument, ArgumentMode, Body, Identity, Kind, Object, Parallel, Routine, Volatility};

pub(super) fn routine(writer: &Writer<'_>, identity: &Identity, object: &Object, routine: &Routine) -> Vec<Statement> {
    let Routine {
        arguments,
        returns,
        returns_set,
        language,
        body,
        window,
        volatility,
        strict,
        security_definer,
        leakproof,
        parallel,
        cost,
        rows,
        support,
        configuration,
        transforms,
    } = routine;
    let is_procedure = identity.kind == Kind::Procedure;
    let words = if is_procedure { "PROCEDURE" } else { "FUNCTION" };
    let (table, plain): (Vec<&Argument>, Vec<&Argument>) = arguments.iter().partition(|argument| argument.mode == ArgumentMode::Table);
    let mut sql = format!("CREATE {words} {}({})", qualified(&identity.schema, &identity.name), list(plain, argument));
    if !is_procedure {
        let returned = match (table.is_empty(), returns_set) {
            (false, _) => {
                format!("TABLE ({})", list(table, |column| format!("{} {}", quote_identifier(&column.name), data_type(&column.data_type))))
            }
            (true, true) => format!("SETOF {}", data_type(returns)),
            (true, false) => data_type(returns),
        };
        sql.push_str(&format!("\n    RETURNS {returned}"));
    }
    let mut clauses = vec![format!("LANGUAGE {}", quote_identifier(language))];
    if !transforms.is_empty() {
        clauses.push(format!("TRANSFORM {}", list(transforms, |of| format!("FOR TYPE {}", data_type(of)))));
    }
    if *window {
        clauses.push("WINDOW".to_owned());
    }
    match volatility {
        Volatility::Volatile => {}
        Volatility::Stable => clauses.push("STABLE".to_owned()),
        Volatility::Immutable => clauses.push("IMMUTABLE".to_owned()),
    }
    for (said, words) in [(strict, "STRICT"), (security_definer, "SECURITY DEFINER"), (leakproof, "LEAKPROOF")] {
        if *said {
            clauses.push(words.to_owned());
        }
    }
    match parallel {
        Parallel::Unsafe => {}
        Parallel::Restricted => clauses.push("PARALLEL RESTRICTED".to_owned()),
        Parallel::Safe => clauses.push("PARALLEL SAFE".to_owned()),
    }
    clauses.extend(cost.as_ref().map(|cost| format!("COST {cost}")));
    clauses.extend(rows.as_ref().map(|rows| format!("ROWS {rows}")));
    clauses.extend(support.as_ref().map(|support| format!("SUPPORT {}", name(support))));
    sql.push_str(&format!("\n    {}", clauses.join(" ")));
    for (parameter, value) in configuration {
        let parameter = parameter.split('.').map(quote_identifier).collect::<Vec<_>>().join(".");
        sql.push_str(&format!("\n    SET {parameter} TO {value}"));
    }
    sql.push_str(&match body {
        Body::Source(source) => format!("\n    AS {}", dollar_quote(source)),
        Body::Sql(body) => format!("\n{}", body.trim().trim_end_matches(';')),
        Body::Object { file, symbol } => format!("\n    AS {}, {}", quote_literal(file), quote_literal(symbol)),
    });
    sql.push(';');
    let mut create = Statement::creating(identity, object, sql);
    create.has_body = matches!(body, Body::Source(_));
    if is_signature_enough(writer, identity, body) {
        let named: Vec<_> = arguments
            .iter()
            .map(|argument| &argument.data_type.name)
            .chain([&returns.name])
            .chain(transforms.iter().map(|of| &of.name))
            .collect();
        let has_defaults = arguments.iter().any(|argument| argument.default.is_some());
        create.needs.retain(|need| has_defaults || need.schema.is_empty() || named.contains(&&need.qualified_name()));
    }
    vec![create]
}

/// Whether a routine in a cycle can come before what only its body needs: a body of text is not looked at while
/// `check_function_bodies` is off.
fn is_signature_enough(writer: &Writer<'_>, identity: &Identity, body: &Body) -> bool {
    writer.cycle(identity).is_some() && matches!(body, Body::Source(_))
}

fn argument(argument: &Argument) -> String {
    let Argument { name, mode, data_type: of, default } = argument;
    let mut sql = match mode {
        ArgumentMode::In | ArgumentMode::Table => String::new(),
        ArgumentMode::Out => "OUT ".to_owned(),
        ArgumentMode::InOut => "INOUT ".to_owned(),
        ArgumentMode::Variadic => "VARIADIC ".to_owned(),
    };
    if !name.is_empty() {
        sql.push_str(&quote_identifier(name));
        sql.push(' ');
    }
    sql.push_str(&data_type(of));
    if let Some(default) = default {
        sql.push_str(&format!(" DEFAULT {}", default.0));
    }
    sql
}

pub(super) fn aggregate(identity: &Identity, object: &Object, aggregate: &Aggregate) -> Vec<Statement> {
    let Aggregate { arguments: _, direct_arguments: _, hypothetical, transition, state, options, returns: _, functions: _ } = aggregate;
    let mut lines = vec![format!("    SFUNC = {}", name(transition)), format!("    STYPE = {}", data_type(state))];
    lines.extend(options.iter().map(|(option, value)| {
        let option = option.to_uppercase();
        if value.is_empty() { format!("    {option}") } else { format!("    {option} = {value}") }
    }));
    if *hypothetical {
        lines.push("    HYPOTHETICAL".to_owned());
    }
    let own = qualified(&identity.schema, &identity.name);
    let sql = format!("CREATE AGGREGATE {own}({}) (\n{}\n);", aggregate_signature(aggregate, true), lines.join(",\n"));
    vec![Statement::creating(identity, object, sql)]
}

/// The arguments of an aggregate, as its own statements have them: `*` for none, `ORDER BY` before the aggregated ones
/// of an ordered-set aggregate.
pub(super) fn aggregate_signature(aggregate: &Aggregate, with_names: bool) -> String {
    let spell = |arguments: &[Argument]| {
        if with_names {
            list(arguments, argument)
        } else {
            data_types(&arguments.iter().map(|argument| argument.data_type.clone()).collect::<Vec<_>>())
        }
    };
    match aggregate.direct_arguments {
        None if aggregate.arguments.is_empty() => "*".to_owned(),
        None => spell(&aggregate.arguments),
        Some(direct) => {
            let (direct, aggregated) = aggregate.arguments.split_at(direct.min(aggregate.arguments.len()));
            // The one VARIADIC argument of both lists is written twice.
            let aggregated =
                if aggregated.is_empty() { direct.get(direct.len().saturating_sub(1)..).unwrap_or_default() } else { aggregated };
            let direct = spell(direct);
            format!("{direct}{}ORDER BY {}", if direct.is_empty() { "" } else { " " }, spell(aggregated))
        }
    }
}
