//! What a handler can take: one trait, generic over the event.

pub(crate) mod argument;
mod close;
mod connector;
pub(crate) mod dependency;
mod mistake;
pub(crate) mod parameters;
pub(crate) mod params;
pub(crate) mod payload;
mod request;
mod session;
pub(crate) mod state;
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
/// `'a` is the time in which the handler runs: an argument can borrow from the message or the connection for `'a`.
/// Implement it for your own types, for one event or for all events of a connection:
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
/// connection with its code, or answers a call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken by a handler for this event",
    label = "not available in this event",
    note = "implement `FromEvent<'_, {E}>` for it, or take one of the types in the table of the page `handlers` of the documentation"
)]
pub trait FromEvent<'a, E: Event>: Sized {
    /// Whether the value may come from the upgrade request, or leads to it, as a connector does. If no argument of an
    /// endpoint does, its connections keep no request.
    #[doc(hidden)]
    const READS_REQUEST: bool = true;

    /// Creates the value.
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection>;

    /// Declares the needs of the value, so that `build()` can check them. The default has none; a type that contains others
    /// calls `declare` of theirs.
    fn declare(_needs: &mut Needs) {}
}

/// `None` if `X` is rejected.
impl<'a, E: Event, X: FromEvent<'a, E>> FromEvent<'a, E> for Option<X> {
    const READS_REQUEST: bool = X::READS_REQUEST;

    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        Ok(X::from_event(cx).ok())
    }

    fn declare(needs: &mut Needs) {
        needs.optionally(X::declare);
    }
}

/// The handler decides about a rejection.
impl<'a, E: Event, X: FromEvent<'a, E>> FromEvent<'a, E> for Result<X, Rejection> {
    const READS_REQUEST: bool = X::READS_REQUEST;

    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        Ok(X::from_event(cx))
    }

    fn declare(needs: &mut Needs) {
        needs.fallibly(X::declare);
    }
}
