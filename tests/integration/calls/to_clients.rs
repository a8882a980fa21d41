//! Calls from the server to a client: `ws.call`.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Client, Fixture, Gate, Probe, until, within};
use serde::Deserialize;

static ASKING: SubRouter = SubRouter::new("/asking");

/// What became of a call, in words.
fn told<T: std::fmt::Debug>(result: Result<T, CallError>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(CallError::Remote { code, message, data }) => {
            let data = data.and_then(|data| data.as_text().map(str::to_owned));
            format!("remote {code} {message} {data:?}")
        }
        Err(error) => format!("{error:?}"),
    }
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is printed")]
struct Confirmed {
    yes: bool,
}

#[websocket("/", on = "call", method = "delete", router = ASKING)]
async fn delete(ws: WebSocketConnector, Params(file): Params<String>) -> String {
    told(ws.call::<Confirmed>("confirm", &file).await)
}

#[websocket("/", on = "call", method = "pass_on", router = ASKING)]
async fn pass_on(ws: WebSocketConnector) -> Result<Json<Vec<u8>>, CallError> {
    Ok(Json(ws.call("bytes", &()).await?))
}

#[websocket("/", on = "call", method = "note", router = ASKING)]
fn note(Params(what): Params<u32>, probe: Global<Probe>) {
    probe.note(what);
}

#[websocket("/", on = "call", method = "wait", router = ASKING)]
async fn wait(gate: Global<Gate>, probe: Global<Probe>) {
    probe.note("waits");
    gate.pass().await;
}

#[websocket("/", on = "call", method = "close_meanwhile", router = ASKING)]
async fn close_meanwhile(ws: WebSocketConnector, probe: Global<Probe>) {
    let call = ws.call::<u8>("never", &());
    let close = async { ws.close() };
    probe.note(told(tokio::join!(call, close).0));
}

#[websocket("/blocking", on = "call", method = "ask", router = ASKING, blocking)]
fn ask_blocking(ws: WebSocketConnector) -> String {
    told(futures_executor::block_on(ws.call::<u8>("number", &1)))
}

#[websocket("/connecting", on = "connect", router = ASKING)]
async fn connecting(ws: WebSocketConnector) -> String {
    format!("hello {}", told(ws.call::<String>("name", &()).await))
}

#[websocket("/messages", on = "message", router = ASKING)]
async fn messages(ws: WebSocketConnector, msg: String) -> String {
    format!("{msg} {}", told(ws.call::<String>("name", &()).await))
}

async fn fixture(limits: Limits) -> Fixture {
    Fixture::start(&ASKING, limits).await
}

/// Waits for a call, and returns its id.
async fn called(client: &mut Client, method: &str, params: &str) -> String {
    let call = client.text().await;
    let head = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params},"id":"#);
    let rest = call
        .strip_prefix(&head)
        .unwrap_or_else(|| panic!("no call of {method}: {call}"));
    rest.trim_end_matches('}').to_owned()
}

async fn answer(client: &mut Client, id: &str, member: &str) {
    client.send(format!(r#"{{"jsonrpc":"2.0",{member},"id":{id}}}"#)).await;
}

fn notification(number: usize) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"note","params":[{number}]}}"#)
}

const DELETE: &str = r#"{"jsonrpc":"2.0","method":"delete","params":["a.txt"],"id":"d"}"#;

fn deleted(what: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","result":"{what}","id":"d"}}"#)
}

#[tokio::test]
async fn answer_is_matched_while_its_handler_waits() {
    let fixture = fixture(Limits::default()).await;
    let mut client = fixture.server.connect("/asking").await;
    for (member, what) in [
        (r#""result":{"yes":true}"#, "Confirmed { yes: true }"),
        (r#""result":{"yes":false},"error":null"#, "Confirmed { yes: false }"),
        (r#""error":{"code":-32601,"message":"none"}"#, "remote -32601 none None"),
        (
            r#""error":{"code":5,"message":"no","data":[1]}"#,
            r#"remote 5 no Some(\"[1]\")"#,
        ),
        (r#""error":"odd""#, "remote 0  None"),
    ] {
        client.send(DELETE).await;
        let id = called(&mut client, "confirm", r#"["a.txt"]"#).await;
        answer(&mut client, &id, member).await;
        client.expect_text(&deleted(what)).await;
    }
    let counters = fixture.server.hub().endpoint("/asking").counters();
    assert_eq!(counters.answers_ignored, 0);
}

#[tokio::test]
async fn handler_that_passes_on_the_failure_of_its_call_answers_with_an_internal_error() {
    let fixture = fixture(Limits::default()).await;
    let mut client = fixture.server.connect("/asking").await;
    for member in [r#""error":{"code":5,"message":"a secret"}"#, r#""result":"no bytes""#] {
        client.send(r#"{"jsonrpc":"2.0","method":"pass_on","id":1}"#).await;
        let id = called(&mut client, "bytes", "[null]").await;
        answer(&mut client, &id, member).await;
        client
            .expect_text(r#"{"jsonrpc":"2.0","error":{"code":-32603,"message":"Internal error"},"id":1}"#)
            .await;
    }
}

#[tokio::test]
async fn answer_behind_more_messages_than_are_read_ahead_is_found() {
    let mut fixture = fixture(Limits::default().max_read_ahead(4)).await;
    let mut client = fixture.server.connect("/asking").await;
    client.send(DELETE).await;
    let id = called(&mut client, "confirm", r#"["a.txt"]"#).await;
    for number in 0..200 {
        client.send(notification(number)).await;
    }
    answer(&mut client, &id, r#""result":{"yes":true}"#).await;
    client.expect_text(&deleted("Confirmed { yes: true }")).await;
    for number in 0..200 {
        fixture.seen.expect(&number.to_string()).await;
    }
}

#[tokio::test]
async fn answer_is_found_for_a_task_that_calls_after_reading_has_paused() {
    let mut fixture = fixture(Limits::default().max_read_ahead(4)).await;
    let mut client = fixture.server.connect("/asking").await;
    client.send(r#"{"jsonrpc":"2.0","method":"wait"}"#).await;
    fixture.seen.expect("waits").await;
    for number in 0..50 {
        client.send(notification(number)).await;
    }
    let endpoint = fixture.server.hub().endpoint("/asking");
    let ws = endpoint.connector(endpoint.ids()[0]).expect("the client is connected");
    let call = tokio::spawn(async move { told(ws.call::<u8>("number", &1).await) });
    let id = called(&mut client, "number", "[1]").await;
    answer(&mut client, &id, r#""result":7"#).await;
    assert_eq!(within("the answer", call).await.expect("no panic"), "7");
    assert_eq!(fixture.seen.rest(), [""; 0], "the handler still waits");
    fixture.gate.open();
    for number in 0..50 {
        fixture.seen.expect(&number.to_string()).await;
    }
}

#[tokio::test]
async fn answers_in_a_batch_are_taken_out_of_it() {
    let mut fixture = fixture(Limits::default()).await;
    let mut client = fixture.server.connect("/asking").await;
    client.send(DELETE).await;
    let id = called(&mut client, "confirm", r#"["a.txt"]"#).await;
    let call = r#"{"jsonrpc":"2.0","method":"note","params":[5],"id":5}"#;
    client
        .send(format!(
            r#"[{}, {{"jsonrpc":"2.0","result":{{"yes":true}},"id":{id}}}, {call}]"#,
            notification(4)
        ))
        .await;
    client
        .expect_texts(&[
            &deleted("Confirmed { yes: true }"),
            r#"[{"jsonrpc":"2.0","result":null,"id":5}]"#,
        ])
        .await;
    fixture.seen.expect("4").await;
    fixture.seen.expect("5").await;
    let counters = fixture.server.hub().endpoint("/asking").counters();
    assert_eq!(counters.answers_ignored, 0);
}

#[tokio::test]
async fn answer_is_found_in_a_batch_of_more_answers_than_calls_are_taken() {
    let limits = Limits::default().max_batched_calls(3).max_unanswered_calls(10);
    let mut fixture = fixture(limits).await;
    let mut client = fixture.server.connect("/asking").await;
    let foreign = |number: usize| format!(r#"{{"jsonrpc":"2.0","result":0,"id":"foreign {number}"}}"#);
    for (calls, answers) in [(0, 4), (3, 1), (3, 10), (0, 10)] {
        client.send(DELETE).await;
        let id = called(&mut client, "confirm", r#"["a.txt"]"#).await;
        let mut batch: Vec<_> = (0..calls).map(notification).collect();
        batch.extend((1..answers).map(foreign));
        batch.push(format!(r#"{{"jsonrpc":"2.0","result":{{"yes":true}},"id":{id}}}"#));
        client.send(format!("[{}]", batch.join(","))).await;
        client.expect_text(&deleted("Confirmed { yes: true }")).await;
        for number in 0..calls {
            fixture.seen.expect(&number.to_string()).await;
        }
    }
    // Four are calls too many, and more answers than there can be calls are no answers.
    for (calls, answers, what) in [
        (4, 0, "calls than `Limits::max_batched_calls`"),
        (4, 2, "calls than `Limits::max_batched_calls`"),
        (3, 11, "answers than `Limits::max_unanswered_calls`"),
        (0, 10_000, "answers than `Limits::max_unanswered_calls`"),
    ] {
        let mut batch: Vec<_> = (0..answers).map(foreign).collect();
        batch.extend((0..calls).map(notification));
        client
            .ask(
                format!("[{}]", batch.join(",")),
                &format!(
                    r#"{{"jsonrpc":"2.0","error":{{"code":-32600,"message":"Invalid Request: the batch has more {what}"}},"id":null}}"#
                ),
            )
            .await;
    }
    assert_eq!(fixture.seen.rest(), [""; 0]);
}

#[tokio::test]
async fn answers_are_counted_where_no_handler_takes_messages() {
    let fixture = fixture(Limits::default()).await;
    let mut client = fixture.server.connect("/asking/connecting").await;
    let endpoint = fixture.server.hub().endpoint("/asking/connecting");
    let id = called(&mut client, "name", "[null]").await;
    answer(&mut client, &id, r#""result":"Ann""#).await;
    client.expect_text("hello \"Ann\"").await;
    assert_eq!(endpoint.counters().answers_ignored, 0);
    // The same once more, one that nobody asked for, and two in a batch.
    answer(&mut client, &id, r#""result":"Ann""#).await;
    answer(&mut client, "99", r#""error":{"code":1}"#).await;
    client
        .send(r#"[{"jsonrpc":"2.0","result":1,"id":1},{"jsonrpc":"2.0","method":"m"},{"jsonrpc":"2.0","result":2,"id":2}]"#)
        .await;
    client.send("neither").await;
    until("all are counted", || endpoint.counters().answers_ignored == 4).await;
    client.leave().await;
    assert_eq!(endpoint.counters().answers_ignored, 4);
}

#[tokio::test]
async fn end_of_the_connection_ends_its_calls() {
    let mut fixture = fixture(Limits::default()).await;
    let mut client = fixture.server.connect("/asking").await;
    client.send(r#"{"jsonrpc":"2.0","method":"close_meanwhile"}"#).await;
    called(&mut client, "never", "[null]").await;
    client.expect_close(1000, "").await;
    fixture.seen.expect("NotConnected").await;

    let mut client = fixture.server.connect("/asking").await;
    let endpoint = fixture.server.hub().endpoint("/asking");
    until("the client is alone", || endpoint.count() == 1).await;
    let ws = endpoint.connector(endpoint.ids()[0]).expect("the client is connected");
    let call = tokio::spawn({
        let ws = ws.clone();
        async move { told(ws.call::<u8>("number", &1).await) }
    });
    called(&mut client, "number", "[1]").await;
    client.leave().await;
    assert_eq!(within("the end", call).await.expect("no panic"), "NotConnected");
    assert_eq!(told(ws.call::<u8>("number", &1).await), "NotConnected");
}

#[tokio::test]
async fn handlers_of_every_kind_can_call() {
    let fixture = fixture(Limits::default()).await;
    let mut client = fixture.server.connect("/asking/blocking").await;
    client.send(r#"{"jsonrpc":"2.0","method":"ask","id":1}"#).await;
    let id = called(&mut client, "number", "[1]").await;
    answer(&mut client, &id, r#""result":3"#).await;
    client.expect_text(r#"{"jsonrpc":"2.0","result":"3","id":1}"#).await;

    // An endpoint that handles nothing else takes answers as well.
    let mut client = fixture.server.connect("/asking/connecting").await;
    let id = called(&mut client, "name", "[null]").await;
    for number in 0..50 {
        client.send(format!("ignored {number}")).await;
    }
    answer(&mut client, &id, r#""result":"Ann""#).await;
    client.expect_text("hello \"Ann\"").await;
    client.leave().await;
}

#[tokio::test]
async fn endpoint_whose_handler_takes_all_messages_cannot_call() {
    let fixture = fixture(Limits::default()).await;
    let mut client = fixture.server.connect("/asking/messages").await;
    client.ask("hi", "hi Unsupported").await;
}
