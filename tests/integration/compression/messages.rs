use robyn_ws::{Compression, prelude::*};
use robyn_ws_tests::{BINARY, COMPRESSED, CONTINUATION, Codec, FIN, PING, PONG, TEXT};

use super::support::{Compressing, json, noise, start, start_with};

#[tokio::test]
async fn messages_of_any_length_come_back_compressed_if_that_is_shorter() {
    let server = start(Compression::shared()).await;
    let mut client = Compressing::shared(&server).await;
    for length in [
        0,
        1,
        100,
        255,
        256,
        1000,
        5000,
        70_000,
        256 * 1024,
        300 * 1024,
        1024 * 1024,
    ] {
        let text = json(length);
        client.send(&text).await;
        let compressed = client.expect(&text).await;
        assert_eq!(compressed.is_some(), length >= 256, "{length} bytes");
        assert!(
            compressed.is_none_or(|size| size < length / 2),
            "{length} bytes became {compressed:?}"
        );

        let bytes = noise(length);
        client.raw.send(FIN | BINARY, &bytes).await;
        assert_eq!(client.expect_bytes(&bytes).await, None, "{length} bytes of noise");
    }
}

#[tokio::test]
async fn message_in_compressed_fragments_comes_back_whole() {
    let server = start(Compression::shared()).await;
    let mut client = Compressing::shared(&server).await;
    let text = json(3000);
    let payload = client.codec.compress(&text);
    let (start, rest) = payload.split_at(10);
    let (middle, end) = rest.split_at(rest.len() - 1);
    client.raw.send(COMPRESSED | TEXT, start).await;
    client.raw.send(FIN | PING, "between").await;
    client.raw.send(CONTINUATION, "").await;
    client.raw.send(CONTINUATION, middle).await;
    client.raw.send(FIN | CONTINUATION, end).await;
    client.raw.expect(FIN | PONG, "between").await;
    assert!(client.expect(&text).await.is_some());
    client.raw.send(FIN | TEXT, "and one as it is").await;
    assert_eq!(client.expect("and one as it is").await, None);
}

#[tokio::test]
async fn threshold_decides_which_messages_are_compressed() {
    let server = start(Compression::shared().threshold(2000).level(9)).await;
    let mut client = Compressing::shared(&server).await;
    for (length, compresses) in [(1999, false), (2000, true)] {
        client.send(&json(length)).await;
        assert_eq!(client.expect(&json(length)).await.is_some(), compresses, "{length}");
    }
}

#[tokio::test]
async fn uncompressed_message_is_sent_as_it_is() {
    for compression in [Compression::shared(), Compression::dedicated(1)] {
        let server = start(compression).await;
        let mut client = Compressing::with_context(&server).await;
        let text = json(1000);
        client.raw.send(FIN | TEXT, format!("secret {text}")).await;
        assert_eq!(client.expect(&text).await, None);
        client.raw.send(FIN | TEXT, format!("self {text}")).await;
        assert!(client.expect(&text).await.is_some());
    }
}

#[tokio::test]
async fn text_is_checked_when_it_is_decompressed() {
    let server = start(Compression::shared()).await;
    let mut client = Compressing::shared(&server).await;
    let payload = client.codec.compress(b"valid, then \xff");
    client.raw.send(FIN | COMPRESSED | BINARY, &payload).await;
    client.expect_bytes(b"valid, then \xff").await;
    client.raw.send(FIN | COMPRESSED | TEXT, &payload).await;
    client.raw.expect_close(1007, "invalid UTF-8 in a text message").await;
}

#[tokio::test]
async fn sends_and_replies_arrive_in_order_also_around_long_messages() {
    for compression in [Compression::shared(), Compression::dedicated(1)] {
        // A long message counts in full until it is compressed.
        let server = start_with(compression, Limits::default().max_outbound_bytes(4 << 20)).await;
        let mut client = Compressing::with_context(&server).await;
        let is_shared = client
            .answer
            .as_deref()
            .is_some_and(|answer| answer.contains("server_no"));
        if is_shared {
            client.codec = Codec::shared();
        }
        for length in [1000, 400 * 1024] {
            let text = json(length);
            client.send(&format!("thrice {text}")).await;
            for number in 0..3 {
                assert!(client.expect(&format!("{number}{text}")).await.is_some());
                client.expect(&format!("all {number}")).await;
            }
            client.expect("the last").await;
        }
    }
}

#[tokio::test]
async fn queue_counts_the_compressed_bytes() {
    let limits = Limits::default().max_outbound_bytes(64 * 1024);
    let server = start_with(Compression::shared(), limits).await;
    let mut client = Compressing::shared(&server).await;
    let endpoint = server.hub().endpoint("/compressing");
    client.send("hello").await;
    client.expect("hello").await;
    let [id] = endpoint.ids()[..] else { panic!("one client") };
    let text = json(16 * 1024);
    // Nobody else runs meanwhile, so that nothing is written: more than twice the bound, if they counted in full.
    for _ in 0..10 {
        endpoint.sync_send_to(id, &*text).expect("there is room");
    }
    for _ in 0..10 {
        assert!(client.expect(&text).await.is_some());
    }
}

#[tokio::test]
async fn message_is_bounded_by_what_it_decompresses_to() {
    let limits = Limits::default().max_message_size(10_000);
    let server = start_with(Compression::shared(), limits).await;
    for (length, fits) in [(10_000, true), (10_001, false)] {
        for bytes in [json(length).into_bytes(), noise(length)] {
            let mut client = Compressing::shared(&server).await;
            let payload = client.codec.compress(&bytes);
            client.raw.send(FIN | COMPRESSED | BINARY, payload).await;
            if fits {
                client.expect_bytes(&bytes).await;
            } else {
                client.raw.expect_close_code(1009).await;
            }
        }
    }
}
