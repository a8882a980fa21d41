//! Writes to the socket, counted by the transport.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use robyn_ws::{App, axum, axum::serve::Listener};
use robyn_ws_tests::{FIN, PING, Request, TEXT, frame, within};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf, duplex},
    sync::mpsc,
};

use crate::report::at_most;

/// A transport that counts how often it is written to.
#[derive(Debug)]
struct Counting {
    pipe: DuplexStream,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counting {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Counting {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.pipe).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}

struct Door(mpsc::Receiver<Counting>);

impl Listener for Door {
    type Io = Counting;
    type Addr = ();

    async fn accept(&mut self) -> (Counting, ()) {
        match self.0.recv().await {
            Some(transport) => (transport, ()),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The client's end of a counting transport.
struct Client {
    pipe: DuplexStream,
    writes: Arc<AtomicUsize>,
}

impl Client {
    async fn connect(path: &str) -> Self {
        let router = App::new().build().expect("the app is built").router;
        let (enter, door) = mpsc::channel(1);
        tokio::spawn(async move { axum::serve(Door(door), router).await });
        let (ours, theirs) = duplex(64 * 1024);
        let writes = Arc::new(AtomicUsize::new(0));
        let transport = Counting {
            pipe: theirs,
            writes: writes.clone(),
        };
        enter.send(transport).await.expect("the server listens");
        let mut client = Self { pipe: ours, writes };
        client.upgrade(path).await;
        client
    }

    async fn upgrade(&mut self, path: &str) {
        let request = Request::upgrade(path).to_bytes();
        self.pipe.write_all(&request).await.expect("the server reads");
        let mut response = Vec::new();
        while !response.ends_with(b"\r\n\r\n") {
            let byte = within("the 101", self.pipe.read_u8()).await;
            response.push(byte.expect("the server answers"));
        }
        assert!(response.starts_with(b"HTTP/1.1 101"));
    }

    /// Sends all of `batch` at once, waits for `answers`, and gives in how many writes they came.
    async fn writes_for(&mut self, batch: &[Vec<u8>], answers: &[u8]) -> usize {
        let before = self.writes.load(Ordering::Relaxed);
        self.pipe.write_all(&batch.concat()).await.expect("the server reads");
        let mut received = vec![0; answers.len()];
        let read = within("the answers", self.pipe.read_exact(&mut received)).await;
        read.expect("the server answers");
        assert_eq!(received, answers);
        self.writes.load(Ordering::Relaxed) - before
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are few")]
fn as_counted(writes: usize) -> f64 {
    writes as f64
}

#[tokio::test]
async fn replies_to_all_that_was_read_are_one_write() {
    let mut client = Client::connect("/echo").await;
    let writes = client
        .writes_for(&vec![frame(FIN | TEXT, "hi"); 16], &b"\x81\x02hi".repeat(16))
        .await;
    at_most(1.0, "writes for 16 messages in one read", as_counted(writes));
}

#[tokio::test]
async fn messages_without_replies_are_no_write() {
    let mut client = Client::connect("/quiet").await;
    let mut batches = vec![frame(FIN | TEXT, "say nothing"); 40];
    batches.push(frame(FIN | TEXT, "answer"));
    let writes = client.writes_for(&batches, b"\x81\x08answered").await;
    at_most(
        1.0,
        "writes for 40 messages without a reply and one with",
        as_counted(writes),
    );
}

#[tokio::test]
async fn pongs_and_replies_share_a_write() {
    let mut client = Client::connect("/echo").await;
    let batch = [frame(FIN | TEXT, "hi"), frame(FIN | PING, "!"), frame(FIN | TEXT, "hi")];
    let writes = client.writes_for(&batch, b"\x8a\x01!\x81\x02hi\x81\x02hi").await;
    at_most(1.0, "writes for a ping among messages", as_counted(writes));
}

#[tokio::test]
async fn broadcasts_of_one_batch_are_one_write() {
    let mut client = Client::connect("/fan_out").await;
    let writes = client
        .writes_for(&vec![frame(FIN | TEXT, "hi"); 16], &b"\x81\x02hi".repeat(16))
        .await;
    at_most(1.0, "writes for 16 broadcasts from one read", as_counted(writes));
}
