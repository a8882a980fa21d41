//! Proves that what we send is decoded by others as it was meant, and that no bytes of a client break more than its own
//! connection: what came before them is answered, the Close frame has the right code, and our side ends.
//!
//! An input's first byte chooses between the two; the rest is what is sent.

#![no_main]

use std::{
    io::{self, Read, Write},
    sync::LazyLock,
    time::Duration,
};

use libfuzzer_sys::fuzz_target;
use robyn_ws::{App, Limits, Message, websocket};
use robyn_ws_fuzz::{Raw, Seen, SharedApp, build, connect, let_others_run, may_be_sent, run};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::{
    self, Error,
    protocol::{Role, WebSocketConfig, WebSocketContext},
};

#[websocket("/echo", on = "message")]
fn echo(message: Message) -> Message {
    message
}

#[websocket("/quiet", on = "message")]
fn quiet() {}

const MAX_MESSAGE: usize = 1024;
const MAX_FRAME: usize = 512;

static APP: SharedApp = LazyLock::new(|| {
    let limits = Limits::default()
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_FRAME)
        .max_read_ahead(2)
        .max_outbound_messages(3)
        .max_outbound_bytes(1 << 20)
        .idle_timeout(Duration::from_secs(20));
    build(App::new().limits(limits))
});

fuzz_target!(|input: &[u8]| {
    let [mode, rest @ ..] = input else { return };
    run(&APP.hub, async {
        if mode % 2 == 0 {
            send_ours(rest).await;
        } else {
            receive(rest, usize::from(mode >> 2), mode & 2 == 0).await;
        }
    });
});

// ---- what we send -------------------------------------------------------------------------------------------------

/// Sends messages of lengths from the input, three bytes each, and then a Close frame with what is left.
async fn send_ours(mut input: &[u8]) {
    let mut client = connect(&APP.router, b"/quiet")
        .await
        .expect("a valid handshake")
        .client()
        .await;
    let endpoint = APP.hub.endpoint("/quiet");
    let_others_run().await;
    for _ in 0..8 {
        let [kind, high, low, rest @ ..] = input else { break };
        input = rest;
        // Past the edges at 126 and 65,536.
        let length = usize::from(u16::from_be_bytes([*high, *low])) + usize::from(kind >> 2);
        let (message, expected) = if kind % 2 == 0 {
            let text = "ü".repeat(length / 2);
            (Message::from(&text), Seen::Text(text))
        } else {
            let bytes = vec![*low; length];
            (Message::from(&bytes), Seen::Binary(bytes))
        };
        assert_eq!(endpoint.sync_broadcast(message).queued, 1);
        assert_eq!(client.see().await, expected);
    }
    let (code, reason) = input.split_at_checked(2).unwrap_or((&[0, 0], input));
    let (code, reason) = (u16::from_be_bytes([code[0], code[1]]), String::from_utf8_lossy(reason));
    let [id] = endpoint.ids()[..] else {
        panic!("one connection")
    };
    endpoint.close_with(id, code, reason.clone()).expect("it is connected");
    let Seen::Close(seen, said) = client.see().await else {
        panic!("a Close frame was expected");
    };
    let expected = match code {
        // The judge does not know this code of IANA's registry, and takes it for a mistake of ours.
        1014 => 1002,
        code if may_be_sent(code) => code,
        _ => 1011,
    };
    assert_eq!(seen, expected);
    // With that code, the judge has put words of its own in place of the reason.
    let is_ours = code == 1014 || reason.starts_with(&said);
    assert!(said.len() <= 123 && is_ours, "{said:?} of {reason:?}");
    assert_eq!(client.see().await, Seen::Lost);
}

// ---- what we receive ----------------------------------------------------------------------------------------------

/// Sends the bytes in chunks, perhaps hangs up, and reads until our side ends.
async fn receive(bytes: &[u8], chunk: usize, hang_up: bool) {
    let raw = connect(&APP.router, b"/echo").await.expect("a valid handshake");
    let Raw {
        mut reader,
        mut writer,
        mut received,
    } = raw;
    let write = async {
        for chunk in bytes.chunks(chunk.max(1)) {
            // It fails when our side has ended meanwhile, with the rest unread.
            if writer.write_all(chunk).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        if hang_up {
            writer.shutdown().await.ok();
        }
    };
    let ((), read) = tokio::join!(write, reader.read_to_end(&mut received));
    read.expect("a pipe does not fail");
    let expected = Expected::decode(bytes);
    let sent = split(&received);
    let mut answers = sent.iter().filter(|(opcode, _)| matches!(opcode, 1 | 2));
    let mut pings = expected.pings.iter();
    for (_, pong) in sent.iter().filter(|(opcode, _)| *opcode == 0xA) {
        assert!(pings.any(|ping| ping == pong), "each pong answers a ping, in order");
    }
    let close = sent.iter().find(|(opcode, _)| *opcode == 8);
    let close = close.map(|(_, payload)| u16::from_be_bytes([payload[0], payload[1]]));
    match expected.code {
        // A client that hangs up without a Close frame is not answered any more.
        None if hang_up => {
            assert_eq!(close, None);
            assert!(
                answers
                    .zip(&expected.messages)
                    .all(|(answer, message)| answer == message)
            );
        }
        code => {
            assert_eq!(close, Some(code.unwrap_or(1001)), "the code");
            assert!(answers.by_ref().eq(&expected.messages), "every message is answered");
        }
    }
}

/// What a client's bytes come to, as tungstenite decodes them up to a header that is refused by itself.
#[derive(Default)]
struct Expected {
    messages: Vec<(u8, Vec<u8>)>,
    pings: Vec<Vec<u8>>,
    /// The code of our Close frame. `None` if the bytes are no reason for one.
    code: Option<u16>,
}

impl Expected {
    fn decode(bytes: &[u8]) -> Self {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_FRAME));
        let mut decoder = WebSocketContext::new(Role::Server, Some(config));
        let (admitted, refused) = up_to_a_refused_header(bytes);
        let (mut source, mut expected) = (Source(admitted), Self::default());
        expected.code = loop {
            match decoder.read(&mut source) {
                Ok(tungstenite::Message::Text(text)) => expected.messages.push((1, text.as_bytes().to_vec())),
                Ok(tungstenite::Message::Binary(bytes)) => expected.messages.push((2, bytes.to_vec())),
                Ok(tungstenite::Message::Ping(payload)) => expected.pings.push(payload.to_vec()),
                Ok(tungstenite::Message::Close(None)) => break Some(1000),
                Ok(tungstenite::Message::Close(Some(frame))) => break Some(frame.code.into()),
                Ok(_) => {}
                Err(Error::Io(_)) => break refused,
                Err(Error::Capacity(_)) => break Some(1009),
                Err(Error::Utf8(_)) => break Some(1007),
                Err(_) => break Some(1002),
            }
        };
        expected
    }
}

/// Returns the bytes ahead of the first header that is refused by itself, and the code that refuses it. Such a header need
/// not have come to its end.
fn up_to_a_refused_header(bytes: &[u8]) -> (&[u8], Option<u16>) {
    let (mut at, mut message) = (0, None);
    while let Some(head @ [first, ..]) = bytes.get(at..) {
        if let Some(code) = refusal(head, message) {
            return (&bytes[..at], Some(code));
        }
        let Some((payload, header)) = length(head) else { break };
        if first & 0xF == 8
            && let Some(code) = answer_unknown_to_the_judge(head, header, payload)
        {
            return (&bytes[..at], Some(code));
        }
        if first & 0x8 == 0 {
            let size = message.unwrap_or(0) + payload;
            message = (first & 0x80 == 0).then_some(size);
        }
        at = at.saturating_add(header + 4).saturating_add(payload as usize);
    }
    (bytes, None)
}

/// Returns the code that refuses the header which `head` begins with, if the bytes that are there are a reason. The message
/// that has begun has so many bytes.
fn refusal(head: &[u8], message: Option<u64>) -> Option<u16> {
    let opcode = head[0] & 0xF;
    let (is_control, is_final) = (opcode & 0x8 != 0, head[0] & 0x80 != 0);
    let is_out_of_place = match opcode {
        0 => message.is_none(),
        1 | 2 => message.is_some(),
        8..=10 => !is_final,
        _ => true,
    };
    if head[0] & 0x70 != 0 || is_out_of_place {
        return Some(1002);
    }
    let second = head.get(1)?;
    if second & 0x80 == 0 || (is_control && second & 0x7F > 125) {
        return Some(1002);
    }
    let (payload, _) = length(head)?;
    let size = payload.saturating_add(message.unwrap_or(0));
    (!is_control && (payload > MAX_FRAME as u64 || size > MAX_MESSAGE as u64)).then_some(1009)
}

/// Returns the code of our answer to a Close frame that has come whole, if the judge would answer otherwise: it looks at the
/// reason before the code, and does not know 1014 of IANA's registry.
fn answer_unknown_to_the_judge(head: &[u8], header: usize, payload: u64) -> Option<u16> {
    let body = head.get(header..header + 4 + payload as usize)?;
    let (mask, body) = body.split_at(4);
    let body: Vec<u8> = body
        .iter()
        .zip(mask.iter().cycle())
        .map(|(byte, mask)| byte ^ mask)
        .collect();
    let (code, reason) = body.split_first_chunk()?;
    match u16::from_be_bytes(*code) {
        1014 if std::str::from_utf8(reason).is_ok() => Some(1014),
        code if !may_be_sent(code) => Some(1002),
        _ => None,
    }
}

/// Returns the length of a payload, and of the header up to its masking key, once they have come.
fn length(head: &[u8]) -> Option<(u64, usize)> {
    let rest = head.get(2..)?;
    Some(match head[1] & 0x7F {
        126 => (u16::from_be_bytes(*rest.first_chunk()?).into(), 4),
        127 => (u64::from_be_bytes(*rest.first_chunk()?), 10),
        short => (short.into(), 2),
    })
}

/// Bytes without an end, whose answers nobody reads.
struct Source<'a>(&'a [u8]);

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Read::read(&mut self.0, buffer)
    }
}

impl Write for Source<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Splits what we sent into frames, and checks the rules for a server's (RFC 6455 section 5).
fn split(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames: Vec<(u8, Vec<u8>)> = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        assert!(
            frames.last().is_none_or(|(opcode, _)| *opcode != 8),
            "nothing follows a Close frame"
        );
        assert_eq!(first & 0xF0, 0x80, "a whole message, no reserved bits");
        let (length, rest) = match second {
            // The highest bit would be a mask.
            0..=125 => (usize::from(*second), rest),
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            _ => panic!("a length that nothing here has: {second}"),
        };
        let opcode = first & 0x0F;
        assert!(matches!(opcode, 1 | 2 | 8..=10), "opcode {opcode}");
        assert!(opcode < 8 || length <= 125, "a long control frame");
        let (payload, rest) = rest.split_at(length);
        if opcode == 8 {
            let code = u16::from_be_bytes([payload[0], payload[1]]);
            assert!(may_be_sent(code), "{code} is never sent");
            assert!(std::str::from_utf8(&payload[2..]).is_ok(), "a reason is text");
        }
        frames.push((opcode, payload.to_vec()));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "half a frame");
    frames
}
