//! The upgrade request of a client under test.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::http::{self, HeaderName, HeaderValue, Request, StatusCode, header};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{Error, handshake::client::generate_key, protocol::WebSocketConfig},
};

use crate::{
    hub::Hub,
    test_util::{Refused, TestApp, TestSocket, expectation::Expectation, inbox::Inbox, pipe::Pipe, watchdog::within},
};

/// A builder of an upgrade request, from [`TestApp::request`].
///
/// ```standalone_crate
/// use robyn_ws::{prelude::*, test_util::TestApp};
///
/// #[websocket("/chat", on = "connect")]
/// fn enter(headers: &HeaderMap) -> String {
///     headers["x-user"].to_str().unwrap_or_default().to_owned()
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let app = TestApp::new(App::new());
/// let mut client = app.request("/chat").header("x-user", "gordon").connect().await.unwrap();
/// assert_eq!(client.receive_text().await, "gordon");
/// # }
/// ```
#[must_use = "a request does nothing until it is connected"]
pub struct TestRequest<'a> {
    app: &'a TestApp,
    request: Request<()>,
    peer: SocketAddr,
}

/// The default address of a client.
pub(super) const LOCAL_CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 49152);

/// Returns the request to `target`. Panics at the line of the test if it cannot be one, with an `example` that can.
#[track_caller]
pub(super) fn built<B>(request: http::Result<Request<B>>, target: &str, example: &str) -> Request<B> {
    match request {
        Ok(request) => request,
        Err(error) => panic!("`{target}` is not a request target: {error}; expected a path such as `{example}`"),
    }
}

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
        Self {
            app,
            request: built(request, target, "/chat?room=a"),
            peer: LOCAL_CLIENT,
        }
    }

    /// Adds a header.
    ///
    /// # Panics
    ///
    /// If `name` or `value` is not valid in a header.
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
    /// If `name` is not valid in a header.
    #[track_caller]
    pub fn subprotocol(self, name: &str) -> Self {
        self.header(header::SEC_WEBSOCKET_PROTOCOL, name)
    }

    /// Sets the client's address, which `ConnectInfo`, `peer_addr()` and `Limits::max_connections_per_ip` use. The
    /// default is a local address.
    pub fn peer_addr(mut self, address: SocketAddr) -> Self {
        self.peer = address;
        self
    }

    /// Connects the client. The returned connection is in the hub.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the status and body of the response, if the upgrade is refused.
    ///
    /// # Panics
    ///
    /// * If no response comes within [`TIMEOUT`](crate::test_util::TIMEOUT).
    /// * If the server selects none of the offered subprotocols. Browsers fail in this case as well.
    /// * If the response is not HTTP, which would be a bug of this crate.
    #[track_caller]
    pub fn connect(self) -> impl Future<Output = Result<TestSocket, Refused>> + Send + use<'a> {
        // Only the limits of the server apply.
        let unlimited = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        Expectation::new(async move {
            let unread = Inbox::new();
            let unknown = unknown_path(self.app.hub(), self.request.uri().path());
            let pipe = Pipe::new(self.app.dial(self.peer), unread.clone());
            let connecting = client_async_with_config(self.request, pipe, Some(unlimited));
            match within("a response to the upgrade was expected", connecting).await? {
                Ok((socket, _response)) => {
                    // The client of a test is in the hub when `connect` returns.
                    within("the connection was expected to begin", self.app.hub().entered()).await?;
                    Ok(Ok(TestSocket::new(socket, unread)))
                }
                Err(Error::Http(response)) => {
                    let body = response.body().as_deref().unwrap_or_default();
                    let status = response.status();
                    let body = match unknown {
                        Some(unknown) if status == StatusCode::NOT_FOUND && body.is_empty() => unknown,
                        _ => String::from_utf8_lossy(body).into_owned(),
                    };
                    Ok(Err(Refused { status, body }))
                }
                Err(error) => Err(format!("the handshake failed: {error}")),
            }
        })
    }
}

/// Returns the endpoints to choose from, if none has this `path`.
fn unknown_path(hub: &Hub, path: &str) -> Option<String> {
    let mut endpoints = matchit::Router::new();
    for endpoint in hub.paths() {
        let _ = endpoints.insert(endpoint, ()); // The app was built, so its paths fit each other.
    }
    let paths: Vec<_> = hub.paths().map(|endpoint| format!("`{endpoint}`")).collect();
    let is_unknown = endpoints.at(path).is_err();
    is_unknown.then(|| {
        format!(
            "no endpoint has the path `{path}`, the endpoints are: {}",
            paths.join(", ")
        )
    })
}

impl fmt::Debug for TestRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestRequest")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
