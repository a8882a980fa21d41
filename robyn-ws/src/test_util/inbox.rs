//! Messages that a client under test has read and the test has not received yet, within bounds.

use std::{
    collections::VecDeque,
    fmt,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::{
    types::{close::close_code, message::Message},
    util::sync::{Mutex, MutexGuard},
};

/// Maximum number of buffered bytes. It is small, so that the server notices a client that does not receive.
const MOST_BYTES: usize = 64 * 1024;

/// An event that a client sees.
#[derive(Debug)]
pub(super) enum Seen {
    Message(Message),
    Closed(Closed),
}

/// The end of a connection, as the client sees it.
#[derive(Clone, Debug)]
pub(super) struct Closed {
    pub(super) code: u16,
    /// The reason in the Close frame, or why there was no Close frame.
    reason: String,
}

/// The messages between the reading task and the receiving test. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Inbox(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    messages: VecDeque<Message>,
    message_bytes: usize,
    /// Number of bytes read of an incomplete message.
    partial_bytes: usize,
    most_bytes: usize,
    closed: Option<Closed>,
    /// The test, while it waits for an event.
    receiver: Option<Waker>,
    /// The task, while it may not read.
    reader: Option<Waker>,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            messages: VecDeque::new(),
            message_bytes: 0,
            partial_bytes: 0,
            most_bytes: MOST_BYTES,
            closed: None,
            receiver: None,
            reader: None,
        })))
    }

    // ---- the test -------------------------------------------------------------------------------------------------

    /// Allows reading only while the test waits, from now on.
    pub(super) fn stop(&self) {
        self.lock().most_bytes = 0;
    }

    /// Returns the next message. Returns the end of the connection each time after the last message.
    pub(super) async fn next(&self) -> Seen {
        let _waiting = Waiting(self);
        std::future::poll_fn(|context| self.lock().poll_take(context)).await
    }

    // ---- the task -------------------------------------------------------------------------------------------------

    /// Waits until the task may read. Returns the number of bytes that it may read.
    pub(super) fn poll_room(&self, context: &Context<'_>) -> Poll<usize> {
        let mut state = self.lock();
        match state.room() {
            0 => {
                state.reader = Some(context.waker().clone());
                Poll::Pending
            }
            room => Poll::Ready(room),
        }
    }

    pub(super) fn on_read(&self, bytes: usize) {
        self.lock().partial_bytes += bytes;
    }

    /// All read bytes are handled: they were a control frame, or the response to the upgrade.
    pub(super) fn on_handled(&self) {
        self.lock().partial_bytes = 0;
    }

    pub(super) fn put(&self, message: Message) {
        let mut state = self.lock();
        state.partial_bytes = 0;
        state.message_bytes += size(&message);
        state.messages.push_back(message);
        state.tell_receiver();
    }

    /// Sets the end of the connection, unless it is set already.
    pub(super) fn close(&self, closed: Closed) {
        let mut state = self.lock();
        state.closed.get_or_insert(closed);
        state.tell_receiver();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }
}

impl State {
    fn poll_take(&mut self, context: &Context<'_>) -> Poll<Seen> {
        let seen = match self.messages.pop_front() {
            Some(message) => {
                self.message_bytes -= size(&message);
                Some(Seen::Message(message))
            }
            None => self.closed.clone().map(Seen::Closed),
        };
        if seen.is_none() {
            self.receiver = Some(context.waker().clone());
        }
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        seen.map_or(Poll::Pending, Poll::Ready)
    }

    fn tell_receiver(&mut self) {
        if let Some(receiver) = self.receiver.take() {
            receiver.wake();
        }
    }

    /// A waiting test receives a message of any size. After a Close frame, only the end of the stream follows.
    const fn room(&self) -> usize {
        if self.receiver.is_some() || self.closed.is_some() {
            return usize::MAX;
        }
        self.most_bytes.saturating_sub(self.message_bytes + self.partial_bytes)
    }
}

/// A wait of the test, which may be dropped.
struct Waiting<'a>(&'a Inbox);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().receiver = None;
    }
}

/// An empty message counts its memory.
fn size(message: &Message) -> usize {
    size_of::<Message>() + message.as_bytes().len()
}

impl Closed {
    pub(super) fn by(frame: Option<CloseFrame>) -> Self {
        let Some(frame) = frame else {
            return Self {
                code: close_code::NO_STATUS,
                reason: String::new(),
            };
        };
        let reason = match frame.reason.as_str() {
            "" => String::new(),
            reason => format!(" {reason:?}"),
        };
        Self {
            code: frame.code.into(),
            reason,
        }
    }

    pub(super) fn without_a_frame(why: impl fmt::Display) -> Self {
        Self {
            code: close_code::ABNORMAL,
            reason: format!(" (no Close frame came: {why})"),
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.code, self.reason)
    }
}
