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
        decoder::{Decoded, Decoder, ReadEnd, Received},
        transport::ReadSide,
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
    /// Whether bytes came since somebody asked.
    heard: bool,
}

impl Wire {
    pub(crate) fn new(socket: ReadSide, unread: Bytes) -> Self {
        Self {
            socket,
            decoder: None,
            unread: boxed(unread),
            stopped: true,
            heard: false,
        }
    }

    /// Tells whether bytes came from the peer since the last time. Part of a frame is a sign of life as well.
    pub(crate) fn take_heard(&mut self) -> bool {
        std::mem::take(&mut self.heard)
    }

    /// Gives what was received to `each`, until it breaks. Pending means that the socket has no more for now.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        bounds: &Bounds,
        each: &mut impl FnMut(Received) -> ControlFlow<()>,
    ) -> Poll<Result<(), ReadEnd>> {
        loop {
            if self.stopped {
                let unread = self.unread.take().map(|unread| *unread).unwrap_or_default();
                let mut bytes = &*unread;
                self.decode(&mut bytes, bounds, each)?;
                let left = bytes.len();
                self.unread = boxed(unread.slice(unread.len() - left..));
            } else {
                ready!(self.poll_socket(cx, bounds, each))?;
            }
            if self.stopped {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Reads the socket once, and decodes what came straight from the thread's buffer.
    fn poll_socket(
        &mut self,
        cx: &mut Context<'_>,
        bounds: &Bounds,
        each: &mut impl FnMut(Received) -> ControlFlow<()>,
    ) -> Poll<Result<(), ReadEnd>> {
        READ_BUFFER.with_borrow_mut(|buffer| {
            let mut bytes = ready!(poll_fill(&mut self.socket, cx, buffer))?;
            self.heard = true;
            self.decode(&mut bytes, bounds, each)?;
            self.unread = boxed(Bytes::copy_from_slice(bytes));
            Poll::Ready(Ok(()))
        })
    }

    fn decode(
        &mut self,
        bytes: &mut &[u8],
        bounds: &Bounds,
        each: &mut impl FnMut(Received) -> ControlFlow<()>,
    ) -> Result<(), ReadEnd> {
        let decoder = self.decoder.take().unwrap_or_else(|| Decoder::take(bounds));
        let Decoded { decoder, stopped } = decoder.decode(bytes, each)?;
        self.decoder = decoder;
        self.stopped = stopped;
        Ok(())
    }

    /// Reads and throws away, until the peer ends TCP.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        READ_BUFFER.with_borrow_mut(|buffer| {
            while ready!(poll_fill(&mut self.socket, cx, buffer)).is_ok() {}
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
        _ => Err(ReadEnd::Lost),
    })
}
