//! Several publishers at once, and clients that read late.

use std::collections::HashMap;

use robyn_ws::{Compression, prelude::*};
use robyn_ws_tests::{BINARY, COMPRESSED, Codec, FIN, RawClient, Request, Server, until};
use tokio::task::JoinSet;

static PUBLISHERS: SubRouter = SubRouter::new("/publishers");

#[websocket("/", on = "message", router = PUBLISHERS)]
fn message() {}

const PUBLISHED: u32 = 600;
const KEYS: u32 = 3;
const PUBLISHER_COUNT: u32 = 4;

/// A message that does not compress, and begins with its key, its publisher, and the number of its value.
fn value(key: u32, publisher: u32, number: u32, random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = [key, publisher, number].map(u32::to_be_bytes).concat();
    bytes.extend((0..8 * 1024).map(|_| random.u8(..)));
    bytes
}

async fn publish(endpoint: HubEndpoint, publisher: u32) -> usize {
    let mut random = fastrand::Rng::with_seed(publisher.into());
    let mut dropped = 0;
    for number in 0..PUBLISHED {
        let key = random.u32(..KEYS);
        let message = value(key, publisher, number, &mut random);
        let keyed = endpoint.keyed(key.to_string());
        let delivery = if number % 2 == 0 {
            keyed.sync_broadcast(message)
        } else {
            keyed.async_broadcast(message).await
        };
        dropped += delivery.dropped;
        tokio::task::yield_now().await;
    }
    dropped
}

/// What a client has read: the last publisher and number of each key, and how many messages.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    newest: HashMap<u32, (u32, u32)>,
    messages: u32,
}

/// Reads until the end, which is an empty message. The values of each publisher and key have to be in order.
async fn read(mut client: RawClient, mut codec: Option<Codec>) -> Read {
    let (mut read, mut last) = (Read::default(), HashMap::new());
    loop {
        let (first, payload) = client.next().await;
        if first & !COMPRESSED != FIN | BINARY {
            continue;
        }
        let payload = match &mut codec {
            Some(codec) if first & COMPRESSED != 0 => codec.decompress(&payload),
            _ => payload,
        };
        let (words, _) = payload.as_chunks();
        let [key, publisher, number, ..] = *words else {
            return read;
        };
        let [key, publisher, number] = [key, publisher, number].map(u32::from_be_bytes);
        let before = last.insert((key, publisher), number);
        assert!(
            before.is_none_or(|before| before < number),
            "{key} {publisher} {number} after {before:?}"
        );
        read.newest.insert(key, (publisher, number));
        read.messages += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_clients_end_with_the_same_values_however_late_they_read() {
    let app = App::new()
        .include_router(&PUBLISHERS)
        .compression(Compression::dedicated(1));
    let server = Server::start(app).await;
    let endpoint = server.hub().endpoint("/publishers");
    let compressing = || Request::upgrade("/publishers").header("Sec-WebSocket-Extensions", "permessage-deflate");
    let mut late = vec![
        (compressing().raw(&server).await, Some(Codec::with_context())),
        (compressing().raw(&server).await, Some(Codec::shared())),
    ];
    let mut readers = JoinSet::new();
    for _ in 0..2 {
        late.push((server.raw("/publishers").await, None));
        readers.spawn(read(server.raw("/publishers").await, None));
    }
    until("all to be there", || endpoint.count() == 6).await;
    let publishers: JoinSet<usize> = (0..PUBLISHER_COUNT)
        .map(|publisher| publish(endpoint.clone(), publisher))
        .collect();
    let dropped: usize = publishers.join_all().await.into_iter().sum();
    assert_eq!((dropped, endpoint.count()), (0, 6), "nobody is too slow for a few keys");
    assert!(endpoint.counters().messages_replaced > 0);
    endpoint.async_broadcast(Vec::new()).await;
    for (client, codec) in late {
        readers.spawn(read(client, codec));
    }
    let all = readers.join_all().await;
    let first = &all[0];
    assert_eq!(first.newest.len(), KEYS as usize);
    for client in &all {
        assert_eq!(client.newest, first.newest);
        assert!(client.messages <= PUBLISHED * PUBLISHER_COUNT);
    }
}
