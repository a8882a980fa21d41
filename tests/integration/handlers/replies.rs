//! What a message handler returns is what the client is sent.

use std::borrow::Cow;

use robyn_ws::prelude::*;
use robyn_ws_tests::Server;
use serde::Serialize;

#[derive(Serialize)]
struct Answer {
    to: String,
}

#[websocket("/replies/str", on = "message")]
fn str_reply() -> &'static str {
    "str"
}

#[websocket("/replies/borrowed", on = "message")]
fn borrowed_reply(msg: &str) -> &str {
    msg.trim()
}

#[websocket("/replies/string", on = "message")]
async fn string_reply(msg: String) -> String {
    msg
}

#[websocket("/replies/cow", on = "message")]
fn cow_reply(msg: &str) -> Cow<'_, str> {
    Cow::Borrowed(msg)
}

#[websocket("/replies/utf8", on = "message")]
fn utf8_reply(msg: Utf8Bytes) -> Utf8Bytes {
    msg
}

#[websocket("/replies/json", on = "message")]
fn json_reply(msg: String) -> Json<Answer> {
    Json(Answer { to: msg })
}

#[websocket("/replies/message_text", on = "message")]
fn text_message_reply() -> Message {
    "a text".into()
}

#[websocket("/replies/some", on = "message")]
fn some_reply() -> Option<&'static str> {
    Some("some")
}

#[websocket("/replies/ok", on = "message")]
async fn ok_reply() -> Result<String, SendError> {
    Ok("ok".to_owned())
}

#[websocket("/replies/nested", on = "message")]
fn nested_reply() -> Result<Option<Json<u32>>, HandlerError> {
    Ok(Some(Json(7)))
}

#[websocket("/replies/blocking", on = "message", blocking)]
fn blocking_reply(msg: &str) -> String {
    format!("blocking {msg}")
}

#[tokio::test]
async fn text_replies_reach_the_sender_as_text() {
    let server = Server::start(App::new()).await;
    for (path, reply) in [
        ("/replies/str", "str"),
        ("/replies/borrowed", "hi"),
        ("/replies/string", " hi "),
        ("/replies/cow", " hi "),
        ("/replies/utf8", " hi "),
        ("/replies/json", r#"{"to":" hi "}"#),
        ("/replies/message_text", "a text"),
        ("/replies/some", "some"),
        ("/replies/ok", "ok"),
        ("/replies/nested", "7"),
        ("/replies/blocking", "blocking  hi "),
    ] {
        let mut client = server.connect(path).await;
        client.ask(" hi ", reply).await;
        client.leave().await;
    }
}

#[websocket("/replies/slice", on = "message")]
fn slice_reply(msg: &[u8]) -> &[u8] {
    msg
}

#[websocket("/replies/vec", on = "message")]
async fn vec_reply(msg: Vec<u8>) -> Vec<u8> {
    msg
}

#[websocket("/replies/bytes", on = "message")]
fn bytes_reply(msg: Bytes) -> Bytes {
    msg
}

#[websocket("/replies/message_binary", on = "message")]
fn binary_message_reply(msg: Bytes) -> Message {
    msg.into()
}

#[tokio::test]
async fn bytes_replies_reach_the_sender_as_binary() {
    let server = Server::start(App::new()).await;
    for path in [
        "/replies/slice",
        "/replies/vec",
        "/replies/bytes",
        "/replies/message_binary",
    ] {
        let mut client = server.connect(path).await;
        client.send("hi").await;
        client.expect(b"hi").await;
        client.send([0, 0xff]).await;
        client.expect([0, 0xff]).await;
        client.leave().await;
    }
}

// ---- nothing, and the empty text ---------------------------------------------------------------------------------------

#[websocket("/replies/empty", on = "message")]
fn empty_reply() -> &'static str {
    ""
}

#[tokio::test]
async fn empty_text_is_sent_as_an_empty_text() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/replies/empty").await;
    client.ask("hi", "").await;
}

#[websocket("/replies/unit", on = "message")]
fn unit_reply(ws: &WebSocketConnector, msg: &str) -> Result<(), SendError> {
    ws.sync_send(msg)
}

#[websocket("/replies/none", on = "message")]
fn none_reply(msg: &str) -> Option<&str> {
    (msg != "hush").then_some(msg)
}

#[websocket("/replies/async_none", on = "message")]
async fn late_none_reply(msg: String) -> Option<String> {
    tokio::task::yield_now().await;
    (msg != "hush").then_some(msg)
}

#[tokio::test]
async fn unit_and_none_send_nothing() {
    let server = Server::start(App::new()).await;

    let mut client = server.connect("/replies/unit").await;
    client.ask("one", "one").await;
    client.ask("two", "two").await;
    client.leave().await;

    for path in ["/replies/none", "/replies/async_none"] {
        let mut client = server.connect(path).await;
        client.send("hush").await;
        client.ask("speak", "speak").await;
        client.leave().await;
    }
}

// ---- errors ------------------------------------------------------------------------------------------------------------

#[websocket("/replies/half", on = "message")]
fn half(msg: &str) -> Result<String, HandlerError> {
    if msg == "again" {
        return Err(HandlerError::reply("try again"));
    }
    let number: i64 = msg.parse()?;
    if number == 0 {
        return Err(HandlerError::close(4000, "nothing to halve"));
    }
    Ok((number / 2).to_string())
}

#[websocket("/replies/half_later", on = "message")]
async fn half_later(msg: &str) -> Result<String, HandlerError> {
    tokio::task::yield_now().await;
    half(msg)
}

#[tokio::test]
async fn error_that_is_a_reply_is_sent_and_the_connection_goes_on() {
    let server = Server::start(App::new()).await;
    for path in ["/replies/half", "/replies/half_later"] {
        let mut client = server.connect(path).await;
        client.ask("again", "try again").await;
        client.ask("8", "4").await;
    }
}

#[tokio::test]
async fn error_that_is_a_close_closes_with_exactly_that() {
    let server = Server::start(App::new()).await;
    for path in ["/replies/half", "/replies/half_later"] {
        let mut client = server.connect(path).await;
        client.send("0").await;
        client.expect_close(4000, "nothing to halve").await;
    }
}

#[tokio::test]
async fn any_other_error_closes_with_1011_and_its_details_stay_here() {
    let server = Server::start(App::new()).await;
    for path in ["/replies/half", "/replies/half_later"] {
        let mut client = server.connect(path).await;
        client.send("eight").await;
        client.expect_close(1011, "").await;
    }
}

struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("a secret"))
    }
}

#[websocket("/replies/unwritable", on = "message")]
fn unwritable() -> Json<Unwritable> {
    Json(Unwritable)
}

#[tokio::test]
async fn reply_that_cannot_be_json_closes_with_1011() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/replies/unwritable").await;
    client.send("hi").await;
    client.expect_close(1011, "").await;
}

#[tokio::test]
async fn handlers_stay_ordinary_functions() {
    assert_eq!(str_reply(), "str");
    assert_eq!(borrowed_reply(" hi "), "hi");
    assert_eq!(string_reply("hi".to_owned()).await, "hi");
    assert!(half("0").is_err());
    assert_eq!(blocking_reply("hi"), "blocking hi");
}
