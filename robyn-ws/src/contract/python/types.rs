//! From JSON Schema to types of Python, as far as schemars writes schemas. What is outside of that is `Any`.

use std::{collections::BTreeMap, fmt::Write as _};

use schemars::Schema;
use serde_json::{Map, Value};

use crate::contract::python::{
    fields::{RawField, fields_of, variant_name},
    names::Names,
    shape::{Definitions, alternatives, members, reference, types},
    text::{comment, quoted_type, type_name},
    typed_dict::{Field, TypedDict},
    union::Union,
};

/// Prints types, and remembers their names.
#[derive(Debug)]
pub(super) struct Types<'a> {
    pub(super) definitions: &'a Definitions,
    /// The names of the definitions in Python.
    idents: BTreeMap<&'a str, String>,
    pub(super) names: Names,
    /// The printed types.
    pub(super) printed: String,
}

impl<'a> Types<'a> {
    /// Prints the definitions.
    pub(super) fn new(definitions: &'a Definitions) -> Self {
        let mut names = Names::of_module();
        let ident = |name: &'a String| (name.as_str(), names.take(&type_name(name)));
        let idents: BTreeMap<_, _> = definitions.keys().map(ident).collect();
        let mut types = Self {
            definitions,
            idents,
            names,
            printed: String::new(),
        };
        for (name, schema) in definitions {
            types.define(name, schema);
        }
        types
    }

    /// Returns a type as it is written.
    pub(super) fn of(&mut self, schema: &Schema, name: &str) -> String {
        self.union(schema.as_value(), name).written()
    }

    fn define(&mut self, name: &str, schema: &Schema) {
        let ident = self.idents[name].clone();
        let docs = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        if let Some(fields) = schema.as_object().and_then(fields_of) {
            let typed_dict = self.typed_dict(&ident, fields, docs);
            self.print(&typed_dict);
            return;
        }
        let union = self.union(schema.as_value(), &ident);
        let ty = union.written();
        let ty = if union.is_plain() { ty } else { quoted_type(&ty) };
        let docs = comment(docs, "");
        let _ = write!(self.printed, "\n\n{docs}{ident}: TypeAlias = {ty}\n"); // A string takes all.
    }

    fn print(&mut self, typed_dict: &TypedDict) {
        let text = typed_dict.printed(&mut self.names);
        self.printed.push_str("\n\n");
        self.printed.push_str(&text);
    }

    /// Returns the alternatives of a type. An object that has no name gets one that begins with this one.
    pub(super) fn union(&mut self, schema: &Value, name: &str) -> Union {
        match schema {
            Value::Bool(false) => Union::default(),
            Value::Object(schema) => self.of_object(schema, name),
            _ => Union::any(),
        }
    }

    fn of_object(&mut self, schema: &Map<String, Value>, name: &str) -> Union {
        let parts: Vec<_> = ["$ref", "allOf", "anyOf", "oneOf"]
            .into_iter()
            .filter(|key| schema.contains_key(*key))
            .collect();
        let is_alone = parts.len() == 1
            && !["properties", "additionalProperties"]
                .iter()
                .any(|key| schema.contains_key(*key));
        match parts[..] {
            [] => self.of_whole(schema, name),
            ["$ref"] if is_alone => self.of_reference(schema),
            [key @ ("anyOf" | "oneOf")] if is_alone => {
                let members = (1..).zip(members(schema, key));
                members
                    .map(|(number, member)| self.union(member, &variant_name(name, member, number)))
                    .collect()
            }
            _ => self.of_parts(schema, name),
        }
    }

    fn of_reference(&self, schema: &Map<String, Value>) -> Union {
        let ident = reference(schema).and_then(|name| self.idents.get(name.as_str()));
        ident.map_or_else(Union::any, Union::of)
    }

    /// Returns the type of a schema whose parts hold together.
    fn of_parts(&mut self, schema: &Map<String, Value>, name: &str) -> Union {
        let Some(alternatives) = alternatives(&Value::Object(schema.clone()), self.definitions) else {
            return Union::any();
        };
        let is_one = alternatives.len() == 1;
        let numbered = (1..).zip(alternatives);
        numbered
            .map(|(number, alternative)| {
                let name = if is_one {
                    name.to_owned()
                } else {
                    variant_name(name, &Value::Object(alternative.clone()), number)
                };
                self.of_whole(&alternative, &name)
            })
            .collect()
    }

    /// Returns the type of a schema without parts.
    fn of_whole(&mut self, schema: &Map<String, Value>, name: &str) -> Union {
        if let Some(value) = schema.get("const") {
            return Union::of_values([value]);
        }
        if schema.contains_key("enum") {
            return Union::of_values(members(schema, "enum"));
        }
        let types = types(schema);
        if types.is_empty() {
            return Union::any();
        }
        types.into_iter().map(|ty| self.of_type(ty, schema, name)).collect()
    }

    fn of_type(&mut self, ty: &str, schema: &Map<String, Value>, name: &str) -> Union {
        match ty {
            "null" => Union::none(),
            "boolean" => Union::of("bool"),
            "integer" => Union::of("int"),
            "number" => Union::of("float"),
            "string" => Union::of("str"),
            "array" => self.of_array(schema, name),
            "object" => self.of_properties(schema, name),
            _ => Union::any(),
        }
    }

    /// Returns the type of a list. A tuple is one as well, since JSON knows no tuples.
    fn of_array(&mut self, schema: &Map<String, Value>, name: &str) -> Union {
        let name = format!("{name}Item");
        let mut items: Union = members(schema, "prefixItems")
            .map(|item| self.union(item, &name))
            .collect();
        let length = members(schema, "prefixItems").count() as u64;
        let most = schema.get("maxItems").and_then(Value::as_u64);
        match schema.get("items") {
            Some(rest) => items.add(self.union(rest, &name)),
            None if length == 0 || most.is_none_or(|most| most > length) => items = Union::any(),
            None => {}
        }
        Union::of(format!("list[{}]", items.written()))
    }

    fn of_properties(&mut self, schema: &Map<String, Value>, name: &str) -> Union {
        if let Some(fields) = fields_of(schema) {
            let ident = self.names.take(name);
            let docs = schema.get("description").and_then(Value::as_str).unwrap_or_default();
            let typed_dict = self.typed_dict(&ident, fields, docs);
            self.print(&typed_dict);
            return Union::of(ident);
        }
        // A dictionary with some known keys has values of all their types.
        let value_name = format!("{name}Value");
        let of_patterns = schema.get("patternProperties").and_then(Value::as_object);
        let of_properties = schema.get("properties").and_then(Value::as_object);
        let known = of_patterns.into_iter().chain(of_properties).flat_map(Map::values);
        let mut values: Union = known.map(|value| self.union(value, &value_name)).collect();
        match schema.get("additionalProperties") {
            Some(rest) => values.add(self.union(rest, &value_name)),
            None if of_patterns.is_none() => values = Union::any(),
            None => {}
        }
        Union::of(format!("dict[str, {}]", values.written()))
    }

    fn typed_dict(&mut self, ident: &str, fields: Vec<RawField<'_>>, docs: &str) -> TypedDict {
        let field = |raw: RawField<'_>| {
            let part = type_name(raw.key);
            let name = if ident.ends_with(&part) {
                format!("{ident}Value")
            } else {
                format!("{ident}{part}")
            };
            Field {
                key: raw.key.to_owned(),
                ty: raw
                    .schema
                    .map_or_else(Union::any, |schema| self.union(schema, &name))
                    .written(),
                docs: raw.docs().to_owned(),
                is_required: raw.is_required,
            }
        };
        TypedDict {
            ident: ident.to_owned(),
            docs: docs.to_owned(),
            fields: fields.into_iter().map(field).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn printed(definitions: Value) -> String {
        let definitions = serde_json::from_value(definitions).expect("schemas");
        Types::new(&definitions).printed.trim().to_owned()
    }

    #[test]
    fn objects_are_typed_dicts() {
        let say = json!({
            "type": "object",
            "description": "Says \"it\"",
            "properties": {
                "text": { "type": "string", "description": "The text." },
                "to": { "anyOf": [{ "$ref": "#/types/Say" }, { "type": "null" }] },
            },
            "required": ["text"],
        });
        let expected = r#"class _SayRequired(TypedDict):
    # The text.
    text: str


class Say(_SayRequired, total=False):
    """Says "it\""""

    to: Say | None"#;
        assert_eq!(printed(json!({ "Say": say })), expected);
    }

    #[test]
    fn keys_that_are_no_names_are_written_in_calls() {
        let odd = json!({
            "type": "object",
            "properties": { "class": { "$ref": "#/types/Odd" }, "a\"b": { "const": "\\" }, "int": { "type": "integer" } },
            "required": ["class", "a\"b"],
        });
        let expected = r#"_OddRequired = TypedDict("_OddRequired", {
    "a\"b": "Literal[\"\\\\\"]",
    "class": "Odd",
})


_OddOptional = TypedDict("_OddOptional", {
    "int": "int",
}, total=False)


class Odd(_OddRequired, _OddOptional):
    pass"#;
        assert_eq!(printed(json!({ "Odd": odd })), expected);
    }

    #[test]
    fn variants_are_named_by_their_tags() {
        let shape = json!({ "oneOf": [
            { "type": "object", "properties": { "type": { "const": "circle" }, "r": { "type": "number" } }, "required": ["type", "r"] },
            { "type": "object", "properties": { "Square": { "type": "object", "properties": { "a": {} } } }, "required": ["Square"] },
            { "type": "string", "enum": ["none", "all"] },
        ] });
        let printed = printed(json!({ "Shape": shape }));
        let end = r#"Shape: TypeAlias = 'Literal["none", "all"] | ShapeCircle | ShapeSquare'"#;
        assert!(printed.ends_with(end), "{printed}");
        assert!(
            printed.contains("class ShapeSquareValue(TypedDict, total=False):\n    a: Any\n"),
            "{printed}"
        );
        assert!(printed.contains(r#""Square": "ShapeSquareValue""#), "{printed}");
    }

    #[test]
    fn other_schemas_are_aliases() {
        let types = [
            (json!(true), "Any"),
            (json!(false), "\"NoReturn\""),
            (json!({ "title": "Raw" }), "Any"),
            (json!({ "type": ["string", "null"] }), "str | None"),
            (json!({ "type": "array" }), "\"list[Any]\""),
            (
                json!({ "type": "array", "items": { "$ref": "#/types/T" } }),
                "\"list[T]\"",
            ),
            (
                json!({ "type": "array", "prefixItems": [{ "type": "integer" }, { "type": "string" }], "minItems": 2, "maxItems": 2 }),
                "\"list[int | str]\"",
            ),
            (json!({ "type": "object" }), "\"dict[str, Any]\""),
            (
                json!({ "type": "object", "additionalProperties": { "type": "integer" } }),
                "\"dict[str, int]\"",
            ),
            (
                json!({ "type": "object", "patternProperties": { "^\\d+$": { "type": "boolean" } }, "additionalProperties": false }),
                "\"dict[str, bool]\"",
            ),
            (
                json!({ "type": "object", "properties": { "a": { "type": "string" } }, "additionalProperties": { "type": "null" } }),
                "\"dict[str, str | None]\"",
            ),
            (json!({ "enum": ["a", "b", null] }), "Literal[\"a\", \"b\"] | None"),
            (json!({ "$ref": "#/types/Missing" }), "Any"),
            (
                json!({ "anyOf": [{ "type": "number" }, { "type": "number" }] }),
                "float",
            ),
        ];
        for (schema, ty) in types {
            assert_eq!(
                printed(json!({ "T": schema })),
                format!("T: TypeAlias = {ty}"),
                "{schema}"
            );
        }
    }

    #[test]
    fn names_are_safe_and_used_once() {
        let any = json!({ "type": "string" });
        let printed = printed(json!({ "Any": any, "a b": any, "AB": any, "class": any, "1": any }));
        let names: Vec<_> = printed
            .lines()
            .filter_map(|line| line.split(':').next())
            .filter(|name| !name.is_empty())
            .collect();
        assert_eq!(names, ["T1", "AB", "Any_2", "AB_2", "Class"]);
    }
}
