//! The reading half of the socket, decoded.

use std::{
    cell::RefCell,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};

use crate::{
    connection::{
        decoder::{Decoded, Decoder},
        received::{ReadEnd, Received},
        transport::ReadSide,
        turn::Turn,
    },
    limits::Bounds,
};

/// How much one read can take. Every thread has one such buffer, instead of every connection.
const SCRATCH: usize = 64 * 1024;

thread_local! {
    static READ_BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What one connection receives.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: ReadSide,
    /// Only between the parts of a message.
    decoder: Option<Box<Decoder>>,
    /// Read from the socket and not decoded yet. Rarely there, so it is boxed.
    unread: Option<Box<Bytes>>,
    /// Whether whole frames may be left that nobody had room for.
    stopped: bool,
    /// What came since somebody asked.
    heard: Heard,
}

/// What was heard of a peer. A part of a frame is a sign of life as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Nothing,
    Bytes,
    /// Bytes of a message whose end has not come.
    PartOfMessage,
}

impl Wire {
    pub(crate) fn new(socket: ReadSide, unread: Bytes) -> Self {
        Self {
            socket,
            decoder: None,
            unread: boxed(unread),
            stopped: true,
            heard: Heard::Nothing,
        }
    }

    /// Returns what came from the peer since the last call.
    pub(crate) const fn take_heard(&mut self) -> Heard {
        std::mem::replace(&mut self.heard, Heard::Nothing)
    }

    /// Returns `true` if the peer has ended TCP, in order or not, although bytes may be left that were not read.
    pub(crate) fn is_ended_by_peer(&self) -> bool {
        self.socket.is_ended_by_peer()
    }

    /// Passes what was received to `each`, until it breaks or the turn is spent. Pending means that the socket has no
    /// more for now.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        bounds: &Bounds,
        turn: &mut Turn,
        each: &mut impl FnMut(Received) -> ControlFlow<()>,
    ) -> Poll<Result<(), ReadEnd>> {
        loop {
            if self.stopped {
                let unread = self.unread.take().map(|unread| *unread).unwrap_or_default();
                let mut bytes = &*unread;
                self.decode(&mut bytes, bounds, turn, each)?;
                let left = bytes.len();
                self.unread = boxed(unread.slice(unread.len() - left..));
            } else {
                ready!(self.poll_socket(cx, bounds, turn, each))?;
            }
            if self.stopped || turn.is_spent() {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Reads the socket once, and decodes what came straight from the thread's buffer.
    fn poll_socket(
        &mut self,
        cx: &mut Context<'_>,
        bounds: &Bounds,
        turn: &mut Turn,
        each: &mut impl FnMut(Received) -> ControlFlow<()>,
    ) -> Poll<Result<(), ReadEnd>> {
        READ_BUFFER.with_borrow_mut(|buffer| {
            let mut bytes = ready!(poll_fill(&mut self.socket, cx, buffer))?;
            turn.spend_bytes(bytes.len());
            self.heard = Heard::Bytes;
            self.decode(&mut bytes, bounds, turn, each)?;
            if self
                .decoder
                .as_ref()
                .is_some_and(|decoder| decoder.is_inside_data_frame())
            {
                self.heard = Heard::PartOfMessage;
            }
            self.unread = boxed(Bytes::copy_from_slice(bytes));
            Poll::Ready(Ok(()))
        })
    }

    fn decode(
        &mut self,
        bytes: &mut &[u8],
        bounds: &Bounds,
        turn: &mut Turn,
        each: &mut impl FnMut(Received) -> ControlFlow<()>,
    ) -> Result<(), ReadEnd> {
        let decoder = self.decoder.take().unwrap_or_else(|| Decoder::take(bounds));
        let Decoded { decoder, stopped } = decoder.decode(bytes, bounds, &mut |received| {
            turn.spend_frame(&received);
            each(received)?;
            if turn.is_spent() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        self.decoder = decoder;
        self.stopped = stopped;
        Ok(())
    }

    /// Reads and discards, until the peer ends TCP.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>, turn: &mut Turn) -> Poll<()> {
        READ_BUFFER.with_borrow_mut(|buffer| {
            while let Ok(bytes) = ready!(poll_fill(&mut self.socket, cx, buffer)) {
                turn.spend_bytes(bytes.len());
                if turn.is_spent() {
                    turn.pass(cx);
                    return Poll::Pending;
                }
            }
            Poll::Ready(())
        })
    }
}

fn boxed(unread: Bytes) -> Option<Box<Bytes>> {
    (!unread.is_empty()).then(|| Box::new(unread))
}

/// Reads the socket once into the thread's buffer.
fn poll_fill<'b>(
    socket: &mut ReadSide,
    cx: &mut Context<'_>,
    buffer: &'b mut Vec<u8>,
) -> Poll<Result<&'b [u8], ReadEnd>> {
    buffer.resize(SCRATCH, 0);
    let mut read = ReadBuf::new(buffer);
    let result = ready!(Pin::new(socket).poll_read(cx, &mut read));
    let length = read.filled().len();
    Poll::Ready(match result {
        Ok(()) if length > 0 => Ok(&buffer[..length]),
        Ok(()) => Err(ReadEnd::Eof),
        Err(_) => Err(ReadEnd::Lost),
    })
}
