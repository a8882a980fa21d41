//! Ranges of numbers.

use std::fmt;

use serde_json::Value;

/// The numbers that a schema has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    least: f64,
    most: f64,
    is_integer: bool,
}

impl Range {
    /// Returns the range of a schema, which the format of schemars says for the types of Rust.
    pub(super) fn of(schema: &Value) -> Self {
        let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
        let (is_signed, bits) = match format.strip_prefix('u') {
            Some(rest) => (false, rest),
            None => (true, format),
        };
        let bits = bits.strip_prefix("int").and_then(|bits| bits.parse::<u8>().ok());
        let (mut least, mut most) = match bits {
            Some(bits) if is_signed => (-power(bits - 1), power(bits - 1)),
            Some(bits) => (0.0, power(bits)),
            None if format == "uint" => (0.0, f64::INFINITY),
            None => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
        for bound in [bound("minimum"), bound("exclusiveMinimum").map(f64::next_up)]
            .into_iter()
            .flatten()
        {
            least = least.max(bound);
        }
        for bound in [bound("maximum"), bound("exclusiveMaximum").map(f64::next_down)]
            .into_iter()
            .flatten()
        {
            most = most.min(bound);
        }
        let is_integer = match schema.get("type") {
            Some(Value::Array(types)) => !types.iter().any(|ty| ty == "number"),
            Some(ty) => ty == "integer",
            None => false,
        };
        Self {
            least,
            most,
            is_integer,
        }
    }

    pub(super) fn includes(&self, other: &Self) -> bool {
        self.least <= other.least && self.most >= other.most && (other.is_integer || !self.is_integer)
    }
}

fn power(bits: u8) -> f64 {
    2_f64.powi(bits.into())
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_integer { "integers" } else { "numbers" };
        match (self.least.is_finite(), self.most.is_finite()) {
            (false, false) => f.write_str(kind),
            (true, false) => write!(f, "{kind} from {}", self.least),
            (false, true) => write!(f, "{kind} up to {}", self.most),
            (true, true) => write!(f, "{kind} from {} to {}", self.least, self.most),
        }
    }
}
