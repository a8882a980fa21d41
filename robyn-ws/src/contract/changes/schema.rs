//! Which values of one schema another one does not have, in the part of JSON Schema 2020-12 that schemars writes.

use std::collections::{BTreeMap, BTreeSet};

use schemars::Schema;
use serde_json::{Map, Value};

use crate::contract::{
    changes::range::Range,
    model::{Model, TYPES},
    types::Writer,
};

/// The values of JSON by their types.
const ALL_TYPES: [&str; 6] = ["null", "boolean", "number", "string", "array", "object"];

/// A value that one side writes and the other one, which does not know of a change, cannot read.
#[derive(Debug)]
pub(super) struct Difference {
    /// The place in the value: `items[].name`.
    pub(super) place: String,
    pub(super) what: String,
}

/// Returns what clients of before cannot do any more with values that `writer` writes, whose schema was `old` and is `new`.
pub(super) fn differences(
    (old, old_model): (&Schema, &Model),
    (new, new_model): (&Schema, &Model),
    writer: Writer,
) -> Vec<Difference> {
    // What is written must be in what is read.
    let (written, read) = match writer {
        Writer::Client => ((old, old_model), (new, new_model)),
        Writer::Server => ((new, new_model), (old, old_model)),
    };
    let mut comparison = Comparison {
        written: &written.1.types,
        read: &read.1.types,
        writer,
        assumed: BTreeSet::new(),
        found: Vec::new(),
    };
    comparison.compare(written.0.as_value(), read.0.as_value(), "");
    comparison.found
}

struct Comparison<'a> {
    written: &'a BTreeMap<String, Schema>,
    read: &'a BTreeMap<String, Schema>,
    writer: Writer,
    /// Pairs of types that are compared already, or are about to be: types may contain themselves.
    assumed: BTreeSet<(String, String)>,
    found: Vec<Difference>,
}

impl Comparison<'_> {
    fn report(&mut self, place: &str, of_client: impl Into<String>, of_server: impl Into<String>) {
        let what = match self.writer {
            Writer::Client => of_client.into(),
            Writer::Server => of_server.into(),
        };
        self.found.push(Difference {
            place: place.to_owned(),
            what,
        });
    }

    /// Reports each value of `written` that `read` does not have.
    fn compare(&mut self, written: &Value, read: &Value, place: &str) {
        if let (Some(one), Some(other)) = (reference(written), reference(read))
            && !self.assumed.insert((one.to_owned(), other.to_owned()))
        {
            return;
        }
        let (written, read) = (resolved(written, self.written), resolved(read, self.read));
        if is_any(&read) {
            return;
        }
        if is_any(&written) {
            return self.report(place, "takes fewer values now", "may be any value now");
        }
        match alternatives(&written) {
            Some(each) => each.iter().for_each(|one| self.compare_one(one, &read, place)),
            None => self.compare_one(&written, &read, place),
        }
    }

    /// As [`Self::compare`], for a schema that is no choice.
    fn compare_one(&mut self, written: &Value, read: &Value, place: &str) {
        let written = resolved(written, self.written);
        if alternatives(&written).is_some() {
            return self.compare(&written, read, place);
        }
        let Some(choices) = alternatives(read) else {
            return self.compare_values(&written, read, place);
        };
        let mut best: Option<Vec<Difference>> = None;
        for choice in choices {
            let choice = resolved(&choice, self.read);
            let found = std::mem::take(&mut self.found);
            let assumed = self.assumed.clone();
            self.compare(&written, &choice, place);
            let differences = std::mem::replace(&mut self.found, found);
            if differences.is_empty() {
                return;
            }
            self.assumed = assumed;
            if has_tag_of(&written, &choice) {
                best = Some(differences);
            }
        }
        if let Some(differences) = best {
            return self.found.extend(differences);
        }
        let name = variant(&written);
        self.report(
            place,
            format!("{name} is not taken any more"),
            format!("may be {name} now"),
        );
    }

    /// As [`Self::compare`], for two schemas that are no choices.
    fn compare_values(&mut self, written: &Value, read: &Value, place: &str) {
        if let Some(read) = values(read) {
            return match values(written) {
                Some(written) => {
                    for value in written.iter().filter(|value| !read.contains(value)) {
                        self.report(
                            place,
                            format!("`{value}` is not taken any more"),
                            format!("may be `{value}` now"),
                        );
                    }
                }
                None => self.report(
                    place,
                    "takes only certain values now",
                    "may be other values than before",
                ),
            };
        }
        let types = types(written);
        for ty in types.iter().filter(|ty| !self::types(read).contains(*ty)) {
            self.report(place, format!("{ty} is not taken any more"), format!("may be {ty} now"));
        }
        if types.contains("number") {
            self.compare_numbers(written, read, place);
        }
        if types.contains("string") && values(written).is_none() {
            self.compare_texts(written, read, place);
        }
        if types.contains("array") && self::types(read).contains("array") {
            self.compare_arrays(written, read, place);
        }
        if types.contains("object") && self::types(read).contains("object") {
            self.compare_objects(written, read, place);
        }
    }

    fn compare_numbers(&mut self, written: &Value, read: &Value, place: &str) {
        let (one, other) = (Range::of(written), Range::of(read));
        if !other.includes(&one) {
            self.report(
                place,
                format!("takes only {other} now, and took {one}"),
                format!("may be {one} now, and was {other}"),
            );
        }
    }

    fn compare_texts(&mut self, written: &Value, read: &Value, place: &str) {
        for key in ["pattern", "format"] {
            let Some(wanted) = read.get(key) else { continue };
            if written.get(key) != Some(wanted) {
                self.report(
                    place,
                    format!("takes only texts of the {key} {wanted} now"),
                    format!("need not have the {key} {wanted} any more"),
                );
            }
        }
        self.compare_sizes(written, read, place, ["minLength", "maxLength"], "characters");
    }

    fn compare_sizes(&mut self, written: &Value, read: &Value, place: &str, [least, most]: [&str; 2], unit: &str) {
        let size = |schema: &Value, key: &str| schema.get(key).and_then(Value::as_u64);
        let fewest = size(read, least).unwrap_or_default();
        if size(written, least).unwrap_or_default() < fewest {
            self.report(
                place,
                format!("needs {fewest} {unit} now"),
                format!("may have fewer than {fewest} {unit} now"),
            );
        }
        if let Some(limit) = size(read, most)
            && size(written, most).is_none_or(|most| most > limit)
        {
            self.report(
                place,
                format!("takes {limit} {unit} at most now"),
                format!("may have more than {limit} {unit} now"),
            );
        }
    }

    fn compare_arrays(&mut self, written: &Value, read: &Value, place: &str) {
        self.compare_sizes(written, read, place, ["minItems", "maxItems"], "items");
        let first = |schema: &'_ Value| {
            schema
                .get("prefixItems")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default()
        };
        let (written_first, read_first) = (first(written), first(read));
        let any = Value::Bool(true);
        let rest = |schema: &Value| schema.get("items").cloned().unwrap_or(Value::Bool(true));
        let (written_rest, read_rest) = (rest(written), rest(read));
        let longest = written_first.len().max(read_first.len());
        for position in 0..longest {
            let one = written_first.get(position).unwrap_or(&written_rest);
            let other = read_first.get(position).unwrap_or(&read_rest);
            // Items that cannot be there.
            if *one != Value::Bool(false) {
                self.compare(one, other, &format!("{place}[{position}]"));
            }
        }
        let may_have_more = written
            .get("maxItems")
            .and_then(Value::as_u64)
            .is_none_or(|most| most > longest as u64);
        if may_have_more && (written_rest != any || read_rest != any) && written_rest != Value::Bool(false) {
            self.compare(&written_rest, &read_rest, &format!("{place}[]"));
        }
    }

    fn compare_objects(&mut self, written: &Value, read: &Value, place: &str) {
        let properties = |schema: &Value| schema.get("properties").and_then(Value::as_object).cloned();
        let (own, others) = (
            properties(written).unwrap_or_default(),
            properties(read).unwrap_or_default(),
        );
        for name in required(read) {
            if required(written).contains(&name) {
                continue;
            }
            let place = below(place, name);
            if own.contains_key(name) {
                self.report(&place, "is required now", "may be absent now");
            } else {
                self.report(&place, "is new and required", "is gone");
            }
        }
        for (name, value) in &own {
            let place = below(place, name);
            match others.get(name) {
                Some(other) => self.compare(value, other, &place),
                None => match read.get("additionalProperties") {
                    Some(Value::Bool(false)) => {
                        self.report(
                            &place,
                            "is not taken any more",
                            "is new, and clients refuse what they do not know",
                        );
                    }
                    Some(other) => self.compare(value, other, &place),
                    None => {}
                },
            }
        }
        if let (Some(one), Some(other)) = (written.get("additionalProperties"), read.get("additionalProperties"))
            && *one != Value::Bool(false)
        {
            self.compare(one, other, &below(place, "*"));
        }
    }
}

fn below(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    }
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(TYPES)
}

/// Returns what a reference refers to, and one schema of an `allOf`.
fn resolved(schema: &Value, types: &BTreeMap<String, Schema>) -> Value {
    let mut schema = schema.clone();
    // A chain of references is not longer than there are types.
    for _ in 0..=types.len() {
        let Some(definition) = reference(&schema).and_then(|name| types.get(name)) else {
            break;
        };
        schema = definition.as_value().clone();
    }
    let Some(Value::Array(parts)) = schema.get("allOf").cloned() else {
        return schema;
    };
    let mut all = schema.as_object().cloned().unwrap_or_default();
    all.remove("allOf");
    for part in parts {
        merge(&mut all, &resolved(&part, types));
    }
    all.into()
}

/// Adds what another schema asks for.
fn merge(all: &mut Map<String, Value>, part: &Value) {
    for (key, value) in part.as_object().into_iter().flatten() {
        match (all.get_mut(key), value) {
            (Some(Value::Object(own)), Value::Object(more)) => own.extend(more.clone()),
            (Some(Value::Array(own)), Value::Array(more)) if key == "required" => own.extend(more.clone()),
            (Some(_), _) => {}
            (None, _) => {
                all.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Returns `true` if a schema is that of any value.
fn is_any(schema: &Value) -> bool {
    const TEXTS: [&str; 7] = [
        "title",
        "description",
        "default",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
    ];
    match schema {
        Value::Bool(any) => *any,
        Value::Object(object) => object
            .keys()
            .all(|key| TEXTS.contains(&key.as_str()) || key.starts_with("x-")),
        _ => false,
    }
}

/// Returns the schemas of a choice, each with what stands beside the choice.
fn alternatives(schema: &Value) -> Option<Vec<Value>> {
    let object = schema.as_object()?;
    let key = ["oneOf", "anyOf"].into_iter().find(|key| object.contains_key(*key))?;
    let mut common = object.clone();
    let choices = common.remove(key)?;
    let choices = choices.as_array()?;
    let with_common = |choice: &Value| {
        if reference(choice).is_some() {
            return choice.clone();
        }
        let mut whole = common.clone();
        merge_choice(&mut whole, choice);
        whole.into()
    };
    Some(choices.iter().map(with_common).collect())
}

/// Adds a choice to what stands beside it.
fn merge_choice(whole: &mut Map<String, Value>, choice: &Value) {
    for (key, value) in choice.as_object().into_iter().flatten() {
        match (whole.get_mut(key), value) {
            (Some(Value::Object(own)), Value::Object(more)) => own.extend(more.clone()),
            (Some(Value::Array(own)), Value::Array(more)) if key == "required" => own.extend(more.clone()),
            _ => {
                whole.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Returns the values of an enumeration.
fn values(schema: &Value) -> Option<Vec<&Value>> {
    if let Some(value) = schema.get("const") {
        return Some(vec![value]);
    }
    Some(schema.get("enum")?.as_array()?.iter().collect())
}

/// Returns the types of a schema's values. An integer is a number.
fn types(schema: &Value) -> BTreeSet<&'static str> {
    if let Some(values) = values(schema) {
        return values.into_iter().map(type_of).collect();
    }
    let known = |name: &Value| {
        let name = name.as_str()?;
        let name = if name == "integer" { "number" } else { name };
        ALL_TYPES.into_iter().find(|known| *known == name)
    };
    match schema.get("type") {
        Some(Value::Array(names)) => names.iter().filter_map(known).collect(),
        Some(name) => known(name).into_iter().collect(),
        None if schema.get("properties").is_some() => ["object"].into(),
        None => ALL_TYPES.into(),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn required(schema: &Value) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Returns the properties that have one value: the tag of a variant.
fn tags(schema: &Value) -> Vec<(&String, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .filter_map(|(name, schema)| Some((name, schema.get("const")?)))
        .collect()
}

/// Returns `true` if both are the same variant.
fn has_tag_of(one: &Value, other: &Value) -> bool {
    let tags = tags(one);
    let same_tag = tags.iter().any(|tag| self::tags(other).contains(tag));
    let sole_property = |schema: &Value| {
        let names = required(schema);
        (names.len() == 1).then(|| names[0].to_owned())
    };
    same_tag || (tags.is_empty() && sole_property(one).is_some_and(|name| sole_property(other) == Some(name)))
}

/// Returns the name of a variant, for messages.
fn variant(schema: &Value) -> String {
    if let Some((_, tag)) = tags(schema).first() {
        return format!(
            "the variant `{}`",
            tag.as_str().map_or_else(|| tag.to_string(), str::to_owned)
        );
    }
    if let Some(values) = values(schema) {
        let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
        return values.join(", ");
    }
    if let [name] = *required(schema) {
        return format!("the variant `{name}`");
    }
    types(schema).into_iter().collect::<Vec<_>>().join(" or ")
}
