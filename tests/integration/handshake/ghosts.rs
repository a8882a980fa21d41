//! Layers around an app that delay, replace or swallow its 101: a connection begins when its client has the 101.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    extract::Request as HttpRequest,
    http::HeaderValue,
    middleware::{Next, from_fn},
    response::Response as HttpResponse,
};
use robyn_ws::{HubEndpoint, prelude::*};
use robyn_ws_tests::{
    Asking, CLOSE, FIN, Gate, PATIENCE, Probe, Request, Seen, Server, close_payload, probe, until, within,
};

static GHOSTS: SubRouter = SubRouter::new("/ghosts");
const PATH: &str = "/ghosts";

/// What an upgrade handler makes, and whose end is noted.
#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct Visit(Probe);

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.note("dropped");
    }
}

#[websocket("/", on = "upgrade", router = GHOSTS)]
fn upgrade(probe: Global<Probe>) -> Visit {
    probe.note("upgrade");
    Visit((*probe).clone())
}

#[websocket("/", on = "connect", router = GHOSTS)]
fn connect(ws: WebSocketConnector, visit: &Visit) -> String {
    visit.0.note("connect");
    format!("{} here", ws.everyone().count())
}

#[websocket("/", on = "close", router = GHOSTS)]
fn close(visit: &Visit) {
    visit.0.note("close");
}

struct Fixture {
    server: Server,
    seen: Seen,
    gate: Gate,
    /// How many answers have come as far as the layer.
    upgraded: Arc<AtomicUsize>,
}

/// What the layer does with the answer to a request that has this as its header `x-layer`.
async fn meddle((gate, upgraded): (Gate, Arc<AtomicUsize>), request: HttpRequest, next: Next) -> HttpResponse {
    let what = request.headers().get("x-layer").cloned();
    let mut response = next.run(request).await;
    upgraded.fetch_add(1, Ordering::SeqCst);
    match what.as_ref().map(HeaderValue::as_bytes) {
        Some(b"replace") => StatusCode::NO_CONTENT.into_response(),
        Some(b"another status") => {
            *response.status_mut() = StatusCode::OK;
            response
        }
        Some(b"replace and close") => ([("connection", "close")], "replaced").into_response(),
        Some(b"keep for ever") => {
            pending::<()>().await;
            response
        }
        Some(b"keep until it is told") => {
            gate.pass().await;
            response
        }
        Some(b"rebuild") => {
            let (parts, body) = response.into_parts();
            let body = axum::body::to_bytes(body, 1024).await.expect("a body");
            HttpResponse::from_parts(parts, body.into())
        }
        Some(b"touch") => {
            response
                .headers_mut()
                .insert("x-touched", HeaderValue::from_static("yes"));
            response
        }
        _ => response,
    }
}

/// There is a place for one connection.
async fn start() -> Fixture {
    let (probe, seen) = probe();
    let (gate, upgraded) = <(Gate, Arc<AtomicUsize>)>::default();
    let app = App::new()
        .inject_global(probe)
        .include_router(&GHOSTS)
        .limits(Limits::default().max_connections(1));
    let layer = (gate.clone(), upgraded.clone());
    let server = Server::start_with(app, |router| {
        router.layer(from_fn(move |request, next| meddle(layer.clone(), request, next)))
    })
    .await;
    Fixture {
        server,
        seen,
        gate,
        upgraded,
    }
}

async fn ask(server: &Server, what: &str) -> Asking {
    Asking::send(server, &Request::upgrade(PATH).header("x-layer", what)).await
}

/// Returns a client whose 101 the layer keeps until the gate is opened.
async fn start_with_a_101_under_way() -> (Fixture, Asking) {
    let mut fixture = start().await;
    let client = ask(&fixture.server, "keep until it is told").await;
    fixture.seen.expect("upgrade").await;
    until("the 101 to be under way", || {
        fixture.upgraded.load(Ordering::SeqCst) == 1
    })
    .await;
    (fixture, client)
}

impl Fixture {
    fn endpoint(&self) -> HubEndpoint {
        self.server.hub().endpoint(PATH)
    }

    /// Checks that what the upgrade handler made is dropped, that no other handler has run, and that the only place is free.
    async fn expect_nothing_left(&mut self) {
        self.seen.expect("dropped").await;
        assert_eq!(self.seen.rest(), Vec::<String>::new());
        assert_eq!(self.endpoint().count(), 0);
        let visit = async { while Request::upgrade(PATH).answer(&self.server).await.status != 101 {} };
        within("a place", visit).await;
        for note in ["upgrade", "connect", "close", "dropped"] {
            self.seen.expect(note).await;
        }
    }
}

#[tokio::test]
async fn replaced_101_leaves_nothing_behind_and_runs_no_handler() {
    let mut fixture = start().await;
    for (what, expected) in [("replace", 204), ("replace and close", 200), ("another status", 200)] {
        // The client stays, or goes at once.
        for stays in [true, false] {
            let mut client = ask(&fixture.server, what).await;
            fixture.seen.expect("upgrade").await;
            assert_eq!(client.status().await, expected);
            let stays = stays.then_some(client);
            fixture.expect_nothing_left().await;
            drop(stays);
        }
    }
    fixture.server.settle().await;
    assert_eq!(fixture.seen.rest(), Vec::<String>::new());
}

#[tokio::test]
async fn swallowed_101_leaves_nothing_behind_when_its_client_goes() {
    let mut fixture = start().await;
    for _ in 0..3 {
        let client = ask(&fixture.server, "keep for ever").await;
        fixture.seen.expect("upgrade").await;
        drop(client);
        fixture.expect_nothing_left().await;
    }
}

#[tokio::test]
async fn swallowed_101_leaves_nothing_behind_after_a_bounded_time() {
    let mut fixture = start().await;
    let _stays = ask(&fixture.server, "keep for ever").await;
    fixture.seen.expect("upgrade").await;
    fixture.expect_nothing_left().await;
}

#[tokio::test]
async fn connection_whose_101_is_under_way_counts_for_nothing_and_misses_nothing() {
    let (mut fixture, mut client) = start_with_a_101_under_way().await;
    let endpoint = fixture.endpoint();
    let sync = endpoint.sync_broadcast("held");
    let waiting = endpoint.everyone().async_broadcast("held, too").await;
    for delivery in [sync, waiting] {
        assert_eq!((delivery.queued, delivery.dropped), (0, 0));
    }
    assert_eq!(endpoint.to("a room").sync_broadcast("not for it").queued, 0);
    assert_eq!((endpoint.count(), endpoint.everyone().count()), (0, 0));
    assert_eq!((fixture.server.hub().count(), endpoint.ids()), (0, vec![]));
    assert_eq!(fixture.seen.rest(), Vec::<String>::new());

    fixture.gate.open();
    assert_eq!(client.status().await, 101);
    let frames = [&b"\x81\x061 here"[..], b"\x81\x04held", b"\x81\x09held, too"].concat();
    client.expect(&frames).await;
    fixture.seen.expect("connect").await;
    assert_eq!(endpoint.count(), 1);
}

#[tokio::test]
async fn connection_whose_101_is_under_way_when_a_drain_begins_gets_1001() {
    let (fixture, mut client) = start_with_a_101_under_way().await;
    let shutdown = fixture.server.shutdown().clone();
    let drain = tokio::spawn(async move { shutdown.drain(PATIENCE).await });
    until("the drain to begin", || fixture.server.shutdown().has_begun()).await;
    fixture.gate.open();
    assert_eq!(client.status().await, 101);
    client.expect(&1001_u16.to_be_bytes()).await;
    drop(client);
    let drained = within("the drain", drain).await.expect("no panic");
    assert_eq!((drained.closed, drained.cut), (1, 0));
}

#[tokio::test]
async fn layers_that_only_touch_or_read_the_101_change_nothing() {
    let mut fixture = start().await;
    for what in ["touch", "rebuild", "nothing"] {
        let mut client = Request::upgrade(PATH)
            .header("x-layer", what)
            .raw(&fixture.server)
            .await;
        client.expect_text("1 here").await;
        client.send(FIN | CLOSE, close_payload(1000, "")).await;
        for note in ["upgrade", "connect", "close", "dropped"] {
            fixture.seen.expect(note).await;
        }
    }
}
