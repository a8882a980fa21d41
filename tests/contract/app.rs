//! An app with a handler of each kind.

use std::borrow::Cow;

use robyn_ws::{contract::Contract, prelude::*};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) static CHAT: SubRouter = SubRouter::new("/chat");

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Say<'a> {
    pub(crate) text: Cow<'a, str>,
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum Event {
    /// Somebody has said something.
    Said {
        text: String,
        at: u64,
    },
    Left,
}

/// Has no schema.
#[derive(Serialize)]
pub(crate) struct Unknown;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Page {
    #[serde(default)]
    page: Option<u32>,
}

/// The same name, and read otherwise than it is written.
#[derive(Deserialize, Serialize, JsonSchema)]
pub(crate) struct Profile {
    name: String,
    #[serde(default)]
    nickname: String,
}

#[derive(Default, ConnectionState)]
pub(crate) struct Session {
    said: u32,
}

type Reply = Result<Option<Json<Event>>, HandlerError>;

/// Greets who comes.
///
/// In two paragraphs.
#[websocket("/{room}", on = "connect", router = CHAT)]
fn connect(Path(room): Path<String>, Query(page): Query<Page>) -> String {
    format!("{room} {:?}", page.page)
}

/// Takes what is said.
#[websocket(
    "/{room}",
    on = "message",
    router = CHAT,
    sends(Unknown, String)
)]
fn message(ws: &WebSocketConnector, msg: Json<Say<'_>>, session: &mut Session) -> Reply {
    session.said += 1;
    let said = Event::Said {
        text: format!("{} {}", ws.id(), msg.text),
        at: session.said.into(),
    };
    Ok(Some(Json(if msg.text.is_empty() { Event::Left } else { said })))
}

/// Adds two numbers.
#[websocket(
    "/{room}/calls",
    on = "call",
    method = "add",
    router = CHAT,
    sends("joined"(String), "ask"(Profile) -> bool, "tick"())
)]
async fn add(Params((one, other)): Params<(i64, i64)>) -> Result<i64, CallError> {
    one.checked_add(other).ok_or_else(|| CallError::new(1, "too large"))
}

#[websocket("/{room}/calls", on = "call", method = "profile", router = CHAT, sends("joined"(bool)))]
fn profile(Params(profile): Params<Profile>) -> Option<Json<Profile>> {
    Some(Json(profile)).filter(|profile| !profile.0.name.is_empty() && profile.0.nickname.is_empty())
}

#[websocket("/bytes", on = "message", router = CHAT)]
fn bytes(msg: Result<Option<&[u8]>, Rejection>) -> Vec<u8> {
    msg.ok().flatten().unwrap_or_default().to_vec()
}

#[websocket("/session", router = CHAT)]
async fn session(mut socket: WebSocket) {
    while socket.receive().await.is_ok() {}
}

#[derive(Default, ConnectionState)]
struct Counter {
    count: u32,
}

#[websocket_view("/counter", router = CHAT, sends(Event))]
impl Counter {
    /// Counts.
    fn connect(&mut self) -> Option<String> {
        self.count += 1;
        (self.count > 1).then(String::new)
    }

    #[call]
    fn sum(&self, Params(numbers): Params<Vec<u32>>) -> u32 {
        numbers.iter().sum::<u32>() + self.count
    }
}

pub(crate) fn app() -> App {
    App::new().include_router(CHAT.limits(Limits::default().max_message_size(1000)))
}

pub(crate) fn contract() -> Contract {
    app().contract()
}

pub(crate) fn json() -> serde_json::Value {
    serde_json::from_str(&contract().to_json()).expect("JSON")
}
