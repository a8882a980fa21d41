//! A server with an app, on a free port or in memory.

use std::{
    env,
    future::pending,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use robyn_ws::{
    App, Hub, Shutdown,
    axum::{self, Router, serve::Listener},
    test_util::serve_without_signals,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, Join, duplex},
    net::{TcpListener, TcpStream},
    sync::{OnceCell, mpsc, oneshot},
    task::JoinHandle,
};
use tokio_rustls::client::TlsStream;

use crate::{Certificate, Client, Http2, PATIENCE, RawClient, Request, Response, within};

/// How much of an in-memory connection is under way at most.
const MEMORY_PIPE: usize = 64 * 1024;

/// What a client and a server talk over.
pub trait Pipe: AsyncRead + AsyncWrite + Send + Unpin {
    /// Has the end of it look like a crash, if there is more than one kind of end.
    fn reset(&mut self) {}
}

impl Pipe for TcpStream {
    fn reset(&mut self) {
        self.set_zero_linger().expect("the connection is open");
    }
}

impl From<TcpStream> for Box<dyn Pipe> {
    fn from(stream: TcpStream) -> Self {
        Box::new(stream)
    }
}

impl Pipe for TlsStream<TcpStream> {
    fn reset(&mut self) {
        self.get_mut().0.reset();
    }
}

impl Pipe for DuplexStream {}

impl<R: AsyncRead + Send + Unpin, W: AsyncWrite + Send + Unpin> Pipe for Join<R, W> {}

#[cfg(unix)]
impl Pipe for tokio::net::UnixStream {}

/// What a test runs over: the one that the environment names in `ROBYN_WS_TRANSPORT`, so that the same tests can be run
/// over each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTP/1.1 over TCP.
    Http1,
    /// HTTP/1.1 over TLS.
    Tls,
    /// HTTP/2 over TLS: all clients of a server share a connection.
    Http2,
}

impl Transport {
    /// Returns the transport that the environment names.
    ///
    /// # Panics
    ///
    /// If it is not one of `http1`, `tls` and `http2`.
    pub fn chosen() -> Self {
        match env::var("ROBYN_WS_TRANSPORT").as_deref() {
            Err(_) | Ok("http1") => Self::Http1,
            Ok("tls") => Self::Tls,
            Ok("http2") => Self::Http2,
            Ok(other) => panic!("ROBYN_WS_TRANSPORT is `{other}`: expected `http1`, `tls` or `http2`"),
        }
    }
}

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    door: Door,
    hub: Hub,
    shutdown: Shutdown,
    task: JoinHandle<()>,
    /// Tells the server that it is drained, if it is the one of `App::serve`.
    drained: Option<oneshot::Sender<()>>,
    transport: Transport,
    /// The number of clients that have come over HTTP/2, and the connections that they share.
    clients: AtomicUsize,
    http2: Mutex<Vec<Arc<OnceCell<Arc<Http2>>>>>,
}

/// The most clients that share a connection.
const SHARED_BY: usize = 100;

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
        match Transport::chosen() {
            Transport::Http1 => Self::start_plain(app, wrap).await,
            transport => Self::start_encrypted(app, wrap, transport).await,
        }
    }

    /// Serves `app` with the common certificate, by the server of `App::serve`.
    ///
    /// # Panics
    ///
    /// If the app cannot be built.
    pub async fn start_encrypted(app: App, wrap: impl FnOnce(Router) -> Router, transport: Transport) -> Self {
        let app = app.tls(Certificate::common().tls());
        let mut server = Self::start_as_served(app, wrap).await;
        server.transport = transport;
        server
    }

    /// Serves `app` by the server of `App::serve`.
    ///
    /// # Panics
    ///
    /// If the app cannot be built.
    pub async fn start_as_served(app: App, wrap: impl FnOnce(Router) -> Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        Self::serve(app, wrap, listener, Door::Tcp(address))
    }

    /// Serves `app` by the server of `App::serve`, without sockets, so that a test can pause the time.
    ///
    /// # Panics
    ///
    /// If the app cannot be built.
    pub fn start_as_served_in_memory(app: App) -> Self {
        let (sender, receiver) = mpsc::channel(1024);
        Self::serve(app, |router| router, MemoryListener(receiver), Door::Memory(sender))
    }

    fn serve(app: App, wrap: impl FnOnce(Router) -> Router, listener: impl Listener, door: Door) -> Self {
        let (drained, wait) = oneshot::channel();
        let wait = async {
            if wait.await.is_err() {
                pending::<()>().await;
            }
        };
        let (running, serving) = serve_without_signals(app, wrap, listener, wait).expect("the app is built");
        Self {
            door,
            hub: running.hub,
            shutdown: running.shutdown,
            task: tokio::spawn(serving),
            drained: Some(drained),
            transport: Transport::Http1,
            clients: AtomicUsize::default(),
            http2: Mutex::default(),
        }
    }

    async fn start_plain(app: App, wrap: impl FnOnce(Router) -> Router) -> Self {
        let running = app.build().expect("the app is built");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let service = wrap(running.router).into_make_service_with_connect_info::<SocketAddr>();
        Self {
            door: Door::Tcp(address),
            hub: running.hub,
            shutdown: running.shutdown,
            task: tokio::spawn(async move { axum::serve(listener, service).await.expect("the server serves") }),
            drained: None,
            transport: Transport::Http1,
            clients: AtomicUsize::default(),
            http2: Mutex::default(),
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
            drained: None,
            transport: Transport::Http1,
            clients: AtomicUsize::default(),
            http2: Mutex::default(),
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

    /// Drains the app, and ends the server as `App::serve` does.
    ///
    /// # Panics
    ///
    /// If it is another server.
    pub async fn finish(mut self) {
        self.settle().await;
        let drained = self.drained.take().expect("it is the server of `App::serve`");
        let _ = drained.send(()); // The server may have ended.
        let ended = within("the server to end", &mut self.task).await;
        ended.expect("the server does not panic");
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

    /// Returns what clients of the server talk over.
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// Opens a connection of TLS for one of these protocols.
    ///
    /// # Panics
    ///
    /// If it cannot be opened.
    pub async fn tls(&self, protocols: &[&str]) -> TlsStream<TcpStream> {
        let handshake = Certificate::common().handshake(self.tcp().await, protocols).await;
        handshake.expect("the server speaks TLS")
    }

    /// Opens a connection of HTTP/2 over TLS.
    ///
    /// # Panics
    ///
    /// If it cannot be opened.
    pub async fn http2(&self) -> Http2 {
        Http2::begin(self.tls(&["h2"]).await).await
    }

    /// Returns the connection of HTTP/2 that the next client shares.
    pub(crate) async fn shared_http2(&self) -> Arc<Http2> {
        let number = self.clients.fetch_add(1, Ordering::Relaxed) / SHARED_BY;
        let shared = {
            let mut all = self.http2.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() <= number {
                all.resize_with(number + 1, Arc::default);
            }
            all[number].clone()
        };
        shared
            .get_or_init(|| async { Arc::new(self.http2().await) })
            .await
            .clone()
    }

    /// Opens whatever connection this server takes for HTTP/1.1.
    ///
    /// # Panics
    ///
    /// If it cannot be opened.
    pub async fn pipe(&self) -> Box<dyn Pipe> {
        match &self.door {
            Door::Tcp(_) if self.transport != Transport::Http1 => Box::new(self.tls(&["http/1.1"]).await),
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
            None => pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Reads `listening on http://127.0.0.1:8080 (stop with Ctrl-C)`, which may be in a line of the log.
pub fn announced_address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening on http")?;
    let (_, rest) = rest.split_once("://")?;
    rest.split(' ').next()?.parse().ok()
}
