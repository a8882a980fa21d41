//! The HTTP server under `App::serve`: accepts clients, and serves their requests until a drain is over.

use std::{any::Any, io, pin::pin, sync::Arc, time::Duration};

use axum::{Router, serve::Listener};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{Instant, timeout_at},
};

use crate::{
    app::{
        client::{Client, Socket},
        edge::Edge,
    },
    types::peer::Peer,
    util::time::after,
};

/// The number of clients that can wait in the backlog when the listener is closed. tokio's listeners have this one.
const BACKLOG: usize = 1024;

/// The time that aborted requests have to drop their values.
pub(super) const HTTP_CUT: Duration = Duration::from_millis(500);

/// The time that HTTP requests have to be answered after the drain.
pub(crate) const HTTP_GRACE: Duration = Duration::from_secs(1);

/// Serves HTTP.
pub(crate) struct Server {
    router: Router,
    edge: Arc<Edge>,
    /// The deadline of running requests, set when new requests are no longer answered.
    end: watch::Sender<Option<Instant>>,
}

impl Server {
    pub(crate) fn new(router: Router, edge: Edge) -> Self {
        Self {
            router,
            edge: Arc::new(edge),
            end: watch::Sender::new(None),
        }
    }

    /// Serves all clients until `drained` is ready. During the drain, upgrades of new clients are refused.
    pub(crate) async fn serve_until<L: Listener, T>(&self, mut listener: L, drained: impl Future<Output = T>) -> T {
        let mut drained = pin!(drained);
        loop {
            tokio::select! {
                // `accept` retries by itself, after a pause if the process is out of file descriptors.
                (stream, peer) = Listener::accept(&mut listener) => self.accept(stream, peer),
                drained = &mut drained => {
                    self.accept_the_rest(listener);
                    return drained;
                }
            }
        }
    }

    /// Accepts the clients in the backlog, and closes the listener. Otherwise the system would reset them. A listener of
    /// another kind is closed at once.
    fn accept_the_rest<L: Listener>(&self, listener: L) {
        let listener: Box<dyn Any> = Box::new(listener);
        let rest = match listener.downcast::<TcpListener>() {
            Ok(tcp) => self.accept_tcp(*tcp),
            #[cfg(unix)]
            Err(other) => match other.downcast::<UnixListener>() {
                Ok(unix) => self.accept_unix(*unix),
                Err(_other) => return,
            },
            #[cfg(not(unix))]
            Err(_other) => return,
        };
        let _ = rest; // The first error says that the backlog is empty.
    }

    /// Asks the system itself: tokio only knows the clients that it has been told of.
    fn accept_tcp(&self, listener: TcpListener) -> io::Result<()> {
        let listener = listener.into_std()?;
        for _ in 0..BACKLOG {
            let (stream, peer) = listener.accept()?;
            stream.set_nonblocking(true)?;
            self.accept(TcpStream::from_std(stream)?, peer);
        }
        Ok(())
    }

    #[cfg(unix)]
    fn accept_unix(&self, listener: UnixListener) -> io::Result<()> {
        let listener = listener.into_std()?;
        for _ in 0..BACKLOG {
            let (stream, peer) = listener.accept()?;
            stream.set_nonblocking(true)?;
            self.accept(UnixStream::from_std(stream)?, peer);
        }
        Ok(())
    }

    fn accept<S: Socket>(&self, stream: S, peer: impl Any) {
        let (peer, end) = (Peer::of_socket(&peer), self.end.subscribe());
        let client = Client::new(peer, self.router.clone(), end, self.edge.send_timeout);
        self.edge.accept(stream, client);
    }

    /// Waits until running requests are answered, at most for `rest`. Returns `true` if the tasks of all clients have ended.
    pub(crate) async fn finish(self, rest: Duration) -> bool {
        let end = after(Instant::now(), rest);
        self.end.send_replace(Some(end));
        timeout_at(end + HTTP_CUT, self.end.closed()).await.is_ok()
    }
}
