//! The types that a type is by itself, not in a property or an element. An alias of TypeScript cannot be one of its own.

use std::collections::{BTreeMap, BTreeSet};

use schemars::Schema;
use serde_json::Value;

use crate::contract::model::TYPES;

/// The names of all types that each type is by itself.
#[derive(Debug)]
pub(super) struct Direct(BTreeMap<String, BTreeSet<String>>);

impl Direct {
    pub(super) fn of(types: &BTreeMap<String, Schema>) -> Self {
        let mut all = BTreeMap::new();
        for name in types.keys() {
            let mut found = BTreeSet::new();
            let mut open = vec![name.clone()];
            while let Some(name) = open.pop() {
                let mut names = Vec::new();
                if let Some(schema) = types.get(&name) {
                    collect(schema.as_value(), &mut names);
                }
                open.extend(names.into_iter().filter(|name| found.insert(name.clone())));
            }
            all.insert(name.clone(), found);
        }
        Self(all)
    }

    /// Returns `true` if a reference to `name` in the type `of` is a reference to the type itself.
    pub(super) fn is_circle(&self, of: &str, name: &str) -> bool {
        of == name || self.0.get(name).is_some_and(|names| names.contains(of))
    }
}

fn collect(schema: &Value, names: &mut Vec<String>) {
    names.extend(reference(schema));
    for key in ["allOf", "anyOf", "oneOf"] {
        let schemas = schema.get(key).and_then(Value::as_array);
        schemas.into_iter().flatten().for_each(|schema| collect(schema, names));
    }
}

/// Returns the name of the type that a schema refers to.
pub(super) fn reference(schema: &Value) -> Option<String> {
    let name = schema.get("$ref")?.as_str()?.strip_prefix(TYPES)?;
    // RFC 6901 section 6: the URI is decoded first.
    Some(decoded(name).replace("~1", "/").replace("~0", "~"))
}

/// Returns a text without percent codes.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let code = others.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        match byte {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &others[2..];
            }
            _ => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_decoded() {
        for (text, name) in [("A", "A"), ("%22%C2%A3%25~0~1", "\"£%~/"), ("a%2", "a%2"), ("%", "%")] {
            assert_eq!(
                reference(&json!({ "$ref": format!("#/types/{text}") })).as_deref(),
                Some(name)
            );
        }
        assert_eq!(reference(&json!({ "$ref": "#" })), None);
    }
}
