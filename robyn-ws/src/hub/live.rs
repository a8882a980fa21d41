//! One live connection, as everybody but its driver sees it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Context,
};

use crate::{
    hub::{flusher::Flusher, members::EndpointMembers, sweep::Alarm},
    mailbox::{
        Mailbox, Pushed, TryPushError,
        driver_side::MailboxStatus,
        sender::Sender,
        shared_frames::SharedFrames,
        wait_limit::WaitLimit,
        writing::{Written, Wrote},
    },
    types::{
        close::Ending, error::SendError, id::ConnectionId, limits::Overflow, message::Message, request::UpgradeRequest,
    },
    util::log,
    wire::{frame::Frame, turn::BYTES_PER_TURN},
};

/// A live connection. Connectors, the hub and the driver share it.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) id: ConnectionId,
    pub(crate) mailbox: Mailbox,
    pub(crate) request: Arc<UpgradeRequest>,
    pub(crate) endpoint: Arc<EndpointMembers>,
    /// Who writes to it while its driver sleeps.
    pub(crate) flusher: Arc<Flusher>,
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
        let frame = self.encode(message);
        let pushed = self.push(frame);
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
        let frame = self.encode(message);
        let pushed = match self.try_push(frame) {
            Ok(pushed) => Ok(pushed),
            Err(TryPushError::Refused(error)) => Err(error),
            Err(TryPushError::Full(frame)) => {
                let (limit, progress) = (self.mailbox.bounds().send_timeout, self.mailbox.progress());
                let patience = WaitLimit::without_progress(self.flusher.runtime(), limit, progress);
                self.wait_to_push(frame, patience).await
            }
        };
        self.account(pushed);
        pushed.map(drop)
    }

    /// Queues `frame` of a broadcast as soon as there is room. It waits for at most `Limits::broadcast_timeout`.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it has queued nothing.
    pub(crate) async fn push_wait(self: &Arc<Self>, frame: Frame) -> Result<Pushed, SendError> {
        let patience = WaitLimit::new(self.flusher.runtime(), self.mailbox.bounds().broadcast_timeout);
        self.wait_to_push(frame, patience).await
    }

    async fn wait_to_push(self: &Arc<Self>, frame: Frame, patience: WaitLimit<'_>) -> Result<Pushed, SendError> {
        let waiting = self
            .mailbox
            .push_wait(frame, Sender::to(self.id), patience, || self.part(false));
        let pushed = waiting.await;
        self.call_flusher(pushed);
        pushed
    }

    /// Queues `frame` now, or applies the overflow policy now.
    pub(crate) fn push(self: &Arc<Self>, frame: Frame) -> Result<Pushed, SendError> {
        self.flusher.catch_up(self);
        let pushed = self.mailbox.push(frame, Sender::to(self.id), || self.part(false));
        self.call_flusher(pushed);
        pushed
    }

    /// Queues `frame` if there is room.
    pub(crate) fn try_push(self: &Arc<Self>, frame: Frame) -> Result<Pushed, TryPushError> {
        self.flusher.catch_up(self);
        let pushed = self.mailbox.try_push(frame, Sender::to(self.id), || self.part(false))?;
        self.call_flusher(Ok(pushed));
        Ok(pushed)
    }

    /// Keeps `frame` for a connection that is not in the hub yet, as far as its queue goes.
    pub(crate) fn hold(self: &Arc<Self>, frame: Frame) {
        self.account(self.push(frame));
    }

    /// Queues a handler's reply, if there is one, behind everything that it has broadcast.
    #[inline]
    pub(crate) fn answer(self: &Arc<Self>, reply: Option<&Message>) -> MailboxStatus {
        if reply.is_some() {
            self.flusher.catch_up(self);
            self.endpoint.telemetry.encoded();
        }
        let (status, is_crowded) = self.mailbox.answer(reply);
        if is_crowded {
            self.part(false);
        }
        status
    }

    /// Queues what `connect` returned, and lets out what others sent meanwhile.
    pub(crate) fn greet(self: &Arc<Self>, greeting: Option<&Message>) {
        self.mailbox.greet(greeting.map(|greeting| self.encode(greeting)));
        self.flusher.with_pending(|pending, _| pending.resume_batching(self));
    }

    /// The peer said Close or is gone: as [`Mailbox::peer_closed`].
    pub(crate) fn peer_closed(self: &Arc<Self>) -> Option<Ending> {
        self.part(true);
        self.mailbox.peer_closed()
    }

    /// Has broadcasts sent to this connection at once, to the end if it `ends`.
    fn part(self: &Arc<Self>, ends: bool) {
        self.flusher.with_pending(|pending, _| pending.part(self, ends));
    }

    /// Returns `true` if `flusher` writes to this connection.
    #[inline]
    pub(crate) fn is_served_by(&self, flusher: &Arc<Flusher>) -> bool {
        Arc::ptr_eq(&self.flusher, flusher)
    }

    fn call_flusher(self: &Arc<Self>, pushed: Result<Pushed, SendError>) {
        if pushed.is_ok_and(|pushed| pushed.needs_flush) {
            self.flusher.schedule(self);
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
    pub(crate) fn write(self: &Arc<Self>) -> usize {
        let mut budget = BYTES_PER_TURN;
        self.write_with(None, &mut budget);
        BYTES_PER_TURN - budget
    }

    /// As [`Self::write`], for the driver, whose context is woken when the socket takes more.
    #[inline]
    pub(crate) fn write_with(self: &Arc<Self>, cx: Option<&mut Context<'_>>, budget: &mut usize) -> Written {
        let wrote = self.mailbox.write(cx, budget);
        self.conclude(wrote)
    }

    /// Writes what `shared` holds for this connection, behind what is queued. Returns how many bytes were written.
    #[inline]
    pub(crate) fn write_batch(self: &Arc<Self>, shared: &SharedFrames) -> usize {
        let mut budget = BYTES_PER_TURN;
        let wrote = self.mailbox.write_batch(self.id, shared, &mut budget);
        self.conclude(wrote);
        BYTES_PER_TURN - budget
    }

    /// Queues what `shared` holds for this connection.
    pub(crate) fn settle(self: &Arc<Self>, shared: &SharedFrames) {
        if self.mailbox.settle(self.id, shared) {
            self.part(false);
        }
    }

    #[inline]
    fn conclude(self: &Arc<Self>, wrote: Wrote) -> Written {
        if wrote.size.messages > 0 {
            self.endpoint.telemetry.sent(wrote.size.messages, wrote.size.bytes);
        }
        if wrote.is_crowded {
            self.part(false);
        }
        if wrote.is_eased {
            self.flusher.with_pending(|pending, _| pending.resume_batching(self));
        }
        wrote.written
    }

    /// Takes the connection out of the hub at once and asks its driver to end it. Gives the ending that stands: the
    /// first.
    pub(crate) fn close(self: &Arc<Self>, ending: Ending) -> Ending {
        self.part(true);
        let standing = self.mailbox.close(ending);
        self.endpoint.leave(self.id);
        standing
    }

    /// Encodes a message for this connection alone.
    fn encode(&self, message: &Message) -> Frame {
        self.endpoint.telemetry.encoded();
        Frame::message(message)
    }
}
