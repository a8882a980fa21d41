//! A chat in the browser: rooms, names, and notices of who joins and who leaves.
//! Run it: `cargo run --example chat`
//! Then open <http://127.0.0.1:8080> in two tabs, or type `python -m websockets "ws://127.0.0.1:8080/chat/cave?name=Robin"`

use robyn_ws::{
    JsonError,
    axum::{Router, response::Html, routing::get},
    prelude::*,
};
use serde::{Deserialize, Serialize};

/// The longest name, of a person or of a room, in characters. The page knows it, too.
const LONGEST_NAME: usize = 24;

/// The query of the URL. Nobody checks whether two have the same name; the example `auth` shows how to know who it is.
#[derive(Deserialize)]
struct Introduction {
    name: String,
}

/// Who is connected, and to which room. Only the upgrade handler makes it, so its names have been checked.
#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct Member {
    name: String,
    room: String,
}

/// What the page is told. Names and texts are sent as they are: it is the page that must not take them for HTML.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event<'a> {
    /// To a newcomer, as the first message.
    Welcome { room: &'a str, people: usize },
    /// To the others of the room.
    Joined { name: &'a str, people: usize },
    /// To the whole room, the speaker included, so that everyone sees the same order.
    Said { name: &'a str, text: &'a str },
    /// To those who are left.
    Left { name: &'a str, people: usize },
}

/// Refuses with HTTP 400 who has no proper name, before there is a connection.
#[websocket("/chat/{room}", on = "upgrade")]
fn enter(
    Path(room): Path<String>,
    Query(Introduction { name }): Query<Introduction>,
) -> Result<Member, (StatusCode, String)> {
    Ok(Member {
        name: proper("the name", &name)?,
        room: proper("the room", &room)?,
    })
}

fn proper(what: &str, name: &str) -> Result<String, (StatusCode, String)> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        let problem = format!("{what} has 1 to {LONGEST_NAME} characters\n");
        return Err((StatusCode::BAD_REQUEST, problem));
    }
    Ok(name.to_owned())
}

#[websocket("/chat/{room}", on = "connect")]
fn joined(ws: &WebSocketConnector, Member { name, room }: &Member) -> Result<Message, JsonError> {
    // All rooms of the chat are one endpoint: who is in which is up to us. Leaving happens by itself.
    ws.join(room);
    let people = ws.to(room).count();
    let joined = Message::json(&Event::Joined { name, people })?;
    ws.to(room).except(ws.id()).sync_broadcast(joined);
    Message::json(&Event::Welcome { room, people })
}

#[websocket("/chat/{room}", on = "message")]
async fn said(ws: WebSocketConnector, Member { name, room }: &Member, text: &str) -> Result<(), JsonError> {
    let text = text.trim();
    if !text.is_empty() {
        // The message is put into JSON and into a frame once, however many are in the room.
        let said = Message::json(&Event::Said { name, text })?;
        ws.to(room).async_broadcast(said).await;
    }
    Ok(())
}

/// Runs however the member went: with a goodbye, by closing the lid, or because the server goes down.
#[websocket("/chat/{room}", on = "close")]
fn left(ws: &WebSocketConnector, Member { name, room }: &Member) -> Result<(), JsonError> {
    let people = ws.to(room).count();
    ws.to(room)
        .sync_broadcast(Message::json(&Event::Left { name, people })?);
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    let page = Router::new().route("/", get(Html(include_str!("page.html"))));
    // Nobody needs long messages or many of them here. Who sends them is disconnected, with the reason.
    let limits = Limits::default().max_message_size(4 * 1024).max_messages_per_second(10);
    App::new()
        .http(page)
        .limits(limits)
        .serve(robyn_ws_examples::setup()?)
        .await
}
