//! What a client's bytes pass before they are a request: the PROXY protocol, TLS, and the choice of the HTTP version.

#[cfg(any(feature = "tls", feature = "http2"))]
use std::any::Any;
#[cfg(feature = "tls")]
use std::net::IpAddr;
use std::{sync::Arc, time::Duration};

use bytes::Bytes;
#[cfg(any(feature = "tls", feature = "http2"))]
use tokio::net::TcpStream;

#[cfg(feature = "http2")]
use crate::app::http2::{Http2, begins_with, first_bytes};
#[cfg(all(feature = "tls", feature = "http2"))]
use crate::app::tls::accept::speaks_http2;
#[cfg(any(feature = "tls", feature = "http2"))]
use crate::wire::tcp::tune_stream;
#[cfg(feature = "tls")]
use crate::{
    app::tls::{accept::Acceptor, certificate::Tls},
    types::setting::Setting,
};
use crate::{
    app::{
        client::{Client, Socket},
        proxies::Proxies,
        proxy_protocol::introduce,
    },
    types::{
        error::{Place, Problems},
        limits::Bounds,
    },
    upgrade::proxies::TrustedProxies,
    util::repeated::Repeated,
};

/// The settings of an app that concern its edge.
#[derive(Debug, Default)]
pub(super) struct EdgeSettings {
    /// The place of `App::tls`.
    pub(super) encrypted_at: Option<Place>,
    #[cfg(feature = "tls")]
    pub(super) tls: Setting<Tls>,
    /// The place of `App::h2c`.
    pub(super) h2c_at: Option<Place>,
}

impl EdgeSettings {
    /// Reports a setting that has no effect beside another one.
    pub(super) fn report(&self, problems: &mut Problems) {
        if let (Some(h2c), Some(tls)) = (self.h2c_at, self.encrypted_at) {
            let message = format!(
                "`App::h2c` has no effect beside `App::tls` at {tls}: with TLS, clients choose HTTP/2 in the handshake; remove one of them"
            );
            problems.report(h2c, None, message);
        }
    }

    /// Reports what only [`App::serve`](crate::App::serve) does: without it, a server would not be encrypted, and nobody would
    /// notice.
    pub(super) fn report_for_own_server(&self, problems: &mut Problems) {
        if let Some(call) = self.encrypted_at {
            let message = "`App::tls` concerns `App::serve` and `App::serve_on` only: give the certificate to your own server, such as `axum-server`, and remove this call";
            problems.report(call, None, message);
        }
        if let Some(call) = self.h2c_at {
            let message = "`App::h2c` concerns `App::serve` and `App::serve_on` only: have your own server accept HTTP/2 with its extended CONNECT (`enable_connect_protocol` of hyper), and remove this call";
            problems.report(call, None, message);
        }
    }
}

/// How clients are accepted.
#[derive(Debug)]
pub(crate) struct Edge {
    proxies: TrustedProxies,
    /// Whether the proxies begin with the header of the PROXY protocol.
    has_proxy_protocol: bool,
    refused_introductions: Arc<Repeated>,
    pub(super) is_encrypted: bool,
    pub(super) send_timeout: Duration,
    #[cfg(feature = "tls")]
    tls: Option<Acceptor>,
    #[cfg(feature = "http2")]
    http2: Http2,
}

impl Edge {
    pub(super) fn new(settings: &EdgeSettings, proxies: &Proxies, bounds: &Bounds) -> Self {
        Self {
            proxies: proxies.trusted().clone(),
            has_proxy_protocol: proxies.have_protocol(),
            refused_introductions: Arc::default(),
            is_encrypted: settings.encrypted_at.is_some(),
            send_timeout: bounds.send_timeout,
            #[cfg(feature = "tls")]
            tls: settings.tls.get().map(|(tls, _)| Acceptor::new(tls.clone(), bounds)),
            #[cfg(feature = "http2")]
            http2: Http2::new(settings.h2c_at.is_some(), bounds),
        }
    }

    /// Serves one client, in its own task: a client that says nothing keeps nobody waiting.
    pub(super) fn accept(self: &Arc<Self>, stream: impl Socket, client: Client) {
        if self.is_plain(&client) {
            // Most clients: their tasks have no room for what the others need.
            tokio::spawn(client.serve_http1(stream, Bytes::new()));
        } else {
            let edge = self.clone();
            tokio::spawn(async move { edge.serve(stream, client).await });
        }
    }

    /// Returns `true` if the first bytes of this client are its request.
    fn is_plain(&self, client: &Client) -> bool {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return false;
        }
        #[cfg(feature = "http2")]
        if self.http2.is_cleartext() {
            return false;
        }
        !self.expects_introduction(client)
    }

    /// Returns `true` if the first bytes of this client are the header of the PROXY protocol.
    fn expects_introduction(&self, client: &Client) -> bool {
        self.has_proxy_protocol && self.proxies.trusts(&client.peer)
    }

    /// Returns the address whose handshakes are limited. A trusted proxy has none: it speaks for many clients.
    #[cfg(feature = "tls")]
    fn limited_address(&self, client: &Client) -> Option<IpAddr> {
        let address = client.peer.address().filter(|_| !self.proxies.trusts(&client.peer));
        address.map(|address| address.ip())
    }

    async fn serve(&self, mut stream: impl Socket, mut client: Client) {
        if self.expects_introduction(&client) {
            let introduction = introduce(&mut stream, &client.peer, &self.refused_introductions);
            let introduction = Box::pin(client.unless_late(introduction)).await;
            let Some((peer, introduced)) = introduction else {
                return;
            };
            (client.peer, client.introduced) = (peer, Some(introduced));
        }
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return Box::pin(self.serve_encrypted(tls, stream, client)).await;
        }
        #[cfg(feature = "http2")]
        if self.http2.is_cleartext() {
            return Box::pin(self.serve_cleartext(stream, client)).await;
        }
        client.serve_http1(stream, Bytes::new()).await;
    }

    /// Serves a client whose first bytes say which version it speaks.
    #[cfg(feature = "http2")]
    async fn serve_cleartext(&self, mut stream: impl Socket, client: Client) {
        tune(&stream);
        let Some(ahead) = client.unless_late(first_bytes(&mut stream)).await else {
            return;
        };
        if begins_with(&ahead) {
            self.http2.serve(stream, ahead, client).await;
        } else {
            client.serve_http1(stream, ahead).await;
        }
    }

    #[cfg(feature = "tls")]
    async fn serve_encrypted(&self, tls: &Acceptor, stream: impl Socket, client: Client) {
        tune(&stream);
        let handshake = tls.accept(stream, client.peer.address(), self.limited_address(&client));
        let Some(stream) = client.unless_late(handshake).await else {
            return;
        };
        #[cfg(feature = "http2")]
        if speaks_http2(&stream) {
            return Box::pin(self.http2.serve(stream, Bytes::new(), client)).await;
        }
        client.serve_http1(stream, Bytes::new()).await;
    }
}

/// Sets the options of TCP already now: the pieces of a handshake, and the windows of HTTP/2, must not wait for
/// acknowledgements.
#[cfg(any(feature = "tls", feature = "http2"))]
fn tune(stream: &dyn Any) {
    if let Some(tcp) = stream.downcast_ref::<TcpStream>() {
        tune_stream(tcp);
    }
}
