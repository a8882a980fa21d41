//! References from schemas to types: the names in a URI (RFC 6901 section 6).

use std::fmt::Write as _;

use serde_json::Value;

use crate::contract::model::TYPES;

/// Returns the name of the type that a schema refers to.
pub(super) fn reference(schema: &Value) -> Option<String> {
    named(schema.get("$ref")?)
}

/// Returns the name in a reference.
pub(super) fn named(reference: &Value) -> Option<String> {
    let name = reference.as_str()?.strip_prefix(TYPES)?;
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

/// Returns the reference to a type.
pub(super) fn reference_to(name: &str) -> String {
    let mut reference = TYPES.to_owned();
    for byte in name.replace('~', "~0").replace('/', "~1").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            reference.push(byte.into());
        } else {
            write!(reference, "%{byte:02X}").expect("a string takes all");
        }
    }
    reference
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

    #[test]
    fn what_is_written_is_read_again() {
        for name in ["Say", "a/b~c", "2 */ </script> ü"] {
            assert_eq!(reference(&json!({ "$ref": reference_to(name) })).as_deref(), Some(name));
        }
    }
}
