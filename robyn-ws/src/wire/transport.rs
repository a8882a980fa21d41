//! The socket under a connection: plain TCP where it is that, anything else behind hyper's box.

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
#[cfg(any(target_os = "android", target_os = "linux"))]
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncReadExt, Interest, ReadBuf, ReadHalf},
    net::{TcpStream, tcp::OwnedReadHalf},
};

use crate::wire::writer::{FrameWriter, WriteSide};

/// How many bytes the system may keep that it cannot send, as the peer's window is closed. It would keep megabytes, and a
/// peer that takes bytes slowly could not be told from one that takes none until a third of them is gone.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNSENT: u32 = 16 * 1024;

/// A socket that the HTTP server has handed over.
#[derive(Debug)]
pub(crate) struct Switched {
    pub(crate) upgraded: Upgraded,
    /// Whether it came later than with the 101. If TCP has ended by then, that may be why it came.
    pub(crate) is_late: bool,
}

/// An upgraded socket, in the parts that live in different places.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) read: ReadSide,
    pub(crate) writer: FrameWriter,
    /// What was read behind the request.
    pub(crate) unread: Bytes,
}

/// The half that the driver reads.
#[derive(Debug)]
pub(crate) enum ReadSide {
    /// The common case, without hyper's box and the buffer it keeps.
    Tcp(OwnedReadHalf),
    /// TLS, HTTP/2, or a test's memory.
    Other(ReadHalf<TokioIo<Upgraded>>),
}

impl Transport {
    /// Unwraps the socket.
    pub(crate) fn new(upgraded: Upgraded) -> Self {
        let upgraded = match hyper_util::server::conn::auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded) {
            Ok(parts) => return Self::tcp(parts.io.into_inner(), &parts.read_buf),
            Err(upgraded) => upgraded,
        };
        match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => Self::tcp(parts.io.into_inner(), &parts.read_buf),
            Err(upgraded) => {
                let (read, write) = tokio::io::split(TokioIo::new(upgraded));
                Self {
                    read: ReadSide::Other(read),
                    writer: FrameWriter::new(WriteSide::Other(write)),
                    unread: Bytes::new(),
                }
            }
        }
    }

    /// Returns `true` if the peer has ended TCP and sent nothing before.
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
        #[cfg(any(target_os = "android", target_os = "linux"))]
        tune(&SockRef::from(&stream));
        #[cfg(not(any(target_os = "android", target_os = "linux")))]
        let _ = stream.set_nodelay(true); // A socket that refuses works all the same.
        let (read, write) = stream.into_split();
        Self {
            read: ReadSide::Tcp(read),
            writer: FrameWriter::new(WriteSide::Tcp(write)),
            // Copied, since even an empty slice keeps the HTTP server's whole buffer.
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

    /// Returns `true` if the peer has ended TCP, in order or not. It is asked without reading, which only plain TCP can
    /// tell.
    pub(crate) fn is_ended_by_peer(&self) -> bool {
        match self {
            Self::Tcp(half) => match half.ready(Interest::READABLE).now_or_never() {
                Some(Ok(ready)) => ready.is_read_closed(),
                Some(Err(_)) => true,
                None => false,
            },
            Self::Other(_) => false,
        }
    }
}

impl AsyncRead for ReadSide {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_read(cx, buffer),
            Self::Other(half) => Pin::new(half).poll_read(cx, buffer),
        }
    }
}

/// Sets what suits a connection, unless the socket has inherited it from a listener that was tuned: each call costs as
/// much as a part of the handshake. A socket that refuses works all the same.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub(crate) fn tune(socket: &SockRef<'_>) {
    if socket.tcp_notsent_lowat().ok() != Some(UNSENT) {
        // A frame is written whole, so waiting for more of it only adds delay.
        let _ = socket.set_tcp_nodelay(true);
        let _ = socket.set_tcp_notsent_lowat(UNSENT);
    }
}
