//! The state of a mailbox.

use std::{collections::VecDeque, mem::replace, task::Waker, time::Duration};

use crate::{
    mailbox::{keyed_positions::KeyedPositions, sender::Sender},
    types::{
        close::{CloseReason, Ending},
        error::SendError,
    },
    util::queue::{Queue, RareQueue},
    wire::{
        frame::{Frame, QueueSize},
        writer::FrameWriter,
    },
};

/// Maximum number of control frames that wait for the socket. In a flood of pings, the oldest remain without an answer,
/// as RFC 6455 section 5.5.3 allows.
pub(super) const CONTROLS: usize = 32;

/// Which senders can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// The `connect` handler runs. Frames of other senders are held until its reply is queued.
    Connecting,
    /// The held frames are queued, and nothing has been written since.
    Released,
    Open,
    /// The peer has sent Close or is gone. Only the running handler can send.
    Finishing,
    Closed,
}

/// The writer of the connection, or the reason for its absence.
#[derive(Debug)]
pub(super) enum WriterSlot {
    /// The 101 is not sent yet, or the socket was dropped.
    Absent,
    /// Any task may take it. If it holds partially written frames, the driver waits for the socket.
    Here(FrameWriter),
    /// A task writes, and checks the queue afterwards. If `driver_waits`, it then wakes the driver.
    Taken {
        driver_waits: bool,
    },
    Broken,
}

/// The state of the driver's task.
#[derive(Debug)]
pub(super) enum DriverState {
    /// It runs, or is about to run.
    Awake,
    /// It runs, and must check the mailbox again before it sleeps.
    Notified,
    Asleep(Waker),
}

impl DriverState {
    /// Returns the waker, once, so that a burst of frames wakes the driver once.
    #[inline]
    pub(super) fn take_waker(&mut self) -> Option<Waker> {
        match replace(self, Self::Awake) {
            Self::Asleep(waker) => Some(waker),
            awake => {
                *self = awake;
                None
            }
        }
    }
}

/// Frames of other senders, held while `connect` runs.
#[derive(Debug, Default)]
pub(super) struct HeldFrames {
    pub(super) frames: VecDeque<Frame>,
    pub(super) keyed: KeyedPositions,
    pub(super) size: QueueSize,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) gate: Gate,
    pub(super) queue: Queue<Frame>,
    /// The keyed frames of the queue.
    pub(super) keyed: KeyedPositions,
    /// Frames of other senders, held while `connect` runs.
    pub(super) held: Option<Box<HeldFrames>>,
    /// Pongs and pings, written before the queue. At most [`CONTROLS`].
    pub(super) controls: RareQueue<Frame>,
    /// Size of the queue, including frames that are being written.
    pub(super) size: QueueSize,
    pub(super) writer: WriterSlot,
    pub(super) ending: Option<Box<Ending>>,
    pub(super) aborted: bool,
    pub(super) driver: DriverState,
    pub(super) mode: BroadcastMode,
    /// Whether the flusher is scheduled and has not come yet. A connection is scheduled once, whatever the number of
    /// its frames.
    pub(super) flush_requested: bool,
    /// Whether a task waits for `Rare::changed`.
    pub(super) has_waiters: bool,
    /// How often the client made room by taking bytes, or was not waited for.
    pub(super) progress: u64,
    /// The last wait for room that timed out.
    pub(super) timed_out: Option<Box<TimedOutWait>>,
}

/// How broadcasts reach a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BroadcastMode {
    /// In batches of the flusher. The connection has all frames up to the number `seen`.
    Batched { seen: u64 },
    /// One by one, until the queue is empty.
    Direct,
    /// One by one, because the connection ends.
    DirectUntilClosed,
}

/// A wait for room that timed out.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimedOutWait {
    /// The client's progress at that time.
    pub(super) progress: u64,
    pub(super) waited: Duration,
}

impl State {
    /// Returns `true` if frames of `sender` are held until the reply of `connect` is queued.
    #[inline]
    pub(super) fn holds(&self, sender: Sender) -> bool {
        self.gate == Gate::Connecting && sender == Sender::Other
    }

    /// Returns the size of the frames that count against the bounds of `sender`.
    #[inline]
    pub(super) fn size_for(&self, sender: Sender) -> QueueSize {
        if self.holds(sender) {
            self.held.as_ref().map_or_else(QueueSize::default, |held| held.size)
        } else {
            self.size
        }
    }

    /// Returns how many times the bounds apply. Held frames came before the client could read, so they do not count
    /// against its bounds.
    #[inline]
    pub(super) fn shares(&self) -> usize {
        if self.gate == Gate::Released { 2 } else { 1 }
    }

    /// Removes the oldest frames of `sender` that are not being written, until a frame `fits` or none is left. Returns their
    /// number of messages. The frames are appended to `removed`, to be dropped without a lock.
    pub(super) fn make_room(
        &mut self,
        fits: impl Fn(&Self) -> bool,
        sender: Sender,
        removed: &mut Vec<Frame>,
    ) -> usize {
        let mut evicted = 0;
        while !fits(self) {
            let Some(oldest) = self.remove_oldest(sender) else {
                break;
            };
            evicted += oldest.count();
            removed.push(oldest);
        }
        evicted
    }

    /// Removes the oldest frame that counts against the bounds of `sender`.
    fn remove_oldest(&mut self, sender: Sender) -> Option<Frame> {
        let (oldest, size) = if self.holds(sender) {
            let held = self.held.as_mut()?;
            let oldest = held.frames.pop_front()?;
            held.keyed.advance(1, held.frames.len());
            (oldest, &mut held.size)
        } else {
            let oldest = self.queue.pop_front()?;
            self.keyed.advance(1, self.queue.len());
            (oldest, &mut self.size)
        };
        size.remove(QueueSize::of(&oldest));
        Some(oldest)
    }

    /// Returns why a connection ends whose queue is full for `sender`. The client is not to blame for held frames.
    pub(super) fn overflowed(&self, sender: Sender) -> Ending {
        if self.holds(sender) {
            Ending::because(
                CloseReason::ConnectTooSlow,
                "exceeded Limits::max_outbound_messages or Limits::max_outbound_bytes while `connect` ran",
            )
        } else {
            Ending::slow_consumer()
        }
    }

    #[inline]
    pub(super) fn queue_frame(&mut self, frame: Frame) {
        self.size.add(&frame);
        self.queue.push_back(frame);
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.gate, Gate::Connecting | Gate::Released | Gate::Open)
    }

    #[inline]
    pub(super) fn admit(&self, sender: Sender) -> Result<(), SendError> {
        match (self.gate, sender) {
            (Gate::Connecting | Gate::Released | Gate::Open, _) | (Gate::Finishing, Sender::Own) => Ok(()),
            (Gate::Finishing | Gate::Closed, _) => Err(SendError::NotConnected),
        }
    }
}
