//! How long what other nodes publish is on the way.

use std::time::Duration;

use crate::{
    backplane::{envelope::Header, node::NodeId, recent::Recent},
    util::time::Moment,
};

/// A message that is on the way for so much longer than the fastest envelope of its node is late.
const LATE: i64 = 2_000;

/// How long the fastest envelope counts, at least: the clock of a node may be set.
const WINDOW: Duration = Duration::from_secs(10);

/// Number of nodes whose fastest envelopes are remembered.
const NODES: usize = 10_000;

/// The fastest envelopes of the other nodes.
#[derive(Debug)]
pub(super) struct Delays(Recent<NodeId, Fastest>);

/// The shortest delays of a node in two windows, in milliseconds. The clocks of two machines differ, so a delay says
/// nothing by itself, and may be negative.
#[derive(Clone, Copy, Debug)]
struct Fastest {
    /// When the second window began.
    since: Moment,
    before: i64,
    lately: i64,
}

impl Delays {
    pub(super) fn new() -> Self {
        Self(Recent::new(NODES))
    }

    /// Takes note of an envelope that comes at `now`, when this machine's clock says `clock` milliseconds. Returns `true` if it
    /// is late.
    pub(super) fn is_late(&mut self, header: &Header, clock: u64, now: Moment) -> bool {
        let millis = |time| i64::try_from(time).unwrap_or(i64::MAX);
        let delay = millis(clock).saturating_sub(millis(header.sent_at));
        let fastest = match self.0.get(&header.origin) {
            None => Fastest {
                since: now,
                before: delay,
                lately: delay,
            },
            Some(fastest) if now.since(fastest.since) >= WINDOW => Fastest {
                since: now,
                before: fastest.lately,
                lately: delay,
            },
            Some(fastest) => Fastest {
                lately: fastest.lately.min(delay),
                ..fastest
            },
        };
        self.0.set(header.origin, fastest);
        delay.saturating_sub(fastest.before.min(fastest.lately)) > LATE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A node whose clock is 3 s ahead.
    struct Node(NodeId);

    impl Node {
        /// Returns whether an envelope is late that was published and came at these milliseconds.
        fn is_late(&self, delays: &mut Delays, start: Moment, published: u64, came: u64) -> bool {
            let header = Header {
                origin: self.0,
                number: 1,
                previous: 0,
                sent_at: 3_000 + published,
            };
            delays.is_late(&header, came, start + Duration::from_millis(came))
        }
    }

    #[test]
    fn what_is_on_the_way_for_seconds_longer_than_the_fastest_is_late() {
        let (mut delays, start, node) = (Delays::new(), Moment::now(), Node(NodeId::random()));
        assert!(!node.is_late(&mut delays, start, 0, 10));
        assert!(!node.is_late(&mut delays, start, 100, 2_110));
        assert!(node.is_late(&mut delays, start, 100, 2_111));
        assert!(!node.is_late(&mut delays, start, 2_200, 2_210));
        // This node stood still for a minute.
        assert!(node.is_late(&mut delays, start, 2_300, 62_300));
        assert!(node.is_late(&mut delays, start, 59_000, 62_300));
        assert!(!node.is_late(&mut delays, start, 62_290, 62_300));
    }

    #[test]
    fn clock_that_is_set_back_is_believed_after_two_windows() {
        let (mut delays, start, node) = (Delays::new(), Moment::now(), Node(NodeId::random()));
        let (set_back, beat) = (5_000, 2_000);
        assert!(!node.is_late(&mut delays, start, 5_990, 6_000));
        let late = (4..20).filter(|number| {
            let now = number * beat;
            node.is_late(&mut delays, start, now - set_back, now)
        });
        assert!((3..=10).contains(&late.count()));
        assert!(!node.is_late(&mut delays, start, 40_000 - set_back, 40_000));
    }
}
