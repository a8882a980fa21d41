//! A chat on several nodes: rooms, messages and who is here are the same on all of them.
//! Run it: `cargo run --example cluster`
//! Then start another node, `cargo run --example cluster -- 127.0.0.1:8081`, and open <http://127.0.0.1:8080/?name=ada> and <http://127.0.0.1:8081/?name=bob>. Both need `nats-server`
//! Needs: robyn-ws (nats), serde (derive), tokio (full), tracing-subscriber

use std::{env, error::Error};

use robyn_ws::{
    BackplaneKey, Nats, TrackError,
    axum::{Router, response::Html, routing::get},
    prelude::*,
};
use serde::{Deserialize, Serialize};

const PATH: &str = "/chat/{room}";

#[derive(Deserialize)]
struct Introduction {
    name: String,
}

/// The text by which a page asks who is here.
const WHO_IS_HERE: &str = "/people";

/// What somebody says, on any node.
#[derive(Serialize)]
struct Said<'a> {
    name: &'a str,
    text: &'a str,
}

/// Who is in the room, on all nodes, as far as the node of the page knows.
#[derive(Serialize)]
struct People {
    people: Vec<Identity>,
}

/// A name stands for a person here. The example `auth` shows how to authenticate people.
#[websocket(PATH, on = "upgrade")]
fn enter(Query(Introduction { name }): Query<Introduction>) -> Identity {
    Identity::new(name)
}

#[websocket(PATH, on = "connect")]
fn came(ws: &WebSocketConnector, Path(room): Path<String>) -> Result<(), TrackError> {
    let joined = ws.join(&room);
    ws.track(&room, "here")?;
    if joined.first_of_identity {
        tell(ws, &room, "is here")?;
    }
    Ok(())
}

/// The list is for the page that asks, and never part of a broadcast: another node may know more than this one, which hears of
/// the others' people a moment after its first member has come, and not at all after its last one has left.
#[websocket(PATH, on = "message")]
fn said(ws: &WebSocketConnector, Path(room): Path<String>, text: &str) -> Result<Option<Message>, JsonError> {
    if text != WHO_IS_HERE {
        tell(ws, &room, text)?;
        return Ok(None);
    }
    let present = ws.to(&room).presence();
    let people = present.iter().map(|person| person.identity().clone()).collect();
    Message::json(&People { people }).map(Some)
}

#[websocket(PATH, on = "close")]
fn gone(ws: &WebSocketConnector, departed: Departed) -> Result<(), JsonError> {
    for departure in departed.filter(|departure| departure.last_of_identity) {
        tell(ws, &departure.room, "has left")?;
    }
    Ok(())
}

/// Tells the members of a room on all nodes what somebody says or does.
fn tell(ws: &WebSocketConnector, room: &str, text: &str) -> Result<(), JsonError> {
    let who = ws.identity().unwrap_or_else(|| "somebody".into());
    let name = who.as_str();
    ws.to(room).sync_broadcast_json(&Said { name, text })?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let address = env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let broker = env::var("NATS_URL").unwrap_or("nats://127.0.0.1:4222".into());
    App::new()
        .backplane(Nats::connect_lazy(&broker)?)
        // From the secrets of the deployment: who has it can speak as a node.
        .backplane_key(BackplaneKey::new("only for this example"))
        .http(Router::new().route("/", get(Html(PAGE))))
        .serve(address)
        .await?;
    Ok(())
}

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<title>A chat on several nodes</title>
<h1>Kitchen</h1>
<p>Here: <span id="people"></span></p>
<form id="form"><label>Say <input id="text" required autofocus></label> <button>Send</button></form>
<ul id="log" aria-live="polite"></ul>
<script type="module">
  const name = new URLSearchParams(location.search).get("name") ?? "guest";
  const show = (text) => {
    const item = document.createElement("li");
    item.textContent = text;
    document.getElementById("log").prepend(item);
  };
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/chat/kitchen?${new URLSearchParams({ name })}`);
  socket.onmessage = ({ data }) => {
    const { name, text, people } = JSON.parse(data);
    if (people) document.getElementById("people").textContent = people.join(", ");
    else show(`${name}: ${text}`);
  };
  const ask = () => socket.readyState === WebSocket.OPEN && socket.send("/people");
  socket.onopen = ask;
  setInterval(ask, 1000);
  socket.onclose = () => show("not connected: load the page again");
  document.getElementById("form").onsubmit = (event) => {
    event.preventDefault();
    socket.send(document.getElementById("text").value);
    event.target.reset();
  };
</script>
</html>
"#;
