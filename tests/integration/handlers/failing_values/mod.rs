//! User code that panics where nobody looks: in `Display`, `Drop`, `Deserialize`, `Serialize`, `Default`. It ends its own
//! connection with 1011, or is a 500 before the 101, and nothing else.

mod before_upgrade;
mod values;

use std::{future::pending, panic::panic_any, time::Duration};

use robyn_ws::{axum::body::Bytes, prelude::*};
use robyn_ws_tests::{Client, Gate, Probe, Seen, Server, probe};

use self::values::{Bad, DropPanics, NoArgument, NoDefault, NoReply, NoSerde};

static FAILING: SubRouter = SubRouter::new("/failing");

// ---- handlers that fail in a way that the client chooses ---------------------------------------------------------------

fn fail(how: &str) -> Result<Message, HandlerError> {
    let error = match how {
        "display panics" => Bad::DisplayPanics,
        "display fails" => Bad::DisplayFails,
        "display never ends" => Bad::DisplayNeverEnds,
        "drop of an error panics" => Bad::DropPanics { _value: DropPanics(0) },
        "drop of an error panics twice" => Bad::DropPanics { _value: DropPanics(1) },
        "drop of a payload panics" => panic_any(DropPanics(0)),
        "drop of a payload panics again and again" => panic_any(DropPanics(9)),
        "drop of a local panics" => {
            let _local = DropPanics(0);
            return Ok("lost".into());
        }
        "drop of a reply panics" => return Ok(Bytes::from_owner(DropPanics(0)).into()),
        "drop of a long reply panics" => return Ok(Bytes::from_owner(DropPanics(1)).into()),
        well => return Ok(well.into()),
    };
    Err(error.into())
}

const ERRORS: [&str; 5] = [
    "display panics",
    "display fails",
    "display never ends",
    "drop of an error panics",
    "drop of an error panics twice",
];

const PANICS: [&str; 3] = [
    "drop of a payload panics",
    "drop of a payload panics again and again",
    "drop of a local panics",
];

fn asked_for(ws: &WebSocketConnector) -> &str {
    ws.query_params().get("how").unwrap_or("well")
}

#[websocket("/sync", on = "connect", router = FAILING)]
#[websocket("/blocking", on = "connect", router = FAILING, blocking)]
fn connect(ws: &WebSocketConnector) -> Result<Message, HandlerError> {
    fail(asked_for(ws))
}

#[websocket("/async", on = "connect", router = FAILING)]
async fn async_connect(ws: &WebSocketConnector) -> Result<Message, HandlerError> {
    tokio::task::yield_now().await;
    fail(asked_for(ws))
}

#[websocket("/sync", on = "message", router = FAILING)]
#[websocket("/blocking", on = "message", router = FAILING, blocking)]
fn message(how: &str) -> Result<Message, HandlerError> {
    fail(how)
}

#[websocket("/async", on = "message", router = FAILING)]
async fn async_message(how: &str) -> Result<Message, HandlerError> {
    tokio::task::yield_now().await;
    fail(how)
}

#[websocket("/session", router = FAILING)]
async fn session(mut socket: WebSocket) -> Result<(), HandlerError> {
    loop {
        let how = socket.receive_text().await?;
        socket.send(fail(&how)?).await?;
    }
}

#[websocket("/payload", on = "message", router = FAILING)]
fn take_payload(_payload: Json<NoSerde>) {}

#[websocket("/query", on = "message", router = FAILING)]
fn take_query(_query: Option<Query<NoSerde>>) {}

#[websocket("/default", on = "message", router = FAILING)]
fn take_state(_state: &NoDefault) {}

#[websocket("/argument", on = "message", router = FAILING)]
async fn take_argument(_argument: NoArgument) {}

#[websocket("/reply", on = "message", router = FAILING)]
fn reply() -> NoReply {
    NoReply
}

#[websocket("/json_reply", on = "message", router = FAILING)]
async fn json_reply() -> Json<NoSerde> {
    Json(NoSerde)
}

#[websocket("/upgraded", on = "upgrade", router = FAILING)]
#[websocket("/upgraded/blocking", on = "upgrade", router = FAILING, blocking)]
fn upgrade() {}

#[websocket("/upgraded", on = "message", router = FAILING)]
#[websocket("/upgraded/blocking", on = "message", router = FAILING, blocking)]
fn echo(msg: String) -> String {
    msg
}

/// Has a state whose `Drop` panics, and echoes.
#[websocket("/state", on = "message", router = FAILING)]
fn keep_state(_state: &DropPanics, msg: String) -> String {
    msg
}

/// Never ends, with a local whose `Drop` panics.
#[websocket("/endless", on = "message", router = FAILING)]
async fn endless(ws: WebSocketConnector) {
    let _local = DropPanics(0);
    let _sent = ws.sync_send("begun");
    pending::<()>().await;
}

#[websocket("/endless", on = "connect", router = FAILING)]
#[websocket("/payload", on = "connect", router = FAILING)]
#[websocket("/query", on = "connect", router = FAILING)]
#[websocket("/default", on = "connect", router = FAILING)]
#[websocket("/argument", on = "connect", router = FAILING)]
#[websocket("/reply", on = "connect", router = FAILING)]
#[websocket("/json_reply", on = "connect", router = FAILING)]
fn greet() -> &'static str {
    "well"
}

#[websocket("/sync", on = "close", router = FAILING)]
#[websocket("/async", on = "close", router = FAILING)]
#[websocket("/blocking", on = "close", router = FAILING)]
#[websocket("/session", on = "close", router = FAILING)]
#[websocket("/payload", on = "close", router = FAILING)]
#[websocket("/query", on = "close", router = FAILING)]
#[websocket("/default", on = "close", router = FAILING)]
#[websocket("/argument", on = "close", router = FAILING)]
#[websocket("/reply", on = "close", router = FAILING)]
#[websocket("/json_reply", on = "close", router = FAILING)]
#[websocket("/state", on = "close", router = FAILING)]
#[websocket("/upgraded", on = "close", router = FAILING)]
#[websocket("/upgraded/blocking", on = "close", router = FAILING)]
#[websocket("/endless", on = "close", router = FAILING)]
fn close(reason: &CloseReason, probe: Global<Probe>) {
    probe.note(format!("{reason:?}"));
}

// ---- the promises ------------------------------------------------------------------------------------------------------

/// A server with a bystander on it, whom nothing may touch.
struct Scene {
    server: Server,
    seen: Seen,
    bystander: Client,
}

impl Scene {
    async fn new(app: App, wrap: impl FnOnce(axum::Router) -> axum::Router) -> Self {
        let (probe, seen) = probe();
        let app = app.inject_global(probe).inject_global(Gate::default());
        let server = Server::start_with(app.include_router(&FAILING), wrap).await;
        let mut bystander = server.connect("/failing/sync").await;
        bystander.expect_text("well").await;
        Self {
            server,
            seen,
            bystander,
        }
    }

    /// Checks that one connection has ended, and that everything else goes on.
    async fn one_has_ended(&mut self, reason: &str) {
        self.seen.expect(reason).await;
        let hub = self.server.hub().clone();
        robyn_ws_tests::until("the connection to leave the hub", || hub.count() == 1).await;
        self.bystander.ask("still here", "still here").await;
    }

    /// Checks that no close handler ran that was not expected.
    async fn nothing_more(mut self) {
        self.bystander.leave().await;
        self.seen.expect(LEFT).await;
        self.server.settle().await;
        assert_eq!(self.seen.rest(), Vec::<String>::new(), "a close handler ran twice");
    }
}

const LEFT: &str = r#"Client { code: 1000, reason: "" }"#;

fn failures() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of = |reason| move |how| (how, reason);
    let errors = ERRORS.into_iter().map(of("HandlerError"));
    errors.chain(PANICS.into_iter().map(of("HandlerPanic")))
}

#[tokio::test]
async fn message_handler_that_fails_while_it_fails_ends_its_connection_with_1011() {
    let mut scene = Scene::new(App::new(), |router| router).await;
    for kind in ["sync", "async", "blocking"] {
        for (how, reason) in failures() {
            let mut client = scene.server.connect(&format!("/failing/{kind}")).await;
            client.expect_text("well").await;
            client.ask("well", "well").await;
            client.send(how).await;
            client.expect_close(1011, "").await;
            scene.one_has_ended(reason).await;
        }
    }
    scene.nothing_more().await;
}

#[tokio::test]
async fn connect_handler_that_fails_while_it_fails_ends_its_connection_with_1011() {
    let mut scene = Scene::new(App::new(), |router| router).await;
    for kind in ["sync", "async", "blocking"] {
        for (how, reason) in failures() {
            let how = how.replace(' ', "+");
            let mut client = scene.server.connect(&format!("/failing/{kind}?how={how}")).await;
            client.expect_close(1011, "").await;
            scene.one_has_ended(reason).await;
        }
    }
    scene.nothing_more().await;
}

#[tokio::test]
async fn session_handler_that_fails_while_it_fails_ends_its_connection_with_1011() {
    let mut scene = Scene::new(App::new(), |router| router).await;
    for (how, reason) in failures() {
        let mut client = scene.server.connect("/failing/session").await;
        client.ask("well", "well").await;
        client.send(how).await;
        client.expect_close(1011, "").await;
        scene.one_has_ended(reason).await;
    }
    scene.nothing_more().await;
}

#[tokio::test]
async fn argument_or_reply_that_panics_ends_its_connection_with_1011() {
    let mut scene = Scene::new(App::new(), |router| router).await;
    for path in ["payload", "query?a=1", "default", "argument", "reply", "json_reply"] {
        let mut client = scene.server.connect(&format!("/failing/{path}")).await;
        client.expect_text("well").await;
        client.send("{}").await;
        client.expect_close(1011, "").await;
        scene.one_has_ended("HandlerPanic").await;
    }
    scene.nothing_more().await;
}

#[tokio::test]
async fn payload_whose_drop_panics_reaches_the_client_and_the_connection_goes_on() {
    let mut scene = Scene::new(App::new(), |router| router).await;
    for kind in ["sync", "async", "blocking"] {
        let mut client = scene.server.connect(&format!("/failing/{kind}")).await;
        client.expect_text("well").await;
        client.send("drop of a reply panics").await;
        client.expect(&b"short"[..]).await;
        client.send("drop of a long reply panics").await;
        client.expect(vec![b'x'; 4096]).await;
        client.ask("well", "well").await;
        client.leave().await;
        scene.one_has_ended(LEFT).await;
    }
    scene.nothing_more().await;
}

#[tokio::test]
async fn state_whose_drop_panics_changes_nothing_for_the_client() {
    let mut scene = Scene::new(App::new(), |router| router).await;
    let mut client = scene.server.connect("/failing/state").await;
    client.ask("well", "well").await;
    client.leave().await;
    scene.one_has_ended(LEFT).await;
    scene.nothing_more().await;
}

#[tokio::test]
async fn handler_whose_local_panics_when_it_is_dropped_at_its_grace_ends_in_order() {
    let limits = Limits::default().handler_grace(Duration::from_millis(50));
    let mut scene = Scene::new(App::new().limits(limits), |router| router).await;
    let mut client = scene.server.connect("/failing/endless").await;
    client.expect_text("well").await;
    client.ask("go", "begun").await;
    client.leave().await;
    scene.one_has_ended(LEFT).await;
    scene.nothing_more().await;
}
