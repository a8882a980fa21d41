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
use crate::wire::tcp::tune;
use crate::{
    app::{
        App, Assembled, BuiltApp,
        http::{HTTP_CUT, HTTP_GRACE, Server},
        shutdown::{CUT, log_running_handlers},
        signals::{Signal, StopSignal, exit},
    },
    endpoint::parameters::Mount,
    hub::Hub,
    types::error::{ServeError, UNRESOLVED},
    util::log,
};

/// The time that a process with a blocked runtime has beyond all graces.
const OVERDUE: Duration = Duration::from_millis(500);

/// The time that the last log events may take before the process ends.
const LAST_EVENTS: Duration = Duration::from_secs(1);

impl App {
    /// Serves the app on `address` until SIGINT or SIGTERM, logs its endpoints (or prints them, if no subscriber of
    /// `tracing` wants events of the level INFO), and then drains for at most
    /// [`Limits::shutdown_grace`](crate::Limits::shutdown_grace). It speaks HTTP/1.1, and closes the connection of
    /// a client that has not sent the head of a request within 30 s. The features `tls` and `http2` add TLS and HTTP/2.
    ///
    /// During the drain, and for at least [`Limits::unready_grace`](crate::Limits::unready_grace), it accepts
    /// clients, and answers their upgrades with 503 and `Retry-After`. Then it closes the listener, and running HTTP requests
    /// have the rest of the grace, at least a second.
    ///
    /// # What a signal does to handlers
    ///
    /// A handler that still runs after the grace is logged with file and line. An asynchronous handler is dropped. A
    /// `blocking` handler stays on its thread, which does not keep the process alive. Any other handler that blocks its
    /// thread forever cannot be stopped: one or two seconds after the grace, this function **ends the process** with the exit
    /// code 128 + signal, even if every thread of the runtime is blocked, and nothing is dropped. A runtime of several
    /// threads can leave its input and output to the blocked thread, and then serves no client: annotate such handlers as
    /// `blocking`.
    ///
    /// A second signal ends the process at once with the same exit code, even if every thread is blocked, and also after
    /// this function has returned. It then ends a program that hangs because of its own threads, such as those of tokio's
    /// `spawn_blocking`, for which the runtime waits when `main` returns.
    ///
    /// # Errors
    ///
    /// [`ServeError::Build`] if the handlers do not fit together, [`ServeError::Bind`] if the address cannot be bound,
    /// [`ServeError::Io`] if signals cannot be listened for.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, the listener is closed, and open connections go on.
    pub async fn serve(self, address: impl ToSocketAddrs) -> Result<(), ServeError> {
        let assembled = self.assemble(Mount::Root)?;
        assembled.serve(bind(address).await?).await
    }

    /// Serves the app on a bound listener, as [`Self::serve`]: tokio's [`TcpListener`] or
    /// [`UnixListener`](tokio::net::UnixListener), or another type with axum's [`Listener`] trait. A Unix socket has no
    /// addresses of clients, so [`Limits::max_connections_per_ip`](crate::Limits::max_connections_per_ip) has no effect, unless
    /// a proxy names them: [`Self::trusted_proxies`] with `unix`.
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
        self.assemble(Mount::Root)?.serve(listener).await
    }
}

impl Assembled {
    async fn serve<L: Listener>(self, listener: L) -> Result<(), ServeError> {
        let Self {
            built: BuiltApp { router, hub, shutdown },
            edge,
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
        // Before the address is announced: whoever reads it may send a signal.
        let mut stop = StopSignal::listen(watchdog)?;
        announce(&local, &hub, edge.is_encrypted);
        let server = Server::new(router, edge);
        let (signal, drained) = server
            .serve_until(listener, async {
                let signal = stop.received().await;
                let unready = sleep(signal.rest_of(unready_grace));
                let (drained, ()) = join(shutdown.after_signal(signal, shutdown_grace), unready).await;
                (signal, drained)
            })
            .await;
        let rest = signal.rest_of(shutdown_grace).max(HTTP_GRACE);
        let _ = limit_of_rest.send(rest + HTTP_CUT + OVERDUE); // Fails only if the watchdog is gone.
        if drained.stuck > 0 || !server.finish(rest).await {
            end_process(&hub, signal);
        }
        Ok(())
    }
}

/// Logs the endpoints and the address, or prints them if no subscriber wants them.
fn announce(local: &dyn Any, hub: &Hub, is_encrypted: bool) {
    let s = if is_encrypted { "s" } else { "" };
    let (base, place) = match local.downcast_ref::<SocketAddr>() {
        Some(local) => (format!("ws{s}://{local}"), format!("http{s}://{local}")),
        None => (String::new(), name_of(local)),
    };
    let mut lines: Vec<_> = hub.paths().map(|path| format!("{base}{path}")).collect();
    lines.push(format!("listening on {place} (stop with Ctrl-C)"));
    if tracing::enabled!(tracing::Level::INFO) {
        for line in lines {
            log::info!("{line}");
        }
    } else {
        let _ = writeln!(io::stdout(), "{}", lines.join("\n")); // The app is served without a reader as well.
    }
}

/// Returns the name of a listener that is not TCP.
fn name_of(local: &dyn Any) -> String {
    path_of(local).map_or_else(|| "a listener of its own".to_owned(), |path| format!("unix:{path}"))
}

#[cfg(unix)]
fn path_of(local: &dyn Any) -> Option<String> {
    let local = local.downcast_ref::<tokio::net::unix::SocketAddr>()?;
    Some(local.as_pathname()?.display().to_string())
}

#[cfg(not(unix))]
fn path_of(_local: &dyn Any) -> Option<String> {
    None
}

/// Returns a function that ends the process if draining takes longer than `limit` after a signal, and the sender for the
/// limit of the time after the drain. The function returns when the sender is dropped.
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
    let (logging, logged) = sync_channel::<()>(1);
    let hub = hub.clone();
    // A log without a reader can block this thread.
    let _ = thread::Builder::new().spawn(move || {
        log_running_handlers(&hub);
        log::error!(
            code = signal.exit_code(),
            "ending the process: threads of the runtime are still blocked"
        );
        drop(logging);
    });
    let _ = logged.recv_timeout(LAST_EVENTS);
    exit(signal.exit_code())
}

/// Binds the first of the addresses that is free. The error names all of them.
async fn bind(address: impl ToSocketAddrs) -> Result<TcpListener, ServeError> {
    let unresolved = |source| ServeError::Bind {
        address: UNRESOLVED.to_owned(),
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
