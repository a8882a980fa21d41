//! The mailbox as its connection's driver sees it, besides writing.

use std::{
    mem::{replace, take},
    task::Context,
};

use crate::{
    mailbox::{
        Mailbox,
        state::{CONTROLS, Exit, Gate, State, Wakefulness},
    },
    types::{close::Ending, limits::Overflow, message::Message},
    wire::{
        frame::{Frame, FrameCounter, Load},
        writer::Outlet,
    },
};

/// What the driver is told when it looks in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orders {
    /// Somebody asked for the end of the connection.
    pub(crate) ending: Option<Ending>,
    /// The drain's patience is over: stop at once.
    pub(crate) cut: bool,
    pub(crate) glance: Glance,
}

/// What the driver knows of its mailbox from the last look at it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Glance {
    /// There are orders, so that it must look in.
    pub(crate) has_orders: bool,
    /// A handler may run: its reply finds room.
    pub(crate) has_room: bool,
    /// There may be something to write.
    pub(crate) has_mail: bool,
}

impl Mailbox {
    // ---- the way of a connection ----------------------------------------------------------------------------------

    /// Opens the way out, now that the 101 is out.
    pub(crate) fn connect(&self, outlet: Outlet) {
        self.lock().exit = Exit::Here(outlet);
    }

    /// Queues what `connect` returned as the first frame, and lets out what others sent meanwhile.
    pub(crate) fn greet(&self, greeting: Option<Frame>) {
        let mut state = self.lock();
        if let Some(greeting) = greeting {
            state.line_up(greeting);
        }
        let held = state.held.take();
        if state.gate == Gate::Greeting {
            state.gate = if held.is_some() { Gate::Released } else { Gate::Open };
        }
        if let Some(held) = held {
            state.load.append(held.load);
            state.queue.append(held.frames);
        }
    }

    /// Drops what others sent meanwhile: `connect` has not let the client in.
    pub(crate) fn refuse(&self) {
        let held = self.lock().held.take();
        drop(held);
    }

    /// Queues the reply of a handler, if there is one, and says what has come of its run. The driver runs no handler while
    /// the queue is full, so a reply goes over the bound at most by itself. Returns also whether rounds are to reach the
    /// connection no longer.
    pub(crate) fn answer(&self, reply: Option<&Message>, encoder: &FrameCounter) -> (Glance, bool) {
        let mut state = self.lock();
        if let Some(reply) = reply {
            // A frame that may be dropped to make room for another stays by itself.
            let joins = self.overflow() != Overflow::DropOldest;
            state.line_up_reply(reply, joins, encoder);
        }
        (self.glance(&state), self.crowds(&state, 0))
    }

    fn glance(&self, state: &State) -> Glance {
        Glance {
            has_orders: state.cut || state.ending.is_some(),
            has_room: self.takes_reply(state),
            has_mail: state.has_mail(),
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
    pub(crate) fn finish(&self) -> Option<Ending> {
        let mut state = self.lock();
        if state.gate != Gate::Closed {
            state.gate = Gate::Finishing;
        }
        let asked_for = state.ending.as_deref().cloned();
        self.announce(state);
        asked_for
    }

    /// Takes nothing more, from nobody.
    pub(crate) fn seal(&self) {
        let state = self.lock();
        self.shut(state);
    }

    /// Drops TCP, and what was not written.
    pub(crate) fn hang_up(&self) {
        let mut state = self.lock();
        let exit = replace(&mut state.exit, Exit::Absent);
        let frames = (take(&mut state.queue), take(&mut state.controls), state.held.take());
        self.shut(state);
        drop((exit, frames));
    }

    /// Tells whether a handler may run: its reply finds room.
    pub(crate) fn has_room(&self) -> bool {
        self.takes_reply(&self.lock())
    }

    fn takes_reply(&self, state: &State) -> bool {
        let Load { messages, bytes } = state.load;
        messages < self.bounds.outbound_messages && bytes < self.bounds.outbound_bytes
    }

    // ---- waking and sleeping --------------------------------------------------------------------------------------

    /// Says that the driver is awake, so that nobody wakes it.
    pub(crate) fn wake_up(&self) -> Orders {
        let mut state = self.lock();
        state.driver.rouse();
        Orders {
            ending: state.ending.as_deref().cloned(),
            cut: state.cut,
            glance: Glance {
                has_orders: false,
                ..self.glance(&state)
            },
        }
    }

    /// Lets the driver sleep until there is something for it to do. Gives `false`, and does not register it, if there is
    /// already.
    pub(crate) fn sleep(&self, cx: &Context<'_>, has_ending: bool) -> bool {
        let mut state = self.lock();
        let orders = state.cut || (state.ending.is_some() && !has_ending);
        let called = matches!(replace(&mut state.driver, Wakefulness::Awake), Wakefulness::Called);
        if orders || called || state.has_something_to_write() {
            return false;
        }
        state.driver = Wakefulness::Asleep(cx.waker().clone());
        true
    }
}

impl State {
    /// Queues a reply, behind others in the same piece of memory if it `joins` them.
    #[inline]
    fn line_up_reply(&mut self, reply: &Message, joins: bool, encoder: &FrameCounter) {
        if !joins {
            return self.line_up(Frame::message(reply, encoder));
        }
        match self.queue.back_mut().and_then(|last| last.join(reply, encoder)) {
            Some(bytes) => self.load.append(Load { messages: 1, bytes }),
            None => self.line_up(Frame::run(reply, encoder)),
        }
    }

    /// Returns `true` unless everything is written.
    #[inline]
    fn has_mail(&self) -> bool {
        let is_clear = matches!(&self.exit, Exit::Here(outlet) if outlet.is_clear());
        !(is_clear && self.queue.is_empty() && self.controls.is_empty())
    }
}
