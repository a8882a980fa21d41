//! HTTP/2 under `App::serve`, whose streams can become connections (RFC 8441).

mod answers;
mod streams;

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::{
    server::conn::http2,
    service::{Service as _, service_fn},
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{io::AsyncReadExt, time::timeout};

use crate::{
    app::{
        client::{Client, REQUEST_HEAD, Socket},
        http2::{answers::Pieces, streams::Streams},
    },
    types::limits::Bounds,
    wire::http_socket::HttpSocket,
};

/// The first bytes of HTTP/2 (RFC 9113 section 3.4), and of no request of HTTP/1.1.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The time that a client without streams has for its answer to the PING behind GOAWAY, before its connection is dropped.
const GOODBYE: Duration = Duration::from_millis(500);

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
    send_timeout: Duration,
    heartbeat_interval: Option<Duration>,
    /// The most heartbeats in a row that a client may miss.
    missed_heartbeats: u32,
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
            send_timeout: bounds.send_timeout,
            heartbeat_interval: bounds.heartbeat_interval,
            missed_heartbeats: bounds.max_missed_heartbeats,
        }
    }

    pub(super) const fn is_cleartext(&self) -> bool {
        self.cleartext
    }

    /// Serves a client that speaks HTTP/2, of which the first bytes may have been read.
    pub(super) async fn serve(&self, stream: impl Socket, ahead: Bytes, client: Client) {
        let client = &Arc::new(client);
        let streams = &Streams::new(self.send_timeout);
        // A client that takes no bytes of TCP gets no heartbeats either.
        let lost_after = self
            .heartbeat_interval
            .map(|interval| interval.saturating_mul(self.missed_heartbeats));
        let socket = HttpSocket::new(stream, ahead, lost_after);
        let answers = Client::service(client.clone());
        let service = service_fn(move |request| {
            let answer = answers.call(request);
            async move { Ok::<_, Infallible>(answer.await?.map(Pieces::of)) }
        });
        let interval = self.heartbeat_interval.unwrap_or_default();
        let http = http2::Builder::new(streams.clone())
            .timer(TokioTimer::new())
            // A silent client is pinged after the first interval, and must have answered by the last, as over WebSocket.
            .keep_alive_interval(self.heartbeat_interval)
            .keep_alive_timeout(interval.saturating_mul(self.missed_heartbeats - 1))
            .max_concurrent_streams(self.max_streams)
            .initial_stream_window_size(self.stream_window)
            .initial_connection_window_size(self.connection_window)
            .max_header_list_size(self.max_head)
            .max_send_buf_size(SEND_BUFFER)
            .enable_connect_protocol()
            .serve_connection(TokioIo::new(socket), service);
        let idle = |has_left| streams.idle(move || self.idle_limit(client, has_left));
        client
            .drive(pin!(http), http2::Connection::graceful_shutdown, idle)
            .await;
    }

    /// Returns how long a connection may be without streams.
    fn idle_limit(&self, client: &Client, has_left: bool) -> Duration {
        match has_left {
            true => GOODBYE,
            false if client.has_asked() => self.idle_timeout,
            false => self.idle_timeout.min(REQUEST_HEAD),
        }
    }
}

/// Reads the first bytes of a client without TLS, until they say whether it speaks HTTP/2. Returns `None` if it says too
/// little for too long.
pub(super) async fn first_bytes(stream: &mut impl Socket) -> Option<Bytes> {
    let mut bytes = [0; PREFACE.len()];
    let mut length = 0;
    let reading = async {
        while length < PREFACE.len() && PREFACE.starts_with(&bytes[..length]) {
            match stream.read(&mut bytes[length..]).await {
                Ok(0) | Err(_) => return None,
                Ok(read) => length += read,
            }
        }
        Some(Bytes::copy_from_slice(&bytes[..length]))
    };
    timeout(REQUEST_HEAD, reading).await.ok().flatten()
}

/// Returns `true` if a client begins to speak HTTP/2 with these bytes.
pub(super) fn begins_with(first_bytes: &[u8]) -> bool {
    first_bytes == PREFACE
}
