//! Handlers that wait: state, blocking functions, time limits, and the end of the connection meanwhile.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{Fixture, Gate, Probe};

static WAITING: SubRouter = SubRouter::new("/waiting_calls");

#[derive(Default, ConnectionState)]
struct Count(u32);

#[websocket("/", on = "call", method = "count", router = WAITING)]
fn count(count: &mut Count) -> u32 {
    count.0 += 1;
    count.0
}

#[websocket("/", on = "call", method = "count_later", router = WAITING)]
async fn count_later(count: &mut Count) -> u32 {
    tokio::task::yield_now().await;
    count.0 += 10;
    count.0
}

#[websocket("/", on = "call", method = "count_blocking", router = WAITING, blocking)]
fn count_blocking(count: &mut Count, Params((by,)): Params<(u32,)>) -> u32 {
    count.0 += by;
    count.0
}

#[websocket("/", on = "call", method = "wait", router = WAITING)]
async fn wait(gate: Global<Gate>, probe: Global<Probe>) -> &'static str {
    probe.note("waits");
    gate.pass().await;
    "waited"
}

#[websocket("/", on = "connect", router = WAITING)]
fn connect() -> &'static str {
    "welcome"
}

#[websocket("/", on = "close", router = WAITING)]
fn close(reason: &CloseReason, count: &Count, probe: Global<Probe>) {
    probe.note(format!("{} at {}", reason.code(), count.0));
}

fn call(method: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":[100],"id":1}}"#)
}

fn result(result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","result":{result},"id":1}}"#)
}

#[tokio::test]
async fn handlers_of_every_kind_share_the_state_of_their_connection() {
    let mut fixture = Fixture::start(&WAITING, Limits::default()).await;
    let mut client = fixture.server.connect("/waiting_calls").await;
    client.expect_text("welcome").await;
    for (method, value) in [
        ("count", "1"),
        ("count_later", "11"),
        ("count_blocking", "111"),
        ("count", "112"),
    ] {
        client.ask(call(method), &result(value)).await;
    }
    client.leave().await;
    fixture.seen.expect("1000 at 112").await;
}

#[tokio::test]
async fn handler_timeout_ends_the_connection_of_a_call() {
    let limits = Limits::default().handler_timeout(Duration::from_millis(50));
    let mut fixture = Fixture::start(&WAITING, limits).await;
    let mut client = fixture.server.connect("/waiting_calls").await;
    client.expect_text("welcome").await;
    client.send(call("wait")).await;
    client.expect_close(1011, "").await;
    fixture.seen.expect("waits").await;
    fixture.seen.expect("1011 at 0").await;
}

#[tokio::test]
async fn calls_that_came_before_the_end_of_the_client_are_run_and_answered() {
    let mut fixture = Fixture::start(&WAITING, Limits::default()).await;
    let mut client = fixture.server.connect("/waiting_calls").await;
    client.expect_text("welcome").await;
    client.send(call("wait")).await;
    client.send(call("count")).await;
    client.close(1000, "").await;
    fixture.seen.expect("waits").await;
    fixture.gate.open();
    client.expect_text(&result("\"waited\"")).await;
    client.expect_text(&result("1")).await;
    client.expect_close(1000, "").await;
    fixture.seen.expect("1000 at 1").await;
}

#[tokio::test]
async fn many_calls_behind_one_that_waits_are_answered_in_order() {
    let fixture = Fixture::start(&WAITING, Limits::default()).await;
    let mut client = fixture.server.connect("/waiting_calls").await;
    client.expect_text("welcome").await;
    client.send(call("wait")).await;
    for _ in 0..100 {
        client.send(call("count")).await;
    }
    fixture.gate.open();
    client.expect_text(&result("\"waited\"")).await;
    for count in 1..=100 {
        client.expect_text(&result(&count.to_string())).await;
    }
}
