//! Messages that were read and not handled yet: the bounded read-ahead.

use std::{collections::VecDeque, sync::Arc};

use crate::{Message, close::Ending, connection::session::SessionInbox, limits::Bounds};

/// Where messages wait for a handler, or for a session.
#[derive(Debug)]
pub(crate) enum Inbox {
    Own(VecDeque<Message>),
    Session(Arc<SessionInbox>),
}

impl Inbox {
    pub(crate) const fn new() -> Self {
        Self::Own(VecDeque::new())
    }

    /// Hands what waits here, and all that follows, to a session.
    pub(crate) fn give_to(&mut self, session: Arc<SessionInbox>) {
        while let Some(message) = self.pop() {
            session.push(message);
        }
        *self = Self::Session(session);
    }

    pub(crate) fn push(&mut self, message: Message) {
        match self {
            Self::Own(messages) => messages.push_back(message),
            Self::Session(session) => session.push(message),
        }
    }

    /// Gives the next message for a message handler.
    pub(crate) fn pop(&mut self) -> Option<Message> {
        let Self::Own(messages) = self else { return None };
        let message = messages.pop_front();
        if messages.is_empty() {
            // A quiet connection keeps no buffer.
            *messages = VecDeque::new();
        }
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
            Self::Own(messages) => messages.is_empty(),
            Self::Session(_) => true,
        }
    }

    /// Tells whether another message may be read ahead: `Limits::read_ahead` messages, and about one message of the
    /// largest size.
    pub(crate) fn has_room(&self, bounds: &Bounds) -> bool {
        match self {
            Self::Own(messages) => has_room(messages, bounds),
            Self::Session(session) => session.look(|messages| has_room(messages, bounds)),
        }
    }
}

fn has_room(messages: &VecDeque<Message>, bounds: &Bounds) -> bool {
    let bytes = || messages.iter().map(Message::len).sum::<usize>();
    messages.is_empty() || (messages.len() < bounds.read_ahead && bytes() < bounds.max_message_size)
}
