//! Serving an app: listener, signals, drain.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, ToSocketAddrs, lookup_host},
    sync::oneshot,
    time::sleep,
};

use crate::{App, Running, ServeError, app::Assembled};

/// How long HTTP requests that are under way may go on after the drain.
const HTTP_GRACE: Duration = Duration::from_secs(1);

impl App {
    /// Serves the app on `address` until SIGINT or SIGTERM, prints its endpoints, and then drains for at most
    /// [`Limits::shutdown_grace`](crate::Limits::shutdown_grace).
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
        let local = listener.local_addr()?;
        for path in hub.paths() {
            println!("ws://{local}{path}");
        }
        println!("listening on http://{local} (stop with Ctrl-C)");
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let (drained, out_of_patience) = oneshot::channel();
        let server = axum::serve(listener, service).with_graceful_shutdown(async move {
            let counts = shutdown.on_signal(shutdown_grace).await;
            tracing::info!(closed = counts.closed, cut = counts.cut, "drained");
            let _serving = drained.send(());
        });
        tokio::select! {
            ended = server => ended?,
            // A client that has sent half a request must not keep the process alive.
            () = async { let _drained = out_of_patience.await; sleep(HTTP_GRACE).await } => {}
        }
        Ok(())
    }
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
