//! JSON values as YAML 1.2, of which JSON is a part: in blocks, with keys and scalars as in JSON.

use serde_json::Value;

/// Returns a value in YAML.
pub(super) fn written(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

fn write(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                text.push_str(&indent);
                text.push_str(&key_text(key));
                text.push(':');
                write_below(value, depth, text);
            }
        }
        Value::Array(values) if !values.is_empty() => {
            for value in values {
                text.push_str(&indent);
                text.push('-');
                write_below(value, depth, text);
            }
        }
        scalar => {
            text.push_str(&indent);
            text.push_str(&scalar.to_string());
            text.push('\n');
        }
    }
}

/// Writes a value behind its key: a scalar on the same line, anything else in the lines below.
fn write_below(value: &Value, depth: usize, text: &mut String) {
    let is_block = match value {
        Value::Object(object) => !object.is_empty(),
        Value::Array(values) => !values.is_empty(),
        _ => false,
    };
    if is_block {
        text.push('\n');
        write(value, depth + 1, text);
    } else {
        text.push(' ');
        write(value, 0, text);
    }
}

/// Returns a key without quotes if YAML reads it as the same text.
fn key_text(key: &str) -> String {
    let is_plain = key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_');
    // Words that readers of YAML 1.1 take for something else.
    let is_word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&&*key.to_ascii_lowercase());
    if is_plain && !is_word {
        key.to_owned()
    } else {
        Value::from(key).to_string()
    }
}
