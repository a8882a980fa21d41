//! The driver's side of a mailbox, except for writing.

use std::{
    mem::{replace, take},
    task::Context,
};

use crate::{
    mailbox::{
        Mailbox,
        keyed_positions::KeyedPositions,
        state::{CONTROLS, DriverState, Gate, State, WriterSlot},
    },
    types::{close::Ending, limits::Overflow, reply::Reply},
    wire::{
        frame::{Frame, QueueSize},
        writer::FrameWriter,
    },
};

/// Signals for the driver.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals {
    /// The requested end of the connection.
    pub(crate) ending: Option<Ending>,
    /// The drain's grace period is over: the driver stops at once.
    pub(crate) aborted: bool,
    pub(crate) status: MailboxStatus,
}

/// The status of the mailbox when the driver last read it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MailboxStatus {
    /// There are signals, so the driver must call [`Mailbox::take_signals`].
    pub(crate) has_signals: bool,
    /// There is room for a handler's reply, so a handler may run.
    pub(crate) has_room: bool,
    /// There may be frames to write.
    pub(crate) has_frames: bool,
}

impl Mailbox {
    // ---- from connect to close -------------------------------------------------------------------------------------

    /// Sets the writer, after the 101 is sent.
    pub(crate) fn connect(&self, writer: FrameWriter) {
        self.lock().writer = WriterSlot::Here(writer);
    }

    /// Queues the reply of `connect` as the first frame, then the frames held while it ran.
    pub(crate) fn finish_connect(&self, reply: Option<Frame>) {
        let mut state = self.lock();
        if let Some(reply) = reply {
            state.queue_frame(reply);
        }
        // No frame of others takes a place before the reply.
        state.keyed = KeyedPositions::default();
        let held = state.held.take();
        if state.gate == Gate::Connecting {
            state.gate = if held.is_some() { Gate::Released } else { Gate::Open };
        }
        if let Some(held) = held {
            state.size.append(held.size);
            state.keyed = held.keyed.behind(state.queue.len());
            state.queue.append(held.frames);
        }
    }

    /// Drops the held frames, because `connect` has refused the client.
    pub(crate) fn discard_held(&self) {
        let held = self.lock().held.take();
        drop(held);
    }

    /// Queues the reply of a handler, if any. Returns the new status, and `true` if the connection must stop batching.
    ///
    /// The driver runs no handler while the queue is full. Therefore the queue exceeds its bounds by one reply at most.
    #[inline]
    pub(crate) fn answer(&self, reply: Option<&impl Reply>) -> (MailboxStatus, bool) {
        let mut state = self.lock();
        if let Some(reply) = reply {
            // Under `DropOldest`, frames stay separate, so that each can be dropped. So does a keyed frame, which can be
            // replaced.
            let joins = self.overflow() != Overflow::DropOldest && state.keyed.is_empty();
            state.queue_reply(reply, joins);
        }
        (self.status(&state), self.must_stop_batching(&state, 0))
    }

    /// Like [`Self::answer`], with an encoded reply.
    pub(crate) fn answer_with(&self, reply: Frame) -> (MailboxStatus, bool) {
        let mut state = self.lock();
        state.queue_frame(reply);
        (self.status(&state), self.must_stop_batching(&state, 0))
    }

    #[inline]
    fn status(&self, state: &State) -> MailboxStatus {
        MailboxStatus {
            has_signals: state.aborted || state.ending.is_some(),
            has_room: self.takes_reply(state),
            has_frames: state.has_frames(),
        }
    }

    /// Queues a control frame ahead of all other frames.
    pub(crate) fn control(&self, frame: Frame) {
        let mut state = self.lock();
        if state.controls.len() == CONTROLS {
            state.controls.pop_front();
        }
        state.controls.push_back(frame);
    }

    /// Handles the peer's Close frame, or the end of TCP: from now on, only the running handler can send. Returns the
    /// ending requested before.
    pub(crate) fn peer_closed(&self) -> Option<Ending> {
        let mut state = self.lock();
        if state.gate != Gate::Closed {
            state.gate = Gate::Finishing;
        }
        let requested = state.ending.as_deref().cloned();
        self.unlock_and_notify(state);
        requested
    }

    /// Refuses all further frames.
    pub(crate) fn stop_accepting(&self) {
        let state = self.lock();
        self.close_gate(state);
    }

    /// Drops the socket and all unwritten frames.
    pub(crate) fn drop_socket(&self) {
        let mut state = self.lock();
        let slot = replace(&mut state.writer, WriterSlot::Absent);
        state.keyed = KeyedPositions::default();
        let frames = (take(&mut state.queue), take(&mut state.controls), state.held.take());
        self.close_gate(state);
        drop((slot, frames));
    }

    /// Takes the bytes of all queued frames, in place of a socket.
    #[cfg(feature = "test-util")]
    pub(crate) fn take_queued(&self) -> Vec<u8> {
        let mut state = self.lock();
        state.size = QueueSize::default();
        state.keyed = KeyedPositions::default();
        let queue = take(&mut state.queue);
        self.unlock_and_notify(state);
        queue.iter().flat_map(|frame| frame.pieces().concat()).collect()
    }

    /// Returns `true` if there is room for a handler's reply, so that a handler may run.
    pub(crate) fn has_room(&self) -> bool {
        self.takes_reply(&self.lock())
    }

    #[inline]
    fn takes_reply(&self, state: &State) -> bool {
        let QueueSize { messages, bytes } = state.size;
        messages < self.bounds.max_outbound_messages && bytes < self.bounds.max_outbound_bytes
    }

    // ---- waking and sleeping --------------------------------------------------------------------------------------

    /// Returns the signals, and marks the driver as awake, so that no other task wakes it.
    #[inline]
    pub(crate) fn take_signals(&self) -> Signals {
        let mut state = self.lock();
        state.driver.take_waker();
        Signals {
            ending: state.ending.as_deref().cloned(),
            aborted: state.aborted,
            status: MailboxStatus {
                has_signals: false,
                ..self.status(&state)
            },
        }
    }

    /// Wakes the driver, or has it look again before it sleeps.
    pub(crate) fn wake_driver(&self) {
        let mut state = self.lock();
        if let DriverState::Asleep(driver) = replace(&mut state.driver, DriverState::Notified) {
            state.driver = DriverState::Awake;
            drop(state);
            driver.wake();
        }
    }

    /// Registers the driver to be woken. Returns `false`, without registering it, if there is work already.
    #[inline]
    pub(crate) fn sleep(&self, cx: &Context<'_>, has_ending: bool) -> bool {
        let mut state = self.lock();
        let signals = state.aborted || (state.ending.is_some() && !has_ending);
        let called = matches!(replace(&mut state.driver, DriverState::Awake), DriverState::Notified);
        if signals || called || state.has_something_to_write() {
            return false;
        }
        state.driver = DriverState::Asleep(cx.waker().clone());
        true
    }
}

impl State {
    /// Queues a reply. If it `joins` them, its bytes are appended to those of the replies before it.
    #[inline]
    fn queue_reply(&mut self, reply: &impl Reply, joins: bool) {
        if !joins {
            return self.queue_frame(Frame::message(&reply.to_message()));
        }
        match self.queue.back_mut().and_then(|last| last.join(reply)) {
            Some(bytes) => self.size.append(QueueSize { messages: 1, bytes }),
            None => self.queue_frame(Frame::run(reply)),
        }
    }

    /// Returns `true` unless all frames are written.
    #[inline]
    fn has_frames(&self) -> bool {
        let is_idle = matches!(&self.writer, WriterSlot::Here(writer) if writer.is_idle());
        !(is_idle && self.queue.is_empty() && self.controls.is_empty())
    }
}
