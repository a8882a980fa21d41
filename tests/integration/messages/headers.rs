//! A frame is judged where it is seen: by the first byte of its header that is wrong, and a Close by its own code.

use robyn_ws::prelude::*;
use robyn_ws_tests::{BINARY, CLOSE, CONTINUATION, FIN, Probe, Seen, Server, TEXT, close_payload, frame, probe};

static HEADERS: SubRouter = SubRouter::new("/headers");

#[websocket("/", on = "message", router = HEADERS)]
fn echo(msg: &str) -> &str {
    msg
}

#[websocket("/", on = "close", router = HEADERS)]
fn close(reason: &CloseReason, probe: Global<Probe>) {
    probe.note(format!("{reason:?}"));
}

async fn start() -> (Server, Seen) {
    let (probe, seen) = probe();
    let app = App::new().inject_global(probe).include_router(&HEADERS);
    (Server::start(app).await, seen)
}

#[tokio::test]
async fn header_that_cannot_become_valid_is_refused_without_waiting_for_more() {
    let (server, mut seen) = start().await;
    let fragment = frame(TEXT, "a");
    for (before, begun) in [
        (&[][..], &[0x81, 0x05][..]),
        (&[], &[0x81, 0x7E]),
        (&[], &[0x89, 0x00]),
        (&[], &[0x82, 0x7F]),
        (&[], &[0xC1]),
        (&[], &[0xA2]),
        (&[], &[0x99]),
        (&[], &[0x83]),
        (&[], &[0x8F]),
        (&[], &[0x80]),
        (&[], &[0x00]),
        (&[], &[0x09]),
        (&[], &[0x08]),
        (&[], &[0x8A, 0xFE]),
        (&fragment, &[0x81]),
        (&fragment, &[0x02]),
    ] {
        let mut client = server.raw("/headers").await;
        client.send_bytes(before).await;
        client.send_bytes(begun).await;
        let reason = client.expect_close_code(1002).await;
        assert!(!reason.is_empty(), "{begun:x?}");
        seen.expect("ProtocolError").await;
    }
}

#[tokio::test]
async fn every_registered_close_code_is_echoed() {
    let (server, mut seen) = start().await;
    for code in (1000..=1003).chain(1007..=1014).chain([3000, 3999, 4000, 4999]) {
        let mut client = server.raw("/headers").await;
        client.send(FIN | CLOSE, close_payload(code, "because")).await;
        client.expect_close_code(code).await;
        seen.expect(&format!(r#"Client {{ code: {code}, reason: "because" }}"#))
            .await;
        client.expect_end().await;
    }
}

#[tokio::test]
async fn close_code_that_must_not_be_sent_is_a_violation() {
    let (server, mut seen) = start().await;
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        let mut client = server.raw("/headers").await;
        client.send(FIN | CLOSE, close_payload(code, "")).await;
        client.expect_close_code(1002).await;
        seen.expect("ProtocolError").await;
    }
}

#[tokio::test]
async fn close_of_a_client_is_the_clients_whatever_its_reason_says() {
    let (server, mut seen) = start().await;
    for reason in ["Protocol violation", "too big", "", "invalid UTF-8 in a text message"] {
        let mut client = server.raw("/headers").await;
        client.send(FIN | CLOSE, close_payload(1002, reason)).await;
        client.expect_close_code(1002).await;
        seen.expect(&format!("Client {{ code: 1002, reason: {reason:?} }}"))
            .await;
    }
}

#[tokio::test]
async fn text_in_fragments_is_refused_with_the_fragment_that_breaks_it() {
    let (server, mut seen) = start().await;
    let mut client = server.raw("/headers").await;
    client.send(TEXT, b"a\xce").await;
    client.send(CONTINUATION, b"\xba\xff").await;
    client.expect_close_code(1007).await;
    seen.expect("InvalidPayload").await;
}

#[tokio::test]
async fn fragments_over_their_limit_are_1009() {
    let limits = Limits::default().max_fragments(3);
    let (probe, mut seen) = probe();
    let app = App::new().inject_global(probe).include_router(HEADERS.limits(limits));
    let server = Server::start(app).await;
    let mut client = server.raw("/headers").await;
    for _message in 0..2 {
        client.send(TEXT, "a").await;
        client.send(CONTINUATION, "b").await;
        client.send(FIN | CONTINUATION, "c").await;
        client.expect_text("abc").await;
    }
    client.send(BINARY, "").await;
    client.send(CONTINUATION, "").await;
    client.send(CONTINUATION, "").await;
    let reason = client.expect_close_code(1009).await;
    assert_eq!(reason, "too many fragments: over Limits::max_fragments");
    seen.expect("MessageTooBig").await;
}
