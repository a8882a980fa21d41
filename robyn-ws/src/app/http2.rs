//! HTTP/2 under `App::serve`, whose streams can become connections (RFC 8441).

use std::{pin::pin, sync::Arc, time::Duration};

use hyper::rt::Executor;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{sync::watch, time::sleep};

use crate::{
    app::client::{Client, REQUEST_HEAD, Socket},
    types::limits::Bounds,
};

/// The time that a client has for its answer to GOAWAY.
const GOODBYE: Duration = Duration::from_secs(5);

/// The most bytes of a response that wait for the client's window, for each stream.
const SEND_BUFFER: usize = 64 * 1024;

/// How HTTP/2 is spoken.
#[derive(Debug)]
pub(super) struct Http2 {
    /// Whether clients without TLS can speak it.
    cleartext: bool,
    max_streams: u32,
    stream_window: u32,
    connection_window: u32,
    max_head: u32,
    idle_timeout: Duration,
}

/// Whether the client has chosen HTTP/2 in the handshake of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    #[cfg(feature = "tls")]
    Yes,
    No,
}

impl Http2 {
    pub(super) fn new(cleartext: bool, bounds: &Bounds) -> Self {
        // HTTP/2 counts 32 bytes more for each header.
        let max_head = bounds.max_request_head.saturating_mul(2);
        Self {
            cleartext,
            max_streams: bounds.max_http2_streams,
            stream_window: bounds.max_http2_stream_window,
            connection_window: bounds.max_http2_connection_window,
            max_head: u32::try_from(max_head).unwrap_or(u32::MAX),
            idle_timeout: bounds.http2_idle_timeout,
        }
    }

    pub(super) const fn is_cleartext(&self) -> bool {
        self.cleartext
    }

    /// Serves a client that speaks HTTP/2, or whose first bytes say whether it does.
    pub(super) async fn serve(&self, stream: impl Socket, client: Client, chosen: Chosen) {
        let client = Arc::new(client);
        let streams = Streams::default();
        let mut builder = auto::Builder::new(streams.clone());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(REQUEST_HEAD);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.max_streams)
            .initial_stream_window_size(self.stream_window)
            .initial_connection_window_size(self.connection_window)
            .max_header_list_size(self.max_head)
            .max_send_buf_size(SEND_BUFFER)
            .enable_connect_protocol();
        if chosen != Chosen::No {
            builder = builder.http2_only();
        }
        let http = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), Client::service(client.clone())));
        let idle = |has_left| self.idle(&client, &streams, has_left);
        client
            .drive(http, auto::UpgradeableConnection::graceful_shutdown, idle)
            .await;
    }

    /// Waits until a connection has been without streams for too long.
    async fn idle(&self, client: &Client, streams: &Streams, has_left: bool) {
        let limit = match has_left {
            true => GOODBYE,
            false if client.has_asked() => self.idle_timeout,
            false => self.idle_timeout.min(REQUEST_HEAD),
        };
        streams.idle(limit).await;
    }
}

/// The streams of one connection, counted by their tasks: hyper runs a task for each request until its response is sent,
/// and another one for each WebSocket until it has ended.
#[derive(Clone, Debug)]
struct Streams(watch::Sender<usize>);

impl Default for Streams {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Streams {
    /// Waits until there has been no stream for as long as `limit`.
    async fn idle(&self, limit: Duration) {
        let mut count = self.0.subscribe();
        loop {
            // Neither fails, since this holds a sender.
            let _ = count.wait_for(|count| *count == 0).await;
            tokio::select! {
                () = sleep(limit) => return,
                _ = count.wait_for(|count| *count > 0) => {}
            }
        }
    }
}

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, task: F) {
        let stream = Stream::begin(self);
        tokio::spawn(async move {
            task.await;
            drop(stream);
        });
    }
}

/// A stream, counted until it is dropped.
struct Stream(Streams);

impl Stream {
    fn begin(streams: &Streams) -> Self {
        streams.0.send_modify(|count| *count += 1);
        Self(streams.clone())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}
