//! Proves that compressed messages are decompressed as a straight decoder does it, or refused with the code that it finds,
//! and that our own compressed messages are what was meant: by compressors of the thread, and by those of a connection.
//!
//! An input's first byte chooses between the two, and the length of fragments; the rest is the payload.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use robyn_ws::{App, BuiltApp, Compression, Limits, Message, websocket};
use robyn_ws_fuzz::{
    Raw, SharedApp, build, connect_with,
    puff::{Fault, inflate},
    run,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[websocket("/echo", on = "message")]
fn echo(message: Message) -> Message {
    message
}

const MAX_MESSAGE: usize = 8192;
const FINAL: u8 = 0x80;
const COMPRESSED: u8 = 0x40;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const OFFER: &[u8] = b"Sec-WebSocket-Extensions: permessage-deflate\r\n";

static SHARED: SharedApp = LazyLock::new(|| app(Compression::shared()));
static DEDICATED: SharedApp = LazyLock::new(|| app(Compression::dedicated(1)));

fn app(compression: Compression) -> BuiltApp {
    let limits = Limits::default().max_message_size(MAX_MESSAGE);
    build(App::new().limits(limits).compression(compression.threshold(128)))
}

fuzz_target!(|input: &[u8]| {
    let [mode, rest @ ..] = input else { return };
    for app in [&SHARED, &DEDICATED] {
        run(&app.hub, async {
            if mode % 2 == 0 {
                receive(app, rest, usize::from(mode >> 1)).await;
            } else {
                send_ours(app, rest, usize::from(mode >> 1)).await;
            }
        });
    }
});

/// Sends the bytes as a compressed message, in fragments, and compares the answer with the judge's.
async fn receive(app: &BuiltApp, payload: &[u8], fragment: usize) {
    let mut raw = connect_with(&app.router, b"/echo", OFFER)
        .await
        .expect("a valid handshake");
    let mut bytes = Vec::new();
    let mut fragments: Vec<&[u8]> = match fragment {
        0 => vec![payload],
        fragment => payload.chunks(fragment).collect(),
    };
    if fragments.is_empty() {
        fragments.push(&[]);
    }
    for (number, part) in fragments.iter().enumerate() {
        let first = if number == 0 { COMPRESSED | BINARY } else { 0 };
        let last = if number + 1 == fragments.len() { FINAL } else { 0 };
        put_frame(&mut bytes, first | last, part);
    }
    raw.writer.write_all(&bytes).await.expect("the pipe takes a message");
    let (first, answer) = next(&mut raw).await;
    let expected = match inflate(payload, MAX_MESSAGE) {
        Ok(message) => {
            assert_eq!(meant(first, &answer), message);
            put_close(&mut raw).await;
            return;
        }
        Err(Fault::TooBig) => 1009_u16,
        Err(Fault::Invalid) => 1007,
    };
    assert_eq!((first, &answer[..2]), (FINAL | CLOSE, &expected.to_be_bytes()[..]));
    put_close(&mut raw).await;
}

/// Lets the server compress the bytes, several times over.
async fn send_ours(app: &BuiltApp, payload: &[u8], times: usize) {
    let mut raw = connect_with(&app.router, b"/echo", OFFER)
        .await
        .expect("a valid handshake");
    let mut message = payload.repeat(times + 1);
    message.truncate(MAX_MESSAGE);
    let mut bytes = Vec::new();
    put_frame(&mut bytes, FINAL | BINARY, &message);
    raw.writer.write_all(&bytes).await.expect("the pipe takes a message");
    let (first, answer) = next(&mut raw).await;
    assert_eq!(meant(first, &answer), message);
    put_close(&mut raw).await;
}

/// Returns the message of an answer.
fn meant(first: u8, answer: &[u8]) -> Vec<u8> {
    assert_eq!(
        first & !COMPRESSED,
        FINAL | BINARY,
        "{:?}",
        String::from_utf8_lossy(answer)
    );
    if first & COMPRESSED == 0 {
        return answer.to_vec();
    }
    let message = inflate(answer, MAX_MESSAGE).expect("our own messages are valid");
    assert!(answer.len() < message.len() && message.len() >= 128);
    message
}

async fn put_close(raw: &mut Raw) {
    let mut bytes = Vec::new();
    put_frame(&mut bytes, FINAL | CLOSE, &1000_u16.to_be_bytes());
    // It fails if our side has ended already.
    let _sent = raw.writer.write_all(&bytes).await;
}

/// Adds a frame with a mask of zeros.
fn put_frame(bytes: &mut Vec<u8>, first: u8, payload: &[u8]) {
    bytes.push(first);
    match u16::try_from(payload.len()).expect("an input is short") {
        short @ 0..126 => bytes.push(0x80 | u8::try_from(short).expect("it is short")),
        medium => {
            bytes.push(0x80 | 126);
            bytes.extend(medium.to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
}

/// Reads the next frame of the server.
async fn next(raw: &mut Raw) -> (u8, Vec<u8>) {
    loop {
        if let [first, second, rest @ ..] = &raw.received[..] {
            let (length, rest) = match (second, rest) {
                (126, [high, low, rest @ ..]) => (usize::from(u16::from_be_bytes([*high, *low])), rest),
                (126, _) => (usize::MAX, rest),
                (short, rest) => (usize::from(*short), rest),
            };
            if let Some(payload) = rest.get(..length) {
                let frame = (*first, payload.to_vec());
                raw.received = rest[length..].to_vec();
                return frame;
            }
        }
        let read = raw
            .reader
            .read_buf(&mut raw.received)
            .await
            .expect("a pipe does not fail");
        assert!(read > 0, "every message is answered");
    }
}
