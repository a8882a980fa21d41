//! A collector of metrics that panics, and what it is told of endpoints that do not exist.
//!
//! A program has one collector, so this one is that of all tests here. It is silent for everybody else.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, Once, PoisonError},
};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use robyn_ws::{prelude::*, test_util::TestApp};
use robyn_ws_tests::Log;

static REGISTERED: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

struct Collector;

/// A panic's payload that panics again when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the payload of a panic panics");
    }
}

fn explode() -> ! {
    std::panic::panic_any(Bomb)
}

struct Explosive;

impl CounterFn for Explosive {
    fn increment(&self, _: u64) {
        explode()
    }
    fn absolute(&self, _: u64) {
        explode()
    }
}

impl GaugeFn for Explosive {
    fn increment(&self, _: f64) {
        explode()
    }
    fn decrement(&self, _: f64) {
        explode()
    }
    fn set(&self, _: f64) {
        explode()
    }
}

impl HistogramFn for Explosive {
    fn record(&self, _: f64) {
        explode()
    }
}

/// Notes the endpoint, and tells whether what is registered is to panic when it is used.
fn registers(key: &Key) -> bool {
    let endpoint = key.labels().find(|label| label.key() == "endpoint");
    let Some(endpoint) = endpoint.map(metrics::Label::value) else {
        return false;
    };
    let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    *registered.entry(endpoint.to_owned()).or_default() += 1;
    drop(registered);
    assert_ne!(endpoint, "/telemetry/at_once", "a registration panics");
    endpoint == "/telemetry/in_use"
}

impl Recorder for Collector {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        if registers(key) {
            Counter::from_arc(Arc::new(Explosive))
        } else {
            Counter::noop()
        }
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        if registers(key) {
            Gauge::from_arc(Arc::new(Explosive))
        } else {
            Gauge::noop()
        }
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        if registers(key) {
            Histogram::from_arc(Arc::new(Explosive))
        } else {
            Histogram::noop()
        }
    }
}

fn collect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| metrics::set_global_recorder(Collector).expect("the only collector"));
}

fn registered(endpoint: &str) -> usize {
    let registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    registered.get(endpoint).copied().unwrap_or_default()
}

static TELEMETRY: SubRouter = SubRouter::new("/telemetry");

#[websocket("/at_once", on = "connect", router = TELEMETRY)]
#[websocket("/in_use", on = "connect", router = TELEMETRY)]
fn enter() -> &'static str {
    "in"
}

static QUIET: SubRouter = SubRouter::new("/telemetry/quiet");

#[websocket("/", on = "connect", router = QUIET)]
fn enter_quietly() {}

#[websocket("/at_once", on = "message", router = TELEMETRY)]
#[websocket("/in_use", on = "message", router = TELEMETRY)]
async fn tell(ws: WebSocketConnector, msg: String) -> String {
    ws.sync_broadcast("to all");
    ws.async_broadcast("to all again").await;
    msg
}

#[websocket("/at_once", on = "close", router = TELEMETRY)]
#[websocket("/in_use", on = "close", router = TELEMETRY)]
fn part(left: Global<Arc<Mutex<usize>>>) {
    *left.lock().unwrap_or_else(PoisonError::into_inner) += 1;
}

#[tokio::test]
async fn collector_that_panics_disturbs_no_connection_no_broadcast_and_no_build() {
    collect();
    for endpoint in ["/telemetry/at_once", "/telemetry/in_use"] {
        let left = Arc::new(Mutex::new(0_usize));
        let app = App::new().inject_global(left.clone()).include_router(&TELEMETRY);
        let app = TestApp::new(app);
        assert_ne!(registered(endpoint), 0);
        let mut one = app.connect(endpoint).await.expect("the upgrade");
        let mut other = app.connect(endpoint).await.expect("the upgrade");
        for client in [&mut one, &mut other] {
            assert_eq!(client.receive_text().await, "in");
        }
        for message in ["first", "second"] {
            one.send_text(message).await;
            for text in ["to all", "to all again"] {
                assert_eq!(one.receive_text().await, text);
                assert_eq!(other.receive_text().await, text);
            }
            assert_eq!(one.receive_text().await, message);
        }
        assert_eq!(app.hub().endpoint(endpoint).sync_broadcast("from outside").queued, 2);
        for client in [&mut one, &mut other] {
            assert_eq!(client.receive_text().await, "from outside");
        }
        one.close().await;
        one.expect_close(1000).await;
        let drained = app.drain(std::time::Duration::from_secs(10));
        let (drained, ()) = tokio::join!(drained, other.expect_close(1001));
        assert_eq!(drained.cut, 0);
        assert_eq!(app.hub().count(), 0);
        assert_eq!(*left.lock().unwrap_or_else(PoisonError::into_inner), 2);
    }
}

// ---- endpoints that do not exist -------------------------------------------------------------------------------------

/// Returns what is logged on this thread meanwhile.
fn logged(act: impl FnOnce()) -> String {
    let log = Log::default();
    tracing::subscriber::with_default(log.subscriber(), act);
    log.text()
}

fn nobody_is_at(hub: &Hub, path: &str) {
    let endpoint = hub.endpoint(path);
    assert_eq!((endpoint.count(), endpoint.sync_broadcast("hello").queued), (0, 0));
    let _ = endpoint.clone().to("red").count(); // Used again, and logged once.
}

#[test]
fn endpoint_that_does_not_exist_registers_no_metric() {
    collect();
    let app = App::new().include_router(&QUIET);
    let hub = app.hub();
    nobody_is_at(&hub, "/telemetry/unknown_0");
    let _app = TestApp::new(app);
    for number in 0..1000 {
        let path = format!("/telemetry/unknown_{number}");
        nobody_is_at(&hub, &path);
        assert_eq!(registered(&path), 0, "{path}");
    }
    assert_eq!(registered(""), 0);
}

#[test]
fn endpoint_that_does_not_exist_is_logged_once_and_cut() {
    let running = App::new().include_router(&QUIET).build().expect("the app is built");
    let endless = format!("/long\n\u{1b}[31m{}", "x".repeat(100_000));
    let log = logged(|| {
        for _ in 0..3 {
            nobody_is_at(&running.hub, "/unknown");
            nobody_is_at(&running.hub, &endless);
        }
    });
    assert_eq!(log.matches("path=/unknown ").count(), 1, "{log}");
    assert_eq!(log.matches(r"/long\n\u{1b}[31mxxx").count(), 1, "{log}");
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(!log.contains(&"x".repeat(129)), "{} bytes", log.len());
    let many = logged(|| (0..1000).for_each(|number| nobody_is_at(&running.hub, &format!("/many/{number}"))));
    assert!(many.lines().count() < 100, "{} lines", many.lines().count());
}
