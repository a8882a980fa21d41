//! Frames that many connections get together.

use crate::{
    types::id::ConnectionId,
    wire::frame::{Frame, Load},
};

/// Frames for the same connections, numbered without a gap.
#[derive(Debug)]
pub(crate) struct Batch {
    parts: Vec<Part>,
    /// The number of the last of them.
    last: u64,
    load: Load,
    /// Everybody whom one of them leaves out, sorted.
    left_out: Vec<ConnectionId>,
    /// All of them in one piece of memory, once there are no more to come.
    whole: Option<Frame>,
}

#[derive(Debug)]
struct Part {
    frame: Frame,
    /// Sorted.
    except: Box<[ConnectionId]>,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            parts: Vec::with_capacity(1),
            last: 0,
            load: Load::default(),
            left_out: Vec::new(),
            whole: None,
        }
    }

    /// Adds a frame, whose number follows the last one's. `except` is sorted.
    pub(crate) fn add(&mut self, number: u64, frame: &Frame, except: &[ConnectionId]) {
        self.last = number;
        self.load.add(frame);
        self.left_out.extend_from_slice(except);
        self.parts.push(Part {
            frame: frame.clone(),
            except: except.into(),
        });
    }

    /// Says that there are no more to come.
    pub(crate) fn seal(&mut self) {
        self.left_out.sort_unstable();
        self.left_out.dedup();
        self.whole = match &*self.parts {
            [part] => Some(part.frame.clone()).filter(Frame::is_one_piece),
            parts => Frame::gather(parts.iter().map(|part| &part.frame)),
        };
    }

    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    pub(crate) const fn load(&self) -> Load {
        self.load
    }

    /// Gives all of it in one piece, if the connection `id` is due all of it.
    #[inline]
    pub(super) fn whole_for(&self, id: ConnectionId, seen: u64) -> Option<&Frame> {
        let is_due = seen + self.parts.len() as u64 <= self.last;
        let is_left_out = || !self.left_out.is_empty() && self.left_out.binary_search(&id).is_ok();
        self.whole.as_ref().filter(|_| is_due && !is_left_out())
    }

    /// Gives what the connection `id` is due, which has everything up to the number `seen`.
    pub(super) fn due(&self, id: ConnectionId, seen: u64) -> impl Iterator<Item = &Frame> {
        let later = usize::try_from(self.last.saturating_sub(seen)).unwrap_or(usize::MAX);
        let due = self.parts[self.parts.len().saturating_sub(later)..].iter();
        due.filter(move |part| part.except.binary_search(&id).is_err())
            .map(|part| &part.frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{types::message::Message, wire::frame::FrameCounter};

    fn frame(text: &str) -> Frame {
        Frame::message(&Message::from(text), &FrameCounter::default())
    }

    fn due(batch: &Batch, id: ConnectionId, seen: u64) -> Vec<u8> {
        batch.due(id, seen).flat_map(|frame| frame.pieces().concat()).collect()
    }

    #[test]
    fn connection_is_due_what_it_has_not_seen_and_is_not_left_out_of() {
        let (one, other) = (ConnectionId::random(), ConnectionId::random());
        let mut batch = Batch::new();
        batch.add(7, &frame("a"), &[]);
        batch.add(8, &frame("b"), &[other]);
        batch.add(9, &frame("c"), &[]);
        batch.seal();
        for (seen, all) in [
            (0, &b"\x81\x01a\x81\x01b\x81\x01c"[..]),
            (7, b"\x81\x01b\x81\x01c"),
            (9, b""),
        ] {
            assert_eq!(due(&batch, one, seen), all, "having seen {seen}");
        }
        assert_eq!(due(&batch, other, 6), b"\x81\x01a\x81\x01c");
        let whole = batch.whole_for(one, 6).expect("it is due all of it");
        assert_eq!((whole.pieces().concat(), whole.count()), (due(&batch, one, 6), 3));
        assert!(batch.whole_for(one, 7).is_none() && batch.whole_for(other, 6).is_none());
        assert_eq!((batch.last(), batch.load().messages, batch.load().bytes), (9, 3, 9));
    }
}
