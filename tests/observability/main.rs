//! What operators see: spans, and metrics through the `metrics` facade.
//!
//! A program of its own, whose tests subscribe before anything else: tracing remembers for the whole process whether
//! anybody wants a span, and what runs before the first subscriber, or while it comes, can be remembered as unwanted.

mod compression;
mod edge;
mod endings;
mod refusals;
mod warnings;

use std::{collections::BTreeMap, time::Duration};

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use robyn_ws::{prelude::*, test_util::TestApp};
// It has handlers of a sub-router that no app here includes.
use robyn_ws_tests::Log;

static WATCHED: SubRouter = SubRouter::new("/watched");

#[websocket("/echo", on = "message", router = WATCHED)]
fn echo(msg: String) -> String {
    tracing::info!("inside the handler");
    msg
}

#[websocket("/room", on = "message", router = WATCHED)]
fn tell_all(ws: &WebSocketConnector, msg: String) {
    ws.sync_broadcast(msg);
}

#[websocket("/panic", on = "connect", router = WATCHED)]
fn tell_id(ws: &WebSocketConnector) -> String {
    ws.id().to_string()
}

/// The line of the function below, which is the handler's place.
const PANICS_AT: u32 = line!() + 3;

#[websocket("/panic", on = "message", router = WATCHED)]
fn panics() {
    panic!("a panic of the test");
}

/// Sends five messages at once.
#[websocket("/flood", on = "message", router = WATCHED)]
fn flood(ws: &WebSocketConnector) {
    for number in 0..5 {
        let _ = ws.sync_send(number.to_string()); // It may be dropped.
    }
}

/// Broadcasts five messages of one key at once.
#[websocket("/keyed", on = "message", router = WATCHED)]
fn keyed(ws: &WebSocketConnector) {
    for number in 0..5 {
        ws.everyone().keyed("k").sync_broadcast(number.to_string());
    }
}

fn app() -> App {
    App::new().include_router(&WATCHED)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A runtime whose time passes when all tasks wait.
fn paused_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

/// Runs `part` of a test, whose thread writes into a log of its own, and returns that.
fn log_of(part: impl FnOnce()) -> Log {
    let log = Log::default();
    tracing::subscriber::with_default(log.subscriber(), part);
    log
}

#[test]
fn app_of_some_endpoints_is_not_warned_of_the_sub_routers_it_leaves_out() {
    const WARNING: &str = "the handler is not served";

    // The events are wanted by somebody from the beginning.
    Log::subscribe();
    let some = log_of(|| drop(app().only(["/watched/echo"]).build().expect("the app is built")));
    assert!(!some.text().contains(WARNING), "{}", some.text());
    let all = log_of(|| drop(app().build().expect("the app is built")));
    assert!(all.text().contains(WARNING), "{}", all.text());
}

#[test]
fn connections_and_handlers_run_in_spans_that_name_them_and_not_their_query() {
    let log = Log::subscribe();
    runtime().block_on(async {
        let app = TestApp::new(app());
        let mut client = app.connect("/watched/echo?token=secret").await.expect("the upgrade");
        client.send_text("hi").await;
        assert_eq!(client.receive_text().await, "hi");
        client.close().await;
        client.expect_close(1000).await;
    });
    let log = log.text();
    let inside = log
        .lines()
        .find(|line| line.contains("inside the handler"))
        .expect("the handler's line");
    for words in [
        "ws.connection{id=",
        "endpoint=/watched/echo",
        r#"ws.message{event="message" handler="echo"}"#,
    ] {
        assert!(inside.contains(words), "`{words}` in: {inside}");
    }
    assert!(!log.contains("secret"), "{log}");
}

#[test]
fn span_names_the_client_that_a_trusted_proxy_names_and_the_proxy() {
    let log = Log::subscribe();
    runtime().block_on(async {
        let app = TestApp::new(app().trusted_proxies(["10.0.0.0/8"]));
        for (peer, expected) in [
            ("10.0.0.1:9", "peer=192.0.2.7:0 proxy=10.0.0.1:9"),
            ("11.0.0.1:9", "peer=11.0.0.1:9}"),
        ] {
            let request = app.request("/watched/echo").header("x-forwarded-for", "192.0.2.7");
            let request = request.peer_addr(peer.parse().expect("an address"));
            let mut client = request.connect().await.expect("the upgrade");
            client.send_text("hi").await;
            assert_eq!(client.receive_text().await, "hi");
            log.line(&["inside the handler", expected]);
        }
    });
}

#[test]
fn contradicting_headers_of_a_proxy_are_logged_with_what_they_say() {
    let log = Log::subscribe();
    runtime().block_on(async {
        let app = TestApp::new(app().trusted_proxies(["10.0.0.0/8"]));
        let request = app
            .request("/watched/echo")
            .peer_addr("10.0.0.2:9".parse().expect("an address"));
        let request = request
            .header("x-forwarded-for", "192.0.2.7")
            .header("forwarded", "for=1.2.3.4");
        request.connect().await.expect("the upgrade");
    });
    log.line(&[
        "contradict each other",
        "proxy=10.0.0.2:9",
        "forwarded=for=1.2.3.4",
        "x_forwarded_for=192.0.2.7",
    ]);
}

#[test]
fn panic_is_logged_with_its_handler_its_place_and_its_connection() {
    let log = Log::subscribe();
    let id = runtime().block_on(async {
        let app = TestApp::new(app());
        let mut client = app.connect("/watched/panic").await.expect("the upgrade");
        let id = client.receive_text().await;
        client.send_text("go").await;
        client.expect_close(1011).await;
        id
    });
    let place = format!("place={}:{PANICS_AT}", file!());
    log.line(&[
        "the handler panicked",
        r#"handler="panics""#,
        &place,
        &format!("id={id}"),
    ]);
}

/// The line of the function below, which is the handler's place.
const CONNECTS_SLOWLY_AT: u32 = line!() + 3;

#[websocket("/slow_connect", on = "connect", router = WATCHED)]
async fn connects_slowly(ws: &WebSocketConnector) {
    ws.closed().await;
}

#[test]
fn connect_handler_that_is_too_slow_is_logged_with_its_place() {
    let log = Log::subscribe();
    runtime().block_on(async {
        let app = TestApp::new(app());
        let mut client = app.connect("/watched/slow_connect").await.expect("the upgrade");
        let endpoint = app.hub().endpoint("/watched/slow_connect");
        let mut held = 0;
        while endpoint.sync_broadcast("busy").dropped == 0 {
            held += 1;
        }
        for _ in 0..held {
            assert_eq!(client.receive_text().await, "busy");
        }
        client.expect_close(1013).await;
    });
    log.line(&[
        "the handler was too slow",
        r#"handler="connects_slowly""#,
        &format!("place={}:{CONNECTS_SLOWLY_AT}", file!()),
    ]);
}

/// Has a page of `origin` refused, and returns the line of the log that says so.
fn refusal(app: App, origin: &str, mark: &str) -> String {
    let log = Log::subscribe();
    runtime().block_on(async {
        let app = TestApp::new(app);
        let request = app.request("/watched/echo").header("origin", origin);
        assert_eq!(
            request.connect().await.expect_err("a refusal").status,
            StatusCode::FORBIDDEN
        );
    });
    log.line(&["foreign Origin", mark])
}

#[test]
fn foreign_origin_is_logged_with_the_host_it_was_compared_with_what_is_allowed_and_what_to_change() {
    let list = Origins::list(["https://example.com", "https://*.example.org"]);
    for (app, mark, allowed, help) in [
        (app(), "evil-one", "the request's own host", "behind_a_proxy"),
        (
            app().origins(list.allow_null()),
            "evil-two",
            "https://example.com, https://*.example.org, null",
            "Origins::list",
        ),
    ] {
        let origin = format!("https://{mark}.example");
        let line = refusal(app, &origin, mark);
        for words in [
            format!("seen={origin} "),
            "host=test ".to_owned(),
            format!("allowed=\"{allowed}\""),
            help.to_owned(),
        ] {
            assert!(line.contains(&words), "`{words}` in: {line}");
        }
    }
}

#[test]
fn what_a_peer_chose_is_cut_and_escaped_in_the_log() {
    let origin = format!("long\tname{}", "x".repeat(30_000));
    let line = refusal(app(), &origin, r"long\tname");
    assert!(line.len() < 800, "{line}");
    assert!(!line.contains(&"x".repeat(128)) && line.contains('…'), "{line}");
}

/// Runs `scenario`, and gives every metric with its labels and its value.
fn measured(scenario: impl Future<Output = ()>) -> BTreeMap<String, String> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || runtime().block_on(scenario));
    let metrics = snapshotter.snapshot().into_vec().into_iter();
    metrics
        .map(|(key, _, _, value)| {
            let labels: Vec<String> = key
                .key()
                .labels()
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect();
            let value = match value {
                DebugValue::Counter(count) => count.to_string(),
                DebugValue::Gauge(level) => level.to_string(),
                DebugValue::Histogram(values) => format!("{} times", values.len()),
            };
            (format!("{} {}", key.key().name(), labels.join(" ")), value)
        })
        .collect()
}

fn expect_metrics(seen: &BTreeMap<String, String>, expected: &[(&str, &str)]) {
    for (metric, value) in expected {
        assert_eq!(
            seen.get(*metric).map(String::as_str),
            Some(*value),
            "{metric} in {seen:#?}"
        );
    }
}

#[test]
fn metrics_count_what_happens_on_each_endpoint() {
    Log::subscribe();
    let seen = measured(async {
        let app = TestApp::new(app());
        let mut one = app.connect("/watched/room").await.expect("the upgrade");
        let mut other = app.connect("/watched/room").await.expect("the upgrade");
        one.send_text("four").await;
        assert_eq!(one.receive_text().await, "four");
        assert_eq!(other.receive_text().await, "four");
        one.close_with(4001, "").await;
        one.expect_close(4001).await;
        other.vanish();
        while app.hub().count() > 0 {
            tokio::task::yield_now().await;
        }
        // Nobody is left, but the last task may still be at its end.
        app.drain(Duration::from_secs(5)).await;
    });
    let expected = [
        (
            "robyn_ws_upgrades_total endpoint=/watched/room status=101 reason=accepted",
            "2",
        ),
        ("robyn_ws_connections endpoint=/watched/room", "0"),
        ("robyn_ws_messages_received_total endpoint=/watched/room", "1"),
        ("robyn_ws_received_bytes_total endpoint=/watched/room", "4"),
        ("robyn_ws_messages_sent_total endpoint=/watched/room", "2"),
        ("robyn_ws_broadcast_recipients endpoint=/watched/room", "1 times"),
        (
            "robyn_ws_handler_duration_seconds endpoint=/watched/room event=message",
            "1 times",
        ),
        ("robyn_ws_closes_total endpoint=/watched/room reason=client", "1"),
        ("robyn_ws_closes_total endpoint=/watched/room reason=abnormal", "1"),
    ];
    expect_metrics(&seen, &expected);
    let sent = &seen["robyn_ws_sent_bytes_total endpoint=/watched/room"];
    assert!(sent.parse::<u64>().is_ok_and(|bytes| bytes >= 8), "{sent}");
}

#[test]
fn metrics_count_messages_that_a_newer_one_of_their_key_replaced() {
    Log::subscribe();
    let seen = measured(async {
        let app = TestApp::new(app());
        let mut client = app.connect("/watched/keyed").await.expect("the upgrade");
        client.send_text("go").await;
        assert_eq!(client.receive_text().await, "4");
        let counters = app.hub().endpoint("/watched/keyed").counters();
        assert_eq!(counters.messages_replaced, 4);
    });
    let expected = [("robyn_ws_messages_replaced_total endpoint=/watched/keyed", "4")];
    expect_metrics(&seen, &expected);
}

#[test]
fn metrics_count_refused_upgrades_and_drops_by_policy() {
    Log::subscribe();
    let seen = measured(async {
        for overflow in [Overflow::Disconnect, Overflow::DropNewest, Overflow::DropOldest] {
            let limits = Limits::default()
                .close_timeout(Duration::from_millis(10))
                .max_connections(1)
                .max_outbound_messages(2)
                .overflow(overflow);
            let app = TestApp::new(app().limits(limits));
            let mut client = app.connect("/watched/flood").await.expect("the upgrade");
            let refused = app.connect("/watched/flood").await.expect_err("a refusal");
            assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
            client.send_text("go").await;
            client.receive_text().await;
            app.drain(Duration::from_secs(5)).await;
        }
    });
    let expected = [
        (
            "robyn_ws_upgrades_total endpoint=/watched/flood status=101 reason=accepted",
            "3",
        ),
        (
            "robyn_ws_upgrades_total endpoint=/watched/flood status=503 reason=max_connections",
            "3",
        ),
        (
            "robyn_ws_messages_dropped_total endpoint=/watched/flood policy=drop_newest",
            "3",
        ),
        (
            "robyn_ws_messages_dropped_total endpoint=/watched/flood policy=drop_oldest",
            "3",
        ),
        (
            "robyn_ws_messages_dropped_total endpoint=/watched/flood policy=disconnect",
            "1",
        ),
        (
            "robyn_ws_closes_total endpoint=/watched/flood reason=slow_consumer",
            "1",
        ),
        ("robyn_ws_closes_total endpoint=/watched/flood reason=shutdown", "2"),
    ];
    expect_metrics(&seen, &expected);
}
