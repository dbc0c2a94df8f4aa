//! `SET` and its like, as far as they change what names mean: the search path.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterDatabaseSetStmt, DiscardMode, DiscardStmt, Node, SelectStmt, VariableSetKind, VariableSetStmt};

use super::resolve::strings;
use super::state::State;
use super::transaction::Settings;
use super::{Outcome, Place, options};

/// `SET`, `RESET`.
pub(crate) fn set(state: &mut State<'_>, node: &VariableSetStmt, _at: Place) -> Outcome {
    if let Some(path) = path_of(node, &state.defaults().search_path) {
        set_path(state, path, node.is_local);
    }
    Ok(())
}

/// `ALTER DATABASE … SET`: what sessions begin with that come after. What the database is called is not known here; a script that
/// changes another than its own is rare.
pub(crate) fn alter_database(state: &mut State<'_>, node: &AlterDatabaseSetStmt, _at: Place) -> Outcome {
    if let Some(path) = node.setstmt.as_ref().and_then(|it| path_of(it, &Settings::default().search_path)) {
        state.set_database_search_path(path);
    }
    Ok(())
}

/// The search path that a statement sets, if it is about that.
fn path_of(node: &VariableSetStmt, default: &[String]) -> Option<Vec<String>> {
    let is_path = node.name.eq_ignore_ascii_case("search_path");
    match node.kind() {
        VariableSetKind::VarSetValue if is_path => {
            let path = node.args.iter().filter_map(options::value_text);
            // `SET search_path = ''` is an empty path; `'a, b'` is one odd name, as in the server.
            Some(path.filter(|it| !it.is_empty()).collect())
        }
        VariableSetKind::VarSetDefault | VariableSetKind::VarReset if is_path => Some(default.to_vec()),
        VariableSetKind::VarResetAll => Some(default.to_vec()),
        _ => None,
    }
}

/// What is set for a transaction only holds until it ends; without one it ends with its own statement.
fn set_path(state: &mut State<'_>, path: Vec<String>, is_local: bool) {
    match is_local {
        false => state.settings_mut().set_search_path(path),
        true if state.levels().is_open() => state.settings_mut().local_search_path = Some(path),
        true => {}
    }
}

/// `SELECT set_config('search_path', …, …)`.
pub(crate) fn select(state: &mut State<'_>, node: &SelectStmt) -> Outcome {
    for target in &node.target_list {
        let Some(NodeEnum::ResTarget(target)) = &target.node else { continue };
        let Some(NodeEnum::FuncCall(call)) = target.val.as_deref().and_then(|it| it.node.as_ref()) else { continue };
        if strings(&call.funcname).last() != Some(&"set_config") {
            continue;
        }
        let argument = |at: usize| call.args.get(at).and_then(|it: &Node| options::value_text(it));
        if argument(0).is_some_and(|it| it.eq_ignore_ascii_case("search_path"))
            && let Some(path) = argument(1)
        {
            let is_local = argument(2).is_some_and(|it| options::parse_boolean(&it) == Some(true));
            set_path(state, split_path(&path), is_local);
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
