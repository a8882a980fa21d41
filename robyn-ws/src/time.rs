//! Points in time that cannot overflow, however long a limit is.

use std::time::Duration;

use tokio::time::Instant;

/// How much longer a client is given when its time is over. If the process or the machine stood still, timers fire before
/// the runtime has looked at its sockets; the next timer fires after that.
pub(crate) const SECOND_LOOK: Duration = Duration::from_millis(1);

/// Stands for "never": tokio's timers reach about two years.
const FAR: Duration = Duration::from_hours(24 * 365);

/// Gives the point `delay` after `start`; a delay beyond reach stands for "never".
pub(crate) fn after(start: Instant, delay: Duration) -> Instant {
    start + delay.min(FAR)
}

/// Gives a point that never comes.
pub(crate) fn never() -> Instant {
    after(Instant::now(), FAR)
}
