//! What operators read when user code fails: always which handler, where it stands, and whose connection it was.
//!
//! A program of its own, as `observability`.

#![expect(
    clippy::needless_pass_by_value,
    reason = "handlers here have the shapes that users write, whether or not their bodies need them"
)]

use std::{error::Error, fmt, future::pending, panic::panic_any, time::Duration};

use robyn_ws::{prelude::*, test_util::TestApp};
use robyn_ws_tests::{Gate, Log, Probe, Seen, probe, until};
use serde::{Deserialize, Deserializer};

static FAILING: SubRouter = SubRouter::new("/failing");

#[derive(Debug, Default, ConnectionState)]
struct DropPanics;

impl Drop for DropPanics {
    fn drop(&mut self) {
        // A second panic while the first one unwinds would end any program.
        assert!(std::thread::panicking(), "a panic of the test, in `Drop`");
    }
}

#[derive(Debug)]
enum Bad {
    DisplayPanics,
    DisplayFails,
    DisplayNeverEnds,
    DropPanics { _value: DropPanics },
    Controls,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("so far so good")?;
        match self {
            Self::DisplayPanics => panic!("a panic of the test, in `Display`"),
            Self::DisplayFails => Err(fmt::Error),
            Self::DisplayNeverEnds => loop {
                f.write_str(" so far so good")?;
            },
            Self::DropPanics { .. } => Ok(()),
            Self::Controls => f.write_str("\u{1b}[2J\r\n"),
        }
    }
}

impl Error for Bad {}

struct NoDeserialize;

impl<'de> Deserialize<'de> for NoDeserialize {
    fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
        panic!("a panic of the test, in `Deserialize`")
    }
}

#[websocket("/error", on = "connect", router = FAILING)]
#[websocket("/payload", on = "connect", router = FAILING)]
#[websocket("/refusing", on = "connect", router = FAILING)]
#[websocket("/json", on = "connect", router = FAILING)]
#[websocket("/state", on = "connect", router = FAILING)]
#[websocket("/endless", on = "connect", router = FAILING)]
#[websocket("/blocking", on = "connect", router = FAILING)]
fn tell_id(ws: &WebSocketConnector) -> String {
    ws.id().to_string()
}

#[websocket("/error", on = "message", router = FAILING)]
fn fails(how: &str) -> Result<(), Bad> {
    Err(match how {
        "display panics" => Bad::DisplayPanics,
        "display fails" => Bad::DisplayFails,
        "display never ends" => Bad::DisplayNeverEnds,
        "drop panics" => Bad::DropPanics { _value: DropPanics },
        _ => Bad::Controls,
    })
}

#[websocket("/refusing", on = "message", router = FAILING)]
fn refuses(msg: Result<Json<u32>, Rejection>) -> Result<(), HandlerError> {
    match msg?.0 {
        number if number > 9 => Err(HandlerError::close(4000, "too many")),
        _ => Ok(()),
    }
}

#[websocket("/payload", on = "message", router = FAILING)]
fn panics_with_a_value() {
    panic_any(DropPanics);
}

#[websocket("/json", on = "message", router = FAILING)]
fn takes_json(_number: Json<u32>) {}

#[websocket("/query", on = "message", router = FAILING)]
fn takes_query(_query: Query<NoDeserialize>) {}

#[websocket("/state", on = "message", router = FAILING)]
fn takes_state(_state: &DropPanics, msg: String) -> String {
    msg
}

#[websocket("/endless", on = "message", router = FAILING)]
async fn never_ends(ws: WebSocketConnector) {
    let _local = DropPanics;
    let _sent = ws.sync_send("begun");
    pending::<()>().await;
}

#[websocket("/blocking", on = "message", router = FAILING, blocking)]
fn blocks(ws: &WebSocketConnector, _state: &mut Count, gate: Global<Gate>) {
    let _sent = ws.sync_send("begun");
    gate.pass_blocking();
    panic!("a panic of the test, too late");
}

#[derive(Default, ConnectionState)]
struct Count;

#[websocket("/endless", on = "close", router = FAILING)]
#[websocket("/blocking", on = "close", router = FAILING)]
fn close(_state: &Count, probe: Global<Probe>) {
    probe.note("closed");
}

/// An app with its log, and what tests hold of it.
struct Scene {
    log: &'static Log,
    app: TestApp,
    seen: Seen,
    gate: Gate,
}

impl Scene {
    fn new(limits: Limits) -> Self {
        let log = Log::subscribe();
        let (probe, seen) = probe();
        let gate = Gate::default();
        let app = App::new().inject_global(probe).inject_global(gate.clone());
        let app = TestApp::new(app.include_router(&FAILING).limits(limits));
        Self { log, app, seen, gate }
    }

    /// Connects a client to `path`, and gives it with the id of its connection.
    async fn connect(&self, path: &str) -> (robyn_ws::test_util::TestSocket, String) {
        let mut client = self
            .app
            .connect(&format!("/failing/{path}"))
            .await
            .expect("the upgrade");
        let id = client.receive_text().await;
        (client, id)
    }

    /// Gives the line that has `words`, and names `handler` with its place and the connection `id`.
    fn line(&self, words: &str, handler: &str, id: &str) -> String {
        let (handler, place) = (format!("handler={handler:?}"), format!("place={}:", file!()));
        self.log.line(&[words, &handler, &place, &format!("id={id}")])
    }

    async fn until_nobody_is_there(&self) {
        until("the connection to leave the hub", || self.app.hub().count() == 0).await;
        self.app.drain(Duration::from_secs(5)).await;
    }
}

#[tokio::test]
async fn error_is_logged_however_its_text_fails() {
    for (how, text) in [
        ("display panics", "so far so good (its `Display` panicked)"),
        ("display fails", "so far so good (its `Display` failed)"),
        ("display never ends", "so far so good so far"),
        ("drop panics", "so far so good"),
        ("controls", r"so far so good\\u{1b}[2J\\r\\n"),
    ] {
        // Only the first failure of an app is for the log at once.
        let scene = Scene::new(Limits::default());
        let (mut client, id) = scene.connect("error").await;
        client.send_text(how).await;
        client.expect_close(1011).await;
        let line = scene.line(&format!("error=\"{text}"), "fails", &id);
        assert!(line.contains("the handler failed"), "{line}");
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(line.len() < 2048, "{} bytes", line.len());
        if how == "drop panics" {
            scene.line("the `Drop` of the handler's error panicked", "fails", &id);
        }
    }
}

/// Anybody could fill the log with warnings.
#[tokio::test]
async fn message_that_a_handler_refuses_is_not_a_warning() {
    let scene = Scene::new(Limits::default());
    for (path, message, code) in [
        ("json", "bad", 1007),
        ("refusing", "bad", 1007),
        ("refusing", "10", 4000),
    ] {
        let (mut client, id) = scene.connect(path).await;
        client.send_text(message).await;
        client.expect_close(code).await;
        let log = scene.log.text();
        let warning = log.lines().find(|line| line.contains("WARN") && line.contains(&id));
        assert_eq!(warning, None, "{path} {message}");
    }
}

#[tokio::test]
async fn panic_with_a_value_whose_drop_panics_is_logged() {
    let scene = Scene::new(Limits::default());
    let (mut client, id) = scene.connect("payload").await;
    client.send_text("go").await;
    client.expect_close(1011).await;
    scene.line("the handler panicked", "panics_with_a_value", &id);
}

#[tokio::test]
async fn panic_of_an_argument_that_is_checked_before_the_101_is_logged_with_the_handler_that_takes_it() {
    let scene = Scene::new(Limits::default());
    let refused = scene.app.connect("/failing/query?a=1").await.expect_err("a refusal");
    assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
    let place = format!("place={}:", file!());
    let words = [
        "the handler panicked before the upgrade",
        r#"handler="takes_query""#,
        &place,
    ];
    scene.log.line(&words);
}

#[tokio::test]
async fn state_whose_drop_panics_is_logged_with_a_handler_that_takes_it() {
    let scene = Scene::new(Limits::default());
    let (mut client, id) = scene.connect("state").await;
    client.send_text("well").await;
    client.receive_text().await;
    client.close().await;
    client.expect_close(1000).await;
    scene.until_nobody_is_there().await;
    scene.line(
        "the `Drop` of a state that the handler takes panicked",
        "takes_state",
        &id,
    );
}

#[tokio::test]
async fn handler_that_is_dropped_is_logged_with_the_bound_that_was_over() {
    for (limits, why, code) in [
        (
            Limits::default().handler_grace(Duration::from_millis(50)),
            "`Limits::handler_grace` is over",
            1000,
        ),
        (
            Limits::default().handler_timeout(Duration::from_millis(50)),
            "`Limits::handler_timeout` is over",
            1011,
        ),
    ] {
        let mut scene = Scene::new(limits);
        let (mut client, id) = scene.connect("endless").await;
        client.send_text("go").await;
        assert_eq!(client.receive_text().await, "begun");
        if code == 1000 {
            client.close().await;
        }
        client.expect_close(code).await;
        scene.seen.expect("closed").await;
        scene.line(why, "never_ends", &id);
        scene.line("the handler panicked when it was dropped", "never_ends", &id);
    }
}

#[tokio::test]
async fn blocking_handler_beyond_its_grace_is_logged_and_what_it_does_later_too() {
    let mut scene = Scene::new(Limits::default().handler_grace(Duration::from_millis(50)));
    let (mut client, id) = scene.connect("blocking").await;
    client.send_text("go").await;
    assert_eq!(client.receive_text().await, "begun");
    client.close().await;
    client.expect_close(1000).await;
    scene.line("the blocking handler still runs on its thread", "blocks", &id);
    scene.gate.open();
    scene.seen.expect("closed").await;
    scene.line("the handler panicked", "blocks", &id);
    let log = scene.log.text();
    assert!(!log.contains("cannot be taken"), "{log}");
}
