//! Notifications to clients: of a connection, an audience and the hub.

use std::collections::BTreeMap;

use robyn_ws::prelude::*;
use robyn_ws_tests::Server;
use serde::Serialize;
use serde_json::{Value, json};

static NOTIFYING: SubRouter = SubRouter::new("/notifying");

#[derive(Serialize)]
struct Said {
    text: &'static str,
}

#[websocket("/", on = "connect", router = NOTIFYING)]
fn connect(ws: &WebSocketConnector) -> Result<(), JsonError> {
    ws.join("room");
    let delivery = ws.notify("welcome", &Said { text: "hi \"there\"" })?;
    assert_eq!((delivery.queued, delivery.dropped), (1, 0));
    Ok(())
}

#[websocket("/", on = "call", method = "say", router = NOTIFYING)]
fn say(ws: &WebSocketConnector) -> Result<usize, CallError> {
    let all = ws.to("room").notify("said", &("a", 1))?;
    let others = ws.others().notify("told", &[1, 2])?;
    Ok(all.queued + others.queued)
}

#[websocket("/", on = "call", method = "odd", router = NOTIFYING)]
fn odd(ws: &WebSocketConnector) -> Result<(), CallError> {
    ws.notify("a \"quoted\" name", "text")?;
    ws.notify("number", &1.5)?;
    ws.notify("null", &())?;
    ws.notify("empty", &[0_u8; 0])?;
    assert!(ws.notify("no JSON", &BTreeMap::from([((1, 2), 3)])).is_err());
    Ok(())
}

/// More notifications than a queue holds.
const MANY: usize = 1000;

#[websocket("/", on = "call", method = "flood", router = NOTIFYING)]
fn flood(ws: &WebSocketConnector) -> Result<(), CallError> {
    for number in 0..MANY {
        ws.notify("said", &number)?;
    }
    Ok(())
}

#[websocket("/", on = "call", method = "replay", router = NOTIFYING)]
async fn replay(ws: WebSocketConnector) -> Result<(), CallError> {
    for number in 0..MANY {
        let said = json!({"jsonrpc": "2.0", "method": "said", "params": [number]});
        ws.async_send_json(&said).await?;
    }
    Ok(())
}

#[tokio::test]
async fn handler_that_waits_for_room_sends_its_client_more_than_the_queue_holds() {
    let server = Server::start(App::new().include_router(&NOTIFYING)).await;
    let mut client = server.connect("/notifying").await;
    client.text().await;
    client.send(r#"{"jsonrpc":"2.0","method":"replay","id":1}"#).await;
    for number in 0..MANY {
        let said: Value = serde_json::from_str(&client.text().await).expect("JSON");
        assert_eq!((&said["method"], &said["params"]), (&json!("said"), &json!([number])));
    }
    client.expect_text(r#"{"jsonrpc":"2.0","result":null,"id":1}"#).await;
}

#[tokio::test]
async fn handler_that_sends_its_client_more_than_the_queue_holds_in_one_go_ends_the_connection() {
    let server = Server::start(App::new().include_router(&NOTIFYING)).await;
    let mut client = server.connect("/notifying").await;
    client.text().await;
    client.send(r#"{"jsonrpc":"2.0","method":"flood","id":1}"#).await;
    for number in 0..256 {
        client
            .expect_text(&format!(r#"{{"jsonrpc":"2.0","method":"said","params":[{number}]}}"#))
            .await;
    }
    // The handler has run to its end, and its answer goes out ahead of the Close frame.
    client.expect_text(r#"{"jsonrpc":"2.0","result":null,"id":1}"#).await;
    let reason = "too slow: exceeded Limits::max_outbound_messages or Limits::max_outbound_bytes";
    client.expect_close(1008, reason).await;
}

#[tokio::test]
async fn notification_reaches_each_audience_and_is_encoded_once() {
    let server = Server::start(App::new().include_router(&NOTIFYING)).await;
    let mut one = server.connect("/notifying").await;
    let mut other = server.connect("/notifying").await;
    let welcome = r#"{"jsonrpc":"2.0","method":"welcome","params":{"text":"hi \"there\""}}"#;
    one.expect_text(welcome).await;
    other.expect_text(welcome).await;
    one.send(r#"{"jsonrpc":"2.0","method":"say","id":1}"#).await;
    let said = r#"{"jsonrpc":"2.0","method":"said","params":["a",1]}"#;
    one.expect_texts(&[said, r#"{"jsonrpc":"2.0","result":3,"id":1}"#])
        .await;
    other
        .expect_texts(&[said, r#"{"jsonrpc":"2.0","method":"told","params":[1,2]}"#])
        .await;
    let endpoint = server.hub().endpoint("/notifying");
    let before = endpoint.counters().frames_encoded;
    let delivery = endpoint.notify("all", &true).expect("JSON");
    assert_eq!((delivery.queued, endpoint.counters().frames_encoded), (2, before + 1));
    for client in [&mut one, &mut other] {
        client
            .expect_text(r#"{"jsonrpc":"2.0","method":"all","params":[true]}"#)
            .await;
    }
}

#[tokio::test]
async fn parameters_that_are_no_object_and_no_array_are_an_array_of_one() {
    let server = Server::start(App::new().include_router(&NOTIFYING)).await;
    let mut client = server.connect("/notifying").await;
    client.text().await;
    client.send(r#"{"jsonrpc":"2.0","method":"odd"}"#).await;
    client
        .expect_texts(&[
            r#"{"jsonrpc":"2.0","method":"a \"quoted\" name","params":["text"]}"#,
            r#"{"jsonrpc":"2.0","method":"number","params":[1.5]}"#,
            r#"{"jsonrpc":"2.0","method":"null","params":[null]}"#,
            r#"{"jsonrpc":"2.0","method":"empty","params":[]}"#,
        ])
        .await;
}
