//! What the log says where a connection ends, a call fails, or an upgrade handler refuses.

use std::time::Duration;

use robyn_ws::{prelude::*, test_util::TestApp};
use robyn_ws_tests::Log;

use crate::paused_runtime;

static ENDED: SubRouter = SubRouter::new("/ended");

#[websocket("/numbers", on = "message", router = ENDED)]
fn double(Json(number): Json<i64>) -> Result<String, HandlerError> {
    match number {
        0 => Err(HandlerError::close(4403, "not zero")),
        _ => Ok((number * 2).to_string()),
    }
}

#[websocket("/own_json", on = "message", router = ENDED)]
fn read_itself(message: &Message) -> Result<String, HandlerError> {
    let number: i64 = message.parse_json()?;
    Ok(number.to_string())
}

#[websocket("/private", on = "upgrade", router = ENDED)]
fn refuse(headers: &HeaderMap) -> Result<(), StatusCode> {
    let user = headers.get("x-user").map(drop);
    user.ok_or(StatusCode::UNAUTHORIZED)
}

#[websocket("/calls", on = "call", method = "delete", router = ENDED)]
async fn delete(ws: WebSocketConnector) -> Result<bool, CallError> {
    ws.call("confirm", "a.txt").await
}

fn app() -> TestApp {
    TestApp::new(App::new().include_router(&ENDED))
}

/// Runs `scenario`, and returns its log with the debug events.
fn debug_log_of(scenario: impl Future<Output = ()>) -> Log {
    // The events are wanted by somebody from the beginning.
    Log::subscribe();
    let log = Log::default();
    tracing::subscriber::with_default(log.debug_subscriber(), || paused_runtime().block_on(scenario));
    log
}

/// Has a connection of `path` ended by `message`, with `code`.
async fn end(app: &TestApp, path: &str, message: &str, code: u16) {
    let mut client = app.connect(path).await.expect("the upgrade");
    client.send_text(message).await;
    client.expect_close(code).await;
}

#[test]
fn end_is_logged_with_its_reason_and_the_close_code() {
    let log = debug_log_of(async {
        let app = app();
        end(&app, "/ended/numbers", "0", 4403).await;
        let mut client = app.connect("/ended/numbers").await.expect("the upgrade");
        client.close_with(4017, "").await;
        client.expect_close(4017).await;
        let vanishing = app.connect("/ended/own_json").await.expect("the upgrade");
        vanishing.vanish();
        while app.hub().count() > 0 {
            tokio::task::yield_now().await;
        }
        // Nobody is left, but the last task may still be at its end.
        app.drain(Duration::from_secs(5)).await;
    });
    let end = "the connection ends";
    log.line(&[end, "endpoint=/ended/numbers", "reason=\"handler_error\"", "code=4403"]);
    log.line(&[end, "endpoint=/ended/numbers", "reason=\"client\"", "code=4017"]);
    let lost = log.line(&[end, "endpoint=/ended/own_json", "reason=\"abnormal\""]);
    assert!(!lost.contains("code="), "{lost}");
}

#[test]
fn message_that_is_refused_is_told_from_a_handler_that_closes() {
    let log = debug_log_of(async {
        let app = app();
        end(&app, "/ended/numbers", "no number", 1007).await;
        end(&app, "/ended/numbers", "0", 4403).await;
        end(&app, "/ended/own_json", "no number", 1007).await;
    });
    for handler in ["handler=\"double\"", "handler=\"read_itself\""] {
        log.line(&[
            "the message was refused",
            handler,
            "reason=\"invalid_payload\" code=1007",
        ]);
    }
    log.line(&[
        "closed by the handler",
        "handler=\"double\"",
        "reason=\"handler_error\" code=4403",
    ]);
}

#[test]
fn upgrade_that_the_handler_refuses_is_logged_with_the_client() {
    let log = debug_log_of(async {
        let refused = app().connect("/ended/private").await.expect_err("a refusal");
        assert_eq!(refused.status, 401);
    });
    log.line(&["upgrade refused", "endpoint=/ended/private", "peer=127.0.0.1:49152"]);
}

#[test]
fn answer_of_a_client_that_is_not_the_result_is_logged_with_the_method() {
    let log = debug_log_of(async {
        let app = app();
        let mut client = app.connect("/ended/calls").await.expect("the upgrade");
        let call = client.send_call("delete", &()).await;
        client.answer_next("confirm", |(file,): (String,)| file).await;
        assert_eq!(
            client.expect_error(call, -32603).await.message(),
            Some("Internal error")
        );
    });
    log.line(&[
        "the handler failed",
        "handler=\"delete\"",
        "the client's answer to `confirm` is not the expected result: invalid type",
    ]);
}
