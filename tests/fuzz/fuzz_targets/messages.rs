//! Proves that any payload is either taken as the type that the handler wants, or closes with the code that says why not.
//!
//! An input's first byte chooses the handler, its second whether the message is text; the rest is the payload.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use robyn_ws::{
    App, Message, Rejection, Utf8Bytes, WebSocket,
    axum::{Json, body::Bytes},
    websocket,
};
use robyn_ws_fuzz::{Seen, SharedApp, build, connect, run};
use serde::{Deserialize, Serialize};
use tokio_tungstenite::tungstenite;

#[derive(Deserialize)]
struct Say<'a> {
    name: &'a str,
    number: i8,
}

#[derive(Deserialize, Serialize)]
struct Said {
    name: String,
    number: Option<f64>,
}

#[websocket("/str", on = "message")]
fn str_slice(message: &str) -> String {
    message.to_owned()
}

#[websocket("/string", on = "message")]
fn string(message: String) -> String {
    message
}

#[websocket("/utf8", on = "message")]
fn utf8(message: Utf8Bytes) -> Utf8Bytes {
    message
}

#[websocket("/slice", on = "message")]
fn slice(message: &[u8]) -> Vec<u8> {
    message.to_vec()
}

#[websocket("/vec", on = "message")]
fn vec(message: Vec<u8>) -> Vec<u8> {
    message
}

#[websocket("/bytes", on = "message")]
async fn bytes(message: Bytes) -> Bytes {
    message
}

#[websocket("/message", on = "message")]
fn message(message: Message) -> Message {
    message
}

#[websocket("/borrowed", on = "message")]
fn borrowed(Json(say): Json<Say<'_>>) -> String {
    shown(&say)
}

#[websocket("/owned", on = "message")]
async fn owned(Json(said): Json<Said>) -> Json<Said> {
    Json(said)
}

#[websocket("/option", on = "message")]
fn option(say: Option<Json<Say<'_>>>) -> String {
    say.map_or_else(|| "none".to_owned(), |Json(say)| shown(&say))
}

#[websocket("/result", on = "message")]
fn result(message: Result<&str, Rejection>) -> String {
    message.map_or_else(|rejection| rejection.code().to_string(), str::to_owned)
}

#[websocket("/session")]
async fn session(mut socket: WebSocket) -> Result<(), robyn_ws::Disconnected> {
    let said = socket.receive_json::<Said>().await?;
    socket.send_json(&said).await
}

fn shown(say: &Say<'_>) -> String {
    format!("{} {}", say.name, say.number)
}

/// What has to come back for a payload: a message, or the code of the Close frame.
type Expected = fn(&[u8], bool) -> Result<Seen, u16>;

const HANDLERS: [(&str, Expected); 12] = [
    ("/str", as_text),
    ("/string", as_text),
    ("/utf8", as_text),
    ("/slice", |payload, _| Ok(Seen::Binary(payload.to_vec()))),
    ("/vec", |payload, _| Ok(Seen::Binary(payload.to_vec()))),
    ("/bytes", |payload, _| Ok(Seen::Binary(payload.to_vec()))),
    ("/message", |payload, text| {
        if text {
            as_text(payload, text)
        } else {
            Ok(Seen::Binary(payload.to_vec()))
        }
    }),
    ("/borrowed", |payload, _| {
        let say = serde_json::from_slice(payload).map_err(|_| 1007_u16)?;
        Ok(Seen::Text(shown(&say)))
    }),
    ("/owned", as_json),
    ("/option", |payload, _| {
        let say = serde_json::from_slice(payload);
        Ok(Seen::Text(say.map_or_else(|_| "none".to_owned(), |say| shown(&say))))
    }),
    ("/result", |payload, text| {
        as_text(payload, text).or_else(|code| Ok(Seen::Text(code.to_string())))
    }),
    ("/session", as_json),
];

fn as_text(payload: &[u8], _: bool) -> Result<Seen, u16> {
    std::str::from_utf8(payload)
        .map(|text| Seen::Text(text.to_owned()))
        .map_err(|_| 1003)
}

fn as_json(payload: &[u8], _: bool) -> Result<Seen, u16> {
    let said: Said = serde_json::from_slice(payload).map_err(|_| 1007_u16)?;
    Ok(Seen::Text(serde_json::to_string(&said).expect("what was JSON before")))
}

static APP: SharedApp = LazyLock::new(|| build(App::new()));

fuzz_target!(|input: &[u8]| {
    let [handler, text, payload @ ..] = input else { return };
    let (path, expected) = HANDLERS[usize::from(*handler) % HANDLERS.len()];
    let text = text % 2 == 0 && std::str::from_utf8(payload).is_ok();
    let message = if text {
        tungstenite::Message::text(String::from_utf8_lossy(payload).into_owned())
    } else {
        tungstenite::Message::binary(payload.to_vec())
    };
    run(&APP.hub, async {
        let raw = connect(&APP.router, path.as_bytes()).await;
        let mut client = raw.expect("a valid handshake").client().await;
        client.send(message).await;
        match (expected(payload, text), client.see().await) {
            (Ok(expected), seen) => assert_eq!(seen, expected, "{path}"),
            (Err(expected), Seen::Close(code, reason)) => {
                assert_eq!(code, expected, "{path}: {reason}");
                assert!(!reason.is_empty(), "{path}: the reason says why");
            }
            (expected, seen) => panic!("{path}: {seen:?} instead of {expected:?}"),
        }
    });
});
