//! The values of limits: which of them cannot work, which of them a sub-router can set, and how messages name them.

use std::{ops::RangeInclusive, time::Duration};

use crate::types::limits::{IdentityOverflow, Overflow};

const DAY: Duration = Duration::from_hours(24);

/// The value of a limit.
pub(super) trait Value {
    /// The measure of the limit.
    type Amount: Amount;

    /// Returns the amount. `None` is off, or has no order.
    fn amount(&self) -> Option<Self::Amount>;
}

/// The measure of a limit.
pub(super) trait Amount: Copy + PartialOrd {
    /// Returns the amount with its unit, which is a plural. Times have their own.
    fn with(self, unit: &str) -> String;
}

macro_rules! number {
    ($($number:ty),+) => {
        $(impl Amount for $number {
            fn with(self, unit: &str) -> String {
                let unit = if self == 1 { unit.trim_end_matches('s') } else { unit };
                format!("{self} {unit}")
            }
        })+
    };
}

number!(usize, u16, u32);

impl Amount for Duration {
    fn with(self, _unit: &str) -> String {
        let days = self.as_secs() / DAY.as_secs();
        if days > 0 && self == DAY * u32::try_from(days).unwrap_or_default() {
            usize::try_from(days).unwrap_or_default().with("days")
        } else {
            format!("{self:?}")
        }
    }
}

macro_rules! value {
    ($($amount:ty),+) => {
        $(impl Value for $amount {
            type Amount = Self;

            fn amount(&self) -> Option<Self> {
                Some(*self)
            }
        })+
    };
}

value!(usize, u16, u32, Duration);

impl<A: Amount> Value for Option<A> {
    type Amount = A;

    fn amount(&self) -> Self {
        *self
    }
}

macro_rules! choice {
    ($($choice:ty),+) => {
        $(impl Value for $choice {
            type Amount = usize;

            fn amount(&self) -> Option<usize> {
                None
            }
        })+
    };
}

choice!(IdentityOverflow, Overflow);

/// A limit, as messages name it.
pub(super) struct Named {
    pub(super) name: &'static str,
    /// Empty for times.
    pub(super) unit: &'static str,
    /// What `None` stands for. Empty if the limit cannot be `None`.
    pub(super) none: &'static str,
}

impl Named {
    /// Returns what is wrong with a value outside of its range.
    pub(super) fn outside<V: Value>(&self, value: &V, range: &RangeInclusive<V::Amount>) -> Option<String> {
        let Self { name, unit, none } = self;
        let amount = value.amount()?;
        (!range.contains(&amount)).then(|| {
            let (amount, most) = (amount.with(unit), range.end().with(unit));
            // `1 to 10 bytes`, but `1ms to 365 days`.
            let least = range.start().with("");
            let or_none = if none.is_empty() {
                String::new()
            } else {
                format!(", or `None` for {none}")
            };
            format!(
                "`Limits::{name}` is {amount}, which cannot work: expected {} to {most}{or_none}",
                least.trim_end()
            )
        })
    }

    /// Returns what is wrong with a value of a sub-router that is wider than the one around it.
    fn wider<V: Value>(&self, inner: &V, outer: &V) -> Option<String> {
        let Self { name, unit, .. } = self;
        let outer = outer.amount()?;
        let inner = inner.amount();
        inner.is_none_or(|inner| inner > outer).then(|| {
            let inner = inner.map_or_else(|| "off".to_owned(), |inner| inner.with(unit));
            let outer = outer.with(unit);
            format!(
                "`Limits::{name}` is {inner} on the sub-router, but {outer} around it: a sub-router can only narrow it"
            )
        })
    }
}

/// Returns the beginning of a message about a value that is more than another one.
pub(super) fn above<A: Amount>(name: &str, value: A, other: &str, most: A, unit: &str) -> String {
    let (value, most) = (value.with(unit), most.with(unit));
    format!("`Limits::{name}` is {value}, more than the {most} of `{other}`")
}

/// The values that a sub-router can set for a limit.
pub(super) enum Scope {
    /// At most the value around it.
    Narrower,
    Any,
    /// None: the limit is one of the app.
    AppOnly,
}

impl Scope {
    /// Returns what is wrong with the value `inner` of a sub-router, where `outer` is the value around it.
    pub(super) fn refuses<V: Value>(&self, limit: &Named, inner: &V, outer: &V) -> Option<String> {
        match self {
            Self::Narrower => limit.wider(inner, outer),
            Self::Any => None,
            Self::AppOnly => Some(format!(
                "`Limits::{}` is set on a sub-router, but the app is served as a whole: set it on the app",
                limit.name
            )),
        }
    }
}
