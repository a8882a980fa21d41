//! A socket that is not plain TCP: TLS, a stream of HTTP/2, or the memory of a test.

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::BytesMut;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
#[cfg(feature = "tls")]
use tokio::net::TcpStream;
#[cfg(feature = "tls")]
use tokio_rustls::server::TlsStream;

use crate::util::sync::Mutex;
#[cfg(feature = "tls")]
use crate::wire::tcp;
#[cfg(feature = "http2")]
use crate::wire::write_task::WriteTask;

/// The most bytes of one write. Such a socket has a buffer of its own, and its progress is only seen between two writes. A
/// record of TLS has as many.
pub(super) const WRITE: usize = 16 * 1024;

/// The most bytes read ahead of a connection that does not read, to see whether its socket has ended.
const AHEAD: usize = 16 * 1024;

/// The most bytes of one such read.
const READ: usize = 2 * 1024;

/// A socket that both halves of a connection share.
#[derive(Clone, Debug)]
pub(crate) struct Tunnel(Arc<Mutex<Socket>>);

#[derive(Debug)]
enum Socket {
    /// TLS over TCP. Boxed, because a stream of HTTP/2 is much smaller.
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream<TcpStream>>),
    Boxed(Boxed),
}

/// A socket in hyper's box. Its end can only be seen by reading up to it.
#[derive(Debug)]
struct Boxed {
    /// Dropped before the socket, whose end would look like one in order.
    #[cfg(feature = "http2")]
    _write_task: Option<WriteTask>,
    /// Dropped once the peer has reset it: its unread bytes would take up the window that it shares with other streams.
    upgraded: Option<TokioIo<Upgraded>>,
    /// Bytes read while nobody wanted them. Empty in most connections.
    ahead: BytesMut,
    has_ended: bool,
}

impl Tunnel {
    pub(crate) fn boxed(upgraded: Upgraded, #[cfg(feature = "http2")] write_task: Option<WriteTask>) -> Self {
        Self(Arc::new(Mutex::new(Socket::Boxed(Boxed {
            #[cfg(feature = "http2")]
            _write_task: write_task,
            upgraded: Some(TokioIo::new(upgraded)),
            ahead: BytesMut::new(),
            has_ended: false,
        }))))
    }

    #[cfg(feature = "tls")]
    pub(crate) fn tls(stream: TlsStream<TcpStream>) -> Self {
        Self(Arc::new(Mutex::new(Socket::Tls(Box::new(stream)))))
    }

    /// Returns `true` if the peer has closed or reset the socket while it is not read. Behind more than [`AHEAD`] unread
    /// bytes, the end of a box is not seen, but its reset is.
    pub(crate) fn is_ended_by_peer(&self, cx: &mut Context<'_>) -> bool {
        match &mut *self.0.lock() {
            #[cfg(feature = "tls")]
            Socket::Tls(stream) => tcp::is_closed(stream.get_ref().0),
            Socket::Boxed(boxed) => boxed.is_ended_by_peer(cx),
        }
    }

    /// Writes once, up to [`WRITE`] bytes.
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let bytes = &bytes[..bytes.len().min(WRITE)];
        match &mut *self.0.lock() {
            #[cfg(feature = "tls")]
            Socket::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            Socket::Boxed(boxed) => Pin::new(boxed.open()?).poll_write(cx, bytes),
        }
    }

    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.0.lock() {
            #[cfg(feature = "tls")]
            Socket::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Socket::Boxed(boxed) => Pin::new(boxed.open()?).poll_flush(cx),
        }
    }

    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.0.lock() {
            #[cfg(feature = "tls")]
            Socket::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Socket::Boxed(boxed) => Pin::new(boxed.open()?).poll_shutdown(cx),
        }
    }
}

impl AsyncRead for Tunnel {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut *self.0.lock() {
            #[cfg(feature = "tls")]
            Socket::Tls(stream) => Pin::new(stream).poll_read(cx, buffer).map(end_of_tcp_is_an_end),
            Socket::Boxed(boxed) => boxed.poll_read(cx, buffer),
        }
    }
}

impl Boxed {
    fn open(&mut self) -> io::Result<&mut TokioIo<Upgraded>> {
        self.upgraded.as_mut().ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    fn is_ended_by_peer(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(upgraded) = &mut self.upgraded else {
            return true;
        };
        // A stream of HTTP/2 that is reset can no longer be written.
        if matches!(Pin::new(&mut *upgraded).poll_flush(cx), Poll::Ready(Err(_))) {
            self.upgraded = None;
            self.has_ended = true;
            return true;
        }
        while !self.has_ended && self.ahead.len() < AHEAD {
            let mut bytes = [MaybeUninit::uninit(); READ];
            let mut read = ReadBuf::uninit(&mut bytes);
            match Pin::new(&mut *upgraded).poll_read(cx, &mut read) {
                Poll::Pending => return false,
                Poll::Ready(Ok(())) if !read.filled().is_empty() => self.ahead.extend_from_slice(read.filled()),
                Poll::Ready(_) => self.has_ended = true,
            }
        }
        self.has_ended
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(&self.ahead.split_to(length));
            if self.ahead.is_empty() {
                self.ahead = BytesMut::new();
            }
            return Poll::Ready(Ok(()));
        }
        if self.has_ended {
            return Poll::Ready(Ok(()));
        }
        Pin::new(self.open()?).poll_read(cx, buffer)
    }
}

/// Many clients end TCP without the closure alert of TLS. That cuts off no message unseen: a Close frame ends a WebSocket.
#[cfg(feature = "tls")]
fn end_of_tcp_is_an_end(read: io::Result<()>) -> io::Result<()> {
    match read {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
        read => read,
    }
}
