//! Frames of HTTP/2, for clients that write them themselves.

use robyn_ws_tests::{Pipe, Server, within};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// The setting of the window with which each stream begins.
const INITIAL_WINDOW_SIZE: u16 = 4;

/// Makes a frame (RFC 9113 section 4.1).
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a frame is short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Makes the first bytes of a client, with these settings.
pub(super) fn beginning(settings: &[(u16, u32)]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (name, value) in settings {
        payload.extend_from_slice(&name.to_be_bytes());
        payload.extend_from_slice(&value.to_be_bytes());
    }
    [PREFACE, &frame(SETTINGS, 0, 0, &payload)].concat()
}

/// Writes headers without compression (RFC 7541 section 6.2.2).
pub(super) fn headers(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).expect("it is short"));
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// The headers that open a WebSocket.
pub(super) const CONNECT: [(&str, &str); 6] = [
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "https"),
    (":authority", "localhost"),
    (":path", "/edge/noted"),
    ("sec-websocket-version", "13"),
];

/// Sends bytes, of which TLS may keep some until it is flushed.
pub(super) async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
    let sending = async {
        stream.write_all(bytes).await?;
        stream.flush().await
    };
    within("the server to read", sending).await.expect("it reads");
}

/// Reads frames until one is of this kind, and returns its stream and its payload. A ping is answered.
pub(super) async fn next(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), wanted: u8) -> (u32, Vec<u8>) {
    let reading = async {
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.expect("a frame");
            let [a, b, c, kind, flags, id @ ..] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            stream.read_exact(&mut payload).await.expect("its payload");
            if kind == wanted {
                return (u32::from_be_bytes(id), payload);
            }
            if kind == PING && flags & ACK == 0 {
                send(stream, &frame(PING, ACK, 0, &payload)).await;
            }
        }
    };
    within("a frame", reading).await
}

/// Begins HTTP/2 without TLS. The streams of the client begin with this window.
pub(super) async fn begin(server: &Server, window: u32) -> Box<dyn Pipe> {
    let mut pipe = server.pipe().await;
    send(&mut pipe, &beginning(&[(INITIAL_WINDOW_SIZE, window)])).await;
    pipe
}

/// Asks for a page.
pub(super) async fn ask_for(pipe: &mut Box<dyn Pipe>, id: u32, path: &str) {
    let get = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "localhost"),
        (":path", path),
    ];
    send(pipe, &frame(HEADERS, END_HEADERS | END_STREAM, id, &headers(&get))).await;
}
