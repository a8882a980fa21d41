//! Those who wait for room in a mailbox, or for its end.

use std::pin::pin;

use futures_util::future::{Either, select};
use tokio::sync::Notify;

use crate::{
    mailbox::{Mailbox, Pushed, TryPushError, sender::Sender, state::GivenUp, wait_limit::WaitLimit},
    types::error::SendError,
    wire::frame::Frame,
};

impl Mailbox {
    /// Queues `frame` as soon as there is room, and applies the overflow policy when `patience` is over.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it has queued nothing.
    pub(crate) async fn push_wait(
        &self,
        mut frame: Frame,
        sender: Sender,
        mut patience: WaitLimit<'_>,
        part: impl Fn(),
    ) -> Result<Pushed, SendError> {
        loop {
            let mut changed = pin!(self.changed().notified());
            // Enabled before the queue is looked at, so that no change falls between.
            changed.as_mut().enable();
            frame = match self.try_push(frame, sender, &part) {
                Err(TryPushError::Full(frame)) => frame,
                Err(TryPushError::Refused(error)) => return Err(error),
                Ok(pushed) => return Ok(pushed),
            };
            // The change first: when a runtime ends, its connections do, and then its timers are not to be asked.
            let is_given_up = self.is_given_up(&patience);
            let is_over = is_given_up || matches!(select(changed, patience.over()).await, Either::Right(_));
            if is_given_up || (is_over && patience.is_at_its_end(self.progress())) {
                self.give_up(&patience);
                return self.push(frame, sender, &part).map_err(|error| match error {
                    SendError::QueueFull => SendError::TimedOut,
                    other => other,
                });
            }
        }
    }

    /// Returns how often the client made room by taking bytes.
    pub(crate) fn progress(&self) -> u64 {
        self.lock().progress
    }

    /// Returns `true` if somebody has waited that long for this client in vain, and it has taken nothing since.
    fn is_given_up(&self, patience: &WaitLimit<'_>) -> bool {
        let state = self.lock();
        state
            .given_up
            .as_ref()
            .is_some_and(|given_up| given_up.progress == state.progress && given_up.waited >= patience.limit())
    }

    fn give_up(&self, patience: &WaitLimit<'_>) {
        let mut state = self.lock();
        let (progress, waited) = (state.progress, patience.limit());
        state.given_up = Some(Box::new(GivenUp { progress, waited }));
    }

    fn changed(&self) -> &Notify {
        self.changed.get_or_init(Box::default)
    }

    fn is_open_and_awaited(&self) -> bool {
        let mut state = self.lock();
        state.awaited = true;
        state.is_open()
    }

    /// Waits until the connection is no longer open.
    pub(crate) async fn closed(&self) {
        loop {
            let mut changed = pin!(self.changed().notified());
            changed.as_mut().enable();
            if !self.is_open_and_awaited() {
                return;
            }
            changed.await;
        }
    }
}
