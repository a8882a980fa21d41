//! The message, in every form that a handler can take it.

use robyn_ws::{FromEvent, event, event::EventContext, prelude::*};
use robyn_ws_tests::{Client, Server};
use serde::{Deserialize, Serialize};

#[websocket("/payloads/str", on = "message")]
fn take_str(msg: &str) -> String {
    format!("{msg:?}")
}

#[websocket("/payloads/async_str", on = "message")]
async fn take_str_later(msg: &str) -> String {
    tokio::task::yield_now().await;
    format!("{msg:?}")
}

#[websocket("/payloads/string", on = "message")]
fn take_string(msg: String) -> String {
    format!("{msg:?}")
}

#[websocket("/payloads/utf8", on = "message")]
fn take_utf8(msg: Utf8Bytes) -> String {
    format!("{:?}", msg.as_str())
}

#[websocket("/payloads/blocking_str", on = "message", blocking)]
fn take_str_blocking(msg: &str) -> String {
    format!("{msg:?}")
}

const TEXTS: [&str; 5] = [
    "/payloads/str",
    "/payloads/async_str",
    "/payloads/string",
    "/payloads/utf8",
    "/payloads/blocking_str",
];

#[tokio::test]
async fn text_types_take_text_and_binary_that_is_utf8() {
    let server = Server::start(App::new()).await;
    for path in TEXTS {
        let mut client = server.connect(path).await;
        client.ask("hi \u{1F987}", "\"hi \u{1F987}\"").await;
        client.ask("hi".as_bytes(), "\"hi\"").await;
        client.ask("", "\"\"").await;
        client.send([0xff]).await;
        let reason = "text expected, but the message is binary and not valid UTF-8";
        client.expect_close(1003, reason).await;
    }
}

#[websocket("/payloads/slice", on = "message")]
fn take_slice(msg: &[u8]) -> String {
    format!("{msg:?}")
}

#[websocket("/payloads/vec", on = "message")]
async fn take_vec(msg: Vec<u8>) -> String {
    format!("{msg:?}")
}

#[websocket("/payloads/bytes", on = "message")]
fn take_bytes(msg: Bytes) -> String {
    format!("{:?}", msg.to_vec())
}

#[tokio::test]
async fn bytes_types_take_binary_and_the_bytes_of_text() {
    let server = Server::start(App::new()).await;
    for path in ["/payloads/slice", "/payloads/vec", "/payloads/bytes"] {
        let mut client = server.connect(path).await;
        client.ask([0xff, 0], "[255, 0]").await;
        client.ask("hi", "[104, 105]").await;
    }
}

#[websocket("/payloads/message", on = "message")]
fn take_message(msg: Message) -> String {
    match msg {
        Message::Text(text) => format!("text {text}"),
        Message::Binary(bytes) => format!("binary {}", bytes.len()),
    }
}

#[websocket("/payloads/message_ref", on = "message")]
async fn take_message_ref(msg: &Message) -> String {
    take_message(msg.clone())
}

#[tokio::test]
async fn message_type_tells_text_and_binary_apart() {
    let server = Server::start(App::new()).await;
    for path in ["/payloads/message", "/payloads/message_ref"] {
        let mut client = server.connect(path).await;
        client.ask("hi", "text hi").await;
        client.ask(b"hi", "binary 2").await;
    }
}

// ---- JSON --------------------------------------------------------------------------------------------------------------

#[derive(Deserialize, Serialize)]
struct Point {
    x: i32,
    y: i32,
}

#[derive(Deserialize)]
struct Say<'a> {
    #[serde(borrow)]
    text: &'a str,
}

#[websocket("/payloads/json", on = "message")]
fn mirror(Json(point): Json<Point>) -> Json<Point> {
    Json(Point { x: point.y, y: point.x })
}

#[websocket("/payloads/borrowed_json", on = "message")]
fn say(Json(say): Json<Say<'_>>) -> &str {
    say.text
}

#[websocket("/payloads/async_borrowed_json", on = "message")]
async fn say_later(Json(say): Json<Say<'_>>) -> String {
    tokio::task::yield_now().await;
    say.text.to_owned()
}

#[tokio::test]
async fn json_is_read_from_text_and_from_binary() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/payloads/json").await;
    client.ask(r#"{"x":1,"y":2}"#, r#"{"x":2,"y":1}"#).await;
    client.ask(br#"{ "y": 3, "x": 4, "z": 0 }"#, r#"{"x":3,"y":4}"#).await;
}

#[tokio::test]
async fn json_may_borrow_from_the_message() {
    let server = Server::start(App::new()).await;
    for path in ["/payloads/borrowed_json", "/payloads/async_borrowed_json"] {
        let mut client = server.connect(path).await;
        client.ask(r#"{"text":"hello"}"#, "hello").await;
    }
}

/// Waits for the Close frame of bad JSON and gives its reason.
async fn refused(mut client: Client, message: &str) -> String {
    client.send(message).await;
    match client.next().await {
        tokio_tungstenite::tungstenite::Message::Close(Some(frame)) => {
            assert_eq!(u16::from(frame.code), 1007);
            frame.reason.to_string()
        }
        other => panic!("a Close frame was expected, but there came {other:?}"),
    }
}

#[tokio::test]
async fn bad_json_closes_with_1007_and_says_why() {
    let server = Server::start(App::new()).await;
    for (path, message, reason) in [
        (
            "/payloads/json",
            "{",
            "invalid JSON: EOF while parsing an object at line 1 column 1",
        ),
        (
            "/payloads/json",
            r#"{"x":1}"#,
            "invalid JSON: missing field `y` at line 1 column 7",
        ),
        (
            "/payloads/json",
            "",
            "invalid JSON: EOF while parsing a value at line 1 column 0",
        ),
        (
            "/payloads/borrowed_json",
            r#"{"text":1}"#,
            "invalid JSON: invalid type: integer `1`, expected a borrowed string at line 1 column 9",
        ),
    ] {
        assert_eq!(refused(server.connect(path).await, message).await, reason);
    }
}

#[tokio::test]
async fn reason_for_bad_json_fits_into_a_close_frame() {
    let server = Server::start(App::new()).await;
    let long = format!(r#"{{"x":"{}"}}"#, "ü".repeat(500));
    let reason = refused(server.connect("/payloads/json").await, &long).await;
    assert!(reason.starts_with("invalid JSON: invalid type: string \"ü"), "{reason}");
    assert!((122..=123).contains(&reason.len()), "{} bytes", reason.len());
}

// ---- payloads that may be missing --------------------------------------------------------------------------------------

#[websocket("/payloads/option", on = "message")]
fn maybe(text: Option<&str>, point: Option<Json<Point>>) -> String {
    format!("{text:?} {:?}", point.map(|Json(point)| point.x))
}

#[websocket("/payloads/result", on = "message")]
fn decide(point: Result<Json<Point>, Rejection>, text: Result<String, Rejection>) -> String {
    let point = match point {
        Ok(Json(point)) => format!("x = {}", point.x),
        Err(rejection) => format!("{}: {}", rejection.code(), rejection.reason()),
    };
    let text = text.map_err(|rejection| rejection.code());
    format!("{point}; {text:?}")
}

#[tokio::test]
async fn option_of_a_payload_is_none_where_it_is_refused() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/payloads/option").await;
    client.ask("1", r#"Some("1") None"#).await;
    client
        .ask(br#"{"x":1,"y":2}"#, r#"Some("{\"x\":1,\"y\":2}") Some(1)"#)
        .await;
    client.ask([0xff], "None None").await;
    client.leave().await;
}

#[tokio::test]
async fn result_of_a_payload_leaves_the_decision_to_the_handler() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/payloads/result").await;
    client
        .ask(r#"{"x":1,"y":2}"#, r#"x = 1; Ok("{\"x\":1,\"y\":2}")"#)
        .await;
    client
        .ask(
            "[",
            r#"1007: invalid JSON: EOF while parsing a list at line 1 column 1; Ok("[")"#,
        )
        .await;
    client.send([0xff]).await;
    let answer = client.text().await;
    assert!(
        answer.starts_with("1007: invalid JSON: ") && answer.ends_with("; Err(1003)"),
        "{answer}"
    );
    client.leave().await;
}

// ---- one's own -----------------------------------------------------------------------------------------------------------

/// A message of the form `name=value`.
struct Pair<'a>(&'a str, &'a str);

impl<'a> FromEvent<'a, event::Message> for Pair<'a> {
    fn from_event(cx: &mut EventContext<'a, event::Message>) -> Result<Self, Rejection> {
        let text = cx.message().as_text().unwrap_or_default();
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| Rejection::new(4007, "expected name=value"))?;
        Ok(Self(name, value))
    }
}

#[websocket("/payloads/pair", on = "message")]
async fn swap(Pair(name, value): Pair<'_>) -> String {
    format!("{value}={name}")
}

#[tokio::test]
async fn payload_type_of_ones_own_works_and_refuses_with_its_own_code() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/payloads/pair").await;
    client.ask("a=b", "b=a").await;
    client.send("ab").await;
    client.expect_close(4007, "expected name=value").await;
}

/// A message that cannot be made without a panic.
struct Panicking;

impl<'a> FromEvent<'a, event::Message> for Panicking {
    fn from_event(cx: &mut EventContext<'a, event::Message>) -> Result<Self, Rejection> {
        panic!("a panic of the test: {:?}", cx.message());
    }
}

#[websocket("/payloads/panic", on = "message")]
fn never_called(_msg: Panicking) {}

#[websocket("/payloads/async_panic", on = "message")]
async fn never_called_either(_msg: Panicking) {}

#[tokio::test]
async fn payload_type_that_panics_closes_its_own_connection_with_1011() {
    let server = Server::start(App::new()).await;
    for path in ["/payloads/panic", "/payloads/async_panic"] {
        let mut client = server.connect(path).await;
        client.send("hi").await;
        client.expect_close(1011, "").await;
    }
}
