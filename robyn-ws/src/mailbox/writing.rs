//! Writing queued frames, by the connection's driver or by its flusher.

use std::{
    io,
    mem::{replace, take},
    task::{Context, Poll},
};

use crate::{
    mailbox::{
        Mailbox,
        state::{BroadcastMode, DriverState, Gate, State, WriterSlot},
    },
    util::sync::MutexGuard,
    wire::{
        deflate::Compressed,
        frame::QueueSize,
        writer::{FrameWriter, PartialWrite},
    },
};

/// How far writing has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// All frames are written.
    All,
    /// The budget is spent, and the socket may take more.
    Some,
    /// The socket takes no more bytes now.
    Blocked,
    /// Another task writes, or the socket is not connected yet.
    Elsewhere,
    /// The socket is broken.
    Broken,
}

/// The result of writing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wrote {
    pub(crate) written: Written,
    /// The size of the written frames on the wire.
    pub(crate) size: QueueSize,
    /// Whether messages may have been compressed while they were written, for [`Mailbox::take_compressed`].
    pub(crate) may_have_compressed: bool,
    /// Whether the queue exceeds its share, so that the connection must switch to direct mode.
    pub(crate) must_stop_batching: bool,
    /// Whether the queue is empty, so that the connection can switch back to batched mode.
    pub(crate) can_resume_batching: bool,
}

impl Wrote {
    /// All frames are written, with this `size`.
    pub(super) const fn all(size: QueueSize) -> Self {
        Self {
            written: Written::All,
            size,
            may_have_compressed: false,
            must_stop_batching: false,
            can_resume_batching: false,
        }
    }
}

impl Mailbox {
    /// Writes queued frames, as far as the socket takes them and for up to `budget` bytes. The driver passes its
    /// context and is woken when the socket takes more. The flusher passes `None` and leaves the rest to the driver.
    pub(crate) fn write(&self, cx: Option<&mut Context<'_>>, budget: &mut usize) -> Wrote {
        let mut state = self.lock();
        if cx.is_none() {
            state.flush_requested = false;
        }
        self.write_more(state, QueueSize::default(), cx, budget)
    }

    /// Puts `writer` back after the flusher's attempt to write with this `result`, and continues to write.
    #[cold]
    pub(super) fn go_on_writing<'m>(
        &'m self,
        mut state: MutexGuard<'m, State>,
        writer: FrameWriter,
        result: &Poll<io::Result<QueueSize>>,
        budget: &mut usize,
    ) -> Wrote {
        let mut total = QueueSize::default();
        match state.finish_attempt(writer, result, &mut total, *budget) {
            Some(written) => self.end_writing(state, written, total, false),
            None => self.write_more(state, total, None, budget),
        }
    }

    fn write_more<'m>(
        &'m self,
        mut state: MutexGuard<'m, State>,
        mut total: QueueSize,
        mut cx: Option<&mut Context<'_>>,
        budget: &mut usize,
    ) -> Wrote {
        let written = loop {
            let (mut writer, partial) = match state.take_writer(cx.is_some()) {
                Ok(taken) => taken,
                Err(written) => break written,
            };
            drop(state);
            let result = writer.poll_write(partial, cx.as_deref_mut(), budget);
            state = self.lock();
            if let Some(written) = state.finish_attempt(writer, &result, &mut total, *budget) {
                break written;
            }
        };
        self.end_writing(state, written, total, cx.is_some())
    }

    fn end_writing(
        &self,
        mut state: MutexGuard<'_, State>,
        written: Written,
        total: QueueSize,
        by_driver: bool,
    ) -> Wrote {
        if !by_driver && matches!(written, Written::Some | Written::Blocked | Written::Broken) {
            state.call_driver();
        }
        let wrote = Wrote {
            written,
            size: total,
            may_have_compressed: !self.form.is_plain(),
            must_stop_batching: self.must_stop_batching(&state, 0),
            can_resume_batching: state.can_resume_batching(),
        };
        if total.messages > 0 {
            self.unlock_and_notify(state);
        }
        wrote
    }

    /// Returns the sizes of the messages that were compressed while they were written, since the last call.
    pub(crate) fn take_compressed(&self) -> Compressed {
        match &mut self.lock().writer {
            WriterSlot::Here(writer) => writer.take_compressed(),
            _ => Compressed::default(),
        }
    }

    /// Leaves to the driver the frames that the flusher was scheduled for and will not write.
    pub(crate) fn leave_to_driver(&self) {
        let mut state = self.lock();
        if take(&mut state.flush_requested) {
            state.call_driver();
        }
    }

    /// Wakes the driver, or makes it check the mailbox again before it sleeps.
    pub(crate) fn call_driver(&self) {
        self.lock().call_driver();
    }

    /// Ends the write half of TCP.
    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.lock().writer {
            WriterSlot::Here(writer) => writer.poll_shutdown(cx),
            WriterSlot::Taken { driver_waits } => {
                *driver_waits = true;
                Poll::Pending
            }
            WriterSlot::Absent | WriterSlot::Broken => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl State {
    #[inline]
    pub(super) fn has_something_to_write(&self) -> bool {
        let queued = !self.queue.is_empty() || !self.controls.is_empty();
        queued && matches!(&self.writer, WriterSlot::Here(writer) if writer.is_idle())
    }

    /// Returns `true` if the writer is here and there are partially written or queued frames.
    #[inline]
    fn has_more_to_write(&self) -> bool {
        matches!(&self.writer, WriterSlot::Here(writer) if !writer.is_idle()) || self.has_something_to_write()
    }

    /// Takes the writer out, with the frames to write: the partially written frames, or else all queued frames.
    /// Otherwise returns why there is nothing to write.
    fn take_writer(&mut self, is_driver: bool) -> Result<(FrameWriter, PartialWrite), Written> {
        let partial = match &mut self.writer {
            WriterSlot::Absent => return Err(Written::Elsewhere),
            WriterSlot::Broken => return Err(Written::Broken),
            WriterSlot::Taken { driver_waits } => {
                *driver_waits |= is_driver;
                return Err(Written::Elsewhere);
            }
            // The driver waits for the socket already, or only the driver can write.
            WriterSlot::Here(writer) if !is_driver && (!writer.is_idle() || !writer.is_shared()) => {
                return Err(Written::Elsewhere);
            }
            WriterSlot::Here(writer) => match writer.take_partial() {
                Some(mut rest) => {
                    rest.fill_pause(&mut self.controls);
                    rest
                }
                None if self.queue.is_empty() && self.controls.is_empty() => return Err(Written::All),
                None if !self.keyed.is_empty() => self.begin_keyed(),
                // Nothing is being written, so `size` is the size of the queue.
                None => PartialWrite::new(&mut self.controls, &mut self.queue, self.size),
            },
        };
        match replace(&mut self.writer, WriterSlot::Taken { driver_waits: false }) {
            WriterSlot::Here(writer) => Ok((writer, partial)),
            _ => Err(Written::Elsewhere),
        }
    }

    /// Puts the writer back after an attempt to write, and adds the size on the wire to `total`. Returns how far writing
    /// has come, or `None` to continue.
    #[inline]
    fn finish_attempt(
        &mut self,
        mut writer: FrameWriter,
        result: &Poll<io::Result<QueueSize>>,
        total: &mut QueueSize,
        budget: usize,
    ) -> Option<Written> {
        if let Poll::Ready(Ok(size)) = result {
            self.size.remove(*size);
            total.append(*size);
            total.bytes -= writer.take_saved();
        }
        self.put_back(writer, result);
        match result {
            Poll::Ready(Ok(_)) if !self.has_more_to_write() => Some(Written::All),
            Poll::Ready(Ok(_)) if budget == 0 => Some(Written::Some),
            Poll::Ready(Ok(_)) => None,
            Poll::Ready(Err(_)) => Some(Written::Broken),
            Poll::Pending => Some(Written::Blocked),
        }
    }

    /// Returns `true` if the connection is in direct mode and could switch to batched mode.
    #[inline]
    fn can_resume_batching(&self) -> bool {
        self.mode == BroadcastMode::Direct && self.size.messages == 0 && self.gate == Gate::Open
    }

    /// Puts the writer back after an attempt to write, unless the socket was dropped meanwhile.
    fn put_back(&mut self, mut writer: FrameWriter, result: &Poll<io::Result<QueueSize>>) {
        let WriterSlot::Taken { driver_waits } = self.writer else {
            return;
        };
        if self.gate == Gate::Released {
            self.gate = Gate::Open;
        }
        self.progress += u64::from(writer.take_progress());
        let broken = matches!(result, Poll::Ready(Err(_)));
        self.writer = if broken {
            WriterSlot::Broken
        } else {
            WriterSlot::Here(writer)
        };
        if driver_waits {
            self.call_driver();
        }
    }

    /// Wakes the driver, or makes it check the mailbox again before it sleeps.
    fn call_driver(&mut self) {
        match self.driver.take_waker() {
            Some(driver) => driver.wake(),
            None => self.driver = DriverState::Notified,
        }
    }
}
