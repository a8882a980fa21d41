//! Compression at the end of a connection, and where it takes longer than a client may be waited for.

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

use robyn_ws::{Compression, ConnectionId, prelude::*};
use robyn_ws_tests::{BINARY, COMPRESSED, Codec, FIN, PING, PONG, Server, TEXT, until};
use tokio::{runtime::Builder, task::spawn_blocking};

use super::support::{Compressing, json, start, start_with};

#[tokio::test]
async fn message_behind_our_close_is_discarded_whatever_it_is() {
    const CLOSE_TIMEOUT: Duration = Duration::from_millis(300);
    let bomb = Codec::shared().compress(vec![0; 4 << 20]);
    let not_text = Codec::shared().compress(b"\xff");
    for compression in [Compression::shared(), Compression::dedicated(1)] {
        let limits = Limits::default().close_timeout(CLOSE_TIMEOUT);
        for (opcode, payload) in [(BINARY, &[0xff; 20][..]), (BINARY, &bomb), (TEXT, &not_text)] {
            let server = start_with(compression.clone(), limits.clone()).await;
            let mut client = Compressing::with_context(&server).await;
            let id = the_only_one(&server).await;
            let begun = Instant::now();
            let closing = server.hub().endpoint("/compressing").close(id);
            closing.expect("it is connected");
            client.raw.expect_close_code(1000).await;
            client.raw.send(FIN | COMPRESSED | opcode, payload).await;
            // It does not stand in for the client's Close.
            client.raw.expect_end().await;
            assert!(begun.elapsed() >= CLOSE_TIMEOUT, "{:?}", begun.elapsed());
        }
    }
}

async fn the_only_one(server: &Server) -> ConnectionId {
    let endpoint = server.hub().endpoint("/compressing");
    until("the client to be there", || endpoint.count() == 1).await;
    endpoint.ids()[0]
}

#[test]
fn long_message_needs_no_free_thread_of_the_runtime() {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build();
    runtime.expect("a runtime").block_on(async {
        let (free, freed) = mpsc::sync_channel::<()>(0);
        let busy = spawn_blocking(move || freed.recv());
        for compression in [Compression::shared(), Compression::dedicated(1)] {
            let server = start(compression).await;
            let mut client = Compressing::with_context(&server).await;
            let text = json(300 * 1024);
            client.send(&text).await;
            assert!(client.expect(&text).await.is_some());
        }
        drop(free);
        let _freed = busy.await; // An error is the end of the channel.
    });
}

/// Time without progress after which a client is too slow. Compressing takes longer.
const SEND_TIMEOUT: Duration = Duration::from_millis(20);

/// A client to which a long message is on its way, which is compressed as slowly as can be.
struct Awaiting {
    server: Server,
    client: Compressing,
    id: ConnectionId,
    text: String,
}

async fn start_slowly(compression: Compression) -> Awaiting {
    let limits = Limits::default().send_timeout(SEND_TIMEOUT);
    let server = start_with(compression.level(9), limits).await;
    let client = Compressing::with_context(&server).await;
    let (id, text) = (the_only_one(&server).await, json(4 << 20));
    let sent = server.hub().endpoint("/compressing").sync_send_to(id, &*text);
    sent.expect("the queue is empty");
    Awaiting {
        server,
        client,
        id,
        text,
    }
}

#[tokio::test]
async fn long_message_and_the_close_behind_it_arrive_however_long_it_is_compressed() {
    for compression in [Compression::shared(), Compression::dedicated(1)] {
        let Awaiting {
            server,
            mut client,
            id,
            text,
        } = start_slowly(compression).await;
        let closing = server.hub().endpoint("/compressing").close(id);
        closing.expect("it is connected");
        assert!(client.expect(&text).await.is_some());
        client.raw.expect_close_code(1000).await;
    }
}

#[tokio::test]
async fn client_is_not_too_slow_for_replies_while_a_long_message_is_compressed() {
    for compression in [Compression::shared(), Compression::dedicated(1)] {
        let Awaiting {
            server: _server,
            mut client,
            text,
            ..
        } = start_slowly(compression).await;
        client.send("one").await;
        client.send("another").await;
        assert!(client.expect(&text).await.is_some());
        client.expect("one").await;
        client.expect("another").await;
    }
}

#[tokio::test]
async fn waiting_send_does_not_time_out_while_a_long_message_is_compressed() {
    for compression in [Compression::shared(), Compression::dedicated(1)] {
        let Awaiting {
            server,
            mut client,
            id,
            text,
        } = start_slowly(compression).await;
        let endpoint = server.hub().endpoint("/compressing");
        let sending = async {
            endpoint.async_send_to(id, "behind").await.expect("there is time");
        };
        let receiving = async {
            assert!(client.expect(&text).await.is_some());
            client.expect("behind").await;
        };
        tokio::join!(sending, receiving);
    }
}

#[tokio::test]
async fn pings_are_answered_while_a_long_message_is_compressed() {
    for compression in [Compression::shared(), Compression::dedicated(1)] {
        let Awaiting {
            server: _server,
            mut client,
            text,
            ..
        } = start_slowly(compression).await;
        client.raw.send(FIN | PING, "still there?").await;
        client.raw.expect(FIN | PONG, "still there?").await;
        assert!(client.expect(&text).await.is_some());
    }
}
