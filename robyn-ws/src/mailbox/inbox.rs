//! Messages that were read and not handled yet: the bounded read-ahead.

use std::{sync::Arc, task::Waker};

use crate::{
    connector::web_socket::SessionInbox,
    types::{close::Ending, limits::Bounds, message::Message},
    util::{queue::Queue, time::Moment},
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

    /// Tells whether another message may be read ahead: `Limits::read_ahead` messages, and about one message of the
    /// largest size.
    pub(crate) fn has_room(&self, bounds: &Bounds) -> bool {
        let (messages, bytes) = (self.messages.len(), self.bytes);
        messages == 0 || (messages < bounds.read_ahead && bytes < bounds.max_message_size)
    }
}

/// Where messages wait for a handler, or for a session.
#[derive(Debug)]
pub(crate) enum Inbox {
    /// Absent while it is empty, as it is in a quiet connection.
    Own(Option<Box<ReadAhead>>),
    Session(Arc<SessionInbox>),
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self::Own(None)
    }

    /// Hands what waits here, and all that follows, to a session.
    pub(crate) fn give_to(&mut self, session: Arc<SessionInbox>) {
        while let Some(message) = self.pop() {
            session.push(message, None);
        }
        *self = Self::Session(session);
    }

    /// Adds a message that `task` has read.
    pub(crate) fn push(&mut self, message: Message, task: Option<&Waker>) {
        match self {
            Self::Own(ahead) => ahead.get_or_insert_default().push(message),
            Self::Session(session) => session.push(message, task),
        }
    }

    /// Gives the next message for a message handler.
    pub(crate) fn pop(&mut self) -> Option<Message> {
        let Self::Own(ahead) = self else { return None };
        let message = ahead.as_mut()?.pop();
        ahead.take_if(|ahead| ahead.messages.is_empty());
        message
    }

    /// Tells a session that nothing follows.
    pub(crate) fn end(&self, ending: &Ending) {
        if let Self::Session(session) = self {
            session.end(ending.into());
        }
    }

    /// Tells whether no message waits for a message handler.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Own(ahead) => ahead.is_none(),
            Self::Session(_) => true,
        }
    }

    /// Returns until when our side had something to do, so that the client could be silent.
    pub(crate) fn worked_until(&self, handler_runs: bool, now: Moment) -> Option<Moment> {
        match self {
            Self::Own(_) => handler_runs.then_some(now),
            Self::Session(session) => Some(session.awaits_since().unwrap_or(now)),
        }
    }

    /// Tells whether another message may be read ahead.
    pub(crate) fn has_room(&self, bounds: &Bounds) -> bool {
        match self {
            Self::Own(ahead) => ahead.as_ref().is_none_or(|ahead| ahead.has_room(bounds)),
            Self::Session(session) => session.has_room(bounds),
        }
    }
}
