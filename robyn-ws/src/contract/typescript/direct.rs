//! The types that a type is by itself, not in a property or an element. An alias of TypeScript cannot be one of its own.

use std::collections::{BTreeMap, BTreeSet};

use schemars::Schema;
use serde_json::Value;

use crate::contract::references::reference;

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
