//! The mailbox as those see it who empty it: the connection's driver, and the courier.

use std::{
    io,
    mem::{replace, take},
    task::{Context, Poll},
};

use crate::{
    Message, Overflow,
    close::Ending,
    frame::{Frame, FrameCounter, Load},
    mailbox::{CONTROLS, Exit, Gate, Mailbox, State, Wakefulness, outlet::Outlet, rounds::Reach},
    sync::MutexGuard,
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

/// How far writing came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Everything that was queued is written.
    All,
    /// The turn is over, and more can be written in the next.
    Some,
    /// The socket takes no more for now.
    Blocked,
    /// Somebody else writes at this moment, or nobody can yet.
    Elsewhere,
    /// The socket is broken.
    Broken,
}

/// What came of writing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wrote {
    pub(crate) written: Written,
    pub(crate) load: Load,
    /// Whether too much is left for rounds to reach the connection any longer.
    pub(crate) is_crowded: bool,
    /// Whether rounds could reach the connection again.
    pub(crate) is_eased: bool,
}

impl Wrote {
    /// Everything was written, which was `load`.
    pub(super) const fn all(load: Load) -> Self {
        Self {
            written: Written::All,
            load,
            is_crowded: false,
            is_eased: false,
        }
    }
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

    // ---- writing --------------------------------------------------------------------------------------------------

    /// Writes what is queued, as far as the socket takes it and `budget` lasts, in bytes. The driver comes with its
    /// context, and is woken when the socket takes more; the courier comes without, and leaves the rest to the driver.
    pub(crate) fn write(&self, cx: Option<&mut Context<'_>>, budget: &mut usize) -> Wrote {
        let mut state = self.lock();
        if cx.is_none() {
            state.courier_called = false;
        }
        self.write_more(state, Load::default(), cx, budget)
    }

    /// Puts `outlet` back after an attempt of the courier's to write that had this `result`, and goes on writing.
    #[cold]
    pub(super) fn go_on_writing<'m>(
        &'m self,
        mut state: MutexGuard<'m, State>,
        outlet: Outlet,
        result: &Poll<io::Result<Load>>,
        budget: &mut usize,
    ) -> Wrote {
        let mut total = Load::default();
        match state.settle_attempt(outlet, result, &mut total, *budget) {
            Some(written) => self.end_writing(state, written, total, false),
            None => self.write_more(state, total, None, budget),
        }
    }

    fn write_more<'m>(
        &'m self,
        mut state: MutexGuard<'m, State>,
        mut total: Load,
        mut cx: Option<&mut Context<'_>>,
        budget: &mut usize,
    ) -> Wrote {
        let written = loop {
            let mut outlet = match state.take_outlet(cx.is_some()) {
                Ok(outlet) => outlet,
                Err(written) => break written,
            };
            drop(state);
            let result = outlet.poll_write(cx.as_deref_mut(), budget);
            state = self.lock();
            if let Some(written) = state.settle_attempt(outlet, &result, &mut total, *budget) {
                break written;
            }
        };
        self.end_writing(state, written, total, cx.is_some())
    }

    fn end_writing(&self, mut state: MutexGuard<'_, State>, written: Written, total: Load, by_driver: bool) -> Wrote {
        if !by_driver && matches!(written, Written::Some | Written::Blocked | Written::Broken) {
            state.call_driver();
        }
        let wrote = Wrote {
            written,
            load: total,
            is_crowded: self.crowds(&state, 0),
            is_eased: state.is_eased(),
        };
        if total.messages > 0 {
            self.announce(state);
        }
        wrote
    }

    /// Has the driver write what the courier was called for and will not write.
    pub(crate) fn leave_to_driver(&self) {
        let mut state = self.lock();
        if take(&mut state.courier_called) {
            state.call_driver();
        }
    }

    /// Wakes the driver, or has it look once more before it sleeps.
    pub(crate) fn call_driver(&self) {
        self.lock().call_driver();
    }

    /// Ends our half of TCP.
    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.lock().exit {
            Exit::Here(outlet) => outlet.poll_shutdown(cx),
            Exit::Taken { driver_waits } => {
                *driver_waits = true;
                Poll::Pending
            }
            Exit::Absent | Exit::Broken => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
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

    #[inline]
    fn has_something_to_write(&self) -> bool {
        let queued = !self.queue.is_empty() || !self.controls.is_empty();
        queued && matches!(&self.exit, Exit::Here(outlet) if outlet.is_clear())
    }

    /// Returns `true` if the outlet is here, and something is begun in it or queued.
    #[inline]
    fn has_more_to_write(&self) -> bool {
        matches!(&self.exit, Exit::Here(outlet) if !outlet.is_clear()) || self.has_something_to_write()
    }

    /// Takes the outlet out, filled from the queue, or says why there is nothing to write with it.
    fn take_outlet(&mut self, is_driver: bool) -> Result<Outlet, Written> {
        match &mut self.exit {
            Exit::Absent => return Err(Written::Elsewhere),
            Exit::Broken => return Err(Written::Broken),
            Exit::Taken { driver_waits } => {
                *driver_waits |= is_driver;
                return Err(Written::Elsewhere);
            }
            // The driver waits for the socket already, or is called where only it can write.
            Exit::Here(outlet) if !is_driver && (!outlet.is_clear() || !outlet.is_shared()) => {
                return Err(Written::Elsewhere);
            }
            Exit::Here(outlet) if outlet.is_clear() => {
                if self.queue.is_empty() && self.controls.is_empty() {
                    return Err(Written::All);
                }
                // Nothing is being written, so what counts is queued.
                let load = self.load;
                outlet.fill(&mut self.controls, &mut self.queue, load);
            }
            Exit::Here(_) => {}
        }
        match replace(&mut self.exit, Exit::Taken { driver_waits: false }) {
            Exit::Here(outlet) => Ok(outlet),
            _ => Err(Written::Elsewhere),
        }
    }

    /// Puts the outlet back after an attempt to write, and adds what was written to `total`. Returns how far that came,
    /// unless there is more to be written at once.
    #[inline]
    fn settle_attempt(
        &mut self,
        outlet: Outlet,
        result: &Poll<io::Result<Load>>,
        total: &mut Load,
        budget: usize,
    ) -> Option<Written> {
        if let Poll::Ready(Ok(load)) = result {
            self.load.remove(*load);
            total.append(*load);
        }
        self.put_back(outlet, result);
        match result {
            Poll::Ready(Ok(_)) if !self.has_more_to_write() => Some(Written::All),
            Poll::Ready(Ok(_)) if budget == 0 => Some(Written::Some),
            Poll::Ready(Ok(_)) => None,
            Poll::Ready(Err(_)) => Some(Written::Broken),
            Poll::Pending => Some(Written::Blocked),
        }
    }

    /// Returns `true` if everything was taken that kept rounds from reaching the connection.
    #[inline]
    fn is_eased(&self) -> bool {
        self.reach == Reach::AtOnce && self.load.messages == 0 && self.gate == Gate::Open
    }

    /// Puts the outlet back after an attempt to write, unless the connection has hung up meanwhile.
    fn put_back(&mut self, mut outlet: Outlet, result: &Poll<io::Result<Load>>) {
        let Exit::Taken { driver_waits } = self.exit else {
            return;
        };
        if self.gate == Gate::Released {
            self.gate = Gate::Open;
        }
        self.progress += u64::from(outlet.take_progress());
        let broken = matches!(result, Poll::Ready(Err(_)));
        self.exit = if broken { Exit::Broken } else { Exit::Here(outlet) };
        if driver_waits {
            self.call_driver();
        }
    }

    /// Wakes the driver, or has it look once more before it sleeps.
    fn call_driver(&mut self) {
        match self.driver.rouse() {
            Some(driver) => driver.wake(),
            None => self.driver = Wakefulness::Called,
        }
    }
}
