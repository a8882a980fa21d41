//! The values of limits: which of them cannot work, and which of them a sub-router can set.

use std::{fmt, ops::RangeInclusive, time::Duration};

use crate::types::limits::Overflow;

/// The value of a limit.
pub(super) trait Value {
    /// The measure of the limit.
    type Amount: Copy + PartialOrd + fmt::Debug;

    /// Returns the amount. `None` is off, or has no order.
    fn amount(&self) -> Option<Self::Amount>;
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

impl<A: Copy + PartialOrd + fmt::Debug> Value for Option<A> {
    type Amount = A;

    fn amount(&self) -> Self {
        *self
    }
}

impl Value for Overflow {
    type Amount = ();

    fn amount(&self) -> Option<()> {
        None
    }
}

/// Returns what is wrong with a value outside of its range.
pub(super) fn outside<V: Value>(name: &str, value: &V, range: &RangeInclusive<V::Amount>) -> Option<String> {
    let amount = value.amount()?;
    (!range.contains(&amount)).then(|| {
        let (least, most) = (range.start(), range.end());
        format!("`Limits::{name}` is {amount:?}, which cannot work: expected {least:?} to {most:?}")
    })
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
    pub(super) fn refuses<V: Value>(&self, name: &str, inner: &V, outer: &V) -> Option<String> {
        match self {
            Self::Narrower => wider(name, inner, outer),
            Self::Any => None,
            Self::AppOnly => Some(format!(
                "`Limits::{name}` is set on a sub-router, but the app is served as a whole: set it on the app"
            )),
        }
    }
}

/// Returns what is wrong with a value of a sub-router that is wider than the one around it.
fn wider<V: Value>(name: &str, inner: &V, outer: &V) -> Option<String> {
    let outer = outer.amount()?;
    let inner = inner.amount();
    inner.is_none_or(|inner| inner > outer).then(|| {
        let inner = inner.map_or_else(|| "off".to_owned(), |inner| format!("{inner:?}"));
        format!(
            "`Limits::{name}` is {inner} on the sub-router, but {outer:?} around it: a sub-router can only narrow it"
        )
    })
}
