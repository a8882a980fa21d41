//! Keyed messages of connections whose messages refer to those before them.

use robyn_ws::{Compression, prelude::*};
use robyn_ws_tests::{COMPRESSED, Codec, FIN, Request, Server, TEXT, until};

static COMPRESSED_KEYS: SubRouter = SubRouter::new("/compressed_keys");

#[websocket("/", on = "message", router = COMPRESSED_KEYS)]
fn message() {}

/// A text that compresses, long enough for a thread of its own if it `is_long`.
fn text(number: u32, is_long: bool) -> String {
    let length = if is_long { 300_000 } else { 3000 };
    let prices = (0..).map(|index| format!("{{\"update\":{number},\"price\":{}}}", index * 31 % 1009));
    prices.take(length / 24).collect()
}

#[tokio::test]
async fn context_has_not_seen_the_messages_that_were_replaced() {
    let app = App::new()
        .include_router(&COMPRESSED_KEYS)
        .compression(Compression::dedicated(1));
    let server = Server::start(app).await;
    let request = Request::upgrade("/compressed_keys").header("Sec-WebSocket-Extensions", "permessage-deflate");
    let mut client = request.raw(&server).await;
    let mut codec = Codec::with_context();
    let endpoint = server.hub().endpoint("/compressed_keys");
    until("the client to be in the hub", || endpoint.count() == 1).await;
    for round in 0..10 {
        // Nothing is awaited, so nothing is written meanwhile.
        let mut replaced = 0;
        for number in 10 * round..10 * round + 10 {
            for (key, is_long) in [("short", false), ("long", number % 2 == 1), ("medium", false)] {
                replaced += endpoint.keyed(key).sync_broadcast(text(number, is_long)).replaced;
            }
        }
        assert_eq!(replaced, 27);
        for is_long in [false, true, false] {
            let (first, payload) = client.next().await;
            assert_eq!(first, FIN | COMPRESSED | TEXT);
            let message = codec.decompress(&payload);
            assert!(message == text(10 * round + 9, is_long).as_bytes(), "round {round}");
        }
    }
}
