//! What an app says about its edge.

#[cfg(feature = "tls")]
use std::panic::Location;

use crate::app::App;
#[cfg(feature = "tls")]
use crate::app::tls::certificate::Tls;

impl App {
    /// Serves with TLS: `https` and `wss` instead of `http` and `ws`. With the feature `http2`, clients can choose HTTP/2,
    /// over which WebSockets share one TCP connection (RFC 8441). It concerns [`Self::serve`] and [`Self::serve_on`];
    /// [`Self::build`] and [`Self::router`] report it, since they leave sockets to your own server.
    ///
    /// ```no_run
    /// use robyn_ws::{Tls, prelude::*};
    ///
    /// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    /// let tls = Tls::from_pem_files("fullchain.pem", "privkey.pem")?;
    /// App::new().tls(tls).serve("0.0.0.0:443").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "tls")]
    #[track_caller]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.edge.tls = Some(tls);
        self.edge.encrypted_at = Some(Location::caller());
        self
    }

    /// Lets clients without TLS speak HTTP/2 as well, if they begin with it (prior knowledge, RFC 9113 section 3.3). Browsers
    /// do not, but some proxies do. It concerns [`Self::serve`] and [`Self::serve_on`] without [`Self::tls`](Self#method.tls).
    ///
    /// ```no_run
    /// # use robyn_ws::prelude::*;
    /// # async fn serve() -> Result<(), ServeError> {
    /// App::new().h2c().serve("127.0.0.1:8080").await
    /// # }
    /// ```
    #[cfg(feature = "http2")]
    pub fn h2c(mut self) -> Self {
        self.edge.h2c = true;
        self
    }
}
