//! `SET` and its like, as far as they change what DDL means: the search path, where and how new tables are kept.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterDatabaseSetStmt, DiscardMode, DiscardStmt, Node, SelectStmt, VariableSetKind, VariableSetStmt};

use super::resolve::strings;
use super::state::State;
use super::transaction::Parameters;
use super::{Outcome, Place, options};

/// `SET`, `RESET`.
pub(crate) fn set(state: &mut State<'_>, node: &VariableSetStmt, _at: Place) -> Outcome {
    let defaults = state.defaults().current().clone();
    if let Some(change) = change(node, &defaults) {
        set_to(state, node.is_local, change);
    }
    Ok(())
}

/// `ALTER DATABASE … SET`: what sessions begin with that come after. What the database is called is not known here; a script that
/// changes another than its own is rare.
pub(crate) fn alter_database(state: &mut State<'_>, node: &AlterDatabaseSetStmt, _at: Place) -> Outcome {
    if let Some(change) = node.setstmt.as_ref().and_then(|it| change(it, &Parameters::default())) {
        state.database_defaults_mut().set(false, change);
    }
    Ok(())
}

type Change = Box<dyn Fn(&mut Parameters)>;

/// What a statement changes, if it is about one of the parameters that count.
fn change(node: &VariableSetStmt, defaults: &Parameters) -> Option<Change> {
    let defaults = defaults.clone();
    match node.kind() {
        VariableSetKind::VarSetValue => {
            let values: Vec<String> = node.args.iter().filter_map(options::value_text).collect();
            // `SET search_path = ''` is an empty path; `'a, b'` is one odd name, as in the server.
            let path = values.iter().filter(|it| !it.is_empty()).cloned().collect();
            to_value(&node.name, path, values.first().cloned().unwrap_or_default())
        }
        VariableSetKind::VarSetDefault | VariableSetKind::VarReset => match node.name.to_lowercase().as_str() {
            "search_path" => to_value(&node.name, defaults.search_path, String::new()),
            "default_table_access_method" => to_value(&node.name, Vec::new(), defaults.table_access_method),
            _ => to_value(&node.name, Vec::new(), defaults.tablespace),
        },
        VariableSetKind::VarResetAll => Some(Box::new(move |it| it.clone_from(&defaults))),
        _ => None,
    }
}

/// A parameter set: the search path to a list, another one to a word.
fn to_value(name: &str, path: Vec<String>, word: String) -> Option<Change> {
    match name.to_lowercase().as_str() {
        "search_path" => Some(Box::new(move |it| it.search_path.clone_from(&path))),
        "default_table_access_method" => Some(Box::new(move |it| it.table_access_method.clone_from(&word))),
        "default_tablespace" => Some(Box::new(move |it| it.tablespace.clone_from(&word))),
        _ => None,
    }
}

/// What is set for a transaction only holds until it ends; without one it ends with its own statement.
fn set_to(state: &mut State<'_>, is_local: bool, change: Change) {
    if !is_local || state.levels().is_open() {
        state.settings_mut().set(is_local, change);
    }
}

/// `SELECT set_config('search_path', …, …)` and its like.
pub(crate) fn select(state: &mut State<'_>, node: &SelectStmt) -> Outcome {
    for target in &node.target_list {
        let Some(NodeEnum::ResTarget(target)) = &target.node else { continue };
        let Some(NodeEnum::FuncCall(call)) = target.val.as_deref().and_then(|it| it.node.as_ref()) else { continue };
        if strings(&call.funcname).last() != Some(&"set_config") {
            continue;
        }
        let argument = |at: usize| call.args.get(at).and_then(|it: &Node| options::value_text(it));
        let (Some(name), Some(value)) = (argument(0), argument(1)) else { continue };
        if let Some(change) = to_value(&name, split_path(&value), value) {
            let is_local = argument(2).is_some_and(|it| options::parse_boolean(&it) == Some(true));
            set_to(state, is_local, change);
        }
    }
    Ok(())
}

/// `DISCARD ALL` resets the search path too.
pub(crate) fn discard(state: &mut State<'_>, node: &DiscardStmt, _at: Place) -> Outcome {
    if node.target() == DiscardMode::DiscardAll {
        state.reset_settings();
    }
    Ok(())
}

/// A search path as text: names with commas between, folded or quoted.
fn split_path(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|it| !it.is_empty() && *it != "\"\"")
        .map(|it| match it.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
            Some(quoted) => quoted.replace("\"\"", "\""),
            None => it.to_lowercase(),
        })
        .collect()
}
