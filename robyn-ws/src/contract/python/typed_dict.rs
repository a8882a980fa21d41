//! Prints `TypedDict`s.

use std::fmt::Write as _;

use crate::contract::python::{
    names::Names,
    text::{BUILT_IN, comment, docstring, is_name, literal},
};

/// An object with known keys.
#[derive(Clone, Debug)]
pub(super) struct TypedDict {
    pub(super) ident: String,
    pub(super) docs: String,
    pub(super) fields: Vec<Field>,
}

/// A key of an object.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) key: String,
    pub(super) ty: String,
    pub(super) docs: String,
    pub(super) is_required: bool,
}

impl TypedDict {
    /// Returns the class. `NotRequired` is not in Python 3.10, so the optional keys are those of a class without totality.
    pub(super) fn printed(&self, names: &mut Names) -> String {
        let (required, optional): (Vec<_>, Vec<_>) = self.fields.iter().partition(|field| field.is_required);
        // A key hides a type of the same name from the keys that follow it.
        if !self.fields.iter().all(|field| is_key_of_class(&field.key)) {
            return self.functional(&required, &optional, names);
        }
        if optional.is_empty() {
            return self.class("TypedDict", &required);
        }
        if required.is_empty() {
            return self.class("TypedDict, total=False", &optional);
        }
        let base = Self {
            ident: names.take(&format!("_{}Required", self.ident)),
            docs: String::new(),
            fields: Vec::new(),
        };
        let mut out = base.class("TypedDict", &required);
        out.push_str("\n\n");
        out.push_str(&self.class(&format!("{}, total=False", base.ident), &optional));
        out
    }

    fn class(&self, bases: &str, fields: &[&Field]) -> String {
        let mut out = format!("class {}({bases}):\n", self.ident);
        if !self.docs.is_empty() {
            out.push_str(&docstring(&self.docs, "    "));
            if !fields.is_empty() {
                out.push('\n');
            }
        } else if fields.is_empty() {
            out.push_str("    pass\n");
        }
        for field in fields {
            out.push_str(&comment(&field.docs, "    "));
            let _ = writeln!(out, "    {}: {}", field.key, field.ty); // A string takes all.
        }
        out
    }

    /// Returns the class with its keys in calls, where they can be any texts.
    fn functional(&self, required: &[&Field], optional: &[&Field], names: &mut Names) -> String {
        let mut out = String::new();
        let mut bases = Vec::new();
        for (fields, kind, total) in [(required, "Required", ""), (optional, "Optional", ", total=False")] {
            if fields.is_empty() {
                continue;
            }
            let base = names.take(&format!("_{}{kind}", self.ident));
            let mut keys = String::new();
            for field in fields {
                keys.push_str(&comment(&field.docs, "    "));
                let _ = writeln!(keys, "    {}: {},", literal(&field.key), literal(&field.ty)); // A string takes all.
            }
            let _ = write!(out, "{base} = TypedDict({}, {{\n{keys}}}{total})\n\n\n", literal(&base)); // A string takes all.
            bases.push(base);
        }
        out.push_str(&self.class(&bases.join(", "), &[]));
        out
    }
}

/// Returns `false` for a key that a type could have as its name, or that Python would change in a class.
fn is_key_of_class(key: &str) -> bool {
    let is_like_a_type = BUILT_IN.contains(&key) || key.starts_with(|first: char| first.is_ascii_uppercase());
    is_name(key) && !is_like_a_type && !key.starts_with('_')
}
