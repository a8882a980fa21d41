//! Tests without a port: an app served over memory, with hyper's real handshake and the real connection driver.
//!
//! With the feature `test-util`, a test of a chat endpoint reads:
//!
//! ```standalone_crate
//! use robyn_ws::{prelude::*, test_util::TestApp};
//!
//! #[websocket("/chat", on = "connect")]
//! fn enter() -> &'static str { "welcome" }
//!
//! #[websocket("/chat", on = "message")]
//! fn say(ws: WebSocketConnector, msg: String) { ws.others().sync_broadcast(msg); }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let app = TestApp::new(App::new());
//! let (mut one, mut other) = (app.connect("/chat").await.unwrap(), app.connect("/chat").await.unwrap());
//! assert_eq!(one.receive_text().await, "welcome");
//! assert_eq!(other.receive_text().await, "welcome");
//! one.send_text("hello").await;
//! assert_eq!(other.receive_text().await, "hello");
//! one.close().await;
//! one.expect_close(1000).await;
//! # }
//! ```
//!
//! Tests work with tokio's paused time (`#[tokio::test(start_paused = true)]`, feature `tokio/test-util`). Heartbeats
//! and timeouts then take no real time. A wait panics after [`TIMEOUT`] of real time.
//!
//! A client answers pings and Close frames by itself, and buffers up to 64 KiB. [`TestSocket::stop_reading`] makes it
//! hang. An app takes all handlers of its binary; [`App::only`] selects some of them. A failed expectation names its
//! line in the test.

#[cfg(feature = "backplane")]
#[cfg_attr(docsrs, doc(cfg(feature = "backplane")))]
pub mod backplane;
mod calls;
mod connector;
mod expectation;
mod http;
mod inbox;
mod pipe;
mod reader;
mod request;
mod rpc_messages;
mod serving;
mod socket;
mod watchdog;

use std::{net::SocketAddr, time::Duration};

use axum::http::StatusCode;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::io::DuplexStream;

pub use self::{
    calls::SentCall,
    connector::{SentMessages, connector, connector_at},
    http::TestResponse,
    request::TestRequest,
    serving::serve_without_signals,
    socket::TestSocket,
};
use crate::{
    app::{App, BuiltApp, client::service_for, shutdown::Drained},
    connection::Connection,
    endpoint::parameters::Mount,
    hub::{Hub, live::Live},
    mailbox::Mailbox,
    types::peer::Peer,
    upgrade::task_size,
};

/// Maximum real time of a wait in a test.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// Number of bytes that each direction of an in-memory connection holds. It is small, so that the server notices a
/// client that does not read.
const PIPE: usize = 64 * 1024;

/// Returns the parts of an idle connection, with their sizes in bytes. The guard tests of this crate use it.
#[doc(hidden)]
pub fn bytes_by_type() -> Vec<(&'static str, usize)> {
    vec![
        ("the future of its task", task_size()),
        ("therein: its connection", size_of::<Connection>()),
        ("therein: its driver", Connection::DRIVER_SIZE),
        ("what it shares", size_of::<Live>()),
        ("therein: its mailbox", size_of::<Mailbox>()),
    ]
}

/// An app under test, without a port.
///
/// ```standalone_crate
/// use robyn_ws::{prelude::*, test_util::TestApp};
///
/// #[websocket("/echo", on = "message")]
/// fn echo(msg: String) -> String { msg }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let app = TestApp::new(App::new());
/// let mut client = app.connect("/echo").await.unwrap();
/// client.send_text("hi").await;
/// assert_eq!(client.receive_text().await, "hi");
/// assert_eq!(app.hub().count(), 1);
/// # }
/// ```
#[derive(Debug)]
pub struct TestApp {
    built: BuiltApp,
}

impl TestApp {
    /// Builds `app`.
    ///
    /// # Panics
    ///
    /// If the build fails. The message is the list of [`BuildErrors`](crate::BuildErrors).
    #[track_caller]
    pub fn new(app: App) -> Self {
        // A client in memory needs no PROXY protocol, so an app that asks for it can be tested, too.
        match app.assemble(Mount::Root) {
            Ok(assembled) => Self { built: assembled.built },
            Err(errors) => panic!("{errors}"),
        }
    }

    /// Connects a client to `target`, a path with an optional query. The returned connection is in the hub.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the status and body of the response, if the upgrade is refused.
    ///
    /// # Panics
    ///
    /// If `target` is not a valid request target, or no response comes within [`TIMEOUT`].
    #[track_caller]
    pub fn connect<'a>(&'a self, target: &str) -> impl Future<Output = Result<TestSocket, Refused>> + Send + use<'a> {
        self.request(target).connect()
    }

    /// Creates an upgrade request to `target`, to add headers before it connects.
    ///
    /// # Panics
    ///
    /// If `target` is not a valid request target.
    #[track_caller]
    pub fn request(&self, target: &str) -> TestRequest<'_> {
        TestRequest::new(self, target)
    }

    /// Returns the hub of the app.
    pub fn hub(&self) -> &Hub {
        &self.built.hub
    }

    /// Waits until this app and `other`, which are nodes on one [`Backplane`](crate::Backplane), reach each other: both are up,
    /// get what is for their connections, rooms and identities of this moment, and hear of each other.
    ///
    /// # Panics
    ///
    /// If one of them has no backplane, or they do not reach each other within [`TIMEOUT`].
    #[cfg(feature = "backplane")]
    #[cfg_attr(docsrs, doc(cfg(feature = "backplane")))]
    #[track_caller]
    pub fn expect_node<'a>(&'a self, other: &'a Self) -> impl Future<Output = ()> + Send + use<'a> {
        expectation::Expectation::new(async {
            watchdog::within("a node that reaches the other", self.hub().meet(other.hub())).await?
        })
    }

    /// Drains the app, as [`Shutdown::drain`](crate::Shutdown::drain).
    pub async fn drain(&self, grace: Duration) -> Drained {
        self.built.shutdown.drain(grace).await
    }

    /// Returns the client's end of a new connection. hyper serves the other end.
    fn dial(&self, peer: SocketAddr) -> DuplexStream {
        let (client, server) = tokio::io::duplex(PIPE);
        let service = service_for(self.built.router.clone(), Peer::Tcp(peer), None);
        let serve = async move {
            let builder = auto::Builder::new(TokioExecutor::new());
            // An error is normal: many tests drop a client.
            let _ = builder
                .serve_connection_with_upgrades(TokioIo::new(server), service)
                .await;
        };
        tokio::spawn(serve);
        client
    }
}

/// A refused upgrade.
///
/// ```standalone_crate
/// use robyn_ws::{prelude::*, test_util::TestApp};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let app = TestApp::new(App::new());
/// let refused = app.connect("/nowhere").await.unwrap_err();
/// assert_eq!(refused.status, StatusCode::NOT_FOUND);
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the upgrade was refused with {status}: {body}")]
pub struct Refused {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body, usually the reason. For a path without an endpoint, it lists the endpoints in place of an empty body.
    pub body: String,
}
