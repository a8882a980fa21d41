use std::time::Instant;

use flate2::{Decompress, FlushDecompress, Status};
use robyn_ws::{Compression, prelude::*};
use robyn_ws_tests::{BINARY, CLOSE, COMPRESSED, Codec, FIN, PATIENCE, TEXT, close_payload, until};

use super::support::{Compressing, json, noise, start, start_with};

#[tokio::test]
async fn repeated_message_becomes_much_shorter_with_a_context() {
    let server = start(Compression::dedicated(1)).await;
    let mut client = Compressing::with_context(&server).await;
    assert_eq!(client.answer.as_deref(), Some("permessage-deflate"));
    let text = json(2000);
    let mut sizes = Vec::new();
    for _ in 0..5 {
        client.send(&text).await;
        sizes.push(client.expect(&text).await.expect("it is compressed"));
    }
    assert!(sizes[1..].iter().all(|size| size * 4 < sizes[0]), "{sizes:?}");
}

#[tokio::test]
async fn connections_beyond_the_contexts_share_and_get_one_when_it_is_free() {
    let server = start(Compression::dedicated(1)).await;
    let mut first = Compressing::with_context(&server).await;
    let second = Compressing::shared(&server).await;
    let answer = second.answer.as_deref().expect("it is accepted");
    assert!(answer.contains("server_no_context_takeover") && answer.contains("client_no_context_takeover"));
    first.raw.send(FIN | CLOSE, close_payload(1000, "")).await;
    first.raw.expect_close_code(1000).await;
    first.raw.expect_end().await;
    drop(first);
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let third = Compressing::with_context(&server).await;
        if third.answer.as_deref() == Some("permessage-deflate") {
            return;
        }
    }
    panic!("the context of the first connection is not free");
}

#[tokio::test]
async fn client_without_a_context_of_its_own_can_have_one_of_ours() {
    let server = start(Compression::dedicated(2)).await;
    for (offer, ours, theirs) in [
        ("permessage-deflate; client_no_context_takeover", true, false),
        ("permessage-deflate; server_no_context_takeover", false, true),
    ] {
        let mut client = Compressing::offering(&server, offer, Codec::with_context()).await;
        assert_eq!(client.answer.as_deref(), Some(offer));
        let text = json(2000);
        let mut sizes = Vec::new();
        for _ in 0..3 {
            if theirs {
                client.send(&text).await;
            } else {
                // The codec keeps what it has received, and forgets what it has sent.
                let payload = Codec::shared().compress(&text);
                client.raw.send(FIN | COMPRESSED | TEXT, payload).await;
            }
            sizes.push(client.expect(&text).await.expect("it is compressed"));
        }
        assert_eq!(sizes[2] * 4 < sizes[0], ours, "{sizes:?}");
    }
}

#[tokio::test]
async fn broadcasts_to_connections_with_and_without_contexts_are_right_for_each() {
    let server = start(Compression::dedicated(3)).await;
    let (mut clients, mut plain) = (Vec::new(), server.connect("/compressing").await);
    for _ in 0..3 {
        clients.push(Compressing::with_context(&server).await);
    }
    for _ in 0..3 {
        clients.push(Compressing::shared(&server).await);
    }
    let endpoint = server.hub().endpoint("/compressing");
    until("all to be there", || endpoint.count() == 7).await;
    for round in 0..30 {
        let text = match round % 5 {
            4 => json(300 * 1024),
            3 => "short".to_owned(),
            _ => json(1000 + round),
        };
        let bytes = noise(500);
        assert_eq!(endpoint.sync_broadcast(&*text).queued, 7);
        endpoint.sync_broadcast(&*bytes);
        plain.expect(text.clone()).await;
        plain.expect(bytes.clone()).await;
        for client in &mut clients {
            client.expect(&text).await;
            client.expect_bytes(&bytes).await;
        }
    }
}

#[tokio::test]
async fn context_survives_messages_that_the_overflow_policy_drops() {
    let limits = Limits::default()
        .max_outbound_messages(4)
        .overflow(Overflow::DropOldest);
    let server = start_with(Compression::dedicated(1), limits).await;
    let mut client = Compressing::with_context(&server).await;
    let endpoint = server.hub().endpoint("/compressing");
    until("it to be there", || endpoint.count() == 1).await;
    let mut expected = 0;
    for _ in 0..20 {
        // Nobody else runs meanwhile, so that nothing is written.
        for _ in 0..10 {
            endpoint.sync_broadcast(json(1000 + expected));
            expected += 1;
        }
        for number in expected - 4..expected {
            assert!(client.expect(&json(1000 + number)).await.is_some());
        }
    }
}

#[tokio::test]
async fn truncated_message_is_invalid_with_a_context_as_without() {
    // Of each kind of block: stored, of fixed codes, of dynamic ones.
    let stored = [&[0x00, 0x05, 0x00, 0xfa, 0xff][..], b"Hello", &[0x00]].concat();
    let fixed = vec![0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let dynamic = Codec::shared().compress(json(2000));
    let in_two = [&dynamic[..], &[0x00, 0x00, 0xff, 0xff], &fixed].concat();
    for compression in [Compression::shared(), Compression::dedicated(1)] {
        for whole in [&stored, &fixed, &dynamic, &in_two] {
            let step = 1.max(whole.len() / 20);
            let ends = (1..whole.len()).step_by(step).chain([whole.len() - 2, whole.len() - 1]);
            for end in ends {
                let truncated = &whole[..end];
                if is_whole(truncated) {
                    continue;
                }
                let server = start(compression.clone()).await;
                let mut client = Compressing::with_context(&server).await;
                client.raw.send(FIN | COMPRESSED | BINARY, truncated).await;
                let reason = client.raw.expect_close_code(1007).await;
                assert_eq!(reason, "invalid compression of a message (RFC 7692)", "{truncated:x?}");
            }
        }
    }
}

/// Returns `true` if a payload is whole by the rule of RFC 7692 section 7.2.2: with the end that its sender leaves out, and
/// a final block behind it, it is a whole stream.
fn is_whole(payload: &[u8]) -> bool {
    let stream = [payload, &[0x00, 0x00, 0xff, 0xff, 0x03, 0x00]].concat();
    let mut decompress = Decompress::new(false);
    let status = decompress.decompress_vec(&stream, &mut Vec::with_capacity(1 << 20), FlushDecompress::Finish);
    matches!(status, Ok(Status::StreamEnd)) && decompress.total_in() == stream.len() as u64
}
