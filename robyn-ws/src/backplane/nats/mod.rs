//! A backplane on NATS.
//!
//! `link` is one connection, `subscriptions` is what is read from it, and `task` goes from one connection to the next.

mod link;
mod losses;
mod refusals;
mod servers;
mod subscriptions;
mod task;

use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use async_nats::{Client, ConnectOptions, ToServerAddrs};
use bytes::Bytes;
use tokio::{
    sync::{mpsc, oneshot},
    task::AbortHandle,
    time::timeout,
};

use self::{
    link::{Link, Links},
    refusals::Refusals,
    servers::Servers,
    task::{Change, Current, Task},
};
use crate::{
    backplane::{Backplane, BackplaneError, BackplaneFuture, Health, Inbox, Interest, Subject, prefix},
    types::nats_error::NatsError,
    util::sync::Mutex,
};

/// Time in which the client must take something. It takes nothing when the server reads nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// Time for one attempt to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Number of bytes from which a payload is flushed alone, so that few bytes wait in the client.
const LONG_PAYLOAD: usize = 16 * 1024;

/// The limit of a server that is not there yet: the default of NATS.
const DEFAULT_MAX_PAYLOAD: usize = 1024 * 1024;

/// Number of calls to `subscribe` and `unsubscribe` that wait for the task.
const WAITING_CHANGES: usize = 64;

/// A [`Backplane`] on [NATS](https://nats.io): all nodes with the same servers and the same [prefix](Self::prefix) are one
/// app.
///
/// ```no_run
/// use robyn_ws::prelude::*;
///
/// #[tokio::main]
/// async fn main() -> Result<(), ServeError> {
///     let nats = Nats::connect("nats://127.0.0.1:4222").await?.prefix("chat")?;
///     App::new().backplane(nats).serve("0.0.0.0:8080").await
/// }
/// ```
///
/// It uses core NATS only: subjects, and nothing that is stored. A user of the server needs the permission to publish and to
/// subscribe to `robyn_ws.>`, or to what the prefix is. The server accepts a connection without it, so the backplane is
/// [up](Health::Up) and a warning in the log says what the server refuses. When it refuses a payload, the error is returned by
/// the next call of `publish`, or of `flush`.
///
/// When the connection is lost, [`publish`](Backplane::publish) fails at once. A server that does not answer is noticed
/// within 3 seconds; what is published meanwhile may be lost. The connection is opened again within 100 milliseconds and
/// then at least every 2 seconds, or as long as an attempt takes, and the interests of the node come back with it.
///
/// A payload may be as long as the server permits, 1 MiB by default. The server disconnects a node that does not read fast
/// enough. If the node is too slow for what it has read, it drops and counts payloads.
///
/// Dropping it closes the connection. The methods need a runtime of tokio with I/O and time.
pub struct Nats {
    current: Arc<Current>,
    prefix: Arc<str>,
    changes: mpsc::Sender<Change>,
    refusals: Arc<Refusals>,
    /// What the task starts with, until it starts.
    start: Mutex<Option<Start>>,
    task: Mutex<Option<AbortHandle>>,
}

struct Start {
    links: Links,
    link: Option<Link>,
    changes: mpsc::Receiver<Change>,
}

impl Nats {
    /// Connects to a server, or to one of several.
    ///
    /// `servers` is an address like `nats://127.0.0.1:4222`, `tls://nats.example.com`, or `nats://user:password@10.0.0.1`, or
    /// a list of addresses. A single name in place of `user:password` is a token.
    ///
    /// # Errors
    ///
    /// [`NatsError`] if an address is not valid, or no connection is made within 2 seconds for each server. The first
    /// connection is tried once only: [`connect_lazy`](Self::connect_lazy) does not wait for it.
    pub async fn connect(servers: impl ToServerAddrs) -> Result<Self, NatsError> {
        Self::connect_with(servers, default_options()).await
    }

    /// Connects with options of the client: for TLS, credentials, timeouts, and the number of payloads that a subscription
    /// keeps for a slow node.
    ///
    /// ```no_run
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), robyn_ws::NatsError> {
    /// use async_nats::ConnectOptions;
    /// use robyn_ws::Nats;
    ///
    /// let options = ConnectOptions::new()
    ///     .require_tls(true)
    ///     .add_root_certificates("ca.pem".into())
    ///     .user_and_password("chat".into(), "secret".into());
    /// let nats = Nats::connect_with("nats.example.com", options).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Files of credentials need the feature `nkeys` of the crate `async-nats`. The backplane sets the options for pings,
    /// echo, events, the capacity of the client and reconnecting itself. With `retry_on_initial_connect`, this returns at
    /// once.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_with(servers: impl ToServerAddrs, options: ConnectOptions) -> Result<Self, NatsError> {
        let (servers, options) = Servers::new(&servers, options).map_err(NatsError::Address)?;
        let mut links = Links::new(servers, options);
        match links.first().await {
            Ok(link) => Ok(Self::new(links, Some(link))),
            Err(source) => Err(NatsError::Connect {
                servers: links.servers.to_string(),
                source,
            }),
        }
    }

    /// Returns at once, and connects when the app starts. Until then and while the server is not there, the backplane is
    /// [down](Health::Down). A job with a [`Publisher`](crate::Publisher) uses [`connect`](Self::connect), which waits for the
    /// connection.
    ///
    /// # Errors
    ///
    /// [`NatsError::Address`] if an address is not valid.
    pub fn connect_lazy(servers: impl ToServerAddrs) -> Result<Self, NatsError> {
        let (servers, options) = Servers::new(&servers, default_options()).map_err(NatsError::Address)?;
        Ok(Self::new(Links::new(servers, options), None))
    }

    fn new(links: Links, link: Option<Link>) -> Self {
        let current = Current::default();
        current.set(link.as_ref().map(|link| link.client.clone()));
        let (sender, changes) = mpsc::channel(WAITING_CHANGES);
        let refusals = links.refusals.clone();
        let start = Start { links, link, changes };
        Self {
            current: Arc::new(current),
            prefix: prefix::DEFAULT_PREFIX.into(),
            changes: sender,
            refusals,
            start: Mutex::new(Some(start)),
            task: Mutex::default(),
        }
    }

    /// Sets the beginning of all subjects, `robyn_ws` by default. Apps that share a server need different ones.
    ///
    /// # Errors
    ///
    /// [`NatsError::Prefix`] unless it has 1 to 64 letters of ASCII, digits, `-` and `_`, with single dots between them.
    pub fn prefix(mut self, prefix: &str) -> Result<Self, NatsError> {
        if !prefix::is_valid(prefix) {
            return Err(NatsError::Prefix(prefix.to_owned()));
        }
        self.prefix = prefix.into();
        Ok(self)
    }

    fn client(&self) -> Result<Arc<Client>, BackplaneError> {
        self.current.client().ok_or(BackplaneError::Disconnected)
    }

    async fn change(&self, adds: bool, interests: Vec<Interest>) -> Result<(), BackplaneError> {
        let (answer, answered) = oneshot::channel();
        let change = Change {
            adds,
            interests,
            answer,
        };
        let sent = self.changes.send(change).await;
        sent.map_err(|_closed| BackplaneError::Disconnected)?;
        // Without an answer, the connection was lost.
        answered.await.unwrap_or(Err(BackplaneError::Disconnected))
    }
}

impl Backplane for Nats {
    fn open(&self, inbox: Inbox) {
        let Some(start) = self.start.lock().take() else {
            return; // It is open already.
        };
        self.refusals.set_prefix(self.prefix.clone());
        let task = Task {
            current: self.current.clone(),
            links: start.links,
            prefix: self.prefix.clone(),
            inbox,
            changes: start.changes,
            interests: HashSet::new(),
            outages: Arc::default(),
        };
        let task = tokio::spawn(task.run(start.link));
        *self.task.lock() = Some(task.abort_handle());
    }

    fn publish(&self, subject: Subject, payload: Bytes) -> BackplaneFuture<'_> {
        Box::pin(async move {
            let client = self.client()?;
            let (length, most) = (payload.len(), client.max_payload());
            if length > most {
                let error = format!("a payload of {length} bytes exceeds the limit of the NATS server, {most} bytes");
                return Err(BackplaneError::failed(error));
            }
            let handing_over = async {
                client.publish(format!("{}.{subject}", self.prefix), payload).await?;
                if length >= LONG_PAYLOAD {
                    let _ = client.flush().await; // It fails if the connection is lost, as it may be at any time.
                }
                Ok(())
            };
            let outcome = timeout(PATIENCE, handing_over).await;
            let outcome = outcome.map_err(|_elapsed| BackplaneError::Disconnected)?;
            outcome.map_err(|error: async_nats::PublishError| match error.kind() {
                async_nats::PublishErrorKind::Send => BackplaneError::Disconnected,
                _ => BackplaneError::failed(error),
            })?;
            self.refusals.tell()
        })
    }

    /// The server confirms a change behind everything that was published, and no change is one as well.
    fn flush(&self) -> BackplaneFuture<'_> {
        Box::pin(async move {
            self.change(true, Vec::new()).await?;
            self.refusals.tell()
        })
    }

    fn subscribe(&self, interests: Vec<Interest>) -> BackplaneFuture<'_> {
        Box::pin(self.change(true, interests))
    }

    fn unsubscribe(&self, interests: Vec<Interest>) -> BackplaneFuture<'_> {
        Box::pin(self.change(false, interests))
    }

    fn health(&self) -> Health {
        match self.current.client() {
            Some(_) => Health::Up,
            None => Health::Down,
        }
    }

    fn max_payload(&self) -> usize {
        let client = self.current.client();
        client.map_or(DEFAULT_MAX_PAYLOAD, |client| client.max_payload())
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().take() {
            task.abort();
        }
    }
}

impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nats")
            .field("prefix", &self.prefix)
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

fn default_options() -> ConnectOptions {
    ConnectOptions::new()
        .name("robyn-ws")
        .connection_timeout(CONNECT_TIMEOUT)
}
