//! WebSockets as streams of one HTTP/2 connection, by a client of HTTP/2 that is not ours.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use h2::{
    Reason, RecvStream, SendStream,
    client::{self, SendRequest},
    ext::Protocol,
};
use robyn_ws::axum::http::{self, Method, Response, request};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::JoinHandle,
};

use crate::{Client, Pipe, until, within};

/// As many bytes are sent to a stream before it is read.
const WINDOW: u32 = 64 * 1024;

/// An HTTP/2 connection to a server.
#[derive(Debug)]
pub struct Http2 {
    requests: SendRequest<Bytes>,
    driver: JoinHandle<Result<(), h2::Error>>,
}

impl Http2 {
    /// Begins HTTP/2 on an open connection, and waits until the server has said that it takes WebSockets.
    ///
    /// # Panics
    ///
    /// If the server does not speak HTTP/2.
    pub async fn begin(pipe: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let mut builder = client::Builder::new();
        builder
            .initial_window_size(WINDOW)
            .initial_connection_window_size(1 << 30)
            .initial_max_send_streams(1);
        let handshake = within("the beginning of HTTP/2", builder.handshake(pipe)).await;
        let (requests, connection) = handshake.expect("the server speaks HTTP/2");
        let driver = tokio::spawn(connection);
        let takes_websockets = || requests.is_extended_connect_protocol_enabled() || driver.is_finished();
        until("SETTINGS_ENABLE_CONNECT_PROTOCOL", takes_websockets).await;
        Self { requests, driver }
    }

    /// Returns a request to open a WebSocket.
    pub fn connect(target: &str) -> request::Builder {
        http::Request::builder()
            .method(Method::CONNECT)
            .uri(format!("https://localhost{target}"))
            .header("sec-websocket-version", "13")
            .extension(Protocol::from_static("websocket"))
    }

    /// Sends a request, whose stream stays open, and returns the head of the answer with the stream.
    ///
    /// # Errors
    ///
    /// If the server resets the stream, or ends the connection.
    ///
    /// # Panics
    ///
    /// If the request is not valid.
    pub async fn send(&self, request: request::Builder) -> Result<(Response<()>, Stream), h2::Error> {
        self.send_with(request, false).await
    }

    /// As [`Self::send`], with the end of the request's stream behind its head if `ends`.
    ///
    /// # Errors
    ///
    /// As [`Self::send`].
    ///
    /// # Panics
    ///
    /// As [`Self::send`].
    pub async fn send_with(&self, request: request::Builder, ends: bool) -> Result<(Response<()>, Stream), h2::Error> {
        let request = request.body(()).expect("the request is valid");
        let mut requests = within("a free stream", self.requests.clone().ready()).await?;
        let (answer, send) = requests.send_request(request, ends)?;
        let (head, receive) = within("an answer", answer).await?.into_parts();
        let stream = Stream {
            send,
            receive,
            unread: Bytes::new(),
        };
        Ok((Response::from_parts(head, ()), stream))
    }

    /// Opens a WebSocket at `target`.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    pub async fn open(&self, target: &str) -> Stream {
        let (answer, stream) = self.send(Self::connect(target)).await.expect("an answer");
        assert_eq!(answer.status(), 200, "{answer:?}");
        stream
    }

    /// Connects tungstenite's client to `target`.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    pub async fn client(&self, target: &str) -> Client {
        let (answer, stream) = self.send(Self::connect(target)).await.expect("an answer");
        Client::over_http2(&answer, Box::new(stream)).await
    }

    /// Ends TCP, as a client that crashes.
    pub fn abort(&self) {
        self.driver.abort();
    }

    /// Waits until the connection has ended, and returns how.
    ///
    /// # Panics
    ///
    /// If it does not end in time.
    pub async fn ended(self) -> Result<(), h2::Error> {
        within("the end of HTTP/2", self.driver)
            .await
            .expect("it does not panic")
    }
}

/// One stream.
#[derive(Debug)]
pub struct Stream {
    send: SendStream<Bytes>,
    receive: RecvStream,
    unread: Bytes,
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.unread.is_empty() {
            match ready!(this.receive.poll_data(cx)) {
                Some(Ok(data)) => this.unread = data,
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = this.unread.len().min(buffer.remaining());
        buffer.put_slice(&this.unread[..length]);
        this.unread.advance(length);
        let released = this.receive.flow_control().release_capacity(length);
        Poll::Ready(released.map_err(io::Error::other))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.send.reserve_capacity(bytes.len());
        while this.send.capacity() == 0 {
            match ready!(this.send.poll_capacity(cx)) {
                Some(capacity) => capacity.map_err(io::Error::other)?,
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            };
        }
        let length = this.send.capacity().min(bytes.len());
        let data = Bytes::copy_from_slice(&bytes[..length]);
        let sent = this.send.send_data(data, false);
        Poll::Ready(sent.map(|()| length).map_err(io::Error::other))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = self.get_mut().send.send_data(Bytes::new(), true);
        Poll::Ready(ended.map_err(io::Error::other))
    }
}

impl Pipe for Stream {
    fn reset(&mut self) {
        self.send.send_reset(Reason::CANCEL);
    }
}
