//! robyn-ws, through its attribute and nothing else.

#![expect(clippy::needless_pass_by_value, reason = "handlers have the shapes that users write")]

use std::net::SocketAddr;

use anyhow::Result;
use robyn_ws::{JsonError, prelude::*};
use serde_json::value::{RawValue, to_raw_value};

use crate::typed::{Answered, LEAGUE, League, Said};

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

#[derive(Default, ConnectionState)]
struct Visit {
    messages: u64,
}

#[websocket("/typed", on = "message")]
fn typed(Json(said): Json<Said<'_>>, visit: &mut Visit, league: Global<League>) -> Result<Message, JsonError> {
    visit.messages += 1;
    Message::json(&Answered::new(&league, &said))
}

#[websocket("/typed_fan_out", on = "message")]
fn typed_fan_out(
    ws: &WebSocketConnector,
    Json(said): Json<Said<'_>>,
    visit: &mut Visit,
    league: Global<League>,
) -> Result<(), JsonError> {
    visit.messages += 1;
    ws.sync_broadcast(Message::json(&Answered::new(&league, &said))?);
    Ok(())
}

#[websocket("/calls", on = "call", method = "say")]
fn call(
    Params(said): Params<Said<'_>>,
    visit: &mut Visit,
    league: Global<League>,
) -> Result<Box<RawValue>, serde_json::Error> {
    visit.messages += 1;
    to_raw_value(&Answered::new(&league, &said))
}

pub(crate) async fn serve(address: SocketAddr) -> Result<()> {
    App::new().inject_global(LEAGUE).serve(address).await?;
    Ok(())
}
