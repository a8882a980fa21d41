//! What an app says about its edge.

#[cfg(any(feature = "tls", feature = "http2"))]
use std::panic::Location;

use crate::app::App;
#[cfg(feature = "tls")]
use crate::app::tls::certificate::Tls;
#[cfg(any(feature = "tls", feature = "http2"))]
use crate::types::error::Place;

impl App {
    /// Serves with TLS: `https` and `wss` instead of `http` and `ws`. With the feature `http2`, clients can choose HTTP/2,
    /// over which WebSockets share one TCP connection (RFC 8441). This needs the feature `tls`.
    ///
    /// It concerns [`Self::serve`] and [`Self::serve_on`]; [`Self::build`] and [`Self::router`] report it, since they leave
    /// sockets to your own server. They all report a second call.
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
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    #[track_caller]
    pub fn tls(mut self, tls: Tls) -> Self {
        let call = Location::caller();
        let name = ("App::tls", ": one `Tls::from_config` can have several certificates");
        self.edge.tls.set(tls, name, call, &mut self.problems);
        self.edge.encrypted_at = Some(Place::of(call));
        self
    }

    /// Lets clients without TLS speak HTTP/2 as well, if they begin with it (prior knowledge, RFC 9113 section 3.3). Browsers
    /// do not, but some proxies do. This needs the feature `http2`.
    ///
    /// It concerns [`Self::serve`] and [`Self::serve_on`] without [`Self::tls`](Self#method.tls), with which clients choose
    /// HTTP/2 in the handshake. Where it has no effect, it is reported: beside `tls`, and by [`Self::build`] and
    /// [`Self::router`].
    ///
    /// ```no_run
    /// # use robyn_ws::prelude::*;
    /// # async fn serve() -> Result<(), ServeError> {
    /// App::new().h2c().serve("127.0.0.1:8080").await
    /// # }
    /// ```
    #[cfg(feature = "http2")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http2")))]
    #[track_caller]
    pub fn h2c(mut self) -> Self {
        self.edge.h2c_at = Some(Place::of(Location::caller()));
        self
    }
}
