//! The bounded outbound queue of one connection, and what happens when it is full.

pub(crate) mod batch;
pub(crate) mod driving;
pub(crate) mod inbox;
pub(crate) mod patience;
#[cfg(all(test, races))]
pub(crate) mod races;
mod read_ahead;
pub(crate) mod rounds;
pub(crate) mod sender;
pub(crate) mod session_inbox;
mod state;
mod waiting;
pub(crate) mod writing;

use std::{
    mem::replace,
    sync::{Arc, OnceLock, PoisonError},
};

use tokio::sync::Notify;

use crate::{
    mailbox::{
        sender::Sender,
        state::{Exit, Gate, Reach, State, Wakefulness},
    },
    types::{
        close::Ending,
        error::SendError,
        limits::{Bounds, Overflow},
    },
    util::{
        queue::{Queue, RareQueue},
        sync::{Mutex, MutexGuard},
    },
    wire::frame::{Frame, Load},
};

/// What became of a frame that was pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pushed {
    /// How many older frames were dropped for it.
    pub(crate) evicted: usize,
    /// Whether the courier is to be called, since nobody else will write it.
    pub(crate) needs_courier: bool,
}

/// A connection's outbound queue. Everything it is sent goes through here.
#[derive(Debug)]
pub(crate) struct Mailbox {
    state: Mutex<State>,
    /// Tells those who wait that there is room, or that the gate closed. Made for the first of them.
    changed: OnceLock<Box<Notify>>,
    bounds: Arc<Bounds>,
}

impl Mailbox {
    pub(crate) fn new(bounds: Arc<Bounds>) -> Self {
        Self {
            state: Mutex::new(State {
                gate: Gate::Greeting,
                queue: Queue::default(),
                held: None,
                controls: RareQueue::default(),
                load: Load::default(),
                exit: Exit::Absent,
                ending: None,
                cut: false,
                driver: Wakefulness::Awake,
                reach: Reach::AtOnce,
                courier_called: false,
                awaited: false,
                progress: 0,
                given_up: None,
            }),
            changed: OnceLock::new(),
            bounds,
        }
    }

    /// A panic under the lock is a bug of this module, and the queue is still a queue: poisoning is ignored.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues `frame` now, or applies the overflow policy now. `part` lets no round reach the connection any more.
    pub(crate) fn push(&self, frame: Frame, sender: Sender, part: impl Fn()) -> Result<Pushed, SendError> {
        let mut state = self.lock_for(frame.len(), part);
        state.admit(sender)?;
        let mut evicted = 0;
        if !self.fits(&state, &frame, sender) {
            match self.bounds.overflow {
                Overflow::DropNewest => return Err(SendError::QueueFull),
                Overflow::DropOldest => evicted = self.make_room(&mut state, &frame, sender),
                Overflow::Disconnect => {
                    let ending = state.overflowed(sender);
                    drop(state);
                    self.close(ending);
                    return Err(SendError::QueueFull);
                }
            }
        }
        let needs_courier = enqueue(state, frame, sender);
        Ok(Pushed { evicted, needs_courier })
    }

    /// Queues `frame` if there is room, and gives it back if not, whatever the policy.
    pub(crate) fn try_push(&self, frame: Frame, sender: Sender, part: impl Fn()) -> Result<Pushed, TryPushError> {
        let mut state = self.lock_for(frame.len(), part);
        state.admit(sender).map_err(TryPushError::Refused)?;
        if !self.fits(&state, &frame, sender) {
            // Whoever gets it back may wait for room.
            state.awaited = true;
            return Err(TryPushError::Full(frame));
        }
        let needs_courier = enqueue(state, frame, sender);
        Ok(Pushed {
            evicted: 0,
            needs_courier,
        })
    }

    /// Asks for the end of the connection. The first to ask decides why, and that is given; nothing more is taken from
    /// anybody.
    pub(crate) fn close(&self, ending: Ending) -> Ending {
        let mut state = self.lock();
        let standing = Ending::clone(state.ending.get_or_insert_with(|| Box::new(ending)));
        self.shut(state);
        standing
    }

    /// Stops the connection at once, whatever it still waits for.
    pub(crate) fn cut(&self) {
        let mut state = self.lock();
        state.ending.get_or_insert_with(|| Box::new(Ending::shutdown()));
        state.cut = true;
        self.shut(state);
    }

    fn shut(&self, mut state: MutexGuard<'_, State>) {
        state.gate = Gate::Closed;
        let driver = state.driver.rouse();
        self.announce(state);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Tells those who wait that something has changed, outside the lock.
    fn announce(&self, mut state: MutexGuard<'_, State>) {
        let awaited = std::mem::take(&mut state.awaited);
        drop(state);
        if let Some(changed) = self.changed.get().filter(|_| awaited) {
            changed.notify_waiters();
        }
    }

    /// Gives the end that was asked for.
    pub(crate) fn ending(&self) -> Option<Ending> {
        self.lock().ending.as_deref().cloned()
    }

    pub(crate) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    pub(crate) fn overflow(&self) -> Overflow {
        self.bounds.overflow
    }

    pub(crate) fn is_open(&self) -> bool {
        self.lock().is_open()
    }

    #[inline]
    fn fits(&self, state: &State, frame: &Frame, sender: Sender) -> bool {
        state.load.messages == 0 && !state.holds(sender) || self.fits_beside(state, frame, sender)
    }

    fn fits_beside(&self, state: &State, frame: &Frame, sender: Sender) -> bool {
        match state.gate {
            Gate::Greeting if sender == Sender::Other => {
                let load = state.held.as_ref().map_or_else(Load::default, |held| held.load);
                self.has_room_for(frame, load, 1)
            }
            // What `connect` has held back is not the client's, before it could take it.
            Gate::Released => self.has_room_for(frame, state.load, 2),
            _ => self.has_room_for(frame, state.load, 1),
        }
    }

    /// Returns `true` if `frame` fits beside `load` into so many times the bounds.
    #[inline]
    fn has_room_for(&self, frame: &Frame, Load { messages, bytes }: Load, times: usize) -> bool {
        messages == 0
            || (messages < self.bounds.outbound_messages * times
                && bytes + frame.len() <= self.bounds.outbound_bytes * times)
    }

    /// Drops the oldest frames that nobody has begun to write, until `frame` fits or none is left.
    fn make_room(&self, state: &mut State, frame: &Frame, sender: Sender) -> usize {
        let mut evicted = 0;
        while !self.fits(state, frame, sender) {
            let Some(oldest) = state.drop_oldest(sender) else { break };
            evicted += oldest;
        }
        evicted
    }
}

/// Queues a frame that fits. Gives whether the courier is to be called.
#[inline]
fn enqueue(mut state: MutexGuard<'_, State>, frame: Frame, sender: Sender) -> bool {
    if state.holds(sender) {
        let held = state.held.get_or_insert_default();
        held.load.add(&frame);
        held.frames.push_back(frame);
        return false;
    }
    state.line_up(frame);
    summon(state)
}

/// Sees to it that what is queued is written: the driver is woken if only it can. Gives whether the courier is to be called.
#[inline]
fn summon(mut state: MutexGuard<'_, State>) -> bool {
    if !matches!(state.driver, Wakefulness::Asleep(_)) {
        // It writes before it sleeps.
        return false;
    }
    match &state.exit {
        Exit::Here(outlet) if !outlet.is_clear() => false,
        Exit::Here(outlet) if outlet.is_shared() => !replace(&mut state.courier_called, true),
        Exit::Here(_) => {
            let driver = state.driver.rouse();
            drop(state);
            if let Some(driver) = driver {
                driver.wake();
            }
            false
        }
        Exit::Absent | Exit::Taken { .. } | Exit::Broken => false,
    }
}

/// Why [`Mailbox::try_push`] queued nothing.
#[derive(Debug)]
pub(crate) enum TryPushError {
    Full(Frame),
    Refused(SendError),
}
