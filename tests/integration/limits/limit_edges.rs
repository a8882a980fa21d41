//! Limits of time at their edges, under paused time: the last moment that is allowed, and the first that is not. The
//! edges of the others stand with what they limit.

use std::time::Duration;

use robyn_ws::{prelude::*, test_util::TestApp};
use tokio::time::{Instant, sleep};

static EDGES: SubRouter = SubRouter::new("/limit_edges");
static NARROW: SubRouter = SubRouter::new("/limit_edges/narrow");

const SECOND: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(10);

#[websocket("/", on = "message", router = EDGES)]
#[websocket("/", on = "message", router = NARROW)]
async fn message(msg: String) -> String {
    if let Ok(millis) = msg.parse() {
        sleep(Duration::from_millis(millis)).await;
    }
    msg
}

fn start(limits: Limits) -> TestApp {
    TestApp::new(App::new().include_router(&EDGES).limits(limits))
}

/// Waits for the hub to be empty, and gives how long that took.
async fn gone(app: &TestApp) -> Duration {
    let begun = Instant::now();
    while app.hub().count() > 0 {
        sleep(TICK).await;
    }
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn message_just_before_the_idle_timeout_keeps_the_client_and_silence_does_not() {
    let app = start(Limits::default().idle_timeout(10 * SECOND));
    let mut client = app.connect("/limit_edges").await.expect("the upgrade");
    for _ in 0..3 {
        client.expect_silence((10 * SECOND).saturating_sub(TICK)).await;
        client.send_text("here").await;
        assert_eq!(client.receive_text().await, "here");
    }
    let quiet = Instant::now();
    client.expect_close(1001).await;
    assert!(
        (10 * SECOND..10 * SECOND + TICK).contains(&quiet.elapsed()),
        "{:?}",
        quiet.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn silent_client_is_lost_after_exactly_as_many_heartbeats_as_may_be_missed() {
    for missed in [2, 3, 5] {
        let app = start(
            Limits::default()
                .heartbeat_interval(4 * SECOND)
                .max_missed_heartbeats(missed),
        );
        let mut silent = app.connect("/limit_edges").await.expect("the upgrade");
        silent.stop_reading();
        let lost = gone(&app).await;
        let due = 4 * SECOND * missed;
        assert!(
            (due.saturating_sub(TICK)..due + 2 * TICK).contains(&lost),
            "{missed}: {lost:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn heartbeat_that_is_off_never_loses_a_silent_client() {
    let app = start(Limits::default().heartbeat_interval(None));
    let mut silent = app.connect("/limit_edges").await.expect("the upgrade");
    silent.stop_reading();
    sleep(Duration::from_hours(24)).await;
    assert_eq!(app.hub().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn handler_that_returns_within_its_grace_is_heard_and_one_over_it_is_dropped() {
    for (millis, heard) in [(2990, true), (3010, false)] {
        let app = start(Limits::default().handler_grace(3 * SECOND));
        let mut client = app.connect("/limit_edges").await.expect("the upgrade");
        client.send_text(millis.to_string()).await;
        client.close().await;
        if heard {
            assert_eq!(client.receive_text().await, millis.to_string());
        }
        client.expect_close(1000).await;
    }
}

#[tokio::test(start_paused = true)]
async fn rate_that_is_kept_for_long_is_within_the_limit_and_one_more_is_not() {
    let app = start(Limits::default().max_messages_per_second(10).heartbeat_interval(None));
    let mut client = app.connect("/limit_edges").await.expect("the upgrade");
    for number in 0..100 {
        client.send_text(format!("message {number}")).await;
        assert_eq!(client.receive_text().await, format!("message {number}"));
        sleep(SECOND / 10).await;
    }
    for _ in 0..10 {
        client.send_text("burst").await;
        assert_eq!(client.receive_text().await, "burst");
    }
    client.send_text("one more").await;
    client.expect_close(1008).await;
}

#[tokio::test(start_paused = true)]
async fn limits_of_time_and_rate_are_narrowed_by_a_sub_router() {
    let narrow = Limits::default().idle_timeout(SECOND).max_messages_per_second(1);
    let app = TestApp::new(
        App::new()
            .include_router(&EDGES)
            .include_router(NARROW.limits(narrow))
            .limits(Limits::default().idle_timeout(10 * SECOND)),
    );
    let mut wide = app.connect("/limit_edges").await.expect("the upgrade");
    let mut idle = app.connect("/limit_edges/narrow").await.expect("the upgrade");
    let mut hasty = app.connect("/limit_edges/narrow").await.expect("the upgrade");
    hasty.send_text("one").await;
    assert_eq!(hasty.receive_text().await, "one");
    hasty.send_text("two").await;
    hasty.expect_close(1008).await;
    idle.expect_close(1001).await;
    wide.expect_silence(8 * SECOND).await;
}
