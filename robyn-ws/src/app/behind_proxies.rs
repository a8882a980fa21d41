//! The settings of an app behind proxies.

use std::panic::Location;

use crate::app::App;

impl App {
    /// Sets the proxies in front of the app, whose headers about their clients are read: addresses, networks (`10.0.0.0/8`),
    /// or `unix` for the peers of Unix sockets. Default: none. Called again, it adds to them.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// let app = App::new().trusted_proxies(["10.0.0.0/8", "::1"]);
    /// # drop(app);
    /// ```
    ///
    /// The client's address is then the right-most untrusted one of `Forwarded` (RFC 7239) or `X-Forwarded-For`. That is what
    /// `peer_addr()`, `ConnectInfo<SocketAddr>`, the spans of the log and
    /// [`Limits::max_connections_per_ip`](crate::Limits::max_connections_per_ip) use. If a proxy writes `unknown` or anything
    /// else that is not an address, the address of that proxy counts. The port is 0 unless the proxy names one.
    ///
    /// Host and scheme of `Forwarded`, `X-Forwarded-Host` and `X-Forwarded-Proto` replace `Host` for
    /// [`Origins::same_host`](crate::Origins::same_host) and
    /// [`WebSocketConnector::host`](crate::WebSocketConnector::host). The page must then have that scheme, too.
    ///
    /// If `Forwarded` and `X-Forwarded-…` contradict each other, both are ignored, and the log says so: one of them may come
    /// from the client. Of a request that no trusted proxy has sent, these headers are ignored. Other headers, such as
    /// `X-Real-IP`, are never read. See [Behind a proxy](crate::docs::behind_a_proxy).
    ///
    /// A server of your own has to provide `ConnectInfo<SocketAddr>`, or `ConnectInfo<tokio::net::unix::SocketAddr>` for `unix`.
    ///
    /// `build()` reports an entry that is not an address or a network, and a network that contains every address.
    #[track_caller]
    pub fn trusted_proxies(mut self, proxies: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let entries = proxies.into_iter().map(Into::into);
        self.proxies.trust(entries, Location::caller(), &mut self.problems);
        self
    }

    /// Expects the header of the
    /// [PROXY protocol](https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt), version 1 or 2, in front of HTTP from
    /// each of the [trusted proxies](Self::trusted_proxies). It names the client. A connection of a trusted proxy that does
    /// not begin with a valid header of at most 16 KiB within 5 s is dropped. All other clients connect without it. Default: off.
    ///
    /// ```no_run
    /// use robyn_ws::prelude::*;
    ///
    /// #[tokio::main]
    /// async fn main() -> Result<(), ServeError> {
    ///     let app = App::new().trusted_proxies(["10.0.0.0/8"]).proxy_protocol();
    ///     app.serve("0.0.0.0:8080").await
    /// }
    /// ```
    ///
    /// The headers of HTTP count only if the named client is a trusted proxy itself. Where the proxy names no client (`LOCAL`,
    /// as for its health checks, `UNKNOWN`, `AF_UNSPEC`, `AF_UNIX`), the address is that of the proxy, and the headers do not
    /// count.
    ///
    /// [`Self::serve`] and [`Self::serve_on`] read the header. `build()` and `router()` report this setting, since a server of
    /// your own reads it by itself (with a crate such as `proxy-header`), and passes the address on as
    /// `ConnectInfo<SocketAddr>`. `build()` also reports the setting without trusted proxies.
    #[track_caller]
    pub fn proxy_protocol(mut self) -> Self {
        self.proxies.expect_protocol(Location::caller());
        self
    }
}
