//! Keyed frames: a frame takes the place of a queued one of the same key, unless that is being written.
//!
//! The places are kept beside the queue, and only while there are keyed frames in it. Frames that are held while `connect`
//! runs have places of their own, since no frame of others may come before the reply of `connect`.

use std::mem::replace;

use crate::{
    mailbox::{
        Mailbox, Pushed, TryPushError, enqueue,
        sender::Sender,
        state::{HeldFrames, State},
    },
    types::{key::Key, limits::Overflow},
    util::{queue::Queue, sync::MutexGuard},
    wire::{
        frame::{Frame, QueueSize},
        writer::PartialWrite,
    },
};

/// While there are keyed frames in the queue, up to about this many bytes are taken out of it for one write. All others
/// can still be replaced.
const BYTES_BEGUN: usize = if cfg!(races) { 1 } else { 16 * 1024 };

/// A frame with a key.
#[derive(Clone, Debug)]
pub(crate) struct KeyedFrame {
    pub(crate) key: Key,
    frame: Frame,
    /// Whether the sender waits for room. Then no older frame is dropped for this one.
    waits: bool,
}

impl KeyedFrame {
    pub(crate) const fn new(key: Key, frame: Frame, waits: bool) -> Self {
        Self { key, frame, waits }
    }
}

/// Frames that were removed from queues, to be dropped without a lock: the `Drop` of a payload is user code.
#[derive(Debug, Default)]
pub(crate) struct Removed {
    frames: Vec<Frame>,
    /// Number of recipients that had a frame which was replaced.
    pub(crate) replaced: usize,
}

impl Mailbox {
    /// Puts a frame in the place of the queued one with the same key, or queues it. If it does not fit, the oldest frames
    /// are dropped under [`Overflow::DropOldest`]. Under another policy, and where the sender waits for room, the frame is
    /// returned; a sender that does not wait calls [`Mailbox::refuse`]. Removed frames are added to `removed`.
    pub(crate) fn push_keyed(
        &self,
        KeyedFrame { key, frame, waits }: KeyedFrame,
        sender: Sender,
        removed: &mut Removed,
        stop_batching: impl Fn(),
    ) -> Result<Pushed, TryPushError> {
        let mut state = self.lock_for(frame.len(), stop_batching);
        state.admit(sender).map_err(TryPushError::Refused)?;
        let mut evicted = 0;
        let fits = |state: &State| self.fits_keyed(state, key, &frame, sender);
        if !fits(&state) {
            if waits || self.overflow() != Overflow::DropOldest {
                state.has_waiters |= waits;
                return Err(TryPushError::Full(frame));
            }
            evicted = state.make_room(fits, sender, &mut removed.frames);
        }
        let needs_flush = replace_or_enqueue(state, key, frame, sender, removed);
        Ok(Pushed { evicted, needs_flush })
    }

    /// Returns `true` if `frame` fits into the place of the frame that it replaces, or else into the queue.
    fn fits_keyed(&self, state: &State, key: Key, frame: &Frame, sender: Sender) -> bool {
        let Some(before) = state.keyed_frame(key, sender) else {
            return self.fits(state, frame, sender);
        };
        let QueueSize { messages, bytes } = state.size_for(sender);
        let (before, after) = (before.len(), frame.len());
        after <= before || messages == 1 || bytes - before + after <= self.bounds.max_outbound_bytes * state.shares()
    }
}

/// Returns `true` if the caller must schedule the flusher.
fn replace_or_enqueue(
    mut state: MutexGuard<'_, State>,
    key: Key,
    frame: Frame,
    sender: Sender,
    removed: &mut Removed,
) -> bool {
    // It would be newer than this frame for the client.
    let held = (!state.holds(sender)).then(|| state.remove_held(key)).flatten();
    if let Some((place, size)) = state.keyed_frame_mut(key, sender) {
        size.remove(QueueSize::of(place));
        size.add(&frame);
        removed.replaced += 1;
        removed.frames.extend(held.into_iter().chain([replace(place, frame)]));
        // The writer of the replaced frame writes this one.
        return false;
    }
    removed.replaced += usize::from(held.is_some());
    removed.frames.extend(held);
    state.add_place(key, sender);
    enqueue(state, frame, sender)
}

impl State {
    /// Returns the queued frame with this key that a frame of `sender` replaces.
    fn keyed_frame(&self, key: Key, sender: Sender) -> Option<&Frame> {
        if self.holds(sender) {
            let held = self.held.as_ref()?;
            held.frames.get(held.keyed.get(key)?)
        } else {
            self.queue.get(self.keyed.get(key)?)
        }
    }

    /// Like [`Self::keyed_frame`], with the size that the frame counts in.
    fn keyed_frame_mut(&mut self, key: Key, sender: Sender) -> Option<(&mut Frame, &mut QueueSize)> {
        if self.holds(sender) {
            let HeldFrames { frames, keyed, size } = self.held.as_deref_mut()?;
            Some((frames.get_mut(keyed.get(key)?)?, size))
        } else {
            Some((self.queue.get_mut(self.keyed.get(key)?)?, &mut self.size))
        }
    }

    /// Keeps the place of the next frame of `sender`.
    fn add_place(&mut self, key: Key, sender: Sender) {
        if self.holds(sender) {
            let held = self.held.get_or_insert_default();
            held.keyed.insert(key, held.frames.len());
        } else {
            self.keyed.insert(key, self.queue.len());
        }
    }

    fn remove_held(&mut self, key: Key) -> Option<Frame> {
        let held = self.held.as_mut()?;
        let frame = held.frames.remove(held.keyed.remove(key)?)?;
        held.size.remove(QueueSize::of(&frame));
        Some(frame)
    }

    /// Takes the first frames of the queue to be written.
    #[cold]
    pub(super) fn begin_keyed(&mut self) -> PartialWrite {
        let (mut frames, mut size) = (Queue::new(), QueueSize::default());
        while size.bytes < BYTES_BEGUN
            && let Some(frame) = self.queue.pop_front()
        {
            size.add(&frame);
            frames.push_back(frame);
        }
        self.keyed.advance(frames.len(), self.queue.len());
        PartialWrite::new(&mut self.controls, &mut frames, size)
    }
}
