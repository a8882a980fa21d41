//! Batches: one message with several calls, whose answers come in one message.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Fixture, Gate, Probe};

static BATCHED: SubRouter = SubRouter::new("/batched");

#[websocket("/", on = "call", method = "sum", router = BATCHED)]
fn sum(Params(numbers): Params<Vec<i64>>, probe: Global<Probe>) -> i64 {
    probe.note(format!("sum {numbers:?}"));
    numbers.iter().sum()
}

#[websocket("/", on = "call", method = "wait", router = BATCHED)]
async fn wait(gate: Global<Gate>, probe: Global<Probe>) -> &'static str {
    probe.note("wait");
    gate.pass().await;
    "waited"
}

#[websocket("/", on = "call", method = "leave", router = BATCHED)]
fn leave(ws: &WebSocketConnector) {
    ws.close();
}

#[websocket("/", on = "call", method = "throw", router = BATCHED)]
fn throw() -> Result<(), CallError> {
    Err(CallError::close(4000, "thrown"))
}

#[websocket("/", on = "call", method = "long", router = BATCHED)]
fn long(probe: Global<Probe>) -> String {
    probe.note("long");
    "x".repeat(600)
}

async fn fixture(limits: Limits) -> Fixture {
    Fixture::start(&BATCHED, limits).await
}

#[tokio::test]
async fn example_of_the_specification_is_answered_in_one_message() {
    let fixture = fixture(Limits::default()).await;
    let mut client = fixture.server.connect("/batched").await;
    client
        .ask(
            r#"[
                {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
                {"jsonrpc": "2.0", "method": "sum", "params": [7]},
                {"foo": "boo"},
                {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
                1, [2],
                {"jsonrpc": "2.0", "result": 1, "id": 7},
                {"jsonrpc": "2.0", "method": "sum", "params": {"a": 1}, "id": "9"}
            ]"#,
            concat!(
                r#"[{"jsonrpc":"2.0","result":7,"id":"1"},"#,
                r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request: `jsonrpc` is \"2.0\""},"id":null},"#,
                r#"{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":"5"},"#,
                r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request: a call is an object"},"id":null},"#,
                r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request: a call is an object"},"id":null},"#,
                r#"{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params: invalid type: map, expected a sequence"},"id":"9"}]"#,
            ),
        )
        .await;
}

#[tokio::test]
async fn batch_without_answers_is_not_answered() {
    let mut fixture = fixture(Limits::default()).await;
    let mut client = fixture.server.connect("/batched").await;
    client
        .send(r#"[{"jsonrpc":"2.0","method":"sum","params":[1]},{"jsonrpc":"2.0","method":"nobody"}]"#)
        .await;
    client
        .ask(
            r#"[{"jsonrpc":"2.0","method":"sum","params":[2],"id":1}]"#,
            r#"[{"jsonrpc":"2.0","result":2,"id":1}]"#,
        )
        .await;
    fixture.seen.expect("sum [1]").await;
}

#[tokio::test]
async fn malformed_and_empty_batches_run_nothing() {
    let mut fixture = fixture(Limits::default()).await;
    let mut client = fixture.server.connect("/batched").await;
    client
        .ask(
            r#"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]"#,
            r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}"#,
        )
        .await;
    client
        .ask(
            "[]",
            r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request: the batch is empty"},"id":null}"#,
        )
        .await;
    assert_eq!(fixture.seen.rest(), [""; 0]);
}

#[tokio::test]
async fn batch_over_its_limit_is_refused_as_a_whole() {
    let mut fixture = fixture(Limits::default().max_batched_calls(3)).await;
    let mut client = fixture.server.connect("/batched").await;
    let batch = |calls: usize| {
        let call = r#"{"jsonrpc":"2.0","method":"sum","params":[],"id":0}"#;
        format!("[{}]", vec![call; calls].join(","))
    };
    let one = r#"{"jsonrpc":"2.0","result":0,"id":0}"#;
    client.ask(batch(3), &format!("[{one},{one},{one}]")).await;
    fixture.seen.rest();
    for calls in [4, 10_000] {
        client
            .ask(
                batch(calls),
                r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request: the batch has more calls than `Limits::max_batched_calls`"},"id":null}"#,
            )
            .await;
    }
    assert_eq!(fixture.seen.rest(), [""; 0]);
}

#[tokio::test]
async fn calls_of_a_batch_and_behind_it_run_one_after_the_other_in_order() {
    let mut fixture = fixture(Limits::default()).await;
    let mut client = fixture.server.connect("/batched").await;
    client
        .send(r#"[{"jsonrpc":"2.0","method":"sum","params":[1],"id":1},{"jsonrpc":"2.0","method":"wait","id":2},{"jsonrpc":"2.0","method":"sum","params":[3],"id":3}]"#)
        .await;
    client
        .send(r#"{"jsonrpc":"2.0","method":"sum","params":[4],"id":4}"#)
        .await;
    fixture.seen.expect("sum [1]").await;
    fixture.seen.expect("wait").await;
    client.ping(b"still alive").await;
    client.expect_pong(b"still alive").await;
    assert_eq!(fixture.seen.rest(), [""; 0]);
    fixture.gate.open();
    client
        .expect_texts(&[
            r#"[{"jsonrpc":"2.0","result":1,"id":1},{"jsonrpc":"2.0","result":"waited","id":2},{"jsonrpc":"2.0","result":3,"id":3}]"#,
            r#"{"jsonrpc":"2.0","result":4,"id":4}"#,
        ])
        .await;
}

#[tokio::test]
async fn close_in_a_batch_stops_it_and_answers_what_was_run() {
    let mut fixture = fixture(Limits::default()).await;
    for (method, answered, code, reason) in [
        ("leave", r#",{"jsonrpc":"2.0","result":null,"id":2}"#, 1000, ""),
        ("throw", "", 4000, "thrown"),
    ] {
        let mut client = fixture.server.connect("/batched").await;
        client
            .send(format!(
                r#"[{{"jsonrpc":"2.0","method":"sum","params":[1],"id":1}},{{"jsonrpc":"2.0","method":"{method}","id":2}},{{"jsonrpc":"2.0","method":"sum","params":[3],"id":3}}]"#
            ))
            .await;
        client
            .expect_text(&format!(r#"[{{"jsonrpc":"2.0","result":1,"id":1}}{answered}]"#))
            .await;
        client.expect_close(code, reason).await;
        fixture.seen.expect("sum [1]").await;
    }
    assert_eq!(fixture.seen.rest(), [""; 0]);
}

#[tokio::test]
async fn each_call_of_a_batch_counts_against_the_rate() {
    let fixture = fixture(Limits::default().max_messages_per_second(10)).await;
    let mut client = fixture.server.connect("/batched").await;
    let call = r#"{"jsonrpc":"2.0","method":"sum","params":[]}"#;
    client.send(format!("[{}]", vec![call; 50].join(","))).await;
    client
        .expect_close(1008, "too many messages: over Limits::max_messages_per_second")
        .await;
}

#[tokio::test]
async fn long_batch_lets_other_connections_run() {
    let fixture = fixture(Limits::default().max_batched_calls(10_000)).await;
    let mut busy = fixture.server.connect("/batched").await;
    let mut other = fixture.server.connect("/batched").await;
    let call = r#"{"jsonrpc":"2.0","method":"sum","params":[]}"#;
    let last = r#"{"jsonrpc":"2.0","method":"wait","id":1}"#;
    busy.send(format!("[{},{last}]", vec![call; 9_000].join(","))).await;
    other
        .ask(
            r#"{"jsonrpc":"2.0","method":"sum","params":[5],"id":1}"#,
            r#"{"jsonrpc":"2.0","result":5,"id":1}"#,
        )
        .await;
    fixture.gate.open();
    busy.expect_text(r#"[{"jsonrpc":"2.0","result":"waited","id":1}]"#)
        .await;
}

#[tokio::test]
async fn calls_behind_answers_that_are_too_long_are_not_run_and_notifications_are() {
    let mut fixture = fixture(Limits::default().max_outbound_bytes(1024)).await;
    let mut client = fixture.server.connect("/batched").await;
    let long = |id: u8| format!(r#"{{"jsonrpc":"2.0","method":"long","id":{id}}}"#);
    let notification = r#"{"jsonrpc":"2.0","method":"sum","params":[1]}"#;
    let calls = [long(1), long(2), long(3), notification.to_owned(), long(4)].join(",");
    client.send(format!("[{calls}]")).await;
    let answers: Vec<serde_json::Value> = serde_json::from_str(&client.text().await).expect("JSON");
    let codes: Vec<_> = answers.iter().map(|answer| answer["error"]["code"].as_i64()).collect();
    assert_eq!(codes, [None, None, Some(-32600), Some(-32600)]);
    assert_eq!(answers[3]["id"], 4);
    assert_eq!(fixture.seen.rest(), ["long", "long", "sum [1]"]);
    // The next batch begins anew.
    client.send(format!("[{}]", long(5))).await;
    assert!(client.text().await.contains(r#""result":"xxx"#));
}
