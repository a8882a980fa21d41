#![doc = include_str!("../README.md")]
// docs.rs shows beside an item which features it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod app;
mod router;
mod serve;
mod shutdown;
mod signals;

mod endpoint;
mod handshake;
mod origin;
mod registry;
mod resolve;
mod selection;
mod switching;
mod upgrade;

mod connection;

mod dependencies;
pub mod event;
mod extract;
mod reply;
mod state;

mod audience;
mod connector;
mod hub;
mod mailbox;

mod authority;
mod blocking;
mod borrowed;
mod close;
mod error;
mod frame;
mod id;
mod isolate;
mod limits;
mod log;
mod message;
mod printable;
mod queue;
mod request;
mod sync;
mod telemetry;
mod time;

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
pub use tokio_tungstenite::tungstenite::Utf8Bytes;

pub use self::{
    app::{App, Running},
    audience::{Audience, Delivery},
    close::{CloseReason, close_code},
    connection::session::{Closing, Disconnected, WebSocket},
    connector::WebSocketConnector,
    error::{BuildError, BuildErrors, SendError, ServeError},
    extract::{FromEvent, Global, Needs, Rejection, Scoped},
    hub::{Counters, Hub, HubEndpoint, HubRejection},
    id::{ConnectionId, ParseConnectionIdError},
    limits::{Limits, Overflow},
    message::Message,
    origin::Origins,
    reply::{HandlerError, HandlerResult, IntoReply},
    request::{PathParams, QueryParams},
    router::{IncludedRouter, SubRouter},
    shutdown::{Drained, Shutdown},
    state::ConnectionState,
};
