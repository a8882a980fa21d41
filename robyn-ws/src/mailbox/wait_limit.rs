//! The timeout of a sender that waits for room in a full queue.

use std::{pin::Pin, time::Duration};

use tokio::{
    runtime::Handle,
    time::{Instant, Sleep, sleep_until},
};

use crate::util::time::{TIMER_GRACE, after};

/// A timeout, optionally restarted by progress of the client.
#[derive(Debug)]
pub(crate) struct WaitLimit<'r> {
    /// The runtime of the recipient, whose clock applies. The sender may be outside of any runtime.
    runtime: &'r Handle,
    limit: Duration,
    expiry: Pin<Box<Sleep>>,
    /// The client's progress when the time began. `None` if progress does not restart the time.
    progress: Option<u64>,
    /// Whether the time is over and [`TIMER_GRACE`] runs.
    is_grace: bool,
}

impl<'r> WaitLimit<'r> {
    /// Creates a timeout after `limit`.
    pub(crate) fn new(runtime: &'r Handle, limit: Duration) -> Self {
        Self {
            runtime,
            limit,
            expiry: Box::pin(sleep(runtime, limit)),
            progress: None,
            is_grace: false,
        }
    }

    /// Creates a timeout after `limit` without progress of the client.
    pub(crate) fn without_progress(runtime: &'r Handle, limit: Duration, progress: u64) -> Self {
        Self {
            progress: Some(progress),
            ..Self::new(runtime, limit)
        }
    }

    pub(super) const fn limit(&self) -> Duration {
        self.limit
    }

    /// Returns a future that ends when the time is over.
    pub(crate) fn expiry(&mut self) -> Pin<&mut Sleep> {
        self.expiry.as_mut()
    }

    /// Call this when the time is over. Returns `false` and waits again if the client has made progress, or if
    /// [`TIMER_GRACE`] has not passed.
    pub(crate) fn has_expired(&mut self, progress: u64) -> bool {
        let is_renewed = self.progress.is_some_and(|before| before != progress);
        if is_renewed {
            self.progress = Some(progress);
        } else if self.is_grace {
            return true;
        }
        self.is_grace = !is_renewed;
        let more = if is_renewed { self.limit } else { TIMER_GRACE };
        self.expiry.set(sleep(self.runtime, more));
        false
    }
}

fn sleep(runtime: &Handle, limit: Duration) -> Sleep {
    let _within = runtime.enter();
    sleep_until(after(Instant::now(), limit))
}
