//! Waiting for room in a mailbox, or for the end of its connection.

use std::pin::pin;

use futures_util::future::{Either, select};
use tokio::sync::Notify;

use crate::{
    mailbox::{
        Mailbox, Pushed, TryPushError,
        sender::Sender,
        state::{TimedOutWait, WriterSlot},
        wait_limit::WaitLimit,
    },
    types::error::SendError,
    wire::frame::Frame,
};

impl Mailbox {
    /// Queues `frame` as soon as there is room. When `limit` expires, the overflow policy applies.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, nothing is queued.
    pub(crate) async fn push_wait(
        &self,
        frame: Frame,
        sender: Sender,
        limit: WaitLimit<'_>,
        stop_batching: impl Fn(),
    ) -> Result<Pushed, SendError> {
        let attempt = || match self.try_push(frame.clone(), sender, &stop_batching) {
            Err(TryPushError::Full(_)) => None,
            Err(TryPushError::Refused(error)) => Some(Err(error)),
            Ok(pushed) => Some(Ok(pushed)),
        };
        let in_time = self.wait_for_room(limit, attempt).await;
        in_time.unwrap_or_else(|| {
            self.push(frame, sender, &stop_batching)
                .map_err(SendError::after_waiting)
        })
    }

    /// Calls `attempt` until it returns a value: now, and each time that there may be room. Returns `None` when `limit`
    /// expires.
    pub(crate) async fn wait_for_room<T>(
        &self,
        mut limit: WaitLimit<'_>,
        mut attempt: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        loop {
            let mut changed = pin!(self.changed().notified());
            // Enabled before the queue is checked, so that no change is missed.
            changed.as_mut().enable();
            if let Some(done) = attempt() {
                return Some(done);
            }
            // `changed` is polled first: when a runtime ends, it drops its connections before its timers, which then
            // must not be polled.
            let has_timed_out = self.has_timed_out_before(&limit);
            let is_over = has_timed_out || matches!(select(changed, limit.expiry()).await, Either::Right(_));
            if has_timed_out || (is_over && limit.has_expired(self.progress())) {
                self.record_timeout(&limit);
                return None;
            }
        }
    }

    /// Returns how often the client made room by taking bytes, or was not waited for: as long as a message is compressed,
    /// each call returns another number.
    pub(crate) fn progress(&self) -> u64 {
        let mut state = self.lock();
        if matches!(&state.writer, WriterSlot::Here(writer) if writer.is_compressing()) {
            state.progress += 1;
        }
        state.progress
    }

    /// Returns `true` if a wait of this length has timed out and the client has taken no bytes since.
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
        &self.rare().changed
    }

    /// Registers a waiting task. Returns `false` if the connection is not open anymore.
    fn register_waiter(&self) -> bool {
        let mut state = self.lock();
        state.has_waiters = true;
        state.is_open()
    }

    /// Waits until the connection is not open anymore.
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
