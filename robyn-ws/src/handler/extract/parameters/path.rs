//! A trial of a `Path<T>`: axum reads parameters of the given names into a `T`. Values that the `T` refuses are replaced by
//! others, until it takes them or its mistake does not depend on them.

use std::{ops::Range, vec};

use axum::{
    extract::{path::ErrorKind, rejection::PathRejection},
    http::Request,
};

use crate::{
    handler::{
        extract::parameters::samples::{ROUNDS, routed, sample},
        needs::PathRead,
    },
    util::{isolate, type_names::short},
};

/// The number of values that are tried for one argument.
const TRIALS: usize = 200;

/// The largest number of parameters that axum's matcher can name.
const MAX_PARAMETERS: usize = 25;

/// Why no value of the parameters can be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PathMismatch {
    /// The type reads this number of parameters, and the path has another.
    Count { expected: usize },
    /// Fields of a struct that are no parameters, and parameters that it refuses since it has no such fields.
    Names { missing: Vec<String>, refused: Vec<String> },
    /// A type that axum cannot read from a path.
    Unsupported(String),
    /// A value of a flattened struct that is not a string: serde reads all of them as strings.
    Flattened(String),
}

/// Returns why `read` fails for every request to a path with these parameters. In doubt, the answer is `None`.
///
/// The type is given no value if it `is_one_value`: axum then looks only at the number of parameters.
pub(crate) fn mismatch(read: PathRead, is_one_value: fn() -> bool, names: &[&str]) -> Option<PathMismatch> {
    if names.len() == 1 && is_one_value() {
        return None;
    }
    let mut trial = Trial::new(names);
    for _ in 0..TRIALS {
        let Err(kind) = trial.run(read)? else { break };
        match trial.learn(&kind) {
            Verdict::TryAgain => {}
            Verdict::Unclear => break,
            Verdict::Never(mismatch) => return Some(mismatch),
        }
    }
    trial.mismatch_of_names()
}

/// What an error says about the type.
enum Verdict {
    /// Other values may pass.
    TryAgain,
    /// All values have been tried.
    Unclear,
    Never(PathMismatch),
}

struct Parameter {
    name: String,
    value: String,
    round: usize,
    /// Whether an error told which value to take.
    is_fixed: bool,
}

/// The variants of an enum, which are tried one after the other.
struct Variants {
    position: usize,
    names: vec::IntoIter<String>,
    /// The field that was missing with the variants so far.
    missing: Option<String>,
}

struct Trial {
    parameters: Vec<Parameter>,
    variants: Option<Variants>,
    missing: Vec<String>,
    refused: Vec<String>,
}

impl Trial {
    fn new(names: &[&str]) -> Self {
        let mut trial = Self {
            parameters: Vec::new(),
            variants: None,
            missing: Vec::new(),
            refused: Vec::new(),
        };
        for name in names {
            trial.add(name);
        }
        trial
    }

    fn add(&mut self, name: &str) {
        self.parameters.push(Parameter {
            name: name.to_owned(),
            value: sample(0, self.parameters.len()),
            round: 0,
            is_fixed: false,
        });
    }

    /// Reads the parameters. Returns `None` if it cannot be tried: the type's own code may panic.
    fn run(&self, read: PathRead) -> Option<Result<(), ErrorKind>> {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.extensions = routed(self.parameters.iter().map(|known| (&*known.name, &*known.value)))?;
        match isolate::call(|| read(&mut parts)).ok()? {
            Ok(()) => Some(Ok(())),
            Err(Some(PathRejection::FailedToDeserializePathParams(failed))) => Some(Err(failed.into_kind())),
            Err(_) => None,
        }
    }

    fn learn(&mut self, kind: &ErrorKind) -> Verdict {
        match kind {
            ErrorKind::WrongNumberOfParameters { expected, .. } => {
                self.never(PathMismatch::Count { expected: *expected })
            }
            ErrorKind::UnsupportedType { name } if name.ends_with("enum variant") => self.never(
                PathMismatch::Unsupported("an enum whose variants have values".to_owned()),
            ),
            ErrorKind::UnsupportedType { name } => self.never(PathMismatch::Unsupported(format!("`{}`", short(name)))),
            ErrorKind::ParseError { expected_type, .. } => self.fix(Some(0), expected_type),
            ErrorKind::ParseErrorAtIndex {
                index, expected_type, ..
            } => self.fix(Some(*index), expected_type),
            ErrorKind::ParseErrorAtKey { key, expected_type, .. } => self.fix(self.position(key), expected_type),
            ErrorKind::DeserializeError { key, .. } => match self.position(key) {
                Some(position) => self.next_round(position..position + 1),
                None => Verdict::Unclear,
            },
            ErrorKind::Message(message) => self.learn_from_text(message),
            _ => Verdict::Unclear,
        }
    }

    fn learn_from_text(&mut self, message: &str) -> Verdict {
        if let Some(field) = missing_field(message) {
            return self.missing(field);
        }
        if let Some((field, _)) = unknown("field", message) {
            return self.refused(field);
        }
        if let Some((value, variants)) = unknown("variant", message) {
            return self.try_variants(value, variants);
        }
        if let Some(expected) = flattened(message) {
            return self.never(PathMismatch::Flattened(expected.to_owned()));
        }
        match message {
            "Unexpected key type" => {
                self.never(PathMismatch::Unsupported("a map whose keys are not strings".to_owned()))
            }
            "array types are not supported" => {
                self.never(PathMismatch::Unsupported("a field of two values".to_owned()))
            }
            _ => self.next_round(0..self.parameters.len()),
        }
    }

    /// Returns that no value can be read, unless an enum has another variant to try.
    fn never(&mut self, mismatch: PathMismatch) -> Verdict {
        self.next_variant().unwrap_or(Verdict::Never(mismatch))
    }

    /// Pretends that the path has the parameter, to find the next one that is missing.
    fn missing(&mut self, field: &str) -> Verdict {
        let can_be_added = self.parameters.len() < MAX_PARAMETERS && !field.contains(['/', '{', '}', '*']);
        if !can_be_added || self.position(field).is_some() {
            return Verdict::Unclear;
        }
        // An enum may have other fields with another variant.
        if let Some(variants) = &mut self.variants {
            if variants.missing.get_or_insert_with(|| field.to_owned()) != field {
                return Verdict::Unclear;
            }
            if let Some(verdict) = self.next_variant() {
                return verdict;
            }
            self.variants = None;
        }
        self.missing.push(field.to_owned());
        self.add(field);
        Verdict::TryAgain
    }

    /// Leaves the parameter out, to find the next one that is refused.
    fn refused(&mut self, field: &str) -> Verdict {
        let Some(position) = self.position(field).filter(|_| self.variants.is_none()) else {
            return Verdict::Unclear;
        };
        self.parameters.remove(position);
        self.refused.push(field.to_owned());
        Verdict::TryAgain
    }

    fn try_variants(&mut self, value: &str, names: Vec<String>) -> Verdict {
        let has_value = |known: &Parameter| known.value == value && !known.is_fixed;
        let Some(position) = self.parameters.iter().position(has_value) else {
            return self.next_round(0..self.parameters.len());
        };
        self.parameters[position].is_fixed = true;
        self.variants = Some(Variants {
            position,
            names: names.into_iter(),
            missing: None,
        });
        self.next_variant().unwrap_or(Verdict::Unclear)
    }

    fn next_variant(&mut self) -> Option<Verdict> {
        let variants = self.variants.as_mut()?;
        self.parameters[variants.position].value = variants.names.next()?;
        Some(Verdict::TryAgain)
    }

    /// Takes a value of this type from now on.
    fn fix(&mut self, position: Option<usize>, expected_type: &str) -> Verdict {
        let Some(parameter) = position.and_then(|position| self.parameters.get_mut(position)) else {
            return Verdict::Unclear;
        };
        if parameter.is_fixed {
            return Verdict::Unclear;
        }
        parameter.is_fixed = true;
        parameter.value = match expected_type {
            "bool" => "true".to_owned(),
            _ => "1".to_owned(),
        };
        Verdict::TryAgain
    }

    fn next_round(&mut self, positions: Range<usize>) -> Verdict {
        let mut verdict = Verdict::Unclear;
        for position in positions {
            let Some(parameter) = self.parameters.get_mut(position) else {
                continue;
            };
            if !parameter.is_fixed && parameter.round + 1 < ROUNDS {
                parameter.round += 1;
                parameter.value = sample(parameter.round, position);
                verdict = Verdict::TryAgain;
            }
        }
        verdict
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.parameters.iter().position(|known| known.name == name)
    }

    fn mismatch_of_names(self) -> Option<PathMismatch> {
        let Self { missing, refused, .. } = self;
        (!missing.is_empty() || !refused.is_empty()).then_some(PathMismatch::Names { missing, refused })
    }
}

/// Returns the field of serde's error for a missing one. Errors of parsers that are written alike have more text.
pub(super) fn missing_field(message: &str) -> Option<&str> {
    let field = message.strip_prefix("missing field `")?.strip_suffix('`')?;
    (!field.contains('`')).then_some(field)
}

/// Returns the unknown field or variant of serde's error, and the known ones.
fn unknown<'m>(kind: &str, message: &'m str) -> Option<(&'m str, Vec<String>)> {
    let (name, expected) = message
        .strip_prefix("unknown ")?
        .strip_prefix(kind)?
        .strip_prefix(" `")?
        .split_once("`, ")?;
    let is_serde = expected.ends_with('`') || expected == format!("there are no {kind}s");
    let known = expected.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    is_serde.then_some((name, known))
}

/// Returns the type of a field of a flattened struct that is not a string. The value was a number, as every parser of
/// numbers takes it.
pub(super) fn flattened(message: &str) -> Option<&str> {
    let (value, expected) = message
        .strip_prefix("invalid type: string \"")?
        .split_once("\", expected ")?;
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let is_primitive = ["a boolean", "f32", "f64"].contains(&expected)
        || expected
            .strip_prefix(['u', 'i'])
            .is_some_and(|bits| ["8", "16", "32", "64", "128", "size"].contains(&bits));
    (is_number && is_primitive).then_some(expected)
}
