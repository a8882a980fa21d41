//! The upgrade request of a client under test.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::http::{HeaderName, HeaderValue, Request, header};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{Error, handshake::client::generate_key, protocol::WebSocketConfig},
};

use crate::test_util::{
    Refused, TestApp, TestSocket, expectation::Expectation, inbox::Inbox, pipe::Pipe, watchdog::within,
};

/// An upgrade request that is being put together.
#[must_use = "a request does nothing until it is connected"]
pub struct TestRequest<'a> {
    app: &'a TestApp,
    request: Request<()>,
    peer: SocketAddr,
}

/// The address of a client that has no other.
pub(super) const LOCAL_CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 49152);

impl<'a> TestRequest<'a> {
    #[track_caller]
    pub(super) fn new(app: &'a TestApp, target: &str) -> Self {
        let request = Request::builder()
            .uri(format!("ws://test{target}"))
            .header(header::HOST, "test")
            .header(header::UPGRADE, "websocket")
            .header(header::CONNECTION, "Upgrade")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, generate_key())
            .body(());
        match request {
            Ok(request) => Self {
                app,
                request,
                peer: LOCAL_CLIENT,
            },
            Err(error) => panic!("`{target}` is no request target: {error}; expected a path such as `/chat?room=a`"),
        }
    }

    /// Adds a header.
    ///
    /// # Panics
    ///
    /// If `name` or `value` cannot be in a header.
    #[track_caller]
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: fmt::Debug>,
        V: TryInto<HeaderValue, Error: fmt::Debug>,
    {
        let name = name.try_into().expect("a header name");
        let value = value.try_into().expect("a header value");
        self.request.headers_mut().append(name, value);
        self
    }

    /// Offers a subprotocol.
    ///
    /// # Panics
    ///
    /// If `name` cannot be in a header.
    #[track_caller]
    pub fn subprotocol(self, name: &str) -> Self {
        self.header(header::SEC_WEBSOCKET_PROTOCOL, name)
    }

    /// Comes from `address`, as `ConnectInfo`, `peer_addr()` and `Limits::max_connections_per_ip` see it. Otherwise it is
    /// one of this machine.
    pub fn peer_addr(mut self, address: SocketAddr) -> Self {
        self.peer = address;
        self
    }

    /// Connects. When this returns, the connection is in the hub.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the status and body of the HTTP answer, if the upgrade is refused.
    ///
    /// # Panics
    ///
    /// If no answer comes within [`TIMEOUT`](crate::test_util::TIMEOUT), if it chooses none of the subprotocols that were
    /// offered, at which browsers give up as well, or if it is not HTTP, which would be a bug of this crate.
    #[track_caller]
    pub fn connect(self) -> impl Future<Output = Result<TestSocket, Refused>> + Send + use<'a> {
        // The limits are the server's.
        let unlimited = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        Expectation::new(async move {
            let unread = Inbox::new();
            let pipe = Pipe::new(self.app.dial(self.peer), unread.clone());
            let connecting = client_async_with_config(self.request, pipe, Some(unlimited));
            match within("the answer to the upgrade was expected", connecting).await? {
                Ok((socket, _response)) => {
                    // A test that connects finds its client in the hub.
                    within("the connection was expected to begin", self.app.hub().entered()).await?;
                    Ok(Ok(TestSocket::new(socket, unread)))
                }
                Err(Error::Http(response)) => {
                    let body = response.body().as_deref().unwrap_or_default();
                    Ok(Err(Refused {
                        status: response.status(),
                        body: String::from_utf8_lossy(body).into_owned(),
                    }))
                }
                Err(error) => Err(format!("the handshake failed: {error}")),
            }
        })
    }
}

impl fmt::Debug for TestRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestRequest")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
