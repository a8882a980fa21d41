//! What a blocking handler can do: wait for futures, by tokio's means or by those of `futures`, and start tasks.

use std::{convert::Infallible, thread, time::Duration};

use futures_executor::block_on;
use robyn_ws::{
    axum::{extract::FromRequestParts, http::request::Parts},
    prelude::*,
    test_util::TestApp,
};
use robyn_ws_tests::{Probe, Server, probe};
use tokio::{
    runtime::Handle,
    task::yield_now,
    time::{sleep, timeout},
};

static BLOCKING: SubRouter = SubRouter::new("/blocking_handlers");

/// Waits for a task and for the clock, in every way there is.
fn wait_in_all_ways() {
    let work = || async {
        sleep(Duration::from_millis(1)).await;
        tokio::spawn(yield_now()).await.expect("the task ends");
    };
    Handle::current().block_on(work());
    block_on(work());
    Handle::current().block_on(work());
}

/// An extractor that waits, and that blocks while it is asked.
struct Slow;

impl<S: Sync> FromRequestParts<S> for Slow {
    type Rejection = Infallible;

    async fn from_request_parts(_parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        sleep(Duration::from_millis(1)).await;
        // On the thread that waits for this very future, whose wake-up it could use up.
        let waiting = tokio::spawn(sleep(Duration::from_millis(1)));
        block_on(async { sleep(Duration::from_millis(10)).await });
        waiting.await.expect("the task ends");
        yield_now().await;
        Ok(Self)
    }
}

#[websocket("/", on = "upgrade", router = BLOCKING, blocking)]
fn upgrade(_slow: Slow) {
    wait_in_all_ways();
}

#[websocket("/", on = "connect", router = BLOCKING, blocking)]
fn connect() -> &'static str {
    wait_in_all_ways();
    "connected"
}

#[websocket("/", on = "message", router = BLOCKING, blocking)]
fn message(msg: String) -> String {
    wait_in_all_ways();
    msg
}

#[websocket("/", on = "close", router = BLOCKING, blocking)]
fn close(probe: Global<Probe>) {
    wait_in_all_ways();
    probe.note("closed");
}

async fn visit_that_waits_in_every_handler() {
    let (probe, mut seen) = probe();
    let server = Server::start(App::new().inject_global(probe).include_router(&BLOCKING)).await;
    let mut client = server.connect("/blocking_handlers").await;
    client.expect_text("connected").await;
    client.ask("well", "well").await;
    client.leave().await;
    seen.expect("closed").await;
}

#[tokio::test]
async fn blocking_handler_of_every_event_can_wait_for_futures() {
    visit_that_waits_in_every_handler().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocking_handler_of_every_event_can_wait_for_futures_on_several_threads() {
    visit_that_waits_in_every_handler().await;
}

#[websocket("/slow", on = "upgrade", router = BLOCKING, blocking)]
fn take_real_time() {
    thread::sleep(Duration::from_millis(20));
}

#[websocket("/slow", on = "message", router = BLOCKING, blocking)]
fn answer_after_real_time() -> &'static str {
    take_real_time();
    "done"
}

#[tokio::test(start_paused = true)]
async fn paused_time_stands_still_while_a_blocking_handler_runs() {
    let (probe, _seen) = probe();
    let app = TestApp::new(App::new().inject_global(probe).include_router(&BLOCKING));
    let visit = async {
        let mut client = app.connect("/blocking_handlers/slow").await.expect("the upgrade");
        client.send_text("go").await;
        assert_eq!(client.receive_text().await, "done");
        client.close().await;
    };
    // Real time is no part of it.
    timeout(Duration::from_millis(1), visit).await.expect("no time passes");
}
