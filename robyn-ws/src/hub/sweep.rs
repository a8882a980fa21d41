//! Wakes idle connections when a timeout is due. One task serves all of them, so an idle connection needs no timer.

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

/// Number of connections checked before the task yields. The endpoint is locked for about 10 µs meanwhile.
const CONNECTIONS_PER_TURN: usize = 128;

/// A connection may be woken late, so that one sweep wakes many: by this fraction of the shortest timeout, up to
/// [`LONGEST_DELAY`].
const DELAY: u32 = 16;

const LONGEST_DELAY: Duration = Duration::from_secs(1);

/// How long the task stays after the last connection has left, because another one often follows.
const LINGER: Duration = Duration::from_secs(1);

/// When to wake a connection's driver. The driver sets it, and a sweep fires it.
#[derive(Debug)]
pub(crate) struct Alarm(AtomicU64);

/// No [`Moment`] is 0.
const FIRED: u64 = 0;
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
    pub(crate) fn has_fired(&self) -> bool {
        self.0.load(Ordering::Relaxed) == FIRED
    }

    /// Fires if it is due. If the driver sets it at the same moment, that value may be lost. The driver is then awake
    /// and checks the time itself.
    fn fire_if_due(&self, now: Moment) -> AlarmCheck {
        match Moment::of_nanos(self.0.load(Ordering::Relaxed)) {
            None => AlarmCheck::AlreadyFired,
            Some(at) if at > now => AlarmCheck::NotBefore(at),
            Some(_) => {
                self.0.store(FIRED, Ordering::Relaxed);
                AlarmCheck::Fired
            }
        }
    }
}

/// The state of an alarm during a sweep.
enum AlarmCheck {
    Fired,
    /// It fired in an earlier sweep, and the driver has not set it since.
    AlreadyFired,
    NotBefore(Moment),
}

/// The task that wakes the connections of one endpoint and one runtime.
#[derive(Debug, Default)]
pub(crate) struct Sweeper {
    is_running: AtomicBool,
    /// Notified when the last connection has left.
    all_left: Notify,
}

impl Sweeper {
    /// Starts the task, if needed, for a connection that has entered the hub.
    pub(crate) fn watch(live: &Live) {
        let bounds = live.mailbox.bounds();
        let Some(shortest) = bounds.heartbeat_interval.into_iter().chain(bounds.idle_timeout).min() else {
            return;
        };
        if !live.flusher.sweeper.is_running.swap(true, Ordering::SeqCst) {
            let sweep = Sweep {
                endpoint: live.endpoint.clone(),
                flusher: live.flusher.clone(),
                shortest,
                delay: (shortest / DELAY).min(LONGEST_DELAY),
            };
            live.flusher.runtime().spawn(sweep.run());
        }
    }

    /// Notifies the task that a connection has left the hub.
    pub(crate) fn left(live: &Live) {
        if live.endpoint.count() == 0 {
            live.flusher.sweeper.all_left.notify_one();
        }
    }
}

/// The loop of a sweeper. It runs while there are connections.
struct Sweep {
    endpoint: Arc<EndpointMembers>,
    flusher: Arc<Flusher>,
    /// The shortest timeout of a connection.
    shortest: Duration,
    /// How late a connection may be woken.
    delay: Duration,
}

impl Sweep {
    async fn run(self) {
        loop {
            let started = Moment::now();
            if let Some(next) = self.fire_due().await {
                // A connection that entered meanwhile waits at least for the shortest timeout.
                let next = next
                    .min(after(started, self.shortest))
                    .max(after(Moment::now(), self.delay));
                let all_left = pin!(self.flusher.sweeper.all_left.notified());
                select(pin!(sleep_until(next.into())), all_left).await;
                continue;
            }
            sleep(LINGER).await;
            if self.may_end().await {
                return;
            }
        }
    }

    /// Fires all due alarms. Returns when to sweep again, or `None` if there is no connection.
    async fn fire_due(&self) -> Option<Moment> {
        let now = Moment::now();
        let (mut end, mut next) = (usize::MAX, None::<Moment>);
        while end > 0 {
            let mut due = Vec::new();
            end = self.endpoint.walk_back(end, CONNECTIONS_PER_TURN, |live| {
                if !live.is_served_by(&self.flusher) {
                    return;
                }
                let at = match live.alarm.fire_if_due(now) {
                    AlarmCheck::NotBefore(at) => at,
                    // The driver will set it soon, perhaps to a near time.
                    AlarmCheck::AlreadyFired => now,
                    AlarmCheck::Fired => {
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

    /// Returns `true` if the task may end because there is still no connection.
    async fn may_end(&self) -> bool {
        let is_running = &self.flusher.sweeper.is_running;
        is_running.store(false, Ordering::SeqCst);
        // A connection that saw `is_running` is in the hub by now. A later one starts another task.
        self.fire_due().await.is_none() || is_running.swap(true, Ordering::SeqCst)
    }
}
