//! The kinds of JSON values that a schema allows, as far as JSON-RPC 2.0 has to tell them apart.

use serde_json::Value;

use super::types::Types;

/// The kinds of values. Objects are neither.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kinds {
    pub(super) has_arrays: bool,
    /// Values that cannot be parameters by themselves, and are sent in an array of one.
    pub(super) has_others: bool,
}

impl Kinds {
    pub(super) fn of(schema: &Value, types: &Types<'_>) -> Self {
        let kinds: Vec<_> = types.parts(schema).into_iter().flat_map(kinds).collect();
        Self {
            has_arrays: kinds.contains(&"array"),
            has_others: kinds.iter().any(|kind| !matches!(*kind, "array" | "object")),
        }
    }

    /// Returns `true` if an array of one may be a value, or have one in it.
    pub(super) const fn is_ambiguous(self) -> bool {
        self.has_arrays && self.has_others
    }
}

/// Returns the kinds that a schema names without its subschemas.
fn kinds(schema: &Value) -> Vec<&str> {
    match (schema.get("type"), schema.get("enum"), schema.get("const")) {
        (Some(Value::String(kind)), ..) => vec![kind],
        (Some(Value::Array(kinds)), ..) => kinds.iter().filter_map(Value::as_str).collect(),
        (_, Some(Value::Array(values)), _) => values.iter().map(kind).collect(),
        (.., Some(value)) => vec![kind(value)],
        _ if schema.get("properties").is_some() => vec!["object"],
        _ if ["$ref", "allOf", "anyOf", "oneOf"]
            .iter()
            .any(|key| schema.get(key).is_some()) =>
        {
            Vec::new()
        }
        _ => vec!["array", "null"],
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        _ => "null",
    }
}
