//! Points in time that cannot overflow, however long a limit is.

use std::{num::NonZeroU64, ops::Add, sync::LazyLock, time::Duration};

use tokio::time::Instant;

/// How much longer a client is given when its time is over. If the process or the machine stood still, timers fire before
/// the runtime has looked at its sockets; the next timer fires after that.
pub(crate) const TIMER_GRACE: Duration = Duration::from_millis(1);

/// Stands for "never": tokio's timers reach about two years.
const FAR: Duration = Duration::from_hours(24 * 365);

/// What moments are counted from. Clocks that a test has stopped can be behind it.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The moment of [`ORIGIN`], in nanoseconds. As much time can be counted before it as behind it: three centuries.
const MIDDLE: u64 = 1 << 63;

/// A point in time in eight bytes, also where there may be none: half of what an `Instant` takes. Connections keep many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(NonZeroU64);

impl Moment {
    pub(crate) fn now() -> Self {
        Instant::now().into()
    }

    /// Returns how long it is since `earlier`; nothing if that is later.
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(earlier.0.get()))
    }

    /// Returns the moment as a number, which is not 0.
    pub(crate) const fn nanos(self) -> u64 {
        self.0.get()
    }

    /// Returns the moment that is this number.
    pub(crate) fn of_nanos(nanos: u64) -> Option<Self> {
        NonZeroU64::new(nanos).map(Self)
    }
}

impl From<Instant> for Moment {
    fn from(instant: Instant) -> Self {
        let nanos = match instant.checked_duration_since(*ORIGIN) {
            Some(after) => MIDDLE.saturating_add(nanos(after)),
            None => MIDDLE.saturating_sub(nanos(ORIGIN.duration_since(instant))),
        };
        Self(NonZeroU64::new(nanos).unwrap_or(NonZeroU64::MIN))
    }
}

impl From<Moment> for Instant {
    fn from(moment: Moment) -> Self {
        let nanos = moment.0.get();
        match nanos.checked_sub(MIDDLE) {
            Some(after) => *ORIGIN + Duration::from_nanos(after),
            None => *ORIGIN - Duration::from_nanos(MIDDLE - nanos),
        }
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(nanos(delay)))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Gives the point `delay` after `start`; a delay beyond reach stands for "never".
pub(crate) fn after<Time: Add<Duration, Output = Time>>(start: Time, delay: Duration) -> Time {
    start + delay.min(FAR)
}

/// Gives a point that never comes.
pub(crate) fn never() -> Instant {
    after(Instant::now(), FAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moment_is_the_instant_it_was_made_of() {
        let now = Instant::now();
        let far = Duration::from_hours(1);
        for instant in [now, now + far, *ORIGIN, *ORIGIN - far, after(now, Duration::MAX)] {
            assert_eq!(Instant::from(Moment::from(instant)), instant);
        }
        let (earlier, later) = (Moment::from(now), Moment::from(now + far));
        assert_eq!(later.since(earlier), far);
        assert_eq!(earlier.since(later), Duration::ZERO);
        assert_eq!(earlier + far, later);
    }
}
