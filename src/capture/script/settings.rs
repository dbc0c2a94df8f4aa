//! `SET` and its like, as far as they change what names mean: the search path.

use pg_query::NodeEnum;
use pg_query::protobuf::{DiscardMode, DiscardStmt, Node, SelectStmt, VariableSetKind, VariableSetStmt};

use super::resolve::strings;
use super::state::State;
use super::{Outcome, Place, options};

/// `SET`, `RESET`. Inside a script a transaction's end is not followed, so `SET LOCAL` holds on.
pub(crate) fn set(state: &mut State<'_>, node: &VariableSetStmt, _at: Place) -> Outcome {
    let is_path = node.name.eq_ignore_ascii_case("search_path");
    match node.kind() {
        VariableSetKind::VarSetValue if is_path => {
            let path = node.args.iter().filter_map(options::value_text).collect::<Vec<_>>();
            // `SET search_path = ''` is an empty path; `'a, b'` is one odd name, as in the server.
            state.set_search_path(path.into_iter().filter(|it| !it.is_empty()).collect());
        }
        VariableSetKind::VarSetDefault | VariableSetKind::VarReset if is_path => state.set_search_path(State::default_search_path()),
        VariableSetKind::VarResetAll => state.set_search_path(State::default_search_path()),
        _ => {}
    }
    Ok(())
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
            state.set_search_path(split_path(&path));
        }
    }
    Ok(())
}

/// `DISCARD ALL` resets the search path too.
pub(crate) fn discard(state: &mut State<'_>, node: &DiscardStmt, _at: Place) -> Outcome {
    if node.target() == DiscardMode::DiscardAll {
        state.set_search_path(State::default_search_path());
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
