//! Blocking handlers that outlive their grace: the connection is gone at once, and its close handler runs when the thread
//! gives the state back.

use std::{
    sync::Mutex,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use robyn_ws::prelude::*;
use robyn_ws_tests::{Client, Gate, PATIENCE, Probe, Request, Seen, Server, probe, until, within};
use tokio::runtime::{Builder, Runtime};

static OVERDUE: SubRouter = SubRouter::new("/overdue");

/// Says when it is dropped.
#[derive(Default, ConnectionState)]
struct Count {
    seen: u32,
    probe: Option<Global<Probe>>,
}

impl Drop for Count {
    fn drop(&mut self) {
        if let Some(probe) = &self.probe {
            probe.note("the state was dropped");
        }
    }
}

#[websocket("/message", on = "message", router = OVERDUE, blocking)]
#[websocket("/message/async", on = "message", router = OVERDUE, blocking)]
#[websocket("/message/blocking", on = "message", router = OVERDUE, blocking)]
fn message(
    ws: &WebSocketConnector,
    count: &mut Count,
    msg: &str,
    gate: Global<Gate>,
    probe: Global<Probe>,
) -> Result<String, HandlerError> {
    count.probe = Some(probe.clone());
    count.seen += 1;
    let _joined = ws.join("here");
    let _sent = ws.sync_send("begun");
    gate.pass_blocking();
    count.seen += 1;
    match msg {
        "panic" => panic!("a panic of the test"),
        "fail" => Err("a failure".into()),
        _ => Ok("too late".into()),
    }
}

#[websocket("/connect", on = "connect", router = OVERDUE, blocking)]
fn connect(ws: &WebSocketConnector, count: &mut Count, gate: Global<Gate>, probe: Global<Probe>) {
    count.probe = Some(probe.clone());
    let _joined = ws.join("here");
    let _sent = ws.sync_send("begun");
    gate.pass_blocking();
    count.seen = 2;
}

#[websocket("/message", on = "close", router = OVERDUE)]
#[websocket("/connect", on = "close", router = OVERDUE)]
#[websocket("/message/blocking", on = "close", router = OVERDUE, blocking)]
fn close(ws: &WebSocketConnector, reason: &CloseReason, count: &Count, probe: Global<Probe>) -> &'static str {
    probe.note(format!(
        "{reason:?} after {}, in {:?}, sent {:?}",
        count.seen,
        ws.rooms(),
        ws.sync_send("more")
    ));
    "goodbye"
}

#[websocket("/message/async", on = "close", router = OVERDUE)]
async fn async_close(ws: &WebSocketConnector, reason: &CloseReason, count: &Count, probe: Global<Probe>) {
    tokio::task::yield_now().await;
    close(ws, reason, count, probe);
}

/// A close handler that outlives its own grace.
#[websocket("/close", on = "close", router = OVERDUE, blocking)]
fn blocking_close(count: &mut Count, gate: Global<Gate>, probe: Global<Probe>) {
    count.probe = Some(probe.clone());
    probe.note("closing");
    gate.pass_blocking();
}

#[websocket("/place", on = "message", router = OVERDUE)]
fn take_place() {}

struct Scene {
    server: Server,
    seen: Seen,
    gate: Gate,
}

impl Scene {
    async fn new(limits: Limits) -> Self {
        let (probe, seen) = probe();
        let gate = Gate::default();
        let app = App::new().inject_global(probe).inject_global(gate.clone());
        let server = Server::start(app.include_router(&OVERDUE).limits(limits)).await;
        Self { server, seen, gate }
    }

    async fn begun(&self, path: &str, message: &'static str) -> Client {
        let mut client = self.server.connect(&format!("/overdue/{path}")).await;
        if path != "connect" {
            client.send(message).await;
        }
        client.expect_text("begun").await;
        client
    }

    /// Checks that the connection is gone while the thread runs, and that its close handler runs afterwards.
    async fn closes_late(&mut self, reason: &str) {
        let hub = self.server.hub().clone();
        until("the connection to leave the hub", || hub.count() == 0).await;
        assert_eq!(self.seen.rest(), Vec::<String>::new(), "the thread has the state");
        self.gate.open();
        let closed = format!(r#"{reason} after 2, in ["here"], sent Err(NotConnected)"#);
        self.seen.expect(&closed).await;
        self.seen.expect("the state was dropped").await;
    }

    async fn nothing_more(mut self) {
        self.server.settle().await;
        assert_eq!(self.seen.rest(), Vec::<String>::new(), "a close handler ran twice");
    }
}

fn brief_grace() -> Limits {
    Limits::default().handler_grace(Duration::from_millis(50))
}

const LEFT: &str = r#"Client { code: 1000, reason: "" }"#;

#[tokio::test]
async fn close_handler_runs_once_with_the_state_when_a_blocking_handler_outlives_its_grace() {
    let mut scene = Scene::new(brief_grace().max_connections(1)).await;
    for path in ["message", "message/async", "message/blocking", "connect"] {
        for message in ["well", "fail", "panic"] {
            scene.begun(path, message).await.leave().await;
            scene.closes_late(LEFT).await;
        }
    }
    scene.nothing_more().await;
}

#[tokio::test]
async fn close_handler_runs_once_when_the_client_resets_and_a_blocking_handler_outlives_its_grace() {
    let mut scene = Scene::new(brief_grace().max_connections(1)).await;
    let mut client = scene.server.raw("/overdue/message").await;
    client.send_text("well").await;
    client.expect_text("begun").await;
    client.reset();
    // The place is free when the grace is over.
    let place = Request::upgrade("/overdue/place");
    let next = async { while place.answer(&scene.server).await.status == 503 {} };
    within("the grace to be over", next).await;
    scene.closes_late("Abnormal").await;
    scene.nothing_more().await;
}

#[tokio::test]
async fn place_of_a_connection_is_free_while_its_blocking_handler_is_overdue() {
    let mut scene = Scene::new(brief_grace().max_connections(1)).await;
    for _ in 0..3 {
        scene.begun("message", "well").await.leave().await;
    }
    for _ in 0..3 {
        scene.gate.open();
        scene
            .seen
            .expect(&format!(r#"{LEFT} after 2, in ["here"], sent Err(NotConnected)"#))
            .await;
        scene.seen.expect("the state was dropped").await;
    }
    scene.nothing_more().await;
}

#[tokio::test]
async fn close_handler_that_outlives_its_own_grace_runs_once() {
    let mut scene = Scene::new(brief_grace()).await;
    scene.server.connect("/overdue/close").await.leave().await;
    scene.seen.expect("closing").await;
    let hub = scene.server.hub().clone();
    until("the connection to leave the hub", || hub.count() == 0).await;
    scene.gate.open();
    scene.seen.expect("the state was dropped").await;
    scene.nothing_more().await;
}

#[tokio::test]
async fn drain_does_not_wait_for_a_blocking_handler_and_its_close_handler_still_runs() {
    let mut scene = Scene::new(Limits::default()).await;
    let client = scene.begun("message", "well").await;
    let drained = scene.server.shutdown().drain(Duration::from_millis(50)).await;
    assert_eq!((drained.closed, drained.cut), (0, 1));
    assert_eq!(scene.server.hub().count(), 0);
    drop(client);
    scene.closes_late("Shutdown").await;
    scene.nothing_more().await;
}

// ---- the end of a runtime ----------------------------------------------------------------------------------------------

/// A handler that holds its thread until the test lets it go, or for ever.
struct Hold(Mutex<Receiver<()>>);

impl Hold {
    fn new() -> (SyncSender<()>, Self) {
        let (release, held) = sync_channel(1);
        (release, Self(Mutex::new(held)))
    }

    fn wait(&self) {
        let _ = self.0.lock().expect("one handler waits").recv(); // An error is the end of the test.
    }
}

static HELD: SubRouter = SubRouter::new("/held");

#[websocket("/message", on = "message", router = HELD, blocking)]
fn hold_message(hold: Global<Hold>, probe: Global<Probe>) {
    probe.note("held");
    hold.wait();
}

#[websocket("/connect", on = "connect", router = HELD, blocking)]
#[websocket("/upgrade", on = "upgrade", router = HELD, blocking)]
#[websocket("/close", on = "close", router = HELD, blocking)]
fn hold(hold: Global<Hold>, probe: Global<Probe>) {
    hold_message(hold, probe);
}

fn runtimes() -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()]
        .map(|mut builder| builder.enable_all().build().expect("a runtime"))
}

#[test]
fn end_of_a_runtime_does_not_wait_for_a_blocking_handler() {
    for event in ["connect", "message", "close", "upgrade"] {
        for runtime in runtimes() {
            let (release, hold) = Hold::new();
            let (probe, mut seen) = probe();
            let app = App::new().inject_global(hold).inject_global(probe);
            runtime.block_on(async {
                let server = Server::start(app.include_router(&HELD)).await;
                let client = tokio::spawn(async move {
                    let mut client = server.connect(&format!("/held/{event}")).await;
                    match event {
                        "message" => client.send("go").await,
                        "close" => client.close(1000, "").await,
                        _ => {}
                    }
                    // The connection lives on while the runtime ends.
                    std::future::pending::<()>().await;
                });
                seen.expect("held").await;
                drop(client);
            });
            let (ended, end) = sync_channel(1);
            thread::spawn(move || {
                drop(runtime);
                let _ = ended.send(()); // The test may have given up.
            });
            end.recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("the runtime waits for the {event} handler"));
            drop(release);
        }
    }
}
