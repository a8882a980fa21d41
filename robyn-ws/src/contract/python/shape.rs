//! What a schema with several parts is: its parts are put together, and its alternatives become separate schemas.

use std::collections::{BTreeMap, BTreeSet};

use schemars::Schema;
use serde_json::{Map, Value, json};

use crate::contract::{
    kinds::{KINDS, kind},
    references,
};

/// More alternatives than these, or deeper ones, are any value.
const MAX_ALTERNATIVES: usize = 256;
const MAX_DEPTH: usize = 32;

/// The types that schemas refer to, by name.
pub(super) type Definitions = BTreeMap<String, Schema>;

/// Returns the name of the type that a schema refers to.
pub(super) fn reference(schema: &Map<String, Value>) -> Option<String> {
    references::named(schema.get("$ref")?)
}

/// Returns the alternatives of a schema that has parts: schemas without `$ref`, `allOf`, `anyOf` and `oneOf` of their own.
/// Returns `None` if there are too many.
pub(super) fn alternatives(schema: &Value, definitions: &Definitions) -> Option<Vec<Map<String, Value>>> {
    parts(schema, definitions, 0)
}

fn parts(schema: &Value, definitions: &Definitions, depth: usize) -> Option<Vec<Map<String, Value>>> {
    let schema = match schema {
        Value::Bool(false) => return Some(Vec::new()),
        Value::Object(schema) => schema,
        _ => return Some(vec![Map::new()]),
    };
    if depth > MAX_DEPTH {
        return None;
    }
    let mut own = schema.clone();
    own.retain(|key, _| !["$ref", "allOf", "anyOf", "oneOf"].contains(&key.as_str()));
    let mut all = vec![own];
    if let Some(name) = reference(schema) {
        all = product(
            &all,
            &parts(definitions.get(&name)?.as_value(), definitions, depth + 1)?,
        )?;
    }
    for part in members(schema, "allOf") {
        all = product(&all, &parts(part, definitions, depth + 1)?)?;
    }
    for key in ["anyOf", "oneOf"] {
        if !schema.contains_key(key) {
            continue;
        }
        let mut choice = Vec::new();
        for part in members(schema, key) {
            choice.extend(parts(part, definitions, depth + 1)?);
        }
        all = product(&all, &choice)?;
    }
    Some(all)
}

/// Returns the schemas under a key.
pub(super) fn members<'a>(schema: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    schema.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// Returns each of these with each of those, less the contradictions.
fn product(these: &[Map<String, Value>], others: &[Map<String, Value>]) -> Option<Vec<Map<String, Value>>> {
    if these.len().saturating_mul(others.len()) > MAX_ALTERNATIVES {
        return None;
    }
    let both = these
        .iter()
        .flat_map(|one| others.iter().filter_map(|other| merged(one, other)));
    Some(both.collect())
}

/// Returns a schema of the values that both have. Returns `None` if there is no such value.
fn merged(one: &Map<String, Value>, other: &Map<String, Value>) -> Option<Map<String, Value>> {
    if kinds_of(one).is_disjoint(&kinds_of(other)) {
        return None;
    }
    let mut both = one.clone();
    for (key, value) in other {
        let value = match (key.as_str(), both.get(key)) {
            ("properties", Some(properties)) => properties_of_both(properties, value),
            ("required", Some(Value::Array(names))) => {
                let more = value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|name| !names.contains(name));
                names.iter().chain(more).cloned().collect()
            }
            // Each part says it of its own properties only.
            ("additionalProperties", Some(rest)) if *value == json!(false) => rest.clone(),
            ("description", Some(docs)) => docs.clone(),
            _ => value.clone(),
        };
        both.insert(key.clone(), value);
    }
    Some(both)
}

fn properties_of_both(one: &Value, other: &Value) -> Value {
    let mut both = one.as_object().cloned().unwrap_or_default();
    for (name, schema) in other.as_object().into_iter().flatten() {
        let schema = match both.get(name) {
            Some(own) if own != schema => json!({ "allOf": [own, schema] }),
            _ => schema.clone(),
        };
        both.insert(name.clone(), schema);
    }
    both.into()
}

/// Returns the kinds of values that a schema accepts: `number` stands for integers as well.
pub(super) fn kinds(schema: &Value, definitions: &Definitions) -> BTreeSet<&'static str> {
    match alternatives(schema, definitions) {
        Some(alternatives) => alternatives.iter().flat_map(kinds_of).collect(),
        None => KINDS.into(),
    }
}

/// Returns the kinds of a schema without parts.
fn kinds_of(schema: &Map<String, Value>) -> BTreeSet<&'static str> {
    if let Some(value) = schema.get("const") {
        return [kind(value)].into();
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values.iter().map(kind).collect();
    }
    let names = types(schema);
    if names.is_empty() {
        return KINDS.into();
    }
    let number = ["integer"]
        .into_iter()
        .filter(|_| names.contains(&"integer"))
        .map(|_| "number");
    KINDS
        .into_iter()
        .filter(|kind| names.contains(kind))
        .chain(number)
        .collect()
}

/// Returns the names of the types that a schema says, or that its other keys are for.
pub(super) fn types(schema: &Map<String, Value>) -> Vec<&str> {
    let is_for = |keys: [&str; 3]| keys.iter().any(|key| schema.contains_key(*key));
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ if is_for(["properties", "additionalProperties", "required"]) => vec!["object"],
        _ if is_for(["items", "prefixItems", "uniqueItems"]) => vec!["array"],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definitions(types: Value) -> Definitions {
        serde_json::from_value(types).expect("schemas")
    }

    #[test]
    fn parts_are_merged_and_contradictions_dropped() {
        let schema = json!({
            "type": "object",
            "properties": { "id": { "type": "integer" } },
            "required": ["id"],
            "oneOf": [
                { "type": "object", "properties": { "a": {} }, "required": ["a"], "additionalProperties": false },
                { "$ref": "#/types/B" },
                { "type": "null" },
            ],
        });
        let types = definitions(json!({ "B": { "type": "object", "properties": { "b": {} } } }));
        let found = alternatives(&schema, &types).expect("two alternatives");
        let names = |schema: &Map<String, Value>| {
            let properties = schema["properties"].as_object().expect("an object");
            properties.keys().cloned().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found.iter().map(names).collect::<Vec<_>>(), ["a id", "b id"]);
        assert_eq!(found[0]["required"], json!(["id", "a"]));
    }

    #[test]
    fn endless_and_many_alternatives_are_given_up() {
        let types = definitions(json!({
            "Loop": { "anyOf": [{ "$ref": "#/types/Loop" }, { "type": "null" }] },
            "Many": { "allOf": vec![json!({ "anyOf": vec![json!(true); 10] }); 5] },
        }));
        for name in ["Loop", "Many", "Missing"] {
            let schema = json!({ "$ref": format!("#/types/{name}") });
            assert_eq!(alternatives(&schema, &types), None, "{name}");
            assert_eq!(kinds(&schema, &types).len(), KINDS.len(), "{name}");
        }
    }

    #[test]
    fn kinds_of_values_are_told_apart() {
        let types = definitions(json!({ "A": { "type": ["integer", "null"] } }));
        let kinds = |schema: Value| kinds(&schema, &types).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(kinds(json!({ "$ref": "#/types/A" })), "null number");
        assert_eq!(kinds(json!({ "enum": ["a", 1] })), "number string");
        assert_eq!(kinds(json!({ "properties": {} })), "object");
        assert_eq!(kinds(json!({ "items": {} })), "array");
        assert_eq!(
            kinds(json!({ "oneOf": [{ "const": true }, { "type": "array" }] })),
            "array boolean"
        );
        assert_eq!(kinds(json!(true)), KINDS.join(" "));
        assert_eq!(kinds(json!(false)), "");
    }
}
