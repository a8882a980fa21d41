//! Tests of how JSON Schema becomes types.

use schemars::Schema;
use serde_json::{Value, json};

use super::{
    names::Names,
    types::{Types, is_wide},
};

fn schema(value: Value) -> Schema {
    Schema::try_from(value).expect("a schema")
}

#[test]
fn schemas_are_types() {
    let all = [("A/B".to_owned(), schema(json!({ "type": "null" })))].into();
    let types = Types::new(&all, &mut Names::after(&[]));
    for (value, expected) in [
        (json!(true), "unknown"),
        (json!(false), "never"),
        (json!({ "$ref": "#/types/A~1B" }), "A_B"),
        (json!({ "$ref": "#/elsewhere" }), "unknown"),
        (json!({ "const": "a" }), "\"a\""),
        (
            json!({ "enum": [1, null, "<", 0.5, [true], { "a": 1 }] }),
            "1 | null | \"\\u003c\" | number | [true] | { a: 1 }",
        ),
        (json!({ "type": ["integer", "number", "null"] }), "number | null"),
        (json!({ "type": "array" }), "unknown[]"),
        (
            json!({ "type": "array", "items": { "type": ["string", "null"] } }),
            "(string | null)[]",
        ),
        (
            json!({ "type": "array", "prefixItems": [true, { "const": 1 }], "minItems": 1, "items": { "const": 2 } }),
            "[unknown, (1)?, ...2[]]",
        ),
        (json!({ "type": "object" }), "{ [key: string]: unknown }"),
        (
            json!({ "type": "object", "additionalProperties": false }),
            "{ [key: string]: never }",
        ),
        (
            json!({ "properties": { "a": { "const": 1 } }, "additionalProperties": { "type": "string" } }),
            "{ a?: 1; [key: string]: string | 1 | undefined }",
        ),
        (
            json!({ "anyOf": [{ "type": "null" }, false, { "type": "null" }] }),
            "null",
        ),
        (json!({ "anyOf": [{ "type": "null" }, {}] }), "unknown"),
        (
            json!({ "type": "object", "oneOf": [{ "required": ["a"], "properties": { "a": true } }], "$ref": "#/types/A~1B" }),
            "A_B & { a: unknown }",
        ),
    ] {
        assert_eq!(types.of(&schema(value.clone()), 0).to_string(), expected, "{value}");
    }
}

#[test]
fn circles_of_aliases_are_cut() {
    let all = [
        ("A", json!({ "anyOf": [{ "$ref": "#/types/B" }, { "type": "null" }] })),
        ("B", json!({ "anyOf": [{ "$ref": "#/types/A" }, { "type": "string" }] })),
        ("D", json!({ "$ref": "#/types/D" })),
        ("C", json!({ "type": "array", "items": { "$ref": "#/types/C" } })),
    ];
    let all = all.map(|(name, value)| (name.to_owned(), schema(value))).into();
    let types = Types::new(&all, &mut Names::after(&[]));
    let mut text = String::new();
    types.declare(&mut text);
    assert_eq!(
        text,
        "\nexport type A = string | null;\n\nexport type B = null | string;\n\nexport type C = C[];\n\nexport type D = never;\n"
    );
    assert_eq!(types.parts(&json!({ "$ref": "#/types/A" })).len(), 7);
}

#[test]
fn integers_beyond_those_of_javascript_are_wide() {
    for (value, expected) in [
        (json!({ "format": "uint64" }), true),
        (
            json!({ "format": "int64", "maximum": 9_007_199_254_740_991_u64 }),
            false,
        ),
        (json!({ "format": "uint32" }), false),
        (
            json!({ "items": { "anyOf": [{ "type": "null" }, { "format": "uint" }] } }),
            true,
        ),
        (json!({ "properties": { "a": { "format": "uint64" } } }), false),
    ] {
        assert_eq!(is_wide(&value), expected, "{value}");
    }
}
