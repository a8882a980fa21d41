//! Compressing the messages of one connection while they are written.

use std::{
    mem::take,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use crate::{
    util::{
        blocking::{Running, compute},
        queue::{Queue, RareQueue},
    },
    wire::{
        deflate::{Compressed, Deferred, LONG_MESSAGE, Parameters, compressor::Compressor, framing},
        frame::Frame,
    },
};

/// Up to about this many bytes are compressed for one write.
const BYTES_PER_WRITE: usize = 16 * 1024;

/// The compression of a connection's messages that are compressed when they are written. The default is none. Boxed, so
/// that other connections have no room for it.
#[derive(Debug, Default)]
pub(crate) struct Deflation(Option<Box<Active>>);

#[derive(Debug, Default)]
struct Active {
    /// The context of the connection, if it has its own. Only its own task compresses with it.
    own: Option<OwnContext>,
    /// The messages since the last call of [`Deflation::take_counted`].
    counted: Compressed,
    /// Number of bytes saved since the last call of [`Deflation::take_saved`].
    saved: usize,
}

#[derive(Debug)]
struct OwnContext {
    parameters: Parameters,
    /// Created by the first message.
    compressor: Option<Box<Compressor>>,
    /// The compression of a long message, which has the compressor.
    job: Option<Running<(Box<Compressor>, Option<Frame>)>>,
}

/// Frames that are written behind a message that is not compressed yet, which is the first of them.
pub(crate) type HeldBack = RareQueue<Frame>;

impl Deflation {
    /// Creates the compression of a connection without a context of its own.
    pub(crate) fn shared() -> Self {
        Self(Some(Box::default()))
    }

    /// Creates the compression of a connection with a context of its own.
    pub(crate) fn with_own_context(parameters: Parameters) -> Self {
        let own = OwnContext {
            parameters,
            compressor: None,
            job: None,
        };
        Self(Some(Box::new(Active {
            own: Some(own),
            ..Active::default()
        })))
    }

    /// Returns `true` if only the connection's own task may write.
    #[inline]
    pub(crate) fn is_for_own_task(&self) -> bool {
        self.0.as_ref().is_some_and(|active| active.own.is_some())
    }

    /// Moves the first message to be compressed, and all frames behind it, from `frames` to `held_back`.
    #[inline]
    pub(crate) fn hold_back(&self, frames: &mut Queue<Frame>, held_back: &mut HeldBack) {
        if self.0.is_some() {
            hold_back(frames, held_back);
        }
    }

    /// Compresses the first messages of `held_back` within `budget`, and moves them to `frames` with the frames behind
    /// them. Returns the number of bytes saved. Without a context, `Pending` means that the connection's own task must
    /// do it.
    #[inline(never)]
    pub(crate) fn poll_release(
        &mut self,
        held_back: &mut HeldBack,
        frames: &mut Queue<Frame>,
        mut cx: Option<&mut Context<'_>>,
        budget: &mut usize,
    ) -> Poll<usize> {
        // Nothing is held back without compression.
        let Some(active) = &mut self.0 else {
            return Poll::Pending;
        };
        let (mut saved, mut released) = (0, 0);
        while released < BYTES_PER_WRITE
            && *budget > 0
            && let Some(frame) = held_back.pop_front()
        {
            let frame = match frame {
                Frame::Deferred(deferred) => {
                    let compressed = match cx.as_deref_mut() {
                        Some(cx) => active.poll_compressed(&deferred, cx),
                        None => Poll::Pending,
                    };
                    let Poll::Ready((frame, sizes)) = compressed else {
                        held_back.push_front(Frame::Deferred(deferred));
                        break;
                    };
                    *budget = budget.saturating_sub(deferred.len());
                    active.counted.add(sizes);
                    saved += deferred.len() - frame.len();
                    frame
                }
                ready => ready,
            };
            released += frame.len();
            frames.push_back(frame);
        }
        if released == 0 && *budget > 0 {
            return Poll::Pending;
        }
        Poll::Ready(saved)
    }

    /// Takes note that frames are written for which [`Self::poll_release`] has saved so many bytes.
    #[inline]
    pub(crate) fn add_saved(&mut self, bytes: usize) {
        if let Some(active) = &mut self.0 {
            active.saved += bytes;
        }
    }

    /// Returns the number of bytes saved in written frames since the last call.
    #[inline]
    pub(crate) fn take_saved(&mut self) -> usize {
        self.0.as_mut().map_or(0, |active| take(&mut active.saved))
    }

    /// Returns the sizes of the messages that were compressed since the last call.
    pub(crate) fn take_counted(&mut self) -> Compressed {
        self.0
            .as_mut()
            .map(|active| take(&mut active.counted))
            .unwrap_or_default()
    }
}

impl Active {
    fn poll_compressed(&mut self, deferred: &Arc<Deferred>, cx: &mut Context<'_>) -> Poll<(Frame, Compressed)> {
        if !deferred.is_for_own_context() {
            return deferred.poll_compressed(cx);
        }
        let plain = deferred.plain();
        let frame = match (&mut self.own, framing::payload(plain)) {
            (Some(own), Some(payload)) if payload.len() > LONG_MESSAGE => ready!(own.poll_long(deferred, cx)),
            (Some(own), Some(payload)) => own
                .compressor()
                .compress(payload, |bytes| framing::compressed(plain, bytes)),
            _ => None,
        };
        let Some(frame) = frame else {
            return Poll::Ready((plain.clone(), Compressed::default()));
        };
        let sizes = Compressed {
            plain: plain.len(),
            compressed: frame.len(),
        };
        Poll::Ready((frame, sizes))
    }
}

impl OwnContext {
    fn compressor(&mut self) -> &mut Compressor {
        self.compressor
            .get_or_insert_with(|| Box::new(Compressor::new(self.parameters)))
    }

    /// Compresses a long message on a thread for computations. If that fails, the message stays as it is, and the next
    /// one has a new compressor, which refers to nothing that the client does not have.
    fn poll_long(&mut self, deferred: &Arc<Deferred>, cx: &mut Context<'_>) -> Poll<Option<Frame>> {
        let parameters = self.parameters;
        let compressor = &mut self.compressor;
        let job = self.job.get_or_insert_with(|| {
            let compressor = compressor.take();
            let mut compressor = compressor.unwrap_or_else(|| Box::new(Compressor::new(parameters)));
            let deferred = deferred.clone();
            compute(move || {
                let plain = deferred.plain();
                let payload = framing::payload(plain).unwrap_or_default();
                let frame = compressor.compress(payload, |bytes| framing::compressed(plain, bytes));
                (compressor, frame)
            })
        });
        let ended = ready!(Pin::new(job).poll(cx));
        self.job = None;
        Poll::Ready(ended.ok().and_then(|(compressor, frame)| {
            self.compressor = Some(compressor);
            frame
        }))
    }
}

#[inline(never)]
fn hold_back(frames: &mut Queue<Frame>, held_back: &mut HeldBack) {
    if held_back.is_empty() && frames.iter().any(Frame::is_deferred) {
        let mut all = take(frames);
        while let Some(frame) = all.pop_front() {
            if frame.is_deferred() || !held_back.is_empty() {
                held_back.push_back(frame);
            } else {
                frames.push_back(frame);
            }
        }
    }
}
