//! What a handler can take: for each event, by value, by reference, in an `Option` and in a `Result`.

#![deny(warnings)]

use std::net::SocketAddr;

use robyn_ws::prelude::*;
use serde::Deserialize;

#[derive(Clone)]
struct Justice;

#[derive(Deserialize)]
struct Ticket {
    token: String,
}

#[derive(Default, ConnectionState)]
struct User;

#[derive(Default, ConnectionState)]
struct Seat(u32);

static LEAGUE: SubRouter = SubRouter::new("/league");

mod upgrade {
    //! What an upgrade handler can take: axum's extractors of request parts, and what every event offers.

    use std::convert::Infallible;

    use robyn_ws::axum::http::{Method, request::Parts};

    use super::*;

    /// An extractor of one's own is an extractor of axum's.
    struct Host(Option<String>);

    impl<S: Sync> FromRequestParts<S> for Host {
        type Rejection = Infallible;

        async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
            Ok(Self(parts.uri.host().map(str::to_owned)))
        }
    }

    #[websocket("/values/{room}", on = "upgrade", router = LEAGUE)]
    fn values(
        _global: Global<Justice>,
        _scoped: Scoped<Justice>,
        Path(_room): Path<String>,
        Query(_ticket): Query<Ticket>,
        _headers: HeaderMap,
        _uri: Uri,
        _method: Method,
        Extension(_justice): Extension<Justice>,
        ConnectInfo(_peer): ConnectInfo<SocketAddr>,
        host: Host,
    ) {
        drop(host.0);
    }

    #[websocket("/references", on = "upgrade")]
    async fn references(_headers: &HeaderMap, uri: &Uri) {
        std::future::ready(uri.path()).await;
    }

    #[websocket("/options/{room}", on = "upgrade")]
    fn options(
        _global: Option<Global<Justice>>,
        _scoped: Option<Scoped<Justice>>,
        _room: Option<Path<String>>,
        _ticket: Option<Query<Ticket>>,
        _justice: Option<Extension<Justice>>,
        _peer: Option<ConnectInfo<SocketAddr>>,
    ) {
    }

    #[websocket("/results/{room}", on = "upgrade")]
    fn results(
        _global: Result<Global<Justice>, Rejection>,
        _scoped: Result<Scoped<Justice>, Rejection>,
        _room: Result<Path<String>, Rejection>,
        ticket: Result<Query<Ticket>, Rejection>,
        _justice: Result<Extension<Justice>, Rejection>,
        _peer: Result<ConnectInfo<SocketAddr>, Rejection>,
        _host: Result<Host, Rejection>,
    ) -> Result<(), String> {
        let Query(ticket) = ticket.map_err(|rejection| rejection.to_string())?;
        if ticket.token.is_empty() {
            Err("no token".to_owned())
        } else {
            Ok(())
        }
    }
}

mod connect {
    //! What a connect handler can take.

    use super::*;

    #[websocket("/values/{room}", on = "connect", router = LEAGUE)]
    fn values(
        _ws: WebSocketConnector,
        _global: Global<Justice>,
        _scoped: Scoped<Justice>,
        Path(_room): Path<String>,
        Query(_ticket): Query<Ticket>,
        Extension(_justice): Extension<Justice>,
        ConnectInfo(_peer): ConnectInfo<SocketAddr>,
    ) {
    }

    #[websocket("/references", on = "connect")]
    async fn references(ws: &WebSocketConnector, _headers: &HeaderMap, _uri: &Uri, _user: &User, seat: &mut Seat) {
        std::future::ready(()).await;
        seat.0 += u32::from(ws.is_open());
    }

    #[websocket("/options/{room}", on = "connect")]
    fn options(
        _global: Option<Global<Justice>>,
        _scoped: Option<Scoped<Justice>>,
        _room: Option<Path<String>>,
        _ticket: Option<Query<Ticket>>,
        _justice: Option<Extension<Justice>>,
        _peer: Option<ConnectInfo<SocketAddr>>,
        _user: Option<&User>,
        _seat: Option<&mut Seat>,
    ) {
    }

    #[websocket("/results/{room}", on = "connect")]
    fn results(
        _global: Result<Global<Justice>, Rejection>,
        _scoped: Result<Scoped<Justice>, Rejection>,
        _room: Result<Path<String>, Rejection>,
        ticket: Result<Query<Ticket>, Rejection>,
        _justice: Result<Extension<Justice>, Rejection>,
        _peer: Result<ConnectInfo<SocketAddr>, Rejection>,
        _user: Result<&User, Rejection>,
        _seat: Result<&mut Seat, Rejection>,
    ) -> Result<String, Rejection> {
        let Query(ticket) = ticket?;
        Ok(ticket.token)
    }
}

mod message {
    //! What a message handler can take: the message in many forms, and what every event of a connection offers.

    use super::*;

    #[websocket("/values/{room}", on = "message", router = LEAGUE)]
    fn values(
        _msg: String,
        _ws: WebSocketConnector,
        _global: Global<Justice>,
        _scoped: Scoped<Justice>,
        Path(_room): Path<String>,
        Query(_ticket): Query<Ticket>,
        Extension(_justice): Extension<Justice>,
        ConnectInfo(_peer): ConnectInfo<SocketAddr>,
    ) {
    }

    #[websocket("/references", on = "message")]
    async fn references(
        _msg: &str,
        ws: &WebSocketConnector,
        _headers: &HeaderMap,
        _uri: &Uri,
        _user: &User,
        seat: &mut Seat,
    ) {
        std::future::ready(()).await;
        seat.0 += u32::from(ws.is_open());
    }

    #[websocket("/options/{room}", on = "message")]
    fn options(
        _msg: Option<Json<Ticket>>,
        _global: Option<Global<Justice>>,
        _scoped: Option<Scoped<Justice>>,
        _room: Option<Path<String>>,
        _ticket: Option<Query<Ticket>>,
        _justice: Option<Extension<Justice>>,
        _peer: Option<ConnectInfo<SocketAddr>>,
        _user: Option<&User>,
        _seat: Option<&mut Seat>,
    ) {
    }

    #[websocket("/results/{room}", on = "message")]
    fn results(
        _msg: Result<Json<Ticket>, Rejection>,
        _global: Result<Global<Justice>, Rejection>,
        _scoped: Result<Scoped<Justice>, Rejection>,
        _room: Result<Path<String>, Rejection>,
        ticket: Result<Query<Ticket>, Rejection>,
        _justice: Result<Extension<Justice>, Rejection>,
        _peer: Result<ConnectInfo<SocketAddr>, Rejection>,
        _user: Result<&User, Rejection>,
        _seat: Result<&mut Seat, Rejection>,
    ) -> Result<String, Rejection> {
        let Query(ticket) = ticket?;
        Ok(ticket.token)
    }

    /// The message in each form. One handler can take several of them.
    #[websocket("/texts", on = "message")]
    fn texts(_borrowed: &str, _owned: String, _shared: Utf8Bytes) {}

    #[websocket("/bytes", on = "message")]
    fn bytes(_borrowed: &[u8], _owned: Vec<u8>, _shared: Bytes) {}

    #[websocket("/messages", on = "message")]
    fn messages(_borrowed: &Message, _owned: Message) {}

    #[websocket("/json", on = "message")]
    fn json(Json(_ticket): Json<Ticket>, _again: Json<Vec<u8>>) {}

    #[websocket("/maybe", on = "message")]
    fn maybe(
        _text: Option<&str>,
        _bytes: Option<&[u8]>,
        _owned: Option<String>,
        _shared: Result<Utf8Bytes, Rejection>,
    ) {
    }
}

mod close {
    //! What a close handler can take: why the connection has ended, and what every event of a connection offers.

    use super::*;

    #[websocket("/values/{room}", on = "close", router = LEAGUE)]
    fn values(
        _reason: CloseReason,
        _ws: WebSocketConnector,
        _global: Global<Justice>,
        _scoped: Scoped<Justice>,
        Path(_room): Path<String>,
        Query(_ticket): Query<Ticket>,
        Extension(_justice): Extension<Justice>,
        ConnectInfo(_peer): ConnectInfo<SocketAddr>,
    ) {
    }

    #[websocket("/references", on = "close")]
    async fn references(
        _reason: &CloseReason,
        ws: &WebSocketConnector,
        _headers: &HeaderMap,
        _uri: &Uri,
        _user: &User,
        seat: &mut Seat,
    ) {
        std::future::ready(()).await;
        seat.0 += u32::from(ws.is_open());
    }

    #[websocket("/options/{room}", on = "close")]
    fn options(
        _reason: Option<CloseReason>,
        _global: Option<Global<Justice>>,
        _scoped: Option<Scoped<Justice>>,
        _room: Option<Path<String>>,
        _ticket: Option<Query<Ticket>>,
        _justice: Option<Extension<Justice>>,
        _peer: Option<ConnectInfo<SocketAddr>>,
        _user: Option<&User>,
        _seat: Option<&mut Seat>,
    ) {
    }

    #[websocket("/results/{room}", on = "close")]
    fn results(
        _reason: Result<&CloseReason, Rejection>,
        _global: Result<Global<Justice>, Rejection>,
        _scoped: Result<Scoped<Justice>, Rejection>,
        _room: Result<Path<String>, Rejection>,
        ticket: Result<Query<Ticket>, Rejection>,
        _justice: Result<Extension<Justice>, Rejection>,
        _peer: Result<ConnectInfo<SocketAddr>, Rejection>,
        _user: Result<&User, Rejection>,
        _seat: Result<&mut Seat, Rejection>,
    ) -> Result<String, Rejection> {
        let Query(ticket) = ticket?;
        Ok(ticket.token)
    }
}

mod session {
    //! What a session handler can take: the socket, and what every event of a connection offers.

    use super::*;

    #[websocket("/session/values/{room}", router = LEAGUE)]
    async fn values(
        _socket: WebSocket,
        _ws: WebSocketConnector,
        _global: Global<Justice>,
        _scoped: Scoped<Justice>,
        Path(_room): Path<String>,
        Query(_ticket): Query<Ticket>,
        Extension(_justice): Extension<Justice>,
        ConnectInfo(_peer): ConnectInfo<SocketAddr>,
    ) {
    }

    #[websocket("/session/references")]
    async fn references(
        _socket: WebSocket,
        ws: &WebSocketConnector,
        _headers: &HeaderMap,
        _uri: &Uri,
        _user: &User,
        seat: &mut Seat,
    ) {
        std::future::ready(()).await;
        seat.0 += u32::from(ws.is_open());
    }

    #[websocket("/session/options/{room}")]
    async fn options(
        _socket: Option<WebSocket>,
        _global: Option<Global<Justice>>,
        _scoped: Option<Scoped<Justice>>,
        _room: Option<Path<String>>,
        _ticket: Option<Query<Ticket>>,
        _justice: Option<Extension<Justice>>,
        _peer: Option<ConnectInfo<SocketAddr>>,
        _user: Option<&User>,
        _seat: Option<&mut Seat>,
    ) {
    }

    #[websocket("/session/results/{room}")]
    async fn results(
        _socket: Result<WebSocket, Rejection>,
        _global: Result<Global<Justice>, Rejection>,
        _scoped: Result<Scoped<Justice>, Rejection>,
        _room: Result<Path<String>, Rejection>,
        ticket: Result<Query<Ticket>, Rejection>,
        _justice: Result<Extension<Justice>, Rejection>,
        _peer: Result<ConnectInfo<SocketAddr>, Rejection>,
        _user: Result<&User, Rejection>,
        _seat: Result<&mut Seat, Rejection>,
    ) -> Result<String, Rejection> {
        let Query(ticket) = ticket?;
        Ok(ticket.token)
    }
}

fn main() -> Result<(), BuildErrors> {
    let app = App::new().inject_global(Justice).include_router(LEAGUE.inject(Justice));
    app.build()?;
    Ok(())
}
