//! Everything that handlers name: `use robyn_ws::prelude::*;`

pub use axum::{
    Json,
    extract::{ConnectInfo, Extension, FromRequestParts, Path, Query},
    http::{HeaderMap, StatusCode, Uri},
    response::IntoResponse,
};
pub use bytes::Bytes;

pub use crate::{
    Utf8Bytes,
    app::{App, Running},
    connector::{WebSocketConnector, web_socket::WebSocket},
    endpoint::router::SubRouter,
    handler::{
        extract::{
            FromEvent,
            dependency::{Global, Scoped},
        },
        reply::{HandlerError, IntoReply},
        state::ConnectionState,
    },
    hub::{
        Hub,
        audience::{Audience, Delivery},
    },
    types::{
        close::CloseReason,
        disconnected::Disconnected,
        error::{BuildErrors, SendError, ServeError},
        id::ConnectionId,
        limits::{Limits, Overflow},
        message::Message,
        rejection::Rejection,
        request::QueryParams,
    },
    upgrade::origin::Origins,
    websocket,
};
