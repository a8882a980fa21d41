//! The handlers that are counted. The program under callgrind has the same ones.

use robyn_ws::prelude::*;
use serde::{Deserialize, Serialize};

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

#[derive(Deserialize)]
struct Said<'a> {
    user: &'a str,
    room: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct Answered<'a> {
    count: u64,
    user: &'a str,
    room: u32,
    text: &'a str,
}

#[derive(Default, ConnectionState)]
struct Visit {
    messages: u64,
}

impl Visit {
    fn answer<'a>(&mut self, said: &Said<'a>) -> Json<Answered<'a>> {
        self.messages += 1;
        Json(Answered {
            count: u64::from(self.messages > 0),
            user: said.user,
            room: said.room,
            text: said.text,
        })
    }
}

#[websocket("/typed", on = "message")]
fn typed<'a>(Json(said): Json<Said<'a>>, visit: &mut Visit) -> Json<Answered<'a>> {
    visit.answer(&said)
}

#[websocket("/calls", on = "call", method = "say")]
fn call<'a>(Params(said): Params<Said<'a>>, visit: &mut Visit) -> Json<Answered<'a>> {
    visit.answer(&said)
}
