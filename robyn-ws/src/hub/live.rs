//! One live connection, as everybody but its driver sees it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Context,
};

use crate::{
    ConnectionId, Message, Overflow, SendError,
    close::Ending,
    frame::{Frame, FrameCounter},
    hub::{courier::Courier, endpoint::EndpointHub, sweep::Alarm},
    log,
    mailbox::{Mailbox, Pushed, Sender, TryPushError, Written, patience::Patience},
    request::UpgradeRequest,
};

/// How many bytes are written to one connection before others get their turn.
pub(crate) const BYTES_PER_TURN: usize = 128 * 1024;

/// A live connection. Connectors, the hub and the driver share it.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) id: ConnectionId,
    pub(crate) mailbox: Mailbox,
    pub(crate) request: Arc<UpgradeRequest>,
    pub(crate) endpoint: Arc<EndpointHub>,
    /// Who writes to it while its driver sleeps.
    pub(crate) courier: Arc<Courier>,
    pub(crate) running: RunningHandler,
    /// When its driver is to be woken because time has passed.
    pub(crate) alarm: Alarm,
}

/// Which handler of a connection runs now. It is written with every message, so it is neither a lock nor ordered with
/// anything else: only a drain that has waited for long reads it.
#[derive(Debug, Default)]
pub(crate) struct RunningHandler(AtomicUsize);

impl RunningHandler {
    /// The handler whose entry has this key begins.
    pub(crate) fn begin(&self, key: usize) {
        self.0.store(key, Ordering::Relaxed);
    }

    /// No handler runs any more.
    pub(crate) fn end(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl Live {
    /// Returns the key of the handler that runs.
    pub(crate) fn running_handler(&self) -> Option<usize> {
        let key = self.running.0.load(Ordering::Relaxed);
        (key != 0).then_some(key)
    }

    /// Queues `message` now, or applies the overflow policy now.
    pub(crate) fn send(self: &Arc<Self>, message: &Message) -> Result<(), SendError> {
        let frame = Frame::message(message, self.encoder());
        let pushed = self.push(frame);
        self.call_courier(pushed);
        self.account(pushed);
        pushed.map(drop)
    }

    /// Queues `message` as soon as there is room. It waits for at most `Limits::send_timeout` in which the client takes
    /// nothing.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it has queued nothing.
    pub(crate) async fn send_wait(self: &Arc<Self>, message: &Message) -> Result<(), SendError> {
        let frame = Frame::message(message, self.encoder());
        let pushed = match self.try_push(frame) {
            Ok(pushed) => Ok(pushed),
            Err(TryPushError::Refused(error)) => Err(error),
            Err(TryPushError::Full(frame)) => {
                let (limit, progress) = (self.mailbox.bounds().send_timeout, self.mailbox.progress());
                let patience = Patience::without_progress(self.courier.runtime(), limit, progress);
                self.mailbox.push_wait(frame, Sender::to(self.id), patience).await
            }
        };
        self.call_courier(pushed);
        self.account(pushed);
        pushed.map(drop)
    }

    /// Queues `frame` of a broadcast as soon as there is room. It waits for at most `Limits::broadcast_timeout`.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it has queued nothing.
    pub(crate) async fn push_wait(self: &Arc<Self>, frame: Frame) -> Result<Pushed, SendError> {
        let patience = Patience::new(self.courier.runtime(), self.mailbox.bounds().broadcast_timeout);
        let pushed = self.mailbox.push_wait(frame, Sender::to(self.id), patience).await;
        self.call_courier(pushed);
        pushed
    }

    /// Queues `frame` now, or applies the overflow policy now. The caller has the courier called.
    #[inline]
    pub(crate) fn push(&self, frame: Frame) -> Result<Pushed, SendError> {
        self.mailbox.push(frame, Sender::to(self.id))
    }

    /// Queues `frame` if there is room. The caller has the courier called.
    pub(crate) fn try_push(&self, frame: Frame) -> Result<Pushed, TryPushError> {
        self.mailbox.try_push(frame, Sender::to(self.id))
    }

    /// Keeps `frame` for a connection that is not in the hub yet, as far as its queue goes.
    pub(crate) fn hold(&self, frame: Frame) {
        self.account(self.push(frame));
    }

    /// Returns `true` if `courier` writes to this connection.
    #[inline]
    pub(crate) fn is_served_by(&self, courier: &Arc<Courier>) -> bool {
        Arc::ptr_eq(&self.courier, courier)
    }

    fn call_courier(self: &Arc<Self>, pushed: Result<Pushed, SendError>) {
        if pushed.is_ok_and(|pushed| pushed.needs_courier) {
            self.courier.visit(self);
        }
    }

    /// Draws the conclusions from what the overflow policy did: what was dropped is counted, and who was disconnected
    /// leaves the hub at once.
    #[inline]
    pub(crate) fn account(&self, pushed: Result<Pushed, SendError>) {
        let dropped = match pushed {
            Ok(Pushed { evicted, .. }) => evicted,
            Err(SendError::QueueFull | SendError::TimedOut) => 1,
            Err(_) => 0,
        };
        if dropped > 0 {
            let policy = self.mailbox.overflow();
            log::debug!(id = %self.id, endpoint = %self.endpoint.path, dropped, policy = policy.label(), "a full queue dropped messages");
            self.endpoint.telemetry.dropped(dropped, policy);
            if policy == Overflow::Disconnect {
                self.endpoint.leave(self.id);
            }
        }
    }

    /// Writes what is queued, as far as the socket takes it. What is left is the driver's, which is woken for it. Returns
    /// how many bytes were written.
    #[inline]
    pub(crate) fn write(&self) -> usize {
        let mut budget = BYTES_PER_TURN;
        self.write_with(None, &mut budget);
        BYTES_PER_TURN - budget
    }

    /// As [`Self::write`], for the driver, whose context is woken when the socket takes more.
    #[inline]
    pub(crate) fn write_with(&self, cx: Option<&mut Context<'_>>, budget: &mut usize) -> Written {
        let (written, load) = self.mailbox.write(cx, budget);
        if load.messages > 0 {
            self.endpoint.telemetry.sent(load.messages, load.bytes);
        }
        written
    }

    /// Takes the connection out of the hub at once and asks its driver to end it. Gives the ending that stands: the
    /// first.
    pub(crate) fn close(&self, ending: Ending) -> Ending {
        let standing = self.mailbox.close(ending);
        self.endpoint.leave(self.id);
        standing
    }

    pub(crate) fn encoder(&self) -> &FrameCounter {
        &self.endpoint.telemetry.frames_encoded
    }
}
