//! Messages that are handled where they were read.

use robyn_ws::{FromEvent, event, event::EventContext, prelude::*};
use robyn_ws_tests::{BINARY, CONTINUATION, FIN, Server, TEXT, frame};

static IN_PLACE: SubRouter = SubRouter::new("/in_place");

async fn start() -> Server {
    Server::start(App::new().include_router(&IN_PLACE)).await
}

/// What an extractor of a user can see of a message.
struct Views<'a> {
    message: &'a Message,
    text: Option<&'a str>,
    bytes: &'a [u8],
}

impl<'a> FromEvent<'a, event::Message> for Views<'a> {
    fn from_event(cx: &mut EventContext<'a, event::Message>) -> Result<Self, Rejection> {
        Ok(Self {
            message: cx.message(),
            text: cx.text(),
            bytes: cx.bytes(),
        })
    }
}

#[websocket("/views", on = "message", router = IN_PLACE)]
fn views(views: Views<'_>, text: Result<&str, Rejection>, slice: &[u8], bytes: Bytes, kept: Message) -> Message {
    assert_eq!(views.message, &kept);
    assert_eq!(views.text, kept.as_text());
    assert_eq!(text.ok(), kept.as_text());
    for payload in [views.bytes, slice, &bytes] {
        assert_eq!(payload, kept.as_bytes());
    }
    kept
}

#[tokio::test]
async fn message_is_the_same_for_every_argument_however_it_came() {
    let server = start().await;
    let mut client = server.raw("/in_place/views").await;
    for (kind, payload) in [
        (TEXT, "hi \u{1F987}".repeat(5).into_bytes()),
        (TEXT, "long \u{1F987}".repeat(3000).into_bytes()),
        (BINARY, vec![0xff; 100]),
        (BINARY, vec![0xff; 30_000]),
        (TEXT, Vec::new()),
    ] {
        let whole = frame(FIN | kind, &payload);
        let (start, end) = payload.split_at(payload.len() / 2);
        let in_fragments = [frame(kind, start), frame(FIN | CONTINUATION, end)].concat();
        client
            .send_bytes(&[whole.as_slice(), &in_fragments, &whole].concat())
            .await;
        for _ in 0..3 {
            client.expect(FIN | kind, &payload).await;
        }
        // The first part is read by itself, since what comes of it is awaited.
        let (start, end) = whole.split_at(whole.len() / 2);
        client.send_bytes(&[&frame(FIN | TEXT, "first"), start].concat()).await;
        client.expect(FIN | TEXT, "first").await;
        client.send_bytes(&[end, &frame(FIN | TEXT, "last")].concat()).await;
        client.expect(FIN | kind, &payload).await;
        client.expect(FIN | TEXT, "last").await;
    }
}

#[derive(Default, ConnectionState)]
struct Kept {
    texts: Vec<Utf8Bytes>,
    payloads: Vec<Bytes>,
}

#[websocket("/keep", on = "message", router = IN_PLACE)]
fn keep(kept: &mut Kept, text: Utf8Bytes, payload: Bytes) -> Option<String> {
    if text.as_str() == "all" {
        let all = kept.texts.iter().zip(&kept.payloads);
        assert!(all.clone().all(|(text, payload)| text.as_str().as_bytes() == payload));
        return Some(all.map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(","));
    }
    kept.texts.push(text);
    kept.payloads.push(payload);
    None
}

#[tokio::test]
async fn what_a_handler_keeps_outlives_the_buffer_it_was_read_into() {
    let server = start().await;
    let mut client = server.raw("/in_place/keep").await;
    let texts: Vec<String> = (0..1000)
        .map(|number| number.to_string().repeat(1 + number % 300))
        .collect();
    for read in texts.chunks(100) {
        let frames: Vec<u8> = read.iter().flat_map(|text| frame(FIN | TEXT, text)).collect();
        client.send_bytes(&frames).await;
    }
    client.send_text("all").await;
    client.expect_text(&texts.join(",")).await;
}

#[websocket("/echo", on = "message", router = IN_PLACE)]
fn echo(msg: &str) -> String {
    msg.to_owned()
}

#[tokio::test]
async fn messages_ahead_of_what_is_wrong_in_the_same_read_are_answered() {
    let server = start().await;
    for (wrong, code) in [
        (frame(FIN | TEXT, [b'a', 0xff]), 1007),
        (frame(FIN | TEXT | 0x40, "reserved bit"), 1002),
        (vec![FIN | TEXT, 1, b'x'], 1002),
    ] {
        let mut client = server.raw("/in_place/echo").await;
        let ahead = ["one", "two"].map(|text| frame(FIN | TEXT, text)).concat();
        let behind = frame(FIN | TEXT, "never handled");
        client.send_bytes(&[ahead, wrong, behind].concat()).await;
        client.expect_text("one").await;
        client.expect_text("two").await;
        client.expect_close_code(code).await;
    }
}

#[websocket("/bytes", on = "message", router = IN_PLACE)]
fn bytes(msg: &[u8]) -> Vec<u8> {
    msg.to_vec()
}

#[websocket("/later", on = "message", router = IN_PLACE)]
async fn later(msg: &[u8]) -> Vec<u8> {
    tokio::task::yield_now().await;
    msg.to_vec()
}

#[websocket("/nobody", on = "connect", router = IN_PLACE)]
fn nobody() {}

#[tokio::test]
async fn invalid_text_ends_the_connection_whoever_would_handle_it() {
    let server = start().await;
    for path in ["/in_place/bytes", "/in_place/later", "/in_place/nobody"] {
        let mut client = server.raw(path).await;
        client.send(FIN | TEXT, [0xff]).await;
        client.expect_close_code(1007).await;
    }
}

#[websocket("/close", on = "message", router = IN_PLACE)]
fn close(ws: &WebSocketConnector, msg: &str) -> String {
    if msg == "close" {
        ws.close();
    }
    msg.to_owned()
}

#[tokio::test]
async fn no_message_of_the_same_read_is_handled_after_its_handler_has_closed() {
    let server = start().await;
    let mut client = server.raw("/in_place/close").await;
    let messages = ["one", "close", "never handled"].map(|text| frame(FIN | TEXT, text));
    client.send_bytes(&messages.concat()).await;
    client.expect_text("one").await;
    client.expect_text("close").await;
    client.expect_close(1000, "").await;
}
