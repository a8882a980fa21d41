//! Upgrade handlers that take their time: they are bounded, and take no place of a connection.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Asking, Gate, Probe, Request, Response, Seen, Server, probe, until, within};

static HANDSHAKES: SubRouter = SubRouter::new("/handshakes");
static NARROW: SubRouter = SubRouter::new("/handshakes/narrow");

/// Whom a handler lets wait.
#[derive(serde::Deserialize)]
struct Kind {
    kind: String,
}

async fn decide(kind: &str, probe: &Probe, gate: &Gate) -> Result<(), StatusCode> {
    probe.note(kind);
    match kind {
        "quick" => Ok(()),
        "refused" => Err(StatusCode::UNAUTHORIZED),
        "panics" => panic!("a panic of the test"),
        _ => {
            gate.pass().await;
            Ok(())
        }
    }
}

#[websocket("/", on = "upgrade", router = HANDSHAKES)]
async fn upgrade(Query(query): Query<Kind>, probe: Global<Probe>, gate: Global<Gate>) -> Result<(), StatusCode> {
    decide(&query.kind, &probe, &gate).await
}

#[websocket("/", on = "connect", router = HANDSHAKES)]
fn connect() -> &'static str {
    "connected"
}

#[websocket("/blocking", on = "upgrade", router = HANDSHAKES, blocking)]
fn upgrade_blocking(Query(query): Query<Kind>, probe: Global<Probe>, gate: Global<Gate>) {
    probe.note(query.kind);
    gate.pass_blocking();
}

#[websocket("/", on = "upgrade", router = NARROW)]
async fn upgrade_narrow(Query(query): Query<Kind>, probe: Global<Probe>, gate: Global<Gate>) -> Result<(), StatusCode> {
    decide(&query.kind, &probe, &gate).await
}

struct Fixture {
    server: Server,
    seen: Seen,
    gate: Gate,
}

async fn start(limits: Limits) -> Fixture {
    let (probe, seen) = probe();
    let gate = Gate::default();
    let app = App::new()
        .inject_global(probe)
        .inject_global(gate.clone())
        .include_router(&HANDSHAKES)
        .include_router(NARROW.limits(Limits::default().max_handshakes(1)))
        .limits(limits);
    Fixture {
        server: Server::start(app).await,
        seen,
        gate,
    }
}

fn request(target: &str) -> Request {
    Request::upgrade(&format!("/handshakes{target}"))
}

fn expect_busy(response: &Response, limit: &str) {
    response.expect(503, limit);
    assert!(response.header("retry-after").is_some(), "{response:?}");
}

impl Fixture {
    /// Sends a request, and waits until its upgrade handler runs.
    async fn begin(&mut self, path: &str) -> Asking {
        let client = Asking::send(&self.server, &request(&format!("{path}?kind=slow"))).await;
        self.seen.expect("slow").await;
        client
    }

    /// Tries until the answer is another than 503: what has gone may still be counted for a moment.
    async fn answer_when_there_is_a_place(&self, target: &str) -> Response {
        let attempts = async {
            loop {
                let response = request(target).answer(&self.server).await;
                if response.status != 503 {
                    return response;
                }
            }
        };
        within("a place", attempts).await
    }
}

#[tokio::test]
async fn slow_upgrade_handlers_take_no_place_of_a_connection() {
    let mut fixture = start(Limits::default().max_connections(1)).await;
    let mut slow = Vec::new();
    for path in ["", "", "/blocking"] {
        slow.push(fixture.begin(path).await);
    }
    let mut quick = request("?kind=quick").raw(&fixture.server).await;
    quick.expect_text("connected").await;
    for _ in &slow {
        fixture.gate.open();
    }
    for client in &mut slow {
        assert_eq!(client.status().await, 503);
    }
    assert_eq!(fixture.server.hub().count(), 1);
}

#[tokio::test]
async fn never_more_than_max_connections_are_live_however_many_handlers_accept_at_once() {
    let mut fixture = start(Limits::default().max_connections(2)).await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        slow.push(fixture.begin("").await);
    }
    for _ in &slow {
        fixture.gate.open();
    }
    let mut statuses = Vec::new();
    for client in &mut slow {
        statuses.push(client.status().await);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [101, 101, 503, 503, 503, 503, 503, 503]);
    until("both to be in the hub", || fixture.server.hub().count() == 2).await;
}

#[tokio::test]
async fn handshakes_over_max_handshakes_get_503_until_one_is_over() {
    let mut fixture = start(Limits::default().max_handshakes(2)).await;
    let mut first = fixture.begin("").await;
    let second = fixture.begin("").await;
    expect_busy(
        &request("?kind=quick").refused(&fixture.server).await,
        "`Limits::max_handshakes`",
    );
    assert_eq!(fixture.seen.rest(), Vec::<String>::new(), "no handler runs for it");

    fixture.gate.open();
    assert_eq!(first.status().await, 101);
    assert_eq!(request("?kind=quick").answer(&fixture.server).await.status, 101);
    fixture.seen.expect("quick").await;
    drop(second);
    // A connection is not a handshake: only those whose handler runs are counted.
    let _two = (
        fixture.begin("").await,
        fixture.answer_when_there_is_a_place("?kind=quick").await,
    );
}

#[tokio::test]
async fn handshake_that_fails_in_any_way_is_over() {
    let mut fixture = start(Limits::default().max_handshakes(1)).await;
    for (target, status) in [("?kind=refused", 401), ("?kind=panics", 500), ("?kind=quick", 101)] {
        for _ in 0..3 {
            assert_eq!(request(target).answer(&fixture.server).await.status, status, "{target}");
        }
    }
    fixture.seen.rest();
    // The client goes.
    drop(fixture.begin("").await);
    assert_eq!(fixture.answer_when_there_is_a_place("?kind=quick").await.status, 101);
}

#[tokio::test]
async fn blocking_upgrade_handler_counts_until_it_returns_though_its_client_has_gone() {
    let mut fixture = start(Limits::default().max_handshakes(1)).await;
    let client = fixture.begin("/blocking").await;
    drop(client);
    for _ in 0..20 {
        expect_busy(
            &request("?kind=quick").refused(&fixture.server).await,
            "`Limits::max_handshakes`",
        );
    }
    fixture.gate.open();
    assert_eq!(fixture.answer_when_there_is_a_place("?kind=quick").await.status, 101);
}

#[tokio::test]
async fn full_server_refuses_without_calling_the_upgrade_handler() {
    let mut fixture = start(Limits::default().max_connections(1)).await;
    let mut client = request("?kind=quick").raw(&fixture.server).await;
    client.expect_text("connected").await;
    fixture.seen.expect("quick").await;
    expect_busy(
        &request("?kind=quick").refused(&fixture.server).await,
        "`Limits::max_connections`",
    );
    assert_eq!(fixture.seen.rest(), Vec::<String>::new());
}

#[tokio::test]
async fn sub_router_narrows_max_handshakes_for_itself() {
    let mut fixture = start(Limits::default().max_handshakes(3)).await;
    let _first = fixture.begin("/narrow").await;
    expect_busy(
        &request("/narrow?kind=quick").refused(&fixture.server).await,
        "`Limits::max_handshakes`",
    );
    assert_eq!(request("?kind=quick").answer(&fixture.server).await.status, 101);
}
