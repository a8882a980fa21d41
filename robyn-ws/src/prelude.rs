//! Everything that handlers name: `use robyn_ws::prelude::*;`

pub use axum::{
    Json,
    extract::{ConnectInfo, Extension, FromRequestParts, Path, Query},
    http::{HeaderMap, StatusCode, Uri},
    response::IntoResponse,
};
pub use bytes::Bytes;

pub use crate::{
    App, Audience, BuildErrors, CloseReason, ConnectionId, ConnectionState, Delivery, Disconnected, FromEvent, Global,
    HandlerError, Hub, IntoReply, Limits, Message, Origins, Overflow, QueryParams, Rejection, Running, Scoped,
    SendError, ServeError, SubRouter, Utf8Bytes, WebSocket, WebSocketConnector, websocket,
};
