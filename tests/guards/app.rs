//! The handlers that are counted. The program under callgrind has the same ones.

use robyn_ws::prelude::*;
use serde::Deserialize;

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

#[websocket("/quiet_bytes", on = "message")]
fn quiet_bytes(msg: &[u8]) -> Option<&'static str> {
    (msg == b"answer").then_some("answered")
}

#[derive(Deserialize)]
struct Say<'a> {
    text: &'a str,
}

#[websocket("/quiet_json", on = "message")]
fn quiet_json(Json(say): Json<Say<'_>>) -> Option<&'static str> {
    (say.text == "answer").then_some("answered")
}
