//! A server with an app, on a free port or in memory.

use std::net::SocketAddr;

use robyn_ws::{
    App, Hub, Shutdown,
    axum::{self, Router, serve::Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, duplex},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};

use crate::{Client, PATIENCE, RawClient, Request, Response, within};

/// How much of an in-memory connection is under way at most.
const MEMORY_PIPE: usize = 64 * 1024;

/// What a client and a server talk over.
pub trait Pipe: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Pipe for T {}

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    door: Door,
    hub: Hub,
    shutdown: Shutdown,
    task: JoinHandle<()>,
}

#[derive(Debug)]
enum Door {
    Tcp(SocketAddr),
    Memory(mpsc::Sender<DuplexStream>),
}

impl Server {
    /// Serves `app` on a free port.
    ///
    /// # Panics
    ///
    /// If the app cannot be built.
    pub async fn start(app: App) -> Self {
        Self::start_with(app, |router| router).await
    }

    /// Serves `app` on a free port, inside what `wrap` makes of its router.
    ///
    /// # Panics
    ///
    /// If the app cannot be built.
    pub async fn start_with(app: App, wrap: impl FnOnce(Router) -> Router) -> Self {
        let running = app.build().expect("the app is built");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let service = wrap(running.router).into_make_service_with_connect_info::<SocketAddr>();
        Self {
            door: Door::Tcp(address),
            hub: running.hub,
            shutdown: running.shutdown,
            task: tokio::spawn(async move { axum::serve(listener, service).await.expect("the server serves") }),
        }
    }

    /// Serves `app` without sockets, for as many clients as there is memory.
    ///
    /// # Panics
    ///
    /// If the app cannot be built.
    pub fn start_in_memory(app: App) -> Self {
        let running = app.build().expect("the app is built");
        let (sender, receiver) = mpsc::channel(1024);
        let router = running.router;
        Self {
            door: Door::Memory(sender),
            hub: running.hub,
            shutdown: running.shutdown,
            task: tokio::spawn(async move {
                axum::serve(MemoryListener(receiver), router)
                    .await
                    .expect("the server serves");
            }),
        }
    }

    /// Gives the live connections.
    pub const fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Gives what drains the app.
    pub const fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Closes every connection and waits until the last task of one has ended: no handler runs from now on.
    pub async fn settle(&self) {
        self.shutdown.drain(PATIENCE).await;
    }

    /// Gives the address.
    ///
    /// # Panics
    ///
    /// If the server has none, because it is in memory.
    pub fn address(&self) -> SocketAddr {
        match self.door {
            Door::Tcp(address) => address,
            Door::Memory(_) => panic!("a server in memory has no address"),
        }
    }

    /// Opens a TCP connection.
    ///
    /// # Panics
    ///
    /// If it cannot be opened.
    pub async fn tcp(&self) -> TcpStream {
        within("a TCP connection", TcpStream::connect(self.address()))
            .await
            .expect("the server listens")
    }

    /// Opens whatever connection this server takes.
    ///
    /// # Panics
    ///
    /// If it cannot be opened.
    pub async fn pipe(&self) -> Box<dyn Pipe> {
        match &self.door {
            Door::Tcp(_) => Box::new(self.tcp().await),
            Door::Memory(sender) => {
                let (ours, theirs) = duplex(MEMORY_PIPE);
                sender.send(theirs).await.expect("the server listens");
                Box::new(ours)
            }
        }
    }

    /// Connects a client to `target`: path and query.
    pub async fn connect(&self, target: &str) -> Client {
        Request::upgrade(target).connect(self).await
    }

    /// Connects a client that makes its frames itself.
    pub async fn raw(&self, target: &str) -> RawClient {
        Request::upgrade(target).raw(self).await
    }

    /// Tries to connect to `target`, and gives the HTTP answer that refuses it.
    pub async fn refused(&self, target: &str) -> Response {
        Request::upgrade(target).refused(self).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Accepts what comes over a channel.
struct MemoryListener(mpsc::Receiver<DuplexStream>);

impl Listener for MemoryListener {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.recv().await {
            Some(stream) => (stream, ()),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Reads `listening on http://127.0.0.1:8080 (stop with Ctrl-C)`, which may be in a line of the log.
pub fn announced_address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening on http://")?;
    rest.split(' ').next()?.parse().ok()
}
