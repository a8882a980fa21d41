//! What happens between two calls of a batch: frames are written, the client may have ended, and so may we.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{CLOSE, FIN, Fixture, Gate, Probe, TEXT, close_payload, frame};

static TURNS: SubRouter = SubRouter::new("/batch_turns");

#[websocket("/", on = "call", method = "run", router = TURNS)]
fn run(Params((number,)): Params<(u32,)>, probe: Global<Probe>) -> u32 {
    probe.note(format!("run {number}"));
    number
}

#[websocket("/", on = "call", method = "run_async", router = TURNS)]
async fn run_async(Params((number,)): Params<(u32,)>, probe: Global<Probe>) -> u32 {
    probe.note(format!("run {number}"));
    number
}

#[websocket("/", on = "call", method = "run_blocking", router = TURNS, blocking)]
fn run_blocking(Params((number,)): Params<(u32,)>, probe: Global<Probe>) -> u32 {
    probe.note(format!("run {number}"));
    number
}

#[websocket("/", on = "call", method = "wait", router = TURNS)]
async fn wait(gate: Global<Gate>, probe: Global<Probe>) -> &'static str {
    probe.note("waits");
    gate.pass().await;
    "waited"
}

#[websocket("/", on = "call", method = "leave", router = TURNS)]
fn leave(ws: &WebSocketConnector) {
    ws.close();
}

#[websocket("/", on = "call", method = "throw", router = TURNS)]
fn throw() -> Result<(), CallError> {
    Err(CallError::close(4000, "thrown"))
}

#[websocket("/", on = "call", method = "break", router = TURNS)]
fn break_down() {
    panic!("a handler that panics");
}

#[websocket("/", on = "call", method = "tell", router = TURNS)]
fn tell(Params((times, length)): Params<(usize, usize)>, ws: &WebSocketConnector) -> Result<usize, CallError> {
    for _ in 0..times {
        ws.notify("told", &"x".repeat(length))?;
    }
    Ok(times)
}

#[websocket("/", on = "call", method = "tell_async", router = TURNS)]
async fn tell_async(
    Params((times, length)): Params<(usize, usize)>,
    ws: &WebSocketConnector,
) -> Result<usize, CallError> {
    for _ in 0..times {
        ws.notify("told", &"x".repeat(length))?;
    }
    Ok(times)
}

#[websocket("/", on = "close", router = TURNS)]
fn close(reason: &CloseReason, probe: Global<Probe>) {
    probe.note(format!("closed {}", reason.code()));
}

fn call(method: &str, params: &str, id: u32) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params},"id":{id}}}"#)
}

fn notification(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#)
}

fn result(result: &str, id: u32) -> String {
    format!(r#"{{"jsonrpc":"2.0","result":{result},"id":{id}}}"#)
}

fn batch(calls: &[String]) -> String {
    format!("[{}]", calls.join(","))
}

/// How the client ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Close,
    HalfOfTcp,
}

/// Sends the messages and the end of the client in one piece. Returns the texts that come.
async fn texts_of(fixture: &Fixture, messages: &[String], end: End) -> Vec<String> {
    let mut client = fixture.server.raw("/batch_turns").await;
    let mut bytes: Vec<u8> = messages.iter().flat_map(|message| frame(FIN | TEXT, message)).collect();
    if matches!(end, End::Close) {
        bytes.extend(frame(FIN | CLOSE, close_payload(1000, "")));
    }
    client.send_bytes(&bytes).await;
    if matches!(end, End::HalfOfTcp) {
        client.half_close().await;
    }
    fixture.gate.open();
    let frames = client.frames_to_the_end().await.into_iter();
    frames
        .filter(|(first, _)| *first == FIN | TEXT)
        .map(|(_, text)| String::from_utf8(text).expect("a text"))
        .collect()
}

#[tokio::test]
async fn calls_of_a_batch_that_came_before_the_end_of_the_client_are_run_and_answered() {
    for end in [End::Close, End::HalfOfTcp] {
        for runs in ["run", "run_async", "run_blocking"] {
            let mut fixture = Fixture::start(&TURNS, Limits::default()).await;
            let one = batch(&[call(runs, "[1]", 1)]);
            assert_eq!(
                texts_of(&fixture, &[one], end).await,
                [batch(&[result("1", 1)])],
                "{runs} {end:?}"
            );
            fixture.seen.expect("run 1").await;

            let waiting = batch(&[call("wait", "[]", 1), call(runs, "[2]", 2), call(runs, "[3]", 3)]);
            let answers = batch(&[result("\"waited\"", 1), result("2", 2), result("3", 3)]);
            assert_eq!(texts_of(&fixture, &[waiting], end).await, [answers], "{runs} {end:?}");

            let behind = [
                call("wait", "[]", 1),
                batch(&[call(runs, "[4]", 4)]),
                batch(&[call(runs, "[5]", 5), notification(runs, "[6]")]),
            ];
            let answers = [
                result("\"waited\"", 1),
                batch(&[result("4", 4)]),
                batch(&[result("5", 5)]),
            ];
            assert_eq!(texts_of(&fixture, &behind, end).await, answers, "{runs} {end:?}");

            let silent = batch(&[7, 8, 9].map(|number| notification(runs, &format!("[{number}]"))));
            assert_eq!(texts_of(&fixture, &[silent], end).await, [""; 0], "{runs} {end:?}");
            let rest = fixture.seen.rest();
            for number in 2..=9 {
                assert!(
                    rest.contains(&format!("run {number}")),
                    "{number} {runs} {end:?} {rest:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn end_of_ours_stops_a_batch_also_behind_the_end_of_the_client() {
    for end in [End::Close, End::HalfOfTcp] {
        for ends in ["leave", "throw", "break"] {
            let mut fixture = Fixture::start(&TURNS, Limits::default()).await;
            let calls = batch(&[call("wait", "[]", 1), call(ends, "[]", 2), call("run", "[3]", 3)]);
            let answers = if ends == "leave" {
                batch(&[result("\"waited\"", 1), result("null", 2)])
            } else {
                batch(&[result("\"waited\"", 1)])
            };
            assert_eq!(texts_of(&fixture, &[calls], end).await, [answers], "{ends} {end:?}");
            let rest = fixture.seen.rest();
            assert!(!rest.contains(&"run 3".to_owned()), "{ends} {end:?} {rest:?}");
        }
    }
}

#[tokio::test]
async fn client_that_reads_gets_all_notifications_of_a_batch() {
    for (method, times, length) in [
        ("tell", 1, 1),
        ("tell", 3, 1),
        ("tell", 40, 1),
        ("tell", 1, 5_000),
        ("tell_async", 3, 1),
        ("tell_async", 40, 1),
        ("tell_async", 1, 5_000),
    ] {
        let fixture = Fixture::start(&TURNS, Limits::default()).await;
        let mut client = fixture.server.connect("/batch_turns").await;
        let calls: Vec<_> = (0..100)
            .map(|id| call(method, &format!("[{times},{length}]"), id))
            .collect();
        client.send(batch(&calls)).await;
        let told = notification("told", &format!("[\"{}\"]", "x".repeat(length)));
        for _ in 0..100 * times {
            client.expect_text(&told).await;
        }
        let answers: Vec<_> = (0..100).map(|id| result(&times.to_string(), id)).collect();
        client.expect_text(&batch(&answers)).await;
    }
}

#[tokio::test]
async fn call_of_a_batch_waits_until_there_is_room_for_its_reply() {
    for method in ["tell", "tell_async"] {
        let limits = Limits::default()
            .max_batched_calls(10_000)
            .send_timeout(Duration::from_millis(200));
        let mut fixture = Fixture::start(&TURNS, limits).await;
        let mut client = fixture.server.raw("/batch_turns").await;
        let mut calls = vec![notification(method, "[1,60000]"); 1_000];
        calls.push(notification("run", "[1]"));
        client.send_text(&batch(&calls)).await;
        fixture.seen.expect("closed 1008").await;
        assert_eq!(fixture.seen.rest(), [""; 0], "{method}");
        client.frames_to_the_end().await;
    }
}
