//! The bounded outbound queue of one connection, and the overflow policies.

pub(crate) mod broadcasts;
pub(crate) mod driver_side;
mod expiry;
pub(crate) mod inbox;
pub(crate) mod keyed;
mod keyed_positions;
#[cfg(all(test, races))]
pub(crate) mod races;
mod rare;
mod read_ahead;
pub(crate) mod sender;
pub(crate) mod session_inbox;
pub(crate) mod shared_frames;
mod state;
pub(crate) mod unanswered;
pub(crate) mod wait_limit;
mod waiting;
pub(crate) mod writing;

use std::{
    mem::replace,
    sync::{Arc, OnceLock},
};

use crate::{
    mailbox::{
        keyed_positions::KeyedPositions,
        rare::Rare,
        sender::Sender,
        state::{BroadcastMode, DriverState, Gate, State, WriterSlot},
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
    wire::{
        deflate::Form,
        frame::{Frame, QueueSize},
    },
};

/// The result of a push that queued its frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pushed {
    /// Number of older messages dropped for the frame.
    pub(crate) evicted: usize,
    /// Whether the caller must schedule the flusher, because no other task will write the frame.
    pub(crate) needs_flush: bool,
}

/// The outbound queue of a connection. All frames of the connection pass through it.
#[derive(Debug)]
pub(crate) struct Mailbox {
    state: Mutex<State>,
    /// Created by the first task that waits, or when the connection is told to expire.
    rare: OnceLock<Box<Rare>>,
    bounds: Arc<Bounds>,
    form: Form,
}

impl Mailbox {
    pub(crate) fn new(bounds: Arc<Bounds>) -> Self {
        Self {
            state: Mutex::new(State {
                gate: Gate::Connecting,
                queue: Queue::default(),
                keyed: KeyedPositions::default(),
                held: None,
                controls: RareQueue::default(),
                size: QueueSize::default(),
                writer: WriterSlot::Absent,
                ending: None,
                aborted: false,
                driver: DriverState::Awake,
                mode: BroadcastMode::Direct,
                flush_requested: false,
                has_waiters: false,
                progress: 0,
                timed_out: None,
            }),
            rare: OnceLock::new(),
            bounds,
            form: Form::default(),
        }
    }

    /// Sets the form in which the connection gets its messages.
    pub(crate) fn with_form(self, form: Form) -> Self {
        Self { form, ..self }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    fn rare(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
    }

    /// Queues `frame` without waiting. If the queue is full, the overflow policy applies. `stop_batching` switches the
    /// connection to direct mode.
    pub(crate) fn push(&self, frame: Frame, sender: Sender, stop_batching: impl Fn()) -> Result<Pushed, SendError> {
        // Dropped after the lock.
        let mut removed = Vec::new();
        let mut state = self.lock_for(frame.len(), stop_batching);
        state.admit(sender)?;
        let mut evicted = 0;
        let fits = |state: &State| self.fits(state, &frame, sender);
        if !fits(&state) {
            if self.bounds.overflow != Overflow::DropOldest {
                drop(state);
                return Err(self.refuse(sender));
            }
            evicted = state.make_room(fits, sender, &mut removed);
        }
        let needs_flush = enqueue(state, frame, sender);
        Ok(Pushed { evicted, needs_flush })
    }

    /// Queues `frame` if there is room. Otherwise returns it, whatever the overflow policy.
    pub(crate) fn try_push(
        &self,
        frame: Frame,
        sender: Sender,
        stop_batching: impl Fn(),
    ) -> Result<Pushed, TryPushError> {
        let mut state = self.lock_for(frame.len(), stop_batching);
        state.admit(sender).map_err(TryPushError::Refused)?;
        if !self.fits(&state, &frame, sender) {
            // The caller may wait for room.
            state.has_waiters = true;
            return Err(TryPushError::Full(frame));
        }
        let needs_flush = enqueue(state, frame, sender);
        Ok(Pushed {
            evicted: 0,
            needs_flush,
        })
    }

    /// Refuses a frame of `sender` that does not fit. Under [`Overflow::Disconnect`], this ends the connection.
    #[cold]
    pub(crate) fn refuse(&self, sender: Sender) -> SendError {
        if self.bounds.overflow == Overflow::Disconnect {
            let ending = self.lock().overflowed(sender);
            self.close(ending);
        }
        SendError::QueueFull
    }

    /// Requests the end of the connection and refuses all further frames. Returns the first requested ending, which is
    /// the one that applies.
    pub(crate) fn close(&self, ending: Ending) -> Ending {
        let mut state = self.lock();
        let standing = Ending::clone(state.ending.get_or_insert_with(|| Box::new(ending)));
        self.close_gate(state);
        standing
    }

    /// Stops the connection immediately.
    pub(crate) fn abort(&self) {
        let mut state = self.lock();
        state.ending.get_or_insert_with(|| Box::new(Ending::shutdown()));
        state.aborted = true;
        self.close_gate(state);
    }

    fn close_gate(&self, mut state: MutexGuard<'_, State>) {
        state.gate = Gate::Closed;
        let driver = state.driver.take_waker();
        self.unlock_and_notify(state);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Unlocks the state, then notifies the waiting tasks.
    fn unlock_and_notify(&self, mut state: MutexGuard<'_, State>) {
        let has_waiters = std::mem::take(&mut state.has_waiters);
        drop(state);
        if let Some(rare) = self.rare.get().filter(|_| has_waiters) {
            rare.changed.notify_waiters();
        }
    }

    /// Returns the requested ending.
    pub(crate) fn ending(&self) -> Option<Ending> {
        self.lock().ending.as_deref().cloned()
    }

    pub(crate) const fn form(&self) -> Form {
        self.form
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
        state.size.messages == 0 && !state.holds(sender) || self.fits_beside(state, frame, sender)
    }

    fn fits_beside(&self, state: &State, frame: &Frame, sender: Sender) -> bool {
        let QueueSize { messages, bytes } = state.size_for(sender);
        messages == 0
            || (messages < self.bounds.max_outbound_messages * state.shares()
                && bytes + frame.len() <= self.bounds.max_outbound_bytes * state.shares())
    }
}

/// Queues a frame that fits. Returns `true` if the caller must schedule the flusher.
#[inline]
fn enqueue(mut state: MutexGuard<'_, State>, frame: Frame, sender: Sender) -> bool {
    if state.holds(sender) {
        let held = state.held.get_or_insert_default();
        held.size.add(&frame);
        held.frames.push_back(frame);
        return false;
    }
    state.queue_frame(frame);
    wake_writer(state)
}

/// Ensures that queued frames are written: wakes the driver if only it can write. Returns `true` if the caller must
/// schedule the flusher.
#[inline]
fn wake_writer(mut state: MutexGuard<'_, State>) -> bool {
    if !matches!(state.driver, DriverState::Asleep(_)) {
        // It writes before it sleeps.
        return false;
    }
    match &state.writer {
        WriterSlot::Here(writer) if !writer.is_idle() => false,
        WriterSlot::Here(writer) if writer.is_shared() => !replace(&mut state.flush_requested, true),
        WriterSlot::Here(_) => {
            let driver = state.driver.take_waker();
            drop(state);
            if let Some(driver) = driver {
                driver.wake();
            }
            false
        }
        WriterSlot::Absent | WriterSlot::Taken { .. } | WriterSlot::Broken => false,
    }
}

/// Why [`Mailbox::try_push`] did not queue the frame.
#[derive(Debug)]
pub(crate) enum TryPushError {
    Full(Frame),
    Refused(SendError),
}
