//! `broadcast` is awaited or not, by its prefix, also to an audience.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(ws: &WebSocketConnector, hub: Hub, msg: String) {
    ws.others().broadcast(msg);
    hub.endpoint("/chat").broadcast("hello");
}

fn main() {}
