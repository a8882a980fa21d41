//! What a mailbox holds, and what each of its states lets through.

use std::{collections::VecDeque, mem::replace, task::Waker, time::Duration};

use crate::{
    mailbox::sender::Sender,
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

/// How many control frames wait for the socket. In a flood of pings the oldest go unanswered, as RFC 6455 section 5.5.3
/// allows.
pub(super) const CONTROLS: usize = 32;

/// Which senders are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// The `connect` handler runs: what others send is held until its greeting is queued.
    Connecting,
    /// What was held is queued, and nothing was written since.
    Released,
    Open,
    /// The peer is gone, or said Close: only the handler that still runs can send.
    Finishing,
    Closed,
}

/// Where the writing half of the socket is.
#[derive(Debug)]
pub(super) enum WriterSlot {
    /// The 101 is not out yet, or TCP was dropped.
    Absent,
    /// Here, for whoever writes next. If something is begun in it, the driver waits for the socket.
    Here(FrameWriter),
    /// Somebody writes, and looks into the queue again afterwards. The driver may wait for that.
    Taken {
        driver_waits: bool,
    },
    Broken,
}

/// What the driver does.
#[derive(Debug)]
pub(super) enum DriverState {
    /// It runs, or is about to.
    Awake,
    /// It runs, and must look once more before it sleeps, since what it waited for has come.
    Notified,
    Asleep(Waker),
}

impl DriverState {
    /// Gives who is to be woken, once, so that a burst wakes it once.
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

/// What others sent while the connection was greeting.
#[derive(Debug, Default)]
pub(super) struct HeldFrames {
    pub(super) frames: VecDeque<Frame>,
    pub(super) size: QueueSize,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) gate: Gate,
    pub(super) queue: Queue<Frame>,
    /// What others sent while the connection was greeting.
    pub(super) held: Option<Box<HeldFrames>>,
    /// Pongs, and a ping of ours, ahead of the queue. At most [`CONTROLS`].
    pub(super) controls: RareQueue<Frame>,
    /// Everything queued or being written.
    pub(super) size: QueueSize,
    pub(super) writer: WriterSlot,
    pub(super) ending: Option<Box<Ending>>,
    pub(super) aborted: bool,
    pub(super) driver: DriverState,
    pub(super) mode: BroadcastMode,
    /// Whether the flusher is called and has not come yet. It has each connection to visit once, however much it is sent.
    pub(super) flush_requested: bool,
    /// Whether somebody waits for [`Mailbox::changed`].
    pub(super) has_waiters: bool,
    /// How often the client made room by taking bytes.
    pub(super) progress: u64,
    pub(super) timed_out: Option<Box<TimedOutWait>>,
}

/// How broadcasts reach a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BroadcastMode {
    /// By the batches of its flusher. It has everything up to the frame of this number.
    Batched { seen: u64 },
    /// At once, until it has taken everything.
    Direct,
    /// At once, since it ends.
    DirectUntilClosed,
}

/// A client that somebody waited for in vain.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimedOutWait {
    /// Its progress then.
    pub(super) progress: u64,
    pub(super) waited: Duration,
}

impl State {
    /// Returns `true` if what `sender` sends is held until the greeting is queued.
    #[inline]
    pub(super) fn holds(&self, sender: Sender) -> bool {
        self.gate == Gate::Connecting && sender == Sender::Other
    }

    /// Drops the oldest frame of those that count for `sender`. Returns how many messages that were.
    pub(super) fn drop_oldest(&mut self, sender: Sender) -> Option<usize> {
        let (oldest, size) = if self.holds(sender) {
            let held = self.held.as_mut()?;
            (held.frames.pop_front()?, &mut held.size)
        } else {
            (self.queue.pop_front()?, &mut self.size)
        };
        size.remove(QueueSize::of(&oldest));
        Some(oldest.count())
    }

    /// Why the connection ends whose queue is full for `sender`. Held frames are not the client's fault.
    pub(super) fn overflowed(&self, sender: Sender) -> Ending {
        if self.holds(sender) {
            Ending::because(
                CloseReason::ConnectTooSlow,
                "the server was too slow: Limits::max_outbound_messages or Limits::max_outbound_bytes while `connect` ran",
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
