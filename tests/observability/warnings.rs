//! Warnings that clients can cause by what they send: what the log says of them, however many there are.

use std::{io, time::Duration};

use robyn_ws::{
    prelude::*,
    test_util::{TestApp, TestSocket},
};
use robyn_ws_tests::Log;
use serde_json::json;
use tokio::time::sleep;

use crate::paused_runtime;

static WARNED: SubRouter = SubRouter::new("/warned");

/// How often clients cause each warning.
const TIMES: usize = 50;

#[websocket("/rooms", on = "message", router = WARNED)]
#[websocket("/names", on = "message", router = WARNED)]
fn join(ws: &WebSocketConnector, room: &str) -> String {
    ws.join(room).is_member.to_string()
}

#[websocket("/long_identities", on = "message", router = WARNED)]
#[websocket("/identities", on = "message", router = WARNED)]
fn identify(ws: &WebSocketConnector, name: String) -> Option<&'static str> {
    ws.identify(name).is_identified.then_some("identified")
}

#[websocket("/failing", on = "message", router = WARNED)]
fn fail(_msg: &str) -> Result<(), io::Error> {
    Err(io::Error::other("no such row"))
}

#[websocket("/calls", on = "call", method = "fail", router = WARNED)]
fn fail_call() -> Result<(), io::Error> {
    Err(io::Error::other("no such row"))
}

#[websocket("/calls", on = "call", method = "fail_too", router = WARNED)]
fn fail_other_call() -> Result<(), io::Error> {
    Err(io::Error::other("no such table"))
}

#[websocket("/calls", on = "call", method = "ask", router = WARNED)]
async fn ask(ws: WebSocketConnector) -> Result<bool, CallError> {
    ws.call("sure", &()).await
}

#[websocket("/endless", on = "message", router = WARNED)]
async fn never_return(_msg: &str) {
    std::future::pending::<()>().await;
}

#[websocket("/closing", on = "message", router = WARNED)]
fn close(ws: &WebSocketConnector, reason: String) {
    ws.close_with(4000, reason);
}

/// Others send more than may be held for this client.
#[websocket("/greeting", on = "connect", router = WARNED)]
async fn greet(ws: WebSocketConnector) {
    let others = tokio::spawn(async move {
        for number in 0..3 {
            ws.everyone().sync_broadcast(number.to_string());
        }
    });
    others.await.expect("it does not panic");
}

fn app(limits: Limits) -> TestApp {
    TestApp::new(App::new().limits(limits).include_router(&WARNED))
}

/// Returns the warnings with these words. Apps of other tests do not serve these handlers.
fn warnings(log: &Log, words: &[&str]) -> Vec<String> {
    let text = log.text();
    let lines = text
        .lines()
        .filter(|line| line.contains(" WARN ") && !line.contains("is not served"));
    let lines = lines.filter(|line| words.iter().all(|word| line.contains(word)));
    lines.map(str::to_owned).collect()
}

/// Checks that the first warning with these words is in the log, and then the number of the others.
async fn expect_first_and_number(log: &Log, words: &[&str], first: &str, again: &str) {
    let seen = warnings(log, words);
    assert_eq!(seen.len(), 1, "{seen:#?}");
    assert!(seen[0].contains(first), "{seen:#?}");
    sleep(Duration::from_secs(11)).await;
    let seen = warnings(log, words);
    assert_eq!(seen.len(), 2, "{seen:#?}");
    assert!(seen[1].contains(again), "{seen:#?}");
    assert!(seen[1].contains(&format!("more={}", TIMES - 1)), "{seen:#?}");
}

async fn connect(app: &TestApp, path: &str) -> TestSocket {
    app.connect(path).await.expect("the upgrade")
}

/// Sends a message by new clients, each of which is closed for it.
async fn have_closed(app: &TestApp, path: &str, message: &str, code: u16) {
    for _ in 0..TIMES {
        let mut client = connect(app, path).await;
        client.send_text(message).await;
        client.expect_close(code).await;
    }
}

#[test]
fn rooms_that_are_not_joined_are_warned_of_once_in_an_interval_by_the_limit_that_refuses() {
    let log = Log::subscribe();
    paused_runtime().block_on(async {
        let app = app(Limits::default().max_rooms_per_connection(0).max_room_name(8));
        for (path, room, limit) in [
            ("/warned/rooms", "short", "limit=\"max_rooms_per_connection\""),
            ("/warned/names", "much longer", "limit=\"max_room_name\""),
        ] {
            let mut client = connect(&app, path).await;
            for _ in 0..TIMES {
                client.send_text(room).await;
                assert_eq!(client.receive_text().await, "false");
            }
            let words = [limit, &format!("endpoint={path} ")];
            expect_first_and_number(log, &words, room, "more rooms were not joined").await;
        }
    });
}

#[test]
fn refused_identities_are_warned_of_once_in_an_interval_by_the_limit_that_refuses() {
    let log = Log::subscribe();
    paused_runtime().block_on(async {
        let limits = Limits::default().max_identity_size(8).max_connections_per_identity(1);
        let app = app(limits);
        let mut first = connect(&app, "/warned/identities").await;
        first.send_text("short").await;
        assert_eq!(first.receive_text().await, "identified");
        for (path, name, limit) in [
            ("/warned/identities", "short", "limit=\"max_connections_per_identity\""),
            ("/warned/long_identities", "much longer", "limit=\"max_identity_size\""),
        ] {
            have_closed(&app, path, name, 1008).await;
            let words = [limit, &format!("endpoint={path} ")];
            expect_first_and_number(log, &words, "not identified, so", "more connections were closed").await;
        }
    });
}

#[test]
fn failing_messages_are_warned_of_once_in_an_interval() {
    let log = Log::subscribe();
    paused_runtime().block_on(async {
        let app = app(Limits::default());
        have_closed(&app, "/warned/failing", "which row?", 1011).await;
        let words = ["handler=\"fail\"", "place=tests/observability/warnings.rs:"];
        expect_first_and_number(log, &words, "error=\"no such row\"", "the handler failed again").await;
    });
}

#[test]
fn failing_calls_are_warned_of_once_in_an_interval_by_each_handler() {
    let log = Log::subscribe();
    paused_runtime().block_on(async {
        let app = app(Limits::default());
        let mut client = connect(&app, "/warned/calls").await;
        for (method, handler, error) in [
            ("fail", "handler=\"fail_call\"", "error=\"no such row\""),
            ("fail_too", "handler=\"fail_other_call\"", "error=\"no such table\""),
        ] {
            for _ in 0..TIMES {
                client.expect_call_error(method, &(), -32603).await;
            }
            expect_first_and_number(log, &[handler], error, "the handler failed again").await;
        }
    });
}

#[test]
fn handlers_that_run_too_long_are_warned_of_once_in_an_interval() {
    let log = Log::subscribe();
    paused_runtime().block_on(async {
        let app = app(Limits::default().handler_timeout(Duration::from_millis(50)));
        have_closed(&app, "/warned/endless", "go", 1011).await;
        let words = ["handler=\"never_return\""];
        expect_first_and_number(log, &words, "`Limits::handler_timeout` is over", "was dropped again").await;
    });
}

#[test]
fn handler_that_waits_too_long_for_its_client_is_warned_of_with_the_limit_to_change() {
    let log = Log::subscribe();
    paused_runtime().block_on(async {
        let second = Duration::from_secs(1);
        let app = app(Limits::default().handler_timeout(second));
        let mut client = connect(&app, "/warned/calls").await;
        client
            .send_json(&json!({"jsonrpc": "2.0", "method": "ask", "id": 1}))
            .await;
        assert!(client.receive_text().await.contains("sure"), "the call of the handler");
        client.expect_close(1011).await;
        log.line(&["handler=\"ask\"", "`Limits::call_timeout` is not below it"]);
        // With a shorter one, the call fails, and the connection goes on.
        let app = self::app(Limits::default().handler_timeout(second).call_timeout(second / 2));
        let mut client = connect(&app, "/warned/calls").await;
        client.expect_call_error("ask", &(), -32603).await;
        client.expect_call_error("ask", &(), -32603).await;
    });
}

#[test]
fn connect_handlers_that_are_too_slow_are_warned_of_once_in_an_interval() {
    let log = Log::subscribe();
    paused_runtime().block_on(async {
        let app = app(Limits::default().max_outbound_messages(1));
        for _ in 0..TIMES {
            let mut client = connect(&app, "/warned/greeting").await;
            assert_eq!(client.receive_text().await, "0");
            client.expect_close(1013).await;
        }
        let words = ["handler=\"greet\""];
        expect_first_and_number(log, &words, "the handler was too slow: ", "too slow again").await;
    });
}

#[test]
fn close_reasons_that_are_too_long_are_warned_of_once_in_an_interval() {
    let log = Log::subscribe();
    paused_runtime().block_on(async {
        let app = app(Limits::default());
        have_closed(&app, "/warned/closing", &"x".repeat(124), 4000).await;
        let words = ["longer than 123 bytes"];
        expect_first_and_number(log, &words, "bytes=124", "more close reasons").await;
    });
}
