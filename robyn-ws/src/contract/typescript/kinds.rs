//! The kinds of JSON values that a schema allows, as far as JSON-RPC 2.0 has to tell them apart.

use serde_json::Value;

use super::types::Types;

/// References that are followed, so that a circle has an end.
const MAX_DEPTH: u8 = 32;

/// The kinds of values. Objects are neither.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kinds {
    pub(super) has_arrays: bool,
    /// Values that cannot be parameters by themselves, and are sent in an array of one.
    pub(super) has_others: bool,
}

impl Kinds {
    /// Returns `true` if an array of one may be a value, or have one in it.
    pub(super) const fn is_ambiguous(self) -> bool {
        self.has_arrays && self.has_others
    }

    pub(super) fn collect(&mut self, schema: &Value, types: &Types<'_>, depth: u8) {
        let schema = types.resolved(schema);
        let all = ["allOf", "anyOf", "oneOf"].into_iter();
        let mut inner = all.filter_map(|key| schema.get(key)?.as_array()).flatten().peekable();
        let kinds = match (schema.get("type"), schema.get("enum"), schema.get("const")) {
            (Some(Value::String(kind)), ..) => vec![&**kind],
            (Some(Value::Array(kinds)), ..) => kinds.iter().filter_map(Value::as_str).collect(),
            (_, Some(Value::Array(values)), _) => values.iter().map(kind).collect(),
            (.., Some(value)) => vec![kind(value)],
            _ if inner.peek().is_some() && depth < MAX_DEPTH => Vec::new(),
            _ if schema.get("properties").is_some() => vec!["object"],
            _ => vec!["array", "null"],
        };
        self.has_arrays |= kinds.contains(&"array");
        self.has_others |= kinds.iter().any(|kind| !matches!(*kind, "array" | "object"));
        if depth < MAX_DEPTH && kinds.is_empty() {
            inner.for_each(|schema| self.collect(schema, types, depth + 1));
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        _ => "null",
    }
}
