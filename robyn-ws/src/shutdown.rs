//! Draining: closing every connection, waiting, and cutting what is left.

use std::time::Duration;

use futures_util::future::select_all;
use tokio::time::{Instant, timeout, timeout_at};

use crate::{Hub, close::Ending, time::after};

/// How many connections are closed before the others get a turn: 1001 to everyone in one burst would bring everyone
/// back in one burst.
const BATCH: usize = 256;

/// How long connections that are cut have to drop what they hold.
const CUT: Duration = Duration::from_secs(1);

/// Ends an app's connections in order. It comes from [`App::build`](crate::App::build), is cheap to clone, and works
/// with any server loop, in whose graceful shutdown it belongs:
///
/// ```no_run
/// use std::time::Duration;
/// use robyn_ws::{axum, prelude::*};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let Running { router, shutdown, .. } = App::new().build()?;
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
#[derive(Clone, Debug)]
pub struct Shutdown {
    hub: Hub,
}

/// What a drain did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// How many connections ended in order: close handler run, Close frame sent.
    pub closed: usize,
    /// How many were cut because they did not end within the grace.
    pub cut: usize,
}

impl Shutdown {
    pub(crate) const fn new(hub: Hub) -> Self {
        Self { hub }
    }

    /// Drains: new upgrades get 503, every connection is closed with 1001, close handlers run. What is left after
    /// `grace` is cut. A second call waits for the same connections.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, new upgrades stay refused and the connections it has reached go on closing.
    pub async fn shutdown(&self, grace: Duration) -> Drained {
        let deadline = after(Instant::now(), grace);
        self.hub.start_draining();
        let connections = self.hub.running();
        for batch in connections.chunks(BATCH) {
            for live in batch {
                live.close(Ending::shutdown());
            }
            tokio::task::yield_now().await;
        }
        let everybody = connections.len();
        drop(connections);
        let in_time = timeout_at(deadline, self.hub.idle()).await.is_ok();
        let left = self.hub.running();
        let cut = if in_time { 0 } else { left.len() };
        for live in left {
            live.mailbox.cut();
        }
        // A synchronous handler that blocks its thread cannot be stopped, and must not hold the drain either.
        let _blocked = timeout(CUT, self.hub.idle()).await;
        Drained {
            closed: everybody.saturating_sub(cut),
            cut,
        }
    }

    /// Waits for SIGINT, or for SIGTERM where there is one, and drains as [`Self::shutdown`].
    ///
    /// # Cancel safety
    ///
    /// As [`Self::shutdown`].
    pub async fn on_signal(&self, grace: Duration) -> Drained {
        stop_signal().await;
        self.shutdown(grace).await
    }

    /// Tells whether a drain has begun.
    pub fn has_begun(&self) -> bool {
        self.hub.is_draining()
    }
}

/// Begins to listen for SIGINT, and for SIGTERM where there is one, and gives the wait for either. From now on they do not
/// end the process.
pub(crate) fn stop_signal() -> impl Future<Output = ()> + Send {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| {
            let signal = signal(kind);
            Box::pin(async {
                match signal {
                    Ok(mut signal) => drop(signal.recv().await),
                    Err(_) => std::future::pending().await,
                }
            })
        })
    };
    #[cfg(windows)]
    let signals = {
        let signal = tokio::signal::windows::ctrl_c();
        [Box::pin(async {
            match signal {
                Ok(mut signal) => drop(signal.recv().await),
                Err(_) => std::future::pending().await,
            }
        })]
    };
    async { drop(select_all(signals).await) }
}
