//! The socket of a connection: plain TCP, or any other socket in hyper's box.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::FutureExt;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt, ReadBuf},
    net::{TcpStream, tcp::OwnedReadHalf},
};
#[cfg(feature = "tls")]
use tokio_rustls::server::TlsStream;

#[cfg(feature = "http2")]
use crate::wire::write_task::WriteTask;
use crate::wire::{
    http_socket::HttpSocket,
    tcp,
    tunnel::Tunnel,
    writer::{FrameWriter, WriteSide},
};

/// A socket that the HTTP server has handed over after the 101.
#[derive(Debug)]
pub(crate) struct Switched {
    pub(crate) upgraded: Upgraded,
    /// Whether the handover came after the 101 was sent. If TCP has ended by then, its end may have caused the
    /// handover.
    pub(crate) is_late: bool,
    #[cfg(feature = "http2")]
    pub(crate) write_task: Option<WriteTask>,
}

/// An upgraded socket, in two halves.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) read: ReadSide,
    pub(crate) writer: FrameWriter,
    /// Bytes received after the request.
    pub(crate) unread: Bytes,
}

/// The socket that the driver reads.
#[derive(Debug)]
pub(crate) enum ReadSide {
    /// The common case. It needs neither hyper's box nor its buffer.
    Tcp(OwnedReadHalf),
    /// TLS, HTTP/2, or the memory of a test.
    Other(Tunnel),
}

impl Transport {
    /// Unwraps the socket.
    pub(crate) fn new(switched: Switched) -> Self {
        let upgraded = switched.upgraded;
        // That of `App::serve` first.
        let upgraded = match upgraded.downcast::<TokioIo<HttpSocket<TcpStream>>>() {
            Ok(parts) => return Self::tcp(parts.io.into_inner().into_inner(), &parts.read_buf),
            Err(upgraded) => upgraded,
        };
        #[cfg(feature = "tls")]
        let upgraded = match upgraded.downcast::<TokioIo<HttpSocket<TlsStream<TcpStream>>>>() {
            Ok(parts) => return Self::other(Tunnel::tls(parts.io.into_inner().into_inner()), &parts.read_buf),
            Err(upgraded) => upgraded,
        };
        let upgraded = match hyper_util::server::conn::auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded) {
            Ok(parts) => return Self::tcp(parts.io.into_inner(), &parts.read_buf),
            Err(upgraded) => upgraded,
        };
        let upgraded = match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => return Self::tcp(parts.io.into_inner(), &parts.read_buf),
            Err(upgraded) => upgraded,
        };
        #[cfg(feature = "tls")]
        let upgraded = match upgraded.downcast::<TokioIo<TlsStream<TcpStream>>>() {
            Ok(parts) => return Self::other(Tunnel::tls(parts.io.into_inner()), &parts.read_buf),
            Err(upgraded) => upgraded,
        };
        let tunnel = Tunnel::boxed(
            upgraded,
            #[cfg(feature = "http2")]
            switched.write_task,
        );
        Self::other(tunnel, &Bytes::new())
    }

    fn other(tunnel: Tunnel, read_ahead: &Bytes) -> Self {
        Self {
            read: ReadSide::Other(tunnel.clone()),
            writer: FrameWriter::new(WriteSide::Other(tunnel)),
            unread: Bytes::copy_from_slice(read_ahead),
        }
    }

    /// Returns `true` if the peer has ended TCP without sending a byte.
    pub(crate) fn has_ended(&mut self) -> bool {
        if !self.unread.is_empty() {
            return false;
        }
        let mut first = [0];
        match self.read.read(&mut first).now_or_never() {
            Some(Ok(0) | Err(_)) => true,
            Some(Ok(_)) => {
                self.unread = Bytes::copy_from_slice(&first);
                false
            }
            None => false,
        }
    }

    fn tcp(stream: TcpStream, read_ahead: &Bytes) -> Self {
        tcp::tune_stream(&stream);
        let (read, write) = stream.into_split();
        Self {
            read: ReadSide::Tcp(read),
            writer: FrameWriter::new(WriteSide::Tcp(write)),
            // Copied, because even an empty slice keeps the whole buffer of the HTTP server.
            unread: Bytes::copy_from_slice(read_ahead),
        }
    }
}

impl ReadSide {
    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(half) => half.peer_addr().ok(),
            Self::Other(_) => None,
        }
    }

    /// Returns `true` if the peer has closed or reset the socket while it is not read.
    pub(crate) fn is_ended_by_peer(&self, cx: &mut Context<'_>) -> bool {
        match self {
            Self::Tcp(half) => tcp::is_closed(half.as_ref()),
            Self::Other(tunnel) => tunnel.is_ended_by_peer(cx),
        }
    }
}

impl AsyncRead for ReadSide {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_read(cx, buffer),
            Self::Other(tunnel) => Pin::new(tunnel).poll_read(cx, buffer),
        }
    }
}
