//! What counts as silence of a client, and what is our own doing, under paused time.

use std::time::Duration;

use robyn_ws::{prelude::*, test_util::TestApp};
use robyn_ws_tests::{CONTINUATION, FIN, Server, TEXT, frame, until};
use tokio::time::{advance, sleep};

static SILENCE: SubRouter = SubRouter::new("/silence");

const SECOND: Duration = Duration::from_secs(1);

#[websocket("/", on = "message", router = SILENCE)]
async fn work_for(msg: String) -> String {
    sleep(Duration::from_secs(msg.parse().expect("seconds"))).await;
    msg
}

#[websocket("/session", router = SILENCE)]
async fn session(mut socket: WebSocket) -> Result<(), Disconnected> {
    loop {
        let text = socket.receive_text().await?;
        socket.send_text(work_for(text).await).await?;
    }
}

fn start(limits: Limits) -> TestApp {
    TestApp::new(App::new().include_router(&SILENCE).limits(limits))
}

#[tokio::test(start_paused = true)]
async fn quiet_client_is_pinged_before_it_is_judged_when_the_process_stood_still() {
    for stopped in [30, 60, 1000, 100_000] {
        let app = start(Limits::default());
        let mut client = app.connect("/silence").await.expect("the upgrade");
        advance(Duration::from_secs(stopped)).await;
        // It answers the ping that comes now.
        client.expect_silence(60 * SECOND).await;
        advance(Duration::from_secs(stopped)).await;
        client.send_text("0").await;
        assert_eq!(client.receive_text().await, "0", "after {stopped} s");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_to_our_pings_count_against_no_rate() {
    let limits = Limits::default()
        .max_messages_per_second(1)
        .heartbeat_interval(Duration::from_millis(300));
    let app = start(limits);
    let mut client = app.connect("/silence").await.expect("the upgrade");
    for _ in 0..3 {
        client.expect_silence(60 * SECOND).await;
        client.send_text("0").await;
        assert_eq!(client.receive_text().await, "0");
    }
}

#[tokio::test(start_paused = true)]
async fn each_of_many_quiet_clients_is_judged_by_itself() {
    const CLIENTS: usize = 400;

    let app = start(Limits::default().heartbeat_interval(4 * SECOND));
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let mut client = app.connect("/silence").await.expect("the upgrade");
        if number % 2 == 0 {
            client.stop_reading();
        }
        clients.push(client);
    }
    // Who leaves changes the order of the others.
    let mut number = 0;
    clients.retain(|_| {
        number += 1;
        number % 8 > 1
    });
    let left = clients.len();
    until("those who left to be gone", || app.hub().count() == left).await;
    let silent = (0..CLIENTS)
        .filter(|number| number % 2 == 0 && (number + 1) % 8 > 1)
        .count();
    sleep(7 * SECOND).await;
    assert_eq!(app.hub().count(), left, "nobody is lost before two heartbeats");
    sleep(2 * SECOND).await;
    assert_eq!(app.hub().count(), left - silent, "those are lost who answered no ping");
    sleep(60 * SECOND).await;
    assert_eq!(app.hub().count(), left - silent, "the others go on answering");
}

#[tokio::test(start_paused = true)]
async fn time_of_our_handlers_is_not_the_clients_idleness() {
    let app = start(Limits::default().idle_timeout(5 * SECOND));
    for path in ["/silence", "/silence/session"] {
        let mut client = app.connect(path).await.expect("the upgrade");
        for _ in 0..3 {
            client.send_text("20").await;
            assert_eq!(client.receive_text().await, "20", "{path}");
            client.expect_silence(4 * SECOND).await;
        }
        client.expect_close(1001).await;
    }
}

#[websocket("/blocking_sync", on = "message", router = SILENCE)]
fn block_the_thread(msg: String) -> String {
    std::thread::sleep(Duration::from_millis(msg.parse().expect("milliseconds")));
    msg
}

#[tokio::test]
async fn time_of_a_handler_that_blocks_its_thread_is_not_the_clients_idleness() {
    let limits = Limits::default().idle_timeout(Duration::from_millis(400));
    let server = Server::start(App::new().include_router(&SILENCE).limits(limits)).await;
    let mut client = server.raw("/silence/blocking_sync").await;
    for _ in 0..3 {
        client.send_text("600").await;
        client.expect_text("600").await;
    }
    client.expect_close_code(1001).await;
}

#[websocket("/upload", on = "message", router = SILENCE)]
fn count(msg: &[u8]) -> String {
    msg.len().to_string()
}

#[tokio::test]
async fn message_that_is_arriving_is_no_silence() {
    let limits = Limits::default().idle_timeout(Duration::from_millis(500));
    let server = Server::start(App::new().include_router(&SILENCE).limits(limits)).await;
    let whole = frame(FIN | TEXT, "0123456789");
    // Its header alone takes longer than the client may be idle.
    let long = frame(FIN | TEXT, "x".repeat(70_000));
    let mut client = server.raw("/silence/upload").await;
    for byte in &long[..14] {
        client.send_bytes(&[*byte]).await;
        sleep(Duration::from_millis(100)).await;
    }
    client.send_bytes(&long[14..]).await;
    client.expect_text("70000").await;

    let fragments = [frame(TEXT, "01234"), frame(CONTINUATION, "56789")].concat();
    for bytes in [whole, [fragments, frame(FIN | CONTINUATION, "")].concat()] {
        let mut client = server.raw("/silence/upload").await;
        for byte in bytes {
            client.send_bytes(&[byte]).await;
            sleep(Duration::from_millis(50)).await;
        }
        client.expect_text("10").await;
        client.expect_close_code(1001).await;
    }
}
