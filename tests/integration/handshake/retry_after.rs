//! When refused clients are told to come back.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use robyn_ws::prelude::*;
use robyn_ws_tests::{Asking, Probe, Request, Server, probe, within};

static BUSY: SubRouter = SubRouter::new("/busy");

#[websocket("/pending", on = "upgrade", router = BUSY)]
async fn pending(probe: Global<Probe>) {
    probe.note("pending");
    std::future::pending::<()>().await;
}

#[websocket("/plain", on = "connect", router = BUSY)]
fn plain() {}

fn upgrades(per_second: u32) -> Limits {
    Limits::default().max_upgrades_per_second(per_second)
}

/// Has many clients refused, and checks that they do not come back together.
async fn expect_spread(server: &Server, path: &str, why: &str) {
    let mut seconds = Vec::new();
    let storm = async {
        while seconds.len() < 30 {
            let answers = join_all((0..30).map(async |_| Request::upgrade(path).answer(server).await)).await;
            for answer in answers.iter().filter(|answer| answer.status != 101) {
                answer.expect(503, why);
                let after = answer.header("retry-after").expect("it says when to come back");
                seconds.push(after.parse::<u64>().expect("a number of seconds"));
            }
        }
    };
    within("the storm", storm).await;
    assert!(
        seconds.iter().all(|after| (1..=10).contains(after)),
        "{why}: {seconds:?}"
    );
    assert!(seconds.iter().collect::<BTreeSet<_>>().len() > 2, "{why}: {seconds:?}");
}

#[tokio::test]
async fn every_503_has_a_retry_after_that_differs_between_clients() {
    for (limits, why) in [
        (upgrades(1), "`Limits::max_upgrades_per_second`"),
        (Limits::default().max_connections(1), "`Limits::max_connections`"),
    ] {
        let app = App::new().inject_global(probe().0).include_router(&BUSY);
        let server = Server::start(app.limits(limits)).await;
        let _first = server.connect("/busy/plain").await;
        expect_spread(&server, "/busy/plain", why).await;
    }
    let (probe, mut seen) = probe();
    let app = App::new().inject_global(probe).include_router(&BUSY);
    let server = Server::start(app.limits(Limits::default().max_handshakes(1))).await;
    let _running = Asking::send(&server, &Request::upgrade("/busy/pending")).await;
    seen.expect("pending").await;
    expect_spread(&server, "/busy/pending", "`Limits::max_handshakes`").await;
    server.shutdown().drain(Duration::ZERO).await;
    expect_spread(&server, "/busy/plain", "the server shuts down").await;
}
