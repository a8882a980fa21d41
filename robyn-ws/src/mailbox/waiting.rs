//! Those who wait for room in a mailbox, or for its end.

use std::pin::pin;

use futures_util::future::{Either, select};
use tokio::sync::Notify;

use crate::{
    mailbox::{Mailbox, Pushed, TryPushError, sender::Sender, state::TimedOutWait, wait_limit::WaitLimit},
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
        mut limit: WaitLimit<'_>,
        stop_batching: impl Fn(),
    ) -> Result<Pushed, SendError> {
        loop {
            let mut changed = pin!(self.changed().notified());
            // Enabled before the queue is looked at, so that no change falls between.
            changed.as_mut().enable();
            frame = match self.try_push(frame, sender, &stop_batching) {
                Err(TryPushError::Full(frame)) => frame,
                Err(TryPushError::Refused(error)) => return Err(error),
                Ok(pushed) => return Ok(pushed),
            };
            // The change first: when a runtime ends, its connections do, and then its timers are not to be asked.
            let has_timed_out = self.has_timed_out_before(&limit);
            let is_over = has_timed_out || matches!(select(changed, limit.expiry()).await, Either::Right(_));
            if has_timed_out || (is_over && limit.has_expired(self.progress())) {
                self.record_timeout(&limit);
                return self.push(frame, sender, &stop_batching).map_err(|error| match error {
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
    fn has_timed_out_before(&self, limit: &WaitLimit<'_>) -> bool {
        let state = self.lock();
        state
            .timed_out
            .as_ref()
            .is_some_and(|timed_out| timed_out.progress == state.progress && timed_out.waited >= limit.limit())
    }

    fn record_timeout(&self, limit: &WaitLimit<'_>) {
        let mut state = self.lock();
        let (progress, waited) = (state.progress, limit.limit());
        state.timed_out = Some(Box::new(TimedOutWait { progress, waited }));
    }

    fn changed(&self) -> &Notify {
        self.changed.get_or_init(Box::default)
    }

    fn register_waiter(&self) -> bool {
        let mut state = self.lock();
        state.has_waiters = true;
        state.is_open()
    }

    /// Waits until the connection is no longer open.
    pub(crate) async fn closed(&self) {
        loop {
            let mut changed = pin!(self.changed().notified());
            changed.as_mut().enable();
            if !self.register_waiter() {
                return;
            }
            changed.await;
        }
    }
}
