//! The forms that a schema has, in the part of JSON Schema 2020-12 that schemars writes.

use std::collections::{BTreeMap, BTreeSet};

use schemars::Schema;
use serde_json::{Map, Value, json};

use crate::contract::{
    kinds::{KINDS, kind},
    references::reference,
};

/// Returns what a reference refers to with what stands beside it, and one schema of an `allOf`.
pub(super) fn resolved(schema: &Value, types: &BTreeMap<String, Schema>) -> Value {
    let mut schema = schema.clone();
    // A chain of references is not longer than there are types.
    for _ in 0..=types.len() {
        let Some(definition) = reference(&schema).and_then(|name| types.get(&name)) else {
            break;
        };
        let mut own = schema.as_object().cloned().unwrap_or_default();
        own.remove("$ref");
        schema = if definition.as_value().is_object() {
            merge(&mut own, definition.as_value());
            own.into()
        } else {
            definition.as_value().clone()
        };
    }
    let Some(Value::Array(parts)) = schema.get("allOf").cloned() else {
        return schema;
    };
    let mut all = schema.as_object().cloned().unwrap_or_default();
    all.remove("allOf");
    for part in parts {
        merge(&mut all, &resolved(&part, types));
    }
    all.into()
}

/// Adds what another schema asks for.
fn merge(all: &mut Map<String, Value>, part: &Value) {
    for (key, value) in part.as_object().into_iter().flatten() {
        match (all.get_mut(key), value) {
            (Some(Value::Object(own)), Value::Object(more)) => own.extend(more.clone()),
            (Some(Value::Array(own)), Value::Array(more)) if ["required", "allOf"].contains(&key.as_str()) => {
                own.extend(more.clone());
            }
            // A second choice, of which each value has to be one as well.
            (Some(_), _) if ["oneOf", "anyOf"].contains(&key.as_str()) => {
                let more = json!({ key: value });
                match all.get_mut("allOf") {
                    Some(Value::Array(parts)) => parts.push(more),
                    _ => drop(all.insert("allOf".to_owned(), json!([more]))),
                }
            }
            (Some(_), _) => {}
            (None, _) => {
                all.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Returns `true` if a schema is that of any value.
pub(super) fn is_any(schema: &Value) -> bool {
    match schema {
        Value::Bool(any) => *any,
        Value::Object(object) => object.keys().all(|key| is_annotation(key)),
        _ => false,
    }
}

/// Returns the name of the type that a schema refers to, if it asks for nothing else.
pub(super) fn reference_alone(schema: &Value) -> Option<String> {
    let object = schema.as_object()?;
    let is_alone = object.keys().all(|key| key == "$ref" || is_annotation(key));
    reference(schema).filter(|_| is_alone)
}

/// Returns `true` for a key that says nothing of the values.
fn is_annotation(key: &str) -> bool {
    const TEXTS: [&str; 7] = [
        "title",
        "description",
        "default",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
    ];
    TEXTS.contains(&key) || key.starts_with("x-")
}

/// Returns the schemas of a choice, each with what stands beside the choice.
pub(super) fn alternatives(schema: &Value) -> Option<Vec<Value>> {
    let object = schema.as_object()?;
    let key = ["oneOf", "anyOf"].into_iter().find(|key| object.contains_key(*key))?;
    let mut common = object.clone();
    let choices = common.remove(key)?;
    let choices = choices.as_array()?;
    let with_common = |choice: &Value| {
        let mut whole = common.clone();
        merge_choice(&mut whole, choice);
        whole.into()
    };
    Some(choices.iter().map(with_common).collect())
}

/// Returns a schema for each value of an enumeration, or for each type, if there are several.
pub(super) fn divided(schema: &Value) -> Option<Vec<Value>> {
    if let Some(values) = values(schema) {
        return (values.len() > 1).then(|| values.iter().map(|value| json!({ "const": value })).collect());
    }
    let kinds = schema.get("type")?.as_array().filter(|kinds| kinds.len() > 1)?;
    let of_kind = |kind: &Value| {
        let mut one = schema.clone();
        one["type"] = kind.clone();
        one
    };
    Some(kinds.iter().map(of_kind).collect())
}

/// Adds a choice to what stands beside it.
fn merge_choice(whole: &mut Map<String, Value>, choice: &Value) {
    for (key, value) in choice.as_object().into_iter().flatten() {
        match (whole.get_mut(key), value) {
            (Some(Value::Object(own)), Value::Object(more)) => own.extend(more.clone()),
            (Some(Value::Array(own)), Value::Array(more)) if key == "required" => own.extend(more.clone()),
            _ => {
                whole.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Returns the values of an enumeration.
pub(super) fn values(schema: &Value) -> Option<Vec<&Value>> {
    if let Some(value) = schema.get("const") {
        return Some(vec![value]);
    }
    Some(schema.get("enum")?.as_array()?.iter().collect())
}

/// Returns the types of a schema's values. An integer is a number.
pub(super) fn types(schema: &Value) -> BTreeSet<&'static str> {
    if let Some(values) = values(schema) {
        return values.into_iter().map(kind).collect();
    }
    let known = |name: &Value| {
        let name = name.as_str()?;
        let name = if name == "integer" { "number" } else { name };
        KINDS.into_iter().find(|known| *known == name)
    };
    match schema.get("type") {
        Some(Value::Array(names)) => names.iter().filter_map(known).collect(),
        Some(name) => known(name).into_iter().collect(),
        None if schema.get("properties").is_some() => ["object"].into(),
        None => KINDS.into(),
    }
}

pub(super) fn required(schema: &Value) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Returns the properties that have one value: the tag of a variant.
fn tags(schema: &Value) -> Vec<(&String, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .filter_map(|(name, schema)| Some((name, schema.get("const")?)))
        .collect()
}

/// Returns `true` if both are the same variant.
pub(super) fn has_tag_of(one: &Value, other: &Value) -> bool {
    let tags = tags(one);
    let same_tag = tags.iter().any(|tag| self::tags(other).contains(tag));
    let sole_property = |schema: &Value| {
        let names = required(schema);
        (names.len() == 1).then(|| names[0].to_owned())
    };
    same_tag || (tags.is_empty() && sole_property(one).is_some_and(|name| sole_property(other) == Some(name)))
}

/// Returns the name of a variant, for messages.
pub(super) fn variant(schema: &Value) -> String {
    if let Some((_, tag)) = tags(schema).first() {
        return format!(
            "the variant `{}`",
            tag.as_str().map_or_else(|| tag.to_string(), str::to_owned)
        );
    }
    if let Some(values) = values(schema) {
        let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
        return values.join(", ");
    }
    if let [name] = *required(schema) {
        return format!("the variant `{name}`");
    }
    types(schema).into_iter().collect::<Vec<_>>().join(" or ")
}
