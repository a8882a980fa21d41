#![doc = include_str!("../README.md")]

mod app;
mod connection;
mod connector;
mod endpoint;
mod handler;
mod hub;
mod mailbox;
mod types;
mod upgrade;
mod util;
mod wire;

#[cfg(feature = "test-util")]
pub mod test_util;

#[doc(hidden)]
pub mod __private;
pub mod prelude;

#[cfg(any(doc, doctest))]
#[doc = include_str!("docs/performance.md")]
pub mod performance {}

#[cfg(any(doc, doctest))]
#[doc = include_str!("docs/behind_a_proxy.md")]
pub mod behind_a_proxy {}

pub use axum;
pub use robyn_ws_macros::{ConnectionState, websocket};

pub use self::{
    app::{
        App, BuiltApp,
        shutdown::{Drained, Shutdown},
    },
    connector::{
        WebSocketConnector,
        web_socket::{Closing, WebSocket},
    },
    endpoint::router::{IncludedRouter, SubRouter},
    handler::{
        event,
        extract::{
            FromEvent,
            dependency::{Global, GlobalRejection, Scoped},
        },
        needs::Needs,
        reply::{HandlerError, HandlerResult, IntoReply},
        state::ConnectionState,
    },
    hub::{
        Counters, Hub, HubEndpoint, HubRejection,
        audience::{Audience, Delivery},
        members::{Joined, Left},
    },
    types::{
        close::{CloseReason, close_code},
        disconnected::Disconnected,
        error::{BuildError, BuildErrors, JsonError, SendError, SendJsonError, ServeError},
        id::{ConnectionId, ParseConnectionIdError},
        limits::{Limits, Overflow},
        message::Message,
        rejection::Rejection,
        request::{PathParams, QueryParams},
        utf8_bytes::Utf8Bytes,
    },
    upgrade::origin::Origins,
};
