//! Compressed messages at the end of a connection.

use std::time::{Duration, Instant};

use robyn_ws::{Compression, ConnectionId, prelude::*};
use robyn_ws_tests::{BINARY, COMPRESSED, Codec, FIN, Server, TEXT, until};

use super::support::{Compressing, start_with};

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
