//! The socket: reads through tungstenite, writes encoded frames, many at once.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{self, IoSlice, Read, Write},
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::{
    self, Error,
    protocol::{Role, WebSocketConfig, WebSocketContext, frame::coding::CloseCode},
};

use crate::{Message, connection::transport::Transport, frame::Frame, limits::Bounds};

/// How much one read can take. Every thread has one such buffer, instead of every connection.
const SCRATCH: usize = 64 * 1024;

/// How many pieces one write takes; the kernel's own bound is 1024.
const PIECES: usize = 64;

/// How many frames are written together: each has at most two pieces.
pub(crate) const FRAMES_PER_WRITE: usize = PIECES / 2;

/// What tungstenite says, with [`CloseCode::Protocol`], in place of a close code that must not be sent.
const BAD_CLOSE_CODE: &str = "Protocol violation";

thread_local! {
    static READ_BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What a peer sent.
#[derive(Debug)]
pub(crate) enum Received {
    Message(Message),
    Ping(Bytes),
    Pong,
    Close { code: Option<u16>, reason: String },
}

/// Why nothing more can be read.
#[derive(Debug)]
pub(crate) enum ReadEnd {
    /// TCP ended, in order or not.
    Lost,
    TooBig,
    InvalidUtf8,
    Protocol(String),
}

/// One connection's socket.
#[derive(Debug)]
pub(crate) struct Wire {
    transport: Transport,
    decoder: WebSocketContext,
    /// Read from the socket and not decoded yet.
    unread: Bytes,
    /// Whether the decoder may hold whole frames that nobody had room for.
    decoder_holds_frames: bool,
    writing: VecDeque<Bytes>,
}

impl Wire {
    pub(crate) fn new(transport: Transport, unread: Bytes, bounds: &Bounds) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(bounds.read_buffer)
            // The decoder's own answers are thrown away, see `Source`.
            .write_buffer_size(0)
            .max_message_size(Some(bounds.max_message_size))
            .max_frame_size(Some(bounds.max_frame_size));
        Self {
            transport,
            decoder: WebSocketContext::new(Role::Server, Some(config)),
            unread,
            decoder_holds_frames: true,
            writing: VecDeque::new(),
        }
    }

    pub(crate) fn peer_addr(&self) -> Option<std::net::SocketAddr> {
        self.transport.peer_addr()
    }

    // ---- reading --------------------------------------------------------------------------------------------------

    /// Gives what was received to `each`, until it breaks. Pending means that the socket has no more for now.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        each: &mut impl FnMut(Received) -> ControlFlow<()>,
    ) -> Poll<Result<(), ReadEnd>> {
        loop {
            if self.decoder_holds_frames || !self.unread.is_empty() {
                let mut source = Source(&self.unread);
                let decoded = decode(&mut self.decoder, &mut source, each);
                let left = source.0.len();
                self.unread.advance(self.unread.len() - left);
                self.decoder_holds_frames = decoded?.is_break();
                if self.decoder_holds_frames {
                    return Poll::Ready(Ok(()));
                }
                // Drops the memory as well.
                self.unread = Bytes::new();
            }
            ready!(self.poll_socket(cx, each))?;
            if self.decoder_holds_frames {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Reads the socket once, and decodes what came straight from the thread's buffer.
    fn poll_socket(
        &mut self,
        cx: &mut Context<'_>,
        each: &mut impl FnMut(Received) -> ControlFlow<()>,
    ) -> Poll<Result<(), ReadEnd>> {
        READ_BUFFER.with_borrow_mut(|buffer| {
            buffer.resize(SCRATCH, 0);
            let mut filled = ReadBuf::new(buffer);
            if ready!(Pin::new(&mut self.transport).poll_read(cx, &mut filled)).is_err() || filled.filled().is_empty() {
                return Poll::Ready(Err(ReadEnd::Lost));
            }
            let mut source = Source(filled.filled());
            self.decoder_holds_frames = decode(&mut self.decoder, &mut source, each)?.is_break();
            self.unread = Bytes::copy_from_slice(source.0);
            Poll::Ready(Ok(()))
        })
    }

    /// Reads and throws away, until the peer ends TCP.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        READ_BUFFER.with_borrow_mut(|buffer| {
            buffer.resize(SCRATCH, 0);
            loop {
                let mut filled = ReadBuf::new(buffer);
                let read = ready!(Pin::new(&mut self.transport).poll_read(cx, &mut filled));
                if read.is_err() || filled.filled().is_empty() {
                    return Poll::Ready(());
                }
            }
        })
    }

    // ---- writing --------------------------------------------------------------------------------------------------

    pub(crate) fn has_unwritten(&self) -> bool {
        !self.writing.is_empty()
    }

    /// Takes a frame to be written by the next [`Self::poll_write`].
    pub(crate) fn queue(&mut self, frame: Frame) {
        self.writing.extend(frame.into_pieces());
    }

    /// Writes everything that is queued, with as few system calls as the socket allows.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.writing.is_empty() {
            let written = ready!(self.poll_write_once(cx))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        // A quiet connection keeps no buffer.
        self.writing = VecDeque::new();
        Pin::new(&mut self.transport).poll_flush(cx)
    }

    fn poll_write_once(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let transport = Pin::new(&mut self.transport);
        if let [piece] = self.writing.make_contiguous() {
            return transport.poll_write(cx, piece);
        }
        let mut pieces = [IoSlice::new(&[]); PIECES];
        let count = self.writing.len().min(PIECES);
        for (slot, piece) in pieces.iter_mut().zip(&self.writing) {
            *slot = IoSlice::new(piece);
        }
        transport.poll_write_vectored(cx, &pieces[..count])
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(piece) = self.writing.front_mut() {
            if written < piece.len() {
                piece.advance(written);
                return;
            }
            written -= piece.len();
            self.writing.pop_front();
        }
    }

    /// Ends our half of TCP.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }
}

/// Decodes frames from `source` until it is used up, or until `each` breaks.
fn decode(
    decoder: &mut WebSocketContext,
    source: &mut Source<'_>,
    each: &mut impl FnMut(Received) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, ReadEnd> {
    loop {
        let received = match decoder.read(source) {
            Ok(message) => translate(message)?,
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return Ok(ControlFlow::Continue(())),
            Err(error) => return Err(read_end(&error)),
        };
        if each(received).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

fn translate(message: tungstenite::Message) -> Result<Received, ReadEnd> {
    Ok(match message {
        tungstenite::Message::Text(text) => Received::Message(Message::Text(text)),
        tungstenite::Message::Binary(bytes) => Received::Message(Message::Binary(bytes)),
        tungstenite::Message::Ping(payload) => Received::Ping(payload),
        tungstenite::Message::Pong(_) => Received::Pong,
        tungstenite::Message::Close(None) => Received::Close {
            code: None,
            reason: String::new(),
        },
        tungstenite::Message::Close(Some(frame))
            if frame.code == CloseCode::Protocol && frame.reason.as_str() == BAD_CLOSE_CODE =>
        {
            return Err(ReadEnd::Protocol("a close code that must not be sent".to_owned()));
        }
        tungstenite::Message::Close(Some(frame)) => Received::Close {
            code: Some(frame.code.into()),
            reason: frame.reason.to_string(),
        },
        tungstenite::Message::Frame(_) => return Err(ReadEnd::Protocol("a raw frame".to_owned())),
    })
}

fn read_end(error: &Error) -> ReadEnd {
    match error {
        Error::Capacity(_) => ReadEnd::TooBig,
        Error::Utf8(_) => ReadEnd::InvalidUtf8,
        Error::Protocol(error) => ReadEnd::Protocol(error.to_string()),
        _ => ReadEnd::Lost,
    }
}

/// Bytes for the decoder. What the decoder writes of its own accord (pongs, the echo of a Close) is thrown away: the
/// connection answers itself, so that everything it sends is in one order and under one bound.
struct Source<'a>(&'a [u8]);

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.0.read(buffer)
    }
}

impl Write for Source<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
