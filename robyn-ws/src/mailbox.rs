//! The bounded outbound queue of one connection, and what happens when it is full.

use std::{
    collections::VecDeque,
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
    time::Duration,
};

use tokio::sync::Notify;

use crate::{
    CloseReason, Overflow, SendError,
    close::Ending,
    frame::{Frame, Load},
    limits::Bounds,
    time::after,
};

/// Who sends to a connection. It decides what is still taken near the connection's beginning and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The connection's own connector.
    Own,
    /// Anybody else: another connection, a broadcast, the hub.
    Other,
}

/// Which senders are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    /// The `connect` handler runs: what others send is held until its greeting is queued.
    Greeting,
    Open,
    /// The peer is gone, or said Close: only the handler that still runs can send.
    Finishing,
    Closed,
}

/// What became of a frame that was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued,
    /// It was queued, and this many older ones were dropped for it.
    Evicted(usize),
}

/// What the driver is told when it looks in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orders {
    /// Somebody asked for the end of the connection.
    pub(crate) ending: Option<Ending>,
    /// The drain's patience is over: stop at once.
    pub(crate) cut: bool,
}

#[derive(Debug)]
struct State {
    gate: Gate,
    queue: VecDeque<Frame>,
    /// What others sent while the connection was greeting.
    held: VecDeque<Frame>,
    /// Everything queued, held, or taken by the driver and not yet written.
    load: Load,
    ending: Option<Ending>,
    cut: bool,
    /// The sleeping driver. It is taken by whoever wakes it, so that a burst wakes it once.
    driver: Option<Sleeper>,
}

#[derive(Debug)]
struct Sleeper {
    waker: Waker,
    /// The socket takes no more for now, so a further frame is no reason to wake.
    orders_only: bool,
}

/// A connection's outbound queue. Everything it is sent goes through here.
#[derive(Debug)]
pub(crate) struct Mailbox {
    state: Mutex<State>,
    /// Tells those who wait that there is room, or that the gate closed.
    changed: Notify,
    max: Load,
    overflow: Overflow,
    send_timeout: Duration,
}

impl Mailbox {
    pub(crate) fn new(bounds: &Bounds) -> Self {
        Self {
            state: Mutex::new(State {
                gate: Gate::Greeting,
                queue: VecDeque::new(),
                held: VecDeque::new(),
                load: Load::default(),
                ending: None,
                cut: false,
                driver: None,
            }),
            changed: Notify::new(),
            max: Load {
                messages: bounds.outbound_messages,
                bytes: bounds.outbound_bytes,
            },
            overflow: bounds.overflow,
            send_timeout: bounds.send_timeout,
        }
    }

    /// A panic under the lock is a bug of this file, and the queue is still a queue: poisoning is ignored.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // ---- for senders ----------------------------------------------------------------------------------------------

    /// Queues `frame` now, or applies the overflow policy now.
    pub(crate) fn push(&self, frame: Frame, sender: Sender) -> Result<Pushed, SendError> {
        let mut state = self.lock();
        state.admit(sender)?;
        if self.fits(&state, &frame) {
            return Ok(enqueue(state, frame, sender));
        }
        match self.overflow {
            Overflow::DropNewest => Err(SendError::QueueFull),
            Overflow::DropOldest => {
                let evicted = self.make_room(&mut state, &frame);
                enqueue(state, frame, sender);
                Ok(Pushed::Evicted(evicted))
            }
            Overflow::Disconnect => {
                drop(state);
                self.close(slow_consumer());
                Err(SendError::QueueFull)
            }
        }
    }

    /// Queues `frame` if there is room, and gives it back if not, whatever the policy.
    pub(crate) fn try_push(&self, frame: Frame, sender: Sender) -> Result<(), TryPushError> {
        let state = self.lock();
        state.admit(sender).map_err(TryPushError::Refused)?;
        if !self.fits(&state, &frame) {
            return Err(TryPushError::Full(frame));
        }
        enqueue(state, frame, sender);
        Ok(())
    }

    /// Queues `frame` as soon as there is room, and applies the overflow policy when the send time-out is over.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it has queued nothing.
    pub(crate) async fn push_wait(&self, frame: Frame, sender: Sender) -> Result<Pushed, SendError> {
        let mut frame = match self.try_push(frame, sender) {
            Err(TryPushError::Full(frame)) => frame,
            Err(TryPushError::Refused(error)) => return Err(error),
            Ok(()) => return Ok(Pushed::Queued),
        };
        let deadline = after(tokio::time::Instant::now(), self.send_timeout);
        loop {
            let mut changed = pin!(self.changed.notified());
            // Enabled before the queue is looked at again, so that no change falls between.
            changed.as_mut().enable();
            frame = match self.try_push(frame, sender) {
                Err(TryPushError::Full(frame)) => frame,
                Err(TryPushError::Refused(error)) => return Err(error),
                Ok(()) => return Ok(Pushed::Queued),
            };
            if tokio::time::timeout_at(deadline, changed).await.is_err() {
                return self.push(frame, sender).map_err(|error| match error {
                    SendError::QueueFull => SendError::TimedOut,
                    other => other,
                });
            }
        }
    }

    /// Asks for the end of the connection. The first to ask decides why, and that is given; nothing more is taken from
    /// anybody.
    pub(crate) fn close(&self, ending: Ending) -> Ending {
        let mut state = self.lock();
        let standing = state.ending.get_or_insert(ending).clone();
        self.shut(state);
        standing
    }

    /// Stops the connection at once, whatever it still waits for.
    pub(crate) fn cut(&self) {
        let mut state = self.lock();
        state.ending.get_or_insert_with(Ending::shutdown);
        state.cut = true;
        self.shut(state);
    }

    fn shut(&self, mut state: MutexGuard<'_, State>) {
        state.gate = Gate::Closed;
        let driver = state.driver.take();
        drop(state);
        self.changed.notify_waiters();
        if let Some(driver) = driver {
            driver.waker.wake();
        }
    }

    /// Gives the end that was asked for.
    pub(crate) fn ending(&self) -> Option<Ending> {
        self.lock().ending.clone()
    }

    pub(crate) const fn overflow(&self) -> Overflow {
        self.overflow
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.lock().gate, Gate::Greeting | Gate::Open)
    }

    /// Waits until the connection is no longer open.
    pub(crate) async fn closed(&self) {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if !self.is_open() {
                return;
            }
            changed.await;
        }
    }

    // ---- for the connection's driver ------------------------------------------------------------------------------

    /// Queues what `connect` returned as the first frame, and lets out what others sent meanwhile.
    pub(crate) fn greet(&self, greeting: Option<Frame>) {
        let mut state = self.lock();
        if let Some(greeting) = greeting {
            state.load.add(&greeting);
            state.queue.push_back(greeting);
        }
        let held = std::mem::take(&mut state.held);
        state.queue.extend(held);
        if state.gate == Gate::Greeting {
            state.gate = Gate::Open;
        }
    }

    /// Queues a reply. The driver runs no handler while the queue is full, so a reply goes over the bound at most by
    /// itself.
    pub(crate) fn reply(&self, reply: Frame) {
        let mut state = self.lock();
        state.load.add(&reply);
        state.queue.push_back(reply);
    }

    /// The peer said Close or is gone: only the running handler may still send. Gives the end that was asked for
    /// before, if one was.
    pub(crate) fn finish(&self) -> Option<Ending> {
        let mut state = self.lock();
        if state.gate != Gate::Closed {
            state.gate = Gate::Finishing;
        }
        let asked_for = state.ending.clone();
        drop(state);
        self.changed.notify_waiters();
        asked_for
    }

    /// Takes nothing more, from nobody.
    pub(crate) fn seal(&self) {
        let state = self.lock();
        self.shut(state);
    }

    /// Says that the driver is awake, so that nobody wakes it.
    pub(crate) fn wake_up(&self) -> Orders {
        let mut state = self.lock();
        state.driver = None;
        Orders {
            ending: state.ending.clone(),
            cut: state.cut,
        }
    }

    /// Lets the driver sleep until the next push or order. Gives `false`, and does not register it, if there is
    /// something to do already.
    pub(crate) fn sleep(&self, cx: &Context<'_>, has_ending: bool) -> bool {
        let mut state = self.lock();
        let orders = state.cut || (state.ending.is_some() && !has_ending);
        if orders || !state.queue.is_empty() {
            return false;
        }
        state.driver = Some(Sleeper {
            waker: cx.waker().clone(),
            orders_only: false,
        });
        true
    }

    /// Lets the driver sleep until the next order, while the socket takes no more frames. As [`Self::sleep`] otherwise.
    pub(crate) fn sleep_on_orders(&self, cx: &Context<'_>, has_ending: bool) -> bool {
        let mut state = self.lock();
        if state.cut || (state.ending.is_some() && !has_ending) {
            return false;
        }
        state.driver = Some(Sleeper {
            waker: cx.waker().clone(),
            orders_only: true,
        });
        true
    }

    /// Releases what the driver has written, and hands it up to `most` further frames.
    pub(crate) fn take(&self, written: Load, most: usize, mut each: impl FnMut(Frame)) -> Load {
        let mut state = self.lock();
        state.load.remove(written);
        let mut taken = Load::default();
        let count = state.queue.len().min(most);
        for frame in state.queue.drain(..count) {
            taken.add(&frame);
            each(frame);
        }
        if state.queue.is_empty() {
            // A quiet connection keeps no buffer.
            state.queue = VecDeque::new();
        }
        drop(state);
        if written.messages > 0 {
            self.changed.notify_waiters();
        }
        taken
    }

    /// Tells whether a handler may run: its reply finds room.
    pub(crate) fn has_room(&self) -> bool {
        let state = self.lock();
        state.load.messages < self.max.messages && state.load.bytes < self.max.bytes
    }

    // ---- inside ---------------------------------------------------------------------------------------------------

    fn fits(&self, state: &State, frame: &Frame) -> bool {
        let load = state.load;
        load.messages == 0 || (load.messages < self.max.messages && load.bytes + frame.len() <= self.max.bytes)
    }

    /// Drops the oldest frames that nobody has begun to write, until `frame` fits or none is left.
    fn make_room(&self, state: &mut State, frame: &Frame) -> usize {
        let mut evicted = 0;
        while !self.fits(state, frame) {
            let Some(oldest) = state.queue.pop_front().or_else(|| state.held.pop_front()) else {
                break;
            };
            state.load.remove(Load::of(&oldest));
            evicted += 1;
        }
        evicted
    }
}

/// Queues a frame that fits, and wakes the driver outside the lock.
fn enqueue(mut state: MutexGuard<'_, State>, frame: Frame, sender: Sender) -> Pushed {
    state.load.add(&frame);
    if state.gate == Gate::Greeting && sender == Sender::Other {
        state.held.push_back(frame);
        return Pushed::Queued;
    }
    state.queue.push_back(frame);
    let driver = state.driver.take_if(|driver| !driver.orders_only);
    drop(state);
    if let Some(driver) = driver {
        driver.waker.wake();
    }
    Pushed::Queued
}

impl State {
    fn admit(&self, sender: Sender) -> Result<(), SendError> {
        match (self.gate, sender) {
            (Gate::Greeting | Gate::Open, _) | (Gate::Finishing, Sender::Own) => Ok(()),
            (Gate::Finishing | Gate::Closed, _) => Err(SendError::NotConnected),
        }
    }
}

/// Why [`Mailbox::try_push`] queued nothing.
#[derive(Debug)]
pub(crate) enum TryPushError {
    Full(Frame),
    Refused(SendError),
}

pub(crate) fn slow_consumer() -> Ending {
    Ending::because(
        CloseReason::SlowConsumer,
        "too slow: over Limits::outbound_messages or Limits::outbound_bytes",
    )
}
