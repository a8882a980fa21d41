//! Frames as they must not be: each ends its own connection with a code that says why, and nobody else's.

use robyn_ws::prelude::*;
use robyn_ws_tests::{
    BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, Probe, RawClient, Seen, Server, TEXT, close_payload, frame, probe,
};

static PROTOCOL: SubRouter = SubRouter::new("/protocol");

#[websocket("/", on = "message", router = PROTOCOL)]
fn echo(msg: &str) -> &str {
    msg
}

#[websocket("/", on = "close", router = PROTOCOL)]
fn close(reason: CloseReason, probe: Global<Probe>) {
    probe.note(format!("{reason:?}"));
}

struct Fixture {
    server: Server,
    seen: Seen,
}

async fn start() -> Fixture {
    let (probe, seen) = probe();
    let app = App::new().inject_global(probe).include_router(&PROTOCOL);
    let server = Server::start(app).await;
    Fixture { server, seen }
}

impl Fixture {
    async fn raw(&self) -> RawClient {
        self.server.raw("/protocol").await
    }

    /// Checks that the connection was closed with `code`, that TCP ends, that the close handler is told why, and that
    /// the server is as before.
    async fn expect_closed(&mut self, mut client: RawClient, code: u16) {
        client.expect_close_code(code).await;
        client.expect_end().await;
        let reason = if code == 1007 {
            "InvalidPayload"
        } else {
            "ProtocolError"
        };
        self.seen.expect(reason).await;
        let mut bystander = self.server.connect("/protocol").await;
        bystander.ask("still serving", "still serving").await;
        bystander.leave().await;
        self.seen.expect(r#"Client { code: 1000, reason: "" }"#).await;
    }
}

#[tokio::test]
async fn unmasked_frame_closes_with_1002() {
    let mut fixture = start().await;
    for first in [FIN | TEXT, FIN | BINARY, FIN | PING, FIN | CLOSE] {
        let mut client = fixture.raw().await;
        client.send_unmasked(first, b"").await;
        fixture.expect_closed(client, 1002).await;
    }
}

#[tokio::test]
async fn reserved_opcode_closes_with_1002() {
    let mut fixture = start().await;
    for opcode in (0x3..=0x7).chain(0xB..=0xF) {
        let mut client = fixture.raw().await;
        client.send(FIN | opcode, "x").await;
        fixture.expect_closed(client, 1002).await;
    }
}

#[tokio::test]
async fn reserved_bit_without_an_extension_closes_with_1002() {
    let mut fixture = start().await;
    for bit in [0x40, 0x20, 0x10, 0x70] {
        for opcode in [TEXT, BINARY, PING] {
            let mut client = fixture.raw().await;
            client.send(FIN | bit | opcode, "x").await;
            fixture.expect_closed(client, 1002).await;
        }
    }
}

#[tokio::test]
async fn control_frame_of_more_than_125_bytes_closes_with_1002() {
    let mut fixture = start().await;
    for opcode in [PING, PONG, CLOSE] {
        let mut client = fixture.raw().await;
        client.send(FIN | opcode, [b'x'; 126]).await;
        fixture.expect_closed(client, 1002).await;
    }
}

#[tokio::test]
async fn fragmented_control_frame_closes_with_1002() {
    let mut fixture = start().await;
    for opcode in [PING, PONG, CLOSE] {
        let mut client = fixture.raw().await;
        client.send(opcode, close_payload(1000, "")).await;
        fixture.expect_closed(client, 1002).await;
    }
}

#[tokio::test]
async fn continuation_of_nothing_closes_with_1002() {
    let mut fixture = start().await;
    for first in [CONTINUATION, FIN | CONTINUATION] {
        let mut client = fixture.raw().await;
        client.send(first, "stray").await;
        fixture.expect_closed(client, 1002).await;
    }
}

#[tokio::test]
async fn new_message_inside_a_fragmented_one_closes_with_1002() {
    let mut fixture = start().await;
    for opcode in [TEXT, BINARY] {
        let mut client = fixture.raw().await;
        client.send(TEXT, "begun").await;
        client.send(FIN | opcode, "another").await;
        fixture.expect_closed(client, 1002).await;
    }
}

#[tokio::test]
async fn close_code_that_must_not_be_sent_closes_with_1002() {
    let mut fixture = start().await;
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        let mut client = fixture.raw().await;
        client.send(FIN | CLOSE, close_payload(code, "why")).await;
        fixture.expect_closed(client, 1002).await;
    }
}

#[tokio::test]
async fn close_reason_that_speaks_of_a_violation_is_just_a_reason() {
    let fixture = start().await;
    let mut client = fixture.raw().await;
    client
        .send(FIN | CLOSE, close_payload(4000, "Protocol violation"))
        .await;
    assert_eq!(client.expect_close_code(4000).await, "");
}

#[tokio::test]
async fn close_frame_of_one_byte_closes_with_1002() {
    let mut fixture = start().await;
    let mut client = fixture.raw().await;
    client.send(FIN | CLOSE, [3]).await;
    fixture.expect_closed(client, 1002).await;
}

#[tokio::test]
async fn text_that_is_no_utf8_closes_with_1007() {
    let mut fixture = start().await;
    // Alone, an overlong slash, a surrogate, above U+10FFFF, and a character that is cut off.
    for bytes in [
        &[0xff][..],
        &[0xc0, 0xaf],
        &[0xed, 0xa0, 0x80],
        &[0xf4, 0x90, 0x80, 0x80],
        &[0xf0, 0x9f, 0xa6],
    ] {
        let mut client = fixture.raw().await;
        client.send(FIN | TEXT, bytes).await;
        fixture.expect_closed(client, 1007).await;

        let mut client = fixture.raw().await;
        client.send(TEXT, "fine so far ").await;
        client.send(FIN | CONTINUATION, bytes).await;
        fixture.expect_closed(client, 1007).await;
    }
}

#[tokio::test]
async fn messages_ahead_of_a_protocol_error_are_answered_first() {
    let mut fixture = start().await;
    let mut client = fixture.raw().await;
    client.send_text("one").await;
    client.send_text("two").await;
    client.send(FIN | 0x3, "bad").await;
    client.expect_text("one").await;
    client.expect_text("two").await;
    fixture.expect_closed(client, 1002).await;
}

#[tokio::test]
async fn close_frame_arrives_although_the_peer_goes_on_sending() {
    let mut fixture = start().await;
    let mut client = fixture.raw().await;
    client.send(FIN | 0x3, "bad").await;
    client.send(FIN | BINARY, vec![0; 256 * 1024]).await;
    fixture.expect_closed(client, 1002).await;
}

#[tokio::test]
async fn error_of_one_client_does_not_touch_the_others() {
    let fixture = start().await;
    let mut bystander = fixture.server.connect("/protocol").await;
    bystander.ask("before", "before").await;
    let mut bad = fixture.raw().await;
    bad.send(FIN | 0x3, "bad").await;
    bad.expect_close_code(1002).await;
    bystander.ask("after", "after").await;
    bystander.leave().await;
}

#[tokio::test]
async fn continuation_of_nothing_behind_a_message_ends_its_own_connection_at_once() {
    let mut fixture = start().await;
    let message = frame(FIN | TEXT, "hi");
    for (stray, payload) in [(CONTINUATION, ""), (FIN | CONTINUATION, "more"), (CONTINUATION, "more")] {
        let mut client = fixture.raw().await;
        client
            .send_bytes(&[message.clone(), frame(stray, payload)].concat())
            .await;
        client.expect_text("hi").await;
        fixture.expect_closed(client, 1002).await;
    }
}
