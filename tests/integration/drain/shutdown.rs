//! Drains: 1001 to everyone, close handlers, then the cut.

use std::{net::SocketAddr, time::Duration};

use robyn_ws::{axum, prelude::*};
use robyn_ws_tests::{Gate, PATIENCE, Probe, Request, Seen, Server, probe, until, within};
use tokio::net::{TcpListener, TcpStream};

static SHUTDOWN: SubRouter = SubRouter::new("/shutdown");

#[websocket("/", on = "connect", router = SHUTDOWN)]
fn connect() -> &'static str {
    "connected"
}

#[websocket("/", on = "message", router = SHUTDOWN)]
async fn wait(ws: WebSocketConnector, msg: &str, gate: Global<Gate>) -> Result<String, SendError> {
    ws.sync_send("begun")?;
    if msg == "for ever" {
        std::future::pending::<()>().await;
    }
    gate.pass().await;
    Ok("ended".to_owned())
}

#[websocket("/", on = "close", router = SHUTDOWN)]
fn close(reason: CloseReason, probe: Global<Probe>) -> &'static str {
    probe.note(format!("{reason:?}"));
    "goodbye"
}

#[websocket("/gated_upgrade", on = "upgrade", router = SHUTDOWN)]
async fn gated_upgrade(gate: Global<Gate>, probe: Global<Probe>) {
    probe.note("upgrading");
    gate.pass().await;
}

struct Fixture {
    server: Server,
    gate: Gate,
    seen: Seen,
}

fn app() -> (App, Gate, Seen) {
    let (gate, (probe, seen)) = (Gate::default(), probe());
    let app = App::new().inject_global(gate.clone()).inject_global(probe);
    (app.include_router(&SHUTDOWN), gate, seen)
}

async fn start() -> Fixture {
    let (app, gate, seen) = app();
    let server = Server::start(app).await;
    Fixture { server, gate, seen }
}

const REASON: &str = "the server shuts down";

#[tokio::test]
async fn drain_closes_everyone_with_1001_runs_close_handlers_and_counts() {
    let mut fixture = start().await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = fixture.server.connect("/shutdown").await;
        client.expect_text("connected").await;
        clients.push(client);
    }
    let shutdown = fixture.server.shutdown().clone();
    assert!(!shutdown.has_begun());
    let drain = tokio::spawn(async move { shutdown.drain(PATIENCE).await });
    for client in &mut clients {
        client.expect_text("goodbye").await;
        client.expect_close(1001, REASON).await;
    }
    let drained = within("the drain", drain).await.expect("it does not panic");
    assert_eq!((drained.closed, drained.cut), (5, 0));
    assert!(fixture.server.shutdown().has_begun());
    assert_eq!(fixture.server.hub().count(), 0);
    assert_eq!(fixture.seen.rest(), ["Shutdown"; 5]);
}

#[tokio::test]
async fn drain_of_an_idle_app_is_over_at_once() {
    let fixture = start().await;
    let drained = within("the drain", fixture.server.shutdown().drain(Duration::from_hours(1))).await;
    assert_eq!((drained.closed, drained.cut), (0, 0));
}

#[tokio::test]
async fn new_upgrades_get_503_once_a_drain_has_begun() {
    let fixture = start().await;
    fixture.server.settle().await;
    let response = fixture.server.refused("/shutdown").await;
    response.expect(503, REASON);
    assert!(response.header("retry-after").is_some());
    assert_eq!(fixture.server.hub().count(), 0);
}

#[tokio::test]
async fn running_handler_finishes_and_its_reply_comes_before_the_close() {
    let fixture = start().await;
    let mut client = fixture.server.connect("/shutdown").await;
    client.expect_text("connected").await;
    client.ask("wait", "begun").await;
    let shutdown = fixture.server.shutdown().clone();
    let drain = tokio::spawn(async move { shutdown.drain(PATIENCE).await });
    until("the drain to begin", || fixture.server.shutdown().has_begun()).await;
    fixture.gate.open();
    client.expect_texts(&["ended", "goodbye"]).await;
    client.expect_close(1001, REASON).await;
    let drained = within("the drain", drain).await.expect("it does not panic");
    assert_eq!((drained.closed, drained.cut), (1, 0));
}

#[tokio::test]
async fn handler_that_never_returns_is_cut_after_the_grace() {
    let fixture = start().await;
    let mut stuck = fixture.server.raw("/shutdown").await;
    stuck.expect_text("connected").await;
    stuck.send_text("for ever").await;
    stuck.expect_text("begun").await;
    let drained = fixture.server.shutdown().drain(Duration::from_millis(100));
    let drained = within("the grace to be over", drained).await;
    assert_eq!((drained.closed, drained.cut), (0, 1));
    assert_eq!(fixture.server.hub().count(), 0);
    // Whether the cut leaves time for a Close frame is not promised.
    stuck.frames_to_the_end().await;
}

#[tokio::test]
async fn client_that_never_answers_the_close_is_cut_after_the_grace() {
    let mut fixture = start().await;
    let mut silent = fixture.server.raw("/shutdown").await;
    silent.expect_text("connected").await;
    let drained = fixture.server.shutdown().drain(Duration::from_millis(100));
    let drained = within("the grace to be over", drained).await;
    assert_eq!((drained.closed, drained.cut), (0, 1));
    fixture.seen.expect("Shutdown").await;
    silent.expect_text("goodbye").await;
    silent.expect_close(1001, REASON).await;
    silent.expect_end_or_reset().await;
}

#[tokio::test]
async fn second_drain_waits_for_the_same_connections() {
    let fixture = start().await;
    let mut client = fixture.server.connect("/shutdown").await;
    client.expect_text("connected").await;
    let shutdown = fixture.server.shutdown();
    let both = async { tokio::join!(shutdown.drain(PATIENCE), shutdown.drain(PATIENCE)) };
    let client = async {
        client.expect_text("goodbye").await;
        client.expect_close(1001, REASON).await;
    };
    let ((first, second), ()) = within("both drains", async { tokio::join!(both, client) }).await;
    assert_eq!((first.closed, first.cut), (1, 0));
    assert_eq!((second.closed, second.cut), (1, 0));
}

#[tokio::test]
async fn drain_of_10000_connections_reaches_them_all() {
    const CONNECTIONS: usize = 10_000;
    // What a loaded machine may take. Meanwhile nobody reads, so nobody answers a ping.
    const GRACE: Duration = Duration::from_mins(2);

    let (app, _gate, mut seen) = app();
    let limits = Limits::default().heartbeat_interval(None).close_timeout(GRACE);
    let server = Server::start_in_memory(app.limits(limits));
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut client = server.connect("/shutdown").await;
        client.expect_text("connected").await;
        clients.push(client);
    }
    let shutdown = server.shutdown().clone();
    let drain = tokio::spawn(async move { shutdown.drain(GRACE).await });
    for client in &mut clients {
        client.expect_text("goodbye").await;
        client.expect_close(1001, REASON).await;
    }
    let drained = within("the drain", drain).await.expect("it does not panic");
    assert_eq!((drained.closed, drained.cut), (CONNECTIONS, 0));
    assert_eq!(seen.rest().len(), CONNECTIONS);
}

#[websocket("/gated_connect", on = "connect", router = SHUTDOWN)]
async fn gated_connect(gate: Global<Gate>, probe: Global<Probe>) -> &'static str {
    probe.note("connecting");
    gate.pass().await;
    "connected"
}

#[websocket("/gated_connect", on = "close", router = SHUTDOWN)]
fn close_after_gate(reason: CloseReason) -> String {
    reason.to_string()
}

#[tokio::test]
async fn connect_handler_that_runs_when_a_drain_begins_ends_in_peace() {
    let mut fixture = start().await;
    let mut client = fixture.server.connect("/shutdown/gated_connect").await;
    fixture.seen.expect("connecting").await;
    let shutdown = fixture.server.shutdown().clone();
    let drain = tokio::spawn(async move { shutdown.drain(PATIENCE).await });
    until("the drain to begin", || fixture.server.shutdown().has_begun()).await;
    fixture.gate.open();
    client.expect_texts(&["connected", REASON]).await;
    client.expect_close(1001, REASON).await;
    let drained = within("the drain", drain).await.expect("it does not panic");
    assert_eq!((drained.closed, drained.cut), (1, 0));
}

#[tokio::test]
async fn drain_may_be_as_patient_as_a_duration_can_be() {
    let fixture = start().await;
    let drained = within("the drain", fixture.server.shutdown().drain(Duration::MAX)).await;
    assert_eq!((drained.closed, drained.cut), (0, 0));
}

// ---- upgrades under way --------------------------------------------------------------------------------------------------

#[tokio::test]
async fn upgrade_under_way_when_a_drain_begins_does_not_outlive_it() {
    let mut fixture = start().await;
    let request = Request::upgrade("/shutdown/gated_upgrade");
    let server = &fixture.server;
    let (gate, seen) = (&fixture.gate, &mut fixture.seen);
    let drain = async {
        seen.expect("upgrading").await;
        server.shutdown().drain(Duration::from_millis(100)).await;
        gate.open();
    };
    let (response, ()) = tokio::join!(request.refused(server), drain);
    response.expect(503, REASON);
    assert!(response.header("retry-after").is_some());
    assert_eq!(server.hub().count(), 0);
}

// ---- with the user's own server --------------------------------------------------------------------------------------------

#[tokio::test]
async fn drain_works_in_the_graceful_shutdown_of_ones_own_server() {
    let (app, _gate, mut seen) = app();
    let running = app.build().expect("the app is built");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address: SocketAddr = listener.local_addr().expect("the listener has an address");
    let stop = Gate::default();
    let (stopped, shutdown) = (stop.clone(), running.shutdown.clone());
    let serving = axum::serve(listener, running.router).with_graceful_shutdown(async move {
        stopped.pass().await;
        let drained = shutdown.drain(PATIENCE).await;
        assert_eq!((drained.closed, drained.cut), (1, 0));
    });
    let server = tokio::spawn(async move { serving.await });

    let stream = TcpStream::connect(address).await.expect("the server listens");
    let mut client = Request::upgrade("/shutdown").connect_over(Box::new(stream)).await;
    client.expect_text("connected").await;
    stop.open();
    client.expect_text("goodbye").await;
    client.expect_close(1001, REASON).await;
    within("the server to end", server)
        .await
        .expect("no panic")
        .expect("no error");
    seen.expect("Shutdown").await;
}

#[tokio::test]
async fn running_app_drains_itself() {
    let (app, _gate, _seen) = app();
    let running = app.build().expect("the app is built");
    let drained = within("the drain", running.shutdown.drain(PATIENCE)).await;
    assert_eq!((drained.closed, drained.cut), (0, 0));
}
