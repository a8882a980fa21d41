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
//! It works with tokio's paused time (`#[tokio::test(start_paused = true)]`, feature `tokio/test-util`): heartbeats and
//! time-outs then take no real time. A wait that brings nothing panics after [`TIMEOUT`] of real time.
//!
//! A client answers pings and Close frames by itself, and keeps up to 64 KiB for later. [`TestSocket::stop_reading`] makes a
//! client of it that hangs. [`App::only`] makes an app of one handler in a program of many. An expectation that fails names
//! its line in the test.

mod connector;
mod expectation;
mod http;
mod inbox;
mod pipe;
mod reader;
mod request;
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
    connector::{SentMessages, connector},
    http::TestResponse,
    request::TestRequest,
    socket::TestSocket,
};
use crate::{
    app::{App, BuiltApp, http::service_for, shutdown::Drained},
    connection::Connection,
    hub::{Hub, live::Live},
    mailbox::Mailbox,
    upgrade::task_size,
};

/// How long a wait in a test may take, in real time.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// How much each direction of a connection in memory holds. Small enough that a client that does not read is felt.
const PIPE: usize = 64 * 1024;

/// Returns what a quiet connection is made of, with the sizes in bytes. It is for the guards of this crate.
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
#[derive(Debug)]
pub struct TestApp {
    built: BuiltApp,
}

impl TestApp {
    /// Builds `app`.
    ///
    /// # Panics
    ///
    /// With the list of [`BuildErrors`](crate::BuildErrors), if the handlers do not fit together.
    #[track_caller]
    pub fn new(app: App) -> Self {
        match app.build() {
            Ok(built) => Self { built },
            Err(errors) => panic!("{errors}"),
        }
    }

    /// Connects a client to `target`, a path and perhaps a query. When this returns, the connection is in the hub.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the status and body of the HTTP answer, if the upgrade is refused.
    ///
    /// # Panics
    ///
    /// If `target` cannot be in a request, or no answer comes within [`TIMEOUT`].
    #[track_caller]
    pub fn connect<'a>(&'a self, target: &str) -> impl Future<Output = Result<TestSocket, Refused>> + Send + use<'a> {
        self.request(target).connect()
    }

    /// Begins an upgrade request to `target`, to which headers can be added.
    ///
    /// # Panics
    ///
    /// If `target` cannot be in a request.
    #[track_caller]
    pub fn request(&self, target: &str) -> TestRequest<'_> {
        TestRequest::new(self, target)
    }

    /// Gives the live connections.
    pub fn hub(&self) -> &Hub {
        &self.built.hub
    }

    /// Drains the app, as [`Shutdown::drain`](crate::Shutdown::drain).
    pub async fn drain(&self, grace: Duration) -> Drained {
        self.built.shutdown.drain(grace).await
    }

    /// Gives the client's end of a new connection, whose other end hyper serves.
    fn dial(&self, peer: SocketAddr) -> DuplexStream {
        let (client, server) = tokio::io::duplex(PIPE);
        let service = service_for(self.built.router.clone(), Some(peer));
        let serve = async move {
            let builder = auto::Builder::new(TokioExecutor::new());
            // A client that goes away is part of many tests.
            let _ended = builder
                .serve_connection_with_upgrades(TokioIo::new(server), service)
                .await;
        };
        tokio::spawn(serve);
        client
    }
}

/// An upgrade that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the upgrade was refused with {status}: {body}")]
pub struct Refused {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body, which says why.
    pub body: String,
}
