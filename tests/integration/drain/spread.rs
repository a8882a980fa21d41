//! Drains that are spread over an interval, and their close code.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use robyn_ws::{BuildError, close_code, prelude::*, test_util::TestApp};
use robyn_ws_tests::{PATIENCE, Server, within};
use tokio::time::Instant;

static SPREAD: SubRouter = SubRouter::new("/spread");

/// When and why close handlers ran.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<(Instant, CloseReason)>>>);

impl Told {
    fn take(&self) -> Vec<(Instant, CloseReason)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[websocket("/told", on = "close", router = SPREAD)]
fn told(reason: CloseReason, told: Global<Told>) {
    let mut told = told.0.lock().unwrap_or_else(PoisonError::into_inner);
    told.push((Instant::now(), reason));
}

fn app(told: &Told) -> App {
    App::new().inject_global(told.clone()).include_router(&SPREAD)
}

const SECOND: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_secs(10);
const GRACE: Duration = Duration::from_secs(16);

/// Drains clients of an app with this interval. Returns the time after which each was told, in this order.
async fn times_of(clients: usize, interval: Duration, grace: Duration) -> Vec<Duration> {
    let told = Told::default();
    let limits = Limits::default().drain_interval(interval).shutdown_grace(interval);
    let app = TestApp::new(app(&told).limits(limits));
    let mut connected = Vec::new();
    for _ in 0..clients {
        connected.push(app.connect("/spread/told").await.expect("the app accepts"));
    }
    let begun = Instant::now();
    app.drain(grace).await;
    let times: Vec<_> = told.take().into_iter().map(|(at, _)| at - begun).collect();
    assert_eq!(times.len(), clients, "each client is told");
    times
}

#[tokio::test(start_paused = true)]
async fn drain_fills_its_interval_evenly_however_many_clients_there_are() {
    for clients in [20, 101, 500] {
        let times = times_of(clients, INTERVAL, GRACE).await;
        // A moment at the end of a part is rounded up by the timer, into the next second.
        let (expected, batch) = (clients / 10, clients.div_ceil(100));
        for second in 0..10 {
            let from = SECOND * second;
            let told = times
                .iter()
                .filter(|time| (from..from + SECOND).contains(*time))
                .count();
            assert!(told.abs_diff(expected) <= batch + 1, "{told} of {clients} in {from:?}");
        }
        assert!(times.iter().all(|time| *time <= INTERVAL + SECOND / 100), "{times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn moments_of_a_drain_are_random_within_their_parts() {
    let part = Duration::from_millis(100).as_millis();
    let offsets = async || {
        let times = times_of(100, INTERVAL, GRACE).await;
        times.iter().map(|time| time.as_millis() % part).collect::<Vec<_>>()
    };
    let (one, other) = (offsets().await, offsets().await);
    let different: BTreeSet<_> = one.iter().collect();
    assert!(different.len() > 20, "{one:?}");
    assert_ne!(one, other, "two servers that are drained at once");
}

#[tokio::test(start_paused = true)]
async fn first_client_of_a_drain_is_told_at_once() {
    assert_eq!(times_of(1, INTERVAL, GRACE).await, [Duration::ZERO]);
}

#[tokio::test(start_paused = true)]
async fn drain_with_a_shorter_grace_than_the_interval_is_spread_over_the_grace() {
    let times = times_of(100, INTERVAL, 2 * SECOND).await;
    let last = times.last().expect("each client is told");
    let expected = Duration::from_millis(1800)..=Duration::from_millis(2010);
    assert!(expected.contains(last), "{last:?}");
    let early = times.iter().filter(|time| **time < SECOND).count();
    assert!((45..=55).contains(&early), "{early} in the first half");
}

#[tokio::test]
async fn clients_get_the_code_of_the_drain_and_close_handlers_see_a_shutdown() {
    for code in [close_code::RESTART, close_code::TRY_AGAIN_LATER, 4321] {
        let told = Told::default();
        let server = Server::start(app(&told).drain_code(code)).await;
        let (mut one, mut other) = (
            server.connect("/spread/told").await,
            server.connect("/spread/told").await,
        );
        let clients = async {
            one.expect_close(code, "the server shuts down").await;
            other.expect_close(code, "the server shuts down").await;
        };
        let drain = server.shutdown().drain(PATIENCE);
        let (drained, ()) = within("the drain", async { tokio::join!(drain, clients) }).await;
        assert_eq!((drained.closed, drained.cut), (2, 0));
        let reasons: Vec<_> = told.take().into_iter().map(|(_, reason)| reason).collect();
        assert_eq!(reasons, [CloseReason::Shutdown, CloseReason::Shutdown]);
    }
}

/// Returns the only problem of an app, which has to be at this line of this file.
fn problem(app: App, line: u32) -> BuildError {
    let errors = app.build().expect_err("it is an error");
    assert_eq!(errors.len(), 1, "{errors}");
    let error = errors.into_iter().next().expect("there is one");
    assert_eq!((error.file(), error.line()), (Some(file!()), Some(line)), "{error}");
    error
}

#[test]
fn close_code_that_no_drain_has_is_a_build_error_with_its_place() {
    for code in [0, 999, 1000, 1002, 1005, 1006, 1011, 1014, 1015, 2999, 5000, u16::MAX] {
        let (line, app) = (line!(), App::new().drain_code(code));
        let error = problem(app, line);
        let words = format!("{code} is not the close code of a drain: expected 1001 (going away), 1012 (restart)");
        assert!(error.message().contains(&words), "{error}");
    }
    for code in [1001, 1012, 1013, 3000, 4999] {
        assert!(app(&Told::default()).drain_code(code).build().is_ok(), "{code}");
    }
}

#[test]
fn interval_over_the_grace_is_a_build_error_with_its_place() {
    let over = |interval, limits: Limits| limits.drain_interval(interval);
    for (limits, words) in [
        (
            over(11 * SECOND, Limits::default()),
            "is 11s, more than the 10s of `shutdown_grace`",
        ),
        (
            over(3 * SECOND, Limits::default().shutdown_grace(2 * SECOND)),
            "is 3s, more than the 2s of `shutdown_grace`",
        ),
    ] {
        let (line, app) = (line!(), app(&Told::default()).limits(limits));
        let error = problem(app, line);
        assert!(error.message().contains(words), "{error}");
    }
    let equal = over(11 * SECOND, Limits::default().shutdown_grace(11 * SECOND));
    assert!(app(&Told::default()).limits(equal).build().is_ok());
    let off = Limits::default().shutdown_grace(SECOND).drain_interval(None);
    assert!(app(&Told::default()).limits(off).build().is_ok());
}

#[test]
fn grace_for_load_balancers_over_the_grace_of_the_drain_is_a_build_error_with_its_place() {
    for (limits, words) in [
        (
            Limits::default().unready_grace(11 * SECOND),
            "`Limits::unready_grace` is 11s, more than the 10s of `shutdown_grace`",
        ),
        (
            Limits::default().unready_grace(3 * SECOND).shutdown_grace(2 * SECOND),
            "`Limits::unready_grace` is 3s, more than the 2s of `shutdown_grace`",
        ),
    ] {
        let (line, app) = (line!(), app(&Told::default()).limits(limits));
        let error = problem(app, line);
        assert!(error.message().contains(words), "{error}");
        assert!(error.message().contains("raise `shutdown_grace`"), "{error}");
    }
    for limits in [
        Limits::default().unready_grace(2 * SECOND).shutdown_grace(2 * SECOND),
        // The default is no contradiction.
        Limits::default().shutdown_grace(SECOND / 10),
        Limits::default().unready_grace(Duration::ZERO),
    ] {
        assert!(app(&Told::default()).limits(limits).build().is_ok());
    }
}
