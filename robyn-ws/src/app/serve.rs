//! Serving an app: listener, signals, drain.

use std::{
    convert::Infallible,
    io::{self, Write as _},
    net::SocketAddr,
    pin::pin,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use axum::{Router, extract::ConnectInfo, response::Response, serve::Listener};
use futures_util::future::join;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
#[cfg(any(target_os = "android", target_os = "linux"))]
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream, ToSocketAddrs, lookup_host},
    sync::watch,
    time::{Instant, sleep, timeout, timeout_at},
};

#[cfg(any(target_os = "android", target_os = "linux"))]
use crate::wire::transport::tune;
use crate::{
    app::{
        App, Assembled, BuiltApp,
        shutdown::{CUT, log_running_handlers},
        signals::{Signal, StopSignal, exit},
    },
    hub::Hub,
    types::error::ServeError,
    util::{
        log,
        time::{after, never},
    },
};

/// How long a client may take for the head of a request, its first byte included. axum's own server waits for ever, so
/// that clients which never send would pile up.
const REQUEST_HEAD: Duration = Duration::from_secs(30);

/// How long HTTP requests that are under way may go on after the drain.
const HTTP_GRACE: Duration = Duration::from_secs(1);

/// How long clients that have just come may take for their first request after the drain.
const NEWCOMERS: Duration = Duration::from_millis(100);

/// How many clients may wait to be accepted when the listener is closed: as many as tokio lets the system keep.
const BACKLOG: usize = 1024;

/// How long requests that are ended have to drop what they hold.
const HTTP_CUT: Duration = Duration::from_millis(500);

/// How much longer than all graces the process may live when its runtime is blocked.
const OVERDUE: Duration = Duration::from_millis(500);

/// How long the last words to the log may take, before the process ends all the same.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl App {
    /// Serves the app on `address` until SIGINT or SIGTERM, prints its endpoints, and then drains for at most
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
        let Assembled {
            running,
            shutdown_grace,
            unready_grace,
        } = self.assemble()?;
        let BuiltApp { router, hub, shutdown } = running;
        let listener = bind(address).await?;
        #[cfg(any(target_os = "android", target_os = "linux"))]
        tune(&SockRef::from(&listener));
        let local = listener.local_addr()?;
        let draining = shutdown_grace.max(unready_grace).saturating_add(CUT + OVERDUE);
        let (limit_of_rest, watchdog) = watchdog(&hub, draining);
        // Before anybody is told that it listens, and may ask it to end.
        let mut stop = StopSignal::listen(watchdog)?;
        announce(local, &hub);
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

/// Prints where the app listens. Without anybody who reads it, the app is served all the same.
fn announce(local: SocketAddr, hub: &Hub) {
    let endpoints = hub.paths().map(|path| format!("ws://{local}{path}\n"));
    let endpoints: String = endpoints.collect();
    let text = format!("{endpoints}listening on http://{local} (stop with Ctrl-C)\n");
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
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

/// Serves HTTP.
struct Server {
    router: Router,
    /// Until when running requests are still answered, once no others are.
    end: watch::Sender<Option<Instant>>,
}

impl Server {
    fn new(router: Router) -> Self {
        Self {
            router,
            end: watch::Sender::new(None),
        }
    }

    /// Serves whoever connects, until `drained` is ready: whoever comes during the drain is told that there is one.
    async fn serve_until<T>(&self, mut listener: TcpListener, drained: impl Future<Output = T>) -> T {
        let mut drained = pin!(drained);
        loop {
            tokio::select! {
                // Retries on its own, after a pause if there are no more file descriptors.
                (stream, peer) = Listener::accept(&mut listener) => self.welcome(stream, peer),
                drained = &mut drained => {
                    // The first error says that nobody waits any more.
                    let _ = self.welcome_the_rest(listener);
                    return drained;
                }
            }
        }
    }

    /// Closes the listener, after accepting those whom the system has accepted already: they would be reset.
    fn welcome_the_rest(&self, listener: TcpListener) -> io::Result<()> {
        let listener = listener.into_std()?;
        for _ in 0..BACKLOG {
            let (stream, peer) = listener.accept()?;
            stream.set_nonblocking(true)?;
            self.welcome(TcpStream::from_std(stream)?, peer);
        }
        Ok(())
    }

    fn welcome(&self, stream: TcpStream, peer: SocketAddr) {
        tokio::spawn(serve_http(stream, peer, self.router.clone(), self.end.subscribe()));
    }

    /// Lets running requests be answered within `rest`. Returns whether the tasks of all clients have ended.
    async fn finish(self, rest: Duration) -> bool {
        let end = after(Instant::now(), rest);
        self.end.send_replace(Some(end));
        timeout_at(end + HTTP_CUT, self.end.closed()).await.is_ok()
    }
}

/// Serves the requests of one client, one of which may become a connection; once there is an end, only the running one.
async fn serve_http(stream: TcpStream, peer: SocketAddr, router: Router, mut end: watch::Receiver<Option<Instant>>) {
    let asked = AtomicBool::new(false);
    let router = service_for(router, peer);
    let service = service_fn(|request| {
        asked.store(true, Ordering::Relaxed);
        router.call(request)
    });
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut http = pin!(http);
    let ended = tokio::select! {
        ended = http.as_mut() => ended,
        end = finishing(&mut end) => {
            if !asked.load(Ordering::Relaxed) && timeout(NEWCOMERS, http.as_mut()).await.is_ok() {
                return;
            }
            http.as_mut().graceful_shutdown();
            // A client that has sent half a request must not keep the process alive.
            let patience = if asked.load(Ordering::Relaxed) { end } else { end.min(Instant::now() + HTTP_GRACE) };
            let Ok(ended) = timeout_at(patience, http).await else { return };
            ended
        }
    };
    if let Err(error) = ended {
        log::debug!(%peer, %error, "HTTP ended early");
    }
}

/// Waits until there is an end, and returns it. A server that was dropped sets no end to what runs.
async fn finishing(end: &mut watch::Receiver<Option<Instant>>) -> Instant {
    let end = end.wait_for(Option::is_some).await.ok().and_then(|end| *end);
    end.unwrap_or_else(never)
}

/// Makes hyper's service of a router, whose handlers are told who connects.
pub(crate) fn service_for(
    router: Router,
    peer: SocketAddr,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> {
    let router = TowerToHyperService::new(router);
    service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request)
    })
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
