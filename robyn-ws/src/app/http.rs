//! The HTTP server under `App::serve`: accepts clients, and serves their requests until a drain is over.

use std::{
    any::Any,
    convert::Infallible,
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, response::Response, serve::Listener};
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
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{Instant, sleep, timeout, timeout_at},
};

use crate::{
    app::proxy_protocol::{self, Introduction, NotIntroduced},
    types::peer::{Introduced, Peer},
    upgrade::proxies::TrustedProxies,
    util::{
        log,
        time::{after, never},
    },
};

/// The time that a client has for the head of a request, from the beginning of TCP. axum's own server waits forever, so
/// clients that never send would pile up.
const REQUEST_HEAD: Duration = Duration::from_secs(30);

/// The time that new clients have for their first request after the drain.
const NEWCOMERS: Duration = Duration::from_millis(100);

/// The number of clients that can wait in the backlog when the listener is closed. tokio's listeners have this one.
const BACKLOG: usize = 1024;

/// The time that aborted requests have to drop their values.
pub(super) const HTTP_CUT: Duration = Duration::from_millis(500);

/// The time that HTTP requests have to be answered after the drain.
pub(super) const HTTP_GRACE: Duration = Duration::from_secs(1);

/// The socket of a client.
trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Socket for S {}

/// Serves HTTP.
pub(super) struct Server {
    router: Router,
    /// The peers that begin with the header of the PROXY protocol.
    with_proxy_protocol: Option<Arc<TrustedProxies>>,
    /// The deadline of running requests, set when new requests are no longer answered.
    end: watch::Sender<Option<Instant>>,
}

impl Server {
    pub(super) fn new(router: Router, with_proxy_protocol: Option<Arc<TrustedProxies>>) -> Self {
        Self {
            router,
            with_proxy_protocol,
            end: watch::Sender::new(None),
        }
    }

    /// Serves all clients until `drained` is ready. During the drain, upgrades of new clients are refused.
    pub(super) async fn serve_until<L: Listener, T>(&self, mut listener: L, drained: impl Future<Output = T>) -> T {
        let mut drained = pin!(drained);
        loop {
            tokio::select! {
                // `accept` retries by itself, after a pause if the process is out of file descriptors.
                (stream, peer) = Listener::accept(&mut listener) => self.welcome(stream, peer),
                drained = &mut drained => {
                    self.welcome_the_rest(listener);
                    return drained;
                }
            }
        }
    }

    /// Accepts the clients in the backlog, and closes the listener. Otherwise the system would reset them. A listener of
    /// another kind is closed at once.
    fn welcome_the_rest<L: Listener>(&self, listener: L) {
        let listener: Box<dyn Any> = Box::new(listener);
        let rest = match listener.downcast::<TcpListener>() {
            Ok(tcp) => self.welcome_tcp(*tcp),
            #[cfg(unix)]
            Err(other) => match other.downcast::<UnixListener>() {
                Ok(unix) => self.welcome_unix(*unix),
                Err(_other) => return,
            },
            #[cfg(not(unix))]
            Err(_other) => return,
        };
        let _ = rest; // The first error says that the backlog is empty.
    }

    /// Asks the system itself: tokio only knows the clients that it has been told of.
    fn welcome_tcp(&self, listener: TcpListener) -> io::Result<()> {
        let listener = listener.into_std()?;
        for _ in 0..BACKLOG {
            let (stream, peer) = listener.accept()?;
            stream.set_nonblocking(true)?;
            self.welcome(TcpStream::from_std(stream)?, peer);
        }
        Ok(())
    }

    #[cfg(unix)]
    fn welcome_unix(&self, listener: UnixListener) -> io::Result<()> {
        let listener = listener.into_std()?;
        for _ in 0..BACKLOG {
            let (stream, peer) = listener.accept()?;
            stream.set_nonblocking(true)?;
            self.welcome(UnixStream::from_std(stream)?, peer);
        }
        Ok(())
    }

    fn welcome<S: Socket>(&self, stream: S, peer: impl Any) {
        let peer = Peer::of_socket(&peer);
        let (router, end) = (self.router.clone(), self.end.subscribe());
        let proxies = self.with_proxy_protocol.as_ref();
        if proxies.is_some_and(|proxies| proxies.trusts(&peer)) {
            tokio::spawn(serve_introduced(stream, peer, router, end));
        } else {
            tokio::spawn(serve_http(stream, peer, None, router, end));
        }
    }

    /// Waits until running requests are answered, at most for `rest`. Returns `true` if the tasks of all clients have ended.
    pub(super) async fn finish(self, rest: Duration) -> bool {
        let end = after(Instant::now(), rest);
        self.end.send_replace(Some(end));
        timeout_at(end + HTTP_CUT, self.end.closed()).await.is_ok()
    }
}

/// Serves a client of a proxy, behind the header of the PROXY protocol. Its own task reads the header, so that a silent proxy
/// keeps nobody waiting.
async fn serve_introduced(
    mut stream: impl Socket,
    proxy: Peer,
    router: Router,
    mut end: watch::Receiver<Option<Instant>>,
) {
    let introduction = tokio::select! {
        introduction = proxy_protocol::read(&mut stream) => introduction,
        () = async { finishing(&mut end).await; sleep(NEWCOMERS).await } => return,
    };
    let by = proxy.address();
    let (peer, introduced) = match introduction {
        Ok(Introduction::Client(client)) => (Peer::Tcp(client), Some(Introduced { by, is_named: true })),
        Ok(Introduction::Unnamed) => (proxy, Some(Introduced { by, is_named: false })),
        Ok(Introduction::Itself) => (proxy, None),
        // Health checks of TCP end at once.
        Err(why @ NotIntroduced::Ended(_)) => {
            log::debug!(?proxy, %why, "a connection of a trusted proxy was dropped");
            return;
        }
        Err(why) => {
            log::warn!(?proxy, %why, "a connection of a trusted proxy was dropped");
            return;
        }
    };
    serve_http(stream, peer, introduced, router, end).await;
}

/// Serves the requests of one client, of which one may become a connection. After the drain, only the running request is
/// answered.
async fn serve_http(
    stream: impl Socket,
    peer: Peer,
    introduced: Option<Introduced>,
    router: Router,
    mut end: watch::Receiver<Option<Instant>>,
) {
    let asked = AtomicBool::new(false);
    let router = service_for(router, peer.clone(), introduced);
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
            let has_asked = || asked.load(Ordering::Relaxed);
            // Half a request must not keep the process alive.
            if !has_asked() && (timeout(NEWCOMERS, http.as_mut()).await.is_ok() || !has_asked()) {
                return;
            }
            http.as_mut().graceful_shutdown();
            let Ok(ended) = timeout_at(end, http).await else { return };
            ended
        }
    };
    if let Err(error) = ended {
        log::debug!(?peer, proxy = ?introduced.and_then(|introduced| introduced.by), %error, "HTTP ended early");
    }
}

/// Waits for the deadline of running requests. If the server is dropped, they have none.
async fn finishing(end: &mut watch::Receiver<Option<Instant>>) -> Instant {
    let end = end.wait_for(Option::is_some).await.ok().and_then(|end| *end);
    end.unwrap_or_else(never)
}

/// Converts a router into a service for hyper. Its handlers can ask for the address of the client.
pub(crate) fn service_for(
    router: Router,
    peer: Peer,
    introduced: Option<Introduced>,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> {
    let router = TowerToHyperService::new(router);
    service_fn(move |mut request: Request<Incoming>| {
        peer.describe(request.extensions_mut());
        if let Some(introduced) = introduced {
            request.extensions_mut().insert(introduced);
        }
        router.call(request)
    })
}
