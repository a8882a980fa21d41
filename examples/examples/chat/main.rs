//! A chat in the browser, with rooms, names, and notices when people join and leave.
//! Run it: `cargo run --example chat`
//! Then open <http://127.0.0.1:8080> in two tabs, or type `python -m websockets "ws://127.0.0.1:8080/chat/cave?name=Robin"`
//! Needs: robyn-ws, serde (derive), tokio (full), tracing-subscriber; and `page.html` beside it

use robyn_ws::{
    axum::{Router, response::Html, routing::get},
    prelude::*,
};
use serde::{Deserialize, Serialize};

/// The longest name of a person or a room, in characters. The page has the same limit.
const LONGEST_NAME: usize = 24;

/// The query of the URL. Two people can have the same name; the example `auth` shows how to authenticate them.
#[derive(Deserialize)]
struct Introduction {
    name: String,
}

/// A person in a room. Only the upgrade handler creates it, so its names are checked.
#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct Member {
    name: String,
    room: String,
}

/// An event that the page shows. Names and texts are sent unchanged: the page must not treat them as HTML.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event<'a> {
    /// To a newcomer, as the first message.
    Welcome { room: &'a str, people: usize },
    /// To the others of the room.
    Joined { name: &'a str, people: usize },
    /// To the whole room, the speaker included, so that everyone sees the same order.
    Said { name: &'a str, text: &'a str },
    /// To the people who remain.
    Left { name: &'a str, people: usize },
}

/// Refuses an improper name with HTTP 400, before there is a connection.
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

/// Answers over plain HTTP as `enter` does: a browser does not tell its page why a connection was refused.
async fn check(room: Path<String>, introduction: Query<Introduction>) -> Result<(), (StatusCode, String)> {
    enter(room, introduction).map(drop)
}

#[websocket("/chat/{room}", on = "connect")]
fn joined(ws: &WebSocketConnector, Member { name, room }: &Member) -> Result<Message, HandlerError> {
    // All rooms of the chat are one endpoint. A connection joins its room here, and leaves it when it ends.
    ws.join(room);
    let people = ws.to(room).count();
    let joined = Message::json(&Event::Joined { name, people })?;
    ws.to(room).except(ws.id()).sync_broadcast(joined);
    Ok(Message::json(&Event::Welcome { room, people })?)
}

#[websocket("/chat/{room}", on = "message")]
async fn said(ws: WebSocketConnector, Member { name, room }: &Member, text: &str) -> Result<(), HandlerError> {
    let text = text.trim();
    if !text.is_empty() {
        // The message is encoded once for the whole room.
        let said = Message::json(&Event::Said { name, text })?;
        ws.to(room).async_broadcast(said).await;
    }
    Ok(())
}

/// Runs however the connection ended: by the person, by a network that failed, or by the server that stops.
#[websocket("/chat/{room}", on = "close")]
fn left(ws: &WebSocketConnector, Member { name, room }: &Member) -> Result<(), HandlerError> {
    let people = ws.to(room).count();
    ws.to(room)
        .sync_broadcast(Message::json(&Event::Left { name, people })?);
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let pages = Router::new()
        .route("/", get(Html(include_str!("page.html"))))
        .route("/check/{room}", get(check));
    // A chat needs neither long messages nor many of them. A client that sends them is disconnected with a reason.
    let limits = Limits::default().max_message_size(4 * 1024).max_messages_per_second(10);
    App::new().http(pages).limits(limits).serve(address).await
}
