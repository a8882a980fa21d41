//! The buffer that sockets are read into. Each thread has one for all its connections.

use std::cell::Cell;

use crate::{util::time::Moment, wire::whole_message::WholeMessage};

/// Maximum number of bytes per read.
const SIZE: usize = 256 * 1024;

thread_local! {
    static SPARE: Cell<Option<Box<ReadBuffer>>> = const { Cell::new(None) };
}

/// Received bytes of one connection that are not decoded yet.
#[derive(Debug)]
pub(crate) struct ReadBuffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// When the bytes were read, or when decoding resumed.
    read_at: Moment,
}

impl ReadBuffer {
    /// Returns the thread's buffer, or a new one if it is in use: a handler may run other connections on its thread.
    #[expect(
        clippy::unnecessary_box_returns,
        reason = "it moves from the thread to a connection and back"
    )]
    pub(crate) fn take() -> Box<Self> {
        SPARE.take().unwrap_or_else(|| Box::new(Self::of(vec![0; SIZE], 0)))
    }

    /// Copies `bytes` for a connection. Returns `None` if there are none.
    pub(crate) fn keep(bytes: &[u8]) -> Option<Box<Self>> {
        (!bytes.is_empty()).then(|| Box::new(Self::of(bytes.to_vec(), bytes.len())))
    }

    fn of(bytes: Vec<u8>, end: usize) -> Self {
        Self {
            bytes,
            start: 0,
            end,
            read_at: Moment::now(),
        }
    }

    /// Returns the buffer to the thread. Keeps a copy of the bytes that are left, if any.
    pub(crate) fn release(self: Box<Self>) -> Option<Box<Self>> {
        if self.bytes.len() < SIZE {
            return (!self.is_empty()).then_some(self);
        }
        let left = Self::keep(self.left());
        self.recycle();
        left
    }

    /// Returns the buffer to the thread and discards its bytes.
    pub(crate) fn recycle(mut self: Box<Self>) {
        if self.bytes.len() == SIZE {
            (self.start, self.end) = (0, 0);
            SPARE.set(Some(self));
        }
    }

    pub(crate) fn left(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(crate) const fn read_at(&self) -> Moment {
        self.read_at
    }

    pub(crate) fn touch(&mut self) {
        self.read_at = Moment::now();
    }

    /// Returns the memory to read into.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Sets the length after a read.
    pub(crate) fn fill(&mut self, length: usize) {
        (self.start, self.end) = (0, length);
        self.touch();
    }

    pub(crate) const fn advance(&mut self, bytes: usize) {
        self.start += bytes;
    }

    /// Takes the next message, if it is a whole frame of at most `longest` bytes.
    #[inline]
    pub(crate) fn take_whole(&mut self, longest: usize) -> Option<WholeMessage> {
        let whole = WholeMessage::find(&mut self.bytes[..self.end], self.start, longest)?;
        self.start = whole.end;
        Some(whole)
    }

    pub(crate) fn payload(&self, whole: WholeMessage) -> &[u8] {
        &self.bytes[whole.start..whole.end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(buffer: &mut ReadBuffer, bytes: &[u8]) {
        buffer.room()[..bytes.len()].copy_from_slice(bytes);
        buffer.fill(bytes.len());
    }

    #[test]
    fn only_what_is_left_is_kept_for_a_connection() {
        let mut buffer = ReadBuffer::take();
        read(&mut buffer, b"decoded and not");
        buffer.advance(b"decoded ".len());
        let kept = buffer.release().expect("something is left");
        assert_eq!(kept.left(), b"and not");
        assert_eq!(kept.bytes.len(), b"and not".len());
        let mut kept = kept.release().expect("it is still left");
        kept.advance(b"and not".len());
        assert!(kept.release().is_none());
    }

    #[test]
    fn thread_lends_its_buffer_again_and_a_new_one_while_it_is_away() {
        let (mut lent, mut other) = (ReadBuffer::take(), ReadBuffer::take());
        let memory = lent.bytes.as_ptr();
        read(&mut lent, b"one");
        read(&mut other, b"other");
        assert_eq!((lent.left(), other.left()), (&b"one"[..], &b"other"[..]));
        other.recycle();
        lent.recycle();
        let again = ReadBuffer::take();
        assert!(again.is_empty());
        assert_eq!(again.bytes.as_ptr(), memory);
    }
}
