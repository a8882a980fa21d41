//! Frames for many connections.

use crate::{
    types::id::ConnectionId,
    wire::{
        deflate::{BroadcastFrame, Form},
        frame::{Frame, QueueSize, Tail},
    },
};

/// Frames for one set of connections, with consecutive numbers.
#[derive(Debug)]
pub(crate) struct SharedFrames {
    parts: Vec<Part>,
    /// The number of the last frame.
    last: u64,
    /// The size of the plain frames. No other form is larger.
    size: QueueSize,
    /// All connections left out of any of the frames, sorted.
    left_out: Vec<ConnectionId>,
    /// All frames in one piece of memory. Set by [`SharedFrames::seal`].
    whole: Whole,
}

/// Frames in one piece of memory, or `None` where they are too long.
#[derive(Debug)]
enum Whole {
    /// The same in all forms.
    Same(Option<Frame>),
    /// In each form.
    Each(Box<[Option<Piece>; Form::COUNT]>),
}

/// All frames in one form, in one piece of memory.
#[derive(Debug)]
struct Piece {
    frame: Frame,
    size: QueueSize,
}

#[derive(Clone, Debug)]
struct Part {
    frame: BroadcastFrame,
    /// The connections left out, sorted.
    except: Box<[ConnectionId]>,
    /// Number of connections that the flusher has visited with this frame.
    visited: usize,
}

impl SharedFrames {
    pub(crate) fn new() -> Self {
        Self {
            parts: Vec::with_capacity(1),
            last: 0,
            size: QueueSize::default(),
            left_out: Vec::new(),
            whole: Whole::Same(None),
        }
    }

    /// Adds a frame with the next `number`. `except` is sorted.
    pub(crate) fn add(&mut self, number: u64, frame: &BroadcastFrame, except: &[ConnectionId]) {
        self.last = number;
        self.add_part(Part {
            frame: frame.clone(),
            except: except.into(),
            visited: 0,
        });
    }

    fn add_part(&mut self, part: Part) {
        self.size.add(part.frame.in_form(Form::default()));
        self.left_out.extend_from_slice(&part.except);
        self.parts.push(part);
    }

    /// Completes the set: no frame is added after this call.
    pub(crate) fn seal(&mut self) {
        self.left_out.sort_unstable();
        self.left_out.dedup();
        let differs = |form| self.parts.iter().any(|part| part.frame.differs_in(form));
        self.whole = if Form::all().any(differs) {
            let mut pieces = [const { None }; Form::COUNT];
            for form in Form::all() {
                pieces[form.index()] = self.in_one_piece(form).map(|frame| Piece {
                    size: QueueSize::of(&frame),
                    frame,
                });
            }
            Whole::Each(Box::new(pieces))
        } else {
            Whole::Same(self.in_one_piece(Form::default()))
        };
    }

    fn in_one_piece(&self, form: Form) -> Option<Frame> {
        match &*self.parts {
            [part] => Some(part.frame.in_form(form).clone()).filter(Frame::is_one_piece),
            parts => Frame::gather(parts.iter().map(|part| part.frame.in_form(form))),
        }
    }

    /// Returns these frames and the frames of `later`, which follow them. `visited` more of the `recipients` have these
    /// frames. The frames that all recipients have are left out.
    pub(crate) fn extended(&self, visited: usize, recipients: usize, later: &Self) -> Self {
        let mut all = Self::new();
        let own = self.parts.iter().map(|part| Part {
            visited: part.visited + visited,
            ..part.clone()
        });
        for part in own
            .filter(|part| part.visited < recipients)
            .chain(later.parts.iter().cloned())
        {
            all.add_part(part);
        }
        all.last = later.last;
        all.seal();
        all
    }

    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    pub(crate) const fn size(&self) -> QueueSize {
        self.size
    }

    /// Returns the frames that the connection `id` with this `form` needs in one piece, unless it needs none or is left
    /// out of some. It has the frames up to the number `seen`.
    #[expect(
        clippy::inline_always,
        reason = "a delivery takes a tenth more instructions without it"
    )]
    #[inline(always)]
    pub(super) fn tail_for(&self, id: ConnectionId, form: Form, seen: u64) -> Option<Tail<'_>> {
        let is_left_out = || !self.left_out.is_empty() && self.left_out.binary_search(&id).is_ok();
        let (frame, size) = match &self.whole {
            Whole::Same(frame) => (frame.as_ref(), self.size),
            Whole::Each(pieces) => of_form(pieces, form),
        };
        let frame = frame.filter(|_| seen < self.last && !is_left_out())?;
        let mut tail = Tail { frame, start: 0, size };
        if seen + self.parts.len() as u64 > self.last {
            self.skip_until(form, seen, &mut tail);
        }
        Some(tail)
    }

    /// Removes the frames up to the number `seen` from `tail`.
    #[cold]
    fn skip_until(&self, form: Form, seen: u64, tail: &mut Tail<'_>) {
        for had in &self.parts[..self.parts.len() - self.later_than(seen).len()] {
            let had = had.frame.in_form(form);
            tail.start += had.len();
            tail.size.remove(QueueSize::of(had));
        }
    }

    /// Returns the frames that the connection `id` with this `form` needs. It has the frames up to the number `seen`.
    pub(super) fn due(&self, id: ConnectionId, form: Form, seen: u64) -> impl Iterator<Item = &Frame> {
        let due = self.later_than(seen).iter();
        due.filter(move |part| part.except.binary_search(&id).is_err())
            .map(move |part| part.frame.in_form(form))
    }

    #[inline]
    fn later_than(&self, seen: u64) -> &[Part] {
        let later = usize::try_from(self.last.saturating_sub(seen)).unwrap_or(usize::MAX);
        &self.parts[self.parts.len().saturating_sub(later)..]
    }
}

/// Apart from [`SharedFrames::tail_for`], so that the compiler can inline that one.
#[inline(never)]
fn of_form(pieces: &[Option<Piece>; Form::COUNT], form: Form) -> (Option<&Frame>, QueueSize) {
    let piece = pieces[form.index()].as_ref();
    (
        piece.map(|piece| &piece.frame),
        piece.map_or_else(QueueSize::default, |piece| piece.size),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::message::Message;

    fn frame(text: &str) -> BroadcastFrame {
        BroadcastFrame::plain(&Message::from(text))
    }

    fn due(shared: &SharedFrames, id: ConnectionId, seen: u64) -> Vec<u8> {
        let due = shared.due(id, Form::default(), seen);
        due.flat_map(|frame| frame.pieces().concat()).collect()
    }

    #[test]
    fn connection_is_due_what_it_has_not_seen_and_is_not_left_out_of() {
        let (one, other) = (ConnectionId::random(), ConnectionId::random());
        let mut shared = SharedFrames::new();
        shared.add(7, &frame("a"), &[]);
        shared.add(8, &frame("b"), &[other]);
        shared.add(9, &frame("c"), &[]);
        shared.seal();
        for (seen, all) in [
            (0, &b"\x81\x01a\x81\x01b\x81\x01c"[..]),
            (7, b"\x81\x01b\x81\x01c"),
            (9, b""),
        ] {
            assert_eq!(due(&shared, one, seen), all, "having seen {seen}");
        }
        assert_eq!(due(&shared, other, 6), b"\x81\x01a\x81\x01c");
        for (seen, messages) in [(6, 3), (7, 2)] {
            let tail = shared
                .tail_for(one, Form::default(), seen)
                .expect("it needs these frames");
            let bytes = tail.frame.pieces().concat().split_off(tail.start);
            assert_eq!((tail.size.messages, tail.size.bytes), (messages, bytes.len()));
            assert_eq!(bytes, due(&shared, one, seen), "having seen {seen}");
        }
        assert!(
            shared.tail_for(one, Form::default(), 9).is_none() && shared.tail_for(other, Form::default(), 6).is_none()
        );
        assert_eq!((shared.last(), shared.size().messages, shared.size().bytes), (9, 3, 9));
    }

    #[test]
    fn frames_that_all_recipients_have_are_dropped_when_later_ones_are_added() {
        let (one, other) = (ConnectionId::random(), ConnectionId::random());
        let (mut first, mut second) = (SharedFrames::new(), SharedFrames::new());
        first.add(1, &frame("a"), &[]);
        first.add(2, &frame("b"), &[other]);
        second.add(3, &frame("c"), &[]);
        let all = first.extended(1, 2, &second);
        assert_eq!(due(&all, one, 0), b"\x81\x01a\x81\x01b\x81\x01c");
        assert_eq!(due(&all, other, 1), b"\x81\x01c");
        assert_eq!((all.last(), all.size().messages), (3, 3));
        let mut third = SharedFrames::new();
        third.add(4, &frame("d"), &[]);
        let all = all.extended(1, 2, &third);
        assert_eq!(due(&all, one, 0), b"\x81\x01c\x81\x01d", "all have the first two");
    }
}
