//! Received messages that are not handled yet, within bounds.

use crate::{
    types::{limits::Bounds, message::Message},
    util::queue::Queue,
};

/// The memory that a message takes besides its bytes.
const MESSAGE: usize = 64;

/// Messages in the order of their arrival.
#[derive(Debug, Default)]
pub(crate) struct ReadAhead {
    messages: Queue<Message>,
    bytes: usize,
}

impl ReadAhead {
    pub(crate) fn push(&mut self, message: Message) {
        self.bytes += message.len();
        self.messages.push_back(message);
    }

    pub(crate) fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.len();
        Some(message)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Returns `true` if another message may be read ahead. The bounds are `Limits::max_read_ahead` messages and
    /// `Limits::max_message_size` bytes. The last message may exceed the bytes.
    pub(crate) fn has_room(&self, bounds: &Bounds) -> bool {
        let (messages, bytes) = (self.messages.len(), self.bytes);
        messages == 0 || (messages < bounds.max_read_ahead && bytes < bounds.max_message_size)
    }

    /// Returns `true` if another message may be read ahead to find the answer to a call behind it: within the bytes alone, in
    /// which each message counts [`MESSAGE`] on top.
    pub(crate) fn has_room_for_an_answer(&self, bounds: &Bounds) -> bool {
        self.bytes + self.messages.len() * MESSAGE < bounds.max_message_size
    }
}
