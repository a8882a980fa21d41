//! Visitors who are gone are noticed, although nobody reads what they have sent.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{CLOSE, FIN, Probe, RawClient, Seen, Server, TEXT, close_payload, frame, probe};

static REAPING: SubRouter = SubRouter::new("/reaping");

#[websocket("/message", on = "message", router = REAPING)]
async fn never_done(probe: Global<Probe>) {
    probe.note("handling");
    std::future::pending::<()>().await;
}

#[websocket("/message", on = "close", router = REAPING)]
#[websocket("/connect", on = "close", router = REAPING)]
#[websocket("/deaf", on = "close", router = REAPING)]
#[websocket("/dropped", on = "close", router = REAPING)]
#[websocket("/patient", on = "close", router = REAPING)]
fn close(reason: &CloseReason, probe: Global<Probe>) {
    probe.note(format!("closed: {reason:?}"));
}

#[websocket("/connect", on = "connect", router = REAPING)]
async fn connect_a_while(ws: WebSocketConnector, probe: Global<Probe>) {
    probe.note("handling");
    ws.closed().await;
}

/// A session that has its socket and does not receive.
#[websocket("/deaf", router = REAPING)]
async fn deaf(_socket: WebSocket, probe: Global<Probe>) {
    probe.note("handling");
    std::future::pending::<()>().await;
}

/// A session that drops its socket and goes on.
#[websocket("/dropped", router = REAPING)]
async fn dropped(socket: WebSocket, probe: Global<Probe>) {
    drop(socket);
    probe.note("handling");
    std::future::pending::<()>().await;
}

const VISITORS: usize = 3;

async fn start() -> (Server, Seen) {
    let (probe, seen) = probe();
    let limits = Limits::default()
        .max_connections(VISITORS)
        // A session without its socket goes on reading, and its visitors answer no ping before it is their turn.
        .heartbeat_interval(Duration::from_millis(1500))
        .handler_grace(Duration::from_millis(50));
    let app = App::new().inject_global(probe).include_router(&REAPING).limits(limits);
    (Server::start(app).await, seen)
}

/// More than is read ahead.
fn many_messages() -> Vec<u8> {
    frame(FIN | TEXT, "x").repeat(40)
}

/// Fills the house with visitors who leave, and checks that it takes others again.
async fn house_is_open_again_after(path: &str, leave: impl AsyncFn(RawClient) -> Option<RawClient>) {
    let (server, mut seen) = start().await;
    let mut visitors = Vec::new();
    for _ in 0..VISITORS {
        let mut visitor = server.raw(path).await;
        visitor.send_bytes(&many_messages()).await;
        seen.expect("handling").await;
        visitors.push(visitor);
    }
    let mut left = Vec::new();
    for visitor in visitors {
        left.push(leave(visitor).await);
    }
    for _ in 0..VISITORS {
        let reason = seen.next().await;
        assert!(reason.starts_with("closed: "), "{path}: {reason}");
    }
    server.settle().await;
    assert_eq!(server.hub().count(), 0);
}

const PATHS: [&str; 4] = [
    "/reaping/message",
    "/reaping/connect",
    "/reaping/deaf",
    "/reaping/dropped",
];

#[tokio::test]
async fn reset_is_noticed_while_nobody_reads() {
    for path in PATHS {
        house_is_open_again_after(path, async |visitor| {
            visitor.reset();
            None
        })
        .await;
    }
}

#[tokio::test]
async fn end_of_tcp_is_noticed_while_nobody_reads() {
    for path in PATHS {
        house_is_open_again_after(path, async |visitor| {
            drop(visitor);
            None
        })
        .await;
        house_is_open_again_after(path, async |mut visitor| {
            visitor.half_close().await;
            Some(visitor)
        })
        .await;
    }
}

#[tokio::test]
async fn close_and_end_of_tcp_are_noticed_while_nobody_reads() {
    for path in PATHS {
        house_is_open_again_after(path, async |mut visitor| {
            visitor.send(FIN | CLOSE, close_payload(1000, "")).await;
            drop(visitor);
            None
        })
        .await;
    }
}

#[tokio::test]
async fn death_of_a_client_that_had_more_to_send_than_was_taken_is_noticed_while_nobody_reads() {
    // Without its socket, a session goes on reading, and takes whatever is sent.
    for path in PATHS.into_iter().filter(|path| *path != "/reaping/dropped") {
        house_is_open_again_after(path, async |mut visitor| {
            // What it has not got rid of keeps the end of TCP from coming.
            visitor.send_as_much_as_is_taken().await;
            drop(visitor);
            None
        })
        .await;
    }
}

#[tokio::test]
async fn close_is_seen_behind_messages_that_a_session_without_a_socket_does_not_take() {
    let (server, mut seen) = start().await;
    let mut visitor = server.raw("/reaping/dropped").await;
    visitor.send_bytes(&many_messages()).await;
    seen.expect("handling").await;
    visitor.send(FIN | CLOSE, close_payload(4000, "enough")).await;
    seen.expect(r#"closed: Client { code: 4000, reason: "enough" }"#).await;
    visitor.expect_close_code(4000).await;
}

/// Handles all that came, slower than it comes.
#[websocket("/patient", on = "message", router = REAPING)]
async fn patient(msg: String, probe: Global<Probe>) -> String {
    if msg == "1" {
        probe.note("handling");
        // Longer than it takes to notice the end of TCP.
        tokio::time::sleep(Duration::from_millis(1500)).await;
    }
    msg
}

#[tokio::test]
async fn everything_sent_before_the_end_of_tcp_is_answered_although_the_end_was_noticed_early() {
    let (probe, mut seen) = probe();
    let app = App::new().inject_global(probe).include_router(&REAPING);
    let server = Server::start(app).await;
    let mut visitor = server.raw("/reaping/patient").await;
    let numbers = (1..=100).map(|number: u32| number.to_string());
    let messages: Vec<u8> = numbers.clone().flat_map(|text| frame(FIN | TEXT, text)).collect();
    visitor.send_bytes(&messages).await;
    visitor.half_close().await;
    seen.expect("handling").await;
    for number in numbers {
        visitor.expect_text(&number).await;
    }
    visitor.expect_end().await;
    seen.expect("closed: Abnormal").await;
}
