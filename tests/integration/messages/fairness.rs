//! A flood on some connections keeps nobody else from its turn, whatever the flood consists of.

use std::{
    thread::{self, JoinHandle},
    time::Duration,
};

use robyn_ws::prelude::*;
use robyn_ws_tests::{
    BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, Probe, RawClient, Seen, Server, TEXT, frame, probe, within,
};
use tokio::{runtime::Builder, sync::oneshot};

static FAIR: SubRouter = SubRouter::new("/fairness");

#[websocket("/echo", on = "message", router = FAIR)]
fn echo(msg: String) -> String {
    msg
}

#[websocket("/flood", on = "message", router = FAIR)]
fn flood(msg: &[u8], probe: Global<Probe>) {
    if msg == b"note" {
        probe.note("noted");
    }
}

const FLOODERS: usize = 4;

/// A client that sends the same bytes at full speed from a thread of its own, until it is stopped.
struct Flooder {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Flooder {
    fn start(mut client: RawClient, before: &[u8], unit: &[u8]) -> Self {
        let (stop, mut stopped) = oneshot::channel::<()>();
        let (before, flood) = (before.to_vec(), unit.repeat(1.max(64 * 1024 / unit.len())));
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                client.send_bytes(&before).await;
                loop {
                    let whole = client.send_bytes(&flood);
                    tokio::select! {
                        _ = &mut stopped => break,
                        () = whole => {}
                    }
                }
            });
        });
        Self { stop, thread }
    }

    fn stop(self) {
        drop(self.stop);
        self.thread.join().expect("the flood was taken");
    }
}

/// Floods the server from some connections at full speed, and checks that a bystander is answered all the same: a hundred
/// times in the time that one flood takes to be handled if it is not interrupted.
async fn bystander_is_answered_during_flood_of(path: &str, before: &[u8], unit: &[u8]) {
    let (probe, _seen) = probe();
    let limits = Limits::default().heartbeat_interval(None);
    let app = App::new().inject_global(probe).include_router(&FAIR).limits(limits);
    let server = Server::start(app).await;
    let mut bystander = server.raw("/fairness/echo").await;
    answers(&mut bystander).await;
    let mut flooders = Vec::new();
    for _ in 0..FLOODERS {
        flooders.push(Flooder::start(server.raw(path).await, before, unit));
    }
    let all = async {
        for _ in 0..100 {
            answers(&mut bystander).await;
        }
    };
    within("a hundred answers", all).await;
    flooders.into_iter().for_each(Flooder::stop);
}

async fn bystander_is_answered_during(before: &[u8], unit: &[u8]) {
    bystander_is_answered_during_flood_of("/fairness/flood", before, unit).await;
}

async fn answers(client: &mut RawClient) {
    client.send_text("hello").await;
    client.expect_text("hello").await;
}

#[tokio::test]
async fn flood_of_pings_lets_others_have_their_turn() {
    bystander_is_answered_during(b"", &frame(FIN | PING, "")).await;
    bystander_is_answered_during(b"", &frame(FIN | PING, [b'p'; 125])).await;
}

#[tokio::test]
async fn flood_of_pongs_lets_others_have_their_turn() {
    bystander_is_answered_during(b"", &frame(FIN | PONG, "")).await;
}

#[tokio::test]
async fn flood_of_empty_fragments_lets_others_have_their_turn() {
    let whole = [
        frame(BINARY, ""),
        frame(CONTINUATION, "").repeat(9000),
        frame(FIN | CONTINUATION, ""),
    ];
    bystander_is_answered_during(b"", &whole.concat()).await;
    let pings_between = [frame(CONTINUATION, ""), frame(FIN | PING, "")].concat();
    bystander_is_answered_during(&frame(BINARY, ""), &pings_between).await;
}

#[tokio::test]
async fn flood_of_tiny_messages_lets_others_have_their_turn() {
    bystander_is_answered_during(b"", &frame(FIN | TEXT, "x")).await;
    bystander_is_answered_during(b"", &frame(FIN | BINARY, "")).await;
}

#[websocket("/session", router = FAIR)]
async fn quiet_session(mut socket: WebSocket) -> Result<(), Disconnected> {
    loop {
        socket.receive().await?;
    }
}

#[tokio::test]
async fn flood_into_a_session_lets_others_have_their_turn() {
    bystander_is_answered_during_flood_of("/fairness/session", b"", &frame(FIN | TEXT, "x")).await;
}

#[tokio::test]
async fn flood_after_our_close_lets_others_have_their_turn() {
    // What follows a violation is discarded, which takes a turn as well.
    let (probe, _seen) = probe();
    let app = App::new().inject_global(probe).include_router(&FAIR);
    let server = Server::start(app).await;
    let mut bystander = server.raw("/fairness/echo").await;
    let mut flooder = server.raw("/fairness/flood").await;
    flooder.send_unmasked(FIN | TEXT, b"").await;
    flooder.send_bytes(&vec![0; 300 * 1024]).await;
    answers(&mut bystander).await;
    flooder.expect_close_code(1002).await;
}

#[websocket("/fountain", on = "message", router = FAIR)]
async fn fountain(ws: &WebSocketConnector) -> Result<(), SendError> {
    // It writes as long as the client reads.
    loop {
        ws.async_send(vec![0; 16 * 1024]).await?;
    }
}

#[tokio::test]
async fn client_that_reads_without_end_lets_others_have_their_turn() {
    let (probe, _seen) = probe();
    let app = App::new().inject_global(probe).include_router(&FAIR);
    let server = Server::start(app).await;
    let mut bystander = server.raw("/fairness/echo").await;
    let mut reader = server.raw("/fairness/fountain").await;
    reader.send_text("go").await;
    let reading = thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build();
        let read = async { while reader.next().await.0 == FIN | BINARY {} };
        runtime.expect("a runtime").block_on(read);
    });
    for _ in 0..100 {
        answers(&mut bystander).await;
    }
    server.settle().await;
    reading.join().expect("the reader was told the end");
}

// ---- a rate of frames ------------------------------------------------------------------------------------------------

#[websocket("/flood_async", on = "message", router = FAIR)]
async fn flood_async(msg: String, probe: Global<Probe>) -> String {
    tokio::time::sleep(Duration::from_millis(1)).await;
    probe.note("noted");
    msg
}

#[websocket("/flood_blocking", on = "message", blocking, router = FAIR)]
fn flood_blocking(msg: String, probe: Global<Probe>) -> String {
    probe.note("noted");
    msg
}

#[websocket("/flood_connect", on = "connect", router = FAIR)]
async fn connect_slowly() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[websocket("/flood_connect", on = "message", router = FAIR)]
fn flood_after_connect(ws: &WebSocketConnector, msg: &str, probe: Global<Probe>) {
    probe.note("noted");
    ws.sync_broadcast(msg);
}

#[websocket("/flood_session", router = FAIR)]
async fn flood_session(mut socket: WebSocket, probe: Global<Probe>) -> Result<(), Disconnected> {
    loop {
        let message = socket.receive().await?;
        tokio::time::sleep(Duration::from_millis(1)).await;
        probe.note("noted");
        socket.send(message).await?;
    }
}

async fn rate_limited(path: &str, burst: &[u8]) -> Seen {
    let (probe, seen) = probe();
    let limits = Limits::default().max_messages_per_second(20);
    let app = App::new().inject_global(probe).include_router(FAIR.limits(limits));
    let server = Server::start(app).await;
    let mut client = server.raw(path).await;
    client.send_bytes(burst).await;
    let frames = client.frames_to_the_end().await;
    let (first, payload) = frames.last().expect("a Close frame");
    assert_eq!((*first, &payload[..2]), (FIN | CLOSE, &1008_u16.to_be_bytes()[..]));
    seen
}

#[tokio::test]
async fn frames_of_every_kind_count_as_messages_per_second() {
    for kind in [
        frame(FIN | PONG, ""),
        frame(FIN | PING, ""),
        frame(FIN | TEXT, "x"),
        frame(FIN | BINARY, "x"),
    ] {
        rate_limited("/fairness/flood", &kind.repeat(21)).await;
    }
    let fragments = [frame(BINARY, ""), frame(CONTINUATION, "").repeat(20)].concat();
    rate_limited("/fairness/flood", &fragments).await;
}

#[tokio::test]
async fn messages_within_the_rate_are_handled_before_the_one_beyond_it_ends_the_connection() {
    for path in [
        "flood",
        "flood_async",
        "flood_blocking",
        "flood_connect",
        "flood_session",
    ] {
        let mut seen = rate_limited(&format!("/fairness/{path}"), &frame(FIN | TEXT, "note").repeat(40)).await;
        let handled = seen.rest().len();
        // A few more where time passes before they are read.
        assert!((20..40).contains(&handled), "{path}: {handled}");
    }
}
