//! One client of the HTTP server under `App::serve`.

use std::{
    convert::Infallible,
    fmt,
    future::pending,
    ops::Deref,
    pin::{Pin, pin},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use axum::{Router, http::Version, response::Response};
use bytes::Bytes;
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
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::{Instant, timeout, timeout_at},
};

use crate::{
    app::edge_metrics::http2_connection,
    types::peer::{Introduced, Peer},
    util::{log, time::never},
    wire::http_socket::HttpSocket,
};

/// The time that a client has for the head of a request, from the beginning of TCP. axum's own server waits forever, so
/// clients that never send would pile up.
pub(super) const REQUEST_HEAD: Duration = Duration::from_secs(30);

/// The time that new clients have for their first request after the drain.
const LATE_REQUEST: Duration = Duration::from_millis(100);

/// The socket of a client.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Socket for S {}

/// A client, and what its requests need.
pub(crate) struct Client {
    pub(super) peer: Peer,
    /// Set if a proxy has introduced it.
    pub(super) introduced: Option<Introduced>,
    router: Router,
    /// Whether it has sent a request.
    asked: AtomicBool,
    end: watch::Receiver<Option<Instant>>,
    /// How long it may take nothing of an answer.
    send_timeout: Duration,
}

impl Client {
    pub(super) fn new(
        peer: Peer,
        router: Router,
        end: watch::Receiver<Option<Instant>>,
        send_timeout: Duration,
    ) -> Self {
        Self {
            peer,
            introduced: None,
            router,
            asked: AtomicBool::new(false),
            end,
            send_timeout,
        }
    }

    /// Returns the service that answers its requests.
    pub(super) fn service<C: Deref<Target = Self>>(
        client: C,
    ) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send + 'static> {
        let router = service_for(client.router.clone(), client.peer.clone(), client.introduced);
        service_fn(move |request| {
            let is_first = !client.asked.swap(true, Ordering::Relaxed);
            if is_first && request.version() == Version::HTTP_2 {
                http2_connection();
            }
            router.call(request)
        })
    }

    pub(super) fn has_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Serves its requests over HTTP/1.1, of which one may become a connection, and the first bytes may have been read.
    pub(super) async fn serve_http1(self, stream: impl Socket, ahead: Bytes) {
        let socket = HttpSocket::new(stream, ahead, Some(self.send_timeout));
        let http = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(REQUEST_HEAD)
            .serve_connection(TokioIo::new(socket), Self::service(&self))
            .with_upgrades();
        self.drive(pin!(http), http1::UpgradeableConnection::graceful_shutdown, |_left| {
            pending()
        })
        .await;
    }

    /// Drives an HTTP connection until it ends. After the drain, only running requests are answered.
    ///
    /// `idle` waits until the connection has been unused for too long. It gets whether `leave` has announced the end.
    pub(super) async fn drive<H, E, I>(
        &self,
        mut http: Pin<&mut H>,
        leave: impl Fn(Pin<&mut H>),
        idle: impl Fn(bool) -> I,
    ) where
        H: Future<Output = Result<(), E>>,
        E: fmt::Display,
        I: Future<Output = ()>,
    {
        let mut end = self.end.clone();
        let mut has_left = false;
        let ended = loop {
            tokio::select! {
                ended = http.as_mut() => break ended,
                end = finishing(&mut end) => {
                    // Half a request must not keep the process alive.
                    if !self.has_asked() && (timeout(LATE_REQUEST, http.as_mut()).await.is_ok() || !self.has_asked()) {
                        return;
                    }
                    leave(http.as_mut());
                    let ended = async {
                        tokio::select! {
                            ended = timeout_at(end, http.as_mut()) => ended.ok(),
                            () = idle(true) => None,
                        }
                    };
                    let Some(ended) = ended.await else { return };
                    break ended;
                }
                () = idle(has_left) => {
                    if has_left {
                        return;
                    }
                    has_left = true;
                    leave(http.as_mut());
                }
            }
        };
        if let Err(error) = ended {
            let proxy = self.introduced.and_then(|introduced| introduced.by);
            // hyper names a wrong first byte, and not what begins with it.
            let hint = if self.has_asked() {
                ""
            } else {
                ": if it began with TLS, the PROXY protocol or HTTP/2, see `App::tls`, `App::proxy_protocol` and `App::h2c`"
            };
            let proxy = proxy.map(tracing::field::display);
            log::debug!(peer = %self.peer, proxy, %error, "HTTP ended early{hint}");
        }
    }

    /// Returns what `work` returns, unless it is still under way when new clients are no longer served.
    pub(super) async fn unless_late<T>(&self, work: impl Future<Output = Option<T>>) -> Option<T> {
        let mut work = pin!(work);
        let mut end = self.end.clone();
        tokio::select! {
            done = work.as_mut() => done,
            _end = finishing(&mut end) => timeout(LATE_REQUEST, work).await.ok().flatten(),
        }
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
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send + 'static> {
    let router = TowerToHyperService::new(router);
    service_fn(move |mut request: Request<Incoming>| {
        peer.describe(request.extensions_mut());
        if let Some(introduced) = introduced {
            request.extensions_mut().insert(introduced);
        }
        router.call(request)
    })
}
