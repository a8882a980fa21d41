//! Messages that are compressed when they are about to be written.

use std::{
    mem::take,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use crate::{
    util::{blocking::compute, sync::Mutex},
    wire::{
        deflate::{Compressed, Parameters, encoder::compress, framing},
        frame::Frame,
    },
};

/// A message that is compressed when it is about to be written. All its recipients share it. Where it is not compressed, it
/// counts and is written as its plain frame.
#[derive(Debug)]
pub(crate) struct Deferred {
    plain: Frame,
    by: By,
}

#[derive(Debug)]
enum By {
    /// By each recipient, behind the messages before it.
    OwnContext,
    /// Once, by a thread for computations: the message is long.
    Thread(Parameters, Mutex<Job>),
}

/// The compression of a long message.
#[derive(Debug, Default)]
struct Job {
    is_started: bool,
    waiting: Vec<Waker>,
    result: Option<Frame>,
    /// The sizes, for the one that counts them. Nothing if the message is not compressed.
    uncounted: Compressed,
}

impl Deferred {
    pub(super) fn for_own_context(plain: Frame) -> Frame {
        let by = By::OwnContext;
        Frame::Deferred(Arc::new(Self { plain, by }))
    }

    pub(super) fn for_thread(plain: Frame, parameters: Parameters) -> Frame {
        let by = By::Thread(parameters, Mutex::default());
        Frame::Deferred(Arc::new(Self { plain, by }))
    }

    pub(super) const fn plain(&self) -> &Frame {
        &self.plain
    }

    /// Returns the size of the plain frame. Apart from [`Frame::len`], so that the compiler can inline that one.
    #[inline(never)]
    pub(crate) fn len(&self) -> usize {
        self.plain.len()
    }

    /// Returns the bytes of the plain frame. Apart from [`Frame::pieces`], as [`Self::len`].
    #[inline(never)]
    pub(crate) fn pieces(&self) -> [&[u8]; 2] {
        self.plain.pieces()
    }

    /// Returns `true` if each recipient compresses the message with its own context.
    pub(super) const fn is_for_own_context(&self) -> bool {
        matches!(self.by, By::OwnContext)
    }

    /// Waits for the compressed frame. The first recipient starts the compression. Returns the sizes to the first one that
    /// gets the frame.
    pub(super) fn poll_compressed(self: &Arc<Self>, cx: &Context<'_>) -> Poll<(Frame, Compressed)> {
        let By::Thread(parameters, job) = &self.by else {
            return Poll::Ready((self.plain.clone(), Compressed::default()));
        };
        let mut state = job.lock();
        if let Some(frame) = &state.result {
            let frame = frame.clone();
            return Poll::Ready((frame, take(&mut state.uncounted)));
        }
        if !state.waiting.iter().any(|waiting| waiting.will_wake(cx.waker())) {
            state.waiting.push(cx.waker().clone());
        }
        let is_first = !std::mem::replace(&mut state.is_started, true);
        drop(state);
        if is_first {
            let (unfinished, parameters) = (Unfinished(self.clone()), *parameters);
            let compression = compute(move || {
                let plain = &unfinished.0.plain;
                let compressed = framing::payload(plain).and_then(|payload| compress(parameters, plain, payload));
                if let Some((frame, sizes)) = compressed {
                    unfinished.0.finish(frame, sizes);
                }
            });
            drop(compression); // It wakes the recipients.
        }
        Poll::Pending
    }

    /// Sets the result, unless it is set.
    fn finish(&self, frame: Frame, sizes: Compressed) {
        let By::Thread(_, job) = &self.by else { return };
        let mut state = job.lock();
        if state.result.is_none() {
            (state.result, state.uncounted) = (Some(frame), sizes);
        }
        let waiting = take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// A message that a thread compresses. If the thread panics or cannot be created, the message stays as it is.
struct Unfinished(Arc<Deferred>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.0.finish(self.0.plain.clone(), Compressed::default());
    }
}
