//! TLS and HTTP/2, by the server of `App::serve`.

mod answers;
mod certificates;
mod cookies;
mod ends;
mod frames;
mod handshakes;
mod hostile;
mod http2;
mod introduced;
mod tls;
mod versions;
mod windows;

use robyn_ws::prelude::*;
use robyn_ws_tests::Probe;

/// The endpoints of these tests.
static EDGE: SubRouter = SubRouter::new("/edge");

#[websocket("/echo", on = "message", router = EDGE)]
fn echo(msg: Message) -> Message {
    msg
}

#[websocket("/noted", on = "connect", router = EDGE)]
fn connect(probe: Global<Probe>) {
    probe.note("connect");
}

#[websocket("/noted", on = "message", router = EDGE)]
fn message(msg: String) -> String {
    msg
}

#[websocket("/noted", on = "close", router = EDGE)]
fn close(reason: CloseReason, probe: Global<Probe>) {
    probe.note(format!("{reason:?}"));
}

#[websocket("/who", on = "connect", router = EDGE)]
fn who(ws: &WebSocketConnector) -> String {
    ws.peer_addr()
        .map_or_else(|| "nobody".to_owned(), |peer| peer.to_string())
}

/// Takes no message, and gives as many bytes as it is asked for.
#[websocket("/stalled", on = "message", router = EDGE)]
async fn stalled(ws: WebSocketConnector, msg: String) -> Result<(), SendError> {
    let length = msg.parse().unwrap_or_default();
    ws.async_send("x".repeat(length)).await?;
    std::future::pending().await
}

fn app(probe: Probe) -> App {
    App::new().inject_global(probe).include_router(&EDGE)
}
