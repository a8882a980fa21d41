//! The numbers of envelopes: what is published gets one, and what comes twice, too late, or after a gap is known by it.

use std::time::Duration;

use crate::{
    backplane::{
        envelope::{Envelope, Header},
        node::NodeId,
        recent::Recent,
        subject::Subject,
    },
    util::time::Moment,
};

/// Number of subjects that a node remembers its last number of, and of the subjects of others.
const SUBJECTS: usize = 32 * 1024;

/// The numbers of what this node publishes.
#[derive(Debug)]
pub(super) struct Numbering {
    last: u64,
    last_of: Recent<Subject, u64>,
}

impl Numbering {
    pub(super) fn new() -> Self {
        Self {
            last: 0,
            last_of: Recent::new(SUBJECTS),
        }
    }

    /// Returns the next number, and the one before it of the same subject.
    pub(super) fn next(&mut self, subject: Subject) -> (u64, u64) {
        self.last += 1;
        let previous = self.last_of.get(&subject).unwrap_or_default();
        self.last_of.set(subject, self.last);
        (self.last, previous)
    }
}

/// By how much the order of two envelopes of one node may differ at least, since they came over several subscriptions. A node
/// says every 2 s that it lives, so of an older envelope it is known that it was published again.
const DISORDER: Duration = Duration::from_secs(2);

/// Number of nodes and publishers of which the newest number is remembered.
const ORIGINS: usize = 16 * 1024;

/// The numbers of what has come.
#[derive(Debug)]
pub(super) struct Seen {
    last: Recent<(NodeId, Subject), Last>,
    newest: Recent<NodeId, Newest>,
    /// How often this node was interested in a subject no more: what was published then is not missing.
    ends: Recent<Subject, u32>,
}

/// The last number of a node and a subject, and how often the interest in it had ended.
#[derive(Clone, Copy, Debug)]
struct Last {
    number: u64,
    ends: u32,
}

/// The newest numbers of an origin.
#[derive(Clone, Copy, Debug)]
struct Newest {
    number: u64,
    /// The newest number at a moment, and that of at least 2 s before it.
    before: u64,
    settled: u64,
    since: Moment,
}

impl Newest {
    /// Takes note of a number. Returns `true` if it is one of before, that came too late or was published again.
    fn note(&mut self, number: u64, now: Moment) -> bool {
        if now.since(self.since) >= DISORDER {
            (self.settled, self.before, self.since) = (self.before, self.number, now);
        }
        self.number = number.max(self.number);
        number <= self.settled
    }
}

/// The place of an envelope behind those that came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Next,
    /// At least one is missing before it.
    AfterGap,
    /// It has come already, or a later one has.
    Past,
}

impl Seen {
    pub(super) fn new() -> Self {
        Self {
            last: Recent::new(SUBJECTS),
            newest: Recent::new(ORIGINS),
            ends: Recent::new(SUBJECTS),
        }
    }

    /// Takes note that this node is interested in `subject` no more.
    pub(super) fn end(&mut self, subject: Subject) {
        let ends = self.ends.get(&subject).unwrap_or_default();
        self.ends.set(subject, ends.wrapping_add(1));
    }

    /// Takes note of an envelope to `subject` that comes at `now`.
    pub(super) fn note(&mut self, header: &Header, subject: Subject, now: Moment) -> Place {
        let key = (header.origin, subject);
        let last = self.last.get(&key);
        let mut newest = self.newest.get(&header.origin).unwrap_or(Newest {
            number: header.number,
            before: 0,
            settled: 0,
            since: now,
        });
        let is_past = newest.note(header.number, now);
        self.newest.set(header.origin, newest);
        if is_past || last.is_some_and(|last| header.number <= last.number) {
            return Place::Past;
        }
        let (number, ends) = (header.number, self.ends.get(&subject).unwrap_or_default());
        self.last.set(key, Last { number, ends });
        // Without a last number, this node was not interested before, or has forgotten it.
        match last {
            Some(last) if last.ends == ends && header.previous > last.number => Place::AfterGap,
            _ => Place::Next,
        }
    }
}

/// Puts the envelopes of each origin into their order, since they may have come over several subscriptions. The order of
/// different origins stays as it is.
pub(super) fn in_order(envelopes: Vec<Envelope<'_>>) -> impl Iterator<Item = Envelope<'_>> {
    let places = |key: fn(&Header) -> u64| {
        let mut places: Vec<_> = (0..envelopes.len()).collect();
        places.sort_by_key(|place| {
            let header = &envelopes[*place].header;
            (header.origin, key(header))
        });
        places
    };
    // The places that each origin has, and the envelopes that belong there.
    let (to, from) = (places(|_| 0), places(|header| header.number));
    let mut moves: Vec<_> = to.into_iter().zip(from).collect();
    moves.sort_unstable();
    let mut envelopes: Vec<_> = envelopes.into_iter().map(Some).collect();
    moves.into_iter().filter_map(move |(_, from)| envelopes[from].take())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::backplane::envelope::Body;

    fn header(origin: NodeId, (number, previous): (u64, u64)) -> Header {
        Header {
            origin,
            number,
            previous,
            sent_at: 0,
        }
    }

    #[test]
    fn duplicates_late_ones_and_gaps_are_known_for_each_origin_and_subject() {
        let now = Moment::now();
        let (one, other) = (NodeId::random(), NodeId::random());
        let (room, lobby) = (Subject::of_hash([1; 16]), Subject::of_hash([2; 16]));
        let (mut numbering, mut seen) = (Numbering::new(), Seen::new());
        let first = header(one, numbering.next(room));
        let elsewhere = header(one, numbering.next(lobby));
        let second = header(one, numbering.next(room));
        let _lost = numbering.next(room);
        let fourth = header(one, numbering.next(room));
        assert_eq!(seen.note(&first, room, now), Place::Next);
        assert_eq!(seen.note(&first, room, now), Place::Past, "it comes twice");
        assert_eq!(
            seen.note(&header(other, (1, 0)), room, now),
            Place::Next,
            "another origin"
        );
        assert_eq!(
            seen.note(&second, room, now),
            Place::Next,
            "the number between is of another subject"
        );
        assert_eq!(seen.note(&elsewhere, lobby, now), Place::Next);
        assert_eq!(seen.note(&fourth, room, now), Place::AfterGap);
        assert_eq!(seen.note(&second, room, now), Place::Past, "it is late");
    }

    #[test]
    fn what_is_published_while_nobody_is_interested_is_not_missing() {
        let now = Moment::now();
        let (origin, room) = (NodeId::random(), Subject::of_hash([1; 16]));
        let mut seen = Seen::new();
        assert_eq!(seen.note(&header(origin, (7, 5)), room, now), Place::Next);
        seen.end(room);
        assert_eq!(seen.note(&header(origin, (9, 8)), room, now), Place::Next);
        assert_eq!(seen.note(&header(origin, (9, 8)), room, now), Place::Past);
        assert_eq!(seen.note(&header(origin, (12, 11)), room, now), Place::AfterGap);
    }

    #[test]
    fn node_that_comes_later_misses_nothing_of_before() {
        let now = Moment::now();
        let (origin, room) = (NodeId::random(), Subject::of_hash([1; 16]));
        let mut seen = Seen::new();
        assert_eq!(seen.note(&header(origin, (7, 5)), room, now), Place::Next);
        assert_eq!(seen.note(&header(origin, (9, 8)), room, now), Place::AfterGap);
    }

    #[test]
    fn what_is_published_again_is_known_to_a_node_that_had_no_interest_in_it() {
        let (origin, nodes, room) = (NodeId::random(), Subject::NODES, Subject::of_hash([1; 16]));
        let (mut seen, start) = (Seen::new(), Moment::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for second in 0..4 {
            let alive = header(origin, (10 * (second + 1), 10 * second));
            assert_eq!(seen.note(&alive, nodes, at(2 * second)), Place::Next);
        }
        // The newest number of 2 s before the last one was 20.
        assert_eq!(seen.note(&header(origin, (19, 0)), room, at(7)), Place::Past);
        assert_eq!(
            seen.note(&header(origin, (25, 0)), room, at(7)),
            Place::Next,
            "another subscription was faster"
        );
        // What waited while this node stood still comes in order.
        assert_eq!(seen.note(&header(origin, (50, 40)), nodes, at(20)), Place::Next);
        assert_eq!(seen.note(&header(origin, (51, 25)), room, at(20)), Place::Next);
    }

    fn envelope(origin: NodeId, number: u64) -> Envelope<'static> {
        Envelope {
            header: header(origin, (number, 0)),
            body: Body::Alive,
            payload: Bytes::new(),
        }
    }

    #[test]
    fn envelopes_of_an_origin_are_put_in_order_and_origins_keep_their_places() {
        let (one, other) = (NodeId::random(), NodeId::random());
        let came = [(one, 3), (other, 8), (one, 1), (one, 2), (other, 7)];
        let came = came.map(|(origin, number)| envelope(origin, number)).into();
        let order: Vec<_> = in_order(came)
            .map(|envelope| (envelope.header.origin, envelope.header.number))
            .collect();
        assert_eq!(order, [(one, 1), (other, 7), (one, 2), (one, 3), (other, 8)]);
    }
}
