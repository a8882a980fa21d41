//! Each rule of the specification, by its own examples where it has one.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Fixture, Probe, Request};
use serde::Deserialize;

static SPECIFIED: SubRouter = SubRouter::new("/specified");

#[derive(Deserialize)]
struct Subtract {
    minuend: i64,
    subtrahend: i64,
}

#[websocket("/", on = "call", method = "subtract", router = SPECIFIED)]
fn subtract(Params(numbers): Params<Subtract>) -> i64 {
    numbers.minuend - numbers.subtrahend
}

#[websocket("/", on = "call", method = "sum", router = SPECIFIED)]
async fn sum(Params(numbers): Params<Vec<i64>>) -> Json<i64> {
    Json(numbers.iter().sum())
}

#[websocket("/", on = "call", method = "get_data", router = SPECIFIED)]
fn get_data() -> Json<(&'static str, i64)> {
    Json(("hello", 5))
}

#[websocket("/", on = "call", method = "update", router = SPECIFIED)]
fn update(Params(values): Params<Vec<i64>>, probe: Global<Probe>) {
    probe.note(format!("{values:?}"));
}

#[websocket("/", on = "call", method = "subprotocol", router = SPECIFIED)]
fn subprotocol(ws: &WebSocketConnector) -> Option<String> {
    ws.subprotocol().map(str::to_owned)
}

async fn fixture() -> Fixture {
    Fixture::start(&SPECIFIED, Limits::default()).await
}

#[tokio::test]
async fn parameters_come_by_position_and_by_name_in_any_order() {
    let fixture = fixture().await;
    let mut client = fixture.server.connect("/specified").await;
    for (call, answer) in [
        (
            r#"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#,
            r#"{"jsonrpc":"2.0","result":19,"id":1}"#,
        ),
        (
            r#"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
            r#"{"jsonrpc":"2.0","result":19,"id":3}"#,
        ),
        (
            r#"{"id": "x", "params": [1,2,3], "method": "sum", "jsonrpc": "2.0"}"#,
            r#"{"jsonrpc":"2.0","result":6,"id":"x"}"#,
        ),
        (
            r#"{"jsonrpc":"2.0","method":"get_data","id":"9"}"#,
            r#"{"jsonrpc":"2.0","result":["hello",5],"id":"9"}"#,
        ),
        (
            r#"{"jsonrpc":"2.0","method":"update","params":[1],"id":4}"#,
            r#"{"jsonrpc":"2.0","result":null,"id":4}"#,
        ),
    ] {
        client.ask(call, answer).await;
    }
}

#[tokio::test]
async fn notifications_are_run_and_never_answered() {
    let mut fixture = fixture().await;
    let mut client = fixture.server.connect("/specified").await;
    for notification in [
        r#"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#,
        r#"{"jsonrpc": "2.0", "method": "foobar"}"#,
        r#"{"jsonrpc": "2.0", "method": "update", "params": ["no number"]}"#,
        r#"{"jsonrpc": "2.0", "method": "sum", "params": {"no": "array"}}"#,
    ] {
        client.send(notification).await;
    }
    client
        .ask(
            r#"{"jsonrpc":"2.0","method":"get_data","id":1}"#,
            r#"{"jsonrpc":"2.0","result":["hello",5],"id":1}"#,
        )
        .await;
    fixture.seen.expect("[1, 2, 3, 4, 5]").await;
    assert_eq!(fixture.seen.rest(), [""; 0]);
}

#[tokio::test]
async fn ids_of_every_kind_are_echoed_byte_for_byte() {
    let fixture = fixture().await;
    let mut client = fixture.server.connect("/specified").await;
    for id in [
        "0",
        "-1",
        "1.50",
        "1E5",
        "123456789012345678901234567890",
        "null",
        r#""""#,
        r#""\u00e9\ud83d\ude00\/""#,
        "\"é😀\"",
    ] {
        for (method, result) in [("sum", "3"), ("subtract", "-1")] {
            let call = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":[1,2],"id": {id} }}"#);
            let answer = format!(r#"{{"jsonrpc":"2.0","result":{result},"id":{id}}}"#);
            client.ask(call, &answer).await;
        }
    }
}

#[tokio::test]
async fn same_id_twice_in_flight_is_answered_twice_in_order() {
    let fixture = fixture().await;
    let mut client = fixture.server.connect("/specified").await;
    for numbers in ["[1]", "[2]", "[3]"] {
        client
            .send(format!(
                r#"{{"jsonrpc":"2.0","method":"sum","params":{numbers},"id":7}}"#
            ))
            .await;
    }
    for sum in 1..=3 {
        client
            .expect_text(&format!(r#"{{"jsonrpc":"2.0","result":{sum},"id":7}}"#))
            .await;
    }
}

#[tokio::test]
async fn what_is_no_call_is_answered_with_the_standard_codes() {
    let fixture = fixture().await;
    let mut client = fixture.server.connect("/specified").await;
    for (call, code, message, id) in [
        (
            r#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#,
            -32601,
            "Method not found",
            "\"1\"",
        ),
        (
            r#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#,
            -32700,
            "Parse error",
            "null",
        ),
        ("", -32700, "Parse error", "null"),
        (
            r#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#,
            -32600,
            "Invalid Request: the `method` is a string",
            "null",
        ),
        ("1", -32600, "Invalid Request: a call is an object", "null"),
        (
            r#"{"jsonrpc":"2.0","method":"sum","params":5,"id":1}"#,
            -32600,
            "Invalid Request: `params` is an array or an object",
            "1",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"sum","id":{}}"#,
            -32600,
            "Invalid Request: an `id` is a string, a number or null",
            "null",
        ),
    ] {
        let answer = format!(r#"{{"jsonrpc":"2.0","error":{{"code":{code},"message":"{message}"}},"id":{id}}}"#);
        client.ask(call, &answer).await;
    }
}

#[tokio::test]
async fn binary_message_is_refused_with_an_error() {
    let fixture = fixture().await;
    let mut client = fixture.server.connect("/specified").await;
    let call = br#"{"jsonrpc":"2.0","method":"get_data","id":1}"#;
    client
        .ask(
            call,
            r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request: expected text, the message is binary"},"id":null}"#,
        )
        .await;
    client.leave().await;
}

#[tokio::test]
async fn answers_that_nobody_asked_for_are_not_answered() {
    let fixture = fixture().await;
    let mut client = fixture.server.connect("/specified").await;
    for answer in [
        r#"{"jsonrpc":"2.0","result":1,"id":1}"#,
        r#"{"jsonrpc":"2.0","error":{"code":1,"message":"no"},"id":null}"#,
        r#"{"result":1}"#,
    ] {
        client.send(answer).await;
    }
    client
        .ask(
            r#"{"jsonrpc":"2.0","method":"sum","params":[],"id":1}"#,
            r#"{"jsonrpc":"2.0","result":0,"id":1}"#,
        )
        .await;
}

#[tokio::test]
async fn subprotocol_is_echoed_where_it_is_offered_and_none_is_needed() {
    let fixture = fixture().await;
    let call = r#"{"jsonrpc":"2.0","method":"subprotocol","id":1}"#;
    let offers = Request::upgrade("/specified").header("Sec-WebSocket-Protocol", "graphql-ws, jsonrpc-2.0");
    let mut client = offers.connect(&fixture.server).await;
    assert_eq!(client.header("sec-websocket-protocol"), Some("jsonrpc-2.0"));
    client
        .ask(call, r#"{"jsonrpc":"2.0","result":"jsonrpc-2.0","id":1}"#)
        .await;
    let mut client = fixture.server.connect("/specified").await;
    assert_eq!(client.header("sec-websocket-protocol"), None);
    client.ask(call, r#"{"jsonrpc":"2.0","result":null,"id":1}"#).await;
}
