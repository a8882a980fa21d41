//! JSON Schema as types: what schemars makes of the types of serde.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    iter,
};

use schemars::Schema;
use serde_json::{Map, Value};

use super::{
    direct::Direct,
    names::Names,
    syntax::Type,
    text::{comment, literal, property},
};
use crate::contract::references::reference;

/// Integers that JavaScript has as they are, `Number.MAX_SAFE_INTEGER`.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// The same as schemas have it.
const MAX_SAFE_NUMBER: f64 = 9_007_199_254_740_991.0;

const WIDE: &str =
    "Beware: `JSON.parse` rounds integers beyond 2^53 - 1 (`Number.MAX_SAFE_INTEGER`), and this one may be larger.";

/// Elements of an array of fixed size that are written out.
const MAX_TUPLE: u64 = 16;

/// The types of an app, with their names in the module.
#[derive(Debug)]
pub(super) struct Types<'a> {
    schemas: &'a BTreeMap<String, Schema>,
    names: BTreeMap<&'a str, String>,
    direct: Direct,
}

/// The place of a schema.
#[derive(Clone, Copy)]
struct Place<'a> {
    indent: usize,
    /// The type that the schema is by itself, not in a property or an element.
    alias: Option<Alias<'a>>,
}

/// A type that is declared, or that is written out in the declaration of another one.
#[derive(Clone, Copy)]
struct Alias<'a> {
    name: &'a str,
    around: Option<&'a Alias<'a>>,
}

impl Alias<'_> {
    /// Returns the names of the type and of those around it. The last one is declared.
    fn names(&self) -> impl Iterator<Item = &str> {
        iter::successors(Some(self), |alias| alias.around).map(|alias| alias.name)
    }
}

impl Place<'_> {
    /// Returns the place of a property or an element.
    fn inner(self, more: usize) -> Place<'static> {
        Place {
            indent: self.indent + more,
            alias: None,
        }
    }
}

impl<'a> Types<'a> {
    pub(super) fn new(schemas: &'a BTreeMap<String, Schema>, names: &mut Names) -> Self {
        Self {
            schemas,
            names: schemas.keys().map(|name| (&**name, names.take(name))).collect(),
            direct: Direct::of(schemas),
        }
    }

    /// Declares all types.
    pub(super) fn declare(&self, text: &mut String) {
        for (name, schema) in self.schemas {
            let schema = schema.as_value();
            let wide = is_wide(schema).then_some(WIDE);
            text.push('\n');
            text.push_str(&comment(description(schema).into_iter().chain(wide), 0));
            let place = Place {
                indent: 0,
                alias: Some(Alias { name, around: None }),
            };
            let declared = &self.names[&**name];
            let declaration = match self.type_at(schema, place) {
                Type::Object(object) if object.starts_with("{\n") => format!("export interface {declared} {object}\n"),
                ty => format!("export type {declared} ={};\n", ty.in_lines()),
            };
            text.push_str(&declaration);
        }
    }

    /// Returns the type of a schema.
    pub(super) fn of(&self, schema: &Schema, indent: usize) -> Type {
        let place = Place { indent, alias: None };
        self.type_at(schema.as_value(), place)
    }

    /// Returns a schema with all that say something of the same value: the types that it refers to, and its alternatives.
    pub(super) fn parts<'s>(&'s self, schema: &'s Value) -> Vec<&'s Value> {
        let mut seen = BTreeSet::new();
        let mut open = vec![schema];
        let mut parts = Vec::new();
        while let Some(schema) = open.pop() {
            let name = reference(schema).filter(|name| seen.insert(name.clone()));
            let named = name.and_then(|name| self.schemas.get(&name));
            open.extend(named.map(Schema::as_value));
            let lists = ["allOf", "anyOf", "oneOf"].into_iter();
            open.extend(lists.filter_map(|key| schema.get(key)?.as_array()).flatten());
            parts.push(schema);
        }
        parts
    }

    fn type_at(&self, schema: &Value, place: Place<'_>) -> Type {
        let Value::Object(keys) = schema else {
            return if *schema == Value::Bool(false) {
                Type::never()
            } else {
                Type::unknown()
            };
        };
        let mut parts = Vec::new();
        let list = |key| keys.get(key).and_then(Value::as_array).into_iter().flatten();
        parts.extend(keys.get("$ref").map(|_| self.reference_at(schema, place)));
        parts.extend(list("allOf").map(|schema| self.type_at(schema, place)));
        for key in ["anyOf", "oneOf"] {
            if keys.contains_key(key) {
                let types = list(key).map(|schema| {
                    let documented = place.indent + 2;
                    self.type_at(
                        schema,
                        Place {
                            indent: documented,
                            ..place
                        },
                    )
                });
                parts.push(Type::union(types));
            }
        }
        let is_any_object = keys.get("type").is_some_and(|kind| kind == "object") && !is_detailed_object(keys);
        // The other parts say more.
        if parts.is_empty() || !is_any_object {
            parts.insert(0, self.own_type(keys, place));
        }
        Type::intersection(parts)
    }

    fn reference_at(&self, schema: &Value, place: Place<'_>) -> Type {
        let Some((name, declared)) = reference(schema).and_then(|name| Some((self.names.get(&*name)?, name))) else {
            return Type::unknown();
        };
        let circle = place.alias.as_ref().filter(|alias| {
            let declaring = alias.names().last();
            declaring.is_some_and(|of| self.direct.is_circle(of, &declared))
        });
        match circle {
            // Such a value would have to be its own reason.
            Some(alias) if alias.names().any(|name| name == declared) => Type::never(),
            // An alias cannot name itself by way of another one.
            Some(alias) => {
                let inner = Alias {
                    name: &declared,
                    around: Some(alias),
                };
                let place = Place {
                    alias: Some(inner),
                    ..place
                };
                self.type_at(self.schemas[&declared].as_value(), place)
            }
            None => Type::Atom(name.clone()),
        }
    }

    /// Returns the type that the keys say without their subschemas for the same value.
    fn own_type(&self, keys: &Map<String, Value>, place: Place<'_>) -> Type {
        if let Some(value) = keys.get("const") {
            return literal_type(value);
        }
        if let Some(values) = keys.get("enum").and_then(Value::as_array) {
            return Type::union(values.iter().map(literal_type));
        }
        match keys.get("type") {
            Some(Value::String(kind)) => self.type_of_kind(kind, keys, place),
            Some(Value::Array(kinds)) => {
                let kinds = kinds.iter().filter_map(Value::as_str);
                Type::union(kinds.map(|kind| self.type_of_kind(kind, keys, place)))
            }
            _ if is_detailed_object(keys) => self.object(keys, place),
            _ if keys.contains_key("items") || keys.contains_key("prefixItems") => self.array(keys, place),
            _ => Type::unknown(),
        }
    }

    fn type_of_kind(&self, kind: &str, keys: &Map<String, Value>, place: Place<'_>) -> Type {
        match kind {
            "null" | "boolean" | "string" | "number" => Type::Atom(kind.to_owned()),
            "integer" => Type::Atom("number".to_owned()),
            "array" => self.array(keys, place),
            "object" => self.object(keys, place),
            _ => Type::unknown(),
        }
    }

    fn array(&self, keys: &Map<String, Value>, place: Place<'_>) -> Type {
        let place = place.inner(0);
        let element = |schema: &Value| self.type_at(schema, place);
        let items = keys.get("items");
        let rest = items.map_or_else(Type::unknown, element);
        let number = |key| keys.get(key).and_then(Value::as_u64);
        if let Some(first) = keys.get("prefixItems").and_then(Value::as_array) {
            let is_closed = items == Some(&Value::Bool(false)) || number("maxItems") == Some(first.len() as u64);
            let least = number("minItems").unwrap_or(0);
            let elements = first
                .iter()
                .zip(0..)
                .map(|(schema, place)| (element(schema), place >= least));
            return Type::tuple(elements.collect(), (!is_closed).then_some(rest));
        }
        match (number("minItems"), number("maxItems")) {
            (Some(least), Some(most)) if least == most && most <= MAX_TUPLE => {
                let elements = (0..most).map(|_| (rest.clone(), false));
                Type::tuple(elements.collect(), None)
            }
            _ => Type::Array(Box::new(rest)),
        }
    }

    fn object(&self, keys: &Map<String, Value>, place: Place<'_>) -> Type {
        let empty = Map::new();
        let properties = keys.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let required = keys.get("required").and_then(Value::as_array);
        let is_required = |name: &String| required.is_some_and(|required| required.iter().any(|its| its == name));
        let mut lines = Vec::new();
        let mut others = Vec::new();
        let mut is_documented = false;
        for (name, schema) in properties {
            let ty = self.type_at(schema, place.inner(2));
            let docs = comment(docs(schema), place.indent + 2);
            is_documented |= !docs.is_empty();
            let optional = if is_required(name) { "" } else { "?" };
            lines.push((docs, format!("{}{optional}: {ty}", property(name))));
            others.push(ty);
            if !is_required(name) {
                others.push(Type::Atom("undefined".to_owned()));
            }
        }
        // Without any properties, the keys are what the value is about.
        let missing = properties.is_empty() && !keys.contains_key("patternProperties");
        let additional = keys
            .get("additionalProperties")
            .filter(|more| **more != Value::Bool(false));
        let additional =
            additional.or((missing && !keys.contains_key("additionalProperties")).then_some(&Value::Bool(true)));
        let patterns = keys.get("patternProperties").and_then(Value::as_object);
        let open: Vec<_> = patterns.into_iter().flat_map(Map::values).chain(additional).collect();
        if !open.is_empty() {
            // TypeScript wants the type of all other properties to be that of the named ones, too.
            let types = open.into_iter().map(|schema| self.type_at(schema, place.inner(2)));
            let ty = Type::union(types.collect::<Vec<_>>().into_iter().chain(others));
            lines.push((String::new(), format!("[key: string]: {ty}")));
        }
        Type::Object(block(&lines, is_documented, place))
    }
}

/// Returns an object: that of a declared type in lines, another one in one line if it is short.
fn block(lines: &[(String, String)], is_documented: bool, place: Place<'_>) -> String {
    let members: Vec<_> = lines.iter().map(|(_, member)| &**member).collect();
    let in_one = format!("{{ {} }}", members.join("; "));
    let is_declared = place.alias.is_some() && place.indent == 0;
    if lines.is_empty() {
        return "{ [key: string]: never }".to_owned();
    }
    if !is_documented && !is_declared && in_one.len() <= 100 && !in_one.contains('\n') {
        return in_one;
    }
    let space = " ".repeat(place.indent);
    let mut block = "{\n".to_owned();
    for (docs, member) in lines {
        let _ = writeln!(block, "{docs}{space}  {member};"); // A string takes all.
    }
    format!("{block}{space}}}")
}

/// Returns the paragraphs of a property's documentation.
fn docs(schema: &Value) -> impl Iterator<Item = &str> {
    let is_deprecated = schema.get("deprecated") == Some(&Value::Bool(true));
    let deprecated = is_deprecated.then_some("Deprecated.");
    let wide = is_wide(schema).then_some(WIDE);
    description(schema).into_iter().chain(deprecated).chain(wide)
}

pub(super) fn description(schema: &Value) -> Option<&str> {
    schema.get("description").and_then(Value::as_str)
}

/// Returns `true` if a value has integers that JavaScript cannot tell apart. The values of other types say it themselves.
pub(super) fn is_wide(schema: &Value) -> bool {
    let format = schema.get("format").and_then(Value::as_str);
    let is_64_bit = matches!(format, Some("int" | "int64" | "int128" | "uint" | "uint64" | "uint128"));
    let is_bounded = schema
        .get("maximum")
        .and_then(Value::as_f64)
        .is_some_and(|most| most <= MAX_SAFE_NUMBER);
    if is_64_bit && !is_bounded {
        return true;
    }
    let single = ["items", "additionalProperties"]
        .into_iter()
        .filter_map(|key| schema.get(key));
    let lists = ["prefixItems", "allOf", "anyOf", "oneOf"].into_iter();
    let in_lists = lists.filter_map(|key| schema.get(key)?.as_array()).flatten();
    let patterns = schema.get("patternProperties").and_then(Value::as_object);
    single
        .chain(in_lists)
        .chain(patterns.into_iter().flat_map(Map::values))
        .any(is_wide)
}

fn is_detailed_object(keys: &Map<String, Value>) -> bool {
    let details = ["properties", "patternProperties", "additionalProperties"];
    details.into_iter().any(|key| keys.contains_key(key))
}

/// Returns the type of one value.
fn literal_type(value: &Value) -> Type {
    match value {
        Value::Array(values) => {
            let elements = values.iter().map(|value| (literal_type(value), false));
            Type::tuple(elements.collect(), None)
        }
        Value::Object(properties) => {
            let lines = properties.iter().map(|(name, value)| {
                let member = format!("{}: {}", property(name), literal_type(value));
                (String::new(), member)
            });
            let place = Place { indent: 0, alias: None };
            Type::Object(block(&lines.collect::<Vec<_>>(), false, place))
        }
        // There is no type of one fraction that is too large or too long.
        Value::Number(number)
            if number
                .as_i64()
                .is_none_or(|number| number.unsigned_abs() > MAX_SAFE_INTEGER) =>
        {
            Type::Atom("number".to_owned())
        }
        value => Type::Atom(literal(value)),
    }
}
