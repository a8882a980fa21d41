//! Wakes quiet connections when time has passed: one task for all of them, so that none needs a timer of its own.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::select;
use tokio::{
    sync::Notify,
    task::yield_now,
    time::{sleep, sleep_until},
};

use crate::{
    hub::{flusher::Flusher, live::Live, members::EndpointMembers},
    util::time::{Moment, after},
};

/// How many connections are looked at before other tasks get their turn: some 10 µs, in which the endpoint is locked.
const CONNECTIONS_PER_TURN: usize = 128;

/// How late connections may be woken, so that many are woken in one sweep: by this part of the shortest time that they wait
/// for, and at most by [`LONGEST_DELAY`].
const DELAY: u32 = 16;

const LONGEST_DELAY: Duration = Duration::from_secs(1);

/// How long the task stays when everybody has left, since others often follow.
const LINGER: Duration = Duration::from_secs(1);

/// When a connection is to be woken. Its driver sets it, and a sweep rings it.
#[derive(Debug)]
pub(crate) struct Alarm(AtomicU64);

/// No moment is 0.
const RUNG: u64 = 0;
const NEVER: u64 = u64::MAX;

impl Default for Alarm {
    fn default() -> Self {
        Self(AtomicU64::new(NEVER))
    }
}

impl Alarm {
    pub(crate) fn set(&self, at: Option<Moment>) {
        self.0.store(at.map_or(NEVER, Moment::nanos), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn has_rung(&self) -> bool {
        self.0.load(Ordering::Relaxed) == RUNG
    }

    /// Rings if it is time. The driver may set it at that moment: then it is awake, and looks at the time itself.
    fn ring(&self, now: Moment) -> Ring {
        match Moment::of_nanos(self.0.load(Ordering::Relaxed)) {
            None => Ring::Before,
            Some(at) if at > now => Ring::Later(at),
            Some(_) => {
                self.0.store(RUNG, Ordering::Relaxed);
                Ring::Now
            }
        }
    }
}

/// What became of an alarm.
enum Ring {
    Now,
    /// It has rung, and the driver did not set it since.
    Before,
    Later(Moment),
}

/// The task that sweeps for the connections of one endpoint and one runtime.
#[derive(Debug, Default)]
pub(crate) struct Sweeper {
    runs: AtomicBool,
    /// Tells it that everybody has left.
    deserted: Notify,
}

impl Sweeper {
    /// Has the alarm of a connection rung that has entered the hub.
    pub(crate) fn watch(live: &Live) {
        let bounds = live.mailbox.bounds();
        let Some(shortest) = bounds.heartbeat_interval.into_iter().chain(bounds.idle_timeout).min() else {
            return;
        };
        if !live.flusher.sweeper.runs.swap(true, Ordering::SeqCst) {
            let sweep = Sweep {
                endpoint: live.endpoint.clone(),
                flusher: live.flusher.clone(),
                shortest,
                delay: (shortest / DELAY).min(LONGEST_DELAY),
            };
            live.flusher.runtime().spawn(sweep.run());
        }
    }

    /// A connection has left the hub.
    pub(crate) fn left(live: &Live) {
        if live.endpoint.count() == 0 {
            live.flusher.sweeper.deserted.notify_one();
        }
    }
}

/// The batches of a sweeper, for as long as there is anybody.
struct Sweep {
    endpoint: Arc<EndpointMembers>,
    flusher: Arc<Flusher>,
    /// The shortest time that a connection waits for.
    shortest: Duration,
    /// How late a connection may be woken.
    delay: Duration,
}

impl Sweep {
    async fn run(self) {
        loop {
            let begun = Moment::now();
            if let Some(next) = self.ring().await {
                // Who has entered meanwhile waits for the shortest time at least.
                let next = next
                    .min(after(begun, self.shortest))
                    .max(after(Moment::now(), self.delay));
                let deserted = pin!(self.flusher.sweeper.deserted.notified());
                select(pin!(sleep_until(next.into())), deserted).await;
                continue;
            }
            sleep(LINGER).await;
            if self.may_end().await {
                return;
            }
        }
    }

    /// Rings all alarms whose time has come. Returns when to do it next, or `None` if there is nobody.
    async fn ring(&self) -> Option<Moment> {
        let now = Moment::now();
        let (mut end, mut next) = (usize::MAX, None::<Moment>);
        while end > 0 {
            let mut due = Vec::new();
            end = self.endpoint.walk_back(end, CONNECTIONS_PER_TURN, |live| {
                if !live.is_served_by(&self.flusher) {
                    return;
                }
                let at = match live.alarm.ring(now) {
                    Ring::Later(at) => at,
                    // It is set anew soon, perhaps to a time that is near.
                    Ring::Before => now,
                    Ring::Now => {
                        due.push(live.clone());
                        now
                    }
                };
                next = Some(next.map_or(at, |next| next.min(at)));
            });
            for live in due {
                live.mailbox.call_driver();
            }
            if end > 0 {
                yield_now().await;
            }
        }
        next
    }

    /// Returns whether the task may end, as there is still nobody.
    async fn may_end(&self) -> bool {
        let runs = &self.flusher.sweeper.runs;
        runs.store(false, Ordering::SeqCst);
        // Who saw it run is in the hub by now; who comes later has another one begun.
        self.ring().await.is_none() || runs.swap(true, Ordering::SeqCst)
    }
}
