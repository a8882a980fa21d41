//! Draining: closing every connection, waiting, and aborting the rest.

use std::{collections::BTreeMap, future::pending, time::Duration};

use tokio::{
    task::yield_now,
    time::{Instant, sleep_until, timeout, timeout_at},
};

use crate::{
    app::signals::{Signal, StopSignal},
    endpoint::registry::Entry,
    hub::Hub,
    util::{
        log, random,
        time::{after, in_millis},
    },
};

/// The most connections that are closed at once. If all clients got a Close in one burst, all would reconnect in one.
const BATCH: usize = 256;

/// The longest time that one batch has to itself. Without `Limits::drain_interval` each has this time, unless the grace is
/// short, so that a few thousand connections do not take half of a long grace.
const LONGEST_PART: Duration = Duration::from_millis(100);

/// The time that aborted connections have to drop their values.
pub(crate) const CUT: Duration = Duration::from_secs(1);

/// Drains the connections of an app. It comes from [`App::build`](crate::App::build), is cheap to clone, and belongs in
/// the graceful shutdown of your own server:
///
/// ```no_run
/// use std::time::Duration;
/// use robyn_ws::{axum, prelude::*};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let BuiltApp { router, shutdown, .. } = App::new().build()?;
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// axum::serve(listener, router)
///     .with_graceful_shutdown(async move {
///         let drained = shutdown.on_signal(Duration::from_secs(10)).await;
///         println!("{drained:?}");
///     })
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// # Limits of a drain
///
/// A thread cannot be stopped from outside. A handler without `blocking` that blocks its thread forever, in a loop or a
/// sleep, outlives the drain. It is logged with file and line and counted in [`Drained::stuck`], and the runtime waits for
/// it when `main` returns. [`App::serve`](crate::App::serve) ends the process then; a program with its own server can call
/// [`std::process::exit`]. Such a handler can also hold up the timers and sockets of the runtime (always in a runtime of one
/// thread), so that the drain does not run at all. A second signal ends the process even then.
#[derive(Clone, Debug)]
pub struct Shutdown {
    hub: Hub,
    /// `Limits::drain_interval`.
    interval: Option<Duration>,
}

/// The result of a drain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// The number of connections that ended in order: the close handler ran, and the Close frame was sent.
    pub closed: usize,
    /// The number of connections that were aborted because they did not end within the grace.
    pub cut: usize,
    /// The number of handlers that still ran after that, because they block a thread of the runtime.
    pub stuck: usize,
}

impl Shutdown {
    pub(crate) const fn new(hub: Hub, interval: Option<Duration>) -> Self {
        Self { hub, interval }
    }

    /// Drains the app. From now on, new upgrades get 503 with a random `Retry-After`, so the listener should stay open until this
    /// returns. Every connection is closed with 1001, or [`App::drain_code`](crate::App::drain_code), in batches spread over
    /// [`Limits::drain_interval`](crate::Limits::drain_interval), and its close handler runs. Running upgrade handlers may
    /// end, and their requests get 503. After `grace`, the remaining connections are aborted, and each handler that still
    /// runs is logged with file and line. A second call waits for the same connections.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, new upgrades stay refused, and the connections it has closed end in order.
    pub async fn drain(&self, grace: Duration) -> Drained {
        log::info!(grace = ?in_millis(grace), "draining");
        self.drain_to_its_end(grace).await
    }

    async fn drain_to_its_end(&self, grace: Duration) -> Drained {
        let drained = self.drain_within(grace).await;
        // After what the close handlers have told other nodes.
        self.hub.remote().leave().await;
        log::info!(
            closed = drained.closed,
            cut = drained.cut,
            stuck = drained.stuck,
            "drained"
        );
        drained
    }

    async fn drain_within(&self, grace: Duration) -> Drained {
        let deadline = after(Instant::now(), grace);
        let drain = self.hub.drain();
        drain.begin();
        self.hub.remote().begin_drain();
        let closing_and_waiting = async {
            self.close_in_batches(grace).await;
            drain.idle().await;
        };
        if timeout_at(deadline, closing_and_waiting).await.is_ok() {
            return Drained {
                closed: drain.connections_ended(),
                ..Drained::default()
            };
        }
        log_running_handlers(&self.hub);
        let (closed, left) = (drain.connections_ended(), self.hub.running());
        let cut = left.len();
        for live in left {
            live.close(drain.ending());
            live.mailbox.abort();
        }
        drain.refuse_upgrades();
        let ended = timeout(CUT, drain.idle()).await.is_ok();
        Drained {
            closed,
            cut,
            stuck: if ended { 0 } else { self.hub.running_handlers().len() },
        }
    }

    /// Closes all connections, batch by batch.
    async fn close_in_batches(&self, grace: Duration) {
        let (connections, drain) = (self.hub.running(), self.hub.drain());
        let Parts { count, length } = Parts::of(connections.len(), self.interval, grace);
        let begun = Instant::now();
        for (part, batch) in (0..).zip(batches(&connections, count)) {
            // The moments are random, because several servers may be drained at once. The first batch is closed at once, so
            // that the drain of a few is not held up.
            let jitter = if part == 0 {
                Duration::ZERO
            } else {
                random::time_below(length)
            };
            sleep_until(begun + length * part + jitter).await;
            for live in batch {
                live.close(drain.ending());
            }
            yield_now().await;
        }
    }

    /// Waits for SIGINT or SIGTERM, and drains as [`Self::drain`]. A second signal ends the process at once with the exit
    /// code 128 + signal, even if every thread is blocked, and also after this has returned.
    ///
    /// # Cancel safety
    ///
    /// As [`Self::drain`].
    pub async fn on_signal(&self, grace: Duration) -> Drained {
        let signal = match StopSignal::listen(|_signal| {}) {
            Ok(mut stop) => stop.received().await,
            Err(error) => {
                log::error!(%error, "cannot listen for signals: the first one ends the process without a drain");
                pending().await
            }
        };
        self.after_signal(signal, grace).await
    }

    /// Drains in the rest of a grace that began with the signal.
    pub(crate) async fn after_signal(&self, signal: Signal, grace: Duration) -> Drained {
        let grace = signal.rest_of(grace);
        log::info!(grace = ?in_millis(grace), "draining");
        log::info!("a second signal ends the process at once");
        self.drain_to_its_end(grace).await
    }

    /// Returns `true` if a drain has begun.
    pub fn has_begun(&self) -> bool {
        self.hub.drain().has_begun()
    }
}

/// The equal parts of the time in which connections are closed, each with a batch.
#[derive(Debug, PartialEq, Eq)]
struct Parts {
    count: usize,
    length: Duration,
}

impl Parts {
    fn of(connections: usize, interval: Option<Duration>, grace: Duration) -> Self {
        let batches = connections.div_ceil(BATCH).max(1);
        let (count, interval) = if let Some(interval) = interval {
            let interval = interval.min(grace);
            let parts = interval.as_millis().div_ceil(LONGEST_PART.as_millis());
            let parts = usize::try_from(parts).unwrap_or(usize::MAX);
            (parts.clamp(batches, connections.max(batches)), interval)
        } else {
            let parts = u32::try_from(batches).unwrap_or(u32::MAX);
            // Most of the grace is left for handlers.
            (batches, LONGEST_PART.saturating_mul(parts).min(grace / 2))
        };
        let length = interval / u32::try_from(count).unwrap_or(u32::MAX);
        Self { count, length }
    }
}

/// Splits items into so many batches, whose lengths differ by one at most.
fn batches<T>(mut items: &[T], count: usize) -> impl Iterator<Item = &[T]> {
    (1..=count).rev().map(move |batches| {
        let (batch, later) = items.split_at(items.len().div_ceil(batches));
        items = later;
        batch
    })
}

/// Logs each running handler once, with the number of its runs.
pub(crate) fn log_running_handlers(hub: &Hub) {
    let mut times: BTreeMap<usize, usize> = BTreeMap::new();
    for key in hub.running_handlers() {
        *times.entry(key).or_default() += 1;
    }
    for (key, times) in times {
        if let Some(entry) = Entry::of_key(key) {
            log::warn!(
                handler = entry.name,
                event = entry.handler.event().name(),
                place = %entry.place(),
                times,
                "the handler still runs though the drain's grace is over"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Parts, batches};

    fn parts(connections: usize, interval: Option<u64>, grace: u64) -> (usize, Duration) {
        let grace = Duration::from_secs(grace);
        let Parts { count, length } = Parts::of(connections, interval.map(Duration::from_secs), grace);
        (count, length)
    }

    #[test]
    fn batches_are_as_many_as_asked_for_and_of_equal_lengths() {
        let lengths = |items: usize, count| batches(&vec![(); items], count).map(<[()]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(10, 4), [3, 3, 2, 2]);
        assert_eq!(lengths(101, 100)[..2], [2, 1]);
        assert_eq!(lengths(101, 100).len(), 100);
        assert_eq!(lengths(0, 1), [0]);
    }

    #[test]
    fn a_batch_has_a_tenth_of_a_second_or_less() {
        let millis = Duration::from_millis;
        assert_eq!(parts(0, None, 10), (1, millis(100)));
        assert_eq!(parts(1, None, 10), (1, millis(100)));
        assert_eq!(parts(2560, None, 10), (10, millis(100)));
        assert_eq!(parts(25_600, None, 2), (100, millis(10)));
        assert_eq!(parts(25_600, None, 0), (100, millis(0)));
    }

    #[test]
    fn an_interval_is_filled_evenly_and_never_longer_than_the_grace() {
        let millis = Duration::from_millis;
        assert_eq!(parts(10_000, Some(10), 15), (100, millis(100)));
        assert_eq!(parts(1_000_000, Some(10), 15), (3907, Duration::from_secs(10) / 3907));
        assert_eq!(parts(4, Some(10), 15), (4, millis(2500)));
        assert_eq!(parts(10_000, Some(60), 10), (100, millis(100)));
        assert_eq!(parts(0, Some(60), 10), (1, Duration::from_secs(10)));
    }
}
