//! What a handler can take: one trait, generic over the event.

pub(crate) mod argument;
mod close;
mod connector;
pub(crate) mod dependency;
pub(crate) mod payload;
mod request;
mod session;
mod state;
pub(crate) mod upgrade;

use crate::{
    handler::{
        event::{Event, EventContext},
        needs::Needs,
    },
    types::rejection::Rejection,
};

/// A type that a handler for the event `E` can take as an argument.
///
/// `'a` is the time in which the handler runs: what borrows from the message or the connection borrows for `'a`.
/// Implement it for your own types, for one event or for all of a connection:
///
/// ```
/// use robyn_ws::{FromEvent, event::{EventContext, LiveEvent}, prelude::*};
///
/// /// The `lang` of the query, English if there is none.
/// struct Language<'a>(&'a str);
///
/// impl<'a, E: LiveEvent> FromEvent<'a, E> for Language<'a> {
///     fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
///         Ok(Self(cx.connector().query_params().get("lang").unwrap_or("en")))
///     }
/// }
///
/// #[websocket("/greet", on = "connect")]
/// fn greet(language: Language<'_>) -> &'static str {
///     if language.0 == "de" { "Guten Tag" } else { "Good day" }
/// }
/// ```
///
/// # Errors
///
/// What a [`Rejection`] does depends on the event: before the 101 it is an HTTP answer, afterwards it closes the
/// connection with its code.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken by a handler for this event",
    label = "not available in this event",
    note = "implement `FromEvent<'_, {E}>` for it, or take one of the types in the table of the crate's documentation"
)]
pub trait FromEvent<'a, E: Event>: Sized {
    /// Whether the value may be made of the upgrade request, or leads to it, as a connector does. The connections of an
    /// endpoint where no argument does keep no request.
    #[doc(hidden)]
    const READS_REQUEST: bool = true;

    /// Makes the value, or says why it cannot be made.
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection>;

    /// Says what the value needs, so that `build()` can check that it is there. The default needs nothing; a type
    /// that is made of others calls theirs.
    fn declare(_needs: &mut Needs) {}
}

/// Absent where `X` would be rejected.
impl<'a, E: Event, X: FromEvent<'a, E>> FromEvent<'a, E> for Option<X> {
    const READS_REQUEST: bool = X::READS_REQUEST;

    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        Ok(X::from_event(cx).ok())
    }

    fn declare(needs: &mut Needs) {
        needs.optionally(X::declare);
    }
}

/// Leaves the decision to the handler.
impl<'a, E: Event, X: FromEvent<'a, E>> FromEvent<'a, E> for Result<X, Rejection> {
    const READS_REQUEST: bool = X::READS_REQUEST;

    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        Ok(X::from_event(cx))
    }

    fn declare(needs: &mut Needs) {
        needs.optionally(X::declare);
    }
}
