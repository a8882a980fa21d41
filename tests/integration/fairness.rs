//! A flood on some connections keeps nobody else from its turn, whatever the flood consists of.

use robyn_ws::prelude::*;
use robyn_ws_tests::{BINARY, CONTINUATION, FIN, PING, PONG, Probe, RawClient, Server, TEXT, frame, probe};

static FAIR: SubRouter = SubRouter::new("/fairness");

#[websocket("/echo", on = "message", router = FAIR)]
fn echo(msg: String) -> String {
    msg
}

#[websocket("/flood", on = "message", router = FAIR)]
fn flood(msg: &[u8], probe: Global<Probe>) {
    if msg == b"done" {
        probe.note("flooded");
    }
}

const FLOODERS: usize = 4;

/// So many that they are in the kernel's buffers before the server has its turn.
const FLOOD: usize = 300 * 1024;

/// Floods the server from some connections, and checks that a bystander is answered while the flood goes on.
async fn bystander_is_answered_during(unit: &[u8], before: &[u8], after: &[u8]) {
    let (probe, mut seen) = probe();
    let limits = Limits::default().heartbeat(None);
    let app = App::new().inject_global(probe).include_router(FAIR.limits(limits));
    let server = Server::start(app).await;
    let mut bystander = server.raw("/fairness/echo").await;
    let mut flooders = Vec::new();
    for _ in 0..FLOODERS {
        flooders.push(server.raw("/fairness/flood").await);
    }
    let flood = [
        before,
        &unit.repeat(FLOOD / unit.len()),
        after,
        &frame(FIN | TEXT, "done"),
    ]
    .concat();
    for flooder in &mut flooders {
        flooder.send_bytes(&flood).await;
    }
    answers(&mut bystander).await;
    assert_eq!(
        seen.rest(),
        Vec::<String>::new(),
        "the bystander waited for a whole flood"
    );
    for _ in 0..FLOODERS {
        seen.expect("flooded").await;
    }
}

async fn answers(client: &mut RawClient) {
    client.send_text("hello").await;
    client.expect_text("hello").await;
}

#[tokio::test]
async fn flood_of_pings_lets_others_have_their_turn() {
    bystander_is_answered_during(&frame(FIN | PING, ""), b"", b"").await;
    bystander_is_answered_during(&frame(FIN | PING, [b'p'; 125]), b"", b"").await;
}

#[tokio::test]
async fn flood_of_pongs_lets_others_have_their_turn() {
    bystander_is_answered_during(&frame(FIN | PONG, ""), b"", b"").await;
}

#[tokio::test]
async fn flood_of_empty_fragments_lets_others_have_their_turn() {
    let (first, last) = (frame(BINARY, ""), frame(FIN | CONTINUATION, ""));
    bystander_is_answered_during(&frame(CONTINUATION, ""), &first, &last).await;
    let pings_between = [frame(CONTINUATION, "x"), frame(FIN | PING, "")].concat();
    bystander_is_answered_during(&pings_between, &first, &last).await;
}

#[tokio::test]
async fn flood_of_tiny_messages_lets_others_have_their_turn() {
    bystander_is_answered_during(&frame(FIN | TEXT, "x"), b"", b"").await;
    bystander_is_answered_during(&frame(FIN | BINARY, ""), b"", b"").await;
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
    flooder.send_bytes(&vec![0; FLOOD]).await;
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
    let reading = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
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

async fn rate_limited(burst: &[u8]) -> (RawClient, robyn_ws_tests::Seen) {
    let (probe, seen) = probe();
    let limits = Limits::default().messages_per_second(20);
    let app = App::new().inject_global(probe).include_router(FAIR.limits(limits));
    let server = Server::start(app).await;
    let mut client = server.raw("/fairness/flood").await;
    client.send_bytes(burst).await;
    client.expect_close_code(1008).await;
    (client, seen)
}

#[tokio::test]
async fn frames_of_every_kind_count_as_messages_per_second() {
    for kind in [frame(FIN | PONG, ""), frame(FIN | TEXT, "x"), frame(FIN | BINARY, "x")] {
        rate_limited(&kind.repeat(21)).await;
    }
    let fragments = [frame(BINARY, ""), frame(CONTINUATION, "").repeat(20)].concat();
    rate_limited(&fragments).await;
}

#[tokio::test]
async fn messages_within_the_rate_are_handled_before_the_one_beyond_it_ends_the_connection() {
    let (_client, mut seen) = rate_limited(&frame(FIN | TEXT, "done").repeat(40)).await;
    assert_eq!(seen.rest(), ["flooded"; 20]);
}
