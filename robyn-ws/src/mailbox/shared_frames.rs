//! Frames for many connections.

use crate::{
    types::id::ConnectionId,
    wire::frame::{Frame, QueueSize},
};

/// Frames for one set of connections, with consecutive numbers.
#[derive(Debug)]
pub(crate) struct SharedFrames {
    parts: Vec<Part>,
    /// The number of the last frame.
    last: u64,
    size: QueueSize,
    /// All connections left out of any of the frames, sorted.
    left_out: Vec<ConnectionId>,
    /// All frames in one piece of memory. Set by [`SharedFrames::seal`].
    whole: Option<Frame>,
}

#[derive(Debug)]
struct Part {
    frame: Frame,
    /// The connections left out, sorted.
    except: Box<[ConnectionId]>,
}

impl SharedFrames {
    pub(crate) fn new() -> Self {
        Self {
            parts: Vec::with_capacity(1),
            last: 0,
            size: QueueSize::default(),
            left_out: Vec::new(),
            whole: None,
        }
    }

    /// Adds a frame with the next `number`. `except` is sorted.
    pub(crate) fn add(&mut self, number: u64, frame: &Frame, except: &[ConnectionId]) {
        self.last = number;
        self.size.add(frame);
        self.left_out.extend_from_slice(except);
        self.parts.push(Part {
            frame: frame.clone(),
            except: except.into(),
        });
    }

    /// Completes the set: no frame is added after this call.
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

    pub(crate) const fn size(&self) -> QueueSize {
        self.size
    }

    /// Returns all frames in one piece, if the connection `id` needs all of them. It has the frames up to the number
    /// `seen`.
    #[inline]
    pub(super) fn whole_for(&self, id: ConnectionId, seen: u64) -> Option<&Frame> {
        let is_due = seen + self.parts.len() as u64 <= self.last;
        let is_left_out = || !self.left_out.is_empty() && self.left_out.binary_search(&id).is_ok();
        self.whole.as_ref().filter(|_| is_due && !is_left_out())
    }

    /// Returns the frames that the connection `id` needs. It has the frames up to the number `seen`.
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
    use crate::types::message::Message;

    fn frame(text: &str) -> Frame {
        Frame::message(&Message::from(text))
    }

    fn due(shared: &SharedFrames, id: ConnectionId, seen: u64) -> Vec<u8> {
        shared.due(id, seen).flat_map(|frame| frame.pieces().concat()).collect()
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
        let whole = shared.whole_for(one, 6).expect("it is due all of it");
        assert_eq!((whole.pieces().concat(), whole.count()), (due(&shared, one, 6), 3));
        assert!(shared.whole_for(one, 7).is_none() && shared.whole_for(other, 6).is_none());
        assert_eq!((shared.last(), shared.size().messages, shared.size().bytes), (9, 3, 9));
    }
}
