//! The names that handlers use: `use robyn_ws::prelude::*;`

pub use axum::{
    Json,
    extract::{ConnectInfo, Extension, FromRef, FromRequestParts, Path, Query, State},
    http::{HeaderMap, StatusCode, Uri},
    response::IntoResponse,
};
pub use bytes::Bytes;

pub use crate::{
    App, Audience, BuildErrors, BuiltApp, CallError, CloseReason, ConnectionId, ConnectionState, Delivery, Departed,
    Disconnected, FromEvent, Global, HandlerError, HandlerResult, Hub, HubEndpoint, Identified, Identity,
    IdentityOverflow, IntoReply, Joined, JsonError, KeyedAudience, Left, Limits, Message, Origins, Overflow, Params,
    QueryParams, Rejection, Scoped, SendError, SendJsonError, ServeError, SubRouter, Utf8Bytes, WebSocket,
    WebSocketConnector, call, websocket, websocket_view,
};

#[cfg(feature = "deflate")]
#[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
pub use crate::Compression;
#[cfg(feature = "backplane")]
#[cfg_attr(docsrs, doc(cfg(feature = "backplane")))]
pub use crate::{BackplaneDelivery, BackplaneKey, Publisher};
#[cfg(feature = "nats")]
#[cfg_attr(docsrs, doc(cfg(feature = "nats")))]
pub use crate::{Nats, NatsError};
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use crate::{Redis, RedisError};
#[cfg(feature = "tls")]
#[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
pub use crate::{Tls, TlsError};
