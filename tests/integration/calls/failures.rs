//! Handlers that fail: what their callers are told, and which failures end the connection.

use std::{fmt, io};

use robyn_ws::{call_code, prelude::*};
use robyn_ws_tests::{Fixture, Probe};

static FAILING: SubRouter = SubRouter::new("/failing_calls");

#[websocket("/", on = "call", method = "refuse", router = FAILING)]
fn refuse(data: Option<Params<String>>) -> Result<(), CallError> {
    let error = CallError::new(402, "pay \"first\"");
    Err(match data {
        Some(Params(data)) => error.data(&[data]),
        None => error,
    })
}

#[websocket("/", on = "call", method = "invalid", router = FAILING)]
fn invalid() -> Result<(), CallError> {
    Err(CallError::new(call_code::INVALID_PARAMS, "too many"))
}

#[websocket("/", on = "call", method = "fail", router = FAILING)]
fn fail() -> Result<Json<u8>, CallError> {
    Err(io::Error::other("the password is 1234"))?;
    Ok(Json(1))
}

#[websocket("/", on = "call", method = "fail_later", router = FAILING)]
async fn fail_later() -> Result<Json<u8>, Box<dyn std::error::Error + Send + Sync>> {
    tokio::task::yield_now().await;
    Err("the password is 1234".into())
}

#[websocket("/", on = "call", method = "fail_blocking", router = FAILING, blocking)]
fn fail_blocking() -> Result<(), &'static str> {
    Err("the password is 1234")
}

/// A value that cannot be JSON, since a key of a map is no string.
#[websocket("/", on = "call", method = "no_json", router = FAILING)]
fn no_json() -> Json<std::collections::BTreeMap<(u8, u8), u8>> {
    Json([((1, 2), 3)].into())
}

#[websocket("/", on = "call", method = "server_fails", router = FAILING)]
fn server_fails(_never: Broken) {}

/// An argument that the server fails to make.
struct Broken;

impl<'a> FromEvent<'a, robyn_ws::event::Call> for Broken {
    fn from_event(_cx: &mut robyn_ws::event::EventContext<'a, robyn_ws::event::Call>) -> Result<Self, Rejection> {
        Err(Rejection::new(1011, "the password is 1234"))
    }
}

/// An argument that only some clients may have.
struct Guard;

impl<'a> FromEvent<'a, robyn_ws::event::Call> for Guard {
    fn from_event(_cx: &mut robyn_ws::event::EventContext<'a, robyn_ws::event::Call>) -> Result<Self, Rejection> {
        Err(Rejection::new(4001, "that was enough"))
    }
}

#[websocket("/", on = "call", method = "guarded", router = FAILING)]
fn guarded(_guard: Guard) {}

#[websocket("/", on = "call", method = "guarded_later", router = FAILING)]
async fn guarded_later(_guard: Guard) {}

#[websocket("/", on = "call", method = "passes_on", router = FAILING)]
fn passes_on(guard: Result<Guard, Rejection>) -> Result<(), CallError> {
    guard?;
    Ok(())
}

#[websocket("/", on = "call", method = "close", router = FAILING)]
fn close() -> Result<(), CallError> {
    Err(CallError::close(4001, "that was enough"))
}

#[websocket("/", on = "call", method = "close_later", router = FAILING)]
async fn close_later() -> Result<(), CallError> {
    tokio::task::yield_now().await;
    Err(CallError::close(4001, "that was enough"))
}

/// A helper of message handlers and of calls.
fn helper(what: &str) -> Result<u8, HandlerError> {
    match what {
        "close" => Err(HandlerError::close(4001, "that was enough")),
        "reply" => Err(HandlerError::reply("the password is 1234")),
        "fail" => Err(io::Error::other("the password is 1234"))?,
        "reject" => Err(Rejection::new(1007, "no such room"))?,
        "guard" => Err(Rejection::new(4001, "that was enough"))?,
        "call" => Err(CallError::new(402, "pay \"first\""))?,
        "call that closes" => Err(CallError::close(4001, "that was enough"))?,
        _ => Ok(1),
    }
}

#[websocket("/", on = "call", method = "with_helper", router = FAILING)]
fn with_helper(Params(what): Params<String>) -> Result<u8, CallError> {
    Ok(helper(&what)?)
}

#[websocket("/", on = "call", method = "is_helper", router = FAILING)]
async fn is_helper(Params(what): Params<String>) -> Result<u8, HandlerError> {
    helper(&what)
}

#[tokio::test]
async fn error_of_a_helper_of_message_handlers_means_the_same_in_a_call() {
    const INTERNAL: &str = r#""error":{"code":-32603,"message":"Internal error"}"#;
    for method in ["with_helper", "is_helper"] {
        let mut fixture = fixture().await;
        let mut client = fixture.server.connect("/failing_calls").await;
        for (what, answer) in [
            ("nothing", r#""result":1"#),
            ("reply", INTERNAL),
            ("fail", INTERNAL),
            (
                "reject",
                r#""error":{"code":-32602,"message":"Invalid params: no such room"}"#,
            ),
            ("call", r#""error":{"code":402,"message":"pay \"first\""}"#),
        ] {
            let call = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":["{what}"],"id":1}}"#);
            client
                .ask(call, &format!(r#"{{"jsonrpc":"2.0",{answer},"id":1}}"#))
                .await;
        }
        for what in ["close", "guard", "call that closes"] {
            let mut client = fixture.server.connect("/failing_calls").await;
            client
                .send(format!(
                    r#"{{"jsonrpc":"2.0","method":"{method}","params":["{what}"],"id":1}}"#
                ))
                .await;
            client.expect_close(4001, "that was enough").await;
            fixture.seen.expect("HandlerError").await;
        }
        client.leave().await;
    }
}

#[websocket("/", on = "call", method = "panic", router = FAILING)]
fn panic() {
    panic!("a panic of the test");
}

#[websocket("/", on = "call", method = "panic_later", router = FAILING)]
async fn panic_later() {
    tokio::task::yield_now().await;
    panic!("a panic of the test");
}

#[websocket("/", on = "call", method = "panic_blocking", router = FAILING, blocking)]
fn panic_blocking() {
    panic!("a panic of the test");
}

#[websocket("/", on = "call", method = "panic_in_display", router = FAILING)]
fn panic_in_display() -> Result<(), CallError> {
    Err(Wild)?;
    Ok(())
}

/// An error whose code panics wherever it can.
#[derive(Debug)]
struct Wild;

impl fmt::Display for Wild {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("a panic of the test");
    }
}

impl std::error::Error for Wild {}

impl Drop for Wild {
    fn drop(&mut self) {
        panic!("a panic of the test");
    }
}

#[websocket("/", on = "call", method = "leave", router = FAILING)]
fn leave(ws: &WebSocketConnector) -> &'static str {
    ws.close();
    "bye"
}

#[websocket("/", on = "close", router = FAILING)]
fn closed(reason: &CloseReason, probe: Global<Probe>) {
    probe.note(format!("{reason:?}"));
}

fn call(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"{method}"{params},"id":1}}"#)
}

fn error(code: i64, rest: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","error":{{"code":{code},{rest}}},"id":1}}"#)
}

async fn fixture() -> Fixture {
    Fixture::start(&FAILING, Limits::default()).await
}

#[tokio::test]
async fn errors_of_handlers_are_answered_and_the_connection_goes_on() {
    let fixture = fixture().await;
    let mut client = fixture.server.connect("/failing_calls").await;
    let internal = error(-32603, r#""message":"Internal error""#);
    for (method, params, answer) in [
        ("refuse", "", error(402, r#""message":"pay \"first\"""#)),
        (
            "refuse",
            r#","params":["a\"b"]"#,
            error(402, r#""message":"pay \"first\"","data":["a\"b"]"#),
        ),
        ("invalid", "", error(-32602, r#""message":"too many""#)),
        ("fail", "", internal.clone()),
        ("fail_later", "", internal.clone()),
        ("fail_blocking", "", internal.clone()),
        ("no_json", "", internal.clone()),
        ("server_fails", "", internal.clone()),
        ("panic_in_display", "", internal.clone()),
        ("refuse", "", error(402, r#""message":"pay \"first\"""#)),
    ] {
        client.ask(call(method, params), &answer).await;
    }
    client.leave().await;
}

#[test]
fn error_of_a_called_handler_tells_the_answer_that_its_client_gets() {
    for (error, code, message) in [
        (refuse(None).unwrap_err(), Some(402), Some("pay \"first\"")),
        (invalid().unwrap_err(), Some(-32602), Some("too many")),
        (fail().expect_err("it fails"), Some(-32603), Some("Internal error")),
        (
            with_helper(Params("reply".to_owned())).unwrap_err(),
            Some(-32603),
            Some("Internal error"),
        ),
        (
            with_helper(Params("reject".to_owned())).unwrap_err(),
            Some(-32602),
            Some("Invalid params: no such room"),
        ),
        (
            passes_on(Err(Rejection::new(1011, "secret"))).unwrap_err(),
            Some(-32603),
            Some("Internal error"),
        ),
        (passes_on(Err(Rejection::new(4001, "enough"))).unwrap_err(), None, None),
        (close().unwrap_err(), None, None),
        (CallError::TimedOut, Some(-32603), Some("Internal error")),
    ] {
        assert_eq!((error.code(), error.message()), (code, message), "{error}");
    }
}

#[tokio::test]
async fn close_ends_the_connection_with_its_code() {
    let mut fixture = fixture().await;
    for method in ["close", "close_later"] {
        let mut client = fixture.server.connect("/failing_calls").await;
        client.send(call(method, "")).await;
        client.expect_close(4001, "that was enough").await;
        fixture.seen.expect("HandlerError").await;
    }
}

#[tokio::test]
async fn rejection_with_a_code_of_its_own_ends_the_connection() {
    let mut fixture = fixture().await;
    for (method, reason) in [
        ("guarded", "InvalidPayload"),
        ("guarded_later", "InvalidPayload"),
        ("passes_on", "HandlerError"),
    ] {
        let mut client = fixture.server.connect("/failing_calls").await;
        client.send(call(method, "")).await;
        client.expect_close(4001, "that was enough").await;
        fixture.seen.expect(reason).await;
    }
}

#[tokio::test]
async fn panic_ends_its_connection_and_no_other() {
    let mut fixture = fixture().await;
    let mut other = fixture.server.connect("/failing_calls").await;
    for method in ["panic", "panic_later", "panic_blocking"] {
        let mut client = fixture.server.connect("/failing_calls").await;
        client.send(call(method, "")).await;
        client.expect_close(1011, "").await;
        fixture.seen.expect("HandlerPanic").await;
    }
    other
        .ask(call("refuse", ""), &error(402, r#""message":"pay \"first\"""#))
        .await;
}

#[tokio::test]
async fn failing_notifications_are_not_answered_but_can_close() {
    let mut fixture = fixture().await;
    let mut client = fixture.server.connect("/failing_calls").await;
    for method in ["refuse", "fail", "fail_later", "no_json", "close"] {
        client.send(format!(r#"{{"jsonrpc":"2.0","method":"{method}"}}"#)).await;
    }
    client.expect_close(4001, "that was enough").await;
    fixture.seen.expect("HandlerError").await;
}

#[tokio::test]
async fn answer_of_a_handler_that_closes_goes_out_before_the_close() {
    let fixture = fixture().await;
    let mut client = fixture.server.connect("/failing_calls").await;
    client
        .ask(call("leave", ""), r#"{"jsonrpc":"2.0","result":"bye","id":1}"#)
        .await;
    client.expect_close(1000, "").await;
}
