//! A setting of the user that has one value.

use std::panic::Location;

use crate::types::error::{Place, Problems};

/// Help for a second call that sets limits.
pub(crate) const ONE_LIMITS: &str =
    ", and set its limits on the other: `Limits::default().max_message_size(65536).max_connections(1000)`";

/// A value that the user has set, with the place of the call. A second call is a problem: one of the two would be lost, and
/// nobody would notice.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T>(Option<(T, Place)>);

impl<T> Default for Setting<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Setting<T> {
    /// Sets the value, as the method `name` was called to. `help` follows the report of a second call.
    pub(crate) fn set(
        &mut self,
        value: T,
        (name, help): (&str, &str),
        call: &'static Location<'static>,
        problems: &mut Problems,
    ) {
        let place = Place::of(call);
        if let Some((_, first)) = self.0.replace((value, place)) {
            let message = format!("a second `{name}`: the first is at {first}; remove one of them{help}");
            problems.report(place, None, message);
        }
    }

    /// Returns the value with the place of its call, if it is set.
    pub(crate) const fn get(&self) -> Option<&(T, Place)> {
        self.0.as_ref()
    }

    /// Returns the value, if it is set.
    pub(crate) fn into_value(self) -> Option<T> {
        self.0.map(|(value, _)| value)
    }
}
