//! Points in time that cannot overflow, whatever the limit.

#[cfg(feature = "backplane")]
use std::time::{SystemTime, UNIX_EPOCH};
use std::{num::NonZeroU64, ops::Add, sync::LazyLock, time::Duration};

use tokio::time::Instant;

/// How much longer to wait for a client after a timer has fired. If the process or the machine was suspended, timers
/// fire before the runtime polls its sockets. The next timer fires after that poll.
pub(crate) const TIMER_GRACE: Duration = Duration::from_millis(1);

/// Stands for "never". The timers of tokio reach about two years.
const FAR: Duration = Duration::from_hours(24 * 365);

/// The origin of all moments. A test's paused clock can be before it.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The moment of [`ORIGIN`], in nanoseconds. It leaves three centuries before and after the origin.
const MIDDLE: u64 = 1 << 63;

/// A point in time. Also as an `Option`, it takes eight bytes, half of an `Instant`. Each connection stores several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(NonZeroU64);

impl Moment {
    pub(crate) fn now() -> Self {
        Instant::now().into()
    }

    /// Returns the time since `earlier`, or zero if `earlier` is later.
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(earlier.0.get()))
    }

    /// Returns the moment as a number, which is never 0.
    pub(crate) const fn nanos(self) -> u64 {
        self.0.get()
    }

    /// Returns the moment with this number, or `None` for 0.
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

/// Returns the time `delay` after `start`. A delay that is too long stands for "never".
pub(crate) fn after<Time: Add<Duration, Output = Time>>(start: Time, delay: Duration) -> Time {
    start + delay.min(FAR)
}

/// Returns the time `delay` from now, or `None` if it is too far to be reached.
pub(crate) fn reachable(delay: Duration) -> Option<Moment> {
    (delay < FAR).then(|| Moment::now() + delay)
}

/// Returns the duration rounded to milliseconds, for the log.
pub(crate) fn in_millis(duration: Duration) -> Duration {
    let rounded = duration.saturating_add(Duration::from_micros(500));
    Duration::new(rounded.as_secs(), rounded.subsec_millis() * 1_000_000)
}

/// Returns the time of the machine's clock, in milliseconds since 1970.
#[cfg(feature = "backplane")]
pub(crate) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Returns a time that is never reached.
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

    #[test]
    fn duration_of_the_log_has_whole_milliseconds() {
        for (nanos, millis) in [(9_999_712_345, 10_000), (1_499_999, 1), (1_500_000, 2), (0, 0)] {
            assert_eq!(in_millis(Duration::from_nanos(nanos)), Duration::from_millis(millis));
        }
        assert_eq!(in_millis(Duration::MAX).as_secs(), u64::MAX);
    }
}
