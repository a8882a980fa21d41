//! How long a sender waits for room in a full queue.

use std::{pin::Pin, time::Duration};

use tokio::{
    runtime::Handle,
    time::{Instant, Sleep, sleep_until},
};

use crate::util::time::{TIMER_GRACE, after};

/// The time that a sender waits.
#[derive(Debug)]
pub(crate) struct WaitLimit<'r> {
    /// The runtime of the recipient, whose clock counts: the sender need not be in any.
    runtime: &'r Handle,
    limit: Duration,
    expiry: Pin<Box<Sleep>>,
    /// The client's progress when the time began; `None` if the time counts whatever the client takes.
    progress: Option<u64>,
    is_grace: bool,
}

impl<'r> WaitLimit<'r> {
    /// Waits for `limit`.
    pub(crate) fn new(runtime: &'r Handle, limit: Duration) -> Self {
        Self {
            runtime,
            limit,
            expiry: Box::pin(sleep(runtime, limit)),
            progress: None,
            is_grace: false,
        }
    }

    /// Waits for `limit` without progress of the client.
    pub(crate) fn without_progress(runtime: &'r Handle, limit: Duration, progress: u64) -> Self {
        Self {
            progress: Some(progress),
            ..Self::new(runtime, limit)
        }
    }

    pub(super) const fn limit(&self) -> Duration {
        self.limit
    }

    /// Waits until the time is over.
    pub(super) fn expiry(&mut self) -> Pin<&mut Sleep> {
        self.expiry.as_mut()
    }

    /// Begins anew if the client has taken bytes, and looks a second time if not. Returns `false` if it has done either.
    pub(super) fn has_expired(&mut self, progress: u64) -> bool {
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
