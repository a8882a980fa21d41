//! Writing what is queued: by the connection's driver, or by its courier.

use std::{
    io,
    mem::{replace, take},
    task::{Context, Poll},
};

use crate::{
    mailbox::{
        Mailbox,
        state::{Exit, Gate, Reach, State, Wakefulness},
    },
    util::sync::MutexGuard,
    wire::{frame::Load, writer::Outlet},
};

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
    #[inline]
    pub(super) fn has_something_to_write(&self) -> bool {
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
