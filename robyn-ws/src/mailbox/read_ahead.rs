//! Messages that were read and not handled yet, within bounds.

use crate::{
    types::{limits::Bounds, message::Message},
    util::queue::Queue,
};

/// Messages in the order in which they came.
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

    /// Tells whether another message may be read ahead: `Limits::max_read_ahead` messages, and about one message of the
    /// largest size.
    pub(crate) fn has_room(&self, bounds: &Bounds) -> bool {
        let (messages, bytes) = (self.messages.len(), self.bytes);
        messages == 0 || (messages < bounds.max_read_ahead && bytes < bounds.max_message_size)
    }
}
