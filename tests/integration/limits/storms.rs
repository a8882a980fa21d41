//! Clients that all come at once.

use std::{ops::Range, time::Duration};

use robyn_ws::{
    prelude::*,
    test_util::{Refused, TestApp, TestSocket},
};
use robyn_ws_tests::{Probe, Request, Seen, Server, probe, until, within};
use tokio::time::sleep;

static STORM: SubRouter = SubRouter::new("/storm");
static EYE: SubRouter = SubRouter::new("/storm/eye");

#[websocket("/handled", on = "upgrade", router = STORM)]
fn handled(probe: Global<Probe>) {
    probe.note("handled");
}

#[websocket("/pending", on = "upgrade", router = STORM)]
async fn pending(probe: Global<Probe>) {
    probe.note("pending");
    std::future::pending::<()>().await;
}

#[websocket("/plain", on = "connect", router = STORM)]
fn plain() {}

#[websocket("/plain", on = "connect", router = EYE)]
fn narrowed() {}

const SECOND: Duration = Duration::from_secs(1);

fn upgrades(per_second: u32) -> Limits {
    Limits::default().max_upgrades_per_second(per_second)
}

fn app(limits: Limits) -> (App, Seen) {
    let (probe, seen) = probe();
    let app = App::new().inject_global(probe).include_router(&STORM).limits(limits);
    (app, seen)
}

fn expect_refused(answer: Result<TestSocket, Refused>) {
    let refused = answer.expect_err("it is one too many");
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.body.contains("`Limits::max_upgrades_per_second`"), "{refused}");
}

/// Connects so many clients, of which the first are accepted.
async fn expect_accepted(app: &TestApp, path: &str, accepted: usize, all: usize) -> Vec<TestSocket> {
    let mut clients = Vec::new();
    for number in 0..all {
        let answer = app.connect(path).await;
        if number < accepted {
            clients.push(answer.unwrap_or_else(|refused| panic!("{path}, number {number}: {refused}")));
        } else {
            expect_refused(answer);
        }
    }
    clients
}

#[tokio::test(start_paused = true)]
async fn upgrade_handler_does_not_run_above_the_limit_and_a_second_later_it_does() {
    let (app, mut seen) = app(upgrades(3));
    let app = TestApp::new(app);
    for _ in 0..3 {
        let _clients = expect_accepted(&app, "/storm/handled", 3, 5).await;
        assert_eq!(seen.rest(), ["handled"; 3]);
        sleep(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn refused_clients_that_try_again_and_again_do_not_keep_others_out() {
    let (app, _seen) = app(upgrades(3));
    let app = TestApp::new(app);
    let _clients = expect_accepted(&app, "/storm/plain", 3, 300).await;
    sleep(SECOND).await;
    let _more = expect_accepted(&app, "/storm/plain", 3, 5).await;
}

#[tokio::test(start_paused = true)]
async fn all_endpoints_of_an_app_share_its_upgrades() {
    let (app, _seen) = app(upgrades(2));
    let app = TestApp::new(app);
    let _one = expect_accepted(&app, "/storm/plain", 1, 1).await;
    let _other = expect_accepted(&app, "/storm/handled", 1, 1).await;
    expect_accepted(&app, "/storm/plain", 0, 1).await;
    expect_accepted(&app, "/storm/handled", 0, 1).await;
}

#[tokio::test(start_paused = true)]
async fn sub_router_narrows_the_upgrades_and_its_refused_clients_take_none_of_the_others() {
    let (probe, _seen) = probe();
    let app = App::new().inject_global(probe).limits(upgrades(4));
    let app = app.include_router(&STORM).include_router(EYE.limits(upgrades(1)));
    let app = TestApp::new(app);
    let _inside = expect_accepted(&app, "/storm/eye/plain", 1, 10).await;
    let _outside = expect_accepted(&app, "/storm/plain", 3, 5).await;
    sleep(SECOND).await;
    let _outside = expect_accepted(&app, "/storm/plain", 4, 5).await;
    // Of its own it has one left again, which the app refuses.
    expect_accepted(&app, "/storm/eye/plain", 0, 1).await;
}

#[tokio::test]
async fn request_that_is_wrong_takes_no_upgrade_from_others() {
    let (app, _seen) = app(upgrades(1));
    let server = Server::start(app).await;
    for _ in 0..5 {
        let foreign = Request::upgrade("/storm/plain").header("origin", "http://evil.example");
        assert_eq!(foreign.refused(&server).await.status, 403);
        let old = Request::upgrade("/storm/plain").header("sec-websocket-version", "8");
        assert_eq!(old.refused(&server).await.status, 426);
    }
    server.connect("/storm/plain").await;
}

/// Connects clients from so many addresses, which are accepted.
async fn expect_accepted_from(app: &TestApp, path: &str, addresses: Range<u8>) -> Vec<TestSocket> {
    let mut clients = Vec::new();
    for address in addresses {
        let answer = from(app, path, address).await;
        clients.push(answer.unwrap_or_else(|refused| panic!("{path}, from {address}: {refused}")));
    }
    clients
}

async fn from(app: &TestApp, path: &str, address: u8) -> Result<TestSocket, Refused> {
    let request = app.request(path).peer_addr(([10, 0, 0, address], 9).into());
    request.connect().await
}

#[tokio::test(start_paused = true)]
async fn clients_over_the_connections_of_their_address_take_no_upgrade_from_others() {
    for path in ["/storm/plain", "/storm/handled"] {
        let (app, _seen) = app(upgrades(3).max_connections_per_ip(1));
        let app = TestApp::new(app);
        let _clients = expect_accepted_from(&app, path, 0..1).await;
        for _ in 0..10 {
            let refused = from(&app, path, 0).await.expect_err("its address has one");
            assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        }
        let _others = expect_accepted_from(&app, path, 1..3).await;
        expect_refused(from(&app, path, 3).await);
    }
}

#[tokio::test(start_paused = true)]
async fn clients_of_a_full_server_take_no_upgrade_from_those_that_come_when_there_is_room() {
    for path in ["/storm/plain", "/storm/handled"] {
        let (app, _seen) = app(upgrades(3).max_connections(2));
        let app = TestApp::new(app);
        let mut clients = expect_accepted_from(&app, path, 0..2).await;
        for _ in 0..10 {
            let refused = from(&app, path, 9).await.expect_err("the server is full");
            assert!(refused.body.contains("`Limits::max_connections`"), "{refused}");
        }
        clients.pop().expect("a client").close().await;
        until("a place", || app.hub().count() == 1).await;
        let next = async { while from(&app, path, 2).await.is_err_and(is_full) {} };
        within("a place", next).await;
    }
}

fn is_full(refused: Refused) -> bool {
    assert!(refused.body.contains("`Limits::max_connections`"), "{refused}");
    true
}

#[tokio::test(start_paused = true)]
async fn clients_over_the_handshakes_take_no_upgrade_from_others() {
    let (app, mut seen) = app(upgrades(3).max_handshakes(1));
    let app = TestApp::new(app);
    let running = app.connect("/storm/pending");
    let others = async {
        seen.expect("pending").await;
        for _ in 0..10 {
            let refused = app.connect("/storm/handled").await.expect_err("one handler runs");
            assert!(refused.body.contains("`Limits::max_handshakes`"), "{refused}");
        }
        // Without a handler, there is no handshake to wait for.
        expect_accepted(&app, "/storm/plain", 2, 3).await;
    };
    tokio::select! {
        answer = running => panic!("its handler runs for ever: {answer:?}"),
        () = others => {}
    }
}

#[tokio::test(start_paused = true)]
async fn limits_of_the_app_count_before_the_upgrades_of_a_sub_router() {
    let (probe, _seen) = probe();
    let app = App::new()
        .inject_global(probe)
        .limits(Limits::default().max_connections_per_ip(1));
    let app = app.include_router(&STORM).include_router(EYE.limits(upgrades(2)));
    let app = TestApp::new(app);
    let _outside = expect_accepted_from(&app, "/storm/plain", 0..1).await;
    for _ in 0..10 {
        let refused = from(&app, "/storm/eye/plain", 0)
            .await
            .expect_err("its address has one");
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    }
    let _inside = expect_accepted_from(&app, "/storm/eye/plain", 1..3).await;
}
