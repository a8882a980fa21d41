//! A backplane on Redis.
//!
//! `link` is a pair of connections, `publishing` and `pushes` are the payloads that go and come over it, and `task` goes
//! from one pair to the next.

mod link;
mod publishing;
mod pushes;
mod task;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use redis::{Client, IntoConnectionInfo, ProtocolVersion};
use tokio::task::AbortHandle;

use self::{
    link::{Change, Link, MAX_PAYLOAD, Upkeep},
    pushes::Pushes,
    task::{Current, Task},
};
use crate::{
    backplane::{Backplane, BackplaneError, BackplaneFuture, Health, Inbox, Interest, Subject, prefix},
    types::redis_error::RedisError,
    util::sync::Mutex,
};

/// A [`Backplane`] on the pub/sub of [Redis](https://redis.io) 6 or later, or of Valkey: all nodes with the same server and the
/// same [prefix](Self::prefix) are one app.
///
/// ```no_run
/// use robyn_ws::prelude::*;
///
/// #[tokio::main]
/// async fn main() -> Result<(), ServeError> {
///     let redis = Redis::connect("redis://127.0.0.1:6379").await?.prefix("chat")?;
///     App::new().backplane(redis).serve("0.0.0.0:8080").await
/// }
/// ```
///
/// It uses `PUBLISH`, `SUBSCRIBE`, and `PSUBSCRIBE` for partitions; no key is read or written. With access control, the user
/// needs `+@connection +@pubsub` and `&robyn_ws:*`, or what the prefix is. Two connections are open, one to publish and one with
/// the subscriptions.
///
/// When a connection is lost, [`publish`](Backplane::publish) fails at once. A server that does not answer is noticed within 3
/// seconds; what is published meanwhile may be lost. Connections are opened again within 100 milliseconds and then at least
/// every 2 seconds, or as long as an attempt takes, and the interests of the node come back with them.
///
/// A payload may have 8 MiB, or what the server's setting `proto-max-bulk-len` says, if that is less and the server tells it.
/// The server disconnects a node that does not read fast enough (`client-output-buffer-limit pubsub`). If the node is too
/// slow for what it has read, it drops and counts payloads. When the server refuses a payload, the error is returned by the
/// next call of `publish`, or of `flush`.
///
/// # Clusters
///
/// A node of a Redis Cluster can be the server: it passes to all others what is published to it. That is one copy for each
/// node of the cluster. The sharded pub/sub of Redis 7 (`SPUBLISH`) would avoid these copies. It is not used, because it has no
/// patterns, and because each shard needs a connection of its own.
///
/// Dropping it closes the connections. The methods need a runtime of tokio with I/O and time.
pub struct Redis {
    prefix: Box<str>,
    current: Arc<Current>,
    /// What the tasks start with, until they start.
    start: Mutex<Option<Start>>,
    tasks: Mutex<Vec<AbortHandle>>,
}

struct Start {
    client: Client,
    pushes: Arc<Pushes>,
    opened: Option<(Arc<Link>, Upkeep)>,
}

impl Redis {
    /// Connects to a server.
    ///
    /// `server` is an address: `redis://127.0.0.1:6379`, `redis://user:password@10.0.0.1`, `redis+unix:///run/redis.sock`, or, with
    /// the feature `tls`, `rediss://redis.example.com`. It can also be the information of the crate `redis`, with its options
    /// for TCP, TLS and credentials:
    ///
    /// ```no_run
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), robyn_ws::RedisError> {
    /// use redis::{ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo};
    /// use robyn_ws::Redis;
    ///
    /// let login = RedisConnectionInfo::default().set_username("chat").set_password("secret");
    /// let server = ConnectionAddr::Tcp("redis.example.com".to_owned(), 6379);
    /// let server = server.into_connection_info().expect("a host and a port");
    /// let redis = Redis::connect(server.set_redis_settings(login)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Certificates of your own are given to `redis::Client::build_with_tls`, whose `get_connection_info` returns such
    /// information. The number of a database has no meaning for pub/sub.
    ///
    /// # Errors
    ///
    /// [`RedisError`] if the address is not valid, or no connection is made within 2 seconds. The first connection is tried once
    /// only: [`connect_lazy`](Self::connect_lazy) does not wait for it.
    pub async fn connect(server: impl IntoConnectionInfo) -> Result<Self, RedisError> {
        let mut start = Start::new(server)?;
        let opened = Link::open(&start.client, &start.pushes).await;
        let opened = opened.map_err(|source| RedisError::Connect {
            server: start.client.get_connection_info().addr().to_string(),
            source,
        })?;
        start.opened = Some(opened);
        Ok(Self::new(start))
    }

    /// Returns at once, and connects when the app starts. Until then and while the server is not there, the backplane is
    /// [down](Health::Down). A job with a [`Publisher`](crate::Publisher) uses [`connect`](Self::connect), which waits for the
    /// connection.
    ///
    /// # Errors
    ///
    /// [`RedisError::Address`] if the address is not valid.
    pub fn connect_lazy(server: impl IntoConnectionInfo) -> Result<Self, RedisError> {
        Ok(Self::new(Start::new(server)?))
    }

    fn new(start: Start) -> Self {
        let current = Current::default();
        current.set(start.opened.as_ref().map(|(link, _)| link.clone()));
        Self {
            prefix: prefix::DEFAULT_PREFIX.into(),
            current: Arc::new(current),
            start: Mutex::new(Some(start)),
            tasks: Mutex::default(),
        }
    }

    /// Sets the beginning of all channels, `robyn_ws` by default. Apps that share a server need different ones.
    ///
    /// # Errors
    ///
    /// [`RedisError::Prefix`] unless it has 1 to 64 letters of ASCII, digits, `-` and `_`, with single dots between them.
    pub fn prefix(mut self, prefix: &str) -> Result<Self, RedisError> {
        if !prefix::is_valid(prefix) {
            return Err(RedisError::Prefix(prefix.to_owned()));
        }
        self.prefix = prefix.into();
        Ok(self)
    }

    async fn change(&self, change: Change, interests: Vec<Interest>) -> Result<(), BackplaneError> {
        let link = self.current.link()?;
        let is_pattern = |interest: &Interest| matches!(interest, Interest::Partition(_));
        let (patterns, channels): (Vec<_>, Vec<_>) = interests.into_iter().partition(is_pattern);
        let [channels, patterns] = [channels, patterns].map(|interests| {
            let names = interests.iter().map(|interest| format!("{}:{interest}", self.prefix));
            names.collect::<Vec<_>>()
        });
        link.change(change, &channels, &patterns).await
    }
}

impl Start {
    fn new(server: impl IntoConnectionInfo) -> Result<Self, RedisError> {
        let info = server.into_connection_info().map_err(RedisError::Address)?;
        #[cfg(feature = "tls")]
        provide_cryptography(info.addr());
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        // Small commands leave at once.
        let tcp = info.tcp_settings().clone().set_nodelay(true);
        let info = info.set_redis_settings(settings).set_tcp_settings(tcp);
        Ok(Self {
            client: Client::open(info).map_err(RedisError::Address)?,
            pushes: Arc::default(),
            opened: None,
        })
    }
}

/// Chooses ring for the clients of this process, unless another library was chosen. The crate `redis` panics without a
/// choice.
#[cfg(feature = "tls")]
fn provide_cryptography(server: &redis::ConnectionAddr) {
    use rustls::crypto::{CryptoProvider, ring};

    if matches!(server, redis::ConnectionAddr::TcpTls { .. }) && CryptoProvider::get_default().is_none() {
        let _ = ring::default_provider().install_default(); // Another thread may have been faster.
    }
}

impl Backplane for Redis {
    fn open(&self, inbox: Inbox) {
        let Some(Start { client, pushes, opened }) = self.start.lock().take() else {
            return; // It is open already.
        };
        let task = Task::new(client, self.current.clone(), pushes.clone(), inbox.clone());
        let running = tokio::spawn(task.run(opened));
        let delivering = tokio::spawn(async move { pushes.deliver(&inbox).await });
        *self.tasks.lock() = vec![running.abort_handle(), delivering.abort_handle()];
    }

    fn publish(&self, subject: Subject, payload: Bytes) -> BackplaneFuture<'_> {
        Box::pin(async move {
            let link = self.current.link()?;
            let (length, most) = (payload.len(), link.max_payload);
            if length > most {
                let error =
                    format!("a payload of {length} bytes is longer than {most} bytes, the longest for this server");
                return Err(BackplaneError::failed(error));
            }
            link.publishing
                .publish(format!("{}:{subject}", self.prefix), payload)
                .await
        })
    }

    fn flush(&self) -> BackplaneFuture<'_> {
        Box::pin(async move { self.current.link()?.publishing.flush().await })
    }

    fn subscribe(&self, interests: Vec<Interest>) -> BackplaneFuture<'_> {
        Box::pin(self.change(Change::Subscribe, interests))
    }

    fn unsubscribe(&self, interests: Vec<Interest>) -> BackplaneFuture<'_> {
        Box::pin(self.change(Change::Unsubscribe, interests))
    }

    fn health(&self) -> Health {
        match self.current.link() {
            Ok(_) => Health::Up,
            Err(_) => Health::Down,
        }
    }

    fn max_payload(&self) -> usize {
        self.current.link().map_or(MAX_PAYLOAD, |link| link.max_payload)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.tasks.lock().drain(..).for_each(|task| task.abort());
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("prefix", &self.prefix)
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}
