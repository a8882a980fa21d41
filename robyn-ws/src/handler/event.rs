//! The events of a connection, and the view that an extractor has of one.

use std::{any::Any, fmt, ops::Range, sync::Arc};

use axum::http::{Extensions, HeaderMap, Uri};

use crate::{
    connector::{WebSocketConnector, web_socket::WebSocket},
    handler::{dependencies::Scopes, state::StateLease},
    types::{
        borrowed::Payload, close::CloseReason, event_kind::EventKind, message, request::UpgradeRequest,
        utf8_bytes::Utf8Bytes,
    },
};

mod sealed {
    pub trait Sealed {}
}

/// An event that a handler can be for. The types of this module stand for the events in
/// [`FromEvent`](crate::FromEvent).
pub trait Event: sealed::Sealed + Sized + Send + 'static {
    /// The name that `on = "…"` takes.
    const NAME: &'static str = Self::KIND.name();
    #[doc(hidden)]
    const KIND: EventKind;
    /// The value of the event, owned between the event and its handler.
    #[doc(hidden)]
    type Owned: Send + 'static;
    /// The value of the event, as the handler's arguments borrow it.
    #[doc(hidden)]
    type Payload<'a>: Send;
    /// The parts of the connection that arguments can take.
    #[doc(hidden)]
    type Scope<'a>: Send;
    #[doc(hidden)]
    fn payload(owned: &mut Self::Owned) -> Self::Payload<'_>;
}

/// An event of a connection that exists: all but [`Upgrade`].
pub trait LiveEvent: for<'a> Event<Scope<'a> = LiveScope<'a>> {}

/// A client asks for a connection: the request before the 101.
#[derive(Clone, Copy, Debug)]
pub struct Upgrade;

/// A connection begins.
#[derive(Clone, Copy, Debug)]
pub struct Connect;

/// A message has come.
#[derive(Clone, Copy, Debug)]
pub struct Message;

/// A method is called (JSON-RPC 2.0).
#[derive(Clone, Copy, Debug)]
pub struct Call;

/// A connection ends.
#[derive(Clone, Copy, Debug)]
pub struct Close;

/// A connection begins, and its handler owns the socket.
#[derive(Clone, Copy, Debug)]
pub struct Session;

macro_rules! event {
    ($event:ident, $scope:ty, $owned:ty, $payload:ty, |$it:ident| $borrow:expr) => {
        impl sealed::Sealed for $event {}

        impl Event for $event {
            const KIND: EventKind = EventKind::$event;
            type Owned = $owned;
            type Payload<'a> = $payload;
            type Scope<'a> = $scope;

            fn payload($it: &mut Self::Owned) -> Self::Payload<'_> {
                $borrow
            }
        }
    };
}

event!(Upgrade, (), (), (), |_owned| ());
event!(Connect, LiveScope<'a>, (), (), |_owned| ());
event!(Message, LiveScope<'a>, message::Message, Payload<'a>, |owned| (&*owned)
    .into());
event!(Call, LiveScope<'a>, OwnedCall, CallPayload<'a>, |owned| owned.payload());
event!(Close, LiveScope<'a>, CloseReason, &'a CloseReason, |owned| owned);
event!(
    Session,
    LiveScope<'a>,
    Option<WebSocket>,
    &'a mut Option<WebSocket>,
    |owned| owned
);

impl LiveEvent for Connect {}
impl LiveEvent for Message {}
impl LiveEvent for Call {}
impl LiveEvent for Close {}
impl LiveEvent for Session {}

/// A call, owned between its text and its handler.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct OwnedCall {
    pub(crate) text: Utf8Bytes,
    pub(crate) method: &'static str,
    /// The place of the parameters in the text.
    pub(crate) params: Option<Range<usize>>,
}

/// A call, as its handler's arguments borrow it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct CallPayload<'a> {
    pub(crate) method: &'a str,
    pub(crate) params: Option<&'a str>,
}

impl OwnedCall {
    fn payload(&self) -> CallPayload<'_> {
        CallPayload {
            method: self.method,
            params: self.params.clone().map(|params| &self.text[params]),
        }
    }
}

/// The parts of an existing connection that arguments can take.
#[doc(hidden)]
#[derive(Debug)]
pub struct LiveScope<'a> {
    pub(crate) connector: &'a WebSocketConnector,
    pub(crate) state: StateLease<'a>,
}

/// One event, for the extractors of its handler's arguments.
pub struct EventContext<'a, E: Event> {
    /// The path of the endpoint, as its handlers write it.
    pub(crate) path: &'a str,
    pub(crate) dependencies: &'a Scopes,
    pub(crate) request: &'a UpgradeRequest,
    pub(crate) payload: E::Payload<'a>,
    pub(crate) scope: E::Scope<'a>,
}

impl<'a, E: Event> EventContext<'a, E> {
    /// Returns the path of the endpoint, with its parameters as the handler writes them: `/chat/{room}`.
    pub fn endpoint(&self) -> &'a str {
        self.path
    }

    /// Returns the URI of the upgrade request.
    pub fn uri(&self) -> &'a Uri {
        self.request.uri()
    }

    /// Returns the headers of the upgrade request.
    pub fn headers(&self) -> &'a HeaderMap {
        self.request.headers()
    }

    /// Returns the extensions of the upgrade request.
    pub fn extensions(&self) -> &'a Extensions {
        &self.request.extensions
    }

    /// Returns the app's value of type `T`, if one was injected.
    pub fn global<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.dependencies.global()
    }

    /// Returns the value of type `T` of the endpoint's sub-router, or of the nearest one around it.
    pub fn scoped<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.dependencies.scoped()
    }
}

impl<'a, E: LiveEvent> EventContext<'a, E> {
    /// Returns the connection.
    pub fn connector(&self) -> &'a WebSocketConnector {
        self.scope.connector
    }

    pub(crate) fn state(&mut self) -> &mut StateLease<'a> {
        &mut self.scope.state
    }
}

impl<'a> EventContext<'a, Message> {
    /// Returns the message. It is copied if it is still in the read buffer.
    pub fn message(&self) -> &'a message::Message {
        self.payload.message()
    }

    /// Returns the text: of a text message, or of a binary message that is valid UTF-8. Nothing is copied.
    pub fn text(&self) -> Option<&'a str> {
        self.payload.as_text()
    }

    /// Returns the payload: the bytes of a binary message, the UTF-8 bytes of a text. Nothing is copied.
    pub fn bytes(&self) -> &'a [u8] {
        self.payload.as_bytes()
    }
}

impl<'a> EventContext<'a, Call> {
    /// Returns the name of the called method.
    pub fn method(&self) -> &'a str {
        self.payload.method
    }

    /// Returns the parameters, an array or an object in JSON. `None` if the client has sent none, or null.
    pub fn params(&self) -> Option<&'a str> {
        self.payload.params
    }
}

impl<'a> EventContext<'a, Close> {
    /// Returns why the connection ends.
    pub fn close_reason(&self) -> &'a CloseReason {
        self.payload
    }
}

impl<E: Event> fmt::Debug for EventContext<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventContext")
            .field("event", &E::NAME)
            .field("endpoint", &self.path)
            .finish_non_exhaustive()
    }
}
