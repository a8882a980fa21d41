//! The handshake of TLS with one client.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

#[cfg(feature = "http2")]
use crate::app::tls::certificate::HTTP2;
use crate::{
    app::{
        edge_metrics::tls_handshake,
        tls::{certificate::Tls, handshakes::Handshakes},
    },
    types::limits::Bounds,
    util::log,
};

/// The most bytes that wait in a connection's own buffer for the socket. A larger buffer would hide whether a slow client
/// makes progress.
const BUFFER: usize = 16 * 1024;

/// Accepts clients, each in its own task.
#[derive(Debug)]
pub(crate) struct Acceptor {
    tls: Tls,
    timeout: Duration,
    under_way: Handshakes,
}

impl Acceptor {
    pub(crate) fn new(tls: Tls, bounds: &Bounds) -> Self {
        Self {
            tls,
            timeout: bounds.tls_handshake_timeout,
            under_way: Handshakes::new(bounds),
        }
    }

    /// Does the handshake. Returns `None` if it fails, or takes too long, or if too many are under way: of all, or of the
    /// client at the address `client`.
    pub(crate) async fn accept<S>(
        &self,
        stream: S,
        peer: Option<SocketAddr>,
        client: Option<IpAddr>,
    ) -> Option<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let _handshake = match self.under_way.begin(client) {
            Ok(handshake) => handshake,
            Err(limit) => {
                limit.refuse(peer);
                return None;
            }
        };
        let peer = peer.map(tracing::field::display);
        let acceptor = TlsAcceptor::from(self.tls.config());
        match timeout(self.timeout, acceptor.accept(stream)).await {
            Ok(Ok(mut stream)) => {
                stream.get_mut().1.set_buffer_limit(Some(BUFFER));
                tls_handshake("ok");
                Some(stream)
            }
            Ok(Err(error)) => {
                log::debug!(peer, %error, "the handshake of TLS failed, or the client does not speak TLS");
                tls_handshake("failed");
                None
            }
            Err(_late) => {
                log::debug!(
                    peer,
                    "TCP closed: the handshake of TLS took longer than `Limits::tls_handshake_timeout`"
                );
                tls_handshake("timed_out");
                None
            }
        }
    }
}

/// Returns `true` if the client has chosen HTTP/2.
#[cfg(feature = "http2")]
pub(crate) fn speaks_http2<S>(stream: &TlsStream<S>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(HTTP2)
}
