//! Decompressing a message takes as many turns as it takes time, whatever the message consists of.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use robyn_ws::{Compression, prelude::*};
use robyn_ws_tests::{BINARY, CLOSE, COMPRESSED, CONTINUATION, Codec, FIN, PING, PONG, RawClient, Request, Server};
use tokio::task::{JoinHandle, yield_now};

use super::support::{OFFER, json};

static TURNS: SubRouter = SubRouter::new("/turns");

#[websocket("/length", on = "message", router = TURNS)]
fn length(msg: &[u8]) -> String {
    msg.len().to_string()
}

#[websocket("/length_async", on = "message", router = TURNS)]
async fn length_async(msg: Bytes) -> String {
    yield_now().await;
    msg.len().to_string()
}

#[websocket("/length_session", router = TURNS)]
async fn length_session(mut socket: WebSocket) -> Result<(), Disconnected> {
    loop {
        let length = socket.receive().await?.len();
        socket.send_text(length.to_string()).await?;
    }
}

/// Number of bytes of the hostile messages.
const LENGTH: usize = 256 * 1024;

/// Number of turns that each of them takes at least.
const TURNS_AT_LEAST: usize = 300;

async fn start(compression: Compression) -> Server {
    Server::start(App::new().compression(compression).include_router(&TURNS)).await
}

async fn connect(server: &Server, target: &str) -> RawClient {
    let request = Request::upgrade(target).header("Sec-WebSocket-Extensions", OFFER);
    let client = request.raw(server).await;
    assert!(client.response().header("sec-websocket-extensions").is_some());
    client
}

/// Another task of the thread, which counts its turns.
struct Bystander {
    turns: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Bystander {
    fn start() -> Self {
        let turns = Arc::<AtomicUsize>::default();
        let counter = turns.clone();
        let task = tokio::spawn(async move {
            loop {
                counter.fetch_add(1, Ordering::Relaxed);
                yield_now().await;
            }
        });
        Self { turns, task }
    }

    fn turns(&self) -> usize {
        self.turns.load(Ordering::Relaxed)
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Sends a compressed message, and returns the number of turns that a bystander has between its last byte and the answer.
async fn turns_for(server: &Server, target: &str, payload: &[u8], plain: usize) -> usize {
    let mut client = connect(server, target).await;
    let (last, most) = payload.split_last().expect("it has bytes");
    client.send(COMPRESSED | BINARY, most).await;
    client.send(FIN | PING, "").await;
    client.expect(FIN | PONG, "").await;
    let bystander = Bystander::start();
    client.send(FIN | CONTINUATION, [*last]).await;
    client.expect_text(&plain.to_string()).await;
    bystander.turns()
}

/// Writes bits, the lowest of a byte first (RFC 1951 section 3.1.1).
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn put(&mut self, value: usize, count: usize) {
        for bit in 0..count {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().expect("a byte");
            *last |= u8::from(value >> bit & 1 == 1) << (self.count % 8);
            self.count += 1;
        }
    }

    /// Repeats `block` up to `length` bytes, and begins the block that ends a message.
    fn repeated(length: usize, block: impl Fn(&mut Self)) -> Vec<u8> {
        let mut bits = Self::default();
        while bits.bytes.len() < length {
            block(&mut bits);
        }
        bits.put(0, 3);
        bits.bytes
    }

    /// Adds a block without content whose codes are small: 11 bytes.
    fn empty_with_small_codes(&mut self) {
        self.begin_codes(257, 1, 18, |symbol| usize::from(symbol == 18 || symbol == 1));
        for zeros in [138, 118] {
            self.put(1, 1);
            self.put(zeros - 11, 7);
        }
        // The codes of the end of the block and of a distance, and the end.
        self.put(0, 3);
    }

    /// Adds a block without content whose codes are as long as can be, and take the most time to prepare.
    fn empty_with_long_codes(&mut self) {
        // All symbols have codes of 15 bits, but for eight shorter ones.
        let mut lengths = vec![0; 286 + 30];
        lengths[256] = 1;
        for (symbol, length) in (2..=8).chain([15; 128]).enumerate() {
            lengths[symbol] = length;
        }
        for (symbol, length) in (1..=15).chain([15]).enumerate() {
            lengths[286 + symbol] = length;
        }
        // The code of the lengths gives each four bits.
        self.begin_codes(286, 30, 19, |symbol| if symbol < 16 { 4 } else { 0 });
        for length in lengths {
            // Codes are written from their highest bit on.
            for bit in (0..4).rev() {
                self.put(length >> bit, 1);
            }
        }
        self.put(0, 1);
    }

    fn begin_codes(&mut self, literals: usize, distances: usize, number: usize, length: impl Fn(usize) -> usize) {
        const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        self.put(0b100, 3);
        self.put(literals - 257, 5);
        self.put(distances - 1, 5);
        self.put(number - 4, 4);
        ORDER[..number].iter().for_each(|symbol| self.put(length(*symbol), 3));
    }

    /// Adds a block of the fixed codes, with so many zeros as content.
    fn fixed(&mut self, zeros: usize) {
        self.put(0b010, 3);
        for _ in 0..zeros {
            self.put(0b0000_1100, 8);
        }
        self.put(0, 7);
    }
}

/// Messages that take much time for what they become.
fn hostile() -> Vec<(&'static str, Vec<u8>, usize)> {
    let small_codes = Bits::repeated(LENGTH, Bits::empty_with_small_codes);
    let long_codes = Bits::repeated(LENGTH, Bits::empty_with_long_codes);
    let fixed = Bits::repeated(LENGTH, |bits| bits.fixed(0));
    let one_each = Bits::repeated(LENGTH, |bits| bits.fixed(1));
    let ones = one_each.len() * 8 / 18;
    let stored = [&[0, 0, 0, 0xff, 0xff].repeat(LENGTH / 5)[..], &[0]].concat();
    let stored_one_each = [&[0, 1, 0, 0xfe, 0xff, 7].repeat(LENGTH / 6)[..], &[0]].concat();
    vec![
        ("empty blocks with small codes", small_codes, 0),
        ("empty blocks with long codes", long_codes, 0),
        ("empty blocks of the fixed codes", fixed, 0),
        ("blocks of the fixed codes with a byte each", one_each, ones),
        ("empty stored blocks", stored, 0),
        ("stored blocks with a byte each", stored_one_each, LENGTH / 6),
    ]
}

#[tokio::test]
async fn message_that_costs_more_than_it_becomes_lets_others_have_their_turn() {
    for compression in [Compression::shared(), Compression::dedicated(100)] {
        let server = start(compression).await;
        for (kind, payload, plain) in hostile() {
            let turns = turns_for(&server, "/turns/length", &payload, plain).await;
            assert!(turns >= TURNS_AT_LEAST, "{kind}: {turns} turns");
        }
    }
}

#[tokio::test]
async fn message_is_decompressed_in_turns_for_handlers_of_every_kind() {
    let server = start(Compression::shared()).await;
    let payload = Bits::repeated(LENGTH, Bits::empty_with_small_codes);
    for kind in ["length", "length_async", "length_session"] {
        let turns = turns_for(&server, &format!("/turns/{kind}"), &payload, 0).await;
        assert!(turns >= TURNS_AT_LEAST, "{kind}: {turns} turns");
    }
}

#[tokio::test]
async fn long_message_lets_others_have_their_turn() {
    const PLAIN: usize = 1024 * 1024;
    let mut random = fastrand::Rng::with_seed(3);
    let nibbles: Vec<u8> = (0..PLAIN).map(|_| random.u8(..16)).collect();
    let server = start(Compression::shared()).await;
    for (kind, plain, least) in [
        ("zeros", vec![0; PLAIN], 5),
        ("JSON", json(PLAIN).into_bytes(), 50),
        ("bytes of four bits", nibbles, 200),
    ] {
        let payload = Codec::shared().compress(plain);
        let turns = turns_for(&server, "/turns/length", &payload, PLAIN).await;
        assert!(turns >= least, "{kind}: {turns} turns");
    }
}

#[tokio::test]
async fn many_short_messages_let_others_have_their_turn() {
    const MESSAGES: usize = 1000;
    let server = start(Compression::shared()).await;
    let mut client = connect(&server, "/turns/length").await;
    let payload = Bits::repeated(1000, Bits::empty_with_small_codes);
    let bystander = Bystander::start();
    for _ in 0..MESSAGES {
        client.send(FIN | COMPRESSED | BINARY, &payload).await;
    }
    for _ in 0..MESSAGES {
        client.expect_text("0").await;
    }
    // Some 90 blocks each.
    let turns = bystander.turns();
    assert!(turns >= 2 * MESSAGES, "{turns} turns");
}

#[tokio::test]
async fn messages_behind_one_that_is_being_decompressed_are_handled_after_it() {
    for compression in [Compression::shared(), Compression::dedicated(100)] {
        let server = start(compression).await;
        for kind in ["length", "length_async", "length_session"] {
            let mut client = connect(&server, &format!("/turns/{kind}")).await;
            let mut other = connect(&server, "/turns/length").await;
            for (_, payload, plain) in hostile() {
                client.send(FIN | COMPRESSED | BINARY, &payload).await;
                client.send(FIN | BINARY, "plain").await;
                // Another connection of the thread gets no part of it.
                let mut codec = Codec::shared();
                other.send(FIN | COMPRESSED | BINARY, codec.compress("between")).await;
                client.send(FIN | COMPRESSED | BINARY, codec.compress("behind")).await;
                other.expect_text("7").await;
                for length in [plain, 5, 6] {
                    client.expect_text(&length.to_string()).await;
                }
            }
            client.send(FIN | COMPRESSED | BINARY, &hostile()[0].1).await;
            client.send(FIN | CLOSE, [0x03, 0xe8]).await;
            client.expect_text("0").await;
            client.expect_close_code(1000).await;
        }
    }
}
