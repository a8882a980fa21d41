//! The writing half of a socket, and what is being written to it: many frames in one system call.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncWrite, WriteHalf},
    net::tcp::OwnedWriteHalf,
};

use crate::frame::{Frame, Load};

/// How many pieces one write takes; the kernel's own bound is 1024.
const PIECES: usize = 64;

/// How many frames are written together: each has at most two pieces.
pub(super) const FRAMES_PER_WRITE: usize = PIECES / 2;

/// The half that frames are written to.
#[derive(Debug)]
pub(crate) enum WriteSide {
    /// The common case. Any task can try to write to it.
    Tcp(OwnedWriteHalf),
    /// TLS, HTTP/2, or a test's memory. Only the connection's own task writes to it, since that is who it wakes.
    Other(WriteHalf<TokioIo<Upgraded>>),
}

/// Where a connection's frames leave. Who takes it out of the mailbox is the only one to write.
#[derive(Debug)]
pub(crate) struct Outlet {
    side: WriteSide,
    /// Begun, and not written to the end.
    pieces: VecDeque<Bytes>,
    /// The frames that the pieces belong to.
    load: Load,
    /// Whether what was written may wait in a buffer of the box's.
    unflushed: bool,
}

impl Outlet {
    pub(crate) const fn new(side: WriteSide) -> Self {
        Self {
            side,
            pieces: VecDeque::new(),
            load: Load { messages: 0, bytes: 0 },
            unflushed: false,
        }
    }

    /// Tells whether everything was written.
    pub(super) fn is_clear(&self) -> bool {
        self.pieces.is_empty() && !self.unflushed
    }

    /// Tells whether tasks other than the connection's own can write.
    pub(super) const fn is_shared(&self) -> bool {
        matches!(self.side, WriteSide::Tcp(_))
    }

    /// Takes a frame that counts against the mailbox's bounds until it is written.
    pub(super) fn add(&mut self, frame: Frame) {
        self.load.add(&frame);
        self.add_control(frame);
    }

    /// Takes a frame that counts against nothing.
    pub(super) fn add_control(&mut self, frame: Frame) {
        self.pieces.extend(frame.into_pieces());
    }

    /// Writes everything, with as few system calls as the socket allows, and gives what that was. Pending without a
    /// context only says that the socket takes no more for now.
    pub(super) fn poll_write(&mut self, mut cx: Option<&mut Context<'_>>) -> Poll<io::Result<Load>> {
        while !self.pieces.is_empty() {
            let written = ready!(self.poll_write_once(cx.as_deref_mut()))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        // A quiet connection keeps no buffer.
        self.pieces = VecDeque::new();
        if let (WriteSide::Other(half), Some(cx)) = (&mut self.side, cx) {
            self.unflushed = true;
            ready!(Pin::new(half).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(std::mem::take(&mut self.load)))
    }

    fn poll_write_once(&mut self, cx: Option<&mut Context<'_>>) -> Poll<io::Result<usize>> {
        if let [piece] = self.pieces.make_contiguous() {
            return self.side.poll_write(cx, &[IoSlice::new(piece)]);
        }
        let mut slices = [IoSlice::new(&[]); PIECES];
        let count = self.pieces.len().min(PIECES);
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            *slice = IoSlice::new(piece);
        }
        self.side.poll_write(cx, &slices[..count])
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(piece) = self.pieces.front_mut() {
            if written < piece.len() {
                piece.advance(written);
                return;
            }
            written -= piece.len();
            self.pieces.pop_front();
        }
    }

    /// Ends our half.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.side {
            WriteSide::Tcp(half) => Pin::new(half).poll_shutdown(cx),
            WriteSide::Other(half) => Pin::new(half).poll_shutdown(cx),
        }
    }
}

impl WriteSide {
    fn poll_write(&mut self, cx: Option<&mut Context<'_>>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match (self, cx) {
            (Self::Tcp(half), None) => try_write(half, slices),
            (Self::Tcp(half), Some(cx)) => loop {
                let attempt = try_write(half, slices);
                if attempt.is_ready() {
                    return attempt;
                }
                ready!(half.as_ref().poll_write_ready(cx))?;
            },
            (Self::Other(half), Some(cx)) => Pin::new(half).poll_write_vectored(cx, slices),
            (Self::Other(_), None) => Poll::Pending,
        }
    }
}

/// Writes what the socket takes now. A single piece goes the kernel's shorter way.
fn try_write(half: &OwnedWriteHalf, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
    let written = match slices {
        [piece] => half.try_write(piece),
        pieces => half.try_write_vectored(pieces),
    };
    match written {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}
