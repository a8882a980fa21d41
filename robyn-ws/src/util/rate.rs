//! The limit of events per second, as of the frames of one client.

use crate::util::time::Moment;

/// A token bucket that holds the tokens of one second.
#[derive(Debug)]
pub(crate) struct Rate {
    per_second: f64,
    left: f64,
    at: Moment,
}

impl Rate {
    pub(crate) fn new(limit: u32, now: Moment) -> Self {
        Self {
            per_second: f64::from(limit),
            left: f64::from(limit),
            at: now,
        }
    }

    /// Returns `true`, and counts the event, if the limit allows it.
    pub(crate) fn allows(&mut self, now: Moment) -> bool {
        // More tokens than those of one second stay, if a pause has credited them.
        let full = self.left.max(self.per_second);
        self.left = (self.left + self.since_last(now)).min(full);
        self.at = now;
        // A refused event takes no token: whoever tries again and again would keep all others out.
        let allows = self.left >= 1.0;
        if allows {
            self.left -= 1.0;
        }
        allows
    }

    /// Reverts an event that was allowed.
    pub(crate) fn take_back(&mut self) {
        self.left += 1.0;
    }

    /// Credits the whole time in which nothing was read: the waiting frames may have been sent at the allowed rate.
    pub(crate) fn catch_up(&mut self, now: Moment) {
        self.left += self.since_last(now);
        self.at = now;
    }

    fn since_last(&self, now: Moment) -> f64 {
        now.since(self.at).as_secs_f64() * self.per_second
    }
}
