//! The JSON Schema of the config file, for editors.

use serde_json::{Map, Value, json};

use super::keys::{ALIASES, KEYS, Key, Shape, Standing};

/// The JSON Schema of the config file.
pub(crate) fn json_schema() -> Value {
    let mut root = object();
    for key in KEYS {
        insert(&mut root, key.path, describe(key));
    }
    for (old, new) in ALIASES {
        if let Some(key) = KEYS.iter().find(|it| it.path == *new) {
            let mut schema = describe(key);
            schema["deprecated"] = json!(true);
            schema["description"] = json!(format!("Older spelling of `{new}`."));
            insert(&mut root, old, schema);
        }
    }
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("pgx-goose config file");
    root
}

fn object() -> Value {
    json!({ "type": "object", "properties": {}, "additionalProperties": false })
}

/// Puts a key's schema at its path, with the groups on the way.
fn insert(node: &mut Value, path: &str, schema: Value) {
    let properties = node["properties"].as_object_mut();
    let Some(properties) = properties else { return };
    match path.split_once('.') {
        None => {
            properties.insert(path.to_owned(), schema);
        }
        Some((group, rest)) => insert(properties.entry(group).or_insert_with(object), rest, schema),
    }
}

fn describe(key: &Key) -> Value {
    let Key { path: _, shape, default, doc, standing } = key;
    let mut schema = match *shape {
        Shape::Text => json!({ "type": "string" }),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Integer(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Texts => json!({ "type": ["array", "string"], "items": { "type": "string" } }),
        Shape::Words(words) => json!({ "type": "array", "items": { "enum": words } }),
        Shape::Pairs => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Shape::Maps(keys) => {
            let properties: Map<_, _> = keys.iter().map(|it| (it.path.to_owned(), describe(it))).collect();
            let item = json!({ "type": ["object", "string"], "properties": properties, "additionalProperties": false });
            json!({ "type": "array", "items": item })
        }
    };
    schema["description"] = match standing {
        Standing::Works => json!(doc),
        Standing::Later => json!(format!("{doc} Not available in this version.")),
    };
    if let Some(default) = parse_default(default, *shape) {
        schema["default"] = default;
    }
    schema
}

/// The default of the table is YAML; a pattern like `{base}/models` is text all the same.
fn parse_default(default: &str, shape: Shape) -> Option<Value> {
    match shape {
        _ if default.is_empty() => None,
        Shape::Text | Shape::Word(_) => Some(json!(default)),
        _ => serde_saphyr::from_str(default).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_in_the_schema() {
        let schema = json_schema();
        for path in KEYS.iter().map(|it| it.path).chain(ALIASES.iter().map(|it| it.0)) {
            let pointer = path.split('.').fold(String::new(), |pointer, name| format!("{pointer}/properties/{name}"));
            assert!(schema.pointer(&pointer).is_some_and(|it| it["description"].is_string()), "{path}");
        }
        assert_eq!(schema.pointer("/properties/tags/default"), Some(&json!(["json", "db"])));
        assert_eq!(schema.pointer("/properties/with_tests/default"), Some(&json!(true)));
    }
}
