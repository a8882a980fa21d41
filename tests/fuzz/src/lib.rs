//! What the targets share: an app served over memory, in a time that passes by itself, and a client that sees raw bytes.

pub mod puff;

use std::{sync::LazyLock, time::Duration};

use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use robyn_ws::{App, BuiltApp, Hub, axum::Router};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf},
    runtime, task,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

/// An app that all inputs of a target share. No input leaves anything in it, which [`run`] checks.
pub type SharedApp = LazyLock<BuiltApp>;

/// How much each direction of a connection holds.
const PIPE: usize = 64 * 1024;

/// Longer than everything that an app may wait for. No input waits so long in truth: an idle runtime's clock jumps.
const FOR_EVER: Duration = Duration::from_mins(10);

/// Builds an app.
pub fn build(app: App) -> BuiltApp {
    app.build().expect("the target's handlers fit together")
}

/// Runs one input in a runtime of its own, and checks that every connection ended and left the hub.
pub fn run(hub: &Hub, input: impl Future<Output = ()>) {
    run_alone(async {
        input.await;
        emptied(hub).await;
    });
}

/// Runs one input in a runtime of its own, for apps that are built in it.
pub fn run_alone(input: impl Future<Output = ()>) {
    let runtime = runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.expect("a runtime").block_on(async {
        timeout(FOR_EVER, input).await.expect("our side always ends");
    });
}

/// Checks that every connection ends and leaves the hub.
pub async fn emptied(hub: &Hub) {
    let emptied = async {
        while hub.count() > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    timeout(FOR_EVER / 2, emptied)
        .await
        .expect("no connection stays in the hub");
}

/// Gives other tasks their turn.
pub async fn let_others_run() {
    for _ in 0..16 {
        task::yield_now().await;
    }
}

/// An upgraded connection, of which the client's side is raw.
#[derive(Debug)]
pub struct Raw {
    pub reader: ReadHalf<DuplexStream>,
    pub writer: WriteHalf<DuplexStream>,
    /// What came with the 101.
    pub received: Vec<u8>,
}

/// Asks for an upgrade of `target`, which goes out as it is. Gives the status if that is not 101.
pub async fn connect(router: &Router, target: &[u8]) -> Result<Raw, u16> {
    connect_with(router, target, b"").await
}

/// As [`connect`], with more headers, each with its end of line.
pub async fn connect_with(router: &Router, target: &[u8], headers: &[u8]) -> Result<Raw, u16> {
    let (client, server) = tokio::io::duplex(PIPE);
    let service = TowerToHyperService::new(router.clone());
    tokio::spawn(async move {
        let server = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(server), service);
        // A bad request ends it with an error, which is answered first.
        let _ended = server.with_upgrades().await;
    });
    let (reader, writer) = tokio::io::split(client);
    let mut raw = Raw {
        reader,
        writer,
        received: Vec::new(),
    };
    let request: [&[u8]; 5] = [
        b"GET ",
        target,
        b" HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        headers,
        b"\r\n",
    ];
    raw.writer
        .write_all(&request.concat())
        .await
        .expect("the pipe takes a request");
    raw.read_head().await
}

impl Raw {
    async fn read_head(mut self) -> Result<Self, u16> {
        let end = loop {
            if let Some(end) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            let read = self
                .reader
                .read_buf(&mut self.received)
                .await
                .expect("a pipe does not fail");
            assert!(read > 0, "every request is answered");
        };
        let status = std::str::from_utf8(&self.received[9..12]).expect("a status line");
        let status = status.parse().expect("a status");
        self.received.drain(..end + 4);
        if status == 101 { Ok(self) } else { Err(status) }
    }

    /// Gives the WebSocket client of a library.
    pub async fn client(self) -> Client {
        let stream = self.reader.unsplit(self.writer);
        Client(WebSocketStream::from_partially_read(stream, self.received, Role::Client, None).await)
    }
}

/// A client by another hand, whose decoder is the judge of our frames.
#[derive(Debug)]
pub struct Client(pub WebSocketStream<DuplexStream>);

/// What a client sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Text(String),
    Binary(Vec<u8>),
    /// The code and the reason of a Close frame.
    Close(u16, String),
    /// The end without a Close frame.
    Lost,
}

impl Client {
    /// Waits for the next message, or for the end.
    pub async fn see(&mut self) -> Seen {
        use futures_util::StreamExt as _;

        loop {
            return match self.0.next().await {
                Some(Ok(Message::Text(text))) => Seen::Text(text.to_string()),
                Some(Ok(Message::Binary(bytes))) => Seen::Binary(bytes.to_vec()),
                Some(Ok(Message::Close(Some(frame)))) => Seen::Close(frame.code.into(), frame.reason.to_string()),
                Some(Ok(Message::Close(None))) => panic!("our Close frames have a code"),
                Some(Ok(_ping_or_pong)) => continue,
                Some(Err(error)) => panic!("what we send can be decoded: {error}"),
                None => Seen::Lost,
            };
        }
    }

    pub async fn send(&mut self, message: Message) {
        use futures_util::SinkExt as _;

        self.0.send(message).await.expect("the pipe takes a message");
    }
}

/// RFC 6455 section 7.4: what may stand in a Close frame.
pub fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Returns whether a host, perhaps with a port, is valid, and `None` for one that takes the whole grammar to judge.
pub fn is_valid_host(host: &[u8]) -> Option<bool> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(byte);
    if host.is_empty() || !host.iter().all(allowed) {
        return Some(false);
    }
    let is_plain = host.len() <= 63 && host[0].is_ascii_alphabetic() && host.iter().all(u8::is_ascii_alphanumeric);
    is_plain.then_some(true)
}
