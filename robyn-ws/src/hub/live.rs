//! One live connection, as everything but its driver sees it.

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
        unanswered::UnansweredCalls,
        wait_limit::WaitLimit,
        writing::{Written, Wrote},
    },
    types::{
        close::Ending, error::SendError, id::ConnectionId, limits::Overflow, message::Message, reply::Reply,
        request::UpgradeRequest,
    },
    util::log,
    wire::{deflate::BroadcastFrame, frame::Frame, turn::BYTES_PER_TURN},
};

/// A live connection. Connectors, the hub and the driver share it.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) id: ConnectionId,
    pub(crate) mailbox: Mailbox,
    pub(crate) request: Arc<UpgradeRequest>,
    pub(crate) endpoint: Arc<EndpointMembers>,
    /// Writes to this connection while its driver sleeps.
    pub(crate) flusher: Arc<Flusher>,
    pub(crate) running: RunningHandler,
    pub(crate) calls: UnansweredCalls,
    /// When to wake the driver for a timeout.
    pub(crate) alarm: Alarm,
}

/// The key of the handler that runs, or 0.
///
/// It is written for every message, so it is a relaxed atomic. Only a drain whose grace period is over reads it.
#[derive(Debug, Default)]
pub(crate) struct RunningHandler(AtomicUsize);

impl RunningHandler {
    /// Sets the running handler to the entry with this key.
    pub(crate) fn begin(&self, key: usize) {
        self.0.store(key, Ordering::Relaxed);
    }

    /// Clears the running handler.
    pub(crate) fn end(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl Live {
    /// Returns the key of the running handler.
    pub(crate) fn running_handler(&self) -> Option<usize> {
        let key = self.running.0.load(Ordering::Relaxed);
        (key != 0).then_some(key)
    }

    /// Queues `message` without waiting. If the queue is full, the overflow policy applies.
    pub(crate) fn send(self: &Arc<Self>, message: &Message) -> Result<(), SendError> {
        self.send_counted(message).0
    }

    /// Like [`Self::send`]. Returns the number of dropped messages, too.
    pub(crate) fn send_counted(self: &Arc<Self>, message: &Message) -> (Result<(), SendError>, usize) {
        let frame = self.encode(message);
        let pushed = self.push(frame);
        let dropped = self.handle_drops(pushed);
        (pushed.map(drop), dropped)
    }

    /// Queues `message` as soon as there is room. Waits at most `Limits::send_timeout` without progress of the client.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, nothing is queued.
    pub(crate) async fn send_wait(self: &Arc<Self>, message: &Message) -> Result<(), SendError> {
        let frame = self.encode(message);
        let pushed = match self.try_push(frame) {
            Ok(pushed) => Ok(pushed),
            Err(TryPushError::Refused(error)) => Err(error),
            Err(TryPushError::Full(frame)) => {
                let (limit, progress) = (self.mailbox.bounds().send_timeout, self.mailbox.progress());
                let limit = WaitLimit::without_progress(self.flusher.runtime(), limit, progress);
                self.wait_to_push(frame, limit).await
            }
        };
        self.handle_drops(pushed);
        pushed.map(drop)
    }

    /// Queues a broadcast's `frame` as soon as there is room. Waits at most `Limits::broadcast_timeout`.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, nothing is queued.
    pub(crate) async fn push_wait(self: &Arc<Self>, frame: Frame) -> Result<Pushed, SendError> {
        let limit = WaitLimit::new(self.flusher.runtime(), self.mailbox.bounds().broadcast_timeout);
        self.wait_to_push(frame, limit).await
    }

    async fn wait_to_push(self: &Arc<Self>, frame: Frame, limit: WaitLimit<'_>) -> Result<Pushed, SendError> {
        let waiting = self
            .mailbox
            .push_wait(frame, Sender::to(self.id), limit, || self.stop_batching(false));
        let pushed = waiting.await;
        self.call_flusher(pushed);
        pushed
    }

    /// Queues `frame` without waiting. If the queue is full, the overflow policy applies.
    pub(crate) fn push(self: &Arc<Self>, frame: Frame) -> Result<Pushed, SendError> {
        self.flusher.catch_up(self);
        let pushed = self
            .mailbox
            .push(frame, Sender::to(self.id), || self.stop_batching(false));
        self.call_flusher(pushed);
        pushed
    }

    /// Queues `frame` if there is room.
    pub(crate) fn try_push(self: &Arc<Self>, frame: Frame) -> Result<Pushed, TryPushError> {
        self.flusher.catch_up(self);
        let pushed = self
            .mailbox
            .try_push(frame, Sender::to(self.id), || self.stop_batching(false))?;
        self.call_flusher(Ok(pushed));
        Ok(pushed)
    }

    /// Queues `frame` for a connection that has not entered the hub yet. If the queue is full, the overflow policy
    /// applies.
    pub(crate) fn push_early(self: &Arc<Self>, frame: Frame) {
        self.handle_drops(self.push(frame));
    }

    /// Queues a handler's reply, if any, after the handler's broadcasts.
    #[inline]
    pub(crate) fn answer(self: &Arc<Self>, reply: Option<&impl Reply>) -> MailboxStatus {
        if let Some(reply) = reply {
            self.flusher.catch_up(self);
            self.endpoint.telemetry.encoded();
            if !self.mailbox.form().is_plain() {
                return self.answer_compressed(&reply.to_message());
            }
        }
        let (status, must_stop_batching) = self.mailbox.answer(reply);
        if must_stop_batching {
            self.stop_batching(false);
        }
        status
    }

    /// Queues the reply of a connection that gets compressed messages. Apart from [`Self::answer`], so that the compiler
    /// can inline that one.
    #[inline(never)]
    fn answer_compressed(self: &Arc<Self>, reply: &Message) -> MailboxStatus {
        let frame = self.compressed(reply).unwrap_or_else(|| Frame::message(reply));
        let (status, must_stop_batching) = self.mailbox.answer_with(frame);
        if must_stop_batching {
            self.stop_batching(false);
        }
        status
    }

    /// Counts written frames.
    #[inline]
    fn count_sent(&self, wrote: &Wrote) {
        if wrote.may_have_compressed {
            self.endpoint.telemetry.compressed(self.mailbox.take_compressed());
        }
        self.endpoint.telemetry.sent(wrote.size.messages, wrote.size.bytes);
    }

    /// Queues the reply of `connect`, then the frames held while it ran.
    pub(crate) fn finish_connect(self: &Arc<Self>, reply: Option<&Message>) {
        self.mailbox.finish_connect(reply.map(|reply| self.encode(reply)));
        self.flusher.with_pending(|pending| pending.resume_batching(self));
    }

    /// Handles the peer's Close frame or the end of TCP, as [`Mailbox::peer_closed`].
    pub(crate) fn peer_closed(self: &Arc<Self>) -> Option<Ending> {
        self.stop_batching(true);
        self.mailbox.peer_closed()
    }

    /// Switches this connection to direct broadcasts, for good if it `ends`.
    pub(super) fn stop_batching(self: &Arc<Self>, ends: bool) {
        self.flusher.with_pending(|pending| pending.stop_batching(self, ends));
    }

    /// Returns `true` if `flusher` writes to this connection.
    #[inline]
    pub(crate) fn is_served_by(&self, flusher: &Arc<Flusher>) -> bool {
        Arc::ptr_eq(&self.flusher, flusher)
    }

    pub(super) fn call_flusher(self: &Arc<Self>, pushed: Result<Pushed, SendError>) {
        if pushed.is_ok_and(|pushed| pushed.needs_flush) {
            self.flusher.schedule(self);
        }
    }

    /// Counts and returns the dropped messages. Under [`Overflow::Disconnect`], the connection leaves the hub.
    #[inline]
    pub(crate) fn handle_drops(&self, pushed: Result<Pushed, SendError>) -> usize {
        let dropped = match pushed {
            Ok(Pushed { evicted, .. }) => evicted,
            Err(SendError::QueueFull | SendError::TimedOut) => 1,
            Err(_) => 0,
        };
        if dropped > 0 {
            let policy = self.mailbox.overflow();
            log::debug!(id = %self.id, endpoint = %self.endpoint.path, dropped, policy = policy.label(), "messages were dropped because the queue is full");
            self.endpoint.telemetry.dropped(dropped, policy);
            if policy == Overflow::Disconnect {
                self.endpoint.leave(self.id);
            }
        }
        dropped
    }

    /// Writes the queued frames as far as the socket takes them. Wakes the driver if any are left. Returns the number
    /// of bytes written.
    #[inline]
    pub(crate) fn write(self: &Arc<Self>) -> usize {
        let mut budget = BYTES_PER_TURN;
        self.write_with(None, &mut budget);
        BYTES_PER_TURN - budget
    }

    /// Like [`Self::write`], for the driver: its context is woken when the socket takes more.
    #[inline]
    pub(crate) fn write_with(self: &Arc<Self>, cx: Option<&mut Context<'_>>, budget: &mut usize) -> Written {
        let wrote = self.mailbox.write(cx, budget);
        self.finish_write(wrote)
    }

    /// Writes the frames of `shared` for this connection after the queued frames. Returns the number of bytes written.
    #[inline]
    pub(crate) fn write_batch(self: &Arc<Self>, shared: &SharedFrames) -> usize {
        let mut budget = BYTES_PER_TURN;
        let wrote = self.mailbox.write_batch(self.id, shared, &mut budget);
        self.finish_write(wrote);
        BYTES_PER_TURN - budget
    }

    /// Queues the frames of `shared` for this connection.
    pub(crate) fn queue_batch(self: &Arc<Self>, shared: &SharedFrames) {
        if self.mailbox.queue_batch(self.id, shared) {
            self.stop_batching(false);
        }
    }

    /// Counts the written frames and changes the broadcast mode if needed.
    #[inline]
    fn finish_write(self: &Arc<Self>, wrote: Wrote) -> Written {
        if wrote.size.messages > 0 {
            self.count_sent(&wrote);
        }
        if wrote.must_stop_batching {
            self.stop_batching(false);
        }
        if wrote.can_resume_batching {
            self.flusher.with_pending(|pending| pending.resume_batching(self));
        }
        wrote.written
    }

    /// Removes the connection from the hub and asks its driver to end it. Returns the first requested ending, which is
    /// the one that applies.
    pub(crate) fn close(self: &Arc<Self>, ending: Ending) -> Ending {
        self.stop_batching(true);
        let standing = self.mailbox.close(ending);
        self.endpoint.leave(self.id);
        standing
    }

    /// Encodes a message for this connection alone.
    fn encode(&self, message: &Message) -> Frame {
        self.endpoint.telemetry.encoded();
        self.compressed(message).unwrap_or_else(|| Frame::message(message))
    }

    /// Compresses a message for this connection alone, or returns `None` if it gets the plain one.
    #[inline]
    fn compressed(&self, message: &Message) -> Option<Frame> {
        let (frame, compressed) = self.endpoint.encoder.compressed(message, self.mailbox.form())?;
        self.endpoint.telemetry.compressed(compressed);
        Some(frame)
    }

    /// Returns the frame of a broadcast for this connection.
    #[inline]
    pub(crate) fn its_form_of(&self, frame: &BroadcastFrame) -> Frame {
        frame.in_form(self.mailbox.form()).clone()
    }
}
