//! Clients that send what no client would: each is answered with an error at most, and its connection goes on.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Client, Server};
use serde_json::Value;

static HOSTILE: SubRouter = SubRouter::new("/hostile_calls");

#[websocket("/", on = "call", method = "any", router = HOSTILE)]
fn any(_value: Params<Value>) {}

#[websocket("/", on = "call", method = "any_later", router = HOSTILE)]
async fn any_later(_value: Params<Value>) {}

const MIB: usize = 1 << 20;

async fn start() -> (Server, Client) {
    let limits = Limits::default().max_message_size(4 * MIB);
    let server = Server::start(App::new().include_router(&HOSTILE).limits(limits)).await;
    let client = server.connect("/hostile_calls").await;
    (server, client)
}

async fn refused(client: &mut Client, call: impl Into<Message>, code: i64, words: &str, id: &str) {
    client.send(call).await;
    let answer = client.text().await;
    let head = format!(r#"{{"jsonrpc":"2.0","error":{{"code":{code},"message":"{words}"#);
    let (start, end) = (
        &answer[..answer.floor_char_boundary(200)],
        format!(r#""}},"id":{id}}}"#),
    );
    assert!(answer.starts_with(&head) && answer.ends_with(&end), "{words}: {start}");
    assert!(answer.len() < 2048, "{} bytes: {start}", answer.len());
}

async fn goes_on(mut client: Client) {
    client
        .ask(
            r#"{"jsonrpc":"2.0","method":"any","params":[1],"id":1}"#,
            r#"{"jsonrpc":"2.0","result":null,"id":1}"#,
        )
        .await;
    client.leave().await;
}

#[tokio::test]
async fn nesting_10_000_deep_is_refused_where_it_is_read() {
    let (_server, mut client) = start().await;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    for method in ["any", "any_later"] {
        for params in [deep("[", "]"), deep(r#"{"a":["#, "]}")] {
            let call = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params},"id":1}}"#);
            refused(&mut client, call, -32602, "Invalid params: ", "1").await;
        }
    }
    client
        .ask(
            deep("[", "]"),
            r#"[{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request: a call is an object"},"id":null}]"#,
        )
        .await;
    refused(&mut client, "[".repeat(10_000), -32700, "Parse error", "null").await;
    refused(&mut client, deep(r#"{"a":["#, "]}"), -32600, "Invalid Request", "null").await;
    goes_on(client).await;
}

#[tokio::test]
async fn id_method_and_parameters_of_1_mb_are_not_sent_back() {
    let (_server, mut client) = start().await;
    let long = "x".repeat(1_000_000);
    let number = "1".repeat(1_000_000);
    for id in [format!("\"{long}\""), number] {
        let call = format!(r#"{{"jsonrpc":"2.0","method":"any","params":[],"id":{id}}}"#);
        refused(&mut client, call, -32600, "Invalid Request: the `id` is longer", "null").await;
    }
    let call = format!(r#"{{"jsonrpc":"2.0","method":"{long}","id":1}}"#);
    refused(&mut client, call, -32601, "Method not found", "1").await;
    let call = format!(r#"{{"jsonrpc":"2.0","method":"any","params":"{long}","id":1}}"#);
    refused(&mut client, call, -32600, "Invalid Request: `params`", "1").await;
    let call = format!(r#"{{"jsonrpc":"{long}","method":"any","id":1}}"#);
    refused(&mut client, call, -32600, "Invalid Request: `jsonrpc`", "1").await;
    goes_on(client).await;
}

#[tokio::test]
async fn text_that_is_no_unicode_escape_and_member_twice_are_refused() {
    let (_server, mut client) = start().await;
    let call = r#"{"jsonrpc":"2.0","method":"\ud800","id":1}"#;
    refused(
        &mut client,
        call,
        -32600,
        "Invalid Request: the `method` is a string",
        "1",
    )
    .await;
    let call = r#"{"jsonrpc":"2.0","method":"any","method":"any_later","id":1}"#;
    refused(&mut client, call, -32600, "Invalid Request: a member appears", "1").await;
    let call = r#"{"jsonrpc":"2.0","method":"any","params":["\ud800"],"id":1}"#;
    refused(&mut client, call, -32602, "Invalid params: ", "1").await;
    goes_on(client).await;
}

#[tokio::test]
async fn member_whose_name_is_half_of_a_surrogate_pair_is_ignored_as_all_unknown_ones() {
    let (_server, mut client) = start().await;
    for text in [
        r#"{"jsonrpc":"2.0","method":"any","params":[1],"\ud800":1,"id":1}"#,
        r#"{"\udc00\n":[],"jsonrpc":"2.0","method":"any","params":{"\ud800":1},"id":1}"#,
    ] {
        client.send(text).await;
        let answer = client.text().await;
        assert!(answer.ends_with(r#","id":1}"#), "{answer}");
        assert!(!answer.contains("Parse error"), "{answer}");
    }
    goes_on(client).await;
}

#[tokio::test]
async fn thousands_of_unknown_methods_are_refused_one_by_one() {
    let (_server, mut client) = start().await;
    for number in 0..2_000 {
        client
            .send(format!(r#"{{"jsonrpc":"2.0","method":"any_{number}","id":{number}}}"#))
            .await;
        client
            .expect_text(&format!(
                r#"{{"jsonrpc":"2.0","error":{{"code":-32601,"message":"Method not found"}},"id":{number}}}"#
            ))
            .await;
    }
    goes_on(client).await;
}
