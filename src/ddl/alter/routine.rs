//! Functions, procedures and aggregates: `CREATE OR REPLACE` wherever it is taken, which keeps owner, grants and comment.

use super::{Alteration, Altered};
use crate::catalog::{Aggregate, Argument, ArgumentMode, DataType, Routine};
use crate::ddl::routine as create;

/// What `CREATE OR REPLACE` refuses stands in `src/backend/catalog/pg_proc.c`, `ProcedureCreate`.
pub(super) fn routine(it: &Altered<'_, '_>, old: &Routine, new: &Routine) -> Alteration {
    let Routine {
        arguments,
        returns,
        returns_set,
        language: _,
        body: _,
        window,
        volatility: _,
        strict: _,
        security_definer: _,
        leakproof: _,
        parallel: _,
        cost: _,
        rows: _,
        support: _,
        configuration: _,
        transforms: _,
    } = new;
    if old == new {
        return Alteration::one(None);
    }
    if (returns, returns_set) != (&old.returns, &old.returns_set) {
        return Alteration::Replace("what a function returns can't be altered");
    }
    if *window != old.window {
        return Alteration::Replace("whether a function is a window function can't be altered");
    }
    let is_record = returns.name.is_builtin() && returns.name.name == "record";
    if is_record && outputs(arguments) != outputs(&old.arguments) {
        return Alteration::Replace("the output columns of a function can't be altered");
    }
    match arguments_are_taken(&old.arguments, arguments) {
        Err(why) => Alteration::Replace(why),
        Ok(()) => it.again(create::routine(it.to, it.identity, it.after, new)),
    }
}

/// The columns of the row that a function returns.
fn outputs(arguments: &[Argument]) -> Vec<(&str, &DataType)> {
    let is_output = |it: &&Argument| matches!(it.mode, ArgumentMode::Out | ArgumentMode::InOut | ArgumentMode::Table);
    arguments.iter().filter(is_output).map(|it| (it.name.as_str(), &it.data_type)).collect()
}

/// Input arguments keep the names that they have, and defaults can't be taken away.
fn arguments_are_taken(old: &[Argument], new: &[Argument]) -> Result<(), &'static str> {
    let inputs = |arguments: &'_ [Argument]| -> Vec<Argument> { arguments.iter().filter(|it| it.mode.is_input()).cloned().collect() };
    for (old, new) in inputs(old).iter().zip(&inputs(new)) {
        if !old.name.is_empty() && old.name != new.name {
            return Err("the name of an argument can't be altered");
        }
        if old.default.is_some() && new.default.is_none() {
            return Err("the default of an argument can't be taken away");
        }
        // The type of the default itself must stay, and that of a polymorphic argument is not told by the argument.
        let is_polymorphic = new.data_type.name.is_builtin() && new.data_type.name.name.starts_with("any");
        if old.default.is_some() && old.default != new.default && is_polymorphic {
            return Err("the default of a polymorphic argument can't be altered");
        }
    }
    Ok(())
}

/// What `CREATE OR REPLACE` refuses besides stands in `src/backend/catalog/pg_aggregate.c`, `AggregateCreate`.
pub(super) fn aggregate(it: &Altered<'_, '_>, old: &Aggregate, new: &Aggregate) -> Alteration {
    let Aggregate { arguments, direct_arguments, hypothetical, transition, state, options, returns, functions: _ } = new;
    let same_signature = (arguments, direct_arguments, hypothetical) == (&old.arguments, &old.direct_arguments, &old.hypothetical);
    if same_signature && (transition, state, options) == (&old.transition, &old.state, &old.options) {
        return Alteration::one(None);
    }
    if (direct_arguments, hypothetical) != (&old.direct_arguments, &old.hypothetical) {
        return Alteration::Replace("the kind of an aggregate can't be altered");
    }
    let result_is_known = returns.is_some() && old.returns.is_some();
    let result_stays = (state, options.get("finalfunc")) == (&old.state, old.options.get("finalfunc"));
    if (result_is_known && *returns != old.returns) || (!result_is_known && !result_stays) {
        return Alteration::Replace("what an aggregate returns can't be altered");
    }
    match arguments_are_taken(&old.arguments, arguments) {
        Err(why) => Alteration::Replace(why),
        Ok(()) => it.again(create::aggregate(it.identity, it.after, new)),
    }
}
