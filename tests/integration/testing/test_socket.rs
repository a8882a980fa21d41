//! `TestSocket`: a client that lives while nobody looks, and whose failures name the test.

use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe, Location},
    sync::Once,
    time::Duration,
};

use futures_util::FutureExt as _;
use robyn_ws::{
    prelude::*,
    test_util::{TestApp, TestSocket},
};
use robyn_ws_tests::{Gate, within};

static SOCKET: SubRouter = SubRouter::new("/test_socket");

#[websocket("/", on = "message", router = SOCKET)]
fn message(ws: &WebSocketConnector, msg: &str) -> Option<String> {
    let (command, rest) = msg.split_once(' ').unwrap_or((msg, ""));
    match command {
        "close" => {
            ws.close_with(4000, rest);
            None
        }
        "grow" => Some("x".repeat(rest.parse().ok()?)),
        _ => Some(msg.to_owned()),
    }
}

/// Sends until the client takes no more.
#[websocket("/pour", on = "message", router = SOCKET)]
fn pour(ws: &WebSocketConnector, msg: &str, gate: Global<Gate>) {
    let pieces = msg.parse().unwrap_or(usize::MAX);
    let _piece = (0..pieces)
        .take_while(|_| ws.sync_send("x".repeat(1024)).is_ok())
        .last();
    gate.open();
}

fn app(limits: Limits) -> (TestApp, Gate) {
    let gate = Gate::default();
    let app = App::new()
        .include_router(&SOCKET)
        .limits(limits)
        .inject_global(gate.clone());
    (TestApp::new(app), gate)
}

async fn connect(app: &TestApp) -> TestSocket {
    app.connect("/test_socket").await.expect("the upgrade")
}

// ---- what it does by itself -----------------------------------------------------------------------------------------------

#[tokio::test(start_paused = true)]
async fn client_that_nobody_awaits_answers_pings_for_a_day() {
    let (app, _gate) = app(Limits::default());
    let mut client = connect(&app).await;
    tokio::time::sleep(Duration::from_hours(24)).await;
    client.send_text("still here").await;
    assert_eq!(client.receive_text().await, "still here");
}

#[tokio::test(start_paused = true)]
async fn messages_that_came_before_they_were_asked_for_are_all_there() {
    let (app, gate) = app(Limits::default());
    let mut client = app.connect("/test_socket/pour").await.expect("the upgrade");
    client.send_text("20").await;
    gate.pass().await;
    tokio::time::sleep(Duration::from_hours(1)).await;
    for _ in 0..20 {
        assert_eq!(client.receive_text().await.len(), 1024);
    }
    client.expect_silence(Duration::from_hours(1)).await;
}

#[tokio::test(start_paused = true)]
async fn client_answers_a_close_that_nobody_awaits() {
    let (app, _gate) = app(Limits::default());
    let client = connect(&app).await;
    let begun = tokio::time::Instant::now();
    let drained = app.drain(Duration::from_secs(1)).await;
    assert_eq!((drained.closed, drained.cut), (1, 0));
    assert_eq!(
        begun.elapsed(),
        Duration::ZERO,
        "it ends its half as soon as the server has"
    );
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn client_that_stops_reading_is_lost_after_two_heartbeats() {
    let (app, _gate) = app(Limits::default());
    let mut client = connect(&app).await;
    client.stop_reading();
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(app.hub().count(), 0);
    client.expect_close(1006).await;
}

#[tokio::test]
async fn client_that_stops_reading_still_receives_what_it_awaits() {
    let (app, _gate) = app(Limits::default());
    let mut client = connect(&app).await;
    client.stop_reading();
    for text in ["one", "two"] {
        client.send_text(text).await;
        assert_eq!(client.receive_text().await, text);
    }
}

/// Whether it stops at once or when it has kept its share: it holds a bounded number of bytes.
#[tokio::test]
async fn client_that_does_not_receive_is_a_slow_consumer() {
    for stops in [false, true] {
        let (app, gate) = app(Limits::default().max_outbound_messages(64));
        let mut client = app.connect("/test_socket/pour").await.expect("the upgrade");
        if stops {
            client.stop_reading();
        }
        client.send_text("on and on").await;
        gate.pass().await;
        let received = async {
            loop {
                let next = AssertUnwindSafe(client.receive_text());
                if next.catch_unwind().await.is_err() {
                    break;
                }
            }
            client.expect_close(1008).await;
        };
        within("the end of a slow consumer", received).await;
    }
}

#[tokio::test]
async fn reply_of_any_size_arrives() {
    let (app, _gate) = app(Limits::default().max_outbound_bytes(128 << 20));
    let mut client = connect(&app).await;
    for size in [1 << 16, 20_000_000, 80_000_000] {
        client.send_text(format!("grow {size}")).await;
        assert_eq!(client.receive_text().await.len(), size);
    }
}

#[tokio::test]
async fn message_sent_after_an_end_that_was_not_received_yet_goes_nowhere() {
    let (app, _gate) = app(Limits::default());
    let mut client = connect(&app).await;
    client.send_text("close enough").await;
    while app.hub().count() > 0 {
        tokio::task::yield_now().await;
    }
    client.send_text("too late").await;
    client.expect_close(4000).await;
}

// ---- what it says ---------------------------------------------------------------------------------------------------------

thread_local! {
    static PANICKED_AT: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// Runs `future`, which has to panic, and gives where and with what.
async fn panic_of(future: impl Future) -> (String, u32, String) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let earlier = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let place = panic.location().map(|at| (at.file().to_owned(), at.line()));
            PANICKED_AT.set(place);
            earlier(panic);
        }));
    });
    let Err(payload) = AssertUnwindSafe(future).catch_unwind().await else {
        panic!("the expectation was met");
    };
    let (file, line) = PANICKED_AT.take().expect("the hook ran on this thread");
    let text = payload.downcast_ref::<String>().expect("a text").clone();
    (file, line, text)
}

#[track_caller]
fn here() -> (String, u32) {
    let here = Location::caller();
    (here.file().to_owned(), here.line())
}

#[tokio::test]
async fn failed_expectation_names_the_line_of_the_test() {
    let (app, _gate) = app(Limits::default());
    let mut client = connect(&app).await;
    macro_rules! fails {
        ($($expectation:tt)*) => {{
            let (file, line, text) = panic_of(async { $($expectation)*.await }).await;
            assert_eq!((file, line), here(), "{text}");
            text
        }};
    }
    for _ in 0..4 {
        client.send_text("hello").await;
    }
    for text in [
        fails!(client.expect_close(1000)),
        fails!(client.receive_bytes()),
        fails!(client.receive_json::<u32>()),
        fails!(client.expect_silence(Duration::from_secs(10))),
    ] {
        assert!(text.contains("expected") && text.contains("hello"), "{text}");
        assert!(!text.contains(file!()), "the place is named twice: {text}");
    }
    client.send_text("close, and why: \"no reason\"").await;
    client.send_text("close why not").await;
    assert_eq!(client.receive_text().await, "close, and why: \"no reason\"");
    for text in [
        fails!(client.receive()),
        fails!(client.receive_text()),
        fails!(client.expect_close(1000)),
        fails!(client.send_text("too late")),
    ] {
        assert!(text.ends_with("closed with 4000 \"why not\""), "{text}");
    }
}

#[tokio::test]
async fn expectation_that_fails_inside_another_future_names_the_line_of_the_test_too() {
    let (app, _gate) = app(Limits::default());
    let (mut one, mut other) = (connect(&app).await, connect(&app).await);
    one.send_text("close one").await;
    other.send_text("close other").await;
    let line = line!() + 1;
    let joined = async { tokio::join!(one.receive(), other.expect_close(4000)) };
    let (_, _, text) = panic_of(joined).await;
    assert!(text.contains(&format!("{}:{line}:", file!())), "{text}");
    let line = line!() + 1;
    let boxed = other.receive().boxed();
    let (_, _, text) = panic_of(async { tokio::time::timeout(Duration::from_secs(9), boxed).await }).await;
    assert!(text.contains(&format!("{}:{line}:", file!())), "{text}");
}

#[tokio::test]
async fn end_without_a_close_frame_says_so() {
    let (app, gate) = app(Limits::default());
    let mut client = app.connect("/test_socket/pour").await.expect("the upgrade");
    client.stop_reading();
    client.send_text("on and on").await;
    gate.pass().await;
    app.drain(Duration::ZERO).await;
    let (_, _, text) = panic_of(async {
        loop {
            client.receive().await;
        }
    })
    .await;
    assert!(text.contains("closed with 1006 (no Close frame came: "), "{text}");
}

#[tokio::test]
async fn app_or_request_that_cannot_be_names_the_line_of_the_test() {
    let (app, _gate) = app(Limits::default());
    let (file, line, _) = panic_of(async { TestApp::new(App::new().include_router(&SOCKET)) }).await;
    assert_eq!((file, line + 1), here());
    let (file, line, text) = panic_of(async { app.connect("/no target").await }).await;
    assert_eq!((file, line + 1), here());
    assert!(text.contains("`/no target`"), "{text}");
    let (file, line, _) = panic_of(async { app.request("/test_socket").header("no name", "x") }).await;
    assert_eq!((file, line + 1), here());
}
