//! Connections that end when a token ends.

use std::time::{Duration, Instant};

use robyn_ws::{prelude::*, test_util::TestApp};
use robyn_ws_tests::{Gate, Probe, Seen, Server, probe};
use tokio::time::{self, sleep};

static EXPIRY: SubRouter = SubRouter::new("/people/expiry");

const SECOND: Duration = Duration::from_secs(1);

/// `in 50` and `at 50` are milliseconds from now.
fn expire(ws: &WebSocketConnector, msg: &str) {
    let (word, milliseconds) = msg.split_once(' ').expect("two words");
    let duration = Duration::from_millis(milliseconds.parse().expect("a number"));
    match word {
        "in" => ws.expires_in(duration),
        "at" => ws.expires_at((time::Instant::now() + duration).into_std()),
        other => panic!("unknown command {other}"),
    }
}

#[websocket("/", on = "message", router = EXPIRY)]
#[websocket("/blocking", on = "message", router = EXPIRY, blocking)]
fn message(ws: &WebSocketConnector, msg: &str) -> &'static str {
    match msg {
        "hi" => {}
        "past" => ws.expires_at(Instant::now().checked_sub(SECOND).unwrap_or_else(Instant::now)),
        "now" => ws.expires_at(Instant::now()),
        "zero" => ws.expires_in(Duration::ZERO),
        "never" => ws.expires_in(Duration::MAX),
        "late" => ws.expires_at(Instant::now() + Duration::from_hours(24 * 365 * 30)),
        "much" => {
            ws.expires_in(SECOND / 20);
            for number in 0..100 {
                ws.sync_send(number.to_string()).expect("there is room");
            }
        }
        other => expire(ws, other),
    }
    "ok"
}

/// Expires while it runs, and answers when the gate opens.
#[websocket("/waiting", on = "message", router = EXPIRY)]
async fn wait(ws: WebSocketConnector, gate: Global<Gate>) -> String {
    ws.expires_in(SECOND / 100);
    ws.closed().await;
    let refused = ws.sync_send("too late").is_err();
    gate.pass().await;
    format!("{refused}")
}

#[websocket("/connecting", on = "connect", router = EXPIRY)]
async fn connect(ws: WebSocketConnector) -> &'static str {
    ws.expires_in(SECOND / 100);
    ws.closed().await;
    "hello"
}

#[websocket("/session", router = EXPIRY)]
async fn session(mut socket: WebSocket, probe: Global<Probe>) -> Result<(), Disconnected> {
    let first = socket.receive_text().await?;
    expire(socket.connector(), &first);
    let end = socket.receive().await.expect_err("the session has expired");
    probe.note(format!("{} {}", end.code, end.reason));
    Err(end)
}

#[websocket("/", on = "close", router = EXPIRY)]
#[websocket("/blocking", on = "close", router = EXPIRY)]
#[websocket("/waiting", on = "close", router = EXPIRY)]
#[websocket("/connecting", on = "close", router = EXPIRY)]
#[websocket("/session", on = "close", router = EXPIRY)]
fn close(reason: CloseReason, probe: Global<Probe>) {
    probe.note(format!("{reason:?}"));
}

const REASON: &str = "the session has expired";

fn app(limits: Limits) -> (App, Gate, Seen) {
    let (probe, seen) = probe();
    let gate = Gate::default();
    let app = App::new()
        .inject_global(probe)
        .inject_global(gate.clone())
        .limits(limits);
    (app.include_router(&EXPIRY), gate, seen)
}

async fn start() -> (Server, Gate, Seen) {
    let (app, gate, seen) = app(Limits::default());
    (Server::start(app).await, gate, seen)
}

#[tokio::test]
async fn connection_that_expires_is_closed_with_4401_after_what_was_queued() {
    let (server, _gate, mut seen) = start().await;
    for path in ["/people/expiry", "/people/expiry/blocking"] {
        for command in ["in 20", "at 20"] {
            let mut client = server.connect(path).await;
            client.ask(command, "ok").await;
            client.expect_close(4401, REASON).await;
            seen.expect("Expired").await;
        }
        let mut client = server.connect(path).await;
        client.send("much").await;
        for number in 0..100 {
            client.expect_text(&number.to_string()).await;
        }
        client.expect_text("ok").await;
        client.expect_close(4401, REASON).await;
        seen.expect("Expired").await;
    }
}

#[tokio::test]
async fn end_in_the_past_closes_at_once_and_the_reply_still_goes_out() {
    let (server, _gate, mut seen) = start().await;
    for command in ["past", "now", "zero"] {
        let mut client = server.connect("/people/expiry").await;
        client.send(command).await;
        client.send("hi").await;
        client.expect_text("ok").await;
        client.expect_close(4401, REASON).await;
        seen.expect("Expired").await;
    }
}

#[tokio::test(start_paused = true)]
async fn later_call_moves_the_end() {
    let (app, _gate, mut seen) = app(Limits::default());
    let app = TestApp::new(app);
    for (calls, end) in [
        (vec!["in 60000", "in 90000"], 90),
        (vec!["in 60000", "in 30000"], 30),
        (vec!["in 60000", "at 10000", "at 40000"], 40),
        (vec!["never", "late", "in 20000"], 20),
    ] {
        let mut client = app.connect("/people/expiry").await.expect("the upgrade");
        for call in calls {
            client.send_text(call).await;
            assert_eq!(client.receive_text().await, "ok");
        }
        sleep((end * SECOND).saturating_sub(SECOND / 10)).await;
        client.send_text("hi").await;
        assert_eq!(client.receive_text().await, "ok");
        sleep(SECOND / 5).await;
        client.expect_close(4401).await;
        seen.expect("Expired").await;
    }
}

#[tokio::test(start_paused = true)]
async fn end_that_is_renewed_in_time_never_comes() {
    let (app, _gate, _seen) = app(Limits::default().heartbeat_interval(None));
    let app = TestApp::new(app);
    let mut client = app.connect("/people/expiry").await.expect("the upgrade");
    for _ in 0..100 {
        client.send_text("in 60000").await;
        assert_eq!(client.receive_text().await, "ok");
        sleep(50 * SECOND).await;
    }
    for never in ["never", "late"] {
        client.send_text(never).await;
        assert_eq!(client.receive_text().await, "ok");
        sleep(Duration::from_hours(24 * 300)).await;
    }
    client.send_text("hi").await;
    assert_eq!(client.receive_text().await, "ok");
}

#[tokio::test]
async fn another_task_expires_a_connection_that_is_quiet() {
    let (server, _gate, mut seen) = start().await;
    let mut client = server.connect("/people/expiry").await;
    client.ask("hi", "ok").await;
    let endpoint = server.hub().endpoint("/people/expiry");
    let connector = endpoint.connector(endpoint.ids()[0]).expect("it is connected");
    connector.expires_in(Duration::from_hours(1));
    std::thread::spawn(move || connector.expires_in(SECOND / 50))
        .join()
        .expect("the thread ends");
    client.expect_close(4401, REASON).await;
    seen.expect("Expired").await;
}

#[tokio::test]
async fn handler_that_runs_when_its_connection_expires_may_finish() {
    let (server, gate, mut seen) = start().await;
    let mut client = server.connect("/people/expiry/waiting").await;
    client.send("go").await;
    gate.open();
    client.expect_text("true").await;
    client.expect_close(4401, REASON).await;
    seen.expect("Expired").await;
}

#[tokio::test]
async fn connection_expires_while_connect_runs_and_its_greeting_goes_out() {
    let (server, _gate, mut seen) = start().await;
    let mut client = server.connect("/people/expiry/connecting").await;
    client.expect_text("hello").await;
    client.expect_close(4401, REASON).await;
    seen.expect("Expired").await;
}

#[tokio::test]
async fn session_that_expires_is_told_so() {
    let (server, _gate, mut seen) = start().await;
    let mut client = server.connect("/people/expiry/session").await;
    client.send("in 20").await;
    client.expect_close(4401, REASON).await;
    seen.expect(&format!("4401 {REASON}")).await;
    seen.expect("Expired").await;
}

#[tokio::test]
async fn code_of_the_end_is_the_one_of_the_app_or_of_the_sub_router() {
    let (probe, _seen) = probe();
    let app = App::new().inject_global(probe).inject_global(Gate::default());
    let inner = EXPIRY.limits(Limits::default().expired_code(3000));
    let server = Server::start(app.limits(Limits::default().expired_code(1008)).include_router(inner)).await;
    let mut client = server.connect("/people/expiry").await;
    client.ask("in 10", "ok").await;
    client.expect_close(3000, REASON).await;

    let (app, _gate, _seen) = self::app(Limits::default().expired_code(1008));
    let server = Server::start(app).await;
    for command in ["in 10", "zero"] {
        let mut client = server.connect("/people/expiry").await;
        client.ask(command, "ok").await;
        client.expect_close(1008, REASON).await;
    }
}

#[test]
fn code_that_must_not_be_sent_is_a_build_error() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
        let (app, _gate, _seen) = app(Limits::default().expired_code(code));
        let errors = app.build().expect_err("the code must not be sent").to_string();
        assert!(
            errors.contains(&format!("`Limits::expired_code` is {code}, which must not be sent")),
            "{errors}"
        );
    }
}
