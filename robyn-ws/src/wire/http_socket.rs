//! A socket on which HTTP is spoken.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::{Id, try_id},
    time::{Sleep, sleep},
};

/// A socket on which HTTP is spoken. Its first bytes may have been read already, and its writes fail if the peer takes no
/// bytes for too long.
#[derive(Debug)]
pub(crate) struct HttpSocket<S> {
    socket: S,
    /// Bytes that were read to see which version the client speaks.
    ahead: Bytes,
    write_timeout: Option<Duration>,
    /// The end of the timeout, while a write waits.
    expiry: Option<Pin<Box<Sleep>>>,
    /// The task that speaks HTTP. After an upgrade, another one writes, whose limits are those of a connection.
    task: Option<Id>,
}

impl<S> HttpSocket<S> {
    /// Wraps a socket in the task that speaks HTTP.
    pub(crate) fn new(socket: S, ahead: Bytes, write_timeout: Option<Duration>) -> Self {
        Self {
            socket,
            ahead,
            write_timeout,
            expiry: None,
            task: try_id(),
        }
    }

    /// Returns the socket after an upgrade. The head of the request was longer than the bytes that were read ahead.
    pub(crate) fn into_inner(self) -> S {
        debug_assert!(self.ahead.is_empty(), "the request has used up what was read ahead");
        self.socket
    }

    /// Returns the outcome of a write, unless it has waited for too long.
    fn in_time<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let Some(limit) = self.write_timeout.filter(|_| written.is_pending()) else {
            self.expiry = None;
            return written;
        };
        if self.task != try_id() {
            return written;
        }
        let expiry = self.expiry.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(expiry.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HttpSocket<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.ahead.has_remaining() {
            let length = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(&self.ahead.split_to(length));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HttpSocket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.in_time(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, pieces);
        self.in_time(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        self.in_time(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.socket).poll_shutdown(cx);
        self.in_time(cx, ended)
    }
}
