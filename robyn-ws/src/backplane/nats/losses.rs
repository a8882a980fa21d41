//! How many messages the client has dropped.
//!
//! It drops a message whose subscription has too many already. It has an event for each, but keeps only 128 events. It
//! also counts all messages that have come, so when nothing waits in it, the missing ones were dropped: by it, or
//! because nobody wanted them any more when they came.

/// Number of ticks behind an event for which all missing messages count as lost.
const TICKS: u8 = 2;

#[derive(Debug, Default)]
pub(super) struct Losses {
    reported: u64,
    /// Number of events at the last look.
    events: u64,
    /// Number of ticks for which missing messages count as lost.
    ticks: u8,
    /// Number of missing messages when nothing waited, at the last look and at the last tick.
    missing: u64,
    missing_before: u64,
    /// Number of missing messages that nobody wanted.
    unwanted: u64,
}

impl Losses {
    /// Takes the number of events, and of missing messages if nothing waits in the client. Returns how many messages more
    /// are lost.
    pub(super) fn look(&mut self, events: u64, missing: Option<u64>) -> u64 {
        if events > self.events {
            self.events = events;
            self.ticks = TICKS;
        }
        self.missing = missing.unwrap_or(self.missing);
        let mut lost = self.events;
        if self.ticks > 0 && missing.is_some() {
            lost = lost.max(self.missing.saturating_sub(self.unwanted));
        }
        let more = lost.saturating_sub(self.reported);
        self.reported += more;
        more
    }

    /// Takes what is missing for longer than a tick, without an event, as unwanted.
    pub(super) fn tick(&mut self) {
        self.ticks = self.ticks.saturating_sub(1);
        if self.ticks == 0 {
            let unwanted = self.missing_before.saturating_sub(self.reported);
            self.unwanted = self.unwanted.max(unwanted);
        }
        self.missing_before = self.missing;
    }
}

#[cfg(test)]
mod tests {
    use super::Losses;

    #[test]
    fn every_dropped_message_is_counted_once_though_there_are_fewer_events() {
        let mut losses = Losses::default();
        assert_eq!(losses.look(0, Some(0)), 0);
        assert_eq!(losses.look(128, None), 128, "as many as there are events");
        assert_eq!(losses.look(128, Some(1000)), 872, "nothing waits any more");
        assert_eq!(losses.look(128, Some(1000)), 0);
        (0..5).for_each(|_| losses.tick());
        assert_eq!(losses.look(129, Some(1001)), 1);
    }

    #[test]
    fn message_that_nobody_wanted_is_not_lost() {
        let mut losses = Losses::default();
        assert_eq!(losses.look(0, Some(7)), 0);
        losses.tick();
        losses.tick();
        assert_eq!(losses.look(3, Some(10)), 3);
    }

    #[test]
    fn messages_are_lost_though_their_event_comes_after_the_look() {
        let mut losses = Losses::default();
        losses.tick();
        assert_eq!(losses.look(0, Some(500)), 0);
        losses.tick();
        assert_eq!(losses.look(128, Some(500)), 500);
    }
}
