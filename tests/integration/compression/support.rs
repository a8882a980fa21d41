//! An endpoint that compresses, and a client that does.

use robyn_ws::{Compression, prelude::*};
use robyn_ws_tests::{BINARY, COMPRESSED, Codec, FIN, RawClient, Request, Server, TEXT};

static COMPRESSING: SubRouter = SubRouter::new("/compressing");

/// Echoes, except for some commands.
#[websocket("/", on = "message", router = COMPRESSING)]
async fn answer(ws: WebSocketConnector, message: Message) -> Option<Message> {
    let text = message.as_text().unwrap_or_default();
    match text.split_once(' ') {
        Some(("all", text)) => {
            ws.sync_broadcast(text.to_owned());
        }
        Some(("room", room)) => {
            ws.join(room);
            return Some("joined".into());
        }
        Some(("self", text)) => ws.async_send(text.to_owned()).await.expect("there is room"),
        Some(("secret", text)) => return Some(Message::from(text.to_owned()).uncompressed()),
        Some(("thrice", text)) => {
            for number in 0..3 {
                ws.sync_send(format!("{number}{text}")).expect("there is room");
                ws.sync_broadcast(format!("all {number}"));
            }
            return Some("the last".into());
        }
        _ => return Some(message),
    }
    None
}

pub(super) const OFFER: &str = "permessage-deflate; client_max_window_bits";

/// A text that compresses to less than a quarter.
pub(super) fn json(length: usize) -> String {
    let objects = (0..).map(|id| format!("{{\"id\":{id},\"price\":{}}},", id * 31 % 1009));
    let mut text = String::new();
    for object in objects {
        if text.len() >= length {
            break;
        }
        text.push_str(&object);
    }
    text.truncate(length);
    text
}

/// Bytes that do not compress.
pub(super) fn noise(length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    (0..length).map(|_| random.u8(..)).collect()
}

pub(super) async fn start(compression: Compression) -> Server {
    start_with(compression, Limits::default()).await
}

pub(super) async fn start_with(compression: Compression, limits: Limits) -> Server {
    let app = App::new()
        .compression(compression)
        .limits(limits)
        .include_router(&COMPRESSING);
    Server::start(app).await
}

/// A client that has negotiated compression.
pub(super) struct Compressing {
    pub(super) raw: RawClient,
    pub(super) codec: Codec,
    pub(super) answer: Option<String>,
}

impl Compressing {
    /// Connects a client whose messages stand alone.
    pub(super) async fn shared(server: &Server) -> Self {
        Self::offering(server, OFFER, Codec::shared()).await
    }

    /// Connects a client whose messages refer to those before.
    pub(super) async fn with_context(server: &Server) -> Self {
        Self::offering(server, OFFER, Codec::with_context()).await
    }

    pub(super) async fn offering(server: &Server, offer: &str, codec: Codec) -> Self {
        let request = Request::upgrade("/compressing").header("Sec-WebSocket-Extensions", offer);
        let raw = request.raw(server).await;
        let answer = raw.response().header("sec-websocket-extensions").map(ToOwned::to_owned);
        Self { raw, codec, answer }
    }

    pub(super) async fn send(&mut self, text: &str) {
        let payload = self.codec.compress(text);
        self.raw.send(FIN | COMPRESSED | TEXT, payload).await;
    }

    /// Waits for this text. Returns the number of bytes of its payload if it was compressed.
    pub(super) async fn expect(&mut self, text: &str) -> Option<usize> {
        let (first, payload) = self.raw.next().await;
        self.check(TEXT, first, &payload, text.as_bytes())
    }

    /// As [`Self::expect`], for bytes.
    pub(super) async fn expect_bytes(&mut self, bytes: &[u8]) -> Option<usize> {
        let (first, payload) = self.raw.next().await;
        self.check(BINARY, first, &payload, bytes)
    }

    fn check(&mut self, opcode: u8, first: u8, payload: &[u8], message: &[u8]) -> Option<usize> {
        let is_compressed = first & COMPRESSED != 0;
        assert_eq!(
            first & !COMPRESSED,
            FIN | opcode,
            "{:?}",
            String::from_utf8_lossy(payload)
        );
        let inflated = if is_compressed {
            self.codec.decompress(payload)
        } else {
            payload.to_vec()
        };
        assert!(
            inflated == message,
            "{} bytes {:?} were expected, but there came {} bytes {:?}, compressed {is_compressed}: {:?}",
            message.len(),
            String::from_utf8_lossy(&message[..message.len().min(100)]),
            inflated.len(),
            String::from_utf8_lossy(&inflated[..inflated.len().min(100)]),
            inflated.iter().zip(message).position(|(one, other)| one != other)
        );
        is_compressed.then_some(payload.len())
    }
}
