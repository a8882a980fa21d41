//! What is wrong with the parameters of a call, and where.

use std::fmt;

use serde::{
    Deserialize,
    de::{
        IntoDeserializer as _,
        value::{self, SeqAccessDeserializer, SeqDeserializer, UnitDeserializer},
    },
};
use serde_json::value::RawValue;
use serde_path_to_error as path_to_error;

/// The longest path in a text, in bytes, so that there is room for the reason.
const MAX_PATH: usize = 256;

/// How serde's complaint about an array begins.
const NO_ARRAY: &str = "invalid type: sequence";

/// How serde's complaint about an object begins.
const NO_OBJECT: &str = "invalid type: map, ";

/// The complaint of an enum about an array or an empty object.
const NO_VARIANT: &str = "expected value";

/// The complaint about an array that has elements left.
const SURPLUS: &str = "trailing characters";

/// What is wrong with parameters, and the path of the wrong part.
#[derive(Debug)]
pub(super) struct Mistake {
    path: String,
    /// Number of steps of the path.
    depth: usize,
    why: String,
}

impl Mistake {
    /// Finds the mistake in parameters that are not a `T`.
    pub(super) fn of<'a, T: Deserialize<'a>>(params: &'a str) -> Self {
        let mut parser = serde_json::Deserializer::from_str(params);
        match path_to_error::deserialize::<_, T>(&mut parser).map(drop) {
            Err(error) => Self {
                path: error.path().to_string(),
                depth: error.path().iter().count(),
                why: without_place(&error.into_inner()),
            },
            Ok(()) => Self {
                path: String::new(),
                depth: 0,
                why: parser
                    .end()
                    .map_or_else(|error| without_place(&error), |()| String::new()),
            },
        }
    }

    /// Says what a `T` is, to a client that has sent no parameters.
    pub(super) fn of_absence<'a, T: Deserialize<'a>>() -> String {
        let Self { why, .. } = Self::of::<T>("{}");
        let expected = match &*why {
            NO_VARIANT => expected_by::<T>(),
            _ => why.strip_prefix(NO_OBJECT).map(str::to_owned),
        };
        format!("there are none, {}", expected.unwrap_or(why))
    }

    /// Returns `true` if this mistake in a single parameter says more than the one in the same `elements` by position.
    pub(super) fn says_more_than(&self, by_position: &Self, elements: &[&RawValue]) -> bool {
        if by_position.depth == 0 && (by_position.why.starts_with(NO_ARRAY) || by_position.why == NO_VARIANT) {
            return true;
        }
        let is_one_object = matches!(elements, [only] if only.get().starts_with('{'));
        let takes_objects = self.depth > 1 || !self.why.starts_with(NO_OBJECT);
        is_one_object && takes_objects && by_position.depth > 0 && self.depth >= by_position.depth
    }

    /// Explains the mistake in `elements` that are not a `T`.
    pub(super) fn explain<'a, T: Deserialize<'a>>(mut self, elements: &[&'a RawValue]) -> String {
        if self.why == SURPLUS {
            if self.depth == 0
                && let Some(expected) = taken::<T>(elements)
            {
                let sent = elements.len();
                let parameters = if sent == 1 { "parameter" } else { "parameters" };
                return format!("{sent} {parameters}, expected {expected}");
            }
            "more elements than expected".clone_into(&mut self.why);
        }
        self.to_string()
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.path.floor_char_boundary(MAX_PATH);
        match self.depth {
            0 => f.write_str(&self.why),
            _ if end < self.path.len() => write!(f, "{}…: {}", &self.path[..end], self.why),
            _ => write!(f, "{}: {}", self.path, self.why),
        }
    }
}

/// Returns the text of an error without its place in the JSON, which says nothing that the path does not say.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Returns the number of `elements` that a `T` takes by position.
fn taken<'a, T: Deserialize<'a>>(elements: &[&'a RawValue]) -> Option<usize> {
    let mut rest = elements.iter().copied();
    T::deserialize(SeqAccessDeserializer::new(SeqDeserializer::new(rest.by_ref()))).ok()?;
    Some(elements.len() - rest.len())
}

/// Returns what a `T` expects in place of nothing, in serde's words.
fn expected_by<'a, T: Deserialize<'a>>() -> Option<String> {
    let nothing: UnitDeserializer<value::Error> = ().into_deserializer();
    let why = T::deserialize(nothing).err()?.to_string();
    why.strip_prefix("invalid type: unit value, ").map(str::to_owned)
}
