//! Clients that mean harm with compressed messages (RFC 7692).

use std::time::{Duration, Instant};

use robyn_ws::{Compression, prelude::*};
use robyn_ws_tests::{
    BINARY, CLOSE, COMPRESSED, CONTINUATION, Codec, FIN, PING, RawClient, Request, Server, TEXT, frame,
};

use crate::{Fixture, Memory, start_compressing};

/// Compressed, these zeros are some 64 KB.
const BOMB: usize = 64 * 1024 * 1024;

/// The time in which a server must be done with any of these.
const SOON: Duration = Duration::from_secs(30);

const HELLO_FINAL: [u8; 7] = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

async fn start(compression: Compression) -> Fixture {
    start_compressing(Limits::default(), compression, Server::start).await
}

/// Connects a client that has negotiated compression.
async fn raw(fixture: &Fixture) -> RawClient {
    let request = Request::upgrade("/hostile").header("Sec-WebSocket-Extensions", "permessage-deflate");
    let client = request.raw(&fixture.server).await;
    assert!(client.response().header("sec-websocket-extensions").is_some());
    client
}

/// Both kinds of compression.
fn kinds() -> [Compression; 2] {
    [Compression::shared(), Compression::dedicated(100)]
}

/// Checks that another client's message is decompressed as ever.
async fn expect_service(fixture: &Fixture) {
    let mut client = raw(fixture).await;
    let payload = Codec::shared().compress("still here");
    client.send(FIN | COMPRESSED | BINARY, payload).await;
    client.expect(FIN | BINARY, "still here").await;
}

#[tokio::test]
async fn bomb_of_64_mib_in_64_kb_is_too_big_and_takes_little_memory() {
    let bomb = Codec::shared().compress(vec![0; BOMB]);
    assert!(bomb.len() < 70_000, "{}", bomb.len());
    for kind in kinds() {
        let fixture = start(kind).await;
        expect_service(&fixture).await;
        let (memory, begun) = (Memory::now(), Instant::now());
        for _ in 0..20 {
            let mut client = raw(&fixture).await;
            client.send(FIN | COMPRESSED | BINARY, &bomb).await;
            client.expect_close_code(1009).await;
        }
        memory.expect_growth_below(16 * 1024, "20 bombs");
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        expect_service(&fixture).await;
    }
}

#[tokio::test]
async fn bomb_in_one_byte_fragments_is_too_big_and_takes_little_memory() {
    let bomb = Codec::shared().compress(vec![0; BOMB]);
    for kind in kinds() {
        let fixture = start(kind).await;
        expect_service(&fixture).await;
        let (memory, begun) = (Memory::now(), Instant::now());
        let mut client = raw(&fixture).await;
        let (first, rest) = bomb.split_first().expect("it has bytes");
        let mut bytes = frame(COMPRESSED | TEXT, [*first]);
        for byte in rest {
            bytes.extend(frame(CONTINUATION, [*byte]));
        }
        bytes.extend(frame(FIN | CONTINUATION, ""));
        client.send_bytes(&bytes).await;
        client.expect_close_code(1009).await;
        memory.expect_growth_below(16 * 1024, "a bomb in fragments");
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        expect_service(&fixture).await;
    }
}

#[tokio::test]
async fn stored_blocks_without_content_take_bounded_time_and_those_with_content_are_bounded() {
    const EMPTY: [u8; 5] = [0x00, 0x00, 0x00, 0xff, 0xff];
    for kind in kinds() {
        let fixture = start(kind).await;
        expect_service(&fixture).await;
        let (memory, begun) = (Memory::now(), Instant::now());
        let mut client = raw(&fixture).await;
        let mut payload = EMPTY.repeat(200_000);
        payload.push(0);
        client.send(FIN | COMPRESSED | BINARY, &payload).await;
        client.expect(FIN | BINARY, "").await;
        // 17 blocks of 64 KiB less one are more than the limit: the header tells.
        let block = [&[0x00, 0xff, 0xff, 0x00, 0x00][..], &vec![7; 0xffff]].concat();
        client.send(FIN | COMPRESSED | BINARY, block.repeat(17)).await;
        client.expect_close_code(1009).await;
        memory.expect_growth_below(16 * 1024, "stored blocks");
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        expect_service(&fixture).await;
    }
}

#[tokio::test]
async fn final_blocks_without_an_end_take_bounded_time() {
    for kind in kinds() {
        let fixture = start(kind).await;
        let begun = Instant::now();
        let mut client = raw(&fixture).await;
        client
            .send(FIN | COMPRESSED | BINARY, [0x03, 0x00].repeat(500_000))
            .await;
        client.expect_close_code(1007).await;
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        expect_service(&fixture).await;
    }
}

#[tokio::test]
async fn million_empty_compressed_fragments_are_bounded() {
    for kind in kinds() {
        let fixture = start(kind).await;
        expect_service(&fixture).await;
        let (memory, begun) = (Memory::now(), Instant::now());
        let mut client = raw(&fixture).await;
        let some = frame(CONTINUATION, "").repeat(10_000);
        client.send(COMPRESSED | BINARY, "").await;
        for _ in 0..100 {
            client.send_bytes(&some).await;
        }
        client
            .send(FIN | CONTINUATION, Codec::shared().compress("at last"))
            .await;
        client.expect(FIN | BINARY, "at last").await;
        // Those that never end are too many.
        client.send(COMPRESSED | BINARY, "").await;
        client.send_bytes(&frame(CONTINUATION, "").repeat(1024 * 1024)).await;
        client.expect_close_code(1009).await;
        memory.expect_growth_below(24 * 1024, "two million fragments");
        assert!(begun.elapsed() < 2 * SOON, "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn garbage_after_a_final_block_is_invalid() {
    for kind in kinds() {
        let mut fixture = start(kind).await;
        for garbage in [&[0xff; 9][..], &[0x07], &[0x05, 0xff], b"garbage"] {
            let mut client = raw(&fixture).await;
            let payload = [&HELLO_FINAL[..], garbage].concat();
            client.send(FIN | COMPRESSED | BINARY, payload).await;
            let reason = client.expect_close_code(1007).await;
            assert_eq!(reason, "invalid compression of a message (RFC 7692)", "{garbage:x?}");
            fixture.seen.expect("InvalidPayload").await;
        }
        let mut client = raw(&fixture).await;
        let payload = [&HELLO_FINAL[..], &Codec::shared().compress(", and more")].concat();
        client.send(FIN | COMPRESSED | BINARY, payload).await;
        client.expect(FIN | BINARY, "Hello, and more").await;
    }
}

#[tokio::test]
async fn bit_of_compression_where_it_cannot_be_is_a_violation_of_the_protocol() {
    let fixture = start(Compression::shared()).await;
    let payload = Codec::shared().compress("hello");
    for (first, then) in [
        (COMPRESSED | BINARY, COMPRESSED | CONTINUATION),
        (COMPRESSED | BINARY, FIN | COMPRESSED | CONTINUATION),
        (BINARY, FIN | COMPRESSED | CONTINUATION),
        (COMPRESSED | BINARY, FIN | COMPRESSED | PING),
        (BINARY, FIN | COMPRESSED | CLOSE),
    ] {
        let mut client = raw(&fixture).await;
        client.send(first, &payload).await;
        client.send(then, &payload).await;
        client.expect_close_code(1002).await;
    }
    for other_bit in [0x20, 0x10] {
        let mut client = raw(&fixture).await;
        client.send(FIN | COMPRESSED | other_bit | BINARY, &payload).await;
        client.expect_close_code(1002).await;
    }
    let mut without = fixture.raw().await;
    without.send(FIN | COMPRESSED | BINARY, &payload).await;
    without.expect_close_code(1002).await;
}

#[tokio::test]
async fn broken_stream_of_one_client_leaves_nothing_behind_for_the_next() {
    for kind in kinds() {
        let fixture = start(kind).await;
        let whole = Codec::shared().compress("a secret of one client, told again and again and again");
        for end in [1, 2, 5, whole.len() / 2, whole.len() - 2] {
            let mut client = raw(&fixture).await;
            client.send(FIN | COMPRESSED | BINARY, &whole[..end]).await;
            client.send(FIN | COMPRESSED | BINARY, &whole).await;
            client.expect_close_code(1007).await;
            expect_service(&fixture).await;
            // It refers to what the client before has sent.
            let mut thief = raw(&fixture).await;
            thief
                .send(FIN | COMPRESSED | BINARY, [0xf2, 0x00, 0x11, 0x00, 0x00])
                .await;
            thief.expect_close_code(1007).await;
        }
    }
}

#[tokio::test]
async fn noise_as_a_compressed_message_ends_only_its_own_connection() {
    let mut random = fastrand::Rng::with_seed(11);
    for kind in kinds() {
        let fixture = start(kind).await;
        for _ in 0..200 {
            let noise: Vec<u8> = (0..random.usize(1..300)).map(|_| random.u8(..)).collect();
            let mut client = raw(&fixture).await;
            client.send(FIN | COMPRESSED | BINARY, &noise).await;
            client.send(FIN | CLOSE, [0x03, 0xe8]).await;
            // Some noise is valid, or becomes so behind the next.
            let last = client.frames_to_the_end().await.pop().expect("a Close frame");
            assert_eq!(last.0, FIN | CLOSE);
        }
        expect_service(&fixture).await;
    }
}
