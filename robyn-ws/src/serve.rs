//! Serving an app: listener, signals, drain.

use std::{convert::Infallible, net::SocketAddr, pin::pin, time::Duration};

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
use tokio::{
    net::{TcpListener, TcpStream, ToSocketAddrs, lookup_host},
    sync::watch,
    time::timeout,
};

use crate::{App, Running, ServeError, app::Assembled, shutdown::stop_signal};

/// How long a client may take for the head of a request, its first byte included. axum's own server waits for ever, so
/// that clients which never send would pile up.
const REQUEST_HEAD: Duration = Duration::from_secs(30);

/// How long HTTP requests that are under way may go on after the drain.
const HTTP_GRACE: Duration = Duration::from_secs(1);

impl App {
    /// Serves the app on `address` until SIGINT or SIGTERM, prints its endpoints, and then drains for at most
    /// [`Limits::shutdown_grace`](crate::Limits::shutdown_grace). It speaks HTTP/1.1, and gives a client 30 s for the
    /// head of a request.
    ///
    /// # Errors
    ///
    /// [`ServeError::Build`] if the handlers do not fit together, [`ServeError::Bind`] if the address cannot be had.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it listens no more; the connections that are open go on.
    pub async fn serve(self, address: impl ToSocketAddrs) -> Result<(), ServeError> {
        let Assembled {
            running,
            shutdown_grace,
        } = self.assemble()?;
        let Running { router, hub, shutdown } = running;
        let listener = bind(address).await?;
        // Before anybody is told that it listens, and may ask it to end.
        let stop = stop_signal();
        let local = listener.local_addr()?;
        for path in hub.paths() {
            println!("ws://{local}{path}");
        }
        println!("listening on http://{local} (stop with Ctrl-C)");
        serve_until(listener, &router, async move {
            stop.await;
            let counts = shutdown.shutdown(shutdown_grace).await;
            tracing::info!(closed = counts.closed, cut = counts.cut, "drained");
        })
        .await;
        Ok(())
    }
}

/// Serves whoever connects, until `drained` is ready: whoever comes during the drain is told that there is one.
async fn serve_until(mut listener: TcpListener, router: &Router, drained: impl Future<Output = ()>) {
    let mut drained = pin!(drained);
    let (stop, stopped) = watch::channel(());
    loop {
        tokio::select! {
            // Retries on its own, after a pause if there are no more file descriptors.
            (stream, peer) = Listener::accept(&mut listener) => {
                tokio::spawn(serve_http(stream, peer, router.clone(), stopped.clone()));
            }
            () = &mut drained => break,
        }
    }
    drop((listener, stopped));
    stop.send_replace(());
    // A client that has sent half a request must not keep the process alive.
    let _in_time = timeout(HTTP_GRACE, stop.closed()).await;
}

/// Serves the requests of one client, one of which may become a connection; only the running one once it is `stopped`.
async fn serve_http(stream: TcpStream, peer: SocketAddr, router: Router, mut stopped: watch::Receiver<()>) {
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_HEAD)
        .serve_connection(TokioIo::new(stream), service_for(router, peer))
        .with_upgrades();
    let mut http = pin!(http);
    let ended = tokio::select! {
        ended = http.as_mut() => ended,
        _ = stopped.changed() => {
            http.as_mut().graceful_shutdown();
            http.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "HTTP ended early");
    }
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
