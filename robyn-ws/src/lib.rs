//! WebSocket servers as annotated functions, on axum.
//!
//! You annotate functions with a path and an event. A handler takes its arguments by type, and its return value is sent to
//! the client. [`App`] collects the handlers of the program and serves them, or builds an ordinary `axum::Router`.
//!
//! ```no_run
//! use robyn_ws::prelude::*;
//!
//! #[websocket("/web_socket", on = "connect")]
//! fn connect() -> &'static str { "Connected to ws" }
//!
//! #[websocket("/web_socket", on = "message")]
//! async fn message(ws: WebSocketConnector, msg: String) -> String {
//!     ws.others().async_broadcast(format!("somebody says {msg}")).await;
//!     format!("you said {msg}")
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), ServeError> {
//!     App::new().serve("127.0.0.1:8080").await
//! }
//! ```
//!
//! Pages: [Getting started](docs::getting_started) · [Handlers](docs::handlers) · [From Robyn](docs::from_robyn) ·
//! [From axum](docs::from_axum) · [State and dependencies](docs::state_and_dependencies) ·
//! [Rooms and broadcasts](docs::rooms_and_broadcasts) · [Newest values](docs::newest_values) · [People](docs::people) ·
//! [Calls](docs::calls) · [Errors and closing](docs::errors_and_closing) ·
//! [Testing](docs::testing) · [Behind a proxy](docs::behind_a_proxy) · [TLS and HTTP/2](docs::tls_and_http2) ·
//! [Deployment and drain](docs::deployment_and_drain) · [Logs and metrics](docs::logs_and_metrics) ·
//! [Supervisors](docs::supervisors) · [Several nodes](docs::several_nodes) · [Contracts](docs::contracts) · [Performance](docs::performance) ·
//! [Security](docs::security)
//!
//! # Features
//!
//! All features are off by default. Without its feature, an item does not exist: the compiler says "no method named `tls`".
//!
//! | feature | adds |
//! |---|---|
//! | `tls` | `App::tls`, `Tls` and their limits: serves with certificates |
//! | `http2` | HTTP/2 after `App::tls`, `App::h2c` and their limits: WebSockets over HTTP/2 (RFC 8441) |
//! | `deflate` | `App::compression`, `SubRouter::compression`, `Compression`: compresses messages (permessage-deflate, RFC 7692) |
//! | `backplane` | `App::backplane`, `Publisher`, `Backplane`: apps on more than one node |
//! | `nats` | `backplane`, and `Nats`: over [NATS](https://nats.io) |
//! | `redis` | `backplane`, and `Redis`: over [Redis](https://redis.io) or Valkey |
//! | `contract` | `App::contract` and the module `contract`: a description of all endpoints, and what is made from it |
//! | `metrics` | reports to the [`metrics`](https://docs.rs/metrics) facade |
//! | `test-util` | the module `test_util`: tests of an app without a port |
//!
//! ```toml
//! [dependencies]
//! robyn-ws = { git = "https://github.com/robyn-ws/robyn-ws", features = ["tls", "http2"] }
//! ```

// docs.rs shows beside an item which features it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod app;
#[cfg(feature = "backplane")]
mod backplane;
mod connection;
mod connector;
mod endpoint;
mod handler;
mod hub;
mod json_rpc;
mod mailbox;
mod types;
mod upgrade;
mod util;
mod wire;

#[cfg(feature = "test-util")]
pub mod test_util;

#[doc(hidden)]
pub mod __private;
#[cfg(feature = "contract")]
#[cfg_attr(docsrs, doc(cfg(feature = "contract")))]
pub mod contract;
pub mod prelude;

#[cfg(any(doc, doctest))]
pub mod docs;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use axum;
pub use robyn_ws_macros::{ConnectionState, call, websocket, websocket_view};

#[cfg(feature = "backplane")]
#[cfg_attr(docsrs, doc(cfg(feature = "backplane")))]
pub use self::backplane::{
    Backplane, BackplaneError, BackplaneFuture, Health, Inbox, Interest, Subject,
    key::BackplaneKey,
    publish_error::PublishError,
    publisher::{Publisher, RemoteAudience, RemoteConnection},
    reports::BackplaneCounters,
};
#[cfg(feature = "deflate")]
#[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
pub use self::types::compression::Compression;
#[cfg(feature = "backplane")]
#[cfg_attr(docsrs, doc(cfg(feature = "backplane")))]
pub use self::types::present::{Present, TrackError};
#[cfg(feature = "tls")]
#[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
pub use self::{app::tls::certificate::Tls, types::tls_error::TlsError};
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
        call_reply::IntoCallReply,
        event,
        extract::{
            FromEvent,
            dependency::{Global, GlobalRejection, Scoped},
            params::Params,
        },
        needs::Needs,
        reply::{HandlerError, HandlerResult, IntoReply},
        state::ConnectionState,
    },
    hub::{
        Counters, Hub, HubEndpoint, HubRejection,
        audience::{Audience, Delivery},
        keyed::KeyedAudience,
    },
    types::{
        backplane_delivery::BackplaneDelivery,
        call_error::CallError,
        close::{CloseReason, close_code},
        departed::{Departed, Departure},
        disconnected::Disconnected,
        error::{BuildError, BuildErrors, JsonError, SendError, SendJsonError, ServeError},
        error_object::call_code,
        id::{ConnectionId, ParseConnectionIdError},
        identity::Identity,
        limits::{IdentityOverflow, Limits, Overflow},
        membership::{Identified, Joined, Left, RoomChange},
        message::Message,
        rejection::Rejection,
        request::{PathParams, QueryParams},
        utf8_bytes::Utf8Bytes,
    },
    upgrade::origin::Origins,
};
#[cfg(feature = "nats")]
#[cfg_attr(docsrs, doc(cfg(feature = "nats")))]
pub use self::{backplane::nats::Nats, types::nats_error::NatsError};
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use self::{backplane::redis::Redis, types::redis_error::RedisError};
