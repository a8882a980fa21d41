//! Which values of one schema another one does not have, in the part of JSON Schema 2020-12 that schemars writes.

use std::collections::{BTreeMap, BTreeSet};

use schemars::Schema;
use serde_json::Value;

use crate::contract::{
    changes::{
        forms::{
            alternatives, divided, has_tag_of, is_any, reference_alone, required, resolved, types, values, variant,
        },
        range::Range,
    },
    model::Model,
    types::Writer,
};

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
        if let (Some(one), Some(other)) = (reference_alone(written), reference_alone(read))
            && !self.assumed.insert((one, other))
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
        if let Some(parts) = divided(&written) {
            return parts.iter().for_each(|part| self.compare_one(part, read, place));
        }
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
        let (own, read_types) = (types(written), types(read));
        for ty in own.difference(&read_types) {
            self.report(place, format!("{ty} is not taken any more"), format!("may be {ty} now"));
        }
        if own.contains("number") && values(written).is_none() {
            self.compare_numbers(written, read, place);
        }
        if own.contains("string") && values(written).is_none() {
            self.compare_texts(written, read, place);
        }
        if own.contains("array") && read_types.contains("array") {
            self.compare_arrays(written, read, place);
        }
        if own.contains("object") && read_types.contains("object") {
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
                None => match others_of(read) {
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
        self.compare_maps(written, read, place);
    }

    /// Compares the values of properties without a name of their own.
    fn compare_maps(&mut self, written: &Value, read: &Value, place: &str) {
        let place = below(place, "*");
        if let (Some(one), Some(other)) = (others_of(written), others_of(read))
            && *one != Value::Bool(false)
        {
            self.compare(one, other, &place);
        }
        // Maps whose keys are numbers.
        let patterns = written.get("patternProperties").and_then(Value::as_object);
        for (pattern, one) in patterns.into_iter().flatten() {
            let same = read.get("patternProperties").and_then(|patterns| patterns.get(pattern));
            if let Some(other) = same.or_else(|| others_of(read)) {
                self.compare(one, other, &place);
            }
        }
    }
}

/// Returns the schema of properties that have no name in a schema.
fn others_of(schema: &Value) -> Option<&Value> {
    schema
        .get("additionalProperties")
        .or_else(|| schema.get("unevaluatedProperties"))
}

fn below(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    }
}
