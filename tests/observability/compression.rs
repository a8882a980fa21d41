//! The metrics of compressed messages, and the bytes of messages where some are compressed.

use robyn_ws::{Compression, prelude::*};
use robyn_ws_tests::{COMPRESSED, Codec, FIN, Log, Request, Server, TEXT, until};

use super::{app, measured};

#[test]
fn metrics_count_the_bytes_of_messages_before_and_after_compression() {
    Log::subscribe();
    let text = "again and again ".repeat(100);
    let payload = Codec::shared().compress(&text);
    let mut answered = [0; 2];
    let seen = measured(async {
        let server = Server::start(app().compression(Compression::shared())).await;
        let request = Request::upgrade("/watched/room").header("Sec-WebSocket-Extensions", "permessage-deflate");
        let mut one = request.raw(&server).await;
        let mut other = request.raw(&server).await;
        until("both to be there", || server.hub().count() == 2).await;
        one.send(FIN | COMPRESSED | TEXT, &payload).await;
        for (client, answered) in [&mut one, &mut other].into_iter().zip(&mut answered) {
            let (first, answer) = client.next().await;
            assert_eq!(first, FIN | COMPRESSED | TEXT);
            assert_eq!(Codec::shared().decompress(&answer), text.as_bytes());
            *answered = answer.len();
        }
        server.settle().await;
    });
    // With the headers of the frames.
    let [plain_frame, compressed_frame] = [text.len() + 4, answered[0] + 2];
    let expected = [
        (
            "compression_plain_bytes_total endpoint=/watched/room direction=received",
            text.len(),
        ),
        (
            "compression_compressed_bytes_total endpoint=/watched/room direction=received",
            payload.len(),
        ),
        ("received_bytes_total endpoint=/watched/room", text.len()),
        // Compressed once for both.
        (
            "compression_plain_bytes_total endpoint=/watched/room direction=sent",
            plain_frame,
        ),
        (
            "compression_compressed_bytes_total endpoint=/watched/room direction=sent",
            compressed_frame,
        ),
        ("sent_bytes_total endpoint=/watched/room", 2 * compressed_frame),
    ];
    for (metric, bytes) in expected {
        let metric = format!("robyn_ws_{metric}");
        assert_eq!(seen.get(&metric), Some(&bytes.to_string()), "{metric} in {seen:#?}");
    }
}

/// Returns a text that compresses to less than half, and bytes that do not compress.
fn long_messages() -> [Message; 2] {
    let numbers = (0..60_000)
        .map(|number| number.to_string())
        .collect::<Vec<_>>()
        .join(",");
    let mut random = fastrand::Rng::with_seed(5);
    let noise: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(300_000).collect();
    [numbers.into(), noise.into()]
}

/// Broadcasts long messages to clients that have negotiated compression, and compares the metrics with what arrives.
fn metrics_of_long_messages_are_exact(compression: Compression, clients: usize, compressed_for: usize) {
    Log::subscribe();
    let [numbers, noise] = long_messages();
    let short = Message::from("short");
    let (mut on_the_wire, mut plain, mut compressed) = (0, 0, 0);
    let seen = measured(async {
        let limits = Limits::default().max_outbound_bytes(64 << 20);
        let server = Server::start(app().compression(compression).limits(limits)).await;
        let request = Request::upgrade("/watched/room").header("Sec-WebSocket-Extensions", "permessage-deflate");
        let mut all = Vec::new();
        for _ in 0..clients {
            all.push(request.raw(&server).await);
        }
        let room = server.hub().endpoint("/watched/room");
        until("all to be there", || room.count() == clients).await;
        let messages = [
            &numbers, &noise, &numbers, &short, &numbers, &noise, &noise, &short, &numbers,
        ];
        for message in messages {
            assert_eq!(room.sync_broadcast(message.clone()).queued, clients);
        }
        for (number, client) in all.iter_mut().enumerate() {
            for message in messages {
                let (first, payload) = client.next().await;
                let frame = payload.len() + header_of(payload.len());
                on_the_wire += frame;
                assert_eq!(first & COMPRESSED != 0, *message == numbers, "{} bytes", message.len());
                if *message == numbers && number < compressed_for {
                    plain += message.len() + header_of(message.len());
                    compressed += frame;
                }
            }
        }
        server.settle().await;
    });
    for (metric, bytes) in [
        (
            "compression_plain_bytes_total endpoint=/watched/room direction=sent",
            plain,
        ),
        (
            "compression_compressed_bytes_total endpoint=/watched/room direction=sent",
            compressed,
        ),
        ("sent_bytes_total endpoint=/watched/room", on_the_wire),
    ] {
        let metric = format!("robyn_ws_{metric}");
        assert_eq!(seen.get(&metric), Some(&bytes.to_string()), "{metric} in {seen:#?}");
    }
}

/// Returns the number of bytes of the header of a server's frame.
const fn header_of(payload: usize) -> usize {
    match payload {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    }
}

#[test]
fn metrics_count_a_long_message_once_for_all_that_share_its_compression() {
    metrics_of_long_messages_are_exact(Compression::shared(), 1, 1);
    metrics_of_long_messages_are_exact(Compression::shared(), 3, 1);
}

#[test]
fn metrics_count_a_long_message_for_each_context_that_it_is_compressed_with() {
    metrics_of_long_messages_are_exact(Compression::dedicated(10), 1, 1);
    metrics_of_long_messages_are_exact(Compression::dedicated(10), 3, 3);
}
