//! Clients that all come at once.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use robyn_ws::{
    prelude::*,
    test_util::{Refused, TestApp, TestSocket},
};
use robyn_ws_tests::{Probe, Request, Seen, Server, probe, within};
use tokio::time::sleep;

static STORM: SubRouter = SubRouter::new("/storm");
static EYE: SubRouter = SubRouter::new("/storm/eye");

#[websocket("/handled", on = "upgrade", router = STORM)]
fn handled(probe: Global<Probe>) {
    probe.note("handled");
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

#[tokio::test]
async fn upgrade_above_the_limit_is_503_with_a_retry_after_that_differs_between_clients() {
    let (app, _seen) = app(upgrades(1));
    let server = Server::start(app).await;
    let mut seconds = Vec::new();
    let storm = async {
        while seconds.len() < 30 {
            let answers = join_all((0..30).map(async |_| Request::upgrade("/storm/plain").answer(&server).await)).await;
            for answer in answers.iter().filter(|answer| answer.status != 101) {
                answer.expect(503, "`Limits::max_upgrades_per_second`");
                let after = answer.header("retry-after").expect("it says when to come back");
                seconds.push(after.parse::<u64>().expect("a number of seconds"));
            }
        }
    };
    within("the storm", storm).await;
    assert!(seconds.iter().all(|after| (1..=10).contains(after)), "{seconds:?}");
    assert!(seconds.iter().collect::<BTreeSet<_>>().len() > 2, "{seconds:?}");
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
