//! The mailbox as its connection's driver sees it, besides writing.

use std::{
    mem::{replace, take},
    task::Context,
};

use crate::{
    mailbox::{
        Mailbox,
        state::{CONTROLS, DriverState, Gate, State, WriterSlot},
    },
    types::{close::Ending, limits::Overflow, message::Message},
    wire::{
        frame::{Frame, QueueSize},
        writer::FrameWriter,
    },
};

/// What the driver is told when it looks in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals {
    /// Somebody asked for the end of the connection.
    pub(crate) ending: Option<Ending>,
    /// The drain's patience is over: stop at once.
    pub(crate) aborted: bool,
    pub(crate) status: MailboxStatus,
}

/// What the driver knows of its mailbox from the last look at it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MailboxStatus {
    /// There are signals, so that it must look in.
    pub(crate) has_signals: bool,
    /// A handler may run: its reply finds room.
    pub(crate) has_room: bool,
    /// There may be something to write.
    pub(crate) has_frames: bool,
}

impl Mailbox {
    // ---- the way of a connection ----------------------------------------------------------------------------------

    /// Opens the way out, now that the 101 is out.
    pub(crate) fn connect(&self, writer: FrameWriter) {
        self.lock().writer = WriterSlot::Here(writer);
    }

    /// Queues what `connect` returned as the first frame, and lets out what others sent meanwhile.
    pub(crate) fn finish_connect(&self, greeting: Option<Frame>) {
        let mut state = self.lock();
        if let Some(greeting) = greeting {
            state.queue_frame(greeting);
        }
        let held = state.held.take();
        if state.gate == Gate::Connecting {
            state.gate = if held.is_some() { Gate::Released } else { Gate::Open };
        }
        if let Some(held) = held {
            state.size.append(held.size);
            state.queue.append(held.frames);
        }
    }

    /// Drops what others sent meanwhile: `connect` has not let the client in.
    pub(crate) fn discard_held(&self) {
        let held = self.lock().held.take();
        drop(held);
    }

    /// Queues the reply of a handler, if there is one, and says what has come of its run. The driver runs no handler while
    /// the queue is full, so a reply goes over the bound at most by itself. Returns also whether batches are to reach the
    /// connection no longer.
    pub(crate) fn answer(&self, reply: Option<&Message>) -> (MailboxStatus, bool) {
        let mut state = self.lock();
        if let Some(reply) = reply {
            // A frame that may be dropped to make room for another stays by itself.
            let joins = self.overflow() != Overflow::DropOldest;
            state.queue_reply(reply, joins);
        }
        (self.status(&state), self.must_stop_batching(&state, 0))
    }

    fn status(&self, state: &State) -> MailboxStatus {
        MailboxStatus {
            has_signals: state.aborted || state.ending.is_some(),
            has_room: self.takes_reply(state),
            has_frames: state.has_frames(),
        }
    }

    /// Queues a control frame ahead of everything else.
    pub(crate) fn control(&self, frame: Frame) {
        let mut state = self.lock();
        if state.controls.len() == CONTROLS {
            state.controls.pop_front();
        }
        state.controls.push_back(frame);
    }

    /// The peer said Close or is gone: only the running handler may still send. Gives the end that was asked for
    /// before, if one was.
    pub(crate) fn peer_closed(&self) -> Option<Ending> {
        let mut state = self.lock();
        if state.gate != Gate::Closed {
            state.gate = Gate::Finishing;
        }
        let asked_for = state.ending.as_deref().cloned();
        self.unlock_and_notify(state);
        asked_for
    }

    /// Takes nothing more, from nobody.
    pub(crate) fn stop_accepting(&self) {
        let state = self.lock();
        self.close_gate(state);
    }

    /// Drops TCP, and what was not written.
    pub(crate) fn drop_socket(&self) {
        let mut state = self.lock();
        let slot = replace(&mut state.writer, WriterSlot::Absent);
        let frames = (take(&mut state.queue), take(&mut state.controls), state.held.take());
        self.close_gate(state);
        drop((slot, frames));
    }

    /// Takes the bytes of all queued frames, in place of a socket.
    #[cfg(feature = "test-util")]
    pub(crate) fn take_queued(&self) -> Vec<u8> {
        let mut state = self.lock();
        state.size = QueueSize::default();
        let queue = take(&mut state.queue);
        self.unlock_and_notify(state);
        queue.iter().flat_map(|frame| frame.pieces().concat()).collect()
    }

    /// Tells whether a handler may run: its reply finds room.
    pub(crate) fn has_room(&self) -> bool {
        self.takes_reply(&self.lock())
    }

    fn takes_reply(&self, state: &State) -> bool {
        let QueueSize { messages, bytes } = state.size;
        messages < self.bounds.max_outbound_messages && bytes < self.bounds.max_outbound_bytes
    }

    // ---- waking and sleeping --------------------------------------------------------------------------------------

    /// Says that the driver is awake, so that nobody wakes it.
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

    /// Lets the driver sleep until there is something for it to do. Gives `false`, and does not register it, if there is
    /// already.
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
    /// Queues a reply, behind others in the same piece of memory if it `joins` them.
    #[inline]
    fn queue_reply(&mut self, reply: &Message, joins: bool) {
        if !joins {
            return self.queue_frame(Frame::message(reply));
        }
        match self.queue.back_mut().and_then(|last| last.join(reply)) {
            Some(bytes) => self.size.append(QueueSize { messages: 1, bytes }),
            None => self.queue_frame(Frame::run(reply)),
        }
    }

    /// Returns `true` unless everything is written.
    #[inline]
    fn has_frames(&self) -> bool {
        let is_idle = matches!(&self.writer, WriterSlot::Here(writer) if writer.is_idle());
        !(is_idle && self.queue.is_empty() && self.controls.is_empty())
    }
}
