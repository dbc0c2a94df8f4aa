//! Tasks of ours in VS Code's tasks.json, which may hold comments and trailing commas: all that is not ours stays to the letter.

use jsonc_parser::cst::{CstInputValue, CstRootNode};
use jsonc_parser::{ParseOptions, json};
use serde_json::Value;

/// How the labels of our tasks begin.
pub(super) const PREFIX: &str = "pgx-goose: ";

/// The text with our tasks in it; those of ours that are no more go.
///
/// # Errors
/// Where the text is not what VS Code reads.
pub(super) fn merged(old: Option<&str>, tasks: &[Value]) -> Result<String, String> {
    let old = old.filter(|it| !it.trim().is_empty());
    let root = CstRootNode::parse(old.unwrap_or("{}\n"), &ParseOptions::default()).map_err(|error| error.to_string())?;
    let object = root.object_value().ok_or("it is no object")?;
    if object.get("version").is_none() {
        object.append("version", json!("2.0.0"));
    }
    let list = match object.get("tasks") {
        Some(property) => property.array_value().ok_or("its `tasks` are no list")?,
        None => object.array_value_or_create("tasks").ok_or("its `tasks` are no list")?,
    };
    let mut missing: Vec<&Value> = tasks.iter().collect();
    for element in list.elements() {
        let value = element.to_serde_value().unwrap_or_default();
        let label = value.get("label").and_then(Value::as_str).unwrap_or_default();
        if !label.starts_with(PREFIX) {
            continue;
        }
        match missing.iter().position(|it| it["label"] == label) {
            Some(at) => {
                let wanted = missing.remove(at);
                if *wanted != value
                    && let Some(object) = element.as_object()
                {
                    object.replace_with(input(wanted));
                }
            }
            None => element.remove(),
        }
    }
    for task in missing {
        list.append(input(task));
    }
    list.ensure_multiline();
    Ok(root.to_string())
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(it) => CstInputValue::Bool(*it),
        Value::Number(it) => CstInputValue::Number(it.to_string()),
        Value::String(it) => CstInputValue::String(it.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(fields) => {
            let mut fields: Vec<(String, CstInputValue)> = fields.iter().map(|(name, it)| (name.clone(), input(it))).collect();
            // What people look for comes first.
            fields.sort_by_key(|(name, _)| name != "label");
            CstInputValue::Object(fields)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(name: &str, command: &str) -> Value {
        serde_json::json!({ "label": format!("{PREFIX}{name}"), "command": command })
    }

    #[test]
    fn tasks_are_added_changed_and_removed() {
        let tasks = [task("A", "one"), task("B", "two")];
        let fresh = merged(None, &tasks).unwrap();
        let value: Value = serde_json::from_str(&fresh).unwrap();
        assert_eq!(value["version"], "2.0.0");
        assert_eq!(value["tasks"], Value::from(tasks.to_vec()));
        assert_eq!(merged(Some(&fresh), &tasks).unwrap(), fresh, "running twice changes nothing");

        let mine = "{\n  // mine\n  \"version\": \"2.0.0\",\n  \"tasks\": [\n    { \"label\": \"own\" /* kept */ }, // last\n    {\"label\": \"pgx-goose: Old\"},\n  ],\n}\n";
        let both = merged(Some(mine), &tasks).unwrap();
        assert!(both.contains("// mine") && both.contains("{ \"label\": \"own\" /* kept */ }") && both.contains("// last"), "{both}");
        assert!(!both.contains("Old") && both.contains("pgx-goose: A") && both.contains("pgx-goose: B"), "{both}");
        assert_eq!(merged(Some(&both), &tasks).unwrap(), both);
        let changed = merged(Some(&both), &[task("A", "other")]).unwrap();
        assert!(changed.contains("other") && !changed.contains("two") && changed.contains("// mine"), "{changed}");
    }

    #[test]
    fn what_vs_code_does_not_read_is_refused() {
        assert!(merged(Some("{\"tasks\": [}"), &[]).unwrap_err().contains("line 1"));
        assert_eq!(merged(Some("[]"), &[]).unwrap_err(), "it is no object");
        assert_eq!(merged(Some("{\"tasks\": 1}"), &[]).unwrap_err(), "its `tasks` are no list");
    }
}
