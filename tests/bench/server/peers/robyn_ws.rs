//! robyn-ws, through its attribute and nothing else.

#![expect(clippy::needless_pass_by_value, reason = "handlers have the shapes that users write")]

use std::net::SocketAddr;

use anyhow::Result;
use robyn_ws::prelude::*;
use robyn_ws_bench::CITY;
use serde::{Deserialize, Serialize};

#[websocket("/echo", on = "message")]
fn echo(msg: Utf8Bytes) -> Utf8Bytes {
    msg
}

#[websocket("/fan_out", on = "message")]
fn fan_out(ws: &WebSocketConnector, msg: Utf8Bytes) {
    ws.sync_broadcast(msg);
}

#[websocket("/rooms/{room}", on = "connect")]
fn enter(ws: &WebSocketConnector, Path(room): Path<String>) {
    ws.join(room);
}

#[websocket("/rooms/{room}", on = "message")]
fn say(ws: &WebSocketConnector, Path(room): Path<String>, msg: Utf8Bytes) {
    ws.to(room).sync_broadcast(msg);
}

struct League {
    city: &'static str,
}

#[derive(Default, ConnectionState)]
struct Visit {
    messages: u64,
}

#[derive(Deserialize)]
struct Said<'a> {
    user: &'a str,
    room: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct Answered<'a> {
    city: &'a str,
    user: &'a str,
    room: u32,
    text: &'a str,
}

impl<'a> Answered<'a> {
    fn new(league: &'a League, said: &Said<'a>) -> Self {
        Self {
            city: league.city,
            user: said.user,
            room: said.room,
            text: said.text,
        }
    }
}

#[websocket("/typed", on = "message")]
fn typed(Json(said): Json<Said<'_>>, visit: &mut Visit, league: Global<League>) -> Result<Message, serde_json::Error> {
    visit.messages += 1;
    Message::json(&Answered::new(&league, &said))
}

#[websocket("/typed_fan_out", on = "message")]
fn typed_fan_out(
    ws: &WebSocketConnector,
    Json(said): Json<Said<'_>>,
    visit: &mut Visit,
    league: Global<League>,
) -> Result<(), serde_json::Error> {
    visit.messages += 1;
    ws.sync_broadcast(Message::json(&Answered::new(&league, &said))?);
    Ok(())
}

pub(crate) async fn serve(address: SocketAddr) -> Result<()> {
    App::new().inject_global(League { city: CITY }).serve(address).await?;
    Ok(())
}
