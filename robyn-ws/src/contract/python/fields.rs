//! The properties of an object, and names for objects that have none.

use serde_json::{Map, Value};

use crate::contract::python::{
    shape::{members, types},
    text::type_name,
};

/// A property with its schema.
pub(super) struct RawField<'a> {
    pub(super) key: &'a str,
    pub(super) schema: Option<&'a Value>,
    pub(super) is_required: bool,
}

impl<'a> RawField<'a> {
    pub(super) fn docs(&self) -> &'a str {
        let docs = self.schema.and_then(|schema| schema.get("description"));
        docs.and_then(Value::as_str).unwrap_or_default()
    }
}

/// Returns the properties of an object that has these only.
pub(super) fn fields_of(schema: &Map<String, Value>) -> Option<Vec<RawField<'_>>> {
    let other = ["$ref", "allOf", "anyOf", "oneOf", "const", "enum", "patternProperties"];
    if types(schema) != ["object"] || other.iter().any(|key| schema.contains_key(*key)) {
        return None;
    }
    let rest = schema.get("additionalProperties");
    let properties = schema.get("properties").and_then(Value::as_object);
    let is_closed = match rest {
        None => properties.is_some(),
        Some(rest) => *rest == Value::Bool(false),
    };
    if !is_closed {
        return None;
    }
    let required: Vec<_> = members(schema, "required").filter_map(Value::as_str).collect();
    let known = properties
        .into_iter()
        .flatten()
        .filter(|(_, schema)| **schema != Value::Bool(false));
    let mut fields: Vec<_> = known
        .map(|(key, schema)| RawField {
            key,
            schema: Some(schema),
            is_required: required.contains(&key.as_str()),
        })
        .collect();
    let is_unknown = |key: &&str| properties.is_none_or(|properties| !properties.contains_key(*key));
    fields.extend(required.into_iter().filter(is_unknown).map(|key| RawField {
        key,
        schema: None,
        is_required: true,
    }));
    // With another feature of `serde_json`, they have the order of the source.
    fields.sort_unstable_by_key(|field| field.key);
    Some(fields)
}

/// Returns the name of a variant of a type: by its tag, by its only property, or by its number.
pub(super) fn variant_name(name: &str, schema: &Value, number: usize) -> String {
    let properties = schema.get("properties").and_then(Value::as_object);
    let tags = properties
        .into_iter()
        .flatten()
        .filter_map(|(key, schema)| Some((key, schema.get("const")?.as_str()?)));
    let tag = tags.min().map(|(_, tag)| tag);
    let only = || {
        let required = schema.get("required")?.as_array()?;
        let [name] = &required[..] else { return None };
        name.as_str()
    };
    match tag.or_else(only) {
        Some(variant) => format!("{name}{}", type_name(variant)),
        None if properties.is_some() => format!("{name}{number}"),
        None => name.to_owned(),
    }
}
