//! The handlers that are counted. The program under callgrind has the same ones.

use robyn_ws::prelude::*;

#[websocket("/echo", on = "message")]
fn echo(msg: Utf8Bytes) -> Utf8Bytes {
    msg
}

#[websocket("/fan_out", on = "message")]
fn fan_out(ws: &WebSocketConnector, msg: Utf8Bytes) {
    ws.sync_broadcast(msg);
}

#[websocket("/quiet", on = "message")]
fn quiet(msg: &str) -> Option<&'static str> {
    (msg == "answer").then_some("answered")
}
