//! The HTTP server under `App::serve`: accepts clients, and serves their requests until a drain is over.

use std::{
    any::Any,
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use axum::{Router, extract::ConnectInfo, response::Response, serve::Listener};
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
    time::{Instant, timeout, timeout_at},
};

use crate::util::{
    log,
    time::{after, never},
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
    /// The deadline of running requests, set when new requests are no longer answered.
    end: watch::Sender<Option<Instant>>,
}

impl Server {
    pub(super) fn new(router: Router) -> Self {
        Self {
            router,
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
        let peer = (&peer as &dyn Any).downcast_ref().copied();
        tokio::spawn(serve_http(stream, peer, self.router.clone(), self.end.subscribe()));
    }

    /// Waits until running requests are answered, at most for `rest`. Returns `true` if the tasks of all clients have ended.
    pub(super) async fn finish(self, rest: Duration) -> bool {
        let end = after(Instant::now(), rest);
        self.end.send_replace(Some(end));
        timeout_at(end + HTTP_CUT, self.end.closed()).await.is_ok()
    }
}

/// Serves the requests of one client, of which one may become a connection. After the drain, only the running request is
/// answered.
async fn serve_http(
    stream: impl Socket,
    peer: Option<SocketAddr>,
    router: Router,
    mut end: watch::Receiver<Option<Instant>>,
) {
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
        log::debug!(?peer, %error, "HTTP ended early");
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
    peer: Option<SocketAddr>,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> {
    let router = TowerToHyperService::new(router);
    service_fn(move |mut request: Request<Incoming>| {
        if let Some(peer) = peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        router.call(request)
    })
}
