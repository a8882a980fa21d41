//! Received messages that wait for their handler.

use std::{sync::Arc, task::Waker};

use crate::{
    mailbox::{read_ahead::ReadAhead, session_inbox::SessionInbox},
    types::{close::Ending, limits::Bounds, message::Message},
    util::time::Moment,
};

/// Received messages that wait for a message handler or a session.
#[derive(Debug)]
pub(crate) enum Inbox {
    /// `None` while empty, so that an idle connection needs no memory for it.
    Own(Option<Box<ReadAhead>>),
    Session(Arc<SessionInbox>),
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self::Own(None)
    }

    /// Moves the waiting messages to a session, which also receives all later messages.
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

    /// Returns the next message for a message handler.
    pub(crate) fn pop(&mut self) -> Option<Message> {
        let Self::Own(ahead) = self else { return None };
        let message = ahead.as_mut()?.pop();
        ahead.take_if(|ahead| ahead.is_empty());
        message
    }

    /// Notifies a session that the connection has ended.
    pub(crate) fn end(&self, ending: &Ending) {
        if let Self::Session(session) = self {
            session.end(ending.into());
        }
    }

    /// Returns `true` if no message waits for a message handler.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Own(ahead) => ahead.is_none(),
            Self::Session(_) => true,
        }
    }

    /// Returns the time until which this server was busy, so that the client had no reason to send.
    pub(crate) fn worked_until(&self, handler_runs: bool, now: Moment) -> Option<Moment> {
        match self {
            Self::Own(_) => handler_runs.then_some(now),
            Self::Session(session) => Some(session.waiting_since().unwrap_or(now)),
        }
    }

    /// Returns `true` if another message may be read ahead, also to find the answer to a call behind it if that is `awaited`.
    pub(crate) fn has_room(&self, bounds: &Bounds, awaited: bool) -> bool {
        match self {
            Self::Own(ahead) => ahead
                .as_ref()
                .is_none_or(|ahead| ahead.has_room(bounds) || awaited && ahead.has_room_for_an_answer(bounds)),
            Self::Session(session) => session.has_room(bounds),
        }
    }
}
