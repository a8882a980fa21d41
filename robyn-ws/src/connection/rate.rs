//! The limit of what one client sends in a second.

use crate::util::time::Moment;

/// Counts messages against a rate: a bucket that holds one second's worth and fills steadily.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: f64,
    left: f64,
    at: Moment,
}

impl Rate {
    pub(super) fn new(limit: u32, now: Moment) -> Self {
        Self {
            per_second: f64::from(limit),
            left: f64::from(limit),
            at: now,
        }
    }

    pub(super) fn allows(&mut self, now: Moment) -> bool {
        // What was credited beyond one second's worth stays.
        let full = self.left.max(self.per_second);
        self.left = (self.left + self.since_last(now)).min(full);
        self.at = now;
        self.left -= 1.0;
        self.left >= 0.0
    }

    /// Credits the whole time in which nothing was read: what waited may have been sent at the rate that is allowed.
    pub(super) fn catch_up(&mut self, now: Moment) {
        self.left += self.since_last(now);
        self.at = now;
    }

    fn since_last(&self, now: Moment) -> f64 {
        now.since(self.at).as_secs_f64() * self.per_second
    }
}
