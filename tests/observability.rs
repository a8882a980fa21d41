//! What operators see: spans, and metrics through the `metrics` facade.
//!
//! A program of its own, whose tests subscribe before anything else: tracing remembers for the whole process whether
//! anybody wants a span, and what runs before the first subscriber, or while it comes, can be remembered as unwanted.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, OnceLock},
};

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use robyn_ws::{prelude::*, test_util::TestApp};
use tracing_subscriber::fmt::format::FmtSpan;

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

fn app() -> App {
    App::new().include_router(&WATCHED)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Where the log of all tests goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Subscribes this program to its spans and events, the first time.
    fn subscribe() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            let writer = log.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_ansi(false)
                .with_span_events(FmtSpan::NEW)
                .with_writer(move || writer.clone())
                .finish();
            tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");
            log
        })
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("the log").clone()).expect("text")
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the log").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
fn metrics_count_what_happens_on_each_endpoint() {
    Log::subscribe();
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        runtime().block_on(async {
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
            app.shutdown(std::time::Duration::from_secs(5)).await;
        });
    });
    let mut seen = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
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
        seen.insert(format!("{} {}", key.key().name(), labels.join(" ")), value);
    }
    for (metric, value) in [
        ("robyn_ws_upgrades_total endpoint=/watched/room status=101", "2"),
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
    ] {
        assert_eq!(
            seen.get(metric).map(String::as_str),
            Some(value),
            "{metric} in {seen:#?}"
        );
    }
}
