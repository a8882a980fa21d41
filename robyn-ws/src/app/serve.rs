//! Serving an app: listener, signals, drain.

use std::{
    any::Any,
    io::{self, Write as _},
    net::SocketAddr,
    sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use axum::serve::Listener;
use futures_util::future::join;
#[cfg(any(target_os = "android", target_os = "linux"))]
use socket2::SockRef;
use tokio::{
    net::{TcpListener, ToSocketAddrs, lookup_host},
    time::sleep,
};

#[cfg(any(target_os = "android", target_os = "linux"))]
use crate::wire::transport::tune;
use crate::{
    app::{
        App, Assembled, BuiltApp,
        http::{HTTP_CUT, HTTP_GRACE, Server},
        shutdown::{CUT, log_running_handlers},
        signals::{Signal, StopSignal, exit},
    },
    hub::Hub,
    types::error::ServeError,
    util::log,
};

/// How much longer than all graces the process may live when its runtime is blocked.
const OVERDUE: Duration = Duration::from_millis(500);

/// How long the last words to the log may take, before the process ends all the same.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl App {
    /// Serves the app on `address` until SIGINT or SIGTERM, logs its endpoints (or prints them, if no subscriber of
    /// `tracing` wants events of the level INFO), and then drains for at most
    /// [`Limits::shutdown_grace`](crate::Limits::shutdown_grace). It speaks HTTP/1.1, and gives a client 30 s for the
    /// head of a request.
    ///
    /// During the drain, and for at least [`Limits::unready_grace`](crate::Limits::unready_grace), it goes on accepting
    /// clients, and answers their upgrades with 503 and `Retry-After`. Then it accepts nobody any more, and HTTP responses
    /// under way may go on for the rest of the grace, at least for a second.
    ///
    /// # What a signal does to handlers
    ///
    /// A handler that still runs after the grace is logged with file and line. An asynchronous one is dropped, and a
    /// `blocking` one is left to its thread, which does not keep the process alive. Any other that blocks its thread for
    /// ever cannot be stopped: one or two seconds after the grace this function then **ends the process**, with the exit
    /// code 128 + signal, even if every thread of the runtime is blocked. Nothing is dropped in that case. A runtime of
    /// several threads can leave its input and output to the one that is blocked, and then nobody is served meanwhile:
    /// annotate such handlers as `blocking`.
    ///
    /// A second signal ends the process at once, with the same exit code, whatever blocks; also after this function has
    /// returned. It then ends a program that hangs because of threads of its own, such as those of tokio's
    /// `spawn_blocking`, which the runtime waits for when `main` returns.
    ///
    /// # Errors
    ///
    /// [`ServeError::Build`] if the handlers do not fit together, [`ServeError::Bind`] if the address cannot be had,
    /// [`ServeError::Io`] if signals cannot be listened for.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it listens no more; the connections that are open go on.
    pub async fn serve(self, address: impl ToSocketAddrs) -> Result<(), ServeError> {
        let assembled = self.assemble()?;
        assembled.serve(bind(address).await?).await
    }

    /// Serves the app on a listener that is bound already, as [`Self::serve`]: a [`TcpListener`] or a
    /// [`UnixListener`](tokio::net::UnixListener) of tokio's, or any other [`Listener`] of axum's. A Unix socket tells no
    /// address of a client, so that [`Limits::max_connections_per_ip`](crate::Limits::max_connections_per_ip) refuses
    /// nobody there.
    ///
    /// ```no_run
    /// use robyn_ws::prelude::*;
    /// use tokio::net::TcpListener;
    ///
    /// #[tokio::main]
    /// async fn main() -> Result<(), ServeError> {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     App::new().serve_on(listener).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ServeError::Build`] if the handlers do not fit together, [`ServeError::Io`] if signals cannot be listened for.
    ///
    /// # Cancel safety
    ///
    /// As [`Self::serve`].
    pub async fn serve_on<L: Listener>(self, listener: L) -> Result<(), ServeError> {
        self.assemble()?.serve(listener).await
    }
}

impl Assembled {
    async fn serve<L: Listener>(self, listener: L) -> Result<(), ServeError> {
        let Self {
            built: BuiltApp { router, hub, shutdown },
            shutdown_grace,
            unready_grace,
        } = self;
        #[cfg(any(target_os = "android", target_os = "linux"))]
        if let Some(listener) = (&listener as &dyn Any).downcast_ref::<TcpListener>() {
            tune(&SockRef::from(listener));
        }
        let local = listener.local_addr()?;
        let draining = shutdown_grace.max(unready_grace).saturating_add(CUT + OVERDUE);
        let (limit_of_rest, watchdog) = watchdog(&hub, draining);
        // Before anybody is told that it listens, and may ask it to end.
        let mut stop = StopSignal::listen(watchdog)?;
        announce(&local, &hub);
        let server = Server::new(router);
        let (signal, drained) = server
            .serve_until(listener, async {
                let signal = stop.received().await;
                log::info!("draining; a second signal ends the process at once");
                let unready = sleep(signal.rest_of(unready_grace));
                let (drained, ()) = join(shutdown.after_signal(signal, shutdown_grace), unready).await;
                (signal, drained)
            })
            .await;
        log::info!(
            closed = drained.closed,
            cut = drained.cut,
            stuck = drained.stuck,
            "drained"
        );
        let rest = signal.rest_of(shutdown_grace).max(HTTP_GRACE);
        let _ = limit_of_rest.send(rest + HTTP_CUT + OVERDUE); // The watchdog waits for it, or has ended the process.
        if drained.stuck > 0 || !server.finish(rest).await {
            end_process(&hub, signal);
        }
        Ok(())
    }
}

/// Logs where the app listens, or prints it if no subscriber wants to know.
fn announce(local: &dyn Any, hub: &Hub) {
    let (base, place) = match local.downcast_ref::<SocketAddr>() {
        Some(local) => (format!("ws://{local}"), format!("http://{local}")),
        None => (String::new(), name_of(local)),
    };
    let mut lines: Vec<_> = hub.paths().map(|path| format!("{base}{path}")).collect();
    lines.push(format!("listening on {place} (stop with Ctrl-C)"));
    if tracing::enabled!(tracing::Level::INFO) {
        for line in lines {
            log::info!("{line}");
        }
    } else {
        let _ = writeln!(io::stdout(), "{}", lines.join("\n")); // Without a reader, the app is served all the same.
    }
}

/// Returns the name of a listener that is not TCP.
fn name_of(local: &dyn Any) -> String {
    #[cfg(unix)]
    if let Some(path) = local
        .downcast_ref::<tokio::net::unix::SocketAddr>()
        .and_then(|local| local.as_pathname())
    {
        return format!("unix:{}", path.display());
    }
    "a listener of its own".to_owned()
}

/// Returns what ends the process if draining takes longer than `limit` after a signal. It is told how long the rest may
/// take, and is dropped when serving is over.
fn watchdog(hub: &Hub, mut limit: Duration) -> (SyncSender<Duration>, impl FnOnce(Signal) + Send + use<>) {
    let (rest, drained) = sync_channel(1);
    let hub = hub.clone();
    let watchdog = move |signal: Signal| loop {
        match drained.recv_timeout(limit) {
            Ok(rest) => limit = rest,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => end_process(&hub, signal),
        }
    };
    (rest, watchdog)
}

/// Ends the process although handlers still run, and logs them.
fn end_process(hub: &Hub, signal: Signal) -> ! {
    let (last_words, heard) = sync_channel::<()>(1);
    let hub = hub.clone();
    // A log that nobody reads blocks whoever writes to it.
    let _ = thread::Builder::new().spawn(move || {
        log_running_handlers(&hub);
        log::error!(
            code = signal.exit_code(),
            "ending the process: threads of the runtime are still blocked"
        );
        drop(last_words);
    });
    let _ = heard.recv_timeout(LAST_WORDS);
    exit(signal.exit_code())
}

/// Binds the first address that can be had, and names the addresses if none can.
async fn bind(address: impl ToSocketAddrs) -> Result<TcpListener, ServeError> {
    let unresolved = |source| ServeError::Bind {
        address: "the address".to_owned(),
        source,
    };
    let addresses: Vec<SocketAddr> = lookup_host(address).await.map_err(unresolved)?.collect();
    TcpListener::bind(&*addresses).await.map_err(|source| ServeError::Bind {
        address: addresses
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" or "),
        source,
    })
}
