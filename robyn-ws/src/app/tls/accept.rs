//! The handshake of TLS with one client.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

#[cfg(feature = "http2")]
use crate::app::tls::certificate::HTTP2;
use crate::{app::tls::certificate::Tls, types::limits::Bounds, util::log};

/// The most bytes that wait in a connection's own buffer for the socket. A larger buffer would hide whether a slow client
/// makes progress.
const BUFFER: usize = 16 * 1024;

/// Accepts clients, each in its own task.
#[derive(Debug)]
pub(crate) struct Acceptor {
    tls: Tls,
    timeout: Duration,
    under_way: Arc<Semaphore>,
}

impl Acceptor {
    pub(crate) fn new(tls: Tls, bounds: &Bounds) -> Self {
        Self {
            tls,
            timeout: bounds.tls_handshake_timeout,
            under_way: Arc::new(Semaphore::new(bounds.max_tls_handshakes)),
        }
    }

    /// Does the handshake. Returns `None` if it fails, or takes too long, or if too many are under way.
    pub(crate) async fn accept<S>(&self, stream: S, peer: Option<SocketAddr>) -> Option<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Ok(_under_way) = self.under_way.try_acquire() else {
            log::debug!(
                ?peer,
                "TCP closed: handshake limit reached (`Limits::max_tls_handshakes`)"
            );
            return None;
        };
        let acceptor = TlsAcceptor::from(self.tls.config());
        match timeout(self.timeout, acceptor.accept(stream)).await {
            Ok(Ok(mut stream)) => {
                stream.get_mut().1.set_buffer_limit(Some(BUFFER));
                Some(stream)
            }
            Ok(Err(error)) => {
                log::debug!(?peer, %error, "the handshake of TLS failed, or the client does not speak TLS");
                None
            }
            Err(_late) => {
                log::debug!(
                    ?peer,
                    "TCP closed: the handshake of TLS took longer than `Limits::tls_handshake_timeout`"
                );
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
