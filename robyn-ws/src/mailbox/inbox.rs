//! Where messages wait that were read and not handled yet.

use std::{sync::Arc, task::Waker};

use crate::{
    mailbox::{read_ahead::ReadAhead, session_inbox::SessionInbox},
    types::{close::Ending, limits::Bounds, message::Message},
    util::time::Moment,
};

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
    pub(crate) fn switch_to(&mut self, session: Arc<SessionInbox>) {
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
        ahead.take_if(|ahead| ahead.is_empty());
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
            Self::Session(session) => Some(session.waiting_since().unwrap_or(now)),
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
