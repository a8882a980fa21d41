//! Clients that mean harm, by raw sockets, with an eye on the memory of this process.
//!
//! A program of its own, whose tests run one after the other, so that the memory is that of one test. What needs no eye
//! on memory stands in the integration tests.

#![expect(
    clippy::needless_pass_by_value,
    reason = "handlers here have the shapes that users write, whether or not their bodies need them"
)]

mod compression;

use std::time::{Duration, Instant};

use robyn_ws::{Compression, prelude::*};
use robyn_ws_tests::{
    BINARY, CONTINUATION, FIN, PING, PONG, Probe, RawClient, Seen, Server, close_payload, frame, memory_kib, probe,
    until, within,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::{Semaphore, SemaphorePermit, mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

static HOSTILE: SubRouter = SubRouter::new("/hostile");

#[websocket("/", on = "message", router = HOSTILE)]
fn echo(msg: Bytes) -> Bytes {
    msg
}

#[websocket("/", on = "close", router = HOSTILE)]
fn close(reason: CloseReason, probe: Global<Probe>) {
    probe.note(format!("{reason:?}"));
}

/// A server that only one test at a time has.
struct Fixture {
    server: Server,
    seen: Seen,
    _alone: SemaphorePermit<'static>,
}

async fn start(limits: Limits) -> Fixture {
    start_by(limits, Server::start).await
}

async fn start_by(limits: Limits, start: impl AsyncFnOnce(App) -> Server) -> Fixture {
    start_compressing(limits, Compression::off(), start).await
}

async fn start_compressing(
    limits: Limits,
    compression: Compression,
    start: impl AsyncFnOnce(App) -> Server,
) -> Fixture {
    static ALONE: Semaphore = Semaphore::const_new(1);
    let alone = ALONE.acquire().await.expect("it is never closed");
    let (probe, seen) = probe();
    let app = App::new()
        .inject_global(probe)
        .include_router(&HOSTILE)
        .limits(limits)
        .compression(compression);
    Fixture {
        server: start(app).await,
        seen,
        _alone: alone,
    }
}

impl Fixture {
    async fn raw(&self) -> RawClient {
        self.server.raw("/hostile").await
    }

    /// Checks that the server serves others as ever.
    async fn expect_service(&self) {
        let mut client = self.server.connect("/hostile").await;
        client.send(&b"still here"[..]).await;
        client.expect(&b"still here"[..]).await;
        client.leave().await;
    }
}

/// Watches the memory of this process, where the operating system tells it.
struct Memory(Option<u64>);

impl Memory {
    fn now() -> Self {
        Self(memory_kib())
    }

    fn expect_growth_below(&self, most_kib: u64, what: &str) {
        let grown = memory_kib().zip(self.0).map(|(now, before)| now.saturating_sub(before));
        assert!(
            grown.is_none_or(|grown| grown < most_kib),
            "{what}: memory grew by {grown:?} KiB"
        );
    }
}

/// Sends as much of `bytes`, again and again, as TCP takes until it takes no more for a while, and at most `most` times.
async fn send_until_tcp_pushes_back(client: &mut RawClient, bytes: &[u8], most: usize) {
    for _ in 0..most {
        let mut sent = 0;
        while sent < bytes.len() {
            match timeout(Duration::from_millis(300), client.send_some(&bytes[sent..])).await {
                Ok(more) => sent += more,
                Err(_elapsed) => return,
            }
        }
    }
}

#[tokio::test]
async fn headers_that_announce_2_to_the_62_bytes_allocate_nothing() {
    let mut fixture = start(Limits::default()).await;
    fixture.expect_service().await;
    let memory = Memory::now();
    for _ in 0..100 {
        let mut client = fixture.raw().await;
        client.announce(FIN | BINARY, 1 << 62).await;
        client.expect_close_code(1009).await;
    }
    memory.expect_growth_below(4 * 1024, "100 headers");
    fixture.seen.expect(r#"Client { code: 1000, reason: "" }"#).await;
    fixture.seen.expect("MessageTooBig").await;
}

#[tokio::test]
async fn headers_that_announce_the_most_and_send_nothing_allocate_little() {
    const CLIENTS: usize = 100;
    let fixture = start(Limits::default()).await;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(fixture.raw().await);
    }
    let memory = Memory::now();
    for client in &mut clients {
        client.announce(FIN | BINARY, 1024 * 1024).await;
    }
    fixture.expect_service().await;
    memory.expect_growth_below(CLIENTS as u64 * 64, "100 promises of 1 MiB");
}

#[tokio::test]
async fn million_one_byte_fragments_are_one_message_in_little_memory_and_time() {
    const PIECES: usize = 10_000;
    let mut fixture = start(Limits::default()).await;
    let mut client = fixture.raw().await;
    let some = frame(CONTINUATION, "x").repeat(PIECES);
    let memory = Memory::now();
    let begun = Instant::now();
    client.send(BINARY, "x").await;
    for _ in 0..100 {
        client.send_bytes(&some).await;
        memory.expect_growth_below(16 * 1024, "a message of 1 MB");
    }
    client.send(FIN | CONTINUATION, "x").await;
    let (first, payload) = client.next().await;
    assert_eq!((first, payload.len()), (FIN | BINARY, 1_000_002));
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());

    // Those that never end are a message that is too big.
    client.send(BINARY, "x").await;
    client.send_bytes(&frame(CONTINUATION, "x").repeat(1024 * 1024)).await;
    client.expect_close_code(1009).await;
    fixture.seen.expect("MessageTooBig").await;
    memory.expect_growth_below(24 * 1024, "fragments without an end");
}

#[tokio::test]
async fn flood_of_pings_to_a_client_that_never_reads_costs_a_bounded_amount() {
    let fixture = start(Limits::default()).await;
    let mut client = fixture.raw().await;
    let pings = frame(FIN | PING, [b'p'; 125]).repeat(1000);
    let memory = Memory::now();
    send_until_tcp_pushes_back(&mut client, &pings, 300).await;
    memory.expect_growth_below(8 * 1024, "300,000 pings");
    fixture.expect_service().await;
    // The pongs that came have what the pings had, and the last ping is answered.
    client.send(FIN | PING, "the last").await;
    loop {
        let (first, payload) = client.next().await;
        assert_eq!(first, FIN | PONG);
        if payload == b"the last" {
            break;
        }
    }
}

#[tokio::test]
async fn client_that_never_reads_costs_its_queue_and_is_a_slow_consumer() {
    let limits = Limits::default()
        .send_timeout(Duration::from_secs(2))
        .close_timeout(Duration::from_millis(100));
    let mut fixture = start(limits).await;
    let mut client = fixture.raw().await;
    let memory = Memory::now();
    send_until_tcp_pushes_back(&mut client, &frame(FIN | BINARY, vec![b'x'; 60_000]), 1000).await;
    memory.expect_growth_below(8 * 1024, "echoes that nobody takes");
    fixture.seen.expect("SlowConsumer").await;
    fixture.expect_service().await;
}

#[tokio::test]
async fn sends_without_a_pause_to_one_who_keeps_up_cost_the_queue_and_nothing_else() {
    let fixture = start(
        Limits::default()
            .max_outbound_messages(4)
            .overflow(Overflow::DropOldest),
    )
    .await;
    let mut client = fixture.server.connect("/hostile").await;
    let endpoint = fixture.server.hub().endpoint("/hostile");
    until("the client to be there", || endpoint.count() == 1).await;
    let [id] = endpoint.ids()[..] else { panic!("one client") };
    let memory = Memory::now();
    // Nobody else runs meanwhile, so that nothing is written.
    for _ in 0..200_000 {
        endpoint.sync_send_to(id, "again").expect("room is made");
    }
    memory.expect_growth_below(2 * 1024, "200,000 sends");
    client.expect_texts(&["again"; 4]).await;
}

#[tokio::test]
async fn storm_of_clients_that_come_and_go_leaves_no_memory_behind() {
    const AT_ONCE: usize = 50;
    let mut fixture = start(Limits::default()).await;
    let mut after = Vec::new();
    for _round in 0..6 {
        for _ in 0..10 {
            let mut clients = Vec::new();
            for _ in 0..AT_ONCE {
                clients.push(fixture.raw().await);
            }
            for (number, mut client) in clients.into_iter().enumerate() {
                match number % 4 {
                    0 => client.send(0x88, close_payload(1000, "")).await,
                    1 => client.reset(),
                    2 => client.announce(FIN | BINARY, 100).await,
                    _ => drop(client),
                }
            }
            for _ in 0..AT_ONCE {
                fixture.seen.next().await;
            }
        }
        until("the hub to be empty", || fixture.server.hub().count() == 0).await;
        after.push(Memory::now());
    }
    // What the allocator keeps, it has after the first rounds.
    after[2].expect_growth_below(4 * 1024, "1,500 visits more");
}

// ---- a cut link ------------------------------------------------------------------------------------------------------------

/// Forwards one client's bytes to `server`, until it is told to forward nothing more. Nobody is told of that.
async fn link(server: std::net::SocketAddr, cut: oneshot::Receiver<()>) -> (TcpStream, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("the listener has an address");
    let mut link = JoinSet::new();
    link.spawn(async move {
        let (mut near, _) = listener.accept().await.expect("a client");
        let mut far = TcpStream::connect(server).await.expect("a server");
        tokio::select! {
            _ended = copy_bidirectional(&mut near, &mut far) => {}
            _cut = cut => {}
        }
        // Both ends stay open.
        std::future::pending::<()>().await;
    });
    let client = within("the link", TcpStream::connect(address))
        .await
        .expect("the link listens");
    (client, link)
}

#[tokio::test]
async fn peer_behind_a_cut_link_is_gone_within_two_heartbeats() {
    const EVERY: Duration = Duration::from_secs(1);
    let mut fixture = start(Limits::default().heartbeat_interval(EVERY)).await;
    let (cut, is_cut) = oneshot::channel();
    let (stream, _link) = link(fixture.server.address(), is_cut).await;
    let connecting = tokio_tungstenite::client_async("ws://localhost/hostile", stream);
    let (mut socket, _) = within("the handshake", connecting).await.expect("it upgrades");
    let pings = async {
        use futures_util::StreamExt;
        for _ in 0..2 {
            assert!(socket.next().await.expect("a ping").expect("it is well").is_ping());
        }
        // The second answer goes out here.
        socket.next().await.expect("a ping").expect("it is well");
    };
    within("three pings", pings).await;
    let begun = Instant::now();
    cut.send(()).expect("the link is open");
    fixture.seen.expect("HeartbeatTimeout").await;
    assert!(begun.elapsed() < EVERY * 5 / 2, "{:?}", begun.elapsed());
    assert_eq!(fixture.server.hub().count(), 0);
}

// ---- one that stalls among many that read ----------------------------------------------------------------------------------

const READERS: usize = 1000;
const BROADCASTS: usize = 5;

/// Broadcasts 64 KiB a few times, each time when all readers have the one before. Gives the latency that 99 in 100
/// stayed below.
async fn p99(server: &Server, arrivals: &mut mpsc::Receiver<Instant>) -> Duration {
    let everyone = server.hub().endpoint("/hostile").everyone();
    let message = vec![b'x'; 64 * 1024];
    let mut latencies = Vec::new();
    for _ in 0..BROADCASTS {
        let begun = Instant::now();
        everyone.sync_broadcast(message.clone());
        for _ in 0..READERS {
            let arrived = within("a broadcast to arrive", arrivals.recv()).await;
            latencies.push(arrived.expect("the readers read") - begun);
        }
    }
    latencies.sort_unstable();
    latencies[latencies.len() * 99 / 100]
}

/// In memory, since not every machine has the descriptors. Both are measured in turn, several times: now and then a busy
/// machine is slower by more than what is looked for here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_stalls_among_a_thousand_readers_slows_nobody_and_is_a_slow_consumer() {
    let limits = Limits::default().max_outbound_bytes(256 * 1024);
    let mut fixture = start_by(limits, async |app| Server::start_in_memory(app)).await;
    let (arrived, mut arrivals) = mpsc::channel(READERS);
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let (mut client, arrived) = (fixture.server.connect("/hostile").await, arrived.clone());
        readers.spawn(async move {
            loop {
                client.next().await;
                arrived.send(Instant::now()).await.expect("the test listens");
            }
        });
    }
    p99(&fixture.server, &mut arrivals).await;
    let memory = Memory::now();
    let mut seen = Vec::new();
    for _ in 0..8 {
        let without = p99(&fixture.server, &mut arrivals).await;
        let stalled = fixture.server.connect("/hostile").await;
        let with = p99(&fixture.server, &mut arrivals).await;
        // What its queue does not take, TCP may have taken.
        while fixture.server.hub().count() > READERS {
            p99(&fixture.server, &mut arrivals).await;
        }
        drop(stalled);
        fixture.seen.expect("SlowConsumer").await;
        seen.push((without, with));
        if with <= without * 11 / 10 {
            break;
        }
    }
    let fair = seen.iter().any(|(without, with)| *with <= *without * 11 / 10);
    assert!(fair, "p99 without and with a client that stalls: {seen:?}");
    memory.expect_growth_below(64 * 1024, "a queue of 256 KiB");
    readers.shutdown().await;
}
