//! The read half of a connection. It decodes frames.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};

use crate::{
    types::{borrowed::Borrowed, limits::Bounds, message::Message},
    util::time::Moment,
    wire::{
        decoder::{self, Decoder},
        deflate::{Compressed, CompressedMessage, Inflation},
        read_buffer::ReadBuffer,
        received::{ReadEnd, Received},
        transport::ReadSide,
        turn::Turn,
        whole_message::WholeMessage,
    },
};

/// The read half of a connection.
#[derive(Debug)]
pub(crate) struct FrameReader {
    socket: ReadSide,
    /// Set only in the middle of a message.
    decoder: Option<Box<Decoder>>,
    /// Received bytes that are not decoded yet. This is the thread's buffer until the end of the poll.
    buffer: Option<Box<ReadBuffer>>,
    /// Set only if compression was negotiated.
    inflation: Option<Box<Inflation>>,
}

impl FrameReader {
    pub(crate) fn new(socket: ReadSide, unread: &Bytes, inflation: Option<Box<Inflation>>) -> Self {
        Self {
            socket,
            decoder: None,
            buffer: ReadBuffer::keep(unread),
            inflation,
        }
    }

    /// Returns `true` if the peer has closed or reset TCP. Unread bytes may be left.
    pub(crate) fn is_ended_by_peer(&self, cx: &mut Context<'_>) -> bool {
        self.socket.is_ended_by_peer(cx)
    }

    /// Returns `true` in the middle of a data frame.
    pub(crate) fn is_inside_data_frame(&self) -> bool {
        let decoder = self.decoder.as_ref();
        decoder.is_some_and(|decoder| decoder.is_inside_data_frame())
    }

    // ---- decoding -------------------------------------------------------------------------------------------------

    /// Returns when the undecoded bytes were read, or `None` if there are none.
    #[inline]
    pub(crate) fn read_at(&self) -> Option<Moment> {
        self.buffer.as_ref().map(|buffer| buffer.read_at())
    }

    /// Takes the next message if it is whole in the buffer. It needs no decoder.
    #[inline]
    pub(crate) fn next_whole(&mut self, bounds: &Bounds) -> Option<WholeMessage> {
        let longest = bounds.max_frame_size.min(bounds.max_message_size);
        match &self.decoder {
            None => self.buffer.as_mut()?.take_whole(longest),
            Some(_) => None,
        }
    }

    /// Decodes the next frame. Returns `None` if more bytes must be read.
    pub(crate) fn next(&mut self, bounds: &Bounds) -> Result<Option<Received>, ReadEnd> {
        let Some(buffer) = &mut self.buffer else {
            return Ok(None);
        };
        if buffer.is_empty() {
            self.release_buffer();
            return Ok(None);
        }
        let mut decoder = self.decoder.take().unwrap_or_else(|| Decoder::take(bounds));
        let mut bytes = buffer.left();
        let received = decoder.next(&mut bytes, bounds, self.inflation.as_deref())?;
        let used = buffer.left().len() - bytes.len();
        buffer.advance(used);
        self.decoder = decoder.into_unfinished();
        if received.is_none() {
            self.release_buffer();
        }
        Ok(received)
    }

    /// Borrows the last whole message from the buffer.
    #[inline]
    pub(crate) fn borrow(&self, whole: WholeMessage) -> Result<Borrowed<'_>, ReadEnd> {
        let payload = self.buffer.as_ref().map_or(&[][..], |buffer| buffer.payload(whole));
        if whole.is_text {
            return decoder::check(payload).map(Borrowed::Text);
        }
        Ok(Borrowed::Binary(payload))
    }

    // ---- decompressing --------------------------------------------------------------------------------------------

    /// Returns `true` if a message is being decompressed. The next frame is decoded after it.
    #[inline]
    pub(crate) fn is_decompressing(&self) -> bool {
        self.inflation.as_ref().is_some_and(|inflation| inflation.has_message())
    }

    /// Begins to decompress `message`.
    pub(crate) fn begin_decompressing(&mut self, message: CompressedMessage) {
        if let Some(inflation) = &mut self.inflation {
            inflation.begin(message);
        }
    }

    /// Decompresses the message of [`Self::begin_decompressing`], and returns it with its sizes. Pending means that the turn
    /// is spent.
    pub(crate) fn poll_decompressed(
        &mut self,
        bounds: &Bounds,
        turn: &mut Turn,
    ) -> Poll<Result<(Message, Compressed), ReadEnd>> {
        match &mut self.inflation {
            Some(inflation) => inflation.poll(bounds.max_message_size, turn),
            None => Poll::Pending,
        }
    }

    // ---- reading --------------------------------------------------------------------------------------------------

    /// Reads the socket once. All bytes read before must be decoded.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>, turn: &mut Turn) -> Poll<Result<(), ReadEnd>> {
        debug_assert!(self.buffer.is_none(), "received bytes are decoded before the next read");
        let mut buffer = ReadBuffer::take();
        let read = poll_socket(&mut self.socket, cx, &mut buffer);
        match read {
            Poll::Ready(Ok(())) => {
                turn.spend_bytes(buffer.left().len());
                self.buffer = Some(buffer);
            }
            Poll::Ready(Err(_)) | Poll::Pending => buffer.recycle(),
        }
        read
    }

    /// Returns the next frame, and reads the socket if needed.
    pub(crate) fn poll_received(
        &mut self,
        cx: &mut Context<'_>,
        bounds: &Bounds,
        turn: &mut Turn,
    ) -> Poll<Result<Received, ReadEnd>> {
        loop {
            if let Some(received) = self.next(bounds)? {
                turn.spend_frame(&received);
                return Poll::Ready(Ok(received));
            }
            ready!(self.poll_fill(cx, turn))?;
        }
    }

    /// Keeps undecoded bytes for a later poll and returns the buffer to the thread.
    pub(crate) fn release_buffer(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            self.buffer = buffer.release();
        }
    }

    /// Resumes decoding in a later poll.
    pub(crate) fn resume(&mut self) {
        if let Some(buffer) = &mut self.buffer {
            buffer.touch();
        }
    }

    /// Reads and discards bytes until the peer ends TCP, within the turn, which the caller ends.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>, turn: &mut Turn) -> Poll<()> {
        self.discard();
        while ready!(self.poll_fill(cx, turn)).is_ok() {
            self.discard();
            if turn.is_spent() {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    fn discard(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            buffer.recycle();
        }
    }
}

/// Reads the socket once into `buffer`.
fn poll_socket(socket: &mut ReadSide, cx: &mut Context<'_>, buffer: &mut ReadBuffer) -> Poll<Result<(), ReadEnd>> {
    let mut read = ReadBuf::new(buffer.room());
    let result = ready!(Pin::new(socket).poll_read(cx, &mut read));
    let length = read.filled().len();
    Poll::Ready(match result {
        Ok(()) if length > 0 => {
            buffer.fill(length);
            Ok(())
        }
        Ok(()) => Err(ReadEnd::Eof),
        Err(_) => Err(ReadEnd::Lost),
    })
}
