//! The kinds of JSON values. An integer is a number.

use serde_json::Value;

pub(super) const KINDS: [&str; 6] = ["array", "boolean", "null", "number", "object", "string"];

/// Returns the kind of a value.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
