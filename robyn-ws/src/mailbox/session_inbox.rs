//! Received messages for a session handler.

use std::{
    mem::take,
    task::{Context, Poll, Waker},
};

use crate::{
    mailbox::read_ahead::ReadAhead,
    types::{disconnected::Disconnected, limits::Bounds, message::Message},
    util::{
        sync::{Mutex, MutexGuard},
        time::Moment,
    },
};

/// Messages that a session has not received yet. The driver and the session's socket share it.
#[derive(Debug, Default)]
pub(crate) struct SessionInbox(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    messages: ReadAhead,
    ended: Option<Disconnected>,
    receiver: Option<Waker>,
    /// Since when the session waits for a message.
    waiting_since: Option<Moment>,
    /// Whether the session has dropped its socket. Then no message is received anymore.
    abandoned: bool,
    /// The driver, while it waits for room.
    driver: Option<Waker>,
}

impl SessionInbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }

    /// Adds a message. If the session is a part of `task`, it is polled after the task has read, and is not woken.
    pub(crate) fn push(&self, message: Message, task: Option<&Waker>) {
        let mut inbox = self.lock();
        if inbox.abandoned {
            return;
        }
        inbox.messages.push(message);
        let receiver = inbox.receiver.take();
        wake(
            receiver.filter(|receiver| task.is_none_or(|task| !receiver.will_wake(task))),
            inbox,
        );
    }

    /// Discards all messages, also later ones, because the socket was dropped. The driver still reads, so that it
    /// notices the end of the client.
    pub(crate) fn abandon(&self) {
        let mut inbox = self.lock();
        inbox.abandoned = true;
        let messages = take(&mut inbox.messages);
        wake(inbox.driver.take(), inbox);
        drop(messages);
    }

    /// Returns since when the session waits for a message, or `None` if it is busy.
    pub(crate) fn waiting_since(&self) -> Option<Moment> {
        self.lock().waiting_since
    }

    pub(crate) fn end(&self, ended: Disconnected) {
        let mut inbox = self.lock();
        inbox.ended.get_or_insert(ended);
        wake(inbox.receiver.take(), inbox);
    }

    /// Returns how the connection ended.
    pub(crate) fn ended(&self) -> Option<Disconnected> {
        self.lock().ended.clone()
    }

    pub(crate) fn has_room(&self, bounds: &Bounds) -> bool {
        self.lock().messages.has_room(bounds)
    }

    /// Registers the driver to be woken when there is room.
    pub(crate) fn wait_for_room(&self, cx: &Context<'_>) {
        self.lock().driver = Some(cx.waker().clone());
    }

    pub(crate) fn poll_receive(&self, cx: &Context<'_>) -> Poll<Result<Message, Disconnected>> {
        let mut inbox = self.lock();
        if let Some(message) = inbox.messages.pop() {
            inbox.waiting_since = None;
            let driver = inbox.driver.take();
            // If the driver polls the session in the same task, it reads after this poll anyway. A task that wakes
            // itself would keep the runtime from polling for I/O.
            wake(driver.filter(|driver| !driver.will_wake(cx.waker())), inbox);
            return Poll::Ready(Ok(message));
        }
        if let Some(ended) = &inbox.ended {
            return Poll::Ready(Err(ended.clone()));
        }
        inbox.receiver = Some(cx.waker().clone());
        inbox.waiting_since.get_or_insert_with(Moment::now);
        Poll::Pending
    }
}

/// Wakes a task outside the lock.
fn wake(waker: Option<Waker>, guard: MutexGuard<'_, State>) {
    drop(guard);
    if let Some(waker) = waker {
        waker.wake();
    }
}
