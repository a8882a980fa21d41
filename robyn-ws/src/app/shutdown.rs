//! Draining: closing every connection, waiting, and aborting the rest.

use std::{collections::BTreeMap, future::pending, sync::Arc, time::Duration};

use tokio::{
    task::yield_now,
    time::{Instant, sleep_until, timeout, timeout_at},
};

use crate::{
    app::signals::{Signal, StopSignal},
    endpoint::registry::Entry,
    hub::{Hub, live::Live},
    types::close::Ending,
    util::{log, time::after},
};

/// The number of connections that are closed at once. If all clients got 1001 in one burst, all would reconnect in one.
const BATCH: usize = 256;

/// The longest pause between two batches, so that a few thousand connections do not take half of a long grace.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

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
    pub(crate) const fn new(hub: Hub) -> Self {
        Self { hub }
    }

    /// Drains the app. From now on, new upgrades get 503 with `Retry-After`, so the listener should stay open until this
    /// returns. Every connection is closed with 1001, in batches spread over at most half of `grace`, and its close handler
    /// runs. Running upgrade handlers may end, and their requests get 503. After `grace`, the remaining connections are
    /// aborted, and each handler that still runs is logged with file and line. A second call waits for the same connections.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, new upgrades stay refused, and the connections it has closed end in order.
    pub async fn drain(&self, grace: Duration) -> Drained {
        log::info!(?grace, "draining");
        let drained = self.drain_within(grace).await;
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
        let closing_and_waiting = async {
            close_in_batches(self.hub.running(), grace).await;
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
            live.close(Ending::shutdown());
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
        log::info!("a second signal ends the process at once");
        self.drain(signal.rest_of(grace)).await
    }

    /// Returns `true` if a drain has begun.
    pub fn has_begun(&self) -> bool {
        self.hub.drain().has_begun()
    }
}

/// Closes all connections, batch by batch. Most of the grace is left for handlers.
async fn close_in_batches(connections: Vec<Arc<Live>>, grace: Duration) {
    let batches = u32::try_from(connections.len().div_ceil(BATCH)).unwrap_or(u32::MAX);
    let pause = (grace / 2 / batches.max(1)).min(LONGEST_PAUSE);
    let mut next = Instant::now();
    for batch in connections.chunks(BATCH) {
        sleep_until(next).await;
        for live in batch {
            live.close(Ending::shutdown());
        }
        next += pause;
        yield_now().await;
    }
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
