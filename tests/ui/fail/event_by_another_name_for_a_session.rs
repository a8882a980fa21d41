//! A session handler is one without an event: each error says to leave `on` away.

use robyn_ws::prelude::*;

#[websocket("/session", on = "session")]
async fn f_session(_socket: WebSocket) {}

#[websocket("/socket", on = "socket")]
async fn f_socket(_socket: WebSocket) {}

#[websocket("/websocket", on = "websocket")]
async fn f_websocket(_socket: WebSocket) {}

fn main() {}
