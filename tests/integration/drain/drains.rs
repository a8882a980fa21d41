//! Drains of many, and of those who do not end by themselves.

use std::{
    panic::panic_any,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use robyn_ws::{BuildError, prelude::*, test_util::TestApp};
use robyn_ws_tests::{PATIENCE, Probe, Request, Server, probe, within};
use tokio::{runtime::Builder, task::JoinSet, time::Instant};

static DRAIN: SubRouter = SubRouter::new("/drain");

/// When close handlers ran.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Instant>>>);

/// What a handler cannot get as long as the test holds it.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<()>>);

#[websocket("/told", on = "close", router = DRAIN)]
fn told(told: Global<Told>) {
    let mut told = told.0.lock().unwrap_or_else(PoisonError::into_inner);
    told.push(Instant::now());
}

#[websocket("/held", on = "message", router = DRAIN)]
fn held(_msg: &str, held: Global<Held>, probe: Global<Probe>) {
    probe.note("held");
    drop(held.0.lock());
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic_any("dropped");
    }
}

#[websocket("/upgrade_that_panics_when_dropped", on = "upgrade", router = DRAIN)]
async fn upgrade_that_panics_when_dropped(probe: Global<Probe>) {
    let _held = PanicsWhenDropped;
    probe.note("upgrading");
    std::future::pending::<()>().await;
}

#[websocket("/upgrade_that_panics_when_dropped", on = "message", router = DRAIN)]
fn never_heard(_msg: &str) {}

fn app(told: &Told, held: &Held, probe: Probe) -> App {
    let app = App::new().inject_global(told.clone()).inject_global(held.clone());
    app.inject_global(probe).include_router(&DRAIN)
}

/// Drains `connections` clients, and returns how long after the beginning each was told, in this order.
async fn times_of(connections: usize) -> Vec<Duration> {
    let told = Told::default();
    let server = Server::start_in_memory(app(&told, &Held::default(), probe().0));
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let mut client = server.connect("/drain/told").await;
        clients.spawn(async move { client.expect_close(1001, "the server shuts down").await });
    }
    let start = Instant::now();
    let drained = server.shutdown().drain(Duration::from_hours(1)).await;
    assert_eq!((drained.closed, drained.cut, drained.stuck), (connections, 0, 0));
    clients.join_all().await;
    let told = told.0.lock().unwrap_or_else(PoisonError::into_inner);
    told.iter().map(|at| *at - start).collect()
}

#[tokio::test]
async fn drain_closes_a_crowd_in_batches_with_pauses_between_them() {
    let times = times_of(1100).await;
    // A loaded machine is slower, but nobody is told before the time.
    assert!(times[256] >= Duration::from_millis(100), "{:?}", times[256]);
    assert!(times[512] >= Duration::from_millis(200), "{:?}", times[512]);
    assert!(times[1099] >= Duration::from_millis(400), "{:?}", times[1099]);
}

#[tokio::test(start_paused = true)]
async fn drain_closes_everybody_within_half_of_a_short_grace() {
    let told = Told::default();
    let app = TestApp::new(app(&told, &Held::default(), probe().0));
    let mut clients = Vec::new();
    for _ in 0..1100 {
        clients.push(app.connect("/drain/told").await.expect("the app accepts"));
    }
    let start = Instant::now();
    // Nobody answers the Close, so that some are cut.
    let drained = app.drain(Duration::from_millis(300)).await;
    assert_eq!((drained.closed + drained.cut, drained.stuck), (1100, 0));
    let told = told.0.lock().unwrap_or_else(PoisonError::into_inner);
    let last = told.iter().max().expect("close handlers ran");
    assert!(*last - start <= Duration::from_millis(160), "{:?}", *last - start);
}

#[tokio::test(start_paused = true)]
async fn drain_without_grace_closes_a_crowd_all_the_same() {
    let told = Told::default();
    let app = TestApp::new(app(&told, &Held::default(), probe().0));
    let mut clients = Vec::new();
    for _ in 0..600 {
        clients.push(app.connect("/drain/told").await.expect("the app accepts"));
    }
    let drained = app.drain(Duration::ZERO).await;
    assert_eq!((drained.closed + drained.cut, drained.stuck), (600, 0));
    assert_eq!(app.hub().count(), 0);
    assert_eq!(told.0.lock().unwrap_or_else(PoisonError::into_inner).len(), 600);
}

#[tokio::test]
async fn handler_that_blocks_its_thread_is_counted_as_stuck_and_does_not_hold_the_drain() {
    let (held, (probe, mut seen)) = (Held::default(), probe());
    // A runtime of its own: what the handler blocks is not what the test runs on.
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime is built");
    let app = app(&Told::default(), &held, probe);
    let server = runtime.spawn(Server::start(app)).await.expect("the server starts");
    let mut client = server.raw("/drain/held").await;
    let lock = held.0.lock();
    client.send_text("take it").await;
    seen.expect("held").await;
    let drained = within("the drain", server.shutdown().drain(Duration::from_millis(100))).await;
    assert_eq!((drained.closed, drained.cut, drained.stuck), (0, 1, 1));
    drop(lock);
    let drained = within("the rest", server.shutdown().drain(PATIENCE)).await;
    assert_eq!((drained.cut, drained.stuck), (0, 0));
    runtime.shutdown_background();
}

#[tokio::test]
async fn client_gets_503_though_its_upgrade_handler_panics_when_the_drain_drops_it() {
    let (probe, mut seen) = probe();
    let server = Server::start(app(&Told::default(), &Held::default(), probe)).await;
    let request = Request::upgrade("/drain/upgrade_that_panics_when_dropped");
    let drain = async {
        seen.expect("upgrading").await;
        server.shutdown().drain(Duration::from_millis(100)).await
    };
    let (response, drained) = tokio::join!(request.refused(&server), drain);
    response.expect(503, "the server shuts down");
    assert_eq!((drained.closed, drained.cut, drained.stuck), (0, 0, 0));
}

#[test]
fn times_of_the_drain_on_a_sub_router_are_build_errors_with_their_place() {
    let second = Duration::from_secs(1);
    for (limits, name) in [
        (Limits::default().shutdown_grace(second), "shutdown_grace"),
        (Limits::default().unready_grace(second), "unready_grace"),
        (Limits::default().drain_interval(second), "drain_interval"),
    ] {
        let (line, app) = (line!(), App::new().include_router(DRAIN.limits(limits)));
        let errors = app.build().expect_err("it is an error");
        let words = format!("`Limits::{name}` is set on a sub-router");
        let is_told = |error: &BuildError| {
            (error.file(), error.line()) == (Some(file!()), Some(line)) && error.message().contains(&words)
        };
        assert!(errors.iter().any(is_told), "no `{words}` in: {errors}");
    }
}
