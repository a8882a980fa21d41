//! The calls of `test_util`: of a client under test, to it, and to a connector without a client.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use robyn_ws::{
    prelude::*,
    test_util::{self, TestApp},
};
use serde_json::value::{RawValue, to_raw_value};
use tokio::join;

static TESTED: SubRouter = SubRouter::new("/tested_calls");

#[websocket("/", on = "call", method = "say", router = TESTED)]
fn say(ws: &WebSocketConnector, Params(text): Params<String>) -> Result<usize, CallError> {
    ws.everyone().notify("said", &text)?;
    Ok(text.len())
}

#[websocket("/", on = "call", method = "fail", router = TESTED)]
fn fail() -> Result<(), CallError> {
    Err(CallError::new(7, "not today").data(&["tomorrow"]))
}

#[websocket("/", on = "call", method = "written", router = TESTED)]
fn written() -> Result<Box<RawValue>, CallError> {
    Ok(to_raw_value(&[1, 2])?)
}

#[websocket("/", on = "call", method = "delete", router = TESTED)]
async fn delete(ws: WebSocketConnector, Params(file): Params<String>) -> Result<String, CallError> {
    match ws.call::<bool>("confirm", &file).await {
        Ok(sure) => Ok(format!("{file} {sure}")),
        Err(CallError::Remote { code, message, .. }) => Ok(format!("{code} {message}")),
        Err(error) => Err(error),
    }
}

#[websocket("/", on = "call", method = "close_after_call", router = TESTED)]
async fn close_after_call(ws: WebSocketConnector) -> Result<(), CallError> {
    let _unanswered = ws.call::<()>("bye", &()).await;
    Err(CallError::close(4000, "bye"))
}

fn app() -> TestApp {
    TestApp::new(App::new().include_router(&TESTED))
}

#[tokio::test]
async fn call_returns_its_result_and_keeps_what_came_before() {
    let app = app();
    let mut client = app.connect("/tested_calls").await.expect("a connection");
    assert_eq!(client.call::<usize>("say", "hi").await, 2);
    assert_eq!(client.call::<usize>("say", "again").await, 5);
    assert_eq!(client.expect_notification::<(String,)>("said").await.0, "hi");
    assert_eq!(client.expect_notification::<[String; 1]>("said").await, ["again"]);
    assert_eq!(client.expect_call_error("fail", &(), 7).await, "not today");
    assert_eq!(client.call::<Vec<u8>>("written", &()).await, [1, 2]);
    client.notify("say", "to all").await;
    assert_eq!(
        client.receive_text().await,
        r#"{"jsonrpc":"2.0","method":"said","params":["to all"]}"#
    );
    client.close().await;
    client.expect_close(1000).await;
}

#[tokio::test]
async fn tried_call_returns_the_result_or_the_whole_error() {
    let app = app();
    let mut client = app.connect("/tested_calls").await.expect("a connection");
    assert_eq!(client.try_call::<usize>("say", "hi").await.expect("a result"), 2);
    let error = client.try_call::<()>("fail", &()).await.expect_err("it fails");
    assert_eq!((error.code(), error.message()), (Some(7), Some("not today")));
    let CallError::Remote { data: Some(data), .. } = error else {
        panic!("it has data: {error:?}")
    };
    assert_eq!(data.as_text(), Some(r#"["tomorrow"]"#));
}

#[tokio::test]
async fn client_answers_while_it_waits_for_a_result() {
    let app = app();
    let mut client = app.connect("/tested_calls").await.expect("a connection");
    let call = client.send_call("delete", "a.txt").await;
    client
        .answer_next("confirm", |(file,): (String,)| file == "a.txt")
        .await;
    assert_eq!(client.expect_result::<String>(call).await, "a.txt true");
    let call = client.send_call("delete", "a.txt").await;
    client.refuse_next("confirm", -1, "no").await;
    assert_eq!(client.expect_result::<String>(call).await, "-1 no");
}

#[tokio::test]
async fn error_of_a_sent_call_is_returned_with_its_data() {
    let app = app();
    let mut client = app.connect("/tested_calls").await.expect("a connection");
    let call = client.send_call("fail", &()).await;
    client.notify("say", "hi").await;
    let error = client.expect_error(call, 7).await;
    assert_eq!(error.message(), Some("not today"));
    let CallError::Remote { data: Some(data), .. } = error else {
        panic!("it has data: {error:?}")
    };
    assert_eq!(data.as_text(), Some(r#"["tomorrow"]"#));
    assert_eq!(client.expect_notification::<(String,)>("said").await.0, "hi");

    let call = client.send_call("fail", &()).await;
    let panic = panic_of(client.expect_error(call, 8)).await;
    assert!(
        panic.contains("the error 8 was expected") && panic.contains("not today"),
        "{panic}"
    );
    let call = client.send_call("written", &()).await;
    let panic = panic_of(client.expect_error(call, 7)).await;
    assert!(panic.contains("the result is [1,2]"), "{panic}");
}

#[tokio::test]
async fn handler_that_calls_is_tested_without_a_client() {
    let (ws, mut sent) = test_util::connector("/tested_calls");
    let handler = delete(ws, Params("b.txt".to_owned()));
    let answer = async { sent.answer_next("confirm", |(file,): (String,)| file.len() == 1) };
    assert_eq!(join!(handler, answer).0.expect("a result"), "b.txt false");
    assert_eq!(sent.next_text(), None);
}

/// Returns the message that an expectation panics with.
async fn panic_of(expectation: impl Future) -> String {
    let ended = AssertUnwindSafe(expectation).catch_unwind().await;
    *ended.err().expect("it fails").downcast::<String>().expect("a message")
}

#[tokio::test]
async fn failed_expectations_show_what_came() {
    let app = app();
    let mut client = app.connect("/tested_calls").await.expect("a connection");
    for (panic, words) in [
        (
            panic_of(client.try_call::<u8>("written", &())).await,
            ["another JSON was expected", "[1,2]"],
        ),
        (
            panic_of(client.call::<u8>("fail", &())).await,
            ["a result was expected, but the answer is", "not today"],
        ),
        (
            panic_of(client.call::<u8>("written", &())).await,
            ["another JSON was expected", "[1,2]"],
        ),
        (
            panic_of(client.expect_call_error("written", &(), 7)).await,
            ["the error 7 was expected", "the result is [1,2]"],
        ),
        (
            panic_of(client.expect_call_error("fail", &(), 8)).await,
            ["the error 8 was expected", "not today"],
        ),
    ] {
        assert!(words.iter().all(|words| panic.contains(words)), "{panic}");
    }
    client.notify("say", "hi").await;
    let panic = panic_of(client.expect_notification::<[String; 1]>("other")).await;
    assert!(
        panic.contains("a notification of `other` was expected") && panic.contains("said"),
        "{panic}"
    );
    client.notify("say", "hi").await;
    let panic = panic_of(client.answer_next("said", |(text,): (String,)| text)).await;
    assert!(
        panic.contains("a call was expected, but a notification came"),
        "{panic}"
    );
}

#[tokio::test]
async fn failed_call_names_what_the_server_has_called_and_sent_meanwhile() {
    let limits = Limits::default().call_timeout(Duration::from_millis(10));
    let app = TestApp::new(App::new().include_router(TESTED.limits(limits)));
    let mut client = app.connect("/tested_calls").await.expect("a connection");
    client.notify("say", "hi").await;
    let panic = panic_of(client.call::<String>("delete", "a.txt")).await;
    for words in [
        "a result was expected, but the answer is",
        "; the server has called `confirm`: answer with `answer_next`, between `send_call` and `expect_result`",
        "; the server has sent notifications that were not received: `said`",
    ] {
        assert!(panic.contains(words), "no `{words}` in: {panic}");
    }
    let panic = panic_of(client.expect_call_error("delete", "a.txt", 7)).await;
    assert!(panic.contains("the server has called `confirm`: "), "{panic}");
    let panic = panic_of(client.call::<()>("close_after_call", &())).await;
    for words in [
        "the connection was closed with 4000",
        "; the server has called `bye`, `confirm`: ",
    ] {
        assert!(panic.contains(words), "no `{words}` in: {panic}");
    }
}

#[tokio::test]
async fn call_without_an_answer_names_what_the_server_has_called() {
    let limits = Limits::default().call_timeout(Duration::from_hours(1));
    let app = TestApp::new(App::new().include_router(&TESTED).limits(limits));
    let mut client = app.connect("/tested_calls").await.expect("a connection");
    let call = client.send_call("delete", "a.txt").await;
    let panic = panic_of(client.expect_result::<String>(call)).await;
    assert!(
        panic.contains("an answer was expected: timed out after 10s; the server has called `confirm`: "),
        "{panic}"
    );
}
